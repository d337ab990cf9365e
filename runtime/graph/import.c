/* SPDX-License-Identifier: Apache-2.0 */
/* GraphDef to graph: names first, then each node's attributes and outputs, then its inputs,
 * which may come from any other node; last the verifier. */
#include "runtime/graph/import.h"

#include "runtime/core/dtype.h"

#include <string.h>

/* The GraphDef version that we read as: TensorFlow has added one a day since 2018. */
enum { CONSUMER_VERSION = 2000, UNKNOWN_NAMES = 8 };

/* A function of the library, or an operator of the MetaGraphDef's list that the registry
 * lacks; its schema is made when the first call needs it. */
typedef struct library_function {
    const message *signature;
    const op_def *schema;
    const message *const *defaults;
} library_function;

typedef struct importer {
    stepc_graph *graph;
    stepc_error *error;
    arena scratch;
    name_set function_names;
    library_function *functions;
    name_set unknown; /* operators that are neither registered nor functions */
    int32_t first_unknown;
    int64_t outputs; /* of all operations so far: one short node can ask for many */
    const op_def **schemas; /* of each operation */
    int32_t *marks;         /* of each operation: the last one that it controls, plus 1 */
} importer;

static stepc_code out_of_memory(importer *in)
{
    return error_out_of_memory(in->error, "importing a graph");
}

/* Adds node and operator to the error that is set. */
static stepc_code at_node(importer *in, const stepc_operation *op)
{
    return error_at_node(in->error, op->name.data, op->type.data, NULL);
}

/* ---- versions ------------------------------------------------------------------------------ */

static stepc_code read_versions(importer *in, const message *graph_def)
{
    const message_value *value = message_get(graph_def, "versions");
    const message *versions = value != NULL ? value->child : NULL;
    int64_t producer = versions != NULL ? message_int(versions, "producer", 0) : message_int(graph_def, "version", 0);
    int64_t min_consumer = message_int(versions, "min_consumer", 0);
    number_cursor bad = number_begin(versions, "bad_consumers");
    uint64_t number;

    in->graph->producer = (int32_t)producer;
    in->graph->min_consumer = (int32_t)min_consumer;
    if (producer < 0)
        return error_set(in->error, STEPC_INVALID_ARGUMENT,
                         "GraphDef producer version %lld below min producer 0 supported by stepc.  Please regenerate your "
                         "graph.",
                         (long long)producer);
    if (min_consumer > CONSUMER_VERSION)
        return error_set(in->error, STEPC_INVALID_ARGUMENT,
                         "GraphDef min consumer version %lld above current version %d for stepc.  Please upgrade.",
                         (long long)min_consumer, (int)CONSUMER_VERSION);
    while (number_next(&bad, &number))
        if ((int64_t)number == CONSUMER_VERSION)
            return error_set(in->error, STEPC_INVALID_ARGUMENT,
                             "GraphDef disallows consumer version %d.  Please upgrade: this version is likely buggy.",
                             (int)CONSUMER_VERSION);
    return STEPC_OK;
}

static stepc_code read_library(importer *in, const message *graph_def)
{
    const message_value *library = message_get(graph_def, "library");
    const message *functions = library != NULL ? library->child : NULL;
    size_t count = message_count(functions, "function") + message_count(in->graph->op_list, "op");

    in->functions = ARENA_ARRAY(&in->scratch, library_function, count);
    if (in->functions == NULL)
        return out_of_memory(in);
    for (const message_value *v = message_next(functions, "function", NULL); v != NULL;
         v = message_next(functions, "function", v)) {
        const message_value *signature = message_get(v->child, "signature");
        stepc_string name = signature != NULL ? message_string(signature->child, "name") : (stepc_string){"", 0};
        if (name.size == 0)
            return error_set(in->error, STEPC_INVALID_ARGUMENT, "a function of the library has no name");
        size_t before = in->function_names.count;
        int32_t index = name_set_add(&in->scratch, &in->function_names, name);
        if (index < 0)
            return out_of_memory(in);
        if (in->function_names.count == before)
            return error_set(in->error, STEPC_INVALID_ARGUMENT, "Function '%.*s' stands in the library twice",
                             (int)(name.size < 128 ? name.size : 128), name.data);
        in->functions[index].signature = signature->child;
    }
    for (const message_value *v = message_next(in->graph->op_list, "op", NULL); v != NULL;
         v = message_next(in->graph->op_list, "op", v)) {
        int32_t index = name_set_add(&in->scratch, &in->function_names, message_string(v->child, "name"));
        if (index < 0)
            return out_of_memory(in);
        if (in->functions[index].signature == NULL)
            in->functions[index].signature = v->child;
    }
    return STEPC_OK;
}

