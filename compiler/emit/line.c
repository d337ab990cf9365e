/* SPDX-License-Identifier: Apache-2.0 */
/* Lines, comments, strings and literals: everything that comes from a graph passes through here. */
#include "compiler/emit/inside.h"

#include "runtime/core/host.h"

#include <stdio.h>
#include <string.h>

void line(text *out, int32_t depth, const char *format, ...)
{
    va_list arguments;
    char buffer[512];

    for (int32_t i = 0; i < depth; i++)
        text_puts(out, "    ");
    va_start(arguments, format);
    int size = vsnprintf(buffer, sizeof buffer, format, arguments);
    va_end(arguments);
    if (size < 0) {
        out->failed = true;
    } else if ((size_t)size < sizeof buffer) {
        text_add(out, buffer, (size_t)size);
    } else {
        arena scratch;
        arena_init(&scratch, &out->host);
        char *big = arena_alloc(&scratch, (size_t)size + 1);
        if (big != NULL) {
            va_start(arguments, format);
            vsnprintf(big, (size_t)size + 1, format, arguments);
            va_end(arguments);
            text_add(out, big, (size_t)size);
        } else {
            out->failed = true;
        }
        arena_release(&scratch);
    }
    text_puts(out, "\n");
}

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == ':' || c == '-';
}

void put_comment(text *out, const char *name)
{
    for (const char *p = name; *p; p++) {
        unsigned char c = (unsigned char)*p;
        /* A slash next to a star would open or close a comment. */
        bool slash = c == '/' && p != name && p[1] != '\0' && p[1] != '/' && p[-1] != '/';
        if (is_plain(c) || slash)
            text_add(out, p, 1);
        else
            text_printf(out, "%%%02X", (unsigned)c);
    }
}

void put_string(text *out, const char *name)
{
    text_puts(out, "\"");
    for (const char *p = name; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c > 0x7E || c == '"' || c == '\\' || c == '?' || c == '*')
            text_printf(out, "\\%03o", (unsigned)c);
        else
            text_add(out, p, 1);
    }
    text_puts(out, "\"");
}

