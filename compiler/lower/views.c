/* SPDX-License-Identifier: Apache-2.0 */
/* Operators whose result lies in the input: nothing is computed or copied, strides say it all. */
#include "compiler/lower/move.h"

/* ---- Slice ------------------------------------------------------------------------------------------------- */

static stepc_code lower_slice(lower_context *l)
{
    lower_view v;
    const size_ref *dims;
    int32_t rank;
    size_pool *p = l->program->sizes;
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    if (!code)
        code = lower_view_begin(l, 0, &v);
    for (int32_t d = 0; !code && d < rank; d++) {
        size_ref begin;
        code = lower_operand_size(l, 1, d, &begin);
        if (!code)
            code = lower_require_at_most(l, size_const(p, 0), begin, "Expected begin to be at least 0");
        if (!code)
            code = lower_require_at_most(l, size_sum(p, begin, dims[d]), v.extents[d],
                                         "Expected begin and size to lie within the dimension");
        if (!code)
            lower_view_shift(l, &v, d, begin);
        v.extents[d] = dims[d];
    }
    return code ? code : lower_view_end(l, 0, &v);
}

/* ---- StridedSlice -------------------------------------------------------------------------------------------- */

static bool has_bit(const stepc_operation *op, const char *mask, int64_t bit)
{
    return operation_int(op, mask, 0) >> bit & 1;
}

/* Walks the specs in order: INPUT_DIM runs over the input, v->rank over the result. */
typedef struct slice_walk {
    lower_context *l;
    lower_view from, v;
    int32_t first; /* input of the begins; ends and strides follow */
    int32_t input_dim;
} slice_walk;

static void keep_dim(slice_walk *w)
{
    w->v.extents[w->v.rank] = w->from.extents[w->input_dim];
    w->v.strides[w->v.rank++] = w->from.strides[w->input_dim++];
}

/* BEGIN of a range of DIM. One that lies beyond the end needs no care: then the range is empty. */
static stepc_code range_begin(slice_walk *w, size_ref dim, size_ref begin, int64_t stride, size_ref *out)
{
    size_pool *p = w->l->program->sizes;
    const size_node *node = size_get(p, begin);
    if (node->min < 0 && node->max >= 0)
        return lower_unknown_operand(w->l, w->first);
    *out = begin;
    if (node->max < 0) {
        *out = size_sum(p, dim, begin);
        if (stride > 0 && size_get(p, *out) && size_get(p, *out)->min < 0)
            *out = size_max(p, *out, size_const(p, 0));
    } else if (stride < 0) {
        *out = size_min(p, begin, size_sub(p, dim, size_const(p, 1)));
    }
    return STEPC_OK;
}

/* One element of the dimension, which is dropped. */
static stepc_code take_one(slice_walk *w, size_ref dim, size_ref begin)
{
    size_pool *p = w->l->program->sizes;
    size_ref zero = size_const(p, 0), one = size_const(p, 1);
    const size_node *node = size_get(p, begin);
    if (node->min < 0 && node->max >= 0)
        return lower_unknown_operand(w->l, w->first);
    if (node->max < 0)
        begin = size_sum(p, dim, begin);
    stepc_code code = lower_require_at_most(w->l, zero, begin, "slice index out of bounds.");
    if (!code)
        code = lower_require_at_most(w->l, size_sum(p, begin, one), dim, "slice index out of bounds.");
    w->v.offset = size_sum(p, w->v.offset, size_product(p, begin, w->from.strides[w->input_dim++]));
    return code;
}

/* How long the range is, where no shape function has said it: from numbers. */
static stepc_code range_extent(slice_walk *w, int32_t i, size_ref dim, int64_t stride, size_ref *out)
{
    lower_context *l = w->l;
    size_pool *p = l->program->sizes;
    bool from_first = has_bit(l->op, "begin_mask", i), to_last = has_bit(l->op, "end_mask", i);
    size_ref begin = size_const(p, 0), end = begin;
    int64_t size, first, last;
    *out = dim;
    if (from_first && to_last && (stride == 1 || stride == -1))
        return STEPC_OK;
    stepc_code code = from_first ? STEPC_OK : lower_operand_size(l, w->first, i, &begin);
    if (!code && !to_last)
        code = lower_operand_size(l, w->first + 1, i, &end);
    if (code)
        return code;
    if (!size_is_const(p, dim, &size) || !size_is_const(p, begin, &first) || !size_is_const(p, end, &last))
        return lower_unknown_operand(l, w->first);
    int64_t low = stride > 0 ? 0 : -1, high = stride > 0 ? size : size - 1;
    first += first < 0 ? size : 0;
    last += last < 0 ? size : 0;
    first = from_first ? (stride > 0 ? low : high) : first < low ? low : first > high ? high : first;
    last = to_last ? (stride > 0 ? high : low) : last < low ? low : last > high ? high : last;
    int64_t way = last - first, count = 0;
    if (way != 0 && (way < 0) == (stride < 0))
        count = way / stride + (way % stride != 0);
    *out = size_const(p, count);
    return STEPC_OK;
}

