/* SPDX-License-Identifier: Apache-2.0 */
/* Values that move along the vector axis: written in the SIMD vocabulary of compiler/support.
 * A nest that the vocabulary cannot say keeps its scalar form. */
#include "compiler/emit/inside_nest.h"

#include "compiler/support/support.h"

static bool is_float(stepc_dtype dtype) { return dtype == STEPC_FLOAT32 || dtype == STEPC_FLOAT64; }

const char *vector_type(const nest_text *n, stepc_dtype dtype)
{
    switch ((int)dtype) {
    case STEPC_FLOAT32:
        return "v_f32";
    case STEPC_FLOAT64:
        return "v_f64";
    case STEPC_INT32:
        return "v_i32";
    case STEPC_INT64:
        return "v_i64";
    case STEPC_UINT32:
        return "v_u32";
    case STEPC_UINT64:
        return "v_u64";
    default:
        return n->is_wide ? "v_m64" : "v_m32";
    }
}

static const char *call(nest_text *n, const char *name, const char *arguments)
{
    use(n->e, name);
    return FORMAT(n, "%s(%s)", name, arguments);
}

static const char *suffix_of(const nest_text *n, stepc_dtype dtype)
{
    return dtype == STEPC_BOOL ? (n->is_wide ? "m64" : "m32") : type_suffix(dtype);
}

static const char *splat(nest_text *n, stepc_dtype dtype, const char *scalar)
{
    if (dtype == STEPC_BOOL)
        return call(n, n->is_wide ? "v_splat_i64" : "v_splat_i32", FORMAT(n, "%s ? -1 : 0", scalar));
    return call(n, FORMAT(n, "v_splat_%s", type_suffix(dtype)), scalar);
}

const char *vector_ref(nest_text *n, int32_t v, int32_t r, int32_t j)
{
    const char *scalar = value_ref(n, v, r, j);
    return value_is_vector(n, v) ? scalar : splat(n, n->nest->values[v].dtype, scalar);
}

bool vector_step(const nest_text *n, const loop_index *index, int64_t *out)
{
    return size_is_const(n->p->sizes, index->coefs[n->vector], out);
}

/* ---- what can be said ---------------------------------------------------------------------------- */

static bool storage_possible(stepc_dtype storage, int32_t bits)
{
    switch ((int)storage) {
    case STEPC_FLOAT32:
    case STEPC_INT32:
    case STEPC_UINT32:
    case STEPC_HALF:
    case STEPC_BFLOAT16:
    case STEPC_BOOL:
        return bits == 32;
    case STEPC_FLOAT64:
    case STEPC_INT64:
    case STEPC_UINT64:
        return bits == 64;
    default:
        return false;
    }
}

static bool is_unit_step(const nest_text *n, const loop_index *index)
{
    int64_t step;
    return vector_step(n, index, &step) && step == 1;
}

static bool is_short_float(stepc_dtype storage) { return storage == STEPC_HALF || storage == STEPC_BFLOAT16; }

static bool read_possible(const nest_text *n, int32_t v, int32_t bits)
{
    const loop_value *value = &n->nest->values[v];
    stepc_dtype storage = n->p->buffers[value->buffer].dtype;
    if (!storage_possible(storage, bits))
        return false;
    if (value->index.indirect >= 0 && value_is_vector(n, value->index.indirect))
        return false;
    if (n->guarded[v] && (is_short_float(storage) || storage == STEPC_BOOL))
        return false;
    return !is_short_float(storage) || n->turned[v] || is_unit_step(n, &value->index);
}

static bool transcendental_possible(nest_text *n, loop_op op, stepc_dtype dtype)
{
    return !n->p->exact && support_find(FORMAT(n, "v_%s_%s", loop_op_name(op), type_suffix(dtype))) != NULL;
}

static bool cast_possible(stepc_dtype from, stepc_dtype to)
{
    if (from == STEPC_BOOL || to == STEPC_BOOL)
        return true;
    if (from == STEPC_UINT32 || from == STEPC_UINT64)
        return !is_float(to);
    if (is_float(from))
        return to == STEPC_INT32 || to == STEPC_INT64;
    return true;
}

