/* SPDX-License-Identifier: Apache-2.0 */
/* Long elementwise bodies: chunks of at most FUSE_LONG_BODY operations that run one after the
 * other over a strip that stays in the first or second level cache. Values pass between
 * chunks in LOCAL buffers; chunks that repeat come out alike, so that one function serves them all. */
#include "compiler/loops/fuse.h"

#include "runtime/core/checked.h"

#include <string.h>

typedef struct stripper {
    fuse *f;
    const loop_nest *nest;
    int32_t space;
    tape t;
    int32_t *cuts, cut_count, periodic;
    int32_t *chunk_of;  /* per operation */
    int32_t *chunk_end; /* per operation: the last chunk that uses it */
    int32_t *home;      /* per operation: the buffer that carries it to other chunks, -1 */
    int32_t *late;      /* per write: the chunk that does it */
    loop_index local;   /* of LOCAL buffers: row-major over the space */
    int32_t group;      /* id; -1: no strip, straight through the arena */
    loop_statement *out;
    int32_t out_count;
} stripper;

static int32_t chunk_count(const stripper *s) { return s->cut_count; }

/* ---- which nests ------------------------------------------------------------------------- */

/* A read that may lie outside its buffer, or a division that may fault, unless a SELECT keeps it from being
 * evaluated: the SELECT must stay in the same chunk, which we cannot promise. */
static bool has_unsafe_guards(fuse *f, const loop_nest *nest)
{
    uint8_t *guarded = ARENA_ARRAY(&f->scratch, uint8_t, (size_t)nest->value_count);
    if (!guarded)
        return true;
    nest_guarded(nest, guarded);
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        bool is_float = value->dtype == STEPC_FLOAT32 || value->dtype == STEPC_FLOAT64;
        if (!guarded[v])
            continue;
        if (value->op == LOOP_READ && !index_inside(f, value->buffer, &value->index, nest))
            return true;
        if (((value->op == LOOP_DIV || value->op == LOOP_FLOORDIV) && !is_float) || value->op == LOOP_SHL ||
            value->op == LOOP_SHR)
            return true;
    }
    return false;
}

/* Straight-line bodies of scalars or tiny spaces are cut only where a function would grow too long. */
enum { TINY_SPACE = 16, LONG_STRAIGHT = 2048 };

static bool is_long(const fuse *f, const loop_nest *nest, bool *is_strip)
{
    int32_t ops = nest_op_count(nest), space = nest_space_count(nest);
    *is_strip = space > 0 && space <= 4 && nest_iterations(f, nest, true) >= TINY_SPACE;
    if (nest->acc_count > 0 || nest->check_count > 0 || ops <= (*is_strip ? FUSE_LONG_BODY : LONG_STRAIGHT))
        return false;
    for (int32_t i = 0; i < nest->write_count; i++) {
        if (nest->writes[i].predicate >= 0 || nest->writes[i].index.indirect >= 0)
            return false;
    }
    return true;
}

/* ---- who carries what -------------------------------------------------------------------- */

static bool assign_chunks(stripper *s)
{
    arena *a = &s->f->scratch;
    size_t count = (size_t)s->t.count;
    s->chunk_of = ARENA_ARRAY(a, int32_t, count);
    s->chunk_end = ARENA_ARRAY(a, int32_t, count);
    s->home = ARENA_ARRAY(a, int32_t, count);
    s->late = ARENA_ARRAY(a, int32_t, (size_t)s->nest->write_count);
    if (!s->chunk_of || !s->chunk_end || !s->home || !s->late)
        return false;
    for (int32_t c = 0; c < chunk_count(s); c++) {
        for (int32_t i = s->cuts[c]; i < s->cuts[c + 1]; i++)
            s->chunk_of[i] = s->chunk_end[i] = c;
    }
    for (int32_t i = 0; i < s->t.count; i++) {
        s->home[i] = -1;
        s->chunk_end[i] = s->chunk_of[s->t.ops[i].last_use];
    }
    return true;
}

static bool is_written_once(const loop_nest *nest, int32_t root)
{
    int32_t writes = 0;
    for (int32_t w = 0; w < nest->write_count; w++)
        writes += nest->writes[w].buffer == root;
    return writes == 1;
}

