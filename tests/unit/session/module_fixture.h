/* SPDX-License-Identifier: Apache-2.0 */
/* A graph and modules for it, written by hand as the compiler would write them. What compiled steps compute is told from what
 * the graph says by 1000 more. */
#ifndef TESTS_UNIT_SESSION_MODULE_FIXTURE_H
#define TESTS_UNIT_SESSION_MODULE_FIXTURE_H

#include "../nodes.h"
#include "session_fixture.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define SCALE_GRAPH                                                                                           \
    PLACEHOLDER_ANY("x", "FLOAT") PLACEHOLDER_ANY("s", "FLOAT") PLACEHOLDER("fixed", "FLOAT", DIM(4))         \
        BINARY("y", "Mul", "FLOAT", "x", "s") UNARY("z", "Neg", "FLOAT", "y") UNARY("f", "Neg", "FLOAT", "fixed") \
            PLACEHOLDER_ANY("i", "INT32") UNARY("j", "Neg", "INT32", "i") NO_OP("go", IN("^z"))

static const stepc_dimension two[] = {{2, -1, 0}}, three[] = {{3, -1, 0}}, n_rows[] = {{8, 0, 0}};

/* pair: x float[2], s float[] -> y = x * s + 1000, z = -(x * s) + 1000. A factor of 77 takes its time. */
static atomic_int slow_calls;

typedef struct pair_feeds {
    const float *s;
    const float *x;
} pair_feeds;

typedef struct pair_fetches {
    float *y, *z;
} pair_fetches;

static int32_t pair_call(const void *feeds, void *fetches, const stepc_env *env)
{
    const pair_feeds *in = feeds;
    const pair_fetches *out = fetches;
    float *scratch = env->arena;
    cr_assert(env->size == sizeof *env && env->arena_bytes >= 64 && ((uintptr_t)env->arena & 63) == 0);
    if (in->s[0] == 77) {
        atomic_fetch_add(&slow_calls, 1);
        nanosleep(&(struct timespec){0, 50000000}, NULL);
        atomic_fetch_sub(&slow_calls, 1);
    }
    if (in->s[0] == 13) {
        *env->fault = (stepc_fault){3, 1, "Mul y", "Thirteen is refused"};
        return 3;
    }
    for (int i = 0; i < 2; i++)
        scratch[i] = in->x[i] * in->s[0];
    for (int i = 0; i < 2; i++) {
        out->y[i] = scratch[i] + 1000;
        out->z[i] = -scratch[i] + 1000;
    }
    return 0;
}

static const stepc_slot pair_in[] = {{"s", "s:0", STEPC_FLOAT32, 0, NULL, offsetof(pair_feeds, s), -1},
                                     {"x", "x:0", STEPC_FLOAT32, 1, two, offsetof(pair_feeds, x), -1}};
static const stepc_slot pair_out[] = {{"y", "y:0", STEPC_FLOAT32, 1, two, offsetof(pair_fetches, y), -1},
                                      {"z", "z:0", STEPC_FLOAT32, 1, two, offsetof(pair_fetches, z), -1}};

/* rows: x float[n<=8], s float[] -> y = x * s + 1000, in float[n]. */
typedef struct rows_feeds {
    const float *x, *s;
    int64_t n;
} rows_feeds;

typedef struct rows_fetches {
    float *y;
} rows_fetches;

static int32_t rows_call(const void *feeds, void *fetches, const stepc_env *env)
{
    const rows_feeds *in = feeds;
    const rows_fetches *out = fetches;
    (void)env;
    for (int64_t i = 0; i < in->n; i++)
        out->y[i] = in->x[i] * in->s[0] + 1000;
    return 0;
}

static const stepc_symbol rows_symbols[] = {{"n", offsetof(rows_feeds, n), 8}};
static const stepc_slot rows_in[] = {{"x", "x:0", STEPC_FLOAT32, 1, n_rows, offsetof(rows_feeds, x), -1},
                                     {"s", "s:0", STEPC_FLOAT32, 0, NULL, offsetof(rows_feeds, s), -1}};
static const stepc_slot rows_out[] = {{"y", "y:0", STEPC_FLOAT32, 1, n_rows, offsetof(rows_fetches, y), -1}};

/* hits: i int32[3] -> j: those of i above 0, whose number shows after the call. */
typedef struct hits_feeds {
    const int32_t *i;
} hits_feeds;

typedef struct hits_fetches {
    int32_t *j;
    int64_t rows;
} hits_fetches;

