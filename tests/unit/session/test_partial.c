/* SPDX-License-Identifier: Apache-2.0 */
/* Partial runs: the tests of TensorFlow's session_partial_run_test.py and direct_session_test.cc by name, and what a step
 * that stops and goes on must keep besides. */
#include "session_fixture.h"

#include <pthread.h>

#define SUM_AND_PRODUCT    \
    FLOAT_PLACEHOLDER("a") \
    FLOAT_PLACEHOLDER("b") \
    FLOAT_PLACEHOLDER("c") FLOAT_BINARY("r1", "Add", "a", "b") FLOAT_BINARY("r2", "Mul", "r1", "c")

/* Names are separated by spaces. */
static size_t outputs_of(step *s, const char *names, stepc_output *out)
{
    char name[64];
    size_t count = 0;
    int used;
    for (; sscanf(names, "%63s%n", name, &used) == 1; names += used)
        out[count++] = output_of(s, name);
    return count;
}

static stepc_code try_setup(step *s, const char *fetches, const char *feeds, const char *target, stepc_partial **out)
{
    stepc_output in[FEEDS], at[FEEDS];
    size_t feed_count = outputs_of(s, feeds, in), fetch_count = outputs_of(s, fetches, at);
    const stepc_operation *op = target != NULL ? stepc_graph_find(s->graph, target) : NULL;
    return stepc_partial_setup(s->session, in, feed_count, at, fetch_count, &op, op != NULL, out, &s->error);
}

static stepc_partial *setup(step *s, const char *fetches, const char *feeds)
{
    stepc_partial *q;
    cr_assert_eq(try_setup(s, fetches, feeds, NULL, &q), STEPC_OK, "%s", stepc_error_message(&s->error));
    return q;
}

/* Takes what was prepared with step_feed and step_fetch. */
static stepc_code try_partial(step *s, stepc_partial *q)
{
    return stepc_partial_run(q, s->feeds, s->feed_count, s->fetches, s->fetch_count, &s->error);
}

static void must_go(step *s, stepc_partial *q)
{
    cr_assert_eq(try_partial(s, q), STEPC_OK, "%s", stepc_error_message(&s->error));
}

static void must_not_go(step *s, stepc_partial *q, stepc_code code, const char *message)
{
    stepc_code got = try_partial(s, q);
    cr_assert_eq(got, code, "got %s: %s", stepc_code_name(got), stepc_error_message(&s->error));
    cr_assert_str_eq(stepc_error_message(&s->error), message);
    for (size_t i = 0; i < s->fetch_count; i++)
        cr_assert_null(s->fetches[i].out);
    step_reset(s);
}

/* Feeds up to two placeholders (NULL: none) and fetches one value (NULL: none). */
static float go(step *s, stepc_partial *q, const char *fetch, const char *feed0, float value0, const char *feed1,
                float value1)
{
    float result = 0;
    step_reset(s);
    if (feed0 != NULL)
        step_feed(s, feed0, value0);
    if (feed1 != NULL)
        step_feed(s, feed1, value1);
    if (fetch != NULL)
        step_fetch(s, fetch);
    must_go(s, q);
    if (fetch != NULL)
        result = step_result(s, 0);
    step_reset(s);
    return result;
}

#define OVER "Must run 'setup' before performing partial runs!"

/* ---- session_partial_run_test.py -------------------------------------------------------------------------- */

Test(partial, PartialRun)
{
    for
        EACH_ENGINE(i)
        {
            step s;
            step_open(&s, SUM_AND_PRODUCT, engines[i]);
            stepc_partial *q = setup(&s, "r1 r2", "a b c");
            cr_assert_eq(go(&s, q, "r1", "a", 1, "b", 2), 3);
            cr_assert_eq(go(&s, q, "r2", "c", 51, NULL, 0), 153);
            step_fetch(&s, "r2");
            must_not_go(&s, q, STEPC_INVALID_ARGUMENT, OVER);
            stepc_partial_free(q);
            q = setup(&s, "r1 r2", "a b c");
            cr_assert_eq(go(&s, q, "r1", "a", 1, "b", 2), 3);
            cr_assert_eq(go(&s, q, "r2", "c", 54, NULL, 0), 162);
            stepc_partial_free(q);
            step_close(&s);
        }
}

