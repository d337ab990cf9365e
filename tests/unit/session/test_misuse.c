/* SPDX-License-Identifier: Apache-2.0 */
/* The library called as it should not be: one test per way of misuse. Nothing of it may crash, hang or leak. */
#include "module_fixture.h"

#include <errno.h>
#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

#ifdef __OPTIMIZE__
#define IS_OPTIMISED 1
#else
#define IS_OPTIMISED 0
#endif

#define GRAPH                                                                                                          \
    FLOAT_PLACEHOLDER("x") FLOAT_CONST("two", "2") FLOAT_BINARY("y", "Mul", "x", "two") FLOAT_VARIABLE("v")            \
        NODE("set", "Assign", IN("v") IN("x") TYPE("T", "FLOAT")) UNARY("read", "Identity", "FLOAT", "v") NO_OP("go", IN("^y"))

static float three_f = 3;

static stepc_feed feed_x(step *s) { return (stepc_feed){output_of(s, "x"), {&three_f, sizeof three_f, NULL, 0, STEPC_FLOAT32}}; }

/* CALL is refused with CODE and words, with a place for the error and without. */
#define MUST(wanted, error, call)                                                                                      \
    do {                                                                                                               \
        stepc_error *ERROR = (error);                                                                                  \
        stepc_code got = (call);                                                                                       \
        cr_assert_eq(got, wanted, "%s: %s: %s", #call, stepc_code_name(got), stepc_error_message(ERROR));              \
        cr_assert_eq(stepc_error_code(ERROR), wanted, "%s", #call);                                                    \
        cr_assert(stepc_error_message(ERROR)[0] != '\0', "%s", #call);                                                 \
        ERROR = NULL;                                                                                                  \
        cr_assert_eq((call), wanted, "%s, without an error", #call);                                                   \
    } while (0)
#define REFUSED(call) MUST(STEPC_INVALID_ARGUMENT, &s.error, call)

/* ---- G01 ------------------------------------------------------------------------------------------ */

static void null_to_runs(step *at)
{
    step s = *at;
    stepc_fetch fetch = {.at = output_of(&s, "two")}, nowhere = {.at = {NULL, 0}};
    stepc_feed nothing = {{NULL, 0}, {0}};
    const stepc_operation *no_target = NULL;
    const char *name = "two", *no_name = NULL;
    stepc_named_feed unnamed = {NULL, {0}};
    stepc_tensor *tensor;
    REFUSED(stepc_session_run(NULL, NULL, 0, &fetch, 1, NULL, 0, NULL, ERROR));
    REFUSED(stepc_session_run(s.session, NULL, 1, &fetch, 1, NULL, 0, NULL, ERROR));
    REFUSED(stepc_session_run(s.session, NULL, 0, NULL, 1, NULL, 0, NULL, ERROR));
    REFUSED(stepc_session_run(s.session, NULL, 0, &fetch, 1, NULL, 1, NULL, ERROR));
    MUST(STEPC_NOT_FOUND, &s.error, stepc_session_run(s.session, &nothing, 1, &fetch, 1, NULL, 0, NULL, ERROR));
    MUST(STEPC_NOT_FOUND, &s.error, stepc_session_run(s.session, NULL, 0, &nowhere, 1, NULL, 0, NULL, ERROR));
    MUST(STEPC_NOT_FOUND, &s.error, stepc_session_run(s.session, NULL, 0, NULL, 0, &no_target, 1, NULL, ERROR));
    REFUSED(stepc_session_run_named(NULL, NULL, 0, &name, 1, NULL, 0, &tensor, NULL, ERROR));
    REFUSED(stepc_session_run_named(s.session, NULL, 1, &name, 1, NULL, 0, &tensor, NULL, ERROR));
    REFUSED(stepc_session_run_named(s.session, &unnamed, 1, &name, 1, NULL, 0, &tensor, NULL, ERROR));
    REFUSED(stepc_session_run_named(s.session, NULL, 0, NULL, 1, NULL, 0, &tensor, NULL, ERROR));
    REFUSED(stepc_session_run_named(s.session, NULL, 0, &no_name, 1, NULL, 0, &tensor, NULL, ERROR));
    REFUSED(stepc_session_run_named(s.session, NULL, 0, &name, 1, NULL, 1, &tensor, NULL, ERROR));
    REFUSED(stepc_session_run_named(s.session, NULL, 0, &name, 1, &no_name, 1, &tensor, NULL, ERROR));
    REFUSED(stepc_session_run_named(s.session, NULL, 0, &name, 1, NULL, 0, NULL, NULL, ERROR));
    stepc_structure empty = {.kind = STEPC_STRUCTURE_LIST}, holes = {.kind = STEPC_STRUCTURE_LIST, .count = 2};
    stepc_structure none = {.kind = STEPC_STRUCTURE_NAME};
    stepc_result *result;
    REFUSED(stepc_session_run_structure(NULL, NULL, 0, &empty, NULL, &result, ERROR));
    REFUSED(stepc_session_run_structure(s.session, NULL, 0, NULL, NULL, &result, ERROR));
    REFUSED(stepc_session_run_structure(s.session, NULL, 0, &empty, NULL, NULL, ERROR));
    REFUSED(stepc_session_run_structure(s.session, NULL, 0, &holes, NULL, &result, ERROR));
    REFUSED(stepc_session_run_structure(s.session, NULL, 0, &none, NULL, &result, ERROR));
    cr_assert_null(result);
    stepc_result_free(NULL);
}

static void null_to_callables(step *at)
{
    step s = *at;
    stepc_output constant = output_of(&s, "two");
    stepc_signature signature = {.size = sizeof signature, .fetches = &constant, .fetch_count = 1}, holes = {.size = sizeof holes};
    stepc_fetch fetch = {.at = constant};
    stepc_callable *c;
    int64_t number;
    REFUSED(stepc_callable_make(NULL, &signature, NULL, &c, ERROR));
    REFUSED(stepc_callable_make(s.session, NULL, NULL, &c, ERROR));
    REFUSED(stepc_callable_make(s.session, &signature, NULL, NULL, ERROR));
    for (int i = 0; i < 4; i++) {
        holes = (stepc_signature){.size = sizeof holes, .feed_count = i == 0, .fetch_count = i == 1, .target_count = i == 2,
                                  .connection_count = i == 3};
        REFUSED(stepc_callable_make(s.session, &holes, NULL, &c, ERROR));
    }
    REFUSED(stepc_callable_call(NULL, NULL, 0, &fetch, 1, NULL, ERROR));
    cr_assert_eq(stepc_callable_make(s.session, &signature, NULL, &c, NULL), STEPC_OK);
    REFUSED(stepc_callable_call(c, NULL, 0, NULL, 1, NULL, ERROR));
    REFUSED(stepc_callable_call(c, NULL, 1, &fetch, 1, NULL, ERROR));
    stepc_callable_release(c);
    stepc_callable_release(NULL);
    REFUSED(stepc_session_make_callable(NULL, &signature, NULL, &number, ERROR));
    REFUSED(stepc_session_make_callable(s.session, NULL, NULL, &number, ERROR));
    REFUSED(stepc_session_make_callable(s.session, &signature, NULL, NULL, ERROR));
    REFUSED(stepc_session_run_callable(NULL, 0, NULL, 0, &fetch, 1, NULL, ERROR));
    REFUSED(stepc_session_release_callable(NULL, 0, ERROR));
}

static void null_to_partials(step *at)
{
    step s = *at;
    stepc_output constant = output_of(&s, "two"), none = {NULL, 0};
    stepc_feed nothing = {none, {0}};
    stepc_fetch fetch = {.at = constant}, nowhere = {.at = none};
    stepc_partial *q;
    REFUSED(stepc_partial_setup(NULL, NULL, 0, &constant, 1, NULL, 0, &q, ERROR));
    REFUSED(stepc_partial_setup(s.session, NULL, 1, &constant, 1, NULL, 0, &q, ERROR));
    REFUSED(stepc_partial_setup(s.session, NULL, 0, NULL, 1, NULL, 0, &q, ERROR));
    REFUSED(stepc_partial_setup(s.session, NULL, 0, &constant, 1, NULL, 1, &q, ERROR));
    REFUSED(stepc_partial_setup(s.session, NULL, 0, &constant, 1, NULL, 0, NULL, ERROR));
    cr_assert_eq(stepc_partial_setup(s.session, NULL, 0, &constant, 1, NULL, 0, &q, NULL), STEPC_OK);
    REFUSED(stepc_partial_run(NULL, NULL, 0, &fetch, 1, ERROR));
    REFUSED(stepc_partial_run(q, NULL, 1, &fetch, 1, ERROR));
    REFUSED(stepc_partial_run(q, NULL, 0, NULL, 1, ERROR));
    REFUSED(stepc_partial_run(q, &nothing, 1, NULL, 0, ERROR));
    REFUSED(stepc_partial_run(q, NULL, 0, &nowhere, 1, ERROR));
    cr_assert_str_eq(stepc_partial_handle(NULL), "");
    cr_assert_null(stepc_partial_find(NULL, stepc_partial_handle(q)));
    cr_assert_null(stepc_partial_find(s.session, NULL));
    stepc_partial_free(q);
    stepc_partial_free(NULL);
}

static void null_to_defaults(step *at)
{
    step s = *at;
    stepc_output none = {NULL, 0}, constant = output_of(&s, "two");
    stepc_tensor *tensor;
    REFUSED(stepc_output_eval(none, NULL, 0, s.session, &tensor, ERROR));
    REFUSED(stepc_output_eval(constant, NULL, 1, s.session, &tensor, ERROR));
    REFUSED(stepc_output_eval(constant, NULL, 0, s.session, NULL, ERROR));
    REFUSED(stepc_operation_run(NULL, NULL, 0, s.session, ERROR));
    REFUSED(stepc_operation_run(constant.op, NULL, 1, s.session, ERROR));
    REFUSED(stepc_default_session_push(NULL, ERROR));
    MUST(STEPC_FAILED_PRECONDITION, &s.error, stepc_default_session_pop(NULL, ERROR));
    REFUSED(stepc_session_begin(NULL, ERROR));
    REFUSED(stepc_session_end(NULL, ERROR));
    REFUSED(stepc_interactive_open(s.graph, NULL, NULL, ERROR));
    REFUSED(stepc_default_graph_push(NULL, ERROR));
    MUST(STEPC_FAILED_PRECONDITION, &s.error, stepc_default_graph_pop(NULL, ERROR));
}

static void null_to_metadata(step *at)
{
    step s = *at;
    stepc_run_metadata *metadata;
    stepc_node_statistics node;
    const void *data;
    const char *text;
    size_t bytes;
    REFUSED(stepc_cancellation_new(NULL, NULL, ERROR));
    stepc_cancellation_cancel(NULL);
    stepc_cancellation_free(NULL);
    REFUSED(stepc_run_metadata_new(NULL, NULL, ERROR));
    cr_assert_eq(stepc_run_metadata_new(NULL, &metadata, NULL), STEPC_OK);
    cr_assert_eq(stepc_run_metadata_node_count(NULL), 0);
    REFUSED(stepc_run_metadata_node_at(NULL, 0, &node, ERROR));
    REFUSED(stepc_run_metadata_node_at(metadata, 0, NULL, ERROR));
    MUST(STEPC_OUT_OF_RANGE, &s.error, stepc_run_metadata_node_at(metadata, 0, &node, ERROR));
    REFUSED(stepc_run_metadata_proto(NULL, &data, &bytes, ERROR));
    REFUSED(stepc_run_metadata_proto(metadata, NULL, &bytes, ERROR));
    REFUSED(stepc_run_metadata_proto(metadata, &data, NULL, ERROR));
    REFUSED(stepc_run_metadata_chrome_trace(NULL, &text, &bytes, ERROR));
    REFUSED(stepc_run_metadata_chrome_trace(metadata, NULL, &bytes, ERROR));
    REFUSED(stepc_run_metadata_chrome_trace(metadata, &text, NULL, ERROR));
    stepc_run_metadata_free(metadata);
    stepc_run_metadata_free(NULL);
}

Test(misuse, G01_every_pointer_argument_NULL)
{
    step s;
    stepc_session *session;
    stepc_session_statistics all = {.size = sizeof all};
    const char *no_name = NULL;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    REFUSED(stepc_session_open(NULL, NULL, &session, ERROR));
    cr_assert_null(session);
    REFUSED(stepc_session_open(s.graph, NULL, NULL, ERROR));
    REFUSED(stepc_session_close(NULL, ERROR));
    stepc_session_free(NULL);
    REFUSED(stepc_session_reset("", NULL, 1, ERROR));
    REFUSED(stepc_session_reset("", &no_name, 1, ERROR));
    cr_assert_null(stepc_session_graph(NULL));
    cr_assert_str_eq(stepc_session_target(NULL), "");
    cr_assert_eq(stepc_session_device_count(NULL), 0);
    cr_assert_null(stepc_session_device_at(NULL, 0));
    REFUSED(stepc_session_add_module(NULL, &scale_module, ERROR));
    REFUSED(stepc_session_add_module(s.session, NULL, ERROR));
    REFUSED(stepc_session_add_module_weights(s.session, NULL, NULL, 0, ERROR));
    REFUSED(stepc_session_statistics_get(NULL, &all, ERROR));
    REFUSED(stepc_session_statistics_get(s.session, NULL, ERROR));
    null_to_runs(&s);
    null_to_callables(&s);
    null_to_partials(&s);
    null_to_defaults(&s);
    null_to_metadata(&s);
    step_close(&s);
}

/* ---- G02 ------------------------------------------------------------------------------------------ */

#define CANCELLED(call)                                                                 \
    do {                                                                                \
        MUST(STEPC_CANCELLED, &s.error, call);                                          \
        stepc_error *ERROR = &s.error;                                                  \
        (void)(call);                                                                   \
        cr_assert_str_eq(stepc_error_message(&s.error), "Session has been closed.");    \
    } while (0)

Test(misuse, G02_use_after_close_and_before_there_is_a_graph)
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_fetch fetch = {.at = output_of(&s, "two")};
    stepc_output constant = fetch.at;
    stepc_signature signature = {.size = sizeof signature, .fetches = &constant, .fetch_count = 1};
    stepc_structure tree = {.kind = STEPC_STRUCTURE_NAME, .name = "two:0"}, empty = {.kind = STEPC_STRUCTURE_LIST};
    stepc_callable *c, *late;
    stepc_partial *q, *other;
    stepc_result *result;
    stepc_tensor *tensor;
    int64_t number, later;
    const char *name = "two";
    cr_assert_eq(stepc_callable_make(s.session, &signature, NULL, &c, NULL), STEPC_OK);
    cr_assert_eq(stepc_session_make_callable(s.session, &signature, NULL, &number, NULL), STEPC_OK);
    cr_assert_eq(stepc_partial_setup(s.session, NULL, 0, &constant, 1, NULL, 0, &q, NULL), STEPC_OK);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(stepc_session_close(s.session, &s.error), STEPC_OK, "closing twice is fine");
    CANCELLED(stepc_session_run(s.session, NULL, 0, &fetch, 1, NULL, 0, NULL, ERROR));
    CANCELLED(stepc_session_run_named(s.session, NULL, 0, &name, 1, NULL, 0, &tensor, NULL, ERROR));
    CANCELLED(stepc_session_run_structure(s.session, NULL, 0, &tree, NULL, &result, ERROR));
    CANCELLED(stepc_session_run_structure(s.session, NULL, 0, &empty, NULL, &result, ERROR));
    CANCELLED(stepc_callable_make(s.session, &signature, NULL, &late, ERROR));
    CANCELLED(stepc_callable_call(c, NULL, 0, &fetch, 1, NULL, ERROR));
    CANCELLED(stepc_session_make_callable(s.session, &signature, NULL, &later, ERROR));
    CANCELLED(stepc_session_run_callable(s.session, number, NULL, 0, &fetch, 1, NULL, ERROR));
    CANCELLED(stepc_partial_setup(s.session, NULL, 0, &constant, 1, NULL, 0, &other, ERROR));
    CANCELLED(stepc_partial_run(q, NULL, 0, &fetch, 1, ERROR));
    CANCELLED(stepc_session_add_module(s.session, &scale_module, ERROR));
    CANCELLED(stepc_output_eval(constant, NULL, 0, s.session, &tensor, ERROR));
    CANCELLED(stepc_operation_run(constant.op, NULL, 0, s.session, ERROR));
    cr_assert_eq(stepc_session_release_callable(s.session, number, NULL), STEPC_OK);
    stepc_callable_release(c);
    stepc_partial_free(q);
    step_close(&s);

    stepc_graph *graph;
    stepc_session *session;
    cr_assert_eq(stepc_graph_new(NULL, &graph, NULL), STEPC_OK);
    cr_assert_eq(stepc_session_open(graph, NULL, &session, NULL), STEPC_OK);
    MUST(STEPC_INVALID_ARGUMENT, &s.error, stepc_session_run(session, NULL, 0, NULL, 0, NULL, 0, NULL, ERROR));
    cr_assert_eq(stepc_session_run(session, NULL, 0, NULL, 0, NULL, 0, NULL, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "Session was not created with a graph before Run()!");
    stepc_session_free(session);
    stepc_graph_release(graph);
}

/* ---- G03, G15 ------------------------------------------------------------------------------------- */

/* A host that calls back into the library, or does not come back. */
typedef struct caller {
    step *s;
    int calls, refused;
    bool closes, jumps, is_armed;
    jmp_buf back;
} caller;

static void call_library(caller *c)
{
    stepc_fetch fetch = {.at = {NULL, 0}};
    struct stepc_error error;
    stepc_session *session;
    if (!c->is_armed)
        return;
    c->is_armed = false; /* what the library allocates meanwhile is no reason to do it again */
    if (c->jumps)
        longjmp(c->back, 1);
    fetch.at = output_of(c->s, "read");
    error_init(&error);
    stepc_code codes[] = {
        stepc_session_run(c->s->session, NULL, 0, &fetch, 1, NULL, 0, NULL, &error),
        stepc_session_open(c->s->graph, NULL, &session, &error),
        stepc_session_reset("", NULL, 0, &error),
        stepc_session_add_module(c->s->session, &scale_module, &error),
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        c->calls++;
        c->refused += codes[i] == STEPC_FAILED_PRECONDITION;
    }
    cr_assert_str_eq(stepc_error_message(&error), "Called from inside a callback of the host.");
    if (c->closes)
        cr_assert_eq(stepc_session_close(c->s->session, &error), STEPC_OK);
    c->is_armed = true;
}

static void *calling_allocate(void *context, size_t bytes, size_t alignment)
{
    void *memory = NULL;
    call_library(context);
    return posix_memalign(&memory, alignment < sizeof memory ? sizeof memory : alignment, bytes) == 0 ? memory : NULL;
}

static void calling_release(void *context, void *memory, size_t bytes)
{
    (void)bytes;
    call_library(context);
    free(memory);
}

static void calling_report(void *context, const char *kind, const char *subject, const char *text)
{
    (void)kind, (void)subject, (void)text;
    call_library(context);
}

static void open_calling(step *s, caller *c, bool allocates)
{
    stepc_host host;
    stepc_host_init(&host);
    memset(s, 0, sizeof *s);
    error_init(&s->error);
    *c = (caller){.s = s};
    if (allocates)
        host.allocator = (stepc_allocator){c, calling_allocate, calling_release};
    host.report = calling_report;
    host.report_context = c;
    stepc_session_options options = {.size = sizeof options, .host = &host, .log_device_placement = 1};
    s->graph = graph_of(GRAPH);
    cr_assert_eq(stepc_session_open(s->graph, &options, &s->session, &s->error), STEPC_OK);
}

Test(misuse, G03_run_from_inside_an_allocator_or_a_report)
{
    for (int allocates = 0; allocates < 2; allocates++) {
        caller c;
        step s;
        open_calling(&s, &c, allocates != 0);
        c.is_armed = true;
        step_feed(&s, "x", 3);
        step_target(&s, "set");
        step_must_run(&s);
        step_reset(&s);
        step_fetch(&s, "read");
        step_must_run(&s);
        cr_assert_eq(step_result(&s, 0), 3.0f);
        cr_assert_gt(c.calls, 0);
        cr_assert_eq(c.calls, c.refused);
        step_reset(&s);
        c.is_armed = false;
        step_close(&s);
    }
}

Test(misuse, G03_a_report_may_close_its_session)
{
    caller c;
    step s;
    open_calling(&s, &c, false);
    c.is_armed = c.closes = true;
    step_fetch(&s, "two");
    step_fetch(&s, "y");
    step_feed(&s, "x", 3);
    must_fail(&s, STEPC_CANCELLED, "Run call was cancelled");
    step_close(&s);
}

Test(misuse, G15_a_report_that_does_not_come_back)
{
    static caller c; /* what is left by longjmp may hold locks and memory: never freed */
    static step s;
    open_calling(&s, &c, false);
    c.is_armed = c.jumps = true;
    step_fetch(&s, "two");
    if (setjmp(c.back) == 0) {
        (void)step_try(&s);
        cr_assert_fail("the report was not called");
    }
    must_fail(&s, STEPC_FAILED_PRECONDITION, "Called from inside a callback of the host.");
#if IS_SANITIZED
    _exit(0); /* the leak is the point */
#endif
}

/* ---- G04 ------------------------------------------------------------------------------------------ */

static void *open_and_close(void *context)
{
    step *all = context;
    for (int i = 0; i < 50; i++) {
        stepc_session *session;
        stepc_fetch fetch = {.at = output_of(all, "y")};
        stepc_feed feed = feed_x(all);
        cr_assert_eq(stepc_session_open(all->graph, NULL, &session, NULL), STEPC_OK);
        cr_assert_eq(stepc_session_run(session, &feed, 1, &fetch, 1, NULL, 0, NULL, NULL), STEPC_OK);
        cr_assert_eq(*(float *)stepc_tensor_data(fetch.out), 6.0f);
        cr_assert_eq(stepc_session_close(session, NULL), STEPC_OK);
        stepc_session_free(session);
        stepc_tensor_release(fetch.out);
    }
    return NULL;
}

static void *run_until_closed(void *context)
{
    step *s = context;
    stepc_feed feed = feed_x(s);
    stepc_code code = STEPC_OK;
    while (code == STEPC_OK) {
        stepc_fetch fetch = {.at = output_of(s, "y")};
        code = stepc_session_run(s->session, &feed, 1, &fetch, 1, NULL, 0, NULL, NULL);
        cr_assert_eq(fetch.out != NULL, code == STEPC_OK);
        stepc_tensor_release(fetch.out);
    }
    cr_assert_eq(code, STEPC_CANCELLED);
    return NULL;
}

#define THREADS 64

Test(misuse, G04_threads_run_close_and_open)
{
    step s;
    pthread_t threads[THREADS];
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, open_and_close, &s), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, run_until_closed, &s), 0);
    nanosleep(&(struct timespec){0, 20000000}, NULL);
    cr_assert_eq(stepc_session_close(s.session, NULL), STEPC_OK);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    step_close(&s);
}

/* ---- G05 ------------------------------------------------------------------------------------------ */

Test(misuse, G05_fork_with_a_session_that_is_open)
{
    step s;
    int status;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    step_feed(&s, "x", 3);
    step_target(&s, "set");
    step_must_run(&s);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        step_reset(&s);
        step_fetch(&s, "read");
        bool good = step_try(&s) == STEPC_OK && step_result(&s, 0) == 3.0f;
        step_close(&s);
        _exit(good ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_assert_eq(run_fetch(&s, "read"), 3.0f);
    step_close(&s);
}

/* ---- G06 ------------------------------------------------------------------------------------------ */

Test(misuse, G06_an_error_that_is_absent_or_full)
{
    step s;
    stepc_error *error = stepc_error_new();
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_fetch fetch = {.at = output_of(&s, "two")}, unfed = {.at = output_of(&s, "y")};
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(stepc_session_run(s.session, NULL, 0, &unfed, 1, NULL, 0, NULL, error), STEPC_INVALID_ARGUMENT);
        cr_assert_str_eq(stepc_error_message(error),
                         "You must feed a value for placeholder tensor 'x' with dtype float [[{{node x}}]]");
        cr_assert_str_eq(stepc_error_node(error), "x");
        cr_assert_eq(stepc_session_run(s.session, NULL, 0, &fetch, 1, NULL, 0, NULL, error), STEPC_OK);
        cr_assert_eq(stepc_error_code(error), STEPC_OK, "success forgets the failure before");
        cr_assert_str_eq(stepc_error_message(error), "");
        cr_assert_str_eq(stepc_error_node(error), "");
        stepc_tensor_release(fetch.out);
        cr_assert_eq(stepc_session_run(s.session, NULL, 0, &unfed, 1, NULL, 0, NULL, NULL), STEPC_INVALID_ARGUMENT);
    }
    stepc_error_free(error);
    stepc_error_free(NULL);
    step_close(&s);
}

/* ---- G07 ------------------------------------------------------------------------------------------ */

/* A record of a newer caller: one member more. */
#define NEWER(type)       \
    struct newer_##type { \
        type known;       \
        uint64_t later;   \
    }

