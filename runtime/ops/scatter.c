/* SPDX-License-Identifier: Apache-2.0 */
/* Writing at places that a tensor names: ScatterNd, TensorScatter*, DynamicStitch, DynamicPartition; and Where, which
 * names them. Every index is checked before anything is written; updates of one place apply in their order. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

/* ---- combining --------------------------------------------------------------------------------------------- */

typedef enum combination { COMBINE_SET, COMBINE_ADD, COMBINE_SUB, COMBINE_MAX, COMBINE_MIN } combination;

/* The greater (lesser) of X and Y; a NaN wins, and X stays when they are equal. */
static double extreme_f64(bool greatest, double x, double y)
{
    if (x != x || y != y)
        return x != x ? x : y;
    return (greatest ? y > x : y < x) ? y : x;
}

static void combine_extreme(stepc_tensor *out, int64_t index, const stepc_tensor *updates, int64_t from, bool greatest)
{
    stepc_dtype dtype = stepc_tensor_dtype(out);
    void *to = stepc_tensor_data(out);
    const void *source = stepc_tensor_data(updates);

    if (dtype_is_float(dtype)) {
        store_f64(dtype, to, index, extreme_f64(greatest, load_f64(dtype, to, index), load_f64(dtype, source, from)));
    } else if (dtype_is_signed(dtype)) {
        int64_t x = load_i64(dtype, to, index), y = load_i64(dtype, source, from);

        store_i64(dtype, to, index, (greatest ? y > x : y < x) ? y : x);
    } else {
        uint64_t x = load_u64(dtype, to, index), y = load_u64(dtype, source, from);

        store_u64(dtype, to, index, (greatest ? y > x : y < x) ? y : x);
    }
}

/* Element INDEX of OUT becomes itself combined with element FROM of UPDATES, rounded to the dtype. */
static stepc_code combine(stepc_tensor *out, int64_t index, const stepc_tensor *updates, int64_t from, combination how,
                          stepc_error *error)
{
    stepc_dtype dtype = stepc_tensor_dtype(out);
    void *to = stepc_tensor_data(out);
    const void *source = stepc_tensor_data(updates);
    bool minus = how == COMBINE_SUB;

    if (how == COMBINE_SET)
        return move_element(out, index, updates, from, error);
    if (how >= COMBINE_MAX) {
        combine_extreme(out, index, updates, from, how == COMBINE_MAX);
        return STEPC_OK;
    }
    if (dtype_is_float(dtype)) {
        double x = load_f64(dtype, to, index), y = load_f64(dtype, source, from);

        store_f64(dtype, to, index, minus ? x - y : x + y);
    } else if (dtype_is_complex(dtype)) {
        complex_value x = load_c128(dtype, to, index), y = load_c128(dtype, source, from);

        store_c128(dtype, to, index,
                   minus ? (complex_value){x.re - y.re, x.im - y.im} : (complex_value){x.re + y.re, x.im + y.im});
    } else {
        uint64_t x = load_u64(dtype, to, index), y = load_u64(dtype, source, from);

        store_u64(dtype, to, index, minus ? x - y : x + y);
    }
    return STEPC_OK;
}

static bool can_combine(stepc_dtype dtype, combination how)
{
    if (how >= COMBINE_MAX)
        return dtype_is_float(dtype) || dtype_is_integer(dtype);
    return how == COMBINE_SET || dtype_is_float(dtype) || dtype_is_complex(dtype) || dtype_is_integer(dtype) ||
           dtype == STEPC_BOOL;
}

/* ---- rows of indices ------------------------------------------------------------------------------------------ */

static stepc_code bad_row(kernel_context *k, const stepc_tensor *indices, int64_t width, int64_t row, const int64_t *dims,
                          int32_t rank)
{
    char shape[SHAPE_TEXT_BYTES];

    error_set(k->error, STEPC_INVALID_ARGUMENT, "indices[%lld] = [", (long long)row);
    for (int64_t d = 0; d < width; d++)
        error_append(k->error, "%s%lld", d ? ", " : "", (long long)integer_at(indices, row * width + d));
    error_append(k->error, "] does not index into shape %s", shape_text(dims, rank, shape, sizeof shape));
    return STEPC_INVALID_ARGUMENT;
}

