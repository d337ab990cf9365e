/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ops/shapes.h"

#include <string.h>

/* Constants of more elements are no shape operands. */
enum { CONSTANT_ELEMENTS = 1024 };

typedef struct walk_place {
    const stepc_operation *op;
    int32_t next_input;
} walk_place;

struct graph_shapes {
    arena memory;
    size_pool sizes;
    infer_value **values; /* of each operation: its outputs; NULL: not asked for yet */
    bool *open;           /* of each operation: on the walk's way */
    size_t capacity;
    walk_place *stack;
    size_t stack_size, stack_capacity;
    stepc_tensor **owned; /* constants */
    size_t owned_count, owned_capacity;
};

static void release(stepc_graph *graph)
{
    struct graph_shapes *s = graph->shapes;

    if (s == NULL)
        return;
    for (size_t i = 0; i < s->owned_count; i++)
        stepc_tensor_release(s->owned[i]);
    arena_release(&s->memory);
    host_free(&graph->host, s, sizeof(*s));
    graph->shapes = NULL;
}

static stepc_code out_of_memory(stepc_error *error) { return error_out_of_memory(error, "inferring shapes"); }

/* The graph's shapes with room for all its operations. */
static struct graph_shapes *open_shapes(stepc_graph *graph)
{
    struct graph_shapes *s = graph->shapes;
    size_t needed = (size_t)graph->operation_count;

    if (s == NULL) {
        s = host_alloc(&graph->host, sizeof(*s));
        if (s == NULL)
            return NULL;
        arena_init(&s->memory, &graph->host);
        size_pool_init(&s->sizes, &s->memory);
        graph->shapes = s;
        graph->shapes_release = release;
    }
    size_t values = s->capacity, flags = s->capacity;
    infer_value **grown = arena_grow(&s->memory, s->values, &values, needed, sizeof(*grown));
    bool *open = arena_grow(&s->memory, s->open, &flags, needed, sizeof(*open));
    if (grown == NULL || open == NULL)
        return NULL;
    s->values = grown;
    s->open = open;
    s->capacity = values;
    return s;
}

const size_pool *shapes_sizes(const stepc_graph *graph) { return &graph->shapes->sizes; }

/* ---- constants ------------------------------------------------------------------------------- */

static bool is_small(const struct graph_shapes *s, const infer_value *value)
{
    int64_t count = 1, size;

    for (int32_t i = 0; i < value->rank; i++) {
        if (!size_is_const(&s->sizes, value->dims[i], &size) || size > CONSTANT_ELEMENTS)
            return false;
        count *= size;
        if (count > CONSTANT_ELEMENTS)
            return false;
    }
    return value->rank >= 0;
}

static stepc_code keep_constant(struct graph_shapes *s, infer_value *value, stepc_tensor *tensor, stepc_error *error)
{
    stepc_tensor **grown = arena_grow(&s->memory, s->owned, &s->owned_capacity, s->owned_count + 1, sizeof(*grown));

    if (grown == NULL) {
        stepc_tensor_release(tensor);
        return out_of_memory(error);
    }
    s->owned = grown;
    grown[s->owned_count++] = tensor;
    value->constant = tensor;
    return STEPC_OK;
}

/* Shape functions ask for whole values (axes, shapes): those of constants, and of sizes that are all known. */
static stepc_code learn_constant(stepc_graph *graph, const stepc_operation *op, infer_value *value, stepc_error *error)
{
    struct graph_shapes *s = graph->shapes;
    stepc_tensor *tensor = NULL;
    stepc_error unread;
    int64_t size;

    error_init(&unread);
    if (text_equal(op->type, TEXT_LITERAL("Const"))) {
        const attr_value *a = operation_attr(op, "value");
        if (!is_small(s, value) || a == NULL || a->kind != ATTR_TENSOR || a->is_list || a->as.tensor == NULL ||
            tensor_proto_decode(&graph->host, a->as.tensor, &tensor, &unread) != STEPC_OK)
            return STEPC_OK;
        return keep_constant(s, value, tensor, error);
    }
    if (value->elements == NULL || (value->dtype != STEPC_INT32 && value->dtype != STEPC_INT64) || value->rank < 0 ||
        value->rank > 1 || value->element_count > CONSTANT_ELEMENTS)
        return STEPC_OK;
    for (int64_t i = 0; i < value->element_count; i++)
        if (!size_is_const(&s->sizes, value->elements[i], &size) ||
            (value->dtype == STEPC_INT32 && (size > INT32_MAX || size < INT32_MIN)))
            return STEPC_OK;
    if (stepc_tensor_new(&graph->host, value->dtype, &value->element_count, value->rank, &tensor, error) != STEPC_OK)
        return error->code;
    for (int64_t i = 0; i < value->element_count; i++) {
        size_is_const(&s->sizes, value->elements[i], &size);
        store_i64(value->dtype, stepc_tensor_data(tensor), i, size);
    }
    return keep_constant(s, value, tensor, error);
}

/* ---- one operation --------------------------------------------------------------------------- */

static void forget(struct graph_shapes *s, infer_value *outputs, const stepc_operation *op)
{
    for (int32_t k = 0; k < op->output_count; k++)
        outputs[k] = (infer_value){.dtype = dtype_base((stepc_dtype)op->output_dtypes[k]), .rank = -1};
    s->sizes.failed = false;
}

/* " for 'x' (op: 'MatMul') with input shapes: [2], [?,3]." */
static void append_context(const infer_context *c)
{
    error_append(c->error, " for '%s' (op: '%s') with input shapes: ", c->op->name.data, c->op->type.data);
    for (int32_t k = 0; k < c->input_count && k < 16; k++) {
        char shape[160];
        error_append(c->error, "%s%s", k > 0 ? ", " : "", infer_shape_text(c, c->inputs[k], shape, sizeof shape));
    }
    error_append(c->error, "%s.", c->input_count > 16 ? ", ..." : "");
    error_at_node(c->error, c->op->name.data, c->op->type.data, NULL);
}