Test(misuse, G07_records_of_older_and_newer_callers)
{
    step s;
    NEWER(stepc_session_options) open = {.known = {.size = sizeof open, .cpu_devices = 2}, .later = 7};
    NEWER(stepc_run_options) run = {.known = {.size = sizeof run, .timeout_ms = 10000}, .later = 7};
    NEWER(stepc_signature) signature = {.known = {.size = sizeof signature}, .later = 7};
    NEWER(stepc_session_statistics) statistics = {.known = {.size = sizeof statistics}, .later = 7};
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_output constant = output_of(&s, "two");
    stepc_fetch fetch = {.at = constant};
    stepc_session *session;
    stepc_callable *c;

    cr_assert_eq(stepc_session_open(s.graph, &open.known, &session, &s.error), STEPC_OK);
    cr_assert_eq(stepc_session_device_count(session), 2);
    stepc_session_free(session);
    open.known.size = offsetof(stepc_session_options, cpu_devices);
    cr_assert_eq(stepc_session_open(s.graph, &open.known, &session, &s.error), STEPC_OK);
    cr_assert_eq(stepc_session_device_count(session), 1, "members beyond the size are not read");
    stepc_session_free(session);
    open.known.size = 0;
    REFUSED(stepc_session_open(s.graph, &open.known, &session, ERROR));

    cr_assert_eq(stepc_session_run(s.session, NULL, 0, &fetch, 1, NULL, 0, &run.known, &s.error), STEPC_OK);
    stepc_tensor_release(fetch.out);
    run.known = (stepc_run_options){.size = offsetof(stepc_run_options, engine), .engine = STEPC_ENGINE_COMPILED};
    cr_assert_eq(stepc_session_run(s.session, NULL, 0, &fetch, 1, NULL, 0, &run.known, &s.error), STEPC_OK);
    stepc_tensor_release(fetch.out);
    for (uint32_t size = 0; size < 4; size++) {
        run.known.size = size;
        REFUSED(stepc_session_run(s.session, NULL, 0, &fetch, 1, NULL, 0, &run.known, ERROR));
    }

    signature.known.fetches = &constant;
    signature.known.fetch_count = 1;
    cr_assert_eq(stepc_callable_make(s.session, &signature.known, NULL, &c, &s.error), STEPC_OK);
    stepc_callable_release(c);
    signature.known.size = 0;
    REFUSED(stepc_callable_make(s.session, &signature.known, NULL, &c, ERROR));

    cr_assert_eq(stepc_session_statistics_get(s.session, &statistics.known, &s.error), STEPC_OK);
    cr_assert_eq(statistics.known.runs_interpreted, 2);
    cr_assert_eq(statistics.later, 7);
    statistics.known = (stepc_session_statistics){.size = offsetof(stepc_session_statistics, runs_interpreted), .runs_interpreted = 9};
    cr_assert_eq(stepc_session_statistics_get(s.session, &statistics.known, &s.error), STEPC_OK);
    cr_assert_eq(statistics.known.runs_interpreted, 9, "nothing is written beyond the size");
    step_close(&s);
}

