/* SPDX-License-Identifier: Apache-2.0 */
/* One operation over the lanes of a chunk. Float32 is computed in double and rounded once,
 * which is exact for + - * / and sqrt; integers are computed in 64 bits and wrapped. */
#include "compiler/loops/evaluate.h"

#include "runtime/core/dtype.h"
#include "runtime/core/scalar.h"

#include <string.h>

static bool is_float(stepc_dtype dtype)
{
    return dtype == STEPC_FLOAT32 || dtype == STEPC_FLOAT64;
}

static bool is_signed(stepc_dtype dtype)
{
    return dtype == STEPC_INT8 || dtype == STEPC_INT16 || dtype == STEPC_INT32 || dtype == STEPC_INT64;
}

int64_t evaluate_wrap(stepc_dtype dtype, uint64_t x)
{
    if (dtype == STEPC_BOOL)
        return (int64_t)(x & 1);
    int shift = 64 - loop_value_bits(dtype);
    return is_signed(dtype) ? (int64_t)(x << shift) >> shift : (int64_t)(x << shift >> shift);
}

static void wrap_lanes(stepc_dtype dtype, int64_t *lanes, int64_t count)
{
    int shift = 64 - loop_value_bits(dtype);
    if (dtype == STEPC_BOOL) {
        for (int64_t l = 0; l < count; l++)
            lanes[l] &= 1;
    } else if (shift == 0) {
        return;
    } else if (is_signed(dtype)) {
        for (int64_t l = 0; l < count; l++)
            lanes[l] = (int64_t)((uint64_t)lanes[l] << shift) >> shift;
    } else {
        for (int64_t l = 0; l < count; l++)
            lanes[l] = (int64_t)((uint64_t)lanes[l] << shift >> shift);
    }
}

static void round_lanes(stepc_dtype dtype, double *lanes, int64_t count)
{
    if (dtype == STEPC_FLOAT32) {
        for (int64_t l = 0; l < count; l++)
            lanes[l] = (double)(float)lanes[l];
    }
}

/* ---- leaves --------------------------------------------------------------------------------- */

void evaluate_addresses(const ready_nest *n, const ready_index *index, int64_t count, int64_t *at)
{
    /* Unsigned: an address that a broken program wraps is refused by the test, not undefined. */
    uint64_t start = (uint64_t)index->base;
    uint64_t step = n->lane_axis >= 0 ? (uint64_t)index->coefs[n->lane_axis] : 0;
    for (int32_t k = 0; k < n->nest->axis_count; k++) {
        int64_t position = n->position[k];
        if (index->is_local && k < n->run->group->shared_count)
            position -= n->run->tile_start[k];
        start += (uint64_t)index->coefs[k] * (uint64_t)position;
    }
    for (int64_t l = 0; l < count; l++)
        at[l] = (int64_t)(start + step * (uint64_t)l);
    if (index->indirect >= 0) {
        const int64_t *from = lanes_i(n, index->indirect);
        for (int64_t l = 0; l < count; l++) {
            bool is_within = from[l] >= 0 && from[l] < index->range;
            at[l] = is_within ? (int64_t)((uint64_t)at[l] + (uint64_t)index->scale * (uint64_t)from[l]) : -1;
        }
    }
    if (index->is_tested) {
        for (int64_t l = 0; l < count; l++)
            at[l] = at[l] >= 0 && at[l] < index->memory->count ? at[l] : -1;
    }
}

