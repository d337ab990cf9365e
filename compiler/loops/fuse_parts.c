/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers that are put together from parts (Concat, Pack). Each part becomes a buffer of its own, and a nest that reads
 * across their boundaries is cut there along its space axis, so that every piece reads one part: what makes the part is
 * then inlined or merged into the piece as anywhere else, and the joined buffer is gone. */
#include "compiler/loops/fuse.h"

#include "runtime/core/checked.h"
#include "runtime/core/dtype.h"

#include <string.h>

enum { MOST_DIMS = 32 };

typedef struct part {
    int64_t low, high; /* along the cut dimension */
    int32_t buffer;
} part;

typedef struct parting {
    fuse *f;
    const dependence *g;
    int32_t root, dim, count;
    part parts[FUSE_MOST_PARTS];
} parting;

/* Where a nest is cut: piece i has the indices at[i] .. at[i + 1] - 1 of AXIS; -1: as it is. */
typedef struct cuts {
    int32_t axis, count; /* pieces */
    int64_t at[FUSE_MOST_PARTS + 1];
} cuts;

/* What became of the statements in one round; all roots of a changed statement wait for the next. */
typedef struct replaced {
    loop_nest **pieces; /* NULL: as it was */
    int32_t count;
} replaced;

/* ---- the parts --------------------------------------------------------------------------- */

/* Parts are equal or have nothing in common. */
static bool add_part(parting *p, int64_t low, int64_t high)
{
    int32_t at = 0;
    while (at < p->count && p->parts[at].low < low)
        at++;
    if (at < p->count && p->parts[at].low == low)
        return p->parts[at].high == high;
    if (p->count == FUSE_MOST_PARTS)
        return false;
    memmove(&p->parts[at + 1], &p->parts[at], (size_t)(p->count - at) * sizeof *p->parts);
    p->parts[at] = (part){.low = low, .high = high, .buffer = -1};
    p->count++;
    return true;
}

/* The intervals along DIM that the writes of the root cover, where they lie one behind the other. */
static bool find_parts(parting *p, int32_t dim)
{
    axis_terms terms[MOST_DIMS];
    p->dim = dim;
    p->count = 0;
    for (int32_t t = p->g->first_touch[p->root]; t >= 0; t = p->g->touches[t].next) {
        const fuse_touch *touch = &p->g->touches[t];
        int64_t low, high;
        if (!touch->is_write)
            continue;
        const loop_nest *nest = p->g->statements[touch->statement].nest;
        if (!index_root_terms(p->f, p->root, touch->index, nest, terms) ||
            !index_span(p->f, &terms[dim], nest, &low, &high) || !add_part(p, low, high))
            return false;
    }
    for (int32_t i = 1; i < p->count; i++) {
        if (p->parts[i].low != p->parts[i - 1].high + 1)
            return false;
    }
    return p->count > 1;
}

static int32_t part_with(const parting *p, int64_t low, int64_t high)
{
    for (int32_t i = 0; i < p->count; i++) {
        if (low >= p->parts[i].low && high <= p->parts[i].high)
            return i;
    }
    return -1;
}

/* ---- where a reader is cut --------------------------------------------------------------- */

static bool add_cut(cuts *c, int64_t at)
{
    int32_t i = 0;
    while (c->at[i] < at)
        i++;
    if (c->at[i] == at)
        return true;
    if (c->count == FUSE_MOST_PARTS)
        return false;
    memmove(&c->at[i + 1], &c->at[i], (size_t)(c->count + 1 - i) * sizeof *c->at);
    c->at[i] = at;
    c->count++;
    return true;
}

/* The cuts that READ asks for: none when it stays within one part. */
static bool cut_read(const parting *p, const loop_nest *nest, const loop_value *read, cuts *c)
{
    axis_terms terms[MOST_DIMS];
    const axis_terms *t = &terms[p->dim];
    int64_t low, high, extent;
    if (read->index.indirect >= 0 || !index_root_terms(p->f, p->root, &read->index, nest, terms) ||
        !index_span(p->f, t, nest, &low, &high))
        return false;
    if (part_with(p, low, high) >= 0)
        return true;
    if (low < p->parts[0].low || high > p->parts[p->count - 1].high || t->count != 1 || t->scale[0] != 1 ||
        nest->axes[t->axis[0]].kind != AXIS_SPACE ||
        !size_is_const(p->f->p->sizes, nest->axes[t->axis[0]].extent, &extent) ||
        (c->axis >= 0 && c->axis != t->axis[0]))
        return false;
    if (c->axis < 0)
        *c = (cuts){.axis = t->axis[0], .count = 1, .at = {0, extent}};
    for (int32_t i = 1; i < p->count; i++) {
        int64_t at = p->parts[i].low - t->offset;
        if (at > 0 && at < extent && !add_cut(c, at))
            return false;
    }
    return true;
}

