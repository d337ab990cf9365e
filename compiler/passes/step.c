/* SPDX-License-Identifier: Apache-2.0 */
/* Pruning a graph to one step, and the table of its values. */
#include "compiler/passes/step.h"

#include <string.h>

static stepc_code fill_feed_info(step *s, const signature_slot *slot, step_value *value, stepc_error *error)
{
    infer_value *info = &value->info;
    info->dtype = slot->dtype;
    info->rank = slot->rank;
    if (slot->rank < 0)
        return STEPC_OK;
    info->dims = ARENA_ARRAY(s->memory, size_ref, (size_t)slot->rank + 1);
    if (!info->dims)
        return error_out_of_memory(error, "reading a signature");
    for (int32_t k = 0; k < slot->rank; k++) {
        const signature_dim *dim = &slot->dims[k];
        info->dims[k] = dim->size >= 0 ? size_const(s->sizes, dim->size)
                                       : size_symbol(s->sizes, dim->symbol, 0, dim->max >= 0 ? dim->max : INT64_MAX);
        if (info->dims[k] == SIZE_UNKNOWN)
            return error_out_of_memory(error, "reading a signature");
    }
    return STEPC_OK;
}

#define FED_SIZES_MAX 16 /* elements of a feed that may be a shape */

static stepc_code add_fed_size(step *s, const step_value *value, const signature_slot *slot, int64_t element, stepc_error *error)
{
    bool is_narrow = slot->dtype == STEPC_INT32;
    /* two underscores: no name that a signature makes or takes has them */
    const char *name = arena_format(s->memory, "%s__%lld", slot->cname, (long long)element);
    step_fed_size *grown = arena_grow(s->memory, s->fed_sizes, &s->fed_size_capacity, s->fed_size_count + 1, sizeof *grown);
    if (!name || !grown)
        return error_out_of_memory(error, "reading a signature");
    size_ref symbol = size_symbol(s->sizes, name, is_narrow ? INT32_MIN : INT64_MIN, is_narrow ? INT32_MAX : INT64_MAX);
    s->fed_sizes = grown;
    s->fed_sizes[s->fed_size_count++] = (step_fed_size){symbol, value->feed, element};
    value->info.elements[element] = symbol;
    return symbol == SIZE_UNKNOWN ? error_out_of_memory(error, "reading a signature") : STEPC_OK;
}

/* A small fed vector of integers may be a shape operand: its elements stand as symbols. */
static stepc_code add_fed_sizes(step *s, const signature_slot *slot, step_value *value, stepc_error *error)
{
    infer_value *info = &value->info;
    int64_t count = 1;
    if ((slot->dtype != STEPC_INT32 && slot->dtype != STEPC_INT64) || slot->rank < 0 || slot->rank > 1)
        return STEPC_OK;
    if (slot->rank == 1 && (!size_is_const(s->sizes, info->dims[0], &count) || count > FED_SIZES_MAX))
        return STEPC_OK;
    info->element_count = count;
    info->elements = ARENA_ARRAY(s->memory, size_ref, (size_t)count + 1);
    if (!info->elements)
        return error_out_of_memory(error, "reading a signature");
    stepc_code code = STEPC_OK;
    for (int64_t i = 0; !code && i < count; i++)
        code = add_fed_size(s, value, slot, i, error);
    return code;
}

static stepc_code add_values(step *s, const stepc_operation *op)
{
    if (s->first_value[op->index] >= 0)
        return STEPC_OK;
    s->first_value[op->index] = (int32_t)s->value_count;
    for (int32_t k = 0; k < op->output_count; k++) {
        step_value *value = &s->values[s->value_count++];
        value->at = (stepc_output){op, k};
        value->info.dtype = dtype_base((stepc_dtype)op->output_dtypes[k]);
        value->info.rank = -1;
        value->feed = -1;
    }
    return STEPC_OK;
}

