/* SPDX-License-Identifier: Apache-2.0 */
/* Values that move along the vector axis: written in the SIMD vocabulary of compiler/support.
 * A nest that the vocabulary cannot say keeps its scalar form. */
#include "compiler/emit/inside_lanes.h"

#include "compiler/support/support.h"

static bool is_float(stepc_dtype dtype) { return dtype == STEPC_FLOAT32 || dtype == STEPC_FLOAT64; }

const char *vector_ref(nest_text *n, int32_t v, int32_t r, int32_t j)
{
    const char *scalar = value_ref(n, v, r, j);
    return value_is_vector(n, v) ? scalar : lane_splat(n, n->nest->values[v].dtype, scalar);
}

bool vector_step(const nest_text *n, const loop_index *index, int64_t *out)
{
    return size_is_const(n->p->sizes, index->coefs[n->vector], out);
}

/* ---- what can be said ---------------------------------------------------------------------------- */

/* The step along the vector axis; 0 when only a run knows it. */
static int64_t step_of(const nest_text *n, const loop_index *index)
{
    int64_t step;
    return vector_step(n, index, &step) ? step : 0;
}

static bool read_possible(const nest_text *n, int32_t v)
{
    const loop_value *value = &n->nest->values[v];
    stepc_dtype storage = n->p->buffers[value->buffer].dtype;
    if (value->index.indirect >= 0 && value_is_vector(n, value->index.indirect))
        return false;
    if (n->guarded[v] && (storage != value->dtype || loop_value_bits(storage) != n->lane_bits || n->lane_bits < 32))
        return false;
    bool is_unit = n->turned[v] || n->p->buffers[value->buffer].panel > 0;
    return lane_storage_possible(n, storage, value->dtype, is_unit ? 1 : step_of(n, &value->index));
}

static bool transcendental_possible(nest_text *n, loop_op op, stepc_dtype dtype)
{
    return !n->p->exact && support_find(FORMAT(n, "v_%s_%s", loop_op_name(op), type_suffix(dtype))) != NULL;
}

/* Signed lanes of 32 bits divide through double. */
static bool quotient_possible(const nest_text *n, stepc_dtype dtype)
{
    return dtype == STEPC_INT32 || lane_is_short(n, dtype);
}

static bool operation_possible(nest_text *n, int32_t v)
{
    const loop_value *value = &n->nest->values[v];
    stepc_dtype from = value->args[0] >= 0 ? n->nest->values[value->args[0]].dtype : value->dtype;
    switch (value->op) {
    case LOOP_READ:
        return read_possible(n, v);
    case LOOP_PHILOX:
        return false;
    case LOOP_EXP:
    case LOOP_LOG:
    case LOOP_TANH:
    case LOOP_SIGMOID:
    case LOOP_SIN:
    case LOOP_COS:
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
    case LOOP_ZETA:
    case LOOP_POLYGAMMA:
    case LOOP_IGAMMA:
    case LOOP_IGAMMAC:
    case LOOP_BETAINC:
    case LOOP_SOFTPLUS:
    case LOOP_ERF:
    case LOOP_ERFC:
    case LOOP_POW:
        if (is_float(value->dtype) && small_power(n, value, ""))
            return !lane_is_pair(n, value->dtype);
        return transcendental_possible(n, value->op, value->dtype);
    case LOOP_ATAN2:
    case LOOP_FMOD:
        return transcendental_possible(n, value->op, value->dtype);
    case LOOP_CAST:
        return lane_cast_possible(n, from, value->dtype);
    case LOOP_BITCAST:
        return value->dtype != STEPC_BOOL && from != STEPC_BOOL;
    case LOOP_ROUND_TO:
        return value->dtype == STEPC_FLOAT32;
    case LOOP_DIV:
    case LOOP_FLOORDIV:
        return is_float(value->dtype) || quotient_possible(n, value->dtype);
    case LOOP_ABS:
    case LOOP_NEG:
        return value->dtype != STEPC_BOOL;
    case LOOP_SHL:
    case LOOP_SHR:
        return value->dtype != STEPC_BOOL;
    case LOOP_CONST:
    case LOOP_SIZE:
    case LOOP_AXIS:
    case LOOP_IN_RANGE:
    case LOOP_ACC:
    case LOOP_SQRT:
    case LOOP_FLOOR:
    case LOOP_ROUND:
    case LOOP_NOT:
    case LOOP_ADD:
    case LOOP_SUB:
    case LOOP_MUL:
    case LOOP_MAX:
    case LOOP_MIN:
    case LOOP_AND:
    case LOOP_OR:
    case LOOP_XOR:
    case LOOP_EQ:
    case LOOP_NE:
    case LOOP_LT:
    case LOOP_LE:
    case LOOP_SELECT:
        return true;
    case LOOP_OP_COUNT:
        break;
    }
    return false;
}

