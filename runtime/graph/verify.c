/* SPDX-License-Identifier: Apache-2.0 */
/* Structure checks: every edge ends in this graph, carries the type that is asked for, and no
 * way leads back but NextIteration -> Merge. */
#include "runtime/core/dtype.h"
#include "runtime/graph/import.h"

enum { CYCLE_NAMES = 8 };

bool edge_is_back(const stepc_operation *from, const stepc_operation *to)
{
    return (text_equal(from->type, TEXT_LITERAL("NextIteration")) ||
            text_equal(from->type, TEXT_LITERAL("RefNextIteration"))) &&
           (text_equal(to->type, TEXT_LITERAL("Merge")) || text_equal(to->type, TEXT_LITERAL("RefMerge")));
}

static stepc_code check_edge(const stepc_graph *graph, const stepc_operation *op, int32_t input, stepc_error *error)
{
    stepc_output from = op->inputs[input];

    if (from.op == NULL || from.op->graph != graph || from.index < 0 || from.index >= from.op->output_count) {
        error_set(error, STEPC_INVALID_ARGUMENT, "Input %d of node %s does not lead to an output of the graph", (int)input,
                  op->name.data);
        return error_at_node(error, op->name.data, op->type.data, NULL);
    }
    int32_t expected = op->input_dtypes[input];
    int32_t passed = from.op->output_dtypes[from.index];
    if (expected == passed || expected == (int32_t)dtype_base((stepc_dtype)passed))
        return STEPC_OK;
    error_set(error, STEPC_INVALID_ARGUMENT, "Input %d of node %s was passed %s from %s:%d incompatible with expected %s.",
              (int)input, op->name.data, stepc_dtype_name((stepc_dtype)passed), from.op->name.data, (int)from.index,
              stepc_dtype_name((stepc_dtype)expected));
    return error_at_node(error, op->name.data, op->type.data, NULL);
}

stepc_code verify_edges(const stepc_graph *graph, int32_t first, stepc_error *error)
{
    for (int32_t i = first; i < graph->operation_count; i++) {
        const stepc_operation *op = graph->operations[i];
        for (int32_t k = 0; k < op->input_count; k++) {
            stepc_code code = check_edge(graph, op, k, error);
            if (code != STEPC_OK)
                return code;
        }
        for (int32_t k = 0; k < op->control_count; k++)
            if (op->controls[k] == NULL || op->controls[k]->graph != graph) {
                error_set(error, STEPC_INVALID_ARGUMENT, "Control input %d of node %s leads out of the graph", (int)k,
                          op->name.data);
                return error_at_node(error, op->name.data, op->type.data, NULL);
            }
    }
    return STEPC_OK;
}

/* ---- cycles --------------------------------------------------------------------------------- */

/* Walks the edges into an operation: data first, then control; back edges and those from before FIRST left out. */
static const stepc_operation *edge_source(const stepc_operation *op, int32_t edge, int32_t first)
{
    const stepc_operation *from =
        edge < op->input_count ? op->inputs[edge].op : op->controls[edge - op->input_count];

    return from->index < first || (edge < op->input_count && edge_is_back(from, op)) ? NULL : from;
}

/* Among the operations that could not be ordered (waiting > 0) each has a predecessor of the
 * same sort, so walking backwards must meet itself. WAITING and SEEN begin with operation FIRST. */
static stepc_code report_cycle(const stepc_graph *graph, int32_t first, const int32_t *waiting, int32_t *seen,
                               stepc_error *error)
{
    const stepc_operation *op = NULL;

    for (int32_t i = 0; i < graph->operation_count - first; i++) {
        seen[i] = 0;
        if (op == NULL && waiting[i] > 0)
            op = graph->operations[first + i];
    }
    int32_t steps = 0;
    while (seen[op->index - first] == 0) {
        seen[op->index - first] = ++steps;
        for (int32_t k = 0; k < op->input_count + op->control_count; k++) {
            const stepc_operation *from = edge_source(op, k, first);
            if (from != NULL && waiting[from->index - first] > 0) {
                op = from;
                break;
            }
        }
    }
    int32_t length = steps - seen[op->index - first] + 1;
    error_set(error, STEPC_INVALID_ARGUMENT, "%d nodes in a cycle:", (int)length);
    const stepc_operation *start = op;
    for (int32_t i = 0; i < length && i < CYCLE_NAMES; i++) {
        error_append(error, " %s <-", op->name.data);
        const stepc_operation *next = NULL;
        for (int32_t k = 0; next == NULL && k < op->input_count + op->control_count; k++) {
            next = edge_source(op, k, first);
            if (next != NULL && waiting[next->index - first] == 0)
                next = NULL;
        }
        op = next;
    }
    error_append(error, " %s", length > CYCLE_NAMES ? "..." : start->name.data);
    return error_at_node(error, start->name.data, start->type.data, NULL);
}

/* Kahn's algorithm over consumer lists in one array. */
static stepc_code check_cycles(const stepc_graph *graph, int32_t first, arena *scratch, stepc_error *error)
{
    size_t count = (size_t)(graph->operation_count - first);
    stepc_operation *const *operations = graph->operations + first;
    int32_t *waiting = ARENA_ARRAY(scratch, int32_t, count);
    int32_t *ready = ARENA_ARRAY(scratch, int32_t, count);
    size_t *starts = ARENA_ARRAY(scratch, size_t, count + 1);
    size_t edges = 0;

    if (waiting == NULL || ready == NULL || starts == NULL)
        return error_out_of_memory(error, "looking for cycles");
    for (size_t i = 0; i < count; i++) {
        const stepc_operation *op = operations[i];
        for (int32_t k = 0; k < op->input_count + op->control_count; k++) {
            const stepc_operation *from = edge_source(op, k, first);
            if (from == NULL)
                continue;
            starts[from->index - first + 1]++;
            waiting[i]++;
            edges++;
        }
    }
    int32_t *consumers = ARENA_ARRAY(scratch, int32_t, edges);
    size_t *fill = ARENA_ARRAY(scratch, size_t, count);
    if (consumers == NULL || fill == NULL)
        return error_out_of_memory(error, "looking for cycles");
    for (size_t i = 0; i < count; i++) {
        starts[i + 1] += starts[i];
        fill[i] = starts[i];
    }
    size_t done = 0;
    size_t ready_count = 0;
    for (size_t i = 0; i < count; i++) {
        const stepc_operation *op = operations[i];
        for (int32_t k = 0; k < op->input_count + op->control_count; k++) {
            const stepc_operation *from = edge_source(op, k, first);
            if (from != NULL)
                consumers[fill[from->index - first]++] = (int32_t)i;
        }
        if (waiting[i] == 0)
            ready[ready_count++] = (int32_t)i;
    }
    while (done < ready_count) {
        int32_t i = ready[done++];
        for (size_t k = starts[i]; k < starts[i + 1]; k++)
            if (--waiting[consumers[k]] == 0)
                ready[ready_count++] = consumers[k];
    }
    return done == count ? STEPC_OK : report_cycle(graph, first, waiting, ready, error);
}

stepc_code graph_verify(const stepc_graph *graph, stepc_error *error)
{
    return graph_verify_from(graph, 0, error);
}

stepc_code graph_verify_from(const stepc_graph *graph, int32_t first, stepc_error *error)
{
    arena scratch;
    stepc_code code = verify_edges(graph, first, error);

    if (first == graph->operation_count)
        return STEPC_OK;
    if (code != STEPC_OK)
        return code;
    arena_init(&scratch, &graph->host);
    code = check_cycles(graph, first, &scratch, error);
    arena_release(&scratch);
    return code;
}
