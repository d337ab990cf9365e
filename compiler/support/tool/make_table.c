/* SPDX-License-Identifier: Apache-2.0 */
/* Runs while stepc is built: reads the snippet files and writes the table that support.c includes and one header
 * with the text of all snippets, which the tests compile; there HAS_NAME is 1 for each of them.
 *
 *     make_table TABLE.h ALL.h FILE...
 *
 * In a snippet `for:` several words, $T (also $F) is the word and the names in `types` stand for what the type
 * makes of them. `static` functions and the public functions of runtime/core become `static inline`. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SNIPPETS = 1024, MAX_NEEDS = 24 };

typedef struct {
    char *name, *text;
    char *needs[MAX_NEEDS];
    size_t need_count;
    int state; /* 0 not placed, 1 being placed, 2 placed */
} snippet;

typedef struct {
    char *data;
    size_t size, room;
} buffer;

static snippet snippets[MAX_SNIPPETS];
static size_t snippet_count, order[MAX_SNIPPETS], order_count;

/* SIDE: rows of a square that is turned in registers. */
#define FLOAT_COLUMNS(E, M, L, I, f, s, MAX, MAGIC, K, N) \
    {"E", E}, {"M", M}, {"L", L}, {"SIDE", L}, {"I", I}, {"X", E}, {"f", f}, {"s", s}, {"MAX", MAX}, {"MAGIC", MAGIC}, \
    {"K", K}, {"N", N}
/* B: bits of a short integer; W: its 16-bit kin; Y, D: x86 words for widening to 32 bits and back. */
#define SHORT_COLUMNS(B, W, Y, D) {"B", B}, {"W", W}, {"Y", Y}, {"D", D}
#define INT_COLUMNS(E, M, L, I, X, U, MIN, TOP, LOW, HIGH) \
    {"E", E}, {"M", M}, {"L", L}, {"I", I}, {"X", X}, {"U", U}, {"MIN", MIN}, {"TOP", TOP}, \
    {"LOW", LOW}, {"HIGH", HIGH}

static const struct {
    const char *type;
    const char *columns[16][2];
} types[] = {
    {"f32", {FLOAT_COLUMNS("float", "m32", "V_LANES", "i32", "f", "s", "0x7fffffff", "0x1p23f",
                           "int16_t", "uint16_t")}},
    {"f64", {FLOAT_COLUMNS("double", "m64", "V_LANES64", "i64", "", "d", "0x7fffffffffffffff", "0x1p52",
                           "uint8_t", "uint8_t")}},
    {"i8",
     {{"SIDE", "16"}, INT_COLUMNS("int8_t", "m8", "V_LANES8", "i8", "uint8_t", "u8", "INT8_MIN", "INT8_MAX", "-129.0", "128.0"),
      SHORT_COLUMNS("8", "i16", "sxbd", "db")}},
    {"i16",
     {{"SIDE", "8"}, INT_COLUMNS("int16_t", "m16", "V_LANES16", "i16", "uint16_t", "u16", "INT16_MIN", "INT16_MAX", "-32769.0", "32768.0"),
      SHORT_COLUMNS("16", "i16", "sxwd", "dw")}},
    {"i32", {{"SIDE", "V_LANES"}, INT_COLUMNS("int32_t", "m32", "V_LANES", "i32", "uint32_t", "u32", "INT32_MIN", "INT32_MAX",
                         "-2147483649.0", "2147483648.0"), {"Y", "sxdq"}}},
    {"i64", {{"SIDE", "V_LANES64"}, INT_COLUMNS("int64_t", "m64", "V_LANES64", "i64", "uint64_t", "u64", "INT64_MIN", "INT64_MAX",
                         "-0x1p63", "0x1p63")}},
    {"u8",
     {{"SIDE", "16"}, INT_COLUMNS("uint8_t", "m8", "V_LANES8", "i8", "uint8_t", "u8", "0", "UINT8_MAX", "-1.0", "256.0"),
      SHORT_COLUMNS("8", "u16", "zxbd", "db")}},
    {"u16",
     {{"SIDE", "8"}, INT_COLUMNS("uint16_t", "m16", "V_LANES16", "i16", "uint16_t", "u16", "0", "UINT16_MAX", "-1.0", "65536.0"),
      SHORT_COLUMNS("16", "u16", "zxwd", "dw")}},
    {"u32", {{"SIDE", "V_LANES"}, INT_COLUMNS("uint32_t", "m32", "V_LANES", "i32", "uint32_t", "u32", "0", "UINT32_MAX", "-1.0",
                         "4294967296.0"), {"Y", "zxdq"}}},
    {"u64", {{"SIDE", "V_LANES64"}, INT_COLUMNS("uint64_t", "m64", "V_LANES64", "i64", "uint64_t", "u64", "0", "UINT64_MAX", "-1.0",
                         "0x1p64")}},
    {"m8", {{"E", "int8_t"}, {"L", "V_LANES8"}}},
    {"m16", {{"E", "int16_t"}, {"L", "V_LANES16"}}},
    {"m32", {{"E", "int32_t"}, {"L", "V_LANES"}}},
    {"m64", {{"E", "int64_t"}, {"L", "V_LANES64"}}},
};

