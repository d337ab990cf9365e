/* SPDX-License-Identifier: Apache-2.0 */
/* 6.1, session_test.py and session_list_devices_test.py: options, devices, errors, metadata, opening and closing. */
#include "fixture.h"
#include "tables.h"

#include <stdatomic.h>

/* A graph of one constant c = 5, and a session on it. */
static stepc_session *five_session(stepc_graph **out, const stepc_session_options *options)
{
    stepc_session *s = NULL;
    *out = graph_empty();
    constant(*out, "c", FLOAT(5));
    MUST(stepc_session_open(*out, options, &s, problem()));
    return s;
}

/* ---- options and devices ----------------------------------------------------------------------------------- */

#define DEVICE_CPU "/job:localhost/replica:0/task:0/device:CPU:"

static void check_devices(stepc_session *s, size_t count)
{
    char name[80];
    CHECK(stepc_session_device_count(s) == count);
    for (size_t i = 0; i < count; i++) {
        const stepc_device *device = stepc_session_device_at(s, i);
        snprintf(name, sizeof name, DEVICE_CPU "%zu", i);
        CHECK(device != NULL && strcmp(device->name, name) == 0 && strcmp(device->type, "CPU") == 0);
        CHECK(device->incarnation != 0 && device->memory_limit_bytes > 0);
    }
}

