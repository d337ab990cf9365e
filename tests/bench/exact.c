/* SPDX-License-Identifier: Apache-2.0 */
/* Run by hand: do the accurate scalars of one argument, rounded once to float32, give the correctly rounded float32? All
 * 2^32 arguments, or every STEP-th. A result whose neighbourhood, wider than the scalar's own bound, rounds to one
 * float32 is right; the few others are asked of MPFR.
 *
 *     exact [STEP [NAME]] */
#define _GNU_SOURCE
#include <math.h>
#include <mpfr.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/core/scalar.h"

enum { THREADS = 2, BLOCK = 1 << 12, BITS = 200 };

typedef int (*mpfr_function)(mpfr_t y, const mpfr_t x, mpfr_rnd_t round);

static int witness_sigmoid(mpfr_t y, const mpfr_t x, mpfr_rnd_t round)
{
    mpfr_neg(y, x, round);
    mpfr_exp(y, y, round);
    mpfr_add_ui(y, y, 1, round);
    return mpfr_ui_div(y, 1, y, round);
}

static int witness_lgamma(mpfr_t y, const mpfr_t x, mpfr_rnd_t round)
{
    int sign;

    return mpfr_lgamma(y, &sign, x, round);
}

/* No number at 0, as at the other poles. */
static int witness_digamma(mpfr_t y, const mpfr_t x, mpfr_rnd_t round)
{
    if (!mpfr_zero_p(x))
        return mpfr_digamma(y, x, round);
    mpfr_set_nan(y);
    return 0;
}

/* A step of Newton's method from a double doubles its bits: y + (x - erf(y)) sqrt(pi) / 2 exp(y^2). */
static int witness_erfinv(mpfr_t y, const mpfr_t x, mpfr_rnd_t round)
{
    mpfr_t step, factor;

    mpfr_set_d(y, scalar_erfinv(mpfr_get_d(x, round)), round);
    if (!mpfr_regular_p(y))
        return 0;
    mpfr_inits2(BITS, step, factor, (mpfr_ptr)0);
    mpfr_erf(step, y, round);
    mpfr_sub(step, x, step, round);
    mpfr_sqr(factor, y, round);
    mpfr_exp(factor, factor, round);
    mpfr_mul(step, step, factor, round);
    mpfr_const_pi(factor, round);
    mpfr_sqrt(factor, factor, round);
    mpfr_div_2ui(factor, factor, 1, round);
    mpfr_mul(step, step, factor, round);
    mpfr_add(y, y, step, round);
    mpfr_clears(step, factor, (mpfr_ptr)0);
    return 0;
}

/* The same: y + (x - erfc(-y / sqrt(2)) / 2) sqrt(2 pi) exp(y^2 / 2). */
static int witness_ndtri(mpfr_t y, const mpfr_t x, mpfr_rnd_t round)
{
    mpfr_t step, factor;

    mpfr_set_d(y, scalar_ndtri(mpfr_get_d(x, round)), round);
    if (!mpfr_regular_p(y))
        return 0;
    mpfr_inits2(BITS, step, factor, (mpfr_ptr)0);
    mpfr_sqrt_ui(factor, 2, round);
    mpfr_div(step, y, factor, round);
    mpfr_neg(step, step, round);
    mpfr_erfc(step, step, round);
    mpfr_div_2ui(step, step, 1, round);
    mpfr_sub(step, x, step, round);
    mpfr_sqr(factor, y, round);
    mpfr_div_2ui(factor, factor, 1, round);
    mpfr_exp(factor, factor, round);
    mpfr_mul(step, step, factor, round);
    mpfr_const_pi(factor, round);
    mpfr_mul_2ui(factor, factor, 1, round);
    mpfr_sqrt(factor, factor, round);
    mpfr_mul(step, step, factor, round);
    mpfr_add(y, y, step, round);
    mpfr_clears(step, factor, (mpfr_ptr)0);
    return 0;
}

