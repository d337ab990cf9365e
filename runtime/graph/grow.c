/* SPDX-License-Identifier: Apache-2.0 */
/* New graphs, and GraphDefs that are added to a graph: all of one, or nothing. */
#include "runtime/graph/import.h"

#include <string.h>

/* The GraphDef version of TensorFlow 1.15, whose rules built operations follow. */
enum { NEW_GRAPH_PRODUCER = 134 };

stepc_code stepc_graph_new(const stepc_load_options *options, stepc_graph **out, stepc_error *error)
{
    stepc_error scratch;

    error = error_or(error, &scratch);
    if (out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "out must not be NULL");
    stepc_code code = graph_new(options != NULL ? options->host : NULL, "", out, error);
    if (code == STEPC_OK)
        (*out)->producer = NEW_GRAPH_PRODUCER;
    return code;
}

stepc_code stepc_graph_unique_name(const stepc_graph *graph, const char *name, char *out, size_t size,
                                   stepc_error *error)
{
    stepc_error unread;
    stepc_string made;
    int32_t number;
    arena scratch;

    error = error_or(error, &unread);
    if (out != NULL && size > 0)
        out[0] = '\0';
    if (graph == NULL || name == NULL || out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "graph, name and out must not be NULL");
    arena_init(&scratch, &graph->host);
    graph_lock_read(graph);
    bool done = graph_unique_name(graph, text_view(name), NULL, 0, &scratch, &made, &number);
    graph_unlock(graph);
    stepc_code code = STEPC_OK;
    if (!done)
        code = error_out_of_memory(error, "making a name");
    else if (made.size >= size)
        code =
            error_set(error, STEPC_INVALID_ARGUMENT, "a name of %zu bytes does not fit into %zu", made.size + 1, size);
    else
        memcpy(out, made.data, made.size + 1);
    arena_release(&scratch);
    return code;
}

/* A graph without anything may become the file itself, so that it is written as it was read. */
static bool becomes_whole(const stepc_graph *graph, const stepc_import_options *o)
{
    return graph->operation_count == 0 && graph->library == NULL && graph->source == NULL && o->input_count == 0 &&
           o->control_count == 0 && (o->prefix == NULL || o->prefix[0] == '\0');
}

static stepc_code add_graph_def(stepc_graph *graph, const char *name, const uint8_t *data, size_t bytes,
                                const stepc_import_options *options, stepc_error *error)
{
    const message *graph_def;
    int32_t first = graph->operation_count;

    if (bytes > (uint64_t)graph->host.limits.file_bytes)
        return error_limit(error, "file_bytes", graph->host.limits.file_bytes, (int64_t)bytes);
    uint8_t *copy = arena_aligned(&graph->memory, bytes, 64);
    if (copy == NULL)
        return error_out_of_memory(error, "copying a graph");
    memcpy(copy, data, bytes);
    stepc_code code = graph_read(graph, name, copy, bytes, &graph_def, error);
    if (code != STEPC_OK)
        return code;
    bool whole = becomes_whole(graph, options) && message_get(graph_def, "node") != NULL;
    if (whole)
        graph->source = graph_def;
    code = graph_import_nodes(graph, graph_def, whole ? IMPORT_WHOLE : IMPORT_INTO, options, options->make_unique != 0,
                              name, error);
    if (code == STEPC_OK && whole)
        graph->read_count = graph->operation_count;
    else if (code == STEPC_OK)
        graph_show(graph, first);
    return code;
}

stepc_code stepc_graph_import(stepc_graph *graph, const char *name, const void *data, size_t bytes,
                              const stepc_import_options *options, stepc_error *error)
{
    static const stepc_import_options none = {.size = sizeof(none)};
    stepc_error unread;

    error = error_or(error, &unread);
    if (graph == NULL || (data == NULL && bytes > 0))
        return error_set(error, STEPC_INVALID_ARGUMENT, "graph and data must not be NULL");
    if (options == NULL)
        options = &none;
    if (options->size != sizeof(*options) || (options->inputs == NULL && options->input_count > 0) ||
        (options->controls == NULL && options->control_count > 0))
        return error_set(error, STEPC_INVALID_ARGUMENT, "the import options are not filled in: size, or an array");
    if (bytes == 0)
        return STEPC_OK; /* a GraphDef without nodes */
    stepc_code code = host_check_callback(error);
    if (code != STEPC_OK)
        return code;
    graph_lock_write(graph);
    graph_mark mark = graph_note(graph);
    code = add_graph_def(graph, name != NULL ? name : "", data, bytes, options, error);
    if (code != STEPC_OK)
        graph_return(graph, &mark);
    graph_unlock(graph);
    return code;
}
