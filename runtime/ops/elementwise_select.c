/* SPDX-License-Identifier: Apache-2.0 */
/* Select, SelectV2, ClipByValue, ZerosLike: elements are moved, not computed with. */
#include "runtime/ops/kernels.h"

#include <string.h>

static stepc_code copy_element(stepc_tensor *to, int64_t i, const stepc_tensor *from, int64_t j, stepc_error *error)
{
    size_t bytes = stepc_dtype_bytes(stepc_tensor_dtype(to));

    if (stepc_tensor_dtype(to) == STEPC_STRING)
        return stepc_tensor_set_string(to, i, ((const stepc_string *)stepc_tensor_data(from))[j], error);
    memcpy((char *)stepc_tensor_data(to) + (size_t)i * bytes, (const char *)stepc_tensor_data(from) + (size_t)j * bytes,
           bytes);
    return STEPC_OK;
}

static bool has_elements(stepc_dtype dtype)
{
    return dtype == STEPC_STRING || dtype_carrier_of(dtype) != CARRIER_NONE;
}

/* ---- Select ---- */

/* The condition has the operands' shape, or is a scalar, or a vector that chooses along the first dimension. */
static stepc_code check_condition(kernel_context *k)
{
    const stepc_tensor *c = k->inputs[0], *x = k->inputs[1];
    char a[SHAPE_TEXT_BYTES], b[SHAPE_TEXT_BYTES];

    if (!tensor_same_shape(x, k->inputs[2]))
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "'then' and 'else' must have the same size.  but received: %s vs. %s", tensor_shape_text(x, a),
                         tensor_shape_text(k->inputs[2], b));
    if (stepc_tensor_rank(c) == 0 || tensor_same_shape(c, x))
        return STEPC_OK;
    if (stepc_tensor_rank(c) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "'cond' must be a vector, but saw shape: %s",
                         tensor_shape_text(c, a));
    if (stepc_tensor_rank(x) < 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "'then' must be at least a vector, but saw shape: %s",
                         tensor_shape_text(x, a));
    if (stepc_tensor_dims(x)[0] != stepc_tensor_dims(c)[0])
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "Number of batches of 'then' must match size of 'cond', but saw: %lld vs. %lld",
                         (long long)stepc_tensor_dims(x)[0], (long long)stepc_tensor_dims(c)[0]);
    return STEPC_OK;
}

stepc_code kernel_select(kernel_context *k)
{
    const stepc_tensor *c = k->inputs[0], *x = k->inputs[1];
    int64_t count = stepc_tensor_length(x), row = 1;
    stepc_tensor *z;
    stepc_code code = check_condition(k);

    if (code == STEPC_OK && !has_elements(stepc_tensor_dtype(x)))
        code = kernel_unsupported(k->error, k->op->type.data, stepc_tensor_dtype(x));
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(x), stepc_tensor_dims(x), stepc_tensor_rank(x), &z);
    if (code != STEPC_OK)
        return code;
    if (!tensor_same_shape(c, x)) /* one truth value per row, or one for all */
        row = stepc_tensor_length(c) > 0 ? count / stepc_tensor_length(c) : 1;
    for (int64_t i = 0; code == STEPC_OK && i < count; i++)
        code = copy_element(z, i, load_u64(STEPC_BOOL, stepc_tensor_data(c), i / row) ? x : k->inputs[2], i, k->error);
    return code;
}

/* ---- SelectV2: all three broadcast ---- */

stepc_code kernel_select_v2(kernel_context *k)
{
    const stepc_tensor *c = k->inputs[0], *x = k->inputs[1], *y = k->inputs[2];
    stepc_dtype dtype = stepc_tensor_dtype(x);
    stepc_tensor *pair, *z;
    stepc_code code;

    if (!has_elements(dtype))
        return kernel_unsupported(k->error, k->op->type.data, dtype);
    code = broadcast_output(k->host, x, y, STEPC_BOOL, &pair, k->error);
    if (code == STEPC_OK) {
        code = broadcast_output(k->host, c, pair, dtype, &k->outputs[0], k->error);
        stepc_tensor_release(pair);
    }
    z = k->outputs[0];
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(z); i++) {
        const stepc_tensor *from = load_u64(STEPC_BOOL, stepc_tensor_data(c), broadcast_index(c, z, i)) ? x : y;

        code = copy_element(z, i, from, broadcast_index(from, z, i), k->error);
    }
    return code;
}

/* ---- ClipByValue: the lesser of T and the upper limit, then the greater of that and the lower ---- */

stepc_code kernel_clip_by_value(kernel_context *k)
{
    stepc_tensor *below;
    stepc_code code;

    for (int i = 1; i < 3; i++) {
        if (stepc_tensor_rank(k->inputs[i]) != 0 && !tensor_same_shape(k->inputs[i], k->inputs[0]))
            return error_set(k->error, STEPC_INVALID_ARGUMENT,
                             "clip_value_min and clip_value_max must be either of the same shape as input, or a scalar.");
    }
    code = binary_apply(k->host, "Minimum", k->inputs[0], k->inputs[2], &below, k->error);
    if (code != STEPC_OK)
        return code;
    code = binary_apply(k->host, "Maximum", below, k->inputs[1], &k->outputs[0], k->error);
    stepc_tensor_release(below);
    return code;
}

/* ---- ZerosLike: zeros of any kind, empty strings ---- */

stepc_code kernel_zeros_like(kernel_context *k)
{
    stepc_tensor *x = k->inputs[0], *y;
    stepc_dtype dtype = stepc_tensor_dtype(x);
    stepc_code code;

    if (!has_elements(dtype))
        return kernel_unsupported(k->error, k->op->type.data, dtype);
    code = kernel_output(k, 0, dtype, stepc_tensor_dims(x), stepc_tensor_rank(x), &y);
    if (code == STEPC_OK && dtype != STEPC_STRING && stepc_tensor_length(y) > 0)
        memset(stepc_tensor_data(y), 0, (size_t)stepc_tensor_length(y) * stepc_dtype_bytes(dtype));
    return code;
}
