/* SPDX-License-Identifier: Apache-2.0 */
/* Running a whole program: memory, statements in order, groups tile by tile. */
#include "compiler/loops/evaluate.h"

#include "runtime/core/checked.h"
#include "runtime/core/dtype.h"
#include "runtime/core/scalar.h"
#include "runtime/core/host.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* What memory holds before anything is written there: large floats and odd integers, so that
 * a statement that reads too early shows. */
#define FRESH_BYTE 0x6B

/* ---- sizes ---------------------------------------------------------------------------------- */

static stepc_code set_sizes(evaluation *run, stepc_error *error)
{
    const size_pool *pool = run->p->sizes;
    size_t symbols = size_symbol_count(pool);

    if (run->run->symbol_count < 0 || (uint64_t)run->run->symbol_count < symbols)
        return error_set(error, STEPC_INVALID_ARGUMENT, "%lld symbols are given, %zu are needed",
                         (long long)run->run->symbol_count, symbols);
    int64_t *values = ARENA_ARRAY(&run->memory, int64_t, symbols + 1);
    if (values == NULL)
        return error_out_of_memory(error, "evaluating loops");
    for (size_t i = 0; i < symbols; i++)
        values[i] = run->run->symbols[i];
    for (int32_t i = 0; i < run->p->fed_size_count; i++) {
        const loop_fed_size *fed = &run->p->fed_sizes[i];
        const stepc_view *view = &run->run->feeds[fed->feed];
        values[size_symbol_index(pool, fed->symbol)] = load_i64((stepc_dtype)view->dtype, view->data, fed->element);
    }
    for (size_t i = 0; i < symbols; i++) {
        const size_node *node = size_get(pool, size_symbol_at(pool, i));
        int64_t value = values[i];
        if (value < node->min || value > node->max)
            return error_set(error, STEPC_INVALID_ARGUMENT, "%s is %lld, but must lie in [%lld,%lld]", node->name,
                             (long long)value, (long long)node->min, (long long)node->max);
    }
    run->sizes = ARENA_ARRAY(&run->memory, int64_t, pool->count);
    run->size_known = ARENA_ARRAY(&run->memory, bool, pool->count);
    if (run->sizes == NULL || run->size_known == NULL)
        return error_out_of_memory(error, "evaluating loops");
    for (size_t i = 0; i < pool->count; i++)
        run->size_known[i] = size_evaluate(pool, (size_ref)i, values, symbols, &run->sizes[i]);
    return STEPC_OK;
}

