/* SPDX-License-Identifier: Apache-2.0 */
/* The arena of one callable: lifetimes of the intermediates in statement order, memory taken
 * over in place, locals packed group by group, slots for sizes that depend on symbols. */
#include "compiler/plan/plan.h"

#include "compiler/plan/inside.h"
#include "runtime/core/checked.h"

#include <string.h>

typedef struct planner {
    const loop_program *p;
    arena scratch;
    memory_plan *plan;
    stepc_error *error;
    int32_t *owner; /* per buffer: the root whose memory it continues, itself for most */
} planner;

/* ---- sizes ------------------------------------------------------------------------------- */

static const loop_group *group_by_id(const loop_program *p, int32_t id)
{
    for (int32_t g = 0; g < p->group_count; g++) {
        if (p->groups[g].id == id)
            return &p->groups[g];
    }
    return NULL;
}

static const loop_group *group_at(const loop_program *p, int32_t statement)
{
    for (int32_t g = 0; g < p->group_count; g++) {
        if (statement >= p->groups[g].first && statement < p->groups[g].first + p->groups[g].count)
            return &p->groups[g];
    }
    return NULL;
}

/* Indices of dimension D that are in memory at one time. */
static size_ref resident(const loop_program *p, const loop_buffer *b, const loop_group *g, int32_t d)
{
    if (!g || d >= g->shared_count)
        return b->extents[d];
    return size_min(p->sizes, b->extents[d], size_const(p->sizes, g->tile[d]));
}

size_ref plan_buffer_bytes(const loop_program *p, int32_t buffer)
{
    const loop_buffer *b = &p->buffers[buffer];
    const loop_group *g = b->kind == BUFFER_LOCAL ? group_by_id(p, b->group) : NULL;
    size_ref one = size_const(p->sizes, 1), count = one, reach = one;
    bool is_dense = true, is_inside = false;
    for (int32_t d = 0; d < b->rank; d++) {
        size_ref here = resident(p, b, g, d);
        /* After the first dimension of which more than one index is held, all must be whole. */
        is_dense = is_dense && (!is_inside || here == b->extents[d]);
        is_inside = is_inside || here != one;
        count = size_product(p->sizes, count, here);
        reach = size_sum(p->sizes, reach, size_product(p->sizes, size_sub(p->sizes, here, one), b->strides[d]));
    }
    size_ref bytes = size_const(p->sizes, (int64_t)stepc_dtype_bytes(b->dtype));
    return size_product(p->sizes, is_dense ? count : reach, bytes);
}

/* BYTES rounded up to the alignment. */
static size_ref rounded(const loop_program *p, size_ref bytes)
{
    size_ref unit = size_const(p->sizes, PLAN_ALIGNMENT);
    return size_product(p->sizes, size_ceil_div(p->sizes, bytes, unit), unit);
}

static bool round_up(int64_t bytes, int64_t *out)
{
    int64_t more;
    if (bytes < 0 || !checked_add_i64(bytes, PLAN_ALIGNMENT - 1, &more))
        return false;
    *out = more - more % PLAN_ALIGNMENT;
    return true;
}

/* ---- lifetimes --------------------------------------------------------------------------- */

static void extend(planner *n, int32_t root, int32_t first, int32_t last)
{
    plan_place *place = &n->plan->places[root];
    buffer_kind kind = n->p->buffers[root].kind;
    if (kind != BUFFER_ARENA && kind != BUFFER_LOCAL)
        return;
    if (!place->is_placed) {
        place->is_placed = true;
        place->first = first;
        place->last = last;
    }
    place->first = first < place->first ? first : place->first;
    place->last = last > place->last ? last : place->last;
}

/* A group's tiles go round, so what it touches in the arena lives as long as the whole group. */
static void touch(planner *n, int32_t root, int32_t statement)
{
    const loop_group *g = n->p->buffers[root].kind == BUFFER_LOCAL ? NULL : group_at(n->p, statement);
    if (g)
        extend(n, root, g->first, g->first + g->count - 1);
    else
        extend(n, root, statement, statement);
}

