/* SPDX-License-Identifier: Apache-2.0 */
/* A reduction over the last axes and elementwise work over the same elements run in one pass: what the reduction
 * reads is computed beside the accumulation, and stored by a streaming write where others need it too (the
 * exponentials of a softmax and their sum). Likewise a reduction of an input that the elementwise nest reads anyway. */
#include "compiler/loops/fuse.h"

#include <string.h>

typedef struct streamer {
    fuse *f;
    dependence g;
} streamer;

/* ---- which nests ------------------------------------------------------------------------- */

/* Bits of the values that move along the last axis when all have one width (truth aside); 0 otherwise. */
static int32_t common_bits(streamer *s, const loop_nest *nest)
{
    uint32_t *mask = ARENA_ARRAY(&s->f->scratch, uint32_t, (size_t)nest->value_count);
    int32_t bits = 0;
    if (!mask)
        return 0;
    nest_axis_mask(nest, mask);
    for (int32_t v = 0; v < nest->value_count; v++) {
        int32_t own = loop_value_bits(nest->values[v].dtype);
        if ((mask[v] >> (nest->axis_count - 1) & 1) == 0 || nest->values[v].dtype == STEPC_BOOL)
            continue;
        if (bits != 0 && own != bits)
            return 0;
        bits = own;
    }
    return bits;
}

/* Every access goes along the last axis from element to element or stands still, and none needs a guard. */
static bool is_smooth(streamer *s, const loop_nest *nest)
{
    int32_t last = nest->axis_count - 1;
    uint8_t *guarded = ARENA_ARRAY(&s->f->scratch, uint8_t, (size_t)nest->value_count);
    if (!guarded)
        return false;
    nest_guarded(nest, guarded);
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        if (value->op == LOOP_PHILOX || (value->op == LOOP_AXIS && value->axis == last))
            return false;
        if (value->op != LOOP_READ)
            continue;
        if (value->index.indirect >= 0 ||
            (value->index.coefs[last] != s->f->one && value->index.coefs[last] != s->f->zero))
            return false;
        if (guarded[v] && !index_inside(s->f, value->buffer, &value->index, nest))
            return false;
    }
    return true;
}

/* Lanes of vectors along the reduction need sums that may be split. */
static bool keeps_lanes(const loop_nest *reduction)
{
    for (int32_t i = 0; i < reduction->acc_count; i++) {
        const loop_acc *acc = &reduction->accs[i];
        bool adds = acc->kind == ACC_SUM || acc->kind == ACC_PROD;
        if (!(adds && acc->reassociate) && acc->kind != ACC_MAX && acc->kind != ACC_MIN)
            return false;
    }
    return true;
}

/* Without lanes in sight one pass is better in any case; the exact functions have none. */
static bool is_costly(const loop_nest *nest)
{
    for (int32_t v = 0; v < nest->value_count; v++) {
        if (fuse_op_cost(nest->values[v].op) >= fuse_op_cost(LOOP_EXP))
            return true;
    }
    return false;
}

static bool may_carry(streamer *s, const loop_nest *r)
{
    int32_t space = nest_space_count(r), bits;
    if (r->acc_count == 0 || r->check_count > 0 || space == r->axis_count || r->axis_count > 32 || nest_has_reuse(r))
        return false;
    if (s->f->p->exact || (s->f->isa && s->f->isa->vector_bytes == 0))
        return true;
    bits = common_bits(s, r);
    return bits > 0 && keeps_lanes(r) && is_smooth(s, r) &&
           fuse_nominal(s->f, r->axes[r->axis_count - 1].extent) >= FUSE_STREAM_LEAST;
}

static bool may_be_carried(streamer *s, const loop_nest *p)
{
    if (p->acc_count > 0 || p->check_count > 0 || p->write_count == 0 || p->axis_count == 0 ||
        nest_space_count(p) < p->axis_count || nest_op_count(p) > FUSE_LONG_BODY)
        return false;
    for (int32_t i = 0; i < p->write_count; i++) {
        const loop_write *w = &p->writes[i];
        if (w->predicate >= 0 || w->index.indirect >= 0 || w->index.coefs[p->axis_count - 1] != s->f->one)
            return false;
    }
    return is_smooth(s, p) && (!s->f->p->exact || is_costly(p));
}

/* ---- one space --------------------------------------------------------------------------- */

