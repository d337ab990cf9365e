/* SPDX-License-Identifier: Apache-2.0 */
/* One step on its way to loops: the pruned operations and what is known about every value.
 * The graph itself is never changed; passes add knowledge. */
#ifndef COMPILER_PASSES_STEP_H
#define COMPILER_PASSES_STEP_H

#include "compiler/frontend/signature.h"
#include "runtime/ops/row.h"

typedef struct step_value {
    stepc_output at;
    infer_value info;
    bool is_fed;     /* its value comes from feed number `feed` */
    int32_t feed;
    bool is_folded;  /* info.constant stands for it: its operation need not run */
} step_value;

/* Element ELEMENT of feed FEED stands as a symbol, so that fed shape operands can decide sizes. */
typedef struct step_fed_size {
    size_ref symbol;
    int32_t feed;
    int64_t element;
} step_fed_size;

typedef struct step {
    const stepc_host *host;
    arena *memory;
    size_pool *sizes;
    stepc_graph *graph;
    const signature *signature;
    bool no_fold;            /* constants are known, but only static operands use them */
    step_operations operations; /* topological order */
    step_value *values;
    size_t value_count;
    int32_t *first_value;    /* by index of the operation in the graph: number of its output 0; -1: not in the step */
    step_fed_size *fed_sizes;
    size_t fed_size_count, fed_size_capacity;
    stepc_tensor **owned;    /* tensors that folding made; released by step_release */
    size_t owned_count, owned_capacity;
} step;

/* Prunes GRAPH to SIGNATURE and sets up values for all outputs of the step and all feeds. */
stepc_code step_build(const stepc_host *host, arena *memory, size_pool *sizes, stepc_graph *graph,
                      const signature *which, bool no_fold, step **out, stepc_error *error);
/* The step owns TENSOR (one reference) from now on. */
stepc_code step_own(step *s, stepc_tensor *tensor, stepc_error *error);
void step_release(step *s); /* frees what is not in the arena; NULL is fine */
step_value *step_value_of(const step *s, stepc_output at); /* NULL when not in the step */

/* A pass: adds knowledge to the step or refuses it. */
typedef stepc_code (*pass_fn)(step *s, stepc_error *error);
typedef struct pass_row {
    const char *name;
    pass_fn run;
} pass_row;
const pass_row *pass_find(const char *name);
size_t pass_count(void);
const pass_row *pass_at(size_t index); /* in pipeline order */

/* Refuses operators without an implementation: UNIMPLEMENTED with the count and the first 8, all reported. */
stepc_code pass_supported(step *s, stepc_error *error);
/* Shapes, dtypes, known elements; folds constants on the way through the reference kernels. */
stepc_code pass_infer(step *s, stepc_error *error);

/* Text of a step, for --dump-after. */
void step_print(const step *s, text *out);

#endif
