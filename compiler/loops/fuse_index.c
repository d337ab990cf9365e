/* SPDX-License-Identifier: Apache-2.0 */
/* Indices of one nest in terms of another's: everything legal rests on these. */
#include "compiler/loops/fuse.h"

#include "runtime/core/checked.h"

typedef struct solve {
    const fuse *f;
    const size_ref *strides; /* of the writer's axes */
    const size_ref *extents;
    int32_t count;
    axis_terms *out;
} solve;

static bool constant(const solve *s, size_ref size, int64_t *out) { return size_is_const(s->f->p->sizes, size, out); }

/* The axis with the largest stride that divides COEF and along which EXTENT steps fit. */
static int32_t best_axis(const solve *s, int64_t coef, size_ref extent, int64_t *scale)
{
    int32_t best = -1;
    int64_t best_stride = 0, steps, stride, size;
    if (!constant(s, extent, &steps))
        return -1;
    for (int32_t j = 0; j < s->count; j++) {
        if (!constant(s, s->strides[j], &stride) || !constant(s, s->extents[j], &size) || stride <= 0)
            continue;
        if (stride <= best_stride || coef % stride != 0)
            continue;
        int64_t times = coef / stride, reach;
        if (!checked_mul_i64(times < 0 ? -times : times, steps - 1, &reach) || reach >= size)
            continue;
        best = j;
        best_stride = stride;
        *scale = times;
    }
    return best;
}

static bool add_term(axis_terms *terms, int32_t axis, int64_t scale)
{
    if (terms->count == FUSE_MOST_TERMS)
        return false;
    terms->axis[terms->count] = axis;
    terms->scale[terms->count++] = scale;
    return true;
}

static bool place_term(const solve *s, int32_t axis, size_ref coef, size_ref extent)
{
    int64_t number, scale = 1;
    for (int32_t j = 0; j < s->count; j++) {
        if (s->strides[j] == coef && s->extents[j] == extent)
            return add_term(&s->out[j], axis, 1);
    }
    if (!constant(s, coef, &number))
        return false;
    if (number == 0)
        return true;
    int32_t j = best_axis(s, number, extent, &scale);
    return j >= 0 && add_term(&s->out[j], axis, scale);
}

/* Writes the difference of the bases as offsets along the axes, greatest stride first. */
static bool place_base(const solve *s, size_ref write, size_ref read)
{
    int64_t from, to, rest, below = INT64_MAX;
    if (write == read)
        return true;
    if (!constant(s, write, &from) || !constant(s, read, &to) || !checked_sub_i64(to, from, &rest) || rest < 0)
        return false;
    while (rest > 0) {
        int32_t best = -1;
        int64_t best_stride = 0, stride, size;
        for (int32_t j = 0; j < s->count; j++) {
            if (!constant(s, s->strides[j], &stride) || stride <= best_stride || stride >= below)
                continue;
            if (!constant(s, s->extents[j], &size))
                continue;
            best = j;
            best_stride = stride;
        }
        if (best < 0)
            return false;
        s->out[best].offset = rest / best_stride;
        rest %= best_stride;
        below = best_stride;
    }
    return true;
}

/* Each axis stays within its extent. Extents may be symbolic when one axis runs along all of it. */
static bool in_range(const solve *s, const loop_axis *read_axes)
{
    for (int32_t j = 0; j < s->count; j++) {
        const axis_terms *t = &s->out[j];
        int64_t low = t->offset, high = t->offset, size, steps, reach;
        if (t->indirect)
            continue;
        if (t->count == 0 && t->offset == 0)
            continue;
        if (t->count == 1 && t->offset == 0 && t->scale[0] == 1 && read_axes[t->axis[0]].extent == s->extents[j])
            continue;
        if (!constant(s, s->extents[j], &size))
            return false;
        for (int32_t i = 0; i < t->count; i++) {
            if (!constant(s, read_axes[t->axis[i]].extent, &steps) || steps < 1 ||
                !checked_mul_i64(t->scale[i], steps - 1, &reach) ||
                !checked_add_i64(reach < 0 ? low : high, reach, reach < 0 ? &low : &high))
                return false;
        }
        if (low < 0 || high >= size)
            return false;
    }
    return true;
}

