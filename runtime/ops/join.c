/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors side by side: Concat, ConcatV2, Pack, ParallelConcat. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

/* ---- in numbers ----------------------------------------------------------------------------------- */

/* Input FROM goes to OUT from index FIRST of AXIS on; where ADDS, the input lacks that axis. */
static stepc_code put(kernel_context *k, stepc_tensor *out, const stepc_tensor *from, int32_t axis, int64_t first,
                      bool adds)
{
    int64_t steps[MOVE_RANK];
    move_region region;

    move_steps(stepc_tensor_dims(out), stepc_tensor_rank(out), steps);
    region.rank = stepc_tensor_rank(from);
    region.from_base = 0;
    region.to_base = first * steps[axis];
    for (int32_t d = 0; d < region.rank; d++) {
        region.dims[d] = stepc_tensor_dims(from)[d];
        region.to_steps[d] = steps[adds && d >= axis ? d + 1 : d];
    }
    move_steps(region.dims, region.rank, region.from_steps);
    return move_copy(out, from, &region, k->error);
}

#define CONCAT_AXIS "ConcatOp : Expected concatenating dimensions in the range [{, }), but got @"

/* Inputs FIRST .. FIRST + COUNT - 1 differ along AXIS at most. */
static stepc_code check_pieces(kernel_context *k, int32_t first, int32_t count, int32_t axis)
{
    const stepc_tensor *a = k->inputs[first];
    char x[SHAPE_TEXT_BYTES], y[SHAPE_TEXT_BYTES];

    for (int32_t i = 1; i < count; i++) {
        const stepc_tensor *b = k->inputs[first + i];
        bool fits = stepc_tensor_rank(a) == stepc_tensor_rank(b);

        if (!fits)
            return error_set(k->error, STEPC_INVALID_ARGUMENT,
                             "ConcatOp : Ranks of all input tensors should match: shape[0] = %s vs. shape[%d] = %s",
                             tensor_shape_text(a, x), i, tensor_shape_text(b, y));
        for (int32_t d = 0; d < stepc_tensor_rank(a); d++)
            fits = fits && (d == axis || stepc_tensor_dims(a)[d] == stepc_tensor_dims(b)[d]);
        if (!fits)
            return error_set(k->error, STEPC_INVALID_ARGUMENT,
                             "ConcatOp : Dimensions of inputs should match: shape[0] = %s vs. shape[%d] = %s",
                             tensor_shape_text(a, x), i, tensor_shape_text(b, y));
    }
    return STEPC_OK;
}

static stepc_code concat(kernel_context *k, int32_t first, int32_t at)
{
    const stepc_tensor *a = k->inputs[first];
    int64_t dims[MOVE_RANK], place = 0;
    int32_t count = k->input_count - 1, axis = 0;
    char shape[SHAPE_TEXT_BYTES];
    stepc_tensor *out;
    stepc_code code = move_check_rank(k, stepc_tensor_rank(a));

    if (code != STEPC_OK)
        return code;
    if (stepc_tensor_length(k->inputs[at]) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "Concat dim tensor should be a scalar, but got shape %s",
                         tensor_shape_text(k->inputs[at], shape));
    code = move_axis(k->error, CONCAT_AXIS, integer_at(k->inputs[at], 0), stepc_tensor_rank(a), &axis);
    if (code == STEPC_OK)
        code = check_pieces(k, first, count, axis);
    if (code != STEPC_OK)
        return code;
    for (int32_t d = 0; d < stepc_tensor_rank(a); d++)
        dims[d] = stepc_tensor_dims(a)[d];
    for (int32_t i = 1; i < count; i++)
        if (!checked_add_i64(dims[axis], stepc_tensor_dims(k->inputs[first + i])[axis], &dims[axis]))
            return error_limit(k->error, "tensor_bytes", k->host->limits.tensor_bytes, INT64_MAX);
    code = kernel_output(k, 0, stepc_tensor_dtype(a), dims, stepc_tensor_rank(a), &out);
    for (int32_t i = 0; code == STEPC_OK && i < count; i++) {
        code = put(k, out, k->inputs[first + i], axis, place, false);
        place += stepc_tensor_dims(k->inputs[first + i])[axis];
    }
    return code;
}

static stepc_code kernel_concat(kernel_context *k) { return concat(k, 1, 0); }
static stepc_code kernel_concat_v2(kernel_context *k) { return concat(k, 0, k->input_count - 1); }

