/* SPDX-License-Identifier: Apache-2.0 */
/* Finishing a built operation: by its schema, then by its shape function. */
#include "runtime/graph/build.h"
#include "runtime/ops/shapes.h"

static stepc_code check_shapes(stepc_graph *graph, const stepc_operation *op, stepc_error *error)
{
    const infer_value *outputs;

    return shapes_of(graph, op, true, &outputs, error);
}

stepc_code stepc_builder_finish(stepc_builder *b, const stepc_operation **out, stepc_error *error)
{
    return builder_add(b, check_shapes, out, error);
}