/* ---- names --------------------------------------------------------------------------------- */

static stepc_code insert_name(importer *in, stepc_operation *op)
{
    stepc_graph *graph = in->graph;
    size_t mask = graph->name_table_size - 1;
    size_t i = (size_t)text_hash(op->name) & mask;

    for (; graph->name_table[i] >= 0; i = (i + 1) & mask) {
        const stepc_operation *other = &graph->operations[graph->name_table[i]];
        if (text_equal(other->name, op->name)) {
            error_set(in->error, STEPC_INVALID_ARGUMENT, "Node '%s' is not unique: it is node %d and node %d of the file",
                      op->name.data, (int)other->index + 1, (int)op->index + 1);
            return at_node(in, op);
        }
    }
    graph->name_table[i] = op->index;
    return STEPC_OK;
}

static bool copy_text(importer *in, const message_value *v, stepc_string *out)
{
    const char *copy = v->size > 0 ? arena_text(&in->graph->memory, v->data, v->size) : "";

    *out = (stepc_string){copy, v->size};
    return copy != NULL;
}

/* Reads name, operator, device, and how many inputs there are. */
static stepc_code read_node(importer *in, const message *node, stepc_operation *op)
{
    const stepc_limits *limits = &in->graph->host.limits;
    int64_t inputs = 0;

    op->name = op->type = op->device = (stepc_string){"", 0};
    for (const message_value *v = node->first; v != NULL; v = v->next) {
        uint32_t field = v->field->number;
        if ((field == 1 || field == 2) && v->size > (uint64_t)limits->name_bytes) {
            error_limit(in->error, "name_bytes", limits->name_bytes, (int64_t)v->size);
            return error_at_file(in->error, in->graph->name.data, v->offset);
        }
        inputs += field == 3;
        stepc_string *text_field = field == 1 ? &op->name : field == 2 ? &op->type : field == 4 ? &op->device : NULL;
        if (text_field != NULL && !copy_text(in, v, text_field))
            return out_of_memory(in);
    }
    if (!node_name_is_valid(op->name, op->type.size > 0 && op->type.data[0] == '_')) {
        error_set(in->error, STEPC_INVALID_ARGUMENT, "Node '%s': Node name contains invalid characters", op->name.data);
        if (op->name.size == 0)
            error_set(in->error, STEPC_INVALID_ARGUMENT, "Node %d of the file has no name", (int)op->index + 1);
        error_at_file(in->error, in->graph->name.data, node->offset);
        return at_node(in, op);
    }
    if (op->type.size == 0) {
        error_set(in->error, STEPC_INVALID_ARGUMENT, "Node '%s' does not specify an operation", op->name.data);
        return at_node(in, op);
    }
    if (inputs > limits->node_inputs) {
        error_limit(in->error, "node_inputs", limits->node_inputs, inputs);
        return at_node(in, op);
    }
    op->input_count = (int32_t)inputs; /* controls included, until they are read */
    return insert_name(in, op);
}

static stepc_code read_nodes(importer *in, const message *graph_def)
{
    stepc_graph *graph = in->graph;
    size_t count = message_count(graph_def, "node");
    size_t table = 16;
    int64_t edges = 0;

    if (count == 0)
        return error_set(in->error, STEPC_INVALID_ARGUMENT, "no nodes: the graph is empty");
    if (count > (uint64_t)graph->host.limits.nodes)
        return error_limit(in->error, "nodes", graph->host.limits.nodes, (int64_t)count);
    if (count > INT32_MAX / 4)
        return error_limit(in->error, "nodes", INT32_MAX / 4, (int64_t)count);
    while (table < count * 2)
        table *= 2;
    graph->operations = ARENA_ARRAY(&graph->memory, stepc_operation, count);
    graph->name_table = ARENA_ARRAY(&graph->memory, int32_t, table);
    in->schemas = ARENA_ARRAY(&in->scratch, const op_def *, count);
    in->marks = ARENA_ARRAY(&in->scratch, int32_t, count);
    if (graph->operations == NULL || graph->name_table == NULL || in->schemas == NULL || in->marks == NULL)
        return out_of_memory(in);
    graph->name_table_size = table;
    for (size_t i = 0; i < table; i++)
        graph->name_table[i] = -1;
    for (const message_value *v = message_next(graph_def, "node", NULL); v != NULL;
         v = message_next(graph_def, "node", v)) {
        stepc_operation *op = &graph->operations[graph->operation_count];
        op->graph = graph;
        op->index = graph->operation_count++;
        op->source = v->child;
        stepc_code code = read_node(in, v->child, op);
        if (code != STEPC_OK)
            return code;
        edges += op->input_count;
        if (edges > graph->host.limits.edges)
            return error_limit(in->error, "edges", graph->host.limits.edges, edges);
    }
    return STEPC_OK;
}

