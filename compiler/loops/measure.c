/* SPDX-License-Identifier: Apache-2.0 */
/* What a program moves and does, in numbers. Sizes are taken at their upper bounds, unbounded
 * symbols as 1024; counts saturate at INT64_MAX. */
#include "compiler/loops/loops.h"

#include "runtime/core/checked.h"

#include <string.h>

enum { NOMINAL_SIZE = 1024 };

static int64_t nominal(const loop_program *p, size_ref size)
{
    int64_t bound = size == SIZE_UNKNOWN ? INT64_MAX : size_upper_bound(p->sizes, size);
    return bound == INT64_MAX ? NOMINAL_SIZE : bound < 0 ? 0 : bound;
}

static int64_t times(int64_t a, int64_t b)
{
    int64_t product;
    return checked_mul_i64(a, b, &product) ? product : INT64_MAX;
}

static int64_t plus(int64_t a, int64_t b)
{
    int64_t sum;
    return checked_add_i64(a, b, &sum) ? sum : INT64_MAX;
}

static int64_t buffer_bytes(const loop_program *p, int32_t buffer)
{
    const loop_buffer *b = &p->buffers[buffer];
    int64_t bytes = (int64_t)stepc_dtype_bytes(b->dtype);
    for (int32_t d = 0; d < b->rank; d++)
        bytes = times(bytes, nominal(p, b->extents[d]));
    return bytes;
}

/* Bytes of one tile: dimensions that run along shared axes count as the tile does. */
static int64_t local_bytes(const loop_program *p, int32_t buffer)
{
    const loop_buffer *b = &p->buffers[buffer];
    int64_t bytes = (int64_t)stepc_dtype_bytes(b->dtype);
    const loop_group *group = NULL;
    for (int32_t g = 0; g < p->group_count; g++)
        group = p->groups[g].id == b->group ? &p->groups[g] : group;
    for (int32_t d = 0; d < b->rank; d++) {
        int64_t extent = nominal(p, b->extents[d]);
        if (group && d < group->shared_count && group->tile[d] < extent)
            extent = group->tile[d];
        bytes = times(bytes, extent);
    }
    return bytes;
}

/* ---- elements that one index reaches ----------------------------------------------------- */

/* At most the product of the axes along which it moves, and at most the buffer. */
static int64_t reached_bytes(const loop_program *p, const loop_nest *nest, int32_t buffer, const loop_index *index)
{
    int64_t bytes = (int64_t)stepc_dtype_bytes(p->buffers[buffer].dtype), whole = buffer_bytes(p, buffer), coef;
    if (index->indirect >= 0)
        return whole;
    for (int32_t k = 0; k < nest->axis_count; k++) {
        if (!(size_is_const(p->sizes, index->coefs[k], &coef) && coef == 0))
            bytes = times(bytes, nominal(p, nest->axes[k].extent));
    }
    return bytes < whole ? bytes : whole;
}

static int64_t iterations(const loop_program *p, const loop_nest *nest, uint32_t mask)
{
    int64_t count = 1;
    for (int32_t k = 0; k < nest->axis_count; k++) {
        if (mask & UINT32_C(1) << k)
            count = times(count, nominal(p, nest->axes[k].extent));
    }
    return count;
}

/* Operations of one run of NEST: what does not move along an axis counts once for all of it;
 * an accumulation counts as one operation. */
static int64_t nest_flops(const loop_program *p, const loop_nest *nest, uint32_t *mask)
{
    int64_t count = 0;
    uint32_t reduce = 0;
    for (int32_t k = 0; k < nest->axis_count; k++)
        reduce |= nest->axes[k].kind == AXIS_REDUCE ? UINT32_C(1) << k : 0;
    nest_axis_mask(nest, mask);
    for (int32_t v = 0; v < nest->value_count; v++) {
        loop_op op = nest->values[v].op;
        if (op != LOOP_READ && op != LOOP_CONST && op != LOOP_AXIS && op != LOOP_SIZE && op != LOOP_ACC)
            count = plus(count, iterations(p, nest, mask[v]));
    }
    for (int32_t i = 0; i < nest->acc_count; i++)
        count = plus(count, iterations(p, nest, mask[nest->accs[i].value] | reduce));
    return count;
}

