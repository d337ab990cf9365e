/* SPDX-License-Identifier: Apache-2.0 */
/* The accurate scalar functions against MPFR (where it is installed) and exact cases. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "runtime/core/scalar.h"

static uint64_t random_state;

static uint64_t random_bits(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static double from_bits(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

static bool same(double a, double b)
{
    return (a != a && b != b) || memcmp(&a, &b, sizeof a) == 0;
}

#ifdef SCALAR_MPFR
#include <mpfr.h>

typedef int mpfr_function(mpfr_t, const mpfr_t, mpfr_rnd_t);

static int mpfr_sigmoid(mpfr_t y, const mpfr_t x, mpfr_rnd_t rnd)
{
    mpfr_neg(y, x, rnd);
    mpfr_exp(y, y, rnd);
    mpfr_add_ui(y, y, 1, rnd);
    return mpfr_ui_div(y, 1, y, rnd);
}

/* The error of `got` for f(x) in units of the last place of double, denormals included. */
static double error_in_ulp(mpfr_function *f, double x, double got, double *exact)
{
    mpfr_t t, y;
    double e;
    int exponent;

    mpfr_init2(t, 53);
    mpfr_init2(y, 200);
    mpfr_set_d(t, x, MPFR_RNDN);
    f(y, t, MPFR_RNDN);
    *exact = mpfr_get_d(y, MPFR_RNDN);
    if (same(*exact, got) && (isinf(got) || isnan(got) || got == 0)) {
        e = 0;
    } else if (isinf(got) || isnan(got) || isinf(*exact)) {
        e = 1e30;
    } else {
        exponent = mpfr_zero_p(y) ? -1074 : (int)mpfr_get_exp(y) - 53;
        if (exponent < -1074)
            exponent = -1074;
        mpfr_sub_d(y, y, got, MPFR_RNDN);
        mpfr_mul_2si(y, y, -exponent, MPFR_RNDN);
        e = fabs(mpfr_get_d(y, MPFR_RNDN));
    }
    mpfr_clear(t);
    mpfr_clear(y);
    return e;
}

static int mpfr_log_gamma(mpfr_t y, const mpfr_t x, mpfr_rnd_t rnd)
{
    int sign;

    return mpfr_lgamma(y, &sign, x, rnd);
}

/* The a whose erfc is Q, by Newton's method on MPFR's erfc from NEAR, which is within one part in 2^40. */
static void mpfr_erfc_inverse(mpfr_t a, const mpfr_t q, double near)
{
    mpfr_t b, c;

    mpfr_inits2(300, b, c, (mpfr_ptr)0);
    mpfr_set_d(a, near, MPFR_RNDN);
    for (int i = 0; i < 3; i++) {
        mpfr_erfc(b, a, MPFR_RNDN);
        mpfr_sub(b, b, q, MPFR_RNDN);
        mpfr_sqr(c, a, MPFR_RNDN);
        mpfr_exp(c, c, MPFR_RNDN);
        mpfr_mul(b, b, c, MPFR_RNDN);
        mpfr_const_pi(c, MPFR_RNDN);
        mpfr_sqrt(c, c, MPFR_RNDN);
        mpfr_mul(b, b, c, MPFR_RNDN);
        mpfr_div_2ui(b, b, 1, MPFR_RNDN);
        mpfr_add(a, a, b, MPFR_RNDN);
    }
    mpfr_clears(b, c, (mpfr_ptr)0);
}

/* Of 1 - |x| where that is less than a half; else of 1 + |x|, whose root is the negative one. */
static int mpfr_erf_inverse(mpfr_t y, const mpfr_t x, mpfr_rnd_t rnd)
{
    double z = mpfr_get_d(x, rnd), near = scalar_erfinv(z);
    mpfr_t a, q;

    if (isnan(near) || isinf(near) || near == 0)
        return mpfr_set_d(y, fabs(z) > 1 || isnan(z) ? (double)NAN : fabs(z) == 1 ? z * HUGE_VAL : z, rnd);
    mpfr_inits2(1400, a, q, (mpfr_ptr)0);
    mpfr_ui_sub(q, 1, x, rnd);
    mpfr_set_prec(a, 1400);
    mpfr_erfc_inverse(a, q, near);
    mpfr_set(y, a, rnd);
    mpfr_clears(a, q, (mpfr_ptr)0);
    return 0;
}

