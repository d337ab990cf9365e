/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of one step: the pruned operations in the order they run, with every tensor
 * that flows between them numbered. A plan is made from (feeds, fetches, targets) alone.
 *
 * Order. Operations run one after another in the topological order of step_prune: data and
 * control edges first, the file's order between operations that no edge orders. A reference
 * (VariableV2) is read when its consumer runs, so a read that stands before a write in that
 * order sees the old value; a fetch of a reference sees the value at the end of the step. */
#ifndef RUNTIME_SESSION_PLAN_H
#define RUNTIME_SESSION_PLAN_H

#include "runtime/graph/graph.h"
#include "runtime/ops/row.h"
#include "stepc/session.h"

#include <stdatomic.h>

/* What a step is asked for. */
typedef struct step_request {
    const stepc_output *feeds;
    size_t feed_count;
    const stepc_output *fetches;
    size_t fetch_count;
    const stepc_operation *const *targets;
    size_t target_count;
    const stepc_connection *connections; /* tensors replaced by others of the step; no part of a plain run */
    size_t connection_count;
    bool allow_unfed; /* placeholders that nothing feeds fail when they run, not before (partial runs) */
    /* As the caller wrote them, for messages; NULL: made from the outputs. Then a NULL operation is one not found. */
    const char *const *feed_names;
    const char *const *fetch_names;
    const char *const *target_names;
} step_request;

static inline bool operation_is_placeholder(const stepc_operation *op)
{
    return text_equal(op->type, TEXT_LITERAL("Placeholder")) || text_equal(op->type, TEXT_LITERAL("PlaceholderV2"));
}

typedef struct plan_value {
    int32_t uses;             /* inputs and fetches that read it in one step */
    stepc_tensor *remembered; /* computed once, because it hangs on constants only; else NULL */
} plan_value;

typedef struct plan_node {
    const stepc_operation *op;
    const op_row *row;
    const int32_t *inputs; /* value numbers */
    int32_t first_output;  /* value number of output 0; the others follow */
    int32_t device;        /* number in the session's list */
    bool stateless;        /* same inputs give same outputs, and nothing else happens */
    bool touches_state;    /* reads or writes variables or a generator: runs under the session's state lock */
    bool remembered;       /* all outputs are remembered: does not run again */
} plan_node;

/* A value while a step runs. */
typedef struct step_value {
    stepc_tensor *tensor;
    variable *variable; /* references and resources */
} step_value;

typedef struct plan plan;

/* Room for one run: runs of one plan may overlap, each in a frame of its own. */
typedef struct plan_frame {
    plan *p;
    arena memory;
    step_value *values;
    int32_t *remaining; /* readers that are still to come, per value */
    stepc_tensor **inputs;
    variable **input_variables;
    stepc_tensor **outputs;
    variable **output_variables;
} plan_frame;

#define PLAN_SPARE_FRAMES 4

/* Immutable once made, but for what is atomic or named otherwise. */
struct plan {
    stepc_host host;
    arena memory;
    atomic_int holders; /* the cache, callables, partial runs, runs */
    step_request request; /* copied */
    plan_node *nodes;
    int32_t node_count;
    plan_value *values; /* feeds first, then the outputs of the nodes in order */
    int32_t value_count;
    const int32_t *fetch_values;
    bool has_state;    /* some operation reads or writes variables */
    int32_t device_count; /* of the session's devices: those that run something */
    _Atomic(plan_frame *) spare[PLAN_SPARE_FRAMES];
    plan *next;        /* in the session's cache */
    _Atomic(struct dispatch *) dispatch; /* compiled entries that fit; dispatch.c */
};

/* Checks REQUEST against GRAPH with TensorFlow's texts, prunes, and numbers values; one holder. Errors:
 * those of stepc_session_run before anything runs; UNIMPLEMENTED for operators without a
 * row, all of which go to the host's report as "missing-operator". */
stepc_code session_plan_make(const stepc_graph *graph, const stepc_host *host, const step_request *request, plan **out,
                             stepc_error *error);
plan *run_plan_retain(plan *p);
void run_plan_release(plan *p); /* NULL is fine */
bool plan_matches(const plan *p, const step_request *request);
/* A frame with empty values and `remaining` set; NULL when out of memory. put empties it. */
plan_frame *plan_frame_take(plan *p);
void plan_frame_put(plan_frame *frame);

#endif
