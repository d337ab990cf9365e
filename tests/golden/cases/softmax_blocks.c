/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module softmax_blocks for the ISA profile generic; do not edit.
 *
 * softmax_blocks(x: float32[2,70001]) gives y: float32[2,70001]
 *     arena 280192 bytes, stack at most 3840 bytes, 3 statements
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

#if !defined(SOFTMAX_BLOCKS_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(SOFTMAX_BLOCKS_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "softmax_blocks.h"

#if defined(__STDC_HOSTED__) && __STDC_HOSTED__ == 1
#include <string.h>
#else
void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
#endif

#if PTRDIFF_MAX < 280192
#error "this module is too large for this machine"
#endif

/* ---- helpers ---- */
/* ---- kernels ---- */

/* Softmax y.
 * in0 = x, out1 = row_max */
static void k0_Softmax(const float *in0, float *restrict out1, ptrdiff_t t0, ptrdiff_t e0)
{
    for (ptrdiff_t i0 = t0; i0 < e0; i0++) {
        v_f32 a0_0 = v_splat_f32(f32_of_bits(UINT32_C(0xff800000)));
        v_f32 a0_1 = v_splat_f32(f32_of_bits(UINT32_C(0xff800000)));
        v_f32 a0_2 = v_splat_f32(f32_of_bits(UINT32_C(0xff800000)));
        v_f32 a0_3 = v_splat_f32(f32_of_bits(UINT32_C(0xff800000)));
        ptrdiff_t i1 = 0;
        for (; 70001 - i1 >= 4 * V_LANES; i1 += 4 * V_LANES) {
            const v_f32 v0_0 = v_load_f32(in0 + (i0 * 70001 + i1));
            const v_f32 v0_1 = v_load_f32(in0 + (i0 * 70001 + i1 + V_LANES));
            const v_f32 v0_2 = v_load_f32(in0 + (i0 * 70001 + i1 + V_LANES * 2));
            const v_f32 v0_3 = v_load_f32(in0 + (i0 * 70001 + i1 + V_LANES * 3));
            a0_0 = v_max_nan_f32(a0_0, v0_0);
            a0_1 = v_max_nan_f32(a0_1, v0_1);
            a0_2 = v_max_nan_f32(a0_2, v0_2);
            a0_3 = v_max_nan_f32(a0_3, v0_3);
        }
        for (; 70001 - i1 >= V_LANES; i1 += V_LANES) {
            const v_f32 v0 = v_load_f32(in0 + (i0 * 70001 + i1));
            a0_0 = v_max_nan_f32(a0_0, v0);
        }
        if (i1 < 70001) {
            const size_t rest = (size_t)(70001 - i1);
            const v_f32 v0 = v_load_part_f32(in0 + (i0 * 70001 + i1), rest);
            a0_0 = v_max_nan_f32(a0_0, v_select_f32(v_part_m32(rest), v0, v_splat_f32(f32_of_bits(UINT32_C(0xff800000)))));
        }
        a0_0 = v_max_nan_f32(a0_0, a0_1);
        a0_2 = v_max_nan_f32(a0_2, a0_3);
        a0_0 = v_max_nan_f32(a0_0, a0_2);
        const float s0 = v_hmax_nan_f32(a0_0);
        out1[(i0 - t0)] = s0;
    }
}

/* Softmax y.
 * in0 = row_max, in1 = x, out2 = row_exp, out3 = row_scale */