/* Writes come with the value, or at the end when the nest reads what they overwrite. */
static void place_writes(stripper *s, const int32_t *op_of)
{
    for (int32_t w = 0; w < s->nest->write_count; w++) {
        const loop_write *write = &s->nest->writes[w];
        int32_t op = op_of[write->value], last = chunk_count(s) - 1;
        bool is_read = loop_reads(s->nest, write->buffer);
        s->late[w] = op < 0 || is_read ? last : s->chunk_of[op];
        if (op >= 0 && s->chunk_end[op] < s->late[w])
            s->chunk_end[op] = s->late[w];
        /* What lands in a fetch anyway is read back from there. */
        const loop_buffer *b = &s->f->p->buffers[write->buffer];
        if (op >= 0 && !is_read && is_written_once(s->nest, write->buffer) && s->home[op] < 0 &&
            b->dtype == s->nest->values[write->value].dtype && (b->kind == BUFFER_FETCH || b->kind == BUFFER_ARENA))
            s->home[op] = write->buffer;
    }
}

static bool make_locals(stripper *s)
{
    loop_program *p = s->f->p;
    size_ref extents[32];
    for (int32_t k = 0; k < s->space; k++)
        extents[k] = s->nest->axes[k].extent;
    for (int32_t i = 0; i < s->t.count; i++) {
        if (s->chunk_end[i] == s->chunk_of[i] || s->home[i] >= 0)
            continue;
        stepc_dtype dtype = s->nest->values[s->t.ops[i].value].dtype;
        s->home[i] = loop_buffer_new(p, s->group < 0 ? BUFFER_ARENA : BUFFER_LOCAL, dtype, extents, s->space, "t");
        if (s->home[i] < 0)
            return false;
        p->buffers[s->home[i]].group = s->group;
        s->local.coefs = p->buffers[s->home[i]].strides;
    }
    return true;
}

/* Bytes per index that are alive between chunks, at most. */
static int64_t peak_bytes(stripper *s)
{
    const loop_program *p = s->f->p;
    int64_t *change = ARENA_ARRAY(&s->f->scratch, int64_t, (size_t)chunk_count(s) + 2);
    int64_t live = 0, peak = 1;
    if (!change)
        return 1;
    for (int32_t i = 0; i < s->t.count; i++) {
        if (s->home[i] < 0 || p->buffers[s->home[i]].kind != BUFFER_LOCAL)
            continue;
        int64_t bytes = (int64_t)stepc_dtype_bytes(p->buffers[s->home[i]].dtype);
        change[s->chunk_of[i]] += bytes;
        change[s->chunk_end[i] + 1] -= bytes;
    }
    for (int32_t c = 0; c < chunk_count(s); c++) {
        live += change[c];
        peak = live > peak ? live : peak;
    }
    return peak;
}

/* ---- one chunk --------------------------------------------------------------------------- */

typedef struct chunk {
    stripper *s;
    body b;
    int32_t number;
    int32_t *to; /* per operation: its value in this chunk; valid where made[op] == number + 1 */
    int32_t *made;
} chunk;

static int32_t chunk_argument(chunk *c, int32_t argument)
{
    const stripper *s = c->s;
    if (argument == TAPE_NONE)
        return -1;
    if (TAPE_IS_LEAF(argument)) {
        loop_value leaf = body_clean(s->f, &s->nest->values[TAPE_LEAF(argument)]);
        /* Constants are kept apart: two that happen to be equal in one chunk may differ in its like. */
        return leaf.op == LOOP_CONST ? body_value_apart(&c->b, &leaf) : body_value(&c->b, &leaf);
    }
    if (c->made[argument] == c->number + 1)
        return c->to[argument];
    loop_value read = body_blank(LOOP_READ, s->nest->values[s->t.ops[argument].value].dtype);
    read.buffer = s->home[argument];
    read.index = s->local;
    for (int32_t w = 0; w < s->nest->write_count; w++) {
        if (s->nest->writes[w].buffer == read.buffer)
            read.index = s->nest->writes[w].index;
    }
    return body_value(&c->b, &read);
}

