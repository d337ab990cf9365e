/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier's inside: verify.c checks structure and types, verify_memory.c what the
 * statements touch and in which order. */
#ifndef COMPILER_LOOPS_VERIFY_H
#define COMPILER_LOOPS_VERIFY_H

#include "compiler/loops/loops.h"

/* Indices inside their buffers, one writer per element, no aliasing within a nest, groups
 * legal, nothing read before it is written. Expects a program of sound structure. */
stepc_code verify_memory(const loop_program *p, stepc_error *error);

/* One unknown of a linear equation over integers. */
typedef struct linear_term {
    int64_t coef, low, high; /* low <= 0 <= high or any range; low <= high */
    bool is_marked;
} linear_term;

typedef enum linear_answer { LINEAR_NONE, LINEAR_SOME, LINEAR_UNKNOWN } linear_answer;

/* Does sum(coef * x) = TARGET have a solution within the ranges, in which (if anything is
 * marked) some marked x is not 0? UNKNOWN after a bounded amount of work. Sorts TERMS. */
linear_answer linear_solve(linear_term *terms, int32_t count, int64_t target);

#endif
