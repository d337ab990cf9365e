/* SPDX-License-Identifier: Apache-2.0 */
/* From a graph to a loaded module: the C compiler, private folders, libraries that are not ours. */
#include "compiler/driver/driver.h"
#include "runtime/core/host.h"
#include "runtime/module/call.h"
#include "stepc/stepc.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static stepc_graph *plus3(void)
{
    stepc_graph *graph = NULL;
    stepc_load_options options = {.size = sizeof options};
    cr_assert_eq(stepc_graph_load(TEST_DATA "/corpus/tract_plus3/model.pb", &options, &graph, NULL), STEPC_OK);
    return graph;
}

static const stepc_feed_spec feeds[1] = {{NULL, "input:0", STEPC_DTYPE_INVALID, "n"}};
static const stepc_fetch_spec fetches[1] = {{NULL, "output:0"}};
static const stepc_callable_spec spec = {
    .size = sizeof spec, .name = "plus3", .feeds = feeds, .feed_count = 1, .fetches = fetches, .fetch_count = 1};

static int entries_of(const char *folder)
{
    int count = 0;
    DIR *open = opendir(folder);
    cr_assert_not_null(open);
    while (readdir(open) != NULL)
        count++;
    closedir(open);
    return count - 2;
}

/* A folder of the test's own is TMPDIR, so that what is left behind shows. */
static void own_folder(char *folder)
{
    strcpy(folder, "/tmp/stepc-driver-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    setenv("TMPDIR", folder, 1);
}

static void check_call(const loaded_module *m)
{
    const stepc_module *module = module_get(m);
    float x[3] = {1, 2, 3.5f};
    int64_t dims[1] = {3};
    stepc_view view = {.data = x, .bytes = sizeof x, .dims = dims, .rank = 1, .dtype = STEPC_FLOAT32};
    stepc_tensor *out = NULL;
    stepc_error *error = stepc_error_new();
    cr_assert_eq(module_call_new(NULL, module, &module->entries[0], &view, 1, &out, 1, NULL, error), STEPC_OK, "%s",
                 stepc_error_message(error));
    const float *y = stepc_tensor_data(out);
    cr_assert(y[0] == 4 && y[1] == 5 && y[2] == 6.5f && stepc_tensor_length(out) == 3);
    stepc_tensor_release(out);
    stepc_error_free(error);
}

Test(build, compiles_loads_calls_and_leaves_nothing)
{
    char folder[64];
    stepc_graph *graph = plus3();
    stepc_error *error = stepc_error_new();
    own_folder(folder);
    for (int i = 0; i < 3; i++) {
        static const char *const isas[] = {"generic", "c99", "host"};
        stepc_compile_options options = {.size = sizeof options, .isa = isas[i], .prefix = i == 1 ? "my_" : NULL};
        stepc_product *product;
        loaded_module *m;
        cr_assert_eq(
            module_compile_and_load(graph, &spec, 1, &options, NULL, "-O1 '-DQUOTED=a b'", &product, &m, error),
            STEPC_OK, "%s", stepc_error_message(error));
        check_call(m);
        cr_assert_eq(stepc_product_file_count(product), 2);
        module_unload(m);
        stepc_product_free(product);
    }
    cr_assert_eq(entries_of(folder), 0);
    rmdir(folder);
    stepc_graph_release(graph);
    stepc_error_free(error);
}

static stepc_product *product_of(stepc_graph *graph)
{
    stepc_product *product = NULL;
    cr_assert_eq(stepc_compile(graph, &spec, 1, NULL, &product, NULL), STEPC_OK);
    return product;
}

Test(build, objects_archives_and_libraries)
{
    char folder[64], path[200];
    stepc_graph *graph = plus3();
    stepc_error *error = stepc_error_new();
    stepc_host host = host_resolve(NULL);
    own_folder(folder);
    stepc_product *product = product_of(graph);
    static const char *const names[] = {"a.o", "a.a", "a.so"};
    for (int kind = BUILD_OBJECT; kind <= BUILD_SHARED; kind++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[kind]);
        build_request request = {.kind = (build_kind)kind,
                                 .isa = isa_find("generic"),
                                 .product = product,
                                 .module = "plus3",
                                 .out_path = path};
        cr_assert_eq(build_module(&host, &request, error), STEPC_OK, "%s", stepc_error_message(error));
        cr_assert_eq(access(path, R_OK), 0);
    }
    loaded_module *m;
    cr_assert_eq(module_load(NULL, path, NULL, &m, error), STEPC_OK, "%s", stepc_error_message(error));
    check_call(m);
    module_unload(m);
    cr_assert_eq(module_load(NULL, path, "plus3", &m, error), STEPC_OK);
    module_unload(m);
    cr_assert_eq(module_load(NULL, path, "other", &m, error), STEPC_NOT_FOUND);
    cr_assert_null(m);
    snprintf(path, sizeof path, "%s/a.o", folder);
    cr_assert_neq(module_load(NULL, path, NULL, &m, error), STEPC_OK);
    cr_assert_neq(module_load(NULL, "/bin/ls", NULL, &m, error), STEPC_OK);
    cr_assert_neq(module_load(NULL, "/nowhere.so", NULL, &m, error), STEPC_OK);
    cr_assert_eq(entries_of(folder), 3);
    stepc_product_free(product);
    stepc_graph_release(graph);
    stepc_error_free(error);
    for (int kind = 0; kind < 3; kind++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[kind]);
        unlink(path);
    }
    rmdir(folder);
}

