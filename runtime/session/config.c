/* SPDX-License-Identifier: Apache-2.0 */
/* Options of sessions and runs. What the caller sets in a struct wins over the serialised proto; fields of the proto
 * that mean nothing here (GPUs, clusters, Grappler) are read and left alone. The environment is not read. */
#include "runtime/session/config.h"

#include "runtime/core/error.h"
#include "runtime/graph/message.h"
#include "runtime/session/registry.h"

#include <string.h>

bool copy_options(void *to, size_t to_bytes, const void *from, uint32_t from_bytes)
{
    memset(to, 0, to_bytes);
    if (from_bytes < sizeof(uint32_t))
        return false;
    memcpy(to, from, from_bytes < to_bytes ? from_bytes : to_bytes);
    return true;
}

static bool engine_is_known(stepc_engine engine)
{
    return (int)engine >= (int)STEPC_ENGINE_DEFAULT && (int)engine <= (int)STEPC_ENGINE_JIT;
}

static stepc_code unknown_engine(stepc_engine engine, stepc_error *error)
{
    return error_set(error, STEPC_INVALID_ARGUMENT, "There is no engine number %d.", (int)engine);
}

/* Reads DATA as protobuf's ParseFromArray would: any damage, too deep nesting included, is one INVALID_ARGUMENT. */
static stepc_code read_proto(const stepc_host *host, arena *memory, const message_type *type, const void *data,
                             size_t bytes, const char *refusal, const message **out, stepc_error *error)
{
    stepc_host own = host_resolve(host);
    struct stepc_error found;
    message *tree = NULL;

    error_init(&found);
    if (data == NULL || bytes == 0) {
        *out = NULL;
        return STEPC_OK;
    }
    stepc_code code = message_read_binary(&own, memory, type, type->name, data, bytes, &tree, &found);
    *out = tree;
    if (code == STEPC_OK)
        return STEPC_OK;
    if (code == STEPC_RESOURCE_EXHAUSTED && strstr(found.message, "message_depth") == NULL) {
        if (error != NULL)
            error_copy(error, &found);
        return code;
    }
    return error_set(error, STEPC_INVALID_ARGUMENT, "%s", refusal);
}

static const message *child_of(const message *tree, const char *field)
{
    const message_value *value = message_get(tree, field);
    return value != NULL ? value->child : NULL;
}

static bool flag_of(const message *tree, const char *field) { return message_int(tree, field, 0) != 0; }

/* ---- targets ------------------------------------------------------------------------------ */

stepc_code target_check(const char *target, const char *config, stepc_error *error)
{
    if (target == NULL || target[0] == '\0')
        return STEPC_OK;
    return error_set(error, STEPC_NOT_FOUND,
                     "No session factory registered for the given session options: {target: \"%.200s\" config: %.600s} "
                     "Registered factories are {DIRECT_SESSION}.",
                     target, config);
}

/* TREE as text in one line, as TensorFlow shows a config in its messages. */
static void short_text(const message *tree, const stepc_host *host, text *out)
{
    text lines;

    text_init(&lines, host);
    if (tree != NULL && message_write_text(host, tree, &lines, NULL) == STEPC_OK) {
        for (size_t i = 0; i < lines.size; i++) {
            if (lines.data[i] != '\n') {
                text_add(out, &lines.data[i], 1);
                continue;
            }
            while (i + 1 < lines.size && lines.data[i + 1] == ' ')
                i++;
            if (i + 1 < lines.size)
                text_add(out, " ", 1);
        }
    }
    text_release(&lines);
}

static stepc_code check_target(const char *target, const message *config, const stepc_host *host, stepc_error *error)
{
    text shown;

    if (target == NULL || target[0] == '\0')
        return STEPC_OK;
    stepc_host own = host_resolve(host);
    text_init(&shown, &own);
    short_text(config, &own, &shown);
    stepc_code code = target_check(target, shown.data, error);
    text_release(&shown);
    return code;
}

/* ---- sessions ----------------------------------------------------------------------------- */

