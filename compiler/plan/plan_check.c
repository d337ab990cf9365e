/* SPDX-License-Identifier: Apache-2.0 */
/* Proves a memory plan from the program alone. Shares no code with the planner: lifetimes, sizes and
 * offsets are worked out again, by other means where there are other means. */
#include "compiler/plan/plan.h"

#include "runtime/core/checked.h"

#include <string.h>

enum { SAMPLES = 4 };

typedef struct life {
    bool is_touched;
    int32_t first, last; /* as statements run; groups whole for what lies in the arena */
    int32_t inner_first; /* within the group: the members that touch a LOCAL */
    int32_t inner_last;
    int32_t first_touch, last_touch; /* the statements themselves */
} life;

typedef struct proof {
    const memory_plan *plan;
    const loop_program *p;
    life *lives;
    int64_t *symbols; /* of the sample */
    size_t symbol_count;
    int64_t *start, *end; /* of every placed buffer, in bytes */
    stepc_error *error;
} proof;

static stepc_code wrong(const proof *c, int32_t buffer, const char *why)
{
    return error_set(c->error, STEPC_INTERNAL, "memory plan: buffer %d (%s): %s", (int)buffer,
                     c->p->buffers[buffer].hint, why);
}

/* ---- lifetimes --------------------------------------------------------------------------- */

static void live_at(proof *c, int32_t buffer, int32_t from, int32_t to, int32_t statement)
{
    life *l = &c->lives[c->p->buffers[buffer].root];
    if (!l->is_touched) {
        *l = (life){true, from, to, statement, statement, statement, statement};
        return;
    }
    if (from < l->first)
        l->first = from;
    if (to > l->last)
        l->last = to;
    l->inner_last = l->last_touch = statement;
}

static void live_nest(proof *c, const loop_nest *nest, int32_t from, int32_t to, int32_t statement)
{
    for (int32_t v = 0; v < nest->value_count; v++) {
        if (nest->values[v].buffer >= 0)
            live_at(c, nest->values[v].buffer, from, to, statement);
    }
    for (int32_t w = 0; w < nest->write_count; w++)
        live_at(c, nest->writes[w].buffer, from, to, statement);
}

static void measure_lives(proof *c)
{
    int32_t group = 0;
    for (int32_t s = 0; s < c->p->statement_count; s++) {
        int32_t from = s, to = s;
        while (group < c->p->group_count && c->p->groups[group].first + c->p->groups[group].count <= s)
            group++;
        if (group < c->p->group_count && c->p->groups[group].first <= s) {
            from = c->p->groups[group].first;
            to = from + c->p->groups[group].count - 1;
        }
        if (c->p->statements[s].kind == STATEMENT_NEST) {
            live_nest(c, c->p->statements[s].nest, from, to, s);
            continue;
        }
        live_at(c, c->p->statements[s].call->buffers[0], s, s, s);
        if (loop_call_buffers(c->p->statements[s].call) == 2)
            live_at(c, c->p->statements[s].call->buffers[1], s, s, s);
    }
    for (int32_t i = 0; i < c->p->fetch_count; i++) {
        if (c->p->fetches[i].buffer >= 0 && c->lives[c->p->buffers[c->p->fetches[i].buffer].root].is_touched)
            c->lives[c->p->buffers[c->p->fetches[i].buffer].root].last = INT32_MAX;
    }
}

/* ---- bytes ------------------------------------------------------------------------------- */