static void find_lifetimes(planner *n)
{
    const loop_program *p = n->p;
    for (int32_t s = 0; s < p->statement_count; s++) {
        const loop_nest *nest = p->statements[s].nest;
        if (p->statements[s].kind == STATEMENT_CALL) {
            const loop_call *call = p->statements[s].call;
            touch(n, p->buffers[call->buffers[0]].root, s);
            if (loop_call_buffers(call) == 2)
                touch(n, p->buffers[call->buffers[1]].root, s);
            continue;
        }
        for (int32_t v = 0; v < nest->value_count; v++) {
            if (nest->values[v].op == LOOP_READ || nest->values[v].op == LOOP_PHILOX)
                touch(n, nest->values[v].buffer, s);
        }
        for (int32_t w = 0; w < nest->write_count; w++)
            touch(n, nest->writes[w].buffer, s);
    }
    /* What a fetch names directly is looked at when all is done. */
    for (int32_t i = 0; i < p->fetch_count; i++) {
        int32_t root = p->fetches[i].buffer >= 0 ? p->buffers[p->fetches[i].buffer].root : -1;
        if (root >= 0 && n->plan->places[root].is_placed)
            n->plan->places[root].last = p->statement_count;
    }
}

/* ---- in place ---------------------------------------------------------------------------- */

/* All reads of OLD in NEST are at the index at which W stores. */
static bool reads_at_write(const loop_nest *nest, int32_t old, const loop_write *w)
{
    bool reads = false;
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        if (value->buffer != old || (value->op != LOOP_READ && value->op != LOOP_PHILOX))
            continue;
        if (value->op != LOOP_READ || !loop_index_equal(&value->index, &w->index, nest->axis_count))
            return false;
        reads = true;
    }
    return reads;
}

/* Whether what W begins to store may take over OLD's memory. */
static bool may_take_over(const planner *n, int32_t s, const loop_write *w, int32_t old)
{
    const loop_buffer *buffers = n->p->buffers;
    const plan_place *from = &n->plan->places[old], *to = &n->plan->places[w->buffer];
    if (buffers[old].kind != BUFFER_ARENA || old == w->buffer || from->last != s || to->first != s ||
        to->takes_over >= 0)
        return false;
    if (w->predicate >= 0 || w->index.indirect >= 0 || from->bytes != to->bytes ||
        stepc_dtype_bytes(buffers[old].dtype) != stepc_dtype_bytes(buffers[w->buffer].dtype))
        return false;
    const loop_nest *nest = n->p->statements[s].nest;
    int32_t writes = 0;
    for (int32_t i = 0; i < nest->write_count; i++)
        writes += nest->writes[i].buffer == w->buffer || nest->writes[i].buffer == old ? 1 : 0;
    return writes == 1 && reads_at_write(nest, old, w);
}

static void take_over(planner *n, int32_t s, uint8_t *taken)
{
    const loop_nest *nest = n->p->statements[s].nest;
    for (int32_t i = 0; i < nest->write_count; i++) {
        const loop_write *w = &nest->writes[i];
        if (n->p->buffers[w->buffer].kind != BUFFER_ARENA)
            continue;
        for (int32_t v = 0; v < nest->value_count; v++) {
            int32_t old = nest->values[v].op == LOOP_READ ? nest->values[v].buffer : -1;
            if (old < 0 || taken[old] || !may_take_over(n, s, w, old))
                continue;
            n->plan->places[w->buffer].takes_over = old;
            n->owner[w->buffer] = n->owner[old];
            taken[old] = 1;
            break;
        }
    }
}

static bool find_in_place(planner *n)
{
    uint8_t *taken = ARENA_ARRAY(&n->scratch, uint8_t, (size_t)n->p->buffer_count);
    if (!taken)
        return false;
    for (int32_t s = 0; s < n->p->statement_count; s++) {
        if (n->p->statements[s].kind == STATEMENT_NEST && !group_at(n->p, s))
            take_over(n, s, taken);
    }
    return true;
}

/* ---- placing ----------------------------------------------------------------------------- */

typedef struct fixed_items {
    plan_item *items;
    int32_t *buffer; /* of an item; -1 - g: the block of group number g */
    int32_t *last;   /* of a root: the last statement at which it, or what continues it, is live */
    int32_t count;
} fixed_items;

/* The bytes of a place of constant size, rounded up; -1 for symbolic ones. */
static int64_t fixed_size(const planner *n, int32_t buffer)
{
    int64_t bytes;
    if (!size_is_const(n->p->sizes, n->plan->places[buffer].bytes, &bytes) || !round_up(bytes, &bytes))
        return -1;
    return bytes;
}

