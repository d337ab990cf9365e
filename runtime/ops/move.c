/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of elements from one tensor to another. */
#include "runtime/ops/move.h"

#include "runtime/core/checked.h"

#include <string.h>

stepc_code move_element(stepc_tensor *to, int64_t to_index, const stepc_tensor *from, int64_t from_index,
                        stepc_error *error)
{
    stepc_dtype dtype = stepc_tensor_dtype(from);
    size_t bytes = stepc_dtype_bytes(dtype);

    if (dtype == STEPC_STRING) {
        const stepc_string *strings = stepc_tensor_data(from);

        return stepc_tensor_set_string(to, to_index, strings[from_index], error);
    }
    memcpy((char *)stepc_tensor_data(to) + (size_t)to_index * bytes,
           (const char *)stepc_tensor_data(from) + (size_t)from_index * bytes, bytes);
    return STEPC_OK;
}

stepc_code move_copy(stepc_tensor *to, const stepc_tensor *from, const move_region *region, stepc_error *error)
{
    int64_t at[MOVE_RANK] = {0}, count, i;
    stepc_code code = STEPC_OK;

    if (!shape_count(region->dims, region->rank, &count))
        return error_set(error, STEPC_INTERNAL, "a block has too many elements");
    for (i = 0; code == STEPC_OK && i < count; i++) {
        int64_t to_index = region->to_base, from_index = region->from_base;
        int32_t d;

        for (d = 0; d < region->rank; d++) {
            to_index += at[d] * region->to_steps[d];
            from_index += at[d] * region->from_steps[d];
        }
        code = move_element(to, to_index, from, from_index, error);
        for (d = region->rank - 1; d >= 0 && ++at[d] == region->dims[d]; d--)
            at[d] = 0;
    }
    return code;
}

stepc_code move_fill(stepc_tensor *to, const stepc_tensor *from, int64_t index, stepc_error *error)
{
    stepc_code code = STEPC_OK;

    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(to); i++)
        code = move_element(to, i, from, index, error);
    return code;
}

void move_clear(stepc_tensor *t)
{
    /* Strings are empty from the beginning. */
    if (stepc_tensor_dtype(t) != STEPC_STRING && stepc_tensor_length(t) > 0)
        memset(stepc_tensor_data(t), 0, stepc_tensor_bytes(t));
}

void move_steps(const int64_t *dims, int32_t rank, int64_t *steps)
{
    int64_t step = 1;

    for (int32_t d = rank - 1; d >= 0; d--) {
        steps[d] = step;
        /* With a dimension of 0 there are no elements, and no step is taken. */
        if (!checked_mul_i64(step, dims[d], &step))
            step = 0;
    }
}

stepc_code move_check_rank(kernel_context *k, int32_t rank)
{
    if (rank <= MOVE_RANK)
        return STEPC_OK;
    return error_set(k->error, STEPC_UNIMPLEMENTED, "%s is not implemented for rank %d", k->op->type.data, rank);
}

int64_t integer_at(const stepc_tensor *t, int64_t index)
{
    stepc_dtype dtype = stepc_tensor_dtype(t);

    return dtype_is_signed(dtype) ? load_i64(dtype, stepc_tensor_data(t), index)
                                  : (int64_t)load_u64(dtype, stepc_tensor_data(t), index);
}

stepc_code move_axis(stepc_error *error, const char *words, int64_t axis, int32_t rank, int32_t *out)
{
    if (axis >= -rank && axis < rank) {
        *out = (int32_t)(axis < 0 ? axis + rank : axis);
        return STEPC_OK;
    }
    error_set(error, STEPC_INVALID_ARGUMENT, "%s", "");
    for (const char *at = words; *at; at++) {
        if (*at == '{')
            error_append(error, "%d", -rank);
        else if (*at == '}')
            error_append(error, "%d", rank);
        else if (*at == '@')
            error_append(error, "%lld", (long long)axis);
        else
            error_append(error, "%c", *at);
    }
    return STEPC_INVALID_ARGUMENT;
}

/* ---- shape functions ------------------------------------------------------------------------ */

bool infer_numbers(infer_context *c, int32_t input, int64_t **out, int64_t *count)
{
    const infer_value *value = c->inputs[input];
    const stepc_tensor *t = value->constant;
    size_ref *elements;
    int64_t i;

    if (t && !dtype_is_integer(stepc_tensor_dtype(t)) && stepc_tensor_dtype(t) != STEPC_BOOL)
        return false;
    if (t) {
        *count = stepc_tensor_length(t);
    } else if (!infer_elements(c, input, &elements, count)) {
        return false;
    }
    *out = ARENA_ARRAY(c->memory, int64_t, (size_t)*count + 1);
    if (!*out)
        return false;
    for (i = 0; i < *count; i++) {
        if (t)
            (*out)[i] = integer_at(t, i);
        else if (!size_is_const(c->sizes, elements[i], &(*out)[i]))
            return false;
    }
    return true;
}

size_ref infer_element(infer_context *c, int32_t input, int64_t element)
{
    size_ref *elements;
    int64_t count;

    if (!infer_elements(c, input, &elements, &count) || element < 0 || element >= count)
        return SIZE_UNKNOWN;
    return elements[element];
}

void infer_pass_elements(infer_context *c, int32_t input, int32_t output)
{
    infer_value *out = &c->outputs[output];
    size_ref *elements;
    int64_t count;

    if (out->rank < 0 || out->rank > 1 || c->inputs[input]->rank < 0 || c->inputs[input]->rank > 1 ||
        !infer_elements(c, input, &elements, &count))
        return;
    out->elements = elements;
    out->element_count = count;
}

stepc_code infer_pick_elements(infer_context *c, int32_t input, int32_t output, int64_t first, int64_t step,
                               int64_t count)
{
    infer_value *out = &c->outputs[output];
    size_ref *elements, *picked;
    int64_t have, i;

    if (out->rank < 0 || out->rank > 1 || c->inputs[input]->rank < 0 || c->inputs[input]->rank > 1 ||
        !infer_elements(c, input, &elements, &have))
        return STEPC_OK;
    if (count > have)
        return STEPC_OK;
    if (count > 0 && (first < 0 || first >= have || first + (count - 1) * step < 0 || first + (count - 1) * step >= have))
        return STEPC_OK;
    picked = ARENA_ARRAY(c->memory, size_ref, (size_t)count + 1);
    if (!picked)
        return error_out_of_memory(c->error, "inferring shapes");
    for (i = 0; i < count; i++)
        picked[i] = elements[first + i * step];
    out->elements = picked;
    out->element_count = count;
    return STEPC_OK;
}
