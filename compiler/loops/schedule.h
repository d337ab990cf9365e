/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of scheduling share: one nest under consideration. */
#ifndef COMPILER_LOOPS_SCHEDULE_H
#define COMPILER_LOOPS_SCHEDULE_H

#include "compiler/loops/fuse.h"

typedef struct scheduler {
    fuse f; /* for indices only */
    const isa_profile *isa;
    const loop_nest *nest;
    const loop_group *group; /* that the nest is a member of, or NULL */
    int32_t space;
    uint32_t *mask;
    uint8_t *guarded;
    int32_t lanes; /* of the axis that was last found to fit */
    bool may_stride;
    bool has_pairs; /* values of 64 bits beside shorter ones take two vectors each */
} scheduler;

/* ---- lanes (schedule_lanes.c) ---------------------------------------------------------------- */

bool coef_is_zero(const scheduler *s, size_ref coef);
int64_t axis_nominal(const scheduler *s, int32_t axis);
/* Whether all values and accesses of the nest can run in lanes along AXIS; sets s->lanes. */
bool lanes_fit(scheduler *s, int32_t axis);
/* Whether all writes can run in lanes along AXIS. */
bool lanes_fit_writes(const scheduler *s, int32_t axis);

/* ---- reductions (schedule_reduce.c) ------------------------------------------------------------ */

/* The reduce axis whose indices go into lanes, when the accumulations may be split into several; -1 none. */
int32_t reduce_lanes(scheduler *s);
/* Whether the reduce axes run outside strips of the last space axis; then all of OUT is decided. OUT's vector axis is what
 * was found for one index's accumulators in registers, or -1. */
bool reduce_strips(scheduler *s, arena *scratch, nest_schedule *out);
/* How many accumulators each accumulation is split into, OUT's vector axis being a reduce axis. */
void reduce_partials(const scheduler *s, nest_schedule *out);

/* ---- panels (schedule_pack.c) ------------------------------------------------------------------- */

/* Finds the weights that may lie in panels; false when out of memory. */
bool pack_find(loop_program *p, const isa_profile *isa, arena *scratch);
/* Whether READ finds elements side by side along AXIS because its weight lies in panels; whether NEST has such a read. */
bool pack_lies_along(const loop_program *p, const loop_nest *nest, const loop_value *read, int32_t axis);
bool pack_has(const loop_program *p, const loop_nest *nest, int32_t axis);
/* Gives panels their width when all nests are scheduled. False: some do not read them so; these weights have none now,
 * and all must be scheduled anew. */
bool pack_settle(loop_program *p, const isa_profile *isa);

/* ---- groups (schedule_ahead.c) ----------------------------------------------------------------- */

/* Which members ask for the rows of the next tile. */
void schedule_ahead(loop_program *p, const isa_profile *isa, const loop_group *g);

/* ---- movement (schedule_move.c) ------------------------------------------------------------------ */

/* A transpose: the outer axis along which a read goes from element to element that lies scattered along AXIS; -1
 * when there is none. Rows of it side by side use all of a cache line while it is there. */
int32_t move_crossing(const scheduler *s, int32_t axis);
/* ROWS at most of a transpose, at once. */
void move_rows(const scheduler *s, int32_t crossing, int32_t rows, nest_schedule *out);
/* Tiles of a transpose that are turned on their way, where both axes are long enough. */
void move_turn(const scheduler *s, nest_schedule *out);

#endif
