/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors made from few numbers: Range, LinSpace, OneHot, Empty; and InvertPermutation. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

#include <math.h>

/* ---- Range ------------------------------------------------------------------------------------------------ */

static stepc_code range_refused(stepc_error *error, const char *what)
{
    return error_set(error, STEPC_INVALID_ARGUMENT, "Requires %s", what);
}

/* How many numbers there are; *COUNT beyond INT64_MAX is INT64_MAX. */
static stepc_code count_integers(stepc_error *error, stepc_dtype dtype, const stepc_tensor *const *t, int64_t *count)
{
    bool has_sign = dtype_is_signed(dtype);
    uint64_t start = load_u64(dtype, stepc_tensor_data(t[0]), 0), limit = load_u64(dtype, stepc_tensor_data(t[1]), 0);
    uint64_t delta = load_u64(dtype, stepc_tensor_data(t[2]), 0), length;
    bool down = false, wrong;

    if (has_sign) {
        int64_t a = load_i64(dtype, stepc_tensor_data(t[0]), 0), b = load_i64(dtype, stepc_tensor_data(t[1]), 0);
        int64_t step = load_i64(dtype, stepc_tensor_data(t[2]), 0);

        start = (uint64_t)a;
        limit = (uint64_t)b;
        down = step < 0;
        delta = down ? 0 - (uint64_t)step : (uint64_t)step;
        wrong = down ? a < b : a > b;
    } else {
        wrong = start > limit;
    }
    if (delta == 0)
        return range_refused(error, "delta != 0: 0");
    if (wrong)
        return range_refused(error, down ? "start >= limit when delta < 0" : "start <= limit when delta > 0");
    length = down ? start - limit : limit - start;
    length = length / delta + (length % delta != 0);
    *count = length > INT64_MAX ? INT64_MAX : (int64_t)length;
    return STEPC_OK;
}

/* The same in the arithmetic of DTYPE. */
static stepc_code count_floats(stepc_error *error, stepc_dtype dtype, const stepc_tensor *const *t, int64_t *count)
{
    double start = load_f64(dtype, stepc_tensor_data(t[0]), 0), limit = load_f64(dtype, stepc_tensor_data(t[1]), 0);
    double delta = load_f64(dtype, stepc_tensor_data(t[2]), 0), length;

    if (delta == 0)
        return range_refused(error, "delta != 0: 0");
    if (delta > 0 ? start > limit : start < limit)
        return range_refused(error, delta > 0 ? "start <= limit when delta > 0" : "start >= limit when delta < 0");
    length = round_to_dtype(dtype, limit - start);
    length = ceil(fabs(round_to_dtype(dtype, length / delta)));
    if (!(length < 9e18))
        return error_set(error, STEPC_INVALID_ARGUMENT, "Requires ((limit - start) / delta) <= 9223372036854775807");
    *count = (int64_t)length;
    return STEPC_OK;
}

static stepc_code range_count(stepc_error *error, stepc_dtype dtype, const stepc_tensor *const *t, int64_t *count)
{
    static const char *const names[] = {"start", "limit", "delta"};
    char shape[SHAPE_TEXT_BYTES];

    for (int32_t i = 0; i < 3; i++)
        if (stepc_tensor_length(t[i]) != 1)
            return error_set(error, STEPC_INVALID_ARGUMENT, "%s must be a scalar, not shape %s", names[i],
                             tensor_shape_text(t[i], shape));
    return dtype_is_float(dtype) ? count_floats(error, dtype, t, count) : count_integers(error, dtype, t, count);
}

