/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels: nests whose text is equal but for buffers, and for constants that a table can hold, are written once. */
#include "compiler/emit/inside.h"

#include "runtime/core/host.h"

#include <string.h>

static const char *const table_types[3] = {"float", "double", "int64_t"};
static const char *const table_params[3] = {"k", "kd", "ki"};

/* ---- overlap -------------------------------------------------------------------------------- */

/* Whether the memory of two roots is provably apart, given that the caller keeps fetches apart from all else. */
static bool is_apart(const emit_unit *u, int32_t a, int32_t b)
{
    const loop_buffer *x = &u->program->buffers[a], *y = &u->program->buffers[b];
    bool x_arena = x->kind == BUFFER_ARENA || x->kind == BUFFER_LOCAL;
    bool y_arena = y->kind == BUFFER_ARENA || y->kind == BUFFER_LOCAL;
    int64_t x_bytes, y_bytes;
    if (a == b)
        return false;
    if (x_arena != y_arena)
        return true;
    if (!x_arena)
        return x->kind != y->kind || x->slot != y->slot;
    const plan_place *p = &u->plan->places[a], *q = &u->plan->places[b];
    if (!p->is_placed || !q->is_placed)
        return false;
    if (p->slot != q->slot)
        return true;
    if (p->slot >= 0 || !size_is_const(u->program->sizes, p->bytes, &x_bytes) ||
        !size_is_const(u->program->sizes, q->bytes, &y_bytes))
        return false;
    return p->offset + x_bytes <= q->offset || q->offset + y_bytes <= p->offset;
}

static void set_restrict(emit_unit *u)
{
    for (int32_t i = 0; i < u->param_count; i++) {
        u->params[i].is_restrict = u->params[i].is_written;
        for (int32_t j = 0; j < u->param_count; j++)
            if (j != i && !is_apart(u, u->params[i].root, u->params[j].root))
                u->params[i].is_restrict = false;
    }
}

/* ---- heads ------------------------------------------------------------------------------------ */

static bool axis_is_trivial(const emit_unit *u, int32_t axis)
{
    int64_t extent;
    return size_is_const(u->program->sizes, u->nest->axes[axis].extent, &extent) && extent == 1;
}

static void separate(text *out, bool *first)
{
    if (!*first)
        text_puts(out, ", ");
    *first = false;
}

/* The parameters of UNIT's kernel. */
static void put_params(const emit_unit *u, const emit_kernel *kernel, text *out)
{
    bool first = true;
    for (int32_t i = 0; i < u->param_count; i++) {
        const emit_param *p = &u->params[i];
        separate(out, &first);
        text_printf(out, "%s%s *%s%s", p->is_written ? "" : "const ", storage_type(u->program->buffers[p->root].dtype),
                    p->is_restrict ? "restrict " : "", p->name);
    }
    for (int32_t i = 0; i < u->size_count; i++) {
        separate(out, &first);
        text_printf(out, "ptrdiff_t n%d", (int)i);
    }
    for (int32_t k = 0; u->group && k < u->group->shared_count; k++) {
        if (axis_is_trivial(u, k))
            continue;
        separate(out, &first);
        text_printf(out, "ptrdiff_t t%d, ptrdiff_t e%d", (int)k, (int)k);
    }
    for (int t = 0; kernel && t < 3; t++) {
        if (kernel->table_count[t] == 0)
            continue;
        separate(out, &first);
        text_printf(out, "const %s *%s", table_types[t], table_params[t]);
    }
    if (u->nest->check_count > 0) {
        separate(out, &first);
        text_puts(out, "int32_t check");
    }
    if (first)
        text_puts(out, "void");
}

/* ---- finding ------------------------------------------------------------------------------------ */

static bool same_bits(const loop_value *a, const loop_value *b) { return a->bits == b->bits; }

/* Whether the constants of UNIT can stand beside those of the kernel's first user. */
static bool constants_fit(const emit_unit *a, const emit_unit *b)
{
    int32_t count = a->nest->value_count < b->nest->value_count ? a->nest->value_count : b->nest->value_count;
    for (int32_t v = 0; v < count; v++) {
        const loop_value *x = &a->nest->values[v], *y = &b->nest->values[v];
        if (x->op != LOOP_CONST || y->op != LOOP_CONST || same_bits(x, y))
            continue;
        if (x->dtype != y->dtype || !literal_is_finite(x->dtype, x->bits) || !literal_is_finite(y->dtype, y->bits) ||
            x->dtype == STEPC_UINT64)
            return false;
    }
    return true;
}

