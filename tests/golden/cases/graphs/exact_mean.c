/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module exact_mean for the ISA profile generic, exact; do not edit.
 *
 * exact_mean(x: float32[n,13]) gives y: float32[n]
 *     arena 0 bytes, stack at most 2816 bytes, 1 statements
 *
 * State 0 bytes, weights 0 bytes (inline). */
#if defined(__FAST_MATH__) && !defined(STEPC_ALLOW_FAST_MATH)
#error "-ffast-math breaks NaNs and rounding here; -DSTEPC_ALLOW_FAST_MATH takes them off your hands"
#endif
#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ == 2
#error "float arithmetic must not be done in long double (on x86: -msse2 -mfpmath=sse)"
#endif
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#pragma clang diagnostic ignored "-Wunused-function" /* which helpers are used hangs on the lanes */
#elif defined(__GNUC__) && !defined(__STRICT_ANSI__)
#pragma GCC optimize("fp-contract=off")
#endif
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#pragma GCC optimize("no-schedule-insns2") /* which mixes up the order of stores */
#endif

#if !defined(EXACT_MEAN_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(EXACT_MEAN_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "exact_mean.h"

#if defined(__STDC_HOSTED__) && __STDC_HOSTED__ == 1
#include <string.h>
#else
void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
#endif

#if defined(__GNUC__)
#define STEPC_NOINLINE __attribute__((noinline))
#else
#define STEPC_NOINLINE
#endif

/* ---- helpers ---- */
/* ---- kernels ---- */

/* Mean y, Exp e.
 * in0 = x, out1 = y */
static STEPC_NOINLINE void k0_Mean(const float *in0, float *restrict out1, ptrdiff_t n0)
{
    if (n0 == 0)
        return;
    const double v5 = (double)(int64_t)13;
    for (ptrdiff_t i0 = 0; i0 < n0; i0++) {
        double a0 = 0.0;
        for (ptrdiff_t i1 = 0; i1 < 13; i1++) {
            const float v0 = in0[i0 * 13 + i1];
            const float v1 = exact_exp_f32(v0);
            const double v2 = (double)v1;
            a0 = a0 + v2;
        }
        const double v6 = a0 / v5;
        const float v7 = (float)v6;
        out1[i0] = v7;
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t exact_mean_refuse(const stepc_env *env, const char *message)
{
    if (env->fault != NULL) {
        env->fault->code = 3;
        env->fault->check = 0;
        env->fault->operation = "";
        env->fault->message = message;
    }
    return 3;
}

/* Sizes of this call; 0 when one is too large for this machine. */
static int exact_mean_sizes(const exact_mean_feeds *feeds, int64_t *n)
{
    int good = 1;

    n[0] = feeds->n;
    n[1] = 0; /* where slots of the arena start */
    for (int i = 0; i < 2; i++)
        good &= n[i] <= (int64_t)PTRDIFF_MAX;
    return good;
}

/* Statements of the step, in order. */
static void exact_mean_part0(const exact_mean_feeds *feeds, exact_mean_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    k0_Mean(feeds->x, fetches->y, (ptrdiff_t)n[0]);
}

int32_t exact_mean_arena_for(const exact_mean_feeds *feeds, uint64_t *out_bytes)
{
    int64_t n[2];

    if (feeds == NULL || out_bytes == NULL)
        return 3;
    if (feeds->n < 0)
        return 3;
    if (!exact_mean_sizes(feeds, n))
        return 3;
    *out_bytes = (uint64_t)n[1];
    return 0;
}

int32_t exact_mean(const exact_mean_feeds *feeds, exact_mean_fetches *fetches, const stepc_env *env)
{
    int64_t n[2];

    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return exact_mean_refuse(env, "feeds or fetches is NULL");
    if (feeds->n < 0)
        return exact_mean_refuse(env, "n is out of range");
    if (feeds->x == NULL && feeds->n > 0)
        return exact_mean_refuse(env, "feeds.x is NULL");
    if (fetches->y == NULL && feeds->n > 0)
        return exact_mean_refuse(env, "fetches.y is NULL");
    if (!exact_mean_sizes(feeds, n))
        return exact_mean_refuse(env, "the sizes are too large");
    exact_mean_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, n);
    return 0;
}

const unsigned char exact_mean_signature_95e24dd6 = 1;

int32_t exact_mean_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension exact_mean_feeds_dims0[] = {
    {INT64_C(-1), 0, 0},
    {INT64_C(13), -1, 0},
};
static const stepc_slot exact_mean_feeds_slots[] = {
    {"x", "x:0", 1, 2, exact_mean_feeds_dims0, (uint32_t)offsetof(exact_mean_feeds, x), -1},
};
static const stepc_dimension exact_mean_fetches_dims0[] = {
    {INT64_C(-1), 0, 0},
};
static const stepc_slot exact_mean_fetches_slots[] = {
    {"y", "y:0", 1, 1, exact_mean_fetches_dims0, (uint32_t)offsetof(exact_mean_fetches, y), -1},
};
static const stepc_symbol exact_mean_symbols[] = {
    {"n", (uint32_t)offsetof(exact_mean_feeds, n), INT64_C(-1)},
};
static int32_t exact_mean_table_arena(const void *feeds, uint64_t *out_bytes)
{
    return exact_mean_arena_for((const exact_mean_feeds *)feeds, out_bytes);
}
static int32_t exact_mean_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return exact_mean((const exact_mean_feeds *)feeds, (exact_mean_fetches *)fetches, env);
}

static const stepc_entry exact_mean_entries[] = {
    {"exact_mean", EXACT_MEAN_SIGNATURE, 1u, 1u, 0u, 1u,
     exact_mean_feeds_slots, exact_mean_fetches_slots, NULL, exact_mean_symbols,
     (uint32_t)sizeof(exact_mean_feeds), (uint32_t)sizeof(exact_mean_fetches), EXACT_MEAN_ARENA_BYTES, EXACT_MEAN_STACK_BYTES,
     exact_mean_table_arena, exact_mean_table_call, NULL},
};

const stepc_module *exact_mean_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "exact_mean", "generic", 1u, 0u, exact_mean_entries, NULL,
        EXACT_MEAN_STATE_BYTES, EXACT_MEAN_WEIGHTS_BYTES, exact_mean_init,
    };
    return &table;
}
#endif
