/* SPDX-License-Identifier: Apache-2.0 */
/* Runs by names, with the texts of TensorFlow's Session::Run. */
#include "session_fixture.h"

#define GRAPH                                                                                                         \
    FLOAT_CONST("W1", "3")                                                                                            \
    FLOAT_PLACEHOLDER("x")                                                                                            \
    FLOAT_UNARY("fetch", "Identity", "W1")                                                                            \
    FLOAT_BINARY("scope/y", "Mul", "x", "W1") FLOAT_VARIABLE(                                                         \
        "v") "node { name: 'init' op: 'Assign' input: 'v' input: 'W1' attr { key: 'T' value { type: DT_FLOAT } } }\n" \
             "node { name: 'group' op: 'NoOp' input: '^init' }\n"

static stepc_named_feed feed_of(const char *name, float *value)
{
    return (stepc_named_feed){name, {value, sizeof *value, NULL, 0, STEPC_FLOAT32}};
}

static float run_named(step *s, const char *fetch, const char *feed, float value)
{
    stepc_named_feed given = feed_of(feed, &value);
    stepc_tensor *out;
    stepc_code code =
        stepc_session_run_named(s->session, &given, feed != NULL, &fetch, 1, NULL, 0, &out, NULL, &s->error);
    cr_assert_eq(code, STEPC_OK, "%s", stepc_error_message(&s->error));
    float result = *(float *)stepc_tensor_data(out);
    stepc_tensor_release(out);
    return result;
}

static void named_fails(step *s, const char *feed, const char *fetch, const char *target, stepc_code code,
                        const char *message)
{
    float value = 1;
    stepc_named_feed feeds[2] = {feed_of(feed, &value), feed_of(feed, &value)};
    stepc_tensor *out = NULL;
    stepc_code got = stepc_session_run_named(s->session, feeds, feed != NULL, &fetch, fetch != NULL, &target,
                                             target != NULL, &out, NULL, &s->error);
    cr_assert_eq(got, code, "got %s: %s", stepc_code_name(got), stepc_error_message(&s->error));
    cr_assert_str_eq(stepc_error_message(&s->error), message);
    cr_assert_null(out);
}

Test(names, Create)
{
    for
        EACH_ENGINE(i)
        {
            step s;
            step_open(&s, GRAPH, engines[i]);
            cr_assert_eq(run_named(&s, "fetch:0", "W1:0", 8), 8); /* a constant's output is fed */
            cr_assert_eq(run_named(&s, "fetch:0", NULL, 0), 3);
            cr_assert_eq(run_named(&s, "fetch", "W1", 8), 8); /* output 0 */
            cr_assert_eq(run_named(&s, "scope/y:0", "x", 5), 15);
            step_close(&s);
        }
}

Test(names, fetches_keep_their_order_and_targets_run)
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    const char *targets[] = {"group", "init"}, *fetches[] = {"scope/y", "W1:0", "scope/y:0"}, *v = "v";
    float two = 2;
    stepc_named_feed feed = feed_of("x:0", &two);
    stepc_tensor *out[3];
    cr_assert_eq(stepc_session_run_named(s.session, &feed, 1, fetches, 3, targets, 2, out, NULL, &s.error), STEPC_OK,
                 "%s", stepc_error_message(&s.error));
    const float expected[] = {6, 3, 6};
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(*(float *)stepc_tensor_data(out[i]), expected[i]);
        stepc_tensor_release(out[i]);
    }
    cr_assert_eq(run_named(&s, v, NULL, 0), 3);
    step_close(&s);
}