/* ---- G08 ------------------------------------------------------------------------------------------ */

/* BYTES at AT for fetch y, the value fed for x at FROM; by every way there is. */
static void refuse_buffer(step *s, void *at, size_t bytes, stepc_view fed, const char *expected)
{
    stepc_output x = output_of(s, "x"), factor = output_of(s, "s"), y = output_of(s, "y");
    float one = 1;
    stepc_feed feeds[] = {{x, fed}, {factor, {&one, sizeof one, NULL, 0, STEPC_FLOAT32}}};
    stepc_output order[] = {x, factor};
    stepc_view values[] = {fed, feeds[1].value};
    for (int way = 0; way < 5; way++) {
        static const stepc_engine ways[] = {STEPC_ENGINE_INTERPRETED, STEPC_ENGINE_REFERENCE, STEPC_ENGINE_COMPILED};
        stepc_run_options options = {.size = sizeof options, .engine = way < 3 ? ways[way] : STEPC_ENGINE_DEFAULT};
        stepc_fetch fetch = {.at = y, .into = {at, bytes, NULL, 0, 0}};
        stepc_code code;
        if (way < 3) {
            code = stepc_session_run(s->session, feeds, 2, &fetch, 1, NULL, 0, &options, &s->error);
        } else if (way == 3) {
            stepc_signature signature = {.size = sizeof signature, .feeds = order, .feed_count = 2, .fetches = &y, .fetch_count = 1};
            stepc_callable *c;
            cr_assert_eq(stepc_callable_make(s->session, &signature, NULL, &c, NULL), STEPC_OK);
            code = stepc_callable_call(c, values, 2, &fetch, 1, NULL, &s->error);
            stepc_callable_release(c);
        } else {
            stepc_partial *q;
            cr_assert_eq(stepc_partial_setup(s->session, order, 2, &y, 1, NULL, 0, &q, NULL), STEPC_OK);
            code = stepc_partial_run(q, feeds, 2, &fetch, 1, &s->error);
            stepc_partial_free(q);
        }
        cr_assert_eq(code, STEPC_INVALID_ARGUMENT, "way %d: %s", way, stepc_error_message(&s->error));
        cr_assert_str_eq(stepc_error_message(&s->error), expected, "way %d", way);
        cr_assert_null(fetch.out);
    }
}

