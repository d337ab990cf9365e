/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of space moved to depth or to the batch, and back. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

/* ---- SpaceToDepth, DepthToSpace ------------------------------------------------------------------------ */

typedef struct depth_layout {
    int64_t block;
    int32_t height, width, depth; /* dimensions */
} depth_layout;

static stepc_code read_layout(stepc_error *error, const stepc_operation *op, int32_t rank, depth_layout *out)
{
    stepc_string format = operation_string(op, "data_format");
    bool first = text_equal(format, TEXT_LITERAL("NCHW"));

    if (!first && !text_equal(format, TEXT_LITERAL("NHWC")))
        return error_set(error, STEPC_UNIMPLEMENTED, "%s is not implemented for data_format %.*s", op->type.data,
                         (int)format.size, format.data);
    if (rank != 4)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Input rank should be: 4 instead of: %d", rank);
    *out = (depth_layout){operation_int(op, "block_size", 0), first ? 2 : 1, first ? 3 : 2, first ? 1 : 3};
    if (out->block < 2)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Block size should be > 1, but was: %lld",
                         (long long)out->block);
    return STEPC_OK;
}

static stepc_code check_space(stepc_error *error, const depth_layout *l, int64_t height, int64_t width)
{
    if (height % l->block == 0 && width % l->block == 0)
        return STEPC_OK;
    return error_set(error, STEPC_INVALID_ARGUMENT,
                     "Image width %lld and height %lld should be divisible by block_size: %lld", (long long)width,
                     (long long)height, (long long)l->block);
}

static stepc_code check_depth(stepc_error *error, const depth_layout *l, int64_t depth, int64_t square)
{
    if (square > 0 && depth % square == 0)
        return STEPC_OK;
    if (square == 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "block_size %lld is too large", (long long)l->block);
    return error_set(error, STEPC_INVALID_ARGUMENT, "Input depth dimension %lld should be divisible by: %lld",
                     (long long)depth, (long long)square);
}

/* Place of (batch, y, dy, x, dx, channel) in the tensor with the spread image, and in the deep one. */
static void depth_steps(const depth_layout *l, const int64_t *wide, const int64_t *deep, int64_t channels,
                        int64_t *wide_steps, int64_t *deep_steps)
{
    int64_t w[4], t[4];

    move_steps(wide, 4, w);
    move_steps(deep, 4, t);
    wide_steps[0] = w[0];
    wide_steps[1] = w[l->height] * l->block;
    wide_steps[2] = w[l->height];
    wide_steps[3] = w[l->width] * l->block;
    wide_steps[4] = w[l->width];
    wide_steps[5] = w[l->depth];
    deep_steps[0] = t[0];
    deep_steps[1] = t[l->height];
    deep_steps[2] = t[l->depth] * channels * l->block;
    deep_steps[3] = t[l->width];
    deep_steps[4] = t[l->depth] * channels;
    deep_steps[5] = t[l->depth];
}

static stepc_code move_depth(kernel_context *k, bool to_depth)
{
    const stepc_tensor *in = k->inputs[0];
    const int64_t *from = stepc_tensor_dims(in);
    int64_t dims[4], square, channels;
    depth_layout l;
    move_region r;
    stepc_tensor *out;
    stepc_code code = read_layout(k->error, k->op, stepc_tensor_rank(in), &l);

    if (code == STEPC_OK && !checked_mul_i64(l.block, l.block, &square))
        square = 0;
    if (code == STEPC_OK)
        code = to_depth ? check_space(k->error, &l, from[l.height], from[l.width])
                        : check_depth(k->error, &l, from[l.depth], square);
    if (code != STEPC_OK)
        return code;
    dims[0] = from[0];
    channels = to_depth ? from[l.depth] : from[l.depth] / square;
    dims[l.height] = to_depth ? from[l.height] / l.block : from[l.height];
    dims[l.width] = to_depth ? from[l.width] / l.block : from[l.width];
    dims[l.depth] = channels;
    if (to_depth ? !checked_mul_i64(channels, square, &dims[l.depth])
                 : !checked_mul_i64(dims[l.height], l.block, &dims[l.height]) ||
                       !checked_mul_i64(dims[l.width], l.block, &dims[l.width]))
        return error_limit(k->error, "tensor_bytes", k->host->limits.tensor_bytes, INT64_MAX);
    code = kernel_output(k, 0, stepc_tensor_dtype(in), dims, 4, &out);
    if (code != STEPC_OK || stepc_tensor_length(out) == 0)
        return code;
    r = (move_region){.rank = 6,
                      .dims = {dims[0], to_depth ? dims[l.height] : from[l.height], l.block,
                               to_depth ? dims[l.width] : from[l.width], l.block, channels}};
    if (to_depth)
        depth_steps(&l, from, dims, channels, r.from_steps, r.to_steps);
    else
        depth_steps(&l, dims, from, channels, r.to_steps, r.from_steps);
    return move_copy(out, in, &r, k->error);
}

