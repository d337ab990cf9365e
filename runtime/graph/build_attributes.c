/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of an operation in the making, as AttrValue messages. */
#include "runtime/core/dtype.h"
#include "runtime/graph/build_internal.h"

#include <stdio.h>
#include <string.h>

static const char class_name[] = "_class";

/* ---- putting --------------------------------------------------------------------------------- */

/* A value as messages show it: a type or an int; nothing of others. */
static void value_text(const message *value, char *buffer, size_t size)
{
    const message_value *v = value->last;

    buffer[0] = '\0';
    if (v != NULL && v->field->number == 6)
        snprintf(buffer, size, " %s", stepc_dtype_name((stepc_dtype)(int32_t)v->bits));
    else if (v != NULL && v->field->number == 3)
        snprintf(buffer, size, " %lld", (long long)(int64_t)v->bits);
}

void builder_put(stepc_builder *b, stepc_string name, message *value)
{
    if (builder_failed(b))
        return;
    for (size_t i = 0; i < b->attr_count; i++) {
        if (!text_equal(b->attrs[i].name, name))
            continue;
        bool same;
        if (messages_compare(&b->graph->host, b->attrs[i].value, value, &same, &b->error) != STEPC_OK)
            return;
        if (!same) {
            char before[48], now[48];
            value_text(b->attrs[i].value, before, sizeof before);
            value_text(value, now, sizeof now);
            builder_fail(b, STEPC_INVALID_ARGUMENT, "Inconsistent values for attr '%.*s'%s vs.%s", (int)name.size,
                         name.data, before, now);
        }
        return;
    }
    const char *copy = builder_copy(b, name.data, name.size);
    built_attr *grown = arena_grow(&b->memory, b->attrs, &b->attr_capacity, b->attr_count + 1, sizeof(*grown));
    if (copy == NULL || grown == NULL) {
        builder_out_of_memory(b);
        return;
    }
    b->attrs = grown;
    grown[b->attr_count++] = (built_attr){{copy, name.size}, value};
}

/* A new AttrValue for attribute NAME; NULL when the builder has failed. */
static message *new_value(stepc_builder *b, const char *name)
{
    if (builder_failed(b))
        return NULL;
    if (name == NULL || name[0] == '\0') {
        builder_fail(b, STEPC_INVALID_ARGUMENT, "an attribute has no name");
        return NULL;
    }
    message *value = message_new(&b->memory, &message_attr_value);
    if (value == NULL)
        builder_out_of_memory(b);
    return value;
}

static void put(stepc_builder *b, const char *name, message *value, bool done)
{
    if (!done)
        builder_out_of_memory(b);
    else
        builder_put(b, text_view(name), value);
}

/* The list inside a new AttrValue; NULL when out of memory. COUNT elements at VALUES must be there. */
static message *new_list(stepc_builder *b, const char *name, const void *values, size_t count, message **out)
{
    *out = new_value(b, name);
    if (*out == NULL)
        return NULL;
    if (values == NULL && count > 0) {
        builder_fail(b, STEPC_INVALID_ARGUMENT, "attr '%s' has no values", name);
        return NULL;
    }
    message_value *list = message_add(&b->memory, *out, "list");
    if (list == NULL)
        builder_out_of_memory(b);
    return list != NULL ? list->child : NULL;
}

