/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of what the caller of a step gave, with TensorFlow's codes and texts. */
#ifndef RUNTIME_SESSION_REQUEST_H
#define RUNTIME_SESSION_REQUEST_H

#include "runtime/session/plan.h"
#include "stepc/session.h"

/* Which feed stands for an output: feeds of one operation are chained. */
typedef struct feed_table {
    int32_t *head; /* per operation of the graph: its last feed, or -1 */
    int32_t *next; /* per feed */
} feed_table;

/* Fills TABLE (head and next already allocated) and checks feeds, fetches and targets in
 * TensorFlow's order. */
stepc_code request_check(const stepc_graph *graph, const step_request *request, feed_table *table, stepc_error *error);
/* Number of the feed that stands for AT, or -1. */
int32_t feed_table_find(const feed_table *table, const step_request *request, stepc_output at);
/* Checks dtypes, sizes and alignment of the fed values. */
stepc_code request_check_values(const stepc_feed *feeds, size_t count, stepc_error *error);
/* Refuses buffers for fetches that are not aligned to their elements, or overlap a fed value or each other. */
stepc_code request_check_buffers(const stepc_feed *feeds, size_t feed_count, const stepc_fetch *fetches, size_t fetch_count,
                                 stepc_error *error);

#endif