static bool known(const evaluation *run, size_ref s, int64_t *out)
{
    if (s < 0 || !run->size_known[s])
        return false;
    *out = run->sizes[s];
    return true;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static const loop_group *group_by_id(const loop_program *p, int32_t id)
{
    for (int32_t i = 0; i < p->group_count; i++) {
        if (p->groups[i].id == id)
            return &p->groups[i];
    }
    return NULL;
}

/* Memory for one tile: shared axes cut to the tile, all others whole. */
static bool local_count(const evaluation *run, const loop_buffer *b, int64_t *dims, run_memory *out)
{
    const loop_group *group = group_by_id(run->p, b->group);
    int64_t stride = 1;
    if (group == NULL || b->rank < group->shared_count)
        return false;
    for (int32_t k = 0; k < group->shared_count; k++)
        dims[k] = dims[k] < group->tile[k] ? dims[k] : group->tile[k];
    if (!shape_count(dims + group->shared_count, b->rank - group->shared_count, &stride))
        return false;
    for (int32_t k = group->shared_count - 1; k >= 0; k--) {
        out->tile_strides[k] = stride;
        if (!checked_mul_i64(stride, dims[k], &stride))
            return false;
    }
    out->count = stride;
    return true;
}

static stepc_code count_elements(evaluation *run, int32_t number, run_memory *out, stepc_error *error)
{
    const loop_buffer *b = &run->p->buffers[number];
    int64_t *dims = ARENA_ARRAY(&run->memory, int64_t, (size_t)b->rank);
    size_t bytes;
    if (dims == NULL)
        return error_out_of_memory(error, "evaluating loops");
    for (int32_t k = 0; k < b->rank; k++) {
        if (!known(run, b->extents[k], &dims[k]) || dims[k] < 0)
            return error_set(error, STEPC_INVALID_ARGUMENT, "b%d has no size under these symbols", (int)number);
    }
    out->element_bytes = stepc_dtype_bytes(b->dtype);
    if (!shape_count(dims, b->rank, &out->elements))
        return error_set(error, STEPC_RESOURCE_EXHAUSTED, "b%d has too many elements", (int)number);
    out->count = out->elements;
    if (b->kind == BUFFER_LOCAL && !local_count(run, b, dims, out))
        return error_set(error, STEPC_INTERNAL, "b%d does not fit its group", (int)number);
    int64_t limit = host_resolve(run->p->host).limits.tensor_bytes;
    if ((uint64_t)out->count > SIZE_MAX || !checked_mul_size((size_t)out->count, out->element_bytes, &bytes) ||
        (int64_t)(bytes >> 1) > limit / 2)
        return error_limit(error, "tensor_bytes", limit, out->count);
    return STEPC_OK;
}

static stepc_code own_memory(evaluation *run, run_memory *m, stepc_error *error)
{
    size_t bytes = (size_t)m->count * m->element_bytes;
    bytes = bytes > 0 ? bytes : 1;
    m->data = host_alloc(run->p->host, bytes);
    if (m->data == NULL)
        return error_out_of_memory(error, "evaluating loops");
    m->owned_bytes = bytes;
    memset(m->data, FRESH_BYTE, bytes);
    return STEPC_OK;
}

/* Memory that the caller or the program gives is read, never written, but for state. */
static unsigned char *borrowed(const void *data)
{
    return (unsigned char *)(uintptr_t)data;
}

static stepc_code slot_dims(const evaluation *run, const loop_slot *slot, int64_t *dims, stepc_error *error)
{
    for (int32_t k = 0; k < slot->rank; k++) {
        if (!known(run, slot->dims[k], &dims[k]) || dims[k] < 0)
            return error_set(error, STEPC_INVALID_ARGUMENT, "%s has no shape under these symbols", slot->tensor);
    }
    return STEPC_OK;
}

static stepc_code take_feed(evaluation *run, const loop_slot *slot, const stepc_view *view, run_memory *m,
                            stepc_error *error)
{
    int64_t *dims = ARENA_ARRAY(&run->memory, int64_t, (size_t)slot->rank);
    if (dims == NULL)
        return error_out_of_memory(error, "evaluating loops");
    stepc_code code = slot_dims(run, slot, dims, error);
    if (code != STEPC_OK)
        return code;
    if (view->dtype != (int32_t)slot->dtype || !shape_equal(view->dims, view->rank, dims, slot->rank) ||
        view->bytes != (size_t)m->count * m->element_bytes)
        return error_set(error, STEPC_INVALID_ARGUMENT, "the value fed to %s does not fit it", slot->tensor);
    m->data = borrowed(view->data);
    return STEPC_OK;
}

static stepc_code take_fetch(evaluation *run, const loop_slot *slot, stepc_tensor **out, stepc_error *error)
{
    int64_t *dims = ARENA_ARRAY(&run->memory, int64_t, (size_t)slot->rank);
    if (dims == NULL)
        return error_out_of_memory(error, "evaluating loops");
    stepc_code code = slot_dims(run, slot, dims, error);
    if (code == STEPC_OK)
        code = stepc_tensor_new(run->p->host, slot->dtype, dims, slot->rank, out, error);
    if (code == STEPC_OK && stepc_tensor_bytes(*out) > 0)
        memset(stepc_tensor_data(*out), FRESH_BYTE, stepc_tensor_bytes(*out));
    return code;
}

static stepc_code set_root(evaluation *run, int32_t number, stepc_error *error)
{
    const loop_buffer *b = &run->p->buffers[number];
    run_memory *m = &run->roots[number];
    stepc_code code = count_elements(run, number, m, error);
    if (code != STEPC_OK)
        return code;
    switch (b->kind) {
    case BUFFER_FEED:
        return take_feed(run, &run->p->feeds[b->slot], &run->run->feeds[b->slot], m, error);
    case BUFFER_FETCH:
        m->data = stepc_tensor_data(run->run->fetches[b->slot]);
        if (stepc_tensor_bytes(run->run->fetches[b->slot]) != (size_t)m->count * m->element_bytes)
            return error_set(error, STEPC_INTERNAL, "b%d does not have the size of fetch %d", (int)number,
                             (int)b->slot);
        return STEPC_OK;
    case BUFFER_WEIGHT:
        m->data = borrowed(b->data);
        if (m->data == NULL && m->count > 0)
            return error_set(error, STEPC_FAILED_PRECONDITION, "the data of weight b%d is not there", (int)number);
        return STEPC_OK;
    case BUFFER_STATE:
        m->data = run->run->state != NULL ? run->run->state[b->slot] : NULL;
        if (m->data == NULL && m->count > 0)
            return error_set(error, STEPC_FAILED_PRECONDITION, "variable %d has no memory", (int)b->slot);
        return STEPC_OK;
    case BUFFER_ARENA:
    case BUFFER_LOCAL:
        break;
    }
    return own_memory(run, m, error);
}

static stepc_code set_memory(evaluation *run, stepc_error *error)
{
    const loop_program *p = run->p;
    stepc_code code = STEPC_OK;
    run->roots = ARENA_ARRAY(&run->memory, run_memory, (size_t)p->buffer_count);
    if (run->roots == NULL)
        return error_out_of_memory(error, "evaluating loops");
    for (int32_t i = 0; i < p->fetch_count && code == STEPC_OK; i++)
        code = take_fetch(run, &p->fetches[i], &run->run->fetches[i], error);
    for (int32_t i = 0; i < p->buffer_count && code == STEPC_OK; i++) {
        if (p->buffers[i].root == i)
            code = set_root(run, i, error);
    }
    return code;
}

/* ---- statements -------------------------------------------------------------------------------- */

static stepc_code run_copy(evaluation *run, const loop_call *call, stepc_error *error)
{
    const loop_program *p = run->p;
    const run_memory *memory[2];
    int64_t offset[2], count, end;
    bool fits = known(run, call->sizes[0], &count) && count >= 0;
    for (int i = 0; i < 2; i++) {
        const loop_buffer *b = &p->buffers[call->buffers[i]];
        memory[i] = &run->roots[b->root];
        fits = fits && known(run, b->offset, &offset[i]) && offset[i] >= 0 &&
               checked_add_i64(offset[i], count, &end) && end <= memory[i]->count;
    }
    if (!fits || memory[0]->element_bytes != memory[1]->element_bytes)
        return error_set(error, STEPC_INTERNAL, "statement %d copies outside its buffers", (int)run->statement);
    size_t bytes = memory[0]->element_bytes;
    if (count > 0)
        memmove(memory[0]->data + (size_t)offset[0] * bytes, memory[1]->data + (size_t)offset[1] * bytes,
                (size_t)count * bytes);
    return STEPC_OK;
}

/* Sums of exponentials, as their logarithms. */
static void scan_logarithms(const loop_scan *scan, const void *from, void *to, int64_t first, int64_t step, int64_t extent)
{
    double total = -HUGE_VAL;
    for (int64_t k = 0; k < extent; k++) {
        int64_t at = first + (scan->is_reverse ? extent - 1 - k : k) * step;
        double before = k == 0 ? -DBL_MAX : total;
        total = scalar_log_sum(total, load_f64(STEPC_FLOAT64, from, at));
        store_f64(STEPC_FLOAT64, to, at, scan->is_exclusive ? before : total);
    }
}

/* Products of complex numbers, STEP numbers apart. */
static void scan_pairs(const loop_scan *scan, const void *from, void *to, int64_t first, int64_t step, int64_t extent)
{
    double re = 1, im = 0;
    for (int64_t k = 0; k < extent; k++) {
        int64_t at = 2 * (first + (scan->is_reverse ? extent - 1 - k : k) * step);
        double x = load_f64(STEPC_FLOAT64, from, at), y = load_f64(STEPC_FLOAT64, from, at + 1);
        double old_re = re, old_im = im;
        re = old_re * x - old_im * y;
        im = old_re * y + old_im * x;
        store_f64(STEPC_FLOAT64, to, at, scan->is_exclusive ? old_re : re);
        store_f64(STEPC_FLOAT64, to, at + 1, scan->is_exclusive ? old_im : im);
    }
}

/* One column, STEP elements apart. */
static void scan_column(const loop_scan *scan, stepc_dtype dtype, const void *from, void *to, int64_t first, int64_t step,
                        int64_t extent)
{
    bool floats = dtype_is_float(dtype), is_signed = dtype_is_signed(dtype), sums = scan->kind == ACC_SUM;
    double f = sums ? 0.0 : 1.0;
    uint64_t u = sums ? 0 : 1;
    if (scan->form == SCAN_LOGARITHMS) {
        scan_logarithms(scan, from, to, first, step, extent);
        return;
    }
    if (scan->form == SCAN_PAIRS) {
        scan_pairs(scan, from, to, first, step, extent);
        return;
    }
    for (int64_t k = 0; k < extent; k++) {
        int64_t at = first + (scan->is_reverse ? extent - 1 - k : k) * step;
        double old_f = f;
        uint64_t old_u = u;
        if (floats) {
            double x = load_f64(dtype, from, at);
            f = sums ? f + x : f * x;
            f = dtype == STEPC_FLOAT32 ? (double)(float)f : f;
            store_f64(dtype, to, at, scan->is_exclusive ? old_f : f);
            continue;
        }
        uint64_t x = is_signed ? (uint64_t)load_i64(dtype, from, at) : load_u64(dtype, from, at);
        u = sums ? u + x : u * x;
        if (is_signed)
            store_i64(dtype, to, at, (int64_t)(scan->is_exclusive ? old_u : u));
        else
            store_u64(dtype, to, at, scan->is_exclusive ? old_u : u);
    }
}

static stepc_code run_scan(evaluation *run, const loop_call *call, stepc_error *error)
{
    const loop_program *p = run->p;
    int64_t extent, inner, count, block, offset[2], end;
    bool fits = known(run, call->sizes[0], &count) && known(run, call->scan.extent, &extent) &&
                known(run, call->scan.inner, &inner) && count >= 0 && extent >= 0 && inner >= 0 &&
                (call->scan.form != SCAN_PAIRS || count % 2 == 0) && checked_mul_i64(extent, inner, &block) && (count == 0 || (block > 0 && count % block == 0));
    for (int i = 0; i < 2 && fits; i++) {
        const loop_buffer *b = &p->buffers[call->buffers[i]];
        fits = known(run, b->offset, &offset[i]) && offset[i] >= 0 && checked_add_i64(offset[i], count, &end) &&
               end <= run->roots[b->root].count;
    }
    if (!fits)
        return error_set(error, STEPC_INTERNAL, "statement %d scans outside its buffers", (int)run->statement);
    const run_memory *to = &run->roots[p->buffers[call->buffers[0]].root], *from = &run->roots[p->buffers[call->buffers[1]].root];
    stepc_dtype dtype = p->buffers[call->buffers[0]].dtype;
    if (call->scan.form == SCAN_PAIRS)
        count /= 2;
    if (count > 0 && count % block != 0)
        return error_set(error, STEPC_INTERNAL, "statement %d scans half a number", (int)run->statement);
    for (int64_t first = 0; first < count; first += block)
        for (int64_t i = 0; i < inner; i++)
            scan_column(&call->scan, dtype, from->data + (size_t)offset[1] * from->element_bytes,
                        to->data + (size_t)offset[0] * to->element_bytes, first + i, inner, extent);
    return STEPC_OK;
}

/* One place after the other: of those not yet taken the first that no other exceeds. */
static void top_row(stepc_dtype dtype, const void *from, int64_t first, int64_t extent, int64_t count, int32_t *to)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t best = -1;
        for (int64_t j = 0; j < extent; j++) {
            bool is_taken = false;
            for (int64_t k = 0; k < i && !is_taken; k++)
                is_taken = to[k] == j;
            bool exceeds = !is_taken && best >= 0 &&
                           (dtype == STEPC_INT64 ? load_i64(dtype, from, first + j) > load_i64(dtype, from, first + best)
                                                 : load_f64(dtype, from, first + j) > load_f64(dtype, from, first + best));
            if (!is_taken && (best < 0 || exceeds))
                best = j;
        }
        to[i] = (int32_t)best;
    }
}

