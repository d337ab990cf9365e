/* SPDX-License-Identifier: Apache-2.0 */
/* Turns the cases of one model into C: feeds and expected values as arrays of exact hexadecimal floats, and one function
 * per case that runs the step and compares. The text needs no file system, so it runs on bare metal too.
 *
 *     vectors ENTRY FEEDS FETCHES ABSOLUTE RELATIVE CASE_FOLDER... > vectors.h
 *
 * The entry's feeds are called in0, in1, ..., its fetches out0, ...; a feed of rank 2 has its first dimension in `n`.
 * A value passes when |got - want| <= ABSOLUTE + RELATIVE * |want|. */
#include "runtime/core/npy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, const char *subject)
{
    fprintf(stderr, "vectors: %s: %s\n", subject, what);
    exit(1);
}

static stepc_tensor *load(const char *folder, const char *kind, int index)
{
    char path[4096];
    stepc_error *error = stepc_error_new();
    stepc_tensor *tensor = NULL;
    int length = snprintf(path, sizeof path, "%s/%s_%d.npy", folder, kind, index);
    if (length < 0 || (size_t)length >= sizeof path)
        fail("the path is too long", folder);
    if (npy_read(NULL, path, &tensor, error)) {
        char line[512];
        stepc_error_format(error, line, sizeof line);
        fail(line, path);
    }
    if (stepc_tensor_dtype(tensor) != STEPC_FLOAT32)
        fail("only float32 is written here", path);
    stepc_error_free(error);
    return tensor;
}

static void print_array(const stepc_tensor *tensor, int number, const char *kind, int index)
{
    const float *values = stepc_tensor_data(tensor);
    int64_t length = stepc_tensor_length(tensor);
    printf("static const float case_%d_%s_%d[] = {", number, kind, index);
    for (int64_t i = 0; i < length; i++) {
        if (!isfinite(values[i]))
            fail("holds a value that is not finite", kind);
        printf("%s%af,", i % 8 ? " " : "\n    ", (double)values[i]);
    }
    printf("%s\n};\n", length ? "" : "0");
}

static void print_case(const char *entry, int number, const char *folder, int feeds, int fetches)
{
    printf("\n/* %s */\n", strrchr(folder, '/') ? strrchr(folder, '/') + 1 : folder);
    int64_t rows = 0;
    int rank = 0;
    for (int i = 0; i < feeds; i++) {
        stepc_tensor *tensor = load(folder, "feed", i);
        rank = stepc_tensor_rank(tensor);
        rows = rank ? stepc_tensor_dims(tensor)[0] : 0;
        print_array(tensor, number, "feed", i);
        stepc_tensor_release(tensor);
    }
    int64_t lengths[16] = {0};
    for (int i = 0; i < fetches; i++) {
        stepc_tensor *tensor = load(folder, "fetch", i);
        lengths[i] = stepc_tensor_length(tensor);
        print_array(tensor, number, "fetch", i);
        printf("static float case_%d_got_%d[%lld];\n", number, i, (long long)(lengths[i] ? lengths[i] : 1));
        stepc_tensor_release(tensor);
    }
    printf("\nstatic int run_case_%d(const stepc_env *env)\n{\n    %s_feeds feeds = {0};\n    %s_fetches fetches = {0};\n", number, entry,
           entry);
    for (int i = 0; i < feeds; i++)
        printf("    feeds.in%d = case_%d_feed_%d;\n", i, number, i);
    if (rank == 2)
        printf("    feeds.n = %lld;\n", (long long)rows);
    for (int i = 0; i < fetches; i++)
        printf("    fetches.out%d = case_%d_got_%d;\n", i, number, i);
    printf("    int failures = check_code(%d, (long)%s(&feeds, &fetches, env));\n", number, entry);
    for (int i = 0; i < fetches; i++)
        printf("    failures += check_floats(%d, %d, case_%d_got_%d, case_%d_fetch_%d, %lldu);\n", number, i, number, i, number, i,
               (long long)lengths[i]);
    printf("    return failures;\n}\n");
}

int main(int argc, char **argv)
{
    if (argc < 7)
        fail("usage: vectors ENTRY FEEDS FETCHES ABSOLUTE RELATIVE CASE_FOLDER...", "command line");
    int feeds = (int)strtol(argv[2], NULL, 10), fetches = (int)strtol(argv[3], NULL, 10);
    if (feeds < 0 || feeds > 16 || fetches < 1 || fetches > 16)
        fail("at most 16 feeds and fetches", argv[1]);
    printf("/* Made by vectors from recorded cases. */\n#define ABSOLUTE %sf\n#define RELATIVE %sf\n", argv[4], argv[5]);
    printf("static int check_code(int number, long code);\n"
           "static int check_floats(int number, int fetch, const float *got, const float *want, unsigned length);\n");
    for (int i = 6; i < argc; i++)
        print_case(argv[1], i - 6, argv[i], feeds, fetches);
    printf("\n#define CASE_COUNT %d\nstatic int run_all(const stepc_env *env)\n{\n    int failures = 0;\n", argc - 6);
    for (int i = 6; i < argc; i++)
        printf("    failures += run_case_%d(env);\n", i - 6);
    printf("    return failures;\n}\n");
    return 0;
}
