/* SPDX-License-Identifier: Apache-2.0 */
/* Borders around a tensor: Pad, PadV2, MirrorPad. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

#include <string.h>

/* ---- in numbers ----------------------------------------------------------------------------------- */

static stepc_code check_paddings(kernel_context *k)
{
    const stepc_tensor *paddings = k->inputs[1];
    int32_t rank = stepc_tensor_rank(k->inputs[0]);
    char shape[SHAPE_TEXT_BYTES], in[SHAPE_TEXT_BYTES];

    if (stepc_tensor_rank(paddings) != 2 || stepc_tensor_dims(paddings)[1] != 2)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "paddings must be a matrix with 2 columns: %s",
                         tensor_shape_text(paddings, shape));
    if (stepc_tensor_dims(paddings)[0] != rank)
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "The first dimension of paddings must be the rank of inputs%s %s",
                         tensor_shape_text(paddings, shape), tensor_shape_text(k->inputs[0], in));
    return move_check_rank(k, rank);
}

static stepc_code pad_pair(stepc_error *error, int64_t before, int64_t after)
{
    if (before >= 0 && after >= 0)
        return STEPC_OK;
    return error_set(error, STEPC_INVALID_ARGUMENT, "Paddings must be non-negative: %lld %lld", (long long)before,
                     (long long)after);
}

/* The padded size of dimension D. */
static stepc_code padded_dim(kernel_context *k, int32_t d, int64_t *out)
{
    int64_t before = integer_at(k->inputs[1], 2 * d), after = integer_at(k->inputs[1], 2 * d + 1);
    stepc_code code = pad_pair(k->error, before, after);

    *out = stepc_tensor_dims(k->inputs[0])[d];
    if (code == STEPC_OK && (!checked_add_i64(*out, before, out) || !checked_add_i64(*out, after, out)))
        return error_limit(k->error, "tensor_bytes", k->host->limits.tensor_bytes, INT64_MAX);
    return code;
}

static stepc_code kernel_pad(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    int64_t dims[MOVE_RANK];
    move_region region;
    char shape[SHAPE_TEXT_BYTES];
    stepc_tensor *out;
    stepc_code code = check_paddings(k);

    if (code == STEPC_OK && k->input_count > 2 && stepc_tensor_rank(k->inputs[2]) != 0)
        code = error_set(k->error, STEPC_INVALID_ARGUMENT, "constant_values must be a scalar. Found: %s",
                         tensor_shape_text(k->inputs[2], shape));
    for (int32_t d = 0; code == STEPC_OK && d < stepc_tensor_rank(in); d++)
        code = padded_dim(k, d, &dims[d]);
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(in), dims, stepc_tensor_rank(in), &out);
    if (code != STEPC_OK)
        return code;
    if (k->input_count > 2)
        code = move_fill(out, k->inputs[2], 0, k->error);
    else
        move_clear(out);
    region.rank = stepc_tensor_rank(in);
    region.from_base = region.to_base = 0;
    move_steps(dims, region.rank, region.to_steps);
    move_steps(stepc_tensor_dims(in), region.rank, region.from_steps);
    for (int32_t d = 0; d < region.rank; d++) {
        region.dims[d] = stepc_tensor_dims(in)[d];
        region.to_base += integer_at(k->inputs[1], 2 * d) * region.to_steps[d];
    }
    return code == STEPC_OK ? move_copy(out, in, &region, k->error) : code;
}

/* ---- MirrorPad -------------------------------------------------------------------------------------- */

static bool is_symmetric(const stepc_operation *op)
{
    return text_equal(operation_string(op, "mode"), TEXT_LITERAL("SYMMETRIC"));
}

static stepc_code check_mirror(stepc_error *error, bool symmetric, int64_t dim, int64_t before, int64_t after)
{
    if (symmetric ? before <= dim && after <= dim : before < dim && after < dim)
        return STEPC_OK;
    /* A dimension without padding may be empty. */
    if (before == 0 && after == 0)
        return STEPC_OK;
    return error_set(error, STEPC_INVALID_ARGUMENT, "paddings must be %s the dimension size: %lld, %lld %s %lld",
                     symmetric ? "no greater than" : "less than", (long long)before, (long long)after,
                     symmetric ? "greater than" : "not less than", (long long)dim);
}

/* Which index of 0 .. DIM - 1 shows at INDEX, counted from the first that is no border. */
static int64_t mirrored(int64_t index, int64_t dim, bool symmetric)
{
    if (index < 0)
        return -index - (symmetric ? 1 : 0);
    return index < dim ? index : 2 * dim - index - (symmetric ? 1 : 2);
}

