/* SPDX-License-Identifier: Apache-2.0 */
/* C identifiers from any names. */
#include "compiler/frontend/signature.h"

#include <string.h>

#define IDENTIFIER_BYTES 48

/* Words that a C or C++ compiler, or a macro of its GNU mode, has taken. */
static const char *const taken[] = {
    "alignas",     "alignof",
    "and",         "and_eq",
    "asm",         "auto",
    "bitand",      "bitor",
    "bool",        "break",
    "case",        "catch",
    "char",        "char16_t",
    "char32_t",    "char8_t",
    "class",       "co_await",
    "co_return",   "co_yield",
    "compl",       "concept",
    "const",       "const_cast",
    "consteval",   "constexpr",
    "constinit",   "continue",
    "decltype",    "default",
    "delete",      "do",
    "double",      "dynamic_cast",
    "else",        "enum",
    "errno",       "explicit",
    "export",      "extern",
    "false",       "float",
    "for",         "friend",
    "goto",        "if",
    "inline",      "int",
    "linux",       "long",
    "main",        "memcpy",
    "memset",      "mutable",
    "namespace",   "new",
    "noexcept",    "not",
    "not_eq",      "nullptr",
    "operator",    "or",
    "or_eq",       "private",
    "protected",   "public",
    "register",    "reinterpret_cast",
    "requires",    "restrict",
    "return",      "short",
    "signed",      "sizeof",
    "static",      "static_assert",
    "static_cast", "struct",
    "switch",      "template",
    "this",        "thread_local",
    "throw",       "true",
    "try",         "typedef",
    "typeid",      "typename",
    "typeof",      "typeof_unqual",
    "union",       "unix",
    "unsigned",    "using",
    "virtual",     "void",
    "volatile",    "wchar_t",
    "while",       "xor",
    "xor_eq",      "NULL",
    "NAN",         "INFINITY",
    "I",           "TRUE",
    "FALSE",       "DOMAIN",
    "BUFSIZ",      "CHAR_BIT",
    "EOF",         "EXIT_FAILURE",
    "EXIT_SUCCESS", "HUGE_VAL",
    "M_E",         "M_PI",
    "OVERFLOW",    "SEEK_CUR",
    "SEEK_END",    "SEEK_SET",
    "UNDERFLOW",   "complex",
    "environ",     "hpux",
    "i386",        "imaginary",
    "mips",        "noreturn",
    "offsetof",    "stderr",
    "stdin",       "stdout",
    "sun",         "vax",
};

/* Macros of the standard headers and of generated text follow patterns: INT32_MAX, UINT64_C, V_LANES, STEP_STATE_BYTES. */
static bool is_macro(const char *name)
{
    static const char *const ends[] = {"_MAX", "_MIN", "_C", "_BYTES", "_SIGNATURE", "_WIDTH"};
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (size >= strlen(ends[i]) && strcmp(name + size - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

/* Behind which all names are taken, so that a number does not help. */
static bool is_in_taken_family(const char *name)
{
    return strncmp(name, "V_", 2) == 0 || strncmp(name, "STEPC_", 6) == 0;
}

static bool is_taken(const char *name)
{
    if (is_macro(name))
        return true;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (strcmp(taken[i], name) == 0)
            return true;
    return false;
}

const char *signature_identifier(arena *memory, const char *name)
{
    char out[IDENTIFIER_BYTES + 4];
    size_t used = 0;
    if (is_in_taken_family(name))
        out[used++] = 'x';
    for (const char *p = name; *p && used < IDENTIFIER_BYTES; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        bool digit = *p >= '0' && *p <= '9';
        if (used == 0 && !letter)
            out[used++] = 'x'; /* no leading digit and no reserved leading underscore */
        if (letter || digit)
            out[used++] = *p;
        else if (out[used - 1] != '_') /* one underscore for any run of others: "a//b" is a_b */
            out[used++] = '_';
    }
    while (used > 1 && out[used - 1] == '_')
        used--;
    if (used == 0)
        out[used++] = 'x';
    out[used] = 0;
    if (is_taken(out)) {
        out[used++] = '_';
        out[used++] = '1';
    }
    return arena_text(memory, out, used);
}