static bool operation_possible(nest_text *n, int32_t v, int32_t bits)
{
    const loop_value *value = &n->nest->values[v];
    stepc_dtype from = value->args[0] >= 0 ? n->nest->values[value->args[0]].dtype : value->dtype;
    switch (value->op) {
    case LOOP_READ:
        return read_possible(n, v, bits);
    case LOOP_AXIS:
        return bits == 64;
    case LOOP_PHILOX:
    case LOOP_IN_RANGE:
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
    case LOOP_ERF:
    case LOOP_ERFC:
    case LOOP_POW:
        if (is_float(value->dtype) && small_power(n, value, ""))
            return true;
        return transcendental_possible(n, value->op, value->dtype);
    case LOOP_ATAN2:
    case LOOP_FMOD:
        return transcendental_possible(n, value->op, value->dtype);
    case LOOP_CAST:
        return cast_possible(from, value->dtype);
    case LOOP_BITCAST:
        return value->dtype != STEPC_BOOL;
    case LOOP_ROUND_TO:
        return value->dtype == STEPC_FLOAT32;
    case LOOP_DIV:
    case LOOP_FLOORDIV:
        return is_float(value->dtype);
    case LOOP_ABS:
    case LOOP_NEG:
        return value->dtype != STEPC_BOOL;
    case LOOP_SHL:
    case LOOP_SHR:
        return value->dtype != STEPC_BOOL;
    case LOOP_CONST:
    case LOOP_SIZE:
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
        break;
    }
    return false;
}

static bool accs_possible(const nest_text *n, int32_t bits)
{
    for (int32_t a = 0; a < n->nest->acc_count; a++) {
        const loop_acc *acc = &n->nest->accs[a];
        int32_t own = loop_value_bits(acc->dtype);
        if (!n->vector_reduces && !value_is_vector(n, acc->value))
            continue;
        if (!acc_possible(n, acc) || (acc->dtype != STEPC_BOOL && own != bits))
            return false;
    }
    return true;
}

static bool writes_possible(const nest_text *n, int32_t bits)
{
    for (int32_t w = 0; w < n->nest->write_count && !n->vector_reduces; w++) {
        const loop_write *write = &n->nest->writes[w];
        stepc_dtype storage = n->p->buffers[write->buffer].dtype, dtype = n->nest->values[write->value].dtype;
        int64_t step;
        bool is_const = vector_step(n, &write->index, &step);
        bool same = storage == dtype || (is_short_float(storage) && dtype == STEPC_FLOAT32 && step == 1);
        if (!storage_possible(storage, bits) || (is_const && step == 0) || !same)
            return false;
        if (write->predicate >= 0 && value_is_vector(n, write->predicate))
            return false;
        if (write->index.indirect >= 0 && value_is_vector(n, write->index.indirect))
            return false;
    }
    return true;
}

/* The width that all values that move along the axis share; 0 when they do not. */
static int32_t common_bits(const nest_text *n)
{
    int32_t bits = 0;
    for (int32_t v = 0; v < n->nest->value_count; v++) {
        stepc_dtype dtype = n->nest->values[v].dtype;
        int32_t own = loop_value_bits(dtype);
        if (n->uses[v] == 0 || !value_is_vector(n, v) || dtype == STEPC_BOOL)
            continue;
        if ((own != 32 && own != 64) || (bits != 0 && own != bits))
            return 0;
        bits = own;
    }
    return bits == 0 ? 32 : bits;
}

bool vector_possible(nest_text *n, int32_t axis, bool *is_wide)
{
    int32_t bits = common_bits(n);
    bool possible = bits != 0 && axis == n->vector && accs_possible(n, bits) && writes_possible(n, bits);
    for (int32_t v = 0; v < n->nest->value_count && possible; v++) {
        if (n->uses[v] == 0 || !value_is_vector(n, v))
            continue;
        possible = operation_possible(n, v, bits);
        /* Bits of truth values that come from the other width would not fit. */
        if (n->nest->values[v].dtype == STEPC_BOOL && n->nest->values[v].op == LOOP_READ && bits == 64)
            possible = false;
    }
    *is_wide = bits == 64;
    return possible;
}

/* ---- reads --------------------------------------------------------------------------------------------- */

static const char *guarded_read(nest_text *n, const loop_value *value, const char *base, const char *at)
{
    const char *name = FORMAT(n, "v_load_guard_%s", type_suffix(value->dtype));
    return call(n, name,
                FORMAT(n, "%s, %s, %s, %s", base, at, stride_text(n, &value->index, value->buffer),
                       size_text(n, root_count(n->p, value->buffer))));
}

