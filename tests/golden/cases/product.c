/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module product for the ISA profile generic; do not edit.
 *
 * product(a: float32[5,7], b: float32[7,40]) gives c: float32[5,40]
 *     arena 0 bytes, stack at most 4864 bytes, 1 statements
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

#if !defined(PRODUCT_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(PRODUCT_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "product.h"

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
 * in0 = a, in1 = b, out2 = c */
static STEPC_NOINLINE void k0_MatMul(const float *in0, const float *in1, float *restrict out2)
{
    ptrdiff_t i0 = 0;
    for (; 5 - i0 >= 4; i0 += 4) {
        ptrdiff_t i1 = 0;
        for (; 40 - i1 >= 2 * V_LANES; i1 += 2 * V_LANES) {
            v_f32 a0_0_0 = v_splat_f32(0.0f);
            v_f32 a0_0_1 = v_splat_f32(0.0f);
            v_f32 a0_1_0 = v_splat_f32(0.0f);
            v_f32 a0_1_1 = v_splat_f32(0.0f);
            v_f32 a0_2_0 = v_splat_f32(0.0f);
            v_f32 a0_2_1 = v_splat_f32(0.0f);
            v_f32 a0_3_0 = v_splat_f32(0.0f);
            v_f32 a0_3_1 = v_splat_f32(0.0f);
            for (ptrdiff_t i2 = 0; i2 < 7; i2++) {
                const float v0_0 = in0[i0 * 7 + i2];
                const float v0_1 = in0[i0 * 7 + i2 + 7];
                const float v0_2 = in0[i0 * 7 + i2 + 14];
                const float v0_3 = in0[i0 * 7 + i2 + 21];
                const v_f32 v1_0 = v_load_f32(in1 + (i1 + i2 * 40));
                const v_f32 v1_1 = v_load_f32(in1 + (i1 + V_LANES + i2 * 40));
                a0_0_0 = v_fma_f32(v_splat_f32(v0_0), v1_0, a0_0_0);
                a0_0_1 = v_fma_f32(v_splat_f32(v0_0), v1_1, a0_0_1);
                a0_1_0 = v_fma_f32(v_splat_f32(v0_1), v1_0, a0_1_0);
                a0_1_1 = v_fma_f32(v_splat_f32(v0_1), v1_1, a0_1_1);
                a0_2_0 = v_fma_f32(v_splat_f32(v0_2), v1_0, a0_2_0);
                a0_2_1 = v_fma_f32(v_splat_f32(v0_2), v1_1, a0_2_1);
                a0_3_0 = v_fma_f32(v_splat_f32(v0_3), v1_0, a0_3_0);
                a0_3_1 = v_fma_f32(v_splat_f32(v0_3), v1_1, a0_3_1);
            }
            v_store_f32(out2 + (i0 * 40 + i1), a0_0_0);
            v_store_f32(out2 + (i0 * 40 + i1 + V_LANES), a0_0_1);
            v_store_f32(out2 + (i0 * 40 + i1 + 40), a0_1_0);
            v_store_f32(out2 + (i0 * 40 + i1 + V_LANES + 40), a0_1_1);
            v_store_f32(out2 + (i0 * 40 + i1 + 80), a0_2_0);
            v_store_f32(out2 + (i0 * 40 + i1 + V_LANES + 80), a0_2_1);
            v_store_f32(out2 + (i0 * 40 + i1 + 120), a0_3_0);
            v_store_f32(out2 + (i0 * 40 + i1 + V_LANES + 120), a0_3_1);
        }
        for (; 40 - i1 >= V_LANES; i1 += V_LANES) {
            v_f32 a0_0 = v_splat_f32(0.0f);
            v_f32 a0_1 = v_splat_f32(0.0f);
            v_f32 a0_2 = v_splat_f32(0.0f);
            v_f32 a0_3 = v_splat_f32(0.0f);
            for (ptrdiff_t i2 = 0; i2 < 7; i2++) {
                const float v0_0 = in0[i0 * 7 + i2];
                const float v0_1 = in0[i0 * 7 + i2 + 7];
                const float v0_2 = in0[i0 * 7 + i2 + 14];
                const float v0_3 = in0[i0 * 7 + i2 + 21];
                const v_f32 v1 = v_load_f32(in1 + (i1 + i2 * 40));
                a0_0 = v_fma_f32(v_splat_f32(v0_0), v1, a0_0);
                a0_1 = v_fma_f32(v_splat_f32(v0_1), v1, a0_1);
                a0_2 = v_fma_f32(v_splat_f32(v0_2), v1, a0_2);
                a0_3 = v_fma_f32(v_splat_f32(v0_3), v1, a0_3);
            }
            v_store_f32(out2 + (i0 * 40 + i1), a0_0);
            v_store_f32(out2 + (i0 * 40 + i1 + 40), a0_1);
            v_store_f32(out2 + (i0 * 40 + i1 + 80), a0_2);
            v_store_f32(out2 + (i0 * 40 + i1 + 120), a0_3);
        }
        if (i1 < 40) {
            const size_t rest = (size_t)(40 - i1);
            v_f32 a0_0 = v_splat_f32(0.0f);
            v_f32 a0_1 = v_splat_f32(0.0f);
            v_f32 a0_2 = v_splat_f32(0.0f);
            v_f32 a0_3 = v_splat_f32(0.0f);
            for (ptrdiff_t i2 = 0; i2 < 7; i2++) {
                const float v0_0 = in0[i0 * 7 + i2];
                const float v0_1 = in0[i0 * 7 + i2 + 7];
                const float v0_2 = in0[i0 * 7 + i2 + 14];
                const float v0_3 = in0[i0 * 7 + i2 + 21];
                const v_f32 v1 = v_load_part_f32(in1 + (i1 + i2 * 40), rest);
                a0_0 = v_fma_f32(v_splat_f32(v0_0), v1, a0_0);
                a0_1 = v_fma_f32(v_splat_f32(v0_1), v1, a0_1);
                a0_2 = v_fma_f32(v_splat_f32(v0_2), v1, a0_2);
                a0_3 = v_fma_f32(v_splat_f32(v0_3), v1, a0_3);
            }
            v_store_part_f32(out2 + (i0 * 40 + i1), a0_0, rest);
            v_store_part_f32(out2 + (i0 * 40 + i1 + 40), a0_1, rest);
            v_store_part_f32(out2 + (i0 * 40 + i1 + 80), a0_2, rest);
            v_store_part_f32(out2 + (i0 * 40 + i1 + 120), a0_3, rest);
        }
    }
    if (i0 < 5) {
        ptrdiff_t i1 = 0;
        for (; 40 - i1 >= 2 * V_LANES; i1 += 2 * V_LANES) {
            v_f32 a0_0 = v_splat_f32(0.0f);
            v_f32 a0_1 = v_splat_f32(0.0f);
            for (ptrdiff_t i2 = 0; i2 < 7; i2++) {
                const float v0 = in0[i0 * 7 + i2];
                const v_f32 v1_0 = v_load_f32(in1 + (i1 + i2 * 40));
                const v_f32 v1_1 = v_load_f32(in1 + (i1 + V_LANES + i2 * 40));
                a0_0 = v_fma_f32(v_splat_f32(v0), v1_0, a0_0);
                a0_1 = v_fma_f32(v_splat_f32(v0), v1_1, a0_1);
            }
            v_store_f32(out2 + (i0 * 40 + i1), a0_0);
            v_store_f32(out2 + (i0 * 40 + i1 + V_LANES), a0_1);
        }
        for (; 40 - i1 >= V_LANES; i1 += V_LANES) {
            v_f32 a0 = v_splat_f32(0.0f);
            for (ptrdiff_t i2 = 0; i2 < 7; i2++) {
                const float v0 = in0[i0 * 7 + i2];
                const v_f32 v1 = v_load_f32(in1 + (i1 + i2 * 40));
                a0 = v_fma_f32(v_splat_f32(v0), v1, a0);
            }
            v_store_f32(out2 + (i0 * 40 + i1), a0);
        }
        if (i1 < 40) {
            const size_t rest = (size_t)(40 - i1);
            v_f32 a0 = v_splat_f32(0.0f);
            for (ptrdiff_t i2 = 0; i2 < 7; i2++) {
                const float v0 = in0[i0 * 7 + i2];
                const v_f32 v1 = v_load_part_f32(in1 + (i1 + i2 * 40), rest);
                a0 = v_fma_f32(v_splat_f32(v0), v1, a0);
            }
            v_store_part_f32(out2 + (i0 * 40 + i1), a0, rest);
        }
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t product_refuse(const stepc_env *env, const char *message)
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
static void product_part0(const product_feeds *feeds, product_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    (void)n;
    k0_MatMul(feeds->a, feeds->b, fetches->c);
}

int32_t product(const product_feeds *feeds, product_fetches *fetches, const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return product_refuse(env, "feeds or fetches is NULL");
    if (feeds->a == NULL)
        return product_refuse(env, "feeds.a is NULL");
    if (feeds->b == NULL)
        return product_refuse(env, "feeds.b is NULL");
    if (fetches->c == NULL)
        return product_refuse(env, "fetches.c is NULL");
    product_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, NULL);
    return 0;
}

const unsigned char product_signature_32619e94 = 1;

int32_t product_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension product_feeds_dims0[] = {
    {INT64_C(5), -1, 0},
    {INT64_C(7), -1, 0},
};
static const stepc_dimension product_feeds_dims1[] = {
    {INT64_C(7), -1, 0},
    {INT64_C(40), -1, 0},
};
static const stepc_slot product_feeds_slots[] = {
    {"a", "a:0", 1, 2, product_feeds_dims0, (uint32_t)offsetof(product_feeds, a), -1},
    {"b", "b:0", 1, 2, product_feeds_dims1, (uint32_t)offsetof(product_feeds, b), -1},
};
static const stepc_dimension product_fetches_dims0[] = {
    {INT64_C(5), -1, 0},
    {INT64_C(40), -1, 0},
};
static const stepc_slot product_fetches_slots[] = {
    {"c", "c:0", 1, 2, product_fetches_dims0, (uint32_t)offsetof(product_fetches, c), -1},
};
static int32_t product_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return product((const product_feeds *)feeds, (product_fetches *)fetches, env);
}

static const stepc_entry product_entries[] = {
    {"product", PRODUCT_SIGNATURE, 2u, 1u, 0u, 0u,
     product_feeds_slots, product_fetches_slots, NULL, NULL,
     (uint32_t)sizeof(product_feeds), (uint32_t)sizeof(product_fetches), PRODUCT_ARENA_BYTES, PRODUCT_STACK_BYTES,
     NULL, product_table_call, NULL},
};

const stepc_module *product_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "product", "generic", 1u, 0u, product_entries, NULL,
        PRODUCT_STATE_BYTES, PRODUCT_WEIGHTS_BYTES, product_init,
    };
    return &table;
}
#endif
