/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the process that sessions share; registry.h says what and why. */
#include "runtime/session/registry.h"

#include "runtime/core/error.h"
#include "runtime/ops/resource.h"

#include <string.h>

typedef struct named_pool {
    char *name;
    size_t size;
    int32_t threads;
} named_pool;

static pthread_mutex_t registry_mutex = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static stepc_session *newest;
static named_pool pools[REGISTRY_POOLS];
static size_t pool_count;

/* ---- sessions ------------------------------------------------------------------------------ */

/* Whether a session that is open has S's metadata. */
static bool metadata_is_taken(const stepc_session *s)
{
    for (const stepc_session *other = newest; other != NULL; other = other->next)
        if (other->config.has_metadata && !atomic_load(&other->closed) &&
            other->config.metadata_version == s->config.metadata_version &&
            text_equal(other->config.metadata_name, s->config.metadata_name))
            return true;
    return false;
}

static stepc_code add_locked(stepc_session *s, stepc_error *error)
{
    stepc_string name = s->config.metadata_name;

    if (s->config.has_metadata && metadata_is_taken(s))
        return error_set(
            error, STEPC_INVALID_ARGUMENT,
            "A session with the same name and version has already been created: name: \"%.*s\" version: %lld",
            (int)(name.size < 200 ? name.size : 200), name.data, (long long)s->config.metadata_version);
    if (s->config.has_metadata) {
        s->config.metadata_name.data = arena_text(&s->memory, name.data, name.size);
        if (s->config.metadata_name.data == NULL)
            return error_out_of_memory(error, "opening a session");
    }
    s->next = newest;
    s->previous = NULL;
    if (newest != NULL)
        newest->previous = s;
    newest = s;
    return STEPC_OK;
}

stepc_code registry_add(stepc_session *s, stepc_error *error)
{
    pthread_mutex_lock(&registry_mutex);
    stepc_code code = add_locked(s, error);
    pthread_mutex_unlock(&registry_mutex);
    return code;
}

void registry_remove(stepc_session *s)
{
    pthread_mutex_lock(&registry_mutex);
    if (s->next != NULL)
        s->next->previous = s->previous;
    if (s->previous != NULL)
        s->previous->next = s->next;
    else if (newest == s)
        newest = s->next;
    s->next = s->previous = NULL;
    pthread_mutex_unlock(&registry_mutex);
}

stepc_code stepc_session_reset(const char *target, const char *const *containers, size_t count, stepc_error *error)
{
    stepc_error unread;

    error = error_or(error, &unread);
    stepc_code code = target_check(target, "", error);
    if (code != STEPC_OK)
        return code;
    if (containers == NULL && count > 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "A count of containers has no array.");
    for (size_t i = 0; i < count; i++)
        if (containers[i] == NULL)
            return error_set(error, STEPC_INVALID_ARGUMENT, "Container %zu has no name.", i);
    code = host_check_callback(error);
    if (code != STEPC_OK)
        return code;
    pthread_mutex_lock(&registry_mutex);
    for (stepc_session *s = newest; s != NULL; s = s->next) {
        (void)stepc_session_close(s, NULL);
        pthread_mutex_lock(&s->state_mutex);
        variable_store_empty(s->variables, containers, count);
        pthread_mutex_unlock(&s->state_mutex);
    }
    pthread_mutex_unlock(&registry_mutex);
    return STEPC_OK;
}

/* ---- pools --------------------------------------------------------------------------------- */

/* Kept for as long as the process lives, so with the process's own allocator, not a session's. */
static stepc_code add_pool(stepc_string name, int32_t threads, stepc_error *error)
{
    stepc_host host = host_resolve(NULL);

    if (pool_count == REGISTRY_POOLS)
        return error_set(error, STEPC_RESOURCE_EXHAUSTED, "A process has at most %d thread pools with a global name.",
                         REGISTRY_POOLS);
    char *copy = host_alloc(&host, name.size);
    if (copy == NULL)
        return error_out_of_memory(error, "configuring a thread pool");
    memcpy(copy, name.data, name.size);
    pools[pool_count++] = (named_pool){copy, name.size, threads};
    return STEPC_OK;
}

static stepc_code pool_locked(stepc_string name, int32_t threads, stepc_error *error)
{
    for (size_t i = 0; i < pool_count; i++) {
        if (!text_equal((stepc_string){pools[i].name, pools[i].size}, name))
            continue;
        if (pools[i].threads == threads)
            return STEPC_OK;
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "Pool %.*s configured previously with num_threads=%d; cannot re-configure with num_threads=%d",
                         (int)(name.size < 200 ? name.size : 200), name.data, (int)pools[i].threads, (int)threads);
    }
    return add_pool(name, threads, error);
}

stepc_code registry_pool(stepc_string name, int32_t threads, stepc_error *error)
{
    pthread_mutex_lock(&registry_mutex);
    stepc_code code = pool_locked(name, threads, error);
    pthread_mutex_unlock(&registry_mutex);
    return code;
}
