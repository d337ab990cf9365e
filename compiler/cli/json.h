/* SPDX-License-Identifier: Apache-2.0 */
/* Writing JSON: commas and nesting are seen to here. */
#ifndef COMPILER_CLI_JSON_H
#define COMPILER_CLI_JSON_H

#include "runtime/core/text.h"

typedef struct json {
    text *out;
    bool comma; /* before the next element */
} json;

/* KEY NULL: an element of an array. */
void json_open(json *j, const char *key, char bracket);      /* '{' or '[' */
void json_close(json *j, char bracket);                      /* '}' or ']' */
void json_text(json *j, const char *key, const char *value); /* NULL: null */
void json_bytes(json *j, const char *key, const char *data, size_t size);
void json_i64(json *j, const char *key, int64_t value);
void json_u64(json *j, const char *key, uint64_t value);
void json_real(json *j, const char *key, double value); /* as a string where it is not finite */
void json_float(json *j, const char *key, float value); /* with the digits that a float32 needs */
void json_bool(json *j, const char *key, bool value);

#endif
