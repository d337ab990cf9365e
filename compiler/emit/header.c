/* SPDX-License-Identifier: Apache-2.0 */
/* The header: the ABI, sizes, and per callable its feeds, fetches and prototype. Valid C99 and C++. */
#include "compiler/emit/inside.h"

#include "compiler/emit/abi.h"
#include "compiler/frontend/signature.h"

#include <string.h>

/* ---- symbols ------------------------------------------------------------------------------------- */

/* The K-th distinct symbol of the feeds' dimensions, or SIZE_UNKNOWN; NULL find: counts. */
static int32_t walk_symbols(emitter *e, int32_t callable, size_ref find, int32_t index, size_ref *found)
{
    const loop_program *p = e->callables[callable].program;
    int32_t count = 0;
    for (size_t s = 0; s < size_symbol_count(p->sizes); s++) {
        size_ref symbol = size_symbol_at(p->sizes, s);
        bool is_used = false;
        for (int32_t i = 0; i < p->feed_count && !is_used; i++)
            for (int32_t d = 0; d < p->feeds[i].rank && !is_used; d++)
                is_used = p->feeds[i].dims[d] == symbol;
        if (!is_used)
            continue;
        if (symbol == find)
            return count;
        if (count == index && found != NULL) {
            *found = symbol;
            return count;
        }
        count++;
    }
    return find != SIZE_UNKNOWN ? -1 : count;
}

int32_t symbol_number(emitter *e, int32_t callable, size_ref dim)
{
    return dim == SIZE_UNKNOWN ? -1 : walk_symbols(e, callable, dim, -1, NULL);
}

int32_t symbol_count_of(emitter *e, int32_t callable) { return walk_symbols(e, callable, SIZE_UNKNOWN, -1, NULL); }

bool has_arena_for(emitter *e, int32_t callable)
{
    return symbol_count_of(e, callable) > 0 || e->callables[callable].plan->slot_count > 0;
}

size_ref symbol_at(emitter *e, int32_t callable, int32_t index)
{
    size_ref found = SIZE_UNKNOWN;
    walk_symbols(e, callable, SIZE_UNKNOWN, index, &found);
    return found;
}

static bool feed_is_named(const loop_program *p, const char *name)
{
    for (int32_t i = 0; i < p->feed_count; i++)
        if (strcmp(p->feeds[i].cname, name) == 0)
            return true;
    return false;
}

/* A field beside the feeds: its name must not be one of theirs. */
const char *symbol_name(emitter *e, int32_t callable, int32_t index)
{
    const loop_program *p = e->callables[callable].program;
    const char *plain = size_get(p->sizes, symbol_at(e, callable, index))->name;
    const char *name = signature_identifier(e->memory, plain);
    for (int tries = 0; name != NULL && feed_is_named(p, name) && tries < 1000; tries++)
        name = arena_format(e->memory, "%s_size%d", plain, tries);
    if (name == NULL)
        emit_failed(e, "writing the header");
    return name ? name : "";
}

bool slot_has_dims(emitter *e, int32_t callable, const loop_slot *slot)
{
    const loop_program *p = e->callables[callable].program;
    int64_t value;
    for (int32_t d = 0; d < slot->rank; d++)
        if (!size_is_const(p->sizes, slot->dims[d], &value) && symbol_number(e, callable, slot->dims[d]) < 0)
            return true;
    return false;
}

/* ---- shapes and signature ----------------------------------------------------------------------------- */

static const char *plain_dtype(stepc_dtype dtype)
{
    const char *name = stepc_dtype_name(dtype);
    return strcmp(name, "float") == 0 ? "float32" : strcmp(name, "double") == 0 ? "float64" : name;
}

void put_shape(emitter *e, int32_t callable, const loop_slot *slot, text *out)
{
    const loop_program *p = e->callables[callable].program;
    text_printf(out, "%s[", plain_dtype(slot->dtype));
    for (int32_t d = 0; d < slot->rank; d++) {
        const size_node *node = size_get(p->sizes, slot->dims[d]);
        text_puts(out, d > 0 ? "," : "");
        int32_t symbol = symbol_number(e, callable, slot->dims[d]);
        if (symbol >= 0) {
            text_puts(out, symbol_name(e, callable, symbol));
            if (node->max != INT64_MAX)
                text_printf(out, "<=%lld", (long long)node->max);
        } else if (node->kind == SIZE_CONST) {
            text_printf(out, "%lld", (long long)node->value);
        } else {
            text_puts(out, "?");
        }
    }
    text_puts(out, "]");
}

static void hash_slots(emitter *e, int32_t callable, const loop_slot *slots, int32_t count, text *out)
{
    for (int32_t i = 0; i < count; i++) {
        text_printf(out, "%s:%s:", slots[i].cname, slots[i].tensor);
        put_shape(e, callable, &slots[i], out);
        text_puts(out, ";");
    }
}

