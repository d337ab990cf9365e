/* SPDX-License-Identifier: Apache-2.0 */
/* Loops at memory speed: times steps of one operator that only reduce or move elements, beside plain loops over the same
 * memory: a vector sum (what one thread can read) and a copy (what it can read and write). All series of a case take
 * turns call by call; figures are minimum and median over all of them, GB/s of the minimum, and per cent of the plain
 * loop's: of the read loop for reductions, of the better copy for movement (both count bytes read and written).
 *
 * memory [--build ISA:CC[:CFLAGS]]... [--case WORD] [--all] [--rounds N] [--ms MS] [--list]
 *
 * --case: cases whose name contains WORD (of all there are). --all: also the rarer forms and small sizes. */
#include "compiler/driver/driver.h"
#include "runtime/core/error.h"
#include "runtime/core/host.h"
#include "runtime/module/call.h"
#include "stepc/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BUILDS = 6, SERIES = BUILDS + 2, SAMPLES = 1 << 15, RANK = 4 };

typedef enum case_kind { KIND_REDUCE, KIND_PLACE, KIND_MOVE } case_kind;

typedef struct bench_case {
    const char *name, *op;
    case_kind kind;
    stepc_dtype dtype;
    int32_t rank;
    int64_t dims[RANK];
    int32_t numbers, number[RANK]; /* reduced axes, or the permutation */
    bool is_rare;
} bench_case;

#define ROWS  4096, 4096
#define IMAGE 8, 224, 224, 64
#define PLANE 8, 64, 224, 224