static bool acc_possible(const nest_text *n, const loop_acc *acc)
{
    bool floats = is_float(acc->dtype);
    switch (acc->kind) {
    case ACC_SUM:
    case ACC_PROD:
        if (acc->dtype == STEPC_FLOAT32 && !acc->reassociate)
            return false;
        return acc->dtype != STEPC_BOOL && (!n->vector_reduces || acc->reassociate || !floats);
    case ACC_MAX:
    case ACC_MIN:
        return acc->dtype != STEPC_BOOL && (!n->vector_reduces || !n->p->exact || !floats);
    case ACC_ANY:
    case ACC_ALL:
        return acc->dtype == STEPC_BOOL;
    case ACC_ARG_MAX:
    case ACC_ARG_MIN:
        return acc->dtype != STEPC_BOOL && (n->strip != NULL ? n->strip->only_sums : place_possible(n));
    }
    return false;
}

static bool accs_possible(const nest_text *n)
{
    for (int32_t a = 0; a < n->nest->acc_count; a++) {
        const loop_acc *acc = &n->nest->accs[a];
        if (!n->vector_reduces && !value_is_vector(n, acc->value))
            continue;
        if (!acc_possible(n, acc) || (acc->dtype != STEPC_BOOL && loop_value_bits(acc->dtype) != n->lane_bits))
            return false;
    }
    return true;
}

/* The question is about what goes into a strip's accumulators only. */
static bool sums_alone(const nest_text *n) { return n->strip != NULL && n->strip->only_sums; }

static bool writes_possible(const nest_text *n)
{
    for (int32_t w = 0; w < n->nest->write_count && !sums_alone(n); w++) {
        const loop_write *write = &n->nest->writes[w];
        if (n->vector_reduces && !write_streams(n->nest, write))
            continue;
        stepc_dtype storage = n->p->buffers[write->buffer].dtype, dtype = n->nest->values[write->value].dtype;
        int64_t step;
        bool stands_still = vector_step(n, &write->index, &step) && step == 0;
        if (stands_still || !lane_storage_possible(n, storage, dtype, step_of(n, &write->index)))
            return false;
        if (write->predicate >= 0 && value_is_vector(n, write->predicate))
            return false;
        if (write->index.indirect >= 0 && value_is_vector(n, write->index.indirect))
            return false;
    }
    return true;
}

/* A value that stands still and is stored must fit the lanes too. */
static bool stored_widths_fit(const nest_text *n)
{
    for (int32_t w = 0; w < n->nest->write_count && !n->is_mixed; w++) {
        stepc_dtype dtype = n->nest->values[n->nest->writes[w].value].dtype;
        if (n->vector_reduces && !write_streams(n->nest, &n->nest->writes[w]))
            continue; /* one by one */
        if (dtype != STEPC_BOOL && loop_value_bits(dtype) != n->lane_bits)
            return false;
    }
    return true;
}

bool vector_possible(nest_text *n)
{
    lanes_choose(n);
    /* A strip keeps its accumulators in arrays of one element per lane. */
    bool possible = n->strip == NULL || !(n->is_mixed || n->lane_bits < 32);
    possible = possible && accs_possible(n) && writes_possible(n) && (sums_alone(n) || stored_widths_fit(n));
    for (int32_t v = 0; v < n->nest->value_count && possible; v++)
        if (lane_is_asked(n, v))
            possible = operation_possible(n, v);
    return possible;
}

/* ---- operations ------------------------------------------------------------------------------------------- */

