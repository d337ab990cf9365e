/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of fed values: case folders, random ones, values on the command line. */
#include "compiler/cli/engine.h"

#include "runtime/core/checked.h"
#include "runtime/core/dtype.h"
#include "runtime/core/npy.h"
#include "runtime/core/scalar.h"

#include <string.h>

/* ---- values ---------------------------------------------------------------------------------- */

static int from_values(cli *c, const signature *s, const requested_callable *callable, feed_sets *out)
{
    out->items = CLI_ARRAY(c, feed_set, 1);
    out->count = 1;
    out->items[0] = (feed_set){.name = "feeds", .views = CLI_ARRAY(c, stepc_view, s->feed_count)};
    for (size_t i = 0; i < s->feed_count; i++) {
        stepc_tensor *tensor;
        cli_place place;
        if (!callable->values[i])
            return cli_usage(c, "feed %.128s has no value; write --feed %.64s=VALUE", s->feeds[i].tensor,
                             s->feeds[i].tensor);
        if (value_read(c, callable->values[i], s->feeds[i].dtype, &tensor, &place) != STEPC_OK) {
            if (place == IN_MODEL)
                error_at_node(&c->error, s->feeds[i].at.op->name.data, s->feeds[i].at.op->type.data, NULL);
            return cli_fail(c, place);
        }
        cli_own(c, tensor);
        out->items[0].views[i] = stepc_tensor_view(tensor);
    }
    return 0;
}

/* ---- cases ----------------------------------------------------------------------------------- */

const char *case_file(cli *c, const char *folder, const char *what, size_t index)
{
    static const char *const suffixes[] = {"npy", "strings.json"};
    for (size_t i = 0; i < 2; i++) {
        const char *path = cli_format(c, "%s/%s_%zu.%s", folder, what, index, suffixes[i]);
        if (file_exists(path))
            return path;
    }
    return NULL;
}

static int read_case(cli *c, const signature *s, const char *folder, feed_set *out)
{
    *out = (feed_set){cli_format(c, "case %s", folder), folder, CLI_ARRAY(c, stepc_view, s->feed_count)};
    if (!folder_exists(folder)) {
        error_set(&c->error, STEPC_NOT_FOUND, "there is no such folder");
        error_at_file(&c->error, folder, -1);
        return cli_fail(c, IN_FILES);
    }
    for (size_t i = 0; i < s->feed_count; i++) {
        stepc_tensor *tensor;
        cli_place place;
        const char *path = case_file(c, folder, "feed", i);
        if (!path) {
            error_set(&c->error, STEPC_NOT_FOUND, "the case lacks feed_%zu.npy for %s", i, s->feeds[i].tensor);
            error_at_file(&c->error, folder, -1);
            return cli_fail(c, IN_FILES);
        }
        if (value_read(c, path, s->feeds[i].dtype, &tensor, &place) != STEPC_OK)
            return cli_fail(c, place);
        cli_own(c, tensor);
        out->views[i] = stepc_tensor_view(tensor);
    }
    if (case_file(c, folder, "feed", s->feed_count)) {
        error_set(&c->error, STEPC_INVALID_ARGUMENT, "the case holds more feeds than the signature's %zu",
                  s->feed_count);
        error_at_file(&c->error, folder, -1);
        return cli_fail(c, IN_MODEL);
    }
    return 0;
}

static int from_cases(cli *c, const signature *s, feed_sets *out)
{
    out->count = c->args.cases.count;
    out->items = CLI_ARRAY(c, feed_set, out->count);
    for (size_t i = 0; i < out->count; i++) {
        int status = read_case(c, s, c->args.cases.items[i], &out->items[i]);
        if (status)
            return status;
    }
    return 0;
}

/* ---- random ---------------------------------------------------------------------------------- */

