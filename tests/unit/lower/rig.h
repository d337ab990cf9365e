/* SPDX-License-Identifier: Apache-2.0 */
/* One graph on three engines: the reference session, and the loop evaluator on the exact and on the default
 * lowering, each with its own variables. Every run compares them. */
#ifndef TESTS_UNIT_LOWER_RIG_H
#define TESTS_UNIT_LOWER_RIG_H

#include "../nodes.h"
#include "compiler/lower/lower.h"
#include "runtime/core/checked.h"
#include "stepc/session.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RIG_SLOTS     16
#define RIG_CALLABLES 8

typedef struct rig_callable {
    stepc_output feeds[RIG_SLOTS], fetches[RIG_SLOTS];
    const stepc_operation *targets[RIG_SLOTS];
    size_t feed_count, fetch_count, target_count;
    step *steps[2];
    loop_program *programs[2];
} rig_callable;

typedef struct rig {
    stepc_host host;
    stepc_graph *graph;
    stepc_session *session;
    arena memory;
    size_pool sizes[2];
    lower_shared shared[2]; /* 0: default, 1: exact */
    void *state[2][RIG_SLOTS * 4];
    size_t state_count[2];
    rig_callable callables[RIG_CALLABLES];
    int count;
    bool no_fold;
    stepc_tensor *feeds[RIG_SLOTS];
    size_t feed_count;
    stepc_tensor *got[RIG_SLOTS]; /* the session's answers of the last run */
    double tolerance;             /* of the default mode, relative to max(1, |x|) */
    stepc_error error;
} rig;

static inline void rig_begin(rig *r)
{
    memset(r, 0, sizeof *r);
    error_init(&r->error);
    stepc_host_init(&r->host);
    arena_init(&r->memory, &r->host);
    size_pool_init(&r->sizes[0], &r->memory);
    size_pool_init(&r->sizes[1], &r->memory);
    r->tolerance = 1e-5;
}

static inline void rig_open_session(rig *r)
{
    stepc_session_options options = {.size = sizeof options, .engine = STEPC_ENGINE_REFERENCE, .seed = 7};
    cr_assert_eq(stepc_session_open(r->graph, &options, &r->session, &r->error), STEPC_OK, "%s", r->error.message);
}

static inline void rig_open(rig *r, const char *source)
{
    rig_begin(r);
    if (!strstr(source, "versions {"))
        source = arena_format(&r->memory, "%sversions { producer: 134 }\n", source); /* scalars are scalars */
    cr_assert_eq(stepc_graph_parse("test.pbtxt", source, strlen(source), NULL, &r->graph, &r->error), STEPC_OK, "%s",
                 r->error.message);
    rig_open_session(r);
}

static inline void rig_load(rig *r, const char *path)
{
    rig_begin(r);
    cr_assert_eq(stepc_graph_load(path, NULL, &r->graph, &r->error), STEPC_OK, "%s", r->error.message);
    rig_open_session(r);
}

static inline void rig_forget(rig *r)
{
    for (size_t i = 0; i < RIG_SLOTS; i++) {
        stepc_tensor_release(r->feeds[i]);
        stepc_tensor_release(r->got[i]);
        r->feeds[i] = r->got[i] = NULL;
    }
    r->feed_count = 0;
}

static inline void rig_close(rig *r)
{
    rig_forget(r);
    for (int c = 0; c < r->count; c++)
        for (int m = 0; m < 2; m++)
            step_release(r->callables[c].steps[m]);
    for (int m = 0; m < 2; m++)
        for (size_t i = 0; i < r->state_count[m]; i++)
            free(r->state[m][i]);
    stepc_session_free(r->session);
    stepc_graph_release(r->graph);
    arena_release(&r->memory);
}

/* The next blank-separated word of *AT, or NULL. */
static inline const char *rig_word(rig *r, const char **at)
{
    while (**at == ' ')
        (*at)++;
    size_t size = strcspn(*at, " ");
    const char *word = size ? arena_text(&r->memory, *at, size) : NULL;
    *at += size;
    return word;
}

typedef struct rig_spec {
    stepc_feed_spec feeds[RIG_SLOTS];
    stepc_fetch_spec fetches[RIG_SLOTS];
    const char *targets[RIG_SLOTS];
    stepc_callable_spec spec;
} rig_spec;

