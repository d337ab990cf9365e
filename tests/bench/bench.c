/* SPDX-License-Identifier: Apache-2.0 */
/* Times one step on several engines in one run: compiled (called directly, through the dispatch table, and as a
 * session calls it, for each of several builds), interpreted, and peers beside them. Every round times all of them one
 * after another, so that what else the machine does meets all alike; figures are the minima over the rounds.
 *
 * bench MODEL --feed T[=FILE.npy]... --fetch T... [--build ISA:CC[:CFLAGS]]... [--net NAME]
 *       [--handc FILE.so] [--lab NAME=COMMAND]... [--rounds N] [--ms MS] [--no-interpreted]
 *
 * --handc: a library with `void entry(const float *in..., float *out...)`. --lab: a program that answers "bench NET MS
 * REPS" on its standard input with one line that has "min":ns and "med":ns, and "out NET FILE" with raw elements. */
#include "compiler/driver/driver.h"
#include "runtime/core/error.h"
#include "runtime/core/host.h"
#include "runtime/core/npy.h"
#include "runtime/module/call.h"
#include "stepc/session.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FEW = 8, ENGINES = 40, SAMPLES = 1 << 16 };

typedef struct series {
    char name[80];
    double min, median; /* nanoseconds, the best round's */
    double difference;  /* from the interpreter's fetches, else the first build's, by the largest; -1: unknown */
    bool is_done;
} series;

typedef struct build {
    const char *isa, *cc, *cflags;
    stepc_product *product;
    void *library;
    const stepc_module *module;
    const stepc_entry *entry;
    int32_t (*direct)(const void *feeds, void *fetches, const stepc_env *env);
    stepc_env env;
    void *feeds, *fetches, *work;
    stepc_view outs[FEW];
    float *out_data[FEW];
} build;

typedef struct peer {
    char name[40];
    const char *command;
    FILE *to, *from;
} peer;

typedef struct bench {
    stepc_host host;
    stepc_error error;
    stepc_graph *graph;
    const char *model, *net, *handc;
    const char *feed_files[FEW], *feed_names[FEW], *fetch_names[FEW];
    size_t feed_count, fetch_count, build_count, peer_count, count;
    stepc_tensor *feeds[FEW];
    stepc_view views[FEW];
    char shapes[FEW][256];
    stepc_session *session;
    stepc_feed session_feeds[FEW];
    stepc_fetch session_fetches[FEW];
    stepc_tensor *expected[FEW];
    build builds[FEW];
    peer peers[FEW];
    void (*hand)(void);
    void *hand_outs[FEW];
    series all[ENGINES];
    int rounds;
    double ms;
    bool has_interpreter;
} bench;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static _Noreturn void die(bench *b, const char *what)
{
    char line[1024] = "";
    if (b->error.code)
        stepc_error_format(&b->error, line, sizeof line);
    fprintf(stderr, "bench: %s %s\n", what, line);
    exit(1);
}

static void *memory(bench *b, size_t bytes)
{
    void *p = aligned_alloc(64, (bytes + 127) / 64 * 64);
    if (!p)
        die(b, "out of memory");
    memset(p, 0, bytes);
    return p;
}

/* ---- arguments ------------------------------------------------------------------------------------------ */

static void parse_build(bench *b, char *spec)
{
    build *to = &b->builds[b->build_count++];
    to->isa = spec;
    char *cc = strchr(spec, ':'), *flags = cc ? strchr(cc + 1, ':') : NULL;
    if (cc)
        *cc++ = '\0';
    if (flags)
        *flags++ = '\0';
    to->cc = cc && *cc ? cc : "cc";
    to->cflags = flags;
}

static char *after_equals(char *words)
{
    char *p = strchr(words, '=');
    if (p)
        *p++ = '\0';
    return p;
}

