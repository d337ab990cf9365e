/* SPDX-License-Identifier: Apache-2.0 */
/* include/stepc/module.h as text: headers carry its guarded part, builds of shared libraries all of it.
 * A test holds it equal to the file. */
#include "compiler/emit/abi.h"

#include <string.h>

static const char *const lines[] = {
    "/* SPDX-License-Identifier: 0BSD */",
    "/* The ABI of generated code: plain structs, freestanding, valid C99 and C++. Generated",
    " * headers carry the part between the STEPC_ABI_1 guards themselves, so that generated code",
    " * needs no other file. */",
    "#ifndef STEPC_MODULE_H",
    "#define STEPC_MODULE_H",
    "",
    "#include <stddef.h>",
    "#include <stdint.h>",
    "",
    "#ifndef STEPC_ABI_1",
    "#define STEPC_ABI_1",
    "",
    "/* Where a step failed. Filled before the step returns a code other than 0. */",
    "typedef struct stepc_fault {",
    "    int32_t code;            /* TensorFlow's number, e.g. 3 INVALID_ARGUMENT */",
    "    int32_t check;           /* number of the check in the generated file */",
    "    const char *operation;   /* the operation's type and place, static storage */",
    "    const char *message;     /* static storage */",
    "} stepc_fault;",
    "",
    "/* A caller's thread pool. run calls body(argument, i) for every i in [0, count), in any",
    " * order and in parallel, and returns when all are done. */",
    "typedef struct stepc_parallel {",
    "    void *context;",
    "    void (*run)(void *context, int64_t count, void (*body)(void *argument, int64_t index), void *argument);",
    "} stepc_parallel;",
    "",
    "/* What a step needs besides feeds and fetches. Unused members may be NULL.",
    " * arena: scratch, aligned 64, at least *_ARENA_BYTES; contents need not survive.",
    " * state: variables, aligned 64, *_STATE_BYTES, initialised by *_init.",
    " * weights: the weights image, aligned 64; NULL when weights are in the object. */",
    "typedef struct stepc_env {",
    "    uint32_t size; /* sizeof(stepc_env) */",
    "    void *arena;",
    "    size_t arena_bytes;",
    "    void *state;",
    "    const void *weights;",
    "    const stepc_parallel *parallel;",
    "    stepc_fault *fault;",
    "} stepc_env;",
    "#endif",
    "",
    "#ifdef __cplusplus",
    "extern \"C\" {",
    "#endif",
    "",
    "#define STEPC_MODULE_ABI 1u",
    "",
    "/* One dimension of a feed or fetch: constant (symbol < 0) or the value of a symbol. */",
    "typedef struct stepc_dimension {",
    "    int64_t size;   /* the constant; for a symbol its upper bound, or -1 when unbounded */",
    "    int32_t symbol; /* index into the entry's symbols, or -1 */",
    "    int32_t reserved;",
    "} stepc_dimension;",
    "",
    "/* A feed, fetch or variable. offset: of the data pointer in the feeds or fetches struct; of",
    " * the elements in the state block for variables. dims_offset: fetches whose dims are not",
    " * expressible by the entry's symbols store their actual dims as int64 values from there in",
    " * the fetches struct; -1 otherwise. */",
    "typedef struct stepc_slot {",
    "    const char *name;   /* the C field's name */",
    "    const char *tensor; /* \"dense/BiasAdd:0\" */",
    "    int32_t dtype;",
    "    int32_t rank;",
    "    const stepc_dimension *dims;",
    "    uint32_t offset;",
    "    int32_t dims_offset;",
    "} stepc_slot;",
    "",
    "/* A symbolic dimension, an int64_t field of the feeds struct. */",
    "typedef struct stepc_symbol {",
    "    const char *name;",
    "    uint32_t offset;",
    "    int64_t max; /* -1: unbounded */",
    "} stepc_symbol;",
    "",
    "typedef struct stepc_entry {",
    "    const char *name;",
    "    uint32_t signature; /* changes only with names, order, dtypes, shapes */",
    "    uint32_t feed_count, fetch_count, target_count, symbol_count;",
    "    const stepc_slot *feeds;",
    "    const stepc_slot *fetches;",
    "    const char *const *targets;",
    "    const stepc_symbol *symbols;",
    "    uint32_t feeds_bytes, fetches_bytes;   /* sizes of the two structs */",
    "    uint64_t arena_bytes;                  /* at the upper bound of every symbol */",
    "    uint64_t stack_bytes;",
    "    int32_t (*arena_for)(const void *feeds, uint64_t *out_bytes); /* with symbols: arena for these sizes */",
    "    int32_t (*call)(const void *feeds, void *fetches, const stepc_env *env);",
    "    /* Dimensions of all fetches in order, for these sizes; NULL: the slots say all. */",
    "    int32_t (*dims_for)(const void *feeds, int64_t *out_dims);",
    "} stepc_entry;",
    "",
    "typedef struct stepc_module {",
    "    uint32_t abi;  /* STEPC_MODULE_ABI */",
    "    uint32_t size; /* sizeof(stepc_module) */",
    "    const char *name;",
    "    const char *isa; /* the ISA profile it was built for */",
    "    uint32_t entry_count, state_count;",
    "    const stepc_entry *entries;",
    "    const stepc_slot *state; /* variables in the shared state block */",
    "    uint64_t state_bytes, weights_bytes;",
    "    int32_t (*init)(const stepc_env *env);",
    "} stepc_module;",
    "",
    "/* A shared library exports `const stepc_module *NAME_module(void)`. */",
    "typedef const stepc_module *(*stepc_module_fn)(void);",
    "",
    "#ifdef __cplusplus",
    "}",
    "#endif",
    "#endif",
};

void abi_write(text *out)
{
    bool inside = false;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (inside && strcmp(lines[i], "#endif") == 0)
            return;
        if (inside) {
            text_puts(out, lines[i]);
            text_puts(out, "\n");
        }
        inside = inside || strcmp(lines[i], "#define STEPC_ABI_1") == 0;
    }
}

void abi_write_module_header(text *out)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        text_puts(out, lines[i]);
        text_puts(out, "\n");
    }
}