/* ---- the program ------------------------------------------------------------------------- */

typedef struct meter {
    const loop_program *p;
    loop_traffic *out;
    int64_t *read, *written;         /* per buffer, in the unit being looked at */
    int32_t *touched, touched_count; /* buffers with something in the two tables */
    uint32_t *mask;
} meter;

static void touch(meter *m, int32_t buffer)
{
    if (m->read[buffer] == 0 && m->written[buffer] == 0)
        m->touched[m->touched_count++] = buffer;
}

static void note_write(meter *m, int32_t buffer, int64_t bytes)
{
    int64_t whole = buffer_bytes(m->p, buffer);
    touch(m, buffer);
    bytes = plus(m->written[buffer], bytes);
    m->written[buffer] = bytes < whole ? bytes : whole;
}

/* The same element read by several indices counts once where the indices are equal. */
static bool is_repeated(const loop_nest *nest, int32_t v)
{
    for (int32_t u = v > 32 ? v - 32 : 0; u < v; u++) {
        if (nest->values[u].op == LOOP_READ && nest->values[u].buffer == nest->values[v].buffer &&
            loop_index_equal(&nest->values[u].index, &nest->values[v].index, nest->axis_count))
            return true;
    }
    return false;
}

static void measure_nest(meter *m, const loop_nest *nest)
{
    m->out->nests++;
    m->out->flops = plus(m->out->flops, nest_flops(m->p, nest, m->mask));
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        if (value->op == LOOP_READ && m->p->buffers[value->buffer].kind != BUFFER_LOCAL && !is_repeated(nest, v)) {
            int64_t bytes = reached_bytes(m->p, nest, value->buffer, &value->index);
            /* Members of a group find again what an earlier one read. */
            touch(m, value->buffer);
            if (bytes > m->read[value->buffer])
                m->read[value->buffer] = bytes;
        }
    }
    for (int32_t i = 0; i < nest->write_count; i++) {
        const loop_write *w = &nest->writes[i];
        if (m->p->buffers[w->buffer].kind != BUFFER_LOCAL)
            note_write(m, w->buffer, reached_bytes(m->p, nest, w->buffer, &w->index));
    }
}

static void flush(meter *m)
{
    for (int32_t i = 0; i < m->touched_count; i++) {
        int32_t b = m->touched[i];
        m->out->bytes_moved = plus(m->out->bytes_moved, plus(m->read[b], m->written[b]));
        m->read[b] = m->written[b] = 0;
    }
    m->touched_count = 0;
}

static void measure_call(meter *m, const loop_call *call)
{
    const loop_program *p = m->p;
    m->out->calls++;
    if (loop_call_buffers(call) < 2)
        return;
    int64_t bytes = times((int64_t)stepc_dtype_bytes(p->buffers[call->buffers[0]].dtype), nominal(p, call->sizes[0]));
    m->out->bytes_moved = plus(m->out->bytes_moved, times(bytes, 2));
}

static int32_t largest_nest(const loop_program *p)
{
    int32_t most = 0;
    for (int32_t s = 0; s < p->statement_count; s++) {
        if (p->statements[s].kind == STATEMENT_NEST && p->statements[s].nest->value_count > most)
            most = p->statements[s].nest->value_count;
    }
    return most;
}