static stepc_code kernel_mirror_pad(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    int64_t dims[MOVE_RANK], steps[MOVE_RANK], at[MOVE_RANK] = {0};
    int32_t rank = stepc_tensor_rank(in), d;
    bool symmetric = is_symmetric(k->op);
    stepc_tensor *out;
    stepc_code code = check_paddings(k);

    for (d = 0; code == STEPC_OK && d < rank; d++) {
        code = padded_dim(k, d, &dims[d]);
        if (code == STEPC_OK)
            code = check_mirror(k->error, symmetric, stepc_tensor_dims(in)[d], integer_at(k->inputs[1], 2 * d),
                                integer_at(k->inputs[1], 2 * d + 1));
    }
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(in), dims, rank, &out);
    if (code != STEPC_OK)
        return code;
    move_steps(stepc_tensor_dims(in), rank, steps);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(out); i++) {
        int64_t from = 0;

        for (d = 0; d < rank; d++)
            from += steps[d] *
                    mirrored(at[d] - integer_at(k->inputs[1], 2 * d), stepc_tensor_dims(in)[d], symmetric);
        code = move_element(out, i, in, from, k->error);
        for (d = rank - 1; d >= 0 && ++at[d] == dims[d]; d--)
            at[d] = 0;
    }
    return code;
}

/* ---- MirrorPadGrad ---------------------------------------------------------------------------------- */

/* The size of dimension D without its borders. */
static stepc_code inner_dim(stepc_error *error, bool symmetric, int64_t dim, int64_t before, int64_t after, int64_t *out)
{
    stepc_code code = pad_pair(error, before, after);

    if (code != STEPC_OK)
        return code;
    *out = before > dim || after > dim ? -1 : dim - before - after;
    if (*out < 0 || (symmetric ? before > *out || after > *out
                                                                : (before > 0 && before >= *out) || (after > 0 && after >= *out)))
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         symmetric ? "paddings must be no greater than the output dimension size: %lld, %lld greater than %lld"
                                   : "paddings must be less than the output dimension size: %lld, %lld not less than %lld",
                         (long long)before, (long long)after, (long long)*out);
    return STEPC_OK;
}

/* Adds element FROM of IN to element TO of the totals: doubles, complex doubles, or 64 bits. */
static void add_element(complex_value *sums, uint64_t *wholes, int64_t to, const stepc_tensor *in, int64_t from)
{
    stepc_dtype dtype = stepc_tensor_dtype(in);

    if (dtype_is_complex(dtype)) {
        complex_value x = load_c128(dtype, stepc_tensor_data(in), from);

        sums[to].re += x.re;
        sums[to].im += x.im;
    } else if (dtype_is_float(dtype)) {
        sums[to].re += load_f64(dtype, stepc_tensor_data(in), from);
    } else {
        wholes[to] += (uint64_t)integer_at(in, from);
    }
}

static void store_sums(stepc_tensor *out, const complex_value *sums, const uint64_t *wholes)
{
    stepc_dtype dtype = stepc_tensor_dtype(out);
    void *y = stepc_tensor_data(out);

    for (int64_t i = 0; i < stepc_tensor_length(out); i++) {
        if (dtype_is_complex(dtype))
            store_c128(dtype, y, i, sums[i]);
        else if (dtype_is_float(dtype))
            store_f64(dtype, y, i, sums[i].re);
        else if (dtype_is_signed(dtype))
            store_i64(dtype, y, i, (int64_t)wholes[i]);
        else
            store_u64(dtype, y, i, wholes[i]);
    }
}

/* Every element of the input is added to the one that it mirrors; sums run in double and are rounded once. */
static stepc_code fold(kernel_context *k, stepc_tensor *out, complex_value *sums, uint64_t *wholes)
{
    const stepc_tensor *in = k->inputs[0];
    int64_t steps[MOVE_RANK], at[MOVE_RANK] = {0};
    int32_t rank = stepc_tensor_rank(in), d;
    bool symmetric = is_symmetric(k->op);

    move_steps(stepc_tensor_dims(out), rank, steps);
    for (int64_t i = 0; i < stepc_tensor_length(in); i++) {
        int64_t to = 0;

        for (d = 0; d < rank; d++)
            to += steps[d] * mirrored(at[d] - integer_at(k->inputs[1], 2 * d), stepc_tensor_dims(out)[d], symmetric);
        add_element(sums, wholes, to, in, i);
        for (d = rank - 1; d >= 0 && ++at[d] == stepc_tensor_dims(in)[d]; d--)
            at[d] = 0;
    }
    store_sums(out, sums, wholes);
    return STEPC_OK;
}

