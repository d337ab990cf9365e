/* SPDX-License-Identifier: 0BSD */
/* Calls that allocate: for hosts that have memory to spare. */
#include "runtime/module/call.h"

#include "runtime/core/error.h"

#include <string.h>

/* Memory of one such call. */
typedef struct call_memory {
    stepc_host host;
    void *work;
    size_t work_bytes;
    stepc_view *fetches;
    size_t fetches_bytes;
    void *arena;
    size_t arena_bytes;
} call_memory;

static void release_memory(call_memory *m)
{
    if (m->work != NULL)
        host_free(&m->host, m->work, m->work_bytes);
    if (m->fetches != NULL)
        host_free(&m->host, m->fetches, m->fetches_bytes);
    if (m->arena != NULL)
        host_free(&m->host, m->arena, m->arena_bytes);
}

static stepc_code prepare(call_memory *m, const stepc_entry *entry, const stepc_view *feeds, size_t feed_count,
                          size_t fetch_count, stepc_env *env, stepc_error *error)
{
    uint64_t arena = 0;

    m->work_bytes = module_work_bytes(entry);
    m->fetches_bytes = (fetch_count + 1) * sizeof *m->fetches;
    m->work = m->work_bytes > 0 ? host_alloc(&m->host, m->work_bytes) : NULL;
    m->fetches = host_alloc(&m->host, m->fetches_bytes);
    if (m->work == NULL || m->fetches == NULL)
        return error_out_of_memory(error, "calling a compiled step");
    stepc_code code =
        module_bind(entry, feeds, feed_count, m->work, m->work_bytes, m->fetches, fetch_count, &arena, error);
    if (code != STEPC_OK || arena == 0 || env->arena != NULL)
        return code;
    if (arena > SIZE_MAX || (m->arena = host_alloc(&m->host, (size_t)arena)) == NULL)
        return error_out_of_memory(error, "allocating the arena of a compiled step");
    m->arena_bytes = (size_t)arena;
    env->arena = m->arena;
    env->arena_bytes = m->arena_bytes;
    return STEPC_OK;
}

/* One tensor per fetch, at its upper bound. */
static stepc_code make_tensors(const call_memory *m, stepc_tensor **out, size_t count, stepc_error *error)
{
    for (size_t i = 0; i < count; i++) {
        stepc_view *fetch = &m->fetches[i];
        stepc_code code =
            stepc_tensor_new(&m->host, (stepc_dtype)fetch->dtype, fetch->dims, fetch->rank, &out[i], error);
        if (code != STEPC_OK)
            return code;
        fetch->data = stepc_tensor_data(out[i]);
        fetch->bytes = stepc_tensor_bytes(out[i]);
    }
    return STEPC_OK;
}

/* Gives each tensor the shape that the step wrote. */
static stepc_code trim_tensors(const call_memory *m, stepc_tensor **out, size_t count, stepc_error *error)
{
    for (size_t i = 0; i < count; i++) {
        stepc_tensor *trimmed = NULL;
        if (m->fetches[i].rank == 0 || memcmp(m->fetches[i].dims, stepc_tensor_dims(out[i]),
                                              (size_t)m->fetches[i].rank * sizeof(int64_t)) == 0)
            continue;
        stepc_code code = stepc_tensor_copy(&m->host, &m->fetches[i], &trimmed, error);
        if (code != STEPC_OK)
            return code;
        stepc_tensor_release(out[i]);
        out[i] = trimmed;
    }
    return STEPC_OK;
}

stepc_code module_call_new(const stepc_host *host, const stepc_module *module, const stepc_entry *entry,
                           const stepc_view *feeds, size_t feed_count, stepc_tensor **out, size_t fetch_count,
                           const stepc_env *env, stepc_error *error)
{
    call_memory m = {.host = host_resolve(host)};
    stepc_env own = {0};

    for (size_t i = 0; i < fetch_count; i++)
        out[i] = NULL;
    if (entry == NULL || module == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no compiled entry to call");
    if (fetch_count != entry->fetch_count)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Expected %lu fetch tensors, but got %lu",
                         (unsigned long)entry->fetch_count, (unsigned long)fetch_count);
    if (env != NULL)
        own = *env;
    stepc_code code = prepare(&m, entry, feeds, feed_count, fetch_count, &own, error);
    if (code == STEPC_OK)
        code = make_tensors(&m, out, fetch_count, error);
    if (code == STEPC_OK)
        code = module_call(module, entry, feeds, feed_count, m.fetches, fetch_count, &own, m.work, m.work_bytes, error);
    if (code == STEPC_OK)
        code = trim_tensors(&m, out, fetch_count, error);
    for (size_t i = 0; code != STEPC_OK && i < fetch_count; i++) {
        stepc_tensor_release(out[i]);
        out[i] = NULL;
    }
    release_memory(&m);
    return code;
}
