/* SPDX-License-Identifier: Apache-2.0 */
/* AttrValue messages become typed attributes, held against the operator's schema. */
#include "runtime/core/dtype.h"
#include "runtime/graph/import.h"

#include <string.h>

static const char *const kind_words[] = {"none", "string", "int", "float", "bool", "type", "shape", "tensor", "func",
                                         "placeholder"};

/* The kind that a field of AttrValue, or of AttrValue.ListValue, stands for. */
static attr_kind field_attr_kind(const message_field *field, bool in_list)
{
    switch (field->number) {
    case 2: return ATTR_STRING;
    case 3: return ATTR_INT;
    case 4: return ATTR_FLOAT;
    case 5: return ATTR_BOOL;
    case 6: return ATTR_TYPE;
    case 7: return ATTR_SHAPE;
    case 8: return ATTR_TENSOR;
    case 9: return in_list ? ATTR_FUNCTION : ATTR_PLACEHOLDER;
    case 10: return ATTR_FUNCTION;
    default: return ATTR_NONE;
    }
}

/* What is being read; for messages. */
typedef struct attr_context {
    stepc_graph *graph;
    const stepc_operation *op;
    stepc_string attr;
    stepc_error *error;
    attr_value *attrs; /* the operation's, writable */
    int32_t count;
} attr_context;

/* Adds which node, operator and attribute the error that is set speaks of. */
static stepc_code at_attr(attr_context *c)
{
    char attr[80];
    size_t size = c->attr.size < sizeof(attr) - 1 ? c->attr.size : sizeof(attr) - 1;

    memcpy(attr, c->attr.data, size);
    attr[size] = '\0';
    error_append(c->error, "; NodeDef: {{node %s}}; Op<name=%s>", c->op->name.data, c->op->type.data);
    return error_at_node(c->error, c->op->name.data, c->op->type.data, attr);
}

static stepc_code out_of_memory(attr_context *c)
{
    return error_out_of_memory(c->error, "reading attributes");
}

stepc_code shape_import(stepc_graph *graph, const message *proto, attr_shape *out, stepc_error *error)
{
    int64_t limit = graph->host.limits.rank;
    size_t rank = message_count(proto, "dim");

    out->unknown_rank = message_int(proto, "unknown_rank", 0) != 0;
    out->rank = 0;
    if (out->unknown_rank && rank > 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "An unknown shape must not have any dimensions set.");
    if (rank > (uint64_t)limit)
        return error_set(error, STEPC_INVALID_ARGUMENT, "a shape of %zu dimensions, more than %lld", rank,
                         (long long)limit);
    int64_t *dims = ARENA_ARRAY(&graph->memory, int64_t, rank);
    if (dims == NULL)
        return error_out_of_memory(error, "reading a shape");
    for (const message_value *v = message_next(proto, "dim", NULL); v != NULL; v = message_next(proto, "dim", v)) {
        int64_t dim = message_int(v->child, "size", 0);
        if (dim < -1)
            return error_set(error, STEPC_INVALID_ARGUMENT, "dimension %d of a shape is %lld (-1 means unknown)",
                             (int)out->rank, (long long)dim);
        dims[out->rank++] = dim;
    }
    out->dims = dims;
    return STEPC_OK;
}

/* ---- reading ------------------------------------------------------------------------------ */

/* A dtype number of a schema attribute or of a free one ('_'): real, or a reference in a free one. */
static stepc_code check_type(attr_context *c, int64_t number, const op_attr *schema)
{
    if (number >= 24 && number <= 33)
        return error_set(c->error, STEPC_UNIMPLEMENTED, "attr '%.*s' has dtype %lld, which stepc does not support",
                         (int)c->attr.size, c->attr.data, (long long)number);
    if (schema == NULL && (number == 0 || dtype_is_known(number)))
        return STEPC_OK;
    if (dtype_is_known(number) && number > STEPC_DTYPE_REF)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "AttrValue must not have reference type value of %s",
                         stepc_dtype_name((stepc_dtype)number));
    if (!dtype_is_known(number))
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "attr '%.*s' has the invalid dtype %lld", (int)c->attr.size,
                         c->attr.data, (long long)number);
    return STEPC_OK;
}

static float float_of_bits(uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    float value;

    memcpy(&value, &low, sizeof(value));
    return value;
}

