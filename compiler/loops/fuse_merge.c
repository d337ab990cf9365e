/* SPDX-License-Identifier: Apache-2.0 */
/* Nests over one space become one nest: values pass from one to the next in registers, what
 * others still need is written too, and a shared input is read once. A nest with accumulators takes
 * part with its space axes: what follows it joins after the accumulation (epilogue). */
#include "compiler/loops/fuse.h"

#include <string.h>

typedef struct cluster { /* of a representative */
    bool is_open;        /* may take part at all */
    bool has_acc, has_reuse;
    int32_t ops, streams;
} cluster;

typedef struct merger {
    fuse *f;
    dependence g;
    cluster *clusters;
    int32_t *reader;          /* per root: the last statement that read it */
    int32_t *current, *stamp; /* per root: value that the nest being built last wrote */
    int32_t era;
    const char **why; /* per statement: what the last join that failed ran into */
    bool explain;
} merger;

static loop_nest *member(const merger *m, int32_t s) { return m->g.statements[s].nest; }

static bool is_mergeable(const loop_nest *nest)
{
    for (int32_t i = 0; i < nest->write_count; i++) {
        if (nest->writes[i].predicate >= 0 || nest->writes[i].index.indirect >= 0)
            return false;
    }
    return nest->check_count == 0 && nest->write_count > 0;
}

/* ---- spaces ------------------------------------------------------------------------------ */

static bool same_axes(const loop_nest *a, int32_t a_from, int32_t a_to, const loop_nest *b, int32_t b_from,
                      int32_t b_to)
{
    if (a_to - a_from != b_to - b_from)
        return false;
    for (int32_t k = 0; k < a_to - a_from; k++) {
        if (a->axes[a_from + k].extent != b->axes[b_from + k].extent)
            return false;
    }
    return true;
}

static bool same_space(const loop_nest *a, const loop_nest *b)
{
    return same_axes(a, 0, nest_space_count(a), b, 0, nest_space_count(b));
}

/* After a member's nest has been replaced by an equal one. */
static void refresh_touches(merger *m, int32_t s)
{
    const loop_nest *nest = member(m, s);
    int32_t t = m->g.touch_start[s], end = m->g.touch_start[s + 1];
    /* Splitting may have shared reads or made them constant, so they are looked up by root. */
    for (; t < end; t++) {
        fuse_touch *touch = &m->g.touches[t];
        touch->index = NULL;
        touch->is_plain = false;
        for (int32_t i = 0; touch->is_write && i < nest->write_count; i++) {
            if (nest->writes[i].buffer == touch->root)
                touch->index = &nest->writes[i].index, touch->is_plain = true;
        }
        for (int32_t v = 0; !touch->is_write && v < nest->value_count; v++) {
            if (nest->values[v].op == LOOP_READ && nest->values[v].buffer == touch->root)
                touch->index = &nest->values[v].index, touch->is_plain = nest->values[v].index.indirect < 0;
        }
    }
}

/* Whether each of a nest's roots is touched once in each way, so that a touch can be found again. */
static bool has_single_touches(const merger *m, int32_t s)
{
    for (int32_t t = m->g.touch_start[s]; t < m->g.touch_start[s + 1]; t++) {
        for (int32_t u = t + 1; u < m->g.touch_start[s + 1]; u++) {
            if (m->g.touches[t].root == m->g.touches[u].root && m->g.touches[t].is_write == m->g.touches[u].is_write)
                return false;
        }
    }
    return true;
}

/* Splits the axes of every member of cluster C so that its space is that of TO. */
static bool split_cluster(merger *m, int32_t c, const loop_nest *to)
{
    size_ref extents[32];
    int32_t space = nest_space_count(to);
    if (space > 32 || nest_space_count(member(m, c)) >= space)
        return false;
    for (int32_t k = 0; k < space; k++)
        extents[k] = to->axes[k].extent;
    for (int32_t s = c; s >= 0; s = m->g.next[s]) {
        if (!has_single_touches(m, s))
            return false;
    }
    for (int32_t s = c; s >= 0; s = m->g.next[s]) {
        loop_nest *split = nest_split_space(m->f, member(m, s), extents, space);
        if (!split)
            return false; /* the first member fails before any is changed: all have one space */
        m->g.statements[s].nest = split;
        refresh_touches(m, s);
    }
    return true;
}

static bool match_spaces(merger *m, int32_t a, int32_t b)
{
    if (same_space(member(m, a), member(m, b)))
        return true;
    return split_cluster(m, a, member(m, b)) || split_cluster(m, b, member(m, a));
}

/* ---- may they join ----------------------------------------------------------------------- */

