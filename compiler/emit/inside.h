/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of emission share. A module's text is made in two walks: the first finds out
 * which nests are the same kernel, the second writes each kernel once, then what calls them. */
#ifndef COMPILER_EMIT_INSIDE_H
#define COMPILER_EMIT_INSIDE_H

#include "compiler/emit/emit.h"

/* A check of the module, numbered from 1. */
typedef struct emit_check {
    const loop_check *check;
} emit_check;

/* What a kernel is given besides its own text: in order of first use. */
typedef struct emit_param {
    int32_t root;
    bool is_read, is_written;
    bool is_restrict;
    const char *name;
} emit_param;

/* One nest on its way to a call of a kernel. */
typedef struct emit_unit {
    const loop_program *program;
    const memory_plan *plan;
    const loop_nest *nest;
    const loop_group *group; /* that it is a member of, or NULL */
    int32_t callable, statement;
    emit_param *params;
    int32_t param_count;
    size_t param_capacity;
    size_ref *sizes; /* that vary, in order of first use */
    int32_t size_count;
    size_t size_capacity;
    int32_t kernel;      /* number of its kernel */
    int32_t first_check; /* number of its first check in the module */
    int32_t table[3];    /* offsets of its constants in the kernel's tables: float, double, int64 */
} emit_unit;

/* A kernel that one or more units call. */
typedef struct emit_kernel {
    const char *name;
    const char *key; /* its text with all constants left open */
    size_t key_size;
    uint64_t hash;
    int32_t first, last; /* units; next_of links them */
    int32_t user_count;
    bool *varying;          /* per value of the nest: a constant that is not the same for all users */
    int32_t table_count[3]; /* varying constants per table */
    bool returns_check;
} emit_kernel;

/* A size that the entry of a callable works out: number -> expression. */
typedef struct emit_sizes {
    size_ref *refs; /* ascending; all that those asked for are made of */
    int32_t count;
} emit_sizes;

typedef struct emitter {
    const stepc_host *host;
    arena *memory;
    const emit_options *options;
    const emit_callable *callables;
    size_t callable_count;
    const module_plan *module;
    stepc_error *error;
    const char *name;                         /* prefix + module */
    const char *macro;                        /* the same in capitals */
    const char **entry_names, **entry_macros; /* per callable */
    bool *wanted;                             /* per support snippet */
    bool *named;                              /* per weight: the text of an entry has its name */
    emit_unit *units;
    int32_t unit_count;
    size_t unit_capacity;
    int32_t *unit_of; /* flattened: [callable][statement] */
    int32_t *unit_base;
    int32_t *next_of; /* per unit: the next unit of the same kernel, -1 at the end */
    emit_kernel *kernels;
    int32_t kernel_count;
    size_t kernel_capacity;
    int32_t *kernel_table; /* open addressing, number + 1 */
    size_t kernel_table_size;
    emit_check *checks;
    int32_t check_count;
    size_t check_capacity;
    emit_sizes *sizes;     /* per callable */
    stepc_weights weights; /* resolved: never AUTO */
    uint64_t weights_hash;
    int64_t stack_bytes; /* of the deepest kernel, estimated */
    const loop_group *overrun_group; /* asked last (overrun.c) .. */
    stepc_dtype overrun_dtype;       /* .. and whether its vectors of this dtype may be whole; 0 no */
    bool uses_noinline;
    stepc_code code; /* the first failure */
} emitter;

/* ---- text (line.c) ------------------------------------------------------------------------------- */

