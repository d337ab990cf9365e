/* SPDX-License-Identifier: Apache-2.0 */
/* Inlining: a value is computed where it is read instead of going through memory. Legal when
 * the producer accumulates nothing, every reader's index is an index of the producer, and nothing that it reads is
 * written in between; done when the cost table says that the work done twice costs less. */
#include "compiler/loops/fuse.h"

#include "runtime/core/checked.h"

#include <string.h>

typedef struct inliner {
    fuse *f;
    dependence g;
} inliner;

typedef struct producer {
    int32_t statement, write;
    const loop_nest *nest;
    int32_t root;
    uint8_t *slice; /* values that the written value needs */
    int64_t cost, read_bytes;
    int32_t ops;
} producer;

static int64_t saturating(int64_t a, int64_t b)
{
    int64_t product;
    return checked_mul_i64(a, b, &product) ? product : INT64_MAX / 4;
}

/* ---- the producer ------------------------------------------------------------------------ */

/* What stands still along the innermost axis stays in a register. */
static bool moves_inside(const inliner *in, const loop_nest *nest, const loop_value *read)
{
    int32_t last = nest->axis_count - 1;
    return last < 0 || read->index.indirect >= 0 || read->index.coefs[last] != in->f->zero;
}

static bool take_slice(inliner *in, producer *p)
{
    const loop_nest *nest = p->nest;
    p->slice = ARENA_ARRAY(&in->f->scratch, uint8_t, (size_t)nest->value_count);
    if (!p->slice)
        return false;
    p->slice[nest->writes[p->write].value] = 1;
    for (int32_t v = nest->value_count - 1; v >= 0; v--) {
        const loop_value *value = &nest->values[v];
        if (!p->slice[v])
            continue;
        for (int i = 0; i < 3; i++) {
            if (value->args[i] >= 0)
                p->slice[value->args[i]] = 1;
        }
        if (value->op == LOOP_READ && value->index.indirect >= 0)
            p->slice[value->index.indirect] = 1;
        p->cost += fuse_op_cost(value->op);
        p->ops += !op_is_leaf(value->op);
        if (value->op == LOOP_READ && moves_inside(in, nest, value))
            p->read_bytes += (int64_t)stepc_dtype_bytes(in->f->p->buffers[value->buffer].dtype);
    }
    return true;
}

/* Statement S is the only one that writes ROOT, once and plainly. */
static bool is_sole_write(const inliner *in, int32_t s, int32_t root)
{
    int32_t writes = 0;
    for (int32_t t = in->g.first_touch[root]; t >= 0; t = in->g.touches[t].next) {
        const fuse_touch *touch = &in->g.touches[t];
        if (!touch->is_write)
            continue;
        writes++;
        if (touch->statement != s || !touch->is_plain)
            return false;
    }
    return writes == 1;
}

/* No root that the slice reads is written from the producer up to and with statement C. */
static bool stays_valid(const inliner *in, const producer *p, int32_t c)
{
    for (int32_t v = 0; v < p->nest->value_count; v++) {
        const loop_value *value = &p->nest->values[v];
        if (!p->slice[v] || (value->op != LOOP_READ && value->op != LOOP_PHILOX))
            continue;
        for (int32_t t = in->g.first_touch[value->buffer]; t >= 0; t = in->g.touches[t].next) {
            const fuse_touch *touch = &in->g.touches[t];
            if (touch->is_write && touch->statement >= p->statement && touch->statement <= c)
                return false;
        }
    }
    return true;
}

/* ---- one reader -------------------------------------------------------------------------- */

static bool reads_value(const loop_value *value, const producer *p)
{
    return value->op == LOOP_READ && value->buffer == p->root;
}

static bool solve_read(const inliner *in, const producer *p, const loop_nest *reader, const loop_value *read,
                       axis_terms *terms)
{
    if (!index_solve(in->f, &p->nest->writes[p->write].index, p->nest->axes, p->nest->axis_count, &read->index,
                     reader->axes, reader->axis_count, terms))
        return false;
    int32_t through = -1;
    for (int32_t j = 0; j < p->nest->axis_count; j++)
        through = terms[j].indirect ? j : through;
    /* One index has one indirect term. */
    for (int32_t v = 0; through >= 0 && v < p->nest->value_count; v++) {
        const loop_value *value = &p->nest->values[v];
        if (p->slice[v] && value->op == LOOP_READ && value->index.indirect >= 0 &&
            value->index.coefs[through] != in->f->zero)
            return false;
    }
    return true;
}

