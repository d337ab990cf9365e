/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/session/workers.h"

#include <signal.h>
#include <unistd.h>

/* ---- indices ------------------------------------------------------------------------------------ */

/* Works on the current job until no index is left. Under the mutex, which is let go around each body. */
static void help(session_workers *w)
{
    while (w->next < w->count) {
        int64_t index = w->next++;
        w->running++;
        pthread_mutex_unlock(&w->mutex);
        w->body(w->argument, index);
        pthread_mutex_lock(&w->mutex);
        w->running--;
    }
    if (w->running == 0)
        pthread_cond_broadcast(&w->done);
}

static void *work(void *argument)
{
    session_workers *w = argument;
    uint64_t seen = 0;
    pthread_mutex_lock(&w->mutex);
    while (!w->is_ending) {
        if (w->job != seen) {
            seen = w->job;
            help(w);
        } else {
            pthread_cond_wait(&w->work, &w->mutex);
        }
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

static int32_t cores(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > WORKERS_MOST ? WORKERS_MOST : (int32_t)count;
}

/* Fewer threads than wanted are fine: the caller works too. Signals are for the program's own threads. */
static void start(session_workers *w, int64_t count)
{
    sigset_t all, before;
    if (w->wanted < 0)
        w->wanted = cores() - 1;
    sigfillset(&all);
    if (w->started >= w->wanted || w->started >= count - 1 || pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return;
    while (w->started < w->wanted && w->started < count - 1 &&
           pthread_create(&w->threads[w->started], NULL, work, w) == 0)
        w->started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void run_alone(int64_t count, void (*body)(void *argument, int64_t index), void *argument)
{
    for (int64_t i = 0; i < count; i++)
        body(argument, i);
}

static void run(void *context, int64_t count, void (*body)(void *argument, int64_t index), void *argument)
{
    session_workers *w = context;
    if (count < 2 || pthread_mutex_trylock(&w->job_mutex) != 0) {
        run_alone(count, body, argument);
        return;
    }
    pthread_mutex_lock(&w->mutex);
    start(w, count);
    w->body = body;
    w->argument = argument;
    w->next = 0;
    w->count = count;
    w->job++;
    pthread_cond_broadcast(&w->work);
    help(w);
    while (w->running > 0)
        pthread_cond_wait(&w->done, &w->mutex);
    pthread_mutex_unlock(&w->mutex);
    pthread_mutex_unlock(&w->job_mutex);
}

/* ---- life ------------------------------------------------------------------------------------------ */

bool workers_init(session_workers *w, int32_t threads)
{
    w->hook = (stepc_parallel){w, run};
    w->wanted = threads > WORKERS_MOST ? WORKERS_MOST : threads - 1;
    if (pthread_mutex_init(&w->job_mutex, NULL) != 0)
        return false;
    if (pthread_mutex_init(&w->mutex, NULL) == 0) {
        if (pthread_cond_init(&w->work, NULL) == 0) {
            if (pthread_cond_init(&w->done, NULL) == 0)
                return true;
            pthread_cond_destroy(&w->work);
        }
        pthread_mutex_destroy(&w->mutex);
    }
    pthread_mutex_destroy(&w->job_mutex);
    return false;
}

void workers_end(session_workers *w)
{
    pthread_mutex_lock(&w->mutex);
    w->is_ending = true;
    pthread_cond_broadcast(&w->work);
    pthread_mutex_unlock(&w->mutex);
    for (int32_t i = 0; i < w->started; i++)
        pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->done);
    pthread_mutex_destroy(&w->mutex);
    pthread_mutex_destroy(&w->job_mutex);
}

const stepc_parallel *workers_hook(session_workers *w) { return w->wanted != 0 ? &w->hook : NULL; }
