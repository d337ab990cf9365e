/* SPDX-License-Identifier: Apache-2.0 */
/* Nanoseconds per element of every vector function, in the first level of cache, beside libmvec and SLEEF of the same
 * width and the C library's scalar: the least of many rounds in which they take turns. One line per function and type:
 *
 *     time NAME f32|f64 OURS LIBMVEC SLEEF LIBM      (- where there is none)
 *
 * ulp_time [ROUNDS [NAME]]; tests/bench/ulp.py makes the table. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/bench/peers.h"
#include "tests/unit/support/ulp.h"

enum { COUNT = 1024 };

/* Not static: the loops' results are wanted as far as the compiler knows. */
float from_f32[COUNT], and_f32[COUNT], to_f32[COUNT];
double from_f64[COUNT], and_f64[COUNT], to_f64[COUNT];

typedef void loop(void);
typedef struct {
    const char *name;
    loop *f32, *f64;
} loop_pair;

static inline v_f32 v_missing_f32(v_f32 x)
{
    return x;
}

static inline v_f64 v_missing_f64(v_f64 x)
{
    return x;
}

static inline v_f32 v_missing2_f32(v_f32 x, v_f32 y)
{
    return x + y;
}

static inline v_f64 v_missing2_f64(v_f64 x, v_f64 y)
{
    return x + y;
}

#define UNARY_LOOPS(label, name, f32, f64) \
    static void label##_##name##_f32(void) \
    { \
        for (size_t i = 0; i < COUNT; i += V_LANES) \
            v_store_f32(to_f32 + i, f32(v_load_f32(from_f32 + i))); \
    } \
    static void label##_##name##_f64(void) \
    { \
        for (size_t i = 0; i < COUNT; i += V_LANES64) \
            v_store_f64(to_f64 + i, f64(v_load_f64(from_f64 + i))); \
    }
#define BINARY_LOOPS(label, name, f32, f64) \
    static void label##_##name##_f32(void) \
    { \
        for (size_t i = 0; i < COUNT; i += V_LANES) \
            v_store_f32(to_f32 + i, f32(v_load_f32(from_f32 + i), v_load_f32(and_f32 + i))); \
    } \
    static void label##_##name##_f64(void) \
    { \
        for (size_t i = 0; i < COUNT; i += V_LANES64) \
            v_store_f64(to_f64 + i, f64(v_load_f64(from_f64 + i), v_load_f64(and_f64 + i))); \
    }

