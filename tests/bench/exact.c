/* SPDX-License-Identifier: Apache-2.0 */
/* Run by hand: what --exact calls in float32 (exact_NAME_f32, the accurate scalar rounded once), is it the correctly
 * rounded result? All 2^32 arguments, or every STEP-th.
 *
 *     exact [STEP [NAME]]      float32
 *     exact half [NAME]        all 65,536 halves and bfloat16, against the scalar rounded once, and by way of float32
 *
 * First looks the vector function in double (v_NAME_f64, at most 2 ULP): where the neighbourhood of its value, 8 ULP and
 * more, rounds to one float32, this is the right one, and the scalar is held to it at every SAMPLE-th of these arguments
 * only: elsewhere it cannot differ as long as it keeps its own bound. A block of neighbours both ends of which round to
 * the same number, the function rising or falling in between, is decided by its ends. All others, and the ends of what is infinite or no
 * number, are asked of the scalar and of MPFR. Functions without such a form call the scalar at every argument. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/unit/support/functions.h"

#include "runtime/core/dtype.h"
#include "tests/bench/exact_witness.h"

enum { THREADS = 2, BLOCK = 1 << 12, SAMPLE = 16 };

/* slack: the absolute error that vector or scalar may have near zeros, and more. */
#define FUNCTION(name, witness, slack, turn) {#name, scalar_##name, exact_##name##_f32, SNIPPET_OR(v_##name##_f64, NULL), witness, slack, turn},
static const struct {
    const char *name;
    double (*scalar)(double);
    float (*exact)(float);
    v_f64 (*vector)(v_f64);
    mpfr_function witness;
    double slack;
    float turn; /* up to this size it rises or falls on each side of 0 */
} functions[] = {
    FUNCTION(sqrt, mpfr_sqrt, 0, INFINITY)
    FUNCTION(exp, mpfr_exp, 0, INFINITY)
    FUNCTION(sigmoid, exactly_sigmoid, 0, INFINITY)
    FUNCTION(tanh, mpfr_tanh, 0, INFINITY)
    FUNCTION(log, mpfr_log, 0, INFINITY)
    FUNCTION(log1p, mpfr_log1p, 0, INFINITY)
    FUNCTION(expm1, mpfr_expm1, 0, INFINITY)
    FUNCTION(sin, mpfr_sin, 0, 1)
    FUNCTION(cos, mpfr_cos, 0, 1)
    FUNCTION(tan, mpfr_tan, 0, 1)
    FUNCTION(asin, mpfr_asin, 0, INFINITY)
    FUNCTION(acos, mpfr_acos, 0, INFINITY)
    FUNCTION(atan, mpfr_atan, 0, INFINITY)
    FUNCTION(sinh, mpfr_sinh, 0, INFINITY)
    FUNCTION(cosh, mpfr_cosh, 0, INFINITY)
    FUNCTION(asinh, mpfr_asinh, 0, INFINITY)
    FUNCTION(acosh, mpfr_acosh, 0, INFINITY)
    FUNCTION(atanh, mpfr_atanh, 0, INFINITY)
    FUNCTION(erf, mpfr_erf, 0, INFINITY)
    FUNCTION(erfc, mpfr_erfc, 0, INFINITY)
    FUNCTION(lgamma, exactly_lgamma, 0x1p-57, 0)
    FUNCTION(digamma, exactly_digamma, 0x1p-56, 0)
    FUNCTION(erfinv, exactly_erfinv, 0, INFINITY)
    FUNCTION(ndtri, exactly_ndtri, 0, INFINITY)
    FUNCTION(bessel_i0, exactly_bessel_i0, 0, INFINITY)
    FUNCTION(bessel_i1, exactly_bessel_i1, 0, INFINITY)
    FUNCTION(bessel_i0e, exactly_bessel_i0e, 0, INFINITY)
    FUNCTION(bessel_i1e, exactly_bessel_i1e, 0, 0)
};

/* What a thread walks: blocks of arguments, every THREADS-th. */
typedef struct {
    size_t function;
    uint64_t step, first;
    uint64_t walked, called, asked, wrong;
    uint64_t filter_wrong; /* the vector function, where it decided */
    float wrong_x;
    mpfr_t from, to;
    float x[BLOCK], low[BLOCK], high[BLOCK];
    double y[BLOCK];
} walk;

/* ---- one argument --------------------------------------------------------------------------------------------- */

static bool is_same(float a, float b)
{
    return (a == b && !signbit(a) == !signbit(b)) || (isnan(a) && isnan(b));
}

