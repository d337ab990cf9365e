/* SPDX-License-Identifier: Apache-2.0 */
/* What statements touch. Everything is decided with concrete sizes: of the program itself
 * when it has no symbols, else under sample values of the symbols near their upper bounds;
 * a rule that fails for a sample that the shapes allow is broken. */
#include "compiler/loops/verify.h"

#include "runtime/core/checked.h"
#include "runtime/core/host.h"

#include <string.h>

#define MOST_AXES 32
enum { SAMPLE_NEAR_UPPER, SAMPLE_ONE_BELOW, SAMPLE_REVERSED, SAMPLE_ALIKE, SAMPLES };
#define SAMPLE_PLACES 97
#define SAMPLE_SPREAD 1000 /* above the lower bound where there is no near upper one */

/* An index with concrete numbers. */
typedef struct touch {
    int32_t statement, buffer;
    bool is_write;
    bool is_free; /* guarded, predicated or indirect: not every address that it forms is used */
    bool is_guarded;
    const loop_index *index;
    int64_t base;
    int64_t coefs[MOST_AXES];
    int64_t scale, range; /* of the indirect value, as if it were an axis of its own; range 1 when there is none */
} touch;

typedef struct memory_checker {
    const loop_program *p;
    stepc_error *error;
    arena memory;
    int64_t *symbols;
    int64_t *sizes;
    bool *known;
    int64_t *elements; /* of root buffers */
    int32_t statement;
} memory_checker;

static stepc_code broken(const memory_checker *c, const char *why, int32_t buffer)
{
    error_set(c->error, STEPC_INTERNAL, "loops: statement %d: %s (b%d)", (int)c->statement, why, (int)buffer);
    for (size_t i = 0; i < size_symbol_count(c->p->sizes); i++)
        error_append(c->error, ", %s=%lld", size_get(c->p->sizes, size_symbol_at(c->p->sizes, i))->name,
                     (long long)c->symbols[i]);
    return STEPC_INTERNAL;
}

/* ---- sizes ------------------------------------------------------------------------------------ */

static int64_t sample(const size_node *symbol, int which, size_t number)
{
    /* No symbol is the greater of two in all samples; sizes that a check compares are equal in the last. */
    int64_t place = (int64_t)(number % SAMPLE_PLACES);
    int64_t apart = which == SAMPLE_ALIKE ? 0 : which == SAMPLE_REVERSED ? SAMPLE_PLACES - place : place;
    int64_t spread = SAMPLE_SPREAD + apart * 7;
    int64_t value = symbol->max;
    int64_t min = symbol->min < 0 ? 0 : symbol->min; /* a size, even where it may be fed any number */
    if (min > INT64_MAX - spread)
        return min;
    if (value - min > spread)
        value = min + spread;
    return which == SAMPLE_ONE_BELOW && value > min ? value - 1 : value;
}

/* Evaluates all sizes; false when a shape is impossible under this sample. */
static bool take_sample(memory_checker *c, int which)
{
    const loop_program *p = c->p;
    size_t symbols = size_symbol_count(p->sizes);

    for (size_t i = 0; i < symbols; i++)
        c->symbols[i] = sample(size_get(p->sizes, size_symbol_at(p->sizes, i)), which, i);
    for (size_t i = 0; i < p->sizes->count; i++)
        c->known[i] = size_evaluate(p->sizes, (size_ref)i, c->symbols, symbols, &c->sizes[i]);
    for (int32_t i = 0; i < p->buffer_count; i++) {
        const loop_buffer *b = &p->buffers[i];
        int64_t count = 1;
        bool is_empty = false;
        for (int32_t k = 0; k < b->rank; k++) {
            if (!c->known[b->extents[k]] || c->sizes[b->extents[k]] < 0)
                return false;
            is_empty = is_empty || c->sizes[b->extents[k]] == 0;
        }
        for (int32_t k = 0; k < b->rank && !is_empty; k++) {
            if (!checked_mul_i64(count, c->sizes[b->extents[k]], &count))
                return false;
        }
        c->elements[i] = is_empty ? 0 : count;
    }
    for (int32_t i = 0; i < p->statement_count; i++) {
        const loop_nest *nest = p->statements[i].kind == STATEMENT_NEST ? p->statements[i].nest : NULL;
        for (int32_t k = 0; nest != NULL && k < nest->axis_count; k++) {
            if (!c->known[nest->axes[k].extent] || c->sizes[nest->axes[k].extent] < 0)
                return false;
        }
    }
    return true;
}

