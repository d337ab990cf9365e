/* SPDX-License-Identifier: 0BSD */
/* Growing text, and the few text helpers that must not depend on the locale. */
#ifndef RUNTIME_CORE_TEXT_H
#define RUNTIME_CORE_TEXT_H

#include "runtime/core/error.h"
#include "stepc/tensor.h"

#include <stdbool.h>

/* A text that grows; after a failed growth it stays as it was and `failed` is set, so that
 * a writer checks once at the end. data is NUL-terminated (never NULL after init). */
typedef struct text {
    stepc_host host;
    char *data;
    size_t size, capacity;
    size_t limit; /* 0: none */
    bool failed;
} text;

void text_init(text *t, const stepc_host *host);
void text_release(text *t);
void text_add(text *t, const char *data, size_t size);
void text_puts(text *t, const char *data);
/* printf for %s %d %u %x %zu %lld and friends; no %g, %f (locale): use text_double. */
void text_printf(text *t, const char *format, ...) PRINTF_LIKE(2, 3);
/* Shortest decimal that reads back as the same double (float): "0.1", "1e+30", "nan", "inf", "-inf". */
void text_double(text *t, double value);
void text_float(text *t, float value);
/* JSON string with quotes; bytes that are not valid UTF-8 become \u00XX. */
void text_json(text *t, const char *data, size_t size);

/* Reads a decimal or hexadecimal float, inf, nan; locale-free. Returns false unless all of TEXT is read. */
bool parse_double(const char *data, size_t size, double *out);
/* Correctly rounded to float (no double rounding). */
bool parse_float(const char *data, size_t size, float *out);
bool parse_i64(const char *data, size_t size, int64_t *out);
bool parse_u64(const char *data, size_t size, uint64_t *out);

bool text_equal(stepc_string a, stepc_string b);
stepc_string text_view(const char *z); /* of a NUL-terminated text */
#define TEXT_LITERAL(z) ((stepc_string){(z), sizeof(z) - 1})
/* FNV-1a for hash tables whose order nobody sees. */
uint64_t text_hash(stepc_string s);

#endif
