/* SPDX-License-Identifier: Apache-2.0 */
/* TF_SessionRun, and what it shares with partial runs. */
#include "runtime/tensorflow/types.h"

#include "runtime/core/checked.h"
#include "runtime/session/session.h"

const stepc_operation *const *targets_of(const TF_Operation *const *targets)
{
    return (const stepc_operation *const *)(const void *)targets;
}

/* ---- one call's arguments ------------------------------------------------------------------------------ */

/* Room for feeds and fetches where the frame's own does not do, and for the strings that are fed. */
static bool frame_room(call_frame *frame, size_t strings, stepc_string **out_strings)
{
    bool small = frame->feed_count <= sizeof(frame->small_feeds) / sizeof(frame->small_feeds[0]) &&
                 frame->fetch_count <= sizeof(frame->small_fetches) / sizeof(frame->small_fetches[0]);
    size_t feeds = 0, fetches = 0, texts, all;

    frame->feeds = frame->small_feeds;
    frame->fetches = frame->small_fetches;
    frame->block = NULL;
    frame->block_bytes = 0;
    *out_strings = NULL;
    if (small && strings == 0)
        return true;
    if (!checked_mul_size(small ? 0 : frame->feed_count, sizeof(stepc_feed), &feeds) ||
        !checked_mul_size(small ? 0 : frame->fetch_count, sizeof(stepc_fetch), &fetches) ||
        !checked_mul_size(strings, sizeof(stepc_string), &texts) || !checked_add_size(feeds, fetches, &all) ||
        !checked_add_size(all, texts, &all))
        return false;
    frame->block_bytes = all;
    frame->block = memory_new(all);
    if (frame->block == NULL)
        return false;
    if (!small) {
        frame->feeds = frame->block;
        frame->fetches = (stepc_fetch *)(void *)((char *)frame->block + feeds);
    }
    *out_strings = (stepc_string *)(void *)((char *)frame->block + feeds + fetches);
    return true;
}

static bool count_strings(const TF_Output *inputs, TF_Tensor *const *values, size_t count, size_t *out,
                          TF_Status *status)
{
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        if (values[i] == NULL) {
            const stepc_operation *op = operation_of(inputs[i].oper);
            status_set(status, STEPC_INVALID_ARGUMENT, "There is no value for the input '%s:%d'.",
                       op != NULL ? stepc_operation_name(op) : "", inputs[i].index);
            return false;
        }
        if (!checked_add_size(*out, tensor_string_count(values[i]), out)) {
            status_out_of_memory(status, "running a step");
            return false;
        }
    }
    return true;
}

bool call_begin(call_frame *frame, const TF_Output *inputs, TF_Tensor *const *values, int ninputs,
                const TF_Output *outputs, int noutputs, TF_Status *status)
{
    stepc_string *strings;
    size_t string_count = 0;

    if (ninputs < 0 || noutputs < 0 || (ninputs > 0 && inputs == NULL) || (noutputs > 0 && outputs == NULL)) {
        status_set(status, STEPC_INVALID_ARGUMENT, "Inputs and outputs must be arrays of as many as are said.");
        return false;
    }
    frame->feed_count = (size_t)ninputs;
    frame->fetch_count = (size_t)noutputs;
    if (values != NULL && !count_strings(inputs, values, frame->feed_count, &string_count, status))
        return false;
    if (!frame_room(frame, string_count, &strings)) {
        status_out_of_memory(status, "running a step");
        return false;
    }
    for (size_t i = 0; i < frame->feed_count; i++) {
        frame->feeds[i] = (stepc_feed){.at = output_of(inputs[i])};
        if (values == NULL)
            continue;
        frame->feeds[i].value = tensor_view(values[i], strings);
        if (strings != NULL)
            strings += tensor_string_count(values[i]);
    }
    for (size_t i = 0; i < frame->fetch_count; i++)
        frame->fetches[i] = (stepc_fetch){.at = output_of(outputs[i])};
    return true;
}

void call_end(call_frame *frame) { memory_free(frame->block, frame->block_bytes); }

bool call_give(const TF_Session *session, call_frame *frame, TF_Tensor **values, TF_Status *status)
{
    bool fine = true;

    for (size_t i = 0; i < frame->fetch_count; i++) {
        if (fine) {
            values[i] = tensor_wrap(&session->allocator, frame->fetches[i].out, status);
            fine = values[i] != NULL;
        }
        stepc_tensor_release(frame->fetches[i].out);
    }
    for (size_t i = 0; i < frame->fetch_count && !fine; i++) {
        TF_DeleteTensor(values[i]);
        values[i] = NULL;
    }
    return fine;
}