/* The distance from the first to behind the last byte of what is in memory at one time. */
static bool needed_bytes(const proof *c, int32_t buffer, int64_t *out)
{
    const loop_buffer *b = &c->p->buffers[buffer];
    int64_t farthest = 0, extent, stride, step, element = (int64_t)stepc_dtype_bytes(b->dtype);
    const loop_group *group = NULL;
    for (int32_t g = 0; b->kind == BUFFER_LOCAL && g < c->p->group_count; g++) {
        if (c->p->groups[g].id == b->group)
            group = &c->p->groups[g];
    }
    for (int32_t d = 0; d < b->rank; d++) {
        if (!size_evaluate(c->p->sizes, b->extents[d], c->symbols, c->symbol_count, &extent) ||
            !size_evaluate(c->p->sizes, b->strides[d], c->symbols, c->symbol_count, &stride))
            return false;
        if (group != NULL && d < group->shared_count && extent > group->tile[d])
            extent = group->tile[d];
        if (extent <= 0) {
            *out = 0;
            return true;
        }
        if (!checked_mul_i64(extent - 1, stride, &step) || !checked_add_i64(farthest, step, &farthest))
            return false;
    }
    if (!checked_add_i64(farthest, 1, &farthest) || !checked_mul_i64(farthest, element, out))
        return false;
    /* Code may use all of a LOCAL's last unit. */
    int64_t over = group != NULL ? *out % PLAN_ALIGNMENT : 0;
    return over == 0 || checked_add_i64(*out, PLAN_ALIGNMENT - over, out);
}

static stepc_code place_all(proof *c)
{
    const memory_plan *plan = c->plan;
    for (int32_t b = 0; b < c->p->buffer_count; b++) {
        const plan_place *place = &plan->places[b];
        int64_t bytes, at = plan->fixed_bytes, limit = plan->fixed_bytes, slot;
        c->start[b] = c->end[b] = 0;
        if (!place->is_placed)
            continue;
        if (!needed_bytes(c, b, &bytes))
            return wrong(c, b, "its size overflows");
        if (place->slot < 0) {
            at = place->offset;
        } else {
            if (place->slot >= plan->slot_count)
                return wrong(c, b, "no such slot");
            for (int32_t s = 0; s <= place->slot; s++) {
                if (!size_evaluate(c->p->sizes, plan->slots[s].bytes, c->symbols, c->symbol_count, &slot) || slot < 0 ||
                    !checked_add_i64(limit, slot, &limit))
                    return wrong(c, b, "its slot has no size");
                at = limit - slot;
            }
        }
        if (at < 0 || at % PLAN_ALIGNMENT != 0)
            return wrong(c, b, "it is not aligned");
        if (bytes > limit || at > limit - bytes)
            return wrong(c, b, "it ends outside its memory");
        c->start[b] = at;
        c->end[b] = at + bytes;
    }
    return STEPC_OK;
}

/* ---- overlap ----------------------------------------------------------------------------- */

static bool is_local(const proof *c, int32_t buffer) { return c->p->buffers[buffer].kind == BUFFER_LOCAL; }

static bool live_together(const proof *c, int32_t a, int32_t b)
{
    const life *x = &c->lives[a], *y = &c->lives[b];
    if (is_local(c, a) && is_local(c, b) && c->p->buffers[a].group == c->p->buffers[b].group)
        return x->inner_first <= y->inner_last && y->inner_first <= x->inner_last;
    return x->first <= y->last && y->first <= x->last;
}

/* NEW continues OLD's memory legally: they meet in one ungrouped nest that reads OLD only at the index at which
 * it writes NEW, for the last and the first time. */
static bool continues(const proof *c, int32_t old, int32_t new)
{
    int32_t s = c->lives[old].last_touch, stores = 0;
    if (c->plan->places[new].takes_over != old || c->lives[new].first_touch != s || is_local(c, old) ||
        is_local(c, new) || c->lives[old].last != s || c->lives[new].first != s ||
        c->p->statements[s].kind != STATEMENT_NEST ||
        stepc_dtype_bytes(c->p->buffers[old].dtype) != stepc_dtype_bytes(c->p->buffers[new].dtype))
        return false;
    const loop_nest *nest = c->p->statements[s].nest;
    const loop_write *store = NULL;
    for (int32_t w = 0; w < nest->write_count; w++) {
        if (nest->writes[w].buffer == old)
            return false;
        if (nest->writes[w].buffer == new) {
            store = &nest->writes[w];
            stores++;
        }
    }
    if (stores != 1 || store->predicate >= 0 || store->index.indirect >= 0)
        return false;
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        if (value->buffer != old)
            continue;
        if (value->op != LOOP_READ || value->index.base != store->index.base || value->index.indirect >= 0)
            return false;
        for (int32_t k = 0; k < nest->axis_count; k++) {
            if (value->index.coefs[k] != store->index.coefs[k])
                return false;
        }
    }
    return c->start[old] == c->start[new];
}

