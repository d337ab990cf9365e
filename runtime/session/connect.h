/* SPDX-License-Identifier: Apache-2.0 */
/* Tensor connections of a callable: whoever reads TO reads FROM. */
#ifndef RUNTIME_SESSION_CONNECT_H
#define RUNTIME_SESSION_CONNECT_H

#include "runtime/session/request.h"

/* Checks the connections of REQUEST, whose feeds stand in FEEDS, with TensorFlow's texts: endpoints that are there, each fed
 * or connected once, no cycle. */
stepc_code connections_check(const stepc_graph *graph, const step_request *request, const feed_table *feeds,
                             arena *scratch, stepc_error *error);
/* What a reader of AT reads. */
stepc_output connection_source(const step_request *request, stepc_output at);
bool connections_equal(const step_request *a, const step_request *b);

#endif
