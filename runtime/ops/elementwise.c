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

/* ---- Select, SelectV2, ClipByValue ---- */

/* The operands have one shape, which the condition shares unless it is a scalar or chooses rows. */
static stepc_code infer_select(infer_context *c)
{
    const infer_value *condition = c->inputs[0];
    infer_value *out = &c->outputs[0];
    stepc_code code = infer_merge_shapes(c, c->inputs[1], c->inputs[2], 0);

    if (code != STEPC_OK || condition->rank <= 0)
        return code;
    if (condition->rank == 1 && out->rank > 1)
        return infer_merge(c, out->dims[0], condition->dims[0], &out->dims[0])
                   ? STEPC_OK
                   : error_set(c->error, STEPC_INVALID_ARGUMENT, "Dimension 0 in both shapes must be equal");
    if (condition->rank == 1 && out->rank < 0)
        return STEPC_OK;
    return infer_merge_shapes(c, out, condition, 0);
}

static stepc_code infer_select_v2(infer_context *c)
{
    infer_value *out = &c->outputs[0], pair = *out;
    infer_value *first[2] = {c->inputs[1], c->inputs[2]}, *second[2] = {c->inputs[0], &pair};
    infer_context part = *c;
    stepc_code code;

    part.inputs = first;
    part.input_count = 2;
    code = infer_broadcast(&part);
    pair = *out;
    if (code != STEPC_OK || pair.rank < 0)
        return code;
    out->rank = -1;
    part.inputs = second;
    return infer_broadcast(&part);
}

