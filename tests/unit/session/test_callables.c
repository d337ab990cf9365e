/* SPDX-License-Identifier: Apache-2.0 */
/* Callables, by object and by number; tensor connections; calls from many threads; the end of the session. */
#include "module_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

/* (x, s) -> (y, z). */
static stepc_signature pair_signature(step *s, stepc_output feeds[2], stepc_output fetches[2])
{
    feeds[0] = output_of(s, "x:0");
    feeds[1] = output_of(s, "s:0");
    fetches[0] = output_of(s, "y:0");
    fetches[1] = output_of(s, "z:0");
    return (stepc_signature){.size = sizeof(stepc_signature), .feeds = feeds, .feed_count = 2, .fetches = fetches, .fetch_count = 2};
}

static stepc_callable *make_pair(step *s)
{
    stepc_output feeds[2], fetches[2];
    stepc_signature signature = pair_signature(s, feeds, fetches);
    stepc_callable *c = NULL;
    cr_assert_eq(stepc_callable_make(s->session, &signature, NULL, &c, &s->error), STEPC_OK, "%s", stepc_error_message(&s->error));
    cr_assert_not_null(c);
    return c;
}

typedef struct pair_call_data {
    float x[3], factor, y[3], z[3];
    int64_t dims[1];
    stepc_view feeds[2];
    stepc_fetch fetches[2];
} pair_data;

static void fill_pair(pair_data *d, int64_t n, float factor)
{
    *d = (pair_data){.x = {1, 2, 3}, .factor = factor, .dims = {n}};
    d->feeds[0] = (stepc_view){d->x, (size_t)n * 4, d->dims, 1, STEPC_FLOAT32};
    d->feeds[1] = (stepc_view){&d->factor, 4, NULL, 0, STEPC_FLOAT32};
    d->fetches[0].into = (stepc_view){.data = d->y, .bytes = sizeof d->y};
    d->fetches[1].into = (stepc_view){.data = d->z, .bytes = sizeof d->z};
}

static stepc_code call(stepc_callable *c, pair_data *d, stepc_error *error)
{
    return stepc_callable_call(c, d->feeds, 2, d->fetches, 2, NULL, error);
}

/* ---- calling ---- */

Test(callable, calls_are_compiled_where_an_entry_fits_and_interpreted_elsewhere)
{
    step s;
    pair_data d;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_callable *c = make_pair(&s);
    for (int round = 0; round < 2; round++) {
        fill_pair(&d, 2, 3);
        cr_assert_eq(call(c, &d, &s.error), STEPC_OK, "%s", stepc_error_message(&s.error));
        cr_assert(d.y[0] == 3 + 1000 * round && d.y[1] == 6 + 1000 * round && d.z[0] == -3 + 1000 * round);
        fill_pair(&d, 3, 3);
        cr_assert_eq(call(c, &d, &s.error), STEPC_OK, "%s", stepc_error_message(&s.error));
        cr_assert(d.y[0] == 3 && d.y[1] == 6 && d.y[2] == 9 && d.z[2] == -9);
        if (round == 0)
            add_module(&s, &scale_module); /* seen by callables that are there */
    }
    fill_pair(&d, 2, 5);
    d.fetches[1].into.data = NULL; /* a tensor of its own */
    cr_assert_eq(call(c, &d, &s.error), STEPC_OK);
    must_be_floats(d.fetches[1].out, (float[]){995, 990}, 2);
    cr_assert_null(d.fetches[0].out);
    stepc_tensor_release(d.fetches[1].out);
    stepc_session_statistics all = statistics_of(s.session);
    cr_assert(all.runs_compiled == 2 && all.runs_interpreted == 3 && all.plans_made == 1);
    stepc_callable_release(c);
    cr_assert_eq(statistics_of(s.session).runs_compiled, 2);
    step_close(&s);
}

