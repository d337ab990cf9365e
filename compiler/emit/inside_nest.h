/* SPDX-License-Identifier: Apache-2.0 */
/* One kernel's body under way: where its values stand and how they are spelt.
 *
 * A value that moves along the vector axis is a vector; all others are scalars. With a row
 * tile or several vectors at once a value has one instance per row and vector that it moves
 * along: v5_2_1 is value 5 in row 2, vector 1. */
#ifndef COMPILER_EMIT_INSIDE_NEST_H
#define COMPILER_EMIT_INSIDE_NEST_H

#include "compiler/emit/inside.h"

/* A nest that only copies (move.c): what its innermost axes become. */
typedef enum copy_form {
    COPY_NONE,
    COPY_ROWS,
    COPY_TURNS,
    COPY_ZIPS,
    COPY_UNZIPS,
    COPY_PICKS, /* every second, third or fourth element */
    COPY_PADS   /* zeros around (move_pad.c) */
} copy_form;

enum { PAD_AXES = 16, PAD_LEAST_ROW = 4 /* bytes */ };

typedef struct pad_text {
    const loop_value *read;
    int64_t from[PAD_AXES], to[PAD_AXES]; /* where there are elements, by axis; to 0: everywhere */
    int64_t unit;    /* elements that lie side by side on both sides for one index of .. */
    int32_t axis;    /* .. this axis with a range, or -1 */
    uint32_t inside; /* axes of a row */
} pad_text;

typedef struct copy_text {
    copy_form form;
    int32_t run;           /* axis along which both sides are contiguous, or -1 */
    int32_t rows, columns; /* axes of a matrix that is turned */
    int64_t per, bytes;    /* elements that are moved as one, and its bytes */
    uint32_t inside;       /* axes that addresses leave out, while the call is written */
    pad_text pad;
} copy_text;

typedef struct nest_text {
    emitter *e;
    emit_unit *unit;
    const loop_program *p;
    const loop_nest *nest;
    const loop_group *group;
    constant_mode mode;
    const emit_kernel *kernel; /* CONSTANTS_FINAL */
    text *out;
    arena scratch;
    uint32_t *mask; /* axes that a value moves along */
    uint8_t *deps;
    uint8_t *guarded; /* a read that needs a test of its own, or a divisor that may be 0 */
    int32_t *uses;
    bool *lazy;     /* a read that is written inside the select that uses it */
    bool *fused;    /* a product that is written inside the sum that takes it */
    bool *turned;   /* a read that comes from a tile which was turned before */
    bool has_tiles;
    copy_text copy;
    stepc_dtype raw_storage; /* half or bfloat16: all floats of the nest are carried as their bits; 0 none */
    int32_t *level; /* depth at which a value is written: number of axes above it; axis_count + 1: after the sums */
    int32_t space;  /* number of space axes */
    int32_t vector; /* axis, or -1 */
    bool vector_reduces;
    int32_t lane_bits; /* 8, 16, 32 or 64 */
    bool is_wide;      /* lanes of 64 bits */
    bool is_mixed;     /* other widths beside lanes of 32 bits: inside_lanes.h */
    int32_t row;  /* axis, or -1 */
    int32_t row_tile, jam;
    bool columns;    /* the loop over the vector axis stands outside that over the rows */
    bool whole_tail; /* what is left of the vector axis is computed as all vectors side by side (panels.c) */
    bool overruns; /* a last vector may be computed whole, as LOCAL buffers have room for it (overrun.c) */
    bool has_part; /* .. but other buffers have not */
    int32_t block; /* > 0: sums along lanes run in blocks of so many indices, whose sums are added up */
    /* where the writing is: */
    int32_t rows, jams;
    bool tail;    /* a last vector with fewer lanes */
    bool in_tile, at_corner; /* the loops of a turned tile are open; an address is that of the tile's first element */
    bool reduced; /* the accumulators have become scalars */
    int32_t *angle_first; /* the sine, cosine or tangent in whose place a value is written; -1 it is none (angles.c) */
    int32_t *angle_other; /* the cosine of the same value, or the sine; -1 */
    struct strip_text *strip; /* the reduce axes run outside strips (strips.c), or NULL */
} nest_text;

