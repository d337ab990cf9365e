/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling: can the indices of an axis go into the lanes of a vector? */
#include "compiler/loops/schedule.h"

bool coef_is_zero(const scheduler *s, size_ref coef) { return coef == s->f.zero; }

int64_t axis_nominal(const scheduler *s, int32_t axis) { return fuse_nominal(&s->f, s->nest->axes[axis].extent); }

static bool varies(const scheduler *s, int32_t v, int32_t axis) { return (s->mask[v] & UINT32_C(1) << axis) != 0; }

static bool is_float(stepc_dtype dtype) { return dtype == STEPC_FLOAT32 || dtype == STEPC_FLOAT64; }

/* Whether the vocabulary has the operation. Integers are divided through double, which holds 32 bits exactly. */
static bool is_lane_operation(const loop_value *value)
{
    bool divides = value->op == LOOP_DIV || value->op == LOOP_FLOORDIV;
    if (is_float(value->dtype))
        return true;
    if (divides)
        return value->dtype == STEPC_INT32 || (value->dtype != STEPC_BOOL && loop_value_bits(value->dtype) < 32);
    return value->op != LOOP_PHILOX && value->op != LOOP_POW;
}

static bool is_long_integer(stepc_dtype dtype) { return dtype == STEPC_INT64 || dtype == STEPC_UINT64; }

/* AVX-512 and the machines with 32 registers of 16 bytes turn 64-bit integers into floats and back in lanes; on others
 * the compilers take the vectors apart, and scalar loops are faster. */
static bool converts_slowly(const scheduler *s, const loop_value *value)
{
    bool has_conversions = s->isa->vector_bytes >= 64 || (s->isa->vector_bytes == 16 && s->isa->registers >= 32);
    if (value->op != LOOP_CAST || has_conversions)
        return false;
    stepc_dtype from = s->nest->values[value->args[0]].dtype;
    return (is_long_integer(from) && is_float(value->dtype)) || (is_float(from) && is_long_integer(value->dtype));
}

/* Indices per vector along AXIS, at least: values of one width fill it; when widths meet, those of 32 bits do, longer
 * ones being pairs of vectors. Bytes may do with lanes of 32 bits. 0 when lanes cannot hold what varies. */
static int32_t lane_count(scheduler *s, int32_t axis)
{
    uint32_t widths = 0;
    for (int32_t v = 0; v < s->nest->value_count; v++) {
        const loop_value *value = &s->nest->values[v];
        if (!varies(s, v, axis))
            continue;
        if (!is_lane_operation(value) || converts_slowly(s, value))
            return 0;
        if (value->dtype != STEPC_BOOL)
            widths |= (uint32_t)loop_value_bits(value->dtype) / 8;
    }
    s->has_pairs = (widths & 8) != 0 && widths != 8;
    return s->isa->vector_bytes / (widths == 8 ? 8 : 4);
}

/* Along AXIS an index stands still, goes from element to element, or, where one shuffle puts them right, backwards or
 * to every second one; further apart when the work is worth loading lanes one by one. */
static bool is_lane_index(const scheduler *s, const loop_index *index, int32_t axis, stepc_dtype storage)
{
    int64_t step;
    bool is_still = coef_is_zero(s, index->coefs[axis]), is_long = stepc_dtype_bytes(storage) >= 4;
    if (index->indirect >= 0 && varies(s, index->indirect, axis))
        return false;
    if (is_still || index->coefs[axis] == s->f.one)
        return true;
    if (!is_long)
        return false;
    if (size_is_const(s->f.p->sizes, index->coefs[axis], &step) && (step == -1 || step == 2) && !s->has_pairs)
        return true;
    return s->may_stride;
}

/* Lanes evaluate both arms of a select, so a guarded access must be safe by itself: by its index, or because each
 * vector asks whether it lies inside, which is worth it for elements side by side. */
static bool is_safe(const scheduler *s, int32_t v, int32_t axis)
{
    const loop_value *value = &s->nest->values[v];
    stepc_dtype storage = s->f.p->buffers[value->buffer].dtype;
    if (!s->guarded[v] || !varies(s, v, axis) || index_inside(&s->f, value->buffer, &value->index, s->nest))
        return true;
    return value->index.coefs[axis] == s->f.one && storage == value->dtype && storage != STEPC_BOOL &&
           (loop_value_bits(storage) == 32 || (loop_value_bits(storage) == 64 && !s->has_pairs));
}

/* Whether all reads fit lanes along AXIS. */
static bool reads_fit(const scheduler *s, int32_t axis)
{
    for (int32_t v = 0; v < s->nest->value_count; v++) {
        const loop_value *value = &s->nest->values[v];
        if (value->op != LOOP_READ)
            continue;
        if (pack_lies_along(s->f.p, s->nest, value, axis))
            continue;
        if (!is_lane_index(s, &value->index, axis, s->f.p->buffers[value->buffer].dtype))
            return false;
        if (!is_safe(s, v, axis))
            return false;
    }
    return true;
}

bool lanes_fit_writes(const scheduler *s, int32_t axis)
{
    for (int32_t i = 0; i < s->nest->write_count; i++) {
        const loop_write *w = &s->nest->writes[i];
        stepc_dtype storage = s->f.p->buffers[w->buffer].dtype;
        if (axis >= s->space && !write_streams(s->nest, w))
            continue; /* after the accumulation, one by one */
        if (w->predicate >= 0 || w->index.coefs[axis] != s->f.one ||
            (w->index.indirect >= 0 && s->mask[w->index.indirect] & UINT32_C(1) << axis))
            return false;
        if (loop_value_dtype(storage) != s->nest->values[w->value].dtype)
            return false;
    }
    return true;
}

/* Places stand in lanes along the only reduce axis, and they have 32 bits there. */
static bool places_fit(const scheduler *s, int32_t axis)
{
    bool is_only = axis == s->space && axis == s->nest->axis_count - 1 &&
                   size_upper_bound(s->f.p->sizes, s->nest->axes[axis].extent) <= INT32_MAX;
    for (int32_t i = 0; i < s->nest->acc_count; i++) {
        const loop_acc *acc = &s->nest->accs[i];
        if ((acc->kind == ACC_ARG_MAX || acc->kind == ACC_ARG_MIN) && (!is_only || acc->dtype == STEPC_BOOL))
            return false;
    }
    return true;
}

/* Accumulators run in lanes of their own width only, and short ones not at all. */
static bool accs_fit(const scheduler *s, int32_t axis)
{
    for (int32_t i = 0; i < s->nest->acc_count; i++) {
        const loop_acc *acc = &s->nest->accs[i];
        int32_t bits = loop_value_bits(acc->dtype);
        if (varies(s, acc->value, axis) && acc->dtype != STEPC_BOOL && (bits < 32 || (bits == 64 && s->has_pairs)))
            return false;
    }
    return true;
}

bool lanes_fit(scheduler *s, int32_t axis)
{
    int32_t lanes = lane_count(s, axis);
    if (lanes <= 1 || !places_fit(s, axis) || !accs_fit(s, axis) || !reads_fit(s, axis))
        return false;
    s->lanes = lanes;
    /* Panels are whole to their end: half of a vector is better than none. */
    return axis_nominal(s, axis) * (pack_has(s->f.p, s->nest, axis) ? 2 : 1) >= s->lanes;
}
