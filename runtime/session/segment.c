/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a partial run as compiled steps. What flows in and out of the part becomes feeds and fetches of a step of its
 * own; that step must run exactly the part, so that nothing runs twice: else the part is interpreted. */
#include "runtime/session/dispatch.h"
#include "runtime/session/partial.h"

#include "runtime/core/error.h"

typedef struct segment_step {
    const segment *s;
    arena scratch;
    bool *is_fed;   /* per value of the whole plan */
    int32_t *inner; /* per value: readers inside the segment */
    stepc_output *feeds, *fetches;
    int32_t *feed_values, *fetch_values;
    const stepc_operation **targets;
    step_request request;
    size_t feed_count, fetch_count, target_count;
} segment_step;

static bool is_chosen(const segment *s, int32_t node) { return s->of->progress[node] == NODE_CHOSEN; }

static bool is_handle_type(const stepc_operation *op, int32_t index)
{
    stepc_dtype dtype = (stepc_dtype)op->output_dtypes[index];
    return dtype_is_ref(dtype) || dtype == STEPC_RESOURCE;
}

/* VariableV2, VarHandleOp: they only name a variable, and may do so as often as they like. */
static bool only_names(const stepc_operation *op)
{
    return op->input_count == 0 && op->control_count == 0 && op->output_count == 1 && is_handle_type(op, 0);
}

/* Constants may be computed again: every step has them inside. */
static bool is_constant(const plan_node *node)
{
    return node->remembered || text_equal(node->op->type, TEXT_LITERAL("Const"));
}

static stepc_output output_of(const stepc_partial *q, int32_t value)
{
    int32_t node = q->value_nodes[value];
    if (node < 0)
        return q->p->request.feeds[value];
    return (stepc_output){q->p->nodes[node].op, value - q->p->nodes[node].first_output};
}

/* A value from outside the segment becomes a feed. False when it is none that can be fed. */
static bool add_feed(segment_step *t, int32_t value)
{
    const stepc_partial *q = t->s->of;
    int32_t node = q->value_nodes[value];
    if (t->is_fed[value] || (node >= 0 && (is_constant(&q->p->nodes[node]) || only_names(q->p->nodes[node].op))))
        return true;
    if (q->frame->values[value].tensor == NULL)
        return false;
    t->is_fed[value] = true;
    t->feeds[t->feed_count] = output_of(q, value);
    t->feed_values[t->feed_count++] = value;
    return true;
}

static bool add_inputs(segment_step *t, const plan_node *node)
{
    const stepc_partial *q = t->s->of;
    for (int32_t i = 0; i < node->op->input_count; i++) {
        int32_t value = node->inputs[i], from = q->value_nodes[value];
        t->inner[value]++;
        if ((from < 0 || !is_chosen(t->s, from)) && !add_feed(t, value))
            return false;
    }
    return true;
}

/* What is read behind the segment becomes a fetch. */
static bool add_outputs(segment_step *t, const plan_node *node)
{
    for (int32_t i = 0; i < node->op->output_count; i++) {
        int32_t value = node->first_output + i;
        if (t->s->of->frame->remaining[value] - t->inner[value] == 0)
            continue;
        if (is_handle_type(node->op, i))
            return false;
        t->fetches[t->fetch_count] = output_of(t->s->of, value);
        t->fetch_values[t->fetch_count++] = value;
    }
    return true;
}

static bool collect(segment_step *t)
{
    const segment *s = t->s;
    const plan *p = s->of->p;
    size_t values = (size_t)p->value_count;
    t->is_fed = ARENA_ARRAY(&t->scratch, bool, values);
    t->inner = ARENA_ARRAY(&t->scratch, int32_t, values);
    t->feeds = ARENA_ARRAY(&t->scratch, stepc_output, values);
    t->fetches = ARENA_ARRAY(&t->scratch, stepc_output, values);
    t->feed_values = ARENA_ARRAY(&t->scratch, int32_t, values);
    t->fetch_values = ARENA_ARRAY(&t->scratch, int32_t, values);
    t->targets = ARENA_ARRAY(&t->scratch, const stepc_operation *, p->request.target_count);
    if (t->is_fed == NULL || t->inner == NULL || t->feeds == NULL || t->fetches == NULL || t->feed_values == NULL ||
        t->fetch_values == NULL || t->targets == NULL)
        return false;
    for (int32_t i = s->first; i <= s->last; i++)
        if (is_chosen(s, i) && !p->nodes[i].remembered && !add_inputs(t, &p->nodes[i]))
            return false;
    for (int32_t i = s->first; i <= s->last; i++)
        if (is_chosen(s, i) && !p->nodes[i].remembered && !add_outputs(t, &p->nodes[i]))
            return false;
    for (size_t i = 0; i < p->request.target_count; i++) {
        int32_t node = endpoint_table_find(&s->of->operations, p->request.targets[i]->index, -1);
        if (node >= 0 && is_chosen(s, node))
            t->targets[t->target_count++] = p->request.targets[i];
    }
    t->request = (step_request){.feeds = t->feeds,
                                .feed_count = t->feed_count,
                                .fetches = t->fetches,
                                .fetch_count = t->fetch_count,
                                .targets = t->targets,
                                .target_count = t->target_count};
    return t->fetch_count + t->target_count > 0;
}