static const bench_case cases[] = {
    {"sum rows", "Sum", KIND_REDUCE, STEPC_FLOAT32, 2, {ROWS}, 1, {1}, false},
    {"sum columns", "Sum", KIND_REDUCE, STEPC_FLOAT32, 2, {ROWS}, 1, {0}, false},
    {"sum all", "Sum", KIND_REDUCE, STEPC_FLOAT32, 2, {ROWS}, 2, {0, 1}, false},
    {"transpose", "Transpose", KIND_MOVE, STEPC_FLOAT32, 2, {ROWS}, 2, {1, 0}, false},
    {"nhwc to nchw", "Transpose", KIND_MOVE, STEPC_FLOAT32, 4, {IMAGE}, 4, {0, 3, 1, 2}, false},
    {"nchw to nhwc", "Transpose", KIND_MOVE, STEPC_FLOAT32, 4, {PLANE}, 4, {0, 2, 3, 1}, false},
    {"max rows", "Max", KIND_REDUCE, STEPC_FLOAT32, 2, {ROWS}, 1, {1}, true},
    {"max columns", "Max", KIND_REDUCE, STEPC_FLOAT32, 2, {ROWS}, 1, {0}, true},
    {"min columns", "Min", KIND_REDUCE, STEPC_FLOAT32, 2, {ROWS}, 1, {0}, true},
    {"mean columns", "Mean", KIND_REDUCE, STEPC_FLOAT32, 2, {ROWS}, 1, {0}, true},
    {"prod all", "Prod", KIND_REDUCE, STEPC_FLOAT32, 2, {ROWS}, 2, {0, 1}, true},
    {"sum rows double", "Sum", KIND_REDUCE, STEPC_FLOAT64, 2, {2048, 4096}, 1, {1}, true},
    {"sum columns double", "Sum", KIND_REDUCE, STEPC_FLOAT64, 2, {2048, 4096}, 1, {0}, true},
    {"sum rows half", "Sum", KIND_REDUCE, STEPC_HALF, 2, {8192, 4096}, 1, {1}, true},
    {"sum columns half", "Sum", KIND_REDUCE, STEPC_HALF, 2, {8192, 4096}, 1, {0}, true},
    {"sum rows int32", "Sum", KIND_REDUCE, STEPC_INT32, 2, {ROWS}, 1, {1}, true},
    {"sum columns int32", "Sum", KIND_REDUCE, STEPC_INT32, 2, {ROWS}, 1, {0}, true},
    {"max columns int32", "Max", KIND_REDUCE, STEPC_INT32, 2, {ROWS}, 1, {0}, true},
    {"sum rows int64", "Sum", KIND_REDUCE, STEPC_INT64, 2, {2048, 4096}, 1, {1}, true},
    {"sum columns int64", "Sum", KIND_REDUCE, STEPC_INT64, 2, {2048, 4096}, 1, {0}, true},
    {"sum rows int8", "Sum", KIND_REDUCE, STEPC_INT8, 2, {ROWS}, 1, {1}, true},
    {"sum rows int16", "Sum", KIND_REDUCE, STEPC_INT16, 2, {ROWS}, 1, {1}, true},
    {"any rows", "Any", KIND_REDUCE, STEPC_BOOL, 2, {ROWS}, 1, {1}, true},
    {"all columns", "All", KIND_REDUCE, STEPC_BOOL, 2, {ROWS}, 1, {0}, true},
    {"argmax rows", "ArgMax", KIND_PLACE, STEPC_FLOAT32, 2, {ROWS}, 1, {1}, true},
    {"argmax columns", "ArgMax", KIND_PLACE, STEPC_FLOAT32, 2, {ROWS}, 1, {0}, true},
    {"argmin rows int32", "ArgMin", KIND_PLACE, STEPC_INT32, 2, {ROWS}, 1, {1}, true},
    {"sum middle", "Sum", KIND_REDUCE, STEPC_FLOAT32, 3, {64, 1024, 256}, 1, {1}, true},
    {"sum middle narrow", "Sum", KIND_REDUCE, STEPC_FLOAT32, 3, {64, 16384, 16}, 1, {1}, true},
    {"sum outer and inner", "Sum", KIND_REDUCE, STEPC_FLOAT32, 3, {64, 1024, 256}, 2, {0, 2}, true},
    {"sum images", "Sum", KIND_REDUCE, STEPC_FLOAT32, 4, {IMAGE}, 3, {0, 1, 2}, true},
    {"sum planes", "Sum", KIND_REDUCE, STEPC_FLOAT32, 4, {PLANE}, 2, {2, 3}, true},
    {"sum planes and batch", "Sum", KIND_REDUCE, STEPC_FLOAT32, 4, {PLANE}, 3, {0, 2, 3}, true},
    {"sum 3 columns", "Sum", KIND_REDUCE, STEPC_FLOAT32, 2, {5592405, 3}, 1, {0}, true},
    {"sum rows of 3", "Sum", KIND_REDUCE, STEPC_FLOAT32, 2, {5592405, 3}, 1, {1}, true},
    {"sum rows of 17", "Sum", KIND_REDUCE, STEPC_FLOAT32, 2, {986895, 17}, 1, {1}, true},
    {"sum few long rows", "Sum", KIND_REDUCE, STEPC_FLOAT32, 2, {3, 5592405}, 1, {1}, true},
    {"small sum rows", "Sum", KIND_REDUCE, STEPC_FLOAT32, 2, {64, 64}, 1, {1}, true},
    {"small sum columns", "Sum", KIND_REDUCE, STEPC_FLOAT32, 2, {64, 64}, 1, {0}, true},
    {"small sum all", "Sum", KIND_REDUCE, STEPC_FLOAT32, 2, {64, 64}, 2, {0, 1}, true},
    {"cache sum rows", "Sum", KIND_REDUCE, STEPC_FLOAT32, 2, {512, 512}, 1, {1}, true},
    {"cache sum columns", "Sum", KIND_REDUCE, STEPC_FLOAT32, 2, {512, 512}, 1, {0}, true},
};

typedef struct build {
    const char *isa, *cc, *cflags;
    stepc_product *product;
    loaded_module *library;
    const stepc_entry *entry;
    stepc_env env;
    void *feeds, *fetches;
} build;

typedef struct series {
    char name[48];
    double samples[SAMPLES];
    size_t count;
    double difference;
} series;

