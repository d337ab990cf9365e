/* SPDX-License-Identifier: Apache-2.0 */
/* Products of complex numbers along axes: factors are laid out side by side, and the last running product is the result. */
#include "compiler/lower/complex.h"

typedef struct products {
    int32_t in, out, rank, kept; /* ranks without the pair */
    bool reduced[LOWER_MAX_RANK];
    size_ref count; /* of factors */
    int32_t factors, running; /* [kept ..., count + 1, 2], float64; the first factor is 1 */
} products;

static stepc_code read_axes(lower_context *l, products *p)
{
    const int64_t *axes;
    int64_t count;
    stepc_code code = lower_constant_integers(l, 1, &axes, &count);
    for (int64_t i = 0; !code && i < count; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + p->rank : axes[i];
        if (axis < 0 || axis >= p->rank)
            return error_set(l->error, STEPC_INVALID_ARGUMENT, "Invalid reduction dimension (%lld for input with %d dimension(s)",
                             (long long)axes[i], p->rank);
        if (p->reduced[axis])
            return error_set(l->error, STEPC_INVALID_ARGUMENT,
                             "Invalid reduction arguments: Axes contains duplicate dimension: %lld", (long long)axis);
        p->reduced[axis] = true;
    }
    return code;
}

static stepc_code make_buffers(lower_context *l, products *p)
{
    size_pool *sizes = l->program->sizes;
    size_ref extents[LOWER_MAX_RANK + 2];
    p->count = size_const(sizes, 1);
    for (int32_t d = 0; d < p->rank; d++) {
        size_ref extent = l->program->buffers[p->in].extents[d];
        if (p->reduced[d])
            p->count = size_product(sizes, p->count, extent);
        else
            extents[p->kept++] = extent;
    }
    extents[p->kept] = size_sum(sizes, p->count, size_const(sizes, 1));
    extents[p->kept + 1] = size_const(sizes, 2);
    p->factors = lower_temporary(l, STEPC_FLOAT64, extents, p->kept + 2, "factors");
    p->running = p->factors < 0 ? -1 : lower_temporary(l, STEPC_FLOAT64, extents, p->kept + 2, "running");
    return p->running < 0 ? stepc_error_code(l->error) : STEPC_OK;
}

/* BUFFER (factors or running) with FIRST taken off its second last dimension, seen in the dimensions of the input where
 * WHOLE, else in those of the output: reduced ones (of extent 1, or none) stand still. */
static int32_t view_of(lower_context *l, const products *p, int32_t buffer, size_ref first, bool whole)
{
    size_pool *sizes = l->program->sizes;
    const loop_buffer *b = &l->program->buffers[buffer], *in = &l->program->buffers[p->in], *out = &l->program->buffers[p->out];
    size_ref strides[LOWER_MAX_RANK + 1], extents[LOWER_MAX_RANK + 1], apart = size_const(sizes, 2);
    bool keeps = out->rank == in->rank;
    int32_t rank = 0;
    for (int32_t d = 0, kept = 0; d < p->rank; d++) {
        if (p->reduced[d] && !whole && !keeps)
            continue;
        extents[rank] = p->reduced[d] && !whole ? size_const(sizes, 1) : in->extents[d];
        strides[rank++] = p->reduced[d] ? size_const(sizes, 0) : b->strides[kept++];
    }
    for (int32_t d = p->rank - 1; d >= 0 && whole; d--) {
        if (!p->reduced[d])
            continue;
        strides[d] = apart;
        apart = size_product(sizes, apart, in->extents[d]);
    }
    extents[rank] = size_const(sizes, 2);
    strides[rank] = size_const(sizes, 1);
    size_ref offset = size_sum(sizes, b->offset, size_product(sizes, first, size_const(sizes, 2)));
    int32_t view = loop_view_new(l->program, buffer, extents, strides, rank + 1, offset);
    if (view < 0)
        error_out_of_memory(l->error, "lowering");
    return view;
}

/* A nest that copies, element by element; FROM -1: ones, 1 and 0 side by side. */
static stepc_code copy(lower_context *l, int32_t to, int32_t from)
{
    int32_t axes[LOWER_MAX_RANK + 1], value;
    const loop_buffer *b = &l->program->buffers[to];
    int32_t rank = b->rank;
    stepc_dtype dtype = b->dtype;
    nest_builder n;
    nest_begin(&n, l->program);
    nest_origin(&n, l->op);
    for (int32_t d = 0; d < rank; d++)
        axes[d] = nest_axis(&n, b->extents[d], AXIS_SPACE);
    if (from >= 0) {
        value = nest_cast(&n, nest_read(&n, from, axes), dtype);
    } else {
        int32_t is_real = nest_binary(&n, LOOP_EQ, nest_axis_value(&n, axes[rank - 1]), nest_const_i64(&n, STEPC_INT64, 0));
        value = nest_select(&n, is_real, nest_const_f64(&n, dtype, 1), nest_const_f64(&n, dtype, 0));
    }
    nest_write(&n, to, axes, value);
    return nest_end(&n, l->error);
}

static stepc_code run(lower_context *l, const products *p)
{
    size_pool *sizes = l->program->sizes;
    const loop_buffer *b = &l->program->buffers[p->factors];
    loop_call call = {.kind = CALL_SCAN, .sizes = {size_const(sizes, 1), SIZE_UNKNOWN}, .origin = l->op};
    call.buffers[0] = p->running;
    call.buffers[1] = p->factors;
    for (int32_t d = 0; d < b->rank; d++)
        call.sizes[0] = size_product(sizes, call.sizes[0], b->extents[d]);
    call.scan = (loop_scan){ACC_PROD, SCAN_PAIRS, b->extents[p->kept], size_const(sizes, 1), false, false};
    return loop_call_add(l->program, &call, l->error);
}

stepc_code lower_complex_prod(lower_context *l)
{
    products p = {.in = lower_input(l, 0)};
    bool reduces = false;
    p.out = p.in < 0 ? -1 : lower_output(l, 0);
    if (p.out < 0)
        return stepc_error_code(l->error);
    p.rank = l->program->buffers[p.in].rank - 1;
    stepc_code code = read_axes(l, &p);
    for (int32_t d = 0; d < p.rank; d++)
        reduces = reduces || p.reduced[d];
    if (code || !reduces)
        return code ? code : copy(l, p.out, p.in);
    code = make_buffers(l, &p);
    if (code)
        return code;
    size_pool *sizes = l->program->sizes;
    int32_t ones = view_of(l, &p, p.factors, size_const(sizes, 0), false);
    int32_t rest = ones < 0 ? -1 : view_of(l, &p, p.factors, size_const(sizes, 1), true);
    int32_t last = rest < 0 ? -1 : view_of(l, &p, p.running, p.count, false);
    if (last < 0)
        return stepc_error_code(l->error);
    code = copy(l, ones, -1);
    if (!code)
        code = copy(l, rest, p.in);
    if (!code)
        code = run(l, &p);
    return code ? code : copy(l, p.out, last);
}
