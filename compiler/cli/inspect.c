/* SPDX-License-Identifier: Apache-2.0 */
/* stepc inspect: what a graph holds, and what of it can run how. */
#include "compiler/cli/cli.h"

#include "compiler/lower/lower.h"
#include "runtime/core/dtype.h"
#include "runtime/ops/row.h"

#include <stdlib.h>
#include <string.h>

typedef enum support { SUPPORT_COMPILED, SUPPORT_INTERPRETED, SUPPORT_NONE } support;
static const char *const support_names[] = {"compiled", "interpreted", "unsupported"};

typedef struct histogram_row {
    const char *type;
    int64_t count;
    support how;
} histogram_row;

typedef struct inspect {
    cli *c;
    stepc_graph *graph;
    const stepc_operation **inputs, **outputs, **variables;
    size_t input_count, output_count, variable_count;
    histogram_row *rows;
    size_t row_count;
    stepc_callable_spec suggested;
    bool has_suggestion;
    const char *why_not; /* no suggestion */
} inspect;

static support support_of(const stepc_operation *op)
{
    if (!op->def)
        return SUPPORT_NONE;
    return lower_row_find(op->type) ? SUPPORT_COMPILED : op_row_find(op->type) ? SUPPORT_INTERPRETED : SUPPORT_NONE;
}

/* ---- finding --------------------------------------------------------------------------------- */

static bool is_type(const stepc_operation *op, const char *const *types, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(op->type.data, types[i]) == 0)
            return true;
    return false;
}

static const char *const input_types[] = {"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"};
static const char *const variable_types[] = {"Variable", "VariableV2", "VarHandleOp"};

static void find_operations(inspect *r)
{
    cli *c = r->c;
    size_t count = (size_t)r->graph->operation_count;
    bool *read = CLI_ARRAY(c, bool, count);
    r->inputs = CLI_ARRAY(c, const stepc_operation *, count);
    r->outputs = CLI_ARRAY(c, const stepc_operation *, count);
    r->variables = CLI_ARRAY(c, const stepc_operation *, count);
    for (size_t i = 0; i < count; i++)
        for (int32_t k = 0; k < r->graph->operations[i]->input_count; k++)
            read[r->graph->operations[i]->inputs[k].op->index] = true;
    for (size_t i = 0; i < count; i++) {
        const stepc_operation *op = r->graph->operations[i];
        if (is_type(op, input_types, 3))
            r->inputs[r->input_count++] = op;
        else if (is_type(op, variable_types, 3))
            r->variables[r->variable_count++] = op;
        else if (op->output_count > 0 && !read[i] && strcmp(op->type.data, "Const") != 0)
            r->outputs[r->output_count++] = op;
    }
}

static int by_type(const void *a, const void *b)
{
    const histogram_row *x = a, *y = b;
    return strcmp(x->type, y->type);
}

static void count_types(inspect *r)
{
    size_t count = (size_t)r->graph->operation_count, kept = 0;
    r->rows = CLI_ARRAY(r->c, histogram_row, count);
    for (size_t i = 0; i < count; i++)
        r->rows[i] = (histogram_row){r->graph->operations[i]->type.data, 1, support_of(r->graph->operations[i])};
    qsort(r->rows, count, sizeof *r->rows, by_type);
    for (size_t i = 0; i < count; i++) {
        if (kept && strcmp(r->rows[kept - 1].type, r->rows[i].type) == 0)
            r->rows[kept - 1].count++;
        else
            r->rows[kept++] = r->rows[i];
    }
    r->row_count = kept;
}

/* The graph may be ambiguous: that is no failure here. */
static void suggest(inspect *r)
{
    cli *c = r->c;
    r->has_suggestion = signature_guess(r->graph, &c->memory, &r->suggested, &c->error) == STEPC_OK;
    if (!r->has_suggestion)
        r->why_not = cli_format(c, "%s (%s)", stepc_error_message(&c->error), stepc_error_mend(&c->error));
    stepc_error_clear(&c->error);
    r->suggested.name = "step";
}

static const char *suggested_options(inspect *r)
{
    cli *c = r->c;
    const char *made = "";
    for (size_t i = 0; i < r->suggested.feed_count; i++)
        made = cli_format(c, "%s --feed %s", made, r->suggested.feeds[i].tensor);
    for (size_t i = 0; i < r->suggested.fetch_count; i++)
        made = cli_format(c, "%s --fetch %s", made, r->suggested.fetches[i].tensor);
    return made + (*made == ' ');
}

/* ---- printing -------------------------------------------------------------------------------- */

static const char *declared(inspect *r, const stepc_operation *op)
{
    const attr_value *shape = operation_attr(op, "shape");
    stepc_dtype dtype = operation_type(op, "dtype");
    const char *dims = "";
    if (shape && shape->kind == ATTR_SHAPE && !shape->is_list)
        dims =
            shape->as.shape.unknown_rank ? "[?...]" : shape_spelled(r->c, shape->as.shape.dims, shape->as.shape.rank);
    return cli_format(r->c, "%s%s", dtype_spelled(dtype), dims);
}

