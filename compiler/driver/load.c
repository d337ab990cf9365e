/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled modules in this process. */
#include "compiler/driver/inside.h"

#include "runtime/core/host.h"

#include <dlfcn.h>
#include <elf.h>
#include <stdio.h>
#include <string.h>

struct loaded_module {
    stepc_host host;
    void *library;
    const stepc_module *module;
};

#define SYMBOL_BYTES 256

/* ---- the name of the table ------------------------------------------------------------------------ */

static bool part_fits(const file_bytes *file, uint64_t offset, uint64_t bytes)
{
    return offset <= file->size && bytes <= file->size - offset;
}

static bool is_module_symbol(const char *name, size_t room)
{
    size_t size = strnlen(name, room);
    return size < room && size > 7 && size < SYMBOL_BYTES && strcmp(name + size - 7, "_module") == 0;
}

/* The functions of one table of dynamic symbols whose names end in _module. */
static int scan_symbols(const file_bytes *file, const Elf64_Shdr *symbols, const Elf64_Shdr *names, char *found)
{
    int count = 0;
    if (!part_fits(file, symbols->sh_offset, symbols->sh_size) || !part_fits(file, names->sh_offset, names->sh_size))
        return 0;
    for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols->sh_size; at += sizeof(Elf64_Sym)) {
        Elf64_Sym symbol;
        memcpy(&symbol, file->data + symbols->sh_offset + at, sizeof symbol);
        if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF ||
            symbol.st_name >= names->sh_size)
            continue;
        const char *name = (const char *)file->data + names->sh_offset + symbol.st_name;
        if (is_module_symbol(name, names->sh_size - symbol.st_name)) {
            count++;
            snprintf(found, SYMBOL_BYTES, "%s", name);
        }
    }
    return count;
}

static int scan_library(const file_bytes *file, char *found)
{
    Elf64_Ehdr head;
    int count = 0;
    if (file->size < sizeof head)
        return 0;
    memcpy(&head, file->data, sizeof head);
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
        head.e_shentsize != sizeof(Elf64_Shdr) ||
        !part_fits(file, head.e_shoff, (uint64_t)head.e_shnum * sizeof(Elf64_Shdr)))
        return 0;
    for (unsigned i = 0; i < head.e_shnum; i++) {
        Elf64_Shdr symbols, names;
        memcpy(&symbols, file->data + head.e_shoff + i * sizeof symbols, sizeof symbols);
        if (symbols.sh_type != SHT_DYNSYM || symbols.sh_link >= head.e_shnum)
            continue;
        memcpy(&names, file->data + head.e_shoff + symbols.sh_link * sizeof names, sizeof names);
        count += scan_symbols(file, &symbols, &names, found);
    }
    return count;
}

static stepc_code find_name(const stepc_host *host, const char *path, char *found, stepc_error *error)
{
    file_bytes file;
    stepc_code code = file_read(host, path, &file, error);
    if (code)
        return code;
    int count = scan_library(&file, found);
    file_release(host, &file);
    if (count == 1)
        return STEPC_OK;
    error_set(error, STEPC_INVALID_ARGUMENT,
              count ? "%d functions of this library are named *_module" : "%.0dthis library has no function *_module",
              count);
    error_at_file(error, path, -1);
    return STEPC_INVALID_ARGUMENT;
}

/* ---- loading ----------------------------------------------------------------------------------------- */

static stepc_code check_module(const stepc_module *m, const char *path, stepc_error *error)
{
    if (m == NULL || m->abi != STEPC_MODULE_ABI || m->size != sizeof *m) {
        error_set(error, STEPC_FAILED_PRECONDITION, "this library's table is of another version");
        error_at_file(error, path, -1);
        return STEPC_FAILED_PRECONDITION;
    }
    if (isa_find(m->isa) == NULL || !isa_runs_here(m->isa)) {
        error_set(error, STEPC_FAILED_PRECONDITION, "module %.100s is built for %.40s, which this CPU lacks", m->name,
                  m->isa);
        error_mend(error, "compile it with --isa generic or --isa host");
        return STEPC_FAILED_PRECONDITION;
    }
    return STEPC_OK;
}

