/* SPDX-License-Identifier: Apache-2.0 */
/* Complex numbers, element by element: in pairs of doubles, one rounding per part, as runtime/ops/complex_math.c does it, in
 * both modes: products cancel, and float32 would leave nothing of what is left. */
#include "compiler/lower/complex.h"
#include "compiler/lower/elementwise.h"

#include <math.h>
#include <string.h>

/* The result for operands X and Y (unary operators: X alone). */
typedef pair (*pair_fn)(nest_builder *b, pair x, pair y);

typedef struct complex_row {
    const char *name;
    pair_fn fn;
    bool is_real; /* the result is: re */
} complex_row;

int32_t pair_number(nest_builder *b, double value) { return nest_const_f64(b, STEPC_FLOAT64, value); }
static int32_t number(nest_builder *b, double value) { return pair_number(b, value); }
static int32_t plus(nest_builder *b, int32_t x, int32_t y) { return nest_binary(b, LOOP_ADD, x, y); }
static int32_t minus(nest_builder *b, int32_t x, int32_t y) { return nest_binary(b, LOOP_SUB, x, y); }
static int32_t times(nest_builder *b, int32_t x, int32_t y) { return nest_binary(b, LOOP_MUL, x, y); }

pair pair_product(nest_builder *b, pair x, pair y)
{
    return (pair){minus(b, times(b, x.re, y.re), times(b, x.im, y.im)), plus(b, times(b, x.re, y.im), times(b, x.im, y.re))};
}

static pair square(nest_builder *b, pair x, pair y)
{
    (void)y;
    return pair_product(b, x, x);
}

/* Smith's method: the lesser part of the divisor over the greater one; no overflow when the quotient is in range. */
pair pair_quotient(nest_builder *b, pair x, pair y)
{
    int32_t upright = nest_binary(b, LOOP_LE, nest_unary(b, LOOP_ABS, y.im), nest_unary(b, LOOP_ABS, y.re));
    int32_t most = nest_select(b, upright, y.re, y.im), least = nest_select(b, upright, y.im, y.re);
    int32_t first = nest_select(b, upright, x.re, x.im), second = nest_select(b, upright, x.im, x.re);
    int32_t ratio = nest_binary(b, LOOP_DIV, least, most), divisor = plus(b, most, times(b, least, ratio));
    int32_t scaled = times(b, first, ratio);
    int32_t re = plus(b, first, times(b, second, ratio));
    int32_t im = nest_select(b, upright, minus(b, second, scaled), minus(b, scaled, second));
    return (pair){nest_binary(b, LOOP_DIV, re, divisor), nest_binary(b, LOOP_DIV, im, divisor)};
}

static pair reciprocal(nest_builder *b, pair x, pair y)
{
    (void)y;
    return pair_quotient(b, (pair){number(b, 1), number(b, 0)}, x);
}

static pair zero_where_zero(nest_builder *b, pair condition, pair x)
{
    int32_t zero = number(b, 0);
    int32_t is_zero = nest_binary(b, LOOP_AND, nest_binary(b, LOOP_EQ, condition.re, zero),
                                  nest_binary(b, LOOP_EQ, condition.im, zero));
    return (pair){nest_select(b, is_zero, zero, x.re), nest_select(b, is_zero, zero, x.im)};
}

static pair div_no_nan(nest_builder *b, pair x, pair y) { return zero_where_zero(b, y, pair_quotient(b, x, y)); }
static pair mul_no_nan(nest_builder *b, pair x, pair y) { return zero_where_zero(b, y, pair_product(b, x, y)); }
static pair xdivy(nest_builder *b, pair x, pair y) { return zero_where_zero(b, x, pair_quotient(b, x, y)); }

static pair squared_difference(nest_builder *b, pair x, pair y)
{
    int32_t re = minus(b, x.re, y.re), im = minus(b, x.im, y.im);
    return (pair){plus(b, times(b, re, re), times(b, im, im)), number(b, 0)};
}

