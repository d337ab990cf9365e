/* SPDX-License-Identifier: Apache-2.0 */
/* Host tool: turns operators.tsv into registry_table.h, static tables sorted by name.
 *
 *     registry_generate operators.tsv registry_table.h
 *
 * The table's notation:
 *   inputs, outputs  "arg:TYPE; ...": an attribute name (T), a dtype (f32), N*TYPE, list(ATTR), Ref(TYPE); "-" for none
 *   attrs            "name:kind{allowed|...}>=minimum=default; ..."; kind may be list(kind); no "=" part: required
 *   aot              yes | static only | runtime only
 *   state            stateful | -
 *   deprecated_at    GraphDef version or -
 * A row that breaks the notation ends the run with file:line and status 1. */
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 9, MAX_ROWS = 4096, MAX_ITEMS = 64, MAX_LINE = 16384 };
enum { NAME, TIER, FAMILY, INPUTS, OUTPUTS, ATTRS, AOT, STATE, DEPRECATED };

typedef struct row {
    int line;
    char *text;
    char *column[COLUMNS];
} row;

typedef struct attr {
    char *name, *kind, *allowed, *minimum, *value;
    bool is_list;
} attr;

static const char *table_path;
static int table_line;

static void fail(const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s:%d: error: ", table_path, table_line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

static const struct {
    const char *name, *constant;
    int number;
} dtypes[] = {
    {"f32", "STEPC_FLOAT32", 1},     {"f64", "STEPC_FLOAT64", 2},     {"i32", "STEPC_INT32", 3},
    {"u8", "STEPC_UINT8", 4},        {"i16", "STEPC_INT16", 5},       {"i8", "STEPC_INT8", 6},
    {"str", "STEPC_STRING", 7},      {"c64", "STEPC_COMPLEX64", 8},   {"i64", "STEPC_INT64", 9},
    {"bool", "STEPC_BOOL", 10},      {"qi8", "STEPC_QINT8", 11},      {"qu8", "STEPC_QUINT8", 12},
    {"qi32", "STEPC_QINT32", 13},    {"bf16", "STEPC_BFLOAT16", 14},  {"qi16", "STEPC_QINT16", 15},
    {"qu16", "STEPC_QUINT16", 16},   {"u16", "STEPC_UINT16", 17},     {"c128", "STEPC_COMPLEX128", 18},
    {"f16", "STEPC_HALF", 19},       {"resource", "STEPC_RESOURCE", 20}, {"variant", "STEPC_VARIANT", 21},
    {"u32", "STEPC_UINT32", 22},     {"u64", "STEPC_UINT64", 23},
};

static const struct {
    const char *name, *members;
} dtype_sets[] = {
    {"idx", "i32|i64"},
    {"flt", "bf16|f16|f32|f64"},
    {"real", "f32|f64|i32|u8|i16|i8|i64|bf16|u16|f16|u32|u64"},
    {"num", "f32|f64|i64|i32|u8|u16|i16|i8|c64|c128|qi8|qu8|qi32|f16|u32|u64|bf16"},
    {"num+", "f32|f64|i64|i32|u8|u16|i16|i8|c64|c128|qi8|qu8|qi32|f16|u32|u64|bf16|qi16|qu16"},
};

static int dtype_index(const char *name)
{
    for (size_t i = 0; i < sizeof(dtypes) / sizeof(dtypes[0]); i++)
        if (strcmp(dtypes[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* Bits of "f32|idx|..."; SET is cut up. */
static uint64_t dtype_bits(const char *set)
{
    char copy[512];
    uint64_t bits = 0;

    if (strlen(set) >= sizeof(copy))
        fail("type set too long: %s", set);
    strcpy(copy, set);
    for (char *rest = copy, *word; rest != NULL;) {
        word = rest;
        rest = strchr(word, '|');
        if (rest != NULL)
            *rest++ = '\0';
        int index = dtype_index(word);
        if (index >= 0) {
            bits |= UINT64_C(1) << dtypes[index].number;
            continue;
        }
        size_t k = 0;
        size_t sets = sizeof(dtype_sets) / sizeof(dtype_sets[0]);
        while (k < sets && strcmp(dtype_sets[k].name, word) != 0)
            k++;
        if (k == sets)
            fail("unknown dtype '%s'", word);
        for (const char *p = dtype_sets[k].members; *p != '\0';) {
            char one[16];
            size_t length = strcspn(p, "|");
            memcpy(one, p, length);
            one[length] = '\0';
            bits |= UINT64_C(1) << dtypes[dtype_index(one)].number;
            p += length + (p[length] == '|');
        }
    }
    return bits;
}

/* Splits at "; " outside double quotes. Returns the number of items; "-" gives none. */
static int split_items(char *text, char **items)
{
    int count = 0;
    bool quoted = false;

    if (strcmp(text, "-") == 0)
        return 0;
    if (*text == '\0')
        fail("empty column (write - for none)");
    items[count++] = text;
    for (char *p = text; *p != '\0'; p++) {
        if (quoted && *p == '\\' && p[1] != '\0') {
            p++;
        } else if (*p == '"') {
            quoted = !quoted;
        } else if (!quoted && *p == ';') {
            if (p[1] != ' ')
                fail("';' not followed by a space in '%s'", text);
            if (count == MAX_ITEMS)
                fail("more than %d items", MAX_ITEMS);
            *p = '\0';
            items[count++] = p + 2;
            p++;
        }
    }
    if (quoted)
        fail("unclosed quote");
    return count;
}

static bool is_identifier(const char *text)
{
    if (!isalpha((unsigned char)*text) && *text != '_')
        return false;
    for (const char *p = text; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && *p != '_')
            return false;
    return true;
}

static const char *const kind_names[] = {"string", "int", "float", "bool", "type", "shape", "tensor", "func"};
static const char *const kind_constants[] = {"ATTR_STRING", "ATTR_INT",   "ATTR_FLOAT",  "ATTR_BOOL",
                                             "ATTR_TYPE",   "ATTR_SHAPE", "ATTR_TENSOR", "ATTR_FUNCTION"};

static const char *kind_constant(const char *kind)
{
    for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++)
        if (strcmp(kind_names[i], kind) == 0)
            return kind_constants[i];
    fail("unknown attribute kind '%s'", kind);
    return "";
}

/* Cuts "name:kind{allowed}>=minimum=default" in place. */
static attr parse_attr(char *text)
{
    attr a = {0};
    char *p = strchr(text, ':');

    if (p == NULL)
        fail("attribute without ':' in '%s'", text);
    *p++ = '\0';
    a.name = text;
    if (!is_identifier(a.name))
        fail("bad attribute name '%s'", a.name);
    a.is_list = strncmp(p, "list(", 5) == 0;
    a.kind = a.is_list ? p + 5 : p;
    p = a.kind + strspn(a.kind, "abcdefghijklmnopqrstuvwxyz");
    if (a.is_list) {
        if (*p != ')')
            fail("attribute '%s': unclosed list(", a.name);
        *p++ = '\0';
    }
    char *end = p;
    if (*p == '{') {
        *end = '\0';
        a.allowed = p + 1;
        p = strchr(a.allowed, '}');
        if (p == NULL)
            fail("attribute '%s': unclosed {", a.name);
        *p++ = '\0';
    }
    if (p[0] == '>' && p[1] == '=') {
        *p = '\0';
        a.minimum = p + 2;
        p = a.minimum + strspn(a.minimum, "-0123456789");
        if (p == a.minimum)
            fail("attribute '%s': bad minimum", a.name);
    }
    if (*p == '=') {
        *p = '\0';
        a.value = p + 1;
    } else if (*p != '\0') {
        fail("attribute '%s': unexpected '%s'", a.name, p);
    }
    (void)kind_constant(a.kind);
    return a;
}

static void print_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            fputc('\\', out);
        fputc(*p, out);
    }
    fputc('"', out);
}

static void print_attrs(FILE *out, int id, const attr *attrs, int count)
{
    for (int i = 0; i < count; i++) {
        if (attrs[i].allowed == NULL || strcmp(attrs[i].kind, "string") != 0)
            continue;
        fprintf(out, "static const char *const allowed_%d_%d[] = {", id, i);
        for (const char *p = attrs[i].allowed;;) {
            size_t length = strcspn(p, "|");
            fprintf(out, "\"%.*s\", ", (int)length, p);
            if (p[length] == '\0')
                break;
            p += length + 1;
        }
        fputs("NULL};\n", out);
    }
    if (count == 0)
        return;
    fprintf(out, "static const op_attr attrs_%d[] = {\n", id);
    for (int i = 0; i < count; i++) {
        const attr *a = &attrs[i];
        bool strings = a->allowed != NULL && strcmp(a->kind, "string") == 0;
        bool types = a->allowed != NULL && strcmp(a->kind, "type") == 0;
        if (a->allowed != NULL && !strings && !types)
            fail("attribute '%s': only strings and types can have allowed values", a->name);
        fprintf(out, "    {\"%s\", %s, %d, %d, %d, INT64_C(%s), UINT64_C(0x%llx), ", a->name, kind_constant(a->kind),
                a->is_list, a->value != NULL, a->minimum != NULL, a->minimum != NULL ? a->minimum : "0",
                (unsigned long long)(types ? dtype_bits(a->allowed) : 0));
        if (strings)
            fprintf(out, "allowed_%d_%d, ", id, i);
        else
            fputs("NULL, ", out);
        print_string(out, a->value != NULL ? a->value : "");
        fputs("},\n", out);
    }
    fputs("};\n", out);
}

static int attr_index(const attr *attrs, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(attrs[i].name, name) == 0)
            return i;
    return -1;
}

static void print_arg(FILE *out, char *text, const attr *attrs, int attr_count)
{
    char *type = strchr(text, ':');
    const char *dtype = "STEPC_DTYPE_INVALID";
    int type_attr = -1, list_attr = -1, number_attr = -1;
    bool is_ref = false;

    if (type == NULL)
        fail("argument without ':' in '%s'", text);
    *type++ = '\0';
    if (!is_identifier(text))
        fail("bad argument name '%s'", text);
    size_t length = strlen(type);
    if (strncmp(type, "Ref(", 4) == 0 && type[length - 1] == ')') {
        is_ref = true;
        type[length - 1] = '\0';
        type += 4;
    }
    char *star = strchr(type, '*');
    if (star != NULL) {
        *star = '\0';
        number_attr = attr_index(attrs, attr_count, type);
        if (number_attr < 0 || strcmp(attrs[number_attr].kind, "int") != 0 || attrs[number_attr].is_list)
            fail("argument '%s': no int attribute '%s'", text, type);
        type = star + 1;
    }
    length = strlen(type);
    if (strncmp(type, "list(", 5) == 0 && type[length - 1] == ')') {
        type[length - 1] = '\0';
        list_attr = attr_index(attrs, attr_count, type + 5);
        if (list_attr < 0 || strcmp(attrs[list_attr].kind, "type") != 0 || !attrs[list_attr].is_list)
            fail("argument '%s': no list(type) attribute '%s'", text, type + 5);
    } else {
        type_attr = attr_index(attrs, attr_count, type);
        if (type_attr >= 0 && (strcmp(attrs[type_attr].kind, "type") != 0 || attrs[type_attr].is_list))
            fail("argument '%s': attribute '%s' is not a type", text, type);
        if (type_attr < 0) {
            int index = dtype_index(type);
            if (index < 0)
                fail("argument '%s': '%s' is neither a type attribute nor a dtype", text, type);
            dtype = dtypes[index].constant;
        }
    }
    fprintf(out, "    {\"%s\", %s, %d, %d, %d, %d},\n", text, dtype, type_attr, list_attr, number_attr, is_ref);
}

static int print_args(FILE *out, int id, const char *what, char *column, const attr *attrs, int attr_count)
{
    char *items[MAX_ITEMS];
    int count = split_items(column, items);

    if (count == 0)
        return 0;
    fprintf(out, "static const op_arg %s_%d[] = {\n", what, id);
    for (int i = 0; i < count; i++)
        print_arg(out, items[i], attrs, attr_count);
    fputs("};\n", out);
    return count;
}

static int row_compare(const void *a, const void *b)
{
    return strcmp(((const row *)a)->column[NAME], ((const row *)b)->column[NAME]);
}

static long whole_number(const char *text, const char *what)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (*end != '\0' || end == text || value < 0)
        fail("%s is not a number: '%s'", what, text);
    return value;
}

