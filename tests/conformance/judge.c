/* SPDX-License-Identifier: Apache-2.0 */
/* The corpus's acceptance rule: same shape and dtype; integers, booleans and strings equal;
 * floats within 1e-5 * max(1, max|b|) + 1e-4 * |b| (half: 4e-3); NaN equals NaN. */
#include "tests/conformance/conformance.h"

#include "runtime/core/dtype.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *numpy_descr(int32_t dtype)
{
    switch (dtype) {
#define DESCR(name, number, bytes, text, descr) \
    case number:                                \
        return descr;
        STEPC_DTYPE_LIST(DESCR)
#undef DESCR
    default:
        return "";
    }
}

static int64_t element_count(const stepc_view *view)
{
    int64_t count = 1;
    for (int32_t i = 0; i < view->rank; i++)
        count *= view->dims[i];
    return count;
}

static void shape_of(const stepc_view *view, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "[");
    for (int32_t i = 0; i < view->rank && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%lld", i > 0 ? "," : "", (long long)view->dims[i]);
    if (used < size)
        snprintf(text + used, size - used, "]");
}

static bool same_type_and_shape(const stepc_view *got, const stepc_view *want, char *detail, size_t size)
{
    bool same = got->rank == want->rank;
    for (int32_t i = 0; same && i < got->rank; i++)
        same = got->dims[i] == want->dims[i];
    if (!same) {
        char a[200], b[200];
        shape_of(got, a, sizeof a);
        shape_of(want, b, sizeof b);
        snprintf(detail, size, "shape %s, expected %s", a, b);
        return false;
    }
    bool strings = got->dtype == STEPC_STRING && want->dtype == STEPC_STRING;
    if (!strings && strcmp(numpy_descr(got->dtype), numpy_descr(want->dtype)) != 0) {
        snprintf(detail, size, "dtype %s, expected %s", stepc_dtype_name((stepc_dtype)got->dtype),
                 stepc_dtype_name((stepc_dtype)want->dtype));
        return false;
    }
    return true;
}

static bool judge_strings(const stepc_view *got, const stepc_view *want, char *detail, size_t size)
{
    const stepc_string *a = got->data, *b = want->data;
    for (int64_t i = 0; i < element_count(want); i++)
        if (a[i].size != b[i].size || (a[i].size > 0 && memcmp(a[i].data, b[i].data, a[i].size) != 0)) {
            snprintf(detail, size, "element %lld is a different string", (long long)i);
            return false;
        }
    return true;
}

static bool judge_bytes(const stepc_view *got, const stepc_view *want, char *detail, size_t size)
{
    size_t bytes = stepc_dtype_bytes((stepc_dtype)want->dtype);
    int64_t wrong = 0, first = -1, count = element_count(want);
    for (int64_t i = 0; i < count; i++)
        if (memcmp((const char *)got->data + (size_t)i * bytes, (const char *)want->data + (size_t)i * bytes, bytes)) {
            first = first < 0 ? i : first;
            wrong++;
        }
    if (wrong == 0)
        return true;
    dtype_carrier carrier = dtype_carrier_of((stepc_dtype)want->dtype);
    if (carrier == CARRIER_I64 || carrier == CARRIER_U64)
        snprintf(detail, size, "differs in %lld of %lld, first [%lld]: %lld, expected %lld", (long long)wrong,
                 (long long)count, (long long)first, (long long)load_i64((stepc_dtype)got->dtype, got->data, first),
                 (long long)load_i64((stepc_dtype)want->dtype, want->data, first));
    else
        snprintf(detail, size, "differs in %lld of %lld, first [%lld]", (long long)wrong, (long long)count,
                 (long long)first);
    return false;
}

static complex_value load_any(const stepc_view *view, int64_t i)
{
    stepc_dtype dtype = (stepc_dtype)view->dtype;
    if (dtype_is_complex(dtype))
        return load_c128(dtype, view->data, i);
    return (complex_value){load_f64(dtype, view->data, i), 0.0};
}

static bool is_finite(complex_value z)
{
    return isfinite(z.re) && isfinite(z.im);
}

static bool is_nan(complex_value z)
{
    return isnan(z.re) || isnan(z.im);
}

/* How far beyond the tolerance: <= 0 is fine. */
static double excess(complex_value a, complex_value b, double atol, double rtol)
{
    if (is_nan(a) && is_nan(b))
        return -1;
    if (!is_finite(a) || !is_finite(b))
        return a.re == b.re && a.im == b.im ? -1 : INFINITY;
    return hypot(a.re - b.re, a.im - b.im) - (atol + rtol * hypot(b.re, b.im));
}

static bool judge_floats(const stepc_view *got, const stepc_view *want, char *detail, size_t size)
{
    double rtol = want->dtype == STEPC_HALF ? 4e-3 : 1e-4, atol = want->dtype == STEPC_HALF ? 4e-3 : 1e-5;
    double scale = 1.0, worst = 0.0;
    int64_t count = element_count(want), wrong = 0, place = -1;

    for (int64_t i = 0; i < count; i++) {
        complex_value b = load_any(want, i);
        if (is_finite(b))
            scale = fmax(scale, hypot(b.re, b.im));
    }
    for (int64_t i = 0; i < count; i++) {
        double beyond = excess(load_any(got, i), load_any(want, i), atol * scale, rtol);
        if (beyond <= 0)
            continue;
        wrong++;
        if (place < 0 || beyond > worst) {
            worst = beyond;
            place = i;
        }
    }
    if (wrong == 0)
        return true;
    complex_value a = load_any(got, place), b = load_any(want, place);
    snprintf(detail, size, "differs in %lld of %lld, worst [%lld]: %.9g, expected %.9g", (long long)wrong,
             (long long)count, (long long)place, a.re, b.re);
    return false;
}

bool judge(const stepc_view *got, const stepc_view *want, char *detail, size_t size)
{
    if (!same_type_and_shape(got, want, detail, size))
        return false;
    if (want->dtype == STEPC_STRING)
        return judge_strings(got, want, detail, size);
    dtype_carrier carrier = dtype_carrier_of((stepc_dtype)want->dtype);
    if ((carrier == CARRIER_F64 && want->dtype != STEPC_BFLOAT16) || carrier == CARRIER_C128)
        return judge_floats(got, want, detail, size);
    return judge_bytes(got, want, detail, size);
}
