/* SPDX-License-Identifier: 0BSD */
/* Functions in pairs of doubles that several accurate scalars are made of. The text between the marks is also emitted
 * into generated code. */
#ifndef RUNTIME_CORE_SCALAR_PARTS_H
#define RUNTIME_CORE_SCALAR_PARTS_H

#include "runtime/core/scalar_dd.h"

/* @snippet dd_exp needs: dd_sum dd_fast_sum dd_product */
/* exp(x + tail) = 2^scale * result, for |x| < 800, |tail| <= ulp(x): 2^(n/32) from a table times
 * the exponential of what remains, |r| < 0.011. Relative error below 2^-65. */
static inline scalar_dd dd_exp(double x, double tail, int32_t *scale)
{
    static const scalar_dd power[32] = { /* 2^(j/32) */
        {0x1.0000000000000p+0, 0x0.0p+0},
        {0x1.059b0d3158574p+0, 0x1.d73e2a475b465p-55},
        {0x1.0b5586cf9890fp+0, 0x1.8a62e4adc610bp-54},
        {0x1.11301d0125b51p+0, -0x1.6c51039449b3ap-54},
        {0x1.172b83c7d517bp+0, -0x1.19041b9d78a76p-55},
        {0x1.1d4873168b9aap+0, 0x1.e016e00a2643cp-54},
        {0x1.2387a6e756238p+0, 0x1.9b07eb6c70573p-54},
        {0x1.29e9df51fdee1p+0, 0x1.612e8afad1255p-55},
        {0x1.306fe0a31b715p+0, 0x1.6f46ad23182e4p-55},
        {0x1.371a7373aa9cbp+0, -0x1.63aeabf42eae2p-54},
        {0x1.3dea64c123422p+0, 0x1.ada0911f09ebcp-55},
        {0x1.44e086061892dp+0, 0x1.89b7a04ef80d0p-59},
        {0x1.4bfdad5362a27p+0, 0x1.d4397afec42e2p-56},
        {0x1.5342b569d4f82p+0, -0x1.07abe1db13cadp-55},
        {0x1.5ab07dd485429p+0, 0x1.6324c054647adp-54},
        {0x1.6247eb03a5585p+0, -0x1.383c17e40b497p-54},
        {0x1.6a09e667f3bcdp+0, -0x1.bdd3413b26456p-54},
        {0x1.71f75e8ec5f74p+0, -0x1.16e4786887a99p-55},
        {0x1.7a11473eb0187p+0, -0x1.41577ee04992fp-55},
        {0x1.82589994cce13p+0, -0x1.d4c1dd41532d8p-54},
        {0x1.8ace5422aa0dbp+0, 0x1.6e9f156864b27p-54},
        {0x1.93737b0cdc5e5p+0, -0x1.75fc781b57ebcp-57},
        {0x1.9c49182a3f090p+0, 0x1.c7c46b071f2bep-56},
        {0x1.a5503b23e255dp+0, -0x1.d2f6edb8d41e1p-54},
        {0x1.ae89f995ad3adp+0, 0x1.7a1cd345dcc81p-54},
        {0x1.b7f76f2fb5e47p+0, -0x1.5584f7e54ac3bp-56},
        {0x1.c199bdd85529cp+0, 0x1.11065895048ddp-55},
        {0x1.cb720dcef9069p+0, 0x1.503cbd1e949dbp-56},
        {0x1.d5818dcfba487p+0, 0x1.2ed02d75b3707p-55},
        {0x1.dfc97337b9b5fp+0, -0x1.1a5cd4f184b5cp-54},
        {0x1.ea4afa2a490dap+0, -0x1.e9c23179c2893p-54},
        {0x1.f50765b6e4540p+0, 0x1.9d3e12dd8a18bp-54},
    };
    double n = x * 0x1.71547652b82fep+5; /* 32 / log(2) */
    int32_t k = (int32_t)(n < 0 ? n - 0.5 : n + 0.5);
    int32_t j = k & 31;
    double kd = (double)k, q;
    scalar_dd r, p, t;

    /* log(2) / 32 in three parts; the products with the first two are exact. */
    r = dd_sum(x - kd * 0x1.62e42fefap-6, -(kd * 0x1.cf79abcap-45));
    r.lo += tail - kd * -0x1.c4c67fc0d0951p-81;
    if (tail != 0)
        r = dd_sum(r.hi, r.lo);
    q = 1.0 / 5040.0 + r.hi * (1.0 / 40320.0);
    q = 1.0 / 120.0 + r.hi * (1.0 / 720.0 + r.hi * q);
    q = r.hi * r.hi * (0.5 + r.hi * (1.0 / 6.0 + r.hi * (1.0 / 24.0 + r.hi * q)));
    p = dd_fast_sum(r.hi, q + (r.lo + r.lo * r.hi));
    /* power + power * p */
    t = dd_product(power[j].hi, p.hi);
    q = t.lo + (power[j].hi * p.lo + power[j].lo * p.hi);
    r = dd_fast_sum(power[j].hi, t.hi);
    *scale = (k - j) / 32;
    return dd_fast_sum(r.hi, r.lo + (q + power[j].lo));
}
/* @end */

