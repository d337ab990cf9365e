/* SPDX-License-Identifier: Apache-2.0 */
/* Scalar values: how each operation is written in C, without undefined behaviour for any argument. */
#include "compiler/emit/inside_lanes.h"

#include "compiler/support/support.h"

#include <string.h>

static bool is_float(stepc_dtype dtype) { return dtype == STEPC_FLOAT32 || dtype == STEPC_FLOAT64; }

static bool is_signed(stepc_dtype dtype)
{
    return dtype == STEPC_INT8 || dtype == STEPC_INT16 || dtype == STEPC_INT32 || dtype == STEPC_INT64;
}

/* ---- names ------------------------------------------------------------------------------------- */

static bool moves_along(const nest_text *n, int32_t v, int32_t axis)
{
    return axis >= 0 && (n->mask[v] >> axis & 1) != 0;
}

bool value_is_vector(const nest_text *n, int32_t v) { return moves_along(n, v, n->vector); }

int32_t value_rows(const nest_text *n, int32_t v) { return moves_along(n, v, n->row) ? n->rows : 1; }

int32_t value_jams(const nest_text *n, int32_t v) { return value_is_vector(n, v) ? n->jams : 1; }

const char *value_name(nest_text *n, int32_t v, int32_t r, int32_t j)
{
    bool rows = value_rows(n, v) > 1, jams = value_jams(n, v) > 1;
    if (rows && jams)
        return FORMAT(n, "v%d_%d_%d", (int)v, (int)r, (int)j);
    if (rows || jams)
        return FORMAT(n, "v%d_%d", (int)v, (int)(rows ? r : j));
    return FORMAT(n, "v%d", (int)v);
}

static const char *constant_text(nest_text *n, int32_t v)
{
    const loop_value *value = &n->nest->values[v];
    if (n->mode == CONSTANTS_OPEN)
        return FORMAT(n, "K%d", (int)v);
    if (n->kernel->varying[v])
        return FORMAT(n, "v%d", (int)v);
    if (!literal_is_finite(value->dtype, value->bits))
        use(n->e, value->dtype == STEPC_FLOAT32 ? "f32_of_bits" : "f64_of_bits");
    const char *made = text_or_fail(n, literal(&n->scratch, value->dtype, value->bits));
    return made[0] == '-' ? FORMAT(n, "(%s)", made) : made;
}

static const char *store_text(nest_text *n, stepc_dtype storage, stepc_dtype dtype, const char *value);

static const char *axis_text(nest_text *n, int32_t axis, int32_t r)
{
    if (axis_is_trivial(n, axis))
        return "INT64_C(0)";
    if (axis == n->row && r > 0)
        return FORMAT(n, "((int64_t)i%d + %d)", (int)axis, (int)r);
    return FORMAT(n, "(int64_t)i%d", (int)axis);
}

static const char *acc_text(nest_text *n, int32_t v, int32_t r, int32_t j)
{
    const loop_value *value = &n->nest->values[v];
    const loop_acc *acc = &n->nest->accs[value->acc];
    const char *cast =
        acc->dtype == STEPC_FLOAT32 && !acc->reassociate && (acc->kind == ACC_SUM || acc->kind == ACC_PROD) ? "(float)"
                                                                                                            : "";
    const char *place = acc->kind == ACC_ARG_MAX || acc->kind == ACC_ARG_MIN ? "_at" : "";
    bool rows = value_rows(n, v) > 1, jams = value_jams(n, v) > 1 && !n->vector_reduces;
    char prefix = n->vector_reduces ? 's' : 'a';
    if (rows && jams)
        return FORMAT(n, "%s%c%d_%d_%d%s", cast, prefix, (int)value->acc, (int)r, (int)j, place);
    if (rows || jams)
        return FORMAT(n, "%s%c%d_%d%s", cast, prefix, (int)value->acc, (int)(rows ? r : j), place);
    return FORMAT(n, "%s%c%d%s", cast, prefix, (int)value->acc, place);
}