static const char *vector_read(nest_text *n, int32_t v, int32_t r, int32_t j)
{
    const loop_value *value = &n->nest->values[v];
    stepc_dtype storage = n->p->buffers[value->buffer].dtype;
    const char *base = n->turned[v] ? tile_name(n, v) : param_name(n, value->buffer, false);
    const char *at = n->turned[v] ? tile_index(n, j) : index_text(n, &value->index, value->buffer, r, j);
    const char *suffix = storage == STEPC_HALF ? "f16" : storage == STEPC_BFLOAT16 ? "bf16" : type_suffix(value->dtype);
    if (n->guarded[v] && !n->lazy[v])
        return guarded_read(n, value, base, at);
    const char *stride = n->turned[v] ? "1" : stride_text(n, &value->index, value->buffer);
    const char *from = pointer_text(n, base, at);
    bool is_unit = stride[0] == '1' && stride[1] == '\0';
    if (storage == STEPC_BOOL)
        return call(n, "v_load_bool", FORMAT(n, "%s, %s, %s", from, stride, n->tail ? "rest" : lanes_text(n)));
    if (is_unit)
        return call(n, FORMAT(n, "v_load_%s%s", n->tail ? "part_" : "", suffix),
                    FORMAT(n, n->tail ? "%s, rest" : "%s", from));
    return call(n, FORMAT(n, "v_load_stride_%s%s", n->tail ? "part_" : "", suffix),
                FORMAT(n, n->tail ? "%s, %s, rest" : "%s, %s", from, stride));
}

/* ---- operations ------------------------------------------------------------------------------------------- */

static const char *unary(nest_text *n, const loop_value *value, const char *a)
{
    const char *suffix = suffix_of(n, value->dtype), *zero;
    bool floats = is_float(value->dtype);
    bool wraps = value->dtype == STEPC_INT32 || value->dtype == STEPC_INT64;
    switch ((int)value->op) {
    case LOOP_NOT:
        return FORMAT(n, "~%s", a);
    case LOOP_NEG:
        if (floats)
            return FORMAT(n, "-%s", a);
        zero = splat(n, value->dtype, "0");
        return wraps ? call(n, FORMAT(n, "v_sub_%s", suffix), FORMAT(n, "%s, %s", zero, a))
                     : FORMAT(n, "%s - %s", zero, a);
    case LOOP_ABS:
        if (floats)
            return call(n, FORMAT(n, "v_abs_%s", suffix), a);
        if (!wraps)
            return a;
        use(n->e, FORMAT(n, "v_lt_%s", suffix));
        use(n->e, FORMAT(n, "v_sub_%s", suffix));
        use(n->e, FORMAT(n, "v_select_%s", suffix));
        zero = splat(n, value->dtype, "0");
        return FORMAT(n, "v_select_%s(v_lt_%s(%s, %s), v_sub_%s(%s, %s), %s)", suffix, suffix, a, zero, suffix, zero, a,
                      a);
    default:
        return call(n, FORMAT(n, "v_%s_%s", loop_op_name(value->op), suffix), a);
    }
}

static const char *round_to(nest_text *n, const loop_value *value, const char *a)
{
    if (value->target != STEPC_HALF && value->target != STEPC_BFLOAT16)
        return a;
    return call(n, value->target == STEPC_HALF ? "v_round_f16" : "v_round_bf16", a);
}

static const char *cast(nest_text *n, stepc_dtype from, stepc_dtype to, const char *a)
{
    if (to == STEPC_BOOL)
        return from == STEPC_BOOL
                   ? a
                   : call(n, FORMAT(n, "v_ne_%s", type_suffix(from)), FORMAT(n, "%s, %s", a, splat(n, from, "0")));
    if (from == STEPC_BOOL)
        return call(n, FORMAT(n, "v_select_%s", type_suffix(to)),
                    FORMAT(n, "%s, %s, %s", a, splat(n, to, "1"), splat(n, to, "0")));
    if (is_float(from))
        return call(n, to == STEPC_INT32 ? "v_sat_i32_f32" : "v_sat_i64_f64", a);
    if (is_float(to))
        return call(n, to == STEPC_FLOAT32 ? "v_f32_from_i32" : "v_f64_from_i64", a);
    return FORMAT(n, "(%s)%s", vector_type(n, to), a);
}

static const char *bitcast(nest_text *n, stepc_dtype from, stepc_dtype to, const char *a)
{
    const char *wide = n->is_wide ? "f64" : "f32";
    if (is_float(from))
        return FORMAT(n, "(%s)%s", vector_type(n, to), call(n, FORMAT(n, "v_bits_%s", wide), a));
    if (is_float(to))
        return call(n, FORMAT(n, "v_from_bits_%s", wide), FORMAT(n, "(%s)%s", n->is_wide ? "v_i64" : "v_i32", a));
    return FORMAT(n, "(%s)%s", vector_type(n, to), a);
}

