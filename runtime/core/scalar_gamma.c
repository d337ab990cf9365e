/* SPDX-License-Identifier: 0BSD */
/* Accurate logarithm of the gamma function, its derivative, and the quantiles of the error function.
 * The text between the marks is also emitted into generated code. */
#include "runtime/core/scalar.h"
#include "runtime/core/scalar_parts.h"

/* @snippet dd_lgamma_near_1 needs: dd_mul dd_add dd_fast_sum */
/* log(gamma(1 + z)) for |z| <= 1/4, by its series; relative error below 2^-64. */
static scalar_dd dd_lgamma_near_1(scalar_dd z)
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
static scalar_dd dd_stirling(double x)
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
static scalar_dd dd_lgamma(double x)
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

/* @snippet dd_sin_pi needs: dd_sin_small dd_cos_small dd_mul */
/* The sine, or where COSINE the cosine, of pi r for |r| <= 1/2. */
static scalar_dd dd_sin_pi(double r, int cosine)
{
    static const scalar_dd pi = {0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53};
    scalar_dd x = {r < 0 ? -r : r, 0.0}, y;

    if (x.hi <= 0.25) {
        x = dd_mul(pi, x);
        y = cosine ? dd_cos_small(x) : dd_sin_small(x);
    } else {
        x.hi = 0.5 - x.hi;
        x = dd_mul(pi, x);
        y = cosine ? dd_sin_small(x) : dd_cos_small(x);
    }
    if (r < 0 && !cosine) {
        y.hi = -y.hi;
        y.lo = -y.lo;
    }
    return y;
}
/* @end */

/* @snippet scalar_lgamma needs: dd_lgamma dd_sin_pi dd_log_wide scalar_round_even */
/* log(abs(gamma(x))): at most 0.51 ULP of double, or 2^-64 near the zeros below -2; infinite at 0, -1, -2 ... */
double scalar_lgamma(double x)
{
    static const scalar_dd log_pi = {0x1.250d048e7a1bdp+0, 0x1.7abf2ad8d5088p-57};
    double a = x < 0 ? -x : x, r = a - scalar_round_even(a), big = 0x1p1023 * 2.0;
    scalar_dd y, s = {a, 0.0};

    if (x != x)
        return x + x;
    if (x > 2.6e305 || x == 0 || (x < 0 && (a >= 0x1p52 || r == 0)))
        return big;
    if (x == 1.0 || x == 2.0)
        return 0.0;
    if (a < 0x1p-60) {
        r = a < 0x1p-900 ? a * 0x1p200 : a;
        s.hi = r;
        y = dd_log_wide(s);
        if (r != a) {
            static const scalar_dd less = {-0x1.1542457337d43p+7, 0x1.e3948c376279dp-49}; /* -200 log(2) */

            y = dd_add(y, less);
        }
        return -(y.hi + y.lo);
    }
    if (x > 0) {
        y = dd_lgamma(x);
        return y.hi + y.lo;
    }
    /* gamma(x) gamma(-x) = -pi / (x sin(pi x)) */
    y = dd_sin_pi(r < 0 ? -r : r, 0);
    y = a < 0x1p-20 ? dd_add(dd_log_wide(y), dd_log_wide(s)) : dd_log_wide(dd_mul(y, s));
    y = dd_add(y, dd_lgamma(a));
    y.hi = -y.hi;
    y.lo = -y.lo;
    y = dd_add(log_pi, y);
    return y.hi + y.lo;
}
/* @end */

/* @snippet dd_digamma needs: dd_log_wide dd_div dd_add dd_mul dd_product */
/* The derivative of log(gamma(x)) for x > 0; absolute error below 2^-68 where it is small, relative 2^-70. */
static scalar_dd dd_digamma(scalar_dd x)
{
    static const scalar_dd twelfth = {-0x1.5555555555555p-4, -0x1.5555555555555p-58}, half = {-0.5, 0.0};
    scalar_dd one = {1.0, 0.0}, sum = {0.0, 0.0}, square, y;
    double q;

    while (x.hi < 16.0) {
        sum = dd_add(sum, dd_div(one, x));
        x = dd_add(x, one);
    }
    y = dd_log_wide(x);
    if (x.hi < 0x1p100) {
        /* log(x) - 1 / (2 x) - 1 / (12 x^2) + 1 / (120 x^4) - ... */
        square = dd_mul(x, x);
        q = 1.0 / square.hi;
        q = q * q * (1.0 / 120.0 + q * (-1.0 / 252.0 + q * (1.0 / 240.0 + q * (-1.0 / 132.0 + q * (691.0 / 32760.0 +
                q * (-1.0 / 12.0 + q * (3617.0 / 8160.0 + q * (-43867.0 / 14364.0 + q * (174611.0 / 6600.0)))))))));
        square = dd_div(twelfth, square);
        square.lo += q;
        y = dd_add(y, dd_add(dd_div(half, x), dd_fast_sum(square.hi, square.lo)));
    }
    sum.hi = -sum.hi;
    sum.lo = -sum.lo;
    return dd_add(y, sum);
}
/* @end */

