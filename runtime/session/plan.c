/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/session/plan.h"

#include "runtime/core/error.h"
#include "runtime/session/dispatch.h"
#include "runtime/session/connect.h"
#include "runtime/session/request.h"

#include <string.h>

/* What is needed only while a plan is being made. */
typedef struct plan_maker {
    const stepc_graph *graph;
    plan *p;
    arena scratch;
    feed_table feeds;
    int32_t *first_value; /* per operation of the graph; -1: not in the step */
    step_operations order;
    stepc_error *error;
} plan_maker;

static stepc_code copy_request(plan *p, const step_request *request, stepc_error *error)
{
    stepc_output *feeds = ARENA_ARRAY(&p->memory, stepc_output, request->feed_count);
    stepc_output *fetches = ARENA_ARRAY(&p->memory, stepc_output, request->fetch_count);
    const stepc_operation **targets = ARENA_ARRAY(&p->memory, const stepc_operation *, request->target_count);
    stepc_connection *connections = ARENA_ARRAY(&p->memory, stepc_connection, request->connection_count);

    if (feeds == NULL || fetches == NULL || targets == NULL || connections == NULL)
        return error_out_of_memory(error, "preparing a step");
    for (size_t i = 0; i < request->feed_count; i++)
        feeds[i] = request->feeds[i];
    for (size_t i = 0; i < request->fetch_count; i++)
        fetches[i] = request->fetches[i];
    for (size_t i = 0; i < request->target_count; i++)
        targets[i] = request->targets[i];
    for (size_t i = 0; i < request->connection_count; i++)
        connections[i] = request->connections[i];
    p->request = (step_request){.feeds = feeds,
                                .feed_count = request->feed_count,
                                .fetches = fetches,
                                .fetch_count = request->fetch_count,
                                .targets = targets,
                                .target_count = request->target_count,
                                .connections = connections,
                                .connection_count = request->connection_count,
                                .allow_unfed = request->allow_unfed};
    return STEPC_OK;
}

/* ---- missing operators ------------------------------------------------------------------ */

/* A set of operator types, for at most half as many as it has slots (a power of two). */
typedef struct type_set {
    const stepc_operation **slots;
    size_t count;
} type_set;

static bool type_set_make(type_set *set, arena *memory, size_t most)
{
    set->count = 4;
    while (set->count / 2 < most)
        set->count *= 2;
    set->slots = ARENA_ARRAY(memory, const stepc_operation *, set->count);
    return set->slots != NULL;
}

/* False when the type of OP was there before. */
static bool type_set_add(type_set *set, const stepc_operation *op)
{
    size_t i = (size_t)text_hash(op->type) & (set->count - 1);
    while (set->slots[i] != NULL) {
        if (text_equal(set->slots[i]->type, op->type))
            return false;
        i = (i + 1) & (set->count - 1);
    }
    set->slots[i] = op;
    return true;
}

/* No row, or a function of the graph that is called by its name. */
static bool is_missing(const stepc_operation *op)
{
    return !operation_is_placeholder(op) && (op->def == NULL || op_row_find(op->type) == NULL);
}

#define MISSING_IN_MESSAGE 8

static stepc_code check_rows(plan_maker *m)
{
    const stepc_operation *first = NULL;
    int32_t missing = 0;
    type_set reported;
    if (!type_set_make(&reported, &m->scratch, m->order.count))
        return error_out_of_memory(m->error, "preparing a step");
    text names;
    text_init(&names, &m->p->host);
    for (size_t i = 0; i < m->order.count; i++) {
        const stepc_operation *op = m->order.items[i];
        if (!is_missing(op) || !type_set_add(&reported, op))
            continue;
        if (first == NULL)
            first = op;
        if (missing < MISSING_IN_MESSAGE)
            text_printf(&names, "%s%s", missing > 0 ? ", " : "", op->type.data);
        missing++;
        host_report(&m->p->host, "missing-operator", op->type.data, op->name.data);
    }
    if (missing > 0) {
        error_set(m->error, STEPC_UNIMPLEMENTED, "%d operator%s that this step needs %s not implemented: %s%s",
                  (int)missing, missing == 1 ? "" : "s", missing == 1 ? "is" : "are", names.data,
                  missing > MISSING_IN_MESSAGE ? ", ..." : "");
        error_at_node(m->error, first->name.data, first->type.data, NULL);
    }
    text_release(&names);
    return missing > 0 ? STEPC_UNIMPLEMENTED : STEPC_OK;
}

