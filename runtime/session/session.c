/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/session/session.h"

#include "runtime/core/error.h"
#include "runtime/core/host.h"
#include "runtime/session/request.h"

#include <string.h>
#include <time.h>

/* Copies an option struct of an older or newer caller: members beyond its size are zero. */
static bool copy_options(void *to, size_t to_bytes, const void *from, uint32_t from_bytes)
{
    if (from_bytes < sizeof(uint32_t))
        return false;
    memcpy(to, from, from_bytes < to_bytes ? from_bytes : to_bytes);
    return true;
}

static bool engine_is_known(stepc_engine engine)
{
    return engine == STEPC_ENGINE_DEFAULT || engine == STEPC_ENGINE_REFERENCE || engine == STEPC_ENGINE_INTERPRETED;
}

/* For random operations without seeds; needs to differ from session to session, no more. */
static uint64_t draw_seed(const void *session)
{
    struct timespec now = {0, 0};
    (void)timespec_get(&now, TIME_UTC);
    uint64_t x = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec + (uint64_t)(uintptr_t)session;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    return x != 0 ? x : 1;
}

/* ---- open, close, free -------------------------------------------------------------------- */

static stepc_code session_fill(stepc_session *s, stepc_graph *graph, const stepc_session_options *options,
                               stepc_error *error)
{
    size_t operations = (size_t)graph->operation_count;
    s->engine = options->engine == STEPC_ENGINE_DEFAULT ? STEPC_ENGINE_INTERPRETED : options->engine;
    s->seed = options->seed != 0 ? options->seed : draw_seed(s);
    s->states = ARENA_ARRAY(&s->memory, kernel_state *, operations);
    s->constants = ARENA_ARRAY(&s->memory, stepc_tensor *, operations);
    if (s->states == NULL || s->constants == NULL)
        return error_out_of_memory(error, "opening a session");
    stepc_code code = variable_store_new(&s->host, &s->variables, error);
    if (code == STEPC_OK)
        s->graph = stepc_graph_retain(graph);
    return code;
}