/* Packs the locals of constant size of one group; *TOTAL bytes in all. */
static bool pack_locals(planner *n, const loop_group *g, int64_t *total)
{
    const loop_program *p = n->p;
    plan_item *items = ARENA_ARRAY(&n->scratch, plan_item, (size_t)p->buffer_count);
    int32_t *buffer = ARENA_ARRAY(&n->scratch, int32_t, (size_t)p->buffer_count);
    int32_t count = 0;
    const char *order;
    if (!items || !buffer)
        return false;
    for (int32_t b = 0; b < p->buffer_count; b++) {
        const plan_place *place = &n->plan->places[b];
        if (!place->is_placed || p->buffers[b].kind != BUFFER_LOCAL || p->buffers[b].group != g->id ||
            fixed_size(n, b) < 0)
            continue;
        items[count] = (plan_item){.first = place->first, .last = place->last, .bytes = fixed_size(n, b)};
        buffer[count++] = b;
    }
    *total = plan_pack(&n->scratch, items, count, &order);
    for (int32_t i = 0; i < count && *total >= 0; i++)
        n->plan->places[buffer[i]].offset = items[i].offset;
    return *total >= 0;
}

static void add_item(fixed_items *f, int32_t buffer, int32_t first, int32_t last, int64_t bytes)
{
    f->items[f->count] = (plan_item){.first = first, .last = last, .bytes = bytes};
    f->buffer[f->count++] = buffer;
}

/* Items: roots that own memory of constant size (alive as long as those that continue it), and one
 * block per group. */
static bool collect(planner *n, fixed_items *f)
{
    const loop_program *p = n->p;
    int32_t *last = ARENA_ARRAY(&n->scratch, int32_t, (size_t)p->buffer_count);
    size_t room = (size_t)p->buffer_count + (size_t)p->group_count;
    f->items = ARENA_ARRAY(&n->scratch, plan_item, room);
    f->buffer = ARENA_ARRAY(&n->scratch, int32_t, room);
    f->last = last;
    if (!last || !f->items || !f->buffer)
        return false;
    for (int32_t b = 0; b < p->buffer_count; b++) {
        int32_t owner = n->owner[b];
        if (n->plan->places[b].is_placed && n->plan->places[b].last > last[owner])
            last[owner] = n->plan->places[b].last;
    }
    for (int32_t b = 0; b < p->buffer_count; b++) {
        const plan_place *place = &n->plan->places[b];
        if (place->is_placed && p->buffers[b].kind == BUFFER_ARENA && n->owner[b] == b && fixed_size(n, b) >= 0)
            add_item(f, b, place->first, last[b], fixed_size(n, b));
    }
    for (int32_t g = 0; g < p->group_count; g++) {
        const loop_group *group = &p->groups[g];
        int64_t total;
        if (!pack_locals(n, group, &total))
            return false;
        if (total > 0)
            add_item(f, -1 - g, group->first, group->first + group->count - 1, total);
    }
    return true;
}

/* The largest live set with the places of symbolic size too, each at its upper bound; -1 when one has none. False
 * when out of memory. F has room for them. */
static bool measure_live(planner *n, fixed_items *f, int64_t *out)
{
    const loop_program *p = n->p;
    int64_t total = 0, bytes;
    *out = -1;
    for (int32_t b = 0; b < p->buffer_count; b++) {
        const plan_place *place = &n->plan->places[b];
        if (!place->is_placed || p->buffers[b].kind != BUFFER_ARENA || n->owner[b] != b || fixed_size(n, b) >= 0)
            continue;
        bytes = size_upper_bound(p->sizes, place->bytes);
        if (bytes == INT64_MAX || !round_up(bytes, &bytes))
            return true;
        add_item(f, b, place->first, f->last[b], bytes);
    }
    for (int32_t i = 0; i < f->count; i++)
        if (!checked_add_i64(total, f->items[i].bytes, &total))
            return true;
    *out = plan_largest_live_set(&n->scratch, f->items, f->count);
    return *out >= 0;
}

