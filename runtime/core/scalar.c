/* SPDX-License-Identifier: 0BSD */
/* Accurate exponentials and logarithms. Each works to about 2^-65 in a pair of doubles
 * and rounds once, so its error is hardly more than half an ULP of double.
 * The text between the marks is also emitted into generated code. */
#include "runtime/core/scalar.h"
#include "runtime/core/scalar_parts.h"

/* @snippet scalar_exp needs: dd_exp dd_round_scaled */
/* At most 0.501 ULP of double. */
double scalar_exp(double x)
{
    int32_t scale;
    scalar_dd y;

    if (x != x)
        return x + x;
    if (x > 710.0)
        return 0x1p1023 * 2.0;
    if (x < -746.0)
        return 0.0;
    y = dd_exp(x, 0.0, &scale);
    return dd_round_scaled(y, scale);
}
/* @end */

/* @snippet dd_expm1 needs: dd_exp dd_sum dd_fast_sum dd_product scalar_power_of_two */
/* exp(x) - 1 for 2^-54 <= |x| < 700; relative error below 2^-60. */
static scalar_dd dd_expm1(double x)
{
    int32_t scale;
    scalar_dd y, s;
    double q, power;

    if (x > -0.0625 && x < 0.0625) {
        /* x + x^2/2 + x^3 q, the square in two parts. */
        q = 1.0 / 362880.0 + x * (1.0 / 3628800.0 + x * (1.0 / 39916800.0 + x * (1.0 / 479001600.0)));
        q = 1.0 / 720.0 + x * (1.0 / 5040.0 + x * (1.0 / 40320.0 + x * q));
        q = 1.0 / 6.0 + x * (1.0 / 24.0 + x * (1.0 / 120.0 + x * q));
        y = dd_product(x, 0.5 * x);
        s = dd_fast_sum(x, y.hi);
        return dd_fast_sum(s.hi, s.lo + (y.lo + x * x * x * q));
    }
    y = dd_exp(x, 0.0, &scale);
    if (scale < -200) {
        s.hi = -1.0;
        s.lo = 0.0;
        return s;
    }
    power = scalar_power_of_two(scale);
    s = dd_sum(y.hi * power, -1.0);
    return dd_fast_sum(s.hi, s.lo + y.lo * power);
}
/* @end */

/* @snippet scalar_expm1 needs: dd_expm1 dd_round scalar_exp */
/* exp(x) - 1: at most 0.51 ULP of double. */
double scalar_expm1(double x)
{
    scalar_dd y;

    if (x != x || (x > -0x1p-54 && x < 0x1p-54))
        return x;
    if (x > 690.0)
        return scalar_exp(x);
    if (x < -40.0)
        return -1.0;
    y = dd_expm1(x);
    return dd_round(y);
}
/* @end */

/* @snippet dd_log1p_small needs: dd_product dd_fast_sum */
/* log(1 + x) for |x| < 2^-4 by its series, the square in two parts; relative error below 2^-58. */
static scalar_dd dd_log1p_small(double x)
{
    scalar_dd square = dd_product(x, -0.5 * x);
    scalar_dd s = dd_fast_sum(x, square.hi);
    double q = 0.0;
    int32_t n;

    for (n = 18; n >= 3; n--) /* 1/3 - x/4 + x^2/5 ... */
        q = 1.0 / (double)n - x * q;
    return dd_fast_sum(s.hi, s.lo + (square.lo + x * x * x * q));
}
/* @end */

/* @snippet scalar_log needs: dd_log dd_log1p_small dd_add dd_round */
/* At most 0.51 ULP of double; -inf at 0, NaN below. */
double scalar_log(double x)
{
    scalar_dd y;

    if (x != x)
        return x + x;
    if (x == 0)
        return -(0x1p1023 * 2.0);
    if (x < 0)
        return scalar_from_bits(0x7ff8000000000000u);
    if (x > 0x1.fffffffffffffp1023)
        return x;
    if (x > 0.9375 && x < 1.0625) {
        if (x == 1.0)
            return 0.0;
        y = dd_log1p_small(x - 1.0);
        return dd_round(y);
    }
    if (x < 0x1p-1022) {
        static const scalar_dd shift = {-0x1.205966f2b4f12p+5, -0x1.6dca0480f5c1ap-49}; /* -52 log(2) */

        y = dd_add(dd_log(x * 0x1p52, 0.0), shift);
        return dd_round(y);
    }
    y = dd_log(x, 0.0);
    return dd_round(y);
}
/* @end */