static void eval_read(const ready_nest *n, int32_t v, int64_t count)
{
    const ready_index *index = &n->reads[v];
    const unsigned char *data = index->memory->data;
    stepc_dtype dtype = n->nest->values[v].dtype;
    int64_t at[EVALUATE_LANES];

    evaluate_addresses(n, index, count, at);
    if (index->is_tested) {
        uint8_t *bad = lanes_bad(n, v);
        for (int64_t l = 0; l < count; l++)
            bad[l] |= at[l] < 0;
    }
    if (is_float(dtype)) {
        double *out = lanes_f(n, v);
        if (index->dtype == STEPC_FLOAT32 && !index->is_tested) {
            for (int64_t l = 0; l < count; l++) {
                float x;
                memcpy(&x, data + (size_t)at[l] * sizeof x, sizeof x);
                out[l] = (double)x;
            }
            return;
        }
        for (int64_t l = 0; l < count; l++)
            out[l] = at[l] < 0 ? 0.0 : load_f64(index->dtype, data, at[l]);
        return;
    }
    int64_t *out = lanes_i(n, v);
    if (is_signed(dtype)) {
        for (int64_t l = 0; l < count; l++)
            out[l] = at[l] < 0 ? 0 : load_i64(index->dtype, data, at[l]);
    } else {
        for (int64_t l = 0; l < count; l++)
            out[l] = at[l] < 0 ? 0 : (int64_t)load_u64(index->dtype, data, at[l]);
    }
    if (dtype == STEPC_BOOL) {
        for (int64_t l = 0; l < count; l++)
            out[l] = out[l] != 0;
    }
}

static void eval_const(const ready_nest *n, int32_t v, int64_t count)
{
    const loop_value *value = &n->nest->values[v];
    if (is_float(value->dtype)) {
        double x;
        if (value->dtype == STEPC_FLOAT32) {
            uint32_t bits = (uint32_t)value->bits;
            float narrow;
            memcpy(&narrow, &bits, sizeof narrow);
            x = (double)narrow;
        } else {
            memcpy(&x, &value->bits, sizeof x);
        }
        double *out = lanes_f(n, v);
        for (int64_t l = 0; l < count; l++)
            out[l] = x;
        return;
    }
    int64_t x = evaluate_wrap(value->dtype, value->bits);
    int64_t *out = lanes_i(n, v);
    for (int64_t l = 0; l < count; l++)
        out[l] = x;
}

static void eval_leaf(const ready_nest *n, int32_t v, int64_t count)
{
    const loop_value *value = &n->nest->values[v];
    int64_t *out = lanes_i(n, v);
    if (value->op == LOOP_AXIS) {
        int64_t step = value->axis == n->lane_axis;
        for (int64_t l = 0; l < count; l++)
            out[l] = n->position[value->axis] + step * l;
    } else if (value->op == LOOP_SIZE) {
        for (int64_t l = 0; l < count; l++)
            out[l] = n->run->sizes[value->size];
    } else if (value->op == LOOP_CONST) {
        eval_const(n, v, count);
    } else if (value->op == LOOP_READ) {
        eval_read(n, v, count);
    } else { /* ACC; a place or a sum, by the accumulator's dtype */
        const loop_acc *acc = &n->nest->accs[value->acc];
        const ready_acc *ready = &n->accs[value->acc];
        if (acc->kind == ACC_ARG_MAX || acc->kind == ACC_ARG_MIN)
            memcpy(out, ready->place, (size_t)count * sizeof *out);
        else if (is_float(value->dtype))
            memcpy(lanes_f(n, v), ready->f, (size_t)count * sizeof(double));
        else
            memcpy(out, ready->i, (size_t)count * sizeof *out);
        if (is_float(value->dtype))
            round_lanes(value->dtype, lanes_f(n, v), count);
    }
}

static void eval_philox(const ready_nest *n, int32_t v, int64_t count)
{
    const loop_value *value = &n->nest->values[v];
    const int64_t *word = lanes_i(n, value->args[0]);
    int64_t *out = lanes_i(n, v);
    uint8_t *bad = lanes_bad(n, v);
    uint32_t state[6], words[4] = {0};
    uint64_t have = UINT64_MAX;

    memcpy(state, n->run->roots[value->buffer].data, sizeof state);
    for (int64_t l = 0; l < count; l++) {
        uint64_t block = (uint64_t)word[l] >> 2;
        if (word[l] < 0) {
            bad[l] = 1;
            out[l] = 0;
            continue;
        }
        if (block != have)
            philox_block(state, block, words);
        have = block;
        out[l] = (int64_t)words[word[l] & 3];
    }
}

/* ---- one argument ----------------------------------------------------------------------------- */

