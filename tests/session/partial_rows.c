/* SPDX-License-Identifier: Apache-2.0 */
/* 6.2, session_partial_run_test.py. */
#include "fixture.h"
#include "tables.h"

/* Placeholders a, b, c; r1 = a + b, r2 = r1 * c. */
typedef struct abc {
    stepc_graph *graph;
    stepc_session *session;
    stepc_output in[3], r1, r2;
} abc;

static abc abc_open(void)
{
    abc t = {.graph = graph_empty()};
    t.in[0] = placeholder(t.graph, "a", STEPC_FLOAT32);
    t.in[1] = placeholder(t.graph, "b", STEPC_FLOAT32);
    t.in[2] = placeholder(t.graph, "c", STEPC_FLOAT32);
    t.r1 = binary(t.graph, "Add", "r1", t.in[0], t.in[1]);
    t.r2 = binary(t.graph, "Mul", "r2", t.r1, t.in[2]);
    t.session = open_session(t.graph);
    return t;
}

static void abc_close(abc *t)
{
    stepc_session_free(t->session);
    stepc_graph_release(t->graph);
}

static stepc_partial *set_up(stepc_session *s, const stepc_output *feeds, size_t feed_count, const stepc_output *fetches,
                             size_t fetch_count)
{
    stepc_partial *partial = NULL;
    MUST(stepc_partial_setup(s, feeds, feed_count, fetches, fetch_count, NULL, 0, &partial, problem()));
    CHECK(partial != NULL && stepc_partial_find(s, stepc_partial_handle(partial)) == partial);
    return partial;
}

static stepc_code run(stepc_partial *partial, const stepc_feed *feeds, size_t feed_count, stepc_output at, float *value)
{
    stepc_fetch got = {.at = at};
    stepc_code code = stepc_partial_run(partial, feeds, feed_count, &got, 1, problem());
    CHECK((got.out != NULL) == (code == STEPC_OK));
    if (code == STEPC_OK)
        *value = scalar(got.out);
    return code;
}

/* Feeds A and B, fetches r1. */
static float run_r1(const abc *t, stepc_partial *partial, float a, float b)
{
    float value = 0;
    stepc_feed feeds[] = {{t->in[0], FLOAT(a)}, {t->in[1], FLOAT(b)}};
    MUST(run(partial, feeds, 2, t->r1, &value));
    return value;
}

static float run_r2(const abc *t, stepc_partial *partial, float c)
{
    float value = 0;
    stepc_feed fed = {t->in[2], FLOAT(c)};
    MUST(run(partial, &fed, 1, t->r2, &value));
    return value;
}

static void partial_run(void)
{
    abc t = abc_open();
    stepc_partial *partial = set_up(t.session, t.in, 3, (stepc_output[]){t.r1, t.r2}, 2);
    CHECK(run_r1(&t, partial, 1, 2) == 3);
    CHECK(run_r2(&t, partial, 51) == 153); /* 3 * 17 = 51 */
    stepc_partial_free(partial);
    partial = set_up(t.session, t.in, 3, (stepc_output[]){t.r1, t.r2}, 2);
    CHECK(run_r1(&t, partial, 1, 2) == 3);
    CHECK(run_r2(&t, partial, 54) == 162); /* 3 * 18 = 54 */
    stepc_partial_free(partial);
    abc_close(&t);
}

static void partial_run_incomplete(void)
{
    abc t = abc_open();
    stepc_partial *partial = set_up(t.session, t.in, 3, (stepc_output[]){t.r1, t.r2}, 2);
    CHECK(run_r1(&t, partial, 1, 2) == 3);
    MUST(stepc_session_close(t.session, problem()));
    stepc_partial_free(partial);
    abc_close(&t);
    t = abc_open(); /* released after its session */
    partial = set_up(t.session, t.in, 3, (stepc_output[]){t.r1, t.r2}, 2);
    CHECK(run_r1(&t, partial, 1, 2) == 3);
    abc_close(&t);
    stepc_partial_free(partial);
}