static stepc_code run_top(evaluation *run, const loop_call *call, stepc_error *error)
{
    const loop_buffer *to = &run->p->buffers[call->buffers[0]], *from = &run->p->buffers[call->buffers[1]];
    int64_t places, elements, extent, count, at, start, end;
    bool fits = known(run, call->sizes[0], &places) && known(run, call->sizes[1], &elements) &&
                known(run, call->top.extent, &extent) && known(run, call->top.count, &count) &&
                known(run, to->offset, &at) && known(run, from->offset, &start) && places >= 0 && elements >= 0 && at >= 0 &&
                start >= 0 && checked_add_i64(at, places, &end) && end <= run->roots[to->root].count &&
                checked_add_i64(start, elements, &end) && end <= run->roots[from->root].count;
    fits = fits && (places == 0 || (count > 0 && count <= extent && places / count == elements / extent));
    if (!fits)
        return error_set(error, STEPC_INTERNAL, "statement %d looks for the greatest outside its buffers", (int)run->statement);
    for (int64_t row = 0; places > 0 && row < places / count; row++) {
        void *target = run->roots[to->root].data + (size_t)(at + row * count) * sizeof(int32_t);
        top_row(from->dtype, run->roots[from->root].data, start + row * extent, extent, count, target);
    }
    return STEPC_OK;
}

