/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on shapes. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

static stepc_code infer_shape(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    size_ref *elements;
    int32_t i;

    if (in->rank < 0) /* a vector of unknown length */
        return infer_set_rank(c, 0, 1);
    elements = ARENA_ARRAY(c->memory, size_ref, (size_t)in->rank);
    if (!elements)
        return error_out_of_memory(c->error, "inferring shapes");
    for (i = 0; i < in->rank; i++)
        elements[i] = in->dims[i];
    return infer_set_elements(c, 0, 1, elements, in->rank);
}

static stepc_code kernel_shape(kernel_context *k)
{
    const int64_t *dims = stepc_tensor_dims(k->inputs[0]);
    int64_t rank = stepc_tensor_rank(k->inputs[0]), i;
    stepc_dtype dtype = operation_type(k->op, "out_type");
    stepc_tensor *out;
    stepc_code code = kernel_output(k, 0, dtype, &rank, 1, &out);

    for (i = 0; code == STEPC_OK && i < rank; i++) {
        if (dtype == STEPC_INT32 && dims[i] > INT32_MAX)
            code = error_set(k->error, STEPC_INVALID_ARGUMENT, "Shape output type is 32-bit  but dim %lld is %lld",
                             (long long)i, (long long)dims[i]);
        else
            store_i64(dtype, stepc_tensor_data(out), i, dims[i]);
    }
    return code;
}

/* ---- BroadcastGradientArgs ----------------------------------------------------------------- */

/* Over which axes of the broadcast shape the gradients of both operands are summed. */
typedef struct gradient_axes {
    int64_t *axes[2];
    int64_t count[2];
} gradient_axes;

/* The dimension of S at AXIS of RANK, as if padded with ones on the left. */
static int64_t padded(const int64_t *s, int64_t count, int64_t rank, int64_t axis)
{
    return axis < rank - count ? 1 : s[axis - (rank - count)];
}

/* False when the shapes do not broadcast. */
static bool find_gradient_axes(const int64_t *s0, int64_t n0, const int64_t *s1, int64_t n1, gradient_axes *out)
{
    int64_t rank = n0 > n1 ? n0 : n1, axis;

    out->count[0] = out->count[1] = 0;
    for (axis = 0; axis < rank; axis++) {
        int64_t a = padded(s0, n0, rank, axis), b = padded(s1, n1, rank, axis);

        if (a != b && a != 1 && b != 1)
            return false;
        if (a == 1)
            out->axes[0][out->count[0]++] = axis;
        if (b == 1)
            out->axes[1][out->count[1]++] = axis;
    }
    return true;
}

static stepc_code store_axes(kernel_context *k, const gradient_axes *axes, int32_t output)
{
    stepc_dtype dtype = stepc_tensor_dtype(k->inputs[0]);
    int64_t i;
    stepc_tensor *out;
    stepc_code code = kernel_output(k, output, dtype, &axes->count[output], 1, &out);

    for (i = 0; code == STEPC_OK && i < axes->count[output]; i++)
        store_i64(dtype, stepc_tensor_data(out), i, axes->axes[output][i]);
    return code;
}

static stepc_code gradient_args(kernel_context *k, const int64_t *s0, int64_t n0, const int64_t *s1, int64_t n1)
{
    int64_t rank = n0 > n1 ? n0 : n1;
    size_t bytes = (size_t)rank * 2 * sizeof(int64_t) + sizeof(int64_t);
    gradient_axes axes;
    stepc_code code;

    axes.axes[0] = host_alloc(k->host, bytes);
    if (!axes.axes[0])
        return error_out_of_memory(k->error, "broadcasting shapes");
    axes.axes[1] = axes.axes[0] + rank;
    if (find_gradient_axes(s0, n0, s1, n1, &axes)) {
        code = store_axes(k, &axes, 0);
        if (code == STEPC_OK)
            code = store_axes(k, &axes, 1);
    } else {
        char x[SHAPE_TEXT_BYTES], y[SHAPE_TEXT_BYTES];

        code = error_set(k->error, STEPC_INVALID_ARGUMENT, "Incompatible shapes: %s vs. %s",
                         shape_text(s0, (int32_t)n0, x, sizeof x), shape_text(s1, (int32_t)n1, y, sizeof y));
    }
    host_free(k->host, axes.axes[0], bytes);
    return code;
}

