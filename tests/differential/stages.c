/* SPDX-License-Identifier: Apache-2.0 */
#include "stages.h"

#include "compiler/driver/driver.h"
#include "compiler/lower/lower.h"
#include "runtime/core/host.h"

#include <stdlib.h>
#include <string.h>

#define MOST_SYMBOLS 256

static stepc_code add_feed(experiment *e, generated_graph *g, const generated_tensor *t, stepc_error *error)
{
    size_t i = e->feed_count;
    stepc_code code = stepc_tensor_new(&e->host, t->dtype, t->dims, t->rank, &e->feeds[i], error);
    if (code)
        return code;
    generate_values(g, t, stepc_tensor_data(e->feeds[i]), stepc_tensor_length(e->feeds[i]));
    e->views[i] = stepc_tensor_view(e->feeds[i]);
    e->feed_specs[i].tensor = t->name;
    /* In an old graph a scalar Placeholder says nothing about its shape. */
    e->feed_specs[i].shape = t->shape[0] || (g->is_old && t->rank == 0) ? t->shape : NULL;
    e->feed_count++;
    return STEPC_OK;
}

/* Feeds that are used; every result that nobody reads, and some that somebody does, is fetched. */
static stepc_code choose(experiment *e, generated_graph *g, stepc_error *error)
{
    for (int32_t i = 0; i < g->tensor_count; i++) {
        generated_tensor *t = &g->tensors[i];
        if (t->is_feed) {
            stepc_code code = add_feed(e, g, t, error);
            if (code)
                return code;
        } else if (dtype_is_complex(t->dtype)) {
            continue; /* judged by its parts */
        } else if (!t->is_used || generate_below(g, g->operation_count > 60 ? 200 : 6) == 0) {
            stepc_string op;
            int32_t index;
            bool has_index;
            tensor_name_split(text_view(t->name), &op, &index, &has_index);
            const stepc_operation *operation = graph_find(e->graph, op);
            if (operation && !text_equal(operation->type, TEXT_LITERAL("Const"))) {
                e->fetch_names[e->fetch_count] = t->name;
                e->fetch_specs[e->fetch_count++].tensor = t->name;
            }
        }
    }
    return STEPC_OK;
}

static stepc_code run_reference(experiment *e, stepc_error *error)
{
    static stepc_feed feeds[GENERATE_TENSORS];
    static stepc_fetch fetches[EXPERIMENT_FETCHES];
    stepc_session_options options = {.size = sizeof options, .engine = STEPC_ENGINE_REFERENCE};
    stepc_session *session;
    stepc_code code = stepc_session_open(e->graph, &options, &session, error);
    memset(fetches, 0, sizeof fetches);
    for (size_t i = 0; !code && i < e->feed_count; i++) {
        feeds[i].value = e->views[i];
        code = stepc_graph_find_output(e->graph, e->feed_specs[i].tensor, &feeds[i].at, error);
    }
    for (size_t i = 0; !code && i < e->fetch_count; i++)
        code = stepc_graph_find_output(e->graph, e->fetch_names[i], &fetches[i].at, error);
    if (!code && e->fetch_count)
        code = stepc_session_run(session, feeds, e->feed_count, fetches, e->fetch_count, NULL, 0, NULL, error);
    for (size_t i = 0; !code && i < e->fetch_count; i++)
        e->expected[i] = fetches[i].out;
    stepc_session_free(session);
    return code;
}

stepc_code experiment_begin(experiment *e, generated_graph *g, const char *isa, stepc_error *error)
{
    memset(e, 0, sizeof *e);
    stepc_host_init(&e->host);
    e->host.report = reach_listen;
    e->host.report_context = &e->parts;
    e->isa = isa_find(isa ? isa : "generic");
    if (e->isa == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "there is no profile %s", isa);
    stepc_load_options options = {.size = sizeof options, .host = &e->host};
    stepc_code code = stepc_graph_parse("random", g->nodes.data, g->nodes.size, &options, &e->graph, error);
    if (!code)
        code = choose(e, g, error);
    e->symbolic = g->symbolic;
    e->nodes = &g->nodes;
    e->spec = (stepc_callable_spec){.size = sizeof e->spec, .name = "random_step", .feeds = e->feed_specs,
                                    .feed_count = e->feed_count, .fetches = e->fetch_specs, .fetch_count = e->fetch_count};
    return code ? code : run_reference(e, error);
}

