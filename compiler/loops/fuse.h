/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of fusion share. Order of work: normalise nests, merge nests over equal
 * spaces (several writes, epilogues), inline, take joined buffers apart, clean up, join reductions with elementwise work (streaming writes), group, cut long bodies
 * into strips. */
#ifndef COMPILER_LOOPS_FUSE_H
#define COMPILER_LOOPS_FUSE_H

#include "compiler/loops/loops.h"

/* ---- the cost table ---------------------------------------------------------------------- */

enum {
    FUSE_LONG_BODY = 64,      /* operations; longer elementwise bodies are cut */
    FUSE_CHUNK_LEAST = 5,     /* operations of a repeated chunk, at least */
    FUSE_STRIP_LARGEST = 512, /* indices per strip */
    FUSE_STRIP_LEAST = 16,
    FUSE_STRIP_CACHED = 128, /* a strip this long is better than a longer one outside the first level */
    FUSE_STRIP_L1_BYTES = 16384,
    FUSE_STRIP_L2_BYTES = 262144,
    FUSE_SIBLING_STREAMS = 32, /* buffers touched by nests that are merged only because they share an input */
    FUSE_STREAM_LEAST = 16,    /* indices of the last axis: a shorter reduction stays apart from elementwise work */
    FUSE_STREAM_ROUNDS = 4,    /* nests that one reduction takes in, at most */
    FUSE_MOST_PARTS = 8,       /* of a buffer whose readers are cut at their boundaries */
    FUSE_PART_LEAST = 16,      /* elements one behind the other in each part */
    FUSE_PART_OPS = 256,       /* operations of a reader in all its pieces */
    FUSE_PART_COST = 128,      /* of one more nest, in the units below */
    FUSE_PART_ROUNDS = 4,      /* parts of parts, at most */
    FUSE_NOMINAL_SIZE = 1024,  /* stands for an unbounded symbol */
    FUSE_MOST_TERMS = 4        /* axes that may run along one dimension (windows have two) */
};

/* Costs in thirty-seconds of a nanosecond on a machine of 100 GFLOP/s with vectors: one
 * add is 1; a transcendental about 16; a byte to or from the second level cache 0.4. */
int64_t fuse_op_cost(loop_op op);
#define FUSE_BYTE_COST(bytes) ((bytes)*2 / 5)

typedef struct fuse {
    loop_program *p;
    const isa_profile *isa;
    arena scratch; /* for this run of fusion only */
    stepc_error *error;
    size_ref zero, one;
    const uint8_t *pinned; /* per root of the program as it came: an intermediate that the caller looks at */
    int32_t pinned_count;
} fuse;

/* In the arena, and nothing outside the statements looks at it. */
bool fuse_is_intermediate(const fuse *f, int32_t root);

/* ---- bodies (fuse_body.c) ---------------------------------------------------------------- */

/* A nest under construction whose equal values are one value. */
typedef struct body {
    fuse *f;
    loop_nest *nest;
    size_t value_capacity, acc_capacity, write_capacity, check_capacity, origin_capacity;
    int32_t *table; /* open addressing, value + 1 */
    size_t table_size;
    bool failed;
} body;

bool body_begin(body *b, fuse *f, const loop_axis *axes, int32_t axis_count);
int32_t body_value(body *b, const loop_value *v);       /* shared with an equal one */
int32_t body_value_apart(body *b, const loop_value *v); /* never shared */
int32_t body_const_i64(body *b, int64_t value);
int32_t body_binary(body *b, loop_op op, int32_t x, int32_t y);
/* What a read of a buffer of DTYPE gives after VALUE was written there. */
int32_t body_as_stored(body *b, stepc_dtype dtype, int32_t value);
int32_t body_acc(body *b, const loop_acc *acc); /* number of the accumulator */
void body_write(body *b, const loop_write *w);
void body_check(body *b, const loop_check *c);
void body_origin(body *b, const stepc_operation *operation); /* NULL is fine */
void body_origins(body *b, const loop_nest *from);
/* Drops values that nothing needs and gives the nest, NULL when out of memory. */
loop_nest *body_end(body *b);
loop_value body_blank(loop_op op, stepc_dtype dtype);
/* A value like V, with everything that its operation does not use cleared, so that equal values compare equal. */
loop_value body_clean(const fuse *f, const loop_value *v);
bool fuse_value_equal(const loop_value *a, const loop_value *b, int32_t axis_count);

