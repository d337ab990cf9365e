/* SPDX-License-Identifier: Apache-2.0 */
/* Vector mathematics against the C library in the next wider type: every 1009th float32, random float64, pairs for
 * functions of two arguments, and a table of edges. All 2^32 floats: tests/bench/ulp.c. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "tests/unit/support/edges.h"
#include "tests/unit/support/functions.h"
#include "tests/unit/support/ulp.h"

enum { DOUBLES = 150000, PAIRS = 400000 };

static int numbers[64];

static struct criterion_test_params number_each(size_t count)
{
    for (size_t i = 0; i < count; i++)
        numbers[i] = (int)i;
    return cr_make_param_array(int, numbers, count);
}

#define FOR_EACH_UNARY(test) \
    ParameterizedTestParameters(vector_math, test) \
    { \
        return number_each(UNARY_COUNT); \
    } \
    ParameterizedTest(int *number, vector_math, test)
#define FOR_EACH_BINARY(test) \
    ParameterizedTestParameters(vector_math, test) \
    { \
        return number_each(BINARY_COUNT); \
    } \
    ParameterizedTest(int *number, vector_math, test)

typedef struct {
    double error, x, y;
} worst_case;

static void keep(worst_case *worst, double error, double x, double y)
{
    if (error > worst->error) {
        worst->error = error;
        worst->x = x;
        worst->y = y;
    }
}

static void report(const char *name, const char *type, const worst_case *worst, double bound)
{
    cr_log_info("%s_%s: %.4f ULP at %a, %a", name, type, worst->error, worst->x, worst->y);
    cr_expect(worst->error <= bound, "%s_%s(%a, %a): %g ULP", name, type, worst->x, worst->y, worst->error);
}

FOR_EACH_UNARY(f32_is_within_its_bound_at_every_1009th_float)
{
    const unary_function *f = &unary_functions[*number];
    worst_case worst = {0};

    for (uint64_t bits = 0; f->f32 && bits >> 32 == 0;) {
        float x[V_LANES], y[V_LANES];

        for (int i = 0; i < V_LANES; i++, bits += 1009)
            x[i] = float_from_bits((uint32_t)bits);
        v_store_f32(y, f->f32(v_load_f32(x)));
        for (int i = 0; i < V_LANES; i++)
            keep(&worst, ulp_error_f32(y[i], (long double)f->exact_f32((double)x[i]), f->slack_f32), (double)x[i], 0);
    }
    report(f->name, "f32", &worst, f->bound_f32);
}

FOR_EACH_BINARY(f32_pairs_are_within_their_bound)
{
    const binary_function *f = &binary_functions[*number];
    worst_case worst = {0};
    uint64_t state = 1;

    for (uint64_t n = 0; f->f32 && n < PAIRS; n += V_LANES) {
        float x[V_LANES], y[V_LANES], z[V_LANES];

        for (int i = 0; i < V_LANES; i++)
            sample_pair_f32(&state, n + (uint64_t)i, &x[i], &y[i]);
        v_store_f32(z, f->f32(v_load_f32(x), v_load_f32(y)));
        for (int i = 0; i < V_LANES; i++) {
            long double exact = (long double)f->exact_f32((double)x[i], (double)y[i]);

            keep(&worst, ulp_error_f32(z[i], exact, f->slack_f32), (double)x[i], (double)y[i]);
        }
    }
    report(f->name, "f32", &worst, f->bound_f32);
}

/* The C library's long double is exact enough a witness where it is wider than double. */
#if __LDBL_MANT_DIG__ >= 64
FOR_EACH_UNARY(f64_is_within_its_bound)
{
    const unary_function *f = &unary_functions[*number];
    worst_case worst = {0};
    uint64_t state = 1;

    for (uint64_t n = 0; f->f64 && n < DOUBLES; n += V_LANES64) {
        double x[V_LANES64], y[V_LANES64];

        for (int i = 0; i < V_LANES64; i++)
            x[i] = sample_f64(&state, n + (uint64_t)i);
        v_store_f64(y, f->f64(v_load_f64(x)));
        for (int i = 0; i < V_LANES64; i++)
            keep(&worst, ulp_error_f64(y[i], f->exact_f64((long double)x[i]), f->slack_f64), x[i], 0);
    }
    report(f->name, "f64", &worst, f->bound_f64);
}

