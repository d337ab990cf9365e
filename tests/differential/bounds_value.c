/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on enclosures. The results of rounding are exact: rounding to nearest never changes an order, so the ends of
 * a rounded result are the rounded ends. */
#include "bounds.h"

#include "runtime/core/dtype.h"
#include "runtime/core/scalar.h"

#include <math.h>
#include <string.h>

#define INF ((real)INFINITY)

/* ---- making --------------------------------------------------------------------------------- */

static bool is_float(stepc_dtype dtype)
{
    return dtype == STEPC_FLOAT32 || dtype == STEPC_FLOAT64 || dtype == STEPC_HALF || dtype == STEPC_BFLOAT16;
}

static real least_of(stepc_dtype dtype)
{
    return dtype == STEPC_BOOL || !dtype_is_signed(dtype) ? 0 : (real)dtype_min_i64(dtype);
}

static real greatest_of(stepc_dtype dtype) { return dtype == STEPC_BOOL ? 1 : (real)dtype_max_u64(dtype); }

static bound range(real lo, real hi) { return (bound){lo, hi, false, false, 0, 0}; }

static bound only_nan(void) { return (bound){INF, -INF, true, false, 0, 0}; }

static bound point(real x) { return x != x ? only_nan() : (bound){x, x, false, true, 0, 0}; }

bound bound_whole(stepc_dtype dtype)
{
    return is_float(dtype) ? (bound){-INF, INF, true, false, 0, 0} : range(least_of(dtype), greatest_of(dtype));
}

bound bound_integer(int64_t x) { return point((real)x); }

bound bound_element(stepc_dtype storage, const void *data, int64_t index)
{
    if (is_float(storage))
        return point((real)load_f64(storage, data, index));
    if (dtype_is_signed(storage))
        return point((real)load_i64(storage, data, index));
    uint64_t x = load_u64(storage, data, index);
    return point(storage == STEPC_BOOL ? (real)(x != 0) : (real)x);
}

static double float_of_bits(stepc_dtype dtype, uint64_t bits)
{
    uint32_t word = (uint32_t)bits;
    float narrow;
    double wide;
    memcpy(&narrow, &word, sizeof narrow);
    memcpy(&wide, &bits, sizeof wide);
    return dtype == STEPC_FLOAT32 ? (double)narrow : wide;
}

/* What an integer of DTYPE keeps of X. */
static real wrapped(stepc_dtype dtype, uint64_t x)
{
    int shift = 64 - loop_value_bits(dtype);
    if (dtype == STEPC_BOOL)
        return (real)(x & 1);
    if (!dtype_is_signed(dtype))
        return (real)(x << shift >> shift);
    int64_t y;
    x <<= shift;
    memcpy(&y, &x, sizeof y);
    return (real)(y >> shift);
}

bound bound_constant(stepc_dtype dtype, uint64_t bits)
{
    return is_float(dtype) ? point((real)float_of_bits(dtype, bits)) : point(wrapped(dtype, bits));
}

bound bound_hull(bound a, bound b)
{
    return (bound){a.lo < b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi, a.may_be_nan || b.may_be_nan, false, 0, 0};
}

bool bound_is_nan(bound a) { return a.lo > a.hi; }

bool bound_is_point(bound a) { return a.lo == a.hi && !a.may_be_nan; }

bool bound_is_whole(stepc_dtype dtype, bound a)
{
    bound whole = bound_whole(dtype);
    return a.lo <= whole.lo && a.hi >= whole.hi;
}

static bool has_zero(bound a) { return a.lo <= 0 && a.hi >= 0; }

static bool has_infinity(bound a) { return a.lo == -INF || a.hi == INF; }

/* ---- rounding --------------------------------------------------------------------------------- */

static real nearest(stepc_dtype dtype, double x)
{
    return dtype == STEPC_FLOAT32 ? (real)(float)x : dtype == STEPC_FLOAT64 ? (real)x : (real)round_to_dtype(dtype, x);
}

bound bound_round(stepc_dtype dtype, bound a)
{
    if (!is_float(dtype) || bound_is_nan(a))
        return a;
    a.lo = nearest(dtype, (double)a.lo);
    a.hi = nearest(dtype, (double)a.hi);
    return a;
}

/* As far off as an operation in double may be, what is narrower being rounded from doubles; of doubles, as computing in
 * long double may have come in. */
static real slack(stepc_dtype dtype, real x)
{
    return isfinite(x) ? fabsl(x) * (dtype == STEPC_FLOAT64 ? 0x1p-62L : 0x1p-52L) + LDBL_MIN : 0;
}

