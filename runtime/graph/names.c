/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/graph/import.h"

#include <string.h>

int32_t name_set_find(const name_set *set, stepc_string name)
{
    if (set->slot_count == 0)
        return -1;
    size_t mask = set->slot_count - 1;
    for (size_t i = (size_t)text_hash(name) & mask; set->slots[i] >= 0; i = (i + 1) & mask)
        if (text_equal(set->names[set->slots[i]], name))
            return set->slots[i];
    return -1;
}

static bool name_set_rehash(arena *memory, name_set *set, size_t slot_count)
{
    int32_t *slots = ARENA_ARRAY(memory, int32_t, slot_count);

    if (slots == NULL)
        return false;
    for (size_t i = 0; i < slot_count; i++)
        slots[i] = -1;
    for (size_t k = 0; k < set->count; k++) {
        size_t i = (size_t)text_hash(set->names[k]) & (slot_count - 1);
        while (slots[i] >= 0)
            i = (i + 1) & (slot_count - 1);
        slots[i] = (int32_t)k;
    }
    set->slots = slots;
    set->slot_count = slot_count;
    return true;
}

int32_t name_set_add(arena *memory, name_set *set, stepc_string name)
{
    int32_t found = name_set_find(set, name);

    if (found >= 0)
        return found;
    if (set->count >= INT32_MAX)
        return -1;
    stepc_string *names = arena_grow(memory, set->names, &set->capacity, set->count + 1, sizeof(*names));
    if (names == NULL)
        return -1;
    set->names = names;
    set->names[set->count++] = name;
    if (set->count * 2 > set->slot_count) {
        if (!name_set_rehash(memory, set, set->slot_count == 0 ? 16 : set->slot_count * 2))
            return -1;
    } else {
        size_t i = (size_t)text_hash(name) & (set->slot_count - 1);
        while (set->slots[i] >= 0)
            i = (i + 1) & (set->slot_count - 1);
        set->slots[i] = (int32_t)(set->count - 1);
    }
    return (int32_t)(set->count - 1);
}

void name_set_truncate(name_set *set, const name_set *before)
{
    *set = *before;
    for (size_t i = 0; i < set->slot_count; i++)
        set->slots[i] = -1;
    for (size_t k = 0; k < set->count; k++) {
        size_t i = (size_t)text_hash(set->names[k]) & (set->slot_count - 1);
        while (set->slots[i] >= 0)
            i = (i + 1) & (set->slot_count - 1);
        set->slots[i] = (int32_t)k;
    }
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool node_name_is_valid(stepc_string name, bool internal)
{
    if (name.size == 0)
        return false;
    char first = name.data[0];
    if (!is_letter_or_digit(first) && first != '.' && !(internal && first == '_'))
        return false;
    for (size_t i = 1; i < name.size; i++) {
        char c = name.data[i];
        if (!is_letter_or_digit(c) && c != '_' && c != '>' && c != '.' && c != '/' && c != '-')
            return false;
    }
    return true;
}

bool tensor_name_split(stepc_string name, stepc_string *op, int32_t *index, bool *has_index)
{
    size_t digits = 0;

    if (name.size == 0 || name.data[0] == '^')
        return false;
    while (digits < name.size && name.data[name.size - 1 - digits] >= '0' && name.data[name.size - 1 - digits] <= '9')
        digits++;
    if (digits == 0 && name.data[name.size - 1] == ':')
        return false;
    *op = name;
    *index = 0;
    *has_index = false;
    if (digits == 0 || digits == name.size || name.data[name.size - 1 - digits] != ':')
        return true;
    int64_t value;
    if (!parse_i64(name.data + name.size - digits, digits, &value) || value > INT32_MAX)
        return false;
    op->size = name.size - digits - 1;
    *index = (int32_t)value;
    *has_index = true;
    return op->size > 0;
}

const stepc_operation *graph_find(const stepc_graph *graph, stepc_string name)
{
    if (graph->name_table_size == 0)
        return NULL;
    size_t mask = graph->name_table_size - 1;
    for (size_t i = (size_t)text_hash(name) & mask; graph->name_table[i] >= 0; i = (i + 1) & mask) {
        const stepc_operation *op = graph->operations[graph->name_table[i]];
        if (text_equal(op->name, name))
            return op;
    }
    return NULL;
}

const stepc_operation *stepc_graph_find(const stepc_graph *graph, const char *name)
{
    if (graph == NULL || name == NULL)
        return NULL;
    graph_lock_read(graph);
    const stepc_operation *op = graph_find(graph, text_view(name));
    graph_unlock(graph);
    return op;
}

stepc_code stepc_graph_find_output(const stepc_graph *graph, const char *name, stepc_output *out, stepc_error *error)
{
    stepc_string op_name;
    int32_t index;
    bool has_index;

    if (out != NULL)
        *out = (stepc_output){NULL, 0};
    if (graph == NULL || name == NULL || out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "graph, name and out must not be NULL");
    if (!tensor_name_split(text_view(name), &op_name, &index, &has_index) ||
        memchr(op_name.data, ':', op_name.size) != NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "The name '%s' looks a like a Tensor name, but is not a valid one. Tensor names must be of the "
                         "form \"<op_name>:<output_index>\".",
                         name);
    graph_lock_read(graph);
    const stepc_operation *op = graph_find(graph, op_name);
    graph_unlock(graph);
    if (op == NULL && !has_index)
        return error_set(error, STEPC_NOT_FOUND, "The name '%s' refers to an Operation not in the graph.", name);
    if (op == NULL)
        return error_set(error, STEPC_NOT_FOUND,
                         "The name '%s' refers to a Tensor which does not exist. The operation, '%.*s', does not exist in "
                         "the graph.",
                         name, (int)op_name.size, op_name.data);
    if (index >= op->output_count) {
        error_set(error, STEPC_INVALID_ARGUMENT,
                  "The name '%s' refers to a Tensor which does not exist. The operation, '%s', exists but only has %d "
                  "outputs.",
                  name, op->name.data, (int)op->output_count);
        error_at_node(error, op->name.data, op->type.data, NULL);
        return STEPC_INVALID_ARGUMENT;
    }
    *out = (stepc_output){op, index};
    return STEPC_OK;
}
