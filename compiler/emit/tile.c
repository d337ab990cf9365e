/* SPDX-License-Identifier: Apache-2.0 */
/* Transposes: a nest whose reads run along one axis and whose writes run along another works on tiles of both. Each
 * such read is first turned into a small array on the stack; the nest itself then finds everything side by side. */
#include "compiler/emit/inside_nest.h"

#define TILE_ALIGNMENT 64

static bool is_one(const nest_text *n, size_ref s)
{
    int64_t value;
    return size_is_const(n->p->sizes, s, &value) && value == 1;
}

/* The suffix of v_turn for elements of STORAGE as they lie in memory. */
static const char *element_suffix(stepc_dtype storage)
{
    switch ((int)storage) {
    case STEPC_BOOL:
        return "u8";
    case STEPC_HALF:
    case STEPC_BFLOAT16:
        return "u16";
    default:
        return type_suffix(loop_value_dtype(storage));
    }
}

static bool is_turnable(const nest_text *n, int32_t v)
{
    const loop_value *value = &n->nest->values[v];
    const nest_schedule *s = &n->nest->schedule;
    int64_t jump;
    if (value->op != LOOP_READ || n->uses[v] == 0 || n->guarded[v] || !is_one(n, value->index.coefs[s->turn_columns]))
        return false;
    if (value->index.indirect >= 0 && n->level[value->index.indirect] > s->turn_columns)
        return false;
    return !size_is_const(n->p->sizes, value->index.coefs[s->turn_rows], &jump) || (jump != 0 && jump != 1);
}

void tile_choose(nest_text *n)
{
    const nest_schedule *s = &n->nest->schedule;
    int32_t rows = s->turn_rows, columns = s->turn_columns;
    if (!s->is_set || s->turn_tile[0] < 1 || s->turn_tile[1] < 1 || n->e->options->optimize_size || columns < 0 ||
        columns >= rows || rows >= n->space || n->nest->acc_count > 0 || n->nest->check_count > 0 ||
        n->space < n->nest->axis_count || (s->vector_axis >= 0 && s->vector_axis != rows) ||
        s->turn_tile[0] % 16 != 0 || s->turn_tile[1] % 16 != 0 || is_one(n, n->nest->axes[rows].extent) ||
        is_one(n, n->nest->axes[columns].extent) || (n->group != NULL && rows < n->group->shared_count))
        return;
    for (int32_t v = 0; v < n->nest->value_count; v++) {
        n->turned[v] = is_turnable(n, v);
        n->has_tiles = n->has_tiles || n->turned[v];
    }
}

int64_t tile_bytes(const nest_text *n)
{
    int64_t bytes = 0, count = (int64_t)n->nest->schedule.turn_tile[0] * n->nest->schedule.turn_tile[1];
    for (int32_t v = 0; n->has_tiles && v < n->nest->value_count; v++)
        if (n->turned[v])
            bytes += count * (int64_t)stepc_dtype_bytes(n->p->buffers[n->nest->values[v].buffer].dtype) + TILE_ALIGNMENT;
    return bytes;
}

bool tile_axis(const nest_text *n, int32_t axis)
{
    return n->has_tiles && (axis == n->nest->schedule.turn_rows || axis == n->nest->schedule.turn_columns);
}

const char *tile_name(nest_text *n, int32_t v) { return FORMAT(n, "tile%d", (int)v); }

const char *tile_index(nest_text *n, int32_t j)
{
    const nest_schedule *s = &n->nest->schedule;
    int rows = (int)s->turn_rows, columns = (int)s->turn_columns;
    const char *at = FORMAT(n, "(i%d - from%d) * %d + (i%d - from%d)", columns, columns, (int)s->turn_tile[0], rows, rows);
    if (j == 0 || n->vector != rows)
        return at;
    return j == 1 ? FORMAT(n, "%s + %s", at, lanes_text(n)) : FORMAT(n, "%s + %s * %d", at, lanes_text(n), (int)j);
}

