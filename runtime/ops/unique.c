/* SPDX-License-Identifier: Apache-2.0 */
/* Different slices along an axis: UniqueV2, UniqueWithCountsV2. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

/* Elements of one dtype. A NaN equals nothing. */
static bool is_equal(const stepc_tensor *t, int64_t x, int64_t y)
{
    stepc_dtype dtype = stepc_tensor_dtype(t);
    const void *p = stepc_tensor_data(t);

    if (dtype == STEPC_STRING)
        return text_equal(((const stepc_string *)p)[x], ((const stepc_string *)p)[y]);
    if (dtype_is_float(dtype))
        return load_f64(dtype, p, x) == load_f64(dtype, p, y);
    if (dtype_is_complex(dtype)) {
        complex_value v = load_c128(dtype, p, x), w = load_c128(dtype, p, y);

        return v.re == w.re && v.im == w.im;
    }
    return load_u64(dtype, p, x) == load_u64(dtype, p, y);
}

/* The input as OUTER blocks of COUNT slices of INNER elements. */
typedef struct slices {
    int64_t outer, count, inner;
    int32_t axis;
} slices;

static bool same_slice(const stepc_tensor *t, const slices *s, int64_t x, int64_t y)
{
    for (int64_t o = 0; o < s->outer; o++)
        for (int64_t i = 0; i < s->inner; i++)
            if (!is_equal(t, (o * s->count + x) * s->inner + i, (o * s->count + y) * s->inner + i))
                return false;
    return true;
}

static stepc_code read_axis(kernel_context *k, slices *s)
{
    const stepc_tensor *in = k->inputs[0], *axis = k->inputs[1];
    int32_t rank = stepc_tensor_rank(in);
    int64_t at = 0;

    if (stepc_tensor_rank(axis) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "axis expects a 1D vector.");
    if (stepc_tensor_length(axis) > 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "axis does not support input tensors larger than 1 elements");
    if (stepc_tensor_length(axis) == 0 && rank != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "unique expects a 1D vector.");
    if (stepc_tensor_length(axis) == 1)
        at = integer_at(axis, 0);
    if (at < -(int64_t)rank || at >= rank)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "axis has to be between [0, %d)", (int)rank);
    s->axis = (int32_t)(at < 0 ? at + rank : at);
    s->outer = s->inner = 1;
    s->count = stepc_tensor_dims(in)[s->axis];
    for (int32_t d = 0; d < rank; d++) {
        s->outer *= d < s->axis ? stepc_tensor_dims(in)[d] : 1;
        s->inner *= d > s->axis ? stepc_tensor_dims(in)[d] : 1;
    }
    return move_check_rank(k, rank);
}

/* Where each different slice comes first, and which of them each slice is. */
static int64_t find_firsts(const stepc_tensor *in, const slices *s, stepc_tensor *places, int64_t *firsts)
{
    stepc_dtype dtype = stepc_tensor_dtype(places);
    int64_t count = 0;

    for (int64_t i = 0; i < s->count; i++) {
        int64_t at = 0;

        while (at < count && !same_slice(in, s, i, firsts[at]))
            at++;
        if (at == count)
            firsts[count++] = i;
        store_i64(dtype, stepc_tensor_data(places), i, at);
    }
    return count;
}

static stepc_code give(kernel_context *k, const slices *s, int64_t *firsts)
{
    const stepc_tensor *in = k->inputs[0];
    stepc_dtype dtype = dtype_base((stepc_dtype)k->op->output_dtypes[1]);
    int32_t rank = stepc_tensor_rank(in);
    int64_t dims[MOVE_RANK], count = 0;
    stepc_tensor *values, *places, *counts;
    stepc_code code = kernel_output(k, 1, dtype, &s->count, 1, &places);

    if (code == STEPC_OK)
        count = find_firsts(in, s, places, firsts);
    for (int32_t d = 0; d < rank; d++)
        dims[d] = d == s->axis ? count : stepc_tensor_dims(in)[d];
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(in), dims, rank, &values);
    for (int64_t i = 0; code == STEPC_OK && i < s->outer * count * s->inner; i++) {
        int64_t slice = i / s->inner % count, o = i / s->inner / count;

        code = move_element(values, i, in, (o * s->count + firsts[slice]) * s->inner + i % s->inner, k->error);
    }
    if (code != STEPC_OK || k->output_count < 3)
        return code;
    code = kernel_output(k, 2, dtype, &count, 1, &counts);
    if (code != STEPC_OK)
        return code;
    move_clear(counts);
    for (int64_t i = 0; i < s->count; i++) {
        int64_t at = integer_at(places, i);

        store_i64(dtype, stepc_tensor_data(counts), at, integer_at(counts, at) + 1);
    }
    return STEPC_OK;
}

static stepc_code kernel_unique_slices(kernel_context *k)
{
    slices s;
    size_t bytes;
    int64_t *firsts;
    stepc_code code = read_axis(k, &s);

    if (code != STEPC_OK)
        return code;
    if (stepc_tensor_length(k->inputs[0]) == 0 && s.count > (int64_t)1 << 24)
        return error_set(k->error, STEPC_UNIMPLEMENTED, "%s of %lld empty slices", k->op->type.data, (long long)s.count);
    bytes = ((size_t)s.count + 1) * sizeof(int64_t);
    firsts = host_alloc(k->host, bytes);
    if (!firsts)
        return error_out_of_memory(k->error, "looking for equal elements");
    code = give(k, &s, firsts);
    host_free(k->host, firsts, bytes);
    return code;
}

static stepc_code infer_unique_slices(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    int64_t *axes, count, rank = in->rank, axis = -1;
    bool is_known = infer_numbers(c, 1, &axes, &count);
    stepc_code code = infer_set_rank(c, 1, 1);

    if (code == STEPC_OK && c->output_count > 2)
        code = infer_set_rank(c, 2, 1);
    if (code != STEPC_OK || rank < 0)
        return code;
    code = infer_set_rank(c, 0, in->rank);
    if (code != STEPC_OK || !is_known || count > 1)
        return code;
    axis = count == 0 ? 0 : axes[0] < 0 ? axes[0] + rank : axes[0];
    for (int32_t d = 0; d < in->rank; d++)
        if (d != axis)
            c->outputs[0].dims[d] = in->dims[d];
    if (axis >= 0 && axis < rank)
        c->outputs[1].dims[0] = in->dims[axis];
    return STEPC_OK;
}

static const op_row rows[] = {
    {"UniqueV2", infer_unique_slices, kernel_unique_slices, 0, SAMPLE_NONE, 0, 0},
    {"UniqueWithCountsV2", infer_unique_slices, kernel_unique_slices, 0, SAMPLE_NONE, 0, 0},
};

const op_family ops_unique = {rows, sizeof rows / sizeof rows[0]};
