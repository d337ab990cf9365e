/* SPDX-License-Identifier: 0BSD */
#include "runtime/core/error.h"

#include "runtime/core/host.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A name from a graph takes no more room than this in a message. */
#define NAME_BYTES 128
/* With "stepc: error: " before it and a newline after it, a line stays within 512 bytes. */
#define LINE_BYTES 496
/* What a long message may not take from the mend. */
#define MEND_BYTES 160

stepc_error *stepc_error_new(void)
{
    stepc_host host = host_resolve(NULL);
    stepc_error *error = host.allocator.allocate(host.allocator.context, sizeof *error, 64);
    if (error != NULL)
        error_init(error);
    return error;
}

void stepc_error_free(stepc_error *error)
{
    if (error == NULL)
        return;
    stepc_host host = host_resolve(NULL);
    host.allocator.release(host.allocator.context, error, sizeof *error);
}

/* Texts are emptied by their first byte: every run does this, and the record is large. */
void error_init(stepc_error *error)
{
    error->code = STEPC_OK;
    error->offset = -1;
    error->message[0] = error->file[0] = error->node[0] = error->operator_type[0] = error->attribute[0] = error->mend[0] = '\0';
}

void stepc_error_clear(stepc_error *error)
{
    if (error != NULL)
        error_init(error);
}

stepc_code stepc_error_code(const stepc_error *error)
{
    return error != NULL ? error->code : STEPC_OK;
}

const char *stepc_error_message(const stepc_error *error)
{
    return error != NULL ? error->message : "";
}

const char *stepc_error_file(const stepc_error *error)
{
    return error != NULL ? error->file : "";
}

int64_t stepc_error_offset(const stepc_error *error)
{
    return error != NULL ? error->offset : -1;
}

const char *stepc_error_node(const stepc_error *error)
{
    return error != NULL ? error->node : "";
}

const char *stepc_error_operator(const stepc_error *error)
{
    return error != NULL ? error->operator_type : "";
}

const char *stepc_error_attribute(const stepc_error *error)
{
    return error != NULL ? error->attribute : "";
}

const char *stepc_error_mend(const stepc_error *error)
{
    return error != NULL ? error->mend : "";
}

const char *stepc_code_name(stepc_code code)
{
#define CODE_CASE(name, number, text) \
    case STEPC_##name:                \
        return text;
    switch (code) {
        STEPC_CODE_LIST(CODE_CASE)
    default:
        return "UNKNOWN";
    }
#undef CODE_CASE
}

/* Marks the end of a text that did not fit. */
static void mark_cut(char *text, size_t size)
{
    if (size >= 4)
        memcpy(text + size - 4, "...", 4);
}

/* Copies at most LIMIT bytes of a name, with a mark where it was cut. */
static void copy_name(char *to, size_t size, const char *from, size_t limit)
{
    size_t length = 0;
    size_t most = limit < size - 4 ? limit : size - 4;

    if (from == NULL)
        from = "";
    while (length < most && from[length] != '\0')
        length++;
    memcpy(to, from, length);
    if (from[length] != '\0') {
        memcpy(to + length, "...", 3);
        length += 3;
    }
    to[length] = '\0';
}

/* The end of a long path tells more than its beginning. */
static void copy_path(char *to, size_t size, const char *from)
{
    size_t length = from != NULL ? strlen(from) : 0;
    if (length == 0) {
        to[0] = '\0';
    } else if (length < size) {
        memcpy(to, from, length + 1);
    } else {
        memcpy(to, "...", 3);
        memcpy(to + 3, from + length - (size - 4), size - 4);
        to[size - 1] = '\0';
    }
}

PRINTF_LIKE(3, 0) static void print_into(char *text, size_t size, const char *format, va_list arguments)
{
    int wrote = vsnprintf(text, size, format, arguments);
    if (wrote < 0)
        text[0] = '\0';
    else if ((size_t)wrote >= size)
        mark_cut(text, size);
}

