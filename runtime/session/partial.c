/* SPDX-License-Identifier: Apache-2.0 */
/* Partial runs. TensorFlow starts the step at once and lets its threads wait for the feeds; here the step is a plan with a
 * frame, and each call runs the operations that the fetches of the call need and that have not run yet. */
#include "runtime/session/partial.h"

#include "runtime/core/error.h"
#include "runtime/core/host.h"
#include "runtime/session/dispatch.h"
#include "runtime/session/request.h"
#include "runtime/session/trace.h"

#include <stdio.h>
#include <string.h>

/* ---- set up -------------------------------------------------------------------------------------- */

/* Handles are told apart over all sessions of the process. */
static atomic_uint_fast64_t handles_made;

static bool fill_table(endpoint_table *table, arena *memory, const stepc_output *outputs, size_t count)
{
    if (!endpoint_table_make(table, memory, count))
        return false;
    for (size_t i = 0; i < count; i++)
        table->items[i] = (endpoint){outputs[i].op->index, outputs[i].index, (int32_t)i};
    endpoint_table_sort(table);
    return true;
}

static bool fill_nodes(stepc_partial *q)
{
    const plan *p = q->p;
    q->value_nodes = ARENA_ARRAY(&q->memory, int32_t, (size_t)p->value_count);
    if (q->value_nodes == NULL || !endpoint_table_make(&q->operations, &q->memory, (size_t)p->node_count))
        return false;
    for (size_t i = 0; i < p->request.feed_count; i++)
        q->value_nodes[i] = -1;
    for (int32_t i = 0; i < p->node_count; i++) {
        const plan_node *node = &p->nodes[i];
        q->operations.items[i] = (endpoint){node->op->index, -1, i};
        for (int32_t k = 0; k < node->op->output_count; k++)
            q->value_nodes[node->first_output + k] = i;
    }
    endpoint_table_sort(&q->operations);
    return true;
}

static stepc_code partial_fill(stepc_partial *q, stepc_error *error)
{
    const step_request *request = &q->p->request;
    q->fed = ARENA_ARRAY(&q->memory, uint8_t, request->feed_count);
    q->fetched = ARENA_ARRAY(&q->memory, uint8_t, request->fetch_count);
    q->progress = ARENA_ARRAY(&q->memory, uint8_t, (size_t)q->p->node_count);
    q->stack = ARENA_ARRAY(&q->memory, int32_t, (size_t)q->p->node_count);
    q->given = ARENA_ARRAY(&q->memory, stepc_tensor *, request->feed_count);
    q->slots = ARENA_ARRAY(&q->memory, stepc_fetch, request->fetch_count);
    q->frame = plan_frame_take(q->p);
    if (q->fed == NULL || q->fetched == NULL || q->progress == NULL || q->stack == NULL || q->given == NULL ||
        q->slots == NULL || q->frame == NULL || !fill_nodes(q) ||
        !fill_table(&q->feeds, &q->memory, request->feeds, request->feed_count) ||
        !fill_table(&q->fetches, &q->memory, request->fetches, request->fetch_count))
        return error_out_of_memory(error, "setting up a partial run");
    q->open_feeds = request->feed_count;
    for (size_t i = 0; i < request->fetch_count; i++) {
        stepc_output at = request->fetches[i];
        if (endpoint_table_find(&q->fetches, at.op->index, at.index) == (int32_t)i) {
            q->open_fetches++;
        } else { /* asked for twice: taken with the first */
            q->fetched[i] = CLAIM_DONE;
            q->frame->remaining[q->p->fetch_values[i]]--;
        }
    }
    return STEPC_OK;
}

static void link_partial(stepc_partial *q)
{
    stepc_session *s = q->session;
    (void)snprintf(q->handle, sizeof q->handle, "partial_run;%llu",
                   (unsigned long long)atomic_fetch_add_explicit(&handles_made, 1, memory_order_relaxed));
    pthread_mutex_lock(&s->mutex);
    q->next = s->partials;
    if (s->partials != NULL)
        s->partials->previous = q;
    s->partials = q;
    pthread_mutex_unlock(&s->mutex);
}

