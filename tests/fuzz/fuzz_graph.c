/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a graph file: they are refused, or they import; what imports prunes, decodes
 * and can be written, and what was written imports again. */
#include "runtime/core/host.h"
#include "runtime/graph/graph.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Found faults end the process: the fuzzer's way of hearing of them. */
static void must(bool holds)
{
    if (!holds)
        abort();
}

static void decode_constants(const stepc_graph *graph)
{
    stepc_host host = graph->host;

    host.limits.tensor_bytes = 1 << 20;
    for (int32_t i = 0; i < graph->operation_count; i++) {
        const stepc_operation *op = graph->operations[i];
        const attr_value *value = operation_attr(op, "value");
        stepc_tensor *tensor = NULL;
        if (value == NULL || value->kind != ATTR_TENSOR || value->is_list || value->as.tensor == NULL)
            continue;
        stepc_code code = tensor_proto_decode(&host, value->as.tensor, &tensor, NULL);
        must((tensor != NULL) == (code == STEPC_OK));
        stepc_tensor_release(tensor);
    }
}

static void prune_each(const stepc_graph *graph)
{
    int32_t count = graph->operation_count < 16 ? graph->operation_count : 16;

    for (int32_t i = 0; i < count; i++) {
        const stepc_operation *op = graph->operations[i];
        stepc_output feed = {op, 0};
        step_prune_input input = {&feed, op->output_count > 0, NULL, 0, &op, 1};
        arena memory;
        step_operations step;
        arena_init(&memory, &graph->host);
        must(step_prune(graph, &input, &memory, &step, NULL) == STEPC_OK);
        must(step.count > 0);
        arena_release(&memory);
    }
}

static void write_and_read(const stepc_graph *graph, stepc_graph_format format, const stepc_load_options *options)
{
    void *data;
    size_t size;
    stepc_graph *again = NULL;

    if (stepc_graph_write(graph, format, &data, &size, NULL) != STEPC_OK)
        return; /* memory limit */
    stepc_code code = stepc_graph_parse("again", data, size, options, &again, NULL);
    must(code == STEPC_OK || code == STEPC_RESOURCE_EXHAUSTED);
    must(code != STEPC_OK || again->operation_count == graph->operation_count);
    stepc_graph_release(again);
    stepc_graph_text_free(graph, data, size);
}

/* The same file added to the graph it made: refused as it is, for its names are taken; made unique or
 * under a prefix it may join. */
static void add_again(stepc_graph *graph, const uint8_t *data, size_t size, const stepc_load_options *options)
{
    stepc_import_options with = {.size = sizeof(with)};
    int64_t count = stepc_graph_operation_count(graph);

    must(stepc_graph_import(graph, "again", data, size, &with, NULL) != STEPC_OK);
    must(stepc_graph_operation_count(graph) == count);
    with.make_unique = 1;
    stepc_code code = stepc_graph_import(graph, "unique", data, size, &with, NULL);
    must(stepc_graph_operation_count(graph) == (code == STEPC_OK ? 2 * count : count));
    count = stepc_graph_operation_count(graph);
    with.prefix = "prefix";
    code = stepc_graph_import(graph, "prefixed", data, size, &with, NULL);
    must(code != STEPC_INTERNAL && stepc_graph_operation_count(graph) >= count);
    write_and_read(graph, STEPC_GRAPH_BINARY, options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    stepc_host host;
    stepc_load_options options = {sizeof(options), &host};
    stepc_graph *graph = NULL;
    char line[600];
    stepc_error *error = stepc_error_new();

    stepc_host_init(&host);
    host.limits.memory_bytes = 256 << 20;
    stepc_code code = stepc_graph_parse("fuzz", data, size, &options, &graph, error);
    must((graph != NULL) == (code == STEPC_OK));
    must(stepc_error_code(error) == code && code != STEPC_INTERNAL);
    if (code == STEPC_OK) {
        decode_constants(graph);
        prune_each(graph);
        write_and_read(graph, STEPC_GRAPH_BINARY, &options);
        write_and_read(graph, STEPC_GRAPH_TEXT, &options);
        add_again(graph, data, size, &options);
    } else {
        size_t length = stepc_error_format(error, line, sizeof(line));
        for (size_t i = 0; i < length; i++)
            must(line[i] >= 0x20 && line[i] < 0x7f);
    }
    stepc_graph_release(graph);
    stepc_error_free(error);
    return 0;
}
