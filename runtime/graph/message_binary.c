/* SPDX-License-Identifier: Apache-2.0 */
/* The wire format. The reader keeps a pointer and an end per open message and nothing else;
 * lengths are compared with what is left, never added to a pointer first. */
#include "runtime/core/host.h"
#include "runtime/graph/message_internal.h"

#include <string.h>

/* An open message, or (message NULL) an open group that is being skipped. */
typedef struct read_frame {
    message *message;
    size_t end;     /* position where it ends; groups: their surrounding's end */
    uint32_t group; /* number of a group */
} read_frame;

typedef struct binary_reader {
    arena *memory;
    const char *name;
    stepc_error *error;
    const uint8_t *data;
    size_t position;
    read_frame *frames;
    size_t depth, capacity; /* frames in use, and held */
    int64_t depth_limit;
} binary_reader;

static stepc_code damaged(binary_reader *r, size_t position, const char *what)
{
    const message *open = r->depth > 0 ? r->frames[r->depth - 1].message : NULL;

    if (open != NULL)
        error_set(r->error, STEPC_DATA_LOSS, "damaged %s: %s", open->type->name, what);
    else
        error_set(r->error, STEPC_DATA_LOSS, "damaged data: %s", what);
    error_at_file(r->error, r->name, (int64_t)position);
    return STEPC_DATA_LOSS;
}

static stepc_code no_memory(binary_reader *r)
{
    error_out_of_memory(r->error, "reading a graph file");
    error_at_file(r->error, r->name, (int64_t)r->position);
    return STEPC_RESOURCE_EXHAUSTED;
}

static stepc_code push(binary_reader *r, message *tree, size_t end, uint32_t group)
{
    /* The root is frame 0 and does not count. */
    if (r->depth > (uint64_t)r->depth_limit) {
        error_limit(r->error, "message_depth", r->depth_limit, (int64_t)r->depth);
        error_at_file(r->error, r->name, (int64_t)r->position);
        return STEPC_RESOURCE_EXHAUSTED;
    }
    read_frame *frames = arena_grow(r->memory, r->frames, &r->capacity, r->depth + 1, sizeof(read_frame));
    if (frames == NULL)
        return no_memory(r);
    r->frames = frames;
    r->frames[r->depth++] = (read_frame){tree, end, group};
    return STEPC_OK;
}

static const message_field *field_numbered(const message_type *type, uint32_t number)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].number == number)
            return &type->fields[i];
    return NULL;
}

static stepc_code read_number(binary_reader *r, size_t end, int wire, uint64_t *out)
{
    if (wire == WIRE_VARINT) {
        size_t used = varint_read(r->data + r->position, end - r->position, out);
        if (used == 0)
            return damaged(r, r->position, "a varint is cut off, or longer than 64 bits");
        r->position += used;
        return STEPC_OK;
    }
    size_t size = wire == WIRE_FIXED32 ? 4 : 8;
    if (size > end - r->position)
        return damaged(r, r->position, "a fixed-size number is cut off");
    *out = 0;
    for (size_t i = 0; i < size; i++)
        *out |= (uint64_t)r->data[r->position + i] << (8 * i);
    r->position += size;
    return STEPC_OK;
}

/* Every varint of a packed run is whole; fixed-size numbers fill it exactly. */
static stepc_code check_packed(binary_reader *r, const message_field *field, size_t start, size_t size)
{
    int wire = field_wire_type(field);

    if (wire != WIRE_VARINT) {
        if (size % (wire == WIRE_FIXED32 ? 4 : 8) != 0)
            return damaged(r, start, "the length of a packed list is not a multiple of its element");
        return STEPC_OK;
    }
    for (size_t at = 0; at < size;) {
        uint64_t value;
        size_t used = varint_read(r->data + start + at, size - at, &value);
        if (used == 0)
            return damaged(r, start + at, "a varint in a packed list is cut off, or longer than 64 bits");
        at += used;
    }
    return STEPC_OK;
}

