/* SPDX-License-Identifier: Apache-2.0 */
/* The session, inside view. Locks, in the order in which they may be taken: the process's list of sessions, mutex,
 * the graph's, state_mutex. */
#ifndef RUNTIME_SESSION_SESSION_H
#define RUNTIME_SESSION_SESSION_H

#include "runtime/session/config.h"
#include "runtime/session/devices.h"
#include "runtime/session/plan.h"
#include "runtime/session/workers.h"
#include "stepc/session.h"

#include <pthread.h>
#include <stdatomic.h>

/* Plans that a session keeps at most; the one used longest ago makes room. */
#define SESSION_PLANS 32

typedef struct session_counts {
    atomic_uint_fast64_t runs_reference, runs_interpreted, runs_compiled, runs_jit, plans_made, jit_compilations, jit_refusals;
} session_counts;

struct stepc_session {
    stepc_host host;
    stepc_graph *graph; /* one reference */
    session_config config;
    uint64_t seed;
    device_list devices;
    atomic_bool closed;
    atomic_bool has_operations; /* the graph was seen not to be empty */
    atomic_int_fast64_t static_operations; /* optimize_for_static_graph: how many there were at the first run; else 0 */
    atomic_int holders; /* the owner, callables, partial runs; the last one frees */
    atomic_int running; /* steps that stepc_session_free waits for */
    atomic_bool is_interactive; /* an InteractiveSession that is not closed; eval.c */
    session_counts counts;
    session_workers workers;
    stepc_session *next, *previous; /* of the process, for reset; registry.c */

    pthread_mutex_t mutex; /* guards what follows */
    arena memory;
    stepc_tensor **constants; /* per operation: decoded Const, or NULL (not the reference engine) */
    int32_t constant_capacity;
    int32_t placed_operations; /* of the graph's: whose devices were checked and reported */
    plan *plans;              /* newest use first */
    int32_t plan_count;
    struct session_module *modules; /* dispatch.c; added at the end, never removed before the session is freed */
    atomic_size_t module_count; /* also read without the mutex */
    struct callable_table *callables; /* by number; callable.c */
    stepc_partial *partials;  /* partial.c */
    bool is_entered;          /* stepc_session_begin; eval.c */

    pthread_mutex_t state_mutex; /* guards variables and generators; never held across a blocking operation */
    variable_store *variables;
    struct dispatch *dispatches; /* of the plans that may run compiled; dispatch.c */
    kernel_state **states; /* per operation; made on first use, kept over all runs */
    int32_t state_capacity;
    arena state_memory;
};

/* One run of a plan. */
typedef struct step_run {
    stepc_session *session;
    plan *p;
    plan_frame *frame;
    const stepc_feed *feeds;
    stepc_fetch *fetches;
    const run_settings *settings;
    int64_t deadline_ns; /* by clock_monotonic_ns; 0: none */
    const char *engine;  /* for traces */
    stepc_error *error;
} step_run;

/* ---- session.c ------------------------------------------------------------------------------------ */

/* The settings of a run without options. */
run_settings session_settings(const stepc_session *s);
/* Between these the session is not freed. CANCELLED "Session has been closed.", INVALID_ARGUMENT "Session was not created
 * with a graph before WHAT()!" ("Run", "MakeCallable", "PRunSetup"): then leave is not called. */
stepc_code session_enter(stepc_session *s, const char *what, stepc_error *error);
void session_leave(stepc_session *s);
void session_retain(stepc_session *s);
void session_release(stepc_session *s); /* the last one frees */
/* When a step that begins now has to end, by clock_monotonic_ns; 0: never. */
int64_t step_deadline(const run_settings *settings);
/* The plan of REQUEST, one holder for the caller. REMEMBER: from the cache, with what hangs on constants computed. */
stepc_code session_plan_find(stepc_session *s, const step_request *request, bool remember, plan **out, stepc_error *error);
/* Runs plan P once, compiled where that is asked and possible: values are checked, dispatched, executed. */
stepc_code session_run_plan(stepc_session *s, plan *p, const stepc_feed *feeds, stepc_fetch *fetches,
                            const run_settings *settings, stepc_error *error);

/* Room for the generator of operation INDEX; under state_mutex. */
bool session_state_room(stepc_session *s, int32_t index);
/* The decoded value of Const OP, one reference for the caller, or NULL; and keeping one. */
stepc_tensor *session_constant(stepc_session *s, const stepc_operation *op);
void session_keep_constant(stepc_session *s, const stepc_operation *op, stepc_tensor *value);

/* ---- execute.c ------------------------------------------------------------------------------------ */

/* Runs the operations and stores the fetches; on failure no fetch holds a tensor. */
stepc_code step_execute(step_run *run);
/* CANCELLED or DEADLINE_EXCEEDED when a step of S has to end. */
stepc_code session_poll(const stepc_session *s, const run_settings *settings, int64_t deadline_ns, stepc_error *error);
stepc_code step_poll(step_run *run);
/* One operation of the plan: its inputs stand in the frame, its outputs go there. */
stepc_code step_run_node(step_run *run, int32_t node);
/* Stores the value of fetch FETCH for the caller: into its buffer, or as a tensor. TAKE: nobody needs it in the frame any
 * more. The tensor may be shared with the session, but never with a feed's memory. */
stepc_code step_give(step_run *run, size_t fetch, bool take);
/* Runs what hangs on constants only and remembers it in P; failures wait for the run that meets them. */
void step_fold(stepc_session *s, plan *p);

/* ---- eval.c --------------------------------------------------------------------------------------- */

/* S is closed: when it is interactive, it is no longer a default of this thread. */
void interactive_session_closed(stepc_session *s);

#endif