static void eval_unary_float(const ready_nest *n, int32_t v, int64_t count)
{
    const loop_value *value = &n->nest->values[v];
    const double *a = lanes_f(n, value->args[0]);
    double *out = lanes_f(n, v);
#define EACH(expression)                                                                                               \
    for (int64_t l = 0; l < count; l++)                                                                                \
        out[l] = (expression);                                                                                         \
    break
    switch ((int)value->op) {
    case LOOP_NEG:
        EACH(-a[l]);
    case LOOP_ABS:
        for (int64_t l = 0; l < count; l++) {
            uint64_t bits;
            memcpy(&bits, &a[l], sizeof bits);
            bits &= UINT64_MAX >> 1;
            memcpy(&out[l], &bits, sizeof bits);
        }
        break;
    case LOOP_EXP:
        EACH(scalar_exp(a[l]));
    case LOOP_LOG:
        EACH(scalar_log(a[l]));
    case LOOP_TANH:
        EACH(scalar_tanh(a[l]));
    case LOOP_SIGMOID:
        EACH(scalar_sigmoid(a[l]));
    case LOOP_SIN:
        EACH(scalar_sin(a[l]));
    case LOOP_COS:
        EACH(scalar_cos(a[l]));
    case LOOP_SQRT:
        EACH(scalar_sqrt(a[l]));
    case LOOP_FLOOR:
        EACH(scalar_floor(a[l]));
    case LOOP_ROUND:
        EACH(scalar_round_even(a[l]));
    case LOOP_EXPM1:
        EACH(scalar_expm1(a[l]));
    case LOOP_LOG1P:
        EACH(scalar_log1p(a[l]));
    case LOOP_TAN:
        EACH(scalar_tan(a[l]));
    case LOOP_ASIN:
        EACH(scalar_asin(a[l]));
    case LOOP_ACOS:
        EACH(scalar_acos(a[l]));
    case LOOP_ATAN:
        EACH(scalar_atan(a[l]));
    case LOOP_SINH:
        EACH(scalar_sinh(a[l]));
    case LOOP_COSH:
        EACH(scalar_cosh(a[l]));
    case LOOP_ASINH:
        EACH(scalar_asinh(a[l]));
    case LOOP_ACOSH:
        EACH(scalar_acosh(a[l]));
    case LOOP_ATANH:
        EACH(scalar_atanh(a[l]));
    case LOOP_LGAMMA:
        EACH(scalar_lgamma(a[l]));
    case LOOP_DIGAMMA:
        EACH(scalar_digamma(a[l]));
    case LOOP_ERFINV:
        EACH(scalar_erfinv(a[l]));
    case LOOP_NDTRI:
        EACH(scalar_ndtri(a[l]));
    case LOOP_BESSEL_I0:
        EACH(scalar_bessel_i0(a[l]));
    case LOOP_BESSEL_I0E:
        EACH(scalar_bessel_i0e(a[l]));
    case LOOP_BESSEL_I1:
        EACH(scalar_bessel_i1(a[l]));
    case LOOP_BESSEL_I1E:
        EACH(scalar_bessel_i1e(a[l]));
    case LOOP_SOFTPLUS:
        EACH(scalar_log1p(scalar_exp(a[l] < 0 ? a[l] : -a[l])) + (a[l] < 0 ? 0 : a[l]));
    case LOOP_ERF:
        EACH(scalar_erf(a[l]));
    case LOOP_ERFC:
        EACH(scalar_erfc(a[l]));
    case LOOP_ROUND_TO:
        EACH(round_to_dtype(value->target, a[l]));
    default:
        break;
    }
#undef EACH
    round_lanes(value->dtype, out, count);
}

static void eval_unary_integer(const ready_nest *n, int32_t v, int64_t count)
{
    const loop_value *value = &n->nest->values[v];
    const int64_t *a = lanes_i(n, value->args[0]);
    int64_t *out = lanes_i(n, v);
    bool keeps_sign = !is_signed(value->dtype);

    for (int64_t l = 0; l < count; l++) {
        if (value->op == LOOP_NOT)
            out[l] = value->dtype == STEPC_BOOL ? !a[l] : ~a[l];
        else if (value->op == LOOP_NEG || (a[l] < 0 && !keeps_sign))
            out[l] = (int64_t)(0 - (uint64_t)a[l]);
        else
            out[l] = a[l];
    }
    wrap_lanes(value->dtype, out, count);
}

