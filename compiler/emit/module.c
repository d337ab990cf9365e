/* SPDX-License-Identifier: Apache-2.0 */
/* The files of one module. */
#include "compiler/emit/inside.h"

#include "compiler/frontend/signature.h"
#include "compiler/support/support.h"
#include "runtime/core/host.h"

#include <string.h>

#define INLINE_WEIGHTS 65536 /* more bytes than that go through the assembler */

void use(emitter *e, const char *snippet)
{
    if (e->code == STEPC_OK && !support_want(snippet, e->wanted))
        e->code = error_set(e->error, STEPC_INTERNAL, "there is no snippet %s", snippet);
}

bool emit_failed(emitter *e, const char *what)
{
    if (e->code == STEPC_OK) {
        error_out_of_memory(e->error, what);
        e->code = STEPC_RESOURCE_EXHAUSTED;
    }
    return true;
}

/* ---- names ------------------------------------------------------------------------------------------ */

static stepc_code refuse_name(emitter *e, const char *name, const char *why)
{
    error_set(e->error, STEPC_INVALID_ARGUMENT, "the name \"%.64s\" %s", name, why);
    error_mend(e->error, "choose another with --name, --module, --prefix or NAME@TENSOR");
    return e->code = STEPC_INVALID_ARGUMENT;
}

static bool is_identifier(const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (i == 0 || (c != '_' && !(c >= '0' && c <= '9'))))
            return false;
    }
    return size > 0 && size <= 120;
}

static bool ends_with(const char *name, const char *end)
{
    size_t size = strlen(name), tail = strlen(end);
    return size >= tail && strcmp(name + size - tail, end) == 0;
}

/* Macros that the text or its headers define. */
static bool is_macro(const char *name)
{
    static const char *const ends[] = {"_MAX", "_MIN", "_C", "_BYTES", "_SIGNATURE", "_WIDTH"};
    if (strncmp(name, "V_", 2) == 0 || strncmp(name, "STEPC_", 6) == 0)
        return true;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends_with(name, ends[i]))
            return true;
    return strcmp(name, "offsetof") == 0;
}

/* Names of file scope that kernels, weights and snippets take. */
static bool is_internal(const char *name)
{
    if ((name[0] == 'k' || name[0] == 'w') && name[1] >= '0' && name[1] <= '9')
        return true;
    if (strcmp(name, "feeds") == 0 || strcmp(name, "fetches") == 0 ||
        strcmp(name, "env") == 0) /* the table's parameters */
        return true;
    return support_find(name) != NULL || strncmp(name, "v_", 2) == 0 || strncmp(name, "stepc_", 6) == 0 ||
           strcmp(name, "stepc") == 0 /* stepc_module is a type */ || strncmp(name, "initial", 7) == 0 ||
           strcmp(name, "weights_image") == 0;
}

/* A module's own name stands alone nowhere, but NAME_init is a function: sem_init, mtx_init. */
static bool init_is_taken(const char *name)
{
    char symbol[32];
    size_t size = strlen(name);
    if (size + sizeof "_init" > sizeof symbol)
        return false;
    memcpy(symbol, name, size);
    memcpy(symbol + size, "_init", sizeof "_init");
    return signature_is_library_name(symbol);
}

bool emit_name_is_taken(const char *name)
{
    return is_macro(name) || is_internal(name) || signature_is_library_name(name) || init_is_taken(name);
}

static bool check_fields(emitter *e, const loop_slot *slots, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (!is_identifier(slots[i].cname))
            return refuse_name(e, slots[i].cname, "is no C identifier") == STEPC_OK;
        if (is_macro(slots[i].cname))
            return refuse_name(e, slots[i].cname, "is taken by a macro") == STEPC_OK;
        for (int32_t j = 0; j < i; j++)
            if (strcmp(slots[i].cname, slots[j].cname) == 0)
                return refuse_name(e, slots[i].cname, "is used twice") == STEPC_OK;
    }
    return true;
}

/* Whether B is A followed by what this file appends to names. */
static bool collides(const char *a, const char *b)
{
    static const char *const appended[] = {"",         "_feeds",   "_fetches", "_arena_for",  "_sizes",
                                           "_init",    "_module",  "_refuse",  "_fail",       "_checks",
                                           "_entries", "_symbols", "_targets", "_table_call", "_table_arena"};
    size_t size = strlen(a);
    if (strncmp(a, b, size) != 0)
        return false;
    if (strncmp(b + size, "_part", 5) == 0 || strncmp(b + size, "_signature", 10) == 0 ||
        strncmp(b + size, "_state", 6) == 0)
        return true;
    for (size_t i = 0; i < sizeof appended / sizeof appended[0]; i++)
        if (strcmp(b + size, appended[i]) == 0)
            return true;
    return false;
}

