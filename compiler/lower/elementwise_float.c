/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise operators by table: functions, activations, their gradients, remainders, bits. What is made of several
 * steps rounds every step to the type of values (float32 for halves) and the last to the dtype. */
#include "compiler/lower/elementwise.h"

#include <string.h>

/* ---- shorter words -------------------------------------------------------------------------- */

static int32_t two(nest_builder *b, loop_op op, int32_t x, int32_t y) { return nest_binary(b, op, x, y); }

static int32_t one(nest_builder *b, loop_op op, int32_t x) { return nest_unary(b, op, x); }

static int32_t number(nest_builder *b, stepc_dtype dtype, double value) { return lower_number(b, dtype, value); }

/* x < 0 */
static int32_t negative(nest_builder *b, int32_t x, stepc_dtype dtype)
{
    return two(b, LOOP_LT, x, number(b, dtype, 0));
}

static int32_t positive(nest_builder *b, int32_t x, stepc_dtype dtype)
{
    return two(b, LOOP_LT, number(b, dtype, 0), x);
}

static int32_t is_zero(nest_builder *b, int32_t x, stepc_dtype dtype)
{
    return two(b, LOOP_EQ, x, number(b, dtype, 0));
}

/* The arguments that every row's function has. */
#define UNARY(name)  static int32_t name(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
#define BINARY(name) static int32_t name(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)

/* ---- one function of the loop IR --------------------------------------------------------------- */

#define FUNCTION(name, op)                                                                                             \
    UNARY(name)                                                                                                        \
    {                                                                                                                  \
        return lower_transcendental(l, b, op, x, dtype);                                                               \
    }

FUNCTION(inverse_cosine, LOOP_ACOS)
FUNCTION(inverse_hyperbolic_cosine, LOOP_ACOSH)
FUNCTION(inverse_sine, LOOP_ASIN)
FUNCTION(inverse_hyperbolic_sine, LOOP_ASINH)
FUNCTION(inverse_tangent, LOOP_ATAN)
FUNCTION(inverse_hyperbolic_tangent, LOOP_ATANH)
FUNCTION(hyperbolic_cosine, LOOP_COSH)
FUNCTION(error_function, LOOP_ERF)
FUNCTION(error_complement, LOOP_ERFC)
FUNCTION(digamma, LOOP_DIGAMMA)
FUNCTION(error_inverse, LOOP_ERFINV)
FUNCTION(log_gamma, LOOP_LGAMMA)
FUNCTION(normal_quantile, LOOP_NDTRI)
FUNCTION(bessel_0, LOOP_BESSEL_I0)
FUNCTION(bessel_0_scaled, LOOP_BESSEL_I0E)
FUNCTION(bessel_1, LOOP_BESSEL_I1)
FUNCTION(bessel_1_scaled, LOOP_BESSEL_I1E)
FUNCTION(exponential_less_one, LOOP_EXPM1)
FUNCTION(logarithm_of_one_more, LOOP_LOG1P)
FUNCTION(hyperbolic_sine, LOOP_SINH)
FUNCTION(tangent, LOOP_TAN)

/* ---- simple ones ---------------------------------------------------------------------------------- */

UNARY(absolute)
{
    (void)l, (void)dtype;
    return one(b, LOOP_ABS, x);
}

UNARY(floor_of)
{
    (void)l, (void)dtype;
    return one(b, LOOP_FLOOR, x);
}

UNARY(ceiling_of)
{
    (void)l, (void)dtype;
    return one(b, LOOP_NEG, one(b, LOOP_FLOOR, one(b, LOOP_NEG, x)));
}

UNARY(round_of)
{
    (void)l;
    return dtype_is_float(dtype) ? one(b, LOOP_ROUND, x) : x;
}

UNARY(square_root)
{
    (void)l;
    return lower_round(b, one(b, LOOP_SQRT, x), dtype);
}

UNARY(sign_of)
{
    (void)l;
    int32_t zero = number(b, dtype, 0);
    int32_t rest = dtype_is_float(dtype) ? nest_select(b, is_zero(b, x, dtype), zero, x) : zero;
    rest = nest_select(b, negative(b, x, dtype), number(b, dtype, -1), rest);
    return nest_select(b, positive(b, x, dtype), number(b, dtype, 1), rest);
}

/* Integers other than 1 and -1 give 0. */
UNARY(reciprocal)
{
    (void)l;
    if (dtype_is_float(dtype))
        return lower_arithmetic(b, LOOP_DIV, number(b, dtype, 1), x, dtype);
    return nest_binary(b, LOOP_DIV, number(b, dtype, 1), x);
}

