/* SPDX-License-Identifier: Apache-2.0 */
/* What the default mode may compute: for every element an enclosure of all results that the statement in a generated
 * header allows (compiler/emit/header.c, docs/numerics.md). Interval arithmetic, element by element, over a program as
 * lowering leaves it. The reference engine's result must lie inside as well as any other engine's. */
#ifndef TESTS_DIFFERENTIAL_BOUNDS_H
#define TESTS_DIFFERENTIAL_BOUNDS_H

#include "compiler/loops/loops.h"

#include <float.h>

/* Ends are of the widest type so that 64-bit integers are exact and products lose next to nothing. */
typedef long double real;
_Static_assert(LDBL_MANT_DIG >= 64, "the ends of an interval must hold all 64-bit integers");

/* All values from lo to hi, and NaN where it may be one. No value but NaN: lo = inf, hi = -inf. */
typedef struct bound {
    real lo, hi;
    bool may_be_nan;
    bool is_signed; /* lo = hi, and were it zero, the sign of that zero is known too */
    /* What sums and products of float32 have left in it (spread.c): with the longest chain of additions that the schedule
     * makes, half an epsilon each; and at most. Infinite: not told. Only LOOP values and elements carry it. */
    real spread, most_spread;
} bound;

typedef struct bound_tensor {
    bound *elements;
    int64_t count;
} bound_tensor;

/* Encloses the elements of all fetches of P, which is in the default mode and not yet fused. OUT has fetch_count
 * entries, to be freed by bounds_release. CHAIN: the most additions of one sum behind each other; 0: all of them. */
stepc_code bounds_evaluate(const loop_program *p, const stepc_view *feeds, const int64_t *symbols, size_t symbol_count,
                           int64_t chain, bound_tensor *out, stepc_error *error);
void bounds_release(bound_tensor *all, size_t count);

/* ---- single values (bounds_value.c) ----------------------------------------------------------------- */

/* How an operation of floats may be rounded: once, to its dtype; or, within an operator made of several (sums, Softmax,
 * ...), not at all, for the reference engine keeps the inside of such operators in double. */
typedef enum bound_rounding { ROUND_ONCE, ROUND_OR_NOT } bound_rounding;

bound bound_whole(stepc_dtype dtype); /* anything */
bound bound_element(stepc_dtype storage, const void *data, int64_t index);
bound bound_constant(stepc_dtype dtype, uint64_t bits);
bound bound_integer(int64_t x);
bound bound_hull(bound a, bound b);
bool bound_is_nan(bound a);   /* nothing but NaN */
bool bound_is_point(bound a); /* one value, no NaN */
bool bound_is_whole(stepc_dtype dtype, bound a);
bound bound_round(stepc_dtype dtype, bound a); /* to nearest even; integers as they are */
bound bound_unary(const loop_value *value, stepc_dtype from, bound_rounding rounding, bound a);
bound bound_betainc(stepc_dtype dtype, bound a, bound b, bound x);
/* IS_SAME: both are one and the same value. */
bound bound_binary(loop_op op, stepc_dtype from, stepc_dtype dtype, bound_rounding rounding, bound a, bound b,
                   bool is_same);
bool bound_contains(stepc_dtype dtype, bound a, const void *data, int64_t index);

/* ---- accumulators (bounds_sum.c) ---------------------------------------------------------------------- */

typedef struct bound_acc {
    acc_kind kind;
    stepc_dtype dtype;
    bound total;    /* all but ARG */
    real magnitude; /* SUM: of |x|, PROD: the greatest that a partial product may be, in any order */
    int infinities; /* terms that are: 1 -inf, 2 inf, 4 infinite or not */
    bool is_nan;
    int64_t count, capacity;
    bound *terms; /* ARG */
    real spread, most_spread; /* of the terms together */
} bound_acc;

void bound_acc_begin(bound_acc *a, const loop_acc *acc);
void bound_acc_add(bound_acc *a, bound x);
bound bound_acc_end(bound_acc *a);
void bound_acc_release(bound_acc *a);

/* ---- what sums leave (spread.c) ------------------------------------------------------------------------ */

bound spread_as(bound out, bound from); /* OUT with what FROM has */
void spread_meet(bound *out, bound a, bound b); /* OUT is one of them, but it is not known which */
/* OUT is VALUE of ARGS; the ends are known. */
void spread_value(const loop_value *value, const bound *const args[3], bound *out);
void spread_acc_begin(bound_acc *a);
void spread_acc_add(bound_acc *a, bound x);
void spread_acc_end(const bound_acc *a, int64_t chain, bound *out);

#endif