static stepc_code read_scalar(attr_context *c, const message_value *v, const op_attr *schema, attr_value *out)
{
    switch (out->kind) {
    case ATTR_STRING:
    case ATTR_PLACEHOLDER:
        out->as.s = (stepc_string){v->data, v->size};
        return STEPC_OK;
    case ATTR_INT: out->as.i = (int64_t)v->bits; return STEPC_OK;
    case ATTR_FLOAT: out->as.f = float_of_bits(v->bits); return STEPC_OK;
    case ATTR_BOOL: out->as.b = v->bits != 0; return STEPC_OK;
    case ATTR_TYPE: out->as.type = (int32_t)v->bits; return check_type(c, (int64_t)v->bits, schema);
    case ATTR_SHAPE: return shape_import(c->graph, v->child, &out->as.shape, c->error);
    case ATTR_TENSOR:
        out->as.tensor = v->child;
        return tensor_proto_check(&c->graph->host, v->child, c->error);
    case ATTR_FUNCTION: out->as.function = v->child; return STEPC_OK;
    case ATTR_NONE: break;
    }
    return error_set(c->error, STEPC_INVALID_ARGUMENT, "AttrValue without a value");
}

static stepc_code read_number_list(attr_context *c, const message *list, const char *field, const op_attr *schema,
                                   attr_value *out)
{
    static const size_t sizes[] = {[ATTR_INT] = sizeof(int64_t), [ATTR_FLOAT] = sizeof(float), [ATTR_BOOL] = sizeof(bool),
                                   [ATTR_TYPE] = sizeof(int32_t)};
    number_cursor cursor = number_begin(list, field);
    void *items = arena_array(&c->graph->memory, out->count, sizes[out->kind]);
    uint64_t bits;

    if (items == NULL)
        return out_of_memory(c);
    for (size_t i = 0; i < out->count && number_next(&cursor, &bits); i++) {
        if (out->kind == ATTR_INT) {
            ((int64_t *)items)[i] = (int64_t)bits;
        } else if (out->kind == ATTR_FLOAT) {
            ((float *)items)[i] = float_of_bits(bits);
        } else if (out->kind == ATTR_BOOL) {
            ((bool *)items)[i] = bits != 0;
        } else {
            stepc_code code = check_type(c, (int64_t)bits, schema);
            if (code != STEPC_OK)
                return code;
            ((int32_t *)items)[i] = (int32_t)bits;
        }
    }
    out->as.i_list = items; /* one union: all list pointers are the same bits */
    if (out->kind == ATTR_FLOAT)
        out->as.f_list = items;
    else if (out->kind == ATTR_BOOL)
        out->as.b_list = items;
    else if (out->kind == ATTR_TYPE)
        out->as.type_list = items;
    return STEPC_OK;
}

static stepc_code read_object_list(attr_context *c, const message *list, const char *field, attr_value *out)
{
    arena *memory = &c->graph->memory;
    stepc_string *strings = out->kind == ATTR_STRING ? ARENA_ARRAY(memory, stepc_string, out->count) : NULL;
    attr_shape *shapes = out->kind == ATTR_SHAPE ? ARENA_ARRAY(memory, attr_shape, out->count) : NULL;
    const message **children = strings == NULL && shapes == NULL ? ARENA_ARRAY(memory, const message *, out->count) : NULL;
    size_t i = 0;
    stepc_code code = STEPC_OK;

    if (strings == NULL && shapes == NULL && children == NULL)
        return out_of_memory(c);
    for (const message_value *v = message_next(list, field, NULL); v != NULL && code == STEPC_OK;
         v = message_next(list, field, v), i++) {
        if (strings != NULL)
            strings[i] = (stepc_string){v->data, v->size};
        else if (shapes != NULL)
            code = shape_import(c->graph, v->child, &shapes[i], c->error);
        else
            children[i] = v->child;
        if (out->kind == ATTR_TENSOR)
            code = tensor_proto_check(&c->graph->host, v->child, c->error);
    }
    if (strings != NULL)
        out->as.s_list = strings;
    else if (shapes != NULL)
        out->as.shape_list = shapes;
    else if (out->kind == ATTR_TENSOR)
        out->as.tensor_list = children;
    else
        out->as.function_list = children;
    return code;
}

static stepc_code wrong_kind(attr_context *c, bool list, attr_kind kind, const op_attr *schema)
{
    return error_set(c->error, STEPC_INVALID_ARGUMENT, "AttrValue had value with type '%s%s%s' when '%s%s%s' expected",
                     list ? "list(" : "", kind_words[kind], list ? ")" : "", schema->is_list ? "list(" : "",
                     kind_words[schema->kind], schema->is_list ? ")" : "");
}

