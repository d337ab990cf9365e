/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module column_sum for the ISA profile avx2; do not edit.
 *
 * column_sum(x: float32[100,33]) gives y: float32[33]
 *     arena 0 bytes, stack at most 3584 bytes, 1 statements
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

#if !defined(COLUMN_SUM_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(COLUMN_SUM_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "column_sum.h"

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

/* Sum y.
 * in0 = x, out1 = y */
static STEPC_NOINLINE void k0_Sum(const float *in0, float *restrict out1)
{
    ptrdiff_t i0 = 0;
    for (; 33 - i0 >= 4 * V_LANES; i0 += 4 * V_LANES) {
        v_f32 a0_0 = v_splat_f32(0.0f);
        v_f32 a0_1 = v_splat_f32(0.0f);
        v_f32 a0_2 = v_splat_f32(0.0f);
        v_f32 a0_3 = v_splat_f32(0.0f);
        for (ptrdiff_t i1 = 0; i1 < 100; i1++) {
            const v_f32 v0_0 = v_load_f32(in0 + (i0 + i1 * 33));
            const v_f32 v0_1 = v_load_f32(in0 + (i0 + V_LANES + i1 * 33));
            const v_f32 v0_2 = v_load_f32(in0 + (i0 + V_LANES * 2 + i1 * 33));
            const v_f32 v0_3 = v_load_f32(in0 + (i0 + V_LANES * 3 + i1 * 33));
            a0_0 = a0_0 + v0_0;
            a0_1 = a0_1 + v0_1;
            a0_2 = a0_2 + v0_2;
            a0_3 = a0_3 + v0_3;
        }
        v_store_f32(out1 + i0, a0_0);
        v_store_f32(out1 + (i0 + V_LANES), a0_1);
        v_store_f32(out1 + (i0 + V_LANES * 2), a0_2);
        v_store_f32(out1 + (i0 + V_LANES * 3), a0_3);
    }
    for (; 33 - i0 >= V_LANES; i0 += V_LANES) {
        v_f32 a0 = v_splat_f32(0.0f);
        for (ptrdiff_t i1 = 0; i1 < 100; i1++) {
            const v_f32 v0 = v_load_f32(in0 + (i0 + i1 * 33));
            a0 = a0 + v0;
        }
        v_store_f32(out1 + i0, a0);
    }
    if (i0 < 33) {
        const size_t rest = (size_t)(33 - i0);
        v_f32 a0 = v_splat_f32(0.0f);
        for (ptrdiff_t i1 = 0; i1 < 100; i1++) {
            const v_f32 v0 = v_load_part_f32(in0 + (i0 + i1 * 33), rest);
            a0 = a0 + v0;
        }
        v_store_part_f32(out1 + i0, a0, rest);
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t column_sum_refuse(const stepc_env *env, const char *message)
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
static void column_sum_part0(const column_sum_feeds *feeds, column_sum_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    (void)n;
    k0_Sum(feeds->x, fetches->y);
}

int32_t column_sum(const column_sum_feeds *feeds, column_sum_fetches *fetches, const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return column_sum_refuse(env, "feeds or fetches is NULL");
    if (feeds->x == NULL)
        return column_sum_refuse(env, "feeds.x is NULL");
    if (fetches->y == NULL)
        return column_sum_refuse(env, "fetches.y is NULL");
    column_sum_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, NULL);
    return 0;
}

const unsigned char column_sum_signature_2eafdbfd = 1;

int32_t column_sum_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension column_sum_feeds_dims0[] = {
    {INT64_C(100), -1, 0},
    {INT64_C(33), -1, 0},
};
static const stepc_slot column_sum_feeds_slots[] = {
    {"x", "x:0", 1, 2, column_sum_feeds_dims0, (uint32_t)offsetof(column_sum_feeds, x), -1},
};
static const stepc_dimension column_sum_fetches_dims0[] = {
    {INT64_C(33), -1, 0},
};
static const stepc_slot column_sum_fetches_slots[] = {
    {"y", "y:0", 1, 1, column_sum_fetches_dims0, (uint32_t)offsetof(column_sum_fetches, y), -1},
};
static int32_t column_sum_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return column_sum((const column_sum_feeds *)feeds, (column_sum_fetches *)fetches, env);
}

static const stepc_entry column_sum_entries[] = {
    {"column_sum", COLUMN_SUM_SIGNATURE, 1u, 1u, 0u, 0u,
     column_sum_feeds_slots, column_sum_fetches_slots, NULL, NULL,
     (uint32_t)sizeof(column_sum_feeds), (uint32_t)sizeof(column_sum_fetches), COLUMN_SUM_ARENA_BYTES, COLUMN_SUM_STACK_BYTES,
     NULL, column_sum_table_call, NULL},
};

const stepc_module *column_sum_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "column_sum", "avx2", 1u, 0u, column_sum_entries, NULL,
        COLUMN_SUM_STATE_BYTES, COLUMN_SUM_WEIGHTS_BYTES, column_sum_init,
    };
    return &table;
}
#endif
