/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module transpose for the ISA profile generic; do not edit.
 *
 * transpose(x: float32[40,300]) gives y: float32[300,40]
 *     arena 0 bytes, stack at most 35840 bytes, 1 statements
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

#if !defined(TRANSPOSE_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(TRANSPOSE_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "transpose.h"

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

/* Transpose turn, Relu relu.
 * in0 = x, out1 = y */
static STEPC_NOINLINE void k0_Transpose(const float *in0, float *restrict out1)
{
    v_f32 tile0_room[256 * 32 / V_LANES]; /* a tile, turned */
    float *const tile0 = (float *)tile0_room;
    for (ptrdiff_t from0 = 0; from0 < 300; from0 += 256) {
        const ptrdiff_t upto0 = 300 - from0 < 256 ? 300 : from0 + 256;
        for (ptrdiff_t from1 = 0; from1 < 40; from1 += 32) {
            const ptrdiff_t upto1 = 40 - from1 < 32 ? 40 : from1 + 32;
            v_turn_f32(tile0, 32, in0 + (from0 + from1 * 300), 300, upto1 - from1, upto0 - from0, 40 - from1);
            for (ptrdiff_t i0 = from0; i0 < upto0; i0++) {
                ptrdiff_t i1 = from1;
                for (; upto1 - i1 >= 2 * V_LANES; i1 += 2 * V_LANES) {
                    const v_f32 v0_0 = v_load_f32(tile0 + ((i0 - from0) * 32 + (i1 - from1)));
                    const v_f32 v0_1 = v_load_f32(tile0 + ((i0 - from0) * 32 + (i1 - from1) + V_LANES));
                    const v_f32 v2_0 = v_max_f32(v0_0, v_splat_f32(0.0f));
                    const v_f32 v2_1 = v_max_f32(v0_1, v_splat_f32(0.0f));
                    v_store_f32(out1 + (i0 * 40 + i1), v2_0);
                    v_store_f32(out1 + (i0 * 40 + i1 + V_LANES), v2_1);
                }
                for (; upto1 - i1 >= V_LANES; i1 += V_LANES) {
                    const v_f32 v0 = v_load_f32(tile0 + ((i0 - from0) * 32 + (i1 - from1)));
                    const v_f32 v2 = v_max_f32(v0, v_splat_f32(0.0f));
                    v_store_f32(out1 + (i0 * 40 + i1), v2);
                }
                if (i1 < upto1) {
                    const size_t rest = (size_t)(upto1 - i1);
                    const v_f32 v0 = v_load_part_f32(tile0 + ((i0 - from0) * 32 + (i1 - from1)), rest);
                    const v_f32 v2 = v_max_f32(v0, v_splat_f32(0.0f));
                    v_store_part_f32(out1 + (i0 * 40 + i1), v2, rest);
                }
            }
        }
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t transpose_refuse(const stepc_env *env, const char *message)
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
static void transpose_part0(const transpose_feeds *feeds, transpose_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    (void)n;
    k0_Transpose(feeds->x, fetches->y);
}

int32_t transpose(const transpose_feeds *feeds, transpose_fetches *fetches, const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return transpose_refuse(env, "feeds or fetches is NULL");
    if (feeds->x == NULL)
        return transpose_refuse(env, "feeds.x is NULL");
    if (fetches->y == NULL)
        return transpose_refuse(env, "fetches.y is NULL");
    transpose_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, NULL);
    return 0;
}

const unsigned char transpose_signature_81dc8801 = 1;

int32_t transpose_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension transpose_feeds_dims0[] = {
    {INT64_C(40), -1, 0},
    {INT64_C(300), -1, 0},
};
static const stepc_slot transpose_feeds_slots[] = {
    {"x", "x:0", 1, 2, transpose_feeds_dims0, (uint32_t)offsetof(transpose_feeds, x), -1},
};
static const stepc_dimension transpose_fetches_dims0[] = {
    {INT64_C(300), -1, 0},
    {INT64_C(40), -1, 0},
};
static const stepc_slot transpose_fetches_slots[] = {
    {"y", "y:0", 1, 2, transpose_fetches_dims0, (uint32_t)offsetof(transpose_fetches, y), -1},
};
static int32_t transpose_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return transpose((const transpose_feeds *)feeds, (transpose_fetches *)fetches, env);
}

static const stepc_entry transpose_entries[] = {
    {"transpose", TRANSPOSE_SIGNATURE, 1u, 1u, 0u, 0u,
     transpose_feeds_slots, transpose_fetches_slots, NULL, NULL,
     (uint32_t)sizeof(transpose_feeds), (uint32_t)sizeof(transpose_fetches), TRANSPOSE_ARENA_BYTES, TRANSPOSE_STACK_BYTES,
     NULL, transpose_table_call, NULL},
};

const stepc_module *transpose_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "transpose", "generic", 1u, 0u, transpose_entries, NULL,
        TRANSPOSE_STATE_BYTES, TRANSPOSE_WEIGHTS_BYTES, transpose_init,
    };
    return &table;
}
#endif