#define OUR_UNARY(name, ...) \
    UNARY_LOOPS(our, name, SNIPPET_OR(v_##name##_f32, v_missing_f32), SNIPPET_OR(v_##name##_f64, v_missing_f64))
#define OUR_BINARY(name, ...) \
    BINARY_LOOPS(our, name, SNIPPET_OR(v_##name##_f32, v_missing2_f32), SNIPPET_OR(v_##name##_f64, v_missing2_f64))
#define THEIR_MVEC_UNARY(name) UNARY_LOOPS(mvec, name, MVEC_F32(v, name), MVEC_F64(v, name))
#define THEIR_MVEC_BINARY(name) BINARY_LOOPS(mvec, name, MVEC_F32(vv, name), MVEC_F64(vv, name))
#define THEIR_SLEEF_UNARY(name, error) UNARY_LOOPS(sleef, name, SLEEF_F32(name, error), SLEEF_F64(name, error))
#define THEIR_SLEEF_BINARY(name, error) BINARY_LOOPS(sleef, name, SLEEF_F32(name, error), SLEEF_F64(name, error))
UNARY_FUNCTIONS(OUR_UNARY)
BINARY_FUNCTIONS(OUR_BINARY)
MVEC_UNARY(THEIR_MVEC_UNARY)
MVEC_BINARY(THEIR_MVEC_BINARY)
SLEEF_UNARY(THEIR_SLEEF_UNARY)
SLEEF_BINARY(THEIR_SLEEF_BINARY)

#define OUR_PAIR(name, ...) \
    {#name, SNIPPET_FOUND(HAS_v_##name##_f32, our_##name##_f32, NULL), \
     SNIPPET_FOUND(HAS_v_##name##_f64, our_##name##_f64, NULL)},
#define MVEC_PAIR(name) {#name, mvec_##name##_f32, mvec_##name##_f64},
#define SLEEF_PAIR(name, error) {#name, sleef_##name##_f32, sleef_##name##_f64},
static const loop_pair ours[] = {UNARY_FUNCTIONS(OUR_PAIR) BINARY_FUNCTIONS(OUR_PAIR)};
static const loop_pair mvec[] = {MVEC_UNARY(MVEC_PAIR) MVEC_BINARY(MVEC_PAIR){NULL, NULL, NULL}};
static const loop_pair sleef[] = {SLEEF_UNARY(SLEEF_PAIR) SLEEF_BINARY(SLEEF_PAIR){NULL, NULL, NULL}};

/* The C library's scalars, where it has that function in both types. */
#define LIBM_UNARY(X) \
    X(exp) X(exp2) X(expm1) X(log) X(log1p) X(log2) X(log10) X(tanh) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(sinh) \
    X(cosh) X(asinh) X(acosh) X(atanh) X(cbrt) X(erf) X(erfc) X(lgamma)
#define LIBM_BINARY(X) X(pow) X(atan2) X(fmod)
#define LIBM_UNARY_LOOPS(name) \
    static void libm_##name##_f32(void) \
    { \
        for (size_t i = 0; i < COUNT; i++) \
            to_f32[i] = name##f(from_f32[i]); \
    } \
    static void libm_##name##_f64(void) \
    { \
        for (size_t i = 0; i < COUNT; i++) \
            to_f64[i] = name(from_f64[i]); \
    }
#define LIBM_BINARY_LOOPS(name) \
    static void libm_##name##_f32(void) \
    { \
        for (size_t i = 0; i < COUNT; i++) \
            to_f32[i] = name##f(from_f32[i], and_f32[i]); \
    } \
    static void libm_##name##_f64(void) \
    { \
        for (size_t i = 0; i < COUNT; i++) \
            to_f64[i] = name(from_f64[i], and_f64[i]); \
    }
#define LIBM_PAIR(name) {#name, libm_##name##_f32, libm_##name##_f64},
LIBM_UNARY(LIBM_UNARY_LOOPS)
LIBM_BINARY(LIBM_BINARY_LOOPS)
static const loop_pair libm[] = {LIBM_UNARY(LIBM_PAIR) LIBM_BINARY(LIBM_PAIR){NULL, NULL, NULL}};

static loop_pair find_pair(const loop_pair *list, const char *name)
{
    for (; list->name; list++)
        if (strcmp(list->name, name) == 0)
            return *list;
    return (loop_pair){name, NULL, NULL};
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_once(loop *f)
{
    double t = now();

    for (int i = 0; i < 4; i++) {
        f();
        __asm__ volatile("" ::: "memory");
    }
    return (now() - t) / (4 * COUNT);
}

static void fill(const char *name)
{
    argument_range range = range_of(name);
    uint64_t state = 1;

    for (size_t i = 0; i < COUNT; i++) {
        double unit = (double)(random_bits(&state) >> 11) * 0x1p-53, other = (double)(random_bits(&state) >> 11) * 0x1p-53;

        from_f64[i] = range.low + (range.high - range.low) * unit;
        and_f64[i] = -8 + 16 * other;
        from_f32[i] = (float)from_f64[i];
        and_f32[i] = (float)and_f64[i];
    }
}

static void time_all(const char *name, const char *type, loop *const *loops, int rounds)
{
    double best[4] = {1e30, 1e30, 1e30, 1e30};

    if (!loops[0])
        return;
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < 4; i++) {
            double t = loops[i] && (i < 3 || round % 4 == 0) ? time_once(loops[i]) : 1e30;

            best[i] = t < best[i] ? t : best[i];
        }
    }
    printf("time %s %s", name, type);
    for (int i = 0; i < 4; i++)
        if (best[i] < 1e29)
            printf(" %.4f", best[i]);
        else
            printf(" -");
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 400;

    printf("build %d lanes, fused multiply-add %d\n", V_LANES, V_FMA);
    for (size_t f = 0; f < sizeof ours / sizeof *ours; f++) {
        const char *name = ours[f].name;
        loop_pair a = find_pair(mvec, name), b = find_pair(sleef, name), c = find_pair(libm, name);

        if (argc > 2 && strcmp(argv[2], name) != 0)
            continue;
        fill(name);
        time_all(name, "f32", (loop *const[]){ours[f].f32, a.f32, b.f32, c.f32}, rounds);
        time_all(name, "f64", (loop *const[]){ours[f].f64, a.f64, b.f64, c.f64}, rounds);
    }
    return 0;
}
