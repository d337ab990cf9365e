/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of a row that go together: Cross, CompareAndBitpack. */
#include "runtime/ops/kernels.h"

/* ---- Cross ------------------------------------------------------------------------------------------- */

/* u[p] v[q] - u[q] v[p], each step rounded to the dtype, as its operators are. */
static void minor(const stepc_tensor *u, const stepc_tensor *v, stepc_tensor *out, int64_t at, int64_t p, int64_t q)
{
    stepc_dtype dtype = stepc_tensor_dtype(u);
    const void *x = stepc_tensor_data(u), *y = stepc_tensor_data(v);
    void *z = stepc_tensor_data(out);

    if (dtype_is_float(dtype)) {
        double first = round_to_dtype(dtype, load_f64(dtype, x, p) * load_f64(dtype, y, q));
        double second = round_to_dtype(dtype, load_f64(dtype, x, q) * load_f64(dtype, y, p));

        store_f64(dtype, z, at, first - second);
    } else if (dtype_is_signed(dtype)) {
        uint64_t first = (uint64_t)load_i64(dtype, x, p) * (uint64_t)load_i64(dtype, y, q);

        store_i64(dtype, z, at, (int64_t)(first - (uint64_t)load_i64(dtype, x, q) * (uint64_t)load_i64(dtype, y, p)));
    } else {
        store_u64(dtype, z, at,
                  load_u64(dtype, x, p) * load_u64(dtype, y, q) - load_u64(dtype, x, q) * load_u64(dtype, y, p));
    }
}

static stepc_code kernel_cross(kernel_context *k)
{
    const stepc_tensor *u = k->inputs[0], *v = k->inputs[1];
    int32_t rank = stepc_tensor_rank(u);
    char x[SHAPE_TEXT_BYTES], y[SHAPE_TEXT_BYTES];
    stepc_tensor *out;
    stepc_code code;

    if (!tensor_same_shape(u, v))
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Both inputs must be of same shape: %s vs. %s",
                         tensor_shape_text(u, x), tensor_shape_text(v, y));
    if (rank < 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Input must be at least 1D%s", tensor_shape_text(u, x));
    if (stepc_tensor_dims(u)[rank - 1] != 3)
        return error_set(k->error, STEPC_FAILED_PRECONDITION,
                         "Cross-products are only defined for 3-element vectors.");
    code = kernel_output(k, 0, stepc_tensor_dtype(u), stepc_tensor_dims(u), rank, &out);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(u); i++) {
        int64_t row = i - i % 3;

        minor(u, v, out, i, row + (i + 1) % 3, row + (i + 2) % 3);
    }
    return code;
}

static stepc_code infer_cross(infer_context *c)
{
    stepc_code code = infer_merge_shapes(c, c->inputs[0], c->inputs[1], 0);
    int64_t size;

    if (code == STEPC_OK && c->outputs[0].rank > 0 &&
        size_is_const(c->sizes, c->outputs[0].dims[c->outputs[0].rank - 1], &size) && size != 3)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Dimension must be 3 but is %lld", (long long)size);
    return code;
}

/* ---- CompareAndBitpack --------------------------------------------------------------------------------- */

static bool is_above(const stepc_tensor *t, int64_t i, const stepc_tensor *threshold)
{
    stepc_dtype dtype = stepc_tensor_dtype(t);
    const void *x = stepc_tensor_data(t), *y = stepc_tensor_data(threshold);

    if (dtype == STEPC_BOOL)
        return load_u64(dtype, x, i) != 0;
    return dtype_is_float(dtype) ? load_f64(dtype, x, i) > load_f64(dtype, y, 0)
                                 : load_i64(dtype, x, i) > load_i64(dtype, y, 0);
}

/* Eight comparisons to a byte, the first in its highest bit. */
static stepc_code kernel_bitpack(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0], *threshold = k->inputs[1];
    int32_t rank = stepc_tensor_rank(in);
    char shape[SHAPE_TEXT_BYTES];
    int64_t dims[256];
    stepc_tensor *out;
    stepc_code code;

    if (rank < 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Input should be at least a vector, but saw a scalar.");
    if (stepc_tensor_rank(threshold) != 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Compare must be a scalar, but saw shape: %s",
                         tensor_shape_text(threshold, shape));
    if (stepc_tensor_dims(in)[rank - 1] % 8 != 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "Inner dimension of input should be divisible by 8, but saw shape: %s",
                         tensor_shape_text(in, shape));
    if (rank > 256)
        return error_set(k->error, STEPC_UNIMPLEMENTED, "CompareAndBitpack is not implemented for rank %d", rank);
    for (int32_t d = 0; d < rank; d++)
        dims[d] = stepc_tensor_dims(in)[d] / (d == rank - 1 ? 8 : 1);
    code = kernel_output(k, 0, STEPC_UINT8, dims, rank, &out);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(out); i++) {
        uint64_t byte = 0;

        for (int64_t j = 0; j < 8; j++)
            byte = byte << 1 | (is_above(in, 8 * i + j, threshold) ? 1 : 0);
        store_u64(STEPC_UINT8, stepc_tensor_data(out), i, byte);
    }
    return code;
}

static stepc_code infer_bitpack(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    int64_t size;
    stepc_code code;

    if (in->rank < 1)
        return STEPC_OK;
    code = infer_copy_shape(c, in, 0);
    if (code != STEPC_OK)
        return code;
    if (!size_is_const(c->sizes, in->dims[in->rank - 1], &size))
        c->outputs[0].dims[in->rank - 1] = SIZE_UNKNOWN;
    else if (size % 8 != 0)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Inner dimension of input should be divisible by 8, but is %lld",
                         (long long)size);
    else
        c->outputs[0].dims[in->rank - 1] = size_const(c->sizes, size / 8);
    return STEPC_OK;
}

static const op_row rows[] = {
    {"CompareAndBitpack", infer_bitpack, kernel_bitpack, 0, SAMPLE_SINGLE, 0, 0},
    {"Cross", infer_cross, kernel_cross, 0, SAMPLE_MOVEMENT, 0, 0},
};

const op_family ops_cross = {rows, sizeof rows / sizeof rows[0]};