static stepc_code kernel_broadcast_gradient_args(kernel_context *k)
{
    int64_t *s[2] = {NULL, NULL}, n[2] = {0, 0};
    char shape[SHAPE_TEXT_BYTES];
    stepc_code code = STEPC_OK;
    int32_t i;

    for (i = 0; i < 2; i++)
        if (stepc_tensor_rank(k->inputs[i]) != 1)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "In[%d] must be a vector.%s", (int)i,
                             tensor_shape_text(k->inputs[i], shape));
    for (i = 0; i < 2 && code == STEPC_OK; i++) {
        code = stepc_tensor_length(k->inputs[i]) > k->host->limits.rank
                   ? error_limit(k->error, "rank", k->host->limits.rank, stepc_tensor_length(k->inputs[i]))
                   : kernel_integers(k, i, &s[i], &n[i]);
    }
    if (code == STEPC_OK)
        code = gradient_args(k, s[0], n[0], s[1], n[1]);
    for (i = 0; i < 2; i++)
        if (s[i])
            host_free(k->host, s[i], n[i] > 0 ? (size_t)n[i] * sizeof(int64_t) : sizeof(int64_t));
    return code;
}

/* Is dimension S 1: yes, no, or (false) it may be both. */
static bool decide_one(const infer_context *c, size_ref s, bool *is_one)
{
    const size_node *node = size_get(c->sizes, s);

    if (!node)
        return false;
    *is_one = node->min == 1 && node->max == 1;
    return *is_one || node->min > 1 || node->max < 1;
}

static stepc_code infer_broadcast_gradient_args(infer_context *c)
{
    size_ref *s[2], one = size_const(c->sizes, 1);
    int64_t n[2], rank, axis, count;
    int32_t i;
    stepc_code code = infer_set_rank(c, 0, 1);

    if (code == STEPC_OK)
        code = infer_set_rank(c, 1, 1);
    if (code != STEPC_OK || !infer_elements(c, 0, &s[0], &n[0]) || !infer_elements(c, 1, &s[1], &n[1]))
        return code;
    rank = n[0] > n[1] ? n[0] : n[1];
    /* An axis is in an operand's list exactly when the operand's dimension is 1. */
    for (i = 0; i < 2 && code == STEPC_OK; i++) {
        size_ref *axes = ARENA_ARRAY(c->memory, size_ref, (size_t)rank);
        bool is_one = false, decided = true;

        if (!axes)
            return error_out_of_memory(c->error, "inferring shapes");
        for (axis = count = 0; axis < rank && decided; axis++) {
            decided = decide_one(c, axis < rank - n[i] ? one : s[i][axis - (rank - n[i])], &is_one);
            if (decided && is_one)
                axes[count++] = size_const(c->sizes, axis);
        }
        if (decided)
            code = infer_set_elements(c, i, 1, axes, count);
    }
    return code;
}

/* ---- ShapeN, Rank, Size ---------------------------------------------------------------------- */

static stepc_code store_size(kernel_context *k, stepc_dtype dtype, stepc_tensor *out, int64_t at, int64_t value,
                             const char *what)
{
    if (dtype == STEPC_INT32 && value > INT32_MAX)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "%s output type is 32-bit  but is %lld", what,
                         (long long)value);
    store_i64(dtype, stepc_tensor_data(out), at, value);
    return STEPC_OK;
}

static stepc_code kernel_shape_n(kernel_context *k)
{
    stepc_dtype dtype = operation_type(k->op, "out_type");
    stepc_code code = STEPC_OK;

    for (int32_t i = 0; code == STEPC_OK && i < k->input_count; i++) {
        int64_t rank = stepc_tensor_rank(k->inputs[i]);
        stepc_tensor *out;

        code = kernel_output(k, i, dtype, &rank, 1, &out);
        for (int64_t d = 0; code == STEPC_OK && d < rank; d++)
            code = store_size(k, dtype, out, d, stepc_tensor_dims(k->inputs[i])[d], "ShapeN");
    }
    return code;
}

static stepc_code infer_shape_n(infer_context *c)
{
    stepc_code code = STEPC_OK;

    for (int32_t i = 0; code == STEPC_OK && i < c->input_count; i++) {
        const infer_value *in = c->inputs[i];

        code = in->rank < 0 ? infer_set_rank(c, i, 1) : infer_set_elements(c, i, 1, in->dims, in->rank);
    }
    return code;
}

