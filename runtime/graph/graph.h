/* SPDX-License-Identifier: Apache-2.0 */
/* The graph, inside view: everything lies in the graph's arena and, zero-copy, in the
 * input bytes that the graph keeps. Operations never change and never move; more may be added
 * while others run, under the graph's lock. */
#ifndef RUNTIME_GRAPH_GRAPH_H
#define RUNTIME_GRAPH_GRAPH_H

#include "runtime/core/arena.h"
#include "runtime/core/host.h"
#include "runtime/core/text.h"
#include "runtime/graph/message.h"
#include "runtime/graph/registry.h"
#include "stepc/graph.h"

#include <pthread.h>
#include <stdatomic.h>

/* A shape attribute; dims are -1 where unknown. */
typedef struct attr_shape {
    bool unknown_rank;
    int32_t rank;
    const int64_t *dims;
} attr_shape;

/* An attribute's value. Lists hold `count` elements in the array of their kind. */
typedef struct attr_value {
    stepc_string name;
    attr_kind kind; /* of the value, or of a list's elements (ATTR_NONE: an empty list without kind) */
    bool is_list;
    bool from_default; /* filled in from the schema, not written back */
    size_t count;      /* lists */
    union {
        stepc_string s;
        int64_t i;
        float f;
        bool b;
        int32_t type; /* stepc_dtype, reference types above 100 */
        attr_shape shape;
        const message *tensor; /* a validated TensorProto, see tensor_proto_decode */
        const message *function;
        const stepc_string *s_list;
        const int64_t *i_list;
        const float *f_list;
        const bool *b_list;
        const int32_t *type_list;
        const attr_shape *shape_list;
        const message *const *tensor_list;
        const message *const *function_list;
    } as;
    const message *source; /* the AttrValue as read; NULL for defaults */
} attr_value;

struct stepc_operation {
    stepc_graph *graph;
    int32_t index; /* in the graph */
    stepc_string name, type, device; /* all NUL-terminated */
    const op_def *def; /* NULL: a call of a library function, or an operator that only the file describes */
    int32_t input_count, control_count, output_count;
    const stepc_output *inputs;
    const stepc_operation *const *controls; /* deduplicated, in input order */
    const int32_t *input_dtypes;  /* what the schema asks for; reference types above 100 */
    const int32_t *output_dtypes; /* reference types above 100 */
    const attr_value *attrs;      /* schema attributes (defaults filled in) and those that begin with '_' */
    int32_t attr_count;
    const message *source; /* the NodeDef as read */
};

struct stepc_graph {
    stepc_host host;
    atomic_int references;
    pthread_rwlock_t lock; /* of all below: held for reading by whoever walks or looks up, for writing to add */
    arena memory;
    stepc_string name; /* of the file, for messages */
    file_bytes file;   /* owned */
    stepc_operation **operations; /* the array may be replaced when it grows, what it points to stays */
    size_t operation_capacity;
    int32_t operation_count;
    int32_t read_count; /* the first operations, that SOURCE holds; what was added later is written from the operation */
    int64_t edge_count, output_count; /* of all operations, for the limits */
    int32_t producer, min_consumer;
    const message *source; /* the GraphDef */
    const message *op_list; /* the MetaGraphDef's stripped_op_list (OpList), set before graph_import: schemas of operators
                               that the registry lacks, which then have def NULL like function calls; or NULL */
    int32_t *name_table;   /* open addressing, -1 empty */
    size_t name_table_size;
    struct function_library *library; /* see import.h */
    struct unique_names *unique;      /* names that were made unique before, see import.h */
    struct graph_shapes *shapes;      /* what shape functions said so far; NULL at first (runtime/ops/shapes.c) */
    void (*shapes_release)(stepc_graph *graph);
};

/* Builds and verifies a graph from a GraphDef tree that lies in GRAPH's memory. Used by the
 * public loaders and by the loaders of MetaGraphDef and SavedModel. */
stepc_code graph_import(stepc_graph *graph, const message *graph_def, stepc_error *error);
/* An empty graph with its own arena; HOST is copied. */
stepc_code graph_new(const stepc_host *host, const char *name, stepc_graph **out, stepc_error *error);

