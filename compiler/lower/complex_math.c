/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of complex numbers in nests: those of runtime/ops/complex_math.c, operation by operation. Where that has a
 * branch there is a select. */
#include "compiler/lower/complex.h"

#include <math.h>
#include <string.h>

static int32_t number(nest_builder *b, double value) { return pair_number(b, value); }
static int32_t plus(nest_builder *b, int32_t x, int32_t y) { return nest_binary(b, LOOP_ADD, x, y); }
static int32_t minus(nest_builder *b, int32_t x, int32_t y) { return nest_binary(b, LOOP_SUB, x, y); }
static int32_t times(nest_builder *b, int32_t x, int32_t y) { return nest_binary(b, LOOP_MUL, x, y); }
static int32_t over(nest_builder *b, int32_t x, int32_t y) { return nest_binary(b, LOOP_DIV, x, y); }
static int32_t less(nest_builder *b, int32_t x, int32_t y) { return nest_binary(b, LOOP_LT, x, y); }
static int32_t both(nest_builder *b, int32_t x, int32_t y) { return nest_binary(b, LOOP_AND, x, y); }
static int32_t either(nest_builder *b, int32_t x, int32_t y) { return nest_binary(b, LOOP_OR, x, y); }
static int32_t of(nest_builder *b, loop_op op, int32_t x) { return nest_unary(b, op, x); }
static int32_t negated(nest_builder *b, int32_t x) { return nest_unary(b, LOOP_NEG, x); }
static int32_t scaled(nest_builder *b, double factor, int32_t x) { return times(b, number(b, factor), x); }
static int32_t is_zero(nest_builder *b, int32_t x) { return nest_binary(b, LOOP_EQ, x, number(b, 0)); }
static int32_t exceeds(nest_builder *b, int32_t x, double limit) { return less(b, number(b, limit), x); }
static int32_t below(nest_builder *b, int32_t x, double limit) { return less(b, x, number(b, limit)); }

/* x < 0 ? -x : x: -0 stays what it is. */
static int32_t absolute(nest_builder *b, int32_t x) { return nest_select(b, below(b, x, 0), negated(b, x), x); }

static pair choose(nest_builder *b, int32_t condition, pair yes, pair no)
{
    return (pair){nest_select(b, condition, yes.re, no.re), nest_select(b, condition, yes.im, no.im)};
}

static pair real(nest_builder *b, double re, double im) { return (pair){number(b, re), number(b, im)}; }

/* The magnitude of X with Y's sign, that of zeros too. */
static int32_t with_sign(nest_builder *b, int32_t x, int32_t y)
{
    int32_t signed_zero = both(b, is_zero(b, y), below(b, over(b, number(b, 1), y), 0));
    int32_t is_other = nest_binary(b, LOOP_NE, either(b, below(b, y, 0), signed_zero), below(b, x, 0));
    return nest_select(b, is_other, negated(b, x), x);
}

/* ---- exponentials and logarithms ------------------------------------------------------------------ */

pair pair_exp(nest_builder *b, pair z)
{
    int32_t cosine = of(b, LOOP_COS, z.im), sine = of(b, LOOP_SIN, z.im), size = of(b, LOOP_EXP, z.re);
    int32_t half = of(b, LOOP_EXP, times(b, z.re, number(b, 0.5)));
    int32_t is_large = both(b, exceeds(b, z.re, 700), below(b, z.re, 1500));
    pair large = {times(b, times(b, half, cosine), half), times(b, times(b, half, sine), half)};
    pair plain = {times(b, size, cosine), times(b, size, sine)};
    plain = choose(b, is_zero(b, size), real(b, 0, 0), plain);
    plain = choose(b, is_large, large, plain);
    return choose(b, is_zero(b, z.im), (pair){size, z.im}, plain);
}

