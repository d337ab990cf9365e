/* SPDX-License-Identifier: Apache-2.0 */
/* stepc bench: microseconds per step. */
#include "compiler/cli/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE_SECONDS 20e-6 /* a sample takes at least this long, so that the clock's grain does not show */
#define SAMPLES_MOST   200000

typedef struct bench_result {
    const char *engine;
    double median_us, min_us, p99_us;
    int64_t calls;
    engine_figures figures;
} bench_result;

typedef struct bench {
    cli *c;
    stepc_graph *graph;
    request request;
    signature signature;
    feed_sets feeds;
    bench_result *results;
    size_t count;
} bench;

static int by_value(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* How many calls make one sample: doubled until a sample is long enough. This warms caches, too. */
static stepc_code calibrate(engine *e, int64_t *out_batch)
{
    for (*out_batch = 1;; *out_batch *= 2) {
        double start = clock_seconds();
        stepc_code code = engine_repeat(e, *out_batch);
        if (code)
            return code;
        if (clock_seconds() - start >= SAMPLE_SECONDS || *out_batch >= (int64_t)1 << 30)
            return STEPC_OK;
    }
}

static stepc_code measure(cli *c, engine *e, double seconds, bench_result *out)
{
    double *samples = CLI_ARRAY(c, double, SAMPLES_MOST);
    size_t count = 0;
    int64_t batch;
    stepc_code code = calibrate(e, &batch);
    double end = clock_seconds() + seconds;
    while (!code && count < SAMPLES_MOST) {
        double start = clock_seconds();
        code = engine_repeat(e, batch);
        double now = clock_seconds();
        samples[count++] = (now - start) * 1e6 / (double)batch;
        if (now >= end && count >= 3)
            break;
    }
    if (code)
        return code;
    qsort(samples, count, sizeof *samples, by_value);
    out->median_us = count % 2 ? samples[count / 2] : 0.5 * (samples[count / 2 - 1] + samples[count / 2]);
    out->min_us = samples[0];
    out->p99_us = samples[(count - 1) * 99 / 100];
    out->calls = (int64_t)count * batch;
    return STEPC_OK;
}

static int bench_engine(bench *r, engine_kind kind)
{
    cli *c = r->c;
    const feed_set *set = &r->feeds.items[0];
    engine_request what = {r->graph, &r->request.callables[0].spec, &r->signature, set->views};
    bench_result *out = &r->results[r->count++];
    engine *e;
    int status = engine_open(c, kind, c->args.module, &what, &e);
    if (status)
        return status;
    out->engine = engine_name(e);
    stepc_code code = engine_prepare(e, set->views);
    if (!code)
        code = engine_measure(e, &out->figures);
    cli_progress(c, "%s", out->engine);
    if (!code)
        code = measure(c, e, c->args.seconds >= 0 ? c->args.seconds : 1.0, out);
    cli_progress(c, "%s", "");
    status = code ? cli_fail(c, IN_MODEL) : 0;
    engine_close(e);
    return status;
}

static void library_text(cli *c, const char *path, bench_result *out)
{
    file_bytes file;
    int64_t constants;
    if (file_read(&c->host, path, &file, NULL) != STEPC_OK)
        return;
    (void)elf_sizes(file.data, file.size, &out->figures.text_bytes, &constants);
    file_release(&c->host, &file);
}

static int bench_engines(bench *r)
{
    cli *c = r->c;
    text_list names = text_split(c,
                                 c->args.engine   ? c->args.engine
                                 : c->args.module ? ""
                                                  : "interpreted,compiled",
                                 ',');
    int status = 0;
    r->results = CLI_ARRAY(c, bench_result, names.count + 1);
    for (size_t i = 0; !status && i < names.count; i++) {
        engine_kind kind = ENGINE_LIBRARY;
        if (!*names.items[i])
            continue;
        status = engine_kind_parse(c, names.items[i], &kind);
        if (!status)
            status = bench_engine(r, kind);
    }
    if (status || !c->args.module)
        return status;
    status = bench_engine(r, ENGINE_LIBRARY);
    library_text(c, c->args.module, &r->results[r->count - 1]);
    return status;
}

static void print_plain(bench *r)
{
    char line[256];
    text *out = &r->c->out;
    (void)snprintf(line, sizeof line, "%-12s %12s %12s %12s %10s %10s %10s %10s\n", "engine", "median us", "min us",
                   "p99 us", "calls", "code", "weights", "arena");
    text_puts(out, line);
    for (size_t i = 0; i < r->count; i++) {
        const bench_result *b = &r->results[i];
        (void)snprintf(line, sizeof line, "%-12s %12.3f %12.3f %12.3f %10lld %10lld %10lld %10lld\n", b->engine,
                       b->median_us, b->min_us, b->p99_us, (long long)b->calls, (long long)b->figures.text_bytes,
                       (long long)b->figures.weights_bytes, (long long)b->figures.arena_bytes);
        text_puts(out, line);
    }
}

static void print_json(bench *r)
{
    cli *c = r->c;
    json j;
    cli_json_begin(c, &j);
    json_text(&j, "model", cli_model(c));
    json_text(&j, "assumed", r->request.assumed);
    json_text(&j, "feeds", r->feeds.items[0].name);
    json_open(&j, "engines", '[');
    for (size_t i = 0; i < r->count; i++) {
        const bench_result *b = &r->results[i];
        json_open(&j, NULL, '{');
        json_text(&j, "engine", b->engine);
        json_real(&j, "median_us", b->median_us);
        json_real(&j, "min_us", b->min_us);
        json_real(&j, "p99_us", b->p99_us);
        json_i64(&j, "calls", b->calls);
        json_i64(&j, "text_bytes", b->figures.text_bytes);
        json_i64(&j, "weights_bytes", b->figures.weights_bytes);
        json_i64(&j, "arena_bytes", b->figures.arena_bytes);
        json_i64(&j, "threads", 1);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    cli_json_end(c, &j);
}

static int bench_all(bench *r)
{
    cli *c = r->c;
    if (c->args.threads == 0)
        return cli_usage(c, "--threads takes a number from 1");
    if (c->args.threads > 1)
        return cli_refuse(c, STEPC_UNIMPLEMENTED, IN_MODEL, "use --threads 1", "this build runs a step in one thread");
    if (c->args.random > 1 || c->args.cases.count > 1)
        return cli_usage(c, "stepc bench times one set of feeds");
    int status = cli_load_graph(c, &r->graph);
    if (!status)
        status = request_build(c, r->graph, REQUEST_VALUES | REQUEST_SINGLE, &r->request);
    if (status)
        return status;
    if (signature_resolve(r->graph, &c->memory, &r->request.callables[0].spec, &r->signature, &c->error) != STEPC_OK)
        return cli_fail(c, IN_MODEL);
    status = feed_sets_make(c, &r->signature, &r->request.callables[0], &r->feeds);
    if (!status)
        status = bench_engines(r);
    if (status)
        return status;
    if (c->args.json)
        print_json(r);
    else
        print_plain(r);
    return 0;
}

int command_bench(cli *c)
{
    bench r = {.c = c};
    int status = bench_all(&r);
    stepc_graph_release(r.graph);
    return status;
}