/* @snippet dd_log needs: dd_exp dd_product dd_sum scalar_bits scalar_from_bits scalar_power_of_two */
/* log(x + tail) for a normal positive x whose logarithm is not near 0 and |tail| <= ulp(x):
 * a first guess to 2^-40 and one step of Newton's method with dd_exp. Relative error below
 * 2^-64 / |log(x)|. */
static inline scalar_dd dd_log(double x, double tail)
{
    uint64_t bits = scalar_bits(x);
    int32_t e = (int32_t)(bits >> 52) - 1023, scale;
    double m = scalar_from_bits((bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1023 << 52);
    double s, s2, guess, low;
    scalar_dd y, d;

    if (m > 1.4142135623730951) {
        m *= 0.5;
        e++;
    }
    s = (m - 1.0) / (m + 1.0);
    s2 = s * s;
    guess = 1.0 / 9.0 + s2 * (1.0 / 11.0 + s2 * (1.0 / 13.0 + s2 * (1.0 / 15.0)));
    guess = 1.0 / 3.0 + s2 * (1.0 / 5.0 + s2 * (1.0 / 7.0 + s2 * guess));
    guess = (double)e * 0x1.62e42fefa39efp-1 + 2.0 * (s + s * s2 * guess);
    /* d = (x + tail) * exp(-guess) - 1, on mantissas. */
    y = dd_exp(-guess, 0.0, &scale);
    m = scalar_power_of_two(scale + e);
    y.hi *= m;
    y.lo *= m;
    low = tail * scalar_power_of_two(-e / 2) * scalar_power_of_two(-e - -e / 2);
    m = scalar_from_bits((bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1023 << 52);
    if (e != (int32_t)(bits >> 52) - 1023)
        m *= 0.5;
    d = dd_product(m, y.hi);
    s = (d.hi - 1.0) + (d.lo + (m * y.lo + low * y.hi));
    return dd_sum(guess, s - 0.5 * s * s);
}
/* @end */

/* @snippet scalar_scale needs: scalar_power_of_two dd_sum */
/* 2^scale * (v.hi + v.lo), rounded once also where the result is denormal; v.hi in [0.5, 2]. */
static inline double scalar_scale(scalar_dd v, int32_t scale)
{
    double hi, lo, s;

    if (scale > 1100)
        scale = 1100;
    if (scale < -1100)
        return 0.0;
    if (scale > 1000)
        return (v.hi + v.lo) * scalar_power_of_two(1000) * scalar_power_of_two(scale - 1000);
    if (scale >= -1020)
        return (v.hi + v.lo) * scalar_power_of_two(scale);
    /* Rounding at 2^-52 beside 1 is rounding at the denormals' 2^-1074 after scaling. */
    hi = v.hi * scalar_power_of_two(scale + 1022);
    lo = v.lo * scalar_power_of_two(scale + 1022);
    if (hi >= 1.0)
        return (hi + lo) * 0x1p-1022;
    s = 1.0 + hi;
    lo += hi - (s - 1.0);
    return ((s + lo) - 1.0) * 0x1p-1022;
}
/* @end */

/* @snippet dd_round needs: scalar_dd scalar_bits scalar_from_bits */
/* The double nearest to y.hi + y.lo. But where that lies just between two neighbouring float32 (denormal ones
 * included) and y does not, it is the next double on y's side: rounding it once more, to float32, then gives the float32
 * nearest to y. */
static inline double dd_round(scalar_dd y)
{
    double sum = y.hi + y.lo, rest = y.lo - (sum - y.hi);
    uint64_t bits = scalar_bits(sum), tie = (uint64_t)1 << 28;
    int32_t exponent = (int32_t)(bits >> 52 & 0x7ff) - 1023;

    if ((bits & (tie - 1)) != 0 || rest == 0 || exponent < -150 || exponent > 127)
        return sum;
    if (exponent < -126)
        tie <<= -126 - exponent;
    bits |= (uint64_t)1 << 52; /* of the significand, or in 2^-150 the tie itself; else of no meaning here */
    if ((bits & (2 * tie - 1)) != tie)
        return sum;
    return scalar_from_bits((rest < 0) == (sum < 0) ? scalar_bits(sum) + 1 : scalar_bits(sum) - 1);
}
/* @end */

/* @snippet dd_round_scaled needs: dd_round scalar_scale scalar_power_of_two */
/* dd_round(2^scale * v), rounded once also where the result is denormal; v.hi in [0.5, 2]. */
static inline double dd_round_scaled(scalar_dd v, int32_t scale)
{
    if (scale < -300 || scale > 300)
        return scalar_scale(v, scale);
    v.hi *= scalar_power_of_two(scale);
    v.lo *= scalar_power_of_two(scale);
    return dd_round(v);
}
/* @end */

/* @snippet dd_atanh_twice needs: dd_mul dd_add dd_fast_sum */
/* 2 atanh(s) for |s| < 0.172, by its series; relative error below 2^-75. */
static inline scalar_dd dd_atanh_twice(scalar_dd s)
{
    static const scalar_dd c3 = {0x1.5555555555555p-2, 0x1.5555555555555p-56};
    static const scalar_dd c5 = {0x1.999999999999ap-3, -0x1.999999999999ap-57};
    static const scalar_dd c7 = {0x1.2492492492492p-3, 0x1.2492492492492p-57};
    static const scalar_dd c9 = {0x1.c71c71c71c71cp-4, 0x1.c71c71c71c71cp-58};
    scalar_dd z = dd_mul(s, s), u;
    double q = 0.0;
    int32_t n;

    for (n = 37; n >= 11; n -= 2) /* 1/11 + z/13 + z^2/15 ... */
        q = 1.0 / (double)n + z.hi * q;
    u = dd_fast_sum(c9.hi, z.hi * q);
    u.lo += c9.lo;
    u = dd_add(dd_mul(u, z), c7);
    u = dd_add(dd_mul(u, z), c5);
    u = dd_add(dd_mul(u, z), c3);
    u = dd_add(s, dd_mul(dd_mul(u, z), s));
    u.hi *= 2.0;
    u.lo *= 2.0;
    return u;
}
/* @end */

/* @snippet dd_log_wide needs: dd_atanh_twice dd_div dd_sum scalar_bits scalar_power_of_two */
/* log(x) for a positive x that is 2^-1000 at least; relative error below 2^-73. */
static inline scalar_dd dd_log_wide(scalar_dd x)
{
    static const scalar_dd log_2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56}, one = {1.0, 0.0};
    static const scalar_dd minus_one = {-1.0, 0.0};
    int32_t e = (int32_t)(scalar_bits(x.hi) >> 52) - 1023;
    scalar_dd power = {0.0, 0.0}, y;

    /* Into [sqrt(1/2), sqrt(2)]. */
    if (e > 0) { /* 2^-e may be no normal number */
        x.hi *= scalar_power_of_two(1 - e) * 0.5;
        x.lo *= scalar_power_of_two(1 - e) * 0.5;
    } else {
        x.hi *= scalar_power_of_two(-e);
        x.lo *= scalar_power_of_two(-e);
    }
    if (x.hi > 1.4142135623730951) {
        x.hi *= 0.5;
        x.lo *= 0.5;
        e++;
    }
    y = dd_atanh_twice(dd_div(dd_add(x, minus_one), dd_add(x, one)));
    power.hi = (double)e;
    return e == 0 ? y : dd_add(dd_mul(power, log_2), y);
}
/* @end */

/* @snippet dd_erf needs: dd_exp dd_mul dd_add dd_div dd_product scalar_power_of_two */
/* erf(a) for 2^-28 < a < 6: 2 a exp(-a^2) / sqrt(pi) times the sum of (2 a^2)^n / (1 * 3 * .. * (2n + 1)), all terms
 * of which are positive. */
static inline scalar_dd dd_erf(double a)
{
    static const scalar_dd factor = {0x1.20dd750429b6dp+0, 0x1.1ae3a914fed80p-56}; /* 2 / sqrt(pi) */
    scalar_dd square = dd_product(a, a), term = {1.0, 0.0}, sum = {1.0, 0.0}, odd = {1.0, 0.0}, e = {a, 0.0}, twice;
    int32_t scale;

    twice.hi = 2.0 * square.hi;
    twice.lo = 2.0 * square.lo;
    while (term.hi > sum.hi * 0x1p-80) {
        odd.hi += 2.0;
        term = dd_div(dd_mul(term, twice), odd);
        sum = dd_add(sum, term);
    }
    sum = dd_mul(dd_mul(sum, e), factor);
    e = dd_exp(-square.hi, -square.lo, &scale);
    e.hi *= scalar_power_of_two(scale);
    e.lo *= scalar_power_of_two(scale);
    return dd_mul(sum, e);
}
/* @end */

/* @snippet dd_sin_small needs: dd_mul dd_add dd_fast_sum */
/* sin(r), |r| <= pi/4, by its series: the first terms in two parts, the rest in double. */
static inline scalar_dd dd_sin_small(scalar_dd r)
{
    static const scalar_dd c3 = {-0x1.5555555555555p-3, -0x1.5555555555555p-57};
    static const scalar_dd c5 = {0x1.1111111111111p-7, 0x1.1111111111111p-63};
    scalar_dd r2 = dd_mul(r, r), u;
    double z = r2.hi;
    double q = 1.0 / 355687428096000.0 - z * (1.0 / 121645100408832000.0 - z * (1.0 / 51090942171709440000.0));

    q = -1.0 / 39916800.0 + z * (1.0 / 6227020800.0 + z * (-1.0 / 1307674368000.0 + z * q));
    q = z * (-1.0 / 5040.0 + z * (1.0 / 362880.0 + z * q));
    u = dd_fast_sum(c5.hi, q);
    u.lo += c5.lo;
    u = dd_mul(u, r2);
    u = dd_add(u, c3);
    u = dd_mul(dd_mul(u, r2), r);
    return dd_add(r, u);
}
/* @end */

/* @snippet dd_cos_small needs: dd_mul dd_add dd_fast_sum */
/* cos(r), |r| <= pi/4, alike. */
static inline scalar_dd dd_cos_small(scalar_dd r)
{
    static const scalar_dd c4 = {0x1.5555555555555p-5, 0x1.5555555555555p-59}, one = {1.0, 0.0};
    scalar_dd r2 = dd_mul(r, r), u, half;
    double z = r2.hi;
    double q = -1.0 / 6402373705728000.0 + z * (1.0 / 2432902008176640000.0 - z * (1.0 / 1124000727777607680000.0));

    q = 1.0 / 479001600.0 + z * (-1.0 / 87178291200.0 + z * (1.0 / 20922789888000.0 + z * q));
    q = z * (-1.0 / 720.0 + z * (1.0 / 40320.0 + z * (-1.0 / 3628800.0 + z * q)));
    u = dd_fast_sum(c4.hi, q);
    u.lo += c4.lo;
    u = dd_mul(dd_mul(u, r2), r2);
    half.hi = -0.5 * r2.hi;
    half.lo = -0.5 * r2.lo;
    return dd_add(dd_add(one, half), u);
}
/* @end */

#endif
