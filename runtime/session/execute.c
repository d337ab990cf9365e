/* SPDX-License-Identifier: Apache-2.0 */
/* Running a plan: one kernel after another, every tensor released after its last reader. */
#include "runtime/session/session.h"

#include "runtime/core/error.h"
#include "runtime/core/host.h"

#include <string.h>

static stepc_code node_error(step_run *run, const stepc_operation *op, stepc_code code)
{
    error_append(run->error, " [[{{node %s}}]]", op->name.data);
    error_at_node(run->error, op->name.data, op->type.data, NULL);
    return code;
}

static void release_value(plan *p, int32_t value)
{
    stepc_tensor_release(p->frame[value].tensor);
    p->frame[value] = (step_value){NULL, NULL};
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
 * replace a variable's value and still read the old one. */
static stepc_code gather_inputs(step_run *run, const plan_node *node)
{
    plan *p = run->p;
    for (int32_t i = 0; i < node->op->input_count; i++) {
        p->inputs[i] = NULL;
        p->input_variables[i] = NULL;
    }
    for (int32_t i = 0; i < node->op->input_count; i++) {
        int32_t value = node->inputs[i];
        stepc_dtype wanted = (stepc_dtype)node->op->input_dtypes[i];
        variable *v = p->frame[value].variable;
        stepc_tensor *tensor = p->frame[value].tensor;
        if (wanted == STEPC_RESOURCE) {
            p->input_variables[i] = v;
            continue;
        }
        if (v != NULL) {
            tensor = v->value;
            if (tensor == NULL && (node->row->flags & OP_ALLOWS_UNINITIALISED) == 0)
                return uninitialised(run, node, i);
            if (dtype_is_ref(wanted))
                p->input_variables[i] = v;
        } else if (tensor == NULL) {
            tensor = p->values[value].remembered;
        }
        p->inputs[i] = tensor != NULL ? stepc_tensor_retain(tensor) : NULL;
    }
    return STEPC_OK;
}

static void drop_inputs(step_run *run, const plan_node *node)
{
    plan *p = run->p;
    for (int32_t i = 0; i < node->op->input_count; i++) {
        stepc_tensor_release(p->inputs[i]);
        p->inputs[i] = NULL;
    }
}

/* What no later reader needs. */
static void release_read(plan *p, const plan_node *node)
{
    for (int32_t i = 0; i < node->op->input_count; i++)
        if (--p->remaining[node->inputs[i]] == 0)
            release_value(p, node->inputs[i]);
}

/* ---- outputs ------------------------------------------------------------------------------- */

/* A kernel that says it succeeded has set every output, of the right kind. */
static stepc_code check_outputs(step_run *run, const plan_node *node)
{
    plan *p = run->p;
    for (int32_t i = 0; i < node->op->output_count; i++) {
        stepc_dtype dtype = (stepc_dtype)node->op->output_dtypes[i];
        bool is_variable = dtype_is_ref(dtype) || dtype == STEPC_RESOURCE;
        bool is_set = is_variable ? p->output_variables[i] != NULL
                                  : p->outputs[i] != NULL && stepc_tensor_dtype(p->outputs[i]) == dtype;
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
    plan *p = run->p;
    for (int32_t i = 0; i < node->op->output_count; i++) {
        int32_t value = node->first_output + i;
        p->frame[value] = (step_value){p->output_variables[i] == NULL ? p->outputs[i] : NULL, p->output_variables[i]};
        if (p->output_variables[i] != NULL)
            stepc_tensor_release(p->outputs[i]);
        p->outputs[i] = NULL;
        if (p->remaining[value] == 0)
            release_value(p, value);
    }
}

static void drop_outputs(step_run *run, const plan_node *node)
{
    plan *p = run->p;
    for (int32_t i = 0; i < node->op->output_count; i++) {
        stepc_tensor_release(p->outputs[i]);
        p->outputs[i] = NULL;
    }
}

/* ---- what hangs on constants only ----------------------------------------------------------- */

static bool inputs_are_remembered(const plan *p, const plan_node *node)
{
    for (int32_t i = 0; i < node->op->input_count; i++)
        if (p->values[node->inputs[i]].remembered == NULL)
            return false;
    return true;
}

/* Keeps the outputs of NODE for later runs of the plan, within the limit folded_bytes for all
 * of the plan together. Constants are kept for the whole session and do not count. */
static void remember_outputs(step_run *run, plan_node *node)
{
    plan *p = run->p;
    bool is_const = text_equal(node->op->type, TEXT_LITERAL("Const"));
    int64_t bytes = 0, limit = run->session->host.limits.folded_bytes;

    if (!node->stateless || !inputs_are_remembered(p, node))
        return;
    for (int32_t i = 0; i < node->op->output_count && !is_const; i++) {
        if (stepc_tensor_bytes(p->outputs[i]) > (uint64_t)(limit - p->remembered_bytes - bytes))
            return;
        bytes += (int64_t)stepc_tensor_bytes(p->outputs[i]);
    }
    p->remembered_bytes += bytes;
    for (int32_t i = 0; i < node->op->output_count; i++)
        p->values[node->first_output + i].remembered = stepc_tensor_retain(p->outputs[i]);
    if (is_const && run->session->constants[node->op->index] == NULL)
        run->session->constants[node->op->index] = stepc_tensor_retain(p->outputs[0]);
    node->remembered = true;
}

/* ---- one operation --------------------------------------------------------------------------- */

/* Random operations keep their generator for the life of the session, whatever the engine. */
static kernel_state *state_of(step_run *run, const plan_node *node)
{
    kernel_state **state = &run->session->states[node->op->index];
    if (*state == NULL)
        *state = ARENA_NEW(&run->session->memory, kernel_state);
    return *state;
}

static stepc_code call_kernel(step_run *run, plan_node *node)
{
    plan *p = run->p;
    const stepc_operation *op = node->op;
    kernel_context k = {
        .host = &run->session->host,
        .op = op,
        .input_count = op->input_count,
        .output_count = op->output_count,
        .inputs = p->inputs,
        .variables = p->input_variables,
        .outputs = p->outputs,
        .output_variables = p->output_variables,
        .store = run->session->variables,
        .state = node->stateless ? NULL : state_of(run, node),
        .entropy = run->session->seed ^ text_hash(op->name),
        .error = run->error,
    };

    if (!node->stateless && k.state == NULL)
        return error_out_of_memory(run->error, "running a step");
    for (int32_t i = 0; i < op->output_count; i++) {
        p->outputs[i] = NULL;
        p->output_variables[i] = NULL;
    }
    stepc_code code = node->row->kernel(&k);
    return code == STEPC_OK ? STEPC_OK : node_error(run, op, code);
}

static stepc_code run_node(step_run *run, plan_node *node)
{
    stepc_code code = gather_inputs(run, node);
    if (code != STEPC_OK) {
        drop_inputs(run, node);
        return code;
    }
    code = call_kernel(run, node);
    drop_inputs(run, node);
    if (code == STEPC_OK)
        code = check_outputs(run, node);
    if (code != STEPC_OK) {
        drop_outputs(run, node);
        return code;
    }
    if (run->remember)
        remember_outputs(run, node);
    store_outputs(run, node);
    release_read(run->p, node);
    return STEPC_OK;
}

/* ---- feeds ------------------------------------------------------------------------------------ */

static stepc_code borrow_feeds(step_run *run)
{
    for (size_t i = 0; i < run->p->request.feed_count; i++) {
        if (run->p->remaining[i] == 0)
            continue;
        stepc_code code =
            tensor_borrow(&run->session->host, &run->feeds[i].value, &run->p->frame[i].tensor, run->error);
        if (code != STEPC_OK)
            return code;
    }
    return STEPC_OK;
}

static bool lies_in_feed(const step_run *run, const void *data)
{
    for (size_t i = 0; i < run->p->request.feed_count; i++) {
        const stepc_view *value = &run->feeds[i].value;
        if ((uintptr_t)data - (uintptr_t)value->data < value->bytes)
            return true;
    }
    return false;
}

/* A variable that was assigned a fed value must not point into the caller's memory. */
static stepc_code detach_variables(step_run *run)
{
    stepc_code result = STEPC_OK;
    for (variable *v = variable_first(run->session->variables); v != NULL; v = v->next) {
        if (v->value == NULL || stepc_tensor_bytes(v->value) == 0 ||
            !lies_in_feed(run, stepc_tensor_data(v->value)))
            continue;
        stepc_view view = stepc_tensor_view(v->value);
        stepc_tensor *own = NULL;
        stepc_code code =
            stepc_tensor_copy(&run->session->host, &view, &own, result == STEPC_OK ? run->error : NULL);
        variable_set(v, own);
        if (code != STEPC_OK && result == STEPC_OK)
            result = code;
    }
    return result;
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

/* Gives the value to the caller without a copy when nobody else holds it and its memory is
 * its own; else as a copy, so that it outlives feeds, graph and session. */
static stepc_code give_tensor(step_run *run, stepc_tensor **held, stepc_tensor *tensor, stepc_tensor **out)
{
    if (*held == tensor && tensor_is_unique(tensor)) {
        *out = tensor;
        *held = NULL;
        return STEPC_OK;
    }
    stepc_view view = stepc_tensor_view(tensor);
    return stepc_tensor_copy(&run->session->host, &view, out, run->error);
}

static stepc_code store_fetch(step_run *run, size_t number)
{
    plan *p = run->p;
    stepc_output at = p->request.fetches[number];
    int32_t value = p->fetch_values[number];
    step_value *held = &p->frame[value];
    stepc_fetch *fetch = &run->fetches[number];
    stepc_tensor *tensor = held->variable != NULL ? held->variable->value
                           : held->tensor != NULL ? held->tensor
                                                  : p->values[value].remembered;
    stepc_code code;

    if (held->variable != NULL && tensor == NULL) {
        error_set(run->error, STEPC_FAILED_PRECONDITION,
                  "Attempting to use uninitialized value %s [[{{node _retval_%s_%d_%zu}}]]", at.op->name.data,
                  at.op->name.data, (int)at.index, number);
        error_at_node(run->error, at.op->name.data, at.op->type.data, NULL);
        return STEPC_FAILED_PRECONDITION;
    }
    if (tensor == NULL)
        return error_set(run->error, STEPC_INVALID_ARGUMENT, "Retval[%zu] does not have value", number);
    if (fetch->into.data != NULL)
        code = store_into(run, at, &fetch->into, tensor);
    else if (--p->remaining[value] > 0) /* fetched again below: that one may take it */
        code = give_tensor(run, &(stepc_tensor *){NULL}, tensor, &fetch->out);
    else
        code = give_tensor(run, &held->tensor, tensor, &fetch->out);
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
    plan *p = run->p;
    for (int32_t i = 0; i < p->node_count; i++) {
        if (p->nodes[i].remembered)
            continue;
        if (atomic_load(&run->session->closed))
            return error_set(run->error, STEPC_CANCELLED, "Run call was cancelled");
        stepc_code code = run_node(run, &p->nodes[i]);
        if (code != STEPC_OK)
            return code;
    }
    return STEPC_OK;
}

stepc_code step_execute(step_run *run)
{
    plan *p = run->p;

    for (int32_t i = 0; i < p->value_count; i++)
        p->remaining[i] = p->values[i].uses;
    stepc_code code = borrow_feeds(run);
    if (code == STEPC_OK)
        code = run_nodes(run);
    for (size_t i = 0; code == STEPC_OK && i < p->request.fetch_count; i++)
        code = store_fetch(run, i);
    for (int32_t i = 0; i < p->value_count; i++)
        release_value(p, i);
    if (p->has_state) {
        stepc_code detached = detach_variables(run);
        code = code == STEPC_OK ? detached : code;
    }
    if (code != STEPC_OK)
        drop_fetches(run);
    return code;
}
