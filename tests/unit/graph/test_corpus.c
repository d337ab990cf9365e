/* SPDX-License-Identifier: Apache-2.0 */
/* Real graphs: every one of the corpus imports, or is refused with a clean error where it is
 * malformed on purpose; what is read is written back byte by byte, through text too. The
 * corpus is looked for in $STEPC_SHARED, else beside the source folder. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "graph_test.h"

#include <ftw.h>
#include <unistd.h>

static struct {
    char paths[4096][256];
    size_t count;
} found;

static int collect(const char *path, const struct stat *facts, int type, struct FTW *where)
{
    static const char *const names[] = {"model.pb", "model.pbtxt", "model.meta", "saved_model.pb", "saved_model.pbtxt"};

    (void)facts;
    for (size_t i = 0; type == FTW_F && i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(path + where->base, names[i]) == 0 && found.count < 4096 && strlen(path) < 256)
            strcpy(found.paths[found.count++], path);
    return 0;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Fills the list; false (with the reason printed) when there is no corpus. */
static bool find_corpus(void)
{
    const char *shared = getenv("STEPC_SHARED");
    char folder[512];

    snprintf(folder, sizeof(folder), "%s/corpus", shared != NULL ? shared : SOURCE_FOLDER "/../shared");
    if (nftw(folder, collect, 16, FTW_PHYS) != 0 || found.count == 0) {
        fprintf(stderr, "skipped: no corpus at %s (set STEPC_SHARED)\n", folder);
        return false;
    }
    qsort(found.paths, found.count, sizeof(found.paths[0]), compare_paths);
    return true;
}

static bool ends_with(const char *path, const char *tail)
{
    return strlen(path) >= strlen(tail) && strcmp(path + strlen(path) - strlen(tail), tail) == 0;
}

static void check_round_trip(const char *path, const stepc_graph *graph)
{
    void *binary, *words, *again;
    size_t binary_size, words_size, again_size;
    stepc_graph *copy = NULL;

    cr_assert_code(stepc_graph_write(graph, STEPC_GRAPH_BINARY, &binary, &binary_size, &test_error), STEPC_OK);
    if (ends_with(path, ".pb"))
        cr_expect(binary_size == graph->file.size && memcmp(binary, graph->file.data, binary_size) == 0, "%s: other bytes", path);
    cr_assert_code(stepc_graph_write(graph, STEPC_GRAPH_TEXT, &words, &words_size, &test_error), STEPC_OK);
    stepc_code code = stepc_graph_parse("text", words, words_size, NULL, &copy, &test_error);
    cr_expect_eq(code, STEPC_OK, "%s: %s", path, test_error.message);
    if (code == STEPC_OK) {
        cr_assert_code(stepc_graph_write(copy, STEPC_GRAPH_BINARY, &again, &again_size, &test_error), STEPC_OK);
        cr_expect(again_size == binary_size && memcmp(again, binary, binary_size) == 0, "%s: other bytes through text", path);
        stepc_graph_text_free(copy, again, again_size);
    }
    stepc_graph_release(copy);
    stepc_graph_text_free(graph, binary, binary_size);
    stepc_graph_text_free(graph, words, words_size);
}

Test(corpus, graph_defs_import_and_come_back)
{
    alarm(120); /* a hang ends this test */
    size_t good = 0;
    size_t refused = 0;

    if (!find_corpus())
        return;
    for (size_t i = 0; i < found.count; i++) {
        const char *path = found.paths[i];
        stepc_graph *graph;
        error_init(&test_error);
        stepc_code code = stepc_graph_load(path, NULL, &graph, &test_error);
        bool is_graph_def = ends_with(path, "/model.pb") || ends_with(path, "/model.pbtxt");
        if (!is_graph_def) {
            cr_expect_eq(code, STEPC_INVALID_ARGUMENT, "%s: %s", path, test_error.message);
            cr_expect(strstr(test_error.message, "looks like a ") != NULL, "%s: %s", path, test_error.message);
        } else if (code == STEPC_OK) {
            good++;
            check_round_trip(path, graph);
        } else {
            refused++;
            cr_expect(strstr(path, "/bad_") != NULL, "%s: %s", path, test_error.message);
            cr_expect(code == STEPC_INVALID_ARGUMENT || code == STEPC_NOT_FOUND || code == STEPC_DATA_LOSS);
        }
        stepc_graph_release(graph);
    }
    fprintf(stderr, "corpus: %zu graphs, %zu refused\n", good, refused);
    cr_expect_eq(refused, 13); /* the folders that are malformed at stage parse or import, and the empty file */
    cr_expect_geq(good, 880);
}

static void check_meta_graph(const char *path, const message *meta_graph)
{
    const message_value *info = message_get(meta_graph, "meta_info_def");
    const message_value *ops = info != NULL ? message_get(info->child, "stripped_op_list") : NULL;
    const message_value *graph_def = message_get(meta_graph, "graph_def");
    stepc_graph *graph;

    cr_assert_not_null(graph_def);
    cr_assert_code(graph_new(NULL, path, &graph, &test_error), STEPC_OK);
    graph->op_list = ops != NULL ? ops->child : NULL;
    cr_expect_eq(graph_import(graph, graph_def->child, &test_error), STEPC_OK, "%s: %s", path, test_error.message);
    stepc_graph_release(graph);
}

Test(corpus, saved_models_and_meta_graphs_import)
{
    alarm(60); /* a hang ends this test */
    size_t count = 0;

    if (!find_corpus())
        return;
    for (size_t i = 0; i < found.count; i++) {
        const char *path = found.paths[i];
        bool meta = ends_with(path, ".meta");
        bool words = ends_with(path, "saved_model.pbtxt");
        const message_type *type = meta ? &message_meta_graph_def : &message_saved_model;
        file_bytes file;
        arena memory;
        message *tree;
        if (!meta && !words && !ends_with(path, "saved_model.pb"))
            continue;
        error_init(&test_error);
        arena_init(&memory, NULL);
        cr_assert_code(file_read(NULL, path, &file, &test_error), STEPC_OK);
        if (words)
            cr_assert_code(message_read_text(NULL, &memory, type, path, (const char *)file.data, file.size, &tree, &test_error),
                           STEPC_OK);
        else
            cr_assert_code(message_read_binary(NULL, &memory, type, path, file.data, file.size, &tree, &test_error), STEPC_OK);
        if (meta)
            check_meta_graph(path, tree);
        for (const message_value *v = meta ? NULL : message_next(tree, "meta_graphs", NULL); v != NULL;
             v = message_next(tree, "meta_graphs", v))
            check_meta_graph(path, v->child);
        arena_release(&memory);
        file_release(NULL, &file);
        count++;
    }
    cr_expect_geq(count, 36);
}
