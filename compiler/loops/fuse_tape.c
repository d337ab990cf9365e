/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of a long body in a line. Depth first from what is written keeps a chain's
 * values short-lived; an operation that ends the life of more values than it begins is taken at once (so a sum of
 * gradients keeps step with the chain that feeds it); a cheap value that is needed far away is computed there again. */
#include "compiler/loops/fuse.h"

#include <string.h>

enum { WINDOW = 64, CLOSURE = 8, AHEAD = 12 };

typedef struct line {
    fuse *f;
    const loop_nest *nest;
    int32_t *place;     /* per value: tape number, -1 not yet */
    int32_t *remaining; /* per value: users not yet placed */
    int32_t *user_start, *users;
    tape_op *ops;
    int32_t count;
    int32_t *queue; /* values to place now */
    int32_t queued;
    uint8_t *pending; /* per value: in the plan that is being tried */
} line;

static bool is_leaf(const loop_value *v)
{
    return op_is_leaf(v->op) && !(v->op == LOOP_READ && v->index.indirect >= 0);
}

static int32_t argument(const loop_value *v, int i)
{
    if (i < 3)
        return v->args[i];
    return v->op == LOOP_READ ? v->index.indirect : -1;
}

static bool is_first_mention(const loop_value *v, int i)
{
    for (int k = 0; k < i; k++) {
        if (argument(v, k) == argument(v, i))
            return false;
    }
    return true;
}

/* ---- users ------------------------------------------------------------------------------- */

static bool count_users(line *l)
{
    const loop_nest *nest = l->nest;
    size_t count = (size_t)nest->value_count;
    arena *a = &l->f->scratch;
    l->place = ARENA_ARRAY(a, int32_t, count);
    l->remaining = ARENA_ARRAY(a, int32_t, count);
    l->user_start = ARENA_ARRAY(a, int32_t, count + 2);
    l->users = ARENA_ARRAY(a, int32_t, count * 4);
    l->ops = ARENA_ARRAY(a, tape_op, count);
    l->queue = ARENA_ARRAY(a, int32_t, CLOSURE + AHEAD + 4);
    l->pending = ARENA_ARRAY(a, uint8_t, count);
    if (!l->place || !l->remaining || !l->user_start || !l->users || !l->ops || !l->queue || !l->pending)
        return false;
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t v = 0; v < nest->value_count; v++) {
            for (int i = 0; i < 4; i++) {
                int32_t x = argument(&nest->values[v], i);
                if (x < 0 || is_leaf(&nest->values[x]) || !is_first_mention(&nest->values[v], i))
                    continue;
                if (pass == 0)
                    l->user_start[x + 2]++;
                else
                    l->users[l->user_start[x + 1]++] = v;
                l->remaining[x] += pass == 0;
            }
        }
        for (int32_t v = 0; pass == 0 && v < nest->value_count; v++)
            l->user_start[v + 2] += l->user_start[v + 1];
    }
    for (int32_t v = 0; v < nest->value_count; v++)
        l->place[v] = -1;
    return true;
}

/* ---- taking at once what shortens lives -------------------------------------------------- */

typedef struct attempt {
    int32_t items[CLOSURE + AHEAD + 4];
    int32_t count;
    int32_t balance; /* lives begun less lives ended */
} attempt;

/* Adds V and what it lacks to the attempt, arguments first; false when that is too much. */
static bool attempt_add(line *l, attempt *t, int32_t v, int32_t depth)
{
    if (l->place[v] >= 0 || l->pending[v])
        return true;
    if (depth > 4 || t->count >= CLOSURE + AHEAD)
        return false;
    for (int i = 0; i < 4; i++) {
        int32_t x = argument(&l->nest->values[v], i);
        if (x >= 0 && !is_leaf(&l->nest->values[x]) && !attempt_add(l, t, x, depth + 1))
            return false;
    }
    t->items[t->count++] = v;
    l->pending[v] = 1;
    t->balance += l->remaining[v] > 0;
    for (int i = 0; i < 4; i++) {
        int32_t x = argument(&l->nest->values[v], i);
        if (x < 0 || is_leaf(&l->nest->values[x]) || !is_first_mention(&l->nest->values[v], i))
            continue;
        int32_t left = 0;
        for (int32_t u = l->user_start[x]; u < l->user_start[x + 1] && left < 1; u++)
            left += l->place[l->users[u]] < 0 && !l->pending[l->users[u]];
        t->balance -= left == 0;
    }
    return true;
}

/* The only user of V that is neither placed nor pending, or -1. */
static int32_t sole_user(const line *l, int32_t v)
{
    int32_t found = -1;
    for (int32_t u = l->user_start[v]; u < l->user_start[v + 1]; u++) {
        int32_t user = l->users[u];
        if (l->place[user] >= 0 || l->pending[user])
            continue;
        if (found >= 0)
            return -1;
        found = user;
    }
    return found;
}

/* Queues the only remaining user of V, and what leads from it, if lives are saved. */
static void try_user(line *l, int32_t v)
{
    attempt t = {.count = 0};
    int32_t next = l->remaining[v] == 1 ? sole_user(l, v) : -1;
    while (next >= 0 && t.balance >= 0 && t.count < AHEAD) {
        if (!attempt_add(l, &t, next, 0)) {
            t.balance = 1;
            break;
        }
        next = t.count > 0 ? sole_user(l, t.items[t.count - 1]) : -1;
    }
    for (int32_t i = 0; i < t.count; i++)
        l->pending[t.items[i]] = 0;
    for (int32_t i = 0; t.balance < 0 && i < t.count; i++)
        l->queue[l->queued++] = t.items[i];
}