static void parse_option(bench *b, const char *option, char *value)
{
    if (b->feed_count == FEW || b->fetch_count == FEW || b->build_count == FEW || b->peer_count == FEW)
        die(b, "too many options");
    if (strcmp(option, "--feed") == 0) {
        b->feed_files[b->feed_count] = after_equals(value);
        b->feed_names[b->feed_count++] = value;
    } else if (strcmp(option, "--fetch") == 0) {
        b->fetch_names[b->fetch_count++] = value;
    } else if (strcmp(option, "--build") == 0) {
        parse_build(b, value);
    } else if (strcmp(option, "--net") == 0) {
        b->net = value;
    } else if (strcmp(option, "--handc") == 0) {
        b->handc = value;
    } else if (strcmp(option, "--lab") == 0) {
        peer *p = &b->peers[b->peer_count++];
        p->command = after_equals(value);
        snprintf(p->name, sizeof p->name, "%s", value);
    } else if (strcmp(option, "--rounds") == 0) {
        b->rounds = atoi(value);
    } else if (strcmp(option, "--ms") == 0) {
        b->ms = atof(value);
    } else {
        die(b, option);
    }
}

static void parse(bench *b, int count, char **arguments)
{
    static char host_build[] = "host:cc";
    b->rounds = 5;
    b->ms = 100;
    b->has_interpreter = true;
    b->net = "";
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--no-interpreted") == 0)
            b->has_interpreter = false;
        else if (strncmp(arguments[i], "--", 2) != 0)
            b->model = arguments[i];
        else if (i + 1 < count) {
            parse_option(b, arguments[i], arguments[i + 1]);
            i++;
        }
    }
    if (!b->model || b->fetch_count == 0)
        die(b, "usage: bench MODEL --feed T[=FILE.npy] --fetch T [--build ISA:CC[:CFLAGS]] [--handc FILE.so] "
               "[--net NAME --lab NAME=COMMAND] [--rounds N] [--ms MS] [--no-interpreted]");
    if (b->build_count == 0)
        parse_build(b, host_build);
}

/* ---- values --------------------------------------------------------------------------------------------- */

static void load_feeds(bench *b)
{
    static const int64_t one = 1;
    for (size_t i = 0; i < b->feed_count; i++) {
        float half = 0.5f;
        stepc_view view = {&half, sizeof half, &one, 0, STEPC_FLOAT32};
        stepc_code code = b->feed_files[i] ? npy_read(&b->host, b->feed_files[i], &b->feeds[i], &b->error)
                                           : stepc_tensor_copy(&b->host, &view, &b->feeds[i], &b->error);
        if (code)
            die(b, b->feed_names[i]);
        b->views[i] = stepc_tensor_view(b->feeds[i]);
        char *shape = b->shapes[i];
        for (int32_t d = 0; d < b->views[i].rank; d++)
            shape += sprintf(shape, "%s%lld", d ? "," : "", (long long)b->views[i].dims[d]);
    }
}

static void run_session(bench *b)
{
    stepc_fetch *fetches = b->session_fetches;
    if (stepc_session_run(b->session, b->session_feeds, b->feed_count, fetches, b->fetch_count, NULL, 0, NULL,
                          &b->error))
        die(b, "interpreted step");
}

static void open_session(bench *b)
{
    stepc_session_options options = {.size = sizeof options, .engine = STEPC_ENGINE_INTERPRETED, .seed = 1};
    if (stepc_session_open(b->graph, &options, &b->session, &b->error))
        die(b, "session");
    for (size_t i = 0; i < b->feed_count; i++) {
        b->session_feeds[i].value = b->views[i];
        if (stepc_graph_find_output(b->graph, b->feed_names[i], &b->session_feeds[i].at, &b->error))
            die(b, b->feed_names[i]);
    }
    for (size_t i = 0; i < b->fetch_count; i++)
        if (stepc_graph_find_output(b->graph, b->fetch_names[i], &b->session_fetches[i].at, &b->error))
            die(b, b->fetch_names[i]);
    run_session(b);
    for (size_t i = 0; i < b->fetch_count; i++) {
        b->expected[i] = b->session_fetches[i].out;
        b->session_fetches[i].out = NULL;
    }
}

/* ---- engines -------------------------------------------------------------------------------------------- */

static void step_interpreted(bench *b, void *context)
{
    (void)context;
    run_session(b);
    for (size_t i = 0; i < b->fetch_count; i++)
        stepc_tensor_release(b->session_fetches[i].out);
}

