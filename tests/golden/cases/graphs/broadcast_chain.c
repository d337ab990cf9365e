/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module broadcast_chain for the ISA profile avx2; do not edit.
 *
 * broadcast_chain(x: float32[n,64], bias: float32[64], scale: float32[]) gives y: float32[n,64]
 *     arena 0 bytes, stack at most 4608 bytes, 1 statements
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

#if !defined(BROADCAST_CHAIN_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(BROADCAST_CHAIN_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "broadcast_chain.h"

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

/* Add add, Mul mul, Relu relu, Sigmoid sigmoid, Sub y.
 * in0 = scale, in1 = x, in2 = bias, out3 = y */
static STEPC_NOINLINE void k0_Add(const float *in0, const float *in1, const float *in2, float *restrict out3, ptrdiff_t n0)
{
    if (n0 == 0)
        return;
    const float v3 = in0[0];
    for (ptrdiff_t i0 = 0; i0 < n0; i0++) {
        ptrdiff_t i1 = 0;
        for (; 64 - i1 >= 4 * V_LANES; i1 += 4 * V_LANES) {
            const v_f32 v0_0 = v_load_f32(in1 + (i0 * 64 + i1));
            const v_f32 v0_1 = v_load_f32(in1 + (i0 * 64 + i1 + V_LANES));
            const v_f32 v0_2 = v_load_f32(in1 + (i0 * 64 + i1 + V_LANES * 2));
            const v_f32 v0_3 = v_load_f32(in1 + (i0 * 64 + i1 + V_LANES * 3));
            const v_f32 v1_0 = v_load_f32(in2 + i1);
            const v_f32 v1_1 = v_load_f32(in2 + (i1 + V_LANES));
            const v_f32 v1_2 = v_load_f32(in2 + (i1 + V_LANES * 2));
            const v_f32 v1_3 = v_load_f32(in2 + (i1 + V_LANES * 3));
            const v_f32 v2_0 = v0_0 + v1_0;
            const v_f32 v2_1 = v0_1 + v1_1;
            const v_f32 v2_2 = v0_2 + v1_2;
            const v_f32 v2_3 = v0_3 + v1_3;
            const v_f32 v4_0 = v2_0 * v_splat_f32(v3);
            const v_f32 v4_1 = v2_1 * v_splat_f32(v3);
            const v_f32 v4_2 = v2_2 * v_splat_f32(v3);
            const v_f32 v4_3 = v2_3 * v_splat_f32(v3);
            const v_f32 v6_0 = v_max_f32(v4_0, v_splat_f32(0.0f));
            const v_f32 v6_1 = v_max_f32(v4_1, v_splat_f32(0.0f));
            const v_f32 v6_2 = v_max_f32(v4_2, v_splat_f32(0.0f));
            const v_f32 v6_3 = v_max_f32(v4_3, v_splat_f32(0.0f));
            const v_f32 v7_0 = v_sigmoid_f32(v4_0);
            const v_f32 v7_1 = v_sigmoid_f32(v4_1);
            const v_f32 v7_2 = v_sigmoid_f32(v4_2);
            const v_f32 v7_3 = v_sigmoid_f32(v4_3);
            const v_f32 v8_0 = v6_0 - v7_0;
            const v_f32 v8_1 = v6_1 - v7_1;
            const v_f32 v8_2 = v6_2 - v7_2;
            const v_f32 v8_3 = v6_3 - v7_3;
            v_store_f32(out3 + (i0 * 64 + i1), v8_0);
            v_store_f32(out3 + (i0 * 64 + i1 + V_LANES), v8_1);
            v_store_f32(out3 + (i0 * 64 + i1 + V_LANES * 2), v8_2);
            v_store_f32(out3 + (i0 * 64 + i1 + V_LANES * 3), v8_3);
        }
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t broadcast_chain_refuse(const stepc_env *env, const char *message)
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
static int broadcast_chain_sizes(const broadcast_chain_feeds *feeds, int64_t *n)
{
    int good = 1;

    n[0] = feeds->n;
    n[1] = 0; /* where slots of the arena start */
    for (int i = 0; i < 2; i++)
        good &= n[i] <= (int64_t)PTRDIFF_MAX;
    return good;
}

/* Statements of the step, in order. */
static void broadcast_chain_part0(const broadcast_chain_feeds *feeds, broadcast_chain_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    k0_Add(feeds->scale, feeds->x, feeds->bias, fetches->y, (ptrdiff_t)n[0]);
}

int32_t broadcast_chain_arena_for(const broadcast_chain_feeds *feeds, uint64_t *out_bytes)
{
    int64_t n[2];

    if (feeds == NULL || out_bytes == NULL)
        return 3;
    if (feeds->n < 0)
        return 3;
    if (!broadcast_chain_sizes(feeds, n))
        return 3;
    *out_bytes = (uint64_t)n[1];
    return 0;
}

int32_t broadcast_chain(const broadcast_chain_feeds *feeds, broadcast_chain_fetches *fetches, const stepc_env *env)
{
    int64_t n[2];

    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return broadcast_chain_refuse(env, "feeds or fetches is NULL");
    if (feeds->n < 0)
        return broadcast_chain_refuse(env, "n is out of range");
    if (feeds->x == NULL && feeds->n > 0)
        return broadcast_chain_refuse(env, "feeds.x is NULL");
    if (feeds->bias == NULL)
        return broadcast_chain_refuse(env, "feeds.bias is NULL");
    if (feeds->scale == NULL)
        return broadcast_chain_refuse(env, "feeds.scale is NULL");
    if (fetches->y == NULL && feeds->n > 0)
        return broadcast_chain_refuse(env, "fetches.y is NULL");
    if (!broadcast_chain_sizes(feeds, n))
        return broadcast_chain_refuse(env, "the sizes are too large");
    broadcast_chain_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, n);
    return 0;
}

const unsigned char broadcast_chain_signature_b7957dc4 = 1;

int32_t broadcast_chain_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension broadcast_chain_feeds_dims0[] = {
    {INT64_C(-1), 0, 0},
    {INT64_C(64), -1, 0},
};
static const stepc_dimension broadcast_chain_feeds_dims1[] = {
    {INT64_C(64), -1, 0},
};
static const stepc_dimension broadcast_chain_feeds_dims2[] = {
    {0, -1, 0},
};
static const stepc_slot broadcast_chain_feeds_slots[] = {
    {"x", "x:0", 1, 2, broadcast_chain_feeds_dims0, (uint32_t)offsetof(broadcast_chain_feeds, x), -1},
    {"bias", "bias:0", 1, 1, broadcast_chain_feeds_dims1, (uint32_t)offsetof(broadcast_chain_feeds, bias), -1},
    {"scale", "scale:0", 1, 0, broadcast_chain_feeds_dims2, (uint32_t)offsetof(broadcast_chain_feeds, scale), -1},
};
static const stepc_dimension broadcast_chain_fetches_dims0[] = {
    {INT64_C(-1), 0, 0},
    {INT64_C(64), -1, 0},
};
static const stepc_slot broadcast_chain_fetches_slots[] = {
    {"y", "y:0", 1, 2, broadcast_chain_fetches_dims0, (uint32_t)offsetof(broadcast_chain_fetches, y), -1},
};
static const stepc_symbol broadcast_chain_symbols[] = {
    {"n", (uint32_t)offsetof(broadcast_chain_feeds, n), INT64_C(-1)},
};
static int32_t broadcast_chain_table_arena(const void *feeds, uint64_t *out_bytes)
{
    return broadcast_chain_arena_for((const broadcast_chain_feeds *)feeds, out_bytes);
}
static int32_t broadcast_chain_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return broadcast_chain((const broadcast_chain_feeds *)feeds, (broadcast_chain_fetches *)fetches, env);
}

static const stepc_entry broadcast_chain_entries[] = {
    {"broadcast_chain", BROADCAST_CHAIN_SIGNATURE, 3u, 1u, 0u, 1u,
     broadcast_chain_feeds_slots, broadcast_chain_fetches_slots, NULL, broadcast_chain_symbols,
     (uint32_t)sizeof(broadcast_chain_feeds), (uint32_t)sizeof(broadcast_chain_fetches), BROADCAST_CHAIN_ARENA_BYTES, BROADCAST_CHAIN_STACK_BYTES,
     broadcast_chain_table_arena, broadcast_chain_table_call, NULL},
};

const stepc_module *broadcast_chain_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "broadcast_chain", "avx2", 1u, 0u, broadcast_chain_entries, NULL,
        BROADCAST_CHAIN_STATE_BYTES, BROADCAST_CHAIN_WEIGHTS_BYTES, broadcast_chain_init,
    };
    return &table;
}
#endif