/* Scaled where a square would leave the range of doubles; infinite where the greater part is. */
int32_t pair_magnitude(nest_builder *b, pair x)
{
    int32_t re = nest_unary(b, LOOP_ABS, x.re), im = nest_unary(b, LOOP_ABS, x.im);
    int32_t most = nest_select(b, nest_binary(b, LOOP_LT, im, re), re, im);
    int32_t scale = nest_select(b, nest_binary(b, LOOP_LT, most, number(b, 0x1p-400)), number(b, 0x1p600), number(b, 1));
    scale = nest_select(b, nest_binary(b, LOOP_LT, number(b, 0x1p500), most), number(b, 0x1p-600), scale);
    re = times(b, re, scale);
    im = times(b, im, scale);
    int32_t root = nest_unary(b, LOOP_SQRT, plus(b, times(b, re, re), times(b, im, im)));
    int32_t infinite = nest_binary(b, LOOP_LT, number(b, 0x1.fffffffffffffp1023), most);
    return nest_select(b, infinite, most, nest_binary(b, LOOP_DIV, root, scale));
}

static pair magnitude(nest_builder *b, pair x, pair y)
{
    (void)y;
    return (pair){pair_magnitude(b, x), -1};
}

static pair angle(nest_builder *b, pair x, pair y)
{
    (void)y;
    return (pair){nest_binary(b, LOOP_ATAN2, x.im, x.re), -1};
}

static pair xlogy(nest_builder *b, pair x, pair y) { return zero_where_zero(b, x, pair_product(b, x, pair_log(b, y))); }
static pair xlog1py(nest_builder *b, pair x, pair y) { return zero_where_zero(b, x, pair_product(b, x, pair_log1p(b, y))); }

static int32_t is_number(nest_builder *b, pair z, double re, double im)
{
    return nest_binary(b, LOOP_AND, nest_binary(b, LOOP_EQ, z.re, number(b, re)), nest_binary(b, LOOP_EQ, z.im, number(b, im)));
}

static pair choose(nest_builder *b, int32_t condition, pair yes, pair no)
{
    return (pair){nest_select(b, condition, yes.re, no.re), nest_select(b, condition, yes.im, no.im)};
}

/* The last test that holds decides, as the first one does in complex_pow. */
static pair power(nest_builder *b, pair x, pair y)
{
    int32_t zero = number(b, 0), nan = number(b, (double)NAN), is_positive = nest_binary(b, LOOP_LT, zero, y.re);
    pair z = pair_exp(b, pair_product(b, y, pair_log(b, x)));
    z = choose(b, is_number(b, y, 2, 0), pair_product(b, x, x), z);
    z = choose(b, is_number(b, y, 1, 0), x, z);
    int32_t none = nest_select(b, is_positive, zero, nan);
    z = choose(b, is_number(b, x, 0, 0), (pair){none, none}, z);
    return choose(b, is_number(b, y, 0, 0), (pair){number(b, 1), zero}, z);
}

/* ---- gradients: the output Y first; TensorFlow multiplies by the conjugate derivative ---- */

static pair conjugate(nest_builder *b, pair x) { return (pair){x.re, nest_unary(b, LOOP_NEG, x.im)}; }
static pair one_less(nest_builder *b, pair x) { return (pair){minus(b, number(b, 1), x.re), nest_unary(b, LOOP_NEG, x.im)}; }

static pair scale(nest_builder *b, double factor, pair x)
{
    return (pair){times(b, number(b, factor), x.re), times(b, number(b, factor), x.im)};
}

static pair sigmoid_grad(nest_builder *b, pair y, pair dy)
{
    return pair_product(b, dy, conjugate(b, pair_product(b, y, one_less(b, y))));
}

static pair tanh_grad(nest_builder *b, pair y, pair dy)
{
    return pair_product(b, dy, conjugate(b, one_less(b, pair_product(b, y, y))));
}

static pair sqrt_grad(nest_builder *b, pair y, pair dy) { return pair_quotient(b, scale(b, 0.5, dy), conjugate(b, y)); }

static pair rsqrt_grad(nest_builder *b, pair y, pair dy)
{
    pair c = conjugate(b, y);
    return pair_product(b, pair_product(b, scale(b, -0.5, dy), c), pair_product(b, c, c));
}

static pair reciprocal_grad(nest_builder *b, pair y, pair dy)
{
    pair c = conjugate(b, y), minus_c = {nest_unary(b, LOOP_NEG, c.re), nest_unary(b, LOOP_NEG, c.im)};
    return pair_product(b, pair_product(b, minus_c, dy), c);
}