/* FEEDS: "x:0[n,2] y:0"; FETCHES and TARGETS: names with blanks between. */
static inline void rig_spell(rig *r, rig_spec *s, const char *feeds, const char *fetches, const char *targets)
{
    memset(s, 0, sizeof *s);
    s->spec = (stepc_callable_spec){
        .size = sizeof s->spec, .name = "step", .feeds = s->feeds, .fetches = s->fetches, .targets = s->targets};
    for (const char *w; (w = rig_word(r, &feeds));) {
        const char *shape = strchr(w, '[');
        stepc_feed_spec *feed = &s->feeds[s->spec.feed_count++];
        feed->tensor = shape ? arena_text(&r->memory, w, (size_t)(shape - w)) : w;
        feed->shape = shape;
    }
    for (const char *w; (w = rig_word(r, &fetches));)
        s->fetches[s->spec.fetch_count++].tensor = w;
    for (const char *w; (w = rig_word(r, &targets));)
        s->targets[s->spec.target_count++] = w;
}

static inline stepc_code rig_lower(rig *r, rig_callable *c, int exact, const stepc_callable_spec *spec)
{
    signature *sig = ARENA_NEW(&r->memory, signature);
    size_pool *sizes = &r->sizes[exact];
    stepc_code code = signature_resolve(r->graph, &r->memory, spec, sig, &r->error);
    if (!code)
        code = step_build(&r->host, &r->memory, sizes, r->graph, sig, r->no_fold, &c->steps[exact], &r->error);
    for (size_t i = 0; !code && i < pass_count(); i++)
        code = pass_at(i)->run(c->steps[exact], &r->error);
    if (!code)
        code = lower_step(c->steps[exact], exact, &r->shared[exact], &c->programs[exact], &r->error);
    if (!code)
        code = loop_verify(c->programs[exact], &r->error);
    if (code)
        return code;
    c->feed_count = sig->feed_count;
    c->fetch_count = sig->fetch_count;
    c->target_count = sig->target_count;
    for (size_t i = 0; i < sig->feed_count; i++)
        c->feeds[i] = sig->feeds[i].at;
    for (size_t i = 0; i < sig->fetch_count; i++)
        c->fetches[i] = sig->fetches[i].at;
    for (size_t i = 0; i < sig->target_count; i++)
        c->targets[i] = sig->targets[i];
    return STEPC_OK;
}

/* Lowers a callable both ways; *INDEX is its number when that works. */
static inline stepc_code rig_try_add(rig *r, const char *feeds, const char *fetches, const char *targets, int *index)
{
    rig_spec s;
    rig_spell(r, &s, feeds, fetches, targets);
    rig_callable *c = &r->callables[r->count];
    memset(c, 0, sizeof *c);
    *index = r->count++; /* its steps are released at the end in any case */
    stepc_code code = rig_lower(r, c, 0, &s.spec);
    stepc_code other = rig_lower(r, c, 1, &s.spec);
    cr_assert_eq(code, other, "default %s, exact %s", stepc_code_name(code), stepc_code_name(other));
    return code;
}

static inline int rig_add(rig *r, const char *feeds, const char *fetches, const char *targets)
{
    int index = -1;
    stepc_code code = rig_try_add(r, feeds, fetches, targets, &index);
    cr_assert_eq(code, STEPC_OK, "%s: %s (%s)", stepc_code_name(code), r->error.message, r->error.node);
    return index;
}

static inline void rig_refuses(rig *r, const char *feeds, const char *fetches, const char *targets, stepc_code want,
                               const char *words)
{
    int index;
    stepc_code code = rig_try_add(r, feeds, fetches, targets, &index);
    cr_assert_eq(code, want, "%s: %s", stepc_code_name(code), r->error.message);
    cr_assert_not_null(strstr(r->error.message, words), "'%s' is not in '%s'", words, r->error.message);
}

