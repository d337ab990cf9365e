/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf text format. Strings without escapes point into the input; runs of repeated
 * numbers become packed runs, so that writing them as wire bytes gives what protobuf gives. */
#include "runtime/core/host.h"
#include "runtime/graph/message_internal.h"

#include <string.h>

/* An open message. */
typedef struct text_frame {
    message *message;
    char close;                  /* '}' or '>', 0 for the root */
    const message_field *list;   /* inside "field: [ {...}, {...} ]" */
    message_value *run;          /* the packed run that numbers are added to, while it is the last value */
    size_t run_capacity;
    char *run_data;
} text_frame;

typedef struct text_reader {
    arena *memory;
    const char *name;
    stepc_error *error;
    const char *data;
    size_t size, at;
    text_frame *frames;
    size_t depth, capacity;
    int64_t depth_limit;
} text_reader;

static stepc_code bad_text(text_reader *r, size_t at, const char *what, stepc_string word)
{
    size_t line = 1;
    size_t column = 1;

    for (size_t i = 0; i < at && i < r->size; i++) {
        column++;
        if (r->data[i] == '\n') {
            line++;
            column = 1;
        }
    }
    error_set(r->error, STEPC_INVALID_ARGUMENT, "line %zu column %zu: %s", line, column, what);
    if (word.size > 0)
        error_append(r->error, " '%.*s'", (int)(word.size < 80 ? word.size : 80), word.data);
    return error_at_file(r->error, r->name, (int64_t)at);
}

static stepc_code expected(text_reader *r, const char *what)
{
    return bad_text(r, r->at, what, (stepc_string){r->at < r->size ? r->data + r->at : "", r->at < r->size ? 1 : 0});
}

static stepc_code no_memory(text_reader *r)
{
    error_out_of_memory(r->error, "reading a text graph");
    return error_at_file(r->error, r->name, (int64_t)r->at);
}

/* ---- tokens ----------------------------------------------------------------------------------- */

static void skip_blanks(text_reader *r)
{
    while (r->at < r->size) {
        char c = r->data[r->at];
        if (c == '#') {
            while (r->at < r->size && r->data[r->at] != '\n')
                r->at++;
        } else if (c == ' ' || (c >= '\t' && c <= '\r')) {
            r->at++;
        } else {
            return;
        }
    }
}

/* The next byte that is not blank; 0 at the end. */
static char peek(text_reader *r)
{
    skip_blanks(r);
    return r->at < r->size ? r->data[r->at] : '\0';
}

static bool accept(text_reader *r, char c)
{
    if (peek(r) != c || r->at >= r->size)
        return false;
    r->at++;
    return true;
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '+' ||
           c == '-';
}

/* A name or number. */
static stepc_string read_word(text_reader *r)
{
    skip_blanks(r);
    size_t start = r->at;
    while (r->at < r->size && is_word_byte(r->data[r->at]))
        r->at++;
    return (stepc_string){r->data + start, r->at - start};
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static size_t put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(uint8_t)(0xc0 | c >> 6);
        to[1] = (char)(uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    size_t length = c < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, c >>= 6)
        to[i] = (char)(uint8_t)(0x80 | (c & 0x3f));
    to[0] = (char)(uint8_t)((length == 3 ? 0xe0 : 0xf0) | c);
    return length;
}

/* Decodes the escape at AT (behind the backslash). Returns the bytes read, 0 when it is bad;
 * never writes more bytes than it reads plus one. */
static size_t read_escape(const char *data, size_t size, char *to, size_t *written)
{
    static const char names[] = "nrtabfv\\'\"?";
    static const char codes[] = "\n\r\t\a\b\f\v\\'\"?";
    uint32_t value = 0;
    size_t used = 0;

    *written = 1;
    if (size == 0)
        return 0;
    const char *named = data[0] != '\0' ? strchr(names, data[0]) : NULL;
    if (named != NULL) {
        to[0] = codes[named - names];
        return 1;
    }
    if (data[0] >= '0' && data[0] <= '7') {
        while (used < 3 && used < size && data[used] >= '0' && data[used] <= '7')
            value = value * 8 + (uint32_t)(data[used++] - '0');
        to[0] = (char)(uint8_t)value;
        return value <= 0xff ? used : 0;
    }
    size_t most = data[0] == 'x' || data[0] == 'X' ? 2 : data[0] == 'u' ? 4 : data[0] == 'U' ? 8 : 0;
    for (used = 1; used <= most && used < size && hex_digit(data[used]) >= 0; used++)
        value = value * 16 + (uint32_t)hex_digit(data[used]);
    if (used == 1 || most == 0 || (most > 2 && used != most + 1))
        return 0;
    if (most == 2) {
        to[0] = (char)(uint8_t)value;
        return used;
    }
    if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *written = put_utf8(to, value);
    return used;
}

