/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers for kernels. */
#include "runtime/core/checked.h"
#include "runtime/ops/kernels.h"

#include <stdio.h>

stepc_code kernel_output(kernel_context *k, int32_t index, stepc_dtype dtype, const int64_t *dims, int32_t rank,
                         stepc_tensor **out)
{
    stepc_code code = stepc_tensor_new(k->host, dtype, dims, rank, &k->outputs[index], k->error);

    if (code == STEPC_OK && out)
        *out = k->outputs[index];
    return code;
}

stepc_code kernel_forward(kernel_context *k, int32_t input, int32_t output)
{
    if (k->inputs[input]) {
        k->outputs[output] = stepc_tensor_retain(k->inputs[input]);
        return STEPC_OK;
    }
    /* A handle: there is no value, the variable itself passes. */
    if (k->variables && k->variables[input]) {
        k->output_variables[output] = k->variables[input];
        return STEPC_OK;
    }
    return error_set(k->error, STEPC_FAILED_PRECONDITION, "input %d of %s has no value", input, k->op->type.data);
}

stepc_code kernel_integers(kernel_context *k, int32_t input, int64_t **out, int64_t *count)
{
    const stepc_tensor *t = k->inputs[input];
    stepc_dtype dtype;
    int64_t n, *values;
    size_t bytes;

    if (!t)
        return error_set(k->error, STEPC_FAILED_PRECONDITION, "input %d of %s has no value", input, k->op->type.data);
    dtype = stepc_tensor_dtype(t);
    n = stepc_tensor_length(t);
    if (dtype != STEPC_INT32 && dtype != STEPC_INT64)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "input %d of %s must be int32 or int64, not %s", input,
                         k->op->type.data, stepc_dtype_name(dtype));
    if (stepc_tensor_rank(t) > 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "input %d of %s must be a scalar or a vector, got rank %d",
                         input, k->op->type.data, stepc_tensor_rank(t));
    if (!checked_mul_size((size_t)n, sizeof(int64_t), &bytes))
        return error_out_of_memory(k->error, "reading integers");
    values = host_alloc(k->host, bytes > 0 ? bytes : sizeof(int64_t));
    if (!values)
        return error_out_of_memory(k->error, "reading integers");
    for (int64_t i = 0; i < n; i++)
        values[i] = load_i64(dtype, stepc_tensor_data(t), i);
    *out = values;
    *count = n;
    return STEPC_OK;
}

bool broadcast_shapes(const int64_t *a, int32_t a_rank, const int64_t *b, int32_t b_rank, int64_t *out,
                      int32_t *out_rank)
{
    int32_t rank = a_rank > b_rank ? a_rank : b_rank;

    for (int32_t i = 0; i < rank; i++) { /* the i-th dimension from the right */
        int64_t x = i < a_rank ? a[a_rank - 1 - i] : 1;
        int64_t y = i < b_rank ? b[b_rank - 1 - i] : 1;

        if (x != y && x != 1 && y != 1)
            return false;
        out[rank - 1 - i] = x == 1 ? y : x;
    }
    *out_rank = rank;
    return true;
}

stepc_code kernel_unsupported(stepc_error *error, const char *operator_type, stepc_dtype dtype)
{
    return error_set(error, STEPC_UNIMPLEMENTED, "%s is not implemented for dtype %s", operator_type,
                     stepc_dtype_name(dtype));
}

bool tensors_broadcast(const stepc_tensor *a, const stepc_tensor *b)
{
    int32_t a_rank = stepc_tensor_rank(a), b_rank = stepc_tensor_rank(b);
    int32_t shared = a_rank < b_rank ? a_rank : b_rank;

    for (int32_t i = 1; i <= shared; i++) { /* the i-th dimension from the right */
        int64_t x = stepc_tensor_dims(a)[a_rank - i], y = stepc_tensor_dims(b)[b_rank - i];

        if (x != y && x != 1 && y != 1)
            return false;
    }
    return true;
}