/* ---- placeholders ------------------------------------------------------------------------ */

static void append_shape(stepc_error *error, const attr_shape *shape)
{
    error_append(error, " and shape [");
    for (int32_t i = 0; i < shape->rank; i++) {
        const char *comma = i > 0 ? "," : "";
        if (shape->dims[i] < 0)
            error_append(error, "%s?", comma);
        else
            error_append(error, "%s%lld", comma, (long long)shape->dims[i]);
    }
    error_append(error, "]");
}

/* An unfed placeholder would fail when its turn comes; found here, no variable has advanced yet. */
static stepc_code check_placeholders(plan_maker *m)
{
    for (size_t i = 0; i < m->order.count; i++) {
        const stepc_operation *op = m->order.items[i];
        if (!operation_is_placeholder(op))
            continue;
        const attr_value *shape = operation_attr(op, "shape");
        error_set(m->error, STEPC_INVALID_ARGUMENT, "You must feed a value for placeholder tensor '%s' with dtype %s",
                  op->name.data, stepc_dtype_name(operation_type(op, "dtype")));
        if (shape != NULL && shape->kind == ATTR_SHAPE && !shape->as.shape.unknown_rank && shape->as.shape.rank > 0)
            append_shape(m->error, &shape->as.shape);
        error_append(m->error, " [[{{node %s}}]]", op->name.data);
        error_at_node(m->error, op->name.data, op->type.data, NULL);
        return STEPC_INVALID_ARGUMENT;
    }
    return STEPC_OK;
}

/* ---- numbering ---------------------------------------------------------------------------- */

static stepc_code number_outputs(plan_maker *m)
{
    plan *p = m->p;
    int64_t next = (int64_t)p->request.feed_count;

    p->nodes = ARENA_ARRAY(&p->memory, plan_node, m->order.count);
    if (p->nodes == NULL || m->order.count > INT32_MAX)
        return error_out_of_memory(m->error, "preparing a step");
    p->node_count = (int32_t)m->order.count;
    for (int32_t i = 0; i < p->node_count; i++) {
        const stepc_operation *op = m->order.items[i];
        p->nodes[i].op = op;
        p->nodes[i].row = op_row_find(operation_is_placeholder(op) ? TEXT_LITERAL("Placeholder") : op->type);
        p->nodes[i].first_output = (int32_t)next;
        m->first_value[op->index] = (int32_t)next;
        next += op->output_count;
        if (next > INT32_MAX)
            return error_set(m->error, STEPC_RESOURCE_EXHAUSTED, "More than %d tensors in one step.", (int)INT32_MAX);
    }
    p->value_count = (int32_t)next;
    p->values = ARENA_ARRAY(&p->memory, plan_value, (size_t)next);
    return p->values != NULL ? STEPC_OK : error_out_of_memory(m->error, "preparing a step");
}

/* The value that a reader of AT gets: the feed where there is one, and what is connected to it. */
static int32_t value_at(const plan_maker *m, stepc_output at, bool *out_fed)
{
    at = connection_source(&m->p->request, at);
    int32_t feed = feed_table_find(&m->feeds, &m->p->request, at);
    *out_fed = feed >= 0;
    if (feed >= 0)
        return feed;
    int32_t first = m->first_value[at.op->index];
    return first >= 0 ? first + at.index : -1;
}

