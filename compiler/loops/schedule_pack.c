/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling: which weights the module holds in panels. A weight that nothing but products read, each with the same
 * dimension along its lanes, lies in the order in which their kernels read it: no step from row to row, no part of a
 * vector at the end of a row, and a transposed matrix is as good as any. */
#include "compiler/loops/schedule.h"

enum {
    LINE_BYTES = 64,   /* a panel is a multiple of it, and so of any vector */
    LEAST_BYTES = 256 /* of a weight: below, a copy in another order is not worth its room */
};

static bool is_fixed(const loop_program *p, const loop_buffer *b)
{
    int64_t bytes = (int64_t)stepc_dtype_bytes(b->dtype), extent;
    for (int32_t d = 0; d < b->rank; d++) {
        if (!size_is_const(p->sizes, b->extents[d], &extent) || extent < 1 || bytes > INT32_MAX / extent)
            return false;
        bytes *= extent;
    }
    return bytes >= LEAST_BYTES;
}

static bool is_zero(const loop_program *p, size_ref s)
{
    int64_t value;
    return size_is_const(p->sizes, s, &value) && value == 0;
}

static bool is_one(const loop_program *p, size_ref s)
{
    int64_t value;
    return size_is_const(p->sizes, s, &value) && value == 1;
}

/* The space axis of a product along which READ, one of its operands, gives a column to each index, the other operand
 * standing still; -1 when the nest is nothing of the kind. */
static int32_t column_axis(const loop_program *p, const loop_nest *nest, int32_t read, const uint32_t *mask)
{
    const loop_value *value = &nest->values[read];
    if (nest->acc_count != 1 || nest->check_count > 0 || nest->accs[0].kind != ACC_SUM ||
        nest->accs[0].dtype != value->dtype || value->index.indirect >= 0)
        return -1;
    const loop_value *product = &nest->values[nest->accs[0].value];
    if (product->op != LOOP_MUL || (product->args[0] == read) == (product->args[1] == read))
        return -1;
    int32_t other = product->args[product->args[0] == read ? 1 : 0];
    for (int32_t k = nest_space_count(nest) - 1; k >= 0; k--) {
        if (is_zero(p, value->index.coefs[k]) || is_one(p, nest->axes[k].extent) || (mask[other] >> k & 1))
            continue;
        for (int32_t w = 0; w < nest->write_count; w++)
            if (!is_one(p, nest->writes[w].index.coefs[k]) || nest->writes[w].predicate >= 0 ||
                nest->writes[w].index.indirect >= 0 || write_streams(nest, &nest->writes[w]))
                return -1;
        return k;
    }
    return -1;
}

/* The dimension of BUFFER that goes into panels for NEST; -1 none, -2 the nest does not read it. */
static int32_t nest_dimension(const loop_program *p, const loop_nest *nest, int32_t buffer, int32_t shared,
                              uint32_t *mask, uint8_t *guarded)
{
    int32_t dim = -2;
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        if (value->op != LOOP_READ || value->buffer != buffer)
            continue;
        if (dim == -2) {
            nest_axis_mask(nest, mask);
            nest_guarded(nest, guarded);
        }
        int32_t axis = guarded[v] ? -1 : column_axis(p, nest, v, mask);
        int32_t here = axis < shared ? -1 : panel_dimension(p, nest, buffer, &value->index, axis);
        if (here < 0 || (dim != -2 && dim != here) || !panel_index_fits(p, nest, buffer, &value->index, here))
            return -1;
        dim = here;
    }
    return dim;
}

static int32_t shared_axes(const loop_program *p, int32_t statement)
{
    for (int32_t g = 0; g < p->group_count; g++)
        if (statement >= p->groups[g].first && statement < p->groups[g].first + p->groups[g].count)
            return p->groups[g].shared_count;
    return 0;
}

static bool is_fetched(const loop_program *p, int32_t buffer)
{
    for (int32_t i = 0; i < p->fetch_count; i++)
        if (p->fetches[i].buffer >= 0 && p->buffers[p->fetches[i].buffer].root == buffer)
            return true;
    return false;
}

static int32_t find_dimension(const loop_program *p, int32_t buffer, uint32_t *mask, uint8_t *guarded)
{
    int32_t dim = -1;
    for (int32_t i = 0; i < p->statement_count; i++) {
        if (p->statements[i].kind == STATEMENT_CALL) {
            const loop_call *call = p->statements[i].call;
            for (int32_t k = 0; k < loop_call_buffers(call); k++)
                if (p->buffers[call->buffers[k]].root == buffer)
                    return -1;
            continue;
        }
        int32_t here = nest_dimension(p, p->statements[i].nest, buffer, shared_axes(p, i), mask, guarded);
        if (here == -1 || (here >= 0 && dim >= 0 && here != dim))
            return -1;
        dim = here >= 0 ? here : dim;
    }
    return dim;
}

