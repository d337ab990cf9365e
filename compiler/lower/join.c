/* SPDX-License-Identifier: Apache-2.0 */
/* Results that are put together from parts: each part is one copy into a view of the result. */
#include "compiler/lower/move.h"

/* Output 0 as a new buffer, and as a view of it. */
static stepc_code whole_output(lower_context *l, lower_view *v)
{
    int32_t out = lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    lower_view_of(l, out, dtype_is_complex(lower_output_info(l, 0)->dtype), v);
    return STEPC_OK;
}

static stepc_code input_view(lower_context *l, int32_t input, lower_view *v)
{
    int32_t in = lower_input(l, input);
    if (in < 0)
        return stepc_error_code(l->error);
    lower_view_of(l, in, dtype_is_complex(lower_info(l, input)->dtype), v);
    return STEPC_OK;
}

/* ---- Concat, ConcatV2, Pack -------------------------------------------------------------------------------- */

/* Inputs FIRST .. FIRST + COUNT - 1 one behind the other along AXIS. */
static stepc_code join_along(lower_context *l, int32_t first, int32_t count, int32_t axis)
{
    size_pool *p = l->program->sizes;
    lower_view out;
    size_ref place = size_const(p, 0);
    stepc_code code = whole_output(l, &out);
    for (int32_t k = 0; !code && k < count; k++) {
        lower_view in, part = out;
        code = input_view(l, first + k, &in);
        for (int32_t d = 0; !code && d < out.rank; d++)
            if (d != axis)
                code = lower_check_equal(l->state, in.extents[d], out.extents[d], "Dimensions of inputs should match",
                                         l->op, l->error);
        if (code)
            return code;
        part.extents[axis] = in.extents[axis];
        lower_view_shift(l, &part, axis, place);
        place = size_sum(p, place, in.extents[axis]);
        code = lower_view_copy(l, &part, &in);
    }
    return code;
}

/* AT is the input with the axis. */
static stepc_code lower_join_at(lower_context *l, int32_t first, int32_t at)
{
    int32_t axis, rank = lower_output_info(l, 0)->rank;
    stepc_code code = lower_operand_axis(l, at, rank, &axis);
    return code ? code : join_along(l, first, l->op->input_count - 1, axis);
}

static stepc_code lower_concat(lower_context *l) { return lower_join_at(l, 1, 0); }
static stepc_code lower_concat_v2(lower_context *l) { return lower_join_at(l, 0, l->op->input_count - 1); }
static stepc_code lower_parallel_concat(lower_context *l) { return join_along(l, 0, l->op->input_count, 0); }

static stepc_code lower_pack(lower_context *l)
{
    size_pool *p = l->program->sizes;
    lower_view out;
    stepc_code code = whole_output(l, &out);
    int64_t axis = operation_int(l->op, "axis", 0);
    axis += axis < 0 && !code ? out.rank : 0;
    for (int32_t k = 0; !code && k < l->op->input_count; k++) {
        lower_view in, part = out;
        code = input_view(l, k, &in);
        lower_view_shift(l, &part, (int32_t)axis, size_const(p, k));
        part.rank--;
        for (int32_t d = 0; !code && d < part.rank; d++) {
            int32_t from = d < axis ? d : d + 1;
            part.extents[d] = out.extents[from];
            part.strides[d] = out.strides[from];
            code = lower_check_equal(l->state, in.extents[d], part.extents[d], "Shapes of all inputs must match", l->op,
                                     l->error);
        }
        if (!code)
            code = lower_view_copy(l, &part, &in);
    }
    return code;
}

/* ---- Pad, PadV2 ---------------------------------------------------------------------------------------------- */

