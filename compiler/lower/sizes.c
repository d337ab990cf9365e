/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of sizes that only a run knows: statements before the first that relies on them. */
#include "compiler/lower/state.h"

#include "runtime/core/checked.h"

static bool is_checked(const lower_state *l, size_ref a, size_ref b)
{
    for (size_t i = 0; i < l->checked_count; i++)
        if (l->checked[2 * i] == a && l->checked[2 * i + 1] == b)
            return true;
    return false;
}

static stepc_code remember(lower_state *l, size_ref a, size_ref b, stepc_error *error)
{
    size_ref *grown = arena_grow(l->step->memory, l->checked, &l->checked_capacity, 2 * (l->checked_count + 1), sizeof *grown);
    if (!grown)
        return error_out_of_memory(error, "lowering");
    l->checked = grown;
    l->checked[2 * l->checked_count] = a;
    l->checked[2 * l->checked_count++ + 1] = b;
    return STEPC_OK;
}

/* Whether even the least such shape has more elements, or rows that are further apart, than can be counted. */
static bool is_beyond_counting(const size_pool *sizes, const size_ref *dims, int32_t rank)
{
    int64_t count = 1;
    for (int32_t d = rank - 1; d >= 0; d--) {
        const size_node *node = size_get(sizes, dims[d]);
        if (!checked_mul_i64(count, node && node->min > 0 ? node->min : 0, &count))
            return true;
    }
    return false;
}

stepc_code lower_check_count(const lower_state *l, const size_ref *dims, int32_t rank, stepc_error *error)
{
    const stepc_host *host = l->program->host;
    return is_beyond_counting(l->program->sizes, dims, rank)
               ? error_limit(error, "tensor_bytes", host->limits.tensor_bytes, INT64_MAX)
               : STEPC_OK;
}

stepc_code lower_check_sizes(lower_state *l, const size_ref *dims, int32_t rank, const stepc_operation *op, stepc_error *error)
{
    for (int32_t d = 0; d < rank; d++) {
        int64_t value;
        if (dims[d] == SIZE_UNKNOWN || size_get(l->step->sizes, dims[d])->min >= 0 || is_checked(l, dims[d], SIZE_UNKNOWN))
            continue;
        if (size_is_const(l->step->sizes, dims[d], &value))
            return error_set(error, STEPC_INVALID_ARGUMENT, "Dimension %lld must be >= 0", (long long)value);
        nest_builder b;
        nest_begin(&b, l->program);
        nest_origin(&b, op);
        int32_t zero = nest_const_i64(&b, STEPC_INT64, 0);
        nest_check(&b, nest_binary(&b, LOOP_LE, zero, nest_size(&b, dims[d])), STEPC_INVALID_ARGUMENT,
                   "A dimension must be >= 0", op);
        stepc_code code = nest_end(&b, error);
        if (!code)
            code = remember(l, dims[d], SIZE_UNKNOWN, error);
        if (code)
            return code;
    }
    return STEPC_OK;
}

stepc_code lower_check_equal(lower_state *l, size_ref a, size_ref b, const char *what, const stepc_operation *op,
                             stepc_error *error)
{
    int64_t x, y;
    if (a == b || is_checked(l, a, b))
        return STEPC_OK;
    if (a == SIZE_UNKNOWN || b == SIZE_UNKNOWN)
        return error_set(error, STEPC_UNIMPLEMENTED, "the sizes are too involved to compare when the step is compiled");
    if (size_is_const(l->step->sizes, a, &x) && size_is_const(l->step->sizes, b, &y))
        return error_set(error, STEPC_INVALID_ARGUMENT, "%s", what);
    nest_builder nest;
    nest_begin(&nest, l->program);
    nest_origin(&nest, op);
    int32_t same = nest_binary(&nest, LOOP_EQ, nest_size(&nest, a), nest_size(&nest, b));
    nest_check(&nest, same, STEPC_INVALID_ARGUMENT, what, op);
    stepc_code code = nest_end(&nest, error);
    return code ? code : remember(l, a, b, error);
}
