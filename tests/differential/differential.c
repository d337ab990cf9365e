/* SPDX-License-Identifier: Apache-2.0 */
/* Random graphs: reference engine = loop evaluator after lowering, fusion and scheduling = compiled code, bit for bit
 * under --exact. In the default mode all of them lie within what the statement in the generated header allows, element
 * by element (bounds.h); most of these enclosures must be tight, or they would prove little.
 *
 *   differential [--list] [--graphs N] [--seed S] [--compile K] [--default-every N] [--cc CC] [--cflags FLAGS]
 *                [--isa PROFILE] [--large] [--keep-going] [--one SEED]
 *
 * --list: the operators that are never drawn, and why. Every graph runs through the evaluator at each stage; the first K are compiled with --exact, every Nth of
 * them in the default mode too (N is 1 unless given).
 */
#include "bounds.h"
#include "compile.h"
#include "generate.h"
#include "rule.h"
#include "stages.h"
#include "unsampled.h"

#include "runtime/core/tensor.h"
#include "tests/guard/guard.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    int64_t graphs, compile, default_every;
    uint64_t seed;
    const char *cc, *cflags, *isa;
    const char *only;
    bool keep_going, one, list, large;
} options;

typedef struct totals {
    int64_t graphs, compiled, mismatches, outputs, finite, refused;
    int64_t groups_by_size[4]; /* nests per group: 1-2, 3-8, 9-64, more */
    /* The default mode, by elements of all fetches and by fetches (tight in all their elements). */
    int64_t elements, tight, unbounded, fetches, tight_fetches;
    rule_counts rule;
    reach_counts evaluated, built; /* nests as scheduled, and those of them that were compiled */
    double used; /* of the way from the middle of an enclosure to its end, summed over used_count results */
    int64_t used_count;
} totals;

/* ---- values ----------------------------------------------------------------------------------- */

static bool same_bits(const stepc_tensor *a, const stepc_tensor *b)
{
    stepc_dtype dtype = stepc_tensor_dtype(a);
    int64_t count = stepc_tensor_length(a);
    if (dtype != stepc_tensor_dtype(b) || stepc_tensor_rank(a) != stepc_tensor_rank(b) || count != stepc_tensor_length(b))
        return false;
    for (int32_t d = 0; d < stepc_tensor_rank(a); d++)
        if (stepc_tensor_dims(a)[d] != stepc_tensor_dims(b)[d])
            return false;
    if (!dtype_is_float(dtype))
        return count == 0 || memcmp(stepc_tensor_data(a), stepc_tensor_data(b), stepc_tensor_bytes(a)) == 0;
    for (int64_t i = 0; i < count; i++) {
        double x = load_f64(dtype, stepc_tensor_data(a), i), y = load_f64(dtype, stepc_tensor_data(b), i);
        bool both_nan = x != x && y != y;
        if (!both_nan && (x != y || signbit(x) != signbit(y)))
            return false;
    }
    return true;
}

/* ---- enclosures --------------------------------------------------------------------------------- */

/* Narrow enough to tell a right result from most wrong ones. */
static bool is_tight(stepc_dtype dtype, bound a)
{
    if (a.may_be_nan)
        return bound_is_nan(a);
    if (!dtype_is_float(dtype) || a.lo == a.hi)
        return a.lo == a.hi;
    real size = fabsl(a.lo) > fabsl(a.hi) ? fabsl(a.lo) : fabsl(a.hi);
    real share = dtype == STEPC_HALF || dtype == STEPC_BFLOAT16 ? 1e-1L : 1e-3L;
    return a.hi - a.lo <= share * (size > 1 ? size : 1);
}

static void count_enclosures(const experiment *e, const bound_tensor *bounds, totals *t)
{
    for (size_t i = 0; i < e->fetch_count; i++) {
        stepc_dtype dtype = stepc_tensor_dtype(e->expected[i]);
        int64_t tight = 0, count = bounds[i].count;
        for (int64_t k = 0; k < count; k++) {
            tight += is_tight(dtype, bounds[i].elements[k]);
            t->unbounded += bound_is_whole(dtype, bounds[i].elements[k]);
        }
        t->elements += count;
        t->tight += tight;
        t->fetches++;
        t->tight_fetches += tight == count;
    }
}

