/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module two_callables for the ISA profile generic; do not edit.
 *
 * encode(x: float32[n,3]) gives code: float32[n,2]
 *     arena 0 bytes, stack at most 2816 bytes, 1 statements
 *
 * decode(code: float32[n,2]) gives y: float32[n,3]
 *     arena 0 bytes, stack at most 2816 bytes, 1 statements
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

#if !defined(TWO_CALLABLES_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(TWO_CALLABLES_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "two_callables.h"

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

/* MatMul product, Tanh code.
 * in0 = x, in1 = w, out2 = code */
static STEPC_NOINLINE void k0_MatMul(const float *in0, const float *in1, float *restrict out2, ptrdiff_t n0)
{
    if (n0 == 0)
        return;
    for (ptrdiff_t i0 = 0; i0 < n0; i0++) {
        for (ptrdiff_t i1 = 0; i1 < 2; i1++) {
            float a0 = 0.0f;
            for (ptrdiff_t i2 = 0; i2 < 3; i2++) {
                const float v0 = in0[i0 * 3 + i2];
                const float v1 = in1[i1 + i2 * 2];
                const float v2 = v0 * v1;
                a0 = a0 + v2;
            }
            const float v4 = tanh_f32(a0);
            out2[i0 * 2 + i1] = v4;
        }
    }
}

/* MatMul y.
 * in0 = code, in1 = w, out2 = y */
static STEPC_NOINLINE void k1_MatMul(const float *in0, const float *in1, float *restrict out2, ptrdiff_t n0)
{
    if (n0 == 0)
        return;
    for (ptrdiff_t i0 = 0; i0 < n0; i0++) {
        for (ptrdiff_t i1 = 0; i1 < 3; i1++) {
            float a0 = 0.0f;
            for (ptrdiff_t i2 = 0; i2 < 2; i2++) {
                const float v0 = in0[i0 * 2 + i2];
                const float v1 = in1[i1 * 2 + i2];
                const float v2 = v0 * v1;
                a0 = a0 + v2;
            }
            out2[i0 * 3 + i1] = a0;
        }
    }
}

static const float w0_w[6] = {
    0x1.0p-1f, -0x1.0p+0f, 0x1.0p-2f, 0x1.0p+1f, 0x1.8p+0f, -0x1.8p-1f,
};

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t two_callables_refuse(const stepc_env *env, const char *message)
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
static int encode_sizes(const encode_feeds *feeds, int64_t *n)
{
    int good = 1;

    n[0] = feeds->n;
    n[1] = 0; /* where slots of the arena start */
    for (int i = 0; i < 2; i++)
        good &= n[i] <= (int64_t)PTRDIFF_MAX;
    return good;
}

/* Statements of the step, in order. */
static void encode_part0(const encode_feeds *feeds, encode_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    k0_MatMul(feeds->x, w0_w, fetches->code, (ptrdiff_t)n[0]);
}

int32_t encode_arena_for(const encode_feeds *feeds, uint64_t *out_bytes)
{
    int64_t n[2];

    if (feeds == NULL || out_bytes == NULL)
        return 3;
    if (feeds->n < 0)
        return 3;
    if (!encode_sizes(feeds, n))
        return 3;
    *out_bytes = (uint64_t)n[1];
    return 0;
}

int32_t encode(const encode_feeds *feeds, encode_fetches *fetches, const stepc_env *env)
{
    int64_t n[2];

    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return two_callables_refuse(env, "feeds or fetches is NULL");
    if (feeds->n < 0)
        return two_callables_refuse(env, "n is out of range");
    if (feeds->x == NULL && feeds->n > 0)
        return two_callables_refuse(env, "feeds.x is NULL");
    if (fetches->code == NULL && feeds->n > 0)
        return two_callables_refuse(env, "fetches.code is NULL");
    if (!encode_sizes(feeds, n))
        return two_callables_refuse(env, "the sizes are too large");
    encode_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, n);
    return 0;
}

const unsigned char encode_signature_dcf214ca = 1;

/* Sizes of this call; 0 when one is too large for this machine. */
static int decode_sizes(const decode_feeds *feeds, int64_t *n)
{
    int good = 1;

    n[0] = feeds->n;
    n[1] = 0; /* where slots of the arena start */
    for (int i = 0; i < 2; i++)
        good &= n[i] <= (int64_t)PTRDIFF_MAX;
    return good;
}

/* Statements of the step, in order. */
static void decode_part0(const decode_feeds *feeds, decode_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)arena;
    (void)state;
    (void)weights;
    k1_MatMul(feeds->code, w0_w, fetches->y, (ptrdiff_t)n[0]);
}

