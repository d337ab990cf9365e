/* SPDX-License-Identifier: Apache-2.0 */
/* Calling a compiled entry: frames, feeds into its struct, fetches out of it. Nothing is allocated but a new frame where as
 * many calls run at once as never before, and the tensors of fetches that bring no buffer. */
#include "runtime/session/compiled.h"

#include "runtime/core/checked.h"
#include "runtime/core/error.h"
#include "runtime/core/host.h"
#include "runtime/module/call.h"

#include <string.h>

/* ---- frames ----------------------------------------------------------------------------------------- */

/* Where this thread looks first: threads' stacks lie apart, so threads rarely meet in one place. */
static unsigned first_place(void)
{
    char here;
    return (unsigned)(((uintptr_t)&here >> 20) * UINT64_C(0x9E3779B97F4A7C15) >> 60) & (CALL_FRAMES - 1);
}

static bool add_part(size_t *bytes, size_t count, size_t element, size_t *out_at)
{
    size_t part;
    if (!checked_mul_size(count, element, &part) || !checked_align_size(part, 64, &part))
        return false;
    *out_at = *bytes;
    return checked_add_size(*bytes, part, bytes);
}

static call_frame *frame_new(const candidate *c)
{
    size_t bytes = 0, head, feeds, fetches, tensors, work;
    if (!add_part(&bytes, 1, sizeof(call_frame), &head) ||
        !add_part(&bytes, c->feed_count, sizeof(stepc_view), &feeds) ||
        !add_part(&bytes, c->fetch_count, sizeof(stepc_view), &fetches) ||
        !add_part(&bytes, c->fetch_count, sizeof(stepc_tensor *), &tensors) ||
        !add_part(&bytes, c->work_bytes, 1, &work))
        return NULL;
    char *block = host_alloc(&c->host, bytes);
    if (block == NULL)
        return NULL;
    call_frame *f = (call_frame *)(void *)block;
    f->bytes = bytes;
    f->feeds = (stepc_view *)(void *)(block + feeds);
    f->fetches = (stepc_view *)(void *)(block + fetches);
    f->tensors = (stepc_tensor **)(void *)(block + tensors);
    f->work = block + work;
    f->work_bytes = c->work_bytes;
    return f;
}

static void frame_free(const candidate *c, call_frame *f)
{
    if (f->arena != NULL)
        host_free(&c->host, f->arena, f->arena_bytes);
    host_free(&c->host, f, f->bytes);
}

static call_frame *frame_take(candidate *c)
{
    unsigned first = first_place();
    for (unsigned i = 0; i < CALL_FRAMES; i++) {
        call_place *place = &c->places[(first + i) & (CALL_FRAMES - 1)];
        call_frame *f = &c->busy;
        if (atomic_load_explicit(&place->frame, memory_order_relaxed) != &c->busy)
            f = atomic_exchange(&place->frame, &c->busy);
        if (f == &c->busy)
            continue;
        if (f == NULL && (f = frame_new(c)) != NULL)
            f->place = place;
        if (f == NULL)
            atomic_store_explicit(&place->frame, NULL, memory_order_release);
        return f;
    }
    return frame_new(c);
}

void candidate_put(candidate *c, call_frame *f)
{
    if (f->place != NULL)
        atomic_store_explicit(&f->place->frame, f, memory_order_release);
    else
        frame_free(c, f);
}

void candidate_free_frames(candidate *c)
{
    for (unsigned i = 0; i < CALL_FRAMES; i++) {
        call_frame *f = atomic_load_explicit(&c->places[i].frame, memory_order_acquire);
        if (f != NULL && f != &c->busy)
            frame_free(c, f);
    }
}

bool candidate_is_busy(const candidate *c)
{
    for (unsigned i = 0; i < CALL_FRAMES; i++)
        if (atomic_load(&c->places[i].frame) == &c->busy)
            return true;
    return false;
}

bool candidate_count(const call_frame *f)
{
    if (f->place == NULL)
        return false;
    uint64_t runs = atomic_load_explicit(&f->place->runs, memory_order_relaxed);
    atomic_store_explicit(&f->place->runs, runs + 1, memory_order_relaxed);
    return true;
}