const char *value_ref(nest_text *n, int32_t v, int32_t r, int32_t j)
{
    const loop_value *value = &n->nest->values[v];
    switch ((int)value->op) {
    case LOOP_CONST:
        return value_is_raw(n, v) ? store_text(n, n->raw_storage, STEPC_FLOAT32, constant_text(n, v)) : constant_text(n, v);
    case LOOP_SIZE:
        return FORMAT(n, "(int64_t)%s", size_text(n, value->size));
    case LOOP_AXIS:
        return value_is_vector(n, v) ? value_name(n, v, r, j) : axis_text(n, value->axis, r);
    case LOOP_READ:
        return n->lazy[v] ? read_expression(n, v, r, j) : value_name(n, v, r, j);
    case LOOP_ACC:
        return acc_text(n, v, r, j);
    default:
        return value_name(n, v, r, j);
    }
}

/* ---- addresses ------------------------------------------------------------------------------------ */

typedef struct address {
    nest_text *n;
    const char *terms;
    int64_t constant;
} address;

static void add_term(address *a, const char *term)
{
    a->terms = a->terms[0] ? FORMAT(a->n, "%s + %s", a->terms, term) : term;
}

static void subtract_term(address *a, const char *term)
{
    a->terms = a->terms[0] ? FORMAT(a->n, "%s - %s", a->terms, term) : FORMAT(a->n, "-%s", term);
}

/* |COEF| of one axis: how far rows and vectors further along it are. */
static void add_instance(address *a, int32_t axis, int64_t coef, int32_t r, int32_t j)
{
    nest_text *n = a->n;
    if (axis == n->row)
        a->constant += coef * r;
    if (axis != n->vector || j == 0)
        return;
    if (coef * j == 1)
        add_term(a, lanes_text(n));
    else if (coef > 0)
        add_term(a, FORMAT(n, "%s * %s", lanes_text(n), text_or_fail(n, literal_index(&n->scratch, coef * j))));
    else
        subtract_term(a, FORMAT(n, "%s * %s", lanes_text(n), text_or_fail(n, literal_index(&n->scratch, -coef * j))));
}

static void add_axis(address *a, int32_t axis, size_ref coef, bool from_tile, int32_t r, int32_t j)
{
    nest_text *n = a->n;
    int64_t c;
    if (n->at_corner && tile_axis(n, axis)) {
        const char *corner = FORMAT(n, from_tile ? "(from%d - t%d)" : "from%d", (int)axis, (int)axis);
        add_term(a, size_is_const(n->p->sizes, coef, &c) && c == 1 ? corner : FORMAT(n, "%s * %s", corner, size_text(n, coef)));
        return;
    }
    const char *at = from_tile ? FORMAT(n, "(i%d - t%d)", (int)axis, (int)axis) : FORMAT(n, "i%d", (int)axis);
    if (!size_is_const(n->p->sizes, coef, &c)) {
        if (axis == n->row && r > 0)
            at = FORMAT(n, "(%s + %d)", at, (int)r);
        if (axis == n->vector && j > 0)
            at = FORMAT(n, "(%s + %s * %d)", at, lanes_text(n), (int)j);
        add_term(a, FORMAT(n, "%s * %s", at, size_text(n, coef)));
        return;
    }
    if (c == 0)
        return;
    const char *scale = text_or_fail(n, literal_index(&n->scratch, c < 0 ? -c : c));
    const char *term = c == 1 || c == -1 ? at : FORMAT(n, "%s * %s", at, scale);
    if (c > 0)
        add_term(a, term);
    else
        subtract_term(a, term);
    add_instance(a, axis, c, r, j);
}

static void add_indirect(address *a, const loop_index *index, int32_t r, int32_t j)
{
    nest_text *n = a->n;
    const char *from = FORMAT(n, "(ptrdiff_t)%s", value_ref(n, index->indirect, r, j));
    int64_t scale;
    if (size_is_const(n->p->sizes, index->indirect_scale, &scale) && scale == 1)
        add_term(a, from);
    else
        add_term(a, FORMAT(n, "%s * %s", from, size_text(n, index->indirect_scale)));
}

/* Where AT, an index of the panels' dimension, has its first element. The vectors side by side lie in one panel when
 * they fill it, or a whole part of it. */
