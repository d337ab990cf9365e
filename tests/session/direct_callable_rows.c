/* SPDX-License-Identifier: Apache-2.0 */
/* 6.3, direct_session_test.cc: callables, by number as TensorFlow's are, and tensor connections. */
#include "direct_graphs.h"
#include "tables.h"

static void close_all(stepc_session *s, stepc_graph *g)
{
    stepc_session_free(s);
    stepc_graph_release(g);
}

static int64_t make(stepc_session *s, const stepc_signature *signature)
{
    int64_t handle = -1;
    MUST(stepc_session_make_callable(s, signature, NULL, &handle, problem()));
    return handle;
}

static void run_simple_network(void)
{
    stepc_graph *g = minus_ax((const float[]){3, 2, -1, 0});
    stepc_session *s = two_cpus(g);
    stepc_output y = output_of(g, "y");
    const stepc_operation *y_neg = operation_of(g, "y_neg");
    stepc_signature signature = {.size = sizeof signature, .fetches = &y, .fetch_count = 1, .targets = &y_neg, .target_count = 1};
    int64_t handle = make(s, &signature);
    char text[100];
    stepc_fetch got = {0};
    for (int i = 0; i < 2; i++) {
        got = (stepc_fetch){0};
        MUST(stepc_session_run_callable(s, handle, NULL, 0, &got, 1, NULL, problem()));
        CHECK_TENSOR(got.out, FLOATS(((float[]){5, -1}), 2, 1));
    }
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "`fetch_tensors` must be provided when the callable has one or more outputs.",
              stepc_session_run_callable(s, handle, NULL, 0, NULL, 0, NULL, problem()));
    stepc_view surplus = FLOAT(1);
    got = (stepc_fetch){0};
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "Expected 0 feed tensors, but got 1",
              stepc_session_run_callable(s, handle, &surplus, 1, &got, 1, NULL, problem()));
    MUST(stepc_session_release_callable(s, handle, problem()));
    snprintf(text, sizeof text, "Attempted to run callable after handle was released: %lld", (long long)handle);
    MUST_FAIL(STEPC_INVALID_ARGUMENT, text, stepc_session_run_callable(s, handle, NULL, 0, &got, 1, NULL, problem()));
    snprintf(text, sizeof text, "No such callable handle: %lld", (long long)handle + 1);
    MUST_FAIL(STEPC_INVALID_ARGUMENT, text, stepc_session_run_callable(s, handle + 1, NULL, 0, &got, 1, NULL, problem()));
    CHECK(make(s, &signature) != handle); /* never used twice */
    close_all(s, g);
}

static void feed_a_constant(void)
{
    stepc_graph *g = minus_ax((const float[]){1, 2, 3, 4});
    stepc_session *s = two_cpus(g);
    stepc_output x = output_of(g, "x"), y = output_of(g, "y:0");
    stepc_signature signature = {.size = sizeof signature, .feeds = &x, .feed_count = 1, .fetches = &y, .fetch_count = 1};
    stepc_view value = FLOATS(((float[]){5, 6}), 2, 1);
    stepc_fetch got = {0};
    MUST(stepc_session_run_callable(s, make(s, &signature), &value, 1, &got, 1, NULL, problem()));
    CHECK_TENSOR(got.out, FLOATS(((float[]){17, 39}), 2, 1));
    close_all(s, g);
}

typedef struct shared_callable {
    stepc_session *session;
    stepc_callable *callable;
    int64_t handle;
} shared_callable;

static void call_often(void *argument, int number)
{
    const shared_callable *c = argument;
    for (int i = 0; i < 1000; i++) {
        stepc_fetch got = {0};
        if (number % 2 == 0)
            MUST(stepc_callable_call(c->callable, NULL, 0, &got, 1, NULL, problem()));
        else
            MUST(stepc_session_run_callable(c->session, c->handle, NULL, 0, &got, 1, NULL, problem()));
        CHECK_TENSOR(got.out, FLOATS(((float[]){3, 7}), 2, 1));
    }
}

static void concurrency(void)
{
    stepc_graph *g = minus_ax((const float[]){1, 2, 3, 4});
    stepc_output y = output_of(g, "y:0");
    stepc_signature signature = {.size = sizeof signature, .fetches = &y, .fetch_count = 1};
    shared_callable c = {.session = two_cpus(g)};
    c.handle = make(c.session, &signature);
    MUST(stepc_callable_make(c.session, &signature, NULL, &c.callable, problem()));
    parallel(4, call_often, &c);
    stepc_callable_release(c.callable);
    close_all(c.session, g);
}