static int64_t extent(const memory_checker *c, const loop_nest *nest, int32_t axis)
{
    return c->sizes[nest->axes[axis].extent];
}

static bool never_runs(const memory_checker *c, const loop_nest *nest)
{
    for (int32_t k = 0; k < nest->axis_count; k++) {
        if (nest->axes[k].kind == AXIS_SPACE && extent(c, nest, k) == 0)
            return true;
    }
    return false;
}

/* ---- touches ----------------------------------------------------------------------------------- */

static bool make_touch(const memory_checker *c, const loop_nest *nest, const loop_index *index, touch *out)
{
    if (!c->known[index->base])
        return false;
    out->index = index;
    out->base = c->sizes[index->base];
    out->is_guarded = out->is_free;
    out->scale = 0;
    out->range = 1;
    if (index->indirect >= 0) {
        if (!c->known[index->indirect_scale] || !c->known[index->indirect_extent])
            return false;
        out->is_free = true;
        out->scale = c->sizes[index->indirect_scale];
        out->range = c->sizes[index->indirect_extent];
    }
    for (int32_t k = 0; k < nest->axis_count; k++) {
        if (!c->known[index->coefs[k]])
            return false;
        out->coefs[k] = c->sizes[index->coefs[k]];
    }
    return true;
}

/* All reads, then all writes of a nest. COUNT stays 0 for a nest that never runs. */
static stepc_code collect(memory_checker *c, int32_t statement, touch **out, int32_t *count)
{
    const loop_nest *nest = c->p->statements[statement].nest;
    uint8_t *guarded = ARENA_ARRAY(&c->memory, uint8_t, (size_t)nest->value_count);
    bool reduces = true;
    size_t most = (size_t)nest->write_count;

    *count = 0;
    for (int32_t v = 0; v < nest->value_count; v++)
        most += nest->values[v].op == LOOP_READ;
    *out = ARENA_ARRAY(&c->memory, touch, most);
    if (guarded == NULL || *out == NULL)
        return error_out_of_memory(c->error, "verifying loops");
    if (never_runs(c, nest))
        return STEPC_OK;
    for (int32_t k = 0; k < nest->axis_count; k++)
        reduces = reduces && extent(c, nest, k) > 0;
    nest_guarded(nest, guarded);
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        touch *t = &(*out)[*count];
        if (value->op != LOOP_READ || !reduces)
            continue;
        *t = (touch){.statement = statement, .buffer = value->buffer, .is_free = guarded[v]};
        if (!make_touch(c, nest, &value->index, t))
            return broken(c, "an index has no size", value->buffer);
        ++*count;
    }
    for (int32_t w = 0; w < nest->write_count; w++) {
        const loop_write *write = &nest->writes[w];
        touch *t = &(*out)[*count];
        if (!reduces && write_streams(nest, write))
            continue;
        *t = (touch){.statement = statement, .buffer = write->buffer, .is_write = true,
                     .is_free = write->predicate >= 0};
        if (!make_touch(c, nest, &write->index, t))
            return broken(c, "an index has no size", write->buffer);
        ++*count;
    }
    return STEPC_OK;
}

static bool stretch(int64_t coef, int64_t count, int64_t *low, int64_t *high)
{
    int64_t span;
    return checked_mul_i64(coef, count - 1, &span) &&
           checked_add_i64(span < 0 ? *low : *high, span, span < 0 ? low : high);
}

/* Least and greatest address of the axes FIRST and up. */
static bool reach(const memory_checker *c, const touch *t, int32_t first, int64_t *low, int64_t *high)
{
    const loop_nest *nest = c->p->statements[t->statement].nest;
    *low = *high = t->base;
    for (int32_t k = first; k < nest->axis_count; k++) {
        if (!stretch(t->coefs[k], extent(c, nest, k), low, high))
            return false;
    }
    return stretch(t->scale, t->range, low, high);
}