static pair pair_expm1(nest_builder *b, pair z)
{
    int32_t s = of(b, LOOP_SIN, times(b, z.im, number(b, 0.5))), far = exceeds(b, absolute(b, z.re), 1);
    pair e = pair_exp(b, z), near;
    near.re = minus(b, times(b, of(b, LOOP_EXPM1, z.re), of(b, LOOP_COS, z.im)), times(b, scaled(b, 2, s), s));
    near.im = nest_select(b, is_zero(b, z.im), z.im, times(b, of(b, LOOP_EXP, z.re), of(b, LOOP_SIN, z.im)));
    e.re = minus(b, e.re, number(b, 1));
    return choose(b, far, e, near);
}

pair pair_log(nest_builder *b, pair z)
{
    int32_t x = absolute(b, z.re), y = absolute(b, z.im), swap = less(b, x, y), one = number(b, 1);
    int32_t most = nest_select(b, swap, y, x), least = nest_select(b, swap, x, y);
    int32_t near_one = both(b, exceeds(b, most, 0.5), below(b, most, 1.5));
    int32_t square = plus(b, times(b, minus(b, most, one), plus(b, most, one)), times(b, least, least));
    int32_t huge = both(b, exceeds(b, most, 0x1p1022), nest_binary(b, LOOP_LE, most, number(b, 0x1.fffffffffffffp1023)));
    pair quarter = {times(b, most, number(b, 0.25)), times(b, least, number(b, 0.25))};
    int32_t re = of(b, LOOP_LOG, pair_magnitude(b, z));
    re = nest_select(b, huge, plus(b, of(b, LOOP_LOG, pair_magnitude(b, quarter)), number(b, 1.3862943611198906)), re);
    re = nest_select(b, near_one, scaled(b, 0.5, of(b, LOOP_LOG1P, square)), re);
    return (pair){re, nest_binary(b, LOOP_ATAN2, z.im, z.re)};
}

pair pair_log1p(nest_builder *b, pair z)
{
    int32_t sum = plus(b, times(b, z.re, plus(b, number(b, 2), z.re)), times(b, z.im, z.im));
    int32_t far = either(b, exceeds(b, absolute(b, z.re), 0x1p100), exceeds(b, absolute(b, z.im), 0x1p100));
    sum = nest_select(b, below(b, sum, -1), number(b, -1), sum);
    pair near = {scaled(b, 0.5, of(b, LOOP_LOG1P, sum)), nest_binary(b, LOOP_ATAN2, z.im, plus(b, number(b, 1), z.re))};
    return choose(b, far, pair_log(b, z), near);
}

/* ---- roots and quotients ---------------------------------------------------------------------------- */

/* Where a part is infinite. */
static pair infinite_root(nest_builder *b, pair z, int32_t size)
{
    int32_t nan = nest_binary(b, LOOP_NE, z.im, z.im), zero = number(b, 0);
    pair right = {z.re, nest_select(b, nan, z.im, with_sign(b, zero, z.im))};
    pair left = {nest_select(b, nan, z.im, zero), with_sign(b, size, z.im)};
    return choose(b, exceeds(b, z.re, 0), right, left);
}

static pair root(nest_builder *b, pair z)
{
    int32_t x = absolute(b, z.re), y = absolute(b, z.im), zero = both(b, is_zero(b, z.re), is_zero(b, z.im));
    int32_t huge = either(b, exceeds(b, x, 0x1p1000), exceeds(b, y, 0x1p1000));
    int32_t tiny = both(b, below(b, x, 0x1p-960), below(b, y, 0x1p-960));
    int32_t grow = nest_select(b, huge, number(b, 0x1p-100), nest_select(b, tiny, number(b, 0x1p200), number(b, 1)));
    int32_t back = nest_select(b, huge, number(b, 0x1p50), nest_select(b, tiny, number(b, 0x1p-100), number(b, 1)));
    pair w = {times(b, z.re, grow), times(b, z.im, grow)}, right, left;
    int32_t sum = plus(b, absolute(b, w.re), pair_magnitude(b, w));
    int32_t t = of(b, LOOP_SQRT, times(b, sum, number(b, 0.5))), twice = scaled(b, 2, t);
    right = (pair){times(b, t, back), times(b, over(b, w.im, twice), back)};
    left = (pair){times(b, over(b, absolute(b, w.im), twice), back), times(b, with_sign(b, t, w.im), back)};
    right = choose(b, nest_binary(b, LOOP_LE, number(b, 0), w.re), right, left);
    right = choose(b, exceeds(b, x, 0x1.fffffffffffffp1023), infinite_root(b, z, x), right);
    right = choose(b, exceeds(b, y, 0x1.fffffffffffffp1023), (pair){number(b, (double)INFINITY), z.im}, right);
    return choose(b, zero, (pair){number(b, 0), z.im}, right);
}

