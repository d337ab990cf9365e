/* SPDX-License-Identifier: Apache-2.0 */
/* Nested fetches: a tree is flattened into one step, and its results are hung into a tree of the same shape. */
#include "runtime/session/endpoints.h"
#include "runtime/session/session.h"

#include "runtime/core/error.h"
#include "runtime/core/host.h"

#include <string.h>

/* What the caller gets is its first member. */
typedef struct result_root {
    stepc_result result;
    stepc_host host;
    arena memory;           /* the tree below */
    stepc_result **tensors; /* the results that hold one */
    size_t tensor_count;
} result_root;

/* A leaf: an output, or with index -1 an operation. */
typedef struct element {
    stepc_output at;
    stepc_result *to;
    int32_t fetch; /* of an output: its number in the step */
} element;

/* A subtree that is still to be walked. */
typedef struct pending {
    const stepc_structure *from;
    stepc_result *to;
} pending;

typedef struct flattening {
    stepc_session *session;
    result_root *root;
    arena scratch;
    pending *stack; /* explicit: the depth is the caller's */
    size_t stack_count, stack_capacity;
    element *elements; /* in the order of a walk from left to right */
    size_t element_count, element_capacity;
    stepc_fetch *fetches;
    size_t fetch_count;
    const stepc_operation **targets;
    size_t target_count;
    stepc_error *error;
} flattening;

/* ---- elements --------------------------------------------------------------------------------------- */

static stepc_code not_interpreted(flattening *f, const char *name, int32_t index, const stepc_error *inner)
{
    if (index < 0)
        return error_set(f->error, inner->code, "Fetch argument '%s' cannot be interpreted as a Tensor. (%s)", name,
                         inner->message);
    return error_set(f->error, inner->code, "Fetch argument '%s:%d' cannot be interpreted as a Tensor. (%s)", name,
                     (int)index, inner->message);
}

static stepc_code no_element(flattening *f)
{
    return error_set(f->error, STEPC_INVALID_ARGUMENT, "Fetch argument None has invalid type <class 'NoneType'>");
}

/* TensorFlow's Graph.as_graph_element for names. */
static stepc_code find_element(const flattening *f, const stepc_structure *from, stepc_output *out, stepc_error *inner)
{
    const stepc_graph *graph = f->session->graph;
    const char *name = from->name;
    bool is_tensor_name = strchr(name, ':') != NULL;
    if (is_tensor_name && from->kind == STEPC_STRUCTURE_OPERATION)
        return error_set(inner, STEPC_INVALID_ARGUMENT, "Name '%s' appears to refer to a Tensor, not a Operation.",
                         name);
    if (is_tensor_name)
        return stepc_graph_find_output(graph, name, out, inner);
    const stepc_operation *op = stepc_graph_find(graph, name);
    if (from->kind == STEPC_STRUCTURE_TENSOR)
        return error_set(inner, STEPC_INVALID_ARGUMENT,
                         "The name '%s' %s, not a Tensor. Tensor names must be of the form "
                         "\"<op_name>:<output_index>\".",
                         name, op != NULL ? "refers to an Operation" : "looks like an (invalid) Operation name");
    if (op == NULL)
        return error_set(inner, STEPC_NOT_FOUND, "The name '%s' refers to an Operation not in the graph.", name);
    *out = (stepc_output){op, -1};
    return STEPC_OK;
}

static stepc_code element_of(flattening *f, const stepc_structure *from, stepc_output *out)
{
    stepc_error inner;
    error_init(&inner);
    if (from->name != NULL && find_element(f, from, out, &inner) != STEPC_OK)
        return not_interpreted(f, from->name, -1, &inner);
    if (from->name != NULL)
        return STEPC_OK;
    if (from->kind == STEPC_STRUCTURE_NAME)
        return no_element(f);
    bool is_tensor = from->kind == STEPC_STRUCTURE_TENSOR;
    *out = is_tensor ? from->at : (stepc_output){from->operation, -1};
    if (out->op == NULL)
        return no_element(f);
    const char *name = out->op->name.data;
    if (out->op->graph != f->session->graph && is_tensor) {
        error_set(&inner, STEPC_INVALID_ARGUMENT, "Tensor %s:%d is not an element of this graph.", name,
                  (int)out->index);
        return not_interpreted(f, name, out->index, &inner);
    }
    if (out->op->graph != f->session->graph) {
        error_set(&inner, STEPC_INVALID_ARGUMENT, "Operation %s is not an element of this graph.", name);
        return not_interpreted(f, name, -1, &inner);
    }
    if (is_tensor && (out->index < 0 || out->index >= out->op->output_count)) {
        error_set(
            &inner, STEPC_INVALID_ARGUMENT,
            "The name '%s:%d' refers to a Tensor which does not exist. The operation, '%s', exists but only has %d "
            "outputs.",
            name, (int)out->index, name, (int)out->op->output_count);
        return not_interpreted(f, name, out->index, &inner);
    }
    return STEPC_OK;
}