uint64_t candidate_runs(const candidate *c)
{
    uint64_t runs = 0;
    for (unsigned i = 0; i < CALL_FRAMES; i++)
        runs += atomic_load_explicit(&c->places[i].runs, memory_order_relaxed);
    return runs;
}

/* ---- feeds ------------------------------------------------------------------------------------------- */

static bool make_arena(const candidate *c, call_frame *f, uint64_t bytes)
{
    if (bytes <= f->arena_bytes)
        return true;
    if (bytes > SIZE_MAX)
        return false;
    if (f->arena != NULL)
        host_free(&c->host, f->arena, f->arena_bytes);
    f->arena = host_alloc(&c->host, (size_t)bytes);
    f->arena_bytes = f->arena != NULL ? (size_t)bytes : 0;
    return f->arena != NULL;
}

static bool has_shape(const stepc_view *value, const bound_feed *feed)
{
    if (value->dtype != feed->dtype || value->rank != feed->rank || value->bytes != feed->bytes ||
        (feed->rank > 0 && value->dims == NULL))
        return false;
    for (int32_t i = 0; i < feed->rank; i++)
        if (value->dims[i] != feed->dims[i])
            return false;
    return (feed->bytes == 0 || value->data != NULL) && ((uintptr_t)value->data & feed->misaligned) == 0;
}

/* Everything is known before: the feeds struct is written straight away. */
static bool bind_fixed(const candidate *c, call_frame *f, fed_values feeds)
{
    for (uint32_t i = 0; i < c->feed_count; i++) {
        const bound_feed *feed = &c->feeds[i];
        const stepc_view *value = fed_value(feeds, feed->from);
        if (!has_shape(value, feed))
            return false;
        const void *data = value->data != NULL ? value->data : f->work; /* without elements any address does */
        memcpy(f->work + feed->offset, &data, sizeof data);
    }
    return true;
}

static bool bind_open(const candidate *c, call_frame *f, fed_values feeds, uint64_t *out_arena, stepc_error *error)
{
    for (uint32_t i = 0; i < c->feed_count; i++) {
        f->feeds[i] = *fed_value(feeds, c->feeds[i].from);
        if (((uintptr_t)f->feeds[i].data & c->feeds[i].misaligned) != 0) {
            error_set(error, STEPC_INVALID_ARGUMENT, "a fed value is not aligned to its elements");
            return false;
        }
    }
    return module_bind(c->entry, f->feeds, c->feed_count, f->work, f->work_bytes, f->fetches, c->fetch_count,
                       out_arena, error) == STEPC_OK;
}

call_frame *candidate_bind(candidate *c, fed_values feeds, bool is_entered, stepc_code *out_code, stepc_error *error)
{
    call_frame *f = frame_take(c);
    uint64_t arena_bytes = c->arena_bytes;
    *out_code = f != NULL ? STEPC_OK : STEPC_RESOURCE_EXHAUSTED;
    if (f == NULL)
        return NULL;
    if (f->place == NULL && !is_entered) { /* who frees the session would not know that a call is under way */
        candidate_put(c, f);
        return NULL;
    }
    /* Taking marked the frame before closed is read, and who frees the session does it the other way round: so nothing of
     * the module is touched before it is known to stay. */
    if (atomic_load(c->closed)) {
        candidate_put(c, f);
        *out_code = STEPC_CANCELLED;
        return NULL;
    }
    bool fits = c->is_fixed && error == NULL ? bind_fixed(c, f, feeds) : bind_open(c, f, feeds, &arena_bytes, error);
    if (fits && make_arena(c, f, arena_bytes))
        return f;
    if (fits)
        *out_code = STEPC_RESOURCE_EXHAUSTED;
    candidate_put(c, f);
    return NULL;
}

/* ---- places for the fetches --------------------------------------------------------------------------- */

static stepc_code name_fetch(stepc_output at, stepc_error *error)
{
    error_at_node(error, at.op->name.data, at.op->type.data, NULL);
    return STEPC_INVALID_ARGUMENT;
}