/* EXTENT is that of the result; SIZE_UNKNOWN: find it. */
static stepc_code read_slice(slice_walk *w, int32_t i, size_ref extent)
{
    lower_context *l = w->l;
    size_pool *p = l->program->sizes;
    size_ref begin, stride_size, dim = w->from.extents[w->input_dim];
    int64_t stride;
    stepc_code code = lower_operand_size(l, w->first + 2, i, &stride_size);
    if (!code && !size_is_const(p, stride_size, &stride))
        code = lower_unknown_operand(l, w->first + 2);
    bool drops = has_bit(l->op, "shrink_axis_mask", i), open = !drops && has_bit(l->op, "begin_mask", i);
    if (!code && !open)
        code = lower_operand_size(l, w->first, i, &begin);
    if (code)
        return code;
    if (drops)
        return take_one(w, dim, begin);
    if (open)
        begin = stride > 0 ? size_const(p, 0) : size_sub(p, dim, size_const(p, 1));
    else
        code = range_begin(w, dim, begin, stride, &begin);
    if (!code && extent == SIZE_UNKNOWN)
        code = stride == 0 ? error_set(l->error, STEPC_INVALID_ARGUMENT, "strides[%d] must be non-zero", i)
                           : range_extent(w, i, dim, stride, &extent);
    if (code)
        return code;
    size_ref along = w->from.strides[w->input_dim++];
    w->v.offset = size_sum(p, w->v.offset, size_product(p, begin, along));
    w->v.extents[w->v.rank] = extent;
    /* One element at most makes no step, and a stride as great as can be must not overflow. */
    int64_t length;
    if (size_is_const(p, extent, &length) && length <= 1)
        stride = 0;
    w->v.strides[w->v.rank++] = size_product(p, along, size_const(p, stride));
    return code;
}

/* The result's extents are those that the shape function found: DIMS, RANK of them. DIMS NULL: they are worked out. */
static stepc_code walk_slices(slice_walk *w, const size_ref *dims, int32_t rank)
{
    lower_context *l = w->l;
    int64_t count;
    int32_t ellipsis = -1, behind = 0;
    stepc_code code = lower_operand_count(l, w->first, &count);
    if (code)
        return code;
    if (count > 31)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "Only 31 strided slices at most are supported");
    for (int32_t i = 0; i < count; i++) {
        if (has_bit(l->op, "ellipsis_mask", i) && ellipsis >= 0)
            return error_set(l->error, STEPC_INVALID_ARGUMENT, "Multiple ellipses in slice spec not allowed");
        if (has_bit(l->op, "ellipsis_mask", i))
            ellipsis = i;
        else if (ellipsis >= 0 && !has_bit(l->op, "new_axis_mask", i))
            behind++; /* dimensions of the input that specs behind the ellipsis take */
    }
    for (int32_t i = 0; !code && i < count; i++) {
        if (i == ellipsis) {
            while (w->from.rank - w->input_dim > behind && w->v.rank < LOWER_MAX_RANK)
                keep_dim(w);
            continue;
        }
        if (w->v.rank >= rank && !(has_bit(l->op, "shrink_axis_mask", i) && !has_bit(l->op, "new_axis_mask", i)))
            return error_set(l->error, STEPC_INVALID_ARGUMENT, "the slice has more dimensions than its shape");
        if (has_bit(l->op, "new_axis_mask", i)) {
            w->v.extents[w->v.rank] = size_const(l->program->sizes, 1);
            w->v.strides[w->v.rank++] = size_const(l->program->sizes, 0);
        } else if (w->input_dim == w->from.rank) {
            code = error_set(l->error, STEPC_INVALID_ARGUMENT,
                             "Index out of range using input dim %d; input has only %d dims", w->input_dim, w->from.rank);
        } else {
            code = read_slice(w, i, dims && w->v.rank < rank ? dims[w->v.rank] : SIZE_UNKNOWN);
        }
    }
    while (!code && w->input_dim < w->from.rank && w->v.rank < LOWER_MAX_RANK)
        keep_dim(w);
    return code;
}

