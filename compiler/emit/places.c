/* SPDX-License-Identifier: Apache-2.0 */
/* ArgMax and ArgMin along the lanes of a vector: beside the best elements stand their places. */
#include "compiler/emit/inside_nest.h"

static bool is_float(stepc_dtype dtype) { return dtype == STEPC_FLOAT32 || dtype == STEPC_FLOAT64; }

static const char *place_suffix(const nest_text *n) { return n->is_wide ? "i64" : "i32"; }

/* The best element so far starts as NaN, which every other replaces; integers have a least. */
const char *place_start(nest_text *n, const loop_acc *acc, bool is_vector)
{
    loop_acc extreme = *acc;
    const char *start, *suffix = type_suffix(acc->dtype);
    extreme.kind = acc->kind == ACC_ARG_MAX ? ACC_MAX : ACC_MIN;
    if (is_float(acc->dtype)) {
        bool wide = acc->dtype == STEPC_FLOAT64;
        use(n->e, wide ? "f64_of_bits" : "f32_of_bits");
        start = wide ? "f64_of_bits(UINT64_C(0x7ff8000000000000))" : "f32_of_bits(UINT32_C(0x7fc00000))";
    } else {
        start = acc_identity(n, &extreme, false);
    }
    if (!is_vector)
        return start;
    use(n->e, FORMAT(n, "v_splat_%s", suffix));
    return FORMAT(n, "v_splat_%s(%s)", suffix, start);
}

/* Lanes hold places of their own width, along the only reduce axis. */
bool place_possible(const nest_text *n)
{
    size_ref extent = n->nest->axes[n->vector].extent;
    return n->vector_reduces && n->space == n->nest->axis_count - 1 && size_upper_bound(n->p->sizes, extent) <= INT32_MAX;
}

void place_declare(nest_text *n, const loop_acc *acc, const char *name, int32_t depth)
{
    const char *p = place_suffix(n);
    use(n->e, FORMAT(n, "v_splat_%s", p));
    line(n->out, depth, "%s %s = %s;", vector_type(n, acc->dtype), name, place_start(n, acc, true));
    line(n->out, depth, "v_%s %s_at = v_splat_%s(0);", p, name, p);
}

const char *place_better(nest_text *n, const loop_acc *acc, const char *name, const char *x)
{
    const char *word = FORMAT(n, "v_%s_%s", acc->kind == ACC_ARG_MAX ? "le" : "ge", type_suffix(acc->dtype));
    use(n->e, word);
    return FORMAT(n, "~%s(%s, %s)", word, x, name);
}

void place_update(nest_text *n, const loop_acc *acc, const char *name, const char *x, int32_t j, int32_t depth)
{
    const char *t = type_suffix(acc->dtype), *p = place_suffix(n), *order = acc->kind == ACC_ARG_MAX ? "gt" : "lt";
    const char *mask = n->is_wide ? "v_m64" : "v_m32", *nan = "";
    int axis = (int)n->vector;
    use(n->e, FORMAT(n, "v_%s_%s", order, t));
    use(n->e, FORMAT(n, "v_select_%s", t));
    use(n->e, FORMAT(n, "v_select_%s", p));
    use(n->e, FORMAT(n, "v_splat_%s", p));
    use(n->e, FORMAT(n, "v_iota_%s", p));
    if (is_float(acc->dtype)) {
        use(n->e, FORMAT(n, "v_isnan_%s", t));
        nan = FORMAT(n, " | v_isnan_%s(%s)", t, name);
    }
    const char *first = j > 0 ? FORMAT(n, "i%d + %s * %d", axis, lanes_text(n), (int)j) : FORMAT(n, "i%d", axis);
    line(n->out, depth, "const %s %s_new = v_%s_%s(%s, %s)%s;", mask, name, order, t, x, name, nan);
    line(n->out, depth, "%s = v_select_%s(%s_new, %s, %s);", name, t, name, x, name);
    line(n->out, depth, "%s_at = v_select_%s(%s_new, v_iota_%s() + v_splat_%s((int%d_t)(%s)), %s_at);", name, p, name, p, p,
         n->is_wide ? 64 : 32, first, name);
}

/* Of equal elements the earlier one, and of vectors that both have seen nothing but NaN either. */
void place_meet(nest_text *n, const loop_acc *acc, const char *name, const char *other, int32_t depth)
{
    const char *word = FORMAT(n, "v_meet_arg%s_%s", acc->kind == ACC_ARG_MAX ? "max" : "min", type_suffix(acc->dtype));
    use(n->e, word);
    line(n->out, depth, "%s(&%s, &%s_at, %s, %s_at);", word, name, name, other, other);
}

void place_fold(nest_text *n, const loop_acc *acc, const char *to, const char *name, int32_t depth)
{
    const char *word = FORMAT(n, "v_arg%s_%s", acc->kind == ACC_ARG_MAX ? "max" : "min", type_suffix(acc->dtype));
    use(n->e, word);
    line(n->out, depth, "const int64_t %s_at = %s(%s, %s_at);", to, word, name, name);
}
