/* SPDX-License-Identifier: Apache-2.0 */
/* Optimizers. Each is written as the elementwise operators that it abbreviates, so every
 * step of its formula is rounded to the dtype. */
#include "runtime/ops/kernels.h"

/* var - alpha * delta. */
static stepc_code descend(kernel_context *k, stepc_tensor *value, stepc_tensor **out)
{
    stepc_tensor *step;
    stepc_code code = binary_apply(k->host, "Mul", k->inputs[1], k->inputs[2], &step, k->error);

    if (code != STEPC_OK)
        return code;
    code = binary_apply(k->host, "Sub", value, step, out, k->error);
    stepc_tensor_release(step);
    return code;
}

static stepc_code apply_gradient_descent(kernel_context *k)
{
    variable *v = k->variables[0];
    stepc_tensor *updated;
    char name[200], a[SHAPE_TEXT_BYTES], b[SHAPE_TEXT_BYTES];
    stepc_code code;

    if (!v->value)
        return error_set(k->error, STEPC_FAILED_PRECONDITION, "Attempting to use uninitialized variables: %s",
                         operation_input_text(k->op, 0, name, sizeof name));
    if (stepc_tensor_rank(k->inputs[1]) != 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "alpha is not a scalar: %s",
                         tensor_shape_text(k->inputs[1], a));
    if (!tensor_same_shape(v->value, k->inputs[2]))
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "var and delta do not have the same shape%s %s",
                         tensor_shape_text(v->value, a), tensor_shape_text(k->inputs[2], b));
    code = descend(k, v->value, &updated);
    if (code == STEPC_OK)
        variable_set(v, updated);
    return code;
}

static stepc_code kernel_apply_gradient_descent(kernel_context *k)
{
    stepc_code code = apply_gradient_descent(k);

    if (code == STEPC_OK) {
        k->output_variables[0] = k->variables[0];
        k->outputs[0] = stepc_tensor_retain(k->variables[0]->value);
    }
    return code;
}

static stepc_code infer_alpha(infer_context *c)
{
    if (c->inputs[1]->rank > 0)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Shape must be rank 0 but is rank %d", c->inputs[1]->rank);
    return STEPC_OK;
}

static stepc_code infer_apply_gradient_descent(infer_context *c)
{
    stepc_code code = infer_alpha(c);

    return code == STEPC_OK ? infer_merge_shapes(c, c->inputs[0], c->inputs[2], 0) : code;
}

static const op_row rows[] = {
    {"ApplyGradientDescent", infer_apply_gradient_descent, kernel_apply_gradient_descent, OP_STATE, SAMPLE_NONE, 0, 0},
    {"ResourceApplyGradientDescent", infer_alpha, apply_gradient_descent, OP_STATE, SAMPLE_NONE, 0, 0},
};

const op_family ops_training = {rows, sizeof rows / sizeof rows[0]};
