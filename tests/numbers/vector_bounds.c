/* SPDX-License-Identifier: Apache-2.0 */
/* The vector functions are within their bounds at every STEP-th float32, COUNT random doubles and pairs, and the edges:
 * tests/unit/support/test_vector_math.c for machines without Criterion, compilers and options of all kinds.
 *
 *     vector_bounds [STEP [COUNT]] */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/support/edges.h"
#include "tests/unit/support/functions.h"
#include "tests/unit/support/ulp.h"

static int failures, checks;

static void expect(const char *name, const char *type, double x, double y, double error, double bound)
{
    checks++;
    if (error <= bound)
        return;
    if (failures++ < 40)
        printf("%s_%s(%a, %a): %g ULP\n", name, type, x, y, error);
}

static void one_f32(const unary_function *f, const float *x)
{
    float y[V_LANES];

    v_store_f32(y, f->f32(v_load_f32(x)));
    for (int i = 0; i < V_LANES; i++)
        expect(f->name, "f32", (double)x[i], 0,
               ulp_error_f32(y[i], (long double)f->exact_f32((double)x[i]), f->slack_f32), f->bound_f32);
}

static void one_f64(const unary_function *f, const double *x)
{
    double y[V_LANES64];

    v_store_f64(y, f->f64(v_load_f64(x)));
    for (int i = 0; i < V_LANES64; i++)
        expect(f->name, "f64", x[i], 0, ulp_error_f64(y[i], f->exact_f64((long double)x[i]), f->slack_f64), f->bound_f64);
}

static void check_unary(const unary_function *f, uint64_t step, uint64_t count)
{
    uint64_t state = 5;
    float x[V_LANES];
    double wide[V_LANES64];

    for (uint64_t bits = 0; f->f32 && bits >> 32 == 0;) {
        for (int i = 0; i < V_LANES; i++, bits += step)
            x[i] = float_from_bits((uint32_t)bits);
        one_f32(f, x);
    }
    for (int n = 0; f->f32 && n < UNARY_EDGE_COUNT; n += V_LANES) {
        for (int i = 0; i < V_LANES; i++)
            x[i] = (float)unary_edge(edges_f32, (n + i) % UNARY_EDGE_COUNT);
        one_f32(f, x);
    }
    if (__LDBL_MANT_DIG__ < 64 || !f->f64)
        return;
    for (uint64_t n = 0; n < count; n += V_LANES64) {
        for (int i = 0; i < V_LANES64; i++)
            wide[i] = sample_f64(&state, n + (uint64_t)i);
        one_f64(f, wide);
    }
    for (int n = 0; n < UNARY_EDGE_COUNT; n += V_LANES64) {
        for (int i = 0; i < V_LANES64; i++)
            wide[i] = unary_edge(edges_f64, (n + i) % UNARY_EDGE_COUNT);
        one_f64(f, wide);
    }
}

static void check_binary(const binary_function *f, uint64_t count)
{
    uint64_t state = 5;

    for (uint64_t n = 0; n < count + EDGE_COUNT * EDGE_COUNT; n++) {
        int i = (int)(n % EDGE_COUNT), j = (int)(n / EDGE_COUNT % EDGE_COUNT);
        float x = (float)edges_f32[i], y = (float)edges_f32[j], z[V_LANES];
        double a = edges_f64[i], b = edges_f64[j], c[V_LANES64];

        if (n >= EDGE_COUNT * EDGE_COUNT) {
            sample_pair_f32(&state, n, &x, &y);
            sample_pair_f64(&state, n, &a, &b);
        }
        if (f->f32) {
            v_store_f32(z, f->f32(v_splat_f32(x), v_splat_f32(y)));
            expect(f->name, "f32", (double)x, (double)y,
                   ulp_error_f32(z[0], (long double)f->exact_f32((double)x, (double)y), f->slack_f32), f->bound_f32);
        }
        if (f->f64 && __LDBL_MANT_DIG__ >= 64) {
            v_store_f64(c, f->f64(v_splat_f64(a), v_splat_f64(b)));
            expect(f->name, "f64", a, b,
                   ulp_error_f64(c[0], f->exact_f64((long double)a, (long double)b), f->slack_f64), f->bound_f64);
        }
    }
}

int main(int argc, char **argv)
{
    uint64_t step = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000003, count = argc > 2 ? strtoull(argv[2], NULL, 10) : 2000;

    for (int i = 0; i < UNARY_COUNT; i++)
        check_unary(&unary_functions[i], step, count);
    for (int i = 0; i < BINARY_COUNT; i++)
        check_binary(&binary_functions[i], count);
    printf("%d lanes, fused multiply-add %d: %d results, %d beyond their bounds\n", V_LANES, V_FMA, checks, failures);
    return failures != 0;
}
