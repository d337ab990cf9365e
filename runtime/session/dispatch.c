/* SPDX-License-Identifier: Apache-2.0 */
/* Which compiled entries compute a plan, and which of them fits the fed values. */
#include "runtime/session/compiled.h"
#include "runtime/session/trace.h"

#include "runtime/core/checked.h"
#include "runtime/core/error.h"
#include "runtime/core/host.h"
#include "runtime/core/tensor.h"
#include "runtime/module/call.h"
#include "runtime/session/callable.h"

#include <string.h>

/* ---- what a plan does to the session's state ------------------------------------------------------ */

/* Operators that take a reference or a handle and leave the value as it is. */
static bool only_reads(const stepc_operation *op)
{
    static const char *const readers[] = {"Identity",       "IsVariableInitialized", "ReadVariableOp",  "RefIdentity",
                                          "ResourceGather", "ResourceGatherNd",      "VarIsInitializedOp", "VariableShape"};
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        if (text_equal(op->type, text_view(readers[i])))
            return true;
    return false;
}

static bool is_handle(int32_t dtype) { return dtype_is_ref((stepc_dtype)dtype) || dtype == STEPC_RESOURCE; }

/* Follows references and handles from the operations that make them to those that use them. ORIGIN: per value of the plan,
 * 1 + the number of its variable in STATES. */
static void mark_written(const plan *p, plan_state *states, int32_t *origin)
{
    for (int32_t n = 0; n < p->node_count; n++) {
        const plan_node *node = &p->nodes[n];
        int32_t from = node->op->input_count > 0 ? origin[node->inputs[0]] : 0;
        for (int32_t i = 0; i < node->op->output_count && !operation_makes_variable(node->op); i++)
            if (is_handle(node->op->output_dtypes[i]))
                origin[node->first_output + i] = from;
        for (int32_t i = 0; i < node->op->input_count && !only_reads(node->op); i++)
            if (is_handle(node->op->input_dtypes[i]) && origin[node->inputs[i]] > 0)
                states[origin[node->inputs[i]] - 1].is_written = true;
    }
}

static const char *text_or(dispatch *d, stepc_string source, stepc_string otherwise)
{
    stepc_string from = source.size > 0 ? source : otherwise;
    return arena_text(&d->memory, from.data, from.size);
}

static bool find_states(dispatch *d, const plan *p)
{
    int32_t count = 0;
    for (int32_t n = 0; n < p->node_count; n++)
        count += !p->nodes[n].stateless;
    d->states = ARENA_ARRAY(&d->memory, plan_state, (size_t)count);
    int32_t *origin = ARENA_ARRAY(&d->memory, int32_t, count > 0 ? (size_t)p->value_count : 0);
    if (d->states == NULL || origin == NULL)
        return false;
    for (int32_t n = 0; n < p->node_count; n++) {
        const plan_node *node = &p->nodes[n];
        bool is_variable = operation_makes_variable(node->op);
        if (node->stateless || (!is_variable && operation_attr(node->op, "seed") == NULL))
            continue;
        plan_state *state = &d->states[d->state_count++];
        *state = (plan_state){.op = node->op, .is_written = !is_variable};
        if (!is_variable)
            continue;
        origin[node->first_output] = d->state_count;
        state->container = text_or(d, operation_string(node->op, "container"), TEXT_LITERAL("localhost"));
        state->name = text_or(d, operation_string(node->op, "shared_name"), node->op->name);
        if (state->container == NULL || state->name == NULL)
            return false;
    }
    mark_written(p, d->states, origin);
    return true;
}

/* ---- matching an entry ----------------------------------------------------------------------------- */

static bool same_output(stepc_output a, stepc_output b) { return a.op == b.op && a.index == b.index; }

static bool match_feeds(const module_entry *e, const plan *p, candidate *c)
{
    const stepc_entry *entry = e->entry;
    if (entry->feed_count != p->request.feed_count)
        return false;
    for (uint32_t i = 0; i < entry->feed_count; i++) {
        uint32_t k = 0;
        while (k < entry->feed_count && !same_output(p->request.feeds[k], e->feeds[i]))
            k++;
        if (k == entry->feed_count)
            return false;
        c->feeds[i].from = k;
    }
    return true;
}

