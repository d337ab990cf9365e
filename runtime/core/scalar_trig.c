/* SPDX-License-Identifier: 0BSD */
/* Accurate sine, cosine, tangent and the inverse functions over the whole range of double.
 * The text between the marks is also emitted into generated code. */
#include "runtime/core/scalar.h"
#include "runtime/core/scalar_parts.h"

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

/* @snippet scalar_sin needs: dd_reduce_half_pi dd_sin_small dd_cos_small dd_round */
/* At most 0.501 ULP of double; NaN for infinities. */
double scalar_sin(double x)
{
    scalar_dd r = {x, 0.0};
    uint32_t quadrant = 0;

    if (x > -0x1p-27 && x < 0x1p-27)
        return x == 0 ? x : x - x * x * x * (1.0 / 6.0);
    if (!(x - x == 0))
        return x - x;
    if (x < -0.78 || x > 0.78)
        r = dd_reduce_half_pi(x, &quadrant);
    r = quadrant & 1 ? dd_cos_small(r) : dd_sin_small(r);
    return quadrant & 2 ? -dd_round(r) : dd_round(r);
}
/* @end */

/* @snippet scalar_cos needs: dd_reduce_half_pi dd_sin_small dd_cos_small dd_round */
/* At most 0.501 ULP of double; NaN for infinities. */
double scalar_cos(double x)
{
    scalar_dd r = {x, 0.0};
    uint32_t quadrant = 0;

    if (x > -0x1p-27 && x < 0x1p-27)
        return 1.0;
    if (!(x - x == 0))
        return x - x;
    if (x < -0.78 || x > 0.78)
        r = dd_reduce_half_pi(x, &quadrant);
    r = quadrant & 1 ? dd_sin_small(r) : dd_cos_small(r);
    return (quadrant + 1) & 2 ? -dd_round(r) : dd_round(r);
}
/* @end */

/* @snippet scalar_tan needs: dd_reduce_half_pi dd_sin_small dd_cos_small dd_div dd_round */
/* At most 0.51 ULP of double; NaN for infinities. */
double scalar_tan(double x)
{
    scalar_dd r = {x, 0.0}, sine, cosine;
    uint32_t quadrant = 0;

    if (x > -0x1p-27 && x < 0x1p-27)
        return x == 0 ? x : x + x * x * x * (1.0 / 3.0);
    if (!(x - x == 0))
        return x - x;
    if (x < -0.78 || x > 0.78)
        r = dd_reduce_half_pi(x, &quadrant);
    sine = dd_sin_small(r);
    cosine = dd_cos_small(r);
    r = quadrant & 1 ? dd_div(cosine, sine) : dd_div(sine, cosine);
    return quadrant & 1 ? -dd_round(r) : dd_round(r);
}
/* @end */

/* @snippet dd_atan needs: dd_mul dd_add dd_div */
/* atan(q) for 2^-64 < q < 2^64: from the nearest sixteenth c by atan(c) + atan((q - c) / (1 + q c)), with the
 * complement to pi/2 above 1. Relative error below 2^-75. */
static scalar_dd dd_atan(scalar_dd q)
{
    static const scalar_dd at[17] = { /* atan(k/16) */
        {0x0.0p+0, 0x0.0p+0},
        {0x1.ff55bb72cfdeap-5, -0x1.c934d86d23f1dp-60},
        {0x1.fd5ba9aac2f6ep-4, -0x1.cd37686760c17p-59},
        {0x1.7b97b4bce5b02p-3, 0x1.347b0b4f881cap-58},
        {0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57},
        {0x1.362773707ebccp-2, -0x1.963a544b672d8p-57},
        {0x1.6f61941e4def1p-2, -0x1.c63aae6f6e918p-56},
        {0x1.a64eec3cc23fdp-2, -0x1.24dec1b50b7ffp-56},
        {0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56},
        {0x1.0657e94db30d0p-1, -0x1.d5b495f6349e6p-56},
        {0x1.1e00babdefeb4p-1, -0x1.928df287a668fp-58},
        {0x1.345f01cce37bbp-1, 0x1.1021137c71102p-55},
        {0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56},
        {0x1.5d58987169b18p-1, 0x1.0028e4bc5e7cap-57},
        {0x1.700a7c5784634p-1, -0x1.8c34d25aadef6p-56},
        {0x1.819d0b7158a4dp-1, -0x1.bf76229d3b917p-56},
        {0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55},
    };
    static const scalar_dd half_pi = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54}, one = {1.0, 0.0};
    static const scalar_dd third = {-0x1.5555555555555p-2, -0x1.5555555555555p-56};
    static const scalar_dd fifth = {0x1.999999999999ap-3, -0x1.999999999999ap-57};
    scalar_dd t, z, u, c = {0.0, 0.0};
    int is_large = q.hi > 1.0;
    int32_t k;
    double p;

    t = is_large ? dd_div(one, q) : q;
    k = (int32_t)(t.hi * 16.0 + 0.5);
    if (k > 0) {
        c.hi = -(double)k * 0.0625;
        u = dd_mul(t, c);
        u.hi = -u.hi;
        u.lo = -u.lo;
        t = dd_div(dd_add(t, c), dd_add(one, u));
    }
    z = dd_mul(t, t);
    p = 1.0 / 13.0 - z.hi * (1.0 / 15.0 - z.hi * (1.0 / 17.0));
    p = z.hi * (-1.0 / 7.0 + z.hi * (1.0 / 9.0 + z.hi * (-1.0 / 11.0 + z.hi * p)));
    u = dd_fast_sum(fifth.hi, p);
    u.lo += fifth.lo;
    u = dd_add(dd_mul(u, z), third);
    u = dd_add(t, dd_mul(dd_mul(u, z), t));
    u = dd_add(at[k], u);
    if (!is_large)
        return u;
    u.hi = -u.hi;
    u.lo = -u.lo;
    return dd_add(half_pi, u);
}
/* @end */