static stepc_code run_call(evaluation *run, const loop_call *call, stepc_error *error)
{
    int64_t steps;
    uint32_t state[6];
    if (call->kind == CALL_COPY)
        return run_copy(run, call, error);
    if (call->kind == CALL_SCAN)
        return run_scan(run, call, error);
    if (call->kind == CALL_TOP)
        return run_top(run, call, error);
    run_memory *m = &run->roots[run->p->buffers[call->buffers[0]].root];
    if (!known(run, call->sizes[0], &steps) || m->count != 6)
        return error_set(error, STEPC_INTERNAL, "statement %d advances something that is no generator",
                         (int)run->statement);
    memcpy(state, m->data, sizeof state);
    philox_advance(state, (uint64_t)steps);
    memcpy(m->data, state, sizeof state);
    return STEPC_OK;
}

/* Sets the box of member N to the tile at tile_start. */
static void set_tile(const evaluation *run, ready_nest *n)
{
    const loop_group *group = run->group;
    for (int32_t k = 0; k < group->shared_count; k++) {
        n->low[k] = run->tile_start[k];
        n->high[k] = n->extents[k] - n->low[k] > group->tile[k] ? n->low[k] + group->tile[k] : n->extents[k];
    }
}

static void refresh_locals(const evaluation *run)
{
    for (int32_t i = 0; i < run->p->buffer_count; i++) {
        const loop_buffer *b = &run->p->buffers[i];
        if (b->root == i && b->kind == BUFFER_LOCAL && b->group == run->group->id)
            memset(run->roots[i].data, FRESH_BYTE, run->roots[i].owned_bytes);
    }
}

