/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling of reductions: along the lanes of a vector, or across them.
 *
 * Across: every index of the last space axis has accumulators of its own, and memory is contiguous along that axis.
 * A few of them stay in registers while the reduce axes run. Many would have to run over the whole array again and
 * again, a short piece of each row at a time, which main memory and its pages do not like: they become strips, whose
 * accumulators lie in a small array in the first cache level, and the reduce axes run outside. */
#include "compiler/loops/schedule.h"

enum {
    STRIP_ROWS = 4,       /* rows that are added among themselves first: one load and store of an accumulator for all */
    PLACE_ROWS = 2,       /* the same where they meet the accumulator one by one */
    STRIP_LEAST = 16,     /* indices that are worth a strip */
    STRIP_UNIT = 64,      /* a strip's width is a multiple of it: of all vectors there are, side by side */
    STRIP_SHARE = 4,      /* of the first cache level, for all accumulators */
    STRIP_MOST_ACCS = 8,
    STRIP_REGISTERS = 16, /* machines with fewer have no caches to speak of, and little stack */
    CHAIN_MOST = 256,     /* additions in a row that need no blocks */
    BLOCK_LEAST = 1024,   /* indices of a block */
    BLOCK_MOST = 1 << 20
};

static bool is_place(const loop_acc *acc) { return acc->kind == ACC_ARG_MAX || acc->kind == ACC_ARG_MIN; }

/* Whether the order of the additions is free, or does not show. */
static bool is_free(const loop_acc *acc)
{
    bool adds = acc->kind == ACC_SUM || acc->kind == ACC_PROD;
    return !adds || acc->reassociate || (acc->dtype != STEPC_FLOAT32 && acc->dtype != STEPC_FLOAT64);
}

static bool has_place(const loop_nest *nest)
{
    for (int32_t i = 0; i < nest->acc_count; i++)
        if (is_place(&nest->accs[i]))
            return true;
    return false;
}

static bool all_free(const loop_nest *nest)
{
    for (int32_t i = 0; i < nest->acc_count; i++)
        if (!is_free(&nest->accs[i]))
            return false;
    return true;
}

/* Float sums and products whose error grows with every addition. */
static bool has_rounding(const loop_nest *nest)
{
    for (int32_t i = 0; i < nest->acc_count; i++) {
        const loop_acc *acc = &nest->accs[i];
        if ((acc->kind == ACC_SUM || acc->kind == ACC_PROD) && acc->reassociate)
            return true;
    }
    return false;
}

int32_t reduce_lanes(scheduler *s)
{
    int32_t axis = s->nest->axis_count - 1;
    if (s->f.p->exact || s->nest->acc_count == 0 || axis < s->space)
        return -1;
    for (int32_t i = 0; i < s->nest->acc_count; i++) {
        const loop_acc *acc = &s->nest->accs[i];
        if (acc->kind == ACC_ANY || acc->kind == ACC_ALL ||
            ((acc->kind == ACC_SUM || acc->kind == ACC_PROD) && !acc->reassociate))
            return -1;
    }
    return lanes_fit_writes(s, axis) && lanes_fit(s, axis) ? axis : -1;
}

/* ---- blocks ------------------------------------------------------------------------------------ */

/* A block of the last reduce axis, of which STEP indices make one addition, so that neither a block nor their sum is a
 * long chain; 0: one chain is short enough. */
static int32_t choose_block(const scheduler *s, int64_t step)
{
    int32_t last = s->nest->axis_count - 1;
    int64_t extent = axis_nominal(s, last), before = 1, block = BLOCK_LEAST;
    for (int32_t k = s->space; k < last; k++)
        before *= axis_nominal(s, k) < BLOCK_MOST ? axis_nominal(s, k) : BLOCK_MOST;
    if (!has_rounding(s->nest) || (has_place(s->nest) && s->space == last) || !all_free(s->nest) || extent / step * before <= CHAIN_MOST ||
        (before == 1 && extent <= BLOCK_LEAST))
        return 0;
    if (before > 1 && extent < BLOCK_LEAST) /* all of the axis */
        return extent / step >= 16 ? (int32_t)((extent + STRIP_UNIT - 1) / STRIP_UNIT * STRIP_UNIT) : 0;
    while (block < BLOCK_MOST && (block / step) * block < extent)
        block *= 2;
    return (int32_t)block;
}

void reduce_partials(const scheduler *s, nest_schedule *out)
{
    int64_t vectors = axis_nominal(s, out->vector_axis) / s->lanes;
    out->partial_sums = vectors >= 4 && s->nest->acc_count <= 2 ? 4 : vectors >= 2 ? 2 : 1;
    out->block = choose_block(s, (int64_t)s->lanes * out->partial_sums);
}

/* ---- strips -------------------------------------------------------------------------------------- */

/* Marks the values that go into accumulators. */
static void mark_sums(const loop_nest *nest, uint8_t *in_sum)
{
    for (int32_t i = 0; i < nest->acc_count; i++)
        in_sum[nest->accs[i].value] = 1;
    for (int32_t v = nest->value_count - 1; v >= 0; v--) {
        const loop_value *value = &nest->values[v];
        for (int i = 0; in_sum[v] && i < 3; i++)
            if (value->args[i] >= 0)
                in_sum[value->args[i]] = 1;
        if (in_sum[v] && value->op == LOOP_READ && value->index.indirect >= 0)
            in_sum[value->index.indirect] = 1;
    }
}