/* Brings both to the same axes; false when that cannot be. */
static bool match(streamer *s, loop_nest **p, loop_nest **r)
{
    size_ref extents[32];
    int32_t reduce = (*r)->axis_count - nest_space_count(*r);
    if ((*p)->axis_count < (*r)->axis_count) {
        for (int32_t k = 0; k < (*r)->axis_count; k++)
            extents[k] = (*r)->axes[k].extent;
        *p = nest_split_space(s->f, *p, extents, (*r)->axis_count);
    } else if ((*p)->axis_count > (*r)->axis_count && (*p)->axis_count <= 32) {
        for (int32_t k = 0; k < (*p)->axis_count - reduce; k++)
            extents[k] = (*p)->axes[k].extent;
        *r = nest_split_space(s->f, *r, extents, (*p)->axis_count - reduce);
    }
    if (!*p || !*r || (*p)->axis_count != (*r)->axis_count)
        return false;
    for (int32_t k = 0; k < (*p)->axis_count; k++) {
        if ((*p)->axes[k].extent != (*r)->axes[k].extent)
            return false;
    }
    return true;
}

static const loop_write *write_of(const loop_nest *nest, int32_t root)
{
    for (int32_t i = 0; i < nest->write_count; i++) {
        if (nest->writes[i].buffer == root)
            return &nest->writes[i];
    }
    return NULL;
}

/* Whether the reduction meets what the producer touches at equal indices only. *SHARED: something is read once less. */
static bool meet_alike(const streamer *s, const loop_nest *p, const loop_nest *r, bool producer_first, bool *shared)
{
    *shared = false;
    for (int32_t i = 0; i < r->write_count; i++) {
        if (loop_reads(p, r->writes[i].buffer) || loop_writes(p, r->writes[i].buffer))
            return false;
    }
    for (int32_t v = 0; v < r->value_count; v++) {
        const loop_value *read = &r->values[v];
        const loop_write *from = read->op == LOOP_READ ? write_of(p, read->buffer) : NULL;
        if (from) {
            if (!producer_first || !loop_index_equal(&read->index, &from->index, r->axis_count))
                return false;
            *shared = true;
            continue;
        }
        for (int32_t u = 0; read->op == LOOP_READ && u < p->value_count; u++) {
            const loop_value *other = &p->values[u];
            *shared = *shared || (other->op == LOOP_READ && other->buffer == read->buffer &&
                                  read->index.coefs[r->axis_count - 1] != s->f->zero &&
                                  loop_index_equal(&read->index, &other->index, r->axis_count));
        }
    }
    for (int32_t i = 0; i < p->write_count; i++) {
        for (int32_t k = 0; k < i; k++) {
            if (p->writes[k].buffer == p->writes[i].buffer)
                return false;
        }
    }
    return true;
}

/* ---- building ---------------------------------------------------------------------------- */

static bool is_read_elsewhere(const streamer *s, int32_t root, int32_t a, int32_t b)
{
    for (int32_t t = s->g.first_touch[root]; t >= 0; t = s->g.touches[t].next) {
        const fuse_touch *touch = &s->g.touches[t];
        if (!touch->is_write && touch->statement != a && touch->statement != b)
            return true;
    }
    return false;
}

/* The values of FROM, those that it reads and PRODUCER (NULL: none) writes taken from there. */
static bool copy_values(streamer *s, body *b, const loop_nest *from, int32_t *to, const loop_nest *producer,
                        const int32_t *made)
{
    for (int32_t v = 0; v < from->value_count; v++) {
        loop_value value = body_clean(s->f, &from->values[v]);
        const loop_write *w = producer && value.op == LOOP_READ ? write_of(producer, value.buffer) : NULL;
        for (int i = 0; i < 3; i++)
            value.args[i] = value.args[i] >= 0 ? to[value.args[i]] : -1;
        if (value.op == LOOP_READ && value.index.indirect >= 0)
            value.index.indirect = to[value.index.indirect];
        if (value.op == LOOP_ACC) {
            loop_acc acc = from->accs[value.acc];
            acc.value = to[acc.value];
            value.acc = body_acc(b, &acc);
        }
        to[v] = w ? body_as_stored(b, s->f->p->buffers[value.buffer].dtype, made[w->value]) : body_value(b, &value);
        if (to[v] < 0)
            return false;
    }
    return true;
}

static loop_nest *build(streamer *s, const loop_nest *p, const loop_nest *r, int32_t p_at, int32_t r_at)
{
    body b;
    int32_t *made = ARENA_ARRAY(&s->f->scratch, int32_t, (size_t)p->value_count);
    int32_t *to = ARENA_ARRAY(&s->f->scratch, int32_t, (size_t)r->value_count);
    if (!made || !to || !body_begin(&b, s->f, r->axes, r->axis_count) || !copy_values(s, &b, p, made, NULL, NULL) ||
        !copy_values(s, &b, r, to, p, made))
        return NULL;
    for (int32_t i = 0; i < p->write_count; i++) {
        loop_write w = p->writes[i];
        w.value = made[w.value];
        if (!fuse_is_intermediate(s->f, w.buffer) || is_read_elsewhere(s, w.buffer, p_at, r_at))
            body_write(&b, &w);
    }
    for (int32_t i = 0; i < r->write_count; i++) {
        loop_write w = r->writes[i];
        w.value = to[w.value];
        w.predicate = w.predicate >= 0 ? to[w.predicate] : -1;
        if (w.index.indirect >= 0)
            w.index.indirect = to[w.index.indirect];
        body_write(&b, &w);
    }
    body_origins(&b, p);
    body_origins(&b, r);
    return body_end(&b);
}