Test(misuse, G08_buffers_too_small_misaligned_or_overlapping)
{
    step s;
    float room[16] = {1, 2}, apart[4] = {1, 2};
    int64_t length = 2;
    stepc_view fed = {apart, 2 * sizeof(float), &length, 1, STEPC_FLOAT32}, inside = {room, 2 * sizeof(float), &length, 1, STEPC_FLOAT32};
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    add_module(&s, &scale_module);
    refuse_buffer(&s, room, 7, fed, "The buffer for 'y:0' has too few bytes (8 needed, 7 given).");
    refuse_buffer(&s, room, 0, fed, "The buffer for 'y:0' has too few bytes (8 needed, 0 given).");
    refuse_buffer(&s, (char *)room + 1, 32, fed, "The buffer for 'y:0' is not aligned to its elements.");
    refuse_buffer(&s, room, 32, inside, "The buffer for 'y:0' overlaps the value fed for 'x:0'.");
    refuse_buffer(&s, room + 1, 8, inside, "The buffer for 'y:0' overlaps the value fed for 'x:0'.");
    inside.data = room + 8;
    refuse_buffer(&s, room, SIZE_MAX, inside, "The buffer for 'y:0' overlaps the value fed for 'x:0'.");
    step_close(&s);
}

/* ---- G09 ------------------------------------------------------------------------------------------ */

