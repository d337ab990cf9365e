/* SPDX-License-Identifier: Apache-2.0 */
/* Weights: small ones as typed tables in the C text, large ones through the assembler, or in a file of their own.
 *
 * A weights file begins with 64 bytes: "stepcW1", a zero byte, the bytes of the image and its hash
 * as little-endian 64-bit words, zeros. The image follows. */
#include "compiler/emit/inside.h"

#include <string.h>

#define IMAGE_HEAD 64

const char *weight_name(emitter *e, int32_t weight)
{
    const plan_weight *w = &e->module->weights[weight];
    const char *hint = short_hint(e->memory, w->hint ? w->hint : "w");
    const char *name = hint ? arena_format(e->memory, "w%d_%s", (int)weight, hint) : NULL;
    if (name == NULL)
        emit_failed(e, "writing weights");
    return name;
}

/* ---- tables ------------------------------------------------------------------------------------------ */

static bool all_finite(const plan_weight *w)
{
    int64_t count = w->bytes / w->element_bytes;
    bool is_float = strcmp(storage_type(w->dtype), "float") == 0,
         is_double = strcmp(storage_type(w->dtype), "double") == 0;
    for (int64_t i = 0; (is_float || is_double) && i < count; i++) {
        uint64_t bits = 0;
        uint32_t narrow;
        const unsigned char *at = (const unsigned char *)w->data + i * w->element_bytes;
        if (is_float) {
            memcpy(&narrow, at, sizeof narrow);
            bits = narrow;
        } else {
            memcpy(&bits, at, sizeof bits);
        }
        if (!literal_is_finite(is_float ? STEPC_FLOAT32 : STEPC_FLOAT64, bits))
            return false;
    }
    return true;
}

static void write_elements(text *out, const plan_weight *w, stepc_dtype dtype, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        text_puts(out, i % 8 == 0 ? "\n    " : " ");
        put_element(out, dtype, w->data, i);
        text_puts(out, ",");
    }
    if (count == 0)
        text_puts(out, "0"); /* C has no empty arrays */
    text_puts(out, "\n};\n");
}

/* Infinities and NaNs have no constant in C: their table is one of words. */
static void write_table(emitter *e, int32_t number, text *out)
{
    const plan_weight *w = &e->module->weights[number];
    const char *name = weight_name(e, number), *type = storage_type(w->dtype);
    int64_t count = w->element_bytes > 0 ? w->bytes / w->element_bytes : 0, room = count > 0 ? count : 1;
    if (name == NULL)
        return;
    if (all_finite(w)) {
        text_printf(out, "static const %s %s[%lld] = {", type, name, (long long)room);
        write_elements(out, w, w->dtype, count);
        return;
    }
    stepc_dtype words = w->element_bytes == 8 ? STEPC_UINT64 : STEPC_UINT32;
    text_printf(out, "static const union {\n    %s word[%lld];\n    %s value[%lld];\n} %s_bits = {{",
                storage_type(words), (long long)room, type, (long long)room, name);
    for (int64_t i = 0; i < count; i++) {
        text_puts(out, i % 8 == 0 ? "\n    " : " ");
        put_element(out, words, w->data, i);
        text_puts(out, ",");
    }
    text_printf(out, "\n}};\n#define %s (%s_bits.value)\n", name, name);
}

/* ---- the image ----------------------------------------------------------------------------------------- */

static void swap_units(unsigned char *data, int64_t bytes, int32_t unit)
{
    for (int64_t i = 0; i + unit <= bytes; i += unit)
        for (int32_t k = 0; k < unit / 2; k++) {
            unsigned char kept = data[i + k];
            data[i + k] = data[i + unit - 1 - k];
            data[i + unit - 1 - k] = kept;
        }
}

static bool host_is_big(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 0;
}

static void put_word(unsigned char *at, uint64_t word)
{
    for (int i = 0; i < 8; i++)
        at[i] = (unsigned char)(word >> (8 * i));
}

static uint64_t hash_image(const unsigned char *data, int64_t bytes)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int64_t i = 0; i < bytes; i++)
        hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

