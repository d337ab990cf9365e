/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module angles_f64 for the ISA profile generic; do not edit.
 *
 * angles_f64(x: float64[100]) gives y: float64[100]
 *     arena 0 bytes, stack at most 3584 bytes, 1 statements
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

#if !defined(ANGLES_F64_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(ANGLES_F64_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "angles_f64.h"

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

/* AddV2 sum.
 * in0 = x, out1 = y */
static STEPC_NOINLINE void k0_AddV2(const double *in0, double *restrict out1)
{
    ptrdiff_t i0 = 0;
    for (; 100 - i0 >= 2 * V_LANES64; i0 += 2 * V_LANES64) {
        const v_f64 v0_0 = v_load_f64(in0 + i0);
        const v_f64 v0_1 = v_load_f64(in0 + (i0 + V_LANES64));
        v_f64 v1_0, v2_0, v1_1, v2_1;
        if (v_any_huge_f64(v_abs_f64(v0_0) + v_abs_f64(v0_1))) {
            v1_0 = v_sincos_rare_f64(v0_0, 0);
            v2_0 = v_sincos_rare_f64(v0_0, 1);
            v1_1 = v_sincos_rare_f64(v0_1, 0);
            v2_1 = v_sincos_rare_f64(v0_1, 1);
        } else {
            v1_0 = v_sincos_near_f64(v0_0, &v2_0);
            v1_1 = v_sincos_near_f64(v0_1, &v2_1);
        }
        const v_f64 v3_0 = v1_0 * v2_0;
        const v_f64 v3_1 = v1_1 * v2_1;
        v_f64 v4_0, v4_1;
        if (v_any_huge_f64(v_abs_f64(v3_0) + v_abs_f64(v3_1))) {
            v4_0 = v_sin_rare_f64(v3_0);
            v4_1 = v_sin_rare_f64(v3_1);
        } else {
            v4_0 = v_sin_near_f64(v3_0);
            v4_1 = v_sin_near_f64(v3_1);
        }
        const v_f64 v5_0 = v_tan_f64(v0_0);
        const v_f64 v5_1 = v_tan_f64(v0_1);
        const v_f64 v6_0 = v4_0 + v5_0;
        const v_f64 v6_1 = v4_1 + v5_1;
        v_store_f64(out1 + i0, v6_0);
        v_store_f64(out1 + (i0 + V_LANES64), v6_1);
    }
    for (; 100 - i0 >= V_LANES64; i0 += V_LANES64) {
        const v_f64 v0 = v_load_f64(in0 + i0);
        v_f64 v2;
        const v_f64 v1 = v_sincos_f64(v0, &v2);
        const v_f64 v3 = v1 * v2;
        const v_f64 v4 = v_sin_f64(v3);
        const v_f64 v5 = v_tan_f64(v0);
        const v_f64 v6 = v4 + v5;
        v_store_f64(out1 + i0, v6);
    }
    if (i0 < 100) {
        const size_t rest = (size_t)(100 - i0);
        const v_f64 v0 = v_load_part_f64(in0 + i0, rest);
        v_f64 v2;
        const v_f64 v1 = v_sincos_f64(v0, &v2);
        const v_f64 v3 = v1 * v2;
        const v_f64 v4 = v_sin_f64(v3);
        const v_f64 v5 = v_tan_f64(v0);
        const v_f64 v6 = v4 + v5;
        v_store_part_f64(out1 + i0, v6, rest);
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t angles_f64_refuse(const stepc_env *env, const char *message)
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
static void angles_f64_part0(const angles_f64_feeds *feeds, angles_f64_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    (void)n;
    k0_AddV2(feeds->x, fetches->y);
}

int32_t angles_f64(const angles_f64_feeds *feeds, angles_f64_fetches *fetches, const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return angles_f64_refuse(env, "feeds or fetches is NULL");
    if (feeds->x == NULL)
        return angles_f64_refuse(env, "feeds.x is NULL");
    if (fetches->y == NULL)
        return angles_f64_refuse(env, "fetches.y is NULL");
    angles_f64_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, NULL);
    return 0;
}

const unsigned char angles_f64_signature_780988f3 = 1;

int32_t angles_f64_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension angles_f64_feeds_dims0[] = {
    {INT64_C(100), -1, 0},
};
static const stepc_slot angles_f64_feeds_slots[] = {
    {"x", "x:0", 2, 1, angles_f64_feeds_dims0, (uint32_t)offsetof(angles_f64_feeds, x), -1},
};
static const stepc_dimension angles_f64_fetches_dims0[] = {
    {INT64_C(100), -1, 0},
};
static const stepc_slot angles_f64_fetches_slots[] = {
    {"y", "y:0", 2, 1, angles_f64_fetches_dims0, (uint32_t)offsetof(angles_f64_fetches, y), -1},
};
static int32_t angles_f64_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return angles_f64((const angles_f64_feeds *)feeds, (angles_f64_fetches *)fetches, env);
}

static const stepc_entry angles_f64_entries[] = {
    {"angles_f64", ANGLES_F64_SIGNATURE, 1u, 1u, 0u, 0u,
     angles_f64_feeds_slots, angles_f64_fetches_slots, NULL, NULL,
     (uint32_t)sizeof(angles_f64_feeds), (uint32_t)sizeof(angles_f64_fetches), ANGLES_F64_ARENA_BYTES, ANGLES_F64_STACK_BYTES,
     NULL, angles_f64_table_call, NULL},
};

const stepc_module *angles_f64_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "angles_f64", "generic", 1u, 0u, angles_f64_entries, NULL,
        ANGLES_F64_STATE_BYTES, ANGLES_F64_WEIGHTS_BYTES, angles_f64_init,
    };
    return &table;
}
#endif
