/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions across the last space axis: the reduce axes run outside strips of it, whose accumulators lie in a small
 * array. Memory is read row by row, as it lies. What comes after the sums has a loop of its own over the strip. */
#include "compiler/emit/inside_nest.h"

#include <string.h>

/* ---- what is written where ------------------------------------------------------------------------ */

static void mark(bool *needed, int32_t v)
{
    if (v >= 0)
        needed[v] = true;
}

/* NEEDED: from what is marked to all that it is made of, but through accumulators. */
static void spread(const nest_text *n, bool *needed)
{
    for (int32_t v = n->nest->value_count - 1; v >= 0; v--) {
        const loop_value *value = &n->nest->values[v];
        for (int i = 0; needed[v] && i < 3; i++)
            mark(needed, value->args[i]);
        if (needed[v] && value->op == LOOP_READ)
            mark(needed, value->index.indirect);
    }
}

static bool mark_needs(nest_text *n, strip_text *s)
{
    s->in_sum = ARENA_ARRAY(&n->scratch, bool, (size_t)n->nest->value_count);
    s->after = ARENA_ARRAY(&n->scratch, bool, (size_t)n->nest->value_count);
    if (!s->in_sum || !s->after)
        return !emit_failed(n->e, "writing a kernel");
    for (int32_t a = 0; a < n->nest->acc_count; a++)
        if (acc_is_used(n, a))
            s->in_sum[n->nest->accs[a].value] = true;
    for (int32_t w = 0; w < n->nest->write_count; w++) {
        mark(s->after, n->nest->writes[w].value);
        mark(s->after, n->nest->writes[w].predicate);
        mark(s->after, n->nest->writes[w].index.indirect);
    }
    spread(n, s->in_sum);
    spread(n, s->after);
    return true;
}

static bool moves_along(const nest_text *n, int32_t v, int32_t axis) { return (n->mask[v] >> axis & 1) != 0; }

static bool has_place(const nest_text *n)
{
    for (int32_t a = 0; a < n->nest->acc_count; a++)
        if (acc_is_place(&n->nest->accs[a]))
            return true;
    return false;
}

/* In lanes from end to end, or the sums alone, or neither. */
static void choose_vectors(nest_text *n, strip_text *s)
{
    n->vector = n->nest->schedule.vector_axis == s->axis ? s->axis : -1;
    if (n->vector < 0)
        return;
    s->is_vector = s->is_vector_after = !has_place(n) && vector_possible(n);
    s->only_sums = true;
    if (!s->is_vector)
        s->is_vector = vector_possible(n);
    s->only_sums = false;
    if (!s->is_vector)
        n->vector = -1;
}

void strip_choose(nest_text *n)
{
    const nest_schedule *from = &n->nest->schedule;
    int32_t axis = n->space - 1, last = n->nest->axis_count - 1;
    if (!from->is_set || from->strip <= 0 || axis < 0 || last <= axis || n->nest->check_count > 0 ||
        n->nest->acc_count == 0 || axis_is_trivial(n, axis))
        return;
    strip_text *s = ARENA_NEW(&n->scratch, strip_text);
    if (!s || !mark_needs(n, s)) {
        emit_failed(n->e, "writing a kernel");
        return;
    }
    for (int32_t a = 0; a < n->nest->acc_count; a++)
        if (!moves_along(n, n->nest->accs[a].value, axis))
            return;
    s->axis = axis;
    s->width = (from->strip + 63) / 64 * 64;
    s->rows = from->strip_rows < 1 ? 1 : from->strip_rows > 16 ? 16 : from->strip_rows;
    s->block = axis_is_trivial(n, last) ? 0 : from->block;
    n->strip = s;
    choose_vectors(n, s);
    n->jam = s->is_vector && from->jam > 1 && !n->e->options->optimize_size ? (from->jam > 4 ? 4 : from->jam) : 1;
}

/* ---- arrays of accumulators ---------------------------------------------------------------------------- */

static const char *element_type(const nest_text *n, const loop_acc *acc)
{
    if (acc->dtype == STEPC_BOOL)
        return !n->strip->is_vector ? "uint8_t" : n->is_wide ? "int64_t" : "int32_t";
    return acc_runs_in_double(acc) ? "double" : value_type(acc->dtype);
}