static void add_panel(address *a, const loop_buffer *b, int32_t axis, int32_t r, int32_t j)
{
    nest_text *n = a->n;
    long long panel = b->panel, bytes = panel * panel_rows(n->p, b);
    const char *at = FORMAT(n, "i%d", (int)axis);
    bool is_one = axis == n->vector && panel_is_whole(n, b);
    if (axis == n->row && r > 0)
        at = FORMAT(n, "(%s + %d)", at, (int)r);
    if (axis == n->vector && j > 0 && !is_one)
        at = FORMAT(n, "(%s + %s * %d)", at, lanes_text(n), (int)j);
    add_term(a, FORMAT(n, "%s / %lld * %lld + %s %% %lld", at, panel, bytes, at, panel));
    if (is_one && j > 0)
        add_term(a, j > 1 ? FORMAT(n, "%s * %d", lanes_text(n), (int)j) : lanes_text(n));
}

static const char *panel_text(nest_text *n, const loop_index *index, int32_t root, int32_t r, int32_t j)
{
    const loop_buffer *b = &n->p->buffers[root];
    address a = {.n = n, .terms = ""};
    for (int32_t k = 0; k < n->nest->axis_count; k++) {
        int32_t dim = axis_is_trivial(n, k) ? -1 : panel_dimension(n->p, n->nest, root, index, k);
        if (dim == b->panel_dim)
            add_panel(&a, b, k, r, j);
        else if (dim >= 0)
            add_axis(&a, k, size_const(n->p->sizes, panel_stride(n->p, b, dim)), false, r, 0);
    }
    if (a.constant != 0)
        add_term(&a, text_or_fail(n, literal_index(&n->scratch, a.constant)));
    return a.terms[0] ? a.terms : "0";
}

const char *index_text(nest_text *n, const loop_index *index, int32_t root, int32_t r, int32_t j)
{
    if (n->p->buffers[root].panel > 0)
        return panel_text(n, index, root, r, j);
    address a = {.n = n, .terms = ""};
    bool local = n->p->buffers[root].kind == BUFFER_LOCAL && n->group != NULL;
    int64_t base;
    if (size_is_const(n->p->sizes, index->base, &base))
        a.constant = base;
    else
        add_term(&a, size_text(n, index->base));
    for (int32_t k = 0; k < n->nest->axis_count; k++) {
        bool from_tile = local && k < n->group->shared_count;
        if (!axis_is_trivial(n, k) && (n->copy.inside >> k & 1) == 0)
            add_axis(&a, k, from_tile ? local_stride(n->p, n->group, root, k) : index->coefs[k], from_tile, r, j);
    }
    if (index->indirect >= 0)
        add_indirect(&a, index, r, j);
    if (a.terms[0] == '\0')
        return text_or_fail(n, literal_index(&n->scratch, a.constant));
    if (a.constant == 0)
        return a.terms;
    const char *constant = text_or_fail(n, literal_index(&n->scratch, a.constant < 0 ? -a.constant : a.constant));
    return FORMAT(n, "%s %c %s", a.terms, a.constant < 0 ? '-' : '+', constant);
}

/* ---- reads and stores -------------------------------------------------------------------------------- */

static const char *load_text(nest_text *n, stepc_dtype storage, const char *element)
{
    if (storage == STEPC_HALF || storage == STEPC_BFLOAT16) {
        const char *name = storage == STEPC_HALF ? "f32_from_f16" : "f32_from_bf16";
        use(n->e, name);
        return FORMAT(n, "%s(%s)", name, element);
    }
    return storage == STEPC_BOOL ? FORMAT(n, "%s != 0", element) : element;
}

/* A read that its guards have not been shown to protect tests its own address. */
static const char *scalar_read(nest_text *n, int32_t v, int32_t r, int32_t j)
{
    const loop_value *value = &n->nest->values[v];
    stepc_dtype storage = n->p->buffers[value->buffer].dtype;
    const char *at = n->turned[v] ? tile_index(n, j) : index_text(n, &value->index, value->buffer, r, j);
    const char *base = n->turned[v] ? tile_name(n, v) : param_name(n, value->buffer, false);
    const char *element = FORMAT(n, "%s[%s]", base, at);
    if (!value_is_raw(n, v))
        element = load_text(n, storage, element);
    if (!n->guarded[v] || n->lazy[v])
        return storage == STEPC_BOOL ? FORMAT(n, "(%s)", element) : element;
    return FORMAT(n, "%s >= 0 && %s < %s ? %s : 0", at, at, size_text(n, root_count(n->p, value->buffer)), element);
}

