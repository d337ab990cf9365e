/* SPDX-License-Identifier: Apache-2.0 */
/* The elementary functions, each named once: its witness and what it is held to. Which of them are there as vectors
 * (v_NAME_f32, v_NAME_f64) the snippets say themselves; a new snippet of a name that stands here is tested and measured
 * without further words. */
#ifndef TESTS_UNIT_SUPPORT_FUNCTIONS_H
#define TESTS_UNIT_SUPPORT_FUNCTIONS_H

#include <math.h>
#include <stdbool.h>

#include "support_all.h"

/* X(name, witness, bound for float32 and float64 in ULP, the same as an absolute error where the function has zeros at
 * which no such form is accurate; the smaller error counts). witness is a function of the next wider type: double for
 * float32, long double (witness with an l at its end) for float64; in the C library or below. */
#define UNARY_FUNCTIONS(X) \
    X(exp, exp, 2, 2, 0, 0) \
    X(exp2, exp2, 2, 2, 0, 0) \
    X(expm1, expm1, 2, 2, 0, 0) \
    X(log, log, 2, 2, 0, 0) \
    X(log1p, log1p, 2, 2, 0, 0) \
    X(log2, log2, 2, 2, 0, 0) \
    X(log10, log10, 2, 2, 0, 0) \
    X(tanh, tanh, 2, 2, 0, 0) \
    X(sigmoid, witness_sigmoid, 2, 2, 0, 0) \
    X(softplus, witness_softplus, 2, 2, 0, 0) \
    X(softsign, witness_softsign, 2, 2, 0, 0) \
    X(sin, sin, 2, 2, 0, 0) \
    X(cos, cos, 2, 2, 0, 0) \
    X(tan, tan, 2, 2, 0, 0) \
    X(asin, asin, 2, 2, 0, 0) \
    X(acos, acos, 2, 2, 0, 0) \
    X(atan, atan, 2, 2, 0, 0) \
    X(sinh, sinh, 2, 2, 0, 0) \
    X(cosh, cosh, 2, 2, 0, 0) \
    X(asinh, asinh, 2, 2, 0, 0) \
    X(acosh, witness_acosh, 2, 2, 0, 0) \
    X(atanh, atanh, 2, 2, 0, 0) \
    X(cbrt, cbrt, 2, 2, 0, 0) \
    X(rsqrt, witness_rsqrt, 2, 2, 0, 0) \
    X(sqrt, sqrt, 0.5, 0.5, 0, 0) \
    X(erf, erf, 2, 2, 0, 0) \
    X(erfc, erfc, 2, 2, 0, 0) \
    X(erfinv, witness_erfinv, 2, 2, 0, 0) \
    X(ndtri, witness_ndtri, 2, 2, 0, 0) \
    X(lgamma, lgamma, 2, 2, 0, 0x1p-60) \
    X(digamma, witness_digamma, 2, 2, 0, 0x1p-59) \
    X(floor, floor, 0, 0, 0, 0) \
    X(ceil, ceil, 0, 0, 0, 0) \
    X(trunc, trunc, 0, 0, 0, 0) \
    X(round_even, rint, 0, 0, 0, 0)

#define BINARY_FUNCTIONS(X) \
    X(pow, pow, 2, 2, 0, 0) \
    X(atan2, atan2, 2, 2, 0, 0) \
    X(fmod, fmod, 0, 0, 0, 0)

/* ---- what stands for a snippet that is not there ---------------------------------------------------------------- */

/* name, when support_all.h has that snippet, else other. */
#define SNIPPET_OR(name, other) SNIPPET_FOUND(HAS_##name, name, other)
#define SNIPPET_FOUND(has, name, other) SNIPPET_PAIR(has, name, other)
#define SNIPPET_PAIR(has, name, other) SNIPPET_CHOOSE(SNIPPET_IS_##has name, other, 0)
#define SNIPPET_IS_1 0,
#define SNIPPET_CHOOSE(...) SNIPPET_SECOND(__VA_ARGS__)
#define SNIPPET_SECOND(first, second, ...) second

typedef struct {
    const char *name;
    v_f32 (*f32)(v_f32);
    v_f64 (*f64)(v_f64);
    float (*lane_f32)(float); /* their scalar twins; NULL: not there */
    double (*lane_f64)(double);
    double (*exact_f32)(double);
    long double (*exact_f64)(long double);
    double bound_f32, bound_f64, slack_f32, slack_f64;
} unary_function;

typedef struct {
    const char *name;
    v_f32 (*f32)(v_f32, v_f32);
    v_f64 (*f64)(v_f64, v_f64);
    float (*lane_f32)(float, float);
    double (*lane_f64)(double, double);
    double (*exact_f32)(double, double);
    long double (*exact_f64)(long double, long double);
    double bound_f32, bound_f64, slack_f32, slack_f64;
} binary_function;

/* ---- witnesses that the C library does not have ----------------------------------------------------------------- */

