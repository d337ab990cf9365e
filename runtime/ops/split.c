/* SPDX-License-Identifier: Apache-2.0 */
/* One tensor in pieces along an axis: Split, SplitV, Unpack. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

/* ---- pieces in numbers -------------------------------------------------------------------------- */

/* Output OUTPUT becomes COUNT indices of AXIS from FIRST on; the axis is dropped where DROPS. */
static stepc_code cut(kernel_context *k, const stepc_tensor *in, int32_t output, int32_t axis, int64_t first,
                      int64_t count, bool drops)
{
    const int64_t *dims = stepc_tensor_dims(in);
    int32_t rank = stepc_tensor_rank(in);
    move_region region;
    int64_t steps[MOVE_RANK];
    stepc_tensor *out;
    stepc_code code;

    move_steps(dims, rank, steps);
    region.rank = 0;
    region.to_base = 0;
    region.from_base = first * steps[axis];
    for (int32_t d = 0; d < rank; d++) {
        if (d == axis && drops)
            continue;
        region.dims[region.rank] = d == axis ? count : dims[d];
        region.from_steps[region.rank++] = steps[d];
    }
    code = kernel_output(k, output, stepc_tensor_dtype(in), region.dims, region.rank, &out);
    if (code != STEPC_OK)
        return code;
    move_steps(region.dims, region.rank, region.to_steps);
    return move_copy(out, in, &region, k->error);
}

#define SPLIT_AXIS "-input rank({) <= split_dim < input rank (}), but got @"

static stepc_code check_split(stepc_error *error, int32_t axis, int64_t dim, int64_t count)
{
    if (dim % count == 0)
        return STEPC_OK;
    return error_set(error, STEPC_INVALID_ARGUMENT,
                     "Number of ways to split should evenly divide the split dimension, but got split_dim %d (size = "
                     "%lld) and num_split %lld",
                     axis, (long long)dim, (long long)count);
}

static stepc_code scalar_axis(kernel_context *k, int32_t input, const stepc_tensor *value, int32_t *axis)
{
    char shape[SHAPE_TEXT_BYTES];
    stepc_code code = move_check_rank(k, stepc_tensor_rank(value));

    if (code != STEPC_OK)
        return code;
    if (stepc_tensor_length(k->inputs[input]) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "split_dim must be a scalar but has shape %s",
                         tensor_shape_text(k->inputs[input], shape));
    return move_axis(k->error, SPLIT_AXIS, integer_at(k->inputs[input], 0), stepc_tensor_rank(value), axis);
}

static stepc_code kernel_split(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[1];
    int64_t piece;
    int32_t axis = 0;
    stepc_code code = scalar_axis(k, 0, in, &axis);

    if (code == STEPC_OK)
        code = check_split(k->error, axis, stepc_tensor_dims(in)[axis], k->output_count);
    if (code != STEPC_OK)
        return code;
    piece = stepc_tensor_dims(in)[axis] / k->output_count;
    for (int32_t i = 0; code == STEPC_OK && i < k->output_count; i++)
        code = cut(k, in, i, axis, i * piece, piece, false);
    return code;
}

/* The sizes of a SplitV; *REST is the place of the -1, or -1; *TOTAL the sum of the others. */
static stepc_code read_pieces(stepc_error *error, const int64_t *sizes, int64_t count, int64_t *rest, int64_t *total)
{
    *rest = -1;
    *total = 0;
    for (int64_t i = 0; i < count; i++) {
        if (sizes[i] == -1 && *rest >= 0)
            return error_set(error, STEPC_INVALID_ARGUMENT, "There can only be one -1 in the input.");
        if (sizes[i] == -1)
            *rest = i;
        else if (sizes[i] < 0)
            return error_set(error, STEPC_INVALID_ARGUMENT, "Split size at index %lld must be >= 0, got %lld",
                             (long long)i, (long long)sizes[i]);
        else if (!checked_add_i64(*total, sizes[i], total))
            return error_set(error, STEPC_INVALID_ARGUMENT, "The sum of the split sizes is too large");
    }
    return STEPC_OK;
}

