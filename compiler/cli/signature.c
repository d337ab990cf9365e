/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures as the command line spells them. */
#include "compiler/cli/cli.h"

#include "runtime/core/dtype.h"

#include <string.h>

/* ---- what stands behind '=' ------------------------------------------------------------------ */

/* The end of a shape's text: ']' or the '=' before a value; "<=" belongs to a bounded name. */
static size_t shape_end(const char *z, bool brackets)
{
    size_t i = 0;
    while (z[i] && (brackets ? z[i] != ']' : !(z[i] == '=' && (i == 0 || z[i - 1] != '<'))))
        i++;
    return i;
}

/* "float32", "float32[1,2]", "float32:n,2", each of the last two with "=VALUE" behind. */
static bool split_narrowing(cli *c, const char *spelled, feed_text *out)
{
    size_t size = strcspn(spelled, "[:=");
    out->dtype = stepc_dtype_parse(spelled, size);
    if (out->dtype == STEPC_DTYPE_INVALID || spelled[size] == '=')
        return false;
    if (!spelled[size])
        return true;
    bool brackets = spelled[size] == '[';
    const char *shape = spelled + size + 1;
    size_t length = shape_end(shape, brackets);
    const char *rest = shape + length;
    if (brackets && *rest != ']')
        return false;
    rest += brackets;
    if (*rest && *rest != '=')
        return false;
    out->shape = cli_copy(c, shape, length);
    out->value = *rest ? rest + 1 : NULL;
    return true;
}