/* 0 in the middle, 1 at an end; -1 of enclosures that hold so few floats that the place of one says nothing. */
static double part_used(stepc_dtype dtype, bound a, const void *data, int64_t index)
{
    bound x = bound_element(dtype, data, index);
    if (!dtype_is_float(dtype) || !is_tight(dtype, a) || bound_is_nan(a) || bound_is_nan(x))
        return -1;
    real epsilon = dtype == STEPC_FLOAT64 ? 0x1p-52L : dtype == STEPC_FLOAT32 ? 0x1p-23L : dtype == STEPC_HALF ? 0x1p-10L : 0x1p-7L;
    real inside = x.lo - a.lo < a.hi - x.lo ? x.lo - a.lo : a.hi - x.lo, size = fabsl(a.lo) + fabsl(a.hi);
    return a.hi - a.lo > 16 * epsilon * size ? (double)(1 - 2 * inside / (a.hi - a.lo)) : -1;
}

static bool is_enclosed(const bound_tensor *bounds, const stepc_tensor *have, totals *t)
{
    stepc_dtype dtype = stepc_tensor_dtype(have);
    int64_t count = stepc_tensor_length(have), shown = 0;
    bool good = count == bounds->count;
    for (int64_t i = 0; i < count && i < bounds->count; i++) {
        bound a = bounds->elements[i];
        double used = part_used(dtype, a, stepc_tensor_data(have), i);
        t->used += used >= 0 ? used : 0;
        t->used_count += used >= 0;
        if (bound_contains(dtype, a, stepc_tensor_data(have), i))
            continue;
        good = false;
        bound x = bound_element(dtype, stepc_tensor_data(have), i);
        if (shown++ < 4)
            printf("    %s [%lld] %.21Lg is not in [%.21Lg, %.21Lg]%s\n", stepc_dtype_name(dtype), (long long)i,
                   bound_is_nan(x) ? (real)NAN : x.lo, a.lo, a.hi, a.may_be_nan ? " or NaN" : "");
    }
    return good;
}

static void show(const stepc_tensor *want, const stepc_tensor *have)
{
    stepc_dtype dtype = stepc_tensor_dtype(want);
    int64_t count = stepc_tensor_length(want), shown = 0;
    printf("    %s length %lld / %lld\n", stepc_dtype_name(dtype), (long long)count, (long long)stepc_tensor_length(have));
    for (int64_t i = 0; i < count && i < stepc_tensor_length(have) && shown < 4; i++) {
        double x = dtype_is_float(dtype) ? load_f64(dtype, stepc_tensor_data(want), i) : (double)(dtype_is_signed(dtype) ? load_i64(dtype, stepc_tensor_data(want), i) : (int64_t)load_u64(dtype, stepc_tensor_data(want), i));
        double y = dtype_is_float(dtype) ? load_f64(dtype, stepc_tensor_data(have), i) : (double)(dtype_is_signed(dtype) ? load_i64(dtype, stepc_tensor_data(have), i) : (int64_t)load_u64(dtype, stepc_tensor_data(have), i));
        if (x != y && !(x != x && y != y)) {
            printf("    [%lld] want %.17g have %.17g\n", (long long)i, x, y);
            shown++;
        }
    }
}

/* ---- one graph ---------------------------------------------------------------------------------- */

static void count_finite(const experiment *e, totals *t)
{
    for (size_t i = 0; i < e->fetch_count; i++) {
        stepc_dtype dtype = stepc_tensor_dtype(e->expected[i]);
        bool finite = true;
        for (int64_t k = 0; dtype_is_float(dtype) && finite && k < stepc_tensor_length(e->expected[i]); k++)
            finite = isfinite(load_f64(dtype, stepc_tensor_data(e->expected[i]), k));
        t->outputs++;
        t->finite += finite;
    }
}

/* Bit for bit, or within BOUNDS when there are any. */
static bool judge(const experiment *e, stepc_tensor *const *have, const char *stage, const bound_tensor *bounds, uint64_t seed,
                  totals *t)
{
    bool good = true;
    for (size_t i = 0; i < e->fetch_count; i++) {
        if (bounds ? is_enclosed(&bounds[i], have[i], t) : same_bits(e->expected[i], have[i]))
            continue;
        printf("MISMATCH seed %llu stage %s%s fetch %s\n", (unsigned long long)seed, stage, bounds ? "" : " exact",
               e->fetch_names[i]);
        show(e->expected[i], have[i]);
        good = false;
    }
    return good;
}

