/* SPDX-License-Identifier: Apache-2.0 */
/* Truth values, choices by them, and what gives another type than it takes. */
#include "compiler/lower/elementwise.h"

#include <math.h>

/* ---- comparisons ------------------------------------------------------------------------------- */

static int32_t less(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)
{
    (void)l, (void)dtype;
    return nest_binary(b, LOOP_LT, x, y);
}

static int32_t less_equal(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)
{
    (void)l, (void)dtype;
    return nest_binary(b, LOOP_LE, x, y);
}

static int32_t greater(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)
{
    return less(l, b, y, x, dtype);
}

static int32_t greater_equal(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)
{
    return less_equal(l, b, y, x, dtype);
}

/* Floats: |x - y| as rounded to the dtype; integers: the difference in 64 bits without a sign. */
static int32_t approximate_equal(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)
{
    double tolerance = (double)operation_float(l->op, "tolerance", 1e-5F);
    if (dtype_is_float(dtype)) {
        int32_t d = nest_unary(b, LOOP_ABS, lower_arithmetic(b, LOOP_SUB, x, y, dtype));
        return nest_binary(b, LOOP_LT, d, lower_number(b, dtype, round_to_dtype(dtype, tolerance)));
    }
    stepc_dtype wide = dtype_is_signed(dtype) ? STEPC_INT64 : STEPC_UINT64;
    x = nest_cast(b, x, wide);
    y = nest_cast(b, y, wide);
    int32_t d = nest_select(b, nest_binary(b, LOOP_LT, y, x), nest_binary(b, LOOP_SUB, x, y),
                            nest_binary(b, LOOP_SUB, y, x));
    d = nest_cast(b, wide == STEPC_INT64 ? nest_bitcast(b, d, STEPC_UINT64) : d, STEPC_FLOAT64);
    return nest_binary(b, LOOP_LT, d, nest_const_f64(b, STEPC_FLOAT64, tolerance));
}

static stepc_code lower_less(lower_context *l) { return lower_binary(l, less); }
static stepc_code lower_less_equal(lower_context *l) { return lower_binary(l, less_equal); }
static stepc_code lower_greater(lower_context *l) { return lower_binary(l, greater); }
static stepc_code lower_greater_equal(lower_context *l) { return lower_binary(l, greater_equal); }
static stepc_code lower_approximate_equal(lower_context *l) { return lower_binary(l, approximate_equal); }

/* ---- logic ------------------------------------------------------------------------------------------ */

static int32_t both(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)
{
    (void)l, (void)dtype;
    return nest_binary(b, LOOP_AND, x, y);
}

static int32_t either(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)
{
    (void)l, (void)dtype;
    return nest_binary(b, LOOP_OR, x, y);
}

