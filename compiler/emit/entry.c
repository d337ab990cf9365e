/* SPDX-License-Identifier: Apache-2.0 */
/* Entries: what a call checks, then the step's statements in parts of bounded length. */
#include "compiler/emit/inside.h"

#include "runtime/core/checked.h"
#include "runtime/core/dtype.h"

#include <string.h>

#define PART_STATEMENTS 200

/* ---- where buffers lie ---------------------------------------------------------------------------- */

static const char *arena_pointer(emitter *e, int32_t callable, int32_t root)
{
    const memory_plan *plan = e->callables[callable].plan;
    const plan_place *place = &plan->places[root];
    const char *type = storage_type(plan->program->buffers[root].dtype);
    if (!place->is_placed) {
        if (e->code == STEPC_OK)
            e->code = error_set(e->error, STEPC_INTERNAL, "b%d has no place in the arena", (int)root);
        return "0";
    }
    if (place->slot < 0)
        return arena_format(e->memory, "(%s *)(void *)(arena + %lld)", type, (long long)place->offset);
    return arena_format(e->memory, "(%s *)(void *)(arena + n[%d])", type,
                        (int)(e->sizes[callable].count + place->slot));
}

static const char *weight_pointer(emitter *e, int32_t callable, int32_t root)
{
    const loop_buffer *b = &e->callables[callable].program->buffers[root];
    int32_t number = e->module->weight_of[callable][root];
    const plan_weight *w = &e->module->weights[number];
    const char *type = storage_type(b->dtype);
    if (e->weights != STEPC_WEIGHTS_INLINE)
        return arena_format(e->memory, "(const %s *)(const void *)(weights + %lld)", type, (long long)w->offset);
    const char *name = weight_name(e, number);
    e->named[number] = true;
    if (name == NULL || strcmp(type, storage_type(w->dtype)) == 0)
        return name;
    return arena_format(e->memory, "(const %s *)(const void *)%s", type, name);
}

const char *root_pointer(emitter *e, int32_t callable, int32_t root)
{
    const loop_program *p = e->callables[callable].program;
    const loop_buffer *b = &p->buffers[root];
    const char *made = NULL;
    switch (b->kind) {
    case BUFFER_FEED:
        made = arena_format(e->memory, "feeds->%s", p->feeds[b->slot].cname);
        break;
    case BUFFER_FETCH:
        made = arena_format(e->memory, "fetches->%s", p->fetches[b->slot].cname);
        break;
    case BUFFER_STATE:
        made = arena_format(e->memory, "(%s *)(void *)(state + %lld)", storage_type(b->dtype),
                            (long long)e->module->variables[b->slot].offset);
        break;
    case BUFFER_WEIGHT:
        made = weight_pointer(e, callable, root);
        break;
    case BUFFER_ARENA:
    case BUFFER_LOCAL:
        made = arena_pointer(e, callable, root);
        break;
    }
    if (made == NULL)
        emit_failed(e, "writing an entry");
    return made ? made : "0";
}

/* ---- statements -------------------------------------------------------------------------------------- */

static void write_copy(emitter *e, int32_t callable, const loop_call *call, int32_t depth, text *out)
{
    const loop_program *p = e->callables[callable].program;
    const char *pointer[2], *offset[2], *count = size_value(e, callable, call->sizes[0]);
    for (int i = 0; i < 2; i++) {
        const loop_buffer *b = &p->buffers[call->buffers[i]];
        pointer[i] = root_pointer(e, callable, b->root);
        offset[i] = size_value(e, callable, b->offset);
    }
    line(out, depth, "if (%s > 0)", count);
    line(out, depth + 1, "memcpy(%s + %s, %s + %s, (size_t)%s * %d);", pointer[0], offset[0], pointer[1], offset[1],
         count, (int)stepc_dtype_bytes(p->buffers[call->buffers[0]].dtype));
}

/* The running total of A and B, in the type of the elements; integers wrap. */
static const char *scan_step(emitter *e, const loop_call *call, stepc_dtype dtype, const char *a, const char *b)
{
    const char *sign = call->scan.kind == ACC_SUM ? "+" : "*", *word = stepc_dtype_bytes(dtype) == 8 ? "uint64_t" : "uint32_t";
    if (dtype_is_float(dtype))
        return arena_format(e->memory, "%s %s %s", a, sign, b);
    return arena_format(e->memory, "(%s)((%s)%s %s (%s)%s)", storage_type(dtype), word, a, sign, word, b);
}

