/* SPDX-License-Identifier: Apache-2.0 */
/* From scheduled programs and plans to the files of one module. */
#ifndef COMPILER_EMIT_EMIT_H
#define COMPILER_EMIT_EMIT_H

#include "compiler/plan/plan.h"
#include "stepc/compiler.h"

typedef struct emit_options {
    const char *module; /* C identifier: names of files, of the table, of state and weights macros */
    const char *prefix; /* before every public identifier; "" for none */
    const isa_profile *isa;
    stepc_weights weights;
    bool exact, parallel, optimize_size;
    bool big_endian_weights;
} emit_options;

typedef struct emit_callable {
    const loop_program *program;
    const memory_plan *plan;
} emit_callable;

/* Emitted files: header first, then C text, then weights (if separate). Names are relative. */
typedef struct emit_result {
    stepc_file files[4];
    size_t file_count;
    int64_t chunks_emitted; /* kernels that more than one nest shares */
} emit_result;

/* Writes the module's text. All bytes depend on the arguments alone. The result lies in MEMORY. */
stepc_code emit_module(const stepc_host *host, arena *memory, const emit_options *options,
                       const emit_callable *callables, size_t callable_count, const module_plan *module,
                       emit_result *out, stepc_error *error);

/* Whether a module and a step cannot have that name: the text, its headers or the C library have taken it. */
bool emit_name_is_taken(const char *name);

#endif