/* Both at one element whenever both nests are at one space index. */
static bool same_element(const merger *m, const fuse_touch *a, const fuse_touch *b)
{
    const loop_nest *x = member(m, a->statement), *y = member(m, b->statement);
    int32_t space = nest_space_count(x);
    if (!a->index || !b->index || !a->is_plain || !b->is_plain || a->index->base != b->index->base)
        return false;
    for (int32_t k = 0; k < space; k++) {
        if (a->index->coefs[k] != b->index->coefs[k])
            return false;
    }
    for (int32_t k = space; k < x->axis_count; k++) {
        if (a->index->coefs[k] != m->f->zero)
            return false;
    }
    for (int32_t k = space; k < y->axis_count; k++) {
        if (b->index->coefs[k] != m->f->zero)
            return false;
    }
    return true;
}

/* Every element that a touch of cluster A shares with cluster B is shared at one index. */
static bool touches_agree(merger *m, int32_t a, int32_t b)
{
    bool both_accumulate = m->clusters[a].has_acc && m->clusters[b].has_acc;
    for (int32_t s = a; s >= 0; s = m->g.next[s]) {
        for (int32_t t = m->g.touch_start[s]; t < m->g.touch_start[s + 1]; t++) {
            const fuse_touch *mine = &m->g.touches[t];
            if (!m->g.is_written[mine->root])
                continue;
            /* What lies before `since` agrees with what lies there, or a path leads through that. */
            for (int32_t u = mine->since; u >= 0; u = m->g.touches[u].next) {
                const fuse_touch *other = &m->g.touches[u];
                if (other->statement > m->g.last[b])
                    break;
                if ((!mine->is_write && !other->is_write) || deps_find(&m->g, other->statement) != b)
                    continue;
                if (mine->is_write && other->is_write && mine->index && other->index &&
                    index_disjoint(m->f, mine->root, mine->index, member(m, s), other->index,
                                   member(m, other->statement)))
                    continue;
                if (!same_element(m, mine, other))
                    return false;
                const fuse_touch *first = s < other->statement ? mine : other, *second = first == mine ? other : mine;
                if (!first->is_write || second->is_write)
                    continue;
                /* A sum may not wait for another sum of the same nest, and what goes into a sum stays out of its
                 * inner loop. */
                if (both_accumulate || member(m, second->statement)->acc_count > 0)
                    return false;
            }
        }
    }
    return true;
}

static bool reduce_axes_agree(const loop_nest *a, const loop_nest *b)
{
    return same_axes(a, nest_space_count(a), a->axis_count, b, nest_space_count(b), b->axis_count);
}

/* A member with accumulators, or the first. */
static int32_t shape_giver(const merger *m, int32_t c)
{
    for (int32_t s = c; s >= 0; s = m->g.next[s]) {
        if (member(m, s)->acc_count > 0)
            return s;
    }
    return c;
}

/* NULL when the clusters may join as far as their shapes go, else why not. */
static const char *misfit(merger *m, int32_t a, int32_t b, bool as_siblings)
{
    const cluster *ca = &m->clusters[a], *cb = &m->clusters[b];
    bool has_acc = ca->has_acc || cb->has_acc, both = ca->has_acc && cb->has_acc;
    if (!ca->is_open || !cb->is_open)
        return "checks, scattered writes and calls are not merged";
    if (has_acc && ca->ops + cb->ops > FUSE_LONG_BODY)
        return "too many operations beside an accumulation";
    if (as_siblings && ca->has_acc != cb->has_acc)
        return "only one of them accumulates";
    if (both && (ca->has_reuse || cb->has_reuse))
        return "two products do not share a register tile";
    if (both && !reduce_axes_agree(member(m, shape_giver(m, a)), member(m, shape_giver(m, b))))
        return "they accumulate over different axes";
    if (as_siblings && ca->streams + cb->streams > FUSE_SIBLING_STREAMS)
        return "too many buffers at once";
    if (as_siblings && !same_space(member(m, a), member(m, b)))
        return "they run over different spaces";
    return match_spaces(m, a, b) ? NULL : "they run over different spaces";
}

static void join(merger *m, int32_t x, int32_t y, bool as_siblings)
{
    int32_t a = deps_find(&m->g, x), b = deps_find(&m->g, y);
    if (a == b)
        return;
    if (m->g.members[b] < m->g.members[a]) { /* look through the smaller one */
        int32_t swap = a;
        a = b;
        b = swap;
    }
    const char *why = misfit(m, a, b, as_siblings);
    if (!why && !touches_agree(m, a, b))
        why = "elements are needed at other indices, or only after an accumulation";
    const cluster *ca = &m->clusters[a], *cb = &m->clusters[b];
    cluster sum = {.is_open = true,
                   .has_acc = ca->has_acc || cb->has_acc,
                   .has_reuse = ca->has_reuse || cb->has_reuse,
                   .ops = ca->ops + cb->ops,
                   .streams = ca->streams + cb->streams};
    int32_t joined = why ? -1 : deps_join(&m->g, a, b);
    if (joined >= 0)
        m->clusters[joined] = sum;
    else
        m->why[x] = m->why[y] = why ? why : "a path leads through another nest";
}