/* Zeros of either sign, as MPFR has its own of some: those are the tests' affair. */
static float ask(walk *w, float x, float got)
{
    float want;

    w->asked++;
    mpfr_set_flt(w->from, x, MPFR_RNDN);
    functions[w->function].witness(w->to, w->from, MPFR_RNDN);
    want = (float)round_exact(w->to, 24, -149, 128);
    if (got == want || (isnan(got) && isnan(want)))
        return got;
    if (w->wrong++ == 0)
        w->wrong_x = x;
    return want;
}

/* What the ends of the domain and of an overflow show is not asked again of each argument between them. */
static bool is_between(const walk *w, int i)
{
    return i > 0 && !isfinite(w->y[i]) && !isfinite(w->y[i - 1]) && !isnan(w->y[i]) == !isnan(w->y[i - 1]);
}

static void look(walk *w, int i, bool is_sample)
{
    bool is_decided = w->low[i] == w->high[i] && (i == 0 || !isfinite(w->y[i]) == !isfinite(w->y[i - 1]));
    bool is_vector = functions[w->function].vector != NULL;
    float got;

    is_decided |= is_between(w, i);
    if ((is_decided && !is_sample) || isnan(w->x[i]))
        return;
    got = functions[w->function].exact(w->x[i]);
    w->called++;
    if (!is_decided) {
        ask(w, w->x[i], got);
    } else if (!is_same(got, (float)w->y[i])) {
        got = ask(w, w->x[i], got);
        w->filter_wrong += is_vector && !is_same(got, (float)w->y[i]);
    }
}

/* ---- blocks --------------------------------------------------------------------------------------------------- */

static void fill(walk *w)
{
    v_f64 (*vector)(v_f64) = functions[w->function].vector;
    double slack = functions[w->function].slack;

    for (int i = 0; vector && i < BLOCK; i += V_LANES64) {
        double wide[V_LANES64];

        for (int j = 0; j < V_LANES64; j++)
            wide[j] = (double)w->x[i + j];
        v_store_f64(w->y + i, vector(v_load_f64(wide)));
    }
    for (int i = 0; !vector && i < BLOCK; i++)
        w->y[i] = functions[w->function].scalar((double)w->x[i]);
    for (int i = 0; i < BLOCK; i++) {
        double size = fabs(w->y[i]), margin = (size < 0x1p1000 ? size : 0x1p1000) * 0x1p-49 + slack;

        w->low[i] = (float)(w->y[i] - margin);
        w->high[i] = (float)(w->y[i] + margin);
    }
}

/* Whether the ends of a block show that all of it rounds to the same float32, or is infinite or no number. */
static bool is_level(const walk *w, float *level)
{
    v_f64 (*vector)(v_f64) = functions[w->function].vector;
    double ends[V_LANES64] = {(double)w->x[0], (double)w->x[BLOCK - 1]}, y[V_LANES64];
    bool is_low = fabsf(w->x[0]) <= functions[w->function].turn && fabsf(w->x[BLOCK - 1]) <= functions[w->function].turn;

    if (!vector || !is_low || !signbit(w->x[0]) != !signbit(w->x[BLOCK - 1]))
        return false;
    v_store_f64(y, vector(v_load_f64(ends)));
    *level = (float)y[0];
    if (isnan(y[0]) && isnan(y[1]))
        return true;
    return (float)(y[0] * (1 - 0x1p-49)) == (float)(y[1] * (1 + 0x1p-49)) &&
           (float)(y[0] * (1 + 0x1p-49)) == (float)(y[1] * (1 - 0x1p-49));
}

/* Calls the scalar now and then in such a block, of the result Y. */
static void look_level(walk *w, float y)
{
    for (int i = 0; i < BLOCK; i += SAMPLE * SAMPLE) {
        float got = functions[w->function].exact(w->x[i]);

        w->called++;
        if (!is_same(got, y))
            ask(w, w->x[i], got);
    }
}

/* Whether every result is finite and decided: nearly all blocks. */
static bool is_clear(const walk *w)
{
    int clear = 0;

    for (int i = 0; i < BLOCK; i++)
        clear += (w->low[i] == w->high[i]) & (fabs(w->y[i]) < HUGE_VAL);
    return clear == BLOCK;
}

