/* SPDX-License-Identifier: Apache-2.0 */
/* State and weights of one module: what its callables share. */
#include "compiler/plan/plan.h"

#include "runtime/core/checked.h"
#include "runtime/core/dtype.h"

#include <string.h>

typedef struct layout {
    const stepc_host *host;
    arena *memory;
    const loop_program *const *programs;
    int32_t program_count;
    module_plan *plan;
    size_t weight_capacity;
    uint64_t *hashes; /* of the weights */
    size_t hash_capacity;
    int32_t *table; /* open addressing, weight + 1 */
    size_t table_size;
    stepc_error *error;
} layout;

static bool fixed_bytes(const loop_program *p, const loop_buffer *b, int64_t *out)
{
    int64_t bytes = (int64_t)stepc_dtype_bytes(b->dtype), extent;
    for (int32_t d = 0; d < b->rank; d++) {
        if (!size_is_const(p->sizes, b->extents[d], &extent) || extent < 0 || !checked_mul_i64(bytes, extent, &bytes))
            return false;
    }
    *out = bytes;
    return true;
}

/* Puts BYTES at the end of *TOTAL, aligned. */
static bool append(int64_t *total, int64_t bytes, int64_t *offset)
{
    int64_t end;
    *offset = *total;
    if (!checked_add_i64(*total, bytes, &end) || !checked_add_i64(end, PLAN_ALIGNMENT - 1, &end))
        return false;
    *total = end - end % PLAN_ALIGNMENT;
    return true;
}

/* ---- weights ----------------------------------------------------------------------------- */

static uint64_t content_hash(const void *data, int64_t bytes, int32_t element)
{
    return text_hash((stepc_string){data, (size_t)bytes}) ^ (uint64_t)element * UINT64_C(0x9E3779B97F4A7C15);
}

static bool grow_table(layout *l)
{
    size_t size = l->table_size == 0 ? 64 : l->table_size * 2;
    int32_t *table = ARENA_ARRAY(l->memory, int32_t, size);
    if (!table)
        return false;
    for (int32_t w = 0; w < l->plan->weight_count; w++) {
        size_t at = (size_t)l->hashes[w] & (size - 1);
        while (table[at] != 0)
            at = (at + 1) & (size - 1);
        table[at] = w + 1;
    }
    l->table = table;
    l->table_size = size;
    return true;
}

/* The number of the weight with this content, new or known; -1 when out of memory. */
static int32_t find_weight(layout *l, const loop_buffer *b, const void *data, int64_t bytes)
{
    module_plan *plan = l->plan;
    int32_t element = (int32_t)stepc_dtype_bytes(b->dtype) / (dtype_is_complex(b->dtype) ? 2 : 1);
    uint64_t hash = content_hash(data, bytes, element);
    if (((size_t)plan->weight_count + 1) * 2 > l->table_size && !grow_table(l))
        return -1;
    size_t at = (size_t)hash & (l->table_size - 1);
    for (; l->table[at] != 0; at = (at + 1) & (l->table_size - 1)) {
        const plan_weight *have = &plan->weights[l->table[at] - 1];
        if (l->hashes[l->table[at] - 1] == hash && have->bytes == bytes && have->element_bytes == element &&
            memcmp(have->data, data, (size_t)bytes) == 0)
            return l->table[at] - 1;
    }
    size_t needed = (size_t)plan->weight_count + 1;
    plan_weight *weights = arena_grow(l->memory, plan->weights, &l->weight_capacity, needed, sizeof *weights);
    uint64_t *hashes = arena_grow(l->memory, l->hashes, &l->hash_capacity, needed, sizeof *hashes);
    if (!weights || !hashes)
        return -1;
    plan->weights = weights;
    l->hashes = hashes;
    weights[plan->weight_count] =
        (plan_weight){.data = data, .bytes = bytes, .element_bytes = element, .dtype = b->dtype, .hint = b->hint};
    hashes[plan->weight_count] = hash;
    l->table[at] = plan->weight_count + 1;
    return plan->weight_count++;
}

/* The elements in the module's order: *BYTES of them. NULL when out of memory. */
static const void *packed(layout *l, const loop_program *p, const loop_buffer *b, int64_t *bytes)
{
    if (b->panel == 0 || b->data == NULL)
        return b->data;
    *bytes = panel_bytes(p, b);
    void *to = *bytes < 0 ? NULL : arena_alloc(l->memory, (size_t)*bytes);
    if (to)
        panel_pack(p, b, to);
    return to;
}