static int mpfr_normal_quantile(mpfr_t y, const mpfr_t x, mpfr_rnd_t rnd)
{
    double p = mpfr_get_d(x, rnd), near = scalar_ndtri(p);
    mpfr_t a, q;

    if (isnan(near) || isinf(near) || near == 0)
        return mpfr_set_d(y, p == 0 ? -HUGE_VAL : p == 1 ? HUGE_VAL : p == 0.5 ? 0 : (double)NAN, rnd);
    mpfr_inits2(300, a, q, (mpfr_ptr)0);
    mpfr_mul_2ui(q, x, 1, rnd);
    mpfr_erfc_inverse(a, q, near * -0x1.6a09e667f3bcdp-1);
    mpfr_sqrt_ui(q, 2, rnd);
    mpfr_mul(y, a, q, rnd);
    mpfr_neg(y, y, rnd);
    mpfr_clears(a, q, (mpfr_ptr)0);
    return 0;
}

static const struct {
    const char *name;
    double (*ours)(double);
    mpfr_function *exact;
    double low, high;
} functions[] = {
    {"exp", scalar_exp, mpfr_exp, -750, 712},
    {"expm1", scalar_expm1, mpfr_expm1, -45, 712},
    {"log", scalar_log, mpfr_log, 0, 1e3},
    {"log1p", scalar_log1p, mpfr_log1p, -1, 1e3},
    {"sin", scalar_sin, mpfr_sin, -1e4, 1e4},
    {"cos", scalar_cos, mpfr_cos, -1e4, 1e4},
    {"tanh", scalar_tanh, mpfr_tanh, -23, 23},
    {"sigmoid", scalar_sigmoid, mpfr_sigmoid, -750, 40},
    {"sqrt", scalar_sqrt, mpfr_sqrt, 0, 1e6},
    {"tan", scalar_tan, mpfr_tan, -1e4, 1e4},
    {"asin", scalar_asin, mpfr_asin, -1, 1},
    {"acos", scalar_acos, mpfr_acos, -1, 1},
    {"atan", scalar_atan, mpfr_atan, -40, 40},
    {"sinh", scalar_sinh, mpfr_sinh, -712, 712},
    {"cosh", scalar_cosh, mpfr_cosh, -712, 712},
    {"asinh", scalar_asinh, mpfr_asinh, -1e3, 1e3},
    {"acosh", scalar_acosh, mpfr_acosh, 1, 1e3},
    {"atanh", scalar_atanh, mpfr_atanh, -1, 1},
    {"erf", scalar_erf, mpfr_erf, -7, 7},
    {"erfc", scalar_erfc, mpfr_erfc, -7, 28},
    {"lgamma", scalar_lgamma, mpfr_log_gamma, 0, 1e4},
    {"digamma", scalar_digamma, mpfr_digamma, 0, 40},
};

static const struct {
    const char *name;
    double (*ours)(double);
    mpfr_function *exact;
} quantiles[] = {{"erfinv", scalar_erfinv, mpfr_erf_inverse}, {"ndtri", scalar_ndtri, mpfr_normal_quantile}};

