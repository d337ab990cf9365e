/* SPDX-License-Identifier: Apache-2.0 */
/* Dependence between statements, and clusters of them that stay free of cycles.
 *
 * Every cluster has a level below those of all clusters that must follow it. Joining A (the
 * lower) with B lifts A to B's level and whatever follows A above it; if that would lift B
 * itself, a path leads from A to B through a third cluster and the join is refused. */
#include "compiler/loops/fuse.h"

#include <string.h>

static bool edge_add(dependence *g, int32_t from, int32_t to)
{
    /* All edges to a statement are made in one go, so a double one shows as the last. */
    if (from == to || (g->after[from].count > 0 && g->after[from].items[g->after[from].count - 1] == to))
        return true;
    for (int side = 0; side < 2; side++) {
        fuse_edges *e = side == 0 ? &g->after[from] : &g->before[to];
        int32_t *items = arena_grow(&g->f->scratch, e->items, &e->capacity, (size_t)e->count + 1, sizeof *items);
        if (!items)
            return false;
        e->items = items;
        items[e->count++] = side == 0 ? to : from;
    }
    return true;
}

/* ---- touches ----------------------------------------------------------------------------- */

static const loop_nest *nest_of(const dependence *g, int32_t statement)
{
    return g->statements[statement].kind == STATEMENT_NEST ? g->statements[statement].nest : NULL;
}

static bool is_apart(const dependence *g, const fuse_touch *a, const fuse_touch *b)
{
    const loop_nest *x = nest_of(g, a->statement), *y = nest_of(g, b->statement);
    return x && y && a->index && b->index && index_disjoint(g->f, a->root, a->index, x, b->index, y);
}

/* Where to look from for what TOUCH depends on: what lies before it is a predecessor of what is found there. So a chain
 * of updates of one variable has one edge per update. */
static int32_t touch_since(const dependence *g, const fuse_touch *touch)
{
    int32_t b = g->barrier[touch->root];
    if (b >= 0 && g->touches[b].statement == touch->statement)
        return g->touches[b].since;
    if (b >= 0 && !(touch->is_write && is_apart(g, &g->touches[b], touch)))
        return b;
    return g->first_touch[touch->root] >= 0 ? g->first_touch[touch->root] : g->touch_count;
}

static bool touch_add(dependence *g, fuse_touch touch)
{
    fuse_touch *touches =
        arena_grow(&g->f->scratch, g->touches, &g->touch_capacity, (size_t)g->touch_count + 1, sizeof *touches);
    if (!touches)
        return false;
    g->touches = touches;
    touch.next = -1;
    touch.since = touch_since(g, &touch);
    bool is_reader_of_constants = !touch.is_write && !g->is_written[touch.root];
    g->is_written[touch.root] |= touch.is_write;
    bool is_none = is_reader_of_constants || touch.since == g->touch_count, follows_all = touch.is_write;
    for (int32_t t = is_none ? -1 : touch.since; t >= 0; t = touches[t].next) {
        if ((!touches[t].is_write && !touch.is_write) || touches[t].statement == touch.statement)
            continue;
        /* Only writes are held apart: slices of one concatenation. */
        if (touches[t].is_write && touch.is_write && is_apart(g, &touches[t], &touch)) {
            follows_all = false;
            continue;
        }
        if (!edge_add(g, touches[t].statement, touch.statement))
            return false;
    }
    if (g->last_touch[touch.root] >= 0)
        touches[g->last_touch[touch.root]].next = g->touch_count;
    else
        g->first_touch[touch.root] = g->touch_count;
    g->last_touch[touch.root] = g->touch_count;
    if (follows_all)
        g->barrier[touch.root] = g->touch_count;
    touches[g->touch_count++] = touch;
    return true;
}

