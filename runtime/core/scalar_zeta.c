/* SPDX-License-Identifier: 0BSD */
/* Accurate Hurwitz zeta function, derivatives of digamma and modified Bessel functions. The text between the marks is
 * also emitted into generated code. */
#include "runtime/core/scalar.h"
#include "runtime/core/scalar_gamma_parts.h"

/* @snippet dd_zeta_ratio needs: dd_exp_scaled dd_log_wide */
/* q^s zeta(s, q), the sum of (1 + k / q)^-s over k = 0, 1, ..., for s > 1, q > 2^-20: the first twelve terms, and Euler's
 * and Maclaurin's formula. Relative error below 2^-55. */
static scalar_dd dd_zeta_ratio(double s, double q)
{
    static const double bernoulli[12] = { /* B(2k) / gamma(2k + 1) */
        1.0 / 12.0,
        -1.0 / 720.0,
        1.0 / 30240.0,
        -1.0 / 1209600.0,
        1.0 / 47900160.0,
        -691.0 / 1307674368000.0,
        1.0 / 74724249600.0,
        -3617.0 / 10670622842880000.0,
        43867.0 / 5109094217170944000.0,
        -174611.0 / 802857662698291200000.0,
        77683.0 / 14101100039391805440000.0,
        -236364091.0 / 1693824136731743669452800000.0,
    };
    scalar_dd sum = {1.0, 0.0}, start = {q, 0.0}, minus_s = {-s, 0.0}, w = start, term = sum;
    double rest = 0.5, factor;
    int32_t k, scale;

    for (k = 1; k <= 12; k++) {
        w = dd_sum(q, (double)k);
        term = dd_log_wide(dd_div(w, start));
        if (term.hi * s > 60.0)
            return sum;
        term = dd_exp_scaled(dd_mul(minus_s, term), &scale);
        term.hi *= scalar_power_of_two(scale);
        term.lo *= scalar_power_of_two(scale);
        if (k < 12)
            sum = dd_add(sum, term);
    }
    /* (w / (s - 1) + 1 / 2 + s / (12 w) - ...) times the last term */
    factor = s / w.hi;
    for (k = 0; k < 12; k++) {
        rest += bernoulli[k] * factor;
        factor *= (s + (2.0 * (double)k + 1.0)) / w.hi * ((s + (2.0 * (double)k + 2.0)) / w.hi);
    }
    start.hi = rest;
    return dd_add(sum, dd_mul(term, dd_add(dd_div(w, dd_sum(s, -1.0)), start)));
}
/* @end */

/* @snippet zeta_times_gamma needs: dd_lgamma dd_log_any dd_zeta_ratio scalar_scale_any */
/* zeta(s, q), or where DERIVED gamma(s) zeta(s, q), for s > 1, q > 0. */
static double zeta_times_gamma(double s, double q, int derived)
{
    scalar_dd power = {-s, 0.0}, more = {1.0, 0.0};
    int32_t scale = 0, shift = 0;

    if (s > 0x1p60) /* but for q near 1 the first term is out of range; all others do not show */
        return q > 1.0 && !derived ? 0.0 : q == 1.0 && !derived ? 1.0 : 0x1p1023 * 2.0;
    power = dd_mul(power, dd_log_any(q));
    if (derived)
        power = dd_add(power, dd_lgamma(s));
    if (power.hi > 790.0)
        return 0x1p1023 * 2.0;
    more = dd_zeta_ratio(s, q > 0x1p-20 ? q : 1.0 + q);
    if (q <= 0x1p-20) {
        /* q^-s (1 + q^s zeta(s, 1 + q)) */
        scalar_dd first = {s, 0.0}, one = {1.0, 0.0}, w = dd_log_wide(dd_sum(1.0, q));

        w.hi = -w.hi;
        w.lo = -w.lo;
        first = dd_exp_scaled(dd_mul(first, dd_add(dd_log_any(q), w)), &shift);
        first.hi *= scalar_power_of_two(shift < -1000 ? -1000 : shift);
        first.lo *= scalar_power_of_two(shift < -1000 ? -1000 : shift);
        more = dd_add(one, dd_mul(first, more));
    }
    power = dd_exp_scaled(power, &scale);
    return scalar_scale_any(dd_mul(power, more), scale);
}
/* @end */

/* @snippet zeta_anywhere needs: scalar_floor scalar_fmod zeta_times_gamma */
/* Also for q < 0 and integers s, whose terms below 0 are those of a positive argument, backwards. */
static double zeta_anywhere(double s, double q, int derived)
{
    double a = -q, fraction, below, nan = scalar_from_bits(0x7ff8000000000000u);

    if (s != s || q != q || s < 1.0)
        return nan;
    if (s == 1.0)
        return 0x1p1023 * 2.0;
    if (q > 0x1.fffffffffffffp1023)
        return 0.0;
    if (q > 0)
        return zeta_times_gamma(s, q, derived);
    if (scalar_floor(q) == q)
        return scalar_fmod(s, 2.0) == 0 ? 0x1p1023 * 2.0 : nan;
    if (scalar_floor(s) != s)
        return nan;
    fraction = a - scalar_floor(a);
    below = zeta_times_gamma(s, fraction, derived) - zeta_times_gamma(s, 1.0 + a, derived);
    return (scalar_fmod(s, 2.0) == 0 ? below : -below) + zeta_times_gamma(s, 1.0 - fraction, derived);
}
/* @end */

/* @snippet scalar_zeta needs: zeta_anywhere */
/* Hurwitz's zeta function: at most 0.6 ULP of double for q > 0. */
double scalar_zeta(double s, double q)
{
    return zeta_anywhere(s, q, 0);
}
/* @end */

