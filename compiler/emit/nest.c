/* SPDX-License-Identifier: Apache-2.0 */
/* From one nest to the body of a kernel: loops, the level at which each value is written, and
 * the several versions of a level that vectors and row tiles need. */
#include "compiler/emit/inside_nest.h"

#include "runtime/core/checked.h"

#include <string.h>

#define MOST_LANES 16 /* of 32 bits, on any machine */
#define AFTER(n)   ((n)->nest->axis_count + 1)

const char *fail_text(nest_text *n)
{
    emit_failed(n->e, "writing a kernel");
    return "";
}

const char *text_or_fail(nest_text *n, const char *made) { return made != NULL ? made : fail_text(n); }

/* ---- sizes and parameters -------------------------------------------------------------------- */

const char *size_text(nest_text *n, size_ref s)
{
    int64_t value;
    emit_unit *u = n->unit;
    if (size_is_const(n->p->sizes, s, &value))
        return text_or_fail(n, literal_index(&n->scratch, value));
    for (int32_t i = 0; i < u->size_count; i++)
        if (u->sizes[i] == s)
            return FORMAT(n, "n%d", (int)i);
    size_ref *grown = arena_grow(n->e->memory, u->sizes, &u->size_capacity, (size_t)u->size_count + 1, sizeof *grown);
    if (grown == NULL)
        return fail_text(n);
    u->sizes = grown;
    grown[u->size_count] = s;
    return FORMAT(n, "n%d", (int)u->size_count++);
}

static emit_param *find_param(nest_text *n, int32_t root)
{
    emit_unit *u = n->unit;
    for (int32_t i = 0; i < u->param_count; i++)
        if (u->params[i].root == root)
            return &u->params[i];
    return NULL;
}

/* "in0" is only read, "out1" only written, "io2" both. */
static const char *name_param(nest_text *n, int32_t root, int32_t number, bool *is_read, bool *is_written)
{
    *is_read = loop_reads(n->nest, root);
    *is_written = loop_writes(n->nest, root);
    return arena_format(n->e->memory, "%s%d", *is_read && *is_written ? "io" : *is_written ? "out" : "in", (int)number);
}

const char *param_name(nest_text *n, int32_t root, bool is_written)
{
    emit_unit *u = n->unit;
    emit_param *found = find_param(n, root);
    (void)is_written;
    if (found != NULL)
        return found->name;
    emit_param *grown =
        arena_grow(n->e->memory, u->params, &u->param_capacity, (size_t)u->param_count + 1, sizeof *grown);
    if (grown == NULL)
        return fail_text(n);
    u->params = grown;
    emit_param *p = &grown[u->param_count];
    *p = (emit_param){.root = root};
    p->name = name_param(n, root, u->param_count, &p->is_read, &p->is_written);
    u->param_count++;
    return text_or_fail(n, p->name);
}

/* ---- preparation -------------------------------------------------------------------------------- */

bool axis_is_trivial(const nest_text *n, int32_t axis)
{
    int64_t extent;
    return size_is_const(n->p->sizes, n->nest->axes[axis].extent, &extent) && extent == 1;
}

static bool is_shared(const nest_text *n, int32_t axis) { return n->group != NULL && axis < n->group->shared_count; }

static int32_t count_space(const loop_nest *nest)
{
    int32_t space = 0;
    while (space < nest->axis_count && nest->axes[space].kind == AXIS_SPACE)
        space++;
    return space;
}

static void count_use(nest_text *n, int32_t v)
{
    if (v >= 0)
        n->uses[v]++;
}

/* Uses of values that are needed; values that nothing needs keep 0. */
static void count_uses(nest_text *n)
{
    const loop_nest *nest = n->nest;
    for (int32_t i = 0; i < nest->write_count; i++) {
        count_use(n, nest->writes[i].value);
        count_use(n, nest->writes[i].predicate);
        count_use(n, nest->writes[i].index.indirect);
    }
    for (int32_t i = 0; i < nest->check_count; i++)
        count_use(n, nest->checks[i].value);
    for (int32_t v = nest->value_count - 1; v >= 0; v--) {
        const loop_value *value = &nest->values[v];
        if (n->uses[v] == 0)
            continue;
        for (int i = 0; i < 3; i++)
            count_use(n, value->args[i]);
        if (value->op == LOOP_READ)
            count_use(n, value->index.indirect);
        if (value->op == LOOP_ACC)
            count_use(n, nest->accs[value->acc].value);
    }
}

