/* SPDX-License-Identifier: Apache-2.0 */
/* The signature that a graph suggests when none is given. */
#include "compiler/frontend/signature.h"

typedef struct uses {
    bool *read; /* by index of the operation: some operation reads one of its outputs, or waits for it */
} uses;

static stepc_code find_uses(const stepc_graph *graph, arena *memory, uses *out, stepc_error *error)
{
    out->read = ARENA_ARRAY(memory, bool, (size_t)graph->operation_count + 1);
    if (!out->read)
        return error_out_of_memory(error, "looking for a signature");
    for (int32_t i = 0; i < graph->operation_count; i++) {
        const stepc_operation *op = graph->operations[i];
        for (int32_t k = 0; k < op->input_count; k++)
            out->read[op->inputs[k].op->index] = true;
        for (int32_t k = 0; k < op->control_count; k++)
            out->read[op->controls[k]->index] = true;
    }
    return STEPC_OK;
}

static bool is_placeholder(const stepc_operation *op)
{
    return text_equal(op->type, TEXT_LITERAL("Placeholder")) || text_equal(op->type, TEXT_LITERAL("PlaceholderV2"));
}

/* Savers and initialisers end in nothing, but nobody asks for them. */
static bool is_result(const stepc_operation *op, const uses *u)
{
    bool stateful = op->def && op->def->stateful;
    return op->output_count > 0 && !u->read[op->index] && !is_placeholder(op) && !stateful &&
           !text_equal(op->type, TEXT_LITERAL("Const")) && !text_equal(op->type, TEXT_LITERAL("Assign"));
}

static stepc_code no_result(const stepc_graph *graph, stepc_error *error)
{
    error_set(error, STEPC_INVALID_ARGUMENT, "no operation of %s is an obvious result", graph->name.data);
    return error_mend(error, "name the fetches, e.g. --fetch NAME:0; stepc inspect lists the operations");
}

#define NAMED_IN_MESSAGE 8

static stepc_code several_results(const stepc_callable_spec *spec, stepc_error *error)
{
    error_set(error, STEPC_INVALID_ARGUMENT, "%zu operations could be the result:", spec->fetch_count);
    for (size_t i = 0; i < spec->fetch_count && i < NAMED_IN_MESSAGE; i++)
        error_append(error, "%s %.90s", i ? "," : "", spec->fetches[i].tensor);
    if (spec->fetch_count > NAMED_IN_MESSAGE)
        error_append(error, ", ...");
    return error_mend(error, "name the fetches, e.g. --fetch %s", spec->fetches[0].tensor);
}

static stepc_code guess(const stepc_graph *graph, arena *memory, stepc_callable_spec *out, stepc_error *error)
{
    uses u;
    stepc_code code = find_uses(graph, memory, &u, error);
    size_t room = (size_t)graph->operation_count + 1;
    stepc_feed_spec *feeds = ARENA_ARRAY(memory, stepc_feed_spec, room);
    stepc_fetch_spec *fetches = ARENA_ARRAY(memory, stepc_fetch_spec, room);
    if (code || !feeds || !fetches)
        return code ? code : error_out_of_memory(error, "looking for a signature");
    *out = (stepc_callable_spec){.size = sizeof *out, .name = "step", .feeds = feeds, .fetches = fetches};
    for (int32_t i = 0; i < graph->operation_count; i++) {
        const stepc_operation *op = graph->operations[i];
        const char *name = arena_format(memory, "%s:0", op->name.data);
        if (!name)
            return error_out_of_memory(error, "looking for a signature");
        if (is_placeholder(op) && u.read[op->index])
            feeds[out->feed_count++].tensor = name;
        else if (is_result(op, &u))
            fetches[out->fetch_count++].tensor = name;
    }
    if (out->fetch_count == 0)
        return no_result(graph, error);
    if (out->fetch_count > 1)
        return several_results(out, error);
    return STEPC_OK;
}

stepc_code signature_guess(stepc_graph *graph, arena *memory, stepc_callable_spec *out, stepc_error *error)
{
    graph_lock_read(graph);
    stepc_code code = guess(graph, memory, out, error);
    graph_unlock(graph);
    return code;
}
