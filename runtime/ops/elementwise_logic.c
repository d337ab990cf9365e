/* SPDX-License-Identifier: Apache-2.0 */
/* Truth values: comparisons by size, tests of floats, logic on bool. */
#include "runtime/ops/kernels.h"

#include <string.h>

/* ---- Less, LessEqual, Greater, GreaterEqual ---- */

/* -1, 0, 1; 2 when either is NaN. */
static int order(stepc_dtype dtype, const void *x, int64_t xi, const void *y, int64_t yi)
{
    if (dtype_carrier_of(dtype) == CARRIER_F64) {
        double a = load_f64(dtype, x, xi), b = load_f64(dtype, y, yi);

        return a < b ? -1 : a > b ? 1 : a == b ? 0 : 2;
    }
    if (dtype_carrier_of(dtype) == CARRIER_I64) {
        int64_t a = load_i64(dtype, x, xi), b = load_i64(dtype, y, yi);

        return (a > b) - (a < b);
    }
    uint64_t a = load_u64(dtype, x, xi), b = load_u64(dtype, y, yi);

    return (a > b) - (a < b);
}

stepc_code kernel_order(kernel_context *k)
{
    const stepc_tensor *x = k->inputs[0], *y = k->inputs[1];
    stepc_dtype dtype = stepc_tensor_dtype(x);
    bool less = strncmp(k->op->type.data, "Less", 4) == 0;
    bool equal_too = strstr(k->op->type.data, "Equal") != NULL;
    stepc_code code;

    if (dtype_carrier_of(dtype) == CARRIER_NONE || dtype_carrier_of(dtype) == CARRIER_C128)
        return kernel_unsupported(k->error, k->op->type.data, dtype);
    code = broadcast_output(k->host, x, y, STEPC_BOOL, &k->outputs[0], k->error);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(k->outputs[0]); i++) {
        int at = order(dtype, stepc_tensor_data(x), broadcast_index(x, k->outputs[0], i), stepc_tensor_data(y),
                       broadcast_index(y, k->outputs[0], i));

        store_u64(STEPC_BOOL, stepc_tensor_data(k->outputs[0]), i, (equal_too && at == 0) || at == (less ? -1 : 1));
    }
    return code;
}

/* ---- IsNan, IsInf, IsFinite ---- */

stepc_code kernel_float_test(kernel_context *k)
{
    stepc_tensor *x = k->inputs[0], *y;
    stepc_dtype dtype = stepc_tensor_dtype(x);
    const char *type = k->op->type.data;
    stepc_code code = kernel_output(k, 0, STEPC_BOOL, stepc_tensor_dims(x), stepc_tensor_rank(x), &y);

    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(x); i++) {
        double value = load_f64(dtype, stepc_tensor_data(x), i);
        bool is_finite = value - value == 0;
        bool answer = strcmp(type, "IsNan") == 0   ? value != value
                      : strcmp(type, "IsInf") == 0 ? !is_finite && value == value
                                                   : is_finite;

        store_u64(STEPC_BOOL, stepc_tensor_data(y), i, answer);
    }
    return code;
}

/* ---- ApproximateEqual ---- */

/* |x - y| as the dtype has it, below the tolerance as the dtype has it. */
static bool is_near(stepc_dtype dtype, const void *x, const void *y, int64_t i, double tolerance)
{
    if (dtype_carrier_of(dtype) == CARRIER_F64) {
        double d = round_to_dtype(dtype, load_f64(dtype, x, i) - load_f64(dtype, y, i));

        return (d < 0 ? -d : d) < round_to_dtype(dtype, tolerance);
    }
    if (dtype_carrier_of(dtype) == CARRIER_I64) {
        int64_t a = load_i64(dtype, x, i), b = load_i64(dtype, y, i);
        uint64_t d = a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;

        return (double)d < tolerance;
    }
    uint64_t a = load_u64(dtype, x, i), b = load_u64(dtype, y, i);

    return (double)(a > b ? a - b : b - a) < tolerance;
}

stepc_code kernel_approximate_equal(kernel_context *k)
{
    stepc_tensor *x = k->inputs[0], *y = k->inputs[1], *z;
    stepc_dtype dtype = stepc_tensor_dtype(x);
    char a[SHAPE_TEXT_BYTES], b[SHAPE_TEXT_BYTES];
    stepc_code code;

    if (!tensor_same_shape(x, y))
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "x and y must be of the same shape. x shape: %s. y shape: %s",
                         tensor_shape_text(x, a), tensor_shape_text(y, b));
    if (dtype_carrier_of(dtype) == CARRIER_NONE || dtype_carrier_of(dtype) == CARRIER_C128)
        return kernel_unsupported(k->error, k->op->type.data, dtype);
    code = kernel_output(k, 0, STEPC_BOOL, stepc_tensor_dims(x), stepc_tensor_rank(x), &z);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(x); i++)
        store_u64(STEPC_BOOL, stepc_tensor_data(z), i,
                  is_near(dtype, stepc_tensor_data(x), stepc_tensor_data(y), i,
                          (double)operation_float(k->op, "tolerance", 1e-5F)));
    return code;
}

/* ---- LogicalAnd, LogicalOr, LogicalNot ---- */

stepc_code kernel_logical(kernel_context *k)
{
    const stepc_tensor *x = k->inputs[0], *y = k->inputs[k->input_count - 1];
    const char *type = k->op->type.data;
    stepc_code code = broadcast_output(k->host, x, y, STEPC_BOOL, &k->outputs[0], k->error);

    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(k->outputs[0]); i++) {
        bool a = load_u64(STEPC_BOOL, stepc_tensor_data(x), broadcast_index(x, k->outputs[0], i)) != 0;
        bool b = load_u64(STEPC_BOOL, stepc_tensor_data(y), broadcast_index(y, k->outputs[0], i)) != 0;

        store_u64(STEPC_BOOL, stepc_tensor_data(k->outputs[0]), i,
                  strcmp(type, "LogicalNot") == 0 ? !a : strcmp(type, "LogicalAnd") == 0 ? a && b : a || b);
    }
    return code;
}