/* ---- nests and indices (fuse_nest.c, fuse_index.c) --------------------------------------- */

int32_t nest_space_count(const loop_nest *nest);
bool op_is_leaf(loop_op op);                        /* READ, CONST, AXIS, SIZE: no work of its own */
int32_t nest_op_count(const loop_nest *nest);       /* values that are not leaves */
bool nest_has_reuse(const loop_nest *nest);         /* a product-like reduction: every read misses a space axis */
int64_t fuse_nominal(const fuse *f, size_ref size); /* constant, upper bound, or FUSE_NOMINAL_SIZE */
int64_t nest_iterations(const fuse *f, const loop_nest *nest, bool with_reduce);

/* Axes of one index removed, constant weights read as constants. */
loop_nest *nest_normalise(fuse *f, const loop_nest *nest);
/* Splits and never merges axes so that the space axes have EXTENTS; NULL when they cannot (or out of memory). */
loop_nest *nest_split_space(fuse *f, const loop_nest *nest, const size_ref *extents, int32_t count);
/* Merges neighbouring axes of one kind wherever every index allows; the nest itself when none does. */
loop_nest *nest_flatten(fuse *f, loop_nest *nest);
/* Whether axes K and K+1 can become one. */
bool nest_can_merge_axes(const fuse *f, const loop_nest *nest, int32_t k);
loop_nest *nest_merge_axes(fuse *f, loop_nest *nest, int32_t k);

/* How a reader's index runs along one axis of the writer. */
typedef struct axis_terms {
    int32_t count;
    int32_t axis[FUSE_MOST_TERMS]; /* of the reader */
    int64_t scale[FUSE_MOST_TERMS];
    int64_t offset;
    bool indirect; /* + the reader's indirect value */
} axis_terms;

/* Solves READ == WRITE for the writer's axes: OUT[j] for axis j of COUNT. False when not affine or not provably
 * within what the writer covers. */
bool index_solve(const fuse *f, const loop_index *write, const loop_axis *write_axes, int32_t count,
                 const loop_index *read, const loop_axis *read_axes, int32_t read_count, axis_terms *out);
/* INDEX along the dimensions of ROOT: OUT[d] for dimension d, at most 32. False when not provably inside. */
bool index_root_terms(const fuse *f, int32_t root, const loop_index *index, const loop_nest *nest, axis_terms *out);
/* The least and the greatest value of terms over NEST's axes, where those are known. */
bool index_span(const fuse *f, const axis_terms *t, const loop_nest *nest, int64_t *low, int64_t *high);
/* Provably no common element. */
bool index_disjoint(const fuse *f, int32_t root, const loop_index *a, const loop_nest *a_nest, const loop_index *b,
                    const loop_nest *b_nest);
/* Provably inside ROOT. */
bool index_inside(const fuse *f, int32_t root, const loop_index *index, const loop_nest *nest);

/* ---- the moves --------------------------------------------------------------------------- */

/* fuse_merge.c: equal spaces and epilogues. EXPLAIN: says of each nest that stays alone why. */
stepc_code fuse_merge(fuse *f, bool explain, bool *changed);
stepc_code fuse_inline(fuse *f, bool *changed); /* fuse_inline.c */
/* fuse_parts.c: a buffer that several nests put together becomes one buffer per part, its readers are cut. */
stepc_code fuse_parts(fuse *f, bool *changed);
stepc_code fuse_streams(fuse *f);               /* fuse_stream.c: producers beside the reduction that reads them */
stepc_code fuse_clean(fuse *f);                 /* fuse_clean.c: copies, dead statements */
stepc_code fuse_compact(fuse *f);               /* fuse_clean.c: buffers that nothing names */
stepc_code fuse_strips(fuse *f);                /* fuse_strip.c: long bodies */
stepc_code fuse_groups(fuse *f);                /* fuse_group.c: rows */