static void k1_Softmax(const float *in0, const float *in1, float *restrict out2, float *restrict out3, ptrdiff_t t0, ptrdiff_t e0)
{
    for (ptrdiff_t i0 = t0; i0 < e0; i0++) {
        const float v0 = in0[(i0 - t0)];
        v_f32 total0 = v_splat_f32(0.0f);
        for (ptrdiff_t b1 = 0; b1 < 70001; b1 += 2048) {
            const ptrdiff_t h1 = 70001 - b1 < 2048 ? 70001 : b1 + 2048;
            v_f32 a0_0 = v_splat_f32(0.0f);
            v_f32 a0_1 = v_splat_f32(0.0f);
            v_f32 a0_2 = v_splat_f32(0.0f);
            v_f32 a0_3 = v_splat_f32(0.0f);
            ptrdiff_t i1 = b1;
            for (; h1 - i1 >= 4 * V_LANES; i1 += 4 * V_LANES) {
                const v_f32 v1_0 = v_load_f32(in1 + (i0 * 70001 + i1));
                const v_f32 v1_1 = v_load_f32(in1 + (i0 * 70001 + i1 + V_LANES));
                const v_f32 v1_2 = v_load_f32(in1 + (i0 * 70001 + i1 + V_LANES * 2));
                const v_f32 v1_3 = v_load_f32(in1 + (i0 * 70001 + i1 + V_LANES * 3));
                v_prefetch(in1 + (i0 * 70001 + i1), 280004);
                v_prefetch(in1 + (i0 * 70001 + i1 + V_LANES * 2), 280004);
                const v_f32 v2_0 = v1_0 - v_splat_f32(v0);
                const v_f32 v2_1 = v1_1 - v_splat_f32(v0);
                const v_f32 v2_2 = v1_2 - v_splat_f32(v0);
                const v_f32 v2_3 = v1_3 - v_splat_f32(v0);
                const v_f32 v3_0 = v_exp_f32(v2_0);
                const v_f32 v3_1 = v_exp_f32(v2_1);
                const v_f32 v3_2 = v_exp_f32(v2_2);
                const v_f32 v3_3 = v_exp_f32(v2_3);
                a0_0 = a0_0 + v3_0;
                a0_1 = a0_1 + v3_1;
                a0_2 = a0_2 + v3_2;
                a0_3 = a0_3 + v3_3;
                v_store_f32(out2 + ((i0 - t0) * 70001 + i1), v3_0);
                v_store_f32(out2 + ((i0 - t0) * 70001 + i1 + V_LANES), v3_1);
                v_store_f32(out2 + ((i0 - t0) * 70001 + i1 + V_LANES * 2), v3_2);
                v_store_f32(out2 + ((i0 - t0) * 70001 + i1 + V_LANES * 3), v3_3);
            }
            for (; h1 - i1 >= V_LANES; i1 += V_LANES) {
                const v_f32 v1 = v_load_f32(in1 + (i0 * 70001 + i1));
                v_prefetch(in1 + (i0 * 70001 + i1), 280004);
                const v_f32 v2 = v1 - v_splat_f32(v0);
                const v_f32 v3 = v_exp_f32(v2);
                a0_0 = a0_0 + v3;
                v_store_f32(out2 + ((i0 - t0) * 70001 + i1), v3);
            }
            if (i1 < h1) {
                const size_t rest = (size_t)(h1 - i1);
                const v_f32 v1 = v_load_part_f32(in1 + (i0 * 70001 + i1), rest);
                const v_f32 v2 = v1 - v_splat_f32(v0);
                const v_f32 v3 = v_exp_f32(v2);
                a0_0 = a0_0 + v_select_f32(v_part_m32(rest), v3, v_splat_f32(0.0f));
                v_store_part_f32(out2 + ((i0 - t0) * 70001 + i1), v3, rest);
            }
            a0_0 = a0_0 + a0_1;
            a0_2 = a0_2 + a0_3;
            a0_0 = a0_0 + a0_2;
            total0 = total0 + a0_0;
        }
        const float s0 = v_sum_f32(total0);
        const float v6 = 1.0f / s0;
        out3[(i0 - t0)] = v6;
    }
}

/* Softmax y.
 * in0 = row_scale, in1 = row_exp, out2 = y */
