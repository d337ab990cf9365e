/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/graph/graph.h"

#include "runtime/core/dtype.h"
#include "runtime/graph/import.h"

#include <string.h>

stepc_code graph_new(const stepc_host *host, const char *name, stepc_graph **out, stepc_error *error)
{
    stepc_host resolved = host_resolve(host);
    stepc_graph *graph = host_alloc(&resolved, sizeof(*graph));

    *out = NULL;
    if (graph == NULL)
        return error_out_of_memory(error, "making a graph");
    graph->host = resolved;
    arena_init(&graph->memory, &resolved);
    atomic_init(&graph->references, 1);
    if (pthread_rwlock_init(&graph->lock, NULL) != 0) {
        host_free(&resolved, graph, sizeof(*graph));
        return error_set(error, STEPC_RESOURCE_EXHAUSTED, "The system has no lock left.");
    }
    size_t size = strlen(name);
    graph->name = (stepc_string){arena_text(&graph->memory, name, size), size};
    if (graph->name.data == NULL) {
        stepc_graph_release(graph);
        return error_out_of_memory(error, "making a graph");
    }
    *out = graph;
    return STEPC_OK;
}

stepc_graph *stepc_graph_retain(stepc_graph *graph)
{
    if (graph != NULL)
        atomic_fetch_add_explicit(&graph->references, 1, memory_order_relaxed);
    return graph;
}

void stepc_graph_release(stepc_graph *graph)
{
    if (graph == NULL || atomic_fetch_sub_explicit(&graph->references, 1, memory_order_acq_rel) != 1)
        return;
    stepc_host host = graph->host;
    if (graph->shapes_release != NULL)
        graph->shapes_release(graph);
    arena_release(&graph->memory);
    file_release(&host, &graph->file);
    pthread_rwlock_destroy(&graph->lock);
    host_free(&host, graph, sizeof(*graph));
}

void graph_lock_read(const stepc_graph *graph)
{
    pthread_rwlock_rdlock((pthread_rwlock_t *)(uintptr_t)&graph->lock);
}

void graph_lock_write(stepc_graph *graph)
{
    pthread_rwlock_wrlock(&graph->lock);
}

void graph_unlock(const stepc_graph *graph)
{
    pthread_rwlock_unlock((pthread_rwlock_t *)(uintptr_t)&graph->lock);
}

/* ---- loading --------------------------------------------------------------------------------- */

static stepc_code looks_like(const char *name, const char *what, const char *mend, stepc_error *error)
{
    error_set(error, STEPC_INVALID_ARGUMENT, "not a graph: looks like %s", what);
    error_at_file(error, name, 0);
    return error_mend(error, "%s", mend);
}

/* Text of TensorFlow's other messages begins with a field that no GraphDef has. */
static const char *foreign_text(const uint8_t *data, size_t size, const char **out_mend)
{
    static const struct {
        const char *field, *what, *mend;
    } fields[] = {
        {"saved_model_schema_version", "a SavedModel", "give the SavedModel's folder instead of its saved_model.pbtxt"},
        {"meta_graphs", "a SavedModel", "give the SavedModel's folder instead of its saved_model.pbtxt"},
        {"meta_info_def", "a MetaGraphDef", "load it as a MetaGraphDef (.meta), with its checkpoint"},
        {"graph_def", "a MetaGraphDef", "load it as a MetaGraphDef (.meta), with its checkpoint"},
        {"model_checkpoint_path", "a checkpoint's state file", "give the graph; a checkpoint goes with --checkpoint"},
    };
    size_t at = 0;

    while (at < size && (data[at] <= ' ' || data[at] == '#')) {
        if (data[at] == '#')
            while (at < size && data[at] != '\n')
                at++;
        else
            at++;
    }
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        size_t length = strlen(fields[i].field);
        if (size - at > length && memcmp(data + at, fields[i].field, length) == 0) {
            *out_mend = fields[i].mend;
            return fields[i].what;
        }
    }
    return NULL;
}

stepc_code graph_read(stepc_graph *graph, const char *name, const uint8_t *data, size_t size, const message **out,
                      stepc_error *error)
{
    const char *mend = "";
    const char *what = size > 0 ? foreign_format(data, size, &mend) : NULL;
    message *graph_def;

    bool is_text = content_is_text(data, size);
    if (what == NULL)
        what = is_text ? foreign_text(data, size, &mend) : foreign_message(data, size, &mend);
    if (what != NULL)
        return looks_like(name, what, mend, error);
    stepc_code code =
        is_text ? message_read_text(&graph->host, &graph->memory, &message_graph_def, name, (const char *)data, size,
                                    &graph_def, error)
                : message_read_binary(&graph->host, &graph->memory, &message_graph_def, name, data, size, &graph_def, error);
    *out = code == STEPC_OK ? graph_def : NULL;
    return code;
}

static stepc_code read_content(stepc_graph *graph, const uint8_t *data, size_t size, stepc_error *error)
{
    const message *graph_def;

    if (size == 0) {
        error_set(error, STEPC_INVALID_ARGUMENT, "no nodes: the file is empty");
        return error_at_file(error, graph->name.data, 0);
    }
    stepc_code code = graph_read(graph, graph->name.data, data, size, &graph_def, error);
    return code == STEPC_OK ? graph_import(graph, graph_def, error) : code;
}

