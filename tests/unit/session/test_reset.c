/* SPDX-License-Identifier: Apache-2.0 */
/* What sessions of a process share: tf.Session.reset, pools with a global name, session metadata. */
#include "runtime/ops/resource.h"
#include "runtime/session/registry.h"
#include "tests/unit/nodes.h"
#include "tests/unit/session/session_fixture.h"

#include <pthread.h>

#define HELD(name, container)                                                                             \
    NODE(name, "VarHandleOp",                                                                             \
         TYPE("dtype", "FLOAT") SHAPE() TEXT_ATTR("container", container) TEXT_ATTR("shared_name", name)) \
    ASSIGN_HANDLE(name "/assign", "FLOAT", name, "one")
#define TWO_CONTAINERS FLOAT_CONST("one", "1") HELD("a", "mine") HELD("b", "")

static void must_be_closed(step *s, const char *fetch)
{
    step_reset(s);
    step_fetch(s, fetch);
    must_fail(s, STEPC_CANCELLED, "Session has been closed.");
}

static bool has_value(step *s, const char *container, const char *name)
{
    const variable *v = variable_find(s->session->variables, container, name);
    cr_assert_not_null(v, "%s", name);
    return v->value != NULL;
}

Test(session_reset, direct_session_reset)
{
    step first, second, later;
    step_open(&first, FLOAT_CONST("one", "1"), STEPC_ENGINE_REFERENCE);
    step_open(&second, FLOAT_CONST("one", "1"), STEPC_ENGINE_INTERPRETED);
    cr_assert_eq(run_fetch(&first, "one"), 1);
    cr_assert_eq(run_fetch(&second, "one"), 1);
    cr_assert_eq(stepc_session_reset("", NULL, 0, NULL), STEPC_OK);
    must_be_closed(&first, "one");
    must_be_closed(&second, "one");
    step_open(&later, FLOAT_CONST("one", "1"), STEPC_ENGINE_INTERPRETED);
    cr_assert_eq(run_fetch(&later, "one"), 1);
    cr_assert_eq(stepc_session_reset(NULL, NULL, 0, NULL), STEPC_OK);
    cr_assert_eq(stepc_session_reset(NULL, NULL, 0, NULL), STEPC_OK);
    must_be_closed(&later, "one");
    step_close(&first);
    step_close(&second);
    step_close(&later);
}

Test(session_reset, empties_the_named_containers)
{
    static const char *const mine[] = {"nobody's", "mine"}, *const ours[] = {"localhost"};
    step s;
    step_open(&s, TWO_CONTAINERS, STEPC_ENGINE_REFERENCE);
    run_target(&s, "a/assign");
    run_target(&s, "b/assign");
    cr_assert(has_value(&s, "mine", "a") && has_value(&s, "localhost", "b"));
    cr_assert_eq(stepc_session_reset("", mine, 2, NULL), STEPC_OK);
    cr_assert(!has_value(&s, "mine", "a") && has_value(&s, "localhost", "b"));
    cr_assert_eq(stepc_session_reset("", ours, 1, NULL), STEPC_OK);
    cr_assert_not(has_value(&s, "localhost", "b"));
    step_close(&s);
    step_open(&s, TWO_CONTAINERS, STEPC_ENGINE_REFERENCE);
    run_target(&s, "a/assign");
    run_target(&s, "b/assign");
    cr_assert_eq(stepc_session_reset("", NULL, 0, NULL), STEPC_OK);
    cr_assert(!has_value(&s, "mine", "a") && !has_value(&s, "localhost", "b"), "none named: all");
    step_close(&s);
}

