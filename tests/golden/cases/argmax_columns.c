/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module argmax_columns for the ISA profile generic; do not edit.
 *
 * argmax_columns(x: float32[50,3000]) gives y: int64[3000]
 *     arena 0 bytes, stack at most 13056 bytes, 1 statements
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

#if !defined(ARGMAX_COLUMNS_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(ARGMAX_COLUMNS_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "argmax_columns.h"

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

/* ArgMax y.
 * in0 = x, out1 = y */
static STEPC_NOINLINE void k0_ArgMax(const float *in0, int64_t *restrict out1)
{
    for (ptrdiff_t f0 = 0; f0 < 3000; f0 += 640) {
        const ptrdiff_t u0 = 3000 - f0 < 640 ? 3000 : f0 + 640;
        v_f32 acc0_room[640 / V_LANES];
        float *const acc0 = (float *)acc0_room;
        v_i32 at0_room[640 / V_LANES];
        int32_t *const at0 = (int32_t *)at0_room;
        for (ptrdiff_t k = 0; k < 640; k += V_LANES) {
            v_store_f32(acc0 + k, v_splat_f32(f32_of_bits(UINT32_C(0x7fc00000))));
            v_store_i32(at0 + k, v_splat_i32(0));
        }
        ptrdiff_t i1 = 0;
        for (; 50 - i1 >= 2; i1 += 2) {
            ptrdiff_t i0 = f0;
            for (; u0 - i0 >= V_LANES; i0 += V_LANES) {
                const v_f32 v0_0 = v_load_f32(in0 + (i0 + i1 * 3000));
                const v_f32 v0_1 = v_load_f32(in0 + (i0 + i1 * 3000 + 3000));
                const v_f32 b0_0_0 = v_load_f32(acc0 + (i0 - f0));
                const v_m32 m0_0_0 = v_gt_f32(v0_0, b0_0_0) | v_isnan_f32(b0_0_0);
                v_store_f32(acc0 + (i0 - f0), v_select_f32(m0_0_0, v0_0, b0_0_0));
                v_store_i32(at0 + (i0 - f0), v_select_i32(m0_0_0, v_splat_i32((int32_t)(i1)), v_load_i32(at0 + (i0 - f0))));
                const v_f32 b0_1_0 = v_load_f32(acc0 + (i0 - f0));
                const v_m32 m0_1_0 = v_gt_f32(v0_1, b0_1_0) | v_isnan_f32(b0_1_0);
                v_store_f32(acc0 + (i0 - f0), v_select_f32(m0_1_0, v0_1, b0_1_0));
                v_store_i32(at0 + (i0 - f0), v_select_i32(m0_1_0, v_splat_i32((int32_t)(i1 + 1)), v_load_i32(at0 + (i0 - f0))));
            }
            if (i0 < u0) {
                const size_t rest = (size_t)(u0 - i0);
                const v_f32 v0_0 = v_load_part_f32(in0 + (i0 + i1 * 3000), rest);
                const v_f32 v0_1 = v_load_part_f32(in0 + (i0 + i1 * 3000 + 3000), rest);
                const v_f32 b0_0_0 = v_load_f32(acc0 + (i0 - f0));
                const v_m32 m0_0_0 = v_gt_f32(v0_0, b0_0_0) | v_isnan_f32(b0_0_0);
                v_store_f32(acc0 + (i0 - f0), v_select_f32(m0_0_0, v0_0, b0_0_0));
                v_store_i32(at0 + (i0 - f0), v_select_i32(m0_0_0, v_splat_i32((int32_t)(i1)), v_load_i32(at0 + (i0 - f0))));
                const v_f32 b0_1_0 = v_load_f32(acc0 + (i0 - f0));
                const v_m32 m0_1_0 = v_gt_f32(v0_1, b0_1_0) | v_isnan_f32(b0_1_0);
                v_store_f32(acc0 + (i0 - f0), v_select_f32(m0_1_0, v0_1, b0_1_0));
                v_store_i32(at0 + (i0 - f0), v_select_i32(m0_1_0, v_splat_i32((int32_t)(i1 + 1)), v_load_i32(at0 + (i0 - f0))));
            }
        }
        {
            for (ptrdiff_t i0 = f0; i0 < u0; i0++) {
                const int64_t a0_at = acc0[i0 - f0] == acc0[i0 - f0] ? at0[i0 - f0] : 0;
                out1[i0] = a0_at;
            }
        }
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t argmax_columns_refuse(const stepc_env *env, const char *message)
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
static void argmax_columns_part0(const argmax_columns_feeds *feeds, argmax_columns_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    (void)n;
    k0_ArgMax(feeds->x, fetches->y);
}

int32_t argmax_columns(const argmax_columns_feeds *feeds, argmax_columns_fetches *fetches, const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return argmax_columns_refuse(env, "feeds or fetches is NULL");
    if (feeds->x == NULL)
        return argmax_columns_refuse(env, "feeds.x is NULL");
    if (fetches->y == NULL)
        return argmax_columns_refuse(env, "fetches.y is NULL");
    argmax_columns_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, NULL);
    return 0;
}

const unsigned char argmax_columns_signature_5602c17c = 1;

int32_t argmax_columns_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension argmax_columns_feeds_dims0[] = {
    {INT64_C(50), -1, 0},
    {INT64_C(3000), -1, 0},
};
static const stepc_slot argmax_columns_feeds_slots[] = {
    {"x", "x:0", 1, 2, argmax_columns_feeds_dims0, (uint32_t)offsetof(argmax_columns_feeds, x), -1},
};
static const stepc_dimension argmax_columns_fetches_dims0[] = {
    {INT64_C(3000), -1, 0},
};
static const stepc_slot argmax_columns_fetches_slots[] = {
    {"y", "y:0", 9, 1, argmax_columns_fetches_dims0, (uint32_t)offsetof(argmax_columns_fetches, y), -1},
};
static int32_t argmax_columns_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return argmax_columns((const argmax_columns_feeds *)feeds, (argmax_columns_fetches *)fetches, env);
}

static const stepc_entry argmax_columns_entries[] = {
    {"argmax_columns", ARGMAX_COLUMNS_SIGNATURE, 1u, 1u, 0u, 0u,
     argmax_columns_feeds_slots, argmax_columns_fetches_slots, NULL, NULL,
     (uint32_t)sizeof(argmax_columns_feeds), (uint32_t)sizeof(argmax_columns_fetches), ARGMAX_COLUMNS_ARENA_BYTES, ARGMAX_COLUMNS_STACK_BYTES,
     NULL, argmax_columns_table_call, NULL},
};

const stepc_module *argmax_columns_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "argmax_columns", "generic", 1u, 0u, argmax_columns_entries, NULL,
        ARGMAX_COLUMNS_STATE_BYTES, ARGMAX_COLUMNS_WEIGHTS_BYTES, argmax_columns_init,
    };
    return &table;
}
#endif
