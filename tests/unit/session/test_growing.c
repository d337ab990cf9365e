/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs that grow under their sessions: what is added after a run is part of the next. */
#include "tests/unit/graph/graph_test.h"

#include "stepc/session.h"

#include <pthread.h>
#include <stdatomic.h>

static stepc_graph *graph;

static void setup(void)
{
    error_init(&test_error);
    cr_assert_code(stepc_graph_new(NULL, &graph, &test_error), STEPC_OK);
}

static void teardown(void) { stepc_graph_release(graph); }

TestSuite(growing, .init = setup, .fini = teardown);

static stepc_session *open_session(void)
{
    stepc_session *session;

    cr_assert_code(stepc_session_open(graph, NULL, &session, &test_error), STEPC_OK);
    return session;
}

static stepc_builder *begin(const char *type, const char *name)
{
    stepc_builder *b;

    cr_assert_code(stepc_builder_new(graph, type, name, &b, &test_error), STEPC_OK);
    return b;
}

static const stepc_operation *finish(stepc_builder *b)
{
    const stepc_operation *op;

    cr_assert_code(stepc_builder_finish(b, &op, &test_error), STEPC_OK);
    return op;
}

static const stepc_operation *placeholder(const char *name)
{
    stepc_builder *b = begin("Placeholder", name);

    stepc_builder_attr_type(b, "dtype", STEPC_INT32);
    return finish(b);
}

static const stepc_operation *constant(const char *name, int32_t value)
{
    stepc_builder *b = begin("Const", name);
    stepc_view view = {&value, sizeof value, NULL, 0, STEPC_INT32};

    stepc_builder_attr_type(b, "dtype", STEPC_INT32);
    stepc_builder_attr_tensor(b, "value", &view);
    return finish(b);
}

static const stepc_operation *apply(const char *type, const char *name, const stepc_operation *a,
                                    const stepc_operation *c)
{
    stepc_builder *b = begin(type, name);

    stepc_builder_input(b, (stepc_output){a, 0});
    if (c != NULL)
        stepc_builder_input(b, (stepc_output){c, 0});
    return finish(b);
}

static const stepc_operation *variable(const char *name)
{
    stepc_builder *b = begin("VariableV2", name);

    stepc_builder_attr_type(b, "dtype", STEPC_INT32);
    stepc_builder_attr_shape(b, "shape", NULL, 0);
    return finish(b);
}

/* The value of the scalar OP when FEED (NULL: none) is VALUE. */
static int32_t run(stepc_session *session, const stepc_operation *feed, int32_t value, const stepc_operation *op)
{
    stepc_feed feeds = {{feed, 0}, {&value, sizeof value, NULL, 0, STEPC_INT32}};
    stepc_fetch fetch = {.at = {op, 0}};
    stepc_error own; /* threads run this */

    error_init(&own);
    stepc_code code = stepc_session_run(session, &feeds, feed != NULL, &fetch, 1, NULL, 0, NULL, &own);
    cr_assert_eq(code, STEPC_OK, "%s", own.message);
    int32_t result = *(int32_t *)stepc_tensor_data(fetch.out);
    stepc_tensor_release(fetch.out);
    return result;
}

static stepc_code run_target(stepc_session *session, const stepc_operation *op)
{
    return stepc_session_run(session, NULL, 0, NULL, 0, &op, 1, NULL, &test_error);
}

/* c_api_test Session: feed + 2 is 5 for 3; with Neg added, 7 gives -9. */
Test(growing, operations_added_after_a_run_are_seen_by_the_next)
{
    const stepc_operation *feed = placeholder("feed");
    const stepc_operation *add = apply("Add", "add", feed, constant("two", 2));
    stepc_session *session = open_session();

    cr_assert_eq(run(session, feed, 3, add), 5);
    const stepc_operation *neg = apply("Neg", "neg", add, NULL);
    cr_assert_eq(run(session, feed, 7, neg), -9);
    cr_assert_eq(run(session, feed, 3, add), 5); /* what ran before still runs */
    stepc_session_free(session);
}

Test(growing, a_session_on_an_empty_graph_runs_what_comes_later)
{
    stepc_session *session = open_session();

    cr_assert_eq(run(session, NULL, 0, constant("c", 42)), 42);
    stepc_session_free(session);
}

/* session_test ExtendWithStatefulOperations: the state survives. */
Test(growing, variables_survive_and_new_ones_start_uninitialised)
{
    const stepc_operation *v = variable("v");
    const stepc_operation *init = apply("Assign", "v/init", v, constant("one", 1));
    stepc_session *session = open_session();

    cr_assert_eq(run_target(session, init), STEPC_OK, "%s", test_error.message);
    const stepc_operation *more = apply("AssignAdd", "more", v, constant("ten", 10));
    cr_assert_eq(run_target(session, more), STEPC_OK, "%s", test_error.message);
    cr_assert_eq(run(session, NULL, 0, v), 11);
    const stepc_operation *w = variable("w");
    cr_assert_eq(run_target(session, apply("Identity", "read", w, NULL)), STEPC_FAILED_PRECONDITION);
    cr_assert_eq(run_target(session, apply("Assign", "w/init", w, v)), STEPC_OK, "%s", test_error.message);
    cr_assert_eq(run(session, NULL, 0, w), 11);
    cr_assert_eq(run(session, NULL, 0, v), 11);
    stepc_session_free(session);
}