static stepc_code add_element(flattening *f, const stepc_structure *from, stepc_result *to)
{
    stepc_output at;
    stepc_code code = element_of(f, from, &at);
    if (code != STEPC_OK)
        return code;
    element *larger =
        arena_grow(&f->scratch, f->elements, &f->element_capacity, f->element_count + 1, sizeof *f->elements);
    if (larger == NULL || f->element_count >= INT32_MAX)
        return error_out_of_memory(f->error, "reading nested fetches");
    f->elements = larger;
    f->elements[f->element_count++] = (element){at, to, -1};
    to->kind = at.index >= 0 ? STEPC_STRUCTURE_TENSOR : STEPC_STRUCTURE_OPERATION;
    return STEPC_OK;
}

/* ---- the walk ---------------------------------------------------------------------------------------- */

static stepc_code push(flattening *f, const stepc_structure *from, stepc_result *to)
{
    pending *larger = arena_grow(&f->scratch, f->stack, &f->stack_capacity, f->stack_count + 1, sizeof *f->stack);
    if (larger == NULL)
        return error_out_of_memory(f->error, "reading nested fetches");
    f->stack = larger;
    f->stack[f->stack_count++] = (pending){from, to};
    return STEPC_OK;
}

static stepc_code copy_field(flattening *f, const stepc_structure *parent, const stepc_structure *item,
                             stepc_result *to)
{
    if (parent->kind != STEPC_STRUCTURE_FIELDS)
        return STEPC_OK;
    if (item->field == NULL)
        return error_set(f->error, STEPC_INVALID_ARGUMENT, "A field of a fetch has no name.");
    to->field = arena_text(&f->root->memory, item->field, strlen(item->field));
    return to->field != NULL ? STEPC_OK : error_out_of_memory(f->error, "reading nested fetches");
}

static stepc_code open_container(flattening *f, const stepc_structure *from, stepc_result *to)
{
    stepc_code code = STEPC_OK;
    if (from->count > 0 && from->items == NULL)
        return error_set(f->error, STEPC_INVALID_ARGUMENT, "A container of fetches has a count but no items.");
    if (from->count == 0)
        return STEPC_OK;
    to->items = ARENA_ARRAY(&f->root->memory, stepc_result, from->count);
    if (to->items == NULL)
        return error_out_of_memory(f->error, "reading nested fetches");
    to->count = from->count;
    /* The last is pushed first, so that the first is walked first. */
    for (size_t i = from->count; code == STEPC_OK && i-- > 0;) {
        code = copy_field(f, from, &from->items[i], &to->items[i]);
        if (code == STEPC_OK)
            code = push(f, &from->items[i], &to->items[i]);
    }
    return code;
}

static stepc_code flatten(flattening *f, const stepc_structure *fetches)
{
    stepc_code code = push(f, fetches, &f->root->result);
    while (code == STEPC_OK && f->stack_count > 0) {
        pending next = f->stack[--f->stack_count];
        next.to->kind = next.from->kind;
        switch (next.from->kind) {
        case STEPC_STRUCTURE_TENSOR:
        case STEPC_STRUCTURE_OPERATION:
        case STEPC_STRUCTURE_NAME:
            code = add_element(f, next.from, next.to);
            break;
        case STEPC_STRUCTURE_LIST:
        case STEPC_STRUCTURE_TUPLE:
        case STEPC_STRUCTURE_FIELDS:
            code = open_container(f, next.from, next.to);
            break;
        default:
            code = error_set(f->error, STEPC_INVALID_ARGUMENT, "There is no kind %d of nested fetches.",
                             (int)next.from->kind);
        }
    }
    return code;
}

