/* SPDX-License-Identifier: Apache-2.0 */
/* Running a plan: one kernel after another, every tensor released after its last reader. */
#include "runtime/session/dispatch.h"
#include "runtime/session/trace.h"

#include "runtime/core/error.h"
#include "runtime/core/host.h"

#include <string.h>

static stepc_code node_error(step_run *run, const stepc_operation *op, stepc_code code)
{
    error_append(run->error, " [[{{node %s}}]]", op->name.data);
    error_at_node(run->error, op->name.data, op->type.data, NULL);
    return code;
}

static void release_value(plan_frame *f, int32_t value)
{
    stepc_tensor_release(f->values[value].tensor);
    f->values[value] = (step_value){NULL, NULL};
}

stepc_code session_poll(const stepc_session *s, const run_settings *settings, int64_t deadline_ns, stepc_error *error)
{
    if (atomic_load_explicit(&s->closed, memory_order_relaxed) ||
        (settings->cancellation != NULL &&
         atomic_load_explicit(&settings->cancellation->cancelled, memory_order_relaxed)))
        return error_set(error, STEPC_CANCELLED, "Run call was cancelled");
    if (deadline_ns != 0 && clock_monotonic_ns() >= deadline_ns)
        return error_set(error, STEPC_DEADLINE_EXCEEDED, "Timed out waiting for notification");
    return STEPC_OK;
}

stepc_code step_poll(step_run *run)
{
    return session_poll(run->session, run->settings, run->deadline_ns, run->error);
}

/* ---- inputs -------------------------------------------------------------------------------- */

static stepc_code uninitialised(step_run *run, const plan_node *node, int32_t input)
{
    stepc_output at = node->op->inputs[input];
    if (at.index == 0)
        error_set(run->error, STEPC_FAILED_PRECONDITION, "Attempting to use uninitialized value %s", at.op->name.data);
    else
        error_set(run->error, STEPC_FAILED_PRECONDITION, "Attempting to use uninitialized value %s:%d",
                  at.op->name.data, (int)at.index);
    return node_error(run, node->op, STEPC_FAILED_PRECONDITION);
}

/* Each tensor is held by one reference of its own while the kernel runs: a kernel may
 * replace a variable's value and still read the old one. Variables are read under the state lock. */
static stepc_code gather_input(step_run *run, const plan_node *node, int32_t i)
{
    plan_frame *f = run->frame;
    int32_t value = node->inputs[i];
    stepc_dtype wanted = (stepc_dtype)node->op->input_dtypes[i];
    variable *v = f->values[value].variable;
    stepc_tensor *tensor = f->values[value].tensor;
    if (v != NULL) {
        stepc_code code = dispatch_pull(run->session, v, run->error);
        if (code != STEPC_OK)
            return code;
        if (wanted == STEPC_RESOURCE) {
            f->input_variables[i] = v;
            return STEPC_OK;
        }
        tensor = v->value;
        if (tensor == NULL && (node->row->flags & OP_ALLOWS_UNINITIALISED) == 0)
            return uninitialised(run, node, i);
        if (dtype_is_ref(wanted))
            f->input_variables[i] = v;
    } else if (tensor == NULL) {
        tensor = run->p->values[value].remembered;
    }
    f->inputs[i] = tensor != NULL ? stepc_tensor_retain(tensor) : NULL;
    return STEPC_OK;
}

static stepc_code gather_inputs(step_run *run, const plan_node *node)
{
    plan_frame *f = run->frame;
    stepc_code code = STEPC_OK;
    for (int32_t i = 0; i < node->op->input_count; i++) {
        f->inputs[i] = NULL;
        f->input_variables[i] = NULL;
    }
    for (int32_t i = 0; i < node->op->input_count && code == STEPC_OK; i++)
        code = gather_input(run, node, i);
    return code;
}

static void drop_inputs(step_run *run, const plan_node *node)
{
    for (int32_t i = 0; i < node->op->input_count; i++) {
        stepc_tensor_release(run->frame->inputs[i]);
        run->frame->inputs[i] = NULL;
    }
}

/* What no later reader needs. */
static void release_read(plan_frame *f, const plan_node *node)
{
    for (int32_t i = 0; i < node->op->input_count; i++)
        if (--f->remaining[node->inputs[i]] == 0)
            release_value(f, node->inputs[i]);
}

/* ---- outputs ------------------------------------------------------------------------------- */

