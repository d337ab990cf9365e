/* SPDX-License-Identifier: Apache-2.0 */
/* TileGrad: the sum over all tiles, at known multiples. */
#include "compiler/lower/state.h"

static stepc_code refuse(lower_context *l, const char *what)
{
    error_set(l->error, STEPC_UNIMPLEMENTED, "TileGrad of %s is not compiled", what);
    return error_mend(l->error, "run the step interpreted");
}

/* INPUT as a view: every dimension as tiles and places in a tile, the tiles first; the real and imaginary part last. */
static int32_t tiles_of(lower_context *l, int32_t in, int32_t out, const int64_t *multiples, int32_t rank)
{
    size_pool *sizes = l->program->sizes;
    const loop_buffer *from = &l->program->buffers[in], *to = &l->program->buffers[out];
    size_ref extents[2 * LOWER_MAX_RANK], strides[2 * LOWER_MAX_RANK];
    for (int32_t d = 0; d < to->rank; d++) {
        extents[rank + d] = to->extents[d];
        strides[rank + d] = from->strides[d];
    }
    for (int32_t d = 0; d < rank; d++) {
        extents[d] = size_const(sizes, multiples[d]);
        strides[d] = size_product(sizes, to->extents[d], from->strides[d]);
    }
    int32_t view = loop_view_new(l->program, in, extents, strides, rank + to->rank, from->offset);
    if (view < 0)
        error_out_of_memory(l->error, "lowering");
    return view;
}

static stepc_code lower_tile_grad(lower_context *l)
{
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    int32_t axes[2 * LOWER_MAX_RANK], rank = lower_info(l, 0)->rank;
    const int64_t *multiples;
    int64_t count;
    bool sums = false;
    stepc_code code = lower_constant_integers(l, 1, &multiples, &count);
    if (code)
        return code;
    if (rank < 0 || count != rank || rank + rank + 1 > LOWER_MAX_RANK)
        return refuse(l, "this rank");
    if (dtype_is_integer(dtype) && loop_value_dtype(dtype) != dtype)
        return refuse(l, stepc_dtype_name(dtype));
    int32_t in = lower_input(l, 0), out = in < 0 ? -1 : lower_output(l, 0);
    int32_t view = out < 0 ? -1 : tiles_of(l, in, out, multiples, rank);
    if (view < 0)
        return stepc_error_code(l->error);
    const loop_buffer *to = &l->program->buffers[out];
    stepc_dtype real = dtype_is_complex(dtype) ? to->dtype : dtype;
    nest_builder b;
    lower_begin(l, &b, 0);
    if (dtype_is_complex(dtype) && b.nest->axis_count < to->rank)
        nest_axis(&b, to->extents[to->rank - 1], AXIS_SPACE);
    for (int32_t d = 0; d < to->rank; d++)
        axes[rank + d] = d;
    for (int32_t d = 0; d < rank; d++) {
        sums = sums || multiples[d] > 1;
        axes[d] = multiples[d] > 1 ? nest_axis(&b, size_const(l->program->sizes, multiples[d]), AXIS_REDUCE) : -1;
    }
    int32_t value = nest_read(&b, view, axes);
    if (sums) { /* a sum begins with 0, which -0 alone would not keep */
        value = lower_widen(l, &b, value, real);
        value = lower_narrow(&b, nest_acc(&b, ACC_SUM, value, !l->program->exact && dtype_is_float(real)), real);
    }
    lower_write(&b, out, value);
    return nest_end(&b, l->error);
}

static const lower_row rows[] = {{"TileGrad", lower_tile_grad, 1u << 1}};

const lower_family lower_tile_grads = {rows, sizeof rows / sizeof rows[0]};
