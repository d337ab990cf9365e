/* SPDX-License-Identifier: Apache-2.0 */
/* Whole graphs. Comments of a graph say what is compiled, a line each:
 *   # isa NAME              else generic
 *   # exact
 *   # step NAME             begins a callable, of which:
 *   # feed TENSOR [SHAPE]   # fetch TENSOR   # target OPERATION */
#include "golden.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STEPS = 4, MOST_NAMES = 8, WORD_BYTES = 64 };

typedef struct golden_step {
    char name[WORD_BYTES], feeds[MOST_NAMES][WORD_BYTES], shapes[MOST_NAMES][WORD_BYTES];
    char fetches[MOST_NAMES][WORD_BYTES], targets[MOST_NAMES][WORD_BYTES];
    size_t feed_count, fetch_count, target_count;
    stepc_feed_spec feed_specs[MOST_NAMES];
    stepc_fetch_spec fetch_specs[MOST_NAMES];
    const char *target_names[MOST_NAMES];
} golden_step;

typedef struct golden_graph {
    char isa[WORD_BYTES];
    bool exact;
    golden_step steps[MOST_STEPS];
    size_t step_count;
} golden_graph;

static bool add_name(char (*names)[WORD_BYTES], size_t *count, const char *name)
{
    if (*count == MOST_NAMES || name[0] == '\0')
        return false;
    snprintf(names[(*count)++], WORD_BYTES, "%s", name);
    return true;
}

static bool read_line(golden_graph *g, const char *line)
{
    char key[WORD_BYTES] = "", name[WORD_BYTES] = "", shape[WORD_BYTES] = "";
    int words = sscanf(line, "# %63s %63s %63s", key, name, shape);
    golden_step *s = g->step_count > 0 ? &g->steps[g->step_count - 1] : NULL;
    if (words < 1)
        return false;
    if (strcmp(key, "isa") == 0) {
        memcpy(g->isa, name, sizeof name);
        return true;
    }
    if (strcmp(key, "exact") == 0)
        return g->exact = true;
    if (strcmp(key, "step") == 0) {
        if (g->step_count == MOST_STEPS)
            return false;
        memcpy(g->steps[g->step_count++].name, name, sizeof name);
        return true;
    }
    if (s == NULL)
        return false;
    if (strcmp(key, "feed") == 0 && s->feed_count < MOST_NAMES) {
        memcpy(s->shapes[s->feed_count], shape, sizeof shape);
        return add_name(s->feeds, &s->feed_count, name);
    }
    if (strcmp(key, "fetch") == 0)
        return add_name(s->fetches, &s->fetch_count, name);
    return strcmp(key, "target") == 0 && add_name(s->targets, &s->target_count, name);
}

static bool read_comments(golden_graph *g, const file_bytes *source)
{
    const char *at = (const char *)source->data, *end = at + source->size;
    while (at < end && *at == '#') {
        char line[256];
        const char *next = memchr(at, '\n', (size_t)(end - at));
        next = next != NULL ? next + 1 : end;
        snprintf(line, sizeof line, "%.*s", (int)(next - at), at);
        if (strncmp(line, "# SPDX", 6) != 0 && !read_line(g, line))
            return false;
        at = next;
    }
    return g->step_count > 0;
}

static void make_spec(golden_step *s, stepc_callable_spec *out)
{
    for (size_t i = 0; i < s->feed_count; i++) {
        s->feed_specs[i].tensor = s->feeds[i];
        s->feed_specs[i].shape = s->shapes[i][0] != '\0' ? s->shapes[i] : NULL;
    }
    for (size_t i = 0; i < s->fetch_count; i++)
        s->fetch_specs[i].tensor = s->fetches[i];
    for (size_t i = 0; i < s->target_count; i++)
        s->target_names[i] = s->targets[i];
    *out = (stepc_callable_spec){.size = sizeof *out,
                                 .name = s->name,
                                 .feeds = s->feed_specs,
                                 .feed_count = s->feed_count,
                                 .fetches = s->fetch_specs,
                                 .fetch_count = s->fetch_count,
                                 .targets = s->target_names,
                                 .target_count = s->target_count};
}

static stepc_code compile(const stepc_host *host, const char *name, golden_graph *g, const file_bytes *source,
                          stepc_product **out, stepc_error *error)
{
    stepc_load_options load = {.size = sizeof load, .host = host};
    stepc_compile_options options = {.size = sizeof options,
                                     .module = name,
                                     .isa = g->isa[0] != '\0' ? g->isa : NULL,
                                     .weights = STEPC_WEIGHTS_INLINE,
                                     .exact = g->exact,
                                     .host = host};
    stepc_callable_spec specs[MOST_STEPS];
    stepc_graph *graph = NULL;
    stepc_code code = stepc_graph_parse(name, (const char *)source->data, source->size, &load, &graph, error);
    for (size_t i = 0; i < g->step_count; i++)
        make_spec(&g->steps[i], &specs[i]);
    if (code == STEPC_OK)
        code = stepc_compile(graph, specs, g->step_count, &options, out, error);
    stepc_graph_release(graph);
    return code;
}

static int compare_product(const stepc_host *host, const char *folder, const stepc_product *product, bool update)
{
    int failures = 0;
    for (size_t i = 0; i < 2; i++) {
        stepc_file file = stepc_product_file(product, i);
        char *own = malloc(file.bytes + 1);
        if (own == NULL)
            return golden_fail("needs more memory", file.name, NULL);
        memcpy(own, file.data, file.bytes);
        own[file.bytes] = '\0';
        file.bytes = golden_shorten(own, file.bytes);
        file.data = own;
        failures += golden_compare(host, folder, &file, update);
        free(own);
    }
    return failures;
}

static int run_graph(const stepc_host *host, const char *folder, const char *file_name, bool update)
{
    static golden_graph g;
    char path[1300], name[WORD_BYTES];
    file_bytes source;
    stepc_product *product = NULL;
    stepc_error *error = stepc_error_new();
    int failures;
    memset(&g, 0, sizeof g);
    snprintf(path, sizeof path, "%s/%s", folder, file_name);
    snprintf(name, sizeof name, "%.*s", (int)strcspn(file_name, "."), file_name);
    if (file_read(host, path, &source, error) != STEPC_OK) {
        failures = golden_fail("cannot be read", path, error);
    } else {
        if (!read_comments(&g, &source))
            failures = golden_fail("its comments do not say what to compile", path, NULL);
        else if (compile(host, name, &g, &source, &product, error) != STEPC_OK)
            failures = golden_fail("is refused", name, error);
        else
            failures = compare_product(host, folder, product, update);
        file_release(host, &source);
    }
    stepc_product_free(product);
    stepc_error_free(error);
    return failures;
}

static int is_graph(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot != NULL && strcmp(dot, ".pbtxt") == 0;
}

int golden_graphs(const stepc_host *host, const char *folder, bool update)
{
    char path[1000];
    struct dirent **entries = NULL;
    int failures = 0;
    snprintf(path, sizeof path, "%s/graphs", folder);
    int count = scandir(path, &entries, is_graph, alphasort);
    for (int i = 0; i < count; i++) {
        failures += run_graph(host, path, entries[i]->d_name, update);
        free(entries[i]);
    }
    free(entries);
    return count > 0 ? failures : golden_fail("has no graphs", path, NULL);
}
