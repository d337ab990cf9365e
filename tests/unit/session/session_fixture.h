/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs as text, sessions on them, and steps by tensor names, for the tests of the session. */
#ifndef TESTS_UNIT_SESSION_SESSION_FIXTURE_H
#define TESTS_UNIT_SESSION_SESSION_FIXTURE_H

#include "runtime/core/error.h"
#include "stepc/session.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define FEEDS 8

/* A step under construction, and what came of it. */
typedef struct step {
    stepc_graph *graph;
    stepc_session *session;
    stepc_feed feeds[FEEDS];
    stepc_tensor *values[FEEDS];
    size_t feed_count;
    stepc_fetch fetches[FEEDS];
    size_t fetch_count;
    const stepc_operation *targets[FEEDS];
    size_t target_count;
    stepc_engine engine;
    struct stepc_error error;
} step;

#define FLOAT_CONST(name, value)                                                                                       \
    "node { name: '" name "' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' value { "  \
    "tensor { dtype: DT_FLOAT tensor_shape { } float_val: " value " } } } }\n"
#define FLOAT_PLACEHOLDER(name)                                                                                        \
    "node { name: '" name "' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } "                        \
    "attr { key: 'shape' value { shape { unknown_rank: true } } } }\n"
#define FLOAT_BINARY(name, type, a, b)                                                                                 \
    "node { name: '" name "' op: '" type "' input: '" a "' input: '" b "' attr { key: 'T' value { type: DT_FLOAT } } }\n"
#define FLOAT_UNARY(name, type, a)                                                                                     \
    "node { name: '" name "' op: '" type "' input: '" a "' attr { key: 'T' value { type: DT_FLOAT } } }\n"
#define FLOAT_VARIABLE(name)                                                                                           \
    "node { name: '" name "' op: 'VariableV2' attr { key: 'dtype' value { type: DT_FLOAT } } "                         \
    "attr { key: 'shape' value { shape { } } } }\n"
#define FLOAT_HANDLE(name)                                                                                             \
    "node { name: '" name "' op: 'VarHandleOp' attr { key: 'dtype' value { type: DT_FLOAT } } "                        \
    "attr { key: 'shape' value { shape { } } } attr { key: 'shared_name' value { s: '" name "' } } }\n"

static inline stepc_graph *graph_of(const char *nodes)
{
    stepc_graph *graph = NULL;
    struct stepc_error error;
    error_init(&error);
    stepc_code code = stepc_graph_parse("test.pbtxt", nodes, strlen(nodes), NULL, &graph, &error);
    cr_assert_eq(code, STEPC_OK, "%s", stepc_error_message(&error));
    return graph;
}

static inline void step_open(step *s, const char *nodes, stepc_engine engine)
{
    stepc_session_options options = {.size = sizeof options, .engine = engine, .seed = 7};
    memset(s, 0, sizeof *s);
    error_init(&s->error);
    s->graph = graph_of(nodes);
    cr_assert_eq(stepc_session_open(s->graph, &options, &s->session, &s->error), STEPC_OK, "%s",
                 stepc_error_message(&s->error));
}

/* Forgets feeds, fetches and targets. */
static inline void step_reset(step *s)
{
    for (size_t i = 0; i < s->feed_count; i++)
        stepc_tensor_release(s->values[i]);
    for (size_t i = 0; i < s->fetch_count; i++)
        stepc_tensor_release(s->fetches[i].out);
    s->feed_count = s->fetch_count = s->target_count = 0;
    memset(s->fetches, 0, sizeof s->fetches);
    memset(s->feeds, 0, sizeof s->feeds);
}

static inline void step_close(step *s)
{
    step_reset(s);
    stepc_session_free(s->session);
    stepc_graph_release(s->graph);
}

static inline stepc_output output_of(step *s, const char *name)
{
    stepc_output at = {NULL, 0};
    struct stepc_error error;
    error_init(&error);
    cr_assert_eq(stepc_graph_find_output(s->graph, name, &at, &error), STEPC_OK, "%s", stepc_error_message(&error));
    return at;
}

static inline void step_feed_tensor(step *s, const char *name, stepc_tensor *value)
{
    s->values[s->feed_count] = value;
    s->feeds[s->feed_count++] = (stepc_feed){output_of(s, name), stepc_tensor_view(value)};
}

static inline void step_feed(step *s, const char *name, float value)
{
    stepc_tensor *tensor;
    cr_assert_eq(stepc_tensor_new(NULL, STEPC_FLOAT32, NULL, 0, &tensor, NULL), STEPC_OK);
    *(float *)stepc_tensor_data(tensor) = value;
    step_feed_tensor(s, name, tensor);
}

static inline void step_fetch(step *s, const char *name)
{
    s->fetches[s->fetch_count++] = (stepc_fetch){.at = output_of(s, name)};
}

static inline void step_target(step *s, const char *name)
{
    s->targets[s->target_count] = stepc_graph_find(s->graph, name);
    cr_assert_not_null(s->targets[s->target_count++], "%s", name);
}

static inline stepc_code step_try(step *s)
{
    return stepc_session_run(s->session, s->feeds, s->feed_count, s->fetches, s->fetch_count, s->targets,
                             s->target_count, NULL, &s->error);
}

static inline void step_must_run(step *s)
{
    cr_assert_eq(step_try(s), STEPC_OK, "%s", stepc_error_message(&s->error));
}

static inline float step_result(const step *s, size_t fetch)
{
    cr_assert_not_null(s->fetches[fetch].out);
    cr_assert_eq(stepc_tensor_dtype(s->fetches[fetch].out), STEPC_FLOAT32);
    cr_assert_eq(stepc_tensor_length(s->fetches[fetch].out), 1);
    return *(const float *)stepc_tensor_data(s->fetches[fetch].out);
}

/* Runs targets named one after the other, each as a step of its own. */
static inline void run_target(step *s, const char *name)
{
    step_reset(s);
    step_target(s, name);
    step_must_run(s);
    step_reset(s);
}

static inline float run_fetch(step *s, const char *name)
{
    step_reset(s);
    step_fetch(s, name);
    step_must_run(s);
    float result = step_result(s, 0);
    step_reset(s);
    return result;
}

static inline void must_fail(step *s, stepc_code code, const char *expected)
{
    stepc_code got = step_try(s);
    cr_assert_eq(got, code, "got %s: %s", stepc_code_name(got), stepc_error_message(&s->error));
    cr_assert_str_eq(stepc_error_message(&s->error), expected);
    for (size_t i = 0; i < s->fetch_count; i++)
        cr_assert_null(s->fetches[i].out);
}

static const stepc_engine engines[] = {STEPC_ENGINE_REFERENCE, STEPC_ENGINE_INTERPRETED};
#define EACH_ENGINE(i) (size_t i = 0; i < sizeof engines / sizeof *engines; i++)

#endif