/* Lowest and highest address, when the axes can be bounded; SIZE_UNKNOWN otherwise. */
static void address_range(const nest_text *n, const loop_index *index, size_ref *low, size_ref *high)
{
    size_pool *pool = n->p->sizes;
    size_ref minus = size_const(pool, -1);
    *low = *high = index->indirect >= 0 ? SIZE_UNKNOWN : index->base;
    for (int32_t k = 0; k < n->nest->axis_count && *low != SIZE_UNKNOWN; k++) {
        const size_node *coef = size_get(pool, index->coefs[k]);
        size_ref last = size_sum(pool, n->nest->axes[k].extent, minus);
        size_ref reach = size_product(pool, index->coefs[k], last);
        if (coef->min >= 0)
            *high = size_sum(pool, *high, reach);
        else if (coef->max <= 0)
            *low = size_sum(pool, *low, reach);
        else
            *low = *high = SIZE_UNKNOWN;
    }
}

/* Whether a read cannot leave its buffer, whatever guards it. */
static bool provably_inside(const nest_text *n, const loop_value *read)
{
    size_pool *pool = n->p->sizes;
    size_ref low, high, room;
    if (n->p->buffers[read->buffer].kind == BUFFER_LOCAL)
        return true;
    address_range(n, &read->index, &low, &high);
    if (low == SIZE_UNKNOWN || high == SIZE_UNKNOWN)
        return false;
    room = size_sub(pool, root_count(n->p, read->buffer), high);
    return room != SIZE_UNKNOWN && size_get(pool, low)->min >= 0 && size_get(pool, room)->min >= 1;
}

static void mark_guards(nest_text *n)
{
    nest_guarded(n->nest, n->guarded);
    for (int32_t v = 0; v < n->nest->value_count; v++) {
        const loop_value *value = &n->nest->values[v];
        if (value->op == LOOP_READ && n->guarded[v] && n->uses[v] > 0 && provably_inside(n, value))
            n->guarded[v] = 0;
    }
}

/* The highest loop that a value moves along decides where it is written. */
static void set_levels(nest_text *n)
{
    for (int32_t v = 0; v < n->nest->value_count; v++) {
        n->level[v] = 0;
        for (int32_t k = 0; k < n->nest->axis_count; k++)
            if ((n->mask[v] >> k & 1) != 0 && !axis_is_trivial(n, k))
                n->level[v] = k + 1;
        if (n->deps[v] & 2)
            n->level[v] = AFTER(n);
    }
}

/* A guarded read that only one select uses stands inside it, where the condition protects it. */
static void mark_lazy(nest_text *n)
{
    for (int32_t v = 0; v < n->nest->value_count; v++) {
        const loop_value *value = &n->nest->values[v];
        if (value->op != LOOP_SELECT || n->guarded[v] || n->uses[v] == 0 || value_is_vector(n, value->args[0]))
            continue;
        for (int i = 1; i < 3; i++) {
            int32_t arm = value->args[i];
            if (n->nest->values[arm].op == LOOP_READ && n->guarded[arm] && n->uses[arm] == 1 &&
                value->args[1] != value->args[2])
                n->lazy[arm] = true;
        }
    }
}

/* A product that only a sum takes becomes one fused step with it. */
static void mark_fused(nest_text *n)
{
    for (int32_t a = 0; n->vector >= 0 && a < n->nest->acc_count; a++) {
        const loop_acc *acc = &n->nest->accs[a];
        bool is_float = acc->dtype == STEPC_FLOAT32 || acc->dtype == STEPC_FLOAT64;
        if (acc->kind == ACC_SUM && acc->reassociate && is_float && n->nest->values[acc->value].op == LOOP_MUL &&
            n->uses[acc->value] == 1 && (n->vector_reduces || value_is_vector(n, acc->value)))
            n->fused[acc->value] = true;
    }
}