Test(partial, PartialRunIncomplete)
{
    step s;
    step_open(&s, SUM_AND_PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_partial *q = setup(&s, "r1 r2", "a b c");
    cr_assert_eq(go(&s, q, "r1", "a", 1, "b", 2), 3);
    step_close(&s); /* the session first: it does not wait for the rest */
    stepc_partial_free(q);
}

Test(partial, ConcurrentPartialRun)
{
    step s;
    step_open(&s, SUM_AND_PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_partial *one = setup(&s, "r1 r2", "a b c"), *two = setup(&s, "r1 r2", "a b c");
    cr_assert_str_neq(stepc_partial_handle(one), stepc_partial_handle(two));
    cr_assert_eq(go(&s, one, "r1", "a", 1, "b", 2), 3);
    cr_assert_eq(go(&s, two, "r1", "a", 57, "b", 9), 66);
    cr_assert_eq(go(&s, two, "r2", "c", 7, NULL, 0), 462);
    cr_assert_eq(go(&s, one, "r2", "c", 51, NULL, 0), 153);
    stepc_partial_free(one);
    stepc_partial_free(two);
    step_close(&s);
}

#define MANY 200

Test(partial, ManyPartialRun)
{
    static char text[MANY * 400];
    size_t used = (size_t)snprintf(text, sizeof text, "%s", FLOAT_CONST("m0", "2"));
    for (int i = 1; i <= MANY; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used,
                             "node { name: 'x%d' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }\n"
                             "node { name: 'm%d' op: 'Mul' input: 'm%d' input: 'x%d' "
                             "attr { key: 'T' value { type: DT_FLOAT } } }\n",
                             i, i, i - 1, i);
    step s;
    step_open(&s, text, STEPC_ENGINE_DEFAULT);
    stepc_output feeds[MANY], fetches[MANY];
    stepc_feed all[MANY];
    float one = 1;
    char name[16];
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof name, "x%d", i + 1);
        feeds[i] = output_of(&s, name);
        all[i] = (stepc_feed){feeds[i], {&one, sizeof one, NULL, 0, STEPC_FLOAT32}};
        (void)snprintf(name, sizeof name, "m%d", i + 1);
        fetches[i] = output_of(&s, name);
    }
    stepc_partial *q;
    cr_assert_eq(stepc_partial_setup(s.session, feeds, MANY, fetches, MANY, NULL, 0, &q, &s.error), STEPC_OK);
    for (int i = 0; i < MANY; i++) {
        stepc_fetch fetch = {.at = fetches[i]};
        cr_assert_eq(stepc_partial_run(q, &all[i], 1, &fetch, 1, &s.error), STEPC_OK, "%s",
                     stepc_error_message(&s.error));
        cr_assert_eq(*(float *)stepc_tensor_data(fetch.out), 2.0f);
        stepc_tensor_release(fetch.out);
    }
    stepc_partial_free(q);
    stepc_fetch last = {.at = fetches[MANY - 1]};
    cr_assert_eq(stepc_session_run(s.session, all, MANY, &last, 1, NULL, 0, NULL, &s.error), STEPC_OK);
    cr_assert_eq(*(float *)stepc_tensor_data(last.out), 2.0f);
    stepc_tensor_release(last.out);
    step_close(&s);
}