static bool place_fixed(planner *n)
{
    fixed_items f = {.count = 0};
    const loop_program *p = n->p;
    if (!collect(n, &f))
        return false;
    n->plan->fixed_bytes = plan_pack(&n->scratch, f.items, f.count, &n->plan->order);
    if (n->plan->fixed_bytes < 0)
        return false;
    for (int32_t i = 0; i < f.count; i++) {
        if (f.buffer[i] >= 0) {
            n->plan->places[f.buffer[i]].offset = f.items[i].offset;
            continue;
        }
        int32_t id = p->groups[-1 - f.buffer[i]].id;
        for (int32_t b = 0; b < p->buffer_count; b++) {
            if (n->plan->places[b].is_placed && p->buffers[b].kind == BUFFER_LOCAL && p->buffers[b].group == id)
                n->plan->places[b].offset += f.items[i].offset;
        }
    }
    return measure_live(n, &f, &n->plan->live_bytes);
}

/* ---- slots ------------------------------------------------------------------------------- */

/* Whether anything in SLOT is alive together with BUFFER. */
static bool slot_is_busy(const planner *n, int32_t slot, int32_t buffer)
{
    const plan_place *mine = &n->plan->places[buffer];
    for (int32_t b = 0; b < n->p->buffer_count; b++) {
        const plan_place *other = &n->plan->places[b];
        if (other->is_placed && other->slot == slot && other->first <= mine->last && mine->first <= other->last)
            return true;
    }
    return false;
}

static int32_t find_slot(planner *n, int32_t buffer, size_ref bytes)
{
    memory_plan *plan = n->plan;
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t s = 0; s < plan->slot_count; s++) {
            /* Equal sizes share first: nothing is lost. Others only when one size is surely the greater. */
            size_ref both = size_max(n->p->sizes, plan->slots[s].bytes, bytes);
            bool fits = pass == 0 ? plan->slots[s].bytes == bytes : both != SIZE_UNKNOWN;
            if (!fits || slot_is_busy(n, s, buffer))
                continue;
            plan->slots[s].bytes = both;
            return s;
        }
    }
    plan->slots[plan->slot_count].bytes = bytes;
    return plan->slot_count++;
}

static bool place_symbolic(planner *n)
{
    memory_plan *plan = n->plan;
    plan->slots = ARENA_ARRAY(n->p->memory, plan_slot, (size_t)n->p->buffer_count);
    if (!plan->slots)
        return false;
    for (int32_t b = 0; b < n->p->buffer_count; b++) {
        if (plan->places[b].is_placed && n->owner[b] == b && fixed_size(n, b) < 0)
            plan->places[b].slot = find_slot(n, b, rounded(n->p, plan->places[b].bytes));
    }
    return true;
}

/* Buffers that continue another's memory lie where it lies. */
static void place_followers(planner *n)
{
    for (int32_t b = 0; b < n->p->buffer_count; b++) {
        if (n->plan->places[b].is_placed && n->owner[b] != b)
            n->plan->places[b].offset = n->plan->places[n->owner[b]].offset;
    }
}

/* ---- all together ------------------------------------------------------------------------ */

static stepc_code set_sizes(planner *n)
{
    for (int32_t b = 0; b < n->p->buffer_count; b++) {
        plan_place *place = &n->plan->places[b];
        int64_t bytes;
        place->slot = -1;
        place->takes_over = -1;
        n->owner[b] = b;
        place->bytes = SIZE_UNKNOWN;
        if (!place->is_placed)
            continue;
        place->bytes = plan_buffer_bytes(n->p, b);
        if (place->bytes == SIZE_UNKNOWN ||
            (size_is_const(n->p->sizes, place->bytes, &bytes) && !round_up(bytes, &bytes)))
            return error_set(n->error, STEPC_RESOURCE_EXHAUSTED, "the size of intermediate %s is too large",
                             n->p->buffers[b].tensor ? n->p->buffers[b].tensor : n->p->buffers[b].hint);
    }
    return STEPC_OK;
}

/* Only memory of constant size is taken over: slots are shared by lifetime already. */
static void drop_symbolic_takeovers(planner *n)
{
    for (int32_t b = 0; b < n->p->buffer_count; b++) {
        if (n->plan->places[b].is_placed && n->plan->places[b].takes_over >= 0 && fixed_size(n, b) < 0) {
            n->plan->places[b].takes_over = -1;
            n->owner[b] = b;
        }
    }
}