static stepc_code kernel_mirror_pad_grad(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    stepc_dtype dtype = stepc_tensor_dtype(in);
    int32_t rank = stepc_tensor_rank(in);
    int64_t dims[MOVE_RANK];
    size_t bytes, whole_bytes;
    complex_value *sums;
    uint64_t *wholes;
    stepc_tensor *out;
    stepc_code code = check_paddings(k);

    if (!dtype_is_float(dtype) && !dtype_is_complex(dtype) && !dtype_is_integer(dtype))
        return kernel_unsupported(k->error, k->op->type.data, dtype);
    for (int32_t d = 0; code == STEPC_OK && d < rank; d++)
        code = inner_dim(k->error, is_symmetric(k->op), stepc_tensor_dims(in)[d], integer_at(k->inputs[1], 2 * d),
                         integer_at(k->inputs[1], 2 * d + 1), &dims[d]);
    if (code == STEPC_OK)
        code = kernel_output(k, 0, dtype, dims, rank, &out);
    if (code != STEPC_OK)
        return code;
    if (!checked_mul_size((size_t)stepc_tensor_length(out) + 1, sizeof *sums, &bytes) ||
        !checked_mul_size((size_t)stepc_tensor_length(out) + 1, sizeof *wholes, &whole_bytes))
        return error_out_of_memory(k->error, "folding borders");
    sums = host_alloc(k->host, bytes);
    wholes = sums ? host_alloc(k->host, whole_bytes) : NULL;
    if (wholes) {
        memset(sums, 0, bytes);
        memset(wholes, 0, whole_bytes);
        code = fold(k, out, sums, wholes);
        host_free(k->host, wholes, whole_bytes);
    } else {
        code = error_out_of_memory(k->error, "folding borders");
    }
    if (sums)
        host_free(k->host, sums, bytes);
    return code;
}

/* ---- in sizes ----------------------------------------------------------------------------------------- */

static stepc_code infer_pad(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    int64_t *paddings = NULL, count = 0, dim;
    bool known = infer_numbers(c, 1, &paddings, &count);
    stepc_code code;

    if (in->rank < 0)
        return STEPC_OK;
    if (known && count != 2 * in->rank)
        return error_set(c->error, STEPC_INVALID_ARGUMENT,
                         "The first dimension of paddings must be the rank of inputs: %d, not %lld", in->rank,
                         (long long)(count / 2));
    code = infer_set_rank(c, 0, in->rank);
    for (int32_t d = 0; code == STEPC_OK && known && d < in->rank; d++) {
        int64_t before = paddings[2 * d], after = paddings[2 * d + 1], both;

        code = pad_pair(c->error, before, after);
        if (code != STEPC_OK || !checked_add_i64(before, after, &both))
            continue;
        c->outputs[0].dims[d] = size_sum(c->sizes, in->dims[d], size_const(c->sizes, both));
        if (text_equal(c->op->type, TEXT_LITERAL("MirrorPad")) && size_is_const(c->sizes, in->dims[d], &dim))
            code = check_mirror(c->error, is_symmetric(c->op), dim, before, after);
    }
    return code;
}

static stepc_code infer_mirror_pad_grad(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    int64_t *paddings = NULL, count = 0, dim;
    bool known = infer_numbers(c, 1, &paddings, &count);
    stepc_code code;

    if (in->rank < 0)
        return STEPC_OK;
    if (known && count != 2 * in->rank)
        return error_set(c->error, STEPC_INVALID_ARGUMENT,
                         "The first dimension of paddings must be the rank of inputs: %d, not %lld", in->rank,
                         (long long)(count / 2));
    code = infer_set_rank(c, 0, in->rank);
    for (int32_t d = 0; code == STEPC_OK && known && d < in->rank; d++) {
        if (!size_is_const(c->sizes, in->dims[d], &dim))
            continue;
        code = inner_dim(c->error, is_symmetric(c->op), dim, paddings[2 * d], paddings[2 * d + 1], &dim);
        c->outputs[0].dims[d] = size_const(c->sizes, dim);
    }
    return code;
}

static const op_row rows[] = {
    {"MirrorPad", infer_pad, kernel_mirror_pad, 0, SAMPLE_MOVEMENT, 0, 0},
    {"MirrorPadGrad", infer_mirror_pad_grad, kernel_mirror_pad_grad, 0, SAMPLE_SINGLE, 0, 0},
    {"Pad", infer_pad, kernel_pad, 0, SAMPLE_MOVEMENT, 0, 0},
    {"PadV2", infer_pad, kernel_pad, 0, SAMPLE_MOVEMENT, 0, 0},
};

const op_family ops_pad = {rows, sizeof rows / sizeof rows[0]};