/* The suffix of the vocabulary for the accumulator's vectors, and for those of places. */
static const char *element_suffix(const nest_text *n, const loop_acc *acc)
{
    return acc->dtype == STEPC_BOOL ? (n->is_wide ? "i64" : "i32") : type_suffix(acc->dtype);
}

static const char *place_suffix(const nest_text *n) { return n->is_wide ? "i64" : "i32"; }

static const char *place_type(const nest_text *n)
{
    return n->strip->is_vector && !n->is_wide ? "int32_t" : "int64_t";
}

static const char *start_text(nest_text *n, const loop_acc *acc)
{
    return acc_is_place(acc) ? place_start(n, acc, n->strip->is_vector) : acc_identity(n, acc, n->strip->is_vector);
}

/* One array, aligned as its vectors are. */
static void write_array(nest_text *n, const char *type, const char *suffix, const char *name, int32_t a, int32_t depth)
{
    int width = (int)n->strip->width;
    if (!n->strip->is_vector) {
        line(n->out, depth, "%s %s%d[%d];", type, name, (int)a, width);
        return;
    }
    line(n->out, depth, "v_%s %s%d_room[%d / %s];", suffix, name, (int)a, width, lanes_text(n));
    line(n->out, depth, "%s *const %s%d = (%s *)%s%d_room;", type, name, (int)a, type, name, (int)a);
}

static void write_start(nest_text *n, const char *name, int32_t depth)
{
    const strip_text *s = n->strip;
    bool is_total = strcmp(name, "acc") == 0;
    line(n->out, depth, "for (ptrdiff_t k = 0; k < %d; k += %s) {", (int)s->width, s->is_vector ? lanes_text(n) : "1");
    for (int32_t a = 0; a < n->nest->acc_count; a++) {
        const loop_acc *acc = &n->nest->accs[a];
        const char *suffix = element_suffix(n, acc);
        if (!acc_is_used(n, a) || (!is_total && acc_is_place(acc)))
            continue;
        if (s->is_vector) {
            use(n->e, FORMAT(n, "v_store_%s", suffix));
            line(n->out, depth + 1, "v_store_%s(%s%d + k, %s);", suffix, name, (int)a, start_text(n, acc));
        } else {
            line(n->out, depth + 1, "%s%d[k] = %s;", name, (int)a, start_text(n, acc));
        }
        if (acc_is_place(acc) && s->is_vector) {
            use(n->e, FORMAT(n, "v_store_%s", place_suffix(n)));
            use(n->e, FORMAT(n, "v_splat_%s", place_suffix(n)));
            line(n->out, depth + 1, "v_store_%s(at%d + k, v_splat_%s(0));", place_suffix(n), (int)a, place_suffix(n));
        } else if (acc_is_place(acc)) {
            line(n->out, depth + 1, "at%d[k] = 0;", (int)a);
        }
    }
    line(n->out, depth, "}");
}

static void write_arrays(nest_text *n, int32_t depth)
{
    for (int32_t a = 0; a < n->nest->acc_count; a++) {
        const loop_acc *acc = &n->nest->accs[a];
        if (!acc_is_used(n, a))
            continue;
        write_array(n, element_type(n, acc), element_suffix(n, acc), "acc", a, depth);
        if (n->strip->block > 0 && !acc_is_place(acc))
            write_array(n, element_type(n, acc), element_suffix(n, acc), "part", a, depth);
        if (acc_is_place(acc))
            write_array(n, place_type(n), place_suffix(n), "at", a, depth);
    }
}

/* "i0 - f0 + V_LANES": where in the arrays vector J of the strip stands. */
static const char *offset_text(nest_text *n, int32_t j)
{
    const strip_text *s = n->strip;
    bool is_first = strcmp(s->from, "0") == 0;
    const char *at = is_first ? FORMAT(n, "i%d", (int)s->axis) : FORMAT(n, "i%d - %s", (int)s->axis, s->from);
    if (j == 0)
        return at;
    return j == 1 ? FORMAT(n, "%s + %s", at, lanes_text(n)) : FORMAT(n, "%s + %s * %d", at, lanes_text(n), (int)j);
}