static bool chunk_ops(chunk *c)
{
    const stripper *s = c->s;
    for (int32_t i = s->cuts[c->number]; i < s->cuts[c->number + 1]; i++) {
        const tape_op *op = &s->t.ops[i];
        loop_value v = body_clean(s->f, &s->nest->values[op->value]);
        for (int k = 0; k < 3; k++)
            v.args[k] = chunk_argument(c, op->args[k]);
        if (v.op == LOOP_READ)
            v.index.indirect = chunk_argument(c, op->args[3]);
        c->to[i] = body_value(&c->b, &v);
        body_origin(&c->b, v.origin);
        c->made[i] = c->number + 1;
        if (c->to[i] < 0)
            return false;
    }
    return true;
}

static void chunk_writes(chunk *c, const int32_t *op_of)
{
    const stripper *s = c->s;
    for (int32_t i = s->cuts[c->number]; i < s->cuts[c->number + 1]; i++) {
        if (s->home[i] < 0 || s->chunk_end[i] == c->number)
            continue;
        loop_write w = {.buffer = s->home[i], .index = s->local, .value = c->to[i], .predicate = -1};
        bool is_result = false;
        for (int32_t k = 0; k < s->nest->write_count; k++)
            is_result = is_result || s->nest->writes[k].buffer == s->home[i];
        if (!is_result)
            body_write(&c->b, &w);
    }
    for (int32_t k = 0; k < s->nest->write_count; k++) {
        loop_write w = s->nest->writes[k];
        int32_t op = op_of[w.value];
        if (s->late[k] != c->number)
            continue;
        w.value = chunk_argument(c, op >= 0 ? op : TAPE_LEAF(w.value));
        body_write(&c->b, &w);
    }
}

static bool emit_chunks(stripper *s, const int32_t *op_of)
{
    chunk c = {.s = s};
    c.to = ARENA_ARRAY(&s->f->scratch, int32_t, (size_t)s->t.count);
    c.made = ARENA_ARRAY(&s->f->scratch, int32_t, (size_t)s->t.count);
    if (!c.to || !c.made)
        return false;
    for (c.number = 0; c.number < chunk_count(s); c.number++) {
        if (!body_begin(&c.b, s->f, s->nest->axes, s->nest->axis_count) || !chunk_ops(&c))
            return false;
        chunk_writes(&c, op_of);
        loop_nest *nest = body_end(&c.b);
        if (!nest)
            return false;
        if (nest->write_count == 0)
            continue; /* all of it was computed anew elsewhere */
        s->out[s->out_count++] = (loop_statement){.kind = STATEMENT_NEST, .nest = nest};
    }
    return true;
}

/* ---- strips ------------------------------------------------------------------------------ */

static int64_t strip_length(stripper *s)
{
    int64_t peak = peak_bytes(s), length = FUSE_STRIP_L1_BYTES / peak;
    if (length < FUSE_STRIP_CACHED)
        length = FUSE_STRIP_L2_BYTES / peak;
    if (length > FUSE_STRIP_LARGEST)
        length = FUSE_STRIP_LARGEST;
    if (length >= 64)
        length -= length % 32;
    else if (length > FUSE_STRIP_LEAST)
        length -= length % FUSE_STRIP_LEAST;
    return length < FUSE_STRIP_LEAST ? FUSE_STRIP_LEAST : length;
}

static bool add_group(stripper *s, int32_t first, int32_t count)
{
    loop_program *p = s->f->p;
    loop_group g = {.id = s->group, .first = first, .count = count, .shared_count = s->space, .is_strip = true};
    int64_t left = strip_length(s);
    for (int32_t k = s->space - 1; k >= 0; k--) {
        int64_t extent;
        bool fits = size_is_const(p->sizes, s->nest->axes[k].extent, &extent) && extent > 0 && extent <= left;
        g.tile[k] = fits ? extent : left;
        /* Only the outermost tiled axis may be partial, or a LOCAL would have holes. */
        left = fits ? left / extent : 1;
    }
    loop_group *groups =
        arena_grow(p->memory, p->groups, &p->group_capacity, (size_t)p->group_count + 1, sizeof *groups);
    if (!groups)
        return false;
    p->groups = groups;
    groups[p->group_count++] = g;
    fuse_explain(s->f, s->nest, "long body: %d operations in %d chunks (%d repeat) over strips of %d", (int)s->t.count,
                 (int)count, (int)s->periodic, (int)strip_length(s));
    return true;
}

static int32_t next_group_id(const loop_program *p)
{
    int32_t id = 0;
    for (int32_t g = 0; g < p->group_count; g++)
        id = p->groups[g].id >= id ? p->groups[g].id + 1 : id;
    return id;
}