stepc_code broadcast_output(const stepc_host *host, const stepc_tensor *a, const stepc_tensor *b, stepc_dtype dtype,
                            stepc_tensor **out, stepc_error *error)
{
    int32_t a_rank = stepc_tensor_rank(a), b_rank = stepc_tensor_rank(b), rank = 0;
    size_t bytes = (size_t)(a_rank > b_rank ? a_rank : b_rank) * sizeof(int64_t);
    int64_t *dims = bytes > 0 ? host_alloc(host, bytes) : NULL;
    stepc_code code;

    if (bytes > 0 && !dims)
        return error_out_of_memory(error, "broadcasting");
    if (broadcast_shapes(stepc_tensor_dims(a), a_rank, stepc_tensor_dims(b), b_rank, dims, &rank)) {
        code = stepc_tensor_new(host, dtype, dims, rank, out, error);
    } else {
        char a_text[SHAPE_TEXT_BYTES], b_text[SHAPE_TEXT_BYTES];

        code = error_set(error, STEPC_INVALID_ARGUMENT, "Incompatible shapes: %s vs. %s", tensor_shape_text(a, a_text),
                         tensor_shape_text(b, b_text));
    }
    if (dims)
        host_free(host, dims, bytes);
    return code;
}

int64_t broadcast_index(const stepc_tensor *t, const stepc_tensor *out, int64_t index)
{
    const int64_t *dims = stepc_tensor_dims(t), *out_dims = stepc_tensor_dims(out);
    int32_t rank = stepc_tensor_rank(t), out_rank = stepc_tensor_rank(out);
    int64_t from = 0, stride = 1;

    for (int32_t i = 1; i <= rank; i++) { /* the i-th dimension from the right */
        int64_t coordinate = index % out_dims[out_rank - i];

        index /= out_dims[out_rank - i];
        if (dims[rank - i] != 1)
            from += coordinate * stride;
        stride *= dims[rank - i];
    }
    return from;
}

bool tensor_same_shape(const stepc_tensor *a, const stepc_tensor *b)
{
    return shape_equal(stepc_tensor_dims(a), stepc_tensor_rank(a), stepc_tensor_dims(b), stepc_tensor_rank(b));
}

const char *tensor_shape_text(const stepc_tensor *t, char buffer[SHAPE_TEXT_BYTES])
{
    return shape_text(stepc_tensor_dims(t), stepc_tensor_rank(t), buffer, SHAPE_TEXT_BYTES);
}

const char *operation_input_text(const stepc_operation *op, int32_t input, char *buffer, size_t size)
{
    const stepc_output *from = &op->inputs[input];

    if (from->index == 0)
        snprintf(buffer, size, "%s", from->op->name.data);
    else
        snprintf(buffer, size, "%s:%d", from->op->name.data, from->index);
    return buffer;
}

/* ---- large outputs ---------------------------------------------------------------------------------- */

#define SPLIT_WORK 1e6 /* below this, waking threads costs more than it brings */
#define SPLIT_PARTS 64

typedef struct split {
    int64_t count, parts;
    void (*body)(void *argument, int64_t first, int64_t end);
    void *argument;
} split;

static void run_part(void *argument, int64_t index)
{
    const split *s = argument;
    int64_t per = s->count / s->parts, more = s->count % s->parts;
    int64_t first = index * per + (index < more ? index : more);
    s->body(s->argument, first, first + per + (index < more));
}

void kernel_spread(kernel_context *k, int64_t count, double work, void (*body)(void *argument, int64_t first, int64_t end),
                  void *argument)
{
    split s = {count, count < SPLIT_PARTS ? count : SPLIT_PARTS, body, argument};
    if (k->parallel == NULL || work < SPLIT_WORK || count < 2)
        body(argument, 0, count);
    else
        k->parallel->run(k->parallel->context, s.parts, run_part, &s);
}
