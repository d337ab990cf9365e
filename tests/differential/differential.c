/* SPDX-License-Identifier: Apache-2.0 */
/* Random graphs: reference engine = loop evaluator after lowering, fusion and scheduling = compiled code,
 * bit for bit under --exact; the default mode within the bound that the header states.
 *
 *   differential [--graphs N] [--seed S] [--compile K] [--default-every N] [--cc CC] [--cflags FLAGS]
 *                [--isa PROFILE] [--keep-going] [--one SEED]
 *
 * Every graph runs through the evaluator at each stage; the first K are compiled with --exact, every Nth of
 * them in the default mode too (N is 1 unless given).
 */
#include "compile.h"
#include "generate.h"
#include "stages.h"

#include "runtime/core/tensor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    int64_t graphs, compile, default_every;
    uint64_t seed;
    const char *cc, *cflags, *isa;
    bool keep_going, one;
} options;

typedef struct totals {
    int64_t graphs, compiled, mismatches, outputs, finite, refused;
    int64_t groups_by_size[4]; /* nests per group: 1-2, 3-8, 9-64, more */
    double worst_ratio;        /* default mode: largest error over its bound */
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

/* Below this, drifting apart does not explain that one value is finite and the other is not. */
#define LARGEST_SAFE 1e4

static double epsilon_of(stepc_dtype dtype)
{
    return dtype == STEPC_FLOAT64 ? 0x1p-52 : dtype == STEPC_FLOAT32 ? 0x1p-23 : dtype == STEPC_HALF ? 0x1p-10 : 0x1p-7;
}

/* Default mode: a chain of inexact operations may drift by some ULP of the largest value that took part, and
 * an integer or boolean that hangs on a rounded float may differ by what a rounding boundary decides. */
static double ratio_to_bound(const stepc_tensor *a, const stepc_tensor *b, int64_t operations)
{
    stepc_dtype dtype = stepc_tensor_dtype(a);
    double worst = 0, largest = 1;
    if (dtype != stepc_tensor_dtype(b) || stepc_tensor_length(a) != stepc_tensor_length(b))
        return INFINITY;
    if (!dtype_is_float(dtype))
        return 0; /* compared in exact mode */
    for (int64_t i = 0; i < stepc_tensor_length(a); i++) {
        double x = load_f64(dtype, stepc_tensor_data(a), i);
        if (isfinite(x) && fabs(x) > largest)
            largest = fabs(x);
    }
    double coarse = epsilon_of(dtype) > 0x1p-23 ? epsilon_of(dtype) : 0x1p-23;
    double bound = coarse * largest * 64 * (double)(operations + 4);
    for (int64_t i = 0; i < stepc_tensor_length(a); i++) {
        double x = load_f64(dtype, stepc_tensor_data(a), i), y = load_f64(dtype, stepc_tensor_data(b), i);
        if (isfinite(x) && isfinite(y) && fabs(x - y) / bound > worst)
            worst = fabs(x - y) / bound;
        if (isfinite(x) != isfinite(y) && largest < LARGEST_SAFE)
            return INFINITY;
    }
    return worst;
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

static bool judge(const experiment *e, stepc_tensor *const *have, const char *stage, bool exact, uint64_t seed, totals *t)
{
    bool good = true;
    for (size_t i = 0; i < e->fetch_count; i++) {
        bool same = exact ? same_bits(e->expected[i], have[i]) : true;
        if (!exact) {
            double ratio = ratio_to_bound(e->expected[i], have[i], e->operation_count);
            t->worst_ratio = ratio > t->worst_ratio ? ratio : t->worst_ratio;
            same = ratio <= 1;
        }
        if (!same) {
            printf("MISMATCH seed %llu stage %s%s fetch %s\n", (unsigned long long)seed, stage, exact ? " exact" : "",
                   e->fetch_names[i]);
            show(e->expected[i], have[i]);
            good = false;
        }
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

static bool run_stages(experiment *e, bool exact, uint64_t seed, totals *t, stepc_error *error)
{
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        stepc_tensor *have[EXPERIMENT_FETCHES] = {0};
        stepc_code code = stage_evaluate(e, stage, exact, have, t->groups_by_size, error);
        if (code == STEPC_UNIMPLEMENTED && e->symbolic) { /* what only constant shapes can do is refused, not guessed */
            t->refused++;
            e->is_refused = true;
            return true;
        }
        if (code)
            return failed(seed, stage_name(stage), error);
        bool good = judge(e, have, stage_name(stage), exact, seed, t);
        for (size_t i = 0; i < e->fetch_count; i++)
            stepc_tensor_release(have[i]);
        if (!good)
            return false;
    }
    return true;
}

static bool run_compiled(experiment *e, const options *o, bool exact, uint64_t seed, totals *t, stepc_error *error)
{
    stepc_tensor *have[EXPERIMENT_FETCHES] = {0};
    if (compile_and_run(e, exact, o->cc, o->cflags, o->isa, have, error))
        return failed(seed, exact ? "compiled exact" : "compiled", error);
    bool good = judge(e, have, "compiled", exact, seed, t);
    for (size_t i = 0; i < e->fetch_count; i++)
        stepc_tensor_release(have[i]);
    t->compiled++;
    return good;
}

static bool run_graph(const options *o, int64_t index, uint64_t seed, generate_counts *counts, totals *t)
{
    static generated_graph g;
    experiment e;
    stepc_error *error = stepc_error_new();
    generate_graph(&g, seed, counts);
    bool good = false;
    if (o->one)
        puts(g.nodes.data);
    if (experiment_begin(&e, &g, error)) {
        failed(seed, "reference", error);
    } else if (e.fetch_count == 0) {
        good = true;
    } else {
        t->graphs++;
        count_finite(&e, t);
        good = run_stages(&e, true, seed, t, error) && run_stages(&e, false, seed, t, error);
        if (good && !e.is_refused && index < o->compile)
            good = run_compiled(&e, o, true, seed, t, error) &&
                   (index % o->default_every != 0 || run_compiled(&e, o, false, seed, t, error));
    }
    experiment_end(&e);
    generate_release(&g);
    stepc_error_free(error);
    return good;
}

/* ---- report -------------------------------------------------------------------------------------- */

static int report_counts(const generate_counts *c, const totals *t, bool all)
{
    int zero = 0;
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
    printf("group size: 1-2 %lld, 3-8 %lld, 9-64 %lld, more %lld\n", (long long)t->groups_by_size[0],
           (long long)t->groups_by_size[1], (long long)t->groups_by_size[2], (long long)t->groups_by_size[3]);
    for (int i = 0; i < 4; i++)
        zero += (c->broadcast[i] == 0) + (c->by_size[i] == 0) + (i < 3 && t->groups_by_size[i] == 0);
    printf("symbolic steps refused %lld\n", (long long)t->refused);
    printf("graphs %lld, compiled runs %lld, outputs %lld, finite %.1f %%, worst error over bound %.3g\n", (long long)t->graphs,
           (long long)t->compiled, (long long)t->outputs, t->outputs ? 100.0 * (double)t->finite / (double)t->outputs : 0.0,
           t->worst_ratio);
    if (all && zero)
        printf("%d counts are zero\n", zero);
    if (all && t->finite * 10 < t->outputs * 9)
        printf("fewer than 90 %% of the outputs are finite\n");
    return all && (zero || t->finite * 10 < t->outputs * 9);
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
        else if (!strcmp(argv[i], "--keep-going"))
            o.keep_going = true;
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
    totals t = {0};
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
    int poor = report_counts(&counts, &t, !o.one && o.graphs >= 300 && !t.mismatches);
    printf("%lld passed, %lld failed\n", (long long)(t.graphs - t.mismatches), (long long)t.mismatches);
    return t.mismatches || poor || t.graphs == 0;
}
