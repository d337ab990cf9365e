/* SPDX-License-Identifier: Apache-2.0 */
/* Partial runs by their handle. The session keeps them, since TF_DeletePRunHandle frees a text and nothing else;
 * one that is over goes when the last call that uses it has returned. */
#include "runtime/tensorflow/types.h"

#include "runtime/session/session.h"

#include <string.h>

void partials_free(TF_Session *session)
{
    while (session->partials != NULL) {
        partial_entry *entry = session->partials;
        session->partials = entry->next;
        stepc_partial_free(entry->partial);
        memory_free(entry, sizeof(*entry));
    }
}

/* A copy of the handle's text, for TF_DeletePRunHandle. */
static char *handle_copy(const char *handle)
{
    size_t bytes = strlen(handle) + 1;
    char *copy = memory_new(bytes);

    if (copy != NULL)
        memcpy(copy, handle, bytes);
    return copy;
}

void TF_DeletePRunHandle(const char *handle)
{
    if (handle != NULL)
        memory_free((void *)(uintptr_t)handle, strlen(handle) + 1);
}

/* ---- setup ------------------------------------------------------------------------------------------ */

/* The feeds and fetches of FRAME as the setup wants them. */
static stepc_code setup(TF_Session *session, const call_frame *frame, stepc_partial **out, stepc_error *error)
{
    stepc_host host = host_resolve(NULL);
    arena memory;

    arena_init(&memory, &host);
    stepc_output *feeds = ARENA_ARRAY(&memory, stepc_output, frame->feed_count);
    stepc_output *fetches = ARENA_ARRAY(&memory, stepc_output, frame->fetch_count);
    if (feeds == NULL || fetches == NULL) {
        arena_release(&memory);
        return error_out_of_memory(error, "setting up a partial run");
    }
    for (size_t i = 0; i < frame->feed_count; i++)
        feeds[i] = frame->feeds[i].at;
    for (size_t i = 0; i < frame->fetch_count; i++)
        fetches[i] = frame->fetches[i].at;
    stepc_code code = stepc_partial_setup(session->session, feeds, frame->feed_count, fetches, frame->fetch_count,
                                          frame->targets, frame->target_count, out, error);
    arena_release(&memory);
    return code;
}

static const char *partial_begin(TF_Session *session, const call_frame *frame, TF_Status *status)
{
    struct stepc_error error;
    stepc_partial *partial = NULL;

    error_init(&error);
    if (!status_take(status, setup(session, frame, &partial, &error), &error))
        return NULL;
    partial_entry *entry = memory_new(sizeof(*entry));
    char *handle = handle_copy(stepc_partial_handle(partial));
    if (entry == NULL || handle == NULL) {
        memory_free(entry, sizeof(*entry));
        TF_DeletePRunHandle(handle);
        stepc_partial_free(partial);
        status_out_of_memory(status, "setting up a partial run");
        return NULL;
    }
    entry->partial = partial;
    pthread_mutex_lock(&session->mutex);
    entry->next = session->partials;
    session->partials = entry;
    pthread_mutex_unlock(&session->mutex);
    return handle;
}

void TF_SessionPRunSetup(TF_Session *session, const TF_Output *inputs, int ninputs, const TF_Output *outputs,
                         int noutputs, const TF_Operation *const *target_opers, int ntargets, const char **handle,
                         TF_Status *status)
{
    call_frame frame;

    status_clear(status);
    if (handle != NULL)
        *handle = NULL;
    if (session == NULL || handle == NULL || ntargets < 0 || (ntargets > 0 && target_opers == NULL)) {
        status_set(status, STEPC_INVALID_ARGUMENT, "A session, a place for the handle and all targets must be given.");
        return;
    }
    if (!call_begin(&frame, inputs, NULL, ninputs, outputs, noutputs, status))
        return;
    frame.targets = targets_of(target_opers);
    frame.target_count = (size_t)ntargets;
    if (call_check_through(session, &frame, "PRunSetup", status))
        *handle = partial_begin(session, &frame, status);
    call_end(&frame);
}

/* ---- run -------------------------------------------------------------------------------------------- */

static partial_entry *entry_take(TF_Session *session, const char *handle)
{
    pthread_mutex_lock(&session->mutex);
    partial_entry *entry = session->partials;
    while (entry != NULL && strcmp(stepc_partial_handle(entry->partial), handle) != 0)
        entry = entry->next;
    if (entry != NULL)
        entry->users++;
    pthread_mutex_unlock(&session->mutex);
    return entry;
}

/* Gives back what entry_take gave; a partial run that is over goes with its last user. */
static void entry_drop(TF_Session *session, partial_entry *entry)
{
    pthread_mutex_lock(&session->mutex);
    bool is_last = --entry->users == 0;
    bool is_over = is_last && stepc_partial_find(session->session, stepc_partial_handle(entry->partial)) == NULL;
    partial_entry **at = &session->partials;
    while (is_over && *at != entry)
        at = &(*at)->next;
    if (is_over)
        *at = entry->next;
    pthread_mutex_unlock(&session->mutex);
    if (is_over) {
        stepc_partial_free(entry->partial);
        memory_free(entry, sizeof(*entry));
    }
}

static void partial_step(TF_Session *session, const char *handle, call_frame *frame, TF_Tensor **output_values,
                         TF_Status *status)
{
    struct stepc_error error;
    partial_entry *entry = entry_take(session, handle);

    error_init(&error);
    if (entry == NULL) {
        stepc_code code = session_enter(session->session, "PRun", &error);
        if (!status_take(status, code, &error))
            return;
        session_leave(session->session);
        status_set(status, STEPC_INVALID_ARGUMENT, "Must run 'setup' before performing partial runs!");
        return;
    }
    stepc_code code =
        stepc_partial_run(entry->partial, frame->feeds, frame->feed_count, frame->fetches, frame->fetch_count, &error);
    if (status_take(status, code, &error))
        call_give(session, frame, output_values, status);
    entry_drop(session, entry);
}

void TF_SessionPRun(TF_Session *session, const char *handle, const TF_Output *inputs, TF_Tensor *const *input_values,
                    int ninputs, const TF_Output *outputs, TF_Tensor **output_values, int noutputs,
                    const TF_Operation *const *target_opers, int ntargets, TF_Status *status)
{
    call_frame frame;

    (void)target_opers;
    (void)ntargets;
    status_clear(status);
    for (int i = 0; i < noutputs && output_values != NULL; i++)
        output_values[i] = NULL;
    if (session == NULL || handle == NULL || (ninputs > 0 && input_values == NULL) ||
        (noutputs > 0 && output_values == NULL)) {
        status_set(status, STEPC_INVALID_ARGUMENT,
                   "A session, a handle and arrays of as many values as are said must be given.");
        return;
    }
    if (!call_begin(&frame, inputs, input_values, ninputs, outputs, noutputs, status))
        return;
    partial_step(session, handle, &frame, output_values, status);
    call_end(&frame);
}