FOR_EACH_BINARY(f64_pairs_are_within_their_bound)
{
    const binary_function *f = &binary_functions[*number];
    worst_case worst = {0};
    uint64_t state = 1;

    for (uint64_t n = 0; f->f64 && n < DOUBLES; n += V_LANES64) {
        double x[V_LANES64], y[V_LANES64], z[V_LANES64];

        for (int i = 0; i < V_LANES64; i++)
            sample_pair_f64(&state, n + (uint64_t)i, &x[i], &y[i]);
        v_store_f64(z, f->f64(v_load_f64(x), v_load_f64(y)));
        for (int i = 0; i < V_LANES64; i++) {
            long double exact = f->exact_f64((long double)x[i], (long double)y[i]);

            keep(&worst, ulp_error_f64(z[i], exact, f->slack_f64), x[i], y[i]);
        }
    }
    report(f->name, "f64", &worst, f->bound_f64);
}
#endif

/* ---- edges ------------------------------------------------------------------------------------------------------ */

static bool same_f32(float a, float b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

static bool same_f64(double a, double b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

FOR_EACH_UNARY(edges)
{
    const unary_function *f = &unary_functions[*number];

    for (int i = 0; i < UNARY_EDGE_COUNT; i++) {
        float x = (float)unary_edge(edges_f32, i), y[V_LANES] = {0};
        double wide = unary_edge(edges_f64, i), z[V_LANES64] = {0}, error;

        if (f->f32) {
            v_store_f32(y, f->f32(v_splat_f32(x)));
            error = ulp_error_f32(y[0], (long double)f->exact_f32((double)x), f->slack_f32);
            cr_expect(error <= f->bound_f32, "%s_f32(%a) = %a: %g ULP", f->name, (double)x, (double)y[0], error);
            if (f->lane_f32)
                cr_expect(same_f32(f->lane_f32(x), y[0]), "%s_f32(%a): the scalar differs", f->name, (double)x);
        }
        if (f->f64) {
            v_store_f64(z, f->f64(v_splat_f64(wide)));
            error = ulp_error_f64(z[0], f->exact_f64((long double)wide), f->slack_f64);
            cr_expect(error <= f->bound_f64, "%s_f64(%a) = %a: %g ULP", f->name, wide, z[0], error);
            if (f->lane_f64)
                cr_expect(same_f64(f->lane_f64(wide), z[0]), "%s_f64(%a): the scalar differs", f->name, wide);
        }
    }
}

static void expect_pair_f32(const binary_function *f, float x, float y)
{
    float z[V_LANES];
    double error;

    v_store_f32(z, f->f32(v_splat_f32(x), v_splat_f32(y)));
    error = ulp_error_f32(z[0], (long double)f->exact_f32((double)x, (double)y), f->slack_f32);
    cr_expect(error <= f->bound_f32, "%s_f32(%a, %a) = %a: %g ULP", f->name, (double)x, (double)y, (double)z[0], error);
    if (f->lane_f32)
        cr_expect(same_f32(f->lane_f32(x, y), z[0]), "%s_f32(%a, %a): the scalar differs", f->name, (double)x, (double)y);
}

static void expect_pair_f64(const binary_function *f, double x, double y)
{
    double z[V_LANES64], error;

    v_store_f64(z, f->f64(v_splat_f64(x), v_splat_f64(y)));
    error = ulp_error_f64(z[0], f->exact_f64((long double)x, (long double)y), f->slack_f64);
    cr_expect(error <= f->bound_f64, "%s_f64(%a, %a) = %a: %g ULP", f->name, x, y, z[0], error);
    if (f->lane_f64)
        cr_expect(same_f64(f->lane_f64(x, y), z[0]), "%s_f64(%a, %a): the scalar differs", f->name, x, y);
}

FOR_EACH_BINARY(pairs_of_edges)
{
    const binary_function *f = &binary_functions[*number];

    for (int i = 0; i < EDGE_COUNT; i++) {
        for (int j = 0; j < EDGE_COUNT; j++) {
            if (f->f32)
                expect_pair_f32(f, (float)edges_f32[i], (float)edges_f32[j]);
            if (f->f64)
                expect_pair_f64(f, edges_f64[i], edges_f64[j]);
        }
    }
}

/* The C library's rules are the witness of the edges; so these few are said twice. */
Test(vector_math, edges_said_by_hand)
{
    static const struct {
        const char *name;
        double x, y;
    } cases[] = {{"sin", -0.0, -0.0}, {"sin", INFINITY, NAN}, {"cos", -0.0, 1}, {"exp", -INFINITY, 0}, {"exp", 0, 1},
                 {"log", -0.0, -INFINITY}, {"log", -1, NAN}, {"log", 1, 0}, {"log1p", -1, -INFINITY},
                 {"expm1", -INFINITY, -1}, {"tanh", -0.0, -0.0}, {"tanh", -INFINITY, -1}, {"sigmoid", -INFINITY, 0},
                 {"sigmoid", INFINITY, 1}, {"erf", -0.0, -0.0}, {"erfinv", 1, INFINITY}, {"erfinv", -2, NAN},
                 {"ndtri", 0, -INFINITY}, {"ndtri", 0.5, 0}, {"lgamma", -3, INFINITY}, {"lgamma", 2, 0},
                 {"digamma", 0, NAN}, {"acosh", 0.5, NAN}, {"atanh", -1, -INFINITY}, {"cbrt", -8, -2},
                 {"rsqrt", -0.0, -INFINITY}, {"rsqrt", 4, 0.5}, {"softplus", -INFINITY, 0}, {"round_even", -0.5, -0.0}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int k = 0; k < UNARY_COUNT; k++) {
            const unary_function *f = &unary_functions[k];
            float y[V_LANES] = {(float)cases[i].y};
            double z[V_LANES64] = {cases[i].y};

            if (strcmp(f->name, cases[i].name) != 0)
                continue;
            if (f->f32)
                v_store_f32(y, f->f32(v_splat_f32((float)cases[i].x)));
            if (f->f64)
                v_store_f64(z, f->f64(v_splat_f64(cases[i].x)));
            cr_expect(same_f32(y[0], (float)cases[i].y), "%s_f32(%a) = %a", f->name, cases[i].x, (double)y[0]);
            cr_expect(same_f64(z[0], cases[i].y), "%s_f64(%a) = %a", f->name, cases[i].x, z[0]);
        }
    }
}

/* ---- neighbours -------------------------------------------------------------------------------------------------- */

static const double mixed[] = {0.5, 1e30, -3e5, INFINITY, NAN, -7.25, 131072.0, 131080.0, 8192.0, 8200.0, 0x1p-140, -0.0};
enum { MIXED = sizeof mixed / sizeof *mixed };

/* A lane's result does not depend on its neighbours, also where one of them takes the slow path. */
FOR_EACH_UNARY(lanes_are_independent)
{
    const unary_function *f = &unary_functions[*number];

    for (int start = 0; start < MIXED; start++) {
        float x[V_LANES], y[V_LANES], alone[V_LANES];
        double a[V_LANES64], b[V_LANES64], c[V_LANES64];

        for (int i = 0; i < V_LANES; i++)
            x[i] = (float)mixed[(start + i) % MIXED];
        for (int i = 0; i < V_LANES64; i++)
            a[i] = mixed[(start + i) % MIXED];
        if (f->f32)
            v_store_f32(y, f->f32(v_load_f32(x)));
        if (f->f64)
            v_store_f64(b, f->f64(v_load_f64(a)));
        for (int i = 0; f->f32 && i < V_LANES; i++) {
            v_store_f32(alone, f->f32(v_splat_f32(x[i])));
            cr_expect(same_f32(y[i], alone[0]), "%s_f32(%a) depends on its neighbours", f->name, (double)x[i]);
        }
        for (int i = 0; f->f64 && i < V_LANES64; i++) {
            v_store_f64(c, f->f64(v_splat_f64(a[i])));
            cr_expect(same_f64(b[i], c[0]), "%s_f64(%a) depends on its neighbours", f->name, a[i]);
        }
    }
}

FOR_EACH_BINARY(lanes_of_pairs_are_independent)
{
    const binary_function *f = &binary_functions[*number];

    for (int start = 0; start < MIXED; start++) {
        float x[V_LANES], y[V_LANES], z[V_LANES], alone[V_LANES];
        double a[V_LANES64], b[V_LANES64], c[V_LANES64], d[V_LANES64];

        for (int i = 0; i < V_LANES; i++) {
            x[i] = (float)mixed[(start + i) % MIXED];
            y[i] = (float)mixed[(start + 5 * i) % MIXED];
        }
        for (int i = 0; i < V_LANES64; i++) {
            a[i] = mixed[(start + i) % MIXED];
            b[i] = mixed[(start + 5 * i) % MIXED];
        }
        if (f->f32)
            v_store_f32(z, f->f32(v_load_f32(x), v_load_f32(y)));
        if (f->f64)
            v_store_f64(c, f->f64(v_load_f64(a), v_load_f64(b)));
        for (int i = 0; f->f32 && i < V_LANES; i++) {
            v_store_f32(alone, f->f32(v_splat_f32(x[i]), v_splat_f32(y[i])));
            cr_expect(same_f32(z[i], alone[0]), "%s_f32(%a, %a) depends on its neighbours", f->name, (double)x[i],
                      (double)y[i]);
        }
        for (int i = 0; f->f64 && i < V_LANES64; i++) {
            v_store_f64(d, f->f64(v_splat_f64(a[i]), v_splat_f64(b[i])));
            cr_expect(same_f64(c[i], d[0]), "%s_f64(%a, %a) depends on its neighbours", f->name, a[i], b[i]);
        }
    }
}
