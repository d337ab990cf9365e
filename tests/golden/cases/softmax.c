/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module softmax for the ISA profile generic; do not edit.
 *
 * softmax(x: float32[n<=64,100]) gives probabilities: float32[n<=64,100]
 *     arena 16384 bytes, stack at most 3840 bytes, 3 statements
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

#if !defined(SOFTMAX_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(SOFTMAX_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "softmax.h"

#if defined(__STDC_HOSTED__) && __STDC_HOSTED__ == 1
#include <string.h>
#else
void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
#endif

/* ---- helpers ---- */
/* ---- kernels ---- */

/* Softmax probabilities.
 * in0 = x, out1 = row_max */
static void k0_Softmax(const float *in0, float *restrict out1, ptrdiff_t t0, ptrdiff_t e0)
{
    for (ptrdiff_t i0 = t0; i0 < e0; i0++) {
        v_f32 a0_0 = v_splat_f32(f32_of_bits(UINT32_C(0xff800000)));
        v_f32 a0_1 = v_splat_f32(f32_of_bits(UINT32_C(0xff800000)));
        v_f32 a0_2 = v_splat_f32(f32_of_bits(UINT32_C(0xff800000)));
        v_f32 a0_3 = v_splat_f32(f32_of_bits(UINT32_C(0xff800000)));
        ptrdiff_t i1 = 0;
        for (; 100 - i1 >= 4 * V_LANES; i1 += 4 * V_LANES) {
            const v_f32 v0_0 = v_load_f32(in0 + (i0 * 100 + i1));
            const v_f32 v0_1 = v_load_f32(in0 + (i0 * 100 + i1 + V_LANES));
            const v_f32 v0_2 = v_load_f32(in0 + (i0 * 100 + i1 + V_LANES * 2));
            const v_f32 v0_3 = v_load_f32(in0 + (i0 * 100 + i1 + V_LANES * 3));
            a0_0 = v_max_nan_f32(a0_0, v0_0);
            a0_1 = v_max_nan_f32(a0_1, v0_1);
            a0_2 = v_max_nan_f32(a0_2, v0_2);
            a0_3 = v_max_nan_f32(a0_3, v0_3);
        }
        for (; 100 - i1 >= V_LANES; i1 += V_LANES) {
            const v_f32 v0 = v_load_f32(in0 + (i0 * 100 + i1));
            a0_0 = v_max_nan_f32(a0_0, v0);
        }
        if (i1 < 100) {
            const size_t rest = (size_t)(100 - i1);
            const v_f32 v0 = v_load_part_f32(in0 + (i0 * 100 + i1), rest);
            a0_0 = v_max_nan_f32(a0_0, v_select_f32(v_part_m32(rest), v0, v_splat_f32(f32_of_bits(UINT32_C(0xff800000)))));
        }
        a0_0 = v_max_nan_f32(a0_0, a0_1);
        a0_2 = v_max_nan_f32(a0_2, a0_3);
        a0_0 = v_max_nan_f32(a0_0, a0_2);
        const float s0 = v_hmax_nan_f32(a0_0);
        out1[(i0 - t0)] = s0;
    }
}

/* Softmax probabilities.
 * in0 = row_max, in1 = x, out2 = row_exp, out3 = row_scale */