static stepc_code make_table(step *s, stepc_error *error)
{
    size_t room = 1;
    for (size_t i = 0; i < s->operations.count; i++)
        room += (size_t)s->operations.items[i]->output_count;
    for (size_t i = 0; i < s->signature->feed_count; i++)
        room += (size_t)s->signature->feeds[i].at.op->output_count;
    s->values = ARENA_ARRAY(s->memory, step_value, room);
    int64_t operations = stepc_graph_operation_count(s->graph); /* at least those of the step: the graph may have grown */
    s->first_value = ARENA_ARRAY(s->memory, int32_t, (size_t)operations + 1);
    if (!s->values || !s->first_value)
        return error_out_of_memory(error, "pruning a graph");
    for (int64_t i = 0; i <= operations; i++)
        s->first_value[i] = -1;
    for (size_t i = 0; i < s->signature->feed_count; i++)
        add_values(s, s->signature->feeds[i].at.op);
    for (size_t i = 0; i < s->operations.count; i++)
        add_values(s, s->operations.items[i]);
    for (size_t i = 0; i < s->signature->feed_count; i++) {
        const signature_slot *slot = &s->signature->feeds[i];
        step_value *value = step_value_of(s, slot->at);
        value->is_fed = true;
        value->feed = (int32_t)i;
        stepc_code code = fill_feed_info(s, slot, value, error);
        if (!code)
            code = add_fed_sizes(s, slot, value, error);
        if (code)
            return code;
    }
    return STEPC_OK;
}

stepc_code step_build(const stepc_host *host, arena *memory, size_pool *sizes, stepc_graph *graph,
                      const signature *which, bool no_fold, step **out, stepc_error *error)
{
    *out = NULL;
    step *s = ARENA_NEW(memory, step);
    size_t feed_count = which->feed_count, fetch_count = which->fetch_count;
    stepc_output *feeds = ARENA_ARRAY(memory, stepc_output, feed_count + 1);
    stepc_output *fetches = ARENA_ARRAY(memory, stepc_output, fetch_count + 1);
    if (!s || !feeds || !fetches)
        return error_out_of_memory(error, "pruning a graph");
    for (size_t i = 0; i < feed_count; i++)
        feeds[i] = which->feeds[i].at;
    for (size_t i = 0; i < fetch_count; i++)
        fetches[i] = which->fetches[i].at;
    *s = (step){.host = host, .memory = memory, .sizes = sizes, .graph = graph, .signature = which, .no_fold = no_fold};
    step_prune_input input = {feeds, feed_count, fetches, fetch_count, which->targets, which->target_count};
    graph_lock_read(graph);
    stepc_code code = step_prune(graph, &input, memory, &s->operations, error);
    graph_unlock(graph);
    if (!code)
        code = make_table(s, error);
    if (!code)
        *out = s;
    return code;
}

void step_release(step *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->owned_count; i++)
        stepc_tensor_release(s->owned[i]);
    s->owned_count = 0;
}

step_value *step_value_of(const step *s, stepc_output at)
{
    int32_t first = s->first_value[at.op->index];
    if (first < 0 || at.index < 0 || at.index >= at.op->output_count)
        return NULL;
    return &s->values[first + at.index];
}

static void print_shape(const step *s, const infer_value *info, text *out)
{
    text_puts(out, stepc_dtype_name(info->dtype));
    if (info->rank < 0) {
        text_puts(out, "[...]");
        return;
    }
    text_puts(out, "[");
    for (int32_t k = 0; k < info->rank; k++) {
        text_puts(out, k ? "," : "");
        size_print(s->sizes, info->dims[k], out);
    }
    text_puts(out, "]");
}

void step_print(const step *s, text *out)
{
    for (size_t i = 0; i < s->value_count; i++) {
        const step_value *value = &s->values[i];
        text_printf(out, "%s:%d %s ", value->at.op->name.data, value->at.index, value->at.op->type.data);
        print_shape(s, &value->info, out);
        if (value->is_fed)
            text_printf(out, " feed %d", value->feed);
        if (value->is_folded)
            text_puts(out, " folded");
        else if (value->info.constant)
            text_puts(out, " known");
        text_puts(out, "\n");
    }
}
