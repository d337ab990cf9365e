/* SPDX-License-Identifier: Apache-2.0 */
/* Borders around a tensor: Pad, PadV2, MirrorPad. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

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

static const op_row rows[] = {
    {"MirrorPad", infer_pad, kernel_mirror_pad, 0, SAMPLE_MOVEMENT, 0, 0},
    {"Pad", infer_pad, kernel_pad, 0, SAMPLE_MOVEMENT, 0, 0},
    {"PadV2", infer_pad, kernel_pad, 0, SAMPLE_MOVEMENT, 0, 0},
};

const op_family ops_pad = {rows, sizeof rows / sizeof rows[0]};
