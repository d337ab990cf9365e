/* SPDX-License-Identifier: Apache-2.0 */
/* values GRAPHS SEED CC CFLAGS: compiled random graphs on values that hurt (NaN, infinities, the ends of integers, denormals,
 * labels out of range), built so that undefined behaviour traps. Exact text gives the reference engine's bits or its code.
 * GRAPHS must give results on such values; as many as that and more may be refused, as the reference refuses them. */
#include "compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t nasty_floats[] = {0x7FC00000, 0xFFC12345, 0x7F800001, 0x7F800000, 0xFF800000, 0x00000001, 0x807FFFFF, 0x00800000,
                                        0x7F7FFFFF, 0xFF7FFFFF, 0x00000000, 0x80000000, 0x3F800000, 0xBF800000, 0x4F000000, 0xCF000001,
                                        0x5F000000, 0xDF000000, 0x42B17218, 0xC2CFF1B5, 0x7149F2CA, 0x3F7FFFFF, 0x40490FDB, 0x4B000001};
static const uint64_t nasty_doubles[] = {0x7FF8000000000000, 0xFFF8000000001234, 0x7FF0000000000001, 0x7FF0000000000000, 0xFFF0000000000000,
                                         0x0000000000000001, 0x800FFFFFFFFFFFFF, 0x7FEFFFFFFFFFFFFF, 0xFFEFFFFFFFFFFFFF, 0x8000000000000000,
                                         0x3FF0000000000000, 0xBFF0000000000000, 0x43E0000000000000, 0xC3E0000000000001, 0x41E0000000000000,
                                         0x40862E42FEFA39EF, 0xC0874910D52D3052, 0x7E37E43C8800759C, 0x43F0000000000000, 0x400921FB54442D18};
static const uint16_t nasty_halves[] = {0x7E00, 0x7C00, 0xFC00, 0x0001, 0x83FF, 0x7BFF, 0xFBFF, 0x8000, 0x3C00, 0x7D01, 0x7F80, 0xFF80, 0x7FC0, 0x0080};

static void make_nasty(generated_graph *g, const generated_tensor *t, stepc_tensor *tensor)
{
    unsigned char *data = stepc_tensor_data(tensor);
    size_t bytes = stepc_dtype_bytes(t->dtype);
    for (int64_t i = 0; i < stepc_tensor_length(tensor); i++) {
        if (generate_below(g, 4) == 0)
            continue; /* some stay tame */
        uint64_t value = generate_next(g), ends[] = {0, 1, ~(uint64_t)0, (uint64_t)1 << (8 * bytes - 1), ((uint64_t)1 << (8 * bytes - 1)) - 1, 2};
        if (generate_below(g, 4) && bytes)
            value = ends[generate_below(g, 6)];
        if (t->dtype == STEPC_FLOAT32)
            value = nasty_floats[generate_below(g, sizeof nasty_floats / sizeof *nasty_floats)];
        else if (t->dtype == STEPC_FLOAT64)
            value = nasty_doubles[generate_below(g, sizeof nasty_doubles / sizeof *nasty_doubles)];
        else if (t->dtype == STEPC_HALF || t->dtype == STEPC_BFLOAT16)
            value = nasty_halves[generate_below(g, sizeof nasty_halves / sizeof *nasty_halves)];
        else if (t->dtype == STEPC_BOOL)
            value &= 1;
        if (t->label_limit && generate_below(g, 8))
            continue; /* most labels must be right, or every step would fail */
        for (size_t b = 0; b < bytes; b++) /* little-endian machines */
            data[(size_t)i * bytes + b] = (unsigned char)(value >> (8 * b));
    }
}

static stepc_code run_reference(experiment *e, stepc_tensor **out, stepc_error *error)
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
    if (!code)
        code = stepc_session_run(session, feeds, e->feed_count, fetches, e->fetch_count, NULL, 0, NULL, error);
    for (size_t i = 0; !code && i < e->fetch_count; i++)
        out[i] = fetches[i].out;
    stepc_session_free(session);
    return code;
}

static bool is_nan(stepc_dtype dtype, uint64_t bits)
{
    switch ((int)dtype) {
    case STEPC_FLOAT32: return (bits & 0x7FFFFFFF) > 0x7F800000;
    case STEPC_FLOAT64: return (bits & 0x7FFFFFFFFFFFFFFF) > 0x7FF0000000000000;
    case STEPC_HALF: return (bits & 0x7FFF) > 0x7C00;
    case STEPC_BFLOAT16: return (bits & 0x7FFF) > 0x7F80;
    default: return false;
    }
}

