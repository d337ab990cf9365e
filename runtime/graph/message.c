/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/graph/message_internal.h"

#include <string.h>

/* A message as allocated: after it follow one slot per singular sub-message field, in field
 * order, so that a part that comes later finds the child to merge into without a search. */
typedef struct message_node {
    message base;
    message *singles[];
} message_node;

static bool is_single_child(const message_field *field)
{
    return field->kind == FIELD_MESSAGE && !field->repeated;
}

static size_t single_slot(const message_type *type, const message_field *field)
{
    size_t slot = 0;

    for (const message_field *f = type->fields; f != field; f++)
        slot += is_single_child(f);
    return slot;
}

message *message_new(arena *memory, const message_type *type)
{
    size_t singles = 0;

    for (size_t i = 0; i < type->field_count; i++)
        singles += is_single_child(&type->fields[i]);
    message *tree = arena_alloc(memory, sizeof(message_node) + singles * sizeof(message *));
    if (tree != NULL)
        tree->type = type;
    return tree;
}

message *message_single_child(message *tree, const message_field *field)
{
    return is_single_child(field) ? ((message_node *)tree)->singles[single_slot(tree->type, field)] : NULL;
}

message_value *message_append(arena *memory, message *tree, const message_field *field)
{
    message_value *value = ARENA_NEW(memory, message_value);

    if (value == NULL)
        return NULL;
    value->field = field;
    if (tree->last != NULL)
        tree->last->next = value;
    else
        tree->first = value;
    tree->last = value;
    return value;
}

message *message_open_child(arena *memory, message *tree, const message_field *field, int64_t offset)
{
    message *child = message_single_child(tree, field);

    if (child != NULL)
        return child;
    child = message_new(memory, field->type);
    message_value *value = child != NULL ? message_append(memory, tree, field) : NULL;
    if (value == NULL)
        return NULL;
    child->offset = offset;
    value->child = child;
    value->offset = offset;
    if (is_single_child(field))
        ((message_node *)tree)->singles[single_slot(tree->type, field)] = child;
    return child;
}

bool field_is_number(const message_field *field)
{
    return field->kind < FIELD_STRING;
}

int field_wire_type(const message_field *field)
{
    switch (field->kind) {
    case FIELD_FLOAT:
    case FIELD_FIXED32:
        return WIRE_FIXED32;
    case FIELD_DOUBLE:
    case FIELD_FIXED64:
        return WIRE_FIXED64;
    case FIELD_STRING:
    case FIELD_BYTES:
    case FIELD_MESSAGE:
        return WIRE_BYTES;
    case FIELD_INT32:
    case FIELD_INT64:
    case FIELD_UINT32:
    case FIELD_UINT64:
    case FIELD_BOOL:
    case FIELD_ENUM:
        break;
    }
    return WIRE_VARINT;
}

size_t varint_read(const uint8_t *data, size_t size, uint64_t *out)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size && i < 10; i++) {
        if (i == 9 && data[i] > 1)
            return 0; /* beyond 64 bits */
        value |= (uint64_t)(data[i] & 0x7f) << (7 * i);
        if (data[i] < 0x80) {
            *out = value;
            return i + 1;
        }
    }
    return 0;
}

size_t varint_size(uint64_t value)
{
    size_t size = 1;

    for (; value >= 0x80; value >>= 7)
        size++;
    return size;
}

size_t varint_write(uint8_t *data, uint64_t value)
{
    size_t size = 0;

    for (; value >= 0x80; value >>= 7)
        data[size++] = (uint8_t)(value | 0x80);
    data[size++] = (uint8_t)value;
    return size;
}

uint64_t field_bits_from_varint(const message_field *field, uint64_t value)
{
    switch (field->kind) {
    case FIELD_INT32:
    case FIELD_ENUM:
        value &= UINT32_MAX;
        return (value & 0x80000000u) != 0 ? value | ~(uint64_t)UINT32_MAX : value;
    case FIELD_UINT32:
        return value & UINT32_MAX;
    case FIELD_BOOL:
        return value != 0;
    case FIELD_INT64:
    case FIELD_UINT64:
    case FIELD_FLOAT:
    case FIELD_DOUBLE:
    case FIELD_FIXED32:
    case FIELD_FIXED64:
    case FIELD_STRING:
    case FIELD_BYTES:
    case FIELD_MESSAGE:
        break;
    }
    return value;
}

/* ---- getters ---------------------------------------------------------------------------- */

const message_field *message_field_named(const message_type *type, const char *name)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (strcmp(type->fields[i].name, name) == 0)
            return &type->fields[i];
    return NULL;
}

