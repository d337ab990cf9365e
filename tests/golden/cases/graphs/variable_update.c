/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module variable_update for the ISA profile generic; do not edit.
 *
 * variable_start() gives nothing
 *     arena 0 bytes, stack at most 3072 bytes, 2 statements
 *
 * variable_update(x: float32[20]) gives update: float32[20]
 *     arena 0 bytes, stack at most 3072 bytes, 2 statements
 *
 * State 192 bytes, weights 0 bytes (inline). */
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

#if !defined(VARIABLE_UPDATE_NO_TABLE) && !defined(STEPC_MODULE_H)
#if defined(VARIABLE_UPDATE_WITH_TABLE)
#include "stepc/module.h"
#elif defined(__has_include)
#if __has_include("stepc/module.h")
#include "stepc/module.h" /* where it is, the table for sessions is compiled too */
#endif
#endif
#endif
#include "variable_update.h"

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

/* Assign start.
 * out0 = v */
static STEPC_NOINLINE void k0_Assign(float *restrict out0)
{
    ptrdiff_t i0 = 0;
    for (; 20 - i0 >= 2 * V_LANES; i0 += 2 * V_LANES) {
        v_store_f32(out0 + i0, v_splat_f32(1.0f));
        v_store_f32(out0 + (i0 + V_LANES), v_splat_f32(1.0f));
    }
    for (; 20 - i0 >= V_LANES; i0 += V_LANES) {
        v_store_f32(out0 + i0, v_splat_f32(1.0f));
    }
    if (i0 < 20) {
        const size_t rest = (size_t)(20 - i0);
        v_store_part_f32(out0 + i0, v_splat_f32(1.0f), rest);
    }
}

/* Assign start.
 * out0 = v */
static STEPC_NOINLINE void k1_Assign(uint8_t *restrict out0)
{
    out0[0] = (uint8_t)1;
}

/* AssignAdd update.
 * in0 = v */
static STEPC_NOINLINE int32_t k2_AssignAdd(const uint8_t *in0, int32_t check)
{
    const int v0 = (in0[0] != 0);
    if (!v0)
        return check;
    return 0;
}

/* AssignAdd update.
 * io0 = v, in1 = x, out2 = update */
static STEPC_NOINLINE void k3_AssignAdd(float *restrict io0, const float *in1, float *restrict out2)
{
    ptrdiff_t i0 = 0;
    for (; 20 - i0 >= 2 * V_LANES; i0 += 2 * V_LANES) {
        const v_f32 v0_0 = v_load_f32(io0 + i0);
        const v_f32 v0_1 = v_load_f32(io0 + (i0 + V_LANES));
        const v_f32 v1_0 = v_load_f32(in1 + i0);
        const v_f32 v1_1 = v_load_f32(in1 + (i0 + V_LANES));
        const v_f32 v2_0 = v0_0 + v1_0;
        const v_f32 v2_1 = v0_1 + v1_1;
        v_store_f32(io0 + i0, v2_0);
        v_store_f32(io0 + (i0 + V_LANES), v2_1);
        v_store_f32(out2 + i0, v2_0);
        v_store_f32(out2 + (i0 + V_LANES), v2_1);
    }
    for (; 20 - i0 >= V_LANES; i0 += V_LANES) {
        const v_f32 v0 = v_load_f32(io0 + i0);
        const v_f32 v1 = v_load_f32(in1 + i0);
        const v_f32 v2 = v0 + v1;
        v_store_f32(io0 + i0, v2);
        v_store_f32(out2 + i0, v2);
    }
    if (i0 < 20) {
        const size_t rest = (size_t)(20 - i0);
        const v_f32 v0 = v_load_part_f32(io0 + i0, rest);
        const v_f32 v1 = v_load_part_f32(in1 + i0, rest);
        const v_f32 v2 = v0 + v1;
        v_store_part_f32(io0 + i0, v2, rest);
        v_store_part_f32(out2 + i0, v2, rest);
    }
}

/* ---- entries ---- */

/* INVALID_ARGUMENT for a call that cannot run. */
static int32_t variable_update_refuse(const stepc_env *env, const char *message)
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
} variable_update_checks[1] = {
    {9, "AssignAdd update", "Attempting to use uninitialized value v"},
};

static int32_t variable_update_fail(const stepc_env *env, int32_t check)
{
    if (env->fault != NULL) {
        env->fault->code = variable_update_checks[check - 1].code;
        env->fault->check = check;
        env->fault->operation = variable_update_checks[check - 1].operation;
        env->fault->message = variable_update_checks[check - 1].message;
    }
    return variable_update_checks[check - 1].code;
}

/* Statements of the step, in order; the number of the check that fails, or 0. */
static int32_t variable_start_part0(const variable_start_feeds *feeds, variable_start_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    (void)feeds;
    (void)fetches;
    (void)arena;
    (void)weights;
    (void)n;
    k0_Assign((float *)(void *)(state + 0));
    k1_Assign((uint8_t *)(void *)(state + 128));
    return 0;
}