static void unlink_partial(stepc_partial *q)
{
    stepc_session *s = q->session;
    pthread_mutex_lock(&s->mutex);
    if (q->next != NULL)
        q->next->previous = q->previous;
    if (q->previous != NULL)
        q->previous->next = q->next;
    else
        s->partials = q->next;
    pthread_mutex_unlock(&s->mutex);
}

static void partial_end(stepc_partial *q)
{
    plan_frame_put(q->frame);
    q->frame = NULL;
    atomic_store(&q->is_over, true);
}

/* What setup made, linked or not. */
static void partial_release(stepc_partial *q)
{
    stepc_session *s = q->session;
    stepc_host host = q->host;
    if (q->frame != NULL)
        partial_end(q);
    run_plan_release(q->p);
    arena_release(&q->memory);
    pthread_mutex_destroy(&q->mutex);
    host_free(&host, q, sizeof *q);
    session_release(s);
}

static stepc_code partial_make(stepc_session *s, const step_request *request, stepc_partial **out, stepc_error *error)
{
    stepc_partial *q = host_alloc(&s->host, sizeof *q);
    if (q == NULL)
        return error_out_of_memory(error, "setting up a partial run");
    if (pthread_mutex_init(&q->mutex, NULL) != 0) {
        host_free(&s->host, q, sizeof *q);
        return error_set(error, STEPC_RESOURCE_EXHAUSTED, "The system has no mutex left.");
    }
    q->host = s->host;
    q->session = s;
    session_retain(s);
    arena_init(&q->memory, &q->host);
    atomic_init(&q->is_over, false);
    stepc_code code = session_plan_find(s, request, s->config.engine != STEPC_ENGINE_REFERENCE, &q->p, error);
    if (code == STEPC_OK)
        code = partial_fill(q, error);
    if (code != STEPC_OK) {
        partial_release(q);
        return code;
    }
    link_partial(q);
    *out = q;
    return STEPC_OK;
}

stepc_code stepc_partial_setup(stepc_session *session, const stepc_output *feeds, size_t feed_count,
                               const stepc_output *fetches, size_t fetch_count, const stepc_operation *const *targets,
                               size_t target_count, stepc_partial **out, stepc_error *error)
{
    stepc_error unread;

    error = error_or(error, &unread);
    if (out != NULL)
        *out = NULL;
    if (session == NULL || out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no session, or no place for the partial run.");
    if ((feeds == NULL && feed_count > 0) || (fetches == NULL && fetch_count > 0) ||
        (targets == NULL && target_count > 0))
        return error_set(error, STEPC_INVALID_ARGUMENT, "A count of feeds, fetches or targets has no array.");
    stepc_code code = session_enter(session, "PRunSetup", error);
    if (code != STEPC_OK)
        return code;
    step_request request = {.feeds = feeds,
                            .feed_count = feed_count,
                            .fetches = fetches,
                            .fetch_count = fetch_count,
                            .targets = targets,
                            .target_count = target_count,
                            .allow_unfed = true};
    code = partial_make(session, &request, out, error);
    session_leave(session);
    return code;
}

void stepc_partial_free(stepc_partial *partial)
{
    if (partial == NULL)
        return;
    unlink_partial(partial);
    partial_release(partial);
}

const char *stepc_partial_handle(const stepc_partial *partial) { return partial != NULL ? partial->handle : ""; }

stepc_partial *stepc_partial_find(stepc_session *session, const char *handle)
{
    if (session == NULL || handle == NULL)
        return NULL;
    pthread_mutex_lock(&session->mutex);
    stepc_partial *q = session->partials;
    while (q != NULL && strcmp(q->handle, handle) != 0)
        q = q->next;
    pthread_mutex_unlock(&session->mutex);
    return q != NULL && !atomic_load(&q->is_over) ? q : NULL;
}

/* ---- one call: what it asks for -------------------------------------------------------------------- */

typedef struct partial_call {
    stepc_partial *of;
    const stepc_feed *feeds;
    size_t feed_count;
    stepc_fetch *fetches;
    size_t fetch_count;
    int32_t first, last; /* all chosen nodes lie between */
    int32_t depth;       /* of the stack */
    int32_t unfed;       /* a chosen placeholder; -1: none */
    stepc_error *error;
} partial_call;

static int32_t find_output(const stepc_partial *q, const endpoint_table *table, stepc_output at)
{
    return at.op != NULL && at.op->graph == q->session->graph ? endpoint_table_find(table, at.op->index, at.index) : -1;
}

/* Finds each of the outputs and claims it for this call. */
static stepc_code claim_output(partial_call *c, const char *kind, stepc_output at, const endpoint_table *table,
                               uint8_t *claims)
{
    int32_t number = find_output(c->of, table, at);
    const char *name = at.op != NULL ? at.op->name.data : "(null)";
    if (number < 0)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "The %s %s:%d was not specified in partial_run_setup.", kind,
                         name, (int)at.index);
    if (claims[number] != CLAIM_OPEN)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "The %s %s:%d has already been %s.", kind, name,
                         (int)at.index, claims == c->of->fed ? "fed" : "fetched");
    claims[number] = CLAIM_NOW;
    return STEPC_OK;
}