static const char *output_type(inspect *r, const stepc_operation *op)
{
    (void)r;
    return dtype_spelled(dtype_base((stepc_dtype)op->output_dtypes[0]));
}

static void print_list(inspect *r, const char *title, const stepc_operation *const *list, size_t count, bool attributes)
{
    cli *c = r->c;
    text_printf(&c->out, "%s: %zu\n", title, count);
    for (size_t i = 0; i < count; i++) {
        text_puts(&c->out, "  ");
        cli_print_safe(c, list[i]->name.data);
        text_puts(&c->out, attributes && list[i]->output_count ? ":0 " : " ");
        cli_print_safe(c, attributes ? declared(r, list[i]) : output_type(r, list[i]));
        if (!attributes) {
            text_puts(&c->out, " ");
            cli_print_safe(c, list[i]->type.data);
        }
        text_puts(&c->out, "\n");
    }
}

static void print_operation(cli *c, const stepc_operation *op)
{
    cli_print_safe(c, op->name.data);
    text_puts(&c->out, " = ");
    cli_print_safe(c, op->type.data);
    text_puts(&c->out, "(");
    for (int32_t k = 0; k < op->input_count; k++) {
        text_puts(&c->out, k ? ", " : "");
        cli_print_safe(c, op->inputs[k].op->name.data);
        text_printf(&c->out, ":%d", op->inputs[k].index);
    }
    for (int32_t k = 0; k < op->control_count; k++) {
        text_puts(&c->out, k || op->input_count ? ", ^" : "^");
        cli_print_safe(c, op->controls[k]->name.data);
    }
    text_puts(&c->out, ")");
    for (int32_t k = 0; k < op->output_count; k++)
        text_printf(&c->out, "%s%s", k ? ", " : " -> ", dtype_spelled(dtype_base((stepc_dtype)op->output_dtypes[k])));
    text_printf(&c->out, "  [%s]\n", support_names[support_of(op)]);
}

static void print_plain(inspect *r)
{
    cli *c = r->c;
    cli_print_safe(c, cli_model(c));
    text_printf(&c->out, ": GraphDef, %d operations, producer %d\n", r->graph->operation_count, r->graph->producer);
    print_list(r, "inputs", r->inputs, r->input_count, true);
    print_list(r, "outputs", r->outputs, r->output_count, false);
    print_list(r, "variables", r->variables, r->variable_count, true);
    text_puts(&c->out, "signatures: none (a GraphDef has none)\ntags: none\nassets: none\n");
    text_printf(&c->out, "operators: %zu\n", r->row_count);
    for (size_t i = 0; i < r->row_count; i++) {
        text_printf(&c->out, "  %6lld ", (long long)r->rows[i].count);
        cli_print_safe(c, r->rows[i].type);
        text_printf(&c->out, "  %s\n", support_names[r->rows[i].how]);
    }
    if (c->args.ops)
        for (int32_t i = 0; i < r->graph->operation_count; i++)
            print_operation(c, r->graph->operations[i]);
    text_puts(&c->out, "suggested: ");
    cli_print_safe(c, r->has_suggestion ? suggested_options(r) : cli_format(c, "none: %s", r->why_not));
    text_puts(&c->out, "\n");
}

