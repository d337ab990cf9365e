/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator's inside: memory of a run, nests made ready, and lanes of values.
 *
 * A nest is evaluated a chunk at a time: up to `lanes` consecutive indices of one axis (the
 * lane axis) go through each operation together. A value's lanes hold doubles for float
 * dtypes and int64 for all others, normalised to the dtype after every operation. */
#ifndef COMPILER_LOOPS_EVALUATE_H
#define COMPILER_LOOPS_EVALUATE_H

#include "compiler/loops/loops.h"

#define EVALUATE_LANES 256

/* The elements of a root buffer during a run. */
typedef struct run_memory {
    unsigned char *data;
    int64_t count;    /* elements that lie in data */
    int64_t elements; /* of the whole logical buffer */
    size_t element_bytes;
    size_t owned_bytes;       /* to be freed when not 0 */
    int64_t tile_strides[4];  /* BUFFER_LOCAL: elements per step along shared axis k within the tile */
} run_memory;

typedef struct evaluation {
    const loop_program *p;
    const loop_run *run;
    arena memory;
    int64_t *sizes; /* by size_ref; valid where size_known */
    bool *size_known;
    run_memory *roots; /* by buffer number */
    const loop_group *group; /* being executed, or NULL */
    int64_t tile_start[4];
    int32_t statement; /* being executed, for messages */
} evaluation;

/* An index made ready: coefs as numbers, and whether each address must be tested. */
typedef struct ready_index {
    const run_memory *memory;
    stepc_dtype dtype;
    int64_t base, scale, range; /* scale and range: of the indirect value */
    int64_t *coefs;
    int32_t indirect;
    bool is_local;
    bool is_tested;
} ready_index;

typedef enum value_phase {
    PHASE_FIXED,  /* the same for all indices */
    PHASE_SPACE,  /* once per space index */
    PHASE_REDUCE, /* once per reduce index */
    PHASE_LAST,   /* after accumulation */
    PHASE_COUNT
} value_phase;

typedef struct ready_acc {
    double *f;       /* running value of float dtypes */
    int64_t *i;      /* of the others */
    int64_t *place;  /* ARG: index of the best so far */
    uint8_t *is_set; /* ARG: something but NaN was seen */
} ready_acc;

typedef struct ready_nest {
    evaluation *run;
    const loop_nest *nest;
    int64_t *extents, *low, *high, *position; /* per axis */
    int32_t lane_axis;                        /* -1: one lane */
    bool lanes_reduce;                        /* the lane axis is a reduce axis */
    int64_t lanes;
    int32_t *order[PHASE_COUNT];
    int32_t order_count[PHASE_COUNT];
    ready_index *reads;  /* per value; used for READ */
    ready_index *writes; /* per write */
    ready_acc *accs;
    unsigned char *cells; /* value_count x lanes x 8 bytes */
    bool *may_be_bad;     /* per value: some lane may be without a meaning */
    uint8_t *bad;         /* value_count x lanes; kept only where may_be_bad */
} ready_nest;

static inline double *lanes_f(const ready_nest *n, int32_t v)
{
    return (double *)(void *)(n->cells + (size_t)v * (size_t)n->lanes * 8);
}

static inline int64_t *lanes_i(const ready_nest *n, int32_t v)
{
    return (int64_t *)(void *)(n->cells + (size_t)v * (size_t)n->lanes * 8);
}

static inline uint8_t *lanes_bad(const ready_nest *n, int32_t v)
{
    return n->bad + (size_t)v * (size_t)n->lanes;
}

/* evaluate_value.c: computes COUNT lanes of value V; the lane axis starts at its position. */
void evaluate_value(const ready_nest *n, int32_t v, int64_t count);
/* Addresses of COUNT lanes into AT, -1 where outside; false where tested lanes may be -1. */
void evaluate_addresses(const ready_nest *n, const ready_index *index, int64_t count, int64_t *at);
/* Wraps X to an integer dtype; bool keeps one bit. */
int64_t evaluate_wrap(stepc_dtype dtype, uint64_t x);
/* NaN in either operand gives NaN; of equals (+0 and -0) the first. */
double evaluate_max(double a, double b);
double evaluate_min(double a, double b);

/* evaluate_philox.c: four words of the generator STATE (key0 key1 counter0..3), BLOCK counter steps on. */
void philox_block(const uint32_t state[6], uint64_t block, uint32_t out[4]);
void philox_advance(uint32_t state[6], uint64_t steps);

/* evaluate_nest.c: readies a nest once; runs it over the box low..high that the caller set. */
stepc_code evaluate_ready(evaluation *run, const loop_nest *nest, ready_nest *out, stepc_error *error);
stepc_code evaluate_box(ready_nest *n, stepc_error *error);

#endif