static bool has_places(const nest_text *n)
{
    for (int32_t a = 0; a < n->nest->acc_count; a++)
        if (acc_is_place(&n->nest->accs[a]))
            return true;
    return false;
}

static void choose_form(nest_text *n)
{
    const nest_schedule *s = &n->nest->schedule;
    n->vector = n->row = -1;
    n->jam = n->row_tile = 1;
    if (!s->is_set || s->strip > 0)
        return;
    if (s->vector_axis >= 0 && s->vector_axis < n->nest->axis_count && !axis_is_trivial(n, s->vector_axis) &&
        n->nest->check_count == 0 && n->raw_storage == 0) {
        n->vector = s->vector_axis;
        n->vector_reduces = s->vector_axis >= n->space;
        if (vector_possible(n)) {
            n->jam = n->vector_reduces ? s->partial_sums : s->jam;
            n->jam = n->jam < 1 || n->e->options->optimize_size ? 1 : n->jam > 16 ? 16 : n->jam;
        } else {
            n->vector = -1;
        }
    }
    if (n->vector_reduces && n->vector < 0)
        n->vector_reduces = false;
    /* Rows that may write one element must come one after the other. */
    if (!n->has_tiles && !nest_scatters(n->nest) && s->row_axis >= 0 && s->row_axis < n->space &&
        s->row_axis != n->vector && s->row_tile > 1 && !axis_is_trivial(n, s->row_axis) && n->nest->check_count == 0 && !n->e->options->optimize_size) {
        n->row = s->row_axis;
        n->row_tile = s->row_tile > 16 ? 16 : s->row_tile;
        n->columns = s->columns && n->vector == n->row + 1 && !n->vector_reduces && !is_shared(n, n->vector);
    }
    n->block = n->vector_reduces && n->row < 0 && !is_shared(n, n->vector) && !has_places(n) ? s->block / 64 * 64 : 0;
}

static bool prepare(nest_text *n)
{
    size_t count = (size_t)n->nest->value_count;
    n->mask = ARENA_ARRAY(&n->scratch, uint32_t, count);
    n->deps = ARENA_ARRAY(&n->scratch, uint8_t, count);
    n->guarded = ARENA_ARRAY(&n->scratch, uint8_t, count);
    n->uses = ARENA_ARRAY(&n->scratch, int32_t, count);
    n->lazy = ARENA_ARRAY(&n->scratch, bool, count);
    n->fused = ARENA_ARRAY(&n->scratch, bool, count);
    n->turned = ARENA_ARRAY(&n->scratch, bool, count);
    n->level = ARENA_ARRAY(&n->scratch, int32_t, count);
    if (!n->mask || !n->deps || !n->guarded || !n->uses || !n->lazy || !n->fused || !n->turned || !n->level)
        return !emit_failed(n->e, "writing a kernel");
    n->space = count_space(n->nest);
    nest_axis_mask(n->nest, n->mask);
    nest_dependence(n->nest, n->deps);
    count_uses(n);
    mark_guards(n);
    set_levels(n);
    raw_choose(n);
    copy_choose(n);
    if (n->copy.form == COPY_NONE)
        tile_choose(n);
    choose_form(n);
    overrun_choose(n);
    strip_choose(n);
    mark_lazy(n);
    panel_choose(n);
    mark_fused(n);
    angles_choose(n);
    return true;
}

/* ---- values ------------------------------------------------------------------------------------------ */

/* Constants, axes and sizes are spelt where they are used. */
static bool is_inline(const nest_text *n, int32_t v)
{
    loop_op op = n->nest->values[v].op;
    return op == LOOP_CONST || op == LOOP_SIZE || op == LOOP_ACC || (op == LOOP_AXIS && !value_is_vector(n, v));
}

enum { LINE_BYTES = 64 };

