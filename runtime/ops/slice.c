/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of one tensor: Slice, StridedSlice and its gradient. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

/* ---- Slice ---------------------------------------------------------------------------------- */

static stepc_code slice_rank(kernel_context *k)
{
    int32_t rank = stepc_tensor_rank(k->inputs[0]);
    char begin[SHAPE_TEXT_BYTES], size[SHAPE_TEXT_BYTES];

    if (stepc_tensor_rank(k->inputs[1]) == 1 && stepc_tensor_rank(k->inputs[2]) == 1 &&
        stepc_tensor_length(k->inputs[1]) == rank && stepc_tensor_length(k->inputs[2]) == rank)
        return move_check_rank(k, rank);
    return error_set(k->error, STEPC_INVALID_ARGUMENT,
                     "Expected begin and size arguments to be 1-D tensors of size %d, but got shapes %s and %s instead.",
                     rank, tensor_shape_text(k->inputs[1], begin), tensor_shape_text(k->inputs[2], size));
}

static stepc_code check_slice(stepc_error *error, int32_t d, int64_t dim, int64_t begin, int64_t size)
{
    if (begin < 0 || begin > dim)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Expected begin[%d] in [0, %lld], but got %lld", d,
                         (long long)dim, (long long)begin);
    if (size < 0 || size > dim - begin)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Expected size[%d] in [0, %lld], but got %lld", d,
                         (long long)(dim - begin), (long long)size);
    return STEPC_OK;
}

static stepc_code kernel_slice(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    stepc_code code = slice_rank(k);
    move_region region;
    stepc_tensor *out;

    if (code != STEPC_OK)
        return code;
    region.rank = stepc_tensor_rank(in);
    region.from_base = region.to_base = 0;
    move_steps(stepc_tensor_dims(in), region.rank, region.from_steps);
    for (int32_t d = 0; code == STEPC_OK && d < region.rank; d++) {
        int64_t dim = stepc_tensor_dims(in)[d], begin = integer_at(k->inputs[1], d), size = integer_at(k->inputs[2], d);

        code = check_slice(k->error, d, dim, begin, 0);
        if (code != STEPC_OK)
            return code;
        region.dims[d] = size == -1 ? dim - begin : size;
        code = check_slice(k->error, d, dim, begin, region.dims[d]);
        region.from_base += begin * region.from_steps[d];
    }
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(in), region.dims, region.rank, &out);
    if (code != STEPC_OK)
        return code;
    move_steps(region.dims, region.rank, region.to_steps);
    return move_copy(out, in, &region, k->error);
}

/* One dimension of a slice; SIZE_UNKNOWN when it depends on the sign of SIZE. */
static stepc_code slice_dim(infer_context *c, int32_t d, size_ref dim, size_ref begin, size_ref size, size_ref *out)
{
    const size_node *node = size_get(c->sizes, size);
    int64_t have = 0, from = 0, count = 0;
    bool rest = size_is_const(c->sizes, size, &count) && count == -1;

    if (size_is_const(c->sizes, begin, &from) && from < 0)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Expected begin[%d] in [0, ?], but got %lld", d,
                         (long long)from);
    if (rest)
        *out = size_sub(c->sizes, dim, begin);
    else
        *out = node && node->min >= 0 ? size : SIZE_UNKNOWN;
    if (node && node->kind == SIZE_CONST && count < -1)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Expected size[%d] in [0, ?], but got %lld", d,
                         (long long)count);
    if (!size_is_const(c->sizes, dim, &have) || !size_is_const(c->sizes, begin, &from))
        return STEPC_OK;
    if (!rest && !size_is_const(c->sizes, size, &count))
        return check_slice(c->error, d, have, from, 0);
    return check_slice(c->error, d, have, from, rest ? have - from : count);
}

