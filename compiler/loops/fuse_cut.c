/* SPDX-License-Identifier: Apache-2.0 */
/* Where to cut a tape: at its period where it repeats, elsewhere where few values are alive. */
#include "compiler/loops/fuse.h"

#include <string.h>

enum { LEAST_REPEATS = 3, LEAST_COVERED = 15, MOST_WORK = 200000000 };

typedef struct cutter {
    fuse *f;
    const tape *t;
    uint64_t *token;
    int32_t *live;
    uint8_t *is_cut;
    int32_t periodic;
    int64_t work; /* comparisons left: hostile bodies could ask for very many */
} cutter;

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 31);
}

/* What an operation is, whatever it works on. */
static uint64_t token_of(const tape *t, const tape_op *op)
{
    const loop_value *v = &t->nest->values[op->value];
    uint64_t hash = mix((uint64_t)v->op << 8 | (uint64_t)v->dtype, (uint64_t)v->target);
    for (int i = 0; i < 4; i++) {
        uint64_t kind = op->args[i] >= 0 ? 1 : 0;
        if (TAPE_IS_LEAF(op->args[i]))
            kind = 2 + (uint64_t)t->nest->values[TAPE_LEAF(op->args[i])].op;
        hash = mix(hash, kind);
    }
    return hash;
}

typedef struct stretch {
    int32_t first, length, period;
} stretch;

/* The longest repetition within [from, to). */
static stretch longest(cutter *c, int32_t from, int32_t to)
{
    stretch best = {0};
    for (int32_t period = 1; period <= FUSE_LONG_BODY && period * LEAST_REPEATS <= to - from; period++) {
        int32_t run = 0;
        for (int32_t i = to - period - 1; i >= from; i--) {
            run = c->token[i] == c->token[i + period] ? run + 1 : 0;
            int32_t covered = run + period;
            /* A multiple of the period covers as much, give or take a period: the least one wins. */
            if (run < period * (LEAST_REPEATS - 1) || covered < LEAST_COVERED || covered < best.length)
                continue;
            if (best.length > 0 && period != best.period && covered <= best.length + period)
                continue;
            best = (stretch){.first = i, .length = covered, .period = period};
        }
    }
    return best;
}

/* Cuts a repetition and returns the part it covers with whole chunks. */
static stretch cut_stretch(cutter *c, stretch s)
{
    int32_t length = s.period, best = 0;
    int64_t best_live = INT64_MAX;
    while (length < FUSE_CHUNK_LEAST && length + s.period <= FUSE_LONG_BODY)
        length += s.period;
    for (int32_t phase = 0; phase < length; phase++) {
        int32_t chunks = (s.length - phase) / length;
        int64_t live = 0;
        /* Every place of one phase has its like in the next chunk, so the same number is summed for all. */
        for (int32_t k = 1; k <= s.length / length - 1; k++)
            live += c->live[s.first + phase + k * length];
        if (live < best_live && chunks > 0) {
            best = phase;
            best_live = live;
        }
    }
    int32_t chunks = (s.length - best) / length;
    for (int32_t k = 0; k <= chunks; k++)
        c->is_cut[s.first + best + k * length] = 1;
    c->periodic += chunks;
    return (stretch){.first = s.first + best, .length = chunks * length};
}

/* Cuts [from, to), which does not repeat, where the fewest values cross. */
static bool cut_rest(cutter *c, int32_t from, int32_t to)
{
    int32_t count = to - from;
    int64_t *cost = ARENA_ARRAY(&c->f->scratch, int64_t, (size_t)count + 1);
    int32_t *previous = ARENA_ARRAY(&c->f->scratch, int32_t, (size_t)count + 1);
    if (!cost || !previous)
        return false;
    for (int32_t i = 1; i <= count; i++) {
        cost[i] = INT64_MAX;
        for (int32_t j = i > FUSE_LONG_BODY ? i - FUSE_LONG_BODY : 0; j < i; j++) {
            int64_t sum = cost[j] + c->live[from + i] + 4;
            if (sum < cost[i]) {
                cost[i] = sum;
                previous[i] = j;
            }
        }
    }
    for (int32_t i = count; i > 0; i = previous[i])
        c->is_cut[from + previous[i]] = 1;
    return true;
}

/* Ranges that are still to be cut; each is split by its longest repetition. */
static bool cut_all(cutter *c)
{
    int32_t *stack = ARENA_ARRAY(&c->f->scratch, int32_t, (size_t)c->t->count * 4 + 4);
    int32_t depth = 0;
    if (!stack)
        return false;
    stack[depth++] = 0;
    stack[depth++] = c->t->count;
    while (depth > 0) {
        int32_t to = stack[--depth], from = stack[--depth];
        stretch s = {0};
        if (to <= from)
            continue;
        c->work -= (int64_t)(to - from) * FUSE_LONG_BODY;
        if (c->work >= 0)
            s = longest(c, from, to);
        if (s.length == 0) {
            if (!cut_rest(c, from, to))
                return false;
            continue;
        }
        s = cut_stretch(c, s);
        stack[depth++] = from;
        stack[depth++] = s.first;
        stack[depth++] = s.first + s.length;
        stack[depth++] = to;
    }
    return true;
}

bool tape_cut(fuse *f, const tape *t, int32_t **cuts, int32_t *cut_count, int32_t *periodic)
{
    cutter c = {.f = f, .t = t, .work = MOST_WORK};
    c.token = ARENA_ARRAY(&f->scratch, uint64_t, (size_t)t->count);
    c.is_cut = ARENA_ARRAY(&f->scratch, uint8_t, (size_t)t->count + 1);
    *cuts = ARENA_ARRAY(&f->scratch, int32_t, (size_t)t->count + 1);
    if (!c.token || !c.is_cut || !*cuts || !tape_live(f, t, &c.live))
        return false;
    for (int32_t i = 0; i < t->count; i++)
        c.token[i] = token_of(t, &t->ops[i]);
    c.is_cut[0] = 1;
    if (!cut_all(&c))
        return false;
    *cut_count = 0;
    for (int32_t i = 0; i < t->count; i++) {
        if (c.is_cut[i])
            (*cuts)[(*cut_count)++] = i;
    }
    (*cuts)[*cut_count] = t->count;
    *periodic = c.periodic;
    return true;
}