/* Takes X, a result in long double of an operation on ends, into A, rounded or not. */
static void take_unrounded(bound *a, stepc_dtype dtype, real x)
{
    if (x != x)
        return;
    real lo = x - slack(dtype, x), hi = x + slack(dtype, x);
    real rounded_lo = nearest(dtype, (double)lo), rounded_hi = nearest(dtype, (double)hi);
    lo = lo < rounded_lo ? lo : rounded_lo;
    hi = hi > rounded_hi ? hi : rounded_hi;
    a->lo = lo < a->lo ? lo : a->lo;
    a->hi = hi > a->hi ? hi : a->hi;
}

static void take(bound *a, real x)
{
    if (x != x)
        return;
    a->lo = x < a->lo ? x : a->lo;
    a->hi = x > a->hi ? x : a->hi;
}

/* ---- floats: two operands -------------------------------------------------------------------------- */

static double arithmetic(loop_op op, double a, double b)
{
    return op == LOOP_ADD ? a + b : op == LOOP_SUB ? a - b : op == LOOP_MUL ? a * b : a / b;
}

static real arithmetic_wide(loop_op op, real a, real b)
{
    return op == LOOP_ADD ? a + b : op == LOOP_SUB ? a - b : op == LOOP_MUL ? a * b : a / b;
}

static void corner(bound *out, loop_op op, stepc_dtype dtype, bound_rounding rounding, real a, real b)
{
    /* Rounded to long double on the way, a result half way between two doubles may become the other one. */
    if (rounding == ROUND_ONCE || ((real)(double)a == a && (real)(double)b == b))
        take(out, nearest(dtype, arithmetic(op, (double)a, (double)b)));
    if (rounding != ROUND_ONCE)
        take_unrounded(out, dtype, arithmetic_wide(op, a, b));
}

/* Whether some pair of values makes inf - inf, 0 * inf, 0 / 0 or inf / inf. */
static bool makes_nan(loop_op op, bound a, bound b)
{
    switch ((int)op) {
    case LOOP_ADD:
        return (a.hi == INF && b.lo == -INF) || (a.lo == -INF && b.hi == INF);
    case LOOP_SUB:
        return (a.hi == INF && b.hi == INF) || (a.lo == -INF && b.lo == -INF);
    case LOOP_MUL:
        return (has_zero(a) && has_infinity(b)) || (has_zero(b) && has_infinity(a));
    default:
        return (has_zero(a) && has_zero(b)) || (has_infinity(a) && has_infinity(b));
    }
}

static bound float_arithmetic(loop_op op, stepc_dtype dtype, bound_rounding rounding, bound a, bound b, bool is_same)
{
    bound out = only_nan();
    if (rounding == ROUND_ONCE && a.is_signed && b.is_signed)
        return point(nearest(dtype, arithmetic(op, (double)a.lo, (double)b.lo)));
    if (op == LOOP_DIV && has_zero(b))
        return bound_whole(dtype);
    out.may_be_nan = a.may_be_nan || b.may_be_nan || makes_nan(op, a, b);
    corner(&out, op, dtype, rounding, a.lo, op == LOOP_SUB ? b.hi : b.lo);
    corner(&out, op, dtype, rounding, a.hi, op == LOOP_SUB ? b.lo : b.hi);
    if (op == LOOP_MUL && is_same) { /* a square */
        if (has_zero(a))
            take(&out, 0);
        return out;
    }
    if ((op == LOOP_MUL || op == LOOP_DIV) && (a.lo != a.hi || b.lo != b.hi)) {
        corner(&out, op, dtype, rounding, a.lo, b.hi);
        corner(&out, op, dtype, rounding, a.hi, b.lo);
    }
    return out;
}

static bound float_extreme(loop_op op, bound a, bound b)
{
    bool most = op == LOOP_MAX;
    bound out = {.may_be_nan = a.may_be_nan || b.may_be_nan};
    out.lo = (a.lo < b.lo) == most ? b.lo : a.lo;
    out.hi = (a.hi < b.hi) == most ? b.hi : a.hi;
    out.is_signed = a.is_signed && b.is_signed && out.lo != 0;
    return out;
}

static bound float_floor(bound a)
{
    if (bound_is_nan(a))
        return a;
    return (bound){floorl(a.lo), floorl(a.hi), a.may_be_nan, a.is_signed, 0, 0};
}

static bound two_args(loop_op op, stepc_dtype dtype, bound a, bound b);