/* A reference that a consumer reads as a plain value is read when that consumer runs. */
static bool reads_reference(const plan_maker *m, const stepc_operation *op)
{
    for (int32_t i = 0; i < op->input_count; i++) {
        stepc_output at = connection_source(&m->p->request, op->inputs[i]);
        bool fed = feed_table_find(&m->feeds, &m->p->request, at) >= 0;
        if (!fed && dtype_is_ref((stepc_dtype)at.op->output_dtypes[at.index]))
            return true;
    }
    return false;
}

/* A connection hands on a plain value, as an Identity would. */
static bool connect_wrong_type(plan_maker *m, const stepc_operation *op, int32_t i)
{
    stepc_output at = op->inputs[i], from = connection_source(&m->p->request, at);
    stepc_dtype wanted = (stepc_dtype)op->input_dtypes[i];
    stepc_dtype given = dtype_base((stepc_dtype)from.op->output_dtypes[from.index]);
    if ((from.op == at.op && from.index == at.index) || wanted == given)
        return false;
    error_set(m->error, STEPC_INVALID_ARGUMENT,
              "Input %d of node %s was passed %s from _identity_%s_%d:0 incompatible with expected %s.", (int)i,
              op->name.data, stepc_dtype_name(given), at.op->name.data, (int)at.index, stepc_dtype_name(wanted));
    error_at_node(m->error, op->name.data, op->type.data, NULL);
    return true;
}

static stepc_code connect_node(plan_maker *m, plan_node *node)
{
    const stepc_operation *op = node->op;
    int32_t *inputs = ARENA_ARRAY(&m->p->memory, int32_t, (size_t)op->input_count);
    if (inputs == NULL)
        return error_out_of_memory(m->error, "preparing a step");
    node->inputs = inputs;
    node->stateless = (node->row->flags & OP_STATE) == 0 && !op->def->stateful;
    for (int32_t i = 0; i < op->input_count; i++) {
        stepc_output at = op->inputs[i];
        stepc_dtype wanted = (stepc_dtype)op->input_dtypes[i];
        bool fed;
        int32_t value = value_at(m, at, &fed);
        if (value < 0)
            return error_set(m->error, STEPC_INTERNAL, "The step lacks '%s', an input of '%s'.", at.op->name.data,
                             op->name.data);
        if (fed && dtype_is_ref(wanted)) {
            error_set(m->error, STEPC_INVALID_ARGUMENT,
                      "Input %d of node %s was passed %s from %s:%d incompatible with expected %s.", (int)i,
                      op->name.data, stepc_dtype_name(dtype_base(wanted)), at.op->name.data, (int)at.index,
                      stepc_dtype_name(wanted));
            error_at_node(m->error, op->name.data, op->type.data, NULL);
            return STEPC_INVALID_ARGUMENT;
        }
        if (m->p->request.connection_count > 0 && connect_wrong_type(m, op, i))
            return STEPC_INVALID_ARGUMENT;
        if (dtype_is_ref(wanted) || wanted == STEPC_RESOURCE)
            node->stateless = false;
        inputs[i] = value;
        m->p->values[value].uses++;
    }
    node->touches_state = reads_reference(m, op);
    for (int32_t i = 0; i < op->output_count; i++)
        if (dtype_is_ref((stepc_dtype)op->output_dtypes[i]) || op->output_dtypes[i] == STEPC_RESOURCE)
            node->stateless = false;
    if (!node->stateless) {
        node->touches_state = true;
        m->p->has_state = true;
    }
    return STEPC_OK;
}

