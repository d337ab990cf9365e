/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions. Floats accumulate in double, complex numbers in complex double, in row-major order
 * of the reduced axes from the identity, and are rounded once at the end. Integers accumulate in
 * 64 bits, modulo 2^64, so that Sum and Prod wrap as their dtype does; Mean divides that wide sum
 * (it wraps only beyond 64 bits) and truncates towards zero. */
#include "runtime/core/checked.h"
#include "runtime/core/scalar.h"
#include "runtime/ops/kernels.h"

#include <math.h>
#include <string.h>

/* ---- axes -------------------------------------------------------------------------------- */

static stepc_code bad_axis(stepc_error *error, int64_t axis, int64_t rank)
{
    /* The missing bracket is TensorFlow's. */
    return error_set(error, STEPC_INVALID_ARGUMENT,
                     "Invalid reduction dimension (%lld for input with %lld dimension(s)", (long long)axis,
                     (long long)rank);
}

/* Sets REDUCED[axis] for each axis in AXES. */
static stepc_code mark_axes(stepc_error *error, const int64_t *axes, int64_t count, int32_t rank, int64_t *reduced)
{
    int64_t i;

    for (i = 0; i < count; i++) {
        int32_t axis;

        if (!shape_axis(axes[i], rank, &axis))
            return bad_axis(error, axes[i], rank);
        if (reduced[axis])
            return error_set(error, STEPC_INVALID_ARGUMENT,
                             "Invalid reduction arguments: Axes contains duplicate dimension: %d", (int)axis);
        reduced[axis] = 1;
    }
    return STEPC_OK;
}

/* ---- shape functions --------------------------------------------------------------------- */

typedef enum reducer {
    REDUCE_SUM,
    REDUCE_PROD,
    REDUCE_MEAN,
    REDUCE_MAX,
    REDUCE_MIN,
    REDUCE_NORM, /* the square root of the sum of squares */
    REDUCE_ANY,
    REDUCE_ALL
} reducer;

static reducer reducer_of(const stepc_operation *op)
{
    static const char *const names[] = {"Sum", "Prod", "Mean", "Max", "Min", "EuclideanNorm", "Any", "All"};
    size_t i = 0;

    while (i < sizeof names / sizeof names[0] - 1 && strcmp(op->type.data, names[i]) != 0)
        i++;
    return (reducer)i;
}

/* Sum, Prod, Max and Min of a vector of sizes. */
static stepc_code infer_reduced_elements(infer_context *c, bool keep_dims)
{
    size_ref (*const combine[])(size_pool *, size_ref, size_ref) = {size_sum, size_product, NULL, size_max, size_min};
    reducer r = reducer_of(c->op);
    size_ref *elements, *result;
    int64_t count, i;

    if (r > REDUCE_MIN || !combine[r] || !infer_elements(c, 0, &elements, &count))
        return STEPC_OK;
    if (count == 0 && (r == REDUCE_MAX || r == REDUCE_MIN))
        return STEPC_OK;
    result = ARENA_NEW(c->memory, size_ref);
    if (!result)
        return error_out_of_memory(c->error, "inferring shapes");
    *result = count > 0 ? elements[0] : size_const(c->sizes, r == REDUCE_PROD ? 1 : 0);
    for (i = 1; i < count; i++)
        *result = combine[r](c->sizes, *result, elements[i]);
    return infer_set_elements(c, 0, keep_dims ? 1 : 0, result, 1);
}

/* Output 0 from the dims of input 0 that REDUCED does not mark. */
static stepc_code infer_kept(infer_context *c, const int64_t *reduced, bool keep_dims)
{
    const infer_value *in = c->inputs[0];
    int32_t rank = 0, d;
    stepc_code code;

    for (d = 0; d < in->rank; d++)
        rank += keep_dims || !reduced[d];
    code = infer_set_rank(c, 0, rank);
    if (code != STEPC_OK)
        return code;
    for (rank = d = 0; d < in->rank; d++) {
        if (!reduced[d])
            c->outputs[0].dims[rank++] = in->dims[d];
        else if (keep_dims)
            c->outputs[0].dims[rank++] = size_const(c->sizes, 1);
    }
    return STEPC_OK;
}