/* The texts are those of an interpreted step. */
static stepc_code check_buffer(const stepc_view *into, stepc_output at, const bound_fetch *fetch, size_t bytes,
                               stepc_error *error)
{
    if (into->dtype != STEPC_DTYPE_INVALID && into->dtype != fetch->dtype)
        error_set(error, STEPC_INVALID_ARGUMENT, "The buffer for '%s:%d' is of type %s, the tensor of %s.", at.op->name.data,
                  (int)at.index, stepc_dtype_name((stepc_dtype)into->dtype), stepc_dtype_name((stepc_dtype)fetch->dtype));
    else if (into->bytes < bytes)
        error_set(error, STEPC_INVALID_ARGUMENT, "The buffer for '%s:%d' has too few bytes (%zu needed, %zu given).",
                  at.op->name.data, (int)at.index, bytes, into->bytes);
    else if (((uintptr_t)into->data & fetch->misaligned) != 0)
        error_set(error, STEPC_INVALID_ARGUMENT, "The buffer for '%s:%d' is not aligned to its elements.", at.op->name.data,
                  (int)at.index);
    else
        return STEPC_OK;
    return name_fetch(at, error);
}

/* A buffer of the caller's takes the value directly, unless its size shows after the call only. */
static stepc_code place_fetch(const candidate *c, call_frame *f, uint32_t i, const stepc_output *names,
                              const stepc_fetch *fetches, stepc_error *error)
{
    const bound_fetch *fetch = &c->fetches[i];
    const stepc_view *into = &fetches[fetch->to].into;
    size_t bytes = c->is_fixed ? fetch->bytes : f->fetches[i].bytes;
    bool is_direct = into->data != NULL && fetch->dims_offset < 0;
    stepc_code code = STEPC_OK;
    void *data = into->data;
    if (into->data != NULL)
        code = check_buffer(into, names[fetch->to], fetch, is_direct ? bytes : 0, error);
    f->tensors[i] = NULL;
    if (code == STEPC_OK && !is_direct) {
        const int64_t *dims = c->is_fixed ? fetch->dims : f->fetches[i].dims;
        code = stepc_tensor_new(&c->host, (stepc_dtype)fetch->dtype, dims, fetch->rank, &f->tensors[i], error);
        data = code == STEPC_OK ? stepc_tensor_data(f->tensors[i]) : NULL;
    }
    memcpy(f->work + c->fetches_at + fetch->offset, &data, sizeof data);
    return code;
}

static stepc_code place_fetches(const candidate *c, call_frame *f, const stepc_output *names, const stepc_fetch *fetches,
                                stepc_error *error)
{
    stepc_code code = STEPC_OK;
    for (uint32_t i = 0; i < c->fetch_count; i++)
        f->tensors[i] = NULL;
    for (uint32_t i = 0; i < c->fetch_count && code == STEPC_OK; i++)
        code = place_fetch(c, f, i, names, fetches, error);
    for (uint32_t i = 0; i < c->copy_count && code == STEPC_OK; i++) {
        const bound_copy *copy = &c->copies[i];
        const bound_fetch *fetch = &c->fetches[copy->from];
        size_t bytes = fetch->dims_offset >= 0 ? 0 : c->is_fixed ? fetch->bytes : f->fetches[copy->from].bytes;
        if (fetches[copy->to].into.data != NULL)
            code = check_buffer(&fetches[copy->to].into, names[copy->to], fetch, bytes, error);
    }
    return code;
}

/* ---- the fetched values ---------------------------------------------------------------------------------- */

/* Gives a tensor that was made for the upper bound the shape that the step wrote. */
static stepc_code trim(const candidate *c, call_frame *f, uint32_t i, stepc_error *error)
{
    const bound_fetch *fetch = &c->fetches[i];
    stepc_tensor *most = f->tensors[i];
    stepc_view view = stepc_tensor_view(most);
    int64_t *dims = (int64_t *)(void *)(f->work + c->fetches_at + fetch->dims_offset), length;
    if (memcmp(dims, stepc_tensor_dims(most), (size_t)fetch->rank * sizeof *dims) == 0)
        return STEPC_OK;
    size_t bytes;
    if (!shape_count(dims, fetch->rank, &length) || (uint64_t)length > SIZE_MAX ||
        !checked_mul_size((size_t)length, stepc_dtype_bytes((stepc_dtype)fetch->dtype), &bytes) || bytes > view.bytes)
        return error_set(error, STEPC_INTERNAL, "Fetch '%s' came back larger than its bound", c->entry->fetches[i].tensor);
    view.dims = dims;
    view.bytes = bytes;
    stepc_code code = stepc_tensor_copy(&c->host, &view, &f->tensors[i], error);
    stepc_tensor_release(most);
    if (code != STEPC_OK)
        f->tensors[i] = NULL;
    return code;
}

