/* SPDX-License-Identifier: Apache-2.0 */
/* What the message readers and writers share. */
#ifndef RUNTIME_GRAPH_MESSAGE_INTERNAL_H
#define RUNTIME_GRAPH_MESSAGE_INTERNAL_H

#include "runtime/graph/message.h"

extern const message_type message_opaque; /* skipped, never stored */
extern const message_type message_any;    /* text may spell it as an [extension] { } */

/* Wire types. */
enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_GROUP = 3, WIRE_END_GROUP = 4, WIRE_FIXED32 = 5 };

bool field_is_number(const message_field *field);
int field_wire_type(const message_field *field); /* of one value */

/* The singular sub-message FIELD of TREE if there is one already (parts merge); NULL otherwise. */
message *message_single_child(message *tree, const message_field *field);
/* Appends a value of FIELD; NULL when out of memory. */
message_value *message_append(arena *memory, message *tree, const message_field *field);
/* Appends a new sub-message, or returns the one to merge into. NULL when out of memory. */
message *message_open_child(arena *memory, message *tree, const message_field *field, int64_t offset);

/* Reads one varint of at most ten bytes and 64 bits. Returns its length, 0 when damaged. */
size_t varint_read(const uint8_t *data, size_t size, uint64_t *out);
size_t varint_size(uint64_t value);
size_t varint_write(uint8_t *data, uint64_t value); /* at most 10 bytes */
/* The stored bits of FIELD's value from a varint: truncated and extended as protobuf does. */
uint64_t field_bits_from_varint(const message_field *field, uint64_t value);

#endif
