/* SPDX-License-Identifier: Apache-2.0 */
/* Sums by place: DenseBincount, row by row, and TileGrad, tile upon tile. Floats run in double, integers modulo 2^64. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

/* Element I of FROM (NULL: 1) added to TOTALS. */
typedef struct tally {
    double f;
    uint64_t u;
    complex_value c;
} tally;

static void add(tally *t, const stepc_tensor *from, int64_t i)
{
    stepc_dtype dtype = stepc_tensor_dtype(from);
    const void *data = stepc_tensor_data(from);

    if (dtype_is_float(dtype)) {
        t->f += load_f64(dtype, data, i);
    } else if (dtype_is_complex(dtype)) {
        complex_value x = load_c128(dtype, data, i);

        t->c.re += x.re;
        t->c.im += x.im;
    } else {
        t->u += dtype_is_signed(dtype) ? (uint64_t)load_i64(dtype, data, i) : load_u64(dtype, data, i);
    }
}

static void give(const tally *t, stepc_tensor *to, int64_t i)
{
    stepc_dtype dtype = stepc_tensor_dtype(to);

    if (dtype_is_float(dtype))
        store_f64(dtype, stepc_tensor_data(to), i, t->f);
    else if (dtype_is_complex(dtype))
        store_c128(dtype, stepc_tensor_data(to), i, t->c);
    else if (dtype_is_signed(dtype))
        store_i64(dtype, stepc_tensor_data(to), i, (int64_t)t->u);
    else
        store_u64(dtype, stepc_tensor_data(to), i, t->u);
}

/* ---- DenseBincount ---------------------------------------------------------------------------------- */

static stepc_code check_counted(kernel_context *k, int64_t *bins)
{
    const stepc_tensor *values = k->inputs[0], *weights = k->inputs[2];

    if (stepc_tensor_rank(values) < 1 || stepc_tensor_rank(values) > 2)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Shape must be at most rank 2 but is rank %d",
                         (int)stepc_tensor_rank(values));
    if (stepc_tensor_rank(k->inputs[1]) != 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Shape must be rank 0 but is rank %d",
                         (int)stepc_tensor_rank(k->inputs[1]));
    *bins = integer_at(k->inputs[1], 0);
    if (*bins < 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "size (%lld) must be non-negative", (long long)*bins);
    if (stepc_tensor_length(weights) > 0 && !tensor_same_shape(weights, values))
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "`weights` must be the same shape as `arr` or a length-0 `Tensor`, in which case it acts as all "
                         "weights equal to 1.");
    for (int64_t i = 0; i < stepc_tensor_length(values); i++)
        if (integer_at(values, i) < 0)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "Input arr must be non-negative!");
    return STEPC_OK;
}

/* The values of a row are counted, or their weights added up, or it is only said which there are. */
static stepc_code kernel_dense_bincount(kernel_context *k)
{
    const stepc_tensor *values = k->inputs[0], *weights = k->inputs[2];
    bool weighted = stepc_tensor_length(weights) > 0, binary = operation_bool(k->op, "binary_output", false);
    int32_t rank = stepc_tensor_rank(values);
    int64_t dims[2] = {1, 0}, bins = 0, columns;
    stepc_tensor *out;
    stepc_code code = check_counted(k, &bins);

    if (code != STEPC_OK)
        return code;
    dims[0] = rank == 2 ? stepc_tensor_dims(values)[0] : 1;
    dims[1] = bins;
    columns = stepc_tensor_dims(values)[rank - 1];
    code = kernel_output(k, 0, stepc_tensor_dtype(weights), dims + (2 - rank), rank, &out);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(out); i++) {
        tally total = {0, 0, {0, 0}};

        for (int64_t j = i / bins * columns; j < (i / bins + 1) * columns; j++) {
            if (integer_at(values, j) != i % bins)
                continue;
            if (weighted && !binary) {
                add(&total, weights, j);
            } else {
                total.f = binary ? 1 : total.f + 1;
                total.u = binary ? 1 : total.u + 1;
            }
        }
        give(&total, out, i);
    }
    return code;
}

static stepc_code infer_dense_bincount(infer_context *c)
{
    const infer_value *values = c->inputs[0];
    stepc_code code;

    if (values->rank < 0)
        return STEPC_OK;
    if (values->rank < 1 || values->rank > 2)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Shape must be at most rank 2 but is rank %d",
                         (int)values->rank);
    code = infer_set_rank(c, 0, values->rank);
    if (code != STEPC_OK)
        return code;
    c->outputs[0].dims[values->rank - 1] = infer_element(c, 1, 0);
    if (values->rank == 2)
        c->outputs[0].dims[0] = values->dims[0];
    return STEPC_OK;
}