static void print_row(FILE *out, FILE *index, int id, row *r)
{
    char *items[MAX_ITEMS];
    attr attrs[MAX_ITEMS];
    char refs[3][32] = {"NULL", "NULL", "NULL"};

    table_line = r->line;
    if (!is_identifier(r->column[NAME]))
        fail("bad operator name '%s'", r->column[NAME]);
    long tier = whole_number(r->column[TIER], "tier");
    if (tier > 4)
        fail("tier %ld", tier);
    int attr_count = split_items(r->column[ATTRS], items);
    for (int i = 0; i < attr_count; i++) {
        attrs[i] = parse_attr(items[i]);
        if (attr_index(attrs, i, attrs[i].name) >= 0)
            fail("attribute '%s' twice", attrs[i].name);
    }
    print_attrs(out, id, attrs, attr_count);
    int input_count = print_args(out, id, "inputs", r->column[INPUTS], attrs, attr_count);
    int output_count = print_args(out, id, "outputs", r->column[OUTPUTS], attrs, attr_count);
    if (input_count > 0)
        snprintf(refs[0], sizeof(refs[0]), "inputs_%d", id);
    if (output_count > 0)
        snprintf(refs[1], sizeof(refs[1]), "outputs_%d", id);
    if (attr_count > 0)
        snprintf(refs[2], sizeof(refs[2]), "attrs_%d", id);

    bool static_only = strcmp(r->column[AOT], "static only") == 0;
    bool runtime_only = strcmp(r->column[AOT], "runtime only") == 0;
    bool stateful = strcmp(r->column[STATE], "stateful") == 0;
    if (!static_only && !runtime_only && strcmp(r->column[AOT], "yes") != 0)
        fail("aot column: '%s'", r->column[AOT]);
    if (!stateful && strcmp(r->column[STATE], "-") != 0)
        fail("state column: '%s'", r->column[STATE]);
    long deprecated = strcmp(r->column[DEPRECATED], "-") == 0 ? 0 : whole_number(r->column[DEPRECATED], "deprecated_at");
    fprintf(index, "    {\"%s\", \"%s\", %s, %s, %s, %d, %d, %d, %ld, %ld, %d, %d, %d},\n", r->column[NAME],
            r->column[FAMILY], refs[0], refs[1], refs[2], input_count, output_count, attr_count, tier, deprecated, stateful,
            static_only, runtime_only);
}