void experiment_end(experiment *e)
{
    for (size_t i = 0; i < e->feed_count; i++)
        stepc_tensor_release(e->feeds[i]);
    for (size_t i = 0; i < e->fetch_count; i++)
        stepc_tensor_release(e->expected[i]);
    stepc_graph_release(e->graph);
}

const char *stage_name(int stage)
{
    static const char *const names[] = {"lower", "fuse", "schedule"};
    return names[stage];
}

static void count_groups(const loop_program *p, int64_t *by_size)
{
    for (int32_t i = 0; i < p->group_count; i++) {
        int32_t count = p->groups[i].count;
        by_size[count <= 2 ? 0 : count <= 8 ? 1 : count <= 64 ? 2 : 3]++;
    }
}

static stepc_code make_program(experiment *e, int stage, bool exact, arena *memory, size_pool *sizes, step **out_step,
                               loop_program **out, stepc_error *error)
{
    signature *sig = ARENA_NEW(memory, signature);
    lower_shared shared = {0};
    stepc_code code = signature_resolve(e->graph, memory, &e->spec, sig, error);
    if (!code)
        code = step_build(&e->host, memory, sizes, e->graph, sig, false, out_step, error);
    for (size_t i = 0; !code && i < pass_count(); i++)
        code = pass_at(i)->run(*out_step, error);
    if (!code)
        code = lower_step(*out_step, exact, &shared, out, error);
    if (!code)
        code = loop_verify(*out, error);
    if (!code && stage >= STAGE_FUSE) {
        code = loop_fuse(*out, e->isa, error);
        code = code ? code : loop_verify(*out, error);
    }
    if (!code && stage >= STAGE_SCHEDULE) {
        code = loop_schedule(*out, e->isa, error);
        code = code ? code : loop_verify(*out, error);
    }
    return code;
}

/* Symbols are named after their values. */
static size_t symbol_values(const size_pool *sizes, int64_t *symbols)
{
    size_t count = 0;
    for (size_t i = 0; i < size_symbol_count(sizes) && i < MOST_SYMBOLS; i++)
        symbols[count++] = strtoll(size_get(sizes, size_symbol_at(sizes, i))->name + 1, NULL, 10);
    return count;
}

stepc_code stage_visit(experiment *e, int stage, bool exact, stage_use use, void *data, stepc_error *error)
{
    arena memory;
    size_pool sizes;
    step *s = NULL;
    loop_program *program;
    int64_t symbols[MOST_SYMBOLS];
    e->parts = 0;
    arena_init(&memory, &e->host);
    size_pool_init(&sizes, &memory);
    stepc_code code = make_program(e, stage, exact, &memory, &sizes, &s, &program, error);
    if (!code)
        code = use(e, program, symbols, symbol_values(&sizes, symbols), data, error);
    step_release(s);
    arena_release(&memory);
    return code;
}

typedef struct evaluation_use {
    stepc_tensor **out;
    int64_t *groups_by_size; /* NULL: not counted */
    reach_counts *reach;     /* NULL: not counted */
} evaluation_use;

static stepc_code evaluate(experiment *e, const loop_program *p, const int64_t *symbols, size_t symbol_count, void *data,
                           stepc_error *error)
{
    const evaluation_use *use = data;
    loop_run run = {.feeds = e->views, .fetches = use->out, .symbols = symbols, .symbol_count = (int64_t)symbol_count};
    if (use->groups_by_size)
        count_groups(p, use->groups_by_size);
    if (use->reach)
        reach_count(p, e->isa, e->parts, use->reach);
    return loop_evaluate(p, &run, error);
}

stepc_code stage_evaluate(experiment *e, int stage, bool exact, stepc_tensor **out, int64_t *groups_by_size, reach_counts *reach,
                          stepc_error *error)
{
    evaluation_use use = {out, stage == STAGE_FUSE ? groups_by_size : NULL, stage == STAGE_SCHEDULE ? reach : NULL};
    return stage_visit(e, stage, exact, evaluate, &use, error);
}

static stepc_code look(experiment *e, const loop_program *p, const int64_t *symbols, size_t symbol_count, void *data, stepc_error *error)
{
    (void)symbols;
    (void)symbol_count;
    (void)error;
    reach_count(p, e->isa, e->parts, data);
    return STEPC_OK;
}

stepc_code stage_reach(experiment *e, bool exact, reach_counts *reach, stepc_error *error)
{
    return stage_visit(e, STAGE_SCHEDULE, exact, look, reach, error);
}