/* UPDATES must have the shape of the indices' rows followed by what is left of DIMS. */
static stepc_code check_updates(kernel_context *k, const stepc_tensor *indices, const stepc_tensor *updates,
                                const int64_t *dims, int32_t rank, int64_t *width)
{
    int32_t outer = stepc_tensor_rank(indices) - 1;
    char x[SHAPE_TEXT_BYTES], y[SHAPE_TEXT_BYTES], z[SHAPE_TEXT_BYTES];
    bool fits = outer >= 0;

    *width = fits ? stepc_tensor_dims(indices)[outer] : 0;
    fits = fits && *width <= rank && stepc_tensor_rank(updates) == outer + rank - *width;
    for (int32_t d = 0; fits && d < outer; d++)
        fits = stepc_tensor_dims(updates)[d] == stepc_tensor_dims(indices)[d];
    for (int32_t d = (int32_t)*width; fits && d < rank; d++)
        fits = stepc_tensor_dims(updates)[outer + d - *width] == dims[d];
    if (fits)
        return STEPC_OK;
    return error_set(k->error, STEPC_INVALID_ARGUMENT,
                     "Must have updates.shape = indices.shape[:batch_dim] + buffer_shape[num_index_dims:], got updates.shape: "
                     "%s, indices.shape: %s, buffer_shape: %s",
                     tensor_shape_text(updates, x), tensor_shape_text(indices, y), shape_text(dims, rank, z, sizeof z));
}

static stepc_code scatter(kernel_context *k, const stepc_tensor *indices, const stepc_tensor *updates, stepc_tensor *out,
                          combination how)
{
    const int64_t *dims = stepc_tensor_dims(out);
    int32_t rank = stepc_tensor_rank(out);
    int64_t width, steps[MOVE_RANK], slice, count;
    stepc_code code = check_updates(k, indices, updates, dims, rank, &width);

    if (code != STEPC_OK)
        return code;
    if (!can_combine(stepc_tensor_dtype(out), how))
        return kernel_unsupported(k->error, k->op->type.data, stepc_tensor_dtype(out));
    if (!shape_count(dims + width, rank - (int32_t)width, &slice) ||
        !shape_count(stepc_tensor_dims(indices), stepc_tensor_rank(indices) - 1, &count))
        return error_limit(k->error, "tensor_bytes", k->host->limits.tensor_bytes, INT64_MAX);
    move_steps(dims, rank, steps);
    for (int64_t i = 0; width > 0 && i < count; i++)
        for (int64_t d = 0; d < width; d++)
            if (integer_at(indices, i * width + d) < 0 || integer_at(indices, i * width + d) >= dims[d])
                return bad_row(k, indices, width, i, dims, rank);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(updates); i++) {
        int64_t to = i % slice, row = i / slice;

        for (int64_t d = 0; d < width; d++)
            to += integer_at(indices, row * width + d) * steps[d];
        code = combine(out, to, updates, i, how, k->error);
    }
    return code;
}

static stepc_code kernel_scatter_nd(kernel_context *k)
{
    int64_t dims[MOVE_RANK], rank = stepc_tensor_length(k->inputs[2]);
    stepc_tensor *out;
    stepc_code code = move_check_rank(k, rank > MOVE_RANK ? MOVE_RANK + 1 : (int32_t)rank);

    if (code != STEPC_OK)
        return code;
    if (stepc_tensor_rank(k->inputs[2]) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Shape must be a vector");
    for (int64_t d = 0; d < rank; d++)
        dims[d] = integer_at(k->inputs[2], d);
    code = kernel_output(k, 0, stepc_tensor_dtype(k->inputs[1]), dims, (int32_t)rank, &out);
    if (code != STEPC_OK)
        return code;
    move_clear(out);
    return scatter(k, k->inputs[0], k->inputs[1], out, COMBINE_ADD);
}

static stepc_code tensor_scatter(kernel_context *k, combination how)
{
    const stepc_tensor *in = k->inputs[0];
    stepc_tensor *out;
    stepc_code code = move_check_rank(k, stepc_tensor_rank(in));

    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(in), stepc_tensor_dims(in), stepc_tensor_rank(in), &out);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(in); i++)
        code = move_element(out, i, in, i, k->error);
    return code == STEPC_OK ? scatter(k, k->inputs[1], k->inputs[2], out, how) : code;
}

