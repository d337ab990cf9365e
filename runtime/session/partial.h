/* SPDX-License-Identifier: Apache-2.0 */
/* A step that waits for its feeds: the plan of the whole, the frame that is kept between calls, and what of it has run. */
#ifndef RUNTIME_SESSION_PARTIAL_H
#define RUNTIME_SESSION_PARTIAL_H

#include "runtime/session/endpoints.h"
#include "runtime/session/session.h"

/* Of a feed or a fetch. */
typedef enum claim { CLAIM_OPEN, CLAIM_NOW /* by the call under way */, CLAIM_DONE } claim;

/* Of an operation of the plan. */
typedef enum node_progress { NODE_WAITS, NODE_CHOSEN /* by the call under way */, NODE_DONE } node_progress;

struct stepc_partial {
    stepc_host host;
    stepc_session *session;         /* held */
    stepc_partial *next, *previous; /* of the session's, under its mutex */
    char handle[48];
    arena memory;
    plan *p;                       /* held; with allow_unfed */
    endpoint_table feeds, fetches; /* the request's; of a fetch asked for twice the first number counts */
    endpoint_table operations;     /* numbers of the plan's nodes, index -1 */
    int32_t *value_nodes;          /* per value: the node that makes it; -1: a feed */
    atomic_bool is_over;

    pthread_mutex_t mutex;  /* one call at a time; guards what follows */
    plan_frame *frame;      /* NULL: over */
    uint8_t *fed, *fetched; /* claims, per feed and fetch of the plan */
    uint8_t *progress;      /* node_progress, per node */
    size_t open_feeds, open_fetches;
    int32_t *stack;       /* of the walk from the fetches: room for every node */
    stepc_tensor **given; /* per feed: the copy that the call under way brought */
    stepc_fetch *slots;   /* per fetch: the caller's place for it */
};

/* The nodes FIRST to LAST that are chosen, as one step. */
typedef struct segment {
    stepc_partial *of;
    int32_t first, last;
    step_run *run;
} segment;

/* Runs the segment by a compiled entry (or one made on demand) whose feeds are the values that it needs from outside and
 * whose fetches are those that are needed outside. *OUT_RAN false with STEPC_OK: it is to be interpreted. */
stepc_code segment_dispatch(const segment *s, bool *out_ran);

#endif
