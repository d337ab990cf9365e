/* SPDX-License-Identifier: Apache-2.0 */
/* The store of variables: a list in order of creation, and a hash table over it. */
#include "runtime/ops/resource.h"

#include "runtime/core/checked.h"
#include "runtime/core/error.h"
#include "runtime/core/host.h"
#include "runtime/core/text.h"

#include <string.h>

struct variable_store {
    stepc_host host;
    variable *first, *last;
    size_t count;
    variable **table;  /* open addressing, at most half full */
    size_t table_size; /* 0 or a power of two */
};

stepc_code variable_store_new(const stepc_host *host, variable_store **out, stepc_error *error)
{
    stepc_host resolved = host_resolve(host);
    variable_store *store = host_alloc(&resolved, sizeof *store);

    *out = store;
    if (!store)
        return error_out_of_memory(error, "making a store of variables");
    store->host = resolved;
    return STEPC_OK;
}

static void variable_free(const stepc_host *host, variable *v)
{
    stepc_tensor_release(v->value);
    if (v->container)
        host_free(host, v->container, strlen(v->container) + 1);
    if (v->name)
        host_free(host, v->name, strlen(v->name) + 1);
    if (v->dims)
        host_free(host, v->dims, (size_t)v->rank * sizeof *v->dims);
    host_free(host, v, sizeof *v);
}

void variable_store_free(variable_store *store)
{
    stepc_host host;
    variable *next;

    if (!store)
        return;
    host = store->host;
    for (variable *v = store->first; v; v = next) {
        next = v->next;
        variable_free(&host, v);
    }
    if (store->table)
        host_free(&host, store->table, store->table_size * sizeof *store->table);
    host_free(&host, store, sizeof *store);
}

static size_t name_slot(const char *container, const char *name, size_t table_size)
{
    uint64_t hash = text_hash(text_view(container)) * 31 + text_hash(text_view(name));

    return (size_t)(hash & (uint64_t)(table_size - 1));
}

/* The slot that holds the variable, or the free one where it belongs. The table is not empty. */
static variable **table_slot(const variable_store *store, const char *container, const char *name)
{
    size_t i = name_slot(container, name, store->table_size);

    while (store->table[i] &&
           (strcmp(store->table[i]->container, container) != 0 || strcmp(store->table[i]->name, name) != 0))
        i = (i + 1) & (store->table_size - 1);
    return &store->table[i];
}

/* Makes room for one more. */
static bool table_grow(variable_store *store)
{
    size_t size = store->table_size > 0 ? store->table_size : 16, bytes;
    variable **table;

    if (store->table_size > 0 && (store->count + 1) * 2 <= store->table_size)
        return true;
    if (store->table_size > 0 && !checked_mul_size(size, 2, &size))
        return false;
    if (!checked_mul_size(size, sizeof *table, &bytes))
        return false;
    table = host_alloc(&store->host, bytes);
    if (!table)
        return false;
    if (store->table)
        host_free(&store->host, store->table, store->table_size * sizeof *table);
    store->table = table;
    store->table_size = size;
    for (variable *v = store->first; v; v = v->next)
        *table_slot(store, v->container, v->name) = v;
    return true;
}

static char *copy_text(const stepc_host *host, const char *source)
{
    size_t bytes = strlen(source) + 1;
    char *copy = host_alloc(host, bytes);

    if (copy)
        memcpy(copy, source, bytes);
    return copy;
}

static variable *variable_new(const stepc_host *host, const char *container, const char *name, const int64_t *dims,
                              int32_t rank)
{
    variable *v = host_alloc(host, sizeof *v);

    if (!v)
        return NULL;
    v->container = copy_text(host, container);
    v->name = copy_text(host, name);
    v->rank = rank;
    if (rank > 0)
        v->dims = host_alloc(host, (size_t)rank * sizeof *dims);
    if (!v->container || !v->name || (rank > 0 && !v->dims)) {
        variable_free(host, v);
        return NULL;
    }
    if (rank > 0)
        memcpy(v->dims, dims, (size_t)rank * sizeof *dims);
    return v;
}

stepc_code variable_lookup(variable_store *store, const char *container, const char *name, stepc_dtype dtype,
                           const int64_t *dims, int32_t rank, bool is_resource, variable **out, stepc_error *error)
{
    variable *v;

    if (!table_grow(store))
        return error_out_of_memory(error, "growing the table of variables");
    v = *table_slot(store, container, name);
    if (v) {
        if (v->dtype != dtype)
            return error_set(error, STEPC_INVALID_ARGUMENT,
                             "Trying to access variable %s with wrong dtype. Expected %s got %s", name,
                             stepc_dtype_name(v->dtype), stepc_dtype_name(dtype));
        if (v->is_resource != is_resource)
            return error_set(error, STEPC_INVALID_ARGUMENT, "variable %s exists already as a %s variable", name,
                             v->is_resource ? "resource" : "reference");
        *out = v;
        return STEPC_OK;
    }
    v = variable_new(&store->host, container, name, dims, rank);
    if (!v)
        return error_out_of_memory(error, "making a variable");
    v->dtype = dtype;
    v->is_resource = is_resource;
    *table_slot(store, container, name) = v;
    if (store->last)
        store->last->next = v;
    else
        store->first = v;
    store->last = v;
    store->count++;
    *out = v;
    return STEPC_OK;
}

variable *variable_find(const variable_store *store, const char *container, const char *name)
{
    return store->table_size > 0 ? *table_slot(store, container, name) : NULL;
}

void variable_set(variable *v, stepc_tensor *value)
{
    stepc_tensor *old = v->value;

    v->value = value;
    v->home = NULL;
    v->version++;
    stepc_tensor_release(old);
}

static bool is_named(const char *container, const char *const *containers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(container, containers[i]) == 0)
            return true;
    return false;
}

void variable_store_empty(variable_store *store, const char *const *containers, size_t count)
{
    for (variable *v = store->first; v; v = v->next)
        if (count == 0 || is_named(v->container, containers, count))
            variable_set(v, NULL);
}

variable *variable_first(variable_store *store)
{
    return store->first;
}
