/* SPDX-License-Identifier: Apache-2.0 */
/* Places among sorted values, and values of a given place: Bucketize, LowerBound, UpperBound, HistogramFixedWidth,
 * NthElement, UnravelIndex. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

#include <string.h>

/* Element X of A before element Y of B in ascending order; the two have one dtype. */
static bool is_less(const stepc_tensor *a, int64_t x, const stepc_tensor *b, int64_t y)
{
    stepc_dtype dtype = stepc_tensor_dtype(a);
    const void *p = stepc_tensor_data(a), *q = stepc_tensor_data(b);

    if (dtype == STEPC_STRING) {
        stepc_string s = ((const stepc_string *)p)[x], t = ((const stepc_string *)q)[y];
        size_t both = s.size < t.size ? s.size : t.size;
        int order = both > 0 ? memcmp(s.data, t.data, both) : 0;

        return order < 0 || (order == 0 && s.size < t.size);
    }
    if (dtype_is_float(dtype))
        return load_f64(dtype, p, x) < load_f64(dtype, q, y);
    if (dtype_is_signed(dtype))
        return load_i64(dtype, p, x) < load_i64(dtype, q, y);
    return load_u64(dtype, p, x) < load_u64(dtype, q, y);
}

/* ---- Bucketize ----------------------------------------------------------------------------------------- */

static double number_at(const stepc_tensor *t, int64_t i)
{
    stepc_dtype dtype = stepc_tensor_dtype(t);

    return dtype_is_float(dtype) ? load_f64(dtype, stepc_tensor_data(t), i)
                                 : (double)load_i64(dtype, stepc_tensor_data(t), i);
}

/* How many boundaries are no greater than each element; NaN comes after all of them. */
static stepc_code kernel_bucketize(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    const attr_value *boundaries = operation_attr(k->op, "boundaries");
    size_t count = boundaries ? boundaries->count : 0;
    stepc_tensor *out;
    stepc_code code;

    for (size_t i = 1; i < count; i++)
        if (boundaries->as.f_list[i] < boundaries->as.f_list[i - 1])
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "Expected sorted boundaries");
    code = kernel_output(k, 0, STEPC_INT32, stepc_tensor_dims(in), stepc_tensor_rank(in), &out);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(in); i++) {
        double x = number_at(in, i);
        int64_t place = 0;

        while (place < (int64_t)count && !(x < (double)boundaries->as.f_list[place]))
            place++;
        store_i64(STEPC_INT32, stepc_tensor_data(out), i, place);
    }
    return code;
}

/* ---- LowerBound, UpperBound ------------------------------------------------------------------------------ */

static stepc_code kernel_bound(kernel_context *k)
{
    const stepc_tensor *sorted = k->inputs[0], *values = k->inputs[1];
    bool upper = k->op->type.data[0] == 'U';
    stepc_dtype to = dtype_base((stepc_dtype)k->op->output_dtypes[0]);
    int64_t columns, searched;
    stepc_tensor *out;
    stepc_code code;

    if (stepc_tensor_rank(sorted) != 2 || stepc_tensor_rank(values) != 2)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Shape must be rank 2 but is rank %d",
                         stepc_tensor_rank(stepc_tensor_rank(sorted) != 2 ? sorted : values));
    if (stepc_tensor_dims(sorted)[0] != stepc_tensor_dims(values)[0])
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Leading dim_size of both tensors must match.");
    if (dtype_is_complex(stepc_tensor_dtype(sorted)))
        return kernel_unsupported(k->error, k->op->type.data, stepc_tensor_dtype(sorted));
    columns = stepc_tensor_dims(sorted)[1];
    searched = stepc_tensor_dims(values)[1];
    if (to == STEPC_INT32 && columns > INT32_MAX)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "trailing dim_size must less than INT_MAX for int32 output");
    code = kernel_output(k, 0, to, stepc_tensor_dims(values), 2, &out);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(values); i++) {
        int64_t first = i / searched * columns, low = 0, high = columns;

        while (low < high) {
            int64_t middle = low + (high - low) / 2;

            if (upper ? !is_less(values, i, sorted, first + middle) : is_less(sorted, first + middle, values, i))
                low = middle + 1;
            else
                high = middle;
        }
        store_i64(to, stepc_tensor_data(out), i, low);
    }
    return code;
}

