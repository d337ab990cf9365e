/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling of nests that move elements about. */
#include "compiler/loops/schedule.h"

#include "stepc/tensor.h"

enum {
    TURN_LEAST = 4,           /* indices of both axes, at least */
    TURN_ROW_BYTES = 1024,    /* read in one piece: what prefetching by the machine needs to pay */
    TURN_WRITTEN_BYTES = 256, /* written in one piece, at most */
    TURN_COLUMNS = 512,       /* elements, at most */
    TURN_ROWS = 32,           /* a multiple of all lanes */
    TURN_TILE_BYTES = 32768,  /* of one read, and .. */
    TURN_STACK = 65536,       /* .. of all reads of a nest, at most: some threads have 128 KiB of stack */
    STACK_LEAST = 128 << 10, /* second level cache of a machine that has a stack for tiles */
    STREAM_BYTES = 32 << 20 /* written by one nest: far more than the caches hold */
};

/* V lies scattered along AXIS. */
static bool is_scattered(const scheduler *s, const loop_value *v, int32_t axis)
{
    return v->op == LOOP_READ && !coef_is_zero(s, v->index.coefs[axis]) && v->index.coefs[axis] != s->f.one;
}

int32_t move_crossing(const scheduler *s, int32_t axis)
{
    for (int32_t v = 0; v < s->nest->value_count && s->nest->acc_count == 0; v++) {
        const loop_value *value = &s->nest->values[v];
        if (!is_scattered(s, value, axis))
            continue;
        for (int32_t k = 0; k < axis; k++) {
            if (value->index.coefs[k] == s->f.one && axis_nominal(s, k) > 1)
                return k;
        }
    }
    return -1;
}

void move_rows(const scheduler *s, int32_t crossing, int32_t rows, nest_schedule *out)
{
    out->jam = 1;
    out->row_axis = crossing;
    out->row_tile = axis_nominal(s, crossing) < rows ? (int32_t)axis_nominal(s, crossing) : rows;
}

/* ---- tiles that are turned ---------------------------------------------------------------------- */

/* The last axis that is no mere one; all writes must be contiguous along it. */
static int32_t written_axis(const scheduler *s)
{
    int32_t axis = s->space - 1;
    while (axis > 0 && s->nest->axes[axis].extent == s->f.one)
        axis--;
    for (int32_t i = 0; i < s->nest->write_count && axis > 0; i++) {
        if (s->nest->writes[i].index.indirect >= 0 || s->nest->writes[i].index.coefs[axis] != s->f.one)
            return -1;
    }
    return axis > 0 && s->nest->acc_count == 0 && s->nest->check_count == 0 ? axis : -1;
}

/* Whether a tile of V may be read before it is known which elements are needed. */
static bool is_turnable(const scheduler *s, int32_t v, int32_t rows, int32_t columns)
{
    const loop_value *value = &s->nest->values[v];
    if (!is_scattered(s, value, rows) || value->index.coefs[columns] != s->f.one)
        return false;
    if (value->index.indirect >= 0 && (s->mask[value->index.indirect] >> columns) != 0)
        return false;
    return !s->guarded[v] || index_inside(&s->f, value->buffer, &value->index, s->nest);
}

static int64_t within(const scheduler *s, int32_t axis, int64_t most)
{
    int64_t extent = axis_nominal(s, axis);
    if (s->group && axis < s->group->shared_count && s->group->tile[axis] < extent)
        extent = s->group->tile[axis];
    if (extent >= most)
        return most;
    extent = (extent + 15) / 16 * 16;
    return extent < most ? extent : most;
}

static bool is_large(const scheduler *s)
{
    int64_t bytes = 0, count = 1;
    for (int32_t i = 0; i < s->nest->write_count; i++)
        bytes += (int64_t)stepc_dtype_bytes(s->f.p->buffers[s->nest->writes[i].buffer].dtype);
    for (int32_t k = 0; k < s->space && count < STREAM_BYTES; k++)
        count = axis_nominal(s, k) < STREAM_BYTES ? count * axis_nominal(s, k) : STREAM_BYTES;
    return bytes > 0 && count >= STREAM_BYTES / bytes;
}

/* The first axis along which a read can be turned against ROWS; *BYTES: the longest element of all reads. */
static int32_t turn_columns(const scheduler *s, int32_t rows, int64_t *bytes)
{
    int32_t columns = -1;
    *bytes = 1;
    for (int32_t v = 0; v < s->nest->value_count; v++) {
        if (s->nest->values[v].op != LOOP_READ)
            continue;
        for (int32_t k = 0; columns < 0 && k < rows; k++)
            columns = is_turnable(s, v, rows, k) && axis_nominal(s, k) >= TURN_LEAST ? k : columns;
        int64_t own = (int64_t)stepc_dtype_bytes(s->f.p->buffers[s->nest->values[v].buffer].dtype);
        *bytes = own > *bytes ? own : *bytes;
    }
    return columns;
}

/* Bytes of one turned read's tile, so that those of all find room; 0: there are too many. */
static int64_t tile_room(const scheduler *s, int32_t rows, int32_t columns, int64_t bytes)
{
    int64_t count = 0, room;
    for (int32_t v = 0; v < s->nest->value_count; v++)
        count += is_turnable(s, v, rows, columns);
    room = count > 0 ? TURN_STACK / count : TURN_STACK;
    if (room >= TURN_TILE_BYTES)
        return TURN_TILE_BYTES;
    return room >= bytes * TURN_ROWS * TURN_ROWS ? room : 0;
}

void move_turn(const scheduler *s, nest_schedule *out)
{
    int32_t rows = written_axis(s);
    int64_t bytes;
    if (rows < 0 || s->isa->vector_bytes < 16 || s->isa->l2_bytes < STACK_LEAST ||
        (out->vector_axis >= 0 && out->vector_axis != rows))
        return;
    int32_t columns = turn_columns(s, rows, &bytes);
    if (columns < 0 || axis_nominal(s, rows) < TURN_LEAST || (s->group && rows < s->group->shared_count) ||
        (s->group && columns < s->group->shared_count && s->group->tile[columns] < TURN_LEAST))
        return;
    int64_t room = tile_room(s, rows, columns, bytes), most = TURN_ROW_BYTES / bytes;
    if (room == 0)
        return;
    if (most > room / bytes / TURN_ROWS)
        most = room / bytes / TURN_ROWS / 16 * 16;
    int64_t wide = within(s, columns, most < TURN_COLUMNS ? most : TURN_COLUMNS);
    int64_t high = room / bytes / wide / TURN_ROWS * TURN_ROWS;
    high = high < TURN_ROWS ? TURN_ROWS : high;
    out->turn_rows = rows;
    out->turn_columns = columns;
    out->turn_tile[0] = (int32_t)within(s, rows, high < TURN_WRITTEN_BYTES / bytes ? high : TURN_WRITTEN_BYTES / bytes);
    out->turn_tile[1] = (int32_t)wide;
    out->row_axis = -1;
    out->row_tile = 1;
    out->stream = is_large(s);
}
