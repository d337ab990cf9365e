/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module concat_slice for the ISA profile generic; do not edit.
 *
 * concat_slice(a: float32[8,10], b: float32[8,6]) gives y: float32[4,9]
 *     arena 512 bytes, stack at most 2816 bytes, 3 statements
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

#if !defined(CONCAT_SLICE_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(CONCAT_SLICE_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "concat_slice.h"

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

/* ConcatV2 joined.
 * in0 = a, out1 = joined */
static STEPC_NOINLINE void k0_ConcatV2(const float *in0, float *restrict out1)
{
    for (ptrdiff_t i0 = 0; i0 < 8; i0++) {
        memcpy(out1 + (i0 * 16), in0 + (i0 * 10), 10 * sizeof *out1);
    }
}

/* ConcatV2 joined.
 * in0 = b, out1 = joined */
static STEPC_NOINLINE void k1_ConcatV2(const float *in0, float *restrict out1)
{
    for (ptrdiff_t i0 = 0; i0 < 8; i0++) {
        memcpy(out1 + (i0 * 16 + 10), in0 + (i0 * 6), 6 * sizeof *out1);
    }
}

/* Slice y.
 * in0 = joined, out1 = y */
static STEPC_NOINLINE void k2_Slice(const float *in0, float *restrict out1)
{
    for (ptrdiff_t i0 = 0; i0 < 4; i0++) {
        memcpy(out1 + (i0 * 9), in0 + (i0 * 16 + 37), 9 * sizeof *out1);
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t concat_slice_refuse(const stepc_env *env, const char *message)
{
    if (env->fault != NULL) {
        env->fault->code = 3;
        env->fault->check = 0;
        env->fault->operation = "";
        env->fault->message = message;
    }
    return 3;
}

/* Statements of the step, in order. */
static void concat_slice_part0(const concat_slice_feeds *feeds, concat_slice_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)state;
    (void)weights;
    (void)n;
    k0_ConcatV2(feeds->a, (float *)(void *)(arena + 0));
    k1_ConcatV2(feeds->b, (float *)(void *)(arena + 0));
    k2_Slice((float *)(void *)(arena + 0), fetches->y);
}

int32_t concat_slice(const concat_slice_feeds *feeds, concat_slice_fetches *fetches, const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return concat_slice_refuse(env, "feeds or fetches is NULL");
    if (feeds->a == NULL)
        return concat_slice_refuse(env, "feeds.a is NULL");
    if (feeds->b == NULL)
        return concat_slice_refuse(env, "feeds.b is NULL");
    if (fetches->y == NULL)
        return concat_slice_refuse(env, "fetches.y is NULL");
    if (env->arena == NULL || env->arena_bytes < CONCAT_SLICE_ARENA_BYTES)
        return concat_slice_refuse(env, "the arena is too small");
    if (((uintptr_t)env->arena & 63) != 0)
        return concat_slice_refuse(env, "the arena is not aligned to 64");
    concat_slice_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, NULL);
    return 0;
}

const unsigned char concat_slice_signature_7bf7256d = 1;

int32_t concat_slice_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension concat_slice_feeds_dims0[] = {
    {INT64_C(8), -1, 0},
    {INT64_C(10), -1, 0},
};
static const stepc_dimension concat_slice_feeds_dims1[] = {
    {INT64_C(8), -1, 0},
    {INT64_C(6), -1, 0},
};
static const stepc_slot concat_slice_feeds_slots[] = {
    {"a", "a:0", 1, 2, concat_slice_feeds_dims0, (uint32_t)offsetof(concat_slice_feeds, a), -1},
    {"b", "b:0", 1, 2, concat_slice_feeds_dims1, (uint32_t)offsetof(concat_slice_feeds, b), -1},
};
static const stepc_dimension concat_slice_fetches_dims0[] = {
    {INT64_C(4), -1, 0},
    {INT64_C(9), -1, 0},
};
static const stepc_slot concat_slice_fetches_slots[] = {
    {"y", "y:0", 1, 2, concat_slice_fetches_dims0, (uint32_t)offsetof(concat_slice_fetches, y), -1},
};
static int32_t concat_slice_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return concat_slice((const concat_slice_feeds *)feeds, (concat_slice_fetches *)fetches, env);
}

static const stepc_entry concat_slice_entries[] = {
    {"concat_slice", CONCAT_SLICE_SIGNATURE, 2u, 1u, 0u, 0u,
     concat_slice_feeds_slots, concat_slice_fetches_slots, NULL, NULL,
     (uint32_t)sizeof(concat_slice_feeds), (uint32_t)sizeof(concat_slice_fetches), CONCAT_SLICE_ARENA_BYTES, CONCAT_SLICE_STACK_BYTES,
     NULL, concat_slice_table_call, NULL},
};

const stepc_module *concat_slice_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "concat_slice", "generic", 1u, 0u, concat_slice_entries, NULL,
        CONCAT_SLICE_STATE_BYTES, CONCAT_SLICE_WEIGHTS_BYTES, concat_slice_init,
    };
    return &table;
}
#endif
