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

int64_t stepc_graph_operation_count(const stepc_graph *graph);
const stepc_operation *stepc_graph_operation_at(const stepc_graph *graph, int64_t index); /* in the file's order */
const stepc_operation *stepc_graph_find(const stepc_graph *graph, const char *name);      /* NULL when absent */
/* Resolves "op:i" or "op" (= "op:0"). NOT_FOUND or INVALID_ARGUMENT with TensorFlow's texts. */
stepc_code stepc_graph_find_output(const stepc_graph *graph, const char *name, stepc_output *out, stepc_error *error);

const char *stepc_operation_name(const stepc_operation *op);
const char *stepc_operation_type(const stepc_operation *op); /* "MatMul" */
const char *stepc_operation_device(const stepc_operation *op);
int32_t stepc_operation_input_count(const stepc_operation *op);
stepc_output stepc_operation_input(const stepc_operation *op, int32_t index);
int32_t stepc_operation_output_count(const stepc_operation *op);
stepc_dtype stepc_operation_output_dtype(const stepc_operation *op, int32_t index); /* reference types above 100 */

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