static stepc_code claim_all(partial_call *c)
{
    stepc_partial *q = c->of;
    stepc_code code = STEPC_OK;
    for (size_t i = 0; i < c->feed_count && code == STEPC_OK; i++)
        code = claim_output(c, "feed", c->feeds[i].at, &q->feeds, q->fed);
    for (size_t i = 0; i < c->fetch_count && code == STEPC_OK; i++)
        code = claim_output(c, "fetch", c->fetches[i].at, &q->fetches, q->fetched);
    return code;
}

/* Ends the claims of this call: as DONE, or as OPEN again. */
static void settle_claims(partial_call *c, claim now)
{
    stepc_partial *q = c->of;
    for (size_t i = 0; i < c->feed_count; i++) {
        int32_t number = find_output(q, &q->feeds, c->feeds[i].at);
        if (number >= 0 && q->fed[number] == CLAIM_NOW) {
            q->fed[number] = (uint8_t)now;
            q->open_feeds -= now == CLAIM_DONE;
        }
    }
    for (size_t i = 0; i < c->fetch_count; i++) {
        int32_t number = find_output(q, &q->fetches, c->fetches[i].at);
        if (number >= 0 && q->fetched[number] == CLAIM_NOW) {
            q->fetched[number] = (uint8_t)now;
            q->open_fetches -= now == CLAIM_DONE;
        }
    }
}

/* ---- one call: what it needs ------------------------------------------------------------------------- */

static stepc_code need_feed(partial_call *c, int32_t feed)
{
    stepc_output at = c->of->p->request.feeds[feed];
    if (c->of->fed[feed] != CLAIM_OPEN)
        return STEPC_OK;
    return error_set(c->error, STEPC_INVALID_ARGUMENT,
                     "Fetch %s:%d can't be computed from the feeds that have been fed so far.", at.op->name.data,
                     (int)at.index);
}

static void need_node(partial_call *c, int32_t node)
{
    stepc_partial *q = c->of;
    if (q->progress[node] != NODE_WAITS)
        return;
    q->progress[node] = NODE_CHOSEN;
    q->stack[c->depth++] = node;
    c->first = node < c->first ? node : c->first;
    c->last = node > c->last ? node : c->last;
}

static stepc_code need_value(partial_call *c, int32_t value)
{
    int32_t node = c->of->value_nodes[value];
    if (node < 0)
        return need_feed(c, value);
    need_node(c, node);
    return STEPC_OK;
}

/* A control input that the plan lacks is a placeholder that is fed. */
static stepc_code need_control(partial_call *c, const stepc_operation *op)
{
    int32_t node = endpoint_table_find(&c->of->operations, op->index, -1);
    if (node >= 0) {
        need_node(c, node);
        return STEPC_OK;
    }
    int32_t feed = endpoint_table_find(&c->of->feeds, op->index, 0);
    return feed >= 0 ? need_feed(c, feed) : STEPC_OK;
}

/* Chooses the operations that the fetches of the call need. The message names the feed that is missing, as TensorFlow's
 * does, and the walk meets feeds in TensorFlow's order: the last fetch first. */
