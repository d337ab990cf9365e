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
/* Makes SET what it was when BEFORE was copied from it; what was in it then must still be in memory. */
void name_set_truncate(name_set *set, const name_set *before);

/* A function of a graph's library, or an operator of the MetaGraphDef's list that the registry
 * lacks; its schema is made when the first call needs it. */
typedef struct library_function {
    const message *signature;
    const message *definition; /* the FunctionDef; NULL for an operator */
    bool added;                /* not in the graph's SOURCE */
    int32_t made_at;           /* operation_count when SCHEMA was made */
    const op_def *schema;
    const message *const *defaults;
} library_function;

typedef struct function_library {
    name_set names;
    library_function *functions;
    size_t capacity;
} function_library;

/* Adds GRAPH_DEF's functions and the operators of GRAPH's op_list. ADDED: they are not in the graph's source.
 * A function that is there already must be the same. */
stepc_code library_read(stepc_graph *graph, const message *graph_def, bool added, stepc_error *error);
/* NULL when there is none of that name; else OUT's schema is set on STEPC_OK. */
stepc_code library_find(stepc_graph *graph, stepc_string name, const library_function **out, stepc_error *error);

/* Whether two messages say the same, by their bytes. */
stepc_code messages_compare(const stepc_host *host, const message *a, const message *b, bool *same, stepc_error *error);

/* For names made unique before: where to go on counting. */
typedef struct unique_names {
    name_set bases;
    int32_t *next;
    size_t capacity;
} unique_names;

/* ---- changing a graph, under its lock for writing (storage.c) ---- */

/* What a graph was before a change that may fail. */
typedef struct graph_mark {
    arena_mark memory;
    stepc_operation **operations;
    size_t operation_capacity;
    int32_t operation_count, read_count, producer, min_consumer;
    int64_t edge_count, output_count;
    const message *source;
    int32_t *name_table;
    size_t name_table_size;
    struct function_library *library;
    function_library library_content;
} graph_mark;

graph_mark graph_note(const stepc_graph *graph);
/* Takes back everything since MARK. The change must not have added names to a table that held some before. */
void graph_return(stepc_graph *graph, const graph_mark *mark);
/* Room for COUNT more operations in the list and in the name table. False when out of memory. */
bool graph_reserve(stepc_graph *graph, size_t count);
/* Puts operation INDEX into the name table, which has room: NULL, or the operation that has the name already. */
const stepc_operation *graph_add_name(stepc_graph *graph, int32_t index);
/* The first of NAME, NAME_1, .. that neither an operation has nor (made of a name in AVOID, with PREFIX_SIZE bytes in
 * front) stands in AVOID. *OUT_NUMBER is 0 for NAME itself. False when out of MEMORY. */
bool graph_unique_name(const stepc_graph *graph, stepc_string name, const name_set *avoid, size_t prefix_size,
                       arena *memory, stepc_string *out, int32_t *out_number);
/* Makes the operations from FIRST on be found by their names. */
void graph_show(stepc_graph *graph, int32_t first);
/* Remembers that NAME .. NAME_NUMBER are taken. NAME lies in the graph's memory. */
void graph_note_unique(stepc_graph *graph, stepc_string name, int32_t number);

/* ---- importing ---- */

typedef enum import_mode {
    IMPORT_WHOLE, /* an empty graph becomes the GraphDef */
    IMPORT_INTO,  /* a GraphDef is added, whose names speak of itself alone */
    IMPORT_BUILT  /* one operation, whose inputs name the graph's; strictly checked */
} import_mode;

/* Under the lock for writing. FILE stands in messages (NULL: none). OPTIONS: IMPORT_INTO; may be NULL. After an error the
 * graph is half changed: see graph_return. */
stepc_code graph_import_nodes(stepc_graph *graph, const message *graph_def, import_mode mode,
                              const stepc_import_options *options, bool make_unique, const char *file,
                              stepc_error *error);
/* Tells text from wire format and reads a GraphDef into the graph's memory; DATA lives as long. NAME stands in messages. */
stepc_code graph_read(stepc_graph *graph, const char *name, const uint8_t *data, size_t size, const message **out,
                      stepc_error *error);
/* The edges into the operations from FIRST on: they end in this graph and carry the type that is asked for. */
stepc_code verify_edges(const stepc_graph *graph, int32_t first, stepc_error *error);

/* TensorFlow's pattern for node names; INTERNAL admits a leading '_'. */
bool node_name_is_valid(stepc_string name, bool internal);

/* Fills OP's attributes from its NodeDef: those of SCHEMA first, in its order, with defaults; then the ones that begin
 * with '_' in the node's order. DEFAULTS: NULL for a registered operator; for a function, the AttrValues of its
 * signature's defaults, and all other attributes are kept too. STRICT: refuses what the schema does not have. */
stepc_code attributes_import(stepc_graph *graph, stepc_operation *op, const op_def *schema,
                             const message *const *defaults, bool strict, stepc_error *error);

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
