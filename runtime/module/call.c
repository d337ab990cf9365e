/* SPDX-License-Identifier: 0BSD */
#include "runtime/module/call.h"

#include "runtime/core/checked.h"
#include "runtime/core/error.h"
#include "runtime/core/tensor.h"

#include <string.h>

/* Where the parts of the scratch lie. */
typedef struct work_parts {
    size_t fetches; /* the fetches struct; the feeds struct is at 0 */
    size_t symbols;
    size_t dims;
    size_t rooms; /* what the caller's fetch buffers hold */
    size_t bytes;
} work_parts;

static bool add_part(size_t *bytes, uint64_t count, size_t element, size_t *out_at)
{
    size_t part;
    if (count > SIZE_MAX || !checked_mul_size((size_t)count, element, &part) || !checked_align_size(part, 8, &part))
        return false;
    *out_at = *bytes;
    return checked_add_size(*bytes, part, bytes);
}

static bool work_layout(const stepc_entry *entry, work_parts *out)
{
    uint64_t ranks = 0;
    size_t feeds;
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < entry->fetch_count; i++)
        ranks += (uint64_t)(entry->fetches[i].rank > 0 ? entry->fetches[i].rank : 0);
    return add_part(&out->bytes, entry->feeds_bytes, 1, &feeds) &&
           add_part(&out->bytes, entry->fetches_bytes, 1, &out->fetches) &&
           add_part(&out->bytes, entry->symbol_count, sizeof(int64_t), &out->symbols) &&
           add_part(&out->bytes, ranks, sizeof(int64_t), &out->dims) &&
           add_part(&out->bytes, entry->fetch_count, sizeof(size_t), &out->rooms);
}

size_t module_work_bytes(const stepc_entry *entry)
{
    work_parts parts;
    /* Never 0 for a good entry, so that 0 means trouble. */
    return work_layout(entry, &parts) ? parts.bytes + 8 : 0;
}

size_t module_work_fetches(const stepc_entry *entry)
{
    work_parts parts;
    return work_layout(entry, &parts) ? parts.fetches : 0;
}

/* ---- feeds ---------------------------------------------------------------------------------- */

/* "[2,n,?]" as far as it fits. */
static const char *slot_text(const stepc_entry *entry, const stepc_slot *slot, char *shape, size_t size)
{
    size_t used = 0;
    shape[used++] = '[';
    for (int32_t i = 0; i < slot->rank; i++) {
        const stepc_dimension *d = &slot->dims[i];
        char number[32];
        const char *part = d->symbol >= 0 ? entry->symbols[d->symbol].name : number;
        if (d->symbol < 0) {
            shape_text(&d->size, 1, number, sizeof number);
            number[strlen(number) - 1] = '\0'; /* "[12]" without brackets */
            part = number + 1;
        }
        size_t length = strlen(part);
        if (used + length + 3 > size)
            break;
        if (i > 0)
            shape[used++] = ',';
        memcpy(shape + used, part, length);
        used += length;
    }
    shape[used++] = ']';
    shape[used] = '\0';
    return shape;
}

static stepc_code shape_error(const stepc_entry *entry, const stepc_slot *slot, const stepc_view *feed,
                              stepc_error *error)
{
    char given[160], wanted[160];
    return error_set(error, STEPC_INVALID_ARGUMENT, "Cannot feed value of shape %s for Tensor '%s', which has shape %s",
                     shape_text(feed->dims, feed->rank, given, sizeof given), slot->tensor,
                     slot_text(entry, slot, wanted, sizeof wanted));
}

static stepc_code symbol_error(const stepc_entry *entry, const stepc_slot *slot, int32_t dimension, int64_t value,
                               int64_t bound, bool is_limit, stepc_error *error)
{
    const stepc_symbol *symbol = &entry->symbols[slot->dims[dimension].symbol];
    return error_set(error, STEPC_INVALID_ARGUMENT, "Dimension %d of the value fed for Tensor '%s' is %lld, but %s %s %lld",
                     (int)dimension, slot->tensor, (long long)value, symbol->name,
                     is_limit ? "is at most" : "is already", (long long)bound);
}

