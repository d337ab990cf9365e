/* SPDX-License-Identifier: Apache-2.0 */
/* What MPFR says of the functions of one argument; included by exact.c alone. */
#ifndef TESTS_BENCH_EXACT_WITNESS_H
#define TESTS_BENCH_EXACT_WITNESS_H

#include <math.h>
#include <mpfr.h>
#include <stdbool.h>

enum { BITS = 200, MORE_BITS = 400 };

typedef int (*mpfr_function)(mpfr_t y, const mpfr_t x, mpfr_rnd_t round);

static int exactly_sigmoid(mpfr_t y, const mpfr_t x, mpfr_rnd_t round)
{
    mpfr_neg(y, x, round);
    mpfr_exp(y, y, round);
    mpfr_add_ui(y, y, 1, round);
    return mpfr_ui_div(y, 1, y, round);
}

static int exactly_lgamma(mpfr_t y, const mpfr_t x, mpfr_rnd_t round)
{
    int sign;

    return mpfr_lgamma(y, &sign, x, round);
}

/* No number at 0, as at the other poles. */
static int exactly_digamma(mpfr_t y, const mpfr_t x, mpfr_rnd_t round)
{
    if (!mpfr_zero_p(x))
        return mpfr_digamma(y, x, round);
    mpfr_set_nan(y);
    return 0;
}

/* A step of Newton's method from a double doubles its bits: y + (x - erf(y)) sqrt(pi) / 2 exp(y^2). */
static int exactly_erfinv(mpfr_t y, const mpfr_t x, mpfr_rnd_t round)
{
    mpfr_t step, factor;

    mpfr_set_d(y, scalar_erfinv(mpfr_get_d(x, round)), round);
    if (!mpfr_regular_p(y))
        return 0;
    mpfr_inits2(BITS, step, factor, (mpfr_ptr)0);
    mpfr_erf(step, y, round);
    mpfr_sub(step, x, step, round);
    mpfr_sqr(factor, y, round);
    mpfr_exp(factor, factor, round);
    mpfr_mul(step, step, factor, round);
    mpfr_const_pi(factor, round);
    mpfr_sqrt(factor, factor, round);
    mpfr_div_2ui(factor, factor, 1, round);
    mpfr_mul(step, step, factor, round);
    mpfr_add(y, y, step, round);
    mpfr_clears(step, factor, (mpfr_ptr)0);
    return 0;
}

/* The same: y + (x - erfc(-y / sqrt(2)) / 2) sqrt(2 pi) exp(y^2 / 2). */
static int exactly_ndtri(mpfr_t y, const mpfr_t x, mpfr_rnd_t round)
{
    mpfr_t step, factor;

    mpfr_set_d(y, scalar_ndtri(mpfr_get_d(x, round)), round);
    if (!mpfr_regular_p(y))
        return 0;
    mpfr_inits2(BITS, step, factor, (mpfr_ptr)0);
    mpfr_sqrt_ui(factor, 2, round);
    mpfr_div(step, y, factor, round);
    mpfr_neg(step, step, round);
    mpfr_erfc(step, step, round);
    mpfr_div_2ui(step, step, 1, round);
    mpfr_sub(step, x, step, round);
    mpfr_sqr(factor, y, round);
    mpfr_div_2ui(factor, factor, 1, round);
    mpfr_exp(factor, factor, round);
    mpfr_mul(step, step, factor, round);
    mpfr_const_pi(factor, round);
    mpfr_mul_2ui(factor, factor, 1, round);
    mpfr_sqrt(factor, factor, round);
    mpfr_mul(step, step, factor, round);
    mpfr_add(y, y, step, round);
    mpfr_clears(step, factor, (mpfr_ptr)0);
    return 0;
}

/* ---- modified Bessel functions: all terms of the series are positive; Hankel's expansion beyond 100 ---- */

/* The sum of (x / 2)^(2k) / (k! (k + order)!), times (x / 2)^order. */
static void bessel_series(mpfr_t y, const mpfr_t x, unsigned long order)
{
    mpfr_t term, square;

    mpfr_inits2(MORE_BITS, term, square, (mpfr_ptr)0);
    mpfr_div_2ui(square, x, 1, MPFR_RNDN);
    mpfr_set(term, square, MPFR_RNDN);
    if (order == 0)
        mpfr_set_ui(term, 1, MPFR_RNDN);
    mpfr_sqr(square, square, MPFR_RNDN);
    mpfr_set(y, term, MPFR_RNDN);
    for (unsigned long k = 1; !mpfr_zero_p(term) && mpfr_get_exp(term) > mpfr_get_exp(y) - MORE_BITS; k++) {
        mpfr_mul(term, term, square, MPFR_RNDN);
        mpfr_div_ui(term, term, k * (k + order), MPFR_RNDN);
        mpfr_add(y, y, term, MPFR_RNDN);
    }
    mpfr_clears(term, square, (mpfr_ptr)0);
}

