/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: opening and closing, plans, runs. */
#include "runtime/session/dispatch.h"
#include "runtime/session/registry.h"
#include "runtime/session/request.h"
#include "runtime/session/trace.h"

#include "runtime/core/error.h"
#include "runtime/core/host.h"

#include <string.h>
#include <time.h>

/* For random operations without seeds; needs to differ from session to session, no more. */
static uint64_t draw_seed(const void *session)
{
    struct timespec now = {0, 0};
    (void)timespec_get(&now, TIME_UTC);
    uint64_t x = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec + (uint64_t)(uintptr_t)session;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    return x != 0 ? x : 1;
}

/* ---- open ---------------------------------------------------------------------------------- */

static bool init_locks(stepc_session *s)
{
    if (pthread_mutex_init(&s->mutex, NULL) != 0)
        return false;
    if (pthread_mutex_init(&s->state_mutex, NULL) == 0) {
        if (workers_init(&s->workers, s->config.intra_op_threads))
            return true;
        pthread_mutex_destroy(&s->state_mutex);
    }
    pthread_mutex_destroy(&s->mutex);
    return false;
}

static stepc_code session_new(const stepc_host *host, const session_config *config, stepc_session **out,
                              stepc_error *error)
{
    stepc_session *s = host_alloc(host, sizeof *s);
    if (s == NULL)
        return error_out_of_memory(error, "opening a session");
    s->host = *host;
    s->config = *config;
    s->seed = config->seed != 0 ? config->seed : draw_seed(s);
    atomic_init(&s->closed, false);
    atomic_init(&s->has_operations, false);
    atomic_init(&s->static_operations, 0);
    atomic_init(&s->holders, 1);
    atomic_init(&s->running, 0);
    atomic_init(&s->is_interactive, false);
    arena_init(&s->memory, host);
    arena_init(&s->state_memory, host);
    if (!init_locks(s)) {
        host_free(host, s, sizeof *s);
        return error_set(error, STEPC_RESOURCE_EXHAUSTED, "The system has no mutex left.");
    }
    *out = s;
    return STEPC_OK;
}

