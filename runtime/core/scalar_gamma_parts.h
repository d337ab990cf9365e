/* SPDX-License-Identifier: 0BSD */
/* The logarithm of the gamma function and the scaled complement of the error function in pairs of doubles, which several
 * accurate scalars are made of. The text between the marks is also emitted into generated code. */
#ifndef RUNTIME_CORE_SCALAR_GAMMA_PARTS_H
#define RUNTIME_CORE_SCALAR_GAMMA_PARTS_H

#include "runtime/core/scalar_parts.h"

/* @snippet dd_lgamma_near_1 needs: dd_mul dd_add dd_fast_sum */
/* log(gamma(1 + z)) for |z| <= 1/4, by its series; relative error below 2^-64. */
static inline scalar_dd dd_lgamma_near_1(scalar_dd z)
{
    static const scalar_dd first[6] = { /* minus Euler's constant, then (-1)^k zeta(k) / k */
        {-0x1.2788cfc6fb619p-1, 0x1.6cb90701fbfabp-58}, {0x1.a51a6625307d3p-1, 0x1.1873d8912200cp-56},
        {-0x1.9a4d55beab2d7p-2, 0x1.4c26d1b465993p-59}, {0x1.151322ac7d848p-2, 0x1.b5f91211196e5p-57},
        {-0x1.a8b9c17aa6149p-3, -0x1.2e826a4fdae1ap-58}, {0x1.5b40cb100c306p-3, 0x1.4a79940f15696p-59},
    };
    static const double rest[28] = {
        -0x1.2703a1dcea3aep-3, 0x1.010b36af86397p-3, -0x1.c806706d57db4p-4, 0x1.9a01e385d5f8fp-4,
        -0x1.748c33114c6d6p-4, 0x1.556ad63243bc4p-4, -0x1.3b1d971fc5985p-4, 0x1.2496df8320c5fp-4,
        -0x1.11133476e7feap-4, 0x1.00010064cdeb2p-4, -0x1.e1e2d311e8abdp-5, 0x1.c71ce3a20b419p-5,
        -0x1.af28a1b5688abp-5, 0x1.9999b3352d5bap-5, -0x1.86186db77bfbfp-5, 0x1.745d1d1778df9p-5,
        -0x1.642c88591b66ep-5, 0x1.555556aaafdcep-5, -0x1.47ae151eb9fb7p-5, 0x1.3b13b189d925ep-5,
        -0x1.2f684c00002bcp-5, 0x1.24924936db7bcp-5, -0x1.1a7b961a7b9aap-5, 0x1.111111155556ep-5,
        -0x1.08421086318cep-5, 0x1.0000000100002p-5, -0x1.f07c1f08ba2eap-6, 0x1.e1e1e1e25a5a6p-6,
    };
    scalar_dd sum = {0.0, 0.0};
    int32_t k;

    for (k = 27; k >= 0; k--)
        sum.hi = rest[k] + z.hi * sum.hi;
    for (k = 5; k >= 0; k--)
        sum = dd_add(first[k], dd_mul(z, sum));
    return dd_mul(z, sum);
}
/* @end */

/* @snippet dd_stirling needs: dd_log_wide dd_mul dd_add dd_div dd_product scalar_power_of_two */
/* log(gamma(x)) for 16 <= x < 2^1014; absolute error below 2^-67 for the least x, relative 2^-70. */
static inline scalar_dd dd_stirling(double x)
{
    static const scalar_dd half_log_2pi = {0x1.d67f1c864beb5p-1, -0x1.65b5a1b7ff5dfp-55};
    static const scalar_dd twelfth = {0x1.5555555555555p-4, 0x1.5555555555555p-58}, minus_one = {-1.0, 0.0};
    scalar_dd y = {x, 0.0}, l = dd_log_wide(y), near;
    double q, r;

    if (x > 0x1p100) { /* the other terms do not show, and the product must not overflow in between */
        y.hi = x * 0x1p-100;
        y = dd_mul(y, dd_add(l, minus_one));
        y.hi *= 0x1p100;
        y.lo *= 0x1p100;
        return y;
    }
    /* (x - 1/2) log(x) - x + log(2 pi) / 2 + 1 / (12 x) - 1 / (360 x^3) ... */
    r = 1.0 / x;
    q = r * r;
    q = r * q * (-1.0 / 360.0 + q * (1.0 / 1260.0 + q * (-1.0 / 1680.0 + q * (1.0 / 1188.0 + q * (-691.0 / 360360.0 +
            q * (1.0 / 156.0 + q * (-3617.0 / 122400.0 + q * (43867.0 / 244188.0 + q * (-174611.0 / 125400.0)))))))));
    near = dd_div(twelfth, y);
    near.lo += q;
    l = dd_mul(dd_sum(x, -0.5), l);
    y.hi = -x;
    return dd_add(dd_add(l, y), dd_add(half_log_2pi, dd_fast_sum(near.hi, near.lo)));
}
/* @end */