static stepc_code infer_reduction(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    bool keep_dims = operation_bool(c->op, "keep_dims", false), known = true;
    int64_t *axes, *reduced, count, i;
    size_ref *sizes;
    stepc_code code;

    if (in->rank < 0)
        return STEPC_OK;
    if (!infer_elements(c, 1, &sizes, &count))
        return keep_dims ? infer_set_rank(c, 0, in->rank) : STEPC_OK;
    axes = ARENA_ARRAY(c->memory, int64_t, (size_t)count);
    reduced = ARENA_ARRAY(c->memory, int64_t, (size_t)in->rank);
    if (!axes || !reduced)
        return error_out_of_memory(c->error, "inferring shapes");
    for (i = 0; i < count; i++)
        known = size_is_const(c->sizes, sizes[i], &axes[i]) && known;
    if (!known) {
        /* Axes differ from one another, or the step fails. */
        return keep_dims || count > in->rank ? infer_set_rank(c, 0, in->rank)
                                             : infer_set_rank(c, 0, in->rank - (int32_t)count);
    }
    code = mark_axes(c->error, axes, count, in->rank, reduced);
    if (code == STEPC_OK)
        code = infer_kept(c, reduced, keep_dims);
    if (code == STEPC_OK && in->rank == 1 && count == 1)
        return infer_reduced_elements(c, keep_dims);
    return code;
}

static stepc_code infer_arg(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    const stepc_tensor *t = c->inputs[1]->constant;
    int64_t dimension, size, *reduced, count;
    size_ref *elements;
    int32_t axis;
    char shape[256];

    if (in->rank < 0)
        return STEPC_OK;
    if (in->rank == 0)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Expected dimension in the range [0, 0)");
    if (t && stepc_tensor_length(t) == 1) /* int16 too, which infer_elements does not read */
        dimension = load_i64(stepc_tensor_dtype(t), stepc_tensor_data(t), 0);
    else if (!infer_elements(c, 1, &elements, &count) || count != 1 || !size_is_const(c->sizes, *elements, &dimension))
        return infer_set_rank(c, 0, in->rank - 1);
    if (!shape_axis(dimension, in->rank, &axis))
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Expected dimension in the range [%d, %d), but got %lld",
                         (int)-in->rank, (int)in->rank, (long long)dimension);
    if (size_is_const(c->sizes, in->dims[axis], &size) && size == 0)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Reduction axis %lld is empty in shape %s",
                         (long long)dimension, infer_shape_text(c, in, shape, sizeof shape));
    reduced = ARENA_ARRAY(c->memory, int64_t, (size_t)in->rank);
    if (!reduced)
        return error_out_of_memory(c->error, "inferring shapes");
    reduced[axis] = 1;
    return infer_kept(c, reduced, false);
}

/* Which axis holds the channels. */
static int32_t channel_axis(const stepc_operation *op, int32_t rank)
{
    return text_equal(operation_string(op, "data_format"), TEXT_LITERAL("NCHW")) ? 1 : rank - 1;
}

static stepc_code infer_bias_add_grad(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    stepc_code code = infer_set_rank(c, 0, 1);
    char shape[256];

    if (code != STEPC_OK || in->rank < 0)
        return code;
    if (in->rank < 2)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Input tensor must be at least 2D: %s",
                         infer_shape_text(c, in, shape, sizeof shape));
    c->outputs[0].dims[0] = in->dims[channel_axis(c->op, in->rank)];
    return STEPC_OK;
}

/* ---- walking ----------------------------------------------------------------------------- */

/* The axes of an input in two groups. */
typedef struct axis_group {
    int64_t *dims, *strides; /* in the input's elements */
    int32_t count;
    int64_t total; /* number of combinations, of the reduced axes */
} axis_group;

typedef struct axis_split {
    axis_group kept, reduced;
    int64_t *memory;
    size_t bytes;
} axis_split;

/* The element that combination INDEX, row-major, of the group's axes selects. */
static int64_t group_offset(const axis_group *g, int64_t index)
{
    int64_t offset = 0;
    int32_t d;

    for (d = g->count - 1; d >= 0; d--) {
        offset += index % g->dims[d] * g->strides[d];
        index /= g->dims[d];
    }
    return offset;
}

