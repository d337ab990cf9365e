/* SPDX-License-Identifier: Apache-2.0 */
/* Rows picked by index and added up by label: SparseSegmentSum, SparseSegmentMean, SparseSegmentSqrtN, with a given
 * number of segments or not, and their gradients. Sums run in double and are rounded once. */
#include "runtime/core/checked.h"
#include "runtime/core/scalar.h"
#include "runtime/ops/move.h"

#include <string.h>

typedef enum scaling { SCALE_NONE, SCALE_MEAN, SCALE_ROOT } scaling;

static scaling scaling_of(const stepc_operation *op)
{
    const char *after = op->type.data + strlen("SparseSegment");

    return strncmp(after, "Mean", 4) == 0 ? SCALE_MEAN : strncmp(after, "SqrtN", 5) == 0 ? SCALE_ROOT : SCALE_NONE;
}

/* What a sum of COUNT rows is divided by. */
static double divisor(scaling s, int64_t count)
{
    if (count < 1 || s == SCALE_NONE)
        return 1;
    return s == SCALE_MEAN ? (double)count : scalar_sqrt((double)count);
}

static stepc_code check_vectors(kernel_context *k)
{
    const stepc_tensor *indices = k->inputs[1], *ids = k->inputs[2];

    if (stepc_tensor_rank(indices) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "indices should be a vector.");
    if (stepc_tensor_rank(ids) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "segment_ids should be a vector.");
    if (stepc_tensor_length(indices) != stepc_tensor_length(ids))
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "segment_ids and indices should have same size.");
    if (stepc_tensor_rank(k->inputs[0]) < 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Shape must be at least rank 1");
    return move_check_rank(k, stepc_tensor_rank(k->inputs[0]));
}

/* ---- forward -------------------------------------------------------------------------------------------------- */

/* Checks the labels and indices; *SEGMENTS is how many segments there are, given or found. */
static stepc_code check_forward(kernel_context *k, int64_t *segments)
{
    const stepc_tensor *indices = k->inputs[1], *ids = k->inputs[2];
    bool given = k->input_count > 3;
    int64_t count = stepc_tensor_length(ids), rows = stepc_tensor_dims(k->inputs[0])[0], last = -1;

    if (given && stepc_tensor_length(k->inputs[3]) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "num_segments should be a scalar, not shape [%lld]",
                         (long long)stepc_tensor_length(k->inputs[3]));
    *segments = given ? integer_at(k->inputs[3], 0) : 0;
    if (given && *segments < 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "segment ids must be >= 0");
    for (int64_t i = 0; i < count; i++) {
        int64_t id = integer_at(ids, i), row = integer_at(indices, i);

        if (id < 0)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "segment ids must be >= 0");
        if (id < last)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "segment ids are not increasing");
        if (given && id >= *segments)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "segment ids must be < num_segments");
        if (row < 0 || row >= rows)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "Bad: indices[%lld] == %lld out of range [0, %lld)",
                             (long long)i, (long long)row, (long long)rows);
        last = id;
    }
    if (last == INT64_MAX)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "segment ids are too large");
    if (!given)
        *segments = last + 1;
    return STEPC_OK;
}

/* One element of the output: the sum over the COUNT rows from FIRST on, at COLUMN. */
static void sum_segment(kernel_context *k, int64_t first, int64_t count, int64_t column, int64_t inner, int64_t to)
{
    const stepc_tensor *data = k->inputs[0];
    stepc_dtype dtype = stepc_tensor_dtype(data);
    void *out = stepc_tensor_data(k->outputs[0]);
    uint64_t whole = 0;
    double sum = 0;

    for (int64_t i = first; i < first + count; i++) {
        int64_t at = integer_at(k->inputs[1], i) * inner + column;

        if (dtype_is_float(dtype))
            sum += load_f64(dtype, stepc_tensor_data(data), at);
        else
            whole += (uint64_t)integer_at(data, at);
    }
    if (dtype_is_float(dtype))
        store_f64(dtype, out, to, sum / divisor(scaling_of(k->op), count));
    else if (dtype_is_signed(dtype))
        store_i64(dtype, out, to, (int64_t)whole);
    else
        store_u64(dtype, out, to, whole);
}

static stepc_code kernel_sparse_segment(kernel_context *k)
{
    const stepc_tensor *data = k->inputs[0], *ids = k->inputs[2];
    int32_t rank = stepc_tensor_rank(data);
    int64_t dims[MOVE_RANK], segments = 0, inner, first = 0;
    stepc_tensor *out;
    stepc_code code = check_vectors(k);

    if (code == STEPC_OK)
        code = check_forward(k, &segments);
    if (code != STEPC_OK)
        return code;
    memcpy(dims, stepc_tensor_dims(data), (size_t)rank * sizeof *dims);
    dims[0] = segments;
    code = kernel_output(k, 0, stepc_tensor_dtype(data), dims, rank, &out);
    if (code != STEPC_OK || stepc_tensor_length(out) == 0)
        return code;
    inner = stepc_tensor_length(out) / segments;
    for (int64_t s = 0; s < segments; s++) {
        int64_t count = 0;

        while (first + count < stepc_tensor_length(ids) && integer_at(ids, first + count) == s)
            count++;
        for (int64_t c = 0; c < inner; c++)
            sum_segment(k, first, count, c, inner, s * inner + c);
        first += count;
    }
    return STEPC_OK;
}

/* ---- gradients --------------------------------------------------------------------------------------------------- */