/* Explains what became of the operations of NEST. */
void fuse_explain(const fuse *f, const loop_nest *nest, const char *format, ...) PRINTF_LIKE(3, 4);

/* ---- dependence between statements (fuse_deps.c) ----------------------------------------- */

typedef struct fuse_touch { /* one statement's access to one root */
    int32_t statement, root;
    bool is_write;
    const loop_index *index; /* NULL: anywhere */
    bool is_plain;           /* unpredicated, without indirect part */
    int32_t value;           /* writes: the value; -1 in calls */
    int32_t next;            /* next touch of the same root, in statement order; -1 */
    int32_t since;           /* touches of the root before this one are behind it by way of it */
} fuse_touch;

typedef struct fuse_edges {
    int32_t *items;
    size_t capacity;
    int32_t count;
} fuse_edges;

typedef struct dependence {
    fuse *f;
    int32_t count; /* statements */
    loop_statement *statements;
    fuse_touch *touches;
    size_t touch_capacity;
    int32_t touch_count;
    int32_t *first_touch, *last_touch; /* per root, -1 none */
    int32_t *barrier;                  /* per root: the last write that comes after all touches before it, -1 none */
    uint8_t *is_written;               /* per root */
    int32_t *touch_start;              /* per statement: its first touch; count + 1 entries */
    fuse_edges *before, *after;
    int32_t *parent;  /* union-find: the cluster's first statement in order of joining */
    int32_t *next;    /* members of a cluster, -1 ends */
    int32_t *last;    /* of a representative: its last member */
    int32_t *members; /* of a representative: how many */
    int32_t *level;   /* of a representative: less than that of every cluster that must follow */
    int32_t *log, *log_level, *stack;
} dependence;

/* Builds the graph of the program's statements as they stand. */
bool deps_build(dependence *g, fuse *f);
int32_t deps_find(dependence *g, int32_t statement);
/* Puts a statement whose predecessors all have levels on its level. */
void deps_enter(dependence *g, int32_t statement);
/* Makes one cluster of A and B unless a path through a third cluster joins them. The
 * representative of the result, or -1. */
int32_t deps_join(dependence *g, int32_t a, int32_t b);
/* Clusters in an order that respects dependences and stays near the original; ORDER has room for count. Returns
 * how many, -1 when out of memory. */
int32_t deps_order(dependence *g, int32_t *order);

/* ---- long bodies in a line (fuse_tape.c) ------------------------------------------------- */

#define TAPE_NONE         (-1)
#define TAPE_IS_LEAF(arg) ((arg) <= -2)
#define TAPE_LEAF(arg)    (-2 - (arg)) /* number of the value in the nest; its own inverse */

typedef struct tape_op {
    int32_t value;    /* of the nest; a value computed anew elsewhere appears twice */
    int32_t args[4];  /* tape numbers, leaves, or TAPE_NONE; [3]: the indirect part of an index */
    int32_t last_use; /* the last operation that uses it, or its own number */
    bool is_copy;     /* computed anew: writes belong to the first */
} tape_op;

typedef struct tape {
    const loop_nest *nest;
    tape_op *ops;
    int32_t count;
    size_t capacity;
} tape;

/* The operations of NEST in an order that keeps few values alive, cheap ones computed anew far away. */
bool tape_make(fuse *f, const loop_nest *nest, tape *out);
/* For each place 0 .. count, how many values are alive just before that operation. */
bool tape_live(fuse *f, const tape *t, int32_t **out);
/* Where to cut so that chunks have at most FUSE_LONG_BODY operations and repeat where the tape does.
 * CUTS holds the first operation of each chunk; PERIODIC counts chunks that repeat. */
bool tape_cut(fuse *f, const tape *t, int32_t **cuts, int32_t *cut_count, int32_t *periodic);

#endif
