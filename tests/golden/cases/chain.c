/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module chain for the ISA profile generic; do not edit.
 *
 * chain(x: float32[100], at: int32[4]) gives y: float32[100]
 *     arena 256 bytes, stack at most 3072 bytes, 4 statements
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

#if !defined(CHAIN_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(CHAIN_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "chain.h"

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

/* GatherV2 gather.
 * in0 = at */
static STEPC_NOINLINE int32_t k0_GatherV2(const int32_t *in0, int32_t check)
{
    for (ptrdiff_t i0 = 0; i0 < 4; i0++) {
        const int32_t v0 = in0[i0];
        const int64_t v1 = (int64_t)v0;
        const int v2 = v1 >= 0 && v1 < 100;
        if (!v2)
            return check;
    }
    return 0;
}

/* Mul mul.
 * in0 = x, out1 = z */
static STEPC_NOINLINE void k1_Mul(const float *in0, float *restrict out1, ptrdiff_t t0, ptrdiff_t e0)
{
    ptrdiff_t i0 = t0;
    for (; e0 - i0 >= 2 * V_LANES; i0 += 2 * V_LANES) {
        const v_f32 v0_0 = v_load_f32(in0 + i0);
        const v_f32 v0_1 = v_load_f32(in0 + (i0 + V_LANES));
        const v_f32 v2_0 = v0_0 * v_splat_f32(0.5f);
        const v_f32 v2_1 = v0_1 * v_splat_f32(0.5f);
        v_f32 v3_0, v3_1;
        if (v_any_huge_f32(v_abs_f32(v2_0) + v_abs_f32(v2_1))) {
            v3_0 = v_sin_rare_f32(v2_0);
            v3_1 = v_sin_rare_f32(v2_1);
        } else {
            v3_0 = v_sin_near_f32(v2_0);
            v3_1 = v_sin_near_f32(v2_1);
        }
        v_store_f32(out1 + ((i0 - t0)), v3_0);
        v_store_f32(out1 + ((i0 - t0) + V_LANES), v3_1);
    }
    for (; e0 - i0 >= V_LANES; i0 += V_LANES) {
        const v_f32 v0 = v_load_f32(in0 + i0);
        const v_f32 v2 = v0 * v_splat_f32(0.5f);
        const v_f32 v3 = v_sin_f32(v2);
        v_store_f32(out1 + ((i0 - t0)), v3);
    }
    if (i0 < e0) {
        const size_t rest = (size_t)(e0 - i0);
        const v_f32 v0 = v_load_part_f32(in0 + i0, rest);
        const v_f32 v2 = v0 * v_splat_f32(0.5f);
        const v_f32 v3 = v_sin_f32(v2);
        v_store_f32(out1 + ((i0 - t0)), v3);
    }
}

/* Mul mul_1.
 * in0 = z, out1 = z */
static STEPC_NOINLINE void k2_Mul(const float *in0, float *restrict out1, ptrdiff_t t0, ptrdiff_t e0)
{
    ptrdiff_t i0 = t0;
    for (; e0 - i0 >= 2 * V_LANES; i0 += 2 * V_LANES) {
        const v_f32 v0_0 = v_load_f32(in0 + ((i0 - t0)));
        const v_f32 v0_1 = v_load_f32(in0 + ((i0 - t0) + V_LANES));
        const v_f32 v2_0 = v0_0 * v_splat_f32(1.0f);
        const v_f32 v2_1 = v0_1 * v_splat_f32(1.0f);
        v_f32 v3_0, v3_1;
        if (v_any_huge_f32(v_abs_f32(v2_0) + v_abs_f32(v2_1))) {
            v3_0 = v_sin_rare_f32(v2_0);
            v3_1 = v_sin_rare_f32(v2_1);
        } else {
            v3_0 = v_sin_near_f32(v2_0);
            v3_1 = v_sin_near_f32(v2_1);
        }
        v_store_f32(out1 + ((i0 - t0)), v3_0);
        v_store_f32(out1 + ((i0 - t0) + V_LANES), v3_1);
    }
    /* The last vector may run over the end: the strip's memory has room for it. */
    for (; i0 < e0; i0 += V_LANES) {
        const v_f32 v0 = v_load_f32(in0 + ((i0 - t0)));
        const v_f32 v2 = v0 * v_splat_f32(1.0f);
        const v_f32 v3 = v_sin_f32(v2);
        v_store_f32(out1 + ((i0 - t0)), v3);
    }
}

/* Mul mul_2.
 * in0 = z, out1 = y */
