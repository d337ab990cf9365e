/* SPDX-License-Identifier: Apache-2.0 */
/* Accumulations in any order: sums within n * epsilon * sum |x|, products within n * epsilon * |result|. */
#include "bounds.h"

#include "runtime/core/dtype.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_float(stepc_dtype dtype) { return dtype == STEPC_FLOAT32 || dtype == STEPC_FLOAT64; }

static bool is_place(const bound_acc *a) { return a->kind == ACC_ARG_MAX || a->kind == ACC_ARG_MIN; }

static bound nan_bound(void) { return (bound){(real)INFINITY, -(real)INFINITY, true, false, 0, 0}; }

static real identity(acc_kind kind, stepc_dtype dtype)
{
    bound whole = bound_whole(dtype);
    return kind == ACC_PROD || kind == ACC_ALL ? 1 : kind == ACC_MAX ? whole.lo : kind == ACC_MIN ? whole.hi : 0;
}

void bound_acc_begin(bound_acc *a, const loop_acc *acc)
{
    a->kind = acc->kind;
    a->dtype = acc->dtype;
    a->count = 0;
    a->magnitude = acc->kind == ACC_PROD ? 1 : 0;
    a->infinities = 0;
    a->is_nan = false;
    real start = identity(acc->kind, acc->dtype);
    a->total = (bound){.lo = start, .hi = start};
    spread_acc_begin(a);
}

static real magnitude_of(bound x) { return fabsl(x.lo) > fabsl(x.hi) ? fabsl(x.lo) : fabsl(x.hi); }

/* Long double throughout; what it rounds is far below the widening in the end. */
static void add_float(bound_acc *a, bound x)
{
    real size = magnitude_of(x), corners[4];
    a->total.may_be_nan = a->total.may_be_nan || x.may_be_nan;
    a->is_nan = a->is_nan || bound_is_nan(x);
    if (a->is_nan)
        return;
    if (!isfinite(x.lo) || !isfinite(x.hi)) {
        a->infinities |= x.lo != x.hi ? 4 : x.lo > 0 ? 2 : 1;
        return;
    }
    if (a->kind == ACC_SUM) {
        a->total.lo += x.lo;
        a->total.hi += x.hi;
        a->magnitude += size;
        return;
    }
    corners[0] = a->total.lo * x.lo;
    corners[1] = a->total.lo * x.hi;
    corners[2] = a->total.hi * x.lo;
    corners[3] = a->total.hi * x.hi;
    a->total.lo = a->total.hi = corners[0];
    for (int i = 1; i < 4; i++) {
        a->total.lo = corners[i] < a->total.lo ? corners[i] : a->total.lo;
        a->total.hi = corners[i] > a->total.hi ? corners[i] : a->total.hi;
    }
    a->magnitude *= size > 1 ? size : 1;
}

static void add_term(bound_acc *a, bound x)
{
    if (a->count == a->capacity) {
        a->capacity = a->capacity ? 2 * a->capacity : 64;
        a->terms = realloc(a->terms, (size_t)a->capacity * sizeof *a->terms);
        if (a->terms == NULL)
            abort();
    }
    a->terms[a->count] = x;
}

void bound_acc_add(bound_acc *a, bound x)
{
    static const loop_op ops[] = {LOOP_ADD, LOOP_MUL, LOOP_MAX, LOOP_MIN, LOOP_OR, LOOP_AND};
    spread_acc_add(a, x);
    if (is_place(a))
        add_term(a, x);
    else if (is_float(a->dtype) && (a->kind == ACC_SUM || a->kind == ACC_PROD))
        add_float(a, x);
    else
        a->total = bound_binary(ops[a->kind], a->dtype, a->dtype, ROUND_ONCE, a->total, x, false);
    a->count++;
}

/* All indices that hold the first greatest element for some choice of the elements. */
static bound place(const bound_acc *a)
{
    real sign = a->kind == ACC_ARG_MAX ? 1 : -1, best = -(real)INFINITY;
    int64_t holder = -1, first = -1, last = 0;
    bool any = false;
    for (int64_t i = 0; i < a->count; i++) {
        real lo = sign > 0 ? a->terms[i].lo : -a->terms[i].hi;
        if (a->terms[i].may_be_nan || (holder >= 0 && lo <= best))
            continue;
        best = lo;
        holder = i;
        any = true;
    }
    for (int64_t i = 0; i < a->count; i++) {
        real hi = sign > 0 ? a->terms[i].hi : -a->terms[i].lo;
        if (bound_is_nan(a->terms[i]) || (any && (hi < best || (hi == best && i > holder))))
            continue;
        first = first < 0 ? i : first;
        last = i;
    }
    if (!any) /* all may be NaN */
        first = 0;
    return (bound){(real)first, (real)last, false, false, 0, 0};
}

/* With an infinity among the terms. */
static bound end_infinite(const bound_acc *a)
{
    real sign = a->infinities == 2 ? 1 : -1;
    if (a->kind == ACC_PROD || a->infinities > 3)
        return bound_whole(a->dtype);
    if (a->infinities == 3)
        return nan_bound();
    return (bound){sign * (real)INFINITY, sign * (real)INFINITY, a->total.may_be_nan, false, 0, 0};
}

/* A sum or product as the default mode may leave it: partial results in any order, each rounded or not. Where some order
 * may overflow, all is lost. Underflow costs each step at most the least number, times the factors that follow. */
static bound end_float(const bound_acc *a)
{
    bool wide = a->dtype == STEPC_FLOAT64, sums = a->kind == ACC_SUM;
    real epsilon = wide ? 0x1p-52L : 0x1p-23L, most = wide ? DBL_MAX : FLT_MAX, tiny = wide ? 0x1p-1074L : 0x1p-149L;
    real share = (real)a->count * epsilon * (1 + 0x1p-20L);
    real lost = (real)a->count * tiny * (sums || a->magnitude < 1 ? 1 : a->magnitude);
    bound out = a->total;
    if (a->is_nan)
        return nan_bound();
    if (a->magnitude * (1 + share) > most)
        return bound_whole(a->dtype);
    if (a->infinities)
        return end_infinite(a);
    if (a->count == 0)
        return out;
    out.lo -= share * (sums ? a->magnitude : fabsl(out.lo)) + lost;
    out.hi += share * (sums ? a->magnitude : fabsl(out.hi)) + lost;
    return bound_hull(out, bound_round(a->dtype, out));
}

bound bound_acc_end(bound_acc *a)
{
    if (is_place(a))
        return place(a);
    bool floats = is_float(a->dtype);
    return floats && (a->kind == ACC_SUM || a->kind == ACC_PROD) ? end_float(a) : a->total;
}

void bound_acc_release(bound_acc *a)
{
    free(a->terms);
    a->terms = NULL;
}
