/* SPDX-License-Identifier: Apache-2.0 */
/* From a run to a compiled entry: modules of a session, which entry fits which plan, calls, shared variables, the JIT. */
#ifndef RUNTIME_SESSION_DISPATCH_H
#define RUNTIME_SESSION_DISPATCH_H

#include "runtime/session/session.h"

/* Runs P compiled when an entry fits the fed values, or, where the settings' engine allows it, after compiling one.
 * *OUT_RAN false: the caller interprets (engine DEFAULT), with STEPC_OK. The engines COMPILED and JIT answer
 * FAILED_PRECONDITION, or the JIT's error, instead. Feeds are checked; fetches are stored as step_execute does. */
stepc_code dispatch_run(stepc_session *s, plan *p, const stepc_feed *feeds, stepc_fetch *fetches,
                        const run_settings *settings, bool *out_ran, stepc_error *error);
/* True when a run of P could be compiled at all: cheap, called for every run. */
bool dispatch_is_possible(const stepc_session *s, const run_settings *settings);
/* Frees what P or S keep. */
void dispatch_plan_free(plan *p);
void dispatch_session_free(stepc_session *s);
/* Calls of callables to compiled entries do not count as running; they show here. After the session was closed and none is
 * left, end gives the JIT its modules back. */
bool dispatch_is_busy(stepc_session *s);
void dispatch_session_end(stepc_session *s);
/* Adds the runs that candidates counted. */
void dispatch_add_counts(stepc_session *s, stepc_session_statistics *out);

/* Under state_mutex: makes V's value current when a compiled step wrote it last (v->home), before interpreted code reads
 * or writes it. V may stay uninitialised. */
stepc_code dispatch_pull(stepc_session *s, variable *v, stepc_error *error);

#endif