/* Held by one thread for a bounded time, never across a kernel. Adding takes the lock for writing (build.c, grow.c).
 * Public functions (stepc_graph_...) take the lock themselves, so whoever holds it must not call them; internal ones that
 * get a whole graph (graph_find, graph_verify, step_prune) and every use of `operations`, `operation_count` and
 * `name_table` expect that the caller holds it, or that nobody else knows the graph yet. Operations themselves are
 * read without it: they never change. */
void graph_lock_read(const stepc_graph *graph);
void graph_lock_write(stepc_graph *graph);
void graph_unlock(const stepc_graph *graph);

/* Under the lock. */
/* Appends a binary GraphDef of some OPERATIONS of one graph (at least one) to OUT, all on DEVICE. Inputs that are not among
 * them are written by name all the same. */
stepc_code graph_write_part(const stepc_operation *const *operations, size_t count, stepc_string device, text *out,
                            stepc_error *error);

const stepc_operation *graph_find(const stepc_graph *graph, stepc_string name); /* NULL when absent */
/* Splits "a/b:2" at the last ':' when the tail is all digits. Returns false for "a:", "^a", "". */
bool tensor_name_split(stepc_string text, stepc_string *op, int32_t *index, bool *has_index);

/* Attribute getters; ops have all schema attributes after import, so these cannot fail for names in the schema. */
const attr_value *operation_attr(const stepc_operation *op, const char *name); /* NULL when absent */
int64_t operation_int(const stepc_operation *op, const char *name, int64_t otherwise);
bool operation_bool(const stepc_operation *op, const char *name, bool otherwise);
float operation_float(const stepc_operation *op, const char *name, float otherwise);
stepc_string operation_string(const stepc_operation *op, const char *name);
stepc_dtype operation_type(const stepc_operation *op, const char *name); /* base dtype; INVALID when absent */

/* Decodes a TensorProto: content or typed values, last value repeated, bits of halves.
 * Borrows the content when it is aligned and in host order; else copies.
 * The tensor's memory then belongs to the graph: retain the graph as long. */
stepc_code tensor_proto_decode(const stepc_host *host, const message *proto, stepc_tensor **out, stepc_error *error);
/* Checks everything that decode needs: dtype, dims (no overflow, not negative), lengths. */
stepc_code tensor_proto_check(const stepc_host *host, const message *proto, stepc_error *error);

/* Structure checks of a whole graph: inputs exist and match the schema's types, no cycle but
 * NextIteration -> Merge. Runs after import; may run again after any pass. */
stepc_code graph_verify(const stepc_graph *graph, stepc_error *error);
/* The same for the operations from FIRST on, which the ones before do not read. */
stepc_code graph_verify_from(const stepc_graph *graph, int32_t first, stepc_error *error);

/* ---- pruning -------------------------------------------------------------------------- */

/* The part of a graph that one step runs: in topological order (data and control edges, ties
 * by the file's order). A fed output stops the walk along data edges; along control edges only
 * when its operation is a Placeholder. */
typedef struct step_prune_input {
    const stepc_output *feeds;
    size_t feed_count;
    const stepc_output *fetches;
    size_t fetch_count;
    const stepc_operation *const *targets;
    size_t target_count;
} step_prune_input;

typedef struct step_operations {
    const stepc_operation **items;
    size_t count;
} step_operations;

/* MEMORY holds the result. INVALID_ARGUMENT "Must specify at least one target to fetch or
 * execute." when there is nothing to run. A fed operation whose every used output is fed is
 * not in the list. */
stepc_code step_prune(const stepc_graph *graph, const step_prune_input *input, arena *memory, step_operations *out,
                      stepc_error *error);
/* The same where readers of some outputs read others instead: SOURCE gives what a reader of AT reads. */
typedef struct step_rewiring {
    const void *context;
    stepc_output (*source)(const void *context, stepc_output at);
} step_rewiring;
stepc_code step_prune_rewired(const stepc_graph *graph, const step_prune_input *input, const step_rewiring *rewiring,
                              arena *memory, step_operations *out, stepc_error *error);

#endif
