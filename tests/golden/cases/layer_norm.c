/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module layer_norm for the ISA profile generic; do not edit.
 *
 * layer_norm(x: float32[n<=64,24]) gives y: float32[n<=64,24]
 *     arena 6656 bytes, stack at most 3584 bytes, 3 statements
 *
 * State 0 bytes, weights 256 bytes (inline). */
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

#if !defined(LAYER_NORM_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(LAYER_NORM_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "layer_norm.h"

#if defined(__STDC_HOSTED__) && __STDC_HOSTED__ == 1
#include <string.h>
#else
void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
#endif

/* ---- helpers ---- */
/* ---- kernels ---- */

/* Mean mean.
 * in0 = x, out1 = mean */
static void k0_Mean(const float *in0, float *restrict out1, ptrdiff_t t0, ptrdiff_t e0)
{
    const float v3 = (float)(int64_t)24;
    for (ptrdiff_t i0 = t0; i0 < e0; i0++) {
        v_f32 a0_0 = v_splat_f32(0.0f);
        v_f32 a0_1 = v_splat_f32(0.0f);
        ptrdiff_t i1 = 0;
        for (; 24 - i1 >= 2 * V_LANES; i1 += 2 * V_LANES) {
            const v_f32 v0_0 = v_load_f32(in0 + (i0 * 24 + i1));
            const v_f32 v0_1 = v_load_f32(in0 + (i0 * 24 + i1 + V_LANES));
            a0_0 = a0_0 + v0_0;
            a0_1 = a0_1 + v0_1;
        }
        for (; 24 - i1 >= V_LANES; i1 += V_LANES) {
            const v_f32 v0 = v_load_f32(in0 + (i0 * 24 + i1));
            a0_0 = a0_0 + v0;
        }
        if (i1 < 24) {
            const size_t rest = (size_t)(24 - i1);
            const v_f32 v0 = v_load_part_f32(in0 + (i0 * 24 + i1), rest);
            a0_0 = a0_0 + v0;
        }
        a0_0 = a0_0 + a0_1;
        const float s0 = v_sum_f32(a0_0);
        const float v4 = s0 / v3;
        out1[(i0 - t0)] = v4;
    }
}

/* SquaredDifference difference, Sub centred, Mean variance, AddV2 safe, Rsqrt rsqrt.
 * in0 = mean, in1 = x, out2 = centred, out3 = rsqrt */
static void k1_SquaredDifference(const float *in0, const float *in1, float *restrict out2, float *restrict out3, ptrdiff_t t0, ptrdiff_t e0)
{
    const float v6 = (float)(int64_t)24;
    for (ptrdiff_t i0 = t0; i0 < e0; i0++) {
        const float v1 = in0[(i0 - t0)];
        v_f32 a0_0 = v_splat_f32(0.0f);
        v_f32 a0_1 = v_splat_f32(0.0f);
        ptrdiff_t i1 = 0;
        for (; 24 - i1 >= 2 * V_LANES; i1 += 2 * V_LANES) {
            const v_f32 v0_0 = v_load_f32(in1 + (i0 * 24 + i1));
            const v_f32 v0_1 = v_load_f32(in1 + (i0 * 24 + i1 + V_LANES));
            const v_f32 v2_0 = v0_0 - v_splat_f32(v1);
            const v_f32 v2_1 = v0_1 - v_splat_f32(v1);
            a0_0 = v_fma_f32(v2_0, v2_0, a0_0);
            a0_1 = v_fma_f32(v2_1, v2_1, a0_1);
            v_store_f32(out2 + ((i0 - t0) * 24 + i1), v2_0);
            v_store_f32(out2 + ((i0 - t0) * 24 + i1 + V_LANES), v2_1);
        }
        for (; 24 - i1 >= V_LANES; i1 += V_LANES) {
            const v_f32 v0 = v_load_f32(in1 + (i0 * 24 + i1));
            const v_f32 v2 = v0 - v_splat_f32(v1);
            a0_0 = v_fma_f32(v2, v2, a0_0);
            v_store_f32(out2 + ((i0 - t0) * 24 + i1), v2);
        }
        if (i1 < 24) {
            const size_t rest = (size_t)(24 - i1);
            const v_f32 v0 = v_load_part_f32(in1 + (i0 * 24 + i1), rest);
            const v_f32 v2 = v0 - v_splat_f32(v1);
            a0_0 = a0_0 + v_select_f32(v_part_m32(rest), v2 * v2, v_splat_f32(0.0f));
            v_store_part_f32(out2 + ((i0 - t0) * 24 + i1), v2, rest);
        }
        a0_0 = a0_0 + a0_1;
        const float s0 = v_sum_f32(a0_0);
        const float v7 = s0 / v6;
        const float v9 = v7 + 1e-06f;
        const float v10 = sqrt_f32(v9);
        const float v12 = 1.0f / v10;
        out3[(i0 - t0)] = v12;
    }
}