static bool failed(uint64_t seed, const char *stage, const stepc_error *error)
{
    char line[600];
    stepc_error_format(error, line, sizeof line);
    printf("FAILED seed %llu stage %s: %s\n", (unsigned long long)seed, stage, line);
    return false;
}

/* BOUNDS: in the default mode; NULL: under --exact. */
static bool run_stages(experiment *e, const bound_tensor *bounds, uint64_t seed, totals *t, stepc_error *error)
{
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        stepc_tensor *have[EXPERIMENT_FETCHES] = {0};
        stepc_code code = stage_evaluate(e, stage, bounds == NULL, have, t->groups_by_size, &t->evaluated, error);
        if (code == STEPC_UNIMPLEMENTED && e->symbolic) { /* what only constant shapes can do is refused, not guessed */
            t->refused++;
            e->is_refused = true;
            return true;
        }
        if (code)
            return failed(seed, stage_name(stage), error);
        bool good = judge(e, have, stage_name(stage), bounds, seed, t);
        for (size_t i = 0; i < e->fetch_count; i++)
            stepc_tensor_release(have[i]);
        if (!good)
            return false;
    }
    return true;
}

static stepc_code enclose_program(experiment *e, const loop_program *p, const int64_t *symbols, size_t symbol_count, void *data,
                                  stepc_error *error)
{
    return bounds_evaluate(p, e->views, symbols, symbol_count, e->chain, data, error);
}

/* The reference engine's results must lie inside too: there the bounds are anchored. */
static bool enclose(experiment *e, bound_tensor *bounds, uint64_t seed, totals *t, stepc_error *error)
{
    if (stage_visit(e, STAGE_LOWER, false, enclose_program, bounds, error))
        return failed(seed, "enclose", error);
    count_enclosures(e, bounds, t);
    return judge(e, e->expected, "reference", bounds, seed, t);
}

/* With the chains of additions that the compiled text has. */
static bool hold_rule(experiment *e, stepc_tensor *const *have, uint64_t seed, totals *t, stepc_error *error)
{
    static bound_tensor bounds[EXPERIMENT_FETCHES];
    if (stage_visit(e, STAGE_LOWER, false, enclose_program, bounds, error))
        return failed(seed, "rule", error);
    bool good = rule_judge(e, have, bounds, seed, &t->rule);
    bounds_release(bounds, e->fetch_count);
    return good;
}

static bool run_compiled(experiment *e, const options *o, const bound_tensor *bounds, uint64_t seed, totals *t, stepc_error *error)
{
    stepc_tensor *have[EXPERIMENT_FETCHES] = {0};
    if (stage_reach(e, bounds == NULL, &t->built, error) ||
        compile_and_run(e, bounds == NULL, o->cc, o->cflags, o->isa, have, error))
        return failed(seed, bounds ? "compiled" : "compiled exact", error);
    bool good = judge(e, have, "compiled", bounds, seed, t);
    if (bounds != NULL)
        good = hold_rule(e, have, seed, t, error) && good;
    for (size_t i = 0; i < e->fetch_count; i++)
        stepc_tensor_release(have[i]);
    t->compiled++;
    return good;
}

static bool run_all(experiment *e, const options *o, int64_t index, uint64_t seed, totals *t, stepc_error *error)
{
    static bound_tensor bounds[EXPERIMENT_FETCHES];
    t->graphs++;
    count_finite(e, t);
    bool good = run_stages(e, NULL, seed, t, error);
    if (!good || e->is_refused)
        return good;
    good = enclose(e, bounds, seed, t, error) && run_stages(e, bounds, seed, t, error);
    if (good && index < o->compile)
        good = run_compiled(e, o, NULL, seed, t, error) &&
               (index % o->default_every != 0 || run_compiled(e, o, bounds, seed, t, error));
    bounds_release(bounds, e->fetch_count);
    return good;
}

