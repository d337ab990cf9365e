/* SPDX-License-Identifier: Apache-2.0 */
/* Graph to GraphDef. What was read is written from the tree that the graph keeps, so that
 * nothing is lost or added; what was built or imported later is written from its operations. */
#include "runtime/graph/import.h"

#include <string.h>

typedef struct graph_writer {
    arena *memory;
    const stepc_graph *graph;
} graph_writer;

static uint64_t float_bits(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static bool add_bits(graph_writer *w, message *to, const char *field, uint64_t bits)
{
    return message_add_int(w->memory, to, field, (int64_t)bits);
}

static bool add_child(graph_writer *w, message *to, const char *field, const message *child)
{
    message_value *value = message_add(w->memory, to, field);

    if (value == NULL)
        return false;
    value->child = (message *)(uintptr_t)child; /* shared, and only read from here on */
    return true;
}

static bool add_shape(graph_writer *w, message *to, const char *field, const attr_shape *shape)
{
    message_value *value = message_add(w->memory, to, field);

    if (value == NULL)
        return false;
    if (shape->unknown_rank)
        return message_add_int(w->memory, value->child, "unknown_rank", 1);
    for (int32_t i = 0; i < shape->rank; i++) {
        message_value *dim = message_add(w->memory, value->child, "dim");
        if (dim == NULL || !message_add_int(w->memory, dim->child, "size", shape->dims[i]))
            return false;
    }
    return true;
}

static bool add_list_item(graph_writer *w, message *list, const attr_value *a, size_t i)
{
    switch (a->kind) {
    case ATTR_STRING: return message_add_string(w->memory, list, "s", a->as.s_list[i]);
    case ATTR_INT: return message_add_int(w->memory, list, "i", a->as.i_list[i]);
    case ATTR_FLOAT: return add_bits(w, list, "f", float_bits(a->as.f_list[i]));
    case ATTR_BOOL: return message_add_int(w->memory, list, "b", a->as.b_list[i]);
    case ATTR_TYPE: return message_add_int(w->memory, list, "type", a->as.type_list[i]);
    case ATTR_SHAPE: return add_shape(w, list, "shape", &a->as.shape_list[i]);
    case ATTR_TENSOR: return add_child(w, list, "tensor", a->as.tensor_list[i]);
    case ATTR_FUNCTION: return add_child(w, list, "func", a->as.function_list[i]);
    case ATTR_PLACEHOLDER:
    case ATTR_NONE: break;
    }
    return true;
}

static bool fill_value(graph_writer *w, message *to, const attr_value *a)
{
    if (a->is_list) {
        message_value *list = message_add(w->memory, to, "list");
        bool done = list != NULL;
        for (size_t i = 0; i < a->count && done; i++)
            done = add_list_item(w, list->child, a, i);
        return done;
    }
    switch (a->kind) {
    case ATTR_STRING: return message_add_string(w->memory, to, "s", a->as.s);
    case ATTR_PLACEHOLDER: return message_add_string(w->memory, to, "placeholder", a->as.s);
    case ATTR_INT: return message_add_int(w->memory, to, "i", a->as.i);
    case ATTR_FLOAT: return add_bits(w, to, "f", float_bits(a->as.f));
    case ATTR_BOOL: return message_add_int(w->memory, to, "b", a->as.b);
    case ATTR_TYPE: return message_add_int(w->memory, to, "type", a->as.type);
    case ATTR_SHAPE: return add_shape(w, to, "shape", &a->as.shape);
    case ATTR_TENSOR: return add_child(w, to, "tensor", a->as.tensor);
    case ATTR_FUNCTION: return add_child(w, to, "func", a->as.function);
    case ATTR_NONE: break;
    }
    return true;
}

static bool add_attr(graph_writer *w, message *node, const attr_value *a)
{
    message_value *entry = message_add(w->memory, node, "attr");

    if (entry == NULL || !message_add_string(w->memory, entry->child, "key", a->name))
        return false;
    message_value *value = message_add(w->memory, entry->child, "value");
    if (value == NULL)
        return false;
    if (a->source != NULL) {
        value->child = (message *)(uintptr_t)a->source;
        return true;
    }
    return fill_value(w, value->child, a);
}

static bool add_input(graph_writer *w, message *node, const char *before, stepc_string name, int32_t index)
{
    char *spelled = index > 0 ? arena_format(w->memory, "%s%s:%d", before, name.data, (int)index)
                              : arena_format(w->memory, "%s%s", before, name.data);

    return spelled != NULL && message_add_string(w->memory, node, "input", text_view(spelled));
}

/* DEVICE is written in place of the operation's. */
static bool add_node_on(graph_writer *w, message *graph_def, const stepc_operation *op, stepc_string device)
{
    message_value *node = message_add(w->memory, graph_def, "node");
    bool done = node != NULL && message_add_string(w->memory, node->child, "name", op->name) &&
                message_add_string(w->memory, node->child, "op", op->type);

    for (int32_t i = 0; i < op->input_count && done; i++)
        done = add_input(w, node->child, "", op->inputs[i].op->name, op->inputs[i].index);
    for (int32_t i = 0; i < op->control_count && done; i++)
        done = add_input(w, node->child, "^", op->controls[i]->name, 0);
    if (done && device.size > 0)
        done = message_add_string(w->memory, node->child, "device", device);
    for (int32_t i = 0; i < op->attr_count && done; i++)
        done = op->attrs[i].from_default || add_attr(w, node->child, &op->attrs[i]);
    return done;
}

static bool add_node(graph_writer *w, message *graph_def, const stepc_operation *op)
{
    return add_node_on(w, graph_def, op, op->device);
}

/* The operations that the tree which was read does not hold. */
static bool add_later_nodes(graph_writer *w, message *graph_def)
{
    const stepc_graph *graph = w->graph;
    bool done = true;

    for (int32_t i = graph->source != NULL ? graph->read_count : 0; i < graph->operation_count && done; i++)
        done = add_node(w, graph_def, graph->operations[i]);
    return done;
}

static bool has_later_functions(const stepc_graph *graph)
{
    bool found = false;

    for (size_t i = 0; graph->library != NULL && i < graph->library->names.count && !found; i++)
        found = graph->library->functions[i].added;
    return found;
}

/* The library as it was read, if any, and the functions that were added. */
static bool add_library(graph_writer *w, message *graph_def, const message *before)
{
    const function_library *library = w->graph->library;
    bool adds = has_later_functions(w->graph);

    if (before == NULL && !adds)
        return true;
    if (!adds)
        return add_child(w, graph_def, "library", before);
    message_value *to = message_add(w->memory, graph_def, "library");
    bool done = to != NULL;
    for (const message_value *v = before != NULL ? before->first : NULL; v != NULL && done; v = v->next)
        done = add_child(w, to->child, v->field->name, v->child);
    for (size_t i = 0; i < library->names.count && done; i++)
        if (library->functions[i].added)
            done = add_child(w, to->child, "function", library->functions[i].definition);
    return done;
}

static bool add_versions(graph_writer *w, message *graph_def, const message *before)
{
    const stepc_graph *graph = w->graph;

    if (before != NULL && message_int(before, "producer", 0) == graph->producer &&
        message_int(before, "min_consumer", 0) == graph->min_consumer)
        return add_child(w, graph_def, "versions", before);
    message_value *versions = message_add(w->memory, graph_def, "versions");
    return versions != NULL && message_add_int(w->memory, versions->child, "producer", graph->producer) &&
           (graph->min_consumer == 0 ||
            message_add_int(w->memory, versions->child, "min_consumer", graph->min_consumer));
}

static message *build_graph_def(graph_writer *w)
{
    const message *source = w->graph->source;
    message *graph_def = message_new(w->memory, &message_graph_def);
    const message_value *library = source != NULL ? message_get(source, "library") : NULL;
    const message_value *versions = source != NULL ? message_get(source, "versions") : NULL;
    bool done = graph_def != NULL;

    for (const message_value *v = message_next(source, "node", NULL); v != NULL && done;
         v = message_next(source, "node", v))
        done = add_child(w, graph_def, "node", v->child);
    done = done && add_later_nodes(w, graph_def) &&
           add_library(w, graph_def, library != NULL ? library->child : NULL) &&
           add_versions(w, graph_def, versions != NULL ? versions->child : NULL);
    return done ? graph_def : NULL;
}

/* True when the tree that was read is the graph still. */
static bool is_as_read(const stepc_graph *graph)
{
    return graph->source != NULL && graph->operation_count == graph->read_count && !has_later_functions(graph);
}

stepc_code graph_write_part(const stepc_operation *const *operations, size_t count, stepc_string device, text *out,
                            stepc_error *error)
{
    const stepc_graph *graph = operations[0]->graph;
    arena scratch;

    arena_init(&scratch, &graph->host);
    graph_writer w = {&scratch, graph};
    message *graph_def = message_new(&scratch, &message_graph_def);
    bool done = graph_def != NULL;
    for (size_t i = 0; i < count && done; i++)
        done = add_node_on(&w, graph_def, operations[i], device);
    done = done && add_versions(&w, graph_def, NULL);
    stepc_code code = done ? message_write_binary(&graph->host, graph_def, out, error)
                           : error_out_of_memory(error, "writing a graph");
    arena_release(&scratch);
    return code;
}

stepc_code stepc_graph_write(const stepc_graph *graph, stepc_graph_format format, void **out_data, size_t *out_bytes,
                             stepc_error *error)
{
    stepc_error unread;
    arena scratch;
    text out;

    error = error_or(error, &unread);
    if (out_data != NULL)
        *out_data = NULL;
    if (out_bytes != NULL)
        *out_bytes = 0;
    if (graph == NULL || out_data == NULL || out_bytes == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "graph and out must not be NULL");
    arena_init(&scratch, &graph->host);
    text_init(&out, &graph->host);
    graph_writer w = {&scratch, graph};
    graph_lock_read(graph);
    const message *tree = is_as_read(graph) ? graph->source : build_graph_def(&w);
    stepc_code code;
    if (tree == NULL)
        code = error_out_of_memory(error, "writing a graph");
    else if (format == STEPC_GRAPH_BINARY)
        code = message_write_binary(&graph->host, tree, &out, error);
    else if (format == STEPC_GRAPH_TEXT)
        code = message_write_text(&graph->host, tree, &out, error);
    else
        code = error_set(error, STEPC_INVALID_ARGUMENT, "unknown graph format %d", (int)format);
    graph_unlock(graph);
    if (code == STEPC_OK) {
        char *copy = host_alloc(&graph->host, out.size + 1); /* one more, so that text ends with NUL */
        if (copy == NULL) {
            code = error_out_of_memory(error, "writing a graph");
        } else {
            memcpy(copy, out.data, out.size);
            copy[out.size] = '\0';
            *out_data = copy;
            *out_bytes = out.size;
        }
    }
    text_release(&out);
    arena_release(&scratch);
    return code;
}

void stepc_graph_text_free(const stepc_graph *graph, void *data, size_t bytes)
{
    if (graph != NULL && data != NULL)
        host_free(&graph->host, data, bytes + 1);
}
