/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling: can the indices of an axis go into the lanes of a vector? */
#include "compiler/loops/schedule.h"

bool coef_is_zero(const scheduler *s, size_ref coef) { return coef == s->f.zero; }

int64_t axis_nominal(const scheduler *s, int32_t axis) { return fuse_nominal(&s->f, s->nest->axes[axis].extent); }

/* Bytes of the values that vary along AXIS, when all have one width (comparisons aside) and an
 * operation that exists for vectors; 0 otherwise. */
static int32_t lane_bytes(const scheduler *s, int32_t axis)
{
    int32_t bytes = 0;
    for (int32_t v = 0; v < s->nest->value_count; v++) {
        const loop_value *value = &s->nest->values[v];
        if (!(s->mask[v] & UINT32_C(1) << axis) || value->dtype == STEPC_BOOL)
            continue;
        if (value->dtype != STEPC_FLOAT32 && value->dtype != STEPC_FLOAT64 && value->dtype != STEPC_INT32 &&
            value->dtype != STEPC_UINT32)
            return 0;
        if (value->op == LOOP_PHILOX || value->op == LOOP_AXIS)
            return 0;
        int32_t own = loop_value_bits(value->dtype) / 8;
        if (bytes != 0 && own != bytes)
            return 0;
        bytes = own;
    }
    return bytes;
}

/* Along AXIS an index stands still or goes from element to element; further apart when the work is worth
 * loading lanes one by one. */
static bool is_lane_index(const scheduler *s, const loop_index *index, int32_t axis)
{
    bool is_still = coef_is_zero(s, index->coefs[axis]);
    if (index->indirect >= 0 && s->mask[index->indirect] & UINT32_C(1) << axis)
        return false;
    return is_still || s->may_stride || index->coefs[axis] == s->f.one;
}

/* A lane is loaded from and stored to what holds its values as they are, or as half or bfloat16 side by side. */
static bool is_lane_storage(const scheduler *s, stepc_dtype storage, stepc_dtype dtype, size_ref step)
{
    bool is_short = storage == STEPC_HALF || storage == STEPC_BFLOAT16;
    return storage == dtype || (is_short && dtype == STEPC_FLOAT32 && step == s->f.one);
}

/* Whether all reads fit lanes along AXIS. Lanes evaluate both arms of a select, so a guarded
 * access must be safe by itself. */
static bool reads_fit(const scheduler *s, int32_t axis)
{
    for (int32_t v = 0; v < s->nest->value_count; v++) {
        const loop_value *value = &s->nest->values[v];
        bool varies = s->mask[v] & UINT32_C(1) << axis;
        if (varies && (value->op == LOOP_DIV || value->op == LOOP_FLOORDIV) && value->dtype != STEPC_FLOAT32 &&
            value->dtype != STEPC_FLOAT64)
            return false;
        if (value->op != LOOP_READ)
            continue;
        const loop_buffer *b = &s->f.p->buffers[value->buffer];
        if (!is_lane_index(s, &value->index, axis) ||
            (varies && !is_lane_storage(s, b->dtype, value->dtype, value->index.coefs[axis])))
            return false;
        if (s->guarded[v] && !index_inside(&s->f, value->buffer, &value->index, s->nest))
            return false;
    }
    return true;
}

bool lanes_fit_writes(const scheduler *s, int32_t axis)
{
    for (int32_t i = 0; i < s->nest->write_count; i++) {
        const loop_write *w = &s->nest->writes[i];
        if (axis >= s->space && !write_streams(s->nest, w))
            continue; /* after the accumulation, one by one */
        if (w->predicate >= 0 || w->index.coefs[axis] != s->f.one ||
            (w->index.indirect >= 0 && s->mask[w->index.indirect] & UINT32_C(1) << axis))
            return false;
        if (!is_lane_storage(s, s->f.p->buffers[w->buffer].dtype, s->nest->values[w->value].dtype,
                             w->index.coefs[axis]))
            return false;
    }
    return true;
}

static bool has_plain_accs(const scheduler *s)
{
    for (int32_t i = 0; i < s->nest->acc_count; i++) {
        if (s->nest->accs[i].kind == ACC_ARG_MAX || s->nest->accs[i].kind == ACC_ARG_MIN)
            return false;
    }
    return true;
}

bool lanes_fit(scheduler *s, int32_t axis)
{
    int32_t bytes = lane_bytes(s, axis), vector = s->isa->vector_bytes;
    if (bytes == 0 || vector < bytes || !has_plain_accs(s) || !reads_fit(s, axis))
        return false;
    s->lanes = vector / bytes;
    return axis_nominal(s, axis) >= s->lanes;
}