typedef struct bench {
    stepc_host host;
    stepc_error error;
    build builds[BUILDS];
    size_t build_count;
    const char *word;
    bool all;
    int rounds;
    double ms;
    /* of the case under way */
    const bench_case *at;
    stepc_graph *graph;
    stepc_tensor *expected;
    void *in, *out;
    size_t in_bytes, out_bytes;
    series series[SERIES];
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
    fprintf(stderr, "memory: %s %s\n", what, line);
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

/* ---- plain loops ---------------------------------------------------------------------------------------- */

typedef float vec __attribute__((vector_size(64), aligned(64), may_alias));

static volatile float sink;

static void plain_read(bench *b)
{
    const vec *p = b->in;
    size_t count = b->in_bytes / sizeof *p, i = 0;
    vec s[8] = {{0}};
    for (; count - i >= 8; i += 8)
        for (size_t k = 0; k < 8; k++)
            s[k] += p[i + k];
    for (; i < count; i++)
        s[0] += p[i];
    vec all = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
    sink = all[0];
}

static void plain_copy(bench *b)
{
    const vec *p = b->in;
    vec *q = b->out;
    for (size_t i = 0; i < b->in_bytes / sizeof *p; i++) {
        q[i] = p[i];
        __asm__ volatile("" ::: "memory"); /* or it would become memcpy */
    }
}

static void library_copy(bench *b)
{
    memcpy(b->out, b->in, b->in_bytes);
    __asm__ volatile("" ::: "memory");
}

/* ---- the graph ------------------------------------------------------------------------------------------ */

static const char *type_word(stepc_dtype dtype)
{
    switch ((int)dtype) {
    case STEPC_FLOAT64:
        return "DT_DOUBLE";
    case STEPC_HALF:
        return "DT_HALF";
    case STEPC_INT8:
        return "DT_INT8";
    case STEPC_INT16:
        return "DT_INT16";
    case STEPC_INT32:
        return "DT_INT32";
    case STEPC_INT64:
        return "DT_INT64";
    case STEPC_BOOL:
        return "DT_BOOL";
    default:
        return "DT_FLOAT";
    }
}

static void make_graph(bench *b)
{
    const bench_case *c = b->at;
    char data[4096], attributes[512] = "";
    char *p = data;
    bool is_bool = c->dtype == STEPC_BOOL;
    if (!is_bool)
        sprintf(attributes, "attr { key: \"T\" value { type: %s } } ", type_word(c->dtype));
    sprintf(attributes + strlen(attributes), "attr { key: \"%s\" value { type: DT_INT32 } }",
            c->kind == KIND_MOVE ? "Tperm" : "Tidx");
    p += sprintf(p, "node { name: \"x\" op: \"Placeholder\" attr { key: \"dtype\" value { type: %s } } "
                    "attr { key: \"shape\" value { shape { ",
                 type_word(c->dtype));
    for (int32_t d = 0; d < c->rank; d++)
        p += sprintf(p, "dim { size: %lld } ", (long long)c->dims[d]);
    p += sprintf(p, "} } } }\nnode { name: \"n\" op: \"Const\" attr { key: \"dtype\" value { type: DT_INT32 } } "
                    "attr { key: \"value\" value { tensor { dtype: DT_INT32 tensor_shape { ");
    if (c->kind != KIND_PLACE)
        p += sprintf(p, "dim { size: %d } ", c->numbers);
    p += sprintf(p, "} ");
    for (int32_t i = 0; i < c->numbers; i++)
        p += sprintf(p, "int_val: %d ", c->number[i]);
    sprintf(p, "} } } }\nnode { name: \"y\" op: \"%s\" input: \"x\" input: \"n\" %s }\n", c->op, attributes);
    if (stepc_graph_parse("memory", data, strlen(data), NULL, &b->graph, &b->error))
        die(b, c->name);
}

static void fill(bench *b)
{
    int64_t length = 1;
    for (int32_t d = 0; d < b->at->rank; d++)
        length *= b->at->dims[d];
    size_t element = stepc_dtype_bytes(b->at->dtype);
    b->in_bytes = (size_t)length * element;
    b->in = memory(b, b->in_bytes);
    uint32_t state = 1;
    for (int64_t i = 0; i < length; i++) {
        state = state * 1664525u + 1013904223u;
        int32_t small = (int32_t)(state >> 24) - 128;
        float x = (float)small / 128.0f;
        if (b->at->dtype == STEPC_FLOAT32)
            ((float *)b->in)[i] = x;
        else if (b->at->dtype == STEPC_FLOAT64)
            ((double *)b->in)[i] = (double)x;
        else if (b->at->dtype == STEPC_HALF)
            ((uint16_t *)b->in)[i] = (uint16_t)(0x3000u + (state >> 22));
        else if (b->at->dtype == STEPC_BOOL)
            ((uint8_t *)b->in)[i] = state >> 28 == 0;
        else
            memcpy((char *)b->in + (size_t)i * element, &small, element > 4 ? 4 : element);
    }
}

/* What the interpreter computes: also the size of the fetch. */
static void interpret(bench *b)
{
    stepc_session_options options = {.size = sizeof options, .engine = STEPC_ENGINE_INTERPRETED, .seed = 1};
    stepc_session *session;
    stepc_feed feed = {.value = {b->in, b->in_bytes, b->at->dims, b->at->rank, (int32_t)b->at->dtype}};
    stepc_fetch fetch = {0};
    if (stepc_session_open(b->graph, &options, &session, &b->error) ||
        stepc_graph_find_output(b->graph, "x:0", &feed.at, &b->error) ||
        stepc_graph_find_output(b->graph, "y:0", &fetch.at, &b->error) ||
        stepc_session_run(session, &feed, 1, &fetch, 1, NULL, 0, NULL, &b->error))
        die(b, b->at->name);
    b->expected = fetch.out;
    b->out_bytes = stepc_tensor_bytes(fetch.out);
    b->out = memory(b, b->out_bytes > b->in_bytes ? b->out_bytes : b->in_bytes);
    stepc_session_free(session);
}

/* ---- builds --------------------------------------------------------------------------------------------- */

static void make_build(bench *b, build *to)
{
    stepc_feed_spec feed = {NULL, "x:0", b->at->dtype, NULL};
    stepc_fetch_spec fetch = {NULL, "y:0"};
    stepc_callable_spec spec = {.size = sizeof spec, .name = "memory_step", .feeds = &feed, .feed_count = 1,
                                .fetches = &fetch, .fetch_count = 1};
    stepc_compile_options options = {.size = sizeof options, .isa = to->isa};
    if (module_compile_and_load(b->graph, &spec, 1, &options, to->cc, to->cflags, &to->product, &to->library,
                                &b->error))
        die(b, b->at->name);
    const stepc_module *module = module_get(to->library);
    const stepc_entry *e = to->entry = &module->entries[0];
    to->feeds = memory(b, e->feeds_bytes);
    to->fetches = memory(b, e->fetches_bytes);
    to->env = (stepc_env){.size = sizeof(stepc_env), .arena = memory(b, e->arena_bytes), .arena_bytes = e->arena_bytes};
    to->env.state = module->state_bytes ? memory(b, module->state_bytes) : NULL;
    if (module->init(&to->env))
        die(b, "init");
    memcpy((char *)to->feeds + e->feeds[0].offset, &b->in, sizeof(void *));
    memcpy((char *)to->fetches + e->fetches[0].offset, &b->out, sizeof(void *));
}

static void run_build(bench *b, build *of)
{
    if (of->entry->call(of->feeds, of->fetches, &of->env))
        die(b, "compiled step");
}

static void drop_build(build *of)
{
    free(of->feeds);
    free(of->fetches);
    free(of->env.arena);
    free(of->env.state);
    module_unload(of->library);
    stepc_product_free(of->product);
}

/* The largest difference over the largest element; other types: 1 when a byte differs. */
static double difference(const bench *b)
{
    if (stepc_tensor_dtype(b->expected) != STEPC_FLOAT32)
        return memcmp(stepc_tensor_data(b->expected), b->out, b->out_bytes) == 0 ? 0 : 1;
    const float *expected = stepc_tensor_data(b->expected), *out = b->out;
    double worst = 0, largest = 1e-30;
    for (size_t i = 0; i < b->out_bytes / sizeof *out; i++) {
        double d = fabs((double)out[i] - (double)expected[i]);
        worst = !(d <= worst) ? d : worst;
        largest = fmax(largest, fabs((double)expected[i]));
    }
    return worst / largest;
}

/* ---- timing --------------------------------------------------------------------------------------------- */

static void run(bench *b, size_t which)
{
    if (which >= 2)
        run_build(b, &b->builds[which - 2]);
    else if (b->at->kind == KIND_MOVE)
        (which == 0 ? library_copy : plain_copy)(b);
    else
        plain_read(b);
}

static bool is_timed(const bench *b, size_t which) { return which != 1 || b->at->kind == KIND_MOVE; }

static double sample(bench *b, size_t which, int64_t batch)
{
    double start = now();
    for (int64_t i = 0; i < batch; i++)
        run(b, which);
    return (now() - start) / (double)batch;
}

/* Calls in turn, each as often as lies beyond the clock's grain. */
static void time_round(bench *b, size_t count)
{
    int64_t batch[SERIES];
    for (size_t s = 0; s < count; s++)
        for (batch[s] = 1; is_timed(b, s) && batch[s] < 1 << 20 && sample(b, s, batch[s]) * (double)batch[s] < 20e3;)
            batch[s] *= 2;
    for (double start = now(); now() - start < b->ms * 1e6 * (double)count;) {
        for (size_t s = 0; s < count; s++) {
            series *to = &b->series[s];
            if (is_timed(b, s) && to->count < SAMPLES)
                to->samples[to->count++] = sample(b, s, batch[s]);
        }
    }
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void print(bench *b, size_t count)
{
    double bytes = (double)b->in_bytes + (b->at->kind == KIND_MOVE ? (double)b->out_bytes : 0), best = INFINITY;
    for (size_t s = 0; s < count; s++) {
        qsort(b->series[s].samples, b->series[s].count, sizeof(double), by_value);
        if (s < 2 && b->series[s].count)
            best = fmin(best, b->series[s].samples[0]);
    }
    printf("%s\n", b->at->name);
    for (size_t s = 0; s < count; s++) {
        const series *of = &b->series[s];
        if (of->count == 0)
            continue;
        printf("  %-26s %12.0f ns min %12.0f ns median %8.2f GB/s %6.1f %%", of->name, of->samples[0],
               of->samples[of->count / 2], bytes / of->samples[0], 100 * best / of->samples[0]);
        if (s >= 2)
            printf("  differs %.1e", of->difference);
        printf("\n");
    }
    fflush(stdout);
}

static void run_case(bench *b, const bench_case *c)
{
    size_t count = b->build_count + 2;
    b->at = c;
    make_graph(b);
    fill(b);
    interpret(b);
    for (size_t s = 0; s < count; s++) {
        series *to = &b->series[s];
        to->count = 0;
        if (s >= 2) {
            build *of = &b->builds[s - 2];
            make_build(b, of);
            snprintf(to->name, sizeof to->name, "%s %.20s", of->isa, of->cc);
            memset(b->out, 0xa5, b->out_bytes);
            run_build(b, of);
            to->difference = difference(b);
        } else {
            strcpy(to->name, c->kind != KIND_MOVE ? "plain read" : s == 0 ? "memcpy" : "plain copy");
        }
    }
    for (int r = 0; r < b->rounds; r++)
        time_round(b, count);
    print(b, count);
    for (size_t i = 0; i < b->build_count; i++)
        drop_build(&b->builds[i]);
    free(b->in);
    free(b->out);
    stepc_tensor_release(b->expected);
    stepc_graph_release(b->graph);
}

/* ---- arguments ------------------------------------------------------------------------------------------ */

static void parse_build(bench *b, char *spec)
{
    if (b->build_count == BUILDS)
        die(b, "too many builds");
    build *to = &b->builds[b->build_count++];
    char *cc = strchr(spec, ':'), *flags = cc ? strchr(cc + 1, ':') : NULL;
    if (cc)
        *cc++ = '\0';
    if (flags)
        *flags++ = '\0';
    if (!isa_find(spec))
        die(b, spec);
    to->isa = isa_find(spec)->name;
    to->cc = cc && *cc ? cc : "cc";
    to->cflags = flags;
}

static void parse(bench *b, int count, char **arguments)
{
    static char host_build[] = "host:cc";
    b->rounds = 5;
    b->ms = 100;
    for (int i = 1; i < count; i++) {
        const char *option = arguments[i];
        char *value = i + 1 < count ? arguments[i + 1] : NULL;
        if (strcmp(option, "--all") == 0) {
            b->all = true;
            continue;
        }
        if (strcmp(option, "--list") == 0) {
            for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
                printf("%s\n", cases[k].name);
            exit(0);
        }
        if (value && strcmp(option, "--build") == 0)
            parse_build(b, value);
        else if (value && strcmp(option, "--case") == 0)
            b->word = value;
        else if (value && strcmp(option, "--rounds") == 0)
            b->rounds = atoi(value);
        else if (value && strcmp(option, "--ms") == 0)
            b->ms = atof(value);
        else
            die(b, "usage: memory [--build ISA:CC[:CFLAGS]]... [--case WORD] [--all] [--rounds N] [--ms MS] [--list]");
        i++;
    }
    if (b->build_count == 0)
        parse_build(b, host_build);
}

int main(int count, char **arguments)
{
    static bench b;
    stepc_host_init(&b.host);
    error_init(&b.error);
    parse(&b, count, arguments);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (b.word ? strstr(cases[i].name, b.word) != NULL : b.all || !cases[i].is_rare)
            run_case(&b, &cases[i]);
    return 0;
}