/* @snippet scalar_polygamma needs: scalar_digamma zeta_anywhere */
/* The n-th derivative of digamma at x: at most 0.6 ULP of double for x > 0, n < 200. */
double scalar_polygamma(double n, double x)
{
    double y;

    if (n != n || x != x || n < 0 || scalar_floor(n) != n || n > 0x1.fffffffffffffp1023)
        return scalar_from_bits(0x7ff8000000000000u);
    if (n == 0)
        return scalar_digamma(x);
    y = zeta_anywhere(n + 1.0, x, 1);
    return scalar_fmod(n, 2.0) == 0 ? -y : y;
}
/* @end */

/* ---- modified Bessel functions -------------------------------------------------------------------- */

/* @snippet bessel_scaled needs: dd_div dd_exp dd_sqrt dd_round scalar_scale_any scalar_bits scalar_from_bits */
/* exp(-x) I(order, x), or where PLAIN I(order, x), for x > 0 and the orders 0 and 1; relative error below 2^-60. */
static double bessel_scaled(double x, int32_t order, int plain)
{
    static const scalar_dd minus_root = {0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56}; /* 1 / sqrt(2 pi) */
    scalar_dd y = {x, 0.0}, sum = {1.0, 0.0}, term = sum, n = {0.0, 0.0}, square;
    int32_t k, scale = 0;
    double m;

    if (plain && x > 720.0)
        return 0x1p1023 * 2.0;
    if (x > 0x1p60) { /* 1 / sqrt(2 pi x); scaled, for products of large numbers leave the range of doubles */
        y.hi = x * 0x1p-200;
        sum = dd_div(minus_root, dd_sqrt(y));
        return dd_round(sum) * 0x1p-100;
    }
    if (x >= 40.0) { /* Hankel's expansion: term k by term k - 1 is ((2k - 1)^2 - 4 order) / (8 k x) */
        for (k = 1; k < 60 && (term.hi > 0x1p-70 || term.hi < -0x1p-70); k++) {
            m = 2.0 * (double)k - 1.0;
            n.hi = m * m - (double)(4 * order);
            term = dd_mul(term, n);
            n.hi = 8.0 * (double)k;
            term = dd_div(term, dd_mul(n, y));
            sum = dd_add(sum, term);
        }
        sum = dd_div(dd_mul(minus_root, sum), dd_sqrt(y));
        if (!plain)
            return dd_round(sum);
        n = dd_exp(x, 0.0, &scale);
        sum = dd_mul(sum, n);
        if (scale > 300)
            return scalar_scale_any(sum, scale);
        sum.hi *= scalar_power_of_two(scale);
        sum.lo *= scalar_power_of_two(scale);
        return dd_round(sum);
    }
    if (x < 0x1p-70) {
        y.hi = order == 0 ? 1.0 : 0.5 * x;
        /* Denormal halves of float32 and bfloat16 may be ties there: I1 lies above x / 2, exp(-x) I1 below. */
        if (order == 0 || x >= 0x1p-125 || x < 0x1p-149 || (scalar_bits(x) & 0x1fffffff) != 0)
            return y.hi;
        return scalar_from_bits(plain ? scalar_bits(y.hi) + 1 : scalar_bits(y.hi) - 1);
    }
    m = 0.25;
    square = dd_product(x, x);
    square.hi *= m;
    square.lo *= m;
    for (k = 1; k < 120 && term.hi > sum.hi * 0x1p-70; k++) { /* (x / 2)^(2k) / (gamma(k + 1) gamma(k + order + 1)) */
        n.hi = (double)(k * (k + order));
        term = dd_div(dd_mul(term, square), n);
        sum = dd_add(sum, term);
    }
    if (!plain) {
        n = dd_exp(-x, 0.0, &scale);
        n.hi *= scalar_power_of_two(scale);
        n.lo *= scalar_power_of_two(scale);
        sum = dd_mul(sum, n);
    }
    if (order == 1) {
        y.hi = 0.5 * x;
        sum = dd_mul(sum, y);
    }
    return dd_round(sum);
}
/* @end */

/* @snippet scalar_bessel_i0e needs: bessel_scaled */
/* exp(-abs(x)) times the modified Bessel function of order 0: at most 0.51 ULP of double. */
double scalar_bessel_i0e(double x)
{
    double a = x < 0 ? -x : x;

    return x != x ? x + x : a == 0 ? 1.0 : a > 0x1.fffffffffffffp1023 ? 0.0 : bessel_scaled(a, 0, 0);
}
/* @end */

/* @snippet scalar_bessel_i1e needs: bessel_scaled */
/* exp(-abs(x)) times the modified Bessel function of order 1: at most 0.51 ULP of double. */
double scalar_bessel_i1e(double x)
{
    double a = x < 0 ? -x : x, y;

    if (x != x || a == 0)
        return x;
    y = a > 0x1.fffffffffffffp1023 ? 0.0 : bessel_scaled(a, 1, 0);
    return x < 0 ? -y : y;
}
/* @end */

/* @snippet scalar_bessel_i0 needs: bessel_scaled */
/* The modified Bessel function of order 0: at most 0.51 ULP of double. */
double scalar_bessel_i0(double x)
{
    double a = x < 0 ? -x : x;

    return x != x ? x + x : a == 0 ? 1.0 : bessel_scaled(a, 0, 1);
}
/* @end */

/* @snippet scalar_bessel_i1 needs: bessel_scaled */
/* The modified Bessel function of order 1: at most 0.51 ULP of double. */
double scalar_bessel_i1(double x)
{
    double a = x < 0 ? -x : x;

    return x != x || a == 0 ? x : x < 0 ? -bessel_scaled(a, 1, 1) : bessel_scaled(a, 1, 1);
}
/* @end */