static stepc_code check_dimensions(const stepc_entry *entry, const stepc_slot *slot, const stepc_view *feed,
                                   int64_t *symbols, stepc_error *error)
{
    for (int32_t i = 0; i < slot->rank; i++) {
        const stepc_dimension *d = &slot->dims[i];
        int64_t value = feed->dims[i];
        if (value < 0 || (d->symbol < 0 && value != d->size))
            return shape_error(entry, slot, feed, error);
        if (d->symbol < 0)
            continue;
        int64_t max = entry->symbols[d->symbol].max, *bound = &symbols[d->symbol];
        if (max >= 0 && value > max)
            return symbol_error(entry, slot, i, value, max, true, error);
        if (*bound >= 0 && value != *bound)
            return symbol_error(entry, slot, i, value, *bound, false, error);
        *bound = value;
    }
    return STEPC_OK;
}

static bool byte_count(const int64_t *dims, int32_t rank, int32_t dtype, size_t *out)
{
    int64_t length;
    return shape_count(dims, rank, &length) && (uint64_t)length <= SIZE_MAX &&
           checked_mul_size((size_t)length, stepc_dtype_bytes((stepc_dtype)dtype), out);
}

static stepc_code check_feed(const stepc_entry *entry, const stepc_slot *slot, const stepc_view *feed,
                             int64_t *symbols, stepc_error *error)
{
    size_t bytes;
    if (feed->dtype != slot->dtype)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Type mismatch: actual %s vs. expect %s",
                         stepc_dtype_name((stepc_dtype)feed->dtype), stepc_dtype_name((stepc_dtype)slot->dtype));
    if (feed->rank != slot->rank || (feed->rank > 0 && feed->dims == NULL)) {
        if (feed->rank < 0 || (feed->rank > 0 && feed->dims == NULL))
            return error_set(error, STEPC_INVALID_ARGUMENT, "The value fed for Tensor '%s' has no dimensions",
                             slot->tensor);
        return shape_error(entry, slot, feed, error);
    }
    stepc_code code = check_dimensions(entry, slot, feed, symbols, error);
    if (code != STEPC_OK)
        return code;
    if (!byte_count(feed->dims, feed->rank, feed->dtype, &bytes) || feed->bytes != bytes ||
        (bytes > 0 && feed->data == NULL))
        return error_set(error, STEPC_INVALID_ARGUMENT, "The value fed for Tensor '%s' does not hold its shape's bytes",
                         slot->tensor);
    return STEPC_OK;
}

static stepc_code bind_feeds(const stepc_entry *entry, const stepc_view *feeds, size_t feed_count, char *work,
                             int64_t *symbols, stepc_error *error)
{
    if (feed_count != entry->feed_count)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Expected %lu feed tensors, but got %lu",
                         (unsigned long)entry->feed_count, (unsigned long)feed_count);
    for (uint32_t i = 0; i < entry->symbol_count; i++)
        symbols[i] = -1;
    for (uint32_t i = 0; i < entry->feed_count; i++) {
        const stepc_slot *slot = &entry->feeds[i];
        stepc_code code = check_feed(entry, slot, &feeds[i], symbols, error);
        if (code != STEPC_OK)
            return code;
        /* Without elements any address does; a NULL might meet memcpy. */
        const void *data = feeds[i].data != NULL ? feeds[i].data : work;
        memcpy(work + slot->offset, &data, sizeof data);
    }
    for (uint32_t i = 0; i < entry->symbol_count; i++) {
        if (symbols[i] < 0)
            return error_set(error, STEPC_INTERNAL, "No feed of '%s' tells the size %s", entry->name,
                             entry->symbols[i].name);
        memcpy(work + entry->symbols[i].offset, &symbols[i], sizeof symbols[i]);
    }
    return STEPC_OK;
}

/* ---- fetches -------------------------------------------------------------------------------- */

/* Dimensions of a fetch, at the upper bound where the step itself decides. */
static stepc_code size_fetches(const stepc_entry *entry, const void *feeds, const int64_t *symbols, int64_t *dims,
                               stepc_view *fetches, stepc_error *error)
{
    bool told = entry->dims_for != NULL && entry->dims_for(feeds, dims) == 0;
    for (uint32_t i = 0; i < entry->fetch_count; i++) {
        const stepc_slot *slot = &entry->fetches[i];
        for (int32_t j = 0; j < slot->rank; j++) {
            const stepc_dimension *d = &slot->dims[j];
            if (!told || slot->dims_offset < 0)
                dims[j] = d->symbol >= 0 ? symbols[d->symbol] : d->size;
            if (dims[j] < 0 && told)
                return error_set(error, STEPC_INVALID_ARGUMENT, "Dimension %lld must be >= 0", (long long)dims[j]);
            if (dims[j] < 0)
                return error_set(error, STEPC_UNIMPLEMENTED, "Fetch '%s' has no upper bound in dimension %d",
                                 slot->tensor, (int)j);
        }
        fetches[i].dims = dims;
        fetches[i].rank = slot->rank;
        fetches[i].dtype = slot->dtype;
        if (!byte_count(dims, slot->rank, slot->dtype, &fetches[i].bytes))
            return error_set(error, STEPC_RESOURCE_EXHAUSTED, "Fetch '%s' is larger than memory can hold",
                             slot->tensor);
        dims += slot->rank > 0 ? slot->rank : 0;
    }
    return STEPC_OK;
}