static stepc_code check_gradient(kernel_context *k, int64_t rows, int64_t *counts)
{
    const stepc_tensor *indices = k->inputs[1], *ids = k->inputs[2];
    int64_t segments = stepc_tensor_dims(k->inputs[0])[0];

    for (int64_t i = 0; i < stepc_tensor_length(ids); i++) {
        int64_t id = integer_at(ids, i), row = integer_at(indices, i);

        if (id < 0 || id >= segments)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "Segment id %lld out of range [0, %lld).", (long long)id,
                             (long long)segments);
        if (row < 0 || row >= rows)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "Index %lld out of range [0, %lld).", (long long)row,
                             (long long)rows);
        counts[id]++;
    }
    return STEPC_OK;
}

/* Every row of the output: the sum of the gradients of the segments that it went into. */
static void scatter_gradient(kernel_context *k, const int64_t *counts, stepc_tensor *out, int64_t inner)
{
    const stepc_tensor *grad = k->inputs[0], *indices = k->inputs[1], *ids = k->inputs[2];
    stepc_dtype dtype = stepc_tensor_dtype(grad);

    for (int64_t at = 0; at < stepc_tensor_length(out); at++) {
        double sum = 0;

        for (int64_t i = 0; i < stepc_tensor_length(ids); i++) {
            int64_t id = integer_at(ids, i);

            if (integer_at(indices, i) == at / inner)
                sum += load_f64(dtype, stepc_tensor_data(grad), id * inner + at % inner) /
                       divisor(scaling_of(k->op), counts[id]);
        }
        store_f64(dtype, stepc_tensor_data(out), at, sum);
    }
}

static stepc_code kernel_sparse_segment_grad(kernel_context *k)
{
    const stepc_tensor *grad = k->inputs[0];
    int32_t rank = stepc_tensor_rank(grad);
    int64_t dims[MOVE_RANK], *counts;
    size_t bytes;
    stepc_tensor *out;
    stepc_code code = check_vectors(k);

    if (code == STEPC_OK && stepc_tensor_rank(k->inputs[3]) != 0)
        code = error_set(k->error, STEPC_INVALID_ARGUMENT, "output_dim0 should be a scalar.");
    if (code != STEPC_OK)
        return code;
    memcpy(dims, stepc_tensor_dims(grad), (size_t)rank * sizeof *dims);
    if (!checked_mul_size((size_t)dims[0], sizeof *counts, &bytes) || !checked_add_size(bytes, sizeof *counts, &bytes))
        return error_out_of_memory(k->error, "adding up segments"); /* rows without elements cost no memory */
    dims[0] = integer_at(k->inputs[3], 0);
    if (dims[0] < 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "output_dim0 must be non-negative, got %lld", (long long)dims[0]);
    code = kernel_output(k, 0, stepc_tensor_dtype(grad), dims, rank, &out);
    if (code != STEPC_OK || dims[0] == 0)
        return code;
    counts = host_alloc(k->host, bytes);
    if (!counts)
        return error_out_of_memory(k->error, "adding up segments");
    memset(counts, 0, bytes);
    code = check_gradient(k, dims[0], counts);
    if (code == STEPC_OK && stepc_tensor_length(out) > 0)
        scatter_gradient(k, counts, out, stepc_tensor_length(out) / dims[0]);
    host_free(k->host, counts, bytes);
    return code;
}

/* One more than the last of known labels; they need not be in order, which the kernel refuses. */
static size_ref segments_of(infer_context *c)
{
    int64_t *ids = NULL, count = 0;

    if (!infer_numbers(c, 2, &ids, &count))
        return SIZE_UNKNOWN;
    if (count > 0 && (ids[count - 1] < 0 || ids[count - 1] == INT64_MAX))
        return SIZE_UNKNOWN;
    return size_const(c->sizes, count > 0 ? ids[count - 1] + 1 : 0);
}

/* The shape of input 0 but for its first dimension: the number in input 3, where there is one. */
static stepc_code infer_sparse_segment(infer_context *c)
{
    stepc_code code;

    if (c->inputs[0]->rank == 0)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Shape must be at least rank 1 but is rank 0");
    if (c->inputs[0]->rank < 0)
        return STEPC_OK;
    code = infer_copy_shape(c, c->inputs[0], 0);
    if (code == STEPC_OK)
        c->outputs[0].dims[0] = c->input_count > 3 ? infer_element(c, 3, 0) : segments_of(c);
    return code;
}

static const op_row rows[] = {
    {"SparseSegmentMean", infer_sparse_segment, kernel_sparse_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"SparseSegmentMeanGrad", infer_sparse_segment, kernel_sparse_segment_grad, 0, SAMPLE_SCATTER, 0, 0},
    {"SparseSegmentMeanWithNumSegments", infer_sparse_segment, kernel_sparse_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"SparseSegmentSqrtN", infer_sparse_segment, kernel_sparse_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"SparseSegmentSqrtNGrad", infer_sparse_segment, kernel_sparse_segment_grad, 0, SAMPLE_SCATTER, 0, 0},
    {"SparseSegmentSqrtNWithNumSegments", infer_sparse_segment, kernel_sparse_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"SparseSegmentSum", infer_sparse_segment, kernel_sparse_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"SparseSegmentSumGrad", infer_sparse_segment, kernel_sparse_segment_grad, 0, SAMPLE_SCATTER, 0, 0},
    {"SparseSegmentSumWithNumSegments", infer_sparse_segment, kernel_sparse_segment, 0, SAMPLE_SCATTER, 0, 0},
};

const op_family ops_sparse_segment = {rows, sizeof rows / sizeof rows[0]};