static stepc_code infer_slice(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    size_ref *begin = NULL, *size = NULL;
    int64_t begins = -1, sizes = -1, first, count;
    bool has_begin = infer_elements(c, 1, &begin, &begins), has_size = infer_elements(c, 2, &size, &sizes);
    int64_t rank = in->rank >= 0 ? in->rank : has_begin ? begins : has_size ? sizes : -1;
    stepc_code code;

    if (rank < 0)
        return STEPC_OK;
    if ((has_begin && begins != rank) || (has_size && sizes != rank))
        return error_set(c->error, STEPC_INVALID_ARGUMENT,
                         "Expected begin and size arguments to be 1-D tensors of size %lld, but got %lld and %lld",
                         (long long)rank, (long long)begins, (long long)sizes);
    code = infer_set_rank(c, 0, (int32_t)rank);
    for (int32_t d = 0; code == STEPC_OK && d < rank; d++)
        code = slice_dim(c, d, in->rank < 0 ? SIZE_UNKNOWN : in->dims[d], has_begin ? begin[d] : SIZE_UNKNOWN,
                         has_size ? size[d] : SIZE_UNKNOWN, &c->outputs[0].dims[d]);
    if (code == STEPC_OK && rank == 1 && has_begin && size_is_const(c->sizes, begin[0], &first) &&
        size_is_const(c->sizes, c->outputs[0].dims[0], &count))
        code = infer_pick_elements(c, 0, 0, first, 1, count);
    return code;
}

/* ---- the masks of StridedSlice ------------------------------------------------------------------ */

/* One entry of the result before dimensions are dropped: a dimension of the input, or a new one. */
typedef struct slice_item {
    int32_t dim;  /* of the input; -1: a new dimension of size 1 */
    int32_t spec; /* its place in begin, end and strides; -1: all of the dimension */
    bool from_first, to_last, drops;
} slice_item;

typedef struct slice_items {
    int32_t count;
    slice_item items[MOVE_RANK + 40];
} slice_items;

enum { MOST_SPECS = 32 };

static bool mask_bit(const stepc_operation *op, const char *name, int64_t bit)
{
    return bit < MOST_SPECS && (operation_int(op, name, 0) >> bit & 1);
}

static void take_all(slice_items *s, int32_t dim)
{
    s->items[s->count++] = (slice_item){.dim = dim, .spec = -1, .from_first = true, .to_last = true};
}

static stepc_code read_spec(stepc_error *error, const stepc_operation *op, int32_t i, int32_t rank, int32_t *full,
                            slice_items *out)
{
    if (mask_bit(op, "new_axis_mask", i)) {
        out->items[out->count++] = (slice_item){.dim = -1, .spec = -1};
        return STEPC_OK;
    }
    if (*full == rank)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Index out of range using input dim %d; input has only %d dims",
                         *full, rank);
    out->items[out->count++] = (slice_item){.dim = (*full)++,
                                            .spec = i,
                                            .from_first = mask_bit(op, "begin_mask", i),
                                            .to_last = mask_bit(op, "end_mask", i),
                                            .drops = mask_bit(op, "shrink_axis_mask", i)};
    return STEPC_OK;
}

/* COUNT specs on a tensor of RANK; without an ellipsis the last dimensions are taken whole. */
static stepc_code read_masks(stepc_error *error, const stepc_operation *op, int32_t count, int32_t rank,
                             slice_items *out)
{
    int32_t ellipsis = count, added = 0, full = 0, all = count, i;
    stepc_code code = STEPC_OK;

    out->count = 0;
    if (count >= MOST_SPECS)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Only %d strided slices at most are supported", MOST_SPECS - 1);
    for (i = 0; i < count; i++) {
        if (mask_bit(op, "ellipsis_mask", i)) {
            if (ellipsis != count)
                return error_set(error, STEPC_INVALID_ARGUMENT, "Multiple ellipses in slice spec not allowed");
            ellipsis = i;
        } else if (ellipsis != count && mask_bit(op, "new_axis_mask", i)) {
            added++;
        }
    }
    if (ellipsis == count)
        all = count + 1;
    for (i = 0; code == STEPC_OK && i < all; i++) {
        int32_t next = rank - (all - i) + 1 + added;

        if (i != ellipsis) {
            code = read_spec(error, op, i, rank, &full, out);
            continue;
        }
        next = next < rank ? next : rank;
        while (full < next)
            take_all(out, full++);
    }
    return code;
}

/* ---- StridedSlice in numbers ---------------------------------------------------------------------- */

/* Where the slice of one dimension begins, how it goes on, how long it is. */
typedef struct slice_range {
    int64_t begin, stride, count;
} slice_range;

