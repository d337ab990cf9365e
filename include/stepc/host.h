/* SPDX-License-Identifier: 0BSD */
/* What the library asks of its host: memory, files, limits, and a place for reports. */
#ifndef STEPC_HOST_H
#define STEPC_HOST_H

#include "stepc/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Memory. allocate returns BYTES bytes aligned to ALIGNMENT (a power of two) or NULL;
 * release takes back what allocate gave, with the same BYTES. Both must be thread-safe. */
typedef struct stepc_allocator {
    void *context;
    void *(*allocate)(void *context, size_t bytes, size_t alignment);
    void (*release)(void *context, void *memory, size_t bytes);
} stepc_allocator;

/* Files. Handles are >= 0. Each call returns a stepc_code as int; *out values are set on
 * STEPC_OK only. The process-wide default uses POSIX. */
typedef struct stepc_io {
    void *context;
    int (*open_read)(void *context, const char *path, int *out_handle, int64_t *out_bytes);
    int (*create)(void *context, const char *path, int *out_handle); /* exclusive, mode 0666 & ~umask */
    int (*read)(void *context, int handle, void *data, size_t bytes, size_t *out_bytes);
    int (*write)(void *context, int handle, const void *data, size_t bytes);
    int (*sync)(void *context, int handle);
    int (*close)(void *context, int handle);
    int (*rename)(void *context, const char *from, const char *to);
    int (*remove)(void *context, const char *path);
    int (*make_folder)(void *context, const char *path); /* ALREADY_EXISTS when there */
    int (*sync_folder)(void *context, const char *path);
    int (*is_folder)(void *context, const char *path, int *out_is_folder);
} stepc_io;

/* Limits that hostile input meets. Zero in a field means its default. Refusals are
 * RESOURCE_EXHAUSTED and name the limit. clang-format off */
#define STEPC_LIMIT_LIST(X)                                                                   \
    X(file_bytes,       2147483647, "bytes of one input file")                                \
    X(message_depth,           100, "nesting of messages in a graph file")                    \
    X(nodes,               1000000, "operations in a graph")                                  \
    X(edges,              16000000, "inputs of all operations together")                      \
    X(node_inputs,           65536, "inputs of one operation")                                \
    X(node_attributes,        1024, "attributes of one operation")                            \
    X(name_bytes,             4096, "bytes of one name")                                      \
    X(rank,                    254, "dimensions of one shape")                                \
    X(tensor_bytes,     8589934592, "bytes of one tensor")                                    \
    X(folded_bytes,       67108864, "bytes of one folded constant")                           \
    X(constant_bytes,   2147483648, "bytes of all constants together")                        \
    X(emitted_bytes,    1073741824, "bytes of emitted C text")                                \
    X(memory_bytes,     4294967296, "bytes that one compilation may allocate")
/* clang-format on */

#define STEPC_LIMIT_FIELD(name, value, text) int64_t name;
typedef struct stepc_limits {
    uint32_t size; /* sizeof(stepc_limits) */
    STEPC_LIMIT_LIST(STEPC_LIMIT_FIELD)
} stepc_limits;
#undef STEPC_LIMIT_FIELD

/* One line of a report, e.g. each operator that a step needs and that is missing.
 * kind is a fixed word ("missing-operator", "explain", "assumed"); texts are borrowed. */
typedef void (*stepc_report_fn)(void *context, const char *kind, const char *subject, const char *text);

/* Allocators and reports must not call the library, which may hold locks meanwhile: functions of graphs and sessions that
 * can fail answer FAILED_PRECONDITION; of the others only stepc_session_close and stepc_cancellation_cancel may be called.
 * They must return: a thread that leaves one by longjmp gets FAILED_PRECONDITION from then on. */

/* The host, passed everywhere. Zero-filled members mean the defaults. */
typedef struct stepc_host {
    uint32_t size; /* sizeof(stepc_host) */
    stepc_allocator allocator;
    stepc_io io;
    stepc_limits limits;
    stepc_report_fn report;
    void *report_context;
} stepc_host;

/* Fills *HOST with the defaults: malloc, POSIX files, default limits, no report. */
void stepc_host_init(stepc_host *host);

#ifdef __cplusplus
}
#endif
#endif