static bool run_graph(const options *o, int64_t index, uint64_t seed, generate_counts *counts, totals *t)
{
    static generated_graph g;
    static char label[40];
    experiment e;
    stepc_error *error = stepc_error_new();
    snprintf(label, sizeof label, "seed %llu", (unsigned long long)seed);
    guard_watch(label);
    generate_graph(&g, seed, counts);
    bool good = false;
    if (o->one)
        puts(g.nodes.data);
    if (experiment_begin(&e, &g, o->isa, error)) {
        failed(seed, "reference", error);
    } else if (e.fetch_count == 0) {
        good = true;
    } else {
        good = run_all(&e, o, index, seed, t, error);
    }
    experiment_end(&e);
    generate_release(&g);
    stepc_error_free(error);
    return good;
}

/* ---- report -------------------------------------------------------------------------------------- */

/* In hundredths, or a run has lost its meaning. */
enum { FEWEST_FINITE = 90, FEWEST_TIGHT = 98, FEWEST_JUDGED = 50, FEWEST_RULE_GRAPHS = 60, ENOUGH_LARGE = 80 };

static double percent(int64_t part, int64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

static int report_counts(const generate_counts *c, const totals *t, bool all)
{
    int zero = 0, missed;
    printf("operators:");
    for (size_t i = 0; i < op_row_count(); i++) {
        if (op_row_at(i)->sample == SAMPLE_NONE)
            continue;
        printf(" %s %lld", op_row_at(i)->name, (long long)c->by_operator[i]);
        zero += c->by_operator[i] == 0;
    }
    printf("\ndtypes:");
    static const stepc_dtype listed[] = {STEPC_FLOAT32, STEPC_FLOAT64, STEPC_HALF,  STEPC_BFLOAT16, STEPC_INT8,   STEPC_INT16, STEPC_INT32,
                                         STEPC_INT64,   STEPC_UINT8,   STEPC_UINT16, STEPC_UINT32,  STEPC_UINT64, STEPC_BOOL};
    for (size_t i = 0; i < sizeof listed / sizeof listed[0]; i++) {
        printf(" %s %lld", stepc_dtype_name(listed[i]), (long long)c->by_dtype[listed[i]]);
        zero += c->by_dtype[listed[i]] == 0;
    }
    printf("\nbroadcast: equal %lld, ones %lld, fewer dimensions %lld, scalar %lld\n", (long long)c->broadcast[0],
           (long long)c->broadcast[1], (long long)c->broadcast[2], (long long)c->broadcast[3]);
    printf("graph size: 1-2 %lld, 3-8 %lld, more %lld, long chains %lld\n", (long long)c->by_size[0], (long long)c->by_size[1],
           (long long)c->by_size[2], (long long)c->by_size[3]);
    printf("shapes: small %lld, long rows %lld, columns %lld, short rows %lld, odd %lld, transposes %lld, joins %lld\n",
           (long long)c->by_shapes[SHAPES_SMALL], (long long)c->by_shapes[SHAPES_LONG], (long long)c->by_shapes[SHAPES_COLUMNS],
           (long long)c->by_shapes[SHAPES_NARROW], (long long)c->by_shapes[SHAPES_ODD], (long long)c->by_shapes[SHAPES_TURNED],
           (long long)c->by_shapes[SHAPES_PARTS]);
    printf("group size: 1-2 %lld, 3-8 %lld, 9-64 %lld, more %lld\n", (long long)t->groups_by_size[0],
           (long long)t->groups_by_size[1], (long long)t->groups_by_size[2], (long long)t->groups_by_size[3]);
    for (int i = 0; i < 4; i++)
        zero += (c->broadcast[i] == 0) + (c->by_size[i] == 0) + (i < 3 && t->groups_by_size[i] == 0);
    missed = reach_report("evaluated", &t->evaluated);
    if (t->compiled)
        missed += reach_report("compiled", &t->built);
    printf("symbolic steps refused %lld\n", (long long)t->refused);
    printf("graphs %lld, compiled runs %lld, outputs %lld, finite %.1f %%\n", (long long)t->graphs, (long long)t->compiled,
           (long long)t->outputs, percent(t->finite, t->outputs));
    printf("default mode: elements %lld, tightly enclosed %.2f %%, not enclosed at all %.2f %%, outputs tight throughout %.1f %%, "
           "%.2f of an enclosure used on average\n",
           (long long)t->elements, percent(t->tight, t->elements), percent(t->unbounded, t->elements),
           percent(t->tight_fetches, t->fetches), t->used_count ? t->used / (double)t->used_count : 0.0);
    const rule_counts *r = &t->rule;
    printf("rule of 4 times the reference's error and 8 ULP: graphs %lld, without float64 %lld, elements %lld, judged %.1f %%, "
           "with sums %.1f %%, broken %lld, at most %.2f of what is allowed\n",
           (long long)r->graphs, (long long)r->refused, (long long)r->elements, percent(r->judged, r->elements),
           percent(r->summed, r->elements), (long long)r->broken, r->used);
    bool poor = percent(t->finite, t->outputs) < FEWEST_FINITE, loose = percent(t->tight_fetches, t->fetches) < FEWEST_TIGHT;
    bool idle = r->graphs >= FEWEST_RULE_GRAPHS && percent(r->judged, r->elements) < FEWEST_JUDGED;
    if (idle)
        printf("the rule judges fewer than %d %% of the elements\n", FEWEST_JUDGED);
    if (all && zero)
        printf("%d counts are zero\n", zero);
    if (all && poor)
        printf("fewer than %d %% of the outputs are finite\n", FEWEST_FINITE);
    if (all && loose)
        printf("fewer than %d %% of the outputs are tightly enclosed\n", FEWEST_TIGHT);
    bool blind = c->large && t->graphs >= ENOUGH_LARGE && missed > 0;
    if (blind)
        printf("%d kinds of work were never reached\n", missed);
    return idle || blind || (all && (zero || poor || loose));
}

static const char *next(int argc, char **argv, int *i)
{
    if (*i + 1 >= argc) {
        fprintf(stderr, "differential: %s needs a value\n", argv[*i]);
        exit(2);
    }
    return argv[++*i];
}

static options parse(int argc, char **argv)
{
    options o = {.graphs = 600, .compile = 0, .default_every = 1, .seed = 1};
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--graphs"))
            o.graphs = atoll(next(argc, argv, &i));
        else if (!strcmp(argv[i], "--seed"))
            o.seed = strtoull(next(argc, argv, &i), NULL, 10);
        else if (!strcmp(argv[i], "--compile"))
            o.compile = atoll(next(argc, argv, &i));
        else if (!strcmp(argv[i], "--default-every"))
            o.default_every = atoll(next(argc, argv, &i));
        else if (!strcmp(argv[i], "--cc"))
            o.cc = next(argc, argv, &i);
        else if (!strcmp(argv[i], "--cflags"))
            o.cflags = next(argc, argv, &i);
        else if (!strcmp(argv[i], "--isa"))
            o.isa = next(argc, argv, &i);
        else if (!strcmp(argv[i], "--only")) /* ",Add,Mul," */
            o.only = next(argc, argv, &i);
        else if (!strcmp(argv[i], "--keep-going"))
            o.keep_going = true;
        else if (!strcmp(argv[i], "--large")) /* long rows, many columns, ... only */
            o.large = true;
        else if (!strcmp(argv[i], "--list"))
            o.list = true;
        else if (!strcmp(argv[i], "--one")) {
            o.seed = strtoull(next(argc, argv, &i), NULL, 10);
            o.graphs = 1;
            o.one = true;
        } else {
            fprintf(stderr, "differential: unknown option %s\n", argv[i]);
            exit(2);
        }
    }
    if (o.default_every < 1)
        o.default_every = 1;
    return o;
}

int main(int argc, char **argv)
{
    options o = parse(argc, argv);
    static generate_counts counts;
    static totals t;
    if (!unsampled_check(o.list) || o.list)
        return !unsampled_check(false);
    counts.only = o.only;
    counts.large = o.large;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (o.one && o.compile == 0)
        o.compile = 1;
    printf("seed %llu\n", (unsigned long long)o.seed);
    for (int64_t i = 0; i < o.graphs; i++) {
        if (!run_graph(&o, i, o.seed + (uint64_t)i, &counts, &t)) {
            t.mismatches++;
            if (!o.keep_going)
                break;
        }
    }
    int poor = report_counts(&counts, &t, !o.one && !o.only && !o.large && o.graphs >= 300 && !t.mismatches);
    printf("%lld passed, %lld failed\n", (long long)(t.graphs - t.mismatches), (long long)t.mismatches);
    return t.mismatches || poor || t.graphs == 0;
}
