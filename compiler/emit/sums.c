/* SPDX-License-Identifier: Apache-2.0 */
/* Accumulators: declared before the reduce loops, updated inside, made one afterwards. */
#include "compiler/emit/inside_nest.h"

#include <string.h>

static bool is_float(stepc_dtype dtype) { return dtype == STEPC_FLOAT32 || dtype == STEPC_FLOAT64; }

bool acc_is_place(const loop_acc *acc) { return acc->kind == ACC_ARG_MAX || acc->kind == ACC_ARG_MIN; }

static bool is_vector(const nest_text *n, const loop_acc *acc)
{
    return n->vector_reduces || value_is_vector(n, acc->value);
}

bool acc_is_used(const nest_text *n, int32_t a)
{
    for (int32_t v = 0; v < n->nest->value_count; v++)
        if (n->nest->values[v].op == LOOP_ACC && n->nest->values[v].acc == a && n->uses[v] > 0)
            return true;
    return false;
}

/* Float32 sums in the order of the axes run in double, as the reference does. */
bool acc_runs_in_double(const loop_acc *acc)
{
    return acc->dtype == STEPC_FLOAT32 && !acc->reassociate && (acc->kind == ACC_SUM || acc->kind == ACC_PROD);
}

static int32_t acc_rows(const nest_text *n, const loop_acc *acc)
{
    return n->row >= 0 && (n->mask[acc->value] >> n->row & 1) != 0 ? n->rows : 1;
}

/* Vectors that are live at once, as declared. */
static int32_t acc_jams(const nest_text *n, const loop_acc *acc)
{
    return n->vector_reduces ? n->jam : value_is_vector(n, acc->value) ? n->jams : 1;
}

static const char *acc_name(nest_text *n, int32_t a, int32_t r, int32_t j)
{
    const loop_acc *acc = &n->nest->accs[a];
    bool rows = acc_rows(n, acc) > 1, jams = acc_jams(n, acc) > 1;
    if (rows && jams)
        return FORMAT(n, "a%d_%d_%d", (int)a, (int)r, (int)j);
    if (rows || jams)
        return FORMAT(n, "a%d_%d", (int)a, (int)(rows ? r : j));
    return FORMAT(n, "a%d", (int)a);
}

static const char *float_identity(nest_text *n, const loop_acc *acc)
{
    bool wide = acc->dtype == STEPC_FLOAT64;
    switch (acc->kind) {
    case ACC_PROD:
        return wide || acc_runs_in_double(acc) ? "1.0" : "1.0f";
    case ACC_MAX:
    case ACC_MIN:
        use(n->e, wide ? "f64_of_bits" : "f32_of_bits");
        if (wide)
            return acc->kind == ACC_MAX ? "f64_of_bits(UINT64_C(0xfff0000000000000))"
                                        : "f64_of_bits(UINT64_C(0x7ff0000000000000))";
        return acc->kind == ACC_MAX ? "f32_of_bits(UINT32_C(0xff800000))" : "f32_of_bits(UINT32_C(0x7f800000))";
    case ACC_SUM:
    case ACC_ANY:
    case ACC_ALL:
    case ACC_ARG_MAX:
    case ACC_ARG_MIN:
        break;
    }
    return wide || acc_runs_in_double(acc) ? "0.0" : "0.0f";
}

static const char *integer_identity(nest_text *n, const loop_acc *acc)
{
    const char *type = value_type(acc->dtype);
    size_t stem = strlen(type) - 2; /* without _t */
    char word[16] = "";
    for (size_t i = 0; i < stem && i < sizeof word - 1; i++)
        word[i] = (char)(type[i] >= 'a' && type[i] <= 'z' ? type[i] - 'a' + 'A' : type[i]);
    switch (acc->kind) {
    case ACC_PROD:
    case ACC_ALL:
        return "1";
    case ACC_MAX:
        return acc->dtype == STEPC_BOOL || type[0] == 'u' ? "0" : FORMAT(n, "%s_MIN", word);
    case ACC_MIN:
        return acc->dtype == STEPC_BOOL ? "1" : FORMAT(n, "%s_MAX", word);
    case ACC_SUM:
    case ACC_ANY:
    case ACC_ARG_MAX:
    case ACC_ARG_MIN:
        break;
    }
    return "0";
}

