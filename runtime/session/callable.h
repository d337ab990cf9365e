/* SPDX-License-Identifier: Apache-2.0 */
/* Callables, inside view: a plan, its settings, and room for the values of calls that are not compiled. */
#ifndef RUNTIME_SESSION_CALLABLE_H
#define RUNTIME_SESSION_CALLABLE_H

#include "runtime/session/session.h"

/* Rows of fed values that a callable keeps: as many interpreted calls at once allocate nothing. */
#define CALLABLE_ROWS 8

struct stepc_callable {
    stepc_session *session;
    bool keeps_session; /* those in a session's table do not: they end with it */
    atomic_int holders;
    plan *p;
    run_settings settings; /* of calls that bring none */
    bool is_plain;         /* the settings ask for nothing but an engine */
    _Atomic(stepc_feed *) rows[CALLABLE_ROWS];
};

/* Makes one; the session was entered. KEEPS_SESSION as above. */
stepc_code callable_new(stepc_session *s, const stepc_signature *signature, const stepc_callable_options *options,
                        bool keeps_session, stepc_callable **out, stepc_error *error);
/* One step of a compiled entry; false: nothing happened, take the long way. */
bool callable_run_short(stepc_callable *c, const stepc_view *feeds, size_t feed_count, stepc_fetch *fetches,
                        size_t fetch_count, stepc_code *out_code, stepc_error *error);
/* One step; the session was entered. */
stepc_code callable_run(stepc_callable *c, const stepc_view *feeds, size_t feed_count, stepc_fetch *fetches,
                        size_t fetch_count, const stepc_run_options *options, stepc_error *error);
void callable_release(stepc_callable *c); /* one holder */

/* Frees the callables that S holds by number. */
void callable_table_free(stepc_session *s);

#endif
