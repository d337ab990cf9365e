/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes: which widths meet in a nest, what its vectors are called, how words of the vocabulary are put. */
#include "compiler/emit/inside_lanes.h"

#include "compiler/support/support.h"

#define SHORT_AXIS 64 /* indices: a vector of bytes would be mostly empty on some machine */

bool lane_is_pair(const nest_text *n, stepc_dtype dtype) { return n->is_mixed && loop_value_bits(dtype) == 64; }

bool lane_is_short(const nest_text *n, stepc_dtype dtype)
{
    return n->is_mixed && dtype != STEPC_BOOL && loop_value_bits(dtype) < 32;
}

/* Operations that the machines have for lanes of 32 and 64 bits, but not for short ones. */
static bool wants_longer_lanes(const loop_value *value)
{
    return value->op == LOOP_SHL || value->op == LOOP_SHR || value->op == LOOP_DIV || value->op == LOOP_FLOORDIV;
}

bool lane_is_asked(const nest_text *n, int32_t v)
{
    return n->uses[v] > 0 && value_is_vector(n, v) && !(n->strip && n->strip->only_sums && !n->strip->in_sum[v]);
}

/* One bit per width of bytes among what moves along the axis. */
static uint32_t widths(const nest_text *n, bool *longer)
{
    uint32_t bytes = 0;
    for (int32_t v = 0; v < n->nest->value_count; v++) {
        const loop_value *value = &n->nest->values[v];
        if (!lane_is_asked(n, v))
            continue;
        *longer = *longer || wants_longer_lanes(value);
        if (value->dtype != STEPC_BOOL)
            bytes |= (uint32_t)loop_value_bits(value->dtype) / 8;
    }
    return bytes;
}

void lanes_choose(nest_text *n)
{
    int64_t extent;
    bool longer = n->nest->acc_count > 0;
    uint32_t bytes = widths(n, &longer);
    if (size_is_const(n->p->sizes, n->nest->axes[n->vector].extent, &extent) && extent < SHORT_AXIS)
        longer = true;
    n->is_mixed = false;
    n->lane_bits = 32;
    if (bytes == 0)
        n->lane_bits = longer ? 32 : 8;
    else if (bytes == 4 || bytes == 8)
        n->lane_bits = (int32_t)bytes * 8;
    else if ((bytes == 1 || bytes == 2) && !longer)
        n->lane_bits = (int32_t)bytes * 8;
    else
        n->is_mixed = true;
    n->is_wide = n->lane_bits == 64;
}

const char *lane_suffix(const nest_text *n, stepc_dtype dtype)
{
    if (dtype == STEPC_BOOL)
        return n->lane_bits == 8 ? "m8" : n->lane_bits == 16 ? "m16" : n->lane_bits == 32 ? "m32" : "m64";
    return lane_is_short(n, dtype) ? "i32" : type_suffix(dtype);
}

const char *vector_type(nest_text *n, stepc_dtype dtype)
{
    if (lane_is_pair(n, dtype))
        use(n->e, "w_types");
    return FORMAT(n, "%c_%s", lane_is_pair(n, dtype) ? 'w' : 'v', lane_suffix(n, dtype));
}

const char *lanes_text(const nest_text *n)
{
    return n->lane_bits == 8    ? "V_LANES8"
           : n->lane_bits == 16 ? "V_LANES16"
           : n->lane_bits == 64 ? "V_LANES64"
                                : "V_LANES";
}

const char *lane_call(nest_text *n, const char *name, const char *arguments)
{
    use(n->e, name);
    return FORMAT(n, "%s(%s)", name, arguments);
}

const char *lane_splat(nest_text *n, stepc_dtype dtype, const char *scalar)
{
    if (dtype == STEPC_BOOL)
        return lane_call(n, FORMAT(n, "v_splat_i%d", (int)n->lane_bits), FORMAT(n, "%s ? -1 : 0", scalar));
    const char kind = lane_is_pair(n, dtype) ? 'w' : 'v';
    return lane_call(n, FORMAT(n, "%c_splat_%s", kind, lane_suffix(n, dtype)), scalar);
}

const char *lane_word1(nest_text *n, stepc_dtype dtype, const char *word, const char *a)
{
    const char *suffix = lane_suffix(n, dtype), *name = FORMAT(n, "v_%s_%s", word, suffix);
    if (!lane_is_pair(n, dtype))
        return lane_call(n, name, a);
    use(n->e, name);
    use(n->e, "w_types");
    return FORMAT(n, "W_EACH(w_%s, %s, %s)", suffix, name, a);
}

const char *lane_word2(nest_text *n, stepc_dtype dtype, const char *word, const char *a, const char *b)
{
    const char *suffix = lane_suffix(n, dtype), *name = FORMAT(n, "v_%s_%s", word, suffix);
    if (!lane_is_pair(n, dtype))
        return lane_call(n, name, FORMAT(n, "%s, %s", a, b));
    use(n->e, name);
    use(n->e, "w_types");
    return FORMAT(n, "W_EACH2(w_%s, %s, %s, %s)", suffix, name, a, b);
}

const char *lane_infix(nest_text *n, stepc_dtype dtype, const char *a, const char *sign, const char *b)
{
    if (!lane_is_pair(n, dtype))
        return lane_fit(n, dtype, FORMAT(n, "%s %s %s", a, sign, b));
    use(n->e, "w_types");
    return FORMAT(n, "W_INFIX(w_%s, %s, %s, %s)", lane_suffix(n, dtype), a, sign, b);
}

const char *lane_fit(nest_text *n, stepc_dtype dtype, const char *expression)
{
    return n->lane_bits < 32 ? FORMAT(n, "(%s)(%s)", vector_type(n, dtype), expression) : expression;
}

const char *lane_wrap(nest_text *n, stepc_dtype dtype, const char *expression)
{
    return lane_is_short(n, dtype) ? lane_call(n, FORMAT(n, "v_wrap_%s", type_suffix(dtype)), expression) : expression;
}
