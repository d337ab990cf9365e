/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module product_panels for the ISA profile generic; do not edit.
 *
 * product_panels(a: float32[n<=64,3], b: float32[20]) gives c: float32[n<=64,20]
 *     arena 0 bytes, stack at most 5888 bytes, 1 statements
 *
 * State 0 bytes, weights 384 bytes (inline). */
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

#if !defined(PRODUCT_PANELS_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(PRODUCT_PANELS_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "product_panels.h"

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

/* MatMul MatMul.
 * in0 = b, in1 = a, in2 = w, out3 = c */
static STEPC_NOINLINE void k0_MatMul(const float *in0, const float *in1, const float *in2, float *restrict out3, ptrdiff_t n0)
{
    ptrdiff_t i1 = 0;
    for (; 20 - i1 >= 2 * V_LANES; i1 += 2 * V_LANES) {
        ptrdiff_t i0 = 0;
        for (; n0 - i0 >= 4; i0 += 4) {
            const v_f32 v4_0 = v_load_f32(in0 + i1);
            const v_f32 v4_1 = v_load_f32(in0 + (i1 + V_LANES));
            v_f32 a0_0_0 = v_splat_f32(0.0f);
            v_f32 a0_0_1 = v_splat_f32(0.0f);
            v_f32 a0_1_0 = v_splat_f32(0.0f);
            v_f32 a0_1_1 = v_splat_f32(0.0f);
            v_f32 a0_2_0 = v_splat_f32(0.0f);
            v_f32 a0_2_1 = v_splat_f32(0.0f);
            v_f32 a0_3_0 = v_splat_f32(0.0f);
            v_f32 a0_3_1 = v_splat_f32(0.0f);
            for (ptrdiff_t i2 = 0; i2 < 3; i2++) {
                const float v0_0 = in1[i0 * 3 + i2];
                const float v0_1 = in1[i0 * 3 + i2 + 3];
                const float v0_2 = in1[i0 * 3 + i2 + 6];
                const float v0_3 = in1[i0 * 3 + i2 + 9];
                const v_f32 v1_0 = v_load_f32(in2 + (i1 / 32 * 96 + i1 % 32 + i2 * 32));
                const v_f32 v1_1 = v_load_f32(in2 + (i1 / 32 * 96 + i1 % 32 + V_LANES + i2 * 32));
                a0_0_0 = v_fma_f32(v_splat_f32(v0_0), v1_0, a0_0_0);
                a0_0_1 = v_fma_f32(v_splat_f32(v0_0), v1_1, a0_0_1);
                a0_1_0 = v_fma_f32(v_splat_f32(v0_1), v1_0, a0_1_0);
                a0_1_1 = v_fma_f32(v_splat_f32(v0_1), v1_1, a0_1_1);
                a0_2_0 = v_fma_f32(v_splat_f32(v0_2), v1_0, a0_2_0);
                a0_2_1 = v_fma_f32(v_splat_f32(v0_2), v1_1, a0_2_1);
                a0_3_0 = v_fma_f32(v_splat_f32(v0_3), v1_0, a0_3_0);
                a0_3_1 = v_fma_f32(v_splat_f32(v0_3), v1_1, a0_3_1);
            }
            const v_f32 v5_0_0 = a0_0_0 + v4_0;
            const v_f32 v5_0_1 = a0_0_1 + v4_1;
            const v_f32 v5_1_0 = a0_1_0 + v4_0;
            const v_f32 v5_1_1 = a0_1_1 + v4_1;
            const v_f32 v5_2_0 = a0_2_0 + v4_0;
            const v_f32 v5_2_1 = a0_2_1 + v4_1;
            const v_f32 v5_3_0 = a0_3_0 + v4_0;
            const v_f32 v5_3_1 = a0_3_1 + v4_1;
            v_store_f32(out3 + (i0 * 20 + i1), v5_0_0);
            v_store_f32(out3 + (i0 * 20 + i1 + V_LANES), v5_0_1);
            v_store_f32(out3 + (i0 * 20 + i1 + 20), v5_1_0);
            v_store_f32(out3 + (i0 * 20 + i1 + V_LANES + 20), v5_1_1);
            v_store_f32(out3 + (i0 * 20 + i1 + 40), v5_2_0);
            v_store_f32(out3 + (i0 * 20 + i1 + V_LANES + 40), v5_2_1);
            v_store_f32(out3 + (i0 * 20 + i1 + 60), v5_3_0);
            v_store_f32(out3 + (i0 * 20 + i1 + V_LANES + 60), v5_3_1);
        }
        for (; n0 - i0 >= 2; i0 += 2) {
            const v_f32 v4_0 = v_load_f32(in0 + i1);
            const v_f32 v4_1 = v_load_f32(in0 + (i1 + V_LANES));
            v_f32 a0_0_0 = v_splat_f32(0.0f);
            v_f32 a0_0_1 = v_splat_f32(0.0f);
            v_f32 a0_1_0 = v_splat_f32(0.0f);
            v_f32 a0_1_1 = v_splat_f32(0.0f);
            for (ptrdiff_t i2 = 0; i2 < 3; i2++) {
                const float v0_0 = in1[i0 * 3 + i2];
                const float v0_1 = in1[i0 * 3 + i2 + 3];
                const v_f32 v1_0 = v_load_f32(in2 + (i1 / 32 * 96 + i1 % 32 + i2 * 32));
                const v_f32 v1_1 = v_load_f32(in2 + (i1 / 32 * 96 + i1 % 32 + V_LANES + i2 * 32));
                a0_0_0 = v_fma_f32(v_splat_f32(v0_0), v1_0, a0_0_0);
                a0_0_1 = v_fma_f32(v_splat_f32(v0_0), v1_1, a0_0_1);
                a0_1_0 = v_fma_f32(v_splat_f32(v0_1), v1_0, a0_1_0);
                a0_1_1 = v_fma_f32(v_splat_f32(v0_1), v1_1, a0_1_1);
            }
            const v_f32 v5_0_0 = a0_0_0 + v4_0;
            const v_f32 v5_0_1 = a0_0_1 + v4_1;
            const v_f32 v5_1_0 = a0_1_0 + v4_0;
            const v_f32 v5_1_1 = a0_1_1 + v4_1;
            v_store_f32(out3 + (i0 * 20 + i1), v5_0_0);
            v_store_f32(out3 + (i0 * 20 + i1 + V_LANES), v5_0_1);
            v_store_f32(out3 + (i0 * 20 + i1 + 20), v5_1_0);
            v_store_f32(out3 + (i0 * 20 + i1 + V_LANES + 20), v5_1_1);
        }
        for (; i0 < n0; i0++) {
            const v_f32 v4_0 = v_load_f32(in0 + i1);
            const v_f32 v4_1 = v_load_f32(in0 + (i1 + V_LANES));
            v_f32 a0_0 = v_splat_f32(0.0f);
            v_f32 a0_1 = v_splat_f32(0.0f);
            for (ptrdiff_t i2 = 0; i2 < 3; i2++) {
                const float v0 = in1[i0 * 3 + i2];
                const v_f32 v1_0 = v_load_f32(in2 + (i1 / 32 * 96 + i1 % 32 + i2 * 32));
                const v_f32 v1_1 = v_load_f32(in2 + (i1 / 32 * 96 + i1 % 32 + V_LANES + i2 * 32));
                a0_0 = v_fma_f32(v_splat_f32(v0), v1_0, a0_0);
                a0_1 = v_fma_f32(v_splat_f32(v0), v1_1, a0_1);
            }
            const v_f32 v5_0 = a0_0 + v4_0;
            const v_f32 v5_1 = a0_1 + v4_1;
            v_store_f32(out3 + (i0 * 20 + i1), v5_0);
            v_store_f32(out3 + (i0 * 20 + i1 + V_LANES), v5_1);
        }
    }
    if (i1 < 20) {
        const ptrdiff_t rest = 20 - i1;
        ptrdiff_t i0 = 0;
        for (; n0 - i0 >= 4; i0 += 4) {
            const v_f32 v4_0 = v_load_upto_f32(in0 + i1, 0, rest);
            const v_f32 v4_1 = v_load_upto_f32(in0 + i1, V_LANES, rest);
            v_f32 a0_0_0 = v_splat_f32(0.0f);
            v_f32 a0_0_1 = v_splat_f32(0.0f);
            v_f32 a0_1_0 = v_splat_f32(0.0f);
            v_f32 a0_1_1 = v_splat_f32(0.0f);
            v_f32 a0_2_0 = v_splat_f32(0.0f);
            v_f32 a0_2_1 = v_splat_f32(0.0f);
            v_f32 a0_3_0 = v_splat_f32(0.0f);
            v_f32 a0_3_1 = v_splat_f32(0.0f);
            for (ptrdiff_t i2 = 0; i2 < 3; i2++) {
                const float v0_0 = in1[i0 * 3 + i2];
                const float v0_1 = in1[i0 * 3 + i2 + 3];
                const float v0_2 = in1[i0 * 3 + i2 + 6];
                const float v0_3 = in1[i0 * 3 + i2 + 9];
                const v_f32 v1_0 = v_load_f32(in2 + (i1 / 32 * 96 + i1 % 32 + i2 * 32));
                const v_f32 v1_1 = v_load_f32(in2 + (i1 / 32 * 96 + i1 % 32 + V_LANES + i2 * 32));
                a0_0_0 = v_fma_f32(v_splat_f32(v0_0), v1_0, a0_0_0);
                a0_0_1 = v_fma_f32(v_splat_f32(v0_0), v1_1, a0_0_1);
                a0_1_0 = v_fma_f32(v_splat_f32(v0_1), v1_0, a0_1_0);
                a0_1_1 = v_fma_f32(v_splat_f32(v0_1), v1_1, a0_1_1);
                a0_2_0 = v_fma_f32(v_splat_f32(v0_2), v1_0, a0_2_0);
                a0_2_1 = v_fma_f32(v_splat_f32(v0_2), v1_1, a0_2_1);
                a0_3_0 = v_fma_f32(v_splat_f32(v0_3), v1_0, a0_3_0);
                a0_3_1 = v_fma_f32(v_splat_f32(v0_3), v1_1, a0_3_1);
            }
            const v_f32 v5_0_0 = a0_0_0 + v4_0;
            const v_f32 v5_0_1 = a0_0_1 + v4_1;
            const v_f32 v5_1_0 = a0_1_0 + v4_0;
            const v_f32 v5_1_1 = a0_1_1 + v4_1;
            const v_f32 v5_2_0 = a0_2_0 + v4_0;
            const v_f32 v5_2_1 = a0_2_1 + v4_1;
            const v_f32 v5_3_0 = a0_3_0 + v4_0;
            const v_f32 v5_3_1 = a0_3_1 + v4_1;
            v_store_upto_f32(out3 + (i0 * 20 + i1), 0, v5_0_0, rest);
            v_store_upto_f32(out3 + (i0 * 20 + i1), V_LANES, v5_0_1, rest);
            v_store_upto_f32(out3 + (i0 * 20 + i1 + 20), 0, v5_1_0, rest);
            v_store_upto_f32(out3 + (i0 * 20 + i1 + 20), V_LANES, v5_1_1, rest);
            v_store_upto_f32(out3 + (i0 * 20 + i1 + 40), 0, v5_2_0, rest);
            v_store_upto_f32(out3 + (i0 * 20 + i1 + 40), V_LANES, v5_2_1, rest);
            v_store_upto_f32(out3 + (i0 * 20 + i1 + 60), 0, v5_3_0, rest);
            v_store_upto_f32(out3 + (i0 * 20 + i1 + 60), V_LANES, v5_3_1, rest);
        }
        for (; n0 - i0 >= 2; i0 += 2) {
            const v_f32 v4_0 = v_load_upto_f32(in0 + i1, 0, rest);
            const v_f32 v4_1 = v_load_upto_f32(in0 + i1, V_LANES, rest);
            v_f32 a0_0_0 = v_splat_f32(0.0f);
            v_f32 a0_0_1 = v_splat_f32(0.0f);
            v_f32 a0_1_0 = v_splat_f32(0.0f);
            v_f32 a0_1_1 = v_splat_f32(0.0f);
            for (ptrdiff_t i2 = 0; i2 < 3; i2++) {
                const float v0_0 = in1[i0 * 3 + i2];
                const float v0_1 = in1[i0 * 3 + i2 + 3];
                const v_f32 v1_0 = v_load_f32(in2 + (i1 / 32 * 96 + i1 % 32 + i2 * 32));
                const v_f32 v1_1 = v_load_f32(in2 + (i1 / 32 * 96 + i1 % 32 + V_LANES + i2 * 32));
                a0_0_0 = v_fma_f32(v_splat_f32(v0_0), v1_0, a0_0_0);
                a0_0_1 = v_fma_f32(v_splat_f32(v0_0), v1_1, a0_0_1);
                a0_1_0 = v_fma_f32(v_splat_f32(v0_1), v1_0, a0_1_0);
                a0_1_1 = v_fma_f32(v_splat_f32(v0_1), v1_1, a0_1_1);
            }
            const v_f32 v5_0_0 = a0_0_0 + v4_0;
            const v_f32 v5_0_1 = a0_0_1 + v4_1;
            const v_f32 v5_1_0 = a0_1_0 + v4_0;
            const v_f32 v5_1_1 = a0_1_1 + v4_1;
            v_store_upto_f32(out3 + (i0 * 20 + i1), 0, v5_0_0, rest);
            v_store_upto_f32(out3 + (i0 * 20 + i1), V_LANES, v5_0_1, rest);
            v_store_upto_f32(out3 + (i0 * 20 + i1 + 20), 0, v5_1_0, rest);
            v_store_upto_f32(out3 + (i0 * 20 + i1 + 20), V_LANES, v5_1_1, rest);
        }
        for (; i0 < n0; i0++) {
            const v_f32 v4_0 = v_load_upto_f32(in0 + i1, 0, rest);
            const v_f32 v4_1 = v_load_upto_f32(in0 + i1, V_LANES, rest);
            v_f32 a0_0 = v_splat_f32(0.0f);
            v_f32 a0_1 = v_splat_f32(0.0f);
            for (ptrdiff_t i2 = 0; i2 < 3; i2++) {
                const float v0 = in1[i0 * 3 + i2];
                const v_f32 v1_0 = v_load_f32(in2 + (i1 / 32 * 96 + i1 % 32 + i2 * 32));
                const v_f32 v1_1 = v_load_f32(in2 + (i1 / 32 * 96 + i1 % 32 + V_LANES + i2 * 32));
                a0_0 = v_fma_f32(v_splat_f32(v0), v1_0, a0_0);
                a0_1 = v_fma_f32(v_splat_f32(v0), v1_1, a0_1);
            }
            const v_f32 v5_0 = a0_0 + v4_0;
            const v_f32 v5_1 = a0_1 + v4_1;
            v_store_upto_f32(out3 + (i0 * 20 + i1), 0, v5_0, rest);
            v_store_upto_f32(out3 + (i0 * 20 + i1), V_LANES, v5_1, rest);
        }
    }
}

