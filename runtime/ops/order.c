/* SPDX-License-Identifier: Apache-2.0 */
/* Operators whose result depends on the order of values or on which are equal: TopK, Unique, ListDiff. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

#include <string.h>

/* ---- comparing -------------------------------------------------------------------------------------------- */

/* X before Y in ascending order; no NaN comes before anything. */
static bool is_less(const stepc_tensor *t, int64_t x, int64_t y)
{
    stepc_dtype dtype = stepc_tensor_dtype(t);
    const void *data = stepc_tensor_data(t);

    if (dtype_is_float(dtype))
        return load_f64(dtype, data, x) < load_f64(dtype, data, y);
    if (dtype_is_signed(dtype))
        return load_i64(dtype, data, x) < load_i64(dtype, data, y);
    return load_u64(dtype, data, x) < load_u64(dtype, data, y);
}

/* Element X of A equals element Y of B, which have one dtype. A NaN equals nothing. */
static bool is_equal(const stepc_tensor *a, int64_t x, const stepc_tensor *b, int64_t y)
{
    stepc_dtype dtype = stepc_tensor_dtype(a);
    const void *p = stepc_tensor_data(a), *q = stepc_tensor_data(b);

    if (dtype == STEPC_STRING)
        return text_equal(((const stepc_string *)p)[x], ((const stepc_string *)q)[y]);
    if (dtype_is_float(dtype))
        return load_f64(dtype, p, x) == load_f64(dtype, q, y);
    if (dtype_is_complex(dtype)) {
        complex_value v = load_c128(dtype, p, x), w = load_c128(dtype, q, y);

        return v.re == w.re && v.im == w.im;
    }
    return load_u64(dtype, p, x) == load_u64(dtype, q, y);
}

/* ---- TopK, TopKV2 ---------------------------------------------------------------------------------------------- */

/* The COUNT greatest of the SIZE elements from FIRST on, the greatest first, of equal ones the first. */
static stepc_code top_of_row(kernel_context *k, int64_t first, int64_t size, int64_t count, int64_t row, bool *taken)
{
    const stepc_tensor *in = k->inputs[0];
    stepc_code code = STEPC_OK;

    memset(taken, 0, (size_t)size * sizeof *taken);
    for (int64_t i = 0; code == STEPC_OK && i < count; i++) {
        int64_t best = -1;

        for (int64_t j = 0; j < size; j++)
            if (!taken[j] && (best < 0 || is_less(in, first + best, first + j)))
                best = j;
        taken[best] = true;
        code = move_element(k->outputs[0], row * count + i, in, first + best, k->error);
        store_i64(stepc_tensor_dtype(k->outputs[1]), stepc_tensor_data(k->outputs[1]), row * count + i, best);
    }
    return code;
}

static stepc_code check_top(stepc_error *error, int64_t count, int64_t size)
{
    if (count < 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Need k >= 0, got %lld", (long long)count);
    if (size >= 0 && count > size)
        return error_set(error, STEPC_INVALID_ARGUMENT, "input must have at least k columns. Had %lld, needed %lld",
                         (long long)size, (long long)count);
    return STEPC_OK;
}

static stepc_code top(kernel_context *k, int64_t count)
{
    const stepc_tensor *in = k->inputs[0];
    int32_t rank = stepc_tensor_rank(in);
    int64_t dims[MOVE_RANK], size;
    bool *taken;
    stepc_code code = move_check_rank(k, rank);

    if (code == STEPC_OK && rank < 1)
        code = error_set(k->error, STEPC_INVALID_ARGUMENT, "input must be >= 1-D, got shape []");
    if (code == STEPC_OK)
        code = check_top(k->error, count, stepc_tensor_dims(in)[rank - 1]);
    if (code != STEPC_OK)
        return code;
    memcpy(dims, stepc_tensor_dims(in), (size_t)rank * sizeof *dims);
    size = dims[rank - 1];
    dims[rank - 1] = count;
    code = kernel_output(k, 0, stepc_tensor_dtype(in), dims, rank, NULL);
    if (code == STEPC_OK)
        code = kernel_output(k, 1, dtype_base((stepc_dtype)k->op->output_dtypes[1]), dims, rank, NULL);
    if (code != STEPC_OK || stepc_tensor_length(k->outputs[0]) == 0)
        return code;
    taken = host_alloc(k->host, (size_t)size * sizeof *taken);
    if (!taken)
        return error_out_of_memory(k->error, "sorting");
    for (int64_t row = 0; code == STEPC_OK && row < stepc_tensor_length(in) / size; row++)
        code = top_of_row(k, row * size, size, count, row, taken);
    host_free(k->host, taken, (size_t)size * sizeof *taken);
    return code;
}

static stepc_code kernel_top_k(kernel_context *k) { return top(k, operation_int(k->op, "k", 0)); }

static stepc_code kernel_top_k_v2(kernel_context *k)
{
    if (stepc_tensor_rank(k->inputs[1]) != 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "k must be scalar, got rank %d",
                         stepc_tensor_rank(k->inputs[1]));
    return top(k, integer_at(k->inputs[1], 0));
}

static stepc_code infer_top_k(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    size_ref count = c->input_count > 1 ? infer_element(c, 1, 0) : size_const(c->sizes, operation_int(c->op, "k", 0));
    int64_t k, size = -1;
    stepc_code code = STEPC_OK;

    if (in->rank == 0)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "input must be >= 1-D, got shape []");
    if (in->rank < 0)
        return STEPC_OK;
    size_is_const(c->sizes, in->dims[in->rank - 1], &size);
    if (size_is_const(c->sizes, count, &k))
        code = check_top(c->error, k, size);
    for (int32_t i = 0; code == STEPC_OK && i < 2; i++) {
        code = infer_copy_shape(c, in, i);
        if (code == STEPC_OK)
            c->outputs[i].dims[in->rank - 1] = count;
    }
    return code;
}