/* @snippet scalar_log1p needs: dd_log dd_log1p_small dd_sum dd_round */
/* log(1 + x): at most 0.51 ULP of double. */
double scalar_log1p(double x)
{
    scalar_dd y;

    if (x != x || x > 0x1.fffffffffffffp1023 || (x > -0x1p-54 && x < 0x1p-54))
        return x;
    if (x < -1.0)
        return scalar_from_bits(0x7ff8000000000000u);
    if (x == -1.0)
        return -(0x1p1023 * 2.0);
    if (x > -0.0625 && x < 0.0625) {
        y = dd_log1p_small(x);
    } else {
        y = dd_sum(1.0, x);
        y = dd_log(y.hi, y.lo);
    }
    return dd_round(y);
}
/* @end */

/* @snippet scalar_tanh needs: dd_expm1 dd_add dd_div dd_round */
/* At most 0.51 ULP of double: t / (t + 2) with t = exp(2x) - 1. */
double scalar_tanh(double x)
{
    double a = x < 0 ? -x : x;
    scalar_dd t, two = {2.0, 0.0};

    if (x != x || a < 0x1p-28)
        return a < 0x1p-60 || x != x ? x : x - x * x * x * (1.0 / 3.0);
    if (a > 22.0)
        return x < 0 ? -1.0 : 1.0;
    t = dd_expm1(2.0 * a);
    t = dd_div(t, dd_add(t, two));
    a = dd_round(t);
    return x < 0 ? -a : a;
}
/* @end */

/* @snippet scalar_sigmoid needs: dd_exp dd_fast_sum dd_add dd_div dd_round scalar_exp scalar_power_of_two */
/* 1 / (1 + exp(-x)): at most 0.51 ULP of double; 0 and 1 at the ends. */
double scalar_sigmoid(double x)
{
    double a = x < 0 ? x : -x, power;
    scalar_dd e, one = {1.0, 0.0};
    int32_t scale;

    if (x != x)
        return x + x;
    if (a < -45.0)
        return x < 0 ? scalar_exp(x) : 1.0;
    if (a > -0x1p-9) { /* 1/2 + x/4 - x^3/48 + x^5/480: near 0 on which side of 1/2 + x/4 */
        e = dd_fast_sum(0.5, 0.25 * x);
        e.lo -= x * x * x * (1.0 / 48.0 - x * x * (1.0 / 480.0));
        return dd_round(e);
    }
    e = dd_exp(a, 0.0, &scale);
    power = scalar_power_of_two(scale);
    e.hi *= power;
    e.lo *= power;
    e = dd_div(x < 0 ? e : one, dd_add(one, e));
    return dd_round(e);
}
/* @end */

/* ---- powers --------------------------------------------------------------------------------- */

/* @snippet dd_log1p_wide needs: dd_log_wide dd_atanh_twice dd_div */
/* log(1 + u), 2^-70 < |u| < 2^900, u > -0.9. */
static scalar_dd dd_log1p_wide(scalar_dd u)
{
    static const scalar_dd one = {1.0, 0.0}, two = {2.0, 0.0};

    if (u.hi > -0.29 && u.hi < 0.41)
        return dd_atanh_twice(dd_div(u, dd_add(u, two)));
    return dd_log_wide(dd_add(one, u));
}
/* @end */

/* @snippet pow_special needs: scalar_trunc scalar_from_bits */
/* x^y where x is 0 or infinite, or y infinite, or x negative and y no integer; both are numbers, y is not 0. */
static double pow_special(double x, double y, int is_odd)
{
    double a = x < 0 ? -x : x, big = 0x1p1023 * 2.0;

    if (y > 0x1.fffffffffffffp1023 || y < -0x1.fffffffffffffp1023) {
        if (a == 1.0)
            return 1.0;
        return (a > 1.0) == (y > 0) ? big : 0.0;
    }
    if (a != 0 && a <= 0x1.fffffffffffffp1023)
        return scalar_from_bits(0x7ff8000000000000u);
    big = (a != 0) == (y > 0) ? big : 0.0;
    return is_odd && (x < 0 || 1.0 / x < 0) ? -big : big;
}
/* @end */

/* @snippet scalar_pow needs: pow_special dd_log_wide dd_exp scalar_scale scalar_trunc */
/* x^y as in C: at most 0.51 ULP of double. */
double scalar_pow(double x, double y)
{
    double half = y * 0.5, a = x < 0 ? -x : x, most = 0x1.fffffffffffffp1023;
    int is_integer, is_odd;
    scalar_dd l = {a, 0.0}, t = {y, 0.0};
    int32_t scale, shift = 0;

    if (y == 0 || x == 1.0)
        return 1.0;
    if (x != x || y != y)
        return x + y;
    is_integer = scalar_trunc(y) == y;
    is_odd = is_integer && y > -0x1p53 && y < 0x1p53 && scalar_trunc(half) != half;
    if (x == 0 || a > most || y > most || y < -most || (x < 0 && !is_integer))
        return pow_special(x, y, is_odd);
    if (y == 1.0 || y == 2.0)
        return y == 1.0 ? x : x * x;
    if (a < 0x1p-900) {
        l.hi = a * 0x1p200;
        shift = -200;
    }
    l = dd_log_wide(l);
    if (shift) {
        static const scalar_dd less = {-0x1.1542457337d43p+7, 0x1.e3948c376279dp-49}; /* -200 log(2) */

        l = dd_add(l, less);
    }
    if (y * l.hi > 720.0 || y * l.hi < -760.0)
        return y * l.hi > 0 ? (is_odd && x < 0 ? -0x1p1023 : 0x1p1023) * 2.0 : is_odd && x < 0 ? -0.0 : 0.0;
    half = y * l.hi;
    if (half > -0x1p-60 && half < 0x1p-60)
        return is_odd && x < 0 ? -1.0 : 1.0;
    t = dd_mul(t, l);
    l = dd_exp(t.hi, t.lo, &scale);
    half = scalar_scale(l, scale);
    return is_odd && x < 0 ? -half : half;
}
/* @end */