Test(partial, RunAndPartialRun)
{
    for
        EACH_ENGINE(i)
        {
            step s;
            step_open(&s,
                      FLOAT_CONST("a", "2") FLOAT_CONST("two", "2") FLOAT_CONST("three", "3")
                          FLOAT_BINARY("b", "Mul", "a", "two") FLOAT_BINARY("c", "Mul", "b", "three"),
                      engines[i]);
            cr_assert_eq(run_fetch(&s, "b"), 4);
            cr_assert_eq(run_fetch(&s, "c"), 12);
            stepc_partial *q = setup(&s, "b c", "");
            step_fetch(&s, "b");
            step_fetch(&s, "c");
            must_go(&s, q);
            cr_assert_eq(step_result(&s, 0), 4);
            cr_assert_eq(step_result(&s, 1), 12);
            stepc_partial_free(q);
            step_close(&s);
        }
}

Test(partial, PartialRunMissingPlaceholderFeedException)
{
    for
        EACH_ENGINE(i)
        {
            step s;
            step_open(&s,
                      "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } "
                      "attr { key: 'shape' value { shape { } } } }\n" FLOAT_CONST("two", "2") FLOAT_CONST("three", "3")
                          FLOAT_BINARY("x2", "Mul", "x", "two") FLOAT_BINARY("x3", "Mul", "x", "three"),
                      engines[i]);
            stepc_partial *q = setup(&s, "x2 x3", "");
            step_fetch(&s, "x2");
            must_not_go(&s, q, STEPC_INVALID_ARGUMENT,
                        "You must feed a value for placeholder tensor 'x' with dtype float [[{{node x}}]]");
            step_fetch(&s, "x2");
            must_not_go(&s, q, STEPC_INVALID_ARGUMENT, OVER); /* it ended in the step */
            stepc_partial_free(q);
            /* An ordinary run of the same feeds and fetches finds it before anything runs. */
            step_fetch(&s, "x2");
            step_fetch(&s, "x3");
            must_fail(&s, STEPC_INVALID_ARGUMENT,
                      "You must feed a value for placeholder tensor 'x' with dtype float [[{{node x}}]]");
            step_close(&s);
        }
}