static void enter(merger *m, int32_t s)
{
    deps_enter(&m->g, s);
    if (m->g.statements[s].kind != STATEMENT_NEST)
        return;
    const loop_nest *nest = member(m, s);
    m->clusters[s] = (cluster){.is_open = is_mergeable(nest),
                               .has_acc = nest->acc_count > 0,
                               .has_reuse = nest_has_reuse(nest),
                               .ops = nest_op_count(nest),
                               .streams = m->g.touch_start[s + 1] - m->g.touch_start[s]};
}

/* Runs along every space axis: sharing it saves as much as the nest's own output costs. */
static bool is_whole(const merger *m, const fuse_touch *t)
{
    const loop_nest *nest = member(m, t->statement);
    for (int32_t k = 0; t->index && k < nest->axis_count; k++) {
        if (t->index->coefs[k] == m->f->zero)
            return false;
    }
    return t->index && t->is_plain;
}

static void consider(merger *m, int32_t s)
{
    for (int32_t t = m->g.touch_start[s]; t < m->g.touch_start[s + 1]; t++) {
        int32_t root = m->g.touches[t].root;
        if (m->g.touches[t].is_write || !m->g.is_written[root])
            continue;
        for (int32_t u = m->g.touches[t].since; u >= 0 && m->g.touches[u].statement < s; u = m->g.touches[u].next) {
            if (m->g.touches[u].is_write)
                join(m, s, m->g.touches[u].statement, false);
        }
    }
    for (int32_t t = m->g.touch_start[s]; t < m->g.touch_start[s + 1]; t++) {
        const fuse_touch *touch = &m->g.touches[t];
        if (touch->is_write || !is_whole(m, touch))
            continue;
        int32_t other = m->reader[touch->root];
        m->reader[touch->root] = s;
        if (other < 0 || other == s)
            continue;
        for (int32_t u = m->g.touch_start[other]; u < m->g.touch_start[other + 1]; u++) {
            const fuse_touch *theirs = &m->g.touches[u];
            if (theirs->root == touch->root && !theirs->is_write && same_space(member(m, s), member(m, other)) &&
                loop_index_equal(touch->index, theirs->index, nest_space_count(member(m, s)))) {
                join(m, s, other, true);
                break;
            }
        }
    }
}

/* ---- building ---------------------------------------------------------------------------- */

typedef struct splice {
    merger *m;
    body b;
    const loop_nest *from;
    int32_t *to; /* values of FROM */
} splice;

/* Coefficients for the axes of the merged nest; those that FROM lacks are reduce axes. */
static bool widen(splice *s, const loop_index *from, loop_index *out)
{
    int32_t count = s->b.nest->axis_count;
    *out = *from;
    if (from->indirect >= 0)
        out->indirect = s->to[from->indirect];
    if (s->from->axis_count == count)
        return true;
    size_ref *coefs = ARENA_ARRAY(s->m->f->p->memory, size_ref, (size_t)count);
    if (!coefs)
        return false;
    for (int32_t k = 0; k < count; k++)
        coefs[k] = k < s->from->axis_count ? from->coefs[k] : s->m->f->zero;
    out->coefs = coefs;
    return true;
}

static int32_t splice_value(splice *s, int32_t number)
{
    loop_value v = body_clean(s->m->f, &s->from->values[number]);
    if (v.op == LOOP_READ && s->m->stamp[v.buffer] == s->m->era)
        return body_as_stored(&s->b, s->m->f->p->buffers[v.buffer].dtype, s->m->current[v.buffer]);
    for (int i = 0; i < 3; i++)
        v.args[i] = v.args[i] >= 0 ? s->to[v.args[i]] : -1;
    if (v.op == LOOP_READ && !widen(s, &v.index, &v.index))
        return -1;
    if (v.op == LOOP_ACC) {
        loop_acc acc = s->from->accs[v.acc];
        acc.value = s->to[acc.value];
        v.acc = body_acc(&s->b, &acc);
    }
    return body_value(&s->b, &v);
}

static bool is_read_outside(merger *m, int32_t c, int32_t root)
{
    for (int32_t t = m->g.first_touch[root]; t >= 0; t = m->g.touches[t].next) {
        if (!m->g.touches[t].is_write && deps_find(&m->g, m->g.touches[t].statement) != c)
            return true;
    }
    return false;
}