static int32_t hits_call(const void *feeds, void *fetches, const stepc_env *env)
{
    const hits_feeds *in = feeds;
    hits_fetches *out = fetches;
    (void)env;
    out->rows = 0;
    for (int i = 0; i < 3; i++)
        if (in->i[i] > 0)
            out->j[out->rows++] = in->i[i];
    return 0;
}

static const stepc_slot hits_in[] = {{"i", "i:0", STEPC_INT32, 1, three, offsetof(hits_feeds, i), -1}};
static const stepc_slot hits_out[] = {
    {"j", "j:0", STEPC_INT32, 1, three, offsetof(hits_fetches, j), offsetof(hits_fetches, rows)}};

/* grid: i int32[2,3] -> j = i + 1000. */
static int32_t grid_call(const void *feeds, void *fetches, const stepc_env *env)
{
    const hits_feeds *in = feeds;
    const hits_fetches *out = fetches;
    (void)env;
    for (int i = 0; i < 6; i++)
        out->j[i] = in->i[i] + 1000;
    return 0;
}

static const stepc_dimension two_by_three[] = {{2, -1, 0}, {3, -1, 0}};
static const stepc_slot grid_in[] = {{"i", "i:0", STEPC_INT32, 2, two_by_three, offsetof(hits_feeds, i), -1}};
static const stepc_slot grid_out[] = {{"j", "j:0", STEPC_INT32, 2, two_by_three, offsetof(hits_fetches, j), -1}};

/* go: x float[2], s float[] -> target only. */
static int32_t go_call(const void *feeds, void *fetches, const stepc_env *env)
{
    (void)feeds, (void)fetches, (void)env;
    return 0;
}

static const char *const go_targets[] = {"go"};

static const stepc_entry scale_entries[] = {
    {"pair", 1, 2, 2, 0, 0, pair_in, pair_out, NULL, NULL, sizeof(pair_feeds), sizeof(pair_fetches), 64, 0, NULL, pair_call, NULL},
    {"rows", 2, 2, 1, 0, 1, rows_in, rows_out, NULL, rows_symbols, sizeof(rows_feeds), sizeof(rows_fetches), 0, 0, NULL, rows_call,
     NULL},
    {"hits", 3, 1, 1, 0, 0, hits_in, hits_out, NULL, NULL, sizeof(hits_feeds), sizeof(hits_fetches), 0, 0, NULL, hits_call, NULL},
    {"grid", 5, 1, 1, 0, 0, grid_in, grid_out, NULL, NULL, sizeof(hits_feeds), sizeof(hits_fetches), 0, 0, NULL, grid_call, NULL},
    {"go", 4, 2, 0, 1, 0, pair_in, NULL, go_targets, NULL, sizeof(pair_feeds), 8, 0, 0, NULL, go_call, NULL},
};
static const stepc_module scale_module = {
    STEPC_MODULE_ABI, sizeof(stepc_module), "scale", "generic", 5, 0, scale_entries, NULL, 0, 0, NULL};

static inline stepc_session_statistics statistics_of(stepc_session *s)
{
    stepc_session_statistics all = {.size = sizeof all};
    cr_assert_eq(stepc_session_statistics_get(s, &all, NULL), STEPC_OK);
    return all;
}

static inline void add_module(step *s, const stepc_module *module)
{
    cr_assert_eq(stepc_session_add_module(s->session, module, &s->error), STEPC_OK, "%s", stepc_error_message(&s->error));
}

/* A tensor of floats for a feed. */
static inline void step_feed_floats(step *s, const char *name, const float *values, int64_t count)
{
    stepc_tensor *tensor;
    cr_assert_eq(stepc_tensor_new(NULL, STEPC_FLOAT32, &count, 1, &tensor, NULL), STEPC_OK);
    memcpy(stepc_tensor_data(tensor), values, (size_t)count * sizeof *values);
    step_feed_tensor(s, name, tensor);
}

static inline void must_be_floats(const stepc_tensor *tensor, const float *values, int64_t count)
{
    cr_assert_not_null(tensor);
    cr_assert_eq(stepc_tensor_dtype(tensor), STEPC_FLOAT32);
    cr_assert_eq(stepc_tensor_rank(tensor), 1);
    cr_assert_eq(stepc_tensor_dims(tensor)[0], count);
    for (int64_t i = 0; i < count; i++)
        cr_assert_eq(((const float *)stepc_tensor_data(tensor))[i], values[i], "element %d", (int)i);
}

static inline stepc_code step_try_engine(step *s, stepc_engine engine)
{
    stepc_run_options options = {.size = sizeof options, .engine = engine, .inter_op_thread_pool = 0};
    return stepc_session_run(s->session, s->feeds, s->feed_count, s->fetches, s->fetch_count, s->targets, s->target_count,
                             &options, &s->error);
}

#endif
