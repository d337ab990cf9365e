/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module plain_c99 for the ISA profile c99; do not edit.
 *
 * plain_c99(x: float32[n,9]) gives y: float32[n]
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

#if !defined(PLAIN_C99_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(PLAIN_C99_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "plain_c99.h"

#if defined(__STDC_HOSTED__) && __STDC_HOSTED__ == 1
#include <string.h>
#else
void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
#endif

#ifndef V_LANES
#define V_LANES 1
#endif
#if defined(__GNUC__)
#define STEPC_NOINLINE __attribute__((noinline))
#else
#define STEPC_NOINLINE
#endif

/* ---- helpers ---- */
/* ---- kernels ---- */

/* Max y, Relu relu.
 * in0 = x, out1 = y */
static STEPC_NOINLINE void k0_Max(const float *in0, float *restrict out1, ptrdiff_t n0)
{
    if (n0 == 0)
        return;
    for (ptrdiff_t i0 = 0; i0 < n0; i0++) {
        float a0 = f32_of_bits(UINT32_C(0xff800000));
        for (ptrdiff_t i1 = 0; i1 < 9; i1++) {
            const float v0 = in0[i0 * 9 + i1];
            const float v2 = max_nan_f32(v0, 0.0f);
            a0 = max_nan_f32(a0, v2);
        }
        out1[i0] = a0;
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t plain_c99_refuse(const stepc_env *env, const char *message)
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
static int plain_c99_sizes(const plain_c99_feeds *feeds, int64_t *n)
{
    int good = 1;

    n[0] = feeds->n;
    n[1] = 0; /* where slots of the arena start */
    for (int i = 0; i < 2; i++)
        good &= n[i] <= (int64_t)PTRDIFF_MAX;
    return good;
}

/* Statements of the step, in order. */
static void plain_c99_part0(const plain_c99_feeds *feeds, plain_c99_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    k0_Max(feeds->x, fetches->y, (ptrdiff_t)n[0]);
}

int32_t plain_c99_arena_for(const plain_c99_feeds *feeds, uint64_t *out_bytes)
{
    int64_t n[2];

    if (feeds == NULL || out_bytes == NULL)
        return 3;
    if (feeds->n < 0)
        return 3;
    if (!plain_c99_sizes(feeds, n))
        return 3;
    *out_bytes = (uint64_t)n[1];
    return 0;
}

int32_t plain_c99(const plain_c99_feeds *feeds, plain_c99_fetches *fetches, const stepc_env *env)
{
    int64_t n[2];

    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return plain_c99_refuse(env, "feeds or fetches is NULL");
    if (feeds->n < 0)
        return plain_c99_refuse(env, "n is out of range");
    if (feeds->x == NULL && feeds->n > 0)
        return plain_c99_refuse(env, "feeds.x is NULL");
    if (fetches->y == NULL && feeds->n > 0)
        return plain_c99_refuse(env, "fetches.y is NULL");
    if (!plain_c99_sizes(feeds, n))
        return plain_c99_refuse(env, "the sizes are too large");
    plain_c99_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, n);
    return 0;
}

const unsigned char plain_c99_signature_62f33179 = 1;

int32_t plain_c99_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension plain_c99_feeds_dims0[] = {
    {INT64_C(-1), 0, 0},
    {INT64_C(9), -1, 0},
};
static const stepc_slot plain_c99_feeds_slots[] = {
    {"x", "x:0", 1, 2, plain_c99_feeds_dims0, (uint32_t)offsetof(plain_c99_feeds, x), -1},
};
static const stepc_dimension plain_c99_fetches_dims0[] = {
    {INT64_C(-1), 0, 0},
};
static const stepc_slot plain_c99_fetches_slots[] = {
    {"y", "y:0", 1, 1, plain_c99_fetches_dims0, (uint32_t)offsetof(plain_c99_fetches, y), -1},
};
static const stepc_symbol plain_c99_symbols[] = {
    {"n", (uint32_t)offsetof(plain_c99_feeds, n), INT64_C(-1)},
};
static int32_t plain_c99_table_arena(const void *feeds, uint64_t *out_bytes)
{
    return plain_c99_arena_for((const plain_c99_feeds *)feeds, out_bytes);
}
static int32_t plain_c99_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return plain_c99((const plain_c99_feeds *)feeds, (plain_c99_fetches *)fetches, env);
}

static const stepc_entry plain_c99_entries[] = {
    {"plain_c99", PLAIN_C99_SIGNATURE, 1u, 1u, 0u, 1u,
     plain_c99_feeds_slots, plain_c99_fetches_slots, NULL, plain_c99_symbols,
     (uint32_t)sizeof(plain_c99_feeds), (uint32_t)sizeof(plain_c99_fetches), PLAIN_C99_ARENA_BYTES, PLAIN_C99_STACK_BYTES,
     plain_c99_table_arena, plain_c99_table_call, NULL},
};

const stepc_module *plain_c99_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "plain_c99", "c99", 1u, 0u, plain_c99_entries, NULL,
        PLAIN_C99_STATE_BYTES, PLAIN_C99_WEIGHTS_BYTES, plain_c99_init,
    };
    return &table;
}
#endif
