/* SPDX-License-Identifier: Apache-2.0 */
/* stepc compare: one engine held against another, and both against recorded results. */
#include "compiler/cli/difference.h"
#include "compiler/cli/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One fetch over all sets: the worst of them. */
typedef struct fetch_report {
    difference worst;
    const char *set; /* where the worst was */
    bool equal;
    int64_t unequal; /* sets */
} fetch_report;

/* A fetch of a case that an engine does not reproduce, or does. */
typedef struct case_report {
    const char *engine, *set;
    size_t fetch;
    difference d;
} case_report;

typedef struct compare {
    cli *c;
    stepc_graph *graph;
    request request;
    signature signature;
    feed_sets feeds;
    engine *engines[2];
    engine_kind kinds[2];
    size_t opened_for; /* the set whose shapes the engines were opened for */
    stepc_tensor **fetched[2];
    double *seconds[2]; /* per set */
    fetch_report *fetches;
    case_report *cases;
    size_t case_count;
    bool holds;
} compare;

/* ---- engines --------------------------------------------------------------------------------- */

static bool same_shapes(const compare *r, size_t a, size_t b)
{
    for (size_t i = 0; i < r->signature.feed_count; i++) {
        const stepc_view *x = &r->feeds.items[a].views[i], *y = &r->feeds.items[b].views[i];
        if (x->rank != y->rank || (x->rank > 0 && memcmp(x->dims, y->dims, (size_t)x->rank * sizeof *x->dims) != 0))
            return false;
    }
    return true;
}

static void close_engines(compare *r)
{
    for (size_t k = 0; k < 2; k++) {
        engine_close(r->engines[k]);
        r->engines[k] = NULL;
    }
}

/* Opens both for the shapes of set NUMBER, unless they are. Other shapes are another step, with its own state. */
static int open_engines(compare *r, size_t number)
{
    cli *c = r->c;
    engine_request what = {r->graph, &r->request.callables[0].spec, &r->signature, r->feeds.items[number].views};
    if (r->engines[0] && (c->args.symbolic || c->args.module || same_shapes(r, number, r->opened_for)))
        return 0;
    close_engines(r);
    r->opened_for = number;
    int status = engine_open(c, r->kinds[0], c->args.module, &what, &r->engines[0]);
    return status ? status : engine_open(c, r->kinds[1], NULL, &what, &r->engines[1]);
}

static int choose_engines(compare *r)
{
    cli *c = r->c;
    r->kinds[0] = ENGINE_COMPILED;
    r->kinds[1] = ENGINE_REFERENCE;
    int status = c->args.engine ? engine_kind_parse(c, c->args.engine, &r->kinds[0]) : 0;
    if (!status && c->args.against)
        status = engine_kind_parse(c, c->args.against, &r->kinds[1]);
    if (status)
        return status;
    if (c->args.module && c->args.engine && r->kinds[0] != ENGINE_COMPILED)
        return cli_usage(c, "--module runs compiled code; --engine %.64s contradicts it", c->args.engine);
    if (c->args.runner && (c->args.module || (c->args.engine && r->kinds[0] != ENGINE_COMPILED)))
        return cli_usage(c, "--runner runs compiled code as a program; --module or --engine contradicts it");
    if (c->args.module)
        r->kinds[0] = ENGINE_LIBRARY;
    if (c->args.runner)
        r->kinds[0] = ENGINE_PROGRAM;
    return 0;
}

/* ---- one set --------------------------------------------------------------------------------- */

static tolerance tolerance_of(const cli *c)
{
    bool given = c->args.rtol >= 0 || c->args.atol >= 0 || c->args.ulp >= 0;
    return (tolerance){.corpus = !given, .rtol = c->args.rtol, .atol = c->args.atol, .ulp = c->args.ulp};
}

static void release_fetched(compare *r)
{
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; r->fetched[k] && i < r->signature.fetch_count; i++) {
            stepc_tensor_release(r->fetched[k][i]);
            r->fetched[k][i] = NULL;
        }
}

