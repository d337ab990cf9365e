/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks of a strip whose last vector is a whole one. LOCAL buffers begin at multiples of PLAN_ALIGNMENT bytes, which
 * no vector exceeds, and own what is left of their last such unit: a last vector may be computed and stored whole, so
 * that most chunks need no second copy of their body for a part of a vector. What comes of the lanes behind the end
 * is read by nothing but the same lanes of other chunks. */
#include "compiler/emit/inside_nest.h"

static bool has_plain_accesses(const loop_nest *nest)
{
    for (int32_t v = 0; v < nest->value_count; v++)
        if (nest->values[v].op == LOOP_READ && nest->values[v].index.indirect >= 0)
            return false;
    for (int32_t w = 0; w < nest->write_count; w++)
        if (nest->writes[w].predicate >= 0 || nest->writes[w].index.indirect >= 0)
            return false;
    return nest->acc_count == 0 && nest->check_count == 0;
}

/* Floats of one width and what is true of them: nothing that can fail on whatever the lanes hold. */
static bool has_only(const loop_nest *nest, stepc_dtype dtype)
{
    bool has_floats = false;
    for (int32_t v = 0; v < nest->value_count; v++) {
        if (nest->values[v].dtype != dtype && nest->values[v].dtype != STEPC_BOOL)
            return false;
        has_floats = has_floats || nest->values[v].dtype == dtype;
    }
    return has_floats;
}

static bool is_whole(const nest_text *n, const loop_nest *nest, stepc_dtype dtype)
{
    return nest->schedule.is_set && nest->schedule.strip == 0 && nest->schedule.vector_axis == n->vector &&
           nest->axis_count == n->group->shared_count && has_plain_accesses(nest) && has_only(nest, dtype);
}

/* All members, so that each lane that one of them reads has been stored by another. Asked once per group. */
static bool group_is_whole(nest_text *n, stepc_dtype dtype)
{
    const loop_group *g = n->group;
    if (n->e->overrun_group == g)
        return n->e->overrun_dtype == dtype;
    bool whole = true;
    for (int32_t s = g->first; s < g->first + g->count && whole; s++)
        whole = n->p->statements[s].kind == STATEMENT_NEST && is_whole(n, n->p->statements[s].nest, dtype);
    n->e->overrun_group = g;
    n->e->overrun_dtype = whole ? dtype : 0;
    return whole;
}

static bool is_local(const nest_text *n, int32_t buffer) { return n->p->buffers[buffer].kind == BUFFER_LOCAL; }

/* Whether something but LOCAL buffers is accessed along the lanes. */
static bool leaves_strip(const nest_text *n)
{
    for (int32_t v = 0; v < n->nest->value_count; v++) {
        const loop_value *value = &n->nest->values[v];
        if (value->op == LOOP_READ && n->uses[v] > 0 && value_is_vector(n, v) && !is_local(n, value->buffer))
            return true;
    }
    for (int32_t w = 0; w < n->nest->write_count; w++)
        if (!is_local(n, n->nest->writes[w].buffer))
            return true;
    return false;
}

void overrun_choose(nest_text *n)
{
    stepc_dtype dtype = n->lane_bits == 64 ? STEPC_FLOAT64 : STEPC_FLOAT32;
    if (n->group == NULL || !n->group->is_strip || n->vector < 0 || n->vector >= n->group->shared_count ||
        n->vector_reduces || n->lane_bits < 32 || n->row >= 0 || n->has_tiles || n->copy.form != COPY_NONE)
        return;
    /* A vector behind the end of a row would be the start of the next. */
    for (int32_t k = 0; k < n->nest->axis_count; k++)
        if (k != n->vector && !axis_is_trivial(n, k))
            return;
    n->overruns = group_is_whole(n, dtype);
    n->has_part = !n->overruns || leaves_strip(n);
}

bool lane_is_part(const nest_text *n, int32_t buffer) { return n->tail && !(n->overruns && is_local(n, buffer)); }