/* REDUCED marks the axes of the second group. Free with split_free. */
static bool split_axes(const stepc_host *host, const stepc_tensor *in, const int64_t *reduced, axis_split *split)
{
    int32_t rank = stepc_tensor_rank(in), d, inner;
    const int64_t *dims = stepc_tensor_dims(in);

    memset(split, 0, sizeof *split);
    split->bytes = (size_t)rank * 4 * sizeof(int64_t) + sizeof(int64_t);
    split->memory = host_alloc(host, split->bytes);
    if (!split->memory)
        return false;
    split->kept.dims = split->memory;
    split->kept.strides = split->memory + rank;
    split->reduced.dims = split->memory + 2 * rank;
    split->reduced.strides = split->memory + 3 * rank;
    for (d = 0; d < rank; d++) {
        axis_group *g = reduced[d] ? &split->reduced : &split->kept;

        g->dims[g->count] = dims[d];
        for (g->strides[g->count] = 1, inner = d + 1; stepc_tensor_length(in) > 0 && inner < rank; inner++)
            g->strides[g->count] *= dims[inner];
        g->count++;
    }
    /* Too many combinations: then a kept axis is empty, and so is the output. */
    if (!shape_count(split->reduced.dims, split->reduced.count, &split->reduced.total))
        split->reduced.total = 0;
    return true;
}

static void split_free(const stepc_host *host, axis_split *split) { host_free(host, split->memory, split->bytes); }

/* ---- the sums and their kin ----------------------------------------------------------------- */

/* The extremes: NaN wins, of equals the first stays. */
static double reduce_f64(reducer r, stepc_dtype dtype, const void *data, int64_t base, const axis_group *g)
{
    double total = r == REDUCE_PROD ? 1.0 : r == REDUCE_MAX ? -HUGE_VAL : r == REDUCE_MIN ? HUGE_VAL : 0.0;
    int64_t i;

    for (i = 0; i < g->total; i++) {
        double x = load_f64(dtype, data, base + group_offset(g, i));

        if (r == REDUCE_PROD)
            total *= x;
        else if (r == REDUCE_MAX || r == REDUCE_MIN)
            total = x != x || (r == REDUCE_MAX ? x > total : x < total) ? x : total;
        else
            total += r == REDUCE_NORM ? x * x : x;
    }
    return r == REDUCE_MEAN ? total / (double)g->total : r == REDUCE_NORM ? scalar_sqrt(total) : total;
}

static uint64_t extreme_u64(reducer r, stepc_dtype dtype, const void *data, int64_t base, const axis_group *g)
{
    bool is_signed = dtype_is_signed(dtype), most = r == REDUCE_MAX;
    uint64_t best = most ? (uint64_t)dtype_min_i64(dtype) : dtype_max_u64(dtype);
    int64_t i;

    for (i = 0; i < g->total; i++) {
        int64_t at = base + group_offset(g, i);

        if (is_signed) {
            int64_t x = load_i64(dtype, data, at);

            best = (most ? x > (int64_t)best : x < (int64_t)best) ? (uint64_t)x : best;
        } else {
            uint64_t x = load_u64(dtype, data, at);

            best = (most ? x > best : x < best) ? x : best;
        }
    }
    return best;
}

/* Signed and unsigned integers alike: modulo 2^64. */
static uint64_t reduce_u64(reducer r, stepc_dtype dtype, const void *data, int64_t base, const axis_group *g)
{
    bool is_signed = dtype_is_signed(dtype);
    uint64_t total = r == REDUCE_PROD ? 1 : 0;
    int64_t i;

    for (i = 0; i < g->total; i++) {
        int64_t at = base + group_offset(g, i);
        uint64_t x = is_signed ? (uint64_t)load_i64(dtype, data, at) : load_u64(dtype, data, at);

        total = r == REDUCE_PROD ? total * x : total + (r == REDUCE_NORM ? x * x : x);
    }
    if (r != REDUCE_MEAN || g->total == 0)
        return total;
    if (!is_signed)
        return total / (uint64_t)g->total;
    /* A sum of -2^63 can only have wrapped there, or be divided by 1: -2^63 / n does not overflow for n > 0. */
    return (uint64_t)((int64_t)total / g->total);
}

/* The wrapped sum of squares at INDEX becomes its root, truncated; 0 where it wrapped below 0. */
static void root_in_place(stepc_dtype dtype, void *to, int64_t index)
{
    if (dtype_is_signed(dtype)) {
        int64_t x = load_i64(dtype, to, index);

        store_i64(dtype, to, index, x < 0 ? 0 : (int64_t)scalar_sqrt((double)x));
    } else {
        store_u64(dtype, to, index, (uint64_t)scalar_sqrt((double)load_u64(dtype, to, index)));
    }
}

