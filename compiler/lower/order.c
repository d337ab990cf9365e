/* SPDX-License-Identifier: Apache-2.0 */
/* Operators whose result depends on the order of values: TopK finds places, from which the values are then read; InTopK
 * counts what is greater. */
#include "compiler/lower/move.h"
#include "compiler/lower/ordered.h"

/* ---- TopK ------------------------------------------------------------------------------------------------------- */

/* Output 0: the elements of IN at PLACES. */
static stepc_code read_places(lower_context *l, int32_t in, int32_t places)
{
    int32_t out = lower_output(l, 0), last = l->program->buffers[in].rank - 1;
    size_ref coefs[LOWER_MAX_RANK + 1];
    nest_builder b;
    if (out < 0)
        return stepc_error_code(l->error);
    lower_begin(l, &b, 0);
    const loop_buffer *from = &l->program->buffers[in];
    for (int32_t d = 0; d < last; d++)
        coefs[d] = from->strides[d];
    coefs[last] = size_const(l->program->sizes, 0);
    loop_index index = {.base = from->offset, .coefs = coefs, .indirect_scale = from->strides[last],
                        .indirect_extent = from->extents[last]};
    index.indirect = nest_cast(&b, lower_read_same(&b, places), STEPC_INT64);
    lower_write(&b, out, nest_read_index(&b, from->root, &index));
    return nest_end(&b, l->error);
}

/* Output 1: PLACES, in the type that it has. */
static stepc_code give_places(lower_context *l, int32_t places)
{
    if (lower_output_info(l, 1)->dtype == STEPC_INT32) {
        lower_alias(l, 1, places);
        return STEPC_OK;
    }
    nest_builder b;
    int32_t out = lower_output(l, 1);
    if (out < 0)
        return stepc_error_code(l->error);
    lower_begin(l, &b, 1);
    lower_write(&b, out, nest_cast(&b, lower_read_same(&b, places), lower_output_info(l, 1)->dtype));
    return nest_end(&b, l->error);
}

static stepc_code lower_top(lower_context *l, size_ref count)
{
    const size_ref *dims;
    int32_t rank;
    size_pool *p = l->program->sizes;
    stepc_dtype dtype = lower_info(l, 0)->dtype;
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    if (code)
        return code;
    if (dtype_is_complex(dtype) || lower_value_dtype(loop_value_dtype(dtype)) != lower_value_dtype(dtype)) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "%s of %s is not compiled", l->op->type.data, stepc_dtype_name(dtype));
        return error_mend(l->error, "run the step interpreted");
    }
    int32_t in = lower_stable_input(l, 0);
    if (in < 0)
        return stepc_error_code(l->error);
    size_ref extent = l->program->buffers[in].extents[rank - 1];
    code = lower_require_at_most(l, size_const(p, 0), count, "Need k >= 0");
    if (!code)
        code = lower_require_at_most(l, count, extent, "input must have at least k columns");
    if (!code)
        code = lower_require_at_most(l, extent, size_const(p, INT32_MAX), "rows of more than 2147483647 elements");
    int32_t places = code ? -1 : lower_temporary(l, STEPC_INT32, dims, rank, "places");
    int32_t from = places < 0 ? -1 : lower_ordered(l, in, false);
    if (from < 0)
        return code ? code : stepc_error_code(l->error);
    loop_call call = {.kind = CALL_TOP, .buffers = {places, from}, .origin = l->op, .top = {extent, count}};
    call.sizes[0] = lower_element_count(l, places);
    call.sizes[1] = lower_element_count(l, from);
    if (call.sizes[0] == SIZE_UNKNOWN || call.sizes[1] == SIZE_UNKNOWN) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "the sizes of this %s are too involved to compile", l->op->type.data);
        return error_mend(l->error, "fix the fed shapes, or run the step interpreted");
    }
    code = loop_call_add(l->program, &call, l->error);
    if (!code)
        code = read_places(l, in, places);
    return code ? code : give_places(l, places);
}

static stepc_code lower_top_k(lower_context *l)
{
    return lower_top(l, size_const(l->program->sizes, operation_int(l->op, "k", 0)));
}

static stepc_code lower_top_k_v2(lower_context *l)
{
    size_ref count;
    stepc_code code = lower_require_rank(l, 1, 0);
    if (!code)
        code = lower_operand_size(l, 1, 0, &count);
    return code ? code : lower_top(l, count);
}

/* ---- InTopK ----------------------------------------------------------------------------------------------------- */

/* Fewer than K elements of the row are greater than the target's, and all of them are finite. */
static stepc_code lower_in_top_k(lower_context *l)
{
    int32_t in = lower_input(l, 0), targets = in < 0 ? -1 : lower_input(l, 1), k = -1;
    if (targets < 0)
        return stepc_error_code(l->error);
    stepc_code code = l->op->input_count > 2 ? lower_require_rank(l, 2, 0) : STEPC_OK;
    if (!code)
        code = lower_check_equal(l->state, l->program->buffers[in].extents[0], l->program->buffers[targets].extents[0],
                                 "First dimension of predictions must match length of targets", l->op, l->error);
    if (!code && l->op->input_count > 2)
        k = lower_input(l, 2);
    int32_t out = code || (k < 0 && l->op->input_count > 2) ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    const loop_buffer *from = &l->program->buffers[in];
    size_ref classes = from->extents[1];
    int32_t axes[2];
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    axes[0] = nest_axis(&b, from->extents[0], AXIS_SPACE);
    axes[1] = nest_axis(&b, classes, AXIS_REDUCE);
    int32_t x = nest_read(&b, in, axes), zero = nest_const_f64(&b, STEPC_FLOAT32, 0.0);
    size_ref coefs[2] = {from->strides[0], size_const(l->program->sizes, 0)};
    loop_index index = {.base = from->offset, .coefs = coefs, .indirect_scale = from->strides[1], .indirect_extent = classes};
    index.indirect = nest_cast(&b, nest_read(&b, targets, axes), STEPC_INT64);
    int32_t is_class = nest_in_range(&b, index.indirect, classes);
    int32_t target = nest_select(&b, is_class, nest_read_index(&b, from->root, &index), zero);
    int32_t none = nest_const_i64(&b, STEPC_INT32, 0), one = nest_const_i64(&b, STEPC_INT32, 1);
    int32_t is_finite = nest_binary(&b, LOOP_EQ, nest_binary(&b, LOOP_SUB, x, x), zero);
    int32_t greater = nest_acc(&b, ACC_SUM, nest_select(&b, nest_binary(&b, LOOP_LT, target, x), one, none), true);
    int32_t strange = nest_acc(&b, ACC_SUM, nest_select(&b, is_finite, none, one), true);
    int32_t most = k >= 0 ? nest_cast(&b, nest_read(&b, k, NULL), STEPC_INT64)
                          : nest_const_i64(&b, STEPC_INT64, operation_int(l->op, "k", 0));
    int32_t is_in = nest_binary(&b, LOOP_AND, is_class, nest_binary(&b, LOOP_LT, nest_cast(&b, greater, STEPC_INT64), most));
    nest_write(&b, out, axes, nest_binary(&b, LOOP_AND, is_in, nest_binary(&b, LOOP_EQ, strange, none)));
    return nest_end(&b, l->error);
}

static const lower_row rows[] = {
    {"InTopK", lower_in_top_k, 0},
    {"InTopKV2", lower_in_top_k, 0},
    {"TopK", lower_top_k, 0},
    {"TopKV2", lower_top_k_v2, 1u << 1},
};

const lower_family lower_order = {rows, sizeof rows / sizeof rows[0]};