static void judge_fetch(compare *r, size_t fetch, const char *set)
{
    fetch_report *report = &r->fetches[fetch];
    stepc_view a = stepc_tensor_view(r->fetched[0][fetch]), b = stepc_tensor_view(r->fetched[1][fetch]);
    tolerance t = tolerance_of(r->c);
    difference d;
    difference_of(&a, &b, &t, &d);
    if (!report->set || difference_is_worse(&d, &report->worst)) {
        report->worst = d;
        report->set = set;
    }
    report->unequal += !d.equal;
    report->equal = report->unequal == 0;
    r->holds = r->holds && d.equal;
}

/* Recorded fetches hold both engines. */
static int judge_case(compare *r, const feed_set *set)
{
    cli *c = r->c;
    tolerance t = tolerance_of(c);
    for (size_t i = 0; set->folder && i < r->signature.fetch_count; i++) {
        const char *path = case_file(c, set->folder, "fetch", i);
        stepc_tensor *expected;
        cli_place place;
        if (!path)
            continue;
        if (value_read(c, path, r->signature.fetches[i].dtype, &expected, &place) != STEPC_OK)
            return cli_fail(c, place);
        stepc_view want = stepc_tensor_view(expected);
        for (size_t k = 0; k < 2; k++) {
            case_report *report = &r->cases[r->case_count++];
            stepc_view got = stepc_tensor_view(r->fetched[k][i]);
            *report = (case_report){.engine = engine_name(r->engines[k]), .set = set->name, .fetch = i};
            difference_of(&got, &want, &t, &report->d);
            r->holds = r->holds && report->d.equal;
        }
        stepc_tensor_release(expected);
    }
    return 0;
}

static int run_set(compare *r, size_t number)
{
    cli *c = r->c;
    const feed_set *set = &r->feeds.items[number];
    int status = open_engines(r, number);
    if (status)
        return status;
    cli_progress(c, "%s (%zu of %zu)", set->name, number + 1, r->feeds.count);
    for (size_t k = 0; k < 2; k++) {
        double start = clock_seconds();
        if (engine_step(r->engines[k], set->views, r->fetched[k]) != STEPC_OK) {
            error_append(&c->error, " (engine %s, %.80s)", engine_name(r->engines[k]), set->name);
            return cli_fail(c, IN_MODEL);
        }
        r->seconds[k][number] = clock_seconds() - start;
    }
    for (size_t i = 0; i < r->signature.fetch_count; i++)
        judge_fetch(r, i, set->name);
    status = judge_case(r, set);
    release_fetched(r);
    return status;
}

/* ---- times ----------------------------------------------------------------------------------- */

/* A step without state may be repeated; the first one paid for plans and cold caches. */
static bool may_repeat(const compare *r)
{
    for (int32_t i = 0; i < r->graph->operation_count; i++)
        if (r->graph->operations[i]->def && r->graph->operations[i]->def->stateful)
            return false;
    return r->signature.target_count == 0 && r->kinds[0] != ENGINE_PROGRAM;
}

#define REPEATS        20
#define REPEAT_SECONDS 0.2

static double median_of(cli *c, const double *values, size_t count);

/* Median seconds of one step per engine: of repeated steps on the last set where that is possible, else of the sets. */
static int measure_times(compare *r, double medians[2])
{
    cli *c = r->c;
    const feed_set *set = &r->feeds.items[r->feeds.count - 1];
    for (size_t k = 0; k < 2; k++) {
        double repeated[REPEATS], end = clock_seconds() + REPEAT_SECONDS;
        size_t count = 0;
        while (may_repeat(r) && count < REPEATS && (count < 3 || clock_seconds() < end)) {
            double start = clock_seconds();
            if (engine_step(r->engines[k], set->views, r->fetched[k]) != STEPC_OK)
                return cli_fail(c, IN_MODEL);
            repeated[count++] = clock_seconds() - start;
            release_fetched(r);
        }
        medians[k] = count ? median_of(c, repeated, count) : median_of(c, r->seconds[k], r->feeds.count);
        medians[k] = medians[k] > 0 ? medians[k] : 1e-9;
    }
    return 0;
}

