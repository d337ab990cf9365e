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

static const lower_row rows[] = {
    {"MatMul", lower_mat_mul, 0},
};

const lower_family lower_contraction = {rows, sizeof rows / sizeof rows[0]};