static void concurrent_partial_run(void)
{
    abc t = abc_open();
    stepc_partial *first = set_up(t.session, t.in, 3, &t.r1, 1);
    stepc_partial *second = set_up(t.session, t.in, 3, (stepc_output[]){t.r1, t.r2}, 2);
    float three = run_r1(&t, first, 1, 2);
    CHECK(three == 3);
    CHECK(run_r1(&t, second, three * 19, 9) == 66); /* 57 + 9 */
    CHECK(run_r2(&t, second, 7) == 462);
    stepc_partial_free(first);
    stepc_partial_free(second);
    abc_close(&t);
}

#define MANY 200

static void many_partial_run(void)
{
    static stepc_output in[MANY], out[MANY];
    static stepc_feed feeds[MANY];
    static stepc_fetch all[MANY];
    float one = 1, value = 0;
    char name[16];
    stepc_graph *g = graph_empty();
    stepc_output a = constant(g, "two", FLOAT(2));
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "in_%d", i);
        in[i] = placeholder(g, name, STEPC_FLOAT32);
        snprintf(name, sizeof name, "out_%d", i);
        a = out[i] = binary(g, "Mul", name, a, in[i]);
        feeds[i] = (stepc_feed){in[i], view_of(STEPC_FLOAT32, SCALAR, &one)};
        all[i] = (stepc_fetch){.at = out[i]};
    }
    stepc_session *s = open_session(g);
    stepc_partial *partial = set_up(s, in, MANY, out, MANY);
    for (int i = 0; i < MANY; i++) {
        MUST(run(partial, &feeds[i], 1, out[i], &value));
        CHECK(value == 2);
    }
    stepc_partial_free(partial);
    MUST(stepc_session_run(s, feeds, MANY, all, MANY, NULL, 0, NULL, problem()));
    for (int i = 0; i < MANY; i++)
        CHECK(scalar(all[i].out) == 2);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void run_and_partial_run(void)
{
    stepc_graph *g = graph_empty();
    stepc_output two = constant(g, "two", FLOAT(2)), a = constant(g, "a", FLOATS(((float[]){2, 5}), 2));
    stepc_output b = binary(g, "Mul", "b", a, two), c = binary(g, "Mul", "c", b, constant(g, "three", FLOAT(3)));
    stepc_session *s = open_session(g);
    stepc_partial *partial = set_up(s, NULL, 0, (stepc_output[]){b, c}, 2);
    stepc_fetch got[] = {{.at = b}, {.at = c}};
    MUST(stepc_session_run(s, NULL, 0, got, 2, NULL, 0, NULL, problem()));
    CHECK_TENSOR(got[0].out, FLOATS(((float[]){4, 10}), 2));
    CHECK_TENSOR(got[1].out, FLOATS(((float[]){12, 30}), 2));
    MUST(stepc_partial_run(partial, NULL, 0, got, 2, problem()));
    CHECK_TENSOR(got[0].out, FLOATS(((float[]){4, 10}), 2));
    CHECK_TENSOR(got[1].out, FLOATS(((float[]){12, 30}), 2));
    stepc_partial_free(partial);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void missing_placeholder_feed(void)
{
    float value;
    stepc_graph *g = graph_empty();
    stepc_output x = placeholder(g, "x", STEPC_FLOAT32), y = placeholder(g, "y", STEPC_FLOAT32);
    stepc_output both[] = {binary(g, "Mul", "x2", x, constant(g, "two", FLOAT(2))), binary(g, "Mul", "xy", x, y)};
    stepc_session *s = open_session(g);
    stepc_partial *partial = set_up(s, NULL, 0, both, 2);
    MUST_FAIL_WITH(STEPC_INVALID_ARGUMENT, "You must feed a value for placeholder tensor 'x' with dtype float [[{{node x}}]]",
                   run(partial, NULL, 0, both[0], &value));
    stepc_partial_free(partial);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void unspecified_feed_and_fetch(void)
{
    float value;
    abc t = abc_open();
    stepc_feed feeds[] = {{t.in[0], FLOAT(1)}, {t.in[1], FLOAT(2)}, {t.in[2], FLOAT(3)}};
    stepc_partial *partial = set_up(t.session, t.in, 2, &t.r1, 1);
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "The feed c:0 was not specified in partial_run_setup.", run(partial, feeds, 3, t.r1, &value));
    CHECK(run_r1(&t, partial, 1, 2) == 3); /* found before anything ran: it goes on */
    stepc_partial_free(partial);
    partial = set_up(t.session, t.in, 3, &t.r1, 1);
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "The fetch r2:0 was not specified in partial_run_setup.",
              run(partial, feeds, 3, t.r2, &value));
    CHECK(run_r1(&t, partial, 1, 2) == 3);
    stepc_partial_free(partial);
    abc_close(&t);
}