static stepc_code lower_strided_slice(lower_context *l)
{
    slice_walk w = {.l = l, .first = 1};
    const size_ref *dims;
    int32_t rank;
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    if (!code)
        code = lower_view_begin(l, 0, &w.from);
    if (code)
        return code;
    w.v.in = w.from.in;
    w.v.offset = w.from.offset;
    code = walk_slices(&w, dims, rank);
    return code ? code : lower_view_end(l, 0, &w.v);
}

/* Zeros, then the gradient over the part that the slice was. */
static stepc_code lower_strided_slice_grad(lower_context *l)
{
    slice_walk w = {.l = l, .first = 1};
    bool is_complex = dtype_is_complex(lower_output_info(l, 0)->dtype);
    int32_t dy = lower_input(l, 4), out = dy < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    nest_builder b;
    lower_begin(l, &b, 0);
    lower_write(&b, out, lower_zero(&b, l->program->buffers[out].dtype));
    stepc_code code = nest_end(&b, l->error);
    if (code)
        return code;
    lower_view gradient;
    lower_view_of(l, out, is_complex, &w.from);
    lower_view_of(l, dy, is_complex, &gradient);
    w.v.in = out;
    w.v.offset = w.from.offset;
    code = walk_slices(&w, NULL, gradient.rank);
    if (!code && w.v.rank != gradient.rank)
        code = error_set(l->error, STEPC_INVALID_ARGUMENT, "shape of dy does not fit the slice");
    for (int32_t d = 0; !code && d < gradient.rank; d++)
        code = lower_check_equal(l->state, gradient.extents[d], w.v.extents[d], "shape of dy does not fit the slice", l->op,
                                 l->error);
    return code ? code : lower_view_copy(l, &w.v, &gradient);
}

/* ---- Split, SplitV, Unpack ---------------------------------------------------------------------------------------- */

/* Output K is PIECE of AXIS from *AT on. */
static stepc_code lower_piece(lower_context *l, int32_t k, const lower_view *whole, int32_t axis, size_ref piece, size_ref *at)
{
    lower_view v = *whole;
    lower_view_shift(l, &v, axis, *at);
    v.extents[axis] = piece;
    *at = size_sum(l->program->sizes, *at, piece);
    return lower_view_end(l, k, &v);
}

static stepc_code lower_split(lower_context *l)
{
    size_pool *p = l->program->sizes;
    lower_view whole;
    int32_t axis;
    size_ref at = size_const(p, 0);
    stepc_code code = lower_view_begin(l, 1, &whole);
    if (!code)
        code = lower_operand_axis(l, 0, whole.rank, &axis);
    if (code)
        return code;
    size_ref count = size_const(p, l->op->output_count), piece = size_floor_div(p, whole.extents[axis], count);
    code = lower_check_equal(l->state, size_product(p, piece, count), whole.extents[axis],
                             "Number of ways to split should evenly divide the split dimension", l->op, l->error);
    for (int32_t k = 0; !code && k < l->op->output_count; k++)
        code = lower_piece(l, k, &whole, axis, piece, &at);
    return code;
}

static stepc_code lower_split_v(lower_context *l)
{
    size_pool *p = l->program->sizes;
    lower_view whole;
    int32_t axis;
    size_ref at = size_const(p, 0), total = at, pieces[64];
    int64_t rest = -1, value;
    stepc_code code = lower_view_begin(l, 0, &whole);
    if (!code)
        code = lower_operand_axis(l, 2, whole.rank, &axis);
    if (code)
        return code;
    if (l->op->output_count > 64)
        return error_set(l->error, STEPC_UNIMPLEMENTED, "SplitV into %d pieces is not compiled", l->op->output_count);
    for (int32_t k = 0; !code && k < l->op->output_count; k++) {
        code = lower_operand_size(l, 1, k, &pieces[k]);
        if (!code && size_is_const(p, pieces[k], &value) && value == -1)
            rest = k;
        else if (!code)
            total = size_sum(p, total, pieces[k]);
    }
    if (!code && rest >= 0)
        pieces[rest] = size_sub(p, whole.extents[axis], total);
    else if (!code)
        code = lower_check_equal(l->state, total, whole.extents[axis],
                                 "Determined shape must match input shape along split_dim exactly", l->op, l->error);
    for (int32_t k = 0; !code && k < l->op->output_count; k++)
        code = lower_piece(l, k, &whole, axis, pieces[k], &at);
    return code;
}

