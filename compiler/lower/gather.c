/* SPDX-License-Identifier: Apache-2.0 */
/* Elements at places that are computed or named: Gather, OneHot, Range, diagonals and bands. Indices are checked in a nest of
 * their own before the first read. */
#include "compiler/lower/move.h"

static const char *index_message(lower_context *l, size_ref dim)
{
    int64_t size;
    const char *words = NULL;
    if (size_is_const(l->program->sizes, dim, &size))
        words = arena_format(l->step->memory, "an element of indices is not in [0, %lld)", (long long)size);
    return words ? words : "an element of indices is out of range";
}

/* Opens a nest over the dims of BUFFER; AXES[d] is the axis of dimension D. */
static void begin_over(lower_context *l, nest_builder *b, int32_t buffer, int32_t *axes)
{
    nest_begin(b, l->program);
    nest_origin(b, l->op);
    for (int32_t d = 0; d < l->program->buffers[buffer].rank; d++)
        axes[d] = nest_axis(b, l->program->buffers[buffer].extents[d], AXIS_SPACE);
}

/* ---- Gather, GatherV2 ------------------------------------------------------------------------------------- */

static stepc_code check_indices(lower_context *l, int32_t indices, size_ref dim)
{
    int32_t axes[LOWER_MAX_RANK];
    nest_builder b;
    begin_over(l, &b, indices, axes);
    int32_t index = nest_cast(&b, nest_read(&b, indices, axes), STEPC_INT64);
    nest_check(&b, nest_in_range(&b, index, dim), STEPC_INVALID_ARGUMENT, index_message(l, dim), l->op);
    return nest_end(&b, l->error);
}

static stepc_code lower_gather_op(lower_context *l)
{
    size_pool *p = l->program->sizes;
    int32_t params = lower_input(l, 0), indices = params < 0 ? -1 : lower_input(l, 1), axis = 0;
    if (indices < 0)
        return stepc_error_code(l->error);
    int32_t index_rank = l->program->buffers[indices].rank, batch = (int32_t)operation_int(l->op, "batch_dims", 0);
    batch += batch < 0 ? index_rank : 0;
    stepc_code code = l->op->input_count > 2 ? lower_operand_axis(l, 2, lower_info(l, 0)->rank, &axis) : STEPC_OK;
    for (int32_t d = 0; !code && d < batch; d++)
        code = lower_check_equal(l->state, l->program->buffers[params].extents[d], l->program->buffers[indices].extents[d],
                                 "The batch dimensions of params and indices should be equal", l->op, l->error);
    if (!code)
        code = check_indices(l, indices, l->program->buffers[params].extents[axis]);
    int32_t out = code ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    int32_t axes[LOWER_MAX_RANK], index_axes[LOWER_MAX_RANK], middle = index_rank - batch;
    size_ref coefs[LOWER_MAX_RANK + 1];
    nest_builder b;
    begin_over(l, &b, out, axes);
    const loop_buffer *from = &l->program->buffers[params];
    for (int32_t d = 0; d < index_rank; d++)
        index_axes[d] = d < batch ? d : axis + d - batch;
    for (int32_t a = 0; a < l->program->buffers[out].rank; a++)
        coefs[a] = a < axis ? from->strides[a] : a < axis + middle ? size_const(p, 0) : from->strides[a - middle + 1];
    loop_index index = {.base = from->offset, .coefs = coefs, .indirect_scale = from->strides[axis],
                        .indirect_extent = from->extents[axis]};
    index.indirect = nest_cast(&b, nest_read(&b, indices, index_axes), STEPC_INT64);
    lower_write(&b, out, nest_read_index(&b, from->root, &index));
    return nest_end(&b, l->error);
}

/* ---- GatherNd ------------------------------------------------------------------------------------------------- */

/* PARAMS, or a packed copy when its first WIDTH dimensions do not lie one behind the other. */
static int32_t packed_front(lower_context *l, int32_t params, int64_t width)
{
    size_pool *p = l->program->sizes;
    const loop_buffer *from = &l->program->buffers[params];
    bool packed = true;
    for (int32_t d = 0; d + 1 < width; d++)
        packed = packed && from->strides[d] == size_product(p, from->strides[d + 1], from->extents[d + 1]);
    if (packed)
        return params;
    int32_t copy = lower_temporary(l, from->dtype, from->extents, from->rank, "packed");
    return copy < 0 || lower_copy(l->state, copy, params, l->op, l->error) ? -1 : copy;
}