static const char *absolute(nest_text *n, stepc_dtype dtype, const char *a)
{
    bool is_signed = dtype == STEPC_INT8 || dtype == STEPC_INT16 || dtype == STEPC_INT32 || dtype == STEPC_INT64;
    if (is_float(dtype))
        return lane_word1(n, dtype, "abs", a);
    if (!is_signed)
        return a;
    const char *suffix = lane_suffix(n, dtype), *zero = lane_splat(n, dtype, "0");
    char kind = lane_is_pair(n, dtype) ? 'w' : 'v';
    const char *below = lane_call(n, FORMAT(n, "%c_lt_%s", kind, suffix), FORMAT(n, "%s, %s", a, zero));
    return lane_wrap(n, dtype,
                     lane_call(n, FORMAT(n, "%c_select_%s", kind, suffix),
                               FORMAT(n, "%s, %s, %s", below, lane_word2(n, dtype, "sub", zero, a), a)));
}

static bool has_infix(const nest_text *n, stepc_dtype dtype)
{
    bool is_unsigned = dtype == STEPC_UINT32 || dtype == STEPC_UINT64;
    return is_float(dtype) || dtype == STEPC_BOOL || (is_unsigned && n->lane_bits >= 32);
}

/* + - *: signed lanes by words that wrap. */
static const char *arithmetic(nest_text *n, stepc_dtype dtype, const char *sign, const char *word, const char *a,
                              const char *b)
{
    if (dtype == STEPC_BOOL)
        return lane_infix(n, dtype, a, word[0] == 'm' ? "&" : "^", b);
    if (has_infix(n, dtype))
        return lane_infix(n, dtype, a, sign, b);
    return lane_wrap(n, dtype, lane_word2(n, dtype, word, a, b));
}

static const char *unary(nest_text *n, const loop_value *value, const char *a)
{
    stepc_dtype dtype = value->dtype;
    const char *suffix = lane_suffix(n, dtype);
    if (lane_is_pair(n, dtype))
        use(n->e, "w_types");
    switch ((int)value->op) {
    case LOOP_NOT:
        if (lane_is_pair(n, dtype))
            return FORMAT(n, "W_EACH(w_%s, ~, %s)", suffix, a);
        return lane_wrap(n, dtype, lane_fit(n, dtype, FORMAT(n, "~%s", a)));
    case LOOP_NEG:
        if (!is_float(dtype))
            return arithmetic(n, dtype, "-", "sub", lane_splat(n, dtype, "0"), a);
        return lane_is_pair(n, dtype) ? FORMAT(n, "W_EACH(w_%s, -, %s)", suffix, a) : FORMAT(n, "-%s", a);
    case LOOP_ABS:
        return absolute(n, dtype, a);
    default:
        return lane_word1(n, dtype, loop_op_name(value->op), a);
    }
}

static const char *round_to(nest_text *n, const loop_value *value, const char *a)
{
    if (value->target != STEPC_HALF && value->target != STEPC_BFLOAT16)
        return a;
    return lane_call(n, value->target == STEPC_HALF ? "v_round_f16" : "v_round_bf16", a);
}

static const char *bitcast(nest_text *n, stepc_dtype from, stepc_dtype to, const char *a)
{
    bool wide = loop_value_bits(to) == 64;
    stepc_dtype floats = wide ? STEPC_FLOAT64 : STEPC_FLOAT32, bits = wide ? STEPC_INT64 : STEPC_INT32;
    if (from == to)
        return a;
    if (is_float(from)) {
        const char *name = FORMAT(n, "v_bits_%s", type_suffix(floats));
        use(n->e, name);
        if (lane_is_pair(n, from))
            a = FORMAT(n, "W_EACH(w_i64, %s, %s)", name, a);
        else
            a = lane_call(n, name, a);
        return lane_cast(n, bits, to, a);
    }
    if (!is_float(to))
        return lane_cast(n, from, to, a);
    a = lane_cast(n, from, bits, a);
    return lane_word1(n, to, "from_bits", a);
}