stepc_code stepc_session_open(stepc_graph *graph, const stepc_session_options *options, stepc_session **out,
                              stepc_error *error)
{
    session_config config;
    stepc_error unread;

    error = error_or(error, &unread);
    if (out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no place for the session.");
    *out = NULL;
    if (graph == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no graph to open a session on.");
    stepc_code code = host_check_callback(error);
    if (code != STEPC_OK)
        return code;
    code = session_config_resolve(&graph->host, options, &config, error);
    if (code != STEPC_OK)
        return code;
    bool has_host = options != NULL && options->size >= offsetof(stepc_session_options, host) + sizeof options->host &&
                    options->host != NULL;
    stepc_host host = host_resolve(has_host ? options->host : &graph->host);
    stepc_session *s = NULL;
    code = session_new(&host, &config, &s, error);
    if (code != STEPC_OK)
        return code;
    s->graph = stepc_graph_retain(graph);
    code = device_list_make(&s->config, &s->memory, &s->devices, error);
    if (code == STEPC_OK)
        code = variable_store_new(&s->host, &s->variables, error);
    if (code == STEPC_OK)
        code = registry_add(s, error);
    if (code != STEPC_OK)
        session_release(s);
    else
        *out = s;
    return code;
}

/* ---- close, free ---------------------------------------------------------------------------- */

stepc_code stepc_session_close(stepc_session *session, stepc_error *error)
{
    stepc_error_clear(error);
    if (session == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no session to close.");
    atomic_store(&session->closed, true);
    interactive_session_closed(session);
    return STEPC_OK;
}

void stepc_session_free(stepc_session *session)
{
    if (session == NULL)
        return;
    atomic_store(&session->closed, true);
    registry_remove(session);
    interactive_session_closed(session);
    /* Steps end soon now. They are looked at rather than waited for, so that leaving costs every run one decrement. */
    const struct timespec pause = {0, 50000};
    while (atomic_load(&session->running) > 0 || dispatch_is_busy(session))
        (void)nanosleep(&pause, NULL);
    dispatch_session_end(session);
    session_release(session);
}

void session_retain(stepc_session *s)
{
    atomic_fetch_add_explicit(&s->holders, 1, memory_order_relaxed);
}

void session_release(stepc_session *s)
{
    if (atomic_fetch_sub_explicit(&s->holders, 1, memory_order_acq_rel) != 1)
        return;
    while (s->plans != NULL) {
        plan *next = s->plans->next;
        run_plan_release(s->plans);
        s->plans = next;
    }
    dispatch_session_free(s);
    workers_end(&s->workers);
    for (int32_t i = 0; i < s->constant_capacity; i++)
        stepc_tensor_release(s->constants[i]);
    variable_store_free(s->variables);
    arena_release(&s->memory);
    arena_release(&s->state_memory);
    pthread_mutex_destroy(&s->mutex);
    pthread_mutex_destroy(&s->state_mutex);
    stepc_graph_release(s->graph);
    stepc_host host = s->host;
    host_free(&host, s, sizeof *s);
}

/* A session that was promised a graph that stays as it is refuses one that has grown since its first run. */
static stepc_code check_static(stepc_session *s, stepc_error *error)
{
    int_fast64_t count = stepc_graph_operation_count(s->graph), first = 0;
    if (atomic_compare_exchange_strong(&s->static_operations, &first, count) || first == count)
        return STEPC_OK;
    return error_set(error, STEPC_FAILED_PRECONDITION,
                     "Extending the graph is not supported when `optimize_for_static_graph` is true.");
}

stepc_code session_enter(stepc_session *s, const char *what, stepc_error *error)
{
    stepc_code code = host_check_callback(error);
    if (code != STEPC_OK)
        return code;
    atomic_fetch_add(&s->running, 1);
    if (atomic_load(&s->closed))
        code = error_set(error, STEPC_CANCELLED, "Session has been closed.");
    else if (!atomic_load_explicit(&s->has_operations, memory_order_relaxed) &&
             stepc_graph_operation_count(s->graph) == 0)
        code = error_set(error, STEPC_INVALID_ARGUMENT, "Session was not created with a graph before %s()!", what);
    else if (s->config.optimize_for_static_graph)
        code = check_static(s, error);
    if (code != STEPC_OK)
        session_leave(s);
    else
        atomic_store_explicit(&s->has_operations, true, memory_order_relaxed);
    return code;
}

/* The last thing that a run does: nothing of S may be touched after it. */
void session_leave(stepc_session *s)
{
    atomic_fetch_sub_explicit(&s->running, 1, memory_order_release);
}

/* ---- looks ---------------------------------------------------------------------------------- */

stepc_graph *stepc_session_graph(const stepc_session *session) { return session != NULL ? session->graph : NULL; }

const char *stepc_session_target(const stepc_session *session)
{
    (void)session; /* no other is opened */
    return "";
}

size_t stepc_session_device_count(const stepc_session *session) { return session != NULL ? session->devices.count : 0; }

const stepc_device *stepc_session_device_at(const stepc_session *session, size_t index)
{
    return session != NULL && index < session->devices.count ? &session->devices.devices[index] : NULL;
}

stepc_code stepc_session_statistics_get(stepc_session *session, stepc_session_statistics *out, stepc_error *error)
{
    stepc_error unread;
    error = error_or(error, &unread);
    if (session == NULL || out == NULL || out->size < sizeof out->size)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no session, or no place for its statistics.");
    if (host_check_callback(error) != STEPC_OK)
        return STEPC_FAILED_PRECONDITION;
    stepc_session_statistics all = {.size = out->size};
    all.runs_reference = atomic_load(&session->counts.runs_reference);
    all.runs_interpreted = atomic_load(&session->counts.runs_interpreted);
    all.runs_compiled = atomic_load(&session->counts.runs_compiled);
    all.runs_jit = atomic_load(&session->counts.runs_jit);
    dispatch_add_counts(session, &all);
    all.plans_made = atomic_load(&session->counts.plans_made);
    all.jit_compilations = atomic_load(&session->counts.jit_compilations);
    all.jit_refusals = atomic_load(&session->counts.jit_refusals);
    pthread_mutex_lock(&session->mutex);
    all.modules = session->module_count;
    pthread_mutex_unlock(&session->mutex);
    memcpy(out, &all, out->size < sizeof all ? out->size : sizeof all);
    return STEPC_OK;
}

/* ---- tables by operation ---------------------------------------------------------------------- */

/* Arrays that grow with the graph; what they leave behind stays in the arena. */
static void *grown(arena *memory, void *array, int32_t *capacity, int32_t index)
{
    int64_t wanted = 16;
    while (wanted <= index)
        wanted *= 2;
    if (wanted > INT32_MAX)
        return NULL;
    void **larger = ARENA_ARRAY(memory, void *, (size_t)wanted);
    if (larger == NULL)
        return NULL;
    if (*capacity > 0)
        memcpy(larger, array, (size_t)*capacity * sizeof *larger);
    *capacity = (int32_t)wanted;
    return larger;
}

bool session_state_room(stepc_session *s, int32_t index)
{
    if (index < s->state_capacity)
        return true;
    void *larger = grown(&s->state_memory, s->states, &s->state_capacity, index);
    if (larger != NULL)
        s->states = larger;
    return larger != NULL;
}

stepc_tensor *session_constant(stepc_session *s, const stepc_operation *op)
{
    pthread_mutex_lock(&s->mutex);
    stepc_tensor *value = op->index < s->constant_capacity ? s->constants[op->index] : NULL;
    if (value != NULL)
        stepc_tensor_retain(value);
    pthread_mutex_unlock(&s->mutex);
    return value;
}

void session_keep_constant(stepc_session *s, const stepc_operation *op, stepc_tensor *value)
{
    pthread_mutex_lock(&s->mutex);
    if (op->index >= s->constant_capacity) {
        void *larger = grown(&s->memory, s->constants, &s->constant_capacity, op->index);
        if (larger != NULL)
            s->constants = larger;
    }
    if (op->index < s->constant_capacity && s->constants[op->index] == NULL)
        s->constants[op->index] = stepc_tensor_retain(value);
    pthread_mutex_unlock(&s->mutex);
}

/* ---- placement ---------------------------------------------------------------------------------- */

static void report_placement(const stepc_session *s, const stepc_operation *op, int32_t device)
{
    if (s->config.log_device_placement)
        host_report(&s->host, "placement", op->name.data, s->devices.devices[device].name);
}

/* Operations of the whole graph that are new since the last look; with place_pruned_graph only steps are placed. */
static stepc_code place_graph(stepc_session *s, stepc_error *error)
{
    int64_t count = stepc_graph_operation_count(s->graph);
    stepc_code code = STEPC_OK;
    pthread_mutex_lock(&s->mutex);
    while (s->placed_operations < count && code == STEPC_OK) {
        const stepc_operation *op = stepc_graph_operation_at(s->graph, s->placed_operations);
        int32_t device = 0;
        code = device_place(&s->devices, &s->config, op, &device, error);
        if (code == STEPC_OK) {
            report_placement(s, op, device);
            s->placed_operations++;
        }
    }
    pthread_mutex_unlock(&s->mutex);
    return code;
}

static stepc_code place_plan(stepc_session *s, plan *p, stepc_error *error)
{
    for (int32_t i = 0; i < p->node_count; i++) {
        stepc_code code = device_place(&s->devices, &s->config, p->nodes[i].op, &p->nodes[i].device, error);
        if (code != STEPC_OK)
            return code;
        if (s->config.place_pruned_graph)
            report_placement(s, p->nodes[i].op, p->nodes[i].device);
    }
    return STEPC_OK;
}

/* ---- plans --------------------------------------------------------------------------------- */

/* Finds a plan made before and puts it first. */
static plan *cached_plan(stepc_session *s, const step_request *request)
{
    for (plan **at = &s->plans; *at != NULL; at = &(*at)->next) {
        plan *p = *at;
        if (!plan_matches(p, request))
            continue;
        *at = p->next;
        p->next = s->plans;
        s->plans = p;
        return run_plan_retain(p);
    }
    return NULL;
}

static void drop_oldest_plan(stepc_session *s)
{
    plan **at = &s->plans;
    while ((*at)->next != NULL)
        at = &(*at)->next;
    run_plan_release(*at);
    *at = NULL;
    s->plan_count--;
}

/* Two threads may make the same plan at once: the first one kept stays. */
static plan *keep_plan(stepc_session *s, plan *p)
{
    pthread_mutex_lock(&s->mutex);
    plan *other = cached_plan(s, &p->request);
    if (other == NULL) {
        if (s->plan_count == SESSION_PLANS)
            drop_oldest_plan(s);
        p->next = s->plans;
        s->plans = run_plan_retain(p);
        s->plan_count++;
    }
    pthread_mutex_unlock(&s->mutex);
    if (other == NULL)
        return p;
    run_plan_release(p);
    return other;
}

stepc_code session_plan_find(stepc_session *s, const step_request *request, bool remember, plan **out, stepc_error *error)
{
    *out = NULL;
    if (remember) {
        pthread_mutex_lock(&s->mutex);
        *out = cached_plan(s, request);
        pthread_mutex_unlock(&s->mutex);
        if (*out != NULL)
            return STEPC_OK;
    }
    plan *p;
    stepc_code code = s->config.place_pruned_graph ? STEPC_OK : place_graph(s, error);
    if (code == STEPC_OK)
        code = session_plan_make(s->graph, &s->host, request, &p, error);
    if (code != STEPC_OK)
        return code;
    code = place_plan(s, p, error);
    if (code != STEPC_OK) {
        run_plan_release(p);
        return code;
    }
    atomic_fetch_add_explicit(&s->counts.plans_made, 1, memory_order_relaxed);
    if (remember) {
        step_fold(s, p);
        p = keep_plan(s, p);
    }
    *out = p;
    return STEPC_OK;
}

/* ---- run ----------------------------------------------------------------------------------- */

run_settings session_settings(const stepc_session *s)
{
    return (run_settings){.engine = s->config.engine, .timeout_ms = s->config.operation_timeout_ms};
}

int64_t step_deadline(const run_settings *settings)
{
    bool has_end = settings->timeout_ms > 0 && settings->timeout_ms < INT64_MAX / 1000000 / 2;
    return has_end ? clock_monotonic_ns() + settings->timeout_ms * 1000000 : 0;
}

static stepc_code trace_begin(stepc_session *s, const plan *p, const run_settings *settings, stepc_error *error)
{
    stepc_code code = metadata_begin(settings->metadata, error);
    for (int32_t i = 0; i < p->node_count && settings->trace_level != STEPC_NO_TRACE; i++)
        metadata_device(settings->metadata, s->devices.devices[p->nodes[i].device].name);
    if (code != STEPC_OK || !settings->output_partition_graphs)
        return code;
    arena scratch;
    arena_init(&scratch, &s->host);
    const stepc_operation **operations = ARENA_ARRAY(&scratch, const stepc_operation *, (size_t)p->node_count);
    int32_t *placed = ARENA_ARRAY(&scratch, int32_t, (size_t)p->node_count);
    if (operations == NULL || placed == NULL)
        code = error_out_of_memory(error, "writing partition graphs");
    for (int32_t i = 0; code == STEPC_OK && i < p->node_count; i++) {
        operations[i] = p->nodes[i].op;
        placed[i] = p->nodes[i].device;
    }
    if (code == STEPC_OK)
        code = metadata_partition_graphs(settings->metadata, operations, (size_t)p->node_count, &s->devices, placed, error);
    arena_release(&scratch);
    return code;
}

static stepc_code interpret(stepc_session *s, plan *p, const stepc_feed *feeds, stepc_fetch *fetches,
                            const run_settings *settings, stepc_error *error)
{
    bool is_reference = settings->engine == STEPC_ENGINE_REFERENCE;
    step_run run = {.session = s,
                    .p = p,
                    .feeds = feeds,
                    .fetches = fetches,
                    .settings = settings,
                    .deadline_ns = step_deadline(settings),
                    .engine = is_reference ? "reference" : "interpreted",
                    .error = error};
    atomic_fetch_add_explicit(is_reference ? &s->counts.runs_reference : &s->counts.runs_interpreted, 1,
                              memory_order_relaxed);
    return step_execute(&run);
}

stepc_code session_run_plan(stepc_session *s, plan *p, const stepc_feed *feeds, stepc_fetch *fetches,
                            const run_settings *settings, stepc_error *error)
{
    const step_request *request = &p->request;
    bool ran = false;
    stepc_code code = request_check_values(feeds, request->feed_count, error);
    if (code == STEPC_OK)
        code = request_check_buffers(feeds, request->feed_count, fetches, request->fetch_count, error);
    if (code == STEPC_OK && settings->metadata != NULL)
        code = trace_begin(s, p, settings, error);
    if (code == STEPC_OK && dispatch_is_possible(s, settings))
        code = dispatch_run(s, p, feeds, fetches, settings, &ran, error);
    if (code == STEPC_OK && !ran)
        code = interpret(s, p, feeds, fetches, settings, error);
    return code;
}

/* Outputs of feeds and fetches, on the stack for ordinary steps. */
#define SMALL_STEP 16

static stepc_code run_entered(stepc_session *s, const stepc_feed *feeds, stepc_fetch *fetches, step_request *request,
                              const run_settings *settings, stepc_error *error)
{
    stepc_output small[2 * SMALL_STEP], *outputs = small;
    size_t count = request->feed_count + request->fetch_count;
    arena scratch;
    plan *p;
    arena_init(&scratch, &s->host);
    if (count < request->feed_count)
        outputs = NULL;
    else if (count > 2 * SMALL_STEP)
        outputs = ARENA_ARRAY(&scratch, stepc_output, count);
    if (outputs == NULL)
        return error_out_of_memory(error, "running a step");
    for (size_t i = 0; i < request->feed_count; i++)
        outputs[i] = feeds[i].at;
    for (size_t i = 0; i < request->fetch_count; i++)
        outputs[request->feed_count + i] = fetches[i].at;
    request->feeds = outputs;
    request->fetches = outputs + request->feed_count;
    stepc_code code = session_plan_find(s, request, settings->engine != STEPC_ENGINE_REFERENCE, &p, error);
    if (code == STEPC_OK) {
        code = session_run_plan(s, p, feeds, fetches, settings, error);
        run_plan_release(p);
    }
    arena_release(&scratch);
    return code;
}

stepc_code stepc_session_run(stepc_session *session, const stepc_feed *feeds, size_t feed_count, stepc_fetch *fetches,
                             size_t fetch_count, const stepc_operation *const *targets, size_t target_count,
                             const stepc_run_options *options, stepc_error *error)
{
    stepc_error unread;

    error = error_or(error, &unread);
    if (fetches != NULL)
        for (size_t i = 0; i < fetch_count; i++)
            fetches[i].out = NULL;
    if (session == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no session to run a step in.");
    if ((feeds == NULL && feed_count > 0) || (fetches == NULL && fetch_count > 0) ||
        (targets == NULL && target_count > 0))
        return error_set(error, STEPC_INVALID_ARGUMENT, "A count of feeds, fetches or targets has no array.");
    run_settings settings = session_settings(session);
    stepc_code code = session_enter(session, "Run", error);
    if (code != STEPC_OK)
        return code;
    if (options != NULL)
        code = run_settings_resolve(&session->config, &session->host, options, &settings, error);
    step_request request = {.feed_count = feed_count, .fetch_count = fetch_count, .targets = targets, .target_count = target_count};
    if (code == STEPC_OK)
        code = run_entered(session, feeds, fetches, &request, &settings, error);
    session_leave(session);
    return code;
}