/* Equal as sets; a tensor that the entry gives twice must be asked for as often. */
static bool match_fetches(const module_entry *e, const plan *p, candidate *c, bool *taken)
{
    const stepc_entry *entry = e->entry;
    uint32_t count = (uint32_t)p->request.fetch_count;
    if (entry->fetch_count > count)
        return false;
    for (uint32_t i = 0; i < entry->fetch_count; i++) {
        uint32_t k = 0;
        while (k < count && (taken[k] || !same_output(p->request.fetches[k], e->fetches[i])))
            k++;
        if (k == count)
            return false;
        taken[k] = true;
        c->fetches[i].to = k;
    }
    for (uint32_t k = 0; k < count; k++) {
        uint32_t i = 0;
        while (!taken[k] && i < entry->fetch_count && !same_output(p->request.fetches[k], e->fetches[i]))
            i++;
        if (!taken[k] && i == entry->fetch_count)
            return false;
        if (!taken[k])
            c->copies[c->copy_count++] = (bound_copy){k, i};
    }
    return true;
}

static bool has_target(const stepc_operation *const *targets, size_t count, const stepc_operation *op)
{
    for (size_t i = 0; i < count; i++)
        if (targets[i] == op)
            return true;
    return false;
}

static bool match_targets(const module_entry *e, const plan *p)
{
    for (uint32_t i = 0; i < e->entry->target_count; i++)
        if (!has_target(p->request.targets, p->request.target_count, e->targets[i]))
            return false;
    for (size_t i = 0; i < p->request.target_count; i++)
        if (!has_target(e->targets, e->entry->target_count, p->request.targets[i]))
            return false;
    return true;
}

static bool has_output(const stepc_output *outputs, size_t count, stepc_output at)
{
    for (size_t i = 0; i < count; i++)
        if (same_output(outputs[i], at))
            return true;
    return false;
}

/* Most entries compute other steps: that is found out before anything is allocated. */
static bool may_match(const module_entry *e, const plan *p)
{
    const step_request *request = &p->request;
    bool may = e->entry->feed_count == request->feed_count && e->entry->fetch_count <= request->fetch_count;
    for (uint32_t i = 0; may && i < e->entry->feed_count; i++)
        may = has_output(request->feeds, request->feed_count, e->feeds[i]);
    for (uint32_t i = 0; may && i < e->entry->fetch_count; i++)
        may = has_output(request->fetches, request->fetch_count, e->fetches[i]);
    return may && match_targets(e, p);
}

/* ---- making a candidate ------------------------------------------------------------------------------ */

static uintptr_t misaligned_bits(int32_t dtype)
{
    size_t bytes = stepc_dtype_bytes((stepc_dtype)dtype);
    return (dtype_is_complex((stepc_dtype)dtype) ? bytes / 2 : bytes) - 1;
}

/* Constant dimensions and their bytes; false when some are open. */
static bool fixed_shape(dispatch *d, const stepc_slot *slot, const int64_t **out_dims, size_t *out_bytes, bool *out_failed)
{
    int64_t length, *dims = ARENA_ARRAY(&d->memory, int64_t, (size_t)slot->rank);
    *out_failed = *out_failed || dims == NULL;
    for (int32_t i = 0; i < slot->rank && dims != NULL; i++) {
        dims[i] = slot->dims[i].size;
        if (slot->dims[i].symbol >= 0 || dims[i] < 0)
            return false;
    }
    *out_dims = dims;
    return dims != NULL && shape_count(dims, slot->rank, &length) && (uint64_t)length <= SIZE_MAX &&
           checked_mul_size((size_t)length, stepc_dtype_bytes((stepc_dtype)slot->dtype), out_bytes);
}