/* ---- Unique, UniqueWithCounts --------------------------------------------------------------------------------------- */

static stepc_code check_vector(kernel_context *k, int32_t input, const char *what)
{
    if (stepc_tensor_rank(k->inputs[input]) == 1)
        return STEPC_OK;
    return error_set(k->error, STEPC_INVALID_ARGUMENT, "%s expects a 1D vector.", what);
}

/* *FIRSTS, of as many as there are elements: the places at which *COUNT new values appear. */
static stepc_code find_firsts(kernel_context *k, const stepc_tensor *in, stepc_tensor *places, int64_t *firsts, int64_t *count)
{
    stepc_dtype dtype = stepc_tensor_dtype(places);

    *count = 0;
    for (int64_t i = 0; i < stepc_tensor_length(in); i++) {
        int64_t at = 0;

        while (at < *count && !is_equal(in, i, in, firsts[at]))
            at++;
        if (at == *count)
            firsts[(*count)++] = i;
        if (dtype == STEPC_INT32 && at > INT32_MAX)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "unique does not support input tensors larger than %d elements",
                             INT32_MAX);
        store_i64(dtype, stepc_tensor_data(places), i, at);
    }
    return STEPC_OK;
}

static stepc_code give_unique(kernel_context *k, int64_t *firsts)
{
    const stepc_tensor *in = k->inputs[0];
    stepc_dtype dtype = dtype_base((stepc_dtype)k->op->output_dtypes[1]);
    int64_t length = stepc_tensor_length(in), count;
    stepc_tensor *values, *places, *counts;
    stepc_code code = kernel_output(k, 1, dtype, &length, 1, &places);

    if (code == STEPC_OK)
        code = find_firsts(k, in, places, firsts, &count);
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(in), &count, 1, &values);
    for (int64_t i = 0; code == STEPC_OK && i < count; i++)
        code = move_element(values, i, in, firsts[i], k->error);
    if (code != STEPC_OK || k->output_count < 3)
        return code;
    code = kernel_output(k, 2, dtype, &count, 1, &counts);
    if (code != STEPC_OK)
        return code;
    move_clear(counts);
    for (int64_t i = 0; i < length; i++) {
        int64_t at = integer_at(places, i);

        store_i64(dtype, stepc_tensor_data(counts), at, integer_at(counts, at) + 1);
    }
    return STEPC_OK;
}

static stepc_code kernel_unique(kernel_context *k)
{
    size_t bytes = ((size_t)stepc_tensor_length(k->inputs[0]) + 1) * sizeof(int64_t);
    int64_t *firsts;
    stepc_code code = check_vector(k, 0, "unique");

    if (code != STEPC_OK)
        return code;
    firsts = host_alloc(k->host, bytes);
    if (!firsts)
        return error_out_of_memory(k->error, "looking for equal elements");
    code = give_unique(k, firsts);
    host_free(k->host, firsts, bytes);
    return code;
}

static stepc_code infer_unique(infer_context *c)
{
    stepc_code code = infer_set_rank(c, 0, 1);

    if (code == STEPC_OK)
        code = infer_copy_shape(c, c->inputs[0], 1);
    if (code == STEPC_OK && c->output_count > 2)
        code = infer_set_rank(c, 2, 1);
    return code;
}

/* ---- ListDiff -------------------------------------------------------------------------------------------------------- */

static bool has_element(const stepc_tensor *t, const stepc_tensor *x, int64_t i)
{
    for (int64_t j = 0; j < stepc_tensor_length(t); j++)
        if (is_equal(x, i, t, j))
            return true;
    return false;
}

/* What is in the first list and not in the second, with its places. */
static stepc_code kernel_list_diff(kernel_context *k)
{
    const stepc_tensor *x = k->inputs[0], *y = k->inputs[1];
    stepc_dtype dtype = dtype_base((stepc_dtype)k->op->output_dtypes[1]);
    int64_t count = 0, at = 0;
    stepc_tensor *values, *places;
    stepc_code code = check_vector(k, 0, "x");

    if (code == STEPC_OK)
        code = check_vector(k, 1, "y");
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(x); i++)
        count += !has_element(y, x, i);
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(x), &count, 1, &values);
    if (code == STEPC_OK)
        code = kernel_output(k, 1, dtype, &count, 1, &places);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(x); i++) {
        if (has_element(y, x, i))
            continue;
        code = move_element(values, at, x, i, k->error);
        store_i64(dtype, stepc_tensor_data(places), at++, i);
    }
    return code;
}

static stepc_code infer_list_diff(infer_context *c)
{
    stepc_code code = infer_set_rank(c, 0, 1);

    return code == STEPC_OK ? infer_set_rank(c, 1, 1) : code;
}

static const op_row rows[] = {
    {"ListDiff", infer_list_diff, kernel_list_diff, 0, SAMPLE_NONE, 0, 0},
    {"TopK", infer_top_k, kernel_top_k, 0, SAMPLE_SCATTER, 0, 0},
    {"TopKV2", infer_top_k, kernel_top_k_v2, 0, SAMPLE_SCATTER, 0, 0},
    {"Unique", infer_unique, kernel_unique, 0, SAMPLE_NONE, 0, 0},
    {"UniqueWithCounts", infer_unique, kernel_unique, 0, SAMPLE_NONE, 0, 0},
};

const op_family ops_order = {rows, sizeof rows / sizeof rows[0]};
