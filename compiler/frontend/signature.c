/* SPDX-License-Identifier: Apache-2.0 */
/* Resolving a signature: names to outputs, fed shapes held against the graph's, C names made unique. */
#include "compiler/frontend/signature.h"

#include "runtime/core/dtype.h"
#include "runtime/graph/import.h"

#include <string.h>

/* ---- shapes --------------------------------------------------------------------------------- */

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* One dimension: "12", "?", "-1", "n", "n<=64". */
static bool parse_dim(arena *memory, const char *spelled, size_t size, signature_dim *out)
{
    *out = (signature_dim){-1, NULL, -1};
    if (size == 1 && spelled[0] == '?')
        return true;
    if (size == 2 && spelled[0] == '-' && spelled[1] == '1')
        return true;
    if (size > 0 && is_digit(spelled[0]))
        return parse_i64(spelled, size, &out->size) && out->size >= 0;
    size_t name = 0;
    while (name < size && (is_letter(spelled[name]) || (name > 0 && is_digit(spelled[name]))))
        name++;
    if (name == 0 || name > 32)
        return false;
    const char *given = arena_text(memory, spelled, name);
    out->symbol = given ? signature_identifier(memory, given) : NULL;
    if (!out->symbol || strcmp(out->symbol, given) != 0) /* two names must not become one */
        return false;
    if (name == size)
        return true;
    return size > name + 2 && spelled[name] == '<' && spelled[name + 1] == '=' &&
           parse_i64(spelled + name + 2, size - name - 2, &out->max) && out->max > 0;
}

stepc_code signature_shape_parse(arena *memory, const char *spelled, const signature_dim **out, int32_t *out_rank,
                                 stepc_error *error)
{
    size_t size = strlen(spelled);
    if (size >= 2 && spelled[0] == '[' && spelled[size - 1] == ']') {
        spelled++;
        size -= 2;
    }
    size_t count = size > 0;
    for (size_t i = 0; i < size; i++)
        count += spelled[i] == ',';
    if (count > 254)
        return error_limit(error, "rank", 254, (int64_t)count);
    signature_dim *dims = ARENA_ARRAY(memory, signature_dim, count + 1);
    if (!dims)
        return error_out_of_memory(error, "reading a shape");
    size_t start = 0;
    for (size_t d = 0; d < count; d++) {
        size_t end = start;
        while (end < size && spelled[end] != ',')
            end++;
        size_t first = start, last = end;
        while (first < last && spelled[first] == ' ')
            first++;
        while (last > first && spelled[last - 1] == ' ')
            last--;
        if (!parse_dim(memory, spelled + first, last - first, &dims[d])) {
            error_set(error, STEPC_INVALID_ARGUMENT, "\"%.*s\" is not a dimension",
                      (int)(last - first < 64 ? last - first : 64), spelled + first);
            return error_mend(error, "write a number, '?', a name (no C keyword), or name<=bound, e.g. [n<=8,224,3]");
        }
        start = end + 1;
    }
    *out = dims;
    *out_rank = (int32_t)count;
    return STEPC_OK;
}

/* ---- feeds ------------------------------------------------------------------------------------- */

/* What the graph says of a fed output: a placeholder's shape attribute. */
static const attr_shape *declared_shape(const stepc_graph *graph, stepc_output at)
{
    const attr_value *shape = operation_attr(at.op, "shape");
    bool placeholder = text_equal(at.op->type, TEXT_LITERAL("Placeholder")) ||
                       text_equal(at.op->type, TEXT_LITERAL("PlaceholderV2")) ||
                       text_equal(at.op->type, TEXT_LITERAL("PlaceholderWithDefault"));
    if (!placeholder || !shape || shape->kind != ATTR_SHAPE || shape->is_list || shape->as.shape.unknown_rank)
        return NULL;
    if (shape->as.shape.rank == 0 && graph->producer < 22 && text_equal(at.op->type, TEXT_LITERAL("Placeholder")))
        return NULL; /* before version 22 an absent shape was written as a scalar */
    return &shape->as.shape;
}

