/* SPDX-License-Identifier: Apache-2.0 */
/* Words, numbers, sizes and indices of the text form. */
#include "compiler/loops/parse.h"

#include "runtime/core/dtype.h"

#include <string.h>

#define MOST_QUOTED_BYTES 65536

bool parse_refuse(parser *ps, const char *expected)
{
    error_set(ps->error, STEPC_INVALID_ARGUMENT, "line %d, column %d: expected %s", (int)ps->line,
              (int)(ps->at - ps->line_start) + 1, expected);
    error_at_file(ps->error, ps->name, ps->at - ps->data);
    return false;
}

bool parse_no_memory(parser *ps)
{
    error_out_of_memory(ps->error, "parsing loops");
    return false;
}

void parse_skip(parser *ps)
{
    while (ps->at < ps->end && (*ps->at == ' ' || *ps->at == '\t' || *ps->at == '\r'))
        ps->at++;
    if (ps->at < ps->end && *ps->at == '#') {
        while (ps->at < ps->end && *ps->at != '\n')
            ps->at++;
    }
}

bool parse_at_end(parser *ps)
{
    parse_skip(ps);
    return ps->at == ps->end || *ps->at == '\n';
}

bool parse_end_line(parser *ps)
{
    if (!parse_at_end(ps))
        return parse_refuse(ps, "the end of the line");
    if (ps->at < ps->end)
        ps->at++;
    ps->line_start = ps->at;
    ps->line++;
    return true;
}

bool parse_accept(parser *ps, const char *exact)
{
    size_t size = strlen(exact);
    parse_skip(ps);
    if ((size_t)(ps->end - ps->at) < size || memcmp(ps->at, exact, size) != 0)
        return false;
    ps->at += size;
    return true;
}