/* The C name of V in row R, vector J; constants, axes and sizes are spelt out. */
const char *value_ref(nest_text *n, int32_t v, int32_t r, int32_t j);
/* The same, made a vector (mask) where it is a scalar. */
const char *vector_ref(nest_text *n, int32_t v, int32_t r, int32_t j);
bool value_is_vector(const nest_text *n, int32_t v);
int32_t value_rows(const nest_text *n, int32_t v); /* instances in rows, in vectors */
int32_t value_jams(const nest_text *n, int32_t v);
const char *value_name(nest_text *n, int32_t v, int32_t r, int32_t j);
/* The right side of the statement that makes V. */
/* The power as products where the default mode may write it so; else NULL. */
const char *small_power(nest_text *n, const loop_value *value, const char *a);
const char *value_expression(nest_text *n, int32_t v, int32_t r, int32_t j);
const char *vector_expression(nest_text *n, int32_t v, int32_t r, int32_t j); /* vector.c */
const char *vector_type(nest_text *n, stepc_dtype dtype);
/* Whether the nest can be written with vectors along its schedule's axis; chooses their lanes. */
bool vector_possible(nest_text *n);
const char *read_expression(nest_text *n, int32_t v, int32_t r, int32_t j);
const char *index_text(nest_text *n, const loop_index *index, int32_t root, int32_t r, int32_t j);
const char *size_text(nest_text *n, size_ref s); /* ptrdiff_t: literal or parameter */
const char *param_name(nest_text *n, int32_t root, bool is_written);
const char *pointer_text(nest_text *n, const char *base, const char *at);
const char *stride_text(nest_text *n, const loop_index *index, int32_t root); /* along the vector axis */
const char *lanes_text(const nest_text *n);
/* Whether stores go past the caches. */
bool vector_streams(const nest_text *n);
void write_store(nest_text *n, const loop_write *w, int32_t r, int32_t j, int32_t depth);
/* Coefficient along the vector axis when it is constant. */
bool vector_step(const nest_text *n, const loop_index *index, int64_t *out);
/* Loops over AXIS from LOW to HIGH, as the schedule's vectors want it; BODY writes what is inside. */
void write_vector_loop(nest_text *n, int32_t axis, const char *low, const char *high, int32_t depth,
                       void (*body)(nest_text *n, int32_t axis, int32_t depth));
void write_value(nest_text *n, int32_t v, int32_t depth); /* all its instances */
bool value_is_written(const nest_text *n, int32_t v);     /* as a statement of its own */
void write_effects(nest_text *n, int32_t depth);
const char *low_text(nest_text *n, int32_t axis); /* bounds of an axis where it is opened: of the tile when inside one */
const char *high_text(nest_text *n, int32_t axis);
bool axis_is_trivial(const nest_text *n, int32_t axis);

/* ---- strips (strips.c) ---- */

/* What goes into the accumulators, and what comes after them. */
typedef struct strip_text {
    int32_t axis, width, rows, block;
    bool *in_sum, *after; /* values that the accumulators need; that the writes need */
    bool is_vector;       /* sums run in lanes */
    bool is_vector_after; /* so does what comes after them */
    bool only_sums;       /* while the question is whether the sums can run in lanes */
    const char *from, *to; /* bounds of the strip under way */
    const char *array;     /* name of the accumulators' array that is added to: "acc" or "part" */
} strip_text;

/* Takes the schedule's strip where the nest can be written so. */
void strip_choose(nest_text *n);
void strip_write(nest_text *n, int32_t depth);

/* ---- sines, cosines, tangents (angles.c) ---- */