static void open_tiles(nest_text *n, int32_t axis, int32_t tile, int32_t depth)
{
    int64_t extent;
    int a = (int)axis;
    const char *low = low_text(n, axis), *high = high_text(n, axis);
    bool is_shared = n->group != NULL && axis < n->group->shared_count;
    line(n->out, depth, "for (ptrdiff_t from%d = %s; from%d < %s; from%d += %d) {", a, low, a, high, a, (int)tile);
    if (!is_shared && size_is_const(n->p->sizes, n->nest->axes[axis].extent, &extent) && extent % tile == 0)
        line(n->out, depth + 1, "const ptrdiff_t upto%d = from%d + %d;", a, a, (int)tile);
    else
        line(n->out, depth + 1, "const ptrdiff_t upto%d = %s - from%d < %d ? %s : from%d + %d;", a, high, a, (int)tile,
             high, a, (int)tile);
}

static void turn_reads(nest_text *n, int32_t depth)
{
    const nest_schedule *s = &n->nest->schedule;
    int rows = (int)s->turn_rows, columns = (int)s->turn_columns;
    for (int32_t v = 0; v < n->nest->value_count; v++) {
        const loop_value *value = &n->nest->values[v];
        if (!n->turned[v])
            continue;
        const char *name = FORMAT(n, "v_turn_%s", element_suffix(n->p->buffers[value->buffer].dtype));
        n->at_corner = true;
        const char *at = index_text(n, &value->index, value->buffer, 0, 0);
        n->at_corner = false;
        use(n->e, name);
        line(n->out, depth, "%s(%s, %d, %s, %s, upto%d - from%d, upto%d - from%d, %s - from%d);", name, tile_name(n, v),
             (int)s->turn_tile[0], pointer_text(n, param_name(n, value->buffer, false), at),
             size_text(n, value->index.coefs[s->turn_rows]), rows, rows, columns, columns,
             size_text(n, n->nest->axes[s->turn_rows].extent), rows);
    }
}

int32_t tile_open(nest_text *n, int32_t depth)
{
    const nest_schedule *s = &n->nest->schedule;
    int32_t rows = s->turn_rows, columns = s->turn_columns, at = depth;
    open_tiles(n, columns, s->turn_tile[1], at++);
    for (int32_t k = columns + 1; k < rows; k++) {
        if (is_one(n, n->nest->axes[k].extent))
            continue;
        line(n->out, at++, "for (ptrdiff_t i%d = %s; i%d < %s; i%d++) {", (int)k, low_text(n, k), (int)k, high_text(n, k),
             (int)k);
    }
    open_tiles(n, rows, s->turn_tile[0], at++);
    turn_reads(n, at);
    line(n->out, at++, "for (ptrdiff_t i%d = from%d; i%d < upto%d; i%d++) {", (int)columns, (int)columns, (int)columns,
         (int)columns, (int)columns);
    n->in_tile = true;
    return at;
}

void tile_close(nest_text *n, int32_t depth, int32_t inner)
{
    n->in_tile = false;
    for (int32_t at = inner - 1; at >= depth; at--)
        line(n->out, at, "}");
}

/* Arrays of vectors, so that they are aligned as those are. */
void tile_declare(nest_text *n)
{
    for (int32_t v = 0; n->has_tiles && v < n->nest->value_count; v++) {
        if (!n->turned[v])
            continue;
        stepc_dtype storage = n->p->buffers[n->nest->values[v].buffer].dtype;
        size_t bytes = stepc_dtype_bytes(storage);
        const char *type = storage_type(storage), *name = tile_name(n, v);
        const char *lanes = bytes == 1 ? "V_LANES8" : bytes == 2 ? "V_LANES16" : bytes == 4 ? "V_LANES" : "V_LANES64";
        use(n->e, "v_types");
        line(n->out, 1, "v_%s %s_room[%d * %d / %s]; /* a tile, turned */", element_suffix(storage), name,
             (int)n->nest->schedule.turn_tile[1], (int)n->nest->schedule.turn_tile[0], lanes);
        line(n->out, 1, "%s *const %s = (%s *)%s_room;", type, name, type, name);
    }
}
