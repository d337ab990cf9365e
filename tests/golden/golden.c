/* SPDX-License-Identifier: Apache-2.0 */
/* golden FOLDER [--update]: emits every FOLDER/NAME.loop and FOLDER/graphs/NAME.pbtxt and compares with NAME.h and NAME.c. */
#include "golden.h"

#include "compiler/emit/emit.h"

#include <stdio.h>
#include <string.h>

static const isa_profile generic = {
    .name = "generic", .cflags = "", .vector_bytes = 32, .registers = 16, .l1_bytes = 32768, .l2_bytes = 262144};
static const char *const cases[] = {
    "classify", "chain", "angles", "angles_f64", "product", "softmax", "layer_norm", "widths", "scatter",
    "sum_rows", "sum_columns", "argmax_columns", "transpose", "softmax_blocks", "copies", "product_panels"
};

int golden_fail(const char *what, const char *name, const stepc_error *error)
{
    fprintf(stderr, "golden: %s: %s%s%s\n", name, what, error ? ": " : "", error ? error->message : "");
    return 1;
}

/* The helpers are compiler/support's, which has its own tests: their text is left out of DATA, in place. */
size_t golden_shorten(char *data, size_t size)
{
    static const char first[] = "/* ---- helpers ---- */\n", last[] = "/* ---- kernels ---- */\n";
    char *from = strstr(data, first), *to = strstr(data, last);
    if (from == NULL || to == NULL)
        return size;
    memmove(from + strlen(first), to, size - (size_t)(to - data) + 1);
    return size - (size_t)(to - from) + strlen(first);
}

int golden_compare(const stepc_host *host, const char *folder, const stepc_file *file, bool update)
{
    char path[1000];
    file_bytes kept;
    snprintf(path, sizeof path, "%s/%s", folder, file->name);
    if (update) {
        FILE *out = fopen(path, "wb");
        if (out == NULL || fwrite(file->data, 1, file->bytes, out) != file->bytes || fclose(out) != 0)
            return golden_fail("cannot be written", path, NULL);
        return 0;
    }
    if (file_read(host, path, &kept, NULL) != STEPC_OK)
        return golden_fail("is not there", path, NULL);
    size_t at = 0, row = 1;
    while (at < kept.size && at < file->bytes && kept.data[at] == (uint8_t)file->data[at])
        row += kept.data[at++] == '\n';
    bool same = at == kept.size && at == file->bytes;
    file_release(host, &kept);
    if (!same)
        fprintf(stderr, "golden: %s differs in line %zu\n", path, row);
    return same ? 0 : 1;
}

static stepc_code emit_case(const stepc_host *host, arena *memory, size_pool *sizes, const char *name,
                            const file_bytes *source, emit_result *out, stepc_error *error)
{
    loop_program *program;
    memory_plan *plan;
    module_plan *module;
    stepc_code code = loop_parse(host, memory, sizes, name, (const char *)source->data, source->size, &program, error);
    if (!code)
        code = loop_verify(program, error);
    if (!code)
        code = plan_make(program, &plan, error);
    const loop_program *programs[1] = {program};
    if (!code)
        code = plan_module(host, memory, programs, 1, &module, error);
    if (code)
        return code;
    emit_options options = {
        .module = name, .prefix = "", .isa = &generic, .weights = STEPC_WEIGHTS_INLINE, .exact = program->exact};
    emit_callable callable = {program, plan};
    return emit_module(host, memory, &options, &callable, 1, module, out, error);
}

/* Files in the arena, shortened. */
static bool shorten(arena *memory, emit_result *result)
{
    for (size_t i = 0; i < result->file_count; i++) {
        char *own = arena_text(memory, result->files[i].data, result->files[i].bytes);
        if (own == NULL)
            return false;
        result->files[i].bytes = golden_shorten(own, result->files[i].bytes);
        result->files[i].data = own;
    }
    return true;
}

static int run_case(const stepc_host *host, const char *folder, const char *name, bool update)
{
    char path[1000];
    file_bytes source;
    emit_result result;
    arena memory;
    size_pool sizes;
    stepc_error error;
    int failures = 0;
    error_init(&error);
    snprintf(path, sizeof path, "%s/%s.loop", folder, name);
    if (file_read(host, path, &source, &error) != STEPC_OK)
        return golden_fail("cannot be read", path, &error);
    arena_init(&memory, host);
    size_pool_init(&sizes, &memory);
    if (emit_case(host, &memory, &sizes, name, &source, &result, &error) != STEPC_OK)
        failures = golden_fail("is refused", name, &error);
    else if (!shorten(&memory, &result))
        failures = golden_fail("needs more memory", name, NULL);
    for (size_t i = 0; failures == 0 && i < result.file_count; i++)
        failures += golden_compare(host, folder, &result.files[i], update);
    arena_release(&memory);
    file_release(host, &source);
    return failures;
}

int main(int argc, char **argv)
{
    stepc_host host = host_resolve(NULL);
    int failures = 0;
    bool update = argc == 3 && strcmp(argv[2], "--update") == 0;
    if (argc < 2 || (argc == 3 && !update)) {
        fprintf(stderr, "usage: golden FOLDER [--update]\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        failures += run_case(&host, argv[1], cases[i], update);
    failures += golden_graphs(&host, argv[1], update);
    return failures ? 1 : 0;
}