static bool nest_touches(dependence *g, int32_t s, const loop_nest *nest)
{
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        bool is_read = value->op == LOOP_READ;
        if (!is_read && value->op != LOOP_PHILOX)
            continue;
        fuse_touch t = {.statement = s,
                        .root = value->buffer,
                        .index = is_read ? &value->index : NULL,
                        .value = v,
                        .is_plain = is_read && value->index.indirect < 0};
        if (!touch_add(g, t))
            return false;
    }
    for (int32_t i = 0; i < nest->write_count; i++) {
        const loop_write *w = &nest->writes[i];
        fuse_touch t = {.statement = s,
                        .root = w->buffer,
                        .is_write = true,
                        .index = &w->index,
                        .value = w->value,
                        .is_plain = w->predicate < 0 && w->index.indirect < 0};
        if (!touch_add(g, t))
            return false;
    }
    return true;
}

static bool call_touches(dependence *g, int32_t s, const loop_call *call)
{
    const loop_buffer *buffers = g->f->p->buffers;
    fuse_touch t = {.statement = s, .root = buffers[call->buffers[0]].root, .is_write = true, .value = -1};
    if (call->kind == CALL_PHILOX_ADVANCE) {
        fuse_touch before = t;
        before.is_write = false;
        return touch_add(g, before) && touch_add(g, t);
    }
    fuse_touch from = {.statement = s, .root = buffers[call->buffers[1]].root, .value = -1};
    return touch_add(g, from) && touch_add(g, t);
}

/* ---- checks ------------------------------------------------------------------------------ */

/* May fault or read outside its buffers unless the checks before it have passed. */
static bool needs_checks(const dependence *g, const loop_nest *nest)
{
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        if (value->op == LOOP_READ && value->index.indirect >= 0)
            return true;
        if ((value->op == LOOP_DIV || value->op == LOOP_FLOORDIV) && value->dtype != STEPC_FLOAT32 &&
            value->dtype != STEPC_FLOAT64)
            return true;
        if (value->op == LOOP_SHL || value->op == LOOP_SHR)
            return true;
    }
    for (int32_t i = 0; i < nest->write_count; i++) {
        const loop_write *w = &nest->writes[i];
        if (w->index.indirect >= 0 || g->f->p->buffers[w->buffer].kind == BUFFER_STATE)
            return true;
    }
    return false;
}

static bool changes_state(const dependence *g, int32_t s)
{
    const loop_nest *nest = nest_of(g, s);
    const loop_buffer *buffers = g->f->p->buffers;
    if (!nest)
        return buffers[buffers[g->statements[s].call->buffers[0]].root].kind == BUFFER_STATE;
    for (int32_t i = 0; i < nest->write_count; i++) {
        if (buffers[nest->writes[i].buffer].kind == BUFFER_STATE)
            return true;
    }
    return false;
}

/* Checks stay in order, after the changes of state before them and before those after them. */
static bool check_edges(dependence *g)
{
    int32_t last_check = -1, changes_from = 0;
    for (int32_t s = 0; s < g->count; s++) {
        const loop_nest *nest = nest_of(g, s);
        bool is_check = nest && nest->check_count > 0;
        if (last_check >= 0 && (is_check || !nest || needs_checks(g, nest)) && !edge_add(g, last_check, s))
            return false;
        if (!is_check)
            continue;
        for (int32_t c = changes_from; c < s; c++) {
            if (changes_state(g, c) && !edge_add(g, c, s))
                return false;
        }
        last_check = s;
        changes_from = s;
    }
    return true;
}

/* ---- building ---------------------------------------------------------------------------- */