static uint64_t float_bits(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* ---- single values --------------------------------------------------------------------------- */

void stepc_builder_attr_type(stepc_builder *b, const char *name, stepc_dtype value)
{
    message *v = new_value(b, name);

    if (v != NULL)
        put(b, name, v, message_add_int(&b->memory, v, "type", (int64_t)value));
}

void stepc_builder_attr_int(stepc_builder *b, const char *name, int64_t value)
{
    message *v = new_value(b, name);

    if (v != NULL)
        put(b, name, v, message_add_int(&b->memory, v, "i", value));
}

void stepc_builder_attr_float(stepc_builder *b, const char *name, float value)
{
    message *v = new_value(b, name);

    if (v != NULL)
        put(b, name, v, message_add_int(&b->memory, v, "f", (int64_t)float_bits(value)));
}

void stepc_builder_attr_bool(stepc_builder *b, const char *name, int32_t value)
{
    message *v = new_value(b, name);

    if (v != NULL)
        put(b, name, v, message_add_int(&b->memory, v, "b", value != 0));
}

void stepc_builder_attr_string(stepc_builder *b, const char *name, stepc_string value)
{
    message *v = new_value(b, name);

    if (v == NULL)
        return;
    const char *copy = builder_copy(b, value.data, value.size);
    put(b, name, v, copy != NULL && message_add_string(&b->memory, v, "s", (stepc_string){copy, value.size}));
}

static bool add_shape(stepc_builder *b, message *to, const int64_t *dims, int32_t rank)
{
    message_value *shape = message_add(&b->memory, to, "shape");
    bool done = shape != NULL;

    if (done && rank < 0)
        return message_add_int(&b->memory, shape->child, "unknown_rank", 1);
    for (int32_t i = 0; i < rank && done; i++) {
        message_value *dim = message_add(&b->memory, shape->child, "dim");
        done = dim != NULL && message_add_int(&b->memory, dim->child, "size", dims[i]);
    }
    return done;
}

void stepc_builder_attr_shape(stepc_builder *b, const char *name, const int64_t *dims, int32_t rank)
{
    message *v = new_value(b, name);

    if (v != NULL && rank > 0 && dims == NULL)
        builder_fail(b, STEPC_INVALID_ARGUMENT, "attr '%s' has no dimensions", name);
    else if (v != NULL)
        put(b, name, v, add_shape(b, v, dims, rank));
}

void stepc_builder_attr_tensor(stepc_builder *b, const char *name, const stepc_view *value)
{
    message *v = new_value(b, name);
    message *proto;

    if (v == NULL)
        return;
    if (value == NULL) {
        builder_fail(b, STEPC_INVALID_ARGUMENT, "attr '%s' has no value", name);
        return;
    }
    if (tensor_proto_encode(&b->memory, value, &proto, &b->error) != STEPC_OK)
        return;
    message_value *at = message_add(&b->memory, v, "tensor");
    if (at != NULL)
        at->child = proto;
    put(b, name, v, at != NULL);
}

void stepc_builder_attr_value(stepc_builder *b, const char *name, const void *proto, size_t bytes)
{
    stepc_error unread;
    message *v = new_value(b, name);
    const char *copy = v != NULL && (proto != NULL || bytes == 0) ? builder_copy(b, proto, bytes) : NULL;

    if (v == NULL)
        return;
    if (copy == NULL) {
        builder_fail(b, STEPC_INVALID_ARGUMENT, "attr '%s' has no value", name);
        return;
    }
    error_init(&unread);
    if (message_read_binary(&b->graph->host, &b->memory, &message_attr_value, name, (const uint8_t *)copy, bytes, &v,
                            &unread) != STEPC_OK) {
        if (unread.code == STEPC_RESOURCE_EXHAUSTED)
            error_copy(&b->error, &unread);
        builder_fail(b, STEPC_INVALID_ARGUMENT, "Unparseable AttrValue proto");
        return;
    }
    if (strcmp(name, class_name) != 0) {
        builder_put(b, text_view(name), v);
        return;
    }
    const message_value *list = v->last;
    if (list != NULL && list->field->number != 1) {
        builder_fail(b, STEPC_INVALID_ARGUMENT, "Expected \"list\" field for \"_class\" attribute");
        return;
    }
    builder_colocate_words(b, NULL, 0);
    for (const message_value *s = list != NULL ? message_next(list->child, "s", NULL) : NULL; s != NULL;
         s = message_next(list->child, "s", s))
        builder_add_word(b, (stepc_string){s->data, s->size});
}

/* ---- lists ----------------------------------------------------------------------------------- */

void stepc_builder_attr_type_list(stepc_builder *b, const char *name, const stepc_dtype *values, size_t count)
{
    message *v;
    message *list = new_list(b, name, values, count, &v);
    bool done = true;

    for (size_t i = 0; list != NULL && i < count && done; i++)
        done = message_add_int(&b->memory, list, "type", (int64_t)values[i]);
    if (list != NULL)
        put(b, name, v, done);
}

void stepc_builder_attr_int_list(stepc_builder *b, const char *name, const int64_t *values, size_t count)
{
    message *v;
    message *list = new_list(b, name, values, count, &v);
    bool done = true;

    for (size_t i = 0; list != NULL && i < count && done; i++)
        done = message_add_int(&b->memory, list, "i", values[i]);
    if (list != NULL)
        put(b, name, v, done);
}

void stepc_builder_attr_float_list(stepc_builder *b, const char *name, const float *values, size_t count)
{
    message *v;
    message *list = new_list(b, name, values, count, &v);
    bool done = true;

    for (size_t i = 0; list != NULL && i < count && done; i++)
        done = message_add_int(&b->memory, list, "f", (int64_t)float_bits(values[i]));
    if (list != NULL)
        put(b, name, v, done);
}

void stepc_builder_attr_bool_list(stepc_builder *b, const char *name, const int32_t *values, size_t count)
{
    message *v;
    message *list = new_list(b, name, values, count, &v);
    bool done = true;

    for (size_t i = 0; list != NULL && i < count && done; i++)
        done = message_add_int(&b->memory, list, "b", values[i] != 0);
    if (list != NULL)
        put(b, name, v, done);
}

void stepc_builder_attr_string_list(stepc_builder *b, const char *name, const stepc_string *values, size_t count)
{
    message *v;
    message *list = new_list(b, name, values, count, &v);
    bool done = true;

    if (list == NULL)
        return;
    if (strcmp(name, class_name) == 0) {
        builder_colocate_words(b, values, count);
        return;
    }
    for (size_t i = 0; i < count && done; i++) {
        const char *copy = builder_copy(b, values[i].data, values[i].size);
        done = copy != NULL && message_add_string(&b->memory, list, "s", (stepc_string){copy, values[i].size});
    }
    put(b, name, v, done);
}

void stepc_builder_attr_shape_list(stepc_builder *b, const char *name, const int64_t *const *dims, const int32_t *ranks,
                                   size_t count)
{
    message *v;
    message *list = new_list(b, name, ranks, count, &v);
    bool done = true;

    for (size_t i = 0; list != NULL && i < count && done; i++) {
        if (ranks[i] > 0 && (dims == NULL || dims[i] == NULL)) {
            builder_fail(b, STEPC_INVALID_ARGUMENT, "attr '%s' has no dimensions", name);
            return;
        }
        done = add_shape(b, list, ranks[i] > 0 ? dims[i] : NULL, ranks[i]);
    }
    if (list != NULL)
        put(b, name, v, done);
}

/* ---- what inputs decide ---------------------------------------------------------------------- */

void builder_put_type(stepc_builder *b, const char *name, int32_t dtype)
{
    stepc_builder_attr_type(b, name, (stepc_dtype)dtype);
}

void builder_put_int(stepc_builder *b, const char *name, int64_t value) { stepc_builder_attr_int(b, name, value); }

void builder_put_types(stepc_builder *b, const char *name, const stepc_output *from, size_t count)
{
    message *v;
    message *list = new_list(b, name, from, count, &v);
    bool done = true;

    for (size_t i = 0; list != NULL && i < count && done; i++)
        done = message_add_int(&b->memory, list, "type",
                               (int64_t)dtype_base((stepc_dtype)from[i].op->output_dtypes[from[i].index]));
    if (list != NULL)
        put(b, name, v, done);
}
