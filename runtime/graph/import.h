/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the importer share. */
#ifndef RUNTIME_GRAPH_IMPORT_H
#define RUNTIME_GRAPH_IMPORT_H

#include "runtime/graph/graph.h"

/* A set of names in an arena; each name's index is the order in which it came. */
typedef struct name_set {
    stepc_string *names;
    size_t count, capacity;
    int32_t *slots; /* open addressing, -1 empty */
    size_t slot_count;
} name_set;

int32_t name_set_find(const name_set *set, stepc_string name); /* -1 when absent */
/* The index of NAME, added when new. -1 when out of memory. */
int32_t name_set_add(arena *memory, name_set *set, stepc_string name);

/* TensorFlow's pattern for node names; INTERNAL admits a leading '_'. */
bool node_name_is_valid(stepc_string name, bool internal);

/* Fills OP's attributes from its NodeDef: those of SCHEMA first, in its order, with defaults; then the ones that begin
 * with '_' in the node's order. DEFAULTS: NULL for a registered operator; for a function, the AttrValues of its
 * signature's defaults, and all other attributes are kept too. */
stepc_code attributes_import(stepc_graph *graph, stepc_operation *op, const op_def *schema,
                             const message *const *defaults, stepc_error *error);

/* Turns an OpDef message (a function's signature) into a schema in the graph's memory. */
stepc_code signature_schema(stepc_graph *graph, const message *signature, const op_def **out,
                            const message *const **out_defaults, stepc_error *error);

/* Reads a TensorShapeProto. */
stepc_code shape_import(stepc_graph *graph, const message *proto, attr_shape *out, stepc_error *error);

/* The one kind of data edge that may close a cycle: (Ref)NextIteration -> (Ref)Merge. */
bool edge_is_back(const stepc_operation *from, const stepc_operation *to);

/* What the bytes of a file that is no graph look like: NULL when nothing is recognised. *OUT_MEND says what to do. */
const char *foreign_format(const uint8_t *data, size_t size, const char **out_mend);
/* The same for TensorFlow's own messages in wire format that are not GraphDefs. */
const char *foreign_message(const uint8_t *data, size_t size, const char **out_mend);
/* True when the bytes are protobuf text rather than wire format. */
bool content_is_text(const uint8_t *data, size_t size);

#endif