/* ---- operators, attributes, outputs --------------------------------------------------------- */

static stepc_code check_deprecated(importer *in, const stepc_operation *op)
{
    int32_t version = op->def->deprecated_at;

    if (version == 0 || in->graph->producer < version)
        return STEPC_OK;
    error_set(in->error, STEPC_UNIMPLEMENTED,
              "Op %s is not available in GraphDef version %d. It has been removed in version %d.", op->type.data,
              (int)in->graph->producer, (int)version);
    return at_node(in, op);
}

/* Finds an operator's schema: registered, or a function's. Unknown ones are collected. */
static stepc_code find_schema(importer *in, stepc_operation *op, const message *const **defaults)
{
    *defaults = NULL;
    op->def = op_def_find(op->type);
    in->schemas[op->index] = op->def;
    if (op->def != NULL)
        return check_deprecated(in, op);
    int32_t function = name_set_find(&in->function_names, op->type);
    if (function < 0) {
        if (in->unknown.count == 0)
            in->first_unknown = op->index;
        return name_set_add(&in->scratch, &in->unknown, op->type) < 0 ? out_of_memory(in) : STEPC_OK;
    }
    library_function *f = &in->functions[function];
    if (f->schema == NULL) {
        stepc_code code = signature_schema(in->graph, f->signature, &f->schema, &f->defaults, in->error);
        if (code != STEPC_OK)
            return code;
    }
    in->schemas[op->index] = f->schema;
    *defaults = f->defaults;
    return STEPC_OK;
}

static int64_t arg_length(const stepc_operation *op, const op_arg *arg)
{
    if (arg->list_attr >= 0)
        return (int64_t)op->attrs[arg->list_attr].count;
    return arg->number_attr >= 0 ? op->attrs[arg->number_attr].as.i : 1;
}

/* Flattens ARGS to one dtype per tensor. WHAT is "inputs" or "outputs". */
static stepc_code expand_args(importer *in, const stepc_operation *op, const op_arg *args, int32_t arg_count,
                              const char *what, const int32_t **out, int32_t *out_count)
{
    int64_t limit = in->graph->host.limits.node_inputs;
    int64_t count = 0;

    for (int32_t i = 0; i < arg_count; i++) {
        int64_t length = arg_length(op, &args[i]);
        if (length < 0 || length > limit - count) {
            if (length < 0)
                error_set(in->error, STEPC_INVALID_ARGUMENT, "argument '%s' has a negative number of tensors", args[i].name);
            else
                error_limit(in->error, "node_inputs", limit, length);
            error_append(in->error, " (%s of {{node %s}})", what, op->name.data);
            return at_node(in, op);
        }
        count += length;
    }
    int32_t *dtypes = ARENA_ARRAY(&in->graph->memory, int32_t, (size_t)count);
    if (dtypes == NULL)
        return out_of_memory(in);
    int32_t at = 0;
    for (int32_t i = 0; i < arg_count; i++) {
        const op_arg *arg = &args[i];
        int64_t length = arg_length(op, arg);
        for (int64_t k = 0; k < length; k++) {
            int32_t dtype = (int32_t)arg->dtype;
            if (arg->list_attr >= 0)
                dtype = op->attrs[arg->list_attr].as.type_list[k];
            else if (arg->type_attr >= 0)
                dtype = op->attrs[arg->type_attr].as.type;
            dtypes[at++] = dtype + (arg->is_ref ? STEPC_DTYPE_REF : 0);
        }
    }
    *out = dtypes;
    *out_count = at;
    return STEPC_OK;
}