static bool place_indirect(const solve *s, const loop_index *read)
{
    if (read->indirect < 0)
        return true;
    for (int32_t j = 0; j < s->count; j++) {
        if (s->strides[j] != read->indirect_scale || s->extents[j] != read->indirect_extent || s->out[j].count != 0)
            continue;
        s->out[j].indirect = true;
        return s->out[j].offset == 0;
    }
    return false;
}

static bool solve_terms(const solve *s, size_ref base, const loop_index *read, const loop_axis *read_axes,
                        int32_t read_count)
{
    for (int32_t j = 0; j < s->count; j++)
        s->out[j] = (axis_terms){0};
    for (int32_t k = 0; k < read_count; k++) {
        if (read->coefs[k] != s->f->zero && !place_term(s, k, read->coefs[k], read_axes[k].extent))
            return false;
    }
    return place_base(s, base, read->base) && place_indirect(s, read) && in_range(s, read_axes);
}

bool index_solve(const fuse *f, const loop_index *write, const loop_axis *write_axes, int32_t count,
                 const loop_index *read, const loop_axis *read_axes, int32_t read_count, axis_terms *out)
{
    size_ref extents[32];
    if (write->indirect >= 0 || count > 32)
        return false;
    for (int32_t j = 0; j < count; j++)
        extents[j] = write_axes[j].extent;
    solve s = {.f = f, .strides = write->coefs, .extents = extents, .count = count, .out = out};
    return solve_terms(&s, write->base, read, read_axes, read_count);
}

/* ---- regions of a root ------------------------------------------------------------------- */

bool index_root_terms(const fuse *f, int32_t root, const loop_index *index, const loop_nest *nest, axis_terms *out)
{
    const loop_buffer *b = &f->p->buffers[root];
    if (b->rank > 32)
        return false;
    solve s = {.f = f, .strides = b->strides, .extents = b->extents, .count = b->rank, .out = out};
    return solve_terms(&s, b->offset, index, nest->axes, nest->axis_count);
}

bool index_inside(const fuse *f, int32_t root, const loop_index *index, const loop_nest *nest)
{
    axis_terms terms[32];
    return index->indirect < 0 && index_root_terms(f, root, index, nest, terms);
}

bool index_span(const fuse *f, const axis_terms *t, const loop_nest *nest, int64_t *low, int64_t *high)
{
    *low = *high = t->offset;
    for (int32_t i = 0; i < t->count; i++) {
        int64_t steps, reach;
        if (!size_is_const(f->p->sizes, nest->axes[t->axis[i]].extent, &steps) ||
            !checked_mul_i64(t->scale[i], steps - 1, &reach))
            return false;
        if (!checked_add_i64(reach < 0 ? *low : *high, reach, reach < 0 ? low : high))
            return false;
    }
    return !t->indirect;
}

bool index_disjoint(const fuse *f, int32_t root, const loop_index *a, const loop_nest *a_nest, const loop_index *b,
                    const loop_nest *b_nest)
{
    axis_terms at[32], bt[32];
    if (a->indirect >= 0 || b->indirect >= 0 || !index_root_terms(f, root, a, a_nest, at) ||
        !index_root_terms(f, root, b, b_nest, bt))
        return false;
    for (int32_t d = 0; d < f->p->buffers[root].rank; d++) {
        int64_t a_low, a_high, b_low, b_high;
        if (index_span(f, &at[d], a_nest, &a_low, &a_high) && index_span(f, &bt[d], b_nest, &b_low, &b_high) &&
            (a_high < b_low || b_high < a_low))
            return true;
    }
    return false;
}