static void step_direct(bench *b, void *context)
{
    build *c = context;
    if (c->direct(c->feeds, c->fetches, &c->env))
        die(b, "compiled step");
}

static void step_table(bench *b, void *context)
{
    build *c = context;
    if (c->module->entries[0].call(c->feeds, c->fetches, &c->env))
        die(b, "compiled step through the table");
}

static void step_generic(bench *b, void *context)
{
    build *c = context;
    if (module_call(c->module, c->entry, b->views, b->feed_count, c->outs, b->fetch_count, &c->env, c->work,
                    module_work_bytes(c->entry), &b->error))
        die(b, "compiled step through module_call");
}

static void step_hand(bench *b, void *context)
{
    (void)context;
    void *p[4] = {NULL};
    size_t n = 0;
    for (size_t i = 0; i < b->feed_count; i++)
        p[n++] = b->views[i].data;
    for (size_t i = 0; i < b->fetch_count; i++)
        p[n++] = b->hand_outs[i];
    if (n == 2)
        ((void (*)(void *, void *))b->hand)(p[0], p[1]);
    else if (n == 3)
        ((void (*)(void *, void *, void *))b->hand)(p[0], p[1], p[2]);
    else
        ((void (*)(void *, void *, void *, void *))b->hand)(p[0], p[1], p[2], p[3]);
}

/* The library gets the folder of temporary files, and leaves it again once loaded. */
static void load_library(bench *b, build *c)
{
    char path[] = "/tmp/bench-XXXXXX", file[64];
    if (!mkdtemp(path))
        die(b, "mkdtemp");
    snprintf(file, sizeof file, "%s/step.so", path);
    build_request request = {.kind = BUILD_SHARED, .cc = c->cc, .cflags = c->cflags, .isa = isa_find(c->isa), .product = c->product,
                             .module = "bench_step", .out_path = file};
    if (build_module(&b->host, &request, &b->error))
        die(b, c->cc);
    c->library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!c->library)
        die(b, dlerror());
    unlink(file);
    rmdir(path);
    stepc_module_fn table;
    *(void **)&table = dlsym(c->library, "bench_step_module");
    *(void **)&c->direct = dlsym(c->library, "bench_step");
    if (!table || !c->direct)
        die(b, "the library lacks its names");
    c->module = table();
    c->entry = &c->module->entries[0];
}

static void make_build(bench *b, build *c)
{
    stepc_feed_spec feeds[FEW];
    stepc_fetch_spec fetches[FEW];
    for (size_t i = 0; i < b->feed_count; i++)
        feeds[i] = (stepc_feed_spec){NULL, b->feed_names[i], (stepc_dtype)b->views[i].dtype, b->shapes[i]};
    for (size_t i = 0; i < b->fetch_count; i++)
        fetches[i] = (stepc_fetch_spec){NULL, b->fetch_names[i]};
    stepc_callable_spec spec = {.size = sizeof spec,
                                .name = "bench_step",
                                .feeds = feeds,
                                .feed_count = b->feed_count,
                                .fetches = fetches,
                                .fetch_count = b->fetch_count};
    if (!isa_find(c->isa))
        die(b, c->isa);
    c->isa = isa_find(c->isa)->name;
    stepc_compile_options options = {.size = sizeof options, .isa = c->isa, .weights = STEPC_WEIGHTS_OBJECT};
    if (stepc_compile(b->graph, &spec, 1, &options, &c->product, &b->error))
        die(b, "compile");
    load_library(b, c);
    const stepc_entry *e = c->entry;
    c->feeds = memory(b, e->feeds_bytes);
    c->fetches = memory(b, e->fetches_bytes);
    c->work = memory(b, module_work_bytes(e));
    c->env = (stepc_env){.size = sizeof(stepc_env), .arena = memory(b, e->arena_bytes), .arena_bytes = e->arena_bytes};
    c->env.state = c->module->state_bytes ? memory(b, c->module->state_bytes) : NULL;
    if (c->module->init(&c->env))
        die(b, "init");
    if (!b->expected[0] && module_call_new(&b->host, c->module, e, b->views, b->feed_count, b->expected, b->fetch_count,
                                           &c->env, &b->error))
        die(b, "compiled step");
    for (size_t i = 0; i < b->feed_count; i++)
        memcpy((char *)c->feeds + e->feeds[i].offset, &b->views[i].data, sizeof(void *));
    for (size_t i = 0; i < b->fetch_count; i++) {
        size_t bytes = stepc_tensor_bytes(b->expected[i]);
        c->outs[i] = stepc_tensor_view(b->expected[i]);
        c->outs[i].data = c->out_data[i] = memory(b, bytes);
        memcpy((char *)c->fetches + e->fetches[i].offset, &c->out_data[i], sizeof(void *));
    }
}