/* ---- hyperbolic functions --------------------------------------------------------------------- */

/* @snippet scalar_sinh needs: dd_expm1 dd_exp dd_add dd_div dd_round_scaled */
/* At most 0.51 ULP of double: (t + t / (t + 1)) / 2 with t = exp(x) - 1. */
double scalar_sinh(double x)
{
    double a = x < 0 ? -x : x;
    scalar_dd t, one = {1.0, 0.0};
    int32_t scale;

    if (x != x || a < 0x1p-28)
        return a < 0x1p-60 || x != x ? x : x + x * x * x * (1.0 / 6.0);
    if (a > 711.0)
        return x < 0 ? -0x1p1023 * 2.0 : 0x1p1023 * 2.0;
    if (a > 40.0) {
        t = dd_exp(a, 0.0, &scale);
        a = dd_round_scaled(t, scale - 1);
    } else {
        t = dd_expm1(a);
        t = dd_add(t, dd_div(t, dd_add(t, one)));
        a = 0.5 * dd_round(t);
    }
    return x < 0 ? -a : a;
}
/* @end */

/* @snippet scalar_cosh needs: dd_exp dd_add dd_div dd_round_scaled scalar_power_of_two */
/* At most 0.51 ULP of double. */
double scalar_cosh(double x)
{
    double a = x < 0 ? -x : x, power;
    scalar_dd t, one = {1.0, 0.0};
    int32_t scale;

    if (x != x)
        return x;
    if (a > 711.0)
        return 0x1p1023 * 2.0;
    t = dd_exp(a, 0.0, &scale);
    if (a > 40.0)
        return dd_round_scaled(t, scale - 1);
    power = scalar_power_of_two(scale);
    t.hi *= power;
    t.lo *= power;
    t = dd_add(t, dd_div(one, t));
    return 0.5 * dd_round(t);
}
/* @end */

/* @snippet dd_log_twice needs: dd_log_wide dd_round */
/* log(2a) of a large a. */
static double dd_log_twice(double a)
{
    static const scalar_dd log_2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
    scalar_dd y = {a, 0.0};

    y = dd_add(dd_log_wide(y), log_2);
    return dd_round(y);
}
/* @end */

/* @snippet scalar_asinh needs: dd_log1p_wide dd_sqrt dd_log_twice dd_product dd_div */
/* At most 0.51 ULP of double: log(1 + a + a^2 / (1 + sqrt(1 + a^2))). */
double scalar_asinh(double x)
{
    double a = x < 0 ? -x : x;
    scalar_dd square, u = {a, 0.0}, one = {1.0, 0.0};

    if (x != x || a < 0x1p-28 || a > 0x1.fffffffffffffp1023)
        return a < 0x1p-28 && a > 0x1p-60 ? x - x * x * x * (1.0 / 6.0) : x;
    if (a > 0x1p100) {
        a = dd_log_twice(a);
    } else {
        square = dd_product(a, a);
        u = dd_add(u, dd_div(square, dd_add(one, dd_sqrt(dd_add(one, square)))));
        u = dd_log1p_wide(u);
        a = dd_round(u);
    }
    return x < 0 ? -a : a;
}
/* @end */

/* @snippet scalar_acosh needs: dd_log1p_wide dd_sqrt dd_log_twice dd_sum dd_mul */
/* At most 0.51 ULP of double: with t = x - 1, log(1 + t + sqrt(t (t + 2))); NaN below 1. */
double scalar_acosh(double x)
{
    scalar_dd t, two = {2.0, 0.0};

    if (x != x || x > 0x1.fffffffffffffp1023)
        return x;
    if (x <= 1.0)
        return x == 1.0 ? 0.0 : scalar_from_bits(0x7ff8000000000000u);
    if (x > 0x1p100)
        return dd_log_twice(x);
    t = dd_sum(x, -1.0);
    t = dd_log1p_wide(dd_add(t, dd_sqrt(dd_mul(t, dd_add(t, two)))));
    return dd_round(t);
}
/* @end */