static stepc_code connect_fetches(plan_maker *m)
{
    plan *p = m->p;
    int32_t *values = ARENA_ARRAY(&p->memory, int32_t, p->request.fetch_count);
    if (values == NULL)
        return error_out_of_memory(m->error, "preparing a step");
    for (size_t i = 0; i < p->request.fetch_count; i++) {
        stepc_output at = p->request.fetches[i];
        bool fed;
        values[i] = value_at(m, at, &fed);
        if (values[i] < 0)
            return error_set(m->error, STEPC_INTERNAL, "The step lacks '%s', which is fetched.", at.op->name.data);
        p->values[values[i]].uses++;
    }
    p->fetch_values = values;
    return STEPC_OK;
}

/* ---- frames ---------------------------------------------------------------------------------- */

static plan_frame *frame_new(plan *p)
{
    size_t inputs = 0, outputs = 0;
    plan_frame *f = host_alloc(&p->host, sizeof *f);
    if (f == NULL)
        return NULL;
    f->p = p;
    arena_init(&f->memory, &p->host);
    for (int32_t i = 0; i < p->node_count; i++) {
        const stepc_operation *op = p->nodes[i].op;
        inputs = (size_t)op->input_count > inputs ? (size_t)op->input_count : inputs;
        outputs = (size_t)op->output_count > outputs ? (size_t)op->output_count : outputs;
    }
    f->values = ARENA_ARRAY(&f->memory, step_value, (size_t)p->value_count);
    f->remaining = ARENA_ARRAY(&f->memory, int32_t, (size_t)p->value_count);
    f->inputs = ARENA_ARRAY(&f->memory, stepc_tensor *, inputs);
    f->input_variables = ARENA_ARRAY(&f->memory, variable *, inputs);
    f->outputs = ARENA_ARRAY(&f->memory, stepc_tensor *, outputs);
    f->output_variables = ARENA_ARRAY(&f->memory, variable *, outputs);
    if (f->values != NULL && f->remaining != NULL && f->inputs != NULL && f->input_variables != NULL &&
        f->outputs != NULL && f->output_variables != NULL)
        return f;
    arena_release(&f->memory);
    host_free(&p->host, f, sizeof *f);
    return NULL;
}

static void frame_free(plan_frame *f)
{
    stepc_host host = f->p->host;
    arena_release(&f->memory);
    host_free(&host, f, sizeof *f);
}

plan_frame *plan_frame_take(plan *p)
{
    plan_frame *f = NULL;
    for (int i = 0; f == NULL && i < PLAN_SPARE_FRAMES; i++)
        if (atomic_load_explicit(&p->spare[i], memory_order_relaxed) != NULL)
            f = atomic_exchange_explicit(&p->spare[i], NULL, memory_order_acquire);
    if (f == NULL)
        f = frame_new(p);
    for (int32_t i = 0; f != NULL && i < p->value_count; i++)
        f->remaining[i] = p->values[i].uses;
    return f;
}

void plan_frame_put(plan_frame *f)
{
    plan *p = f->p;
    for (int32_t i = 0; i < p->value_count; i++) {
        stepc_tensor_release(f->values[i].tensor);
        f->values[i] = (step_value){NULL, NULL};
    }
    for (int i = 0; i < PLAN_SPARE_FRAMES; i++) {
        plan_frame *none = NULL;
        if (atomic_load_explicit(&p->spare[i], memory_order_relaxed) == NULL &&
            atomic_compare_exchange_strong_explicit(&p->spare[i], &none, f, memory_order_release, memory_order_relaxed))
            return;
    }
    frame_free(f);
}

/* ---- making ----------------------------------------------------------------------------------- */

static stepc_output source_of(const void *context, stepc_output at)
{
    const step_request *request = context;
    return connection_source(request, at);
}