static bool cut_nest(const parting *p, const loop_nest *nest, cuts *c)
{
    bool reads = false, writes = false;
    *c = (cuts){.axis = -1, .count = 1};
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        if (value->buffer != p->root || (value->op != LOOP_READ && value->op != LOOP_PHILOX))
            continue;
        reads = true;
        if (value->op == LOOP_PHILOX || !cut_read(p, nest, value, c))
            return false;
    }
    for (int32_t i = 0; i < nest->write_count; i++) {
        writes = writes || nest->writes[i].buffer == p->root;
        /* Updates through an index come in the order of the nest. */
        if (c->axis >= 0 && nest->writes[i].index.indirect >= 0)
            return false;
    }
    if (reads && writes)
        return false;
    return c->axis < 0 ||
           (nest->check_count == 0 && !nest_has_reuse(nest) && nest_op_count(nest) * c->count <= FUSE_PART_OPS);
}

/* ---- rewriting --------------------------------------------------------------------------- */

typedef struct piece {
    const parting *p;
    const loop_nest *from;
    int32_t axis;  /* -1: none is cut */
    int64_t first; /* index of the axis */
    body b;
    int32_t *to;
} piece;

/* An index of the joined buffer as one of the part that it lies in. */
static bool index_of_part(piece *c, loop_index *index, int32_t *buffer)
{
    const parting *p = c->p;
    fuse *f = p->f;
    size_pool *pool = f->p->sizes;
    axis_terms terms[MOST_DIMS];
    int64_t low, high;
    int32_t rank = f->p->buffers[p->root].rank, count = c->from->axis_count, at;
    size_ref *coefs = ARENA_ARRAY(f->p->memory, size_ref, (size_t)count);
    if (!coefs || !index_root_terms(f, p->root, index, c->from, terms))
        return false;
    for (int32_t d = 0; d < rank; d++) {
        for (int32_t i = 0; i < terms[d].count; i++)
            terms[d].offset += terms[d].axis[i] == c->axis ? terms[d].scale[i] * c->first : 0;
    }
    if (!index_span(f, &terms[p->dim], c->b.nest, &low, &high) || (at = part_with(p, low, high)) < 0)
        return false;
    terms[p->dim].offset -= p->parts[at].low;
    const loop_buffer *to = &f->p->buffers[p->parts[at].buffer];
    *index = (loop_index){.base = to->offset,
                          .coefs = coefs,
                          .indirect = -1,
                          .indirect_scale = SIZE_UNKNOWN,
                          .indirect_extent = SIZE_UNKNOWN};
    for (int32_t k = 0; k < count; k++)
        coefs[k] = f->zero;
    for (int32_t d = 0; d < rank; d++) {
        const axis_terms *t = &terms[d];
        index->base = size_sum(pool, index->base, size_product(pool, to->strides[d], size_const(pool, t->offset)));
        for (int32_t i = 0; i < t->count; i++) {
            size_ref step = size_product(pool, to->strides[d], size_const(pool, t->scale[i]));
            coefs[t->axis[i]] = size_sum(pool, coefs[t->axis[i]], step);
            if (coefs[t->axis[i]] == SIZE_UNKNOWN)
                return false;
        }
    }
    *buffer = p->parts[at].buffer;
    return index->base != SIZE_UNKNOWN;
}

static bool move_index(piece *c, loop_index *index, int32_t *buffer)
{
    size_pool *pool = c->p->f->p->sizes;
    if (*buffer == c->p->root)
        return index_of_part(c, index, buffer);
    if (index->indirect >= 0)
        index->indirect = c->to[index->indirect];
    if (c->axis >= 0)
        index->base =
            size_sum(pool, index->base, size_product(pool, index->coefs[c->axis], size_const(pool, c->first)));
    return index->base != SIZE_UNKNOWN;
}