#define WITNESSES(T, l) \
    static inline T witness_sigmoid##l(T x) \
    { \
        return x < 0 ? exp##l(x) / (1 + exp##l(x)) : 1 / (1 + exp##l(-x)); \
    } \
    static inline T witness_softplus##l(T x) \
    { \
        return x < 0 ? log1p##l(exp##l(x)) : x + log1p##l(exp##l(-x)); \
    } \
    static inline T witness_softsign##l(T x) \
    { \
        return x / (1 + fabs##l(x)); \
    } \
    static inline T witness_rsqrt##l(T x) \
    { \
        return 1 / sqrt##l(x); \
    } \
    static inline T witness_acosh##l(T x) /* glibc's acoshl for i386 has a value at -0 */ \
    { \
        return x < 1 ? (T)NAN : acosh##l(x); \
    } \
    /* The y >= 0 with erfc(y) = q, 0 < q <= 1/2, by Newton's method for its logarithm, which is nearly a parabola. */ \
    static inline T witness_erfc_inverse##l(T q) \
    { \
        T y = sqrt##l(-log##l(q)); \
\
        y = y > 1 ? y - log##l(2 * y) / (2 * y) : y - (T)0.3; \
        for (int i = 0; i < 8; i++) { \
            T e = erfc##l(y), step = log##l(e / q) * e / ((T)1.12837916709551257389615890312154517L * exp##l(-y * y)); \
\
            y += step; \
            if (fabs##l(step) < (T)1e-11) /* the square of which is left */ \
                break; \
        } \
        return y; \
    } \
    static inline T witness_erf_inverse##l(T x) /* |x| <= 1/2 */ \
    { \
        T y = x * (T)0.886226925452758013649083741670572591L; \
\
        for (int i = 0; i < 8; i++) { \
            T step = (erf##l(y) - x) / ((T)1.12837916709551257389615890312154517L * exp##l(-y * y)); \
\
            y -= step; \
            if (fabs##l(step) <= (T)1e-11 * fabs##l(y)) \
                break; \
        } \
        return y; \
    } \
    static inline T witness_erfinv##l(T x) \
    { \
        T a = fabs##l(x); \
\
        if (!(a < 1) || a == 0) \
            return a == 1 ? x * (T)INFINITY : a == 0 ? x : (T)NAN; \
        return a <= (T)0.5 ? witness_erf_inverse##l(x) : copysign##l(witness_erfc_inverse##l(1 - a), x); \
    } \
    static inline T witness_ndtri##l(T p) \
    { \
        const T root = (T)1.41421356237309504880168872420969808L; \
\
        if (!(p > 0 && p < 1)) \
            return p == 0 ? -(T)INFINITY : p == 1 ? (T)INFINITY : (T)NAN; \
        if (p >= (T)0.25 && p <= (T)0.75) \
            return p == (T)0.5 ? 0 : root * witness_erf_inverse##l(2 * p - 1); \
        return p < (T)0.5 ? -root * witness_erfc_inverse##l(2 * p) : root * witness_erfc_inverse##l(2 * (1 - p)); \
    }
WITNESSES(double, )
WITNESSES(long double, l)

/* log(x) - 1/(2x) - sum B2k / (2k x^2k) from 18 on, the recurrence below, and 1/x + psi(x) - pi / tan(pi (-x)) left
 * of 0. NaN at 0, -1, -2 ...: a pole of both signs. */
static inline long double witness_digammal(long double x)
{
    static const long double terms[] = {1.0L / 12, -1.0L / 120, 1.0L / 252, -1.0L / 240, 1.0L / 132, -691.0L / 32760,
                                        1.0L / 12, -3617.0L / 8160, 43867.0L / 14364};
    const long double pi = 3.14159265358979323846264338327950288L;
    long double y = 0, z, sum = 0, r = x - rintl(x);

    if (x != x || x == (long double)INFINITY)
        return x;
    if (x <= 0 && (r == 0 || x == -(long double)INFINITY))
        return (long double)NAN;
    if (x < 0) { /* psi(1 - x) - pi / tan(pi x), the pole at 0 apart */
        y = -pi / tanl(pi * r);
        x = 1 - x;
    }
    for (; x < 18; x += 1)
        y -= 1 / x;
    z = 1 / (x * x);
    for (int i = (int)(sizeof terms / sizeof *terms) - 1; i >= 0; i--)
        sum = (sum + terms[i]) * z;
    return y + (logl(x) - 0.5L / x - sum);
}

static inline double witness_digamma(double x)
{
    return (double)witness_digammal((long double)x);
}

/* ---- the tables ------------------------------------------------------------------------------------------------- */

#define FUNCTION_ROW(name, witness, bound_f32, bound_f64, slack_f32, slack_f64) \
    {#name, SNIPPET_OR(v_##name##_f32, NULL), SNIPPET_OR(v_##name##_f64, NULL), SNIPPET_OR(name##_f32, NULL), \
     SNIPPET_OR(name##_f64, NULL), witness, witness##l, bound_f32, bound_f64, slack_f32, slack_f64},
static const unary_function unary_functions[] = {UNARY_FUNCTIONS(FUNCTION_ROW)};
static const binary_function binary_functions[] = {BINARY_FUNCTIONS(FUNCTION_ROW)};
enum {
    UNARY_COUNT = sizeof unary_functions / sizeof *unary_functions,
    BINARY_COUNT = sizeof binary_functions / sizeof *binary_functions
};

#endif