bool parse_expect(parser *ps, const char *exact)
{
    return parse_accept(ps, exact) || parse_refuse(ps, exact);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

stepc_string parse_word(parser *ps)
{
    parse_skip(ps);
    const char *start = ps->at;
    while (ps->at < ps->end && is_word(*ps->at))
        ps->at++;
    return (stepc_string){start, (size_t)(ps->at - start)};
}

bool parse_integer(parser *ps, int64_t *out)
{
    parse_skip(ps);
    const char *start = ps->at;
    if (ps->at < ps->end && *ps->at == '-')
        ps->at++;
    while (ps->at < ps->end && is_digit(*ps->at))
        ps->at++;
    if (parse_i64(start, (size_t)(ps->at - start), out))
        return true;
    ps->at = start;
    return parse_refuse(ps, "an integer");
}

bool parse_int32(parser *ps, int32_t *out)
{
    const char *start = ps->at;
    int64_t value;
    if (!parse_integer(ps, &value))
        return false;
    if (value < INT32_MIN || value > INT32_MAX) {
        ps->at = start;
        return parse_refuse(ps, "a number of 32 bits");
    }
    *out = (int32_t)value;
    return true;
}

bool parse_number(parser *ps, char letter, int32_t *out)
{
    char what[] = "a number such as x0";
    parse_skip(ps);
    if (ps->at + 1 < ps->end && *ps->at == letter && (is_digit(ps->at[1]) || ps->at[1] == '-')) {
        ps->at++;
        return parse_int32(ps, out);
    }
    what[sizeof what - 3] = letter;
    return parse_refuse(ps, what);
}

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool parse_quoted(parser *ps, const char **out)
{
    size_t size = 0;
    if (!parse_expect(ps, "\""))
        return false;
    const char *close = ps->at;
    while (close < ps->end && *close != '"' && *close != '\n')
        close++;
    if (close == ps->end || *close != '"' || close - ps->at > MOST_QUOTED_BYTES)
        return parse_refuse(ps, "a text that ends on its line");
    char *copy = arena_text(ps->p->memory, ps->at, (size_t)(close - ps->at));
    if (copy == NULL)
        return parse_no_memory(ps);
    while (ps->at < close) {
        char c = *ps->at;
        if (c == '\\') {
            int high = close - ps->at >= 4 && ps->at[1] == 'x' ? hex_digit(ps->at[2]) : -1;
            int low = high >= 0 ? hex_digit(ps->at[3]) : -1;
            if (low < 0 || high * 16 + low == 0)
                return parse_refuse(ps, "\\x and two digits");
            c = (char)(unsigned char)(high * 16 + low);
            ps->at += 3;
        }
        copy[size++] = c;
        ps->at++;
    }
    copy[size] = '\0';
    ps->at++;
    *out = copy;
    return true;
}

bool parse_dtype(parser *ps, stepc_dtype *out)
{
    parse_skip(ps);
    const char *start = ps->at;
    *out = loop_dtype_find(parse_word(ps));
    if (*out != STEPC_DTYPE_INVALID)
        return true;
    ps->at = start;
    return parse_refuse(ps, "an element type");
}

/* ---- sizes --------------------------------------------------------------------------------------- */

bool parse_size(parser *ps, size_ref *out)
{
    int64_t depth = 0;
    size_t symbols = size_symbol_count(ps->p->sizes);
    parse_skip(ps);
    const char *start = ps->at, *close = start;
    for (; close < ps->end && *close != ' ' && *close != '\n' && *close != '\t' && *close != '\r'; close++) {
        if (*close == '(')
            depth++;
        if (depth == 0 && (*close == ',' || *close == ']' || *close == ')'))
            break;
        if (*close == ')')
            depth--;
    }
    if (!size_parse(ps->p->sizes, (stepc_string){start, (size_t)(close - start)}, out))
        return parse_refuse(ps, "a size");
    if (size_symbol_count(ps->p->sizes) != symbols)
        return parse_refuse(ps, "a size of symbols that stand above");
    ps->at = close;
    return true;
}

bool parse_sizes(parser *ps, const size_ref **out, int32_t *count)
{
    size_ref *sizes = NULL;
    size_t capacity = 0;
    int32_t filled = 0;

    if (!parse_expect(ps, "["))
        return false;
    if (!parse_accept(ps, "]")) {
        do {
            size_ref *grown = arena_grow(ps->p->memory, sizes, &capacity, (size_t)filled + 1, sizeof *grown);
            if (grown == NULL)
                return parse_no_memory(ps);
            sizes = grown;
            if (!parse_size(ps, &sizes[filled++]))
                return false;
        } while (parse_accept(ps, ","));
        if (!parse_expect(ps, "]"))
            return false;
    }
    *out = sizes;
    *count = filled;
    return true;
}

bool parse_operation(parser *ps, const stepc_operation **out)
{
    const char *name, *type;
    if (!parse_quoted(ps, &name) || !parse_quoted(ps, &type))
        return false;
    for (int32_t i = 0; i < ps->operation_count; i++) {
        const stepc_operation *known = ps->operations[i];
        if (strcmp(known->name.data, name) == 0 && strcmp(known->type.data, type) == 0) {
            *out = known;
            return true;
        }
    }
    stepc_operation **grown = arena_grow(ps->p->memory, ps->operations, &ps->operation_capacity,
                                         (size_t)ps->operation_count + 1, sizeof(stepc_operation *));
    stepc_operation *operation = ARENA_NEW(ps->p->memory, stepc_operation);
    if (grown == NULL || operation == NULL)
        return parse_no_memory(ps);
    operation->index = -1;
    operation->name = text_view(name);
    operation->type = text_view(type);
    operation->device = text_view("");
    ps->operations = grown;
    grown[ps->operation_count++] = operation;
    *out = operation;
    return true;
}

/* ---- indices --------------------------------------------------------------------------------------- */

/* "(n*4)" or "128"; 1 when a name follows at once. */
static bool parse_factor(parser *ps, bool is_minus, size_ref *out, bool *has_factor)
{
    size_pool *sizes = ps->p->sizes;
    parse_skip(ps);
    *has_factor = true;
    if (parse_accept(ps, "(")) {
        if (!parse_size(ps, out) || !parse_expect(ps, ")"))
            return false;
        if (is_minus)
            *out = size_sub(sizes, size_const(sizes, 0), *out);
    } else if (ps->at < ps->end && is_digit(*ps->at)) {
        const char *start = ps->at;
        uint64_t value;
        while (ps->at < ps->end && is_digit(*ps->at))
            ps->at++;
        if (!parse_u64(start, (size_t)(ps->at - start), &value) ||
            value > (uint64_t)INT64_MAX + (is_minus ? 1u : 0u))
            return parse_refuse(ps, "a number of 64 bits");
        *out = size_const(sizes, is_minus ? (int64_t)(0 - value) : (int64_t)value);
    } else {
        *has_factor = false;
        *out = size_const(sizes, is_minus ? -1 : 1);
    }
    return true;
}

static bool add_to(parser *ps, size_ref *sum, size_ref term)
{
    *sum = size_sum(ps->p->sizes, *sum, term);
    return *sum != SIZE_UNKNOWN || parse_refuse(ps, "a size within 64 bits");
}

static bool parse_term(parser *ps, bool is_minus, int32_t axis_count, size_ref *coefs, loop_index *out)
{
    size_ref factor;
    bool has_factor;
    int32_t number;

    if (!parse_factor(ps, is_minus, &factor, &has_factor))
        return false;
    if (has_factor && !parse_accept(ps, "*"))
        return add_to(ps, &out->base, factor);
    parse_skip(ps);
    if (ps->at < ps->end && *ps->at == 'i') {
        if (!parse_number(ps, 'i', &number))
            return false;
        if (number < 0 || number >= axis_count)
            return parse_refuse(ps, "an axis of this nest");
        return add_to(ps, &coefs[number], factor);
    }
    if (!parse_number(ps, 'v', &number))
        return false;
    if (number < 0 || (out->indirect >= 0 && out->indirect != number))
        return parse_refuse(ps, "one value at most");
    if (out->indirect < 0)
        out->indirect_scale = size_const(ps->p->sizes, 0);
    out->indirect = number;
    if (!parse_expect(ps, ":") || !parse_size(ps, &out->indirect_extent))
        return false;
    return add_to(ps, &out->indirect_scale, factor);
}

bool parse_index(parser *ps, int32_t axis_count, int32_t *buffer, loop_index *out)
{
    size_ref *coefs = ARENA_ARRAY(ps->p->memory, size_ref, (size_t)axis_count);
    bool is_minus;

    if (coefs == NULL)
        return parse_no_memory(ps);
    for (int32_t k = 0; k < axis_count; k++)
        coefs[k] = size_const(ps->p->sizes, 0);
    *out = (loop_index){.base = size_const(ps->p->sizes, 0), .coefs = coefs, .indirect = -1,
                        .indirect_scale = SIZE_UNKNOWN, .indirect_extent = SIZE_UNKNOWN};
    if (!parse_number(ps, 'b', buffer) || !parse_expect(ps, "["))
        return false;
    is_minus = parse_accept(ps, "-");
    for (;;) {
        if (!parse_term(ps, is_minus, axis_count, coefs, out))
            return false;
        if (parse_accept(ps, "+"))
            is_minus = false;
        else if (parse_accept(ps, "-"))
            is_minus = true;
        else
            return parse_expect(ps, "]");
    }
}

/* ---- constants --------------------------------------------------------------------------------------- */

static bool parse_hex(parser *ps, int32_t bits, uint64_t *out)
{
    uint64_t value = 0;
    int digits = 0, digit;
    while (ps->at < ps->end && (digit = hex_digit(*ps->at)) >= 0) {
        if (++digits > bits / 4)
            return parse_refuse(ps, "fewer digits");
        value = value << 4 | (uint64_t)digit;
        ps->at++;
    }
    *out = value;
    return digits > 0 || parse_refuse(ps, "digits");
}

bool parse_constant(parser *ps, stepc_dtype dtype, uint64_t *out)
{
    int32_t bits = loop_value_bits(dtype);
    float narrow;
    double wide;
    int64_t i;
    if (parse_accept(ps, "0x"))
        return parse_hex(ps, bits, out);
    const char *start = ps->at, *close = start;
    while (close < ps->end && (is_word(*close) || *close == '.' || *close == '-' || *close == '+'))
        close++;
    size_t size = (size_t)(close - start);
    bool fits;
    if (dtype == STEPC_FLOAT32) {
        uint32_t word = 0;
        fits = parse_float(start, size, &narrow);
        if (fits)
            memcpy(&word, &narrow, sizeof word);
        *out = word;
    } else if (dtype == STEPC_FLOAT64) {
        fits = parse_double(start, size, &wide);
        if (fits)
            memcpy(out, &wide, sizeof *out);
    } else if (dtype_is_signed(dtype)) {
        fits = parse_i64(start, size, &i) && i >= dtype_min_i64(dtype) && i <= (int64_t)dtype_max_u64(dtype);
        if (fits)
            *out = (uint64_t)i & (UINT64_MAX >> ((64 - bits) & 63));
    } else {
        fits = bits > 0 && parse_u64(start, size, out) && *out <= (dtype == STEPC_BOOL ? 1 : dtype_max_u64(dtype));
    }
    if (!fits)
        return parse_refuse(ps, "a constant of the value's type");
    ps->at = close;
    return true;
}