static bound float_binary(loop_op op, stepc_dtype dtype, bound_rounding rounding, bound a, bound b, bool is_same)
{
    if (bound_is_nan(a) || bound_is_nan(b))
        return only_nan();
    if (op == LOOP_MAX || op == LOOP_MIN)
        return float_extreme(op, a, b);
    if (op == LOOP_POW || op == LOOP_ATAN2 || op == LOOP_FMOD || (op >= LOOP_ZETA && op <= LOOP_IGAMMAC))
        return two_args(op, dtype, a, b);
    if (op == LOOP_FLOORDIV)
        return float_floor(float_arithmetic(LOOP_DIV, dtype, rounding, a, b, is_same));
    return float_arithmetic(op, dtype, rounding, a, b, is_same);
}

/* ---- floats: functions -------------------------------------------------------------------------------- */

/* The function at X, with an error far below an ULP of DTYPE. */
static real function_at(loop_op op, stepc_dtype dtype, real x)
{
    double narrow = (double)x;
    bool wide = dtype == STEPC_FLOAT64;
    switch ((int)op) {
    case LOOP_EXP:
        return wide ? expl(x) : (real)exp(narrow);
    case LOOP_LOG:
        return wide ? logl(x) : (real)log(narrow);
    case LOOP_TANH:
        return wide ? tanhl(x) : (real)tanh(narrow);
    case LOOP_SIGMOID:
        return wide ? 1 / (1 + expl(-x)) : (real)(1 / (1 + exp(-narrow)));
    case LOOP_SIN:
        return wide ? sinl(x) : (real)sin(narrow);
    case LOOP_COS:
        return wide ? cosl(x) : (real)cos(narrow);
    case LOOP_EXPM1:
        return wide ? expm1l(x) : (real)expm1(narrow);
    case LOOP_LOG1P:
        return wide ? log1pl(x) : (real)log1p(narrow);
    case LOOP_TAN:
        return wide ? tanl(x) : (real)tan(narrow);
    case LOOP_ASIN:
        return wide ? asinl(x) : (real)asin(narrow);
    case LOOP_ACOS:
        return wide ? acosl(x) : (real)acos(narrow);
    case LOOP_ATAN:
        return wide ? atanl(x) : (real)atan(narrow);
    case LOOP_SINH:
        return wide ? sinhl(x) : (real)sinh(narrow);
    case LOOP_COSH:
        return wide ? coshl(x) : (real)cosh(narrow);
    case LOOP_ASINH:
        return wide ? asinhl(x) : (real)asinh(narrow);
    case LOOP_ACOSH:
        return wide ? acoshl(x) : (real)acosh(narrow);
    case LOOP_ATANH:
        return wide ? atanhl(x) : (real)atanh(narrow);
    case LOOP_ERF:
        return wide ? erfl(x) : (real)erf(narrow);
    case LOOP_LGAMMA:
        return wide ? lgammal(x) : (real)lgamma(narrow);
    /* libm has none of these; tests/unit/core/test_scalar.c holds them against MPFR. */
    case LOOP_DIGAMMA:
        return (real)scalar_digamma(narrow);
    case LOOP_ERFINV:
        return (real)scalar_erfinv(narrow);
    case LOOP_NDTRI:
        return (real)scalar_ndtri(narrow);
    case LOOP_BESSEL_I0:
        return (real)scalar_bessel_i0(narrow);
    case LOOP_BESSEL_I0E:
        return (real)scalar_bessel_i0e(narrow);
    case LOOP_BESSEL_I1:
        return (real)scalar_bessel_i1(narrow);
    case LOOP_BESSEL_I1E:
        return (real)scalar_bessel_i1e(narrow);
    case LOOP_ERFC:
        return wide ? erfcl(x) : (real)erfc(narrow);
    default:
        return sqrtl(x);
    }
}

/* Two units in the last place of a float of DTYPE near X, and what function_at may be wrong by. */
static real two_ulp(stepc_dtype dtype, real x)
{
    bool wide = dtype == STEPC_FLOAT64;
    int exponent, bits = wide ? 53 : 24, lowest = wide ? -1074 : -149;
    frexpl(x, &exponent);
    exponent = exponent - bits < lowest ? lowest : exponent - bits;
    return ldexpl(2, exponent) + fabsl(x) * (wide ? 0x1p-60L : 0x1p-50L);
}

/* F, which lies in [LO, HI], as a function within 2 ULP may give it. */
static bound within_two_ulp(stepc_dtype dtype, real lo, real hi, bool may_be_nan)
{
    lo = isfinite(lo) ? lo - two_ulp(dtype, lo) : lo;
    hi = isfinite(hi) ? hi + two_ulp(dtype, hi) : hi;
    return (bound){nearest(dtype, (double)lo), nearest(dtype, (double)hi), may_be_nan, false, 0, 0};
}