Test(misuse, G09_a_module_of_another_graph_or_another_interface)
{
    step s;
    stepc_module older = scale_module;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    REFUSED(stepc_session_add_module(s.session, &scale_module, ERROR));
    older.abi = STEPC_MODULE_ABI + 1;
    MUST(STEPC_FAILED_PRECONDITION, &s.error, stepc_session_add_module(s.session, &older, ERROR));
    older.abi = STEPC_MODULE_ABI - 1;
    MUST(STEPC_FAILED_PRECONDITION, &s.error, stepc_session_add_module(s.session, &older, ERROR));
    older = scale_module;
    older.size--;
    MUST(STEPC_FAILED_PRECONDITION, &s.error, stepc_session_add_module(s.session, &older, ERROR));
    cr_assert_eq(statistics_of(s.session).modules, 0);
    step_close(&s);
}

/* ---- G10, G11 ------------------------------------------------------------------------------------- */

/* What a program can see of itself besides memory. */
typedef struct surroundings {
    int error, rounding, exceptions;
    sigset_t blocked;
    mode_t mask;
    char folder[512], locale[256];
} surroundings;

static void look_around(surroundings *out)
{
    memset(out, 0, sizeof *out);
    out->error = errno;
    out->rounding = fegetround();
    out->exceptions = fetestexcept(FE_ALL_EXCEPT);
    pthread_sigmask(SIG_BLOCK, NULL, &out->blocked);
    out->mask = umask(0);
    umask(out->mask);
    cr_assert_not_null(getcwd(out->folder, sizeof out->folder));
    snprintf(out->locale, sizeof out->locale, "%s", setlocale(LC_ALL, NULL));
}

