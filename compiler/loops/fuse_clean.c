/* SPDX-License-Identifier: Apache-2.0 */
/* Cleaning up: doubled writes, statements that nothing needs, buffers that nothing names. */
#include "compiler/loops/fuse.h"

#include <string.h>

/* A copy of NEST without the writes marked in DROP (NULL: none), reading REPLACED[root] for root where >= 0
 * (NULL: nothing replaced). */
static loop_nest *nest_edit(fuse *f, const loop_nest *nest, const uint8_t *drop, const int32_t *replaced)
{
    body b;
    int32_t *to = ARENA_ARRAY(&f->scratch, int32_t, (size_t)nest->value_count);
    if (!to || !body_begin(&b, f, nest->axes, nest->axis_count))
        return NULL;
    for (int32_t v = 0; v < nest->value_count; v++) {
        loop_value value = body_clean(f, &nest->values[v]);
        for (int i = 0; i < 3; i++)
            value.args[i] = value.args[i] >= 0 ? to[value.args[i]] : -1;
        if (value.op == LOOP_READ && value.index.indirect >= 0)
            value.index.indirect = to[value.index.indirect];
        if (value.op == LOOP_READ && replaced && replaced[value.buffer] >= 0)
            value.buffer = replaced[value.buffer];
        if (value.op == LOOP_ACC) {
            loop_acc acc = nest->accs[value.acc];
            acc.value = to[acc.value];
            value.acc = body_acc(&b, &acc);
        }
        to[v] = body_value(&b, &value);
        if (to[v] < 0)
            return NULL;
    }
    for (int32_t i = 0; i < nest->write_count; i++) {
        loop_write w = nest->writes[i];
        w.value = to[w.value];
        w.predicate = w.predicate >= 0 ? to[w.predicate] : -1;
        if (w.index.indirect >= 0)
            w.index.indirect = to[w.index.indirect];
        if (!drop || !drop[i])
            body_write(&b, &w);
    }
    for (int32_t i = 0; i < nest->check_count; i++) {
        loop_check c = nest->checks[i];
        c.value = to[c.value];
        body_check(&b, &c);
    }
    body_origins(&b, nest);
    return body_end(&b);
}

/* ---- one value written to an intermediate and to a fetch --------------------------------- */

typedef struct usage { /* of a root */
    int32_t writes;
    bool is_in_call, is_generator;
} usage;

static usage *count_usage(fuse *f)
{
    const loop_program *p = f->p;
    usage *all = ARENA_ARRAY(&f->scratch, usage, (size_t)p->buffer_count);
    for (int32_t s = 0; all && s < p->statement_count; s++) {
        const loop_nest *nest = p->statements[s].nest;
        if (p->statements[s].kind == STATEMENT_CALL) {
            for (int32_t i = 0; i < loop_call_buffers(p->statements[s].call); i++)
                all[p->buffers[p->statements[s].call->buffers[i]].root].is_in_call = true;
            continue;
        }
        for (int32_t i = 0; i < nest->write_count; i++)
            all[nest->writes[i].buffer].writes++;
        for (int32_t v = 0; v < nest->value_count; v++) {
            if (nest->values[v].op == LOOP_PHILOX)
                all[nest->values[v].buffer].is_generator = true;
        }
    }
    return all;
}

/* The fetch that holds what write W of NEST puts into an intermediate, or -1. */
static int32_t twin(const fuse *f, const loop_nest *nest, int32_t w, const usage *all)
{
    const loop_write *mine = &nest->writes[w];
    const loop_buffer *buffers = f->p->buffers;
    if (!fuse_is_intermediate(f, mine->buffer) || all[mine->buffer].writes != 1 || all[mine->buffer].is_in_call ||
        all[mine->buffer].is_generator || mine->predicate >= 0 || mine->index.indirect >= 0)
        return -1;
    for (int32_t i = 0; i < nest->write_count; i++) {
        const loop_write *other = &nest->writes[i];
        if (buffers[other->buffer].kind == BUFFER_FETCH && all[other->buffer].writes == 1 &&
            !all[other->buffer].is_in_call && other->value == mine->value && other->predicate < 0 &&
            buffers[other->buffer].dtype == buffers[mine->buffer].dtype &&
            loop_index_equal(&other->index, &mine->index, nest->axis_count))
            return other->buffer;
    }
    return -1;
}

