/* SPDX-License-Identifier: Apache-2.0 */
/* Size expressions as text, and back. The weight of an expression bounds the stacks. */
#include "runtime/ops/size.h"

#include <string.h>

/* ---- writing ---------------------------------------------------------------------------- */

enum { WRAP_SUM = 1, WRAP_PRODUCT = 2, MAGNITUDE = 4 };

typedef struct piece {
    const char *text; /* or NULL: the expression S */
    size_ref s;
    int flags;
} piece;

typedef struct writer {
    const size_pool *pool;
    piece stack[4 * SIZE_WEIGHT_MAX];
    size_t count;
} writer;

static void push_text(writer *w, const char *literal) { w->stack[w->count++] = (piece){literal, SIZE_UNKNOWN, 0}; }

static void push_size(writer *w, size_ref s, int flags) { w->stack[w->count++] = (piece){NULL, s, flags}; }

/* The constant factor of a term, or the constant itself. */
static int64_t term_factor(const size_pool *pool, size_ref s)
{
    const size_node *n = size_get(pool, s);
    int64_t value = 1;

    if (!size_is_const(pool, s, &value) && n->kind == SIZE_PRODUCT)
        size_is_const(pool, n->b, &value);
    return value;
}

static void write_sum(writer *w, const size_node *n)
{
    int64_t factor = term_factor(w->pool, n->b);
    bool minus = factor < 0 && factor != INT64_MIN;

    push_size(w, n->b, minus ? MAGNITUDE : 0);
    push_text(w, minus ? "-" : "+");
    push_size(w, n->a, 0);
}

static void write_product(writer *w, const size_node *n, int flags)
{
    int64_t factor;

    if ((flags & MAGNITUDE) && size_is_const(w->pool, n->b, &factor) && factor == -1) {
        push_size(w, n->a, 0);
        return;
    }
    push_size(w, n->b, flags & MAGNITUDE);
    push_text(w, "*");
    push_size(w, n->a, 0);
}

static void write_extreme(writer *w, const size_node *n)
{
    size_kind kind = n->kind;

    push_text(w, ")");
    for (; n->kind == kind; n = size_get(w->pool, n->a)) {
        push_size(w, n->b, 0);
        push_text(w, ",");
        if (size_get(w->pool, n->a)->kind != kind)
            push_size(w, n->a, 0);
    }
    push_text(w, kind == SIZE_MAXIMUM ? "max(" : "min(");
}

static void write_node(writer *w, piece p, text *out)
{
    const size_node *n = size_get(w->pool, p.s);

    if (((p.flags & WRAP_SUM) && n->kind == SIZE_SUM) || ((p.flags & WRAP_PRODUCT) && n->kind == SIZE_PRODUCT)) {
        push_text(w, ")");
        push_size(w, p.s, 0);
        push_text(w, "(");
        return;
    }
    switch (n->kind) {
    case SIZE_CONST:
        text_printf(out, "%lld", (long long)(p.flags & MAGNITUDE ? -n->value : n->value));
        break;
    case SIZE_SYMBOL:
        text_puts(out, n->name);
        break;
    case SIZE_SUM:
        write_sum(w, n);
        break;
    case SIZE_PRODUCT:
        write_product(w, n, p.flags);
        break;
    case SIZE_FLOOR_DIV:
    case SIZE_CEIL_DIV:
        push_text(w, ")");
        push_size(w, n->b, WRAP_SUM | WRAP_PRODUCT);
        push_text(w, "/");
        push_size(w, n->a, WRAP_SUM);
        push_text(w, n->kind == SIZE_FLOOR_DIV ? "floor(" : "ceil(");
        break;
    case SIZE_MAXIMUM:
    case SIZE_MINIMUM:
        write_extreme(w, n);
        break;
    }
}

void size_print(const size_pool *pool, size_ref s, text *out)
{
    writer w;

    if (!size_get(pool, s)) {
        text_puts(out, "?");
        return;
    }
    w.pool = pool;
    w.count = 0;
    push_size(&w, s, 0);
    while (w.count > 0) {
        piece p = w.stack[--w.count];

        if (p.text)
            text_puts(out, p.text);
        else
            write_node(&w, p, out);
    }
}

/* ---- reading ---------------------------------------------------------------------------- */

/* Operators that wait for their right side, and brackets that are open. A function's bracket
 * changes its mark at '/' or ','. */
typedef enum mark {
    MARK_GROUP,
    MARK_FLOOR,
    MARK_FLOOR_DIVISOR,
    MARK_CEIL,
    MARK_CEIL_DIVISOR,
    MARK_MAX,
    MARK_MAX_MORE,
    MARK_MIN,
    MARK_MIN_MORE,
    MARK_PLUS,
    MARK_MINUS,
    MARK_TIMES
} mark;

typedef struct reader {
    size_pool *pool;
    const char *at, *end;
    mark marks[SIZE_WEIGHT_MAX];
    size_ref values[SIZE_WEIGHT_MAX];
    size_t mark_count, value_count;
} reader;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

static bool push_mark(reader *r, mark m)
{
    if (r->mark_count == SIZE_WEIGHT_MAX)
        return false;
    r->marks[r->mark_count++] = m;
    return true;
}

static bool push_value(reader *r, size_ref s)
{
    if (s < 0 || r->value_count == SIZE_WEIGHT_MAX)
        return false;
    r->values[r->value_count++] = s;
    return true;
}