static bool grow_table(emitter *e)
{
    size_t size = e->kernel_table_size == 0 ? 64 : e->kernel_table_size * 2;
    int32_t *table = ARENA_ARRAY(e->memory, int32_t, size);
    if (table == NULL)
        return !emit_failed(e, "finding kernels");
    for (int32_t k = 0; k < e->kernel_count; k++) {
        size_t at = (size_t)e->kernels[k].hash & (size - 1);
        while (table[at] != 0)
            at = (at + 1) & (size - 1);
        table[at] = k + 1;
    }
    e->kernel_table = table;
    e->kernel_table_size = size;
    return true;
}

/* What a nest is that comes from no one operation. */
static const char *unnamed(const loop_nest *nest) { return nest->value_count <= 1 ? "copy" : "chunk"; }

static bool add_kernel(emitter *e, int32_t unit, const char *key, size_t key_size, uint64_t hash, size_t at)
{
    emit_kernel *grown =
        arena_grow(e->memory, e->kernels, &e->kernel_capacity, (size_t)e->kernel_count + 1, sizeof *grown);
    const char *own = arena_text(e->memory, key, key_size);
    const loop_nest *nest = e->units[unit].nest;
    const char *hint = nest->origin_count > 0 ? short_hint(e->memory, nest->origins[0]->type.data) : unnamed(nest);
    const char *name = hint ? arena_format(e->memory, "k%d_%s", (int)e->kernel_count, hint) : NULL;
    bool *varying = ARENA_ARRAY(e->memory, bool, (size_t)nest->value_count);
    if (!grown || !own || !name || !varying)
        return !emit_failed(e, "finding kernels");
    e->kernels = grown;
    grown[e->kernel_count] = (emit_kernel){.name = name,
                                           .key = own,
                                           .key_size = key_size,
                                           .hash = hash,
                                           .first = unit,
                                           .last = unit,
                                           .user_count = 1,
                                           .varying = varying,
                                           .returns_check = nest->check_count > 0};
    e->kernel_table[at] = ++e->kernel_count;
    return true;
}

static bool place_unit(emitter *e, int32_t unit, const char *key, size_t key_size)
{
    uint64_t hash = text_hash((stepc_string){key, key_size});
    if (((size_t)e->kernel_count + 1) * 2 > e->kernel_table_size && !grow_table(e))
        return false;
    size_t at = (size_t)hash & (e->kernel_table_size - 1);
    for (; e->kernel_table[at] != 0; at = (at + 1) & (e->kernel_table_size - 1)) {
        int32_t number = e->kernel_table[at] - 1;
        emit_kernel *k = &e->kernels[number];
        if (k->hash != hash || k->key_size != key_size || memcmp(k->key, key, key_size) != 0 ||
            !constants_fit(&e->units[k->first], &e->units[unit]))
            continue;
        e->units[unit].kernel = number;
        e->next_of[k->last] = unit;
        k->last = unit;
        k->user_count++;
        return true;
    }
    e->units[unit].kernel = e->kernel_count;
    return add_kernel(e, unit, key, key_size, hash, at);
}

static bool find_one(emitter *e, int32_t unit)
{
    text body, key;
    emit_unit *u = &e->units[unit];
    text_init(&body, e->host);
    text_init(&key, e->host);
    bool good = nest_write_body(e, u, CONSTANTS_OPEN, NULL, &body);
    set_restrict(u);
    put_params(u, NULL, &key);
    text_puts(&key, "\n");
    text_add(&key, body.data, body.size);
    good = good && (!key.failed || !emit_failed(e, "finding kernels")) && place_unit(e, unit, key.data, key.size);
    text_release(&body);
    text_release(&key);
    return good;
}

/* A space axis without indices: the nest does nothing. */
static bool is_empty(const loop_program *p, const loop_nest *nest)
{
    int64_t extent;
    for (int32_t k = 0; k < nest->axis_count && nest->axes[k].kind == AXIS_SPACE; k++)
        if (size_is_const(p->sizes, nest->axes[k].extent, &extent) && extent <= 0)
            return true;
    return false;
}

static const loop_group *group_of(const loop_program *p, int32_t statement)
{
    for (int32_t g = 0; g < p->group_count; g++)
        if (statement >= p->groups[g].first && statement < p->groups[g].first + p->groups[g].count)
            return &p->groups[g];
    return NULL;
}

static bool add_checks(emitter *e, emit_unit *u)
{
    const loop_nest *nest = u->nest;
    emit_check *grown = arena_grow(e->memory, e->checks, &e->check_capacity,
                                   (size_t)(e->check_count + nest->check_count), sizeof *grown);
    if (grown == NULL)
        return !emit_failed(e, "finding kernels");
    e->checks = grown;
    u->first_check = e->check_count + 1;
    for (int32_t i = 0; i < nest->check_count; i++)
        grown[e->check_count++].check = &nest->checks[i];
    return true;
}

