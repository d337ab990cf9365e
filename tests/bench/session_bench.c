/* SPDX-License-Identifier: Apache-2.0 */
/* What a session costs per call, the cases of TensorFlow's own session benchmark and those of dispatch: feeding and
 * fetching 4 bytes and 4 megabytes, running an operation, each by run and prebuilt (a callable); compiled steps by
 * handles, as callables; sessions opened, used and closed many times; throughput by threads.
 *
 *   session_bench [--quick] [--cycles N]
 *
 * Figures are the minimum and the median over rounds, in nanoseconds per call. Run by hand; nothing here is a test. */
#include "compiler/driver/driver.h"
#include "stepc/compiler.h"
#include "stepc/session.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LARGE (1 << 20) /* float32: 4 MB */

static stepc_error *error;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void must(stepc_code code, const char *what)
{
    if (code == STEPC_OK)
        return;
    fprintf(stderr, "session_bench: %s: %s\n", what, stepc_error_message(error));
    exit(1);
}

static const char graph_text[] =
    "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'shape' value { shape { unknown_rank: true } } } }\n"
    "node { name: 'id' op: 'Identity' input: 'x' attr { key: 'T' value { type: DT_FLOAT } } }\n"
    "node { name: 'two' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 2 } } } }\n"
    "node { name: 'y' op: 'Mul' input: 'x' input: 'two' attr { key: 'T' value { type: DT_FLOAT } } }\n"
    "node { name: 'v' op: 'VariableV2' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'shape' value { shape { unknown_rank: true } } } }\n"
    "node { name: 'set' op: 'Assign' input: 'v' input: 'x' attr { key: 'T' value { type: DT_FLOAT } } attr { key: 'validate_shape' value { b: false } } }\n"
    "node { name: 'nothing' op: 'NoOp' }\n";

typedef struct bench {
    stepc_graph *graph;
    stepc_session *session;
    stepc_feed feed;
    stepc_fetch fetch;
    const stepc_operation *target;
    stepc_callable *callable;
    const stepc_run_options *options;
    bool has_feed, has_fetch, has_target;
} bench;

static stepc_output output(const bench *b, const char *name)
{
    stepc_output at;
    must(stepc_graph_find_output(b->graph, name, &at, error), name);
    return at;
}

static void by_run(bench *b)
{
    must(stepc_session_run(b->session, &b->feed, b->has_feed, &b->fetch, b->has_fetch, &b->target, b->has_target, b->options, error), "run");
    stepc_tensor_release(b->fetch.out);
}

static void by_callable(bench *b)
{
    must(stepc_callable_call(b->callable, &b->feed.value, b->has_feed, &b->fetch, b->has_fetch, NULL, error), "call");
    stepc_tensor_release(b->fetch.out);
}

