/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module half_chain for the ISA profile avx2; do not edit.
 *
 * half_chain(x: half[n], y: half[n]) gives z: half[n]
 *     arena 0 bytes, stack at most 3584 bytes, 1 statements
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

#if !defined(HALF_CHAIN_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(HALF_CHAIN_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "half_chain.h"

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

/* Add add, Tanh tanh, Mul z.
 * in0 = x, in1 = y, out2 = z */
static STEPC_NOINLINE void k0_Add(const uint16_t *in0, const uint16_t *in1, uint16_t *restrict out2, ptrdiff_t n0)
{
    if (n0 == 0)
        return;
    ptrdiff_t i0 = 0;
    for (; n0 - i0 >= 2 * V_LANES; i0 += 2 * V_LANES) {
        const v_f32 v0_0 = v_load_f16(in0 + i0);
        const v_f32 v0_1 = v_load_f16(in0 + (i0 + V_LANES));
        const v_f32 v1_0 = v_load_f16(in1 + i0);
        const v_f32 v1_1 = v_load_f16(in1 + (i0 + V_LANES));
        const v_f32 v2_0 = v0_0 + v1_0;
        const v_f32 v2_1 = v0_1 + v1_1;
        const v_f32 v3_0 = v_round_f16(v2_0);
        const v_f32 v3_1 = v_round_f16(v2_1);
        const v_f32 v4_0 = v_tanh_f32(v3_0);
        const v_f32 v4_1 = v_tanh_f32(v3_1);
        const v_f32 v5_0 = v_round_f16(v4_0);
        const v_f32 v5_1 = v_round_f16(v4_1);
        const v_f32 v6_0 = v5_0 * v0_0;
        const v_f32 v6_1 = v5_1 * v0_1;
        v_store_f16(out2 + i0, v6_0);
        v_store_f16(out2 + (i0 + V_LANES), v6_1);
    }
    for (; n0 - i0 >= V_LANES; i0 += V_LANES) {
        const v_f32 v0 = v_load_f16(in0 + i0);
        const v_f32 v1 = v_load_f16(in1 + i0);
        const v_f32 v2 = v0 + v1;
        const v_f32 v3 = v_round_f16(v2);
        const v_f32 v4 = v_tanh_f32(v3);
        const v_f32 v5 = v_round_f16(v4);
        const v_f32 v6 = v5 * v0;
        v_store_f16(out2 + i0, v6);
    }
    if (i0 < n0) {
        const size_t rest = (size_t)(n0 - i0);
        const v_f32 v0 = v_load_part_f16(in0 + i0, rest);
        const v_f32 v1 = v_load_part_f16(in1 + i0, rest);
        const v_f32 v2 = v0 + v1;
        const v_f32 v3 = v_round_f16(v2);
        const v_f32 v4 = v_tanh_f32(v3);
        const v_f32 v5 = v_round_f16(v4);
        const v_f32 v6 = v5 * v0;
        v_store_part_f16(out2 + i0, v6, rest);
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t half_chain_refuse(const stepc_env *env, const char *message)
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
static int half_chain_sizes(const half_chain_feeds *feeds, int64_t *n)
{
    int good = 1;

    n[0] = feeds->n;
    n[1] = 0; /* where slots of the arena start */
    for (int i = 0; i < 2; i++)
        good &= n[i] <= (int64_t)PTRDIFF_MAX;
    return good;
}

/* Statements of the step, in order. */
static void half_chain_part0(const half_chain_feeds *feeds, half_chain_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    k0_Add(feeds->x, feeds->y, fetches->z, (ptrdiff_t)n[0]);
}

int32_t half_chain_arena_for(const half_chain_feeds *feeds, uint64_t *out_bytes)
{
    int64_t n[2];

    if (feeds == NULL || out_bytes == NULL)
        return 3;
    if (feeds->n < 0)
        return 3;
    if (!half_chain_sizes(feeds, n))
        return 3;
    *out_bytes = (uint64_t)n[1];
    return 0;
}

int32_t half_chain(const half_chain_feeds *feeds, half_chain_fetches *fetches, const stepc_env *env)
{
    int64_t n[2];

    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return half_chain_refuse(env, "feeds or fetches is NULL");
    if (feeds->n < 0)
        return half_chain_refuse(env, "n is out of range");
    if (feeds->x == NULL && feeds->n > 0)
        return half_chain_refuse(env, "feeds.x is NULL");
    if (feeds->y == NULL && feeds->n > 0)
        return half_chain_refuse(env, "feeds.y is NULL");
    if (fetches->z == NULL && feeds->n > 0)
        return half_chain_refuse(env, "fetches.z is NULL");
    if (!half_chain_sizes(feeds, n))
        return half_chain_refuse(env, "the sizes are too large");
    half_chain_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, n);
    return 0;
}

const unsigned char half_chain_signature_186be4a8 = 1;

int32_t half_chain_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension half_chain_feeds_dims0[] = {
    {INT64_C(-1), 0, 0},
};
static const stepc_dimension half_chain_feeds_dims1[] = {
    {INT64_C(-1), 0, 0},
};
static const stepc_slot half_chain_feeds_slots[] = {
    {"x", "x:0", 19, 1, half_chain_feeds_dims0, (uint32_t)offsetof(half_chain_feeds, x), -1},
    {"y", "y:0", 19, 1, half_chain_feeds_dims1, (uint32_t)offsetof(half_chain_feeds, y), -1},
};
static const stepc_dimension half_chain_fetches_dims0[] = {
    {INT64_C(-1), 0, 0},
};
static const stepc_slot half_chain_fetches_slots[] = {
    {"z", "z:0", 19, 1, half_chain_fetches_dims0, (uint32_t)offsetof(half_chain_fetches, z), -1},
};
static const stepc_symbol half_chain_symbols[] = {
    {"n", (uint32_t)offsetof(half_chain_feeds, n), INT64_C(-1)},
};
static int32_t half_chain_table_arena(const void *feeds, uint64_t *out_bytes)
{
    return half_chain_arena_for((const half_chain_feeds *)feeds, out_bytes);
}
static int32_t half_chain_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return half_chain((const half_chain_feeds *)feeds, (half_chain_fetches *)fetches, env);
}

static const stepc_entry half_chain_entries[] = {
    {"half_chain", HALF_CHAIN_SIGNATURE, 2u, 1u, 0u, 1u,
     half_chain_feeds_slots, half_chain_fetches_slots, NULL, half_chain_symbols,
     (uint32_t)sizeof(half_chain_feeds), (uint32_t)sizeof(half_chain_fetches), HALF_CHAIN_ARENA_BYTES, HALF_CHAIN_STACK_BYTES,
     half_chain_table_arena, half_chain_table_call, NULL},
};

const stepc_module *half_chain_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "half_chain", "avx2", 1u, 0u, half_chain_entries, NULL,
        HALF_CHAIN_STATE_BYTES, HALF_CHAIN_WEIGHTS_BYTES, half_chain_init,
    };
    return &table;
}
#endif
