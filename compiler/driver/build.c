/* SPDX-License-Identifier: Apache-2.0 */
/* Calling the C compiler: no shell, files in a private folder, outputs all or none. */
#include "compiler/driver/inside.h"

#include "compiler/driver/program.h"
#include "compiler/emit/abi.h"
#include "runtime/core/host.h"
#include "runtime/core/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- folders -------------------------------------------------------------------------------------- */

stepc_code folder_make(char *path, stepc_error *error)
{
    const char *base = getenv("TMPDIR");
    if (base == NULL || base[0] != '/' || strlen(base) > FOLDER_BYTES - 64)
        base = "/tmp";
    snprintf(path, FOLDER_BYTES, "%s/stepc-XXXXXX", base);
    if (mkdtemp(path) == NULL)
        return error_set(error, STEPC_UNAVAILABLE, "cannot make a private folder in %s: %s", base, strerror(errno));
    return STEPC_OK;
}

static void remove_files(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char name[FOLDER_BYTES + 300];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        unlink(name);
    }
    if (folder != NULL)
        closedir(folder);
}

void folder_remove(const char *path)
{
    char inner[FOLDER_BYTES + 16];
    snprintf(inner, sizeof inner, "%s/stepc", path);
    remove_files(inner);
    rmdir(inner);
    remove_files(path);
    rmdir(path);
}