static void make_callable(bench *b)
{
    stepc_signature signature = {.size = sizeof signature, .feeds = &b->feed.at, .feed_count = b->has_feed, .fetches = &b->fetch.at,
                                 .fetch_count = b->has_fetch, .targets = &b->target, .target_count = b->has_target};
    stepc_callable_release(b->callable);
    must(stepc_callable_make(b->session, &signature, NULL, &b->callable, error), "make_callable");
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double round_ms = 20;
static int rounds = 15;

static void time_it(const char *name, bench *b, void (*call)(bench *))
{
    double samples[64], began, spent;
    long count = 1;
    for (;; count *= 2) { /* how many fill a round */
        began = now_ns();
        for (long i = 0; i < count; i++)
            call(b);
        spent = now_ns() - began;
        if (spent > round_ms * 1e6 / 2 || count > 1 << 28)
            break;
    }
    for (int r = 0; r < rounds; r++) {
        began = now_ns();
        for (long i = 0; i < count; i++)
            call(b);
        samples[r] = (now_ns() - began) / (double)count;
    }
    qsort(samples, (size_t)rounds, sizeof *samples, compare);
    printf("%-58s %10.1f ns min %10.1f ns median\n", name, samples[0], samples[rounds / 2]);
}

static void both(const char *what, const char *engine, bench *b)
{
    char name[100];
    snprintf(name, sizeof name, "%s, run, %s", what, engine);
    time_it(name, b, by_run);
    make_callable(b);
    snprintf(name, sizeof name, "%s, callable, %s", what, engine);
    time_it(name, b, by_callable);
}

static void feed_and_fetch(bench *b, const char *engine, float *data, int64_t *dims, int64_t count, float *into)
{
    bool is_large = count > 1;
    *dims = count;
    stepc_view value = {data, (size_t)count * sizeof *data, dims, is_large ? 1 : 0, STEPC_FLOAT32};
    char name[80];
    memset(&b->fetch, 0, sizeof b->fetch);
    b->feed = (stepc_feed){output(b, "x:0"), value};
    b->has_feed = true, b->has_fetch = false, b->has_target = true;
    b->target = stepc_graph_find(b->graph, "id");
    snprintf(name, sizeof name, "feed %s", is_large ? "4 MB" : "4 B");
    both(name, engine, b);

    b->target = stepc_graph_find(b->graph, "set"); /* a variable of that size, fetched */
    by_run(b);
    b->has_feed = false, b->has_fetch = true, b->has_target = false;
    b->fetch.at = output(b, "v:0");
    snprintf(name, sizeof name, "fetch %s", is_large ? "4 MB" : "4 B");
    both(name, engine, b);
    if (into != NULL) {
        b->fetch.into = (stepc_view){into, (size_t)count * sizeof *into, NULL, 0, STEPC_FLOAT32};
        snprintf(name, sizeof name, "fetch %s into a buffer", is_large ? "4 MB" : "4 B");
        both(name, engine, b);
    }
}

static void operations(bench *b, const char *engine)
{
    b->has_feed = b->has_fetch = false, b->has_target = true;
    memset(&b->fetch, 0, sizeof b->fetch);
    b->target = stepc_graph_find(b->graph, "nothing");
    both("run a NoOp", engine, b);
    b->target = stepc_graph_find(b->graph, "v");
    both("run a variable's operation", engine, b);
}

static void scalar_step(bench *b, const char *engine, bool into)
{
    static float in = 21, out;
    b->has_feed = b->has_fetch = true, b->has_target = false;
    b->feed = (stepc_feed){output(b, "x:0"), {&in, sizeof in, NULL, 0, STEPC_FLOAT32}};
    b->fetch = (stepc_fetch){.at = output(b, "y:0")};
    if (into)
        b->fetch.into = (stepc_view){&out, sizeof out, NULL, 0, STEPC_FLOAT32};
    both(into ? "x * 2 into a buffer" : "x * 2", engine, b);
    if (into && out != 42) {
        fprintf(stderr, "session_bench: 21 * 2 came out as %g\n", (double)out);
        exit(1);
    }
}

static long resident_pages(void)
{
    long total = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f != NULL) {
        if (fscanf(f, "%ld %ld", &total, &resident) != 2)
            resident = 0;
        fclose(f);
    }
    return resident;
}

static void cycles(bench *b, long count)
{
    stepc_session *kept = b->session;
    double began = now_ns();
    long before = 0;
    for (long i = 0; i < count; i++) {
        if (i == count / 10)
            before = resident_pages();
        must(stepc_session_open(b->graph, NULL, &b->session, error), "open");
        by_run(b);
        must(stepc_session_close(b->session, error), "close");
        stepc_session_free(b->session);
    }
    printf("%ld cycles of open, run, close, free: %.0f ns each; resident memory %ld KB after a tenth, %ld KB at the end\n", count,
           (now_ns() - began) / (double)count, before * (sysconf(_SC_PAGESIZE) / 1024), resident_pages() * (sysconf(_SC_PAGESIZE) / 1024));
    b->session = kept;
}

typedef struct worker {
    bench b;
    pthread_t thread;
    int runs;
} worker;

