/* SPDX-License-Identifier: Apache-2.0 */
/* GraphDef to graph: names first, then each node's attributes and outputs, then its inputs,
 * which may come from any other node; last the verifier. A whole file, a GraphDef that is added to
 * a graph, and one operation that was built all take this way. */
#include "runtime/graph/import.h"

#include "runtime/core/dtype.h"

#include <string.h>

/* The GraphDef version that we read as: TensorFlow has added one a day since 2018. */
enum { CONSUMER_VERSION = 2000, UNKNOWN_NAMES = 8 };

/* The texts about versions are TensorFlow's, which name the release whose semantics these are. */
#define TENSORFLOW "TensorFlow 1.15"

/* So many control inputs are compared with one another; beyond, marks tell which came before. */
enum { COMPARED_CONTROLS = 32 };

typedef struct importer {
    stepc_graph *graph;
    stepc_error *error;
    const char *file; /* for messages; NULL: none */
    import_mode mode;
    bool make_unique;
    stepc_import_options options; /* IMPORT_INTO; zero-filled otherwise */
    stepc_string prefix; /* without a '/' at its end */
    arena scratch;
    int32_t first;    /* operation of this import */
    int32_t producer; /* of what is imported */
    name_set names;   /* IMPORT_INTO: of the nodes as the GraphDef spells them, in order */
    name_set mapped;  /* names of the input map */
    int32_t *map_heads, *map_next; /* by name in MAPPED, by entry: entry plus 1 */
    name_set unknown; /* operators that are neither registered nor functions */
    int32_t first_unknown;
    const op_def **schemas; /* of each operation of this import */
    int32_t *marks;         /* of each operation of the graph: the last one that it controls, plus 1; or NULL */
} importer;

static stepc_code out_of_memory(importer *in)
{
    return error_out_of_memory(in->error, "importing a graph");
}

static stepc_code at_file(importer *in, int64_t offset)
{
    return in->file != NULL ? error_at_file(in->error, in->file, offset) : stepc_error_code(in->error);
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

    in->producer = (int32_t)producer;
    if (producer < 0)
        return error_set(in->error, STEPC_INVALID_ARGUMENT,
                         "GraphDef producer version %lld below min producer 0 supported by " TENSORFLOW ".  Please regenerate your "
                         "graph.",
                         (long long)producer);
    if (min_consumer > CONSUMER_VERSION)
        return error_set(in->error, STEPC_INVALID_ARGUMENT,
                         "GraphDef min consumer version %lld above current version %d for " TENSORFLOW ".  Please upgrade TensorFlow.",
                         (long long)min_consumer, (int)CONSUMER_VERSION);
    /* A graph of several GraphDefs is as old as the oldest. */
    bool is_first = in->first == 0;
    if (is_first || in->graph->producer > producer)
        in->graph->producer = (int32_t)producer;
    if (is_first || in->graph->min_consumer < min_consumer)
        in->graph->min_consumer = (int32_t)min_consumer;
    while (number_next(&bad, &number))
        if ((int64_t)number == CONSUMER_VERSION)
            return error_set(in->error, STEPC_INVALID_ARGUMENT,
                             "GraphDef disallows consumer version %d.  Please upgrade TensorFlow: this version is likely buggy.",
                             (int)CONSUMER_VERSION);
    return STEPC_OK;
}

/* ---- names --------------------------------------------------------------------------------- */

/* What a name that some operation has already is answered with. */
static stepc_code name_is_taken(importer *in, const stepc_operation *op, const stepc_operation *other)
{
    if (in->mode == IMPORT_WHOLE)
        error_set(in->error, STEPC_INVALID_ARGUMENT, "Node '%s' is not unique: it is node %d and node %d of the file",
                  op->name.data, (int)other->index + 1, (int)op->index + 1);
    else if (in->mode == IMPORT_INTO)
        error_set(in->error, STEPC_INVALID_ARGUMENT, "Node name '%s' already exists in the Graph", op->name.data);
    else
        error_set(in->error, STEPC_INVALID_ARGUMENT, "Duplicate node name in graph: '%s'", op->name.data);
    return at_node(in, op);
}

