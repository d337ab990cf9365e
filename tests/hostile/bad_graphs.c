/* SPDX-License-Identifier: Apache-2.0 */
/* Writes graphs that somebody who means harm would send:
 *   bad_graphs names DIR       one graph per name of the catalogue: NNN.pb; out = 2 * in + weights, elements 8
 *   bad_graphs catalogue DIR   rows of the catalogue: ROW_what.STATUSES.pb, the exit statuses that run may have, joined by '-'
 *   bad_graphs broken DIR FILE COUNT SEED   COUNT prefixes of a file and COUNT copies with a changed byte */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- wire format ---------------------------------------------------------------------------------- */

typedef struct wire {
    unsigned char *data;
    size_t size, capacity;
} wire;

static void add(wire *w, const void *data, size_t size)
{
    if (w->size + size > w->capacity) {
        w->capacity = (w->size + size) * 2 + 64;
        w->data = realloc(w->data, w->capacity);
        if (!w->data)
            exit(1);
    }
    if (size)
        memcpy(w->data + w->size, data, size);
    w->size += size;
}

static void varint(wire *w, unsigned long long value)
{
    unsigned char byte;
    do {
        byte = (unsigned char)((value & 127) | (value > 127 ? 128 : 0));
        add(w, &byte, 1);
    } while (value >>= 7);
}

static void number(wire *w, unsigned field, long long value)
{
    varint(w, field << 3);
    varint(w, (unsigned long long)value);
}

static void bytes(wire *w, unsigned field, const void *data, size_t size)
{
    varint(w, field << 3 | 2);
    varint(w, size);
    add(w, data, size);
}

static void string(wire *w, unsigned field, const char *text)
{
    bytes(w, field, text, strlen(text));
}

/* Takes INNER along. */
static void message(wire *w, unsigned field, wire inner)
{
    bytes(w, field, inner.data, inner.size);
    free(inner.data);
}

static void attribute(wire *node, const char *key, wire value)
{
    wire entry = {0};
    string(&entry, 1, key);
    message(&entry, 2, value);
    message(node, 5, entry);
}

static void type(wire *node, const char *key, int dtype)
{
    wire value = {0};
    number(&value, 6, dtype);
    attribute(node, key, value);
}

static wire shape(const long long *dims, int rank)
{
    wire out = {0};
    for (int i = 0; i < rank; i++) {
        wire dim = {0};
        number(&dim, 1, dims[i]);
        message(&out, 2, dim);
    }
    return out;
}

static wire node(const char *name, const char *op)
{
    wire out = {0};
    string(&out, 1, name);
    string(&out, 2, op);
    return out;
}

static void placeholder(wire *graph, const char *name, long long size)
{
    wire x = node(name, "Placeholder"), value = {0};
    type(&x, "dtype", 1);
    message(&value, 7, shape(&size, 1));
    attribute(&x, "shape", value);
    message(graph, 1, x);
}

/* COUNT floats; ELEMENTS in the shape. */
static void constant(wire *graph, const char *name, const float *values, size_t count, long long elements, int rank)
{
    wire c = node(name, "Const"), value = {0}, tensor = {0};
    type(&c, "dtype", 1);
    number(&tensor, 1, 1);
    message(&tensor, 2, shape(&elements, rank));
    for (size_t i = 0; i < count; i++) {
        varint(&tensor, 5 << 3 | 5);
        add(&tensor, &values[i], 4); /* tests run on little-endian machines */
    }
    message(&value, 8, tensor);
    attribute(&c, "value", value);
    message(graph, 1, c);
}

static void binary(wire *graph, const char *name, const char *op, const char *a, const char *b)
{
    wire n = node(name, op);
    string(&n, 3, a);
    string(&n, 3, b);
    type(&n, "T", 1);
    message(graph, 1, n);
}

static void save(const char *folder, const char *name, wire graph)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file || (graph.size && fwrite(graph.data, 1, graph.size, file) != graph.size) || fclose(file))
        exit(1);
    free(graph.data);
}

/* ---- names ------------------------------------------------------------------------------------------- */

static const char *const hostile[] = {
    "x; int main(){", "*/ #include \"/etc/passwd\" /*", "a*/b", "a/*b", "/*", "*/", "a?\?/", "a/\\", "a\\", "\\", "a\\n", "\"", "'", "%n%s%s",
    "//", "a//b", "${HOME}", "`id`", "$(id)", "-o/tmp/x", "../../x", "..", ".", "/", "a/../b", "CON", "a\nb", "a\r\nb", "__FILE__", "__x", "_Exit",
    "int", "NULL", "linux", "unix", "memcpy", "main", "I", "NAN", "errno", "true", "asm", "typeof", "\033[2J", "a\a", "\x9b", "\xc3\xa9",
    "\xe2\x80\xae", "\357\273\277a", "a\x01", " ", "a b", "", "^a", "a:0", ":0", "0", "0x", "9", ".5", "x.y", "a->b", "a>>b", "a>b", "a-b", "a--b", "1e9",
    "none", "n", "feeds", "fetches", "env", "arena", "state", "weights", "fault", "size", "i0", "in0", "out1", "v0", "k0", "w0", "rest", "size_t",
    "int32_t", "uint8_t", "INT32_MAX", "V_LANES", "v_f32", "stepc_env", "STEPC_ABI_1", "defined", "offsetof", "x_dims", "x_feeds", "class", "new",
    "a\nstepc: error: OK", "exit", "sin", "a_b", "a.b", "A/b", "inf", "nan", "static_assert", "_", "__", "a_", "a__b"};