/* @snippet scalar_atan needs: dd_atan dd_round */
/* At most 0.51 ULP of double. */
double scalar_atan(double x)
{
    scalar_dd q = {x < 0 ? -x : x, 0.0};

    if (x != x || (x > -0x1p-27 && x < 0x1p-27))
        return x == 0 || x != x ? x : x - x * x * x * (1.0 / 3.0);
    if (q.hi > 0x1p60)
        return x < 0 ? -0x1.921fb54442d18p+0 : 0x1.921fb54442d18p+0;
    q = dd_atan(q);
    return x < 0 ? -dd_round(q) : dd_round(q);
}
/* @end */

/* @snippet dd_complement_pi needs: dd_add */
/* pi - a */
static scalar_dd dd_complement_pi(scalar_dd a)
{
    static const scalar_dd pi = {0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53};

    a.hi = -a.hi;
    a.lo = -a.lo;
    return dd_add(pi, a);
}
/* @end */

/* @snippet scalar_atan2 needs: dd_atan dd_complement_pi dd_div dd_round scalar_bits */
/* The angle of the point (x, y), of the sign of y: at most 0.51 ULP of double. */
double scalar_atan2(double y, double x)
{
    double ax = x < 0 ? -x : x, ay = y < 0 ? -y : y, scale, r;
    int is_left = (int)(scalar_bits(x) >> 63), is_below = (int)(scalar_bits(y) >> 63);
    scalar_dd q, n = {0.0, 0.0};

    if (x != x || y != y)
        return x + y;
    if (ax > 0x1.fffffffffffffp1023 && ay > 0x1.fffffffffffffp1023) {
        r = is_left ? 0x1.2d97c7f3321d2p+1 : 0x1.921fb54442d18p-1;
    } else if (ay == 0 || ax > 0x1.fffffffffffffp1023 || (ax > 1.0 && ay < ax * 0x1p-64) ||
               (ax <= 1.0 && ay * 0x1p64 < ax)) {
        r = is_left ? 0x1.921fb54442d18p+1 : ay == 0 ? 0.0 : ay / ax;
    } else if (ax == 0 || ay > 0x1.fffffffffffffp1023 || (ay > 1.0 && ax < ay * 0x1p-64) ||
               (ay <= 1.0 && ax * 0x1p64 < ay)) {
        r = 0x1.921fb54442d18p+0;
    } else {
        scale = ax > 0x1p500 || ay > 0x1p500 ? 0x1p-600 : ax < 0x1p-400 || ay < 0x1p-400 ? 0x1p600 : 1.0;
        q.hi = ay * scale;
        q.lo = 0.0;
        n.hi = ax * scale;
        q = dd_atan(dd_div(q, n));
        if (is_left)
            q = dd_complement_pi(q);
        r = dd_round(q);
    }
    return is_below ? -r : r;
}
/* @end */

/* @snippet dd_asin needs: dd_atan dd_sqrt dd_sum dd_mul dd_div */
/* asin(a) for 2^-28 < a < 1. */
static scalar_dd dd_asin(double a)
{
    scalar_dd x = {a, 0.0}, leg = dd_sqrt(dd_mul(dd_sum(1.0, -a), dd_sum(1.0, a)));

    return dd_atan(dd_div(x, leg));
}
/* @end */

/* @snippet scalar_asin needs: dd_asin dd_round scalar_from_bits */
/* At most 0.51 ULP of double; NaN outside [-1, 1]. */
double scalar_asin(double x)
{
    double a = x < 0 ? -x : x;
    scalar_dd q;

    if (x != x || a < 0x1p-27)
        return x == 0 || x != x ? x : x + x * x * x * (1.0 / 6.0);
    if (a >= 1.0) {
        if (a > 1.0)
            return scalar_from_bits(0x7ff8000000000000u);
        return x < 0 ? -0x1.921fb54442d18p+0 : 0x1.921fb54442d18p+0;
    }
    q = dd_asin(a);
    return x < 0 ? -dd_round(q) : dd_round(q);
}
/* @end */

/* @snippet scalar_acos needs: dd_atan dd_sqrt dd_sum dd_mul dd_div dd_complement_pi dd_round scalar_from_bits */
/* At most 0.51 ULP of double; NaN outside [-1, 1]. */
double scalar_acos(double x)
{
    double a = x < 0 ? -x : x;
    scalar_dd q = {a, 0.0};

    if (x != x)
        return x;
    if (a >= 1.0) {
        if (a > 1.0)
            return scalar_from_bits(0x7ff8000000000000u);
        return x < 0 ? 0x1.921fb54442d18p+1 : 0.0;
    }
    if (a < 0x1p-60)
        return 0x1.921fb54442d18p+0;
    q = dd_atan(dd_div(dd_sqrt(dd_mul(dd_sum(1.0, -a), dd_sum(1.0, a))), q));
    if (x < 0)
        q = dd_complement_pi(q);
    return dd_round(q);
}
/* @end */
