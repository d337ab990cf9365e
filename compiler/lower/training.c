/* SPDX-License-Identifier: Apache-2.0 */
/* Optimizers: one nest that reads and writes the variable in place. */
#include "compiler/lower/variables.h"

/* var - alpha * delta, each rounded to the dtype. */
static stepc_code descend(lower_context *l, lower_variable **out)
{
    stepc_dtype dtype = operation_type(l->op, "T");
    int32_t alpha = lower_input(l, 1), delta = alpha < 0 ? -1 : lower_input(l, 2);
    if (delta < 0)
        return stepc_error_code(l->error);
    if (!dtype_is_float(dtype) && !dtype_is_integer(dtype))
        return error_set(l->error, STEPC_UNIMPLEMENTED, "%s training is not compiled", stepc_dtype_name(dtype));
    stepc_code code = lower_find_variable(l, l->op->inputs[0], lower_info(l, 2), out);
    if (!code)
        code = lower_require_value(l->state, (*out)->value, l->error);
    if (code)
        return code;
    const loop_buffer *value = &l->program->buffers[(*out)->value];
    if (value->rank != l->program->buffers[delta].rank || l->program->buffers[alpha].rank != 0)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "var and delta do not have the same shape");
    for (int32_t d = 0; d < value->rank; d++)
        if (value->extents[d] != l->program->buffers[delta].extents[d])
            return error_set(l->error, STEPC_UNIMPLEMENTED, "var and delta are not known to have the same shape");
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    int32_t rank = value->rank;
    for (int32_t d = 0; d < rank; d++)
        nest_axis(&b, value->extents[d], AXIS_SPACE);
    int32_t old = lower_read_same(&b, (*out)->value), rate = lower_read_broadcast(&b, alpha, rank);
    int32_t change = lower_round(&b, nest_binary(&b, LOOP_MUL, rate, lower_read_same(&b, delta)), dtype);
    lower_write(&b, (*out)->value, lower_round(&b, nest_binary(&b, LOOP_SUB, old, change), dtype));
    return nest_end(&b, l->error);
}

static stepc_code lower_apply(lower_context *l)
{
    lower_variable *v;
    stepc_code code = descend(l, &v);
    if (!code)
        lower_alias(l, 0, v->value);
    return code;
}

static stepc_code lower_resource_apply(lower_context *l)
{
    lower_variable *v;
    return descend(l, &v);
}

static const lower_row rows[] = {
    {"ApplyGradientDescent", lower_apply, 0},
    {"ResourceApplyGradientDescent", lower_resource_apply, 0},
};

const lower_family lower_training = {rows, sizeof rows / sizeof rows[0]};
