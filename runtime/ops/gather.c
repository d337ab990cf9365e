/* SPDX-License-Identifier: Apache-2.0 */
/* Reading at places that a tensor names: Gather, GatherV2, GatherNd. Every index is checked before anything is read. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

#include <stdio.h>

/* "[1,2]" for element INDEX of a tensor of the first RANK of DIMS; "" for a scalar. */
static const char *place_text(const int64_t *dims, int32_t rank, int64_t index, char *words, size_t size)
{
    int64_t at[MOVE_RANK];
    size_t used = 0;

    words[0] = '\0';
    for (int32_t d = rank - 1; d >= 0; d--) {
        at[d] = index % dims[d];
        index /= dims[d];
    }
    for (int32_t d = 0; d < rank && used + 24 < size; d++)
        used += (size_t)snprintf(words + used, size - used, "%s%lld%s", d ? "," : "[", (long long)at[d],
                                 d + 1 == rank ? "]" : "");
    return words;
}

static stepc_code check_indices(kernel_context *k, const stepc_tensor *indices, int64_t dim)
{
    char words[SHAPE_TEXT_BYTES];

    for (int64_t i = 0; i < stepc_tensor_length(indices); i++) {
        int64_t index = integer_at(indices, i);

        if (index < 0 || index >= dim)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "indices%s = %lld is not in [0, %lld)",
                             place_text(stepc_tensor_dims(indices), stepc_tensor_rank(indices), i, words, sizeof words),
                             (long long)index, (long long)dim);
    }
    return STEPC_OK;
}

/* ---- Gather, GatherV2 ------------------------------------------------------------------------------------- */

/* The shape of the result: params up to the axis, indices behind the batch, params behind the axis. */
static stepc_code gather_dims(kernel_context *k, int32_t axis, int32_t batch, int64_t *dims, int32_t *rank)
{
    const stepc_tensor *params = k->inputs[0], *indices = k->inputs[1];
    int32_t total = stepc_tensor_rank(params) - 1 + stepc_tensor_rank(indices) - batch;
    stepc_code code = move_check_rank(k, total);

    *rank = 0;
    if (code != STEPC_OK)
        return code;
    for (int32_t d = 0; d < axis; d++)
        dims[(*rank)++] = stepc_tensor_dims(params)[d];
    for (int32_t d = batch; d < stepc_tensor_rank(indices); d++)
        dims[(*rank)++] = stepc_tensor_dims(indices)[d];
    for (int32_t d = axis + 1; d < stepc_tensor_rank(params); d++)
        dims[(*rank)++] = stepc_tensor_dims(params)[d];
    return STEPC_OK;
}

static stepc_code check_batch(kernel_context *k, int32_t axis, int64_t *batch)
{
    const stepc_tensor *params = k->inputs[0], *indices = k->inputs[1];
    int32_t rank = stepc_tensor_rank(indices);
    int64_t given = *batch;

    if (*batch < -rank || *batch > rank)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Expected batch_dims in the range [%d, %d], but got %lld",
                         -rank, rank, (long long)given);
    if (*batch < 0)
        *batch += rank;
    if (*batch >= stepc_tensor_rank(params) && *batch > 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "batch_dims (%lld) must be less than rank(params) (%d).",
                         (long long)*batch, stepc_tensor_rank(params));
    if (axis < *batch)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "batch_dims (%lld) must be less than or equal to axis (%d).",
                         (long long)*batch, axis);
    for (int32_t d = 0; d < *batch; d++)
        if (stepc_tensor_dims(params)[d] != stepc_tensor_dims(indices)[d])
            return error_set(k->error, STEPC_INVALID_ARGUMENT,
                             "params.shape[%d]: %lld should be equal to indices.shape[%d]: %lld", d,
                             (long long)stepc_tensor_dims(params)[d], d, (long long)stepc_tensor_dims(indices)[d]);
    return STEPC_OK;
}