/* ---- TileGrad ---------------------------------------------------------------------------------------- */

static stepc_code check_tiles(stepc_error *error, int64_t rank, int64_t count)
{
    return rank == count ? STEPC_OK
                         : error_set(error, STEPC_INVALID_ARGUMENT,
                                     "Expected multiples argument to be a vector of length %lld but got length %lld",
                                     (long long)rank, (long long)count);
}

static stepc_code check_tile(stepc_error *error, int64_t d, int64_t multiple, int64_t size)
{
    if (multiple <= 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Expected multiples[%lld] > 0, but got %lld", (long long)d,
                         (long long)multiple);
    if (size % multiple != 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Expected input_dim[%lld] to be divisible by multiples[%lld], but %lld %% %lld != 0",
                         (long long)d, (long long)d, (long long)size, (long long)multiple);
    return STEPC_OK;
}

static stepc_code kernel_tile_grad(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0], *multiples = k->inputs[1];
    int32_t rank = stepc_tensor_rank(in);
    stepc_dtype dtype = stepc_tensor_dtype(in);
    int64_t dims[MOVE_RANK], steps[MOVE_RANK], tiles = 1;
    stepc_tensor *out;
    stepc_code code = check_tiles(k->error, rank, stepc_tensor_length(multiples));

    if (!dtype_is_float(dtype) && !dtype_is_integer(dtype) && !dtype_is_complex(dtype))
        return kernel_unsupported(k->error, k->op->type.data, dtype);
    if (code == STEPC_OK)
        code = move_check_rank(k, rank);
    for (int32_t d = 0; code == STEPC_OK && d < rank; d++) {
        code = check_tile(k->error, d, integer_at(multiples, d), stepc_tensor_dims(in)[d]);
        if (code == STEPC_OK)
            dims[d] = stepc_tensor_dims(in)[d] / integer_at(multiples, d);
        if (code == STEPC_OK && stepc_tensor_length(in) > 0)
            tiles *= integer_at(multiples, d);
    }
    if (code == STEPC_OK)
        code = kernel_output(k, 0, dtype, dims, rank, &out);
    move_steps(stepc_tensor_dims(in), rank, steps);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(out); i++) {
        tally total = {0, 0, {0, 0}};

        for (int64_t t = 0; t < tiles; t++) { /* tiles row-major */
            int64_t at = 0, which = t, place = i;

            for (int32_t d = rank - 1; d >= 0; d--) {
                int64_t multiple = integer_at(multiples, d);

                at += (which % multiple * dims[d] + place % dims[d]) * steps[d];
                which /= multiple;
                place /= dims[d];
            }
            add(&total, in, at);
        }
        give(&total, out, i);
    }
    return code;
}

static stepc_code infer_tile_grad(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    int64_t *multiples, count, size;
    stepc_code code;

    if (!infer_numbers(c, 1, &multiples, &count))
        return in->rank < 0 ? STEPC_OK : infer_set_rank(c, 0, in->rank);
    code = in->rank < 0 ? STEPC_OK : check_tiles(c->error, in->rank, count);
    if (code == STEPC_OK)
        code = infer_set_rank(c, 0, (int32_t)count);
    for (int32_t d = 0; code == STEPC_OK && in->rank >= 0 && d < in->rank; d++) {
        bool is_known = size_is_const(c->sizes, in->dims[d], &size);

        code = check_tile(c->error, d, multiples[d], is_known ? size : 0);
        if (code == STEPC_OK && is_known)
            c->outputs[0].dims[d] = size_const(c->sizes, size / multiples[d]);
        else if (code == STEPC_OK && multiples[d] == 1)
            c->outputs[0].dims[d] = in->dims[d];
    }
    return code;
}

static const op_row rows[] = {
    {"DenseBincount", infer_dense_bincount, kernel_dense_bincount, 0, SAMPLE_SCATTER, 0, 0},
    {"TileGrad", infer_tile_grad, kernel_tile_grad, 0, SAMPLE_NONE, 0, 0},
};

const op_family ops_tally = {rows, sizeof rows / sizeof rows[0]};