/* slack: the absolute error that the scalar may have near zeros, and more. */
static const struct {
    const char *name;
    double (*scalar)(double);
    mpfr_function witness;
    double slack;
} functions[] = {
    {"exp", scalar_exp, mpfr_exp, 0},
    {"expm1", scalar_expm1, mpfr_expm1, 0},
    {"log", scalar_log, mpfr_log, 0},
    {"log1p", scalar_log1p, mpfr_log1p, 0},
    {"tanh", scalar_tanh, mpfr_tanh, 0},
    {"sigmoid", scalar_sigmoid, witness_sigmoid, 0},
    {"sin", scalar_sin, mpfr_sin, 0},
    {"cos", scalar_cos, mpfr_cos, 0},
    {"tan", scalar_tan, mpfr_tan, 0},
    {"asin", scalar_asin, mpfr_asin, 0},
    {"acos", scalar_acos, mpfr_acos, 0},
    {"atan", scalar_atan, mpfr_atan, 0},
    {"sinh", scalar_sinh, mpfr_sinh, 0},
    {"cosh", scalar_cosh, mpfr_cosh, 0},
    {"asinh", scalar_asinh, mpfr_asinh, 0},
    {"acosh", scalar_acosh, mpfr_acosh, 0},
    {"atanh", scalar_atanh, mpfr_atanh, 0},
    {"erf", scalar_erf, mpfr_erf, 0},
    {"erfc", scalar_erfc, mpfr_erfc, 0},
    {"lgamma", scalar_lgamma, witness_lgamma, 0x1p-60},
    {"digamma", scalar_digamma, witness_digamma, 0x1p-59},
    {"erfinv", scalar_erfinv, witness_erfinv, 0},
    {"ndtri", scalar_ndtri, witness_ndtri, 0},
    {"sqrt", scalar_sqrt, mpfr_sqrt, 0},
};

/* What a thread walks: blocks of arguments, every THREADS-th. */
typedef struct {
    size_t function;
    uint64_t step, first;
    uint64_t walked, asked, wrong;
    float wrong_x;
    double last; /* the result before */
} walk;

/* Outside the domain and where results overflow, MPFR is asked at the ends of such stretches and now and then. */
static bool is_dull(const walk *w, double y)
{
    return !isfinite(y) && !isfinite(w->last) && !isnan(y) == !isnan(w->last) && w->walked % BLOCK != 0;
}

static void look(walk *w, float x, mpfr_t from, mpfr_t to)
{
    double y = functions[w->function].scalar((double)x), margin = fabs(y) * 0x1p-51 + functions[w->function].slack;
    float got = (float)y, want;
    bool dull = is_dull(w, y);

    w->walked++;
    w->last = y;
    if (dull || (isfinite(y) && (float)(y - margin) == got && (float)(y + margin) == got))
        return;
    w->asked++;
    mpfr_set_flt(from, x, MPFR_RNDN);
    functions[w->function].witness(to, from, MPFR_RNDN);
    want = mpfr_get_flt(to, MPFR_RNDN);
    if (got == want || (isnan(got) && isnan(want)))
        return;
    if (w->wrong++ == 0)
        w->wrong_x = x;
}

static void *walk_run(void *context)
{
    walk *w = context;
    mpfr_t from, to;

    mpfr_init2(from, 24);
    mpfr_init2(to, BITS);
    for (uint64_t n = w->first * BLOCK; n * w->step >> 32 == 0; n += (THREADS - 1) * BLOCK) {
        for (int i = 0; i < BLOCK && n * w->step >> 32 == 0; i++, n++) {
            uint32_t bits = (uint32_t)(n * w->step);
            float x;

            memcpy(&x, &bits, sizeof x);
            if (x == x)
                look(w, x, from, to);
        }
    }
    mpfr_clears(from, to, (mpfr_ptr)0);
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
    pthread_t threads[THREADS];
    walk walks[THREADS], sum = {0};
    double start = now(), seconds;

    for (uint64_t i = 0; i < THREADS; i++) {
        walks[i] = (walk){.function = function, .step = step, .first = i};
        if (pthread_create(&threads[i], NULL, walk_run, &walks[i]) != 0)
            abort();
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        if (sum.wrong == 0)
            sum.wrong_x = walks[i].wrong_x;
        sum.walked += walks[i].walked;
        sum.asked += walks[i].asked;
        sum.wrong += walks[i].wrong;
    }
    seconds = now() - start;
    printf("%-8s %11llu arguments, %9llu asked of MPFR, %llu wrong", functions[function].name,
           (unsigned long long)sum.walked, (unsigned long long)sum.asked, (unsigned long long)sum.wrong);
    if (sum.wrong > 0)
        printf(" (one at %a)", (double)sum.wrong_x);
    printf(", %.1f s; all take %.0f s\n", seconds, seconds * (double)step);
    fflush(stdout);
    return sum.wrong;
}

int main(int argc, char **argv)
{
    uint64_t step = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, wrong = 0;

    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (argc < 3 || strcmp(argv[2], functions[i].name) == 0)
            wrong += check(i, step > 0 ? step : 1);
    return wrong != 0;
}