/* @snippet scalar_digamma needs: dd_digamma dd_sin_pi scalar_round_even scalar_from_bits */
/* The derivative of log(gamma(x)): at most 0.51 ULP of double, or 2^-64 near the zeros; NaN at 0, -1, -2 ... */
double scalar_digamma(double x)
{
    static const scalar_dd pi = {0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53};
    double a = x < 0 ? -x : x, r = a - scalar_round_even(a);
    scalar_dd y = {a, 0.0}, one = {1.0, 0.0}, turn;

    if (x != x || x > 0x1.fffffffffffffp1023)
        return x + x;
    if (x <= 0 && (a >= 0x1p52 || r == 0))
        return scalar_from_bits(0x7ff8000000000000u);
    if (a < 0x1p-60)
        return -1.0 / x;
    if (x > 0) {
        y = dd_digamma(y);
        return y.hi + y.lo;
    }
    /* digamma(-a) = digamma(a) + 1 / a + pi cot(pi a) */
    turn = dd_mul(pi, dd_div(dd_sin_pi(r, 1), dd_sin_pi(r, 0)));
    y = a < 1.0 ? dd_digamma(dd_add(one, y)) : dd_add(dd_digamma(y), dd_div(one, y));
    y = dd_add(y, turn);
    return y.hi + y.lo;
}
/* @end */

/* ---- quantiles -------------------------------------------------------------------------------- */

/* @snippet dd_erfcx needs: dd_erf dd_exp dd_div dd_mul dd_product scalar_power_of_two */
/* exp(a^2) erfc(a) for 0.4 < a < 28; relative error below 2^-63. */
static scalar_dd dd_erfcx(double a)
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

