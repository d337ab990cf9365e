/* SPDX-License-Identifier: Apache-2.0 */
/* Vector mathematics against the C library in the next wider type: every 1009th float32, random float64.
 * All 2^32 floats: tests/bench/ulp.c. */
#include <criterion/criterion.h>

#include "tests/unit/support/ulp.h"

enum { FUNCTIONS = sizeof vector_functions / sizeof *vector_functions };

static uint64_t random_bits(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

Test(vector_math, f32_is_within_2_ulp_at_every_1009th_float)
{
    for (size_t f = 0; f < FUNCTIONS; f++) {
        double worst = 0;
        float worst_x = 0;

        for (uint64_t bits = 0; bits >> 32 == 0;) {
            float x[V_LANES], y[V_LANES];

            for (int i = 0; i < V_LANES; i++, bits += 1009) {
                uint32_t low = (uint32_t)bits;

                memcpy(&x[i], &low, sizeof low);
            }
            v_store_f32(y, vector_functions[f].f32(v_load_f32(x)));
            for (int i = 0; i < V_LANES; i++) {
                double e = ulp_error_f32(y[i], (long double)vector_functions[f].exact_f32((double)x[i]));

                if (e > worst) {
                    worst = e;
                    worst_x = x[i];
                }
            }
        }
        cr_log_info("%s: %.4f ULP at %a", vector_functions[f].name, worst, (double)worst_x);
        cr_expect(worst <= 2, "%s_f32(%a): %g ULP", vector_functions[f].name, (double)worst_x, worst);
    }
}

/* The C library's long double is exact enough a witness where it is wider than double; its sine and cosine are compared
 * over the range in which both reduce well. */
Test(vector_math, f64_is_within_2_ulp)
{
#if __LDBL_MANT_DIG__ >= 64
    for (size_t f = 0; f < FUNCTIONS; f++) {
        uint64_t state = f;
        double worst = 0, worst_x = 0;

        for (int n = 0; n < (vector_functions[f].f64 ? 150000 : 0); n++) {
            double x[V_LANES64], y[V_LANES64];

            for (int i = 0; i < V_LANES64; i++) {
                uint64_t bits = random_bits(&state);
                double unit = (double)(random_bits(&state) >> 11) * 0x1p-53 - 0.5;

                switch (n % 5) {
                case 0: memcpy(&x[i], &bits, sizeof bits); break;
                case 1: x[i] = unit * 1500; break;
                case 2: x[i] = unit * 8; break;
                case 3: x[i] = unit + 1; break;
                default: x[i] = unit * 0.5; break;
                }
            }
            v_store_f64(y, vector_functions[f].f64(v_load_f64(x)));
            for (int i = 0; i < V_LANES64; i++) {
                double e = ulp_error_f64(y[i], vector_functions[f].exact_f64((long double)x[i]));

                if (e > worst) {
                    worst = e;
                    worst_x = x[i];
                }
            }
        }
        cr_log_info("%s: %.4f ULP at %a", vector_functions[f].name, worst, worst_x);
        cr_expect(worst <= 2, "%s_f64(%a): %g ULP", vector_functions[f].name, worst_x, worst);
    }
#endif
}

Test(vector_math, special_values)
{
    const float inf = INFINITY, nan = NAN;
    const struct {
        const char *name;
        float (*f32)(float);
        double (*f64)(double);
        float x, y;
    } cases[] = {
        {"exp", exp_f32, exp_f64, inf, inf}, {"exp", exp_f32, exp_f64, -inf, 0}, {"exp", exp_f32, exp_f64, 0, 1},
        {"exp", exp_f32, exp_f64, nan, nan}, {"log", log_f32, log_f64, 0, -inf}, {"log", log_f32, log_f64, -0.0f, -inf},
        {"log", log_f32, log_f64, -1, nan}, {"log", log_f32, log_f64, inf, inf}, {"log", log_f32, log_f64, -inf, nan},
        {"log", log_f32, log_f64, 1, 0}, {"log", log_f32, log_f64, nan, nan}, {"sin", sin_f32, sin_f64, inf, nan},
        {"sin", sin_f32, sin_f64, nan, nan}, {"sin", sin_f32, sin_f64, 0, 0}, {"cos", cos_f32, cos_f64, 0, 1},
        {"cos", cos_f32, cos_f64, -inf, nan}, {"cos", cos_f32, cos_f64, nan, nan}, {"tanh", tanh_f32, tanh_f64, inf, 1},
        {"tanh", tanh_f32, tanh_f64, -inf, -1}, {"tanh", tanh_f32, tanh_f64, -0.0f, -0.0f},
        {"tanh", tanh_f32, tanh_f64, nan, nan}, {"sigmoid", sigmoid_f32, sigmoid_f64, inf, 1},
        {"sigmoid", sigmoid_f32, sigmoid_f64, -inf, 0}, {"sigmoid", sigmoid_f32, sigmoid_f64, 0, 0.5f},
        {"sigmoid", sigmoid_f32, sigmoid_f64, nan, nan}, {"expm1", expm1_f32, expm1_f64, -inf, -1},
        {"expm1", expm1_f32, expm1_f64, inf, inf}, {"expm1", expm1_f32, expm1_f64, -0.0f, -0.0f},
        {"expm1", expm1_f32, expm1_f64, nan, nan}, {"log1p", log1p_f32, log1p_f64, -1, -inf},
        {"log1p", log1p_f32, log1p_f64, -2, nan}, {"log1p", log1p_f32, log1p_f64, -0.0f, -0.0f},
        {"log1p", log1p_f32, log1p_f64, inf, inf}, {"log1p", log1p_f32, log1p_f64, nan, nan},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float y = cases[i].f32(cases[i].x);
        double wide = cases[i].f64((double)cases[i].x);

        cr_expect(isnan(cases[i].y) ? isnan(y) : memcmp(&y, &cases[i].y, sizeof y) == 0, "%s_f32(%a) = %a",
                  cases[i].name, (double)cases[i].x, (double)y);
        cr_expect(isnan(cases[i].y) ? isnan(wide)
                                    : wide == (double)cases[i].y && !signbit(wide) == !signbit(cases[i].y),
                  "%s_f64(%a) = %a", cases[i].name, (double)cases[i].x, wide);
    }
    /* Sine of -0 is +0 in float32 and -0 in float64. */
    cr_expect(sin_f32(-0.0f) == 0);
    cr_expect(sin_f64(-0.0) == 0 && signbit(sin_f64(-0.0)));
}

/* A lane's result does not depend on its neighbours, also where one of them takes the slow path. */
Test(vector_math, lanes_are_independent)
{
    static const float points[] = {0.5f, 1e30f, -3e5f, INFINITY, NAN, -7.25f, 131072.0f, 131080.0f, 8192.0f, 8200.0f};
    enum { POINTS = sizeof points / sizeof *points };

    for (size_t f = 0; f < FUNCTIONS; f++) {
        for (size_t start = 0; start < POINTS; start++) {
            float x[V_LANES], y[V_LANES], alone[V_LANES];

            for (size_t i = 0; i < V_LANES; i++)
                x[i] = points[(start + i) % POINTS];
            v_store_f32(y, vector_functions[f].f32(v_load_f32(x)));
            for (size_t i = 0; i < V_LANES; i++) {
                v_store_f32(alone, vector_functions[f].f32(v_splat_f32(x[i])));
                cr_expect(memcmp(&y[i], &alone[0], sizeof y[i]) == 0 || (isnan(y[i]) && isnan(alone[0])),
                          "%s(%a) depends on its neighbours", vector_functions[f].name, (double)x[i]);
            }
        }
    }
}