/* A kernel that says it succeeded has set every output, of the right kind. */
static stepc_code check_outputs(step_run *run, const plan_node *node)
{
    const plan_frame *f = run->frame;
    for (int32_t i = 0; i < node->op->output_count; i++) {
        stepc_dtype dtype = (stepc_dtype)node->op->output_dtypes[i];
        bool is_variable = dtype_is_ref(dtype) || dtype == STEPC_RESOURCE;
        bool is_set = is_variable ? f->output_variables[i] != NULL
                                  : f->outputs[i] != NULL && stepc_tensor_dtype(f->outputs[i]) == dtype;
        if (!is_set) {
            error_set(run->error, STEPC_INTERNAL, "Missing %d-th output from {{node %s}}", (int)i,
                      node->op->name.data);
            error_at_node(run->error, node->op->name.data, node->op->type.data, NULL);
            return STEPC_INTERNAL;
        }
    }
    return STEPC_OK;
}

static void store_outputs(step_run *run, const plan_node *node)
{
    plan_frame *f = run->frame;
    for (int32_t i = 0; i < node->op->output_count; i++) {
        int32_t value = node->first_output + i;
        f->values[value] = (step_value){f->output_variables[i] == NULL ? f->outputs[i] : NULL, f->output_variables[i]};
        if (f->output_variables[i] != NULL)
            stepc_tensor_release(f->outputs[i]);
        f->outputs[i] = NULL;
        if (f->remaining[value] == 0)
            release_value(f, value);
    }
}

static void drop_outputs(step_run *run, const plan_node *node)
{
    for (int32_t i = 0; i < node->op->output_count; i++) {
        stepc_tensor_release(run->frame->outputs[i]);
        run->frame->outputs[i] = NULL;
    }
}

/* ---- one operation --------------------------------------------------------------------------- */

/* Random operations keep their generator for the life of the session, whatever the engine. */
static kernel_state *state_of(step_run *run, const plan_node *node)
{
    stepc_session *s = run->session;
    if (!session_state_room(s, node->op->index))
        return NULL;
    kernel_state **state = &s->states[node->op->index];
    if (*state == NULL)
        *state = ARENA_NEW(&s->state_memory, kernel_state);
    return *state;
}

static stepc_code call_kernel(step_run *run, const plan_node *node)
{
    plan_frame *f = run->frame;
    const stepc_operation *op = node->op;
    kernel_context k = {
        .host = &run->session->host,
        .op = op,
        .input_count = op->input_count,
        .output_count = op->output_count,
        .inputs = f->inputs,
        .variables = f->input_variables,
        .outputs = f->outputs,
        .output_variables = f->output_variables,
        .store = run->session->variables,
        .state = node->stateless ? NULL : state_of(run, node),
        .parallel = workers_hook(&run->session->workers),
        .entropy = node->stateless ? 0 : run->session->seed ^ text_hash(op->name),
        .error = run->error,
    };

    if (!node->stateless && k.state == NULL)
        return error_out_of_memory(run->error, "running a step");
    for (int32_t i = 0; i < op->output_count; i++) {
        f->outputs[i] = NULL;
        f->output_variables[i] = NULL;
    }
    stepc_code code = node->row->kernel(&k);
    if (code != STEPC_OK)
        node_error(run, op, code);
    else
        code = check_outputs(run, node);
    if (code != STEPC_OK)
        drop_outputs(run, node);
    return code;
}

/* Inputs, kernel and outputs; NODE's outputs stand in frame->outputs on success. */
static stepc_code compute_node(step_run *run, const plan_node *node)
{
    if (node->touches_state)
        pthread_mutex_lock(&run->session->state_mutex);
    stepc_code code = gather_inputs(run, node);
    if (code == STEPC_OK)
        code = call_kernel(run, node);
    if (node->touches_state)
        pthread_mutex_unlock(&run->session->state_mutex);
    drop_inputs(run, node);
    return code;
}

static void trace_node(step_run *run, const plan_node *node, int64_t begin_ns)
{
    uint64_t bytes = 0;
    for (int32_t i = 0; i < node->op->output_count; i++)
        if (run->frame->outputs[i] != NULL)
            bytes += stepc_tensor_bytes(run->frame->outputs[i]);
    metadata_node(run->settings->metadata, node->op->name.data, node->op->type.data,
                  run->session->devices.devices[node->device].name, run->engine, begin_ns, clock_monotonic_ns(), bytes);
}

stepc_code step_run_node(step_run *run, int32_t number)
{
    const plan_node *node = &run->p->nodes[number];
    bool is_traced = run->settings->metadata != NULL && run->settings->trace_level != STEPC_NO_TRACE;
    int64_t begin_ns = is_traced ? clock_monotonic_ns() : 0;
    stepc_code code = compute_node(run, node);
    if (code != STEPC_OK)
        return code;
    if (is_traced)
        trace_node(run, node, begin_ns);
    store_outputs(run, node);
    release_read(run->frame, node);
    return STEPC_OK;
}

