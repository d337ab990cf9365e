/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions by label: segments, sorted and unsorted, and counts. Sums run in double and 64-bit integers and are
 * rounded once. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef enum segment_rule { SEGMENT_SUM, SEGMENT_MEAN, SEGMENT_PROD, SEGMENT_MAX, SEGMENT_MIN } segment_rule;

/* By the end of the type: "SegmentSum", "UnsortedSegmentMax". */
static segment_rule rule_of(const stepc_operation *op)
{
    static const char *const names[] = {"Sum", "Mean", "Prod", "Max", "Min"};
    size_t i = 0;

    while (i < 4 && strncmp(strstr(op->type.data, "Segment") + 7, names[i], strlen(names[i])) != 0)
        i++;
    return (segment_rule)i;
}

/* ---- shape functions --------------------------------------------------------------------- */

/* [FIRST] and the dimensions of input 0 from SKIP on. */
static stepc_code infer_tail(infer_context *c, size_ref first, int32_t skip)
{
    const infer_value *in = c->inputs[0];
    stepc_code code;
    int32_t d;

    if (in->rank < 0 || skip < 0)
        return STEPC_OK;
    if (skip > in->rank)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "data.shape does not start with segment_ids.shape");
    code = infer_set_rank(c, 0, in->rank - skip + 1);
    if (code != STEPC_OK)
        return code;
    c->outputs[0].dims[0] = first;
    for (d = skip; d < in->rank; d++)
        c->outputs[0].dims[d - skip + 1] = in->dims[d];
    return STEPC_OK;
}

/* As many as the last label says, when the labels are known. */
static size_ref segment_count(infer_context *c)
{
    int64_t *labels, count;

    if (!infer_numbers(c, 1, &labels, &count) || (count > 0 && (labels[count - 1] < 0 || labels[count - 1] == INT64_MAX)))
        return SIZE_UNKNOWN;
    return size_const(c->sizes, count > 0 ? labels[count - 1] + 1 : 0);
}

static stepc_code infer_segment(infer_context *c)
{
    if (c->inputs[1]->rank >= 0 && c->inputs[1]->rank != 1)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "segment_ids should be a vector.");
    if (c->inputs[0]->rank == 0)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "data should be at least a vector.");
    return infer_tail(c, segment_count(c), 1);
}

static size_ref scalar_size(infer_context *c, int32_t input)
{
    size_ref *elements;
    int64_t count;

    return infer_elements(c, input, &elements, &count) && count == 1 ? elements[0] : SIZE_UNKNOWN;
}

static stepc_code infer_unsorted_segment(infer_context *c)
{
    return infer_tail(c, scalar_size(c, 2), c->inputs[1]->rank);
}

static stepc_code infer_segment_v2(infer_context *c)
{
    stepc_code code = infer_segment(c);

    if (code == STEPC_OK && c->outputs[0].rank > 0)
        c->outputs[0].dims[0] = scalar_size(c, 2);
    return code;
}

static stepc_code infer_bincount(infer_context *c)
{
    stepc_code code = infer_set_rank(c, 0, 1);

    if (code == STEPC_OK)
        c->outputs[0].dims[0] = scalar_size(c, 1);
    return code;
}

/* ---- totals -------------------------------------------------------------------------------- */

typedef union segment_total {
    double f;
    uint64_t u; /* signed and unsigned integers alike */
    complex_value c;
} segment_total;

static double greatest_finite(stepc_dtype dtype)
{
    return dtype == STEPC_HALF       ? 65504.0
           : dtype == STEPC_BFLOAT16 ? 0x1.fep127
           : dtype == STEPC_FLOAT32  ? (double)FLT_MAX
                                     : DBL_MAX;
}

/* What a segment holds that nothing falls into. */
static segment_total empty_total(segment_rule rule, bool sorted, stepc_dtype dtype)
{
    segment_total t = {.c = {0.0, 0.0}};
    bool least = rule == SEGMENT_MAX;

    if (rule == SEGMENT_PROD && dtype_carrier_of(dtype) == CARRIER_F64)
        t.f = 1.0;
    else if (rule == SEGMENT_PROD && dtype_is_complex(dtype))
        t.c.re = 1.0;
    else if (rule == SEGMENT_PROD)
        t.u = 1;
    else if (sorted || rule < SEGMENT_MAX)
        return t;
    else if (dtype_is_float(dtype))
        t.f = least ? -greatest_finite(dtype) : greatest_finite(dtype);
    else
        t.u = least ? (uint64_t)dtype_min_i64(dtype) : dtype_max_u64(dtype);
    return t;
}

