/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling a plan on demand, for the dtypes and shapes of fed values. What was made or refused is remembered. */
#include "runtime/session/compiled.h"

#include "runtime/core/checked.h"
#include "runtime/core/error.h"

#include <string.h>

static bool same_shapes(const stepc_view *known, const stepc_feed *feeds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (known[i].dtype != feeds[i].value.dtype ||
            !shape_equal(known[i].dims, known[i].rank, feeds[i].value.dims, feeds[i].value.rank))
            return false;
    return true;
}

/* Dtypes and shapes of FEEDS without their elements, in MEMORY. */
static stepc_view *shapes_of(arena *memory, const stepc_feed *feeds, size_t count)
{
    stepc_view *values = ARENA_ARRAY(memory, stepc_view, count);
    for (size_t i = 0; i < count && values != NULL; i++) {
        int64_t *dims = ARENA_ARRAY(memory, int64_t, (size_t)feeds[i].value.rank);
        if (dims == NULL)
            return NULL;
        if (feeds[i].value.rank > 0)
            memcpy(dims, feeds[i].value.dims, (size_t)feeds[i].value.rank * sizeof *dims);
        values[i] = (stepc_view){.bytes = feeds[i].value.bytes, .dims = dims, .rank = feeds[i].value.rank,
                                 .dtype = feeds[i].value.dtype};
    }
    return values;
}

static const jit_refusal *find_refusal(const dispatch *d, const plan *p, const stepc_feed *feeds)
{
    const jit_refusal *r = d->refusals;
    while (r != NULL && !same_shapes(r->values, feeds, p->request.feed_count))
        r = r->next;
    return r;
}

/* Out of memory here only means that the JIT is asked again. */
static void remember_refusal(dispatch *d, stepc_view *values, const stepc_error *error)
{
    const char *words = stepc_error_message(error);
    jit_refusal *r = ARENA_NEW(&d->jit_memory, jit_refusal);
    char *copy = arena_text(&d->jit_memory, words, strlen(words));
    if (r == NULL || copy == NULL)
        return;
    *r = (jit_refusal){.code = stepc_error_code(error), .text = copy, .values = values, .next = d->refusals};
    d->refusals = r;
}

static bool has_fit(const dispatch *d, const stepc_feed *feeds)
{
    bool fits = false;
    for (candidate *c = atomic_load_explicit(&d->first, memory_order_acquire); c != NULL && !fits;
         c = atomic_load_explicit(&c->next, memory_order_acquire)) {
        stepc_code code;
        call_frame *f = c->module->is_jit
                            ? candidate_bind(c, (fed_values){feeds != NULL ? &feeds->value : NULL, sizeof *feeds}, true, &code, NULL)
                            : NULL;
        fits = f != NULL;
        if (fits)
            candidate_put(c, f);
    }
    return fits;
}

static stepc_code compile(stepc_session *s, plan *p, const stepc_view *values, stepc_error *error)
{
    const stepc_jit *jit = s->config.jit;
    const stepc_module *module = NULL;
    const void *weights = NULL;
    stepc_jit_request request = {.size = sizeof request,
                                 .feeds = p->request.feeds,
                                 .values = values,
                                 .feed_count = p->request.feed_count,
                                 .fetches = p->request.fetches,
                                 .fetch_count = p->request.fetch_count,
                                 .targets = p->request.targets,
                                 .target_count = p->request.target_count};
    stepc_code code = jit->compile(jit->context, s->graph, &request, &module, &weights, error);
    if (code == STEPC_OK && module == NULL)
        code = error_set(error, STEPC_INTERNAL, "The session's JIT gave no module.");
    if (code != STEPC_OK)
        return code;
    code = session_module_add(s, module, weights, true, error);
    if (code != STEPC_OK)
        jit->release(jit->context, module);
    return code == STEPC_ALREADY_EXISTS ? STEPC_OK : code; /* another plan of the same step was faster */
}

/* Under the plan's jit_mutex. */
static stepc_code try_compile(stepc_session *s, plan *p, dispatch *d, const stepc_feed *feeds, stepc_error *error)
{
    const jit_refusal *refusal = find_refusal(d, p, feeds);
    if (refusal != NULL)
        return error_set(error, refusal->code, "%s", refusal->text);
    if (p->request.connection_count > 0)
        return error_set(error, STEPC_UNIMPLEMENTED, "Steps with tensor connections are not compiled");
    if (d->jit_tries >= JIT_VARIANTS || atomic_load(&s->counts.jit_compilations) >= JIT_MODULES)
        return error_set(error, STEPC_RESOURCE_EXHAUSTED, "The step was compiled for %d shapes already, which is the most",
                         (int)d->jit_tries);
    stepc_view *values = shapes_of(&d->jit_memory, feeds, p->request.feed_count);
    if (values == NULL)
        return error_out_of_memory(error, "compiling a step");
    d->jit_tries++;
    stepc_code code = compile(s, p, values, error);
    atomic_fetch_add(code == STEPC_OK ? &s->counts.jit_compilations : &s->counts.jit_refusals, 1);
    if (code != STEPC_OK)
        remember_refusal(d, values, error);
    else if (dispatch_of(s, p) == NULL)
        code = error_out_of_memory(error, "compiling a step");
    return code;
}

/* What initialises variables runs once, and what misses them fails with the interpreter's words. */
static bool is_worth_trying(stepc_session *s, const plan *p, const dispatch *d, const stepc_feed *feeds)
{
    return d->jit_tries < JIT_VARIANTS && p->request.connection_count == 0 && find_refusal(d, p, feeds) == NULL &&
           state_is_initialised(s, d);
}

stepc_code jit_compile_plan(stepc_session *s, plan *p, dispatch *d, const stepc_feed *feeds, stepc_engine engine,
                            stepc_error *error)
{
    bool is_strict = engine == STEPC_ENGINE_JIT;
    struct stepc_error unread;
    stepc_code code = STEPC_OK;
    if (is_strict)
        pthread_mutex_lock(&d->jit_mutex);
    else if (pthread_mutex_trylock(&d->jit_mutex) != 0)
        return STEPC_OK;
    else
        error = error_or(NULL, &unread);
    if ((is_strict || is_worth_trying(s, p, d, feeds)) && !has_fit(d, feeds)) /* another thread may have been here */
        code = try_compile(s, p, d, feeds, error);
    pthread_mutex_unlock(&d->jit_mutex);
    return is_strict ? code : STEPC_OK;
}