int32_t lower_read_column(nest_builder *b, lower_context *l, int32_t indices, int32_t axis_count, int64_t column)
{
    size_pool *p = l->program->sizes;
    const loop_buffer *from = &l->program->buffers[indices];
    size_ref coefs[LOWER_MAX_RANK + 1];
    for (int32_t a = 0; a < axis_count; a++)
        coefs[a] = a < from->rank - 1 ? from->strides[a] : size_const(p, 0);
    loop_index index = {.base = size_sum(p, from->offset, size_product(p, from->strides[from->rank - 1], size_const(p, column))),
                        .coefs = coefs, .indirect = -1, .indirect_scale = SIZE_UNKNOWN, .indirect_extent = SIZE_UNKNOWN};
    return nest_cast(b, nest_read_index(b, from->root, &index), STEPC_INT64);
}

static stepc_code check_rows(lower_context *l, int32_t indices, int32_t params, int64_t width)
{
    int32_t rank = l->program->buffers[indices].rank;
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    for (int32_t d = 0; d < rank - 1; d++)
        nest_axis(&b, l->program->buffers[indices].extents[d], AXIS_SPACE);
    for (int64_t k = 0; k < width; k++)
        nest_check(&b, nest_in_range(&b, lower_read_column(&b, l, indices, rank - 1, k), l->program->buffers[params].extents[k]),
                   STEPC_INVALID_ARGUMENT, "a row of indices does not index into param shape", l->op);
    return nest_end(&b, l->error);
}

static stepc_code lower_gather_nd(lower_context *l)
{
    size_pool *p = l->program->sizes;
    int32_t params = lower_input(l, 0), indices = params < 0 ? -1 : lower_input(l, 1);
    int64_t width;
    if (indices < 0)
        return stepc_error_code(l->error);
    int32_t index_rank = l->program->buffers[indices].rank;
    if (index_rank < 1)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "indices must be at least a vector");
    if (!size_is_const(p, l->program->buffers[indices].extents[index_rank - 1], &width))
        return lower_unknown_operand(l, 1);
    stepc_code code = width > 0 ? check_rows(l, indices, params, width) : STEPC_OK;
    params = code ? -1 : packed_front(l, params, width);
    int32_t out = params < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    int32_t axes[LOWER_MAX_RANK], flat = -1;
    size_ref coefs[LOWER_MAX_RANK + 1], extent = size_const(p, 1);
    nest_builder b;
    begin_over(l, &b, out, axes);
    const loop_buffer *from = &l->program->buffers[params];
    int32_t axis_count = l->program->buffers[out].rank;
    for (int32_t a = 0; a < axis_count; a++)
        coefs[a] = a < index_rank - 1 ? size_const(p, 0) : from->strides[width + a - (index_rank - 1)];
    for (int64_t k = 0; k < width; k++) {
        int32_t at = lower_read_column(&b, l, indices, axis_count, k);
        if (flat >= 0)
            at = nest_binary(&b, LOOP_ADD, nest_binary(&b, LOOP_MUL, flat, nest_size(&b, from->extents[k])), at);
        flat = at;
        extent = size_product(p, extent, from->extents[k]);
    }
    loop_index index = {.base = from->offset, .coefs = coefs, .indirect = flat,
                        .indirect_scale = width > 0 ? from->strides[width - 1] : SIZE_UNKNOWN,
                        .indirect_extent = width > 0 ? extent : SIZE_UNKNOWN};
    lower_write(&b, out, nest_read_index(&b, from->root, &index));
    return nest_end(&b, l->error);
}

/* ---- ReverseSequence ---------------------------------------------------------------------------------------------- */

