/* SPDX-License-Identifier: Apache-2.0 */
/* Default sessions and graphs, a stack of each per thread, and what runs in them. */
#include "runtime/session/session.h"

#include "runtime/core/error.h"
#include "runtime/core/host.h"

#include <string.h>

/* ---- stacks of this thread ---------------------------------------------------------------------------- */

typedef struct default_session {
    stepc_session *session; /* held: one that is freed stays here, closed, until it is popped */
    bool is_interactive;    /* goes by itself when it is closed */
} default_session;

typedef struct default_graph {
    stepc_graph *graph;     /* held */
    stepc_session *session; /* held; the interactive session that brought it, or NULL */
} default_graph;

typedef struct thread_defaults {
    stepc_host host;
    default_session *sessions;
    size_t session_count, session_capacity;
    default_graph *graphs;
    size_t graph_count, graph_capacity;
    stepc_graph *base; /* below all graphs; made on first use */
} thread_defaults;

/* What there is one of in a process: the key under which each thread finds its own, and how many are interactive. */
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool has_key;
static atomic_int interactive_sessions;

static void drop_session(default_session *entry) { session_release(entry->session); }

static void drop_graph(default_graph *entry)
{
    stepc_graph_release(entry->graph);
    if (entry->session != NULL)
        session_release(entry->session);
}

static void thread_ends(void *defaults)
{
    thread_defaults *t = defaults;
    while (t->session_count > 0)
        drop_session(&t->sessions[--t->session_count]);
    while (t->graph_count > 0)
        drop_graph(&t->graphs[--t->graph_count]);
    stepc_graph_release(t->base);
    stepc_host host = t->host;
    host_free(&host, t->sessions, t->session_capacity * sizeof *t->sessions);
    host_free(&host, t->graphs, t->graph_capacity * sizeof *t->graphs);
    host_free(&host, t, sizeof *t);
}

static void make_key(void) { has_key = pthread_key_create(&key, thread_ends) == 0; }

/* NULL when this thread has no stacks yet. */
static thread_defaults *defaults_found(void)
{
    pthread_once(&key_once, make_key);
    return has_key ? pthread_getspecific(key) : NULL;
}

static thread_defaults *defaults_made(stepc_error *error)
{
    thread_defaults *t = defaults_found();
    if (t != NULL)
        return t;
    stepc_host host = host_resolve(NULL);
    t = has_key ? host_alloc(&host, sizeof *t) : NULL;
    if (t != NULL && pthread_setspecific(key, t) != 0) {
        host_free(&host, t, sizeof *t);
        t = NULL;
    }
    if (t == NULL)
        error_out_of_memory(error, "setting a default");
    else
        t->host = host;
    return t;
}

/* Room for one more entry; the array moves. */
static bool make_room(const stepc_host *host, void **entries, size_t *capacity, size_t count, size_t entry_bytes)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity == 0 ? 8 : 2 * *capacity;
    void *larger = wanted <= SIZE_MAX / 2 / entry_bytes ? host_alloc(host, wanted * entry_bytes) : NULL;
    if (larger == NULL)
        return false;
    if (count > 0)
        memcpy(larger, *entries, count * entry_bytes);
    host_free(host, *entries, *capacity * entry_bytes);
    *entries = larger;
    *capacity = wanted;
    return true;
}

/* Interactive sessions that another thread closed leave when they come to the top. */
static void drop_closed(thread_defaults *t)
{
    while (t->session_count > 0 && t->sessions[t->session_count - 1].is_interactive &&
           atomic_load(&t->sessions[t->session_count - 1].session->closed))
        drop_session(&t->sessions[--t->session_count]);
    while (t->graph_count > 0 && t->graphs[t->graph_count - 1].session != NULL &&
           atomic_load(&t->graphs[t->graph_count - 1].session->closed))
        drop_graph(&t->graphs[--t->graph_count]);
}

static stepc_code push_session(stepc_session *session, bool is_interactive, stepc_error *error)
{
    thread_defaults *t = defaults_made(error);
    if (t == NULL)
        return STEPC_RESOURCE_EXHAUSTED;
    void *entries = t->sessions;
    if (!make_room(&t->host, &entries, &t->session_capacity, t->session_count, sizeof *t->sessions))
        return error_out_of_memory(error, "setting the default session");
    t->sessions = entries;
    session_retain(session);
    t->sessions[t->session_count++] = (default_session){session, is_interactive};
    return STEPC_OK;
}

static stepc_code push_graph(stepc_graph *graph, stepc_session *session, stepc_error *error)
{
    thread_defaults *t = defaults_made(error);
    if (t == NULL)
        return STEPC_RESOURCE_EXHAUSTED;
    void *entries = t->graphs;
    if (!make_room(&t->host, &entries, &t->graph_capacity, t->graph_count, sizeof *t->graphs))
        return error_out_of_memory(error, "setting the default graph");
    t->graphs = entries;
    if (session != NULL)
        session_retain(session);
    t->graphs[t->graph_count++] = (default_graph){stepc_graph_retain(graph), session};
    return STEPC_OK;
}