/* Finds the end of the quoted piece that begins at r->at, sets whether it has escapes. */
static stepc_code scan_piece(text_reader *r, size_t *out_end, bool *escapes)
{
    char quote = r->data[r->at];
    size_t start = r->at;

    for (size_t i = r->at + 1; i < r->size; i++) {
        char c = r->data[i];
        if (c == quote) {
            *out_end = i;
            return STEPC_OK;
        }
        if (c == '\n')
            break;
        if (c == '\\') {
            *escapes = true;
            i++;
        }
    }
    return bad_text(r, start, "a string is not closed", (stepc_string){"", 0});
}

/* One or more quoted pieces, which belong together. */
static stepc_code read_string(text_reader *r, stepc_string *out)
{
    size_t first = r->at;
    size_t pieces = 0;
    size_t total = 0;
    size_t end = 0;
    bool escapes = false;

    for (char c = peek(r); c == '"' || c == '\''; c = peek(r), pieces++) {
        stepc_code code = scan_piece(r, &end, &escapes);
        if (code != STEPC_OK)
            return code;
        if (pieces == 0)
            first = r->at;
        total += end - r->at - 1;
        r->at = end + 1;
    }
    size_t after = r->at;
    if (pieces == 0)
        return expected(r, "expected a quoted string, found");
    if (pieces == 1 && !escapes) {
        *out = (stepc_string){r->data + first + 1, total};
        return STEPC_OK;
    }
    char *to = arena_alloc(r->memory, total + 4);
    size_t length = 0;
    if (to == NULL)
        return no_memory(r);
    r->at = first;
    for (; pieces > 0; pieces--) {
        char quote = peek(r);
        for (r->at++; r->data[r->at] != quote;) {
            if (r->data[r->at] != '\\') {
                to[length++] = r->data[r->at++];
                continue;
            }
            size_t written;
            size_t used = read_escape(r->data + r->at + 1, r->size - r->at - 1, to + length, &written);
            if (used == 0)
                return bad_text(r, r->at, "bad escape in a string", (stepc_string){"", 0});
            length += written;
            r->at += 1 + used;
        }
        r->at++;
    }
    r->at = after;
    *out = (stepc_string){to, length};
    return STEPC_OK;
}

/* ---- values ------------------------------------------------------------------------------------ */

/* Decimal, 0x or octal; with sign. */
static bool parse_whole(stepc_string word, bool *negative, uint64_t *out)
{
    uint64_t value = 0;
    uint64_t base = 10;

    *negative = word.size > 0 && word.data[0] == '-';
    if (*negative)
        word = (stepc_string){word.data + 1, word.size - 1};
    if (word.size > 2 && word.data[0] == '0' && (word.data[1] == 'x' || word.data[1] == 'X')) {
        base = 16;
        word = (stepc_string){word.data + 2, word.size - 2};
    } else if (word.size > 1 && word.data[0] == '0') {
        base = 8;
    }
    if (word.size == 0)
        return false;
    for (size_t i = 0; i < word.size; i++) {
        int digit = hex_digit(word.data[i]);
        if (digit < 0 || (uint64_t)digit >= base || value > (UINT64_MAX - (uint64_t)digit) / base)
            return false;
        value = value * base + (uint64_t)digit;
    }
    *out = value;
    return true;
}

static bool parse_integer(stepc_string word, const message_field *field, uint64_t *out)
{
    bool negative;
    uint64_t value;
    bool is_32 = field->kind == FIELD_INT32 || field->kind == FIELD_UINT32 || field->kind == FIELD_ENUM ||
                 field->kind == FIELD_FIXED32;
    bool is_unsigned = field->kind == FIELD_UINT32 || field->kind == FIELD_UINT64 || field->kind == FIELD_FIXED32 ||
                       field->kind == FIELD_FIXED64;

    if (!parse_whole(word, &negative, &value))
        return false;
    uint64_t max = is_unsigned ? (is_32 ? UINT32_MAX : UINT64_MAX) : is_32 ? INT32_MAX : INT64_MAX;
    if (negative && (is_unsigned ? value != 0 : value > max + 1))
        return false;
    if (!negative && value > max)
        return false;
    *out = negative ? 0 - value : value;
    return true;
}

static bool parse_real(stepc_string word, const message_field *field, uint64_t *out)
{
    size_t size = word.size;
    bool negative;
    uint64_t whole;

    if (size > 1 && (word.data[size - 1] == 'f' || word.data[size - 1] == 'F') && word.data[size - 2] >= '0' - 2 &&
        word.data[size - 2] <= '9' && !(size > 2 && (word.data[1] == 'x' || word.data[1] == 'X')))
        size--; /* 1.5f */
    if (field->kind == FIELD_FLOAT) {
        float value;
        uint32_t bits;
        if (!parse_float(word.data, size, &value)) {
            if (!parse_whole(word, &negative, &whole))
                return false;
            value = negative ? -(float)whole : (float)whole;
        }
        memcpy(&bits, &value, sizeof(bits));
        *out = bits;
        return true;
    }
    double value;
    if (!parse_double(word.data, size, &value)) {
        if (!parse_whole(word, &negative, &whole))
            return false;
        value = negative ? -(double)whole : (double)whole;
    }
    memcpy(out, &value, sizeof(*out));
    return true;
}

