/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/conformance/conformance.h"

#include <stdlib.h>
#include <string.h>

static size_t slot_of(const operation_set *set, const stepc_operation *op)
{
    size_t i = ((size_t)(uintptr_t)op / 16) * 2654435761u % set->table_size;
    while (set->table[i] != 0 && set->items[set->table[i] - 1] != op)
        i = (i + 1) % set->table_size;
    return i;
}

bool set_has(const operation_set *set, const stepc_operation *op)
{
    return set->table_size > 0 && set->table[slot_of(set, op)] != 0;
}

static void grow(operation_set *set)
{
    set->capacity = set->capacity == 0 ? 64 : set->capacity * 2;
    set->items = realloc(set->items, set->capacity * sizeof *set->items);
    free(set->table);
    set->table_size = set->capacity * 2 + 1;
    set->table = calloc(set->table_size, sizeof *set->table);
    if (set->items == NULL || set->table == NULL)
        abort();
    for (size_t i = 0; i < set->count; i++)
        set->table[slot_of(set, set->items[i])] = i + 1;
}

bool set_add(operation_set *set, const stepc_operation *op)
{
    if (set->count == set->capacity)
        grow(set);
    size_t slot = slot_of(set, op);
    if (set->table[slot] != 0)
        return false;
    set->items[set->count++] = op;
    set->table[slot] = set->count;
    return true;
}

void set_free(operation_set *set)
{
    free(set->items);
    free(set->table);
    memset(set, 0, sizeof *set);
}

void walk_inputs(operation_set *set, follow_fn follow, void *context)
{
    /* The set is its own queue: what is added behind is visited later. */
    for (size_t i = 0; i < set->count; i++) {
        const stepc_operation *op = set->items[i];
        for (int32_t j = 0; j < stepc_operation_input_count(op); j++)
            if (follow(context, op, j))
                set_add(set, stepc_operation_input(op, j).op);
    }
}
