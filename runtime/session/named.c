/* SPDX-License-Identifier: Apache-2.0 */
/* Runs by names: they are resolved here; what is wrong with them is said where every step is checked (request.c). */
#include "runtime/session/session.h"

#include "runtime/core/error.h"

/* A step by names while it is being resolved. */
typedef struct named_step {
    stepc_session *session;
    arena scratch;
    step_request request;
    stepc_feed *feeds;
    stepc_fetch *fetches;
} named_step;

/* TensorFlow's ParseTensorName: "op:i"; every other text is an operation's name and means output 0. */
static stepc_output resolve(const stepc_graph *graph, const char *name)
{
    stepc_string op;
    int32_t index;
    bool has_index;
    if (!tensor_name_split(text_view(name), &op, &index, &has_index))
        return (stepc_output){NULL, 0};
    return (stepc_output){graph_find(graph, op), index};
}

static stepc_code resolve_all(named_step *n, const stepc_named_feed *feeds, const char *const *fetches,
                              const char *const *targets, stepc_error *error)
{
    step_request *r = &n->request;
    stepc_output *feed_outputs = ARENA_ARRAY(&n->scratch, stepc_output, r->feed_count);
    stepc_output *fetch_outputs = ARENA_ARRAY(&n->scratch, stepc_output, r->fetch_count);
    const stepc_operation **operations = ARENA_ARRAY(&n->scratch, const stepc_operation *, r->target_count);
    const char **feed_names = ARENA_ARRAY(&n->scratch, const char *, r->feed_count);
    n->feeds = ARENA_ARRAY(&n->scratch, stepc_feed, r->feed_count);
    n->fetches = ARENA_ARRAY(&n->scratch, stepc_fetch, r->fetch_count);
    if (feed_outputs == NULL || fetch_outputs == NULL || operations == NULL || feed_names == NULL || n->feeds == NULL ||
        n->fetches == NULL)
        return error_out_of_memory(error, "running a step");

    const stepc_graph *graph = n->session->graph;
    graph_lock_read(graph);
    for (size_t i = 0; i < r->feed_count; i++) {
        feed_names[i] = feeds[i].name;
        feed_outputs[i] = resolve(graph, feeds[i].name);
        n->feeds[i] = (stepc_feed){feed_outputs[i], feeds[i].value};
    }
    for (size_t i = 0; i < r->fetch_count; i++) {
        fetch_outputs[i] = resolve(graph, fetches[i]);
        n->fetches[i] = (stepc_fetch){.at = fetch_outputs[i]};
    }
    for (size_t i = 0; i < r->target_count; i++)
        operations[i] = graph_find(graph, text_view(targets[i]));
    graph_unlock(graph);
    r->feeds = feed_outputs;
    r->fetches = fetch_outputs;
    r->targets = operations;
    r->feed_names = feed_names;
    r->fetch_names = fetches;
    r->target_names = targets;
    return STEPC_OK;
}

static stepc_code run_resolved(named_step *n, const run_settings *settings, stepc_tensor **tensors, stepc_error *error)
{
    plan *p;
    stepc_code code = session_plan_find(n->session, &n->request, settings->engine != STEPC_ENGINE_REFERENCE, &p, error);
    if (code != STEPC_OK)
        return code;
    code = session_run_plan(n->session, p, n->feeds, n->fetches, settings, error);
    run_plan_release(p);
    for (size_t i = 0; code == STEPC_OK && i < n->request.fetch_count; i++)
        tensors[i] = n->fetches[i].out;
    return code;
}

static stepc_code check_arguments(const stepc_named_feed *feeds, size_t feed_count, const char *const *fetches,
                                  size_t fetch_count, const char *const *targets, size_t target_count,
                                  stepc_tensor *const *tensors, stepc_error *error)
{
    bool complete = (feeds != NULL || feed_count == 0) && (targets != NULL || target_count == 0) &&
                    ((fetches != NULL && tensors != NULL) || fetch_count == 0);
    if (!complete)
        return error_set(error, STEPC_INVALID_ARGUMENT, "A count of feeds, fetches or targets has no array.");
    for (size_t i = 0; complete && i < feed_count; i++)
        complete = feeds[i].name != NULL;
    for (size_t i = 0; complete && i < fetch_count; i++)
        complete = fetches[i] != NULL;
    for (size_t i = 0; complete && i < target_count; i++)
        complete = targets[i] != NULL;
    return complete ? STEPC_OK : error_set(error, STEPC_INVALID_ARGUMENT, "A feed, fetch or target has no name.");
}

stepc_code stepc_session_run_named(stepc_session *session, const stepc_named_feed *feeds, size_t feed_count,
                                   const char *const *fetches, size_t fetch_count, const char *const *targets,
                                   size_t target_count, stepc_tensor **tensors, const stepc_run_options *options,
                                   stepc_error *error)
{
    stepc_error unread;

    error = error_or(error, &unread);
    for (size_t i = 0; tensors != NULL && i < fetch_count; i++)
        tensors[i] = NULL;
    if (session == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no session to run a step in.");
    stepc_code code = check_arguments(feeds, feed_count, fetches, fetch_count, targets, target_count, tensors, error);
    if (code == STEPC_OK)
        code = session_enter(session, "Run", error);
    if (code != STEPC_OK)
        return code;
    named_step n = {.session = session,
                    .request = {.feed_count = feed_count, .fetch_count = fetch_count, .target_count = target_count}};
    run_settings settings = session_settings(session);
    arena_init(&n.scratch, &session->host);
    if (options != NULL)
        code = run_settings_resolve(&session->config, &session->host, options, &settings, error);
    if (code == STEPC_OK)
        code = resolve_all(&n, feeds, fetches, targets, error);
    if (code == STEPC_OK)
        code = run_resolved(&n, &settings, tensors, error);
    arena_release(&n.scratch);
    session_leave(session);
    return code;
}