static int read_rows(FILE *in, row *rows)
{
    static const char header[] = "name\ttier\tfamily\tinputs\toutputs\tattrs\taot\tstate\tdeprecated_at";
    static char line[MAX_LINE];
    int count = 0;
    bool seen_header = false;

    for (table_line = 1; fgets(line, sizeof(line), in) != NULL; table_line++) {
        size_t length = strlen(line);
        if (length == 0 || line[length - 1] != '\n')
            fail("line too long or without newline");
        line[length - 1] = '\0';
        if (line[0] == '#')
            continue;
        if (!seen_header) {
            if (strcmp(line, header) != 0)
                fail("the header must be: %s", header);
            seen_header = true;
            continue;
        }
        if (count == MAX_ROWS)
            fail("more than %d rows", MAX_ROWS);
        row *r = &rows[count++];
        r->line = table_line;
        r->text = malloc(length);
        if (r->text == NULL)
            fail("out of memory");
        memcpy(r->text, line, length);
        char *p = r->text;
        for (int i = 0; i < COLUMNS; i++) {
            if (p == NULL)
                fail("%d columns, expected %d", i, (int)COLUMNS);
            r->column[i] = p;
            p = strchr(p, '\t');
            if (p != NULL)
                *p++ = '\0';
        }
        if (p != NULL)
            fail("more than %d columns", (int)COLUMNS);
    }
    return count;
}