/* Elements that follow one another: the total stays in a register. */
static void write_scan_line(emitter *e, const loop_call *call, stepc_dtype dtype, const char *extent, int32_t depth, text *out)
{
    const loop_scan *scan = &call->scan;
    line(out, depth, "%s total = %d;", storage_type(dtype), scan->kind == ACC_SUM ? 0 : 1);
    line(out, depth, "for (ptrdiff_t k = 0; k < %s; k++) {", extent);
    if (scan->is_reverse)
        line(out, depth + 1, "const ptrdiff_t at = block + %s - 1 - k;", extent);
    else
        line(out, depth + 1, "const ptrdiff_t at = block + k;");
    if (scan->is_exclusive)
        line(out, depth + 1, "to[at] = total;");
    line(out, depth + 1, "total = %s;", scan_step(e, call, dtype, "total", "from[at]"));
    if (!scan->is_exclusive)
        line(out, depth + 1, "to[at] = total;");
    line(out, depth, "}");
}

/* Rows of INNER elements, STEP in a block: each is the one before it and what comes in. */
static void write_scan_rows(emitter *e, const loop_call *call, stepc_dtype dtype, const char *extent, const char *inner,
                            const char *step, int32_t depth, text *out)
{
    const loop_scan *scan = &call->scan;
    const char *start = scan->kind == ACC_SUM ? "0" : "1";
    if (scan->is_reverse)
        line(out, depth, "ptrdiff_t at = block + %s - %s;", step, inner);
    else
        line(out, depth, "ptrdiff_t at = block;");
    line(out, depth, "for (ptrdiff_t i = 0; i < %s; i++)", inner);
    line(out, depth + 1, "to[at + i] = %s;", scan->is_exclusive ? start : scan_step(e, call, dtype, start, "from[at + i]"));
    line(out, depth, "for (ptrdiff_t k = 1; k < %s; k++) {", extent);
    line(out, depth + 1, "const ptrdiff_t before = at;");
    line(out, depth + 1, "at %s= %s;", scan->is_reverse ? "-" : "+", inner);
    line(out, depth + 1, "for (ptrdiff_t i = 0; i < %s; i++)", inner);
    line(out, depth + 2, "to[at + i] = %s;",
         scan_step(e, call, dtype, "to[before + i]", scan->is_exclusive ? "from[before + i]" : "from[at + i]"));
    line(out, depth, "}");
}

/* Column after column: logarithms of sums of exponentials, the total in a register. */
static void write_scan_logarithms(emitter *e, const loop_scan *scan, const char *extent, const char *inner, const char *step,
                                  int32_t depth, text *out)
{
    use(e, "scalar_log_sum");
    line(out, depth, "for (ptrdiff_t i = 0; i < %s; i++) {", inner);
    line(out, depth + 1, "double total = -0x1p1023 * 2.0; /* minus infinity */");
    if (scan->is_exclusive)
        line(out, depth + 1, "double before = -0x1.fffffffffffffp1023; /* of nothing */");
    line(out, depth + 1, "for (ptrdiff_t k = 0; k < %s; k++) {", extent);
    if (scan->is_reverse)
        line(out, depth + 2, "const ptrdiff_t at = block + %s - (k + 1) * %s + i;", step, inner);
    else
        line(out, depth + 2, "const ptrdiff_t at = block + k * %s + i;", inner);
    line(out, depth + 2, "total = scalar_log_sum(total, from[at]);");
    line(out, depth + 2, "to[at] = %s;", scan->is_exclusive ? "before" : "total");
    if (scan->is_exclusive)
        line(out, depth + 2, "before = total;");
    line(out, depth + 1, "}");
    line(out, depth, "}");
}