/* Mul scaled, Mul stretched, AddV2 y.
 * in0 = rsqrt, in1 = centred, in2 = gamma, in3 = beta, out4 = y */
static void k2_Mul(const float *in0, const float *in1, const float *in2, const float *in3, float *restrict out4, ptrdiff_t t0, ptrdiff_t e0)
{
    for (ptrdiff_t i0 = t0; i0 < e0; i0++) {
        const float v1 = in0[(i0 - t0)];
        ptrdiff_t i1 = 0;
        for (; 24 - i1 >= 2 * V_LANES; i1 += 2 * V_LANES) {
            const v_f32 v0_0 = v_load_f32(in1 + ((i0 - t0) * 24 + i1));
            const v_f32 v0_1 = v_load_f32(in1 + ((i0 - t0) * 24 + i1 + V_LANES));
            const v_f32 v2_0 = v0_0 * v_splat_f32(v1);
            const v_f32 v2_1 = v0_1 * v_splat_f32(v1);
            const v_f32 v3_0 = v_load_f32(in2 + i1);
            const v_f32 v3_1 = v_load_f32(in2 + (i1 + V_LANES));
            const v_f32 v4_0 = v2_0 * v3_0;
            const v_f32 v4_1 = v2_1 * v3_1;
            const v_f32 v5_0 = v_load_f32(in3 + i1);
            const v_f32 v5_1 = v_load_f32(in3 + (i1 + V_LANES));
            const v_f32 v6_0 = v4_0 + v5_0;
            const v_f32 v6_1 = v4_1 + v5_1;
            v_store_f32(out4 + (i0 * 24 + i1), v6_0);
            v_store_f32(out4 + (i0 * 24 + i1 + V_LANES), v6_1);
        }
        for (; 24 - i1 >= V_LANES; i1 += V_LANES) {
            const v_f32 v0 = v_load_f32(in1 + ((i0 - t0) * 24 + i1));
            const v_f32 v2 = v0 * v_splat_f32(v1);
            const v_f32 v3 = v_load_f32(in2 + i1);
            const v_f32 v4 = v2 * v3;
            const v_f32 v5 = v_load_f32(in3 + i1);
            const v_f32 v6 = v4 + v5;
            v_store_f32(out4 + (i0 * 24 + i1), v6);
        }
        if (i1 < 24) {
            const size_t rest = (size_t)(24 - i1);
            const v_f32 v0 = v_load_part_f32(in1 + ((i0 - t0) * 24 + i1), rest);
            const v_f32 v2 = v0 * v_splat_f32(v1);
            const v_f32 v3 = v_load_part_f32(in2 + i1, rest);
            const v_f32 v4 = v2 * v3;
            const v_f32 v5 = v_load_part_f32(in3 + i1, rest);
            const v_f32 v6 = v4 + v5;
            v_store_part_f32(out4 + (i0 * 24 + i1), v6, rest);
        }
    }
}

static const float w0_gamma[24] = {
    0x1.0p+0f, 0x1.08p+0f, 0x1.1p+0f, 0x1.18p+0f, 0x1.2p+0f, 0x1.28p+0f, 0x1.3p+0f, 0x1.38p+0f,
    0x1.4p+0f, 0x1.48p+0f, 0x1.5p+0f, 0x1.58p+0f, 0x1.6p+0f, 0x1.68p+0f, 0x1.7p+0f, 0x1.78p+0f,
    0x1.8p+0f, 0x1.88p+0f, 0x1.9p+0f, 0x1.98p+0f, 0x1.ap+0f, 0x1.a8p+0f, 0x1.bp+0f, 0x1.b8p+0f,
};
static const float w1_beta[24] = {
    -0x1.0p+0f, -0x1.cp-1f, -0x1.8p-1f, -0x1.4p-1f, -0x1.0p-1f, -0x1.8p-2f, -0x1.0p-2f, -0x1.0p-3f,
    0.0f, 0x1.0p-3f, 0x1.0p-2f, 0x1.8p-2f, 0x1.0p-1f, 0x1.4p-1f, 0x1.8p-1f, 0x1.cp-1f,
    0x1.0p+0f, 0x1.2p+0f, 0x1.4p+0f, 0x1.6p+0f, 0x1.8p+0f, 0x1.ap+0f, 0x1.cp+0f, 0x1.ep+0f,
};

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t layer_norm_refuse(const stepc_env *env, const char *message)
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
static int layer_norm_sizes(const layer_norm_feeds *feeds, int64_t *n)
{
    int good = 1;

    n[0] = feeds->n;
    n[1] = size_ceil_div(n[0], 16, &good);
    n[2] = size_mul(n[1], 64, &good);
    n[3] = size_mul(n[0], 3, &good);
    n[4] = size_ceil_div(n[3], 2, &good);
    n[5] = size_mul(n[4], 64, &good);
    n[6] = 0; /* where slots of the arena start */
    good &= n[2] >= 0;
    n[7] = size_add(n[6], n[2], &good);
    good &= n[5] >= 0;
    n[8] = size_add(n[7], n[5], &good);
    good &= n[2] >= 0;
    n[9] = size_add(n[8], n[2], &good);
    for (int i = 0; i < 10; i++)
        good &= n[i] <= (int64_t)PTRDIFF_MAX;
    return good;
}