static void fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

static void append(buffer *b, const char *text, size_t size)
{
    if (b->size + size + 1 > b->room) {
        b->room = 2 * (b->size + size + 1);
        b->data = realloc(b->data, b->room);
        if (!b->data)
            fail("out of memory");
    }
    memcpy(b->data + b->size, text, size);
    b->size += size;
    b->data[b->size] = '\0';
}

static char *copy(const char *text, size_t size)
{
    buffer b = {0};

    append(&b, text, size);
    return b.data;
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    buffer b = {0};
    char chunk[4096];
    size_t got;

    if (!file)
        fail("cannot read %s", path);
    append(&b, "", 0);
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
        append(&b, chunk, got);
    fclose(file);
    return b.data;
}

/* What $name stands for in a snippet written for `word`; *length is how much of `name` was used. */
static const char *column(const char *word, const char *name, size_t *length)
{
    const char *best = NULL;

    *length = 0;
    if (*name == 'T' && strncmp(name, "TOP", 3) != 0) {
        *length = 1;
        return word;
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].type, word) != 0)
            continue;
        for (size_t j = 0; j < 16 && types[i].columns[j][0]; j++) {
            size_t n = strlen(types[i].columns[j][0]);

            if (n > *length && strncmp(name, types[i].columns[j][0], n) == 0) {
                *length = n;
                best = types[i].columns[j][1];
            }
        }
    }
    if (!best && *name == 'F') {
        *length = 1;
        return word;
    }
    return best;
}

static char *substitute(const char *text, size_t size, const char *word)
{
    buffer b = {0};

    append(&b, "", 0);
    for (size_t i = 0; i < size; i++) {
        size_t length;
        const char *value;

        if (text[i] != '$' || !word) {
            append(&b, text + i, 1);
            continue;
        }
        value = column(word, text + i + 1, &length);
        if (!value)
            fail("no column for %.8s in a snippet for %s", text + i, word);
        append(&b, value, strlen(value));
        i += length;
    }
    return b.data;
}

/* Definitions at the left margin become `static inline`. */
static char *make_inline(char *text)
{
    buffer b = {0};
    char *line = text;

    append(&b, "", 0);
    while (*line) {
        size_t size = strcspn(line, "\n") + 1;
        const char *rest = line;

        if (strncmp(line, "double scalar_", 14) == 0)
            append(&b, "static inline ", 14);
        else if (strncmp(line, "static ", 7) == 0 && strncmp(line, "static inline ", 14) != 0 &&
                 strncmp(line, "static V_COLD ", 14) != 0)
            append(&b, "static inline ", 14), rest += 7;
        append(&b, rest, size - (size_t)(rest - line));
        line += size;
    }
    free(text);
    return b.data;
}

static void add_snippet(const char *head, size_t head_size, const char *text, size_t size, const char *word)
{
    char *words = substitute(head, head_size, word), *at = words;
    snippet *s = &snippets[snippet_count++];
    int in_needs = 0, in_words = 0;

    if (snippet_count == MAX_SNIPPETS)
        fail("too many snippets");
    for (char *token = strtok(at, " \n\t*"); token; token = strtok(NULL, " \n\t*")) {
        if (!s->name) {
            s->name = copy(token, strlen(token));
        } else if (strcmp(token, "for:") == 0) {
            in_words = 1;
        } else if (strcmp(token, "needs:") == 0) {
            in_needs = 1;
        } else if (in_needs) {
            if (s->need_count == MAX_NEEDS)
                fail("%s needs too much", s->name);
            s->needs[s->need_count++] = copy(token, strlen(token));
        } else if (!in_words) {
            fail("%s: stray word %s", s->name, token);
        }
    }
    free(words);
    s->text = make_inline(substitute(text, size, word));
    for (size_t i = 0; i + 1 < snippet_count; i++)
        if (strcmp(snippets[i].name, s->name) == 0)
            fail("snippet %s is there twice", s->name);
}

