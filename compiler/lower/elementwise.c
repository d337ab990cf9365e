/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise operators: one nest over the output, one value per operation. */
#include "compiler/lower/elementwise.h"

/* ---- values ------------------------------------------------------------------------------ */

static bool is_half(stepc_dtype dtype)
{
    return dtype == STEPC_HALF || dtype == STEPC_BFLOAT16;
}

/* A transcendental of X. Exact halves are computed in double and rounded once. */
int32_t lower_transcendental(lower_context *l, nest_builder *b, loop_op op, int32_t x, stepc_dtype dtype)
{
    if (!is_half(dtype) || !l->program->exact)
        return lower_round(b, nest_unary(b, op, x), dtype);
    int32_t wide = nest_unary(b, op, nest_cast(b, x, STEPC_FLOAT64));
    return nest_cast(b, nest_round_to(b, wide, dtype), STEPC_FLOAT32);
}

int32_t lower_transcendental_2(lower_context *l, nest_builder *b, loop_op op, int32_t x, int32_t y, stepc_dtype dtype)
{
    if (!is_half(dtype) || !l->program->exact)
        return lower_round(b, nest_binary(b, op, x, y), dtype);
    int32_t wide = nest_binary(b, op, nest_cast(b, x, STEPC_FLOAT64), nest_cast(b, y, STEPC_FLOAT64));
    return nest_cast(b, nest_round_to(b, wide, dtype), STEPC_FLOAT32);
}

/* A quotient of halves: float32 carries more than twice their bits, so rounding twice is harmless. */
int32_t lower_arithmetic(nest_builder *b, loop_op op, int32_t x, int32_t y, stepc_dtype dtype)
{
    return lower_round(b, nest_binary(b, op, x, y), dtype);
}

stepc_code lower_refuse_complex(lower_context *l, stepc_dtype dtype)
{
    if (!dtype_is_complex(dtype))
        return STEPC_OK;
    error_set(l->error, STEPC_UNIMPLEMENTED, "%s arithmetic is not compiled", stepc_dtype_name(dtype));
    return error_mend(l->error, "run the step interpreted");
}

/* ---- unary ------------------------------------------------------------------------------- */

static stepc_code unary_of(lower_context *l, unary_fn fn, bool part_by_part)
{
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    if (!part_by_part && dtype_is_complex(lower_info(l, 0)->dtype))
        return lower_complex_arithmetic(l);
    int32_t in = lower_input(l, 0), out = in < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t x = lower_read_broadcast(&b, in, l->program->buffers[out].rank);
    lower_write(&b, out, fn(l, &b, x, dtype));
    return nest_end(&b, l->error);
}

stepc_code lower_unary(lower_context *l, unary_fn fn) { return unary_of(l, fn, false); }