static void cast_to_integer(stepc_dtype dtype, const double *a, int64_t *out, int64_t count)
{
    int64_t least = dtype_min_i64(dtype);
    uint64_t greatest = dtype_max_u64(dtype);
    for (int64_t l = 0; l < count; l++) {
        if (dtype == STEPC_BOOL)
            out[l] = a[l] != 0.0;
        else if (is_signed(dtype))
            out[l] = double_to_i64_saturating(a[l], least, (int64_t)greatest);
        else
            out[l] = (int64_t)double_to_u64_saturating(a[l], greatest);
    }
}

/* From 64 bits straight to the narrow type: by way of double it would round twice. */
static void cast_to_float(stepc_dtype from, stepc_dtype to, const int64_t *a, double *out, int64_t count)
{
    for (int64_t l = 0; l < count; l++) {
        if (to == STEPC_FLOAT64)
            out[l] = from == STEPC_UINT64 ? (double)(uint64_t)a[l] : (double)a[l];
        else
            out[l] = (double)(from == STEPC_UINT64 ? (float)(uint64_t)a[l] : (float)a[l]);
    }
}

static void eval_cast(const ready_nest *n, int32_t v, int64_t count)
{
    const loop_value *value = &n->nest->values[v];
    int32_t a = value->args[0];
    stepc_dtype from = n->nest->values[a].dtype, to = value->dtype;

    if (is_float(from) && is_float(to)) {
        memcpy(lanes_f(n, v), lanes_f(n, a), (size_t)count * sizeof(double));
        round_lanes(to, lanes_f(n, v), count);
    } else if (is_float(from)) {
        cast_to_integer(to, lanes_f(n, a), lanes_i(n, v), count);
    } else if (is_float(to)) {
        cast_to_float(from, to, lanes_i(n, a), lanes_f(n, v), count);
    } else {
        const int64_t *in = lanes_i(n, a);
        int64_t *out = lanes_i(n, v);
        for (int64_t l = 0; l < count; l++)
            out[l] = to == STEPC_BOOL ? in[l] != 0 : in[l];
        wrap_lanes(to, out, count);
    }
}

static uint64_t value_bits(const ready_nest *n, int32_t v, int64_t l)
{
    stepc_dtype dtype = n->nest->values[v].dtype;
    uint64_t bits;
    if (dtype == STEPC_FLOAT32) {
        float narrow = (float)lanes_f(n, v)[l];
        uint32_t word;
        memcpy(&word, &narrow, sizeof word);
        return word;
    }
    memcpy(&bits, n->cells + ((size_t)v * (size_t)n->lanes + (size_t)l) * 8, sizeof bits);
    return bits;
}

static void eval_bitcast(const ready_nest *n, int32_t v, int64_t count)
{
    const loop_value *value = &n->nest->values[v];
    for (int64_t l = 0; l < count; l++) {
        uint64_t bits = value_bits(n, value->args[0], l);
        if (value->dtype == STEPC_FLOAT32) {
            uint32_t word = (uint32_t)bits;
            float narrow;
            memcpy(&narrow, &word, sizeof narrow);
            lanes_f(n, v)[l] = (double)narrow;
        } else if (value->dtype == STEPC_FLOAT64) {
            memcpy(&lanes_f(n, v)[l], &bits, sizeof bits);
        } else {
            lanes_i(n, v)[l] = evaluate_wrap(value->dtype, bits);
        }
    }
}

/* ---- two arguments ----------------------------------------------------------------------------- */

double evaluate_max(double a, double b)
{
    if (a != a || b != b)
        return a != a ? a : b;
    return a < b ? b : a;
}

double evaluate_min(double a, double b)
{
    if (a != a || b != b)
        return a != a ? a : b;
    return b < a ? b : a;
}