feed_text feed_text_split(cli *c, const char *spelled)
{
    feed_text out = {STEPC_DTYPE_INVALID, NULL, NULL};
    if (literal_is(c, spelled) || !split_narrowing(c, spelled, &out))
        out = (feed_text){STEPC_DTYPE_INVALID, NULL, spelled};
    return out;
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* "[CNAME@]TENSOR[=REST]" taken apart. */
typedef struct spelled_tensor {
    const char *cname, *tensor, *rest; /* NULL: absent */
} spelled_tensor;

static int split_tensor(cli *c, const char *option, const char *spelled, spelled_tensor *out)
{
    const char *equals = strchr(spelled, '=');
    const char *left = cli_copy(c, spelled, equals ? (size_t)(equals - spelled) : strlen(spelled));
    const char *at = strchr(left, '@');
    out->rest = equals ? equals + 1 : NULL;
    out->cname = at ? cli_copy(c, left, (size_t)(at - left)) : NULL;
    out->tensor = at ? at + 1 : left;
    if (!*out->tensor)
        return cli_usage(c, "%s %.64s names no tensor", option, spelled);
    if (at && !*out->cname)
        return cli_usage(c, "%s %.64s has nothing before '@'", option, spelled);
    if (out->rest && !*out->rest)
        return cli_usage(c, "%s %.64s has nothing behind '='", option, spelled);
    return 0;
}

/* "x" and "x:0" are the same tensor. */
static bool same_tensor(const char *a, const char *b)
{
    stepc_string a_op, b_op;
    int32_t a_index, b_index;
    bool has;
    if (!tensor_name_split(text_view(a), &a_op, &a_index, &has) ||
        !tensor_name_split(text_view(b), &b_op, &b_index, &has))
        return strcmp(a, b) == 0;
    return a_index == b_index && text_equal(a_op, b_op);
}

/* A callable while its parts arrive; room for all parts and all that a config holds. */
typedef struct growing_callable {
    stepc_feed_spec *feeds;
    stepc_fetch_spec *fetches;
    const char **targets;
    requested_callable *to;
    bool fixed; /* from a config: options may add values and narrow, not open new feeds */
} growing_callable;

static void grow_begin(cli *c, growing_callable *g, requested_callable *to, const stepc_callable_spec *from)
{
    size_t room = c->args.part_count + 1;
    size_t feeds = room + (from ? from->feed_count : 0), fetches = room + (from ? from->fetch_count : 0);
    size_t targets = room + (from ? from->target_count : 0);
    g->feeds = CLI_ARRAY(c, stepc_feed_spec, feeds);
    g->fetches = CLI_ARRAY(c, stepc_fetch_spec, fetches);
    g->targets = CLI_ARRAY(c, const char *, targets);
    to->values = CLI_ARRAY(c, const char *, feeds);
    to->outputs = CLI_ARRAY(c, const char *, fetches);
    to->spec = from ? *from : (stepc_callable_spec){.size = sizeof to->spec};
    if (from && from->feed_count)
        memcpy(g->feeds, from->feeds, from->feed_count * sizeof *g->feeds);
    if (from && from->fetch_count)
        memcpy(g->fetches, from->fetches, from->fetch_count * sizeof *g->fetches);
    for (size_t i = 0; from && i < from->target_count; i++)
        g->targets[i] = from->targets[i];
    to->spec.feeds = g->feeds;
    to->spec.fetches = g->fetches;
    to->spec.targets = g->targets;
    g->to = to;
    g->fixed = from != NULL;
}

static size_t find_feed(const growing_callable *g, const char *tensor)
{
    size_t i = 0;
    while (i < g->to->spec.feed_count && !same_tensor(g->feeds[i].tensor, tensor))
        i++;
    return i;
}

static int add_feed(cli *c, growing_callable *g, const char *spelled, uint32_t flags)
{
    spelled_tensor t;
    int status = split_tensor(c, "--feed", spelled, &t);
    if (status)
        return status;
    feed_text rest = t.rest ? feed_text_split(c, t.rest) : (feed_text){STEPC_DTYPE_INVALID, NULL, NULL};
    if (rest.value && !(flags & REQUEST_VALUES))
        return cli_usage(c, "stepc %s takes no value for feed %.64s; \"%.64s\" is no dtype with a shape",
                         c->command->name, t.tensor, rest.value);
    size_t index = g->fixed ? find_feed(g, t.tensor) : g->to->spec.feed_count;
    if (g->fixed && index == g->to->spec.feed_count)
        return cli_usage(c, "feed %.64s is not in the config's callable", t.tensor);
    stepc_feed_spec *feed = &g->feeds[index];
    feed->tensor = t.tensor;
    feed->cname = t.cname ? t.cname : feed->cname;
    feed->dtype = rest.dtype != STEPC_DTYPE_INVALID ? rest.dtype : feed->dtype;
    feed->shape = rest.shape ? rest.shape : feed->shape;
    g->to->values[index] = rest.value;
    g->to->spec.feed_count += !g->fixed;
    return 0;
}

static int add_fetch(cli *c, growing_callable *g, stepc_graph *graph, const char *spelled, uint32_t flags)
{
    spelled_tensor t;
    int status = split_tensor(c, "--fetch", spelled, &t);
    if (status)
        return status;
    if (t.rest && !(flags & REQUEST_OUTPUTS))
        return cli_usage(c, "stepc %s stores no fetch; \"=%.64s\" has no meaning here", c->command->name, t.rest);
    const stepc_operation *op = strchr(t.tensor, ':') ? NULL : stepc_graph_find(graph, t.tensor);
    if (op && stepc_operation_output_count(op) == 0 && !g->fixed) {
        if (t.rest)
            return cli_usage(c, "%.64s has no outputs, so nothing can be stored in %.64s", t.tensor, t.rest);
        g->targets[g->to->spec.target_count++] = t.tensor;
        return 0;
    }
    size_t index = g->to->spec.fetch_count;
    for (size_t i = 0; g->fixed && i < g->to->spec.fetch_count; i++)
        if (index == g->to->spec.fetch_count && same_tensor(g->fetches[i].tensor, t.tensor))
            index = i;
    if (g->fixed && index == g->to->spec.fetch_count)
        return cli_usage(c, "fetch %.64s is not in the config's callable", t.tensor);
    if (t.rest && strstr(t.rest, ".npz:"))
        return cli_usage(c, "a fetch is stored as a .npy file of its own, not in %.64s", t.rest);
    g->fetches[index].tensor = t.tensor;
    g->fetches[index].cname = t.cname ? t.cname : g->fetches[index].cname;
    g->to->outputs[index] = t.rest;
    g->to->spec.fetch_count += !g->fixed;
    return 0;
}

static int add_target(cli *c, growing_callable *g, const char *name)
{
    if (g->fixed)
        return cli_usage(c, "--target cannot be added to a config's callable");
    g->targets[g->to->spec.target_count++] = name;
    return 0;
}

static int add_part(cli *c, growing_callable *g, stepc_graph *graph, const part *p, uint32_t flags)
{
    switch (p->kind) {
    case PART_FEED:
        return add_feed(c, g, p->spelled, flags);
    case PART_FETCH:
        return add_fetch(c, g, graph, p->spelled, flags);
    case PART_TARGET:
        return add_target(c, g, p->spelled);
    case PART_NAME:
        break;
    }
    return 0;
}

static int check_name(cli *c, const char *name)
{
    const char *made = signature_identifier(&c->memory, name);
    if (!made || strcmp(made, name) != 0)
        return cli_usage(c, "--name takes a C identifier that is no keyword, not \"%.64s\"", name);
    return 0;
}

/* ---- from options alone ---------------------------------------------------------------------- */

static int from_parts(cli *c, stepc_graph *graph, uint32_t flags, request *out)
{
    growing_callable g = {0};
    bool named = false;
    for (size_t i = 0; i < c->args.part_count; i++) {
        const part *p = &c->args.parts[i];
        int status = 0;
        if (out->count == 0 || (p->kind == PART_NAME && named))
            grow_begin(c, &g, &out->callables[out->count++], NULL);
        if (p->kind == PART_NAME) {
            status = check_name(c, p->spelled);
            g.to->spec.name = p->spelled;
            named = true;
        } else {
            status = add_part(c, &g, graph, p, flags);
        }
        if (status)
            return status;
    }
    return 0;
}

/* ---- from a config --------------------------------------------------------------------------- */

static int read_config(cli *c, const stepc_callable_spec **out, size_t *out_count)
{
    file_bytes file;
    const char *path = c->args.config;
    if (file_read(&c->host, path, &file, &c->error) != STEPC_OK)
        return cli_fail(c, IN_FILES);
    char *copy = arena_text(&c->memory, (const char *)file.data, file.size); /* the specs point into it */
    size_t size = file.size;
    file_release(&c->host, &file);
    if (!copy) {
        error_out_of_memory(&c->error, "reading a config");
        return cli_fail(c, IN_FILES);
    }
    if (signature_config_parse(&c->host, &c->memory, path, copy, size, out, out_count, &c->error) != STEPC_OK)
        return cli_fail(c, IN_MODEL);
    return 0;
}

/* The callable of the config that options speak of: the last --name, or the only one. */
static int part_owner(cli *c, const stepc_callable_spec *specs, size_t count, const char *name, size_t *out)
{
    for (size_t i = 0; name && i < count; i++)
        if (specs[i].name && strcmp(specs[i].name, name) == 0) {
            *out = i;
            return 0;
        }
    *out = 0;
    if (name && !(count == 1 && !specs[0].name))
        return cli_usage(c, "the config has no callable named %.64s", name);
    return !name && count > 1 ? cli_usage(c, "the config has %zu callables; choose one with --name", count) : 0;
}

static int from_config(cli *c, stepc_graph *graph, uint32_t flags, request *out)
{
    const stepc_callable_spec *specs = NULL;
    const char *name = NULL;
    size_t count = 0, owner = 0;
    int status = read_config(c, &specs, &count);
    if (status)
        return status;
    out->callables = CLI_ARRAY(c, requested_callable, count + 1);
    growing_callable *growing = CLI_ARRAY(c, growing_callable, count + 1);
    for (size_t i = 0; i < count; i++)
        grow_begin(c, &growing[i], &out->callables[i], &specs[i]);
    out->count = count;
    for (size_t i = 0; !status && i < c->args.part_count; i++) {
        const part *p = &c->args.parts[i];
        name = p->kind == PART_NAME ? p->spelled : name;
        status = part_owner(c, specs, count, name, &owner);
        if (!status && p->kind == PART_NAME && !specs[owner].name)
            status = check_name(c, name);
        if (!status && p->kind == PART_NAME)
            out->callables[owner].spec.name = name;
        if (!status)
            status = add_part(c, &growing[owner], graph, p, flags);
    }
    if (!status && (flags & REQUEST_SINGLE)) {
        status = part_owner(c, specs, count, name, &owner);
        out->callables += owner;
        out->count = 1;
    }
    return status;
}

/* ---- the only unambiguous one ---------------------------------------------------------------- */

static bool has_part(const cli *c, part_kind kind)
{
    for (size_t i = 0; i < c->args.part_count; i++)
        if (c->args.parts[i].kind == kind)
            return true;
    return false;
}

static const char *spell_assumed(cli *c, const growing_callable *g, size_t first_feed)
{
    const char *made = "";
    for (size_t i = first_feed; i < g->to->spec.feed_count; i++)
        made = cli_format(c, "%s --feed %s", made, g->feeds[i].tensor);
    for (size_t i = 0; i < g->to->spec.fetch_count; i++)
        made = cli_format(c, "%s --fetch %s", made, g->fetches[i].tensor);
    return made + (*made == ' ');
}

/* Fetches, and feeds that no option names, from the graph. */
static int complete(cli *c, stepc_graph *graph, request *out)
{
    stepc_callable_spec guessed;
    growing_callable g = {0};
    if (signature_guess(graph, &c->memory, &guessed, &c->error) != STEPC_OK) {
        (void)cli_fail(c, IN_MODEL);
        return EXIT_USAGE;
    }
    requested_callable *to = &out->callables[0];
    requested_callable old = *to;
    c->args.part_count += guessed.feed_count + guessed.fetch_count; /* room */
    grow_begin(c, &g, to, out->count ? &old.spec : NULL);
    c->args.part_count -= guessed.feed_count + guessed.fetch_count;
    for (size_t i = 0; out->count && i < old.spec.feed_count; i++)
        to->values[i] = old.values[i];
    size_t given = to->spec.feed_count;
    for (size_t i = 0; i < guessed.feed_count; i++)
        if (find_feed(&g, guessed.feeds[i].tensor) == to->spec.feed_count)
            g.feeds[to->spec.feed_count++] = guessed.feeds[i];
    for (size_t i = 0; i < guessed.fetch_count; i++)
        g.fetches[to->spec.fetch_count++] = guessed.fetches[i];
    out->count = 1;
    out->assumed = spell_assumed(c, &g, given);
    cli_note(c, "assumed %s", out->assumed);
    return 0;
}

int request_build(cli *c, stepc_graph *graph, uint32_t flags, request *out)
{
    *out = (request){NULL, 0, NULL};
    out->callables = CLI_ARRAY(c, requested_callable, c->args.part_count + 1);
    int status = c->args.config ? from_config(c, graph, flags, out) : from_parts(c, graph, flags, out);
    if (status)
        return status;
    if ((flags & REQUEST_SINGLE) && out->count > 1)
        return cli_usage(c, "stepc %s takes one callable, not %zu", c->command->name, out->count);
    if (!c->args.config && out->count <= 1 && !has_part(c, PART_FETCH) && !has_part(c, PART_TARGET))
        return complete(c, graph, out);
    return 0;
}
