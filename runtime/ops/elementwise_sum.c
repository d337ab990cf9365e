/* SPDX-License-Identifier: Apache-2.0 */
/* AddN and BiasAdd. */
#include "runtime/ops/kernels.h"

/* Left to right, as a chain of Add: every partial sum is rounded to the dtype. */
stepc_code kernel_add_n(kernel_context *k)
{
    stepc_tensor *sum, *next;

    for (int32_t i = 1; i < k->input_count; i++) {
        if (!tensor_same_shape(k->inputs[0], k->inputs[i])) {
            char a[SHAPE_TEXT_BYTES], b[SHAPE_TEXT_BYTES];

            return error_set(k->error, STEPC_INVALID_ARGUMENT,
                             "Inputs to operation %s of type AddN must have the same size and shape.  "
                             "Input 0: %s != input %d: %s",
                             k->op->name.data, tensor_shape_text(k->inputs[0], a), i,
                             tensor_shape_text(k->inputs[i], b));
        }
    }
    sum = stepc_tensor_retain(k->inputs[0]);
    for (int32_t i = 1; i < k->input_count; i++) {
        stepc_code code = binary_apply(k->host, "Add", sum, k->inputs[i], &next, k->error);

        stepc_tensor_release(sum);
        if (code != STEPC_OK)
            return code;
        sum = next;
    }
    k->outputs[0] = sum;
    return STEPC_OK;
}

/* Checks the shapes and finds the axis of channels. */
static stepc_code bias_axis(const kernel_context *k, const stepc_tensor *value, const stepc_tensor *bias, int32_t *axis)
{
    bool channels_first = text_equal(operation_string(k->op, "data_format"), TEXT_LITERAL("NCHW"));
    char a[SHAPE_TEXT_BYTES], b[SHAPE_TEXT_BYTES];

    if (stepc_tensor_rank(value) < 2)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Input tensor must be at least 2D: %s",
                         tensor_shape_text(value, a));
    if (stepc_tensor_rank(bias) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Biases must be 1D: %s", tensor_shape_text(bias, a));
    *axis = channels_first ? 1 : stepc_tensor_rank(value) - 1;
    if (stepc_tensor_dims(bias)[0] != stepc_tensor_dims(value)[*axis])
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "Must provide as many biases as the last dimension of the input tensor: %s vs. %s",
                         tensor_shape_text(bias, a), tensor_shape_text(value, b));
    return STEPC_OK;
}

/* The bias under shape [channels,1,1...], so that it broadcasts along AXIS, then Add. */
stepc_code kernel_bias_add(kernel_context *k)
{
    stepc_tensor *value = k->inputs[0], *bias = k->inputs[1], *aligned;
    int32_t axis = 0, rank;
    int64_t *dims;
    stepc_code code = bias_axis(k, value, bias, &axis);

    if (code != STEPC_OK)
        return code;
    rank = stepc_tensor_rank(value) - axis;
    dims = host_alloc(k->host, (size_t)rank * sizeof *dims);
    if (!dims)
        return error_out_of_memory(k->error, "adding a bias");
    dims[0] = stepc_tensor_dims(bias)[0];
    for (int32_t i = 1; i < rank; i++)
        dims[i] = 1;
    code = tensor_alias(bias, dims, rank, &aligned, k->error);
    host_free(k->host, dims, (size_t)rank * sizeof *dims);
    if (code != STEPC_OK)
        return code;
    code = binary_apply(k->host, "Add", value, aligned, &k->outputs[0], k->error);
    stepc_tensor_release(aligned);
    return code;
}