static bool is_inside(const memory_checker *c, const touch *t)
{
    int64_t low, high;
    return reach(c, t, 0, &low, &high) && low >= 0 && high < c->elements[t->buffer];
}

/* ---- one nest ------------------------------------------------------------------------------------- */

/* Two indices that a write sends to one element: of the space, and of the reduction when it runs along that. */
static bool writes_twice(const memory_checker *c, const touch *t)
{
    const loop_nest *nest = c->p->statements[t->statement].nest;
    linear_term terms[MOST_AXES];
    int32_t count = 0;
    bool streams = false;
    for (int32_t k = 0; k < nest->axis_count; k++)
        streams = streams || (nest->axes[k].kind == AXIS_REDUCE && t->coefs[k] != 0);
    for (int32_t k = 0; k < nest->axis_count; k++) {
        int64_t last = extent(c, nest, k) - 1;
        if ((nest->axes[k].kind == AXIS_SPACE || streams) && last > 0)
            terms[count++] = (linear_term){.coef = t->coefs[k], .low = -last, .high = last, .is_marked = true};
    }
    return count > 0 && linear_solve(terms, count, 0) == LINEAR_SOME;
}

/* Whether two touches certainly meet in an element, at any pair of indices. */
static bool meet(const memory_checker *c, const touch *a, const touch *b)
{
    linear_term terms[2 * MOST_AXES];
    int32_t count = 0;
    int64_t target;
    const touch *both[2] = {a, b};

    if (a->is_free || b->is_free || !checked_sub_i64(b->base, a->base, &target))
        return false;
    for (int side = 0; side < 2; side++) {
        const loop_nest *nest = c->p->statements[both[side]->statement].nest;
        for (int32_t k = 0; k < nest->axis_count; k++) {
            int64_t coef = both[side]->coefs[k];
            if (coef == INT64_MIN)
                return false;
            if (extent(c, nest, k) > 1 && coef != 0)
                terms[count++] =
                    (linear_term){.coef = side == 0 ? coef : -coef, .low = 0, .high = extent(c, nest, k) - 1};
        }
    }
    return linear_solve(terms, count, target) == LINEAR_SOME;
}

static stepc_code check_touches(memory_checker *c, const touch *touches, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        const touch *t = &touches[i];
        int32_t axes = c->p->statements[t->statement].nest->axis_count;
        /* An indirect value over an empty range never comes to be: its check fails first. */
        if (!t->is_guarded && t->range > 0 && !is_inside(c, t))
            return broken(c, t->is_write ? "writes outside a buffer" : "reads outside a buffer", t->buffer);
        if (!t->is_write)
            continue;
        if (!t->is_free && writes_twice(c, t))
            return broken(c, "writes an element more than once", t->buffer);
        for (int32_t k = 0; k < count; k++) {
            const touch *other = &touches[k];
            if (k == i || other->buffer != t->buffer || (other->is_write && k > i))
                continue;
            if (!other->is_write && loop_index_equal(other->index, t->index, axes))
                continue;
            if (t->index->indirect >= 0 && !other->is_write)
                return broken(c, "an indirect write meets a read at another index", t->buffer);
            if (meet(c, t, other))
                return broken(c, other->is_write ? "two writes meet" : "a write meets a read at another index",
                              t->buffer);
        }
    }
    return STEPC_OK;
}

/* ---- groups ------------------------------------------------------------------------------------------ */

