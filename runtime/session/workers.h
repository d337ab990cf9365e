/* SPDX-License-Identifier: Apache-2.0 */
/* The threads of a session (intra_op_threads): they help the thread that runs a step with its large kernels. */
#ifndef RUNTIME_SESSION_WORKERS_H
#define RUNTIME_SESSION_WORKERS_H

#include "runtime/core/host.h"
#include "stepc/module.h"

#include <pthread.h>

#define WORKERS_MOST 256

/* Jobs go one at a time; whoever finds the workers busy does his work alone. */
typedef struct session_workers {
    stepc_parallel hook; /* for kernels; its context is this record */
    int32_t wanted;      /* threads besides the caller's; -1: one per core, counted when there is work */
    pthread_mutex_t job_mutex; /* held by the thread whose job it is */

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t work, done;
    pthread_t threads[WORKERS_MOST];
    int32_t started;
    bool is_ending;
    uint64_t job; /* number of the job */
    int64_t next, count, running; /* indices to hand out; bodies under way */
    void (*body)(void *argument, int64_t index);
    void *argument;
} session_workers;

/* THREADS: 0 all cores, 1 the caller's alone. No thread is made before there is work for it. False: the system has no
 * lock left. */
bool workers_init(session_workers *w, int32_t threads);
void workers_end(session_workers *w);
/* NULL when the caller works alone. */
const stepc_parallel *workers_hook(session_workers *w);

#endif
