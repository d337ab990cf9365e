/* SPDX-License-Identifier: 0BSD */
/* String tensors as {"shape":[2,3],"hex":["6162",...]}: strings are bytes, JSON is not. */
#include "runtime/core/checked.h"
#include "runtime/core/error.h"
#include "runtime/core/host.h"
#include "runtime/core/npy.h"
#include "runtime/core/text.h"

#include <string.h>

#define DIMS 255

typedef struct reader {
    const char *name;
    const uint8_t *data;
    size_t at, size;
    bool has_shape, has_hex, has_dtype;
    int32_t rank;
    int64_t dims[DIMS];
    size_t hex_at; /* just after its '[' */
    int64_t count; /* strings in it */
} reader;

static stepc_code broken(const reader *r, stepc_error *error, const char *what)
{
    error_set(error, STEPC_INVALID_ARGUMENT, "%s in a .strings.json file", what);
    error_at_file(error, r->name, (int64_t)r->at);
    return STEPC_INVALID_ARGUMENT;
}

static int peek(const reader *r)
{
    return r->at < r->size ? r->data[r->at] : -1;
}

static void skip_space(reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\n' || peek(r) == '\r')
        r->at++;
}

static bool take(reader *r, char c)
{
    skip_space(r);
    if (peek(r) != (unsigned char)c)
        return false;
    r->at++;
    return true;
}

/* A JSON string without escapes: keys, "string" and hexadecimal digits need none. */
static bool take_string(reader *r, stepc_string *out)
{
    if (!take(r, '"'))
        return false;
    size_t start = r->at;
    while (peek(r) >= 0x20 && peek(r) < 0x7F && peek(r) != '"' && peek(r) != '\\')
        r->at++;
    if (peek(r) != '"')
        return false;
    out->data = (const char *)r->data + start;
    out->size = r->at - start;
    r->at++;
    return true;
}

static stepc_code parse_shape(reader *r, const stepc_host *host, stepc_error *error)
{
    bool comma = true;
    if (!take(r, '['))
        return broken(r, error, "bad shape");
    while (!take(r, ']')) {
        size_t start = r->at;
        if (!comma && r->rank > 0)
            return broken(r, error, "bad shape");
        if (r->rank >= host->limits.rank || r->rank >= DIMS) {
            error_limit(error, "rank", host->limits.rank < DIMS ? host->limits.rank : DIMS, (int64_t)r->rank + 1);
            error_at_file(error, r->name, (int64_t)r->at);
            return STEPC_RESOURCE_EXHAUSTED;
        }
        while (peek(r) >= '0' && peek(r) <= '9')
            r->at++;
        if (!parse_i64((const char *)r->data + start, r->at - start, &r->dims[r->rank]))
            return broken(r, error, "bad dimension");
        r->rank++;
        comma = take(r, ',');
    }
    if (comma && r->rank > 0)
        return broken(r, error, "bad shape");
    r->has_shape = true;
    return STEPC_OK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Counts and checks the strings; the shape, which says how many, may come later. */
static stepc_code scan_hex(reader *r, stepc_error *error)
{
    bool comma = true;
    if (!take(r, '['))
        return broken(r, error, "bad hex");
    r->hex_at = r->at;
    while (!take(r, ']')) {
        stepc_string digits;
        if (!comma || !take_string(r, &digits) || digits.size % 2 != 0)
            return broken(r, error, "bad hex");
        for (size_t i = 0; i < digits.size; i++) {
            if (hex_digit(digits.data[i]) < 0)
                return broken(r, error, "bad hex");
        }
        r->count++;
        comma = take(r, ',');
    }
    if (comma && r->count > 0)
        return broken(r, error, "bad hex");
    r->has_hex = true;
    return STEPC_OK;
}

static stepc_code parse_entry(reader *r, const stepc_host *host, stepc_error *error)
{
    stepc_string key, value;
    if (!take_string(r, &key) || !take(r, ':'))
        return broken(r, error, "bad key");
    if (text_equal(key, TEXT_LITERAL("shape")) && !r->has_shape)
        return parse_shape(r, host, error);
    if (text_equal(key, TEXT_LITERAL("hex")) && !r->has_hex)
        return scan_hex(r, error);
    if (text_equal(key, TEXT_LITERAL("dtype")) && !r->has_dtype) {
        r->has_dtype = true;
        if (take_string(r, &value) && text_equal(value, TEXT_LITERAL("string")))
            return STEPC_OK;
        return broken(r, error, "dtype is not string");
    }
    return broken(r, error, "unknown or repeated key");
}

static stepc_code parse_object(reader *r, const stepc_host *host, stepc_error *error)
{
    bool comma = true, any = false;
    if (!take(r, '{'))
        return broken(r, error, "no object");
    while (!take(r, '}')) {
        if (!comma)
            return broken(r, error, "missing comma");
        stepc_code code = parse_entry(r, host, error);
        if (code != STEPC_OK)
            return code;
        comma = take(r, ',');
        any = true;
    }
    if (comma && any)
        return broken(r, error, "comma before the end");
    skip_space(r);
    if (r->at != r->size)
        return broken(r, error, "more after the object");
    if (!r->has_shape || !r->has_hex)
        return broken(r, error, "missing shape or hex");
    return STEPC_OK;
}

static stepc_code fill(reader *r, const stepc_host *host, stepc_tensor *tensor, stepc_error *error)
{
    stepc_code code = STEPC_OK;
    text bytes;
    text_init(&bytes, host);
    r->at = r->hex_at;
    for (int64_t i = 0; i < r->count && code == STEPC_OK; i++) {
        stepc_string digits = {NULL, 0};
        (void)take_string(r, &digits);
        (void)take(r, ',');
        bytes.size = 0;
        for (size_t j = 0; j < digits.size; j += 2) {
            char byte = (char)(hex_digit(digits.data[j]) << 4 | hex_digit(digits.data[j + 1]));
            text_add(&bytes, &byte, 1);
        }
        stepc_string value = {bytes.data, bytes.size};
        code = bytes.failed ? error_out_of_memory(error, "reading strings")
                            : stepc_tensor_set_string(tensor, i, value, error);
    }
    text_release(&bytes);
    return code;
}

stepc_code strings_json_parse(const stepc_host *host, const char *name, const uint8_t *data, size_t size,
                              stepc_tensor **out, stepc_error *error)
{
    stepc_host whole = host_resolve(host);
    reader r;
    int64_t count;
    stepc_tensor *tensor = NULL;
    *out = NULL;
    memset(&r, 0, sizeof r);
    r.name = name;
    r.data = data;
    r.size = size;
    stepc_code code = parse_object(&r, &whole, error);
    if (code != STEPC_OK)
        return code;
    if (!shape_count(r.dims, r.rank, &count) || count != r.count)
        return broken(&r, error, "shape and number of strings differ");
    code = stepc_tensor_new(&whole, STEPC_STRING, r.dims, r.rank, &tensor, error);
    if (code == STEPC_OK)
        code = fill(&r, &whole, tensor, error);
    if (code != STEPC_OK) {
        error_at_file(error, name, -1);
        stepc_tensor_release(tensor);
        return code;
    }
    *out = tensor;
    return STEPC_OK;
}