static stepc_code kernel_space_to_depth(kernel_context *k) { return move_depth(k, true); }
static stepc_code kernel_depth_to_space(kernel_context *k) { return move_depth(k, false); }

static stepc_code infer_depth(infer_context *c, bool to_depth)
{
    const infer_value *in = c->inputs[0];
    size_ref *out, block;
    int64_t height, width, depth, square;
    depth_layout l;
    stepc_code code;

    if (in->rank < 0)
        return infer_set_rank(c, 0, 4);
    code = read_layout(c->error, c->op, in->rank, &l);
    if (code == STEPC_OK && !checked_mul_i64(l.block, l.block, &square))
        square = 0;
    if (code == STEPC_OK && to_depth && size_is_const(c->sizes, in->dims[l.height], &height) &&
        size_is_const(c->sizes, in->dims[l.width], &width))
        code = check_space(c->error, &l, height, width);
    if (code == STEPC_OK && !to_depth && size_is_const(c->sizes, in->dims[l.depth], &depth))
        code = check_depth(c->error, &l, depth, square);
    if (code == STEPC_OK)
        code = infer_set_rank(c, 0, 4);
    if (code != STEPC_OK || square == 0)
        return code;
    out = c->outputs[0].dims;
    block = size_const(c->sizes, l.block);
    out[0] = in->dims[0];
    if (to_depth) {
        out[l.height] = size_floor_div(c->sizes, in->dims[l.height], block);
        out[l.width] = size_floor_div(c->sizes, in->dims[l.width], block);
        out[l.depth] = size_product(c->sizes, in->dims[l.depth], size_const(c->sizes, square));
    } else {
        out[l.height] = size_product(c->sizes, in->dims[l.height], block);
        out[l.width] = size_product(c->sizes, in->dims[l.width], block);
        out[l.depth] = size_floor_div(c->sizes, in->dims[l.depth], size_const(c->sizes, square));
    }
    return STEPC_OK;
}

static stepc_code infer_space_to_depth(infer_context *c) { return infer_depth(c, true); }
static stepc_code infer_depth_to_space(infer_context *c) { return infer_depth(c, false); }

/* ---- space and batch -------------------------------------------------------------------------------------- */

enum { MOST_BLOCKS = 32 };

typedef struct batch_blocks {
    int32_t count;
    int64_t size[MOST_BLOCKS], before[MOST_BLOCKS], after[MOST_BLOCKS], product;
} batch_blocks;

static stepc_code add_block(stepc_error *error, batch_blocks *b, int64_t size, int64_t before, int64_t after)
{
    if (size < 1)
        return error_set(error, STEPC_INVALID_ARGUMENT, "All values in block_shape must be positive, got value, %lld",
                         (long long)size);
    if (before < 0 || after < 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Paddings must be non-negative: %lld %lld", (long long)before,
                         (long long)after);
    if (!checked_mul_i64(b->product, size, &b->product) || before > INT64_MAX / 4 || after > INT64_MAX / 4)
        return error_set(error, STEPC_INVALID_ARGUMENT, "The blocks are too large");
    b->size[b->count] = size;
    b->before[b->count] = before;
    b->after[b->count++] = after;
    return STEPC_OK;
}

static stepc_code check_block_count(stepc_error *error, int64_t count, int32_t rank, int64_t pairs)
{
    if (count >= MOST_BLOCKS)
        return error_set(error, STEPC_UNIMPLEMENTED, "%lld block dimensions are not implemented", (long long)count);
    if (rank <= count)
        return error_set(error, STEPC_INVALID_ARGUMENT, "input rank should be >= %lld instead of %d",
                         (long long)(1 + count), rank);
    if (pairs != 2 * count)
        return error_set(error, STEPC_INVALID_ARGUMENT, "paddings should have shape [%lld, 2]", (long long)count);
    return STEPC_OK;
}