/* ---- ParallelConcat: rows one below the other, of a shape that an attribute gives ---- */

static stepc_code kernel_parallel_concat(kernel_context *k)
{
    const stepc_tensor *a = k->inputs[0];
    int32_t rank = stepc_tensor_rank(a);
    int64_t dims[MOVE_RANK];
    char shape[SHAPE_TEXT_BYTES];
    stepc_tensor *out;
    stepc_code code = move_check_rank(k, rank);

    if (code == STEPC_OK && rank < 1)
        code = error_set(k->error, STEPC_INVALID_ARGUMENT, "ParallelConcat expects tensors of rank 1 at least");
    for (int32_t i = 0; code == STEPC_OK && i < k->input_count; i++)
        if (!tensor_same_shape(a, k->inputs[i]) || stepc_tensor_dims(k->inputs[i])[0] != 1)
            code = error_set(k->error, STEPC_INVALID_ARGUMENT, "Size of first dimension must be 1 in all of one shape, got %s",
                             tensor_shape_text(k->inputs[i], shape));
    for (int32_t d = 0; code == STEPC_OK && d < rank; d++)
        dims[d] = d == 0 ? k->input_count : stepc_tensor_dims(a)[d];
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(a), dims, rank, &out);
    for (int32_t i = 0; code == STEPC_OK && i < k->input_count; i++)
        code = put(k, out, k->inputs[i], 0, i, false);
    return code;
}

#define PACK_AXIS "axis = @ not in [{, })"

static stepc_code kernel_pack(kernel_context *k)
{
    const stepc_tensor *a = k->inputs[0];
    int32_t rank = stepc_tensor_rank(a) + 1, axis = 0;
    int64_t dims[MOVE_RANK];
    stepc_tensor *out;
    stepc_code code = move_check_rank(k, rank);

    if (code == STEPC_OK)
        code = move_axis(k->error, PACK_AXIS, operation_int(k->op, "axis", 0), rank, &axis);
    if (code != STEPC_OK)
        return code;
    for (int32_t i = 1; i < k->input_count; i++) {
        char x[SHAPE_TEXT_BYTES], y[SHAPE_TEXT_BYTES];

        if (!tensor_same_shape(a, k->inputs[i]))
            return error_set(k->error, STEPC_INVALID_ARGUMENT,
                             "Shapes of all inputs must match: values[0].shape = %s != values[%d].shape = %s",
                             tensor_shape_text(a, x), i, tensor_shape_text(k->inputs[i], y));
    }
    for (int32_t d = 0; d < rank; d++)
        dims[d] = d == axis ? k->input_count : stepc_tensor_dims(a)[d < axis ? d : d - 1];
    code = kernel_output(k, 0, stepc_tensor_dtype(a), dims, rank, &out);
    for (int32_t i = 0; code == STEPC_OK && i < k->input_count; i++)
        code = put(k, out, k->inputs[i], axis, i, true);
    return code;
}

/* ---- in sizes --------------------------------------------------------------------------------------- */

/* Vectors (or, for Pack, scalars) whose elements are sizes, one after the other. */
static stepc_code join_elements(infer_context *c, int32_t first, int32_t count)
{
    infer_value *out = &c->outputs[0];
    int64_t total = 0, n, i;
    size_ref *elements, *all;

    if (out->rank != 1)
        return STEPC_OK;
    for (int32_t k = 0; k < count; k++) {
        if (c->inputs[first + k]->rank < 0 || !infer_elements(c, first + k, &elements, &n) || total + n > 1024)
            return STEPC_OK;
        total += n;
    }
    all = ARENA_ARRAY(c->memory, size_ref, (size_t)total + 1);
    if (!all)
        return error_out_of_memory(c->error, "inferring shapes");
    total = 0;
    for (int32_t k = 0; k < count; k++)
        if (infer_elements(c, first + k, &elements, &n))
            for (i = 0; i < n; i++)
                all[total++] = elements[i];
    out->elements = all;
    out->element_count = total;
    return STEPC_OK;
}