/* Column after column: products of complex numbers, block counting reals. */
static void write_scan_pairs(const loop_scan *scan, const char *extent, const char *inner, const char *step, int32_t depth,
                             text *out)
{
    line(out, depth, "for (ptrdiff_t i = 0; i < %s; i++) {", inner);
    line(out, depth + 1, "double re = 1.0, im = 0.0;");
    line(out, depth + 1, "for (ptrdiff_t k = 0; k < %s; k++) {", extent);
    if (scan->is_reverse)
        line(out, depth + 2, "const ptrdiff_t at = block + 2 * (%s - (k + 1) * %s + i);", step, inner);
    else
        line(out, depth + 2, "const ptrdiff_t at = block + 2 * (k * %s + i);", inner);
    line(out, depth + 2, "const double x = from[at], y = from[at + 1], before = re;");
    if (scan->is_exclusive) {
        line(out, depth + 2, "to[at] = re;");
        line(out, depth + 2, "to[at + 1] = im;");
    }
    line(out, depth + 2, "re = before * x - im * y;");
    line(out, depth + 2, "im = before * y + im * x;");
    if (!scan->is_exclusive) {
        line(out, depth + 2, "to[at] = re;");
        line(out, depth + 2, "to[at + 1] = im;");
    }
    line(out, depth + 1, "}");
    line(out, depth, "}");
}

/* A size as loops count with it. */
static const char *loop_size(emitter *e, int32_t callable, size_ref size)
{
    int64_t value;
    const char *word = size_value(e, callable, size);
    return size_is_const(e->callables[callable].program->sizes, size, &value) ? word
                                                                              : arena_format(e->memory, "(ptrdiff_t)%s", word);
}

static void write_scan(emitter *e, int32_t callable, const loop_call *call, int32_t depth, text *out)
{
    const loop_program *p = e->callables[callable].program;
    const loop_buffer *to = &p->buffers[call->buffers[0]], *from = &p->buffers[call->buffers[1]];
    const char *extent = loop_size(e, callable, call->scan.extent), *inner = loop_size(e, callable, call->scan.inner);
    int64_t apart, count, all;
    bool is_line = size_is_const(p->sizes, call->scan.inner, &apart) && apart == 1;
    const char *step = is_line ? extent : arena_format(e->memory, "%s * %s", extent, inner);
    if (size_is_const(p->sizes, call->scan.inner, &apart) && size_is_const(p->sizes, call->scan.extent, &count) &&
        checked_mul_i64(apart, count, &all)) /* two ints in the text might overflow */
        step = arena_format(e->memory, "%lld", (long long)all);
    line(out, depth, "{ /* running %s along an axis */",
         call->scan.form == SCAN_LOGARITHMS ? "logarithms of sums" : call->scan.kind == ACC_SUM ? "sums" : "products");
    line(out, depth + 1, "const %s *restrict from = %s + %s;", storage_type(from->dtype),
         root_pointer(e, callable, from->root), size_value(e, callable, from->offset));
    line(out, depth + 1, "%s *restrict to = %s + %s;", storage_type(to->dtype), root_pointer(e, callable, to->root),
         size_value(e, callable, to->offset));
    line(out, depth + 1, "for (ptrdiff_t block = 0; block < %s; block += %s%s) {",
         loop_size(e, callable, call->sizes[0]), call->scan.form == SCAN_PAIRS ? "2 * " : "", step);
    if (call->scan.form == SCAN_PAIRS)
        write_scan_pairs(&call->scan, extent, inner, step, depth + 2, out);
    else if (call->scan.form == SCAN_LOGARITHMS)
        write_scan_logarithms(e, &call->scan, extent, inner, step, depth + 2, out);
    else if (is_line)
        write_scan_line(e, call, to->dtype, extent, depth + 2, out);
    else
        write_scan_rows(e, call, to->dtype, extent, inner, step, depth + 2, out);
    line(out, depth + 1, "}");
    line(out, depth, "}");
}

static void write_top(emitter *e, int32_t callable, const loop_call *call, int32_t depth, text *out)
{
    const loop_program *p = e->callables[callable].program;
    const loop_buffer *to = &p->buffers[call->buffers[0]], *from = &p->buffers[call->buffers[1]];
    const char *extent = loop_size(e, callable, call->top.extent), *count = loop_size(e, callable, call->top.count);
    const char *type = storage_type(from->dtype);
    const char *routine = arena_format(e->memory, "top_%s", type_suffix(from->dtype));
    use(e, routine);
    line(out, depth, "{ /* the places of the greatest elements of each row */");
    line(out, depth + 1, "const %s *from = %s + %s;", type, root_pointer(e, callable, from->root),
         size_value(e, callable, from->offset));
    line(out, depth + 1, "int32_t *to = %s + %s;", root_pointer(e, callable, to->root),
         size_value(e, callable, to->offset));
    line(out, depth + 1, "int32_t *const end = to + %s;", size_value(e, callable, call->sizes[0]));
    line(out, depth + 1, "for (; to < end; to += %s, from += %s)", count, extent);
    line(out, depth + 2, "%s(from, %s, to, %s);", routine, extent, count);
    line(out, depth, "}");
}