static void k2_Softmax(const float *in0, const float *in1, float *restrict out2, ptrdiff_t t0, ptrdiff_t e0)
{
    for (ptrdiff_t i0 = t0; i0 < e0; i0++) {
        const float v1 = in0[(i0 - t0)];
        ptrdiff_t i1 = 0;
        for (; 70001 - i1 >= 4 * V_LANES; i1 += 4 * V_LANES) {
            const v_f32 v0_0 = v_load_f32(in1 + ((i0 - t0) * 70001 + i1));
            const v_f32 v0_1 = v_load_f32(in1 + ((i0 - t0) * 70001 + i1 + V_LANES));
            const v_f32 v0_2 = v_load_f32(in1 + ((i0 - t0) * 70001 + i1 + V_LANES * 2));
            const v_f32 v0_3 = v_load_f32(in1 + ((i0 - t0) * 70001 + i1 + V_LANES * 3));
            const v_f32 v2_0 = v0_0 * v_splat_f32(v1);
            const v_f32 v2_1 = v0_1 * v_splat_f32(v1);
            const v_f32 v2_2 = v0_2 * v_splat_f32(v1);
            const v_f32 v2_3 = v0_3 * v_splat_f32(v1);
            v_store_f32(out2 + (i0 * 70001 + i1), v2_0);
            v_store_f32(out2 + (i0 * 70001 + i1 + V_LANES), v2_1);
            v_store_f32(out2 + (i0 * 70001 + i1 + V_LANES * 2), v2_2);
            v_store_f32(out2 + (i0 * 70001 + i1 + V_LANES * 3), v2_3);
        }
        for (; 70001 - i1 >= V_LANES; i1 += V_LANES) {
            const v_f32 v0 = v_load_f32(in1 + ((i0 - t0) * 70001 + i1));
            const v_f32 v2 = v0 * v_splat_f32(v1);
            v_store_f32(out2 + (i0 * 70001 + i1), v2);
        }
        if (i1 < 70001) {
            const size_t rest = (size_t)(70001 - i1);
            const v_f32 v0 = v_load_part_f32(in1 + ((i0 - t0) * 70001 + i1), rest);
            const v_f32 v2 = v0 * v_splat_f32(v1);
            v_store_part_f32(out2 + (i0 * 70001 + i1), v2, rest);
        }
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t softmax_blocks_refuse(const stepc_env *env, const char *message)
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
static void softmax_blocks_part0(const softmax_blocks_feeds *feeds, softmax_blocks_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)state;
    (void)weights;
    (void)n;
    for (ptrdiff_t t0 = 0; t0 < (ptrdiff_t)2; t0 += 1) {
        const ptrdiff_t e0 = (ptrdiff_t)2 - t0 > 1 ? t0 + 1 : (ptrdiff_t)2;
        k0_Softmax(feeds->x, (float *)(void *)(arena + 280064), t0, e0);
        k1_Softmax((float *)(void *)(arena + 280064), feeds->x, (float *)(void *)(arena + 0), (float *)(void *)(arena + 280128), t0, e0);
        k2_Softmax((float *)(void *)(arena + 280128), (float *)(void *)(arena + 0), fetches->y, t0, e0);
    }
}

int32_t softmax_blocks(const softmax_blocks_feeds *feeds, softmax_blocks_fetches *fetches, const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return softmax_blocks_refuse(env, "feeds or fetches is NULL");
    if (feeds->x == NULL)
        return softmax_blocks_refuse(env, "feeds.x is NULL");
    if (fetches->y == NULL)
        return softmax_blocks_refuse(env, "fetches.y is NULL");
    if (env->arena == NULL || env->arena_bytes < SOFTMAX_BLOCKS_ARENA_BYTES)
        return softmax_blocks_refuse(env, "the arena is too small");
    if (((uintptr_t)env->arena & 63) != 0)
        return softmax_blocks_refuse(env, "the arena is not aligned to 64");
    softmax_blocks_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, NULL);
    return 0;
}

const unsigned char softmax_blocks_signature_61d1b8bd = 1;

int32_t softmax_blocks_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension softmax_blocks_feeds_dims0[] = {
    {INT64_C(2), -1, 0},
    {INT64_C(70001), -1, 0},
};
static const stepc_slot softmax_blocks_feeds_slots[] = {
    {"x", "x:0", 1, 2, softmax_blocks_feeds_dims0, (uint32_t)offsetof(softmax_blocks_feeds, x), -1},
};
static const stepc_dimension softmax_blocks_fetches_dims0[] = {
    {INT64_C(2), -1, 0},
    {INT64_C(70001), -1, 0},
};
static const stepc_slot softmax_blocks_fetches_slots[] = {
    {"y", "y:0", 1, 2, softmax_blocks_fetches_dims0, (uint32_t)offsetof(softmax_blocks_fetches, y), -1},
};
static int32_t softmax_blocks_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return softmax_blocks((const softmax_blocks_feeds *)feeds, (softmax_blocks_fetches *)fetches, env);
}

static const stepc_entry softmax_blocks_entries[] = {
    {"softmax_blocks", SOFTMAX_BLOCKS_SIGNATURE, 1u, 1u, 0u, 0u,
     softmax_blocks_feeds_slots, softmax_blocks_fetches_slots, NULL, NULL,
     (uint32_t)sizeof(softmax_blocks_feeds), (uint32_t)sizeof(softmax_blocks_fetches), SOFTMAX_BLOCKS_ARENA_BYTES, SOFTMAX_BLOCKS_STACK_BYTES,
     NULL, softmax_blocks_table_call, NULL},
};

const stepc_module *softmax_blocks_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "softmax_blocks", "generic", 1u, 0u, softmax_blocks_entries, NULL,
        SOFTMAX_BLOCKS_STATE_BYTES, SOFTMAX_BLOCKS_WEIGHTS_BYTES, softmax_blocks_init,
    };
    return &table;
}
#endif
