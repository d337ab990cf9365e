/* SPDX-License-Identifier: Apache-2.0 */
/* What a session and a run are asked for: option structs and their serialised protos, resolved and checked. */
#ifndef RUNTIME_SESSION_CONFIG_H
#define RUNTIME_SESSION_CONFIG_H

#include "runtime/core/host.h"
#include "stepc/session.h"

#define CONFIG_POOLS 64
#define CONFIG_DEVICES 1024

typedef struct session_config {
    stepc_engine engine;
    uint64_t seed; /* 0: draw one */
    int32_t cpu_devices, intra_op_threads, inter_op_threads;
    int32_t pool_count; /* inter-op pools that runs may name; at least 1 */
    int64_t operation_timeout_ms;
    bool allow_soft_placement, log_device_placement, place_pruned_graph, ignore_devices;
    bool infer_shapes;            /* graph_options.infer_shapes */
    bool optimize_for_static_graph;
    bool has_metadata; /* experimental.session_metadata: no two open sessions have the same */
    stepc_string metadata_name; /* borrowed from CONFIG; registry_add makes it the session's own */
    int64_t metadata_version;
    const stepc_jit *jit;
} session_config;

/* Reads OPTIONS (NULL: all defaults) and its ConfigProto. INVALID_ARGUMENT for a size member that is not set, an
 * unknown engine, a config that does not parse ("Unparseable ConfigProto"), negative counts, pools configured otherwise
 * before. NOT_FOUND for a target that is not this process, and for a ConfigProto that asks for no CPU. */
stepc_code session_config_resolve(const stepc_host *host, const stepc_session_options *options, session_config *out,
                                  stepc_error *error);

/* NOT_FOUND "No session factory registered for the given session options: ..." unless TARGET is NULL or "". CONFIG is
 * the ConfigProto as text in one line. */
stepc_code target_check(const char *target, const char *config, stepc_error *error);

typedef struct run_settings {
    stepc_engine engine; /* DEFAULT resolved to the session's */
    int64_t timeout_ms;  /* 0: none */
    stepc_trace_level trace_level;
    bool output_partition_graphs;
    stepc_cancellation *cancellation;
    stepc_run_metadata *metadata;
} run_settings;

/* OPTIONS is not NULL (a run without options takes the session's settings without this call). INVALID_ARGUMENT
 * "Invalid inter_op_thread_pool: N", "Unparseable RunOptions proto". */
stepc_code run_settings_resolve(const session_config *config, const stepc_host *host, const stepc_run_options *options,
                                run_settings *out, stepc_error *error);

/* Copies an option struct of an older or newer caller: members beyond its size are zero. False when SIZE is not set. */
bool copy_options(void *to, size_t to_bytes, const void *from, uint32_t from_bytes);

#endif