/* @snippet scalar_atanh needs: dd_atanh_twice dd_log_wide dd_sum dd_div dd_round */
/* At most 0.51 ULP of double; infinite at -1 and 1, NaN beyond. */
double scalar_atanh(double x)
{
    double a = x < 0 ? -x : x;
    scalar_dd y = {a, 0.0};

    if (x != x || a < 0x1p-28)
        return a < 0x1p-60 || x != x ? x : x + x * x * x * (1.0 / 3.0);
    if (a > 1.0)
        return scalar_from_bits(0x7ff8000000000000u);
    if (a == 1.0)
        return x < 0 ? -0x1p1023 * 2.0 : 0x1p1023 * 2.0;
    y = a < 0.17 ? dd_atanh_twice(y) : dd_log_wide(dd_div(dd_sum(1.0, a), dd_sum(1.0, -a)));
    a = 0.5 * dd_round(y);
    return x < 0 ? -a : a;
}
/* @end */

/* ---- error functions ---------------------------------------------------------------------------- */

/* @snippet scalar_erf needs: dd_erf dd_round_scaled scalar_power_of_two scalar_bits */
/* At most 0.51 ULP of double. */
double scalar_erf(double x)
{
    double a = x < 0 ? -x : x;
    scalar_dd y;
    int32_t e = 0;

    if (x != x || x == 0)
        return x;
    if (a >= 6.0)
        return x < 0 ? -1.0 : 1.0;
    if (a < 0x1p-28) { /* 2 a / sqrt(pi), rounded once also where it is denormal */
        static const scalar_dd factor = {0x1.20dd750429b6dp+0, 0x1.1ae3a914fed80p-56};

        if (a < 0x1p-900) {
            a *= 0x1p200;
            e = -200;
        }
        y.lo = 0.0;
        e += (int32_t)(scalar_bits(a) >> 52) - 1022;
        y.hi = scalar_from_bits((scalar_bits(a) & (((uint64_t)1 << 52) - 1)) | (uint64_t)1022 << 52);
        a = dd_round_scaled(dd_mul(y, factor), e);
    } else {
        y = dd_erf(a);
        a = dd_round(y);
    }
    return x < 0 ? -a : a;
}
/* @end */

/* @snippet scalar_erfc needs: dd_erf dd_exp dd_product dd_div dd_add dd_round_scaled */
/* 1 - erf(x): at most 0.51 ULP of double. Above 1.5 by the continued fraction
 * exp(-x^2) / sqrt(pi) / (x + 1/2 / (x + 1 / (x + 3/2 / ...))). */
double scalar_erfc(double x)
{
    static const scalar_dd factor = {0x1.20dd750429b6dp-1, 0x1.1ae3a914fed80p-57}, one = {1.0, 0.0};
    double a = x < 0 ? -x : x;
    scalar_dd square, y, part = {x, 0.0}, k = {0.0, 0.0};
    int32_t scale, n;

    if (x != x)
        return x;
    if (a < 0x1p-60)
        return 1.0;
    if (x <= -6.0 || x > 28.0)
        return x < 0 ? 2.0 : 0.0;
    if (x < 1.5) {
        if (a < 0x1p-28) {
            y.hi = x * 0x1.20dd750429b6dp+0;
            y.lo = 0.0;
        } else {
            y = dd_erf(a);
        }
        if (x > 0 || a < 0x1p-28) {
            y.hi = -y.hi;
            y.lo = -y.lo;
        }
        y = dd_add(one, y);
        return dd_round(y);
    }
    y = part;
    n = 20 + (int32_t)(400.0 / (a * a));
    for (; n > 0; n--) {
        k.hi = 0.5 * (double)n;
        y = dd_add(part, dd_div(k, y));
    }
    y = dd_div(factor, y); /* in [1/64, 1/2] */
    square = dd_product(a, a);
    k = dd_exp(-square.hi, -square.lo, &scale);
    y = dd_mul(y, k);
    for (; y.hi < 0.5; scale--) {
        y.hi *= 2.0;
        y.lo *= 2.0;
    }
    return dd_round_scaled(y, scale);
}
/* @end */

/* @snippet scalar_log_sum needs: scalar_exp scalar_log1p */
/* log(exp(x) + exp(y)), the greater number apart: max + log1p(exp(min - max)); at most 1 ULP of double but near 0. */
double scalar_log_sum(double x, double y)
{
    double most = x > y ? x : y, least = x > y ? y : x;

    if (x != x || y != y)
        return x + y;
    if (least < -0x1.fffffffffffffp1023)
        return most;
    if (most == least)
        return most - most == 0 ? most + 0x1.62e42fefa39efp-1 : most;
    return most + scalar_log1p(scalar_exp(least - most));
}
/* @end */
