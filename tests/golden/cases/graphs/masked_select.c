/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module masked_select for the ISA profile avx2; do not edit.
 *
 * masked_select(x: float32[n,7], y: float32[n,7]) gives z: float32[n,7], mask: bool[n,7]
 *     arena 0 bytes, stack at most 4096 bytes, 1 statements
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

#if !defined(MASKED_SELECT_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(MASKED_SELECT_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "masked_select.h"

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

/* Greater mask, Sqrt root, Select z.
 * in0 = x, in1 = y, out2 = mask, out3 = z */
static STEPC_NOINLINE void k0_Greater(const float *in0, const float *in1, uint8_t *restrict out2, float *restrict out3, ptrdiff_t n0)
{
    if (n0 == 0)
        return;
    ptrdiff_t i0 = 0;
    for (; n0 - i0 >= 4 * V_LANES; i0 += 4 * V_LANES) {
        const v_f32 v0_0 = v_load_f32(in0 + i0);
        const v_f32 v0_1 = v_load_f32(in0 + (i0 + V_LANES));
        const v_f32 v0_2 = v_load_f32(in0 + (i0 + V_LANES * 2));
        const v_f32 v0_3 = v_load_f32(in0 + (i0 + V_LANES * 3));
        const v_f32 v1_0 = v_load_f32(in1 + i0);
        const v_f32 v1_1 = v_load_f32(in1 + (i0 + V_LANES));
        const v_f32 v1_2 = v_load_f32(in1 + (i0 + V_LANES * 2));
        const v_f32 v1_3 = v_load_f32(in1 + (i0 + V_LANES * 3));
        const v_m32 v2_0 = v_lt_f32(v1_0, v0_0);
        const v_m32 v2_1 = v_lt_f32(v1_1, v0_1);
        const v_m32 v2_2 = v_lt_f32(v1_2, v0_2);
        const v_m32 v2_3 = v_lt_f32(v1_3, v0_3);
        const v_f32 v3_0 = v_sqrt_f32(v0_0);
        const v_f32 v3_1 = v_sqrt_f32(v0_1);
        const v_f32 v3_2 = v_sqrt_f32(v0_2);
        const v_f32 v3_3 = v_sqrt_f32(v0_3);
        const v_f32 v4_0 = v_select_f32(v2_0, v3_0, v1_0);
        const v_f32 v4_1 = v_select_f32(v2_1, v3_1, v1_1);
        const v_f32 v4_2 = v_select_f32(v2_2, v3_2, v1_2);
        const v_f32 v4_3 = v_select_f32(v2_3, v3_3, v1_3);
        v_store_m32(out2 + i0, v2_0);
        v_store_m32(out2 + (i0 + V_LANES), v2_1);
        v_store_m32(out2 + (i0 + V_LANES * 2), v2_2);
        v_store_m32(out2 + (i0 + V_LANES * 3), v2_3);
        v_store_f32(out3 + i0, v4_0);
        v_store_f32(out3 + (i0 + V_LANES), v4_1);
        v_store_f32(out3 + (i0 + V_LANES * 2), v4_2);
        v_store_f32(out3 + (i0 + V_LANES * 3), v4_3);
    }
    for (; n0 - i0 >= V_LANES; i0 += V_LANES) {
        const v_f32 v0 = v_load_f32(in0 + i0);
        const v_f32 v1 = v_load_f32(in1 + i0);
        const v_m32 v2 = v_lt_f32(v1, v0);
        const v_f32 v3 = v_sqrt_f32(v0);
        const v_f32 v4 = v_select_f32(v2, v3, v1);
        v_store_m32(out2 + i0, v2);
        v_store_f32(out3 + i0, v4);
    }
    if (i0 < n0) {
        const size_t rest = (size_t)(n0 - i0);
        const v_f32 v0 = v_load_part_f32(in0 + i0, rest);
        const v_f32 v1 = v_load_part_f32(in1 + i0, rest);
        const v_m32 v2 = v_lt_f32(v1, v0);
        const v_f32 v3 = v_sqrt_f32(v0);
        const v_f32 v4 = v_select_f32(v2, v3, v1);
        v_store_part_m32(out2 + i0, v2, rest);
        v_store_part_f32(out3 + i0, v4, rest);
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t masked_select_refuse(const stepc_env *env, const char *message)
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
static int masked_select_sizes(const masked_select_feeds *feeds, int64_t *n)
{
    int good = 1;

    n[0] = feeds->n;
    n[1] = size_mul(n[0], 7, &good);
    n[2] = 0; /* where slots of the arena start */
    for (int i = 0; i < 3; i++)
        good &= n[i] <= (int64_t)PTRDIFF_MAX;
    return good;
}

/* Statements of the step, in order. */
static void masked_select_part0(const masked_select_feeds *feeds, masked_select_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    k0_Greater(feeds->x, feeds->y, fetches->mask, fetches->z, (ptrdiff_t)n[1]);
}

int32_t masked_select_arena_for(const masked_select_feeds *feeds, uint64_t *out_bytes)
{
    int64_t n[3];

    if (feeds == NULL || out_bytes == NULL)
        return 3;
    if (feeds->n < 0)
        return 3;
    if (!masked_select_sizes(feeds, n))
        return 3;
    *out_bytes = (uint64_t)n[2];
    return 0;
}

int32_t masked_select(const masked_select_feeds *feeds, masked_select_fetches *fetches, const stepc_env *env)
{
    int64_t n[3];

    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return masked_select_refuse(env, "feeds or fetches is NULL");
    if (feeds->n < 0)
        return masked_select_refuse(env, "n is out of range");
    if (feeds->x == NULL && feeds->n > 0)
        return masked_select_refuse(env, "feeds.x is NULL");
    if (feeds->y == NULL && feeds->n > 0)
        return masked_select_refuse(env, "feeds.y is NULL");
    if (fetches->z == NULL && feeds->n > 0)
        return masked_select_refuse(env, "fetches.z is NULL");
    if (fetches->mask == NULL && feeds->n > 0)
        return masked_select_refuse(env, "fetches.mask is NULL");
    if (!masked_select_sizes(feeds, n))
        return masked_select_refuse(env, "the sizes are too large");
    masked_select_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, n);
    return 0;
}

const unsigned char masked_select_signature_ef7eccd6 = 1;

int32_t masked_select_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension masked_select_feeds_dims0[] = {
    {INT64_C(-1), 0, 0},
    {INT64_C(7), -1, 0},
};
static const stepc_dimension masked_select_feeds_dims1[] = {
    {INT64_C(-1), 0, 0},
    {INT64_C(7), -1, 0},
};
static const stepc_slot masked_select_feeds_slots[] = {
    {"x", "x:0", 1, 2, masked_select_feeds_dims0, (uint32_t)offsetof(masked_select_feeds, x), -1},
    {"y", "y:0", 1, 2, masked_select_feeds_dims1, (uint32_t)offsetof(masked_select_feeds, y), -1},
};
static const stepc_dimension masked_select_fetches_dims0[] = {
    {INT64_C(-1), 0, 0},
    {INT64_C(7), -1, 0},
};
static const stepc_dimension masked_select_fetches_dims1[] = {
    {INT64_C(-1), 0, 0},
    {INT64_C(7), -1, 0},
};
static const stepc_slot masked_select_fetches_slots[] = {
    {"z", "z:0", 1, 2, masked_select_fetches_dims0, (uint32_t)offsetof(masked_select_fetches, z), -1},
    {"mask", "mask:0", 10, 2, masked_select_fetches_dims1, (uint32_t)offsetof(masked_select_fetches, mask), -1},
};
static const stepc_symbol masked_select_symbols[] = {
    {"n", (uint32_t)offsetof(masked_select_feeds, n), INT64_C(-1)},
};
static int32_t masked_select_table_arena(const void *feeds, uint64_t *out_bytes)
{
    return masked_select_arena_for((const masked_select_feeds *)feeds, out_bytes);
}
static int32_t masked_select_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return masked_select((const masked_select_feeds *)feeds, (masked_select_fetches *)fetches, env);
}

static const stepc_entry masked_select_entries[] = {
    {"masked_select", MASKED_SELECT_SIGNATURE, 2u, 2u, 0u, 1u,
     masked_select_feeds_slots, masked_select_fetches_slots, NULL, masked_select_symbols,
     (uint32_t)sizeof(masked_select_feeds), (uint32_t)sizeof(masked_select_fetches), MASKED_SELECT_ARENA_BYTES, MASKED_SELECT_STACK_BYTES,
     masked_select_table_arena, masked_select_table_call, NULL},
};

const stepc_module *masked_select_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "masked_select", "avx2", 1u, 0u, masked_select_entries, NULL,
        MASKED_SELECT_STATE_BYTES, MASKED_SELECT_WEIGHTS_BYTES, masked_select_init,
    };
    return &table;
}
#endif