stepc_error *error_or(stepc_error *error, stepc_error *scratch)
{
    stepc_error *record = error != NULL ? error : scratch;
    error_init(record);
    return record;
}

stepc_code error_set_v(stepc_error *error, stepc_code code, const char *format, va_list arguments)
{
    if (error == NULL)
        return code;
    /* The arguments may point into the record itself ("while loading: %s"). */
    char message[ERROR_MESSAGE_BYTES];
    print_into(message, sizeof message, format, arguments);
    error_init(error);
    error->code = code;
    memcpy(error->message, message, strlen(message) + 1);
    return code;
}

stepc_code error_set(stepc_error *error, stepc_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error_set_v(error, code, format, arguments);
    va_end(arguments);
    return code;
}

stepc_code error_out_of_memory(stepc_error *error, const char *what)
{
    return error_set(error, STEPC_RESOURCE_EXHAUSTED, "out of memory while %s", what);
}

stepc_code error_limit(stepc_error *error, const char *limit, int64_t value, int64_t asked)
{
    error_set(error, STEPC_RESOURCE_EXHAUSTED, "limit %s is %lld, but %lld are asked for", limit, (long long)value,
              (long long)asked);
    error_mend(error, "raise the limit %s", limit);
    return STEPC_RESOURCE_EXHAUSTED;
}

/* Without a record the code is lost, but a failure never turns into OK. */
static stepc_code code_of(const stepc_error *error)
{
    return error != NULL ? error->code : STEPC_UNKNOWN;
}

stepc_code error_at_file(stepc_error *error, const char *file, int64_t offset)
{
    if (error != NULL && error->file[0] == '\0') {
        copy_path(error->file, sizeof error->file, file);
        error->offset = offset;
    }
    return code_of(error);
}

stepc_code error_at_node(stepc_error *error, const char *node, const char *operator_type, const char *attribute)
{
    if (error != NULL && error->node[0] == '\0') {
        copy_name(error->node, sizeof error->node, node, NAME_BYTES);
        copy_name(error->operator_type, sizeof error->operator_type, operator_type, NAME_BYTES);
        copy_name(error->attribute, sizeof error->attribute, attribute, NAME_BYTES);
    }
    return code_of(error);
}

stepc_code error_mend(stepc_error *error, const char *format, ...)
{
    if (error != NULL && error->mend[0] == '\0') {
        va_list arguments;
        va_start(arguments, format);
        print_into(error->mend, sizeof error->mend, format, arguments);
        va_end(arguments);
    }
    return code_of(error);
}