int32_t variable_start(const variable_start_feeds *feeds, variable_start_fetches *fetches, const stepc_env *env)
{
    int32_t check;

    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return variable_update_refuse(env, "feeds or fetches is NULL");
    if (env->state == NULL || ((uintptr_t)env->state & 63) != 0)
        return variable_update_refuse(env, "the state is not there or not aligned to 64");
    check = variable_start_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, NULL);
    if (check != 0)
        return variable_update_fail(env, check);
    return 0;
}

const unsigned char variable_start_signature_890ce5d1 = 1;

/* Statements of the step, in order; the number of the check that fails, or 0. */
static int32_t variable_update_part0(const variable_update_feeds *feeds, variable_update_fetches *fetches, unsigned char *arena,
        unsigned char *state, const unsigned char *weights, const int64_t *n)
{
    int32_t check;

    (void)arena;
    (void)weights;
    (void)n;
    check = k2_AssignAdd((uint8_t *)(void *)(state + 128), 1);
    if (check != 0)
        return check;
    k3_AssignAdd((float *)(void *)(state + 0), feeds->x, fetches->update);
    return 0;
}

int32_t variable_update(const variable_update_feeds *feeds, variable_update_fetches *fetches, const stepc_env *env)
{
    int32_t check;

    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (feeds == NULL || fetches == NULL)
        return variable_update_refuse(env, "feeds or fetches is NULL");
    if (feeds->x == NULL)
        return variable_update_refuse(env, "feeds.x is NULL");
    if (fetches->update == NULL)
        return variable_update_refuse(env, "fetches.update is NULL");
    if (env->state == NULL || ((uintptr_t)env->state & 63) != 0)
        return variable_update_refuse(env, "the state is not there or not aligned to 64");
    check = variable_update_part0(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, NULL, NULL);
    if (check != 0)
        return variable_update_fail(env, check);
    return 0;
}

const unsigned char variable_update_signature_92e023ad = 1;

int32_t variable_update_init(const stepc_env *env)
{
    if (env == NULL || env->size < sizeof(stepc_env))
        return 3;
    if (env->state == NULL || ((uintptr_t)env->state & 63) != 0)
        return variable_update_refuse(env, "the state is not there or not aligned to 64");
    memset(env->state, 0, VARIABLE_UPDATE_STATE_BYTES);
    return 0;
}

#ifdef STEPC_MODULE_H

static const char *const variable_start_targets[] = {
    "start",
};
static int32_t variable_start_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return variable_start((const variable_start_feeds *)feeds, (variable_start_fetches *)fetches, env);
}

static const stepc_dimension variable_update_feeds_dims0[] = {
    {INT64_C(20), -1, 0},
};
static const stepc_slot variable_update_feeds_slots[] = {
    {"x", "x:0", 1, 1, variable_update_feeds_dims0, (uint32_t)offsetof(variable_update_feeds, x), -1},
};
static const stepc_dimension variable_update_fetches_dims0[] = {
    {INT64_C(20), -1, 0},
};
static const stepc_slot variable_update_fetches_slots[] = {
    {"update", "update:0", 1, 1, variable_update_fetches_dims0, (uint32_t)offsetof(variable_update_fetches, update), -1},
};
static int32_t variable_update_table_call(const void *feeds, void *fetches, const stepc_env *env)
{
    return variable_update((const variable_update_feeds *)feeds, (variable_update_fetches *)fetches, env);
}

static const stepc_dimension variable_update_state_dims0[] = {
    {INT64_C(20), -1, 0},
};
static const stepc_dimension variable_update_state_dims1[] = {
    {0, -1, 0},
};
static const stepc_slot variable_update_state_slots[] = {
    {"v", "v", 1, 1, variable_update_state_dims0, 0u, -1},
    {"v_set", "v#set", 10, 0, variable_update_state_dims1, 128u, -1},
};

static const stepc_entry variable_update_entries[] = {
    {"variable_start", VARIABLE_START_SIGNATURE, 0u, 0u, 1u, 0u,
     NULL, NULL, variable_start_targets, NULL,
     (uint32_t)sizeof(variable_start_feeds), (uint32_t)sizeof(variable_start_fetches), VARIABLE_START_ARENA_BYTES, VARIABLE_START_STACK_BYTES,
     NULL, variable_start_table_call, NULL},
    {"variable_update", VARIABLE_UPDATE_SIGNATURE, 1u, 1u, 0u, 0u,
     variable_update_feeds_slots, variable_update_fetches_slots, NULL, NULL,
     (uint32_t)sizeof(variable_update_feeds), (uint32_t)sizeof(variable_update_fetches), VARIABLE_UPDATE_ARENA_BYTES, VARIABLE_UPDATE_STACK_BYTES,
     NULL, variable_update_table_call, NULL},
};

const stepc_module *variable_update_module(void)
{
    static const stepc_module table = {
        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), "variable_update", "generic", 2u, 2u, variable_update_entries, variable_update_state_slots,
        VARIABLE_UPDATE_STATE_BYTES, VARIABLE_UPDATE_WEIGHTS_BYTES, variable_update_init,
    };
    return &table;
}
#endif