Test(names, ErrorsReported)
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    named_fails(&s, NULL, "foo:0", NULL, STEPC_NOT_FOUND, "FetchOutputs node foo:0: not found");
    named_fails(&s, NULL, "foo", NULL, STEPC_NOT_FOUND, "FetchOutputs node foo: not found");
    named_fails(&s, NULL, "", NULL, STEPC_NOT_FOUND, "FetchOutputs node : not found");
    named_fails(&s, NULL, "^init", NULL, STEPC_NOT_FOUND, "FetchOutputs node ^init: not found");
    named_fails(&s, NULL, "W1:", NULL, STEPC_NOT_FOUND, "FetchOutputs node W1:: not found");
    named_fails(&s, NULL, "W1:3", NULL, STEPC_INVALID_ARGUMENT,
                "FetchOutputs W1:3: output index too large, must be < 1");
    named_fails(
        &s, NULL, "group", NULL, STEPC_INVALID_ARGUMENT,
        "Tried to fetch data for 'group', which produces no output.  To run to a node but not fetch any data, pass "
        "'group' as an argument to the 'target_node_names' argument of the Session::Run API.");
    named_fails(
        &s, NULL, "group:0", NULL, STEPC_INVALID_ARGUMENT,
        "Tried to fetch data for 'group:0', which produces no output.  To run to a node but not fetch any data, "
        "pass 'group:0' as an argument to the 'target_node_names' argument of the Session::Run API.");
    named_fails(&s, "bar", "W1", NULL, STEPC_NOT_FOUND, "FeedInputs: unable to find feed output bar");
    named_fails(&s, "bar:0", "W1", NULL, STEPC_NOT_FOUND, "FeedInputs: unable to find feed output bar:0");
    named_fails(&s, "x:3", "W1", NULL, STEPC_INVALID_ARGUMENT, "FeedInputs: x:3 should have output index < 1");
    named_fails(&s, NULL, NULL, NULL, STEPC_INVALID_ARGUMENT, "Must specify at least one target to fetch or execute.");
    named_fails(&s, NULL, NULL, "a", STEPC_NOT_FOUND, "PruneForTargets: Some target nodes not found: a ");
    named_fails(&s, NULL, NULL, "init:0", STEPC_NOT_FOUND, "PruneForTargets: Some target nodes not found: init:0 ");
    step_close(&s);
}

Test(names, all_missing_targets_are_named)
{
    step s;
    const char *targets[] = {"a", "init", "b"};
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    cr_assert_eq(stepc_session_run_named(s.session, NULL, 0, NULL, 0, targets, 3, NULL, NULL, &s.error),
                 STEPC_NOT_FOUND);
    cr_assert_str_eq(stepc_error_message(&s.error), "PruneForTargets: Some target nodes not found: a b ");
    step_close(&s);
}

Test(names, a_feed_given_twice_is_named_as_it_was_written)
{
    step s;
    float value = 1;
    const char *fetch = "W1";
    stepc_tensor *out;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_named_feed feeds[] = {feed_of("x:0", &value), feed_of("x:0", &value)};
    cr_assert_eq(stepc_session_run_named(s.session, feeds, 2, &fetch, 1, NULL, 0, &out, NULL, &s.error),
                 STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "Endpoint \"x:0\" fed more than once.");
    step_close(&s);
}

Test(names, ErrorPayload)
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    named_fails(&s, NULL, "scope/y", NULL, STEPC_INVALID_ARGUMENT,
                "You must feed a value for placeholder tensor 'x' with dtype float [[{{node x}}]]");
    cr_assert_str_eq(stepc_error_node(&s.error), "x");
    step_close(&s);
}

Test(names, a_closed_session_and_missing_arguments)
{
    step s;
    const char *fetch = "W1", *none = NULL;
    stepc_tensor *out;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    cr_assert_eq(stepc_session_run_named(s.session, NULL, 1, &fetch, 1, NULL, 0, &out, NULL, NULL),
                 STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_session_run_named(s.session, NULL, 0, &none, 1, NULL, 0, &out, NULL, NULL),
                 STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_session_run_named(s.session, NULL, 0, &fetch, 1, NULL, 0, NULL, NULL, NULL),
                 STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_session_close(s.session, NULL), STEPC_OK);
    named_fails(&s, NULL, "W1", NULL, STEPC_CANCELLED, "Session has been closed.");
    step_close(&s);
}