static void already_fed_and_fetched(void)
{
    float value;
    abc t = abc_open();
    stepc_feed again[] = {{t.in[0], FLOAT(1)}, {t.in[2], FLOAT(3)}};
    stepc_partial *partial = set_up(t.session, t.in, 3, (stepc_output[]){t.r1, t.r2}, 2);
    CHECK(run_r1(&t, partial, 1, 2) == 3);
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "The feed a:0 has already been fed.", run(partial, again, 2, t.r2, &value));
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "The fetch r1:0 has already been fetched.", run(partial, &again[1], 1, t.r1, &value));
    CHECK(run_r2(&t, partial, 3) == 9);
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "Must run 'setup' before performing partial runs!", run(partial, NULL, 0, t.r2, &value));
    stepc_partial_free(partial);
    abc_close(&t);
}

static void empty_fetches(void)
{
    stepc_graph *g = graph_empty();
    stepc_output a = placeholder(g, "a", STEPC_FLOAT32), b = binary(g, "Mul", "b", a, constant(g, "two", FLOAT(2)));
    stepc_session *s = open_session(g);
    stepc_partial *partial = set_up(s, &a, 1, &b, 1);
    stepc_feed fed = {a, FLOATS((float[]){3}, 1)};
    stepc_fetch got = {.at = b};
    MUST(stepc_partial_run(partial, &fed, 1, NULL, 0, problem()));
    MUST(stepc_partial_run(partial, NULL, 0, &got, 1, problem()));
    CHECK_TENSOR(got.out, FLOATS((float[]){6}, 1));
    stepc_partial_free(partial);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void invalid_setup(void)
{
    abc t = abc_open();
    stepc_partial *partial = NULL;
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "Must specify at least one target to fetch or execute.",
              stepc_partial_setup(t.session, t.in, 1, NULL, 0, NULL, 0, &partial, problem()));
    CHECK(partial == NULL);
    abc_close(&t);
}

static void setup_without_feeds(void)
{
    stepc_graph *g = graph_empty();
    stepc_output r1 = constant(g, "r1", FLOATS((float[]){6}, 1));
    stepc_session *s = open_session(g);
    stepc_partial *partial = set_up(s, NULL, 0, &r1, 1);
    stepc_fetch got = {.at = r1};
    MUST(stepc_partial_run(partial, NULL, 0, &got, 1, problem()));
    CHECK_TENSOR(got.out, FLOATS((float[]){6}, 1));
    stepc_partial_free(partial);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static const row rows[] = {
    {"6.2", "PartialRun", NULL, ROW_TESTED, partial_run, NULL},
    {"6.2", "PartialRunIncomplete", NULL, ROW_TESTED, partial_run_incomplete, NULL},
    {"6.2", "ConcurrentPartialRun", NULL, ROW_TESTED, concurrent_partial_run, NULL},
    {"6.2", "ManyPartialRun", NULL, ROW_TESTED, many_partial_run, NULL},
    {"6.2", "RunAndPartialRun", NULL, ROW_TESTED, run_and_partial_run, NULL},
    {"6.2", "PartialRunMissingPlaceholderFeedException", NULL, ROW_TESTED, missing_placeholder_feed, NULL},
    {"6.2", "PartialRunUnspecifiedFeed / UnspecifiedFetch", NULL, ROW_TESTED, unspecified_feed_and_fetch, NULL},
    {"6.2", "PartialRunAlreadyFed / AlreadyFetched", NULL, ROW_TESTED, already_fed_and_fetched, NULL},
    {"6.2", "PartialRunEmptyFetches", NULL, ROW_TESTED, empty_fetches, NULL},
    {"6.2", "InvalidPartialRunSetup", NULL, ROW_TESTED, invalid_setup, NULL},
    {"6.2", "PartialRunSetupNoFeedsPassed", NULL, ROW_TESTED, setup_without_feeds, NULL},
};

const row_list partial_rows = {rows, sizeof rows / sizeof *rows};
