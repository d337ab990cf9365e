/* SPDX-License-Identifier: Apache-2.0 */
/* Run by hand: the largest error of every vector function over all 2^32 floats (or every STEP-th), where it is, and
 * the time per element beside glibc's libmvec where that is linked.
 *
 *     ulp [STEP [NAME]] */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/unit/support/functions.h"
#include "tests/unit/support/ulp.h"

enum { COUNT = 4096 };

static float from[COUNT], to[COUNT];

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline v_f32 v_missing_f32(v_f32 x)
{
    return x;
}

#define TIMED(name, ...) \
    static void loop_##name(void) \
    { \
        for (size_t i = 0; i < COUNT; i += V_LANES) \
            v_store_f32(to + i, SNIPPET_OR(v_##name##_f32, v_missing_f32)(v_load_f32(from + i))); \
    }
#define LOOP(name, ...) loop_##name,
UNARY_FUNCTIONS(TIMED)
static void (*const loops[])(void) = {UNARY_FUNCTIONS(LOOP)};

#if defined(ULP_LIBMVEC) && defined(__AVX2__)
typedef float ymm __attribute__((vector_size(32), aligned(4), may_alias));
ymm _ZGVdN8v_expf(ymm), _ZGVdN8v_logf(ymm), _ZGVdN8v_sinf(ymm), _ZGVdN8v_cosf(ymm);
#define LIBMVEC(name) \
    static void libmvec_##name(void) \
    { \
        for (size_t i = 0; i < COUNT; i += 8) \
            *(ymm *)(to + i) = _ZGVdN8v_##name##f(*(const ymm *)(from + i)); \
    }
LIBMVEC(exp)
LIBMVEC(log)
LIBMVEC(sin)
LIBMVEC(cos)
static void (*libmvec_loop(const char *name))(void)
{
    return strcmp(name, "exp") == 0 ? libmvec_exp : strcmp(name, "log") == 0 ? libmvec_log : strcmp(name, "sin") == 0 ?
           libmvec_sin : strcmp(name, "cos") == 0 ? libmvec_cos : NULL;
}
#else
static void (*libmvec_loop(const char *name))(void)
{
    (void)name;
    return NULL;
}
#endif

static double time_loop(void (*loop)(void))
{
    double best = 1e30;

    for (int i = 0; i < 2000; i++) {
        double t = now();

        loop();
        t = now() - t;
        best = t < best ? t : best;
    }
    return best / COUNT;
}

static void measure(size_t f, uint64_t step)
{
    double worst = 0;
    float worst_x = 0;

    for (uint64_t bits = 0; bits >> 32 == 0;) {
        float x[V_LANES], y[V_LANES];

        for (int i = 0; i < V_LANES; i++, bits += step) {
            uint32_t low = (uint32_t)bits;

            memcpy(&x[i], &low, sizeof low);
        }
        v_store_f32(y, unary_functions[f].f32(v_load_f32(x)));
        for (int i = 0; i < V_LANES; i++) {
            double e = ulp_error_f32(y[i], (long double)unary_functions[f].exact_f32((double)x[i]), unary_functions[f].slack_f32);

            if (e > worst) {
                worst = e;
                worst_x = x[i];
            }
        }
    }
    for (size_t i = 0; i < COUNT; i++)
        from[i] = 0.01f + 9.0f * (float)i / COUNT;
    printf("%-8s %8.4f ULP at %-16a %7.3f ns", unary_functions[f].name, worst, (double)worst_x, time_loop(loops[f]));
    if (libmvec_loop(unary_functions[f].name))
        printf("   libmvec %7.3f ns", time_loop(libmvec_loop(unary_functions[f].name)));
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    uint64_t step = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;

    printf("%d lanes, fused multiply-add %d, every %llu. float\n", V_LANES, V_FMA, (unsigned long long)step);
    for (size_t f = 0; f < UNARY_COUNT; f++)
        if (unary_functions[f].f32 && (argc < 3 || strcmp(argv[2], unary_functions[f].name) == 0))
            measure(f, step ? step : 1);
    return 0;
}
