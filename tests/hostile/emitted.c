/* SPDX-License-Identifier: Apache-2.0 */
/* emitted [GRAPHS [SEED]]: the text of random graphs, for several profiles: inside the token grammar, and the same bytes twice. */
#include "stages.h"
#include "tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct tally {
    long graphs, texts, refused, bad;
    size_t bytes;
} tally;

static bool same_files(const stepc_product *a, const stepc_product *b)
{
    if (stepc_product_file_count(a) != stepc_product_file_count(b))
        return false;
    for (size_t i = 0; i < stepc_product_file_count(a); i++) {
        stepc_file x = stepc_product_file(a, i), y = stepc_product_file(b, i);
        if (strcmp(x.name, y.name) != 0 || x.bytes != y.bytes || memcmp(x.data, y.data, x.bytes) != 0)
            return false;
    }
    return true;
}

static bool check_files(const stepc_product *product, const char *label, tally *t)
{
    static token_names names;
    bool good = true;
    for (size_t i = 0; i < 2; i++) {
        stepc_file file = stepc_product_file(product, i);
        char where[160];
        snprintf(where, sizeof where, "%s %s", label, file.name);
        good = tokens_check(where, file.data, file.bytes, &names) && good;
        t->bytes += file.bytes;
        t->texts++;
    }
    tokens_release(&names);
    return good;
}

static void check_profile(experiment *e, const char *isa, bool exact, unsigned long long seed, tally *t, stepc_error *error)
{
    stepc_compile_options options = {.size = sizeof options, .isa = isa, .exact = exact, .weights = seed % 5 == 0 ? STEPC_WEIGHTS_FILE : seed % 5 == 1 ? STEPC_WEIGHTS_OBJECT : STEPC_WEIGHTS_AUTO};
    stepc_product *first = NULL, *second = NULL;
    char label[80], line[600];
    snprintf(label, sizeof label, "seed %llu, %s%s:", seed, isa, exact ? " exact" : "");
    stepc_code code = stepc_compile(e->graph, &e->spec, 1, &options, &first, error);
    if (code == STEPC_UNIMPLEMENTED && e->symbolic) {
        t->refused++;
        return;
    }
    if (!code)
        code = stepc_compile(e->graph, &e->spec, 1, &options, &second, error);
    if (code) {
        stepc_error_format(error, line, sizeof line);
        printf("%s %s\n", label, line);
        t->bad++;
    } else {
        bool same = same_files(first, second);
        if (!same)
            printf("%s two compilations differ\n", label);
        t->bad += !check_files(first, label, t) || !same;
    }
    stepc_product_free(first);
    stepc_product_free(second);
}

int main(int argc, char **argv)
{
    static const char *const profiles[] = {"generic", "c99", "avx2", "armv7m", "helium", "neon"};
    static generated_graph g;
    static generate_counts counts;
    long wanted = argc > 1 ? atol(argv[1]) : 100;
    unsigned long long seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    tally t = {0};
    stepc_error *error = stepc_error_new();
    for (long i = 0; i < wanted; i++) {
        experiment e;
        generate_graph(&g, seed + (unsigned long long)i, &counts);
        if (!experiment_begin(&e, &g, "generic", error) && e.fetch_count) {
            check_profile(&e, profiles[i % 6], false, seed + (unsigned long long)i, &t, error);
            check_profile(&e, profiles[(i + 1) % 6], true, seed + (unsigned long long)i, &t, error);
            t.graphs++;
        }
        experiment_end(&e);
        generate_release(&g);
    }
    stepc_error_free(error);
    printf("%ld graphs, %ld texts of %zu bytes, %ld refused, %ld bad\n", t.graphs, t.texts, t.bytes, t.refused, t.bad);
    return t.bad || t.graphs * 2 < wanted;
}