void angles_choose(nest_text *n);
/* Writes V and those that stand with it; false when V is nothing of the kind. */
bool angles_write(nest_text *n, int32_t v, int32_t depth);

/* ---- whole last vectors (overrun.c) ---- */

void overrun_choose(nest_text *n);
/* Whether the access under way takes only the first lanes. */
bool lane_is_part(const nest_text *n, int32_t buffer);

/* ---- panels (panels.c) ---- */

/* Whether all vectors side by side lie in one panel of B. */
bool panel_is_whole(const nest_text *n, const loop_buffer *b);
void panel_choose(nest_text *n);
/* Elements AT of a unit step for vector J of the tail, of which there are "rest" in all. */
const char *panel_part_read(nest_text *n, const char *suffix, const char *from, int32_t j);
void panel_part_store(nest_text *n, const char *suffix, const char *to, const char *value, int32_t j, int32_t depth);

/* ---- moves (raw.c, tile.c) ---- */

/* Floats that are carried as bits (raw.c). */
void raw_choose(nest_text *n);
bool value_is_raw(const nest_text *n, int32_t v);
/* Copies (move.c): the whole nest. */
void copy_choose(nest_text *n);
void copy_write(nest_text *n, int32_t depth);
int64_t copy_bytes(const nest_text *n); /* of the stack */
bool pad_choose(nest_text *n);
void pad_write(nest_text *n, int32_t depth);
/* Turned tiles (tile.c). tile_open opens all loops down to that over the columns and gives the new depth. */
void tile_choose(nest_text *n);
bool tile_axis(const nest_text *n, int32_t axis);
int64_t tile_bytes(const nest_text *n);
const char *tile_name(nest_text *n, int32_t v);
const char *tile_index(nest_text *n, int32_t j);
void tile_declare(nest_text *n);
int32_t tile_open(nest_text *n, int32_t depth);
void tile_close(nest_text *n, int32_t depth, int32_t inner);

/* ---- accumulators (sums.c) ---- */

bool acc_is_used(const nest_text *n, int32_t a);
bool acc_is_place(const loop_acc *acc); /* ArgMax, ArgMin */
bool acc_runs_in_double(const loop_acc *acc);
const char *acc_identity(nest_text *n, const loop_acc *acc, bool is_vector);
/* "A op X". */
const char *acc_step(nest_text *n, const loop_acc *acc, bool is_vector, const char *a, const char *x);
/* Blocks of the vector axis: BODY as for write_vector_loop. */
void acc_write_blocks(nest_text *n, int32_t axis, int32_t depth,
                      void (*body)(nest_text *n, int32_t axis, int32_t depth));
void acc_declare(nest_text *n, int32_t depth);
void acc_update(nest_text *n, int32_t depth);
void acc_finish(nest_text *n, int32_t depth);

/* ---- places of greatest and least elements, in lanes (places.c) ---- */

const char *place_start(nest_text *n, const loop_acc *acc, bool is_vector);
bool place_possible(const nest_text *n);
/* NAME: the best elements; NAME_at: their places. */
void place_declare(nest_text *n, const loop_acc *acc, const char *name, int32_t depth);
/* A mask of the lanes in which X may be better than the best element so far, or either is NaN. */
const char *place_better(nest_text *n, const loop_acc *acc, const char *name, const char *x);
void place_update(nest_text *n, const loop_acc *acc, const char *name, const char *x, int32_t j, int32_t depth);
void place_meet(nest_text *n, const loop_acc *acc, const char *name, const char *other, int32_t depth);
/* Declares TO_at: the place of the best of all lanes. */
void place_fold(nest_text *n, const loop_acc *acc, const char *to, const char *name, int32_t depth);
const char *fail_text(nest_text *n); /* after running out of memory */
#define FORMAT(n, ...) text_or_fail((n), arena_format(&(n)->scratch, __VA_ARGS__))
const char *text_or_fail(nest_text *n, const char *made);

#endif