static stepc_code read_bytes(binary_reader *r, read_frame frame, const message_field *field)
{
    uint64_t size;
    size_t tag_end = r->position;
    stepc_code code = read_number(r, frame.end, WIRE_VARINT, &size);

    if (code != STEPC_OK)
        return code;
    size_t start = r->position;
    if (size > (uint64_t)(frame.end - start))
        return damaged(r, tag_end, "a length reaches beyond the end");
    size_t length = (size_t)size;
    if (field == NULL || (field_is_number(field) && !field->repeated) || field->type == &message_opaque) {
        r->position = start + length;
        return STEPC_OK;
    }
    if (field->kind == FIELD_MESSAGE) {
        message *child = message_open_child(r->memory, frame.message, field, (int64_t)start);
        if (child == NULL)
            return no_memory(r);
        return push(r, child, start + length, 0);
    }
    bool packed = field_is_number(field);
    if (packed) {
        code = check_packed(r, field, start, length);
        if (code != STEPC_OK)
            return code;
    }
    message_value *value = message_append(r->memory, frame.message, field);
    if (value == NULL)
        return no_memory(r);
    value->data = (const char *)(r->data + start);
    value->size = length;
    value->offset = (int64_t)start;
    value->packed = packed;
    r->position = start + length;
    return STEPC_OK;
}

static stepc_code read_field(binary_reader *r)
{
    read_frame frame = r->frames[r->depth - 1];
    size_t start = r->position;
    uint64_t tag;
    stepc_code code = read_number(r, frame.end, WIRE_VARINT, &tag);

    if (code != STEPC_OK)
        return code;
    if (tag > UINT32_MAX || tag < 8)
        return damaged(r, start, "a field number is 0 or too large");
    uint32_t number = (uint32_t)tag >> 3;
    int wire = (int)(tag & 7);
    const message_field *field = frame.message != NULL ? field_numbered(frame.message->type, number) : NULL;

    if (wire == WIRE_BYTES)
        return read_bytes(r, frame, field);
    if (wire == WIRE_GROUP)
        return push(r, NULL, frame.end, number);
    if (wire == WIRE_END_GROUP) {
        if (frame.message != NULL || frame.group != number)
            return damaged(r, start, "an end-group without its group");
        r->depth--;
        return STEPC_OK;
    }
    if (wire > WIRE_FIXED32)
        return damaged(r, start, "an unknown wire type");

    uint64_t bits;
    code = read_number(r, frame.end, wire, &bits);
    if (code != STEPC_OK || field == NULL || !field_is_number(field) || field_wire_type(field) != wire)
        return code; /* protobuf skips a field of another wire type like an unknown one */
    message_value *value = message_append(r->memory, frame.message, field);
    if (value == NULL)
        return no_memory(r);
    value->bits = wire == WIRE_VARINT ? field_bits_from_varint(field, bits) : bits;
    value->offset = (int64_t)start;
    return STEPC_OK;
}

stepc_code message_read_binary(const stepc_host *host, arena *memory, const message_type *type, const char *name,
                               const uint8_t *data, size_t size, message **out, stepc_error *error)
{
    stepc_host resolved = host_resolve(host);
    binary_reader r = {.memory = memory, .name = name, .error = error, .data = data,
                       .depth_limit = resolved.limits.message_depth};

    *out = NULL;
    message *root = message_new(memory, type);
    if (root == NULL)
        return no_memory(&r);
    stepc_code code = push(&r, root, size, 0);
    while (code == STEPC_OK && r.depth > 0) {
        const read_frame *frame = &r.frames[r.depth - 1];
        if (r.position < frame->end)
            code = read_field(&r);
        else if (frame->message == NULL)
            code = damaged(&r, r.position, "a group is not ended");
        else
            r.depth--;
    }
    if (code == STEPC_OK)
        *out = root;
    return code;
}

/* ---- writing ---------------------------------------------------------------------------- */

/* Sizes are found in a first walk and used in a second one, which meets the sub-messages in
 * the same order (parents before children). */
typedef struct write_frame {
    const message_value *next;
    size_t index; /* of this message in sizes */
} write_frame;

typedef struct binary_writer {
    arena scratch;
    size_t *sizes;
    size_t count, capacity;
    write_frame *frames;
    size_t depth, frame_capacity;
} binary_writer;