static STEPC_NOINLINE void k3_Mul(const float *in0, float *restrict out1, ptrdiff_t t0, ptrdiff_t e0)
{
    ptrdiff_t i0 = t0;
    for (; e0 - i0 >= 2 * V_LANES; i0 += 2 * V_LANES) {
        const v_f32 v0_0 = v_load_f32(in0 + ((i0 - t0)));
        const v_f32 v0_1 = v_load_f32(in0 + ((i0 - t0) + V_LANES));
        const v_f32 v2_0 = v0_0 * v_splat_f32(2.0f);
        const v_f32 v2_1 = v0_1 * v_splat_f32(2.0f);
        v_f32 v3_0, v3_1;
        if (v_any_huge_f32(v_abs_f32(v2_0) + v_abs_f32(v2_1))) {
            v3_0 = v_sin_rare_f32(v2_0);
            v3_1 = v_sin_rare_f32(v2_1);
        } else {
            v3_0 = v_sin_near_f32(v2_0);
            v3_1 = v_sin_near_f32(v2_1);
        }
        v_store_f32(out1 + i0, v3_0);
        v_store_f32(out1 + (i0 + V_LANES), v3_1);
    }
    for (; e0 - i0 >= V_LANES; i0 += V_LANES) {
        const v_f32 v0 = v_load_f32(in0 + ((i0 - t0)));
        const v_f32 v2 = v0 * v_splat_f32(2.0f);
        const v_f32 v3 = v_sin_f32(v2);
        v_store_f32(out1 + i0, v3);
    }
    if (i0 < e0) {
        const size_t rest = (size_t)(e0 - i0);
        const v_f32 v0 = v_load_f32(in0 + ((i0 - t0)));
        const v_f32 v2 = v0 * v_splat_f32(2.0f);
        const v_f32 v3 = v_sin_f32(v2);
        v_store_part_f32(out1 + i0, v3, rest);
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t chain_refuse(const stepc_env *env, const char *message)
{
    if (env->fault != NULL) {
        env->fault->code = 3;
        env->fault->check = 0;
        env->fault->operation = "";
        env->fault->message = message;
    }
    return 3;
}

/* What fails a step: code, the operation's type and name, and TensorFlow's words. */
static const struct {
    int32_t code;
    const char *operation;
    const char *message;
} chain_checks[1] = {
    {3, "GatherV2 gather", "indices are not in range"},
};

static int32_t chain_fail(const stepc_env *env, int32_t check)
{
    if (env->fault != NULL) {
        env->fault->code = chain_checks[check - 1].code;
        env->fault->check = check;
        env->fault->operation = chain_checks[check - 1].operation;
        env->fault->message = chain_checks[check - 1].message;
    }
    return chain_checks[check - 1].code;
}

/* Statements of the step, in order; the number of the check that fails, or 0. */
static int32_t chain_part0(const chain_feeds *feeds, chain_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    int32_t check;

    (void)state;
    (void)weights;
    (void)n;
    check = k0_GatherV2(feeds->at, 1);
    if (check != 0)
        return check;
    for (ptrdiff_t t0 = 0; t0 < (ptrdiff_t)100; t0 += 32) {
        const ptrdiff_t e0 = (ptrdiff_t)100 - t0 > 32 ? t0 + 32 : (ptrdiff_t)100;
        k1_Mul(feeds->x, (float *)(void *)(arena + 0), t0, e0);
        k2_Mul((float *)(void *)(arena + 0), (float *)(void *)(arena + 128), t0, e0);
        k3_Mul((float *)(void *)(arena + 128), fetches->y, t0, e0);
    }
    return 0;
}

int32_t chain(const chain_feeds *feeds, chain_fetches *fetches, const stepc_env *env)
{
    int32_t check;

    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return chain_refuse(env, "feeds or fetches is NULL");
    if (feeds->x == NULL)
        return chain_refuse(env, "feeds.x is NULL");
    if (feeds->at == NULL)
        return chain_refuse(env, "feeds.at is NULL");
    if (fetches->y == NULL)
        return chain_refuse(env, "fetches.y is NULL");
    if (env->arena == NULL || env->arena_bytes < CHAIN_ARENA_BYTES)
        return chain_refuse(env, "the arena is too small");
    if (((uintptr_t)env->arena & 63) != 0)
        return chain_refuse(env, "the arena is not aligned to 64");
    check = chain_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, NULL);
    if (check != 0)
        return chain_fail(env, check);
    return 0;
}

const unsigned char chain_signature_b2ab9d7b = 1;

int32_t chain_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension chain_feeds_dims0[] = {
    {INT64_C(100), -1, 0},
};
static const stepc_dimension chain_feeds_dims1[] = {
    {INT64_C(4), -1, 0},
};
static const stepc_slot chain_feeds_slots[] = {
    {"x", "x:0", 1, 1, chain_feeds_dims0, (uint32_t)offsetof(chain_feeds, x), -1},
    {"at", "at:0", 3, 1, chain_feeds_dims1, (uint32_t)offsetof(chain_feeds, at), -1},
};
static const stepc_dimension chain_fetches_dims0[] = {
    {INT64_C(100), -1, 0},
};
static const stepc_slot chain_fetches_slots[] = {
    {"y", "y:0", 1, 1, chain_fetches_dims0, (uint32_t)offsetof(chain_fetches, y), -1},
};
static int32_t chain_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return chain((const chain_feeds *)feeds, (chain_fetches *)fetches, env);
}

static const stepc_entry chain_entries[] = {
    {"chain", CHAIN_SIGNATURE, 2u, 1u, 0u, 0u,
     chain_feeds_slots, chain_fetches_slots, NULL, NULL,
     (uint32_t)sizeof(chain_feeds), (uint32_t)sizeof(chain_fetches), CHAIN_ARENA_BYTES, CHAIN_STACK_BYTES,
     NULL, chain_table_call, NULL},
};

const stepc_module *chain_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "chain", "generic", 1u, 0u, chain_entries, NULL,
        CHAIN_STATE_BYTES, CHAIN_WEIGHTS_BYTES, chain_init,
    };
    return &table;
}
#endif