static int32_t move_value(piece *c, int32_t number)
{
    loop_value value = body_clean(c->p->f, &c->from->values[number]);
    for (int i = 0; i < 3; i++)
        value.args[i] = value.args[i] >= 0 ? c->to[value.args[i]] : -1;
    if (value.op == LOOP_READ && !move_index(c, &value.index, &value.buffer))
        return -1;
    if (value.op == LOOP_ACC) {
        loop_acc acc = c->from->accs[value.acc];
        acc.value = c->to[acc.value];
        value.acc = body_acc(&c->b, &acc);
    }
    int32_t made = body_value(&c->b, &value);
    if (value.op == LOOP_AXIS && value.axis == c->axis && c->first > 0)
        made = body_binary(&c->b, LOOP_ADD, made, body_const_i64(&c->b, c->first));
    return made;
}

/* The indices FIRST .. LAST - 1 of AXIS (-1: all of the nest), with parts for the joined buffer. */
static loop_nest *make_piece(const parting *p, const loop_nest *nest, int32_t axis, int64_t first, int64_t last)
{
    fuse *f = p->f;
    piece c = {.p = p, .from = nest, .axis = axis, .first = first};
    c.to = ARENA_ARRAY(&f->scratch, int32_t, (size_t)nest->value_count);
    if (!c.to || !body_begin(&c.b, f, nest->axes, nest->axis_count))
        return NULL;
    if (axis >= 0)
        c.b.nest->axes[axis].extent = size_const(f->p->sizes, last - first);
    for (int32_t v = 0; v < nest->value_count; v++) {
        c.to[v] = move_value(&c, v);
        if (c.to[v] < 0)
            return NULL;
    }
    for (int32_t i = 0; i < nest->write_count; i++) {
        loop_write w = nest->writes[i];
        if (!move_index(&c, &w.index, &w.buffer))
            return NULL;
        w.value = c.to[w.value];
        w.predicate = w.predicate >= 0 ? c.to[w.predicate] : -1;
        body_write(&c.b, &w);
    }
    for (int32_t i = 0; i < nest->check_count; i++) {
        loop_check check = nest->checks[i];
        check.value = c.to[check.value];
        body_check(&c.b, &check);
    }
    body_origins(&c.b, nest);
    loop_nest *made = body_end(&c.b);
    return made ? nest_normalise(f, made) : NULL;
}

/* ---- the decision ------------------------------------------------------------------------ */

/* Bytes that need not go through memory against nests more; short runs are no work for vectors. */
static bool is_worth_it(const parting *p, int32_t more)
{
    const loop_buffer *b = &p->f->p->buffers[p->root];
    int64_t inner = 1, outer = 1, bytes = (int64_t)stepc_dtype_bytes(b->dtype), saved;
    for (int32_t d = 0; d < b->rank; d++) {
        int64_t *product = d > p->dim ? &inner : &outer;
        if (d != p->dim &&
            (!checked_mul_i64(*product, fuse_nominal(p->f, b->extents[d]), product) || *product > INT32_MAX))
            *product = INT32_MAX;
    }
    for (int32_t i = 0; more > 0 && i < p->count; i++) {
        if ((p->parts[i].high - p->parts[i].low + 1) * inner < FUSE_PART_LEAST)
            return false;
    }
    int64_t extent = p->parts[p->count - 1].high - p->parts[0].low + 1;
    return !checked_mul_i64(inner, outer, &saved) || !checked_mul_i64(saved, extent, &saved) || saved > INT32_MAX ||
           FUSE_BYTE_COST(saved * bytes * 2) >= (int64_t)more * FUSE_PART_COST;
}

/* Whether all that touches the root can be rewritten; MORE nests come of it. */
static bool can_part(const parting *p, const replaced *all, int32_t budget, int32_t *more)
{
    int32_t reads = 0;
    *more = 0;
    for (int32_t t = p->g->first_touch[p->root]; t >= 0; t = p->g->touches[t].next) {
        int32_t s = p->g->touches[t].statement, next = p->g->touches[t].next;
        cuts c;
        if (next >= 0 && p->g->touches[next].statement == s)
            continue;
        if (all[s].pieces || !cut_nest(p, p->g->statements[s].nest, &c))
            return false;
        *more += c.count - 1;
        reads += !p->g->touches[t].is_write;
    }
    return reads > 0 && *more <= budget && is_worth_it(p, *more);
}