static void k1_Softmax(const float *in0, const float *in1, float *restrict out2, float *restrict out3, ptrdiff_t t0, ptrdiff_t e0)
{
    for (ptrdiff_t i0 = t0; i0 < e0; i0++) {
        const float v0 = in0[(i0 - t0)];
        v_f32 a0_0 = v_splat_f32(0.0f);
        v_f32 a0_1 = v_splat_f32(0.0f);
        v_f32 a0_2 = v_splat_f32(0.0f);
        v_f32 a0_3 = v_splat_f32(0.0f);
        ptrdiff_t i1 = 0;
        for (; 100 - i1 >= 4 * V_LANES; i1 += 4 * V_LANES) {
            const v_f32 v1_0 = v_load_f32(in1 + (i0 * 100 + i1));
            const v_f32 v1_1 = v_load_f32(in1 + (i0 * 100 + i1 + V_LANES));
            const v_f32 v1_2 = v_load_f32(in1 + (i0 * 100 + i1 + V_LANES * 2));
            const v_f32 v1_3 = v_load_f32(in1 + (i0 * 100 + i1 + V_LANES * 3));
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
            v_store_f32(out2 + ((i0 - t0) * 100 + i1), v3_0);
            v_store_f32(out2 + ((i0 - t0) * 100 + i1 + V_LANES), v3_1);
            v_store_f32(out2 + ((i0 - t0) * 100 + i1 + V_LANES * 2), v3_2);
            v_store_f32(out2 + ((i0 - t0) * 100 + i1 + V_LANES * 3), v3_3);
        }
        for (; 100 - i1 >= V_LANES; i1 += V_LANES) {
            const v_f32 v1 = v_load_f32(in1 + (i0 * 100 + i1));
            const v_f32 v2 = v1 - v_splat_f32(v0);
            const v_f32 v3 = v_exp_f32(v2);
            a0_0 = a0_0 + v3;
            v_store_f32(out2 + ((i0 - t0) * 100 + i1), v3);
        }
        if (i1 < 100) {
            const size_t rest = (size_t)(100 - i1);
            const v_f32 v1 = v_load_part_f32(in1 + (i0 * 100 + i1), rest);
            const v_f32 v2 = v1 - v_splat_f32(v0);
            const v_f32 v3 = v_exp_f32(v2);
            a0_0 = a0_0 + v_select_f32(v_part_m32(rest), v3, v_splat_f32(0.0f));
            v_store_part_f32(out2 + ((i0 - t0) * 100 + i1), v3, rest);
        }
        a0_0 = a0_0 + a0_1;
        a0_2 = a0_2 + a0_3;
        a0_0 = a0_0 + a0_2;
        const float s0 = v_sum_f32(a0_0);
        const float v6 = 1.0f / s0;
        out3[(i0 - t0)] = v6;
    }
}

/* Softmax probabilities.
 * in0 = row_scale, in1 = row_exp, out2 = probabilities */
static void k2_Softmax(const float *in0, const float *in1, float *restrict out2, ptrdiff_t t0, ptrdiff_t e0)
{
    for (ptrdiff_t i0 = t0; i0 < e0; i0++) {
        const float v1 = in0[(i0 - t0)];
        ptrdiff_t i1 = 0;
        for (; 100 - i1 >= 4 * V_LANES; i1 += 4 * V_LANES) {
            const v_f32 v0_0 = v_load_f32(in1 + ((i0 - t0) * 100 + i1));
            const v_f32 v0_1 = v_load_f32(in1 + ((i0 - t0) * 100 + i1 + V_LANES));
            const v_f32 v0_2 = v_load_f32(in1 + ((i0 - t0) * 100 + i1 + V_LANES * 2));
            const v_f32 v0_3 = v_load_f32(in1 + ((i0 - t0) * 100 + i1 + V_LANES * 3));
            const v_f32 v2_0 = v0_0 * v_splat_f32(v1);
            const v_f32 v2_1 = v0_1 * v_splat_f32(v1);
            const v_f32 v2_2 = v0_2 * v_splat_f32(v1);
            const v_f32 v2_3 = v0_3 * v_splat_f32(v1);
            v_store_f32(out2 + (i0 * 100 + i1), v2_0);
            v_store_f32(out2 + (i0 * 100 + i1 + V_LANES), v2_1);
            v_store_f32(out2 + (i0 * 100 + i1 + V_LANES * 2), v2_2);
            v_store_f32(out2 + (i0 * 100 + i1 + V_LANES * 3), v2_3);
        }
        for (; 100 - i1 >= V_LANES; i1 += V_LANES) {
            const v_f32 v0 = v_load_f32(in1 + ((i0 - t0) * 100 + i1));
            const v_f32 v2 = v0 * v_splat_f32(v1);
            v_store_f32(out2 + (i0 * 100 + i1), v2);
        }
        if (i1 < 100) {
            const size_t rest = (size_t)(100 - i1);
            const v_f32 v0 = v_load_part_f32(in1 + ((i0 - t0) * 100 + i1), rest);
            const v_f32 v2 = v0 * v_splat_f32(v1);
            v_store_part_f32(out2 + (i0 * 100 + i1), v2, rest);
        }
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t softmax_refuse(const stepc_env *env, const char *message)
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
static int softmax_sizes(const softmax_feeds *feeds, int64_t *n)
{
    int good = 1;

    n[0] = feeds->n;
    n[1] = size_min(n[0], 40);
    n[2] = size_ceil_div(n[1], 16, &good);
    n[3] = size_mul(n[2], 64, &good);
    n[4] = size_mul(n[1], 25, &good);
    n[5] = size_ceil_div(n[4], 4, &good);
    n[6] = size_mul(n[5], 64, &good);
    n[7] = 0; /* where slots of the arena start */
    good &= n[3] >= 0;
    n[8] = size_add(n[7], n[3], &good);
    good &= n[6] >= 0;
    n[9] = size_add(n[8], n[6], &good);
    good &= n[3] >= 0;
    n[10] = size_add(n[9], n[3], &good);
    for (int i = 0; i < 11; i++)
        good &= n[i] <= (int64_t)PTRDIFF_MAX;
    return good;
}

/* Statements of the step, in order. */
static void softmax_part0(const softmax_feeds *feeds, softmax_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)state;
    (void)weights;
    for (ptrdiff_t t0 = 0; t0 < (ptrdiff_t)n[0]; t0 += 40) {
        const ptrdiff_t e0 = (ptrdiff_t)n[0] - t0 > 40 ? t0 + 40 : (ptrdiff_t)n[0];
        k0_Softmax(feeds->x, (float *)(void *)(arena + n[7]), t0, e0);
        k1_Softmax((float *)(void *)(arena + n[7]), feeds->x, (float *)(void *)(arena + n[8]), (float *)(void *)(arena + n[9]), t0, e0);
        k2_Softmax((float *)(void *)(arena + n[9]), (float *)(void *)(arena + n[8]), fetches->probabilities, t0, e0);
    }
}

int32_t softmax_arena_for(const softmax_feeds *feeds, uint64_t *out_bytes)
{
    int64_t n[11];

    if (feeds == NULL || out_bytes == NULL)
        return 3;
    if (feeds->n < 0)
        return 3;
    if (!softmax_sizes(feeds, n))
        return 3;
    *out_bytes = (uint64_t)n[10];
    return 0;
}

int32_t softmax(const softmax_feeds *feeds, softmax_fetches *fetches, const stepc_env *env)
{
    int64_t n[11];

    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return softmax_refuse(env, "feeds or fetches is NULL");
    if (feeds->n < 0 || feeds->n > INT64_C(64))
        return softmax_refuse(env, "n is out of range");
    if (feeds->x == NULL && feeds->n > 0)
        return softmax_refuse(env, "feeds.x is NULL");
    if (fetches->probabilities == NULL && feeds->n > 0)
        return softmax_refuse(env, "fetches.probabilities is NULL");
    if (!softmax_sizes(feeds, n))
        return softmax_refuse(env, "the sizes are too large");
    if (n[10] > 0 && (env->arena == NULL || env->arena_bytes < (uint64_t)n[10]))
        return softmax_refuse(env, "the arena is too small");
    if (((uintptr_t)env->arena & 63) != 0)
        return softmax_refuse(env, "the arena is not aligned to 64");
    softmax_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, n);
    return 0;
}