void error_append(stepc_error *error, const char *format, ...)
{
    if (error == NULL)
        return;
    char more[ERROR_MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    print_into(more, sizeof more, format, arguments);
    va_end(arguments);

    size_t size = strlen(error->message);
    size_t room = sizeof error->message - 1 - size;
    size_t length = strlen(more);
    size_t taken = length < room ? length : room;
    memcpy(error->message + size, more, taken);
    error->message[size + taken] = '\0';
    if (taken < length)
        mark_cut(error->message, sizeof error->message);
}

void error_copy(stepc_error *to, const stepc_error *from)
{
    if (to == NULL || to == from)
        return;
    if (from == NULL)
        error_init(to);
    else
        *to = *from;
}

/* A line under construction: printable bytes only, cut at LIMIT. */
typedef struct line {
    char text[LINE_BYTES + 1];
    size_t size;
    size_t limit;
    bool cut;
} line;

static size_t escaped_bytes(unsigned char byte)
{
    return byte >= 0x20 && byte <= 0x7E ? 1 : 4;
}

static void line_byte(line *l, unsigned char byte)
{
    size_t bytes = escaped_bytes(byte);
    if (l->cut || l->size + bytes > l->limit) {
        l->cut = true;
        return;
    }
    if (bytes == 1) {
        l->text[l->size++] = (char)byte;
    } else {
        l->text[l->size++] = '\\';
        l->text[l->size++] = (char)('0' + (byte >> 6));
        l->text[l->size++] = (char)('0' + ((byte >> 3) & 7));
        l->text[l->size++] = (char)('0' + (byte & 7));
    }
}

static void line_puts(line *l, const char *text)
{
    while (*text != '\0' && !l->cut)
        line_byte(l, (unsigned char)*text++);
}

/* Cuts what was added since START so that it ends in "..." within the limit. */
static void line_mark_cut(line *l, size_t start)
{
    if (!l->cut)
        return;
    size_t end = l->size;
    while (end > start && end + 3 > l->limit)
        end--;
    /* No half of an octal escape before the mark. */
    for (size_t back = 1; back <= 3 && end >= start + back; back++) {
        if (l->text[end - back] == '\\') {
            end -= back;
            break;
        }
    }
    if (end + 3 <= LINE_BYTES) {
        memcpy(l->text + end, "...", 3);
        l->size = end + 3;
    }
    l->cut = false;
}

static void line_where(line *l, const stepc_error *error)
{
    char number[32];
    if (error->file[0] != '\0') {
        char file[NAME_BYTES + 1];
        copy_path(file, sizeof file, error->file);
        line_puts(l, file);
        if (error->offset >= 0) {
            (void)snprintf(number, sizeof number, ", byte %lld", (long long)error->offset);
            line_puts(l, number);
        }
        line_puts(l, ": ");
    }
    if (error->node[0] != '\0' || error->operator_type[0] != '\0' || error->attribute[0] != '\0') {
        const char *space = "";
        if (error->node[0] != '\0') {
            line_puts(l, "node ");
            line_puts(l, error->node);
            space = " ";
        }
        if (error->operator_type[0] != '\0') {
            line_puts(l, space);
            line_puts(l, "(");
            line_puts(l, error->operator_type);
            line_puts(l, ")");
            space = " ";
        }
        if (error->attribute[0] != '\0') {
            line_puts(l, space);
            line_puts(l, "attribute ");
            line_puts(l, error->attribute);
        }
        line_puts(l, ": ");
    }
}

static size_t escaped_length(const char *text)
{
    size_t bytes = 0;
    for (; *text != '\0'; text++)
        bytes += escaped_bytes((unsigned char)*text);
    return bytes;
}

size_t stepc_error_format(const stepc_error *error, char *text, size_t size)
{
    if (text == NULL || size == 0)
        return 0;
    stepc_error none;
    if (error == NULL) {
        error_init(&none);
        error = &none;
    }
    line l = {.size = 0, .cut = false};
    size_t whole = size - 1 < LINE_BYTES ? size - 1 : LINE_BYTES;
    size_t mend = error->mend[0] != '\0' ? escaped_length(error->mend) + 3 : 0;
    size_t kept = mend < MEND_BYTES ? mend : MEND_BYTES;

    /* Long names may not push out what is wrong, nor a long message how to mend it. */
    l.limit = whole - whole / 3;
    line_puts(&l, stepc_code_name(error->code));
    if (error->message[0] != '\0' || error->file[0] != '\0' || error->node[0] != '\0')
        line_puts(&l, ": ");
    size_t start = l.size;
    line_where(&l, error);
    line_mark_cut(&l, start);
    start = l.size;
    l.limit = whole > kept + start ? whole - kept : whole;
    line_puts(&l, error->message);
    line_mark_cut(&l, start);
    if (mend != 0) {
        start = l.size;
        l.limit = whole > 0 ? whole - 1 : 0;
        line_puts(&l, " (");
        line_puts(&l, error->mend);
        line_mark_cut(&l, start);
        l.limit = whole;
        line_puts(&l, ")");
    }
    if (l.size > whole)
        l.size = whole;
    memcpy(text, l.text, l.size);
    text[l.size] = '\0';
    return l.size;
}