/* The generic profile leaves their width to the compiler. */
static bool has_vectors(const isa_profile *isa)
{
    return isa->vector_bytes > 0 || (isa->name && isa->name[0] == 'g');
}

bool pack_find(loop_program *p, const isa_profile *isa, arena *scratch)
{
    int32_t most = 1;
    for (int32_t i = 0; i < p->statement_count; i++)
        if (p->statements[i].kind == STATEMENT_NEST && p->statements[i].nest->value_count > most)
            most = p->statements[i].nest->value_count;
    uint32_t *mask = ARENA_ARRAY(scratch, uint32_t, (size_t)most);
    uint8_t *guarded = ARENA_ARRAY(scratch, uint8_t, (size_t)most);
    if (!mask || !guarded)
        return false;
    for (int32_t b = 0; b < p->buffer_count; b++) {
        loop_buffer *buffer = &p->buffers[b];
        buffer->panel = 0;
        bool is_float = buffer->dtype == STEPC_FLOAT32 || buffer->dtype == STEPC_FLOAT64;
        if (buffer->kind != BUFFER_WEIGHT || buffer->root != b || !is_float || !has_vectors(isa) ||
            !is_fixed(p, buffer) || is_fetched(p, b))
            continue;
        int32_t dim = find_dimension(p, b, mask, guarded);
        if (dim >= 0) {
            buffer->panel_dim = dim;
            buffer->panel = LINE_BYTES / (int32_t)stepc_dtype_bytes(buffer->dtype);
        }
    }
    return true;
}

bool pack_lies_along(const loop_program *p, const loop_nest *nest, const loop_value *read, int32_t axis)
{
    const loop_buffer *b = &p->buffers[read->buffer];
    return b->panel > 0 && panel_dimension(p, nest, read->buffer, &read->index, axis) == b->panel_dim;
}

bool pack_has(const loop_program *p, const loop_nest *nest, int32_t axis)
{
    for (int32_t v = 0; axis >= 0 && v < nest->value_count; v++)
        if (nest->values[v].op == LOOP_READ && pack_lies_along(p, nest, &nest->values[v], axis))
            return true;
    return false;
}

/* Whether NEST reads V's panels along its lanes, and not in strips or turned tiles. */
static bool is_taken(const loop_program *p, const loop_nest *nest, const loop_value *v)
{
    const nest_schedule *s = &nest->schedule;
    return s->vector_axis >= 0 && s->strip == 0 && s->turn_tile[0] == 0 && pack_lies_along(p, nest, v, s->vector_axis);
}

/* Indices of a panel for a nest: all its vectors side by side, of the profile's width where no columns are left over, so
 * that a kernel takes whole panels; else of the widest machine's, so that what is left can be taken as all of them. */
static int32_t panel_width(const loop_program *p, const isa_profile *isa, const loop_buffer *b, int32_t jam)
{
    int32_t unit = (int32_t)stepc_dtype_bytes(b->dtype), wide = jam * LINE_BYTES / unit;
    int32_t own = jam * (isa->vector_bytes > 0 ? isa->vector_bytes : LINE_BYTES);
    int64_t extent;
    bool is_even = size_is_const(p->sizes, b->extents[b->panel_dim], &extent) && extent % wide == 0;
    return is_even && own % LINE_BYTES == 0 ? own / unit : wide;
}

bool pack_settle(loop_program *p, const isa_profile *isa)
{
    bool same = true;
    for (int32_t i = 0; i < p->statement_count; i++) {
        const loop_nest *nest = p->statements[i].kind == STATEMENT_NEST ? p->statements[i].nest : NULL;
        for (int32_t v = 0; nest && v < nest->value_count; v++) {
            const loop_value *value = &nest->values[v];
            loop_buffer *b = value->op == LOOP_READ ? &p->buffers[value->buffer] : NULL;
            if (!b || b->panel == 0)
                continue;
            int32_t panel = panel_width(p, isa, b, nest->schedule.jam);
            if (!is_taken(p, nest, value)) {
                b->panel = 0;
                same = false;
            } else if (panel > b->panel) {
                b->panel = panel;
            }
        }
    }
    return same;
}