static stepc_code concat_shape(infer_context *c, int32_t first, int32_t count, int32_t rank, int32_t axis)
{
    infer_value *out = &c->outputs[0];

    for (int32_t k = 0; k < count; k++) {
        const infer_value *in = c->inputs[first + k];

        for (int32_t d = 0; d < rank; d++) {
            size_ref dim = in->rank < 0 ? SIZE_UNKNOWN : in->dims[d];

            if (axis < 0)
                continue;
            if (k == 0)
                out->dims[d] = dim;
            else if (d == axis)
                out->dims[d] = size_sum(c->sizes, out->dims[d], dim);
            else if (!infer_merge(c, out->dims[d], dim, &out->dims[d]))
                return error_set(c->error, STEPC_INVALID_ARGUMENT,
                                 "ConcatOp : Dimensions of inputs should match: dimension %d of input 0 and of input %d", d,
                                 k);
        }
    }
    return join_elements(c, first, count);
}

static stepc_code infer_join(infer_context *c, int32_t first, int32_t at)
{
    int32_t count = c->input_count - 1, rank = -1, axis = -1;
    int64_t *numbers, n;
    stepc_code code = STEPC_OK;

    for (int32_t k = 0; k < count; k++) {
        const infer_value *in = c->inputs[first + k];

        if (in->rank >= 0 && rank >= 0 && in->rank != rank)
            return error_set(c->error, STEPC_INVALID_ARGUMENT,
                             "ConcatOp : Ranks of all input tensors should match: %d vs. %d", rank, in->rank);
        rank = in->rank >= 0 ? in->rank : rank;
    }
    if (rank < 0)
        return STEPC_OK;
    if (infer_numbers(c, at, &numbers, &n) && n == 1)
        code = move_axis(c->error, CONCAT_AXIS, numbers[0], rank, &axis);
    if (code == STEPC_OK)
        code = infer_set_rank(c, 0, rank);
    return code == STEPC_OK ? concat_shape(c, first, count, rank, axis) : code;
}

static stepc_code infer_concat(infer_context *c) { return infer_join(c, 1, 0); }
static stepc_code infer_concat_v2(infer_context *c) { return infer_join(c, 0, c->input_count - 1); }

static stepc_code infer_pack(infer_context *c)
{
    const infer_value *a = c->inputs[0];
    size_ref *dims;
    int32_t axis = 0;
    stepc_code code;

    for (int32_t k = 1; k < c->input_count && a->rank < 0; k++)
        a = c->inputs[k];
    if (a->rank < 0)
        return STEPC_OK;
    code = move_axis(c->error, PACK_AXIS, operation_int(c->op, "axis", 0), a->rank + 1, &axis);
    if (code == STEPC_OK)
        code = infer_set_rank(c, 0, a->rank + 1);
    if (code != STEPC_OK)
        return code;
    dims = c->outputs[0].dims;
    dims[axis] = size_const(c->sizes, c->input_count);
    for (int32_t k = 0; k < c->input_count; k++) {
        const infer_value *in = c->inputs[k];

        if (in->rank >= 0 && in->rank != a->rank)
            return error_set(c->error, STEPC_INVALID_ARGUMENT, "Shapes must be equal rank, but are %d and %d", a->rank,
                             in->rank);
        for (int32_t d = 0; d < in->rank; d++) {
            size_ref *dim = &dims[d < axis ? d : d + 1];

            if (!infer_merge(c, *dim, in->dims[d], dim))
                return error_set(c->error, STEPC_INVALID_ARGUMENT, "Dimension %d in both shapes must be equal", d);
        }
    }
    return a->rank == 0 ? join_elements(c, 0, c->input_count) : STEPC_OK;
}

static stepc_code infer_parallel_concat(infer_context *c)
{
    const infer_value *a = c->inputs[0];
    stepc_code code = infer_copy_shape(c, a, 0);

    if (code == STEPC_OK && a->rank > 0)
        c->outputs[0].dims[0] = size_const(c->sizes, c->input_count);
    return code;
}

static const op_row rows[] = {
    {"Concat", infer_concat, kernel_concat, 0, SAMPLE_MOVEMENT, 0, 0},
    {"ConcatV2", infer_concat_v2, kernel_concat_v2, 0, SAMPLE_MOVEMENT, 0, 0},
    {"Pack", infer_pack, kernel_pack, 0, SAMPLE_MOVEMENT, 0, 0},
    {"ParallelConcat", infer_parallel_concat, kernel_parallel_concat, 0, SAMPLE_SINGLE, 0, 0},
};

const op_family ops_join = {rows, sizeof rows / sizeof rows[0]};
