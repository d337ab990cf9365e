/* SPDX-License-Identifier: Apache-2.0 */
/* Building one operation, inside view. */
#ifndef RUNTIME_GRAPH_BUILD_H
#define RUNTIME_GRAPH_BUILD_H

#include "runtime/graph/graph.h"

/* Says whether OP, which nobody sees yet, may join its graph. Called under the graph's lock for writing. */
typedef stepc_code (*operation_check)(stepc_graph *graph, const stepc_operation *op, stepc_error *error);

/* Finishes B by the schema, asks CHECK (NULL: nobody), and adds the operation. Frees B. On failure the graph is as it was. */
stepc_code builder_add(stepc_builder *b, operation_check check, const stepc_operation **out, stepc_error *error);

/* A view's elements as a TensorProto in MEMORY. */
stepc_code tensor_proto_encode(arena *memory, const stepc_view *value, message **out, stepc_error *error);

#endif
