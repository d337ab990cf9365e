/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes that vary: worked out once per call, with every step checked, into an array that the rest of the text reads. */
#include "compiler/emit/inside.h"

#include <string.h>

/* ---- locals ------------------------------------------------------------------------------------ */

static const loop_group *group_by_id(const loop_program *p, int32_t id)
{
    for (int32_t g = 0; g < p->group_count; g++)
        if (p->groups[g].id == id)
            return &p->groups[g];
    return NULL;
}

/* Indices that one tile covers. */
static size_ref tile_extent(const loop_program *p, const loop_group *g, int32_t root, int32_t k)
{
    return size_min(p->sizes, p->buffers[root].extents[k], size_const(p->sizes, g->tile[k]));
}

size_ref local_stride(const loop_program *p, const loop_group *g, int32_t root, int32_t k)
{
    const loop_buffer *b = &p->buffers[root];
    size_ref stride = size_const(p->sizes, 1);
    for (int32_t d = b->rank - 1; d > k; d--)
        stride = size_product(p->sizes, d < g->shared_count ? tile_extent(p, g, root, d) : b->extents[d], stride);
    return stride;
}

size_ref root_count(const loop_program *p, int32_t root)
{
    const loop_buffer *b = &p->buffers[root];
    const loop_group *g = b->kind == BUFFER_LOCAL ? group_by_id(p, b->group) : NULL;
    size_ref count = size_const(p->sizes, 1);
    for (int32_t d = 0; d < b->rank; d++)
        count = size_product(p->sizes, g && d < g->shared_count ? tile_extent(p, g, root, d) : b->extents[d], count);
    return count;
}

/* ---- finding what the entry must work out ----------------------------------------------------------- */

static void want(const loop_program *p, bool *wanted, size_ref s)
{
    int64_t value;
    if (s >= 0 && !size_is_const(p->sizes, s, &value))
        wanted[s] = true;
}

static void want_slots(emitter *e, int32_t callable, const loop_slot *slots, int32_t count, bool *wanted)
{
    const loop_program *p = e->callables[callable].program;
    for (int32_t i = 0; i < count; i++)
        for (int32_t d = 0; d < slots[i].rank; d++)
            want(p, wanted, slots[i].dims[d]);
}

static void want_statements(emitter *e, int32_t callable, bool *wanted)
{
    const loop_program *p = e->callables[callable].program;
    for (int32_t s = 0; s < p->statement_count; s++) {
        int32_t unit = e->unit_of[e->unit_base[callable] + s];
        for (int32_t i = 0; unit >= 0 && i < e->units[unit].size_count; i++)
            want(p, wanted, e->units[unit].sizes[i]);
        if (p->statements[s].kind != STATEMENT_CALL)
            continue;
        const loop_call *call = p->statements[s].call;
        want(p, wanted, call->sizes[0]);
        for (int i = 0; loop_call_buffers(call) == 2 && i < 2; i++)
            want(p, wanted, p->buffers[call->buffers[i]].offset);
        if (call->kind == CALL_SCAN) {
            want(p, wanted, call->scan.extent);
            want(p, wanted, call->scan.inner);
        }
        if (call->kind == CALL_TOP) {
            want(p, wanted, call->top.extent);
            want(p, wanted, call->top.count);
        }
    }
    for (int32_t g = 0; g < p->group_count; g++)
        for (int32_t k = 0; k < p->groups[g].shared_count; k++)
            want(p, wanted, p->statements[p->groups[g].first].nest->axes[k].extent);
}

/* What a size is made of was made before it, so one walk down reaches all of it. */
static int32_t close_wanted(const size_pool *pool, bool *wanted)
{
    int32_t count = 0;
    for (size_t i = pool->count; i-- > 0;) {
        const size_node *node = &pool->nodes[i];
        if (!wanted[i])
            continue;
        count++;
        if (node->kind == SIZE_CONST || node->kind == SIZE_SYMBOL)
            continue;
        if (pool->nodes[node->a].kind != SIZE_CONST)
            wanted[node->a] = true;
        if (pool->nodes[node->b].kind != SIZE_CONST)
            wanted[node->b] = true;
    }
    return count;
}

/* The feed element that the symbol stands for; NULL when a dimension of a feed tells it. */
static const loop_fed_size *fed_size(const loop_program *p, size_ref symbol)
{
    for (int32_t i = 0; i < p->fed_size_count; i++)
        if (p->fed_sizes[i].symbol == symbol)
            return &p->fed_sizes[i];
    return NULL;
}

static bool refuse_symbol(emitter *e, const size_node *node)
{
    e->code = error_set(e->error, STEPC_UNIMPLEMENTED, "no feed of \"%s\" tells the size %s", e->name, node->name);
    e->code = STEPC_UNIMPLEMENTED;
    return false;
}