static stepc_code contradiction(const signature_slot *slot, stepc_error *error)
{
    error_set(error, STEPC_INVALID_ARGUMENT, "the shape given for feed %s contradicts the graph's", slot->tensor);
    return error_at_node(error, slot->at.op->name.data, slot->at.op->type.data, "shape");
}

/* The user's dims narrow the declared ones. A symbol beside a size is what share_symbols then gives that size. */
static stepc_code merge_declared(signature_slot *slot, signature_dim *dims, const attr_shape *declared,
                                 stepc_error *error)
{
    if (!declared)
        return STEPC_OK;
    if (declared->rank != slot->rank)
        return contradiction(slot, error);
    for (int32_t d = 0; d < slot->rank; d++) {
        if (declared->dims[d] < 0)
            continue;
        if (dims[d].size >= 0 && dims[d].size != declared->dims[d])
            return contradiction(slot, error);
        dims[d].size = declared->dims[d];
    }
    return STEPC_OK;
}

/* Of one name: its size, if any feed fixes it, and its bound, if any feed gives one. */
typedef struct named_size {
    int64_t size, max;
    const char *feed; /* which said so first */
} named_size;

typedef struct symbol_table {
    name_set names;
    named_size *sizes;
    size_t capacity;
} symbol_table;

static stepc_code learn_symbol(arena *memory, symbol_table *table, const signature_slot *slot, const signature_dim *dim,
                               stepc_error *error)
{
    size_t before = table->names.count;
    int32_t index = name_set_add(memory, &table->names, text_view(dim->symbol));
    named_size *grown =
        index < 0 ? NULL : arena_grow(memory, table->sizes, &table->capacity, table->names.count, sizeof *grown);
    if (!grown)
        return error_out_of_memory(error, "reading a signature");
    table->sizes = grown;
    named_size *known = &table->sizes[index];
    if (table->names.count > before)
        *known = (named_size){-1, -1, slot->tensor};
    bool two_sizes = dim->size >= 0 && known->size >= 0 && dim->size != known->size;
    bool two_bounds = dim->max >= 0 && known->max >= 0 && dim->max != known->max;
    if (two_sizes || two_bounds)
        return error_set(error, STEPC_INVALID_ARGUMENT, "%s \"%s\" is %lld for feed %s and %lld for feed %s",
                         two_sizes ? "size" : "the bound of", dim->symbol,
                         (long long)(two_sizes ? known->size : known->max), known->feed,
                         (long long)(two_sizes ? dim->size : dim->max), slot->tensor);
    known->size = dim->size >= 0 ? dim->size : known->size;
    known->max = dim->max >= 0 ? dim->max : known->max;
    if (known->size >= 0 && known->max >= 0 && known->size > known->max) {
        error_set(error, STEPC_INVALID_ARGUMENT, "size \"%s\" is %lld, more than its bound %lld", dim->symbol,
                  (long long)known->size, (long long)known->max);
        return error_at_node(error, slot->at.op->name.data, slot->at.op->type.data, "shape");
    }
    return STEPC_OK;
}

/* A dimension without a name gets one that nobody gave. */
static stepc_code name_dim(arena *memory, const symbol_table *table, signature_dim *dim, int32_t *next,
                           stepc_error *error)
{
    do {
        dim->symbol = arena_format(memory, "dim%d", (*next)++);
        if (!dim->symbol)
            return error_out_of_memory(error, "reading a signature");
    } while (name_set_find(&table->names, text_view(dim->symbol)) >= 0);
    return STEPC_OK;
}

/* Equal names are equal sizes with one bound, wherever that was said. DIMS: of each feed. */
static stepc_code share_symbols(arena *memory, const signature_slot *feeds, signature_dim *const *dims, size_t count,
                                stepc_error *error)
{
    symbol_table table = {0};
    stepc_code code = STEPC_OK;
    int32_t next = 0;
    for (size_t i = 0; i < count; i++)
        for (int32_t d = 0; !code && d < feeds[i].rank; d++)
            if (dims[i][d].symbol)
                code = learn_symbol(memory, &table, &feeds[i], &dims[i][d], error);
    for (size_t i = 0; i < count; i++) {
        for (int32_t d = 0; !code && d < feeds[i].rank; d++) {
            signature_dim *dim = &dims[i][d];
            if (!dim->symbol && dim->size < 0) {
                code = name_dim(memory, &table, dim, &next, error);
            } else if (dim->symbol) {
                const named_size *known = &table.sizes[name_set_find(&table.names, text_view(dim->symbol))];
                dim->size = known->size;
                dim->max = known->size >= 0 ? -1 : known->max;
                dim->symbol = known->size >= 0 ? NULL : dim->symbol;
            }
        }
    }
    return code;
}