/* Names as the file spells them: a whole graph's are its operations', an added one's are a world of their own. */
static stepc_code insert_name(importer *in, stepc_operation *op)
{
    if (in->mode == IMPORT_BUILT)
        return STEPC_OK;
    if (in->mode == IMPORT_WHOLE) {
        const stepc_operation *other = graph_add_name(in->graph, op->index);
        return other != NULL ? name_is_taken(in, op, other) : STEPC_OK;
    }
    size_t before = in->names.count;
    int32_t index = name_set_add(&in->scratch, &in->names, op->name);
    if (index < 0)
        return out_of_memory(in);
    if (in->names.count > before)
        return STEPC_OK;
    error_set(in->error, STEPC_INVALID_ARGUMENT, "Node '%s' is not unique: it is node %d and node %d of the file",
              op->name.data, (int)index + 1, (int)(op->index - in->first) + 1);
    return at_node(in, op);
}

/* Gives OP its name in the graph: with the prefix, made unique when it is taken. */
static stepc_code place_name(importer *in, stepc_operation *op)
{
    stepc_graph *graph = in->graph;
    size_t prefix_size = in->prefix.size > 0 ? in->prefix.size + 1 : 0;
    int32_t number = 0;

    if (prefix_size > 0) {
        const char *whole =
            arena_format(&graph->memory, "%.*s/%s", (int)in->prefix.size, in->prefix.data, op->name.data);
        if (whole == NULL)
            return out_of_memory(in);
        op->name = (stepc_string){whole, prefix_size + op->name.size};
    }
    const stepc_operation *other = graph_find(graph, op->name);
    if (other != NULL && !in->make_unique)
        return name_is_taken(in, op, other);
    if (other != NULL) {
        const name_set *avoid = in->mode == IMPORT_INTO ? &in->names : NULL;
        if (!graph_unique_name(graph, op->name, avoid, prefix_size, &graph->memory, &op->name, &number))
            return out_of_memory(in);
    }
    if (op->name.size > (uint64_t)graph->host.limits.name_bytes) {
        error_limit(in->error, "name_bytes", graph->host.limits.name_bytes, (int64_t)op->name.size);
        return at_node(in, op);
    }
    return STEPC_OK;
}

