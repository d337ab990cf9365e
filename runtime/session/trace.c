/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, cancellation, and what a run tells of itself: nodes as they end, written as RunMetadata or as a Chrome trace
 * when somebody asks. */
#include "runtime/session/trace.h"

#include "runtime/core/error.h"
#include "runtime/graph/message_internal.h"

#include <string.h>
#include <time.h>

int64_t clock_monotonic_ns(void)
{
    struct timespec now = {0, 0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_epoch_us(void)
{
    struct timespec now = {0, 0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- cancellation ------------------------------------------------------------------------- */

stepc_code stepc_cancellation_new(const stepc_host *host, stepc_cancellation **out, stepc_error *error)
{
    stepc_error_clear(error);
    if (out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no place for the cancellation.");
    stepc_host resolved = host_resolve(host);
    *out = host_alloc(&resolved, sizeof **out);
    if (*out == NULL)
        return error_out_of_memory(error, "making a cancellation");
    (*out)->host = resolved;
    atomic_init(&(*out)->cancelled, false);
    return STEPC_OK;
}

void stepc_cancellation_cancel(stepc_cancellation *cancellation)
{
    if (cancellation != NULL)
        atomic_store(&cancellation->cancelled, true);
}

void stepc_cancellation_free(stepc_cancellation *cancellation)
{
    if (cancellation == NULL)
        return;
    stepc_host host = cancellation->host;
    host_free(&host, cancellation, sizeof *cancellation);
}

/* ---- collecting --------------------------------------------------------------------------- */

typedef struct traced_node {
    const char *node, *type, *engine;
    size_t device;            /* in the metadata's list */
    int64_t begin_ns, end_ns; /* since the step began */
    uint64_t output_bytes;
} traced_node;

struct stepc_run_metadata {
    stepc_host host;
    arena memory; /* of the nodes and their texts */
    int64_t begin_ns, begin_us;
    traced_node *nodes;
    size_t count, capacity;
    const char **devices; /* of the step, in the order in which they were told of */
    size_t device_count, device_capacity;
    text partitions;          /* RunMetadata's field partition_graphs, as written */
    text proto, chrome_trace; /* as last asked for */
};

static void forget(stepc_run_metadata *m)
{
    arena_release(&m->memory);
    m->nodes = NULL;
    m->devices = NULL;
    m->count = m->capacity = m->device_count = m->device_capacity = 0;
    text_release(&m->partitions);
    text_release(&m->proto);
    text_release(&m->chrome_trace);
}

stepc_code stepc_run_metadata_new(const stepc_host *host, stepc_run_metadata **out, stepc_error *error)
{
    stepc_error_clear(error);
    if (out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no place for the metadata.");
    stepc_host resolved = host_resolve(host);
    stepc_run_metadata *m = host_alloc(&resolved, sizeof *m);
    *out = m;
    if (m == NULL)
        return error_out_of_memory(error, "making metadata of a run");
    m->host = resolved;
    arena_init(&m->memory, &m->host);
    text_init(&m->partitions, &m->host);
    text_init(&m->proto, &m->host);
    text_init(&m->chrome_trace, &m->host);
    return STEPC_OK;
}

void stepc_run_metadata_free(stepc_run_metadata *metadata)
{
    if (metadata == NULL)
        return;
    forget(metadata);
    stepc_host host = metadata->host;
    host_free(&host, metadata, sizeof *metadata);
}

stepc_code metadata_begin(stepc_run_metadata *metadata, stepc_error *error)
{
    (void)error;
    if (metadata == NULL)
        return STEPC_OK;
    forget(metadata);
    metadata->begin_us = clock_epoch_us();
    metadata->begin_ns = clock_monotonic_ns();
    return STEPC_OK;
}

/* The number of DEVICE in M's list, new or not. */
static bool device_number(stepc_run_metadata *m, const char *device, size_t *out)
{
    for (size_t i = m->device_count; i > 0; i--) {
        if (strcmp(m->devices[i - 1], device) == 0) {
            *out = i - 1;
            return true;
        }
    }
    const char **devices =
        arena_grow(&m->memory, m->devices, &m->device_capacity, m->device_count + 1, sizeof *devices);
    char *copy = arena_text(&m->memory, device, strlen(device));
    if (devices != NULL)
        m->devices = devices;
    if (devices == NULL || copy == NULL)
        return false;
    m->devices[m->device_count] = copy;
    *out = m->device_count++;
    return true;
}

void metadata_device(stepc_run_metadata *metadata, const char *device)
{
    size_t number;

    if (metadata != NULL)
        (void)device_number(metadata, device, &number);
}

/* Nodes of one step ran on one engine, mostly. */
static const char *engine_text(stepc_run_metadata *m, const char *engine)
{
    if (m->count > 0 && strcmp(m->nodes[m->count - 1].engine, engine) == 0)
        return m->nodes[m->count - 1].engine;
    return arena_text(&m->memory, engine, strlen(engine));
}

void metadata_node(stepc_run_metadata *metadata, const char *node, const char *type, const char *device,
                   const char *engine, int64_t begin_ns, int64_t end_ns, uint64_t output_bytes)
{
    stepc_run_metadata *m = metadata;
    traced_node added = {.output_bytes = output_bytes};

    if (m == NULL || !device_number(m, device, &added.device))
        return;
    added.node = arena_text(&m->memory, node, strlen(node));
    added.type = arena_text(&m->memory, type, strlen(type));
    added.engine = engine_text(m, engine != NULL ? engine : "");
    added.begin_ns = begin_ns - m->begin_ns;
    added.end_ns = end_ns - m->begin_ns;
    traced_node *nodes = arena_grow(&m->memory, m->nodes, &m->capacity, m->count + 1, sizeof *nodes);
    if (nodes == NULL)
        return;
    m->nodes = nodes;
    if (added.node != NULL && added.type != NULL && added.engine != NULL)
        m->nodes[m->count++] = added;
}

/* ---- partition graphs ---------------------------------------------------------------------- */

/* Appends a GraphDef as one more partition_graphs (field 3, bytes). */
static void add_partition(stepc_run_metadata *m, const text *graph)
{
    uint8_t head[11] = {3 << 3 | WIRE_BYTES};
    size_t size = 1 + varint_write(head + 1, graph->size);

    text_add(&m->partitions, (const char *)head, size);
    text_add(&m->partitions, graph->data, graph->size);
}

static stepc_code write_partition(stepc_run_metadata *m, const stepc_operation *const *operations, size_t count,
                                  const char *device, stepc_error *error)
{
    text graph;

    if (count == 0)
        return STEPC_OK;
    text_init(&graph, &m->host);
    stepc_code code = graph_write_part(operations, count, text_view(device), &graph, error);
    if (code == STEPC_OK)
        add_partition(m, &graph);
    text_release(&graph);
    if (code == STEPC_OK && m->partitions.failed)
        return error_out_of_memory(error, "keeping partition graphs");
    return code;
}

stepc_code metadata_partition_graphs(stepc_run_metadata *metadata, const stepc_operation *const *operations,
                                     size_t count, const device_list *devices, const int32_t *placed,
                                     stepc_error *error)
{
    arena scratch;
    stepc_code code = STEPC_OK;

    if (metadata == NULL || count == 0)
        return STEPC_OK;
    arena_init(&scratch, &metadata->host);
    const stepc_operation **part = ARENA_ARRAY(&scratch, const stepc_operation *, count);
    if (part == NULL)
        code = error_out_of_memory(error, "writing partition graphs");
    for (size_t d = 0; code == STEPC_OK && d < devices->count; d++) {
        size_t found = 0;
        for (size_t i = 0; i < count; i++)
            if (placed[i] >= 0 && (size_t)placed[i] == d)
                part[found++] = operations[i];
        code = write_partition(metadata, part, found, devices->devices[d].name, error);
    }
    arena_release(&scratch);
    return code;
}

/* ---- reading ------------------------------------------------------------------------------- */

size_t stepc_run_metadata_node_count(const stepc_run_metadata *metadata)
{
    return metadata != NULL ? metadata->count : 0;
}

stepc_code stepc_run_metadata_node_at(const stepc_run_metadata *metadata, size_t index, stepc_node_statistics *out,
                                      stepc_error *error)
{
    stepc_error_clear(error);
    if (metadata == NULL || out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "metadata and out must not be NULL");
    if (index >= metadata->count)
        return error_set(error, STEPC_OUT_OF_RANGE, "There is no node %zu; the run told of %zu.", index,
                         metadata->count);
    const traced_node *node = &metadata->nodes[index];
    *out = (stepc_node_statistics){
        .node = node->node,
        .type = node->type,
        .device = metadata->devices[node->device],
        .engine = node->engine,
        .start_us = metadata->begin_us + node->begin_ns / 1000,
        .end_us = metadata->begin_us + node->end_ns / 1000,
        .start_ns = node->begin_ns,
        .end_ns = node->end_ns,
        .output_bytes = node->output_bytes,
    };
    return STEPC_OK;
}

/* ---- RunMetadata --------------------------------------------------------------------------- */

/* Numbers that are 0 are left out, as in every proto3 message. */
static bool add_number(arena *memory, message *to, const char *field, int64_t value)
{
    return value == 0 || message_add_int(memory, to, field, value);
}

static bool add_memory(arena *memory, message *to, const traced_node *node)
{
    if (node->output_bytes == 0)
        return true;
    message_value *used = message_add(memory, to, "memory");
    return used != NULL && message_add_string(memory, used->child, "allocator_name", TEXT_LITERAL("cpu")) &&
           add_number(memory, used->child, "total_bytes", (int64_t)node->output_bytes) &&
           add_number(memory, used->child, "peak_bytes", (int64_t)node->output_bytes);
}

static bool add_node_stats(const stepc_run_metadata *m, arena *memory, message *device, const traced_node *node)
{
    message_value *added = message_add(memory, device, "node_stats");
    char *label = arena_format(memory, "%s = %s()", node->node, node->type); /* what tf.timeline takes apart */
    int64_t took_ns = node->end_ns - node->begin_ns;
    int64_t start_us = m->begin_us + node->begin_ns / 1000;
    int64_t start_ns = m->begin_us * 1000 + node->begin_ns;

    if (added == NULL || label == NULL)
        return false;
    message *to = added->child;
    return message_add_string(memory, to, "node_name", text_view(node->node)) &&
           add_number(memory, to, "all_start_micros", start_us) &&
           add_number(memory, to, "op_end_rel_micros", took_ns / 1000) &&
           add_number(memory, to, "all_end_rel_micros", took_ns / 1000) && add_memory(memory, to, node) &&
           message_add_string(memory, to, "timeline_label", text_view(label)) &&
           add_number(memory, to, "scheduled_micros", start_us) &&
           add_number(memory, to, "all_start_nanos", start_ns) && add_number(memory, to, "op_end_rel_nanos", took_ns) &&
           add_number(memory, to, "all_end_rel_nanos", took_ns) && add_number(memory, to, "scheduled_nanos", start_ns);
}

static bool add_device_stats(const stepc_run_metadata *m, arena *memory, message *stats, size_t device)
{
    message_value *added = message_add(memory, stats, "dev_stats");
    bool done = added != NULL && message_add_string(memory, added->child, "device", text_view(m->devices[device]));

    for (size_t i = 0; i < m->count && done; i++)
        if (m->nodes[i].device == device)
            done = add_node_stats(m, memory, added->child, &m->nodes[i]);
    return done;
}

static message *build_proto(const stepc_run_metadata *m, arena *memory)
{
    message *tree = message_new(memory, &message_run_metadata);
    message_value *stats = tree != NULL && m->device_count > 0 ? message_add(memory, tree, "step_stats") : NULL;

    if (m->device_count > 0 && stats == NULL)
        return NULL;
    for (size_t d = 0; d < m->device_count; d++)
        if (!add_device_stats(m, memory, stats->child, d))
            return NULL;
    return tree;
}

stepc_code stepc_run_metadata_proto(stepc_run_metadata *metadata, const void **out_data, size_t *out_bytes,
                                    stepc_error *error)
{
    stepc_error unread;
    arena scratch;

    error = error_or(error, &unread);
    if (out_data != NULL)
        *out_data = NULL;
    if (out_bytes != NULL)
        *out_bytes = 0;
    if (metadata == NULL || out_data == NULL || out_bytes == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "metadata and out must not be NULL");
    text_release(&metadata->proto);
    arena_init(&scratch, &metadata->host);
    message *tree = build_proto(metadata, &scratch);
    stepc_code code = tree != NULL ? message_write_binary(&metadata->host, tree, &metadata->proto, error)
                                   : error_out_of_memory(error, "writing metadata of a run");
    arena_release(&scratch);
    text_add(&metadata->proto, metadata->partitions.data, metadata->partitions.size);
    if (code == STEPC_OK && metadata->proto.failed)
        code = error_out_of_memory(error, "writing metadata of a run");
    if (code != STEPC_OK)
        return code;
    *out_data = metadata->proto.data;
    *out_bytes = metadata->proto.size;
    return STEPC_OK;
}

/* ---- Chrome trace -------------------------------------------------------------------------- */

static void json_text(text *out, const char *value) { text_json(out, value, strlen(value)); }

static void json_process(text *out, const char *device, size_t number)
{
    text_printf(out,
                "%s\n{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%zu,\"args\":{\"name\":", number > 0 ? "," : "",
                number);
    json_text(out, device);
    text_puts(out, "}}");
}

/* Microseconds with three decimals: the viewer's unit, at the clock's resolution. */
static void json_time(text *out, int64_t ns)
{
    ns = ns > 0 ? ns : 0;
    text_printf(out, "%lld.%03d", (long long)(ns / 1000), (int)(ns % 1000));
}

static void json_node(text *out, const traced_node *node)
{
    text_puts(out, ",\n{\"name\":");
    json_text(out, node->node);
    text_puts(out, ",\"cat\":\"Op\",\"ph\":\"X\",\"ts\":");
    json_time(out, node->begin_ns);
    text_puts(out, ",\"dur\":");
    json_time(out, node->end_ns - node->begin_ns);
    text_printf(out, ",\"pid\":%zu,\"tid\":0,\"args\":{\"op\":", node->device);
    json_text(out, node->type);
    text_puts(out, ",\"engine\":");
    json_text(out, node->engine);
    text_printf(out, ",\"output_bytes\":%llu}}", (unsigned long long)node->output_bytes);
}

stepc_code stepc_run_metadata_chrome_trace(stepc_run_metadata *metadata, const char **out_text, size_t *out_bytes,
                                           stepc_error *error)
{
    stepc_error_clear(error);
    if (out_text != NULL)
        *out_text = NULL;
    if (out_bytes != NULL)
        *out_bytes = 0;
    if (metadata == NULL || out_text == NULL || out_bytes == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "metadata and out must not be NULL");
    text *out = &metadata->chrome_trace;
    text_release(out);
    text_puts(out, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
    for (size_t i = 0; i < metadata->device_count; i++)
        json_process(out, metadata->devices[i], i);
    for (size_t i = 0; i < metadata->count; i++)
        json_node(out, &metadata->nodes[i]);
    text_printf(out, "\n],\"otherData\":{\"epoch_us\":\"%lld\"}}\n", (long long)metadata->begin_us);
    if (out->failed)
        return error_out_of_memory(error, "writing a trace");
    *out_text = out->data;
    *out_bytes = out->size;
    return STEPC_OK;
}