static double combine_f64(segment_rule rule, double t, double x)
{
    if (rule == SEGMENT_PROD)
        return t * x;
    if (rule >= SEGMENT_MAX)
        return x != x || (rule == SEGMENT_MAX ? x > t : x < t) ? x : t;
    return t + x;
}

static uint64_t combine_u64(segment_rule rule, bool is_signed, uint64_t t, uint64_t x)
{
    bool greater = is_signed ? (int64_t)x > (int64_t)t : x > t;

    if (rule == SEGMENT_PROD)
        return t * x;
    if (rule >= SEGMENT_MAX)
        return greater == (rule == SEGMENT_MAX) ? x : t;
    return t + x;
}

static complex_value combine_c128(segment_rule rule, complex_value t, complex_value x)
{
    if (rule == SEGMENT_PROD)
        return (complex_value){t.re * x.re - t.im * x.im, t.re * x.im + t.im * x.re};
    return (complex_value){t.re + x.re, t.im + x.im};
}

/* Adds element AT of DATA to T; the FIRST one of a sorted segment replaces what stands for nothing. */
static void combine(segment_rule rule, stepc_dtype dtype, const void *data, int64_t at, bool first, segment_total *t)
{
    uint64_t x;

    switch (dtype_carrier_of(dtype)) {
    case CARRIER_F64:
        t->f = first ? load_f64(dtype, data, at) : combine_f64(rule, t->f, load_f64(dtype, data, at));
        break;
    case CARRIER_I64:
    case CARRIER_U64:
        x = dtype_is_signed(dtype) ? (uint64_t)load_i64(dtype, data, at) : load_u64(dtype, data, at);
        t->u = first ? x : combine_u64(rule, dtype_is_signed(dtype), t->u, x);
        break;
    case CARRIER_C128:
        t->c = first ? load_c128(dtype, data, at) : combine_c128(rule, t->c, load_c128(dtype, data, at));
        break;
    case CARRIER_NONE:
        break;
    }
}

/* COUNT: what a mean divides by; 0: nothing to divide. */
static void store_total(stepc_dtype dtype, void *to, int64_t at, segment_total t, int64_t count)
{
    switch (dtype_carrier_of(dtype)) {
    case CARRIER_F64:
        store_f64(dtype, to, at, count ? t.f / (double)count : t.f);
        break;
    case CARRIER_I64:
        store_i64(dtype, to, at, count ? (int64_t)t.u / count : (int64_t)t.u);
        break;
    case CARRIER_U64:
        store_u64(dtype, to, at, count ? t.u / (uint64_t)count : t.u);
        break;
    case CARRIER_C128:
        if (count)
            t.c = (complex_value){t.c.re / (double)count, t.c.im / (double)count};
        store_c128(dtype, to, at, t.c);
        break;
    case CARRIER_NONE:
        break;
    }
}

static bool is_number(stepc_dtype dtype)
{
    bool quantised = dtype == STEPC_QINT8 || dtype == STEPC_QUINT8 || dtype == STEPC_QINT16 || dtype == STEPC_QUINT16 ||
                     dtype == STEPC_QINT32;

    return !quantised && (dtype_is_float(dtype) || dtype_is_integer(dtype) || dtype_is_complex(dtype));
}

/* Reduces rows of DATA, INNER elements each, into OUT by the label of each row; labels below 0 are dropped. */
static stepc_code reduce_rows(kernel_context *k, bool sorted, int64_t rows, int64_t inner, stepc_tensor *out)
{
    const stepc_tensor *data = k->inputs[0], *ids = k->inputs[1];
    stepc_dtype dtype = stepc_tensor_dtype(data);
    segment_rule rule = rule_of(k->op);
    int64_t length = stepc_tensor_length(out), row, i;
    size_t bytes, count_bytes;
    segment_total *totals = NULL;
    int64_t *counts = NULL;

    if (!checked_mul_size((size_t)length + 1, sizeof *totals, &bytes) ||
        !checked_mul_size((size_t)length + 1, sizeof *counts, &count_bytes))
        return error_out_of_memory(k->error, "reducing segments");
    totals = host_alloc(k->host, bytes);
    counts = totals ? host_alloc(k->host, count_bytes) : NULL;
    if (!counts) {
        if (totals)
            host_free(k->host, totals, bytes);
        return error_out_of_memory(k->error, "reducing segments");
    }
    for (i = 0; i < length; i++) {
        totals[i] = empty_total(rule, sorted, dtype);
        counts[i] = 0;
    }
    for (row = 0; row < rows; row++) {
        int64_t id = load_i64(stepc_tensor_dtype(ids), stepc_tensor_data(ids), row);

        for (i = 0; id >= 0 && i < inner; i++) {
            int64_t at = id * inner + i;
            bool first = sorted && rule >= SEGMENT_MAX && counts[at] == 0;

            combine(rule, dtype, stepc_tensor_data(data), row * inner + i, first, &totals[at]);
            counts[at]++;
        }
    }
    for (i = 0; i < length; i++)
        store_total(dtype, stepc_tensor_data(out), i, totals[i], rule == SEGMENT_MEAN ? counts[i] : 0);
    host_free(k->host, counts, count_bytes);
    host_free(k->host, totals, bytes);
    return STEPC_OK;
}

