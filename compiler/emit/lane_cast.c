/* SPDX-License-Identifier: Apache-2.0 */
/* Casts between vectors: docs/numerics.md says what comes out. */
#include "compiler/emit/inside_lanes.h"

static bool is_float(stepc_dtype dtype) { return dtype == STEPC_FLOAT32 || dtype == STEPC_FLOAT64; }

static bool is_unsigned(stepc_dtype dtype)
{
    return dtype == STEPC_UINT8 || dtype == STEPC_UINT16 || dtype == STEPC_UINT32 || dtype == STEPC_UINT64;
}

bool lane_cast_possible(const nest_text *n, stepc_dtype from, stepc_dtype to)
{
    /* Short lanes have no floats beside them, and nothing of another width. */
    (void)from;
    return n->lane_bits >= 32 || !is_float(to);
}

/* A w_ type as another: both halves reinterpreted. */
static const char *pair_as(nest_text *n, stepc_dtype from, stepc_dtype to, const char *a)
{
    use(n->e, "w_types");
    const char *suffix = type_suffix(to);
    return from == to ? a : FORMAT(n, "W_EACH(w_%s, (v_%s), %s)", suffix, suffix, a);
}

/* Floats to integers: truncated, saturated. */
static const char *from_float(nest_text *n, stepc_dtype from, stepc_dtype to, const char *a)
{
    bool wide_to = loop_value_bits(to) == 64, wide_from = from == STEPC_FLOAT64;
    if (wide_to) {
        const char *name = to == STEPC_INT64 ? "v_sat_i64_f64" : "v_sat_u64_f64";
        if (!n->is_mixed)
            return lane_call(n, name, a);
        const char *wide = wide_from ? a : lane_call(n, "w_f64_from_f32", a);
        use(n->e, name);
        use(n->e, "w_types");
        return FORMAT(n, "W_EACH(w_%s, %s, %s)", type_suffix(to), name, wide);
    }
    if (to == STEPC_UINT32)
        return lane_call(n, wide_from ? "w_sat_u32_f64" : "v_sat_u32_f32", a);
    if (to != STEPC_INT32 && !wide_from)
        return lane_call(n, FORMAT(n, "v_sat32_%s", type_suffix(to)), a);
    const char *whole = lane_call(n, wide_from ? "w_sat_i32_f64" : "v_sat_i32_f32", a);
    return to == STEPC_INT32 ? whole : lane_call(n, FORMAT(n, "v_clamp_%s", type_suffix(to)), whole);
}

/* Anything to floats: one rounding. */
static const char *to_float(nest_text *n, stepc_dtype from, stepc_dtype to, const char *a)
{
    char kind = lane_is_pair(n, from) || lane_is_pair(n, to) ? 'w' : 'v';
    const char *suffix = lane_suffix(n, from);
    if (kind == 'w' && lane_is_pair(n, from) && lane_is_pair(n, to)) {
        const char *name = FORMAT(n, "v_%s_from_%s", type_suffix(to), suffix);
        use(n->e, name);
        return FORMAT(n, "W_EACH(w_%s, %s, %s)", type_suffix(to), name, a);
    }
    return lane_call(n, FORMAT(n, "%c_%s_from_%s", kind, type_suffix(to), suffix), a);
}

/* Integers to integers: the low bits, or more bits with the sign of what comes. */
static const char *integers(nest_text *n, stepc_dtype from, stepc_dtype to, const char *a)
{
    if (lane_is_pair(n, from)) {
        if (lane_is_pair(n, to))
            return pair_as(n, from, to, a);
        const char *low = lane_call(n, "w_i32_from_i64", pair_as(n, from, STEPC_INT64, a));
        return to == STEPC_UINT32 ? FORMAT(n, "(v_u32)%s", low) : lane_wrap(n, to, low);
    }
    if (lane_is_pair(n, to))
        return pair_as(n, STEPC_INT64, to, lane_call(n, from == STEPC_UINT32 ? "w_i64_from_u32" : "w_i64_from_i32", a));
    if (!lane_is_short(n, to))
        return FORMAT(n, "(%s)%s", vector_type(n, to), a);
    bool fits = loop_value_bits(from) < loop_value_bits(to) && (is_unsigned(from) || !is_unsigned(to));
    const char *lanes = from == STEPC_UINT32 ? FORMAT(n, "(v_i32)%s", a) : a;
    return fits ? lanes : lane_wrap(n, to, lanes);
}

const char *lane_cast(nest_text *n, stepc_dtype from, stepc_dtype to, const char *a)
{
    if (from == to)
        return a;
    if (to == STEPC_BOOL)
        return lane_call(n, FORMAT(n, "%c_ne_%s", lane_is_pair(n, from) ? 'w' : 'v', lane_suffix(n, from)),
                         FORMAT(n, "%s, %s", a, lane_splat(n, from, "0")));
    if (from == STEPC_BOOL)
        return lane_call(n, FORMAT(n, "%c_select_%s", lane_is_pair(n, to) ? 'w' : 'v', lane_suffix(n, to)),
                         FORMAT(n, "%s, %s, %s", a, lane_splat(n, to, "1"), lane_splat(n, to, "0")));
    if (is_float(to))
        return to_float(n, from, to, a);
    return is_float(from) ? from_float(n, from, to, a) : integers(n, from, to, a);
}
