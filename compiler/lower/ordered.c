/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lower/ordered.h"

#include "compiler/lower/move.h"

/* The type in which elements of DTYPE are compared. */
static stepc_dtype order_type(stepc_dtype dtype)
{
    return dtype == STEPC_FLOAT64 ? STEPC_FLOAT64 : dtype_is_float(dtype) ? STEPC_FLOAT32 : STEPC_INT64;
}

int32_t lower_ordered(lower_context *l, int32_t from, bool is_reversed)
{
    const loop_buffer *in = &l->program->buffers[from];
    stepc_dtype dtype = in->dtype, type = order_type(dtype);
    if (!is_reversed && dtype == type && lower_is_contiguous(l->program, from))
        return from;
    int32_t to = lower_temporary(l, type, in->extents, in->rank, is_reversed ? "reversed" : in->hint), axes[LOWER_MAX_RANK];
    nest_builder b;
    if (to < 0)
        return -1;
    in = &l->program->buffers[from];
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    for (int32_t d = 0; d < in->rank; d++)
        axes[d] = nest_axis(&b, in->extents[d], AXIS_SPACE);
    int32_t value = nest_read(&b, from, axes);
    if (dtype == STEPC_UINT64) /* the upper half comes above the lower one */
        value = nest_binary(&b, LOOP_XOR, value, nest_const_i64(&b, STEPC_UINT64, INT64_MIN));
    value = nest_cast(&b, value, type);
    if (is_reversed)
        value = nest_unary(&b, type == STEPC_INT64 ? LOOP_NOT : LOOP_NEG, value);
    nest_write(&b, to, axes, value);
    return nest_end(&b, l->error) ? -1 : to;
}

size_ref lower_element_count(lower_context *l, int32_t buffer)
{
    size_ref count = size_const(l->program->sizes, 1);
    for (int32_t d = 0; d < l->program->buffers[buffer].rank; d++)
        count = size_product(l->program->sizes, count, l->program->buffers[buffer].extents[d]);
    return count;
}
