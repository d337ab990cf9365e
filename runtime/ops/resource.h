/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of a session: one store per session, by (container, name). */
#ifndef RUNTIME_OPS_RESOURCE_H
#define RUNTIME_OPS_RESOURCE_H

#include "stepc/graph.h"

#include <stdbool.h>

/* A variable: reference (VariableV2) or resource (VarHandleOp). Its value is replaced, never
 * written in place while shared, so that a value read once does not change. */
typedef struct variable {
    char *container, *name; /* NUL-terminated */
    stepc_dtype dtype;
    int32_t rank; /* of the declared shape; -1 unknown */
    int64_t *dims;
    stepc_tensor *value; /* NULL while uninitialised */
    uint64_t version;    /* changes with every new value, wherever it stands */
    struct state_slot *home; /* the compiled module's slot that holds the value: VALUE is an older one then; NULL: VALUE it is */
    bool is_resource;
    struct variable *next;
} variable;

typedef struct variable_store variable_store;

stepc_code variable_store_new(const stepc_host *host, variable_store **out, stepc_error *error);
void variable_store_free(variable_store *store); /* NULL is fine */
/* Finds or creates; INVALID_ARGUMENT when it exists with another dtype or kind.
 * rank -1: unknown shape. The variable lives as long as the store. */
stepc_code variable_lookup(variable_store *store, const char *container, const char *name, stepc_dtype dtype,
                           const int64_t *dims, int32_t rank, bool is_resource, variable **out, stepc_error *error);
/* The same without making one: NULL when there is none. */
variable *variable_find(const variable_store *store, const char *container, const char *name);
/* Takes one reference of VALUE, which is the variable's from now on, wherever an older one stood. */
void variable_set(variable *v, stepc_tensor *value);
/* Makes the variables of the named containers (none named: all) uninitialised. They stay where they are: a step that has
 * not ended yet may point to them. */
void variable_store_empty(variable_store *store, const char *const *containers, size_t count);
/* In order of creation; NULL ends. */
variable *variable_first(variable_store *store);

#endif