static bool open_message(binary_writer *w, const message *tree, size_t index)
{
    write_frame *frames = arena_grow(&w->scratch, w->frames, &w->frame_capacity, w->depth + 1, sizeof(write_frame));

    if (frames == NULL)
        return false;
    w->frames = frames;
    w->frames[w->depth++] = (write_frame){tree->first, index};
    return true;
}

static uint64_t field_tag(const message_value *value)
{
    int wire = value->packed ? WIRE_BYTES : field_wire_type(value->field);

    return (uint64_t)value->field->number << 3 | (uint64_t)wire;
}

/* The bytes of a value without those of a sub-message. */
static size_t flat_size(const message_value *value)
{
    size_t size = varint_size(field_tag(value));

    if (value->packed || !field_is_number(value->field))
        return size + varint_size(value->size) + value->size;
    int wire = field_wire_type(value->field);
    return size + (wire == WIRE_VARINT ? varint_size(value->bits) : wire == WIRE_FIXED32 ? 4 : 8);
}

static bool measure(binary_writer *w, const message *tree)
{
    size_t *sizes = arena_grow(&w->scratch, w->sizes, &w->capacity, w->count + 1, sizeof(size_t));

    if (sizes == NULL)
        return false;
    w->sizes = sizes;
    w->sizes[w->count++] = 0;
    if (!open_message(w, tree, w->count - 1))
        return false;
    while (w->depth > 0) {
        write_frame *frame = &w->frames[w->depth - 1];
        const message_value *value = frame->next;
        if (value == NULL) {
            size_t size = w->sizes[frame->index];
            w->depth--;
            if (w->depth > 0) {
                write_frame *parent = &w->frames[w->depth - 1];
                w->sizes[parent->index] += varint_size(size) + size;
            }
            continue;
        }
        frame->next = value->next;
        if (value->field->kind != FIELD_MESSAGE) {
            w->sizes[frame->index] += flat_size(value);
            continue;
        }
        w->sizes[frame->index] += varint_size(field_tag(value));
        sizes = arena_grow(&w->scratch, w->sizes, &w->capacity, w->count + 1, sizeof(size_t));
        if (sizes == NULL)
            return false;
        w->sizes = sizes;
        w->sizes[w->count++] = 0;
        if (!open_message(w, value->child, w->count - 1))
            return false;
    }
    return true;
}

static void write_varint(text *out, uint64_t value)
{
    uint8_t bytes[10];
    size_t size = varint_write(bytes, value);

    text_add(out, (const char *)bytes, size);
}

static void write_flat(text *out, const message_value *value)
{
    write_varint(out, field_tag(value));
    if (value->packed || !field_is_number(value->field)) {
        write_varint(out, value->size);
        text_add(out, value->data, value->size);
        return;
    }
    int wire = field_wire_type(value->field);
    if (wire == WIRE_VARINT) {
        write_varint(out, value->bits);
        return;
    }
    char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(uint8_t)(value->bits >> (8 * i));
    text_add(out, bytes, wire == WIRE_FIXED32 ? 4 : 8);
}

static bool write_tree(binary_writer *w, const message *tree, text *out)
{
    size_t index = 1; /* of the next sub-message */

    w->depth = 0;
    if (!open_message(w, tree, 0))
        return false;
    while (w->depth > 0) {
        write_frame *frame = &w->frames[w->depth - 1];
        const message_value *value = frame->next;
        if (value == NULL) {
            w->depth--;
            continue;
        }
        frame->next = value->next;
        if (value->field->kind != FIELD_MESSAGE) {
            write_flat(out, value);
            continue;
        }
        write_varint(out, field_tag(value));
        write_varint(out, w->sizes[index++]);
        if (!open_message(w, value->child, 0))
            return false;
    }
    return true;
}

stepc_code message_write_binary(const stepc_host *host, const message *tree, text *out, stepc_error *error)
{
    stepc_host resolved = host_resolve(host);
    binary_writer w = {0};

    arena_init(&w.scratch, &resolved);
    bool done = measure(&w, tree) && write_tree(&w, tree, out);
    arena_release(&w.scratch);
    if (!done || out->failed)
        return error_out_of_memory(error, "writing a message");
    return STEPC_OK;
}