static const char *identity(nest_text *n, const loop_acc *acc)
{
    return is_float(acc->dtype) ? float_identity(n, acc) : integer_identity(n, acc);
}

static const char *vector_identity(nest_text *n, const loop_acc *acc)
{
    if (acc->dtype == STEPC_BOOL) {
        const char *name = n->is_wide ? "v_splat_i64" : "v_splat_i32";
        use(n->e, name);
        return FORMAT(n, "%s(%s)", name, acc->kind == ACC_ALL || acc->kind == ACC_MIN ? "-1" : "0");
    }
    use(n->e, FORMAT(n, "v_splat_%s", type_suffix(acc->dtype)));
    return FORMAT(n, "v_splat_%s(%s)", type_suffix(acc->dtype), identity(n, acc));
}

const char *acc_identity(nest_text *n, const loop_acc *acc, bool is_vector)
{
    return is_vector ? vector_identity(n, acc) : identity(n, acc);
}

static void declare_one(nest_text *n, int32_t a, int32_t r, int32_t j, int32_t depth)
{
    const loop_acc *acc = &n->nest->accs[a];
    const char *name = acc_name(n, a, r, j);
    if (acc_is_place(acc) && is_vector(n, acc)) {
        place_declare(n, acc, name, depth);
    } else if (acc_is_place(acc)) {
        line(n->out, depth, "%s %s = 0;", value_type(acc->dtype), name);
        line(n->out, depth, "int64_t %s_at = 0;", name);
        line(n->out, depth, "int %s_set = 0;", name);
    } else if (is_vector(n, acc)) {
        line(n->out, depth, "%s %s = %s;", vector_type(n, acc->dtype), name, vector_identity(n, acc));
    } else {
        line(n->out, depth, "%s %s = %s;", acc_runs_in_double(acc) ? "double" : value_type(acc->dtype), name,
             identity(n, acc));
    }
}

/* "total0": what the blocks so far came to. */
static void declare_totals(nest_text *n, int32_t depth)
{
    for (int32_t a = 0; a < n->nest->acc_count; a++) {
        const loop_acc *acc = &n->nest->accs[a];
        if (acc_is_used(n, a))
            line(n->out, depth, "%s total%d = %s;", vector_type(n, acc->dtype), (int)a, vector_identity(n, acc));
    }
}

static void declare_parts(nest_text *n, int32_t depth)
{
    for (int32_t a = 0; a < n->nest->acc_count; a++)
        for (int32_t r = 0; acc_is_used(n, a) && r < acc_rows(n, &n->nest->accs[a]); r++)
            for (int32_t j = 0; j < acc_jams(n, &n->nest->accs[a]); j++)
                declare_one(n, a, r, j, depth);
}

void acc_declare(nest_text *n, int32_t depth)
{
    if (n->block > 0)
        declare_totals(n, depth);
    else
        declare_parts(n, depth);
}

/* ---- updates ------------------------------------------------------------------------------------- */

static void update_place(nest_text *n, int32_t a, int32_t r, int32_t depth)
{
    const loop_acc *acc = &n->nest->accs[a];
    const char *name = acc_name(n, a, r, 0), *x = value_ref(n, acc->value, r, 0);
    int32_t axis = n->nest->axis_count - 1;
    int64_t extent;
    bool trivial = size_is_const(n->p->sizes, n->nest->axes[axis].extent, &extent) && extent == 1;
    const char *better = FORMAT(n, "!%s_set || %s %c %s", name, x, acc->kind == ACC_ARG_MAX ? '>' : '<', name);
    if (is_float(acc->dtype))
        line(n->out, depth, "if (%s == %s && (%s)) {", x, x, better);
    else
        line(n->out, depth, "if (%s) {", better);
    line(n->out, depth + 1, "%s = %s;", name, x);
    line(n->out, depth + 1, "%s_at = %s;", name, trivial ? "0" : FORMAT(n, "(int64_t)i%d", (int)axis));
    line(n->out, depth + 1, "%s_set = 1;", name);
    line(n->out, depth, "}");
}