static stepc_code check_pieces(stepc_error *error, int64_t dim, int64_t rest, int64_t total)
{
    if (rest >= 0 ? total <= dim : total == dim)
        return STEPC_OK;
    return error_set(error, STEPC_INVALID_ARGUMENT,
                     "Determined shape must either match input shape along split_dim exactly if fully specified, or be "
                     "less than the size of the input along split_dim if not fully specified.  Got: %lld",
                     (long long)total);
}

static stepc_code kernel_split_v(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0], *sizes = k->inputs[1];
    char shape[SHAPE_TEXT_BYTES];
    int64_t rest, total, first = 0, *pieces;
    size_t bytes = (size_t)k->output_count * sizeof *pieces + sizeof *pieces;
    int32_t axis = 0;
    stepc_code code = scalar_axis(k, 2, in, &axis);

    if (code == STEPC_OK && (stepc_tensor_rank(sizes) != 1 || stepc_tensor_length(sizes) != k->output_count))
        code = error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "size of the split_tensor must be 1-D and have the same elements as outputs got %s",
                         tensor_shape_text(sizes, shape));
    if (code != STEPC_OK)
        return code;
    pieces = host_alloc(k->host, bytes);
    if (!pieces)
        return error_out_of_memory(k->error, "splitting");
    for (int32_t i = 0; i < k->output_count; i++)
        pieces[i] = integer_at(sizes, i);
    code = read_pieces(k->error, pieces, k->output_count, &rest, &total);
    if (code == STEPC_OK)
        code = check_pieces(k->error, stepc_tensor_dims(in)[axis], rest, total);
    for (int32_t i = 0; code == STEPC_OK && i < k->output_count; i++) {
        int64_t piece = i == rest ? stepc_tensor_dims(in)[axis] - total : pieces[i];

        code = cut(k, in, i, axis, first, piece, false);
        first += piece;
    }
    host_free(k->host, pieces, bytes);
    return code;
}

#define UNPACK_AXIS "axis = @ not in [{, })"

static stepc_code check_unpack(stepc_error *error, int32_t axis, int64_t dim, int64_t count)
{
    if (dim == count)
        return STEPC_OK;
    return error_set(error, STEPC_INVALID_ARGUMENT, "Input shape axis %d must equal %lld, got %lld", axis,
                     (long long)count, (long long)dim);
}

static stepc_code kernel_unpack(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    int32_t axis = 0;
    stepc_code code = move_check_rank(k, stepc_tensor_rank(in));

    if (code == STEPC_OK)
        code = move_axis(k->error, UNPACK_AXIS, operation_int(k->op, "axis", 0), stepc_tensor_rank(in), &axis);
    if (code == STEPC_OK)
        code = check_unpack(k->error, axis, stepc_tensor_dims(in)[axis], k->output_count);
    for (int32_t i = 0; code == STEPC_OK && i < k->output_count; i++)
        code = cut(k, in, i, axis, i, 1, true);
    return code;
}

/* ---- pieces in sizes ------------------------------------------------------------------------------ */

/* Output OUTPUT: the input's shape with PIECE along AXIS (-1: an unknown axis). */
static stepc_code set_piece(infer_context *c, const infer_value *in, int32_t output, int32_t axis, size_ref piece)
{
    stepc_code code = infer_set_rank(c, output, in->rank);

    for (int32_t d = 0; code == STEPC_OK && d < in->rank; d++)
        c->outputs[output].dims[d] = axis < 0 ? SIZE_UNKNOWN : d == axis ? piece : in->dims[d];
    return code;
}

/* -1 when not known. */
static stepc_code known_axis(infer_context *c, int32_t input, const infer_value *value, int32_t *axis)
{
    int64_t *numbers, count;

    *axis = -1;
    if (!infer_numbers(c, input, &numbers, &count) || count != 1)
        return STEPC_OK;
    return move_axis(c->error, SPLIT_AXIS, numbers[0], value->rank, axis);
}

