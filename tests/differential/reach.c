/* SPDX-License-Identifier: Apache-2.0 */
#include "reach.h"

#include "runtime/ops/size.h"
#include "stepc/tensor.h"

#include <stdio.h>
#include <string.h>

/* The constant extent of an axis; 0: a symbol's. */
static int64_t extent_of(const loop_program *p, const loop_nest *nest, int32_t axis)
{
    int64_t extent = 0;
    return size_is_const(p->sizes, nest->axes[axis].extent, &extent) ? extent : 0;
}

static bool turns_many(const loop_program *p, const loop_nest *nest)
{
    const nest_schedule *s = &nest->schedule;
    return s->turn_tile[0] > 0 && extent_of(p, nest, s->turn_rows) > s->turn_tile[0] &&
           extent_of(p, nest, s->turn_columns) > s->turn_tile[1];
}

static bool has_widths(const loop_program *p, const loop_nest *nest)
{
    size_t least = 16, most = 0;
    for (int32_t v = 0; v < nest->value_count; v++) {
        size_t bytes = nest->values[v].op == LOOP_READ ? stepc_dtype_bytes(p->buffers[nest->values[v].buffer].dtype) : 0;
        most = bytes > most ? bytes : most;
        least = bytes > 0 && bytes < least ? bytes : least;
    }
    for (int32_t w = 0; w < nest->write_count; w++) {
        size_t bytes = stepc_dtype_bytes(p->buffers[nest->writes[w].buffer].dtype);
        most = bytes > most ? bytes : most;
        least = bytes < least ? bytes : least;
    }
    return nest->schedule.vector_axis >= 0 && least < most;
}

static void count_nest(const loop_program *p, const loop_nest *nest, const isa_profile *isa, int64_t *by_kind)
{
    const nest_schedule *s = &nest->schedule;
    bool streams = false;
    for (int32_t w = 0; w < nest->write_count; w++)
        streams = streams || write_streams(nest, &nest->writes[w]);
    by_kind[REACH_SUM_STRIP] += s->strip > 0;
    by_kind[REACH_BLOCK] += s->block > 0;
    by_kind[REACH_PARTIAL] += s->partial_sums > 1;
    by_kind[REACH_ROW_TILE] += s->row_tile > 1;
    by_kind[REACH_TURN] += s->turn_tile[0] > 0;
    by_kind[REACH_TURN_MANY] += turns_many(p, nest);
    by_kind[REACH_STREAM] += s->stream;
    by_kind[REACH_JOIN] += streams;
    by_kind[REACH_AHEAD] += s->ahead;
    by_kind[REACH_MIXED] += has_widths(p, nest);
    by_kind[REACH_TAIL] += s->vector_axis >= 0 && extent_of(p, nest, s->vector_axis) % (isa->vector_bytes > 8 ? isa->vector_bytes / 8 : 1) != 0;
}

void reach_count(const loop_program *p, const isa_profile *isa, int64_t parts, reach_counts *counts)
{
    for (int32_t i = 0; i < p->statement_count; i++) {
        if (p->statements[i].kind != STATEMENT_NEST)
            continue;
        counts->nests++;
        count_nest(p, p->statements[i].nest, isa, counts->by_kind);
    }
    for (int32_t i = 0; i < p->group_count; i++) {
        const loop_group *g = &p->groups[i];
        bool is_wide = false;
        for (int32_t k = 0; k < g->shared_count; k++)
            is_wide = is_wide || g->tile[k] > 1;
        counts->by_kind[REACH_BODY_STRIP] += g->is_strip;
        counts->by_kind[REACH_GROUP_TILE] += !g->is_strip && is_wide;
    }
    counts->by_kind[REACH_PART] += parts;
}

int reach_report(const char *what, const reach_counts *counts)
{
    static const char *const names[REACH_COUNT] = {
        "strips of bodies", "strips of sums", "blocks", "partial sums", "row tiles", "tiles of groups", "turned reads", "in many tiles",
        "past the caches", "beside sums", "cut into parts", "asked ahead", "mixed widths", "tails"};
    int zero = 0;
    printf("%s: nests %lld", what, (long long)counts->nests);
    for (int i = 0; i < REACH_COUNT; i++) {
        printf(", %s %lld", names[i], (long long)counts->by_kind[i]);
        zero += counts->by_kind[i] == 0;
    }
    printf("\n");
    return zero;
}

void reach_listen(void *context, const char *kind, const char *subject, const char *line)
{
    (void)subject;
    if (strcmp(kind, "explain") == 0 && strncmp(line, "cut into ", 9) == 0)
        ++*(int64_t *)context;
}
