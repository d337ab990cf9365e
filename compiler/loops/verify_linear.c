/* SPDX-License-Identifier: Apache-2.0 */
/* Linear equations over bounded integers: do two indices ever meet? Descends from the
 * greatest coefficient; for indices of row-major shapes one or two choices remain at each
 * step, so the bound on the work is rarely met. */
#include "compiler/loops/verify.h"

#include "runtime/core/checked.h"

#define MOST_TERMS 96
#define MOST_STEPS 20000

typedef struct linear_state {
    int64_t next, last; /* values of this term still to try */
    int64_t target;     /* what this term and all later ones must sum to */
    bool has_mark;
} linear_state;

typedef struct linear_tail { /* of all terms from one on */
    int64_t low, high, divisor;
} linear_tail;

static int64_t magnitude(int64_t x)
{
    return x == INT64_MIN ? INT64_MAX : x < 0 ? -x : x;
}

static int64_t greatest_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

/* Makes coefficients positive, greatest first. False when numbers are too large to reason about. */
static bool normalise(linear_term *terms, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        linear_term *t = &terms[i];
        if (t->coef == INT64_MIN || t->low == INT64_MIN || t->low > t->high)
            return false;
        if (t->coef < 0) {
            int64_t low = t->low;
            t->coef = -t->coef;
            t->low = -t->high;
            t->high = -low;
        }
    }
    for (int32_t i = 1; i < count; i++) {
        linear_term t = terms[i];
        int32_t k = i;
        for (; k > 0 && terms[k - 1].coef < t.coef; k--)
            terms[k] = terms[k - 1];
        terms[k] = t;
    }
    return true;
}

static bool make_tails(const linear_term *terms, int32_t count, linear_tail *tails)
{
    tails[count] = (linear_tail){0, 0, 0};
    for (int32_t i = count - 1; i >= 0; i--) {
        int64_t low, high;
        if (!checked_mul_i64(terms[i].coef, terms[i].low, &low) ||
            !checked_mul_i64(terms[i].coef, terms[i].high, &high) ||
            !checked_add_i64(low, tails[i + 1].low, &tails[i].low) ||
            !checked_add_i64(high, tails[i + 1].high, &tails[i].high) || magnitude(tails[i].low) > INT64_MAX / 4 ||
            magnitude(tails[i].high) > INT64_MAX / 4)
            return false;
        tails[i].divisor = greatest_divisor(terms[i].coef, tails[i + 1].divisor);
    }
    return true;
}

/* The values of TERM that leave a sum within reach of the later terms. */
static void enter(const linear_term *term, const linear_tail *tail, linear_state *s, int64_t target, bool has_mark)
{
    s->target = target;
    s->has_mark = has_mark;
    s->next = -floor_divide(-(target - tail->high), term->coef);
    s->last = floor_divide(target - tail->low, term->coef);
    if (s->next < term->low)
        s->next = term->low;
    if (s->last > term->high)
        s->last = term->high;
}

static linear_answer descend(const linear_term *terms, int32_t count, const linear_tail *tails, int64_t target,
                             bool has_mark)
{
    linear_state state[MOST_TERMS];
    int32_t depth = 0;

    if (count == 0)
        return target == 0 && has_mark ? LINEAR_SOME : LINEAR_NONE;
    enter(&terms[0], &tails[1], &state[0], target, has_mark);
    for (int32_t steps = 0; steps < MOST_STEPS; steps++) {
        linear_state *s = &state[depth];
        if (s->next > s->last) {
            if (depth-- == 0)
                return LINEAR_NONE;
            continue;
        }
        int64_t x = s->next++;
        int64_t rest = s->target - terms[depth].coef * x;
        bool marked = s->has_mark || (terms[depth].is_marked && x != 0);
        int64_t divisor = tails[depth + 1].divisor;
        if (divisor != 0 ? rest % divisor != 0 : rest != 0)
            continue;
        if (depth + 1 == count) {
            if (marked)
                return LINEAR_SOME;
            continue;
        }
        depth++;
        enter(&terms[depth], &tails[depth + 1], &state[depth], rest, marked);
    }
    return LINEAR_UNKNOWN;
}

linear_answer linear_solve(linear_term *terms, int32_t count, int64_t target)
{
    linear_tail tails[MOST_TERMS + 1];
    bool has_mark = true;

    if (count > MOST_TERMS || !normalise(terms, count))
        return LINEAR_UNKNOWN;
    for (int32_t i = 0; i < count; i++)
        has_mark = has_mark && !terms[i].is_marked;
    /* Terms without a coefficient come last: each is free to be anything. */
    while (count > 0 && terms[count - 1].coef == 0) {
        count--;
        has_mark = has_mark || (terms[count].is_marked && (terms[count].low != 0 || terms[count].high != 0));
    }
    if (!make_tails(terms, count, tails) || magnitude(target) > INT64_MAX / 4)
        return LINEAR_UNKNOWN;
    return descend(terms, count, tails, target, has_mark);
}