/* session_test SharedGraph, ExtendWithGroupBy. */
Test(growing, sessions_share_a_graph_and_keep_their_state_apart)
{
    const stepc_operation *v = variable("v");
    const stepc_operation *one = apply("Assign", "one", v, constant("c1", 1)),
                          *two = apply("Assign", "two", v, constant("c2", 2));
    stepc_session *first = open_session(), *second = open_session();

    cr_assert_eq(run_target(first, one), STEPC_OK);
    cr_assert_eq(run_target(second, two), STEPC_OK);
    cr_assert_eq(run(first, NULL, 0, v), 1);
    cr_assert_eq(run(second, NULL, 0, v), 2);
    const stepc_operation *w = variable("w");
    stepc_builder *b = begin("NoOp", "group");
    stepc_builder_control_input(b, apply("Assign", "w/init", w, constant("c3", 3)));
    stepc_builder_control_input(b, one);
    const stepc_operation *group = finish(b);
    cr_assert_eq(run_target(second, group), STEPC_OK);
    cr_assert_eq(run(second, NULL, 0, v), 1);
    cr_assert_eq(run(second, NULL, 0, w), 3);
    cr_assert_eq(run_target(first, apply("Identity", "read", w, NULL)), STEPC_FAILED_PRECONDITION);
    stepc_session_free(first);
    stepc_session_free(second);
}

Test(growing, a_graph_lives_as_long_as_its_sessions)
{
    const stepc_operation *c = constant("c", 5);
    stepc_session *session = open_session();

    stepc_graph_release(graph); /* the session's reference is left */
    cr_assert_eq(run(session, NULL, 0, c), 5);
    cr_assert_eq(run(session, NULL, 0, apply("Neg", "n", c, NULL)), -5);
    stepc_graph_retain(graph); /* for teardown */
    stepc_session_free(session);
}

Test(growing, operations_of_another_graph_are_refused)
{
    stepc_graph *other = must_parse("node { name: 'c' op: 'NoOp' }");
    stepc_session *session = open_session();

    constant("c", 1);
    cr_assert_code(run_target(session, stepc_graph_find(other, "c")), STEPC_NOT_FOUND);
    cr_assert_message("PruneForTargets: Some target nodes not found: c ");
    stepc_session_free(session);
    stepc_graph_release(other);
}

Test(growing, what_is_imported_after_a_run_runs)
{
    const stepc_operation *feed = placeholder("feed");
    stepc_session *session = open_session();
    stepc_import_input map = {"in", 0, {feed, 0}};
    stepc_import_options options = {.size = sizeof options, .prefix = "sub", .inputs = &map, .input_count = 1};
    const char *source = "node { name: 'out' op: 'Neg' input: 'in' attr { key: 'T' value { type: DT_INT32 } } }";

    cr_assert_eq(run(session, feed, 4, feed), 4);
    cr_assert_code(stepc_graph_import(graph, "sub", source, strlen(source), &options, &test_error), STEPC_OK);
    cr_assert_eq(run(session, feed, 4, stepc_graph_find(graph, "sub/out")), -4);
    stepc_session_free(session);
}

/* session_test ParallelRunAndParallelBuild: runs while others build. */
typedef struct traffic {
    stepc_session *session;
    const stepc_operation *feed, *add;
    atomic_int building;
} traffic;

static void *run_while_building(void *context)
{
    traffic *t = context;
    long wrong = 0;

    for (int32_t i = 0; atomic_load(&t->building) > 0 || i < 50; i++)
        wrong += run(t->session, t->feed, i, t->add) != i + 2;
    return (void *)wrong;
}

static void *build(void *context)
{
    traffic *t = context;
    const stepc_operation *op = t->add;
    long wrong = 0;

    for (int32_t i = 0; i < 40; i++) {
        stepc_builder *b;
        wrong += stepc_builder_new(graph, "Neg", "grown", &b, NULL) != STEPC_OK;
        stepc_builder_unique(b);
        stepc_builder_input(b, (stepc_output){op, 0});
        wrong += stepc_builder_finish(b, &op, NULL) != STEPC_OK;
        wrong += run(t->session, t->feed, 5, op) != (i % 2 == 0 ? -7 : 7);
    }
    atomic_fetch_sub(&t->building, 1);
    return (void *)wrong;
}

Test(growing, runs_go_on_while_others_build)
{
    traffic t = {.feed = placeholder("feed")};
    pthread_t threads[6];
    void *wrong;

    t.add = apply("Add", "add", t.feed, constant("two", 2));
    t.session = open_session();
    atomic_init(&t.building, 3);
    for (int i = 0; i < 6; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, i < 3 ? build : run_while_building, &t), 0);
    for (int i = 0; i < 6; i++) {
        pthread_join(threads[i], &wrong);
        cr_assert_null(wrong);
    }
    cr_assert_eq(stepc_graph_operation_count(graph), 3 + 3 * 40);
    stepc_session_free(t.session);
}
