/* SPDX-License-Identifier: Apache-2.0 */
#include "rule.h"

#include "runtime/core/dtype.h"
#include "runtime/core/host.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An enclosure that reaches further than so many ULP from the result, without its sums, tells of amplification. */
#define MOST_WIDTH 10

int64_t rule_chain(const char *header, size_t bytes)
{
    static const char word[] = "_SUM_CHAIN ";
    for (size_t i = 0; i + sizeof word < bytes; i++)
        if (memcmp(header + i, word, sizeof word - 1) == 0)
            return strtoll(header + i + sizeof word - 1, NULL, 10);
    return 0;
}

/* ---- the graph in float64 ------------------------------------------------------------------------------ */

/* Every DT_FLOAT of the text becomes DT_DOUBLE; the generator's constants are integers. */
static bool widen_text(const text *nodes, text *out)
{
    static const char narrow[] = "DT_FLOAT ";
    const char *at = nodes->data, *next;
    while ((next = strstr(at, narrow)) != NULL) {
        text_printf(out, "%.*sDT_DOUBLE ", (int)(next - at), at);
        at = next + sizeof narrow - 1;
    }
    text_puts(out, at);
    return !out->failed;
}

typedef struct wide_run {
    stepc_feed feeds[GENERATE_TENSORS];
    stepc_tensor *owned[GENERATE_TENSORS]; /* of feeds that were float32 */
    stepc_fetch fetches[EXPERIMENT_FETCHES];
} wide_run;

static stepc_code widen_feed(const experiment *e, size_t i, wide_run *run, stepc_error *error)
{
    const stepc_view *from = &e->views[i];
    run->feeds[i].value = *from;
    if (from->dtype != STEPC_FLOAT32)
        return STEPC_OK;
    stepc_code code = stepc_tensor_new(&e->host, STEPC_FLOAT64, from->dims, from->rank, &run->owned[i], error);
    if (code)
        return code;
    double *to = stepc_tensor_data(run->owned[i]);
    for (int64_t k = 0; k < stepc_tensor_length(run->owned[i]); k++)
        to[k] = load_f64(STEPC_FLOAT32, from->data, k);
    run->feeds[i].value = stepc_tensor_view(run->owned[i]);
    return STEPC_OK;
}

static stepc_code run_wide(const experiment *e, stepc_graph *graph, wide_run *run, stepc_error *error)
{
    stepc_session_options options = {.size = sizeof options, .engine = STEPC_ENGINE_REFERENCE};
    stepc_session *session = NULL;
    stepc_code code = stepc_session_open(graph, &options, &session, error);
    for (size_t i = 0; !code && i < e->feed_count; i++) {
        code = widen_feed(e, i, run, error);
        code = code ? code : stepc_graph_find_output(graph, e->feed_specs[i].tensor, &run->feeds[i].at, error);
    }
    for (size_t i = 0; !code && i < e->fetch_count; i++)
        code = stepc_graph_find_output(graph, e->fetch_names[i], &run->fetches[i].at, error);
    if (!code)
        code = stepc_session_run(session, run->feeds, e->feed_count, run->fetches, e->fetch_count, NULL, 0, NULL, error);
    stepc_session_free(session);
    return code;
}

/* False where an operator of the graph has no float64. */
static bool evaluate_wide(const experiment *e, wide_run *run)
{
    text wide;
    stepc_graph *graph = NULL;
    stepc_error *error = stepc_error_new();
    stepc_load_options options = {.size = sizeof options, .host = &e->host};
    text_init(&wide, &e->host);
    memset(run, 0, sizeof *run);
    stepc_code code = widen_text(e->nodes, &wide) ? STEPC_OK : STEPC_RESOURCE_EXHAUSTED;
    if (!code)
        code = stepc_graph_parse("wide", wide.data, wide.size, &options, &graph, error);
    if (!code)
        code = run_wide(e, graph, run, error);
    stepc_graph_release(graph);
    text_release(&wide);
    stepc_error_free(error);
    return code == STEPC_OK;
}

static void release_wide(const experiment *e, wide_run *run)
{
    for (size_t i = 0; i < e->feed_count; i++)
        stepc_tensor_release(run->owned[i]);
    for (size_t i = 0; i < e->fetch_count; i++)
        stepc_tensor_release(run->fetches[i].out);
}

/* ---- elements -------------------------------------------------------------------------------------------- */

/* Of float32 at X. */
static double ulp(double x)
{
    float near = fabsf((float)x);
    return isfinite(near) && near < 0x1.fffffep127f ? (double)nextafterf(near, INFINITY) - (double)near : INFINITY;
}

static bool is_calm(bound a, double wide)
{
    real unit = ulp(wide), most = MOST_WIDTH * unit + a.most_spread;
    return isfinite(wide) && isfinite(unit) && isfinite(a.most_spread) && !a.may_be_nan && a.lo - unit <= wide &&
           a.hi + unit >= wide && a.hi - wide <= most && wide - a.lo <= most;
}

static bool judge_fetch(const experiment *e, size_t fetch, const stepc_tensor *have, const stepc_tensor *wide,
                        const bound_tensor *bounds, unsigned long long seed, rule_counts *counts)
{
    const stepc_tensor *reference = e->expected[fetch];
    int64_t shown = 0;
    for (int64_t i = 0; i < stepc_tensor_length(have) && i < bounds->count; i++) {
        bound a = bounds->elements[i];
        double right = load_f64(STEPC_FLOAT64, stepc_tensor_data(wide), i);
        counts->elements++;
        if (!is_calm(a, right))
            continue;
        double told = fabs(load_f64(STEPC_FLOAT32, stepc_tensor_data(reference), i) - right);
        double found = load_f64(STEPC_FLOAT32, stepc_tensor_data(have), i), wrong = fabs(found - right);
        double allowed = 4 * told + 8 * ulp(right) + (double)a.spread;
        counts->judged++;
        counts->summed += a.spread > 0;
        counts->used = fmax(counts->used, wrong / allowed);
        if (wrong <= allowed)
            continue;
        counts->broken++;
        if (shown++ < 4)
            printf("    %s [%lld] is %.9g, in float64 %.17g: wrong by %.3g, the reference engine by %.3g, sums may by %.3g "
                   "(most %.3Lg), enclosed [%.9Lg, %.9Lg]\n",
                   e->fetch_names[fetch], (long long)i, found, right, wrong, told, (double)a.spread, a.most_spread, a.lo, a.hi);
    }
    if (shown > 0)
        printf("MISMATCH seed %llu breaks the rule of 4 times the reference engine's error and 8 ULP\n", seed);
    return shown == 0;
}

bool rule_judge(const experiment *e, stepc_tensor *const *have, const bound_tensor *bounds, unsigned long long seed,
                rule_counts *counts)
{
    static wide_run run;
    bool good = true;
    counts->graphs++;
    bool is_there = evaluate_wide(e, &run);
    counts->refused += !is_there;
    for (size_t i = 0; is_there && i < e->fetch_count; i++) {
        const stepc_tensor *wide = run.fetches[i].out;
        if (stepc_tensor_dtype(have[i]) == STEPC_FLOAT32 && stepc_tensor_dtype(wide) == STEPC_FLOAT64 &&
            stepc_tensor_length(wide) == stepc_tensor_length(have[i]))
            good = judge_fetch(e, i, have[i], wide, &bounds[i], seed, counts) && good;
    }
    release_wide(e, &run);
    return good;
}