static uint64_t bits_at(const stepc_tensor *t, int64_t index)
{
    uint64_t bits = 0;
    size_t bytes = stepc_dtype_bytes(stepc_tensor_dtype(t));
    if (index < stepc_tensor_length(t))
        memcpy(&bits, (const unsigned char *)stepc_tensor_data(t) + (size_t)index * bytes, bytes < 8 ? bytes : 8);
    return bits; /* on little-endian machines */
}

/* Bits, but that any NaN is any other. */
static bool is_same(const stepc_tensor *a, const stepc_tensor *b, int64_t *where)
{
    stepc_dtype dtype = stepc_tensor_dtype(a);
    if (stepc_tensor_dtype(b) != dtype || stepc_tensor_length(a) != stepc_tensor_length(b))
        return false;
    for (*where = 0; *where < stepc_tensor_length(a); ++*where) {
        uint64_t p = bits_at(a, *where), q = bits_at(b, *where);
        if (p != q && !(is_nan(dtype, p) && is_nan(dtype, q)))
            return false;
    }
    return true;
}

static bool is_good(experiment *e, stepc_tensor **want, stepc_code wanted, bool exact, bool has_shape, const char *cc,
                    const char *cflags, unsigned long long seed, stepc_error *error)
{
    static stepc_tensor *have[EXPERIMENT_FETCHES];
    char line[600];
    bool good = true;
    memset(have, 0, sizeof have);
    stepc_code code = compile_and_run(e, exact, cc, cflags, NULL, have, error);
    if (!code && wanted && has_shape) /* what only a Shape reads is not computed, and cannot fail */
        wanted = STEPC_OK;
    else if (code != wanted) {
        stepc_error_format(error, line, sizeof line);
        printf("seed %llu%s: code %d, not %d: %s\n", seed, exact ? " exact" : "", (int)code, (int)wanted, line);
        return false;
    }
    for (size_t i = 0; !code && i < e->fetch_count; i++) {
        int64_t where = 0;
        if (exact && want[i] && !is_same(want[i], have[i], &where)) {
            const stepc_operation *op = stepc_graph_find(e->graph, strtok(strcpy(line, e->fetch_names[i]), ":"));
            printf("seed %llu exact: fetch %s (%s) differs at %lld: want %016llx, have %016llx\n", seed, e->fetch_names[i],
                   op ? stepc_operation_type(op) : "?", (long long)where, (unsigned long long)bits_at(want[i], where),
                   (unsigned long long)bits_at(have[i], where));
            good = false;
        }
        stepc_tensor_release(have[i]);
    }
    return good;
}

int main(int argc, char **argv)
{
    static generated_graph g;
    static generate_counts counts;
    static stepc_tensor *want[EXPERIMENT_FETCHES];
    if (argc != 5)
        return 2;
    long graphs = atol(argv[1]), ran = 0, failed_steps = 0, bad = 0;
    unsigned long long seed = strtoull(argv[2], NULL, 10);
    stepc_error *error = stepc_error_new();
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (; ran - failed_steps < graphs && ran < 4 * graphs && bad < 5; seed++) {
        experiment e;
        generate_graph(&g, seed, &counts);
        bool is_wanted = !g.symbolic && !experiment_begin(&e, &g, "generic", error) && e.fetch_count && e.feed_count;
        if (is_wanted) {
            size_t feed = 0;
            for (int32_t i = 0; i < g.tensor_count; i++)
                if (g.tensors[i].is_feed)
                    make_nasty(&g, &g.tensors[i], e.feeds[feed++]);
            memset(want, 0, sizeof want);
            bool has_shape = strstr(g.nodes.data, "op: 'Shape'") != NULL;
            stepc_code wanted = run_reference(&e, want, error);
            printf("seed %llu\n", seed); /* the last line tells which graph trapped */
            bool good = is_good(&e, want, wanted, true, has_shape, argv[3], argv[4], seed, error);
            bad += !(is_good(&e, want, wanted, false, has_shape, argv[3], argv[4], seed, error) && good);
            failed_steps += wanted != STEPC_OK;
            ran++;
            for (size_t i = 0; !wanted && i < e.fetch_count; i++)
                stepc_tensor_release(want[i]);
        }
        if (!g.symbolic)
            experiment_end(&e);
        generate_release(&g);
    }
    stepc_error_free(error);
    printf("%ld graphs, %ld of them fail on these values, %ld bad\n", ran, failed_steps, bad);
    return bad != 0 || ran - failed_steps < graphs;
}