static void splice_write(splice *s, int32_t c, const loop_write *from)
{
    loop_write w = *from;
    merger *m = s->m;
    w.value = s->to[w.value];
    m->current[w.buffer] = w.value;
    m->stamp[w.buffer] = m->era;
    if (fuse_is_intermediate(m->f, w.buffer) && !is_read_outside(m, c, w.buffer))
        return;
    if (!widen(s, &w.index, &w.index)) {
        s->b.failed = true;
        return;
    }
    for (int32_t i = 0; i < s->b.nest->write_count; i++) {
        loop_write *have = &s->b.nest->writes[i];
        if (have->buffer == w.buffer && loop_index_equal(&have->index, &w.index, s->b.nest->axis_count)) {
            have->value = w.value; /* the last write stands */
            return;
        }
    }
    body_write(&s->b, &w);
}

static loop_nest *build(merger *m, int32_t c)
{
    const loop_nest *shape = member(m, shape_giver(m, c));
    splice s = {.m = m};
    m->era++;
    if (!body_begin(&s.b, m->f, shape->axes, shape->axis_count))
        return NULL;
    for (int32_t at = c; at >= 0; at = m->g.next[at]) {
        s.from = member(m, at);
        s.to = ARENA_ARRAY(&m->f->scratch, int32_t, (size_t)s.from->value_count);
        if (!s.to)
            return NULL;
        for (int32_t v = 0; v < s.from->value_count; v++) {
            s.to[v] = splice_value(&s, v);
            if (s.to[v] < 0)
                return NULL;
        }
        for (int32_t i = 0; i < s.from->write_count; i++)
            splice_write(&s, c, &s.from->writes[i]);
        body_origins(&s.b, s.from);
    }
    return body_end(&s.b);
}

static void explain(const merger *m, int32_t c, const loop_nest *nest)
{
    if (m->clusters[c].has_acc)
        fuse_explain(m->f, nest, "epilogue: %d nests in one, %d writes", (int)m->g.members[c], (int)nest->write_count);
    else
        fuse_explain(m->f, nest, "merged: %d nests over one space in one, %d writes", (int)m->g.members[c],
                     (int)nest->write_count);
}

static stepc_code rebuild(merger *m, bool *changed)
{
    loop_program *p = m->f->p;
    int32_t *order = ARENA_ARRAY(&m->f->scratch, int32_t, (size_t)m->g.count);
    loop_statement *statements = ARENA_ARRAY(p->memory, loop_statement, (size_t)m->g.count + 1);
    int32_t count = order ? deps_order(&m->g, order) : -1, kept = 0;
    if (count < 0 || !statements)
        return error_out_of_memory(m->f->error, "fusing");
    for (int32_t i = 0; i < count; i++) {
        int32_t c = order[i];
        loop_statement statement = m->g.statements[c];
        if (m->g.members[c] > 1) {
            *changed = true;
            statement.nest = build(m, c);
            if (!statement.nest)
                return error_out_of_memory(m->f->error, "fusing");
            explain(m, c, statement.nest);
        } else if (m->explain && statement.kind == STATEMENT_NEST) {
            fuse_explain(m->f, statement.nest, "a nest of its own: %s",
                         m->why[c] ? m->why[c] : "nothing to merge it with");
        }
        if (statement.kind == STATEMENT_NEST && statement.nest->write_count == 0 && statement.nest->check_count == 0)
            continue;
        statements[kept++] = statement;
    }
    p->statements = statements;
    p->statement_count = kept;
    p->statement_capacity = (size_t)m->g.count + 1;
    return STEPC_OK;
}

stepc_code fuse_merge(fuse *f, bool explain_all, bool *changed)
{
    merger m = {.f = f, .explain = explain_all};
    size_t roots = (size_t)f->p->buffer_count;
    m.clusters = ARENA_ARRAY(&f->scratch, cluster, (size_t)f->p->statement_count);
    m.why = ARENA_ARRAY(&f->scratch, const char *, (size_t)f->p->statement_count);
    m.reader = ARENA_ARRAY(&f->scratch, int32_t, roots);
    m.current = ARENA_ARRAY(&f->scratch, int32_t, roots);
    m.stamp = ARENA_ARRAY(&f->scratch, int32_t, roots);
    if (!m.clusters || !m.why || !m.reader || !m.current || !m.stamp || !deps_build(&m.g, f))
        return error_out_of_memory(f->error, "fusing");
    for (int32_t r = 0; r < f->p->buffer_count; r++)
        m.reader[r] = -1;
    for (int32_t s = 0; s < m.g.count; s++) {
        enter(&m, s);
        if (m.clusters[s].is_open)
            consider(&m, s);
    }
    return rebuild(&m, changed);
}
