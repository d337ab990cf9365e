/* SPDX-License-Identifier: Apache-2.0 */
/* The walk's own state, shared by lower.c, helpers.c and variables.c. */
#ifndef COMPILER_LOWER_STATE_H
#define COMPILER_LOWER_STATE_H

#include "compiler/lower/lower.h"

#define LOWER_MAX_RANK 16

/* A variable of the step: its value, and a flag that says whether it has one. */
typedef struct lower_variable {
    const stepc_operation *op; /* VariableV2 or VarHandleOp */
    const char *name;
    int32_t value, flag;       /* root buffers */
    bool is_known;             /* initialised for certain: assigned or tested by an earlier statement of the step */
} lower_variable;

struct lower_state {
    step *step;
    lower_shared *shared;
    loop_program *program;
    const stepc_operation *op; /* being lowered; NULL: fetches */
    bool *needed, *listed; /* by index of the operation in the graph */
    const stepc_operation **origins; /* likewise: the variable behind its output 0, where already found */
    int32_t *variable_of;  /* likewise: number of the variable that it makes, plus 1; 0: not found yet */
    int32_t *buffer_of;    /* by number of the value; -1: none yet */
    lower_variable *variables;
    size_t variable_count, variable_capacity;
    size_ref *checked; /* pairs of sizes that a statement compares; second SIZE_UNKNOWN: the first is >= 0 */
    size_t checked_count, checked_capacity;
    name_set variable_names; /* in the order of the variables */
};

int32_t *lower_buffer_slot(lower_state *l, stepc_output at);
/* The buffer of a value: made so far, or a weight for a constant. -1 with the error set. */
int32_t lower_value(lower_state *l, stepc_output at, stepc_error *error);
int32_t lower_root(lower_state *l, buffer_kind kind, const infer_value *info, const stepc_operation *op, stepc_error *error);
stepc_code lower_copy(lower_state *l, int32_t to, int32_t from, const stepc_operation *origin, stepc_error *error);
bool lower_is_contiguous(const loop_program *p, int32_t buffer);
/* The state slot NAME and this program's root buffer of it; INITIAL may be NULL. -1 with the error set. */
int32_t lower_state_buffer(lower_state *l, const char *name, const infer_value *info, const stepc_tensor *initial,
                           const stepc_operation *op, stepc_error *error);
/* Makes the step fail when the variable in root BUFFER has no value; no statement when that is certain. */
stepc_code lower_require_value(lower_state *l, int32_t root, stepc_error *error);

/* Makes the step fail when a dimension is negative; no statement where that cannot be. */
stepc_code lower_check_sizes(lower_state *l, const size_ref *dims, int32_t rank, const stepc_operation *op, stepc_error *error);
/* RESOURCE_EXHAUSTED where a shape has more elements than can be counted, whatever the sizes that are open. */
stepc_code lower_check_count(const lower_state *l, const size_ref *dims, int32_t rank, stepc_error *error);
/* Makes the step fail with WHAT when the sizes differ; no statement where they are provably equal. */
stepc_code lower_check_equal(lower_state *l, size_ref a, size_ref b, const char *what, const stepc_operation *op,
                             stepc_error *error);

/* An input whose buffer may be kept as a view: the value of a variable is copied, since a later
 * statement of the step may assign to it. */
int32_t lower_stable_input(lower_context *l, int32_t input);
/* What an accumulator of DTYPE elements starts from: the value widened as the engine sums it (docs/numerics.md). */
int32_t lower_widen(lower_context *l, nest_builder *b, int32_t value, stepc_dtype dtype);
/* The accumulated (widened) value rounded once to DTYPE. */
int32_t lower_narrow(nest_builder *b, int32_t value, stepc_dtype dtype);

#endif