static void eval_binary_float(const ready_nest *n, int32_t v, int64_t count)
{
    const loop_value *value = &n->nest->values[v];
    const double *a = lanes_f(n, value->args[0]), *b = lanes_f(n, value->args[1]);
    double *out = lanes_f(n, v);
#define EACH(expression)                                                                                               \
    for (int64_t l = 0; l < count; l++)                                                                                \
        out[l] = (expression);                                                                                         \
    break
    switch ((int)value->op) {
    case LOOP_ADD:
        EACH(a[l] + b[l]);
    case LOOP_SUB:
        EACH(a[l] - b[l]);
    case LOOP_MUL:
        EACH(a[l] * b[l]);
    case LOOP_DIV:
        EACH(a[l] / b[l]);
    case LOOP_FLOORDIV:
        EACH(scalar_floor(value->dtype == STEPC_FLOAT32 ? (double)(float)(a[l] / b[l]) : a[l] / b[l]));
    case LOOP_MAX:
        EACH(evaluate_max(a[l], b[l]));
    case LOOP_MIN:
        EACH(evaluate_min(a[l], b[l]));
    case LOOP_POW:
        EACH(scalar_pow(a[l], b[l]));
    case LOOP_ATAN2:
        EACH(scalar_atan2(a[l], b[l]));
    case LOOP_FMOD:
        EACH(scalar_fmod(a[l], b[l]));
    case LOOP_ZETA:
        EACH(scalar_zeta(a[l], b[l]));
    case LOOP_POLYGAMMA:
        EACH(scalar_polygamma(a[l], b[l]));
    case LOOP_IGAMMA:
        EACH(scalar_igamma(a[l], b[l]));
    case LOOP_IGAMMAC:
        EACH(scalar_igammac(a[l], b[l]));
    default:
        break;
    }
#undef EACH
    round_lanes(value->dtype, out, count);
}

