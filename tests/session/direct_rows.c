/* SPDX-License-Identifier: Apache-2.0 */
/* 6.3, direct_session_test.cc: runs, options, threads, partial runs, the end of sessions. Callables stand beside. */
#include "direct_graphs.h"
#include "tables.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdlib.h>

static const float a_5[] = {3, 2, -1, 0}, a_37[] = {1, 2, 3, 4};

static void close_all(stepc_session *s, stepc_graph *g)
{
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void run_simple_network(void)
{
    stepc_graph *g = minus_ax(a_5);
    stepc_session *s = two_cpus(g);
    shot one = {.session = s};
    MUST(shoot(&one, NAMES("y:0"), NAMES("y_neg")));
    CHECK_TENSOR(one.out[0], FLOATS(((float[]){5, -1}), 2, 1));
    CHECK_TENSOR(fetch(s, "z"), FLOATS(((float[]){-5, 1}), 2, 1));
    close_all(s, g);
}

static void optimize_for_static_graph(void)
{
    stepc_graph *g = minus_ax(a_5);
    stepc_session *s = open_config(g, CONFIG(0x0a, 7, 0x0a, 3, 'C', 'P', 'U', 0x10, 2, 0x82, 1, 2, 0x60, 1));
    CHECK_TENSOR(fetch(s, "y"), FLOATS(((float[]){5, -1}), 2, 1));
    constant(g, "more", FLOAT(1));
    MUST_FAIL(STEPC_FAILED_PRECONDITION,
              "Extending the graph is not supported when `optimize_for_static_graph` is true.", try_fetch(s, "more"));
    close_all(s, g);
}

static void feed_a_constant(void)
{
    stepc_graph *g = minus_ax(a_37);
    stepc_session *s = two_cpus(g);
    CHECK_TENSOR(fetch_fed(s, "y:0", "x", FLOATS(((float[]){5, 6}), 2, 1)), FLOATS(((float[]){17, 39}), 2, 1));
    CHECK_TENSOR(fetch(s, "y:0"), FLOATS(((float[]){3, 7}), 2, 1));
    close_all(s, g);
}

#define RUNS 1000

static void run_often(void *argument, int number)
{
    (void)number;
    for (int i = 0; i < RUNS; i++)
        CHECK_TENSOR(fetch(argument, "y:0"), FLOATS(((float[]){3, 7}), 2, 1));
}

static void concurrency(void)
{
    stepc_graph *g = minus_ax(a_37);
    stepc_session *s = two_cpus(g);
    parallel(4, run_often, s);
    close_all(s, g);
}

static void concurrency_per_session_threads(void)
{
    stepc_graph *g = minus_ax(a_37);
    stepc_session *s = open_config(g, CONFIG(0x0a, 7, 0x0a, 3, 'C', 'P', 'U', 0x10, 2, 0x48, 1));
    parallel(4, run_often, s);
    close_all(s, g);
}

/* A session has its graph from the start; what is left of the second Create is a graph given twice. */
static void two_creates(void)
{
    void *data = NULL;
    size_t bytes = 0;
    stepc_graph *g = minus_ax(a_5);
    stepc_session *s = two_cpus(g);
    MUST(stepc_graph_write(g, STEPC_GRAPH_BINARY, &data, &bytes, problem()));
    CHECK(stepc_graph_import(g, "again", data, bytes, NULL, problem()) == STEPC_INVALID_ARGUMENT);
    CHECK(stepc_graph_operation_count(g) == 5);
    CHECK_TENSOR(fetch(s, "y"), FLOATS(((float[]){5, -1}), 2, 1));
    stepc_graph_text_free(g, data, bytes);
    close_all(s, g);
}

static void forget_to_create(void)
{
    stepc_graph *g = graph_empty();
    stepc_session *s = open_session(g);
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "Session was not created with a graph before Run()!", try_fetch(s, "y:0"));
    close_all(s, g);
}

static void fed_variable_without_create(void)
{
    stepc_graph *g = graph_empty();
    stepc_session *s = open_session(g);
    shot one = {.session = s};
    feed(&one, "a:0", FLOAT(20));
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "Session was not created with a graph before Run()!",
              shoot(&one, NAMES("b:0"), NAMES("assign")));
    close_all(s, g);
}

/* Opens a session and runs NAME: either may refuse. */
static stepc_code open_and_fetch(stepc_graph *g, const stepc_session_options *options, const char *name)
{
    stepc_session *s = NULL;
    stepc_code code = stepc_session_open(g, options, &s, problem());
    if (code == STEPC_OK)
        code = try_fetch(s, name);
    stepc_session_free(s);
    return code;
}

