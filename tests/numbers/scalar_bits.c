/* SPDX-License-Identifier: Apache-2.0 */
/* One line per accurate scalar, as generated code has it: its name and a hash of its results over every STEP-th float32,
 * COUNT random doubles and all edges. The same on every target.
 *
 *     scalar_bits [STEP [COUNT]] */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/support/edges.h"
#include "tests/unit/support/functions.h"
#include "tests/unit/support/ulp.h"

/* FNV-1a of the bits, which are the same for all NaN. */
static void mix(uint64_t *hash, double y)
{
    uint64_t bits;

    memcpy(&bits, &y, sizeof bits);
    if (y != y)
        bits = 0x7ff8000000000000u;
    for (int i = 0; i < 64; i += 8)
        *hash = (*hash ^ (bits >> i & 255)) * 0x100000001b3u;
}

static void hash_unary(const char *name, double (*f)(double), uint64_t step, uint64_t count)
{
    uint64_t hash = 0xcbf29ce484222325u, state = 3;

    if (!f)
        return;
    for (uint64_t bits = 0; bits >> 32 == 0; bits += step)
        mix(&hash, f((double)float_from_bits((uint32_t)bits)));
    for (uint64_t n = 0; n < count; n++)
        mix(&hash, f(sample_f64(&state, n)));
    for (int i = 0; i < UNARY_EDGE_COUNT; i++)
        mix(&hash, f(unary_edge(edges_f64, i)));
    printf("%s %016llx\n", name, (unsigned long long)hash);
}

static void hash_binary(const char *name, double (*f)(double, double), uint64_t count)
{
    uint64_t hash = 0xcbf29ce484222325u, state = 3;

    if (!f)
        return;
    for (uint64_t n = 0; n < count; n++) {
        double x, y;

        sample_pair_f64(&state, n, &x, &y);
        mix(&hash, f(x, y));
    }
    for (int i = 0; i < EDGE_COUNT; i++)
        for (int j = 0; j < EDGE_COUNT; j++)
            mix(&hash, f(edges_f64[i], edges_f64[j]));
    printf("%s %016llx\n", name, (unsigned long long)hash);
}

int main(int argc, char **argv)
{
    uint64_t step = argc > 1 ? strtoull(argv[1], NULL, 10) : 200003, count = argc > 2 ? strtoull(argv[2], NULL, 10) : 6000;

#define HASH_UNARY(name, ...) hash_unary(#name, SNIPPET_OR(scalar_##name, NULL), step, count);
#define HASH_BINARY(name, ...) hash_binary(#name, SNIPPET_OR(scalar_##name, NULL), count);
    UNARY_FUNCTIONS(HASH_UNARY)
    BINARY_FUNCTIONS(HASH_BINARY)
    return 0;
}