bool sizes_find(emitter *e, int32_t callable)
{
    const loop_program *p = e->callables[callable].program;
    const memory_plan *plan = e->callables[callable].plan;
    emit_sizes *sizes = &e->sizes[callable];
    bool *wanted = ARENA_ARRAY(e->memory, bool, p->sizes->count + 1);
    if (wanted == NULL || p->sizes->failed)
        return !emit_failed(e, "writing sizes");
    want_statements(e, callable, wanted);
    want_slots(e, callable, p->feeds, p->feed_count, wanted);
    want_slots(e, callable, p->fetches, p->fetch_count, wanted);
    for (int32_t s = 0; s < plan->slot_count; s++)
        want(p, wanted, plan->slots[s].bytes);
    int32_t count = close_wanted(p->sizes, wanted);
    sizes->refs = ARENA_ARRAY(e->memory, size_ref, (size_t)count + 1);
    if (sizes->refs == NULL)
        return !emit_failed(e, "writing sizes");
    for (size_t i = 0; i < p->sizes->count; i++) {
        if (!wanted[i])
            continue;
        if (p->sizes->nodes[i].kind == SIZE_SYMBOL && symbol_number(e, callable, (size_ref)i) < 0 &&
            !fed_size(p, (size_ref)i))
            return refuse_symbol(e, &p->sizes->nodes[i]);
        sizes->refs[sizes->count++] = (size_ref)i;
    }
    return true;
}

/* ---- writing ------------------------------------------------------------------------------------------ */

static int32_t number_of(const emit_sizes *sizes, size_ref s)
{
    int32_t low = 0, high = sizes->count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (sizes->refs[middle] < s)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sizes->count && sizes->refs[low] == s ? low : -1;
}

const char *size_value(emitter *e, int32_t callable, size_ref s)
{
    int64_t value;
    const char *made = NULL;
    if (size_is_const(e->callables[callable].program->sizes, s, &value)) {
        made = literal_index(e->memory, value);
        if (made != NULL && made[0] == '-')
            made = arena_format(e->memory, "(%s)", made);
    } else {
        int32_t number = number_of(&e->sizes[callable], s);
        if (number < 0 && e->code == STEPC_OK)
            e->code = error_set(e->error, STEPC_INTERNAL, "a size that the entry does not work out");
        if (number < 0)
            return "0";
        made = arena_format(e->memory, "n[%d]", (int)number);
    }
    if (made == NULL)
        emit_failed(e, "writing sizes");
    return made ? made : "0";
}

static const char *rule_of(size_kind kind)
{
    switch (kind) {
    case SIZE_SUM:
        return "size_add";
    case SIZE_PRODUCT:
        return "size_mul";
    case SIZE_FLOOR_DIV:
        return "size_floor_div";
    case SIZE_CEIL_DIV:
        return "size_ceil_div";
    case SIZE_MAXIMUM:
        return "size_max";
    case SIZE_MINIMUM:
        return "size_min";
    case SIZE_CONST:
    case SIZE_SYMBOL:
        break;
    }
    return "";
}

static void write_size(emitter *e, int32_t callable, int32_t i, text *out)
{
    const size_pool *pool = e->callables[callable].program->sizes;
    size_ref s = e->sizes[callable].refs[i];
    const size_node *node = size_get(pool, s);
    const loop_fed_size *fed = fed_size(e->callables[callable].program, s);
    if (fed != NULL) {
        line(out, 1, "n[%d] = feeds->%s[%lld];", (int)i, e->callables[callable].program->feeds[fed->feed].cname,
             (long long)fed->element);
        return;
    }
    if (node->kind == SIZE_SYMBOL) {
        line(out, 1, "n[%d] = feeds->%s;", (int)i, symbol_name(e, callable, symbol_number(e, callable, s)));
        return;
    }
    const char *rule = rule_of(node->kind), *a = size_value(e, callable, node->a),
               *b = size_value(e, callable, node->b);
    use(e, rule);
    line(out, 1,
         node->kind == SIZE_MAXIMUM || node->kind == SIZE_MINIMUM ? "n[%d] = %s(%s, %s);"
                                                                  : "n[%d] = %s(%s, %s, &good);",
         (int)i, rule, a, b);
}

/* static int NAME_sizes(const NAME_feeds *feeds, int64_t *n): slot starts and the arena's size follow the sizes. */
void sizes_write(emitter *e, int32_t callable, text *out)
{
    const emit_sizes *sizes = &e->sizes[callable];
    const memory_plan *plan = e->callables[callable].plan;
    int32_t total = sizes->count + plan->slot_count + 1;
    line(out, 0, "/* Sizes of this call; 0 when one is too large for this machine. */");
    line(out, 0, "static int %s_sizes(const %s_feeds *feeds, int64_t *n)", e->entry_names[callable],
         e->entry_names[callable]);
    line(out, 0, "{");
    line(out, 1, "int good = 1;\n");
    for (int32_t i = 0; i < sizes->count; i++)
        write_size(e, callable, i, out);
    line(out, 1, "n[%d] = %lld; /* where slots of the arena start */", (int)sizes->count, (long long)plan->fixed_bytes);
    if (plan->slot_count > 0)
        use(e, "size_add");
    for (int32_t s = 0; s < plan->slot_count; s++) { /* a negative size is refused later, by a check of its own */
        line(out, 1, "good &= %s >= 0;", size_value(e, callable, plan->slots[s].bytes));
        line(out, 1, "n[%d] = size_add(n[%d], %s, &good);", (int)(sizes->count + s + 1), (int)(sizes->count + s),
             size_value(e, callable, plan->slots[s].bytes));
    }
    line(out, 1, "for (int i = 0; i < %d; i++)", (int)total);
    line(out, 2, "good &= n[i] <= (int64_t)PTRDIFF_MAX;");
    line(out, 1, "return good;");
    line(out, 0, "}\n");
}
