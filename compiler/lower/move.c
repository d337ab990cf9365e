/* SPDX-License-Identifier: Apache-2.0 */
/* Views under construction, sizes as operands, checks of sizes. */
#include "compiler/lower/move.h"

/* ---- views ------------------------------------------------------------------------------------------------ */

void lower_view_of(lower_context *l, int32_t buffer, bool is_complex, lower_view *v)
{
    const loop_buffer *from = &l->program->buffers[buffer];
    v->in = buffer;
    v->rank = from->rank - (is_complex ? 1 : 0);
    v->offset = from->offset;
    for (int32_t d = 0; d < v->rank; d++) {
        v->extents[d] = from->extents[d];
        v->strides[d] = from->strides[d];
    }
}

stepc_code lower_view_begin(lower_context *l, int32_t input, lower_view *v)
{
    int32_t in = lower_stable_input(l, input);
    if (in < 0)
        return stepc_error_code(l->error);
    lower_view_of(l, in, dtype_is_complex(lower_info(l, input)->dtype), v);
    return STEPC_OK;
}

int32_t lower_view_make(lower_context *l, const lower_view *v)
{
    const loop_buffer *from = &l->program->buffers[v->in];
    size_ref extents[LOWER_MAX_RANK + 1], strides[LOWER_MAX_RANK + 1];
    int32_t rank = v->rank;
    const stepc_operation *op = l->op;
    for (int32_t d = 0; d < rank; d++) {
        extents[d] = v->extents[d];
        strides[d] = v->strides[d];
        if (extents[d] == SIZE_UNKNOWN || strides[d] == SIZE_UNKNOWN || v->offset == SIZE_UNKNOWN) {
            error_set(l->error, STEPC_UNIMPLEMENTED, "the sizes of this %s are too involved to compile", op->type.data);
            error_mend(l->error, "fix the fed shapes, or run the step interpreted");
            return -1;
        }
    }
    /* The reals of a complex element stay together, whatever happens before them. */
    const infer_value *info = lower_output_info(l, 0);
    if (dtype_is_complex(info->dtype)) {
        extents[rank] = from->extents[from->rank - 1];
        strides[rank++] = from->strides[from->rank - 1];
    }
    if (rank > LOWER_MAX_RANK) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "%s of rank %d is not compiled", op->type.data, v->rank);
        error_mend(l->error, "run the step interpreted");
        return -1;
    }
    if (lower_check_sizes(l->state, extents, rank, op, l->error))
        return -1;
    int32_t view = loop_view_new(l->program, v->in, extents, strides, rank, v->offset);
    if (view < 0)
        error_out_of_memory(l->error, "lowering");
    return view;
}

stepc_code lower_view_end(lower_context *l, int32_t output, const lower_view *v)
{
    int32_t view = lower_view_make(l, v);
    if (view < 0)
        return stepc_error_code(l->error);
    lower_alias(l, output, view);
    return STEPC_OK;
}

void lower_view_shift(lower_context *l, lower_view *v, int32_t d, size_ref at)
{
    size_pool *p = l->program->sizes;
    v->offset = size_sum(p, v->offset, size_product(p, at, v->strides[d]));
}

stepc_code lower_view_copy(lower_context *l, const lower_view *to, const lower_view *from)
{
    for (int32_t d = 0; d < to->rank; d++) {
        int64_t size;
        if (size_is_const(l->program->sizes, to->extents[d], &size) && size == 0)
            return STEPC_OK;
    }
    int32_t target = lower_view_make(l, to), source = target < 0 ? -1 : lower_view_make(l, from);
    if (source < 0)
        return stepc_error_code(l->error);
    return lower_copy(l->state, target, source, l->op, l->error);
}

/* ---- operands ---------------------------------------------------------------------------------------------- */

stepc_code lower_unknown_operand(lower_context *l, int32_t input)
{
    error_set(l->error, STEPC_UNIMPLEMENTED, "input %d of %s must be known when the step is compiled", input,
              l->op->type.data);
    return error_mend(l->error, "freeze what feeds this input, or run the step interpreted");
}

stepc_code lower_require_rank(lower_context *l, int32_t input, int32_t rank)
{
    int32_t have = lower_info(l, input)->rank;
    if (have == rank)
        return STEPC_OK;
    return error_set(l->error, STEPC_INVALID_ARGUMENT, "input %d of %s must have rank %d, not %d", input, l->op->type.data,
                     rank, have);
}

