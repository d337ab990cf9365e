/* SPDX-License-Identifier: Apache-2.0 */
/* Running sums and products. Floats run in double, complex numbers in complex double, and are rounded when they are
 * stored; integers run modulo 2^64. */
#include "runtime/core/checked.h"
#include "runtime/core/scalar.h"
#include "runtime/ops/kernels.h"

#include <float.h>
#include <string.h>

static stepc_code bad_axis(stepc_error *error, int64_t axis, int32_t rank)
{
    return error_set(error, STEPC_INVALID_ARGUMENT, "ScanOp: Expected scan axis in the range [%d, %d), but got %lld",
                     (int)-rank, (int)rank, (long long)(axis < 0 ? axis + rank : axis));
}

static stepc_code infer_scan(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    size_ref *elements;
    int64_t count, value;
    int32_t axis;
    char shape[256];

    if (c->inputs[1]->rank > 0)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "ScanOp: axis must be a scalar, not %s",
                         infer_shape_text(c, c->inputs[1], shape, sizeof shape));
    if (in->rank >= 0 && infer_elements(c, 1, &elements, &count) && count == 1 &&
        size_is_const(c->sizes, elements[0], &value) && !shape_axis(value, in->rank, &axis))
        return bad_axis(c->error, value, in->rank);
    return infer_copy_shape(c, in, 0);
}

/* One line of elements, STEP apart. */
typedef struct scan_line {
    stepc_dtype dtype;
    const void *from;
    void *to;
    int64_t first, step, count;
    bool product, exclusive, reverse;
} scan_line;

static int64_t scan_at(const scan_line *s, int64_t k)
{
    return s->first + (s->reverse ? s->count - 1 - k : k) * s->step;
}

static void scan_f64(const scan_line *s)
{
    double total = s->product ? 1.0 : 0.0;
    int64_t k;

    for (k = 0; k < s->count; k++) {
        double x = load_f64(s->dtype, s->from, scan_at(s, k)), before = total;

        total = s->product ? total * x : total + x;
        store_f64(s->dtype, s->to, scan_at(s, k), s->exclusive ? before : total);
    }
}

static void scan_u64(const scan_line *s)
{
    bool is_signed = dtype_is_signed(s->dtype);
    uint64_t total = s->product ? 1 : 0;
    int64_t k;

    for (k = 0; k < s->count; k++) {
        int64_t at = scan_at(s, k);
        uint64_t x = is_signed ? (uint64_t)load_i64(s->dtype, s->from, at) : load_u64(s->dtype, s->from, at);
        uint64_t before = total;

        total = s->product ? total * x : total + x;
        if (is_signed)
            store_i64(s->dtype, s->to, at, (int64_t)(s->exclusive ? before : total));
        else
            store_u64(s->dtype, s->to, at, s->exclusive ? before : total);
    }
}

static void scan_c128(const scan_line *s)
{
    complex_value total = {s->product ? 1.0 : 0.0, 0.0};
    int64_t k;

    for (k = 0; k < s->count; k++) {
        complex_value x = load_c128(s->dtype, s->from, scan_at(s, k)), before = total;

        total.re = s->product ? before.re * x.re - before.im * x.im : before.re + x.re;
        total.im = s->product ? before.re * x.im + before.im * x.re : before.im + x.im;
        store_c128(s->dtype, s->to, scan_at(s, k), s->exclusive ? before : total);
    }
}

/* The sum of nothing is the least number of the dtype, as TensorFlow has it. */
static void scan_log_sum(const scan_line *s)
{
    double least = s->dtype == STEPC_HALF ? -65504.0 : s->dtype == STEPC_BFLOAT16 ? -0x1.fep127
                   : s->dtype == STEPC_FLOAT32 ? -(double)FLT_MAX : -DBL_MAX, total = least;

    for (int64_t k = 0; k < s->count; k++) {
        double x = load_f64(s->dtype, s->from, scan_at(s, k)), before = total;

        total = k == 0 ? x : scalar_log_sum(total, x);
        store_f64(s->dtype, s->to, scan_at(s, k), s->exclusive ? before : total);
    }
}

static bool is_number(stepc_dtype dtype)
{
    bool quantised = dtype == STEPC_QINT8 || dtype == STEPC_QUINT8 || dtype == STEPC_QINT16 || dtype == STEPC_QUINT16 ||
                     dtype == STEPC_QINT32;

    return !quantised && (dtype_is_float(dtype) || dtype_is_integer(dtype) || dtype_is_complex(dtype));
}

static stepc_code kernel_scan(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0], *along = k->inputs[1];
    const int64_t *dims = stepc_tensor_dims(in);
    int32_t rank = stepc_tensor_rank(in), axis, d;
    char shape[SHAPE_TEXT_BYTES];
    int64_t value, i, block = 1;
    bool logarithms;
    scan_line s = {.dtype = stepc_tensor_dtype(in), .step = 1};
    stepc_tensor *out;
    stepc_code code;

    logarithms = strcmp(k->op->type.data, "CumulativeLogsumexp") == 0;
    if (!is_number(s.dtype) || (logarithms && !dtype_is_float(s.dtype)))
        return kernel_unsupported(k->error, k->op->type.data, s.dtype);
    if (stepc_tensor_rank(along) != 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "ScanOp: axis must be a scalar, not %s",
                         tensor_shape_text(along, shape));
    value = load_i64(stepc_tensor_dtype(along), stepc_tensor_data(along), 0);
    if (!shape_axis(value, rank, &axis))
        return bad_axis(k->error, value, rank);
    code = kernel_output(k, 0, s.dtype, dims, rank, &out);
    if (code != STEPC_OK || stepc_tensor_length(in) == 0)
        return code;
    for (d = axis + 1; d < rank; d++)
        s.step *= dims[d];
    s.count = dims[axis];
    s.from = stepc_tensor_data(in);
    s.to = stepc_tensor_data(out);
    s.product = strcmp(k->op->type.data, "Cumprod") == 0;
    s.exclusive = operation_bool(k->op, "exclusive", false);
    s.reverse = operation_bool(k->op, "reverse", false);
    block = s.step * s.count;
    for (i = 0; i < stepc_tensor_length(in) / s.count; i++) {
        s.first = i / s.step * block + i % s.step;
        if (logarithms)
            scan_log_sum(&s);
        else if (dtype_is_float(s.dtype))
            scan_f64(&s);
        else if (dtype_is_complex(s.dtype))
            scan_c128(&s);
        else
            scan_u64(&s);
    }
    return STEPC_OK;
}

static const op_row rows[] = {
    {"Cumprod", infer_scan, kernel_scan, 0, SAMPLE_SCAN, 0.5, 1.5},
    {"Cumsum", infer_scan, kernel_scan, 0, SAMPLE_SCAN, 0, 0},
    {"CumulativeLogsumexp", infer_scan, kernel_scan, 0, SAMPLE_SCAN, -5, 5},
};

const op_family ops_scan = {rows, sizeof rows / sizeof rows[0]};