static void multiple_feeds(void)
{
    stepc_graph *g = two_identities();
    stepc_session *s = open_session(g);
    stepc_output in[] = {output_of(g, "first"), output_of(g, "second")};
    stepc_output out[] = {output_of(g, "first_id"), output_of(g, "second_id")};
    stepc_output ni[] = {in[1], in[0]}, tuo[] = {out[1], out[0]}, twice[] = {in[0], in[0]};
    stepc_view first = FLOATS((float[]){11}, 1, 1), second = FLOATS((float[]){22}, 1, 1);
    for (int i = 0; i < 4; i++) { /* by position, both ways */
        bool feeds_swapped = (i & 1) != 0, fetches_swapped = (i & 2) != 0;
        stepc_view values[] = {feeds_swapped ? second : first, feeds_swapped ? first : second};
        stepc_signature signature = {.size = sizeof signature, .feeds = feeds_swapped ? ni : in, .feed_count = 2,
                                     .fetches = fetches_swapped ? tuo : out, .fetch_count = 2};
        stepc_fetch got[2] = {{.out = NULL}, {.out = NULL}};
        MUST(stepc_session_run_callable(s, make(s, &signature), values, 2, got, 2, NULL, problem()));
        CHECK_TENSOR(got[0].out, fetches_swapped ? second : first);
        CHECK_TENSOR(got[1].out, fetches_swapped ? first : second);
    }
    int64_t handle = 0;
    stepc_signature fed_twice = {.size = sizeof fed_twice, .feeds = twice, .feed_count = 2, .fetches = out, .fetch_count = 2};
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "Endpoint \"first:0\" fed more than once.",
              stepc_session_make_callable(s, &fed_twice, NULL, &handle, problem()));
    close_all(s, g);
}

/* ---- tensor connections ------------------------------------------------------------------------------------------- */

static void connection(void)
{
    stepc_graph *g = minus_ax((const float[]){3, 2, -1, 0});
    stepc_session *s = two_cpus(g);
    stepc_output fetches[] = {output_of(g, "y_neg"), output_of(g, "A")};
    stepc_connection wire = {output_of(g, "A"), output_of(g, "y")};
    stepc_signature signature = {.size = sizeof signature, .fetches = fetches, .fetch_count = 1, .connections = &wire,
                                 .connection_count = 1};
    stepc_fetch got[2] = {{.out = NULL}, {.out = NULL}};
    MUST(stepc_session_run_callable(s, make(s, &signature), NULL, 0, got, 1, NULL, problem()));
    CHECK_TENSOR(got[0].out, FLOATS(((float[]){-3, -2, 1, -0.0f}), 2, 2));
    signature.fetch_count = 2; /* the source as well */
    got[0].out = NULL;
    MUST(stepc_session_run_callable(s, make(s, &signature), NULL, 0, got, 2, NULL, problem()));
    CHECK_TENSOR(got[0].out, FLOATS(((float[]){-3, -2, 1, -0.0f}), 2, 2));
    CHECK_TENSOR(got[1].out, FLOATS(((float[]){3, 2, -1, 0}), 2, 2));
    close_all(s, g);
}

static void connection_errors(void)
{
    stepc_graph *g = minus_ax((const float[]){3, 2, -1, 0}), *other = two_identities();
    stepc_session *s = two_cpus(g);
    stepc_output a = output_of(g, "A"), x = output_of(g, "x"), y = output_of(g, "y"), y_neg = output_of(g, "y_neg"), bad = a;
    stepc_output elsewhere = output_of(other, "first");
    int64_t handle = 0;
    stepc_connection wires[2];
    stepc_signature signature = {.size = sizeof signature, .fetches = &y_neg, .fetch_count = 1, .connections = wires,
                                 .connection_count = 1};
    wires[0] = (stepc_connection){y_neg, y};
    MUST_FAIL_WITH(STEPC_INVALID_ARGUMENT, "would create a cycle.",
                   stepc_session_make_callable(s, &signature, NULL, &handle, problem()));
    wires[0] = (stepc_connection){elsewhere, y};
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "Requested tensor connection from unknown node: \"y:0\".",
              stepc_session_make_callable(s, &signature, NULL, &handle, problem()));
    bad.index = 17;
    wires[0] = (stepc_connection){bad, y};
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "Requested tensor connection from unknown edge: \"y:0\" (actual number of outputs = 1).",
              stepc_session_make_callable(s, &signature, NULL, &handle, problem()));
    wires[0] = (stepc_connection){a, elsewhere};
    MUST_FAIL_WITH(STEPC_NOT_FOUND, "FeedInputs: unable to find feed output",
                   stepc_session_make_callable(s, &signature, NULL, &handle, problem()));
    wires[0] = (stepc_connection){a, y};
    wires[1] = (stepc_connection){x, y};
    signature.connection_count = 2;
    MUST_FAIL_WITH(STEPC_INVALID_ARGUMENT, "fed more than once.",
                   stepc_session_make_callable(s, &signature, NULL, &handle, problem()));
    signature.connection_count = 1;
    signature.feeds = &y;
    signature.feed_count = 1;
    MUST_FAIL_WITH(STEPC_INVALID_ARGUMENT, "fed more than once.",
                   stepc_session_make_callable(s, &signature, NULL, &handle, problem()));
    close_all(s, g);
    stepc_graph_release(other);
}