static stepc_code kernel_scatter_update(kernel_context *k) { return tensor_scatter(k, COMBINE_SET); }
static stepc_code kernel_scatter_add(kernel_context *k) { return tensor_scatter(k, COMBINE_ADD); }
static stepc_code kernel_scatter_sub(kernel_context *k) { return tensor_scatter(k, COMBINE_SUB); }
static stepc_code kernel_scatter_max(kernel_context *k) { return tensor_scatter(k, COMBINE_MAX); }
static stepc_code kernel_scatter_min(kernel_context *k) { return tensor_scatter(k, COMBINE_MIN); }

static stepc_code infer_scatter_nd(infer_context *c)
{
    size_ref *dims;
    int64_t count;
    stepc_code code;

    if (!infer_elements(c, 2, &dims, &count))
        return STEPC_OK;
    code = infer_set_rank(c, 0, (int32_t)count);
    for (int64_t d = 0; code == STEPC_OK && d < count; d++)
        c->outputs[0].dims[d] = dims[d];
    return code;
}

static stepc_code infer_tensor_scatter(infer_context *c) { return infer_copy_shape(c, c->inputs[0], 0); }

/* ---- DynamicStitch ------------------------------------------------------------------------------------------------ */

/* Data I is the shape of indices I followed by one common shape. */
static stepc_code check_stitch(kernel_context *k, int32_t count, int64_t *most)
{
    const stepc_tensor *first = k->inputs[count];
    int32_t common = stepc_tensor_rank(first) - stepc_tensor_rank(k->inputs[0]);
    char x[SHAPE_TEXT_BYTES], y[SHAPE_TEXT_BYTES];

    *most = -1;
    for (int32_t i = 0; i < count; i++) {
        const stepc_tensor *indices = k->inputs[i], *data = k->inputs[count + i];
        int32_t rank = stepc_tensor_rank(indices);
        bool fits = common >= 0 && stepc_tensor_rank(data) == rank + common;

        for (int32_t d = 0; fits && d < rank; d++)
            fits = stepc_tensor_dims(data)[d] == stepc_tensor_dims(indices)[d];
        if (!fits)
            return error_set(k->error, STEPC_INVALID_ARGUMENT,
                             "data[%d].shape = %s does not start with indices[%d].shape = %s", i,
                             tensor_shape_text(data, x), i, tensor_shape_text(indices, y));
        for (int32_t d = 0; fits && d < common; d++)
            fits = stepc_tensor_dims(data)[rank + d] == stepc_tensor_dims(first)[stepc_tensor_rank(k->inputs[0]) + d];
        if (!fits)
            return error_set(k->error, STEPC_INVALID_ARGUMENT,
                             "Need data[0].shape[%d:] = data[%d].shape[%d:], got data[0].shape = %s, data[%d].shape = %s",
                             stepc_tensor_rank(k->inputs[0]), i, rank, tensor_shape_text(first, x), i,
                             tensor_shape_text(data, y));
        for (int64_t j = 0; j < stepc_tensor_length(indices); j++) {
            int64_t index = integer_at(indices, j);

            if (index < 0)
                return error_set(k->error, STEPC_INVALID_ARGUMENT, "indices[%d] is out of range", i);
            *most = index > *most ? index : *most;
        }
    }
    return STEPC_OK;
}

static stepc_code kernel_dynamic_stitch(kernel_context *k)
{
    int32_t count = k->input_count / 2, common;
    int64_t dims[MOVE_RANK + 1], most, slice;
    stepc_tensor *out;
    stepc_code code = check_stitch(k, count, &most);

    if (code != STEPC_OK)
        return code;
    common = stepc_tensor_rank(k->inputs[count]) - stepc_tensor_rank(k->inputs[0]);
    code = move_check_rank(k, common + 1);
    if (code != STEPC_OK)
        return code;
    dims[0] = most + 1;
    for (int32_t d = 0; d < common; d++)
        dims[d + 1] = stepc_tensor_dims(k->inputs[count])[stepc_tensor_rank(k->inputs[0]) + d];
    code = kernel_output(k, 0, stepc_tensor_dtype(k->inputs[count]), dims, common + 1, &out);
    if (code != STEPC_OK)
        return code;
    move_clear(out); /* rows that nothing names */
    slice = dims[0] > 0 ? stepc_tensor_length(out) / dims[0] : 0;
    for (int32_t i = 0; i < count; i++)
        for (int64_t j = 0; code == STEPC_OK && j < stepc_tensor_length(k->inputs[count + i]); j++)
            code = move_element(out, integer_at(k->inputs[i], j / slice) * slice + j % slice, k->inputs[count + i], j,
                                k->error);
    return code;
}