static bool allocate(dependence *g, fuse *f)
{
    size_t count = (size_t)f->p->statement_count, roots = (size_t)f->p->buffer_count;
    arena *a = &f->scratch;
    *g = (dependence){.f = f, .count = f->p->statement_count, .statements = f->p->statements};
    g->first_touch = ARENA_ARRAY(a, int32_t, roots);
    g->last_touch = ARENA_ARRAY(a, int32_t, roots);
    g->barrier = ARENA_ARRAY(a, int32_t, roots);
    g->touch_start = ARENA_ARRAY(a, int32_t, count + 1);
    g->is_written = ARENA_ARRAY(a, uint8_t, roots);
    g->before = ARENA_ARRAY(a, fuse_edges, count);
    g->after = ARENA_ARRAY(a, fuse_edges, count);
    g->parent = ARENA_ARRAY(a, int32_t, count);
    g->next = ARENA_ARRAY(a, int32_t, count);
    g->last = ARENA_ARRAY(a, int32_t, count);
    g->members = ARENA_ARRAY(a, int32_t, count);
    g->level = ARENA_ARRAY(a, int32_t, count);
    g->log = ARENA_ARRAY(a, int32_t, count + 1);
    g->log_level = ARENA_ARRAY(a, int32_t, count + 1);
    g->stack = ARENA_ARRAY(a, int32_t, count + 1);
    return g->first_touch && g->last_touch && g->barrier && g->is_written && g->touch_start && g->before && g->after &&
           g->parent && g->next && g->last && g->members && g->level && g->log && g->log_level && g->stack;
}

bool deps_build(dependence *g, fuse *f)
{
    if (!allocate(g, f))
        return false;
    for (int32_t r = 0; r < f->p->buffer_count; r++)
        g->first_touch[r] = g->last_touch[r] = g->barrier[r] = -1;
    for (int32_t s = 0; s < g->count; s++) {
        g->parent[s] = g->last[s] = s;
        g->next[s] = -1;
        g->members[s] = 1;
        g->level[s] = -1;
        g->touch_start[s] = g->touch_count;
        const loop_nest *nest = nest_of(g, s);
        if (!(nest ? nest_touches(g, s, nest) : call_touches(g, s, g->statements[s].call)))
            return false;
    }
    g->touch_start[g->count] = g->touch_count;
    return check_edges(g);
}

int32_t deps_find(dependence *g, int32_t s)
{
    while (g->parent[s] != s) {
        g->parent[s] = g->parent[g->parent[s]];
        s = g->parent[s];
    }
    return s;
}

void deps_enter(dependence *g, int32_t s)
{
    int32_t level = 0;
    for (int32_t i = 0; i < g->before[s].count; i++) {
        int32_t other = g->level[deps_find(g, g->before[s].items[i])];
        level = other >= level ? other + 1 : level;
    }
    g->level[deps_find(g, s)] = level;
}

/* ---- joining ----------------------------------------------------------------------------- */

/* Whether all that must come before cluster B, but for A, lies below LEVEL. */
static bool lies_above(dependence *g, int32_t b, int32_t a, int32_t level)
{
    for (int32_t m = b; m >= 0; m = g->next[m]) {
        for (int32_t i = 0; i < g->before[m].count; i++) {
            int32_t other = deps_find(g, g->before[m].items[i]);
            if (other != a && other != b && g->level[other] >= level)
                return false;
        }
    }
    return true;
}

/* Lifts cluster C to LEVEL and what follows it above; false when that would lift STOP. */
static bool lift(dependence *g, int32_t c, int32_t level, int32_t stop)
{
    int32_t logged = 0, depth = 0;
    g->log[logged] = c;
    g->log_level[logged++] = g->level[c];
    g->level[c] = level;
    g->stack[depth++] = c;
    while (depth > 0) {
        int32_t at = g->stack[--depth];
        for (int32_t m = at; m >= 0; m = g->next[m]) {
            for (int32_t i = 0; i < g->after[m].count; i++) {
                int32_t other = deps_find(g, g->after[m].items[i]);
                /* C itself is let pass to STOP directly: they are to be one. */
                if (other == at || g->level[other] < 0 || g->level[other] > g->level[at] || (at == c && other == stop))
                    continue;
                if (other == stop || other == c || logged >= g->count || depth >= g->count)
                    goto refuse;
                g->log[logged] = other;
                g->log_level[logged++] = g->level[other];
                g->level[other] = g->level[at] + 1;
                g->stack[depth++] = other;
            }
        }
    }
    return true;
refuse:
    while (logged-- > 0)
        g->level[g->log[logged]] = g->log_level[logged];
    return false;
}

