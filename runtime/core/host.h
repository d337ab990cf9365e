/* SPDX-License-Identifier: 0BSD */
/* Memory and files through the host's tables. */
#ifndef RUNTIME_CORE_HOST_H
#define RUNTIME_CORE_HOST_H

#include "stepc/host.h"

#include <stdbool.h>

/* A host with every member filled: from *HOST where set, defaults elsewhere (HOST may be NULL). */
stepc_host host_resolve(const stepc_host *host);
/* HOST itself when its allocator and its limits of tensors are filled (a resolved host is), else SCRATCH with HOST
 * resolved: what is called for every tensor of a step copies no record. */
const stepc_host *host_for_tensors(const stepc_host *host, stepc_host *scratch);

/* Zero-filled, aligned 64. NULL when out of memory, or when the host's allocator does not keep to the alignment. */
void *host_alloc(const stepc_host *host, size_t bytes);
void host_free(const stepc_host *host, void *memory, size_t bytes);
/* One call of a complete ALLOCATOR. NULL when it has no memory, or does not keep to ALIGNMENT, a power of two. */
void *allocator_allocate(const stepc_allocator *allocator, size_t bytes, size_t alignment);
void allocator_release(const stepc_allocator *allocator, void *memory, size_t bytes);
void host_report(const stepc_host *host, const char *kind, const char *subject, const char *text);
/* FAILED_PRECONDITION when this thread is inside an allocator or report of a host, called by the library, which may hold
 * locks meanwhile: what takes locks asks here first. */
stepc_code host_check_callback(stepc_error *error);

/* A whole input file, read through the io table (regular files only; limit file_bytes). */
typedef struct file_bytes {
    const uint8_t *data;
    size_t size;
} file_bytes;
stepc_code file_read(const stepc_host *host, const char *path, file_bytes *out, stepc_error *error);
void file_release(const stepc_host *host, file_bytes *file);

/* A set of output files that appear all or not at all: each is written beside its place
 * under a private name and synced; commit renames them in reverse order of adding, so
 * that the first added (the header) comes last; abandon removes what was written. */
typedef struct output_set output_set;
stepc_code output_begin(const stepc_host *host, output_set **out, stepc_error *error);
stepc_code output_add(output_set *set, const char *path, const void *data, size_t bytes, stepc_error *error);
stepc_code output_commit(output_set *set, stepc_error *error); /* frees SET whatever happens */
void output_abandon(output_set *set);                          /* NULL is fine */

#endif
