/* SPDX-License-Identifier: Apache-2.0 */
/* Cancellation, and what a run tells of itself. Serialised metadata is taken apart by a reader of its own: field
 * numbers are those of step_stats.proto, config.proto and graph.proto. */
#include "runtime/session/trace.h"
#include "tests/unit/nodes.h"
#include "tests/unit/session/session_fixture.h"

#define ON(device)                 "device: '" device "' "
#define VALUE(name, device, value) NODE(name, "Const", ON(device) CONST_VALUE("FLOAT", DIM(2), "float_val: " value))
#define NEG(name, device, x)       NODE(name, "Neg", ON(device) IN(x) TYPE("T", "FLOAT"))
#define CPU0                       "/job:localhost/replica:0/task:0/device:CPU:0"
#define CPU1                       "/job:localhost/replica:0/task:0/device:CPU:1"

/* ---- a reader of wire bytes ------------------------------------------------------------------- */

typedef struct wire {
    const uint8_t *at, *end;
} wire;

static uint64_t wire_varint(wire *w)
{
    uint64_t value = 0;
    int shift = 0;
    do {
        cr_assert(w->at < w->end && shift < 70, "a varint is cut off");
        value |= (uint64_t)(*w->at & 0x7f) << shift;
        shift += 7;
    } while (*w->at++ >= 0x80);
    return value;
}

/* The INDEXth field NUMBER: a length-delimited one goes to *SUB, a varint to *VALUE. False when there are fewer. */
static bool wire_field(wire w, uint32_t number, size_t index, wire *sub, uint64_t *value)
{
    while (w.at < w.end) {
        uint64_t tag = wire_varint(&w), found = 0;
        wire child = {NULL, NULL};
        cr_assert(tag % 8 == 0 || tag % 8 == 2, "wire type %d", (int)(tag % 8));
        if (tag % 8 == 0) {
            found = wire_varint(&w);
        } else {
            uint64_t size = wire_varint(&w);
            cr_assert(size <= (uint64_t)(w.end - w.at), "a length reaches beyond the end");
            child = (wire){w.at, w.at + size};
            w.at += size;
        }
        if (tag / 8 != number || index-- > 0)
            continue;
        *sub = child;
        *value = found;
        return true;
    }
    return false;
}

static size_t wire_count(wire w, uint32_t number)
{
    wire sub;
    uint64_t value;
    size_t count = 0;
    while (wire_field(w, number, count, &sub, &value))
        count++;
    return count;
}

static wire wire_sub(wire w, uint32_t number, size_t index)
{
    wire sub = {NULL, NULL};
    uint64_t value;
    cr_assert(wire_field(w, number, index, &sub, &value), "there is no field %u", (unsigned)number);
    return sub;
}

static uint64_t wire_number(wire w, uint32_t number)
{
    wire sub;
    uint64_t value = 0;
    return wire_field(w, number, 0, &sub, &value) ? value : 0;
}

static bool wire_is(wire w, const char *expected)
{
    return (size_t)(w.end - w.at) == strlen(expected) && memcmp(w.at, expected, strlen(expected)) == 0;
}

static wire proto_of(stepc_run_metadata *metadata)
{
    const void *data;
    size_t bytes;
    cr_assert_eq(stepc_run_metadata_proto(metadata, &data, &bytes, NULL), STEPC_OK);
    cr_assert_not_null(data);
    return (wire){data, (const uint8_t *)data + bytes};
}

/* ---- clocks, cancellation ---------------------------------------------------------------------- */

Test(session_trace, clocks)
{
    int64_t before = clock_monotonic_ns();
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic_ns();
        cr_assert_geq(now, before);
        before = now;
    }
    cr_assert_gt(clock_epoch_us(), (int64_t)1600000000 * 1000000); /* September 2020 */
}

Test(session_trace, a_cancelled_token_ends_the_run)
{
    stepc_cancellation *token = NULL;
    step s;
    step_open(&s, VALUE("a", "", "1") NEG("b", "", "a"), STEPC_ENGINE_REFERENCE);
    cr_assert_eq(stepc_cancellation_new(NULL, &token, NULL), STEPC_OK);
    stepc_run_options options = {.size = sizeof options, .cancellation = token};
    step_fetch(&s, "b");
    cr_assert_eq(stepc_session_run(s.session, NULL, 0, s.fetches, 1, NULL, 0, &options, &s.error), STEPC_OK);
    step_reset(&s);
    step_fetch(&s, "b");
    stepc_cancellation_cancel(token);
    cr_assert_eq(stepc_session_run(s.session, NULL, 0, s.fetches, 1, NULL, 0, &options, &s.error), STEPC_CANCELLED);
    cr_assert_str_eq(s.error.message, "Run call was cancelled");
    cr_assert_null(s.fetches[0].out);
    stepc_cancellation_free(token);
    step_must_run(&s); /* the session is usable */
    step_close(&s);
    stepc_cancellation_cancel(NULL);
    stepc_cancellation_free(NULL);
    cr_assert_eq(stepc_cancellation_new(NULL, NULL, NULL), STEPC_INVALID_ARGUMENT);
}