static const char *array_at(nest_text *n, const char *name, int32_t a, int32_t j)
{
    const char *at = offset_text(n, j);
    if (!n->strip->is_vector)
        return FORMAT(n, "%s%d[%s]", name, (int)a, at);
    return FORMAT(n, strchr(at, ' ') ? "%s%d + (%s)" : "%s%d + %s", name, (int)a, at);
}

/* ---- rows into the strip --------------------------------------------------------------------------------- */

static const char *instance(nest_text *n, int32_t v, int32_t r, int32_t j)
{
    return n->strip->is_vector ? vector_ref(n, v, r, j) : value_ref(n, v, r, j);
}

/* All rows at once of what goes in: pairs, pairs of pairs. Fused products one after the other. */
static const char *rows_text(nest_text *n, const loop_acc *acc, int32_t j)
{
    const char *sum[16];
    const loop_value *product = &n->nest->values[acc->value];
    if (n->fused[acc->value]) {
        const char *suffix = type_suffix(acc->dtype), *all = "";
        for (int32_t r = 0; r < n->rows; r++) {
            const char *x = instance(n, product->args[0], r, j), *y = instance(n, product->args[1], r, j);
            if (r > 0)
                use(n->e, FORMAT(n, "v_fma_%s", suffix));
            all = r == 0 ? FORMAT(n, "%s * %s", x, y) : FORMAT(n, "v_fma_%s(%s, %s, %s)", suffix, x, y, all);
        }
        return all;
    }
    for (int32_t r = 0; r < n->rows; r++)
        sum[r] = instance(n, acc->value, r, j);
    for (int32_t gap = 1; gap < n->rows; gap *= 2)
        for (int32_t r = 0; r + gap < n->rows; r += 2 * gap)
            sum[r] = FORMAT(n, "(%s)", acc_step(n, acc, n->strip->is_vector, sum[r], sum[r + gap]));
    return sum[0];
}

static void update_place_vector(nest_text *n, int32_t a, int32_t r, int32_t j, int32_t depth)
{
    const loop_acc *acc = &n->nest->accs[a];
    const char *t = type_suffix(acc->dtype), *p = place_suffix(n), *mask = n->is_wide ? "v_m64" : "v_m32";
    const char *order = acc->kind == ACC_ARG_MAX ? "gt" : "lt", *x = instance(n, acc->value, r, j);
    const char *best = array_at(n, "acc", a, j), *at = array_at(n, "at", a, j);
    bool floats = acc->dtype == STEPC_FLOAT32 || acc->dtype == STEPC_FLOAT64;
    int32_t axis = n->nest->axis_count - 1;
    const char *place = axis_is_trivial(n, axis) ? "0"
                        : r > 0                  ? FORMAT(n, "i%d + %d", (int)axis, (int)r)
                                                 : FORMAT(n, "i%d", (int)axis);
    static const char *const used[] = {"v_load", "v_store", "v_select"};
    for (size_t i = 0; i < sizeof used / sizeof used[0]; i++) {
        use(n->e, FORMAT(n, "%s_%s", used[i], t));
        use(n->e, FORMAT(n, "%s_%s", used[i], p));
    }
    use(n->e, FORMAT(n, "v_%s_%s", order, t));
    use(n->e, FORMAT(n, "v_splat_%s", p));
    line(n->out, depth, "const v_%s b%d_%d_%d = v_load_%s(%s);", t, (int)a, (int)r, (int)j, t, best);
    const char *b = FORMAT(n, "b%d_%d_%d", (int)a, (int)r, (int)j), *m = FORMAT(n, "m%d_%d_%d", (int)a, (int)r, (int)j);
    const char *nan = "";
    if (floats) {
        use(n->e, FORMAT(n, "v_isnan_%s", t));
        nan = FORMAT(n, " | v_isnan_%s(%s)", t, b);
    }
    line(n->out, depth, "const %s %s = v_%s_%s(%s, %s)%s;", mask, m, order, t, x, b, nan);
    line(n->out, depth, "v_store_%s(%s, v_select_%s(%s, %s, %s));", t, best, t, m, x, b);
    line(n->out, depth, "v_store_%s(%s, v_select_%s(%s, v_splat_%s((int%d_t)(%s)), v_load_%s(%s)));", p, at, p, m, p,
         n->is_wide ? 64 : 32, place, p, at);
}