bool call_check_through(TF_Session *session, const call_frame *frame, const char *what, TF_Status *status)
{
    const stepc_fetch *found = NULL;
    struct stepc_error error;

    for (size_t i = 0; i < frame->fetch_count && found == NULL; i++)
        for (size_t k = 0; k < frame->feed_count && found == NULL; k++)
            if (frame->fetches[i].at.op == frame->feeds[k].at.op &&
                frame->fetches[i].at.index == frame->feeds[k].at.index)
                found = &frame->fetches[i];
    if (found == NULL || found->at.op == NULL)
        return true;
    error_init(&error);
    stepc_code code = session_enter(session->session, what, &error);
    if (!status_take(status, code, &error))
        return false;
    session_leave(session->session);
    status_set(status, STEPC_INVALID_ARGUMENT, "%s:%d is both fed and fetched.", stepc_operation_name(found->at.op),
               (int)found->at.index);
    return false;
}

/* ---- run ----------------------------------------------------------------------------------------------- */

/* Runs the frame's step; METADATA NULL: nobody asked for it. */
static stepc_code run_frame(TF_Session *session, call_frame *frame, const TF_Buffer *run_options,
                            stepc_run_metadata *metadata, stepc_error *error)
{
    stepc_run_options options = {.size = sizeof(options)};
    const stepc_run_options *given = NULL;

    if (run_options != NULL || metadata != NULL) {
        options.metadata = metadata;
        options.proto = run_options != NULL ? run_options->data : NULL;
        options.proto_bytes = run_options != NULL ? run_options->length : 0;
        given = &options;
    }
    return stepc_session_run(session->session, frame->feeds, frame->feed_count, frame->fetches, frame->fetch_count,
                             frame->targets, frame->target_count, given, error);
}

/* After the step: what it told of itself. */
static bool metadata_give(stepc_run_metadata *metadata, TF_Buffer *buffer, stepc_error *error, TF_Status *status)
{
    const void *data;
    size_t bytes;

    return status_take(status, stepc_run_metadata_proto(metadata, &data, &bytes, error), error) &&
           buffer_fill(buffer, data, bytes, status);
}

static void run(TF_Session *session, const TF_Buffer *run_options, call_frame *frame, TF_Tensor **output_values,
                TF_Buffer *run_metadata, TF_Status *status)
{
    stepc_run_metadata *metadata = NULL;
    struct stepc_error error;

    error_init(&error);
    if (run_metadata != NULL && !status_take(status, stepc_run_metadata_new(NULL, &metadata, &error), &error))
        return;
    if (status_take(status, run_frame(session, frame, run_options, metadata, &error), &error) &&
        call_give(session, frame, output_values, status) && metadata != NULL &&
        !metadata_give(metadata, run_metadata, &error, status)) {
        for (size_t i = 0; i < frame->fetch_count; i++) {
            TF_DeleteTensor(output_values[i]);
            output_values[i] = NULL;
        }
    }
    stepc_run_metadata_free(metadata);
}

void TF_SessionRun(TF_Session *session, const TF_Buffer *run_options, const TF_Output *inputs,
                   TF_Tensor *const *input_values, int ninputs, const TF_Output *outputs, TF_Tensor **output_values,
                   int noutputs, const TF_Operation *const *target_opers, int ntargets, TF_Buffer *run_metadata,
                   TF_Status *status)
{
    call_frame frame;

    status_clear(status);
    for (int i = 0; i < noutputs && output_values != NULL; i++)
        output_values[i] = NULL;
    if (session == NULL || ntargets < 0 || (ninputs > 0 && input_values == NULL) ||
        (noutputs > 0 && output_values == NULL) || (ntargets > 0 && target_opers == NULL)) {
        status_set(status, STEPC_INVALID_ARGUMENT, "A session and arrays of as many values as are said must be given.");
        return;
    }
    if (run_metadata != NULL && !buffer_is_empty(run_metadata, "Passing non-empty run_metadata is invalid.", status))
        return;
    if (!call_begin(&frame, inputs, input_values, ninputs, outputs, noutputs, status))
        return;
    frame.targets = targets_of(target_opers);
    frame.target_count = (size_t)ntargets;
    if (call_check_through(session, &frame, "Run", status))
        run(session, run_options, &frame, output_values, run_metadata, status);
    call_end(&frame);
}