/* Asks for the row that the group's next tile will read here, once per line of the cache. */
static void write_ahead(nest_text *n, int32_t v, int32_t depth)
{
    const loop_value *value = &n->nest->values[v];
    const loop_group *g = n->group;
    if (n->p->buffers[value->buffer].panel > 0)
        return;
    int64_t step, row, rows, bytes = (int64_t)stepc_dtype_bytes(n->p->buffers[value->buffer].dtype);
    int32_t shared = g->shared_count - 1, vector = n->e->options->isa->vector_bytes;
    int32_t apart = vector > 0 && vector < LINE_BYTES ? LINE_BYTES / vector : 1;
    if (n->p->buffers[value->buffer].kind == BUFFER_LOCAL || value->index.indirect >= 0 || n->guarded[v] ||
        !vector_step(n, &value->index, &step) || step != 1 ||
        !size_is_const(n->p->sizes, value->index.coefs[shared], &row) || !checked_mul_i64(row, g->tile[shared], &rows) ||
        rows <= 0 || !checked_mul_i64(rows, bytes, &bytes))
        return;
    use(n->e, "v_prefetch");
    for (int32_t r = 0; r < value_rows(n, v); r++)
        for (int32_t j = 0; j < value_jams(n, v); j += apart)
            line(n->out, depth, "v_prefetch(%s, %s);",
                 pointer_text(n, param_name(n, value->buffer, false), index_text(n, &value->index, value->buffer, r, j)),
                 text_or_fail(n, literal_index(&n->scratch, bytes)));
}

void write_value(nest_text *n, int32_t v, int32_t depth)
{
    stepc_dtype dtype = n->nest->values[v].dtype;
    bool vector = value_is_vector(n, v);
    const char *type = vector ? vector_type(n, dtype) : value_is_raw(n, v) ? "uint16_t" : value_type(dtype);
    if (angles_write(n, v, depth))
        return;
    for (int32_t r = 0; r < value_rows(n, v); r++)
        for (int32_t j = 0; j < value_jams(n, v); j++)
            line(n->out, depth, "const %s %s = %s;", type, value_name(n, v, r, j),
                 vector ? vector_expression(n, v, r, j) : value_expression(n, v, r, j));
    if (vector && n->nest->schedule.ahead && n->group != NULL && !n->tail && n->nest->values[v].op == LOOP_READ)
        write_ahead(n, v, depth);
}

bool value_is_written(const nest_text *n, int32_t v)
{
    return n->uses[v] > 0 && !n->lazy[v] && !n->fused[v] && !is_inline(n, v);
}

static void write_values(nest_text *n, int32_t level, int32_t depth)
{
    for (int32_t v = 0; v < n->nest->value_count; v++)
        if (n->level[v] == level && value_is_written(n, v))
            write_value(n, v, depth);
}

/* ---- effects ------------------------------------------------------------------------------------------- */

static void write_checks(nest_text *n, int32_t depth)
{
    for (int32_t c = 0; c < n->nest->check_count; c++) {
        line(n->out, depth, "if (!%s)", value_ref(n, n->nest->checks[c].value, 0, 0));
        if (c == 0)
            line(n->out, depth + 1, "return check;");
        else
            line(n->out, depth + 1, "return check + %d;", (int)c);
    }
}

/* The writes beside the accumulation, or those after it. */
static void write_stores(nest_text *n, bool streaming, int32_t depth)
{
    for (int32_t w = 0; w < n->nest->write_count; w++) {
        const loop_write *write = &n->nest->writes[w];
        for (int32_t r = 0; r < n->rows && write_streams(n->nest, write) == streaming; r++) {
            for (int32_t j = 0; j < (n->vector_reduces && !streaming ? 1 : n->jams); j++) {
                int32_t deeper = write->predicate >= 0 ? 1 : 0;
                if (deeper)
                    line(n->out, depth, "if (%s)", value_ref(n, write->predicate, r, j));
                write_store(n, write, r, j, depth + deeper);
            }
        }
    }
}

void write_effects(nest_text *n, int32_t depth)
{
    write_checks(n, depth);
    write_stores(n, false, depth);
}