static void write_call(emitter *e, int32_t callable, const loop_call *call, int32_t depth, text *out)
{
    const loop_program *p = e->callables[callable].program;
    if (call->kind == CALL_COPY) {
        write_copy(e, callable, call, depth, out);
        return;
    }
    if (call->kind == CALL_SCAN) {
        write_scan(e, callable, call, depth, out);
        return;
    }
    if (call->kind == CALL_TOP) {
        write_top(e, callable, call, depth, out);
        return;
    }
    use(e, "philox_advance");
    line(out, depth, "philox_advance(%s, (uint64_t)%s);", root_pointer(e, callable, p->buffers[call->buffers[0]].root),
         size_value(e, callable, call->sizes[0]));
}

static void write_statement(emitter *e, int32_t callable, int32_t s, int32_t depth, text *out)
{
    const loop_program *p = e->callables[callable].program;
    int32_t unit = e->unit_of[e->unit_base[callable] + s];
    if (p->statements[s].kind == STATEMENT_CALL)
        write_call(e, callable, p->statements[s].call, depth, out);
    else if (unit >= 0)
        kernel_write_call(e, &e->units[unit], depth, out);
}

/* Tile after tile over the shared axes, all members within a tile. */
static void write_group(emitter *e, int32_t callable, const loop_group *g, text *out)
{
    const loop_program *p = e->callables[callable].program;
    const loop_nest *first = p->statements[g->first].nest;
    bool any = false;
    for (int32_t i = 0; i < g->count; i++)
        any = any || e->unit_of[e->unit_base[callable] + g->first + i] >= 0;
    if (!any)
        return;
    for (int32_t k = 0; k < g->shared_count; k++) {
        int64_t extent;
        const char *high = size_value(e, callable, first->axes[k].extent);
        if (size_is_const(p->sizes, first->axes[k].extent, &extent) && extent == 1) {
            line(out, 1 + k, "{");
            continue;
        }
        line(out, 1 + k, "for (ptrdiff_t t%d = 0; t%d < (ptrdiff_t)%s; t%d += %lld) {", (int)k, (int)k, high, (int)k,
             (long long)g->tile[k]);
        line(out, 2 + k, "const ptrdiff_t e%d = (ptrdiff_t)%s - t%d > %lld ? t%d + %lld : (ptrdiff_t)%s;", (int)k, high,
             (int)k, (long long)g->tile[k], (int)k, (long long)g->tile[k], high);
    }
    for (int32_t i = 0; i < g->count; i++)
        write_statement(e, callable, g->first + i, 1 + g->shared_count, out);
    for (int32_t k = g->shared_count - 1; k >= 0; k--)
        line(out, 1 + k, "}");
}

static const loop_group *group_at(const loop_program *p, int32_t statement)
{
    for (int32_t g = 0; g < p->group_count; g++)
        if (p->groups[g].first == statement)
            return &p->groups[g];
    return NULL;
}

/* Statements from *NEXT on, up to the length of a part. */
static void write_some(emitter *e, int32_t callable, int32_t *next, text *out)
{
    const loop_program *p = e->callables[callable].program;
    int32_t first = *next;
    while (*next < p->statement_count && *next - first < PART_STATEMENTS) {
        const loop_group *g = group_at(p, *next);
        if (g != NULL && g->count > 0) {
            write_group(e, callable, g, out);
            *next += g->count;
        } else {
            write_statement(e, callable, *next, 1, out);
            (*next)++;
        }
    }
}

static void write_unused(text *out, const text *body)
{
    static const struct {
        const char *name, *sign;
    } all[] = {{"feeds", "feeds->"}, {"fetches", "fetches->"}, {"arena", "(arena "},
               {"state", "(state "}, {"weights", "(weights "}, {"n", "n["}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strstr(body->data, all[i].sign) == NULL)
            line(out, 1, "(void)%s;", all[i].name);
}

