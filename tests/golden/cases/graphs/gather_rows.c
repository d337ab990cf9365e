/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module gather_rows for the ISA profile generic; do not edit.
 *
 * gather_rows(table: float32[1000,24], ids: int32[n]) gives y: float32[n,24]
 *     arena 0 bytes, stack at most 2816 bytes, 2 statements
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

#if !defined(GATHER_ROWS_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(GATHER_ROWS_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "gather_rows.h"

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

/* GatherV2 y.
 * in0 = ids */
static STEPC_NOINLINE int32_t k0_GatherV2(const int32_t *in0, ptrdiff_t n0, int32_t check)
{
    if (n0 == 0)
        return 0;
    for (ptrdiff_t i0 = 0; i0 < n0; i0++) {
        const int32_t v0 = in0[i0];
        const int64_t v1 = (int64_t)v0;
        const int v2 = v1 >= 0 && v1 < 1000;
        if (!v2)
            return check;
    }
    return 0;
}

/* GatherV2 y.
 * in0 = ids, in1 = table, out2 = y */
static STEPC_NOINLINE void k1_GatherV2(const int32_t *in0, const float *in1, float *restrict out2, ptrdiff_t n0)
{
    if (n0 == 0)
        return;
    for (ptrdiff_t i0 = 0; i0 < n0; i0++) {
        const int32_t v0 = in0[i0];
        const int64_t v1 = (int64_t)v0;
        ptrdiff_t i1 = 0;
        for (; 24 - i1 >= 2 * V_LANES; i1 += 2 * V_LANES) {
            const v_f32 v2_0 = v_load_f32(in1 + (i1 + (ptrdiff_t)v1 * 24));
            const v_f32 v2_1 = v_load_f32(in1 + (i1 + V_LANES + (ptrdiff_t)v1 * 24));
            v_store_f32(out2 + (i0 * 24 + i1), v2_0);
            v_store_f32(out2 + (i0 * 24 + i1 + V_LANES), v2_1);
        }
        for (; 24 - i1 >= V_LANES; i1 += V_LANES) {
            const v_f32 v2 = v_load_f32(in1 + (i1 + (ptrdiff_t)v1 * 24));
            v_store_f32(out2 + (i0 * 24 + i1), v2);
        }
        if (i1 < 24) {
            const size_t rest = (size_t)(24 - i1);
            const v_f32 v2 = v_load_part_f32(in1 + (i1 + (ptrdiff_t)v1 * 24), rest);
            v_store_part_f32(out2 + (i0 * 24 + i1), v2, rest);
        }
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t gather_rows_refuse(const stepc_env *env, const char *message)
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
} gather_rows_checks[1] = {
    {3, "GatherV2 y", "an element of indices is not in [0, 1000)"},
};

static int32_t gather_rows_fail(const stepc_env *env, int32_t check)
{
    if (env->fault != NULL) {
        env->fault->code = gather_rows_checks[check - 1].code;
        env->fault->check = check;
        env->fault->operation = gather_rows_checks[check - 1].operation;
        env->fault->message = gather_rows_checks[check - 1].message;
    }
    return gather_rows_checks[check - 1].code;
}

/* Sizes of this call; 0 when one is too large for this machine. */
static int gather_rows_sizes(const gather_rows_feeds *feeds, int64_t *n)
{
    int good = 1;

    n[0] = feeds->n;
    n[1] = 0; /* where slots of the arena start */
    for (int i = 0; i < 2; i++)
        good &= n[i] <= (int64_t)PTRDIFF_MAX;
    return good;
}

/* Statements of the step, in order; the number of the check that fails, or 0. */
static int32_t gather_rows_part0(const gather_rows_feeds *feeds, gather_rows_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    int32_t check;

    (void)arena;
    (void)state;
    (void)weights;
    check = k0_GatherV2(feeds->ids, (ptrdiff_t)n[0], 1);
    if (check != 0)
        return check;
    k1_GatherV2(feeds->ids, feeds->table, fetches->y, (ptrdiff_t)n[0]);
    return 0;
}

int32_t gather_rows_arena_for(const gather_rows_feeds *feeds, uint64_t *out_bytes)
{
    int64_t n[2];

    if (feeds == NULL || out_bytes == NULL)
        return 3;
    if (feeds->n < 0)
        return 3;
    if (!gather_rows_sizes(feeds, n))
        return 3;
    *out_bytes = (uint64_t)n[1];
    return 0;
}

int32_t gather_rows(const gather_rows_feeds *feeds, gather_rows_fetches *fetches, const stepc_env *env)
{
    int64_t n[2];
    int32_t check;

    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return gather_rows_refuse(env, "feeds or fetches is NULL");
    if (feeds->n < 0)
        return gather_rows_refuse(env, "n is out of range");
    if (feeds->table == NULL)
        return gather_rows_refuse(env, "feeds.table is NULL");
    if (feeds->ids == NULL && feeds->n > 0)
        return gather_rows_refuse(env, "feeds.ids is NULL");
    if (fetches->y == NULL && feeds->n > 0)
        return gather_rows_refuse(env, "fetches.y is NULL");
    if (!gather_rows_sizes(feeds, n))
        return gather_rows_refuse(env, "the sizes are too large");
    check = gather_rows_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, n);
    if (check != 0)
        return gather_rows_fail(env, check);
    return 0;
}