const char *upper_case(arena *memory, const char *name)
{
    char *out = arena_text(memory, name, strlen(name));
    for (char *p = out; p != NULL && *p; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    return out;
}

const char *short_hint(arena *memory, const char *name)
{
    size_t size = strlen(name);
    char *out = arena_text(memory, name, size < 24 ? size : 24);
    for (char *p = out; p != NULL && *p; p++)
        if (!is_plain((unsigned char)*p) || *p == '.' || *p == ':' || *p == '-')
            *p = '_';
    return out != NULL && *out == '\0' ? "x" : out;
}

/* ---- types ------------------------------------------------------------------------------------- */

const char *storage_type(stepc_dtype dtype)
{
    switch ((int)dtype) {
    case STEPC_FLOAT32:
    case STEPC_COMPLEX64:
        return "float";
    case STEPC_FLOAT64:
    case STEPC_COMPLEX128:
        return "double";
    case STEPC_INT8:
    case STEPC_QINT8:
        return "int8_t";
    case STEPC_INT16:
    case STEPC_QINT16:
        return "int16_t";
    case STEPC_INT32:
    case STEPC_QINT32:
        return "int32_t";
    case STEPC_INT64:
        return "int64_t";
    case STEPC_BOOL:
    case STEPC_UINT8:
    case STEPC_QUINT8:
        return "uint8_t";
    case STEPC_UINT16:
    case STEPC_QUINT16:
    case STEPC_HALF:
    case STEPC_BFLOAT16:
        return "uint16_t";
    case STEPC_UINT32:
        return "uint32_t";
    case STEPC_UINT64:
        return "uint64_t";
    default:
        return NULL;
    }
}

const char *value_type(stepc_dtype dtype) { return dtype == STEPC_BOOL ? "int" : storage_type(dtype); }

const char *type_suffix(stepc_dtype dtype)
{
    switch ((int)dtype) {
    case STEPC_FLOAT32:
        return "f32";
    case STEPC_FLOAT64:
        return "f64";
    case STEPC_INT8:
        return "i8";
    case STEPC_INT16:
        return "i16";
    case STEPC_INT32:
        return "i32";
    case STEPC_INT64:
        return "i64";
    case STEPC_UINT8:
        return "u8";
    case STEPC_UINT16:
        return "u16";
    case STEPC_UINT32:
        return "u32";
    case STEPC_UINT64:
        return "u64";
    default:
        return "";
    }
}

/* ---- literals ------------------------------------------------------------------------------------ */

bool literal_is_finite(stepc_dtype dtype, uint64_t bits)
{
    if (dtype == STEPC_FLOAT32)
        return (bits & 0x7F800000u) != 0x7F800000u;
    if (dtype == STEPC_FLOAT64)
        return (bits & UINT64_C(0x7FF0000000000000)) != UINT64_C(0x7FF0000000000000);
    return true;
}

/* A decimal with a point or exponent, so that it is a floating constant. */
static const char *decimal(arena *memory, stepc_dtype dtype, uint64_t bits)
{
    text out;
    stepc_host plain = host_resolve(NULL);
    plain.allocator = memory->allocator;
    text_init(&out, &plain);
    if (dtype == STEPC_FLOAT32) {
        uint32_t narrow = (uint32_t)bits;
        float x;
        memcpy(&x, &narrow, sizeof x);
        text_float(&out, x);
    } else {
        double x;
        memcpy(&x, &bits, sizeof x);
        text_double(&out, x);
    }
    if (strpbrk(out.data, ".e") == NULL)
        text_puts(&out, ".0");
    if (dtype == STEPC_FLOAT32)
        text_puts(&out, "f");
    const char *result = out.failed ? NULL : arena_text(memory, out.data, out.size);
    text_release(&out);
    return result;
}

static const char *integer_literal(arena *memory, stepc_dtype dtype, uint64_t bits)
{
    switch ((int)dtype) {
    case STEPC_BOOL:
        return bits & 1 ? "1" : "0";
    case STEPC_INT8:
        return arena_format(memory, "%d", (int)(int8_t)bits);
    case STEPC_INT16:
        return arena_format(memory, "%d", (int)(int16_t)bits);
    case STEPC_INT32:
        return (uint32_t)bits == UINT32_C(0x80000000) ? "INT32_MIN" : arena_format(memory, "%d", (int)(int32_t)bits);
    case STEPC_INT64:
        return bits == UINT64_C(1) << 63 ? "INT64_MIN"
                                         : arena_format(memory, "INT64_C(%lld)", (long long)(int64_t)bits);
    case STEPC_UINT8:
        return arena_format(memory, "%u", (unsigned)(uint8_t)bits);
    case STEPC_UINT16:
        return arena_format(memory, "%u", (unsigned)(uint16_t)bits);
    case STEPC_UINT32:
        return arena_format(memory, "UINT32_C(%u)", (unsigned)(uint32_t)bits);
    default:
        return arena_format(memory, "UINT64_C(%llu)", (unsigned long long)bits);
    }
}

const char *literal(arena *memory, stepc_dtype dtype, uint64_t bits)
{
    if (dtype != STEPC_FLOAT32 && dtype != STEPC_FLOAT64)
        return integer_literal(memory, dtype, bits);
    if (literal_is_finite(dtype, bits))
        return decimal(memory, dtype, bits);
    if (dtype == STEPC_FLOAT32)
        return arena_format(memory, "f32_of_bits(UINT32_C(0x%08x))", (unsigned)(uint32_t)bits);
    return arena_format(memory, "f64_of_bits(UINT64_C(0x%016llx))", (unsigned long long)bits);
}

const char *literal_index(arena *memory, int64_t value)
{
    if (value >= -INT32_MAX && value <= INT32_MAX)
        return arena_format(memory, "%d", (int)value);
    return value == INT64_MIN ? "INT64_MIN" : arena_format(memory, "INT64_C(%lld)", (long long)value);
}

/* C99 hex float, all digits of the mantissa that are needed. */
static void put_hex(text *out, uint64_t mantissa, int32_t digits, int32_t exponent, bool is_normal, bool is_negative,
                    const char *suffix)
{
    char hex[24];
    while (digits > 1 && (mantissa & 15) == 0) {
        mantissa >>= 4;
        digits--;
    }
    for (int32_t i = digits - 1; i >= 0; i--) {
        hex[i] = "0123456789abcdef"[mantissa & 15];
        mantissa >>= 4;
    }
    hex[digits] = '\0';
    text_printf(out, "%s0x%d.%sp%+d%s", is_negative ? "-" : "", is_normal ? 1 : 0, hex, (int)exponent, suffix);
}

static void put_float_element(text *out, uint32_t bits)
{
    int32_t exponent = (int32_t)(bits >> 23 & 255);
    if ((bits & 0x7FFFFFFFu) == 0)
        text_puts(out, bits ? "-0.0f" : "0.0f");
    else
        put_hex(out, (uint64_t)(bits & 0x7FFFFFu) << 1, 6, exponent ? exponent - 127 : -126, exponent != 0, bits >> 31,
                "f");
}

static void put_double_element(text *out, uint64_t bits)
{
    int32_t exponent = (int32_t)(bits >> 52 & 2047);
    if ((bits & ~(UINT64_C(1) << 63)) == 0)
        text_puts(out, bits ? "-0.0" : "0.0");
    else
        put_hex(out, bits & UINT64_C(0xFFFFFFFFFFFFF), 13, exponent ? exponent - 1023 : -1022, exponent != 0,
                bits >> 63, "");
}

static uint64_t element_bits(const void *data, int64_t index, size_t bytes)
{
    const unsigned char *at = (const unsigned char *)data + (size_t)index * bytes;
    uint8_t a;
    uint16_t b;
    uint32_t c;
    uint64_t d;
    switch (bytes) {
    case 1:
        memcpy(&a, at, 1);
        return a;
    case 2:
        memcpy(&b, at, 2);
        return b;
    case 4:
        memcpy(&c, at, 4);
        return c;
    default:
        memcpy(&d, at, 8);
        return d;
    }
}

void put_element(text *out, stepc_dtype dtype, const void *data, int64_t index)
{
    const char *type = storage_type(dtype);
    if (strcmp(type, "float") == 0)
        put_float_element(out, (uint32_t)element_bits(data, index, 4));
    else if (strcmp(type, "double") == 0)
        put_double_element(out, element_bits(data, index, 8));
    else if (type[0] == 'u')
        text_printf(out, "%llu%s", (unsigned long long)element_bits(data, index, stepc_dtype_bytes(dtype)),
                    strcmp(type, "uint64_t") == 0 ? "u" : "");
    else {
        int32_t shift = 64 - 8 * (int32_t)stepc_dtype_bytes(dtype);
        int64_t value = (int64_t)(element_bits(data, index, stepc_dtype_bytes(dtype)) << shift) >> shift;
        text_puts(out, value == INT64_MIN ? "INT64_MIN" : "");
        if (value != INT64_MIN)
            text_printf(out, "%lld", (long long)value);
    }
}