const char *read_expression(nest_text *n, int32_t v, int32_t r, int32_t j)
{
    return value_is_vector(n, v) ? vector_expression(n, v, r, j) : scalar_read(n, v, r, j);
}

static const char *store_text(nest_text *n, stepc_dtype storage, stepc_dtype dtype, const char *value)
{
    if (storage == STEPC_HALF || storage == STEPC_BFLOAT16) {
        const char *name = FORMAT(n, "%s_from_%s", storage == STEPC_HALF ? "f16" : "bf16", type_suffix(dtype));
        use(n->e, name);
        return FORMAT(n, "%s(%s)", name, value);
    }
    if (storage == STEPC_BOOL)
        return FORMAT(n, dtype == STEPC_BOOL ? "(uint8_t)%s" : "(uint8_t)(%s != 0)", value);
    return strcmp(storage_type(storage), value_type(dtype)) == 0 ? value
                                                                 : FORMAT(n, "(%s)%s", storage_type(storage), value);
}

const char *stride_text(nest_text *n, const loop_index *index, int32_t root)
{
    bool local = n->p->buffers[root].kind == BUFFER_LOCAL && n->group != NULL && n->vector < n->group->shared_count;
    return size_text(n, local ? local_stride(n->p, n->group, root, n->vector) : index->coefs[n->vector]);
}

const char *pointer_text(nest_text *n, const char *base, const char *at)
{
    if (strcmp(at, "0") == 0)
        return base;
    return FORMAT(n, strchr(at, ' ') ? "%s + (%s)" : "%s + %s", base, at);
}

bool vector_streams(const nest_text *n) { return n->nest->schedule.stream && n->has_tiles && n->vector >= 0; }

void write_store(nest_text *n, const loop_write *w, int32_t r, int32_t j, int32_t depth)
{
    if (n->vector >= 0 && (!n->vector_reduces || write_streams(n->nest, w))) {
        lane_store(n, w, r, j, depth);
        return;
    }
    const char *base = param_name(n, w->buffer, true), *at = index_text(n, &w->index, w->buffer, r, j);
    const char *value = value_ref(n, w->value, r, j);
    line(n->out, depth, "%s[%s] = %s;", base, at,
         value_is_raw(n, w->value) ? value : store_text(n, n->p->buffers[w->buffer].dtype, n->nest->values[w->value].dtype, value));
}

/* ---- operations --------------------------------------------------------------------------------------------- */

/* The unsigned type in which integers of DTYPE wrap. */
static const char *wrap_type(stepc_dtype dtype) { return loop_value_bits(dtype) == 64 ? "uint64_t" : "uint32_t"; }

/* Arithmetic on types narrower than int is arithmetic on int. */
static const char *narrow(nest_text *n, stepc_dtype dtype, const char *expression)
{
    int32_t bits = loop_value_bits(dtype);
    return bits == 16 || (bits == 8 && dtype != STEPC_BOOL) ? FORMAT(n, "(%s)(%s)", value_type(dtype), expression)
                                                            : expression;
}

static const char *call_text(nest_text *n, const char *name, const char *arguments)
{
    use(n->e, name);
    return FORMAT(n, "%s(%s)", name, arguments);
}

/* Functions of runtime/core/scalar.h; in the default mode those of which there is a faster one. */
static const char *transcendental(nest_text *n, loop_op op, stepc_dtype dtype, const char *a)
{
    const char *word = loop_op_name(op);
    const char *exact = dtype == STEPC_FLOAT32 ? FORMAT(n, "exact_%s_f32", word) : FORMAT(n, "scalar_%s", word);
    const char *fast = FORMAT(n, "%s_%s", word, type_suffix(dtype));
    return call_text(n, n->p->exact || support_find(fast) == NULL ? exact : fast, a);
}