static stepc_code feed_shape(stepc_graph *graph, arena *memory, const stepc_feed_spec *spec, signature_slot *slot,
                             signature_dim **out, stepc_error *error)
{
    const attr_shape *declared = declared_shape(graph, slot->at);
    slot->rank = -1;
    if (!spec->shape && !declared)
        return STEPC_OK;
    const signature_dim *given = NULL;
    stepc_code code = STEPC_OK;
    if (spec->shape)
        code = signature_shape_parse(memory, spec->shape, &given, &slot->rank, error);
    else
        slot->rank = declared->rank;
    if (code)
        return code;
    signature_dim *dims = ARENA_ARRAY(memory, signature_dim, (size_t)slot->rank + 1);
    if (!dims)
        return error_out_of_memory(error, "reading a signature");
    for (int32_t d = 0; d < slot->rank; d++)
        dims[d] = given ? given[d] : (signature_dim){declared->dims[d], NULL, -1};
    slot->dims = *out = dims;
    return merge_declared(slot, dims, declared, error);
}

/* ---- names ---------------------------------------------------------------------------------------- */

static bool cname_used(const signature_slot *slots, size_t count, const char *cname)
{
    for (size_t i = 0; i < count; i++)
        if (slots[i].cname && strcmp(slots[i].cname, cname) == 0)
            return true;
    return false;
}

static bool symbol_used(const signature_slot *feeds, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        for (int32_t d = 0; d < feeds[i].rank; d++)
            if (feeds[i].dims[d].symbol && strcmp(feeds[i].dims[d].symbol, name) == 0)
                return true;
    return false;
}

static bool is_free(const signature *s, const signature_slot *slots, size_t count, const char *name)
{
    return !cname_used(slots, count, name) && !symbol_used(s->feeds, s->feed_count, name);
}

static stepc_code give_own_cname(arena *memory, const signature *s, signature_slot *slots, size_t count, size_t index,
                                 const char *given, stepc_error *error)
{
    const char *name = signature_identifier(memory, given);
    if (!name)
        return error_out_of_memory(error, "reading a signature");
    if (strcmp(name, given) != 0) {
        error_set(error, STEPC_INVALID_ARGUMENT, "\"%.64s\" cannot name a C field", given);
        return error_mend(error, "use letters, digits and single underscores, and no C keyword");
    }
    if (!is_free(s, slots, count, name))
        return error_set(error, STEPC_INVALID_ARGUMENT, "two fields are named \"%s\"", given);
    slots[index].cname = name;
    return STEPC_OK;
}

/* Names that the user gave come first and must not collide; made-up ones get a number. GIVEN: NULL or "" where none was. */
static stepc_code give_cnames(arena *memory, const signature *s, signature_slot *slots, const char *const *given,
                              size_t count, stepc_error *error)
{
    for (size_t i = 0; i < count; i++) {
        stepc_code code =
            given[i] && *given[i] ? give_own_cname(memory, s, slots, count, i, given[i], error) : STEPC_OK;
        if (code)
            return code;
    }
    for (size_t i = 0; i < count; i++) {
        if (slots[i].cname)
            continue;
        const char *base = signature_identifier(memory, slots[i].at.op->name.data), *name = base;
        for (int32_t n = 1; name && !is_free(s, slots, count, name); n++)
            name = arena_format(memory, "%s_%d", base, n);
        slots[i].cname = name;
        if (!name)
            return error_out_of_memory(error, "reading a signature");
    }
    return STEPC_OK;
}