const message_value *message_get(const message *tree, const char *field)
{
    const message_value *found = NULL;

    if (tree == NULL)
        return NULL;
    const message_field *wanted = message_field_named(tree->type, field);
    for (const message_value *v = tree->first; wanted != NULL && v != NULL; v = v->next)
        if (v->field == wanted)
            found = v;
    return found;
}

const message_value *message_next(const message *tree, const char *field, const message_value *value)
{
    if (tree == NULL)
        return NULL;
    const message_field *wanted = value != NULL ? value->field : message_field_named(tree->type, field);
    if (wanted == NULL)
        return NULL;
    value = value != NULL ? value->next : tree->first;
    while (value != NULL && value->field != wanted)
        value = value->next;
    return value;
}

int64_t message_int(const message *tree, const char *field, int64_t otherwise)
{
    number_cursor cursor = number_begin(tree, field);
    uint64_t bits = 0;
    bool found = false;

    while (number_next(&cursor, &bits))
        found = true;
    return found ? (int64_t)bits : otherwise;
}

stepc_string message_string(const message *tree, const char *field)
{
    const message_value *value = message_get(tree, field);

    if (value == NULL || (value->field->kind != FIELD_STRING && value->field->kind != FIELD_BYTES))
        return (stepc_string){"", 0};
    return (stepc_string){value->data, value->size};
}

/* The next value of FIELD that holds at least one number. */
static const message_value *next_numbers(const message_field *field, const message_value *value)
{
    while (value != NULL && (value->field != field || (value->packed && value->size == 0)))
        value = value->next;
    return value;
}

number_cursor number_begin(const message *tree, const char *field)
{
    number_cursor cursor = {0};

    if (tree == NULL)
        return cursor;
    cursor.field = message_field_named(tree->type, field);
    if (cursor.field != NULL && field_is_number(cursor.field))
        cursor.value = next_numbers(cursor.field, tree->first);
    return cursor;
}

bool number_next(number_cursor *cursor, uint64_t *out_bits)
{
    const message_value *value = cursor->value;

    if (value == NULL)
        return false;
    if (!value->packed) {
        *out_bits = value->bits;
        cursor->value = next_numbers(cursor->field, value->next);
        return true;
    }
    const uint8_t *data = (const uint8_t *)value->data + cursor->position;
    size_t left = value->size - cursor->position;
    int wire = field_wire_type(cursor->field);
    size_t step;
    uint64_t bits = 0;
    if (wire == WIRE_VARINT) {
        step = varint_read(data, left, &bits); /* checked by the reader: never 0 */
        bits = field_bits_from_varint(cursor->field, bits);
    } else {
        step = wire == WIRE_FIXED32 ? 4 : 8;
        for (size_t i = 0; i < step && i < left; i++)
            bits |= (uint64_t)data[i] << (8 * i);
    }
    *out_bits = bits;
    cursor->position += step;
    if (step == 0 || cursor->position >= value->size) {
        cursor->value = next_numbers(cursor->field, value->next);
        cursor->position = 0;
    }
    return true;
}

static size_t packed_count(const message_value *value)
{
    int wire = field_wire_type(value->field);
    size_t count = 0;

    if (wire == WIRE_FIXED32)
        return value->size / 4;
    if (wire == WIRE_FIXED64)
        return value->size / 8;
    for (size_t i = 0; i < value->size; i++)
        count += ((uint8_t)value->data[i] & 0x80) == 0;
    return count;
}

size_t message_count(const message *tree, const char *field)
{
    size_t count = 0;

    for (const message_value *v = message_next(tree, field, NULL); v != NULL; v = message_next(tree, field, v))
        count += v->packed ? packed_count(v) : 1;
    return count;
}

/* ---- building --------------------------------------------------------------------------- */

message_value *message_add(arena *memory, message *tree, const char *field)
{
    const message_field *found = message_field_named(tree->type, field);

    if (found == NULL)
        return NULL;
    if (found->kind != FIELD_MESSAGE)
        return message_append(memory, tree, found);
    message *child = message_open_child(memory, tree, found, 0);
    if (child == NULL)
        return NULL;
    message_value *value = tree->last;
    if (value->field != found) /* merged into an earlier one */
        for (value = tree->first; value->field != found;)
            value = value->next;
    return value;
}

bool message_add_string(arena *memory, message *tree, const char *field, stepc_string value)
{
    message_value *added = message_add(memory, tree, field);

    if (added == NULL)
        return false;
    added->data = value.data;
    added->size = value.size;
    return true;
}

bool message_add_int(arena *memory, message *tree, const char *field, int64_t value)
{
    message_value *added = message_add(memory, tree, field);

    if (added == NULL)
        return false;
    added->bits = (uint64_t)value;
    return true;
}