static void place_one(line *l, int32_t v)
{
    const loop_value *value = &l->nest->values[v];
    tape_op *op = &l->ops[l->count];
    op->value = v;
    l->place[v] = l->count++;
    for (int i = 0; i < 4; i++) {
        int32_t x = argument(value, i);
        op->args[i] = x < 0 ? TAPE_NONE : is_leaf(&l->nest->values[x]) ? TAPE_LEAF(x) : l->place[x];
        if (x >= 0 && op->args[i] >= 0 && is_first_mention(value, i))
            l->remaining[x]--;
    }
}

/* Places V, whose arguments are placed, and whatever is best done at once: each batch may have
 * left values with one user only. */
static void place(line *l, int32_t v)
{
    int32_t batch[CLOSURE + AHEAD + 4], count = 1;
    batch[0] = v;
    while (count > 0) {
        for (int32_t at = 0; at < count; at++) {
            if (l->place[batch[at]] < 0)
                place_one(l, batch[at]);
        }
        l->queued = 0;
        for (int32_t at = 0; at < count && l->queued == 0; at++) {
            for (int i = 0; i < 4 && l->queued == 0; i++) {
                int32_t x = argument(&l->nest->values[batch[at]], i);
                if (x >= 0 && !is_leaf(&l->nest->values[x]))
                    try_user(l, x);
            }
        }
        for (int32_t at = 0; at < count && l->queued == 0; at++)
            try_user(l, batch[at]);
        count = l->queued;
        for (int32_t at = 0; at < count; at++)
            batch[at] = l->queue[at];
    }
}

static bool depth_first(line *l)
{
    const loop_nest *nest = l->nest;
    int32_t *stack = ARENA_ARRAY(&l->f->scratch, int32_t, (size_t)nest->value_count * 4 + 4);
    if (!stack)
        return false;
    for (int32_t w = 0; w < nest->write_count; w++) {
        int32_t depth = 0;
        stack[depth++] = nest->writes[w].value;
        while (depth > 0) {
            int32_t v = stack[depth - 1];
            bool waits = false;
            if (l->place[v] >= 0 || is_leaf(&nest->values[v])) {
                depth--;
                continue;
            }
            for (int i = 3; i >= 0; i--) {
                int32_t x = argument(&nest->values[v], i);
                if (x < 0 || l->place[x] >= 0 || is_leaf(&nest->values[x]))
                    continue;
                stack[depth++] = x; /* the first argument ends on top */
                waits = true;
            }
            if (!waits) {
                place(l, v);
                depth--;
            }
        }
    }
    return true;
}

/* ---- computing cheap values anew --------------------------------------------------------- */

static void set_last_uses(tape_op *ops, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        ops[i].last_use = i;
        for (int k = 0; k < 4; k++) {
            if (ops[i].args[k] >= 0)
                ops[ops[i].args[k]].last_use = i;
        }
    }
}

static bool tape_add(fuse *f, tape *t, const tape_op *op)
{
    tape_op *ops = arena_grow(&f->scratch, t->ops, &t->capacity, (size_t)t->count + 1, sizeof *ops);
    if (!ops)
        return false;
    t->ops = ops;
    ops[t->count++] = *op;
    return true;
}

/* Whether operation X may be computed again at operation AT: one cheap step from leaves and
 * from values that are alive there, or nearly. */
static bool is_cheap_at(const line *l, int32_t x, int32_t at)
{
    const tape_op *op = &l->ops[x];
    if (fuse_op_cost(l->nest->values[op->value].op) > 1 || op->args[3] != TAPE_NONE)
        return false;
    for (int i = 0; i < 3; i++) {
        if (op->args[i] >= 0 && l->ops[op->args[i]].last_use < at - WINDOW)
            return false;
    }
    return true;
}

/* Copies the line to OUT; LATEST[x] is where operation x was last computed. */
static bool compute_anew(line *l, tape *out)
{
    int32_t *latest = ARENA_ARRAY(&l->f->scratch, int32_t, (size_t)l->count);
    if (!latest)
        return false;
    set_last_uses(l->ops, l->count);
    for (int32_t i = 0; i < l->count; i++) {
        tape_op op = l->ops[i];
        for (int k = 0; k < 4; k++) {
            int32_t x = op.args[k];
            if (x < 0)
                continue;
            if (out->count - latest[x] > WINDOW && is_cheap_at(l, x, i)) {
                tape_op again = l->ops[x];
                again.is_copy = true;
                for (int j = 0; j < 3; j++) {
                    int32_t y = again.args[j];
                    if (y < 0)
                        continue;
                    again.args[j] = latest[y];
                    l->ops[y].last_use = l->ops[y].last_use > i ? l->ops[y].last_use : i;
                }
                latest[x] = out->count;
                if (!tape_add(l->f, out, &again))
                    return false;
            }
            op.args[k] = latest[x];
        }
        latest[i] = out->count;
        if (!tape_add(l->f, out, &op))
            return false;
    }
    set_last_uses(out->ops, out->count);
    return true;
}

bool tape_make(fuse *f, const loop_nest *nest, tape *out)
{
    line l = {.f = f, .nest = nest};
    *out = (tape){.nest = nest};
    return count_users(&l) && depth_first(&l) && compute_anew(&l, out);
}

bool tape_live(fuse *f, const tape *t, int32_t **out)
{
    int32_t *live = ARENA_ARRAY(&f->scratch, int32_t, (size_t)t->count + 2);
    if (!live)
        return false;
    for (int32_t i = 0; i < t->count; i++) {
        live[i + 1]++;
        live[t->ops[i].last_use + 1]--;
    }
    for (int32_t i = 1; i <= t->count; i++)
        live[i] += live[i - 1];
    *out = live;
    return true;
}