/* Makes [FIRST] + the dimensions of input 0 from SKIP on, and reduces into it. */
static stepc_code reduce_into(kernel_context *k, bool sorted, int64_t first, int32_t skip)
{
    const stepc_tensor *data = k->inputs[0];
    int32_t rank = stepc_tensor_rank(data), d;
    size_t bytes = ((size_t)rank + 1) * sizeof(int64_t);
    int64_t *dims = host_alloc(k->host, bytes), inner = 1, rows = stepc_tensor_length(k->inputs[1]);
    stepc_tensor *out;
    stepc_code code;

    if (!dims)
        return error_out_of_memory(k->error, "reducing segments");
    dims[0] = first;
    for (d = skip; d < rank; d++)
        dims[d - skip + 1] = stepc_tensor_dims(data)[d];
    code = kernel_output(k, 0, stepc_tensor_dtype(data), dims, rank - skip + 1, &out);
    for (d = skip; stepc_tensor_length(data) > 0 && d < rank; d++)
        inner *= stepc_tensor_dims(data)[d];
    host_free(k->host, dims, bytes);
    if (code != STEPC_OK || stepc_tensor_length(out) == 0)
        return code;
    return reduce_rows(k, sorted, stepc_tensor_length(data) > 0 ? rows : 0, inner, out);
}

/* ---- kernels ------------------------------------------------------------------------------- */

static stepc_code kernel_segment(kernel_context *k)
{
    const stepc_tensor *data = k->inputs[0], *ids = k->inputs[1];
    int64_t count = stepc_tensor_length(ids), last = -1, segments, i;
    char shape[SHAPE_TEXT_BYTES];

    if (!is_number(stepc_tensor_dtype(data)))
        return kernel_unsupported(k->error, k->op->type.data, stepc_tensor_dtype(data));
    if (stepc_tensor_rank(ids) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "segment_ids should be a vector.");
    if (stepc_tensor_rank(data) < 1 || stepc_tensor_dims(data)[0] != count)
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "segment_ids should be the same size as dimension 0 of input.");
    for (i = 0; i < count; i++) {
        int64_t id = load_i64(stepc_tensor_dtype(ids), stepc_tensor_data(ids), i);

        if (id < 0)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "segment ids must be >= 0");
        if (id < last)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "segment ids are not increasing");
        last = id;
    }
    if (last == INT64_MAX)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "segment ids are too large");
    if (k->input_count < 3)
        return reduce_into(k, true, last + 1, 1);
    /* V2 says how many segments there are, and fills those without rows as the unsorted ones are. */
    if (stepc_tensor_rank(k->inputs[2]) != 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "num_segments should be a scalar, not shape %s",
                         tensor_shape_text(k->inputs[2], shape));
    segments = load_i64(stepc_tensor_dtype(k->inputs[2]), stepc_tensor_data(k->inputs[2]), 0);
    if (segments < 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Input num_segments == %lld must not be negative.",
                         (long long)segments);
    if (last >= segments)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "segment ids must be < num_segments");
    return reduce_into(k, false, segments, 1);
}

static stepc_code check_labels(kernel_context *k, const stepc_tensor *ids, int64_t segments)
{
    int64_t i;

    for (i = 0; i < stepc_tensor_length(ids); i++) {
        int64_t id = load_i64(stepc_tensor_dtype(ids), stepc_tensor_data(ids), i), rest = i, places[8];
        int32_t rank = stepc_tensor_rank(ids), d;
        char place[128] = "";

        if (id < segments)
            continue;
        for (d = rank - 1; d >= 0; d--) {
            if (d < 8)
                places[d] = rest % stepc_tensor_dims(ids)[d];
            rest /= stepc_tensor_dims(ids)[d];
        }
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "segment_ids%s = %lld is out of range [0, %lld)",
                         rank <= 8 ? shape_text(places, rank, place, sizeof place) : "", (long long)id,
                         (long long)segments);
    }
    return STEPC_OK;
}

