/* SPDX-License-Identifier: Apache-2.0 */
/* Sines, cosines and tangents in lanes. The sine and the cosine of one value have one reduction. Those whose
 * arguments are known at one place of the text stand there together: one test tells whether any of them is too large
 * for the short way, of the sum of their magnitudes. */
#include "compiler/emit/inside_nest.h"

enum { MOST_TOGETHER = 4 }; /* vectors under one test: their sum is that much sooner too large than each of them */

/* Tangents of float64 stand alone: their short way does not reach as far as that of the others. */
static bool is_angle(const nest_text *n, int32_t v)
{
    const loop_value *value = &n->nest->values[v];
    bool is_double = value->dtype == STEPC_FLOAT64 && n->is_wide;
    bool is_one = value->op == LOOP_SIN || value->op == LOOP_COS || (value->op == LOOP_TAN && !is_double);
    return is_one && (value->dtype == STEPC_FLOAT32 || is_double) && value_is_vector(n, v) && value_is_written(n, v);
}

/* The cosine of the same value, or the sine, if it came before V. */
static int32_t find_other(const nest_text *n, int32_t *sine, int32_t *cosine, int32_t v)
{
    const loop_value *value = &n->nest->values[v];
    if (value->op == LOOP_TAN)
        return -1;
    int32_t *own = value->op == LOOP_SIN ? sine : cosine, *other = value->op == LOOP_SIN ? cosine : sine;
    own[value->args[0]] = v + 1;
    return other[value->args[0]] - 1;
}

void angles_choose(nest_text *n)
{
    size_t count = (size_t)n->nest->value_count;
    int32_t *last = ARENA_ARRAY(&n->scratch, int32_t, (size_t)n->nest->axis_count + 2); /* per level, plus 1 */
    int32_t *sine = ARENA_ARRAY(&n->scratch, int32_t, count), *cosine = ARENA_ARRAY(&n->scratch, int32_t, count);
    n->angle_first = ARENA_ARRAY(&n->scratch, int32_t, count);
    n->angle_other = ARENA_ARRAY(&n->scratch, int32_t, count);
    if (!last || !sine || !cosine || !n->angle_first || !n->angle_other) {
        emit_failed(n->e, "writing a kernel");
        return;
    }
    for (int32_t v = 0; v < n->nest->value_count; v++)
        n->angle_first[v] = n->angle_other[v] = -1;
    for (int32_t v = 0; v < n->nest->value_count && !n->p->exact && !n->strip; v++) {
        if (!is_angle(n, v))
            continue;
        int32_t *first = &last[n->level[v]], other = find_other(n, sine, cosine, v);
        if (other >= 0 && n->angle_other[other] < 0) {
            n->angle_other[v] = other;
            n->angle_other[other] = v;
            n->angle_first[v] = n->angle_first[other];
            continue;
        }
        if (*first == 0 || n->nest->values[v].args[0] >= *first - 1)
            *first = v + 1;
        n->angle_first[v] = *first - 1;
    }
}

/* ---- text ------------------------------------------------------------------------------------------ */

/* One vector of one value, or of the two of a pair. */
typedef struct angle {
    int32_t v, r, j;
} angle;

static const char *argument(nest_text *n, const angle *a)
{
    return value_ref(n, n->nest->values[a->v].args[0], a->r, a->j);
}

static const char *name_of(nest_text *n, const angle *a, loop_op op)
{
    bool is_own = n->angle_other[a->v] < 0 || n->nest->values[a->v].op == op;
    return value_name(n, is_own ? a->v : n->angle_other[a->v], a->r, a->j);
}

static const char *word_of(const nest_text *n, const angle *a)
{
    return n->angle_other[a->v] >= 0 ? "sincos" : loop_op_name(n->nest->values[a->v].op);
}

static const char *type_of(const nest_text *n, const angle *a) { return type_suffix(n->nest->values[a->v].dtype); }

/* v_WORD_f32 (_f64) or, with HOW, one of its parts. */
static const char *call_text(nest_text *n, const angle *a, const char *how, const char *more)
{
    const char *name = FORMAT(n, "v_%s%s_%s", word_of(n, a), how, type_of(n, a));
    use(n->e, name);
    return FORMAT(n, "%s(%s%s)", name, argument(n, a), more);
}