static stepc_code open_library(loaded_module *m, const char *path, const char *symbol, stepc_error *error)
{
    char full[FOLDER_BYTES + 300];
    stepc_module_fn function = NULL;
    /* Without a slash dlopen would search the system's folders. */
    snprintf(full, sizeof full, "%s%s", strchr(path, '/') ? "" : "./", path);
    m->library = dlopen(full, RTLD_NOW | RTLD_LOCAL);
    if (m->library == NULL) {
        error_set(error, STEPC_INVALID_ARGUMENT, "the library does not load: %.300s", dlerror());
        error_at_file(error, path, -1);
        return STEPC_INVALID_ARGUMENT;
    }
    void *address = dlsym(m->library, symbol);
    if (address == NULL) {
        error_set(error, STEPC_NOT_FOUND, "the library has no function %.200s", symbol);
        error_at_file(error, path, -1);
        return STEPC_NOT_FOUND;
    }
    memcpy(&function, &address, sizeof function); /* ISO C has no cast between the two */
    m->module = function();
    return check_module(m->module, path, error);
}

stepc_code module_load(const stepc_host *host, const char *path, const char *module_name, loaded_module **out,
                       stepc_error *error)
{
    char symbol[SYMBOL_BYTES];
    stepc_code code = STEPC_OK;
    stepc_host full = host_resolve(host);
    *out = NULL;
    if (module_name != NULL)
        snprintf(symbol, sizeof symbol, "%.200s_module", module_name);
    else
        code = find_name(&full, path, symbol, error);
    if (code)
        return code;
    loaded_module *m = host_alloc(&full, sizeof *m);
    if (m == NULL)
        return error_out_of_memory(error, "loading a module");
    m->host = full;
    code = open_library(m, path, symbol, error);
    if (code)
        module_unload(m);
    else
        *out = m;
    return code;
}

const stepc_module *module_get(const loaded_module *m) { return m != NULL ? m->module : NULL; }

void module_unload(loaded_module *m)
{
    if (m == NULL)
        return;
    if (m->library != NULL)
        dlclose(m->library);
    stepc_host host = m->host;
    host_free(&host, m, sizeof *m);
}

static stepc_code build_and_load(const stepc_host *host, const stepc_product *product,
                                 const stepc_compile_options *options, const char *cc, const char *cflags,
                                 loaded_module **out, stepc_error *error)
{
    char folder[FOLDER_BYTES], path[FOLDER_BYTES + 16], base[300], name[400];
    stepc_code code = folder_make(folder, error);
    if (code)
        return code;
    snprintf(path, sizeof path, "%s/module.so", folder);
    module_base_name(product, base, sizeof base);
    snprintf(name, sizeof name, "%.64s%s", options && options->prefix ? options->prefix : "", base);
    build_request request = {.kind = BUILD_SHARED,
                             .cc = cc,
                             .cflags = cflags,
                             .product = product,
                             .module = base,
                             .out_path = path,
                             .isa = isa_find(options && options->isa ? options->isa : "generic")};
    code = build_module(host, &request, error);
    if (!code)
        code = module_load(host, path, name, out, error);
    folder_remove(folder);
    return code;
}

stepc_code module_compile_and_load(stepc_graph *graph, const stepc_callable_spec *callables, size_t count,
                                   const stepc_compile_options *options, const char *cc, const char *cflags,
                                   stepc_product **out_product, loaded_module **out, stepc_error *error)
{
    stepc_product *product;
    *out = NULL;
    if (out_product != NULL)
        *out_product = NULL;
    stepc_code code = stepc_compile(graph, callables, count, options, &product, error);
    if (code)
        return code;
    stepc_host host = host_resolve(options && options->host ? options->host : NULL);
    code = build_and_load(&host, product, options, cc, cflags, out, error);
    if (code || out_product == NULL)
        stepc_product_free(product);
    else
        *out_product = product;
    return code;
}
