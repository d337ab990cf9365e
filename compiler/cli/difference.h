/* SPDX-License-Identifier: Apache-2.0 */
/* How far two tensors are apart. */
#ifndef COMPILER_CLI_DIFFERENCE_H
#define COMPILER_CLI_DIFFERENCE_H

#include "stepc/tensor.h"

#include <stdbool.h>

/* CORPUS: |a-b| <= 1e-5 * max(1, max|b|) + 1e-4 * |b|, 4e-3 instead of both for float16 (and bfloat16). Otherwise
 * an element holds within atol + rtol * |b|, or within ULP units of the last place; negative: not given. Integers,
 * booleans and strings must be equal; NaN equals NaN, infinities themselves. */
typedef struct tolerance {
    bool corpus;
    double rtol, atol, ulp;
} tolerance;

#define PLACE_RANK 16

typedef struct difference {
    bool equal;
    double max_abs, max_rel, max_ulp; /* infinite where only one is finite */
    int64_t worst;                    /* flat index of the worst element; -1: none differs */
    int64_t place[PLACE_RANK];        /* the same as indices */
    int32_t place_rank;               /* 0 beyond PLACE_RANK dimensions */
    double a, b;                      /* the worst element's values */
    double excess;                    /* beyond the tolerance, where it does not hold */
    int64_t count, wrong;
    char detail[160]; /* other dtype, shape or string; "" where numbers tell it */
} difference;

void difference_of(const stepc_view *a, const stepc_view *b, const tolerance *t, difference *out);
bool difference_is_worse(const difference *a, const difference *b);

#endif