static int64_t clamp(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

static stepc_code range_of(stepc_error *error, const slice_item *item, int64_t dim, int64_t begin, int64_t end,
                           int64_t stride, slice_range *out)
{
    int64_t low = stride > 0 ? 0 : -1, high = stride > 0 ? dim : dim - 1, length;

    if (stride == 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "strides[%d] must be non-zero", item->spec);
    if (item->drops) {
        int64_t at = begin < 0 ? begin + dim : begin;

        if (stride < 0)
            return error_set(error, STEPC_INVALID_ARGUMENT, "only stride 1 allowed on non-range indexing.");
        if (at < 0 || at >= dim)
            return error_set(error, STEPC_INVALID_ARGUMENT, "slice index %lld of dimension %d out of bounds.",
                             (long long)begin, item->dim);
        *out = (slice_range){at, 1, 1};
        return STEPC_OK;
    }
    begin = item->from_first ? (stride > 0 ? low : high) : clamp(begin < 0 ? begin + dim : begin, low, high);
    end = item->to_last ? (stride > 0 ? high : low) : clamp(end < 0 ? end + dim : end, low, high);
    length = end - begin;
    *out = (slice_range){begin, stride, 0};
    /* The stride may be the least integer: divide by it, never negate it. */
    if (length != 0 && (length < 0) == (stride < 0))
        out->count = length / stride + (length % stride != 0);
    return STEPC_OK;
}

static stepc_code check_specs(kernel_context *k, int32_t first)
{
    char begin[SHAPE_TEXT_BYTES], end[SHAPE_TEXT_BYTES], strides[SHAPE_TEXT_BYTES];
    const stepc_tensor *b = k->inputs[first];

    if (stepc_tensor_rank(b) == 1 && tensor_same_shape(b, k->inputs[first + 1]) &&
        tensor_same_shape(b, k->inputs[first + 2]))
        return STEPC_OK;
    return error_set(k->error, STEPC_INVALID_ARGUMENT,
                     "Expected begin, end, and strides to be 1D equal size tensors, but got shapes %s, %s, and %s instead.",
                     tensor_shape_text(b, begin), tensor_shape_text(k->inputs[first + 1], end),
                     tensor_shape_text(k->inputs[first + 2], strides));
}

/* The block of a tensor of DIMS that inputs FIRST .. FIRST + 2 and the masks name, in the region's from side. */
static stepc_code slice_region(kernel_context *k, int32_t first, const int64_t *dims, int32_t rank, move_region *out)
{
    stepc_code code = check_specs(k, first);
    int64_t steps[MOVE_RANK];
    slice_items items;

    if (code == STEPC_OK)
        code = move_check_rank(k, rank);
    if (code == STEPC_OK)
        code = read_masks(k->error, k->op, (int32_t)clamp(stepc_tensor_length(k->inputs[first]), 0, 1000), rank, &items);
    if (code != STEPC_OK)
        return code;
    move_steps(dims, rank, steps);
    out->rank = 0;
    out->from_base = 0;
    for (int32_t i = 0; code == STEPC_OK && i < items.count; i++) {
        const slice_item *item = &items.items[i];
        slice_range range = {0, 1, 1};

        if (item->dim >= 0 && item->spec < 0)
            range.count = dims[item->dim];
        else if (item->dim >= 0)
            code = range_of(k->error, item, dims[item->dim], integer_at(k->inputs[first], item->spec),
                            integer_at(k->inputs[first + 1], item->spec), integer_at(k->inputs[first + 2], item->spec),
                            &range);
        if (code != STEPC_OK)
            return code;
        if (item->dim >= 0 && range.count > 0)
            out->from_base += range.begin * steps[item->dim];
        if (item->drops)
            continue;
        if (out->rank == MOVE_RANK)
            return move_check_rank(k, MOVE_RANK + 1);
        out->dims[out->rank] = range.count;
        /* With one element at most no step is taken, and a great stride cannot overflow. */
        out->from_steps[out->rank++] = item->dim >= 0 && range.count > 1 ? range.stride * steps[item->dim] : 0;
    }
    return code;
}

static stepc_code kernel_strided_slice(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    move_region region;
    stepc_tensor *out;
    stepc_code code = slice_region(k, 1, stepc_tensor_dims(in), stepc_tensor_rank(in), &region);

    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(in), region.dims, region.rank, &out);
    if (code != STEPC_OK)
        return code;
    region.to_base = 0;
    move_steps(region.dims, region.rank, region.to_steps);
    return move_copy(out, in, &region, k->error);
}