static stepc_code bind(const stepc_entry *entry, const stepc_view *feeds, size_t feed_count, char *work,
                       const work_parts *parts, stepc_view *fetches, uint64_t *out_arena, stepc_error *error)
{
    int64_t *symbols = (int64_t *)(void *)(work + parts->symbols);
    int64_t *dims = (int64_t *)(void *)(work + parts->dims);

    memset(work, 0, parts->rooms); /* the rooms stay */
    stepc_code code = bind_feeds(entry, feeds, feed_count, work, symbols, error);
    if (code == STEPC_OK)
        code = size_fetches(entry, work, symbols, dims, fetches, error);
    if (code != STEPC_OK)
        return code;
    *out_arena = entry->arena_bytes;
    if (entry->arena_for != NULL) {
        int32_t status = entry->arena_for(work, out_arena);
        if (status != 0)
            return error_set(error, (stepc_code)status, "The sizes fed to '%s' need more memory than can be counted",
                             entry->name);
    }
    return STEPC_OK;
}

stepc_code module_bind(const stepc_entry *entry, const stepc_view *feeds, size_t feed_count, void *work,
                       size_t work_bytes, stepc_view *fetches, size_t fetch_count, uint64_t *out_arena,
                       stepc_error *error)
{
    work_parts parts;
    if (fetch_count != entry->fetch_count)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Expected %lu fetch tensors, but got %lu",
                         (unsigned long)entry->fetch_count, (unsigned long)fetch_count);
    if (!work_layout(entry, &parts) || work == NULL || work_bytes < parts.bytes)
        return error_set(error, STEPC_INVALID_ARGUMENT, "The scratch for calling '%s' is too small", entry->name);
    return bind(entry, feeds, feed_count, work, &parts, fetches, out_arena, error);
}

/* ---- the call -------------------------------------------------------------------------------- */

/* Checks the buffer of fetch I, which holds ROOM bytes, and puts its address into the struct. */
static stepc_code place_fetch(const stepc_entry *entry, const stepc_view *feeds, const stepc_view *fetches, uint32_t i,
                              size_t room, char *structure, stepc_error *error)
{
    const stepc_slot *slot = &entry->fetches[i];
    if (room < fetches[i].bytes || (fetches[i].bytes > 0 && fetches[i].data == NULL))
        return error_set(error, STEPC_INVALID_ARGUMENT, "The buffer for fetch '%s' has too few bytes (%zu needed, %zu given)",
                         slot->tensor, fetches[i].bytes, room);
    for (uint32_t j = 0; j < entry->feed_count; j++)
        if (view_overlaps(&fetches[i], &feeds[j]))
            return error_set(error, STEPC_INVALID_ARGUMENT, "The buffer for fetch '%s' overlaps the value fed for '%s'",
                             slot->tensor, entry->feeds[j].tensor);
    for (uint32_t j = 0; j < i; j++)
        if (view_overlaps(&fetches[i], &fetches[j]))
            return error_set(error, STEPC_INVALID_ARGUMENT, "The buffers for fetches '%s' and '%s' overlap",
                             slot->tensor, entry->fetches[j].tensor);
    void *data = fetches[i].data != NULL ? fetches[i].data : structure;
    memcpy(structure + slot->offset, &data, sizeof data);
    return STEPC_OK;
}

stepc_code module_fault_error(const stepc_fault *fault, int32_t status, stepc_error *error)
{
    stepc_code code = status > 0 && status <= STEPC_DATA_LOSS ? (stepc_code)status : STEPC_INTERNAL;
    const char *place = fault->operation != NULL ? fault->operation : "";
    const char *space = strchr(place, ' ');
    const char *node = space != NULL ? space + 1 : place;
    char type[80] = "";

    error_set(error, code, "%s", fault->message != NULL ? fault->message : "The step failed.");
    if (space != NULL && (size_t)(space - place) < sizeof type)
        memcpy(type, place, (size_t)(space - place)); /* the rest is zero */
    if (node[0] != '\0') {
        error_append(error, " [[{{node %s}}]]", node);
        error_at_node(error, node, type, NULL);
    }
    return code;
}

