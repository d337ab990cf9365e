/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module transpose_2d for the ISA profile avx2; do not edit.
 *
 * transpose_2d(x: float32[70,45]) gives y: float32[45,70]
 *     arena 0 bytes, stack at most 19456 bytes, 1 statements
 *
 * State 0 bytes, weights 0 bytes (inline). Compile with -mavx2 -mfma. */
#if defined(__FAST_MATH__) && !defined(STEPC_ALLOW_FAST_MATH)
#error "-ffast-math breaks NaNs and rounding here; -DSTEPC_ALLOW_FAST_MATH takes them off your hands"
#endif
#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ == 2
#error "float arithmetic must not be done in long double (on x86: -msse2 -mfpmath=sse)"
#endif
#if !(defined(__AVX2__) && defined(__FMA__))
#error "this text is for the ISA profile avx2: compile with -mavx2 -mfma"
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

#if !defined(TRANSPOSE_2D_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(TRANSPOSE_2D_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "transpose_2d.h"

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

/* Transpose y.
 * in0 = x, out1 = y */
static STEPC_NOINLINE void k0_Transpose(const float *in0, float *restrict out1)
{
    v_move_i32(out1, 70, in0, 45, 70, 45);
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t transpose_2d_refuse(const stepc_env *env, const char *message)
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
static void transpose_2d_part0(const transpose_2d_feeds *feeds, transpose_2d_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    (void)n;
    k0_Transpose(feeds->x, fetches->y);
}

int32_t transpose_2d(const transpose_2d_feeds *feeds, transpose_2d_fetches *fetches, const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return transpose_2d_refuse(env, "feeds or fetches is NULL");
    if (feeds->x == NULL)
        return transpose_2d_refuse(env, "feeds.x is NULL");
    if (fetches->y == NULL)
        return transpose_2d_refuse(env, "fetches.y is NULL");
    transpose_2d_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, NULL);
    return 0;
}

const unsigned char transpose_2d_signature_28451046 = 1;

int32_t transpose_2d_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension transpose_2d_feeds_dims0[] = {
    {INT64_C(70), -1, 0},
    {INT64_C(45), -1, 0},
};
static const stepc_slot transpose_2d_feeds_slots[] = {
    {"x", "x:0", 1, 2, transpose_2d_feeds_dims0, (uint32_t)offsetof(transpose_2d_feeds, x), -1},
};
static const stepc_dimension transpose_2d_fetches_dims0[] = {
    {INT64_C(45), -1, 0},
    {INT64_C(70), -1, 0},
};
static const stepc_slot transpose_2d_fetches_slots[] = {
    {"y", "y:0", 1, 2, transpose_2d_fetches_dims0, (uint32_t)offsetof(transpose_2d_fetches, y), -1},
};
static int32_t transpose_2d_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return transpose_2d((const transpose_2d_feeds *)feeds, (transpose_2d_fetches *)fetches, env);
}

static const stepc_entry transpose_2d_entries[] = {
    {"transpose_2d", TRANSPOSE_2D_SIGNATURE, 1u, 1u, 0u, 0u,
     transpose_2d_feeds_slots, transpose_2d_fetches_slots, NULL, NULL,
     (uint32_t)sizeof(transpose_2d_feeds), (uint32_t)sizeof(transpose_2d_fetches), TRANSPOSE_2D_ARENA_BYTES, TRANSPOSE_2D_STACK_BYTES,
     NULL, transpose_2d_table_call, NULL},
};

const stepc_module *transpose_2d_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "transpose_2d", "avx2", 1u, 0u, transpose_2d_entries, NULL,
        TRANSPOSE_2D_STATE_BYTES, TRANSPOSE_2D_WEIGHTS_BYTES, transpose_2d_init,
    };
    return &table;
}
#endif
