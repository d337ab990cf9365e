/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module widths for the ISA profile generic; do not edit.
 *
 * widths(x: float32[1000], keep: bool[1000], byte: uint8[1000], left: int8[1000], right: int8[1000]) gives whole: int64[1000], short: int8[1000], same: bool[1000], sum: int8[1000]
 *     arena 0 bytes, stack at most 3328 bytes, 2 statements
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

#if !defined(WIDTHS_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(WIDTHS_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "widths.h"

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

/* Cast cast.
 * in0 = x, in1 = keep, in2 = byte, out3 = whole, out4 = short, out5 = same */
static STEPC_NOINLINE void k0_Cast(const float *in0, const uint8_t *in1, const uint8_t *in2, int64_t *restrict out3, int8_t *restrict out4, uint8_t *restrict out5)
{
    ptrdiff_t i0 = 0;
    for (; 1000 - i0 >= V_LANES; i0 += V_LANES) {
        const v_f32 v0 = v_load_f32(in0 + i0);
        const v_m32 v1 = v_load_m32(in1 + i0);
        const v_i32 v2 = v_load32_u8(in2 + i0);
        const w_i64 v3 = W_EACH(w_i64, v_sat_i64_f64, w_f64_from_f32(v0));
        const w_i64 v4 = W_INFIX(w_i64, w_splat_i64((int64_t)i0 + V_LANES * 0), +, w_iota_i64());
        const w_i64 v5 = w_select_i64(v1, v3, v4);
        const w_i64 v6 = w_i64_from_i32(v2);
        const w_i64 v7 = W_EACH2(w_i64, v_add_i64, v5, v6);
        const v_i32 v8 = v_wrap_i8(w_i32_from_i64(v7));
        const v_m32 v9 = w_eq_i64(v5, v6);
        w_store_i64(out3 + i0, v7);
        v_store32_i8(out4 + i0, v8);
        v_store_m32(out5 + i0, v9);
    }
    if (i0 < 1000) {
        const size_t rest = (size_t)(1000 - i0);
        const v_f32 v0 = v_load_part_f32(in0 + i0, rest);
        const v_m32 v1 = v_load_part_m32(in1 + i0, rest);
        const v_i32 v2 = v_load32_part_u8(in2 + i0, rest);
        const w_i64 v3 = W_EACH(w_i64, v_sat_i64_f64, w_f64_from_f32(v0));
        const w_i64 v4 = W_INFIX(w_i64, w_splat_i64((int64_t)i0 + V_LANES * 0), +, w_iota_i64());
        const w_i64 v5 = w_select_i64(v1, v3, v4);
        const w_i64 v6 = w_i64_from_i32(v2);
        const w_i64 v7 = W_EACH2(w_i64, v_add_i64, v5, v6);
        const v_i32 v8 = v_wrap_i8(w_i32_from_i64(v7));
        const v_m32 v9 = w_eq_i64(v5, v6);
        w_store_part_i64(out3 + i0, v7, rest);
        v_store32_part_i8(out4 + i0, v8, rest);
        v_store_part_m32(out5 + i0, v9, rest);
    }
}

/* Add sum.
 * in0 = left, in1 = right, out2 = sum */
