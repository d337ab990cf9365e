/* SPDX-License-Identifier: Apache-2.0 */
/* What --exact emits has the float32 nearest to the exact result also where the double in between would be a tie. */
#include <criterion/criterion.h>

#include "tests/unit/support/functions.h"
#include "tests/unit/support/ties.h"

static const struct {
    const char *name;
    float (*exact)(float);
    float x, want;
} ties[] = {
#define TIE(name, x, want) {#name, exact_##name##_f32, x, want},
    FLOAT32_TIES(TIE)};

Test(exact_ties, round_to_the_nearer_float32)
{
    for (size_t i = 0; i < sizeof ties / sizeof *ties; i++) {
        float got = ties[i].exact(ties[i].x);

        cr_expect(got == ties[i].want, "%s(%a) = %a, not %a", ties[i].name, (double)ties[i].x, (double)got,
                  (double)ties[i].want);
    }
}