/* A line with its indentation and newline. */
void line(text *out, int32_t depth, const char *format, ...) PRINTF_LIKE(3, 4);
/* NAME for a comment: bytes outside [A-Za-z0-9_./:-] become %XX. */
void put_comment(text *out, const char *name);
/* NAME as a C string literal with its quotes. */
void put_string(text *out, const char *name);
const char *upper_case(arena *memory, const char *name);
/* [A-Za-z0-9_]{1,24} of any name. */
const char *short_hint(arena *memory, const char *name);
/* C literals of a value's bits; NULL out of memory. */
const char *literal(arena *memory, stepc_dtype dtype, uint64_t bits);
const char *literal_index(arena *memory, int64_t value); /* for sizes and indices */
bool literal_is_finite(stepc_dtype dtype, uint64_t bits);
/* Hex floats and plain integers, for tables. DTYPE is one of storage. */
void put_element(text *out, stepc_dtype dtype, const void *data, int64_t index);
/* The C type that elements of a buffer have ("float", "uint8_t" for bool, "uint16_t" for half). */
const char *storage_type(stepc_dtype dtype);
/* The C type that a value has ("int" for bool). */
const char *value_type(stepc_dtype dtype);
/* "f32", "i64", ... of a value's dtype; "" for bool. */
const char *type_suffix(stepc_dtype dtype);

/* ---- kernels ---------------------------------------------------------------------------------------- */

/* Notes that the text needs a snippet; INTERNAL when there is none. */
void use(emitter *e, const char *snippet);
bool emit_failed(emitter *e, const char *what); /* out of memory: sets the error; always true */

/* How the text of a kernel treats constants. */
typedef enum constant_mode { CONSTANTS_OPEN, CONSTANTS_FINAL } constant_mode;

/* Writes the body of UNIT's kernel (without its head); fills params and sizes. */
bool nest_write_body(emitter *e, emit_unit *unit, constant_mode mode, const emit_kernel *kernel, text *out);
/* Finds the units of all callables and the kernels they share. */
bool kernels_find(emitter *e);
/* The text of all kernels. */
bool kernels_write(emitter *e, text *out);
/* One line that calls UNIT's kernel. */
bool kernel_write_call(emitter *e, const emit_unit *unit, int32_t depth, text *out);

/* ---- sizes (sizes.c) ----------------------------------------------------------------------------------- */

bool sizes_find(emitter *e, int32_t callable); /* needs the units */
void sizes_write(emitter *e, int32_t callable, text *out);
/* "n[3]" or a literal. */
const char *size_value(emitter *e, int32_t callable, size_ref s);
int64_t size_max_of(const loop_program *p, size_ref s);
/* Elements in memory of a root: a LOCAL's tile. */
size_ref root_count(const loop_program *p, int32_t root);
/* Stride along shared axis K of a LOCAL, within the tile. */
size_ref local_stride(const loop_program *p, const loop_group *g, int32_t root, int32_t k);

/* ---- the module ------------------------------------------------------------------------------------------- */

bool entries_write(emitter *e, text *out); /* entry.c */
bool init_write(emitter *e, text *out);    /* entry.c */
bool header_write(emitter *e, text *out);  /* header.c */
bool table_write(emitter *e, text *out);   /* table.c */
bool weights_write(emitter *e, text *out); /* weights.c: what stands in the C text */
bool weights_file(emitter *e, const char **data, size_t *bytes);
/* "w3_kernel": a pointer to the elements of WEIGHT of the module. */
const char *weight_name(emitter *e, int32_t weight);
/* A pointer of ROOT's storage type, as the entry's parts spell it. */
const char *root_pointer(emitter *e, int32_t callable, int32_t root);
bool slot_has_dims(emitter *e, int32_t callable, const loop_slot *slot); /* a fetch whose dims the step tells */
int32_t symbol_number(emitter *e, int32_t callable, size_ref dim);       /* among the entry's; -1 */
int32_t symbol_count_of(emitter *e, int32_t callable);
/* True when the arena depends on what is fed. */
bool has_arena_for(emitter *e, int32_t callable);
size_ref symbol_at(emitter *e, int32_t callable, int32_t index);
const char *symbol_name(emitter *e, int32_t callable, int32_t index);
void put_shape(emitter *e, int32_t callable, const loop_slot *slot, text *out); /* "float32[n<=8,3]" */
uint32_t signature_hash(emitter *e, int32_t callable);
int64_t stack_bound(const emitter *e, int32_t callable);

#endif
