/* SPDX-License-Identifier: 0BSD */
/* Rounding to integers, square root and remainder: exact or correctly rounded.
 * The text between the marks is also emitted into generated code. */
#include "runtime/core/scalar.h"
#include "runtime/core/scalar_dd.h"

/* @snippet scalar_trunc needs: scalar_bits scalar_from_bits */
double scalar_trunc(double x)
{
    uint64_t bits = scalar_bits(x);
    int32_t exponent = (int32_t)(bits >> 52 & 0x7ff) - 1023;

    if (exponent >= 52) /* an integer already; infinity; NaN, made quiet */
        return exponent == 1024 ? x + x : x;
    if (exponent < 0)
        return scalar_from_bits(bits & (uint64_t)1 << 63);
    return scalar_from_bits(bits & ~((((uint64_t)1 << 52) - 1) >> exponent));
}
/* @end */

/* @snippet scalar_floor needs: scalar_trunc */
double scalar_floor(double x)
{
    double t = scalar_trunc(x);

    return t > x ? t - 1.0 : t;
}
/* @end */

/* @snippet scalar_ceil needs: scalar_trunc */
double scalar_ceil(double x)
{
    double t = scalar_trunc(x);

    return t < x ? t + 1.0 : t;
}
/* @end */

/* @snippet scalar_round_even needs: scalar_trunc */
/* To the nearest integer, ties to the even one; keeps the sign of zero. */
double scalar_round_even(double x)
{
    double t = scalar_trunc(x);
    double rest = x < 0 ? t - x : x - t; /* exact */
    double half = t * 0.5;

    if (rest > 0.5 || (rest == 0.5 && scalar_trunc(half) != half))
        return x < 0 ? t - 1.0 : t + 1.0;
    return t;
}
/* @end */

/* @snippet scalar_sqrt needs: scalar_bits scalar_from_bits */
/* Correctly rounded, digit by digit in integers. */
double scalar_sqrt(double x)
{
    uint64_t bits = scalar_bits(x), m = bits & (((uint64_t)1 << 52) - 1);
    uint64_t root = 0, rest = 0;
    int32_t exponent = (int32_t)(bits >> 52 & 0x7ff), i;

    if (exponent == 0x7ff || (bits & ~((uint64_t)1 << 63)) == 0)
        return x < 0 ? scalar_from_bits(0x7ff8000000000000u) : x + x; /* -inf; inf, NaN, +-0 */
    if (bits >> 63)
        return scalar_from_bits(0x7ff8000000000000u);
    if (exponent == 0) {
        exponent = 1;
        while (!(m >> 52)) {
            m <<= 1;
            exponent--;
        }
    } else {
        m |= (uint64_t)1 << 52;
    }
    exponent -= 1023;
    if (exponent & 1) {
        m <<= 1;
        exponent--;
    }
    /* The root of m * 2^54, of which m gives the upper 54 bits: 54 digits, the last for rounding. */
    for (i = 0; i < 54; i++) {
        uint64_t trial = root << 2 | 1;

        rest = rest << 2 | (m >> 52 & 3);
        m = (m << 2) & (((uint64_t)1 << 54) - 1);
        root <<= 1;
        if (rest >= trial) {
            rest -= trial;
            root |= 1;
        }
    }
    root = (root >> 1) + (root & 1); /* never a tie: a root with 54 digits has no square of 54 */
    return scalar_from_bits(((uint64_t)(exponent / 2 + 1022) << 52) + root);
}
/* @end */

/* @snippet scalar_fmod needs: scalar_bits scalar_from_bits */
/* The exact remainder of x / y with the sign of x; NaN for infinite x or y == 0. */
double scalar_fmod(double x, double y)
{
    uint64_t sign = scalar_bits(x) & (uint64_t)1 << 63;
    uint64_t a = scalar_bits(x) ^ sign, b = scalar_bits(y) & ~((uint64_t)1 << 63);
    int32_t ea = (int32_t)(a >> 52), eb = (int32_t)(b >> 52);

    if (b == 0 || ea == 0x7ff || b > (uint64_t)0x7ff << 52)
        return (x * y) / (x * y);
    if (a < b)
        return x;
    /* Magnitude = mantissa * 2^exponent, with one common scale for denormals. */
    a = ea ? (a & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52 : a;
    b = eb ? (b & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52 : b;
    ea += ea == 0;
    eb += eb == 0;
    a %= b;
    while (ea > eb && a) { /* 11 bits at once: a < b < 2^53 */
        int32_t step = ea - eb < 11 ? ea - eb : 11;

        a = (a << step) % b;
        ea -= step;
    }
    if (a == 0)
        return scalar_from_bits(sign);
    while (eb > 1 && !(a >> 52)) {
        a <<= 1;
        eb--;
    }
    if (a >> 52)
        a = (a & (((uint64_t)1 << 52) - 1)) | (uint64_t)eb << 52;
    return scalar_from_bits(sign | a);
}
/* @end */