/* TO gets FROM where BEFORE[d] <= index < BEFORE[d] + extent, elsewhere the scalar in buffer VALUE (-1: 0). */
static stepc_code pad_into(lower_context *l, int32_t to, const lower_view *from, const int64_t *before, const bool *padded,
                           int32_t value)
{
    size_pool *p = l->program->sizes;
    const loop_buffer *target = &l->program->buffers[to];
    lower_view shifted = *from;
    int32_t axes[LOWER_MAX_RANK], inside = -1, axis_of[1];
    /* The input as if it began where the result does: what lies before it is never read. */
    for (int32_t d = 0; d < from->rank; d++) {
        lower_view_shift(l, &shifted, d, size_const(p, -before[d]));
        shifted.extents[d] = target->extents[d];
    }
    int32_t source = lower_view_make(l, &shifted);
    if (source < 0)
        return stepc_error_code(l->error);
    target = &l->program->buffers[to];
    stepc_dtype dtype = target->dtype;
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    int32_t rank = target->rank;
    for (int32_t d = 0; d < rank; d++)
        axes[d] = nest_axis(&b, target->extents[d], AXIS_SPACE);
    for (int32_t d = 0; d < from->rank; d++) {
        if (!padded[d])
            continue;
        int32_t at = nest_binary(&b, LOOP_SUB, nest_axis_value(&b, d), nest_const_i64(&b, STEPC_INT64, before[d]));
        int32_t here = nest_in_range(&b, at, from->extents[d]);
        inside = inside < 0 ? here : nest_binary(&b, LOOP_AND, inside, here);
    }
    int32_t read = nest_read(&b, source, axes), border = -1;
    axis_of[0] = rank - 1; /* of the pair of a complex scalar */
    if (inside >= 0)
        border = value < 0 ? lower_zero(&b, dtype) : nest_read(&b, value, axis_of);
    nest_write(&b, to, axes, inside < 0 ? read : nest_select(&b, inside, read, border));
    return nest_end(&b, l->error);
}

/* Pairs of paddings in constant operand INPUT for dimensions FIRST .. of a tensor of RANK. */
static stepc_code read_pairs(lower_context *l, int32_t input, int32_t first, int32_t rank, int64_t *before, int64_t *after)
{
    const int64_t *pairs;
    int64_t count;
    stepc_code code = lower_constant_integers(l, input, &pairs, &count);
    for (int32_t d = 0; d < rank; d++)
        before[d] = after[d] = 0;
    if (!code && count / 2 + first > rank)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "The paddings do not fit the rank of the input");
    for (int64_t i = 0; !code && i < count / 2; i++) {
        before[first + i] = pairs[2 * i];
        after[first + i] = pairs[2 * i + 1];
        if (pairs[2 * i] < 0 || pairs[2 * i + 1] < 0)
            return error_set(l->error, STEPC_INVALID_ARGUMENT, "Paddings must be non-negative: %lld %lld",
                             (long long)pairs[2 * i], (long long)pairs[2 * i + 1]);
        if (pairs[2 * i] > INT64_MAX / 4 || pairs[2 * i + 1] > INT64_MAX / 4) /* they are added up */
            return error_set(l->error, STEPC_INVALID_ARGUMENT, "Paddings are too large: %lld %lld",
                             (long long)pairs[2 * i], (long long)pairs[2 * i + 1]);
    }
    return code;
}

static stepc_code lower_pad(lower_context *l)
{
    lower_view in, out;
    int64_t before[LOWER_MAX_RANK], after[LOWER_MAX_RANK];
    bool padded[LOWER_MAX_RANK];
    int32_t value = -1;
    stepc_code code = input_view(l, 0, &in);
    if (!code)
        code = read_pairs(l, 1, 0, in.rank, before, after);
    if (!code && l->op->input_count > 2)
        code = lower_require_rank(l, 2, 0);
    if (!code && l->op->input_count > 2 && (value = lower_input(l, 2)) < 0)
        code = stepc_error_code(l->error);
    if (!code)
        code = whole_output(l, &out);
    if (code)
        return code;
    for (int32_t d = 0; d < in.rank; d++)
        padded[d] = before[d] > 0 || after[d] > 0;
    return pad_into(l, out.in, &in, before, padded, value);
}

/* ---- MirrorPad, Roll: the result falls into blocks ------------------------------------------------------------------- */

/* A stretch of one dimension of the result: EXTENT indices from TO on, which show the input's from FROM on, backwards where
 * BACK. */
typedef struct stretch {
    size_ref to, from, extent;
    bool back;
} stretch;

enum { MOST_BLOCKS = 128 };