static void sum_up(planner *n)
{
    memory_plan *plan = n->plan;
    size_pool *pool = n->p->sizes;
    bool failed = pool->failed;
    plan->arena_bytes = size_const(pool, plan->fixed_bytes);
    plan->arena_bound_bytes = plan->fixed_bytes;
    for (int32_t s = 0; s < plan->slot_count; s++) {
        int64_t bound = size_upper_bound(pool, plan->slots[s].bytes), *total = &plan->arena_bound_bytes;
        plan->arena_bytes = size_sum(pool, plan->arena_bytes, plan->slots[s].bytes);
        if (bound == INT64_MAX || *total == INT64_MAX || !checked_add_i64(*total, bound, total))
            *total = INT64_MAX;
    }
    /* A sum of very many slots has no expression; generated code makes prefix sums anyway. */
    pool->failed = failed;
}

stepc_code plan_make(const loop_program *program, memory_plan **out, stepc_error *error)
{
    planner n = {.p = program, .error = error};
    *out = NULL;
    n.plan = ARENA_NEW(program->memory, memory_plan);
    if (!n.plan)
        return error_out_of_memory(error, "planning memory");
    arena_init(&n.scratch, program->host);
    n.plan->program = program;
    n.plan->place_count = program->buffer_count;
    n.plan->order = "size";
    n.plan->places = ARENA_ARRAY(program->memory, plan_place, (size_t)program->buffer_count);
    n.owner = ARENA_ARRAY(&n.scratch, int32_t, (size_t)program->buffer_count);
    stepc_code code = STEPC_OK;
    if (!n.plan->places || !n.owner) {
        code = error_out_of_memory(error, "planning memory");
    } else {
        find_lifetimes(&n);
        code = set_sizes(&n);
    }
    if (!code && !find_in_place(&n))
        code = error_out_of_memory(error, "planning memory");
    if (!code) {
        drop_symbolic_takeovers(&n);
        if (!place_fixed(&n) || !place_symbolic(&n))
            code = error_out_of_memory(error, "planning memory");
    }
    if (!code && n.plan->fixed_bytes == INT64_MAX)
        code = error_set(error, STEPC_RESOURCE_EXHAUSTED, "the intermediates together are too large");
    if (!code) {
        place_followers(&n);
        sum_up(&n);
        *out = n.plan;
    }
    arena_release(&n.scratch);
    return code;
}

bool plan_offset(const memory_plan *plan, int32_t buffer, const int64_t *symbols, size_t symbol_count, int64_t *out)
{
    if (buffer < 0 || buffer >= plan->place_count || !plan->places[buffer].is_placed)
        return false;
    const plan_place *place = &plan->places[buffer];
    if (place->slot < 0) {
        *out = place->offset;
        return true;
    }
    int64_t at = plan->fixed_bytes, bytes;
    for (int32_t s = 0; s < place->slot; s++) {
        if (!size_evaluate(plan->program->sizes, plan->slots[s].bytes, symbols, symbol_count, &bytes) ||
            !checked_add_i64(at, bytes, &at))
            return false;
    }
    *out = at;
    return true;
}

void plan_print(const memory_plan *plan, text *out)
{
    const loop_program *p = plan->program;
    text_puts(out, "arena ");
    size_print(p->sizes, plan->arena_bytes, out);
    text_puts(out, " bytes (largest live set ");
    if (plan->live_bytes < 0)
        text_puts(out, "unbounded");
    else
        text_printf(out, "%lld", (long long)plan->live_bytes);
    text_printf(out, "), by %s\n", plan->order);
    for (int32_t b = 0; b < plan->place_count; b++) {
        const plan_place *place = &plan->places[b];
        if (!place->is_placed)
            continue;
        text_printf(out, "  b%d %s %s", (int)b, p->buffers[b].kind == BUFFER_LOCAL ? "local" : "arena",
                    p->buffers[b].hint);
        if (place->slot >= 0)
            text_printf(out, " slot %d", (int)place->slot);
        else
            text_printf(out, " at %lld", (long long)place->offset);
        text_puts(out, " bytes ");
        size_print(p->sizes, place->bytes, out);
        text_printf(out, " live %d-%d", (int)place->first, (int)place->last);
        if (place->takes_over >= 0)
            text_printf(out, " takes over b%d", (int)place->takes_over);
        text_puts(out, "\n");
    }
}