static stepc_code kernel_rank(kernel_context *k)
{
    stepc_tensor *out;
    stepc_code code = kernel_output(k, 0, STEPC_INT32, NULL, 0, &out);

    return code == STEPC_OK ? store_size(k, STEPC_INT32, out, 0, stepc_tensor_rank(k->inputs[0]), "Rank") : code;
}

static stepc_code kernel_size(kernel_context *k)
{
    stepc_dtype dtype = operation_type(k->op, "out_type");
    stepc_tensor *out;
    stepc_code code = kernel_output(k, 0, dtype, NULL, 0, &out);

    return code == STEPC_OK ? store_size(k, dtype, out, 0, stepc_tensor_length(k->inputs[0]), "Size") : code;
}

/* A scalar that is a size. */
static stepc_code infer_one_element(infer_context *c, size_ref value)
{
    size_ref *elements;

    if (value == SIZE_UNKNOWN)
        return infer_set_rank(c, 0, 0);
    elements = ARENA_NEW(c->memory, size_ref);
    if (!elements)
        return error_out_of_memory(c->error, "inferring shapes");
    *elements = value;
    return infer_set_elements(c, 0, 0, elements, 1);
}

static stepc_code infer_rank(infer_context *c)
{
    int32_t rank = c->inputs[0]->rank;

    return infer_one_element(c, rank < 0 ? SIZE_UNKNOWN : size_const(c->sizes, rank));
}

static stepc_code infer_size(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    size_ref total = in->rank < 0 ? SIZE_UNKNOWN : size_const(c->sizes, 1);

    for (int32_t d = 0; d < in->rank; d++)
        total = size_product(c->sizes, total, in->dims[d]);
    return infer_one_element(c, total);
}

/* ---- BroadcastArgs ------------------------------------------------------------------------------ */

static stepc_code kernel_broadcast_args(kernel_context *k)
{
    const stepc_tensor *a = k->inputs[0], *b = k->inputs[1];
    stepc_dtype dtype = stepc_tensor_dtype(a);
    int64_t na = stepc_tensor_length(a), nb = stepc_tensor_length(b), n = na > nb ? na : nb;
    stepc_tensor *out;
    stepc_code code;

    if (stepc_tensor_rank(a) != 1 || stepc_tensor_rank(b) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "In[%d] must be a vector.", stepc_tensor_rank(a) == 1);
    code = kernel_output(k, 0, dtype, &n, 1, &out);
    for (int64_t i = 1; code == STEPC_OK && i <= n; i++) { /* from the right */
        int64_t x = i <= na ? load_i64(dtype, stepc_tensor_data(a), na - i) : 1;
        int64_t y = i <= nb ? load_i64(dtype, stepc_tensor_data(b), nb - i) : 1;

        if (x != y && x != 1 && y != 1)
            return error_set(k->error, STEPC_INVALID_ARGUMENT,
                             "Incompatible shapes between op input and calculated input gradient: %lld vs. %lld",
                             (long long)x, (long long)y);
        store_i64(dtype, stepc_tensor_data(out), n - i, x == 1 ? y : x);
    }
    return code;
}

static stepc_code infer_broadcast_args(infer_context *c)
{
    size_ref *a, *b, *all, one = size_const(c->sizes, 1);
    int64_t na, nb, n;

    if (!infer_elements(c, 0, &a, &na) || !infer_elements(c, 1, &b, &nb))
        return infer_set_rank(c, 0, 1);
    n = na > nb ? na : nb;
    all = ARENA_ARRAY(c->memory, size_ref, (size_t)n + 1);
    if (!all)
        return error_out_of_memory(c->error, "inferring shapes");
    for (int64_t i = 1; i <= n; i++)
        if (!infer_broadcast_dim(c, i <= na ? a[na - i] : one, i <= nb ? b[nb - i] : one, &all[n - i]))
            return error_set(c->error, STEPC_INVALID_ARGUMENT, "Incompatible shapes: dimension %lld from the right",
                             (long long)i);
    return infer_set_elements(c, 0, 1, all, n);
}

/* ---- ConcatOffset ------------------------------------------------------------------------------- */