const unsigned char gather_rows_signature_5fbc20d1 = 1;

int32_t gather_rows_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension gather_rows_feeds_dims0[] = {
    {INT64_C(1000), -1, 0},
    {INT64_C(24), -1, 0},
};
static const stepc_dimension gather_rows_feeds_dims1[] = {
    {INT64_C(-1), 0, 0},
};
static const stepc_slot gather_rows_feeds_slots[] = {
    {"table", "table:0", 1, 2, gather_rows_feeds_dims0, (uint32_t)offsetof(gather_rows_feeds, table), -1},
    {"ids", "ids:0", 3, 1, gather_rows_feeds_dims1, (uint32_t)offsetof(gather_rows_feeds, ids), -1},
};
static const stepc_dimension gather_rows_fetches_dims0[] = {
    {INT64_C(-1), 0, 0},
    {INT64_C(24), -1, 0},
};
static const stepc_slot gather_rows_fetches_slots[] = {
    {"y", "y:0", 1, 2, gather_rows_fetches_dims0, (uint32_t)offsetof(gather_rows_fetches, y), -1},
};
static const stepc_symbol gather_rows_symbols[] = {
    {"n", (uint32_t)offsetof(gather_rows_feeds, n), INT64_C(-1)},
};
static int32_t gather_rows_table_arena(const void *feeds, uint64_t *out_bytes)
{
    return gather_rows_arena_for((const gather_rows_feeds *)feeds, out_bytes);
}
static int32_t gather_rows_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return gather_rows((const gather_rows_feeds *)feeds, (gather_rows_fetches *)fetches, env);
}

static const stepc_entry gather_rows_entries[] = {
    {"gather_rows", GATHER_ROWS_SIGNATURE, 2u, 1u, 0u, 1u,
     gather_rows_feeds_slots, gather_rows_fetches_slots, NULL, gather_rows_symbols,
     (uint32_t)sizeof(gather_rows_feeds), (uint32_t)sizeof(gather_rows_fetches), GATHER_ROWS_ARENA_BYTES, GATHER_ROWS_STACK_BYTES,
     gather_rows_table_arena, gather_rows_table_call, NULL},
};

const stepc_module *gather_rows_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "gather_rows", "generic", 1u, 0u, gather_rows_entries, NULL,
        GATHER_ROWS_STATE_BYTES, GATHER_ROWS_WEIGHTS_BYTES, gather_rows_init,
    };
    return &table;
}
#endif
