/* SPDX-License-Identifier: Apache-2.0 */
/* What fusion, scheduling, planning and emission ask about a nest. */
#include "compiler/loops/loops.h"

#include <string.h>

/* A coefficient that is not known to be zero may move the address. */
static bool moves(const loop_nest *nest, size_ref coef)
{
    int64_t value;
    return !(nest->sizes != NULL && size_is_const(nest->sizes, coef, &value) && value == 0);
}

/* What an earlier index of the nest may have written differs from index to index, wherever it stands. */
static bool reads_scattered(const loop_nest *nest, int32_t root)
{
    for (int32_t i = 0; i < nest->write_count; i++) {
        if (nest->writes[i].buffer == root && nest->writes[i].index.indirect >= 0)
            return true;
    }
    return false;
}

void nest_axis_mask(const loop_nest *nest, uint32_t *mask)
{
    uint32_t space = 0;

    for (int32_t k = 0; k < nest->axis_count; k++)
        space |= nest->axes[k].kind == AXIS_SPACE ? UINT32_C(1) << k : 0;
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        uint32_t bits = 0;
        for (int i = 0; i < 3; i++)
            bits |= value->args[i] >= 0 ? mask[value->args[i]] : 0;
        if (value->op == LOOP_AXIS)
            bits |= UINT32_C(1) << value->axis;
        if (value->op == LOOP_ACC)
            bits |= mask[nest->accs[value->acc].value] & space;
        if (value->op == LOOP_READ) {
            for (int32_t k = 0; k < nest->axis_count; k++)
                bits |= moves(nest, value->index.coefs[k]) ? UINT32_C(1) << k : 0;
            if (value->index.indirect >= 0)
                bits |= mask[value->index.indirect];
            if (reads_scattered(nest, value->buffer))
                bits |= space;
        }
        mask[v] = bits;
    }
}

/* Whether VALUE itself moves along a reduce axis. */
static bool touches_reduce_axis(const loop_nest *nest, const loop_value *value)
{
    if (value->op == LOOP_AXIS)
        return nest->axes[value->axis].kind == AXIS_REDUCE;
    if (value->op != LOOP_READ)
        return false;
    for (int32_t k = 0; k < nest->axis_count; k++) {
        if (nest->axes[k].kind == AXIS_REDUCE && moves(nest, value->index.coefs[k]))
            return true;
    }
    return false;
}

void nest_dependence(const loop_nest *nest, uint8_t *bits)
{
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        uint8_t all = 0;
        for (int i = 0; i < 3; i++) {
            if (value->args[i] >= 0)
                all |= bits[value->args[i]];
        }
        if (value->op == LOOP_READ && value->index.indirect >= 0)
            all |= bits[value->index.indirect];
        if (touches_reduce_axis(nest, value))
            all |= 1;
        if (value->op == LOOP_ACC)
            all |= 2;
        bits[v] = all;
    }
}

/* Marks as needed in any case what VALUE needs in any case. */
static void demand(const loop_value *value, uint8_t *guarded)
{
    int last = value->op == LOOP_SELECT ? 1 : 3;
    for (int i = 0; i < last; i++) {
        if (value->args[i] >= 0)
            guarded[value->args[i]] = 0;
    }
    if (value->op == LOOP_READ && value->index.indirect >= 0)
        guarded[value->index.indirect] = 0;
}

void nest_guarded(const loop_nest *nest, uint8_t *guarded)
{
    if (nest->value_count > 0)
        memset(guarded, 1, (size_t)nest->value_count);
    for (int32_t i = 0; i < nest->acc_count; i++)
        guarded[nest->accs[i].value] = 0;
    for (int32_t i = 0; i < nest->check_count; i++)
        guarded[nest->checks[i].value] = 0;
    for (int32_t i = 0; i < nest->write_count; i++) {
        const loop_write *write = &nest->writes[i];
        if (write->predicate >= 0) {
            guarded[write->predicate] = 0;
            continue;
        }
        guarded[write->value] = 0;
        if (write->index.indirect >= 0)
            guarded[write->index.indirect] = 0;
    }
    for (int32_t v = nest->value_count - 1; v >= 0; v--) {
        if (!guarded[v])
            demand(&nest->values[v], guarded);
    }
}

bool loop_reads(const loop_nest *nest, int32_t root)
{
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        if ((value->op == LOOP_READ || value->op == LOOP_PHILOX) && value->buffer == root)
            return true;
    }
    return false;
}

bool loop_writes(const loop_nest *nest, int32_t root)
{
    for (int32_t i = 0; i < nest->write_count; i++) {
        if (nest->writes[i].buffer == root)
            return true;
    }
    return false;
}

bool write_streams(const loop_nest *nest, const loop_write *w)
{
    for (int32_t k = 0; k < nest->axis_count; k++) {
        if (nest->axes[k].kind == AXIS_REDUCE && moves(nest, w->index.coefs[k]))
            return true;
    }
    return false;
}

bool nest_scatters(const loop_nest *nest)
{
    for (int32_t i = 0; i < nest->write_count; i++) {
        if (nest->writes[i].index.indirect >= 0)
            return true;
    }
    return false;
}

bool loop_index_equal(const loop_index *a, const loop_index *b, int32_t axis_count)
{
    if (a->base != b->base || a->indirect != b->indirect)
        return false;
    if (a->indirect >= 0 &&
        (a->indirect_scale != b->indirect_scale || a->indirect_extent != b->indirect_extent))
        return false;
    for (int32_t k = 0; k < axis_count; k++) {
        if (a->coefs[k] != b->coefs[k])
            return false;
    }
    return true;
}