static void *walk_run(void *context)
{
    walk *w = context;
    const uint64_t end = (((uint64_t)1 << 32) + w->step - 1) / w->step;

    mpfr_init2(w->from, 24);
    mpfr_init2(w->to, BITS);
    for (uint64_t at = w->first * BLOCK; at < end; at += THREADS * BLOCK) {
        float level;
        int count = end - at < BLOCK ? (int)(end - at) : BLOCK, by = 1, i = 0;
        uint32_t bits[BLOCK], first = (uint32_t)(at * w->step), step = (uint32_t)w->step, numbers = 0;

        for (uint32_t k = 0; k < BLOCK; k++)
            bits[k] = first + k * step;
        for (int k = 0; k < count; k++)
            numbers += (bits[k] & 0x7fffffff) <= 0x7f800000;
        w->walked += numbers;
        memcpy(w->x, bits, sizeof bits);
        if (count == BLOCK && is_level(w, &level)) {
            look_level(w, level);
            continue;
        }
        fill(w);
        if (is_clear(w)) { /* each time another one of SAMPLE */
            i = (int)(at / BLOCK * 7 % SAMPLE);
            by = SAMPLE;
        }
        for (; i < count; i += by)
            look(w, i, ((uint64_t)i + at / BLOCK * 9) % SAMPLE == 0);
    }
    mpfr_clears(w->from, w->to, (mpfr_ptr)0);
    mpfr_free_cache();
    return NULL;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t check(size_t function, uint64_t step)
{
    static walk walks[THREADS];
    pthread_t threads[THREADS];
    uint64_t walked = 0, called = 0, asked = 0, wrong = 0, filter_wrong = 0;
    double start = now(), seconds;

    for (uint64_t i = 0; i < THREADS; i++) {
        walks[i] = (walk){.function = function, .step = step, .first = i};
        if (pthread_create(&threads[i], NULL, walk_run, &walks[i]) != 0)
            abort();
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        walked += walks[i].walked;
        called += walks[i].called;
        asked += walks[i].asked;
        wrong += walks[i].wrong;
        filter_wrong += walks[i].filter_wrong;
    }
    seconds = now() - start;
    if (!functions[function].vector)
        called = walked;
    printf("%-10s %10llu arguments, %10llu of the scalar, %8llu of MPFR, %llu wrong", functions[function].name,
           (unsigned long long)walked, (unsigned long long)called, (unsigned long long)asked, (unsigned long long)wrong);
    for (size_t i = 0; i < THREADS; i++)
        if (walks[i].wrong > 0)
            printf(" (one at %a)", (double)walks[i].wrong_x);
    if (filter_wrong > 0)
        printf(", the vector function wrong at %llu", (unsigned long long)filter_wrong);
    printf(", %.1f s; all take %.0f s\n", seconds, seconds * (double)step);
    fflush(stdout);
    return wrong + filter_wrong;
}

/* ---- half and bfloat16 ------------------------------------------------------------------------------------------ */

typedef struct {
    const char *name;
    int digits, least, most;
    float (*wide)(uint16_t);
    uint16_t (*from_float)(float), (*from_double)(double);
} narrow_type;

static uint64_t check_narrow(size_t function, const narrow_type *t)
{
    uint64_t once = 0, twice = 0;
    float wrong_x = 0;
    mpfr_t from, to;

    mpfr_init2(from, 24);
    mpfr_init2(to, BITS);
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        float x = t->wide((uint16_t)bits), got, by_float;
        double want;

        if (isnan(x))
            continue;
        got = t->wide(t->from_double(functions[function].scalar((double)x)));
        by_float = t->wide(t->from_float(functions[function].exact(x)));
        mpfr_set_flt(from, x, MPFR_RNDN);
        functions[function].witness(to, from, MPFR_RNDN);
        want = round_exact(to, t->digits, t->least, t->most);
        if ((double)got != want && !(isnan(got) && isnan(want)) && once++ == 0)
            wrong_x = x;
        twice += (double)by_float != want && !(isnan(by_float) && isnan(want));
    }
    mpfr_clears(from, to, (mpfr_ptr)0);
    printf("%-10s %-8s %llu wrong", functions[function].name, t->name, (unsigned long long)once);
    if (once > 0)
        printf(" (one at %a)", (double)wrong_x);
    printf(", by way of float32 %llu\n", (unsigned long long)twice);
    fflush(stdout);
    return once;
}

static uint64_t check_narrows(const char *name)
{
    static const narrow_type types[] = {
        {"half", 11, -24, 16, half_to_float, float_to_half, double_to_half},
        {"bfloat16", 8, -133, 128, bfloat16_to_float, float_to_bfloat16, double_to_bfloat16},
    };
    uint64_t wrong = 0;

    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        for (size_t t = 0; t < 2; t++)
            if (!name || strcmp(name, functions[i].name) == 0)
                wrong += check_narrow(i, &types[t]);
    return wrong;
}

int main(int argc, char **argv)
{
    uint64_t step, wrong = 0;

    if (argc > 1 && strcmp(argv[1], "half") == 0)
        return check_narrows(argc > 2 ? argv[2] : NULL) != 0;
    step = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (argc < 3 || strcmp(argv[2], functions[i].name) == 0)
            wrong += check(i, step > 0 ? step : 1);
    return wrong != 0;
}
