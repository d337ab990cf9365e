/* SPDX-License-Identifier: Apache-2.0 */
/* Equal and NotEqual. */
#include "runtime/ops/kernels.h"

static bool element_equal(stepc_dtype dtype, const void *x, int64_t xi, const void *y, int64_t yi)
{
    switch (dtype_carrier_of(dtype)) {
    case CARRIER_F64: return load_f64(dtype, x, xi) == load_f64(dtype, y, yi);
    case CARRIER_I64: return load_i64(dtype, x, xi) == load_i64(dtype, y, yi);
    case CARRIER_U64: return load_u64(dtype, x, xi) == load_u64(dtype, y, yi);
    case CARRIER_C128: {
        complex_value a = load_c128(dtype, x, xi), b = load_c128(dtype, y, yi);

        return a.re == b.re && a.im == b.im;
    }
    case CARRIER_NONE: break;
    }
    return text_equal(((const stepc_string *)x)[xi], ((const stepc_string *)y)[yi]);
}

/* Fills OUT, whose shape is that of X and Y broadcast. */
static void fill_equal(const stepc_tensor *x, const stepc_tensor *y, bool wanted, stepc_tensor *out)
{
    int64_t count = stepc_tensor_length(out);
    bool *z = stepc_tensor_data(out);

    for (int64_t i = 0; i < count; i++)
        z[i] = element_equal(stepc_tensor_dtype(x), stepc_tensor_data(x), broadcast_index(x, out, i),
                             stepc_tensor_data(y), broadcast_index(y, out, i)) == wanted;
}

stepc_code kernel_equal(kernel_context *k)
{
    stepc_tensor *x = k->inputs[0], *y = k->inputs[1], *out;
    stepc_dtype dtype = stepc_tensor_dtype(x);
    bool wanted = text_equal(k->op->type, TEXT_LITERAL("Equal"));
    stepc_code code;

    if (dtype_carrier_of(dtype) == CARRIER_NONE && dtype != STEPC_STRING)
        return kernel_unsupported(k->error, k->op->type.data, dtype);
    if (!operation_bool(k->op, "incompatible_shape_error", true) && !tensors_broadcast(x, y)) {
        code = kernel_output(k, 0, STEPC_BOOL, NULL, 0, &out);
        if (code == STEPC_OK)
            store_u64(STEPC_BOOL, stepc_tensor_data(out), 0, !wanted);
        return code;
    }
    code = broadcast_output(k->host, x, y, STEPC_BOOL, &k->outputs[0], k->error);
    if (code == STEPC_OK)
        fill_equal(x, y, wanted, k->outputs[0]);
    return code;
}