static void start_peer(bench *b, peer *p)
{
    int to[2], from[2];
    if (pipe(to) || pipe(from))
        die(b, "pipe");
    pid_t child = fork();
    if (child == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[1]);
        close(from[0]);
        execl("/bin/sh", "sh", "-c", p->command, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    p->to = fdopen(to[1], "w");
    p->from = fdopen(from[0], "r");
    if (child < 0 || !p->to || !p->from)
        die(b, p->command);
}

/* Whether the peer answered that all is well. */
static bool ask_peer(peer *p, char *answer, int bytes, const char *command, const char *net, const char *rest)
{
    fprintf(p->to, "%s %s %s\n", command, net, rest);
    fflush(p->to);
    return fgets(answer, bytes, p->from) && strstr(answer, "\"ok\":1");
}

/* ---- how far apart ---------------------------------------------------------------------------------------- */

static double difference(const bench *b, float *const *data)
{
    double worst = 0, largest = 1e-30;
    for (size_t i = 0; i < b->fetch_count; i++) {
        const float *expected = stepc_tensor_data(b->expected[i]);
        if (stepc_tensor_dtype(b->expected[i]) != STEPC_FLOAT32)
            return -1;
        for (int64_t k = 0; k < stepc_tensor_length(b->expected[i]); k++) {
            double d = fabs((double)data[i][k] - (double)expected[k]);
            worst = !(d <= worst) ? d : worst;
            largest = fmax(largest, fabs((double)expected[k]));
        }
    }
    return worst / largest;
}

static double peer_difference(bench *b, peer *p)
{
    char file[] = "/tmp/bench-out-XXXXXX", answer[512];
    float *data[FEW];
    int handle = mkstemp(file);
    double result = -1;
    bool good = handle >= 0 && ask_peer(p, answer, sizeof answer, "out", b->net, file);
    for (size_t i = 0; i < b->fetch_count; i++) {
        size_t bytes = stepc_tensor_bytes(b->expected[i]);
        data[i] = memory(b, bytes);
        good = good && read(handle, data[i], bytes) == (ssize_t)bytes;
    }
    if (good)
        result = difference(b, data);
    for (size_t i = 0; i < b->fetch_count; i++)
        free(data[i]);
    if (handle >= 0)
        close(handle);
    unlink(file);
    return result;
}

/* ---- timing ----------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static series *next_series(bench *b, const char *first, const char *second, const char *third)
{
    series *s = &b->all[b->count++];
    if (b->count == ENGINES)
        die(b, "too many engines");
    if (!s->is_done) {
        snprintf(s->name, sizeof s->name, "%s%s%s", first, second, third);
        s->min = s->median = INFINITY;
        s->difference = -1;
        s->is_done = true;
    }
    return s;
}

static void keep(series *s, double min, double median)
{
    s->min = fmin(s->min, min);
    s->median = fmin(s->median, median);
}

static void time_step(bench *b, series *s, void (*step)(bench *, void *), void *context)
{
    static double samples[SAMPLES];
    size_t count = 0;
    int64_t batch = 1;
    for (double spent = 0; spent < 20e3 && batch < (int64_t)1 << 24;) { /* a sample beyond the clock's grain */
        double start = now();
        for (int64_t i = 0; i < batch; i++)
            step(b, context);
        spent = now() - start;
        batch *= spent < 20e3 ? 2 : 1;
    }
    for (double start = now(), last = start; count < SAMPLES && (count < 3 || last - start < b->ms * 1e6);) {
        for (int64_t i = 0; i < batch; i++)
            step(b, context);
        double end = now();
        samples[count++] = (end - last) / (double)batch;
        last = end;
    }
    qsort(samples, count, sizeof *samples, by_value);
    keep(s, samples[0], samples[count / 2]);
}

