/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module classify for the ISA profile generic, exact; do not edit.
 *
 * classify(x: float32[n<=64,4]) gives y: float32[n<=64]
 *     arena 128 bytes, stack at most 2816 bytes, 2 statements
 *
 * State 0 bytes, weights 64 bytes (inline). */
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

#if !defined(CLASSIFY_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(CLASSIFY_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "classify.h"

#if defined(__STDC_HOSTED__) && __STDC_HOSTED__ == 1
#include <string.h>
#else
void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
#endif

/* ---- helpers ---- */
/* ---- kernels ---- */

/* BiasAdd dense/BiasAdd.
 * in0 = x, in1 = bias, out2 = t */
static void k0_BiasAdd(const float *in0, const float *in1, float *restrict out2, ptrdiff_t t0, ptrdiff_t e0)
{
    for (ptrdiff_t i0 = t0; i0 < e0; i0++) {
        for (ptrdiff_t i1 = 0; i1 < 4; i1++) {
            const float v0 = in0[i0 * 4 + i1];
            const float v1 = in1[i1];
            const float v2 = v0 + v1;
            const float v4 = max_nan_f32(v2, 0.0f);
            out2[(i0 - t0) * 4 + i1] = v4;
        }
    }
}

/* Sum sum.
 * in0 = t, out1 = y */
static void k1_Sum(const float *in0, float *restrict out1, ptrdiff_t t0, ptrdiff_t e0)
{
    for (ptrdiff_t i0 = t0; i0 < e0; i0++) {
        double a0 = 0.0;
        for (ptrdiff_t i1 = 0; i1 < 4; i1++) {
            const float v0 = in0[(i0 - t0) * 4 + i1];
            a0 = a0 + (double)v0;
        }
        out1[i0] = (float)a0;
    }
}

static const float w0_bias[4] = {
    0x1.0p+0f, 0x1.0p-1f, -0x1.0p+0f, 0.0f,
};

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t classify_refuse(const stepc_env *env, const char *message)
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
static int classify_sizes(const classify_feeds *feeds, int64_t *n)
{
    int good = 1;

    n[0] = feeds->n;
    n[1] = size_min(n[0], 8);
    n[2] = size_ceil_div(n[1], 4, &good);
    n[3] = size_mul(n[2], 64, &good);
    n[4] = 0; /* where slots of the arena start */
    good &= n[3] >= 0;
    n[5] = size_add(n[4], n[3], &good);
    for (int i = 0; i < 6; i++)
        good &= n[i] <= (int64_t)PTRDIFF_MAX;
    return good;
}

/* Statements of the step, in order. */
static void classify_part0(const classify_feeds *feeds, classify_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)state;
    (void)weights;
    for (ptrdiff_t t0 = 0; t0 < (ptrdiff_t)n[0]; t0 += 8) {
        const ptrdiff_t e0 = (ptrdiff_t)n[0] - t0 > 8 ? t0 + 8 : (ptrdiff_t)n[0];
        k0_BiasAdd(feeds->x, w0_bias, (float *)(void *)(arena + n[4]), t0, e0);
        k1_Sum((float *)(void *)(arena + n[4]), fetches->y, t0, e0);
    }
}

int32_t classify_arena_for(const classify_feeds *feeds, uint64_t *out_bytes)
{
    int64_t n[6];

    if (feeds == NULL || out_bytes == NULL)
        return 3;
    if (feeds->n < 0)
        return 3;
    if (!classify_sizes(feeds, n))
        return 3;
    *out_bytes = (uint64_t)n[5];
    return 0;
}

int32_t classify(const classify_feeds *feeds, classify_fetches *fetches, const stepc_env *env)
{
    int64_t n[6];

    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return classify_refuse(env, "feeds or fetches is NULL");
    if (feeds->n < 1 || feeds->n > INT64_C(64))
        return classify_refuse(env, "n is out of range");
    if (feeds->x == NULL)
        return classify_refuse(env, "feeds.x is NULL");
    if (fetches->y == NULL)
        return classify_refuse(env, "fetches.y is NULL");
    if (!classify_sizes(feeds, n))
        return classify_refuse(env, "the sizes are too large");
    if (n[5] > 0 && (env->arena == NULL || env->arena_bytes < (uint64_t)n[5]))
        return classify_refuse(env, "the arena is too small");
    if (((uintptr_t)env->arena & 63) != 0)
        return classify_refuse(env, "the arena is not aligned to 64");
    classify_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, n);
    return 0;
}

const unsigned char classify_signature_23dc470e = 1;

int32_t classify_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension classify_feeds_dims0[] = {
    {INT64_C(64), 0, 0},
    {INT64_C(4), -1, 0},
};
static const stepc_slot classify_feeds_slots[] = {
    {"x", "x:0", 1, 2, classify_feeds_dims0, (uint32_t)offsetof(classify_feeds, x), -1},
};
static const stepc_dimension classify_fetches_dims0[] = {
    {INT64_C(64), 0, 0},
};
static const stepc_slot classify_fetches_slots[] = {
    {"y", "y:0", 1, 1, classify_fetches_dims0, (uint32_t)offsetof(classify_fetches, y), -1},
};
static const stepc_symbol classify_symbols[] = {
    {"n", (uint32_t)offsetof(classify_feeds, n), INT64_C(64)},
};
static int32_t classify_table_arena(const void *feeds, uint64_t *out_bytes)
{
    return classify_arena_for((const classify_feeds *)feeds, out_bytes);
}
static int32_t classify_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return classify((const classify_feeds *)feeds, (classify_fetches *)fetches, env);
}

static const stepc_entry classify_entries[] = {
    {"classify", CLASSIFY_SIGNATURE, 1u, 1u, 0u, 1u,
     classify_feeds_slots, classify_fetches_slots, NULL, classify_symbols,
     (uint32_t)sizeof(classify_feeds), (uint32_t)sizeof(classify_fetches), CLASSIFY_ARENA_BYTES, CLASSIFY_STACK_BYTES,
     classify_table_arena, classify_table_call, NULL},
};

const stepc_module *classify_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "classify", "generic", 1u, 0u, classify_entries, NULL,
        CLASSIFY_STATE_BYTES, CLASSIFY_WEIGHTS_BYTES, classify_init,
    };
    return &table;
}
#endif