/* Before version 22 a Placeholder's scalar shape meant "unknown". */
static void mend_placeholder(importer *in, stepc_operation *op)
{
    if (in->graph->producer >= 22 || !text_equal(op->type, TEXT_LITERAL("Placeholder")))
        return;
    attr_value *attrs = (attr_value *)(uintptr_t)op->attrs;
    int32_t index = op_def_attr(op->def, TEXT_LITERAL("shape"));
    if (index >= 0 && attrs[index].as.shape.rank == 0)
        attrs[index].as.shape.unknown_rank = true;
}

static stepc_code read_attributes(importer *in, stepc_operation *op)
{
    const message *const *defaults;
    stepc_code code = find_schema(in, op, &defaults);
    const op_def *schema = in->schemas[op->index];

    if (code != STEPC_OK || schema == NULL)
        return code;
    code = attributes_import(in->graph, op, schema, defaults, in->error);
    if (code != STEPC_OK)
        return code;
    mend_placeholder(in, op);
    code = expand_args(in, op, schema->outputs, schema->output_count, "outputs", &op->output_dtypes, &op->output_count);
    if (code != STEPC_OK)
        return code;
    in->outputs += op->output_count;
    if (in->outputs <= in->graph->host.limits.edges)
        return STEPC_OK;
    error_limit(in->error, "edges", in->graph->host.limits.edges, in->outputs);
    return at_node(in, op);
}

/* Says how many distinct operators are unknown, names the first eight, and reports them all. */
static stepc_code report_unknown(importer *in)
{
    const stepc_operation *op = &in->graph->operations[in->first_unknown];

    for (size_t i = 0; i < in->unknown.count; i++) {
        char name[128];
        size_t size = in->unknown.names[i].size < sizeof(name) - 1 ? in->unknown.names[i].size : sizeof(name) - 1;
        memcpy(name, in->unknown.names[i].data, size);
        name[size] = '\0';
        host_report(&in->graph->host, "missing-operator", name, "not registered");
    }
    error_set(in->error, STEPC_NOT_FOUND,
              "Op type not registered '%s' in binary running on host. Make sure the Op and Kernel are registered in the "
              "binary running in this process.",
              op->type.data);
    error_append(in->error, " %zu operator%s of this graph %s not known:", in->unknown.count,
                 in->unknown.count == 1 ? "" : "s", in->unknown.count == 1 ? "is" : "are");
    for (size_t i = 0; i < in->unknown.count && i < UNKNOWN_NAMES; i++) {
        stepc_string name = in->unknown.names[i];
        error_append(in->error, "%s %.*s", i > 0 ? "," : "", (int)(name.size < 64 ? name.size : 64), name.data);
    }
    if (in->unknown.count > UNKNOWN_NAMES)
        error_append(in->error, ", ...");
    return at_node(in, op);
}

/* ---- inputs --------------------------------------------------------------------------------- */

static stepc_code bad_input(importer *in, const stepc_operation *op, const message_value *v, const char *what)
{
    error_set(in->error, STEPC_INVALID_ARGUMENT, "Node '%s': %s '%.*s'", op->name.data, what,
              (int)(v->size < 256 ? v->size : 256), v->data);
    error_at_file(in->error, in->graph->name.data, v->offset);
    return at_node(in, op);
}

static stepc_code read_control(importer *in, const stepc_operation *op, const message_value *v,
                               const stepc_operation **controls, int32_t *count)
{
    const stepc_operation *from = graph_find(in->graph, (stepc_string){v->data + 1, v->size - 1});

    if (from == NULL)
        return bad_input(in, op, v, "Unknown input node");
    if (in->marks[from->index] == op->index + 1)
        return STEPC_OK; /* named before */
    in->marks[from->index] = op->index + 1;
    controls[(*count)++] = from;
    return STEPC_OK;
}