/* One list of the members of A and B in order of position; the first is the representative. */
static int32_t merge_members(dependence *g, int32_t a, int32_t b, int32_t *out_tail)
{
    int32_t x = a < b ? a : b, y = a < b ? b : a, head = -1, tail = -1;
    if (g->last[x] < y) { /* the usual case: a later statement joins */
        g->next[g->last[x]] = y;
        *out_tail = g->last[y];
        return x;
    }
    while (x >= 0 || y >= 0) {
        int32_t *side = y < 0 || (x >= 0 && x < y) ? &x : &y;
        int32_t taken = *side;
        *side = g->next[taken];
        if (tail >= 0)
            g->next[tail] = taken;
        else
            head = taken;
        tail = taken;
    }
    g->next[tail] = -1;
    *out_tail = tail;
    return head;
}

int32_t deps_join(dependence *g, int32_t a, int32_t b)
{
    a = deps_find(g, a);
    b = deps_find(g, b);
    if (a == b)
        return a;
    if (g->level[b] < g->level[a]) {
        int32_t swap = a;
        a = b;
        b = swap;
    }
    int32_t level = g->level[b];
    if (g->level[a] < level) {
        if (lies_above(g, b, a, g->level[a]))
            level = g->level[a];
        else if (!lift(g, a, level, b))
            return -1;
    }
    int32_t tail, head = merge_members(g, a, b, &tail);
    g->members[head] = g->members[a] + g->members[b];
    g->parent[a] = g->parent[b] = head;
    g->last[head] = tail;
    g->level[head] = level;
    return head;
}

/* ---- order ------------------------------------------------------------------------------- */

static void heap_push(int32_t *heap, int32_t *count, int32_t item)
{
    int32_t at = (*count)++;
    while (at > 0 && heap[(at - 1) / 2] > item) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = item;
}

static int32_t heap_pop(int32_t *heap, int32_t *count)
{
    int32_t top = heap[0], item = heap[--*count], at = 0;
    for (;;) {
        int32_t child = at * 2 + 1;
        if (child >= *count)
            break;
        if (child + 1 < *count && heap[child + 1] < heap[child])
            child++;
        if (heap[child] >= item)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = item;
    return top;
}

int32_t deps_order(dependence *g, int32_t *order)
{
    int32_t *waiting = ARENA_ARRAY(&g->f->scratch, int32_t, (size_t)g->count);
    int32_t *heap = ARENA_ARRAY(&g->f->scratch, int32_t, (size_t)g->count + 1);
    int32_t count = 0, queued = 0;
    if (!waiting || !heap)
        return -1;
    for (int32_t s = 0; s < g->count; s++) {
        int32_t c = deps_find(g, s);
        for (int32_t i = 0; i < g->before[s].count; i++)
            waiting[c] += deps_find(g, g->before[s].items[i]) != c;
    }
    for (int32_t s = 0; s < g->count; s++) {
        if (deps_find(g, s) == s && waiting[s] == 0)
            heap_push(heap, &queued, g->last[s]); /* by the place of the last member, ready when all is ready */
    }
    while (queued > 0) {
        int32_t c = deps_find(g, heap_pop(heap, &queued));
        order[count++] = c;
        for (int32_t m = c; m >= 0; m = g->next[m]) {
            for (int32_t i = 0; i < g->after[m].count; i++) {
                int32_t other = deps_find(g, g->after[m].items[i]);
                if (other != c && --waiting[other] == 0)
                    heap_push(heap, &queued, g->last[other]);
            }
        }
    }
    return count;
}