/* "a op x" for scalars. */
static const char *scalar_step(nest_text *n, const loop_acc *acc, const char *a, const char *x)
{
    const char *type = value_type(acc->dtype), *wrap = loop_value_bits(acc->dtype) == 64 ? "uint64_t" : "uint32_t";
    bool floats = is_float(acc->dtype);
    char sign = acc->kind == ACC_SUM ? '+' : '*';
    const char *most = acc->kind == ACC_MAX ? "max" : "min";
    switch (acc->kind) {
    case ACC_SUM:
    case ACC_PROD:
        if (floats)
            return FORMAT(n, "%s %c %s%s", a, sign, acc_runs_in_double(acc) ? "(double)" : "", x);
        if (acc->dtype == STEPC_BOOL)
            return FORMAT(n, "%s %c %s", a, acc->kind == ACC_SUM ? '^' : '&', x);
        return FORMAT(n, "(%s)((%s)%s %c (%s)%s)", type, wrap, a, sign, wrap, x);
    case ACC_MAX:
    case ACC_MIN:
        if (!floats)
            return FORMAT(n, "(%s)(%s %c %s ? %s : %s)", type, a, acc->kind == ACC_MAX ? '<' : '>', x, x, a);
        use(n->e, FORMAT(n, "%s_nan_%s", most, type_suffix(acc->dtype)));
        return FORMAT(n, "%s_nan_%s(%s, %s)", most, type_suffix(acc->dtype), a, x);
    case ACC_ANY:
    case ACC_ALL:
        return FORMAT(n, "(%s)(%s %c %s)", type, a, acc->kind == ACC_ANY ? '|' : '&', x);
    case ACC_ARG_MAX:
    case ACC_ARG_MIN:
        break;
    }
    return x;
}

/* "a op x" for vectors. */
static const char *vector_step_text(nest_text *n, const loop_acc *acc, const char *a, const char *x)
{
    const char *suffix = type_suffix(acc->dtype), *name;
    bool wraps = acc->dtype == STEPC_INT32 || acc->dtype == STEPC_INT64;
    switch (acc->kind) {
    case ACC_SUM:
    case ACC_PROD:
        if (!wraps)
            return FORMAT(n, "%s %c %s", a, acc->kind == ACC_SUM ? '+' : '*', x);
        name = FORMAT(n, "v_%s_%s", acc->kind == ACC_SUM ? "add" : "mul", suffix);
        break;
    case ACC_MAX:
    case ACC_MIN:
        name = FORMAT(n, "v_%s_%s%s", acc->kind == ACC_MAX ? "max" : "min", is_float(acc->dtype) ? "nan_" : "", suffix);
        break;
    case ACC_ANY:
    case ACC_ALL:
    case ACC_ARG_MAX:
    case ACC_ARG_MIN:
    default:
        return FORMAT(n, "%s %c %s", a, acc->kind == ACC_ANY ? '|' : '&', x);
    }
    use(n->e, name);
    return FORMAT(n, "%s(%s, %s)", name, a, x);
}

const char *acc_step(nest_text *n, const loop_acc *acc, bool is_vector, const char *a, const char *x)
{
    return is_vector ? vector_step_text(n, acc, a, x) : scalar_step(n, acc, a, x);
}

/* What a part of a vector brings beyond its end are zeroes, which a sum may take. */
static bool adds_zeroes(const nest_text *n, const loop_acc *acc)
{
    const loop_value *value = &n->nest->values[acc->value];
    return acc->kind == ACC_SUM && value->op == LOOP_READ && !n->guarded[acc->value] && value_is_vector(n, acc->value);
}