const unsigned char softmax_signature_e2044239 = 1;

int32_t softmax_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension softmax_feeds_dims0[] = {
    {INT64_C(64), 0, 0},
    {INT64_C(100), -1, 0},
};
static const stepc_slot softmax_feeds_slots[] = {
    {"x", "x:0", 1, 2, softmax_feeds_dims0, (uint32_t)offsetof(softmax_feeds, x), -1},
};
static const stepc_dimension softmax_fetches_dims0[] = {
    {INT64_C(64), 0, 0},
    {INT64_C(100), -1, 0},
};
static const stepc_slot softmax_fetches_slots[] = {
    {"probabilities", "probabilities:0", 1, 2, softmax_fetches_dims0, (uint32_t)offsetof(softmax_fetches, probabilities), -1},
};
static const stepc_symbol softmax_symbols[] = {
    {"n", (uint32_t)offsetof(softmax_feeds, n), INT64_C(64)},
};
static int32_t softmax_table_arena(const void *feeds, uint64_t *out_bytes)
{
    return softmax_arena_for((const softmax_feeds *)feeds, out_bytes);
}
static int32_t softmax_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return softmax((const softmax_feeds *)feeds, (softmax_fetches *)fetches, env);
}

static const stepc_entry softmax_entries[] = {
    {"softmax", SOFTMAX_SIGNATURE, 1u, 1u, 0u, 1u,
     softmax_feeds_slots, softmax_fetches_slots, NULL, softmax_symbols,
     (uint32_t)sizeof(softmax_feeds), (uint32_t)sizeof(softmax_fetches), SOFTMAX_ARENA_BYTES, SOFTMAX_STACK_BYTES,
     softmax_table_arena, softmax_table_call, NULL},
};

const stepc_module *softmax_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "softmax", "generic", 1u, 0u, softmax_entries, NULL,
        SOFTMAX_STATE_BYTES, SOFTMAX_WEIGHTS_BYTES, softmax_init,
    };
    return &table;
}
#endif