static stepc_code infer_clip(infer_context *c)
{
    stepc_code code = infer_copy_shape(c, c->inputs[0], 0);

    for (int32_t i = 1; i < 3 && code == STEPC_OK; i++) {
        if (c->inputs[i]->rank > 0)
            code = infer_merge_shapes(c, &c->outputs[0], c->inputs[i], 0);
    }
    return code;
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
    {"Abs", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0, 0},
    {"AccumulateNV2", infer_add_n, kernel_add_n, 0, SAMPLE_VARIADIC, 0, 0},
    {"Acos", infer_same, kernel_unary, 0, SAMPLE_UNARY, -1, 1},
    {"Acosh", infer_same, kernel_unary, 0, SAMPLE_UNARY, 1, 20},
    {"Add", infer_broadcast, kernel_binary, OP_COMMUTES, SAMPLE_BINARY, 0, 0},
    {"AddN", infer_add_n, kernel_add_n, 0, SAMPLE_VARIADIC, 0, 0},
    {"AddV2", infer_broadcast, kernel_binary, OP_COMMUTES, SAMPLE_BINARY, 0, 0},
    {"Angle", infer_same, kernel_complex_part, 0, SAMPLE_COMPLEX, 0, 0},
    {"ApproximateEqual", infer_gradient, kernel_approximate_equal, 0, SAMPLE_GRADS, 0, 0},
    {"Asin", infer_same, kernel_unary, 0, SAMPLE_UNARY, -1, 1},
    {"Asinh", infer_same, kernel_unary, 0, SAMPLE_UNARY, -20, 20},
    {"Atan", infer_same, kernel_unary, 0, SAMPLE_UNARY, -20, 20},
    {"Atan2", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 0, 0},
    {"Atanh", infer_same, kernel_unary, 0, SAMPLE_UNARY, -0.99, 0.99},
    {"BesselI0", infer_same, kernel_unary, 0, SAMPLE_UNARY, -8, 8},
    {"BesselI0e", infer_same, kernel_unary, 0, SAMPLE_UNARY, -50, 50},
    {"BesselI1", infer_same, kernel_unary, 0, SAMPLE_UNARY, -8, 8},
    {"BesselI1e", infer_same, kernel_unary, 0, SAMPLE_UNARY, -50, 50},
    {"BiasAdd", infer_bias_add, kernel_bias_add, 0, SAMPLE_BIAS, 0, 0},
    {"BiasAddV1", infer_bias_add, kernel_bias_add, 0, SAMPLE_BIAS, 0, 0},
    {"BitwiseAnd", infer_broadcast, kernel_bits, OP_COMMUTES, SAMPLE_BINARY, 0, 0},
    {"BitwiseOr", infer_broadcast, kernel_bits, OP_COMMUTES, SAMPLE_BINARY, 0, 0},
    {"BitwiseXor", infer_broadcast, kernel_bits, OP_COMMUTES, SAMPLE_BINARY, 0, 0},
    {"Cast", infer_cast, kernel_cast, 0, SAMPLE_CAST, -100, 100},
    {"Ceil", infer_same, kernel_unary, 0, SAMPLE_UNARY, -20, 20},
    {"ClipByValue", infer_clip, kernel_clip_by_value, 0, SAMPLE_SELECT, 0, 0},
    {"Complex", infer_broadcast, kernel_complex, 0, SAMPLE_COMPLEX, 0, 0},
    {"ComplexAbs", infer_same, kernel_complex_part, 0, SAMPLE_COMPLEX, 0, 0},
    {"Conj", infer_same, kernel_unary, 0, SAMPLE_COMPLEX, 0, 0},
    {"Cos", infer_same, kernel_unary, 0, SAMPLE_UNARY, -20, 20},
    {"Cosh", infer_same, kernel_unary, 0, SAMPLE_UNARY, -5, 5},
    {"Digamma", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0.1, 20},
    {"Div", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 1, 9},
    {"DivNoNan", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 0, 0},
    {"Elu", infer_same, kernel_steps, 0, SAMPLE_UNARY, 0, 0},
    {"EluGrad", infer_gradient, kernel_steps, 0, SAMPLE_GRADS, 0, 0},
    {"Equal", infer_equal, kernel_equal, OP_COMMUTES, SAMPLE_BINARY, 0, 0},
    {"Erf", infer_same, kernel_unary, 0, SAMPLE_UNARY, -4, 4},
    {"Erfc", infer_same, kernel_unary, 0, SAMPLE_UNARY, -4, 4},
    {"Erfinv", infer_same, kernel_unary, 0, SAMPLE_UNARY, -0.99, 0.99},
    {"Exp", infer_same, kernel_unary, 0, SAMPLE_UNARY, -5, 5},
    {"Expm1", infer_same, kernel_unary, 0, SAMPLE_UNARY, -5, 5},
    {"Floor", infer_same, kernel_unary, 0, SAMPLE_UNARY, -20, 20},
    {"FloorDiv", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 1, 9},
    {"FloorMod", infer_broadcast, kernel_steps, 0, SAMPLE_BINARY, 1, 9},
    {"Greater", infer_broadcast, kernel_order, 0, SAMPLE_BINARY, 0, 0},
    {"GreaterEqual", infer_broadcast, kernel_order, 0, SAMPLE_BINARY, 0, 0},
    {"Imag", infer_same, kernel_complex_part, 0, SAMPLE_COMPLEX, 0, 0},
    {"Inv", infer_same, kernel_reciprocal, 0, SAMPLE_UNARY, 1, 9},
    {"InvGrad", infer_gradient, kernel_steps, 0, SAMPLE_GRADS, 0, 0},
    {"Invert", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0, 0},
    {"IsFinite", infer_same, kernel_float_test, 0, SAMPLE_UNARY, 0, 0},
    {"IsInf", infer_same, kernel_float_test, 0, SAMPLE_UNARY, 0, 0},
    {"IsNan", infer_same, kernel_float_test, 0, SAMPLE_UNARY, 0, 0},
    {"LeakyRelu", infer_same, kernel_steps, 0, SAMPLE_UNARY, 0, 0},
    {"LeakyReluGrad", infer_gradient, kernel_steps, 0, SAMPLE_GRADS, 0, 0},
    {"LeftShift", infer_broadcast, kernel_bits, 0, SAMPLE_BINARY, 0, 0},
    {"Less", infer_broadcast, kernel_order, 0, SAMPLE_BINARY, 0, 0},
    {"LessEqual", infer_broadcast, kernel_order, 0, SAMPLE_BINARY, 0, 0},
    {"Lgamma", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0.1, 20},
    {"Log", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0.01, 20},
    {"Log1p", infer_same, kernel_unary, 0, SAMPLE_UNARY, -0.9, 20},
    {"LogicalAnd", infer_broadcast, kernel_logical, OP_COMMUTES, SAMPLE_BINARY, 0, 0},
    {"LogicalNot", infer_same, kernel_logical, 0, SAMPLE_UNARY, 0, 0},
    {"LogicalOr", infer_broadcast, kernel_logical, OP_COMMUTES, SAMPLE_BINARY, 0, 0},
    {"Maximum", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 0, 0},
    {"Minimum", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 0, 0},
    {"Mod", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 1, 9},
    {"Mul", infer_broadcast, kernel_binary, OP_COMMUTES, SAMPLE_BINARY, 0, 0},
    {"MulNoNan", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 0, 0},
    {"Ndtri", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0.01, 0.99},
    {"Neg", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0, 0},
    {"NotEqual", infer_equal, kernel_equal, OP_COMMUTES, SAMPLE_BINARY, 0, 0},
    {"OnesLike", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0, 0},
    {"PopulationCount", infer_same, kernel_population_count, 0, SAMPLE_UNARY, 0, 0},
    {"Pow", infer_broadcast, kernel_pow, 0, SAMPLE_BINARY, 1, 9},
    {"Real", infer_same, kernel_complex_part, 0, SAMPLE_COMPLEX, 0, 0},
    {"RealDiv", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 1, 9},
    {"Reciprocal", infer_same, kernel_reciprocal, 0, SAMPLE_UNARY, 1, 9},
    {"ReciprocalGrad", infer_gradient, kernel_steps, 0, SAMPLE_GRADS, 0, 0},
    {"Relu", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0, 0},
    {"Relu6", infer_same, kernel_unary, 0, SAMPLE_UNARY, -9, 9},
    {"Relu6Grad", infer_gradient, kernel_binary, 0, SAMPLE_GRADS, -9, 9},
    {"ReluGrad", infer_gradient, kernel_binary, 0, SAMPLE_GRADS, 0, 0},
    {"RightShift", infer_broadcast, kernel_bits, 0, SAMPLE_BINARY, 0, 0},
    {"Rint", infer_same, kernel_unary, 0, SAMPLE_UNARY, -20, 20},
    {"Round", infer_same, kernel_unary, 0, SAMPLE_UNARY, -20, 20},
    {"Rsqrt", infer_same, kernel_steps, 0, SAMPLE_UNARY, 0.01, 20},
    {"RsqrtGrad", infer_gradient, kernel_steps, 0, SAMPLE_GRADS, 0, 0},
    {"Select", infer_select, kernel_select, 0, SAMPLE_SELECT, 0, 0},
    {"SelectV2", infer_select_v2, kernel_select_v2, 0, SAMPLE_SELECT, 0, 0},
    {"Selu", infer_same, kernel_steps, 0, SAMPLE_UNARY, 0, 0},
    {"SeluGrad", infer_gradient, kernel_steps, 0, SAMPLE_GRADS, 0, 0},
    {"Sigmoid", infer_same, kernel_unary, 0, SAMPLE_UNARY, -8, 8},
    {"SigmoidGrad", infer_gradient, kernel_steps, 0, SAMPLE_GRADS, 0, 0},
    {"Sign", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0, 0},
    {"Sin", infer_same, kernel_unary, 0, SAMPLE_UNARY, -20, 20},
    {"Sinh", infer_same, kernel_unary, 0, SAMPLE_UNARY, -5, 5},
    {"Softplus", infer_same, kernel_steps, 0, SAMPLE_UNARY, -20, 20},
    {"SoftplusGrad", infer_gradient, kernel_steps, 0, SAMPLE_GRADS, 0, 0},
    {"Softsign", infer_same, kernel_steps, 0, SAMPLE_UNARY, -20, 20},
    {"SoftsignGrad", infer_gradient, kernel_steps, 0, SAMPLE_GRADS, 0, 0},
    {"Sqrt", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0, 20},
    {"SqrtGrad", infer_gradient, kernel_steps, 0, SAMPLE_GRADS, 0.1, 4},
    {"Square", infer_same, kernel_unary, 0, SAMPLE_UNARY, 0, 0},
    {"SquaredDifference", infer_broadcast, kernel_steps, 0, SAMPLE_BINARY, 0, 0},
    {"Sub", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 0, 0},
    {"Tan", infer_same, kernel_unary, 0, SAMPLE_UNARY, -1.4, 1.4},
    {"Tanh", infer_same, kernel_unary, 0, SAMPLE_UNARY, -5, 5},
    {"TanhGrad", infer_gradient, kernel_steps, 0, SAMPLE_GRADS, 0, 0},
    {"TruncateDiv", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 1, 9},
    {"TruncateMod", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 1, 9},
    {"Xdivy", infer_broadcast, kernel_binary, 0, SAMPLE_BINARY, 1, 9},
    {"Xlog1py", infer_broadcast, kernel_steps, 0, SAMPLE_BINARY, 0.01, 20},
    {"Xlogy", infer_broadcast, kernel_steps, 0, SAMPLE_BINARY, 0.01, 20},
    {"ZerosLike", infer_same, kernel_zeros_like, 0, SAMPLE_UNARY, 0, 0},
};

const op_family ops_elementwise = {rows, sizeof rows / sizeof rows[0]};