static bool describe_slots(dispatch *d, candidate *c)
{
    const stepc_entry *entry = c->entry;
    bool failed = false;
    c->is_fixed = entry->symbol_count == 0 && entry->arena_for == NULL && entry->dims_for == NULL && entry->arena_bytes <= SIZE_MAX / 2;
    for (uint32_t i = 0; i < entry->feed_count; i++) {
        const stepc_slot *slot = &entry->feeds[i];
        bound_feed *feed = &c->feeds[i];
        *feed = (bound_feed){.dtype = slot->dtype, .rank = slot->rank, .misaligned = misaligned_bits(slot->dtype),
                             .offset = slot->offset, .from = feed->from};
        c->is_fixed = fixed_shape(d, slot, &feed->dims, &feed->bytes, &failed) && c->is_fixed;
    }
    for (uint32_t i = 0; i < entry->fetch_count; i++) {
        const stepc_slot *slot = &entry->fetches[i];
        bound_fetch *fetch = &c->fetches[i];
        *fetch = (bound_fetch){.dtype = slot->dtype, .rank = slot->rank, .misaligned = misaligned_bits(slot->dtype),
                               .offset = slot->offset, .to = fetch->to,
                               .dims_offset = slot->rank > 0 && entry->dims_for == NULL ? slot->dims_offset : -1};
        c->is_fixed = fixed_shape(d, slot, &fetch->dims, &fetch->bytes, &failed) && fetch->dims_offset < 0 && c->is_fixed;
    }
    return !failed;
}

static bool is_used(const state_slot *slot, const plan_state *state)
{
    if (slot->kind == SLOT_GENERATOR)
        return slot->op == state->op;
    return slot->kind == SLOT_VARIABLE && state->name != NULL && strcmp(slot->name, state->name) == 0 &&
           strcmp(slot->container, state->container) == 0;
}

/* The part of the module's state that the plan's operations touch. */
static bool describe_state(dispatch *d, candidate *c)
{
    uint32_t count = c->module->module->state_count;
    c->state = ARENA_ARRAY(&d->memory, bound_state, count);
    if (c->state == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        bound_state bound = {.slot = &c->module->slots[i]};
        bool used = false;
        for (int32_t k = 0; k < d->state_count; k++)
            if (is_used(bound.slot, &d->states[k])) {
                used = true;
                bound.is_written = bound.is_written || d->states[k].is_written;
            }
        if (used)
            c->state[c->state_count++] = bound;
        c->writes = c->writes || bound.is_written;
    }
    return true;
}

/* NULL with *OUT_FAILED unset when the entry computes another step. */
static candidate *make_candidate(dispatch *d, const plan *p, session_module *m, const module_entry *e, bool *out_failed)
{
    const stepc_entry *entry = e->entry;
    *out_failed = false;
    if (!may_match(e, p))
        return NULL;
    candidate *c = arena_aligned(&d->memory, sizeof *c, _Alignof(candidate));
    bool *taken = ARENA_ARRAY(&d->memory, bool, p->request.fetch_count);
    *out_failed = true;
    if (c == NULL || taken == NULL || (c->feeds = ARENA_ARRAY(&d->memory, bound_feed, entry->feed_count)) == NULL ||
        (c->fetches = ARENA_ARRAY(&d->memory, bound_fetch, entry->fetch_count)) == NULL ||
        (c->copies = ARENA_ARRAY(&d->memory, bound_copy, p->request.fetch_count)) == NULL)
        return NULL;
    *out_failed = false;
    if (!match_feeds(e, p, c) || !match_fetches(e, p, c, taken))
        return NULL;
    c->module = m;
    c->entry = entry;
    c->host = p->host;
    c->closed = &d->session->closed;
    c->feed_count = entry->feed_count;
    c->fetch_count = entry->fetch_count;
    c->arena_bytes = entry->arena_bytes;
    c->has_state = m->module->state_bytes > 0;
    c->work_bytes = module_work_bytes(entry);
    c->fetches_at = module_work_fetches(entry);
    *out_failed = !describe_slots(d, c) || !describe_state(d, c);
    return *out_failed ? NULL : c;
}

static bool add_candidates(dispatch *d, const plan *p, session_module *m)
{
    for (uint32_t i = 0; i < m->module->entry_count && p->request.connection_count == 0; i++) {
        bool failed;
        candidate *c = make_candidate(d, p, m, &m->entries[i], &failed);
        if (failed)
            return false;
        if (c == NULL)
            continue;
        if (d->last != NULL)
            atomic_store_explicit(&d->last->next, c, memory_order_release);
        else
            atomic_store_explicit(&d->first, c, memory_order_release);
        d->last = c;
    }
    return true;
}

/* ---- the candidates of a plan -------------------------------------------------------------------------- */