/* Over the whole range, and close to both ends and the middle. */
Test(scalar, quantiles_are_within_0_51_ulp_of_mpfr)
{
    for (size_t f = 0; f < 2; f++) {
        double worst = 0, worst_x = 0, exact, low = f == 0 ? -1 : 0;

        random_state = 40 + f;
        for (int i = 0; i < 3000; i++) {
            double unit = (double)(random_bits() >> 11) * 0x1p-53, x, e;

            switch (i % 4) {
            case 0: x = low + unit * (1 - low); break;
            case 1: x = 1 - exp(-36 * unit); break;
            case 2: x = exp(f == 0 ? -60 * unit : -740 * unit); break;
            default: x = f == 0 ? exp(-36 * unit) - 1 : 0.5 + (unit - 0.5) * 0x1p-20; break;
            }
            e = error_in_ulp(quantiles[f].exact, x, quantiles[f].ours(x), &exact);
            if (e > worst) {
                worst = e;
                worst_x = x;
            }
        }
        cr_expect(worst <= 0.51, "%s: %g ULP at %a", quantiles[f].name, worst, worst_x);
        cr_expect(isinf(quantiles[f].ours(1)) && isnan(quantiles[f].ours(1.5)) && isnan(quantiles[f].ours(NAN)));
    }
}

/* Below 0 both have zeros between the poles: there the error is at most 2^-64. */
Test(scalar, gamma_functions_below_zero)
{
    static const struct {
        double (*ours)(double);
        mpfr_function *exact;
    } both[] = {{scalar_lgamma, mpfr_log_gamma}, {scalar_digamma, mpfr_digamma}};

    for (size_t f = 0; f < 2; f++) {
        random_state = 50 + f;
        for (int i = 0; i < 4000; i++) {
            double x = -40 * (double)(random_bits() >> 11) * 0x1p-53, exact, got = both[f].ours(x);
            double e = error_in_ulp(both[f].exact, x, got, &exact);

            cr_expect(e <= 0.51 || fabs(exact) < 0x1p-10, "%g ULP at %a", e, x);
            cr_expect(fabs(exact - got) <= 0x1p-64 + 0x1p-52 * fabs(exact), "%a and not %a at %a", got, exact, x);
        }
        cr_expect(f == 0 ? isinf(both[f].ours(-3)) : isnan(both[f].ours(-3)));
        cr_expect(f == 0 ? isinf(both[f].ours(0)) : isnan(both[f].ours(0)));
    }
    cr_expect(isinf(scalar_lgamma(-HUGE_VAL)) && isinf(scalar_lgamma(HUGE_VAL)) && isinf(scalar_digamma(HUGE_VAL)));
}

/* Uniform over a range, uniform around 0 and 1, uniform over all bits: more than half an ULP
 * and a bit is nowhere allowed. */
Test(scalar, transcendentals_are_within_0_51_ulp_of_mpfr)
{
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
        double worst = 0, worst_x = 0, exact;

        random_state = f;
        for (int i = 0; i < 60000; i++) {
            double unit = (double)(random_bits() >> 11) * 0x1p-53, x, e;

            switch (i % 5) {
            case 0: x = functions[f].low + unit * (functions[f].high - functions[f].low); break;
            case 1: x = (unit - 0.5) * 4; break;
            case 2: x = 1 + (unit - 0.5) * 0.3; break;
            case 3: x = (unit - 0.5) * 0.3; break;
            default: x = from_bits(random_bits()); break;
            }
            if (isnan(x))
                continue;
            e = error_in_ulp(functions[f].exact, x, functions[f].ours(x), &exact);
            if (e > worst) {
                worst = e;
                worst_x = x;
            }
        }
        cr_log_info("%s: %.4f ULP at %a", functions[f].name, worst, worst_x);
        cr_expect(worst <= 0.51, "%s(%a): %g ULP", functions[f].name, worst_x, worst);
    }
}

/* Rounded once to float32 the result is the correctly rounded one. */
Test(scalar, rounding_to_float_is_correct)
{
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
        random_state = 77 + f;
        for (int i = 0; i < 20000; i++) {
            uint32_t bits = (uint32_t)random_bits();
            float x, ours, right;
            mpfr_t t;

            memcpy(&x, &bits, sizeof x);
            if (isnan(x))
                continue;
            ours = (float)functions[f].ours((double)x);
            mpfr_init2(t, 150);
            mpfr_set_flt(t, x, MPFR_RNDN);
            functions[f].exact(t, t, MPFR_RNDN);
            right = mpfr_get_flt(t, MPFR_RNDN);
            mpfr_clear(t);
            cr_expect(ours == right || (isnan(ours) && isnan(right)), "%s(%a) = %a, not %a", functions[f].name, x,
                      ours, right);
        }
    }
}