UNARY(relu6)
{
    int32_t zero = number(b, dtype, 0), six = number(b, dtype, 6);
    if (!dtype_is_float(dtype) && !dtype_is_signed(dtype))
        return two(b, LOOP_MIN, x, six);
    if (!l->program->exact || !dtype_is_float(dtype))
        return two(b, LOOP_MIN, two(b, LOOP_MAX, x, zero), six);
    return nest_select(b, two(b, LOOP_LE, x, zero), zero, nest_select(b, two(b, LOOP_LE, six, x), six, x));
}

UNARY(invert)
{
    (void)l, (void)dtype;
    return one(b, LOOP_NOT, x);
}

/* ---- activations ------------------------------------------------------------------------------------- */

static const double selu_scale = 1.0507009873554805, selu_scale_alpha = 1.7580993408473769;

/* LeakyRelu's, as the dtype has it. */
static int32_t alpha(lower_context *l, nest_builder *b, stepc_dtype dtype)
{
    return number(b, dtype, round_to_dtype(dtype, (double)operation_float(l->op, "alpha", 0.2F)));
}

UNARY(reciprocal_root)
{
    (void)l;
    return lower_arithmetic(b, LOOP_DIV, number(b, dtype, 1), one(b, LOOP_SQRT, x), dtype);
}

UNARY(elu)
{
    (void)l;
    int32_t y = nest_select(b, negative(b, x, dtype), one(b, LOOP_EXPM1, x), x);
    return lower_round(b, y, dtype);
}

UNARY(selu)
{
    (void)l;
    int32_t below = two(b, LOOP_MUL, number(b, dtype, selu_scale_alpha), one(b, LOOP_EXPM1, x));
    int32_t above = two(b, LOOP_MUL, number(b, dtype, selu_scale), x);
    return lower_round(b, nest_select(b, negative(b, x, dtype), below, above), dtype);
}

UNARY(leaky_relu)
{
    int32_t scaled = lower_arithmetic(b, LOOP_MUL, alpha(l, b, dtype), x, dtype);
    return nest_select(b, positive(b, x, dtype), x, scaled);
}

/* One function in the default mode, TensorFlow's steps in the exact one, which lose up to 7 ULP at their threshold. */
UNARY(softplus)
{
    if (!l->program->exact)
        return lower_transcendental(l, b, LOOP_SOFTPLUS, x, dtype);
    double threshold = dtype == STEPC_FLOAT64 ? 34.04365338911715 : 13.942385150;
    int32_t e = one(b, LOOP_EXP, x);
    int32_t low = two(b, LOOP_LT, x, number(b, dtype, -threshold));
    int32_t y = nest_select(b, low, e, one(b, LOOP_LOG1P, e));
    y = nest_select(b, two(b, LOOP_LT, number(b, dtype, threshold), x), x, y);
    return lower_round(b, y, dtype);
}

/* 1 + |x| */
static int32_t beyond_one(nest_builder *b, int32_t x, stepc_dtype dtype)
{
    return two(b, LOOP_ADD, number(b, dtype, 1), one(b, LOOP_ABS, x));
}

UNARY(softsign)
{
    (void)l;
    return lower_arithmetic(b, LOOP_DIV, x, beyond_one(b, x, dtype), dtype);
}

/* ---- two operands ---------------------------------------------------------------------------------------- */

/* x != x || x < y ? x : y: the order of the operands decides between zeros of either sign. */
BINARY(minimum)
{
    if (!l->program->exact || !dtype_is_float(dtype))
        return two(b, LOOP_MIN, x, y);
    return nest_select(b, two(b, LOOP_OR, two(b, LOOP_NE, x, x), two(b, LOOP_LT, x, y)), x, y);
}

BINARY(squared_difference)
{
    (void)l;
    int32_t d = two(b, LOOP_SUB, x, y);
    return lower_arithmetic(b, LOOP_MUL, d, d, dtype);
}

BINARY(div_no_nan)
{
    (void)l;
    return nest_select(b, is_zero(b, y, dtype), number(b, dtype, 0), lower_arithmetic(b, LOOP_DIV, x, y, dtype));
}

BINARY(mul_no_nan)
{
    (void)l;
    return nest_select(b, is_zero(b, y, dtype), number(b, dtype, 0), lower_arithmetic(b, LOOP_MUL, x, y, dtype));
}