static bool word_in(stepc_string word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (text_equal(word, text_view(*words)))
            return true;
    return false;
}

static bool parse_bool(stepc_string word, uint64_t *out)
{
    static const char *const yes[] = {"true", "t", "True", "1", NULL};
    static const char *const no[] = {"false", "f", "False", "0", NULL};

    *out = word_in(word, yes);
    return *out != 0 || word_in(word, no);
}

static bool parse_number(stepc_string word, const message_field *field, uint64_t *out)
{
    if (field->kind == FIELD_BOOL)
        return parse_bool(word, out);
    if (field->kind == FIELD_FLOAT || field->kind == FIELD_DOUBLE)
        return parse_real(word, field, out);
    for (const enum_name *n = field->kind == FIELD_ENUM ? field->names : NULL; n != NULL && n->name != NULL; n++)
        if (text_equal(word, text_view(n->name))) {
            *out = (uint64_t)(int64_t)n->number;
            return true;
        }
    return parse_integer(word, field, out);
}

/* Adds a number to the packed run at the end of the open message, or begins one. */
static stepc_code add_to_run(text_reader *r, const message_field *field, uint64_t bits, int64_t offset)
{
    text_frame *frame = &r->frames[r->depth - 1];
    message_value *run = frame->run;

    if (run == NULL || frame->message->last != run || run->field != field) {
        run = message_append(r->memory, frame->message, field);
        if (run == NULL)
            return no_memory(r);
        run->packed = true;
        run->offset = offset;
        frame->run = run;
        frame->run_capacity = 0;
        frame->run_data = NULL;
    }
    char *data = arena_grow(r->memory, frame->run_data, &frame->run_capacity, run->size + 10, 1);
    if (data == NULL)
        return no_memory(r);
    int wire = field_wire_type(field);
    size_t size = wire == WIRE_FIXED32 ? 4 : 8;
    if (wire == WIRE_VARINT)
        size = varint_write((uint8_t *)data + run->size, bits);
    else
        for (size_t i = 0; i < size; i++)
            data[run->size + i] = (char)(uint8_t)(bits >> (8 * i));
    frame->run_data = data;
    run->data = data;
    run->size += size;
    return STEPC_OK;
}

static stepc_code read_scalar(text_reader *r, const message_field *field)
{
    message *tree = r->frames[r->depth - 1].message;
    uint64_t bits = 0;
    stepc_string string = {"", 0};

    skip_blanks(r);
    size_t start = r->at;
    if (field_is_number(field)) {
        bool minus = accept(r, '-'); /* "- 1" is legal */
        stepc_string word = read_word(r);
        if (minus && r->at - start == word.size + 1)
            word = (stepc_string){word.data - 1, word.size + 1};
        else if (minus)
            return bad_text(r, start, "a blank behind '-'", string);
        if (word.size == 0)
            return expected(r, "expected a value, found");
        if (!parse_number(word, field, &bits))
            return bad_text(r, start, field->kind == FIELD_ENUM ? "unknown enum value" : "not a value of this field:", word);
        if (field->repeated)
            return add_to_run(r, field, bits, (int64_t)start);
    } else {
        stepc_code code = read_string(r, &string);
        if (code != STEPC_OK)
            return code;
    }
    message_value *value = message_append(r->memory, tree, field);
    if (value == NULL)
        return no_memory(r);
    value->offset = (int64_t)start;
    if (field_is_number(field)) {
        value->bits = bits;
    } else {
        value->data = string.data;
        value->size = string.size;
    }
    return STEPC_OK;
}

static stepc_code push(text_reader *r, message *tree, char close, const message_field *list)
{
    if (r->depth > (uint64_t)r->depth_limit) {
        error_limit(r->error, "message_depth", r->depth_limit, (int64_t)r->depth);
        return error_at_file(r->error, r->name, (int64_t)r->at);
    }
    text_frame *frames = arena_grow(r->memory, r->frames, &r->capacity, r->depth + 1, sizeof(text_frame));
    if (frames == NULL)
        return no_memory(r);
    r->frames = frames;
    r->frames[r->depth++] = (text_frame){.message = tree, .close = close, .list = list};
    return STEPC_OK;
}

