/* SPDX-License-Identifier: Apache-2.0 */
/* Operations in the making: inputs are held against the schema as they come, and the finished NodeDef joins the graph
 * through the importer, so that what is built obeys the rules of what is read. */
#include "runtime/graph/build.h"

#include "runtime/core/dtype.h"
#include "runtime/graph/build_internal.h"

#include <string.h>

/* ---- errors and memory ----------------------------------------------------------------------- */

bool builder_failed(const stepc_builder *b) { return b == NULL || b->error.code != STEPC_OK; }

void builder_fail(stepc_builder *b, stepc_code code, const char *format, ...)
{
    va_list arguments;

    if (builder_failed(b))
        return;
    va_start(arguments, format);
    error_set_v(&b->error, code, format, arguments);
    va_end(arguments);
    error_append(&b->error, " while building NodeDef '%s' using Op<name=%s>", b->name.data, b->type.data);
    error_at_node(&b->error, b->name.data, b->type.data, NULL);
}

void builder_out_of_memory(stepc_builder *b)
{
    if (!builder_failed(b))
        error_out_of_memory(&b->error, "building an operation");
}

const char *builder_copy(stepc_builder *b, const char *data, size_t size)
{
    const char *copy = data != NULL || size == 0 ? arena_text(&b->memory, data, size) : NULL;

    if (copy == NULL)
        builder_out_of_memory(b);
    return copy;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* The schema of an operator or of a function of the graph; NULL when unknown. */
static stepc_code find_schema(stepc_builder *b, stepc_error *error)
{
    const library_function *f;

    b->schema = op_def_find(b->type);
    if (b->schema != NULL)
        return STEPC_OK;
    graph_lock_write(b->graph); /* a function's schema is made at its first use */
    stepc_code code = library_find(b->graph, b->type, &f, error);
    if (code == STEPC_OK && f != NULL)
        b->schema = f->schema;
    graph_unlock(b->graph);
    return code;
}

stepc_code stepc_builder_new(stepc_graph *graph, const char *type, const char *name, stepc_builder **out,
                             stepc_error *error)
{
    stepc_error unread;

    error = error_or(error, &unread);
    if (out != NULL)
        *out = NULL;
    if (graph == NULL || type == NULL || name == NULL || out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "graph, type, name and out must not be NULL");
    if (host_check_callback(error) != STEPC_OK)
        return STEPC_FAILED_PRECONDITION;
    stepc_builder *b = host_alloc(&graph->host, sizeof(*b));
    if (b == NULL)
        return error_out_of_memory(error, "building an operation");
    b->graph = stepc_graph_retain(graph);
    arena_init(&b->memory, &graph->host);
    error_init(&b->error);
    b->name = (stepc_string){arena_text(&b->memory, name, strlen(name)), strlen(name)};
    b->type = (stepc_string){arena_text(&b->memory, type, strlen(type)), strlen(type)};
    b->device = (stepc_string){"", 0};
    stepc_code code = b->name.data != NULL && b->type.data != NULL
                          ? find_schema(b, error)
                          : error_out_of_memory(error, "building an operation");
    if (code == STEPC_OK)
        *out = b;
    else
        stepc_builder_discard(b);
    return code;
}

void stepc_builder_discard(stepc_builder *b)
{
    if (b == NULL)
        return;
    stepc_graph *graph = b->graph;
    arena_release(&b->memory);
    host_free(&graph->host, b, sizeof(*b));
    stepc_graph_release(graph);
}

void stepc_builder_unique(stepc_builder *b)
{
    if (b != NULL)
        b->unique = true;
}

void stepc_builder_device(stepc_builder *b, const char *device)
{
    if (builder_failed(b))
        return;
    stepc_string text_of = text_view(device != NULL ? device : "");
    const char *copy = builder_copy(b, text_of.data, text_of.size);
    if (copy != NULL)
        b->device = (stepc_string){copy, text_of.size};
}

/* ---- inputs ---------------------------------------------------------------------------------- */

static bool keep_input(stepc_builder *b, stepc_output at)
{
    if (at.op == NULL || at.op->graph != b->graph) {
        builder_fail(b, STEPC_INVALID_ARGUMENT, "input %d is not of this graph", (int)b->arguments);
        return false;
    }
    if (at.index < 0 || at.index >= at.op->output_count) {
        builder_fail(b, STEPC_INVALID_ARGUMENT,
                     "Node '%s': Connecting to invalid output %d of source node %s which has %d outputs", b->name.data,
                     (int)at.index, at.op->name.data, (int)at.op->output_count);
        return false;
    }
    stepc_output *grown = arena_grow(&b->memory, b->inputs, &b->input_capacity, b->input_count + 1, sizeof(*grown));
    if (grown == NULL) {
        builder_out_of_memory(b);
        return false;
    }
    b->inputs = grown;
    grown[b->input_count++] = at;
    return true;
}

/* The argument that the next input is for; NULL when there is none, or no schema. */
static const op_arg *next_argument(stepc_builder *b)
{
    if (b->schema == NULL)
        return NULL; /* said when it is finished */
    if (b->arguments >= b->schema->input_count) {
        builder_fail(b, STEPC_INVALID_ARGUMENT, "More Input() calls than the %d input_args",
                     (int)b->schema->input_count);
        return NULL;
    }
    return &b->schema->inputs[b->arguments++];
}

static int32_t dtype_of(stepc_output at) { return at.op->output_dtypes[at.index]; }

/* A reference may be read as its value, not the other way round. */
static void check_type(stepc_builder *b, const op_arg *arg, int32_t expected, stepc_output at)
{
    int32_t passed = dtype_of(at);

    if (arg->is_ref)
        expected += STEPC_DTYPE_REF;
    if (expected != passed && expected != (int32_t)dtype_base((stepc_dtype)passed))
        builder_fail(b, STEPC_INVALID_ARGUMENT, "Input '%s' passed %s expected %s", arg->name,
                     stepc_dtype_name((stepc_dtype)passed), stepc_dtype_name((stepc_dtype)expected));
}

void stepc_builder_input(stepc_builder *b, stepc_output at)
{
    if (builder_failed(b) || !keep_input(b, at))
        return;
    const op_arg *arg = next_argument(b);
    if (arg == NULL)
        return;
    if (arg->number_attr >= 0 || arg->list_attr >= 0) {
        builder_fail(b, STEPC_INVALID_ARGUMENT, "Single tensor passed to '%s', expected list", arg->name);
    } else if (arg->type_attr < 0) {
        check_type(b, arg, (int32_t)arg->dtype, at);
    } else if (arg->is_ref && !dtype_is_ref((stepc_dtype)dtype_of(at))) {
        builder_fail(b, STEPC_INVALID_ARGUMENT, "Input '%s' passed %s expected ref type", arg->name,
                     stepc_dtype_name((stepc_dtype)dtype_of(at)));
    } else {
        builder_put_type(b, b->schema->attrs[arg->type_attr].name, (int32_t)dtype_base((stepc_dtype)dtype_of(at)));
    }
}

void stepc_builder_input_list(stepc_builder *b, const stepc_output *at, size_t count)
{
    if (builder_failed(b))
        return;
    if (at == NULL && count > 0) {
        builder_fail(b, STEPC_INVALID_ARGUMENT, "a list of inputs must not be NULL");
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (!keep_input(b, at[i]))
            return;
    const op_arg *arg = next_argument(b);
    if (arg == NULL)
        return;
    if (arg->list_attr >= 0) {
        builder_put_types(b, b->schema->attrs[arg->list_attr].name, at, count);
        return;
    }
    if (arg->number_attr < 0) {
        builder_fail(b, STEPC_INVALID_ARGUMENT, "List provided to input '%s' when single Tensor expected", arg->name);
        return;
    }
    builder_put_int(b, b->schema->attrs[arg->number_attr].name, (int64_t)count);
    int32_t expected = (int32_t)arg->dtype;
    if (arg->type_attr >= 0 && count > 0) {
        expected = (int32_t)dtype_base((stepc_dtype)dtype_of(at[0]));
        builder_put_type(b, b->schema->attrs[arg->type_attr].name, expected);
    }
    for (size_t i = 0; i < count; i++)
        check_type(b, arg, expected, at[i]);
}

void stepc_builder_control_input(stepc_builder *b, const stepc_operation *op)
{
    if (builder_failed(b))
        return;
    if (op == NULL || op->graph != b->graph) {
        builder_fail(b, STEPC_INVALID_ARGUMENT, "a control input is not of this graph");
        return;
    }
    const stepc_operation **grown =
        arena_grow(&b->memory, b->controls, &b->control_capacity, b->control_count + 1, sizeof(*grown));
    if (grown == NULL) {
        builder_out_of_memory(b);
        return;
    }
    b->controls = grown;
    grown[b->control_count++] = op;
}

/* ---- colocation ------------------------------------------------------------------------------ */

void builder_add_word(stepc_builder *b, stepc_string word)
{
    size_t at = 0;

    for (; at < b->colocated_count; at++) {
        stepc_string other = b->colocated[at];
        size_t both = word.size < other.size ? word.size : other.size;
        int order = memcmp(word.data, other.data, both);
        if (order == 0)
            order = word.size < other.size ? -1 : word.size > other.size;
        if (order == 0)
            return;
        if (order < 0)
            break;
    }
    stepc_string *grown =
        arena_grow(&b->memory, b->colocated, &b->colocated_capacity, b->colocated_count + 1, sizeof(*grown));
    if (grown == NULL) {
        builder_out_of_memory(b);
        return;
    }
    b->colocated = grown;
    memmove(&grown[at + 1], &grown[at], (b->colocated_count - at) * sizeof(*grown));
    grown[at] = word;
    b->colocated_count++;
}

void stepc_builder_colocate(stepc_builder *b, const stepc_operation *op)
{
    if (builder_failed(b))
        return;
    if (op == NULL || op->graph != b->graph) {
        builder_fail(b, STEPC_INVALID_ARGUMENT, "the operation to colocate with is not of this graph");
        return;
    }
    const char *word = arena_format(&b->memory, "loc:@%s", op->name.data);
    if (word == NULL)
        builder_out_of_memory(b);
    else
        builder_add_word(b, text_view(word));
}

void builder_colocate_words(stepc_builder *b, const stepc_string *words, size_t count)
{
    b->colocated_count = 0;
    for (size_t i = 0; i < count && !builder_failed(b); i++) {
        const char *copy = builder_copy(b, words[i].data, words[i].size);
        if (copy != NULL)
            builder_add_word(b, (stepc_string){copy, words[i].size});
    }
}

/* ---- finishing ------------------------------------------------------------------------------- */

static bool add_input_name(stepc_builder *b, message *node, const char *before, const stepc_operation *op,
                           int32_t index)
{
    const char *name = index > 0 ? arena_format(&b->memory, "%s%s:%d", before, op->name.data, (int)index)
                                 : arena_format(&b->memory, "%s%s", before, op->name.data);

    return name != NULL && message_add_string(&b->memory, node, "input", text_view(name));
}

static bool add_attr(stepc_builder *b, message *node, stepc_string name, message *value)
{
    message_value *entry = message_add(&b->memory, node, "attr");

    if (entry == NULL || !message_add_string(&b->memory, entry->child, "key", name))
        return false;
    message_value *slot = message_add(&b->memory, entry->child, "value");
    if (slot != NULL)
        slot->child = value;
    return slot != NULL;
}

static bool add_class(stepc_builder *b, message *node)
{
    message *value = message_new(&b->memory, &message_attr_value);
    message_value *list = value != NULL ? message_add(&b->memory, value, "list") : NULL;
    bool done = list != NULL;

    for (size_t i = 0; i < b->colocated_count && done; i++)
        done = message_add_string(&b->memory, list->child, "s", b->colocated[i]);
    return done && add_attr(b, node, TEXT_LITERAL("_class"), value);
}

/* A GraphDef of the one node. */
static message *make_graph_def(stepc_builder *b)
{
    message *graph_def = message_new(&b->memory, &message_graph_def);
    message_value *at = graph_def != NULL ? message_add(&b->memory, graph_def, "node") : NULL;

    if (at == NULL)
        return NULL;
    message *node = at->child;
    bool done =
        message_add_string(&b->memory, node, "name", b->name) && message_add_string(&b->memory, node, "op", b->type);
    for (size_t i = 0; i < b->input_count && done; i++)
        done = add_input_name(b, node, "", b->inputs[i].op, b->inputs[i].index);
    for (size_t i = 0; i < b->control_count && done; i++)
        done = add_input_name(b, node, "^", b->controls[i], 0);
    if (done && b->device.size > 0)
        done = message_add_string(&b->memory, node, "device", b->device);
    for (size_t i = 0; i < b->attr_count && done; i++)
        done = add_attr(b, node, b->attrs[i].name, b->attrs[i].value);
    if (done && b->colocated_count > 0)
        done = add_class(b, node);
    return done ? graph_def : NULL;
}

/* The node in wire format: the form in which it moves into the graph's memory. */
static stepc_code encode(stepc_builder *b, text *wire, stepc_error *error)
{
    const message *graph_def = make_graph_def(b);

    return graph_def != NULL ? message_write_binary(&b->graph->host, graph_def, wire, error)
                             : error_out_of_memory(error, "building an operation");
}

static stepc_code add_wire(stepc_builder *b, const text *wire, operation_check check, stepc_error *error)
{
    stepc_graph *graph = b->graph;
    int32_t first = graph->operation_count;
    message *graph_def;
    uint8_t *copy = arena_aligned(&graph->memory, wire->size, 64);

    if (copy == NULL)
        return error_out_of_memory(error, "building an operation");
    memcpy(copy, wire->data, wire->size);
    stepc_code code = message_read_binary(&graph->host, &graph->memory, &message_graph_def, b->name.data, copy,
                                          wire->size, &graph_def, error);
    if (code == STEPC_OK)
        code = graph_import_nodes(graph, graph_def, IMPORT_BUILT, NULL, b->unique, NULL, error);
    if (code == STEPC_OK && check != NULL)
        code = check(graph, graph->operations[first], error);
    if (code == STEPC_OK)
        graph_show(graph, first);
    return code;
}

/* Says what was wrong before anything is added. A name that is taken comes first, as in TensorFlow. */
static stepc_code check_builder(stepc_builder *b, stepc_error *error)
{
    if (!b->unique && graph_find(b->graph, b->name) != NULL) {
        error_set(error, STEPC_INVALID_ARGUMENT, "Duplicate node name in graph: '%s'", b->name.data);
        return error_at_node(error, b->name.data, b->type.data, NULL);
    }
    if (b->schema != NULL && b->error.code == STEPC_OK && b->arguments < b->schema->input_count)
        builder_fail(b, STEPC_INVALID_ARGUMENT, "%d inputs specified of %d inputs in Op", (int)b->arguments,
                     (int)b->schema->input_count);
    if (b->error.code == STEPC_OK)
        return STEPC_OK;
    error_copy(error, &b->error);
    return b->error.code;
}

stepc_code builder_add(stepc_builder *b, operation_check check, const stepc_operation **out, stepc_error *error)
{
    stepc_error unread;
    text wire;

    error = error_or(error, &unread);
    if (out != NULL)
        *out = NULL;
    if (b == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "the builder must not be NULL");
    stepc_graph *graph = b->graph;
    stepc_code code = host_check_callback(error);
    if (code != STEPC_OK) {
        stepc_builder_discard(b);
        return code;
    }
    text_init(&wire, &graph->host);
    code = b->error.code == STEPC_OK ? encode(b, &wire, error) : STEPC_OK;
    graph_lock_write(graph);
    if (code == STEPC_OK)
        code = check_builder(b, error);
    if (code == STEPC_OK) {
        graph_mark mark = graph_note(graph);
        code = add_wire(b, &wire, check, error);
        if (code != STEPC_OK)
            graph_return(graph, &mark);
    }
    if (code == STEPC_OK) {
        const stepc_operation *op = graph->operations[graph->operation_count - 1];
        int64_t number;
        if (op->name.size > b->name.size &&
            parse_i64(op->name.data + b->name.size + 1, op->name.size - b->name.size - 1, &number))
            graph_note_unique(graph, (stepc_string){op->name.data, b->name.size}, (int32_t)number);
        if (out != NULL)
            *out = op;
    }
    graph_unlock(graph);
    text_release(&wire);
    stepc_builder_discard(b);
    return code;
}
