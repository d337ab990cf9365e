/* SPDX-License-Identifier: Apache-2.0 */
/* Copies with a border of zeros: an element where its indices lie in ranges, else 0. Rows are written in three pieces. */
#include "compiler/emit/inside_nest.h"

static bool constant(const nest_text *n, size_ref s, int64_t *out) { return size_is_const(n->p->sizes, s, out); }

static const loop_value *value_at(const nest_text *n, int32_t v) { return &n->nest->values[v]; }

/* V as axis + offset. */
static bool is_shifted_axis(const nest_text *n, int32_t v, int32_t *axis, int64_t *offset)
{
    const loop_value *value = value_at(n, v);
    *offset = 0;
    if (value->op == LOOP_ADD || value->op == LOOP_SUB) {
        const loop_value *by = value_at(n, value->args[1]);
        if (by->op != LOOP_CONST || by->dtype != STEPC_INT64)
            return false;
        *offset = (int64_t)by->bits;
        if (*offset < -INT32_MAX || *offset > INT32_MAX)
            return false;
        *offset = value->op == LOOP_SUB ? -*offset : *offset;
        value = value_at(n, value->args[0]);
    }
    *axis = value->axis;
    return value->op == LOOP_AXIS;
}

/* All that the condition V asks: ranges of axes, of each at most one. */
static bool find_ranges(const nest_text *n, int32_t v, pad_text *pad)
{
    int32_t open[2 * PAD_AXES], count = 0;
    open[count++] = v;
    while (count > 0) {
        const loop_value *value = value_at(n, open[--count]);
        int64_t size, offset, extent;
        int32_t axis;
        if (value->op == LOOP_AND && count + 2 <= PAD_AXES) {
            open[count++] = value->args[0];
            open[count++] = value->args[1];
            continue;
        }
        if (value->op != LOOP_IN_RANGE || !is_shifted_axis(n, value->args[0], &axis, &offset) || axis >= PAD_AXES ||
            !constant(n, value->size, &size) || !constant(n, n->nest->axes[axis].extent, &extent) ||
            pad->to[axis] > 0 || (n->group != NULL && axis < n->group->shared_count))
            return false;
        int64_t from = offset < 0 ? -offset : 0;
        int64_t to = (size < INT64_MAX / 2 ? size : INT64_MAX / 2) - offset;
        to = to > extent ? extent : to;
        if (from >= to)
            return false;
        pad->from[axis] = from;
        pad->to[axis] = to;
    }
    return true;
}

/* The inner axes along which both sides are contiguous, up to the first one with a range. */
static void find_unit(const nest_text *n, const loop_index *from, const loop_index *to, pad_text *pad)
{
    pad->unit = 1;
    pad->axis = -1;
    for (int32_t k = n->space - 1; k >= 0; k--) {
        int64_t read, written, extent;
        if (axis_is_trivial(n, k))
            continue;
        if (!constant(n, from->coefs[k], &read) || !constant(n, to->coefs[k], &written) || read != pad->unit ||
            written != pad->unit || !constant(n, n->nest->axes[k].extent, &extent) || extent > INT32_MAX / pad->unit ||
            (n->group != NULL && k < n->group->shared_count))
            return;
        pad->inside |= UINT32_C(1) << k;
        if (pad->to[k] > 0) {
            pad->axis = k;
            return;
        }
        pad->unit *= extent;
    }
}