stepc_code lower_operand_count(lower_context *l, int32_t input, int64_t *out)
{
    const infer_value *info = lower_info(l, input);
    if (info->constant)
        *out = stepc_tensor_length(info->constant);
    else if (info->elements)
        *out = info->element_count;
    else
        return lower_unknown_operand(l, input);
    return STEPC_OK;
}

stepc_code lower_operand_size(lower_context *l, int32_t input, int64_t element, size_ref *out)
{
    const infer_value *info = lower_info(l, input);
    int64_t count;
    stepc_code code = lower_operand_count(l, input, &count);
    if (code)
        return code;
    if (element >= count)
        return lower_unknown_operand(l, input);
    if (info->constant)
        *out = size_const(l->program->sizes,
                          load_i64(stepc_tensor_dtype(info->constant), stepc_tensor_data(info->constant), element));
    else
        *out = info->elements[element];
    return *out == SIZE_UNKNOWN ? lower_unknown_operand(l, input) : STEPC_OK;
}

stepc_code lower_operand_axis(lower_context *l, int32_t input, int32_t rank, int32_t *out)
{
    size_ref axis;
    int64_t value;
    stepc_code code = lower_operand_size(l, input, 0, &axis);
    if (code)
        return code;
    if (!size_is_const(l->program->sizes, axis, &value))
        return lower_unknown_operand(l, input);
    if (value < -rank || value >= rank)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "Expected axis in the range [%d, %d), but got %lld", -rank, rank,
                         (long long)value);
    *out = (int32_t)(value < 0 ? value + rank : value);
    return STEPC_OK;
}

stepc_code lower_require_at_most(lower_context *l, size_ref a, size_ref b, const char *what)
{
    size_pool *p = l->program->sizes;
    const size_node *room = size_get(p, size_sub(p, b, a));
    if (a == SIZE_UNKNOWN || b == SIZE_UNKNOWN)
        return error_set(l->error, STEPC_UNIMPLEMENTED, "the sizes are too involved to compare when the step is compiled");
    if (room && room->min >= 0)
        return STEPC_OK;
    if (room && room->max < 0)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "%s", what);
    nest_builder nest;
    nest_begin(&nest, l->program);
    nest_origin(&nest, l->op);
    nest_check(&nest, nest_binary(&nest, LOOP_LE, nest_size(&nest, a), nest_size(&nest, b)), STEPC_INVALID_ARGUMENT, what,
               l->op);
    return nest_end(&nest, l->error);
}

stepc_code lower_known_output(lower_context *l, int32_t output, const size_ref **dims, int32_t *rank)
{
    const infer_value *info = lower_output_info(l, output);
    bool known = info->rank >= 0 && info->rank < LOWER_MAX_RANK;
    for (int32_t d = 0; known && d < info->rank; d++)
        known = info->dims[d] != SIZE_UNKNOWN;
    if (!known) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "the output's shape is not known when the step is compiled");
        return error_mend(l->error, "narrow the feeds' shapes, freeze what decides the shape, or run the step interpreted");
    }
    *dims = info->dims;
    *rank = info->rank;
    return STEPC_OK;
}

/* ---- values -------------------------------------------------------------------------------------------------- */

int32_t lower_zero(nest_builder *b, stepc_dtype dtype) { return nest_const_i64(b, lower_value_dtype(dtype), 0); }

stepc_code lower_write_elements(lower_context *l, int32_t output)
{
    const infer_value *info = lower_output_info(l, output);
    if (info->constant) /* with --no-fold: the value is a weight */
        return lower_value(l->state, (stepc_output){l->op, output}, l->error) < 0 ? stepc_error_code(l->error) : STEPC_OK;
    bool known = info->elements != NULL;
    for (int64_t i = 0; known && i < info->element_count; i++)
        known = info->elements[i] != SIZE_UNKNOWN;
    if (!known) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "the numbers that %s gives depend on values", l->op->type.data);
        return error_mend(l->error, "say the fed shapes, e.g. --feed x:0=float32[n,4], or run the step interpreted");
    }
    int32_t out = lower_output(l, output);
    if (out < 0)
        return stepc_error_code(l->error);
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    for (int64_t i = 0; i < info->element_count; i++) {
        loop_index index = {.base = size_const(l->program->sizes, i), .coefs = NULL, .indirect = -1,
                            .indirect_scale = SIZE_UNKNOWN, .indirect_extent = SIZE_UNKNOWN};
        nest_write_index(&b, out, &index, nest_cast(&b, nest_size(&b, info->elements[i]), info->dtype), -1);
    }
    return info->element_count == 0 ? STEPC_OK : nest_end(&b, l->error);
}
