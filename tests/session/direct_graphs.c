/* SPDX-License-Identifier: Apache-2.0 */
#include "direct_graphs.h"

#define CPU "/job:localhost/replica:0/task:0/cpu:"

stepc_graph *minus_ax(const float *a)
{
    float elements[4];
    memcpy(elements, a, sizeof elements);
    stepc_graph *g = graph_empty();
    stepc_output matrix = constant_on(g, "A", view_of(STEPC_FLOAT32, DIMS(2, 2), elements), CPU "0");
    stepc_output x = constant_on(g, "x", FLOATS(((float[]){1, 1}), 2, 1), CPU "1");
    stepc_builder *b = NULL;
    const stepc_operation *y = NULL;
    MUST(stepc_builder_new(g, "MatMul", "y", &b, problem()));
    stepc_builder_input(b, matrix);
    stepc_builder_input(b, x);
    stepc_builder_attr_type(b, "T", STEPC_FLOAT32);
    stepc_builder_device(b, CPU "0");
    MUST(stepc_builder_finish(b, &y, problem()));
    unary_on(g, "Identity", "z", unary_on(g, "Neg", "y_neg", (stepc_output){y, 0}, CPU "1"), CPU "1");
    return g;
}

stepc_session *two_cpus(stepc_graph *g)
{
    stepc_session_options options = {.size = sizeof options, .cpu_devices = 2};
    stepc_session *s = NULL;
    MUST(stepc_session_open(g, &options, &s, problem()));
    return s;
}

stepc_graph *two_identities(void)
{
    stepc_graph *g = graph_empty();
    unary(g, "Identity", "first_id", constant(g, "first", FLOATS((float[]){10}, 1, 1)));
    unary(g, "Identity", "second_id", constant(g, "second", FLOATS((float[]){20}, 1, 1)));
    return g;
}
