/* SPDX-License-Identifier: Apache-2.0 */
/* The same elements in another order along axes: Reverse, ReverseV2, ReverseSequence, Roll. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

/* ---- Reverse, ReverseV2 ----------------------------------------------------------------------------- */

static stepc_code reverse(kernel_context *k, const bool *reversed)
{
    const stepc_tensor *in = k->inputs[0];
    move_region region;
    stepc_tensor *out;
    stepc_code code = kernel_output(k, 0, stepc_tensor_dtype(in), stepc_tensor_dims(in), stepc_tensor_rank(in), &out);

    if (code != STEPC_OK || stepc_tensor_length(in) == 0)
        return code;
    region.rank = stepc_tensor_rank(in);
    region.from_base = region.to_base = 0;
    move_steps(stepc_tensor_dims(in), region.rank, region.to_steps);
    move_steps(stepc_tensor_dims(in), region.rank, region.from_steps);
    for (int32_t d = 0; d < region.rank; d++) {
        region.dims[d] = stepc_tensor_dims(in)[d];
        if (reversed[d]) {
            region.from_base += (region.dims[d] - 1) * region.from_steps[d];
            region.from_steps[d] = -region.from_steps[d];
        }
    }
    return move_copy(out, in, &region, k->error);
}

static stepc_code kernel_reverse(kernel_context *k)
{
    const stepc_tensor *dims = k->inputs[1];
    int32_t rank = stepc_tensor_rank(k->inputs[0]);
    bool reversed[MOVE_RANK];
    char shape[SHAPE_TEXT_BYTES];
    stepc_code code = move_check_rank(k, rank);

    if (code != STEPC_OK)
        return code;
    if (stepc_tensor_rank(dims) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "'dims' must be 1-dimension, not %s",
                         tensor_shape_text(dims, shape));
    if (stepc_tensor_length(dims) != rank)
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "'dims' must have the same number of values as 'tensor' has dimensions. 'tensor' has %d'dims' "
                         "has %lld values",
                         rank, (long long)stepc_tensor_length(dims));
    for (int32_t d = 0; d < rank; d++)
        reversed[d] = integer_at(dims, d) != 0;
    return reverse(k, reversed);
}

/* Marks axis number I of a list. */
static stepc_code mark_axis(stepc_error *error, int64_t i, int64_t axis, int32_t rank, bool *reversed)
{
    int64_t place = axis < 0 ? axis + rank : axis;

    if (place < 0 || place >= rank)
        return error_set(error, STEPC_INVALID_ARGUMENT, "'axis'[%lld] = %lld is out of valid range [0, %d]", (long long)i,
                         (long long)axis, rank - 1);
    if (reversed[place])
        return error_set(error, STEPC_INVALID_ARGUMENT, "axis %lld specified more than once.", (long long)place);
    reversed[place] = true;
    return STEPC_OK;
}

static stepc_code kernel_reverse_v2(kernel_context *k)
{
    const stepc_tensor *axes = k->inputs[1];
    int32_t rank = stepc_tensor_rank(k->inputs[0]);
    bool reversed[MOVE_RANK] = {false};
    char shape[SHAPE_TEXT_BYTES];
    stepc_code code = move_check_rank(k, rank);

    if (code == STEPC_OK && stepc_tensor_rank(axes) != 1)
        code = error_set(k->error, STEPC_INVALID_ARGUMENT, "'axis' must be 1-dimension, not %s",
                         tensor_shape_text(axes, shape));
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(axes); i++)
        code = mark_axis(k->error, i, integer_at(axes, i), rank, reversed);
    return code == STEPC_OK ? reverse(k, reversed) : code;
}

static stepc_code infer_reverse_v2(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    int64_t *axes, count, dim;
    bool reversed[MOVE_RANK] = {false};
    stepc_code code = infer_copy_shape(c, in, 0);

    if (code != STEPC_OK || in->rank < 0 || in->rank > MOVE_RANK || !infer_numbers(c, 1, &axes, &count))
        return code;
    for (int64_t i = 0; code == STEPC_OK && i < count; i++)
        code = mark_axis(c->error, i, axes[i], in->rank, reversed);
    if (code != STEPC_OK || in->rank != 1 || !size_is_const(c->sizes, in->dims[0], &dim))
        return code;
    return infer_pick_elements(c, 0, 0, reversed[0] ? dim - 1 : 0, reversed[0] ? -1 : 1, dim);
}

static stepc_code infer_first(infer_context *c) { return infer_copy_shape(c, c->inputs[0], 0); }

/* ---- ReverseSequence ----------------------------------------------------------------------------------- */