static stepc_code infer_values(infer_context *c) { return infer_copy_shape(c, c->inputs[1], 0); }

static stepc_code infer_places(infer_context *c) { return infer_copy_shape(c, c->inputs[0], 0); }

/* ---- HistogramFixedWidth ----------------------------------------------------------------------------------- */

static stepc_code check_histogram(kernel_context *k, int64_t *bins)
{
    const stepc_tensor *range = k->inputs[1], *number = k->inputs[2];

    if (stepc_tensor_rank(range) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "value_range should be a vector.");
    if (stepc_tensor_length(range) != 2)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "value_range should be a vector of 2 elements.");
    if (stepc_tensor_rank(number) != 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "nbins should be a scalar.");
    *bins = integer_at(number, 0);
    if (!(number_at(range, 0) < number_at(range, 1)))
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "value_range should satisfy value_range[0] < value_range[1], but got '[%g, %g]'",
                         number_at(range, 0), number_at(range, 1));
    if (*bins <= 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "nbins should be a positive number, but got '%lld'",
                         (long long)*bins);
    return STEPC_OK;
}

/* Values outside the range count in the first and the last bin; NaN in the first. */
static stepc_code kernel_histogram(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    stepc_dtype dtype = stepc_tensor_dtype(in), to = dtype_base((stepc_dtype)k->op->output_dtypes[0]);
    int64_t bins;
    double low, step;
    stepc_tensor *out;
    stepc_code code = check_histogram(k, &bins);

    if (code == STEPC_OK)
        code = kernel_output(k, 0, to, &bins, 1, &out);
    if (code != STEPC_OK)
        return code;
    move_clear(out);
    low = number_at(k->inputs[1], 0);
    step = dtype_is_float(dtype) ? round_to_dtype(dtype, number_at(k->inputs[1], 1) - low)
                                 : number_at(k->inputs[1], 1) - low;
    step /= (double)bins;
    for (int64_t i = 0; i < stepc_tensor_length(in); i++) {
        double x = number_at(in, i), place = 0;
        int64_t bin;

        if (x > low)
            place = (dtype_is_float(dtype) ? round_to_dtype(dtype, x - low) : x - low) / step;
        bin = place < (double)(bins - 1) ? (int64_t)place : bins - 1;
        store_i64(to, stepc_tensor_data(out), bin, load_i64(to, stepc_tensor_data(out), bin) + 1);
    }
    return STEPC_OK;
}

static stepc_code infer_histogram(infer_context *c)
{
    stepc_code code = infer_set_rank(c, 0, 1);

    if (code == STEPC_OK)
        c->outputs[0].dims[0] = infer_element(c, 2, 0);
    return code;
}

/* ---- NthElement ---------------------------------------------------------------------------------------------- */

/* Of each row, the element that as many others precede: equal ones count by their place. */
static int64_t nth_of_row(const stepc_tensor *in, int64_t first, int64_t size, int64_t n)
{
    for (int64_t i = 0; i < size; i++) {
        int64_t before = 0;

        for (int64_t j = 0; j < size; j++)
            before += is_less(in, first + j, in, first + i) || (j < i && !is_less(in, first + i, in, first + j));
        if (before == n)
            return first + i;
    }
    return first; /* only where a NaN upsets the order */
}

static stepc_code check_nth(stepc_error *error, int64_t n, int32_t rank, int64_t size)
{
    if (n < 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "n must be non-negative but is %lld", (long long)n);
    if (rank == 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Input must be at least rank 1 but is rank 0");
    if (size >= 0 && n >= size)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Input must have last dimension > n = %lld but is %lld",
                         (long long)n, (long long)size);
    return STEPC_OK;
}

static stepc_code kernel_nth_element(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    int32_t rank = stepc_tensor_rank(in);
    int64_t n, size = rank > 0 ? stepc_tensor_dims(in)[rank - 1] : 0;
    stepc_tensor *out;
    stepc_code code = STEPC_OK;

    if (stepc_tensor_rank(k->inputs[1]) != 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "N must be scalar but has rank %d",
                         stepc_tensor_rank(k->inputs[1]));
    n = integer_at(k->inputs[1], 0);
    code = check_nth(k->error, n, rank, size);
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(in), stepc_tensor_dims(in), rank - 1, &out);
    if (code == STEPC_OK && operation_bool(k->op, "reverse", false))
        n = size - 1 - n;
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(out); i++)
        code = move_element(out, i, in, nth_of_row(in, i * size, size, n), k->error);
    return code;
}

