/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cli/difference.h"

#include "runtime/core/dtype.h"
#include "runtime/core/scalar.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* sqrt(re^2 + im^2), without overflow on the way. */
static double magnitude(double re, double im)
{
    double a = fabs(re), b = fabs(im), most = larger(a, b), least = a < b ? a : b;
    if (least == 0 || !isfinite(most))
        return most;
    return most * scalar_sqrt(1 + least / most * (least / most));
}

static int64_t element_count(const stepc_view *view)
{
    int64_t count = 1;
    for (int32_t d = 0; d < view->rank; d++)
        count *= view->dims[d];
    return count;
}

static bool same_form(const stepc_view *a, const stepc_view *b, difference *out)
{
    bool same = a->rank == b->rank;
    for (int32_t d = 0; same && d < a->rank; d++)
        same = a->dims[d] == b->dims[d];
    if (a->dtype != b->dtype)
        (void)snprintf(out->detail, sizeof out->detail, "dtype %s, expected %s",
                       stepc_dtype_name((stepc_dtype)a->dtype), stepc_dtype_name((stepc_dtype)b->dtype));
    else if (!same)
        (void)snprintf(out->detail, sizeof out->detail, "the shapes differ");
    return same && a->dtype == b->dtype;
}

static void find_place(const stepc_view *view, difference *d)
{
    int64_t rest = d->worst;
    d->place_rank = view->rank <= PLACE_RANK ? view->rank : 0;
    for (int32_t k = d->place_rank; d->worst >= 0 && k-- > 0; rest /= view->dims[k])
        d->place[k] = rest % view->dims[k];
}

/* Positions of floats on one line, neighbours one apart. */
static double ulp_between(stepc_dtype dtype, const void *a, const void *b, int64_t index)
{
    size_t bytes = stepc_dtype_bytes(dtype);
    int64_t line[2];
    const void *data[2] = {a, b};
    for (int k = 0; k < 2; k++) {
        uint64_t bits = 0;
        const unsigned char *from = (const unsigned char *)data[k] + (size_t)index * bytes;
        uint16_t half;
        uint32_t single;
        if (bytes == 2) {
            memcpy(&half, from, 2);
            bits = half;
        } else if (bytes == 4) {
            memcpy(&single, from, 4);
            bits = single;
        } else {
            memcpy(&bits, from, 8);
        }
        uint64_t sign = (uint64_t)1 << (bytes * 8 - 1);
        line[k] = bits & sign ? -(int64_t)(bits & ~sign) : (int64_t)bits;
    }
    return fabs((double)line[0] - (double)line[1]);
}

static bool is_nan(complex_value z)
{
    return isnan(z.re) || isnan(z.im);
}

static bool is_finite(complex_value z)
{
    return isfinite(z.re) && isfinite(z.im);
}

static complex_value load(const stepc_view *view, int64_t i)
{
    stepc_dtype dtype = (stepc_dtype)view->dtype;
    if (dtype_is_complex(dtype))
        return load_c128(dtype, view->data, i);
    return (complex_value){load_f64(dtype, view->data, i), 0};
}

/* What the tolerance allows beyond rtol * |b|. */
static double allowance(const stepc_view *b, const tolerance *t, double *out_rtol)
{
    double scale = 1;
    bool half = b->dtype == STEPC_HALF || b->dtype == STEPC_BFLOAT16;
    if (!t->corpus) {
        *out_rtol = t->rtol > 0 ? t->rtol : 0;
        return t->atol > 0 ? t->atol : 0;
    }
    for (int64_t i = 0, count = element_count(b); i < count; i++) {
        complex_value z = load(b, i);
        if (is_finite(z))
            scale = larger(scale, magnitude(z.re, z.im));
    }
    *out_rtol = half ? 4e-3 : 1e-4;
    return (half ? 4e-3 : 1e-5) * scale;
}

static void note_worst(difference *d, int64_t i, double excess, double distance, complex_value a, complex_value b)
{
    bool wrong = excess > 0;
    d->wrong += wrong;
    if (wrong ? d->excess > 0 && excess <= d->excess : d->excess > 0 || (d->worst >= 0 && distance <= d->max_abs))
        return;
    d->worst = i;
    d->excess = wrong ? excess : 0;
    d->a = a.re;
    d->b = b.re;
    if (a.re == b.re) {
        d->a = a.im;
        d->b = b.im;
    }
}

