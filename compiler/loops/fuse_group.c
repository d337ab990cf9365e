/* SPDX-License-Identifier: Apache-2.0 */
/* Groups: nests that share leading axes and pass rows to each other run tile by tile, so that the
 * rows stay in the first level cache (softmax, layer normalisation). What only the group
 * touches becomes LOCAL: memory for one tile. */
#include "compiler/loops/fuse.h"

#include "runtime/core/checked.h"

#include <string.h>

typedef struct rows { /* of a representative */
    bool is_open, has_acc;
    int32_t shared;
} rows;

typedef struct grouper {
    fuse *f;
    dependence g;
    rows *info;
} grouper;

enum { MOST_SHARED = 4, MOST_ROWS = 64, MOST_APART = 4096 /* elements from row to row of parts that run together */ };

static loop_nest *member(const grouper *r, int32_t s) { return r->g.statements[s].nest; }

static bool may_take_part(const loop_nest *nest)
{
    if (nest->check_count > 0 || nest_space_count(nest) == 0 || nest_has_reuse(nest) ||
        nest_op_count(nest) > FUSE_LONG_BODY)
        return false;
    for (int32_t i = 0; i < nest->write_count; i++) {
        if (nest->writes[i].predicate >= 0 || nest->writes[i].index.indirect >= 0)
            return false;
    }
    return true;
}

/* The axes that a write of NEST runs along, at most. */
static int32_t written_axes(const loop_nest *nest, const loop_index *index)
{
    loop_write w = {.index = *index};
    return write_streams(nest, &w) ? nest->axis_count : nest_space_count(nest);
}

/* ---- distance zero ----------------------------------------------------------------------- */

/* Whether the elements that WRITE's nest stores for one index of the first SHARED axes are touched by TOUCH only
 * for the same index. */
static bool same_rows(const grouper *r, const fuse_touch *write, const fuse_touch *touch, int32_t shared)
{
    const loop_nest *x = member(r, write->statement), *y = member(r, touch->statement);
    axis_terms terms[32];
    if (!write->index || !touch->index || !write->is_plain)
        return false;
    int32_t space = written_axes(x, write->index);
    if (space > 32)
        return false;
    if (!index_solve(r->f, write->index, x->axes, space, touch->index, y->axes, y->axis_count, terms))
        return false;
    for (int32_t k = 0; k < shared; k++) {
        const axis_terms *t = &terms[k];
        if (t->count != 1 || t->axis[0] != k || t->scale[0] != 1 || t->offset != 0 || t->indirect)
            return false;
    }
    return true;
}

static bool rows_agree(grouper *r, int32_t a, int32_t b, int32_t shared)
{
    for (int32_t s = a; s >= 0; s = r->g.next[s]) {
        for (int32_t t = r->g.touch_start[s]; t < r->g.touch_start[s + 1]; t++) {
            const fuse_touch *mine = &r->g.touches[t];
            if (!r->g.is_written[mine->root])
                continue;
            /* What lies before `since` agrees with what lies there, or a path leads through that. */
            for (int32_t u = mine->since; u >= 0; u = r->g.touches[u].next) {
                const fuse_touch *other = &r->g.touches[u];
                if (other->statement > r->g.last[b])
                    break;
                if ((!mine->is_write && !other->is_write) || deps_find(&r->g, other->statement) != b)
                    continue;
                if (!same_rows(r, mine->is_write ? mine : other, mine->is_write ? other : mine, shared))
                    return false;
            }
        }
    }
    return true;
}

static int32_t common_axes(const loop_nest *a, const loop_nest *b)
{
    int32_t count = 0, most = nest_space_count(a) < nest_space_count(b) ? nest_space_count(a) : nest_space_count(b);
    while (count < most && count < MOST_SHARED && a->axes[count].extent == b->axes[count].extent)
        count++;
    return count;
}

static void join(grouper *r, int32_t x, int32_t y)
{
    int32_t a = deps_find(&r->g, x), b = deps_find(&r->g, y);
    if (a == b || !r->info[a].is_open || !r->info[b].is_open)
        return;
    int32_t shared = common_axes(member(r, a), member(r, b));
    shared = r->info[a].shared < shared ? r->info[a].shared : shared;
    shared = r->info[b].shared < shared ? r->info[b].shared : shared;
    bool has_acc = r->info[a].has_acc || r->info[b].has_acc;
    while (shared > 0 && !rows_agree(r, a, b, shared))
        shared--;
    if (shared == 0 || !has_acc)
        return;
    int32_t joined = deps_join(&r->g, a, b);
    if (joined >= 0)
        r->info[joined] = (rows){.is_open = true, .has_acc = true, .shared = shared};
}