static int32_t neg(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
{
    (void)l, (void)dtype;
    return nest_unary(b, LOOP_NEG, x);
}

static int32_t square(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
{
    (void)l;
    return lower_arithmetic(b, LOOP_MUL, x, x, dtype);
}

static int32_t exponential(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
{
    return lower_transcendental(l, b, LOOP_EXP, x, dtype);
}

static int32_t logarithm(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
{
    return lower_transcendental(l, b, LOOP_LOG, x, dtype);
}

static int32_t hyperbolic_tangent(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
{
    return lower_transcendental(l, b, LOOP_TANH, x, dtype);
}

static int32_t logistic(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
{
    return lower_transcendental(l, b, LOOP_SIGMOID, x, dtype);
}

static int32_t sine(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
{
    return lower_transcendental(l, b, LOOP_SIN, x, dtype);
}

static int32_t cosine(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
{
    return lower_transcendental(l, b, LOOP_COS, x, dtype);
}

int32_t lower_number(nest_builder *b, stepc_dtype dtype, double value)
{
    stepc_dtype carried = lower_value_dtype(dtype);
    return dtype_is_float(carried) ? nest_const_f64(b, carried, value) : nest_const_i64(b, carried, (int64_t)value);
}

static int32_t zero_of(nest_builder *b, stepc_dtype dtype) { return lower_number(b, dtype, 0); }

/* x <= 0 ? 0 : x, so that NaN stays and -0 becomes +0; the default mode lets the maximum decide the zero's sign. */
static int32_t relu(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
{
    if (!dtype_is_float(dtype) && !dtype_is_signed(dtype))
        return x;
    int32_t zero = zero_of(b, dtype);
    if (!l->program->exact)
        return nest_binary(b, LOOP_MAX, x, zero);
    return nest_select(b, nest_binary(b, LOOP_LE, x, zero), zero, x);
}

static stepc_code lower_neg(lower_context *l) { return unary_of(l, neg, true); }
static stepc_code lower_square(lower_context *l) { return lower_unary(l, square); }
static stepc_code lower_exp(lower_context *l) { return lower_unary(l, exponential); }
static stepc_code lower_log(lower_context *l) { return lower_unary(l, logarithm); }
static stepc_code lower_tanh(lower_context *l) { return lower_unary(l, hyperbolic_tangent); }
static stepc_code lower_sigmoid(lower_context *l) { return lower_unary(l, logistic); }
static stepc_code lower_sin(lower_context *l) { return lower_unary(l, sine); }
static stepc_code lower_cos(lower_context *l) { return lower_unary(l, cosine); }
static stepc_code lower_relu(lower_context *l) { return lower_unary(l, relu); }

/* ---- binary ------------------------------------------------------------------------------ */

static stepc_code binary_buffers(lower_context *l, int32_t *x, int32_t *y, int32_t *out)
{
    *x = lower_input(l, 0);
    *y = *x < 0 ? -1 : lower_input(l, 1);
    *out = *y < 0 ? -1 : lower_output(l, 0);
    if (*out < 0)
        return stepc_error_code(l->error);
    stepc_code code = lower_check_broadcast(l, *x, *out);
    return code ? code : lower_check_broadcast(l, *y, *out);
}

static stepc_code binary_of(lower_context *l, binary_fn fn, bool part_by_part)
{
    stepc_dtype dtype = lower_info(l, 0)->dtype;
    if (!part_by_part && dtype_is_complex(dtype))
        return lower_complex_arithmetic(l);
    int32_t x, y, out;
    stepc_code code = binary_buffers(l, &x, &y, &out);
    if (code)
        return code;
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t rank = l->program->buffers[out].rank;
    int32_t left = lower_read_broadcast(&b, x, rank), right = lower_read_broadcast(&b, y, rank);
    lower_write(&b, out, fn(l, &b, left, right, dtype));
    return nest_end(&b, l->error);
}

static int32_t add(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)
{
    (void)l;
    return lower_arithmetic(b, LOOP_ADD, x, y, dtype);
}

static int32_t subtract(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)
{
    (void)l;
    return lower_arithmetic(b, LOOP_SUB, x, y, dtype);
}

static int32_t multiply(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)
{
    (void)l;
    return lower_arithmetic(b, LOOP_MUL, x, y, dtype);
}

static int32_t divide(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)
{
    (void)l;
    return lower_arithmetic(b, LOOP_DIV, x, y, dtype);
}


/* x != x || x > y ? x : y: the order of the operands decides between zeros of either sign. */
static int32_t maximum(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)
{
    (void)l;
    if (!b->program->exact || !dtype_is_float(dtype))
        return nest_binary(b, LOOP_MAX, x, y);
    int32_t first = nest_binary(b, LOOP_OR, nest_binary(b, LOOP_NE, x, x), nest_binary(b, LOOP_LT, y, x));
    return nest_select(b, first, x, y);
}

/* Floats: floor of the quotient rounded to the dtype, as TensorFlow's functor does. */
static int32_t floor_divide(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)
{
    (void)l;
    if (dtype_is_float(dtype))
        return nest_unary(b, LOOP_FLOOR, lower_arithmetic(b, LOOP_DIV, x, y, dtype));
    return nest_binary(b, LOOP_FLOORDIV, x, y);
}

stepc_code lower_binary(lower_context *l, binary_fn fn) { return binary_of(l, fn, false); }

/* Opens a nest over INPUT and reads it. */
static int32_t begin_check(lower_context *l, nest_builder *b, int32_t input)
{
    const loop_buffer *from = &l->program->buffers[input];
    nest_begin(b, l->program);
    nest_origin(b, l->op);
    for (int32_t d = 0; d < from->rank; d++)
        nest_axis(b, from->extents[d], AXIS_SPACE);
    return lower_read_same(b, input);
}

/* Integer division: the whole step fails before anything of this operation is written. */
stepc_code lower_check_divisor(lower_context *l, int32_t input)
{
    int32_t y = lower_input(l, input);
    if (y < 0)
        return stepc_error_code(l->error);
    nest_builder b;
    int32_t value = begin_check(l, &b, y);
    int32_t zero = nest_const_i64(&b, l->program->buffers[y].dtype, 0);
    nest_check(&b, nest_binary(&b, LOOP_NE, value, zero), STEPC_INVALID_ARGUMENT, "Integer division by zero", l->op);
    return nest_end(&b, l->error);
}

stepc_code lower_check_least(lower_context *l, int32_t input, int64_t least, const char *refusal)
{
    int32_t y = lower_input(l, input);
    if (y < 0)
        return stepc_error_code(l->error);
    nest_builder b;
    int32_t value = begin_check(l, &b, y);
    int32_t limit = nest_const_i64(&b, l->program->buffers[y].dtype, least);
    nest_check(&b, nest_binary(&b, LOOP_LE, limit, value), STEPC_INVALID_ARGUMENT, refusal, l->op);
    return nest_end(&b, l->error);
}

stepc_code lower_require_same(lower_context *l, int32_t buffer, int32_t out)
{
    const loop_buffer *in = &l->program->buffers[buffer], *result = &l->program->buffers[out];
    for (int32_t d = 0; d < in->rank; d++)
        if (in->rank != result->rank || in->extents[d] != result->extents[d])
            return lower_refuse_size(l, d);
    return STEPC_OK;
}

static stepc_code lower_division(lower_context *l, binary_fn fn)
{
    stepc_code code = dtype_is_integer(lower_info(l, 0)->dtype) ? lower_check_divisor(l, 1) : STEPC_OK;
    return code ? code : lower_binary(l, fn);
}

static stepc_code lower_add(lower_context *l) { return binary_of(l, add, true); }
static stepc_code lower_sub(lower_context *l) { return binary_of(l, subtract, true); }
static stepc_code lower_mul(lower_context *l) { return lower_binary(l, multiply); }
static stepc_code lower_maximum(lower_context *l) { return lower_binary(l, maximum); }
static stepc_code lower_real_div(lower_context *l) { return lower_division(l, divide); }
static stepc_code lower_floor_div(lower_context *l) { return lower_division(l, floor_divide); }

/* Equal of shapes that do not broadcast is a constant false, NotEqual a constant true, when the attribute allows it. */
static stepc_code lower_equal(lower_context *l)
{
    stepc_code code = lower_refuse_complex(l, lower_info(l, 0)->dtype);
    int32_t x = code ? -1 : lower_input(l, 0), y = x < 0 ? -1 : lower_input(l, 1), out = y < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    const loop_program *p = l->program;
    int32_t rank = p->buffers[out].rank;
    bool wanted = text_equal(l->op->type, TEXT_LITERAL("Equal"));
    bool fits = p->buffers[x].rank <= rank && p->buffers[y].rank <= rank;
    nest_builder b;
    if (!fits && rank == 0) {
        lower_begin(l, &b, 0);
        lower_write(&b, out, nest_const_i64(&b, STEPC_BOOL, !wanted));
        return nest_end(&b, l->error);
    }
    code = lower_check_broadcast(l, x, out);
    if (!code)
        code = lower_check_broadcast(l, y, out);
    if (code)
        return code;
    lower_begin(l, &b, 0);
    int32_t left = lower_read_broadcast(&b, x, rank), right = lower_read_broadcast(&b, y, rank);
    lower_write(&b, out, nest_binary(&b, wanted ? LOOP_EQ : LOOP_NE, left, right));
    return nest_end(&b, l->error);
}

/* ---- the rest ------------------------------------------------------------------------------ */

static stepc_code lower_add_n(lower_context *l)
{
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    int32_t *in = ARENA_ARRAY(l->step->memory, int32_t, (size_t)l->op->input_count + 1);
    if (!in)
        return error_out_of_memory(l->error, "lowering");
    for (int32_t k = 0; k < l->op->input_count; k++)
        if ((in[k] = lower_input(l, k)) < 0)
            return stepc_error_code(l->error);
    int32_t out = lower_output(l, 0);
    stepc_code code = out < 0 ? stepc_error_code(l->error) : STEPC_OK;
    for (int32_t k = 0; k < l->op->input_count && !code; k++)
        code = lower_check_broadcast(l, in[k], out);
    if (code)
        return code;
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t rank = l->program->buffers[out].rank;
    int32_t sum = lower_read_broadcast(&b, in[0], rank);
    for (int32_t k = 1; k < l->op->input_count; k++)
        sum = lower_arithmetic(&b, LOOP_ADD, sum, lower_read_broadcast(&b, in[k], rank), dtype);
    lower_write(&b, out, sum);
    return nest_end(&b, l->error);
}

/* gradients where features > 0, else 0. */
static stepc_code lower_relu_grad(lower_context *l)
{
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    int32_t x, y, out;
    stepc_code code = binary_buffers(l, &x, &y, &out);
    if (code)
        return code;
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t rank = l->program->buffers[out].rank;
    int32_t gradient = lower_read_broadcast(&b, x, rank), feature = lower_read_broadcast(&b, y, rank);
    int32_t zero = zero_of(&b, dtype);
    lower_write(&b, out, nest_select(&b, nest_binary(&b, LOOP_LT, zero, feature), gradient, zero));
    return nest_end(&b, l->error);
}

/* bias runs along the last dimension, or along dimension 1 for NCHW. */
static stepc_code lower_bias_add(lower_context *l)
{
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    stepc_code code = lower_refuse_complex(l, dtype);
    int32_t x = code ? -1 : lower_input(l, 0), bias = x < 0 ? -1 : lower_input(l, 1), out = bias < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    int32_t rank = l->program->buffers[out].rank;
    bool first = text_equal(operation_string(l->op, "data_format"), TEXT_LITERAL("NCHW"));
    int32_t channel = first ? 1 : rank - 1;
    code = lower_check_broadcast(l, x, out);
    if (!code && l->program->buffers[bias].extents[0] != l->program->buffers[out].extents[channel])
        code = lower_refuse_size(l, channel);
    if (code)
        return code;
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t value = lower_read_broadcast(&b, x, rank);
    lower_write(&b, out, lower_arithmetic(&b, LOOP_ADD, value, nest_read(&b, bias, &channel), dtype));
    return nest_end(&b, l->error);
}

/* ---- Cast ------------------------------------------------------------------------------------ */

/* To half or bfloat16 with one rounding: double holds all but the widest integers exactly, and of those
 * only bits far below the rounding position are folded into a sticky bit. */
static int32_t to_half(nest_builder *b, int32_t x, stepc_dtype from, stepc_dtype to)
{
    if (dtype_is_float(from))
        return from == STEPC_FLOAT64 ? nest_cast(b, nest_round_to(b, x, to), STEPC_FLOAT32) : nest_round_to(b, x, to);
    if (from == STEPC_INT64 || from == STEPC_UINT64) {
        int32_t low_mask = nest_const_i64(b, from, 2047), high_mask = nest_const_i64(b, from, ~(int64_t)2047);
        int32_t zero = nest_const_i64(b, from, 0), sticky = nest_const_i64(b, from, 2048);
        int32_t high = nest_binary(b, LOOP_AND, x, high_mask);
        int32_t rest = nest_binary(b, LOOP_NE, nest_binary(b, LOOP_AND, x, low_mask), zero);
        int32_t folded = nest_binary(b, LOOP_OR, high, nest_select(b, rest, sticky, zero));
        int32_t wide = nest_const_i64(b, from, (int64_t)1 << 53), low = nest_const_i64(b, from, -((int64_t)1 << 53));
        int32_t small = from == STEPC_UINT64 ? nest_binary(b, LOOP_LT, x, wide)
                                             : nest_binary(b, LOOP_AND, nest_binary(b, LOOP_LT, x, wide), nest_binary(b, LOOP_LT, low, x));
        x = nest_select(b, small, x, folded);
    }
    int32_t wide = nest_cast(b, x, STEPC_FLOAT64);
    return nest_cast(b, nest_round_to(b, wide, to), STEPC_FLOAT32);
}

/* Truncate: clear the mantissa bits that the narrower type lacks, before rounding (which then is exact). */
static int32_t truncate_float(nest_builder *b, int32_t x, stepc_dtype from, stepc_dtype to)
{
    int32_t bits = to == STEPC_HALF ? 10 : to == STEPC_BFLOAT16 ? 7 : 23;
    int32_t have = from == STEPC_FLOAT64 ? 52 : 23;
    stepc_dtype carried = from == STEPC_FLOAT64 ? STEPC_UINT64 : STEPC_UINT32;
    stepc_dtype value_dtype = lower_value_dtype(from);
    if (have <= bits)
        return x;
    int64_t mask = (int64_t)(~UINT64_C(0) << (have - bits));
    int32_t cleared = nest_binary(b, LOOP_AND, nest_bitcast(b, x, carried), nest_const_i64(b, carried, mask));
    int32_t is_nan = nest_binary(b, LOOP_NE, x, x);
    return nest_select(b, is_nan, x, nest_bitcast(b, cleared, value_dtype));
}

static stepc_code lower_cast(lower_context *l)
{
    stepc_dtype from = lower_info(l, 0)->dtype, to = lower_output_info(l, 0)->dtype;
    if (from == to) {
        int32_t same = lower_input(l, 0);
        if (same < 0)
            return stepc_error_code(l->error);
        lower_alias(l, 0, same);
        return STEPC_OK;
    }
    stepc_code code = lower_refuse_complex(l, dtype_is_complex(from) ? from : to);
    int32_t in = code ? -1 : lower_input(l, 0), out = in < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t x = lower_read_broadcast(&b, in, l->program->buffers[out].rank);
    if (operation_bool(l->op, "Truncate", false) && dtype_is_float(from) && dtype_is_float(to) && !is_half(from))
        x = truncate_float(&b, x, from, to);
    if (is_half(to))
        x = from == STEPC_BOOL ? nest_cast(&b, x, STEPC_FLOAT32) : to_half(&b, x, lower_value_dtype(from), to);
    else
        x = nest_cast(&b, x, to);
    lower_write(&b, out, x);
    return nest_end(&b, l->error);
}

static const lower_row rows[] = {
    {"Add", lower_add, 0},
    {"AccumulateNV2", lower_add_n, 0},
    {"AddN", lower_add_n, 0},
    {"AddV2", lower_add, 0},
    {"BiasAdd", lower_bias_add, 0},
    {"BiasAddV1", lower_bias_add, 0},
    {"Cast", lower_cast, 0},
    {"Cos", lower_cos, 0},
    {"Equal", lower_equal, 0},
    {"Exp", lower_exp, 0},
    {"Div", lower_real_div, 0},
    {"FloorDiv", lower_floor_div, 0},
    {"Log", lower_log, 0},
    {"Maximum", lower_maximum, 0},
    {"Mul", lower_mul, 0},
    {"Neg", lower_neg, 0},
    {"NotEqual", lower_equal, 0},
    {"RealDiv", lower_real_div, 0},
    {"Relu", lower_relu, 0},
    {"ReluGrad", lower_relu_grad, 0},
    {"Sigmoid", lower_sigmoid, 0},
    {"Sin", lower_sin, 0},
    {"Square", lower_square, 0},
    {"Sub", lower_sub, 0},
    {"Tanh", lower_tanh, 0},
};

const lower_family lower_elementwise = {rows, sizeof rows / sizeof rows[0]};
