/* SPDX-License-Identifier: Apache-2.0 */
/* The module's table for stepc sessions: entries by name, with what a caller must know to call them. */
#include "compiler/emit/inside.h"

static void write_dim_rows(emitter *e, int32_t callable, const loop_slot *slot, text *out)
{
    const loop_program *p = e->callables[callable].program;
    for (int32_t d = 0; d < slot->rank; d++) {
        int64_t size;
        int32_t symbol = symbol_number(e, callable, slot->dims[d]);
        if (!size_is_const(p->sizes, slot->dims[d], &size)) {
            size = size_upper_bound(p->sizes, slot->dims[d]);
            size = size == INT64_MAX ? -1 : size;
        }
        line(out, 1, "{INT64_C(%lld), %d, 0},", (long long)size, (int)symbol);
    }
    if (slot->rank == 0)
        line(out, 1, "{0, -1, 0},");
}

static void write_dims(emitter *e, int32_t callable, const char *kind, const loop_slot *slots, int32_t count, text *out)
{
    for (int32_t i = 0; i < count; i++) {
        line(out, 0, "static const stepc_dimension %s_%s_dims%d[] = {", e->entry_names[callable], kind, (int)i);
        write_dim_rows(e, callable, &slots[i], out);
        line(out, 0, "};");
    }
}

static void write_slots(emitter *e, int32_t callable, const char *kind, const loop_slot *slots, int32_t count,
                        text *out)
{
    const char *name = e->entry_names[callable];
    write_dims(e, callable, kind, slots, count, out);
    if (count == 0)
        return;
    line(out, 0, "static const stepc_slot %s_%s_slots[] = {", name, kind);
    for (int32_t i = 0; i < count; i++) {
        const loop_slot *s = &slots[i];
        text_puts(out, "    {");
        put_string(out, s->cname);
        text_puts(out, ", ");
        put_string(out, s->tensor);
        text_printf(out, ", %d, %d, %s_%s_dims%d, (uint32_t)offsetof(%s_%s, %s), ", (int)s->dtype, (int)s->rank, name,
                    kind, (int)i, name, kind, s->cname);
        if (kind[2] == 't' && slot_has_dims(e, callable, s))
            text_printf(out, "(int32_t)offsetof(%s_%s, %s_dims)},\n", name, kind, s->cname);
        else
            text_puts(out, "-1},\n");
    }
    line(out, 0, "};");
}

static void write_symbols(emitter *e, int32_t callable, text *out)
{
    const loop_program *p = e->callables[callable].program;
    const char *name = e->entry_names[callable];
    int32_t count = symbol_count_of(e, callable);
    if (count == 0)
        return;
    line(out, 0, "static const stepc_symbol %s_symbols[] = {", name);
    for (int32_t i = 0; i < count; i++) {
        int64_t most = size_get(p->sizes, symbol_at(e, callable, i))->max;
        const char *field = symbol_name(e, callable, i);
        text_puts(out, "    {");
        put_string(out, field);
        text_printf(out, ", (uint32_t)offsetof(%s_feeds, %s), INT64_C(%lld)},\n", name, field,
                    (long long)(most == INT64_MAX ? -1 : most));
    }
    line(out, 0, "};");
}

static void write_table_arena(emitter *e, int32_t callable, text *out)
{
    const char *name = e->entry_names[callable];
    if (!has_arena_for(e, callable))
        return;
    line(out, 0, "static int32_t %s_table_arena(const void *feeds, uint64_t *out_bytes)", name);
    line(out, 0, "{");
    line(out, 1, "return %s_arena_for((const %s_feeds *)feeds, out_bytes);", name, name);
    line(out, 0, "}");
}

static bool has_dims(emitter *e, int32_t callable)
{
    const loop_program *p = e->callables[callable].program;
    for (int32_t i = 0; i < p->fetch_count; i++)
        if (slot_has_dims(e, callable, &p->fetches[i]))
            return true;
    return false;
}

/* Dimensions that are neither constants nor symbols, before the call. */
static void write_dims_for(emitter *e, int32_t callable, text *out)
{
    const loop_program *p = e->callables[callable].program;
    const char *name = e->entry_names[callable];
    int32_t next = 0;
    if (!has_dims(e, callable))
        return;
    line(out, 0, "static int32_t %s_table_dims(const void *feeds, int64_t *out_dims)", name);
    line(out, 0, "{");
    line(out, 1, "int64_t n[%d];\n", (int)(e->sizes[callable].count + e->callables[callable].plan->slot_count + 1));
    line(out, 1, "if (!%s_sizes((const %s_feeds *)feeds, n))", name, name);
    line(out, 2, "return 3;");
    for (int32_t i = 0; i < p->fetch_count; i++)
        for (int32_t d = 0; d < p->fetches[i].rank; d++)
            line(out, 1, "out_dims[%d] = %s;", (int)next++, size_value(e, callable, p->fetches[i].dims[d]));
    line(out, 1, "return 0;");
    line(out, 0, "}");
}

static void write_targets(emitter *e, int32_t callable, text *out)
{
    const loop_program *p = e->callables[callable].program;
    if (p->target_count == 0)
        return;
    line(out, 0, "static const char *const %s_targets[] = {", e->entry_names[callable]);
    for (int32_t i = 0; i < p->target_count; i++) {
        text_puts(out, "    ");
        put_string(out, p->targets[i]);
        text_puts(out, ",\n");
    }
    line(out, 0, "};");
}