static stepc_code kernel_range(kernel_context *k)
{
    const stepc_tensor *t[3] = {k->inputs[0], k->inputs[1], k->inputs[2]};
    stepc_dtype dtype = stepc_tensor_dtype(t[0]);
    int64_t count;
    stepc_tensor *out;
    stepc_code code = range_count(k->error, dtype, t, &count);

    if (code == STEPC_OK)
        code = kernel_output(k, 0, dtype, &count, 1, &out);
    if (code != STEPC_OK)
        return code;
    if (dtype_is_float(dtype)) {
        double value = load_f64(dtype, stepc_tensor_data(t[0]), 0), delta = load_f64(dtype, stepc_tensor_data(t[2]), 0);

        /* Each number is the one before plus delta, rounded: errors add up. */
        for (int64_t i = 0; i < count; i++, value = round_to_dtype(dtype, value + delta))
            store_f64(dtype, stepc_tensor_data(out), i, value);
    } else {
        uint64_t value = load_u64(dtype, stepc_tensor_data(t[0]), 0), delta = load_u64(dtype, stepc_tensor_data(t[2]), 0);

        for (int64_t i = 0; i < count; i++, value += delta)
            store_u64(dtype, stepc_tensor_data(out), i, value);
    }
    return STEPC_OK;
}

static stepc_code range_elements(infer_context *c, int64_t count, size_ref start, size_ref delta)
{
    infer_value *out = &c->outputs[0];

    if (count > 1024)
        return STEPC_OK;
    out->elements = ARENA_ARRAY(c->memory, size_ref, (size_t)count + 1);
    if (!out->elements)
        return error_out_of_memory(c->error, "inferring shapes");
    for (int64_t i = 0; i < count; i++)
        out->elements[i] = size_sum(c->sizes, start, size_product(c->sizes, delta, size_const(c->sizes, i)));
    out->element_count = count;
    return STEPC_OK;
}

static stepc_code infer_range(infer_context *c)
{
    const stepc_tensor *t[3] = {c->inputs[0]->constant, c->inputs[1]->constant, c->inputs[2]->constant};
    stepc_dtype dtype = c->inputs[0]->dtype;
    size_ref sizes[3] = {infer_element(c, 0, 0), infer_element(c, 1, 0), infer_element(c, 2, 0)}, length;
    const size_node *node;
    int64_t delta, count;
    stepc_code code = infer_set_rank(c, 0, 1);

    if (code != STEPC_OK)
        return code;
    if (t[0] && t[1] && t[2]) {
        code = range_count(c->error, dtype, t, &count);
        if (code == STEPC_OK)
            c->outputs[0].dims[0] = size_const(c->sizes, count);
        return code == STEPC_OK && sizes[0] != SIZE_UNKNOWN ? range_elements(c, count, sizes[0], sizes[2]) : code;
    }
    if (sizes[0] == SIZE_UNKNOWN || sizes[1] == SIZE_UNKNOWN || !size_is_const(c->sizes, sizes[2], &delta))
        return STEPC_OK;
    if (delta == 0)
        return range_refused(c->error, "delta != 0: 0");
    if (delta == INT64_MIN)
        return STEPC_OK;
    length = delta > 0 ? size_sub(c->sizes, sizes[1], sizes[0]) : size_sub(c->sizes, sizes[0], sizes[1]);
    node = size_get(c->sizes, length);
    if (node && node->max < 0)
        return range_refused(c->error, delta < 0 ? "start >= limit when delta < 0" : "start <= limit when delta > 0");
    length = size_ceil_div(c->sizes, length, size_const(c->sizes, delta > 0 ? delta : -delta));
    c->outputs[0].dims[0] = length;
    return size_is_const(c->sizes, length, &count) ? range_elements(c, count, sizes[0], sizes[2]) : STEPC_OK;
}

/* ---- LinSpace ------------------------------------------------------------------------------------------------ */

static stepc_code check_num(stepc_error *error, int64_t num)
{
    return num > 0 ? STEPC_OK : error_set(error, STEPC_INVALID_ARGUMENT, "Requires num > 0: %lld", (long long)num);
}