static bool reduce_bool(reducer r, const void *data, int64_t base, const axis_group *g)
{
    int64_t i;

    for (i = 0; i < g->total; i++)
        if ((load_u64(STEPC_BOOL, data, base + group_offset(g, i)) != 0) != (r == REDUCE_ALL))
            return r == REDUCE_ANY;
    return r == REDUCE_ALL;
}

static complex_value reduce_c128(reducer r, stepc_dtype dtype, const void *data, int64_t base, const axis_group *g)
{
    complex_value total = {r == REDUCE_PROD ? 1.0 : 0.0, 0.0};
    int64_t i;

    for (i = 0; i < g->total; i++) {
        complex_value x = load_c128(dtype, data, base + group_offset(g, i)), t = total;

        if (r == REDUCE_PROD) {
            total.re = t.re * x.re - t.im * x.im;
            total.im = t.re * x.im + t.im * x.re;
        } else if (r == REDUCE_NORM) {
            total.re = t.re + (x.re * x.re + x.im * x.im);
        } else {
            total.re = t.re + x.re;
            total.im = t.im + x.im;
        }
    }
    if (r == REDUCE_MEAN) {
        total.re /= (double)g->total;
        total.im /= (double)g->total;
    }
    if (r == REDUCE_NORM)
        total.re = scalar_sqrt(total.re);
    return total;
}

static void reduce_integers(reducer r, stepc_dtype dtype, const void *data, int64_t base, const axis_group *g, void *to,
                            int64_t index)
{
    uint64_t total =
        r == REDUCE_MAX || r == REDUCE_MIN ? extreme_u64(r, dtype, data, base, g) : reduce_u64(r, dtype, data, base, g);

    if (dtype_is_signed(dtype))
        store_i64(dtype, to, index, (int64_t)total);
    else
        store_u64(dtype, to, index, total);
    if (r == REDUCE_NORM)
        root_in_place(dtype, to, index);
}

static stepc_code reduce(kernel_context *k, reducer r, const axis_split *split, stepc_tensor *out)
{
    stepc_dtype dtype = stepc_tensor_dtype(out);
    const void *data = stepc_tensor_data(k->inputs[0]);
    void *to = stepc_tensor_data(out);
    int64_t i;

    for (i = 0; i < stepc_tensor_length(out); i++) {
        int64_t base = group_offset(&split->kept, i);

        switch (dtype_carrier_of(dtype)) {
        case CARRIER_F64:
            store_f64(dtype, to, i, reduce_f64(r, dtype, data, base, &split->reduced));
            break;
        case CARRIER_I64:
        case CARRIER_U64:
            if (dtype == STEPC_BOOL)
                store_u64(dtype, to, i, reduce_bool(r, data, base, &split->reduced));
            else
                reduce_integers(r, dtype, data, base, &split->reduced, to, i);
            break;
        case CARRIER_C128:
            store_c128(dtype, to, i, reduce_c128(r, dtype, data, base, &split->reduced));
            break;
        case CARRIER_NONE:
            return kernel_unsupported(k->error, k->op->type.data, dtype);
        }
    }
    return STEPC_OK;
}

static bool is_number(stepc_dtype dtype)
{
    bool quantised = dtype == STEPC_QINT8 || dtype == STEPC_QUINT8 || dtype == STEPC_QINT16 || dtype == STEPC_QUINT16 ||
                     dtype == STEPC_QINT32;

    return !quantised && (dtype_is_float(dtype) || dtype_is_integer(dtype) || dtype_is_complex(dtype));
}

/* Reduces the axes that REDUCED marks. KEEP_DIMS leaves them with size 1. */
static stepc_code reduce_marked(kernel_context *k, reducer r, const int64_t *reduced, bool keep_dims)
{
    const stepc_tensor *in = k->inputs[0];
    int32_t rank = stepc_tensor_rank(in), out_rank = 0, d;
    size_t bytes = (size_t)rank * sizeof(int64_t) + sizeof(int64_t);
    int64_t *dims = host_alloc(k->host, bytes);
    stepc_tensor *out;
    axis_split split;
    stepc_code code;

    if (!dims)
        return error_out_of_memory(k->error, "reducing");
    for (d = 0; d < rank; d++)
        if (!reduced[d])
            dims[out_rank++] = stepc_tensor_dims(in)[d];
        else if (keep_dims)
            dims[out_rank++] = 1;
    code = kernel_output(k, 0, stepc_tensor_dtype(in), dims, out_rank, &out);
    host_free(k->host, dims, bytes);
    if (code != STEPC_OK)
        return code;
    if (!split_axes(k->host, in, reduced, &split))
        return error_out_of_memory(k->error, "reducing");
    code = reduce(k, r, &split, out);
    split_free(k->host, &split);
    return code;
}

