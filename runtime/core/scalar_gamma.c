/* SPDX-License-Identifier: 0BSD */
/* Accurate logarithm of the gamma function, its derivative, and the quantiles of the error function.
 * The text between the marks is also emitted into generated code. */
#include "runtime/core/scalar.h"
#include "runtime/core/scalar_gamma_parts.h"

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

/* @snippet scalar_lgamma needs: dd_lgamma dd_sin_pi dd_log_wide dd_round scalar_round_even */
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
        return -dd_round(y);
    }
    if (x > 0) {
        y = dd_lgamma(x);
        return dd_round(y);
    }
    /* gamma(x) gamma(-x) = -pi / (x sin(pi x)) */
    y = dd_sin_pi(r < 0 ? -r : r, 0);
    y = a < 0x1p-20 ? dd_add(dd_log_wide(y), dd_log_wide(s)) : dd_log_wide(dd_mul(y, s));
    y = dd_add(y, dd_lgamma(a));
    y.hi = -y.hi;
    y.lo = -y.lo;
    y = dd_add(log_pi, y);
    return dd_round(y);
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

/* @snippet scalar_digamma needs: dd_digamma dd_sin_pi dd_round scalar_round_even scalar_from_bits */
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
        return dd_round(y);
    }
    /* digamma(-a) = digamma(a) + 1 / a + pi cot(pi a) */
    turn = dd_mul(pi, dd_div(dd_sin_pi(r, 1), dd_sin_pi(r, 0)));
    y = a < 1.0 ? dd_digamma(dd_add(one, y)) : dd_add(dd_digamma(y), dd_div(one, y));
    y = dd_add(y, turn);
    return dd_round(y);
}
/* @end */

/* ---- quantiles -------------------------------------------------------------------------------- */

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
        e = u.hi * z; /* rounded, when it is denormal: what was lost goes to the low part */
        u.lo = (u.hi - e * (square.hi == a ? 1.0 : 0x1p200) + u.lo) * z;
        u.hi = e;
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

/* @snippet scalar_erfinv needs: dd_erf_inverse dd_erfc_inverse dd_round scalar_from_bits */
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
        return dd_round(y);
    }
    y = dd_erfc_inverse(1.0 - a, 0);
    return x < 0 ? -dd_round(y) : dd_round(y);
}
/* @end */

/* @snippet scalar_ndtri needs: dd_erf_inverse dd_erfc_inverse dd_mul dd_round scalar_from_bits */
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
    return p < 0.25 ? -dd_round(y) : dd_round(y);
}
/* @end */
