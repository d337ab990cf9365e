/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/session/request.h"

#include "runtime/core/checked.h"
#include "runtime/core/error.h"
#include "runtime/core/tensor.h"

#include <stdio.h>
#include <string.h>

int32_t feed_table_find(const feed_table *table, const step_request *request, stepc_output at)
{
    int32_t i = table->head[at.op->index];
    while (i >= 0 && request->feeds[i].index != at.index)
        i = table->next[i];
    return i;
}

/* An operation of another graph is, to this session, one that does not exist. */
static bool belongs(const stepc_graph *graph, const stepc_operation *op)
{
    return op != NULL && op->graph == graph;
}

/* How messages write an output: as the caller did, else as "NAME:INDEX". To be printed one behind the other. */
typedef struct spelling {
    const char *name;
    char index[16];
} spelling;

static spelling spell(stepc_output at, const char *const *names, size_t i)
{
    spelling s = {names != NULL ? names[i] : at.op != NULL ? at.op->name.data : "(null)", ""};
    if (names == NULL)
        (void)snprintf(s.index, sizeof s.index, ":%d", (int)at.index);
    return s;
}

static stepc_code endpoint_fed_twice(const step_request *request, size_t i, stepc_error *error)
{
    spelling s = spell(request->feeds[i], request->feed_names, i);
    return error_set(error, STEPC_INVALID_ARGUMENT, "Endpoint \"%s%s\" fed more than once.", s.name, s.index);
}

static stepc_code check_fed_once(const stepc_graph *graph, const step_request *request, feed_table *table,
                                 stepc_error *error)
{
    for (int32_t i = 0; i < graph->operation_count; i++)
        table->head[i] = -1;
    for (size_t i = 0; i < request->feed_count; i++) {
        stepc_output at = request->feeds[i];
        if (!belongs(graph, at.op))
            continue;
        if (feed_table_find(table, request, at) >= 0)
            return endpoint_fed_twice(request, i, error);
        table->next[i] = table->head[at.op->index];
        table->head[at.op->index] = (int32_t)i;
    }
    return STEPC_OK;
}

static stepc_code check_feed(const stepc_graph *graph, const step_request *request, size_t i, stepc_error *error)
{
    stepc_output at = request->feeds[i];
    spelling s = spell(at, request->feed_names, i);
    if (!belongs(graph, at.op))
        return error_set(error, STEPC_NOT_FOUND, "FeedInputs: unable to find feed output %s%s", s.name, s.index);
    if (at.index < 0 || at.index >= at.op->output_count)
        return error_set(error, STEPC_INVALID_ARGUMENT, "FeedInputs: %s%s should have output index < %d", s.name,
                         s.index, (int)at.op->output_count);
    return STEPC_OK;
}

static stepc_code check_fetch(const stepc_graph *graph, const step_request *request, size_t i, stepc_error *error)
{
    stepc_output at = request->fetches[i];
    spelling s = spell(at, request->fetch_names, i);
    if (!belongs(graph, at.op))
        return error_set(error, STEPC_NOT_FOUND, "FetchOutputs node %s%s: not found", s.name, s.index);
    const char *name = at.op->name.data;
    if (at.op->output_count == 0)
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "Tried to fetch data for '%s%s', which produces no output.  To run to a node but not fetch "
                         "any data, pass '%s%s' as an argument to the 'target_node_names' argument of the "
                         "Session::Run API.",
                         s.name, s.index, s.name, s.index);
    if (at.index < 0 || at.index >= at.op->output_count)
        return error_set(error, STEPC_INVALID_ARGUMENT, "FetchOutputs %s%s: output index too large, must be < %d",
                         s.name, s.index, (int)at.op->output_count);
    stepc_dtype dtype = dtype_base((stepc_dtype)at.op->output_dtypes[at.index]);
    if (dtype == STEPC_RESOURCE || dtype == STEPC_VARIANT) {
        error_set(error, STEPC_UNIMPLEMENTED, "Fetching '%s:%d', a tensor of type %s, is not supported.", name,
                  (int)at.index, stepc_dtype_name(dtype));
        error_at_node(error, name, at.op->type.data, NULL);
        return STEPC_UNIMPLEMENTED;
    }
    return STEPC_OK;
}

