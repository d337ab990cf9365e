/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers for the graph tests: an error that lives as long as the test, wire bytes by hand. */
#ifndef TESTS_UNIT_GRAPH_GRAPH_TEST_H
#define TESTS_UNIT_GRAPH_GRAPH_TEST_H

#include "runtime/core/host.h"
#include "runtime/graph/graph.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static stepc_error test_error;

/* Wire bytes that grow. */
typedef struct wire {
    uint8_t *data;
    size_t size, capacity;
} wire;

static inline void wire_add(wire *w, const void *data, size_t size)
{
    if (w->size + size > w->capacity) {
        w->capacity = (w->size + size) * 2 + 64;
        w->data = realloc(w->data, w->capacity);
    }
    if (size > 0)
        memcpy(w->data + w->size, data, size);
    w->size += size;
}

static inline void wire_varint(wire *w, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        wire_add(w, &(uint8_t){(uint8_t)(value | 0x80)}, 1);
    wire_add(w, &(uint8_t){(uint8_t)value}, 1);
}

static inline void wire_tag(wire *w, unsigned field, unsigned type)
{
    wire_varint(w, (uint64_t)field << 3 | type);
}

static inline void wire_bytes(wire *w, unsigned field, const void *data, size_t size)
{
    wire_tag(w, field, 2);
    wire_varint(w, size);
    wire_add(w, data, size);
}

static inline void wire_text(wire *w, unsigned field, const char *source)
{
    wire_bytes(w, field, source, strlen(source));
}

static inline void wire_int(wire *w, unsigned field, uint64_t value)
{
    wire_tag(w, field, 0);
    wire_varint(w, value);
}

static inline void wire_sub(wire *w, unsigned field, wire *sub) /* frees SUB */
{
    wire_bytes(w, field, sub->data, sub->size);
    free(sub->data);
    *sub = (wire){0};
}

/* attr { key: KEY value { VALUE } }, frees VALUE */
static inline void wire_attr(wire *node, const char *key, wire *value)
{
    wire entry = {0};

    wire_text(&entry, 1, key);
    wire_sub(&entry, 2, value);
    wire_sub(node, 5, &entry);
}

/* Parses bytes; the graph is released at once. */
static inline stepc_code parse_code(const void *data, size_t size)
{
    stepc_graph *graph = NULL;

    error_init(&test_error);
    stepc_code code = stepc_graph_parse("input", data, size, NULL, &graph, &test_error);
    cr_assert((graph == NULL) == (code != STEPC_OK));
    cr_assert_eq(stepc_error_code(&test_error), code);
    cr_assert_neq(code, STEPC_INTERNAL);
    stepc_graph_release(graph);
    return code;
}

static inline stepc_code wire_code(wire *w) /* frees W */
{
    stepc_code code = parse_code(w->data, w->size);

    free(w->data);
    *w = (wire){0};
    return code;
}

static inline stepc_code text_code(const char *source)
{
    return parse_code(source, strlen(source));
}

static inline stepc_graph *must_parse(const char *source)
{
    stepc_graph *graph = NULL;

    error_init(&test_error);
    stepc_code code = stepc_graph_parse("input", source, strlen(source), NULL, &graph, &test_error);
    cr_assert_eq(code, STEPC_OK, "%s", test_error.message);
    return graph;
}

#define cr_assert_message(words)                                                                                       \
    cr_assert(strstr(test_error.message, words) != NULL, "'%s' is not in '%s'", words, test_error.message)
#define cr_assert_code(actual, expected)                                                                               \
    do {                                                                                                               \
        stepc_code actual_code_ = (actual);                                                                            \
        cr_assert_eq(actual_code_, expected, "%s instead of %s: %s", stepc_code_name(actual_code_),                    \
                     stepc_code_name(expected), test_error.message);                                                   \
    } while (0)

#define PLACEHOLDER(name) "node { name: '" name "' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }\n"
#define FLOAT_T "attr { key: 'T' value { type: DT_FLOAT } }"
#define IDENTITY(name, input) "node { name: '" name "' op: 'Identity' input: '" input "' " FLOAT_T " }\n"
#define ADD(name, a, b) "node { name: '" name "' op: 'Add' input: '" a "' input: '" b "' " FLOAT_T " }\n"

#endif