static void update_place_scalar(nest_text *n, int32_t a, int32_t r, int32_t depth)
{
    const loop_acc *acc = &n->nest->accs[a];
    const char *x = value_ref(n, acc->value, r, 0), *best = array_at(n, "acc", a, 0), *at = array_at(n, "at", a, 0);
    int32_t axis = n->nest->axis_count - 1;
    const char *place = axis_is_trivial(n, axis) ? "0" : FORMAT(n, "(int64_t)i%d + %d", (int)axis, (int)r);
    char sign = acc->kind == ACC_ARG_MAX ? '>' : '<';
    if (acc->dtype == STEPC_FLOAT32 || acc->dtype == STEPC_FLOAT64)
        line(n->out, depth, "if (%s %c %s || %s != %s) {", x, sign, best, best, best);
    else
        line(n->out, depth, "if (%s %c %s) {", x, sign, best);
    line(n->out, depth + 1, "%s = %s%s;", best, acc->dtype == STEPC_BOOL ? "(uint8_t)" : "", x);
    line(n->out, depth + 1, "%s = %s;", at, place);
    line(n->out, depth, "}");
}

static void update_one(nest_text *n, int32_t a, int32_t j, int32_t depth)
{
    const loop_acc *acc = &n->nest->accs[a];
    const char *to = array_at(n, n->strip->array, a, j), *suffix = element_suffix(n, acc);
    if (acc_is_place(acc)) {
        for (int32_t r = 0; r < n->rows; r++) {
            if (n->strip->is_vector)
                update_place_vector(n, a, r, j, depth);
            else
                update_place_scalar(n, a, r, depth);
        }
        return;
    }
    const char *x = rows_text(n, acc, j);
    if (!n->strip->is_vector) {
        const char *next = acc_step(n, acc, false, to, x);
        line(n->out, depth, acc->dtype == STEPC_BOOL ? "%s = (uint8_t)(%s);" : "%s = %s;", to, next);
        return;
    }
    use(n->e, FORMAT(n, "v_load_%s", suffix));
    use(n->e, FORMAT(n, "v_store_%s", suffix));
    line(n->out, depth, "v_store_%s(%s, %s);", suffix, to,
         acc_step(n, acc, true, FORMAT(n, "v_load_%s(%s)", suffix, to), x));
}

static void write_sums(nest_text *n, int32_t axis, int32_t depth)
{
    for (int32_t v = 0; v < n->nest->value_count; v++)
        if (n->strip->in_sum[v] && moves_along(n, v, axis) && value_is_written(n, v))
            write_value(n, v, depth);
    for (int32_t a = 0; a < n->nest->acc_count; a++)
        for (int32_t j = 0; acc_is_used(n, a) && j < n->jams; j++)
            update_one(n, a, j, depth);
}

static void write_strip_loop(nest_text *n, int32_t depth, void (*body)(nest_text *n, int32_t axis, int32_t depth))
{
    const strip_text *s = n->strip;
    int axis = (int)s->axis;
    if (n->vector >= 0) {
        write_vector_loop(n, s->axis, s->from, s->to, depth, body);
        return;
    }
    line(n->out, depth, "for (ptrdiff_t i%d = %s; i%d < %s; i%d++) {", axis, s->from, axis, s->to, axis);
    body(n, s->axis, depth + 1);
    line(n->out, depth, "}");
}

/* What a row has for the whole strip. */
static void write_row_values(nest_text *n, int32_t level, int32_t depth)
{
    for (int32_t v = 0; v < n->nest->value_count; v++)
        if (n->level[v] == level && n->strip->in_sum[v] && !moves_along(n, v, n->strip->axis) && value_is_written(n, v))
            write_value(n, v, depth);
}