/* ---- what hangs on constants only ----------------------------------------------------------- */

static bool inputs_are_remembered(const plan *p, const plan_node *node)
{
    for (int32_t i = 0; i < node->op->input_count; i++)
        if (p->values[node->inputs[i]].remembered == NULL)
            return false;
    return true;
}

/* Moves NODE's outputs from the frame to the plan, within the limit of BYTES for all of the plan together. Constants do
 * not count: the session keeps them anyway. */
static void remember_outputs(step_run *run, plan_node *node, bool is_const, int64_t *bytes)
{
    int64_t own = 0;
    for (int32_t i = 0; i < node->op->output_count && !is_const; i++)
        own += (int64_t)stepc_tensor_bytes(run->frame->outputs[i]);
    if (own > *bytes) {
        drop_outputs(run, node);
        return;
    }
    *bytes -= own;
    for (int32_t i = 0; i < node->op->output_count; i++) {
        run->p->values[node->first_output + i].remembered = run->frame->outputs[i];
        run->frame->outputs[i] = NULL;
    }
    node->remembered = true;
}

/* A fetched constant is given away without a copy: it may not lie in the graph's memory. */
static void own_fetched(step_run *run)
{
    plan *p = run->p;
    for (size_t i = 0; i < p->request.fetch_count; i++) {
        stepc_tensor **kept = &p->values[p->fetch_values[i]].remembered, *own;
        if (*kept == NULL || !tensor_is_borrowed(*kept))
            continue;
        stepc_view view = stepc_tensor_view(*kept);
        if (stepc_tensor_copy(&p->host, &view, &own, NULL) != STEPC_OK)
            continue;
        stepc_tensor_release(*kept);
        *kept = own;
    }
}

void step_fold(stepc_session *s, plan *p)
{
    struct stepc_error unread;
    run_settings settings = {.engine = STEPC_ENGINE_INTERPRETED};
    step_run run = {.session = s, .p = p, .frame = plan_frame_take(p), .settings = &settings, .error = &unread};
    int64_t bytes = s->host.limits.folded_bytes;
    if (run.frame == NULL)
        return;
    error_init(&unread);
    for (int32_t i = 0; i < p->node_count; i++) {
        plan_node *node = &p->nodes[i];
        bool is_const = text_equal(node->op->type, TEXT_LITERAL("Const"));
        stepc_tensor *known = is_const ? session_constant(s, node->op) : NULL;
        if (!node->stateless || node->op->output_count == 0 || !inputs_are_remembered(p, node))
            continue;
        if (known != NULL) {
            p->values[node->first_output].remembered = known;
            node->remembered = true;
        } else if (compute_node(&run, node) == STEPC_OK) {
            remember_outputs(&run, node, is_const, &bytes);
            if (is_const && node->remembered)
                session_keep_constant(s, node->op, p->values[node->first_output].remembered);
        }
    }
    own_fetched(&run);
    plan_frame_put(run.frame);
}

/* ---- feeds ------------------------------------------------------------------------------------ */

static stepc_code borrow_feeds(step_run *run)
{
    for (size_t i = 0; i < run->p->request.feed_count; i++) {
        if (run->frame->remaining[i] == 0)
            continue;
        stepc_code code =
            tensor_borrow(&run->session->host, &run->feeds[i].value, &run->frame->values[i].tensor, run->error);
        if (code != STEPC_OK)
            return code;
    }
    return STEPC_OK;
}

/* ---- fetches ------------------------------------------------------------------------------------ */

static stepc_code fetch_error(step_run *run, stepc_output at, const char *what, size_t needed, size_t given)
{
    error_set(run->error, STEPC_INVALID_ARGUMENT, "The buffer for '%s:%d' %s (%zu needed, %zu given).",
              at.op->name.data, (int)at.index, what, needed, given);
    error_at_node(run->error, at.op->name.data, at.op->type.data, NULL);
    return STEPC_INVALID_ARGUMENT;
}

static stepc_code store_into(step_run *run, stepc_output at, const stepc_view *into, const stepc_tensor *tensor)
{
    stepc_dtype dtype = stepc_tensor_dtype(tensor);
    size_t bytes = stepc_tensor_bytes(tensor);
    if (dtype == STEPC_STRING)
        return error_set(run->error, STEPC_INVALID_ARGUMENT,
                         "'%s:%d' holds strings, which cannot be stored in a caller's buffer.", at.op->name.data,
                         (int)at.index);
    if (into->dtype != STEPC_DTYPE_INVALID && into->dtype != (int32_t)dtype)
        return error_set(run->error, STEPC_INVALID_ARGUMENT, "The buffer for '%s:%d' is of type %s, the tensor of %s.",
                         at.op->name.data, (int)at.index, stepc_dtype_name((stepc_dtype)into->dtype),
                         stepc_dtype_name(dtype));
    if (into->bytes < bytes)
        return fetch_error(run, at, "has too few bytes", bytes, into->bytes);
    if (bytes > 0)
        memcpy(into->data, stepc_tensor_data(tensor), bytes);
    return STEPC_OK;
}