static bool has_attr_block(const stepc_operation *op)
{
    return text_equal(op->type, TEXT_LITERAL("SpaceToBatch")) || text_equal(op->type, TEXT_LITERAL("BatchToSpace"));
}

static stepc_code read_blocks(kernel_context *k, batch_blocks *out)
{
    bool attr = has_attr_block(k->op);
    const stepc_tensor *pairs = k->inputs[attr ? 1 : 2];
    int32_t rank = stepc_tensor_rank(k->inputs[0]);
    int64_t count = attr ? 2 : stepc_tensor_length(k->inputs[1]);
    stepc_code code = check_block_count(k->error, count, rank, stepc_tensor_length(pairs));

    if (code == STEPC_OK)
        code = move_check_rank(k, rank);
    *out = (batch_blocks){.product = 1};
    for (int32_t i = 0; code == STEPC_OK && i < count; i++)
        code = add_block(k->error, out, attr ? operation_int(k->op, "block_size", 0) : integer_at(k->inputs[1], i),
                         integer_at(pairs, 2 * i), integer_at(pairs, 2 * i + 1));
    return code;
}

static stepc_code batch_dim(stepc_error *error, const batch_blocks *b, int32_t i, int64_t dim, bool to_batch, int64_t *out)
{
    int64_t size = b->size[i];

    if (to_batch) {
        if (!checked_add_i64(dim, b->before[i] + b->after[i], out))
            return error_set(error, STEPC_INVALID_ARGUMENT, "The paddings are too large");
        if (*out % size != 0)
            return error_set(error, STEPC_INVALID_ARGUMENT,
                             "padded_shape[%d]=%lld is not divisible by block_shape[%d]=%lld", i, (long long)*out, i,
                             (long long)size);
        *out /= size;
        return STEPC_OK;
    }
    if (!checked_mul_i64(dim, size, out))
        return error_set(error, STEPC_INVALID_ARGUMENT, "The blocks are too large");
    *out -= b->before[i] + b->after[i];
    if (*out < 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "cropped_shape[%d]=%lld must be non-negative", i,
                         (long long)*out);
    return STEPC_OK;
}

static stepc_code check_batch(stepc_error *error, int64_t batch, const batch_blocks *b)
{
    if (batch % b->product == 0)
        return STEPC_OK;
    return error_set(error, STEPC_INVALID_ARGUMENT,
                     "Input batch dimension (%lld) is not divisible by product of block sizes (%lld)", (long long)batch,
                     (long long)b->product);
}

/* Element by element of the tensor whose space is whole: where it lies in the one whose space is in the batch. */
static stepc_code move_batch(const batch_blocks *b, const stepc_tensor *whole, const stepc_tensor *parts, bool to_batch,
                             stepc_tensor *out, stepc_error *error)
{
    int32_t rank = stepc_tensor_rank(whole), d;
    const int64_t *dims = stepc_tensor_dims(whole);
    int64_t steps[MOVE_RANK], at[MOVE_RANK] = {0}, batch = dims[0];
    stepc_code code = STEPC_OK;

    move_steps(stepc_tensor_dims(parts), rank, steps);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(whole); i++) {
        int64_t part = 0, place = 0;

        for (d = 1; d < rank; d++) {
            int64_t position = at[d];

            if (d <= b->count) {
                position += b->before[d - 1];
                part = part * b->size[d - 1] + position % b->size[d - 1];
                position /= b->size[d - 1];
            }
            place += position * steps[d];
        }
        place += (part * batch + at[0]) * steps[0];
        code = to_batch ? move_element(out, place, whole, i, error) : move_element(out, i, parts, place, error);
        for (d = rank - 1; d >= 0 && ++at[d] == dims[d]; d--)
            at[d] = 0;
    }
    return code;
}