static stepc_code kernel_reduction(kernel_context *k)
{
    reducer r = reducer_of(k->op);
    bool logical = r == REDUCE_ANY || r == REDUCE_ALL;
    stepc_dtype dtype = stepc_tensor_dtype(k->inputs[0]);
    int32_t rank = stepc_tensor_rank(k->inputs[0]);
    size_t bytes = (size_t)rank * sizeof(int64_t) + sizeof(int64_t);
    int64_t *axes, *reduced, count;
    stepc_code code;

    if (logical ? dtype != STEPC_BOOL : !is_number(dtype))
        return kernel_unsupported(k->error, k->op->type.data, dtype);
    code = kernel_integers(k, 1, &axes, &count);
    if (code != STEPC_OK)
        return code;
    reduced = host_alloc(k->host, bytes);
    code = reduced ? mark_axes(k->error, axes, count, rank, reduced) : error_out_of_memory(k->error, "reducing");
    if (code == STEPC_OK && count == 0)
        code = kernel_forward(k, 0, 0); /* no axis: no reduction, -0 stays -0 */
    else if (code == STEPC_OK)
        code = reduce_marked(k, r, reduced, operation_bool(k->op, "keep_dims", false));
    if (reduced)
        host_free(k->host, reduced, bytes);
    host_free(k->host, axes, count > 0 ? (size_t)count * sizeof *axes : sizeof *axes);
    return code;
}

/* Half the sum of the squares of all elements. */
static stepc_code kernel_l2_loss(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    stepc_dtype dtype = stepc_tensor_dtype(in);
    double total = 0.0;
    stepc_tensor *out;
    stepc_code code;
    int64_t i;

    if (!dtype_is_float(dtype))
        return kernel_unsupported(k->error, k->op->type.data, dtype);
    code = kernel_output(k, 0, dtype, NULL, 0, &out);
    if (code != STEPC_OK)
        return code;
    for (i = 0; i < stepc_tensor_length(in); i++) {
        double x = load_f64(dtype, stepc_tensor_data(in), i);

        total += x * x;
    }
    store_f64(dtype, stepc_tensor_data(out), 0, total * 0.5);
    return STEPC_OK;
}

static stepc_code kernel_bias_add_grad(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    int32_t rank = stepc_tensor_rank(in), d;
    size_t bytes = (size_t)rank * sizeof(int64_t) + sizeof(int64_t);
    char shape[SHAPE_TEXT_BYTES];
    int64_t *reduced;
    stepc_code code;

    if (!is_number(stepc_tensor_dtype(in)))
        return kernel_unsupported(k->error, k->op->type.data, stepc_tensor_dtype(in));
    if (rank < 2)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Input tensor must be at least 2D: %s",
                         tensor_shape_text(in, shape));
    reduced = host_alloc(k->host, bytes);
    if (!reduced)
        return error_out_of_memory(k->error, "reducing");
    for (d = 0; d < rank; d++)
        reduced[d] = d != channel_axis(k->op, rank);
    code = reduce_marked(k, REDUCE_SUM, reduced, false);
    host_free(k->host, reduced, bytes);
    return code;
}

/* ---- ArgMax and ArgMin ------------------------------------------------------------------------------ */

/* Does element A come before element B, the GREATEST first or the least? NaN comes last. */
static bool element_better(bool greatest, stepc_dtype dtype, const void *data, int64_t a, int64_t b)
{
    double x, y;

    switch (dtype_carrier_of(dtype)) {
    case CARRIER_F64:
        x = load_f64(dtype, data, a);
        y = load_f64(dtype, data, b);
        return (greatest ? x > y : x < y) || (x == x && y != y);
    case CARRIER_I64:
        return load_i64(dtype, data, greatest ? a : b) > load_i64(dtype, data, greatest ? b : a);
    case CARRIER_U64:
        return load_u64(dtype, data, greatest ? a : b) > load_u64(dtype, data, greatest ? b : a);
    case CARRIER_C128:
    case CARRIER_NONE:
        break;
    }
    return false;
}