static stepc_code check_local(const memory_checker *c, const loop_group *g, const touch *t)
{
    const loop_buffer *b = &c->p->buffers[t->buffer];
    const loop_nest *nest = c->p->statements[t->statement].nest;
    int64_t low, high, rest = 1;

    if (b->rank < g->shared_count)
        return broken(c, "a local lacks a shared dimension", t->buffer);
    for (int32_t k = 0; k < g->shared_count; k++) {
        if (c->sizes[b->extents[k]] != extent(c, nest, k))
            return broken(c, "a local's dimension is not the shared axis", t->buffer);
        if (extent(c, nest, k) > 1 && t->coefs[k] != c->sizes[b->strides[k]])
            return broken(c, "a local is not touched along the shared axis", t->buffer);
    }
    if (t->index->indirect >= 0 && t->is_write)
        return broken(c, "a local is written indirectly", t->buffer);
    for (int32_t k = g->shared_count; k < b->rank; k++) {
        if (!checked_mul_i64(rest, c->sizes[b->extents[k]], &rest))
            return broken(c, "a local is too large", t->buffer);
    }
    if (!t->is_guarded && t->range > 0 && (!reach(c, t, g->shared_count, &low, &high) || low < 0 || high >= rest))
        return broken(c, "a local is touched across the shared axes", t->buffer);
    return STEPC_OK;
}

/* Two members that touch an element at different shared indices: a dependence across tiles. */
static bool crosses_tiles(const memory_checker *c, const loop_group *g, const touch *a, const touch *b)
{
    linear_term terms[2 * MOST_AXES + 2];
    int32_t count = 0;
    int64_t target;
    const touch *both[2] = {a, b};
    const loop_nest *nest = c->p->statements[a->statement].nest;

    if (a->range < 1 || b->range < 1)
        return false;
    for (int32_t k = 0; k < g->shared_count; k++) {
        int64_t last = extent(c, nest, k) - 1;
        if (last > 0 && a->coefs[k] != b->coefs[k])
            return a->is_free || b->is_free || meet(c, a, b);
        if (last > 0)
            terms[count++] = (linear_term){.coef = a->coefs[k], .low = -last, .high = last, .is_marked = true};
    }
    if (count == 0 || !checked_sub_i64(b->base, a->base, &target))
        return false;
    for (int side = 0; side < 2; side++) {
        nest = c->p->statements[both[side]->statement].nest;
        for (int32_t k = g->shared_count; k < nest->axis_count; k++) {
            int64_t coef = both[side]->coefs[k];
            if (coef == INT64_MIN)
                return true;
            if (extent(c, nest, k) > 1 && coef != 0)
                terms[count++] =
                    (linear_term){.coef = side == 0 ? coef : -coef, .low = 0, .high = extent(c, nest, k) - 1};
        }
        int64_t scale = both[side]->scale;
        if (scale == INT64_MIN)
            return true;
        if (scale != 0)
            terms[count++] =
                (linear_term){.coef = side == 0 ? scale : -scale, .low = 0, .high = both[side]->range - 1};
    }
    return linear_solve(terms, count, target) == LINEAR_SOME;
}

static stepc_code check_pairs(memory_checker *c, const loop_group *g, const touch *touches, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        const touch *w = &touches[i];
        bool is_local = c->p->buffers[w->buffer].kind == BUFFER_LOCAL;
        c->statement = w->statement;
        stepc_code code = is_local ? check_local(c, g, w) : STEPC_OK;
        if (code != STEPC_OK)
            return code;
        for (int32_t k = 0; k < count && w->is_write && !is_local; k++) {
            const touch *t = &touches[k];
            if (t->buffer != w->buffer || t->statement == w->statement)
                continue;
            if (crosses_tiles(c, g, w, t))
                return broken(c, "a group's members depend on each other across tiles", w->buffer);
        }
    }
    return STEPC_OK;
}

static stepc_code check_group(memory_checker *c, const loop_group *g)
{
    touch **parts = ARENA_ARRAY(&c->memory, touch *, (size_t)g->count);
    int32_t *counts = ARENA_ARRAY(&c->memory, int32_t, (size_t)g->count);
    size_t total = 0;
    stepc_code code = STEPC_OK;

    if (parts == NULL || counts == NULL)
        return error_out_of_memory(c->error, "verifying loops");
    for (int32_t i = 0; i < g->count && code == STEPC_OK; i++) {
        c->statement = g->first + i;
        if (c->p->statements[g->first + i].nest->check_count > 0 && g->count > 1)
            return broken(c, "a nest of checks in a group", -1);
        code = collect(c, g->first + i, &parts[i], &counts[i]);
        total += (size_t)counts[i];
    }
    if (code != STEPC_OK || total > INT32_MAX)
        return code;
    touch *all = ARENA_ARRAY(&c->memory, touch, total);
    int32_t count = 0;
    if (all == NULL)
        return error_out_of_memory(c->error, "verifying loops");
    for (int32_t i = 0; i < g->count; i++) {
        if (counts[i] > 0)
            memcpy(all + count, parts[i], (size_t)counts[i] * sizeof *all);
        count += counts[i];
    }
    return check_pairs(c, g, all, count);
}