/* A module without checks cannot fail once it runs. */
static const char *part_type(const emitter *e) { return e->check_count > 0 ? "int32_t" : "void"; }

static bool has_sizes(const emitter *e, int32_t callable)
{
    return e->sizes[callable].count + e->callables[callable].plan->slot_count > 0;
}

static bool write_part(emitter *e, int32_t callable, int32_t number, int32_t *next, text *out)
{
    const char *name = e->entry_names[callable];
    text body;
    text_init(&body, e->host);
    write_some(e, callable, next, &body);
    line(out, 0, "/* Statements of the step, in order%s. */",
         e->check_count > 0 ? "; the number of the check that fails, or 0" : "");
    line(out, 0, "static %s %s_part%d(const %s_feeds *feeds, %s_fetches *fetches, unsigned char *arena,", part_type(e),
         name, (int)number, name, name);
    line(out, 0, "        unsigned char *state, const unsigned char *weights, const int64_t *n)");
    line(out, 0, "{");
    if (!body.failed && strstr(body.data, "check = ") != NULL)
        line(out, 1, "int32_t check;\n");
    if (!body.failed)
        write_unused(out, &body);
    text_add(out, body.data, body.size);
    if (e->check_count > 0)
        line(out, 1, "return 0;");
    line(out, 0, "}\n");
    bool good = !body.failed;
    text_release(&body);
    return good && !out->failed ? e->code == STEPC_OK : !emit_failed(e, "writing an entry");
}

/* ---- the entry ------------------------------------------------------------------------------------------ */

static void write_symbol_checks(emitter *e, int32_t callable, text *out)
{
    const loop_program *p = e->callables[callable].program;
    for (int32_t i = 0; i < symbol_count_of(e, callable); i++) {
        const size_node *node = size_get(p->sizes, symbol_at(e, callable, i));
        const char *name = symbol_name(e, callable, i);
        long long least = node->min > 0 ? (long long)node->min : 0;
        if (node->max == INT64_MAX)
            line(out, 1, "if (feeds->%s < %lld)", name, least);
        else
            line(out, 1, "if (feeds->%s < %lld || feeds->%s > INT64_C(%lld))", name, least, name, (long long)node->max);
        line(out, 2, "return %s_refuse(env, \"%s is out of range\");", e->name, name);
    }
}

static int32_t symbol_of_size(emitter *e, int32_t callable, size_ref size)
{
    for (int32_t i = 0; i < symbol_count_of(e, callable); i++)
        if (symbol_at(e, callable, i) == size)
            return i;
    return -1;
}

/* When SLOT holds elements: in any case (""), or where its symbols are above 0 (" && feeds->n > 0"). False when it
 * never does, or when its sizes are computed ones. */
static bool put_holds_elements(emitter *e, int32_t callable, const loop_slot *slot, text *out)
{
    const loop_program *p = e->callables[callable].program;
    for (int32_t d = 0; d < slot->rank; d++) {
        int64_t size;
        bool is_repeated = false;
        if (size_is_const(p->sizes, slot->dims[d], &size) && size > 0)
            continue;
        int32_t symbol = symbol_of_size(e, callable, slot->dims[d]);
        if (symbol < 0)
            return false;
        for (int32_t before = 0; before < d; before++)
            is_repeated = is_repeated || slot->dims[before] == slot->dims[d];
        if (!is_repeated && size_get(p->sizes, slot->dims[d])->min < 1)
            text_printf(out, " && feeds->%s > 0", symbol_name(e, callable, symbol));
    }
    return true;
}

/* NULL for a slot that holds elements. */
static void write_pointer_checks(emitter *e, int32_t callable, const loop_slot *slots, int32_t count, const char *what,
                                 text *out)
{
    for (int32_t i = 0; i < count; i++) {
        text condition;
        text_init(&condition, e->host);
        if (put_holds_elements(e, callable, &slots[i], &condition)) {
            line(out, 1, "if (%s->%s == NULL%s)", what, slots[i].cname, condition.data ? condition.data : "");
            line(out, 2, "return %s_refuse(env, \"%s.%s is NULL\");", e->name, what, slots[i].cname);
        }
        text_release(&condition);
    }
}