Test(callable, wrong_arguments_are_refused_with_tensorflows_texts)
{
    step s;
    pair_data d;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    for (int round = 0; round < 2; round++) {
        stepc_callable *c = make_pair(&s);
        fill_pair(&d, 2, 3);
        cr_assert_eq(stepc_callable_call(c, d.feeds, 1, d.fetches, 2, NULL, &s.error), STEPC_INVALID_ARGUMENT);
        cr_assert_str_eq(stepc_error_message(&s.error), "Expected 2 feed tensors, but got 1");
        cr_assert_eq(stepc_callable_call(c, d.feeds, 2, NULL, 0, NULL, &s.error), STEPC_INVALID_ARGUMENT);
        cr_assert_str_eq(stepc_error_message(&s.error),
                         "`fetch_tensors` must be provided when the callable has one or more outputs.");
        cr_assert_eq(stepc_callable_call(c, d.feeds, 2, d.fetches, 1, NULL, &s.error), STEPC_INVALID_ARGUMENT);
        cr_assert_str_eq(stepc_error_message(&s.error), "Expected 2 fetch tensors, but got 1");
        d.feeds[1].dtype = STEPC_INT32;
        cr_assert_eq(call(c, &d, &s.error), STEPC_INVALID_ARGUMENT);
        cr_assert_str_eq(stepc_error_message(&s.error), "Type mismatch: actual int32 vs. expect float");
        fill_pair(&d, 2, 3);
        d.feeds[0].bytes = 4;
        cr_assert_eq(call(c, &d, &s.error), STEPC_INVALID_ARGUMENT);
        cr_assert_str_eq(stepc_error_message(&s.error),
                         "The value fed for 'x:0' does not have the number of bytes that its shape asks for.");
        fill_pair(&d, 2, 3);
        d.feeds[0].data = (char *)d.x + 1;
        cr_assert_eq(call(c, &d, &s.error), STEPC_INVALID_ARGUMENT);
        cr_assert_str_eq(stepc_error_message(&s.error), "The value fed for 'x:0' is not aligned to its elements.");
        fill_pair(&d, 2, 3);
        d.fetches[0].into.data = d.x;
        cr_assert_eq(call(c, &d, &s.error), STEPC_INVALID_ARGUMENT);
        cr_assert_str_eq(stepc_error_message(&s.error), "The buffer for 'y:0' overlaps the value fed for 'x:0'.");
        fill_pair(&d, 2, 3);
        d.fetches[0].into.bytes = 4;
        cr_assert_eq(call(c, &d, &s.error), STEPC_INVALID_ARGUMENT);
        cr_assert_str_eq(stepc_error_message(&s.error), "The buffer for 'y:0' has too few bytes (8 needed, 4 given).");
        cr_assert_eq(stepc_callable_call(c, NULL, 2, d.fetches, 2, NULL, NULL), STEPC_INVALID_ARGUMENT);
        cr_assert_eq(stepc_callable_call(NULL, d.feeds, 2, d.fetches, 2, NULL, NULL), STEPC_INVALID_ARGUMENT);
        stepc_callable_release(c);
        stepc_callable_release(NULL);
        if (round == 0)
            add_module(&s, &scale_module);
    }
    step_close(&s);
}