uint32_t signature_hash(emitter *e, int32_t callable)
{
    const loop_program *p = e->callables[callable].program;
    text all;
    text_init(&all, e->host);
    text_printf(&all, "1;%s;", p->name);
    hash_slots(e, callable, p->feeds, p->feed_count, &all);
    text_puts(&all, "->");
    hash_slots(e, callable, p->fetches, p->fetch_count, &all);
    for (int32_t i = 0; i < p->target_count; i++)
        text_printf(&all, "%s;", p->targets[i]);
    uint64_t hash = text_hash((stepc_string){all.data, all.size});
    if (all.failed)
        emit_failed(e, "writing the header");
    text_release(&all);
    return (uint32_t)(hash ^ hash >> 32);
}

int64_t stack_bound(const emitter *e, int32_t callable)
{
    /* The entry with its sizes, a part, the deepest kernel with all values spilled, a helper. */
    int64_t sizes = 8 * ((int64_t)e->sizes[callable].count + e->callables[callable].plan->slot_count + 1);
    int64_t sum = 2560 + sizes + e->stack_bytes;
    return (sum + 255) / 256 * 256;
}

/* ---- structs ------------------------------------------------------------------------------------------- */

static void put_field_comment(emitter *e, int32_t callable, const loop_slot *slot, text *out)
{
    text_puts(out, " /* ");
    put_shape(e, callable, slot, out);
    text_puts(out, " ");
    put_comment(out, slot->tensor);
    text_puts(out, " */\n");
}

static void write_feeds(emitter *e, int32_t callable, text *out)
{
    const loop_program *p = e->callables[callable].program;
    int32_t symbols = symbol_count_of(e, callable);
    line(out, 0, "typedef struct {");
    for (int32_t i = 0; i < p->feed_count; i++) {
        text_printf(out, "    const %s *%s;", storage_type(p->feeds[i].dtype), p->feeds[i].cname);
        put_field_comment(e, callable, &p->feeds[i], out);
    }
    for (int32_t i = 0; i < symbols; i++) {
        const size_node *node = size_get(p->sizes, symbol_at(e, callable, i));
        const char *name = symbol_name(e, callable, i);
        if (node->max == INT64_MAX)
            line(out, 1, "int64_t %s; /* a size */", name);
        else
            line(out, 1, "int64_t %s; /* a size, at most %lld */", name, (long long)node->max);
    }
    if (p->feed_count + symbols == 0)
        line(out, 1, "unsigned char none; /* nothing is fed */");
    line(out, 0, "} %s_feeds;\n", e->entry_names[callable]);
}

static void write_fetches(emitter *e, int32_t callable, text *out)
{
    const loop_program *p = e->callables[callable].program;
    line(out, 0, "typedef struct {");
    for (int32_t i = 0; i < p->fetch_count; i++) {
        text_printf(out, "    %s *%s;", storage_type(p->fetches[i].dtype), p->fetches[i].cname);
        put_field_comment(e, callable, &p->fetches[i], out);
        if (slot_has_dims(e, callable, &p->fetches[i]))
            line(out, 1, "int64_t %s_dims[%d]; /* its dimensions, written by the step */", p->fetches[i].cname,
                 (int)p->fetches[i].rank);
    }
    if (p->fetch_count == 0)
        line(out, 1, "unsigned char none; /* nothing is fetched */");
    line(out, 0, "} %s_fetches;\n", e->entry_names[callable]);
}

/* A size as a macro: u below 2^32, else as 64 bits. */
static void write_size_macro(text *out, const char *macro, const char *what, int64_t bytes)
{
    if (bytes <= (int64_t)UINT32_MAX)
        line(out, 0, "#define %s_%s %lldu", macro, what, (long long)bytes);
    else
        line(out, 0, "#define %s_%s UINT64_C(%lld)", macro, what, (long long)bytes);
}

static int64_t weights_bytes(const emitter *e)
{
    return e->module->weights_bytes + (e->weights == STEPC_WEIGHTS_FILE ? 64 : 0);
}

static void write_macros(emitter *e, int32_t callable, text *out)
{
    const char *macro = e->entry_macros[callable];
    int64_t bound = e->callables[callable].plan->arena_bound_bytes;
    if (bound != INT64_MAX)
        write_size_macro(out, macro, "ARENA_BYTES", bound);
    else
        line(out, 0, "/* The arena has no upper bound: ask %s_arena_for. */", e->entry_names[callable]);
    write_size_macro(out, macro, "STACK_BYTES", stack_bound(e, callable));
    int64_t chain = loop_sum_chain(e->callables[callable].program, e->options->isa, e->options->optimize_size);
    line(out, 0, "/* The longest chain of additions, or multiplications, of a float sum or product. */");
    write_size_macro(out, macro, "SUM_CHAIN", chain);
    if (strcmp(macro, e->macro) != 0) {
        write_size_macro(out, macro, "STATE_BYTES", e->module->state_bytes);
        write_size_macro(out, macro, "WEIGHTS_BYTES", weights_bytes(e));
    }
    line(out, 0, "#define %s_SIGNATURE UINT32_C(0x%08x) /* changes only with names, order, dtypes and shapes */\n",
         macro, (unsigned)signature_hash(e, callable));
}