/* ---- loops ------------------------------------------------------------------------------------------------ */

static void write_level(nest_text *n, int32_t level, int32_t depth);
static void write_axis(nest_text *n, int32_t axis, int32_t depth);

const char *low_text(nest_text *n, int32_t axis)
{
    if (n->in_tile && tile_axis(n, axis))
        return FORMAT(n, "from%d", (int)axis);
    return is_shared(n, axis) ? FORMAT(n, "t%d", (int)axis) : "0";
}

const char *high_text(nest_text *n, int32_t axis)
{
    if (n->in_tile && tile_axis(n, axis))
        return FORMAT(n, "upto%d", (int)axis);
    return is_shared(n, axis) ? FORMAT(n, "e%d", (int)axis) : size_text(n, n->nest->axes[axis].extent);
}

/* A number that the count of an axis's indices in one pass is a multiple of: of a tile and of what is left in the
 * last. */
static int64_t known_multiple(const nest_text *n, int32_t axis)
{
    int64_t extent;
    if (!size_is_const(n->p->sizes, n->nest->axes[axis].extent, &extent))
        return 1;
    if (n->in_tile && tile_axis(n, axis))
        return extent % n->nest->schedule.turn_tile[0] == 0 ? n->nest->schedule.turn_tile[0] : 1;
    if (!is_shared(n, axis))
        return extent;
    int64_t multiple = n->group->tile[axis];
    for (int64_t left = extent; left != 0;) {
        int64_t next = multiple % left;
        multiple = left;
        left = next;
    }
    return multiple;
}

/* What is left, in as many vectors as before: panels are whole, the rest is loaded and stored as far as it goes. */
static void write_whole_tail(nest_text *n, int32_t axis, const char *high, int32_t depth,
                             void (*body)(nest_text *n, int32_t axis, int32_t depth))
{
    line(n->out, depth, "if (i%d < %s) {", (int)axis, high);
    line(n->out, depth + 1, "const ptrdiff_t rest = %s - i%d;", high, (int)axis);
    n->jams = n->jam;
    n->tail = true;
    body(n, axis, depth + 1);
    n->tail = false;
    n->jams = 1;
    line(n->out, depth, "}");
}

/* Vectors side by side, then one at a time, then a part: as far as the extent may need them. */
void write_vector_loop(nest_text *n, int32_t axis, const char *low, const char *high, int32_t depth,
                       void (*body)(nest_text *n, int32_t axis, int32_t depth))
{
    int64_t multiple = known_multiple(n, axis), most = MOST_LANES * 32 / n->lane_bits;
    const char *lanes = lanes_text(n);
    int a = (int)axis;
    line(n->out, depth, "ptrdiff_t i%d = %s;", a, low);
    if (n->jam > 1) {
        line(n->out, depth, "for (; %s - i%d >= %d * %s; i%d += %d * %s) {", high, a, (int)n->jam, lanes, a,
             (int)n->jam, lanes);
        n->jams = n->jam;
        body(n, axis, depth + 1);
        line(n->out, depth, "}");
    }
    n->jams = 1;
    if (n->overruns && !n->has_part && multiple % most != 0) {
        line(n->out, depth, "/* The last vector may run over the end: the strip's memory has room for it. */");
        line(n->out, depth, "for (; i%d < %s; i%d += %s) {", a, high, a, lanes);
        body(n, axis, depth + 1);
        line(n->out, depth, "}");
        return;
    }
    if (n->whole_tail && n->jam > 1 && multiple % (most * n->jam) != 0) {
        write_whole_tail(n, axis, high, depth, body);
        return;
    }
    if (n->jam == 1 || multiple % (most * n->jam) != 0) {
        line(n->out, depth, "for (; %s - i%d >= %s; i%d += %s) {", high, a, lanes, a, lanes);
        body(n, axis, depth + 1);
        line(n->out, depth, "}");
    }
    if (multiple % most == 0)
        return;
    if (n->whole_tail) {
        write_whole_tail(n, axis, high, depth, body);
        return;
    }
    line(n->out, depth, "if (i%d < %s) {", a, high);
    line(n->out, depth + 1, "const size_t rest = (size_t)(%s - i%d);", high, a);
    n->tail = true;
    body(n, axis, depth + 1);
    n->tail = false;
    line(n->out, depth, "}");
}