static void many_cpus(void)
{
    stepc_graph *g;
    stepc_session_options options = {.size = sizeof options, .cpu_devices = 2};
    stepc_session *s = five_session(&g, &options);
    check_devices(s, 2);
    CHECK(scalar(fetch(s, "c")) == 5);
    stepc_session_free(s);
    /* device_count { key: "CPU" value: 2 } device_count { key: "GPU" value: 0 } */
    s = open_config(g, CONFIG(0x0a, 7, 0x0a, 3, 'C', 'P', 'U', 0x10, 2, 0x0a, 7, 0x0a, 3, 'G', 'P', 'U', 0x10, 0));
    check_devices(s, 2);
    CHECK(scalar(fetch(s, "c")) == 5);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void per_session_threads(void)
{
    stepc_graph *g = graph_empty();
    constant(g, "c", FLOAT(5));
    stepc_session *s = open_config(g, CONFIG(0x48, 1)); /* use_per_session_threads: true */
    CHECK(scalar(fetch(s, "c")) == 5);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void check_pool(stepc_session *s, int32_t pool)
{
    unsigned char proto[] = {0x18, (unsigned char)pool}; /* inter_op_thread_pool */
    stepc_run_options by_struct = {.size = sizeof by_struct, .inter_op_thread_pool = pool};
    stepc_run_options by_proto = {.size = sizeof by_proto, .proto = proto, .proto_bytes = sizeof proto};
    MUST(try_fetch_with(s, "c", &by_struct));
    MUST(try_fetch_with(s, "c", &by_proto));
    proto[1] = (unsigned char)(pool + 1);
    MUST_FAIL_WITH(STEPC_INVALID_ARGUMENT, "Invalid inter_op_thread_pool: ", try_fetch_with(s, "c", &by_proto));
}

static void session_inter_op_thread_pool(void)
{
    stepc_graph *g = graph_empty();
    constant(g, "c", FLOAT(5));
    stepc_session *s = open_config(g, CONFIG(0x62, 0)); /* session_inter_op_thread_pool {} */
    check_pool(s, 0);
    stepc_session_free(s);
    s = open_config(g, CONFIG(0x62, 0, 0x62, 2, 0x08, 1)); /* {} { num_threads: 1 } */
    check_pool(s, 1);
    stepc_session_free(s);
    s = open_config(g, CONFIG(0x62, 0, 0x62, 2, 0x08, 1, 0x62, 6, 0x08, 1, 0x12, 2, 't', '1')); /* and "t1" */
    check_pool(s, 2);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void invalid_target_fails(void)
{
    stepc_graph *g = graph_empty();
    stepc_session *s = NULL;
    stepc_session_options options = {.size = sizeof options, .target = "INVALID_TARGET"};
    MUST_FAIL_WITH(STEPC_NOT_FOUND, "No session factory registered for the given session options: {target: \"INVALID_TARGET\"",
                   stepc_session_open(g, &options, &s, problem()));
    CHECK(s == NULL);
    stepc_graph_release(g);
}

static void list_devices(void)
{
    stepc_graph *g;
    stepc_session *s = five_session(&g, NULL);
    check_devices(s, 1);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void invalid_device_number(void)
{
    stepc_graph *g;
    stepc_session *s = five_session(&g, NULL);
    CHECK(stepc_session_device_at(s, stepc_session_device_count(s)) == NULL);
    CHECK(stepc_session_device_at(s, (size_t)-1) == NULL);
    stepc_session_free(s);
    stepc_graph_release(g);
}

/* The device where operation NAME ran. */
static void check_device_of(stepc_session *s, const char *name, const char *device)
{
    stepc_run_metadata *metadata = NULL;
    stepc_node_statistics node = {0};
    bool found = false;
    MUST(stepc_run_metadata_new(NULL, &metadata, problem()));
    stepc_run_options options = {.size = sizeof options, .trace_level = STEPC_FULL_TRACE, .metadata = metadata};
    shot one = {.session = s, .options = &options};
    feed(&one, "in", FLOAT(6));
    MUST(shoot(&one, NAMES(name), NONE));
    CHECK(scalar(one.out[0]) == 6);
    for (size_t i = 0; i < stepc_run_metadata_node_count(metadata) && !found; i++) {
        MUST(stepc_run_metadata_node_at(metadata, i, &node, problem()));
        found = strcmp(node.node, name) == 0;
    }
    CHECK(found);
    if (strcmp(node.device, device) != 0)
        FAIL("'%s' ran on %s, not on %s", name, node.device, device);
    stepc_run_metadata_free(metadata);
}

static void device_attributes(void)
{
    stepc_graph *g = graph_empty();
    stepc_output in = placeholder(g, "in", STEPC_FLOAT32);
    unary_on(g, "Identity", "short", in, "/cpu:1");
    unary_on(g, "Identity", "middle", in, "/device:CPU:1");
    unary_on(g, "Identity", "full", in, DEVICE_CPU "1");
    unary_on(g, "Identity", "zero", in, "/job:localhost/replica:0/task:0/cpu:0");
    unary(g, "Identity", "none", in);
    stepc_session_options options = {.size = sizeof options, .cpu_devices = 2};
    stepc_session *s = NULL;
    MUST(stepc_session_open(g, &options, &s, problem()));
    check_devices(s, 2);
    check_device_of(s, "short", DEVICE_CPU "1");
    check_device_of(s, "middle", DEVICE_CPU "1");
    check_device_of(s, "full", DEVICE_CPU "1");
    check_device_of(s, "zero", DEVICE_CPU "0");
    check_device_of(s, "none", DEVICE_CPU "0");
    CHECK(stepc_session_device_at(s, 0)->incarnation != stepc_session_device_at(s, 1)->incarnation);
    stepc_session_free(s);
    stepc_graph_release(g);
}

/* What a session's reports said. */
typedef struct reports {
    int placements, warnings;
    bool has_device;
    char warning[400];
} reports;

static void remember(void *context, const char *kind, const char *subject, const char *text)
{
    reports *r = context;
    static const char device[] = "/replica:0/task:0/device:CPU:0";
    if (strcmp(kind, "placement") == 0) {
        r->placements++;
        r->has_device = r->has_device || strstr(text, device) != NULL || strstr(subject, device) != NULL;
    }
    if (strcmp(kind, "warning") == 0) {
        r->warnings++;
        snprintf(r->warning, sizeof r->warning, "%s", text);
    }
}

static void default_log_device_placement(void)
{
    stepc_graph *g;
    reports got = {0};
    stepc_host host;
    stepc_host_init(&host);
    host.report = remember;
    host.report_context = &got;
    stepc_session_options options = {.size = sizeof options, .host = &host, .log_device_placement = 1};
    stepc_session *s = five_session(&g, &options);
    CHECK(scalar(fetch(s, "c")) == 5);
    CHECK(got.placements == 1 && got.has_device);
    CHECK(scalar(fetch(s, "c")) == 5);
    CHECK(got.placements == 1); /* each operation once */
    stepc_session_free(s);
    got = (reports){0};
    options.log_device_placement = 0;
    MUST(stepc_session_open(g, &options, &s, problem()));
    CHECK(scalar(fetch(s, "c")) == 5);
    CHECK(got.placements == 0);
    stepc_session_free(s);
    stepc_graph_release(g);
}

/* A constant pinned to a GPU, which is not there, and one that is not. */
static stepc_graph *gpu_graph(void)
{
    stepc_graph *g = graph_empty();
    constant_on(g, "a", FLOAT(1), "/device:GPU:0");
    constant(g, "b", FLOAT(2));
    return g;
}

static void interactive_place_pruned_graph(void)
{
    stepc_graph *g = gpu_graph();
    stepc_session *s = NULL;
    stepc_tensor *value = NULL;
    MUST(stepc_interactive_open(g, NULL, &s, problem()));
    MUST(stepc_output_eval(output_of(g, "b"), NULL, 0, NULL, &value, problem()));
    CHECK(scalar(value) == 2);
    value = NULL;
    MUST_FAIL_WITH(STEPC_INVALID_ARGUMENT, "was explicitly assigned to /device:GPU:0 but available devices are [ ",
                   stepc_output_eval(output_of(g, "a"), NULL, 0, NULL, &value, problem()));
    CHECK(value == NULL);
    MUST(stepc_output_eval(output_of(g, "b"), NULL, 0, NULL, &value, problem()));
    CHECK(scalar(value) == 2);
    stepc_session_free(s);
    stepc_graph_release(g);
}

/* TensorFlow's session says so in its first run, its C++ one when it gets the graph; either is early enough. */
static void default_session_place_pruned_graph(void)
{
    stepc_graph *g = gpu_graph();
    stepc_session *s = NULL;
    stepc_code code = stepc_session_open(g, NULL, &s, problem());
    if (code == STEPC_OK)
        code = try_fetch(s, "b");
    MUST_FAIL_WITH(STEPC_INVALID_ARGUMENT, "was explicitly assigned to /device:GPU:0 but available devices are [ ", code);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void soft_placement_of_gpu_nodes(void)
{
    stepc_graph *g = gpu_graph();
    stepc_session *s = open_config(g, CONFIG(0x38, 1, 0x52, 2, 0x20, 100)); /* soft placement, build_cost_model: 100 */
    CHECK(scalar(fetch(s, "a")) == 1);
    CHECK(scalar(fetch(s, "b")) == 2);
    stepc_session_free(s);
    stepc_graph_release(g);
}

/* ---- errors -------------------------------------------------------------------------------------------- */

static void errors_reported(void)
{
    stepc_graph *g;
    stepc_session *s = five_session(&g, NULL);
    MUST_FAIL(STEPC_NOT_FOUND, "FetchOutputs node foo:0: not found", try_fetch(s, "foo:0"));
    CHECK(scalar(fetch(s, "c")) == 5);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void error_payload(void)
{
    stepc_graph *g = graph_empty();
    placeholder(g, "a", STEPC_FLOAT32);
    stepc_session *s = open_session(g);
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "You must feed a value for placeholder tensor 'a' with dtype float [[{{node a}}]]",
              try_fetch(s, "a"));
    CHECK(strcmp(stepc_error_node(problem()), "a") == 0);
    CHECK(strcmp(stepc_error_operator(problem()), "Placeholder") == 0);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void error_code_with_no_node_def(void)
{
    stepc_graph *g;
    stepc_session *s = five_session(&g, NULL);
    stepc_partial *partial = stepc_partial_find(s, "X");
    CHECK(partial == NULL);
    stepc_fetch got = {.at = output_of(g, "c")};
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "Must run 'setup' before performing partial runs!",
              stepc_partial_run(partial, NULL, 0, &got, 1, problem()));
    CHECK(stepc_error_node(problem())[0] == '\0');
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void build_graph_error(void)
{
    stepc_graph *g = graph_empty();
    stepc_output entered[2];
    for (int i = 0; i < 2; i++) {
        static const char *const frames[] = {"foo", "bar"};
        stepc_builder *b = NULL;
        const stepc_operation *op = NULL;
        stepc_output value = constant(g, i == 0 ? "zero" : "one", FLOAT((float)i));
        MUST(stepc_builder_new(g, "Enter", frames[i], &b, problem()));
        stepc_builder_input(b, value);
        stepc_builder_attr_type(b, "T", STEPC_FLOAT32);
        stepc_builder_attr_string(b, "frame_name", (stepc_string){frames[i], 3});
        MUST(stepc_builder_finish(b, &op, problem()));
        entered[i] = (stepc_output){op, 0};
    }
    binary(g, "Add", "sum", entered[0], entered[1]);
    stepc_session *s = open_session(g);
    needs_operators(try_fetch(s, "sum"));
    stepc_session_free(s);
    stepc_graph_release(g);
}

#define QUEUE                                                                                                          \
    "node { name: 'q' op: 'FIFOQueueV2' attr { key: 'component_types' value { list { type: DT_INT32 } } } "            \
    "attr { key: 'capacity' value { i: 10 } } }\n"

static void timeout_with_short_operations(void)
{
    stepc_graph *g = graph_of(
        QUEUE "node { name: 'values' op: 'Const' attr { key: 'dtype' value { type: DT_INT32 } } attr { key: 'value' value { "
              "tensor { dtype: DT_INT32 tensor_shape { dim { size: 10 } } int_val: 7 } } } }\n"
              "node { name: 'enqueue' op: 'QueueEnqueueManyV2' input: 'q' input: 'values' "
              "attr { key: 'Tcomponents' value { list { type: DT_INT32 } } } }\n"
              "node { name: 'size' op: 'QueueSizeV2' input: 'q' }\n");
    stepc_session *s = open_config(g, CONFIG(0x58, 0x90, 0x4e)); /* operation_timeout_in_ms: 10000 */
    shot one = {.session = s};
    needs_operators(shoot(&one, NAMES("size"), NAMES("enqueue")));
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void session_timeout(void)
{
    stepc_graph *g = graph_of(QUEUE "node { name: 'dequeue' op: 'QueueDequeueV2' input: 'q' "
                                    "attr { key: 'component_types' value { list { type: DT_INT32 } } } }\n");
    stepc_session *s = open_config(g, CONFIG(0x58, 0x64)); /* operation_timeout_in_ms: 100 */
    needs_operators(try_fetch(s, "dequeue"));
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void add_function_to_session(void)
{
    static const char function[] =
        "library { function { signature { name: 'foo' input_arg { name: 'x' type: DT_FLOAT } output_arg { name: 'y' type: "
        "DT_FLOAT } } node_def { name: 'one' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' "
        "value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 1 } } } } node_def { name: 'sum' op: 'Add' input: 'x' "
        "input: 'one:output:0' attr { key: 'T' value { type: DT_FLOAT } } } ret { key: 'y' value: 'sum:z:0' } } }\n"
        "node { name: 'two' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' value { tensor { "
        "dtype: DT_FLOAT tensor_shape { } float_val: 2 } } } }\n"
        "node { name: 'call' op: 'PartitionedCall' input: 'two' attr { key: 'Tin' value { list { type: DT_FLOAT } } } "
        "attr { key: 'Tout' value { list { type: DT_FLOAT } } } attr { key: 'f' value { func { name: 'foo' } } } }\n";
    stepc_graph *g;
    stepc_session *s = five_session(&g, NULL);
    CHECK(scalar(fetch(s, "c")) == 5);
    MUST(stepc_graph_import(g, "function", function, strlen(function), NULL, problem()));
    needs_operators(try_fetch(s, "call"));
    CHECK(scalar(fetch(s, "two")) == 2);
    stepc_session_free(s);
    stepc_graph_release(g);
}

/* The step of the SavedModel half_plus_two, its variables as constants: 0.5 x + 2 of serialised examples. */
static void half_plus_two(void)
{
    static const char half[] =
        "node { name: 'tf_example' op: 'Placeholder' attr { key: 'dtype' value { type: DT_STRING } } }\n"
        "node { name: 'names' op: 'Const' attr { key: 'dtype' value { type: DT_STRING } } attr { key: 'value' value { tensor { "
        "dtype: DT_STRING tensor_shape { dim { } } } } } }\n"
        "node { name: 'key' op: 'Const' attr { key: 'dtype' value { type: DT_STRING } } attr { key: 'value' value { tensor { "
        "dtype: DT_STRING tensor_shape { } string_val: 'x' } } } }\n"
        "node { name: 'default' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' value { tensor { "
        "dtype: DT_FLOAT tensor_shape { dim { } } } } } }\n"
        "node { name: 'parse' op: 'ParseExample' input: 'tf_example' input: 'names' input: 'key' input: 'default' "
        "attr { key: 'Nsparse' value { i: 0 } } attr { key: 'Ndense' value { i: 1 } } attr { key: 'sparse_types' value { list { } "
        "} } attr { key: 'Tdense' value { list { type: DT_FLOAT } } } attr { key: 'dense_shapes' value { list { shape { dim { "
        "size: 1 } } } } } }\n"
        "node { name: 'a' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' value { tensor { "
        "dtype: DT_FLOAT tensor_shape { } float_val: 0.5 } } } }\n"
        "node { name: 'b' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' value { tensor { "
        "dtype: DT_FLOAT tensor_shape { } float_val: 2 } } } }\n"
        "node { name: 'product' op: 'Mul' input: 'a' input: 'parse' attr { key: 'T' value { type: DT_FLOAT } } }\n"
        "node { name: 'y' op: 'Add' input: 'product' input: 'b' attr { key: 'T' value { type: DT_FLOAT } } }\n";
    stepc_graph *g = graph_of(half);
    stepc_session *s = open_session(g);
    stepc_string example = {"\x0a\x0f\x0a\x0d\x0a\x01x\x12\x08\x12\x06\x0a\x04\x00\x00\x80\x3f", 17}; /* x: 1 */
    shot one = {.session = s};
    feed(&one, "tf_example", view_of(STEPC_STRING, DIMS(1), &example));
    needs_operators(shoot(&one, NAMES("y"), NONE));
    stepc_session_free(s);
    stepc_graph_release(g);
}

/* ---- closing ------------------------------------------------------------------------------------------- */

static void open_and_close_session(void)
{
    stepc_graph *g;
    for (int i = 0; i < 10; i++) {
        stepc_session *s = five_session(&g, NULL);
        MUST(stepc_session_close(s, problem()));
        MUST(stepc_session_close(s, problem()));
        stepc_session_free(s);
        stepc_graph_release(g);
    }
    stepc_session_free(NULL);
}

static void use_after_close(void)
{
    stepc_graph *g;
    stepc_session *s = five_session(&g, NULL);
    CHECK(scalar(fetch(s, "c")) == 5);
    MUST(stepc_session_close(s, problem()));
    MUST_FAIL(STEPC_CANCELLED, "Session has been closed.", try_fetch(s, "c"));
    stepc_fetch got = {.at = output_of(g, "c")};
    MUST_FAIL(STEPC_CANCELLED, "Session has been closed.",
              stepc_session_run(s, NULL, 0, &got, 1, NULL, 0, NULL, problem()));
    stepc_session_free(s);
    stepc_graph_release(g);
}

typedef struct closing {
    stepc_session *session;
    atomic_int runs;
} closing;

static void run_until_closed(void *argument, int number)
{
    closing *c = argument;
    stepc_code code = STEPC_OK;
    if (number == 0) {
        while (atomic_load(&c->runs) < 50)
            continue;
        MUST(stepc_session_close(c->session, problem()));
        return;
    }
    while (code == STEPC_OK) {
        code = try_fetch(c->session, "c");
        atomic_fetch_add(&c->runs, 1);
    }
    if (strcmp(stepc_error_message(problem()), "Run call was cancelled") != 0) /* the run that was under way */
        MUST_FAIL(STEPC_CANCELLED, "Session has been closed.", code);
    MUST_FAIL(STEPC_CANCELLED, "Session has been closed.", try_fetch(c->session, "c"));
}

static void use_after_close_concurrent(void)
{
    stepc_graph *g;
    for (int i = 0; i < 10; i++) {
        closing c = {.session = five_session(&g, NULL)};
        atomic_init(&c.runs, 0);
        parallel(3, run_until_closed, &c);
        stepc_session_free(c.session);
        stepc_graph_release(g);
    }
}

static void use_empty_graph(void)
{
    static const stepc_structure_kind kinds[] = {STEPC_STRUCTURE_LIST, STEPC_STRUCTURE_TUPLE, STEPC_STRUCTURE_FIELDS};
    stepc_graph *g = graph_empty();
    stepc_session *s = open_session(g);
    for (size_t i = 0; i < 3; i++) {
        stepc_structure nothing = {.kind = kinds[i]};
        stepc_result *result = NULL;
        MUST_FAIL(STEPC_INVALID_ARGUMENT, "Session was not created with a graph before Run()!",
                  stepc_session_run_structure(s, NULL, 0, &nothing, NULL, &result, problem()));
        CHECK(result == NULL);
    }
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "Session was not created with a graph before Run()!",
              stepc_session_run(s, NULL, 0, NULL, 0, NULL, 0, NULL, problem()));
    stepc_session_free(s);
    stepc_graph_release(g);
}

/* ---- default sessions ------------------------------------------------------------------------------------ */

#define NO_DEFAULT                                                                                                     \
    "Cannot evaluate tensor using `eval()`: No default session is registered. Use `with sess.as_default()` or pass an " \
    "explicit session to `eval(session=sess)`"

static void check_eval(stepc_output at, float value)
{
    stepc_tensor *tensor = NULL;
    MUST(stepc_output_eval(at, NULL, 0, NULL, &tensor, problem()));
    CHECK(scalar(tensor) == value);
}

static void not_entered(void)
{
    stepc_graph *g;
    stepc_session *s = five_session(&g, NULL);
    stepc_tensor *value = NULL;
    CHECK(stepc_default_session() == NULL);
    CHECK(scalar(fetch(s, "c")) == 5);
    /* TensorFlow's exception is a ValueError without a code; the header names FAILED_PRECONDITION. */
    MUST_FAIL(STEPC_FAILED_PRECONDITION, NO_DEFAULT, stepc_output_eval(output_of(g, "c"), NULL, 0, NULL, &value, problem()));
    CHECK(value == NULL);
    MUST_FAIL(STEPC_FAILED_PRECONDITION,
              "Cannot execute operation using `run()`: No default session is registered. Use `with sess.as_default():` or pass "
              "an explicit session to `run(session=sess)`",
              stepc_operation_run(operation_of(g, "c"), NULL, 0, NULL, problem()));
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void interactive(void)
{
    stepc_graph *g = graph_empty();
    stepc_output c = constant(g, "c", FLOAT(5));
    stepc_session *s = NULL;
    MUST(stepc_interactive_open(g, NULL, &s, problem()));
    CHECK(stepc_default_session() == s);
    check_eval(c, 5);
    MUST(stepc_session_close(s, problem()));
    MUST(stepc_session_close(s, problem()));
    CHECK(stepc_default_session() == NULL);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void multiple_interactive_sessions_warning(void)
{
    static const char warning[] =
        "An interactive session is already active. This can cause out-of-memory errors in some cases. You must explicitly "
        "call `InteractiveSession.close()` to release resources held by the other session(s).";
    stepc_graph *g = graph_empty();
    reports got = {0};
    stepc_host host;
    stepc_host_init(&host);
    host.report = remember;
    host.report_context = &got;
    stepc_session_options options = {.size = sizeof options, .host = &host};
    stepc_session *first = NULL, *second = NULL;
    MUST(stepc_interactive_open(g, &options, &first, problem()));
    MUST(stepc_session_close(first, problem()));
    CHECK(got.warnings == 0);
    stepc_session_free(first);
    MUST(stepc_interactive_open(g, &options, &first, problem()));
    CHECK(got.warnings == 0); /* the one before was closed */
    MUST(stepc_interactive_open(g, &options, &second, problem()));
    CHECK(got.warnings == 1 && strcmp(got.warning, warning) == 0);
    CHECK(stepc_default_session() == second);
    MUST(stepc_session_close(first, problem())); /* in whatever order */
    CHECK(stepc_default_session() == second);
    MUST(stepc_session_close(second, problem()));
    CHECK(stepc_default_session() == NULL);
    stepc_session_free(first);
    stepc_session_free(second);
    stepc_graph_release(g);
}

/* Three sessions on three graphs, each inside the one before. */
static void session_nesting(bool are_interactive)
{
    stepc_graph *graphs[3];
    stepc_session *sessions[3] = {NULL, NULL, NULL};
    stepc_output outputs[3];
    for (int i = 0; i < 3; i++) {
        graphs[i] = graph_empty();
        outputs[i] = constant(graphs[i], "c", FLOAT((float)(i + 1)));
        if (are_interactive) {
            MUST(stepc_interactive_open(graphs[i], NULL, &sessions[i], problem()));
        } else {
            sessions[i] = open_session(graphs[i]);
            MUST(stepc_session_begin(sessions[i], problem()));
            CHECK(stepc_default_graph(problem()) == graphs[i]);
        }
        check_eval(outputs[i], (float)(i + 1));
    }
    stepc_tensor *value = NULL;
    CHECK(stepc_output_eval(outputs[0], NULL, 0, NULL, &value, problem()) != STEPC_OK);
    CHECK(strstr(stepc_error_message(problem()), "Cannot use the default session to evaluate tensor: the tensor's graph is "
                                                 "different from the session's graph.") != NULL);
    for (int i = 2; i >= 0; i--) {
        check_eval(outputs[i], (float)(i + 1));
        if (are_interactive)
            MUST(stepc_session_close(sessions[i], problem()));
        else
            MUST(stepc_session_end(sessions[i], problem()));
        MUST_FAIL(STEPC_CANCELLED, "Session has been closed.", try_fetch(sessions[i], "c"));
        CHECK(stepc_default_session() == (i > 0 ? sessions[i - 1] : NULL));
        stepc_session_free(sessions[i]);
        stepc_graph_release(graphs[i]);
    }
}

static void interactive_session_nesting(void) { session_nesting(true); }
static void non_interactive_session_nesting(void) { session_nesting(false); }

static void as_default(void)
{
    stepc_graph *g;
    stepc_session *s = five_session(&g, NULL), *inner = open_session(g);
    stepc_output c = output_of(g, "c");
    MUST(stepc_default_session_push(s, problem()));
    check_eval(c, 5);
    MUST(stepc_default_session_push(inner, problem()));
    CHECK(stepc_default_session() == inner);
    MUST_FAIL_WITH(STEPC_FAILED_PRECONDITION, "Nesting violated for default stack of ", stepc_default_session_pop(s, problem()));
    MUST(stepc_default_session_push(s, problem())); /* any number of times */
    MUST(stepc_default_session_pop(s, problem()));
    MUST(stepc_default_session_pop(inner, problem()));
    CHECK(stepc_default_session() == s);
    MUST(stepc_default_session_pop(s, problem()));
    CHECK(stepc_default_session() == NULL);
    CHECK(scalar(fetch(s, "c")) == 5); /* leaving does not close */
    stepc_session_free(inner);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void reentry(void)
{
    stepc_graph *g;
    stepc_session *s = five_session(&g, NULL);
    MUST(stepc_session_begin(s, problem()));
    MUST_FAIL(STEPC_FAILED_PRECONDITION,
              "Session context managers are not re-entrant. Use `Session.as_default()` if you want to enter a session multiple "
              "times.",
              stepc_session_begin(s, problem()));
    CHECK(stepc_default_session() == s);
    MUST(stepc_session_end(s, problem()));
    stepc_session_free(s);
    stepc_graph_release(g);
}

#define DEFAULTS "Interactive, MultipleInteractiveSessionsWarning, NonInteractive/InteractiveSessionNesting, AsDefault, Reentry"
#define TIMEOUTS "LocalMasterSessionTimeout, DefaultServerTimeout"
#define DISTRIBUTED "distributed: there is one process and no server"

static const row rows[] = {
    {"6.1", "ManyCPUs", NULL, ROW_TESTED, many_cpus, NULL},
    {"6.1", "PerSessionThreads", NULL, ROW_TESTED, per_session_threads, NULL},
    {"6.1", "SessionInterOpThreadPool", NULL, ROW_TESTED, session_inter_op_thread_pool, NULL},
    {"6.1", "ErrorsReported", NULL, ROW_TESTED, errors_reported, NULL},
    {"6.1", "ErrorPayload", NULL, ROW_TESTED, error_payload, NULL},
    {"6.1", "ErrorCodeWithNoNodeDef", NULL, ROW_TESTED, error_code_with_no_node_def, NULL},
    {"6.1", "ErrorBasedOn", NULL, ROW_REASON, NULL, "Python only: operations of Python's graph remember what they were made from"},
    {"6.1", "UseAfterClose", NULL, ROW_TESTED, use_after_close, NULL},
    {"6.1", "UseAfterCloseConcurrent", NULL, ROW_TESTED, use_after_close_concurrent, NULL},
    {"6.1", "UseEmptyGraph", NULL, ROW_TESTED, use_empty_graph, NULL},
    {"6.1", "NotEntered", NULL, ROW_TESTED, not_entered, NULL},
    {"6.1", DEFAULTS, "Interactive", ROW_TESTED, interactive, NULL},
    {"6.1", DEFAULTS, "MultipleInteractiveSessionsWarning", ROW_TESTED, multiple_interactive_sessions_warning, NULL},
    {"6.1", DEFAULTS, "NonInteractiveSessionNesting", ROW_TESTED, non_interactive_session_nesting, NULL},
    {"6.1", DEFAULTS, "InteractiveSessionNesting", ROW_TESTED, interactive_session_nesting, NULL},
    {"6.1", DEFAULTS, "AsDefault", ROW_TESTED, as_default, NULL},
    {"6.1", DEFAULTS, "Reentry", ROW_TESTED, reentry, NULL},
    {"6.1", "InteractivePlacePrunedGraph", NULL, ROW_TESTED, interactive_place_pruned_graph, NULL},
    {"6.1", "DefaultSessionPlacePrunedGraph", NULL, ROW_TESTED, default_session_place_pruned_graph, NULL},
    {"6.1", "InvalidTargetFails", NULL, ROW_TESTED, invalid_target_fails, NULL},
    {"6.1", "BuildCostModel", "operations pinned to a GPU", ROW_TESTED, soft_placement_of_gpu_nodes, NULL},
    {"6.1", "BuildCostModel", "cost_graph", ROW_REASON, NULL, "optional: stepc keeps no cost model, cost_graph stays empty"},
    {"6.1", "InvalidArgument", NULL, ROW_REASON, NULL, "Python only: in C the compiler checks the types of arguments"},
    {"6.1", "TimeoutWithShortOperations", NULL, ROW_NEEDS_OPERATORS, timeout_with_short_operations,
     "FIFOQueueV2, QueueEnqueueManyV2, QueueSizeV2"},
    {"6.1", "DefaultLogDevicePlacement", NULL, ROW_TESTED, default_log_device_placement, NULL},
    {"6.1", TIMEOUTS, "LocalMasterSessionTimeout", ROW_NEEDS_OPERATORS, session_timeout, "FIFOQueueV2, QueueDequeueV2"},
    {"6.1", TIMEOUTS, "DefaultServerTimeout", ROW_REASON, NULL, DISTRIBUTED},
    {"6.1", "BuildGraphErrorDirect", NULL, ROW_NEEDS_OPERATORS, build_graph_error, "Enter"},
    {"6.1", "BuildGraphErrorDist, AddFunctionToGrpcSession, OpenAndCloseGrpcSession", NULL, ROW_REASON, NULL, DISTRIBUTED},
    {"6.1", "DeviceAttributes(+Canonicalization)", NULL, ROW_TESTED, device_attributes, NULL},
    {"6.1", "AddFunctionToSession", NULL, ROW_NEEDS_OPERATORS, add_function_to_session, "PartitionedCall"},
    {"6.1", "OpenAndCloseSession", NULL, ROW_TESTED, open_and_close_session, NULL},
    {"6.1", "OptimizerOptions", NULL, ROW_REASON, NULL, "Python only: how an option gets into a ConfigProto"},
    {"6.1", "ListDevices", NULL, ROW_TESTED, list_devices, NULL},
    {"6.1", "InvalidDeviceNumber", NULL, ROW_TESTED, invalid_device_number, NULL},
    {"6.1", "Grpc", NULL, ROW_REASON, NULL, DISTRIBUTED},
    {"6.1", "ClusterSpec", NULL, ROW_REASON, NULL, DISTRIBUTED},
    {"6.4", "SavedModel / SavedModelNullArgsAreValid", "the step of half_plus_two", ROW_NEEDS_OPERATORS, half_plus_two,
     "ParseExample"},
};

const row_list session_life_rows = {rows, sizeof rows / sizeof *rows};