static bool next_tile(evaluation *run, const ready_nest *first)
{
    for (int32_t k = run->group->shared_count - 1; k >= 0; k--) {
        int64_t left = first->extents[k] - run->tile_start[k];
        if (left > run->group->tile[k]) {
            run->tile_start[k] += run->group->tile[k];
            return true;
        }
        run->tile_start[k] = 0;
    }
    return false;
}

static stepc_code run_group(evaluation *run, const loop_group *group, stepc_error *error)
{
    ready_nest *members = ARENA_ARRAY(&run->memory, ready_nest, (size_t)group->count);
    stepc_code code = STEPC_OK;
    bool is_empty = false;

    if (members == NULL)
        return error_out_of_memory(error, "evaluating loops");
    run->group = group;
    memset(run->tile_start, 0, sizeof run->tile_start);
    for (int32_t i = 0; i < group->count && code == STEPC_OK; i++) {
        run->statement = group->first + i;
        code = evaluate_ready(run, run->p->statements[group->first + i].nest, &members[i], error);
    }
    for (int32_t i = 1; i < group->count && code == STEPC_OK; i++) {
        if (memcmp(members[i].extents, members[0].extents, (size_t)group->shared_count * sizeof(int64_t)) != 0)
            code = error_set(error, STEPC_INTERNAL, "group %d: shared axes have different extents", (int)group->id);
    }
    for (int32_t k = 0; k < group->shared_count && code == STEPC_OK; k++)
        is_empty = is_empty || members[0].extents[k] == 0;
    if (code == STEPC_OK && !is_empty) {
        do {
            refresh_locals(run);
            for (int32_t i = 0; i < group->count && code == STEPC_OK; i++) {
                run->statement = group->first + i;
                set_tile(run, &members[i]);
                code = evaluate_box(&members[i], error);
            }
        } while (code == STEPC_OK && next_tile(run, &members[0]));
    }
    run->group = NULL;
    return code;
}

