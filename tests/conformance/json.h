/* SPDX-License-Identifier: Apache-2.0 */
/* A small reader of JSON texts for the corpus's signature.json and case.json. */
#ifndef TESTS_CONFORMANCE_JSON_H
#define TESTS_CONFORMANCE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } json_kind;

typedef struct json {
    json_kind kind;
    char *key;     /* of a member of an object */
    char *text;    /* strings, and numbers as written */
    double number; /* numbers; booleans as 0 and 1 */
    struct json *first, *last, *next;
} json;

/* Parses SIZE bytes; NULL with a reason in WHY when they are not one JSON value. */
json *json_parse(const char *data, size_t size, char *why, size_t why_size);
/* Reads and parses a file; NULL with a reason when that fails. */
json *json_read(const char *path, char *why, size_t why_size);
void json_free(json *value);

const json *json_get(const json *object, const char *key); /* NULL when absent */
const char *json_text(const json *object, const char *key); /* NULL when absent or no string */
size_t json_count(const json *array);                       /* 0 for NULL */
const json *json_at(const json *array, size_t index);       /* NULL when absent */

#endif
