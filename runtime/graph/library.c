/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that a graph brings along, which its operations may call like operators. */
#include "runtime/graph/import.h"

#include <string.h>

static function_library *library_of(stepc_graph *graph)
{
    if (graph->library == NULL)
        graph->library = ARENA_NEW(&graph->memory, function_library);
    return graph->library;
}

/* The entry of NAME, made when new; NULL when out of memory. */
static library_function *entry_of(stepc_graph *graph, stepc_string name, bool *out_is_new)
{
    function_library *library = library_of(graph);

    if (library == NULL)
        return NULL;
    size_t before = library->names.count;
    library_function *grown =
        arena_grow(&graph->memory, library->functions, &library->capacity, before + 1, sizeof(*grown));
    if (grown == NULL)
        return NULL;
    library->functions = grown;
    int32_t index = name_set_add(&graph->memory, &library->names, name);
    if (index < 0)
        return NULL;
    *out_is_new = library->names.count > before;
    if (*out_is_new)
        grown[index] = (library_function){0};
    return &grown[index];
}

stepc_code messages_compare(const stepc_host *host, const message *a, const message *b, bool *same, stepc_error *error)
{
    text left, right;

    text_init(&left, host);
    text_init(&right, host);
    stepc_code code = message_write_binary(host, a, &left, error);
    if (code == STEPC_OK)
        code = message_write_binary(host, b, &right, error);
    *same = code == STEPC_OK && left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
    text_release(&left);
    text_release(&right);
    return code;
}

static stepc_code read_function(stepc_graph *graph, const message *definition, bool added, stepc_error *error)
{
    const message_value *signature = message_get(definition, "signature");
    stepc_string name = signature != NULL ? message_string(signature->child, "name") : (stepc_string){"", 0};
    bool is_new;

    if (name.size == 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "a function of the library has no name");
    library_function *f = entry_of(graph, name, &is_new);
    if (f == NULL)
        return error_out_of_memory(error, "importing a graph");
    int shown = (int)(name.size < 128 ? name.size : 128);
    if (!is_new && !added)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Function '%.*s' stands in the library twice", shown,
                         name.data);
    bool same = is_new;
    if (!is_new && f->definition != NULL) {
        stepc_code code = messages_compare(&graph->host, f->definition, definition, &same, error);
        if (code != STEPC_OK)
            return code;
    }
    if (!same)
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "Cannot add function '%.*s' because a different function with the same name already exists.",
                         shown, name.data);
    if (is_new)
        *f = (library_function){.signature = signature->child, .definition = definition, .added = added};
    return STEPC_OK;
}

stepc_code library_read(stepc_graph *graph, const message *graph_def, bool added, stepc_error *error)
{
    const message_value *library = message_get(graph_def, "library");
    const message *functions = library != NULL ? library->child : NULL;

    for (const message_value *v = message_next(functions, "function", NULL); v != NULL;
         v = message_next(functions, "function", v)) {
        stepc_code code = read_function(graph, v->child, added, error);
        if (code != STEPC_OK)
            return code;
    }
    for (const message_value *v = message_next(graph->op_list, "op", NULL); v != NULL && !added;
         v = message_next(graph->op_list, "op", v)) {
        bool is_new;
        library_function *f = entry_of(graph, message_string(v->child, "name"), &is_new);
        if (f == NULL)
            return error_out_of_memory(error, "importing a graph");
        if (f->signature == NULL)
            f->signature = v->child;
    }
    return STEPC_OK;
}

stepc_code library_find(stepc_graph *graph, stepc_string name, const library_function **out, stepc_error *error)
{
    int32_t index = graph->library != NULL ? name_set_find(&graph->library->names, name) : -1;

    *out = NULL;
    if (index < 0)
        return STEPC_OK;
    library_function *f = &graph->library->functions[index];
    *out = f;
    if (f->schema != NULL)
        return STEPC_OK;
    const op_def *schema;
    stepc_code code = signature_schema(graph, f->signature, &schema, &f->defaults, error);
    if (code == STEPC_OK) {
        f->schema = schema;
        f->made_at = graph->operation_count;
    }
    return code;
}