static bool add_units(emitter *e, int32_t callable)
{
    const loop_program *p = e->callables[callable].program;
    for (int32_t s = 0; s < p->statement_count; s++) {
        int32_t *slot = &e->unit_of[e->unit_base[callable] + s];
        *slot = -1;
        if (p->statements[s].kind != STATEMENT_NEST || is_empty(p, p->statements[s].nest))
            continue;
        *slot = e->unit_count;
        emit_unit *u = &e->units[e->unit_count];
        *u = (emit_unit){.program = p,
                         .plan = e->callables[callable].plan,
                         .nest = p->statements[s].nest,
                         .group = group_of(p, s),
                         .callable = callable,
                         .statement = s};
        e->next_of[e->unit_count++] = -1;
        if (u->nest->check_count > 0 && !add_checks(e, u))
            return false;
    }
    return true;
}

/* Constants that differ between the users of kernel K become entries of tables. */
static void find_varying(emitter *e, emit_kernel *k)
{
    const emit_unit *first = &e->units[k->first];
    int32_t row = 0;
    for (int32_t u = e->next_of[k->first]; u >= 0; u = e->next_of[u])
        for (int32_t v = 0; v < first->nest->value_count && v < e->units[u].nest->value_count; v++) {
            const loop_value *x = &first->nest->values[v], *y = &e->units[u].nest->values[v];
            if (x->op == LOOP_CONST && y->op == LOOP_CONST && !same_bits(x, y))
                k->varying[v] = true;
        }
    for (int32_t v = 0; v < first->nest->value_count; v++) {
        stepc_dtype dtype = first->nest->values[v].dtype;
        if (k->varying[v])
            k->table_count[dtype == STEPC_FLOAT32 ? 0 : dtype == STEPC_FLOAT64 ? 1 : 2]++;
    }
    for (int32_t u = k->first; u >= 0; u = e->next_of[u], row++)
        for (int t = 0; t < 3; t++)
            e->units[u].table[t] = row * k->table_count[t];
}

bool kernels_find(emitter *e)
{
    int32_t statements = 0;
    e->unit_base = ARENA_ARRAY(e->memory, int32_t, e->callable_count + 1);
    for (size_t c = 0; e->unit_base && c < e->callable_count; c++) {
        e->unit_base[c] = statements;
        statements += e->callables[c].program->statement_count;
    }
    e->unit_of = ARENA_ARRAY(e->memory, int32_t, (size_t)statements + 1);
    e->next_of = ARENA_ARRAY(e->memory, int32_t, (size_t)statements + 1);
    e->units = ARENA_ARRAY(e->memory, emit_unit, (size_t)statements + 1);
    if (!e->unit_base || !e->unit_of || !e->next_of || !e->units)
        return !emit_failed(e, "finding kernels");
    for (size_t c = 0; c < e->callable_count; c++)
        if (!add_units(e, (int32_t)c))
            return false;
    for (int32_t u = 0; u < e->unit_count; u++)
        if (!find_one(e, u))
            return false;
    for (int32_t k = 0; k < e->kernel_count; k++)
        find_varying(e, &e->kernels[k]);
    return e->code == STEPC_OK;
}

/* ---- writing --------------------------------------------------------------------------------------- */

/* Comments name what a reader looks for: the operations, and what the parameters hold. */
static void put_operation(const stepc_operation *op, text *out)
{
    put_comment(out, op->type.data);
    text_puts(out, " ");
    put_comment(out, op->name.data);
}

static void put_head_comment(const emitter *e, const emit_kernel *k, text *out)
{
    const emit_unit *u = &e->units[k->first];
    text_puts(out, "/* ");
    for (int32_t i = 0; i < u->nest->origin_count && i < 8; i++) {
        text_puts(out, i > 0 ? ", " : "");
        put_operation(u->nest->origins[i], out);
    }
    if (u->nest->origin_count > 8)
        text_printf(out, " and %d more", (int)(u->nest->origin_count - 8));
    if (u->nest->origin_count == 0)
        text_printf(out, "a %s", unnamed(u->nest));
    if (k->user_count > 1)
        text_printf(out, "; %d nests share this kernel", (int)k->user_count);
    for (int32_t i = 0; i < u->param_count && i < 12; i++) {
        const loop_buffer *b = &u->program->buffers[u->params[i].root];
        text_printf(out, "%s%s = %s", i == 0 ? ".\n * " : ", ", u->params[i].name, b->hint);
    }
    text_puts(out, " */\n");
}