static stepc_code run_statement(evaluation *run, const loop_statement *statement, stepc_error *error)
{
    ready_nest nest;
    if (statement->kind == STATEMENT_CALL)
        return run_call(run, statement->call, error);
    stepc_code code = evaluate_ready(run, statement->nest, &nest, error);
    return code == STEPC_OK ? evaluate_box(&nest, error) : code;
}

/* Lanes and tables of one statement are not needed by the next. */
static stepc_code run_all(evaluation *run, stepc_error *error)
{
    const loop_program *p = run->p;
    arena kept = run->memory;
    stepc_code code = STEPC_OK;
    int32_t group = 0;

    for (int32_t i = 0; i < p->statement_count && code == STEPC_OK;) {
        arena_init(&run->memory, p->host);
        while (group < p->group_count && p->groups[group].first < i)
            group++;
        run->statement = i;
        if (group < p->group_count && p->groups[group].first == i) {
            code = run_group(run, &p->groups[group], error);
            i += p->groups[group].count;
        } else {
            code = run_statement(run, &p->statements[i], error);
            i++;
        }
        arena_release(&run->memory);
    }
    run->memory = kept;
    return code;
}

/* A fetch whose buffer is not a fetch buffer of its own (a feed or weight handed through). */
static void hand_over(evaluation *run)
{
    for (int32_t i = 0; i < run->p->fetch_count; i++) {
        int32_t number = run->p->fetches[i].buffer;
        const loop_buffer *b = &run->p->buffers[number];
        size_t bytes = stepc_tensor_bytes(run->run->fetches[i]);
        const run_memory *m = &run->roots[number];
        if ((b->kind == BUFFER_FETCH && b->slot == i) || bytes == 0)
            continue;
        if ((size_t)m->count * m->element_bytes == bytes)
            memcpy(stepc_tensor_data(run->run->fetches[i]), m->data, bytes);
    }
}

static void release(evaluation *run, stepc_code code)
{
    for (int32_t i = 0; run->roots != NULL && i < run->p->buffer_count; i++) {
        if (run->roots[i].owned_bytes > 0)
            host_free(run->p->host, run->roots[i].data, run->roots[i].owned_bytes);
    }
    for (int32_t i = 0; code != STEPC_OK && i < run->p->fetch_count; i++) {
        stepc_tensor_release(run->run->fetches[i]);
        run->run->fetches[i] = NULL;
    }
    arena_release(&run->memory);
}

stepc_code loop_evaluate(const loop_program *p, const loop_run *run, stepc_error *error)
{
    evaluation state = {.p = p, .run = run};
    for (int32_t i = 0; i < p->fetch_count; i++)
        run->fetches[i] = NULL;
    stepc_code code = loop_verify_structure(p, error);
    if (code != STEPC_OK)
        return code;
    arena_init(&state.memory, p->host);
    code = set_sizes(&state, error);
    if (code == STEPC_OK)
        code = set_memory(&state, error);
    if (code == STEPC_OK)
        code = run_all(&state, error);
    if (code == STEPC_OK)
        hand_over(&state);
    release(&state, code);
    return code;
}
