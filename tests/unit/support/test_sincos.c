/* SPDX-License-Identifier: Apache-2.0 */
/* The sine and cosine of one value, computed together, against the C library in double: every 1009th float32, and the
 * floats beside multiples of pi/2, where the reduction leaves least. */
#include <criterion/criterion.h>

#include "support_all.h"

#include "tests/unit/support/ulp.h"

static void expect_near(const float *x, float *worst)
{
    v_f32 cosine, sine = v_sincos_f32(v_load_f32(x), &cosine);
    float s[V_LANES], c[V_LANES];

    v_store_f32(s, sine);
    v_store_f32(c, cosine);
    for (int i = 0; i < V_LANES; i++) {
        float error_s = (float)ulp_error_f32(s[i], (long double)sin((double)x[i]), 0);
        float error_c = (float)ulp_error_f32(c[i], (long double)cos((double)x[i]), 0);

        *worst = error_s > *worst ? error_s : *worst;
        *worst = error_c > *worst ? error_c : *worst;
        cr_expect(error_s <= 2 && error_c <= 2, "%a: %a, %a", (double)x[i], (double)s[i], (double)c[i]);
    }
}

Test(sincos, every_1009th_float)
{
    float worst = 0;

    for (uint64_t bits = 0; bits >> 32 == 0;) {
        float x[V_LANES];

        for (int i = 0; i < V_LANES; i++, bits += 1009)
            x[i] = float_from_bits((uint32_t)bits);
        expect_near(x, &worst);
    }
    cr_log_info("%.4f ULP", (double)worst);
}

Test(sincos, beside_multiples_of_a_right_angle)
{
    float worst = 0;

    for (int n = 1; n < 40000; n++) {
        float x[V_LANES];

        for (int i = 0; i < V_LANES; i++) {
            uint32_t bits;

            x[i] = (float)((double)n * 0x1.921fb54442d18p+0);
            memcpy(&bits, &x[i], sizeof bits);
            x[i] = float_from_bits(bits - (uint32_t)V_LANES / 2 + (uint32_t)i);
        }
        expect_near(x, &worst);
    }
    cr_log_info("%.4f ULP", (double)worst);
}

/* Zeros keep their sign; what is no angle gives NaN; a neighbour that is too large changes nothing. */
Test(sincos, edges)
{
    const float edges[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 0x1p-149f, -0x1p-126f, 3e38f, 32768.0f, 0.5f};
    float worst = 0;

    for (size_t e = 0; e < sizeof edges / sizeof *edges; e++) {
        float x[V_LANES], first[V_LANES], second[V_LANES];
        v_f32 cosine;

        for (size_t i = 0; i < V_LANES; i++)
            x[i] = edges[(e + i) % (sizeof edges / sizeof *edges)];
        expect_near(x, &worst);
        v_store_f32(first, v_sincos_f32(v_load_f32(x), &cosine));
        v_store_f32(second, v_sincos_f32(v_splat_f32(x[0]), &cosine));
        cr_expect(memcmp(&first[0], &second[0], sizeof first[0]) == 0 || (isnan(first[0]) && isnan(second[0])));
    }
}
