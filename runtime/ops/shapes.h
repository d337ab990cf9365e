/* SPDX-License-Identifier: Apache-2.0 */
/* What shape functions say about a graph's outputs, kept as long as the graph. */
#ifndef RUNTIME_OPS_SHAPES_H
#define RUNTIME_OPS_SHAPES_H

#include "runtime/ops/row.h"

/* The outputs of OP, and of what they hang on: unknown for operators without a row and around loops. A shape function that
 * refuses says unknown too, but for OP itself when STRICT: then its INVALID_ARGUMENT is returned and nothing is kept of OP.
 * Under the graph's lock for writing. */
stepc_code shapes_of(stepc_graph *graph, const stepc_operation *op, bool strict, const infer_value **out,
                     stepc_error *error);
/* The pool in which the sizes of shapes_of lie. */
const size_pool *shapes_sizes(const stepc_graph *graph);

#endif