static stepc_code lower_unpack(lower_context *l)
{
    size_pool *p = l->program->sizes;
    lower_view whole;
    stepc_code code = lower_view_begin(l, 0, &whole);
    if (code)
        return code;
    int64_t axis = operation_int(l->op, "axis", 0);
    axis += axis < 0 ? whole.rank : 0;
    code = lower_check_equal(l->state, whole.extents[axis], size_const(p, l->op->output_count),
                             "The dimension that is unpacked differs from the number of outputs", l->op, l->error);
    for (int32_t k = 0; !code && k < l->op->output_count; k++) {
        lower_view v = whole;
        lower_view_shift(l, &v, (int32_t)axis, size_const(p, k));
        v.rank--;
        for (int32_t d = (int32_t)axis; d < v.rank; d++) {
            v.extents[d] = v.extents[d + 1];
            v.strides[d] = v.strides[d + 1];
        }
        code = lower_view_end(l, k, &v);
    }
    return code;
}

/* ---- ExpandDims, Squeeze, BroadcastTo --------------------------------------------------------------------------- */

static stepc_code lower_expand_dims(lower_context *l)
{
    lower_view v;
    int32_t axis;
    stepc_code code = lower_view_begin(l, 0, &v);
    if (!code)
        code = lower_operand_axis(l, 1, v.rank + 1, &axis);
    if (!code && v.rank + 1 >= LOWER_MAX_RANK)
        code = error_set(l->error, STEPC_UNIMPLEMENTED, "ExpandDims to rank %d is not compiled", v.rank + 1);
    if (code)
        return code;
    for (int32_t d = v.rank++; d > axis; d--) {
        v.extents[d] = v.extents[d - 1];
        v.strides[d] = v.strides[d - 1];
    }
    v.extents[axis] = size_const(l->program->sizes, 1);
    v.strides[axis] = size_const(l->program->sizes, 0);
    return lower_view_end(l, 0, &v);
}

static stepc_code lower_squeeze(lower_context *l)
{
    const attr_value *list = operation_attr(l->op, "squeeze_dims");
    bool any = list && list->count > 0, dropped[LOWER_MAX_RANK] = {false};
    size_ref one = size_const(l->program->sizes, 1);
    lower_view in, v;
    const size_ref *dims;
    int32_t rank;
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    if (!code)
        code = lower_view_begin(l, 0, &in);
    if (code)
        return code;
    for (size_t i = 0; any && i < list->count; i++) {
        int64_t d = list->as.i_list[i];
        dropped[d < 0 ? d + in.rank : d] = true;
    }
    v = in;
    v.rank = 0;
    for (int32_t d = 0; !code && d < in.rank; d++) {
        if (any ? dropped[d] : in.extents[d] == one) {
            code = lower_check_equal(l->state, in.extents[d], one, "Can not squeeze a dimension that is not 1", l->op, l->error);
            continue;
        }
        v.extents[v.rank] = in.extents[d];
        v.strides[v.rank++] = in.strides[d];
    }
    if (!code && v.rank != rank)
        return lower_refuse_size(l, 0);
    return code ? code : lower_view_end(l, 0, &v);
}

static stepc_code lower_broadcast_to(lower_context *l)
{
    lower_view in, v;
    const size_ref *dims;
    int32_t rank;
    size_ref zero = size_const(l->program->sizes, 0), one = size_const(l->program->sizes, 1);
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    if (!code)
        code = lower_view_begin(l, 0, &in);
    if (code)
        return code;
    v = in;
    v.rank = rank;
    for (int32_t d = 0; d < rank; d++) {
        int32_t from = d - rank + in.rank;
        if (from >= 0 && in.extents[from] != one && in.extents[from] != dims[d])
            return lower_refuse_size(l, from);
        v.extents[d] = dims[d];
        v.strides[d] = from < 0 || in.extents[from] == one ? zero : in.strides[from];
    }
    return lower_view_end(l, 0, &v);
}