Test(session_reset, what_it_refuses_closes_nothing)
{
    static const char *const nameless[] = {NULL};
    struct stepc_error error;
    step s;
    error_init(&error);
    step_open(&s, FLOAT_CONST("one", "1"), STEPC_ENGINE_REFERENCE);
    cr_assert_eq(stepc_session_reset("grpc://somewhere", NULL, 0, &error), STEPC_NOT_FOUND);
    cr_assert_str_eq(error.message, "No session factory registered for the given session options: {target: "
                                    "\"grpc://somewhere\" config: } Registered factories are {DIRECT_SESSION}.");
    cr_assert_eq(stepc_session_reset("", NULL, 1, &error), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_session_reset("", nameless, 1, &error), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(run_fetch(&s, "one"), 1);
    step_close(&s);
    cr_assert_eq(stepc_session_reset("", NULL, 0, &error), STEPC_OK, "no session is fine");
}

/* Every order of leaving the list. */
Test(session_reset, reaches_whoever_is_left)
{
    for (size_t gone = 0; gone < 4; gone++) {
        step s[4];
        for (size_t i = 0; i < 4; i++)
            step_open(&s[i], FLOAT_CONST("one", "1"), STEPC_ENGINE_REFERENCE);
        step_close(&s[gone]);
        step_close(&s[(gone + 1) % 4]);
        cr_assert_eq(stepc_session_reset("", NULL, 0, NULL), STEPC_OK);
        for (size_t i = 2; i < 4; i++) {
            must_be_closed(&s[(gone + i) % 4], "one");
            step_close(&s[(gone + i) % 4]);
        }
    }
}

static void *run_until_closed(void *argument)
{
    step *s = argument;
    stepc_feed none = {{NULL, 0}, {0}};
    stepc_fetch fetch = {.at = output_of(s, "sum")};
    struct stepc_error error;
    stepc_code code = STEPC_OK;
    error_init(&error);
    while (code == STEPC_OK) {
        code = stepc_session_run(s->session, &none, 0, &fetch, 1, NULL, 0, NULL, &error);
        stepc_tensor_release(fetch.out);
    }
    cr_assert_eq(code, STEPC_CANCELLED, "%s", error.message);
    cr_assert(strcmp(error.message, "Session has been closed.") == 0 ||
                  strcmp(error.message, "Run call was cancelled") == 0,
              "%s", error.message);
    return NULL;
}

Test(session_reset, while_others_run)
{
    for (int round = 0; round < 20; round++) {
        pthread_t threads[4];
        step s;
        step_open(&s, FLOAT_CONST("one", "1") FLOAT_BINARY("sum", "Add", "one", "one"), STEPC_ENGINE_REFERENCE);
        for (size_t i = 0; i < 4; i++)
            cr_assert_eq(pthread_create(&threads[i], NULL, run_until_closed, &s), 0);
        cr_assert_eq(run_fetch(&s, "sum"), 2);
        cr_assert_eq(stepc_session_reset("", NULL, 0, NULL), STEPC_OK);
        for (size_t i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
        step_close(&s);
    }
}

/* ---- pools, metadata ----------------------------------------------------------------------------- */

static stepc_code open_with(stepc_graph *graph, const void *config, size_t bytes, stepc_session **out,
                            stepc_error *error)
{
    stepc_session_options options = {.size = sizeof options, .config = config, .config_bytes = bytes};
    return stepc_session_open(graph, &options, out, error);
}

Test(session_reset, session_inter_op_threads_invalid_options)
{
    static const uint8_t one[] = {0x62, 0x06, 0x08, 0x01, 0x12, 0x02, 't', '1'};
    static const uint8_t two[] = {0x62, 0x06, 0x08, 0x02, 0x12, 0x02, 't', '1'};
    stepc_graph *graph = graph_of(FLOAT_CONST("one", "1"));
    stepc_session *session;
    struct stepc_error error;
    error_init(&error);
    cr_assert_eq(open_with(graph, one, sizeof one, &session, &error), STEPC_OK, "%s", error.message);
    stepc_session_free(session);
    cr_assert_eq(open_with(graph, two, sizeof two, &session, &error), STEPC_INVALID_ARGUMENT,
                 "the session is gone, the pool is not");
    cr_assert_str_eq(error.message,
                     "Pool t1 configured previously with num_threads=1; cannot re-configure with num_threads=2");
    cr_assert_null(session);
    cr_assert_eq(open_with(graph, one, sizeof one, &session, &error), STEPC_OK);
    stepc_session_free(session);
    stepc_graph_release(graph);
}

Test(session_reset, session_metadata_key)
{
    uint8_t name_1[] = {0x82, 0x01, 0x0a, 0x5a, 0x08, 0x0a, 0x04, 'n', 'a', 'm', 'e', 0x10, 0x01};
    static const uint8_t name_2[] = {0x82, 0x01, 0x0a, 0x5a, 0x08, 0x0a, 0x04, 'n', 'a', 'm', 'e', 0x10, 0x02};
    static const uint8_t nome_1[] = {0x82, 0x01, 0x0a, 0x5a, 0x08, 0x0a, 0x04, 'n', 'o', 'm', 'e', 0x10, 0x01};
    stepc_graph *graph = graph_of(FLOAT_CONST("one", "1"));
    stepc_session *first, *same, *others[2];
    struct stepc_error error;
    uint8_t copy[sizeof name_1];
    error_init(&error);
    memcpy(copy, name_1, sizeof copy);
    cr_assert_eq(open_with(graph, copy, sizeof copy, &first, &error), STEPC_OK, "%s", error.message);
    memset(copy, 0xff, sizeof copy); /* the config is not needed any more */
    cr_assert_eq(open_with(graph, name_1, sizeof name_1, &same, &error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(error.message,
                     "A session with the same name and version has already been created: name: \"name\" version: 1");
    cr_assert_null(same);
    cr_assert_eq(open_with(graph, name_2, sizeof name_2, &others[0], &error), STEPC_OK, "%s", error.message);
    cr_assert_eq(open_with(graph, nome_1, sizeof nome_1, &others[1], &error), STEPC_OK, "%s", error.message);
    stepc_session_free(first);
    cr_assert_eq(open_with(graph, name_1, sizeof name_1, &first, &error), STEPC_OK, "%s", error.message);
    cr_assert_eq(stepc_session_close(first, &error), STEPC_OK);
    cr_assert_eq(open_with(graph, name_1, sizeof name_1, &same, &error), STEPC_OK, "closed is as good as gone");
    stepc_session_free(first);
    stepc_session_free(same);
    stepc_session_free(others[0]);
    stepc_session_free(others[1]);
    stepc_graph_release(graph);
}