static double ulp_of(const stepc_view *a, const stepc_view *b, int64_t i)
{
    if (a->dtype == STEPC_COMPLEX64)
        return larger(ulp_between(STEPC_FLOAT32, a->data, b->data, 2 * i),
                      ulp_between(STEPC_FLOAT32, a->data, b->data, 2 * i + 1));
    if (a->dtype == STEPC_COMPLEX128)
        return larger(ulp_between(STEPC_FLOAT64, a->data, b->data, 2 * i),
                      ulp_between(STEPC_FLOAT64, a->data, b->data, 2 * i + 1));
    return ulp_between((stepc_dtype)a->dtype, a->data, b->data, i);
}

static void compare_reals(const stepc_view *a, const stepc_view *b, const tolerance *t, difference *d)
{
    double rtol, atol = allowance(b, t, &rtol);
    for (int64_t i = 0; i < d->count; i++) {
        complex_value x = load(a, i), y = load(b, i);
        double distance = magnitude(x.re - y.re, x.im - y.im), size = magnitude(y.re, y.im);
        if ((is_nan(x) && is_nan(y)) || (x.re == y.re && x.im == y.im))
            continue;
        if (!is_finite(x) || !is_finite(y)) {
            note_worst(d, i, INFINITY, INFINITY, x, y);
            d->max_abs = d->max_rel = d->max_ulp = INFINITY;
            continue;
        }
        double ulp = ulp_of(a, b, i), excess = distance - (atol + rtol * size);
        if (!t->corpus && t->ulp >= 0 && ulp <= t->ulp)
            excess = 0;
        note_worst(d, i, excess, distance, x, y);
        d->max_abs = larger(d->max_abs, distance);
        d->max_rel = larger(d->max_rel, size > 0 ? distance / size : INFINITY);
        d->max_ulp = larger(d->max_ulp, ulp);
    }
}

static double integer_distance(const stepc_view *a, const stepc_view *b, int64_t i, complex_value *x, complex_value *y)
{
    stepc_dtype dtype = (stepc_dtype)a->dtype;
    if (dtype_carrier_of(dtype) == CARRIER_U64) {
        uint64_t p = load_u64(dtype, a->data, i), q = load_u64(dtype, b->data, i);
        *x = (complex_value){(double)p, 0};
        *y = (complex_value){(double)q, 0};
        return (double)(p > q ? p - q : q - p);
    }
    int64_t p = load_i64(dtype, a->data, i), q = load_i64(dtype, b->data, i);
    *x = (complex_value){(double)p, 0};
    *y = (complex_value){(double)q, 0};
    return p > q ? (double)((uint64_t)p - (uint64_t)q) : (double)((uint64_t)q - (uint64_t)p);
}

static void compare_integers(const stepc_view *a, const stepc_view *b, difference *d)
{
    for (int64_t i = 0; i < d->count; i++) {
        complex_value x, y;
        double distance = integer_distance(a, b, i, &x, &y);
        if (distance == 0)
            continue;
        note_worst(d, i, distance, distance, x, y);
        d->max_abs = larger(d->max_abs, distance);
        d->max_rel = larger(d->max_rel, y.re != 0 ? distance / fabs(y.re) : INFINITY);
        d->max_ulp = larger(d->max_ulp, distance);
    }
}

static void compare_strings(const stepc_view *a, const stepc_view *b, difference *d)
{
    const stepc_string *x = a->data, *y = b->data;
    for (int64_t i = 0; i < d->count; i++) {
        if (x[i].size == y[i].size && (x[i].size == 0 || memcmp(x[i].data, y[i].data, x[i].size) == 0))
            continue;
        d->worst = d->worst < 0 ? i : d->worst;
        d->wrong++;
    }
    if (d->wrong)
        (void)snprintf(d->detail, sizeof d->detail, "%lld of %lld strings differ, the first is [%lld]",
                       (long long)d->wrong, (long long)d->count, (long long)d->worst);
}

void difference_of(const stepc_view *a, const stepc_view *b, const tolerance *t, difference *out)
{
    *out = (difference){.worst = -1};
    if (!same_form(a, b, out))
        return;
    out->count = element_count(b);
    dtype_carrier carrier = dtype_carrier_of((stepc_dtype)b->dtype);
    if (b->dtype == STEPC_STRING)
        compare_strings(a, b, out);
    else if (carrier == CARRIER_F64 || carrier == CARRIER_C128)
        compare_reals(a, b, t, out);
    else
        compare_integers(a, b, out);
    out->equal = out->wrong == 0;
    find_place(b, out);
}

bool difference_is_worse(const difference *a, const difference *b)
{
    if (a->equal != b->equal)
        return !a->equal;
    if ((a->detail[0] != 0) != (b->detail[0] != 0))
        return a->detail[0] != 0;
    return a->equal ? a->max_abs > b->max_abs : a->excess > b->excess;
}
