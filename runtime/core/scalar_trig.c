/* SPDX-License-Identifier: 0BSD */
/* Accurate sine and cosine over the whole range of double.
 * The text between the marks is also emitted into generated code. */
#include "runtime/core/scalar.h"
#include "runtime/core/scalar_dd.h"

/* @snippet dd_reduce_half_pi needs: dd_mul dd_fast_sum scalar_bits scalar_power_of_two */
/* x = quadrant * pi/2 + result modulo 2 pi, |result| <= pi/4, for finite |x| > pi/4 (Payne and
 * Hanek): the 53 bits of x times a window of 256 bits of 2/pi, in integers. What lies above the
 * window is a multiple of 4, what lies below is under 2^-170. */
static scalar_dd dd_reduce_half_pi(double x, uint32_t *quadrant)
{
    static const uint32_t two_over_pi[40] = { /* the bits of 2/pi after the point, behind 64 zeros */
        0x00000000, 0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041,
        0xfe5163ab, 0xdebbc561, 0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e,
        0xe88235f5, 0x2ebb4484, 0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b, 0xbdf9283b,
        0x1ff897ff, 0xde05980f, 0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d,
        0x7527bac7, 0xebe5f17b, 0x3d0739f7, 0x8a5292ea, 0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab,
    };
    static const scalar_dd half_pi = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};
    uint64_t bits = scalar_bits(x), mantissa = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
    int32_t exponent = (int32_t)(bits >> 52 & 0x7ff) - 1075; /* |x| = mantissa * 2^exponent */
    int32_t first = (exponent + 62) >> 5;                    /* word of the window's top */
    int32_t shift = exponent + 64 - 32 * first, i, j;        /* 2..33 */
    uint32_t m[3], product[11] = {0};
    uint32_t flip;
    scalar_dd f = {0.0, 0.0};

    if (shift == 33) {
        m[0] = 0;
        m[1] = (uint32_t)(mantissa << 1);
        m[2] = (uint32_t)(mantissa >> 31);
    } else {
        m[0] = (uint32_t)(mantissa << shift);
        m[1] = (uint32_t)(mantissa >> (32 - shift));
        m[2] = shift < 12 ? 0 : (uint32_t)(mantissa >> (64 - shift));
    }
    for (i = 0; i < 8; i++) {
        uint64_t carry = 0, word = two_over_pi[first + 7 - i];

        for (j = 0; j < 3; j++) {
            carry += word * m[j] + product[i + j];
            product[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        product[i + 3] = (uint32_t)carry;
    }
    /* product / 2^256: word 8 holds the integer part; take the fraction to the nearest integer. */
    flip = product[7] >> 31;
    *quadrant = product[8] + flip;
    for (i = 7; i >= 0; i--) {
        uint32_t word = flip ? ~product[i] : product[i];
        scalar_dd s = dd_fast_sum(f.hi, (double)word * scalar_power_of_two(32 * (i - 8)));

        f.hi = s.hi;
        f.lo += s.lo;
    }
    f = dd_mul(dd_fast_sum(f.hi, f.lo), half_pi);
    if (flip != (uint32_t)(bits >> 63)) {
        f.hi = -f.hi;
        f.lo = -f.lo;
    }
    if (bits >> 63)
        *quadrant = 0u - *quadrant;
    return f;
}
/* @end */

/* @snippet dd_sin_small needs: dd_mul dd_add dd_fast_sum */
/* sin(r), |r| <= pi/4, by its series: the first terms in two parts, the rest in double. */
static double dd_sin_small(scalar_dd r)
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
    u = dd_add(r, u);
    return u.hi + u.lo;
}
/* @end */

/* @snippet dd_cos_small needs: dd_mul dd_add dd_fast_sum */
/* cos(r), |r| <= pi/4, alike. */
static double dd_cos_small(scalar_dd r)
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
    u = dd_add(dd_add(one, half), u);
    return u.hi + u.lo;
}
/* @end */

/* @snippet scalar_sin needs: dd_reduce_half_pi dd_sin_small dd_cos_small */
/* At most 0.501 ULP of double; NaN for infinities. */
double scalar_sin(double x)
{
    scalar_dd r = {x, 0.0};
    uint32_t quadrant = 0;
    double y;

    if (x > -0x1p-27 && x < 0x1p-27)
        return x == 0 ? x : x - x * x * x * (1.0 / 6.0);
    if (!(x - x == 0))
        return x - x;
    if (x < -0.78 || x > 0.78)
        r = dd_reduce_half_pi(x, &quadrant);
    y = quadrant & 1 ? dd_cos_small(r) : dd_sin_small(r);
    return quadrant & 2 ? -y : y;
}
/* @end */

/* @snippet scalar_cos needs: dd_reduce_half_pi dd_sin_small dd_cos_small */
/* At most 0.501 ULP of double; NaN for infinities. */
double scalar_cos(double x)
{
    scalar_dd r = {x, 0.0};
    uint32_t quadrant = 0;
    double y;

    if (x > -0x1p-27 && x < 0x1p-27)
        return 1.0;
    if (!(x - x == 0))
        return x - x;
    if (x < -0.78 || x > 0.78)
        r = dd_reduce_half_pi(x, &quadrant);
    y = quadrant & 1 ? dd_sin_small(r) : dd_cos_small(r);
    return (quadrant + 1) & 2 ? -y : y;
}
/* @end */