static void time_peer(bench *b, peer *p)
{
    char answer[512], rest[64];
    snprintf(rest, sizeof rest, "%g 3", b->ms);
    series *s = next_series(b, p->name, "", "");
    if (!ask_peer(p, answer, sizeof answer, "bench", b->net, rest))
        return;
    const char *min = strstr(answer, "\"min\":"), *median = strstr(answer, "\"med\":");
    if (min && median)
        keep(s, atof(min + 6), atof(median + 6));
    if (s->difference < 0)
        s->difference = peer_difference(b, p);
}

static void time_round(bench *b)
{
    b->count = 0;
    for (size_t i = 0; i < b->build_count; i++) {
        build *c = &b->builds[i];
        char name[64];
        snprintf(name, sizeof name, "%s %.20s", c->isa, c->cc);
        series *s = next_series(b, "compiled, ", name, "");
        time_step(b, s, step_direct, c);
        s->difference = difference(b, c->out_data);
        time_step(b, next_series(b, "  ", name, ", table"), step_table, c);
        time_step(b, next_series(b, "  ", name, ", module_call"), step_generic, c);
    }
    if (b->hand) {
        series *s = next_series(b, "hand-fused C", "", "");
        time_step(b, s, step_hand, NULL);
        s->difference = difference(b, (float *const *)(void *)b->hand_outs);
    }
    for (size_t i = 0; i < b->peer_count; i++)
        time_peer(b, &b->peers[i]);
    if (b->has_interpreter)
        time_step(b, next_series(b, "interpreted", "", ""), step_interpreted, NULL);
}

static void print(const bench *b)
{
    const char *base = strrchr(b->model, '/');
    printf("%s, %d rounds; ratio: minimum over that of the first line\n%-28s %14s %14s %9s %9s\n",
           *b->net ? b->net
           : base  ? base + 1
                   : b->model,
           b->rounds, "engine", "min ns", "median ns", "ratio", "differs");
    for (size_t i = 0; i < b->count; i++) {
        const series *s = &b->all[i];
        if (!isfinite(s->min)) {
            printf("%-28s %14s\n", s->name, "failed");
            continue;
        }
        printf("%-28s %14.1f %14.1f %9.3f ", s->name, s->min, s->median, s->min / b->all[0].min);
        if (s->difference >= 0)
            printf("%9.1e", s->difference);
        printf("\n");
    }
    fflush(stdout);
}

int main(int count, char **arguments)
{
    static bench b;
    stepc_host_init(&b.host);
    error_init(&b.error);
    parse(&b, count, arguments);
    if (stepc_graph_load(b.model, NULL, &b.graph, &b.error))
        die(&b, "load");
    load_feeds(&b);
    if (b.has_interpreter)
        open_session(&b);
    for (size_t i = 0; i < b.build_count; i++)
        make_build(&b, &b.builds[i]);
    if (b.handc) {
        void *library = dlopen(b.handc, RTLD_NOW | RTLD_LOCAL);
        if (!library)
            die(&b, dlerror());
        *(void **)&b.hand = dlsym(library, "entry");
        for (size_t i = 0; i < b.fetch_count; i++)
            b.hand_outs[i] = memory(&b, stepc_tensor_bytes(b.expected[i]));
        if (!b.hand || b.feed_count + b.fetch_count > 4)
            die(&b, b.handc);
    }
    for (size_t i = 0; i < b.peer_count; i++)
        start_peer(&b, &b.peers[i]);
    for (int r = 0; r < b.rounds; r++)
        time_round(&b);
    print(&b);
    for (size_t i = 0; i < b.peer_count; i++) {
        fputs("quit\n", b.peers[i].to);
        fclose(b.peers[i].to);
    }
    while (wait(NULL) > 0)
        ;
    return 0;
}