/* Memory for the variables that the callables so far have named. */
static inline void rig_make_state(rig *r)
{
    for (int m = 0; m < 2; m++) {
        lower_shared *shared = &r->shared[m];
        cr_assert_leq(shared->count, sizeof r->state[m] / sizeof r->state[m][0]);
        for (; r->state_count[m] < shared->count; r->state_count[m]++) {
            const loop_slot *slot = &shared->state[r->state_count[m]];
            size_t bytes = stepc_dtype_bytes(slot->dtype);
            for (int32_t d = 0; d < slot->rank; d++) {
                int64_t size;
                cr_assert(size_is_const(&r->sizes[m], slot->dims[d], &size));
                bytes *= (size_t)size;
            }
            void *data = calloc(1, bytes ? bytes : 1);
            if (slot->initial) {
                cr_assert_eq(bytes, stepc_tensor_bytes(slot->initial));
                memcpy(data, stepc_tensor_data(slot->initial), bytes);
            }
            r->state[m][r->state_count[m]] = data;
        }
    }
}

/* ---- tensors ---------------------------------------------------------------------------------- */

static inline stepc_tensor *tensor_make(stepc_dtype dtype, int32_t rank, const int64_t *dims)
{
    stepc_tensor *t;
    cr_assert_eq(stepc_tensor_new(NULL, dtype, dims, rank, &t, NULL), STEPC_OK);
    return t;
}

#define DIMS(...) \
    (int32_t)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]) { __VA_ARGS__ }
#define SCALAR 0, NULL

/* As many doubles as the shape asks for. */
static inline stepc_tensor *floats(int32_t rank, const int64_t *dims, ...)
{
    stepc_tensor *t = tensor_make(STEPC_FLOAT32, rank, dims);
    va_list values;
    va_start(values, dims);
    for (int64_t i = 0; i < stepc_tensor_length(t); i++)
        ((float *)stepc_tensor_data(t))[i] = (float)va_arg(values, double);
    va_end(values);
    return t;
}

static inline stepc_tensor *ints(int32_t rank, const int64_t *dims, ...)
{
    stepc_tensor *t = tensor_make(STEPC_INT32, rank, dims);
    va_list values;
    va_start(values, dims);
    for (int64_t i = 0; i < stepc_tensor_length(t); i++)
        ((int32_t *)stepc_tensor_data(t))[i] = va_arg(values, int);
    va_end(values);
    return t;
}

/* Values between -1 and 1 without a pattern that sums would hide. */
static inline stepc_tensor *noise(int32_t rank, const int64_t *dims, uint32_t seed)
{
    stepc_tensor *t = tensor_make(STEPC_FLOAT32, rank, dims);
    for (int64_t i = 0; i < stepc_tensor_length(t); i++) {
        seed = seed * 1664525u + 1013904223u;
        ((float *)stepc_tensor_data(t))[i] = (float)(int32_t)seed / 2147483648.0f;
    }
    return t;
}

static inline void rig_feed(rig *r, stepc_tensor *value) /* in the callable's order */
{
    r->feeds[r->feed_count++] = value;
}

static inline bool same_number(stepc_dtype dtype, const void *a, const void *b, int64_t i, double tolerance)
{
    if (dtype_is_complex(dtype)) {
        dtype = dtype == STEPC_COMPLEX64 ? STEPC_FLOAT32 : STEPC_FLOAT64;
        return same_number(dtype, a, b, 2 * i, tolerance) && same_number(dtype, a, b, 2 * i + 1, tolerance);
    }
    size_t bytes = stepc_dtype_bytes(dtype);
    if (memcmp((const char *)a + (size_t)i * bytes, (const char *)b + (size_t)i * bytes, bytes) == 0)
        return true;
    if (!dtype_is_float(dtype))
        return false;
    double x = load_f64(dtype, a, i), y = load_f64(dtype, b, i);
    return (x != x && y != y) || fabs(x - y) <= tolerance * fmax(1, fabs(x));
}

static inline void same_tensor(const stepc_tensor *want, const stepc_tensor *have, double tolerance, const char *what)
{
    cr_assert_eq(stepc_tensor_dtype(want), stepc_tensor_dtype(have), "%s", what);
    cr_assert_eq(stepc_tensor_rank(want), stepc_tensor_rank(have), "%s", what);
    for (int32_t d = 0; d < stepc_tensor_rank(want); d++)
        cr_assert_eq(stepc_tensor_dims(want)[d], stepc_tensor_dims(have)[d], "%s", what);
    for (int64_t i = 0; i < stepc_tensor_length(want); i++)
        cr_assert(same_number(stepc_tensor_dtype(want), stepc_tensor_data(want), stepc_tensor_data(have), i, tolerance),
                  "%s differs at %lld", what, (long long)i);
}

