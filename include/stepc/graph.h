/* SPDX-License-Identifier: 0BSD */
/* Graphs: operations, their inputs, attributes and control inputs, as read from a file. */
#ifndef STEPC_GRAPH_H
#define STEPC_GRAPH_H

#include "stepc/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct stepc_graph stepc_graph;
typedef struct stepc_operation stepc_operation;

/* Output INDEX of an operation. */
typedef struct stepc_output {
    const stepc_operation *op;
    int32_t index;
} stepc_output;

typedef struct stepc_load_options {
    uint32_t size; /* sizeof(stepc_load_options) */
    const stepc_host *host; /* NULL: defaults; copied */
} stepc_load_options;

/* Reads a binary or text GraphDef, told apart by content, verifies it, and returns a graph
 * with one reference. *OUT is NULL on failure. Errors: NOT_FOUND (no such file, unknown
 * operator), DATA_LOSS with the byte offset (damaged wire data), INVALID_ARGUMENT (not a
 * graph, or one that breaks a rule), RESOURCE_EXHAUSTED (a limit). */
stepc_code stepc_graph_load(const char *path, const stepc_load_options *options, stepc_graph **out, stepc_error *error);
/* The same from memory; NAME stands in messages. DATA is copied. */
stepc_code stepc_graph_parse(const char *name, const void *data, size_t bytes, const stepc_load_options *options,
                             stepc_graph **out, stepc_error *error);
stepc_graph *stepc_graph_retain(stepc_graph *graph);
void stepc_graph_release(stepc_graph *graph); /* NULL is fine */

/* Operations: looked up and inspected from any thread, also while another adds some. An operation never changes. */
int64_t stepc_graph_operation_count(const stepc_graph *graph);
const stepc_operation *stepc_graph_operation_at(const stepc_graph *graph, int64_t index); /* in the file's order, then in that of adding */
const stepc_operation *stepc_graph_find(const stepc_graph *graph, const char *name);      /* NULL when absent */
/* Resolves "op:i" or "op" (= "op:0"). NOT_FOUND or INVALID_ARGUMENT with TensorFlow's texts. */
stepc_code stepc_graph_find_output(const stepc_graph *graph, const char *name, stepc_output *out, stepc_error *error);

stepc_graph *stepc_operation_graph(const stepc_operation *op); /* borrowed */
const char *stepc_operation_name(const stepc_operation *op);
const char *stepc_operation_type(const stepc_operation *op); /* "MatMul" */
const char *stepc_operation_device(const stepc_operation *op);
int32_t stepc_operation_input_count(const stepc_operation *op);
stepc_output stepc_operation_input(const stepc_operation *op, int32_t index);
stepc_dtype stepc_operation_input_dtype(const stepc_operation *op, int32_t index); /* what the schema asks for */
int32_t stepc_operation_control_input_count(const stepc_operation *op);
const stepc_operation *stepc_operation_control_input(const stepc_operation *op, int32_t index);
int32_t stepc_operation_output_count(const stepc_operation *op);
stepc_dtype stepc_operation_output_dtype(const stepc_operation *op, int32_t index); /* reference types above 100 */

/* Attributes. INVALID_ARGUMENT "Operation 'x' has no attr named 'y'.", or of another kind. Texts and arrays are borrowed
 * from the graph. A shape of unknown rank has rank -1; unknown dimensions are -1. */
stepc_code stepc_operation_attr_type(const stepc_operation *op, const char *name, stepc_dtype *out, stepc_error *error);
stepc_code stepc_operation_attr_int(const stepc_operation *op, const char *name, int64_t *out, stepc_error *error);
stepc_code stepc_operation_attr_float(const stepc_operation *op, const char *name, float *out, stepc_error *error);
stepc_code stepc_operation_attr_bool(const stepc_operation *op, const char *name, int32_t *out, stepc_error *error);
stepc_code stepc_operation_attr_string(const stepc_operation *op, const char *name, stepc_string *out, stepc_error *error);
stepc_code stepc_operation_attr_shape(const stepc_operation *op, const char *name, const int64_t **out_dims,
                                      int32_t *out_rank, stepc_error *error);
stepc_code stepc_operation_attr_tensor(const stepc_operation *op, const char *name, stepc_tensor **out, stepc_error *error);

/* What shape functions say of AT: *OUT_RANK is -1 for an unknown rank, unknown dimensions are -1. DIMS holds CAPACITY. */
stepc_code stepc_graph_output_shape(stepc_graph *graph, stepc_output at, int64_t *dims, int32_t capacity,
                                    int32_t *out_rank, stepc_error *error);

/* ---- building ---------------------------------------------------------------------------------------- */