static stepc_code check_targets(const stepc_graph *graph, const step_request *request, stepc_error *error)
{
    bool found_all = true;
    for (size_t i = 0; i < request->target_count; i++) {
        const stepc_operation *op = request->targets[i];
        if (belongs(graph, op))
            continue;
        if (found_all)
            error_set(error, STEPC_NOT_FOUND, "PruneForTargets: Some target nodes not found: ");
        found_all = false;
        error_append(error, "%s ", spell((stepc_output){op, 0}, request->target_names, i).name);
    }
    return found_all ? STEPC_OK : STEPC_NOT_FOUND;
}

stepc_code request_check(const stepc_graph *graph, const step_request *request, feed_table *table, stepc_error *error)
{
    if (request->fetch_count == 0 && request->target_count == 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Must specify at least one target to fetch or execute.");
    if (request->feed_count > INT32_MAX || request->fetch_count > INT32_MAX || request->target_count > INT32_MAX)
        return error_set(error, STEPC_INVALID_ARGUMENT, "More than %d feeds, fetches or targets.", (int)INT32_MAX);
    stepc_code code = check_fed_once(graph, request, table, error);
    for (size_t i = 0; code == STEPC_OK && i < request->feed_count; i++)
        code = check_feed(graph, request, i, error);
    for (size_t i = 0; code == STEPC_OK && i < request->fetch_count; i++)
        code = check_fetch(graph, request, i, error);
    return code == STEPC_OK ? check_targets(graph, request, error) : code;
}

/* ---- fed values ----------------------------------------------------------------------- */

/* Character I of "name:index", 0 behind the end. DIGITS is the text of ":index". */
static unsigned char name_byte(stepc_output at, const char *digits, size_t i)
{
    size_t size = at.op->name.size;
    return (unsigned char)(i < size ? at.op->name.data[i] : digits[i - size]);
}

static void index_text(int32_t index, char digits[16])
{
    char reversed[12];
    int count = 0;
    do
        reversed[count++] = (char)('0' + index % 10);
    while ((index /= 10) > 0);
    *digits++ = ':';
    while (count > 0)
        *digits++ = reversed[--count];
    *digits = '\0';
}

/* The order of the names as texts, "a/b:0" before "a:0". */
static bool name_before(stepc_output a, stepc_output b)
{
    char a_digits[16], b_digits[16];
    index_text(a.index, a_digits);
    index_text(b.index, b_digits);
    for (size_t i = 0;; i++) {
        unsigned char x = name_byte(a, a_digits, i), y = name_byte(b, b_digits, i);
        if (x != y || x == 0)
            return x < y;
    }
}

static bool dtype_fits(const stepc_feed *feed)
{
    return feed->value.dtype == (int32_t)dtype_base((stepc_dtype)feed->at.op->output_dtypes[feed->at.index]);
}

/* TensorFlow numbers feeds by the order of their names and reports the first of them. */
static stepc_code dtype_error(const stepc_feed *feeds, size_t count, stepc_error *error)
{
    const stepc_feed *first = NULL;
    for (size_t i = 0; i < count; i++)
        if (!dtype_fits(&feeds[i]) && (first == NULL || name_before(feeds[i].at, first->at)))
            first = &feeds[i];
    int number = 0;
    for (size_t i = 0; i < count; i++)
        number += name_before(feeds[i].at, first->at);
    stepc_dtype expected = dtype_base((stepc_dtype)first->at.op->output_dtypes[first->at.index]);
    error_set(error, STEPC_INVALID_ARGUMENT, "Expects arg[%d] to be %s but %s is provided", number,
              stepc_dtype_name(expected), stepc_dtype_name((stepc_dtype)first->value.dtype));
    error_at_node(error, first->at.op->name.data, first->at.op->type.data, NULL);
    return STEPC_INVALID_ARGUMENT;
}

static size_t alignment_of(stepc_dtype dtype)
{
    size_t bytes = stepc_dtype_bytes(dtype);
    if (dtype == STEPC_STRING)
        return sizeof(void *);
    if (dtype_is_complex(dtype))
        return bytes / 2;
    return bytes != 0 ? bytes : 1;
}

static stepc_code value_error(const stepc_feed *feed, const char *what, stepc_error *error)
{
    error_set(error, STEPC_INVALID_ARGUMENT, "The value fed for '%s:%d' %s.", feed->at.op->name.data,
              (int)feed->at.index, what);
    error_at_node(error, feed->at.op->name.data, feed->at.op->type.data, NULL);
    return STEPC_INVALID_ARGUMENT;
}

/* A handle made in this process has no hash code that could be right. */
static stepc_code resource_error(const stepc_feed *feed, stepc_error *error)
{
    error_set(error, STEPC_INVALID_ARGUMENT,
              "Invalid resource type hash code: 0. Perhaps a resource tensor was being provided as a feed? That is not "
              "currently allowed. [[{{node %s}}]]",
              feed->at.op->name.data);
    error_at_node(error, feed->at.op->name.data, feed->at.op->type.data, NULL);
    return STEPC_INVALID_ARGUMENT;
}

static stepc_code check_value(const stepc_feed *feed, stepc_error *error)
{
    const stepc_view *value = &feed->value;
    stepc_dtype dtype = (stepc_dtype)value->dtype;
    int64_t length;
    size_t bytes;

    if (dtype == STEPC_RESOURCE || dtype == STEPC_VARIANT)
        return resource_error(feed, error);
    if (value->rank < 0 || (value->rank > 0 && value->dims == NULL))
        return value_error(feed, "has no dimensions", error);
    for (int32_t i = 0; i < value->rank; i++)
        if (value->dims[i] < 0)
            return value_error(feed, "has a negative dimension", error);
    if (!shape_count(value->dims, value->rank, &length) || (uint64_t)length > SIZE_MAX ||
        !checked_mul_size((size_t)length, stepc_dtype_bytes(dtype), &bytes))
        return value_error(feed, "has more elements than memory can hold", error);
    if (value->bytes != bytes)
        return value_error(feed, "does not have the number of bytes that its shape asks for", error);
    if (bytes != 0 && value->data == NULL)
        return value_error(feed, "has no data", error);
    if ((uintptr_t)value->data % alignment_of(dtype) != 0)
        return value_error(feed, "is not aligned to its elements", error);
    return STEPC_OK;
}

stepc_code request_check_values(const stepc_feed *feeds, size_t count, stepc_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!dtype_fits(&feeds[i]))
            return dtype_error(feeds, count, error);
    for (size_t i = 0; i < count; i++) {
        stepc_code code = check_value(&feeds[i], error);
        if (code != STEPC_OK)
            return code;
    }
    return STEPC_OK;
}

