/* SPDX-License-Identifier: 0BSD */
/* Bits of a double and double-double arithmetic, for the accurate scalar functions.
 *
 * The text between the marks `@snippet` and `@end` is also emitted into generated code
 * (compiler/support), so it needs <stdint.h> and memcpy and nothing else. It counts on
 * IEEE-754 double arithmetic, rounding to nearest, and no contraction of a*b+c. */
#ifndef RUNTIME_CORE_SCALAR_DD_H
#define RUNTIME_CORE_SCALAR_DD_H

#include "runtime/core/scalar.h"

#include <stdint.h>
#include <string.h>

/* @snippet scalar_bits */
static inline uint64_t scalar_bits(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}
/* @end */

/* @snippet scalar_from_bits */
static inline double scalar_from_bits(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}
/* @end */

/* @snippet scalar_power_of_two needs: scalar_from_bits */
/* 2^n for -1022 <= n <= 1023. */
static inline double scalar_power_of_two(int32_t n)
{
    return scalar_from_bits((uint64_t)(n + 1023) << 52);
}
/* @end */

/* @snippet scalar_dd */
/* The unevaluated sum of two doubles, |lo| <= ulp(hi) / 2: about 106 bits. */
typedef struct {
    double hi, lo;
} scalar_dd;
/* @end */

/* @snippet dd_fast_sum needs: scalar_dd */
/* a + b exactly, when |a| >= |b| or a is 0. */
static inline scalar_dd dd_fast_sum(double a, double b)
{
    scalar_dd s;

    s.hi = a + b;
    s.lo = b - (s.hi - a);
    return s;
}
/* @end */

/* @snippet dd_sum needs: scalar_dd */
/* a + b exactly (Knuth). */
static inline scalar_dd dd_sum(double a, double b)
{
    scalar_dd s;
    double t;

    s.hi = a + b;
    t = s.hi - a;
    s.lo = (a - (s.hi - t)) + (b - t);
    return s;
}
/* @end */

/* @snippet dd_product needs: scalar_dd */
/* a * b exactly (Dekker; Veltkamp's splitting, so that no fused multiply-add is needed).
 * |a|, |b| < 2^995, and no underflow in the low part. */
static inline scalar_dd dd_product(double a, double b)
{
    double ta = 134217729.0 * a, tb = 134217729.0 * b;
    double ah = ta - (ta - a), bh = tb - (tb - b);
    double al = a - ah, bl = b - bh;
    scalar_dd p;

    p.hi = a * b;
    p.lo = ((ah * bh - p.hi) + ah * bl + al * bh) + al * bl;
    return p;
}
/* @end */

/* @snippet dd_add needs: dd_sum dd_fast_sum */
static inline scalar_dd dd_add(scalar_dd a, scalar_dd b)
{
    scalar_dd s = dd_sum(a.hi, b.hi);
    scalar_dd t = dd_sum(a.lo, b.lo);

    s = dd_fast_sum(s.hi, s.lo + t.hi);
    return dd_fast_sum(s.hi, s.lo + t.lo);
}
/* @end */

/* @snippet dd_mul needs: dd_product dd_fast_sum */
static inline scalar_dd dd_mul(scalar_dd a, scalar_dd b)
{
    scalar_dd p = dd_product(a.hi, b.hi);

    return dd_fast_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}
/* @end */

/* @snippet dd_div needs: dd_mul dd_add */
static inline scalar_dd dd_div(scalar_dd a, scalar_dd b)
{
    double q = a.hi / b.hi;
    scalar_dd minus_q = {-q, 0.0};
    scalar_dd rest = dd_add(a, dd_mul(b, minus_q));

    return dd_fast_sum(q, (rest.hi + rest.lo) / b.hi);
}
/* @end */

/* @snippet dd_sqrt needs: scalar_sqrt dd_product dd_sum dd_fast_sum */
/* Of a positive number; relative error below 2^-100. */
static inline scalar_dd dd_sqrt(scalar_dd a)
{
    double root = scalar_sqrt(a.hi);
    scalar_dd square = dd_product(root, root);
    double rest = (a.hi - square.hi) - square.lo + a.lo;

    return dd_fast_sum(root, rest / (2.0 * root));
}
/* @end */

#endif
