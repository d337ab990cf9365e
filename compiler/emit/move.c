/* SPDX-License-Identifier: Apache-2.0 */
/* Nests that only copy: element after element from one buffer to another, in another order. Rows that are contiguous on
 * both sides are memcpy; where elements lie side by side along one axis here and along another one there, whole matrices
 * are turned, zipped or unzipped by the words of snippets/zip.c.in. Short contiguous rows count as one longer element:
 * a complex number is one of 64 bits. */
#include "compiler/emit/inside_nest.h"

enum {
    SQUARE = 16,
    MOST_ZIPPED = 4,
    LEAST_ROW = 2,           /* bytes */
    STACK_LEAST = 128 << 10, /* second level cache of a machine that has a stack for tiles */
    TILE_BYTES = 128 * 128   /* of v_move */
};

static bool constant(const nest_text *n, size_ref s, int64_t *out) { return size_is_const(n->p->sizes, s, out); }

static bool is_number(const nest_text *n, size_ref s, int64_t expected)
{
    int64_t value;
    return constant(n, s, &value) && value == expected;
}

static bool is_local(const nest_text *n, int32_t root)
{
    return n->group != NULL && n->p->buffers[root].kind == BUFFER_LOCAL;
}

/* One write of what one read brings, unchanged. */
static bool is_copy(const nest_text *n)
{
    const loop_nest *nest = n->nest;
    if (nest->acc_count > 0 || nest->check_count > 0 || nest->write_count != 1 || n->space < nest->axis_count)
        return false;
    const loop_write *w = &nest->writes[0];
    const loop_value *v = &nest->values[w->value];
    if (v->op != LOOP_READ && v->op != LOOP_ROUND_TO)
        return false;
    if (v->op == LOOP_ROUND_TO) {
        if (!value_is_raw(n, w->value) || nest->values[v->args[0]].op != LOOP_READ)
            return false;
        v = &nest->values[v->args[0]];
    }
    stepc_dtype from = n->p->buffers[v->buffer].dtype, to = n->p->buffers[w->buffer].dtype;
    return from == to && w->predicate < 0 && w->index.indirect < 0 && v->index.indirect < 0 &&
           v->buffer != w->buffer && !n->guarded[v - nest->values] && !is_local(n, v->buffer) && !is_local(n, w->buffer);
}

static const loop_value *copied(const nest_text *n)
{
    const loop_value *v = &n->nest->values[n->nest->writes[0].value];
    return v->op == LOOP_READ ? v : &n->nest->values[v->args[0]];
}

/* An axis along which the elements of both sides lie side by side, or those of one of them. */
static int32_t find_axis(const nest_text *n, bool reads, bool writes)
{
    const loop_index *from = &copied(n)->index, *to = &n->nest->writes[0].index;
    for (int32_t k = n->space - 1; k >= 0; k--) {
        if (axis_is_trivial(n, k) || (n->group != NULL && k < n->group->shared_count))
            continue;
        if ((!reads || is_number(n, from->coefs[k], 1)) && (!writes || is_number(n, to->coefs[k], 1)))
            return k;
    }
    return -1;
}

static bool divides(const nest_text *n, const loop_index *index, int32_t but, int64_t by)
{
    int64_t c;
    if (!constant(n, index->base, &c) || c % by != 0)
        return false;
    for (int32_t k = 0; k < n->space; k++) {
        bool asked = k != but && !axis_is_trivial(n, k);
        if (asked && (!constant(n, index->coefs[k], &c) || c % by != 0))
            return false;
    }
    return true;
}

/* The axis with coefficient PER, counted in longer elements 1. */
static int32_t find_longer(const nest_text *n, const loop_index *index, int64_t per)
{
    for (int32_t k = n->space - 1; k >= 0; k--)
        if (!axis_is_trivial(n, k) && !(n->group != NULL && k < n->group->shared_count) &&
            is_number(n, index->coefs[k], per))
            return k;
    return -1;
}

static int64_t extent_of(const nest_text *n, int32_t axis)
{
    int64_t extent;
    return constant(n, n->nest->axes[axis].extent, &extent) ? extent : INT64_MAX;
}

/* Rows lie side by side where they are written, columns where they are read. */
static void choose_matrix(nest_text *n, copy_text *c)
{
    const loop_index *from = &copied(n)->index, *to = &n->nest->writes[0].index;
    int32_t rows = find_longer(n, to, c->per), columns = find_longer(n, from, c->per);
    int64_t coef;
    if (rows < 0 || columns < 0 || rows == columns || is_number(n, from->coefs[rows], 0) ||
        n->e->options->isa->vector_bytes < 16 || n->e->options->optimize_size)
        return;
    int64_t high = extent_of(n, rows), wide = extent_of(n, columns);
    bool zips = high <= MOST_ZIPPED && constant(n, to->coefs[columns], &coef) && coef == high * c->per;
    bool unzips = wide <= MOST_ZIPPED && constant(n, from->coefs[rows], &coef) && coef == wide * c->per;
    c->form = zips && wide >= high ? COPY_ZIPS : unzips ? COPY_UNZIPS : zips ? COPY_ZIPS : COPY_NONE;
    /* What is far larger than the caches goes past them in the nest's own loops, where its elements have such stores. */
    bool streams = n->nest->schedule.stream && c->bytes >= 4 && c->per == 1;
    if (c->form == COPY_NONE && !streams && n->e->options->isa->l2_bytes >= STACK_LEAST &&
        ((high >= SQUARE && wide >= SQUARE) || c->per > 1))
        c->form = COPY_TURNS;
    c->rows = rows;
    c->columns = columns;
}