/* ---- order -------------------------------------------------------------------------------------------- */

static bool holds_nothing_yet(const memory_checker *c, int32_t root, const bool *written)
{
    buffer_kind kind = c->p->buffers[root].kind;
    bool needs_writer = kind == BUFFER_ARENA || kind == BUFFER_LOCAL || kind == BUFFER_FETCH;
    return needs_writer && !written[root] && c->elements[root] > 0;
}

/* Whole blocks of EXTENT times INNER elements. */
static bool scan_fits(const memory_checker *c, const loop_scan *scan, int64_t count)
{
    int64_t block;
    if (!c->known[scan->extent] || !c->known[scan->inner] || c->sizes[scan->extent] < 0 || c->sizes[scan->inner] < 0)
        return false;
    return count == 0 || (checked_mul_i64(c->sizes[scan->extent], c->sizes[scan->inner], &block) && block > 0 &&
                          count % block == 0);
}

/* Rows of COUNT places for as many rows of EXTENT elements. */
static bool top_fits(const memory_checker *c, const loop_call *call, int64_t places)
{
    const loop_top *top = &call->top;
    if (!c->known[top->extent] || !c->known[top->count] || !c->known[call->sizes[1]])
        return false;
    int64_t count = c->sizes[top->count], extent = c->sizes[top->extent], elements = c->sizes[call->sizes[1]];
    if (count < 0 || elements < 0)
        return false;
    return places == 0 || (count > 0 && count <= extent && places % count == 0 && elements % extent == 0 &&
                           places / count == elements / extent);
}

static stepc_code follow_call(memory_checker *c, const loop_call *call, bool *written)
{
    int64_t count = c->known[call->sizes[0]] ? c->sizes[call->sizes[0]] : -1;
    int32_t buffers = loop_call_buffers(call);
    if (count < 0)
        return broken(c, "a call without a size", call->buffers[0]);
    if (call->kind == CALL_SCAN && !scan_fits(c, &call->scan, count))
        return broken(c, "a scan whose sizes do not fit", call->buffers[0]);
    if (call->kind == CALL_TOP && !top_fits(c, call, count))
        return broken(c, "greatest elements whose sizes do not fit", call->buffers[0]);
    for (int32_t i = 0; i < buffers; i++) {
        const loop_buffer *b = &c->p->buffers[call->buffers[i]];
        int64_t end = c->known[b->offset] ? c->sizes[b->offset] : -1;
        count = call->kind == CALL_TOP && i == 1 ? c->sizes[call->sizes[1]] : count;
        bool fits = end >= 0 && checked_add_i64(end, count, &end) && end <= c->elements[b->root];
        if (call->kind == CALL_PHILOX_ADVANCE)
            fits = c->elements[b->root] == 6;
        if (!fits)
            return broken(c, "a call outside its buffer", call->buffers[i]);
        bool is_read = i == 1 || call->kind == CALL_PHILOX_ADVANCE;
        if (is_read && holds_nothing_yet(c, b->root, written))
            return broken(c, "reads what nothing has written", call->buffers[i]);
    }
    written[c->p->buffers[call->buffers[0]].root] = true;
    return STEPC_OK;
}

/* Whether V is a size or a constant: then its value under this sample. */
static bool is_size_value(const memory_checker *c, const loop_nest *nest, int32_t v, int64_t *out)
{
    const loop_value *value = &nest->values[v];
    if (value->op == LOOP_CONST)
        *out = (int64_t)value->bits;
    else if (value->op == LOOP_SIZE && c->known[value->size])
        *out = c->sizes[value->size];
    else
        return false;
    return value->dtype == STEPC_INT64;
}