static void parse(const char *path)
{
    static const char mark[] = "/* @snippet ";
    char *data = read_file(path), *at = data;

    while ((at = strstr(at, mark)) != NULL) {
        char *head = at + sizeof mark - 1, *head_end = strstr(head, "*/");
        char *text = head_end ? head_end + 3 : NULL, *end = text ? strstr(text, "/* @end */") : NULL;
        char *list = strstr(head, "for:"), *words, *next;

        if (!end || strstr(text, mark) == NULL ? !end : strstr(text, mark) < end)
            fail("%s: @snippet without @end: %.40s", path, head);
        if (!list || list > head_end) {
            add_snippet(head, (size_t)(head_end - head), text, (size_t)(end - text), NULL);
        } else {
            words = copy(list + 4, (size_t)(head_end - list - 4));
            if (strstr(words, "needs:"))
                *strstr(words, "needs:") = '\0';
            for (char *word = words; *(word += strspn(word, " \n*")); word = next) {
                char *one = copy(word, strcspn(word, " \n*"));

                next = word + strlen(one);
                add_snippet(head, (size_t)(head_end - head), text, (size_t)(end - text), one);
                free(one);
            }
            free(words);
        }
        at = end;
    }
    free(data);
}

static size_t find(const char *name)
{
    for (size_t i = 0; i < snippet_count; i++)
        if (strcmp(snippets[i].name, name) == 0)
            return i;
    fail("no snippet %s", name);
    return 0;
}

/* Depth first, in the order of the files; the files are our own, so recursion is bounded. */
static void place(size_t index)
{
    snippet *s = &snippets[index];

    if (s->state == 1)
        fail("snippet %s needs itself", s->name);
    if (s->state)
        return;
    s->state = 1;
    for (size_t i = 0; i < s->need_count; i++)
        place(find(s->needs[i]));
    s->state = 2;
    order[order_count++] = index;
}

/* A literal, or for text longer than C11 promises to take (4,095), an array of characters. */
static void write_text(FILE *out, size_t index, const char *text)
{
    fprintf(out, "static const char text_%zu[] =", index);
    if (strlen(text) > 4000) {
        fprintf(out, " {");
        for (size_t i = 0; text[i]; i++)
            fprintf(out, "%s%d,", i % 24 ? "" : "\n", text[i]);
        fprintf(out, "0};\n");
        return;
    }
    fprintf(out, "\n    \"");
    for (size_t i = 0; text[i]; i++) {
        if (text[i] == '\n')
            fprintf(out, text[i + 1] ? "\\n\"\n    \"" : "\\n");
        else
            fprintf(out, text[i] == '"' || text[i] == '\\' ? "\\%c" : "%c", text[i]);
    }
    fprintf(out, "\";\n");
}

static void write_table(FILE *out)
{
    fprintf(out, "/* Generated by compiler/support/tool/make_table.c from the snippet files. */\n");
    for (size_t i = 0; i < order_count; i++) {
        const snippet *s = &snippets[order[i]];

        write_text(out, i, s->text);
        fprintf(out, "static const char *const needs_%zu[] = {", i);
        for (size_t j = 0; j < s->need_count; j++)
            fprintf(out, "\"%s\", ", s->needs[j]);
        fprintf(out, "NULL};\n");
    }
    fprintf(out, "static const support_snippet snippets[] = {\n");
    for (size_t i = 0; i < order_count; i++)
        fprintf(out, "    {\"%s\", needs_%zu, text_%zu},\n", snippets[order[i]].name, i, i);
    fprintf(out, "};\n");
}

int main(int argc, char **argv)
{
    FILE *table, *all;

    if (argc < 4)
        fail("make_table TABLE.h ALL.h FILE...");
    for (int i = 3; i < argc; i++)
        parse(argv[i]);
    for (size_t i = 0; i < snippet_count; i++)
        place(i);
    table = fopen(argv[1], "wb");
    all = fopen(argv[2], "wb");
    if (!table || !all)
        fail("cannot write %s", table ? argv[2] : argv[1]);
    write_table(table);
    fprintf(all, "/* Generated: the text of all snippets, in order. */\n"
                 "#include <stddef.h>\n#include <stdint.h>\n#include <string.h>\n\n");
    for (size_t i = 0; i < order_count; i++)
        fprintf(all, "%s#define HAS_%s 1\n\n", snippets[order[i]].text, snippets[order[i]].name);
    return fclose(table) != 0 || fclose(all) != 0;
}
