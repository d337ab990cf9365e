/* SPDX-License-Identifier: Apache-2.0 */
/* Errors in units of the last place, and the arguments at which they are measured. */
#ifndef TESTS_UNIT_SUPPORT_ULP_H
#define TESTS_UNIT_SUPPORT_ULP_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* |got - exact| is what is not there: NaN for a number or the reverse, a finite value far beyond the largest, a zero of
 * the wrong sign. */
#define ULP_WRONG 1e9

/* |got - exact| in units of the last place of the exact value's binade, denormals included; 0 where it is at most
 * slack. An overflow may come early or late by 2 ULP. */
static inline double ulp_error(double got, long double exact, int digits, int min_exponent, int max_exponent,
                               double slack)
{
    long double largest = ldexpl(2 - ldexpl(1, 1 - digits), max_exponent), shown = got, difference;
    int exponent;

    if (exact != exact || got != got)
        return exact != exact && got != got ? 0 : ULP_WRONG;
    if (got == 0 && !signbit(got) != !signbit(exact))
        return ULP_WRONG;
    if (fabsl(exact) > largest) { /* infinity, or rounds to it but for 2 ULP */
        if (isinf(got))
            return (exact > 0) == (got > 0) ? 0 : ULP_WRONG;
        if (isinf(exact) || fabsl(exact) > largest * (1 + ldexpl(1, 2 - digits)))
            return ULP_WRONG;
    }
    if (isinf(got))
        shown = copysignl(ldexpl(1, max_exponent + 1), shown);
    difference = fabsl(shown - exact);
    if (difference <= (long double)slack)
        return 0;
    frexpl(exact, &exponent);
    exponent = exact == 0 || exponent - digits < min_exponent ? min_exponent : exponent - digits;
    return (double)ldexpl(difference, -exponent);
}

static inline double ulp_error_f32(float got, long double exact, double slack)
{
    return ulp_error((double)got, exact, 24, -149, 127, slack);
}

static inline double ulp_error_f64(double got, long double exact, double slack)
{
    return ulp_error(got, exact, 53, -1074, 1023, slack);
}

static inline uint64_t random_bits(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline float float_from_bits(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline double double_from_bits(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The n-th of a series of arguments for double precision: any bits, any magnitude of a range, and where most functions
 * do what is hard: around 0, 1, the thresholds of the exponential, multiples of pi/2, integers and halves below 0. */
static inline double sample_f64(uint64_t *state, uint64_t n)
{
    uint64_t bits = random_bits(state);
    double unit = (double)(random_bits(state) >> 11) * 0x1p-53 - 0.5; /* -1/2 .. 1/2 */
    double magnitude = ldexp(1 + fabs(unit), (int)(bits >> 8 & 63) - 50), sign = bits & 1 ? -1 : 1;

    switch (n % 12) {
    case 0: return double_from_bits(bits);
    case 1: return unit * 1500;
    case 2: return unit * 8;
    case 3: return unit + 1;
    case 4: return unit * 0.5;
    case 5: return sign * magnitude;
    case 6: return sign * (1 + unit * ldexp(1, -(int)(bits >> 8 & 63) % 52));
    case 7: return sign * (double)(bits >> 8 & 1023) * 0x1.921fb54442d18p+0 * (1 + unit * 0x1p-40);
    case 8: return sign * ldexp((double)(bits >> 8 & 0xffffff) * 0x1.921fb54442d18p+0, (int)(bits >> 40 & 15));
    case 9: return unit * 60;
    case 10: return sign * (0.5 * (double)(bits >> 8 & 63) + ldexp(unit, -(int)(bits >> 16 & 63) % 52));
    default: return unit * 400;
    }
}

/* A number near log2(x), not 0, the same on every machine. */
static inline double log2_roughly(double x)
{
    int exponent;
    double fraction = frexp(x, &exponent);

    return x > 0 && x <= DBL_MAX && x != 1 ? exponent + 2 * (fraction - 1) : 1;
}

/* Pairs of them: of any bits, of like size, near (1, large) where powers are neither 0 nor infinite. */
static inline void sample_pair_f64(uint64_t *state, uint64_t n, double *x, double *y)
{
    double unit = (double)(random_bits(state) >> 11) * 0x1p-53 - 0.5;

    *x = sample_f64(state, random_bits(state));
    *y = sample_f64(state, random_bits(state));
    switch (n % 6) {
    case 0: break;
    case 1: *y = *x * (1 + unit); break;
    case 2: *y = *x * ldexp(1 + unit, (int)(random_bits(state) & 63) - 32); break;
    case 3: *x = fabs(*x), *y = 2100 * unit / log2_roughly(*x); break;
    case 4: *x = ldexp(1 + fabs(unit), (int)(random_bits(state) & 7) - 4); break;
    default: *y = rint(20 * unit); break;
    }
}

static inline void sample_pair_f32(uint64_t *state, uint64_t n, float *x, float *y)
{
    double a, b;

    if (n % 7 == 0) {
        uint64_t bits = random_bits(state);

        *x = float_from_bits((uint32_t)bits);
        *y = float_from_bits((uint32_t)(bits >> 32));
        return;
    }
    sample_pair_f64(state, n, &a, &b);
    if (n % 6 == 3)
        b *= 0.13; /* the range of exponents is an eighth of double's */
    *x = (float)a;
    *y = (float)b;
}

#endif