int32_t decode_arena_for(const decode_feeds *feeds, uint64_t *out_bytes)
{
    int64_t n[2];

    if (feeds == NULL || out_bytes == NULL)
        return 3;
    if (feeds->n < 0)
        return 3;
    if (!decode_sizes(feeds, n))
        return 3;
    *out_bytes = (uint64_t)n[1];
    return 0;
}

int32_t decode(const decode_feeds *feeds, decode_fetches *fetches, const stepc_env *env)
{
    int64_t n[2];

    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return two_callables_refuse(env, "feeds or fetches is NULL");
    if (feeds->n < 0)
        return two_callables_refuse(env, "n is out of range");
    if (feeds->code == NULL && feeds->n > 0)
        return two_callables_refuse(env, "feeds.code is NULL");
    if (fetches->y == NULL && feeds->n > 0)
        return two_callables_refuse(env, "fetches.y is NULL");
    if (!decode_sizes(feeds, n))
        return two_callables_refuse(env, "the sizes are too large");
    decode_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, n);
    return 0;
}

const unsigned char decode_signature_e59a99c7 = 1;

int32_t two_callables_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    return 0;
}

#ifdef STEPC_MODULE_H

static const stepc_dimension encode_feeds_dims0[] = {
    {INT64_C(-1), 0, 0},
    {INT64_C(3), -1, 0},
};
static const stepc_slot encode_feeds_slots[] = {
    {"x", "x:0", 1, 2, encode_feeds_dims0, (uint32_t)offsetof(encode_feeds, x), -1},
};
static const stepc_dimension encode_fetches_dims0[] = {
    {INT64_C(-1), 0, 0},
    {INT64_C(2), -1, 0},
};
static const stepc_slot encode_fetches_slots[] = {
    {"code", "code:0", 1, 2, encode_fetches_dims0, (uint32_t)offsetof(encode_fetches, code), -1},
};
static const stepc_symbol encode_symbols[] = {
    {"n", (uint32_t)offsetof(encode_feeds, n), INT64_C(-1)},
};
static int32_t encode_table_arena(const void *feeds, uint64_t *out_bytes)
{
    return encode_arena_for((const encode_feeds *)feeds, out_bytes);
}
static int32_t encode_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return encode((const encode_feeds *)feeds, (encode_fetches *)fetches, env);
}

static const stepc_dimension decode_feeds_dims0[] = {
    {INT64_C(-1), 0, 0},
    {INT64_C(2), -1, 0},
};
static const stepc_slot decode_feeds_slots[] = {
    {"code", "code:0", 1, 2, decode_feeds_dims0, (uint32_t)offsetof(decode_feeds, code), -1},
};
static const stepc_dimension decode_fetches_dims0[] = {
    {INT64_C(-1), 0, 0},
    {INT64_C(3), -1, 0},
};
static const stepc_slot decode_fetches_slots[] = {
    {"y", "y:0", 1, 2, decode_fetches_dims0, (uint32_t)offsetof(decode_fetches, y), -1},
};
static const stepc_symbol decode_symbols[] = {
    {"n", (uint32_t)offsetof(decode_feeds, n), INT64_C(-1)},
};
static int32_t decode_table_arena(const void *feeds, uint64_t *out_bytes)
{
    return decode_arena_for((const decode_feeds *)feeds, out_bytes);
}
static int32_t decode_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return decode((const decode_feeds *)feeds, (decode_fetches *)fetches, env);
}

static const stepc_entry two_callables_entries[] = {
    {"encode", ENCODE_SIGNATURE, 1u, 1u, 0u, 1u,
     encode_feeds_slots, encode_fetches_slots, NULL, encode_symbols,
     (uint32_t)sizeof(encode_feeds), (uint32_t)sizeof(encode_fetches), ENCODE_ARENA_BYTES, ENCODE_STACK_BYTES,
     encode_table_arena, encode_table_call, NULL},
    {"decode", DECODE_SIGNATURE, 1u, 1u, 0u, 1u,
     decode_feeds_slots, decode_fetches_slots, NULL, decode_symbols,
     (uint32_t)sizeof(decode_feeds), (uint32_t)sizeof(decode_fetches), DECODE_ARENA_BYTES, DECODE_STACK_BYTES,
     decode_table_arena, decode_table_call, NULL},
};

const stepc_module *two_callables_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "two_callables", "generic", 2u, 0u, two_callables_entries, NULL,
        TWO_CALLABLES_STATE_BYTES, TWO_CALLABLES_WEIGHTS_BYTES, two_callables_init,
    };
    return &table;
}
#endif