BINARY(xdivy)
{
    (void)l;
    return nest_select(b, is_zero(b, x, dtype), number(b, dtype, 0), lower_arithmetic(b, LOOP_DIV, x, y, dtype));
}

static int32_t times_log(nest_builder *b, loop_op op, int32_t x, int32_t y, stepc_dtype dtype)
{
    int32_t product = lower_arithmetic(b, LOOP_MUL, x, one(b, op, y), dtype);
    return nest_select(b, is_zero(b, x, dtype), number(b, dtype, 0), product);
}

BINARY(xlogy)
{
    (void)l;
    return times_log(b, LOOP_LOG, x, y, dtype);
}

BINARY(xlog1py)
{
    (void)l;
    return times_log(b, LOOP_LOG1P, x, y, dtype);
}

BINARY(angle_of) { return lower_transcendental_2(l, b, LOOP_ATAN2, x, y, dtype); }

BINARY(power)
{
    return dtype_is_float(dtype) ? lower_transcendental_2(l, b, LOOP_POW, x, y, dtype) : two(b, LOOP_POW, x, y);
}

/* What truncating division leaves. */
BINARY(remainder_of)
{
    (void)l;
    if (dtype_is_float(dtype))
        return two(b, LOOP_FMOD, x, y);
    return two(b, LOOP_SUB, x, two(b, LOOP_MUL, two(b, LOOP_DIV, x, y), y));
}

BINARY(floor_remainder)
{
    int32_t rest = remainder_of(l, b, x, y, dtype);
    if (!dtype_is_float(dtype) && !dtype_is_signed(dtype))
        return rest;
    int32_t wrong = two(b, LOOP_NE, negative(b, y, dtype), negative(b, rest, dtype));
    wrong = two(b, LOOP_AND, two(b, LOOP_NE, rest, number(b, dtype, 0)), wrong);
    return nest_select(b, wrong, lower_arithmetic(b, LOOP_ADD, rest, y, dtype), rest);
}

BINARY(truncated_quotient)
{
    (void)l;
    int32_t q = lower_arithmetic(b, LOOP_DIV, x, y, dtype);
    if (!dtype_is_float(dtype))
        return q;
    int32_t up = one(b, LOOP_NEG, one(b, LOOP_FLOOR, one(b, LOOP_NEG, q)));
    return nest_select(b, negative(b, q, dtype), up, one(b, LOOP_FLOOR, q));
}

/* ---- gradients: X is the gradient, Y the feature or the output ----------------------------------------------- */

BINARY(relu6_grad)
{
    (void)l;
    int32_t inside = two(b, LOOP_AND, positive(b, y, dtype), two(b, LOOP_LT, y, number(b, dtype, 6)));
    return nest_select(b, inside, x, number(b, dtype, 0));
}

BINARY(elu_grad)
{
    (void)l;
    int32_t below = two(b, LOOP_MUL, two(b, LOOP_ADD, y, number(b, dtype, 1)), x);
    return lower_round(b, nest_select(b, negative(b, y, dtype), below, x), dtype);
}

BINARY(selu_grad)
{
    (void)l;
    int32_t below = two(b, LOOP_MUL, two(b, LOOP_ADD, y, number(b, dtype, selu_scale_alpha)), x);
    int32_t above = two(b, LOOP_MUL, number(b, dtype, selu_scale), x);
    return lower_round(b, nest_select(b, negative(b, y, dtype), below, above), dtype);
}

BINARY(leaky_relu_grad)
{
    int32_t scaled = lower_arithmetic(b, LOOP_MUL, alpha(l, b, dtype), x, dtype);
    return nest_select(b, positive(b, y, dtype), x, scaled);
}

BINARY(softplus_grad)
{
    (void)l;
    int32_t divisor = two(b, LOOP_ADD, one(b, LOOP_EXP, one(b, LOOP_NEG, y)), number(b, dtype, 1));
    return lower_arithmetic(b, LOOP_DIV, x, divisor, dtype);
}

BINARY(softsign_grad)
{
    (void)l;
    int32_t a = beyond_one(b, y, dtype);
    return lower_arithmetic(b, LOOP_DIV, x, two(b, LOOP_MUL, a, a), dtype);
}

/* ---- gradients: X is the output, Y the gradient ----------------------------------------------------------------- */

BINARY(sigmoid_grad)
{
    (void)l;
    int32_t rest = two(b, LOOP_SUB, number(b, dtype, 1), x);
    return lower_arithmetic(b, LOOP_MUL, two(b, LOOP_MUL, y, x), rest, dtype);
}