static stepc_code infer_dynamic_stitch(infer_context *c)
{
    int32_t count = c->input_count / 2, common;
    const infer_value *indices = c->inputs[0], *data = c->inputs[count];
    int64_t most = -1, *numbers, n;
    bool known = true;
    stepc_code code;

    if (indices->rank < 0 || data->rank < indices->rank)
        return STEPC_OK;
    common = data->rank - indices->rank;
    code = infer_set_rank(c, 0, common + 1);
    for (int32_t d = 0; code == STEPC_OK && d < common; d++)
        c->outputs[0].dims[d + 1] = data->dims[indices->rank + d];
    for (int32_t i = 0; code == STEPC_OK && known && i < count; i++) {
        known = infer_numbers(c, i, &numbers, &n);
        for (int64_t j = 0; known && j < n; j++)
            most = numbers[j] > most ? numbers[j] : most;
    }
    if (code == STEPC_OK && known)
        c->outputs[0].dims[0] = size_const(c->sizes, most + 1);
    return code;
}

/* ---- DynamicPartition --------------------------------------------------------------------------------------------- */

static stepc_code check_partitions(kernel_context *k, int64_t *counts)
{
    const stepc_tensor *data = k->inputs[0], *partitions = k->inputs[1];
    int32_t rank = stepc_tensor_rank(partitions);
    char x[SHAPE_TEXT_BYTES], y[SHAPE_TEXT_BYTES];
    bool fits = rank <= stepc_tensor_rank(data);

    for (int32_t d = 0; fits && d < rank; d++)
        fits = stepc_tensor_dims(data)[d] == stepc_tensor_dims(partitions)[d];
    if (!fits)
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "data.shape must start with partitions.shape, got data.shape = %s, partitions.shape = %s",
                         tensor_shape_text(data, x), tensor_shape_text(partitions, y));
    for (int64_t i = 0; i < stepc_tensor_length(partitions); i++) {
        int64_t to = integer_at(partitions, i);

        if (to < 0 || to >= k->output_count)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "partitions[%lld] = %lld is not in [0, %d)", (long long)i,
                             (long long)to, k->output_count);
        counts[to]++;
    }
    return move_check_rank(k, stepc_tensor_rank(data) - rank + 1);
}

static stepc_code partition(kernel_context *k, int64_t *counts)
{
    const stepc_tensor *data = k->inputs[0], *partitions = k->inputs[1];
    int32_t rank = stepc_tensor_rank(partitions), rest = stepc_tensor_rank(data) - rank;
    int64_t dims[MOVE_RANK + 1], slice = 1;
    stepc_code code = check_partitions(k, counts);

    for (int32_t d = 0; code == STEPC_OK && d < rest; d++)
        dims[d + 1] = stepc_tensor_dims(data)[rank + d];
    for (int32_t i = 0; code == STEPC_OK && i < k->output_count; i++) {
        dims[0] = counts[i];
        counts[i] = 0;
        code = kernel_output(k, i, stepc_tensor_dtype(data), dims, rest + 1, NULL);
    }
    if (code == STEPC_OK && stepc_tensor_length(partitions) > 0)
        slice = stepc_tensor_length(data) / stepc_tensor_length(partitions);
    for (int64_t i = 0; code == STEPC_OK && slice > 0 && i < stepc_tensor_length(data); i++) {
        int64_t to = integer_at(partitions, i / slice);

        code = move_element(k->outputs[to], counts[to]++, data, i, k->error);
    }
    return code;
}

static stepc_code kernel_dynamic_partition(kernel_context *k)
{
    size_t bytes = (size_t)k->output_count * sizeof(int64_t);
    int64_t *counts = host_alloc(k->host, bytes > 0 ? bytes : sizeof(int64_t));
    stepc_code code;

    if (!counts)
        return error_out_of_memory(k->error, "partitioning");
    for (int32_t i = 0; i < k->output_count; i++)
        counts[i] = 0;
    code = partition(k, counts);
    host_free(k->host, counts, bytes > 0 ? bytes : sizeof(int64_t));
    return code;
}