/* Cuts NEST and appends its chunks to OUT, which has room for one per operation. */
static bool strip(fuse *f, const loop_nest *nest, bool is_strip, loop_statement **out, int32_t at, int32_t *count)
{
    stripper s = {.f = f, .nest = nest, .space = nest_space_count(nest), .group = is_strip ? next_group_id(f->p) : -1};
    int32_t *op_of = ARENA_ARRAY(&f->scratch, int32_t, (size_t)nest->value_count);
    s.local = (loop_index){.base = f->zero, .indirect = -1, .indirect_scale = SIZE_UNKNOWN,
                              .indirect_extent = SIZE_UNKNOWN};
    if (!op_of || !tape_make(f, nest, &s.t) || !tape_cut(f, &s.t, &s.cuts, &s.cut_count, &s.periodic))
        return false;
    for (int32_t v = 0; v < nest->value_count; v++)
        op_of[v] = -1;
    for (int32_t i = 0; i < s.t.count; i++) {
        if (!s.t.ops[i].is_copy)
            op_of[s.t.ops[i].value] = i;
    }
    s.out = ARENA_ARRAY(&f->scratch, loop_statement, (size_t)s.cut_count + 1);
    if (!s.out || !assign_chunks(&s))
        return false;
    place_writes(&s, op_of);
    if (!make_locals(&s) || !emit_chunks(&s, op_of))
        return false;
    if (is_strip && !add_group(&s, at, s.out_count))
        return false;
    *out = s.out;
    *count = s.out_count;
    return true;
}

static int compare_groups(const loop_group *a, const loop_group *b)
{
    return a->first < b->first ? -1 : a->first > b->first;
}

static void sort_groups(loop_program *p)
{
    for (int32_t i = 1; i < p->group_count; i++) {
        loop_group g = p->groups[i];
        int32_t at = i;
        for (; at > 0 && compare_groups(&g, &p->groups[at - 1]) < 0; at--)
            p->groups[at] = p->groups[at - 1];
        p->groups[at] = g;
    }
}

static bool in_group(const loop_program *p, int32_t groups, int32_t s)
{
    for (int32_t g = 0; g < groups; g++) {
        if (s >= p->groups[g].first && s < p->groups[g].first + p->groups[g].count)
            return true;
    }
    return false;
}

static void move_groups(loop_program *p, int32_t groups, int32_t *moved, int32_t from, int32_t to)
{
    for (int32_t g = 0; g < groups; g++) {
        if (moved[g] < 0 && p->groups[g].first == from)
            moved[g] = to;
    }
}

stepc_code fuse_strips(fuse *f)
{
    loop_program *p = f->p;
    loop_statement *statements = NULL;
    size_t capacity = 0;
    int32_t count = 0, groups = p->group_count;
    int32_t *moved = ARENA_ARRAY(&f->scratch, int32_t, (size_t)groups + 1);
    if (!moved)
        return error_out_of_memory(f->error, "fusing");
    for (int32_t g = 0; g < groups; g++)
        moved[g] = -1;
    for (int32_t i = 0; i < p->statement_count; i++) {
        loop_statement one = p->statements[i], *parts = &one;
        int32_t part_count = 1;
        bool is_strip = false;
        move_groups(p, groups, moved, i, count);
        if (one.kind == STATEMENT_NEST && !in_group(p, groups, i) && is_long(f, one.nest, &is_strip)) {
            if (has_unsafe_guards(f, one.nest))
                fuse_explain(f, one.nest, "long body left whole: a guarded access would leave its guard");
            else if (!strip(f, one.nest, is_strip, &parts, count, &part_count))
                return error_out_of_memory(f->error, "fusing");
        }
        loop_statement *grown =
            arena_grow(p->memory, statements, &capacity, (size_t)count + (size_t)part_count, sizeof *grown);
        if (!grown)
            return error_out_of_memory(f->error, "fusing");
        statements = grown;
        memcpy(statements + count, parts, (size_t)part_count * sizeof *parts);
        count += part_count;
    }
    for (int32_t g = 0; g < groups; g++)
        p->groups[g].first = moved[g];
    if (statements) {
        p->statements = statements;
        p->statement_count = count;
        p->statement_capacity = capacity;
    }
    sort_groups(p);
    return STEPC_OK;
}
