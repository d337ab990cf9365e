/* SPDX-License-Identifier: Apache-2.0 */
/* The text of all snippets compiled as C, the list of vector functions with their witnesses, and errors in ULP. */
#ifndef TESTS_UNIT_SUPPORT_ULP_H
#define TESTS_UNIT_SUPPORT_ULP_H

#include <math.h>
#include <stdbool.h>

#include "support_all.h"

/* |got - exact| in units of the last place of the exact value's binade, denormals included. Overflow may come half an
 * ULP early or late; what is not a number must be none. */
static inline double ulp_error(double got, long double exact, int digits, int min_exponent, double largest)
{
    int exponent;

    if (exact != exact)
        return got != got ? 0 : 1e9;
    if (fabsl(exact) > (long double)largest) /* infinity, or rounds to it but for half an ULP */
        return (exact > 0) == (got > 0) && fabs(got) >= largest ? 0 : 1e9;
    if (got != got)
        return 1e9;
    if (isinf(got))
        got = copysign(ldexp(1.0, digits == 24 ? 128 : 1023), got);
    frexpl(exact, &exponent);
    exponent = exact == 0 || exponent - digits < min_exponent ? min_exponent : exponent - digits;
    return (double)fabsl(ldexpl((long double)got - exact, -exponent));
}

static inline double ulp_error_f32(float got, long double exact)
{
    return ulp_error((double)got, exact, 24, -149, 0x1.fffffep127);
}

static inline double ulp_error_f64(double got, long double exact)
{
    return ulp_error(got, exact, 53, -1074, 0x1.fffffffffffffp1023);
}

static inline double sigmoid_f64_libm(double x)
{
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static inline long double sigmoid_f80_libm(long double x)
{
    return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x));
}

static const struct {
    const char *name;
    v_f32 (*f32)(v_f32);
    v_f64 (*f64)(v_f64);
    double (*exact_f32)(double);
    long double (*exact_f64)(long double);
} vector_functions[] = { /* f64 NULL: float32 only */
    {"exp", v_exp_f32, v_exp_f64, exp, expl},
    {"log", v_log_f32, v_log_f64, log, logl},
    {"tanh", v_tanh_f32, v_tanh_f64, tanh, tanhl},
    {"sigmoid", v_sigmoid_f32, v_sigmoid_f64, sigmoid_f64_libm, sigmoid_f80_libm},
    {"sin", v_sin_f32, v_sin_f64, sin, sinl},
    {"cos", v_cos_f32, v_cos_f64, cos, cosl},
    {"expm1", v_expm1_f32, v_expm1_f64, expm1, expm1l},
    {"log1p", v_log1p_f32, v_log1p_f64, log1p, log1pl},
    {"erf", v_erf_f32, NULL, erf, erfl},
};

#endif