static void write_env_checks(emitter *e, int32_t callable, text *out)
{
    const memory_plan *plan = e->callables[callable].plan;
    int64_t bytes;
    bool is_const = size_is_const(plan->program->sizes, plan->arena_bytes, &bytes);
    int arena_at = (int)(e->sizes[callable].count + plan->slot_count);
    if (!is_const || bytes > 0) {
        if (is_const)
            line(out, 1, "if (env->arena == NULL || env->arena_bytes < %s_ARENA_BYTES)", e->entry_macros[callable]);
        else
            line(out, 1, "if (n[%d] > 0 && (env->arena == NULL || env->arena_bytes < (uint64_t)n[%d]))", arena_at,
                 arena_at);
        line(out, 2, "return %s_refuse(env, \"the arena is too small\");", e->name);
        line(out, 1, "if (((uintptr_t)env->arena & 63) != 0)");
        line(out, 2, "return %s_refuse(env, \"the arena is not aligned to 64\");", e->name);
    }
    if (e->module->state_bytes > 0) {
        line(out, 1, "if (env->state == NULL || ((uintptr_t)env->state & 63) != 0)");
        line(out, 2, "return %s_refuse(env, \"the state is not there or not aligned to 64\");", e->name);
    }
    if (e->weights == STEPC_WEIGHTS_FILE) {
        line(out, 1, "if (!%s_weights_fit(env->weights))", e->name);
        line(out, 2, "return %s_refuse(env, \"the weights are not there, not aligned to 64 or not this module's\");",
             e->name);
    }
}

static const char *weights_text(const emitter *e)
{
    if (e->weights == STEPC_WEIGHTS_FILE)
        return "(const unsigned char *)env->weights + 64";
    return e->weights == STEPC_WEIGHTS_OBJECT ? "weights_image" : "NULL";
}

/* Fetches whose dimensions only the step knows. */
static void write_dims(emitter *e, int32_t callable, text *out)
{
    const loop_program *p = e->callables[callable].program;
    for (int32_t i = 0; i < p->fetch_count; i++)
        for (int32_t d = 0; slot_has_dims(e, callable, &p->fetches[i]) && d < p->fetches[i].rank; d++)
            line(out, 1, "fetches->%s_dims[%d] = %s;", p->fetches[i].cname, (int)d,
                 size_value(e, callable, p->fetches[i].dims[d]));
}

static void write_entry(emitter *e, int32_t callable, int32_t parts, text *out)
{
    const loop_program *p = e->callables[callable].program;
    const char *name = e->entry_names[callable];
    int32_t total = e->sizes[callable].count + e->callables[callable].plan->slot_count + 1;
    line(out, 0, "int32_t %s(const %s_feeds *feeds, %s_fetches *fetches, const stepc_env *env)", name, name, name);
    line(out, 0, "{");
    if (has_sizes(e, callable))
        line(out, 1, "int64_t n[%d];", (int)total);
    if (parts > 0 && e->check_count > 0)
        line(out, 1, "int32_t check;");
    if (has_sizes(e, callable) || (parts > 0 && e->check_count > 0))
        text_puts(out, "\n");
    line(out, 1, "if (env == NULL || env->size < sizeof(stepc_env))");
    line(out, 2, "return 3;");
    line(out, 1, "if (feeds == NULL || fetches == NULL)");
    line(out, 2, "return %s_refuse(env, \"feeds or fetches is NULL\");", e->name);
    write_symbol_checks(e, callable, out);
    write_pointer_checks(e, callable, p->feeds, p->feed_count, "feeds", out);
    write_pointer_checks(e, callable, p->fetches, p->fetch_count, "fetches", out);
    if (has_sizes(e, callable)) {
        line(out, 1, "if (!%s_sizes(feeds, n))", name);
        line(out, 2, "return %s_refuse(env, \"the sizes are too large\");", e->name);
    }
    write_env_checks(e, callable, out);
    for (int32_t i = 0; i < parts; i++) {
        line(out, 1, "%s%s_part%d(feeds, fetches, (unsigned char *)env->arena, (unsigned char *)env->state, %s, %s);",
             e->check_count > 0 ? "check = " : "", name, (int)i, weights_text(e),
             has_sizes(e, callable) ? "n" : "NULL");
        if (e->check_count == 0)
            continue;
        line(out, 1, "if (check != 0)");
        line(out, 2, "return %s_fail(env, check);", e->name);
    }
    write_dims(e, callable, out);
    line(out, 1, "return 0;");
    line(out, 0, "}\n");
}