bool pad_choose(nest_text *n)
{
    const loop_nest *nest = n->nest;
    pad_text *pad = &n->copy.pad;
    *pad = (pad_text){.axis = -1};
    if (nest->acc_count > 0 || nest->check_count > 0 || nest->write_count != 1 || n->space < nest->axis_count ||
        n->space > PAD_AXES)
        return false;
    const loop_write *w = &nest->writes[0];
    if (w->predicate >= 0 || w->index.indirect >= 0)
        return false;
    const loop_value *v = value_at(n, w->value);
    if (v->op == LOOP_ROUND_TO && value_is_raw(n, w->value))
        v = value_at(n, v->args[0]);
    if (v->op != LOOP_SELECT)
        return false;
    const loop_value *read = value_at(n, v->args[1]), *zero = value_at(n, v->args[2]);
    if (read->op != LOOP_READ || read->index.indirect >= 0 || zero->op != LOOP_CONST || zero->bits != 0 ||
        read->buffer == w->buffer || n->p->buffers[read->buffer].dtype != n->p->buffers[w->buffer].dtype ||
        (n->group != NULL && (n->p->buffers[read->buffer].kind == BUFFER_LOCAL ||
                              n->p->buffers[w->buffer].kind == BUFFER_LOCAL)) ||
        !find_ranges(n, v->args[0], pad))
        return false;
    pad->read = read;
    find_unit(n, &read->index, &w->index, pad);
    int64_t row = pad->axis >= 0 ? pad->unit * (pad->to[pad->axis] - pad->from[pad->axis]) : pad->unit;
    return row * (int64_t)stepc_dtype_bytes(n->p->buffers[w->buffer].dtype) >= PAD_LEAST_ROW;
}

/* TO, COUNT elements from place FIRST of the row on: zeros, or those of FROM. */
static void write_piece(nest_text *n, int64_t first, int64_t count, bool is_copied, int32_t depth)
{
    size_pool *pool = n->p->sizes;
    const loop_write *w = &n->nest->writes[0];
    const loop_value *read = n->copy.pad.read;
    loop_index to = w->index, from = read->index;
    if (count <= 0)
        return;
    to.base = size_sum(pool, to.base, size_const(pool, first));
    from.base = size_sum(pool, from.base, size_const(pool, first));
    const char *out = param_name(n, w->buffer, true);
    const char *at = pointer_text(n, out, index_text(n, &to, w->buffer, 0, 0));
    if (is_copied)
        line(n->out, depth, "memcpy(%s, %s, %lld * sizeof *%s);", at,
             pointer_text(n, param_name(n, read->buffer, false), index_text(n, &from, read->buffer, 0, 0)),
             (long long)count, out);
    else
        line(n->out, depth, "memset(%s, 0, %lld * sizeof *%s);", at, (long long)count, out);
}

void pad_write(nest_text *n, int32_t depth)
{
    const pad_text *pad = &n->copy.pad;
    int32_t at = depth, tests = 0;
    int64_t extent = 1, from = 0, to = pad->unit;
    const char *condition = "";
    (void)param_name(n, pad->read->buffer, false); /* what is read comes first among the parameters */
    n->copy.inside = pad->inside;
    for (int32_t k = 0; k < n->space; k++) {
        int a = (int)k;
        if (axis_is_trivial(n, k) || (pad->inside >> k & 1) != 0)
            continue;
        line(n->out, at++, "for (ptrdiff_t i%d = %s; i%d < %s; i%d++) {", a, low_text(n, k), a, high_text(n, k), a);
        if (pad->to[k] == 0)
            continue;
        condition = FORMAT(n, "%s%si%d >= %lld && i%d < %lld", condition, tests++ > 0 ? " && " : "", a,
                           (long long)pad->from[k], a, (long long)pad->to[k]);
    }
    if (pad->axis >= 0) {
        from = pad->from[pad->axis] * pad->unit;
        to = pad->to[pad->axis] * pad->unit;
        constant(n, n->nest->axes[pad->axis].extent, &extent);
    }
    extent *= pad->unit;
    if (tests > 0)
        line(n->out, at, "if (%s) {", condition);
    write_piece(n, 0, from, false, at + (tests > 0));
    write_piece(n, from, to - from, true, at + (tests > 0));
    write_piece(n, to, extent - to, false, at + (tests > 0));
    if (tests > 0) {
        line(n->out, at, "} else {");
        write_piece(n, 0, extent, false, at + 1);
        line(n->out, at, "}");
    }
    while (at > depth)
        line(n->out, --at, "}");
    n->copy.inside = 0;
}