/* @snippet dd_erfc_inverse needs: dd_erfcx dd_exp dd_product dd_mul dd_add scalar_log scalar_sqrt scalar_bits scalar_power_of_two */
/* The y whose erfc is q 2^shift, in (0, 1/2]; Halley's method from a rational guess. */
static scalar_dd dd_erfc_inverse(double q, int32_t shift)
{
    static const scalar_dd half_root_pi = {0x1.c5bf891b4ef6bp-1, -0x1.618f13eb7ca89p-55};
    double t = scalar_sqrt(-2.0 * (scalar_log(0.5 * q) + (double)shift * 0x1.62e42fefa39efp-1)), y, e;
    scalar_dd u, g, square;
    int32_t scale, i;

    /* Abramowitz and Stegun 26.2.23, within 4.5e-4. */
    y = (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    y = (t - y) * 0x1.6a09e667f3bcdp-1;
    for (i = 0;; i++) {
        /* u = (erfc(y) - q) / erfc'(y) = sqrt(pi) / 2 (q exp(y^2) - erfcx(y)) */
        square = dd_product(y, y);
        g = dd_exp(square.hi, square.lo, &scale);
        u.hi = q;
        u.lo = 0.0;
        g = dd_mul(g, u);
        scale += shift;
        /* q exp(y^2) is near erfcx(y): no overflow, but the power may be beyond a double's. */
        while (scale > 1000 || scale < -1000) {
            int32_t step = scale > 0 ? 1000 : -1000;

            g.hi *= scalar_power_of_two(step);
            g.lo *= scalar_power_of_two(step);
            scale -= step;
        }
        g.hi *= scalar_power_of_two(scale);
        g.lo *= scalar_power_of_two(scale);
        u = dd_erfcx(y);
        u.hi = -u.hi;
        u.lo = -u.lo;
        u = dd_mul(half_root_pi, dd_add(g, u));
        e = u.hi / (1.0 + u.hi * y);
        if (i == 2)
            break;
        y -= e;
    }
    square.hi = y;
    square.lo = 0.0;
    g.hi = -u.hi;
    g.lo = -u.lo + (u.hi - e);
    return dd_add(square, g);
}
/* @end */

/* @snippet dd_erf_inverse needs: dd_erf dd_exp dd_product dd_mul dd_add scalar_power_of_two */
/* The y whose erf is x, 0 < |x| <= 1/2. */
static scalar_dd dd_erf_inverse(double x)
{
    static const scalar_dd half_root_pi = {0x1.c5bf891b4ef6bp-1, -0x1.618f13eb7ca89p-55};
    double a = x < 0 ? -x : x, y, e, z = 0.0, minus = x < 0 ? -1.0 : 1.0;
    scalar_dd u, square;
    int32_t scale, i;

    y = half_root_pi.hi * a;
    if (a < 0x1p-26) { /* x + pi/12 x^3 does not differ */
        square.hi = a < 0x1p-900 ? a * 0x1p200 : a;
        square.lo = 0.0;
        u = dd_mul(half_root_pi, square);
        z = square.hi != a ? 0x1p-200 : 1.0;
        u.hi *= minus;
        u.lo = (u.lo + (square.hi == a ? 0x1.d8d6bd4be2b6fp-3 * a * a * a : 0.0)) * minus;
        u.hi *= z;
        u.lo *= z;
        return u;
    }
    z = y * y;
    y += y * z * (1.0 / 3.0 + z * (7.0 / 30.0 + z * (127.0 / 630.0 + z * (4369.0 / 22680.0))));
    for (i = 0;; i++) {
        /* u = (erf(y) - a) / erf'(y) */
        u.hi = -a;
        u.lo = 0.0;
        u = dd_add(dd_erf(y), u);
        square = dd_product(y, y);
        square = dd_exp(square.hi, square.lo, &scale);
        square.hi *= scalar_power_of_two(scale);
        square.lo *= scalar_power_of_two(scale);
        u = dd_mul(half_root_pi, dd_mul(square, u));
        e = u.hi / (1.0 + u.hi * y);
        if (i == 2)
            break;
        y -= e;
    }
    square.hi = y;
    square.lo = 0.0;
    u.lo = -u.lo + (u.hi - e);
    u.hi = -u.hi;
    u = dd_add(square, u);
    u.hi *= minus;
    u.lo *= minus;
    return u;
}
/* @end */

/* @snippet scalar_erfinv needs: dd_erf_inverse dd_erfc_inverse scalar_from_bits */
/* The y whose erf is x: at most 0.51 ULP of double; infinite at -1 and 1, NaN beyond. */
double scalar_erfinv(double x)
{
    double a = x < 0 ? -x : x;
    scalar_dd y;

    if (x != x || a == 0)
        return x;
    if (a >= 1.0)
        return a > 1.0 ? scalar_from_bits(0x7ff8000000000000u) : x < 0 ? -0x1p1023 * 2.0 : 0x1p1023 * 2.0;
    if (a <= 0.5) {
        y = dd_erf_inverse(x);
        return y.hi + y.lo;
    }
    y = dd_erfc_inverse(1.0 - a, 0);
    return x < 0 ? -(y.hi + y.lo) : y.hi + y.lo;
}
/* @end */

/* @snippet scalar_ndtri needs: dd_erf_inverse dd_erfc_inverse dd_mul scalar_from_bits */
/* The quantile of the normal distribution: at most 0.51 ULP of double; infinite at 0 and 1, NaN beyond. */
double scalar_ndtri(double p)
{
    static const scalar_dd root_2 = {0x1.6a09e667f3bcdp+0, -0x1.bdd3413b26456p-54};
    scalar_dd y;

    if (p != p || p < 0 || p > 1.0)
        return scalar_from_bits(0x7ff8000000000000u);
    if (p == 0 || p == 1.0)
        return p == 0 ? -0x1p1023 * 2.0 : 0x1p1023 * 2.0;
    if (p == 0.5)
        return 0.0;
    if (p >= 0.25 && p <= 0.75)
        y = dd_erf_inverse(2.0 * p - 1.0);
    else if (p > 0.75)
        y = dd_erfc_inverse(2.0 * (1.0 - p), 0);
    else
        y = p < 0x1p-900 ? dd_erfc_inverse(2.0 * p * 0x1p300, -300) : dd_erfc_inverse(2.0 * p, 0);
    y = dd_mul(root_2, y);
    return p < 0.25 ? -(y.hi + y.lo) : y.hi + y.lo;
}
/* @end */