/* Bytes of the locals of one group that are alive at once, at most. */
static void measure_locals(meter *m, const loop_group *g)
{
    const loop_program *p = m->p;
    int64_t live = 0;
    /* First and last member that touches each local, counted from 1, in the two tables (all zero now). */
    for (int32_t i = 0; i < g->count; i++) {
        const loop_nest *nest = p->statements[g->first + i].nest;
        for (int32_t k = 0; k < nest->value_count + nest->write_count; k++) {
            int32_t b = k < nest->value_count ? nest->values[k].buffer : nest->writes[k - nest->value_count].buffer;
            if (b < 0 || p->buffers[b].kind != BUFFER_LOCAL)
                continue;
            touch(m, b);
            m->read[b] = m->read[b] == 0 ? i + 1 : m->read[b];
            m->written[b] = i + 1;
        }
    }
    for (int32_t i = 0; i < g->count; i++) {
        const loop_nest *nest = p->statements[g->first + i].nest;
        for (int32_t pass = 0; pass < 2; pass++) {
            for (int32_t k = 0; k < nest->value_count + nest->write_count; k++) {
                int32_t b = k < nest->value_count ? nest->values[k].buffer : nest->writes[k - nest->value_count].buffer;
                int64_t *when = b < 0 ? NULL : pass == 0 ? &m->read[b] : &m->written[b];
                if (!when || *when != i + 1 || p->buffers[b].kind != BUFFER_LOCAL)
                    continue;
                *when = -1;
                live += pass == 0 ? local_bytes(p, b) : -local_bytes(p, b);
            }
            if (pass == 0 && live > m->out->local_bytes)
                m->out->local_bytes = live;
        }
    }
    for (int32_t i = 0; i < m->touched_count; i++)
        m->read[m->touched[i]] = m->written[m->touched[i]] = 0;
    m->touched_count = 0;
}

static bool is_touched(const loop_program *p, int32_t root, bool as_write)
{
    for (int32_t s = 0; s < p->statement_count; s++) {
        if (p->statements[s].kind == STATEMENT_CALL) {
            const loop_call *call = p->statements[s].call;
            int32_t number = !as_write && loop_call_buffers(call) == 2 ? 1 : 0;
            if (p->buffers[call->buffers[number]].root == root)
                return true;
        } else if (as_write ? loop_writes(p->statements[s].nest, root) : loop_reads(p->statements[s].nest, root)) {
            return true;
        }
    }
    return false;
}

void loop_measure(const loop_program *p, loop_traffic *out)
{
    arena scratch;
    meter m = {.p = p, .out = out};
    *out = (loop_traffic){.groups = p->group_count};
    arena_init(&scratch, p->host);
    m.read = ARENA_ARRAY(&scratch, int64_t, (size_t)p->buffer_count);
    m.written = ARENA_ARRAY(&scratch, int64_t, (size_t)p->buffer_count);
    m.touched = ARENA_ARRAY(&scratch, int32_t, (size_t)p->buffer_count * 2);
    m.mask = ARENA_ARRAY(&scratch, uint32_t, (size_t)largest_nest(p));
    for (int32_t s = 0, g = 0; m.read && m.written && m.touched && m.mask && s < p->statement_count; s++) {
        while (g < p->group_count && s >= p->groups[g].first + p->groups[g].count)
            g++;
        bool in_group = g < p->group_count && s >= p->groups[g].first;
        if (p->statements[s].kind == STATEMENT_NEST)
            measure_nest(&m, p->statements[s].nest);
        else
            measure_call(&m, p->statements[s].call);
        out->chunks += in_group && p->groups[g].is_strip;
        if (!in_group || s + 1 == p->groups[g].first + p->groups[g].count)
            flush(&m);
    }
    for (int32_t g = 0; m.read && m.written && g < p->group_count; g++)
        measure_locals(&m, &p->groups[g]);
    arena_release(&scratch);
    for (int32_t b = 0; b < p->buffer_count; b++) {
        buffer_kind kind = p->buffers[b].kind;
        if (p->buffers[b].root != b || kind == BUFFER_LOCAL || kind == BUFFER_ARENA)
            continue;
        /* Variables may be read, written, or both; what a step is given or gives counts once. */
        int64_t count = kind == BUFFER_STATE ? is_touched(p, b, false) + is_touched(p, b, true) : 1;
        out->bytes_inputs_outputs = plus(out->bytes_inputs_outputs, times(count, buffer_bytes(p, b)));
    }
}