static stepc_code infer(stepc_graph *graph, const stepc_operation *op, bool strict, stepc_error *error)
{
    struct graph_shapes *s = graph->shapes;
    const op_row *row = op_row_find(op->type);
    infer_value *outputs = ARENA_ARRAY(&s->memory, infer_value, (size_t)op->output_count + 1);
    infer_value **inputs = ARENA_ARRAY(&s->memory, infer_value *, (size_t)op->input_count + 1);
    infer_value *unknown = ARENA_ARRAY(&s->memory, infer_value, (size_t)op->input_count + 1);
    stepc_error scratch;

    if (outputs == NULL || inputs == NULL || unknown == NULL)
        return out_of_memory(error);
    forget(s, outputs, op);
    for (int32_t k = 0; k < op->input_count; k++) {
        stepc_output from = op->inputs[k];
        unknown[k] = (infer_value){.dtype = dtype_base((stepc_dtype)from.op->output_dtypes[from.index]), .rank = -1};
        inputs[k] = s->values[from.op->index] != NULL ? &s->values[from.op->index][from.index] : &unknown[k];
    }
    error_init(&scratch);
    infer_context c = {.host = &graph->host,
                       .memory = &s->memory,
                       .sizes = &s->sizes,
                       .op = op,
                       .input_count = op->input_count,
                       .output_count = op->output_count,
                       .inputs = inputs,
                       .outputs = outputs,
                       .error = &scratch};
    stepc_code code = row != NULL && row->infer != NULL ? row->infer(&c) : STEPC_OK;
    if (code == STEPC_INVALID_ARGUMENT && strict) {
        append_context(&c);
        error_copy(error, &scratch);
        s->sizes.failed = false;
        return code;
    }
    if (code == STEPC_RESOURCE_EXHAUSTED) {
        error_copy(error, &scratch);
        return code;
    }
    if (code != STEPC_OK || s->sizes.failed)
        forget(s, outputs, op);
    for (int32_t k = 0; k < op->output_count; k++) {
        code = learn_constant(graph, op, &outputs[k], error);
        if (code != STEPC_OK)
            return code;
    }
    s->values[op->index] = outputs;
    return STEPC_OK;
}

/* ---- the walk -------------------------------------------------------------------------------- */

static stepc_code push(struct graph_shapes *s, const stepc_operation *op, stepc_error *error)
{
    walk_place *grown = arena_grow(&s->memory, s->stack, &s->stack_capacity, s->stack_size + 1, sizeof(*grown));

    if (grown == NULL)
        return out_of_memory(error);
    s->stack = grown;
    grown[s->stack_size++] = (walk_place){op, 0};
    s->open[op->index] = true;
    return STEPC_OK;
}

stepc_code shapes_of(stepc_graph *graph, const stepc_operation *op, bool strict, const infer_value **out,
                     stepc_error *error)
{
    struct graph_shapes *s = open_shapes(graph);

    if (s == NULL)
        return out_of_memory(error);
    stepc_code code = s->values[op->index] == NULL ? push(s, op, error) : STEPC_OK;
    while (code == STEPC_OK && s->stack_size > 0) {
        walk_place *top = &s->stack[s->stack_size - 1];
        if (top->next_input < top->op->input_count) {
            const stepc_operation *from = top->op->inputs[top->next_input++].op;
            if (s->values[from->index] == NULL && !s->open[from->index])
                code = push(s, from, error); /* TOP may have moved */
            continue;
        }
        const stepc_operation *done = top->op;
        s->stack_size--;
        s->open[done->index] = false;
        code = infer(graph, done, strict && done == op, error);
    }
    while (s->stack_size > 0)
        s->open[s->stack[--s->stack_size].op->index] = false;
    *out = s->values[op->index];
    return code;
}

static stepc_code copy_shape(const infer_value *value, const size_pool *sizes, int64_t *dims, int32_t capacity,
                             int32_t *out_rank, stepc_error *error)
{
    *out_rank = value->rank;
    if (value->rank > capacity)
        return error_set(error, STEPC_INVALID_ARGUMENT, "a shape of %d dimensions does not fit into %d",
                         (int)value->rank, (int)capacity);
    for (int32_t i = 0; i < value->rank; i++)
        if (!size_is_const(sizes, value->dims[i], &dims[i]))
            dims[i] = -1;
    return STEPC_OK;
}

stepc_code stepc_graph_output_shape(stepc_graph *graph, stepc_output at, int64_t *dims, int32_t capacity,
                                    int32_t *out_rank, stepc_error *error)
{
    stepc_error unread;
    const infer_value *values;

    error = error_or(error, &unread);
    if (out_rank != NULL)
        *out_rank = -1;
    if (graph == NULL || out_rank == NULL || (dims == NULL && capacity > 0))
        return error_set(error, STEPC_INVALID_ARGUMENT, "graph, dims and out must not be NULL");
    if (at.op == NULL || at.op->graph != graph || at.index < 0 || at.index >= at.op->output_count)
        return error_set(error, STEPC_INVALID_ARGUMENT, "not an output of this graph");
    stepc_code code = host_check_callback(error);
    if (code != STEPC_OK)
        return code;
    graph_lock_write(graph);
    code = shapes_of(graph, at.op, false, &values, error);
    if (code == STEPC_OK)
        code = copy_shape(&values[at.index], shapes_sizes(graph), dims, capacity, out_rank, error);
    graph_unlock(graph);
    return code;
}