/* Hands over GRAPH or frees it, as CODE says. */
static stepc_code finish(stepc_code code, stepc_graph *graph, stepc_graph **out)
{
    if (code == STEPC_OK)
        *out = graph;
    else
        stepc_graph_release(graph);
    return code;
}

stepc_code stepc_graph_load(const char *path, const stepc_load_options *options, stepc_graph **out, stepc_error *error)
{
    stepc_error scratch;
    stepc_graph *graph;

    error = error_or(error, &scratch);
    if (out != NULL)
        *out = NULL;
    if (path == NULL || out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "path and out must not be NULL");
    stepc_code code = graph_new(options != NULL ? options->host : NULL, path, &graph, error);
    if (code != STEPC_OK)
        return code;
    code = file_read(&graph->host, path, &graph->file, error);
    if (code == STEPC_OK)
        code = read_content(graph, graph->file.data, graph->file.size, error);
    return finish(code, graph, out);
}

stepc_code stepc_graph_parse(const char *name, const void *data, size_t bytes, const stepc_load_options *options,
                             stepc_graph **out, stepc_error *error)
{
    stepc_error scratch;
    stepc_graph *graph;

    error = error_or(error, &scratch);
    if (out != NULL)
        *out = NULL;
    if (out == NULL || (data == NULL && bytes > 0))
        return error_set(error, STEPC_INVALID_ARGUMENT, "data and out must not be NULL");
    stepc_code code = graph_new(options != NULL ? options->host : NULL, name != NULL ? name : "", &graph, error);
    if (code != STEPC_OK)
        return code;
    if (bytes > (uint64_t)graph->host.limits.file_bytes)
        return finish(error_limit(error, "file_bytes", graph->host.limits.file_bytes, (int64_t)bytes), graph, out);
    uint8_t *copy = arena_aligned(&graph->memory, bytes, 64);
    if (copy == NULL)
        return finish(error_out_of_memory(error, "copying a graph"), graph, out);
    if (bytes > 0)
        memcpy(copy, data, bytes);
    return finish(read_content(graph, copy, bytes, error), graph, out);
}

/* ---- getters --------------------------------------------------------------------------------- */

int64_t stepc_graph_operation_count(const stepc_graph *graph)
{
    if (graph == NULL)
        return 0;
    graph_lock_read(graph);
    int64_t count = graph->operation_count;
    graph_unlock(graph);
    return count;
}

const stepc_operation *stepc_graph_operation_at(const stepc_graph *graph, int64_t index)
{
    if (graph == NULL)
        return NULL;
    graph_lock_read(graph);
    const stepc_operation *op = index >= 0 && index < graph->operation_count ? graph->operations[index] : NULL;
    graph_unlock(graph);
    return op;
}

const char *stepc_operation_name(const stepc_operation *op)
{
    return op != NULL ? op->name.data : "";
}

const char *stepc_operation_type(const stepc_operation *op)
{
    return op != NULL ? op->type.data : "";
}

const char *stepc_operation_device(const stepc_operation *op)
{
    return op != NULL ? op->device.data : "";
}

int32_t stepc_operation_input_count(const stepc_operation *op)
{
    return op != NULL ? op->input_count : 0;
}

stepc_output stepc_operation_input(const stepc_operation *op, int32_t index)
{
    return op != NULL && index >= 0 && index < op->input_count ? op->inputs[index] : (stepc_output){NULL, 0};
}

int32_t stepc_operation_output_count(const stepc_operation *op)
{
    return op != NULL ? op->output_count : 0;
}

stepc_dtype stepc_operation_output_dtype(const stepc_operation *op, int32_t index)
{
    return op != NULL && index >= 0 && index < op->output_count ? (stepc_dtype)op->output_dtypes[index]
                                                                : STEPC_DTYPE_INVALID;
}

const attr_value *operation_attr(const stepc_operation *op, const char *name)
{
    stepc_string wanted = text_view(name);

    for (int32_t i = 0; i < op->attr_count; i++)
        if (text_equal(op->attrs[i].name, wanted))
            return &op->attrs[i];
    return NULL;
}

/* The attribute when it is a single value of KIND; NULL otherwise. */
static const attr_value *single_attr(const stepc_operation *op, const char *name, attr_kind kind)
{
    const attr_value *value = operation_attr(op, name);

    return value != NULL && value->kind == kind && !value->is_list ? value : NULL;
}

int64_t operation_int(const stepc_operation *op, const char *name, int64_t otherwise)
{
    const attr_value *value = single_attr(op, name, ATTR_INT);

    return value != NULL ? value->as.i : otherwise;
}

bool operation_bool(const stepc_operation *op, const char *name, bool otherwise)
{
    const attr_value *value = single_attr(op, name, ATTR_BOOL);

    return value != NULL ? value->as.b : otherwise;
}

float operation_float(const stepc_operation *op, const char *name, float otherwise)
{
    const attr_value *value = single_attr(op, name, ATTR_FLOAT);

    return value != NULL ? value->as.f : otherwise;
}

stepc_string operation_string(const stepc_operation *op, const char *name)
{
    const attr_value *value = single_attr(op, name, ATTR_STRING);

    return value != NULL ? value->as.s : (stepc_string){"", 0};
}

stepc_dtype operation_type(const stepc_operation *op, const char *name)
{
    const attr_value *value = single_attr(op, name, ATTR_TYPE);

    return value != NULL ? dtype_base((stepc_dtype)value->as.type) : STEPC_DTYPE_INVALID;
}