static stepc_code lower_reverse_sequence(lower_context *l)
{
    size_pool *p = l->program->sizes;
    int32_t s = (int32_t)operation_int(l->op, "seq_dim", 0), batch[1] = {(int32_t)operation_int(l->op, "batch_dim", 0)};
    int32_t in = lower_input(l, 0), lengths = in < 0 ? -1 : lower_input(l, 1), rank = lower_info(l, 0)->rank;
    if (lengths < 0)
        return stepc_error_code(l->error);
    if (lower_require_rank(l, 1, 1))
        return stepc_error_code(l->error);
    if (s < 0 || s >= rank || batch[0] < 0 || batch[0] >= rank || s == batch[0])
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "seq_dim and batch_dim must be two dimensions of the input");
    size_ref dim = l->program->buffers[in].extents[s];
    stepc_code code = lower_check_equal(l->state, l->program->buffers[lengths].extents[0], l->program->buffers[in].extents[batch[0]],
                                        "Length of seq_lens != input.dims(batch_dim)", l->op, l->error);
    if (code)
        return code;
    int32_t axes[LOWER_MAX_RANK];
    nest_builder b;
    begin_over(l, &b, lengths, axes);
    int32_t length = nest_cast(&b, nest_read(&b, lengths, axes), STEPC_INT64);
    nest_check(&b, nest_in_range(&b, length, size_sum(p, dim, size_const(p, 1))), STEPC_INVALID_ARGUMENT,
               "an element of seq_lens is negative or greater than the dimension", l->op);
    code = nest_end(&b, l->error);
    int32_t out = code ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    size_ref coefs[LOWER_MAX_RANK + 1];
    begin_over(l, &b, out, axes);
    const loop_buffer *from = &l->program->buffers[in];
    for (int32_t a = 0; a < from->rank; a++)
        coefs[a] = a == s ? size_const(p, 0) : from->strides[a];
    int32_t at = nest_axis_value(&b, s), one = nest_const_i64(&b, STEPC_INT64, 1);
    length = nest_cast(&b, nest_read(&b, lengths, batch), STEPC_INT64);
    int32_t back = nest_binary(&b, LOOP_SUB, nest_binary(&b, LOOP_SUB, length, one), at);
    loop_index index = {.base = from->offset, .coefs = coefs, .indirect_scale = from->strides[s], .indirect_extent = dim};
    index.indirect = nest_select(&b, nest_binary(&b, LOOP_LT, at, length), back, at);
    lower_write(&b, out, nest_read_index(&b, from->root, &index));
    return nest_end(&b, l->error);
}

/* ---- OneHot, Range, LinSpace, Empty -------------------------------------------------------------------------------------- */

/* The scalar in BUFFER; of a complex one the real along the last axis. */
static int32_t read_scalar(nest_builder *b, int32_t buffer, int32_t last_axis)
{
    int32_t axis_of[1] = {last_axis};
    return nest_read(b, buffer, axis_of);
}

static stepc_code lower_one_hot(lower_context *l)
{
    int32_t indices = lower_input(l, 0), on = indices < 0 ? -1 : lower_input(l, 2), off = on < 0 ? -1 : lower_input(l, 3);
    if (off >= 0 && (lower_require_rank(l, 1, 0) || lower_require_rank(l, 2, 0) || lower_require_rank(l, 3, 0)))
        return stepc_error_code(l->error);
    int32_t out = off < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    int32_t axes[LOWER_MAX_RANK], index_axes[LOWER_MAX_RANK], rank = l->program->buffers[indices].rank;
    int64_t axis = operation_int(l->op, "axis", -1);
    axis = axis < 0 ? rank : axis;
    nest_builder b;
    begin_over(l, &b, out, axes);
    for (int32_t d = 0; d < rank; d++)
        index_axes[d] = d < axis ? d : d + 1;
    int32_t last = l->program->buffers[out].rank - 1, index = nest_cast(&b, nest_read(&b, indices, index_axes), STEPC_INT64);
    int32_t hit = nest_binary(&b, LOOP_EQ, index, nest_axis_value(&b, (int32_t)axis));
    lower_write(&b, out, nest_select(&b, hit, read_scalar(&b, on, last), read_scalar(&b, off, last)));
    return nest_end(&b, l->error);
}

/* Whole numbers from sizes. A range of floats adds up its errors: only a constant one is compiled. */
static stepc_code lower_range(lower_context *l)
{
    const infer_value *info = lower_output_info(l, 0);
    if (info->constant)
        return lower_write_elements(l, 0);
    size_ref start, limit, delta;
    int64_t step_size;
    stepc_code code = lower_operand_size(l, 0, 0, &start);
    if (!code)
        code = lower_operand_size(l, 1, 0, &limit);
    if (!code)
        code = lower_operand_size(l, 2, 0, &delta);
    if (!code && !size_is_const(l->program->sizes, delta, &step_size))
        code = lower_unknown_operand(l, 2);
    if (!code)
        code = step_size > 0 ? lower_require_at_most(l, start, limit, "Requires start <= limit when delta > 0")
                             : lower_require_at_most(l, limit, start, "Requires start >= limit when delta < 0");
    int32_t out = code ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t value = nest_binary(&b, LOOP_MUL, nest_axis_value(&b, 0), nest_const_i64(&b, STEPC_INT64, step_size));
    value = nest_binary(&b, LOOP_ADD, value, nest_size(&b, start));
    lower_write(&b, out, nest_cast(&b, value, info->dtype));
    return nest_end(&b, l->error);
}