static pair reciprocal(nest_builder *b, pair z) { return pair_quotient(b, real(b, 1, 0), z); }
static pair reciprocal_root(nest_builder *b, pair z) { return reciprocal(b, root(b, z)); }

static pair sigmoid(nest_builder *b, pair z)
{
    int32_t left = below(b, z.re, 0);
    pair e = pair_exp(b, choose(b, left, z, (pair){negated(b, z.re), negated(b, z.im)}));
    return pair_quotient(b, choose(b, left, e, real(b, 1, 0)), (pair){plus(b, number(b, 1), e.re), e.im});
}

static pair sign(nest_builder *b, pair z)
{
    int32_t size = pair_magnitude(b, z);
    return choose(b, is_zero(b, size), real(b, 0, 0), (pair){over(b, z.re, size), over(b, z.im, size)});
}

/* ---- circular and hyperbolic functions ------------------------------------------------------------------ */

/* A product that is 0 where the first factor is, though the second be infinite. */
static int32_t part(nest_builder *b, int32_t zero, int32_t x)
{
    return nest_select(b, is_zero(b, zero), zero, times(b, zero, x));
}

static pair hyperbolic_sine(nest_builder *b, pair z)
{
    return (pair){part(b, of(b, LOOP_COS, z.im), of(b, LOOP_SINH, z.re)),
                  part(b, of(b, LOOP_SIN, z.im), of(b, LOOP_COSH, z.re))};
}

static pair hyperbolic_cosine(nest_builder *b, pair z)
{
    return (pair){part(b, of(b, LOOP_COS, z.im), of(b, LOOP_COSH, z.re)),
                  part(b, of(b, LOOP_SIN, z.im), of(b, LOOP_SINH, z.re))};
}

/* Kahan's formula. */
static pair hyperbolic_tangent(nest_builder *b, pair z)
{
    int32_t one = number(b, 1), t = of(b, LOOP_TAN, z.im), square = plus(b, one, times(b, t, t));
    int32_t s = of(b, LOOP_SINH, z.re), r = of(b, LOOP_SQRT, plus(b, one, times(b, s, s)));
    int32_t divisor = plus(b, one, times(b, times(b, square, s), s)), size = absolute(b, z.re);
    int32_t tail = times(b, times(b, scaled(b, 4, of(b, LOOP_SIN, z.im)), of(b, LOOP_COS, z.im)),
                         of(b, LOOP_EXP, scaled(b, -2, size)));
    pair near = {over(b, times(b, times(b, square, r), s), divisor), over(b, t, divisor)};
    return choose(b, exceeds(b, size, 22), (pair){with_sign(b, one, z.re), tail}, near);
}

/* i z, and back. */
static pair turned(nest_builder *b, pair z) { return (pair){negated(b, z.im), z.re}; }
static pair turned_back(nest_builder *b, pair w) { return (pair){w.im, negated(b, w.re)}; }

static pair sine(nest_builder *b, pair z) { return turned_back(b, hyperbolic_sine(b, turned(b, z))); }
static pair cosine(nest_builder *b, pair z) { return hyperbolic_cosine(b, turned(b, z)); }
static pair tangent(nest_builder *b, pair z) { return turned_back(b, hyperbolic_tangent(b, turned(b, z))); }

/* ---- their inverses ---------------------------------------------------------------------------------------- */

