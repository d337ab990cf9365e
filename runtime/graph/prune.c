/* SPDX-License-Identifier: Apache-2.0 */
/* Which operations one step runs, and in what order. */
#include "runtime/graph/import.h"

#include <string.h>

typedef struct pruner {
    const stepc_graph *graph;
    const step_prune_input *input;
    const step_rewiring *rewiring; /* NULL: none */
    stepc_error *error;
    arena scratch;
    int32_t *feed_heads; /* of each operation: its first feed, plus 1 */
    int32_t *feed_next;  /* of each feed: the next of the same operation, plus 1 */
    bool *reached;
    int32_t *stack;
    size_t stack_size;
    size_t count; /* of reached operations */
} pruner;

static stepc_code out_of_memory(pruner *p)
{
    return error_out_of_memory(p->error, "pruning a step");
}

static bool is_fed(const pruner *p, stepc_output output)
{
    for (int32_t i = p->feed_heads[output.op->index]; i > 0; i = p->feed_next[i - 1])
        if (p->input->feeds[i - 1].index == output.index)
            return true;
    return false;
}

/* A fed placeholder gives its control edges to the feed; any other operation keeps them. */
static bool is_fed_placeholder(const pruner *p, const stepc_operation *op)
{
    return p->feed_heads[op->index] > 0 && (text_equal(op->type, TEXT_LITERAL("Placeholder")) ||
                                            text_equal(op->type, TEXT_LITERAL("PlaceholderV2")));
}

static stepc_output source_of(const pruner *p, stepc_output at)
{
    return p->rewiring != NULL ? p->rewiring->source(p->rewiring->context, at) : at;
}

/* The operation that computes input INPUT of OP; NULL when it is fed. */
static const stepc_operation *producer(const pruner *p, const stepc_operation *op, int32_t input)
{
    stepc_output at = source_of(p, op->inputs[input]);
    return is_fed(p, at) ? NULL : at.op;
}

static bool follows_control(const pruner *p, const stepc_operation *op, int32_t control)
{
    return !is_fed_placeholder(p, op->controls[control]);
}

static void reach(pruner *p, const stepc_operation *op)
{
    if (p->reached[op->index])
        return;
    p->reached[op->index] = true;
    p->stack[p->stack_size++] = op->index;
    p->count++;
}

static bool output_is_of(const stepc_graph *graph, stepc_output output)
{
    return output.op != NULL && output.op->graph == graph && output.index >= 0 && output.index < output.op->output_count;
}

static stepc_code check_input(pruner *p)
{
    const step_prune_input *in = p->input;

    if (in->fetch_count == 0 && in->target_count == 0)
        return error_set(p->error, STEPC_INVALID_ARGUMENT, "Must specify at least one target to fetch or execute.");
    for (size_t i = 0; i < in->feed_count; i++)
        if (!output_is_of(p->graph, in->feeds[i]))
            return error_set(p->error, STEPC_INVALID_ARGUMENT, "feed %zu is not an output of this graph", i);
    for (size_t i = 0; i < in->fetch_count; i++)
        if (!output_is_of(p->graph, in->fetches[i]))
            return error_set(p->error, STEPC_INVALID_ARGUMENT, "fetch %zu is not an output of this graph", i);
    for (size_t i = 0; i < in->target_count; i++)
        if (in->targets[i] == NULL || in->targets[i]->graph != p->graph)
            return error_set(p->error, STEPC_INVALID_ARGUMENT, "target %zu is not an operation of this graph", i);
    return STEPC_OK;
}

static stepc_code mark(pruner *p)
{
    const step_prune_input *in = p->input;
    size_t count = (size_t)p->graph->operation_count;

    p->feed_heads = ARENA_ARRAY(&p->scratch, int32_t, count);
    p->feed_next = ARENA_ARRAY(&p->scratch, int32_t, in->feed_count);
    p->reached = ARENA_ARRAY(&p->scratch, bool, count);
    p->stack = ARENA_ARRAY(&p->scratch, int32_t, count);
    if (p->feed_heads == NULL || p->feed_next == NULL || p->reached == NULL || p->stack == NULL)
        return out_of_memory(p);
    for (size_t i = 0; i < in->feed_count; i++) {
        int32_t *head = &p->feed_heads[in->feeds[i].op->index];
        p->feed_next[i] = *head;
        *head = (int32_t)i + 1;
    }
    for (size_t i = 0; i < in->fetch_count; i++) {
        stepc_output at = source_of(p, in->fetches[i]);
        if (!is_fed(p, at))
            reach(p, at.op);
    }
    for (size_t i = 0; i < in->target_count; i++)
        reach(p, in->targets[i]);
    while (p->stack_size > 0) {
        const stepc_operation *op = p->graph->operations[p->stack[--p->stack_size]];
        for (int32_t k = 0; k < op->input_count; k++) {
            const stepc_operation *from = producer(p, op, k);
            if (from != NULL)
                reach(p, from);
        }
        for (int32_t k = 0; k < op->control_count; k++)
            if (follows_control(p, op, k))
                reach(p, op->controls[k]);
    }
    return STEPC_OK;
}