static void write_alone(nest_text *n, const angle *a, int32_t depth)
{
    const char *type = type_of(n, a);
    if (n->angle_other[a->v] < 0) {
        line(n->out, depth, "const v_%s %s = %s;", type, value_name(n, a->v, a->r, a->j), call_text(n, a, "", ""));
        return;
    }
    const char *cosine = name_of(n, a, LOOP_COS);
    line(n->out, depth, "v_%s %s;", type, cosine);
    line(n->out, depth, "const v_%s %s = %s;", type, name_of(n, a, LOOP_SIN),
         call_text(n, a, "", FORMAT(n, ", &%s", cosine)));
}

static void write_rare(nest_text *n, const angle *a, int32_t depth)
{
    if (n->angle_other[a->v] < 0) {
        line(n->out, depth, "%s = %s;", value_name(n, a->v, a->r, a->j), call_text(n, a, "_rare", ""));
        return;
    }
    line(n->out, depth, "%s = %s;", name_of(n, a, LOOP_SIN), call_text(n, a, "_rare", ", 0"));
    line(n->out, depth, "%s = %s;", name_of(n, a, LOOP_COS), call_text(n, a, "_rare", ", 1"));
}

static void write_near(nest_text *n, const angle *a, int32_t depth)
{
    bool is_pair = n->angle_other[a->v] >= 0;
    const char *more = is_pair ? FORMAT(n, ", &%s", name_of(n, a, LOOP_COS)) : "";
    line(n->out, depth, "%s = %s;", name_of(n, a, is_pair ? LOOP_SIN : n->nest->values[a->v].op),
         call_text(n, a, "_near", more));
}

static void write_together(nest_text *n, const angle *some, int32_t count, int32_t depth)
{
    const char *names = "", *sum = "", *type = type_of(n, &some[0]);
    const char *test = FORMAT(n, "v_any_huge_%s", type), *magnitude = FORMAT(n, "v_abs_%s", type);
    if (count == 1) {
        write_alone(n, some, depth);
        return;
    }
    use(n->e, test);
    use(n->e, magnitude);
    for (int32_t i = 0; i < count; i++) {
        const char *comma = i > 0 ? ", " : "";
        if (n->angle_other[some[i].v] >= 0)
            names = FORMAT(n, "%s%s%s, %s", names, comma, name_of(n, &some[i], LOOP_SIN), name_of(n, &some[i], LOOP_COS));
        else
            names = FORMAT(n, "%s%s%s", names, comma, value_name(n, some[i].v, some[i].r, some[i].j));
        sum = FORMAT(n, "%s%s%s(%s)", sum, i > 0 ? " + " : "", magnitude, argument(n, &some[i]));
    }
    line(n->out, depth, "v_%s %s;", type, names);
    line(n->out, depth, "if (%s(%s)) {", test, sum);
    for (int32_t i = 0; i < count; i++)
        write_rare(n, &some[i], depth + 1);
    line(n->out, depth, "} else {");
    for (int32_t i = 0; i < count; i++)
        write_near(n, &some[i], depth + 1);
    line(n->out, depth, "}");
}

bool angles_write(nest_text *n, int32_t v, int32_t depth)
{
    angle some[MOST_TOGETHER];
    int32_t count = 0;
    if (n->angle_first[v] != v)
        return n->angle_first[v] >= 0; /* stands there already */
    for (int32_t u = v; u < n->nest->value_count; u++) {
        bool is_second = n->angle_other[u] >= 0 && n->angle_other[u] < u;
        if (n->angle_first[u] != v || is_second)
            continue;
        for (int32_t r = 0; r < value_rows(n, u); r++) {
            for (int32_t j = 0; j < value_jams(n, u); j++) {
                some[count++] = (angle){u, r, j};
                if (count == MOST_TOGETHER) {
                    write_together(n, some, count, depth);
                    count = 0;
                }
            }
        }
    }
    if (count > 0)
        write_together(n, some, count, depth);
    return true;
}