stepc_code stepc_session_open(stepc_graph *graph, const stepc_session_options *options, stepc_session **out,
                              stepc_error *error)
{
    stepc_session_options own;
    stepc_error unread;

    error = error_or(error, &unread);
    if (out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no place for the session.");
    *out = NULL;
    if (graph == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no graph to open a session on.");
    memset(&own, 0, sizeof own);
    if (options != NULL && !copy_options(&own, sizeof own, options, options->size))
        return error_set(error, STEPC_INVALID_ARGUMENT, "The size member of the session options is not set.");
    if (!engine_is_known(own.engine))
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no engine number %d.", (int)own.engine);

    stepc_host host = host_resolve(own.host != NULL ? own.host : &graph->host);
    stepc_session *s = host_alloc(&host, sizeof *s);
    if (s == NULL)
        return error_out_of_memory(error, "opening a session");
    s->host = host;
    atomic_init(&s->closed, false);
    arena_init(&s->memory, &s->host);
    if (pthread_mutex_init(&s->mutex, NULL) != 0) {
        host_free(&host, s, sizeof *s);
        return error_set(error, STEPC_RESOURCE_EXHAUSTED, "The system has no mutex left.");
    }
    stepc_code code = session_fill(s, graph, &own, error);
    if (code != STEPC_OK)
        stepc_session_free(s);
    else
        *out = s;
    return code;
}

stepc_code stepc_session_close(stepc_session *session, stepc_error *error)
{
    stepc_error_clear(error);
    if (session == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no session to close.");
    atomic_store(&session->closed, true);
    return STEPC_OK;
}

static void free_plans(stepc_session *s)
{
    while (s->plans != NULL) {
        plan *next = s->plans->next;
        run_plan_free(s->plans);
        s->plans = next;
    }
}

void stepc_session_free(stepc_session *session)
{
    if (session == NULL)
        return;
    atomic_store(&session->closed, true);
    /* A step in another thread stops before its next operation. */
    pthread_mutex_lock(&session->mutex);
    pthread_mutex_unlock(&session->mutex);
    free_plans(session);
    if (session->graph != NULL)
        for (int32_t i = 0; i < session->graph->operation_count; i++)
            stepc_tensor_release(session->constants[i]);
    variable_store_free(session->variables);
    stepc_graph_release(session->graph);
    arena_release(&session->memory);
    pthread_mutex_destroy(&session->mutex);
    stepc_host host = session->host;
    host_free(&host, session, sizeof *session);
}

/* ---- plans --------------------------------------------------------------------------------- */

/* Finds a plan made before and puts it first. */
static plan *cached_plan(stepc_session *s, const step_request *request)
{
    for (plan **at = &s->plans; *at != NULL; at = &(*at)->next) {
        plan *p = *at;
        if (!plan_matches(p, request))
            continue;
        *at = p->next;
        p->next = s->plans;
        s->plans = p;
        return p;
    }
    return NULL;
}

static void drop_oldest_plan(stepc_session *s)
{
    plan **at = &s->plans;
    while ((*at)->next != NULL)
        at = &(*at)->next;
    run_plan_free(*at);
    *at = NULL;
    s->plan_count--;
}

/* Constants that another plan has decoded already. */
static void take_constants(stepc_session *s, plan *p)
{
    for (int32_t i = 0; i < p->node_count; i++) {
        plan_node *node = &p->nodes[i];
        stepc_tensor *constant = s->constants[node->op->index];
        if (constant == NULL)
            continue;
        p->values[node->first_output].remembered = stepc_tensor_retain(constant);
        node->remembered = true;
    }
}

static stepc_code find_plan(stepc_session *s, const step_request *request, bool remember, plan **out,
                            stepc_error *error)
{
    if (remember && (*out = cached_plan(s, request)) != NULL)
        return STEPC_OK;
    stepc_code code = session_plan_make(s->graph, &s->host, request, out, error);
    if (code != STEPC_OK || !remember)
        return code;
    take_constants(s, *out);
    if (s->plan_count == SESSION_PLANS)
        drop_oldest_plan(s);
    (*out)->next = s->plans;
    s->plans = *out;
    s->plan_count++;
    return STEPC_OK;
}

/* ---- run ----------------------------------------------------------------------------------- */

static stepc_code run_locked(stepc_session *s, const step_request *request, step_run *run)
{
    if (atomic_load(&s->closed))
        return error_set(run->error, STEPC_CANCELLED, "Session has been closed.");
    stepc_code code = find_plan(s, request, run->remember, &run->p, run->error);
    if (code != STEPC_OK)
        return code;
    code = request_check_values(run->feeds, request->feed_count, run->error);
    if (code == STEPC_OK)
        code = request_check_overlap(run->feeds, request->feed_count, run->fetches, request->fetch_count, run->error);
    if (code == STEPC_OK)
        code = step_execute(run);
    if (!run->remember)
        run_plan_free(run->p);
    return code;
}

static stepc_code run_with_memory(stepc_session *s, step_request *request, step_run *run, arena *scratch)
{
    stepc_output *feeds = ARENA_ARRAY(scratch, stepc_output, request->feed_count);
    stepc_output *fetches = ARENA_ARRAY(scratch, stepc_output, request->fetch_count);
    if (feeds == NULL || fetches == NULL)
        return error_out_of_memory(run->error, "running a step");
    for (size_t i = 0; i < request->feed_count; i++)
        feeds[i] = run->feeds[i].at;
    for (size_t i = 0; i < request->fetch_count; i++)
        fetches[i] = run->fetches[i].at;
    request->feeds = feeds;
    request->fetches = fetches;
    pthread_mutex_lock(&s->mutex);
    stepc_code code = run_locked(s, request, run);
    pthread_mutex_unlock(&s->mutex);
    return code;
}

stepc_code stepc_session_run(stepc_session *session, const stepc_feed *feeds, size_t feed_count, stepc_fetch *fetches,
                             size_t fetch_count, const stepc_operation *const *targets, size_t target_count,
                             const stepc_run_options *options, stepc_error *error)
{
    stepc_run_options own;
    stepc_error unread;

    error = error_or(error, &unread);
    if (fetches != NULL)
        for (size_t i = 0; i < fetch_count; i++)
            fetches[i].out = NULL;
    if (session == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no session to run a step in.");
    if ((feeds == NULL && feed_count > 0) || (fetches == NULL && fetch_count > 0) ||
        (targets == NULL && target_count > 0))
        return error_set(error, STEPC_INVALID_ARGUMENT, "A count of feeds, fetches or targets has no array.");
    memset(&own, 0, sizeof own);
    if (options != NULL && !copy_options(&own, sizeof own, options, options->size))
        return error_set(error, STEPC_INVALID_ARGUMENT, "The size member of the run options is not set.");
    if (!engine_is_known(own.engine))
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no engine number %d.", (int)own.engine);
    if (atomic_load(&session->closed))
        return error_set(error, STEPC_CANCELLED, "Session has been closed.");
    if (session->graph->operation_count == 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Session was not created with a graph before Run()!");

    stepc_engine engine = own.engine == STEPC_ENGINE_DEFAULT ? session->engine : own.engine;
    step_request request = {NULL, feed_count, NULL, fetch_count, targets, target_count};
    step_run run = {session, NULL, engine == STEPC_ENGINE_INTERPRETED, feeds, fetches, error};
    arena scratch;
    arena_init(&scratch, &session->host);
    stepc_code code = run_with_memory(session, &request, &run, &scratch);
    arena_release(&scratch);
    return code;
}