static stepc_code lower_lin_space(lower_context *l)
{
    size_pool *p = l->program->sizes;
    stepc_dtype dtype = lower_output_info(l, 0)->dtype, carrier = lower_value_dtype(dtype);
    int32_t start = lower_input(l, 0), stop = start < 0 ? -1 : lower_input(l, 1);
    size_ref num, one_size = size_const(p, 1);
    if (stop < 0)
        return stepc_error_code(l->error);
    stepc_code code = lower_require_rank(l, 0, 0);
    if (!code)
        code = lower_require_rank(l, 1, 0);
    if (!code)
        code = lower_operand_size(l, 2, 0, &num);
    if (!code)
        code = lower_require_at_most(l, one_size, num, "Requires num > 0");
    int32_t out = code ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t first = nest_read(&b, start, NULL), last = nest_read(&b, stop, NULL), at = nest_axis_value(&b, 0);
    int32_t gaps = nest_size(&b, size_sub(p, num, one_size));
    int32_t distance = lower_round(&b, nest_binary(&b, LOOP_SUB, last, first), dtype);
    int32_t pace = nest_binary(&b, LOOP_DIV, distance, lower_round(&b, nest_cast(&b, gaps, carrier), dtype));
    pace = lower_round(&b, pace, dtype);
    int32_t way = nest_binary(&b, LOOP_MUL, pace, lower_round(&b, nest_cast(&b, at, carrier), dtype));
    int32_t value = lower_round(&b, nest_binary(&b, LOOP_ADD, first, lower_round(&b, way, dtype)), dtype);
    value = nest_select(&b, nest_binary(&b, LOOP_EQ, at, gaps), last, value);
    value = nest_select(&b, nest_binary(&b, LOOP_EQ, gaps, nest_const_i64(&b, STEPC_INT64, 0)), first, value);
    lower_write(&b, out, value);
    return nest_end(&b, l->error);
}

static stepc_code lower_empty(lower_context *l)
{
    int32_t out = lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    nest_builder b;
    lower_begin(l, &b, 0);
    lower_write(&b, out, lower_zero(&b, l->program->buffers[out].dtype));
    return nest_end(&b, l->error);
}

/* ---- diagonals and bands ----------------------------------------------------------------------------------------------------- */

static int32_t equal_axes(nest_builder *b, int32_t first, int32_t second)
{
    return nest_binary(b, LOOP_EQ, nest_axis_value(b, first), nest_axis_value(b, second));
}

static stepc_code lower_diag(lower_context *l)
{
    int32_t in = lower_input(l, 0), rank = lower_info(l, 0)->rank;
    if (in >= 0 && rank < 1)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "Input must be at least rank 1, got 0");
    int32_t out = in < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    int32_t axes[LOWER_MAX_RANK], from[LOWER_MAX_RANK];
    nest_builder b;
    begin_over(l, &b, out, axes);
    int32_t hit = -1;
    for (int32_t d = 0; d < rank; d++) {
        int32_t here = equal_axes(&b, d, d + rank);
        hit = hit < 0 ? here : nest_binary(&b, LOOP_AND, hit, here);
        from[d] = d;
    }
    from[rank] = 2 * rank; /* of a pair */
    lower_write(&b, out, nest_select(&b, hit, nest_read(&b, in, from), lower_zero(&b, l->program->buffers[out].dtype)));
    return nest_end(&b, l->error);
}

/* The vector in input VECTOR on the diagonals; elsewhere input OTHERS, or 0 when that is -1. */
static stepc_code set_diagonals(lower_context *l, int32_t vector, int32_t others)
{
    int32_t in = lower_input(l, vector), rest = in < 0 || others < 0 ? -1 : lower_input(l, others);
    int32_t rank = lower_output_info(l, 0)->rank, out = in < 0 || (others >= 0 && rest < 0) ? -1 : lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    int32_t axes[LOWER_MAX_RANK], from[LOWER_MAX_RANK];
    nest_builder b;
    begin_over(l, &b, out, axes);
    for (int32_t d = 0; d < rank; d++)
        from[d] = d < rank - 1 ? d : rank; /* behind the vector the pair of a complex element */
    int32_t hit = equal_axes(&b, rank - 2, rank - 1), read = nest_read(&b, in, from);
    int32_t other = rest < 0 ? lower_zero(&b, l->program->buffers[out].dtype) : nest_read(&b, rest, axes);
    lower_write(&b, out, nest_select(&b, hit, read, other));
    return nest_end(&b, l->error);
}

