/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the builder share. */
#ifndef RUNTIME_GRAPH_BUILD_INTERNAL_H
#define RUNTIME_GRAPH_BUILD_INTERNAL_H

#include "runtime/graph/build.h"
#include "runtime/graph/import.h"

typedef struct built_attr {
    stepc_string name;
    message *value; /* an AttrValue */
} built_attr;

struct stepc_builder {
    stepc_graph *graph; /* retained */
    arena memory;       /* of everything below */
    stepc_error error;  /* the first */
    const op_def *schema;
    stepc_string name, type, device;
    stepc_output *inputs;
    const stepc_operation **controls;
    built_attr *attrs;
    stepc_string *colocated; /* the words of _class */
    size_t input_count, input_capacity, control_count, control_capacity, attr_count, attr_capacity, colocated_count,
        colocated_capacity;
    int32_t arguments; /* given so far */
    bool unique;
};

/* Remembers CODE unless an error is known already. */
void builder_fail(stepc_builder *b, stepc_code code, const char *format, ...) PRINTF_LIKE(3, 4);
bool builder_failed(const stepc_builder *b); /* or is NULL */
void builder_out_of_memory(stepc_builder *b);
/* A copy of SIZE bytes; NULL when out of memory, which is remembered. */
const char *builder_copy(stepc_builder *b, const char *data, size_t size);
/* An attribute is VALUE from now on; another value than before is an error. */
void builder_put(stepc_builder *b, stepc_string name, message *value);
/* Sets the attribute that an input decides. */
void builder_put_type(stepc_builder *b, const char *name, int32_t dtype);
void builder_put_int(stepc_builder *b, const char *name, int64_t value);
void builder_put_types(stepc_builder *b, const char *name, const stepc_output *from, size_t count);
/* One more word of _class; WORD lies in B's memory. Words are kept sorted, one of each, as TensorFlow writes them. */
void builder_add_word(stepc_builder *b, stepc_string word);
void builder_colocate_words(stepc_builder *b, const stepc_string *words, size_t count); /* instead of those before */

#endif