static bool check_names(emitter *e)
{
    for (size_t c = 0; c <= e->callable_count; c++) {
        const char *name = c < e->callable_count ? e->entry_names[c] : e->name;
        if (!is_identifier(name))
            return refuse_name(e, name, "is no C identifier") == STEPC_OK;
        if (is_macro(name) || is_internal(name))
            return refuse_name(e, name, "is taken by the generated text") == STEPC_OK;
        if (c < e->callable_count ? signature_is_library_name(name) : init_is_taken(name))
            return refuse_name(e, name, "would take the place of the C library's") == STEPC_OK;
        for (size_t d = 0; d < e->callable_count; d++) {
            bool same = c == d || (c == e->callable_count && strcmp(name, e->entry_names[d]) == 0);
            if (c != d && c < e->callable_count && strcmp(e->entry_macros[c], e->entry_macros[d]) == 0)
                return refuse_name(e, name, "differs from another only in capitals, and its macros do not") == STEPC_OK;
            if (!same && (collides(name, e->entry_names[d]) || collides(e->entry_names[d], name)))
                return refuse_name(e, name, "collides with another of the module") == STEPC_OK;
        }
        if (c == e->callable_count)
            continue;
        const loop_program *p = e->callables[c].program;
        if (!check_fields(e, p->feeds, p->feed_count) || !check_fields(e, p->fetches, p->fetch_count))
            return false;
    }
    return true;
}

static bool set_names(emitter *e)
{
    e->name = arena_format(e->memory, "%s%s", e->options->prefix, e->options->module);
    e->macro = e->name ? upper_case(e->memory, e->name) : NULL;
    e->entry_names = ARENA_ARRAY(e->memory, const char *, e->callable_count);
    e->entry_macros = ARENA_ARRAY(e->memory, const char *, e->callable_count);
    if (!e->macro || !e->entry_names || !e->entry_macros)
        return !emit_failed(e, "naming");
    for (size_t c = 0; c < e->callable_count; c++) {
        e->entry_names[c] = arena_format(e->memory, "%s%s", e->options->prefix, e->callables[c].program->name);
        e->entry_macros[c] = e->entry_names[c] ? upper_case(e->memory, e->entry_names[c]) : NULL;
        if (!e->entry_macros[c])
            return !emit_failed(e, "naming");
    }
    return check_names(e);
}

/* ---- the C text --------------------------------------------------------------------------------------- */

static void write_signature_comment(emitter *e, int32_t callable, text *out)
{
    const loop_program *p = e->callables[callable].program;
    const memory_plan *plan = e->callables[callable].plan;
    text_printf(out, " *\n * %s(", e->entry_names[callable]);
    for (int32_t i = 0; i < p->feed_count; i++) {
        text_printf(out, "%s%s: ", i ? ", " : "", p->feeds[i].cname);
        put_shape(e, callable, &p->feeds[i], out);
    }
    text_puts(out, ") gives ");
    for (int32_t i = 0; i < p->fetch_count; i++) {
        text_printf(out, "%s%s: ", i ? ", " : "", p->fetches[i].cname);
        put_shape(e, callable, &p->fetches[i], out);
    }
    text_puts(out, p->fetch_count ? "\n" : "nothing\n");
    if (plan->arena_bound_bytes == INT64_MAX)
        text_printf(out, " *     arena without bound, stack at most %lld bytes, %d statements\n",
                    (long long)stack_bound(e, callable), (int)p->statement_count);
    else
        text_printf(out, " *     arena %lld bytes, stack at most %lld bytes, %d statements\n",
                    (long long)plan->arena_bound_bytes, (long long)stack_bound(e, callable), (int)p->statement_count);
}

static void write_top(emitter *e, text *out)
{
    static const char *const kinds[] = {"auto", "inline", "object", "file"};
    line(out, 0, "/* SPDX-License-Identifier: 0BSD */");
    text_printf(out, "/* Made by stepc. Module %s for the ISA profile %s%s%s; do not edit.\n", e->name,
                e->options->isa->name, e->options->exact ? ", exact" : "",
                e->options->optimize_size ? ", for size" : "");
    for (int32_t c = 0; c < (int32_t)e->callable_count; c++)
        write_signature_comment(e, c, out);
    text_printf(out, " *\n * State %lld bytes, weights %lld bytes (%s).", (long long)e->module->state_bytes,
                (long long)e->module->weights_bytes, kinds[e->weights]);
    if (e->options->isa->cflags[0])
        text_printf(out, " Compile with %s.", e->options->isa->cflags);
    text_puts(out, " */\n");
}

