/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures as text in the format of tfcompile's tf2xla.Config, with callable blocks. */
#include "compiler/frontend/signature.h"

#include <string.h>

typedef struct config_reader {
    arena *memory;
    const char *name; /* of the file */
    stepc_error *error;
} config_reader;

static stepc_code refuse(const config_reader *r, const message *at, const char *what)
{
    error_set(r->error, STEPC_INVALID_ARGUMENT, "%s", what);
    return error_at_file(r->error, r->name, at->offset);
}

static const char *copy_text(const config_reader *r, stepc_string s)
{
    return s.size ? arena_text(r->memory, s.data, s.size) : NULL;
}

/* id { node_name: "x" output_index: 0 } */
static stepc_code read_id(const config_reader *r, const message *owner, const char **out)
{
    const message_value *id = message_get(owner, "id");
    stepc_string node = id ? message_string(id->child, "node_name") : (stepc_string){"", 0};
    int64_t index = id ? message_int(id->child, "output_index", 0) : 0;
    if (!node.size)
        return refuse(r, owner, "a feed or fetch lacks id { node_name: ... }");
    if (index < 0 || index > INT32_MAX)
        return refuse(r, owner, "output_index is out of range");
    *out = arena_format(r->memory, "%.*s:%lld", (int)node.size, node.data, (long long)index);
    return *out ? STEPC_OK : error_out_of_memory(r->error, "reading a config");
}

/* shape { dim { size: 2 } dim { size: -1 name: "n" } } as the flags spell it. */
static stepc_code read_shape(const config_reader *r, const message *owner, const char **out)
{
    const message_value *shape = message_get(owner, "shape");
    stepc_host host = host_resolve(NULL);
    text spelled;
    bool first = true;
    *out = NULL;
    if (!shape || message_int(shape->child, "unknown_rank", 0))
        return STEPC_OK;
    text_init(&spelled, &host);
    for (const message_value *d = NULL; (d = message_next(shape->child, "dim", d));) {
        int64_t size = message_int(d->child, "size", 0);
        stepc_string symbol = message_string(d->child, "name");
        text_puts(&spelled, first ? "" : ",");
        if (size >= 0)
            text_printf(&spelled, "%lld", (long long)size);
        else
            text_printf(&spelled, "%.*s", (int)(symbol.size ? symbol.size : 1), symbol.size ? symbol.data : "?");
        first = false;
    }
    *out = spelled.failed ? NULL : arena_text(r->memory, spelled.data, spelled.size);
    text_release(&spelled);
    return *out ? STEPC_OK : error_out_of_memory(r->error, "reading a config");
}

static size_t count_of(const message *tree, const char *field)
{
    size_t count = 0;
    for (const message_value *v = NULL; (v = message_next(tree, field, v));)
        count++;
    return count;
}

static stepc_code read_feed(const config_reader *r, const message *tree, stepc_feed_spec *out)
{
    out->cname = copy_text(r, message_string(tree, "name"));
    out->dtype = (stepc_dtype)message_int(tree, "type", 0);
    if (out->dtype != STEPC_DTYPE_INVALID && stepc_dtype_bytes(out->dtype) == 0)
        return refuse(r, tree, "type of a feed is not one that can be fed");
    stepc_code code = read_id(r, tree, &out->tensor);
    return code ? code : read_shape(r, tree, &out->shape);
}

static stepc_code read_callable(const config_reader *r, const message *tree, stepc_callable_spec *out)
{
    size_t feed_count = count_of(tree, "feed"), fetch_count = count_of(tree, "fetch");
    size_t target_count = message_field_named(tree->type, "target") ? count_of(tree, "target") : 0;
    stepc_feed_spec *feeds = ARENA_ARRAY(r->memory, stepc_feed_spec, feed_count + 1);
    stepc_fetch_spec *fetches = ARENA_ARRAY(r->memory, stepc_fetch_spec, fetch_count + 1);
    const char **targets = ARENA_ARRAY(r->memory, const char *, target_count + 1);
    if (!feeds || !fetches || !targets)
        return error_out_of_memory(r->error, "reading a config");
    *out = (stepc_callable_spec){.size = sizeof *out, .feeds = feeds, .fetches = fetches, .targets = targets};
    for (const message_value *v = NULL; (v = message_next(tree, "feed", v));) {
        stepc_code code = read_feed(r, v->child, &feeds[out->feed_count++]);
        if (code)
            return code;
    }
    for (const message_value *v = NULL; (v = message_next(tree, "fetch", v));) {
        stepc_fetch_spec *fetch = &fetches[out->fetch_count++];
        fetch->cname = copy_text(r, message_string(v->child, "name"));
        stepc_code code = read_id(r, v->child, &fetch->tensor);
        if (code)
            return code;
    }
    for (const message_value *v = NULL; target_count && (v = message_next(tree, "target", v));)
        targets[out->target_count++] = arena_text(r->memory, v->data, v->size);
    return STEPC_OK;
}