static stepc_code infer_split(infer_context *c)
{
    const infer_value *in = c->inputs[1];
    int64_t dim, piece = 0;
    int32_t axis = 0;
    stepc_code code = in->rank < 0 ? STEPC_OK : known_axis(c, 0, in, &axis);

    if (in->rank < 0 || code != STEPC_OK)
        return code;
    if (axis >= 0 && size_is_const(c->sizes, in->dims[axis], &dim)) {
        code = check_split(c->error, axis, dim, c->output_count);
        piece = dim / c->output_count;
    }
    for (int32_t i = 0; code == STEPC_OK && i < c->output_count; i++) {
        code = set_piece(c, in, i, axis,
                         axis < 0 ? SIZE_UNKNOWN
                                  : size_floor_div(c->sizes, in->dims[axis], size_const(c->sizes, c->output_count)));
        if (code == STEPC_OK && axis >= 0 && size_is_const(c->sizes, in->dims[axis], NULL))
            code = infer_pick_elements(c, 1, i, i * piece, 1, piece);
    }
    return code;
}

static stepc_code infer_split_v(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    int64_t *sizes, count, rest = -1, total = 0, dim, first = 0;
    int32_t axis = 0;
    bool known = infer_numbers(c, 1, &sizes, &count) && count == c->output_count;
    stepc_code code = in->rank < 0 ? STEPC_OK : known_axis(c, 2, in, &axis);

    if (in->rank < 0 || code != STEPC_OK)
        return code;
    if (known)
        code = read_pieces(c->error, sizes, count, &rest, &total);
    if (code == STEPC_OK && known && axis >= 0 && size_is_const(c->sizes, in->dims[axis], &dim))
        code = check_pieces(c->error, dim, rest, total);
    for (int32_t i = 0; code == STEPC_OK && i < c->output_count; i++) {
        size_ref piece = SIZE_UNKNOWN;
        int64_t length;

        if (known && i != rest)
            piece = size_const(c->sizes, sizes[i]);
        else if (known && axis >= 0)
            piece = size_sub(c->sizes, in->dims[axis], size_const(c->sizes, total));
        code = set_piece(c, in, i, axis, piece);
        if (code == STEPC_OK && axis >= 0 && size_is_const(c->sizes, piece, &length) && first >= 0) {
            code = infer_pick_elements(c, 0, i, first, 1, length);
            first += length;
        } else {
            first = -1;
        }
    }
    return code;
}

static stepc_code infer_unpack(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    int64_t dim;
    int32_t axis = 0;
    stepc_code code;

    if (in->rank < 0)
        return STEPC_OK;
    code = move_axis(c->error, UNPACK_AXIS, operation_int(c->op, "axis", 0), in->rank, &axis);
    if (code == STEPC_OK && size_is_const(c->sizes, in->dims[axis], &dim))
        code = check_unpack(c->error, axis, dim, c->output_count);
    for (int32_t i = 0; code == STEPC_OK && i < c->output_count; i++) {
        code = infer_set_rank(c, i, in->rank - 1);
        for (int32_t d = 0; code == STEPC_OK && d < in->rank - 1; d++)
            c->outputs[i].dims[d] = in->dims[d < axis ? d : d + 1];
        if (code == STEPC_OK)
            code = infer_pick_elements(c, 0, i, i, 1, 1);
    }
    return code;
}

static const op_row rows[] = {
    {"Split", infer_split, kernel_split, 0, SAMPLE_MOVEMENT, 0, 0},
    {"SplitV", infer_split_v, kernel_split_v, 0, SAMPLE_MOVEMENT, 0, 0},
    {"Unpack", infer_unpack, kernel_unpack, 0, SAMPLE_MOVEMENT, 0, 0},
};

const op_family ops_split = {rows, sizeof rows / sizeof rows[0]};