/* Whether every block is made of whole steps. Compilers warn of a loop for what is left when nothing is. */
static bool steps_are_whole(const nest_text *n, int32_t axis, int32_t rows)
{
    int64_t extent, block = n->strip->block;
    return size_is_const(n->p->sizes, n->nest->axes[axis].extent, &extent) && extent % rows == 0 &&
           (block % rows == 0 || extent <= block);
}

static void write_rows(nest_text *n, const char *low, const char *high, int32_t depth)
{
    int32_t axis = n->nest->axis_count - 1;
    int a = (int)axis, rows = (int)n->strip->rows;
    n->row = axis;
    if (rows > 1) {
        line(n->out, depth, "ptrdiff_t i%d = %s;", a, low);
        line(n->out, depth, "for (; %s - i%d >= %d; i%d += %d) {", high, a, rows, a, rows);
        n->rows = rows;
        write_row_values(n, axis + 1, depth + 1);
        write_strip_loop(n, depth + 1, write_sums);
        line(n->out, depth, "}");
        n->rows = 1;
        if (steps_are_whole(n, axis, rows)) {
            n->row = -1;
            return;
        }
        line(n->out, depth, "for (; i%d < %s; i%d++) {", a, high, a);
    } else {
        line(n->out, depth, "for (ptrdiff_t i%d = %s; i%d < %s; i%d++) {", a, low, a, high, a);
    }
    write_row_values(n, axis + 1, depth + 1);
    write_strip_loop(n, depth + 1, write_sums);
    line(n->out, depth, "}");
    n->row = -1;
}

/* The sums of a block go to the rest. Places have no blocks: nothing rounds. */
static void write_fold(nest_text *n, int32_t depth)
{
    const strip_text *s = n->strip;
    line(n->out, depth, "for (ptrdiff_t k = 0; k < %d; k += %s) {", (int)s->width, s->is_vector ? lanes_text(n) : "1");
    for (int32_t a = 0; a < n->nest->acc_count; a++) {
        const loop_acc *acc = &n->nest->accs[a];
        const char *suffix = element_suffix(n, acc);
        if (!acc_is_used(n, a) || acc_is_place(acc))
            continue;
        const char *to = FORMAT(n, s->is_vector ? "acc%d + k" : "acc%d[k]", (int)a);
        const char *from = FORMAT(n, s->is_vector ? "part%d + k" : "part%d[k]", (int)a);
        if (s->is_vector)
            line(n->out, depth + 1, "v_store_%s(%s, %s);", suffix, to,
                 acc_step(n, acc, true, FORMAT(n, "v_load_%s(%s)", suffix, to), FORMAT(n, "v_load_%s(%s)", suffix, from)));
        else
            line(n->out, depth + 1, acc->dtype == STEPC_BOOL ? "%s = (uint8_t)(%s);" : "%s = %s;", to,
                 acc_step(n, acc, false, to, from));
    }
    line(n->out, depth, "}");
}

static void write_blocks(nest_text *n, int32_t depth)
{
    int32_t axis = n->nest->axis_count - 1, block = n->strip->block;
    const char *high = high_text(n, axis);
    int a = (int)axis;
    if (axis_is_trivial(n, axis)) {
        n->strip->array = "acc";
        line(n->out, depth, "{");
        write_row_values(n, axis + 1, depth + 1);
        write_strip_loop(n, depth + 1, write_sums);
        line(n->out, depth, "}");
        return;
    }
    if (block == 0) {
        n->strip->array = "acc";
        write_rows(n, "0", high, depth);
        return;
    }
    line(n->out, depth, "for (ptrdiff_t b%d = 0; b%d < %s; b%d += %d) {", a, a, high, a, (int)block);
    line(n->out, depth + 1, "const ptrdiff_t h%d = %s - b%d < %d ? %s : b%d + %d;", a, high, a, (int)block, high, a,
         (int)block);
    write_start(n, "part", depth + 1);
    n->strip->array = "part";
    write_rows(n, FORMAT(n, "b%d", a), FORMAT(n, "h%d", a), depth + 1);
    write_fold(n, depth + 1);
    line(n->out, depth, "}");
}