/* A few elements apart where they are read. */
static void choose_picks(nest_text *n, copy_text *c)
{
    int32_t axis = find_axis(n, false, true);
    int64_t apart;
    if (axis < 0 || !constant(n, copied(n)->index.coefs[axis], &apart) || apart < 2 || apart > MOST_ZIPPED ||
        n->e->options->isa->vector_bytes < 16 || n->e->options->optimize_size)
        return;
    c->form = COPY_PICKS;
    c->run = axis;
}

void copy_choose(nest_text *n)
{
    copy_text *c = &n->copy;
    *c = (copy_text){.form = COPY_NONE, .run = -1, .rows = -1, .columns = -1, .per = 1};
    if (!is_copy(n)) {
        c->form = pad_choose(n) ? COPY_PADS : COPY_NONE;
        return;
    }
    const loop_index *from = &copied(n)->index, *to = &n->nest->writes[0].index;
    int64_t bytes = (int64_t)stepc_dtype_bytes(n->p->buffers[copied(n)->buffer].dtype), extent;
    c->bytes = bytes;
    c->run = find_axis(n, true, true);
    if (c->run < 0) {
        choose_matrix(n, c);
        if (c->form == COPY_NONE)
            choose_picks(n, c);
        return;
    }
    if (constant(n, n->nest->axes[c->run].extent, &extent) && extent * bytes <= 8 &&
        (extent * bytes & (extent * bytes - 1)) == 0 && divides(n, from, c->run, extent) && divides(n, to, c->run, extent)) {
        c->per = extent;
        c->bytes = extent * bytes;
        choose_matrix(n, c);
    }
    if (c->form == COPY_NONE && (extent_of(n, c->run) == INT64_MAX || extent_of(n, c->run) * bytes >= LEAST_ROW))
        c->form = COPY_ROWS;
}

/* |COEF| counted in longer elements. */
static const char *stride(nest_text *n, size_ref coef)
{
    int64_t value;
    if (n->copy.per == 1 || !constant(n, coef, &value))
        return size_text(n, coef);
    return text_or_fail(n, literal_index(&n->scratch, value / n->copy.per));
}

static const char *count_of(nest_text *n, int32_t axis) { return size_text(n, n->nest->axes[axis].extent); }

static void write_call(nest_text *n, int32_t depth)
{
    const copy_text *c = &n->copy;
    const loop_value *v = copied(n);
    const loop_write *w = &n->nest->writes[0];
    const char *from = pointer_text(n, param_name(n, v->buffer, false), index_text(n, &v->index, v->buffer, 0, 0));
    const char *to = pointer_text(n, param_name(n, w->buffer, true), index_text(n, &w->index, w->buffer, 0, 0));
    if (c->form == COPY_ROWS) {
        line(n->out, depth, "memcpy(%s, %s, %s%s * sizeof *%s);", to, from,
             extent_of(n, c->run) == INT64_MAX ? "(size_t)" : "", count_of(n, c->run), param_name(n, w->buffer, true));
        return;
    }
    if (c->form == COPY_PICKS) {
        const char *pick = FORMAT(n, "v_pick_i%d", (int)c->bytes * 8);
        use(n->e, pick);
        line(n->out, depth, "%s(%s, %s, %s, %s);", pick, to, from, size_text(n, v->index.coefs[c->run]), count_of(n, c->run));
        return;
    }
    const char *word = c->form == COPY_ZIPS ? "v_zip" : c->form == COPY_UNZIPS ? "v_unzip" : "v_move";
    const char *name = FORMAT(n, "%s_i%d", word, (int)c->bytes * 8);
    const char *step = stride(n, w->index.coefs[c->columns]), *pitch = stride(n, v->index.coefs[c->rows]);
    const char *high = count_of(n, c->rows), *wide = count_of(n, c->columns);
    use(n->e, name);
    if (c->form == COPY_ZIPS)
        line(n->out, depth, "%s(%s, %s, %s, %s, %s);", name, to, from, pitch, high, wide);
    else if (c->form == COPY_UNZIPS)
        line(n->out, depth, "%s(%s, %s, %s, %s, %s);", name, to, step, from, high, wide);
    else
        line(n->out, depth, "%s(%s, %s, %s, %s, %s, %s);", name, to, step, from, pitch, high, wide);
}

void copy_write(nest_text *n, int32_t depth)
{
    const copy_text *c = &n->copy;
    int32_t at = depth;
    if (c->form == COPY_PADS) {
        pad_write(n, depth);
        return;
    }
    for (int32_t k = 0; k < n->space; k++) {
        bool is_row = c->form == COPY_ROWS || c->form == COPY_PICKS;
        bool is_inside = is_row ? k == c->run : k == c->rows || k == c->columns || (c->per > 1 && k == c->run);
        if (axis_is_trivial(n, k))
            continue;
        if (is_inside) {
            n->copy.inside |= UINT32_C(1) << k;
            continue;
        }
        line(n->out, at++, "for (ptrdiff_t i%d = %s; i%d < %s; i%d++) {", (int)k, low_text(n, k), (int)k, high_text(n, k),
             (int)k);
    }
    write_call(n, at);
    while (at > depth)
        line(n->out, --at, "}");
    n->copy.inside = 0;
}

int64_t copy_bytes(const nest_text *n) { return n->copy.form == COPY_TURNS ? TILE_BYTES : 0; }