/* Statements of the step, in order. */
static void layer_norm_part0(const layer_norm_feeds *feeds, layer_norm_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)state;
    (void)weights;
    for (ptrdiff_t t0 = 0; t0 < (ptrdiff_t)n[0]; t0 += 64) {
        const ptrdiff_t e0 = (ptrdiff_t)n[0] - t0 > 64 ? t0 + 64 : (ptrdiff_t)n[0];
        k0_Mean(feeds->x, (float *)(void *)(arena + n[6]), t0, e0);
        k1_SquaredDifference((float *)(void *)(arena + n[6]), feeds->x, (float *)(void *)(arena + n[7]), (float *)(void *)(arena + n[8]), t0, e0);
        k2_Mul((float *)(void *)(arena + n[8]), (float *)(void *)(arena + n[7]), w0_gamma, w1_beta, fetches->y, t0, e0);
    }
}

int32_t layer_norm_arena_for(const layer_norm_feeds *feeds, uint64_t *out_bytes)
{
    int64_t n[10];

    if (feeds == NULL || out_bytes == NULL)
        return 3;
    if (feeds->n < 0)
        return 3;
    if (!layer_norm_sizes(feeds, n))
        return 3;
    *out_bytes = (uint64_t)n[9];
    return 0;
}

int32_t layer_norm(const layer_norm_feeds *feeds, layer_norm_fetches *fetches, const stepc_env *env)
{
    int64_t n[10];

    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return layer_norm_refuse(env, "feeds or fetches is NULL");
    if (feeds->n < 0 || feeds->n > INT64_C(64))
        return layer_norm_refuse(env, "n is out of range");
    if (feeds->x == NULL && feeds->n > 0)
        return layer_norm_refuse(env, "feeds.x is NULL");
    if (fetches->y == NULL && feeds->n > 0)
        return layer_norm_refuse(env, "fetches.y is NULL");
    if (!layer_norm_sizes(feeds, n))
        return layer_norm_refuse(env, "the sizes are too large");
    if (n[9] > 0 && (env->arena == NULL || env->arena_bytes < (uint64_t)n[9]))
        return layer_norm_refuse(env, "the arena is too small");
    if (((uintptr_t)env->arena & 63) != 0)
        return layer_norm_refuse(env, "the arena is not aligned to 64");
    layer_norm_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, n);
    return 0;
}

const unsigned char layer_norm_signature_8e297fe8 = 1;

int32_t layer_norm_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension layer_norm_feeds_dims0[] = {
    {INT64_C(64), 0, 0},
    {INT64_C(24), -1, 0},
};
static const stepc_slot layer_norm_feeds_slots[] = {
    {"x", "x:0", 1, 2, layer_norm_feeds_dims0, (uint32_t)offsetof(layer_norm_feeds, x), -1},
};
static const stepc_dimension layer_norm_fetches_dims0[] = {
    {INT64_C(64), 0, 0},
    {INT64_C(24), -1, 0},
};
static const stepc_slot layer_norm_fetches_slots[] = {
    {"y", "y:0", 1, 2, layer_norm_fetches_dims0, (uint32_t)offsetof(layer_norm_fetches, y), -1},
};
static const stepc_symbol layer_norm_symbols[] = {
    {"n", (uint32_t)offsetof(layer_norm_feeds, n), INT64_C(64)},
};
static int32_t layer_norm_table_arena(const void *feeds, uint64_t *out_bytes)
{
    return layer_norm_arena_for((const layer_norm_feeds *)feeds, out_bytes);
}
static int32_t layer_norm_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return layer_norm((const layer_norm_feeds *)feeds, (layer_norm_fetches *)fetches, env);
}

static const stepc_entry layer_norm_entries[] = {
    {"layer_norm", LAYER_NORM_SIGNATURE, 1u, 1u, 0u, 1u,
     layer_norm_feeds_slots, layer_norm_fetches_slots, NULL, layer_norm_symbols,
     (uint32_t)sizeof(layer_norm_feeds), (uint32_t)sizeof(layer_norm_fetches), LAYER_NORM_ARENA_BYTES, LAYER_NORM_STACK_BYTES,
     layer_norm_table_arena, layer_norm_table_call, NULL},
};

const stepc_module *layer_norm_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "layer_norm", "generic", 1u, 0u, layer_norm_entries, NULL,
        LAYER_NORM_STATE_BYTES, LAYER_NORM_WEIGHTS_BYTES, layer_norm_init,
    };
    return &table;
}
#endif
