/* SPDX-License-Identifier: Apache-2.0 */
/* Rows and shape functions of the elementwise family. The kernels: elementwise_*.c, cast.c. */
#include "runtime/core/checked.h"
#include "runtime/ops/kernels.h"

static stepc_code infer_add_n(infer_context *c)
{
    infer_value sum = *c->inputs[0];

    for (int32_t i = 1; i < c->input_count; i++) {
        stepc_code code = infer_merge_shapes(c, &sum, c->inputs[i], 0);

        if (code != STEPC_OK)
            return code;
        sum = c->outputs[0];
    }
    return c->input_count == 1 ? infer_copy_shape(c, c->inputs[0], 0) : STEPC_OK;
}

static stepc_code infer_gradient(infer_context *c)
{
    return infer_merge_shapes(c, c->inputs[0], c->inputs[1], 0);
}

/* The shape, and sizes stay sizes between index types, but for constants that int32 cannot hold. */
static stepc_code infer_cast(infer_context *c)
{
    infer_value *out = &c->outputs[0];
    stepc_code code = infer_same(c);

    for (int64_t i = 0; out->elements && out->dtype == STEPC_INT32 && i < out->element_count; i++) {
        int64_t value;

        if (size_is_const(c->sizes, out->elements[i], &value) && (value < INT32_MIN || value > INT32_MAX))
            out->elements = NULL;
    }
    return code;
}

static bool all_const(infer_context *c, const infer_value *v, int64_t *dims)
{
    for (int32_t i = 0; i < v->rank; i++) {
        if (!size_is_const(c->sizes, v->dims[i], &dims[i]))
            return false;
    }
    return true;
}

/* Without incompatible_shape_error, shapes that do not broadcast give the scalar false. */
static stepc_code infer_equal(infer_context *c)
{
    const infer_value *x = c->inputs[0], *y = c->inputs[1];
    int64_t *a, *b, *out;
    int32_t rank;

    if (operation_bool(c->op, "incompatible_shape_error", true))
        return infer_broadcast(c);
    if (x->rank < 0 || y->rank < 0)
        return infer_unknown(c);
    a = ARENA_ARRAY(c->memory, int64_t, (size_t)x->rank);
    b = ARENA_ARRAY(c->memory, int64_t, (size_t)y->rank);
    out = ARENA_ARRAY(c->memory, int64_t, (size_t)x->rank + (size_t)y->rank);
    if (!a || !b || !out)
        return error_out_of_memory(c->error, "inferring a shape");
    if (!all_const(c, x, a) || !all_const(c, y, b))
        return infer_unknown(c);
    return broadcast_shapes(a, x->rank, b, y->rank, out, &rank) ? infer_broadcast(c) : infer_set_rank(c, 0, 0);
}

/* The value's shape, whose channels are as many as biases. */
static stepc_code infer_bias_add(infer_context *c)
{
    const infer_value *value = c->inputs[0], *bias = c->inputs[1];
    bool channels_first = text_equal(operation_string(c->op, "data_format"), TEXT_LITERAL("NCHW"));
    int32_t axis;
    stepc_code code;

    if (bias->rank >= 0 && bias->rank != 1)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Biases must be 1D: rank %d", bias->rank);
    if (value->rank < 0)
        return STEPC_OK;
    if (value->rank < 2)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Input tensor must be at least 2D: rank %d", value->rank);
    code = infer_copy_shape(c, value, 0);
    if (code != STEPC_OK || bias->rank < 0)
        return code;
    axis = channels_first ? 1 : value->rank - 1;
    if (!infer_merge(c, value->dims[axis], bias->dims[0], &c->outputs[0].dims[axis]))
        return error_set(c->error, STEPC_INVALID_ARGUMENT,
                         "Must provide as many biases as the last dimension of the input tensor");
    return STEPC_OK;
}

/* Ranges above 0 keep generated divisors away from zero, for integers too. */
static const op_row rows[] = {
    {"Add", infer_broadcast, kernel_binary, OP_COMMUTES, SAMPLE_BINARY, 0, 0},
    {"AddN", infer_add_n, kernel_add_n, 0, SAMPLE_VARIADIC, 0, 0},
    {"AddV2", infer_broadcast, kernel_binary, OP_COMMUTES, SAMPLE_BINARY, 0, 0},
    {"BiasAdd", infer_bias_add, kernel_bias_add, 0, SAMPLE_BIAS, 0, 0},
    {"Cast", infer_cast, kernel_cast, 0, SAMPLE_CAST, -100, 100},
    {"Cos", infer_same, kernel_unary, 0, SAMPLE_UNARY, -20, 20},
    {"Equal", infer_equal, kernel_equal, OP_COMMUTES, SAMPLE_BINARY, 0, 0},
    {"Exp", infer_same, kernel_unary, 0, SAMPLE_UNARY, -5, 5},
    {"FloorDiv", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 1, 9},
    {"Log", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0.01, 20},
    {"Maximum", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 0, 0},
    {"Mul", infer_broadcast, kernel_binary, OP_COMMUTES, SAMPLE_BINARY, 0, 0},
    {"Neg", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0, 0},
    {"OnesLike", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0, 0},
    {"RealDiv", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 1, 9},
    {"Relu", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0, 0},
    {"ReluGrad", infer_gradient, kernel_binary, 0, SAMPLE_GRADS, 0, 0},
    {"Sigmoid", infer_same, kernel_unary, 0, SAMPLE_UNARY, -8, 8},
    {"Sin", infer_same, kernel_unary, 0, SAMPLE_UNARY, -20, 20},
    {"Square", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0, 0},
    {"Sub", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 0, 0},
    {"Tanh", infer_same, kernel_unary, 0, SAMPLE_UNARY, -5, 5},
};

const op_family ops_elementwise = {rows, sizeof rows / sizeof rows[0]};
