/* SPDX-License-Identifier: Apache-2.0 */
/* The pool of size expressions: interning, and evaluation. */
#include "runtime/ops/size.h"

#include "runtime/core/checked.h"
#include "runtime/ops/size_poly.h"

#include <string.h>

void size_pool_init(size_pool *pool, arena *memory)
{
    memset(pool, 0, sizeof *pool);
    pool->memory = memory;
}

const size_node *size_get(const size_pool *pool, size_ref s)
{
    return s < 0 || (size_t)s >= pool->count ? NULL : &pool->nodes[s];
}

bool size_is_const(const size_pool *pool, size_ref s, int64_t *out_value)
{
    const size_node *node = size_get(pool, s);

    if (!node || node->kind != SIZE_CONST)
        return false;
    if (out_value)
        *out_value = node->value;
    return true;
}

int32_t size_symbol_index(const size_pool *pool, size_ref s)
{
    const size_node *node = size_get(pool, s);

    return node && node->kind == SIZE_SYMBOL ? (int32_t)node->value : -1;
}

size_t size_symbol_count(const size_pool *pool) { return pool->symbol_count; }

size_ref size_symbol_at(const size_pool *pool, size_t index)
{
    return index < pool->symbol_count ? pool->symbols[index] : SIZE_UNKNOWN;
}

int64_t size_upper_bound(const size_pool *pool, size_ref s)
{
    const size_node *node = size_get(pool, s);

    return node ? node->max : INT64_MAX;
}

/* ---- interning -------------------------------------------------------------------------- */

static uint64_t node_hash(const size_node *n)
{
    uint64_t h;

    if (n->kind == SIZE_SYMBOL)
        return text_hash(text_view(n->name));
    h = (uint64_t)n->kind * 0x9e3779b97f4a7c15u;
    h = (h ^ (uint32_t)n->a) * 0xff51afd7ed558ccdu;
    h = (h ^ (uint32_t)n->b) * 0xc4ceb9fe1a85ec53u;
    h = (h ^ (uint64_t)n->value) * 0x9e3779b97f4a7c15u;
    return h ^ (h >> 29);
}

static bool node_equal(const size_node *x, const size_node *y)
{
    if (x->kind != y->kind)
        return false;
    if (x->kind == SIZE_SYMBOL)
        return strcmp(x->name, y->name) == 0;
    return x->a == y->a && x->b == y->b && x->value == y->value;
}

static int32_t *table_slot(const size_pool *pool, const size_node *n)
{
    size_t mask = pool->table_size - 1, i = (size_t)node_hash(n) & mask;

    while (pool->table[i] >= 0 && !node_equal(&pool->nodes[pool->table[i]], n))
        i = (i + 1) & mask;
    return &pool->table[i];
}

static bool table_grow(size_pool *pool)
{
    size_t old_size = pool->table_size, size = old_size ? old_size * 2 : 64, i;
    int32_t *old = pool->table, *table = ARENA_ARRAY(pool->memory, int32_t, size);

    if (!table)
        return false;
    memset(table, 0xff, size * sizeof *table);
    pool->table = table;
    pool->table_size = size;
    for (i = 0; i < old_size; i++)
        if (old[i] >= 0)
            *table_slot(pool, &pool->nodes[old[i]]) = old[i];
    return true;
}

size_ref size_intern(size_pool *pool, const size_node *node)
{
    size_node *nodes;
    int32_t *slot;

    if (pool->count * 2 >= pool->table_size && !table_grow(pool)) {
        pool->failed = true;
        return SIZE_UNKNOWN;
    }
    slot = table_slot(pool, node);
    if (*slot >= 0)
        return *slot;
    nodes = pool->count < INT32_MAX - 1
                ? arena_grow(pool->memory, pool->nodes, &pool->capacity, pool->count + 1, sizeof *nodes)
                : NULL;
    if (!nodes) {
        pool->failed = true;
        return SIZE_UNKNOWN;
    }
    pool->nodes = nodes;
    nodes[pool->count] = *node;
    *slot = (int32_t)pool->count;
    return (size_ref)pool->count++;
}

size_ref size_const(size_pool *pool, int64_t value)
{
    size_node node = {SIZE_CONST, -1, -1, value, value, value, 1, NULL};

    return size_intern(pool, &node);
}

size_ref size_symbol(size_pool *pool, const char *name, int64_t min, int64_t max)
{
    size_node node = {SIZE_SYMBOL, -1, -1, (int64_t)pool->symbol_count, min, max, 1, name};
    size_ref *symbols, s;

    if (pool->table_size) {
        int32_t known = *table_slot(pool, &node);

        if (known >= 0)
            return known;
    }
    symbols = arena_grow(pool->memory, pool->symbols, &pool->symbol_capacity, pool->symbol_count + 1, sizeof *symbols);
    if (symbols)
        pool->symbols = symbols;
    node.name = arena_text(pool->memory, name, strlen(name));
    if (!symbols || !node.name) {
        pool->failed = true;
        return SIZE_UNKNOWN;
    }
    s = size_intern(pool, &node);
    if (s >= 0)
        pool->symbols[pool->symbol_count++] = s;
    return s;
}

/* ---- evaluation ------------------------------------------------------------------------- */

int64_t size_divide(size_kind kind, int64_t a, int64_t b)
{
    int64_t q = a / b, rest = a % b;

    if (kind == SIZE_FLOOR_DIV)
        return rest < 0 ? q - 1 : q;
    return rest > 0 ? q + 1 : q;
}

static bool evaluate_binary(size_kind kind, int64_t a, int64_t b, int64_t *out)
{
    switch (kind) {
    case SIZE_SUM:
        return checked_add_i64(a, b, out);
    case SIZE_PRODUCT:
        return checked_mul_i64(a, b, out);
    case SIZE_FLOOR_DIV:
    case SIZE_CEIL_DIV:
        if (b <= 0)
            return false;
        *out = size_divide(kind, a, b);
        return true;
    case SIZE_MAXIMUM:
        *out = a > b ? a : b;
        return true;
    case SIZE_MINIMUM:
        *out = a < b ? a : b;
        return true;
    case SIZE_CONST:
    case SIZE_SYMBOL:
        break;
    }
    return false;
}

bool size_evaluate(const size_pool *pool, size_ref s, const int64_t *symbols, size_t symbol_count, int64_t *out)
{
    /* Operands that wait, and (as -2 - s) operators whose operands have been put on the stack;
     * the weight of an expression bounds both stacks. */
    size_ref todo[SIZE_WEIGHT_MAX + 2];
    int64_t values[SIZE_WEIGHT_MAX + 2];
    size_t waiting = 0, count = 0;

    if (!size_get(pool, s))
        return false;
    todo[waiting++] = s;
    while (waiting > 0) {
        size_ref r = todo[--waiting];
        const size_node *n = &pool->nodes[r < 0 ? -2 - r : r];

        if (n->kind == SIZE_CONST) {
            values[count++] = n->value;
        } else if (n->kind == SIZE_SYMBOL) {
            if ((uint64_t)n->value >= symbol_count)
                return false;
            values[count++] = symbols[n->value];
        } else if (r >= 0) {
            todo[waiting++] = -2 - r;
            todo[waiting++] = n->b;
            todo[waiting++] = n->a;
        } else {
            count--;
            if (!evaluate_binary(n->kind, values[count - 1], values[count], &values[count - 1]))
                return false;
        }
    }
    *out = values[0];
    return true;
}
