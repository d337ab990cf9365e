/* SPDX-License-Identifier: Apache-2.0 */
/* Callables: a step resolved once. A call that a compiled entry fits goes straight there; others take the way of a run. */
#include "runtime/session/callable.h"

#include "runtime/core/checked.h"
#include "runtime/core/error.h"
#include "runtime/core/host.h"
#include "runtime/session/compiled.h"

#include <string.h>

/* ---- making ------------------------------------------------------------------------------------------ */

static stepc_code resolve_settings(stepc_session *s, const stepc_callable_options *options, run_settings *out,
                                   stepc_error *error)
{
    stepc_callable_options own;
    memset(&own, 0, sizeof own);
    *out = session_settings(s);
    if (options != NULL && !copy_options(&own, sizeof own, options, options->size))
        return error_set(error, STEPC_INVALID_ARGUMENT, "The size member of the callable options is not set.");
    return own.run != NULL ? run_settings_resolve(&s->config, &s->host, own.run, out, error) : STEPC_OK;
}

static stepc_code read_signature(const stepc_signature *signature, step_request *out, stepc_error *error)
{
    stepc_signature own;
    memset(&own, 0, sizeof own);
    if (signature == NULL || !copy_options(&own, sizeof own, signature, signature->size))
        return error_set(error, STEPC_INVALID_ARGUMENT, "The size member of the signature is not set.");
    if ((own.feeds == NULL && own.feed_count > 0) || (own.fetches == NULL && own.fetch_count > 0) ||
        (own.targets == NULL && own.target_count > 0) || (own.connections == NULL && own.connection_count > 0))
        return error_set(error, STEPC_INVALID_ARGUMENT, "A count of the signature has no array.");
    *out = (step_request){.feeds = own.feeds,
                          .feed_count = own.feed_count,
                          .fetches = own.fetches,
                          .fetch_count = own.fetch_count,
                          .targets = own.targets,
                          .target_count = own.target_count,
                          .connections = own.connections,
                          .connection_count = own.connection_count};
    return STEPC_OK;
}

static bool asks_for_nothing(const run_settings *settings)
{
    return settings->timeout_ms <= 0 && settings->trace_level == STEPC_NO_TRACE && !settings->output_partition_graphs &&
           settings->cancellation == NULL && settings->metadata == NULL &&
           (settings->engine == STEPC_ENGINE_DEFAULT || settings->engine == STEPC_ENGINE_COMPILED);
}

stepc_code callable_new(stepc_session *s, const stepc_signature *signature, const stepc_callable_options *options,
                        bool keeps_session, stepc_callable **out, stepc_error *error)
{
    step_request request;
    run_settings settings;
    plan *p = NULL;
    stepc_code code = read_signature(signature, &request, error);
    if (code == STEPC_OK)
        code = resolve_settings(s, options, &settings, error);
    if (code == STEPC_OK)
        code = session_plan_find(s, &request, settings.engine != STEPC_ENGINE_REFERENCE, &p, error);
    if (code != STEPC_OK)
        return code;
    stepc_callable *c = host_alloc(&s->host, sizeof *c);
    if (c == NULL) {
        run_plan_release(p);
        return error_out_of_memory(error, "making a callable");
    }
    c->session = s;
    c->keeps_session = keeps_session;
    atomic_init(&c->holders, 1);
    c->p = p;
    c->settings = settings;
    c->is_plain = asks_for_nothing(&settings);
    if (keeps_session)
        session_retain(s);
    if (dispatch_is_possible(s, &settings))
        (void)dispatch_of(s, p); /* out of memory shows again at the call */
    *out = c;
    return STEPC_OK;
}

