/* SPDX-License-Identifier: Apache-2.0 */
/* stepc run: one step, or several in one session. */
#include "compiler/cli/engine.h"

#include "runtime/core/npy.h"

#include <string.h>

typedef struct run {
    cli *c;
    stepc_graph *graph;
    request request;
    signature signature;
    feed_sets feeds;
    engine *engine;
    stepc_tensor **fetched;
} run;

/* ---- storing --------------------------------------------------------------------------------- */

/* All files appear or none does: each is written in a private folder first. */
static int store_fetches(run *r)
{
    cli *c = r->c;
    const requested_callable *callable = &r->request.callables[0];
    output_set *set = NULL;
    char *folder = scratch_make(c);
    stepc_code code = folder ? output_begin(&c->host, &set, &c->error) : STEPC_UNAVAILABLE;
    for (size_t i = r->signature.fetch_count; !code && i-- > 0;) {
        stepc_view view = stepc_tensor_view(r->fetched[i]);
        file_bytes file = {NULL, 0};
        if (!callable->outputs[i])
            continue;
        const char *path = cli_format(c, "%s/fetch_%zu", folder, i);
        code = npy_write(&c->host, path, &view, &c->error);
        if (!code)
            code = file_read(&c->host, path, &file, &c->error);
        if (!code)
            code = output_add(set, callable->outputs[i], file.data, file.size, &c->error);
        if (file.data)
            file_release(&c->host, &file);
    }
    if (code)
        output_abandon(set);
    else
        code = output_commit(set, &c->error);
    scratch_remove(folder);
    return code ? cli_fail(c, IN_FILES) : 0;
}

static int store(run *r)
{
    for (size_t i = 0; i < r->signature.fetch_count; i++)
        if (r->request.callables[0].outputs[i])
            return store_fetches(r);
    return 0;
}

/* ---- printing -------------------------------------------------------------------------------- */

static void print_plain(run *r)
{
    cli *c = r->c;
    for (size_t i = 0; i < r->signature.fetch_count; i++) {
        stepc_view view = stepc_tensor_view(r->fetched[i]);
        if (r->request.callables[0].outputs[i])
            continue;
        cli_print_safe(c, r->signature.fetches[i].tensor);
        text_puts(&c->out, view.rank > 0 ? " =\n" : " = ");
        tensor_print(c, &view, c->args.verbose);
    }
}

static void print_json(run *r, int64_t steps)
{
    cli *c = r->c;
    json j;
    cli_json_begin(c, &j);
    json_text(&j, "model", cli_model(c));
    json_text(&j, "engine", engine_name(r->engine));
    json_i64(&j, "steps", steps);
    json_text(&j, "assumed", r->request.assumed);
    json_open(&j, "fetches", '[');
    for (size_t i = 0; i < r->signature.fetch_count; i++) {
        stepc_view view = stepc_tensor_view(r->fetched[i]);
        json_open(&j, NULL, '{');
        json_text(&j, "tensor", r->signature.fetches[i].tensor);
        json_text(&j, "file", r->request.callables[0].outputs[i]);
        tensor_json(&j, &view);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    cli_json_end(c, &j);
}

/* ---- running --------------------------------------------------------------------------------- */

static void release_fetched(run *r)
{
    for (size_t i = 0; r->fetched && i < r->signature.fetch_count; i++) {
        stepc_tensor_release(r->fetched[i]);
        r->fetched[i] = NULL;
    }
}

static int check_fed(run *r)
{
    const requested_callable *callable = &r->request.callables[0];
    cli *c = r->c;
    if (!r->request.assumed)
        return 0;
    for (size_t i = 0; i < callable->spec.feed_count; i++)
        if (!callable->values[i])
            return cli_usage(c, "feed %.128s has no value; write --feed %.64s=VALUE", callable->spec.feeds[i].tensor,
                             callable->spec.feeds[i].tensor);
    return 0;
}

static int open_engine(run *r)
{
    cli *c = r->c;
    engine_kind kind = ENGINE_INTERPRETED;
    engine_request what = {r->graph, &r->request.callables[0].spec, &r->signature, r->feeds.items[0].views};
    int status = c->args.engine ? engine_kind_parse(c, c->args.engine, &kind) : 0;
    if (!status && c->args.module && c->args.engine && kind != ENGINE_COMPILED)
        return cli_usage(c, "--module runs compiled code; --engine %.64s contradicts it", c->args.engine);
    if (status)
        return status;
    return engine_open(c, c->args.module ? ENGINE_LIBRARY : kind, c->args.module, &what, &r->engine);
}

static int run_steps(run *r, int64_t steps)
{
    cli *c = r->c;
    for (int64_t i = 0; i < steps; i++) {
        release_fetched(r);
        if (engine_step(r->engine, r->feeds.items[0].views, r->fetched) != STEPC_OK)
            return cli_fail(c, IN_MODEL);
    }
    int status = store(r);
    if (status)
        return status;
    if (c->args.json)
        print_json(r, steps);
    else
        print_plain(r);
    return 0;
}

static int run_all(run *r)
{
    cli *c = r->c;
    int64_t steps = c->args.steps < 0 ? 1 : c->args.steps;
    if (steps == 0)
        return cli_usage(c, "--steps takes a number from 1");
    int status = cli_load_graph(c, &r->graph);
    if (!status)
        status = request_build(c, r->graph, REQUEST_VALUES | REQUEST_OUTPUTS | REQUEST_SINGLE, &r->request);
    if (!status)
        status = check_fed(r);
    if (status)
        return status;
    if (signature_resolve(r->graph, &c->memory, &r->request.callables[0].spec, &r->signature, &c->error) != STEPC_OK)
        return cli_fail(c, IN_MODEL);
    status = feed_sets_make(c, &r->signature, &r->request.callables[0], &r->feeds);
    if (!status)
        status = open_engine(r);
    r->fetched = CLI_ARRAY(c, stepc_tensor *, r->signature.fetch_count);
    return status ? status : run_steps(r, steps);
}

int command_run(cli *c)
{
    run r = {.c = c};
    int status = run_all(&r);
    release_fetched(&r);
    engine_close(r.engine);
    stepc_graph_release(r.graph);
    return status;
}