/* ---- the step ---------------------------------------------------------------------------------------- */

/* Fetches and targets without duplicates, in the order in which they appear first. */
static stepc_code collect(flattening *f)
{
    endpoint_table table;
    f->fetches = ARENA_ARRAY(&f->scratch, stepc_fetch, f->element_count);
    f->targets = ARENA_ARRAY(&f->scratch, const stepc_operation *, f->element_count);
    f->root->tensors = ARENA_ARRAY(&f->root->memory, stepc_result *, f->element_count);
    if (f->fetches == NULL || f->targets == NULL || f->root->tensors == NULL ||
        !endpoint_table_make(&table, &f->scratch, f->element_count))
        return error_out_of_memory(f->error, "reading nested fetches");
    for (size_t i = 0; i < f->element_count; i++)
        table.items[i] = (endpoint){f->elements[i].at.op->index, f->elements[i].at.index, (int32_t)i};
    endpoint_table_sort(&table);
    for (size_t i = 0; i < f->element_count; i++) {
        element *e = &f->elements[i];
        size_t first = (size_t)endpoint_table_find(&table, e->at.op->index, e->at.index);
        if (first < i) {
            e->fetch = f->elements[first].fetch;
        } else if (e->at.index >= 0) {
            e->fetch = (int32_t)f->fetch_count;
            f->fetches[f->fetch_count++] = (stepc_fetch){.at = e->at};
        } else {
            f->targets[f->target_count++] = e->at.op;
        }
    }
    return STEPC_OK;
}

/* One reference for every place; the step's own goes. */
static void share_results(flattening *f)
{
    for (size_t i = 0; i < f->element_count; i++) {
        const element *e = &f->elements[i];
        if (e->fetch < 0)
            continue;
        e->to->tensor = stepc_tensor_retain(f->fetches[e->fetch].out);
        f->root->tensors[f->root->tensor_count++] = e->to;
    }
    for (size_t i = 0; i < f->fetch_count; i++)
        stepc_tensor_release(f->fetches[i].out);
}

static stepc_code run_flat(flattening *f, const stepc_feed *feeds, size_t feed_count, const stepc_structure *fetches,
                           const stepc_run_options *options)
{
    stepc_code code = flatten(f, fetches);
    if (code != STEPC_OK || f->element_count == 0)
        return code;
    code = collect(f);
    if (code == STEPC_OK)
        code = stepc_session_run(f->session, feeds, feed_count, f->fetches, f->fetch_count, f->targets, f->target_count,
                                 options, f->error);
    if (code == STEPC_OK)
        share_results(f);
    return code;
}

stepc_code stepc_session_run_structure(stepc_session *session, const stepc_feed *feeds, size_t feed_count,
                                       const stepc_structure *fetches, const stepc_run_options *options,
                                       stepc_result **out, stepc_error *error)
{
    stepc_error unread;

    error = error_or(error, &unread);
    if (out != NULL)
        *out = NULL;
    if (session == NULL || fetches == NULL || out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no session, no fetch, or no place for the result.");
    stepc_code code = session_enter(session, "Run", error);
    if (code != STEPC_OK)
        return code;
    result_root *root = host_alloc(&session->host, sizeof *root);
    if (root != NULL) {
        flattening f = {.session = session, .root = root, .error = error};
        root->host = session->host;
        arena_init(&root->memory, &session->host);
        arena_init(&f.scratch, &session->host);
        code = run_flat(&f, feeds, feed_count, fetches, options);
        arena_release(&f.scratch);
    } else {
        code = error_out_of_memory(error, "running a step");
    }
    session_leave(session);
    if (code == STEPC_OK)
        *out = &root->result;
    else if (root != NULL)
        stepc_result_free(&root->result);
    return code;
}

void stepc_result_free(stepc_result *result)
{
    if (result == NULL)
        return;
    result_root *root = (result_root *)result;
    for (size_t i = 0; i < root->tensor_count; i++)
        stepc_tensor_release(root->tensors[i]->tensor);
    arena_release(&root->memory);
    stepc_host host = root->host;
    host_free(&host, root, sizeof *root);
}