static void json_list(inspect *r, json *j, const char *key, const stepc_operation *const *list, size_t count,
                      bool attributes)
{
    json_open(j, key, '[');
    for (size_t i = 0; i < count; i++) {
        const attr_value *shape = attributes ? operation_attr(list[i], "shape") : NULL;
        json_open(j, NULL, '{');
        json_text(j, "name", list[i]->name.data);
        json_text(j, "operator", list[i]->type.data);
        json_text(j, "dtype", attributes ? dtype_spelled(operation_type(list[i], "dtype")) : output_type(r, list[i]));
        if (shape && shape->kind == ATTR_SHAPE && !shape->is_list && !shape->as.shape.unknown_rank) {
            json_open(j, "shape", '[');
            for (int32_t d = 0; d < shape->as.shape.rank; d++)
                json_i64(j, NULL, shape->as.shape.dims[d]);
            json_close(j, ']');
        } else {
            json_text(j, "shape", NULL);
        }
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void json_operations(inspect *r, json *j)
{
    json_open(j, "ops", '[');
    for (int32_t i = 0; r->c->args.ops && i < r->graph->operation_count; i++) {
        const stepc_operation *op = r->graph->operations[i];
        json_open(j, NULL, '{');
        json_text(j, "name", op->name.data);
        json_text(j, "operator", op->type.data);
        json_text(j, "device", op->device.data);
        json_open(j, "inputs", '[');
        for (int32_t k = 0; k < op->input_count; k++)
            json_text(j, NULL, cli_format(r->c, "%s:%d", op->inputs[k].op->name.data, op->inputs[k].index));
        for (int32_t k = 0; k < op->control_count; k++)
            json_text(j, NULL, cli_format(r->c, "^%s", op->controls[k]->name.data));
        json_close(j, ']');
        json_open(j, "outputs", '[');
        for (int32_t k = 0; k < op->output_count; k++)
            json_text(j, NULL, dtype_spelled(dtype_base((stepc_dtype)op->output_dtypes[k])));
        json_close(j, ']');
        json_text(j, "support", support_names[support_of(op)]);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void json_empty(json *j, const char *key)
{
    json_open(j, key, '[');
    json_close(j, ']');
}

static void print_json(inspect *r)
{
    cli *c = r->c;
    json j;
    cli_json_begin(c, &j);
    json_text(&j, "model", cli_model(c));
    json_text(&j, "format", "graphdef");
    json_i64(&j, "operations", r->graph->operation_count);
    json_i64(&j, "producer", r->graph->producer);
    json_list(r, &j, "inputs", r->inputs, r->input_count, true);
    json_list(r, &j, "outputs", r->outputs, r->output_count, false);
    json_list(r, &j, "variables", r->variables, r->variable_count, true);
    json_empty(&j, "signatures");
    json_empty(&j, "tags");
    json_empty(&j, "assets");
    json_open(&j, "operators", '[');
    for (size_t i = 0; i < r->row_count; i++) {
        json_open(&j, NULL, '{');
        json_text(&j, "operator", r->rows[i].type);
        json_i64(&j, "count", r->rows[i].count);
        json_text(&j, "support", support_names[r->rows[i].how]);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    if (c->args.ops)
        json_operations(r, &j);
    json_text(&j, "suggested", r->has_suggestion ? suggested_options(r) : NULL);
    json_text(&j, "suggested_none_because", r->why_not);
    cli_json_end(c, &j);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void dot_quoted(text *out, const char *data)
{
    text_puts(out, "\"");
    for (; *data; data++) {
        unsigned char byte = (unsigned char)*data;
        if (byte == '"' || byte == '\\')
            text_puts(out, "\\");
        if (byte >= 0x20 && byte < 0x7F)
            text_add(out, data, 1);
        else
            text_printf(out, "%%%02x", byte);
    }
    text_puts(out, "\"");
}

static void write_dot(inspect *r, text *out)
{
    text_puts(out, "digraph graph_def {\n  node [shape=box];\n");
    for (int32_t i = 0; i < r->graph->operation_count; i++) {
        const stepc_operation *op = r->graph->operations[i];
        text_printf(out, "  n%d [label=", i);
        dot_quoted(out, cli_format(r->c, "%s: %s", op->name.data, op->type.data));
        text_puts(out, "];\n");
        for (int32_t k = 0; k < op->input_count; k++)
            text_printf(out, "  n%d -> n%d [label=\"%d\"];\n", op->inputs[k].op->index, i, op->inputs[k].index);
        for (int32_t k = 0; k < op->control_count; k++)
            text_printf(out, "  n%d -> n%d [style=dashed];\n", op->controls[k]->index, i);
    }
    text_puts(out, "}\n");
}

/* "-" is stdout, where the file then stands alone. */
static bool to_stdout(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

static stepc_code add_file(inspect *r, output_set *set, const char *path, text *content)
{
    cli *c = r->c;
    if (to_stdout(path)) {
        text_add(&c->out, content->data, content->size);
        text_release(content);
        return STEPC_OK;
    }
    stepc_code code = content->failed ? error_out_of_memory(&c->error, "writing a file")
                                      : output_add(set, path, content->data, content->size, &c->error);
    text_release(content);
    return code;
}

static int write_files(inspect *r)
{
    cli *c = r->c;
    text content;
    output_set *set;
    if (!c->args.dot && !c->args.write_config)
        return 0;
    if (c->args.write_config && !r->has_suggestion)
        return cli_refuse(c, STEPC_INVALID_ARGUMENT, IN_MODEL, "write feed { ... } and fetch { ... } by hand",
                          "there is no signature to write: %s", r->why_not);
    stepc_code code = output_begin(&c->host, &set, &c->error);
    if (!code && c->args.dot) {
        text_init(&content, &c->host);
        write_dot(r, &content);
        code = add_file(r, set, c->args.dot, &content);
    }
    if (!code && c->args.write_config) {
        text_init(&content, &c->host);
        signature_config_write(&r->suggested, 1, &content);
        code = add_file(r, set, c->args.write_config, &content);
    }
    if (code)
        output_abandon(set);
    else
        code = output_commit(set, &c->error);
    return code ? cli_fail(c, IN_FILES) : 0;
}

int command_inspect(cli *c)
{
    inspect r = {.c = c};
    if (c->args.json && (to_stdout(c->args.dot) || to_stdout(c->args.write_config)))
        return cli_usage(c, "--json has stdout for itself; name a file");
    int status = cli_load_graph(c, &r.graph);
    if (status)
        return status;
    find_operations(&r);
    count_types(&r);
    suggest(&r);
    status = write_files(&r);
    if (!status && c->args.json)
        print_json(&r);
    else if (!status && !to_stdout(c->args.dot) && !to_stdout(c->args.write_config))
        print_plain(&r);
    stepc_graph_release(r.graph);
    return status;
}