static void invalid_device(void)
{
    stepc_session_options options = {.size = sizeof options, .cpu_devices = 2};
    stepc_graph *g = graph_empty();
    constant_on(g, "a", FLOAT(1), "/cpu:0");
    constant_on(g, "b", FLOAT(2), "/cpu:2");
    MUST_FAIL_WITH(STEPC_INVALID_ARGUMENT, "{{node b}} was explicitly assigned to /cpu:2 but available devices are [ ",
                   open_and_fetch(g, &options, "b"));
    stepc_graph_release(g);
    g = graph_empty();
    constant_on(g, "a", FLOAT(1), "/cpu:0");
    constant_on(g, "b", FLOAT(2), "/cpu:1");
    MUST(open_and_fetch(g, &options, "b"));
    stepc_graph_release(g);
}

static void place_pruned_graph(void)
{
    stepc_session_options options = {.size = sizeof options};
    stepc_graph *g = graph_empty();
    constant_on(g, "unused", FLOAT(1), "/gpu:0");
    constant_on(g, "used", FLOAT(2), "/cpu:0");
    CHECK(open_and_fetch(g, &options, "used") == STEPC_INVALID_ARGUMENT);
    options.place_pruned_graph = 1;
    MUST(open_and_fetch(g, &options, "used"));
    options = (stepc_session_options){.size = sizeof options, .config = "\x52\x02\x30\x01", .config_bytes = 4};
    MUST(open_and_fetch(g, &options, "used")); /* graph_options { place_pruned_graph: true } */
    stepc_graph_release(g);
}

/* Devices in the step statistics. */
static size_t devices_traced(stepc_run_metadata *metadata)
{
    const void *data = NULL, *statistics = NULL;
    size_t bytes = 0, statistics_bytes = 0;
    MUST(stepc_run_metadata_proto(metadata, &data, &bytes, problem()));
    return wire_find(data, bytes, 1, 0, &statistics, &statistics_bytes) ? wire_count(statistics, statistics_bytes, 1) : 0;
}

static void run_with_options(void)
{
    stepc_graph *g = minus_ax(a_5);
    stepc_session *s = two_cpus(g);
    stepc_run_metadata *metadata = NULL;
    MUST(stepc_run_metadata_new(NULL, &metadata, problem()));
    stepc_run_options options = {.size = sizeof options, .trace_level = STEPC_FULL_TRACE, .metadata = metadata};
    shot one = {.session = s, .options = &options};
    MUST(shoot(&one, NAMES("y:0"), NAMES("y_neg")));
    CHECK_TENSOR(one.out[0], FLOATS(((float[]){5, -1}), 2, 1));
    CHECK(devices_traced(metadata) == 2);

    stepc_output y = output_of(g, "y");
    const stepc_operation *y_neg = operation_of(g, "y_neg");
    stepc_signature signature = {.size = sizeof signature, .fetches = &y, .fetch_count = 1, .targets = &y_neg, .target_count = 1};
    stepc_callable_options kept = {.size = sizeof kept, .run = &options};
    stepc_callable *callable = NULL;
    stepc_fetch got = {0};
    MUST(stepc_callable_make(s, &signature, &kept, &callable, problem()));
    MUST(stepc_callable_call(callable, NULL, 0, &got, 1, NULL, problem()));
    CHECK_TENSOR(got.out, FLOATS(((float[]){5, -1}), 2, 1));
    CHECK(devices_traced(metadata) == 2);
    stepc_callable_release(callable);
    stepc_run_metadata_free(metadata);
    close_all(s, g);
}

static void use_run_handler_pool(void)
{
    stepc_graph *g = minus_ax(a_5);
    stepc_session *s = two_cpus(g); /* experimental { use_run_handler_pool: true } */
    stepc_run_options options = {.size = sizeof options, .proto = "\x42\x02\x10\x01", .proto_bytes = 4};
    shot one = {.session = s, .options = &options};
    MUST(shoot(&one, NAMES("y:0"), NAMES("y_neg")));
    CHECK_TENSOR(one.out[0], FLOATS(((float[]){5, -1}), 2, 1));
    close_all(s, g);
}

static void keeps_state(void)
{
    stepc_graph *g = graph_empty();
    stepc_output var = variable(g, "var", fill(g, "zero", 0, DIMS(10)));
    binary(g, "Assign", "assign", var, fill(g, "twenty", 20, DIMS(10)));
    stepc_session *s = open_session(g);
    float twenty[10];
    for (int i = 0; i < 10; i++)
        twenty[i] = 20;
    run_target(s, "var/Assign");
    run_target(s, "assign");
    CHECK_TENSOR(fetch(s, "var:0"), FLOATS(twenty, 10));
    close_all(s, g);
}

