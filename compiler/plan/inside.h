/* SPDX-License-Identifier: Apache-2.0 */
/* The planner's inside: intervals in, offsets out. The checker includes nothing of this. */
#ifndef COMPILER_PLAN_INSIDE_H
#define COMPILER_PLAN_INSIDE_H

#include "runtime/core/arena.h"

#include <stdbool.h>

/* Bytes that are alive from statement FIRST to LAST, both included. */
typedef struct plan_item {
    int32_t first, last;
    int64_t bytes;  /* a multiple of the alignment */
    int64_t offset; /* result */
} plan_item;

/* Gives every item an offset so that items alive together do not overlap. Returns the total,
 * -1 when out of memory; *ORDER names the sort key that won. */
int64_t plan_pack(arena *scratch, plan_item *items, int32_t count, const char **order);
/* The largest sum of sizes that are alive at one statement. */
int64_t plan_largest_live_set(arena *scratch, const plan_item *items, int32_t count);

#endif
