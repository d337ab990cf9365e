/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products: an ordinary nest; the scheduler makes a kernel of it. */
#include "compiler/lower/state.h"

static stepc_code check_inner(lower_context *l, size_ref a, size_ref b)
{
    if (a == b)
        return STEPC_OK;
    error_set(l->error, STEPC_UNIMPLEMENTED, "the inner dimensions are not known to be equal when the step is compiled");
    return error_mend(l->error, "give them one name, e.g. --feed a:0=float32[4,k] --feed b:0=float32[k,8]");
}

static stepc_code lower_mat_mul(lower_context *l)
{
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    if (dtype_is_complex(dtype)) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "%s MatMul is not compiled", stepc_dtype_name(dtype));
        return error_mend(l->error, "run the step interpreted");
    }
    int32_t x = lower_input(l, 0), y = x < 0 ? -1 : lower_input(l, 1), out = y < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    const loop_buffer *a = &l->program->buffers[x], *c = &l->program->buffers[y];
    int32_t a_k = operation_bool(l->op, "transpose_a", false) ? 0 : 1, b_k = operation_bool(l->op, "transpose_b", false) ? 1 : 0;
    stepc_code code = check_inner(l, a->extents[a_k], c->extents[b_k]);
    if (code)
        return code;
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    int32_t m = nest_axis(&b, a->extents[1 - a_k], AXIS_SPACE), n = nest_axis(&b, c->extents[1 - b_k], AXIS_SPACE);
    int32_t k = nest_axis(&b, a->extents[a_k], AXIS_REDUCE);
    int32_t a_axes[2] = {a_k ? m : k, a_k ? k : m}, b_axes[2] = {b_k ? n : k, b_k ? k : n}, out_axes[2] = {m, n};
    int32_t left = lower_widen(l, &b, nest_read(&b, x, a_axes), dtype), right = lower_widen(l, &b, nest_read(&b, y, b_axes), dtype);
    int32_t product = nest_binary(&b, LOOP_MUL, left, right);
    int32_t sum = nest_acc(&b, ACC_SUM, product, !l->program->exact && dtype_is_float(dtype));
    nest_write(&b, out, out_axes, lower_narrow(&b, sum, dtype));
    return nest_end(&b, l->error);
}

/* Which axis of the nest runs along each dimension of operand INPUT: batches right-aligned, then its matrix. */
static stepc_code batch_axes(lower_context *l, int32_t buffer, int32_t out, int32_t row, int32_t column, int32_t *axis_of)
{
    const loop_buffer *from = &l->program->buffers[buffer], *to = &l->program->buffers[out];
    for (int32_t d = 0; d < from->rank - 2; d++) {
        int64_t size;
        int32_t axis = to->rank - from->rank + d;
        bool is_one = size_is_const(l->program->sizes, from->extents[d], &size) && size == 1;
        if (!is_one && from->extents[d] != to->extents[axis])
            return lower_refuse_size(l, d);
        axis_of[d] = is_one ? -1 : axis;
    }
    axis_of[from->rank - 2] = row;
    axis_of[from->rank - 1] = column;
    return STEPC_OK;
}

static stepc_code lower_batch_mat_mul(lower_context *l)
{
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    bool adj_x = operation_bool(l->op, "adj_x", false), adj_y = operation_bool(l->op, "adj_y", false);
    int32_t x_axes[LOWER_MAX_RANK], y_axes[LOWER_MAX_RANK], out_axes[LOWER_MAX_RANK];
    if (dtype_is_complex(dtype)) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "%s %s is not compiled", stepc_dtype_name(dtype), l->op->type.data);
        return error_mend(l->error, "run the step interpreted");
    }
    int32_t x = lower_input(l, 0), y = x < 0 ? -1 : lower_input(l, 1), out = y < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    const loop_buffer *a = &l->program->buffers[x], *c = &l->program->buffers[y];
    int32_t rank = l->program->buffers[out].rank, m = rank - 2, n = rank - 1, k = rank;
    size_ref inner = a->extents[a->rank - (adj_x ? 2 : 1)];
    stepc_code code = check_inner(l, inner, c->extents[c->rank - (adj_y ? 1 : 2)]);
    if (!code)
        code = batch_axes(l, x, out, adj_x ? k : m, adj_x ? m : k, x_axes);
    if (!code)
        code = batch_axes(l, y, out, adj_y ? n : k, adj_y ? k : n, y_axes);
    if (code)
        return code;
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    for (int32_t d = 0; d < rank; d++)
        out_axes[d] = nest_axis(&b, l->program->buffers[out].extents[d], AXIS_SPACE);
    nest_axis(&b, inner, AXIS_REDUCE);
    int32_t left = lower_widen(l, &b, nest_read(&b, x, x_axes), dtype);
    int32_t right = lower_widen(l, &b, nest_read(&b, y, y_axes), dtype);
    int32_t sum = nest_acc(&b, ACC_SUM, nest_binary(&b, LOOP_MUL, left, right), !l->program->exact && dtype_is_float(dtype));
    nest_write(&b, out, out_axes, lower_narrow(&b, sum, dtype));
    return nest_end(&b, l->error);
}

static const lower_row rows[] = {
    {"BatchMatMul", lower_batch_mat_mul, 0},
    {"BatchMatMulV2", lower_batch_mat_mul, 0},
    {"MatMul", lower_mat_mul, 0},
};

const lower_family lower_contraction = {rows, sizeof rows / sizeof rows[0]};