static stepc_code lower_matrix_diag(lower_context *l) { return set_diagonals(l, 0, -1); }

static stepc_code lower_matrix_set_diag(lower_context *l)
{
    const infer_value *in = lower_info(l, 0), *diagonal = lower_info(l, 1);
    if (in->rank < 2 || diagonal->rank != in->rank - 1)
        return error_set(l->error, STEPC_INVALID_ARGUMENT,
                         "must have diagonal.shape == input.shape[:-2] + min(input.shape[-2:])");
    stepc_code code = STEPC_OK;
    for (int32_t d = 0; !code && d < diagonal->rank; d++)
        code = lower_check_equal(l->state, diagonal->dims[d],
                                 d < diagonal->rank - 1 ? in->dims[d] : size_min(l->program->sizes, in->dims[d], in->dims[d + 1]),
                                 "must have diagonal.shape == input.shape[:-2] + min(input.shape[-2:])", l->op, l->error);
    return code ? code : set_diagonals(l, 1, 0);
}

static stepc_code check_band(lower_context *l, int32_t buffer, size_ref most, const char *what)
{
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    int32_t value = nest_cast(&b, nest_read(&b, buffer, NULL), STEPC_INT64);
    nest_check(&b, nest_binary(&b, LOOP_LE, value, nest_size(&b, most)), STEPC_INVALID_ARGUMENT, what, l->op);
    return nest_end(&b, l->error);
}

static stepc_code lower_matrix_band_part(lower_context *l)
{
    int32_t in = lower_input(l, 0), lower = in < 0 ? -1 : lower_input(l, 1), upper = lower < 0 ? -1 : lower_input(l, 2);
    int32_t rank = lower_info(l, 0)->rank;
    if (upper < 0 || lower_require_rank(l, 1, 0) || lower_require_rank(l, 2, 0))
        return stepc_error_code(l->error);
    if (rank < 2)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "input must be at least 2-dim");
    const size_ref *extents = l->program->buffers[in].extents;
    stepc_code code = check_band(l, lower, extents[rank - 2], "num_lower must be negative or less or equal to number of rows");
    if (!code)
        code = check_band(l, upper, extents[rank - 1], "num_upper must be negative or less or equal to number of columns");
    int32_t out = code ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    int32_t axes[LOWER_MAX_RANK];
    nest_builder b;
    begin_over(l, &b, out, axes);
    int32_t m = nest_axis_value(&b, rank - 2), n = nest_axis_value(&b, rank - 1), zero = nest_const_i64(&b, STEPC_INT64, 0);
    int32_t low = nest_cast(&b, nest_read(&b, lower, NULL), STEPC_INT64), high = nest_cast(&b, nest_read(&b, upper, NULL), STEPC_INT64);
    int32_t below = nest_binary(&b, LOOP_OR, nest_binary(&b, LOOP_LT, low, zero),
                                nest_binary(&b, LOOP_LE, nest_binary(&b, LOOP_SUB, m, n), low));
    int32_t above = nest_binary(&b, LOOP_OR, nest_binary(&b, LOOP_LT, high, zero),
                                nest_binary(&b, LOOP_LE, nest_binary(&b, LOOP_SUB, n, m), high));
    int32_t keep = nest_binary(&b, LOOP_AND, below, above), value = nest_read(&b, in, axes);
    lower_write(&b, out, nest_select(&b, keep, value, lower_zero(&b, l->program->buffers[out].dtype)));
    return nest_end(&b, l->error);
}

static const lower_row rows[] = {
    {"BatchMatrixBandPart", lower_matrix_band_part, 0},
    {"BatchMatrixDiag", lower_matrix_diag, 0},
    {"BatchMatrixSetDiag", lower_matrix_set_diag, 0},
    {"Diag", lower_diag, 0},
    {"Empty", lower_empty, 1u << 0},
    {"Gather", lower_gather_op, 0},
    {"GatherNd", lower_gather_nd, 0},
    {"GatherV2", lower_gather_op, 1u << 2},
    {"LinSpace", lower_lin_space, 1u << 2},
    {"MatrixBandPart", lower_matrix_band_part, 0},
    {"MatrixDiag", lower_matrix_diag, 0},
    {"MatrixSetDiag", lower_matrix_set_diag, 0},
    {"OneHot", lower_one_hot, 1u << 1},
    {"Range", lower_range, 7u},
    {"ReverseSequence", lower_reverse_sequence, 0},
};

const lower_family lower_gather = {rows, sizeof rows / sizeof rows[0]};