static stepc_code kernel_lin_space(kernel_context *k)
{
    static const char *const names[] = {"start", "stop", "num"};
    stepc_dtype dtype = stepc_tensor_dtype(k->inputs[0]);
    char shape[SHAPE_TEXT_BYTES];
    double start, stop, step;
    int64_t num;
    stepc_tensor *out;
    stepc_code code;

    for (int32_t i = 0; i < 3; i++)
        if (stepc_tensor_rank(k->inputs[i]) != 0)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "%s must be a scalar, not shape %s", names[i],
                             tensor_shape_text(k->inputs[i], shape));
    num = integer_at(k->inputs[2], 0);
    code = check_num(k->error, num);
    if (code == STEPC_OK)
        code = kernel_output(k, 0, dtype, &num, 1, &out);
    if (code != STEPC_OK)
        return code;
    start = load_f64(dtype, stepc_tensor_data(k->inputs[0]), 0);
    stop = load_f64(dtype, stepc_tensor_data(k->inputs[1]), 0);
    store_f64(dtype, stepc_tensor_data(out), 0, start);
    if (num == 1)
        return STEPC_OK;
    step = round_to_dtype(dtype, round_to_dtype(dtype, stop - start) / round_to_dtype(dtype, (double)(num - 1)));
    for (int64_t i = 0; i < num - 1; i++) {
        double product = round_to_dtype(dtype, step * round_to_dtype(dtype, (double)i));

        store_f64(dtype, stepc_tensor_data(out), i, start + product);
    }
    store_f64(dtype, stepc_tensor_data(out), num - 1, stop);
    return STEPC_OK;
}

static stepc_code infer_lin_space(infer_context *c)
{
    int64_t *num, count;
    stepc_code code = infer_set_rank(c, 0, 1);

    if (code != STEPC_OK)
        return code;
    if (infer_numbers(c, 2, &num, &count) && count == 1)
        code = check_num(c->error, num[0]);
    c->outputs[0].dims[0] = infer_element(c, 2, 0);
    return code;
}

/* ---- OneHot -------------------------------------------------------------------------------------------------- */

static stepc_code one_hot_axis(stepc_error *error, const stepc_operation *op, int32_t rank, int32_t *out)
{
    int64_t axis = operation_int(op, "axis", -1);

    if (axis != -1 && (axis < 0 || axis > rank))
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "Expected axis to be -1 or between [0, %d).  But received: %lld", rank + 1, (long long)axis);
    *out = axis == -1 ? rank : (int32_t)axis;
    return STEPC_OK;
}

static stepc_code check_one_hot(kernel_context *k)
{
    static const char *const names[] = {"depth", "on_value", "off_value"};
    char shape[SHAPE_TEXT_BYTES];

    for (int32_t i = 0; i < 3; i++)
        if (stepc_tensor_rank(k->inputs[i + 1]) != 0)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "%s must be a scalar, but got: %s", names[i],
                             tensor_shape_text(k->inputs[i + 1], shape));
    if (integer_at(k->inputs[1], 0) < 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "depth must be non-negative, got: %lld",
                         (long long)integer_at(k->inputs[1], 0));
    return move_check_rank(k, stepc_tensor_rank(k->inputs[0]) + 1);
}

static stepc_code kernel_one_hot(kernel_context *k)
{
    const stepc_tensor *indices = k->inputs[0];
    int64_t dims[MOVE_RANK], depth, inner = 1;
    int32_t rank = stepc_tensor_rank(indices), axis = 0;
    stepc_tensor *out;
    stepc_code code = check_one_hot(k);

    if (code == STEPC_OK)
        code = one_hot_axis(k->error, k->op, rank, &axis);
    if (code != STEPC_OK)
        return code;
    depth = integer_at(k->inputs[1], 0);
    for (int32_t d = 0; d <= rank; d++) {
        dims[d] = d == axis ? depth : stepc_tensor_dims(indices)[d < axis ? d : d - 1];
        if (d > axis && !checked_mul_i64(inner, dims[d], &inner))
            inner = 0; /* there are no elements then, or too many for a tensor */
    }
    code = kernel_output(k, 0, stepc_tensor_dtype(k->inputs[2]), dims, rank + 1, &out);
    if (code == STEPC_OK)
        code = move_fill(out, k->inputs[3], 0, k->error);
    for (int64_t i = 0; code == STEPC_OK && depth > 0 && i < stepc_tensor_length(indices); i++) {
        int64_t index = integer_at(indices, i);

        if (index >= 0 && index < depth)
            code = move_element(out, (i / inner * depth + index) * inner + i % inner, k->inputs[2], 0, k->error);
    }
    return code;
}