BINARY(tanh_grad)
{
    (void)l;
    int32_t rest = two(b, LOOP_SUB, number(b, dtype, 1), two(b, LOOP_MUL, x, x));
    return lower_arithmetic(b, LOOP_MUL, y, rest, dtype);
}

BINARY(sqrt_grad)
{
    (void)l;
    return lower_arithmetic(b, LOOP_DIV, two(b, LOOP_MUL, y, number(b, dtype, 0.5)), x, dtype);
}

BINARY(rsqrt_grad)
{
    (void)l;
    int32_t cube = two(b, LOOP_MUL, two(b, LOOP_MUL, x, x), x);
    return lower_arithmetic(b, LOOP_MUL, two(b, LOOP_MUL, y, number(b, dtype, -0.5)), cube, dtype);
}

BINARY(reciprocal_grad)
{
    (void)l;
    return lower_arithmetic(b, LOOP_MUL, one(b, LOOP_NEG, y), two(b, LOOP_MUL, x, x), dtype);
}

/* ---- bits ------------------------------------------------------------------------------------------------------- */

BINARY(bits_and)
{
    (void)l, (void)dtype;
    return two(b, LOOP_AND, x, y);
}

BINARY(bits_or)
{
    (void)l, (void)dtype;
    return two(b, LOOP_OR, x, y);
}

BINARY(bits_xor)
{
    (void)l, (void)dtype;
    return two(b, LOOP_XOR, x, y);
}

/* Counts outside 0 .. width - 1 are taken for the nearest of these. */
static int32_t shift_count(nest_builder *b, int32_t y, stepc_dtype dtype)
{
    if (dtype_is_signed(dtype))
        y = two(b, LOOP_MAX, y, number(b, dtype, 0));
    return two(b, LOOP_MIN, y, number(b, dtype, loop_value_bits(dtype) - 1));
}

BINARY(shift_left)
{
    (void)l;
    return two(b, LOOP_SHL, x, shift_count(b, y, dtype));
}

BINARY(shift_right)
{
    (void)l;
    return two(b, LOOP_SHR, x, shift_count(b, y, dtype));
}

/* ---- the table ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    unary_fn unary;
    binary_fn binary;
    bool divides; /* integers: the last operand must not be 0 */
} table[] = {
    {"Abs", absolute, NULL, false},
    {"Acos", inverse_cosine, NULL, false},
    {"Acosh", inverse_hyperbolic_cosine, NULL, false},
    {"Asin", inverse_sine, NULL, false},
    {"Asinh", inverse_hyperbolic_sine, NULL, false},
    {"Atan", inverse_tangent, NULL, false},
    {"Atan2", NULL, angle_of, false},
    {"Atanh", inverse_hyperbolic_tangent, NULL, false},
    {"BesselI0", bessel_0, NULL, false},
    {"BesselI0e", bessel_0_scaled, NULL, false},
    {"BesselI1", bessel_1, NULL, false},
    {"BesselI1e", bessel_1_scaled, NULL, false},
    {"BitwiseAnd", NULL, bits_and, false},
    {"BitwiseOr", NULL, bits_or, false},
    {"BitwiseXor", NULL, bits_xor, false},
    {"Ceil", ceiling_of, NULL, false},
    {"Cosh", hyperbolic_cosine, NULL, false},
    {"Digamma", digamma, NULL, false},
    {"DivNoNan", NULL, div_no_nan, false},
    {"Elu", elu, NULL, false},
    {"EluGrad", NULL, elu_grad, false},
    {"Erf", error_function, NULL, false},
    {"Erfc", error_complement, NULL, false},
    {"Erfinv", error_inverse, NULL, false},
    {"Expm1", exponential_less_one, NULL, false},
    {"Floor", floor_of, NULL, false},
    {"FloorMod", NULL, floor_remainder, true},
    {"Inv", reciprocal, NULL, true},
    {"InvGrad", NULL, reciprocal_grad, false},
    {"Invert", invert, NULL, false},
    {"LeakyRelu", leaky_relu, NULL, false},
    {"LeakyReluGrad", NULL, leaky_relu_grad, false},
    {"LeftShift", NULL, shift_left, false},
    {"Lgamma", log_gamma, NULL, false},
    {"Log1p", logarithm_of_one_more, NULL, false},
    {"Minimum", NULL, minimum, false},
    {"Mod", NULL, remainder_of, true},
    {"MulNoNan", NULL, mul_no_nan, false},
    {"Ndtri", normal_quantile, NULL, false},
    {"Pow", NULL, power, false},
    {"Reciprocal", reciprocal, NULL, true},
    {"ReciprocalGrad", NULL, reciprocal_grad, false},
    {"Relu6", relu6, NULL, false},
    {"Relu6Grad", NULL, relu6_grad, false},
    {"RightShift", NULL, shift_right, false},
    {"Rint", round_of, NULL, false},
    {"Round", round_of, NULL, false},
    {"Rsqrt", reciprocal_root, NULL, false},
    {"RsqrtGrad", NULL, rsqrt_grad, false},
    {"Selu", selu, NULL, false},
    {"SeluGrad", NULL, selu_grad, false},
    {"SigmoidGrad", NULL, sigmoid_grad, false},
    {"Sign", sign_of, NULL, false},
    {"Sinh", hyperbolic_sine, NULL, false},
    {"Softplus", softplus, NULL, false},
    {"SoftplusGrad", NULL, softplus_grad, false},
    {"Softsign", softsign, NULL, false},
    {"SoftsignGrad", NULL, softsign_grad, false},
    {"Sqrt", square_root, NULL, false},
    {"SqrtGrad", NULL, sqrt_grad, false},
    {"SquaredDifference", NULL, squared_difference, false},
    {"Tan", tangent, NULL, false},
    {"TanhGrad", NULL, tanh_grad, false},
    {"TruncateDiv", NULL, truncated_quotient, true},
    {"TruncateMod", NULL, remainder_of, true},
    {"Xdivy", NULL, xdivy, false},
    {"Xlog1py", NULL, xlog1py, false},
    {"Xlogy", NULL, xlogy, false},
};