static stepc_code read_list(attr_context *c, const message *list, const op_attr *schema, attr_value *out)
{
    const message_field *field = NULL;

    out->is_list = true;
    out->kind = schema != NULL ? schema->kind : ATTR_NONE;
    for (const message_value *v = list->first; v != NULL; v = v->next) {
        attr_kind kind = field_attr_kind(v->field, true);
        if (v->packed && v->size == 0)
            continue;
        if (schema == NULL && field == NULL)
            out->kind = kind;
        else if (schema != NULL && kind != schema->kind)
            return wrong_kind(c, true, kind, schema);
        else if (kind != out->kind)
            return error_set(c->error, STEPC_INVALID_ARGUMENT, "AttrValue holds a list of several kinds");
        field = v->field;
    }
    if (field == NULL)
        return STEPC_OK;
    out->count = message_count(list, field->name);
    if (field_attr_kind(field, true) == ATTR_INT || out->kind == ATTR_FLOAT || out->kind == ATTR_BOOL ||
        out->kind == ATTR_TYPE)
        return read_number_list(c, list, field->name, schema, out);
    return read_object_list(c, list, field->name, out);
}

/* ---- schema checks ------------------------------------------------------------------------ */

static stepc_code check_type_allowed(attr_context *c, const op_attr *schema, int32_t type)
{
    if (schema->allowed_types == 0 || (schema->allowed_types >> type & 1) != 0)
        return STEPC_OK;
    error_set(c->error, STEPC_INVALID_ARGUMENT, "Value for attr '%s' of %s is not in the list of allowed values: ",
              schema->name, stepc_dtype_name((stepc_dtype)type));
    const char *comma = "";
    for (int i = 1; i < 64; i++)
        if ((schema->allowed_types >> i & 1) != 0) {
            error_append(c->error, "%s%s", comma, stepc_dtype_name((stepc_dtype)i));
            comma = ", ";
        }
    return STEPC_INVALID_ARGUMENT;
}

static stepc_code check_string_allowed(attr_context *c, const op_attr *schema, stepc_string value)
{
    if (schema->allowed == NULL)
        return STEPC_OK;
    for (const char *const *p = schema->allowed; *p != NULL; p++)
        if (text_equal(text_view(*p), value))
            return STEPC_OK;
    error_set(c->error, STEPC_INVALID_ARGUMENT, "Value for attr '%s' of \"%.*s\" is not in the list of allowed values: ",
              schema->name, (int)(value.size < 80 ? value.size : 80), value.data);
    for (const char *const *p = schema->allowed; *p != NULL; p++)
        error_append(c->error, "%s\"%s\"", p == schema->allowed ? "" : ", ", *p);
    return STEPC_INVALID_ARGUMENT;
}

static stepc_code check_schema(attr_context *c, const op_attr *schema, const attr_value *value)
{
    stepc_code code = STEPC_OK;

    if (schema->has_minimum && value->is_list && (int64_t)value->count < schema->minimum)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Length for attr '%s' of %zu must be at least minimum %lld",
                         schema->name, value->count, (long long)schema->minimum);
    if (schema->has_minimum && !value->is_list && value->kind == ATTR_INT && value->as.i < schema->minimum)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Value for attr '%s' of %lld must be at least minimum %lld",
                         schema->name, (long long)value->as.i, (long long)schema->minimum);
    size_t count = value->is_list ? value->count : 1;
    for (size_t i = 0; i < count && code == STEPC_OK; i++) {
        if (value->kind == ATTR_TYPE)
            code = check_type_allowed(c, schema, value->is_list ? value->as.type_list[i] : value->as.type);
        else if (value->kind == ATTR_STRING)
            code = check_string_allowed(c, schema, value->is_list ? value->as.s_list[i] : value->as.s);
    }
    return code;
}

static stepc_code read_attr(attr_context *c, const message *source, const op_attr *schema, attr_value *out)
{
    const message_value *v = source->last; /* a oneof: what came last counts */
    stepc_code code;

    out->source = source;
    if (v == NULL && schema != NULL)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "AttrValue missing value with expected type '%s%s%s'",
                         schema->is_list ? "list(" : "", kind_words[schema->kind], schema->is_list ? ")" : "");
    if (v == NULL)
        return STEPC_OK; /* a free attribute without a value */
    out->is_list = v->field->number == 1;
    out->kind = field_attr_kind(v->field, false);
    if (schema != NULL && (schema->is_list != out->is_list || (!out->is_list && schema->kind != out->kind))) {
        attr_kind inner = out->kind;
        if (out->is_list && v->child->first != NULL)
            inner = field_attr_kind(v->child->first->field, true);
        return wrong_kind(c, out->is_list, inner, schema);
    }
    code = out->is_list ? read_list(c, v->child, schema, out) : read_scalar(c, v, schema, out);
    if (code == STEPC_OK && schema != NULL)
        code = check_schema(c, schema, out);
    return code;
}