static stepc_code add_weights(layout *l, int32_t number)
{
    const loop_program *p = l->programs[number];
    int32_t *weight_of = ARENA_ARRAY(l->memory, int32_t, (size_t)p->buffer_count);
    if (!weight_of)
        return error_out_of_memory(l->error, "laying out weights");
    l->plan->weight_of[number] = weight_of;
    for (int32_t b = 0; b < p->buffer_count; b++) {
        const loop_buffer *buffer = &p->buffers[b];
        int64_t bytes;
        weight_of[b] = -1;
        if (buffer->kind != BUFFER_WEIGHT || buffer->root != b)
            continue;
        if (!fixed_bytes(p, buffer, &bytes))
            return error_set(l->error, STEPC_INTERNAL, "weight %s has no constant size", buffer->hint);
        const void *data = packed(l, p, buffer, &bytes);
        weight_of[b] = data || !buffer->data ? find_weight(l, buffer, data, bytes) : -1;
        if (weight_of[b] < 0)
            return error_out_of_memory(l->error, "laying out weights");
    }
    return STEPC_OK;
}

/* ---- state ------------------------------------------------------------------------------- */

static stepc_code make_room_for_variables(layout *l)
{
    int32_t most = -1;
    for (int32_t i = 0; i < l->program_count; i++) {
        const loop_program *p = l->programs[i];
        for (int32_t b = 0; b < p->buffer_count; b++) {
            if (p->buffers[b].kind == BUFFER_STATE && p->buffers[b].slot > most)
                most = p->buffers[b].slot;
        }
    }
    l->plan->variable_count = most + 1;
    l->plan->variables = ARENA_ARRAY(l->memory, plan_variable, (size_t)most + 1);
    return l->plan->variables ? STEPC_OK : error_out_of_memory(l->error, "laying out state");
}

static stepc_code add_variables(layout *l, const loop_program *p)
{
    for (int32_t b = 0; b < p->buffer_count; b++) {
        const loop_buffer *buffer = &p->buffers[b];
        int64_t bytes;
        if (buffer->kind != BUFFER_STATE || buffer->root != b || buffer->slot < 0)
            continue;
        plan_variable *v = &l->plan->variables[buffer->slot];
        if (!fixed_bytes(p, buffer, &bytes)) {
            error_set(l->error, STEPC_UNIMPLEMENTED, "variable %s has no constant size", buffer->hint);
            return error_mend(l->error, "give it a fixed shape, or run the step interpreted");
        }
        if (v->is_used && (v->bytes != bytes || v->dtype != buffer->dtype))
            return error_set(l->error, STEPC_INTERNAL, "variable %s has two sizes or types in one module",
                             buffer->hint);
        if (!v->is_used)
            *v = (plan_variable){.is_used = true, .dtype = buffer->dtype, .bytes = bytes, .hint = buffer->hint};
    }
    return STEPC_OK;
}

static stepc_code assign_offsets(layout *l)
{
    module_plan *plan = l->plan;
    bool fits = true;
    for (int32_t i = 0; i < plan->weight_count; i++)
        fits = fits && append(&plan->weights_bytes, plan->weights[i].bytes, &plan->weights[i].offset);
    for (int32_t i = 0; i < plan->variable_count; i++)
        fits = fits && append(&plan->state_bytes, plan->variables[i].bytes, &plan->variables[i].offset);
    return fits ? STEPC_OK : error_set(l->error, STEPC_RESOURCE_EXHAUSTED, "state or weights together are too large");
}

stepc_code plan_module(const stepc_host *host, arena *memory, const loop_program *const *programs,
                       int32_t program_count, module_plan **out, stepc_error *error)
{
    layout l = {.host = host, .memory = memory, .programs = programs, .program_count = program_count, .error = error};
    *out = NULL;
    l.plan = ARENA_NEW(memory, module_plan);
    if (l.plan)
        l.plan->weight_of = ARENA_ARRAY(memory, int32_t *, (size_t)program_count);
    if (!l.plan || !l.plan->weight_of)
        return error_out_of_memory(error, "laying out a module");
    stepc_code code = make_room_for_variables(&l);
    for (int32_t i = 0; i < program_count && !code; i++) {
        code = add_weights(&l, i);
        if (!code)
            code = add_variables(&l, programs[i]);
    }
    if (!code)
        code = assign_offsets(&l);
    if (!code)
        *out = l.plan;
    return code;
}