/* Applies BUILD to the two topmost values. */
static bool apply(reader *r, size_ref (*build)(size_pool *, size_ref, size_ref))
{
    size_ref b;

    if (r->value_count < 2)
        return false;
    b = r->values[--r->value_count];
    r->values[r->value_count - 1] = build(r->pool, r->values[r->value_count - 1], b);
    return r->values[r->value_count - 1] >= 0;
}

/* Applies the waiting operators that bind at least as tightly as LEAST. */
static bool reduce(reader *r, mark least)
{
    while (r->mark_count > 0 && r->marks[r->mark_count - 1] >= least) {
        mark m = r->marks[--r->mark_count];

        if (!apply(r, m == MARK_PLUS ? size_sum : m == MARK_MINUS ? size_sub : size_product))
            return false;
    }
    return true;
}

static bool read_number(reader *r)
{
    const char *start = r->at;
    int64_t value;

    if (*r->at == '-')
        r->at++;
    while (r->at < r->end && is_digit(*r->at))
        r->at++;
    return parse_i64(start, (size_t)(r->at - start), &value) && push_value(r, size_const(r->pool, value));
}

/* A name, or a function with its bracket; *OPENED says which. */
static bool read_name(reader *r, bool *opened)
{
    static const struct {
        const char *name;
        mark m;
    } functions[] = {{"floor", MARK_FLOOR}, {"ceil", MARK_CEIL}, {"max", MARK_MAX}, {"min", MARK_MIN}};
    const char *start = r->at;
    char name[256];
    size_t size, i;

    while (r->at < r->end && (is_name_start(*r->at) || is_digit(*r->at)))
        r->at++;
    size = (size_t)(r->at - start);
    *opened = r->at < r->end && *r->at == '(';
    if (*opened) {
        r->at++;
        for (i = 0; i < sizeof functions / sizeof functions[0]; i++)
            if (size == strlen(functions[i].name) && memcmp(start, functions[i].name, size) == 0)
                return push_mark(r, functions[i].m);
        return false;
    }
    if (size >= sizeof name)
        return false;
    memcpy(name, start, size);
    name[size] = '\0';
    return push_value(r, size_symbol(r->pool, name, 0, INT64_MAX));
}

/* Reads brackets and functions up to the next number or name. */
static bool read_operand(reader *r)
{
    bool opened = true;

    while (opened) {
        if (r->at == r->end)
            return false;
        if (*r->at == '(') {
            r->at++;
            if (!push_mark(r, MARK_GROUP))
                return false;
        } else if (is_name_start(*r->at)) {
            if (!read_name(r, &opened))
                return false;
        } else {
            return (is_digit(*r->at) || *r->at == '-') && read_number(r);
        }
    }
    return true;
}

static bool close_bracket(reader *r)
{
    bool bare = r->mark_count > 0 && r->marks[r->mark_count - 1] < MARK_PLUS;
    mark m;

    if (!reduce(r, MARK_PLUS) || r->mark_count == 0)
        return false;
    m = r->marks[--r->mark_count];
    switch (m) {
    case MARK_GROUP:
        return true;
    case MARK_FLOOR_DIVISOR:
        return bare && apply(r, size_floor_div);
    case MARK_CEIL_DIVISOR:
        return bare && apply(r, size_ceil_div);
    case MARK_MAX_MORE:
        return apply(r, size_max);
    case MARK_MIN_MORE:
        return apply(r, size_min);
    case MARK_FLOOR:
    case MARK_CEIL:
    case MARK_MAX:
    case MARK_MIN:
    case MARK_PLUS:
    case MARK_MINUS:
    case MARK_TIMES:
        break;
    }
    return false;
}

/* '/' and ',' belong to the innermost bracket. */
static bool separate(reader *r, char c)
{
    mark *m;

    if (!reduce(r, c == '/' ? MARK_TIMES : MARK_PLUS) || r->mark_count == 0)
        return false;
    m = &r->marks[r->mark_count - 1];
    if (c == '/') {
        if (*m != MARK_FLOOR && *m != MARK_CEIL)
            return false;
        *m = *m == MARK_FLOOR ? MARK_FLOOR_DIVISOR : MARK_CEIL_DIVISOR;
        return true;
    }
    if (*m == MARK_MAX_MORE)
        return apply(r, size_max);
    if (*m == MARK_MIN_MORE)
        return apply(r, size_min);
    if (*m != MARK_MAX && *m != MARK_MIN)
        return false;
    *m = *m == MARK_MAX ? MARK_MAX_MORE : MARK_MIN_MORE;
    return true;
}

bool size_parse(size_pool *pool, stepc_string source, size_ref *out)
{
    reader r;

    *out = SIZE_UNKNOWN;
    if (source.size == 1 && source.data[0] == '?')
        return true;
    r.pool = pool;
    r.at = source.data;
    r.end = source.data + source.size;
    r.mark_count = r.value_count = 0;
    for (;;) {
        char c;

        if (!read_operand(&r))
            return false;
        while (r.at < r.end && *r.at == ')') {
            r.at++;
            if (!close_bracket(&r))
                return false;
        }
        if (r.at == r.end)
            break;
        c = *r.at++;
        if (c == '/' || c == ',') {
            if (!separate(&r, c))
                return false;
        } else if (c == '*') {
            if (!reduce(&r, MARK_TIMES) || !push_mark(&r, MARK_TIMES))
                return false;
        } else if (c != '+' && c != '-') {
            return false;
        } else if (!reduce(&r, MARK_PLUS) || !push_mark(&r, c == '+' ? MARK_PLUS : MARK_MINUS)) {
            return false;
        }
    }
    if (!reduce(&r, MARK_PLUS) || r.mark_count != 0 || r.value_count != 1)
        return false;
    *out = r.values[0];
    return true;
}
