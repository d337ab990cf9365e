/* SPDX-License-Identifier: Apache-2.0 */
/* BitwiseAnd, BitwiseOr, BitwiseXor, LeftShift, RightShift, PopulationCount. */
#include "runtime/ops/kernels.h"

#include <string.h>

static uint64_t load_bits(const stepc_tensor *t, int64_t i)
{
    stepc_dtype dtype = stepc_tensor_dtype(t);

    return dtype_is_signed(dtype) ? (uint64_t)load_i64(dtype, stepc_tensor_data(t), i)
                                  : load_u64(dtype, stepc_tensor_data(t), i);
}

/* Counts outside 0 .. width - 1 are taken for the nearest of these. */
static int shift_count(stepc_dtype dtype, uint64_t y)
{
    uint64_t most = stepc_dtype_bytes(dtype) * 8 - 1;

    if (dtype_is_signed(dtype) && y >> 63 != 0)
        return 0;
    return (int)(y > most ? most : y);
}

/* The store keeps the low bits. */
static uint64_t bits_of(const char *type, stepc_dtype dtype, uint64_t x, uint64_t y)
{
    if (strcmp(type, "BitwiseAnd") == 0)
        return x & y;
    if (strcmp(type, "BitwiseOr") == 0)
        return x | y;
    if (strcmp(type, "BitwiseXor") == 0)
        return x ^ y;
    if (strcmp(type, "LeftShift") == 0)
        return x << shift_count(dtype, y);
    if (dtype_is_signed(dtype) && x >> 63 != 0) /* with the sign */
        return ~(~x >> shift_count(dtype, y));
    return x >> shift_count(dtype, y);
}

stepc_code kernel_bits(kernel_context *k)
{
    const stepc_tensor *x = k->inputs[0], *y = k->inputs[1];
    stepc_dtype dtype = stepc_tensor_dtype(x);
    stepc_code code;

    if (!dtype_is_integer(dtype))
        return kernel_unsupported(k->error, k->op->type.data, dtype);
    code = broadcast_output(k->host, x, y, dtype, &k->outputs[0], k->error);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(k->outputs[0]); i++) {
        uint64_t z = bits_of(k->op->type.data, dtype, load_bits(x, broadcast_index(x, k->outputs[0], i)),
                             load_bits(y, broadcast_index(y, k->outputs[0], i)));

        if (dtype_is_signed(dtype))
            store_i64(dtype, stepc_tensor_data(k->outputs[0]), i, (int64_t)z);
        else
            store_u64(dtype, stepc_tensor_data(k->outputs[0]), i, z);
    }
    return code;
}

stepc_code kernel_population_count(kernel_context *k)
{
    const stepc_tensor *x = k->inputs[0];
    stepc_dtype dtype = stepc_tensor_dtype(x);
    size_t unused = 64 - stepc_dtype_bytes(dtype) * 8;
    stepc_tensor *y;
    stepc_code code;

    if (!dtype_is_integer(dtype))
        return kernel_unsupported(k->error, k->op->type.data, dtype);
    code = kernel_output(k, 0, STEPC_UINT8, stepc_tensor_dims(x), stepc_tensor_rank(x), &y);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(x); i++) {
        uint64_t left = load_bits(x, i) << unused, count = 0;

        for (; left != 0; left &= left - 1)
            count++;
        store_u64(STEPC_UINT8, stepc_tensor_data(y), i, count);
    }
    return code;
}