/* Lanes beyond the end must not count. */
static const char *masked(nest_text *n, const loop_acc *acc, const char *x)
{
    const char *part = n->is_wide ? "v_part_m64" : "v_part_m32";
    if (!n->tail || !n->vector_reduces || adds_zeroes(n, acc))
        return x;
    use(n->e, part);
    if (acc->dtype == STEPC_BOOL)
        return acc->kind == ACC_ALL ? FORMAT(n, "(%s | ~%s(rest))", x, part) : FORMAT(n, "(%s & %s(rest))", x, part);
    use(n->e, FORMAT(n, "v_select_%s", type_suffix(acc->dtype)));
    return FORMAT(n, "v_select_%s(%s(rest), %s, %s)", type_suffix(acc->dtype), part, x,
                  acc_is_place(acc) ? place_start(n, acc, true) : vector_identity(n, acc));
}

static void update_vector(nest_text *n, int32_t a, int32_t r, int32_t j, int32_t depth)
{
    const loop_acc *acc = &n->nest->accs[a];
    const char *name = acc_name(n, a, r, j);
    if (acc_is_place(acc)) {
        place_update(n, acc, name, masked(n, acc, vector_ref(n, acc->value, r, j)), j, depth);
        return;
    }
    if (!n->fused[acc->value]) {
        line(n->out, depth, "%s = %s;", name,
             vector_step_text(n, acc, name, masked(n, acc, vector_ref(n, acc->value, r, j))));
        return;
    }
    const loop_value *product = &n->nest->values[acc->value];
    const char *x = vector_ref(n, product->args[0], r, j), *y = vector_ref(n, product->args[1], r, j);
    if (n->tail && n->vector_reduces) {
        line(n->out, depth, "%s = %s;", name,
             vector_step_text(n, acc, name, masked(n, acc, FORMAT(n, "%s * %s", x, y))));
        return;
    }
    use(n->e, FORMAT(n, "v_fma_%s", type_suffix(acc->dtype)));
    line(n->out, depth, "%s = v_fma_%s(%s, %s, %s);", name, type_suffix(acc->dtype), x, y, name);
}

static void update_one(nest_text *n, int32_t a, int32_t r, int32_t j, int32_t depth)
{
    const loop_acc *acc = &n->nest->accs[a];
    if (is_vector(n, acc)) {
        update_vector(n, a, r, j, depth);
    } else if (acc_is_place(acc)) {
        update_place(n, a, r, depth);
    } else {
        const char *name = acc_name(n, a, r, j);
        line(n->out, depth, "%s = %s;", name, scalar_step(n, acc, name, value_ref(n, acc->value, r, j)));
    }
}

/* Better elements are rare: one question for all vectors side by side. */
static void update_places(nest_text *n, int32_t a, int32_t r, int32_t depth)
{
    const loop_acc *acc = &n->nest->accs[a];
    const char *any = "";
    for (int32_t j = 0; j < n->jams; j++) {
        const char *x = masked(n, acc, vector_ref(n, acc->value, r, j));
        any = FORMAT(n, "%s%s%s", any, j > 0 ? " | " : "", place_better(n, acc, acc_name(n, a, r, j), x));
    }
    line(n->out, depth, "if (%s(%s)) {", n->is_wide ? "v_any_m64" : "v_any_m32", any);
    use(n->e, n->is_wide ? "v_any_m64" : "v_any_m32");
    for (int32_t j = 0; j < n->jams; j++)
        update_one(n, a, r, j, depth + 1);
    line(n->out, depth, "}");
}

void acc_update(nest_text *n, int32_t depth)
{
    for (int32_t a = 0; a < n->nest->acc_count; a++) {
        const loop_acc *acc = &n->nest->accs[a];
        int32_t jams = n->vector_reduces ? n->jams : acc_jams(n, acc);
        bool asks = acc_is_place(acc) && is_vector(n, acc);
        for (int32_t r = 0; acc_is_used(n, a) && r < acc_rows(n, acc); r++) {
            for (int32_t j = 0; j < jams && !asks; j++)
                update_one(n, a, r, j, depth);
            if (asks)
                update_places(n, a, r, depth);
        }
    }
}