/* True when a step by PART runs what the segment runs, no more and no less. */
static bool covers(const segment_step *t, const plan *part)
{
    const segment *s = t->s;
    const plan *p = s->of->p;
    int32_t missing = 0;
    for (int32_t i = s->first; i <= s->last; i++)
        missing += is_chosen(s, i) && !is_constant(&p->nodes[i]);
    for (int32_t i = 0; i < part->node_count; i++) {
        int32_t node = endpoint_table_find(&s->of->operations, part->nodes[i].op->index, -1);
        if (node < 0)
            return false;
        if (is_constant(&p->nodes[node]) || (only_names(p->nodes[node].op) && !is_chosen(s, node)))
            continue;
        if (!is_chosen(s, node))
            return false;
        missing--;
    }
    return missing == 0;
}

static void release_value(plan_frame *frame, int32_t value)
{
    stepc_tensor_release(frame->values[value].tensor);
    frame->values[value] = (step_value){NULL, NULL};
}

/* The frame as if the segment had been interpreted. */
static void take_over(segment_step *t, const stepc_fetch *fetched)
{
    const segment *s = t->s;
    plan_frame *frame = s->of->frame;
    for (size_t i = 0; i < t->fetch_count; i++)
        frame->values[t->fetch_values[i]].tensor = fetched[i].out;
    for (int32_t i = s->first; i <= s->last; i++) {
        const plan_node *node = &s->of->p->nodes[i];
        if (!is_chosen(s, i))
            continue;
        s->of->progress[i] = NODE_DONE;
        for (int32_t k = 0; !node->remembered && k < node->op->input_count; k++)
            if (--frame->remaining[node->inputs[k]] == 0)
                release_value(frame, node->inputs[k]);
    }
}

static stepc_code dispatch(segment_step *t, plan *part, bool *out_ran)
{
    step_run *run = t->s->run;
    stepc_feed *feeds = ARENA_ARRAY(&t->scratch, stepc_feed, t->feed_count);
    stepc_fetch *fetches = ARENA_ARRAY(&t->scratch, stepc_fetch, t->fetch_count);
    if (feeds == NULL || fetches == NULL)
        return error_out_of_memory(run->error, "running a step");
    for (size_t i = 0; i < t->feed_count; i++)
        feeds[i] = (stepc_feed){t->feeds[i], stepc_tensor_view(t->s->of->frame->values[t->feed_values[i]].tensor)};
    for (size_t i = 0; i < t->fetch_count; i++)
        fetches[i] = (stepc_fetch){.at = t->fetches[i]};
    stepc_code code = dispatch_run(run->session, part, feeds, fetches, run->settings, out_ran, run->error);
    if (code == STEPC_OK && *out_ran)
        take_over(t, fetches);
    return code;
}

/* The engine says that the segment must not be interpreted. */
static bool must_be_compiled(const step_run *run)
{
    return run->settings->engine == STEPC_ENGINE_COMPILED || run->settings->engine == STEPC_ENGINE_JIT;
}

/* Constants, and references to variables, that the segment has are put in the frame first: later segments may use them. */
static stepc_code run_trivial(const segment *s)
{
    for (int32_t i = s->first; i <= s->last; i++) {
        const plan_node *node = &s->of->p->nodes[i];
        if (!is_chosen(s, i) || node->remembered || !(is_constant(node) || only_names(node->op)))
            continue;
        stepc_code code = step_run_node(s->run, i);
        if (code != STEPC_OK)
            return code;
        s->of->progress[i] = NODE_DONE;
    }
    return STEPC_OK;
}

static bool has_more(const segment *s)
{
    for (int32_t i = s->first; i <= s->last; i++)
        if (is_chosen(s, i) && !s->of->p->nodes[i].remembered)
            return true;
    return false;
}

stepc_code segment_dispatch(const segment *s, bool *out_ran)
{
    stepc_error unread;
    segment_step t = {.s = s};
    plan *part = NULL;

    *out_ran = false;
    stepc_code code = run_trivial(s);
    if (code != STEPC_OK || !has_more(s))
        return code;
    error_init(&unread);
    arena_init(&t.scratch, &s->of->host);
    if (collect(&t) && session_plan_find(s->run->session, &t.request, true, &part, &unread) == STEPC_OK &&
        covers(&t, part))
        code = dispatch(&t, part, out_ran);
    else if (must_be_compiled(s->run))
        code = error_set(s->run->error, STEPC_FAILED_PRECONDITION,
                         "This part of the partial run is no step of its own, so it cannot be compiled.");
    run_plan_release(part);
    arena_release(&t.scratch);
    return code;
}