typedef int mpfr_function_2(mpfr_t, const mpfr_t, const mpfr_t, mpfr_rnd_t);

static double error_in_ulp_2(mpfr_function_2 *f, double x, double y, double got, double *exact)
{
    mpfr_t a, b, z;
    double e;
    int exponent;

    mpfr_init2(a, 53);
    mpfr_init2(b, 53);
    mpfr_init2(z, 200);
    mpfr_set_d(a, x, MPFR_RNDN);
    mpfr_set_d(b, y, MPFR_RNDN);
    f(z, a, b, MPFR_RNDN);
    *exact = mpfr_get_d(z, MPFR_RNDN);
    if (same(*exact, got) && (isinf(got) || isnan(got) || got == 0)) {
        e = 0;
    } else if (isinf(got) || isnan(got) || isinf(*exact)) {
        e = 1e30;
    } else {
        exponent = mpfr_zero_p(z) ? -1074 : (int)mpfr_get_exp(z) - 53;
        if (exponent < -1074)
            exponent = -1074;
        mpfr_sub_d(z, z, got, MPFR_RNDN);
        mpfr_mul_2si(z, z, -exponent, MPFR_RNDN);
        e = fabs(mpfr_get_d(z, MPFR_RNDN));
    }
    mpfr_clear(a);
    mpfr_clear(b);
    mpfr_clear(z);
    return e;
}

Test(scalar, pow_and_atan2_are_within_0_51_ulp_of_mpfr)
{
    static const struct {
        const char *name;
        double (*ours)(double, double);
        mpfr_function_2 *exact;
    } pairs[] = {{"pow", scalar_pow, mpfr_pow}, {"atan2", scalar_atan2, mpfr_atan2}};

    for (size_t f = 0; f < 2; f++) {
        double worst = 0, worst_x = 0, worst_y = 0, exact;

        random_state = 40 + f;
        for (int i = 0; i < 200000; i++) {
            double u = (double)(random_bits() >> 11) * 0x1p-53, v = (double)(random_bits() >> 11) * 0x1p-53, x, y, e;

            switch (i % 6) {
            case 0: x = u * 20, y = (v - 0.5) * 20; break;
            case 1: x = 1 + (u - 0.5) * 0.01, y = (v - 0.5) * 1e5; break;
            case 2: x = (u - 0.5) * 8, y = floor((v - 0.5) * 40); break;
            case 3: x = from_bits(random_bits()), y = (v - 0.5) * 4; break;
            case 4: x = u * 1e-300, y = (v - 0.5) * 3; break;
            default: x = from_bits(random_bits()), y = from_bits(random_bits()); break;
            }
            if (isnan(x) || isnan(y))
                continue;
            e = error_in_ulp_2(pairs[f].exact, x, y, pairs[f].ours(x, y), &exact);
            if (e > worst) {
                worst = e;
                worst_x = x;
                worst_y = y;
            }
        }
        cr_log_info("%s: %.4f ULP at %a, %a", pairs[f].name, worst, worst_x, worst_y);
        cr_expect(worst <= 0.51, "%s(%a, %a): %g ULP", pairs[f].name, worst_x, worst_y, worst);
    }
}