static bool make_buffers(parting *p)
{
    loop_program *program = p->f->p;
    size_ref extents[MOST_DIMS];
    const loop_buffer joined = program->buffers[p->root];
    for (int32_t i = 0; i < p->count; i++) {
        for (int32_t d = 0; d < joined.rank; d++)
            extents[d] = joined.extents[d];
        extents[p->dim] = size_const(program->sizes, p->parts[i].high - p->parts[i].low + 1);
        p->parts[i].buffer = loop_buffer_new(program, BUFFER_ARENA, joined.dtype, extents, joined.rank, joined.hint);
        if (p->parts[i].buffer < 0)
            return false;
    }
    return true;
}

static bool rewrite_statement(const parting *p, const loop_nest *nest, replaced *out)
{
    cuts c;
    if (!cut_nest(p, nest, &c))
        return false;
    out->count = c.count;
    out->pieces = ARENA_ARRAY(&p->f->scratch, loop_nest *, (size_t)c.count);
    for (int32_t i = 0; out->pieces && i < c.count; i++) {
        out->pieces[i] = make_piece(p, nest, c.axis, c.at[i], c.at[i + 1]);
        if (!out->pieces[i])
            return false;
    }
    if (c.count > 1)
        fuse_explain(p->f, nest, "cut into %d nests, one for each part of what it reads", (int)c.count);
    return out->pieces != NULL;
}

/* Several plain writes, all by nests, and no call. */
static bool is_joined(const fuse *f, const dependence *g, int32_t root)
{
    int32_t writes = 0;
    if (f->p->buffers[root].rank > MOST_DIMS || !fuse_is_intermediate(f, root))
        return false;
    for (int32_t t = g->first_touch[root]; t >= 0; t = g->touches[t].next) {
        const fuse_touch *touch = &g->touches[t];
        if (g->statements[touch->statement].kind != STATEMENT_NEST || !touch->index ||
            (touch->is_write && !touch->is_plain))
            return false;
        writes += touch->is_write;
    }
    return writes > 1;
}

static stepc_code part_root(parting *p, replaced *all, int32_t *budget, bool *changed)
{
    int32_t rank = p->f->p->buffers[p->root].rank, dim = 0, more = 0;
    while (dim < rank && !(find_parts(p, dim) && can_part(p, all, *budget, &more)))
        dim++;
    if (dim == rank)
        return STEPC_OK;
    if (!make_buffers(p))
        return error_out_of_memory(p->f->error, "fusing");
    for (int32_t t = p->g->first_touch[p->root]; t >= 0; t = p->g->touches[t].next) {
        int32_t s = p->g->touches[t].statement;
        if (!all[s].pieces && !rewrite_statement(p, p->g->statements[s].nest, &all[s]))
            return error_out_of_memory(p->f->error, "fusing");
    }
    *budget -= more;
    *changed = true;
    return STEPC_OK;
}

/* Puts the pieces where their statements were. */
static stepc_code place_pieces(fuse *f, const dependence *g, const replaced *all)
{
    loop_program *p = f->p;
    loop_statement *now = NULL;
    size_t capacity = 0;
    int32_t count = 0;
    for (int32_t s = 0; s < g->count; s++) {
        for (int32_t i = 0; i < (all[s].pieces ? all[s].count : 1); i++) {
            now = arena_grow(p->memory, now, &capacity, (size_t)count + 1, sizeof *now);
            if (!now)
                return error_out_of_memory(f->error, "fusing");
            now[count] = g->statements[s];
            if (all[s].pieces)
                now[count].nest = all[s].pieces[i];
            count++;
        }
    }
    p->statements = now;
    p->statement_capacity = capacity;
    p->statement_count = count;
    return STEPC_OK;
}

stepc_code fuse_parts(fuse *f, bool *changed)
{
    stepc_code code = STEPC_OK;
    /* Pieces of pieces could become very many. */
    int32_t budget = f->p->statement_count < INT32_MAX / 8 ? f->p->statement_count + 64 : 0;
    bool again = true;
    for (int round = 0; again && !code && round < FUSE_PART_ROUNDS; round++) {
        dependence g = {0};
        int32_t roots = f->p->buffer_count;
        again = false;
        replaced *all = ARENA_ARRAY(&f->scratch, replaced, (size_t)f->p->statement_count + 1);
        if (!all || !deps_build(&g, f))
            return error_out_of_memory(f->error, "fusing");
        for (int32_t root = 0; root < roots && !code; root++) {
            parting p = {.f = f, .g = &g, .root = root};
            if (f->p->buffers[root].root == root && is_joined(f, &g, root))
                code = part_root(&p, all, &budget, &again);
        }
        if (!code && again)
            code = place_pieces(f, &g, all);
        *changed = *changed || again;
    }
    return code;
}