/* Whether V compares sizes, and this sample makes it false. */
static bool fails_for_sizes(const memory_checker *c, const loop_nest *nest, int32_t v)
{
    const loop_value *value = &nest->values[v];
    int64_t x, y;
    if (value->op != LOOP_EQ && value->op != LOOP_NE && value->op != LOOP_LT && value->op != LOOP_LE)
        return false;
    if (!is_size_value(c, nest, value->args[0], &x) || !is_size_value(c, nest, value->args[1], &y))
        return false;
    return !(value->op == LOOP_EQ ? x == y : value->op == LOOP_NE ? x != y : value->op == LOOP_LT ? x < y : x <= y);
}

/* A check of NEST that this sample fails for certain: no run with these sizes gets further. */
static bool ends_here(const memory_checker *c, const loop_nest *nest)
{
    for (int32_t i = 0; i < nest->check_count && !never_runs(c, nest); i++) {
        if (fails_for_sizes(c, nest, nest->checks[i].value))
            return true;
    }
    return false;
}

/* *END: the statement at which this sample's run ends, or the count of statements. */
static stepc_code follow(memory_checker *c, bool *written, int32_t *end)
{
    const loop_program *p = c->p;
    *end = p->statement_count;
    for (int32_t i = 0; i < p->statement_count; i++) {
        touch *touches;
        int32_t count;
        c->statement = i;
        stepc_code code = STEPC_OK;
        if (p->statements[i].kind == STATEMENT_CALL) {
            code = follow_call(c, p->statements[i].call, written);
            if (code != STEPC_OK)
                return code;
            continue;
        }
        code = collect(c, i, &touches, &count);
        if (code == STEPC_OK)
            code = check_touches(c, touches, count);
        if (code != STEPC_OK)
            return code;
        for (int32_t k = 0; k < count; k++) {
            if (!touches[k].is_write && holds_nothing_yet(c, touches[k].buffer, written))
                return broken(c, "reads what nothing has written", touches[k].buffer);
        }
        for (int32_t k = 0; k < p->statements[i].nest->write_count; k++)
            written[p->statements[i].nest->writes[k].buffer] = true;
        if (ends_here(c, p->statements[i].nest)) {
            *end = i;
            return STEPC_OK;
        }
    }
    for (int32_t i = 0; i < p->fetch_count; i++) {
        if (holds_nothing_yet(c, p->fetches[i].buffer, written))
            return error_set(c->error, STEPC_INTERNAL, "loops: fetch %d is never written", (int)i);
    }
    return STEPC_OK;
}

static stepc_code check_sample(memory_checker *c)
{
    bool *written = ARENA_ARRAY(&c->memory, bool, (size_t)c->p->buffer_count);
    if (written == NULL)
        return error_out_of_memory(c->error, "verifying loops");
    int32_t end;
    stepc_code code = follow(c, written, &end);
    for (int32_t i = 0; i < c->p->group_count && code == STEPC_OK; i++) {
        if (c->p->groups[i].first < end)
            code = check_group(c, &c->p->groups[i]);
    }
    return code;
}

stepc_code verify_memory(const loop_program *p, stepc_error *error)
{
    memory_checker c = {.p = p, .error = error};
    size_t symbols = size_symbol_count(p->sizes);
    stepc_code code = STEPC_OK;

    arena_init(&c.memory, p->host);
    c.symbols = ARENA_ARRAY(&c.memory, int64_t, symbols);
    c.sizes = ARENA_ARRAY(&c.memory, int64_t, p->sizes->count);
    c.known = ARENA_ARRAY(&c.memory, bool, p->sizes->count);
    c.elements = ARENA_ARRAY(&c.memory, int64_t, (size_t)p->buffer_count);
    if (c.symbols == NULL || c.sizes == NULL || c.known == NULL || c.elements == NULL)
        code = error_out_of_memory(error, "verifying loops");
    for (int i = 0; i < (symbols > 0 ? SAMPLES : 1) && code == STEPC_OK; i++) {
        if (take_sample(&c, i))
            code = check_sample(&c);
        else if (symbols == 0)
            code = error_set(error, STEPC_INTERNAL, "loops: a shape is impossible");
    }
    arena_release(&c.memory);
    return code;
}
