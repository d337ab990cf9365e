/* SPDX-License-Identifier: Apache-2.0 */
/* From (operation, output) to a number: a sorted table, small where few outputs of a large graph matter. */
#ifndef RUNTIME_SESSION_ENDPOINTS_H
#define RUNTIME_SESSION_ENDPOINTS_H

#include "runtime/core/arena.h"

typedef struct endpoint {
    int32_t op, index; /* index -1: the operation itself */
    int32_t number;
} endpoint;

/* To be filled with COUNT items, then sorted. */
typedef struct endpoint_table {
    endpoint *items;
    size_t count;
} endpoint_table;

bool endpoint_table_make(endpoint_table *table, arena *memory, size_t count); /* false: out of memory */
void endpoint_table_sort(endpoint_table *table);
/* The lowest number of that endpoint, or -1. */
int32_t endpoint_table_find(const endpoint_table *table, int32_t op, int32_t index);

#endif
