/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling of groups: rows that several members read come from main memory for the first of them. While the last one
 * works on them, those of the next tile are asked for: fetching ahead by itself, the machine stops at the end of a
 * page, and a tile is seldom longer. */
#include "compiler/loops/schedule.h"

/* Rows of main memory: from element to element along the vector axis, from row to row along the last shared one. */
static bool reads_rows(const loop_program *p, const loop_group *g, const loop_nest *nest, const loop_value *value)
{
    int64_t step, row;
    int32_t vector = nest->schedule.vector_axis;
    return value->op == LOOP_READ && p->buffers[value->buffer].kind != BUFFER_LOCAL && value->index.indirect < 0 &&
           vector >= g->shared_count && size_is_const(p->sizes, value->index.coefs[vector], &step) && step == 1 &&
           size_is_const(p->sizes, value->index.coefs[g->shared_count - 1], &row) && row > 0;
}

static bool is_read(const loop_program *p, const loop_group *g, int32_t from, int32_t to, int32_t root)
{
    for (int32_t i = from; i < to; i++) {
        if (loop_reads(p->statements[g->first + i].nest, root))
            return true;
    }
    return false;
}

void schedule_ahead(loop_program *p, const isa_profile *isa, const loop_group *g)
{
    for (int32_t i = 1; i < g->count && !g->is_strip && isa->vector_bytes > 0; i++) {
        loop_nest *nest = p->statements[g->first + i].nest;
        for (int32_t v = 0; v < nest->value_count; v++) {
            const loop_value *value = &nest->values[v];
            if (reads_rows(p, g, nest, value) && is_read(p, g, 0, i, value->buffer) &&
                !is_read(p, g, i + 1, g->count, value->buffer))
                nest->schedule.ahead = true;
        }
    }
}
