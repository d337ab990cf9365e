/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind the opaque types of TensorFlow's C API. A TF_Operation is a stepc_operation; the others wrap
 * one object each. Memory comes from the default host: the API has no place to name another. */
#ifndef RUNTIME_TENSORFLOW_TYPES_H
#define RUNTIME_TENSORFLOW_TYPES_H

#include "runtime/core/arena.h"
#include "runtime/core/error.h"
#include "runtime/core/host.h"
#include "runtime/core/text.h"
#include "stepc/session.h"
#include "tensorflow/c/c_api.h"

#include <pthread.h>
#include <stdatomic.h>

#define STATUS_BYTES 1024 /* longer texts are allocated */

struct TF_Status {
    TF_Code code;
    char *text; /* SHORT_TEXT, or allocated */
    size_t text_bytes;
    char short_text[STATUS_BYTES];
};

struct TF_Graph {
    stepc_graph *graph;
};

struct TF_OperationDescription {
    stepc_builder *builder; /* NULL: could not be made, as ERROR says */
    struct stepc_error error;
};

struct TF_SessionOptions {
    char *target;
    size_t target_bytes; /* with the NUL */
    void *config;
    size_t config_bytes;
};

/* One handle of TF_SessionPRunSetup. */
typedef struct partial_entry {
    struct partial_entry *next;
    stepc_partial *partial;
    int users; /* calls that are under way */
} partial_entry;

struct TF_Session {
    stepc_session *session;
    stepc_allocator allocator; /* the default host's, at hand for every run */
    pthread_mutex_t mutex; /* guards the list */
    partial_entry *partials;
};

/* ---- status.c ------------------------------------------------------------------------------------------ */

/* All accept a NULL status. */
void status_clear(TF_Status *status);
void status_set(TF_Status *status, stepc_code code, const char *format, ...) PRINTF_LIKE(3, 4);
/* OK, or CODE with ERROR's text. True when OK. */
bool status_take(TF_Status *status, stepc_code code, const stepc_error *error);
void status_out_of_memory(TF_Status *status, const char *what);

/* Zero-filled memory of the default host, and back. */
void *memory_new(size_t bytes);
void memory_free(void *memory, size_t bytes);

/* Refuses a buffer that holds something, with WHAT as the text. NULL buffers too. */
bool buffer_is_empty(const TF_Buffer *buffer, const char *what, TF_Status *status);
/* Fills an empty buffer with a copy. */
bool buffer_fill(TF_Buffer *buffer, const void *data, size_t bytes, TF_Status *status);

/* ---- tensor.c ------------------------------------------------------------------------------------------ */

/* A new TF_Tensor that shows TENSOR's elements, or a copy where they are strings; it keeps a reference of its own. */
TF_Tensor *tensor_wrap(const stepc_allocator *allocator, stepc_tensor *tensor, TF_Status *status);
/* How many strings the view of TENSOR needs room for; 0 for other types. */
size_t tensor_string_count(const TF_Tensor *tensor);
/* The elements, borrowed from TENSOR. STRINGS has room as above and becomes the view's elements of a string tensor. */
stepc_view tensor_view(const TF_Tensor *tensor, stepc_string *strings);

/* ---- operation.c --------------------------------------------------------------------------------------- */

const stepc_operation *operation_of(const TF_Operation *oper);
TF_Operation *operation_handle(const stepc_operation *op);
stepc_output output_of(TF_Output output);

/* ---- run.c --------------------------------------------------------------------------------------------- */

/* Feeds and fetches of one call in the session's form. */
typedef struct call_frame {
    stepc_feed *feeds;
    size_t feed_count;
    stepc_fetch *fetches;
    size_t fetch_count;
    const stepc_operation *const *targets;
    size_t target_count;
    void *block; /* holds them where SMALL does not */
    size_t block_bytes;
    stepc_feed small_feeds[8];
    stepc_fetch small_fetches[8];
} call_frame;

/* Checks the arguments of a call and fills FRAME; on failure nothing is to be released. VALUES NULL: for a setup. */
bool call_begin(call_frame *frame, const TF_Output *inputs, TF_Tensor *const *values, int ninputs,
                const TF_Output *outputs, int noutputs, TF_Status *status);
void call_end(call_frame *frame);
/* Gives the fetched tensors to VALUES, all or none. */
bool call_give(const TF_Session *session, call_frame *frame, TF_Tensor **values, TF_Status *status);
/* Refuses what is fed and fetched, after what the session itself would refuse before. WHAT: "Run", "PRunSetup". */
bool call_check_through(TF_Session *session, const call_frame *frame, const char *what, TF_Status *status);
const stepc_operation *const *targets_of(const TF_Operation *const *targets);

/* ---- partial.c ----------------------------------------------------------------------------------------- */

/* Frees every partial run of SESSION. */
void partials_free(TF_Session *session);

#endif