static stepc_code infer_one_hot(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    size_ref depth = infer_element(c, 1, 0);
    const size_node *node = size_get(c->sizes, depth);
    int32_t axis = 0;
    stepc_code code;

    if (node && node->max < 0)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "depth must be non-negative, got: %lld",
                         (long long)node->max);
    if (in->rank < 0)
        return STEPC_OK;
    code = one_hot_axis(c->error, c->op, in->rank, &axis);
    if (code == STEPC_OK)
        code = infer_set_rank(c, 0, in->rank + 1);
    for (int32_t d = 0; code == STEPC_OK && d <= in->rank; d++)
        c->outputs[0].dims[d] = d == axis ? depth : in->dims[d < axis ? d : d - 1];
    return code;
}

/* ---- InvertPermutation ------------------------------------------------------------------------------------------ */

static stepc_code kernel_invert_permutation(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    stepc_dtype dtype = stepc_tensor_dtype(in);
    int64_t count = stepc_tensor_length(in);
    stepc_tensor *out;
    stepc_code code;

    if (stepc_tensor_rank(in) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "invert_permutation expects a 1D vector.");
    code = kernel_output(k, 0, dtype, &count, 1, &out);
    for (int64_t i = 0; code == STEPC_OK && i < count; i++)
        store_i64(dtype, stepc_tensor_data(out), i, -1);
    for (int64_t i = 0; code == STEPC_OK && i < count; i++) {
        int64_t at = integer_at(in, i);

        if (at < 0 || at >= count)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "%lld is not between 0 and %lld", (long long)at,
                             (long long)count);
        if (integer_at(out, at) != -1)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "%lld is duplicated in the input.", (long long)at);
        store_i64(dtype, stepc_tensor_data(out), at, i);
    }
    return code;
}

static stepc_code infer_invert_permutation(infer_context *c) { return infer_copy_shape(c, c->inputs[0], 0); }

/* ---- Empty --------------------------------------------------------------------------------------------------------- */

static stepc_code kernel_empty(kernel_context *k)
{
    int64_t dims[MOVE_RANK], rank = stepc_tensor_length(k->inputs[0]);
    stepc_tensor *out;
    stepc_code code = move_check_rank(k, rank > MOVE_RANK ? MOVE_RANK + 1 : (int32_t)rank);

    if (code != STEPC_OK)
        return code;
    if (stepc_tensor_rank(k->inputs[0]) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "shape must be a vector of int32, got rank %d",
                         stepc_tensor_rank(k->inputs[0]));
    for (int64_t d = 0; d < rank; d++)
        dims[d] = integer_at(k->inputs[0], d);
    code = kernel_output(k, 0, operation_type(k->op, "dtype"), dims, (int32_t)rank, &out);
    if (code == STEPC_OK)
        move_clear(out);
    return code;
}

static stepc_code infer_empty(infer_context *c)
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
    {"Empty", infer_empty, kernel_empty, OP_STATE, SAMPLE_SINGLE, 0, 0},
    {"InvertPermutation", infer_invert_permutation, kernel_invert_permutation, 0, SAMPLE_SINGLE, 0, 0},
    {"LinSpace", infer_lin_space, kernel_lin_space, 0, SAMPLE_MOVEMENT, 0, 0},
    {"OneHot", infer_one_hot, kernel_one_hot, 0, SAMPLE_MOVEMENT, 0, 0},
    {"Range", infer_range, kernel_range, 0, SAMPLE_MOVEMENT, 0, 0},
};

const op_family ops_sequence = {rows, sizeof rows / sizeof rows[0]};