/* ---- running ------------------------------------------------------------------------------------ */

static inline stepc_code rig_session(rig *r, const rig_callable *c)
{
    stepc_feed feeds[RIG_SLOTS];
    stepc_fetch fetches[RIG_SLOTS];
    memset(fetches, 0, sizeof fetches);
    for (size_t i = 0; i < c->feed_count; i++)
        feeds[i] = (stepc_feed){c->feeds[i], stepc_tensor_view(r->feeds[i])};
    for (size_t i = 0; i < c->fetch_count; i++)
        fetches[i].at = c->fetches[i];
    stepc_code code = stepc_session_run(r->session, feeds, c->feed_count, fetches, c->fetch_count, c->targets,
                                        c->target_count, NULL, &r->error);
    for (size_t i = 0; i < c->fetch_count; i++) {
        stepc_tensor_release(r->got[i]);
        r->got[i] = fetches[i].out;
    }
    return code;
}

static inline stepc_code rig_evaluate(rig *r, const rig_callable *c, int exact, stepc_tensor **out)
{
    int64_t symbols[RIG_SLOTS] = {0};
    stepc_view views[RIG_SLOTS];
    const loop_program *p = c->programs[exact];
    for (size_t i = 0; i < c->feed_count; i++) {
        views[i] = stepc_tensor_view(r->feeds[i]);
        for (int32_t d = 0; d < p->feeds[i].rank; d++) {
            int32_t symbol = size_symbol_index(&r->sizes[exact], p->feeds[i].dims[d]);
            if (symbol >= 0)
                symbols[symbol] = views[i].dims[d];
        }
    }
    loop_run run = {.feeds = views,
                    .fetches = out,
                    .state = r->state[exact],
                    .symbols = symbols,
                    .symbol_count = (int64_t)size_symbol_count(&r->sizes[exact])};
    return loop_evaluate(p, &run, &r->error);
}

/* Runs the callable everywhere: the exact evaluator must give the session's bits, the default one come near.
 * Feeds stay until rig_forget. */
static inline void rig_run(rig *r, int index)
{
    rig_callable *c = &r->callables[index];
    rig_make_state(r);
    cr_assert_eq(r->feed_count, c->feed_count);
    stepc_code code = rig_session(r, c);
    cr_assert_eq(code, STEPC_OK, "session: %s", r->error.message);
    for (int exact = 0; exact < 2; exact++) {
        stepc_tensor *out[RIG_SLOTS] = {0};
        code = rig_evaluate(r, c, exact, out);
        cr_assert_eq(code, STEPC_OK, "%s: %s", exact ? "exact" : "default", r->error.message);
        for (size_t i = 0; i < c->fetch_count; i++) {
            same_tensor(r->got[i], out[i], exact ? 0 : r->tolerance, c->programs[exact]->fetches[i].tensor);
            stepc_tensor_release(out[i]);
        }
    }
}

/* All three end with CODE; the message of each holds WORDS. */
static inline void rig_run_fails(rig *r, int index, stepc_code want, const char *words)
{
    rig_callable *c = &r->callables[index];
    rig_make_state(r);
    for (int engine = 0; engine < 3; engine++) { /* the session comes last: r->error is its */
        stepc_tensor *out[RIG_SLOTS] = {0};
        stepc_code code = engine == 2 ? rig_session(r, c) : rig_evaluate(r, c, engine, out);
        cr_assert_eq(code, want, "engine %d: %s: %s", engine, stepc_code_name(code), r->error.message);
        cr_assert_not_null(strstr(r->error.message, words), "engine %d: %s", engine, r->error.message);
        for (size_t i = 0; i < RIG_SLOTS; i++)
            cr_assert_null(out[i]);
    }
}

static inline float got_float(const rig *r, size_t fetch, int64_t i)
{
    cr_assert_eq(stepc_tensor_dtype(r->got[fetch]), STEPC_FLOAT32);
    return ((const float *)stepc_tensor_data(r->got[fetch]))[i];
}

#endif