static const char *unary_float(nest_text *n, const loop_value *value, const char *a)
{
    const char *suffix = type_suffix(value->dtype);
    switch ((int)value->op) {
    case LOOP_NEG:
        return FORMAT(n, "-%s", a);
    case LOOP_ABS:
        return call_text(n, FORMAT(n, "abs_%s", suffix), a);
    case LOOP_SQRT:
        return call_text(n, FORMAT(n, "sqrt_%s", suffix), a);
    case LOOP_FLOOR:
    case LOOP_ROUND:
        return call_text(n, FORMAT(n, "%s_%s", loop_op_name(value->op), suffix), a);
    default:
        return transcendental(n, value->op, value->dtype, a);
    }
}

static const char *round_to(nest_text *n, const loop_value *value, const char *a)
{
    bool wide = value->dtype == STEPC_FLOAT64;
    if (value->target == STEPC_FLOAT32)
        return wide ? FORMAT(n, "(double)(float)%s", a) : a;
    if (value->target != STEPC_HALF && value->target != STEPC_BFLOAT16)
        return a;
    const char *word = value->target == STEPC_HALF ? "f16" : "bf16";
    if (!wide)
        return call_text(n, FORMAT(n, "round_%s", word), a);
    use(n->e, FORMAT(n, "f32_from_%s", word));
    use(n->e, FORMAT(n, "%s_from_f64", word));
    return FORMAT(n, "(double)f32_from_%s(%s_from_f64(%s))", word, word, a);
}

static const char *unary_integer(nest_text *n, const loop_value *value, const char *a)
{
    const char *type = value_type(value->dtype), *wrap = wrap_type(value->dtype);
    if (value->op == LOOP_NOT)
        return value->dtype == STEPC_BOOL ? FORMAT(n, "!%s", a) : FORMAT(n, "(%s)~%s", type, a);
    if (value->dtype == STEPC_BOOL || (value->op == LOOP_ABS && !is_signed(value->dtype)))
        return a;
    if (value->op == LOOP_NEG)
        return FORMAT(n, "(%s)(0 - (%s)%s)", type, wrap, a);
    return narrow(n, value->dtype, FORMAT(n, "%s < 0 ? (%s)(0 - (%s)%s) : %s", a, type, wrap, a, a));
}

static const char *cast_text(nest_text *n, stepc_dtype from, stepc_dtype to, const char *a)
{
    if (to == STEPC_BOOL)
        return FORMAT(n, "%s != 0", a);
    if (is_float(from) && !is_float(to))
        return call_text(n, FORMAT(n, "sat_%s", type_suffix(to)),
                         from == STEPC_FLOAT32 ? FORMAT(n, "(double)%s", a) : a);
    return FORMAT(n, "(%s)%s", value_type(to), a);
}

static const char *bitcast_text(nest_text *n, stepc_dtype from, stepc_dtype to, const char *a)
{
    const char *wide = loop_value_bits(to) == 64 ? "f64" : "f32";
    if (is_float(from)) {
        use(n->e, FORMAT(n, "bits_of_%s", wide));
        return FORMAT(n, "(%s)bits_of_%s(%s)", value_type(to), wide, a);
    }
    if (is_float(to)) {
        use(n->e, FORMAT(n, "%s_of_bits", wide));
        return FORMAT(n, "%s_of_bits((%s)%s)", wide, wrap_type(from), a);
    }
    return to == STEPC_BOOL ? FORMAT(n, "%s & 1", a) : FORMAT(n, "(%s)%s", value_type(to), a);
}

static const char *divide(nest_text *n, const loop_value *value, bool guarded, const char *a, const char *b)
{
    const char *quotient;
    if (value->dtype == STEPC_BOOL) {
        quotient = a;
    } else if (is_signed(value->dtype)) {
        const char *name = FORMAT(n, "%sdiv_%s", value->op == LOOP_FLOORDIV ? "floor_" : "",
                                  value->dtype == STEPC_INT64 ? "i64" : "i32");
        quotient = call_text(n, name, FORMAT(n, "%s, %s", a, b));
        quotient = narrow(n, value->dtype, quotient);
    } else {
        quotient = narrow(n, value->dtype, FORMAT(n, "%s / %s", a, b));
    }
    return guarded ? narrow(n, value->dtype, FORMAT(n, "%s == 0 ? 0 : %s", b, quotient)) : quotient;
}