/* SplitMix64: the same numbers everywhere. */
static uint64_t random_u64(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* In (0, 1). */
static double random_unit(uint64_t *state)
{
    return ((double)(random_u64(state) >> 11) + 0.5) * (1.0 / 9007199254740992.0);
}

/* Box and Muller, with scalar functions that are the same everywhere. */
static double random_normal(uint64_t *state)
{
    double radius = scalar_sqrt(-2.0 * scalar_log(random_unit(state)));
    return radius * scalar_cos(6.283185307179586 * random_unit(state));
}

typedef struct random_range {
    bool given;
    double low, high;
} random_range;

static int read_range(cli *c, const signature *s, const char *spelled, random_range *ranges)
{
    const char *equals = strchr(spelled, '='), *colon = equals ? strchr(equals, ':') : NULL;
    size_t size = equals ? (size_t)(equals - spelled) : 0;
    random_range r = {true, 0, 0};
    if (!colon || !parse_double(equals + 1, (size_t)(colon - equals) - 1, &r.low) ||
        !parse_double(colon + 1, strlen(colon + 1), &r.high) || !(r.low < r.high) || r.low < -1e300 || r.high > 1e300)
        return cli_usage(c, "--range takes T=LO:HI with LO below HI, not \"%.64s\"", spelled);
    for (size_t i = 0; i < s->feed_count; i++) {
        const char *tensor = s->feeds[i].tensor;
        if (strncmp(tensor, spelled, size) == 0 && (!tensor[size] || strcmp(tensor + size, ":0") == 0)) {
            ranges[i] = r;
            return 0;
        }
    }
    return cli_usage(c, "--range names %.*s, which is not fed", (int)(size < 64 ? size : 64), spelled);
}

static double random_real(uint64_t *state, const random_range *r)
{
    return r->given ? r->low + (r->high - r->low) * random_unit(state) : random_normal(state);
}

static void fill_element(stepc_dtype dtype, void *data, int64_t i, uint64_t *state, const random_range *r)
{
    random_range whole = r->given ? *r : (random_range){true, 0, dtype == STEPC_BOOL ? 2 : 8};
    double value;
    switch (dtype_carrier_of(dtype)) {
    case CARRIER_F64:
        store_f64(dtype, data, i, random_real(state, r));
        return;
    case CARRIER_C128:
        value = random_real(state, r);
        store_c128(dtype, data, i, (complex_value){value, random_real(state, r)});
        return;
    case CARRIER_I64:
        store_i64(dtype, data, i,
                  double_to_i64_saturating(scalar_floor(random_real(state, &whole)), dtype_min_i64(dtype),
                                           (int64_t)dtype_max_u64(dtype)));
        return;
    case CARRIER_U64:
        store_u64(dtype, data, i,
                  double_to_u64_saturating(scalar_floor(random_real(state, &whole)),
                                           dtype == STEPC_BOOL ? 1 : dtype_max_u64(dtype)));
        return;
    case CARRIER_NONE:
        return;
    }
}

/* Sizes of the symbols, chosen once: all sets of one command have the same shapes. */
typedef struct symbol_size {
    const char *name;
    int64_t size;
} symbol_size;

typedef struct random_shapes {
    symbol_size *symbols;
    size_t count;
    uint64_t state;
} random_shapes;

static int64_t size_of_dim(random_shapes *shapes, const signature_dim *dim)
{
    if (dim->size >= 0)
        return dim->size;
    for (size_t i = 0; i < shapes->count; i++)
        if (strcmp(shapes->symbols[i].name, dim->symbol) == 0)
            return shapes->symbols[i].size;
    int64_t most = dim->max > 0 && dim->max < 8 ? dim->max : 8;
    int64_t size = 1 + (int64_t)(random_u64(&shapes->state) % (uint64_t)most);
    shapes->symbols[shapes->count++] = (symbol_size){dim->symbol, size};
    return size;
}

static int make_random(cli *c, const signature_slot *slot, random_shapes *shapes, const random_range *range,
                       uint64_t *state, stepc_view *out)
{
    stepc_tensor *tensor;
    int64_t dims[256];
    if (slot->rank < 0) {
        error_set(&c->error, STEPC_INVALID_ARGUMENT, "the rank of feed %s is unknown", slot->tensor);
        error_mend(&c->error, "narrow it, e.g. --feed %s=%s[2,3]", slot->tensor, dtype_spelled(slot->dtype));
        return cli_fail(c, IN_MODEL);
    }
    for (int32_t d = 0; d < slot->rank; d++)
        dims[d] = size_of_dim(shapes, &slot->dims[d]);
    if (stepc_tensor_new(&c->host, slot->dtype, dims, slot->rank, &tensor, &c->error) != STEPC_OK)
        return cli_fail(c, IN_MODEL);
    cli_own(c, tensor);
    int64_t count = stepc_tensor_length(tensor);
    for (int64_t i = 0; i < count; i++) {
        if (slot->dtype != STEPC_STRING) {
            fill_element(slot->dtype, stepc_tensor_data(tensor), i, state, range);
            continue;
        }
        const char *word = cli_format(c, "%u", (unsigned)(random_u64(state) % 8));
        if (stepc_tensor_set_string(tensor, i, text_view(word), &c->error) != STEPC_OK)
            return cli_fail(c, IN_MODEL);
    }
    *out = stepc_tensor_view(tensor);
    return 0;
}

static int from_random(cli *c, const signature *s, const requested_callable *callable, feed_sets *out)
{
    size_t symbols = 1;
    for (size_t i = 0; i < s->feed_count; i++)
        symbols += s->feeds[i].rank > 0 ? (size_t)s->feeds[i].rank : 0;
    uint64_t seed = c->args.seed > 0 ? (uint64_t)c->args.seed : 0;
    random_shapes shapes = {CLI_ARRAY(c, symbol_size, symbols), 0, seed ^ 0x5DEECE66Du};
    random_range *ranges = CLI_ARRAY(c, random_range, s->feed_count);
    int status = 0;
    for (size_t i = 0; !status && i < c->args.ranges.count; i++)
        status = read_range(c, s, c->args.ranges.items[i], ranges);
    out->count = c->args.random > 0 ? (size_t)c->args.random : 1;
    out->items = CLI_ARRAY(c, feed_set, out->count);
    for (size_t k = 0; !status && k < out->count; k++) {
        uint64_t state = seed * 0x2545F4914F6CDD1Du + k;
        out->items[k] = (feed_set){cli_format(c, "random %zu", k), NULL, CLI_ARRAY(c, stepc_view, s->feed_count)};
        for (size_t i = 0; !status && i < s->feed_count; i++) {
            stepc_tensor *tensor;
            cli_place place;
            if (!callable->values[i]) {
                status = make_random(c, &s->feeds[i], &shapes, &ranges[i], &state, &out->items[k].views[i]);
                continue;
            }
            /* a feed with a value keeps it */
            if (value_read(c, callable->values[i], s->feeds[i].dtype, &tensor, &place) != STEPC_OK)
                return cli_fail(c, place);
            cli_own(c, tensor);
            out->items[k].views[i] = stepc_tensor_view(tensor);
        }
    }
    return status;
}

/* ---- all ------------------------------------------------------------------------------------- */

static bool all_have_values(const signature *s, const requested_callable *callable)
{
    for (size_t i = 0; i < s->feed_count; i++)
        if (!callable->values[i])
            return false;
    return true;
}

/* The values must be of the shapes that the command line itself states. */
static int check_shapes(cli *c, const signature *s, const requested_callable *callable, const feed_sets *sets)
{
    for (size_t k = 0; k < sets->count; k++)
        for (size_t i = 0; i < s->feed_count; i++) {
            const stepc_view *view = &sets->items[k].views[i];
            const signature_slot *slot = &s->feeds[i];
            bool fits = !callable->spec.feeds[i].shape || view->rank == slot->rank;
            for (int32_t d = 0; callable->spec.feeds[i].shape && fits && d < slot->rank; d++)
                fits = slot->dims[d].size >= 0 ? view->dims[d] == slot->dims[d].size
                                               : slot->dims[d].max < 0 || view->dims[d] <= slot->dims[d].max;
            if (!fits)
                return cli_refuse(c, STEPC_INVALID_ARGUMENT, IN_MODEL, NULL,
                                  "the value of feed %s has shape %s, not %s", slot->tensor,
                                  shape_spelled(c, view->dims, view->rank), dims_spelled(c, slot->dims, slot->rank));
        }
    return 0;
}

int feed_sets_make(cli *c, const signature *s, const requested_callable *callable, feed_sets *out)
{
    int status;
    bool random = c->args.random >= 0 || c->args.ranges.count > 0 ||
                  (c->command->bit != COMMAND_RUN && !all_have_values(s, callable));
    *out = (feed_sets){NULL, 0};
    if (c->args.cases.count && c->args.random >= 0)
        return cli_usage(c, "--case and --random exclude each other");
    if (c->args.cases.count)
        status = from_cases(c, s, out);
    else if (random)
        status = from_random(c, s, callable, out);
    else
        status = from_values(c, s, callable, out);
    return status ? status : check_shapes(c, s, callable, out);
}
