/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled step (step.h) that has every elementary function as an operator, in the four types of floats, held to their
 * bounds: at all edges, at some random arguments, in rows of every length up to a few vectors, so that each result is made
 * by whole vectors and by what is left over. Built with -DEXACT=1 for a step of --exact.
 *
 *     graph_functions [COUNT] */
#include <stdio.h>
#include <stdlib.h>

#include "step.h"
#include "tests/numbers/graph_functions.h"
#include "tests/unit/support/edges.h"
#include "tests/unit/support/functions.h"
#include "tests/unit/support/ulp.h"

enum { ROW = STEP_ROW }; /* the step's bound of n */

/* ---- types ------------------------------------------------------------------------------------------------------- */

typedef enum float_type { FLOAT, DOUBLE, HALF, BFLOAT16, TYPE_COUNT } float_type;
static const struct {
    const char *name;
    int bytes, digits, min_exponent, max_exponent;
} types[TYPE_COUNT] = {{"float", 4, 24, -149, 127}, {"double", 8, 53, -1074, 1023}, {"half", 2, 11, -24, 15}, {"bfloat16", 2, 8, -133, 127}};

static double half_value(unsigned bits)
{
    int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    double x = exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                              : ldexp(exponent ? 1024 + fraction : fraction, (exponent ? exponent : 1) - 25);

    return bits >> 15 ? -x : x;
}

static double load(float_type type, const void *from, int i)
{
    const uint16_t *narrow = from;

    switch (type) {
    case FLOAT: return (double)((const float *)from)[i];
    case DOUBLE: return ((const double *)from)[i];
    case HALF: return half_value(narrow[i]);
    default: return (double)float_from_bits((uint32_t)narrow[i] << 16);
    }
}

/* Any neighbour in TYPE will do: x is only an argument. */
static void store(float_type type, void *to, int i, double x)
{
    uint16_t *narrow = to;
    float single = (float)x;
    uint32_t bits;
    int exponent;

    memcpy(&bits, &single, sizeof bits);
    if (type == FLOAT) {
        ((float *)to)[i] = single;
    } else if (type == DOUBLE) {
        ((double *)to)[i] = x;
    } else if (type == BFLOAT16) {
        narrow[i] = (uint16_t)(x != x ? 0x7fc0 : bits >> 16);
    } else {
        double a = fabs(x);
        unsigned magnitude;

        frexp(a, &exponent);
        if (x != x)
            magnitude = 0x7e00;
        else if (a >= 65520)
            magnitude = 0x7c00;
        else if (a < 0x1p-14)
            magnitude = (unsigned)(a * 0x1p24);
        else
            magnitude = ((unsigned)(exponent + 14) << 10) + (unsigned)(ldexp(a, 11 - exponent)) - 1024;
        narrow[i] = (uint16_t)(magnitude | (signbit(x) ? 0x8000u : 0));
    }
}

/* ---- one result --------------------------------------------------------------------------------------------------- */

static long checks, failures;

/* Halves are made from a float32 that is within the bound. */
static double bound_in(float_type type, double bound)
{
    return type == FLOAT || type == DOUBLE || bound == 0 ? bound : 0.5 + 2 * ldexp(1, types[type].digits - 24);
}

/* Where the nearest double would be a tie of two float32, an accurate scalar gives the one beside it (runtime/core/scalar.h). */
static bool is_beside_tie(float_type type, double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return type == DOUBLE && ((bits & 0x1fffffff) == 0x0fffffff || (bits & 0x1fffffff) == 0x10000001);
}

static void expect(const char *name, float_type type, double x, double y, double got, long double exact, double bound, double slack)
{
    double error = ulp_error(got, exact, types[type].digits, types[type].min_exponent, types[type].max_exponent,
                             type == DOUBLE ? slack : 0);

    checks++;
    if (bound < 1 && is_beside_tie(type, got))
        bound = 1;
    if (!(error <= bound_in(type, bound)) && failures++ < 40)
        printf("%s of %s (%a, %a) gives %a: %g ULP\n", name, types[type].name, x, y, got, error);
}

/* double is wide enough for all but itself, where it is not itself the widest. */
static bool has_witness(float_type type) { return type != DOUBLE || __LDBL_MANT_DIG__ >= 64; }

