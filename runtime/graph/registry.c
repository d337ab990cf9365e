/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/graph/registry.h"

#include "registry_table.h"

#include <string.h>

size_t op_def_count(void)
{
    return sizeof(registry_table) / sizeof(registry_table[0]);
}

const op_def *op_def_at(size_t index)
{
    return index < op_def_count() ? &registry_table[index] : NULL;
}

static int compare_names(stepc_string a, const char *b)
{
    size_t b_size = strlen(b);
    int order = memcmp(a.data, b, a.size < b_size ? a.size : b_size);

    if (order != 0)
        return order;
    return (a.size > b_size) - (a.size < b_size);
}

const op_def *op_def_find(stepc_string name)
{
    size_t low = 0;
    size_t high = op_def_count();

    if (name.size == 0)
        return NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_names(name, registry_table[middle].name);
        if (order == 0)
            return &registry_table[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

int32_t op_def_attr(const op_def *def, stepc_string name)
{
    if (name.size == 0)
        return -1;
    for (int32_t i = 0; i < def->attr_count; i++)
        if (compare_names(name, def->attrs[i].name) == 0)
            return i;
    return -1;
}