/* ---- defaults ----------------------------------------------------------------------------- */

static const char *const short_dtypes[] = {"",    "f32", "f64",  "i32", "u8",   "i16",  "i8",   "str",
                                           "c64", "i64", "bool", "qi8", "qu8",  "qi32", "bf16", "qi16",
                                           "qu16", "u16", "c128", "f16", "resource", "variant", "u32", "u64"};

/* "text" with \t \n \\ \" as the table writes it. */
static bool parse_default_string(arena *memory, const char *data, size_t size, stepc_string *out)
{
    size_t length = 0;

    if (size < 2)
        return false;
    *out = (stepc_string){data + 1, size - 2};
    if (memchr(data, '\\', size) == NULL)
        return true;
    char *copy = arena_text(memory, data, size);
    if (copy == NULL)
        return false;
    for (size_t i = 1; i < size - 1; i++) {
        char c = data[i];
        if (c == '\\' && i + 2 < size) {
            c = data[++i];
            c = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
        }
        copy[length++] = c;
    }
    copy[length] = '\0';
    *out = (stepc_string){copy, length};
    return true;
}

static bool parse_default_scalar(arena *memory, attr_kind kind, const char *data, size_t size, attr_value *out)
{
    stepc_string word = {data, size};

    switch (kind) {
    case ATTR_STRING: return parse_default_string(memory, data, size, &out->as.s);
    case ATTR_INT: return parse_i64(data, size, &out->as.i);
    case ATTR_FLOAT: return parse_float(data, size, &out->as.f);
    case ATTR_BOOL: out->as.b = text_equal(word, TEXT_LITERAL("true")); return true;
    case ATTR_TYPE:
        for (int32_t i = 1; i < (int32_t)(sizeof(short_dtypes) / sizeof(short_dtypes[0])); i++)
            if (text_equal(word, text_view(short_dtypes[i]))) {
                out->as.type = i;
                return true;
            }
        return false;
    case ATTR_SHAPE: out->as.shape = (attr_shape){text_equal(word, TEXT_LITERAL("<unknown>")), 0, NULL}; return true;
    case ATTR_TENSOR:
    case ATTR_FUNCTION:
    case ATTR_PLACEHOLDER:
    case ATTR_NONE: break;
    }
    return false;
}

/* "[1,2,3]" of ints or floats; "[]" of anything. */
static bool parse_default_list(arena *memory, const op_attr *schema, attr_value *out)
{
    const char *text_end = schema->default_text + strlen(schema->default_text);
    const char *p = schema->default_text + 1;

    out->as.i_list = NULL;
    if (*p == ']')
        return true;
    size_t capacity = 1;
    for (const char *q = p; *q != '\0'; q++)
        capacity += *q == ',';
    int64_t *ints = schema->kind == ATTR_INT ? ARENA_ARRAY(memory, int64_t, capacity) : NULL;
    float *floats = schema->kind == ATTR_FLOAT ? ARENA_ARRAY(memory, float, capacity) : NULL;
    if (ints == NULL && floats == NULL)
        return false;
    while (p < text_end) {
        size_t size = strcspn(p, ",]");
        attr_value one;
        if (!parse_default_scalar(memory, schema->kind, p, size, &one))
            return false;
        if (ints != NULL)
            ints[out->count] = one.as.i;
        else
            floats[out->count] = one.as.f;
        out->count++;
        p += size + 1;
    }
    if (ints != NULL)
        out->as.i_list = ints;
    else
        out->as.f_list = floats;
    return true;
}

static stepc_code fill_default(attr_context *c, const op_attr *schema, const message *source, attr_value *out)
{
    arena *memory = &c->graph->memory;
    bool done;

    out->from_default = true;
    out->kind = schema->kind;
    out->is_list = schema->is_list;
    if (source != NULL) { /* of a function's signature */
        stepc_code code = read_attr(c, source, schema, out);
        out->source = NULL;
        return code;
    }
    if (schema->is_list)
        done = parse_default_list(memory, schema, out);
    else if (schema->kind == ATTR_TENSOR)
        done = (out->as.tensor = NULL) == NULL; /* the table does not spell tensors out; users must test for NULL */
    else
        done = parse_default_scalar(memory, schema->kind, schema->default_text, strlen(schema->default_text), out);
    if (!done)
        return error_set(c->error, STEPC_INTERNAL, "default of attr '%s': %s", schema->name, schema->default_text);
    return STEPC_OK;
}