static void put_table(const emitter *e, const emit_kernel *k, int t, text *out)
{
    int32_t row = 0;
    text_printf(out, "static const %s %s_%s[%d] = {\n", table_types[t], k->name, table_params[t],
                (int)(k->table_count[t] * k->user_count));
    for (int32_t u = k->first; u >= 0; u = e->next_of[u], row++) {
        const loop_nest *nest = e->units[u].nest;
        text_puts(out, "    ");
        for (int32_t v = 0; v < nest->value_count; v++) {
            stepc_dtype dtype = nest->values[v].dtype;
            if (v >= e->units[k->first].nest->value_count || !k->varying[v] ||
                (dtype == STEPC_FLOAT32   ? 0
                 : dtype == STEPC_FLOAT64 ? 1
                                          : 2) != t)
                continue;
            uint64_t bits = nest->values[v].bits;
            stepc_dtype kept = t == 2 ? STEPC_INT64 : dtype;
            if (t == 2 && dtype != STEPC_INT64) { /* widened by its own sign */
                bool is_signed = dtype == STEPC_INT8 || dtype == STEPC_INT16 || dtype == STEPC_INT32;
                int32_t shift = 64 - (dtype == STEPC_BOOL ? 1 : loop_value_bits(dtype));
                bits = is_signed ? (uint64_t)((int64_t)(bits << shift) >> shift) : bits << shift >> shift;
            }
            const char *made = literal(e->memory, kept, bits);
            text_printf(out, "%s,%s", made ? made : "0", "");
            text_puts(out, " ");
        }
        if (out->size > 0 && out->data[out->size - 1] == ' ')
            out->data[--out->size] = '\0';
        text_puts(out, "\n");
    }
    text_puts(out, "};\n");
}

static bool is_hot(const emit_unit *u) { return u->nest->schedule.outline || u->group == NULL || u->group->is_strip; }

static bool write_one(emitter *e, const emit_kernel *k, text *out)
{
    emit_unit *u = &e->units[k->first];
    bool apart = is_hot(u) || k->user_count > 1;
    for (int t = 0; t < 3; t++)
        if (k->table_count[t] > 0)
            put_table(e, k, t, out);
    put_head_comment(e, k, out);
    if (apart)
        e->uses_noinline = true;
    text_printf(out, "static %s%s %s(", apart ? "STEPC_NOINLINE " : "", k->returns_check ? "int32_t" : "void", k->name);
    put_params(u, k, out);
    text_puts(out, ")\n{\n");
    bool good = nest_write_body(e, u, CONSTANTS_FINAL, k, out);
    text_puts(out, "}\n\n");
    return good;
}

bool kernels_write(emitter *e, text *out)
{
    for (int32_t k = 0; k < e->kernel_count; k++)
        if (!write_one(e, &e->kernels[k], out))
            return false;
    return true;
}

bool kernel_write_call(emitter *e, const emit_unit *u, int32_t depth, text *out)
{
    const emit_kernel *k = &e->kernels[u->kernel];
    bool first = true;
    for (int32_t i = 0; i < depth; i++)
        text_puts(out, "    ");
    text_printf(out, "%s%s(", k->returns_check ? "check = " : "", k->name);
    for (int32_t i = 0; i < u->param_count; i++) {
        const char *pointer = root_pointer(e, u->callable, u->params[i].root);
        separate(out, &first);
        text_puts(out, pointer ? pointer : "");
    }
    for (int32_t i = 0; i < u->size_count; i++) {
        const char *size = size_value(e, u->callable, u->sizes[i]);
        separate(out, &first);
        text_printf(out, "(ptrdiff_t)%s", size ? size : "");
    }
    for (int32_t i = 0; u->group && i < u->group->shared_count; i++) {
        if (axis_is_trivial(u, i))
            continue;
        separate(out, &first);
        text_printf(out, "t%d, e%d", (int)i, (int)i);
    }
    for (int t = 0; t < 3; t++) {
        if (k->table_count[t] == 0)
            continue;
        separate(out, &first);
        text_printf(out, "%s_%s + %d", k->name, table_params[t], (int)u->table[t]);
    }
    if (u->nest->check_count > 0) {
        separate(out, &first);
        text_printf(out, "%d", (int)u->first_check);
    }
    text_puts(out, ");\n");
    if (k->returns_check) {
        line(out, depth, "if (check != 0)");
        line(out, depth + 1, "return check;");
    }
    return e->code == STEPC_OK && !out->failed;
}