/* exp(-x) I(order, x), x > 100. */
static void bessel_far(mpfr_t y, const mpfr_t x, unsigned long order)
{
    mpfr_t term;

    mpfr_init2(term, MORE_BITS);
    mpfr_set_ui(term, 1, MPFR_RNDN);
    mpfr_set_ui(y, 1, MPFR_RNDN);
    for (unsigned long k = 1; mpfr_get_exp(term) > -BITS; k++) {
        mpfr_mul_si(term, term, (long)((2 * k - 1) * (2 * k - 1)) - (long)(4 * order), MPFR_RNDN);
        mpfr_div_ui(term, term, 8 * k, MPFR_RNDN);
        mpfr_div(term, term, x, MPFR_RNDN);
        mpfr_add(y, y, term, MPFR_RNDN);
    }
    mpfr_const_pi(term, MPFR_RNDN);
    mpfr_mul_2ui(term, term, 1, MPFR_RNDN);
    mpfr_mul(term, term, x, MPFR_RNDN);
    mpfr_sqrt(term, term, MPFR_RNDN);
    mpfr_div(y, y, term, MPFR_RNDN);
    mpfr_clear(term);
}

static int bessel(mpfr_t to, const mpfr_t x, unsigned long order, bool is_scaled)
{
    mpfr_t a, y, power;

    if (mpfr_nan_p(x) || mpfr_inf_p(x) || mpfr_zero_p(x)) {
        if (mpfr_nan_p(x) || (mpfr_zero_p(x) && order == 1))
            return mpfr_set(to, x, MPFR_RNDN);
        return mpfr_set_d(to, mpfr_zero_p(x) ? 1 : is_scaled ? 0 : order == 1 ? mpfr_get_d(x, MPFR_RNDN) : HUGE_VAL, MPFR_RNDN);
    }
    mpfr_inits2(MORE_BITS, a, y, power, (mpfr_ptr)0);
    mpfr_abs(a, x, MPFR_RNDN);
    bool is_far = mpfr_cmp_ui(a, 100) > 0;
    if (is_far)
        bessel_far(y, a, order);
    else
        bessel_series(y, a, order);
    mpfr_set(power, a, MPFR_RNDN);
    if (!is_far)
        mpfr_neg(power, power, MPFR_RNDN);
    mpfr_exp(power, power, MPFR_RNDN);
    if (is_far != is_scaled)
        mpfr_mul(y, y, power, MPFR_RNDN);
    if (order == 1 && mpfr_signbit(x))
        mpfr_neg(y, y, MPFR_RNDN);
    mpfr_set(to, y, MPFR_RNDN);
    mpfr_clears(a, y, power, (mpfr_ptr)0);
    return 0;
}

static int exactly_bessel_i0(mpfr_t y, const mpfr_t x, mpfr_rnd_t round) { (void)round; return bessel(y, x, 0, false); }
static int exactly_bessel_i1(mpfr_t y, const mpfr_t x, mpfr_rnd_t round) { (void)round; return bessel(y, x, 1, false); }
static int exactly_bessel_i0e(mpfr_t y, const mpfr_t x, mpfr_rnd_t round) { (void)round; return bessel(y, x, 0, true); }
static int exactly_bessel_i1e(mpfr_t y, const mpfr_t x, mpfr_rnd_t round) { (void)round; return bessel(y, x, 1, true); }

/* ---- rounding ---- */

/* To the nearest number of DIGITS bits that is a multiple of 2^LEAST and below 2^MOST, else infinity; ties to even. */
static double round_exact(mpfr_t x, int digits, int least, int most)
{
    long unit;

    if (!mpfr_regular_p(x))
        return mpfr_get_d(x, MPFR_RNDN);
    unit = mpfr_get_exp(x) - digits;
    if (unit < least)
        unit = least;
    mpfr_mul_2si(x, x, -unit, MPFR_RNDN);
    mpfr_rint(x, x, MPFR_RNDN);
    mpfr_mul_2si(x, x, unit, MPFR_RNDN);
    return mpfr_cmpabs_ui(x, 0) != 0 && mpfr_get_exp(x) > most ? mpfr_signbit(x) ? -HUGE_VAL : HUGE_VAL
                                                               : mpfr_get_d(x, MPFR_RNDN);
}

#endif