/* Powers of 1, 2, 3, 4 and -1 are within what the default mode promises of any power, and have C's special cases. */
const char *small_power(nest_text *n, const loop_value *value, const char *a)
{
    const loop_value *exponent = &n->nest->values[value->args[1]];
    if (n->p->exact || value->op != LOOP_POW || exponent->op != LOOP_CONST)
        return NULL;
    switch (exponent->bits) {
    case UINT64_C(0x3f800000):
    case UINT64_C(0x3ff0000000000000):
        return a;
    case UINT64_C(0x40000000):
    case UINT64_C(0x4000000000000000):
        return FORMAT(n, "%s * %s", a, a);
    case UINT64_C(0x40400000):
    case UINT64_C(0x4008000000000000):
        return FORMAT(n, "%s * %s * %s", a, a, a);
    case UINT64_C(0x40800000):
    case UINT64_C(0x4010000000000000):
        return FORMAT(n, "(%s * %s) * (%s * %s)", a, a, a, a);
    case UINT64_C(0xbf800000):
        return FORMAT(n, "1.0f / %s", a);
    case UINT64_C(0xbff0000000000000):
        return FORMAT(n, "1.0 / %s", a);
    default: /* the numbers of the other width are far from these */
        return NULL;
    }
}

static const char *binary_float(nest_text *n, const loop_value *value, const char *a, const char *b)
{
    const char *suffix = type_suffix(value->dtype);
    switch ((int)value->op) {
    case LOOP_ADD:
        return FORMAT(n, "%s + %s", a, b);
    case LOOP_SUB:
        return FORMAT(n, "%s - %s", a, b);
    case LOOP_MUL:
        return FORMAT(n, "%s * %s", a, b);
    case LOOP_DIV:
        return FORMAT(n, "%s / %s", a, b);
    case LOOP_FLOORDIV:
        return call_text(n, FORMAT(n, "floor_%s", suffix), FORMAT(n, "%s / %s", a, b));
    case LOOP_POW:
        if (small_power(n, value, a))
            return small_power(n, value, a);
        return transcendental(n, value->op, value->dtype, FORMAT(n, "%s, %s", a, b));
    case LOOP_ATAN2:
    case LOOP_FMOD:
    case LOOP_ZETA:
    case LOOP_POLYGAMMA:
    case LOOP_IGAMMA:
    case LOOP_IGAMMAC:
        return transcendental(n, value->op, value->dtype, FORMAT(n, "%s, %s", a, b));
    default:
        return call_text(n, FORMAT(n, "%s_nan_%s", value->op == LOOP_MAX ? "max" : "min", suffix),
                         FORMAT(n, "%s, %s", a, b));
    }
}

static const char *binary_bool(nest_text *n, loop_op op, const char *a, const char *b)
{
    switch ((int)op) {
    case LOOP_ADD: /* one bit: 1 + 1 is 0 */
    case LOOP_SUB:
    case LOOP_XOR:
        return FORMAT(n, "%s ^ %s", a, b);
    case LOOP_MAX:
    case LOOP_OR:
        return FORMAT(n, "%s | %s", a, b);
    case LOOP_POW:
        return FORMAT(n, "!%s | %s", b, a);
    case LOOP_SHL: /* by 0: the count is below the width */
    case LOOP_SHR:
        return a;
    default:
        return FORMAT(n, "%s & %s", a, b);
    }
}

static const char *shift(nest_text *n, const loop_value *value, const char *a, const char *b)
{
    const char *type = value_type(value->dtype);
    int most = (int)loop_value_bits(value->dtype) - 1;
    if (value->op == LOOP_SHL)
        return FORMAT(n, "(%s)((%s)%s << (%s & %d))", type, wrap_type(value->dtype), a, b, most);
    return FORMAT(n, "(%s)(%s >> (%s & %d))", type, a, b, most);
}