/* Doubles that lie closest to multiples of pi/2 (known worst cases of the reduction). */
Test(scalar, sin_cos_close_to_multiples_of_half_pi)
{
    static const double points[] = {0x1.6ac5b262ca1ffp+849, 0x1.921fb54442d18p+0, 0x1.921fb54442d18p+1,
                                    0x1.fffffffffffffp+1023, 0x1p+1023, 0x1.2d97c7f3321d2p+2, 0x1p+52, 0x1p+120};
    double exact;

    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            double x = sign * points[i];

            cr_expect(error_in_ulp(mpfr_sin, x, scalar_sin(x), &exact) <= 0.51, "sin(%a)", x);
            cr_expect(error_in_ulp(mpfr_cos, x, scalar_cos(x), &exact) <= 0.51, "cos(%a)", x);
        }
    }
}
#endif

Test(scalar, special_cases)
{
    const double nan = from_bits(0x7ff8000000000000u), inf = INFINITY;
    const struct {
        const char *name;
        double (*f)(double);
        double x, y;
    } cases[] = {
        {"exp", scalar_exp, inf, inf}, {"exp", scalar_exp, -inf, 0.0}, {"exp", scalar_exp, 0.0, 1.0},
        {"exp", scalar_exp, -0.0, 1.0}, {"exp", scalar_exp, nan, nan}, {"exp", scalar_exp, 1e300, inf},
        {"exp", scalar_exp, -1e300, 0.0}, {"exp", scalar_exp, 5e-324, 1.0}, {"expm1", scalar_expm1, -0.0, -0.0},
        {"expm1", scalar_expm1, inf, inf}, {"expm1", scalar_expm1, -inf, -1.0}, {"expm1", scalar_expm1, nan, nan},
        {"expm1", scalar_expm1, 5e-324, 5e-324}, {"log", scalar_log, 0.0, -inf}, {"log", scalar_log, -0.0, -inf},
        {"log", scalar_log, -1.0, nan}, {"log", scalar_log, 1.0, 0.0}, {"log", scalar_log, inf, inf},
        {"log", scalar_log, -inf, nan}, {"log", scalar_log, nan, nan}, {"log1p", scalar_log1p, -1.0, -inf},
        {"log1p", scalar_log1p, -0.0, -0.0}, {"log1p", scalar_log1p, -2.0, nan}, {"log1p", scalar_log1p, inf, inf},
        {"log1p", scalar_log1p, -inf, nan}, {"sin", scalar_sin, -0.0, -0.0}, {"sin", scalar_sin, 0.0, 0.0},
        {"sin", scalar_sin, inf, nan}, {"sin", scalar_sin, nan, nan}, {"sin", scalar_sin, 5e-324, 5e-324},
        {"cos", scalar_cos, 0.0, 1.0}, {"cos", scalar_cos, -inf, nan}, {"tanh", scalar_tanh, -0.0, -0.0},
        {"tanh", scalar_tanh, inf, 1.0}, {"tanh", scalar_tanh, -inf, -1.0}, {"tanh", scalar_tanh, nan, nan},
        {"tanh", scalar_tanh, -5e-324, -5e-324}, {"sigmoid", scalar_sigmoid, inf, 1.0},
        {"sigmoid", scalar_sigmoid, -inf, 0.0}, {"sigmoid", scalar_sigmoid, 0.0, 0.5},
        {"sigmoid", scalar_sigmoid, -1e308, 0.0}, {"sigmoid", scalar_sigmoid, nan, nan},
        {"sqrt", scalar_sqrt, -0.0, -0.0}, {"sqrt", scalar_sqrt, -1.0, nan}, {"sqrt", scalar_sqrt, inf, inf},
        {"sqrt", scalar_sqrt, -inf, nan}, {"sqrt", scalar_sqrt, 5e-324, 0x1p-537}, {"sqrt", scalar_sqrt, 4.0, 2.0},
        {"sqrt", scalar_sqrt, nan, nan}, {"sqrt", scalar_sqrt, -5e-324, nan},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double y = cases[i].f(cases[i].x);

        cr_expect(same(y, cases[i].y), "%s(%a) = %a, not %a", cases[i].name, cases[i].x, y, cases[i].y);
    }
}