static stepc_code infer_dynamic_partition(infer_context *c)
{
    const infer_value *data = c->inputs[0], *partitions = c->inputs[1];
    stepc_code code = STEPC_OK;

    if (data->rank < 0 || partitions->rank < 0 || partitions->rank > data->rank)
        return STEPC_OK;
    for (int32_t i = 0; code == STEPC_OK && i < c->output_count; i++) {
        code = infer_set_rank(c, i, data->rank - partitions->rank + 1);
        for (int32_t d = 1; code == STEPC_OK && d < c->outputs[i].rank; d++)
            c->outputs[i].dims[d] = data->dims[partitions->rank + d - 1];
    }
    return code;
}

/* ---- Where ---------------------------------------------------------------------------------------------------------- */

static bool is_set(const stepc_tensor *t, int64_t i)
{
    stepc_dtype dtype = stepc_tensor_dtype(t);

    if (dtype_is_complex(dtype)) {
        complex_value value = load_c128(dtype, stepc_tensor_data(t), i);

        return value.re != 0 || value.im != 0;
    }
    return dtype_is_float(dtype) ? load_f64(dtype, stepc_tensor_data(t), i) != 0
                                 : load_u64(dtype, stepc_tensor_data(t), i) != 0;
}

static stepc_code kernel_where(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    int32_t rank = stepc_tensor_rank(in);
    int64_t dims[2] = {0, rank}, row = 0, *to;
    stepc_tensor *out;
    stepc_code code;

    if (dtype_carrier_of(stepc_tensor_dtype(in)) == CARRIER_NONE)
        return kernel_unsupported(k->error, "Where", stepc_tensor_dtype(in));
    for (int64_t i = 0; i < stepc_tensor_length(in); i++)
        dims[0] += is_set(in, i);
    code = kernel_output(k, 0, STEPC_INT64, dims, 2, &out);
    if (code != STEPC_OK)
        return code;
    to = stepc_tensor_data(out);
    for (int64_t i = 0; i < stepc_tensor_length(in); i++) {
        int64_t rest = i;

        if (!is_set(in, i))
            continue;
        for (int32_t d = rank - 1; d >= 0; d--) {
            to[row * rank + d] = rest % stepc_tensor_dims(in)[d];
            rest /= stepc_tensor_dims(in)[d];
        }
        row++;
    }
    return STEPC_OK;
}

static stepc_code infer_where(infer_context *c)
{
    stepc_code code = infer_set_rank(c, 0, 2);

    if (code == STEPC_OK && c->inputs[0]->rank >= 0)
        c->outputs[0].dims[1] = size_const(c->sizes, c->inputs[0]->rank);
    return code;
}

static const op_row rows[] = {
    {"DynamicPartition", infer_dynamic_partition, kernel_dynamic_partition, 0, SAMPLE_NONE, 0, 0},
    {"DynamicStitch", infer_dynamic_stitch, kernel_dynamic_stitch, 0, SAMPLE_SCATTER, 0, 0},
    {"ParallelDynamicStitch", infer_dynamic_stitch, kernel_dynamic_stitch, 0, SAMPLE_SCATTER, 0, 0},
    {"ScatterNd", infer_scatter_nd, kernel_scatter_nd, 0, SAMPLE_SCATTER, 0, 0},
    {"TensorScatterAdd", infer_tensor_scatter, kernel_scatter_add, 0, SAMPLE_SCATTER, 0, 0},
    {"TensorScatterMax", infer_tensor_scatter, kernel_scatter_max, 0, SAMPLE_SCATTER, 0, 0},
    {"TensorScatterMin", infer_tensor_scatter, kernel_scatter_min, 0, SAMPLE_SCATTER, 0, 0},
    {"TensorScatterSub", infer_tensor_scatter, kernel_scatter_sub, 0, SAMPLE_SCATTER, 0, 0},
    {"TensorScatterUpdate", infer_tensor_scatter, kernel_scatter_update, 0, SAMPLE_SCATTER, 0, 0},
    {"Where", infer_where, kernel_where, 0, SAMPLE_NONE, 0, 0},
};

const op_family ops_scatter = {rows, sizeof rows / sizeof rows[0]};
