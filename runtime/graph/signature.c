/* SPDX-License-Identifier: Apache-2.0 */
/* A function of the library, seen as an operator: its signature becomes a schema. */
#include "runtime/core/dtype.h"
#include "runtime/graph/import.h"

#include <string.h>

/* What is being built. */
typedef struct signature_builder {
    stepc_graph *graph;
    stepc_error *error;
    const char *function;
    const op_def *def;
} signature_builder;

static const char *copy_name(signature_builder *b, stepc_string name)
{
    return arena_text(&b->graph->memory, name.data, name.size);
}

static bool parse_kind(stepc_string type, op_attr *out)
{
    static const struct {
        const char *word;
        attr_kind kind;
    } kinds[] = {{"string", ATTR_STRING}, {"int", ATTR_INT},     {"float", ATTR_FLOAT},   {"bool", ATTR_BOOL},
                 {"type", ATTR_TYPE},     {"shape", ATTR_SHAPE}, {"tensor", ATTR_TENSOR}, {"func", ATTR_FUNCTION}};

    out->is_list = type.size > 6 && memcmp(type.data, "list(", 5) == 0 && type.data[type.size - 1] == ')';
    if (out->is_list)
        type = (stepc_string){type.data + 5, type.size - 6};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (text_equal(type, text_view(kinds[i].word))) {
            out->kind = kinds[i].kind;
            return true;
        }
    return false;
}

static stepc_code read_attr_def(signature_builder *b, const message *source, op_attr *out, const message **default_value)
{
    stepc_string type = message_string(source, "type");
    const message_value *value = message_get(source, "default_value");

    out->name = copy_name(b, message_string(source, "name"));
    out->default_text = "";
    if (out->name == NULL)
        return error_out_of_memory(b->error, "reading a function's signature");
    if (!parse_kind(type, out))
        return error_set(b->error, STEPC_INVALID_ARGUMENT, "Function '%s': attr '%s' has the unknown type '%.*s'",
                         b->function, out->name, (int)(type.size < 80 ? type.size : 80), type.data);
    out->has_default = value != NULL;
    out->has_minimum = message_int(source, "has_minimum", 0) != 0;
    out->minimum = message_int(source, "minimum", 0);
    *default_value = value != NULL ? value->child : NULL;
    return STEPC_OK;
}

/* The attribute that FIELD of an argument names, which must have KIND. -1 when the field is empty. */
static stepc_code find_attr(signature_builder *b, const message *source, const char *field, attr_kind kind, bool is_list,
                            int32_t *out)
{
    stepc_string name = message_string(source, field);

    *out = -1;
    if (name.size == 0)
        return STEPC_OK;
    int32_t index = op_def_attr(b->def, name);
    if (index < 0 || b->def->attrs[index].kind != kind || b->def->attrs[index].is_list != is_list)
        return error_set(b->error, STEPC_INVALID_ARGUMENT, "Function '%s': an argument's %s names no such attr: '%.*s'",
                         b->function, field, (int)(name.size < 80 ? name.size : 80), name.data);
    *out = index;
    return STEPC_OK;
}

static stepc_code read_arg(signature_builder *b, const message *source, op_arg *out)
{
    int64_t dtype = message_int(source, "type", 0);
    stepc_code code = find_attr(b, source, "type_attr", ATTR_TYPE, false, &out->type_attr);

    if (code == STEPC_OK)
        code = find_attr(b, source, "type_list_attr", ATTR_TYPE, true, &out->list_attr);
    if (code == STEPC_OK)
        code = find_attr(b, source, "number_attr", ATTR_INT, false, &out->number_attr);
    if (code != STEPC_OK)
        return code;
    out->name = copy_name(b, message_string(source, "name"));
    if (out->name == NULL)
        return error_out_of_memory(b->error, "reading a function's signature");
    out->is_ref = message_int(source, "is_ref", 0) != 0;
    if (out->type_attr >= 0 || out->list_attr >= 0)
        return STEPC_OK;
    if (!dtype_is_known(dtype))
        return error_set(b->error, STEPC_INVALID_ARGUMENT, "Function '%s': argument '%s' has the invalid dtype %lld",
                         b->function, out->name, (long long)dtype);
    out->dtype = dtype_base((stepc_dtype)dtype);
    out->is_ref = out->is_ref || dtype_is_ref((stepc_dtype)dtype);
    return STEPC_OK;
}

static stepc_code read_args(signature_builder *b, const message *signature, const char *field, const op_arg **out,
                            int32_t *out_count)
{
    size_t count = message_count(signature, field);
    int64_t limit = b->graph->host.limits.node_inputs;
    if (count > (uint64_t)limit)
        return error_limit(b->error, "node_inputs", limit, (int64_t)count);
    op_arg *args = ARENA_ARRAY(&b->graph->memory, op_arg, count);
    const message_value *v = NULL;

    if (args == NULL)
        return error_out_of_memory(b->error, "reading a function's signature");
    for (size_t i = 0; i < count; i++) {
        v = message_next(signature, field, v);
        stepc_code code = read_arg(b, v->child, &args[i]);
        if (code != STEPC_OK)
            return code;
    }
    *out = args;
    *out_count = (int32_t)count;
    return STEPC_OK;
}

stepc_code signature_schema(stepc_graph *graph, const message *signature, const op_def **out,
                            const message *const **out_defaults, stepc_error *error)
{
    arena *memory = &graph->memory;
    stepc_string name = message_string(signature, "name");
    signature_builder b = {.graph = graph, .error = error, .function = arena_text(memory, name.data, name.size)};
    op_def *def = ARENA_NEW(memory, op_def);
    size_t count = message_count(signature, "attr");
    int64_t limit = graph->host.limits.node_attributes;
    if (count > (uint64_t)limit)
        return error_limit(error, "node_attributes", limit, (int64_t)count);
    op_attr *attrs = ARENA_ARRAY(memory, op_attr, count);
    const message **defaults = ARENA_ARRAY(memory, const message *, count);
    const message_value *v = NULL;
    stepc_code code = STEPC_OK;

    if (b.function == NULL || def == NULL || attrs == NULL || defaults == NULL)
        return error_out_of_memory(error, "reading a function's signature");
    for (size_t i = 0; i < count && code == STEPC_OK; i++) {
        v = message_next(signature, "attr", v);
        code = read_attr_def(&b, v->child, &attrs[i], &defaults[i]);
    }
    def->name = b.function;
    def->family = "function";
    def->attrs = attrs;
    def->attr_count = (int32_t)count;
    def->stateful = message_int(signature, "is_stateful", 0) != 0;
    b.def = def;
    if (code == STEPC_OK)
        code = read_args(&b, signature, "input_arg", &def->inputs, &def->input_count);
    if (code == STEPC_OK)
        code = read_args(&b, signature, "output_arg", &def->outputs, &def->output_count);
    *out = def;
    *out_defaults = defaults;
    return code;
}