/* Beyond this, quarters of a turn are not counted exactly enough. */
#define MOST_TURNS 0x1p40L

static bound wave(loop_op op, stepc_dtype dtype, bound a)
{
    const real quarter = 1.57079632679489661923132169163975144L;
    if (has_infinity(a))
        return a.lo == a.hi ? only_nan() : within_two_ulp(dtype, -1, 1, true);
    real first = function_at(op, dtype, a.lo), last = function_at(op, dtype, a.hi);
    real lo = first < last ? first : last, hi = first < last ? last : first;
    if (a.lo != a.hi && (a.hi - a.lo > 4 * quarter || fabsl(a.lo) > MOST_TURNS || fabsl(a.hi) > MOST_TURNS)) {
        lo = -1;
        hi = 1;
    } else if (a.lo != a.hi) { /* the sine is 1 at an odd quarter, -1 two quarters on; the cosine one quarter before */
        real from = floorl(a.lo / quarter), to = floorl(a.hi / quarter);
        for (real q = from + 1; q <= to; q++) {
            int place = (int)(q - 4 * floorl(q / 4)) + (op == LOOP_COS);
            if (place % 4 == 1)
                hi = 1;
            if (place % 4 == 3)
                lo = -1;
        }
    }
    return within_two_ulp(dtype, lo, hi, a.may_be_nan);
}

/* Where OP is a number: all functions but these are everywhere. */
static bound domain(loop_op op)
{
    switch ((int)op) {
    case LOOP_LOG:
    case LOOP_SQRT:
        return range(0, INF);
    case LOOP_LOG1P:
        return range(-1, INF);
    case LOOP_ACOSH:
        return range(1, INF);
    case LOOP_ASIN:
    case LOOP_ACOS:
    case LOOP_ATANH:
    case LOOP_ERFINV:
        return range(-1, 1);
    case LOOP_NDTRI:
        return range(0, 1);
    default:
        return range(-INF, INF);
    }
}

/* Increasing between its poles. */
static bound tangent(stepc_dtype dtype, bound a)
{
    const real half = 1.57079632679489661923132169163975144L;
    if (has_infinity(a))
        return a.lo == a.hi ? only_nan() : bound_whole(dtype);
    if (a.lo != a.hi && (fabsl(a.lo) > MOST_TURNS || fabsl(a.hi) > MOST_TURNS ||
                         floorl((a.lo + half) / (2 * half)) != floorl((a.hi + half) / (2 * half))))
        return bound_whole(dtype);
    return within_two_ulp(dtype, function_at(LOOP_TAN, dtype, a.lo), function_at(LOOP_TAN, dtype, a.hi), a.may_be_nan);
}

static bound function(loop_op op, stepc_dtype dtype, bound a)
{
    bool may_be_nan = a.may_be_nan;
    bound inside = domain(op);
    if (op == LOOP_SIN || op == LOOP_COS)
        return wave(op, dtype, a);
    if (op == LOOP_TAN)
        return tangent(dtype, a);
    /* Monotone right of their minimum, and of their pole. */
    if (a.lo != a.hi && ((op == LOOP_BESSEL_I0 && a.lo < 0) || op == LOOP_BESSEL_I0E || op == LOOP_BESSEL_I1E ||
                         (op == LOOP_LGAMMA && a.lo < 2) || (op == LOOP_DIGAMMA && a.lo <= 0)))
        return bound_whole(dtype);
    if (a.hi < inside.lo || a.lo > inside.hi)
        return only_nan();
    may_be_nan = may_be_nan || a.lo < inside.lo || a.hi > inside.hi;
    a.lo = a.lo < inside.lo ? inside.lo : a.lo;
    a.hi = a.hi > inside.hi ? inside.hi : a.hi;
    if (op == LOOP_COSH && a.hi > 0) { /* even */
        real least = a.lo > 0 ? a.lo : 0;
        a.hi = -a.lo > a.hi ? -a.lo : a.hi;
        a.lo = least;
    }
    if (op == LOOP_ACOS || op == LOOP_ERFC || (op == LOOP_COSH && a.hi <= 0)) { /* decreasing */
        real first = a.lo;
        a.lo = a.hi;
        a.hi = first;
    }
    return within_two_ulp(dtype, function_at(op, dtype, a.lo), function_at(op, dtype, a.hi), may_be_nan);
}