static stepc_code choose(partial_call *c)
{
    stepc_partial *q = c->of;
    stepc_code code = STEPC_OK;
    c->first = INT32_MAX;
    c->last = -1;
    for (size_t i = 0; i < c->fetch_count && code == STEPC_OK; i++)
        code = need_value(c, q->p->fetch_values[find_output(q, &q->fetches, c->fetches[i].at)]);
    while (code == STEPC_OK && c->depth > 0) {
        int32_t number = q->stack[--c->depth];
        const plan_node *node = &q->p->nodes[number];
        if (operation_is_placeholder(node->op) && (c->unfed < 0 || number < c->unfed))
            c->unfed = number;
        for (int32_t i = 0; i < node->op->input_count && code == STEPC_OK; i++)
            code = need_value(c, node->inputs[i]);
        for (int32_t i = 0; i < node->op->control_count && code == STEPC_OK; i++)
            code = need_control(c, node->op->controls[i]);
    }
    return code;
}

/* ---- one call: its feeds -------------------------------------------------------------------------------- */

static stepc_code copy_feeds(partial_call *c)
{
    stepc_partial *q = c->of;
    stepc_code code = request_check_values(c->feeds, c->feed_count, c->error);
    if (code == STEPC_OK)
        code = request_check_buffers(c->feeds, c->feed_count, c->fetches, c->fetch_count, c->error);
    for (size_t i = 0; i < c->feed_count && code == STEPC_OK; i++)
        code = stepc_tensor_copy(&q->host, &c->feeds[i].value, &q->given[find_output(q, &q->feeds, c->feeds[i].at)],
                                 c->error);
    return code;
}

/* Nothing has happened yet, and so it stays. */
static void forget_call(partial_call *c)
{
    stepc_partial *q = c->of;
    for (int32_t i = c->first; i <= c->last; i++)
        if (q->progress[i] == NODE_CHOSEN)
            q->progress[i] = NODE_WAITS;
    for (size_t i = 0; i < c->feed_count; i++) {
        int32_t number = find_output(q, &q->feeds, c->feeds[i].at);
        if (number < 0)
            continue;
        stepc_tensor_release(q->given[number]);
        q->given[number] = NULL;
    }
    settle_claims(c, CLAIM_OPEN);
}

static void give_feeds(partial_call *c)
{
    stepc_partial *q = c->of;
    for (size_t i = 0; i < c->feed_count; i++) {
        int32_t number = find_output(q, &q->feeds, c->feeds[i].at);
        if (q->frame->remaining[number] > 0)
            q->frame->values[number].tensor = q->given[number];
        else
            stepc_tensor_release(q->given[number]);
        q->given[number] = NULL;
    }
}

/* ---- one call: the step ----------------------------------------------------------------------------------- */

static stepc_code interpret_chosen(partial_call *c, step_run *run)
{
    stepc_partial *q = c->of;
    stepc_code code = STEPC_OK;
    bool counted = false;
    for (int32_t i = c->first; i <= c->last && code == STEPC_OK; i++) {
        if (q->progress[i] != NODE_CHOSEN)
            continue;
        q->progress[i] = NODE_DONE;
        if (q->p->nodes[i].remembered)
            continue;
        if (!counted)
            atomic_fetch_add_explicit(run->settings->engine == STEPC_ENGINE_REFERENCE
                                          ? &q->session->counts.runs_reference
                                          : &q->session->counts.runs_interpreted,
                                      1, memory_order_relaxed);
        counted = true;
        code = step_poll(run);
        if (code == STEPC_OK)
            code = step_run_node(run, i);
    }
    return code;
}

static stepc_code run_chosen(partial_call *c, step_run *run)
{
    if (c->unfed >= 0) /* fails with its own text, before any variable has advanced */
        return step_run_node(run, c->unfed);
    bool ran = false;
    stepc_code code = STEPC_OK;
    if (c->first <= c->last && dispatch_is_possible(run->session, run->settings))
        code = segment_dispatch(&(segment){c->of, c->first, c->last, run}, &ran);
    return code == STEPC_OK && !ran ? interpret_chosen(c, run) : code;
}