static void write_arena_for(emitter *e, int32_t callable, text *out)
{
    const char *name = e->entry_names[callable];
    int32_t arena_at = e->sizes[callable].count + e->callables[callable].plan->slot_count;
    if (!has_arena_for(e, callable))
        return;
    line(out, 0, "int32_t %s_arena_for(const %s_feeds *feeds, uint64_t *out_bytes)", name, name);
    line(out, 0, "{");
    line(out, 1, "int64_t n[%d];\n", (int)arena_at + 1);
    line(out, 1, "if (feeds == NULL || out_bytes == NULL)");
    line(out, 2, "return 3;");
    for (int32_t i = 0; i < symbol_count_of(e, callable); i++) {
        const char *symbol = symbol_name(e, callable, i);
        line(out, 1, "if (feeds->%s < 0)", symbol);
        line(out, 2, "return 3;");
    }
    line(out, 1, "if (!%s_sizes(feeds, n))", name);
    line(out, 2, "return 3;");
    line(out, 1, "*out_bytes = (uint64_t)n[%d];", (int)arena_at);
    line(out, 1, "return 0;");
    line(out, 0, "}\n");
}

/* ---- faults ------------------------------------------------------------------------------------------------ */

static void write_check_table(emitter *e, text *out)
{
    line(out, 0, "/* What fails a step: code, the operation's type and name, and TensorFlow's words. */");
    line(out, 0, "static const struct {");
    line(out, 1, "int32_t code;");
    line(out, 1, "const char *operation;");
    line(out, 1, "const char *message;");
    line(out, 0, "} %s_checks[%d] = {", e->name, (int)e->check_count);
    for (int32_t i = 0; i < e->check_count; i++) {
        const loop_check *c = e->checks[i].check;
        const char *place =
            c->operation ? arena_format(e->memory, "%s %s", c->operation->type.data, c->operation->name.data) : "";
        text_printf(out, "    {%d, ", (int)c->code);
        put_string(out, place ? place : "");
        text_puts(out, ", ");
        put_string(out, c->message ? c->message : "");
        text_puts(out, "},\n");
    }
    line(out, 0, "};\n");
}

static void write_faults(emitter *e, text *out)
{
    line(out, 0, "/* INVALID_ARGUMENT for a call that cannot run. */");
    line(out, 0, "static int32_t %s_refuse(const stepc_env *env, const char *message)", e->name);
    line(out, 0, "{");
    line(out, 1, "if (env->fault != NULL) {");
    line(out, 2, "env->fault->code = 3;");
    line(out, 2, "env->fault->check = 0;");
    line(out, 2, "env->fault->operation = \"\";");
    line(out, 2, "env->fault->message = message;");
    line(out, 1, "}");
    line(out, 1, "return 3;");
    line(out, 0, "}\n");
}

static void write_fail(emitter *e, text *out)
{
    line(out, 0, "static int32_t %s_fail(const stepc_env *env, int32_t check)", e->name);
    line(out, 0, "{");
    line(out, 1, "if (env->fault != NULL) {");
    line(out, 2, "env->fault->code = %s_checks[check - 1].code;", e->name);
    line(out, 2, "env->fault->check = check;");
    line(out, 2, "env->fault->operation = %s_checks[check - 1].operation;", e->name);
    line(out, 2, "env->fault->message = %s_checks[check - 1].message;", e->name);
    line(out, 1, "}");
    line(out, 1, "return %s_checks[check - 1].code;", e->name);
    line(out, 0, "}\n");
}

bool entries_write(emitter *e, text *out)
{
    write_faults(e, out);
    if (e->check_count > 0) {
        write_check_table(e, out);
        write_fail(e, out);
    }
    for (int32_t c = 0; c < (int32_t)e->callable_count; c++) {
        int32_t next = 0, parts = 0;
        if (has_sizes(e, c))
            sizes_write(e, c, out);
        while (next < e->callables[c].program->statement_count)
            if (!write_part(e, c, parts++, &next, out))
                return false;
        write_arena_for(e, c, out);
        write_entry(e, c, parts, out);
        line(out, 0, "const unsigned char %s_signature_%08x = 1;\n", e->entry_names[c], (unsigned)signature_hash(e, c));
    }
    return !out->failed || !emit_failed(e, "writing entries");
}
