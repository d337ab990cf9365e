/* SPDX-License-Identifier: Apache-2.0 */
/* What sessions of one process share, as TensorFlow has it: the list of sessions, which stepc_session_reset walks,
 * and the sizes of thread pools with a global name. It is state of the process, which stepc avoids elsewhere; it lies
 * behind one mutex, which comes before all locks of a session. */
#ifndef RUNTIME_SESSION_REGISTRY_H
#define RUNTIME_SESSION_REGISTRY_H

#include "runtime/session/session.h"

/* Pools with a global name that one process may have. */
#define REGISTRY_POOLS 1024

/* Last act of opening: from here on stepc_session_reset finds S. Makes the config's session metadata S's own;
 * INVALID_ARGUMENT when another session that is open has the same (S is then not in the list). */
stepc_code registry_add(stepc_session *s, stepc_error *error);
/* First act of freeing; one that was never added is fine. */
void registry_remove(stepc_session *s);
/* INVALID_ARGUMENT when the pool NAME was asked for with another number of threads before. Pools stay for good. */
stepc_code registry_pool(stepc_string name, int32_t threads, stepc_error *error);

#endif