static bool find_twins(fuse *f, const usage *all, int32_t *replaced)
{
    bool any = false;
    for (int32_t s = 0; s < f->p->statement_count; s++) {
        const loop_nest *nest = f->p->statements[s].nest;
        if (f->p->statements[s].kind != STATEMENT_NEST)
            continue;
        for (int32_t w = 0; w < nest->write_count; w++) {
            int32_t other = twin(f, nest, w, all);
            if (other >= 0)
                replaced[nest->writes[w].buffer] = other;
            any = any || other >= 0;
        }
    }
    return any;
}

/* ---- what nothing needs ------------------------------------------------------------------ */

static void need_reads(const loop_nest *nest, uint8_t *needed)
{
    for (int32_t v = 0; v < nest->value_count; v++) {
        if (nest->values[v].op == LOOP_READ || nest->values[v].op == LOOP_PHILOX)
            needed[nest->values[v].buffer] = 1;
    }
}

static bool call_is_needed(const fuse *f, const loop_call *call, uint8_t *needed)
{
    const loop_buffer *buffers = f->p->buffers;
    int32_t to = buffers[call->buffers[0]].root;
    if (fuse_is_intermediate(f, to) && !needed[to])
        return false;
    needed[loop_call_buffers(call) == 2 ? buffers[call->buffers[1]].root : to] = 1;
    return true;
}

/* Walks backward; marks statements to keep and drops writes of what nobody reads later. */
static bool sweep(fuse *f, const int32_t *replaced)
{
    loop_program *p = f->p;
    uint8_t *needed = ARENA_ARRAY(&f->scratch, uint8_t, (size_t)p->buffer_count);
    uint8_t *keep = ARENA_ARRAY(&f->scratch, uint8_t, (size_t)p->statement_count);
    if (!needed || !keep)
        return false;
    for (int32_t s = p->statement_count - 1; s >= 0; s--) {
        if (p->statements[s].kind == STATEMENT_CALL) {
            keep[s] = call_is_needed(f, p->statements[s].call, needed);
            continue;
        }
        loop_nest *nest = p->statements[s].nest;
        uint8_t *drop = ARENA_ARRAY(&f->scratch, uint8_t, (size_t)nest->write_count);
        bool drops = false, reads_replaced = false;
        if (!drop)
            return false;
        for (int32_t i = 0; i < nest->write_count; i++) {
            int32_t root = nest->writes[i].buffer;
            drop[i] = (fuse_is_intermediate(f, root) && !needed[root]) || (replaced && replaced[root] >= 0);
            drops = drops || drop[i];
        }
        for (int32_t v = 0; replaced && v < nest->value_count; v++)
            reads_replaced =
                reads_replaced || (nest->values[v].op == LOOP_READ && replaced[nest->values[v].buffer] >= 0);
        if (drops || reads_replaced)
            nest = nest_edit(f, nest, drop, replaced);
        if (!nest)
            return false;
        p->statements[s].nest = nest;
        keep[s] = nest->write_count > 0 || nest->check_count > 0;
        if (keep[s])
            need_reads(nest, needed);
    }
    int32_t kept = 0;
    for (int32_t s = 0; s < p->statement_count; s++) {
        if (keep[s])
            p->statements[kept++] = p->statements[s];
    }
    p->statement_count = kept;
    return true;
}

stepc_code fuse_clean(fuse *f)
{
    usage *all = count_usage(f);
    int32_t *replaced = ARENA_ARRAY(&f->scratch, int32_t, (size_t)f->p->buffer_count);
    if (!all || !replaced)
        return error_out_of_memory(f->error, "fusing");
    for (int32_t r = 0; r < f->p->buffer_count; r++)
        replaced[r] = -1;
    bool any = find_twins(f, all, replaced);
    return sweep(f, any ? replaced : NULL) ? STEPC_OK : error_out_of_memory(f->error, "fusing");
}