/* Element by element of the result. */
static stepc_code gather(kernel_context *k, int32_t axis, int32_t batch, stepc_tensor *out)
{
    const stepc_tensor *params = k->inputs[0], *indices = k->inputs[1];
    const int64_t *dims = stepc_tensor_dims(out);
    int64_t from_steps[MOVE_RANK], index_steps[MOVE_RANK], at[MOVE_RANK] = {0};
    int32_t rank = stepc_tensor_rank(out), middle = stepc_tensor_rank(indices) - batch, d;
    stepc_code code = STEPC_OK;

    move_steps(stepc_tensor_dims(params), stepc_tensor_rank(params), from_steps);
    move_steps(stepc_tensor_dims(indices), stepc_tensor_rank(indices), index_steps);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(out); i++) {
        int64_t from = 0, index = 0;

        for (d = 0; d < axis; d++)
            from += at[d] * from_steps[d];
        for (d = 0; d < batch; d++)
            index += at[d] * index_steps[d];
        for (d = 0; d < middle; d++)
            index += at[axis + d] * index_steps[batch + d];
        for (d = axis + 1; d < stepc_tensor_rank(params); d++)
            from += at[middle + d - 1] * from_steps[d];
        from += integer_at(indices, index) * from_steps[axis];
        code = move_element(out, i, params, from, k->error);
        for (d = rank - 1; d >= 0 && ++at[d] == dims[d]; d--)
            at[d] = 0;
    }
    return code;
}

static stepc_code kernel_gather(kernel_context *k)
{
    int32_t rank = stepc_tensor_rank(k->inputs[0]), axis = 0, out_rank = 0;
    int64_t batch = operation_int(k->op, "batch_dims", 0), dims[MOVE_RANK];
    stepc_tensor *out;
    stepc_code code = STEPC_OK;

    if (rank < 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "params must be at least 1 dimensional");
    if (k->input_count > 2 && stepc_tensor_length(k->inputs[2]) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "axis must be scalar");
    if (k->input_count > 2)
        code = move_axis(k->error, "Expected axis in the range [{, }), but got @", integer_at(k->inputs[2], 0), rank,
                         &axis);
    if (code == STEPC_OK)
        code = check_batch(k, axis, &batch);
    if (code == STEPC_OK)
        code = gather_dims(k, axis, (int32_t)batch, dims, &out_rank);
    if (code == STEPC_OK)
        code = check_indices(k, k->inputs[1], stepc_tensor_dims(k->inputs[0])[axis]);
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(k->inputs[0]), dims, out_rank, &out);
    return code == STEPC_OK ? gather(k, axis, (int32_t)batch, out) : code;
}

/* Elements of a vector picked by known numbers. */
static stepc_code gather_elements(infer_context *c)
{
    infer_value *out = &c->outputs[0];
    int64_t *indices, count, have;
    size_ref *elements;

    if (c->inputs[0]->rank != 1 || out->rank > 1 || !infer_elements(c, 0, &elements, &have) ||
        !infer_numbers(c, 1, &indices, &count) || count > 1024)
        return STEPC_OK;
    for (int64_t i = 0; i < count; i++)
        if (indices[i] < 0 || indices[i] >= have)
            return STEPC_OK;
    out->elements = ARENA_ARRAY(c->memory, size_ref, (size_t)count + 1);
    if (!out->elements)
        return error_out_of_memory(c->error, "inferring shapes");
    for (int64_t i = 0; i < count; i++)
        out->elements[i] = elements[indices[i]];
    out->element_count = count;
    return STEPC_OK;
}

static stepc_code infer_gather(infer_context *c)
{
    const infer_value *params = c->inputs[0], *indices = c->inputs[1];
    int64_t *axes, count, batch = operation_int(c->op, "batch_dims", 0);
    int32_t axis = c->input_count > 2 ? -1 : 0, at = 0;
    stepc_code code = STEPC_OK;

    if (params->rank == 0)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Shape must be at least rank 1 but is rank 0");
    if (params->rank < 0 || indices->rank < 0)
        return STEPC_OK;
    if (axis < 0 && infer_numbers(c, 2, &axes, &count) && count == 1)
        code = move_axis(c->error, "Expected axis in the range [{, }), but got @", axes[0], params->rank, &axis);
    if (batch < 0)
        batch += indices->rank;
    if (code == STEPC_OK && (batch < 0 || batch > indices->rank || batch >= params->rank || (axis >= 0 && axis < batch)))
        code = error_set(c->error, STEPC_INVALID_ARGUMENT, "batch_dims (%lld) does not fit params and indices",
                         (long long)batch);
    if (code == STEPC_OK)
        code = infer_set_rank(c, 0, params->rank - 1 + indices->rank - (int32_t)batch);
    if (code != STEPC_OK || axis < 0)
        return code;
    for (int32_t d = 0; d < axis; d++)
        c->outputs[0].dims[at++] = params->dims[d];
    for (int32_t d = (int32_t)batch; d < indices->rank; d++)
        c->outputs[0].dims[at++] = indices->dims[d];
    for (int32_t d = axis + 1; d < params->rank; d++)
        c->outputs[0].dims[at++] = params->dims[d];
    return gather_elements(c);
}

/* ---- GatherNd ------------------------------------------------------------------------------------------------ */