Test(build, compilers_that_fail)
{
    char folder[64], path[200];
    stepc_graph *graph = plus3();
    stepc_error *error = stepc_error_new();
    stepc_host host = host_resolve(NULL);
    own_folder(folder);
    stepc_product *product = product_of(graph);
    snprintf(path, sizeof path, "%s/a.o", folder);
    static const struct {
        const char *cc, *cflags;
        stepc_code code;
    } rows[] = {
        {"/no/such/compiler", NULL, STEPC_UNAVAILABLE},
        {"false", NULL, STEPC_INTERNAL},
        {NULL, "-DSTEPC_NOINLINE=int -include /nowhere.h", STEPC_INTERNAL},
        {NULL, "-ffast-math", STEPC_INTERNAL},
        {"true", NULL, STEPC_NOT_FOUND}, /* says it worked, and wrote nothing */
        {"sh -c 'kill -9 $$'", NULL, STEPC_INTERNAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        build_request request = {.cc = rows[i].cc,
                                 .cflags = rows[i].cflags,
                                 .isa = isa_find("generic"),
                                 .product = product,
                                 .module = "plus3",
                                 .out_path = path};
        stepc_code code = build_module(&host, &request, error);
        cr_assert_eq(code, rows[i].code, "row %zu: %s", i, stepc_error_message(error));
        cr_assert_eq(entries_of(folder), 0, "row %zu", i);
    }
    stepc_product_free(product);
    stepc_graph_release(graph);
    stepc_error_free(error);
    rmdir(folder);
}

/* More weights than the C text should carry go through the assembler. */
Test(build, large_weights_go_through_the_assembler)
{
    char folder[64];
    stepc_graph *graph = NULL;
    stepc_error *error = stepc_error_new();
    stepc_load_options load = {.size = sizeof load};
    static const stepc_feed_spec in[1] = {{NULL, "X:0", STEPC_DTYPE_INVALID, "2,784"}};
    static const stepc_fetch_spec out[1] = {{NULL, "output:0"}};
    stepc_callable_spec autoencoder = {
        .size = sizeof autoencoder, .name = "ae", .feeds = in, .feed_count = 1, .fetches = out, .fetch_count = 1};
    stepc_product *product;
    loaded_module *m;
    own_folder(folder);
    cr_assert_eq(stepc_graph_load(TEST_DATA "/corpus/tf2onnx_ae0/model.pb", &load, &graph, error), STEPC_OK);
    cr_assert_eq(module_compile_and_load(graph, &autoencoder, 1, NULL, NULL, NULL, &product, &m, error), STEPC_OK, "%s",
                 stepc_error_message(error));
    cr_assert_eq(stepc_product_file_count(product), 3);
    cr_assert_gt(module_get(m)->weights_bytes, 65536u);
    static float x[2 * 784], y[2 * 784];
    const float *feed = x;
    float *fetch = y;
    static _Alignas(64) unsigned char block[1 << 16];
    stepc_env env = {.size = sizeof env, .arena = block, .arena_bytes = sizeof block};
    cr_assert_eq(module_get(m)->entries[0].call(&feed, &fetch, &env), 0);
    for (int i = 0; i < 784; i++)
        cr_assert(y[i] == y[784 + i] && y[i] > 0 && y[i] < 1, "a sigmoid of equal rows: %d", i);
    module_unload(m);
    stepc_product_free(product);
    stepc_graph_release(graph);
    stepc_error_free(error);
    cr_assert_eq(entries_of(folder), 0);
    rmdir(folder);
}

Test(isa, profiles)
{
    cr_assert_null(isa_find("nonsense"));
    cr_assert_not_null(isa_find("host"));
    for (size_t i = 0; i < isa_count(); i++)
        cr_assert_eq(isa_find(isa_at(i)->name), isa_at(i));
    cr_assert(isa_runs_here("c99") && isa_runs_here("generic") && isa_runs_here(isa_host()->name));
    cr_assert_not(isa_runs_here("armv7m"));
    cr_assert_null(isa_at(1000));
}