/* out = 2 * in + w; all names begin with NAME. */
static void name_graph(const char *folder, int index, const char *name)
{
    static const float two = 2, weights[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    char two_name[5000], sum[5000], product[5000], file[32];
    wire graph = {0};
    snprintf(two_name, sizeof two_name, "%s/two", name);
    snprintf(product, sizeof product, "%s/2", name);
    snprintf(sum, sizeof sum, "%s/out", name);
    placeholder(&graph, name, 8);
    constant(&graph, two_name, &two, 1, 0, 0);
    constant(&graph, "w", weights, 8, 8, 1);
    binary(&graph, product, "Mul", name, two_name);
    binary(&graph, sum, "Add", product, "w");
    snprintf(file, sizeof file, "%03d.pb", index);
    save(folder, file, graph);
}

static int names(const char *folder)
{
    static char long_name[2][4000];
    int count = (int)(sizeof hostile / sizeof hostile[0]);
    for (int i = 0; i < count; i++)
        name_graph(folder, i, hostile[i]);
    for (int i = 0; i < 2; i++) { /* equal in the first 255 bytes, and longer than any line */
        memset(long_name[i], 'a', i ? 3000 : 299);
        long_name[i][i ? 3000 : 299] = (char)('b' + i);
        name_graph(folder, count + i, long_name[i]);
    }
    return 0;
}

/* ---- rows of the catalogue ----------------------------------------------------------------------------- */

static void add_row(const char *folder, const char *name, wire graph)
{
    static const float one = 1;
    constant(&graph, "good", &one, 1, 0, 0);
    save(folder, name, graph);
}

static void row_lengths(const char *folder)
{
    static const unsigned long long lengths[] = {1ull << 63, ~0ull, 1ull << 32, 1ull << 31};
    for (int i = 0; i < 4; i++) {
        wire graph = {0};
        char file[40];
        varint(&graph, 1 << 3 | 2);
        varint(&graph, lengths[i]);
        snprintf(file, sizeof file, "A05_length%d.3.pb", i);
        save(folder, file, graph);
    }
}

static void row_nesting(const char *folder)
{
    for (int depth = 90; depth <= 100000; depth *= 30) { /* attribute lists in functions in lists ... */
        wire value = {0};
        for (int i = 0; i < depth && value.size < 1 << 16; i++) {
            wire func = {0}, entry = {0}, next = {0};
            string(&entry, 1, "a");
            message(&entry, 2, value);
            message(&func, 2, entry);
            message(&next, 10, func);
            value = next;
        }
        wire n = node("n", "NoOp"), graph = {0};
        attribute(&n, "_deep", value);
        message(&graph, 1, n);
        char file[40];
        snprintf(file, sizeof file, "A07_depth%d.%s.pb", depth, depth > 100 ? "5-3" : "0-5");
        add_row(folder, file, graph);
    }
}

static void row_cycle(const char *folder)
{
    wire graph = {0};
    binary(&graph, "a", "Add", "b", "b");
    binary(&graph, "b", "Add", "a", "a");
    add_row(folder, "A16_cycle.3.pb", graph);
}

/* Every node reads the one before it very often: many more edges than bytes would suggest. */
static void row_edges(const char *folder)
{
    wire graph = {0};
    for (int i = 0; i < 40; i++) {
        char name[16], input[16];
        snprintf(name, sizeof name, "n%d", i);
        snprintf(input, sizeof input, i ? "n%d" : "good", i - 1);
        wire n = node(name, "AddN");
        wire count = {0};
        for (int k = 0; k < 20000; k++)
            string(&n, 3, input);
        type(&n, "T", 1);
        number(&count, 3, 20000);
        attribute(&n, "N", count);
        message(&graph, 1, n);
    }
    add_row(folder, "A19_edges.0-5.pb", graph);
}

static void row_devices(const char *folder)
{
    static char device[1 << 20];
    static const char *const kinds[] = {NULL, "/job:../../", "/device:GPU:99", "\033]0;x\007", "/job:a/*/#include <x>"};
    memset(device, 'd', sizeof device - 1);
    for (int i = 0; i < 5; i++) {
        wire graph = {0}, n = node("id", "Identity");
        string(&n, 3, "good");
        string(&n, 4, kinds[i] ? kinds[i] : device);
        type(&n, "T", 1);
        message(&graph, 1, n);
        char file[40];
        snprintf(file, sizeof file, "A26_device%d.0-3.pb", i);
        add_row(folder, file, graph);
    }
}

static void row_operators(const char *folder)
{
    static const char *const ops[] = {"", "ReadFile", "WriteFile", "PyFunc", "LoadLibrary", "Nope", "\033[2J", "x; system(\"id\")"};
    for (int i = 0; i < 8; i++) {
        wire graph = {0}, n = node("bad", ops[i]), user = node("user", "Identity");
        string(&n, 3, "good");
        string(&user, 3, "bad");
        type(&user, "T", 1);
        message(&graph, 1, n);
        message(&graph, 1, user);
        char file[40];
        snprintf(file, sizeof file, "A20_operator%d.3-4.pb", i);
        add_row(folder, file, graph);
    }
}

static void row_shapes(const char *folder)
{
    static const long long dims[][3] = {{1ll << 32, 1ll << 32, 1}, {9223372036854775807ll, 2, 1}, {1ll << 31, 1ll << 31, 1ll << 31},
                                        {1ll << 61, 1, 1}, {-2, 1, 1}, {-1, 1, 1}};
    static const float one = 1;
    for (int i = 0; i < 6; i++) {
        wire graph = {0}, c = node("c", "Const"), value = {0}, tensor = {0};
        type(&c, "dtype", 2);
        number(&tensor, 1, 2);
        message(&tensor, 2, shape(dims[i], 3));
        varint(&tensor, 6 << 3 | 1);
        add(&tensor, &one, 4);
        add(&tensor, &one, 4);
        message(&value, 8, tensor);
        attribute(&c, "value", value);
        message(&graph, 1, c);
        char file[40];
        snprintf(file, sizeof file, "C01_shape%d.3-5.pb", i);
        add_row(folder, file, graph);
    }
}

/* 100 bytes that ask for 8 GB. */
static void row_splat(const char *folder)
{
    static const float one = 1;
    wire graph = {0};
    constant(&graph, "c", &one, 1, 2147483647, 1);
    binary(&graph, "y", "Add", "c", "c");
    add_row(folder, "D03_splat.0-5.pb", graph);
}

/* Three constants of the same 2 MB: a module holds them once. */
static void row_same(const char *folder)
{
    enum { COUNT = 524288 };
    float *values = malloc(COUNT * sizeof *values);
    wire graph = {0};
    if (!values)
        exit(1);
    for (int i = 0; i < COUNT; i++)
        values[i] = (float)i;
    placeholder(&graph, "x", COUNT);
    constant(&graph, "c1", values, COUNT, COUNT, 1);
    constant(&graph, "c2", values, COUNT, COUNT, 1);
    constant(&graph, "c3", values, COUNT, COUNT, 1);
    binary(&graph, "y1", "Add", "x", "c1");
    binary(&graph, "y2", "Mul", "y1", "c2");
    binary(&graph, "y3", "Sub", "y2", "c3");
    free(values);
    save(folder, "D12_same.3.pb", graph); /* x is not fed */
}

static int catalogue(const char *folder)
{
    save(folder, "A01_empty.3.pb", (wire){0});
    row_lengths(folder);
    row_nesting(folder);
    row_cycle(folder);
    row_edges(folder);
    row_devices(folder);
    row_operators(folder);
    row_shapes(folder);
    row_splat(folder);
    row_same(folder);
    return 0;
}

/* ---- broken files ------------------------------------------------------------------------------------------ */

static int broken(const char *folder, const char *path, int count, unsigned long long random)
{
    static unsigned char data[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(data, 1, sizeof data, file) : 0;
    if (file)
        fclose(file);
    if (size == 0)
        return 1;
    for (int i = 0; i < 2 * count; i++) {
        char name[40];
        wire copy = {0};
        add(&copy, data, i < count ? size * (size_t)i / (size_t)count : size);
        random = random * 6364136223846793005ull + 1442695040888963407ull;
        if (i >= count)
            copy.data[(random >> 33) % size] ^= (unsigned char)(random >> 20 & 255 ? random >> 20 & 255 : 1);
        snprintf(name, sizeof name, "%s%03d.pb", i < count ? "cut" : "flip", i % count);
        save(folder, name, copy);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "names") == 0)
        return names(argv[2]);
    if (argc == 3 && strcmp(argv[1], "catalogue") == 0)
        return catalogue(argv[2]);
    if (argc == 6 && strcmp(argv[1], "broken") == 0)
        return broken(argv[2], argv[3], atoi(argv[4]), strtoull(argv[5], NULL, 10));
    return 2;
}