static pair root_below(nest_builder *b, pair z)
{
    return root(b, (pair){minus(b, number(b, 1), z.re), negated(b, z.im)});
}

static pair root_above(nest_builder *b, pair z) { return root(b, (pair){plus(b, number(b, 1), z.re), z.im}); }

static pair inverse_sine(nest_builder *b, pair z)
{
    pair x = root_below(b, z), y = root_above(b, z);
    return (pair){nest_binary(b, LOOP_ATAN2, z.re, minus(b, times(b, x.re, y.re), times(b, x.im, y.im))),
                  of(b, LOOP_ASINH, minus(b, times(b, x.re, y.im), times(b, x.im, y.re)))};
}

static pair inverse_cosine(nest_builder *b, pair z)
{
    pair x = root_below(b, z), y = root_above(b, z);
    return (pair){scaled(b, 2, nest_binary(b, LOOP_ATAN2, x.re, y.re)),
                  of(b, LOOP_ASINH, minus(b, times(b, y.re, x.im), times(b, y.im, x.re)))};
}

static pair inverse_hyperbolic_cosine(nest_builder *b, pair z)
{
    pair x = root(b, (pair){minus(b, z.re, number(b, 1)), z.im});
    pair y = root(b, (pair){plus(b, z.re, number(b, 1)), z.im});
    return (pair){of(b, LOOP_ASINH, plus(b, times(b, x.re, y.re), times(b, x.im, y.im))),
                  scaled(b, 2, nest_binary(b, LOOP_ATAN2, x.im, y.re))};
}

static pair inverse_hyperbolic_sine(nest_builder *b, pair z) { return turned_back(b, inverse_sine(b, turned(b, z))); }

static pair inverse_hyperbolic_tangent(nest_builder *b, pair z)
{
    int32_t one = number(b, 1), a = minus(b, one, z.re), square = plus(b, times(b, a, a), times(b, z.im, z.im));
    int32_t far = either(b, exceeds(b, absolute(b, z.re), 0x1p500), exceeds(b, absolute(b, z.im), 0x1p500));
    int32_t right = minus(b, times(b, a, plus(b, one, z.re)), times(b, z.im, z.im));
    pair near = {scaled(b, 0.25, of(b, LOOP_LOG1P, over(b, scaled(b, 4, z.re), square))),
                 scaled(b, 0.5, nest_binary(b, LOOP_ATAN2, scaled(b, 2, z.im), right))};
    return choose(b, far, (pair){reciprocal(b, z).re, with_sign(b, number(b, 1.5707963267948966), z.im)}, near);
}

static pair inverse_tangent(nest_builder *b, pair z) { return turned_back(b, inverse_hyperbolic_tangent(b, turned(b, z))); }

static pair rounded(nest_builder *b, pair z) { return (pair){of(b, LOOP_ROUND, z.re), of(b, LOOP_ROUND, z.im)}; }

pair_function pair_function_find(const char *type)
{
    static const struct {
        const char *name;
        pair_function function;
    } functions[] = {
        {"Acos", inverse_cosine},   {"Acosh", inverse_hyperbolic_cosine}, {"Asin", inverse_sine},
        {"Asinh", inverse_hyperbolic_sine}, {"Atan", inverse_tangent},    {"Atanh", inverse_hyperbolic_tangent},
        {"Cos", cosine},            {"Cosh", hyperbolic_cosine},          {"Exp", pair_exp},
        {"Expm1", pair_expm1},      {"Log", pair_log},                    {"Log1p", pair_log1p},
        {"Round", rounded},         {"Rsqrt", reciprocal_root},           {"Sigmoid", sigmoid},
        {"Sign", sign},             {"Sin", sine},                        {"Sinh", hyperbolic_sine},
        {"Sqrt", root},             {"Tan", tangent},                     {"Tanh", hyperbolic_tangent},
    };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (strcmp(functions[i].name, type) == 0)
            return functions[i].function;
    return NULL;
}