static stepc_code sequence_axes(kernel_context *k, int32_t *sequence, int32_t *batch)
{
    const stepc_tensor *in = k->inputs[0], *lengths = k->inputs[1];
    int64_t s = operation_int(k->op, "seq_dim", 0), b = operation_int(k->op, "batch_dim", 0);
    int32_t rank = stepc_tensor_rank(in);
    stepc_code code = move_check_rank(k, rank);

    if (code != STEPC_OK)
        return code;
    if (stepc_tensor_rank(lengths) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "seq_lens input must be 1-dim, not %d",
                         stepc_tensor_rank(lengths));
    if (s == b)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "batch_dim == seq_dim == %lld", (long long)s);
    if (s < 0 || s >= rank)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "seq_dim must be < input rank ( %lld vs. %d)", (long long)s,
                         rank);
    if (b < 0 || b >= rank)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "batch_dim must be < input rank ( %lld vs. %d)",
                         (long long)b, rank);
    if (stepc_tensor_length(lengths) != stepc_tensor_dims(in)[b])
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Length of seq_lens != input.dims(%lld), (%lld vs. %lld)",
                         (long long)b, (long long)stepc_tensor_length(lengths), (long long)stepc_tensor_dims(in)[b]);
    for (int64_t i = 0; i < stepc_tensor_length(lengths); i++) {
        if (integer_at(lengths, i) < 0)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "seq_lens(%lld) < 0", (long long)i);
        if (integer_at(lengths, i) > stepc_tensor_dims(in)[s])
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "seq_lens(%lld) > input.dims(%lld)", (long long)i,
                             (long long)s);
    }
    *sequence = (int32_t)s;
    *batch = (int32_t)b;
    return STEPC_OK;
}

static stepc_code kernel_reverse_sequence(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    const int64_t *dims = stepc_tensor_dims(in);
    int64_t steps[MOVE_RANK], at[MOVE_RANK] = {0};
    int32_t rank = stepc_tensor_rank(in), sequence = 0, batch = 0, d;
    stepc_tensor *out;
    stepc_code code = sequence_axes(k, &sequence, &batch);

    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(in), dims, rank, &out);
    if (code != STEPC_OK)
        return code;
    move_steps(dims, rank, steps);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(in); i++) {
        int64_t length = integer_at(k->inputs[1], at[batch]), from = i;

        if (at[sequence] < length)
            from += (length - 1 - 2 * at[sequence]) * steps[sequence];
        code = move_element(out, i, in, from, k->error);
        for (d = rank - 1; d >= 0 && ++at[d] == dims[d]; d--)
            at[d] = 0;
    }
    return code;
}

/* ---- Roll ------------------------------------------------------------------------------------------------ */

/* By how much each dimension is rolled, 0 .. size - 1. */
static stepc_code read_shifts(kernel_context *k, int64_t *shifts)
{
    const stepc_tensor *in = k->inputs[0], *shift = k->inputs[1], *axes = k->inputs[2];
    char x[SHAPE_TEXT_BYTES];
    stepc_code code = move_check_rank(k, stepc_tensor_rank(in));

    if (code != STEPC_OK)
        return code;
    if (stepc_tensor_rank(in) < 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "input must be 1-D or higher");
    if (stepc_tensor_rank(shift) > 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "shift must be a scalar or a 1-D vector. Found: %s",
                         tensor_shape_text(shift, x));
    if (stepc_tensor_rank(axes) > 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "axis must be a scalar or a 1-D vector. Found: %s",
                         tensor_shape_text(axes, x));
    if (stepc_tensor_length(shift) != stepc_tensor_length(axes))
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "shift and axis must have the same size");
    for (int64_t i = 0; i < stepc_tensor_length(shift); i++) {
        int64_t axis = integer_at(axes, i), dim;

        if (axis < 0)
            axis += stepc_tensor_rank(in);
        if (axis < 0 || axis >= stepc_tensor_rank(in))
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "axis %lld is out of range", (long long)axis);
        dim = stepc_tensor_dims(in)[axis];
        if (dim > 0)
            shifts[axis] = (shifts[axis] + integer_at(shift, i) % dim + dim) % dim;
    }
    return STEPC_OK;
}

static stepc_code kernel_roll(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    const int64_t *dims = stepc_tensor_dims(in);
    int64_t steps[MOVE_RANK], at[MOVE_RANK] = {0}, shifts[MOVE_RANK] = {0};
    int32_t rank = stepc_tensor_rank(in), d;
    stepc_tensor *out;
    stepc_code code = read_shifts(k, shifts);

    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(in), dims, rank, &out);
    if (code != STEPC_OK)
        return code;
    move_steps(dims, rank, steps);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(in); i++) {
        int64_t to = 0;

        for (d = 0; d < rank; d++)
            to += steps[d] * ((at[d] + shifts[d]) % dims[d]);
        code = move_element(out, to, in, i, k->error);
        for (d = rank - 1; d >= 0 && ++at[d] == dims[d]; d--)
            at[d] = 0;
    }
    return code;
}

static const op_row rows[] = {
    {"Reverse", infer_first, kernel_reverse, 0, SAMPLE_MOVEMENT, 0, 0},
    {"ReverseSequence", infer_first, kernel_reverse_sequence, 0, SAMPLE_MOVEMENT, 0, 0},
    {"ReverseV2", infer_reverse_v2, kernel_reverse_v2, 0, SAMPLE_MOVEMENT, 0, 0},
    {"Roll", infer_first, kernel_roll, 0, SAMPLE_MOVEMENT, 0, 0},
};

const op_family ops_reverse = {rows, sizeof rows / sizeof rows[0]};