/* Whether what is summed is contiguous along AXIS, and nothing of it is along the last reduce axis. */
static bool is_across(const scheduler *s, int32_t axis, const uint8_t *in_sum)
{
    int32_t last = s->nest->axis_count - 1, contiguous = 0;
    for (int32_t v = 0; v < s->nest->value_count; v++) {
        const loop_value *value = &s->nest->values[v];
        if (!in_sum[v] || value->op != LOOP_READ)
            continue;
        bool is_still = coef_is_zero(s, value->index.coefs[axis]);
        if ((!is_still && value->index.coefs[axis] != s->f.one) || value->index.coefs[last] == s->f.one)
            return false;
        contiguous += !is_still;
    }
    return contiguous > 0;
}

static bool accs_allow(const scheduler *s, int32_t axis)
{
    for (int32_t i = 0; i < s->nest->acc_count; i++)
        if (!(s->mask[s->nest->accs[i].value] >> axis & 1))
            return false;
    for (int32_t i = 0; i < s->nest->write_count; i++)
        for (int32_t k = s->space; k < s->nest->axis_count; k++)
            if (!coef_is_zero(s, s->nest->writes[i].index.coefs[k]))
                return false;
    return s->nest->acc_count > 0 && s->nest->acc_count <= STRIP_MOST_ACCS;
}

static int64_t reduced_indices(const scheduler *s)
{
    int64_t count = 1;
    for (int32_t k = s->space; k < s->nest->axis_count; k++) {
        int64_t extent = axis_nominal(s, k);
        count = extent > 0 && count > INT32_MAX / extent ? INT32_MAX : count * extent;
    }
    return count;
}

/* Bytes of one index's accumulators. */
static int64_t acc_bytes(const loop_nest *nest)
{
    int64_t bytes = 0;
    for (int32_t i = 0; i < nest->acc_count; i++)
        bytes += (is_place(&nest->accs[i]) ? 8 : 0) + (loop_value_bits(nest->accs[i].dtype) + 7) / 8;
    return bytes;
}

/* Whether the values that are summed can run in lanes along AXIS, whatever becomes of the sums. */
static bool sums_fit_lanes(scheduler *s, int32_t axis, const uint8_t *in_sum, arena *scratch)
{
    loop_nest part = *s->nest;
    const loop_nest *whole = s->nest;
    part.values = ARENA_ARRAY(scratch, loop_value, (size_t)part.value_count);
    part.acc_count = part.write_count = 0;
    if (!part.values)
        return false;
    for (int32_t v = 0; v < part.value_count; v++) {
        part.values[v] = whole->values[v];
        if (!in_sum[v]) { /* a stand-in of no width */
            part.values[v] = (loop_value){.op = LOOP_CONST, .dtype = STEPC_BOOL, .args = {-1, -1, -1}, .index = {.indirect = -1}};
        } else if (part.values[v].op == LOOP_READ && s->f.p->buffers[part.values[v].buffer].dtype == STEPC_BOOL) {
            return false; /* the C compiler does bytes better */
        }
    }
    s->nest = &part;
    bool fit = lanes_fit(s, axis);
    s->nest = whole;
    return fit;
}

bool reduce_strips(scheduler *s, arena *scratch, nest_schedule *out)
{
    int32_t axis = s->space - 1, last = s->nest->axis_count - 1;
    if (axis < 0 || last <= axis || s->isa->registers < STRIP_REGISTERS || s->nest->check_count > 0 || !accs_allow(s, axis) || nest_has_reuse(s->nest))
        return false;
    uint8_t *in_sum = ARENA_ARRAY(scratch, uint8_t, (size_t)s->nest->value_count);
    if (!in_sum)
        return false;
    mark_sums(s->nest, in_sum);
    int64_t extent = axis_nominal(s, axis), reduced = reduced_indices(s), bytes = acc_bytes(s->nest);
    if (extent < STRIP_LEAST || reduced < 2 * STRIP_ROWS || !is_across(s, axis, in_sum))
        return false;
    /* Lanes hold places of 32 bits. */
    bool may_place = !has_place(s->nest) || size_upper_bound(s->f.p->sizes, s->nest->axes[last].extent) <= INT32_MAX;
    bool fits = s->isa->vector_bytes > 0 && may_place && sums_fit_lanes(s, axis, in_sum, scratch);
    if (out->vector_axis >= 0) { /* accumulators may also stay in registers */
        bool narrow = extent <= (int64_t)s->lanes * 4;
        if (out->vector_axis != axis || narrow || reduced * extent * bytes <= s->isa->l1_bytes)
            return false;
    }
    out->vector_axis = fits ? axis : -1;
    out->strip_rows = !all_free(s->nest) ? 1 : has_place(s->nest) ? PLACE_ROWS : STRIP_ROWS;
    out->block = choose_block(s, out->strip_rows);
    int64_t most = s->isa->l1_bytes / STRIP_SHARE / (bytes * (out->block > 0 ? 2 : 1)) / STRIP_UNIT * STRIP_UNIT;
    int64_t width = (extent + STRIP_UNIT - 1) / STRIP_UNIT * STRIP_UNIT;
    out->strip = (int32_t)(width <= most ? width : most < STRIP_UNIT ? STRIP_UNIT : most);
    out->jam = fits && nest_op_count(s->nest) <= 4 && extent >= 2 * (int64_t)s->lanes ? 2 : 1;
    return true;
}
