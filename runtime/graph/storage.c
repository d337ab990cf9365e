/* SPDX-License-Identifier: Apache-2.0 */
/* Where a growing graph keeps its operations and names, and how a change that fails is taken back. */
#include "runtime/core/checked.h"
#include "runtime/graph/import.h"

#include <stdio.h>
#include <string.h>

/* ---- operations and names -------------------------------------------------------------------- */

static bool grow_table(stepc_graph *graph, size_t needed)
{
    size_t size = graph->name_table_size < 16 ? 16 : graph->name_table_size;

    if (graph->name_table_size > 0 && needed * 2 <= graph->name_table_size)
        return true;
    while (size < needed * 2)
        size *= 2;
    int32_t *table = ARENA_ARRAY(&graph->memory, int32_t, size);
    if (table == NULL)
        return false;
    for (size_t i = 0; i < size; i++)
        table[i] = -1;
    graph->name_table = table;
    graph->name_table_size = size;
    for (int32_t i = 0; i < graph->operation_count; i++)
        graph_add_name(graph, i);
    return true;
}

bool graph_reserve(stepc_graph *graph, size_t count)
{
    size_t needed = (size_t)graph->operation_count + count;
    size_t capacity = graph->operation_capacity;

    if (needed > INT32_MAX / 4)
        return false;
    /* A first load takes just what it needs. */
    if (capacity == 0)
        capacity = needed;
    while (capacity < needed)
        capacity = capacity < 8 ? 8 : capacity * 2;
    if (capacity > graph->operation_capacity) {
        stepc_operation **grown = ARENA_ARRAY(&graph->memory, stepc_operation *, capacity);
        if (grown == NULL)
            return false;
        if (graph->operation_count > 0)
            memcpy(grown, graph->operations, (size_t)graph->operation_count * sizeof(*grown));
        graph->operations = grown;
        graph->operation_capacity = capacity;
    }
    return count == 0 || grow_table(graph, needed);
}

const stepc_operation *graph_add_name(stepc_graph *graph, int32_t index)
{
    const stepc_operation *op = graph->operations[index];
    size_t mask = graph->name_table_size - 1;
    size_t i = (size_t)text_hash(op->name) & mask;

    for (; graph->name_table[i] >= 0; i = (i + 1) & mask) {
        const stepc_operation *other = graph->operations[graph->name_table[i]];
        if (text_equal(other->name, op->name))
            return other;
    }
    graph->name_table[i] = index;
    return NULL;
}

void graph_show(stepc_graph *graph, int32_t first)
{
    for (int32_t i = first; i < graph->operation_count; i++)
        graph_add_name(graph, i);
}

/* ---- unique names ---------------------------------------------------------------------------- */

static bool is_taken(const stepc_graph *graph, stepc_string name, const name_set *avoid, size_t prefix_size)
{
    if (graph_find(graph, name) != NULL)
        return true;
    return avoid != NULL && name_set_find(avoid, (stepc_string){name.data + prefix_size, name.size - prefix_size}) >= 0;
}

bool graph_unique_name(const stepc_graph *graph, stepc_string name, const name_set *avoid, size_t prefix_size,
                       arena *memory, stepc_string *out, int32_t *out_number)
{
    enum { DIGITS = 16 };
    const unique_names *known = graph->unique;
    int32_t base = known != NULL ? name_set_find(&known->bases, name) : -1;
    int32_t number = base >= 0 ? known->next[base] : 1;

    *out = name;
    *out_number = 0;
    if (graph_find(graph, name) == NULL)
        return true;
    size_t size;
    char *room = checked_add_size(name.size, DIGITS, &size) ? arena_aligned(memory, size, 1) : NULL;
    if (room == NULL)
        return false;
    if (number < 1)
        number = 1;
    memcpy(room, name.data, name.size);
    for (;; number++) {
        int digits = snprintf(room + name.size, DIGITS, "_%d", (int)number);
        *out = (stepc_string){room, name.size + (size_t)digits};
        *out_number = number;
        if (!is_taken(graph, *out, avoid, prefix_size))
            return true;
    }
}

void graph_note_unique(stepc_graph *graph, stepc_string name, int32_t number)
{
    if (graph->unique == NULL)
        graph->unique = ARENA_NEW(&graph->memory, unique_names);
    unique_names *known = graph->unique;
    if (known == NULL)
        return; /* counting begins at 1 again, which is only slower */
    int32_t *grown =
        arena_grow(&graph->memory, known->next, &known->capacity, known->bases.count + 1, sizeof(*known->next));
    if (grown == NULL)
        return;
    known->next = grown;
    int32_t index = name_set_add(&graph->memory, &known->bases, name);
    if (index >= 0)
        known->next[index] = number + 1;
}

/* ---- all or nothing -------------------------------------------------------------------------- */

graph_mark graph_note(const stepc_graph *graph)
{
    return (graph_mark){.memory = arena_note(&graph->memory),
                        .operations = graph->operations,
                        .operation_capacity = graph->operation_capacity,
                        .operation_count = graph->operation_count,
                        .read_count = graph->read_count,
                        .producer = graph->producer,
                        .min_consumer = graph->min_consumer,
                        .edge_count = graph->edge_count,
                        .output_count = graph->output_count,
                        .source = graph->source,
                        .name_table = graph->name_table,
                        .name_table_size = graph->name_table_size,
                        .library = graph->library,
                        .library_content =
                            graph->library != NULL ? *graph->library : (function_library){.capacity = 0}};
}

void graph_return(stepc_graph *graph, const graph_mark *mark)
{
    graph->operations = mark->operations;
    graph->operation_capacity = mark->operation_capacity;
    graph->operation_count = mark->operation_count;
    graph->read_count = mark->read_count;
    graph->producer = mark->producer;
    graph->min_consumer = mark->min_consumer;
    graph->edge_count = mark->edge_count;
    graph->output_count = mark->output_count;
    graph->source = mark->source;
    graph->name_table = mark->name_table;
    graph->name_table_size = mark->name_table_size;
    graph->library = mark->library;
    if (mark->library != NULL) {
        function_library *library = mark->library;
        name_set_truncate(&library->names, &mark->library_content.names);
        library->functions = mark->library_content.functions;
        library->capacity = mark->library_content.capacity;
        /* Schemas that the change made lie in memory that is about to go. */
        for (size_t i = 0; i < library->names.count; i++)
            if (library->functions[i].made_at >= mark->operation_count)
                library->functions[i].schema = NULL;
    }
    arena_return(&graph->memory, mark->memory);
}
