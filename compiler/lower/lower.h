/* SPDX-License-Identifier: Apache-2.0 */
/* Operations to loops: one row and one function per operator, in the file of its family. */
#ifndef COMPILER_LOWER_LOWER_H
#define COMPILER_LOWER_LOWER_H

#include "compiler/loops/loops.h"
#include "compiler/passes/step.h"
#include "runtime/graph/import.h"

typedef struct lower_state lower_state;

/* The variables of a module: its programs number them alike. Zero-filled at first; lies in the arena. */
typedef struct lower_shared {
    loop_slot *state;
    size_t count, capacity;
    name_set names; /* of the slots, in their order */
} lower_shared;

typedef struct lower_context {
    step *step;
    loop_program *program;
    const stepc_operation *op;
    lower_state *state;
    stepc_error *error;
} lower_context;

typedef stepc_code (*lower_fn)(lower_context *l);

typedef struct lower_row {
    const char *name;
    lower_fn lower;
    uint32_t static_inputs; /* bit k: input k is consumed as a constant or as known sizes, never as a buffer */
} lower_row;

typedef struct lower_family {
    const lower_row *rows;
    size_t count;
} lower_family;

extern const lower_family lower_batch_norm, lower_scan, lower_elementwise, lower_float, lower_guards, lower_logic, lower_movement, lower_reduction, lower_contraction, lower_normalization,
    lower_random, lower_variables, lower_training, lower_shape, lower_basic, lower_views, lower_join, lower_gather,
    lower_scatter, lower_segment, lower_sparse_segment, lower_order, lower_bands, lower_cross, lower_complex_rows, lower_bits, lower_inplace_rows, lower_search, lower_fake_quants,
    lower_special, lower_tile_grads;

const lower_row *lower_row_find(stepc_string name); /* NULL: not compiled */
size_t lower_row_count(void);
const lower_row *lower_row_at(size_t index);

/* Lowers a step whose passes have run. EXACT: the arithmetic of the reference kernels, bit for bit.
 * SHARED holds the variables of the module, all programs of which are lowered with the same one.
 * UNIMPLEMENTED naming the operators without a row, or a shape or dtype that loops cannot hold. */
stepc_code lower_step(step *s, bool exact, lower_shared *shared, loop_program **out, stepc_error *error);

/* Gives P the list of all variables of the module as its own, with P's numbers of their buffers (-1: not in P).
 * lower_step does it; again when later callables may have added variables. */
stepc_code lower_share_state(loop_program *p, const lower_shared *shared, stepc_error *error);

/* ---- helpers for rows (helpers.c) ------------------------------------------------------------ */

const infer_value *lower_info(lower_context *l, int32_t input);       /* of an input */
const infer_value *lower_output_info(lower_context *l, int32_t output);
/* The buffer (root or view) that holds an input; -1 with the error set. */
int32_t lower_input(lower_context *l, int32_t input);
/* A new buffer for output OUTPUT, row-major, of its inferred shape and dtype. */
int32_t lower_output(lower_context *l, int32_t output);
/* Output OUTPUT is BUFFER (a view of an input, say). */
void lower_alias(lower_context *l, int32_t output, int32_t buffer);
/* An intermediate of any shape. */
int32_t lower_temporary(lower_context *l, stepc_dtype dtype, const size_ref *extents, int32_t rank, const char *hint);
/* The dtype that values of a buffer of DTYPE have: float32 for half and bfloat16. */
stepc_dtype lower_value_dtype(stepc_dtype dtype);
/* Rounds VALUE to what DTYPE keeps (half, bfloat16), else VALUE itself. */
int32_t lower_round(nest_builder *b, int32_t value, stepc_dtype dtype);
/* Elements of a constant integer input. UNIMPLEMENTED with the mend when it is not constant. */
stepc_code lower_constant_integers(lower_context *l, int32_t input, const int64_t **out, int64_t *count);
/* Begins a nest over the dims of output OUTPUT, one space axis each. */
void lower_begin(lower_context *l, nest_builder *b, int32_t output);
/* Reads BUFFER of RANK dims and EXTENTS broadcast to the nest's first OUT_RANK axes (right-aligned). */
int32_t lower_read_broadcast(nest_builder *b, int32_t buffer, int32_t out_rank);
/* Symbolic shapes broadcast only where they are provably equal or one is the constant 1: UNIMPLEMENTED with the
 * mend unless BUFFER fits OUT so. Rows whose operands must merely agree use it too. */
stepc_code lower_check_broadcast(lower_context *l, int32_t buffer, int32_t out);
stepc_code lower_refuse_size(lower_context *l, int32_t d); /* that answer, for dimension D */
/* Reads BUFFER along the first rank axes in order: at the very index that lower_write writes, as an update in place must. */
int32_t lower_read_same(nest_builder *b, int32_t buffer);
/* Writes VALUE to BUFFER along the first rank axes in order. */
void lower_write(nest_builder *b, int32_t buffer, int32_t value);

#endif
