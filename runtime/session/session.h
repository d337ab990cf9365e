/* SPDX-License-Identifier: Apache-2.0 */
/* The session, inside view. */
#ifndef RUNTIME_SESSION_SESSION_H
#define RUNTIME_SESSION_SESSION_H

#include "runtime/session/plan.h"
#include "stepc/session.h"

#include <pthread.h>
#include <stdatomic.h>

/* Plans that a session keeps at most; the one used longest ago makes room. */
#define SESSION_PLANS 32

struct stepc_session {
    stepc_host host;
    stepc_graph *graph; /* one reference */
    stepc_engine engine;
    uint64_t seed;
    atomic_bool closed;
    pthread_mutex_t mutex; /* one step runs at a time; guards all below */
    arena memory;
    variable_store *variables;
    kernel_state **states;    /* per operation; made on first use, kept over all runs */
    stepc_tensor **constants; /* per operation: decoded Const, or NULL (interpreted engine only) */
    plan *plans;              /* newest use first */
    int32_t plan_count;
};

/* One run of a plan. */
typedef struct step_run {
    stepc_session *session;
    plan *p;
    bool remember; /* keep what hangs on constants only */
    const stepc_feed *feeds;
    stepc_fetch *fetches;
    stepc_error *error;
} step_run;

/* Runs the operations and stores the fetches; on failure no fetch holds a tensor. */
stepc_code step_execute(step_run *run);

#endif