/* How often READ is evaluated in NEST: outside the loops in which it does not move. */
static int64_t evaluations(const inliner *in, const loop_nest *nest, const loop_value *read)
{
    int64_t count = 1, times = 1;
    for (int32_t k = 0; k < nest->axis_count; k++) {
        count = saturating(count, fuse_nominal(in->f, nest->axes[k].extent));
        if (read->index.coefs[k] != in->f->zero || read->index.indirect >= 0)
            times = count;
    }
    return times > INT64_MAX / 4096 ? INT64_MAX / 4096 : times;
}

typedef struct tally {
    int64_t kept, inlined;
} tally;

static bool reader_accepts(const inliner *in, const producer *p, int32_t c, tally *sum)
{
    axis_terms terms[32];
    if (in->g.statements[c].kind != STATEMENT_NEST || c <= p->statement || p->nest->axis_count > 32)
        return false;
    const loop_nest *nest = in->g.statements[c].nest;
    int64_t bytes = (int64_t)stepc_dtype_bytes(in->f->p->buffers[p->root].dtype);
    int64_t produced = nest_iterations(in->f, p->nest, true);
    int32_t reads = 0;
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        if (value->op == LOOP_PHILOX && value->buffer == p->root)
            return false;
        if (!reads_value(value, p))
            continue;
        if (!solve_read(in, p, nest, value, terms))
            return false;
        int64_t times = evaluations(in, nest, value);
        /* A product's operands are read many times over from registers and caches: no work there. */
        if (p->cost > 0 && times > produced && nest_has_reuse(nest))
            return false;
        sum->kept += saturating(times, FUSE_BYTE_COST(bytes * 4)) / 4;
        sum->inlined += saturating(times, p->cost * 4 + FUSE_BYTE_COST(p->read_bytes * 4)) / 4;
        reads++;
    }
    if (nest_op_count(nest) + p->ops * reads > FUSE_LONG_BODY && p->ops > 0)
        return false;
    return stays_valid(in, p, c);
}

/* ---- rebuilding -------------------------------------------------------------------------- */

typedef struct graft {
    inliner *in;
    const producer *p;
    const loop_nest *reader;
    body b;
    int32_t *to; /* values of the reader */
} graft;

static int32_t graft_axis(graft *g, const axis_terms *t, int32_t indirect)
{
    int32_t sum = t->indirect ? indirect : -1;
    for (int32_t i = 0; i < t->count; i++) {
        loop_value axis = body_blank(LOOP_AXIS, STEPC_INT64);
        axis.axis = t->axis[i];
        int32_t term = body_value(&g->b, &axis);
        if (t->scale[i] != 1)
            term = body_binary(&g->b, LOOP_MUL, term, body_const_i64(&g->b, t->scale[i]));
        sum = sum < 0 ? term : body_binary(&g->b, LOOP_ADD, sum, term);
    }
    if (sum < 0)
        return body_const_i64(&g->b, t->offset);
    return t->offset == 0 ? sum : body_binary(&g->b, LOOP_ADD, sum, body_const_i64(&g->b, t->offset));
}

