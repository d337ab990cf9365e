/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module scatter for the ISA profile generic; do not edit.
 *
 * scatter(x: float32[n<=64,40], labels: int32[n<=64]) gives sums: float32[10,40], top: int32[10,3]
 *     arena 0 bytes, stack at most 2816 bytes, 4 statements
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

#if !defined(SCATTER_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(SCATTER_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "scatter.h"

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

/* UnsortedSegmentSum sums.
 * in0 = labels */
static STEPC_NOINLINE int32_t k0_UnsortedSegmentSum(const int32_t *in0, ptrdiff_t n0, int32_t check)
{
    for (ptrdiff_t i0 = 0; i0 < n0; i0++) {
        const int32_t v0 = in0[i0];
        const int64_t v1 = (int64_t)v0;
        const int v2 = v1 >= 0 && v1 < 10;
        if (!v2)
            return check;
    }
    return 0;
}

/* UnsortedSegmentSum sums.
 * out0 = sums */
static STEPC_NOINLINE void k1_UnsortedSegmentSum(float *restrict out0)
{
    for (ptrdiff_t i0 = 0; i0 < 400; i0++) {
        out0[i0] = 0.0f;
    }
}

/* UnsortedSegmentSum sums.
 * in0 = labels, in1 = x, io2 = sums */
static STEPC_NOINLINE void k2_UnsortedSegmentSum(const int32_t *in0, const float *in1, float *restrict io2, ptrdiff_t n0)
{
    for (ptrdiff_t i0 = 0; i0 < n0; i0++) {
        const int32_t v0 = in0[i0];
        const int64_t v1 = (int64_t)v0;
        for (ptrdiff_t i1 = 0; i1 < 40; i1++) {
            const float v2 = in1[i0 * 40 + i1];
            const float v3 = io2[i1 + (ptrdiff_t)v1 * 40];
            const float v4 = v3 + v2;
            io2[i1 + (ptrdiff_t)v1 * 40] = v4;
        }
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t scatter_refuse(const stepc_env *env, const char *message)
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
} scatter_checks[1] = {
    {3, "UnsortedSegmentSum sums", "an element of segment_ids is out of range [0, 10)"},
};

static int32_t scatter_fail(const stepc_env *env, int32_t check)
{
    if (env->fault != NULL) {
        env->fault->code = scatter_checks[check - 1].code;
        env->fault->check = check;
        env->fault->operation = scatter_checks[check - 1].operation;
        env->fault->message = scatter_checks[check - 1].message;
    }
    return scatter_checks[check - 1].code;
}

/* Sizes of this call; 0 when one is too large for this machine. */
static int scatter_sizes(const scatter_feeds *feeds, int64_t *n)
{
    int good = 1;

    n[0] = feeds->n;
    n[1] = 0; /* where slots of the arena start */
    for (int i = 0; i < 2; i++)
        good &= n[i] <= (int64_t)PTRDIFF_MAX;
    return good;
}

/* Statements of the step, in order; the number of the check that fails, or 0. */
static int32_t scatter_part0(const scatter_feeds *feeds, scatter_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    int32_t check;

    (void)arena;
    (void)state;
    (void)weights;
    check = k0_UnsortedSegmentSum(feeds->labels, (ptrdiff_t)n[0], 1);
    if (check != 0)
        return check;
    k1_UnsortedSegmentSum(fetches->sums);
    k2_UnsortedSegmentSum(feeds->labels, feeds->x, fetches->sums, (ptrdiff_t)n[0]);
    { /* the places of the greatest elements of each row */
        const float *from = fetches->sums + 0;
        int32_t *to = fetches->top + 0;
        int32_t *const end = to + 30;
        for (; to < end; to += 3, from += 40)
            top_f32(from, 40, to, 3);
    }
    return 0;
}

int32_t scatter_arena_for(const scatter_feeds *feeds, uint64_t *out_bytes)
{
    int64_t n[2];

    if (feeds == NULL || out_bytes == NULL)
        return 3;
    if (feeds->n < 0)
        return 3;
    if (!scatter_sizes(feeds, n))
        return 3;
    *out_bytes = (uint64_t)n[1];
    return 0;
}

int32_t scatter(const scatter_feeds *feeds, scatter_fetches *fetches, const stepc_env *env)
{
    int64_t n[2];
    int32_t check;

    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return scatter_refuse(env, "feeds or fetches is NULL");
    if (feeds->n < 1 || feeds->n > INT64_C(64))
        return scatter_refuse(env, "n is out of range");
    if (feeds->x == NULL)
        return scatter_refuse(env, "feeds.x is NULL");
    if (feeds->labels == NULL)
        return scatter_refuse(env, "feeds.labels is NULL");
    if (fetches->sums == NULL)
        return scatter_refuse(env, "fetches.sums is NULL");
    if (fetches->top == NULL)
        return scatter_refuse(env, "fetches.top is NULL");
    if (!scatter_sizes(feeds, n))
        return scatter_refuse(env, "the sizes are too large");
    check = scatter_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, n);
    if (check != 0)
        return scatter_fail(env, check);
    return 0;
}

const unsigned char scatter_signature_734cc74c = 1;

int32_t scatter_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension scatter_feeds_dims0[] = {
    {INT64_C(64), 0, 0},
    {INT64_C(40), -1, 0},
};
static const stepc_dimension scatter_feeds_dims1[] = {
    {INT64_C(64), 0, 0},
};
static const stepc_slot scatter_feeds_slots[] = {
    {"x", "x:0", 1, 2, scatter_feeds_dims0, (uint32_t)offsetof(scatter_feeds, x), -1},
    {"labels", "labels:0", 3, 1, scatter_feeds_dims1, (uint32_t)offsetof(scatter_feeds, labels), -1},
};
static const stepc_dimension scatter_fetches_dims0[] = {
    {INT64_C(10), -1, 0},
    {INT64_C(40), -1, 0},
};
static const stepc_dimension scatter_fetches_dims1[] = {
    {INT64_C(10), -1, 0},
    {INT64_C(3), -1, 0},
};
static const stepc_slot scatter_fetches_slots[] = {
    {"sums", "sums:0", 1, 2, scatter_fetches_dims0, (uint32_t)offsetof(scatter_fetches, sums), -1},
    {"top", "top:1", 3, 2, scatter_fetches_dims1, (uint32_t)offsetof(scatter_fetches, top), -1},
};
static const stepc_symbol scatter_symbols[] = {
    {"n", (uint32_t)offsetof(scatter_feeds, n), INT64_C(64)},
};
static int32_t scatter_table_arena(const void *feeds, uint64_t *out_bytes)
{
    return scatter_arena_for((const scatter_feeds *)feeds, out_bytes);
}
static int32_t scatter_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return scatter((const scatter_feeds *)feeds, (scatter_fetches *)fetches, env);
}

static const stepc_entry scatter_entries[] = {
    {"scatter", SCATTER_SIGNATURE, 2u, 2u, 0u, 1u,
     scatter_feeds_slots, scatter_fetches_slots, NULL, scatter_symbols,
     (uint32_t)sizeof(scatter_feeds), (uint32_t)sizeof(scatter_fetches), SCATTER_ARENA_BYTES, SCATTER_STACK_BYTES,
     scatter_table_arena, scatter_table_call, NULL},
};

const stepc_module *scatter_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "scatter", "generic", 1u, 0u, scatter_entries, NULL,
        SCATTER_STATE_BYTES, SCATTER_WEIGHTS_BYTES, scatter_init,
    };
    return &table;
}
#endif
