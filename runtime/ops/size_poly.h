/* SPDX-License-Identifier: Apache-2.0 */
/* Size expressions, inside view: polynomials and interning. */
#ifndef RUNTIME_OPS_SIZE_POLY_H
#define RUNTIME_OPS_SIZE_POLY_H

#include "runtime/ops/size.h"

/* FACTOR times a product of atoms; the constant 1 is the monomial of a constant. */
typedef struct size_term {
    int64_t factor;
    size_ref monomial;
} size_term;

/* A sum of terms in canonical order; no term is zero. */
typedef struct size_poly {
    int32_t count;
    size_term terms[SIZE_TERMS_MAX];
} size_poly;

/* The reference of a node that equals NODE, added when there is none. */
size_ref size_intern(size_pool *pool, const size_node *node);
/* floor(a / b) or ceil(a / b) for b > 0. */
int64_t size_divide(size_kind kind, int64_t a, int64_t b);

#endif