/* Gives TENSOR, of which the caller of this function holds one reference, on as the fetched value: itself, unless it lies
 * in memory that it does not outlive. */
static stepc_code hand_over(step_run *run, stepc_tensor *tensor, stepc_tensor **out)
{
    if (!tensor_is_borrowed(tensor)) {
        *out = tensor;
        return STEPC_OK;
    }
    stepc_view view = stepc_tensor_view(tensor);
    stepc_code code = stepc_tensor_copy(&run->session->host, &view, out, run->error);
    stepc_tensor_release(tensor);
    return code;
}

/* The fetched value, one reference for the caller; NULL when there is none. */
static stepc_code fetched_value(step_run *run, size_t number, bool take, stepc_tensor **out)
{
    int32_t value = run->p->fetch_values[number];
    step_value *held = &run->frame->values[value];
    stepc_tensor *tensor = held->tensor != NULL ? held->tensor : run->p->values[value].remembered;
    stepc_code code = STEPC_OK;
    if (held->variable != NULL) {
        pthread_mutex_lock(&run->session->state_mutex);
        code = dispatch_pull(run->session, held->variable, run->error);
        tensor = code == STEPC_OK ? held->variable->value : NULL;
        *out = tensor != NULL ? stepc_tensor_retain(tensor) : NULL;
        pthread_mutex_unlock(&run->session->state_mutex);
    } else if (take && held->tensor != NULL) {
        *out = held->tensor;
        held->tensor = NULL;
    } else {
        *out = tensor != NULL ? stepc_tensor_retain(tensor) : NULL;
    }
    return code;
}

stepc_code step_give(step_run *run, size_t number, bool take)
{
    stepc_output at = run->p->request.fetches[number];
    const step_value *held = &run->frame->values[run->p->fetch_values[number]];
    stepc_fetch *fetch = &run->fetches[number];
    stepc_tensor *tensor;
    stepc_code code = fetched_value(run, number, take, &tensor);

    if (code != STEPC_OK)
        return code;
    if (tensor == NULL && held->variable != NULL) {
        error_set(run->error, STEPC_FAILED_PRECONDITION,
                  "Attempting to use uninitialized value %s [[{{node _retval_%s_%d_%zu}}]]", at.op->name.data,
                  at.op->name.data, (int)at.index, number);
        error_at_node(run->error, at.op->name.data, at.op->type.data, NULL);
        return STEPC_FAILED_PRECONDITION;
    }
    if (tensor == NULL)
        return error_set(run->error, STEPC_INVALID_ARGUMENT, "Retval[%zu] does not have value", number);
    if (fetch->into.data == NULL)
        return hand_over(run, tensor, &fetch->out);
    code = store_into(run, at, &fetch->into, tensor);
    stepc_tensor_release(tensor);
    return code;
}

static void drop_fetches(step_run *run)
{
    for (size_t i = 0; i < run->p->request.fetch_count; i++) {
        stepc_tensor_release(run->fetches[i].out);
        run->fetches[i].out = NULL;
    }
}

/* ---- the step ------------------------------------------------------------------------------------ */

static stepc_code run_nodes(step_run *run)
{
    stepc_code code = STEPC_OK;
    for (int32_t i = 0; i < run->p->node_count && code == STEPC_OK; i++) {
        if (run->p->nodes[i].remembered)
            continue;
        code = step_poll(run);
        if (code == STEPC_OK)
            code = step_run_node(run, i);
    }
    return code;
}

stepc_code step_execute(step_run *run)
{
    plan *p = run->p;
    run->frame = plan_frame_take(p);
    if (run->frame == NULL)
        return error_out_of_memory(run->error, "running a step");
    stepc_code code = borrow_feeds(run);
    if (code == STEPC_OK)
        code = run_nodes(run);
    for (size_t i = 0; code == STEPC_OK && i < p->request.fetch_count; i++)
        code = step_give(run, i, --run->frame->remaining[p->fetch_values[i]] == 0);
    if (code != STEPC_OK)
        drop_fetches(run);
    plan_frame_put(run->frame);
    run->frame = NULL;
    return code;
}
