/* SPDX-License-Identifier: Apache-2.0 */
/* 6.1, session_test.py: what runs and calls tell of themselves. */
#include "fixture.h"
#include "tables.h"

/* A graph of one constant c = 5, and a session on it. */
static stepc_session *five_session(stepc_graph **out)
{
    *out = graph_empty();
    constant(*out, "c", FLOAT(5));
    return open_session(*out);
}

/* Devices in the step statistics of a serialised RunMetadata; partition graphs in it. */
static size_t traced_devices(stepc_run_metadata *metadata)
{
    const void *data = NULL, *statistics = NULL;
    size_t bytes = 0, statistics_bytes = 0;
    MUST(stepc_run_metadata_proto(metadata, &data, &bytes, problem()));
    return wire_find(data, bytes, 1, 0, &statistics, &statistics_bytes) ? wire_count(statistics, statistics_bytes, 1) : 0;
}

static size_t partition_graphs(stepc_run_metadata *metadata)
{
    const void *data = NULL;
    size_t bytes = 0;
    MUST(stepc_run_metadata_proto(metadata, &data, &bytes, problem()));
    return wire_count(data, bytes, 3);
}

static void per_step_trace(void)
{
    stepc_graph *g;
    stepc_session *s = five_session(&g);
    stepc_run_metadata *metadata = NULL;
    MUST(stepc_run_metadata_new(NULL, &metadata, problem()));
    stepc_run_options plain = {.size = sizeof plain, .metadata = metadata}, traced = plain;
    traced.trace_level = STEPC_FULL_TRACE;
    MUST(try_fetch_with(s, "c", &plain));
    CHECK(traced_devices(metadata) == 0 && stepc_run_metadata_node_count(metadata) == 0);
    MUST(try_fetch_with(s, "c", &traced));
    CHECK(traced_devices(metadata) == 1);
    stepc_run_options by_proto = {.size = sizeof by_proto, .proto = "\x08\x03", .proto_bytes = 2, .metadata = metadata};
    MUST(try_fetch_with(s, "c", &by_proto));
    CHECK(traced_devices(metadata) == 1);
    MUST(try_fetch_with(s, "c", &plain)); /* the next run's metadata is its own */
    CHECK(traced_devices(metadata) == 0);
    stepc_run_metadata_free(metadata);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void run_options_run_metadata(void)
{
    stepc_graph *g;
    stepc_session *s = five_session(&g);
    stepc_run_metadata *metadata = NULL;
    MUST(stepc_run_metadata_new(NULL, &metadata, problem()));
    stepc_run_options only_options = {.size = sizeof only_options, .trace_level = STEPC_FULL_TRACE};
    stepc_run_options only_metadata = {.size = sizeof only_metadata, .metadata = metadata};
    stepc_run_options both = {.size = sizeof both, .trace_level = STEPC_FULL_TRACE, .metadata = metadata};
    MUST(try_fetch_with(s, "c", NULL));
    MUST(try_fetch_with(s, "c", &only_options));
    MUST(try_fetch_with(s, "c", &only_metadata));
    CHECK(traced_devices(metadata) == 0);
    MUST(try_fetch_with(s, "c", &both));
    CHECK(traced_devices(metadata) == 1);
    stepc_run_metadata_free(metadata);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void output_partition_graphs(void)
{
    stepc_graph *g;
    stepc_session *s = five_session(&g);
    stepc_run_metadata *metadata = NULL;
    const void *data = NULL, *partition = NULL;
    size_t bytes = 0, partition_bytes = 0;
    constant(g, "unused", FLOAT(1));
    MUST(stepc_run_metadata_new(NULL, &metadata, problem()));
    stepc_run_options asked = {.size = sizeof asked, .output_partition_graphs = 1, .metadata = metadata};
    stepc_run_options by_proto = {.size = sizeof by_proto, .proto = "\x28\x01", .proto_bytes = 2, .metadata = metadata};
    stepc_run_options plain = {.size = sizeof plain, .metadata = metadata};
    MUST(try_fetch_with(s, "c", &asked));
    CHECK(partition_graphs(metadata) == 1);
    MUST(stepc_run_metadata_proto(metadata, &data, &bytes, problem()));
    CHECK(wire_find(data, bytes, 3, 0, &partition, &partition_bytes));
    CHECK(wire_count(partition, partition_bytes, 1) >= 1); /* a GraphDef with the step's nodes */
    MUST(try_fetch_with(s, "c", &plain));
    CHECK(partition_graphs(metadata) == 0);
    MUST(try_fetch_with(s, "c", &by_proto));
    CHECK(partition_graphs(metadata) == 1);
    stepc_run_metadata_free(metadata);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void traced_callable(stepc_session *s, const stepc_signature *signature, const stepc_view *feeds, float value)
{
    stepc_callable *callable = NULL;
    stepc_run_metadata *metadata = NULL;
    stepc_fetch got = {0};
    MUST(stepc_run_metadata_new(NULL, &metadata, problem()));
    MUST(stepc_callable_make(s, signature, NULL, &callable, problem()));
    stepc_run_options traced = {.size = sizeof traced, .trace_level = STEPC_FULL_TRACE, .metadata = metadata};
    CHECK(traced_devices(metadata) == 0);
    MUST(stepc_callable_call(callable, feeds, signature->feed_count, &got, signature->fetch_count, &traced, problem()));
    CHECK(traced_devices(metadata) > 0);
    if (signature->fetch_count > 0)
        CHECK(scalar(got.out) == value);
    stepc_callable_release(callable);
    stepc_run_metadata_free(metadata);
}

static void make_callable_with_run_options(void)
{
    stepc_graph *g = graph_empty();
    stepc_output a = constant(g, "a", FLOAT(42)), one = constant(g, "one", FLOAT(1)), v = variable(g, "v", a);
    stepc_output ph = placeholder(g, "ph", STEPC_FLOAT32), sum = binary(g, "Add", "sum", ph, one);
    const stepc_operation *add = binary(g, "AssignAdd", "add", v, one).op;
    stepc_session *s = open_session(g);
    stepc_signature tensor = {.size = sizeof tensor, .fetches = &a, .fetch_count = 1};
    traced_callable(s, &tensor, NULL, 42);
    run_target(s, "v/Assign");
    stepc_signature operation = {.size = sizeof operation, .targets = &add, .target_count = 1};
    traced_callable(s, &operation, NULL, 0);
    CHECK(scalar(fetch(s, "v")) == 43); /* it did run, once */
    stepc_signature with_feed = {.size = sizeof with_feed, .feeds = &ph, .feed_count = 1, .fetches = &sum, .fetch_count = 1};
    stepc_view value = FLOAT(42);
    traced_callable(s, &with_feed, &value, 43);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void optimized_make_callable(void)
{
    stepc_graph *g = graph_empty();
    stepc_output ph = placeholder(g, "ph", STEPC_FLOAT32);
    stepc_output sum = binary(g, "Add", "sum", ph, constant(g, "one", FLOAT(1)));
    stepc_session *s = open_session(g);
    stepc_run_metadata *metadata = NULL;
    MUST(stepc_run_metadata_new(NULL, &metadata, problem()));
    stepc_run_options traced = {.size = sizeof traced, .trace_level = STEPC_FULL_TRACE, .metadata = metadata};
    stepc_callable_options options = {.size = sizeof options, .run = &traced};
    stepc_signature signature = {.size = sizeof signature, .feeds = &ph, .feed_count = 1, .fetches = &sum, .fetch_count = 1};
    stepc_view two = FLOATS((float[]){2}, 1);
    for (int i = 0; i < 3; i++) {
        stepc_callable *callable = NULL;
        MUST(stepc_callable_make(s, &signature, i == 2 ? &options : NULL, &callable, problem()));
        for (int k = 0; k < 5; k++) {
            stepc_fetch got = {0};
            MUST(stepc_callable_call(callable, &two, 1, &got, 1, NULL, problem()));
            CHECK_TENSOR(got.out, FLOATS((float[]){3}, 1));
            CHECK((traced_devices(metadata) > 0) == (i == 2));
        }
        stepc_callable_release(callable);
    }
    stepc_run_metadata_free(metadata);
    stepc_session_free(s);
    stepc_graph_release(g);
}

#define CALLABLES                                                                                                      \
    "MakeCallableOnTensorWithRunOptions, \xe2\x80\xa6OnOperation\xe2\x80\xa6, \xe2\x80\xa6WithFeedList\xe2\x80\xa6"

static const row rows[] = {
    {"6.1", CALLABLES, NULL, ROW_TESTED, make_callable_with_run_options, NULL},
    {"6.1", "OptimizedMakeCallable (+WithRunMetadata)", NULL, ROW_TESTED, optimized_make_callable, NULL},
    {"6.1", "PerStepTrace, RunOptionsRunMetadata", "PerStepTrace", ROW_TESTED, per_step_trace, NULL},
    {"6.1", "PerStepTrace, RunOptionsRunMetadata", "RunOptionsRunMetadata", ROW_TESTED, run_options_run_metadata, NULL},
    {"6.1", "OutputPartitionGraphsDirect", NULL, ROW_TESTED, output_partition_graphs, NULL},
    {"6.1", "OutputPartitionGraphsDistributed", NULL, ROW_REASON, NULL, "distributed: there is one process and no server"},
};

const row_list session_trace_rows = {rows, sizeof rows / sizeof *rows};