Test(partial, PartialRunUnspecifiedFeed)
{
    step s;
    step_open(&s, SUM_AND_PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_partial *q = setup(&s, "r1", "a b");
    step_feed(&s, "a", 1);
    step_feed(&s, "b", 2);
    step_feed(&s, "c", 3);
    step_fetch(&s, "r1");
    must_not_go(&s, q, STEPC_INVALID_ARGUMENT, "The feed c:0 was not specified in partial_run_setup.");
    cr_assert_eq(go(&s, q, "r1", "a", 1, "b", 2), 3); /* a and b were not given by that */
    stepc_partial_free(q);
    step_close(&s);
}

Test(partial, PartialRunUnspecifiedFetch)
{
    step s;
    step_open(&s, SUM_AND_PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_partial *q = setup(&s, "r1", "a b c");
    step_feed(&s, "a", 1);
    step_feed(&s, "b", 2);
    step_fetch(&s, "r2");
    must_not_go(&s, q, STEPC_INVALID_ARGUMENT, "The fetch r2:0 was not specified in partial_run_setup.");
    cr_assert_eq(go(&s, q, "r1", "a", 1, "b", 2), 3);
    stepc_partial_free(q);
    step_close(&s);
}

Test(partial, PartialRunAlreadyFed)
{
    step s;
    step_open(&s, SUM_AND_PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_partial *q = setup(&s, "r1 r2", "a b c");
    cr_assert_eq(go(&s, q, "r1", "a", 1, "b", 2), 3);
    step_feed(&s, "a", 1);
    step_feed(&s, "c", 3);
    step_fetch(&s, "r2");
    must_not_go(&s, q, STEPC_INVALID_ARGUMENT, "The feed a:0 has already been fed.");
    step_feed(&s, "c", 3);
    step_feed(&s, "c", 4);
    must_not_go(&s, q, STEPC_INVALID_ARGUMENT, "The feed c:0 has already been fed."); /* twice in one call */
    cr_assert_eq(go(&s, q, "r2", "c", 51, NULL, 0), 153);
    stepc_partial_free(q);
    step_close(&s);
}

Test(partial, PartialRunAlreadyFetched)
{
    step s;
    step_open(&s, SUM_AND_PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_partial *q = setup(&s, "r1 r2", "a b c");
    cr_assert_eq(go(&s, q, "r1", "a", 1, "b", 2), 3);
    step_feed(&s, "c", 3);
    step_fetch(&s, "r1");
    must_not_go(&s, q, STEPC_INVALID_ARGUMENT, "The fetch r1:0 has already been fetched.");
    step_feed(&s, "c", 3);
    step_fetch(&s, "r2");
    step_fetch(&s, "r2");
    must_not_go(&s, q, STEPC_INVALID_ARGUMENT, "The fetch r2:0 has already been fetched.");
    cr_assert_eq(go(&s, q, "r2", "c", 51, NULL, 0), 153);
    stepc_partial_free(q);
    step_close(&s);
}

#define VECTOR_PLACEHOLDER(name)                                                                \
    "node { name: '" name "' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } " \
    "attr { key: 'shape' value { shape { dim { size: 1 } } } } }\n"

Test(partial, PartialRunEmptyFetches)
{
    step s;
    step_open(&s, VECTOR_PLACEHOLDER("a") FLOAT_CONST("two", "2") FLOAT_BINARY("b", "Mul", "a", "two"),
              STEPC_ENGINE_DEFAULT);
    stepc_partial *q = setup(&s, "b", "a");
    int64_t one = 1;
    float three = 3;
    stepc_feed feed = {output_of(&s, "a"), {&three, sizeof three, &one, 1, STEPC_FLOAT32}};
    cr_assert_eq(stepc_partial_run(q, &feed, 1, NULL, 0, &s.error), STEPC_OK, "%s", stepc_error_message(&s.error));
    three = 99; /* the feed was copied */
    step_fetch(&s, "b");
    must_go(&s, q);
    cr_assert_eq(stepc_tensor_rank(s.fetches[0].out), 1);
    cr_assert_eq(step_result(&s, 0), 6.0f);
    stepc_partial_free(q);
    step_close(&s);
}

Test(partial, InvalidPartialRunSetup)
{
    step s;
    stepc_partial *q;
    step_open(&s, SUM_AND_PRODUCT, STEPC_ENGINE_DEFAULT);
    cr_assert_eq(try_setup(&s, "", "a", NULL, &q), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "Must specify at least one target to fetch or execute.");
    cr_assert_null(q);
    step_close(&s);
}

Test(partial, PartialRunSetupNoFeedsPassed)
{
    step s;
    step_open(&s, FLOAT_CONST("six", "6") FLOAT_UNARY("r", "Identity", "six"), STEPC_ENGINE_DEFAULT);
    stepc_partial *q = setup(&s, "r", "");
    cr_assert_eq(go(&s, q, "r", NULL, 0, NULL, 0), 6.0f);
    stepc_partial_free(q);
    step_close(&s);
}

Test(partial, ErrorCodeWithNoNodeDef)
{
    step s;
    step_open(&s, SUM_AND_PRODUCT, STEPC_ENGINE_DEFAULT);
    cr_assert_null(stepc_partial_find(s.session, "DOESNT_EXIST"));
    cr_assert_eq(stepc_partial_run(NULL, NULL, 0, NULL, 0, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), OVER);
    cr_assert_str_eq(stepc_error_node(&s.error), "");
    step_close(&s);
}

/* ---- direct_session_test.cc ------------------------------------------------------------------------------ */

#define TWO_CONSTANTS                   \
    FLOAT_CONST("c1", "0")              \
    FLOAT_CONST("c2", "0")              \
    FLOAT_UNARY("i1", "Identity", "c1") \
    FLOAT_UNARY("i2", "Identity", "c2") FLOAT_BINARY("sum", "Add", "i1", "i2") FLOAT_UNARY("i3", "Identity", "sum")

Test(partial, PartialRunTest)
{
    for
        EACH_ENGINE(i)
        {
            step s;
            step_open(&s, TWO_CONSTANTS, engines[i]);
            stepc_partial *q = setup(&s, "i1 i2 i3", "c1 c2");
            cr_assert_eq(go(&s, q, "i1", "c1", 11, NULL, 0), 11);
            step_feed(&s, "c2", 22);
            step_fetch(&s, "i2");
            step_fetch(&s, "i3");
            must_go(&s, q);
            cr_assert_eq(step_result(&s, 0), 22);
            cr_assert_eq(step_result(&s, 1), 33);
            stepc_partial_free(q);
            step_close(&s);
        }
}

Test(partial, PartialRunMissingFeed)
{
    step s;
    step_open(&s, TWO_CONSTANTS, STEPC_ENGINE_DEFAULT);
    stepc_partial *q = setup(&s, "i3", "c1 c2");
    step_feed(&s, "c1", 11);
    step_fetch(&s, "i3");
    must_not_go(&s, q, STEPC_INVALID_ARGUMENT,
                "Fetch c2:0 can't be computed from the feeds that have been fed so far.");
    cr_assert_eq(go(&s, q, "i3", "c1", 11, "c2", 22), 33);
    stepc_partial_free(q);
    step_close(&s);
}

#define SWITCH                                                                                                \
    "node { name: 'b' op: 'Const' attr { key: 'dtype' value { type: DT_BOOL } } attr { key: 'value' value { " \
    "tensor { dtype: DT_BOOL tensor_shape { } bool_val: true } } } }\n"                                       \
    "node { name: 'switch' op: 'Switch' input: 'b' input: 'b' attr { key: 'T' value { type: DT_BOOL } } }\n"  \
    "node { name: 'r' op: 'Identity' input: 'switch:1' attr { key: 'T' value { type: DT_BOOL } } }\n"

/* Feeding one of several outputs takes the operator's place for that output only. */
Test(partial, PartialRunMultiOutputFeed)
{
    step s;
    stepc_partial *q;
    step_open(&s, SWITCH, STEPC_ENGINE_DEFAULT);
    q = setup(&s, "r", "switch:1"); /* the operator itself is not needed */
    stepc_fetch fetch = {.at = output_of(&s, "r")};
    cr_assert_eq(stepc_partial_run(q, NULL, 0, &fetch, 1, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error),
                     "Fetch switch:1 can't be computed from the feeds that have been fed so far.");
    bool yes = true;
    stepc_feed feed = {output_of(&s, "switch:1"), {&yes, sizeof yes, NULL, 0, STEPC_BOOL}};
    cr_assert_eq(stepc_partial_run(q, &feed, 1, &fetch, 1, &s.error), STEPC_OK, "%s", stepc_error_message(&s.error));
    cr_assert_eq(*(bool *)stepc_tensor_data(fetch.out), true);
    stepc_tensor_release(fetch.out);
    stepc_partial_free(q);
    step_close(&s);
}

Test(partial, an_operator_that_is_not_implemented_is_named_at_setup)
{
    step s;
    stepc_partial *q;
    step_open(&s, SWITCH, STEPC_ENGINE_DEFAULT);
    cr_assert_eq(try_setup(&s, "r switch:0", "switch:1", NULL, &q), STEPC_UNIMPLEMENTED);
    cr_assert_not_null(strstr(stepc_error_message(&s.error), "Switch"));
    cr_assert_null(q);
    step_close(&s);
}

Test(partial, TestDirectSessionPRunClose)
{
    step s;
    stepc_partial *q, *late;
    step_open(&s, TWO_CONSTANTS, STEPC_ENGINE_DEFAULT);
    q = setup(&s, "i1 i2 i3", "c1 c2");
    cr_assert_eq(go(&s, q, "i1", "c1", 11, NULL, 0), 11);
    cr_assert_eq(stepc_session_close(s.session, &s.error), STEPC_OK);
    step_feed(&s, "c2", 22);
    step_fetch(&s, "i2");
    must_not_go(&s, q, STEPC_CANCELLED, "Session has been closed.");
    cr_assert_eq(try_setup(&s, "i1", "", NULL, &late), STEPC_CANCELLED);
    stepc_partial_free(q);
    step_close(&s);
}

/* ---- what a step in parts must keep ------------------------------------------------------------------------ */

#define COUNTER                                                                                                                      \
    FLOAT_VARIABLE("v")                                                                                                              \
    FLOAT_CONST("zero", "0")                                                                                                         \
    FLOAT_CONST("one", "1")                                                                                                          \
    "node { name: 'init' op: 'Assign' input: 'v' input: 'zero' attr { key: 'T' value { type: DT_FLOAT } } }\n"                       \
    "node { name: 'count' op: 'AssignAdd' input: 'v' input: 'one' attr { key: 'T' value { type: DT_FLOAT } } }\n" FLOAT_PLACEHOLDER( \
        "a") FLOAT_PLACEHOLDER("b") FLOAT_BINARY("early", "Add", "count", "a")                                                       \
        FLOAT_BINARY("late", "Mul", "early", "b") FLOAT_UNARY("read", "Identity", "v")

Test(partial, state_changes_once_and_nothing_is_computed_twice)
{
    for
        EACH_ENGINE(i)
        {
            step s;
            step_open(&s, COUNTER, engines[i]);
            run_target(&s, "init");
            stepc_partial *q = setup(&s, "early late", "a b");
            cr_assert_eq(run_fetch(&s, "v"), 0);
            cr_assert_eq(go(&s, q, "early", "a", 10, NULL, 0), 11);
            cr_assert_eq(run_fetch(&s, "v"), 1);
            cr_assert_eq(go(&s, q, "late", "b", 3, NULL, 0), 33);
            cr_assert_eq(run_fetch(&s, "v"), 1);
            stepc_partial_free(q);
            step_close(&s);
        }
}

Test(partial, targets_run_when_all_is_given_and_taken)
{
    for
        EACH_ENGINE(i)
        {
            step s;
            stepc_partial *q;
            step_open(&s, COUNTER, engines[i]);
            run_target(&s, "init");
            cr_assert_eq(try_setup(&s, "a", "a", "count", &q), STEPC_OK, "%s", stepc_error_message(&s.error));
            cr_assert_eq(go(&s, q, NULL, "a", 5, NULL, 0), 0);
            cr_assert_eq(run_fetch(&s, "v"), 0);
            cr_assert_eq(go(&s, q, "a", NULL, 0, NULL, 0), 5); /* fed and fetched */
            cr_assert_eq(run_fetch(&s, "v"), 1);
            must_not_go(&s, q, STEPC_INVALID_ARGUMENT, OVER);
            stepc_partial_free(q);
            /* Without feeds and fetches the first call runs it all. */
            cr_assert_eq(try_setup(&s, "", "", "count", &q), STEPC_OK, "%s", stepc_error_message(&s.error));
            must_go(&s, q);
            cr_assert_eq(run_fetch(&s, "v"), 2);
            must_not_go(&s, q, STEPC_INVALID_ARGUMENT, OVER);
            stepc_partial_free(q);
            step_close(&s);
        }
}

Test(partial, an_abandoned_partial_run_changed_nothing_more)
{
    step s;
    step_open(&s, COUNTER, STEPC_ENGINE_DEFAULT);
    run_target(&s, "init");
    stepc_partial *q = setup(&s, "late read", "a b");
    cr_assert_eq(go(&s, q, NULL, "a", 5, NULL, 0), 0);
    stepc_partial_free(q);
    cr_assert_eq(run_fetch(&s, "v"), 0);
    step_close(&s);
}

Test(partial, an_error_in_the_step_ends_it)
{
    step s;
    step_open(&s, COUNTER, STEPC_ENGINE_DEFAULT);
    stepc_partial *q = setup(&s, "early late", "a b");
    const char *handle = stepc_partial_handle(q);
    cr_assert_eq(stepc_partial_find(s.session, handle), q);
    step_feed(&s, "a", 1);
    step_fetch(&s, "early");
    must_not_go(&s, q, STEPC_FAILED_PRECONDITION, "Attempting to use uninitialized value v [[{{node count}}]]");
    cr_assert_null(stepc_partial_find(s.session, handle));
    step_feed(&s, "b", 1);
    must_not_go(&s, q, STEPC_INVALID_ARGUMENT, OVER);
    stepc_partial_free(q);
    step_close(&s);
}

Test(partial, an_error_before_the_step_leaves_it)
{
    step s;
    step_open(&s, SUM_AND_PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_partial *q = setup(&s, "r1 r2", "a b c");
    int32_t wrong = 1;
    stepc_feed feed = {output_of(&s, "a"), {&wrong, sizeof wrong, NULL, 0, STEPC_INT32}};
    cr_assert_eq(stepc_partial_run(q, &feed, 1, NULL, 0, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "Expects arg[0] to be float but int32 is provided");
    cr_assert_eq(stepc_partial_run(q, NULL, 1, NULL, 0, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(go(&s, q, "r1", "a", 1, "b", 2), 3);
    cr_assert_eq(go(&s, q, "r2", "c", 51, NULL, 0), 153);
    stepc_partial_free(q);
    step_close(&s);
}

Test(partial, setup_says_what_a_run_would_say)
{
    step s, other;
    stepc_partial *q;
    step_open(&s, SUM_AND_PRODUCT, STEPC_ENGINE_DEFAULT);
    step_open(&other, SUM_AND_PRODUCT, STEPC_ENGINE_DEFAULT);
    cr_assert_eq(try_setup(&s, "r1", "a a", NULL, &q), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "Endpoint \"a:0\" fed more than once.");
    stepc_output at = output_of(&other, "r1");
    cr_assert_eq(stepc_partial_setup(s.session, NULL, 0, &at, 1, NULL, 0, &q, &s.error), STEPC_NOT_FOUND);
    cr_assert_str_eq(stepc_error_message(&s.error), "FetchOutputs node r1:0: not found");
    step_close(&other);
    step_close(&s);
}

Test(partial, UseEmptyGraph)
{
    step s = {.feed_count = 0};
    stepc_partial *q;
    error_init(&s.error);
    cr_assert_eq(stepc_graph_new(NULL, &s.graph, NULL), STEPC_OK);
    cr_assert_eq(stepc_session_open(s.graph, NULL, &s.session, NULL), STEPC_OK);
    cr_assert_eq(stepc_partial_setup(s.session, NULL, 0, NULL, 0, NULL, 0, &q, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "Session was not created with a graph before PRunSetup()!");
    step_close(&s);
}

Test(partial, an_intermediate_value_may_be_fed)
{
    step s;
    step_open(&s, SUM_AND_PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_partial *q = setup(&s, "r2", "r1 c");
    cr_assert_eq(go(&s, q, NULL, "r1", 6, NULL, 0), 0);
    cr_assert_eq(go(&s, q, "r2", "c", 7, NULL, 0), 42);
    stepc_partial_free(q);
    step_close(&s);
}

Test(partial, a_control_input_that_is_fed_is_waited_for)
{
    step s;
    step_open(&s,
              FLOAT_PLACEHOLDER("a") FLOAT_CONST("one", "1") "node { name: 'r' op: 'Identity' input: 'one' input: '^a' "
                                                             "attr { key: 'T' value { type: DT_FLOAT } } }\n",
              STEPC_ENGINE_DEFAULT);
    stepc_partial *q = setup(&s, "r", "a");
    step_fetch(&s, "r");
    must_not_go(&s, q, STEPC_INVALID_ARGUMENT, "Fetch a:0 can't be computed from the feeds that have been fed so far.");
    cr_assert_eq(go(&s, q, "r", "a", 5, NULL, 0), 1);
    stepc_partial_free(q);
    step_close(&s);
}

Test(partial, fetches_asked_for_twice_are_taken_once)
{
    step s;
    step_open(&s, SUM_AND_PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_partial *q = setup(&s, "r1 r1 r1", "a b");
    cr_assert_eq(go(&s, q, "r1", "a", 1, "b", 2), 3);
    step_fetch(&s, "r1");
    must_not_go(&s, q, STEPC_INVALID_ARGUMENT, OVER);
    stepc_partial_free(q);
    step_close(&s);
}

Test(partial, a_fetch_goes_into_the_callers_buffer)
{
    step s;
    float result = 0;
    step_open(&s, SUM_AND_PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_partial *q = setup(&s, "r1 r2", "a b c");
    step_feed(&s, "a", 1);
    step_feed(&s, "b", 2);
    step_fetch(&s, "r1");
    s.fetches[0].into = (stepc_view){&result, sizeof result, NULL, 0, STEPC_FLOAT32};
    must_go(&s, q);
    cr_assert_eq(result, 3);
    cr_assert_null(s.fetches[0].out);
    result = 1000; /* the step has its own */
    cr_assert_eq(go(&s, q, "r2", "c", 51, NULL, 0), 153);
    stepc_partial_free(q);
    step_close(&s);
}

/* ---- threads ------------------------------------------------------------------------------------------------- */

#define THREADS 8

static void *run_own_handle(void *session)
{
    step s = {.session = session, .graph = stepc_session_graph(session)};
    error_init(&s.error);
    for (int i = 0; i < 50; i++) {
        stepc_partial *q = setup(&s, "r1 r2", "a b c");
        cr_assert_eq(go(&s, q, "r1", "a", (float)i, "b", 2), (float)(i + 2));
        cr_assert_eq(go(&s, q, "r2", "c", 3, NULL, 0), (float)(3 * (i + 2)));
        stepc_partial_free(q);
    }
    return NULL;
}

Test(partial, handles_run_in_parallel)
{
    step s;
    pthread_t threads[THREADS];
    step_open(&s, SUM_AND_PRODUCT, STEPC_ENGINE_DEFAULT);
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, run_own_handle, s.session), 0);
    for (int i = 0; i < 50; i++) {
        step_feed(&s, "a", 1);
        step_feed(&s, "b", 2);
        step_fetch(&s, "r1");
        step_must_run(&s);
        cr_assert_eq(step_result(&s, 0), 3);
        step_reset(&s);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    step_close(&s);
}

typedef struct racer {
    stepc_partial *q;
    stepc_output fetch;
    int got;
} racer;

static void *take_it(void *argument)
{
    racer *r = argument;
    stepc_fetch fetch = {.at = r->fetch};
    r->got = stepc_partial_run(r->q, NULL, 0, &fetch, 1, NULL) == STEPC_OK;
    stepc_tensor_release(fetch.out);
    return NULL;
}

Test(partial, one_handle_in_many_threads_gives_each_fetch_once)
{
    step s;
    pthread_t threads[THREADS];
    racer racers[THREADS];
    int got = 0;
    step_open(&s, SUM_AND_PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_partial *q = setup(&s, "r1 r2", "a b c");
    cr_assert_eq(go(&s, q, NULL, "a", 1, "b", 2), 0);
    for (int i = 0; i < THREADS; i++) {
        racers[i] = (racer){q, output_of(&s, "r1"), 0};
        cr_assert_eq(pthread_create(&threads[i], NULL, take_it, &racers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        got += racers[i].got;
    }
    cr_assert_eq(got, 1);
    cr_assert_eq(go(&s, q, "r2", "c", 51, NULL, 0), 153);
    stepc_partial_free(q);
    step_close(&s);
}
