/* SPDX-License-Identifier: Apache-2.0 */
/* How often fusion and scheduling did what they do to large or odd work only: a run that never reaches one of these proves
 * nothing about it. */
#ifndef TESTS_DIFFERENTIAL_REACH_H
#define TESTS_DIFFERENTIAL_REACH_H

#include "compiler/loops/loops.h"

typedef enum reach_kind {
    REACH_BODY_STRIP, /* a long body in chunks over strips */
    REACH_SUM_STRIP,  /* reduce axes outside strips of a space axis */
    REACH_BLOCK,      /* a sum in blocks */
    REACH_PARTIAL,    /* a sum in several accumulators */
    REACH_ROW_TILE,   /* several rows at once */
    REACH_GROUP_TILE, /* nests run together, more than one row at a time */
    REACH_TURN,       /* a read turned tile by tile */
    REACH_TURN_MANY,  /* in more than one tile along both axes */
    REACH_STREAM,     /* written past the caches */
    REACH_JOIN,       /* elementwise work beside an accumulation: writes along a reduce axis */
    REACH_PART,       /* cut at the boundaries of what it reads (the host's report says so) */
    REACH_AHEAD,      /* asks for the next rows */
    REACH_MIXED,      /* elements of different widths in lanes */
    REACH_TAIL,       /* a vector axis that vectors do not divide */
    REACH_COUNT
} reach_kind;

typedef struct reach_counts {
    int64_t nests, by_kind[REACH_COUNT];
} reach_counts;

/* P as scheduling leaves it; PARTS: of its nests, those that were cut. */
void reach_count(const loop_program *p, const isa_profile *isa, int64_t parts, reach_counts *counts);
/* One line; the number of kinds that are zero. */
int reach_report(const char *what, const reach_counts *counts);
/* A host's report: counts the nests that were cut in *(int64_t *)CONTEXT. */
void reach_listen(void *context, const char *kind, const char *subject, const char *line);

#endif