static void write_below(nest_text *n, int32_t axis, int32_t depth) { write_level(n, axis + 1, depth); }

/* The inside of a loop over rows; with columns outside, that of both. */
static void write_in_row(nest_text *n, int32_t axis, int32_t depth)
{
    if (n->columns)
        write_values(n, axis + 1, depth);
    write_level(n, axis + (n->columns ? 2 : 1), depth);
}

/* ROWS at a time, as long as there are so many. */
static void write_rows(nest_text *n, int32_t axis, int32_t rows, const char *high, int32_t depth)
{
    int a = (int)axis;
    if (rows > 1)
        line(n->out, depth, "for (; %s - i%d >= %d; i%d += %d) {", high, a, (int)rows, a, (int)rows);
    else
        line(n->out, depth, "for (; i%d < %s; i%d++) {", a, high, a);
    n->rows = rows;
    write_in_row(n, axis, depth + 1);
    line(n->out, depth, "}");
}

static void write_row_axis(nest_text *n, int32_t axis, int32_t depth)
{
    int64_t extent;
    bool is_const = size_is_const(n->p->sizes, n->nest->axes[axis].extent, &extent) && !is_shared(n, axis);
    const char *high = high_text(n, axis);
    line(n->out, depth, "ptrdiff_t i%d = %s;", (int)axis, low_text(n, axis));
    if (!is_const || extent >= n->row_tile)
        write_rows(n, axis, n->row_tile, high, depth);
    if (is_const && extent % n->row_tile > 0) {
        n->rows = (int32_t)(extent % n->row_tile);
        line(n->out, depth, "if (i%d < %s) {", (int)axis, high);
        write_in_row(n, axis, depth + 1);
        line(n->out, depth, "}");
    } else if (!is_const) {
        /* A product's rows share what the vectors read: what is left is taken in as large parts as there are. */
        for (int32_t rows = n->row_tile / 2; n->nest->acc_count > 0 && rows > 1; rows /= 2)
            write_rows(n, axis, rows, high, depth);
        write_rows(n, axis, 1, high, depth);
    }
    n->rows = 1;
}

static void write_rows_inside(nest_text *n, int32_t axis, int32_t depth) { write_row_axis(n, axis - 1, depth); }

/* The rows come next after the columns; what stands between them in the nest is open already. */
static void write_tiles(nest_text *n, int32_t depth)
{
    int32_t rows = n->nest->schedule.turn_rows, inner = tile_open(n, depth);
    for (int32_t level = n->nest->schedule.turn_columns + 1; level <= rows; level++)
        write_values(n, level, inner);
    write_axis(n, rows, inner);
    tile_close(n, depth, inner);
}

static void write_axis(nest_text *n, int32_t axis, int32_t depth)
{
    if (axis_is_trivial(n, axis)) {
        write_level(n, axis + 1, depth);
    } else if (n->strip != NULL && axis == n->strip->axis) {
        strip_write(n, depth);
    } else if (axis == n->vector && n->block > 0) {
        acc_write_blocks(n, axis, depth, write_below);
    } else if (!n->in_tile && tile_axis(n, axis)) {
        write_tiles(n, depth);
    } else if (axis == n->vector) {
        write_vector_loop(n, axis, low_text(n, axis), high_text(n, axis), depth, write_below);
    } else if (axis == n->row && n->columns) {
        write_vector_loop(n, axis + 1, low_text(n, axis + 1), high_text(n, axis + 1), depth, write_rows_inside);
    } else if (axis == n->row) {
        write_row_axis(n, axis, depth);
    } else {
        line(n->out, depth, "for (ptrdiff_t i%d = %s; i%d < %s; i%d++) {", (int)axis, low_text(n, axis), (int)axis,
             high_text(n, axis), (int)axis);
        write_level(n, axis + 1, depth + 1);
        line(n->out, depth, "}");
    }
}