/* Zeros of the given shape, with the gradient where the slice was taken. */
static stepc_code kernel_strided_slice_grad(kernel_context *k)
{
    const stepc_tensor *dy = k->inputs[4];
    char have[SHAPE_TEXT_BYTES], want[SHAPE_TEXT_BYTES];
    int64_t dims[MOVE_RANK], rank = stepc_tensor_length(k->inputs[0]);
    move_region region;
    stepc_tensor *out;
    stepc_code code;

    if (stepc_tensor_rank(k->inputs[0]) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "shape must be 1-D, got shape.shape = %s instead.",
                         tensor_shape_text(k->inputs[0], have));
    code = move_check_rank(k, rank > MOVE_RANK ? MOVE_RANK + 1 : (int32_t)rank);
    for (int64_t d = 0; code == STEPC_OK && d < rank; d++)
        dims[d] = integer_at(k->inputs[0], d);
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(dy), dims, (int32_t)rank, &out);
    if (code == STEPC_OK)
        code = slice_region(k, 1, dims, (int32_t)rank, &region);
    if (code != STEPC_OK)
        return code;
    if (!shape_equal(region.dims, region.rank, stepc_tensor_dims(dy), stepc_tensor_rank(dy)))
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "shape of dy was %s instead of %s",
                         tensor_shape_text(dy, have), shape_text(region.dims, region.rank, want, sizeof want));
    region.to_base = region.from_base;
    region.from_base = 0;
    for (int32_t d = 0; d < region.rank; d++)
        region.to_steps[d] = region.from_steps[d];
    move_steps(region.dims, region.rank, region.from_steps);
    move_clear(out);
    return move_copy(out, dy, &region, k->error);
}

/* ---- StridedSlice in sizes --------------------------------------------------------------------------- */

/* X, counted from the end when negative, within LOW (-1 or 0) and HIGH; SIZE_UNKNOWN when its sign is. */
static size_ref place(infer_context *c, size_ref x, size_ref dim, int64_t low, size_ref high)
{
    const size_node *node = size_get(c->sizes, x);

    if (!node || (node->min < 0 && node->max >= 0))
        return SIZE_UNKNOWN;
    if (node->min >= 0)
        return size_min(c->sizes, x, high);
    x = size_sum(c->sizes, x, dim);
    node = size_get(c->sizes, x);
    return node && node->min >= low ? x : size_max(c->sizes, x, size_const(c->sizes, low));
}

static size_ref not_negative(infer_context *c, size_ref s)
{
    const size_node *node = size_get(c->sizes, s);

    return !node || node->min >= 0 ? s : size_max(c->sizes, s, size_const(c->sizes, 0));
}

/* How long the slice of DIM is. */
static size_ref length_of(infer_context *c, const slice_item *item, size_ref dim, size_ref begin, size_ref end,
                          int64_t stride)
{
    size_pool *p = c->sizes;
    int64_t low = stride > 0 ? 0 : -1;
    size_ref high = stride > 0 ? dim : size_sub(p, dim, size_const(p, 1)), least = size_const(p, low);

    if (item->from_first && item->to_last && (stride == 1 || stride == -1))
        return dim;
    if (item->from_first)
        begin = stride > 0 ? least : high;
    else
        begin = place(c, begin, dim, low, high);
    if (item->to_last)
        end = stride > 0 ? high : least;
    else
        end = place(c, end, dim, low, high);
    if (stride > 0)
        return size_ceil_div(p, not_negative(c, size_sub(p, end, begin)), size_const(p, stride));
    return size_ceil_div(p, not_negative(c, size_sub(p, begin, end)), size_const(p, -stride));
}

static stepc_code slice_length(infer_context *c, const slice_item *item, size_ref dim, const size_ref *specs[3],
                               size_ref *out)
{
    int64_t have, begin = 0, end = 0, stride;
    slice_range range;
    stepc_code code;

    *out = SIZE_UNKNOWN;
    if (!specs[2] || !size_is_const(c->sizes, specs[2][item->spec], &stride))
        return STEPC_OK;
    if (size_is_const(c->sizes, dim, &have) &&
        (item->from_first || size_is_const(c->sizes, specs[0][item->spec], &begin)) &&
        (item->to_last || item->drops || size_is_const(c->sizes, specs[1][item->spec], &end)) &&
        !(item->drops && !size_is_const(c->sizes, specs[0][item->spec], &begin))) {
        code = range_of(c->error, item, have, begin, end, stride, &range);
        *out = code == STEPC_OK ? size_const(c->sizes, range.count) : SIZE_UNKNOWN;
        return code;
    }
    if (stride == 0)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "strides[%d] must be non-zero", item->spec);
    if (stride > -INT64_MAX)
        *out = length_of(c, item, dim, specs[0][item->spec], specs[1][item->spec], stride);
    return STEPC_OK;
}