static stepc_code resolve_devices(const stepc_session_options *options, const message *config, session_config *out,
                                  stepc_error *error)
{
    int64_t cpus = 1;

    for (const message_value *v = message_next(config, "device_count", NULL); v != NULL;
         v = message_next(config, "device_count", v))
        if (text_equal(message_string(v->child, "key"), TEXT_LITERAL("CPU")))
            cpus = message_int(v->child, "value", 0);
    if (options->cpu_devices != 0)
        cpus = options->cpu_devices;
    if (options->cpu_devices < 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "cpu_devices must not be negative, but is %d.",
                         (int)options->cpu_devices);
    if (cpus <= 0)
        return error_set(error, STEPC_NOT_FOUND, "No CPU devices are available in this process");
    if (cpus > CONFIG_DEVICES)
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "A session has at most %d CPU devices, but %lld were asked for.", CONFIG_DEVICES,
                         (long long)cpus);
    out->cpu_devices = (int32_t)cpus;
    return STEPC_OK;
}

/* Sizes are checked and kept; inter-op threads below zero mean the caller's thread, which they do here anyway. */
static stepc_code resolve_threads(const stepc_session_options *options, const message *config, session_config *out,
                                  stepc_error *error)
{
    int64_t intra = message_int(config, "intra_op_parallelism_threads", 0);
    int64_t inter = message_int(config, "inter_op_parallelism_threads", 0);

    out->intra_op_threads = options->intra_op_threads != 0 ? options->intra_op_threads : (int32_t)intra;
    out->inter_op_threads = options->inter_op_threads != 0 ? options->inter_op_threads : (int32_t)inter;
    if (out->intra_op_threads < 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "intra_op_parallelism_threads must not be negative, but is %d.",
                         (int)out->intra_op_threads);
    return STEPC_OK;
}

static stepc_code resolve_pools(const message *config, session_config *out, stepc_error *error)
{
    size_t count = message_count(config, "session_inter_op_thread_pool");

    if (count > CONFIG_POOLS)
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "A session has at most %d inter-op pools, but %zu were asked for.", CONFIG_POOLS, count);
    out->pool_count = count > 0 ? (int32_t)count : 1;
    for (const message_value *v = message_next(config, "session_inter_op_thread_pool", NULL); v != NULL;
         v = message_next(config, "session_inter_op_thread_pool", v)) {
        stepc_string name = message_string(v->child, "global_name");
        int64_t threads = message_int(v->child, "num_threads", 0);
        stepc_code code = name.size > 0 ? registry_pool(name, (int32_t)threads, error) : STEPC_OK;
        if (code != STEPC_OK)
            return code;
    }
    return STEPC_OK;
}

static stepc_code resolve_metadata(const message *experimental, session_config *out, stepc_error *error)
{
    const message *metadata = child_of(experimental, "session_metadata");

    if (metadata == NULL)
        return STEPC_OK;
    out->has_metadata = true;
    out->metadata_name = message_string(metadata, "name");
    out->metadata_version = message_int(metadata, "version", 0);
    if (out->metadata_version < 0)
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "Session version shouldn't be negative: name: \"%.*s\" version: %lld",
                         (int)(out->metadata_name.size < 200 ? out->metadata_name.size : 200), out->metadata_name.data,
                         (long long)out->metadata_version);
    return STEPC_OK;
}

static stepc_code resolve_jit(const stepc_jit *jit, session_config *out, stepc_error *error)
{
    if (jit != NULL && (jit->size < sizeof(stepc_jit) || jit->compile == NULL || jit->release == NULL))
        return error_set(error, STEPC_INVALID_ARGUMENT, "The session's JIT lacks its size, or one of its functions.");
    out->jit = jit;
    return STEPC_OK;
}

static stepc_code resolve_session(const stepc_session_options *options, const message *config, session_config *out,
                                  stepc_error *error)
{
    const message *graph = child_of(config, "graph_options"), *experimental = child_of(config, "experimental");
    int64_t timeout = message_int(config, "operation_timeout_in_ms", 0);

    out->engine = options->engine;
    out->seed = options->seed;
    if (options->operation_timeout_ms != 0)
        timeout = options->operation_timeout_ms;
    out->operation_timeout_ms = timeout > 0 ? timeout : 0;
    out->ignore_devices = options->ignore_devices != 0;
    out->allow_soft_placement = options->allow_soft_placement != 0 || flag_of(config, "allow_soft_placement");
    out->log_device_placement = options->log_device_placement != 0 || flag_of(config, "log_device_placement");
    out->place_pruned_graph = options->place_pruned_graph != 0 || flag_of(graph, "place_pruned_graph");
    out->infer_shapes = flag_of(graph, "infer_shapes");
    out->optimize_for_static_graph = flag_of(experimental, "optimize_for_static_graph");
    stepc_code code = resolve_devices(options, config, out, error);
    if (code == STEPC_OK)
        code = resolve_threads(options, config, out, error);
    if (code == STEPC_OK)
        code = resolve_metadata(experimental, out, error);
    if (code == STEPC_OK)
        code = resolve_jit(options->jit, out, error);
    if (code == STEPC_OK)
        code = resolve_pools(config, out, error); /* last: the process remembers them */
    return code;
}