static const char *binary_integer(nest_text *n, const loop_value *value, const char *a, const char *b)
{
    static const struct {
        loop_op op;
        char sign;
    } signs[] = {{LOOP_ADD, '+'}, {LOOP_SUB, '-'}, {LOOP_MUL, '*'}, {LOOP_AND, '&'}, {LOOP_OR, '|'}, {LOOP_XOR, '^'}};
    const char *type = value_type(value->dtype), *wrap = wrap_type(value->dtype);
    if (value->dtype == STEPC_BOOL)
        return binary_bool(n, value->op, a, b);
    if (value->op == LOOP_SHL || value->op == LOOP_SHR)
        return shift(n, value, a, b);
    if (value->op == LOOP_POW)
        return FORMAT(n, "(%s)%s", type, call_text(n, "integer_power", FORMAT(n, "(uint64_t)%s, (int64_t)%s", a, b)));
    if (value->op == LOOP_MAX)
        return narrow(n, value->dtype, FORMAT(n, "%s < %s ? %s : %s", a, b, b, a));
    if (value->op == LOOP_MIN)
        return narrow(n, value->dtype, FORMAT(n, "%s < %s ? %s : %s", b, a, b, a));
    char sign = '?';
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (signs[i].op == value->op)
            sign = signs[i].sign;
    if (value->op == LOOP_AND || value->op == LOOP_OR || value->op == LOOP_XOR)
        return FORMAT(n, "(%s)(%s %c %s)", type, a, sign, b);
    return FORMAT(n, "(%s)((%s)%s %c (%s)%s)", type, wrap, a, sign, wrap, b);
}

static const char *compare_sign(loop_op op)
{
    return op == LOOP_EQ ? "==" : op == LOOP_NE ? "!=" : op == LOOP_LT ? "<" : "<=";
}

static const char *philox_text(nest_text *n, const loop_value *value, const char *a)
{
    use(n->e, "philox_word");
    return FORMAT(n, "philox_word(%s, %s)", param_name(n, value->buffer, false), a);
}

static const char *select_text(nest_text *n, int32_t v, int32_t r, int32_t j)
{
    const loop_value *value = &n->nest->values[v];
    const char *c = value_ref(n, value->args[0], r, j);
    return narrow(n, value_is_raw(n, v) ? STEPC_UINT16 : value->dtype,
                  FORMAT(n, "%s ? %s : %s", c, value_ref(n, value->args[1], r, j), value_ref(n, value->args[2], r, j)));
}

/* Operations of one and two arguments. */
static const char *operation_text(nest_text *n, int32_t v, const char *a, const char *b)
{
    const loop_value *value = &n->nest->values[v];
    stepc_dtype from = n->nest->values[value->args[0]].dtype;
    bool floats = is_float(value->dtype);
    switch ((int)value->op) {
    case LOOP_PHILOX:
        return philox_text(n, value, a);
    case LOOP_IN_RANGE:
        return FORMAT(n, "%s >= 0 && %s < %s", a, a, size_text(n, value->size));
    case LOOP_CAST:
        return cast_text(n, from, value->dtype, a);
    case LOOP_BITCAST:
        return bitcast_text(n, from, value->dtype, a);
    case LOOP_ROUND_TO:
        return round_to(n, value, a);
    case LOOP_DIV:
    case LOOP_FLOORDIV:
        return floats ? binary_float(n, value, a, b) : divide(n, value, n->guarded[v] != 0, a, b);
    case LOOP_EQ:
    case LOOP_NE:
    case LOOP_LT:
    case LOOP_LE:
        return FORMAT(n, "%s %s %s", a, compare_sign(value->op), b);
    default:
        break;
    }
    if (loop_op_arity(value->op) == 1)
        return floats ? unary_float(n, value, a) : unary_integer(n, value, a);
    return floats ? binary_float(n, value, a, b) : binary_integer(n, value, a, b);
}

const char *value_expression(nest_text *n, int32_t v, int32_t r, int32_t j)
{
    const loop_value *value = &n->nest->values[v];
    const char *a, *b = "";
    switch ((int)value->op) {
    case LOOP_READ:
        return scalar_read(n, v, r, j);
    case LOOP_ACC:
        return acc_text(n, v, r, j);
    case LOOP_SELECT:
        return select_text(n, v, r, j);
    default:
        break;
    }
    a = value_ref(n, value->args[0], r, j);
    if (value_is_raw(n, v))
        return a; /* rounded to what it is */
    if (value->args[1] >= 0)
        b = value_ref(n, value->args[1], r, j);
    if (value->op == LOOP_BETAINC)
        return transcendental(n, value->op, value->dtype,
                              FORMAT(n, "%s, %s, %s", a, b, value_ref(n, value->args[2], r, j)));
    return operation_text(n, v, a, b);
}