static bool graft_index(graft *g, const axis_terms *terms, const loop_index *read, int32_t indirect,
                        const int32_t *slice_to, loop_index *index)
{
    fuse *f = g->in->f;
    size_pool *pool = f->p->sizes;
    size_ref *coefs = ARENA_ARRAY(f->p->memory, size_ref, (size_t)g->reader->axis_count);
    loop_index from = *index;
    if (!coefs)
        return false;
    for (int32_t k = 0; k < g->reader->axis_count; k++)
        coefs[k] = f->zero;
    index->indirect = from.indirect >= 0 ? slice_to[from.indirect] : -1;
    for (int32_t j = 0; j < g->p->nest->axis_count; j++) {
        const axis_terms *t = &terms[j];
        if (from.coefs[j] == f->zero)
            continue;
        for (int32_t i = 0; i < t->count; i++) {
            size_ref step = size_product(pool, from.coefs[j], size_const(pool, t->scale[i]));
            coefs[t->axis[i]] = size_sum(pool, coefs[t->axis[i]], step);
            if (coefs[t->axis[i]] == SIZE_UNKNOWN)
                return false;
        }
        index->base = size_sum(pool, index->base, size_product(pool, from.coefs[j], size_const(pool, t->offset)));
        if (index->base == SIZE_UNKNOWN)
            return false;
        if (t->indirect) {
            index->indirect = indirect;
            index->indirect_scale = from.coefs[j];
            index->indirect_extent = read->indirect_extent;
        }
    }
    index->coefs = coefs;
    return true;
}

/* The producer's value at the index of READ. */
static int32_t graft_slice(graft *g, const loop_value *read)
{
    const producer *p = g->p;
    axis_terms terms[32];
    int32_t *to = ARENA_ARRAY(&g->in->f->scratch, int32_t, (size_t)p->nest->value_count);
    int32_t indirect = read->index.indirect >= 0 ? g->to[read->index.indirect] : -1;
    if (!to || !solve_read(g->in, p, g->reader, read, terms))
        return -1;
    for (int32_t v = 0; v < p->nest->value_count; v++) {
        if (!p->slice[v])
            continue;
        loop_value value = body_clean(g->in->f, &p->nest->values[v]);
        for (int i = 0; i < 3; i++)
            value.args[i] = value.args[i] >= 0 ? to[value.args[i]] : -1;
        if (value.op == LOOP_READ && !graft_index(g, terms, &read->index, indirect, to, &value.index))
            return -1;
        to[v] = value.op == LOOP_AXIS ? graft_axis(g, &terms[value.axis], indirect) : body_value(&g->b, &value);
        if (to[v] < 0)
            return -1;
    }
    return body_as_stored(&g->b, g->in->f->p->buffers[p->root].dtype, to[p->nest->writes[p->write].value]);
}

/* A copy of READER in which the reads of the producer's root are its values (P NULL: none), without
 * write SKIP. */
static loop_nest *rebuild(inliner *in, const producer *p, const loop_nest *reader, int32_t skip)
{
    graft g = {.in = in, .p = p, .reader = reader};
    g.to = ARENA_ARRAY(&in->f->scratch, int32_t, (size_t)reader->value_count);
    if (!g.to || !body_begin(&g.b, in->f, reader->axes, reader->axis_count))
        return NULL;
    for (int32_t v = 0; v < reader->value_count; v++) {
        loop_value value = body_clean(in->f, &reader->values[v]);
        if (p && reads_value(&value, p)) {
            g.to[v] = graft_slice(&g, &value);
        } else {
            for (int i = 0; i < 3; i++)
                value.args[i] = value.args[i] >= 0 ? g.to[value.args[i]] : -1;
            if (value.op == LOOP_READ && value.index.indirect >= 0)
                value.index.indirect = g.to[value.index.indirect];
            if (value.op == LOOP_ACC) {
                loop_acc acc = reader->accs[value.acc];
                acc.value = g.to[acc.value];
                value.acc = body_acc(&g.b, &acc);
            }
            g.to[v] = body_value(&g.b, &value);
        }
        if (g.to[v] < 0)
            return NULL;
    }
    for (int32_t i = 0; i < reader->write_count; i++) {
        loop_write w = reader->writes[i];
        w.value = g.to[w.value];
        w.predicate = w.predicate >= 0 ? g.to[w.predicate] : -1;
        if (w.index.indirect >= 0)
            w.index.indirect = g.to[w.index.indirect];
        if (i != skip)
            body_write(&g.b, &w);
    }
    for (int32_t i = 0; i < reader->check_count; i++) {
        loop_check c = reader->checks[i];
        c.value = g.to[c.value];
        body_check(&g.b, &c);
    }
    body_origins(&g.b, reader);
    if (p)
        body_origins(&g.b, p->nest);
    return body_end(&g.b);
}