static dispatch *dispatch_new(stepc_session *s, const plan *p)
{
    dispatch *d = host_alloc(&p->host, sizeof *d);
    if (d == NULL)
        return NULL;
    d->session = s;
    arena_init(&d->memory, &p->host);
    arena_init(&d->jit_memory, &p->host);
    if (find_states(d, p) && pthread_mutex_init(&d->jit_mutex, NULL) == 0) {
        pthread_mutex_lock(&s->state_mutex);
        d->next = s->dispatches;
        if (d->next != NULL)
            d->next->previous = d;
        s->dispatches = d;
        pthread_mutex_unlock(&s->state_mutex);
        return d;
    }
    arena_release(&d->memory);
    host_free(&p->host, d, sizeof *d);
    return NULL;
}

/* Looks at modules that came since the last time. Under the session's mutex. */
static bool look_at_modules(stepc_session *s, const plan *p, dispatch *d)
{
    size_t number = 0, seen = atomic_load_explicit(&d->seen, memory_order_relaxed);
    for (session_module *m = s->modules; m != NULL; m = m->next, number++) {
        if (number < seen)
            continue;
        if (!add_candidates(d, p, m))
            return false;
        atomic_store_explicit(&d->seen, number + 1, memory_order_release);
    }
    return true;
}

dispatch *dispatch_of(stepc_session *s, plan *p)
{
    dispatch *d = atomic_load_explicit(&p->dispatch, memory_order_acquire);
    if (d != NULL && atomic_load_explicit(&d->seen, memory_order_acquire) ==
                         atomic_load_explicit(&s->module_count, memory_order_acquire))
        return d;
    pthread_mutex_lock(&s->mutex);
    d = atomic_load_explicit(&p->dispatch, memory_order_relaxed);
    if (d == NULL)
        d = dispatch_new(s, p);
    bool good = d != NULL && look_at_modules(s, p, d);
    if (d != NULL)
        atomic_store_explicit(&p->dispatch, d, memory_order_release);
    pthread_mutex_unlock(&s->mutex);
    return good ? d : NULL;
}

static void unlist(stepc_session *s, dispatch *d)
{
    pthread_mutex_lock(&s->state_mutex);
    if (d->previous != NULL)
        d->previous->next = d->next;
    else
        s->dispatches = d->next;
    if (d->next != NULL)
        d->next->previous = d->previous;
    pthread_mutex_unlock(&s->state_mutex);
}

void dispatch_plan_free(plan *p)
{
    dispatch *d = atomic_load(&p->dispatch);
    if (d == NULL)
        return;
    unlist(d->session, d);
    for (candidate *c = atomic_load(&d->first); c != NULL; c = atomic_load(&c->next)) {
        atomic_fetch_add(c->module->is_jit ? &d->session->counts.runs_jit : &d->session->counts.runs_compiled, candidate_runs(c));
        candidate_free_frames(c);
    }
    pthread_mutex_destroy(&d->jit_mutex);
    arena_release(&d->memory);
    arena_release(&d->jit_memory);
    host_free(&p->host, d, sizeof *d);
    atomic_store(&p->dispatch, NULL);
}

void dispatch_session_free(stepc_session *s)
{
    callable_table_free(s);
    while (s->modules != NULL) {
        session_module *next = s->modules->next;
        session_module_free(s, s->modules);
        s->modules = next;
    }
}

void dispatch_session_end(stepc_session *s)
{
    for (session_module *m = s->modules; m != NULL; m = m->next)
        if (m->is_jit)
            s->config.jit->release(s->config.jit->context, m->module);
}

bool dispatch_is_busy(stepc_session *s)
{
    bool busy = false;
    pthread_mutex_lock(&s->state_mutex);
    for (const dispatch *d = s->dispatches; d != NULL && !busy; d = d->next)
        for (const candidate *c = atomic_load(&d->first); c != NULL && !busy; c = atomic_load(&c->next))
            busy = candidate_is_busy(c);
    pthread_mutex_unlock(&s->state_mutex);
    return busy;
}