/* How far results may lie from what the operations mean. A bound per operation, since what a whole step makes of it depends
 * on the step: a chain of operations may amplify any rounding. tests/differential/bounds.c computes what it allows. */
static void write_accuracy(emitter *e, int32_t callable, text *out)
{
    (void)callable;
    if (e->options->exact) {
        line(out, 0, "/* Exact: the bits of stepc's reference engine, on every target. */");
        return;
    }
    line(out, 0, "/* Accuracy, operation by operation. Moves, integers, comparisons, extremes, remainders and roundings to integers");
    line(out, 0, " * are exact. + - * /, square roots and casts round once, as IEEE 754 says. The elementary functions (exp, log, pow, erf,");
    line(out, 0, " * sin, tanh, sigmoid, softplus, ...) are within 2 ULP (float64 lgamma and digamma near their zeros: or 2^-59), their zeros and");
    line(out, 0, " * special values those of C. A sum of n terms x, in any order and with a * b + c rounded once or twice,");
    line(out, 0, " * is within n * epsilon * sum |x|; a product of n factors is within n * epsilon * |product|; both unless a partial");
    line(out, 0, " * result over- or underflows. Operators made of several such steps (Elu, Mean, Softmax, batch normalisation,");
    line(out, 0, " * gradients, ...) have the errors of their steps, rounded in between or not. half and bfloat16 are computed as float32");
    line(out, 0, " * and rounded after each operation. Zeros from Relu, Maximum and sums may have either sign. */");
}

static void write_callable(emitter *e, int32_t callable, text *out)
{
    const loop_program *p = e->callables[callable].program;
    const char *name = e->entry_names[callable];
    write_macros(e, callable, out);
    write_feeds(e, callable, out);
    write_fetches(e, callable, out);
    if (p->target_count > 0) {
        text_puts(out, "/* Runs also:");
        for (int32_t i = 0; i < p->target_count && i < 16; i++) {
            text_puts(out, " ");
            put_comment(out, p->targets[i]);
        }
        text_puts(out, p->target_count > 16 ? " ... */\n" : " */\n");
    }
    write_accuracy(e, callable, out);
    line(
        out, 0,
        "/* One step: 0, or TensorFlow's number of an error. Re-entrant per env. No fetch may overlap a feed. */");
    line(out, 0, "int32_t %s(const %s_feeds *feeds, %s_fetches *fetches, const stepc_env *env);", name, name, name);
    if (has_arena_for(e, callable)) {
        line(out, 0, "/* The arena that a call with these sizes needs. */");
        line(out, 0, "int32_t %s_arena_for(const %s_feeds *feeds, uint64_t *out_bytes);", name, name);
    }
    line(out, 0, "extern const unsigned char %s_signature_%08x; /* not there when another signature was linked */\n",
         name, (unsigned)signature_hash(e, callable));
}

bool header_write(emitter *e, text *out)
{
    line(out, 0, "/* SPDX-License-Identifier: 0BSD */");
    line(out, 0, "/* Made by stepc. Module %s, ISA profile %s%s. */", e->name, e->options->isa->name,
         e->options->exact ? ", exact" : "");
    line(out, 0, "#ifndef STEPC_GENERATED_%s_H", e->macro);
    line(out, 0, "#define STEPC_GENERATED_%s_H\n", e->macro);
    line(out, 0, "#include <stddef.h>");
    line(out, 0, "#include <stdint.h>\n");
    line(out, 0, "#ifndef STEPC_ABI_1");
    line(out, 0, "#define STEPC_ABI_1");
    abi_write(out);
    line(out, 0, "#endif\n");
    line(out, 0, "#ifdef __cplusplus");
    line(out, 0, "extern \"C\" {");
    line(out, 0, "#endif\n");
    write_size_macro(out, e->macro, "STATE_BYTES", e->module->state_bytes);
    write_size_macro(out, e->macro, "WEIGHTS_BYTES", weights_bytes(e));
    line(out, 0, "/* Sets the initial state%s. Once before the first step. */",
         e->weights == STEPC_WEIGHTS_FILE ? " and checks the weights image" : "");
    line(out, 0, "int32_t %s_init(const stepc_env *env);\n", e->name);
    for (int32_t c = 0; c < (int32_t)e->callable_count; c++)
        write_callable(e, c, out);
    line(out, 0, "/* For stepc sessions: include stepc/module.h first. */");
    line(out, 0, "#ifdef STEPC_MODULE_H");
    line(out, 0, "const stepc_module *%s_module(void);", e->name);
    line(out, 0, "#endif\n");
    line(out, 0, "#ifdef __cplusplus");
    line(out, 0, "}");
    line(out, 0, "#endif");
    line(out, 0, "#endif");
    return !out->failed ? e->code == STEPC_OK : !emit_failed(e, "writing the header");
}