int main(int argc, char **argv)
{
    static row rows[MAX_ROWS];

    if (argc != 3) {
        fputs("usage: registry_generate operators.tsv registry_table.h\n", stderr);
        return 2;
    }
    table_path = argv[1];
    FILE *in = fopen(argv[1], "r");
    if (in == NULL) {
        perror(argv[1]);
        return 1;
    }
    int count = read_rows(in, rows);
    fclose(in);
    qsort(rows, (size_t)count, sizeof(row), row_compare);

    FILE *index = tmpfile();
    FILE *out = fopen(argv[2], "w");
    if (index == NULL || out == NULL) {
        perror(argv[2]);
        return 1;
    }
    fputs("/* SPDX-License-Identifier: Apache-2.0 */\n/* Generated from operators.tsv by registry_generate. */\n", out);
    for (int i = 0; i < count; i++) {
        if (i > 0 && strcmp(rows[i - 1].column[NAME], rows[i].column[NAME]) == 0) {
            table_line = rows[i].line;
            fail("operator '%s' stands twice (line %d too)", rows[i].column[NAME], rows[i - 1].line);
        }
        print_row(out, index, i, &rows[i]);
    }
    fprintf(out, "static const op_def registry_table[%d] = {\n", count);
    rewind(index);
    for (int c = fgetc(index); c != EOF; c = fgetc(index))
        fputc(c, out);
    fputs("};\n", out);
    fclose(index);
    if (fclose(out) != 0) {
        perror(argv[2]);
        return 1;
    }
    for (int i = 0; i < count; i++)
        free(rows[i].text);
    return 0;
}