static const float w0_w[96] = {
    -0x1.8p+1f, 0.0f, 0x1.8p+1f, -0x1.0p+0f, 0x1.0p+1f, -0x1.0p+1f, 0x1.0p+0f, -0x1.8p+1f,
    0.0f, 0x1.8p+1f, -0x1.0p+0f, 0x1.0p+1f, -0x1.0p+1f, 0x1.0p+0f, -0x1.8p+1f, 0.0f,
    0x1.8p+1f, -0x1.0p+0f, 0x1.0p+1f, -0x1.0p+1f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0x1.0p+1f, 0x1.0p+0f, -0x1.8p+1f, 0.0f, 0x1.8p+1f, -0x1.0p+0f, 0x1.0p+1f, -0x1.0p+1f,
    0x1.0p+0f, -0x1.8p+1f, 0.0f, 0x1.8p+1f, -0x1.0p+0f, 0x1.0p+1f, -0x1.0p+1f, 0x1.0p+0f,
    -0x1.8p+1f, 0.0f, 0x1.8p+1f, -0x1.0p+0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0x1.0p+0f, 0x1.0p+1f, -0x1.0p+1f, 0x1.0p+0f, -0x1.8p+1f, 0.0f, 0x1.8p+1f, -0x1.0p+0f,
    0x1.0p+1f, -0x1.0p+1f, 0x1.0p+0f, -0x1.8p+1f, 0.0f, 0x1.8p+1f, -0x1.0p+0f, 0x1.0p+1f,
    -0x1.0p+1f, 0x1.0p+0f, -0x1.8p+1f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
};

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t product_panels_refuse(const stepc_env *env, const char *message)
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
static int product_panels_sizes(const product_panels_feeds *feeds, int64_t *n)
{
    int good = 1;

    n[0] = feeds->n;
    n[1] = 0; /* where slots of the arena start */
    for (int i = 0; i < 2; i++)
        good &= n[i] <= (int64_t)PTRDIFF_MAX;
    return good;
}

