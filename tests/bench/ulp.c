/* SPDX-License-Identifier: Apache-2.0 */
/* The largest error of every vector function and where it is: in float32 at every STEP-th of all 2^32 arguments (pairs:
 * COUNT random ones), in float64 at COUNT random arguments. One line per function and type:
 *
 *     error NAME f32|f64 ULP X Y ARGUMENTS
 *
 * ulp STEP COUNT [PROCESSES [NAME...]]; tests/bench/ulp.py makes the table.
 *
 * The witness is the C library in the next wider type. In float32 SLEEF's double, or else our own, looks first: what
 * lies further from it than the worst so far goes to the witness; its error is a millionth of an ULP of float. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/peers.h"
#include "tests/unit/support/edges.h"
#include "tests/unit/support/ulp.h"

enum { BLOCK = 2048, MAX_PROCESSES = 64 };

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

/* ---- the first look ---------------------------------------------------------------------------------------------- */

typedef v_f64 filter(v_f64);

#if defined(PEERS_SLEEF) && V_LANES >= 8
static v_f64 filter_sigmoid(v_f64 x)
{
    return 1.0 / (1.0 + SLEEF_F64(exp, u10)(-x));
}

static v_f64 filter_softplus(v_f64 x)
{
    v_f64 below = -v_abs_f64(x);

    return v_select_f64(v_gt_f64(x, v_splat_f64(0.0)), x, v_splat_f64(0.0)) + SLEEF_F64(log1p, u10)(SLEEF_F64(exp, u10)(below));
}
#endif

static v_f64 filter_softsign(v_f64 x)
{
    return x / (1.0 + v_abs_f64(x));
}

static v_f64 filter_rsqrt(v_f64 x)
{
    return 1.0 / v_sqrt_f64(x);
}

#define SLEEF_FILTER(name, error) {#name, SLEEF_F64(name, error)},
#define OWN_FILTER(name, ...) {#name, SNIPPET_OR(v_##name##_f64, NULL)},
static const struct {
    const char *name;
    filter *f;
} filters[] = {SLEEF_UNARY(SLEEF_FILTER)
#if defined(PEERS_SLEEF) && V_LANES >= 8
               {"sigmoid", filter_sigmoid},
               {"softplus", filter_softplus},
#endif
               {"softsign", filter_softsign},
               {"rsqrt", filter_rsqrt},
               UNARY_FUNCTIONS(OWN_FILTER)};

static filter *find_filter(const char *name)
{
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        if (strcmp(filters[i].name, name) == 0 && filters[i].f)
            return filters[i].f;
    return NULL;
}

/* Whether one of the block may be worse than `worst`: roughly ulp_error_f32, without branches; what only the witness can
 * tell counts as worse. */
static bool any_worse(const float *got, const double *exact, double worst)
{
    const v_f64 large = v_splat_f64(0x1.000008p128), largest = v_splat_f64(0x1.fffffep127), least = v_splat_f64(0x1p-149);
    v_m64 any = v_lt_f64(large, least);

    for (int i = 0; i < BLOCK; i += V_LANES64) {
        double wide[V_LANES64];
        v_f64 g, e = v_load_f64(exact + i), unit, difference;
        v_m64 same, overflow, sign;

        for (int j = 0; j < V_LANES64; j++)
            wide[j] = (double)got[i + j];
        g = v_load_f64(wide);
        unit = v_from_bits_f64(v_bits_f64(e) & 0x7ff0000000000000) * 0x1p-23;
        unit = v_select_f64(v_gt_f64(unit, least), unit, least);
        difference = v_abs_f64(g - e);
        sign = (v_bits_f64(g) ^ v_bits_f64(e)) >> 63; /* all bits where the signs differ */
        same = v_eq_f64(g, e) | ((v_m64)(g != g) & (v_m64)(e != e));
        overflow = v_gt_f64(v_abs_f64(e), large) & v_gt_f64(v_abs_f64(g), largest);
        any |= ~(same | overflow | v_le_f64(difference, unit * worst)) | (sign & (v_m64)(g == g));
    }
    return v_any_m64(any);
}

/* ---- functions of one argument ------------------------------------------------------------------------------------ */

static void run_filter(filter *f, const float *x, double *y)
{
    for (int i = 0; i < BLOCK; i += V_LANES64) {
        double wide[V_LANES64];

        for (int j = 0; j < V_LANES64; j++)
            wide[j] = (double)x[i + j];
        v_store_f64(y + i, f(v_load_f64(wide)));
    }
}

static uint64_t unary_f32(const unary_function *f, worst_case *worst, uint64_t step, uint64_t part, uint64_t parts)
{
    static float x[BLOCK], y[BLOCK];
    static double rough[BLOCK];
    filter *first = find_filter(f->name);
    uint64_t count = ((uint64_t)1 << 32) / step;

    for (uint64_t block = part * BLOCK; block < count; block += parts * BLOCK) {
        for (int i = 0; i < BLOCK; i++)
            x[i] = float_from_bits((uint32_t)((block + (uint64_t)i) * step));
        for (int i = 0; i < BLOCK; i += V_LANES)
            v_store_f32(y + i, f->f32(v_load_f32(x + i)));
        if (first) {
            run_filter(first, x, rough);
            if (!any_worse(y, rough, worst->error))
                continue;
        }
        for (int i = 0; i < BLOCK; i++)
            keep(worst, ulp_error_f32(y[i], (long double)f->exact_f32((double)x[i]), f->slack_f32), (double)x[i], 0);
    }
    return count;
}