static void write_conditions(emitter *e, text *out)
{
    line(out, 0, "#if defined(__FAST_MATH__) && !defined(STEPC_ALLOW_FAST_MATH)");
    line(out, 0,
         "#error \"-ffast-math breaks NaNs and rounding here; -DSTEPC_ALLOW_FAST_MATH takes them off your hands\"");
    line(out, 0, "#endif");
    /* 1, as on s390x, does no harm: one operation per statement, rounded to float, is what float would give. */
    line(out, 0, "#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ == 2");
    line(out, 0, "#error \"float arithmetic must not be done in long double (on x86: -msse2 -mfpmath=sse)\"");
    line(out, 0, "#endif");
    if (e->options->isa->requires_macros) {
        line(out, 0, "#if !(%s)", e->options->isa->requires_macros);
        line(out, 0, "#error \"this text is for the ISA profile %s: compile with %s\"", e->options->isa->name,
             e->options->isa->cflags);
        line(out, 0, "#endif");
    }
    line(out, 0, "#if defined(__clang__)");
    line(out, 0, "#pragma STDC FP_CONTRACT OFF");
    line(out, 0,
         "#pragma clang diagnostic ignored \"-Wunused-function\" /* which helpers are used hangs on the lanes */");
    line(out, 0, "#elif defined(__GNUC__) && !defined(__STRICT_ANSI__)");
    line(out, 0, "#pragma GCC optimize(\"fp-contract=off\")");
    if (e->options->isa->vector_bytes > 0) { /* main memory takes rows much better from end to end */
        line(out, 0, "#endif");
        line(out, 0, "#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)");
        line(out, 0, "#pragma GCC optimize(\"no-schedule-insns2\") /* which mixes up the order of stores */");
    }
    line(out, 0, "#endif\n");
}

static void write_includes(emitter *e, text *out)
{
    line(out, 0, "#if !defined(%s_NO_TABLE) && !defined(STEPC_MODULE_H)", e->macro);
    line(out, 0, "#if defined(%s_WITH_TABLE)", e->macro);
    line(out, 0, "#include \"stepc/module.h\"");
    line(out, 0, "#elif defined(__has_include)");
    line(out, 0, "#if __has_include(\"stepc/module.h\")");
    line(out, 0, "#include \"stepc/module.h\" /* where it is, the table for sessions is compiled too */");
    line(out, 0, "#endif");
    line(out, 0, "#endif");
    line(out, 0, "#endif");
    line(out, 0, "#include \"%s.h\"\n", e->options->module);
    line(out, 0, "#if defined(__STDC_HOSTED__) && __STDC_HOSTED__ == 1");
    line(out, 0, "#include <string.h>");
    line(out, 0, "#else");
    line(out, 0, "void *memcpy(void *to, const void *from, size_t bytes);");
    line(out, 0, "void *memset(void *to, int byte, size_t bytes);");
    line(out, 0, "#endif\n");
    if (e->options->isa->vector_bytes == 0) {
        line(out, 0, "#ifndef V_LANES");
        line(out, 0, "#define V_LANES 1");
        line(out, 0, "#endif");
    }
    if (e->uses_noinline) {
        line(out, 0, "#if defined(__GNUC__)");
        line(out, 0, "#define STEPC_NOINLINE __attribute__((noinline))");
        line(out, 0, "#else");
        line(out, 0, "#define STEPC_NOINLINE");
        line(out, 0, "#endif\n");
    }
}

static void write_limits(emitter *e, text *out)
{
    int64_t most =
        e->module->weights_bytes > e->module->state_bytes ? e->module->weights_bytes : e->module->state_bytes;
    for (size_t c = 0; c < e->callable_count; c++)
        if (e->callables[c].plan->arena_bound_bytes != INT64_MAX && e->callables[c].plan->arena_bound_bytes > most)
            most = e->callables[c].plan->arena_bound_bytes;
    if (most <= INT16_MAX)
        return;
    line(out, 0, "#if PTRDIFF_MAX < %lld", (long long)most);
    line(out, 0, "#error \"this module is too large for this machine\"");
    line(out, 0, "#endif\n");
}

static bool write_snippets(emitter *e, text *out)
{
    for (size_t i = 0; i < support_count(); i++) {
        if (!e->wanted[i])
            continue;
        text_puts(out, support_at(i)->text);
        text_puts(out, "\n");
    }
    return !out->failed;
}

