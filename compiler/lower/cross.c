/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of a row, or parts of a number, that go together: Cross, Complex; and Bucketize. */
#include "compiler/lower/elementwise.h"
#include "compiler/lower/move.h"

/* A nest over the dimensions of view TO. */
static void begin_over(lower_context *l, nest_builder *b, int32_t to, int32_t *axes)
{
    const loop_buffer *buffer = &l->program->buffers[to];
    nest_begin(b, l->program);
    nest_origin(b, l->op);
    for (int32_t d = 0; d < buffer->rank; d++)
        axes[d] = nest_axis(b, buffer->extents[d], AXIS_SPACE);
}

/* ---- Cross: a nest per component --------------------------------------------------------------------- */

/* Component I, modulo 3, of the vectors in V. */
static int32_t component(lower_context *l, const lower_view *v, int32_t i)
{
    lower_view part = *v;
    lower_view_shift(l, &part, part.rank - 1, size_const(l->program->sizes, i % 3));
    part.rank--;
    return lower_view_make(l, &part);
}

static stepc_code cross_component(lower_context *l, const lower_view v[3], int32_t i)
{
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    int32_t out = component(l, &v[2], i), parts[4], axes[LOWER_MAX_RANK];
    for (int32_t k = 0; k < 4; k++) { /* x of the next, y of the one after; and crosswise */
        parts[k] = out < 0 ? -1 : component(l, &v[k % 2], i + (k == 0 || k == 3 ? 1 : 2));
        if (parts[k] < 0)
            return stepc_error_code(l->error);
    }
    nest_builder b;
    begin_over(l, &b, out, axes);
    int32_t first = lower_arithmetic(&b, LOOP_MUL, nest_read(&b, parts[0], axes), nest_read(&b, parts[1], axes), dtype);
    int32_t second = lower_arithmetic(&b, LOOP_MUL, nest_read(&b, parts[2], axes), nest_read(&b, parts[3], axes), dtype);
    nest_write(&b, out, axes, lower_arithmetic(&b, LOOP_SUB, first, second, dtype));
    return nest_end(&b, l->error);
}

static stepc_code lower_products(lower_context *l)
{
    const size_ref *dims;
    int32_t rank, out = -1;
    int64_t size = 0;
    lower_view v[3];
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    if (!code && (rank < 1 || !size_is_const(l->program->sizes, dims[rank - 1], &size) || size != 3))
        return error_set(l->error, rank > 0 && size == 0 ? STEPC_UNIMPLEMENTED : STEPC_FAILED_PRECONDITION,
                         "Cross-products are only defined for 3-element vectors.");
    for (int32_t k = 0; !code && k < 2; k++) {
        int32_t in = lower_input(l, k);
        if (k == 1 && in >= 0)
            out = lower_output(l, 0);
        if (in < 0 || (k == 1 && out < 0))
            return stepc_error_code(l->error);
        lower_view_of(l, in, false, &v[k]);
        if (v[k].rank != rank)
            return error_set(l->error, STEPC_INVALID_ARGUMENT, "Both inputs must be of same shape");
        for (int32_t d = 0; !code && d < rank; d++)
            code = lower_check_equal(l->state, v[k].extents[d], dims[d], "Both inputs must be of same shape", l->op, l->error);
    }
    if (code)
        return code;
    lower_view_of(l, out, false, &v[2]);
    for (int32_t i = 0; !code && i < 3; i++)
        code = cross_component(l, v, i);
    return code;
}

/* ---- Complex: the reals of each input to every other place ---------------------------------------------- */

static stepc_code lower_complex(lower_context *l)
{
    int32_t out = lower_output(l, 0);
    for (int32_t part = 0; part < 2; part++) {
        int32_t in = out < 0 ? -1 : lower_input(l, part), axes[LOWER_MAX_RANK + 1];
        if (in < 0)
            return stepc_error_code(l->error);
        const loop_buffer *pairs = &l->program->buffers[out];
        size_ref offset = pairs->offset;
        int32_t rank = pairs->rank - 1;
        if (part == 1)
            offset = size_sum(l->program->sizes, offset, pairs->strides[rank]);
        int32_t view = loop_view_new(l->program, out, pairs->extents, pairs->strides, rank, offset);
        if (view < 0)
            return error_out_of_memory(l->error, "lowering");
        stepc_code code = lower_check_broadcast(l, in, view);
        if (code)
            return code;
        nest_builder b;
        begin_over(l, &b, view, axes);
        nest_write(&b, view, axes, lower_read_broadcast(&b, in, rank));
        code = nest_end(&b, l->error);
        if (code)
            return code;
    }
    return STEPC_OK;
}

/* ---- Bucketize: how many boundaries are no greater -------------------------------------------------------- */

enum { MOST_BOUNDARIES = 64 };

static int32_t place_of(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
{
    const attr_value *boundaries = operation_attr(l->op, "boundaries");
    int32_t place = nest_const_i64(b, dtype, 0), zero = place, one = nest_const_i64(b, dtype, 1);
    int32_t wide = nest_cast(b, x, STEPC_FLOAT64);
    for (size_t i = 0; boundaries && i < boundaries->count; i++) {
        int32_t below = nest_binary(b, LOOP_LT, wide, nest_const_f64(b, STEPC_FLOAT64, (double)boundaries->as.f_list[i]));
        place = nest_binary(b, LOOP_ADD, place, nest_select(b, below, zero, one));
    }
    return place;
}

static stepc_code lower_bucketize(lower_context *l)
{
    const attr_value *boundaries = operation_attr(l->op, "boundaries");
    for (size_t i = 1; boundaries && i < boundaries->count; i++)
        if (boundaries->as.f_list[i] < boundaries->as.f_list[i - 1])
            return error_set(l->error, STEPC_INVALID_ARGUMENT, "Expected sorted boundaries");
    if (boundaries && boundaries->count > MOST_BOUNDARIES) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "Bucketize with more than %d boundaries is not compiled", MOST_BOUNDARIES);
        return error_mend(l->error, "run the step interpreted");
    }
    return lower_unary(l, place_of);
}

static const lower_row rows[] = {
    {"Bucketize", lower_bucketize, 0},
    {"Complex", lower_complex, 0},
    {"Cross", lower_products, 0},
};

const lower_family lower_cross = {rows, sizeof rows / sizeof rows[0]};
