/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol messages as trees: one table of messages and fields drives binary reading,
 * binary writing, text reading and text writing. Readers are iterative, bounded by the
 * limits of the host, and zero-copy: strings, bytes and packed arrays point into the input. */
#ifndef RUNTIME_GRAPH_MESSAGE_H
#define RUNTIME_GRAPH_MESSAGE_H

#include "runtime/core/arena.h"
#include "runtime/core/text.h"

typedef enum field_kind {
    FIELD_INT32, FIELD_INT64, FIELD_UINT32, FIELD_UINT64, FIELD_BOOL, FIELD_ENUM,
    FIELD_FLOAT, FIELD_DOUBLE, FIELD_FIXED32, FIELD_FIXED64, FIELD_STRING, FIELD_BYTES, FIELD_MESSAGE
} field_kind;

typedef struct message_type message_type;

typedef struct enum_name {
    const char *name;
    int32_t number;
} enum_name;

typedef struct message_field {
    const char *name;
    uint32_t number;
    field_kind kind;
    bool repeated;
    const message_type *type; /* FIELD_MESSAGE */
    const enum_name *names;   /* FIELD_ENUM, ended by a NULL name */
} message_field;

struct message_type {
    const char *name;
    const message_field *fields;
    size_t field_count;
};

typedef struct message message;

/* One occurrence of a field, or a packed run of numbers (packed: bytes/size as on the wire). */
typedef struct message_value {
    const message_field *field;
    struct message_value *next; /* in input order */
    union {
        uint64_t bits;    /* single numbers: two's complement, or the IEEE bits of float and double */
        const char *data; /* strings, bytes, packed runs */
        message *child;   /* sub-messages */
    };
    size_t size;    /* of data */
    int64_t offset; /* in the input */
    bool packed;
} message_value;

struct message {
    const message_type *type;
    message_value *first, *last;
    int64_t offset;
};

/* The table's roots. */
extern const message_type message_graph_def, message_node_def, message_attr_value, message_tensor_proto,
    message_tensor_shape, message_op_def, message_function_def_library, message_meta_graph_def, message_saved_model,
    message_signature_def, message_tensor_info, message_checkpoint_state, message_tf2xla_config, message_bundle_header,
    message_bundle_entry, message_config_proto, message_run_options, message_callable_options, message_run_metadata;

/* Reads wire bytes. DATA must outlive the tree. DATA_LOSS with the byte offset when damaged,
 * RESOURCE_EXHAUSTED beyond limits. Unknown fields are skipped. Sub-messages split in parts
 * and repeated scalars behave as protobuf's (merge; last wins is left to the getters). */
stepc_code message_read_binary(const stepc_host *host, arena *memory, const message_type *type, const char *name,
                               const uint8_t *data, size_t size, message **out, stepc_error *error);
/* Reads protobuf text format. INVALID_ARGUMENT "line L column C: ..." . Unknown fields are errors. */
stepc_code message_read_text(const stepc_host *host, arena *memory, const message_type *type, const char *name,
                             const char *data, size_t size, message **out, stepc_error *error);
/* Writes wire bytes or text; the tree's order is kept. */
stepc_code message_write_binary(const stepc_host *host, const message *tree, text *out, stepc_error *error);
stepc_code message_write_text(const stepc_host *host, const message *tree, text *out, stepc_error *error);

/* Getters over one level. The last occurrence wins for single fields. */
const message_field *message_field_named(const message_type *type, const char *name);
const message_value *message_get(const message *tree, const char *field);          /* NULL when absent */
int64_t message_int(const message *tree, const char *field, int64_t otherwise);
stepc_string message_string(const message *tree, const char *field);               /* empty when absent */
/* Next occurrence of FIELD after VALUE (NULL: the first). */
const message_value *message_next(const message *tree, const char *field, const message_value *value);

/* Walks the numbers of a repeated field, packed or not: starts zero-filled but for FIELD and TREE
 * (number_begin), and gives each number's bits in order. */
typedef struct number_cursor {
    const message_field *field;
    const message_value *value;
    size_t position; /* in a packed run */
} number_cursor;
number_cursor number_begin(const message *tree, const char *field);
bool number_next(number_cursor *cursor, uint64_t *out_bits);
size_t message_count(const message *tree, const char *field); /* occurrences; numbers in packed runs counted singly */

/* Building. NULL when out of memory. Set bits, or data and size; sub-messages come with their child. */
message *message_new(arena *memory, const message_type *type);
message_value *message_add(arena *memory, message *tree, const char *field);
bool message_add_string(arena *memory, message *tree, const char *field, stepc_string value); /* borrows */
bool message_add_int(arena *memory, message *tree, const char *field, int64_t value);

#endif