static const complex_row table[] = {
    {"Angle", angle, true},
    {"ComplexAbs", magnitude, true},
    {"Div", pair_quotient, false},
    {"DivNoNan", div_no_nan, false},
    {"Inv", reciprocal, false},
    {"InvGrad", reciprocal_grad, false},
    {"Mul", pair_product, false},
    {"MulNoNan", mul_no_nan, false},
    {"Pow", power, false},
    {"RealDiv", pair_quotient, false},
    {"Reciprocal", reciprocal, false},
    {"ReciprocalGrad", reciprocal_grad, false},
    {"RsqrtGrad", rsqrt_grad, false},
    {"SigmoidGrad", sigmoid_grad, false},
    {"SqrtGrad", sqrt_grad, false},
    {"Square", square, false},
    {"SquaredDifference", squared_difference, false},
    {"TanhGrad", tanh_grad, false},
    {"TruncateDiv", pair_quotient, false},
    {"Xdivy", xdivy, false},
    {"Xlog1py", xlog1py, false},
    {"Xlogy", xlogy, false},
};

/* A view of part PART (0: real, 1: imaginary) of the numbers in BUFFER; -1 with the error set. */
static int32_t part_of(lower_context *l, int32_t buffer, int32_t part)
{
    const loop_buffer *pairs = &l->program->buffers[buffer];
    int32_t last = pairs->rank - 1;
    size_ref offset = pairs->offset;
    if (part == 1)
        offset = size_sum(l->program->sizes, offset, pairs->strides[last]);
    int32_t view = loop_view_new(l->program, buffer, pairs->extents, pairs->strides, last, offset);
    if (view < 0)
        error_out_of_memory(l->error, "lowering");
    return view;
}

/* Views of the parts of operands and result: PARTS[k] of input k, the last ones of the output. */
static stepc_code take_apart(lower_context *l, bool is_real, int32_t parts[3][2])
{
    int32_t inputs = l->op->input_count, whole[3];
    for (int32_t k = 0; k < inputs; k++)
        if ((whole[k] = lower_input(l, k)) < 0)
            return stepc_error_code(l->error);
    if ((whole[inputs] = lower_output(l, 0)) < 0)
        return stepc_error_code(l->error);
    for (int32_t k = 0; k <= inputs; k++)
        for (int32_t part = 0; part < 2; part++) {
            parts[k][part] = k == inputs && is_real ? whole[k] : part_of(l, whole[k], part);
            if (parts[k][part] < 0)
                return stepc_error_code(l->error);
        }
    for (int32_t k = 0; k < inputs; k++) {
        stepc_code code = lower_check_broadcast(l, parts[k][0], parts[inputs][0]);
        if (code)
            return code;
    }
    return STEPC_OK;
}

static pair read_pair(nest_builder *b, const int32_t parts[2], int32_t rank)
{
    int32_t re = lower_read_broadcast(b, parts[0], rank), im = lower_read_broadcast(b, parts[1], rank);
    return (pair){nest_cast(b, re, STEPC_FLOAT64), nest_cast(b, im, STEPC_FLOAT64)};
}

stepc_code lower_complex_arithmetic(lower_context *l)
{
    int32_t parts[3][2], inputs = l->op->input_count;
    const complex_row *row = NULL;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].name, l->op->type.data) == 0)
            row = &table[i];
    pair_function function = row || inputs != 1 ? NULL : pair_function_find(l->op->type.data);
    if ((!row && !function) || inputs > 2)
        return lower_refuse_complex(l, lower_info(l, 0)->dtype);
    stepc_code code = take_apart(l, row && row->is_real, parts);
    if (code)
        return code;
    const loop_buffer *out = &l->program->buffers[parts[inputs][0]];
    stepc_dtype dtype = out->dtype;
    int32_t rank = out->rank;
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    for (int32_t d = 0; d < rank; d++)
        nest_axis(&b, out->extents[d], AXIS_SPACE);
    pair x = read_pair(&b, parts[0], rank), y = inputs == 2 ? read_pair(&b, parts[1], rank) : x;
    pair z = row ? row->fn(&b, x, y) : function(&b, x);
    lower_write(&b, parts[inputs][0], nest_cast(&b, z.re, dtype));
    if (!row || !row->is_real)
        lower_write(&b, parts[inputs][1], nest_cast(&b, z.im, dtype));
    return nest_end(&b, l->error);
}

static const lower_row rows[] = {
    {"Angle", lower_complex_arithmetic, 0},
    {"ComplexAbs", lower_complex_arithmetic, 0},
};

const lower_family lower_complex_rows = {rows, sizeof rows / sizeof rows[0]};