/* ---- Reverse, ReverseV2 -------------------------------------------------------------------------------------------- */

static stepc_code reverse_dims(lower_context *l, const bool *reversed)
{
    size_pool *p = l->program->sizes;
    lower_view v;
    stepc_code code = lower_view_begin(l, 0, &v);
    for (int32_t d = 0; !code && d < v.rank; d++)
        if (reversed[d]) {
            lower_view_shift(l, &v, d, size_sub(p, v.extents[d], size_const(p, 1)));
            v.strides[d] = size_product(p, v.strides[d], size_const(p, -1));
        }
    return code ? code : lower_view_end(l, 0, &v);
}

static stepc_code lower_reverse(lower_context *l)
{
    const infer_value *dims = lower_info(l, 1);
    bool reversed[LOWER_MAX_RANK] = {false};
    if (!dims->constant || stepc_tensor_length(dims->constant) >= LOWER_MAX_RANK)
        return lower_unknown_operand(l, 1);
    for (int64_t d = 0; d < stepc_tensor_length(dims->constant); d++)
        reversed[d] = load_u64(STEPC_BOOL, stepc_tensor_data(dims->constant), d) != 0;
    return reverse_dims(l, reversed);
}

static stepc_code lower_reverse_v2(lower_context *l)
{
    const int64_t *axes;
    int64_t count;
    int32_t rank = lower_info(l, 0)->rank;
    bool reversed[LOWER_MAX_RANK] = {false};
    stepc_code code = lower_constant_integers(l, 1, &axes, &count);
    for (int64_t i = 0; !code && i < count; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
        if (axis < 0 || axis >= rank || axis >= LOWER_MAX_RANK)
            return error_set(l->error, STEPC_INVALID_ARGUMENT, "'axis'[%lld] = %lld is out of valid range [0, %d]",
                             (long long)i, (long long)axes[i], rank - 1);
        reversed[axis] = true;
    }
    return code ? code : reverse_dims(l, reversed);
}

/* ---- DiagPart, MatrixDiagPart ----------------------------------------------------------------------------------------- */

static stepc_code lower_diag_part(lower_context *l)
{
    size_pool *p = l->program->sizes;
    lower_view v;
    stepc_code code = lower_view_begin(l, 0, &v);
    if (code)
        return code;
    int32_t half = v.rank / 2;
    if (half < 1 || v.rank % 2)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "The rank of the tensor should be even and positive");
    for (int32_t d = 0; !code && d < half; d++) {
        code = lower_check_equal(l->state, v.extents[d], v.extents[d + half], "Invalid shape: dimensions do not match.",
                                 l->op, l->error);
        v.strides[d] = size_sum(p, v.strides[d], v.strides[d + half]);
    }
    v.rank = half;
    return code ? code : lower_view_end(l, 0, &v);
}

static stepc_code lower_matrix_diag_part(lower_context *l)
{
    size_pool *p = l->program->sizes;
    lower_view v;
    stepc_code code = lower_view_begin(l, 0, &v);
    if (code)
        return code;
    if (v.rank < 2)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "input must be at least 2-dim");
    v.rank--;
    v.extents[v.rank - 1] = size_min(p, v.extents[v.rank - 1], v.extents[v.rank]);
    v.strides[v.rank - 1] = size_sum(p, v.strides[v.rank - 1], v.strides[v.rank]);
    return lower_view_end(l, 0, &v);
}

static const lower_row rows[] = {
    {"BatchMatrixDiagPart", lower_matrix_diag_part, 0},
    {"BroadcastTo", lower_broadcast_to, 1u << 1},
    {"DiagPart", lower_diag_part, 0},
    {"ExpandDims", lower_expand_dims, 1u << 1},
    {"MatrixDiagPart", lower_matrix_diag_part, 0},
    {"Reverse", lower_reverse, 1u << 1},
    {"ReverseV2", lower_reverse_v2, 1u << 1},
    {"Slice", lower_slice, 3u << 1},
    {"Split", lower_split, 1u << 0},
    {"SplitV", lower_split_v, 3u << 1},
    {"Squeeze", lower_squeeze, 0},
    {"StridedSlice", lower_strided_slice, 7u << 1},
    {"StridedSliceGrad", lower_strided_slice_grad, 15u},
    {"Unpack", lower_unpack, 0},
};

const lower_family lower_views = {rows, sizeof rows / sizeof rows[0]};