/* What follows is written first, because it decides which snippets stand before it. */
static bool write_text(emitter *e, text *out)
{
    text kernels, entries, table;
    text_init(&kernels, e->host);
    text_init(&entries, e->host);
    text_init(&table, e->host);
    bool good =
        kernels_write(e, &kernels) && entries_write(e, &entries) && init_write(e, &entries) && table_write(e, &table);
    if (good) {
        write_top(e, out);
        write_conditions(e, out);
        write_includes(e, out);
        write_limits(e, out);
        line(out, 0, "/* ---- helpers ---- */\n");
        good = write_snippets(e, out);
        line(out, 0, "/* ---- kernels ---- */\n");
        text_add(out, kernels.data, kernels.size);
        good = good && weights_write(e, out);
        line(out, 0, "/* ---- entries ---- */\n");
        text_add(out, entries.data, entries.size);
        text_add(out, table.data, table.size);
    }
    text_release(&kernels);
    text_release(&entries);
    text_release(&table);
    return good && (!out->failed || !emit_failed(e, "writing the C text"));
}

/* ---- files ----------------------------------------------------------------------------------------------- */

static bool add_file(emitter *e, emit_result *out, const char *end, const char *data, size_t bytes)
{
    const char *name = arena_format(e->memory, "%s%s", e->options->module, end);
    const char *own = arena_text(e->memory, data, bytes);
    if (!name || !own)
        return !emit_failed(e, "keeping the files");
    out->files[out->file_count++] = (stepc_file){name, own, bytes};
    return true;
}

static bool make_files(emitter *e, emit_result *out)
{
    text header, body;
    const char *weights = NULL;
    size_t weights_size = 0;
    text_init(&header, e->host);
    text_init(&body, e->host);
    bool good = e->weights == STEPC_WEIGHTS_INLINE || weights_file(e, &weights, &weights_size);
    good = good && write_text(e, &body) && header_write(e, &header);
    good = good && add_file(e, out, ".h", header.data, header.size) && add_file(e, out, ".c", body.data, body.size);
    if (good && weights)
        good = add_file(e, out, "_weights.bin", weights, weights_size);
    text_release(&header);
    text_release(&body);
    return good;
}

static stepc_weights resolve_weights(const emitter *e)
{
    if (e->module->weights_bytes == 0)
        return STEPC_WEIGHTS_INLINE;
    if (e->options->weights != STEPC_WEIGHTS_AUTO)
        return e->options->weights;
    return e->module->weights_bytes <= INLINE_WEIGHTS || e->options->isa->vector_bytes == 0 ? STEPC_WEIGHTS_INLINE
                                                                                            : STEPC_WEIGHTS_OBJECT;
}

stepc_code emit_module(const stepc_host *host, arena *memory, const emit_options *options,
                       const emit_callable *callables, size_t callable_count, const module_plan *module,
                       emit_result *out, stepc_error *error)
{
    emitter e = {.host = host,
                 .memory = memory,
                 .options = options,
                 .callables = callables,
                 .callable_count = callable_count,
                 .module = module,
                 .error = error};
    memset(out, 0, sizeof *out);
    e.wanted = ARENA_ARRAY(memory, bool, support_count());
    e.named = ARENA_ARRAY(memory, bool, (size_t)module->weight_count + 1);
    e.sizes = ARENA_ARRAY(memory, emit_sizes, callable_count);
    if (!e.wanted || !e.named || !e.sizes)
        return error_out_of_memory(error, "emitting");
    e.weights = resolve_weights(&e);
    if (options->parallel) {
        error_set(error, STEPC_UNIMPLEMENTED, "loops that use the caller's pool (--parallel) are not emitted yet");
        error_mend(error, "leave --parallel out: steps may run side by side, each with its own arena");
        return STEPC_UNIMPLEMENTED;
    }
    bool good = callable_count > 0 && set_names(&e) && kernels_find(&e);
    for (int32_t c = 0; good && c < (int32_t)callable_count; c++)
        good = sizes_find(&e, c);
    good = good && make_files(&e, out);
    if (good && e.code == STEPC_OK) {
        for (int32_t k = 0; k < e.kernel_count; k++)
            out->chunks_emitted += e.kernels[k].user_count > 1;
        return STEPC_OK;
    }
    memset(out, 0, sizeof *out);
    if (e.code == STEPC_OK)
        return error_set(error, STEPC_INTERNAL, "nothing was emitted");
    return e.code;
}