/* Reads the dimensions that the step itself decided. */
static stepc_code read_dims(const stepc_entry *entry, const char *structure, int64_t *dims, stepc_view *fetches,
                            stepc_error *error)
{
    for (uint32_t i = 0; i < entry->fetch_count; i++) {
        const stepc_slot *slot = &entry->fetches[i];
        size_t bytes, most = fetches[i].bytes;
        if (slot->dims_offset >= 0 && slot->rank > 0) {
            memcpy(dims, structure + slot->dims_offset, (size_t)slot->rank * sizeof *dims);
            if (!byte_count(dims, slot->rank, slot->dtype, &bytes) || bytes > most)
                return error_set(error, STEPC_INTERNAL, "Fetch '%s' came back larger than its bound", slot->tensor);
            fetches[i].bytes = bytes;
        }
        dims += slot->rank > 0 ? slot->rank : 0;
    }
    return STEPC_OK;
}

static stepc_code check_module(const stepc_module *module, const stepc_entry *entry, stepc_error *error)
{
    if (module == NULL || entry == NULL || entry->call == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no compiled entry to call");
    if (module->abi != STEPC_MODULE_ABI)
        return error_set(error, STEPC_FAILED_PRECONDITION, "Module '%s' was built for interface %lu, this is %lu",
                         module->name, (unsigned long)module->abi, (unsigned long)STEPC_MODULE_ABI);
    return STEPC_OK;
}

static stepc_code check_env(const stepc_module *module, const stepc_entry *entry, const stepc_env *env, uint64_t arena,
                            stepc_error *error)
{
    if (arena > 0 && (env->arena == NULL || env->arena_bytes < arena))
        return error_set(error, STEPC_INVALID_ARGUMENT, "'%s' needs an arena of %llu bytes, but %llu are given",
                         entry->name, (unsigned long long)arena,
                         (unsigned long long)(env->arena != NULL ? env->arena_bytes : 0));
    if (module->state_bytes > 0 && env->state == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Module '%s' needs a state block", module->name);
    return STEPC_OK;
}

static stepc_code call_bound(const stepc_entry *entry, const stepc_env *env, char *work, const work_parts *parts,
                             stepc_view *fetches, stepc_error *error)
{
    stepc_fault fault = {0, 0, NULL, NULL};
    stepc_env own = *env;

    own.size = (uint32_t)sizeof own;
    own.fault = &fault;
    int32_t status = entry->call(work, work + parts->fetches, &own);
    if (env->fault != NULL)
        *env->fault = fault;
    if (status != 0)
        return module_fault_error(&fault, status, error);
    return read_dims(entry, work + parts->fetches, (int64_t *)(void *)(work + parts->dims), fetches, error);
}

stepc_code module_call(const stepc_module *module, const stepc_entry *entry, const stepc_view *feeds,
                       size_t feed_count, stepc_view *fetches, size_t fetch_count, const stepc_env *env, void *work,
                       size_t work_bytes, stepc_error *error)
{
    work_parts parts;
    uint64_t arena = 0;

    stepc_code code = check_module(module, entry, error);
    if (code != STEPC_OK)
        return code;
    if (fetch_count != entry->fetch_count)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Expected %lu fetch tensors, but got %lu",
                         (unsigned long)entry->fetch_count, (unsigned long)fetch_count);
    if (!work_layout(entry, &parts) || work == NULL || work_bytes < parts.bytes)
        return error_set(error, STEPC_INVALID_ARGUMENT, "The scratch for calling '%s' is too small", entry->name);

    char *base = work;
    size_t *rooms = (size_t *)(void *)(base + parts.rooms);
    for (uint32_t i = 0; i < entry->fetch_count; i++)
        rooms[i] = fetches[i].bytes;
    code = bind(entry, feeds, feed_count, base, &parts, fetches, &arena, error);
    if (code == STEPC_OK)
        code = check_env(module, entry, env, arena, error);
    for (uint32_t i = 0; code == STEPC_OK && i < entry->fetch_count; i++)
        code = place_fetch(entry, feeds, fetches, i, rooms[i], base + parts.fetches, error);
    return code == STEPC_OK ? call_bound(entry, env, base, &parts, fetches, error) : code;
}