bool weights_file(emitter *e, const char **data, size_t *bytes)
{
    const module_plan *m = e->module;
    int64_t head = e->weights == STEPC_WEIGHTS_FILE ? IMAGE_HEAD : 0;
    unsigned char *file = arena_alloc(e->memory, (size_t)(m->weights_bytes + head));
    if (file == NULL)
        return !emit_failed(e, "writing weights");
    for (int32_t i = 0; i < m->weight_count; i++) {
        const plan_weight *w = &m->weights[i];
        unsigned char *at = file + head + w->offset;
        if (w->bytes > 0)
            memcpy(at, w->data, (size_t)w->bytes);
        if (host_is_big() != e->options->big_endian_weights)
            swap_units(at, w->bytes, w->element_bytes);
    }
    e->weights_hash = hash_image(file + head, m->weights_bytes);
    if (head > 0) {
        memcpy(file, "stepcW1", 8);
        put_word(file + 8, (uint64_t)m->weights_bytes);
        put_word(file + 16, e->weights_hash);
    }
    *data = (const char *)file;
    *bytes = (size_t)(m->weights_bytes + head);
    return true;
}

static void write_order_guard(const emitter *e, text *out)
{
    line(out, 0, "#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != %s",
         e->options->big_endian_weights ? "__ORDER_BIG_ENDIAN__" : "__ORDER_LITTLE_ENDIAN__");
    line(out, 0, "#error \"the weights of this module are in the other byte order\"");
    line(out, 0, "#endif");
}

static void write_object(emitter *e, text *out)
{
    write_order_guard(e, out);
    line(out, 0,
         "/* The assembler takes the weights as they are; it looks in its working folder and where -Wa,-I says. */");
    line(out, 0, "#ifndef %s_WEIGHTS_PATH", e->macro);
    line(out, 0, "#define %s_WEIGHTS_PATH \"%s_weights.bin\"", e->macro, e->options->module);
    line(out, 0, "#endif");
    line(out, 0,
         "extern const unsigned char weights_image[] __asm__(\"%s_weights_image\")\n"
         "    __attribute__((visibility(\"hidden\")));",
         e->name);
    line(out, 0,
         "__asm__(\".pushsection .rodata\\n.balign 64\\n.globl %s_weights_image\\n.hidden %s_weights_image\\n"
         "%s_weights_image:\\n\"",
         e->name, e->name, e->name);
    line(out, 0, "        \".incbin \\\"\" %s_WEIGHTS_PATH \"\\\"\\n.popsection\\n\");\n", e->macro);
}

static void write_file_checks(emitter *e, text *out)
{
    write_order_guard(e, out);
    line(out, 0, "static int %s_weights_fit(const void *weights)", e->name);
    line(out, 0, "{");
    line(out, 1, "static const unsigned char head[24] = {");
    unsigned char head[24] = "stepcW1";
    put_word(head + 8, (uint64_t)e->module->weights_bytes);
    put_word(head + 16, e->weights_hash);
    text_puts(out, "       ");
    for (int i = 0; i < 24; i++)
        text_printf(out, " %d,", (int)head[i]);
    text_puts(out, "\n    };\n");
    line(out, 1, "const unsigned char *at = (const unsigned char *)weights;\n");
    line(out, 1, "if (at == NULL || ((uintptr_t)at & 63) != 0)");
    line(out, 2, "return 0;");
    line(out, 1, "for (int i = 0; i < 24; i++)");
    line(out, 2, "if (at[i] != head[i])");
    line(out, 3, "return 0;");
    line(out, 1, "return 1;");
    line(out, 0, "}\n");
    line(out, 0, "static int %s_weights_whole(const unsigned char *weights)", e->name);
    line(out, 0, "{");
    line(out, 1, "uint64_t hash = UINT64_C(0xcbf29ce484222325);\n");
    line(out, 1, "for (size_t i = 0; i < %lldu; i++)", (long long)e->module->weights_bytes);
    line(out, 2, "hash = (hash ^ weights[64 + i]) * UINT64_C(0x100000001b3);");
    line(out, 1, "return hash == UINT64_C(0x%016llx);", (unsigned long long)e->weights_hash);
    line(out, 0, "}\n");
}

bool weights_write(emitter *e, text *out)
{
    if (e->weights == STEPC_WEIGHTS_FILE) {
        write_file_checks(e, out);
    } else if (e->weights == STEPC_WEIGHTS_OBJECT) {
        write_object(e, out);
    } else {
        for (int32_t i = 0; i < e->module->weight_count; i++)
            if (e->named[i]) /* nests without an element are left out, and what only they read */
                write_table(e, i, out);
        if (e->module->weight_count > 0)
            text_puts(out, "\n");
    }
    return !out->failed || !emit_failed(e, "writing weights");
}
