/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module concat_parts for the ISA profile avx2; do not edit.
 *
 * concat_parts(x: float32[6,64], y: float32[6,32]) gives z: float32[6,96]
 *     arena 0 bytes, stack at most 3584 bytes, 2 statements
 *
 * State 0 bytes, weights 0 bytes (inline). Compile with -mavx2 -mfma. */
#if defined(__FAST_MATH__) && !defined(STEPC_ALLOW_FAST_MATH)
#error "-ffast-math breaks NaNs and rounding here; -DSTEPC_ALLOW_FAST_MATH takes them off your hands"
#endif
#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ == 2
#error "float arithmetic must not be done in long double (on x86: -msse2 -mfpmath=sse)"
#endif
#if !(defined(__AVX2__) && defined(__FMA__))
#error "this text is for the ISA profile avx2: compile with -mavx2 -mfma"
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

#if !defined(CONCAT_PARTS_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(CONCAT_PARTS_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "concat_parts.h"

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

/* Relu a, ConcatV2 c, Mul z.
 * in0 = x, out1 = z */
static STEPC_NOINLINE void k0_Relu(const float *in0, float *restrict out1)
{
    for (ptrdiff_t i0 = 0; i0 < 6; i0++) {
        ptrdiff_t i1 = 0;
        for (; 64 - i1 >= 4 * V_LANES; i1 += 4 * V_LANES) {
            const v_f32 v0_0 = v_load_f32(in0 + (i0 * 64 + i1));
            const v_f32 v0_1 = v_load_f32(in0 + (i0 * 64 + i1 + V_LANES));
            const v_f32 v0_2 = v_load_f32(in0 + (i0 * 64 + i1 + V_LANES * 2));
            const v_f32 v0_3 = v_load_f32(in0 + (i0 * 64 + i1 + V_LANES * 3));
            const v_f32 v2_0 = v_max_f32(v0_0, v_splat_f32(0.0f));
            const v_f32 v2_1 = v_max_f32(v0_1, v_splat_f32(0.0f));
            const v_f32 v2_2 = v_max_f32(v0_2, v_splat_f32(0.0f));
            const v_f32 v2_3 = v_max_f32(v0_3, v_splat_f32(0.0f));
            const v_f32 v3_0 = v2_0 * v2_0;
            const v_f32 v3_1 = v2_1 * v2_1;
            const v_f32 v3_2 = v2_2 * v2_2;
            const v_f32 v3_3 = v2_3 * v2_3;
            v_store_f32(out1 + (i0 * 96 + i1), v3_0);
            v_store_f32(out1 + (i0 * 96 + i1 + V_LANES), v3_1);
            v_store_f32(out1 + (i0 * 96 + i1 + V_LANES * 2), v3_2);
            v_store_f32(out1 + (i0 * 96 + i1 + V_LANES * 3), v3_3);
        }
    }
}

/* Tanh b, ConcatV2 c, Mul z.
 * in0 = y, out1 = z */
static STEPC_NOINLINE void k1_Tanh(const float *in0, float *restrict out1)
{
    for (ptrdiff_t i0 = 0; i0 < 6; i0++) {
        ptrdiff_t i1 = 0;
        for (; 32 - i1 >= 2 * V_LANES; i1 += 2 * V_LANES) {
            const v_f32 v0_0 = v_load_f32(in0 + (i0 * 32 + i1));
            const v_f32 v0_1 = v_load_f32(in0 + (i0 * 32 + i1 + V_LANES));
            const v_f32 v1_0 = v_tanh_f32(v0_0);
            const v_f32 v1_1 = v_tanh_f32(v0_1);
            const v_f32 v2_0 = v1_0 * v1_0;
            const v_f32 v2_1 = v1_1 * v1_1;
            v_store_f32(out1 + (i0 * 96 + i1 + 64), v2_0);
            v_store_f32(out1 + (i0 * 96 + i1 + V_LANES + 64), v2_1);
        }
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t concat_parts_refuse(const stepc_env *env, const char *message)
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
static void concat_parts_part0(const concat_parts_feeds *feeds, concat_parts_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    (void)n;
    k0_Relu(feeds->x, fetches->z);
    k1_Tanh(feeds->y, fetches->z);
}

int32_t concat_parts(const concat_parts_feeds *feeds, concat_parts_fetches *fetches, const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return concat_parts_refuse(env, "feeds or fetches is NULL");
    if (feeds->x == NULL)
        return concat_parts_refuse(env, "feeds.x is NULL");
    if (feeds->y == NULL)
        return concat_parts_refuse(env, "feeds.y is NULL");
    if (fetches->z == NULL)
        return concat_parts_refuse(env, "fetches.z is NULL");
    concat_parts_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, NULL);
    return 0;
}

const unsigned char concat_parts_signature_053f3b30 = 1;

int32_t concat_parts_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension concat_parts_feeds_dims0[] = {
    {INT64_C(6), -1, 0},
    {INT64_C(64), -1, 0},
};
static const stepc_dimension concat_parts_feeds_dims1[] = {
    {INT64_C(6), -1, 0},
    {INT64_C(32), -1, 0},
};
static const stepc_slot concat_parts_feeds_slots[] = {
    {"x", "x:0", 1, 2, concat_parts_feeds_dims0, (uint32_t)offsetof(concat_parts_feeds, x), -1},
    {"y", "y:0", 1, 2, concat_parts_feeds_dims1, (uint32_t)offsetof(concat_parts_feeds, y), -1},
};
static const stepc_dimension concat_parts_fetches_dims0[] = {
    {INT64_C(6), -1, 0},
    {INT64_C(96), -1, 0},
};
static const stepc_slot concat_parts_fetches_slots[] = {
    {"z", "z:0", 1, 2, concat_parts_fetches_dims0, (uint32_t)offsetof(concat_parts_fetches, z), -1},
};
static int32_t concat_parts_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return concat_parts((const concat_parts_feeds *)feeds, (concat_parts_fetches *)fetches, env);
}

static const stepc_entry concat_parts_entries[] = {
    {"concat_parts", CONCAT_PARTS_SIGNATURE, 2u, 1u, 0u, 0u,
     concat_parts_feeds_slots, concat_parts_fetches_slots, NULL, NULL,
     (uint32_t)sizeof(concat_parts_feeds), (uint32_t)sizeof(concat_parts_fetches), CONCAT_PARTS_ARENA_BYTES, CONCAT_PARTS_STACK_BYTES,
     NULL, concat_parts_table_call, NULL},
};

const stepc_module *concat_parts_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "concat_parts", "avx2", 1u, 0u, concat_parts_entries, NULL,
        CONCAT_PARTS_STATE_BYTES, CONCAT_PARTS_WEIGHTS_BYTES, concat_parts_init,
    };
    return &table;
}
#endif