stepc_code stepc_callable_make(stepc_session *session, const stepc_signature *signature,
                               const stepc_callable_options *options, stepc_callable **out, stepc_error *error)
{
    stepc_error unread;
    error = error_or(error, &unread);
    if (out != NULL)
        *out = NULL;
    if (session == NULL || out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no session, or no place for the callable.");
    stepc_code code = session_enter(session, "MakeCallable", error);
    if (code != STEPC_OK)
        return code;
    code = callable_new(session, signature, options, true, out, error);
    session_leave(session);
    return code;
}

void callable_release(stepc_callable *c)
{
    if (atomic_fetch_sub_explicit(&c->holders, 1, memory_order_acq_rel) != 1)
        return;
    stepc_session *s = c->session;
    bool keeps_session = c->keeps_session;
    for (int i = 0; i < CALLABLE_ROWS; i++) {
        stepc_feed *row = atomic_load(&c->rows[i]);
        if (row != NULL)
            host_free(&s->host, row, c->p->request.feed_count * sizeof *row);
    }
    run_plan_release(c->p);
    host_free(&s->host, c, sizeof *c);
    if (keeps_session)
        session_release(s);
}

void stepc_callable_release(stepc_callable *callable)
{
    if (callable != NULL)
        callable_release(callable);
}

/* ---- the long way ---------------------------------------------------------------------------------------- */

static stepc_feed *row_take(stepc_callable *c)
{
    size_t count = c->p->request.feed_count, bytes;
    for (int i = 0; i < CALLABLE_ROWS; i++) {
        stepc_feed *row = NULL;
        if (atomic_load_explicit(&c->rows[i], memory_order_relaxed) != NULL)
            row = atomic_exchange_explicit(&c->rows[i], NULL, memory_order_acquire);
        if (row != NULL)
            return row;
    }
    stepc_feed *row = checked_mul_size(count, sizeof *row, &bytes) ? host_alloc(&c->session->host, bytes) : NULL;
    for (size_t i = 0; row != NULL && i < count; i++)
        row[i].at = c->p->request.feeds[i];
    return row;
}

static void row_put(stepc_callable *c, stepc_feed *row)
{
    for (int i = 0; i < CALLABLE_ROWS; i++) {
        stepc_feed *none = NULL;
        if (atomic_load_explicit(&c->rows[i], memory_order_relaxed) == NULL &&
            atomic_compare_exchange_strong_explicit(&c->rows[i], &none, row, memory_order_release, memory_order_relaxed))
            return;
    }
    host_free(&c->session->host, row, c->p->request.feed_count * sizeof *row);
}

static stepc_code check_dtypes(const stepc_callable *c, const stepc_view *feeds, stepc_error *error)
{
    for (size_t i = 0; i < c->p->request.feed_count; i++) {
        stepc_output at = c->p->request.feeds[i];
        stepc_dtype wanted = dtype_base((stepc_dtype)at.op->output_dtypes[at.index]);
        if (feeds[i].dtype == (int32_t)wanted)
            continue;
        error_set(error, STEPC_INVALID_ARGUMENT, "Type mismatch: actual %s vs. expect %s",
                  stepc_dtype_name((stepc_dtype)feeds[i].dtype), stepc_dtype_name(wanted));
        error_at_node(error, at.op->name.data, at.op->type.data, NULL);
        return STEPC_INVALID_ARGUMENT;
    }
    return STEPC_OK;
}

static stepc_code run_long(stepc_callable *c, const stepc_view *feeds, stepc_fetch *fetches, const run_settings *settings,
                           stepc_error *error)
{
    size_t count = c->p->request.feed_count;
    stepc_feed *row = NULL;
    stepc_code code = check_dtypes(c, feeds, error);
    if (code != STEPC_OK)
        return code;
    if (count > 0 && (row = row_take(c)) == NULL)
        return error_out_of_memory(error, "calling a callable");
    for (size_t i = 0; i < count; i++)
        row[i].value = feeds[i];
    for (size_t i = 0; i < c->p->request.fetch_count; i++)
        fetches[i].at = c->p->request.fetches[i];
    code = session_run_plan(c->session, c->p, row, fetches, settings, error);
    if (row != NULL)
        row_put(c, row);
    return code;
}

/* ---- calling ----------------------------------------------------------------------------------------------- */

static stepc_code wrong_counts(const stepc_callable *c, size_t feed_count, const stepc_fetch *fetches, size_t fetch_count,
                               stepc_error *error)
{
    size_t wanted_feeds = c->p->request.feed_count, wanted_fetches = c->p->request.fetch_count;
    if (feed_count != wanted_feeds)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Expected %zu feed tensors, but got %zu", wanted_feeds, feed_count);
    if (fetches == NULL && wanted_fetches > 0)
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "`fetch_tensors` must be provided when the callable has one or more outputs.");
    if (fetch_count != wanted_fetches)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Expected %zu fetch tensors, but got %zu", wanted_fetches,
                         fetch_count);
    return error_set(error, STEPC_INVALID_ARGUMENT, "A count of feeds has no array.");
}

bool callable_run_short(stepc_callable *c, const stepc_view *feeds, size_t feed_count, stepc_fetch *fetches, size_t fetch_count,
                stepc_code *out_code, stepc_error *error)
{
    return c->is_plain && feed_count == c->p->request.feed_count && fetch_count == c->p->request.fetch_count &&
           (feeds != NULL || feed_count == 0) && (fetches != NULL || fetch_count == 0) &&
           dispatch_call(c->session, c->p, c->settings.engine, feeds, fetches, out_code, error);
}

stepc_code callable_run(stepc_callable *c, const stepc_view *feeds, size_t feed_count, stepc_fetch *fetches,
                        size_t fetch_count, const stepc_run_options *options, stepc_error *error)
{
    const step_request *request = &c->p->request;
    if (feed_count != request->feed_count || fetch_count != request->fetch_count ||
        (feeds == NULL && feed_count > 0) || (fetches == NULL && fetch_count > 0))
        return wrong_counts(c, feed_count, fetches, fetch_count, error);
    run_settings settings = c->settings;
    stepc_code code = STEPC_OK;
    if (options != NULL)
        code = run_settings_resolve(&c->session->config, &c->session->host, options, &settings, error);
    return code == STEPC_OK ? run_long(c, feeds, fetches, &settings, error) : code;
}

stepc_code stepc_callable_call(stepc_callable *callable, const stepc_view *feeds, size_t feed_count, stepc_fetch *fetches,
                               size_t fetch_count, const stepc_run_options *options, stepc_error *error)
{
    stepc_error unread;
    error = error_or(error, &unread);
    for (size_t i = 0; i < fetch_count && fetches != NULL; i++)
        fetches[i].out = NULL;
    if (callable == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no callable to call.");
    stepc_session *s = callable->session;
    stepc_code code = host_check_callback(error);
    if (code != STEPC_OK)
        return code;
    if (options == NULL && callable_run_short(callable, feeds, feed_count, fetches, fetch_count, &code, error))
        return code;
    code = session_enter(s, "RunCallable", error);
    if (code != STEPC_OK)
        return code;
    code = callable_run(callable, feeds, feed_count, fetches, fetch_count, options, error);
    session_leave(s);
    return code;
}