/* ---- order ---------------------------------------------------------------------------------- */

/* The operation that edge EDGE of OP waits for (data first, then control); NULL: none. */
static const stepc_operation *waits_for(const pruner *p, const stepc_operation *op, int32_t edge)
{
    if (edge >= op->input_count) {
        edge -= op->input_count;
        return follows_control(p, op, edge) ? op->controls[edge] : NULL;
    }
    const stepc_operation *from = producer(p, op, edge);
    return from != NULL && !edge_is_back(from, op) ? from : NULL;
}

/* A binary heap of operation indices, least first: ties go by the file's order. */
static void heap_push(int32_t *heap, size_t *size, int32_t value)
{
    size_t i = (*size)++;

    for (; i > 0 && heap[(i - 1) / 2] > value; i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = value;
}

static int32_t heap_pop(int32_t *heap, size_t *size)
{
    int32_t least = heap[0];
    int32_t value = heap[--*size];
    size_t i = 0;

    for (size_t child = 1; child < *size; child = 2 * i + 1) {
        if (child + 1 < *size && heap[child + 1] < heap[child])
            child++;
        if (heap[child] >= value)
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = value;
    return least;
}

static stepc_code sort(pruner *p, const stepc_operation **items)
{
    size_t total = (size_t)p->graph->operation_count;
    int32_t *waiting = ARENA_ARRAY(&p->scratch, int32_t, total);
    size_t *starts = ARENA_ARRAY(&p->scratch, size_t, total + 1);
    int32_t *heap = p->stack; /* empty by now */
    size_t heap_size = 0;

    if (waiting == NULL || starts == NULL)
        return out_of_memory(p);
    for (size_t i = 0; i < total; i++) {
        const stepc_operation *op = p->graph->operations[i];
        for (int32_t k = 0; p->reached[i] && k < op->input_count + op->control_count; k++) {
            const stepc_operation *from = waits_for(p, op, k);
            if (from != NULL) {
                starts[from->index + 1]++;
                waiting[i]++;
            }
        }
    }
    for (size_t i = 0; i < total; i++)
        starts[i + 1] += starts[i];
    int32_t *consumers = ARENA_ARRAY(&p->scratch, int32_t, starts[total]);
    size_t *fill = ARENA_ARRAY(&p->scratch, size_t, total);
    if (consumers == NULL || fill == NULL)
        return out_of_memory(p);
    memcpy(fill, starts, total * sizeof(*fill));
    for (size_t i = 0; i < total; i++) {
        const stepc_operation *op = p->graph->operations[i];
        for (int32_t k = 0; p->reached[i] && k < op->input_count + op->control_count; k++) {
            const stepc_operation *from = waits_for(p, op, k);
            if (from != NULL)
                consumers[fill[from->index]++] = (int32_t)i;
        }
        if (p->reached[i] && waiting[i] == 0)
            heap_push(heap, &heap_size, (int32_t)i);
    }
    size_t done = 0;
    while (heap_size > 0) {
        int32_t i = heap_pop(heap, &heap_size);
        items[done++] = p->graph->operations[i];
        for (size_t k = starts[i]; k < starts[i + 1]; k++)
            if (--waiting[consumers[k]] == 0)
                heap_push(heap, &heap_size, consumers[k]);
    }
    if (done != p->count)
        return error_set(p->error, STEPC_INVALID_ARGUMENT, "%zu nodes in a cycle", p->count - done);
    return STEPC_OK;
}

stepc_code step_prune(const stepc_graph *graph, const step_prune_input *input, arena *memory, step_operations *out,
                      stepc_error *error)
{
    return step_prune_rewired(graph, input, NULL, memory, out, error);
}

stepc_code step_prune_rewired(const stepc_graph *graph, const step_prune_input *input, const step_rewiring *rewiring,
                              arena *memory, step_operations *out, stepc_error *error)
{
    pruner p = {.graph = graph, .input = input, .rewiring = rewiring, .error = error};

    *out = (step_operations){NULL, 0};
    stepc_code code = check_input(&p);
    if (code != STEPC_OK)
        return code;
    arena_init(&p.scratch, &graph->host);
    code = mark(&p);
    if (code == STEPC_OK) {
        const stepc_operation **items = ARENA_ARRAY(memory, const stepc_operation *, p.count);
        code = items != NULL ? sort(&p, items) : out_of_memory(&p);
        if (code == STEPC_OK)
            *out = (step_operations){items, p.count};
    }
    arena_release(&p.scratch);
    return code;
}
