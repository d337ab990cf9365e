/* SPDX-License-Identifier: Apache-2.0 */
/* ISA profiles, the C compiler, and compiled modules loaded into the process. */
#ifndef COMPILER_DRIVER_DRIVER_H
#define COMPILER_DRIVER_DRIVER_H

#include "compiler/loops/loops.h"
#include "stepc/compiler.h"
#include "stepc/module.h"

/* Profiles by name; "host" is resolved to the best named profile of this CPU. NULL when unknown. */
const isa_profile *isa_find(const char *name);
size_t isa_count(void);
const isa_profile *isa_at(size_t index);
const isa_profile *isa_host(void);
/* True when code for that profile runs on this CPU. */
bool isa_runs_here(const char *name);

typedef enum build_kind { BUILD_OBJECT, BUILD_ARCHIVE, BUILD_SHARED } build_kind;

/* Runs the C compiler on a module's files. cc NULL: $CC, else "cc". cflags may be NULL.
 * UNAVAILABLE when there is no compiler, INTERNAL with its first message when it refuses our
 * text. Temporary files lie in a private folder that is removed. */
typedef struct build_request {
    build_kind kind;
    const char *cc;
    const char *cflags;
    const isa_profile *isa;
    const stepc_product *product;
    const char *module;     /* base name of the files */
    const char *out_path;   /* the object, archive or library; written all or not at all */
    bool sealed;            /* the compiler by its absolute path, in a reduced environment, for a bounded time */
    int64_t timeout_ms;     /* of a sealed build; 0: ten minutes, then DEADLINE_EXCEEDED */
} build_request;
stepc_code build_module(const stepc_host *host, const build_request *request, stepc_error *error);

/* A compiled module in this process: from a shared library. */
typedef struct loaded_module loaded_module;
stepc_code module_load(const stepc_host *host, const char *path, const char *module_name, loaded_module **out,
                       stepc_error *error); /* module_name NULL: the only `*_module` symbol; FAILED_PRECONDITION when the CPU lacks its ISA */
const stepc_module *module_get(const loaded_module *m);
void module_unload(loaded_module *m); /* NULL is fine */

/* Compiles, builds in a private folder, loads. */
stepc_code module_compile_and_load(stepc_graph *graph, const stepc_callable_spec *callables, size_t count,
                                   const stepc_compile_options *options, const char *cc, const char *cflags,
                                   stepc_product **out_product, loaded_module **out, stepc_error *error);

#endif