#define WITNESS_OF(type, witness) ((type) == DOUBLE ? witness##l((long double)x) : (long double)witness(x))
#define WITNESS_OF_PAIR(type, witness) \
    ((type) == DOUBLE ? witness##l((long double)x, (long double)y) : (long double)witness(x, y))

/* ---- steps ---------------------------------------------------------------------------------------------------------- */

static _Alignas(64) unsigned char feeds_of[TYPE_COUNT][2][8 * ROW];
static _Alignas(64) unsigned char fetched[TYPE_COUNT][64][8 * ROW];
static _Alignas(64) unsigned char arena[STEP_ARENA_BYTES + 64];

#ifdef EXACT
#define BOUND(bound, exact_bound) exact_bound
#else
#define BOUND(bound, exact_bound) bound
#endif

static void check(float_type type, int n)
{
    int k = 0;

#define UNARY_CHECK(op, witness, bound, exact_bound, slack) \
    for (int i = 0; i < n; i++) { \
        double x = load(type, feeds_of[type][0], i); \
        expect(#op, type, x, 0, load(type, fetched[type][k], i), WITNESS_OF(type, witness), BOUND(bound, exact_bound), slack); \
    } \
    k++;
#define BINARY_CHECK(op, witness, bound, exact_bound, slack) \
    for (int i = 0; i < n; i++) { \
        double x = load(type, feeds_of[type][0], i), y = load(type, feeds_of[type][1], i); \
        expect(#op, type, x, y, load(type, fetched[type][k], i), WITNESS_OF_PAIR(type, witness), BOUND(bound, exact_bound), slack); \
    } \
    k++;
    UNARY_OPERATORS(UNARY_CHECK)
    BINARY_OPERATORS(BINARY_CHECK)
}

/* One step with N elements; what lies behind them must stay as it was. */
static void run(int n)
{
    stepc_env env = {0};
    stepc_fault fault = {0};
    step_feeds feeds = {0};
    step_fetches fetches = {0};
    int k = 0;

    env.size = sizeof env;
    env.arena = arena;
    env.arena_bytes = STEP_ARENA_BYTES;
    env.fault = &fault;
    feeds.n = n;
    memset(fetched, 0x5a, sizeof fetched);
#define FEED(type, word) feeds.x_##word = (const void *)feeds_of[type][0], feeds.y_##word = (const void *)feeds_of[type][1]
    FEED(FLOAT, float), FEED(DOUBLE, double), FEED(HALF, half), FEED(BFLOAT16, bfloat16);
#define FETCH(op, ...) \
    fetches.op##_float = (void *)fetched[FLOAT][k]; \
    fetches.op##_double = (void *)fetched[DOUBLE][k]; \
    fetches.op##_half = (void *)fetched[HALF][k]; \
    fetches.op##_bfloat16 = (void *)fetched[BFLOAT16][k]; \
    k++;
    UNARY_OPERATORS(FETCH)
    BINARY_OPERATORS(FETCH)
    if (step_init(&env) != 0 || step(&feeds, &fetches, &env) != 0) {
        printf("the step fails: %s\n", fault.message);
        exit(1);
    }
    for (int t = 0; t < TYPE_COUNT; t++) {
        if (has_witness((float_type)t))
            check((float_type)t, n);
        for (int f = 0; f < k; f++)
            for (int at = n * types[t].bytes; at < 8 * ROW; at++)
                if (fetched[t][f][at] != 0x5a && failures++ < 40)
                    printf("fetch %d of %s: written behind its %d elements\n", f, types[t].name, n);
    }
}

static void put(int i, double x, double y)
{
    for (int t = 0; t < TYPE_COUNT; t++) {
        store((float_type)t, feeds_of[t][0], i, x);
        store((float_type)t, feeds_of[t][1], i, y);
    }
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? strtol(argv[1], NULL, 10) : 4000, n = 0, pairs = (long)EDGE_COUNT * EDGE_COUNT;
    uint64_t state = 11;

    /* All edges of one argument, all pairs of the main ones, then any. */
    for (int row = 0; n < UNARY_EDGE_COUNT + pairs + count; row++) {
        int length = row % 3 == 0 ? ROW : 1 + row % ROW;

        for (int i = 0; i < length; i++, n++) {
            double x, y;

            if (n < UNARY_EDGE_COUNT) {
                x = unary_edge(n & 1 ? edges_f32 : edges_f64, (int)n), y = unary_edge(edges_f32, UNARY_EDGE_COUNT - 1 - (int)n);
            } else if (n < UNARY_EDGE_COUNT + pairs) {
                long pair = n - UNARY_EDGE_COUNT;

                x = (n & 1 ? edges_f32 : edges_f64)[pair % EDGE_COUNT], y = (n & 1 ? edges_f32 : edges_f64)[pair / EDGE_COUNT];
            } else {
                sample_pair_f64(&state, (uint64_t)n, &x, &y);
            }
            put(i, x, y);
        }
        run(length);
    }
    printf("%ld results, %ld beyond their bounds\n", checks, failures);
    return failures != 0;
}