/* Statements of the step, in order. */
static void product_panels_part0(const product_panels_feeds *feeds, product_panels_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    k0_MatMul(feeds->b, feeds->a, w0_w, fetches->c, (ptrdiff_t)n[0]);
}

int32_t product_panels_arena_for(const product_panels_feeds *feeds, uint64_t *out_bytes)
{
    int64_t n[2];

    if (feeds == NULL || out_bytes == NULL)
        return 3;
    if (feeds->n < 0)
        return 3;
    if (!product_panels_sizes(feeds, n))
        return 3;
    *out_bytes = (uint64_t)n[1];
    return 0;
}

int32_t product_panels(const product_panels_feeds *feeds, product_panels_fetches *fetches, const stepc_env *env)
{
    int64_t n[2];

    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return product_panels_refuse(env, "feeds or fetches is NULL");
    if (feeds->n < 1 || feeds->n > INT64_C(64))
        return product_panels_refuse(env, "n is out of range");
    if (feeds->a == NULL)
        return product_panels_refuse(env, "feeds.a is NULL");
    if (feeds->b == NULL)
        return product_panels_refuse(env, "feeds.b is NULL");
    if (fetches->c == NULL)
        return product_panels_refuse(env, "fetches.c is NULL");
    if (!product_panels_sizes(feeds, n))
        return product_panels_refuse(env, "the sizes are too large");
    product_panels_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, n);
    return 0;
}