static void multiple_feeds_with(stepc_session *s, const stepc_run_options *options)
{
    stepc_view first = FLOATS((float[]){11}, 1, 1), second = FLOATS((float[]){22}, 1, 1);
    shot one = {.session = s, .options = options};
    MUST(shoot(&one, NAMES("first_id:0", "second_id:0"), NONE));
    CHECK_TENSOR(one.out[0], FLOATS((float[]){10}, 1, 1));
    CHECK_TENSOR(one.out[1], FLOATS((float[]){20}, 1, 1));
    MUST(shoot(&one, NAMES("second_id:0", "first_id:0"), NONE));
    CHECK_TENSOR(one.out[0], FLOATS((float[]){20}, 1, 1));
    CHECK_TENSOR(one.out[1], FLOATS((float[]){10}, 1, 1));
    for (int i = 0; i < 2; i++) { /* in either order */
        shot fed = {.session = s, .options = options};
        feed(&fed, i == 0 ? "first" : "second", i == 0 ? first : second);
        feed(&fed, i == 0 ? "second" : "first", i == 0 ? second : first);
        MUST(shoot(&fed, NAMES("first_id:0", "second_id:0"), NONE));
        CHECK_TENSOR(fed.out[0], first);
        CHECK_TENSOR(fed.out[1], second);
    }
    shot twice = {.session = s, .options = options};
    feed(&twice, "first:0", first);
    feed(&twice, "first:0", first);
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "Endpoint \"first:0\" fed more than once.", shoot(&twice, NAMES("first_id:0"), NONE));
}

static void multiple_feeds(void)
{
    stepc_graph *g = two_identities();
    stepc_session *s = open_session(g);
    multiple_feeds_with(s, NULL);
    close_all(s, g);
}

static void multiple_feeds_some_sync(void)
{
    stepc_run_options sync = {.size = sizeof sync, .inter_op_thread_pool = -1};
    stepc_graph *g = two_identities();
    stepc_session *s = open_session(g);
    multiple_feeds_with(s, &sync);
    multiple_feeds_with(s, NULL);
    close_all(s, g);
}

static void fetch_multiple_times(void)
{
    stepc_graph *g = graph_empty();
    constant(g, "seven", INT32(7));
    stepc_session *s = open_session(g);
    shot one = {.session = s};
    MUST(shoot(&one, NAMES("seven", "seven"), NONE));
    CHECK_TENSOR(one.out[0], INT32(7));
    CHECK_TENSOR(one.out[1], INT32(7));
    MUST(shoot(&one, NAMES("seven:0", "seven"), NONE));
    CHECK_TENSOR(one.out[0], INT32(7));
    CHECK_TENSOR(one.out[1], INT32(7));
    close_all(s, g);
}

/* experimental { session_metadata { name: "name" version: N } } */
#define METADATA(name, version) CONFIG(0x82, 1, 7, 0x5a, 5, 0x0a, 1, name, 0x10, version)

static stepc_code open_quietly(stepc_graph *g, const void *config, size_t bytes, stepc_session **out)
{
    stepc_session_options options = {.size = sizeof options, .config = config, .config_bytes = bytes};
    *out = NULL;
    return stepc_session_open(g, &options, out, problem());
}

static void session_metadata_key(void)
{
    stepc_graph *g = two_identities();
    stepc_session *first, *same, *other;
    MUST(open_quietly(g, METADATA('a', 1), &first));
    CHECK(open_quietly(g, METADATA('a', 1), &same) == STEPC_INVALID_ARGUMENT && same == NULL);
    MUST(open_quietly(g, METADATA('a', 2), &other));
    stepc_session_free(other);
    MUST(open_quietly(g, METADATA('b', 1), &other));
    stepc_session_free(other);
    stepc_session_free(first);
    MUST(open_quietly(g, METADATA('a', 1), &same));
    CHECK_TENSOR(fetch(same, "first_id"), FLOATS((float[]){10}, 1, 1));
    close_all(same, g);
}

static void session_metadata_invalid(void)
{
    stepc_graph *g = two_identities();
    stepc_session *s;
    CHECK(open_quietly(g, CONFIG(0x82, 1, 16, 0x5a, 14, 0x0a, 1, 'a', 0x10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1),
                       &s) == STEPC_INVALID_ARGUMENT);
    CHECK(s == NULL);
    stepc_graph_release(g);
}

