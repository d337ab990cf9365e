/* SPDX-License-Identifier: 0BSD */
/* Sessions: run steps of a graph. Semantics and error codes are TensorFlow's. */
#ifndef STEPC_SESSION_H
#define STEPC_SESSION_H

#include "stepc/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct stepc_session stepc_session;

/* How a step is executed. REFERENCE: naive kernels, nothing folded or remembered. */
typedef enum stepc_engine { STEPC_ENGINE_DEFAULT = 0, STEPC_ENGINE_REFERENCE = 1, STEPC_ENGINE_INTERPRETED = 2 } stepc_engine;

typedef struct stepc_session_options {
    uint32_t size;          /* sizeof(stepc_session_options) */
    const stepc_host *host; /* NULL: the graph's; copied */
    stepc_engine engine;    /* default INTERPRETED */
    uint64_t seed;          /* for random operations whose seeds are both 0; 0 draws one from the system */
} stepc_session_options;

/* A fed value: borrowed for the call, not copied; must be aligned to its element. */
typedef struct stepc_feed {
    stepc_output at;
    stepc_view value;
} stepc_feed;

/* A fetched value. into.data NULL: *out is a new tensor that the caller releases and that
 * outlives the session. Otherwise the value is stored into into.data (into.bytes must be
 * enough, INVALID_ARGUMENT else); into.dims is ignored; out may be NULL. */
typedef struct stepc_fetch {
    stepc_output at;
    stepc_view into;
    stepc_tensor *out;
} stepc_fetch;

typedef struct stepc_run_options {
    uint32_t size; /* sizeof(stepc_run_options) */
    stepc_engine engine;
} stepc_run_options;

stepc_code stepc_session_open(stepc_graph *graph, const stepc_session_options *options, stepc_session **out,
                              stepc_error *error);
/* Marks the session closed: later runs answer CANCELLED. Idempotent. */
stepc_code stepc_session_close(stepc_session *session, stepc_error *error);
/* Closes and frees. Fetched tensors stay valid. NULL is fine. */
void stepc_session_free(stepc_session *session);

/* Runs one step: the part of the graph that FETCHES and TARGETS need, with FEEDS in place
 * of the fed outputs; every operation at most once. Errors and texts are TensorFlow's
 * (kernel errors end in " [[{{node NAME}}]]"). A fetch that is also fed returns the fed
 * value. On failure no fetch holds a tensor; variables may have advanced. */
stepc_code stepc_session_run(stepc_session *session, const stepc_feed *feeds, size_t feed_count, stepc_fetch *fetches,
                             size_t fetch_count, const stepc_operation *const *targets, size_t target_count,
                             const stepc_run_options *options, stepc_error *error);

#ifdef __cplusplus
}
#endif
#endif