/* @snippet dd_lgamma needs: dd_lgamma_near_1 dd_stirling dd_log_wide dd_sum scalar_log */
/* log(gamma(x)) for 2^-1000 < x < 2^1014; relative error below 2^-60. */
static inline scalar_dd dd_lgamma(double x)
{
    scalar_dd y = {x, 0.0}, product = {1.0, 0.0}, minus_one = {-1.0, 0.0}, z;

    if (x <= 0.25) {
        z = dd_log_wide(y);
        z.hi = -z.hi;
        z.lo = -z.lo;
        return dd_add(z, dd_lgamma_near_1(y));
    }
    if (x >= 0.75 && x <= 1.25)
        return dd_lgamma_near_1(dd_sum(x, -1.0));
    if (x >= 1.75 && x <= 2.25) /* gamma(2 + z) = (1 + z) gamma(1 + z) */
        return dd_add(dd_log_wide(dd_add(y, minus_one)), dd_lgamma_near_1(dd_sum(x, -2.0)));
    if (x >= 16.0)
        return dd_stirling(x);
    minus_one.hi = 1.0;
    while (y.hi < 16.0) {
        product = dd_mul(product, y);
        y = dd_add(y, minus_one);
    }
    z = dd_log_wide(product);
    z.hi = -z.hi;
    z.lo = -z.lo;
    /* The sum y may have a low part, whose effect is its product with digamma(y). */
    product.hi = y.lo * (scalar_log(y.hi) - 0.5 / y.hi - 1.0 / 12.0 / (y.hi * y.hi));
    product.lo = 0.0;
    return dd_add(dd_add(dd_stirling(y.hi), product), z);
}
/* @end */

/* @snippet dd_erfcx needs: dd_erf dd_exp dd_div dd_mul dd_product scalar_power_of_two */
/* exp(a^2) erfc(a) for 0.4 < a < 28; relative error below 2^-63. */
static inline scalar_dd dd_erfcx(double a)
{
    static const scalar_dd factor = {0x1.20dd750429b6dp-1, 0x1.1ae3a914fed80p-57}, one = {1.0, 0.0};
    scalar_dd part = {a, 0.0}, y = part, k = {0.0, 0.0};
    int32_t n = 20 + (int32_t)(400.0 / (a * a)), scale;

    if (a < 1.5) {
        k = dd_erf(a);
        k.hi = -k.hi;
        k.lo = -k.lo;
        part = dd_product(a, a);
        y = dd_exp(part.hi, part.lo, &scale);
        y.hi *= scalar_power_of_two(scale);
        y.lo *= scalar_power_of_two(scale);
        return dd_mul(y, dd_add(one, k));
    }
    for (; n > 0; n--) {
        k.hi = 0.5 * (double)n;
        y = dd_add(part, dd_div(k, y));
    }
    return dd_div(factor, y);
}
/* @end */

/* @snippet dd_log_any needs: dd_log_wide dd_add */
/* log(x) for any positive finite x. */
static inline scalar_dd dd_log_any(double x)
{
    static const scalar_dd less = {-0x1.1542457337d43p+7, 0x1.e3948c376279dp-49}; /* -200 log(2) */
    scalar_dd y = {x, 0.0};

    if (x >= 0x1p-900)
        return dd_log_wide(y);
    y.hi = x * 0x1p200;
    return dd_add(dd_log_wide(y), less);
}
/* @end */

/* @snippet dd_exp_scaled needs: dd_exp */
/* exp(x) = 2^scale * result. What is far below all doubles, 2^-1100 and less, gives some such number. */
static inline scalar_dd dd_exp_scaled(scalar_dd x, int32_t *scale)
{
    if (x.hi < -790.0)
        x.hi = -790.0, x.lo = 0.0;
    if (x.hi > 790.0)
        x.hi = 790.0, x.lo = 0.0;
    return dd_exp(x.hi, x.lo, scale);
}
/* @end */

/* @snippet scalar_scale_any needs: scalar_scale scalar_bits scalar_power_of_two */
/* 2^scale * v, rounded once, for a normal v.hi > 0. */
static inline double scalar_scale_any(scalar_dd v, int32_t scale)
{
    int32_t e = (int32_t)(scalar_bits(v.hi) >> 52) - 1023;

    v.hi *= scalar_power_of_two(-e / 2);
    v.lo *= scalar_power_of_two(-e / 2);
    v.hi *= scalar_power_of_two(-e - -e / 2);
    v.lo *= scalar_power_of_two(-e - -e / 2);
    return scalar_scale(v, scale + e);
}
/* @end */

#endif
