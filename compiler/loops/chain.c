/* SPDX-License-Identifier: Apache-2.0 */
/* How many roundings a sum can gather: the longest chain of additions that a schedule makes. */
#include "compiler/loops/loops.h"

#include "runtime/core/checked.h"

static int64_t times(int64_t a, int64_t b)
{
    int64_t product;
    return checked_mul_i64(a, b, &product) ? product : INT64_MAX;
}

static int64_t plus(int64_t a, int64_t b)
{
    int64_t sum;
    return checked_add_i64(a, b, &sum) ? sum : INT64_MAX;
}

static int64_t halvings(int64_t count)
{
    int64_t steps = 0;
    while (count > 1) {
        count -= count / 2;
        steps++;
    }
    return steps;
}

static int64_t extent_of(const loop_program *p, const loop_nest *nest, int32_t axis)
{
    int64_t bound = size_upper_bound(p->sizes, nest->axes[axis].extent);
    return bound < 0 ? 0 : bound;
}

/* Whether ACC rounds with every addition: others run in double or in integers. */
static bool rounds(const loop_acc *acc)
{
    bool adds = acc->kind == ACC_SUM || acc->kind == ACC_PROD;
    return adds && acc->reassociate && (acc->dtype == STEPC_FLOAT32 || acc->dtype == STEPC_FLOAT64);
}

/* The generic profile leaves the width to the C compiler, which may have no vectors at all. */
static int64_t least_lanes(const isa_profile *isa, stepc_dtype dtype)
{
    bool is_known = isa->requires_macros != NULL && isa->vector_bytes > 0;
    int64_t lanes = is_known ? isa->vector_bytes * 8 / loop_value_bits(dtype) : 1;
    return lanes < 1 ? 1 : lanes;
}

/* STEP indices are added at once, those that are left one by one. */
static int64_t additions(int64_t count, int64_t step) { return count == INT64_MAX ? count : count / step + count % step; }

static int64_t acc_chain(const loop_program *p, const isa_profile *isa, const loop_nest *nest, const loop_acc *acc,
                         bool is_single)
{
    const nest_schedule *s = &nest->schedule;
    int32_t space = 0, last = nest->axis_count - 1;
    while (space < nest->axis_count && nest->axes[space].kind == AXIS_SPACE)
        space++;
    int64_t before = 1, count = last >= space ? extent_of(p, nest, last) : 1, chain, folds = 0;
    for (int32_t k = space; k < last; k++)
        before = times(before, extent_of(p, nest, k));
    bool is_strip = s->is_set && s->strip > 0, is_split = s->is_set && !is_strip && s->vector_axis >= space;
    int64_t blocks = 1, length = count;
    if (!is_strip && !is_split)
        return times(before, count);
    if (s->block > 0) {
        blocks = count == INT64_MAX ? INT64_MAX : plus(count / s->block, count % s->block != 0);
        length = count < s->block ? count : s->block;
    }
    if (is_strip) {
        chain = additions(length, s->strip_rows);
        folds = s->strip_rows; /* in pairs, or one after the other where they are fused products */
    } else {
        int64_t lanes = least_lanes(isa, acc->dtype), parts = is_single || s->partial_sums < 1 ? 1 : s->partial_sums;
        chain = length == INT64_MAX ? length : additions(length / lanes, parts) + (length % lanes != 0);
        folds = halvings(parts) + halvings(lanes);
    }
    if (s->block > 0)
        return plus(plus(chain, times(blocks, before)), folds);
    return plus(times(chain, before), folds);
}

int64_t loop_sum_chain(const loop_program *p, const isa_profile *isa, bool is_single)
{
    int64_t longest = 0;
    for (int32_t i = 0; i < p->statement_count; i++) {
        const loop_statement *statement = &p->statements[i];
        if (statement->kind == STATEMENT_CALL && statement->call->kind == CALL_SCAN && !p->exact &&
            statement->call->scan.form == SCAN_PLAIN) {
            int64_t own = size_upper_bound(p->sizes, statement->call->scan.extent);
            longest = own > longest ? own : longest;
        }
        for (int32_t a = 0; statement->kind == STATEMENT_NEST && a < statement->nest->acc_count; a++) {
            const loop_acc *acc = &statement->nest->accs[a];
            int64_t own = rounds(acc) ? acc_chain(p, isa, statement->nest, acc, is_single) : 0;
            longest = own > longest ? own : longest;
        }
    }
    return longest;
}