/* One copy per combination of the stretches of all dimensions, COUNTS[d] of them in dimension D. */
static stepc_code copy_blocks(lower_context *l, const lower_view *out, const lower_view *in,
                              stretch (*stretches)[3], const int32_t *counts)
{
    size_pool *p = l->program->sizes;
    int32_t total = 1;
    for (int32_t d = 0; d < in->rank && total <= MOST_BLOCKS; d++)
        total *= counts[d];
    if (total > MOST_BLOCKS) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "%s along so many dimensions is not compiled", l->op->type.data);
        return error_mend(l->error, "run the step interpreted");
    }
    stepc_code code = STEPC_OK;
    for (int32_t i = 0; !code && i < total; i++) {
        lower_view to = *out, from = *in;
        int32_t rest = i;
        for (int32_t d = 0; d < in->rank; d++) {
            const stretch *s = &stretches[d][rest % counts[d]];
            rest /= counts[d];
            lower_view_shift(l, &to, d, s->to);
            lower_view_shift(l, &from, d, s->from);
            to.extents[d] = from.extents[d] = s->extent;
            if (s->back)
                from.strides[d] = size_product(p, from.strides[d], size_const(p, -1));
        }
        code = lower_view_copy(l, &to, &from);
    }
    return code;
}

static stepc_code lower_mirror_pad(lower_context *l)
{
    size_pool *p = l->program->sizes;
    bool symmetric = text_equal(operation_string(l->op, "mode"), TEXT_LITERAL("SYMMETRIC"));
    lower_view in, out;
    int64_t before[LOWER_MAX_RANK], after[LOWER_MAX_RANK], skip = symmetric ? 0 : 1;
    stretch stretches[LOWER_MAX_RANK][3];
    int32_t counts[LOWER_MAX_RANK];
    stepc_code code = input_view(l, 0, &in);
    if (!code)
        code = read_pairs(l, 1, 0, in.rank, before, after);
    for (int32_t d = 0; !code && d < in.rank; d++) {
        int64_t most = before[d] > after[d] ? before[d] : after[d];
        if (most > 0)
            code = lower_require_at_most(l, size_const(p, most + skip), in.extents[d],
                                         "paddings must be no greater than the dimension size");
    }
    if (!code)
        code = whole_output(l, &out);
    for (int32_t d = 0; !code && d < in.rank; d++) {
        size_ref zero = size_const(p, 0), head = size_const(p, before[d]), dim = in.extents[d];
        stretch *s = stretches[d];
        counts[d] = 0;
        s[counts[d]++] = (stretch){head, zero, dim, false};
        if (before[d] > 0)
            s[counts[d]++] = (stretch){zero, size_const(p, before[d] - 1 + skip), head, true};
        if (after[d] > 0)
            s[counts[d]++] = (stretch){size_sum(p, head, dim), size_sub(p, dim, size_const(p, 1 + skip)),
                                       size_const(p, after[d]), true};
    }
    return code ? code : copy_blocks(l, &out, &in, stretches, counts);
}

static stepc_code lower_roll(lower_context *l)
{
    size_pool *p = l->program->sizes;
    const int64_t *axes, *shifts;
    int64_t axis_count, shift_count, total[LOWER_MAX_RANK] = {0};
    lower_view in, out;
    stretch stretches[LOWER_MAX_RANK][3];
    int32_t counts[LOWER_MAX_RANK];
    stepc_code code = input_view(l, 0, &in);
    if (!code)
        code = lower_constant_integers(l, 1, &shifts, &shift_count);
    if (!code)
        code = lower_constant_integers(l, 2, &axes, &axis_count);
    if (!code && axis_count != shift_count)
        code = error_set(l->error, STEPC_INVALID_ARGUMENT, "shift and axis must have the same size");
    for (int64_t i = 0; !code && i < axis_count; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + in.rank : axes[i], dim;
        if (axis < 0 || axis >= in.rank)
            return error_set(l->error, STEPC_INVALID_ARGUMENT, "axis %lld is out of range", (long long)axes[i]);
        if (!size_is_const(p, in.extents[axis], &dim)) {
            error_set(l->error, STEPC_UNIMPLEMENTED, "Roll along a dimension of unknown size is not compiled");
            return error_mend(l->error, "fix the fed shape, e.g. --feed x:0=float32[32,4]");
        }
        if (dim > 0)
            total[axis] = (total[axis] + shifts[i] % dim + dim) % dim;
    }
    if (!code)
        code = whole_output(l, &out);
    for (int32_t d = 0; !code && d < in.rank; d++) {
        size_ref zero = size_const(p, 0), shift = size_const(p, total[d]), kept = size_sub(p, in.extents[d], shift);
        stretches[d][0] = (stretch){shift, zero, kept, false};
        stretches[d][1] = (stretch){zero, kept, shift, false};
        counts[d] = total[d] > 0 ? 2 : 1;
    }
    return code ? code : copy_blocks(l, &out, &in, stretches, counts);
}