/* ---- reporting ------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static double median_of(cli *c, const double *values, size_t count)
{
    double *sorted = CLI_ARRAY(c, double, count);
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_value);
    return count % 2 ? sorted[count / 2] : 0.5 * (sorted[count / 2 - 1] + sorted[count / 2]);
}

static void print_difference(cli *c, const difference *d, const char *a, const char *b)
{
    text *out = &c->out;
    if (d->detail[0]) {
        text_printf(out, "%s: %s", d->equal ? "equal" : "DIFFERENT", d->detail);
        return;
    }
    text_puts(out, d->equal ? "equal, max abs " : "DIFFERENT, max abs ");
    text_float(out, (float)d->max_abs);
    text_puts(out, ", max rel ");
    text_float(out, (float)d->max_rel);
    text_puts(out, ", max ulp ");
    text_float(out, (float)d->max_ulp);
    if (d->worst < 0)
        return;
    text_printf(out, ", worst at %s: ", shape_spelled(c, d->place, d->place_rank));
    text_double(out, d->a);
    text_printf(out, " (%s), ", a);
    text_double(out, d->b);
    text_printf(out, " (%s)", b);
    if (d->wrong > 0)
        text_printf(out, ", %lld of %lld beyond the tolerance", (long long)d->wrong, (long long)d->count);
}

static void print_plain(compare *r, const double medians[2])
{
    cli *c = r->c;
    char times[200];
    const char *a = engine_name(r->engines[0]), *b = engine_name(r->engines[1]);
    for (size_t i = 0; i < r->signature.fetch_count; i++) {
        cli_print_safe(c, r->signature.fetches[i].tensor);
        text_puts(&c->out, ": ");
        print_difference(c, &r->fetches[i].worst, a, b);
        if (r->feeds.count > 1) {
            text_puts(&c->out, ", ");
            cli_print_safe(c, r->fetches[i].set);
        }
        text_puts(&c->out, "\n");
    }
    for (size_t i = 0; i < r->case_count; i++) {
        const case_report *report = &r->cases[i];
        if (report->d.equal && !c->args.verbose)
            continue;
        cli_print_safe(c, report->set);
        text_puts(&c->out, ", ");
        cli_print_safe(c, r->signature.fetches[report->fetch].tensor);
        text_printf(&c->out, ", %s: ", report->engine);
        print_difference(c, &report->d, report->engine, "recorded");
        text_puts(&c->out, "\n");
    }
    size_t good = 0;
    for (size_t i = 0; i < r->case_count; i++)
        good += r->cases[i].d.equal;
    if (r->case_count)
        text_printf(&c->out, "recorded fetches: %zu of %zu equal\n", good, r->case_count);
    if (r->kinds[0] == ENGINE_PROGRAM)
        return; /* the time of a program is its start's */
    (void)snprintf(times, sizeof times, "%s %.3f us, %s %.3f us per step: %.2f times as fast\n", a, medians[0] * 1e6, b,
                   medians[1] * 1e6, medians[1] / medians[0]);
    text_puts(&c->out, times);
}

static void json_difference(json *j, const difference *d)
{
    json_bool(j, "equal", d->equal);
    json_real(j, "max_abs", d->max_abs);
    json_real(j, "max_rel", d->max_rel);
    json_real(j, "max_ulp", d->max_ulp);
    json_open(j, "worst_place", '[');
    for (int32_t i = 0; d->worst >= 0 && i < d->place_rank; i++)
        json_i64(j, NULL, d->place[i]);
    json_close(j, ']');
    json_i64(j, "worst_index", d->worst);
    json_real(j, "value", d->a);
    json_real(j, "expected", d->b);
    json_i64(j, "elements", d->count);
    json_i64(j, "beyond_tolerance", d->wrong);
    json_text(j, "detail", d->detail[0] ? d->detail : NULL);
}