static const char *canonical(arena *memory, stepc_output at)
{
    return arena_format(memory, "%s:%d", at.op->name.data, at.index);
}

/* The operation that "op:i" or "op" names; NULL when there is none. */
static const stepc_operation *operation_of(const stepc_graph *graph, const char *name)
{
    stepc_string op;
    int32_t index;
    bool has_index;
    if (!tensor_name_split(text_view(name), &op, &index, &has_index))
        return NULL;
    graph_lock_read(graph);
    const stepc_operation *found = graph_find(graph, op);
    graph_unlock(graph);
    return found;
}

/* ---- resolving -------------------------------------------------------------------------------------- */

static stepc_code resolve_feed(stepc_graph *graph, arena *memory, const stepc_feed_spec *spec, signature_slot *slot,
                               signature_dim **dims, stepc_error *error)
{
    stepc_code code = stepc_graph_find_output(graph, spec->tensor, &slot->at, error);
    const stepc_operation *op = code == STEPC_INVALID_ARGUMENT ? operation_of(graph, spec->tensor) : NULL;
    if (code == STEPC_NOT_FOUND)
        error_set(error, code, "FeedInputs: unable to find feed output %s", spec->tensor);
    else if (op)
        error_set(error, code, "FeedInputs: %s should have output index < %d", spec->tensor, op->output_count);
    if (code)
        return code;
    slot->tensor = canonical(memory, slot->at);
    slot->dtype = dtype_base((stepc_dtype)slot->at.op->output_dtypes[slot->at.index]);
    if (spec->dtype != STEPC_DTYPE_INVALID && spec->dtype != slot->dtype) {
        error_set(error, STEPC_INVALID_ARGUMENT, "feed %s is %s in the graph, not %s", spec->tensor,
                  stepc_dtype_name(slot->dtype), stepc_dtype_name(spec->dtype));
        return error_at_node(error, slot->at.op->name.data, slot->at.op->type.data, NULL);
    }
    return slot->tensor ? feed_shape(graph, memory, spec, slot, dims, error)
                        : error_out_of_memory(error, "reading a signature");
}

static stepc_code resolve_feeds(stepc_graph *graph, arena *memory, const stepc_callable_spec *spec, signature *out,
                                stepc_error *error)
{
    signature_slot *feeds = ARENA_ARRAY(memory, signature_slot, spec->feed_count + 1);
    signature_dim **dims = ARENA_ARRAY(memory, signature_dim *, spec->feed_count + 1);
    stepc_code code = STEPC_OK;
    if (!feeds || !dims)
        return error_out_of_memory(error, "reading a signature");
    for (size_t i = 0; i < spec->feed_count; i++) {
        code = resolve_feed(graph, memory, &spec->feeds[i], &feeds[i], &dims[i], error);
        if (code)
            return code;
        for (size_t j = 0; j < i; j++)
            if (feeds[j].at.op == feeds[i].at.op && feeds[j].at.index == feeds[i].at.index)
                return error_set(error, STEPC_INVALID_ARGUMENT, "Endpoint \"%s\" fed more than once.", feeds[i].tensor);
    }
    code = share_symbols(memory, feeds, dims, spec->feed_count, error);
    if (code)
        return code;
    out->feeds = feeds;
    out->feed_count = spec->feed_count;
    const char **given = ARENA_ARRAY(memory, const char *, spec->feed_count + 1);
    if (!given)
        return error_out_of_memory(error, "reading a signature");
    for (size_t i = 0; i < spec->feed_count; i++)
        given[i] = spec->feeds[i].cname;
    return give_cnames(memory, out, feeds, given, spec->feed_count, error);
}

