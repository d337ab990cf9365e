/* SPDX-License-Identifier: Apache-2.0 */
/* A small step, compiled on demand, and a folder of the test's own. */
#ifndef TESTS_UNIT_DRIVER_JIT_FIXTURE_H
#define TESTS_UNIT_DRIVER_JIT_FIXTURE_H

#define _XOPEN_SOURCE 700 /* nftw */

#include "runtime/module/call.h"
#include "stepc/stepc.h"
#include "tests/unit/nodes.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- folders ------------------------------------------------------------------------------------ */

static char own_path[100];

/* A folder that is TMPDIR too, so that what is left behind shows. */
static inline void own_folder(void)
{
    snprintf(own_path, sizeof own_path, "/tmp/stepc-jit-test-XXXXXX");
    cr_assert_not_null(mkdtemp(own_path));
    setenv("TMPDIR", own_path, 1);
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
    (void)facts, (void)kind, (void)where;
    return remove(path);
}

static inline void remove_own_folder(void)
{
    cr_assert_eq(nftw(own_path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline void put_file(const char *path, const char *body, mode_t mode)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s", path);
    fputs(body, file);
    fclose(file);
    cr_assert_eq(chmod(path, mode), 0);
}

/* ---- y = (x + 1) * 2 ------------------------------------------------------------------------------ */

static const char small_text[] = PLACEHOLDER("x", "FLOAT", DIM(-1)) CONST("one", "FLOAT", "", "float_val: 1 ")
    CONST("two", "FLOAT", "", "float_val: 2 ") BINARY("sum", "Add", "FLOAT", "x", "one")
        BINARY("y", "Mul", "FLOAT", "sum", "two") VERSION(134);

static inline stepc_graph *graph_of(const char *text)
{
    stepc_graph *graph = NULL;
    stepc_load_options options = {.size = sizeof options};
    stepc_error *error = stepc_error_new();
    cr_assert_eq(stepc_graph_parse("test.pbtxt", text, strlen(text), &options, &graph, error), STEPC_OK, "%s",
                 stepc_error_message(error));
    stepc_error_free(error);
    return graph;
}

static inline stepc_graph *small_graph(void)
{
    return graph_of(small_text);
}

static inline stepc_output output_of(stepc_graph *graph, const char *name)
{
    const stepc_operation *op = stepc_graph_find(graph, name);
    cr_assert_not_null(op, "%s", name);
    return (stepc_output){op, 0};
}

static inline const stepc_jit *open_jit(const stepc_jit_options *options)
{
    const stepc_jit *jit = NULL;
    stepc_error *error = stepc_error_new();
    cr_assert_eq(stepc_jit_open(options, &jit, error), STEPC_OK, "%s", stepc_error_message(error));
    stepc_error_free(error);
    return jit;
}

/* The step for LENGTH elements. */
static inline stepc_code request_small(const stepc_jit *jit, stepc_graph *graph, int64_t length,
                                       const stepc_module **out, stepc_error *error)
{
    stepc_output x = output_of(graph, "x"), y = output_of(graph, "y");
    stepc_view value = {.dims = &length, .rank = 1, .dtype = STEPC_FLOAT32};
    stepc_jit_request request = {
        .size = sizeof request, .feeds = &x, .values = &value, .feed_count = 1, .fetches = &y, .fetch_count = 1};
    const void *weights = "";
    stepc_code code = jit->compile(jit->context, graph, &request, out, &weights, error);
    cr_assert_null(weights);
    return code;
}

static inline const stepc_module *compile_small(const stepc_jit *jit, stepc_graph *graph, int64_t length)
{
    const stepc_module *module = NULL;
    stepc_error *error = stepc_error_new();
    cr_assert_eq(request_small(jit, graph, length, &module, error), STEPC_OK, "%s", stepc_error_message(error));
    stepc_error_free(error);
    return module;
}

/* Calls a module that was made for three elements. */
static inline void check_small(const stepc_module *module)
{
    float x[3] = {1, -2, 0.25f};
    int64_t dims[1] = {3};
    stepc_view view = {.data = x, .bytes = sizeof x, .dims = dims, .rank = 1, .dtype = STEPC_FLOAT32};
    stepc_tensor *out = NULL;
    cr_assert_eq(module->entry_count, 1u);
    cr_assert_eq(module_call_new(NULL, module, &module->entries[0], &view, 1, &out, 1, NULL, NULL), STEPC_OK);
    const float *y = stepc_tensor_data(out);
    cr_assert(stepc_tensor_length(out) == 3 && y[0] == 4 && y[1] == -2 && y[2] == 2.5f);
    stepc_tensor_release(out);
}

static inline stepc_jit_statistics statistics(const stepc_jit *jit)
{
    stepc_jit_statistics s = {.size = sizeof s};
    cr_assert_eq(stepc_jit_statistics_get(jit, &s, NULL), STEPC_OK);
    return s;
}

#endif