static void print_json(compare *r, const double medians[2])
{
    cli *c = r->c;
    json j;
    cli_json_begin(c, &j);
    json_text(&j, "model", cli_model(c));
    json_bool(&j, "equal", r->holds);
    json_text(&j, "engine", engine_name(r->engines[0]));
    json_text(&j, "against", engine_name(r->engines[1]));
    json_u64(&j, "sets", r->feeds.count);
    json_text(&j, "assumed", r->request.assumed);
    json_open(&j, "fetches", '[');
    for (size_t i = 0; i < r->signature.fetch_count; i++) {
        json_open(&j, NULL, '{');
        json_text(&j, "tensor", r->signature.fetches[i].tensor);
        json_text(&j, "worst_set", r->fetches[i].set);
        json_i64(&j, "unequal_sets", r->fetches[i].unequal);
        json_difference(&j, &r->fetches[i].worst);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_open(&j, "recorded", '[');
    for (size_t i = 0; i < r->case_count; i++) {
        json_open(&j, NULL, '{');
        json_text(&j, "set", r->cases[i].set);
        json_text(&j, "engine", r->cases[i].engine);
        json_text(&j, "tensor", r->signature.fetches[r->cases[i].fetch].tensor);
        json_difference(&j, &r->cases[i].d);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    if (r->kinds[0] != ENGINE_PROGRAM) {
        json_real(&j, "engine_us", medians[0] * 1e6);
        json_real(&j, "against_us", medians[1] * 1e6);
        json_real(&j, "ratio", medians[1] / medians[0]);
    }
    cli_json_end(c, &j);
}

/* ---- all ------------------------------------------------------------------------------------- */

static void make_room(compare *r)
{
    cli *c = r->c;
    size_t fetches = r->signature.fetch_count;
    for (size_t k = 0; k < 2; k++) {
        r->fetched[k] = CLI_ARRAY(c, stepc_tensor *, fetches);
        r->seconds[k] = CLI_ARRAY(c, double, r->feeds.count);
    }
    r->fetches = CLI_ARRAY(c, fetch_report, fetches);
    r->cases = CLI_ARRAY(c, case_report, 2 * fetches * r->feeds.count);
    r->holds = true;
}

static int compare_all(compare *r)
{
    cli *c = r->c;
    int status = choose_engines(r);
    if (!status)
        status = cli_load_graph(c, &r->graph);
    if (!status)
        status = request_build(c, r->graph, REQUEST_VALUES | REQUEST_SINGLE, &r->request);
    if (status)
        return status;
    if (signature_resolve(r->graph, &c->memory, &r->request.callables[0].spec, &r->signature, &c->error) != STEPC_OK)
        return cli_fail(c, IN_MODEL);
    if (r->signature.fetch_count == 0)
        return cli_usage(c, "there is nothing to compare without a --fetch");
    status = feed_sets_make(c, &r->signature, &r->request.callables[0], &r->feeds);
    if (status)
        return status;
    make_room(r);
    for (size_t i = 0; !status && i < r->feeds.count; i++)
        status = run_set(r, i);
    double medians[2];
    if (!status)
        status = measure_times(r, medians);
    cli_progress(c, "%s", "");
    if (status)
        return status;
    if (c->args.json)
        print_json(r, medians);
    else
        print_plain(r, medians);
    return r->holds ? EXIT_DONE : EXIT_DIFFERENT;
}

int command_compare(cli *c)
{
    compare r = {.c = c};
    int status = compare_all(&r);
    release_fetched(&r);
    close_engines(&r);
    stepc_graph_release(r.graph);
    return status;
}