static real pair_at(loop_op op, stepc_dtype dtype, real a, real b)
{
    double x = (double)a, y = (double)b;
    if (dtype == STEPC_FLOAT64)
        return op == LOOP_POW ? powl(a, b) : atan2l(a, b);
    return op == LOOP_POW ? (real)pow(x, y) : (real)atan2(x, y);
}

/* Of a function that is monotone in each operand: the corners. */
static bound pair_corners(loop_op op, stepc_dtype dtype, bound a, bound b)
{
    bound out = only_nan();
    for (int i = 0; i < 4; i++)
        take(&out, pair_at(op, dtype, i & 1 ? a.hi : a.lo, i & 2 ? b.hi : b.lo));
    return bound_is_nan(out) ? out : within_two_ulp(dtype, out.lo, out.hi, a.may_be_nan || b.may_be_nan);
}

static bound power(stepc_dtype dtype, bound a, bound b)
{
    bound out;
    if (bound_is_point(a) && bound_is_point(b)) {
        /* Of a zero whose sign is not known the power may be either infinity. */
        if (a.lo == 0 && !a.is_signed && b.lo < 0)
            return bound_whole(dtype);
        return pair_corners(LOOP_POW, dtype, a, b);
    }
    if (a.lo > 0 && !has_infinity(a) && !has_infinity(b))
        return pair_corners(LOOP_POW, dtype, a, b);
    if (!bound_is_point(b) || b.lo != floorl(b.lo) || b.lo < 0 || has_infinity(a) || has_infinity(b))
        return bound_whole(dtype);
    out = pair_corners(LOOP_POW, dtype, a, b);
    if (has_zero(a))
        take(&out, b.lo == 0 ? 1 : 0);
    return out;
}

/* What is left has the sign of A and is smaller than B. */
static bound remainder_of(bound a, bound b)
{
    real most = fabsl(b.lo) > fabsl(b.hi) ? fabsl(b.lo) : fabsl(b.hi);
    bool nan = a.may_be_nan || b.may_be_nan || has_zero(b) || has_infinity(a);
    if (bound_is_point(a) && bound_is_point(b)) {
        bound out = point(fmodl(a.lo, b.lo));
        out.is_signed = a.is_signed;
        return out;
    }
    if (!has_zero(b) && a.hi < fminl(fabsl(b.lo), fabsl(b.hi)) && a.lo > -fminl(fabsl(b.lo), fabsl(b.hi)))
        return (bound){a.lo, a.hi, nan, false, 0, 0};
    return (bound){a.lo > 0 ? 0 : a.lo < -most ? -most : a.lo, a.hi < 0 ? 0 : a.hi > most ? most : a.hi, nan, false, 0, 0};
}

/* Held against MPFR and by hand in tests/unit/core; monotone nowhere that helps. */
static bound special(loop_op op, stepc_dtype dtype, bound a, bound b)
{
    double x = (double)a.lo, y = (double)b.lo, z;
    if (!bound_is_point(a) || !bound_is_point(b))
        return bound_whole(dtype);
    z = op == LOOP_ZETA ? scalar_zeta(x, y) : op == LOOP_POLYGAMMA ? scalar_polygamma(x, y)
        : op == LOOP_IGAMMA ? scalar_igamma(x, y) : scalar_igammac(x, y);
    return z != z ? only_nan() : within_two_ulp(dtype, (real)z, (real)z, false);
}

static bound two_args(loop_op op, stepc_dtype dtype, bound a, bound b)
{
    if (op == LOOP_POW)
        return power(dtype, a, b);
    if (op == LOOP_FMOD)
        return remainder_of(a, b);
    if (op >= LOOP_ZETA && op <= LOOP_IGAMMAC)
        return special(op, dtype, a, b);
    if (b.lo <= 0 && has_zero(a) && !(bound_is_point(a) && bound_is_point(b) && a.is_signed && b.is_signed))
        return within_two_ulp(dtype, -3.14159265358979323846264338327950288L, 3.14159265358979323846264338327950288L,
                              a.may_be_nan || b.may_be_nan);
    return pair_corners(LOOP_ATAN2, dtype, a, b);
}

/* The share falls with a, rises with b and x. */
bound bound_betainc(stepc_dtype dtype, bound a, bound b, bound x)
{
    bool is_inside = a.lo > 0 && b.lo > 0 && x.lo >= 0 && x.hi <= 1 && isfinite(a.hi) && isfinite(b.hi);
    if (!is_inside || a.may_be_nan || b.may_be_nan || x.may_be_nan)
        return bound_whole(dtype);
    return within_two_ulp(dtype, (real)scalar_betainc((double)a.hi, (double)b.lo, (double)x.lo),
                          (real)scalar_betainc((double)a.lo, (double)b.hi, (double)x.hi), false);
}