static stepc_code lower_by_table(lower_context *l)
{
    size_t i = 0;
    stepc_code code = STEPC_OK;
    while (strcmp(table[i].name, l->op->type.data) != 0) /* every row of the family is in the table */
        i++;
    bool is_integer = dtype_is_integer(lower_info(l, 0)->dtype);
    if (table[i].divides && is_integer)
        code = lower_check_divisor(l, l->op->input_count - 1);
    if (!code && is_integer && table[i].binary == power)
        code = lower_check_least(l, 1, 0, "Integers to negative integer powers are not allowed");
    if (code)
        return code;
    return table[i].unary ? lower_unary(l, table[i].unary) : lower_binary(l, table[i].binary);
}

#define ROW(name) {name, lower_by_table, 0}
static const lower_row rows[] = {
    ROW("Abs"), ROW("Acos"), ROW("Acosh"), ROW("Asin"), ROW("Asinh"), ROW("Atan"), ROW("Atan2"), ROW("Atanh"),
    ROW("BesselI0"), ROW("BesselI0e"), ROW("BesselI1"), ROW("BesselI1e"), ROW("BitwiseAnd"), ROW("BitwiseOr"), ROW("BitwiseXor"), ROW("Ceil"), ROW("Cosh"), ROW("Digamma"), ROW("DivNoNan"), ROW("Elu"),
    ROW("EluGrad"), ROW("Erf"), ROW("Erfc"), ROW("Erfinv"), ROW("Expm1"), ROW("Floor"), ROW("FloorMod"), ROW("Inv"),
    ROW("InvGrad"), ROW("Invert"), ROW("LeakyRelu"), ROW("LeakyReluGrad"), ROW("LeftShift"), ROW("Lgamma"), ROW("Log1p"),
    ROW("Minimum"), ROW("Mod"), ROW("MulNoNan"), ROW("Ndtri"), ROW("Pow"), ROW("Reciprocal"), ROW("ReciprocalGrad"), ROW("Relu6"),
    ROW("Relu6Grad"), ROW("RightShift"), ROW("Rint"), ROW("Round"), ROW("Rsqrt"), ROW("RsqrtGrad"), ROW("Selu"),
    ROW("SeluGrad"), ROW("SigmoidGrad"), ROW("Sign"), ROW("Sinh"), ROW("Softplus"), ROW("SoftplusGrad"),
    ROW("Softsign"), ROW("SoftsignGrad"), ROW("Sqrt"), ROW("SqrtGrad"), ROW("SquaredDifference"), ROW("Tan"),
    ROW("TanhGrad"), ROW("TruncateDiv"), ROW("TruncateMod"), ROW("Xdivy"), ROW("Xlog1py"), ROW("Xlogy"),
};
#undef ROW

const lower_family lower_float = {rows, sizeof rows / sizeof rows[0]};
