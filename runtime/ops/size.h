/* SPDX-License-Identifier: Apache-2.0 */
/* Size expressions: interned, so that equal expressions have equal references.
 * Shape functions, the loop IR and the memory plan all speak of sizes in these terms. */
#ifndef RUNTIME_OPS_SIZE_H
#define RUNTIME_OPS_SIZE_H

#include "runtime/core/arena.h"
#include "runtime/core/text.h"

typedef int32_t size_ref; /* index into the pool */
#define SIZE_UNKNOWN ((size_ref)-1)

typedef enum size_kind {
    SIZE_CONST,
    SIZE_SYMBOL,
    SIZE_SUM,       /* a + b */
    SIZE_PRODUCT,   /* a * b */
    SIZE_FLOOR_DIV, /* floor(a / b), b > 0 */
    SIZE_CEIL_DIV,  /* ceil(a / b), b > 0 */
    SIZE_MAXIMUM,
    SIZE_MINIMUM
} size_kind;

typedef struct size_node {
    size_kind kind;
    size_ref a, b;
    int64_t value;    /* SIZE_CONST; SIZE_SYMBOL: its index of appearance */
    int64_t min, max; /* range of the value; INT64_MIN and INT64_MAX when unbounded */
    int32_t weight;   /* nodes of the expression written out as a tree, at most SIZE_WEIGHT_MAX */
    const char *name; /* SIZE_SYMBOL */
} size_node;

/* An expression that grows beyond these becomes SIZE_UNKNOWN, so that every walk is bounded. */
#define SIZE_WEIGHT_MAX 512
#define SIZE_TERMS_MAX 64 /* of one sum */
#define SIZE_ATOMS_MAX 16 /* of one product, or of one max or min */

typedef struct size_pool {
    arena *memory;
    size_node *nodes;
    size_t count, capacity;
    int32_t *table; /* open addressing */
    size_t table_size;
    size_ref *symbols; /* in order of appearance */
    size_t symbol_count, symbol_capacity;
    bool failed; /* out of memory or a constant overflowed: results are SIZE_UNKNOWN */
} size_pool;

void size_pool_init(size_pool *pool, arena *memory);
/* Builders. Divisors are taken to be positive: an expression holds for the runs in which they
 * are. Constants fold; sums and products are flattened and sorted into one canonical
 * form (n*4+8, never 8+4*n), a/1, max(a,a), x*0 and the like simplify. An operand that is
 * SIZE_UNKNOWN gives SIZE_UNKNOWN. Overflow of constants gives SIZE_UNKNOWN and sets failed. */
size_ref size_const(size_pool *pool, int64_t value);
size_ref size_symbol(size_pool *pool, const char *name, int64_t min, int64_t max); /* one per name */
size_ref size_sum(size_pool *pool, size_ref a, size_ref b);
size_ref size_sub(size_pool *pool, size_ref a, size_ref b);
size_ref size_product(size_pool *pool, size_ref a, size_ref b);
size_ref size_floor_div(size_pool *pool, size_ref a, size_ref b);
size_ref size_ceil_div(size_pool *pool, size_ref a, size_ref b);
size_ref size_max(size_pool *pool, size_ref a, size_ref b);
size_ref size_min(size_pool *pool, size_ref a, size_ref b);
const size_node *size_get(const size_pool *pool, size_ref s);
bool size_is_const(const size_pool *pool, size_ref s, int64_t *out_value);
/* Value with symbol values given by index of appearance in the pool (SYMBOLS[i] for the i-th
 * size_symbol made). False on overflow, division by zero or SIZE_UNKNOWN. */
bool size_evaluate(const size_pool *pool, size_ref s, const int64_t *symbols, size_t symbol_count, int64_t *out);
int32_t size_symbol_index(const size_pool *pool, size_ref s); /* of a SIZE_SYMBOL; -1 otherwise */
size_t size_symbol_count(const size_pool *pool);
size_ref size_symbol_at(const size_pool *pool, size_t index);
int64_t size_upper_bound(const size_pool *pool, size_ref s); /* INT64_MAX when unbounded */
/* "n*4+8", "ceil(n/2)", "floor((n+1)/(m*2))", "max(n,m,3)", "?" . Text that size_parse reads back. */
void size_print(const size_pool *pool, size_ref s, text *out);
/* Reads what size_print writes (no spaces); "?" gives SIZE_UNKNOWN. A symbol that the pool does
 * not know yet is made with the range [0, INT64_MAX]. False when TEXT is not an expression. */
bool size_parse(size_pool *pool, stepc_string text, size_ref *out);

#endif