/* ---- the decision ------------------------------------------------------------------------ */

/* Joins statements P_AT and R_AT when that is legal and saves a pass. */
static stepc_code consider(streamer *s, int32_t p_at, int32_t r_at, bool *done)
{
    loop_nest *p = s->g.statements[p_at].nest, *r = s->g.statements[r_at].nest;
    bool shared;
    if (nest_op_count(p) + nest_op_count(r) > FUSE_LONG_BODY || !match(s, &p, &r) ||
        !meet_alike(s, p, r, p_at < r_at, &shared) || !shared)
        return STEPC_OK;
    int32_t bits = common_bits(s, p), streams = p->write_count + r->write_count;
    bool is_scalar = s->f->p->exact || (s->f->isa && s->f->isa->vector_bytes == 0);
    for (int32_t v = 0; v < p->value_count; v++)
        streams += p->values[v].op == LOOP_READ;
    if (streams > FUSE_SIBLING_STREAMS || (!is_scalar && (bits == 0 || bits != common_bits(s, r))))
        return STEPC_OK;
    int32_t first = p_at < r_at ? p_at : r_at, second = p_at < r_at ? r_at : p_at;
    if (deps_join(&s->g, first, second) < 0)
        return STEPC_OK;
    loop_nest *joined = build(s, p, r, p_at, r_at);
    if (!joined)
        return error_out_of_memory(s->f->error, "fusing");
    int32_t kept = 0;
    for (int32_t i = 0; i < joined->write_count; i++)
        kept += write_streams(joined, &joined->writes[i]);
    fuse_explain(s->f, joined, "one pass: elementwise work beside the accumulation, %d of %d writes streaming",
                 (int)kept, (int)joined->write_count);
    s->g.statements[deps_find(&s->g, first)].nest = joined;
    *done = true;
    return STEPC_OK;
}

/* The statement that is nearest to R_AT, takes part and touches ROOT in common with it. */
static stepc_code join_one(streamer *s, int32_t r_at, bool *done)
{
    for (int32_t t = s->g.touch_start[r_at]; t < s->g.touch_start[r_at + 1] && !*done; t++) {
        int32_t root = s->g.touches[t].root;
        for (int32_t u = s->g.first_touch[root]; u >= 0 && !s->g.touches[t].is_write && !*done;
             u = s->g.touches[u].next) {
            int32_t other = s->g.touches[u].statement;
            if (other == r_at || s->g.members[deps_find(&s->g, other)] > 1 ||
                s->g.statements[other].kind != STATEMENT_NEST || !may_be_carried(s, s->g.statements[other].nest))
                continue;
            stepc_code code = consider(s, other, r_at, done);
            if (code)
                return code;
        }
    }
    return STEPC_OK;
}

static stepc_code rebuild(streamer *s)
{
    loop_program *p = s->f->p;
    int32_t *order = ARENA_ARRAY(&s->f->scratch, int32_t, (size_t)s->g.count);
    loop_statement *statements = ARENA_ARRAY(p->memory, loop_statement, (size_t)s->g.count + 1);
    int32_t count = order ? deps_order(&s->g, order) : -1;
    if (count < 0 || !statements)
        return error_out_of_memory(s->f->error, "fusing");
    for (int32_t i = 0; i < count; i++)
        statements[i] = s->g.statements[order[i]];
    p->statements = statements;
    p->statement_count = count;
    p->statement_capacity = (size_t)s->g.count + 1;
    return STEPC_OK;
}

/* Every reduction takes in at most one nest per round; rounds rebuild the graph of dependences. */
static stepc_code stream_round(fuse *f, bool *changed)
{
    streamer s = {.f = f};
    if (!deps_build(&s.g, f))
        return error_out_of_memory(f->error, "fusing");
    for (int32_t i = 0; i < s.g.count; i++)
        deps_enter(&s.g, i);
    for (int32_t i = 0; i < s.g.count; i++) {
        bool done = false;
        if (s.g.statements[i].kind != STATEMENT_NEST || s.g.members[deps_find(&s.g, i)] > 1 ||
            !may_carry(&s, s.g.statements[i].nest))
            continue;
        stepc_code code = join_one(&s, i, &done);
        if (code)
            return code;
        *changed = *changed || done;
    }
    return *changed ? rebuild(&s) : STEPC_OK;
}

stepc_code fuse_streams(fuse *f)
{
    stepc_code code = STEPC_OK;
    bool changed = true;
    for (int round = 0; round < FUSE_STREAM_ROUNDS && changed && !code; round++) {
        changed = false;
        code = stream_round(f, &changed);
    }
    return code;
}