static stepc_code kernel_unsorted_segment(kernel_context *k)
{
    const stepc_tensor *data = k->inputs[0], *ids = k->inputs[1], *number = k->inputs[2];
    int32_t rank = stepc_tensor_rank(ids), d;
    char x[SHAPE_TEXT_BYTES], y[SHAPE_TEXT_BYTES];
    bool fits = rank <= stepc_tensor_rank(data);
    int64_t segments;
    stepc_code code;

    if (!is_number(stepc_tensor_dtype(data)))
        return kernel_unsupported(k->error, k->op->type.data, stepc_tensor_dtype(data));
    if (stepc_tensor_rank(number) != 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "num_segments should be a scalar, not shape %s",
                         tensor_shape_text(number, x));
    for (d = 0; fits && d < rank; d++)
        fits = stepc_tensor_dims(data)[d] == stepc_tensor_dims(ids)[d];
    if (!fits)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "data.shape = %s does not start with segment_ids.shape = %s",
                         tensor_shape_text(data, x), tensor_shape_text(ids, y));
    segments = load_i64(stepc_tensor_dtype(number), stepc_tensor_data(number), 0);
    if (segments < 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Input num_segments == %lld must not be negative.",
                         (long long)segments);
    code = check_labels(k, ids, segments);
    return code == STEPC_OK ? reduce_into(k, false, segments, rank) : code;
}

/* Counts the values, or adds up their weights; values beyond the bins are dropped. */
static stepc_code kernel_bincount(kernel_context *k)
{
    const stepc_tensor *values = k->inputs[0], *weights = k->inputs[2];
    stepc_dtype dtype = stepc_tensor_dtype(weights), from = stepc_tensor_dtype(values);
    bool weighted = stepc_tensor_length(weights) > 0;
    int64_t bins, bin, i;
    stepc_tensor *out;
    stepc_code code;

    if (stepc_tensor_rank(k->inputs[1]) != 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "size must be a scalar");
    bins = load_i64(stepc_tensor_dtype(k->inputs[1]), stepc_tensor_data(k->inputs[1]), 0);
    if (bins < 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "size (%lld) must be non-negative", (long long)bins);
    if (weighted && stepc_tensor_length(weights) != stepc_tensor_length(values))
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "weights must have the same shape as arr, or be empty");
    for (i = 0; i < stepc_tensor_length(values); i++)
        if (load_i64(from, stepc_tensor_data(values), i) < 0)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "Input arr must be non-negative!");
    code = kernel_output(k, 0, dtype, &bins, 1, &out);
    for (bin = 0; code == STEPC_OK && bin < bins; bin++) {
        segment_total total = empty_total(SEGMENT_SUM, true, dtype);

        for (i = 0; i < stepc_tensor_length(values); i++) {
            if (load_i64(from, stepc_tensor_data(values), i) != bin)
                continue;
            if (weighted)
                combine(SEGMENT_SUM, dtype, stepc_tensor_data(weights), i, false, &total);
            else if (dtype_is_float(dtype))
                total.f += 1.0;
            else
                total.u += 1;
        }
        store_total(dtype, stepc_tensor_data(out), bin, total, 0);
    }
    return code;
}

static const op_row rows[] = {
    {"Bincount", infer_bincount, kernel_bincount, 0, SAMPLE_SCATTER, 0, 0},
    {"SegmentMax", infer_segment, kernel_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"SegmentMaxV2", infer_segment_v2, kernel_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"SegmentMean", infer_segment, kernel_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"SegmentMin", infer_segment, kernel_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"SegmentMinV2", infer_segment_v2, kernel_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"SegmentProd", infer_segment, kernel_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"SegmentProdV2", infer_segment_v2, kernel_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"SegmentSum", infer_segment, kernel_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"SegmentSumV2", infer_segment_v2, kernel_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"UnsortedSegmentMax", infer_unsorted_segment, kernel_unsorted_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"UnsortedSegmentMin", infer_unsorted_segment, kernel_unsorted_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"UnsortedSegmentProd", infer_unsorted_segment, kernel_unsorted_segment, 0, SAMPLE_SCATTER, 0, 0},
    {"UnsortedSegmentSum", infer_unsorted_segment, kernel_unsorted_segment, 0, SAMPLE_SCATTER, 0, 0},
};

const op_family ops_segment = {rows, sizeof rows / sizeof rows[0]};
