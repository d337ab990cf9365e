/* SPDX-License-Identifier: Apache-2.0 */
/* Size expressions. An expression is a polynomial: a sum of terms, each a coefficient times a
 * monomial, which is a product of atoms (symbols, divisions, max, min). In the pool:
 *
 *   sum       left-deep chain of terms, higher degree first, then by the atoms' references;
 *             a constant comes last
 *   term      monomial, or PRODUCT(monomial, CONST coefficient)
 *   monomial  left-deep chain of atoms by ascending reference
 *   division  the part that divides without rest is taken out; with a constant divisor the
 *             remaining constant c is 0 <= c <= b - 2, and c = b - 1 is written as a ceil
 *   max, min  left-deep chain of operands by ascending reference, constants last
 *
 * Equal polynomials so have one node, which is what interning needs. */
#include "runtime/core/checked.h"
#include "runtime/ops/size_poly.h"

#include <string.h>

/* ---- ranges ----------------------------------------------------------------------------- */

/* INT64_MIN and INT64_MAX stand for the infinities. */
static int64_t bound_add(int64_t a, int64_t b, int64_t infinity)
{
    int64_t sum;

    if (a == infinity || b == infinity)
        return infinity;
    if (!checked_add_i64(a, b, &sum))
        return a > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

static int64_t bound_mul(int64_t a, int64_t b)
{
    int64_t product;
    bool infinite = a == INT64_MAX || a == INT64_MIN || b == INT64_MAX || b == INT64_MIN;

    if (a == 0 || b == 0)
        return 0;
    if (!infinite && checked_mul_i64(a, b, &product))
        return product;
    return (a < 0) == (b < 0) ? INT64_MAX : INT64_MIN;
}

/* One end of a quotient's range: ends at A, divisor in [LOW, HIGH], the extreme being at HIGH when INNER. */
static int64_t bound_divide(size_kind kind, int64_t a, int64_t low, int64_t high, bool inner)
{
    if (a == INT64_MAX || a == INT64_MIN)
        return inner && high == INT64_MAX ? 0 : a;
    if (!inner)
        return size_divide(kind, a, low);
    if (high != INT64_MAX)
        return size_divide(kind, a, high);
    return kind == SIZE_FLOOR_DIV ? (a < 0 ? -1 : 0) : (a > 0 ? 1 : 0);
}

typedef struct range {
    int64_t min, max;
} range;

static range range_add(range a, range b)
{
    return (range){bound_add(a.min, b.min, INT64_MIN), bound_add(a.max, b.max, INT64_MAX)};
}

static range range_mul(range a, range b)
{
    int64_t p[4] = {bound_mul(a.min, b.min), bound_mul(a.min, b.max), bound_mul(a.max, b.min), bound_mul(a.max, b.max)};
    range r = {p[0], p[0]};
    int i;

    for (i = 1; i < 4; i++) {
        r.min = p[i] < r.min ? p[i] : r.min;
        r.max = p[i] > r.max ? p[i] : r.max;
    }
    return r;
}

static range range_divide(size_kind kind, range a, range b)
{
    int64_t low = b.min < 1 ? 1 : b.min, high = b.max < 1 ? 1 : b.max;

    return (range){bound_divide(kind, a.min, low, high, a.min >= 0), bound_divide(kind, a.max, low, high, a.max < 0)};
}

static range range_extreme(size_kind kind, range a, range b)
{
    if (kind == SIZE_MAXIMUM)
        return (range){a.min > b.min ? a.min : b.min, a.max > b.max ? a.max : b.max};
    return (range){a.min < b.min ? a.min : b.min, a.max < b.max ? a.max : b.max};
}

static range range_of(const size_pool *pool, size_ref s) { return (range){pool->nodes[s].min, pool->nodes[s].max}; }

/* A node of two known operands. */
static size_ref binary(size_pool *pool, size_kind kind, size_ref a, size_ref b)
{
    size_node node = {kind, a, b, 0, 0, 0, 0, NULL};
    range r;

    if (a < 0 || b < 0)
        return SIZE_UNKNOWN;
    node.weight = pool->nodes[a].weight + pool->nodes[b].weight + 1;
    if (node.weight > SIZE_WEIGHT_MAX)
        return SIZE_UNKNOWN;
    if (kind == SIZE_SUM)
        r = range_add(range_of(pool, a), range_of(pool, b));
    else if (kind == SIZE_PRODUCT)
        r = range_mul(range_of(pool, a), range_of(pool, b));
    else if (kind == SIZE_FLOOR_DIV || kind == SIZE_CEIL_DIV)
        r = range_divide(kind, range_of(pool, a), range_of(pool, b));
    else
        r = range_extreme(kind, range_of(pool, a), range_of(pool, b));
    node.min = r.min;
    node.max = r.max;
    if (kind != SIZE_SUM && kind != SIZE_PRODUCT && r.min == r.max && r.min != INT64_MAX && r.min != INT64_MIN)
        return size_const(pool, r.min);
    return size_intern(pool, &node);
}

/* ---- monomials -------------------------------------------------------------------------- */

/* The monomial of a constant is the constant 1; it has no atoms. */
static int32_t monomial_atoms(const size_pool *pool, size_ref m, size_ref atoms[SIZE_ATOMS_MAX])
{
    int32_t count = 0, i;

    if (pool->nodes[m].kind == SIZE_CONST)
        return 0;
    for (; pool->nodes[m].kind == SIZE_PRODUCT; m = pool->nodes[m].a)
        atoms[count++] = pool->nodes[m].b;
    atoms[count++] = m;
    for (i = 0; i < count / 2; i++) {
        size_ref t = atoms[i];

        atoms[i] = atoms[count - 1 - i];
        atoms[count - 1 - i] = t;
    }
    return count;
}

static size_ref monomial_build(size_pool *pool, const size_ref *atoms, int32_t count)
{
    size_ref m;
    int32_t i;

    if (count == 0)
        return size_const(pool, 1);
    for (m = atoms[0], i = 1; i < count; i++)
        m = binary(pool, SIZE_PRODUCT, m, atoms[i]);
    return m;
}

/* Negative when X comes before Y. */
static int monomial_compare(const size_pool *pool, size_ref x, size_ref y)
{
    size_ref xs[SIZE_ATOMS_MAX], ys[SIZE_ATOMS_MAX];
    int32_t nx, ny, i;

    if (x == y)
        return 0;
    nx = monomial_atoms(pool, x, xs);
    ny = monomial_atoms(pool, y, ys);
    if (nx != ny)
        return nx > ny ? -1 : 1;
    for (i = 0; i < nx; i++)
        if (xs[i] != ys[i])
            return xs[i] < ys[i] ? -1 : 1;
    return 0;
}

static size_ref monomial_mul(size_pool *pool, size_ref x, size_ref y)
{
    size_ref xs[SIZE_ATOMS_MAX], ys[SIZE_ATOMS_MAX], out[SIZE_ATOMS_MAX];
    int32_t nx = monomial_atoms(pool, x, xs), ny = monomial_atoms(pool, y, ys), i = 0, j = 0, n = 0;

    if (nx + ny > SIZE_ATOMS_MAX)
        return SIZE_UNKNOWN;
    while (i < nx || j < ny)
        out[n++] = j == ny || (i < nx && xs[i] <= ys[j]) ? xs[i++] : ys[j++];
    return monomial_build(pool, out, n);
}

/* X without the atoms of Y; false when Y does not divide X. */
static bool monomial_divide(size_pool *pool, size_ref x, size_ref y, size_ref *out)
{
    size_ref xs[SIZE_ATOMS_MAX], ys[SIZE_ATOMS_MAX], rest[SIZE_ATOMS_MAX];
    int32_t nx = monomial_atoms(pool, x, xs), ny = monomial_atoms(pool, y, ys), i, j = 0, n = 0;

    for (i = 0; i < nx; i++) {
        if (j < ny && xs[i] == ys[j])
            j++;
        else
            rest[n++] = xs[i];
    }
    if (j < ny)
        return false;
    *out = monomial_build(pool, rest, n);
    return *out >= 0;
}

/* ---- polynomials ------------------------------------------------------------------------ */

static bool poly_read(size_pool *pool, size_ref s, size_poly *p)
{
    size_ref one = size_const(pool, 1), refs[SIZE_TERMS_MAX];
    int32_t count = 0, i;

    p->count = 0;
    if (s < 0 || one < 0)
        return false;
    for (; pool->nodes[s].kind == SIZE_SUM && count < SIZE_TERMS_MAX - 1; s = pool->nodes[s].a)
        refs[count++] = pool->nodes[s].b;
    refs[count++] = s;
    for (i = count - 1; i >= 0; i--) {
        const size_node *n = &pool->nodes[refs[i]];
        int64_t factor;

        if (n->kind == SIZE_CONST) {
            if (n->value != 0)
                p->terms[p->count++] = (size_term){n->value, one};
        } else if (n->kind == SIZE_PRODUCT && size_is_const(pool, n->b, &factor)) {
            p->terms[p->count++] = (size_term){factor, n->a};
        } else {
            p->terms[p->count++] = (size_term){1, refs[i]};
        }
    }
    return true;
}

static size_ref term_build(size_pool *pool, size_term t)
{
    if (pool->nodes[t.monomial].kind == SIZE_CONST)
        return size_const(pool, t.factor);
    if (t.factor == 1)
        return t.monomial;
    return binary(pool, SIZE_PRODUCT, t.monomial, size_const(pool, t.factor));
}

static size_ref poly_build(size_pool *pool, const size_poly *p)
{
    size_ref s;
    int32_t i;

    if (p->count == 0)
        return size_const(pool, 0);
    s = term_build(pool, p->terms[0]);
    for (i = 1; i < p->count; i++)
        s = binary(pool, SIZE_SUM, s, term_build(pool, p->terms[i]));
    return s;
}

/* P += T; false when out of room or out of range. */
static bool poly_add_term(size_pool *pool, size_poly *p, size_term t)
{
    int32_t i = 0;
    int order = 1;

    if (t.factor == 0)
        return true;
    if (t.monomial < 0)
        return false;
    while (i < p->count && (order = monomial_compare(pool, p->terms[i].monomial, t.monomial)) < 0)
        i++;
    if (i < p->count && order == 0) {
        if (!checked_add_i64(p->terms[i].factor, t.factor, &p->terms[i].factor)) {
            pool->failed = true;
            return false;
        }
        if (p->terms[i].factor == 0) {
            p->count--;
            memmove(&p->terms[i], &p->terms[i + 1], (size_t)(p->count - i) * sizeof p->terms[0]);
        }
        return true;
    }
    if (p->count == SIZE_TERMS_MAX)
        return false;
    memmove(&p->terms[i + 1], &p->terms[i], (size_t)(p->count - i) * sizeof p->terms[0]);
    p->terms[i] = t;
    p->count++;
    return true;
}

/* P += A * T. */
static bool poly_add_scaled(size_pool *pool, size_poly *p, const size_poly *a, size_term t)
{
    int32_t i;

    for (i = 0; i < a->count; i++) {
        size_term product;

        if (!checked_mul_i64(a->terms[i].factor, t.factor, &product.factor)) {
            pool->failed = true;
            return false;
        }
        product.monomial = monomial_mul(pool, a->terms[i].monomial, t.monomial);
        if (!poly_add_term(pool, p, product))
            return false;
    }
    return true;
}

static range poly_range(const size_pool *pool, const size_poly *p)
{
    range r = {0, 0};
    int32_t i;

    for (i = 0; i < p->count; i++) {
        range factor = {p->terms[i].factor, p->terms[i].factor};

        r = range_add(r, range_mul(range_of(pool, p->terms[i].monomial), factor));
    }
    return r;
}

/* P = A + FACTOR * B. */
static bool poly_combine(size_pool *pool, size_ref a, int64_t factor, size_ref b, size_poly *p)
{
    size_poly q;
    size_term t = {factor, size_const(pool, 1)};

    return poly_read(pool, a, p) && poly_read(pool, b, &q) && t.monomial >= 0 && poly_add_scaled(pool, p, &q, t);
}

size_ref size_sum(size_pool *pool, size_ref a, size_ref b)
{
    size_poly p;

    return poly_combine(pool, a, 1, b, &p) ? poly_build(pool, &p) : SIZE_UNKNOWN;
}

size_ref size_sub(size_pool *pool, size_ref a, size_ref b)
{
    size_poly p;

    return poly_combine(pool, a, -1, b, &p) ? poly_build(pool, &p) : SIZE_UNKNOWN;
}

size_ref size_product(size_pool *pool, size_ref a, size_ref b)
{
    size_poly p, q, r = {0};
    int32_t i;

    if (!poly_read(pool, a, &p) || !poly_read(pool, b, &q))
        return SIZE_UNKNOWN;
    for (i = 0; i < q.count; i++)
        if (!poly_add_scaled(pool, &r, &p, q.terms[i]))
            return SIZE_UNKNOWN;
    return poly_build(pool, &r);
}

/* ---- divisions -------------------------------------------------------------------------- */

static uint64_t magnitude(int64_t a) { return a < 0 ? 0 - (uint64_t)a : (uint64_t)a; }

/* A > 0. */
static int64_t greatest_divisor(int64_t a, int64_t b)
{
    uint64_t x = (uint64_t)a, y = magnitude(b);

    while (y != 0) {
        uint64_t t = x % y;

        x = y;
        y = t;
    }
    return (int64_t)x;
}

/* (REST + C) / B for constants 0 <= C < B; no factor of REST is a multiple of B. */
static size_ref divide_rest(size_pool *pool, size_poly *rest, int64_t c, int64_t b)
{
    int64_t g = b, inner_divisor, both;
    const size_node *inner;
    size_kind kind;
    size_term constant = {0, size_const(pool, 1)};
    int32_t i;

    for (i = 0; i < rest->count; i++)
        g = greatest_divisor(g, rest->terms[i].factor);
    for (i = 0; i < rest->count; i++)
        rest->terms[i].factor /= g;
    b /= g;
    c /= g;
    kind = c == b - 1 ? SIZE_CEIL_DIV : SIZE_FLOOR_DIV;
    if (kind == SIZE_CEIL_DIV)
        c = 0;
    inner = &pool->nodes[rest->terms[0].monomial];
    if (rest->count == 1 && rest->terms[0].factor == 1 && c == 0 && inner->kind == kind &&
        size_is_const(pool, inner->b, &inner_divisor) && checked_mul_i64(inner_divisor, b, &both))
        return binary(pool, kind, inner->a, size_const(pool, both));
    constant.factor = c;
    if (!poly_add_term(pool, rest, constant))
        return SIZE_UNKNOWN;
    return binary(pool, kind, poly_build(pool, rest), size_const(pool, b));
}

static size_ref floor_div_const(size_pool *pool, size_ref a, int64_t b)
{
    size_poly p, whole = {0}, rest = {0};
    int64_t c = 0;
    int32_t i;

    if (b == 0 || b == INT64_MIN)
        return SIZE_UNKNOWN;
    if (b < 0) {
        a = size_product(pool, a, size_const(pool, -1));
        b = -b;
    }
    if (!poly_read(pool, a, &p))
        return SIZE_UNKNOWN;
    for (i = 0; i < p.count; i++) {
        size_term t = p.terms[i];

        if (pool->nodes[t.monomial].kind == SIZE_CONST) {
            int64_t q = size_divide(SIZE_FLOOR_DIV, t.factor, b);

            c = t.factor - q * b;
            t.factor = q;
            if (q != 0)
                whole.terms[whole.count++] = t;
        } else if (t.factor % b == 0) {
            t.factor /= b;
            whole.terms[whole.count++] = t;
        } else {
            rest.terms[rest.count++] = t;
        }
    }
    if (rest.count == 0)
        return poly_build(pool, &whole);
    return size_sum(pool, poly_build(pool, &whole), divide_rest(pool, &rest, c, b));
}

/* Takes factors that all terms of REST share with the single term *B out of both; only of
 * atoms that are not negative, since then a positive product means positive factors. */
static bool cancel_common(size_pool *pool, size_poly *rest, size_term *b)
{
    size_ref atoms[SIZE_ATOMS_MAX], quotient;
    int32_t count = monomial_atoms(pool, b->monomial, atoms), i, k;
    int64_t g = b->factor < 0 ? -b->factor : b->factor;

    for (i = 0; i < rest->count; i++)
        g = greatest_divisor(g, rest->terms[i].factor);
    b->factor /= g;
    for (i = 0; i < rest->count; i++)
        rest->terms[i].factor /= g;
    for (k = 0; k < count; k++) {
        if (pool->nodes[atoms[k]].min < 0)
            continue;
        for (i = 0; i < rest->count && monomial_divide(pool, rest->terms[i].monomial, atoms[k], &quotient); i++)
            continue;
        if (i < rest->count)
            continue;
        for (i = 0; i < rest->count; i++)
            if (!monomial_divide(pool, rest->terms[i].monomial, atoms[k], &rest->terms[i].monomial))
                return false;
        if (!monomial_divide(pool, b->monomial, atoms[k], &b->monomial))
            return false;
    }
    return true;
}

/* Division by one term that is not constant. */
static size_ref divide_by_term(size_pool *pool, size_kind kind, const size_poly *p, size_term b)
{
    size_poly whole = {0}, rest = {0}, divisor = {0};
    size_ref top, bottom;
    int32_t i;

    for (i = 0; i < p->count; i++) {
        size_term t = p->terms[i], q;

        q.factor = t.factor / b.factor;
        if (t.factor % b.factor == 0 && monomial_divide(pool, t.monomial, b.monomial, &q.monomial)) {
            if (!poly_add_term(pool, &whole, q))
                return SIZE_UNKNOWN;
        } else {
            rest.terms[rest.count++] = t;
        }
    }
    if (rest.count == 0)
        return poly_build(pool, &whole);
    if (!cancel_common(pool, &rest, &b))
        return SIZE_UNKNOWN;
    divisor.terms[divisor.count++] = b;
    top = poly_build(pool, &rest);
    bottom = poly_build(pool, &divisor);
    if (bottom >= 0 && pool->nodes[bottom].kind == SIZE_CONST)
        top = kind == SIZE_FLOOR_DIV ? size_floor_div(pool, top, bottom) : size_ceil_div(pool, top, bottom);
    else
        top = binary(pool, kind, top, bottom);
    return size_sum(pool, poly_build(pool, &whole), top);
}

/* P / D when it leaves no rest: long division by the leading term. */
static size_ref divide_exactly(size_pool *pool, size_poly p, const size_poly *d)
{
    size_poly whole = {0};
    int32_t steps;

    for (steps = 0; p.count > 0; steps++) {
        size_term t = {p.terms[0].factor / d->terms[0].factor, 0}, minus;

        if (steps == SIZE_ATOMS_MAX || p.terms[0].factor % d->terms[0].factor != 0 || t.factor == INT64_MIN ||
            !monomial_divide(pool, p.terms[0].monomial, d->terms[0].monomial, &t.monomial))
            return SIZE_UNKNOWN;
        minus = (size_term){-t.factor, t.monomial};
        if (!poly_add_term(pool, &whole, t) || !poly_add_scaled(pool, &p, d, minus))
            return SIZE_UNKNOWN;
    }
    return poly_build(pool, &whole);
}

static size_ref divide_symbolic(size_pool *pool, size_kind kind, size_ref a, size_ref b)
{
    size_poly p, d;
    size_ref exact;

    if (!poly_read(pool, a, &p) || !poly_read(pool, b, &d))
        return SIZE_UNKNOWN;
    if (p.count == 0)
        return a;
    if (d.count == 1 && d.terms[0].factor != INT64_MIN && d.terms[0].factor != -1)
        return divide_by_term(pool, kind, &p, d.terms[0]);
    exact = d.terms[0].factor > 0 ? divide_exactly(pool, p, &d) : SIZE_UNKNOWN;
    return exact >= 0 ? exact : binary(pool, kind, a, b);
}

size_ref size_floor_div(size_pool *pool, size_ref a, size_ref b)
{
    int64_t divisor;

    if (a < 0 || b < 0)
        return SIZE_UNKNOWN;
    if (size_is_const(pool, b, &divisor))
        return floor_div_const(pool, a, divisor);
    return divide_symbolic(pool, SIZE_FLOOR_DIV, a, b);
}

size_ref size_ceil_div(size_pool *pool, size_ref a, size_ref b)
{
    int64_t divisor;

    if (a < 0 || b < 0)
        return SIZE_UNKNOWN;
    if (!size_is_const(pool, b, &divisor))
        return divide_symbolic(pool, SIZE_CEIL_DIV, a, b);
    if (divisor <= 0)
        return SIZE_UNKNOWN;
    return floor_div_const(pool, size_sum(pool, a, size_const(pool, divisor - 1)), divisor);
}

/* ---- max and min ------------------------------------------------------------------------ */

static int32_t extreme_operands(const size_pool *pool, size_kind kind, size_ref s, size_ref *out)
{
    int32_t count = 0;

    for (; pool->nodes[s].kind == kind; s = pool->nodes[s].a)
        out[count++] = pool->nodes[s].b;
    out[count++] = s;
    return count;
}

/* Is X at least (max) or at most (min) Y for all values of the symbols? */
static bool extreme_covers(size_pool *pool, size_kind kind, size_ref x, size_ref y)
{
    size_poly difference;

    if (!poly_combine(pool, kind == SIZE_MAXIMUM ? x : y, -1, kind == SIZE_MAXIMUM ? y : x, &difference))
        return false;
    return poly_range(pool, &difference).min >= 0;
}

/* Constants last, else by reference. */
static bool operand_before(const size_pool *pool, size_ref x, size_ref y)
{
    bool cx = pool->nodes[x].kind == SIZE_CONST, cy = pool->nodes[y].kind == SIZE_CONST;

    return cx != cy ? cy : x < y;
}

static size_ref extreme(size_pool *pool, size_kind kind, size_ref a, size_ref b)
{
    size_ref in[2 * SIZE_ATOMS_MAX], kept[2 * SIZE_ATOMS_MAX] = {a}, s;
    int32_t count, n = 0, i, j;

    if (a < 0 || b < 0)
        return SIZE_UNKNOWN;
    count = extreme_operands(pool, kind, a, in);
    count += extreme_operands(pool, kind, b, in + count);
    for (i = 0; i < count; i++) {
        int32_t m = 0;

        for (j = 0; j < n && !extreme_covers(pool, kind, kept[j], in[i]); j++)
            continue;
        if (j < n)
            continue;
        for (j = 0; j < n; j++)
            if (!extreme_covers(pool, kind, in[i], kept[j]))
                kept[m++] = kept[j];
        for (n = m++; n > 0 && operand_before(pool, in[i], kept[n - 1]); n--)
            kept[n] = kept[n - 1];
        kept[n] = in[i];
        n = m;
    }
    if (n > SIZE_ATOMS_MAX)
        return SIZE_UNKNOWN;
    s = kept[0];
    for (i = 1; i < n; i++)
        s = binary(pool, kind, s, kept[i]);
    return s;
}

size_ref size_max(size_pool *pool, size_ref a, size_ref b) { return extreme(pool, SIZE_MAXIMUM, a, b); }

size_ref size_min(size_pool *pool, size_ref a, size_ref b) { return extreme(pool, SIZE_MINIMUM, a, b); }