static stepc_code place_names(importer *in)
{
    int64_t limit = in->graph->host.limits.name_bytes;
    stepc_code code = STEPC_OK;

    in->prefix = text_view(in->options.prefix != NULL ? in->options.prefix : "");
    if (in->prefix.size > 0 && in->prefix.data[in->prefix.size - 1] == '/')
        in->prefix.size--; /* spelled with the '/' that comes between */
    if (in->prefix.size > (uint64_t)limit)
        return error_limit(in->error, "name_bytes", limit, (int64_t)in->prefix.size);
    if (in->prefix.size > 0 && !node_name_is_valid(in->prefix, false))
        return error_set(in->error, STEPC_INVALID_ARGUMENT,
                         "Imported node name prefix '%s' would lead to invalid node names", in->options.prefix);
    for (int32_t i = in->first; in->mode != IMPORT_WHOLE && i < in->graph->operation_count && code == STEPC_OK; i++)
        code = place_name(in, in->graph->operations[i]);
    return code;
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
            return at_file(in, v->offset);
        }
        inputs += field == 3;
        stepc_string *text_field = field == 1 ? &op->name : field == 2 ? &op->type : field == 4 ? &op->device : NULL;
        if (text_field != NULL && !copy_text(in, v, text_field))
            return out_of_memory(in);
    }
    if (!node_name_is_valid(op->name, op->type.size > 0 && op->type.data[0] == '_')) {
        error_set(in->error, STEPC_INVALID_ARGUMENT, "Node '%s': Node name contains invalid characters", op->name.data);
        if (op->name.size == 0)
            error_set(in->error, STEPC_INVALID_ARGUMENT, "Node %d of the file has no name", (int)(op->index - in->first) + 1);
        at_file(in, node->offset);
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
    int64_t nodes = (int64_t)graph->operation_count + (int64_t)count;

    if (count == 0)
        return in->mode == IMPORT_INTO
                   ? STEPC_OK
                   : error_set(in->error, STEPC_INVALID_ARGUMENT, "no nodes: the graph is empty");
    if (nodes > graph->host.limits.nodes)
        return error_limit(in->error, "nodes", graph->host.limits.nodes, nodes);
    if (nodes > INT32_MAX / 4)
        return error_limit(in->error, "nodes", INT32_MAX / 4, nodes);
    stepc_operation *block = ARENA_ARRAY(&graph->memory, stepc_operation, count);
    in->schemas = ARENA_ARRAY(&in->scratch, const op_def *, count);
    if (in->mode != IMPORT_BUILT)
        in->marks = ARENA_ARRAY(&in->scratch, int32_t, (size_t)nodes);
    if (!graph_reserve(graph, count) || block == NULL || in->schemas == NULL ||
        (in->mode != IMPORT_BUILT && in->marks == NULL))
        return out_of_memory(in);
    for (const message_value *v = message_next(graph_def, "node", NULL); v != NULL;
         v = message_next(graph_def, "node", v)) {
        stepc_operation *op = &block[graph->operation_count - in->first];
        graph->operations[graph->operation_count] = op;
        op->graph = graph;
        op->index = graph->operation_count++;
        op->source = v->child;
        stepc_code code = read_node(in, v->child, op);
        if (code != STEPC_OK)
            return code;
        graph->edge_count += op->input_count;
        if (graph->edge_count > graph->host.limits.edges)
            return error_limit(in->error, "edges", graph->host.limits.edges, graph->edge_count);
    }
    return place_names(in);
}

/* ---- operators, attributes, outputs --------------------------------------------------------- */

static stepc_code check_deprecated(importer *in, const stepc_operation *op)
{
    int32_t version = op->def->deprecated_at;

    if (version == 0 || in->producer < version)
        return STEPC_OK;
    error_set(in->error, STEPC_UNIMPLEMENTED,
              "Op %s is not available in GraphDef version %d. It has been removed in version %d.", op->type.data,
              (int)in->producer, (int)version);
    return at_node(in, op);
}

/* Finds an operator's schema: registered, or a function's. Unknown ones are collected. */
static stepc_code find_schema(importer *in, stepc_operation *op, const message *const **defaults)
{
    *defaults = NULL;
    op->def = op_def_find(op->type);
    in->schemas[op->index - in->first] = op->def;
    if (op->def != NULL)
        return check_deprecated(in, op);
    const library_function *f;
    stepc_code code = library_find(in->graph, op->type, &f, in->error);
    if (code != STEPC_OK)
        return code;
    if (f == NULL) {
        if (in->unknown.count == 0)
            in->first_unknown = op->index;
        return name_set_add(&in->scratch, &in->unknown, op->type) < 0 ? out_of_memory(in) : STEPC_OK;
    }
    in->schemas[op->index - in->first] = f->schema;
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
    if (in->producer >= 22 || !text_equal(op->type, TEXT_LITERAL("Placeholder")))
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
    const op_def *schema = in->schemas[op->index - in->first];

    if (code != STEPC_OK || schema == NULL)
        return code;
    code = attributes_import(in->graph, op, schema, defaults, in->mode == IMPORT_BUILT, in->error);
    if (code != STEPC_OK)
        return code;
    mend_placeholder(in, op);
    code = expand_args(in, op, schema->outputs, schema->output_count, "outputs", &op->output_dtypes, &op->output_count);
    if (code != STEPC_OK)
        return code;
    in->graph->output_count += op->output_count; /* one short node can ask for many */
    if (in->graph->output_count <= in->graph->host.limits.edges)
        return STEPC_OK;
    error_limit(in->error, "edges", in->graph->host.limits.edges, in->graph->output_count);
    return at_node(in, op);
}