static void find_best(bool greatest, const stepc_tensor *in, int32_t axis, stepc_tensor *out)
{
    stepc_dtype dtype = stepc_tensor_dtype(in), index_dtype = stepc_tensor_dtype(out);
    const int64_t *dims = stepc_tensor_dims(in);
    const void *data = stepc_tensor_data(in);
    int64_t inner = 1, i, j;
    int32_t d;

    for (d = axis + 1; stepc_tensor_length(out) > 0 && d < stepc_tensor_rank(in); d++)
        inner *= dims[d];
    for (i = 0; i < stepc_tensor_length(out); i++) {
        int64_t first = i / inner * inner * dims[axis] + i % inner, best = 0;

        for (j = 1; j < dims[axis]; j++)
            if (element_better(greatest, dtype, data, first + j * inner, first + best * inner))
                best = j;
        if (dtype_is_signed(index_dtype))
            store_i64(index_dtype, stepc_tensor_data(out), i, best);
        else
            store_u64(index_dtype, stepc_tensor_data(out), i, (uint64_t)best);
    }
}

static stepc_code kernel_arg(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0], *t = k->inputs[1];
    int32_t rank = stepc_tensor_rank(in), axis, d, out_rank = 0;
    size_t bytes = (size_t)rank * sizeof(int64_t) + sizeof(int64_t);
    char shape[SHAPE_TEXT_BYTES];
    int64_t dimension, *dims;
    stepc_tensor *out;
    stepc_code code;

    if (stepc_tensor_rank(t) != 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "dim must be a scalar, but received tensor of shape: %s",
                         tensor_shape_text(t, shape));
    dimension = load_i64(stepc_tensor_dtype(t), stepc_tensor_data(t), 0);
    if (!shape_axis(dimension, rank, &axis))
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Expected dimension in the range [%d, %d), but got %lld",
                         (int)-rank, (int)rank, (long long)dimension);
    if (stepc_tensor_dims(in)[axis] == 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Reduction axis %lld is empty in shape %s",
                         (long long)dimension, tensor_shape_text(in, shape));
    dims = host_alloc(k->host, bytes);
    if (!dims)
        return error_out_of_memory(k->error, "reducing");
    for (d = 0; d < rank; d++)
        if (d != axis)
            dims[out_rank++] = stepc_tensor_dims(in)[d];
    code = kernel_output(k, 0, operation_type(k->op, "output_type"), dims, out_rank, &out);
    host_free(k->host, dims, bytes);
    if (code == STEPC_OK)
        find_best(strcmp(k->op->type.data, "ArgMax") == 0, in, axis, out);
    return code;
}

static const op_row rows[] = {
    {"All", infer_reduction, kernel_reduction, 0, SAMPLE_REDUCE, 0, 0},
    {"Any", infer_reduction, kernel_reduction, 0, SAMPLE_REDUCE, 0, 0},
    {"ArgMax", infer_arg, kernel_arg, 0, SAMPLE_ARG, 0, 0},
    {"ArgMin", infer_arg, kernel_arg, 0, SAMPLE_ARG, 0, 0},
    {"BiasAddGrad", infer_bias_add_grad, kernel_bias_add_grad, 0, SAMPLE_BIAS_GRAD, 0, 0},
    {"EuclideanNorm", infer_reduction, kernel_reduction, 0, SAMPLE_REDUCE, 0, 0},
    {"L2Loss", infer_scalar, kernel_l2_loss, 0, SAMPLE_REDUCE_ALL, 0, 0},
    {"Max", infer_reduction, kernel_reduction, 0, SAMPLE_REDUCE, 0, 0},
    {"Mean", infer_reduction, kernel_reduction, 0, SAMPLE_REDUCE, 0, 0},
    {"Min", infer_reduction, kernel_reduction, 0, SAMPLE_REDUCE, 0, 0},
    {"Prod", infer_reduction, kernel_reduction, 0, SAMPLE_REDUCE, 0.5, 1.5},
    {"Sum", infer_reduction, kernel_reduction, 0, SAMPLE_REDUCE, 0, 0},
};

const op_family ops_reduction = {rows, sizeof rows / sizeof rows[0]};
