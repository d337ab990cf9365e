/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/session/connect.h"

#include "runtime/core/error.h"

static bool same_output(stepc_output a, stepc_output b) { return a.op == b.op && a.index == b.index; }

stepc_output connection_source(const step_request *request, stepc_output at)
{
    /* A chain of connections is at most as long as there are connections. */
    for (size_t left = request->connection_count; left > 0; left--) {
        size_t i = 0;
        while (i < request->connection_count && !same_output(request->connections[i].to, at))
            i++;
        if (i == request->connection_count)
            break;
        at = request->connections[i].from;
    }
    return at;
}

bool connections_equal(const step_request *a, const step_request *b)
{
    if (a->connection_count != b->connection_count)
        return false;
    for (size_t i = 0; i < a->connection_count; i++)
        if (!same_output(a->connections[i].from, b->connections[i].from) ||
            !same_output(a->connections[i].to, b->connections[i].to))
            return false;
    return true;
}

/* ---- checks -------------------------------------------------------------------------------------- */

static bool belongs(const stepc_graph *graph, stepc_output at) { return at.op != NULL && at.op->graph == graph; }

static const char *name_of(stepc_output at) { return at.op != NULL ? at.op->name.data : "(null)"; }

static stepc_code check_fed_once(const stepc_graph *graph, const step_request *request, const feed_table *feeds, size_t i,
                                 stepc_error *error)
{
    stepc_output to = request->connections[i].to;
    bool again = belongs(graph, to) && feed_table_find(feeds, request, to) >= 0;
    for (size_t k = 0; k < i && !again; k++)
        again = same_output(request->connections[k].to, to);
    if (again)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Endpoint \"%s:%d\" fed more than once.", name_of(to), (int)to.index);
    return STEPC_OK;
}

static stepc_code check_from(const stepc_graph *graph, const stepc_connection *c, stepc_error *error)
{
    if (!belongs(graph, c->from))
        return error_set(error, STEPC_INVALID_ARGUMENT, "Requested tensor connection from unknown node: \"%s:%d\".",
                         name_of(c->to), (int)c->to.index);
    if (c->from.index < 0 || c->from.index >= c->from.op->output_count)
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "Requested tensor connection from unknown edge: \"%s:%d\" (actual number of outputs = %d).",
                         name_of(c->to), (int)c->to.index, (int)c->from.op->output_count);
    return STEPC_OK;
}

static stepc_code check_to(const stepc_graph *graph, const stepc_connection *c, stepc_error *error)
{
    if (!belongs(graph, c->to))
        return error_set(error, STEPC_NOT_FOUND, "FeedInputs: unable to find feed output %s:%d", name_of(c->to),
                         (int)c->to.index);
    if (c->to.index < 0 || c->to.index >= c->to.op->output_count)
        return error_set(error, STEPC_INVALID_ARGUMENT, "FeedInputs: %s:%d should have output index < %d", name_of(c->to),
                         (int)c->to.index, (int)c->to.op->output_count);
    return STEPC_OK;
}

/* ---- cycles -------------------------------------------------------------------------------------- */

typedef struct walk {
    const stepc_operation **stack;
    size_t size;
    bool *reached;
} walk;

static void visit(walk *w, const stepc_operation *op)
{
    if (w->reached[op->index])
        return;
    w->reached[op->index] = true;
    w->stack[w->size++] = op;
}

/* True when operation GOAL is FROM or comes before it, with feeds and connections in place. */
static bool comes_before(const step_request *request, const feed_table *feeds, const stepc_operation *goal,
                         const stepc_operation *from, walk *w)
{
    visit(w, from);
    while (w->size > 0 && !w->reached[goal->index]) {
        const stepc_operation *op = w->stack[--w->size];
        for (int32_t i = 0; i < op->input_count; i++) {
            stepc_output at = connection_source(request, op->inputs[i]);
            if (feed_table_find(feeds, request, at) < 0)
                visit(w, at.op);
        }
        for (int32_t i = 0; i < op->control_count; i++)
            visit(w, op->controls[i]);
    }
    return w->reached[goal->index];
}

/* Connections take effect one after the other. */
static stepc_code check_cycle(const stepc_graph *graph, const step_request *request, const feed_table *feeds, size_t i,
                              arena *scratch, stepc_error *error)
{
    const stepc_connection *c = &request->connections[i];
    step_request before = *request;
    size_t count = (size_t)graph->operation_count;
    walk w = {ARENA_ARRAY(scratch, const stepc_operation *, count), 0, ARENA_ARRAY(scratch, bool, count)};
    before.connection_count = i;
    if (w.stack == NULL || w.reached == NULL)
        return error_out_of_memory(error, "preparing a step");
    stepc_output from = connection_source(&before, c->from);
    if (feed_table_find(feeds, request, from) >= 0 || !comes_before(&before, feeds, c->to.op, from.op, &w))
        return STEPC_OK;
    return error_set(error, STEPC_INVALID_ARGUMENT,
                     "Requested Tensor connection between nodes \"%s\" and \"%s\" would create a cycle.", c->to.op->name.data,
                     c->from.op->name.data);
}

stepc_code connections_check(const stepc_graph *graph, const step_request *request, const feed_table *feeds,
                             arena *scratch, stepc_error *error)
{
    stepc_code code = STEPC_OK;
    for (size_t i = 0; i < request->connection_count && code == STEPC_OK; i++)
        code = check_fed_once(graph, request, feeds, i, error);
    for (size_t i = 0; i < request->connection_count && code == STEPC_OK; i++)
        code = check_from(graph, &request->connections[i], error);
    for (size_t i = 0; i < request->connection_count && code == STEPC_OK; i++)
        code = check_to(graph, &request->connections[i], error);
    for (size_t i = 0; i < request->connection_count && code == STEPC_OK; i++)
        code = check_cycle(graph, request, feeds, i, scratch, error);
    return code;
}