/* Says how many distinct operators are unknown, names the first eight, and reports them all. */
static stepc_code report_unknown(importer *in)
{
    const stepc_operation *op = in->graph->operations[in->first_unknown];

    for (size_t i = 0; i < in->unknown.count && in->mode != IMPORT_BUILT; i++) {
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
    if (in->mode == IMPORT_BUILT)
        return at_node(in, op);
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
    at_file(in, v->offset);
    return at_node(in, op);
}

/* The operation that a node's input names. */
static const stepc_operation *find_node(const importer *in, stepc_string name)
{
    if (in->mode != IMPORT_INTO)
        return graph_find(in->graph, name);
    int32_t index = name_set_find(&in->names, name);
    return index >= 0 ? in->graph->operations[in->first + index] : NULL;
}

/* The input map's entry for NAME:INDEX (-1: as a control input), or NULL. */
static const stepc_import_input *find_mapped(const importer *in, stepc_string name, int32_t index)
{
    int32_t slot = name_set_find(&in->mapped, name);

    for (int32_t i = slot >= 0 ? in->map_heads[slot] : 0; i > 0; i = in->map_next[i - 1])
        if (in->options.inputs[i - 1].index == index)
            return &in->options.inputs[i - 1];
    return NULL;
}

/* A node's inputs while they are read. */
typedef struct input_list {
    stepc_output *data;
    const stepc_operation **controls;
    int32_t data_count, control_count;
    bool inherits; /* some input is an operation of this import, which waits for the import's control inputs */
} input_list;

/* FROM as one more control input, unless it is one already. */
static void add_control(importer *in, const stepc_operation *op, const stepc_operation *from, input_list *list)
{
    if (in->marks != NULL) {
        if (in->marks[from->index] == op->index + 1)
            return;
        in->marks[from->index] = op->index + 1;
    } else {
        for (int32_t i = 0; i < list->control_count; i++)
            if (list->controls[i] == from)
                return;
    }
    list->controls[list->control_count++] = from;
}

static stepc_code read_control(importer *in, const stepc_operation *op, const message_value *v, input_list *list)
{
    stepc_string name = {v->data + 1, v->size - 1};
    const stepc_import_input *mapped = find_mapped(in, name, -1);
    const stepc_operation *from = mapped != NULL ? mapped->at.op : find_node(in, name);

    if (from == NULL)
        return bad_input(in, op, v, "Unknown input node");
    list->inherits = list->inherits || mapped == NULL;
    add_control(in, op, from, list);
    return STEPC_OK;
}

static stepc_code read_data(importer *in, const stepc_operation *op, const message_value *v, input_list *list)
{
    stepc_output *out = &list->data[list->data_count];
    stepc_string name;
    int32_t index;
    bool has_index;

    if (!tensor_name_split((stepc_string){v->data, v->size}, &name, &index, &has_index))
        return bad_input(in, op, v, "not a valid input name:");
    list->data_count++;
    const stepc_import_input *mapped = find_mapped(in, name, index);
    if (mapped != NULL) {
        *out = mapped->at;
        return STEPC_OK;
    }
    const stepc_operation *from = find_node(in, name);
    if (from == NULL)
        return bad_input(in, op, v, "Unknown input node");
    list->inherits = list->inherits || !edge_is_back(from, op);
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

/* Keeps what was read, and adds the import's control inputs to an operation that waits for none of its others. */
static stepc_code keep_inputs(importer *in, stepc_operation *op, input_list *list)
{
    size_t added = list->inherits ? 0 : in->options.control_count;
    const stepc_operation **kept =
        ARENA_ARRAY(&in->graph->memory, const stepc_operation *, (size_t)list->control_count + added);

    if (kept == NULL)
        return out_of_memory(in);
    if (list->control_count > 0)
        memcpy(kept, list->controls, (size_t)list->control_count * sizeof(*kept));
    list->controls = kept;
    for (size_t i = 0; i < added; i++)
        add_control(in, op, in->options.controls[i], list);
    op->controls = kept;
    op->control_count = list->control_count;
    op->inputs = list->data;
    op->input_count = list->data_count;
    return STEPC_OK;
}

static stepc_code wrong_input_count(importer *in, const stepc_operation *op, int32_t expected, int32_t given)
{
    error_set(in->error, STEPC_INVALID_ARGUMENT, "NodeDef expected inputs '");
    append_types(in->error, op->input_dtypes, expected);
    error_append(in->error, "' do not match %d inputs specified; Op<name=%s>; NodeDef: {{node %s}}", (int)given,
                 op->type.data, op->name.data);
    return at_node(in, op);
}

static stepc_code read_inputs(importer *in, stepc_operation *op)
{
    const op_def *schema = in->schemas[op->index - in->first];
    size_t total = (size_t)op->input_count;
    int32_t expected = 0;
    input_list list = {.data = ARENA_ARRAY(&in->graph->memory, stepc_output, total),
                       .controls = ARENA_ARRAY(&in->scratch, const stepc_operation *, total)};
    stepc_code code = STEPC_OK;

    if (in->marks == NULL && total > COMPARED_CONTROLS)
        in->marks = ARENA_ARRAY(&in->scratch, int32_t, (size_t)in->graph->operation_count);
    if (list.data == NULL || list.controls == NULL || (in->marks == NULL && total > COMPARED_CONTROLS))
        return out_of_memory(in);
    bool control_seen = false;
    for (const message_value *v = op->source->first; v != NULL && code == STEPC_OK; v = v->next) {
        if (v->field->number != 3)
            continue;
        if (v->size > 0 && v->data[0] == '^') {
            control_seen = true;
            code = read_control(in, op, v, &list);
        } else if (control_seen) {
            error_set(in->error, STEPC_INVALID_ARGUMENT,
                      "Node '%s': Control dependencies must come after regular dependencies", op->name.data);
            code = at_node(in, op);
        } else {
            code = read_data(in, op, v, &list);
        }
    }
    if (code == STEPC_OK)
        code = expand_args(in, op, schema->inputs, schema->input_count, "inputs", &op->input_dtypes, &expected);
    if (code != STEPC_OK)
        return code;
    if (expected != list.data_count)
        return wrong_input_count(in, op, expected, list.data_count);
    return keep_inputs(in, op, &list);
}

/* ---- what an added graph asks for ------------------------------------------------------------ */

static stepc_code check_options(importer *in)
{
    const stepc_import_options *o = &in->options;

    in->map_next = ARENA_ARRAY(&in->scratch, int32_t, o->input_count);
    in->map_heads = ARENA_ARRAY(&in->scratch, int32_t, o->input_count);
    if (in->map_next == NULL || in->map_heads == NULL)
        return out_of_memory(in);
    for (size_t i = 0; i < o->input_count; i++) {
        const stepc_import_input *m = &o->inputs[i];
        bool is_control = m->index == -1;
        if (m->name == NULL || m->at.op == NULL || m->at.op->graph != in->graph || m->index < -1 ||
            (!is_control && (m->at.index < 0 || m->at.index >= m->at.op->output_count)))
            return error_set(in->error, STEPC_INVALID_ARGUMENT,
                             "entry %zu of the input map does not lead to an output of the graph", i);
        int32_t slot = name_set_add(&in->scratch, &in->mapped, text_view(m->name));
        if (slot < 0)
            return out_of_memory(in);
        in->map_next[i] = in->map_heads[slot];
        in->map_heads[slot] = (int32_t)i + 1;
    }
    for (size_t i = 0; i < o->control_count; i++)
        if (o->controls[i] == NULL || o->controls[i]->graph != in->graph)
            return error_set(in->error, STEPC_INVALID_ARGUMENT,
                             "control input %zu of the import is not an operation of the graph", i);
    return STEPC_OK;
}

/* The list of what OP stays with, by the names that these operations have in the graph. */
static stepc_code place_colocation(importer *in, stepc_operation *op)
{
    attr_value *attr = (attr_value *)(uintptr_t)operation_attr(op, "_class");
    stepc_string start = TEXT_LITERAL("loc:@");

    if (attr == NULL || !attr->is_list || attr->kind != ATTR_STRING)
        return STEPC_OK;
    stepc_string *list = ARENA_ARRAY(&in->graph->memory, stepc_string, attr->count);
    if (list == NULL)
        return out_of_memory(in);
    for (size_t i = 0; i < attr->count; i++) {
        stepc_string word = list[i] = attr->as.s_list[i];
        if (word.size < start.size || memcmp(word.data, start.data, start.size) != 0)
            continue;
        stepc_string name = {word.data + start.size, word.size - start.size};
        const stepc_operation *with = find_node(in, name);
        if (with == NULL) {
            error_set(in->error, STEPC_INVALID_ARGUMENT, "Node '%s' expects to be colocated with unknown node '%.*s'",
                      op->name.data, (int)(name.size < 256 ? name.size : 256), name.data);
            return at_node(in, op);
        }
        const char *placed = arena_format(&in->graph->memory, "loc:@%s", with->name.data);
        if (placed == NULL)
            return out_of_memory(in);
        list[i] = (stepc_string){placed, start.size + with->name.size};
    }
    attr->as.s_list = list;
    attr->source = NULL; /* written from the list */
    return STEPC_OK;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static stepc_code import_all(importer *in, const message *graph_def)
{
    stepc_graph *graph = in->graph;
    stepc_code code = in->mode != IMPORT_BUILT ? read_versions(in, graph_def) : STEPC_OK;

    if (code == STEPC_OK && in->mode == IMPORT_INTO)
        code = check_options(in);
    if (code == STEPC_OK)
        code = library_read(graph, graph_def, in->mode != IMPORT_WHOLE, in->error);
    if (code == STEPC_OK)
        code = read_nodes(in, graph_def);
    for (int32_t i = in->first; i < graph->operation_count && code == STEPC_OK; i++)
        code = read_attributes(in, graph->operations[i]);
    if (code == STEPC_OK && in->unknown.count > 0)
        code = report_unknown(in);
    for (int32_t i = in->first; i < graph->operation_count && code == STEPC_OK; i++)
        code = read_inputs(in, graph->operations[i]);
    for (int32_t i = in->first; in->mode == IMPORT_INTO && i < graph->operation_count && code == STEPC_OK; i++)
        code = place_colocation(in, graph->operations[i]);
    if (code != STEPC_OK)
        return code;
    return in->mode == IMPORT_BUILT ? verify_edges(graph, in->first, in->error)
                                    : graph_verify_from(graph, in->first, in->error);
}

stepc_code graph_import_nodes(stepc_graph *graph, const message *graph_def, import_mode mode,
                              const stepc_import_options *options, bool make_unique, const char *file,
                              stepc_error *error)
{
    importer in = {.graph = graph,
                   .error = error,
                   .mode = mode,
                   .make_unique = make_unique,
                   .file = file,
                   .first = graph->operation_count,
                   .producer = graph->producer};

    if (options != NULL)
        in.options = *options;
    arena_init(&in.scratch, &graph->host);
    stepc_code code = import_all(&in, graph_def);
    arena_release(&in.scratch);
    if (code != STEPC_OK)
        at_file(&in, -1);
    return code;
}

stepc_code graph_import(stepc_graph *graph, const message *graph_def, stepc_error *error)
{
    graph->source = graph_def;
    stepc_code code = graph_import_nodes(graph, graph_def, IMPORT_WHOLE, NULL, false, graph->name.data, error);
    graph->read_count = graph->operation_count;
    return code;
}