void dispatch_add_counts(stepc_session *s, stepc_session_statistics *out)
{
    pthread_mutex_lock(&s->state_mutex);
    for (const dispatch *d = s->dispatches; d != NULL; d = d->next)
        for (const candidate *c = atomic_load(&d->first); c != NULL; c = atomic_load(&c->next))
            *(c->module->is_jit ? &out->runs_jit : &out->runs_compiled) += candidate_runs(c);
    pthread_mutex_unlock(&s->state_mutex);
}

/* ---- running --------------------------------------------------------------------------------------------- */

bool dispatch_is_possible(const stepc_session *s, const run_settings *settings)
{
    if (settings->engine == STEPC_ENGINE_DEFAULT)
        return s->config.jit != NULL || atomic_load_explicit(&s->module_count, memory_order_acquire) > 0;
    return settings->engine == STEPC_ENGINE_COMPILED || settings->engine == STEPC_ENGINE_JIT;
}

static bool is_allowed(const candidate *c, stepc_engine engine)
{
    return engine == STEPC_ENGINE_DEFAULT || c->module->is_jit == (engine == STEPC_ENGINE_JIT);
}

/* The first candidate that takes FEEDS, bound. */
static candidate *find_fit(const dispatch *d, stepc_engine engine, fed_values feeds, bool is_entered, call_frame **out_frame,
                           stepc_code *out_code)
{
    *out_code = STEPC_OK;
    for (candidate *c = atomic_load_explicit(&d->first, memory_order_acquire); c != NULL;
         c = atomic_load_explicit(&c->next, memory_order_acquire)) {
        if (!is_allowed(c, engine))
            continue;
        *out_frame = candidate_bind(c, feeds, is_entered, out_code, NULL);
        if (*out_frame != NULL)
            return c;
        if (*out_code != STEPC_OK)
            break;
    }
    return NULL;
}

static stepc_code refuse(const dispatch *d, const run_settings *settings, fed_values feeds, stepc_error *error)
{
    candidate *c = atomic_load_explicit(&d->first, memory_order_acquire);
    struct stepc_error why;
    stepc_code code = STEPC_OK;
    while (c != NULL && !is_allowed(c, settings->engine))
        c = atomic_load_explicit(&c->next, memory_order_acquire);
    if (c == NULL)
        return error_set(error, STEPC_FAILED_PRECONDITION,
                         "No compiled entry has these feeds, fetches and targets; engine %s does not interpret",
                         settings->engine == STEPC_ENGINE_JIT ? "jit" : "compiled");
    error_init(&why);
    call_frame *f = candidate_bind(c, feeds, true, &code, &why);
    if (f != NULL)
        candidate_put(c, f);
    return error_set(error, STEPC_FAILED_PRECONDITION, "No compiled entry fits the fed values: %.600s",
                     stepc_error_message(&why));
}

/* Calls C, which takes frame F back, with its variables in place. *OUT_RAN false: they do not fit. */
static stepc_code run_candidate(stepc_session *s, const plan *p, candidate *c, call_frame *f, stepc_engine engine,
                                stepc_fetch *fetches, bool *out_ran, stepc_error *error)
{
    void *state = NULL;
    stepc_code code = STEPC_OK;
    *out_ran = true;
    if (c->has_state) {
        bool may_be_without = engine == STEPC_ENGINE_COMPILED || engine == STEPC_ENGINE_JIT;
        code = state_begin(s, c, may_be_without, out_ran, &state, error);
        if (code != STEPC_OK || !*out_ran) {
            candidate_put(c, f);
            return code;
        }
    }
    if (!candidate_count(f))
        atomic_fetch_add_explicit(c->module->is_jit ? &s->counts.runs_jit : &s->counts.runs_compiled, 1, memory_order_relaxed);
    code = candidate_call(c, f, p->request.fetches, fetches, state, error);
    if (c->has_state) {
        stepc_code shared = state_end(s, c, code == STEPC_OK ? error : NULL);
        if (code == STEPC_OK && shared != STEPC_OK) {
            code = shared;
            for (size_t i = 0; i < p->request.fetch_count; i++) {
                stepc_tensor_release(fetches[i].out);
                fetches[i].out = NULL;
            }
        }
    }
    candidate_put(c, f);
    return code;
}

