/* SPDX-License-Identifier: Apache-2.0 */
/* Runs single operations of a graph given as text: a bench keeps the outputs of every
 * operation, so a test runs nodes one by one in an order of its choosing. */
#ifndef TESTS_UNIT_OPS_KERNEL_HARNESS_H
#define TESTS_UNIT_OPS_KERNEL_HARNESS_H

#include "runtime/core/error.h"
#include "runtime/core/host.h"
#include "runtime/graph/graph.h"
#include "runtime/ops/row.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wconversion"

/* Exact results of 64-bit arithmetic. */
__extension__ typedef __int128 wide_int;
__extension__ typedef unsigned __int128 wide_uint;

enum { BENCH_NODES = 32, BENCH_PORTS = 8 };

typedef struct bench {
    stepc_host host;
    stepc_graph *graph;
    variable_store *store;
    stepc_tensor *outputs[BENCH_NODES][BENCH_PORTS];
    variable *variables[BENCH_NODES][BENCH_PORTS];
    kernel_state states[BENCH_NODES];
    stepc_error *error;
    uint64_t entropy;
} bench;

/* The name of a dtype in text format. */
static inline const char *dtype_enum(stepc_dtype dtype)
{
    switch ((int)dtype) {
    case STEPC_FLOAT32: return "DT_FLOAT";
    case STEPC_FLOAT64: return "DT_DOUBLE";
    case STEPC_INT32: return "DT_INT32";
    case STEPC_UINT8: return "DT_UINT8";
    case STEPC_INT16: return "DT_INT16";
    case STEPC_INT8: return "DT_INT8";
    case STEPC_STRING: return "DT_STRING";
    case STEPC_COMPLEX64: return "DT_COMPLEX64";
    case STEPC_INT64: return "DT_INT64";
    case STEPC_BOOL: return "DT_BOOL";
    case STEPC_BFLOAT16: return "DT_BFLOAT16";
    case STEPC_UINT16: return "DT_UINT16";
    case STEPC_COMPLEX128: return "DT_COMPLEX128";
    case STEPC_HALF: return "DT_HALF";
    case STEPC_UINT32: return "DT_UINT32";
    case STEPC_UINT64: return "DT_UINT64";
    default: return "DT_INVALID";
    }
}

static inline void bench_open(bench *b, const char *pbtxt)
{
    memset(b, 0, sizeof *b);
    b->host = host_resolve(NULL);
    b->error = stepc_error_new();
    stepc_code code = stepc_graph_parse("test", pbtxt, strlen(pbtxt), NULL, &b->graph, b->error);
    cr_assert_eq(code, STEPC_OK, "%s\n%s", stepc_error_message(b->error), pbtxt);
    cr_assert_leq(stepc_graph_operation_count(b->graph), BENCH_NODES);
    cr_assert_eq(variable_store_new(&b->host, &b->store, b->error), STEPC_OK);
}

static inline void bench_close(bench *b)
{
    for (int n = 0; n < BENCH_NODES; n++)
        for (int p = 0; p < BENCH_PORTS; p++)
            stepc_tensor_release(b->outputs[n][p]);
    variable_store_free(b->store);
    stepc_graph_release(b->graph);
    stepc_error_free(b->error);
}

static inline const stepc_operation *bench_op(bench *b, const char *name)
{
    const stepc_operation *op = stepc_graph_find(b->graph, name);

    cr_assert_not_null(op, "no node %s", name);
    return op;
}

/* Output 0 of NAME is VALUE from now on; takes the reference. */
static inline void bench_feed(bench *b, const char *name, stepc_tensor *value)
{
    int32_t n = bench_op(b, name)->index;

    stepc_tensor_release(b->outputs[n][0]);
    b->outputs[n][0] = value;
}

/* Runs one node; its inputs must have been run or fed. The outputs replace earlier ones. */
static inline stepc_code bench_run(bench *b, const char *name)
{
    const stepc_operation *op = bench_op(b, name);
    const op_row *row = op_row_find(op->type);
    stepc_tensor *inputs[16] = {0}, *outputs[BENCH_PORTS] = {0};
    variable *in_variables[16] = {0}, *out_variables[BENCH_PORTS] = {0};
    kernel_context k = {0};
    stepc_code code;

    cr_assert_not_null(row, "no row for %s", op->type.data);
    cr_assert_leq(op->input_count, 16);
    for (int32_t i = 0; i < op->input_count; i++) {
        const stepc_output *from = &op->inputs[i];

        in_variables[i] = b->variables[from->op->index][from->index];
        if (in_variables[i])
            inputs[i] = in_variables[i]->is_resource ? NULL : in_variables[i]->value;
        else
            inputs[i] = b->outputs[from->op->index][from->index];
        cr_assert(inputs[i] || in_variables[i], "input %d of %s has no value", (int)i, name);
    }
    k.host = &b->host;
    k.op = op;
    k.input_count = op->input_count;
    k.output_count = op->output_count;
    k.inputs = inputs;
    k.variables = in_variables;
    k.outputs = outputs;
    k.output_variables = out_variables;
    k.store = b->store;
    k.state = &b->states[op->index];
    k.entropy = b->entropy;
    k.error = b->error;
    stepc_error_clear(b->error);
    code = row->kernel(&k);
    for (int p = 0; p < BENCH_PORTS; p++) {
        if (code != STEPC_OK) {
            stepc_tensor_release(outputs[p]);
            outputs[p] = NULL;
        }
        stepc_tensor_release(b->outputs[op->index][p]);
        b->outputs[op->index][p] = outputs[p];
        b->variables[op->index][p] = out_variables[p];
    }
    cr_assert_eq(code, stepc_error_code(b->error), "%s: code and error differ", name);
    return code;
}