/* ---- MirrorPadGrad: every block of the gradient added to what it mirrors ------------------------------------------ */

/* A nest that writes to view TO: FROM alone, or added to what TO holds, both as TO's values. FROM < 0: zero. */
static stepc_code add_view(lower_context *l, int32_t to, int32_t from)
{
    const loop_buffer *buffer = &l->program->buffers[to];
    stepc_dtype dtype = lower_value_dtype(buffer->dtype);
    int32_t axes[LOWER_MAX_RANK];
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    for (int32_t d = 0; d < buffer->rank; d++)
        axes[d] = nest_axis(&b, buffer->extents[d], AXIS_SPACE);
    int32_t value = from < 0 ? lower_zero(&b, dtype) : nest_cast(&b, nest_read(&b, from, axes), dtype);
    nest_write(&b, to, axes, from < 0 ? value : nest_binary(&b, LOOP_ADD, nest_read(&b, to, axes), value));
    return nest_end(&b, l->error);
}

/* The blocks in the order of the gradient's rows: what meets in one place is added as the reference adds it. */
static stepc_code add_blocks(lower_context *l, const lower_view *sums, const lower_view *in, stretch (*stretches)[3],
                             const int32_t *counts)
{
    size_pool *p = l->program->sizes;
    int32_t total = 1;
    for (int32_t d = 0; d < in->rank && total <= MOST_BLOCKS; d++)
        total *= counts[d];
    if (total > MOST_BLOCKS) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "%s along so many dimensions is not compiled", l->op->type.data);
        return error_mend(l->error, "run the step interpreted");
    }
    int32_t whole = lower_view_make(l, sums);
    stepc_code code = whole < 0 ? stepc_error_code(l->error) : add_view(l, whole, -1);
    for (int32_t i = 0; !code && i < total; i++) {
        lower_view to = *sums, from = *in;
        int32_t rest = i;
        for (int32_t d = in->rank - 1; d >= 0; d--) {
            const stretch *s = &stretches[d][rest % counts[d]];
            rest /= counts[d];
            lower_view_shift(l, &to, d, s->to);
            lower_view_shift(l, &from, d, s->from);
            to.extents[d] = from.extents[d] = s->extent;
            if (s->back)
                from.strides[d] = size_product(p, from.strides[d], size_const(p, -1));
        }
        int32_t target = lower_view_make(l, &to), source = target < 0 ? -1 : lower_view_make(l, &from);
        code = source < 0 ? stepc_error_code(l->error) : add_view(l, target, source);
    }
    return code;
}

/* The stretches of one dimension: EXTENT without the borders BEFORE and AFTER. */
static int32_t fold_stretches(size_pool *p, stretch *s, size_ref extent, int64_t before, int64_t after, int64_t skip)
{
    size_ref zero = size_const(p, 0), head = size_const(p, before), tail = size_const(p, after);
    int32_t count = 0;
    if (before > 0)
        s[count++] = (stretch){size_const(p, skip), size_const(p, before - 1), head, true};
    s[count++] = (stretch){zero, head, extent, false};
    if (after > 0)
        s[count++] = (stretch){size_sub(p, extent, size_const(p, after + skip)),
                               size_sum(p, size_sum(p, head, extent), size_const(p, after - 1)), tail, true};
    return count;
}

/* Sums run in 64 bits: of integers, only the low bits of which count, in the dtype itself. */
static int32_t sums_buffer(lower_context *l, const lower_view *out)
{
    const loop_buffer *result = &l->program->buffers[out->in];
    stepc_dtype dtype = result->dtype;
    if (dtype_is_float(dtype))
        dtype = l->program->exact ? STEPC_FLOAT64 : lower_value_dtype(dtype);
    return dtype == result->dtype ? out->in : lower_temporary(l, dtype, result->extents, result->rank, "folded");
}