static void *work(void *argument)
{
    worker *w = argument;
    float in = 3, out;
    w->b.feed.value.data = &in;
    w->b.fetch.into = (stepc_view){&out, sizeof out, NULL, 0, STEPC_FLOAT32};
    for (int i = 0; i < w->runs; i++) {
        stepc_code code = stepc_session_run(w->b.session, &w->b.feed, 1, &w->b.fetch, 1, NULL, 0, NULL, NULL);
        if (code != STEPC_OK || out != 6)
            exit(1);
    }
    return NULL;
}

static void throughput(const bench *b, const char *engine)
{
    static const int counts[] = {1, 2, 4, 10, 100};
    static worker workers[100];
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        double began = now_ns();
        for (int i = 0; i < counts[c]; i++) {
            workers[i].b = *b;
            workers[i].runs = counts[c] < 100 ? 100000 / counts[c] : 1000;
            if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
                exit(1);
        }
        for (int i = 0; i < counts[c]; i++)
            pthread_join(workers[i].thread, NULL);
        double total = (double)workers[0].runs * counts[c];
        printf("%3d threads x %d runs, %s: %.2f million runs per second\n", counts[c], workers[0].runs, engine,
               total / (now_ns() - began) * 1e3);
    }
}

static loaded_module *compiled_module(bench *b)
{
    stepc_feed_spec feed = {.tensor = "x:0", .dtype = STEPC_FLOAT32, .shape = ""};
    stepc_fetch_spec fetch = {.tensor = "y:0"};
    stepc_callable_spec spec = {.size = sizeof spec, .name = "session_bench_step", .feeds = &feed, .feed_count = 1, .fetches = &fetch, .fetch_count = 1};
    stepc_compile_options options = {.size = sizeof options, .module = "session_bench_module", .isa = "host"};
    stepc_product *product = NULL;
    loaded_module *loaded = NULL;
    must(module_compile_and_load(b->graph, &spec, 1, &options, NULL, NULL, &product, &loaded, error), "compile");
    stepc_product_free(product);
    must(stepc_session_add_module(b->session, module_get(loaded), error), "add_module");
    return loaded;
}

int main(int argc, char **argv)
{
    long cycle_count = 1000000;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            round_ms = 2, rounds = 5;
            cycle_count = 10000;
        } else if (strcmp(argv[i], "--cycles") == 0 && i + 1 < argc) {
            cycle_count = strtol(argv[++i], NULL, 10);
        } else {
            fprintf(stderr, "usage: session_bench [--quick] [--cycles N]\n");
            return 2;
        }
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    error = stepc_error_new();
    bench b = {0};
    must(stepc_graph_parse("bench", graph_text, strlen(graph_text), NULL, &b.graph, error), "graph");
    must(stepc_session_open(b.graph, NULL, &b.session, error), "open");
    float *large = calloc(LARGE, sizeof *large), *into = calloc(LARGE, sizeof *into), small = 1, small_into;
    int64_t dims;
    if (large == NULL || into == NULL)
        return 1;
    feed_and_fetch(&b, "interpreted", &small, &dims, 1, &small_into);
    feed_and_fetch(&b, "interpreted", large, &dims, LARGE, into);
    operations(&b, "interpreted");
    scalar_step(&b, "interpreted", false);
    scalar_step(&b, "interpreted", true);
    throughput(&b, "interpreted");
    cycles(&b, cycle_count);
    loaded_module *loaded = compiled_module(&b);
    scalar_step(&b, "compiled", false);
    scalar_step(&b, "compiled", true);
    throughput(&b, "compiled");
    stepc_session_statistics statistics = {.size = sizeof statistics};
    must(stepc_session_statistics_get(b.session, &statistics, error), "statistics");
    printf("runs: %llu interpreted, %llu compiled; plans made: %llu\n", (unsigned long long)statistics.runs_interpreted,
           (unsigned long long)statistics.runs_compiled, (unsigned long long)statistics.plans_made);
    stepc_callable_release(b.callable);
    stepc_session_free(b.session);
    stepc_graph_release(b.graph);
    module_unload(loaded);
    stepc_error_free(error);
    free(large);
    free(into);
    return statistics.runs_compiled == 0;
}