/* ---- metadata ------------------------------------------------------------------------------------ */

static stepc_run_metadata *metadata_new(void)
{
    stepc_run_metadata *metadata = NULL;
    cr_assert_eq(stepc_run_metadata_new(NULL, &metadata, NULL), STEPC_OK);
    return metadata;
}

Test(session_trace, empty_metadata_is_legal)
{
    stepc_run_metadata *metadata = metadata_new();
    stepc_node_statistics node;
    const char *trace;
    const void *data;
    size_t bytes;
    wire w = proto_of(metadata);
    cr_assert(w.at == w.end);
    cr_assert_eq(stepc_run_metadata_chrome_trace(metadata, &trace, &bytes, NULL), STEPC_OK);
    cr_assert_eq(strlen(trace), bytes);
    cr_assert_eq(stepc_run_metadata_node_count(metadata), 0);
    cr_assert_eq(stepc_run_metadata_node_at(metadata, 0, &node, NULL), STEPC_OUT_OF_RANGE);
    stepc_run_metadata_free(metadata);

    stepc_run_metadata_free(NULL);
    cr_assert_eq(stepc_run_metadata_node_count(NULL), 0);
    cr_assert_eq(stepc_run_metadata_new(NULL, NULL, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_run_metadata_node_at(NULL, 0, &node, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_run_metadata_proto(NULL, &data, &bytes, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_run_metadata_chrome_trace(NULL, &trace, &bytes, NULL), STEPC_INVALID_ARGUMENT);
}

/* Times in the proto: 1500 ns after the step began, for 2345678 ns. */
Test(session_trace, node_statistics)
{
    stepc_run_metadata *metadata = metadata_new();
    stepc_node_statistics node;
    char name[] = "step", device[] = CPU0;
    cr_assert_eq(metadata_begin(metadata, NULL), STEPC_OK);
    int64_t begin = clock_monotonic_ns();
    metadata_node(metadata, name, "CompiledStep", device, "compiled", begin + 1500, begin + 1500 + 2345678, 4096);
    metadata_device(metadata, CPU0);
    metadata_node(metadata, "other \"x\"", "Neg", CPU1, "interpreted", begin, begin, 0);
    memset(name, 'x', sizeof name - 1); /* texts are copied */
    memset(device, 'x', sizeof device - 1);
    cr_assert_eq(stepc_run_metadata_node_at(metadata, 0, &node, NULL), STEPC_OK);
    cr_assert_str_eq(node.node, "step");
    cr_assert_str_eq(node.type, "CompiledStep");
    cr_assert_str_eq(node.device, CPU0);
    cr_assert_str_eq(node.engine, "compiled");
    cr_assert_eq(node.end_ns - node.start_ns, 2345678);
    cr_assert_geq(node.start_ns, 1500);
    cr_assert_eq(node.output_bytes, 4096);

    wire stats = wire_sub(proto_of(metadata), 1, 0);
    cr_assert_eq(wire_count(stats, 1), 2);
    wire first = wire_sub(stats, 1, 0), second = wire_sub(stats, 1, 1);
    cr_assert(wire_is(wire_sub(first, 1, 0), CPU0) && wire_is(wire_sub(second, 1, 0), CPU1));
    wire exec = wire_sub(first, 2, 0);
    cr_assert(wire_is(wire_sub(exec, 1, 0), "step"));
    cr_assert(wire_is(wire_sub(exec, 8, 0), "step = CompiledStep()"));
    cr_assert_eq((int64_t)wire_number(exec, 2), node.start_us);
    cr_assert_eq(wire_number(exec, 4), 2345);
    cr_assert_eq(wire_number(exec, 5), 2345);
    cr_assert_eq(wire_number(exec, 15), 2345678);
    cr_assert_eq(wire_number(exec, 16), 2345678);
    cr_assert_eq((int64_t)(wire_number(exec, 13) / 1000), node.start_us);
    wire used = wire_sub(exec, 6, 0);
    cr_assert(wire_is(wire_sub(used, 1, 0), "cpu"));
    cr_assert_eq(wire_number(used, 2), 4096);
    cr_assert_eq(wire_count(wire_sub(second, 2, 0), 6), 0, "no outputs, no memory");
    stepc_run_metadata_free(metadata);
}

Test(session_trace, chrome_trace)
{
    stepc_run_metadata *metadata = metadata_new();
    const char *trace;
    size_t bytes;
    cr_assert_eq(metadata_begin(metadata, NULL), STEPC_OK);
    int64_t begin = clock_monotonic_ns();
    metadata_node(metadata, "a \"b\"\n", "Neg", CPU0, "interpreted", begin, begin + 1002003, 8);
    metadata_node(metadata, "c", "Neg", CPU1, "interpreted", begin + 5, begin + 10, 8);
    cr_assert_eq(stepc_run_metadata_chrome_trace(metadata, &trace, &bytes, NULL), STEPC_OK);
    cr_assert_eq(strlen(trace), bytes);
    static const char *const expected[] = {
        "\"traceEvents\":[",
        "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":0,\"args\":{\"name\":\"" CPU0 "\"}}",
        "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":1,\"args\":{\"name\":\"" CPU1 "\"}}",
        "{\"name\":\"a \\\"b\\\"\\u000a\",\"cat\":\"Op\",\"ph\":\"X\",\"ts\":",
        "\"dur\":1002.003,\"pid\":0,\"tid\":0,\"args\":{\"op\":\"Neg\",\"engine\":\"interpreted\",\"output_bytes\":8}}",
        "\"dur\":0.005,\"pid\":1,",
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        cr_assert_not_null(strstr(trace, expected[i]), "%s\n%s", expected[i], trace);
    stepc_run_metadata_free(metadata);
}

/* ---- runs ------------------------------------------------------------------------------------------ */

static void run_with(step *s, const char *fetch, const stepc_run_options *options)
{
    step_reset(s);
    step_fetch(s, fetch);
    cr_assert_eq(stepc_session_run(s->session, NULL, 0, s->fetches, 1, NULL, 0, options, &s->error), STEPC_OK, "%s",
                 s->error.message);
}

Test(session_trace, per_step_trace_and_run_options_run_metadata)
{
    static const uint8_t full_trace[] = {0x08, 0x03}, no_trace[] = {0x08, 0x00};
    for
        EACH_ENGINE(e)
        {
            stepc_run_metadata *metadata = metadata_new();
            step s;
            step_open(&s, FLOAT_PLACEHOLDER("p") VALUE("a", "", "1") NEG("b", "", "a"), engines[e]);
            stepc_run_options both = {.size = sizeof both, .proto = full_trace, .proto_bytes = 2, .metadata = metadata};
            stepc_run_options level = {.size = sizeof level, .trace_level = STEPC_SOFTWARE_TRACE, .metadata = metadata};
            stepc_run_options only_metadata = {.size = sizeof only_metadata, .metadata = metadata};
            stepc_run_options only_options = {.size = sizeof only_options, .proto = full_trace, .proto_bytes = 2};
            stepc_run_options untraced = {
                .size = sizeof untraced, .proto = no_trace, .proto_bytes = 2, .metadata = metadata};

            run_with(&s, "b", &both);
            wire w = proto_of(metadata);
            cr_assert_eq(wire_count(w, 1), 1);
            cr_assert_eq(wire_count(wire_sub(w, 1, 0), 1), 1, "one device");
            cr_assert_eq(stepc_run_metadata_node_count(metadata), engines[e] == STEPC_ENGINE_REFERENCE ? 2 : 0,
                         "what is remembered does not run");
            cr_assert_eq(wire_count(wire_sub(wire_sub(w, 1, 0), 1, 0), 2), stepc_run_metadata_node_count(metadata));
            run_with(&s, "b", &only_metadata);
            w = proto_of(metadata);
            cr_assert(w.at == w.end, "what the run before left is forgotten");
            run_with(&s, "b", &level);
            cr_assert_eq(wire_count(proto_of(metadata), 1), 1);
            run_with(&s, "b", &untraced);
            w = proto_of(metadata);
            cr_assert(w.at == w.end);
            run_with(&s, "b", &only_options);
            run_with(&s, "b", NULL);
            step_close(&s);
            stepc_run_metadata_free(metadata);
        }
}

/* direct_session_test.cc's RunSimpleNetworkWithOpts, on both of two devices. */
Test(session_trace, run_simple_network_with_opts)
{
    stepc_run_metadata *metadata = metadata_new();
    stepc_session_options two = {.size = sizeof two, .cpu_devices = 2, .engine = STEPC_ENGINE_REFERENCE};
    stepc_run_options options = {.size = sizeof options, .trace_level = STEPC_FULL_TRACE, .metadata = metadata};
    stepc_node_statistics node;
    step s;
    memset(&s, 0, sizeof s);
    error_init(&s.error);
    s.graph = graph_of(VALUE("a", "/cpu:0", "1") NEG("y", "/cpu:0", "a") NEG("z", "/cpu:1", "y"));
    cr_assert_eq(stepc_session_open(s.graph, &two, &s.session, &s.error), STEPC_OK);
    run_with(&s, "z", &options);
    step_close(&s); /* metadata keeps nothing of session and graph */

    cr_assert_eq(stepc_run_metadata_node_count(metadata), 3);
    static const char *const names[] = {"a", "y", "z"}, *const types[] = {"Const", "Neg", "Neg"};
    int64_t before = 0;
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(stepc_run_metadata_node_at(metadata, i, &node, NULL), STEPC_OK);
        cr_assert_str_eq(node.node, names[i]);
        cr_assert_str_eq(node.type, types[i]);
        cr_assert_str_eq(node.device, i < 2 ? CPU0 : CPU1);
        cr_assert(before <= node.start_ns && node.start_ns <= node.end_ns, "one after the other");
        cr_assert_eq(node.output_bytes, 8);
        before = node.end_ns;
    }
    wire stats = wire_sub(proto_of(metadata), 1, 0);
    cr_assert_eq(wire_count(stats, 1), 2);
    cr_assert_eq(wire_count(wire_sub(stats, 1, 0), 2), 2);
    cr_assert_eq(wire_count(wire_sub(stats, 1, 1), 2), 1);
    stepc_run_metadata_free(metadata);
}

Test(session_trace, output_partition_graphs_direct)
{
    static const uint8_t asked[] = {0x28, 0x01};
    stepc_run_metadata *metadata = metadata_new();
    stepc_session_options two = {.size = sizeof two, .cpu_devices = 2};
    stepc_run_options options = {.size = sizeof options, .proto = asked, .proto_bytes = 2, .metadata = metadata};
    step s;
    memset(&s, 0, sizeof s);
    error_init(&s.error);
    s.graph =
        graph_of(VALUE("a", "", "1") NEG("y", "", "a") NEG("z", "/cpu:1", "y") NEG("unused", "", "a") VERSION(21));
    cr_assert_eq(stepc_session_open(s.graph, &two, &s.session, &s.error), STEPC_OK);
    run_with(&s, "z", &options);
    wire w = proto_of(metadata);
    cr_assert_eq(wire_count(w, 1), 0, "nothing was traced");
    cr_assert_eq(wire_count(w, 3), 2, "one per device");
    wire first = wire_sub(w, 3, 0), second = wire_sub(w, 3, 1);
    cr_assert_eq(wire_count(first, 1), 2, "a and y, not what the step does not need");
    cr_assert_eq(wire_count(second, 1), 1);
    wire node = wire_sub(second, 1, 0);
    cr_assert(wire_is(wire_sub(node, 1, 0), "z") && wire_is(wire_sub(node, 2, 0), "Neg"));
    cr_assert(wire_is(wire_sub(node, 3, 0), "y") && wire_is(wire_sub(node, 4, 0), CPU1));
    cr_assert_eq(wire_number(wire_sub(second, 4, 0), 1), 21);

    stepc_graph *read = NULL; /* the first part is a graph of its own */
    cr_assert_eq(stepc_graph_parse("part.pb", first.at, (size_t)(first.end - first.at), NULL, &read, &s.error),
                 STEPC_OK, "%s", s.error.message);
    cr_assert_eq(stepc_graph_operation_count(read), 2);
    cr_assert_not_null(stepc_graph_find(read, "y"));
    stepc_graph_release(read);

    options.proto = NULL;
    options.proto_bytes = 0;
    run_with(&s, "z", &options);
    cr_assert_eq(wire_count(proto_of(metadata), 3), 0, "cleared when not asked for");
    options.output_partition_graphs = 1;
    run_with(&s, "y", &options);
    cr_assert_eq(wire_count(proto_of(metadata), 3), 1, "only devices that run something");
    step_close(&s);
    stepc_run_metadata_free(metadata);
}
