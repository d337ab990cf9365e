/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/session/endpoints.h"

bool endpoint_table_make(endpoint_table *table, arena *memory, size_t count)
{
    table->items = ARENA_ARRAY(memory, endpoint, count);
    table->count = count;
    return table->items != NULL;
}

/* Numbers differ, so no two items are equal and any sort gives the same order. */
static bool before(const endpoint *a, const endpoint *b)
{
    if (a->op != b->op)
        return a->op < b->op;
    if (a->index != b->index)
        return a->index < b->index;
    return a->number < b->number;
}

static void swap(endpoint *a, endpoint *b)
{
    endpoint held = *a;
    *a = *b;
    *b = held;
}

/* Lets item ROOT sink to its place in the heap of the first COUNT items. */
static void sink(endpoint *items, size_t root, size_t count)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && before(&items[child], &items[child + 1]))
            child++;
        if (!before(&items[root], &items[child]))
            return;
        swap(&items[root], &items[child]);
    }
}

/* A heap sort: in place, and no input makes it slow. */
void endpoint_table_sort(endpoint_table *table)
{
    for (size_t root = table->count / 2; root-- > 0;)
        sink(table->items, root, table->count);
    for (size_t count = table->count; count > 1;) {
        count--;
        swap(&table->items[0], &table->items[count]);
        sink(table->items, 0, count);
    }
}

int32_t endpoint_table_find(const endpoint_table *table, int32_t op, int32_t index)
{
    const endpoint wanted = {op, index, INT32_MIN};
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (before(&table->items[middle], &wanted))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == table->count || table->items[low].op != op || table->items[low].index != index)
        return -1;
    return table->items[low].number;
}