static const char *infix(nest_text *n, const loop_value *value, const char *sign, const char *word, const char *a,
                         const char *b)
{
    if (value->dtype == STEPC_INT32 || value->dtype == STEPC_INT64)
        return call(n, FORMAT(n, "v_%s_%s", word, type_suffix(value->dtype)), FORMAT(n, "%s, %s", a, b));
    return FORMAT(n, "%s %s %s", a, value->dtype == STEPC_BOOL ? (word[0] == 'm' ? "&" : "^") : sign, b);
}

static const char *extreme(nest_text *n, const loop_value *value, const char *a, const char *b)
{
    bool most = value->op == LOOP_MAX;
    if (value->dtype == STEPC_BOOL)
        return FORMAT(n, "%s %c %s", a, most ? '|' : '&', b);
    return call(
        n,
        FORMAT(n, "v_%s_%s%s", most ? "max" : "min", is_float(value->dtype) ? "nan_" : "", type_suffix(value->dtype)),
        FORMAT(n, "%s, %s", a, b));
}

static const char *shift(nest_text *n, const loop_value *value, const char *a, const char *b)
{
    const char *type = vector_type(n, value->dtype), *plain = n->is_wide ? "v_u64" : "v_u32";
    int most = n->is_wide ? 63 : 31;
    if (value->op == LOOP_SHL)
        return FORMAT(n, "(%s)((%s)%s << ((%s)%s & %du))", type, plain, a, plain, b, most);
    return FORMAT(n, "%s >> (%s & %d%s)", a, b, most,
                  value->dtype == STEPC_UINT32 || value->dtype == STEPC_UINT64 ? "u" : "");
}

static const char *compare(nest_text *n, loop_op op, stepc_dtype from, const char *a, const char *b)
{
    if (from != STEPC_BOOL)
        return call(n, FORMAT(n, "v_%s_%s", loop_op_name(op), type_suffix(from)), FORMAT(n, "%s, %s", a, b));
    switch ((int)op) {
    case LOOP_EQ:
        return FORMAT(n, "~(%s ^ %s)", a, b);
    case LOOP_NE:
        return FORMAT(n, "%s ^ %s", a, b);
    case LOOP_LT:
        return FORMAT(n, "~%s & %s", a, b);
    default:
        return FORMAT(n, "~%s | %s", a, b);
    }
}

static const char *binary(nest_text *n, int32_t v, const char *a, const char *b)
{
    const loop_value *value = &n->nest->values[v];
    switch ((int)value->op) {
    case LOOP_ADD:
        return infix(n, value, "+", "add", a, b);
    case LOOP_SUB:
        return infix(n, value, "-", "sub", a, b);
    case LOOP_MUL:
        return infix(n, value, "*", "mul", a, b);
    case LOOP_DIV:
        return FORMAT(n, "%s / %s", a, b);
    case LOOP_FLOORDIV:
        return call(n, FORMAT(n, "v_floor_%s", type_suffix(value->dtype)), FORMAT(n, "%s / %s", a, b));
    case LOOP_MAX:
    case LOOP_MIN:
        return extreme(n, value, a, b);
    case LOOP_AND:
        return FORMAT(n, "%s & %s", a, b);
    case LOOP_OR:
        return FORMAT(n, "%s | %s", a, b);
    case LOOP_XOR:
        return FORMAT(n, "%s ^ %s", a, b);
    case LOOP_SHL:
    case LOOP_SHR:
        return shift(n, value, a, b);
    case LOOP_POW:
        if (small_power(n, value, a))
            return small_power(n, value, a);
        return call(n, FORMAT(n, "v_pow_%s", type_suffix(value->dtype)), FORMAT(n, "%s, %s", a, b));
    case LOOP_ATAN2:
    case LOOP_FMOD:
        return call(n, FORMAT(n, "v_%s_%s", loop_op_name(value->op), type_suffix(value->dtype)), FORMAT(n, "%s, %s", a, b));
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
        return FORMAT(n, "(%s & %s) | (~%s & %s)", m, a, m, b);
    return call(n, FORMAT(n, "v_select_%s", type_suffix(value->dtype)), FORMAT(n, "%s, %s, %s", m, a, b));
}

static const char *iota(nest_text *n, const loop_value *value, int32_t j)
{
    use(n->e, "v_iota_i64");
    use(n->e, "v_splat_i64");
    return FORMAT(n, "v_splat_i64((int64_t)i%d + V_LANES64 * %d) + v_iota_i64()", (int)value->axis, (int)j);
}

const char *vector_expression(nest_text *n, int32_t v, int32_t r, int32_t j)
{
    const loop_value *value = &n->nest->values[v];
    switch ((int)value->op) {
    case LOOP_READ:
        return vector_read(n, v, r, j);
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
        return cast(n, from, value->dtype, a);
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