/* A constant that is not NaN. */
static bool is_number(const loop_value *value)
{
    if (value->op != LOOP_CONST)
        return false;
    if (value->dtype == STEPC_FLOAT32)
        return (value->bits & 0x7fffffff) <= 0x7f800000;
    return value->dtype == STEPC_FLOAT64 && (value->bits & INT64_MAX) <= UINT64_C(0x7ff0000000000000);
}

static const char *extreme(nest_text *n, const loop_value *value, const char *a, const char *b)
{
    bool most = value->op == LOOP_MAX;
    if (value->dtype == STEPC_BOOL)
        return lane_infix(n, value->dtype, a, most ? "|" : "&", b);
    /* What the processor has keeps a NaN of the first operand only. */
    const char *second = b;
    bool plain = !is_float(value->dtype) || is_number(&n->nest->values[value->args[1]]);
    /* Of zeros the first comes out; the default mode does not promise which. */
    if (!plain && !n->p->exact && is_number(&n->nest->values[value->args[0]])) {
        plain = true;
        second = a;
        a = b;
    }
    bool may_be_nan = is_float(value->dtype) && !plain;
    return lane_word2(n, value->dtype, FORMAT(n, "%s%s", most ? "max" : "min", may_be_nan ? "_nan" : ""), a, second);
}

/* Counts are taken modulo the width; short integers stand in lanes of 32 bits here. */
static const char *shift(nest_text *n, const loop_value *value, const char *a, const char *b)
{
    bool left = value->op == LOOP_SHL;
    if (lane_is_pair(n, value->dtype)) {
        const char *name = FORMAT(n, "v_%s_%s", left ? "shl" : "shr", type_suffix(value->dtype));
        use(n->e, name);
        return FORMAT(n, "W_EACH2(w_%s, %s, %s, %s)", type_suffix(value->dtype), name, a, b);
    }
    const char *type = vector_type(n, value->dtype), *plain = n->is_wide ? "v_u64" : "v_u32";
    int most = (int)loop_value_bits(value->dtype) - 1;
    bool is_unsigned = value->dtype == STEPC_UINT32 || value->dtype == STEPC_UINT64;
    if (left)
        return lane_wrap(n, value->dtype, FORMAT(n, "(%s)((%s)%s << ((%s)%s & %du))", type, plain, a, plain, b, most));
    return FORMAT(n, "%s >> (%s & %d%s)", a, b, most, is_unsigned ? "u" : "");
}

static const char *quotient(nest_text *n, const loop_value *value, const char *a, const char *b)
{
    bool is_plain = value->op == LOOP_DIV || value->dtype == STEPC_UINT8 || value->dtype == STEPC_UINT16;
    return lane_wrap(n, value->dtype, lane_word2(n, value->dtype, is_plain ? "div" : "floor_div", a, b));
}

static const char *compare(nest_text *n, loop_op op, stepc_dtype from, const char *a, const char *b)
{
    if (from != STEPC_BOOL)
        return lane_call(n,
                         FORMAT(n, "%c_%s_%s", lane_is_pair(n, from) ? 'w' : 'v', loop_op_name(op), lane_suffix(n, from)),
                         FORMAT(n, "%s, %s", a, b));
    switch ((int)op) {
    case LOOP_EQ:
        return lane_fit(n, STEPC_BOOL, FORMAT(n, "~(%s ^ %s)", a, b));
    case LOOP_NE:
        return lane_fit(n, STEPC_BOOL, FORMAT(n, "%s ^ %s", a, b));
    case LOOP_LT:
        return lane_fit(n, STEPC_BOOL, FORMAT(n, "~%s & %s", a, b));
    default:
        return lane_fit(n, STEPC_BOOL, FORMAT(n, "~%s | %s", a, b));
    }
}