static stepc_code fold_into(lower_context *l, const lower_view *in, const lower_view *out, stretch (*stretches)[3],
                            const int32_t *counts)
{
    bool is_complex = dtype_is_complex(lower_output_info(l, 0)->dtype);
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    int32_t buffer = sums_buffer(l, out);
    if (buffer < 0)
        return stepc_error_code(l->error);
    lower_view sums;
    lower_view_of(l, buffer, is_complex, &sums);
    stepc_code code = add_blocks(l, &sums, in, stretches, counts);
    if (code || buffer == out->in)
        return code;
    nest_builder b;
    lower_begin(l, &b, 0);
    lower_write(&b, out->in, lower_narrow(&b, lower_read_same(&b, buffer), is_complex ? STEPC_FLOAT32 : dtype));
    return nest_end(&b, l->error);
}

static stepc_code lower_mirror_pad_grad(lower_context *l)
{
    size_pool *p = l->program->sizes;
    bool symmetric = text_equal(operation_string(l->op, "mode"), TEXT_LITERAL("SYMMETRIC"));
    stepc_dtype dtype = lower_info(l, 0)->dtype;
    lower_view in, out;
    int64_t before[LOWER_MAX_RANK], after[LOWER_MAX_RANK], skip = symmetric ? 0 : 1;
    stretch stretches[LOWER_MAX_RANK][3];
    int32_t counts[LOWER_MAX_RANK];
    const size_ref *dims;
    int32_t rank;
    if (!dtype_is_float(dtype) && !dtype_is_complex(dtype) && (!dtype_is_integer(dtype) || loop_value_dtype(dtype) != dtype)) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "MirrorPadGrad of %s is not compiled", stepc_dtype_name(dtype));
        return error_mend(l->error, "run the step interpreted");
    }
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    if (!code)
        code = input_view(l, 0, &in);
    if (!code)
        code = read_pairs(l, 1, 0, in.rank, before, after);
    for (int32_t d = 0; !code && d < in.rank; d++) {
        int64_t most = before[d] > after[d] ? before[d] : after[d];
        code = lower_require_at_most(l, size_const(p, most > 0 ? most + skip : 0), dims[d],
                                     "paddings must be no greater than the output dimension size");
        counts[d] = fold_stretches(p, stretches[d], dims[d], before[d], after[d], skip);
    }
    if (!code)
        code = whole_output(l, &out);
    return code ? code : fold_into(l, &in, &out, stretches, counts);
}

/* ---- SpaceToDepth, DepthToSpace --------------------------------------------------------------------------------------- */

static stepc_code lower_depth(lower_context *l, bool to_depth)
{
    size_pool *p = l->program->sizes;
    bool first = text_equal(operation_string(l->op, "data_format"), TEXT_LITERAL("NCHW"));
    int32_t h = first ? 2 : 1, w = first ? 3 : 2, c = first ? 1 : 3;
    int64_t block_size = operation_int(l->op, "block_size", 0);
    lower_view in, out;
    stepc_code code = input_view(l, 0, &in);
    if (!code)
        code = whole_output(l, &out);
    if (code)
        return code;
    /* The tensor with the spread image, and the deep one; both as (batch, y, dy, x, dx, channel). */
    const lower_view *wide = to_depth ? &in : &out, *deep = to_depth ? &out : &in;
    size_ref block = size_const(p, block_size), channels = wide->extents[c];
    code = lower_check_equal(l->state, size_product(p, deep->extents[h], block), wide->extents[h],
                             "Image height should be divisible by block_size", l->op, l->error);
    if (!code)
        code = lower_check_equal(l->state, size_product(p, deep->extents[w], block), wide->extents[w],
                                 "Image width should be divisible by block_size", l->op, l->error);
    if (!code)
        code = lower_check_equal(l->state, size_product(p, channels, size_product(p, block, block)), deep->extents[c],
                                 "Input depth dimension should be divisible by the square of block_size", l->op, l->error);
    if (code)
        return code;
    size_ref depth = size_product(p, deep->strides[c], channels);
    lower_view spread = {.in = wide->in, .rank = 6, .offset = wide->offset}, folded = {.in = deep->in, .rank = 6, .offset = deep->offset};
    const size_ref extents[6] = {wide->extents[0], deep->extents[h], block, deep->extents[w], block, channels};
    const size_ref spread_strides[6] = {wide->strides[0], size_product(p, wide->strides[h], block), wide->strides[h],
                                        size_product(p, wide->strides[w], block), wide->strides[w], wide->strides[c]};
    const size_ref folded_strides[6] = {deep->strides[0], deep->strides[h], size_product(p, depth, block), deep->strides[w],
                                        depth, deep->strides[c]};
    for (int32_t d = 0; d < 6; d++) {
        spread.extents[d] = folded.extents[d] = extents[d];
        spread.strides[d] = spread_strides[d];
        folded.strides[d] = folded_strides[d];
    }
    return to_depth ? lower_view_copy(l, &folded, &spread) : lower_view_copy(l, &spread, &folded);
}