/* An empty graph with one reference. */
stepc_code stepc_graph_new(const stepc_load_options *options, stepc_graph **out, stepc_error *error);

typedef struct stepc_import_input { /* reads of NAME:INDEX inside the imported GraphDef go to AT; INDEX -1: control inputs */
    const char *name;
    int32_t index;
    stepc_output at;
} stepc_import_input;

typedef struct stepc_import_options {
    uint32_t size;      /* sizeof(stepc_import_options) */
    const char *prefix; /* put before every name, with a '/' between; NULL: none */
    const stepc_import_input *inputs;
    size_t input_count;
    const stepc_operation *const *controls; /* control inputs of every imported operation without inputs */
    size_t control_count;
    int32_t make_unique; /* a name that is taken becomes NAME_1, NAME_2, ..; else it is refused */
} stepc_import_options;

/* Adds a GraphDef's operations (binary or text) to GRAPH: all of them, or none after an error. */
stepc_code stepc_graph_import(stepc_graph *graph, const char *name, const void *data, size_t bytes,
                              const stepc_import_options *options, stepc_error *error);
/* The first of NAME, NAME_1, NAME_2, ... that no operation has (TensorFlow's unique_name), with its NUL, if it fits SIZE. */
stepc_code stepc_graph_unique_name(const stepc_graph *graph, const char *name, char *out, size_t size, stepc_error *error);

/* One operation in the making. Setters remember the first error for stepc_builder_finish; they copy what they are given. */
typedef struct stepc_builder stepc_builder;
stepc_code stepc_builder_new(stepc_graph *graph, const char *type, const char *name, stepc_builder **out, stepc_error *error);
void stepc_builder_unique(stepc_builder *b); /* a name that is taken becomes NAME_1, .. instead of an error */
void stepc_builder_input(stepc_builder *b, stepc_output at);
void stepc_builder_input_list(stepc_builder *b, const stepc_output *at, size_t count); /* one argument that is a list */
void stepc_builder_control_input(stepc_builder *b, const stepc_operation *op);
void stepc_builder_colocate(stepc_builder *b, const stepc_operation *op); /* adds "loc:@NAME" to _class */
void stepc_builder_device(stepc_builder *b, const char *device);
void stepc_builder_attr_type(stepc_builder *b, const char *name, stepc_dtype value);
void stepc_builder_attr_int(stepc_builder *b, const char *name, int64_t value);
void stepc_builder_attr_float(stepc_builder *b, const char *name, float value);
void stepc_builder_attr_bool(stepc_builder *b, const char *name, int32_t value);
void stepc_builder_attr_string(stepc_builder *b, const char *name, stepc_string value);
void stepc_builder_attr_shape(stepc_builder *b, const char *name, const int64_t *dims, int32_t rank); /* -1: unknown */
void stepc_builder_attr_tensor(stepc_builder *b, const char *name, const stepc_view *value);
void stepc_builder_attr_type_list(stepc_builder *b, const char *name, const stepc_dtype *values, size_t count);
void stepc_builder_attr_int_list(stepc_builder *b, const char *name, const int64_t *values, size_t count);
void stepc_builder_attr_float_list(stepc_builder *b, const char *name, const float *values, size_t count);
void stepc_builder_attr_bool_list(stepc_builder *b, const char *name, const int32_t *values, size_t count);
void stepc_builder_attr_string_list(stepc_builder *b, const char *name, const stepc_string *values, size_t count);
void stepc_builder_attr_shape_list(stepc_builder *b, const char *name, const int64_t *const *dims, const int32_t *ranks,
                                   size_t count);
void stepc_builder_attr_value(stepc_builder *b, const char *name, const void *proto, size_t bytes); /* a serialised AttrValue */
/* Checks the operation by its schema and by its shape function, adds it, frees B. On failure *OUT is NULL and the graph as
 * it was: INVALID_ARGUMENT "Duplicate node name in graph: 'x'", wrong inputs, missing attributes, shapes that never fit;
 * NOT_FOUND "Op type not registered ...". Sessions see it in their next run. */
stepc_code stepc_builder_finish(stepc_builder *b, const stepc_operation **out, stepc_error *error);
void stepc_builder_discard(stepc_builder *b); /* NULL is fine */

/* Writes the graph as a GraphDef: attributes that the reader filled in from defaults are
 * left out. *OUT_DATA is allocated by the graph's host; free with stepc_graph_text_free. */
typedef enum stepc_graph_format { STEPC_GRAPH_BINARY = 0, STEPC_GRAPH_TEXT = 1 } stepc_graph_format;
stepc_code stepc_graph_write(const stepc_graph *graph, stepc_graph_format format, void **out_data, size_t *out_bytes,
                             stepc_error *error);
void stepc_graph_text_free(const stepc_graph *graph, void *data, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