static bound float_unary(const loop_value *value, bound_rounding rounding, bound a)
{
    stepc_dtype dtype = value->dtype;
    if (bound_is_nan(a))
        return a;
    switch ((int)value->op) {
    case LOOP_NEG:
        return (bound){-a.hi, -a.lo, a.may_be_nan, a.is_signed, 0, 0};
    case LOOP_ABS:
        if (a.lo >= 0)
            return (bound){fabsl(a.lo), a.hi, a.may_be_nan, a.is_signed, 0, 0};
        if (a.hi <= 0)
            return (bound){fabsl(a.hi), -a.lo, a.may_be_nan, a.is_signed, 0, 0};
        return (bound){0, -a.lo > a.hi ? -a.lo : a.hi, a.may_be_nan, false, 0, 0};
    case LOOP_FLOOR:
        return float_floor(a);
    case LOOP_ROUND: /* the current rounding mode: ties to even */
        return (bound){rintl(a.lo), rintl(a.hi), a.may_be_nan, a.is_signed, 0, 0};
    case LOOP_ROUND_TO:
        return bound_round(value->target, a);
    case LOOP_SQRT: {
        bound out = a.hi < 0 ? only_nan() : range(sqrtl(a.lo < 0 ? 0 : a.lo), sqrtl(a.hi));
        out.may_be_nan = out.may_be_nan || a.may_be_nan || a.lo < 0;
        if (rounding == ROUND_ONCE && dtype == STEPC_FLOAT64 && !bound_is_nan(out)) { /* by way of long double: twice */
            out.lo = (real)sqrt((double)(a.lo < 0 ? 0 : a.lo));
            out.hi = (real)sqrt((double)a.hi);
        }
        return rounding == ROUND_ONCE ? bound_round(dtype, out) : bound_hull(out, bound_round(dtype, out));
    }
    default:
        return function(value->op, dtype, a);
    }
}

/* ---- integers ----------------------------------------------------------------------------------------- */

static uint64_t bits_of(real x) { return x < 0 ? (uint64_t)(int64_t)x : (uint64_t)x; }

/* Integer results LO to HI, if DTYPE holds them all. */
static bound fitting(stepc_dtype dtype, real lo, real hi)
{
    return lo < least_of(dtype) || hi > greatest_of(dtype) ? bound_whole(dtype) : range(lo, hi);
}

static real divided(loop_op op, stepc_dtype dtype, real a, real b)
{
    if (!dtype_is_signed(dtype))
        return (real)(bits_of(a) / bits_of(b));
    if (b == -1)
        return -a;
    int64_t x = (int64_t)a, y = (int64_t)b, q = x / y;
    return (real)(op == LOOP_FLOORDIV && x % y != 0 && (x < 0) != (y < 0) ? q - 1 : q);
}

static bound integer_divide(loop_op op, stepc_dtype dtype, bound a, bound b)
{
    real q[4];
    if (has_zero(b))
        return bound_whole(dtype);
    if (dtype_is_signed(dtype) && a.lo == least_of(dtype) && b.lo <= -1 && b.hi >= -1) /* the one quotient that wraps */
        return bound_is_point(a) && bound_is_point(b) ? point(a.lo) : bound_whole(dtype);
    q[0] = divided(op, dtype, a.lo, b.lo);
    q[1] = divided(op, dtype, a.lo, b.hi);
    q[2] = divided(op, dtype, a.hi, b.lo);
    q[3] = divided(op, dtype, a.hi, b.hi);
    bound out = range(q[0], q[0]);
    for (int i = 1; i < 4; i++)
        take(&out, q[i]);
    return out;
}

/* Two points: the bits say. */
static bound integer_points(loop_op op, stepc_dtype dtype, uint64_t a, uint64_t b)
{
    uint64_t most = (uint64_t)loop_value_bits(dtype) - 1;
    switch ((int)op) {
    case LOOP_ADD:
        return point(wrapped(dtype, a + b));
    case LOOP_SUB:
        return point(wrapped(dtype, a - b));
    case LOOP_MUL:
        return point(wrapped(dtype, a * b));
    case LOOP_AND:
        return point(wrapped(dtype, a & b));
    case LOOP_OR:
        return point(wrapped(dtype, a | b));
    case LOOP_XOR:
        return point(wrapped(dtype, a ^ b));
    case LOOP_POW: {
        uint64_t result = 1;
        for (uint64_t left = (dtype_is_signed(dtype) && b >> 63) ? 0 : b; left > 0; left /= 2, a *= a)
            result *= left % 2 ? a : 1;
        return point(wrapped(dtype, result));
    }
    case LOOP_SHL:
        return point(wrapped(dtype, a << (b & most)));
    default: /* SHR: of signed integers with the sign */
        if (dtype_is_signed(dtype) && a >> 63)
            return point(wrapped(dtype, ~(~a >> (b & most))));
        return point(wrapped(dtype, a >> (b & most)));
    }
}