static stepc_code lower_space_to_depth(lower_context *l) { return lower_depth(l, true); }
static stepc_code lower_depth_to_space(lower_context *l) { return lower_depth(l, false); }

/* ---- space and batch ------------------------------------------------------------------------------------------------------ */

typedef struct batch_blocks {
    int32_t count;
    int64_t size[LOWER_MAX_RANK], before[LOWER_MAX_RANK], after[LOWER_MAX_RANK]; /* before and after by dimension */
    int64_t product;
} batch_blocks;

static stepc_code read_blocks(lower_context *l, int32_t rank, batch_blocks *out)
{
    bool attr = text_equal(l->op->type, TEXT_LITERAL("SpaceToBatch")) || text_equal(l->op->type, TEXT_LITERAL("BatchToSpace"));
    const int64_t *sizes = NULL;
    int64_t count = 2;
    stepc_code code = attr ? STEPC_OK : lower_constant_integers(l, 1, &sizes, &count);
    if (!code && count + rank >= LOWER_MAX_RANK)
        code = error_set(l->error, STEPC_UNIMPLEMENTED, "%s of rank %d is not compiled", l->op->type.data, rank);
    if (!code)
        code = read_pairs(l, attr ? 1 : 2, 1, rank, out->before, out->after);
    out->count = (int32_t)count;
    out->product = 1;
    for (int32_t i = 0; !code && i < count; i++) {
        out->size[i] = attr ? operation_int(l->op, "block_size", 0) : sizes[i];
        if (out->size[i] < 1 || out->size[i] > INT32_MAX || out->product > INT32_MAX)
            return error_set(l->error, STEPC_INVALID_ARGUMENT, "All values in block_shape must be positive, got value, %lld",
                             (long long)out->size[i]);
        out->product *= out->size[i];
    }
    return code;
}

/* WHOLE has its space in one piece, PARTS in the batch; both as (blocks.., batch, positions.., rest). */
static stepc_code batch_views(lower_context *l, const batch_blocks *b, const lower_view *whole, const lower_view *parts,
                              lower_view *spread, lower_view *folded)
{
    size_pool *p = l->program->sizes;
    size_ref batch = whole->extents[0], outer = size_product(p, parts->strides[0], batch);
    int32_t n = b->count;
    *spread = (lower_view){.in = whole->in, .rank = whole->rank + n, .offset = whole->offset};
    *folded = (lower_view){.in = parts->in, .rank = whole->rank + n, .offset = parts->offset};
    stepc_code code = lower_check_equal(l->state, size_product(p, batch, size_const(p, b->product)), parts->extents[0],
                                        "Input batch dimension is not divisible by product of block sizes", l->op, l->error);
    for (int32_t i = n - 1; i >= 0; i--) {
        spread->extents[i] = folded->extents[i] = size_const(p, b->size[i]);
        spread->strides[i] = whole->strides[i + 1];
        folded->strides[i] = outer;
        outer = size_product(p, outer, size_const(p, b->size[i]));
    }
    spread->extents[n] = folded->extents[n] = batch;
    spread->strides[n] = whole->strides[0];
    folded->strides[n] = parts->strides[0];
    for (int32_t d = 1; !code && d < whole->rank; d++) {
        size_ref size = size_const(p, d <= n ? b->size[d - 1] : 1);
        code = lower_check_equal(l->state, size_product(p, parts->extents[d], size), whole->extents[d],
                                 "padded_shape is not divisible by block_shape", l->op, l->error);
        spread->extents[n + d] = folded->extents[n + d] = parts->extents[d];
        spread->strides[n + d] = size_product(p, whole->strides[d], size);
        folded->strides[n + d] = parts->strides[d];
    }
    return code;
}