const unsigned char product_panels_signature_3b9e9b45 = 1;

int32_t product_panels_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension product_panels_feeds_dims0[] = {
    {INT64_C(64), 0, 0},
    {INT64_C(3), -1, 0},
};
static const stepc_dimension product_panels_feeds_dims1[] = {
    {INT64_C(20), -1, 0},
};
static const stepc_slot product_panels_feeds_slots[] = {
    {"a", "a:0", 1, 2, product_panels_feeds_dims0, (uint32_t)offsetof(product_panels_feeds, a), -1},
    {"b", "b:0", 1, 1, product_panels_feeds_dims1, (uint32_t)offsetof(product_panels_feeds, b), -1},
};
static const stepc_dimension product_panels_fetches_dims0[] = {
    {INT64_C(64), 0, 0},
    {INT64_C(20), -1, 0},
};
static const stepc_slot product_panels_fetches_slots[] = {
    {"c", "c:0", 1, 2, product_panels_fetches_dims0, (uint32_t)offsetof(product_panels_fetches, c), -1},
};
static const stepc_symbol product_panels_symbols[] = {
    {"n", (uint32_t)offsetof(product_panels_feeds, n), INT64_C(64)},
};
static int32_t product_panels_table_arena(const void *feeds, uint64_t *out_bytes)
{
    return product_panels_arena_for((const product_panels_feeds *)feeds, out_bytes);
}
static int32_t product_panels_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return product_panels((const product_panels_feeds *)feeds, (product_panels_fetches *)fetches, env);
}

static const stepc_entry product_panels_entries[] = {
    {"product_panels", PRODUCT_PANELS_SIGNATURE, 2u, 1u, 0u, 1u,
     product_panels_feeds_slots, product_panels_fetches_slots, NULL, product_panels_symbols,
     (uint32_t)sizeof(product_panels_feeds), (uint32_t)sizeof(product_panels_fetches), PRODUCT_PANELS_ARENA_BYTES, PRODUCT_PANELS_STACK_BYTES,
     product_panels_table_arena, product_panels_table_call, NULL},
};

const stepc_module *product_panels_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "product_panels", "generic", 1u, 0u, product_panels_entries, NULL,
        PRODUCT_PANELS_STATE_BYTES, PRODUCT_PANELS_WEIGHTS_BYTES, product_panels_init,
    };
    return &table;
}
#endif