/* ---- afterwards ---------------------------------------------------------------------------------------- */

static const char *fold_name(nest_text *n, const loop_acc *acc)
{
    const char *suffix = type_suffix(acc->dtype);
    bool floats = is_float(acc->dtype);
    switch (acc->kind) {
    case ACC_SUM:
        return FORMAT(n, "v_sum_%s", suffix);
    case ACC_PROD:
        return FORMAT(n, "v_%sprod_%s", floats ? "" : "i", suffix);
    case ACC_MAX:
    case ACC_MIN:
        return FORMAT(n, "v_h%s_%s%s", acc->kind == ACC_MAX ? "max" : "min", floats ? "nan_" : "", suffix);
    case ACC_ANY:
    case ACC_ALL:
    case ACC_ARG_MAX:
    case ACC_ARG_MIN:
        break;
    }
    return FORMAT(n, "v_%s_%s", acc->kind == ACC_ANY ? "any" : "all", n->is_wide ? "m64" : "m32");
}

/* The vectors of one row become the first of them. */
static void fold_jams(nest_text *n, int32_t a, int32_t r, int32_t depth)
{
    const loop_acc *acc = &n->nest->accs[a];
    for (int32_t gap = 1; gap < n->jam; gap *= 2)
        for (int32_t j = 0; j + gap < n->jam; j += 2 * gap) {
            const char *to = acc_name(n, a, r, j), *from = acc_name(n, a, r, j + gap);
            if (acc_is_place(acc))
                place_meet(n, acc, to, from, depth);
            else
                line(n->out, depth, "%s = %s;", to, vector_step_text(n, acc, to, from));
        }
}

void acc_write_blocks(nest_text *n, int32_t axis, int32_t depth, void (*body)(nest_text *n, int32_t axis, int32_t depth))
{
    const char *high = high_text(n, axis);
    int i = (int)axis, block = (int)n->block;
    line(n->out, depth, "for (ptrdiff_t b%d = 0; b%d < %s; b%d += %d) {", i, i, high, i, block);
    line(n->out, depth + 1, "const ptrdiff_t h%d = %s - b%d < %d ? %s : b%d + %d;", i, high, i, block, high, i, block);
    declare_parts(n, depth + 1);
    write_vector_loop(n, axis, FORMAT(n, "b%d", i), FORMAT(n, "h%d", i), depth + 1, body);
    for (int32_t a = 0; a < n->nest->acc_count; a++) {
        const char *total = FORMAT(n, "total%d", (int)a);
        if (!acc_is_used(n, a))
            continue;
        fold_jams(n, a, 0, depth + 1);
        line(n->out, depth + 1, "%s = %s;", total,
             vector_step_text(n, &n->nest->accs[a], total, acc_name(n, a, 0, 0)));
    }
    line(n->out, depth, "}");
}

/* The partial accumulators of one row become the scalar sA. */
static void fold(nest_text *n, int32_t a, int32_t r, int32_t depth)
{
    const loop_acc *acc = &n->nest->accs[a];
    const char *first = n->block > 0 ? FORMAT(n, "total%d", (int)a) : acc_name(n, a, r, 0);
    bool rows = acc_rows(n, acc) > 1;
    const char *to = rows ? FORMAT(n, "s%d_%d", (int)a, (int)r) : FORMAT(n, "s%d", (int)a);
    if (n->block == 0)
        fold_jams(n, a, r, depth);
    if (acc_is_place(acc)) {
        place_fold(n, acc, to, first, depth);
        return;
    }
    const char *name = fold_name(n, acc);
    use(n->e, name);
    line(n->out, depth, "const %s %s = %s(%s);", value_type(acc->dtype), to, name, first);
}

void acc_finish(nest_text *n, int32_t depth)
{
    for (int32_t a = 0; n->vector_reduces && a < n->nest->acc_count; a++)
        for (int32_t r = 0; acc_is_used(n, a) && r < acc_rows(n, &n->nest->accs[a]); r++)
            fold(n, a, r, depth);
}