static bool is_misaligned(const stepc_fetch *fetch)
{
    stepc_dtype dtype = dtype_base((stepc_dtype)fetch->at.op->output_dtypes[fetch->at.index]);
    return (uintptr_t)fetch->into.data % alignment_of(dtype) != 0;
}

static stepc_code buffer_misaligned(const stepc_fetch *fetch, stepc_error *error)
{
    error_set(error, STEPC_INVALID_ARGUMENT, "The buffer for '%s:%d' is not aligned to its elements.",
              fetch->at.op->name.data, (int)fetch->at.index);
    error_at_node(error, fetch->at.op->name.data, fetch->at.op->type.data, NULL);
    return STEPC_INVALID_ARGUMENT;
}

stepc_code request_check_buffers(const stepc_feed *feeds, size_t feed_count, const stepc_fetch *fetches, size_t fetch_count,
                                 stepc_error *error)
{
    for (size_t i = 0; i < fetch_count; i++) {
        if (fetches[i].into.data == NULL)
            continue;
        if (is_misaligned(&fetches[i]))
            return buffer_misaligned(&fetches[i], error);
        for (size_t k = 0; k < feed_count; k++)
            if (view_overlaps(&fetches[i].into, &feeds[k].value))
                return error_set(error, STEPC_INVALID_ARGUMENT, "The buffer for '%s:%d' overlaps the value fed for '%s:%d'.",
                                 fetches[i].at.op->name.data, (int)fetches[i].at.index, feeds[k].at.op->name.data,
                                 (int)feeds[k].at.index);
        for (size_t k = 0; k < i; k++)
            if (view_overlaps(&fetches[i].into, &fetches[k].into))
                return error_set(error, STEPC_INVALID_ARGUMENT, "The buffers for '%s:%d' and '%s:%d' overlap.",
                                 fetches[k].at.op->name.data, (int)fetches[k].at.index, fetches[i].at.op->name.data,
                                 (int)fetches[i].at.index);
    }
    return STEPC_OK;
}