static uint64_t fetched_bytes(const plan *p, const stepc_fetch *fetches)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < p->request.fetch_count; i++)
        bytes += fetches[i].out != NULL ? stepc_tensor_bytes(fetches[i].out) : fetches[i].into.bytes;
    return bytes;
}

stepc_code dispatch_run(stepc_session *s, plan *p, const stepc_feed *feeds, stepc_fetch *fetches,
                        const run_settings *settings, bool *out_ran, stepc_error *error)
{
    dispatch *d = dispatch_of(s, p);
    fed_values values = {feeds != NULL ? &feeds->value : NULL, sizeof *feeds};
    int64_t deadline_ns = 0;
    call_frame *f = NULL;
    stepc_code code;
    bool strict = settings->engine == STEPC_ENGINE_COMPILED || settings->engine == STEPC_ENGINE_JIT;

    *out_ran = false;
    if (d == NULL)
        return error_out_of_memory(error, "looking for a compiled step");
    deadline_ns = step_deadline(settings);
    candidate *c = find_fit(d, settings->engine, values, true, &f, &code);
    if (c == NULL && code == STEPC_OK && settings->engine != STEPC_ENGINE_COMPILED && s->config.jit != NULL) {
        code = jit_compile_plan(s, p, d, feeds, settings->engine, error);
        if (code != STEPC_OK)
            return code;
        c = find_fit(d, settings->engine, values, true, &f, &code);
    }
    if (code == STEPC_CANCELLED)
        return error_set(error, STEPC_CANCELLED, "Run call was cancelled");
    if (code != STEPC_OK)
        return error_out_of_memory(error, "calling a compiled step");
    if (c == NULL)
        return strict ? refuse(d, settings, values, error) : STEPC_OK;
    code = session_poll(s, settings, deadline_ns, error);
    if (code != STEPC_OK) {
        candidate_put(c, f);
        return code;
    }
    bool is_traced = settings->metadata != NULL && settings->trace_level != STEPC_NO_TRACE;
    bool is_jit = c->module->is_jit;
    int64_t begin_ns = is_traced ? clock_monotonic_ns() : 0;
    code = run_candidate(s, p, c, f, settings->engine, fetches, out_ran, error);
    if (code == STEPC_OK && !*out_ran && strict)
        code = stepc_error_code(error) != STEPC_OK ? stepc_error_code(error) : STEPC_FAILED_PRECONDITION;
    else if (code == STEPC_OK && !*out_ran)
        error_init(error); /* why it did not fit is nobody's business */
    if (code == STEPC_OK && *out_ran && is_traced)
        metadata_node(settings->metadata, c->entry->name, "CompiledStep", s->devices.devices[0].name,
                      is_jit ? "jit" : "compiled", begin_ns, clock_monotonic_ns(), fetched_bytes(p, fetches));
    return code;
}

/* ---- the short way of callables ----------------------------------------------------------------------------- */

static bool any_overlap(const plan *p, const stepc_view *feeds, const stepc_fetch *fetches)
{
    for (size_t i = 0; i < p->request.fetch_count; i++) {
        if (fetches[i].into.data == NULL)
            continue;
        for (size_t k = 0; k < p->request.feed_count; k++)
            if (view_overlaps(&fetches[i].into, &feeds[k]))
                return true;
        for (size_t k = 0; k < i; k++)
            if (fetches[k].into.data != NULL && view_overlaps(&fetches[i].into, &fetches[k].into))
                return true;
    }
    return false;
}

bool dispatch_call(stepc_session *s, plan *p, stepc_engine engine, const stepc_view *feeds, stepc_fetch *fetches,
                   stepc_code *out_code, stepc_error *error)
{
    dispatch *d = atomic_load_explicit(&p->dispatch, memory_order_acquire);
    call_frame *f;
    bool ran;
    if (d == NULL || atomic_load_explicit(&d->seen, memory_order_acquire) !=
                         atomic_load_explicit(&s->module_count, memory_order_acquire) || any_overlap(p, feeds, fetches))
        return false;
    candidate *c = find_fit(d, engine, (fed_values){feeds, sizeof *feeds}, false, &f, out_code);
    if (c == NULL)
        return false;
    *out_code = run_candidate(s, p, c, f, engine, fetches, &ran, error);
    if (!ran)
        error_init(error); /* the long way tells */
    return ran;
}