/* These are exact, so the C library is a witness to the last bit. */
Test(scalar, rounding_sqrt_and_fmod_equal_the_c_library)
{
    static const double points[] = {0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.49999999999999994, 4503599627370495.5,
                                    4503599627370497.5, 9007199254740993.0, 5e-324, 1e308, INFINITY, -INFINITY, NAN,
                                    1.0, 3.0, -7.0, 2.2250738585072014e-308, 2.225073858507201e-308};
    const size_t count = sizeof points / sizeof *points;

    random_state = 5;
    for (size_t i = 0; i < 300000; i++) {
        uint64_t bits = random_bits();
        double x = i < count * count ? points[i / count] : from_bits(bits);
        double y = i < count * count ? points[i % count] : from_bits(random_bits());

        if (i >= count * count && i % 2) { /* magnitudes in which fractions are seen */
            x = from_bits((bits & 0x800fffffffffffffu) | (uint64_t)(1000 + bits % 80) << 52);
            y = from_bits((random_bits() & 0x800fffffffffffffu) | (uint64_t)(1000 + bits % 70) << 52);
        }
        cr_expect(same(scalar_floor(x), floor(x)), "floor(%a) = %a", x, scalar_floor(x));
        cr_expect(same(scalar_ceil(x), ceil(x)), "ceil(%a) = %a", x, scalar_ceil(x));
        cr_expect(same(scalar_trunc(x), trunc(x)), "trunc(%a) = %a", x, scalar_trunc(x));
        cr_expect(same(scalar_round_even(x), rint(x)), "round_even(%a) = %a", x, scalar_round_even(x));
        cr_expect(same(scalar_sqrt(x), sqrt(x)), "sqrt(%a) = %a", x, scalar_sqrt(x));
        cr_expect(same(scalar_fmod(x, y), fmod(x, y)), "fmod(%a, %a) = %a", x, y, scalar_fmod(x, y));
    }
}

/* The special cases of pow, atan2 and the others are those of C. */
Test(scalar, special_cases_equal_the_c_library)
{
    static const double points[] = {0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, INFINITY, -INFINITY, NAN,
                                    5e-324, -5e-324, 1e308, -1e308, 0x1p53, 9007199254740991.0, -9007199254740993.0};
    static const struct {
        const char *name;
        double (*ours)(double), (*theirs)(double);
    } ones[] = {{"asin", scalar_asin, asin},    {"acos", scalar_acos, acos},    {"atan", scalar_atan, atan},
                {"sinh", scalar_sinh, sinh},    {"cosh", scalar_cosh, cosh},    {"asinh", scalar_asinh, asinh},
                {"acosh", scalar_acosh, acosh}, {"atanh", scalar_atanh, atanh}, {"erf", scalar_erf, erf},
                {"erfc", scalar_erfc, erfc},    {"tan", scalar_tan, tan}};
    const size_t count = sizeof points / sizeof *points;

    for (size_t i = 0; i < count * count; i++) {
        double x = points[i / count], y = points[i % count], z = pow(x, y), a = scalar_pow(x, y);

        if (isnan(z) || isinf(z) || z == 0 || fabs(z) == 1)
            cr_expect(same(a, z), "pow(%a, %a) = %a, not %a", x, y, a, z);
        z = atan2(x, y);
        a = scalar_atan2(x, y);
        if (isnan(z) || z == 0 || fabs(x) == fabs(y) || isinf(x) || isinf(y) || x == 0 || y == 0)
            cr_expect(same(a, z), "atan2(%a, %a) = %a, not %a", x, y, a, z);
    }
    for (size_t f = 0; f < sizeof ones / sizeof *ones; f++) {
        for (size_t i = 0; i < count; i++) {
            double z = ones[f].theirs(points[i]), a = ones[f].ours(points[i]);

            if (isnan(z) || isinf(z) || z == 0 || fabs(z) == 1)
                cr_expect(same(a, z), "%s(%a) = %a, not %a", ones[f].name, points[i], a, z);
        }
    }
}
