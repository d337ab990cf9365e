/* SPDX-License-Identifier: Apache-2.0 */
/* Special functions of several arguments against MPFR where it has them, elsewhere against identities. */
#include "runtime/core/scalar.h"

#include <criterion/criterion.h>
#include <math.h>
#ifdef SCALAR_MPFR
#include <mpfr.h>
#endif
#include <stdint.h>

static uint64_t state = 7;

static double unit(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

#ifdef SCALAR_MPFR
/* |GOT - Y| in ULP of double at Y. */
static double error_in_ulp(mpfr_t y, double got)
{
    int exponent = (int)mpfr_get_exp(y) - 53;

    mpfr_sub_d(y, y, got, MPFR_RNDN);
    mpfr_mul_2si(y, y, exponent < -1074 ? 1074 : -exponent, MPFR_RNDN);
    return fabs(mpfr_get_d(y, MPFR_RNDN));
}

/* Q(a, x) = gamma(a, x) / gamma(a); P = 1 - Q with enough bits. */
static double gamma_error(double a, double x, int upper)
{
    mpfr_t q, p, t;
    double e;

    mpfr_inits2(2500, q, p, t, (mpfr_ptr)0);
    mpfr_set_d(p, a, MPFR_RNDN);
    mpfr_set_d(t, x, MPFR_RNDN);
    mpfr_gamma_inc(q, p, t, MPFR_RNDN);
    mpfr_gamma(t, p, MPFR_RNDN);
    mpfr_div(q, q, t, MPFR_RNDN);
    if (!upper)
        mpfr_ui_sub(q, 1, q, MPFR_RNDN);
    e = error_in_ulp(q, upper ? scalar_igammac(a, x) : scalar_igamma(a, x));
    mpfr_clears(q, p, t, (mpfr_ptr)0);
    return e;
}

Test(special, incomplete_gamma_within_2_ulp_of_mpfr)
{
    for (int i = 0; i < 160; i++) {
        double a = exp(12 * unit() - 6), x = a * exp(6 * unit() - 4), near = a + 3 * sqrt(a) * (2 * unit() - 1);

        for (int upper = 0; upper < 2; upper++) {
            cr_expect_leq(gamma_error(a, x, upper), 2, "%d (%a, %a)", upper, a, x);
            if (near > 0)
                cr_expect_leq(gamma_error(a, near, upper), 2, "%d (%a, %a)", upper, a, near);
        }
    }
}
#endif

Test(special, incomplete_gamma_at_the_ends)
{
    cr_expect_eq(scalar_igamma(0x1p-1074, 0.5), 1);
    cr_expect_eq(scalar_igamma(0x1p-1074, 0x1p-1074), 1);
    cr_expect_eq(scalar_igammac(0x1p-1074, 800), 0);
    cr_expect_eq(scalar_igamma(1e300, 1e299), 0);
    cr_expect_eq(scalar_igamma(1e300, 1.1e300), 1);
    cr_expect_eq(scalar_igamma(3, HUGE_VAL), 1);
    cr_expect(isnan(scalar_igamma(0, 1)) && isnan(scalar_igamma(1, -1)) && isnan(scalar_igamma(HUGE_VAL, 1)));
    /* P(a, a) = 1/2 + 1 / (3 sqrt(2 pi a)) + ... */
    cr_expect_float_eq(scalar_igamma(1e12, 1e12), 0.5 + 0.13298076013381091e-6, 1e-15);
}

/* zeta(s, 1); zeta(s, q) - zeta(s, q + 1) = q^-s. */
Test(special, zeta)
{
#ifdef SCALAR_MPFR
    mpfr_t y, s;

    mpfr_inits2(200, y, s, (mpfr_ptr)0);
    for (int i = 0; i < 500; i++) {
        double x = 1 + exp(24 * unit() - 20);

        mpfr_set_d(s, x, MPFR_RNDN);
        mpfr_zeta(y, s, MPFR_RNDN);
        cr_expect_leq(error_in_ulp(y, scalar_zeta(x, 1)), 0.6, "%a", x);
    }
    mpfr_clears(y, s, (mpfr_ptr)0);
#endif
    for (int i = 0; i < 500; i++) {
        double x = 1.5 + 30 * unit(), q = 0.01 + 40 * unit(), first = scalar_zeta(x, q);

        cr_expect_float_eq(first, scalar_pow(q, -x) + scalar_zeta(x, q + 1), 1e-14 * first, "%a %a", x, q);
    }
}

/* I(x; a, b) = 1 - I(1 - x; b, a), and I(x; a, b) = I(x; a + 1, b) + x^a (1 - x)^b / (a B(a, b)). */
Test(special, incomplete_beta)
{
    for (int i = 0; i < 400; i++) {
        double a = ldexp(1 + floor(unit() * 4096), -6), b = ldexp(1 + floor(unit() * 4096), -6);
        double x = ldexp(1 + floor(unit() * 1022), -10), y = scalar_betainc(a, b, x);
        double term = exp(a * log(x) + b * log1p(-x) + lgamma(a + b) - lgamma(a + 1) - lgamma(b));

        cr_expect_float_eq(y, 1 - scalar_betainc(b, a, 1 - x), 4e-16, "%a %a %a", a, b, x);
        cr_expect_float_eq(y, scalar_betainc(a + 1, b, x) + term, 1e-12, "%a %a %a", a, b, x);
    }
    cr_expect(isnan(scalar_betainc(0, 1, 0.5)) && isnan(scalar_betainc(1, 1, 1.5)) && scalar_betainc(2, 3, 1) == 1);
}