static void write_entry_parts(emitter *e, int32_t callable, text *out)
{
    const loop_program *p = e->callables[callable].program;
    const char *name = e->entry_names[callable];
    write_slots(e, callable, "feeds", p->feeds, p->feed_count, out);
    write_slots(e, callable, "fetches", p->fetches, p->fetch_count, out);
    write_targets(e, callable, out);
    write_symbols(e, callable, out);
    write_table_arena(e, callable, out);
    write_dims_for(e, callable, out);
    line(out, 0, "static int32_t %s_table_call(const void *feeds, void *fetches, const stepc_env *env)", name);
    line(out, 0, "{");
    line(out, 1, "return %s((const %s_feeds *)feeds, (%s_fetches *)fetches, env);", name, name, name);
    line(out, 0, "}\n");
}

static void write_entry_row(emitter *e, int32_t callable, text *out)
{
    const loop_program *p = e->callables[callable].program;
    const char *name = e->entry_names[callable];
    int32_t symbols = symbol_count_of(e, callable);
    int64_t bound = e->callables[callable].plan->arena_bound_bytes;
    text_puts(out, "    {");
    put_string(out, p->name);
    text_printf(out, ", %s_SIGNATURE, %du, %du, %du, %du,\n     ", e->entry_macros[callable], (int)p->feed_count,
                (int)p->fetch_count, (int)p->target_count, (int)symbols);
    text_printf(out, p->feed_count ? "%s_feeds_slots, " : "%.0sNULL, ", name);
    text_printf(out, p->fetch_count ? "%s_fetches_slots, " : "%.0sNULL, ", name);
    text_printf(out, p->target_count ? "%s_targets, " : "%.0sNULL, ", name);
    text_printf(out, symbols ? "%s_symbols,\n     " : "%.0sNULL,\n     ", name);
    text_printf(out, "(uint32_t)sizeof(%s_feeds), (uint32_t)sizeof(%s_fetches), ", name, name);
    if (bound == INT64_MAX)
        text_puts(out, "UINT64_MAX, ");
    else
        text_printf(out, "%s_ARENA_BYTES, ", e->entry_macros[callable]);
    text_printf(out, "%s_STACK_BYTES,\n     ", e->entry_macros[callable]);
    text_printf(out, has_arena_for(e, callable) ? "%s_table_arena, " : "%.0sNULL, ", name);
    text_printf(out, "%s_table_call, ", name);
    text_printf(out, has_dims(e, callable) ? "%s_table_dims},\n" : "%.0sNULL},\n", name);
}

/* Variables have constant dimensions. */
static void write_state(emitter *e, text *out)
{
    const loop_program *p = e->callables[0].program;
    if (p->state_count == 0)
        return;
    for (int32_t v = 0; v < p->state_count; v++) {
        line(out, 0, "static const stepc_dimension %s_state_dims%d[] = {", e->name, (int)v);
        write_dim_rows(e, 0, &p->state[v], out);
        line(out, 0, "};");
    }
    line(out, 0, "static const stepc_slot %s_state_slots[] = {", e->name);
    for (int32_t v = 0; v < p->state_count; v++) {
        text_puts(out, "    {");
        put_string(out, p->state[v].cname);
        text_puts(out, ", ");
        put_string(out, p->state[v].tensor);
        text_printf(out, ", %d, %d, %s_state_dims%d, %lldu, -1},\n", (int)p->state[v].dtype, (int)p->state[v].rank,
                    e->name, (int)v, (long long)(v < e->module->variable_count ? e->module->variables[v].offset : 0));
    }
    line(out, 0, "};\n");
}

bool table_write(emitter *e, text *out)
{
    int32_t states = e->callables[0].program->state_count;
    line(out, 0, "#ifdef STEPC_MODULE_H\n");
    for (int32_t c = 0; c < (int32_t)e->callable_count; c++)
        write_entry_parts(e, c, out);
    write_state(e, out);
    line(out, 0, "static const stepc_entry %s_entries[] = {", e->name);
    for (int32_t c = 0; c < (int32_t)e->callable_count; c++)
        write_entry_row(e, c, out);
    line(out, 0, "};\n");
    line(out, 0, "const stepc_module *%s_module(void)", e->name);
    line(out, 0, "{");
    line(out, 1, "static const stepc_module table = {");
    text_puts(out, "        STEPC_MODULE_ABI, (uint32_t)sizeof(stepc_module), ");
    put_string(out, e->options->module);
    text_puts(out, ", ");
    put_string(out, e->options->isa->name);
    text_printf(out, ", %du, %du, %s_entries, ", (int)e->callable_count, (int)states, e->name);
    text_printf(out, states ? "%s_state_slots,\n" : "%.0sNULL,\n", e->name);
    line(out, 2, "%s_STATE_BYTES, %s_WEIGHTS_BYTES, %s_init,", e->macro, e->macro, e->name);
    line(out, 1, "};");
    line(out, 1, "return &table;");
    line(out, 0, "}");
    line(out, 0, "#endif");
    return !out->failed ? e->code == STEPC_OK : !emit_failed(e, "writing the table");
}