static int32_t neither(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
{
    (void)l, (void)dtype;
    return nest_unary(b, LOOP_NOT, x);
}

static stepc_code lower_logical_and(lower_context *l) { return lower_binary(l, both); }
static stepc_code lower_logical_or(lower_context *l) { return lower_binary(l, either); }
static stepc_code lower_logical_not(lower_context *l) { return lower_unary(l, neither); }

/* ---- tests of floats ----------------------------------------------------------------------------------- */

/* DTYPE is the output's here: bool. */
static int32_t infinity_like(nest_builder *b, int32_t x)
{
    return nest_const_f64(b, b->nest->values[x < 0 ? 0 : x].dtype, (double)INFINITY);
}

static int32_t is_nan(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
{
    (void)l, (void)dtype;
    return nest_binary(b, LOOP_NE, x, x);
}

static int32_t is_infinite(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
{
    (void)l, (void)dtype;
    return nest_binary(b, LOOP_EQ, nest_unary(b, LOOP_ABS, x), infinity_like(b, x));
}

static int32_t is_finite(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
{
    (void)l, (void)dtype;
    return nest_binary(b, LOOP_LT, nest_unary(b, LOOP_ABS, x), infinity_like(b, x));
}

static stepc_code lower_is_nan(lower_context *l) { return lower_unary(l, is_nan); }
static stepc_code lower_is_infinite(lower_context *l) { return lower_unary(l, is_infinite); }
static stepc_code lower_is_finite(lower_context *l) { return lower_unary(l, is_finite); }

/* ---- PopulationCount ---------------------------------------------------------------------------------------- */

/* Sums of neighbouring fields of 1, 2, 4 bits; a product adds up the bytes. */
static int32_t population_count(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
{
    (void)dtype;
    stepc_dtype from = lower_info(l, 0)->dtype;
    int32_t bits = loop_value_bits(from);
    stepc_dtype u = bits == 64 ? STEPC_UINT64 : STEPC_UINT32;
    uint64_t ones = bits == 64 ? UINT64_MAX : UINT32_MAX;
    x = bits < 32 ? nest_cast(b, x, u) : nest_bitcast(b, x, u);
    if (bits < 32)
        x = nest_binary(b, LOOP_AND, x, nest_const_i64(b, u, ((int64_t)1 << bits) - 1));
#define MASK(divisor) nest_const_i64(b, u, (int64_t)(ones / (divisor)))
#define SHIFTED(value, count) nest_binary(b, LOOP_SHR, value, nest_const_i64(b, u, count))
    x = nest_binary(b, LOOP_SUB, x, nest_binary(b, LOOP_AND, SHIFTED(x, 1), MASK(3)));
    x = nest_binary(b, LOOP_ADD, nest_binary(b, LOOP_AND, x, MASK(5)), nest_binary(b, LOOP_AND, SHIFTED(x, 2), MASK(5)));
    x = nest_binary(b, LOOP_AND, nest_binary(b, LOOP_ADD, x, SHIFTED(x, 4)), MASK(17));
    x = SHIFTED(nest_binary(b, LOOP_MUL, x, MASK(255)), bits == 64 ? 56 : 24);
#undef MASK
#undef SHIFTED
    return nest_cast(b, x, STEPC_UINT8);
}

static stepc_code lower_population_count(lower_context *l) { return lower_unary(l, population_count); }

/* ---- Select, SelectV2, ClipByValue ------------------------------------------------------------------------------ */

static stepc_code three_buffers(lower_context *l, int32_t in[3], int32_t *out)
{
    stepc_code code = lower_refuse_complex(l, lower_output_info(l, 0)->dtype);
    for (int32_t k = 0; k < 3 && !code; k++)
        if ((in[k] = lower_input(l, k)) < 0)
            code = stepc_error_code(l->error);
    if (code)
        return code;
    *out = lower_output(l, 0);
    return *out < 0 ? stepc_error_code(l->error) : STEPC_OK;
}

/* A vector of conditions beside operands of more dimensions chooses along the first. */
static stepc_code lower_select(lower_context *l)
{
    int32_t in[3], out, first = 0;
    stepc_code code = three_buffers(l, in, &out);
    if (code)
        return code;
    const loop_buffer *buffers = l->program->buffers;
    bool by_row = buffers[in[0]].rank == 1 && buffers[out].rank > 1;
    if (by_row && buffers[in[0]].extents[0] != buffers[out].extents[0])
        return lower_refuse_size(l, 0);
    if (!by_row && buffers[in[0]].rank > 0)
        code = lower_require_same(l, in[0], out);
    for (int k = 1; k < 3 && !code; k++)
        code = lower_require_same(l, in[k], out);
    if (code)
        return code;
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t condition = buffers[in[0]].rank == 0 ? nest_read(&b, in[0], NULL)
                        : by_row                 ? nest_read(&b, in[0], &first)
                                                 : lower_read_same(&b, in[0]);
    int32_t yes = lower_read_same(&b, in[1]), no = lower_read_same(&b, in[2]);
    lower_write(&b, out, nest_select(&b, condition, yes, no));
    return nest_end(&b, l->error);
}

static stepc_code lower_select_v2(lower_context *l)
{
    int32_t in[3], out, read[3];
    stepc_code code = three_buffers(l, in, &out);
    for (int k = 0; k < 3 && !code; k++)
        code = lower_check_broadcast(l, in[k], out);
    if (code)
        return code;
    nest_builder b;
    lower_begin(l, &b, 0);
    for (int k = 0; k < 3; k++)
        read[k] = lower_read_broadcast(&b, in[k], l->program->buffers[out].rank);
    lower_write(&b, out, nest_select(&b, read[0], read[1], read[2]));
    return nest_end(&b, l->error);
}

/* The lesser of two and the greater of two as Minimum and Maximum choose between zeros under --exact. */
static int32_t lesser(lower_context *l, nest_builder *b, int32_t x, int32_t y, bool greater_one)
{
    stepc_dtype dtype = lower_value_dtype(lower_info(l, 0)->dtype);
    if (!l->program->exact || !dtype_is_float(dtype))
        return nest_binary(b, greater_one ? LOOP_MAX : LOOP_MIN, x, y);
    int32_t first = greater_one ? nest_binary(b, LOOP_LT, y, x) : nest_binary(b, LOOP_LT, x, y);
    return nest_select(b, nest_binary(b, LOOP_OR, nest_binary(b, LOOP_NE, x, x), first), x, y);
}

static stepc_code lower_clip_by_value(lower_context *l)
{
    int32_t in[3], out, read[3];
    stepc_code code = three_buffers(l, in, &out);
    for (int k = 0; k < 3 && !code; k++)
        if (k == 0 || l->program->buffers[in[k]].rank > 0)
            code = lower_require_same(l, in[k], out);
    if (code)
        return code;
    nest_builder b;
    lower_begin(l, &b, 0);
    for (int k = 0; k < 3; k++)
        read[k] = lower_read_broadcast(&b, in[k], l->program->buffers[out].rank);
    lower_write(&b, out, lesser(l, &b, lesser(l, &b, read[0], read[2], false), read[1], true));
    return nest_end(&b, l->error);
}

/* ---- ZerosLike --------------------------------------------------------------------------------------------------- */

static stepc_code lower_zeros_like(lower_context *l)
{
    int32_t out = lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    nest_builder b;
    lower_begin(l, &b, 0);
    lower_write(&b, out, lower_number(&b, loop_value_dtype(l->program->buffers[out].dtype), 0));
    return nest_end(&b, l->error);
}

/* ---- parts of complex numbers: every other real -------------------------------------------------------------------- */

static stepc_code lower_part(lower_context *l)
{
    int32_t in = lower_stable_input(l, 0);
    if (in < 0)
        return stepc_error_code(l->error);
    const loop_buffer *pairs = &l->program->buffers[in];
    size_ref offset = pairs->offset;
    int32_t last = pairs->rank - 1;
    if (text_equal(l->op->type, TEXT_LITERAL("Imag")))
        offset = size_sum(l->program->sizes, offset, pairs->strides[last]);
    int32_t view = loop_view_new(l->program, in, pairs->extents, pairs->strides, last, offset);
    if (view < 0)
        return error_out_of_memory(l->error, "lowering");
    lower_alias(l, 0, view);
    return STEPC_OK;
}

static stepc_code lower_conj(lower_context *l)
{
    int32_t in = lower_input(l, 0), out = in < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    stepc_code code = lower_require_same(l, in, out);
    if (code)
        return code;
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t x = lower_read_same(&b, in);
    int32_t zero = nest_const_i64(&b, STEPC_INT64, 0);
    int32_t is_real = nest_binary(&b, LOOP_EQ, nest_axis_value(&b, l->program->buffers[out].rank - 1), zero);
    lower_write(&b, out, nest_select(&b, is_real, x, nest_unary(&b, LOOP_NEG, x)));
    return nest_end(&b, l->error);
}

static const lower_row rows[] = {
    {"ApproximateEqual", lower_approximate_equal, 0},
    {"ClipByValue", lower_clip_by_value, 0},
    {"Conj", lower_conj, 0},
    {"Greater", lower_greater, 0},
    {"GreaterEqual", lower_greater_equal, 0},
    {"Imag", lower_part, 0},
    {"IsFinite", lower_is_finite, 0},
    {"IsInf", lower_is_infinite, 0},
    {"IsNan", lower_is_nan, 0},
    {"Less", lower_less, 0},
    {"LessEqual", lower_less_equal, 0},
    {"LogicalAnd", lower_logical_and, 0},
    {"LogicalNot", lower_logical_not, 0},
    {"LogicalOr", lower_logical_or, 0},
    {"PopulationCount", lower_population_count, 0},
    {"Real", lower_part, 0},
    {"Select", lower_select, 0},
    {"SelectV2", lower_select_v2, 0},
    {"ZerosLike", lower_zeros_like, 0},
};

const lower_family lower_logic = {rows, sizeof rows / sizeof rows[0]};