static void consider(grouper *r, int32_t s)
{
    for (int32_t t = r->g.touch_start[s]; t < r->g.touch_start[s + 1]; t++) {
        int32_t root = r->g.touches[t].root;
        if (r->g.touches[t].is_write || !r->g.is_written[root])
            continue;
        for (int32_t u = r->g.touches[t].since; u >= 0 && r->g.touches[u].statement < s; u = r->g.touches[u].next) {
            if (r->g.touches[u].is_write)
                join(r, s, r->g.touches[u].statement);
        }
    }
}

/* ---- parts of one buffer ----------------------------------------------------------------- */

/* A nest that only carries elements, rows of them. */
static bool carries_rows(const loop_nest *nest)
{
    return nest->acc_count == 0 && nest->write_count == 1 && nest->value_count == 1 && nest->values[0].op == LOOP_READ &&
           nest->values[0].index.indirect < 0 && nest_space_count(nest) > 1;
}

/* Whether the rows of X and Y lie in the same lines of ROOT, element by element of the first axis, and never meet. */
static bool are_parts(const grouper *r, const loop_nest *x, const loop_nest *y)
{
    const loop_write *a = &x->writes[0], *b = &y->writes[0];
    int64_t apart;
    return fuse_nominal(r->f, x->axes[0].extent) > MOST_ROWS && a->buffer == b->buffer && x->values[0].buffer != a->buffer && y->values[0].buffer != b->buffer &&
           x->axes[0].extent == y->axes[0].extent && a->index.coefs[0] == b->index.coefs[0] &&
           size_is_const(r->f->p->sizes, a->index.coefs[0], &apart) && apart > 1 && apart <= MOST_APART &&
           index_disjoint(r->f, a->buffer, &a->index, x, &b->index, y);
}

/* Nests that fill parts of the same rows (the two of a Roll, those of a Concat or MirrorPad) run some rows at a time, so
 * that each line of memory is written while it is in the cache. */
static void join_parts(grouper *r, int32_t s)
{
    const loop_nest *nest = member(r, s);
    if (!carries_rows(nest))
        return;
    for (int32_t t = r->g.first_touch[nest->writes[0].buffer]; t >= 0 && r->g.touches[t].statement < s;
         t = r->g.touches[t].next) {
        int32_t a = deps_find(&r->g, r->g.touches[t].statement), b = deps_find(&r->g, s);
        bool fits = r->g.touches[t].is_write && a != b && r->info[a].is_open && r->info[b].is_open &&
                    r->g.members[b] == 1;
        for (int32_t m = a; m >= 0 && fits; m = r->g.next[m])
            fits = carries_rows(member(r, m)) && are_parts(r, member(r, m), nest);
        int32_t joined = fits ? deps_join(&r->g, a, b) : -1;
        if (joined >= 0)
            r->info[joined] = (rows){.is_open = true, .has_acc = false, .shared = 1};
    }
}

/* ---- LOCAL buffers ----------------------------------------------------------------------- */

/* The only write of ROOT, when group C alone touches it; NULL otherwise. */
static const fuse_touch *sole_write(grouper *r, int32_t c, int32_t root)
{
    const fuse_touch *write = NULL;
    for (int32_t t = r->g.first_touch[root]; t >= 0; t = r->g.touches[t].next) {
        const fuse_touch *touch = &r->g.touches[t];
        if (deps_find(&r->g, touch->statement) != c || !touch->index)
            return NULL;
        if (!touch->is_write)
            continue;
        if (write || !touch->is_plain)
            return NULL;
        write = touch;
    }
    return write;
}