/* A temporary like LIKE but for EXTENTS. */
static int32_t temporary_like(lower_context *l, const lower_view *like, const size_ref *extents, const char *hint, lower_view *v)
{
    const loop_buffer *from = &l->program->buffers[like->in];
    size_ref all[LOWER_MAX_RANK + 1];
    bool is_complex = from->rank > like->rank;
    for (int32_t d = 0; d < like->rank; d++)
        all[d] = extents[d];
    if (is_complex)
        all[like->rank] = from->extents[from->rank - 1];
    int32_t buffer = lower_temporary(l, from->dtype, all, from->rank, hint);
    if (buffer >= 0)
        lower_view_of(l, buffer, is_complex, v);
    return buffer;
}

static stepc_code lower_space_to_batch(lower_context *l)
{
    size_pool *p = l->program->sizes;
    lower_view in, out, padded, spread, folded;
    batch_blocks b = {0};
    size_ref extents[LOWER_MAX_RANK];
    bool is_padded[LOWER_MAX_RANK], any = false;
    stepc_code code = input_view(l, 0, &in);
    if (!code)
        code = read_blocks(l, in.rank, &b);
    for (int32_t d = 0; !code && d < in.rank; d++) {
        is_padded[d] = b.before[d] > 0 || b.after[d] > 0;
        extents[d] = size_sum(p, in.extents[d], size_const(p, b.before[d] + b.after[d]));
        any = any || is_padded[d];
    }
    padded = in;
    if (!code && any) {
        code = temporary_like(l, &in, extents, "padded", &padded) < 0
                   ? stepc_error_code(l->error)
                   : pad_into(l, padded.in, &in, b.before, is_padded, -1);
    }
    if (!code)
        code = whole_output(l, &out);
    if (!code)
        code = batch_views(l, &b, &padded, &out, &spread, &folded);
    return code ? code : lower_view_copy(l, &folded, &spread);
}

static stepc_code lower_batch_to_space(lower_context *l)
{
    size_pool *p = l->program->sizes;
    lower_view in, whole, spread, folded;
    batch_blocks b = {0};
    size_ref extents[LOWER_MAX_RANK];
    const size_ref *dims;
    int32_t rank;
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    if (!code)
        code = input_view(l, 0, &in);
    if (!code)
        code = read_blocks(l, in.rank, &b);
    for (int32_t d = 0; !code && d < in.rank; d++)
        extents[d] = d == 0 ? dims[0] : size_product(p, in.extents[d], size_const(p, d <= b.count ? b.size[d - 1] : 1));
    if (!code && temporary_like(l, &in, extents, "spread", &whole) < 0)
        code = stepc_error_code(l->error);
    if (!code)
        code = batch_views(l, &b, &whole, &in, &spread, &folded);
    if (!code)
        code = lower_view_copy(l, &spread, &folded);
    for (int32_t d = 1; !code && d < rank; d++) {
        lower_view_shift(l, &whole, d, size_const(p, b.before[d]));
        whole.extents[d] = dims[d];
    }
    return code ? code : lower_view_end(l, 0, &whole);
}

static const lower_row rows[] = {
    {"BatchToSpace", lower_batch_to_space, 1u << 1},
    {"BatchToSpaceND", lower_batch_to_space, 3u << 1},
    {"Concat", lower_concat, 1u << 0},
    {"ConcatV2", lower_concat_v2, 0},
    {"DepthToSpace", lower_depth_to_space, 0},
    {"MirrorPad", lower_mirror_pad, 1u << 1},
    {"MirrorPadGrad", lower_mirror_pad_grad, 1u << 1},
    {"Pack", lower_pack, 0},
    {"ParallelConcat", lower_parallel_concat, 0},
    {"Pad", lower_pad, 1u << 1},
    {"PadV2", lower_pad, 1u << 1},
    {"Roll", lower_roll, 3u << 1},
    {"SpaceToBatch", lower_space_to_batch, 1u << 1},
    {"SpaceToBatchND", lower_space_to_batch, 3u << 1},
    {"SpaceToDepth", lower_space_to_depth, 0},
};

const lower_family lower_join = {rows, sizeof rows / sizeof rows[0]};