/* Elements of a slice of a vector whose numbers are all known. */
static stepc_code slice_elements(infer_context *c, const slice_items *items, const size_ref *specs[3])
{
    const infer_value *in = c->inputs[0];
    int64_t dim, begin = 0, end = 0, stride = 1;
    slice_range range;

    if (in->rank != 1 || c->outputs[0].rank > 1 || !size_is_const(c->sizes, in->dims[0], &dim))
        return STEPC_OK;
    for (int32_t i = 0; i < items->count; i++) {
        const slice_item *item = &items->items[i];

        if (item->dim < 0)
            return STEPC_OK;
        if (item->spec < 0)
            return infer_pick_elements(c, 0, 0, 0, 1, dim);
        if (!size_is_const(c->sizes, specs[2][item->spec], &stride) ||
            !(item->from_first || size_is_const(c->sizes, specs[0][item->spec], &begin)) ||
            (item->drops && !size_is_const(c->sizes, specs[0][item->spec], &begin)) ||
            !(item->to_last || item->drops || size_is_const(c->sizes, specs[1][item->spec], &end)) ||
            range_of(NULL, item, dim, begin, end, stride, &range) != STEPC_OK)
            return STEPC_OK;
        return infer_pick_elements(c, 0, 0, range.begin, range.stride, range.count);
    }
    return STEPC_OK;
}

static stepc_code infer_strided_slice(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    size_ref *elements[3] = {NULL, NULL, NULL};
    const size_ref *specs[3];
    int64_t counts[3] = {-1, -1, -1}, count = -1;
    slice_items items;
    int32_t rank = 0;
    stepc_code code;

    for (int32_t i = 0; i < 3; i++) {
        const infer_value *spec = c->inputs[1 + i];

        if (!infer_elements(c, 1 + i, &elements[i], &counts[i]) && spec->rank == 1)
            size_is_const(c->sizes, spec->dims[0], &counts[i]);
        if (counts[i] >= 0 && count >= 0 && counts[i] != count)
            return error_set(c->error, STEPC_INVALID_ARGUMENT,
                             "Expected begin, end, and strides to be 1D equal size tensors, but got %lld and %lld",
                             (long long)count, (long long)counts[i]);
        count = counts[i] >= 0 ? counts[i] : count;
        specs[i] = elements[i];
    }
    if (in->rank < 0 || count < 0 || in->rank > MOVE_RANK)
        return STEPC_OK;
    code = read_masks(c->error, c->op, (int32_t)clamp(count, 0, 1000), in->rank, &items);
    if (code != STEPC_OK)
        return code;
    for (int32_t i = 0; i < items.count; i++)
        rank += !items.items[i].drops;
    code = infer_set_rank(c, 0, rank);
    rank = 0;
    for (int32_t i = 0; code == STEPC_OK && i < items.count; i++) {
        const slice_item *item = &items.items[i];
        size_ref length = item->dim < 0 ? size_const(c->sizes, 1) : in->dims[item->dim];

        if (item->dim >= 0 && item->spec >= 0 && specs[0] && specs[1] && specs[2])
            code = slice_length(c, item, in->dims[item->dim], specs, &length);
        else if (item->spec >= 0)
            length = SIZE_UNKNOWN;
        if (!item->drops)
            c->outputs[0].dims[rank++] = length;
    }
    return code == STEPC_OK && specs[0] && specs[1] && specs[2] ? slice_elements(c, &items, specs) : code;
}

static stepc_code infer_strided_slice_grad(infer_context *c)
{
    size_ref *dims;
    int64_t count;
    stepc_code code;

    if (!infer_elements(c, 0, &dims, &count))
        return STEPC_OK;
    code = infer_set_rank(c, 0, (int32_t)count);
    for (int64_t d = 0; code == STEPC_OK && d < count; d++)
        c->outputs[0].dims[d] = dims[d];
    return code;
}

static const op_row rows[] = {
    {"Slice", infer_slice, kernel_slice, 0, SAMPLE_MOVEMENT, 0, 0},
    {"StridedSlice", infer_strided_slice, kernel_strided_slice, 0, SAMPLE_MOVEMENT, 0, 0},
    {"StridedSliceGrad", infer_strided_slice_grad, kernel_strided_slice_grad, 0, SAMPLE_MOVEMENT, 0, 0},
};

const op_family ops_slice = {rows, sizeof rows / sizeof rows[0]};