static stepc_code kernel_batch(kernel_context *k, bool to_batch)
{
    const stepc_tensor *in = k->inputs[0];
    int64_t dims[MOVE_RANK];
    batch_blocks b;
    stepc_tensor *out;
    stepc_code code = read_blocks(k, &b);

    if (code == STEPC_OK && !to_batch)
        code = check_batch(k->error, stepc_tensor_dims(in)[0], &b);
    if (code != STEPC_OK)
        return code;
    for (int32_t d = 0; d < stepc_tensor_rank(in); d++)
        dims[d] = stepc_tensor_dims(in)[d];
    if (!to_batch)
        dims[0] /= b.product;
    else if (!checked_mul_i64(dims[0], b.product, &dims[0]))
        return error_limit(k->error, "tensor_bytes", k->host->limits.tensor_bytes, INT64_MAX);
    for (int32_t i = 0; code == STEPC_OK && i < b.count; i++)
        code = batch_dim(k->error, &b, i, dims[i + 1], to_batch, &dims[i + 1]);
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(in), dims, stepc_tensor_rank(in), &out);
    if (code != STEPC_OK)
        return code;
    if (to_batch)
        move_clear(out);
    return to_batch ? move_batch(&b, in, out, true, out, k->error) : move_batch(&b, out, in, false, out, k->error);
}

static stepc_code kernel_space_to_batch(kernel_context *k) { return kernel_batch(k, true); }
static stepc_code kernel_batch_to_space(kernel_context *k) { return kernel_batch(k, false); }

static stepc_code infer_blocks(infer_context *c, const batch_blocks *b, bool to_batch)
{
    const infer_value *in = c->inputs[0];
    size_pool *p = c->sizes;
    size_ref product = size_const(p, b->product), *out = c->outputs[0].dims;
    int64_t dim, ignored;
    stepc_code code = STEPC_OK;

    for (int32_t d = 0; d < in->rank; d++)
        out[d] = in->dims[d];
    out[0] = to_batch ? size_product(p, in->dims[0], product) : size_floor_div(p, in->dims[0], product);
    if (!to_batch && size_is_const(p, in->dims[0], &dim))
        code = check_batch(c->error, dim, b);
    for (int32_t i = 0; code == STEPC_OK && i < b->count; i++) {
        size_ref size = size_const(p, b->size[i]), border = size_const(p, b->before[i] + b->after[i]);

        if (size_is_const(p, in->dims[i + 1], &dim))
            code = batch_dim(c->error, b, i, dim, to_batch, &ignored);
        if (to_batch)
            out[i + 1] = size_floor_div(p, size_sum(p, in->dims[i + 1], border), size);
        else
            out[i + 1] = size_sub(p, size_product(p, in->dims[i + 1], size), border);
    }
    return code;
}

static stepc_code infer_batch(infer_context *c, bool to_batch)
{
    const infer_value *in = c->inputs[0];
    bool attr = has_attr_block(c->op);
    int64_t *sizes = NULL, *pairs, count = 2, pair_count;
    batch_blocks b = {.product = 1};
    stepc_code code;

    if (in->rank < 0)
        return STEPC_OK;
    code = infer_set_rank(c, 0, in->rank);
    if (code != STEPC_OK || (!attr && !infer_numbers(c, 1, &sizes, &count)) ||
        !infer_numbers(c, attr ? 1 : 2, &pairs, &pair_count))
        return code;
    code = check_block_count(c->error, count, in->rank, pair_count);
    for (int32_t i = 0; code == STEPC_OK && i < count; i++)
        code = add_block(c->error, &b, attr ? operation_int(c->op, "block_size", 0) : sizes[i], pairs[2 * i],
                         pairs[2 * i + 1]);
    return code == STEPC_OK ? infer_blocks(c, &b, to_batch) : code;
}

static stepc_code infer_space_to_batch(infer_context *c) { return infer_batch(c, true); }
static stepc_code infer_batch_to_space(infer_context *c) { return infer_batch(c, false); }

static const op_row rows[] = {
    {"BatchToSpace", infer_batch_to_space, kernel_batch_to_space, 0, SAMPLE_MOVEMENT, 0, 0},
    {"BatchToSpaceND", infer_batch_to_space, kernel_batch_to_space, 0, SAMPLE_MOVEMENT, 0, 0},
    {"DepthToSpace", infer_depth_to_space, kernel_depth_to_space, 0, SAMPLE_MOVEMENT, 0, 0},
    {"SpaceToBatch", infer_space_to_batch, kernel_space_to_batch, 0, SAMPLE_MOVEMENT, 0, 0},
    {"SpaceToBatchND", infer_space_to_batch, kernel_space_to_batch, 0, SAMPLE_MOVEMENT, 0, 0},
    {"SpaceToDepth", infer_space_to_depth, kernel_space_to_depth, 0, SAMPLE_MOVEMENT, 0, 0},
};

const op_family ops_block = {rows, sizeof rows / sizeof rows[0]};
