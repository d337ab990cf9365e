/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/conformance/json.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEEPEST 32

typedef struct reader {
    const char *at, *end;
    const char *why;
    json *open[DEEPEST]; /* arrays and objects not yet closed */
    int depth;
} reader;

static void skip_space(reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

static json *new_value(json_kind kind)
{
    json *value = calloc(1, sizeof *value);
    if (value == NULL)
        abort();
    value->kind = kind;
    return value;
}

static char *put_utf8(char *to, unsigned long c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xC0 | (c >> 6));
        *to++ = (char)(0x80 | (c & 0x3F));
    } else {
        *to++ = (char)(0xE0 | (c >> 12));
        *to++ = (char)(0x80 | ((c >> 6) & 0x3F));
        *to++ = (char)(0x80 | (c & 0x3F));
    }
    return to;
}

static char *read_escape(reader *r, char *to)
{
    static const char from[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char c = *r->at++;
    const char *found = strchr(from, c);
    if (c != '\0' && found != NULL) {
        *to++ = meant[found - from];
    } else if (c == 'u' && r->end - r->at >= 4) {
        char digits[5] = {r->at[0], r->at[1], r->at[2], r->at[3], '\0'};
        to = put_utf8(to, strtoul(digits, NULL, 16)); /* the corpus has no surrogate pairs */
        r->at += 4;
    } else {
        r->why = "unknown escape";
    }
    return to;
}

static char *read_string(reader *r)
{
    if (r->at == r->end || *r->at != '"') {
        r->why = "a string is expected";
        return NULL;
    }
    r->at++;
    char *text = malloc((size_t)(r->end - r->at) + 4), *to = text;
    if (text == NULL)
        abort();
    while (r->at < r->end && *r->at != '"' && r->why == NULL) {
        char c = *r->at++;
        if (c == '\\' && r->at < r->end)
            to = read_escape(r, to);
        else
            *to++ = c;
    }
    *to = '\0';
    if (r->at == r->end)
        r->why = "unfinished string";
    else
        r->at++;
    return text;
}

static bool take_word(reader *r, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, word, size) != 0)
        return false;
    r->at += size;
    return true;
}

static json *read_number(reader *r)
{
    char text[64];
    size_t size = 0;
    while (r->at < r->end && (isalnum((unsigned char)*r->at) || strchr("+-.", *r->at) != NULL) &&
           size + 1 < sizeof text)
        text[size++] = *r->at++;
    text[size] = '\0';
    char *rest;
    double number = strtod(text, &rest);
    if (size == 0 || *rest != '\0') {
        r->why = "a value is expected";
        return NULL;
    }
    json *value = new_value(JSON_NUMBER);
    value->number = number;
    value->text = strdup(text);
    return value;
}

/* A value, or for an array or object its beginning. */
static json *read_value(reader *r)
{
    json *value;
    skip_space(r);
    if (r->at < r->end && (*r->at == '{' || *r->at == '[')) {
        value = new_value(*r->at == '{' ? JSON_OBJECT : JSON_ARRAY);
        r->at++;
        return value;
    }
    if (r->at < r->end && *r->at == '"') {
        value = new_value(JSON_STRING);
        value->text = read_string(r);
        return value;
    }
    if (take_word(r, "null"))
        return new_value(JSON_NULL);
    bool yes = take_word(r, "true");
    if (yes || take_word(r, "false")) {
        value = new_value(JSON_BOOL);
        value->number = yes;
        return value;
    }
    return read_number(r);
}

static void append(json *parent, json *child)
{
    if (parent->last != NULL)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

static char closing(const json *value)
{
    return value->kind == JSON_OBJECT ? '}' : ']';
}

/* One member or element of the innermost open value. */
static void read_member(reader *r)
{
    json *parent = r->open[r->depth - 1];
    char *key = NULL;
    if (parent->kind == JSON_OBJECT) {
        key = read_string(r);
        skip_space(r);
        if (r->why == NULL && (r->at == r->end || *r->at++ != ':'))
            r->why = "':' is expected";
    }
    json *value = r->why == NULL ? read_value(r) : NULL;
    if (value == NULL) {
        free(key);
        return;
    }
    value->key = key;
    append(parent, value);
    if (value->kind != JSON_ARRAY && value->kind != JSON_OBJECT)
        return;
    if (r->depth == DEEPEST)
        r->why = "too deep";
    else
        r->open[r->depth++] = value;
}

static void read_members(reader *r)
{
    while (r->depth > 0 && r->why == NULL) {
        json *parent = r->open[r->depth - 1];
        skip_space(r);
        if (r->at < r->end && *r->at == closing(parent)) {
            r->at++;
            r->depth--;
            continue;
        }
        if (parent->first != NULL) {
            if (r->at == r->end || *r->at != ',') {
                r->why = "',' is expected";
                return;
            }
            r->at++;
            skip_space(r);
        }
        read_member(r);
    }
}

json *json_parse(const char *data, size_t size, char *why, size_t why_size)
{
    reader r = {.at = data, .end = data + size};
    json *root = read_value(&r);
    if (root != NULL && (root->kind == JSON_ARRAY || root->kind == JSON_OBJECT)) {
        r.open[r.depth++] = root;
        read_members(&r);
    }
    skip_space(&r);
    if (r.why == NULL && r.at != r.end)
        r.why = "text behind the value";
    if (r.why != NULL) {
        snprintf(why, why_size, "byte %ld: %s", (long)(r.at - data), r.why);
        json_free(root);
        return NULL;
    }
    return root;
}

json *json_read(const char *path, char *why, size_t why_size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        snprintf(why, why_size, "cannot open %s", path);
        return NULL;
    }
    size_t size = 0, capacity = 1 << 16, got;
    char *data = malloc(capacity);
    while (data != NULL && (got = fread(data + size, 1, capacity - size, file)) > 0) {
        size += got;
        if (size == capacity)
            data = realloc(data, capacity *= 2);
    }
    fclose(file);
    if (data == NULL)
        abort();
    json *value = json_parse(data, size, why, why_size);
    free(data);
    return value;
}

void json_free(json *value)
{
    /* Children are put in front of what is still to be freed: no recursion. */
    json *rest = value;
    while (rest != NULL) {
        json *one = rest;
        rest = one->next;
        if (one->first != NULL) {
            one->last->next = rest;
            rest = one->first;
        }
        free(one->key);
        free(one->text);
        free(one);
    }
}

const json *json_get(const json *object, const char *key)
{
    if (object == NULL || object->kind != JSON_OBJECT)
        return NULL;
    for (const json *member = object->first; member != NULL; member = member->next)
        if (strcmp(member->key, key) == 0)
            return member;
    return NULL;
}

const char *json_text(const json *object, const char *key)
{
    const json *member = json_get(object, key);
    return member != NULL && member->kind == JSON_STRING ? member->text : NULL;
}

size_t json_count(const json *array)
{
    size_t count = 0;
    for (const json *one = array != NULL ? array->first : NULL; one != NULL; one = one->next)
        count++;
    return count;
}

const json *json_at(const json *array, size_t index)
{
    const json *one = array != NULL ? array->first : NULL;
    while (one != NULL && index-- > 0)
        one = one->next;
    return one;
}