static stepc_code bad_row(kernel_context *k, int64_t row)
{
    const stepc_tensor *params = k->inputs[0], *indices = k->inputs[1];
    int32_t rank = stepc_tensor_rank(indices);
    int64_t width = stepc_tensor_dims(indices)[rank - 1];
    char place[SHAPE_TEXT_BYTES], shape[SHAPE_TEXT_BYTES];

    error_set(k->error, STEPC_INVALID_ARGUMENT, "indices%s = [",
              place_text(stepc_tensor_dims(indices), rank - 1, row, place, sizeof place));
    for (int64_t d = 0; d < width; d++)
        error_append(k->error, "%s%lld", d ? ", " : "", (long long)integer_at(indices, row * width + d));
    error_append(k->error, "] does not index into param shape %s", tensor_shape_text(params, shape));
    return STEPC_INVALID_ARGUMENT;
}

static stepc_code kernel_gather_nd(kernel_context *k)
{
    const stepc_tensor *params = k->inputs[0], *indices = k->inputs[1];
    const int64_t *dims = stepc_tensor_dims(params);
    int32_t rank = stepc_tensor_rank(indices), out_rank = 0;
    int64_t out_dims[2 * MOVE_RANK], steps[MOVE_RANK], width, rows_count = 1, slice = 1;
    stepc_tensor *out;
    stepc_code code = move_check_rank(k, rank > stepc_tensor_rank(params) ? rank : stepc_tensor_rank(params));

    if (code != STEPC_OK)
        return code;
    if (rank < 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "indices must be at least a vector");
    width = stepc_tensor_dims(indices)[rank - 1];
    if (width > stepc_tensor_rank(params))
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "index innermost dimension length must be <= params rank; saw: %lld vs. %d", (long long)width,
                         stepc_tensor_rank(params));
    for (int32_t d = 0; d < rank - 1; d++)
        out_dims[out_rank++] = stepc_tensor_dims(indices)[d];
    if (!shape_count(out_dims, out_rank, &rows_count))
        return error_limit(k->error, "tensor_bytes", k->host->limits.tensor_bytes, INT64_MAX);
    for (int32_t d = (int32_t)width; d < stepc_tensor_rank(params); d++)
        out_dims[out_rank++] = dims[d];
    if (!shape_count(dims + width, stepc_tensor_rank(params) - (int32_t)width, &slice))
        slice = 0;
    move_steps(dims, stepc_tensor_rank(params), steps);
    for (int64_t i = 0; i < rows_count && width > 0; i++)
        for (int64_t d = 0; d < width; d++)
            if (integer_at(indices, i * width + d) < 0 || integer_at(indices, i * width + d) >= dims[d])
                return bad_row(k, i);
    code = kernel_output(k, 0, stepc_tensor_dtype(params), out_dims, out_rank, &out);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(out); i++) {
        int64_t from = i % slice, row = i / slice;

        for (int64_t d = 0; d < width; d++)
            from += integer_at(indices, row * width + d) * steps[d];
        code = move_element(out, i, params, from, k->error);
    }
    return code;
}

static stepc_code infer_gather_nd(infer_context *c)
{
    const infer_value *params = c->inputs[0], *indices = c->inputs[1];
    int64_t width;
    int32_t at = 0;
    stepc_code code;

    if (params->rank < 0 || indices->rank < 1 || !size_is_const(c->sizes, indices->dims[indices->rank - 1], &width))
        return STEPC_OK;
    if (width > params->rank)
        return error_set(c->error, STEPC_INVALID_ARGUMENT,
                         "index innermost dimension length must be <= params rank; saw: %lld vs. %d", (long long)width,
                         params->rank);
    code = infer_set_rank(c, 0, indices->rank - 1 + params->rank - (int32_t)width);
    for (int32_t d = 0; code == STEPC_OK && d < indices->rank - 1; d++)
        c->outputs[0].dims[at++] = indices->dims[d];
    for (int32_t d = (int32_t)width; code == STEPC_OK && d < params->rank; d++)
        c->outputs[0].dims[at++] = params->dims[d];
    return code;
}

static const op_row rows[] = {
    {"Gather", infer_gather, kernel_gather, 0, SAMPLE_MOVEMENT, 0, 0},
    {"GatherNd", infer_gather_nd, kernel_gather_nd, 0, SAMPLE_MOVEMENT, 0, 0},
    {"GatherV2", infer_gather, kernel_gather, 0, SAMPLE_MOVEMENT, 0, 0},
};

const op_family ops_gather = {rows, sizeof rows / sizeof rows[0]};