static bool move_index(const grouper *r, const loop_buffer *local, const axis_terms *terms, int32_t space,
                       int32_t axis_count, loop_index *index)
{
    size_pool *pool = r->f->p->sizes;
    size_ref *coefs = ARENA_ARRAY(r->f->p->memory, size_ref, (size_t)axis_count);
    size_ref base = r->f->zero;
    if (!coefs)
        return false;
    for (int32_t k = 0; k < axis_count; k++)
        coefs[k] = r->f->zero;
    for (int32_t j = 0; j < space; j++) {
        for (int32_t i = 0; i < terms[j].count; i++) {
            size_ref step = size_product(pool, local->strides[j], size_const(pool, terms[j].scale[i]));
            coefs[terms[j].axis[i]] = size_sum(pool, coefs[terms[j].axis[i]], step);
            if (coefs[terms[j].axis[i]] == SIZE_UNKNOWN)
                return false;
        }
        base = size_sum(pool, base, size_product(pool, local->strides[j], size_const(pool, terms[j].offset)));
        if (terms[j].indirect)
            index->indirect_scale = local->strides[j];
    }
    index->coefs = coefs;
    index->base = base;
    return base != SIZE_UNKNOWN;
}

/* Finds the new indices of all accesses first (APPLY false), so that nothing is half done. */
static bool move_accesses(grouper *r, int32_t c, int32_t root, int32_t local, const loop_index *write,
                          const loop_nest *writer, bool apply)
{
    int32_t space = written_axes(writer, write);
    axis_terms terms[32];
    for (int32_t s = c; s >= 0; s = r->g.next[s]) {
        loop_nest *nest = member(r, s);
        for (int32_t v = 0; v < nest->value_count; v++) {
            loop_value *value = &nest->values[v];
            if (value->op != LOOP_READ || value->buffer != root)
                continue;
            loop_index moved = value->index;
            if (!index_solve(r->f, write, writer->axes, space, &value->index, nest->axes, nest->axis_count, terms) ||
                !move_index(r, &r->f->p->buffers[local], terms, space, nest->axis_count, &moved))
                return false;
            if (apply) {
                value->index = moved;
                value->buffer = local;
            }
        }
    }
    return true;
}

static bool make_local(grouper *r, int32_t c, const fuse_touch *touch, int32_t group)
{
    loop_program *p = r->f->p;
    loop_nest *writer = member(r, touch->statement);
    int32_t space = written_axes(writer, touch->index), root = touch->root;
    size_ref extents[32];
    loop_index write = *touch->index;
    if (space > 32)
        return true;
    for (int32_t k = 0; k < space; k++)
        extents[k] = writer->axes[k].extent;
    const char *tensor = p->buffers[root].tensor;
    int32_t local = loop_buffer_new(p, BUFFER_LOCAL, p->buffers[root].dtype, extents, space, p->buffers[root].hint);
    if (local < 0)
        return false;
    p->buffers[local].group = group;
    p->buffers[local].tensor = tensor;
    if (!move_accesses(r, c, root, local, &write, writer, false))
        return true; /* the unused buffer goes when buffers are compacted */
    if (!move_accesses(r, c, root, local, &write, writer, true))
        return false;
    for (int32_t i = 0; i < writer->write_count; i++) {
        loop_write *w = &writer->writes[i];
        size_ref *coefs = w->buffer == root ? ARENA_ARRAY(p->memory, size_ref, (size_t)writer->axis_count) : NULL;
        if (w->buffer != root)
            continue;
        if (!coefs)
            return false;
        for (int32_t k = 0; k < writer->axis_count; k++)
            coefs[k] = k < space ? p->buffers[local].strides[k] : r->f->zero;
        w->buffer = local;
        w->index = (loop_index){.base = r->f->zero, .coefs = coefs, .indirect = -1, .indirect_scale = SIZE_UNKNOWN,
                              .indirect_extent = SIZE_UNKNOWN};
    }
    return true;
}

/* Nominal bytes of the LOCAL buffers of GROUP for one index of the shared axes. */
static int64_t row_bytes(const grouper *r, int32_t group, int32_t shared)
{
    int64_t sum = 0;
    for (int32_t b = 0; b < r->f->p->buffer_count; b++) {
        const loop_buffer *local = &r->f->p->buffers[b];
        int64_t bytes = (int64_t)stepc_dtype_bytes(local->dtype);
        if (local->kind != BUFFER_LOCAL || local->group != group)
            continue;
        for (int32_t k = shared; k < local->rank; k++) {
            if (!checked_mul_i64(bytes, fuse_nominal(r->f, local->extents[k]), &bytes))
                return INT64_MAX;
        }
        if (!checked_add_i64(sum, bytes, &sum))
            return INT64_MAX;
    }
    return sum;
}