Test(callable, make_reports_what_a_run_would_and_leaves_nothing)
{
    step s;
    stepc_output feeds[2], fetches[2];
    stepc_callable *c = (stepc_callable *)&s;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_signature signature = pair_signature(&s, feeds, fetches);
    feeds[1] = feeds[0];
    cr_assert_eq(stepc_callable_make(s.session, &signature, NULL, &c, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "Endpoint \"x:0\" fed more than once.");
    cr_assert_null(c);
    signature.fetch_count = 0;
    cr_assert_eq(stepc_callable_make(s.session, &signature, NULL, &c, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "Must specify at least one target to fetch or execute.");
    signature.size = 0;
    cr_assert_eq(stepc_callable_make(s.session, &signature, NULL, &c, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_callable_make(s.session, NULL, NULL, &c, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_callable_make(NULL, &signature, NULL, &c, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_callable_make(s.session, &signature, NULL, NULL, &s.error), STEPC_INVALID_ARGUMENT);
    stepc_graph *empty;
    stepc_session *session;
    cr_assert_eq(stepc_graph_new(NULL, &empty, NULL), STEPC_OK);
    cr_assert_eq(stepc_session_open(empty, NULL, &session, NULL), STEPC_OK);
    signature = pair_signature(&s, feeds, fetches);
    cr_assert_eq(stepc_callable_make(session, &signature, NULL, &c, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "Session was not created with a graph before MakeCallable()!");
    stepc_session_free(session);
    stepc_graph_release(empty);
    step_close(&s);
}

Test(callable, making_one_again_makes_no_plan)
{
    step s;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    for (int i = 0; i < 1000; i++)
        stepc_callable_release(make_pair(&s));
    cr_assert_eq(statistics_of(s.session).plans_made, 1);
    step_close(&s);
}

Test(callable, options_of_the_callable_and_of_the_call_are_kept_to)
{
    step s;
    pair_data d;
    stepc_output feeds[2], fetches[2];
    stepc_callable *c;
    stepc_run_metadata *metadata;
    stepc_cancellation *cancellation;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    add_module(&s, &scale_module);
    stepc_signature signature = pair_signature(&s, feeds, fetches);
    stepc_run_options run = {.size = sizeof run, .engine = STEPC_ENGINE_INTERPRETED};
    stepc_callable_options options = {.size = sizeof options, .run = &run};
    cr_assert_eq(stepc_callable_make(s.session, &signature, &options, &c, &s.error), STEPC_OK);
    fill_pair(&d, 2, 3);
    cr_assert_eq(call(c, &d, &s.error), STEPC_OK);
    cr_assert_eq(d.y[0], 3);
    run.engine = STEPC_ENGINE_COMPILED;
    cr_assert_eq(call(c, &d, &s.error), STEPC_OK);
    cr_assert_eq(d.y[0], 3, "options are copied");
    cr_assert_eq(stepc_callable_call(c, d.feeds, 2, d.fetches, 2, &run, &s.error), STEPC_OK);
    cr_assert_eq(d.y[0], 1003);

    cr_assert_eq(stepc_run_metadata_new(NULL, &metadata, NULL), STEPC_OK);
    run = (stepc_run_options){.size = sizeof run, .trace_level = STEPC_FULL_TRACE, .metadata = metadata, .timeout_ms = 60000};
    cr_assert_eq(stepc_callable_call(c, d.feeds, 2, d.fetches, 2, &run, &s.error), STEPC_OK);
    cr_assert_eq(stepc_run_metadata_node_count(metadata), 1);
    stepc_run_metadata_free(metadata);

    cr_assert_eq(stepc_cancellation_new(NULL, &cancellation, NULL), STEPC_OK);
    stepc_cancellation_cancel(cancellation);
    run = (stepc_run_options){.size = sizeof run, .cancellation = cancellation};
    cr_assert_eq(stepc_callable_call(c, d.feeds, 2, d.fetches, 2, &run, &s.error), STEPC_CANCELLED);
    cr_assert_str_eq(stepc_error_message(&s.error), "Run call was cancelled");
    stepc_cancellation_free(cancellation);
    stepc_callable_release(c);

    run = (stepc_run_options){.size = sizeof run, .engine = STEPC_ENGINE_COMPILED};
    cr_assert_eq(stepc_callable_make(s.session, &signature, &options, &c, &s.error), STEPC_OK);
    fill_pair(&d, 3, 3);
    cr_assert_eq(call(c, &d, &s.error), STEPC_FAILED_PRECONDITION);
    stepc_callable_release(c);
    step_close(&s);
}

Test(callable, faults_name_their_node)
{
    step s;
    pair_data d;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    add_module(&s, &scale_module);
    stepc_callable *c = make_pair(&s);
    fill_pair(&d, 2, 13);
    cr_assert_eq(call(c, &d, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "Thirteen is refused [[{{node y}}]]");
    cr_assert_eq(call(c, &d, NULL), STEPC_INVALID_ARGUMENT);
    stepc_callable_release(c);
    step_close(&s);
}

/* ---- the end ---- */

Test(callable, after_close_and_after_free_a_call_is_cancelled)
{
    step s;
    pair_data d;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    add_module(&s, &scale_module);
    stepc_callable *c = make_pair(&s);
    fill_pair(&d, 2, 3);
    cr_assert_eq(call(c, &d, &s.error), STEPC_OK);
    stepc_session_close(s.session, NULL);
    cr_assert_eq(call(c, &d, &s.error), STEPC_CANCELLED);
    cr_assert_str_eq(stepc_error_message(&s.error), "Session has been closed.");
    step_close(&s); /* graph and session are gone for everybody else */
    cr_assert_eq(call(c, &d, &s.error), STEPC_CANCELLED);
    cr_assert_str_eq(stepc_error_message(&s.error), "Session has been closed.");
    stepc_callable_release(c);
}

/* ---- threads ---- */

typedef struct worker {
    stepc_callable *c;
    int number, calls;
    atomic_int *go;
    int good, cancelled, bad;
} worker;

static void *work(void *argument)
{
    worker *w = argument;
    struct stepc_error error;
    pair_data d;
    error_init(&error);
    while (!atomic_load(w->go))
        ;
    for (int i = 0; i < w->calls; i++) {
        int64_t n = i % 4 == 3 ? 3 : 2;
        float factor = (float)(w->number * 100 + i % 50);
        if (factor == 13)
            factor = 14;
        fill_pair(&d, n, factor);
        stepc_code code = call(w->c, &d, &error);
        float more = n == 2 ? 1000 : 0;
        w->good += code == STEPC_OK && d.y[0] == factor + more && d.y[1] == 2 * factor + more && d.z[0] == -factor + more;
        w->cancelled += code == STEPC_CANCELLED;
        w->bad += code != STEPC_OK && code != STEPC_CANCELLED;
    }
    return NULL;
}

#define WORKERS 8

static void run_workers(worker *workers, step *s, bool close_between)
{
    pthread_t threads[WORKERS];
    atomic_int go = 0;
    stepc_callable *c = make_pair(s);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (worker){.c = c, .number = i, .calls = 2000, .go = &go};
        cr_assert_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    atomic_store(&go, 1);
    if (close_between) {
        nanosleep(&(struct timespec){0, 300000}, NULL);
        step_close(s); /* frees: the callable lives on */
    }
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    stepc_callable_release(c);
}

Test(callable, eight_threads_through_one_callable)
{
    step s;
    worker workers[WORKERS];
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    add_module(&s, &scale_module);
    run_workers(workers, &s, false);
    for (int i = 0; i < WORKERS; i++)
        cr_assert(workers[i].good == 2000 && workers[i].bad == 0, "%d good, %d bad", workers[i].good, workers[i].bad);
    stepc_session_statistics all = statistics_of(s.session);
    cr_assert_eq(all.runs_compiled, WORKERS * 1500);
    cr_assert_eq(all.runs_interpreted, WORKERS * 500);
    step_close(&s);
}

Test(callable, the_session_may_be_freed_while_threads_call)
{
    for (int round = 0; round < 5; round++) {
        step s;
        worker workers[WORKERS];
        step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
        add_module(&s, &scale_module);
        run_workers(workers, &s, true);
        for (int i = 0; i < WORKERS; i++)
            cr_assert(workers[i].bad == 0 && workers[i].good + workers[i].cancelled == 2000);
    }
}

static void *call_slowly(void *argument)
{
    pair_data d;
    fill_pair(&d, 2, 77);
    return call(argument, &d, NULL) == STEPC_OK && d.y[1] == 1154 ? argument : NULL;
}

Test(callable, freeing_the_session_waits_for_a_compiled_call)
{
    step s;
    pthread_t thread;
    void *result;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    add_module(&s, &scale_module);
    stepc_callable *c = make_pair(&s);
    cr_assert_eq(pthread_create(&thread, NULL, call_slowly, c), 0);
    while (atomic_load(&slow_calls) == 0)
        nanosleep(&(struct timespec){0, 100000}, NULL);
    step_close(&s);
    cr_assert_eq(atomic_load(&slow_calls), 0);
    pthread_join(thread, &result);
    cr_assert_not_null(result);
    stepc_callable_release(c);
}

/* ---- by number ---- */

Test(handles, numbers_grow_and_released_ones_are_refused)
{
    step s;
    pair_data d;
    stepc_output feeds[2], fetches[2];
    int64_t first, second;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_signature signature = pair_signature(&s, feeds, fetches);
    fill_pair(&d, 3, 3);
    cr_assert_eq(stepc_session_run_callable(s.session, 0, d.feeds, 2, d.fetches, 2, NULL, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "No such callable handle: 0");
    cr_assert_eq(stepc_session_make_callable(s.session, &signature, NULL, &first, &s.error), STEPC_OK);
    cr_assert_eq(stepc_session_make_callable(s.session, &signature, NULL, &second, &s.error), STEPC_OK);
    cr_assert_eq(second, first + 1);
    for (int i = 0; i < 2; i++) {
        fill_pair(&d, 3, 3);
        cr_assert_eq(stepc_session_run_callable(s.session, first, d.feeds, 2, d.fetches, 2, NULL, &s.error), STEPC_OK);
        cr_assert_eq(d.y[2], 9);
    }
    cr_assert_eq(stepc_session_run_callable(s.session, first, d.feeds, 2, NULL, 0, NULL, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error),
                     "`fetch_tensors` must be provided when the callable has one or more outputs.");
    cr_assert_eq(stepc_session_release_callable(s.session, first, &s.error), STEPC_OK);
    cr_assert_eq(stepc_session_run_callable(s.session, first, d.feeds, 2, d.fetches, 2, NULL, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "Attempted to run callable after handle was released: 0");
    cr_assert_eq(stepc_session_run_callable(s.session, second + 1, d.feeds, 2, d.fetches, 2, NULL, &s.error),
                 STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "No such callable handle: 2");
    cr_assert_eq(stepc_session_release_callable(s.session, second + 1, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "No such callable handle: 2");
    cr_assert_eq(stepc_session_release_callable(s.session, first, &s.error), STEPC_OK);
    cr_assert_eq(stepc_session_run_callable(s.session, second, d.feeds, 2, d.fetches, 2, NULL, &s.error), STEPC_OK);
    for (int i = 0; i < 100; i++) {
        int64_t number;
        cr_assert_eq(stepc_session_make_callable(s.session, &signature, NULL, &number, &s.error), STEPC_OK);
        cr_assert_eq(number, second + 1 + i);
        if (i % 3 != 0)
            cr_assert_eq(stepc_session_release_callable(s.session, number, &s.error), STEPC_OK);
    }
    stepc_session_close(s.session, NULL);
    cr_assert_eq(stepc_session_run_callable(s.session, second, d.feeds, 2, d.fetches, 2, NULL, &s.error), STEPC_CANCELLED);
    cr_assert_str_eq(stepc_error_message(&s.error), "Session has been closed.");
    cr_assert_eq(stepc_session_make_callable(s.session, &signature, NULL, &first, &s.error), STEPC_CANCELLED);
    step_close(&s); /* frees the rest */
}

/* ---- tensor connections ---- */

/* y = -(a + b), w = y * b; Neg(a) when a is connected to the sum. */
#define WIRED                                                                                                     \
    PLACEHOLDER_ANY("a", "FLOAT") PLACEHOLDER_ANY("b", "FLOAT") BINARY("sum", "Add", "FLOAT", "a", "b")           \
        UNARY("y", "Neg", "FLOAT", "sum") BINARY("w", "Mul", "FLOAT", "y", "b") PLACEHOLDER_ANY("i", "INT32")     \
            UNARY("late", "Neg", "FLOAT", "early") UNARY("early", "Neg", "FLOAT", "b")

static stepc_code make_wired(step *s, const char *from, const char *to, const char *feed, const char *fetch, stepc_callable **out)
{
    stepc_output feeds[1] = {output_of(s, feed)}, fetches[1] = {output_of(s, fetch)};
    stepc_connection connection = {{NULL, 0}, {NULL, 0}};
    if (from != NULL)
        connection.from = output_of(s, from);
    if (to != NULL)
        connection.to = output_of(s, to);
    stepc_signature signature = {sizeof signature, feeds, 1, fetches, 1, NULL, 0, &connection, 1};
    return stepc_callable_make(s->session, &signature, NULL, out, &s->error);
}

static float call_one(stepc_callable *c, float value)
{
    float result = 0;
    stepc_view feed = {&value, 4, NULL, 0, STEPC_FLOAT32};
    stepc_fetch fetch = {.into = {.data = &result, .bytes = 4}};
    struct stepc_error error;
    cr_assert_eq(stepc_callable_call(c, &feed, 1, &fetch, 1, NULL, &error), STEPC_OK, "%s", stepc_error_message(&error));
    return result;
}

Test(connections, readers_of_one_tensor_read_the_other)
{
    static const struct {
        const char *from, *to, *feed, *fetch;
        float expected;
    } rows[] = {
        {"a:0", "sum:0", "a:0", "y:0", -3},     /* the sum is not computed: b need not be fed */
        {"a:0", "sum:0", "a:0", "sum:0", 3},    /* a connected tensor that is fetched */
        {"a:0", "b:0", "a:0", "w:0", -18},      /* -(3 + 3) * 3 */
        {"late:0", "a:0", "b:0", "y:0", -6},    /* late = b stands behind its reader in the file */
        {"late:0", "a:0", "b:0", "w:0", -18},
    };
    step s;
    step_open(&s, WIRED, STEPC_ENGINE_DEFAULT);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        stepc_callable *c;
        cr_assert_eq(make_wired(&s, rows[i].from, rows[i].to, rows[i].feed, rows[i].fetch, &c), STEPC_OK, "row %zu: %s", i,
                     stepc_error_message(&s.error));
        cr_assert_eq(call_one(c, 3), rows[i].expected, "row %zu", i);
        stepc_callable_release(c);
    }
    cr_assert_eq(statistics_of(s.session).plans_made, 5);
    step_close(&s);
}

Test(connections, what_cannot_be_connected_is_refused_with_tensorflows_texts)
{
    step s, other;
    stepc_callable *c;
    step_open(&s, WIRED, STEPC_ENGINE_DEFAULT);
    step_open(&other, WIRED, STEPC_ENGINE_DEFAULT);
    stepc_output a = output_of(&s, "a:0"), sum = output_of(&s, "sum:0"), y = output_of(&s, "y:0"), w = output_of(&s, "w:0"),
                 b = output_of(&s, "b:0"), ints = output_of(&s, "i:0");
    struct {
        stepc_connection one, two;
        size_t count;
        stepc_code code;
        const char *text;
    } rows[] = {
        {{{NULL, 0}, sum}, {a, a}, 1, STEPC_INVALID_ARGUMENT, "Requested tensor connection from unknown node: \"sum:0\"."},
        {{output_of(&other, "b:0"), sum}, {a, a}, 1, STEPC_INVALID_ARGUMENT, "Requested tensor connection from unknown node: \"sum:0\"."},
        {{{b.op, 1}, sum}, {a, a}, 1, STEPC_INVALID_ARGUMENT,
         "Requested tensor connection from unknown edge: \"sum:0\" (actual number of outputs = 1)."},
        {{b, {NULL, 0}}, {a, a}, 1, STEPC_NOT_FOUND, "FeedInputs: unable to find feed output (null):0"},
        {{b, {sum.op, 1}}, {a, a}, 1, STEPC_INVALID_ARGUMENT, "FeedInputs: sum:1 should have output index < 1"},
        {{w, sum}, {a, a}, 1, STEPC_INVALID_ARGUMENT,
         "Requested Tensor connection between nodes \"sum\" and \"w\" would create a cycle."},
        {{b, sum}, {y, b}, 2, STEPC_INVALID_ARGUMENT,
         "Requested Tensor connection between nodes \"b\" and \"y\" would create a cycle."},
        {{b, a}, {a, a}, 1, STEPC_INVALID_ARGUMENT, "Endpoint \"a:0\" fed more than once."},
        {{b, sum}, {a, sum}, 2, STEPC_INVALID_ARGUMENT, "Endpoint \"sum:0\" fed more than once."},
        {{ints, sum}, {a, a}, 1, STEPC_INVALID_ARGUMENT,
         "You must feed a value for placeholder tensor 'b' with dtype float [[{{node b}}]]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        stepc_connection both[2] = {rows[i].one, rows[i].two};
        stepc_signature signature = {sizeof signature, &a, 1, &w, 1, NULL, 0, both, rows[i].count};
        cr_assert_eq(stepc_callable_make(s.session, &signature, NULL, &c, &s.error), rows[i].code, "row %zu: %s", i,
                     stepc_error_message(&s.error));
        cr_assert_str_eq(stepc_error_message(&s.error), rows[i].text, "row %zu: %s", i, stepc_error_message(&s.error));
    }
    stepc_connection wrong = {ints, sum};
    stepc_output fed[2] = {ints, b};
    stepc_signature signature = {sizeof signature, fed, 2, &y, 1, NULL, 0, &wrong, 1};
    cr_assert_eq(stepc_callable_make(s.session, &signature, NULL, &c, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error),
                     "Input 0 of node y was passed int32 from _identity_sum_0:0 incompatible with expected float.");
    step_close(&other);
    step_close(&s);
}