static STEPC_NOINLINE void k1_Add(const int8_t *in0, const int8_t *in1, int8_t *restrict out2)
{
    ptrdiff_t i0 = 0;
    for (; 1000 - i0 >= 2 * V_LANES8; i0 += 2 * V_LANES8) {
        const v_i8 v0_0 = v_load_i8(in0 + i0);
        const v_i8 v0_1 = v_load_i8(in0 + (i0 + V_LANES8));
        const v_i8 v1_0 = v_load_i8(in1 + i0);
        const v_i8 v1_1 = v_load_i8(in1 + (i0 + V_LANES8));
        const v_i8 v2_0 = v_add_i8(v0_0, v1_0);
        const v_i8 v2_1 = v_add_i8(v0_1, v1_1);
        v_store_i8(out2 + i0, v2_0);
        v_store_i8(out2 + (i0 + V_LANES8), v2_1);
    }
    for (; 1000 - i0 >= V_LANES8; i0 += V_LANES8) {
        const v_i8 v0 = v_load_i8(in0 + i0);
        const v_i8 v1 = v_load_i8(in1 + i0);
        const v_i8 v2 = v_add_i8(v0, v1);
        v_store_i8(out2 + i0, v2);
    }
    if (i0 < 1000) {
        const size_t rest = (size_t)(1000 - i0);
        const v_i8 v0 = v_load_part_i8(in0 + i0, rest);
        const v_i8 v1 = v_load_part_i8(in1 + i0, rest);
        const v_i8 v2 = v_add_i8(v0, v1);
        v_store_part_i8(out2 + i0, v2, rest);
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t widths_refuse(const stepc_env *env, const char *message)
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
static void widths_part0(const widths_feeds *feeds, widths_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    (void)n;
    k0_Cast(feeds->x, feeds->keep, feeds->byte, fetches->whole, fetches->short, fetches->same);
    k1_Add(feeds->left, feeds->right, fetches->sum);
}

int32_t widths(const widths_feeds *feeds, widths_fetches *fetches, const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return widths_refuse(env, "feeds or fetches is NULL");
    if (feeds->x == NULL)
        return widths_refuse(env, "feeds.x is NULL");
    if (feeds->keep == NULL)
        return widths_refuse(env, "feeds.keep is NULL");
    if (feeds->byte == NULL)
        return widths_refuse(env, "feeds.byte is NULL");
    if (feeds->left == NULL)
        return widths_refuse(env, "feeds.left is NULL");
    if (feeds->right == NULL)
        return widths_refuse(env, "feeds.right is NULL");
    if (fetches->whole == NULL)
        return widths_refuse(env, "fetches.whole is NULL");
    if (fetches->short == NULL)
        return widths_refuse(env, "fetches.short is NULL");
    if (fetches->same == NULL)
        return widths_refuse(env, "fetches.same is NULL");
    if (fetches->sum == NULL)
        return widths_refuse(env, "fetches.sum is NULL");
    widths_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, NULL);
    return 0;
}

const unsigned char widths_signature_8cd0643a = 1;

int32_t widths_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension widths_feeds_dims0[] = {
    {INT64_C(1000), -1, 0},
};
static const stepc_dimension widths_feeds_dims1[] = {
    {INT64_C(1000), -1, 0},
};
static const stepc_dimension widths_feeds_dims2[] = {
    {INT64_C(1000), -1, 0},
};
static const stepc_dimension widths_feeds_dims3[] = {
    {INT64_C(1000), -1, 0},
};
static const stepc_dimension widths_feeds_dims4[] = {
    {INT64_C(1000), -1, 0},
};
static const stepc_slot widths_feeds_slots[] = {
    {"x", "x:0", 1, 1, widths_feeds_dims0, (uint32_t)offsetof(widths_feeds, x), -1},
    {"keep", "keep:0", 10, 1, widths_feeds_dims1, (uint32_t)offsetof(widths_feeds, keep), -1},
    {"byte", "byte:0", 4, 1, widths_feeds_dims2, (uint32_t)offsetof(widths_feeds, byte), -1},
    {"left", "left:0", 6, 1, widths_feeds_dims3, (uint32_t)offsetof(widths_feeds, left), -1},
    {"right", "right:0", 6, 1, widths_feeds_dims4, (uint32_t)offsetof(widths_feeds, right), -1},
};
static const stepc_dimension widths_fetches_dims0[] = {
    {INT64_C(1000), -1, 0},
};
static const stepc_dimension widths_fetches_dims1[] = {
    {INT64_C(1000), -1, 0},
};
static const stepc_dimension widths_fetches_dims2[] = {
    {INT64_C(1000), -1, 0},
};
static const stepc_dimension widths_fetches_dims3[] = {
    {INT64_C(1000), -1, 0},
};
static const stepc_slot widths_fetches_slots[] = {
    {"whole", "whole:0", 9, 1, widths_fetches_dims0, (uint32_t)offsetof(widths_fetches, whole), -1},
    {"short", "short:0", 6, 1, widths_fetches_dims1, (uint32_t)offsetof(widths_fetches, short), -1},
    {"same", "same:0", 10, 1, widths_fetches_dims2, (uint32_t)offsetof(widths_fetches, same), -1},
    {"sum", "sum:0", 6, 1, widths_fetches_dims3, (uint32_t)offsetof(widths_fetches, sum), -1},
};
static int32_t widths_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return widths((const widths_feeds *)feeds, (widths_fetches *)fetches, env);
}

static const stepc_entry widths_entries[] = {
    {"widths", WIDTHS_SIGNATURE, 5u, 4u, 0u, 0u,
     widths_feeds_slots, widths_fetches_slots, NULL, NULL,
     (uint32_t)sizeof(widths_feeds), (uint32_t)sizeof(widths_fetches), WIDTHS_ARENA_BYTES, WIDTHS_STACK_BYTES,
     NULL, widths_table_call, NULL},
};

const stepc_module *widths_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "widths", "generic", 1u, 0u, widths_entries, NULL,
        WIDTHS_STATE_BYTES, WIDTHS_WEIGHTS_BYTES, widths_init,
    };
    return &table;
}
#endif