stepc_code folder_write(const char *folder, const char *name, const void *data, size_t bytes, stepc_error *error)
{
    char path[FOLDER_BYTES + 300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    bool good = file != NULL && (bytes == 0 || fwrite(data, 1, bytes, file) == bytes);
    if (file != NULL && fclose(file) != 0)
        good = false;
    return good ? STEPC_OK : error_set(error, STEPC_UNAVAILABLE, "cannot write %s: %s", path, strerror(errno));
}

static stepc_code write_sources(const stepc_host *host, const build_request *request, const char *folder,
                                stepc_error *error)
{
    stepc_code code = STEPC_OK;
    for (size_t i = 0; i < stepc_product_file_count(request->product) && !code; i++) {
        stepc_file file = stepc_product_file(request->product, i);
        code = folder_write(folder, file.name, file.data, file.bytes, error);
    }
    char inner[FOLDER_BYTES + 16];
    snprintf(inner, sizeof inner, "%s/stepc", folder);
    if (code || request->kind != BUILD_SHARED)
        return code;
    if (mkdir(inner, 0700) != 0)
        return error_set(error, STEPC_UNAVAILABLE, "cannot make %s: %s", inner, strerror(errno));
    text header;
    text_init(&header, host);
    abi_write_module_header(&header);
    code = header.failed ? error_out_of_memory(error, "building a module")
                         : folder_write(inner, "module.h", header.data, header.size, error);
    text_release(&header);
    return code;
}

/* ---- the build --------------------------------------------------------------------------------------------- */

static const char *compiler_of(const char *cc)
{
    const char *named = cc != NULL && cc[0] != '\0' ? cc : getenv("CC");
    return named != NULL && named[0] != '\0' ? named : "cc";
}

/* The compiler and what the user put behind it. Sealed: by its absolute path. */
static stepc_code add_compiler(program *c, const char *cc, bool sealed, stepc_error *error)
{
    char path[FOLDER_BYTES];
    program_add_words(c, compiler_of(cc));
    if (!sealed)
        return STEPC_OK;
    stepc_code code = program_find(c->count ? c->words[0] : "", path, sizeof path, error);
    if (code)
        return code;
    c->words[0] = arena_format(&c->memory, "%s", path);
    if (c->words[0] == NULL)
        return error_out_of_memory(error, "calling the C compiler");
    return STEPC_OK;
}

static void add_flags(program *c, const build_request *request)
{
    program_add_words(c, "-std=c11 -O2 -ffp-contract=off -fno-math-errno");
    if (request->isa != NULL)
        program_add_words(c, request->isa->cflags);
    program_add_words(c, request->cflags);
    if (request->kind == BUILD_SHARED)
        program_add_words(c, "-fPIC -shared -Wl,-Bsymbolic"); /* its own "step", not one of the program or the C library */
    else
        program_add_words(c, "-c");
}

void build_describe_flags(const build_request *request, text *out)
{
    program c;
    program_init(&c);
    add_flags(&c, request);
    for (size_t i = 0; i < c.count; i++)
        text_printf(out, "flag %zu %s\n", strlen(c.words[i]), c.words[i]);
    if (c.too_many)
        out->failed = true;
    program_release(&c);
}

static stepc_code describe_program(const char *path, text *out, stepc_error *error)
{
    struct stat facts;
    if (stat(path, &facts) != 0)
        return error_set(error, STEPC_UNAVAILABLE, "cannot see %.200s: %s", path, strerror(errno));
    text_printf(out, "compiler %zu %s\nof %lld bytes, of %lld.%09ld\n", strlen(path), path, (long long)facts.st_size,
                (long long)facts.st_mtim.tv_sec, (long)facts.st_mtim.tv_nsec);
    return STEPC_OK;
}

static stepc_code describe_version(const stepc_host *host, const char *folder, text *out, stepc_error *error)
{
    char path[FOLDER_BYTES + 16];
    file_bytes file;
    snprintf(path, sizeof path, "%s/cc.log", folder);
    stepc_code code = file_read(host, path, &file, error);
    if (code)
        return code;
    text_printf(out, "version %zu ", file.size);
    text_add(out, (const char *)file.data, file.size);
    text_puts(out, "\n");
    file_release(host, &file);
    return STEPC_OK;
}

stepc_code compiler_describe(const stepc_host *host, const char *cc, text *out, stepc_error *error)
{
    char folder[FOLDER_BYTES];
    program c;
    stepc_code code = folder_make(folder, error);
    if (code)
        return code;
    program_init(&c);
    code = add_compiler(&c, cc, true, error);
    if (!code)
        code = describe_program(c.words[0], out, error);
    for (size_t i = 1; !code && i < c.count; i++)
        text_printf(out, "word %zu %s\n", strlen(c.words[i]), c.words[i]);
    if (!code) {
        program_rules rules = {.folder = folder, .sealed = true, .timeout_ms = 60000};
        program_add(&c, "--version", "", "");
        code = program_run(&c, &rules, "to tell its version", error);
    }
    if (!code)
        code = describe_version(host, folder, out, error);
    program_release(&c);
    folder_remove(folder);
    return code;
}

const char *module_base_name(const stepc_product *product, char *name, size_t size)
{
    stepc_file header = stepc_product_file(product, 0);
    size_t length = strlen(header.name);
    snprintf(name, size, "%.*s", (int)(length >= 2 ? length - 2 : length), header.name);
    return name;
}

static stepc_code compile_object(const build_request *request, const char *folder, const char *base, const char *out,
                                 stepc_error *error)
{
    program c;
    char source[300];
    program_rules rules = {.folder = folder, .sealed = request->sealed, .timeout_ms = request->timeout_ms};
    program_init(&c);
    stepc_code code = add_compiler(&c, request->cc, request->sealed, error);
    add_flags(&c, request);
    program_add(&c, "-I", folder, "");
    program_add(&c, "-Wa,-I,", folder, "");
    program_add(&c, "-o", "", "");
    program_add(&c, folder, "/", out);
    snprintf(source, sizeof source, "%.250s.c", base);
    program_add(&c, folder, "/", source);
    if (!code)
        code = program_run(&c, &rules, "the generated text", error);
    program_release(&c);
    return code;
}

static stepc_code make_archive(const char *folder, stepc_error *error)
{
    const char *ar = getenv("AR");
    program_rules rules = {.folder = folder};
    program c;
    program_init(&c);
    program_add_words(&c, ar != NULL && ar[0] != '\0' ? ar : "ar");
    program_add_words(&c, "rcsD");
    program_add(&c, folder, "/", "library.a");
    program_add(&c, folder, "/", "module.o");
    stepc_code code = program_run(&c, &rules, "the object", error);
    program_release(&c);
    return code;
}

static stepc_code deliver(const stepc_host *host, const char *folder, const char *name, const char *out_path,
                          stepc_error *error)
{
    char path[FOLDER_BYTES + 16];
    file_bytes file;
    output_set *set;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    stepc_code code = file_read(host, path, &file, error);
    if (code)
        return code;
    code = output_begin(host, &set, error);
    if (!code) {
        code = output_add(set, out_path, file.data, file.size, error);
        if (code)
            output_abandon(set);
        else
            code = output_commit(set, error);
    }
    file_release(host, &file);
    return code;
}

stepc_code build_module(const stepc_host *host, const build_request *request, stepc_error *error)
{
    static const char *const names[] = {"module.o", "library.a", "library.so"};
    char folder[FOLDER_BYTES], base[300];
    stepc_code code = folder_make(folder, error);
    if (code)
        return code;
    module_base_name(request->product, base, sizeof base);
    code = write_sources(host, request, folder, error);
    if (!code)
        code = compile_object(request, folder, base, request->kind == BUILD_SHARED ? "library.so" : "module.o", error);
    if (!code && request->kind == BUILD_ARCHIVE)
        code = make_archive(folder, error);
    if (!code)
        code = deliver(host, folder, names[request->kind], request->out_path, error);
    folder_remove(folder);
    return code;
}