static stepc_code resolve_fetch(stepc_graph *graph, arena *memory, const stepc_fetch_spec *spec, signature_slot *slot,
                                stepc_error *error)
{
    stepc_code code = stepc_graph_find_output(graph, spec->tensor, &slot->at, error);
    const stepc_operation *op = code == STEPC_INVALID_ARGUMENT ? operation_of(graph, spec->tensor) : NULL;
    if (code == STEPC_NOT_FOUND)
        error_set(error, code, "FetchOutputs node %s: not found", spec->tensor);
    else if (op && op->output_count == 0)
        error_set(error, code, "Tried to fetch data for '%s', which produces no output.", spec->tensor);
    else if (op)
        error_set(error, code, "FetchOutputs %s: output index too large, must be < %d", spec->tensor, op->output_count);
    if (op && op->output_count == 0)
        return error_mend(error, "name it as a target, e.g. --target %s", op->name.data);
    if (code)
        return code;
    slot->tensor = canonical(memory, slot->at);
    slot->dtype = dtype_base((stepc_dtype)slot->at.op->output_dtypes[slot->at.index]);
    slot->rank = -1;
    return slot->tensor ? STEPC_OK : error_out_of_memory(error, "reading a signature");
}

static stepc_code add_target(stepc_graph *graph, const stepc_operation **targets, size_t *count, const char *name,
                             stepc_error *error)
{
    const stepc_operation *op = stepc_graph_find(graph, name);
    if (!op)
        return error_set(error, STEPC_NOT_FOUND, "PruneForTargets: Some target nodes not found: %s ", name);
    targets[(*count)++] = op;
    return STEPC_OK;
}

/* "name" alone means its output 0, or the operation when it has no outputs. */
static bool names_operation_without_outputs(stepc_graph *graph, const char *name)
{
    const stepc_operation *op = strchr(name, ':') ? NULL : stepc_graph_find(graph, name);
    return op && op->output_count == 0;
}

/* What a program forgot to fill in; the command line always does. */
static stepc_code check_spec(const stepc_callable_spec *spec, stepc_error *error)
{
    bool whole = (spec->feeds || !spec->feed_count) && (spec->fetches || !spec->fetch_count) &&
                 (spec->targets || !spec->target_count);

    for (size_t i = 0; whole && i < spec->feed_count; i++)
        whole = spec->feeds[i].tensor != NULL;
    for (size_t i = 0; whole && i < spec->fetch_count; i++)
        whole = spec->fetches[i].tensor != NULL;
    for (size_t i = 0; whole && i < spec->target_count; i++)
        whole = spec->targets[i] != NULL;
    return whole ? STEPC_OK
                 : error_set(error, STEPC_INVALID_ARGUMENT, "A feed, fetch or target of the callable has no name.");
}

stepc_code signature_resolve(stepc_graph *graph, arena *memory, const stepc_callable_spec *spec, signature *out,
                             stepc_error *error)
{
    *out = (signature){0};
    if (check_spec(spec, error))
        return STEPC_INVALID_ARGUMENT;
    out->name = signature_identifier(memory, spec->name && *spec->name ? spec->name : "step");
    stepc_code code =
        out->name ? resolve_feeds(graph, memory, spec, out, error) : error_out_of_memory(error, "reading a signature");
    signature_slot *fetches = ARENA_ARRAY(memory, signature_slot, spec->fetch_count + 1);
    const stepc_operation **targets =
        ARENA_ARRAY(memory, const stepc_operation *, spec->target_count + spec->fetch_count + 1);
    const char **given = ARENA_ARRAY(memory, const char *, spec->fetch_count + 1);
    if (code || !fetches || !targets || !given)
        return code ? code : error_out_of_memory(error, "reading a signature");
    for (size_t i = 0; !code && i < spec->fetch_count; i++) {
        if (names_operation_without_outputs(graph, spec->fetches[i].tensor)) {
            code = add_target(graph, targets, &out->target_count, spec->fetches[i].tensor, error);
            continue;
        }
        code = resolve_fetch(graph, memory, &spec->fetches[i], &fetches[out->fetch_count], error);
        given[out->fetch_count] = spec->fetches[i].cname;
        out->fetch_count += !code;
    }
    if (!code)
        code = give_cnames(memory, out, fetches, given, out->fetch_count, error);
    for (size_t i = 0; !code && i < spec->target_count; i++)
        code = add_target(graph, targets, &out->target_count, spec->targets[i], error);
    out->fetches = fetches;
    out->targets = targets;
    if (!code && out->fetch_count + out->target_count == 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Must specify at least one target to fetch or execute.");
    return code;
}
