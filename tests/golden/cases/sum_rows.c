/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module sum_rows for the ISA profile generic; do not edit.
 *
 * sum_rows(x: float32[8,100000]) gives y: float32[8]
 *     arena 0 bytes, stack at most 3328 bytes, 1 statements
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

#if !defined(SUM_ROWS_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(SUM_ROWS_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "sum_rows.h"

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
    for (ptrdiff_t i0 = 0; i0 < 8; i0++) {
        v_f32 total0 = v_splat_f32(0.0f);
        for (ptrdiff_t b1 = 0; b1 < 100000; b1 += 4096) {
            const ptrdiff_t h1 = 100000 - b1 < 4096 ? 100000 : b1 + 4096;
            v_f32 a0_0 = v_splat_f32(0.0f);
            v_f32 a0_1 = v_splat_f32(0.0f);
            v_f32 a0_2 = v_splat_f32(0.0f);
            v_f32 a0_3 = v_splat_f32(0.0f);
            ptrdiff_t i1 = b1;
            for (; h1 - i1 >= 4 * V_LANES; i1 += 4 * V_LANES) {
                const v_f32 v0_0 = v_load_f32(in0 + (i0 * 100000 + i1));
                const v_f32 v0_1 = v_load_f32(in0 + (i0 * 100000 + i1 + V_LANES));
                const v_f32 v0_2 = v_load_f32(in0 + (i0 * 100000 + i1 + V_LANES * 2));
                const v_f32 v0_3 = v_load_f32(in0 + (i0 * 100000 + i1 + V_LANES * 3));
                a0_0 = a0_0 + v0_0;
                a0_1 = a0_1 + v0_1;
                a0_2 = a0_2 + v0_2;
                a0_3 = a0_3 + v0_3;
            }
            for (; h1 - i1 >= V_LANES; i1 += V_LANES) {
                const v_f32 v0 = v_load_f32(in0 + (i0 * 100000 + i1));
                a0_0 = a0_0 + v0;
            }
            a0_0 = a0_0 + a0_1;
            a0_2 = a0_2 + a0_3;
            a0_0 = a0_0 + a0_2;
            total0 = total0 + a0_0;
        }
        const float s0 = v_sum_f32(total0);
        out1[i0] = s0;
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t sum_rows_refuse(const stepc_env *env, const char *message)
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
static void sum_rows_part0(const sum_rows_feeds *feeds, sum_rows_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    (void)n;
    k0_Sum(feeds->x, fetches->y);
}

int32_t sum_rows(const sum_rows_feeds *feeds, sum_rows_fetches *fetches, const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return sum_rows_refuse(env, "feeds or fetches is NULL");
    if (feeds->x == NULL)
        return sum_rows_refuse(env, "feeds.x is NULL");
    if (fetches->y == NULL)
        return sum_rows_refuse(env, "fetches.y is NULL");
    sum_rows_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, NULL);
    return 0;
}

const unsigned char sum_rows_signature_676f1d2e = 1;

int32_t sum_rows_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension sum_rows_feeds_dims0[] = {
    {INT64_C(8), -1, 0},
    {INT64_C(100000), -1, 0},
};
static const stepc_slot sum_rows_feeds_slots[] = {
    {"x", "x:0", 1, 2, sum_rows_feeds_dims0, (uint32_t)offsetof(sum_rows_feeds, x), -1},
};
static const stepc_dimension sum_rows_fetches_dims0[] = {
    {INT64_C(8), -1, 0},
};
static const stepc_slot sum_rows_fetches_slots[] = {
    {"y", "y:0", 1, 1, sum_rows_fetches_dims0, (uint32_t)offsetof(sum_rows_fetches, y), -1},
};
static int32_t sum_rows_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return sum_rows((const sum_rows_feeds *)feeds, (sum_rows_fetches *)fetches, env);
}

static const stepc_entry sum_rows_entries[] = {
    {"sum_rows", SUM_ROWS_SIGNATURE, 1u, 1u, 0u, 0u,
     sum_rows_feeds_slots, sum_rows_fetches_slots, NULL, NULL,
     (uint32_t)sizeof(sum_rows_feeds), (uint32_t)sizeof(sum_rows_fetches), SUM_ROWS_ARENA_BYTES, SUM_ROWS_STACK_BYTES,
     NULL, sum_rows_table_call, NULL},
};

const stepc_module *sum_rows_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "sum_rows", "generic", 1u, 0u, sum_rows_entries, NULL,
        SUM_ROWS_STATE_BYTES, SUM_ROWS_WEIGHTS_BYTES, sum_rows_init,
    };
    return &table;
}
#endif