static uint64_t unary_f64(const unary_function *f, worst_case *worst, uint64_t count, uint64_t part, uint64_t parts)
{
    uint64_t state = part * 0x123456789abcdefu + 7;

    for (uint64_t n = 0; n < count / parts; n += V_LANES64) {
        double x[V_LANES64], y[V_LANES64];

        for (int i = 0; i < V_LANES64; i++)
            x[i] = n < UNARY_EDGE_COUNT ? unary_edge(edges_f64, ((int)n + i) % UNARY_EDGE_COUNT)
                                        : sample_f64(&state, n + (uint64_t)i);
        v_store_f64(y, f->f64(v_load_f64(x)));
        for (int i = 0; i < V_LANES64; i++)
            keep(worst, ulp_error_f64(y[i], f->exact_f64((long double)x[i]), f->slack_f64), x[i], 0);
    }
    return count;
}

/* ---- functions of two ---------------------------------------------------------------------------------------------- */

static uint64_t binary_f32(const binary_function *f, worst_case *worst, uint64_t count, uint64_t part, uint64_t parts)
{
    uint64_t state = part * 0x123456789abcdefu + 7;

    for (uint64_t n = 0; n < count / parts; n += V_LANES) {
        float x[V_LANES], y[V_LANES], z[V_LANES];

        for (int i = 0; i < V_LANES; i++)
            sample_pair_f32(&state, n + (uint64_t)i, &x[i], &y[i]);
        v_store_f32(z, f->f32(v_load_f32(x), v_load_f32(y)));
        for (int i = 0; i < V_LANES; i++) {
            long double exact = (long double)f->exact_f32((double)x[i], (double)y[i]);

            keep(worst, ulp_error_f32(z[i], exact, f->slack_f32), (double)x[i], (double)y[i]);
        }
    }
    return count;
}

static uint64_t binary_f64(const binary_function *f, worst_case *worst, uint64_t count, uint64_t part, uint64_t parts)
{
    uint64_t state = part * 0x123456789abcdefu + 7;

    for (uint64_t n = 0; n < count / parts; n += V_LANES64) {
        double x[V_LANES64], y[V_LANES64], z[V_LANES64];

        for (int i = 0; i < V_LANES64; i++)
            sample_pair_f64(&state, n + (uint64_t)i, &x[i], &y[i]);
        v_store_f64(z, f->f64(v_load_f64(x), v_load_f64(y)));
        for (int i = 0; i < V_LANES64; i++)
            keep(worst, ulp_error_f64(z[i], f->exact_f64((long double)x[i], (long double)y[i]), f->slack_f64), x[i], y[i]);
    }
    return count;
}

/* ---- several processes ---------------------------------------------------------------------------------------------- */

typedef struct {
    uint64_t step, count, processes;
} plan;

/* One job: function `index` of both lists together, type 0 float32 or 1 float64. Gives how many arguments, 0: not there. */
static uint64_t run(int index, int type, const plan *p, worst_case *worst, uint64_t part)
{
    if (index < UNARY_COUNT) {
        const unary_function *f = &unary_functions[index];

        if (type == 0)
            return f->f32 ? unary_f32(f, worst, p->step, part, p->processes) : 0;
        return f->f64 ? unary_f64(f, worst, p->count, part, p->processes) : 0;
    } else {
        const binary_function *f = &binary_functions[index - UNARY_COUNT];

        if (type == 0)
            return f->f32 ? binary_f32(f, worst, p->count, part, p->processes) : 0;
        return f->f64 ? binary_f64(f, worst, p->count, part, p->processes) : 0;
    }
}

static void measure(int index, int type, const char *name, const plan *p)
{
    struct shared {
        worst_case worst;
        uint64_t count;
    } *shared = mmap(NULL, MAX_PROCESSES * sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    worst_case worst = {0};

    if (shared == MAP_FAILED)
        exit(1);
    for (uint64_t part = 0; part < p->processes; part++) {
        if (fork() != 0)
            continue;
        shared[part].count = run(index, type, p, &shared[part].worst, part);
        _exit(0);
    }
    while (wait(NULL) > 0)
        ;
    for (uint64_t part = 0; part < p->processes; part++)
        keep(&worst, shared[part].worst.error, shared[part].worst.x, shared[part].worst.y);
    if (shared[0].count > 0)
        printf("error %s %s %.4f %a %a %llu\n", name, type ? "f64" : "f32", worst.error, worst.x, worst.y,
               (unsigned long long)shared[0].count);
    fflush(stdout);
    munmap(shared, MAX_PROCESSES * sizeof *shared);
}

static bool named(int argc, char **argv, const char *name)
{
    for (int i = 4; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc <= 4;
}

int main(int argc, char **argv)
{
    plan p = {argc > 1 ? strtoull(argv[1], NULL, 10) : 101, argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000,
              argc > 3 ? strtoull(argv[3], NULL, 10) : 2};

    if (p.step == 0 || p.processes == 0 || p.processes > MAX_PROCESSES) {
        fprintf(stderr, "ulp STEP COUNT [PROCESSES [NAME...]]\n");
        return 2;
    }
    printf("build %d lanes, fused multiply-add %d\n", V_LANES, V_FMA);
    fflush(stdout);
    for (int i = 0; i < UNARY_COUNT + BINARY_COUNT; i++) {
        const char *name = i < UNARY_COUNT ? unary_functions[i].name : binary_functions[i - UNARY_COUNT].name;

        for (int type = 0; type < 2; type++)
            if (named(argc, argv, name))
                measure(i, type, name, &p);
    }
    return 0;
}