static stepc_code infer_nth_element(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    int64_t n = 0, size = -1;
    stepc_code code;

    if (in->rank < 0)
        return STEPC_OK;
    if (in->rank > 0)
        size_is_const(c->sizes, in->dims[in->rank - 1], &size);
    if (!size_is_const(c->sizes, infer_element(c, 1, 0), &n))
        n = 0, size = -1;
    code = check_nth(c->error, n, in->rank, size);
    if (code == STEPC_OK)
        code = infer_set_rank(c, 0, in->rank - 1);
    for (int32_t d = 0; code == STEPC_OK && d < in->rank - 1; d++)
        c->outputs[0].dims[d] = in->dims[d];
    return code;
}

/* ---- UnravelIndex --------------------------------------------------------------------------------------------- */

static stepc_code kernel_unravel(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0], *shape = k->inputs[1];
    stepc_dtype dtype = stepc_tensor_dtype(in);
    int64_t length = stepc_tensor_length(in), dims[2], total = 1, i, d;
    char given[SHAPE_TEXT_BYTES];
    stepc_tensor *out;
    stepc_code code;

    if (stepc_tensor_rank(in) > 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "The indices can only be scalar or vector, got \"%s\"",
                         tensor_shape_text(in, given));
    if (stepc_tensor_rank(shape) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "The indices can only be 1-D, got \"%s\"",
                         tensor_shape_text(shape, given));
    dims[0] = stepc_tensor_length(shape);
    dims[1] = length;
    for (d = 0; d < dims[0]; d++) {
        if (integer_at(shape, d) == 0)
            return error_set(k->error, STEPC_INVALID_ARGUMENT,
                             "Input dims cannot contain a dim of zero, but dims contains zero at index %lld", (long long)d);
        if (integer_at(shape, d) < 0)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "Input dims cannot be negative. Got dim = %lld at index %lld",
                             (long long)integer_at(shape, d), (long long)d);
        if (!checked_mul_i64(total, integer_at(shape, d), &total))
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "Input dims product is causing integer overflow");
    }
    for (i = 0; i < length; i++)
        if (integer_at(in, i) < 0 || integer_at(in, i) >= total)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "index is out of bound as with dims");
    code = kernel_output(k, 0, dtype, dims, stepc_tensor_rank(in) + 1, &out);
    for (i = 0; code == STEPC_OK && i < length; i++) {
        int64_t rest = integer_at(in, i);

        for (d = dims[0] - 1; d >= 0; d--) {
            store_i64(dtype, stepc_tensor_data(out), d * length + i, rest % integer_at(shape, d));
            rest /= integer_at(shape, d);
        }
    }
    return code;
}

static stepc_code infer_unravel(infer_context *c)
{
    const infer_value *in = c->inputs[0], *shape = c->inputs[1];
    stepc_code code;

    if (in->rank < 0 || in->rank > 1)
        return STEPC_OK;
    code = infer_set_rank(c, 0, in->rank + 1);
    if (code == STEPC_OK && shape->rank == 1)
        c->outputs[0].dims[0] = shape->dims[0];
    if (code == STEPC_OK && in->rank == 1)
        c->outputs[0].dims[1] = in->dims[0];
    return code;
}

static const op_row rows[] = {
    {"Bucketize", infer_places, kernel_bucketize, 0, SAMPLE_MOVEMENT, 0, 0},
    {"HistogramFixedWidth", infer_histogram, kernel_histogram, 0, SAMPLE_SINGLE, 0, 0},
    {"LowerBound", infer_values, kernel_bound, 0, SAMPLE_SINGLE, 0, 0},
    {"NthElement", infer_nth_element, kernel_nth_element, 0, SAMPLE_SINGLE, 0, 0},
    {"UnravelIndex", infer_unravel, kernel_unravel, 0, SAMPLE_SINGLE, 0, 0},
    {"UpperBound", infer_values, kernel_bound, 0, SAMPLE_SINGLE, 0, 0},
};

const op_family ops_search = {rows, sizeof rows / sizeof rows[0]};