static void use_all(step *s)
{
    stepc_run_metadata *metadata;
    const void *proto;
    const char *trace;
    size_t bytes;
    cr_assert_eq(stepc_run_metadata_new(NULL, &metadata, NULL), STEPC_OK);
    stepc_run_options options = {.size = sizeof options, .trace_level = STEPC_FULL_TRACE, .timeout_ms = 60000, .metadata = metadata};
    stepc_feed feed = feed_x(s);
    stepc_fetch fetch = {.at = output_of(s, "y")};
    cr_assert_eq(stepc_session_run(s->session, &feed, 1, &fetch, 1, NULL, 0, &options, &s->error), STEPC_OK);
    stepc_tensor_release(fetch.out);
    cr_assert_eq(stepc_run_metadata_proto(metadata, &proto, &bytes, NULL), STEPC_OK);
    cr_assert_eq(stepc_run_metadata_chrome_trace(metadata, &trace, &bytes, NULL), STEPC_OK);
    const char *duration = strstr(trace, "\"dur\":");
    cr_assert_not_null(duration);
    cr_assert_eq(duration[6 + strspn(duration + 6, "0123456789")], '.', "JSON knows no decimal comma");
    stepc_run_metadata_free(metadata);
    cr_assert_eq(stepc_session_run(s->session, NULL, 0, &fetch, 1, NULL, 0, NULL, &s->error), STEPC_INVALID_ARGUMENT);
}