/* Stores a value that stands in TENSOR for fetch TO. */
static stepc_code give(const bound_fetch *fetch, stepc_tensor *tensor, uint32_t to, const stepc_output *names,
                       stepc_fetch *fetches, stepc_error *error)
{
    const stepc_view *into = &fetches[to].into;
    if (into->data == NULL) {
        fetches[to].out = stepc_tensor_retain(tensor);
        return STEPC_OK;
    }
    stepc_code code = check_buffer(into, names[to], fetch, stepc_tensor_bytes(tensor), error);
    if (code == STEPC_OK && stepc_tensor_bytes(tensor) > 0)
        memcpy(into->data, stepc_tensor_data(tensor), stepc_tensor_bytes(tensor));
    return code;
}

/* Fetches that are asked for more than once. */
static stepc_code give_copy(const candidate *c, const call_frame *f, const bound_copy *copy, const stepc_output *names,
                            stepc_fetch *fetches, stepc_error *error)
{
    const bound_fetch *fetch = &c->fetches[copy->from];
    const stepc_view *into = &fetches[copy->to].into;
    size_t bytes = c->is_fixed ? fetch->bytes : f->fetches[copy->from].bytes;
    if (f->tensors[copy->from] != NULL)
        return give(fetch, f->tensors[copy->from], copy->to, names, fetches, error);
    const void *data = fetches[fetch->to].into.data; /* of the full size: it was written directly */
    if (into->data != NULL) {
        memcpy(into->data, data, bytes);
        return STEPC_OK;
    }
    const int64_t *dims = c->is_fixed ? fetch->dims : f->fetches[copy->from].dims;
    stepc_code code = stepc_tensor_new(&c->host, (stepc_dtype)fetch->dtype, dims, fetch->rank, &fetches[copy->to].out, error);
    if (code == STEPC_OK && bytes > 0)
        memcpy(stepc_tensor_data(fetches[copy->to].out), data, bytes);
    return code;
}

static stepc_code collect(const candidate *c, call_frame *f, const stepc_output *names, stepc_fetch *fetches,
                          stepc_error *error)
{
    stepc_code code = STEPC_OK;
    for (uint32_t i = 0; i < c->fetch_count && code == STEPC_OK; i++) {
        if (f->tensors[i] == NULL)
            continue;
        if (c->fetches[i].dims_offset >= 0)
            code = trim(c, f, i, error);
        if (code == STEPC_OK)
            code = give(&c->fetches[i], f->tensors[i], c->fetches[i].to, names, fetches, error);
    }
    for (uint32_t i = 0; i < c->copy_count && code == STEPC_OK; i++)
        code = give_copy(c, f, &c->copies[i], names, fetches, error);
    return code;
}

static void drop_fetches(const candidate *c, stepc_fetch *fetches)
{
    for (uint32_t i = 0; i < c->fetch_count; i++) {
        stepc_tensor_release(fetches[c->fetches[i].to].out);
        fetches[c->fetches[i].to].out = NULL;
    }
    for (uint32_t i = 0; i < c->copy_count; i++) {
        stepc_tensor_release(fetches[c->copies[i].to].out);
        fetches[c->copies[i].to].out = NULL;
    }
}

/* ---- the call ----------------------------------------------------------------------------------------------- */

stepc_code candidate_call(candidate *c, call_frame *f, const stepc_output *names, stepc_fetch *fetches, void *state,
                          stepc_error *error)
{
    stepc_code code = place_fetches(c, f, names, fetches, error);
    if (code == STEPC_OK) {
        stepc_fault fault = {0, 0, NULL, NULL};
        stepc_env env = {.size = sizeof env, .arena = f->arena, .arena_bytes = f->arena_bytes, .state = state,
                         .weights = c->module->weights, .fault = &fault};
        int32_t status = c->entry->call(f->work, f->work + c->fetches_at, &env);
        code = status == 0 ? collect(c, f, names, fetches, error) : module_fault_error(&fault, status, error);
    }
    for (uint32_t i = 0; i < c->fetch_count; i++)
        stepc_tensor_release(f->tensors[i]);
    if (code != STEPC_OK)
        drop_fetches(c, fetches);
    return code;
}