/* ---- threads -------------------------------------------------------------------------------------------------- */

/* An allocator that counts calls from threads other than the one that runs the step. */
static _Thread_local bool runs_the_step;
static atomic_int calls_inside, calls_outside;

static void *watched_allocate(void *context, size_t bytes, size_t alignment)
{
    const stepc_host *plain = context;
    atomic_fetch_add(runs_the_step ? &calls_inside : &calls_outside, 1);
    return plain->allocator.allocate(plain->allocator.context, bytes, alignment);
}

static void watched_release(void *context, void *memory, size_t bytes)
{
    const stepc_host *plain = context;
    plain->allocator.release(plain->allocator.context, memory, bytes);
}

static int thread_count(void)
{
    DIR *folder = opendir("/proc/self/task");
    int count = 0;
    if (folder == NULL)
        return -1;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static void check_callers_thread(const stepc_session_options *like, const stepc_run_options *run)
{
    stepc_host plain, watched;
    stepc_host_init(&plain);
    watched = plain;
    watched.allocator = (stepc_allocator){&plain, watched_allocate, watched_release};
    stepc_session_options options = *like;
    options.host = &watched;
    stepc_graph *g = two_identities();
    stepc_session *s = NULL;
    MUST(stepc_session_open(g, &options, &s, problem()));
    int threads = thread_count();
    atomic_store(&calls_inside, 0);
    atomic_store(&calls_outside, 0);
    runs_the_step = true;
    shot one = {.session = s, .options = run};
    MUST(shoot(&one, NAMES("first_id"), NAMES("second_id")));
    runs_the_step = false;
    CHECK_TENSOR(one.out[0], FLOATS((float[]){10}, 1, 1));
    CHECK(atomic_load(&calls_inside) > 0 && atomic_load(&calls_outside) == 0);
    CHECK(thread_count() == threads);
    close_all(s, g);
}

static void session_sync_run(void)
{
    stepc_session_options options = {.size = sizeof options};
    stepc_run_options sync = {.size = sizeof sync, .inter_op_thread_pool = -1};
    check_callers_thread(&options, &sync);
}

static void sync_session(void)
{
    stepc_session_options by_struct = {.size = sizeof by_struct, .inter_op_threads = -1};
    stepc_session_options by_config = {.size = sizeof by_config,
                                       .config = "\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                                       .config_bytes = 11};
    check_callers_thread(&by_struct, NULL);
    check_callers_thread(&by_config, NULL);
}

typedef struct pooled {
    stepc_session *session;
    atomic_int arrived;
} pooled;

static void run_in_pool(void *argument, int number)
{
    pooled *p = argument;
    stepc_run_options options = {.size = sizeof options, .inter_op_thread_pool = number - 1};
    atomic_fetch_add(&p->arrived, 1);
    while (atomic_load(&p->arrived) < 3)
        continue;
    for (int i = 0; i < 200; i++)
        MUST(try_fetch_with(p->session, "first_id", &options));
}

/* Pool 0, a pool of one thread, and the caller's thread: no run waits for another. */
static void inter_op_threads(void)
{
    stepc_graph *g = two_identities();
    pooled own = {.session = open_config(g, CONFIG(0x62, 0, 0x62, 2, 0x08, 1))};
    atomic_init(&own.arrived, 0);
    parallel(3, run_in_pool, &own);
    stepc_session_free(own.session);
    pooled named = {.session = open_config(g, CONFIG(0x62, 9, 0x08, 4, 0x12, 5, 'l', 'a', 'r', 'g', 'e', 0x62, 9, 0x08, 1, 0x12, 5,
                                                     's', 'm', 'a', 'l', 'l'))};
    atomic_init(&named.arrived, 0);
    parallel(3, run_in_pool, &named);
    close_all(named.session, g);
}

static void inter_op_threads_invalid_options(void)
{
    stepc_graph *g = two_identities();
    stepc_session *s = NULL;
    stepc_run_options options = {.size = sizeof options, .inter_op_thread_pool = -2};
    MUST(open_quietly(g, CONFIG(0x62, 7, 0x08, 2, 0x12, 3, 'f', 'o', 'o'), &s));
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "Invalid inter_op_thread_pool: -2", try_fetch_with(s, "first_id", &options));
    options.inter_op_thread_pool = 1;
    MUST_FAIL(STEPC_INVALID_ARGUMENT, "Invalid inter_op_thread_pool: 1", try_fetch_with(s, "first_id", &options));
    stepc_session *again = NULL;
    MUST(open_quietly(g, CONFIG(0x62, 7, 0x08, 2, 0x12, 3, 'f', 'o', 'o'), &again));
    stepc_session_free(again);
    for (int i = 0; i < 2; i++) { /* with the sessions, and when they are gone */
        MUST_FAIL(STEPC_INVALID_ARGUMENT,
                  "Pool foo configured previously with num_threads=2; cannot re-configure with num_threads=3",
                  open_quietly(g, CONFIG(0x62, 7, 0x08, 3, 0x12, 3, 'f', 'o', 'o'), &again));
        stepc_session_free(s);
        s = NULL;
    }
    stepc_graph_release(g);
}

/* ---- time-outs ---------------------------------------------------------------------------------------------------- */

static void timeout_session(void)
{
    stepc_graph *g = graph_of(
        "node { name: 'queue' op: 'FIFOQueue' device: '/device:CPU:0' attr { key: 'component_types' value { list { type: "
        "DT_FLOAT } } } attr { key: 'capacity' value { i: 10 } } }\n"
        "node { name: 'dequeue' op: 'QueueDequeue' input: 'queue' attr { key: 'component_types' value { list { type: DT_FLOAT "
        "} } } }\n");
    stepc_session *s = open_config(g, CONFIG(0x58, 0x64)); /* operation_timeout_in_ms: 100 */
    stepc_run_options options = {.size = sizeof options, .timeout_ms = 20};
    needs_operators(try_fetch(s, "dequeue"));
    needs_operators(try_fetch_with(s, "dequeue", &options));
    MUST(stepc_session_close(s, problem()));
    close_all(s, g);
}

#define PRODUCTS 4000
#define SIDE 64

/* A step that takes long because it is long; nothing of it runs on after the time-out. */
static void timeout_of_a_long_step(void)
{
    char name[16] = "p";
    stepc_graph *g = graph_empty();
    float *zeros = calloc((size_t)SIDE * SIDE, sizeof *zeros);
    CHECK(zeros != NULL);
    stepc_output a = placeholder(g, "a", STEPC_FLOAT32), p = a;
    for (int i = 0; i < PRODUCTS; i++) {
        snprintf(name, sizeof name, "p%d", i);
        p = binary(g, "MatMul", name, p, a);
    }
    stepc_session *s = open_session(g);
    stepc_run_options options = {.size = sizeof options, .timeout_ms = 5};
    shot one = {.session = s, .options = &options};
    feed(&one, "a", FLOATS(zeros, SIDE, SIDE));
    MUST_FAIL(STEPC_DEADLINE_EXCEEDED, "Timed out waiting for notification", shoot(&one, NAMES(name), NONE));
    one.options = NULL; /* the session goes on */
    MUST(shoot(&one, NAMES("p0"), NONE));
    CHECK_TENSOR(one.out[0], FLOATS(zeros, SIDE, SIDE));
    free(zeros);
    close_all(s, g);
}

/* ---- the end of sessions --------------------------------------------------------------------------------------------- */

static void run_close(void)
{
    stepc_graph *g = two_identities();
    stepc_session *s = open_session(g);
    stepc_output at = output_of(g, "first_id");
    stepc_signature signature = {.size = sizeof signature, .fetches = &at, .fetch_count = 1};
    stepc_callable *callable = NULL;
    int64_t handle = 0;
    stepc_fetch got = {.at = at};
    MUST(stepc_callable_make(s, &signature, NULL, &callable, problem()));
    MUST(stepc_session_make_callable(s, &signature, NULL, &handle, problem()));
    MUST(stepc_callable_call(callable, NULL, 0, &got, 1, NULL, problem()));
    CHECK_TENSOR(got.out, FLOATS((float[]){10}, 1, 1));
    MUST(stepc_session_close(s, problem()));
    MUST_FAIL(STEPC_CANCELLED, "Session has been closed.", try_fetch(s, "first_id"));
    got = (stepc_fetch){.at = at};
    MUST_FAIL(STEPC_CANCELLED, "Session has been closed.", stepc_callable_call(callable, NULL, 0, &got, 1, NULL, problem()));
    MUST_FAIL(STEPC_CANCELLED, "Session has been closed.",
              stepc_session_run_callable(s, handle, NULL, 0, &got, 1, NULL, problem()));
    stepc_callable_release(callable);
    close_all(s, g);
}

static void partial_run_close(void)
{
    stepc_graph *g = two_identities();
    stepc_session *s = open_session(g);
    stepc_output in = output_of(g, "first"), out = output_of(g, "first_id");
    stepc_partial *partial = NULL, *late = NULL;
    MUST(stepc_partial_setup(s, &in, 1, &out, 1, NULL, 0, &partial, problem()));
    MUST(stepc_session_close(s, problem()));
    stepc_feed fed = {in, FLOATS((float[]){11}, 1, 1)};
    stepc_fetch got = {.at = out};
    MUST_FAIL(STEPC_CANCELLED, "Session has been closed.", stepc_partial_run(partial, &fed, 1, &got, 1, problem()));
    MUST_FAIL(STEPC_CANCELLED, "Session has been closed.",
              stepc_partial_setup(s, &in, 1, &out, 1, NULL, 0, &late, problem()));
    stepc_partial_free(partial);
    close_all(s, g);
}

static void reset_sessions(void)
{
    stepc_graph *g = two_identities();
    stepc_session *s = open_session(g);
    CHECK_TENSOR(fetch(s, "first_id"), FLOATS((float[]){10}, 1, 1));
    MUST(stepc_session_reset("", NULL, 0, problem()));
    MUST_FAIL(STEPC_CANCELLED, "Session has been closed.", try_fetch(s, "first_id"));
    stepc_session *next = open_session(g); /* sessions opened later live */
    CHECK_TENSOR(fetch(next, "first_id"), FLOATS((float[]){10}, 1, 1));
    stepc_session_free(next);
    close_all(s, g);
}

static void local_device_manager(void)
{
    stepc_graph *g = two_identities();
    stepc_session *s = open_session(g);
    CHECK(stepc_session_device_count(s) >= 1);
    CHECK(stepc_session_device_at(s, 0) != NULL);
    close_all(s, g);
}

static void invalid_target_returns_null(void)
{
    stepc_graph *g = graph_empty();
    stepc_session *s = NULL;
    stepc_session_options options = {.size = sizeof options, .target = "INVALID_TARGET"};
    CHECK(stepc_session_open(g, &options, &s, problem()) == STEPC_NOT_FOUND && s == NULL);
    CHECK(stepc_session_reset("INVALID_TARGET", NULL, 0, problem()) == STEPC_NOT_FOUND);
    stepc_graph_release(g);
}

/* ---- session handles --------------------------------------------------------------------------------------------------- */

static void run_handles(void)
{
    stepc_graph *g = graph_of(
        "node { name: 'p' op: 'Placeholder' attr { key: 'dtype' value { type: DT_STRING } } }\n"
        "node { name: 'three' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' value { tensor { "
        "dtype: DT_FLOAT tensor_shape { } float_val: 3 } } } }\n"
        "node { name: 'keep' op: 'GetSessionHandleV2' input: 'three' attr { key: 'T' value { type: DT_FLOAT } } }\n"
        "node { name: 'value' op: 'GetSessionTensor' input: 'p' attr { key: 'dtype' value { type: DT_FLOAT } } }\n"
        "node { name: 'sum' op: 'Add' input: 'value' input: 'three' attr { key: 'T' value { type: DT_FLOAT } } }\n"
        "node { name: 'forget' op: 'DeleteSessionTensor' input: 'p' input: '^sum' }\n");
    stepc_session *s = open_session(g);
    stepc_string handle = {"keep;0;cpu", 10};
    shot one = {.session = s};
    feed(&one, "p", view_of(STEPC_STRING, SCALAR, &handle));
    needs_operators(shoot(&one, NAMES("sum"), NAMES("keep", "forget")));
    close_all(s, g);
}

/* ---- partial runs ------------------------------------------------------------------------------------------------------ */

/* two_identities, and third_id = first_id + second_id. */
static stepc_graph *three_identities(void)
{
    stepc_graph *g = two_identities();
    binary(g, "Add", "third_id", output_of(g, "first_id"), output_of(g, "second_id"));
    return g;
}

static void partial_run_test(void)
{
    stepc_graph *g = three_identities();
    stepc_session *s = open_session(g);
    stepc_output in[] = {output_of(g, "first"), output_of(g, "second")};
    stepc_output out[] = {output_of(g, "first_id"), output_of(g, "second_id"), output_of(g, "third_id")};
    stepc_partial *partial = NULL;
    MUST(stepc_partial_setup(s, in, 2, out, 3, NULL, 0, &partial, problem()));
    stepc_feed first = {in[0], FLOATS((float[]){11}, 1, 1)}, second = {in[1], FLOATS((float[]){22}, 1, 1)};
    stepc_fetch one = {.at = out[0]}, two[] = {{.at = out[1]}, {.at = out[2]}};
    MUST(stepc_partial_run(partial, &first, 1, &one, 1, problem()));
    CHECK_TENSOR(one.out, FLOATS((float[]){11}, 1, 1));
    MUST(stepc_partial_run(partial, &second, 1, two, 2, problem()));
    CHECK_TENSOR(two[0].out, FLOATS((float[]){22}, 1, 1));
    CHECK_TENSOR(two[1].out, FLOATS((float[]){33}, 1, 1));
    stepc_partial_free(partial);
    close_all(s, g);
}

static void partial_run_missing_feed(void)
{
    stepc_graph *g = three_identities();
    stepc_session *s = open_session(g);
    stepc_output in[] = {output_of(g, "first"), output_of(g, "second")}, out = output_of(g, "third_id");
    stepc_partial *partial = NULL;
    MUST(stepc_partial_setup(s, in, 2, &out, 1, NULL, 0, &partial, problem()));
    stepc_feed first = {in[0], FLOATS((float[]){11}, 1, 1)}, second = {in[1], FLOATS((float[]){22}, 1, 1)};
    stepc_fetch got = {.at = out};
    MUST_FAIL_WITH(STEPC_INVALID_ARGUMENT, " can't be computed from the feeds that have been fed so far.",
                   stepc_partial_run(partial, &first, 1, &got, 1, problem()));
    MUST(stepc_partial_run(partial, (stepc_feed[]){first, second}, 2, &got, 1, problem())); /* as it was */
    CHECK_TENSOR(got.out, FLOATS((float[]){33}, 1, 1));
    stepc_partial_free(partial);
    close_all(s, g);
}

static void partial_run_multi_output_feed(void)
{
    bool yes = true;
    stepc_graph *g = graph_empty();
    stepc_output value = constant(g, "value", FLOATS((float[]){10}, 1, 1));
    stepc_output pred = constant(g, "pred", view_of(STEPC_BOOL, SCALAR, &yes));
    stepc_output both = binary(g, "Switch", "switch", value, pred);
    stepc_output in = {both.op, 1}, out = unary(g, "Identity", "out", in);
    stepc_session *s = open_session(g);
    stepc_partial *partial = NULL;
    MUST(stepc_partial_setup(s, &in, 1, &out, 1, NULL, 0, &partial, problem()));
    stepc_fetch got = {.at = out};
    MUST_FAIL_WITH(STEPC_INVALID_ARGUMENT, " can't be computed from the feeds that have been fed so far.",
                   stepc_partial_run(partial, NULL, 0, &got, 1, problem()));
    stepc_feed fed = {in, FLOATS((float[]){1000}, 1, 1)};
    MUST(stepc_partial_run(partial, &fed, 1, &got, 1, problem()));
    CHECK_TENSOR(got.out, FLOATS((float[]){1000}, 1, 1));
    stepc_partial_free(partial);
    close_all(s, g);
}

#define POOLS "TestSessionInterOpThreads(+WithFunctions), \xe2\x80\xa6GlobalPools(+WithFunctions)"
#define NO_KERNELS "custom kernels: kernels come with the library, a program cannot add one"
#define NO_COSTS "optional: stepc keeps no cost model and tracks no allocations"

static const row rows[] = {
    {"6.3", "RunSimpleNetwork", NULL, ROW_TESTED, run_simple_network, NULL},
    {"6.3", "RunSimpleNetwork_OptimizeForStaticGraph", NULL, ROW_TESTED, optimize_for_static_graph, NULL},
    {"6.3", "TestFeed / _Callable", "TestFeed", ROW_TESTED, feed_a_constant, NULL},
    {"6.3", "TestConcurrency / _Callable / PerSessionThreads", "TestConcurrency", ROW_TESTED, concurrency, NULL},
    {"6.3", "TestConcurrency / _Callable / PerSessionThreads", "PerSessionThreads", ROW_TESTED, concurrency_per_session_threads, NULL},
    {"6.3", "TwoCreateCallsFails", NULL, ROW_TESTED, two_creates, NULL},
    {"6.3", "ForgetToCreate", NULL, ROW_TESTED, forget_to_create, NULL},
    {"6.3", "InvalidDevice", NULL, ROW_TESTED, invalid_device, NULL},
    {"6.3", "RunSimpleNetworkWithOpts / _Callable", NULL, ROW_TESTED, run_with_options, NULL},
    {"6.3", "UseRunHandlerPool", NULL, ROW_TESTED, use_run_handler_pool, NULL},
    {"6.3", "KeepsStateAcrossRunsOfSession", NULL, ROW_TESTED, keeps_state, NULL},
    {"6.3", "MultipleFeedTest / _Callable", "MultipleFeedTest", ROW_TESTED, multiple_feeds, NULL},
    {"6.3", "FetchMultipleTimes", NULL, ROW_TESTED, fetch_multiple_times, NULL},
    {"6.3", "MultipleFeedTestSomeSyncRun", NULL, ROW_TESTED, multiple_feeds_some_sync, NULL},
    {"6.3", "SessionMetadataAbsent(ViaFunction)/Present(ViaFunction)", NULL, ROW_REASON, NULL, NO_KERNELS},
    {"6.3", "SessionMetadataKey / Invalid", "SessionMetadataKey", ROW_TESTED, session_metadata_key, NULL},
    {"6.3", "SessionMetadataKey / Invalid", "SessionMetadataInvalid", ROW_TESTED, session_metadata_invalid, NULL},
    {"6.3", "SessionSyncRun", NULL, ROW_TESTED, session_sync_run, NULL},
    {"6.3", "SyncSession", NULL, ROW_TESTED, sync_session, NULL},
    {"6.3", "DarthKernel", NULL, ROW_REASON, NULL, NO_KERNELS},
    {"6.3", "PlacePrunedGraph", NULL, ROW_TESTED, place_pruned_graph, NULL},
    {"6.3", "PartialRunTest", NULL, ROW_TESTED, partial_run_test, NULL},
    {"6.3", "PartialRunMissingFeed", NULL, ROW_TESTED, partial_run_missing_feed, NULL},
    {"6.3", "PartialRunMultiOutputFeed", NULL, ROW_TESTED, partial_run_multi_output_feed, NULL},
    {"6.3", "RunHandleTest / _Callable", NULL, ROW_NEEDS_OPERATORS, run_handles,
     "GetSessionHandleV2, GetSessionTensor, DeleteSessionTensor"},
    {"6.3", "CreateGraphFailsWhenAssigningAFedVar", NULL, ROW_TESTED, fed_variable_without_create, NULL},
    {"6.3", "TimeoutSession", NULL, ROW_NEEDS_OPERATORS, timeout_session, "FIFOQueue, QueueDequeue"},
    {"6.3", "TestTimeoutCleanShutdown", NULL, ROW_TESTED, timeout_of_a_long_step, NULL},
    {"6.3", POOLS, "runs in other pools proceed", ROW_TESTED, inter_op_threads, NULL},
    {"6.3", POOLS, "a run behind a blocked operation of its pool waits", ROW_REASON, NULL,
     "custom kernels; and steps run in their callers' threads, so that no pool has threads that one could block"},
    {"6.3", "TestSessionInterOpThreadsInvalidOptions", NULL, ROW_TESTED, inter_op_threads_invalid_options, NULL},
    {"6.3", "TestDirectSessionRunClose", NULL, ROW_TESTED, run_close, NULL},
    {"6.3", "TestDirectSessionPRunClose", NULL, ROW_TESTED, partial_run_close, NULL},
    {"6.3", "TestDirectSessionReset", NULL, ROW_TESTED, reset_sessions, NULL},
    {"6.3", "LocalDeviceManager", NULL, ROW_TESTED, local_device_manager, NULL},
    {"6.3", "FeedAndFetchTensorsInDeviceMemory(+_AllDataTypes, +SoftPlacement)", NULL, ROW_REASON, NULL,
     "GPU: all tensors are in the host's memory"},
    {"6.3", "CollectiveTest\xe2\x80\xa6UsesOnlyCalledFunctions", NULL, ROW_REASON, NULL, "distributed: no collectives in one process"},
    {"6.3", "InvalidTargetReturnsNull", NULL, ROW_TESTED, invalid_target_returns_null, NULL},
    {"6.3", "MultipleFactoriesForTarget", NULL, ROW_REASON, NULL, "there is one kind of session, and no registry of them"},
    {"6.3", "CostModelTest", NULL, ROW_REASON, NULL, NO_COSTS},
    {"6.3", "CostModelWarmup", NULL, ROW_REASON, NULL, NO_COSTS},
    {"6.3", "CostModelForAccelerator", NULL, ROW_REASON, NULL, NO_COSTS},
    {"6.3", "CostModelWithHardwareStats", NULL, ROW_REASON, NULL, NO_COSTS},
    {"6.3", "CostGraph", NULL, ROW_REASON, NULL, NO_COSTS},
    {"6.3", "TrackMemoryAllocation", NULL, ROW_REASON, NULL, NO_COSTS},
};

const row_list direct_rows = {rows, sizeof rows / sizeof *rows};