static stepc_code check_overlaps(const proof *c)
{
    for (int32_t a = 0; a < c->p->buffer_count; a++) {
        if (c->start[a] == c->end[a])
            continue;
        for (int32_t b = a + 1; b < c->p->buffer_count; b++) {
            bool is_apart = c->end[a] <= c->start[b] || c->end[b] <= c->start[a];
            if (is_apart || c->start[b] == c->end[b] || !live_together(c, a, b))
                continue;
            if (!continues(c, a, b) && !continues(c, b, a))
                return wrong(c, b, "it overlaps another buffer that is alive at the same time");
        }
    }
    return STEPC_OK;
}

/* ---- all together ------------------------------------------------------------------------ */

static stepc_code check_places(const proof *c)
{
    for (int32_t b = 0; b < c->p->buffer_count; b++) {
        const loop_buffer *buffer = &c->p->buffers[b];
        bool needs_place = buffer->root == b && c->lives[b].is_touched &&
                           (buffer->kind == BUFFER_ARENA || buffer->kind == BUFFER_LOCAL);
        if (needs_place != c->plan->places[b].is_placed)
            return wrong(c, b, needs_place ? "it has no memory" : "it has memory of its own without need");
    }
    return STEPC_OK;
}

/* Sample NUMBER: each symbol at its least, its greatest (or a large value), and two in between. */
static void set_symbols(proof *c, int number)
{
    for (size_t i = 0; i < c->symbol_count; i++) {
        const size_node *symbol = size_get(c->p->sizes, size_symbol_at(c->p->sizes, i));
        int64_t low = symbol->min < 0 ? 0 : symbol->min, high = symbol->max;
        if (high == INT64_MAX)
            high = low < 1000 ? 1009 : low; /* products of several must not overflow */
        int64_t odd = low + (high - low) / 3 + (int64_t)(i % 5);
        c->symbols[i] = number == 0   ? low
                        : number == 1 ? high
                        : number == 2 ? (odd > high ? high : odd)
                                      : low + (high - low) / 2;
    }
}

stepc_code plan_check(const memory_plan *plan, stepc_error *error)
{
    proof c = {.plan = plan, .p = plan->program, .error = error};
    arena scratch;
    stepc_code code;
    if (plan->place_count != plan->program->buffer_count)
        return error_set(error, STEPC_INTERNAL, "memory plan: it is for another number of buffers");
    arena_init(&scratch, plan->program->host);
    c.symbol_count = size_symbol_count(c.p->sizes);
    c.lives = ARENA_ARRAY(&scratch, life, (size_t)c.p->buffer_count);
    c.start = ARENA_ARRAY(&scratch, int64_t, (size_t)c.p->buffer_count);
    c.end = ARENA_ARRAY(&scratch, int64_t, (size_t)c.p->buffer_count);
    c.symbols = ARENA_ARRAY(&scratch, int64_t, c.symbol_count);
    if (!c.lives || !c.start || !c.end || !c.symbols) {
        code = error_out_of_memory(error, "checking the memory plan");
    } else {
        measure_lives(&c);
        code = check_places(&c);
    }
    for (int sample = 0; !code && sample < (c.symbol_count > 0 ? SAMPLES : 1); sample++) {
        set_symbols(&c, sample);
        code = place_all(&c);
        if (!code)
            code = check_overlaps(&c);
    }
    arena_release(&scratch);
    return code;
}