/* Variables are found in the graph itself; a block says at most what is known already. */
static stepc_code read_config(const config_reader *r, const message *tree, const stepc_callable_spec **out,
                              size_t *out_count)
{
    size_t count = count_of(tree, "callable");
    bool single = count == 0;
    stepc_callable_spec *specs = ARENA_ARRAY(r->memory, stepc_callable_spec, count + 1);
    if (!specs)
        return error_out_of_memory(r->error, "reading a config");
    if (!single && (message_get(tree, "feed") || message_get(tree, "fetch")))
        return refuse(r, tree, "feeds and fetches stand either in callable blocks or outside of them, not both");
    *out = specs;
    *out_count = single ? 1 : count;
    if (single)
        return read_callable(r, tree, &specs[0]);
    size_t index = 0;
    for (const message_value *v = NULL; (v = message_next(tree, "callable", v)); index++) {
        stepc_code code = read_callable(r, v->child, &specs[index]);
        if (code)
            return code;
        specs[index].name = copy_text(r, message_string(v->child, "name"));
        if (!specs[index].name)
            return refuse(r, v->child, "a callable lacks its name");
    }
    return STEPC_OK;
}

stepc_code signature_config_parse(const stepc_host *host, arena *memory, const char *name, const char *data,
                                  size_t size, const stepc_callable_spec **out, size_t *out_count, stepc_error *error)
{
    message *tree;
    config_reader r = {memory, name, error};
    stepc_code code = message_read_text(host, memory, &message_tf2xla_config, name, data, size, &tree, error);
    *out = NULL;
    *out_count = 0;
    return code ? code : read_config(&r, tree, out, out_count);
}

/* ---- writing --------------------------------------------------------------------------------------- */

static void write_quoted(const char *value, size_t size, text *out)
{
    text_puts(out, "\"");
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c < 0x20 || c >= 0x7F || c == '"' || c == '\\')
            text_printf(out, "\\%u%u%u", c >> 6, c >> 3 & 7u, c & 7u);
        else
            text_add(out, value + i, 1);
    }
    text_puts(out, "\"");
}

static void write_id(const char *tensor, text *out)
{
    stepc_string op;
    int32_t index;
    bool has_index;
    if (!tensor_name_split(text_view(tensor), &op, &index, &has_index))
        op = text_view(tensor), index = 0;
    text_puts(out, " id { node_name: ");
    write_quoted(op.data, op.size, out);
    if (index)
        text_printf(out, " output_index: %d", index);
    text_puts(out, " }");
}

static void write_dim(const char *spelled, size_t size, text *out)
{
    while (size && *spelled == ' ')
        spelled++, size--;
    while (size && spelled[size - 1] == ' ')
        size--;
    if (size && *spelled >= '0' && *spelled <= '9') {
        text_printf(out, " dim { size: %.*s }", (int)size, spelled);
        return;
    }
    text_puts(out, " dim { size: -1");
    if (size && *spelled != '?' && *spelled != '-') {
        text_puts(out, " name: ");
        write_quoted(spelled, size, out);
    }
    text_puts(out, " }");
}

static void write_shape(const char *shape, text *out)
{
    const char *p = *shape == '[' ? shape + 1 : shape;
    text_puts(out, " shape {");
    while (*p && *p != ']') {
        size_t size = strcspn(p, ",]");
        write_dim(p, size, out);
        p += size + (p[size] == ',');
    }
    text_puts(out, " }");
}

/* DT_FLOAT and so on, from the table that reads it back. */
static void write_type(stepc_dtype dtype, text *out)
{
    const message_field *feed = message_field_named(&message_tf2xla_config, "feed");
    const message_field *type = message_field_named(feed->type, "type");
    for (const enum_name *n = type->names; n->name; n++)
        if (n->number == (int32_t)dtype) {
            text_printf(out, " type: %s", n->name);
            return;
        }
}

static void write_callable(const stepc_callable_spec *spec, const char *indent, text *out)
{
    for (size_t i = 0; i < spec->feed_count; i++) {
        text_printf(out, "%sfeed {", indent);
        write_id(spec->feeds[i].tensor, out);
        if (spec->feeds[i].shape)
            write_shape(spec->feeds[i].shape, out);
        if (spec->feeds[i].dtype != STEPC_DTYPE_INVALID)
            write_type(spec->feeds[i].dtype, out);
        if (spec->feeds[i].cname) {
            text_puts(out, " name: ");
            write_quoted(spec->feeds[i].cname, text_view(spec->feeds[i].cname).size, out);
        }
        text_puts(out, " }\n");
    }
    for (size_t i = 0; i < spec->fetch_count; i++) {
        text_printf(out, "%sfetch {", indent);
        write_id(spec->fetches[i].tensor, out);
        if (spec->fetches[i].cname) {
            text_puts(out, " name: ");
            write_quoted(spec->fetches[i].cname, text_view(spec->fetches[i].cname).size, out);
        }
        text_puts(out, " }\n");
    }
    for (size_t i = 0; i < spec->target_count; i++) {
        text_printf(out, "%starget: ", indent);
        write_quoted(spec->targets[i], text_view(spec->targets[i]).size, out);
        text_puts(out, "\n");
    }
}

void signature_config_write(const stepc_callable_spec *specs, size_t count, text *out)
{
    for (size_t i = 0; i < count; i++) {
        text_puts(out, "callable {\n  name: ");
        write_quoted(specs[i].name, text_view(specs[i].name).size, out);
        text_puts(out, "\n");
        write_callable(&specs[i], "  ", out);
        text_puts(out, "}\n");
    }
}