Test(misuse, G10_locales_with_other_numbers_and_letters)
{
    static const char *const names[] = {"C", "de_DE.UTF-8", "tr_TR.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        step s;
        if (setlocale(LC_ALL, names[i]) == NULL)
            continue; /* not installed */
        step_open(&s, GRAPH FLOAT_CONST("half", "0.5"), STEPC_ENGINE_DEFAULT);
        use_all(&s);
        cr_assert_eq(run_fetch(&s, "half"), 0.5f, "%s", names[i]);
        step_close(&s);
    }
}

Test(misuse, G11_nothing_around_changes)
{
    surroundings before, after;
    sigset_t some;
    step s;
    sigemptyset(&some);
    sigaddset(&some, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &some, NULL);
    umask(027);
    fesetround(FE_UPWARD);
    feclearexcept(FE_ALL_EXCEPT);
    errno = 77;
    look_around(&before);
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    use_all(&s);
    step_close(&s);
    look_around(&after);
    cr_assert_eq(after.error, 77);
    cr_assert_eq(after.rounding, FE_UPWARD);
    cr_assert_eq(memcmp(&before.blocked, &after.blocked, sizeof before.blocked), 0);
    cr_assert_eq(after.mask, before.mask);
    cr_assert_str_eq(after.folder, before.folder);
    cr_assert_str_eq(after.locale, before.locale);
}