static inline stepc_tensor *bench_output(bench *b, const char *name)
{
    return b->outputs[bench_op(b, name)->index][0];
}

static inline const char *bench_message(const bench *b)
{
    return stepc_error_message(b->error);
}

/* A tensor with a copy of DATA (NULL: zeros). */
static inline stepc_tensor *tensor_make(stepc_dtype dtype, int32_t rank, const int64_t *dims, const void *data)
{
    stepc_tensor *t = NULL;

    cr_assert_eq(stepc_tensor_new(NULL, dtype, dims, rank, &t, NULL), STEPC_OK);
    if (stepc_tensor_bytes(t) > 0 && data)
        memcpy(stepc_tensor_data(t), data, stepc_tensor_bytes(t));
    else if (stepc_tensor_bytes(t) > 0)
        memset(stepc_tensor_data(t), 0, stepc_tensor_bytes(t));
    return t;
}

static inline stepc_tensor *vector_make(stepc_dtype dtype, int64_t count, const void *data)
{
    return tensor_make(dtype, 1, &count, data);
}

static inline stepc_tensor *scalar_make(stepc_dtype dtype, const void *data)
{
    return tensor_make(dtype, 0, NULL, data);
}

#define DIMS(...) ((int64_t[]){__VA_ARGS__})

static inline bool has_dims(const stepc_tensor *t, int32_t rank, const int64_t *dims)
{
    return stepc_tensor_rank(t) == rank &&
           (rank == 0 || memcmp(stepc_tensor_dims(t), dims, (size_t)rank * sizeof *dims) == 0);
}

/* A graph of placeholders x0, x1, ... of DTYPE and one node "op" over them; ATTRS is text format. */
static inline void bench_open_op(bench *b, const char *type, int inputs, stepc_dtype dtype, const char *attrs)
{
    char graph[4096];
    size_t used = 0;

    for (int i = 0; i < inputs; i++)
        used += (size_t)snprintf(graph + used, sizeof graph - used,
                                 "node { name: 'x%d' op: 'Placeholder' attr { key: 'dtype' value { type: %s } } }\n", i,
                                 dtype_enum(dtype));
    used += (size_t)snprintf(graph + used, sizeof graph - used, "node { name: 'op' op: '%s'", type);
    for (int i = 0; i < inputs; i++)
        used += (size_t)snprintf(graph + used, sizeof graph - used, " input: 'x%d'", i);
    snprintf(graph + used, sizeof graph - used, " %s }\n", attrs);
    bench_open(b, graph);
}

/* The same with attribute T alone. */
static inline void bench_open_t(bench *b, const char *type, int inputs, stepc_dtype dtype)
{
    char attrs[128];

    snprintf(attrs, sizeof attrs, "attr { key: 'T' value { type: %s } }", dtype_enum(dtype));
    bench_open_op(b, type, inputs, dtype, attrs);
}

/* ---- independent element access and rounding ------------------------------------------------ */

static inline void put_int(stepc_dtype dtype, void *data, int64_t i, int64_t value)
{
    switch (stepc_dtype_bytes(dtype)) {
    case 1: ((uint8_t *)data)[i] = (uint8_t)value; break;
    case 2: ((uint16_t *)data)[i] = (uint16_t)value; break;
    case 4: ((uint32_t *)data)[i] = (uint32_t)value; break;
    default: ((uint64_t *)data)[i] = (uint64_t)value; break;
    }
}

static inline bool dtype_unsigned(stepc_dtype dtype)
{
    return dtype == STEPC_UINT8 || dtype == STEPC_UINT16 || dtype == STEPC_UINT32 || dtype == STEPC_UINT64 ||
           dtype == STEPC_BOOL;
}

static inline wide_int get_int(stepc_dtype dtype, const void *data, int64_t i)
{
    bool u = dtype_unsigned(dtype);

    switch (stepc_dtype_bytes(dtype)) {
    case 1: return u ? (wide_int)((const uint8_t *)data)[i] : (wide_int)((const int8_t *)data)[i];
    case 2: return u ? (wide_int)((const uint16_t *)data)[i] : (wide_int)((const int16_t *)data)[i];
    case 4: return u ? (wide_int)((const uint32_t *)data)[i] : (wide_int)((const int32_t *)data)[i];
    default: return u ? (wide_int)((const uint64_t *)data)[i] : (wide_int)((const int64_t *)data)[i];
    }
}

#endif
