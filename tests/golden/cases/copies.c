/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module copies for the ISA profile generic; do not edit.
 *
 * copies(x: float32[20,3], z: complex64[24,20]) gives planes: float32[3,20], pixels: float32[20,3], turned: complex64[20,24], picked: float32[3,7], padded: float32[22,9]
 *     arena 0 bytes, stack at most 19200 bytes, 5 statements
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

#if !defined(COPIES_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(COPIES_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "copies.h"

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

/* Transpose planes.
 * in0 = x, out1 = planes */
static STEPC_NOINLINE void k0_Transpose(const float *in0, float *restrict out1)
{
    v_unzip_i32(out1, 20, in0, 20, 3);
}

/* Transpose pixels.
 * in0 = planes, out1 = pixels */
static STEPC_NOINLINE void k1_Transpose(const float *in0, float *restrict out1)
{
    v_zip_i32(out1, in0, 20, 3, 20);
}

/* Transpose turned.
 * in0 = z, out1 = turned */
static STEPC_NOINLINE void k2_Transpose(const float *in0, float *restrict out1)
{
    v_move_i64(out1, 24, in0, 20, 24, 20);
}

/* StridedSlice picked.
 * in0 = planes, out1 = picked */
static STEPC_NOINLINE void k3_StridedSlice(const float *in0, float *restrict out1)
{
    for (ptrdiff_t i0 = 0; i0 < 3; i0++) {
        v_pick_i32(out1 + (i0 * 7), in0 + (i0 * 20 + 1), 3, 7);
    }
}

/* Pad padded.
 * in0 = x, out1 = padded */
static STEPC_NOINLINE void k4_Pad(const float *in0, float *restrict out1)
{
    for (ptrdiff_t i0 = 0; i0 < 22; i0++) {
        if (i0 >= 1 && i0 < 21) {
            memset(out1 + (i0 * 9), 0, 3 * sizeof *out1);
            memcpy(out1 + (i0 * 9 + 3), in0 + (i0 * 3 - 3), 3 * sizeof *out1);
            memset(out1 + (i0 * 9 + 6), 0, 3 * sizeof *out1);
        } else {
            memset(out1 + (i0 * 9), 0, 9 * sizeof *out1);
        }
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t copies_refuse(const stepc_env *env, const char *message)
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
static void copies_part0(const copies_feeds *feeds, copies_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    (void)n;
    k0_Transpose(feeds->x, fetches->planes);
    k1_Transpose(fetches->planes, fetches->pixels);
    k2_Transpose(feeds->z, fetches->turned);
    k3_StridedSlice(fetches->planes, fetches->picked);
    k4_Pad(feeds->x, fetches->padded);
}

int32_t copies(const copies_feeds *feeds, copies_fetches *fetches, const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return copies_refuse(env, "feeds or fetches is NULL");
    if (feeds->x == NULL)
        return copies_refuse(env, "feeds.x is NULL");
    if (feeds->z == NULL)
        return copies_refuse(env, "feeds.z is NULL");
    if (fetches->planes == NULL)
        return copies_refuse(env, "fetches.planes is NULL");
    if (fetches->pixels == NULL)
        return copies_refuse(env, "fetches.pixels is NULL");
    if (fetches->turned == NULL)
        return copies_refuse(env, "fetches.turned is NULL");
    if (fetches->picked == NULL)
        return copies_refuse(env, "fetches.picked is NULL");
    if (fetches->padded == NULL)
        return copies_refuse(env, "fetches.padded is NULL");
    copies_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, NULL);
    return 0;
}

const unsigned char copies_signature_d72aa4cf = 1;

int32_t copies_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension copies_feeds_dims0[] = {
    {INT64_C(20), -1, 0},
    {INT64_C(3), -1, 0},
};
static const stepc_dimension copies_feeds_dims1[] = {
    {INT64_C(24), -1, 0},
    {INT64_C(20), -1, 0},
};
static const stepc_slot copies_feeds_slots[] = {
    {"x", "x:0", 1, 2, copies_feeds_dims0, (uint32_t)offsetof(copies_feeds, x), -1},
    {"z", "z:0", 8, 2, copies_feeds_dims1, (uint32_t)offsetof(copies_feeds, z), -1},
};
static const stepc_dimension copies_fetches_dims0[] = {
    {INT64_C(3), -1, 0},
    {INT64_C(20), -1, 0},
};
static const stepc_dimension copies_fetches_dims1[] = {
    {INT64_C(20), -1, 0},
    {INT64_C(3), -1, 0},
};
static const stepc_dimension copies_fetches_dims2[] = {
    {INT64_C(20), -1, 0},
    {INT64_C(24), -1, 0},
};
static const stepc_dimension copies_fetches_dims3[] = {
    {INT64_C(3), -1, 0},
    {INT64_C(7), -1, 0},
};
static const stepc_dimension copies_fetches_dims4[] = {
    {INT64_C(22), -1, 0},
    {INT64_C(9), -1, 0},
};
static const stepc_slot copies_fetches_slots[] = {
    {"planes", "planes:0", 1, 2, copies_fetches_dims0, (uint32_t)offsetof(copies_fetches, planes), -1},
    {"pixels", "pixels:0", 1, 2, copies_fetches_dims1, (uint32_t)offsetof(copies_fetches, pixels), -1},
    {"turned", "turned:0", 8, 2, copies_fetches_dims2, (uint32_t)offsetof(copies_fetches, turned), -1},
    {"picked", "picked:0", 1, 2, copies_fetches_dims3, (uint32_t)offsetof(copies_fetches, picked), -1},
    {"padded", "padded:0", 1, 2, copies_fetches_dims4, (uint32_t)offsetof(copies_fetches, padded), -1},
};
static int32_t copies_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return copies((const copies_feeds *)feeds, (copies_fetches *)fetches, env);
}

static const stepc_entry copies_entries[] = {
    {"copies", COPIES_SIGNATURE, 2u, 5u, 0u, 0u,
     copies_feeds_slots, copies_fetches_slots, NULL, NULL,
     (uint32_t)sizeof(copies_feeds), (uint32_t)sizeof(copies_fetches), COPIES_ARENA_BYTES, COPIES_STACK_BYTES,
     NULL, copies_table_call, NULL},
};

const stepc_module *copies_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "copies", "generic", 1u, 0u, copies_entries, NULL,
        COPIES_STATE_BYTES, COPIES_WEIGHTS_BYTES, copies_init,
    };
    return &table;
}
#endif