/* LEVEL axes are open. At most 32 axes: the recursion is bounded by nest_builder. */
static void write_level(nest_text *n, int32_t level, int32_t depth)
{
    bool sums = n->nest->acc_count > 0;
    write_values(n, level, depth);
    if (sums && level == n->space)
        acc_declare(n, depth);
    if (level < n->nest->axis_count) {
        write_axis(n, level, depth);
    } else {
        if (sums)
            acc_update(n, depth);
        write_stores(n, true, depth);
    }
    if (sums && level == n->space) {
        acc_finish(n, depth);
        write_values(n, AFTER(n), depth);
    }
    if (level == n->space)
        write_effects(n, depth);
}

/* ---- all ----------------------------------------------------------------------------------------------------- */

/* Loads of values that are hoisted above a loop must not happen when there is nothing to do. */
static void write_empty_guard(nest_text *n)
{
    for (int32_t k = 0; k < n->space; k++) {
        int64_t extent;
        size_ref s = n->nest->axes[k].extent;
        if (size_is_const(n->p->sizes, s, &extent) || is_shared(n, k) || size_get(n->p->sizes, s)->min > 0)
            continue;
        line(n->out, 1, "if (%s == 0)", size_text(n, s));
        line(n->out, 2, n->nest->check_count > 0 ? "return 0;" : "return;");
    }
}

static void write_constants(nest_text *n)
{
    static const char *const tables[3] = {"k", "kd", "ki"};
    int32_t at[3] = {0, 0, 0};
    for (int32_t v = 0; n->mode == CONSTANTS_FINAL && v < n->nest->value_count; v++) {
        stepc_dtype dtype = n->nest->values[v].dtype;
        if (!n->kernel->varying[v])
            continue;
        int t = dtype == STEPC_FLOAT32 ? 0 : dtype == STEPC_FLOAT64 ? 1 : 2;
        if (n->uses[v] > 0)
            line(n->out, 1, t == 2 ? "const %s v%d = (%s)%s[%d];" : "const %s v%d = %.0s%s[%d];", value_type(dtype),
                 (int)v, value_type(dtype), tables[t], (int)at[t]);
        at[t]++;
    }
}

bool nest_write_body(emitter *e, emit_unit *unit, constant_mode mode, const emit_kernel *kernel, text *out)
{
    nest_text n = {.e = e,
                   .unit = unit,
                   .p = unit->program,
                   .nest = unit->nest,
                   .group = unit->group,
                   .mode = mode,
                   .kernel = kernel,
                   .out = out,
                   .rows = 1,
                   .jams = 1};
    arena_init(&n.scratch, e->host);
    if (prepare(&n)) {
        int64_t registers = 0;
        write_constants(&n);
        write_empty_guard(&n);
        tile_declare(&n);
        if (n.copy.form != COPY_NONE)
            copy_write(&n, 1);
        else
            write_level(&n, 0, 1);
        if (vector_streams(&n)) {
            use(e, "v_stream_end");
            line(out, 1, "v_stream_end();");
        }
        if (n.nest->check_count > 0)
            line(out, 1, "return 0;");
        for (int32_t v = 0; v < n.nest->value_count; v++)
            registers += n.uses[v] > 0 ? (value_is_vector(&n, v) ? 64 * n.jam : 8) * n.row_tile : 0;
        registers += tile_bytes(&n) + copy_bytes(&n) + (int64_t)n.nest->acc_count * n.jam * n.row_tile * 64;
        for (int32_t a = 0; n.strip != NULL && a < n.nest->acc_count; a++)
            registers += tile_bytes(&n) + (int64_t)n.strip->width * 16 * (n.strip->block > 0 ? 2 : 1);
        if (registers > e->stack_bytes)
            e->stack_bytes = registers;
    }
    arena_release(&n.scratch);
    if (out->failed)
        return !emit_failed(e, "writing a kernel");
    return e->code == STEPC_OK;
}