/* ---- G12 ------------------------------------------------------------------------------------------ */

static void *run_on_little_stack(void *context)
{
    stepc_callable *c = context;
    stepc_view feed = {&three_f, sizeof three_f, NULL, 0, STEPC_FLOAT32};
    float y = 0;
    stepc_fetch fetch = {.into = {&y, sizeof y, NULL, 0, 0}};
    return stepc_callable_call(c, &feed, 1, &fetch, 1, NULL, NULL) == STEPC_OK && y == 6.0f ? context : NULL;
}

/* Optimised code does with 16 KiB, interpreted steps too. */
Test(misuse, G12_a_thread_with_little_stack)
{
    step s;
    pthread_attr_t attributes;
    pthread_t thread;
    void *result = NULL;
    stepc_callable *c;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_output x = output_of(&s, "x"), y = output_of(&s, "y");
    stepc_signature signature = {.size = sizeof signature, .feeds = &x, .feed_count = 1, .fetches = &y, .fetch_count = 1};
    cr_assert_eq(stepc_callable_make(s.session, &signature, NULL, &c, NULL), STEPC_OK);
    cr_assert_eq(pthread_attr_init(&attributes), 0);
    cr_assert_eq(pthread_attr_setstacksize(&attributes, IS_SANITIZED ? 1 << 20 : IS_OPTIMISED ? 1 << 14 : 1 << 16), 0);
    cr_assert_eq(pthread_create(&thread, &attributes, run_on_little_stack, c), 0);
    pthread_join(thread, &result);
    cr_assert_not_null(result);
    pthread_attr_destroy(&attributes);
    stepc_callable_release(c);
    step_close(&s);
}

/* ---- G13 ------------------------------------------------------------------------------------------ */

static void *shifted_allocate(void *context, size_t bytes, size_t alignment)
{
    void *memory = NULL;
    (void)context;
    return posix_memalign(&memory, alignment, bytes + 8) == 0 ? (char *)memory + 8 : NULL;
}

static void shifted_release(void *context, void *memory, size_t bytes)
{
    int *released = context;
    (void)bytes;
    (*released)++;
    free((char *)memory - 8);
}

/* One that gives NULL: test_memory.c, and `values`. */
Test(misuse, G13_an_allocator_that_does_not_align)
{
    int released = 0;
    step s;
    stepc_host host;
    stepc_session *session;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_host_init(&host);
    host.allocator = (stepc_allocator){&released, shifted_allocate, shifted_release};
    stepc_session_options options = {.size = sizeof options, .host = &host};
    MUST(STEPC_RESOURCE_EXHAUSTED, &s.error, stepc_session_open(s.graph, &options, &session, ERROR));
    cr_assert_null(session);
    cr_assert_gt(released, 0, "what is of no use goes back");
    step_close(&s);
}

/* ---- G14 ------------------------------------------------------------------------------------------ */

static long resident_pages(void)
{
    long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%ld %ld", &all, &resident) != 2)
        resident = 0;
    fclose(file);
    return resident;
}

Test(misuse, G14_ten_thousand_loads_and_sessions)
{
    long before = 0;
    for (int i = 0; i < (IS_SANITIZED ? 500 : 10000); i++) {
        step s;
        step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
        step_feed(&s, "x", 3);
        step_fetch(&s, "y");
        step_must_run(&s);
        step_close(&s);
        if (i == 200)
            before = resident_pages();
    }
    if (!IS_SANITIZED)
        cr_assert_leq(resident_pages(), before + 64, "pages at the end and after 200");
}