static const char *binary(nest_text *n, int32_t v, const char *a, const char *b)
{
    const loop_value *value = &n->nest->values[v];
    stepc_dtype dtype = value->dtype;
    switch ((int)value->op) {
    case LOOP_ADD:
        return arithmetic(n, dtype, "+", "add", a, b);
    case LOOP_SUB:
        return arithmetic(n, dtype, "-", "sub", a, b);
    case LOOP_MUL:
        return arithmetic(n, dtype, "*", "mul", a, b);
    case LOOP_DIV:
        return is_float(dtype) ? lane_infix(n, dtype, a, "/", b) : quotient(n, value, a, b);
    case LOOP_FLOORDIV:
        if (!is_float(dtype))
            return quotient(n, value, a, b);
        return lane_word1(n, dtype, "floor", lane_infix(n, dtype, a, "/", b));
    case LOOP_MAX:
    case LOOP_MIN:
        return extreme(n, value, a, b);
    case LOOP_AND:
        return lane_infix(n, dtype, a, "&", b);
    case LOOP_OR:
        return lane_infix(n, dtype, a, "|", b);
    case LOOP_XOR:
        return lane_infix(n, dtype, a, "^", b);
    case LOOP_SHL:
    case LOOP_SHR:
        return shift(n, value, a, b);
    case LOOP_POW:
        if (small_power(n, value, a))
            return small_power(n, value, a);
        return lane_word2(n, dtype, "pow", a, b);
    case LOOP_ATAN2:
    case LOOP_FMOD:
        return lane_word2(n, dtype, loop_op_name(value->op), a, b);
    default:
        return compare(n, value->op, n->nest->values[value->args[0]].dtype, a, b);
    }
}

static const char *choose(nest_text *n, int32_t v, int32_t r, int32_t j)
{
    const loop_value *value = &n->nest->values[v];
    const char *a = vector_ref(n, value->args[1], r, j), *b = vector_ref(n, value->args[2], r, j);
    if (!value_is_vector(n, value->args[0]))
        return FORMAT(n, "%s ? %s : %s", value_ref(n, value->args[0], r, j), a, b);
    const char *m = vector_ref(n, value->args[0], r, j);
    if (value->dtype == STEPC_BOOL)
        return lane_fit(n, STEPC_BOOL, FORMAT(n, "(%s & %s) | (~%s & %s)", m, a, m, b));
    return lane_call(
        n, FORMAT(n, "%c_select_%s", lane_is_pair(n, value->dtype) ? 'w' : 'v', lane_suffix(n, value->dtype)),
        FORMAT(n, "%s, %s, %s", m, a, b));
}

static const char *iota(nest_text *n, const loop_value *value, int32_t j)
{
    char kind = n->is_mixed ? 'w' : 'v';
    const char *first = FORMAT(n, "%c_splat_i64((int64_t)i%d + %s * %d)", kind, (int)value->axis, lanes_text(n), (int)j);
    use(n->e, FORMAT(n, "%c_iota_i64", kind));
    use(n->e, FORMAT(n, "%c_splat_i64", kind));
    return lane_infix(n, STEPC_INT64, first, "+", FORMAT(n, "%c_iota_i64()", kind));
}

/* As unsigned numbers the negative ones are beyond any size. */
static const char *in_range(nest_text *n, const loop_value *value, const char *a)
{
    const char *size = FORMAT(n, "(uint64_t)%s", size_text(n, value->size));
    return compare(n, LOOP_LT, STEPC_UINT64, lane_cast(n, STEPC_INT64, STEPC_UINT64, a),
                   lane_splat(n, STEPC_UINT64, size));
}

const char *vector_expression(nest_text *n, int32_t v, int32_t r, int32_t j)
{
    const loop_value *value = &n->nest->values[v];
    switch ((int)value->op) {
    case LOOP_READ:
        return lane_read(n, v, r, j);
    case LOOP_AXIS:
        return iota(n, value, j);
    case LOOP_ACC:
        return value_expression(n, v, r, j);
    case LOOP_SELECT:
        return choose(n, v, r, j);
    default:
        break;
    }
    const char *a = vector_ref(n, value->args[0], r, j);
    stepc_dtype from = n->nest->values[value->args[0]].dtype;
    switch ((int)value->op) {
    case LOOP_CAST:
        return lane_cast(n, from, value->dtype, a);
    case LOOP_IN_RANGE:
        return in_range(n, value, a);
    case LOOP_BITCAST:
        return bitcast(n, from, value->dtype, a);
    case LOOP_ROUND_TO:
        return round_to(n, value, a);
    default:
        break;
    }
    if (loop_op_arity(value->op) == 1)
        return unary(n, value, a);
    return binary(n, v, a, vector_ref(n, value->args[1], r, j));
}