static stepc_code nesting_violated(stepc_error *error, const char *what)
{
    return error_set(error, STEPC_FAILED_PRECONDITION, "Nesting violated for default stack of %s objects", what);
}

static bool session_is_top(const thread_defaults *t, const stepc_session *session)
{
    return t != NULL && t->session_count > 0 && t->sessions[t->session_count - 1].session == session;
}

static bool graph_is_top(const thread_defaults *t, const stepc_graph *graph)
{
    return t != NULL && t->graph_count > 0 && t->graphs[t->graph_count - 1].graph == graph;
}

/* This thread's stacks without interruptions by sessions that are closed; may be NULL. */
static thread_defaults *defaults_now(void)
{
    thread_defaults *t = defaults_found();
    if (t != NULL)
        drop_closed(t);
    return t;
}

/* ---- default sessions ----------------------------------------------------------------------------------- */

stepc_session *stepc_default_session(void)
{
    const thread_defaults *t = defaults_now();
    return t != NULL && t->session_count > 0 ? t->sessions[t->session_count - 1].session : NULL;
}

stepc_code stepc_default_session_push(stepc_session *session, stepc_error *error)
{
    stepc_error_clear(error);
    if (session == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no session to make the default.");
    return push_session(session, false, error);
}

stepc_code stepc_default_session_pop(stepc_session *session, stepc_error *error)
{
    stepc_error_clear(error);
    thread_defaults *t = defaults_now();
    if (session == NULL || !session_is_top(t, session))
        return nesting_violated(error, "stepc_session");
    drop_session(&t->sessions[--t->session_count]);
    return STEPC_OK;
}

/* ---- default graphs -------------------------------------------------------------------------------------- */

stepc_graph *stepc_default_graph(stepc_error *error)
{
    stepc_error_clear(error);
    thread_defaults *t = defaults_now();
    if (t != NULL && t->graph_count > 0)
        return t->graphs[t->graph_count - 1].graph;
    t = defaults_made(error);
    if (t == NULL || (t->base == NULL && stepc_graph_new(NULL, &t->base, error) != STEPC_OK))
        return NULL;
    return t->base;
}

stepc_code stepc_default_graph_push(stepc_graph *graph, stepc_error *error)
{
    stepc_error_clear(error);
    if (graph == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no graph to make the default.");
    return push_graph(graph, NULL, error);
}

stepc_code stepc_default_graph_pop(stepc_graph *graph, stepc_error *error)
{
    stepc_error_clear(error);
    thread_defaults *t = defaults_now();
    if (graph == NULL || !graph_is_top(t, graph))
        return nesting_violated(error, "stepc_graph");
    drop_graph(&t->graphs[--t->graph_count]);
    return STEPC_OK;
}

/* ---- sessions as contexts ---------------------------------------------------------------------------------- */

static bool set_entered(stepc_session *session, bool entered)
{
    pthread_mutex_lock(&session->mutex);
    bool before = session->is_entered;
    session->is_entered = entered;
    pthread_mutex_unlock(&session->mutex);
    return before;
}

stepc_code stepc_session_begin(stepc_session *session, stepc_error *error)
{
    stepc_error_clear(error);
    if (session == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no session to enter.");
    if (set_entered(session, true))
        return error_set(
            error, STEPC_FAILED_PRECONDITION,
            "Session context managers are not re-entrant. Use `Session.as_default()` if you want to enter a "
            "session multiple times.");
    stepc_code code = push_graph(session->graph, NULL, error);
    if (code == STEPC_OK) {
        code = push_session(session, false, error);
        thread_defaults *t = defaults_found();
        if (code != STEPC_OK)
            drop_graph(&t->graphs[--t->graph_count]);
    }
    if (code != STEPC_OK)
        set_entered(session, false);
    return code;
}

stepc_code stepc_session_end(stepc_session *session, stepc_error *error)
{
    stepc_error_clear(error);
    if (session == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no session to leave.");
    thread_defaults *t = defaults_now();
    if (!session_is_top(t, session))
        return nesting_violated(error, "stepc_session");
    if (!graph_is_top(t, session->graph))
        return nesting_violated(error, "stepc_graph");
    if (!set_entered(session, false))
        return error_set(error, STEPC_FAILED_PRECONDITION, "The session was not entered.");
    stepc_code code = stepc_session_close(session, error);
    drop_session(&t->sessions[--t->session_count]); /* not the last holder: the caller is another */
    drop_graph(&t->graphs[--t->graph_count]);
    return code;
}

/* ---- interactive sessions -------------------------------------------------------------------------------- */

static void count_interactive(stepc_session *s)
{
    atomic_store(&s->is_interactive, true);
    if (atomic_fetch_add(&interactive_sessions, 1) > 0)
        host_report(&s->host, "warning", "InteractiveSession",
                    "An interactive session is already active. This can cause out-of-memory errors in some cases. You "
                    "must explicitly call `InteractiveSession.close()` to release resources held by the other "
                    "session(s).");
}

stepc_code stepc_interactive_open(stepc_graph *graph, const stepc_session_options *options, stepc_session **out,
                                  stepc_error *error)
{
    stepc_session_options own;
    stepc_error unread;

    error = error_or(error, &unread);
    if (out != NULL)
        *out = NULL;
    if (graph == NULL && (graph = stepc_default_graph(error)) == NULL)
        return STEPC_RESOURCE_EXHAUSTED;
    memset(&own, 0, sizeof own);
    if (options != NULL && !copy_options(&own, sizeof own, options, options->size))
        return error_set(error, STEPC_INVALID_ARGUMENT, "The size member of the session options is not set.");
    own.size = sizeof own;
    own.place_pruned_graph = 1;
    stepc_code code = stepc_session_open(graph, &own, out, error);
    if (code != STEPC_OK)
        return code;
    stepc_session *s = *out;
    count_interactive(s);
    code = push_session(s, true, error);
    if (code == STEPC_OK)
        code = push_graph(graph, s, error);
    if (code == STEPC_OK)
        return STEPC_OK;
    *out = NULL;
    stepc_session_free(s);
    return code;
}

/* Takes S out of the stacks of this thread, wherever it stands there. */
static void remove_interactive(thread_defaults *t, stepc_session *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->session_count; i++) {
        if (t->sessions[i].is_interactive && t->sessions[i].session == s)
            drop_session(&t->sessions[i]);
        else
            t->sessions[kept++] = t->sessions[i];
    }
    t->session_count = kept;
    kept = 0;
    for (size_t i = 0; i < t->graph_count; i++) {
        if (t->graphs[i].session == s)
            drop_graph(&t->graphs[i]);
        else
            t->graphs[kept++] = t->graphs[i];
    }
    t->graph_count = kept;
}

void interactive_session_closed(stepc_session *s)
{
    if (!atomic_exchange(&s->is_interactive, false)) /* no lock: a callback of the host may close its session */
        return;
    atomic_fetch_sub(&interactive_sessions, 1);
    thread_defaults *t = defaults_found();
    if (t != NULL)
        remove_interactive(t, s);
}

/* ---- eval, run -------------------------------------------------------------------------------------------- */

/* TensorFlow's texts differ between the two by more than a noun. */
typedef struct session_texts {
    const char *none, *default_differs, *given_differs;
} session_texts;

static const session_texts eval_texts = {
    "Cannot evaluate tensor using `eval()`: No default session is registered. Use `with sess.as_default()` or pass an "
    "explicit session to `eval(session=sess)`",
    "Cannot use the default session to evaluate tensor: the tensor's graph is different from the session's graph. Pass an "
    "explicit session to `eval(session=sess)`.",
    "Cannot use the given session to evaluate tensor: the tensor's graph is different from the session's graph."};

static const session_texts run_texts = {
    "Cannot execute operation using `run()`: No default session is registered. Use `with sess.as_default():` or pass an "
    "explicit session to `run(session=sess)`",
    "Cannot use the default session to execute operation: the operation's graph is different from the session's graph. "
    "Pass an explicit session to run(session=sess).",
    "Cannot use the given session to execute operation: the operation's graph is different from the session's graph."};

static stepc_code choose_session(const stepc_graph *graph, const session_texts *texts, stepc_session **session,
                                 stepc_error *error)
{
    bool is_given = *session != NULL;
    if (!is_given && (*session = stepc_default_session()) == NULL)
        return error_set(error, STEPC_FAILED_PRECONDITION, "%s", texts->none);
    if ((*session)->graph != graph)
        return error_set(error, STEPC_INVALID_ARGUMENT, "%s", is_given ? texts->given_differs : texts->default_differs);
    return STEPC_OK;
}

stepc_code stepc_output_eval(stepc_output at, const stepc_feed *feeds, size_t feed_count, stepc_session *session,
                             stepc_tensor **out, stepc_error *error)
{
    stepc_error unread;

    error = error_or(error, &unread);
    if (out != NULL)
        *out = NULL;
    if (at.op == NULL || out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no tensor to evaluate, or no place for its value.");
    stepc_code code = choose_session(at.op->graph, &eval_texts, &session, error);
    if (code != STEPC_OK)
        return code;
    stepc_fetch fetch = {.at = at};
    code = stepc_session_run(session, feeds, feed_count, &fetch, 1, NULL, 0, NULL, error);
    *out = fetch.out;
    return code;
}

stepc_code stepc_operation_run(const stepc_operation *op, const stepc_feed *feeds, size_t feed_count,
                               stepc_session *session, stepc_error *error)
{
    stepc_error unread;

    error = error_or(error, &unread);
    if (op == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no operation to run.");
    stepc_code code = choose_session(op->graph, &run_texts, &session, error);
    return code == STEPC_OK ? stepc_session_run(session, feeds, feed_count, NULL, 0, &op, 1, NULL, error) : code;
}