static stepc_code take_fetches(partial_call *c, step_run *run)
{
    stepc_partial *q = c->of;
    stepc_code code = STEPC_OK;
    for (size_t i = 0; i < c->fetch_count && code == STEPC_OK; i++) {
        int32_t number = find_output(q, &q->fetches, c->fetches[i].at);
        int32_t value = q->p->fetch_values[number];
        bool is_last = --q->frame->remaining[value] == 0;
        q->slots[number] = c->fetches[i];
        code = step_give(run, (size_t)number, is_last);
        c->fetches[i].out = q->slots[number].out;
        if (is_last) {
            stepc_tensor_release(q->frame->values[value].tensor);
            q->frame->values[value] = (step_value){NULL, NULL};
        }
    }
    return code;
}

/* Everything was given and taken: what only the targets need runs now. */
static stepc_code run_rest(partial_call *c, step_run *run)
{
    stepc_partial *q = c->of;
    c->first = INT32_MAX;
    c->last = -1;
    c->depth = 0;
    for (int32_t i = 0; i < q->p->node_count; i++) {
        need_node(c, i);
        if (q->progress[i] == NODE_CHOSEN && operation_is_placeholder(q->p->nodes[i].op) && c->unfed < 0)
            c->unfed = i;
    }
    return run_chosen(c, run);
}

static stepc_code run_step(partial_call *c)
{
    stepc_partial *q = c->of;
    run_settings settings = session_settings(q->session);
    step_run run = {.session = q->session,
                    .p = q->p,
                    .frame = q->frame,
                    .fetches = q->slots,
                    .settings = &settings,
                    .deadline_ns = step_deadline(&settings),
                    .engine = settings.engine == STEPC_ENGINE_REFERENCE ? "reference" : "interpreted",
                    .error = c->error};
    give_feeds(c);
    stepc_code code = run_chosen(c, &run);
    if (code == STEPC_OK)
        code = take_fetches(c, &run);
    settle_claims(c, CLAIM_DONE);
    if (code == STEPC_OK && q->open_feeds == 0 && q->open_fetches == 0) {
        code = run_rest(c, &run);
        partial_end(q);
    } else if (code != STEPC_OK) {
        partial_end(q);
    }
    for (size_t i = 0; i < c->fetch_count && code != STEPC_OK; i++) {
        stepc_tensor_release(c->fetches[i].out);
        c->fetches[i].out = NULL;
    }
    return code;
}

static stepc_code run_locked(partial_call *c)
{
    if (c->of->frame == NULL)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Must run 'setup' before performing partial runs!");
    stepc_code code = claim_all(c);
    if (code == STEPC_OK)
        code = choose(c);
    if (code == STEPC_OK)
        code = copy_feeds(c);
    if (code == STEPC_OK)
        return run_step(c);
    forget_call(c);
    return code;
}

stepc_code stepc_partial_run(stepc_partial *partial, const stepc_feed *feeds, size_t feed_count, stepc_fetch *fetches,
                             size_t fetch_count, stepc_error *error)
{
    stepc_error unread;

    error = error_or(error, &unread);
    for (size_t i = 0; fetches != NULL && i < fetch_count; i++)
        fetches[i].out = NULL;
    if ((feeds == NULL && feed_count > 0) || (fetches == NULL && fetch_count > 0))
        return error_set(error, STEPC_INVALID_ARGUMENT, "A count of feeds or fetches has no array.");
    if (partial == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Must run 'setup' before performing partial runs!");
    stepc_code code = session_enter(partial->session, "PRun", error);
    if (code != STEPC_OK)
        return code;
    partial_call call = {.of = partial,
                         .feeds = feeds,
                         .feed_count = feed_count,
                         .fetches = fetches,
                         .fetch_count = fetch_count,
                         .first = INT32_MAX,
                         .last = -1,
                         .unfed = -1,
                         .error = error};
    pthread_mutex_lock(&partial->mutex);
    code = run_locked(&call);
    pthread_mutex_unlock(&partial->mutex);
    session_leave(partial->session);
    return code;
}