/* ---- groups ------------------------------------------------------------------------------ */

static bool make_group(grouper *r, int32_t c, int32_t first)
{
    loop_program *p = r->f->p;
    loop_group g = {.id = p->group_count, .first = first, .count = r->g.members[c], .shared_count = r->info[c].shared};
    int64_t cache = r->f->isa && r->f->isa->l1_bytes > 0 ? r->f->isa->l1_bytes / 2 : FUSE_STRIP_L1_BYTES;
    for (int32_t s = c; s >= 0; s = r->g.next[s]) {
        for (int32_t t = r->g.touch_start[s]; t < r->g.touch_start[s + 1]; t++) {
            const fuse_touch *touch = &r->g.touches[t];
            if (!touch->is_write || !fuse_is_intermediate(r->f, touch->root))
                continue;
            if (sole_write(r, c, touch->root) == touch && !make_local(r, c, touch, g.id))
                return false;
        }
    }
    int64_t bytes = row_bytes(r, g.id, g.shared_count);
    int64_t left = bytes > 0 ? cache / bytes : MOST_ROWS;
    left = left < 1 ? 1 : left > MOST_ROWS ? MOST_ROWS : left;
    for (int32_t k = g.shared_count - 1; k >= 0; k--) {
        int64_t extent;
        bool fits = size_is_const(p->sizes, member(r, c)->axes[k].extent, &extent) && extent > 0 && extent <= left;
        g.tile[k] = fits ? extent : left;
        left = fits ? left / extent : 1;
    }
    loop_group *groups =
        arena_grow(p->memory, p->groups, &p->group_capacity, (size_t)p->group_count + 1, sizeof *groups);
    if (!groups)
        return false;
    p->groups = groups;
    groups[p->group_count++] = g;
    for (int32_t s = c; s >= 0; s = r->g.next[s])
        fuse_explain(r->f, member(r, s), "grouped: %d nests run together, %d rows at a time", (int)g.count,
                     (int)g.tile[g.shared_count - 1]);
    return true;
}

static bool rebuild(grouper *r)
{
    loop_program *p = r->f->p;
    int32_t *order = ARENA_ARRAY(&r->f->scratch, int32_t, (size_t)r->g.count);
    loop_statement *statements = ARENA_ARRAY(p->memory, loop_statement, (size_t)r->g.count + 1);
    int32_t count = order ? deps_order(&r->g, order) : -1, kept = 0;
    if (count < 0 || !statements)
        return false;
    for (int32_t i = 0; i < count; i++) {
        int32_t c = order[i];
        if (r->g.members[c] > 1 && !make_group(r, c, kept))
            return false;
        for (int32_t s = c; s >= 0; s = r->g.next[s])
            statements[kept++] = r->g.statements[s];
    }
    p->statements = statements;
    p->statement_count = kept;
    p->statement_capacity = (size_t)r->g.count + 1;
    return true;
}

stepc_code fuse_groups(fuse *f)
{
    grouper r = {.f = f};
    r.info = ARENA_ARRAY(&f->scratch, rows, (size_t)f->p->statement_count);
    if (!r.info || !deps_build(&r.g, f))
        return error_out_of_memory(f->error, "fusing");
    for (int32_t s = 0; s < r.g.count; s++) {
        deps_enter(&r.g, s);
        if (r.g.statements[s].kind != STATEMENT_NEST)
            continue;
        const loop_nest *nest = member(&r, s);
        int32_t space = nest_space_count(nest);
        r.info[s] = (rows){.is_open = may_take_part(nest),
                           .has_acc = nest->acc_count > 0,
                           .shared = space < MOST_SHARED ? space : MOST_SHARED};
        if (r.info[s].is_open)
            consider(&r, s);
    }
    for (int32_t s = 0; s < r.g.count; s++) {
        if (r.g.statements[s].kind == STATEMENT_NEST && r.info[deps_find(&r.g, s)].is_open)
            join_parts(&r, s);
    }
    return rebuild(&r) ? STEPC_OK : error_out_of_memory(f->error, "fusing");
}
