/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAREN_DEPTH 64
#define FUNCTION_LINES 2000
#define STATEMENT_TOKENS 4000
#define STRING_BYTES 4095
#define NAME_BYTES 160

typedef enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_STRING, TOKEN_MARK } token_kind;

typedef struct token {
    token_kind kind;
    const char *at;
    size_t size;
} token;

typedef struct reader {
    const char *label, *start, *at, *end;
    token_names *names;
    int line, faults;
    bool in_asm, in_directive;
    /* where the text is */
    int braces, parens, function_line, statement_tokens;
    bool is_initialiser, has_const, has_parameters, in_cplusplus;
    token function, last, before_last;
} reader;

static void fault(reader *r, const char *what, token t)
{
    if (++r->faults <= 8)
        printf("%s:%d: %s: %.*s\n", r->label, r->line, what, t.size > 60 ? 60 : (int)t.size, t.at ? t.at : "");
}

static void fault_here(reader *r, const char *what)
{
    fault(r, what, (token){TOKEN_MARK, r->at, (size_t)(r->end - r->at < 40 ? r->end - r->at : 40)});
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is(token t, const char *text)
{
    return t.size == strlen(text) && memcmp(t.at, text, t.size) == 0;
}

static bool begins(token t, const char *text)
{
    return t.size >= strlen(text) && memcmp(t.at, text, strlen(text)) == 0;
}

static bool is_one_of(token t, const char *const *list)
{
    for (; *list; list++)
        if (is(t, *list))
            return true;
    return false;
}

/* ---- bytes ---------------------------------------------------------------------------------------- */

static void check_bytes(reader *r)
{
    for (r->at = r->start; r->at < r->end; r->at++) {
        unsigned char c = (unsigned char)*r->at;
        if (c == '\n')
            r->line++;
        else if (c < 0x20 || c > 0x7E)
            fault_here(r, "a byte that is no printable ASCII");
        if (c == '?' && r->at + 2 < r->end && r->at[1] == '?' && strchr("=/'()!<>-", r->at[2]))
            fault_here(r, "a trigraph");
    }
    if (r->end == r->start || r->end[-1] != '\n')
        fault_here(r, "the last line does not end");
    r->at = r->start;
    r->line = 1;
}

/* ---- tokens ---------------------------------------------------------------------------------------- */

static void read_comment(reader *r)
{
    int first = r->line;
    for (r->at += 2; r->at < r->end; r->at++) {
        char c = *r->at;
        if (c == '*' && r->at + 1 < r->end && r->at[1] == '/') {
            r->at += 2;
            if (r->in_directive && r->line != first)
                fault_here(r, "a comment goes on behind a directive");
            return;
        }
        if (c == '/' && r->at[1] == '*')
            fault_here(r, "a comment opens in a comment");
        if (c == '\n')
            r->line++;
        else if (!is_letter(c) && !is_digit(c) && !strchr(" ./:-%,;()[]<>=+*|'\"&~^?", c))
            fault_here(r, "a byte that comments must not have");
    }
    fault_here(r, "a comment does not end");
}

/* Blanks, comments, and line splices of directives. At the end of a directive's line it stops. */
static void skip(reader *r)
{
    while (r->at < r->end) {
        if (*r->at == '\\' && r->at + 1 < r->end && r->at[1] == '\n' && r->in_directive) {
            r->line++;
            r->at += 2;
        } else if (*r->at == '\n' && !r->in_directive) {
            r->line++;
            r->at++;
        } else if (*r->at == ' ') {
            r->at++;
        } else if (*r->at == '/' && r->at + 1 < r->end && r->at[1] == '*') {
            read_comment(r);
        } else {
            return;
        }
    }
}

static void read_string(reader *r)
{
    const char *first = ++r->at;
    for (; r->at < r->end && *r->at != '"' && *r->at != '\n'; r->at++) {
        if (*r->at != '\\')
            continue;
        /* The assembler's text has newlines and quotes; all else only what cannot be misread. */
        if (r->in_asm && (r->at[1] == 'n' || r->at[1] == '"')) {
            r->at++;
        } else if (r->end - r->at > 3 && r->at[1] >= '0' && r->at[1] <= '3' && strspn(r->at + 1, "01234567") >= 3) {
            r->at += 3;
        } else {
            fault_here(r, "an escape that is not three octal digits");
        }
    }
    if (r->at - first > STRING_BYTES)
        fault_here(r, "a string is too long");
    if (r->at >= r->end || *r->at == '\n')
        fault_here(r, "a string does not end");
    else
        r->at++;
}

static token next(reader *r)
{
    static const char *const marks[] = {"<<=", ">>=", "...", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||",
                                        "+=",  "-=",  "*=",  "/=", "%=", "&=", "|=", "^=", "##", NULL};
    skip(r);
    token t = {TOKEN_END, r->at, 0};
    if (r->at >= r->end || (r->in_directive && *r->at == '\n'))
        return t;
    if (is_letter(*r->at)) {
        t.kind = TOKEN_NAME;
        while (r->at < r->end && (is_letter(*r->at) || is_digit(*r->at)))
            r->at++;
    } else if (is_digit(*r->at) || (*r->at == '.' && r->end - r->at > 1 && is_digit(r->at[1]))) {
        t.kind = TOKEN_NUMBER;
        for (; r->at < r->end; r->at++)
            if (!is_letter(*r->at) && !is_digit(*r->at) && *r->at != '.' &&
                !((*r->at == '+' || *r->at == '-') && strchr("eEpP", r->at[-1]) && !(r->at[-1] == 'e' && t.at[1] == 'x') &&
                  !(r->at[-1] == 'E' && t.at[1] == 'x')))
                break;
    } else if (*r->at == '"') {
        t.kind = TOKEN_STRING;
        read_string(r);
    } else {
        t.kind = TOKEN_MARK;
        size_t size = 1;
        for (size_t i = 0; marks[i]; i++)
            if ((size_t)(r->end - r->at) >= strlen(marks[i]) && memcmp(r->at, marks[i], strlen(marks[i])) == 0) {
                size = strlen(marks[i]);
                break;
            }
        if (!strchr("(){}[];,.?:+-*/%&|^~!<>=#", *r->at))
            fault_here(r, "a character that C text must not have");
        if (*r->at == '/' && r->at + 1 < r->end && r->at[1] == '/')
            fault_here(r, "a comment to the end of the line");
        r->at += size;
    }
    t.size = (size_t)(r->at - t.at);
    return t;
}

/* ---- names --------------------------------------------------------------------------------------------- */

static bool is_known(const token_names *names, token t)
{
    for (size_t i = 0; i < names->count; i++)
        if (is(t, names->names[i]))
            return true;
    return false;
}

static void learn(token_names *names, token t)
{
    if (t.size == 0 || names->count == TOKENS_NAMES || is_known(names, t))
        return;
    char *copy = malloc(t.size + 1);
    if (copy) {
        memcpy(copy, t.at, t.size);
        copy[t.size] = '\0';
        names->names[names->count++] = copy;
    }
}

void tokens_release(token_names *names)
{
    while (names->count > 0)
        free(names->names[--names->count]);
}

/* Of the reserved names only what compilers define; none of the words that a step has no use for. */
static void check_name(reader *r, token t)
{
    static const char *const reserved[] = {"__asm__", "__attribute__", "__cplusplus", "__has_include", "__clang__", NULL};
    static const char *const forbidden[] = {"goto", "asm", "setjmp", "longjmp", "volatile", "alloca", "malloc", "free", "system",
                                            "printf", "_Generic", "_Pragma", "register", "auto", "FILE", "__DATE__", "__TIME__",
                                            "__FILE__", "__LINE__", "__COUNTER__", NULL};
    if (t.size > NAME_BYTES)
        fault(r, "a name is too long", t);
    if (is_one_of(t, forbidden) && !is(r->last, "->") && !is(r->last, ".") && !is(r->last, "*"))
        fault(r, "a word that steps have no use for", t);
    if (t.at[0] == '_' && !is_one_of(t, reserved) && !begins(t, "__builtin_") && !r->in_directive)
        fault(r, "a reserved name", t);
}

/* NAME( in a body: a word of C, of the headers, or a function that has been defined before, so that nothing recurs. */
static void check_call(reader *r, token name)
{
    static const char *const words[] = {"if",       "for",           "while",       "switch",  "return",   "sizeof",  "memcpy",
                                        "memset",   "offsetof",      "INT64_C",     "UINT64_C", "UINT32_C", "INT32_C", "__asm__",
                                        "__attribute__", "vector_size", "aligned", "visibility", "int", "void", "float", "double", NULL};
    if (name.kind != TOKEN_NAME || is_one_of(name, words) || begins(name, "__builtin_") || is_known(r->names, name))
        return;
    if (is(r->before_last, "->") && is(name, "run")) /* the caller's thread pool */
        return;
    fault(r, "a call of what was not defined before", name);
}

/* ---- directives -------------------------------------------------------------------------------------------- */

static void check_line(reader *r, const char *const *prefixes, const char *first, const char *what)
{
    for (; *prefixes; prefixes++)
        if (strncmp(first, *prefixes, strlen(*prefixes)) == 0)
            return;
    fault_here(r, what);
}

static void read_include(reader *r, const char *first)
{
    static const char *const allowed[] = {"<stddef.h>\n", "<stdint.h>\n", "<string.h>\n", "\"stepc/module.h\"\n", "\"stepc/module.h\" /*", NULL};
    const char *end = memchr(first, '\n', (size_t)(r->end - first));
    if (first[0] == '"' && end && end - first > 4 && memcmp(end - 3, ".h\"", 3) == 0 &&
        strspn(first + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == (size_t)(end - first - 4))
        return;
    check_line(r, allowed, first, "an include of something else");
}

static void read_directive(reader *r)
{
    static const char *const pragmas[] = {"STDC FP_CONTRACT OFF\n", "GCC optimize(\"no-schedule-insns2\") /*", "clang diagnostic ignored \"-W",
                                          "GCC optimize(\"fp-contract=off\")\n", "GCC diagnostic ignored \"-W", NULL};
    static const char *const words[] = {"if", "ifdef", "ifndef", "elif", "else", "endif", "define", "undef", "error", NULL};
    r->in_directive = true;
    token word = next(r);
    const char *first = r->at;
    while (*first == ' ')
        first++;
    if (is(word, "include")) {
        read_include(r, first);
        while (r->at < r->end && *r->at != '\n' && *r->at != '/')
            r->at++;
        if (r->at < r->end && *r->at == '/')
            r->at = memchr(r->at, '\n', (size_t)(r->end - r->at));
    } else if (is(word, "pragma")) {
        check_line(r, pragmas, first, "a pragma of another kind");
    } else if (!is_one_of(word, words)) {
        fault(r, "a directive of another kind", word);
    }
    bool defines = is(word, "define");
    for (token t = next(r); t.kind != TOKEN_END; t = next(r)) {
        if (defines)
            learn(r->names, t);
        defines = false;
        if (t.kind == TOKEN_NAME)
            check_name(r, t);
        if (is(word, "ifdef") && is(t, "__cplusplus"))
            r->in_cplusplus = true;
    }
    if (is(word, "endif"))
        r->in_cplusplus = false;
    r->in_directive = false;
}

/* ---- structure ------------------------------------------------------------------------------------------------ */

static void open_brace(reader *r)
{
    if (r->braces == 0) {
        r->is_initialiser = !r->has_parameters;
        r->function_line = r->line;
    }
    r->braces++;
    r->statement_tokens = 0;
}

static void close_brace(reader *r, token t)
{
    r->statement_tokens = 0;
    if (--r->braces < 0) {
        fault(r, "a brace too many", t);
        r->braces = 0;
    }
    if (r->braces > 0 || r->is_initialiser)
        return;
    if (r->line - r->function_line > FUNCTION_LINES)
        fault(r, "a function is too long", r->function);
    learn(r->names, r->function);
    r->function.size = 0;
    r->has_parameters = r->has_const = false;
}

static void read_mark(reader *r, token t)
{
    if (is(t, "(")) {
        if (r->braces > 0)
            check_call(r, r->last);
        else if (r->parens == 0 && r->last.kind == TOKEN_NAME && !is(r->last, "__attribute__") && !is(r->last, "__asm__")) {
            r->function = r->last;
            r->has_parameters = true;
        }
        r->in_asm = r->in_asm || is(r->last, "__asm__");
        if (++r->parens > PAREN_DEPTH)
            fault(r, "parentheses are too deep", t);
    } else if (is(t, ")")) {
        if (--r->parens < 0)
            fault(r, "a parenthesis too many", t);
        r->in_asm = r->in_asm && r->parens > 0;
    } else if (is(t, "{")) {
        open_brace(r);
    } else if (is(t, "}")) {
        close_brace(r, t);
    } else if (is(t, ";")) {
        if (r->parens == 0)
            r->statement_tokens = 0;
        if (r->braces == 0)
            r->has_const = r->has_parameters = false;
    } else if (is(t, "=") && r->braces == 0 && !r->has_const) {
        fault(r, "a variable that can change", r->last);
    } else if (is(t, "[") && r->last.kind == TOKEN_MARK && is(r->last, ")") && r->braces == 0) {
        fault(r, "an array of functions", t);
    }
}

static void read_token(reader *r, token t)
{
    if (r->in_cplusplus) {
        if (!is(t, "extern") && !is(t, "\"C\"") && !is(t, "{") && !is(t, "}"))
            fault(r, "text for C++ alone", t);
        return;
    }
    if (t.kind == TOKEN_NAME)
        check_name(r, t);
    if (is(t, "const"))
        r->has_const = true;
    if (is(r->last, "static") && r->braces > 0 && !is(t, "const"))
        fault(r, "a static variable in a function", t);
    if (t.kind == TOKEN_MARK)
        read_mark(r, t);
    if (++r->statement_tokens > STATEMENT_TOKENS && !(r->is_initialiser && r->braces > 0))
        fault(r, "a statement is too long", t);
    r->before_last = r->last;
    r->last = t;
}

bool tokens_check(const char *label, const char *text, size_t size, token_names *names)
{
    reader r = {.label = label, .start = text, .end = text + size, .names = names, .line = 1};
    check_bytes(&r);
    if (r.faults)
        return false;
    for (token t = next(&r); t.kind != TOKEN_END; t = next(&r)) {
        if (is(t, "#"))
            read_directive(&r);
        else
            read_token(&r, t);
    }
    if (r.braces || r.parens)
        fault_here(&r, "braces or parentheses are left open");
    return r.faults == 0;
}
