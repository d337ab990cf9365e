/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs: life, lookup, shapes, writing. */
#include "runtime/tensorflow/types.h"

#include "runtime/graph/graph.h"

#include <string.h>

/* More dimensions than a shape may have. */
#define SHAPE_DIMS 256

TF_Graph *TF_NewGraph(void)
{
    TF_Graph *graph = memory_new(sizeof(*graph));

    if (graph != NULL && stepc_graph_new(NULL, &graph->graph, NULL) != STEPC_OK) {
        memory_free(graph, sizeof(*graph));
        return NULL;
    }
    return graph;
}

void TF_DeleteGraph(TF_Graph *graph)
{
    if (graph == NULL)
        return;
    stepc_graph_release(graph->graph);
    memory_free(graph, sizeof(*graph));
}

TF_Operation *TF_GraphOperationByName(TF_Graph *graph, const char *oper_name)
{
    return graph != NULL && oper_name != NULL ? operation_handle(stepc_graph_find(graph->graph, oper_name)) : NULL;
}

TF_Operation *TF_GraphNextOperation(TF_Graph *graph, size_t *pos)
{
    if (graph == NULL || pos == NULL || *pos >= (size_t)stepc_graph_operation_count(graph->graph))
        return NULL;
    return operation_handle(stepc_graph_operation_at(graph->graph, (int64_t)(*pos)++));
}

/* ---- shapes ----------------------------------------------------------------------------------------- */

/* The shape of OUTPUT; false on error. */
static bool shape_of(TF_Graph *graph, TF_Output output, int64_t *dims, int32_t *out_rank, TF_Status *status)
{
    const stepc_operation *op = operation_of(output.oper);
    struct stepc_error error;

    if (graph == NULL || op == NULL || stepc_operation_graph(op) != graph->graph || output.index < 0 ||
        output.index >= (int)stepc_operation_output_count(op)) {
        status_set(status, STEPC_INVALID_ARGUMENT, "Node %s:%d was not found in the graph",
                   op != NULL ? stepc_operation_name(op) : "", output.index);
        return false;
    }
    error_init(&error);
    return status_take(
        status, stepc_graph_output_shape(graph->graph, output_of(output), dims, SHAPE_DIMS, out_rank, &error), &error);
}

int TF_GraphGetTensorNumDims(TF_Graph *graph, TF_Output output, TF_Status *status)
{
    int64_t dims[SHAPE_DIMS];
    int32_t rank;

    return shape_of(graph, output, dims, &rank, status) ? (int)rank : -1;
}

void TF_GraphGetTensorShape(TF_Graph *graph, TF_Output output, int64_t *dims, int num_dims, TF_Status *status)
{
    int64_t known[SHAPE_DIMS];
    int32_t rank;

    if (!shape_of(graph, output, known, &rank, status))
        return;
    if (rank < 0 && num_dims < 0)
        return;
    if (num_dims != (int)rank) {
        status_set(status, STEPC_INVALID_ARGUMENT, "Expected rank is %d but actual rank is %d", num_dims, (int)rank);
        return;
    }
    if (rank > 0 && dims == NULL)
        status_set(status, STEPC_INVALID_ARGUMENT, "There is no place for %d dimensions.", (int)rank);
    else if (rank > 0)
        memcpy(dims, known, (size_t)rank * sizeof(*dims));
}

/* ---- writing ---------------------------------------------------------------------------------------- */

void TF_GraphToGraphDef(TF_Graph *graph, TF_Buffer *output_graph_def, TF_Status *status)
{
    struct stepc_error error;
    void *data;
    size_t bytes;

    status_clear(status);
    if (!buffer_is_empty(output_graph_def, "Passing non-empty TF_Buffer is invalid.", status))
        return;
    error_init(&error);
    stepc_code code = stepc_graph_write(graph != NULL ? graph->graph : NULL, STEPC_GRAPH_BINARY, &data, &bytes, &error);
    if (!status_take(status, code, &error))
        return;
    buffer_fill(output_graph_def, data, bytes, status);
    stepc_graph_text_free(graph->graph, data, bytes);
}

static size_t put_field(uint8_t *to, uint8_t tag, uint32_t value)
{
    size_t size = 0;

    if (value == 0)
        return 0;
    to[size++] = tag;
    for (; value >= 0x80; value >>= 7)
        to[size++] = (uint8_t)(value | 0x80);
    to[size++] = (uint8_t)value;
    return size;
}

void TF_GraphVersions(TF_Graph *graph, TF_Buffer *output_version_def, TF_Status *status)
{
    uint8_t bytes[16]; /* VersionDef: producer = 1, min_consumer = 2 */

    status_clear(status);
    if (!buffer_is_empty(output_version_def, "Passing non-empty TF_Buffer is invalid.", status))
        return;
    if (graph == NULL) {
        status_set(status, STEPC_INVALID_ARGUMENT, "There is no graph.");
        return;
    }
    graph_lock_read(graph->graph);
    size_t size = put_field(bytes, 0x08, (uint32_t)graph->graph->producer);
    size += put_field(bytes + size, 0x10, (uint32_t)graph->graph->min_consumer);
    graph_unlock(graph->graph);
    buffer_fill(output_version_def, bytes, size, status);
}
