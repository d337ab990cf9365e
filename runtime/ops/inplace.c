/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a tensor replaced, added to or subtracted from: InplaceUpdate, InplaceAdd, InplaceSub. The name notwithstanding, the
 * input stays as it is; rows are counted modulo their number, and updates of one row apply in their order. */
#include "runtime/ops/move.h"

static stepc_code check_shapes(kernel_context *k)
{
    const stepc_tensor *x = k->inputs[0], *i = k->inputs[1], *v = k->inputs[2];
    char a[SHAPE_TEXT_BYTES], b[SHAPE_TEXT_BYTES];

    if (stepc_tensor_rank(i) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "i must be a vector. %s", tensor_shape_text(i, a));
    if (stepc_tensor_rank(x) < 1 || stepc_tensor_rank(x) != stepc_tensor_rank(v))
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "x and v shape doesn't match (ranks differ): %s vs. %s",
                         tensor_shape_text(x, a), tensor_shape_text(v, b));
    for (int32_t d = 1; d < stepc_tensor_rank(x); d++)
        if (stepc_tensor_dims(x)[d] != stepc_tensor_dims(v)[d])
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "x and v shape doesn't match at index %d : %s vs. %s", d,
                             tensor_shape_text(x, a), tensor_shape_text(v, b));
    if (stepc_tensor_dims(i)[0] != stepc_tensor_dims(v)[0])
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "i and x shape doesn't match at index 0: %s vs. %s",
                         tensor_shape_text(i, a), tensor_shape_text(v, b));
    return STEPC_OK;
}

static stepc_code apply(stepc_tensor *out, int64_t at, const stepc_tensor *v, int64_t from, char rule, stepc_error *error)
{
    stepc_dtype dtype = stepc_tensor_dtype(out);
    void *to = stepc_tensor_data(out);
    const void *with = stepc_tensor_data(v);
    bool minus = rule == 'S';

    if (rule == 'U')
        return move_element(out, at, v, from, error);
    if (dtype_is_float(dtype)) {
        double x = load_f64(dtype, to, at), y = load_f64(dtype, with, from);

        store_f64(dtype, to, at, minus ? x - y : x + y);
    } else if (dtype_is_complex(dtype)) {
        complex_value x = load_c128(dtype, to, at), y = load_c128(dtype, with, from);

        store_c128(dtype, to, at, minus ? (complex_value){x.re - y.re, x.im - y.im} : (complex_value){x.re + y.re, x.im + y.im});
    } else {
        uint64_t x = load_u64(dtype, to, at), y = load_u64(dtype, with, from);

        store_u64(dtype, to, at, minus ? x - y : x + y);
    }
    return STEPC_OK;
}

static stepc_code kernel_inplace(kernel_context *k)
{
    const stepc_tensor *x = k->inputs[0], *v = k->inputs[2];
    stepc_dtype dtype = stepc_tensor_dtype(x);
    char rule = k->op->type.data[7]; /* Add, Sub, Update */
    stepc_tensor *out;
    stepc_code code = check_shapes(k);

    if (code == STEPC_OK && rule != 'U' && !dtype_is_float(dtype) && !dtype_is_complex(dtype) && !dtype_is_integer(dtype))
        return kernel_unsupported(k->error, k->op->type.data, dtype);
    if (code == STEPC_OK)
        code = kernel_output(k, 0, dtype, stepc_tensor_dims(x), stepc_tensor_rank(x), &out);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(x); i++)
        code = move_element(out, i, x, i, k->error);
    if (code != STEPC_OK || stepc_tensor_length(x) == 0 || stepc_tensor_length(v) == 0)
        return code;
    for (int64_t i = 0, rows = stepc_tensor_dims(x)[0], inner = stepc_tensor_length(x) / rows;
         code == STEPC_OK && i < stepc_tensor_length(v); i++) {
        int64_t row = integer_at(k->inputs[1], i / inner) % rows;

        code = apply(out, (row < 0 ? row + rows : row) * inner + i % inner, v, i, rule, k->error);
    }
    return code;
}

static stepc_code infer_inplace(infer_context *c) { return infer_copy_shape(c, c->inputs[0], 0); }

static const op_row rows[] = {
    {"InplaceAdd", infer_inplace, kernel_inplace, 0, SAMPLE_SCATTER, 0, 0},
    {"InplaceSub", infer_inplace, kernel_inplace, 0, SAMPLE_SCATTER, 0, 0},
    {"InplaceUpdate", infer_inplace, kernel_inplace, 0, SAMPLE_SCATTER, 0, 0},
};

const op_family ops_inplace = {rows, sizeof rows / sizeof rows[0]};
