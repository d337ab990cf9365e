/* SPDX-License-Identifier: Apache-2.0 */
/* Accurate scalars whose double would lie just between two float32. */
#include <criterion/criterion.h>

#include <mpfr.h>

#include "runtime/core/scalar.h"
#include "tests/unit/support/ties.h"

static const struct {
    const char *name;
    double (*scalar)(double);
    float x, want;
} ties[] = {
#define TIE(name, x, want) {#name, scalar_##name, x, want},
    FLOAT32_TIES(TIE)};

Test(scalar_ties, round_to_the_nearer_float32)
{
    for (size_t i = 0; i < sizeof ties / sizeof *ties; i++) {
        float got = (float)ties[i].scalar((double)ties[i].x);

        cr_expect(got == ties[i].want, "%s(%a) = %a, not %a", ties[i].name, (double)ties[i].x, (double)got,
                  (double)ties[i].want);
    }
}

/* The double itself is one of the two nearest. */
Test(scalar_ties, stay_within_one_ulp_of_double)
{
    mpfr_t y;

    mpfr_init2(y, 300);
    for (size_t i = 0; i < sizeof ties / sizeof *ties; i++) {
        double got = ties[i].scalar((double)ties[i].x), below, above;

        if (ties[i].scalar != scalar_sigmoid)
            continue;
        mpfr_set_flt(y, -ties[i].x, MPFR_RNDN);
        mpfr_exp(y, y, MPFR_RNDN);
        mpfr_add_ui(y, y, 1, MPFR_RNDN);
        mpfr_ui_div(y, 1, y, MPFR_RNDN);
        below = mpfr_get_d(y, MPFR_RNDD);
        above = mpfr_get_d(y, MPFR_RNDU);
        cr_expect(got == below || got == above, "sigmoid(%a) = %a", (double)ties[i].x, got);
    }
    mpfr_clear(y);
}

/* Doubles whose neighbours are no concern of float32 stay the nearest ones: 1 + 2^-60 is 1. */
Test(scalar_ties, leave_other_results)
{
    cr_expect(scalar_exp(0x1p-60) == 1.0 && scalar_exp(-0x1p-60) == 1.0);
    cr_expect(scalar_sigmoid(0x1p-60) == 0.5 && scalar_sigmoid(-0x1p-60) == 0.5);
    cr_expect(scalar_bessel_i1(0x1p-300) == 0x1p-301 && scalar_bessel_i1(0x1p-1070) == 0x1p-1071);
    cr_expect(scalar_pow(0x1.001p0, 2.0) == 0x1.002001p0, "exact: a tie it stays");
}