static bound integer_multiply(stepc_dtype dtype, bound a, bound b)
{
    bound out = range(a.lo * b.lo, a.lo * b.lo);
    take(&out, a.lo * b.hi);
    take(&out, a.hi * b.lo);
    take(&out, a.hi * b.hi);
    return fitting(dtype, out.lo, out.hi);
}

/* A mask that clears low bits keeps the order. */
static bool clears_low_bits(stepc_dtype dtype, bound mask)
{
    if (!bound_is_point(mask))
        return false;
    uint64_t low = ~bits_of(mask.lo) << (64 - loop_value_bits(dtype)) >> (64 - loop_value_bits(dtype));
    return (low & (low + 1)) == 0;
}

static bound integer_binary(loop_op op, stepc_dtype dtype, bound a, bound b)
{
    if (op == LOOP_MAX || op == LOOP_MIN)
        return float_extreme(op, a, b);
    if (op == LOOP_DIV || op == LOOP_FLOORDIV)
        return integer_divide(op, dtype, a, b);
    if (bound_is_point(a) && bound_is_point(b))
        return integer_points(op, dtype, bits_of(a.lo), bits_of(b.lo));
    if (dtype == STEPC_BOOL && (op == LOOP_AND || op == LOOP_MUL))
        return range(a.lo * b.lo, a.hi * b.hi);
    if (dtype == STEPC_BOOL && op == LOOP_OR)
        return range(a.lo + b.lo > 0, a.hi + b.hi > 0);
    switch ((int)op) {
    case LOOP_ADD:
        return fitting(dtype, a.lo + b.lo, a.hi + b.hi);
    case LOOP_SUB:
        return fitting(dtype, a.lo - b.hi, a.hi - b.lo);
    case LOOP_MUL:
        return integer_multiply(dtype, a, b);
    case LOOP_AND:
        if (clears_low_bits(dtype, b))
            return range(wrapped(dtype, bits_of(a.lo) & bits_of(b.lo)), wrapped(dtype, bits_of(a.hi) & bits_of(b.lo)));
        return bound_whole(dtype);
    default:
        return bound_whole(dtype);
    }
}

static bound integer_unary(const loop_value *value, bound a)
{
    stepc_dtype dtype = value->dtype;
    if (value->op == LOOP_NOT) {
        real all = dtype == STEPC_BOOL ? 1 : dtype_is_signed(dtype) ? -1 : greatest_of(dtype);
        return (bound){all - a.hi, all - a.lo, false, a.is_signed, 0, 0};
    }
    if (value->op == LOOP_ABS && a.lo >= 0)
        return a;
    if (bound_is_point(a))
        return point(wrapped(dtype, 0 - bits_of(a.lo)));
    if (value->op == LOOP_NEG)
        return fitting(dtype, -a.hi, -a.lo);
    return fitting(dtype, has_zero(a) ? 0 : -a.hi, -a.lo > a.hi ? -a.lo : a.hi);
}

/* ---- casts ---------------------------------------------------------------------------------------------- */

static bound cast_to_bool(bound a)
{
    if (bound_is_nan(a))
        return point(1);
    bool is_zero = a.lo == 0 && a.hi == 0;
    return range(!has_zero(a), !is_zero || a.may_be_nan);
}

/* Truncates and saturates; NaN gives 0. */
static bound cast_to_integer(stepc_dtype dtype, bound a)
{
    bound out = only_nan();
    real ends[2] = {a.lo, a.hi};
    for (int i = 0; i < 2 && !bound_is_nan(a); i++) {
        real x = truncl(ends[i]);
        take(&out, x < least_of(dtype) ? least_of(dtype) : x > greatest_of(dtype) ? greatest_of(dtype) : x);
    }
    if (a.may_be_nan)
        take(&out, 0);
    return range(out.lo + 0.0L, out.hi + 0.0L);
}

