/* SPDX-License-Identifier: Apache-2.0 */
/* Callables by number. Numbers grow, so the table is sorted by itself; a released one leaves it, and is told from one that
 * never was by being smaller than the next. */
#include "runtime/session/callable.h"

#include "runtime/core/checked.h"
#include "runtime/core/error.h"
#include "runtime/core/host.h"

#include <string.h>

typedef struct numbered {
    int64_t number;
    stepc_callable *callable;
} numbered;

/* Under the session's mutex. */
typedef struct callable_table {
    numbered *rows;
    size_t count, capacity;
    int64_t next;
} callable_table;

static callable_table *table_of(stepc_session *s)
{
    if (s->callables == NULL)
        s->callables = ARENA_NEW(&s->memory, callable_table);
    return s->callables;
}

static bool grow(stepc_session *s, callable_table *table)
{
    size_t capacity = table->capacity > 0 ? table->capacity : 8, bytes;
    if (table->count < table->capacity)
        return true;
    if (table->capacity > 0 && !checked_mul_size(capacity, 2, &capacity))
        return false;
    if (!checked_mul_size(capacity, sizeof *table->rows, &bytes))
        return false;
    numbered *rows = host_alloc(&s->host, bytes);
    if (rows == NULL)
        return false;
    if (table->rows != NULL) {
        memcpy(rows, table->rows, table->count * sizeof *rows);
        host_free(&s->host, table->rows, table->capacity * sizeof *rows);
    }
    table->rows = rows;
    table->capacity = capacity;
    return true;
}

static numbered *find(callable_table *table, int64_t number)
{
    size_t low = 0, high = table != NULL ? table->count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->rows[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return table != NULL && low < table->count && table->rows[low].number == number ? &table->rows[low] : NULL;
}

void callable_table_free(stepc_session *s)
{
    callable_table *table = s->callables;
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->count; i++)
        callable_release(table->rows[i].callable);
    if (table->rows != NULL)
        host_free(&s->host, table->rows, table->capacity * sizeof *table->rows);
    s->callables = NULL;
}

/* ---- the public form -------------------------------------------------------------------------------------- */

static stepc_code keep(stepc_session *s, stepc_callable *c, int64_t *out, stepc_error *error)
{
    stepc_code code = STEPC_OK;
    pthread_mutex_lock(&s->mutex);
    callable_table *table = table_of(s);
    if (table == NULL || !grow(s, table)) {
        code = error_out_of_memory(error, "making a callable");
    } else {
        *out = table->next++;
        table->rows[table->count++] = (numbered){*out, c};
    }
    pthread_mutex_unlock(&s->mutex);
    return code;
}

stepc_code stepc_session_make_callable(stepc_session *session, const stepc_signature *signature,
                                       const stepc_callable_options *options, int64_t *out_handle, stepc_error *error)
{
    stepc_error unread;
    stepc_callable *c = NULL;
    error = error_or(error, &unread);
    if (out_handle != NULL)
        *out_handle = -1;
    if (session == NULL || out_handle == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no session, or no place for the callable.");
    stepc_code code = session_enter(session, "MakeCallable", error);
    if (code != STEPC_OK)
        return code;
    code = callable_new(session, signature, options, false, &c, error);
    if (code == STEPC_OK)
        code = keep(session, c, out_handle, error);
    if (code != STEPC_OK && c != NULL)
        callable_release(c);
    session_leave(session);
    return code;
}

/* With one holder for the caller. */
static stepc_code get(stepc_session *s, int64_t handle, stepc_callable **out, stepc_error *error)
{
    stepc_code code = STEPC_OK;
    pthread_mutex_lock(&s->mutex);
    numbered *row = find(s->callables, handle);
    if (row != NULL) {
        *out = row->callable;
        atomic_fetch_add_explicit(&row->callable->holders, 1, memory_order_relaxed);
    } else if (s->callables == NULL || handle < 0 || handle >= s->callables->next) {
        code = error_set(error, STEPC_INVALID_ARGUMENT, "No such callable handle: %lld", (long long)handle);
    } else {
        code = error_set(error, STEPC_INVALID_ARGUMENT, "Attempted to run callable after handle was released: %lld",
                         (long long)handle);
    }
    pthread_mutex_unlock(&s->mutex);
    return code;
}

stepc_code stepc_session_run_callable(stepc_session *session, int64_t handle, const stepc_view *feeds, size_t feed_count,
                                      stepc_fetch *fetches, size_t fetch_count, const stepc_run_options *options,
                                      stepc_error *error)
{
    stepc_error unread;
    stepc_callable *c = NULL;
    error = error_or(error, &unread);
    for (size_t i = 0; i < fetch_count && fetches != NULL; i++)
        fetches[i].out = NULL;
    if (session == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no session to run a step in.");
    stepc_code code = session_enter(session, "RunCallable", error);
    if (code != STEPC_OK)
        return code;
    code = get(session, handle, &c, error);
    if (code == STEPC_OK) {
        if (options != NULL || !callable_run_short(c, feeds, feed_count, fetches, fetch_count, &code, error))
            code = callable_run(c, feeds, feed_count, fetches, fetch_count, options, error);
        callable_release(c);
    }
    session_leave(session);
    return code;
}

stepc_code stepc_session_release_callable(stepc_session *session, int64_t handle, stepc_error *error)
{
    stepc_error unread;
    stepc_callable *c = NULL;
    stepc_code code = STEPC_OK;
    error = error_or(error, &unread);
    if (session == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no session to release a callable of.");
    code = host_check_callback(error);
    if (code != STEPC_OK)
        return code;
    pthread_mutex_lock(&session->mutex);
    numbered *row = find(session->callables, handle);
    if (row != NULL) {
        callable_table *table = session->callables;
        c = row->callable;
        memmove(row, row + 1, (size_t)(table->rows + table->count - (row + 1)) * sizeof *row);
        table->count--;
    } else if (session->callables == NULL || handle < 0 || handle >= session->callables->next) {
        code = error_set(error, STEPC_INVALID_ARGUMENT, "No such callable handle: %lld", (long long)handle);
    }
    pthread_mutex_unlock(&session->mutex);
    if (c != NULL)
        callable_release(c);
    return code;
}
