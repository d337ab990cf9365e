/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf text format, written as protobuf's own printer does: two spaces per level, one
 * field per line, bytes with octal escapes. */
#include "runtime/core/host.h"
#include "runtime/graph/message_internal.h"

#include <string.h>

typedef struct text_writer {
    arena scratch;
    const message_value **stack; /* the next value of each open message */
    size_t depth, capacity;
    text *out;
} text_writer;

static bool open_message(text_writer *w, const message *tree)
{
    const message_value **stack = arena_grow(&w->scratch, w->stack, &w->capacity, w->depth + 1, sizeof(*stack));

    if (stack == NULL)
        return false;
    w->stack = stack;
    w->stack[w->depth++] = tree->first;
    return true;
}

static void indent(text_writer *w, size_t levels)
{
    static const char spaces[] = "                                ";

    for (size_t left = levels * 2; left > 0;) {
        size_t now = left < sizeof(spaces) - 1 ? left : sizeof(spaces) - 1;
        text_add(w->out, spaces, now);
        left -= now;
    }
}

static void write_string(text *out, const char *data, size_t size)
{
    text_add(out, "\"", 1);
    for (size_t i = 0; i < size; i++) {
        uint8_t c = (uint8_t)data[i];
        size_t plain = i;
        while (plain < size && (uint8_t)data[plain] >= 0x20 && (uint8_t)data[plain] < 0x7f && data[plain] != '"' &&
               data[plain] != '\'' && data[plain] != '\\')
            plain++;
        if (plain > i) {
            text_add(out, data + i, plain - i);
            i = plain - 1;
            continue;
        }
        char escape[4] = {'\\', (char)('0' + (c >> 6)), (char)('0' + (c >> 3 & 7)), (char)('0' + (c & 7))};
        size_t length = 4;
        static const char short_names[] = "nrt\"'\\";
        static const char short_codes[] = "\n\r\t\"'\\";
        const char *code = strchr(short_codes, c);
        if (c != 0 && code != NULL) {
            escape[1] = short_names[code - short_codes];
            length = 2;
        }
        text_add(out, escape, length);
    }
    text_add(out, "\"", 1);
}

static const char *enum_text(const enum_name *names, int32_t number)
{
    for (const enum_name *n = names; n != NULL && n->name != NULL; n++)
        if (n->number == number)
            return n->name;
    return NULL;
}

static void write_number(text *out, const message_field *field, uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    float f;
    double d;

    switch (field->kind) {
    case FIELD_ENUM: {
        const char *name = enum_text(field->names, (int32_t)low);
        if (name != NULL)
            text_puts(out, name);
        else
            text_printf(out, "%lld", (long long)bits);
        break;
    }
    case FIELD_BOOL: text_puts(out, bits != 0 ? "true" : "false"); break;
    case FIELD_FLOAT:
        memcpy(&f, &low, sizeof(f));
        text_float(out, f);
        break;
    case FIELD_DOUBLE:
        memcpy(&d, &bits, sizeof(d));
        text_double(out, d);
        break;
    case FIELD_UINT32:
    case FIELD_UINT64:
    case FIELD_FIXED32:
    case FIELD_FIXED64: text_printf(out, "%llu", (unsigned long long)bits); break;
    case FIELD_INT32:
    case FIELD_INT64:
    case FIELD_STRING:
    case FIELD_BYTES:
    case FIELD_MESSAGE: text_printf(out, "%lld", (long long)bits); break;
    }
}

static void write_line(text_writer *w, const message_field *field, uint64_t bits)
{
    indent(w, w->depth - 1);
    text_puts(w->out, field->name);
    text_add(w->out, ": ", 2);
    write_number(w->out, field, bits);
    text_add(w->out, "\n", 1);
}

static void write_packed(text_writer *w, const message_value *value)
{
    message_value alone = *value; /* so that the cursor walks this run only */
    alone.next = NULL;
    number_cursor cursor = {value->field, value->size > 0 ? &alone : NULL, 0};
    uint64_t bits;

    while (number_next(&cursor, &bits))
        write_line(w, value->field, bits);
}

static bool write_value(text_writer *w, const message_value *value)
{
    const message_field *field = value->field;

    if (value->packed) {
        write_packed(w, value);
    } else if (field_is_number(field)) {
        write_line(w, field, value->bits);
    } else {
        indent(w, w->depth - 1);
        text_puts(w->out, field->name);
        if (field->kind == FIELD_MESSAGE) {
            text_puts(w->out, " {\n");
            return open_message(w, value->child);
        }
        text_add(w->out, ": ", 2);
        write_string(w->out, value->data, value->size);
        text_add(w->out, "\n", 1);
    }
    return true;
}

stepc_code message_write_text(const stepc_host *host, const message *tree, text *out, stepc_error *error)
{
    stepc_host resolved = host_resolve(host);
    text_writer w = {.out = out};

    arena_init(&w.scratch, &resolved);
    bool done = open_message(&w, tree);
    while (done && w.depth > 0) {
        const message_value *value = w.stack[w.depth - 1];
        if (value != NULL) {
            w.stack[w.depth - 1] = value->next;
            done = write_value(&w, value);
            continue;
        }
        w.depth--;
        if (w.depth > 0) {
            indent(&w, w.depth - 1);
            text_add(out, "}\n", 2);
        }
    }
    arena_release(&w.scratch);
    if (!done || out->failed)
        return error_out_of_memory(error, "writing a message as text");
    return STEPC_OK;
}