static bound cast(stepc_dtype from, stepc_dtype to, bound a)
{
    if (to == STEPC_BOOL)
        return cast_to_bool(a);
    if (is_float(to) && is_float(from))
        return bound_round(to, a);
    if (is_float(to)) { /* straight: by way of double it would round twice; a zero is +0 */
        real lo = a.lo + 0.0L, hi = a.hi + 0.0L;
        return (bound){to == STEPC_FLOAT32 ? (real)(float)lo : (real)(double)lo,
                       to == STEPC_FLOAT32 ? (real)(float)hi : (real)(double)hi, false, bound_is_point(a), 0, 0};
    }
    if (is_float(from))
        return cast_to_integer(to, a);
    if (bound_is_point(a))
        return point(wrapped(to, bits_of(a.lo)));
    return fitting(to, a.lo, a.hi);
}

static uint64_t bits_of_float(stepc_dtype dtype, real x)
{
    float narrow = (float)x;
    double wide = (double)x;
    uint32_t word;
    uint64_t bits;
    memcpy(&word, &narrow, sizeof word);
    memcpy(&bits, &wide, sizeof bits);
    return dtype == STEPC_FLOAT32 ? word : bits;
}

/* Between floats and unsigned integers, where all are of one sign: magnitudes keep their order. */
static bound bitcast(stepc_dtype from, stepc_dtype to, bound a)
{
    bool one_sign = bound_is_point(a) ? a.is_signed || a.lo != 0 : a.lo > 0 || a.hi < 0;
    if (bound_is_point(a) && !is_float(to) && (one_sign || !is_float(from)))
        return point(wrapped(to, is_float(from) ? bits_of_float(from, a.lo) : bits_of(a.lo)));
    if (is_float(from) && !is_float(to)) {
        if (a.may_be_nan || !one_sign || dtype_is_signed(to))
            return bound_whole(to);
        real x = (real)bits_of_float(from, a.lo), y = (real)bits_of_float(from, a.hi);
        return x <= y ? range(x, y) : range(y, x);
    }
    if (is_float(from) || !is_float(to))
        return from == to ? a : bound_whole(to);
    real x = (real)float_of_bits(to, bits_of(a.lo)), y = (real)float_of_bits(to, bits_of(a.hi));
    if (bound_is_point(a))
        return point(x);
    if (x != x || y != y || (signbit(x) != 0) != (signbit(y) != 0))
        return bound_whole(to);
    return x <= y ? range(x, y) : range(y, x);
}

/* ---- comparisons ------------------------------------------------------------------------------------------- */

static bound compare(loop_op op, bound a, bound b, bool is_same)
{
    bool nan = a.may_be_nan || b.may_be_nan, always, never;
    if (op == LOOP_NE) {
        bound equal = compare(LOOP_EQ, a, b, is_same);
        return range(1 - equal.hi, 1 - equal.lo);
    }
    if (bound_is_nan(a) || bound_is_nan(b))
        return point(0);
    if (is_same) {
        always = op != LOOP_LT;
        never = op == LOOP_LT;
    } else if (op == LOOP_EQ) {
        always = a.lo == a.hi && b.lo == b.hi && a.lo == b.lo;
        never = a.hi < b.lo || b.hi < a.lo;
    } else {
        always = op == LOOP_LT ? a.hi < b.lo : a.hi <= b.lo;
        never = op == LOOP_LT ? a.lo >= b.hi : a.lo > b.hi;
    }
    return range(always && !nan, !never);
}

/* ---- all --------------------------------------------------------------------------------------------------- */

bound bound_unary(const loop_value *value, stepc_dtype from, bound_rounding rounding, bound a)
{
    if (value->op == LOOP_CAST)
        return cast(from, value->dtype, a);
    if (value->op == LOOP_BITCAST)
        return bitcast(from, value->dtype, a);
    return is_float(value->dtype) ? float_unary(value, rounding, a) : integer_unary(value, a);
}

bound bound_binary(loop_op op, stepc_dtype from, stepc_dtype dtype, bound_rounding rounding, bound a, bound b,
                   bool is_same)
{
    if (op == LOOP_EQ || op == LOOP_NE || op == LOOP_LT || op == LOOP_LE)
        return compare(op, a, b, is_same);
    return is_float(from) ? float_binary(op, dtype, rounding, a, b, is_same) : integer_binary(op, dtype, a, b);
}

bool bound_contains(stepc_dtype dtype, bound a, const void *data, int64_t index)
{
    bound x = bound_element(dtype, data, index);
    if (bound_is_nan(x))
        return a.may_be_nan;
    if (a.is_signed && a.lo == 0 && signbit(a.lo) != signbit(x.lo))
        return false;
    return a.lo <= x.lo && x.hi <= a.hi;
}