static stepc_code read_data(importer *in, const stepc_operation *op, const message_value *v, stepc_output *out)
{
    stepc_string name;
    int32_t index;
    bool has_index;

    if (!tensor_name_split((stepc_string){v->data, v->size}, &name, &index, &has_index))
        return bad_input(in, op, v, "not a valid input name:");
    const stepc_operation *from = graph_find(in->graph, name);
    if (from == NULL)
        return bad_input(in, op, v, "Unknown input node");
    if (index >= from->output_count) {
        error_set(in->error, STEPC_INVALID_ARGUMENT,
                  "Node '%s': Connecting to invalid output %d of source node %s which has %d outputs", op->name.data,
                  (int)index, from->name.data, (int)from->output_count);
        return at_node(in, op);
    }
    *out = (stepc_output){from, index};
    return STEPC_OK;
}

/* "float, int32" of at most eight types. */
static void append_types(stepc_error *error, const int32_t *dtypes, int32_t count)
{
    for (int32_t i = 0; i < count && i < 8; i++)
        error_append(error, "%s%s", i > 0 ? ", " : "", stepc_dtype_name((stepc_dtype)dtypes[i]));
    if (count > 8)
        error_append(error, ", ... (%d in all)", (int)count);
}

static stepc_code read_inputs(importer *in, stepc_operation *op)
{
    const op_def *schema = in->schemas[op->index];
    int32_t total = op->input_count;
    int32_t data = 0;
    int32_t expected = 0;
    stepc_output *inputs = ARENA_ARRAY(&in->graph->memory, stepc_output, (size_t)total);
    const stepc_operation **controls = ARENA_ARRAY(&in->scratch, const stepc_operation *, (size_t)total);
    stepc_code code = STEPC_OK;

    if (inputs == NULL || controls == NULL)
        return out_of_memory(in);
    bool control_seen = false;
    for (const message_value *v = op->source->first; v != NULL && code == STEPC_OK; v = v->next) {
        if (v->field->number != 3)
            continue;
        if (v->size > 0 && v->data[0] == '^') {
            control_seen = true;
            code = read_control(in, op, v, controls, &op->control_count);
        } else if (control_seen) {
            error_set(in->error, STEPC_INVALID_ARGUMENT,
                      "Node '%s': Control dependencies must come after regular dependencies", op->name.data);
            code = at_node(in, op);
        } else {
            code = read_data(in, op, v, &inputs[data++]);
        }
    }
    if (code == STEPC_OK)
        code = expand_args(in, op, schema->inputs, schema->input_count, "inputs", &op->input_dtypes, &expected);
    if (code != STEPC_OK)
        return code;
    if (expected != data) {
        error_set(in->error, STEPC_INVALID_ARGUMENT, "NodeDef expected inputs '");
        append_types(in->error, op->input_dtypes, expected);
        error_append(in->error, "' do not match %d inputs specified; Op<name=%s>; NodeDef: {{node %s}}", (int)data,
                     op->type.data, op->name.data);
        return at_node(in, op);
    }
    const stepc_operation **kept = ARENA_ARRAY(&in->graph->memory, const stepc_operation *, (size_t)op->control_count);
    if (kept == NULL)
        return out_of_memory(in);
    if (op->control_count > 0)
        memcpy(kept, controls, (size_t)op->control_count * sizeof(*kept));
    op->controls = kept;
    op->inputs = inputs;
    op->input_count = data;
    return STEPC_OK;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static stepc_code import_all(importer *in, const message *graph_def)
{
    stepc_graph *graph = in->graph;
    stepc_code code = read_versions(in, graph_def);

    if (code == STEPC_OK)
        code = read_library(in, graph_def);
    if (code == STEPC_OK)
        code = read_nodes(in, graph_def);
    for (int32_t i = 0; i < graph->operation_count && code == STEPC_OK; i++)
        code = read_attributes(in, &graph->operations[i]);
    if (code == STEPC_OK && in->unknown.count > 0)
        code = report_unknown(in);
    for (int32_t i = 0; i < graph->operation_count && code == STEPC_OK; i++)
        code = read_inputs(in, &graph->operations[i]);
    return code == STEPC_OK ? graph_verify(graph, in->error) : code;
}

stepc_code graph_import(stepc_graph *graph, const message *graph_def, stepc_error *error)
{
    importer in = {.graph = graph, .error = error};

    arena_init(&in.scratch, &graph->host);
    graph->source = graph_def;
    stepc_code code = import_all(&in, graph_def);
    arena_release(&in.scratch);
    if (code != STEPC_OK)
        error_at_file(error, graph->name.data, -1);
    return code;
}