/* ---- the decision ------------------------------------------------------------------------ */

static bool is_worth_it(const inliner *in, const producer *p, const tally *sum)
{
    int64_t produced = nest_iterations(in->f, p->nest, true);
    int64_t bytes = (int64_t)stepc_dtype_bytes(in->f->p->buffers[p->root].dtype);
    int64_t own = p->nest->write_count == 1 ? p->cost * 4 + FUSE_BYTE_COST(p->read_bytes * 4) : 0;
    if (p->cost == 0 && p->ops == 0)
        return true; /* moving data or making constants */
    return sum->inlined <= sum->kept + saturating(produced, own + FUSE_BYTE_COST(bytes * 4)) / 4;
}

/* The statements that read the producer's root, once each; -1 when one of them refuses. */
static int32_t collect_readers(const inliner *in, const producer *p, int32_t *readers, tally *sum)
{
    int32_t count = 0;
    for (int32_t t = in->g.first_touch[p->root]; t >= 0; t = in->g.touches[t].next) {
        const fuse_touch *touch = &in->g.touches[t];
        if (touch->is_write || (count > 0 && readers[count - 1] == touch->statement))
            continue;
        if (!reader_accepts(in, p, touch->statement, sum))
            return -1;
        readers[count++] = touch->statement;
    }
    return count;
}

static stepc_code consider(inliner *in, int32_t s, int32_t write, int32_t *readers, bool *done)
{
    producer p = {.statement = s, .write = write, .nest = in->g.statements[s].nest};
    tally sum = {0};
    p.root = p.nest->writes[write].buffer;
    if (!fuse_is_intermediate(in->f, p.root) || !is_sole_write(in, s, p.root))
        return STEPC_OK;
    if (!take_slice(in, &p))
        return error_out_of_memory(in->f->error, "fusing");
    int32_t count = p.ops > FUSE_LONG_BODY ? -1 : collect_readers(in, &p, readers, &sum);
    if (count <= 0 || !is_worth_it(in, &p, &sum)) {
        if (count > 0)
            fuse_explain(in->f, p.nest, "kept in memory: computing it in %d nests that read it costs more", (int)count);
        return STEPC_OK;
    }
    for (int32_t i = 0; i < count; i++) {
        loop_nest *grown = rebuild(in, &p, in->g.statements[readers[i]].nest, -1);
        if (!grown)
            return error_out_of_memory(in->f->error, "fusing");
        in->g.statements[readers[i]].nest = grown;
    }
    loop_nest *rest = rebuild(in, NULL, p.nest, write);
    if (!rest)
        return error_out_of_memory(in->f->error, "fusing");
    fuse_explain(in->f, p.nest, "inlined into %d nests", (int)count);
    in->g.statements[s].nest = rest;
    *done = true;
    return STEPC_OK;
}

stepc_code fuse_inline(fuse *f, bool *changed)
{
    inliner in = {.f = f};
    int32_t *readers = ARENA_ARRAY(&f->scratch, int32_t, (size_t)f->p->statement_count + 1);
    if (!readers || !deps_build(&in.g, f))
        return error_out_of_memory(f->error, "fusing");
    for (int32_t s = 0; s < in.g.count; s++) {
        if (in.g.statements[s].kind != STATEMENT_NEST || in.g.statements[s].nest->acc_count > 0)
            continue;
        for (int32_t w = 0; w < in.g.statements[s].nest->write_count;) {
            bool done = false;
            stepc_code code = consider(&in, s, w, readers, &done);
            if (code)
                return code;
            *changed = *changed || done;
            w += !done;
        }
    }
    int32_t kept = 0;
    for (int32_t s = 0; s < in.g.count; s++) {
        const loop_nest *nest = in.g.statements[s].nest;
        if (in.g.statements[s].kind == STATEMENT_CALL || nest->write_count > 0 || nest->check_count > 0)
            f->p->statements[kept++] = in.g.statements[s];
    }
    f->p->statement_count = kept;
    return STEPC_OK;
}