static void write_reduce_axes(nest_text *n, int32_t axis, int32_t depth)
{
    int32_t last = n->nest->axis_count - 1, open = 0;
    for (int32_t k = axis; k < last; k++) {
        if (!axis_is_trivial(n, k)) {
            line(n->out, depth + open, "for (ptrdiff_t i%d = 0; i%d < %s; i%d++) {", (int)k, (int)k, high_text(n, k), (int)k);
            open++;
        }
        write_row_values(n, k + 1, depth + open);
    }
    write_blocks(n, depth + open);
    while (open-- > 0)
        line(n->out, depth + open, "}");
}

/* ---- afterwards ---------------------------------------------------------------------------------------------- */

/* The accumulator of one index, by the name that what follows has for it. */
static void write_result(nest_text *n, int32_t a, int32_t depth)
{
    const loop_acc *acc = &n->nest->accs[a];
    const char *suffix = element_suffix(n, acc), *type = value_type(acc->dtype);
    bool floats = acc->dtype == STEPC_FLOAT32 || acc->dtype == STEPC_FLOAT64;
    for (int32_t j = 0; n->vector >= 0 && j < n->jams; j++) {
        const char *name = n->jams > 1 ? FORMAT(n, "a%d_%d", (int)a, (int)j) : FORMAT(n, "a%d", (int)a);
        use(n->e, FORMAT(n, "v_load_%s", suffix));
        line(n->out, depth, "const %s %s = v_load_%s(%s);", vector_type(n, acc->dtype), name, suffix,
             array_at(n, "acc", a, j));
    }
    if (n->vector >= 0)
        return;
    const char *at = offset_text(n, 0), *best = FORMAT(n, "acc%d[%s]", (int)a, at);
    if (acc_is_place(acc) && floats)
        line(n->out, depth, "const int64_t a%d_at = %s == %s ? at%d[%s] : 0;", (int)a, best, best, (int)a, at);
    else if (acc_is_place(acc))
        line(n->out, depth, "const int64_t a%d_at = at%d[%s];", (int)a, (int)a, at);
    else
        line(n->out, depth, acc->dtype == STEPC_BOOL ? "const %s a%d = %s != 0;" : "const %s a%d = %s;",
             acc_runs_in_double(acc) ? "double" : type, (int)a, best);
}

static void write_after(nest_text *n, int32_t axis, int32_t depth)
{
    for (int32_t a = 0; a < n->nest->acc_count; a++)
        if (acc_is_used(n, a))
            write_result(n, a, depth);
    for (int32_t v = 0; v < n->nest->value_count; v++)
        if (n->strip->after[v] && n->level[v] > axis && value_is_written(n, v))
            write_value(n, v, depth);
    write_effects(n, depth);
}

/* All that is not in lanes though the sums are. */
static void write_results(nest_text *n, int32_t depth)
{
    int32_t vector = n->vector, jam = n->jam;
    if (!n->strip->is_vector_after)
        n->vector = -1;
    n->jams = 1;
    write_strip_loop(n, depth, write_after);
    n->jams = 1;
    n->vector = vector;
    n->jam = jam;
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

void strip_write(nest_text *n, int32_t depth)
{
    strip_text *s = n->strip;
    int a = (int)s->axis;
    int64_t extent;
    const char *low = low_text(n, s->axis), *high = high_text(n, s->axis);
    bool is_one = strcmp(low, "0") == 0 && size_is_const(n->p->sizes, n->nest->axes[s->axis].extent, &extent) &&
                  extent <= s->width;
    s->from = is_one ? "0" : FORMAT(n, "f%d", a);
    s->to = is_one ? high : FORMAT(n, "u%d", a);
    if (!is_one) {
        line(n->out, depth, "for (ptrdiff_t f%d = %s; f%d < %s; f%d += %d) {", a, low, a, high, a, (int)s->width);
        depth++;
        line(n->out, depth, "const ptrdiff_t u%d = %s - f%d < %d ? %s : f%d + %d;", a, high, a, (int)s->width, high, a,
             (int)s->width);
    }
    write_arrays(n, depth);
    write_start(n, "acc", depth);
    write_reduce_axes(n, s->axis + 1, depth);
    line(n->out, depth, "{");
    write_results(n, depth + 1);
    line(n->out, depth, "}");
    if (!is_one)
        line(n->out, depth - 1, "}");
}