static stepc_code fill(plan_maker *m, const step_request *request)
{
    size_t operations = (size_t)m->graph->operation_count;
    m->first_value = ARENA_ARRAY(&m->scratch, int32_t, operations);
    m->feeds.head = ARENA_ARRAY(&m->scratch, int32_t, operations);
    m->feeds.next = ARENA_ARRAY(&m->scratch, int32_t, request->feed_count);
    if (m->first_value == NULL || m->feeds.head == NULL || m->feeds.next == NULL)
        return error_out_of_memory(m->error, "preparing a step");
    for (size_t i = 0; i < operations; i++)
        m->first_value[i] = -1;

    stepc_code code = request_check(m->graph, request, &m->feeds, m->error);
    if (code == STEPC_OK && request->connection_count > 0)
        code = connections_check(m->graph, request, &m->feeds, &m->scratch, m->error);
    if (code == STEPC_OK)
        code = copy_request(m->p, request, m->error);
    if (code == STEPC_OK) {
        step_prune_input input = {request->feeds,   request->feed_count, request->fetches, request->fetch_count,
                                  request->targets, request->target_count};
        step_rewiring rewiring = {&m->p->request, source_of};
        code = step_prune_rewired(m->graph, &input, request->connection_count > 0 ? &rewiring : NULL, &m->scratch, &m->order,
                                  m->error);
    }
    if (code == STEPC_OK)
        code = check_rows(m);
    if (code == STEPC_OK && !request->allow_unfed)
        code = check_placeholders(m);
    if (code == STEPC_OK)
        code = number_outputs(m);
    for (int32_t i = 0; code == STEPC_OK && i < m->p->node_count; i++)
        code = connect_node(m, &m->p->nodes[i]);
    if (code == STEPC_OK)
        code = connect_fetches(m);
    return code;
}

stepc_code session_plan_make(const stepc_graph *graph, const stepc_host *host, const step_request *request, plan **out,
                     stepc_error *error)
{
    *out = NULL;
    plan *p = host_alloc(host, sizeof *p);
    if (p == NULL)
        return error_out_of_memory(error, "preparing a step");
    p->host = *host;
    arena_init(&p->memory, host);
    atomic_init(&p->holders, 1);
    for (int i = 0; i < PLAN_SPARE_FRAMES; i++)
        atomic_init(&p->spare[i], NULL);
    plan_maker m = {.graph = graph, .p = p, .error = error};
    arena_init(&m.scratch, host);
    graph_lock_read(graph);
    stepc_code code = fill(&m, request);
    graph_unlock(graph);
    arena_release(&m.scratch);
    if (code != STEPC_OK) {
        run_plan_release(p);
        return code;
    }
    *out = p;
    return STEPC_OK;
}

plan *run_plan_retain(plan *p)
{
    atomic_fetch_add_explicit(&p->holders, 1, memory_order_relaxed);
    return p;
}

void run_plan_release(plan *p)
{
    if (p == NULL || atomic_fetch_sub_explicit(&p->holders, 1, memory_order_acq_rel) != 1)
        return;
    dispatch_plan_free(p);
    for (int i = 0; i < PLAN_SPARE_FRAMES; i++) {
        plan_frame *f = atomic_load(&p->spare[i]);
        if (f != NULL)
            frame_free(f);
    }
    for (int32_t i = 0; p->values != NULL && i < p->value_count; i++)
        stepc_tensor_release(p->values[i].remembered);
    stepc_host host = p->host;
    arena_release(&p->memory);
    host_free(&host, p, sizeof *p);
}

static bool same_outputs(const stepc_output *a, const stepc_output *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i].op != b[i].op || a[i].index != b[i].index)
            return false;
    return true;
}

bool plan_matches(const plan *p, const step_request *request)
{
    const step_request *own = &p->request;
    if (own->feed_count != request->feed_count || own->fetch_count != request->fetch_count ||
        own->target_count != request->target_count || own->allow_unfed != request->allow_unfed ||
        !connections_equal(own, request) ||
        !same_outputs(own->feeds, request->feeds, own->feed_count) ||
        !same_outputs(own->fetches, request->fetches, own->fetch_count))
        return false;
    for (size_t i = 0; i < own->target_count; i++)
        if (own->targets[i] != request->targets[i])
            return false;
    return true;
}