static int64_t divide(loop_op op, int64_t a, int64_t b)
{
    if (b == -1)
        return (int64_t)(0 - (uint64_t)a);
    int64_t q = a / b;
    return op == LOOP_FLOORDIV && a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

static void eval_divide(const ready_nest *n, int32_t v, int64_t count)
{
    const loop_value *value = &n->nest->values[v];
    const int64_t *a = lanes_i(n, value->args[0]), *b = lanes_i(n, value->args[1]);
    int64_t *out = lanes_i(n, v);
    for (int64_t l = 0; l < count; l++) {
        if (b[l] == 0) {
            lanes_bad(n, v)[l] = 1;
            out[l] = 0;
        } else if (value->dtype == STEPC_UINT64) {
            out[l] = (int64_t)((uint64_t)a[l] / (uint64_t)b[l]);
        } else {
            out[l] = divide(value->op, a[l], b[l]);
        }
    }
    wrap_lanes(value->dtype, out, count);
}

/* Wraps; exponents below 1 give 1. */
static uint64_t integer_power(uint64_t base, int64_t exponent)
{
    uint64_t result = 1;
    for (; exponent > 0; exponent /= 2) {
        if (exponent % 2 != 0)
            result *= base;
        base *= base;
    }
    return result;
}

static void eval_binary_integer(const ready_nest *n, int32_t v, int64_t count)
{
    const loop_value *value = &n->nest->values[v];
    const int64_t *a = lanes_i(n, value->args[0]), *b = lanes_i(n, value->args[1]);
    bool wide = value->dtype == STEPC_UINT64;
    uint64_t most = (uint64_t)loop_value_bits(value->dtype) - 1;
    int64_t *out = lanes_i(n, v);
#define EACH(expression)                                                                                               \
    for (int64_t l = 0; l < count; l++)                                                                                \
        out[l] = (int64_t)(expression);                                                                                \
    break
    switch ((int)value->op) {
    case LOOP_ADD:
        EACH((uint64_t)a[l] + (uint64_t)b[l]);
    case LOOP_SUB:
        EACH((uint64_t)a[l] - (uint64_t)b[l]);
    case LOOP_MUL:
        EACH((uint64_t)a[l] * (uint64_t)b[l]);
    case LOOP_MAX:
        EACH((wide ? (uint64_t)a[l] < (uint64_t)b[l] : a[l] < b[l]) ? b[l] : a[l]);
    case LOOP_MIN:
        EACH((wide ? (uint64_t)b[l] < (uint64_t)a[l] : b[l] < a[l]) ? b[l] : a[l]);
    case LOOP_POW:
        EACH(integer_power((uint64_t)a[l], b[l]));
    case LOOP_AND:
        EACH(a[l] & b[l]);
    case LOOP_OR:
        EACH(a[l] | b[l]);
    case LOOP_XOR:
        EACH(a[l] ^ b[l]);
    case LOOP_SHL:
        EACH((uint64_t)a[l] << ((uint64_t)b[l] & most));
    case LOOP_SHR:
        EACH(is_signed(value->dtype) ? (uint64_t)(a[l] >> ((uint64_t)b[l] & most))
                                     : (uint64_t)a[l] >> ((uint64_t)b[l] & most));
    default:
        break;
    }
#undef EACH
    wrap_lanes(value->dtype, out, count);
}

static void eval_compare(const ready_nest *n, int32_t v, int64_t count)
{
    const loop_value *value = &n->nest->values[v];
    stepc_dtype dtype = n->nest->values[value->args[0]].dtype;
    loop_op op = value->op;
    int64_t *out = lanes_i(n, v);
#define COMPARE(type, a, b)                                                                                            \
    for (int64_t l = 0; l < count; l++) {                                                                              \
        type x = (type)(a)[l], y = (type)(b)[l];                                                                       \
        out[l] = op == LOOP_EQ ? x == y : op == LOOP_NE ? x != y : op == LOOP_LT ? x < y : x <= y;                     \
    }
    if (is_float(dtype)) {
        const double *a = lanes_f(n, value->args[0]), *b = lanes_f(n, value->args[1]);
        COMPARE(double, a, b)
        return;
    }
    const int64_t *a = lanes_i(n, value->args[0]), *b = lanes_i(n, value->args[1]);
    if (dtype == STEPC_UINT64) {
        COMPARE(uint64_t, a, b)
    } else {
        COMPARE(int64_t, a, b)
    }
#undef COMPARE
}

static void eval_betainc(const ready_nest *n, int32_t v, int64_t count)
{
    const loop_value *value = &n->nest->values[v];
    const double *a = lanes_f(n, value->args[0]), *b = lanes_f(n, value->args[1]), *x = lanes_f(n, value->args[2]);
    double *out = lanes_f(n, v);
    for (int64_t l = 0; l < count; l++)
        out[l] = scalar_betainc(a[l], b[l], x[l]);
    round_lanes(value->dtype, out, count);
}

static void eval_select(const ready_nest *n, int32_t v, int64_t count)
{
    const loop_value *value = &n->nest->values[v];
    const int64_t *condition = lanes_i(n, value->args[0]);
    if (is_float(value->dtype)) {
        const double *a = lanes_f(n, value->args[1]), *b = lanes_f(n, value->args[2]);
        double *out = lanes_f(n, v);
        for (int64_t l = 0; l < count; l++)
            out[l] = condition[l] ? a[l] : b[l];
        return;
    }
    const int64_t *a = lanes_i(n, value->args[1]), *b = lanes_i(n, value->args[2]);
    int64_t *out = lanes_i(n, v);
    for (int64_t l = 0; l < count; l++)
        out[l] = condition[l] ? a[l] : b[l];
}

/* ---- all ---------------------------------------------------------------------------------------- */

static void spread_bad(const ready_nest *n, int32_t from, uint8_t *bad, int64_t count)
{
    if (from < 0 || !n->may_be_bad[from])
        return;
    const uint8_t *more = lanes_bad(n, from);
    for (int64_t l = 0; l < count; l++)
        bad[l] |= more[l];
}

/* A lane is bad when it needs an element outside its buffer or a quotient by zero. An arm
 * that a select does not take is not needed. */
static void eval_bad(const ready_nest *n, int32_t v, int64_t count)
{
    const loop_value *value = &n->nest->values[v];
    uint8_t *bad = lanes_bad(n, v);

    memset(bad, 0, (size_t)count);
    spread_bad(n, value->args[0], bad, count);
    if (value->op == LOOP_READ)
        spread_bad(n, value->index.indirect, bad, count);
    if (value->op != LOOP_SELECT) {
        spread_bad(n, value->args[1], bad, count);
        spread_bad(n, value->args[2], bad, count);
        return;
    }
    const int64_t *condition = lanes_i(n, value->args[0]);
    for (int64_t l = 0; l < count; l++) {
        int32_t arm = condition[l] ? value->args[1] : value->args[2];
        bad[l] |= n->may_be_bad[arm] ? lanes_bad(n, arm)[l] : 0;
    }
}

static void eval_in_range(const ready_nest *n, int32_t v, int64_t count)
{
    const loop_value *value = &n->nest->values[v];
    const int64_t *a = lanes_i(n, value->args[0]);
    int64_t size = n->run->sizes[value->size];
    int64_t *out = lanes_i(n, v);
    for (int64_t l = 0; l < count; l++)
        out[l] = a[l] >= 0 && a[l] < size;
}

void evaluate_value(const ready_nest *n, int32_t v, int64_t count)
{
    const loop_value *value = &n->nest->values[v];
    bool floats = is_float(value->dtype);

    if (n->may_be_bad[v])
        eval_bad(n, v, count);
    switch (value->op) {
    case LOOP_READ:
    case LOOP_CONST:
    case LOOP_AXIS:
    case LOOP_SIZE:
    case LOOP_ACC:
        eval_leaf(n, v, count);
        break;
    case LOOP_PHILOX:
        eval_philox(n, v, count);
        break;
    case LOOP_IN_RANGE:
        eval_in_range(n, v, count);
        break;
    case LOOP_CAST:
        eval_cast(n, v, count);
        break;
    case LOOP_BITCAST:
        eval_bitcast(n, v, count);
        break;
    case LOOP_NEG:
    case LOOP_ABS:
    case LOOP_EXP:
    case LOOP_LOG:
    case LOOP_TANH:
    case LOOP_SIGMOID:
    case LOOP_SIN:
    case LOOP_COS:
    case LOOP_SQRT:
    case LOOP_FLOOR:
    case LOOP_ROUND:
    case LOOP_EXPM1:
    case LOOP_LOG1P:
    case LOOP_TAN:
    case LOOP_ASIN:
    case LOOP_ACOS:
    case LOOP_ATAN:
    case LOOP_SINH:
    case LOOP_COSH:
    case LOOP_ASINH:
    case LOOP_ACOSH:
    case LOOP_ATANH:
    case LOOP_LGAMMA:
    case LOOP_DIGAMMA:
    case LOOP_ERFINV:
    case LOOP_NDTRI:
    case LOOP_BESSEL_I0:
    case LOOP_BESSEL_I0E:
    case LOOP_BESSEL_I1:
    case LOOP_BESSEL_I1E:
    case LOOP_SOFTPLUS:
    case LOOP_ERF:
    case LOOP_ERFC:
    case LOOP_NOT:
    case LOOP_ROUND_TO:
        if (floats)
            eval_unary_float(n, v, count);
        else
            eval_unary_integer(n, v, count);
        break;
    case LOOP_DIV:
    case LOOP_FLOORDIV:
        if (floats)
            eval_binary_float(n, v, count);
        else
            eval_divide(n, v, count);
        break;
    case LOOP_ADD:
    case LOOP_SUB:
    case LOOP_MUL:
    case LOOP_MAX:
    case LOOP_MIN:
    case LOOP_POW:
    case LOOP_ATAN2:
    case LOOP_FMOD:
    case LOOP_ZETA:
    case LOOP_POLYGAMMA:
    case LOOP_IGAMMA:
    case LOOP_IGAMMAC:
    case LOOP_AND:
    case LOOP_OR:
    case LOOP_XOR:
    case LOOP_SHL:
    case LOOP_SHR:
        if (floats)
            eval_binary_float(n, v, count);
        else
            eval_binary_integer(n, v, count);
        break;
    case LOOP_EQ:
    case LOOP_NE:
    case LOOP_LT:
    case LOOP_LE:
        eval_compare(n, v, count);
        break;
    case LOOP_BETAINC:
        eval_betainc(n, v, count);
        break;
    case LOOP_SELECT:
        eval_select(n, v, count);
        break;
    case LOOP_OP_COUNT:
        break;
    }
}