/* ---- buffers ----------------------------------------------------------------------------- */

static void name_slots(const loop_slot *slots, int32_t count, uint8_t *named)
{
    for (int32_t i = 0; i < count; i++) {
        if (slots[i].buffer >= 0)
            named[slots[i].buffer] = 1;
    }
}

static void name_statements(const loop_program *p, uint8_t *named)
{
    for (int32_t s = 0; s < p->statement_count; s++) {
        const loop_nest *nest = p->statements[s].nest;
        if (p->statements[s].kind == STATEMENT_CALL) {
            const loop_call *call = p->statements[s].call;
            named[call->buffers[0]] = 1;
            if (loop_call_buffers(call) == 2)
                named[call->buffers[1]] = 1;
            continue;
        }
        need_reads(nest, named);
        for (int32_t i = 0; i < nest->write_count; i++)
            named[nest->writes[i].buffer] = 1;
    }
}

static void renumber_slots(loop_slot *slots, int32_t count, const int32_t *to)
{
    for (int32_t i = 0; i < count; i++)
        slots[i].buffer = slots[i].buffer >= 0 ? to[slots[i].buffer] : -1;
}

static void renumber_statements(loop_program *p, const int32_t *to)
{
    for (int32_t s = 0; s < p->statement_count; s++) {
        loop_nest *nest = p->statements[s].nest;
        if (p->statements[s].kind == STATEMENT_CALL) {
            loop_call *call = p->statements[s].call;
            call->buffers[0] = to[call->buffers[0]];
            if (loop_call_buffers(call) == 2)
                call->buffers[1] = to[call->buffers[1]];
            continue;
        }
        for (int32_t v = 0; v < nest->value_count; v++) {
            if (nest->values[v].buffer >= 0)
                nest->values[v].buffer = to[nest->values[v].buffer];
        }
        for (int32_t i = 0; i < nest->write_count; i++)
            nest->writes[i].buffer = to[nest->writes[i].buffer];
    }
}

stepc_code fuse_compact(fuse *f)
{
    loop_program *p = f->p;
    uint8_t *named = ARENA_ARRAY(&f->scratch, uint8_t, (size_t)p->buffer_count);
    int32_t *to = ARENA_ARRAY(&f->scratch, int32_t, (size_t)p->buffer_count);
    int32_t kept = 0;
    if (!named || !to)
        return error_out_of_memory(f->error, "fusing");
    name_slots(p->feeds, p->feed_count, named);
    name_slots(p->fetches, p->fetch_count, named);
    name_slots(p->state, p->state_count, named);
    name_statements(p, named);
    for (int32_t b = 0; b < p->buffer_count; b++) {
        /* What the signature names stays, used or not. */
        if (p->buffers[b].kind == BUFFER_FEED || p->buffers[b].kind == BUFFER_FETCH ||
            p->buffers[b].kind == BUFFER_STATE)
            named[b] |= p->buffers[b].root == b;
    }
    for (int32_t b = p->buffer_count - 1; b >= 0; b--) {
        if (named[b])
            named[p->buffers[b].root] = 1;
    }
    for (int32_t b = 0; b < p->buffer_count; b++)
        to[b] = named[b] ? kept++ : -1;
    for (int32_t b = 0; b < p->buffer_count; b++) {
        if (to[b] < 0)
            continue;
        loop_buffer buffer = p->buffers[b];
        buffer.root = to[buffer.root];
        p->buffers[to[b]] = buffer;
    }
    p->buffer_count = kept;
    renumber_slots(p->feeds, p->feed_count, to);
    renumber_slots(p->fetches, p->fetch_count, to);
    renumber_slots(p->state, p->state_count, to);
    renumber_statements(p, to);
    return STEPC_OK;
}