/* Output I is where piece I begins: zeros but for the axis. */
static stepc_code kernel_concat_offset(kernel_context *k)
{
    int64_t rank = stepc_tensor_length(k->inputs[1]), offset = 0;
    int32_t axis;
    stepc_dtype dtype = stepc_tensor_dtype(k->inputs[1]);
    stepc_tensor *out;
    stepc_code code;

    if (stepc_tensor_length(k->inputs[0]) != 1 || rank > INT32_MAX)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Concat dim tensor should be a scalar integer");
    code = move_axis(k->error, "Concat dim is out of range: @ not in [{, })", integer_at(k->inputs[0], 0), (int32_t)rank,
                     &axis);
    for (int32_t i = 1; code == STEPC_OK && i < k->input_count; i++) {
        const stepc_tensor *shape = k->inputs[i];

        if (stepc_tensor_rank(shape) != 1 || stepc_tensor_length(shape) != rank)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "input %d should contain %lld elements, but got %lld", i - 1,
                             (long long)rank, (long long)stepc_tensor_length(shape));
        for (int64_t d = 0; d < rank; d++)
            if (d != axis && integer_at(shape, d) != integer_at(k->inputs[1], d))
                return error_set(k->error, STEPC_INVALID_ARGUMENT,
                                 "All dimensions except %d must match. Input %d has dimension %lld in which it differs",
                                 axis, i - 1, (long long)d);
        code = kernel_output(k, i - 1, dtype, &rank, 1, &out);
        for (int64_t d = 0; code == STEPC_OK && d < rank; d++)
            store_i64(dtype, stepc_tensor_data(out), d, d == axis ? offset : 0);
        if (code == STEPC_OK && !checked_add_i64(offset, integer_at(shape, axis), &offset))
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "The offsets are too large");
    }
    return code;
}

static stepc_code infer_concat_offset(infer_context *c)
{
    int64_t *axes, count, rank;
    size_ref offset = size_const(c->sizes, 0), *shape, *elements;
    int32_t axis = -1;
    stepc_code code = STEPC_OK;

    for (int32_t i = 0; code == STEPC_OK && i < c->output_count; i++)
        code = infer_copy_shape(c, c->inputs[i + 1], i);
    if (code != STEPC_OK || !infer_numbers(c, 0, &axes, &count) || count != 1)
        return code;
    for (int32_t i = 0; i < c->output_count; i++) {
        if (!infer_elements(c, i + 1, &shape, &rank) || rank > 1024)
            return STEPC_OK;
        code = move_axis(c->error, "Concat dim is out of range: @ not in [{, })", axes[0], (int32_t)rank, &axis);
        if (code != STEPC_OK)
            return code;
        elements = ARENA_ARRAY(c->memory, size_ref, (size_t)rank + 1);
        if (!elements)
            return error_out_of_memory(c->error, "inferring shapes");
        for (int64_t d = 0; d < rank; d++)
            elements[d] = d == axis ? offset : size_const(c->sizes, 0);
        code = infer_set_elements(c, i, 1, elements, rank);
        if (code != STEPC_OK)
            return code;
        offset = size_sum(c->sizes, offset, shape[axis]);
    }
    return STEPC_OK;
}

static const op_row rows[] = {
    {"BroadcastArgs", infer_broadcast_args, kernel_broadcast_args, 0, SAMPLE_BROADCAST_ARGS, 0, 0},
    {"BroadcastGradientArgs", infer_broadcast_gradient_args, kernel_broadcast_gradient_args, 0, SAMPLE_BROADCAST_ARGS,
     0, 0},
    {"ConcatOffset", infer_concat_offset, kernel_concat_offset, 0, SAMPLE_SINGLE, 0, 0},
    {"Rank", infer_rank, kernel_rank, 0, SAMPLE_MOVEMENT, 0, 0},
    {"Shape", infer_shape, kernel_shape, 0, SAMPLE_SHAPE, 0, 0},
    {"ShapeN", infer_shape_n, kernel_shape_n, 0, SAMPLE_MOVEMENT, 0, 0},
    {"Size", infer_size, kernel_size, 0, SAMPLE_MOVEMENT, 0, 0},
};

const op_family ops_shape = {rows, sizeof rows / sizeof rows[0]};