/* Skips a bracketed value, whatever it holds. */
static stepc_code skip_brackets(text_reader *r)
{
    size_t start = r->at;
    int64_t depth = 0;

    for (char c = peek(r); c != '\0'; c = peek(r)) {
        if (c == '"' || c == '\'') {
            stepc_string ignored;
            stepc_code code = read_string(r, &ignored);
            if (code != STEPC_OK)
                return code;
            continue;
        }
        r->at++;
        if (c == '{' || c == '<' || c == '[')
            depth++;
        if ((c == '}' || c == '>' || c == ']') && --depth == 0)
            return STEPC_OK;
    }
    return bad_text(r, start, "a bracket is not closed", (stepc_string){"", 0});
}

/* Opens a sub-message at '{' or '<'. LIST: it is an element of a bracketed list. */
static stepc_code open_child(text_reader *r, const message_field *field, bool list)
{
    char open = peek(r);

    if (open != '{' && open != '<')
        return expected(r, "expected '{', found");
    if (field->type == &message_opaque)
        return skip_brackets(r);
    message *child = message_open_child(r->memory, r->frames[r->depth - 1].message, field, (int64_t)r->at);
    if (child == NULL)
        return no_memory(r);
    r->at++;
    return push(r, child, open == '{' ? '}' : '>', list ? field : NULL);
}

static stepc_code read_scalar_list(text_reader *r, const message_field *field)
{
    if (accept(r, ']'))
        return STEPC_OK;
    do {
        stepc_code code = read_scalar(r, field);
        if (code != STEPC_OK)
            return code;
    } while (accept(r, ','));
    return accept(r, ']') ? STEPC_OK : expected(r, "expected ',' or ']', found");
}

/* [type.googleapis.com/x] { ... } inside an Any: passed over. */
static stepc_code skip_extension(text_reader *r)
{
    if (r->frames[r->depth - 1].message->type != &message_any)
        return expected(r, "extensions are not supported:");
    while (r->at < r->size && r->data[r->at] != ']' && r->data[r->at] != '\n')
        r->at++;
    if (!accept(r, ']'))
        return expected(r, "expected ']', found");
    (void)accept(r, ':');
    return skip_brackets(r);
}

static stepc_code read_field(text_reader *r)
{
    skip_blanks(r);
    size_t start = r->at;
    if (peek(r) == '[')
        return skip_extension(r);
    stepc_string name = read_word(r);
    if (name.size == 0)
        return expected(r, "expected a field name, found");
    const message_type *type = r->frames[r->depth - 1].message->type;
    const message_field *field = NULL;
    for (size_t i = 0; i < type->field_count && field == NULL; i++)
        if (text_equal(name, text_view(type->fields[i].name)))
            field = &type->fields[i];
    if (field == NULL) {
        char what[128] = "unknown field of ";
        strncat(what, type->name, sizeof(what) - strlen(what) - 1);
        return bad_text(r, start, what, name);
    }
    bool colon = accept(r, ':');
    if (field->kind == FIELD_MESSAGE) {
        if (!accept(r, '['))
            return open_child(r, field, false);
        return accept(r, ']') ? STEPC_OK : open_child(r, field, true);
    }
    if (!colon)
        return expected(r, "expected ':', found");
    if (field->repeated && accept(r, '['))
        return read_scalar_list(r, field);
    return read_scalar(r, field);
}

/* Ends the innermost message; within a bracketed list the next element may follow. */
static stepc_code close_message(text_reader *r)
{
    const message_field *list = r->frames[r->depth - 1].list;

    r->depth--;
    if (list == NULL)
        return STEPC_OK;
    if (accept(r, ','))
        return open_child(r, list, true);
    return accept(r, ']') ? STEPC_OK : expected(r, "expected ',' or ']', found");
}

stepc_code message_read_text(const stepc_host *host, arena *memory, const message_type *type, const char *name,
                             const char *data, size_t size, message **out, stepc_error *error)
{
    stepc_host resolved = host_resolve(host);
    text_reader r = {.memory = memory, .name = name, .error = error, .data = data, .size = size,
                     .depth_limit = resolved.limits.message_depth};

    *out = NULL;
    message *root = message_new(memory, type);
    if (root == NULL)
        return no_memory(&r);
    stepc_code code = push(&r, root, '\0', NULL);
    while (code == STEPC_OK) {
        while (accept(&r, ',') || accept(&r, ';'))
            ;
        char close = r.frames[r.depth - 1].close;
        char c = peek(&r);
        if (r.at >= r.size) {
            if (r.depth > 1)
                code = bad_text(&r, r.at, "the text ends within a message", (stepc_string){"", 0});
            break;
        }
        if (close != '\0' && c == close) {
            r.at++;
            code = close_message(&r);
        } else {
            code = read_field(&r);
        }
    }
    if (code == STEPC_OK)
        *out = root;
    return code;
}