static void connection_use_twice(void)
{
    stepc_graph *g = graph_empty();
    stepc_output a = constant(g, "a", FLOATS(((float[]){3, 2, -1, 0}), 2, 2));
    stepc_output p = placeholder(g, "dummy1", STEPC_FLOAT32), q = placeholder(g, "dummy2", STEPC_FLOAT32);
    stepc_output sum = binary(g, "Add", "sum", p, q);
    stepc_session *s = open_session(g);
    stepc_connection wires[] = {{a, p}, {a, q}};
    stepc_signature signature = {.size = sizeof signature, .fetches = &sum, .fetch_count = 1, .connections = wires,
                                 .connection_count = 2};
    stepc_fetch got = {0};
    MUST(stepc_session_run_callable(s, make(s, &signature), NULL, 0, &got, 1, NULL, problem()));
    CHECK_TENSOR(got.out, FLOATS(((float[]){6, 4, -2, 0}), 2, 2));
    close_all(s, g);
}

/* What the benchmark does, once: N placeholders fed, N identities fetched. tests/bench has the figures. */
static void feed_fetch(void)
{
    static const int counts[] = {1, 2, 5, 10};
    for (int i = 0; i < 4; i++) {
        stepc_output in[10], out[10];
        stepc_feed feeds[10];
        stepc_fetch fetches[10];
        stepc_view values[10];
        float value = 1;
        char name[40];
        size_t count = (size_t)counts[i];
        stepc_graph *g = graph_empty();
        for (size_t k = 0; k < count; k++) {
            snprintf(name, sizeof name, "Placeholder%zu", k);
            in[k] = placeholder(g, name, STEPC_FLOAT32);
            snprintf(name, sizeof name, "Identity%zu", k);
            out[k] = unary(g, "Identity", name, in[k]);
            values[k] = view_of(STEPC_FLOAT32, SCALAR, &value);
            feeds[k] = (stepc_feed){in[k], values[k]};
            fetches[k] = (stepc_fetch){.at = out[k]};
        }
        stepc_session *s = open_session(g);
        MUST(stepc_session_run(s, feeds, count, fetches, count, NULL, 0, NULL, problem()));
        for (size_t k = 0; k < count; k++) {
            CHECK(scalar(fetches[k].out) == 1);
            fetches[k].out = NULL;
        }
        stepc_signature signature = {.size = sizeof signature, .feeds = in, .feed_count = count, .fetches = out, .fetch_count = count};
        MUST(stepc_session_run_callable(s, make(s, &signature), values, count, fetches, count, NULL, problem()));
        for (size_t k = 0; k < count; k++)
            CHECK(scalar(fetches[k].out) == 1);
        close_all(s, g);
    }
}

static const row rows[] = {
    {"6.3", "RunSimpleNetwork_Callable", NULL, ROW_TESTED, run_simple_network, NULL},
    {"6.3", "TestTensorConnection", "connections", ROW_TESTED, connection, NULL},
    {"6.3", "TestTensorConnection", "errors", ROW_TESTED, connection_errors, NULL},
    {"6.3", "TestFeed / _Callable", "_Callable", ROW_TESTED, feed_a_constant, NULL},
    {"6.3", "TestConcurrency / _Callable / PerSessionThreads", "_Callable", ROW_TESTED, concurrency, NULL},
    {"6.3", "MultipleFeedTest / _Callable", "_Callable", ROW_TESTED, multiple_feeds, NULL},
    {"6.3", "TestTensorConnectionUseTwice", NULL, ROW_TESTED, connection_use_twice, NULL},
    {"6.3", "BM_FeedFetch / BM_FeedFetchCallable (1,2,5,10 feeds)", NULL, ROW_TESTED, feed_fetch, NULL},
};

const row_list direct_callable_rows = {rows, sizeof rows / sizeof *rows};