stepc_code session_config_resolve(const stepc_host *host, const stepc_session_options *options, session_config *out,
                                  stepc_error *error)
{
    stepc_session_options own;
    const message *config = NULL;
    arena scratch;

    memset(&own, 0, sizeof own);
    memset(out, 0, sizeof *out);
    if (options != NULL && !copy_options(&own, sizeof own, options, options->size))
        return error_set(error, STEPC_INVALID_ARGUMENT, "The size member of the session options is not set.");
    if (!engine_is_known(own.engine))
        return unknown_engine(own.engine, error);
    stepc_host resolved = host_resolve(host);
    arena_init(&scratch, &resolved);
    stepc_code code = read_proto(&resolved, &scratch, &message_config_proto, own.config, own.config_bytes,
                                 "Unparseable ConfigProto", &config, error);
    if (code == STEPC_OK)
        code = check_target(own.target, config, &resolved, error);
    if (code == STEPC_OK)
        code = resolve_session(&own, config, out, error);
    arena_release(&scratch);
    return code;
}

/* ---- runs --------------------------------------------------------------------------------- */

static stepc_code resolve_trace(const stepc_run_options *options, const message *proto, run_settings *out,
                                stepc_error *error)
{
    int64_t level = message_int(proto, "trace_level", 0);

    if ((int)options->trace_level < (int)STEPC_NO_TRACE || (int)options->trace_level > (int)STEPC_FULL_TRACE)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no trace level %d.", (int)options->trace_level);
    if (options->trace_level != STEPC_NO_TRACE)
        level = (int64_t)options->trace_level;
    /* The proto's enum is open: whatever is more than none is traced. */
    out->trace_level = level <= 0                 ? STEPC_NO_TRACE
                       : level > STEPC_FULL_TRACE ? STEPC_FULL_TRACE
                                                  : (stepc_trace_level)level;
    return STEPC_OK;
}

static stepc_code resolve_run(const session_config *config, const stepc_run_options *options, const message *proto,
                              run_settings *out, stepc_error *error)
{
    int64_t pool = message_int(proto, "inter_op_thread_pool", 0);
    int64_t timeout = message_int(proto, "timeout_in_ms", 0);

    if (options->inter_op_thread_pool != 0)
        pool = options->inter_op_thread_pool;
    if (pool < -1 || pool >= config->pool_count)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Invalid inter_op_thread_pool: %lld", (long long)pool);
    if (options->timeout_ms != 0)
        timeout = options->timeout_ms;
    out->timeout_ms = timeout > 0 ? timeout : config->operation_timeout_ms;
    out->engine = options->engine != STEPC_ENGINE_DEFAULT ? options->engine : config->engine;
    out->output_partition_graphs = options->output_partition_graphs != 0 || flag_of(proto, "output_partition_graphs");
    out->cancellation = options->cancellation;
    out->metadata = options->metadata;
    return resolve_trace(options, proto, out, error);
}

stepc_code run_settings_resolve(const session_config *config, const stepc_host *host, const stepc_run_options *options,
                                run_settings *out, stepc_error *error)
{
    stepc_run_options own;
    const message *proto = NULL;
    arena scratch;

    memset(out, 0, sizeof *out);
    if (!copy_options(&own, sizeof own, options, options->size))
        return error_set(error, STEPC_INVALID_ARGUMENT, "The size member of the run options is not set.");
    if (!engine_is_known(own.engine))
        return unknown_engine(own.engine, error);
    if (own.proto == NULL || own.proto_bytes == 0)
        return resolve_run(config, &own, NULL, out, error);
    stepc_host resolved = host_resolve(host);
    arena_init(&scratch, &resolved);
    stepc_code code = read_proto(&resolved, &scratch, &message_run_options, own.proto, own.proto_bytes,
                                 "Unparseable RunOptions proto", &proto, error);
    if (code == STEPC_OK)
        code = resolve_run(config, &own, proto, out, error);
    arena_release(&scratch);
    return code;
}