/* ---- a node's attributes ------------------------------------------------------------------- */

/* Key and value of a map entry; the last of each counts. */
static void entry_parts(const message *entry, stepc_string *key, const message **value)
{
    *key = (stepc_string){"", 0};
    *value = NULL;
    for (const message_value *v = entry->first; v != NULL; v = v->next) {
        if (v->field->number == 1)
            *key = (stepc_string){v->data, v->size};
        else
            *value = v->child;
    }
}

/* The place of attribute KEY, emptied: a later entry of the same key replaces an earlier one. */
static attr_value *slot_of(attr_context *c, int32_t schema_index, stepc_string key, int32_t schema_count)
{
    attr_value *slot = NULL;

    if (schema_index >= 0) {
        slot = &c->attrs[schema_index];
        *slot = (attr_value){.name = slot->name};
        return slot;
    }
    for (int32_t i = schema_count; i < c->count && slot == NULL; i++)
        if (text_equal(c->attrs[i].name, key))
            slot = &c->attrs[i];
    if (slot == NULL)
        slot = &c->attrs[c->count++];
    *slot = (attr_value){.name = key};
    return slot;
}

static stepc_code read_entries(attr_context *c, const op_def *schema, bool keep_all, bool strict)
{
    static const message empty = {&message_attr_value, NULL, NULL, 0};

    for (const message_value *v = c->op->source->first; v != NULL; v = v->next) {
        if (v->field->number != 5)
            continue;
        const message *value;
        entry_parts(v->child, &c->attr, &value);
        int32_t index = op_def_attr(schema, c->attr);
        bool is_foreign = index < 0 && (c->attr.size == 0 || c->attr.data[0] != '_');
        if (is_foreign && strict) {
            error_set(c->error, STEPC_INVALID_ARGUMENT, "NodeDef mentions attr '%.*s' not in Op<name=%s>",
                      (int)(c->attr.size < 128 ? c->attr.size : 128), c->attr.data, c->op->type.data);
            return at_attr(c);
        }
        if (is_foreign && !keep_all)
            continue; /* newer writers add attributes; a tolerant loader passes over them */
        attr_value *slot = slot_of(c, index, c->attr, schema->attr_count);
        stepc_code code = read_attr(c, value != NULL ? value : &empty, index >= 0 ? &schema->attrs[index] : NULL, slot);
        if (code != STEPC_OK)
            return at_attr(c);
    }
    return STEPC_OK;
}

static stepc_code fill_missing(attr_context *c, const op_def *schema, const message *const *defaults)
{
    for (int32_t i = 0; i < schema->attr_count; i++) {
        const op_attr *attr = &schema->attrs[i];
        if (c->attrs[i].source != NULL)
            continue;
        c->attr = c->attrs[i].name;
        if (!attr->has_default) {
            error_set(c->error, STEPC_INVALID_ARGUMENT,
                      "NodeDef missing attr '%s' from Op<name=%s>; NodeDef: {{node %s}}", attr->name,
                      c->op->type.data, c->op->name.data);
            return error_at_node(c->error, c->op->name.data, c->op->type.data, attr->name);
        }
        stepc_code code = fill_default(c, attr, defaults != NULL ? defaults[i] : NULL, &c->attrs[i]);
        if (code != STEPC_OK)
            return at_attr(c);
    }
    return STEPC_OK;
}

stepc_code attributes_import(stepc_graph *graph, stepc_operation *op, const op_def *schema,
                             const message *const *defaults, bool strict, stepc_error *error)
{
    attr_context c = {.graph = graph, .op = op, .error = error, .count = schema->attr_count};
    int64_t entries = 0;

    for (const message_value *v = op->source->first; v != NULL; v = v->next)
        entries += v->field->number == 5;
    if (entries > graph->host.limits.node_attributes) {
        error_limit(error, "node_attributes", graph->host.limits.node_attributes, entries);
        return error_at_node(error, op->name.data, op->type.data, NULL);
    }
    c.attrs = ARENA_ARRAY(&graph->memory, attr_value, (size_t)schema->attr_count + (size_t)entries);
    if (c.attrs == NULL)
        return out_of_memory(&c);
    for (int32_t i = 0; i < schema->attr_count; i++)
        c.attrs[i].name = text_view(schema->attrs[i].name);
    stepc_code code = read_entries(&c, schema, defaults != NULL, strict);
    if (code == STEPC_OK)
        code = fill_missing(&c, schema, defaults);
    op->attrs = c.attrs;
    op->attr_count = c.count;
    return code;
}
