/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue of bad inputs: one test per row, named by the row. Every parse also checks
 * that a failed one leaves no graph and is not an internal error (graph_test.h). */
#include "graph_test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
enum { MANY = 200000 };
#else
enum { MANY = 1000000 };
#endif

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-+"

/* About one kilobyte of graph: constants of several dtypes, a convolution, controls, a function. */
static const char good_text[] =
    "node { name: 'c' op: 'Const' attr { key: 'dtype' value { type: DT_INT32 } } attr { key: 'value' value { tensor { dtype: "
    "DT_INT32 tensor_shape { dim { size: 3 } } int_val: [1, 2, 300] } } } }\n"
    "node { name: 's' op: 'Const' attr { key: 'dtype' value { type: DT_STRING } } attr { key: 'value' value { tensor { dtype: "
    "DT_STRING tensor_shape { dim { size: 2 } } string_val: '" LETTERS LETTERS LETTERS LETTERS "' string_val: '' } } } }\n"
    "node { name: 'w' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' value { tensor { dtype: "
    "DT_FLOAT tensor_shape { dim { size: 1 } dim { size: 1 } dim { size: 1 } dim { size: 1 } } tensor_content: "
    "'\\000\\000\\200\\077' } } } }\n" PLACEHOLDER("x") PLACEHOLDER("b")
    "node { name: 'conv' op: 'Conv2D' input: 'x' input: 'w' " FLOAT_T " attr { key: 'strides' value { list { i: [1, 1, 1, 1] } } "
    "} attr { key: 'padding' value { s: 'SAME' } } attr { key: '_class' value { list { s: 'loc:@x' } } } }\n"
    ADD("sum", "conv:0", "b' input: '^c' input: '^s")
    "node { name: 'f' op: 'fun' input: 'sum' }\n" IDENTITY("i1", "f") IDENTITY("i2", "i1") IDENTITY("i3", "i2")
    IDENTITY("i4", "i3") IDENTITY("i5", "i4") ADD("i6", "i5", "i4") ADD("i7", "i6", "i5") ADD("i8", "i7", "i1")
    ADD("scope/of/many/parts/i9", "i8:0", "i2:0") ADD("scope/of/many/parts/i10", "i8:0", "scope/of/many/parts/i9")
    "library { function { signature { name: 'fun' input_arg { name: 'i' type: DT_FLOAT } output_arg { name: 'o' type: DT_FLOAT } "
    "} node_def { name: 'n' op: 'Neg' input: 'i' " FLOAT_T " } ret { key: 'o' value: 'n:y:0' } } }\n"
    "versions { producer: 27 min_consumer: 12 bad_consumers: [1, 2] }";

static wire good_binary(const char *source)
{
    stepc_graph *graph = must_parse(source);
    wire w = {0};
    void *data;
    size_t size;

    cr_assert_code(stepc_graph_write(graph, STEPC_GRAPH_BINARY, &data, &size, &test_error), STEPC_OK);
    wire_add(&w, data, size);
    stepc_graph_text_free(graph, data, size);
    stepc_graph_release(graph);
    return w;
}

static wire node_of(const char *name, const char *op)
{
    wire node = {0};

    wire_text(&node, 1, name);
    wire_text(&node, 2, op);
    return node;
}

/* ---- 3A: bytes ---------------------------------------------------------------------------------- */

Test(bad_input, A01_empty_file)
{
    cr_assert_code(parse_code("", 0), STEPC_INVALID_ARGUMENT);
    cr_assert_message("no nodes");
}

Test(bad_input, A02_every_prefix)
{
    static const char *const sources[] = {good_text, PLACEHOLDER("x") IDENTITY("y", "x"),
                                          "node { name: 'n' op: 'NoOp' } versions { producer: 1087 }"};

    cr_assert_neq(parse_code("\n", 1), STEPC_OK);
    for (size_t k = 0; k < sizeof(sources) / sizeof(sources[0]); k++) {
        wire w = good_binary(sources[k]);
        cr_assert_code(parse_code(w.data, w.size), STEPC_OK);
        for (size_t size = 0; size < w.size; size++) {
            uint8_t *exact = malloc(size > 0 ? size : 1); /* so that reading beyond the end is seen */
            memcpy(exact, w.data, size);
            stepc_code code = parse_code(exact, size);
            cr_assert(code == STEPC_OK || test_error.offset >= 0 || code != STEPC_DATA_LOSS);
            free(exact);
        }
        free(w.data);
        for (size_t size = 0; size < strlen(sources[k]); size++)
            (void)parse_code(sources[k], size);
    }
}

Test(bad_input, A03_every_byte_changed)
{
    wire w = good_binary(good_text);
    static const uint8_t values[] = {0x00, 0x7f, 0x80, 0xff};

    cr_assert_gt(w.size, 800);
    for (size_t i = 0; i < w.size; i++) {
        uint8_t kept = w.data[i];
        for (size_t k = 0; k < 12; k++) {
            w.data[i] = (uint8_t)(k < 4 ? values[k] : kept ^ 1u << (k - 4));
            (void)parse_code(w.data, w.size);
        }
        w.data[i] = kept;
    }
    free(w.data);
}

Test(bad_input, A03_every_byte_of_a_text_changed)
{
    char *copy = malloc(sizeof(good_text));

    memcpy(copy, good_text, sizeof(good_text));
    for (size_t i = 0; i < sizeof(good_text) - 1; i++)
        for (unsigned k = 0; k < 8; k++) {
            copy[i] = (char)(good_text[i] ^ 1 << k);
            (void)parse_code(copy, sizeof(good_text) - 1);
            copy[i] = good_text[i];
        }
    free(copy);
}

Test(bad_input, A04_overlong_varints)
{
    static const uint8_t eleven[] = {0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01};
    static const uint8_t beyond[] = {0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
    static const uint8_t tag[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0x01};

    cr_assert_code(parse_code(eleven, sizeof(eleven)), STEPC_DATA_LOSS);
    cr_assert_eq(test_error.offset, 1);
    cr_assert_code(parse_code(beyond, sizeof(beyond)), STEPC_DATA_LOSS);
    cr_assert_code(parse_code(tag, sizeof(tag)), STEPC_DATA_LOSS);
}

Test(bad_input, A05_lengths_beyond_the_end)
{
    static const uint64_t lengths[] = {UINT64_C(1) << 63, UINT64_MAX, UINT64_C(1) << 32, 13, 12};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        for (unsigned field = 1; field <= 9; field++) {
            wire w = {0};
            wire_tag(&w, field, 2);
            wire_varint(&w, lengths[i]);
            wire_add(&w, "\0\0\0\0", 4);
            cr_assert_code(wire_code(&w), STEPC_DATA_LOSS);
        }
}

Test(bad_input, A06_wire_types)
{
    for (unsigned type = 6; type <= 7; type++) {
        wire w = {0}, n = node_of("n", "NoOp");
        wire_sub(&w, 1, &n);
        wire_tag(&w, 9, type);
        cr_assert_code(wire_code(&w), STEPC_DATA_LOSS);
    }
    wire zero = {0};
    wire_tag(&zero, 0, 2);
    wire_varint(&zero, 0);
    cr_assert_neq(wire_code(&zero), STEPC_OK);
    cr_assert_code(parse_code("\x22\x02\x00\x00", 4), STEPC_DATA_LOSS); /* field 0 within versions */
    wire end = {0}, before = node_of("n", "NoOp");
    wire_sub(&end, 1, &before);
    wire_tag(&end, 9, 4);
    cr_assert_code(wire_code(&end), STEPC_DATA_LOSS);
    wire wrong_end = {0};
    wire_int(&wrong_end, 3, 1);
    wire_tag(&wrong_end, 9, 3);
    wire_tag(&wrong_end, 8, 4);
    cr_assert_code(wire_code(&wrong_end), STEPC_DATA_LOSS);
    wire open = {0};
    wire_int(&open, 3, 1);
    wire_tag(&open, 9, 3);
    cr_assert_code(wire_code(&open), STEPC_DATA_LOSS);

    wire node = node_of("n", "NoOp"), good = {0};
    wire_tag(&node, 77, 3);
    wire_int(&node, 1, 5);
    wire_text(&node, 1, "skipped");
    wire_tag(&node, 78, 3);
    wire_tag(&node, 78, 4);
    wire_tag(&node, 77, 4);
    wire_sub(&good, 1, &node);
    cr_assert_code(wire_code(&good), STEPC_OK);
}

/* GraphDef > NodeDef > AttrEntry > AttrValue > NameAttrList > AttrEntry > AttrValue ...: DEPTH sub-messages. */
static wire nested_attrs(int depth)
{
    wire inner = {0};

    for (int level = depth; level > 1; level--) { /* level 1 is the node */
        wire outer = {0};
        int kind = (level - 2) % 3;               /* 0: AttrEntry, 1: AttrValue, 2: NameAttrList */
        bool in_node = level == 2;
        if (kind == 0) {
            wire entry = {0};
            wire_text(&entry, 1, "_a");
            wire_add(&entry, inner.data, inner.size);
            wire_bytes(&outer, in_node ? 5 : 2, entry.data, entry.size);
            free(entry.data);
        } else {
            wire_bytes(&outer, kind == 1 ? 2 : 10, inner.data, inner.size);
        }
        free(inner.data);
        inner = outer;
    }
    wire node = node_of("n", "NoOp"), graph = {0};
    wire_add(&node, inner.data, inner.size);
    free(inner.data);
    wire_sub(&graph, 1, &node);
    return graph;
}

Test(bad_input, A07_nesting)
{
    wire w = nested_attrs(100);
    cr_assert_code(wire_code(&w), STEPC_OK);
    w = nested_attrs(101);
    cr_assert_code(wire_code(&w), STEPC_RESOURCE_EXHAUSTED);
    cr_assert_message("message_depth");

    for (int depth = 100; depth <= 1000000; depth = depth == 100 ? 101 : depth == 101 ? 1000000 : depth + 1) {
        wire groups = {0};
        wire node = node_of("n", "NoOp");
        wire_sub(&groups, 1, &node);
        for (int i = 0; i < depth; i++)
            wire_tag(&groups, 9, 3);
        for (int i = 0; i < depth; i++)
            wire_tag(&groups, 9, 4);
        cr_assert_code(wire_code(&groups), depth == 100 ? STEPC_OK : STEPC_RESOURCE_EXHAUSTED);
    }
    wire braces = {0};
    for (int i = 0; i < 100000; i++)
        wire_add(&braces, "node{attr{value{func{attr{value{func{", i == 0 ? 37 : 22);
    cr_assert_neq(wire_code(&braces), STEPC_OK);
}

Test(bad_input, A08_unknown_repeated_and_split_fields)
{
    wire w = {0}, node = node_of("first", "Nothing");
    stepc_graph *graph;

    wire_text(&node, 1, "n");
    wire_text(&node, 2, "NoOp");
    wire_sub(&w, 1, &node);
    for (int i = 0; i < 1000000; i++)
        wire_int(&w, 1000, (uint64_t)i);
    wire_add(&w, "\x22\x02\x08\x1b\x22\x02\x10\x0c\x22\x02\x08\x1c", 12); /* versions in three parts */
    error_init(&test_error);
    cr_assert_code(stepc_graph_parse("g", w.data, w.size, NULL, &graph, &test_error), STEPC_OK);
    cr_assert_not_null(stepc_graph_find(graph, "n"));
    cr_assert_null(stepc_graph_find(graph, "first"));
    cr_assert_eq(graph->producer, 28);
    cr_assert_eq(graph->min_consumer, 12);
    stepc_graph_release(graph);
    free(w.data);
}

Test(bad_input, A09_other_formats)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *what;
    } cases[] = {
        {"\x89HDF\r\n\x1a\n\0\0\0\0", 12, "looks like an HDF5 file"},
        {"PK\x03\x04\x14\0\0\0", 8, "looks like a zip archive"},
        {"\x1c\0\0\0TFL3\0\0\0\0", 12, "looks like a TensorFlow Lite model"},
        {"\x1f\x8b\x08\0\0\0", 6, "looks like a gzip file"},
        {"\x7f" "ELF\x02\x01\x01\0", 8, "looks like an ELF program"},
        {"\0\0\0\0\0\0\0\0\0\0\0\0", 12, "looks like a file of zeros"},
        {"\x08\x07\x12\x07pytorch\x3a\x02\x0a\x00\x42\x02\x10\x0b", 19, "looks like an ONNX model"},
        {"\x08\x01\x12\x00", 4, "looks like a SavedModel"},
        {"\x0a\x02\x22\x00\x12\x0f\x0a\x0d\x0a\x01n\x12\x08Identity", 21, "looks like a MetaGraphDef"},
        {"{\"format\": 1}", 13, "looks like JSON"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_assert_code(parse_code(cases[i].bytes, cases[i].size), STEPC_INVALID_ARGUMENT);
        cr_assert_message(cases[i].what);
        cr_assert_neq(test_error.mend[0], '\0');
    }
    cr_assert_code(text_code("saved_model_schema_version: 1"), STEPC_INVALID_ARGUMENT);
    cr_assert_message("looks like a SavedModel");
    cr_assert_code(text_code("# from TensorFlow\nmeta_info_def { }"), STEPC_INVALID_ARGUMENT);
    cr_assert_message("looks like a MetaGraphDef");
}

static stepc_code load_code(const char *path)
{
    stepc_graph *graph;

    error_init(&test_error);
    stepc_code code = stepc_graph_load(path, NULL, &graph, &test_error);
    cr_assert_neq(code, STEPC_OK);
    cr_assert_null(graph);
    return code;
}

Test(bad_input, A10_files_that_are_none)
{
    alarm(20); /* a hang ends this test */
    char folder[] = "/tmp/stepc-test-XXXXXX";
    char path[128];

    cr_assert_not_null(mkdtemp(folder));
    cr_assert_code(load_code(folder), STEPC_INVALID_ARGUMENT);
    snprintf(path, sizeof(path), "%s/fifo", folder);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_code(load_code(path), STEPC_INVALID_ARGUMENT);
    unlink(path);
    cr_assert_code(load_code("/dev/zero"), STEPC_INVALID_ARGUMENT);
    stepc_code memory = load_code("/proc/self/mem"); /* calls itself a regular file of no bytes */
    cr_assert(memory == STEPC_INVALID_ARGUMENT || memory == STEPC_UNAVAILABLE);
    snprintf(path, sizeof(path), "%s/sparse", folder);
    for (off_t size = INT64_C(2147483648); size <= INT64_C(2147483649); size++) {
        int file = open(path, O_CREAT | O_WRONLY, 0600);
        if (file < 0 || ftruncate(file, size) != 0)
            cr_skip_test("no sparse files here");
        close(file);
        cr_assert_code(load_code(path), STEPC_RESOURCE_EXHAUSTED);
        cr_assert_message("file_bytes");
    }
    unlink(path);
    rmdir(folder);
}

/* ---- 3A: structure ------------------------------------------------------------------------------ */

Test(bad_input, A11_duplicate_names)
{
    cr_assert_code(text_code(PLACEHOLDER("a") PLACEHOLDER("b") PLACEHOLDER("a")), STEPC_INVALID_ARGUMENT);
    cr_assert_message("Node 'a' is not unique");
    cr_assert_message("node 1 and node 3");
}

static stepc_code name_code(const char *name, size_t size)
{
    wire node = {0}, graph = {0};

    wire_bytes(&node, 1, name, size);
    wire_text(&node, 2, "NoOp");
    wire_sub(&graph, 1, &node);
    return wire_code(&graph);
}

Test(bad_input, A12_name_lengths)
{
    size_t size = 10u << 20;
    char *name = malloc(size);

    memset(name, 'a', size);
    cr_assert_code(name_code(name, 0), STEPC_INVALID_ARGUMENT);
    cr_assert_code(name_code(name, 4096), STEPC_OK);
    cr_assert_code(name_code(name, 4097), STEPC_RESOURCE_EXHAUSTED);
    cr_assert_message("name_bytes");
    cr_assert_code(name_code(name, size), STEPC_RESOURCE_EXHAUSTED);
    free(name);
}

Test(bad_input, A13_name_bytes)
{
    static const char *const good[] = {"a", "A.b", "0", ".x", "a/b-c_d>e.f/", "a_"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        cr_assert_code(name_code(good[i], strlen(good[i])), STEPC_OK);
    cr_assert_code(name_code("a\0b", 3), STEPC_INVALID_ARGUMENT);
    cr_assert_code(name_code("\xef\xbb\xbf" "a", 4), STEPC_INVALID_ARGUMENT);
    cr_assert_code(name_code("a\xe2\x80\xae", 4), STEPC_INVALID_ARGUMENT);
    for (int c = 0x80; c <= 0xff; c++)
        cr_assert_code(name_code((char[]){'a', (char)c}, 2), STEPC_INVALID_ARGUMENT);
}

Test(bad_input, A14_inputs_that_lead_nowhere)
{
    static const char *const inputs[] = {"missing", "missing:0", "^missing", "y", "y:0", "^y", "x:-1", "x:7", "x:2147483648",
                                         "x:99999999999999999999", "x:0:0", "x:y", "x:", ":0", "^", "^^x", "^x:0", "", ":"};
    char source[1024];

    for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        snprintf(source, sizeof(source), "%snode { name: 'y' op: 'Add' input: 'x' input: 'x' %s input: '%s' }",
                 PLACEHOLDER("x"), FLOAT_T, inputs[i]);
        cr_assert_code(text_code(source), STEPC_INVALID_ARGUMENT);
        snprintf(source, sizeof(source), "%snode { name: 'y' op: 'Identity' input: '%s' %s }", PLACEHOLDER("x"), inputs[i],
                 FLOAT_T);
        cr_assert_code(text_code(source), STEPC_INVALID_ARGUMENT);
    }
    cr_assert_code(text_code(PLACEHOLDER("x") IDENTITY("y", "z")), STEPC_INVALID_ARGUMENT);
    cr_assert_message("Node 'y': Unknown input node 'z'");
    cr_assert_code(text_code(PLACEHOLDER("x") IDENTITY("y", "x:7")), STEPC_INVALID_ARGUMENT);
    cr_assert_message("Node 'y': Connecting to invalid output 7 of source node x which has 1 outputs");
}

Test(bad_input, A15_control_inputs)
{
    wire w = {0}, node = node_of("n", "NoOp"), other = node_of("m", "NoOp");
    stepc_graph *graph;

    cr_assert_code(text_code(PLACEHOLDER("x") IDENTITY("y", "^x' input: 'x")), STEPC_INVALID_ARGUMENT);
    cr_assert_message("Node 'y': Control dependencies must come after regular dependencies");
    for (int i = 0; i < 1000; i++)
        wire_text(&node, 3, "^m");
    wire_sub(&w, 1, &node);
    wire_sub(&w, 1, &other);
    error_init(&test_error);
    cr_assert_code(stepc_graph_parse("g", w.data, w.size, NULL, &graph, &test_error), STEPC_OK);
    cr_assert_eq(stepc_graph_find(graph, "n")->control_count, 1);
    stepc_graph_release(graph);
    free(w.data);
}

/* COUNT operations OP, each led by the one before; BACK: the first is led by the last. */
static wire chain(int count, bool control, bool back)
{
    wire graph = {0};
    char name[32];

    for (int i = 0; i < count; i++) {
        wire node = {0}, value = {0};
        snprintf(name, sizeof(name), "n%d", i);
        wire_text(&node, 1, name);
        bool source = i == 0 && !back;
        wire_text(&node, 2, control ? "NoOp" : source ? "Placeholder" : "Identity");
        snprintf(name, sizeof(name), "%sn%d", control ? "^" : "", i > 0 ? i - 1 : count - 1);
        if (!source)
            wire_text(&node, 3, name);
        wire_int(&value, 6, 1);
        wire_attr(&node, source ? "dtype" : "T", &value);
        wire_sub(&graph, 1, &node);
    }
    return graph;
}

Test(bad_input, A16_cycles)
{
    static const int lengths[] = {1, 2, 100000};

    for (size_t i = 0; i < 3; i++)
        for (int control = 0; control < 2; control++) {
            char words[64];
            wire w = chain(lengths[i], control != 0, true);
            cr_assert_code(wire_code(&w), STEPC_INVALID_ARGUMENT);
            snprintf(words, sizeof(words), "%d nodes in a cycle: n", lengths[i]);
            cr_assert_message(words);
            int arrows = 0;
            for (const char *p = test_error.message; (p = strstr(p, "<-")) != NULL; p++)
                arrows++;
            cr_assert_eq(arrows, lengths[i] < 8 ? lengths[i] : 8, "%s", test_error.message);
        }
    /* what hangs on the cycle is not of it */
    cr_assert_code(text_code(IDENTITY("after", "b") IDENTITY("a", "b") IDENTITY("b", "a")), STEPC_INVALID_ARGUMENT);
    cr_assert_message("2 nodes in a cycle");
    cr_assert_null(strstr(test_error.message, "after"));
}

Test(bad_input, A17_merge_without_inputs)
{
    cr_assert_code(text_code("node { name: 'm' op: 'Merge' " FLOAT_T " attr { key: 'N' value { i: 0 } } }"),
                   STEPC_INVALID_ARGUMENT);
    cr_assert_message("Value for attr 'N' of 0 must be at least minimum 1");
    /* only NextIteration -> Merge may lead back */
    cr_assert_code(text_code(PLACEHOLDER("x") "node { name: 'm' op: 'Merge' input: 'x' input: 'i' " FLOAT_T
                             " attr { key: 'N' value { i: 2 } } }" IDENTITY("i", "m")), STEPC_INVALID_ARGUMENT);
    cr_assert_message("2 nodes in a cycle");
    cr_assert_code(text_code("node { name: 'n' op: 'NextIteration' input: 'n' " FLOAT_T " }"), STEPC_INVALID_ARGUMENT);
}

static void *load_chain(void *argument)
{
    wire *w = argument;
    stepc_graph *graph = NULL;
    arena memory;
    step_operations step = {0};
    char name[32];

    error_init(&test_error);
    stepc_code code = stepc_graph_parse("chain", w->data, w->size, NULL, &graph, &test_error);
    if (code == STEPC_OK) {
        snprintf(name, sizeof(name), "n%d", MANY - 1);
        stepc_output last = {stepc_graph_find(graph, name), 0};
        step_prune_input input = {NULL, 0, &last, 1, NULL, 0};
        arena_init(&memory, NULL);
        code = step_prune(graph, &input, &memory, &step, &test_error);
        if (step.count != MANY)
            code = STEPC_INTERNAL;
        arena_release(&memory);
    }
    stepc_graph_release(graph);
    return (void *)(uintptr_t)code;
}

Test(bad_input, A18_deep_chain_on_a_small_stack)
{
    alarm(60); /* a hang ends this test */
    wire w = chain(MANY, false, false);
    pthread_attr_t attributes;
    pthread_t thread;
    void *code;

    pthread_attr_init(&attributes);
    cr_assert_eq(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
    cr_assert_eq(pthread_create(&thread, &attributes, load_chain, &w), 0);
    pthread_join(thread, &code);
    cr_assert_code((stepc_code)(uintptr_t)code, STEPC_OK);
    free(w.data);
}

static stepc_code limited_code(const char *source, void (*set)(stepc_limits *limits, int64_t value), int64_t value)
{
    stepc_host host;
    stepc_load_options options = {sizeof(options), &host};
    stepc_graph *graph;

    stepc_host_init(&host);
    set(&host.limits, value);
    error_init(&test_error);
    stepc_code code = stepc_graph_parse("g", source, strlen(source), &options, &graph, &test_error);
    stepc_graph_release(graph);
    return code;
}

static void set_nodes(stepc_limits *limits, int64_t value) { limits->nodes = value; }
static void set_edges(stepc_limits *limits, int64_t value) { limits->edges = value; }
static void set_inputs(stepc_limits *limits, int64_t value) { limits->node_inputs = value; }
static void set_attrs(stepc_limits *limits, int64_t value) { limits->node_attributes = value; }
static void set_name(stepc_limits *limits, int64_t value) { limits->name_bytes = value; }
static void set_file(stepc_limits *limits, int64_t value) { limits->file_bytes = value; }
static void set_memory(stepc_limits *limits, int64_t value) { limits->memory_bytes = value; }

/* Each limit at n - 1, n, n + 1 of what the graph needs. */
Test(bad_input, A19_limits)
{
    static const char source[] = PLACEHOLDER("xyz") IDENTITY("y", "xyz' input: '^xyz") ADD("z", "y", "y");
    static const struct {
        void (*set)(stepc_limits *limits, int64_t value);
        int64_t needed;
        const char *name;
    } cases[] = {{set_nodes, 3, "nodes"}, {set_edges, 4, "edges"}, {set_inputs, 2, "node_inputs"},
                 {set_attrs, 1, "node_attributes"}, {set_name, 11, "name_bytes"},
                 {set_file, (int64_t)sizeof(source) - 1, "file_bytes"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_assert_code(limited_code(source, cases[i].set, cases[i].needed), STEPC_OK);
        cr_assert_code(limited_code(source, cases[i].set, cases[i].needed + 1), STEPC_OK);
        if (cases[i].needed == 1)
            continue; /* 0 stands for the default */
        cr_assert_code(limited_code(source, cases[i].set, cases[i].needed - 1), STEPC_RESOURCE_EXHAUSTED);
        cr_assert_message(cases[i].name);
    }
    cr_assert_code(limited_code(source, set_memory, 1000), STEPC_RESOURCE_EXHAUSTED);
}

/* A short node that asks for many outputs, many times. */
Test(bad_input, A19_outputs_out_of_nothing)
{
    wire w = {0};
    char name[32];

    for (int i = 0; i < 20000; i++) {
        wire node = {0}, count = {0}, type = {0};
        snprintf(name, sizeof(name), "n%d", i);
        wire_text(&node, 1, name);
        wire_text(&node, 2, "Split");
        wire_int(&count, 3, 65536);
        wire_attr(&node, "num_split", &count);
        wire_int(&type, 6, 1);
        wire_attr(&node, "T", &type);
        wire_sub(&w, 1, &node);
    }
    cr_assert_code(wire_code(&w), STEPC_RESOURCE_EXHAUSTED);
    cr_assert_message("edges");
}

Test(bad_input, A20_unknown_operators)
{
    static const char *const names[] = {"PyCall", "LoadLibrary", "x; int main(){", "../../x", "AddX"};
    char source[4096] = "";

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        wire node = node_of("n", names[i]), graph = {0};
        wire_sub(&graph, 1, &node);
        cr_assert_code(wire_code(&graph), STEPC_NOT_FOUND);
        cr_assert_message("Op type not registered");
        cr_assert_message(names[i]);
    }
    for (int i = 0; i < 24; i++)
        snprintf(source + strlen(source), sizeof(source) - strlen(source), "node { name: 'n%d' op: 'My%d' }", i, i / 2);
    cr_assert_code(text_code(source), STEPC_NOT_FOUND);
    cr_assert_message("Op type not registered 'My0' in binary running on host.");
    cr_assert_message("12 operators of this graph are not known: My0, My1, My2, My3, My4, My5, My6, My7, ...");
    cr_assert_null(strstr(test_error.message, "My8"));
    cr_assert_code(text_code("node { name: 'n' op: '' }"), STEPC_INVALID_ARGUMENT);
    cr_assert_message("Node 'n' does not specify an operation");
}

Test(bad_input, A21_nothing_to_fetch)
{
    stepc_graph *graph = must_parse("node { name: 'n' op: 'NoOp' }");
    stepc_output out;

    cr_assert_code(text_code("versions { producer: 27 }"), STEPC_INVALID_ARGUMENT);
    cr_assert_message("no nodes");
    cr_assert_code(stepc_graph_find_output(graph, "m:0", &out, &test_error), STEPC_NOT_FOUND);
    cr_assert_code(stepc_graph_find_output(graph, "n:0", &out, &test_error), STEPC_INVALID_ARGUMENT);
    stepc_graph_release(graph);
}

static const char *const hostile_names[] = {
    "x; int main(){", "*/ #include \"/etc/passwd\" /*", "a?\?/", "a\\", "\"", "%n%s%s", "//", "${HOME}", "`id`", "$(id)",
    "-o/tmp/x", "../../x", "a\nb", "__FILE__", "_Exit", "\x1b[2J", "a\rb", "a\x07", "a\x9b", "a\nerror: fake"};

Test(bad_input, A22_A24_hostile_names)
{
    char line[600];

    for (size_t i = 0; i < sizeof(hostile_names) / sizeof(hostile_names[0]); i++) {
        stepc_code code = name_code(hostile_names[i], strlen(hostile_names[i]));
        if (strcmp(hostile_names[i], "../../x") == 0) { /* a legal name; what is emitted is escaped elsewhere */
            cr_assert_code(code, STEPC_OK);
            continue;
        }
        cr_assert_code(code, STEPC_INVALID_ARGUMENT);
        size_t length = stepc_error_format(&test_error, line, sizeof(line));
        for (size_t k = 0; k < length; k++)
            cr_assert(line[k] >= 0x20 && line[k] < 0x7f, "%s", line);
    }
    static const char *const words[] = {"CON", "int", "NULL", "linux", "memcpy"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        cr_assert_code(name_code(words[i], strlen(words[i])), STEPC_OK);
}

Test(bad_input, A23_names_that_are_alike)
{
    char long_names[2][301];
    char source[4096];

    memset(long_names, 'q', sizeof(long_names));
    long_names[0][300] = long_names[1][300] = '\0';
    long_names[1][299] = 'r';
    snprintf(source, sizeof(source), "%s%s%s%s%snode { name: '%s' op: 'NoOp' } node { name: '%s' op: 'NoOp' }", PLACEHOLDER("a/b"),
             PLACEHOLDER("a_b"), PLACEHOLDER("a.b"), PLACEHOLDER("a-b"), PLACEHOLDER("A/b"), long_names[0], long_names[1]);
    stepc_graph *graph = must_parse(source);
    cr_assert_eq(stepc_graph_find(graph, "a.b")->index, 2);
    cr_assert_eq(stepc_graph_find(graph, "A/b")->index, 4);
    cr_assert_eq(stepc_graph_find(graph, long_names[1])->index, 6);
    stepc_graph_release(graph);
}

Test(bad_input, A25_versions)
{
    cr_assert_code(text_code(PLACEHOLDER("x") "versions { producer: 0 }"), STEPC_OK);
    cr_assert_code(text_code(PLACEHOLDER("x") "versions { producer: 2147483647 }"), STEPC_OK);
    cr_assert_code(text_code(PLACEHOLDER("x") "versions { producer: -1 }"), STEPC_INVALID_ARGUMENT);
    cr_assert_message("below min producer 0");
    cr_assert_code(text_code(PLACEHOLDER("x") "versions { min_consumer: 2000 }"), STEPC_OK);
    cr_assert_code(text_code(PLACEHOLDER("x") "versions { min_consumer: 2001 }"), STEPC_INVALID_ARGUMENT);
    cr_assert_message("GraphDef min consumer version 2001 above current version 2000 for TensorFlow 1.15.  Please upgrade TensorFlow.");
    cr_assert_code(text_code(PLACEHOLDER("x") "versions { bad_consumers: [1, 2000, 3] }"), STEPC_INVALID_ARGUMENT);
    cr_assert_message("GraphDef disallows consumer version 2000.  Please upgrade TensorFlow: this version is likely buggy.");
}

Test(bad_input, A26_devices)
{
    wire node = node_of("n", "NoOp"), graph = {0};
    char *device = malloc(1u << 20);

    cr_assert_code(text_code("node { name: 'n' op: 'NoOp' device: '/job:../../' }"), STEPC_OK);
    cr_assert_code(text_code("node { name: 'n' op: 'NoOp' device: '/GPU:99' }"), STEPC_OK);
    memset(device, '/', 1u << 20);
    wire_bytes(&node, 4, device, 1u << 20);
    wire_sub(&graph, 1, &node);
    cr_assert_code(wire_code(&graph), STEPC_OK);
    free(device);
}

Test(bad_input, A27_duplicate_function)
{
    cr_assert_code(text_code(PLACEHOLDER("x") "library { function { signature { name: 'f' } } function { signature { name: 'f' } } }"),
                   STEPC_INVALID_ARGUMENT);
    cr_assert_message("Function 'f' stands in the library twice");
}

Test(bad_input, A32_dead_nodes)
{
    alarm(60); /* a hang ends this test */
    wire w = {0};
    char name[32];
    stepc_graph *graph;
    arena memory;
    step_operations step;

    for (int i = 0; i < MANY; i++) {
        wire node = {0};
        snprintf(name, sizeof(name), "n%d", i);
        wire_text(&node, 1, name);
        wire_text(&node, 2, "NoOp");
        wire_sub(&w, 1, &node);
    }
    error_init(&test_error);
    cr_assert_code(stepc_graph_parse("g", w.data, w.size, NULL, &graph, &test_error), STEPC_OK);
    const stepc_operation *target = stepc_graph_find(graph, "n7");
    step_prune_input input = {NULL, 0, NULL, 0, &target, 1};
    arena_init(&memory, NULL);
    cr_assert_code(step_prune(graph, &input, &memory, &step, &test_error), STEPC_OK);
    cr_assert_eq(step.count, 1);
    arena_release(&memory);
    stepc_graph_release(graph);
    free(w.data);
}

Test(bad_input, A34_debug_info)
{
    wire node = node_of("n", "NoOp"), graph = {0}, debug = {0};

    wire_bytes(&node, 7, "\x08\x01\x12\x02\x08\x02", 6);
    wire_sub(&graph, 1, &node);
    for (int i = 0; i < 1000000; i++)
        wire_text(&debug, 1, "../../etc/passwd");
    wire_sub(&graph, 5, &debug);
    cr_assert_code(wire_code(&graph), STEPC_OK);
}

/* ---- 3B: attributes ------------------------------------------------------------------------------ */

Test(bad_input, B01_types)
{
    static const struct {
        const char *type;
        stepc_code code;
    } cases[] = {{"0", STEPC_INVALID_ARGUMENT},   {"102", STEPC_INVALID_ARGUMENT}, {"255", STEPC_INVALID_ARGUMENT},
                 {"-1", STEPC_INVALID_ARGUMENT},  {"2147483648", STEPC_INVALID_ARGUMENT}, {"29", STEPC_UNIMPLEMENTED},
                 {"-2147483648", STEPC_INVALID_ARGUMENT}, {"64", STEPC_INVALID_ARGUMENT}, {"100", STEPC_INVALID_ARGUMENT}};
    char source[512];

    cr_assert_code(text_code(PLACEHOLDER("x") "node { name: 'y' op: 'Identity' input: 'x' }"), STEPC_INVALID_ARGUMENT);
    cr_assert_message("NodeDef missing attr 'T' from Op<name=Identity>");
    cr_assert_str_eq(test_error.attribute, "T");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(source, sizeof(source), "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: %s } } }",
                 cases[i].type);
        cr_assert_code(text_code(source), cases[i].code);
        snprintf(source, sizeof(source), "node { name: 'x' op: 'PlaceholderWithDefault' attr { key: 'dtype' value { type: %s } } }",
                 cases[i].type);
        cr_assert_code(text_code(source), cases[i].code);
        snprintf(source, sizeof(source), "node { name: 'x' op: 'IdentityN' attr { key: 'T' value { list { type: %s } } } }",
                 cases[i].type);
        cr_assert_code(text_code(source), cases[i].code);
    }
    cr_assert_code(text_code("node { name: 'x' op: 'Exp' attr { key: 'T' value { type: DT_BOOL } } }"), STEPC_INVALID_ARGUMENT);
    cr_assert_message("Value for attr 'T' of bool is not in the list of allowed values: float, double");
}

/* The AttrValue of one of nine kinds. */
static wire value_of_kind(int kind, bool list)
{
    wire value = {0}, w = {0};

    switch (kind) {
    case ATTR_STRING: wire_text(&value, 2, "s"); break;
    case ATTR_INT: wire_int(&value, 3, 1); break;
    case ATTR_FLOAT: wire_tag(&value, 4, 5), wire_add(&value, "\0\0\200?", 4); break;
    case ATTR_BOOL: wire_int(&value, 5, 1); break;
    case ATTR_TYPE: wire_int(&value, 6, 1); break;
    case ATTR_SHAPE: wire_text(&value, 7, ""); break;
    case ATTR_TENSOR: wire_bytes(&value, 8, "\x08\x01", 2); break;
    case ATTR_FUNCTION: wire_text(&value, list ? 9 : 10, ""); break;
    default: wire_text(&value, 9, "p"); break; /* placeholder */
    }
    if (!list)
        return value;
    wire_sub(&w, 1, &value);
    return w;
}

Test(bad_input, B02_wrong_kind_for_every_attribute)
{
    alarm(120); /* a hang ends this test */
    size_t checked = 0;

    for (size_t k = 0; k < op_def_count(); k++) {
        const op_def *def = op_def_at(k);
        for (int32_t i = 0; i < def->attr_count; i++)
            for (int kind = ATTR_STRING; kind <= 2 * ATTR_PLACEHOLDER; kind++) {
                bool list = kind > ATTR_PLACEHOLDER;
                int plain = list ? kind - ATTR_PLACEHOLDER : kind;
                if (list == def->attrs[i].is_list && plain == (int)def->attrs[i].kind)
                    continue;
                if (list && plain == ATTR_PLACEHOLDER)
                    continue; /* no such list */
                wire node = node_of("n", def->name), graph = {0};
                wire value = value_of_kind(plain, list);
                wire_attr(&node, def->attrs[i].name, &value);
                wire_sub(&graph, 1, &node);
                cr_assert_code(wire_code(&graph), STEPC_INVALID_ARGUMENT);
                cr_assert_message("AttrValue had value with type");
                cr_assert_str_eq(test_error.attribute, def->attrs[i].name);
                checked++;
            }
    }
    cr_assert_gt(checked, 30000);
    cr_assert_code(text_code("node { name: 'n' op: 'Placeholder' attr { key: 'dtype' value { } } }"), STEPC_INVALID_ARGUMENT);
    cr_assert_message("AttrValue missing value with expected type 'type'");
    cr_assert_code(text_code("node { name: 'n' op: 'Placeholder' attr { key: 'dtype' } }"), STEPC_INVALID_ARGUMENT);
    cr_assert_code(text_code("node { name: 'n' op: 'NoOp' attr { key: '_a' value { list { i: 1 f: 1 } } } }"),
                   STEPC_INVALID_ARGUMENT);
}

Test(bad_input, B03_twice_unknown_lying)
{
    stepc_graph *graph = must_parse("node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: "
                                    "'dtype' value { type: DT_INT32 } } attr { key: 'foo' value { i: 1 } } attr { key: "
                                    "'_output_shapes' value { list { shape { dim { size: 7 } } shape { dim { size: 8 } } } } } attr { "
                                    "key: '_a' value { i: 1 } } attr { key: '_a' value { s: 'x' } } }");
    const stepc_operation *x = stepc_graph_find(graph, "x");

    cr_assert_eq(stepc_operation_output_dtype(x, 0), STEPC_INT32);
    cr_assert_eq(stepc_operation_output_count(x), 1);
    cr_assert(text_equal(operation_string(x, "_a"), TEXT_LITERAL("x")));
    cr_assert_null(operation_attr(x, "foo"));
    stepc_graph_release(graph);
    /* a oneof set twice: what came last counts */
    wire node = node_of("x", "Placeholder"), w = {0}, value = {0};
    wire_text(&value, 2, "string");
    wire_int(&value, 6, 1);
    wire_attr(&node, "dtype", &value);
    wire_sub(&w, 1, &node);
    cr_assert_code(wire_code(&w), STEPC_OK);
}

Test(bad_input, B08_numbers_of_inputs)
{
    static const char *const numbers[] = {"0", "-1", "2147483648", "1", "3", "65537"};
    char source[1024];

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        snprintf(source, sizeof(source), "%snode { name: 'y' op: 'AddN' input: 'x' input: 'x' %s attr { key: 'N' value { i: %s } } }",
                 PLACEHOLDER("x"), FLOAT_T, numbers[i]);
        stepc_code code = text_code(source);
        cr_assert(code == STEPC_INVALID_ARGUMENT || (code == STEPC_RESOURCE_EXHAUSTED && strlen(numbers[i]) > 4), "%s: %s",
                  numbers[i], test_error.message);
    }
}

Test(bad_input, B06_B21_values_not_allowed)
{
    cr_assert_code(text_code("node { name: 'c' op: 'Conv2D' attr { key: 'padding' value { s: 'same' } } }"),
                   STEPC_INVALID_ARGUMENT);
    cr_assert_message("Value for attr 'padding' of \"same\" is not in the list of allowed values: \"SAME\", \"VALID\"");
    cr_assert_code(text_code("node { name: 'c' op: 'Conv2D' attr { key: 'data_format' value { s: 'NHWC\\000' } } }"),
                   STEPC_INVALID_ARGUMENT);
#define SHAPED(shape) "node { name: 'x' op: 'Placeholder' attr { key: 'shape' value { shape { " shape " } } } }"
    cr_assert_code(text_code(SHAPED("unknown_rank: true dim { size: 1 }")), STEPC_INVALID_ARGUMENT);
    cr_assert_code(text_code(SHAPED("dim { size: -2 }")), STEPC_INVALID_ARGUMENT);
    cr_assert_message("dimension 0 of a shape is -2");
}

/* ---- 3C, 3D: shapes and tensors -------------------------------------------------------------------- */

/* A Const of DTYPE with the given fields. */
static stepc_code const_code(const char *dtype, const char *fields)
{
    char source[1024];

    snprintf(source, sizeof(source), "node { name: 'c' op: 'Const' attr { key: 'dtype' value { type: %s } } attr { key: 'value' value "
             "{ tensor { dtype: %s %s } } } }", dtype, dtype, fields);
    return text_code(source);
}

Test(bad_input, C01_dimensions_that_overflow)
{
    static const char *const bad[] = {"dim { size: 4294967296 } dim { size: 4294967296 }",
                                      "dim { size: 9223372036854775807 } dim { size: 2 }",
                                      "dim { size: 2147483648 } dim { size: 2147483648 } dim { size: 2147483648 }",
                                      "dim { size: -3 }", "dim { size: -1 }", "unknown_rank: true",
                                      "dim { size: 0 } dim { size: -1 }"};
    char fields[512];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(fields, sizeof(fields), "tensor_shape { %s }", bad[i]);
        cr_assert_code(const_code("DT_FLOAT", fields), STEPC_INVALID_ARGUMENT);
    }
    cr_assert_code(const_code("DT_FLOAT", "tensor_shape { dim { size: 4611686018427387904 } dim { size: 0 } dim { size: "
                                          "4611686018427387904 } }"), STEPC_OK);
}

Test(bad_input, C02_bytes_that_overflow)
{
    stepc_code code = const_code("DT_DOUBLE", "tensor_shape { dim { size: 2305843009213693952 } }");

    cr_assert(code == STEPC_INVALID_ARGUMENT || code == STEPC_RESOURCE_EXHAUSTED);
    cr_assert_code(const_code("DT_DOUBLE", "tensor_shape { dim { size: 1073741825 } }"), STEPC_RESOURCE_EXHAUSTED);
    cr_assert_message("tensor_bytes");
}

Test(bad_input, D01_content_length)
{
    cr_assert_code(const_code("DT_INT32", "tensor_shape { dim { size: 1 } } tensor_content: 'abc'"), STEPC_INVALID_ARGUMENT);
    cr_assert_code(const_code("DT_INT32", "tensor_shape { dim { size: 1 } } tensor_content: 'abcde'"), STEPC_INVALID_ARGUMENT);
    cr_assert_code(const_code("DT_INT32", "tensor_shape { dim { size: 1 } } tensor_content: 'abcdabcd'"), STEPC_INVALID_ARGUMENT);
    cr_assert_code(const_code("DT_INT32", "tensor_shape { dim { size: 2 } } tensor_content: 'abcd'"), STEPC_INVALID_ARGUMENT);
    cr_assert_code(const_code("DT_INT32", "tensor_shape { dim { size: 1 } } tensor_content: 'abcd'"), STEPC_OK);
    cr_assert_message("");
}

/* As TensorFlow: content wins, too few repeat the last, too many are ignored (test_tensor_proto.c has the values). */
Test(bad_input, D02_D04_D09_D13_values_as_tensorflow_takes_them)
{
    cr_assert_code(const_code("DT_FLOAT", "tensor_shape { dim { size: 1 } } tensor_content: 'abcd' float_val: 1"), STEPC_OK);
    cr_assert_code(const_code("DT_FLOAT", "tensor_shape { dim { size: 2 } } float_val: [1, 2, 3]"), STEPC_OK);
    cr_assert_code(const_code("DT_FLOAT", "tensor_shape { dim { size: 2 } } int_val: 3"), STEPC_OK);
    cr_assert_code(const_code("DT_INT8", "tensor_shape { } int_val: 300"), STEPC_OK);
    cr_assert_code(const_code("DT_HALF", "tensor_shape { } half_val: 65536"), STEPC_OK);
}

Test(bad_input, D03_splat_bomb)
{
    alarm(5); /* a hang ends this test */
    cr_assert_code(const_code("DT_FLOAT", "tensor_shape { dim { size: 2147483648 } } float_val: 1"), STEPC_OK); /* not unfolded */
    cr_assert_code(const_code("DT_DOUBLE", "tensor_shape { dim { size: 2147483648 } } double_val: 1"), STEPC_RESOURCE_EXHAUSTED);
}

Test(bad_input, D05_packed_lengths)
{
    static const struct {
        unsigned field;
        const char *bytes;
        size_t size;
    } cases[] = {{5, "abc", 3}, {6, "abcd", 4}, {9, "abcde", 5}, {12, "abc", 3}, {7, "\x80", 1}, {10, "\x01\xff", 2},
                 {7, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wire tensor = {0}, value = {0}, node = node_of("c", "Const"), graph = {0};
        wire_bytes(&tensor, cases[i].field, cases[i].bytes, cases[i].size);
        wire_sub(&value, 8, &tensor);
        wire_attr(&node, "value", &value);
        wire_sub(&graph, 1, &node);
        cr_assert_code(wire_code(&graph), STEPC_DATA_LOSS);
        cr_assert_geq(test_error.offset, 0);
    }
}

Test(bad_input, D06_strings)
{
    wire tensor = {0}, value = {0}, type = {0}, node = node_of("c", "Const"), graph = {0}, dim = {0}, shape = {0};

    wire_int(&tensor, 1, STEPC_STRING);
    wire_int(&dim, 1, 1000000);
    wire_sub(&shape, 2, &dim);
    wire_sub(&tensor, 2, &shape);
    for (int i = 0; i < 1000000; i++)
        wire_text(&tensor, 8, "");
    wire_sub(&value, 8, &tensor);
    wire_attr(&node, "value", &value);
    wire_int(&type, 6, STEPC_STRING);
    wire_attr(&node, "dtype", &type);
    wire_sub(&graph, 1, &node);
    cr_assert_code(wire_code(&graph), STEPC_OK);

    cr_assert_code(const_code("DT_STRING", "tensor_shape { } tensor_content: '\\377\\377\\377\\377\\007abc'"), STEPC_DATA_LOSS);
    cr_assert_code(const_code("DT_STRING", "tensor_shape { } tensor_content: '\\377'"), STEPC_DATA_LOSS);
    cr_assert_code(const_code("DT_STRING", "tensor_shape { } tensor_content: '\\001ab'"), STEPC_DATA_LOSS);
    cr_assert_code(const_code("DT_STRING", "tensor_shape { } tensor_content: '\\002ab'"), STEPC_OK);
}

/* Bits of every half, and NaN payloads, -0 and denormals of floats, come through decoding. */
Test(bad_input, D07_bits_are_kept)
{
    static const uint32_t bits[] = {0x7fc00001, 0x7f800001, 0xffffffff, 0x80000000, 1, 0x007fffff, 0x7f800000, 0xff800000};
    arena memory;
    stepc_tensor *tensor;
    message *tree;

    arena_init(&memory, NULL);
    error_init(&test_error);
    for (int dtype = 0; dtype < 2; dtype++) {
        tree = message_new(&memory, &message_tensor_proto);
        message_add_int(&memory, tree, "dtype", dtype == 0 ? STEPC_HALF : STEPC_BFLOAT16);
        message_add_int(&memory, message_add(&memory, message_add(&memory, tree, "tensor_shape")->child, "dim")->child, "size",
                        65536);
        for (int i = 0; i < 65536; i++)
            message_add_int(&memory, tree, "half_val", i);
        cr_assert_code(tensor_proto_decode(NULL, tree, &tensor, &test_error), STEPC_OK);
        for (int i = 0; i < 65536; i++)
            cr_assert_eq(((uint16_t *)stepc_tensor_data(tensor))[i], i);
        stepc_tensor_release(tensor);
    }
    tree = message_new(&memory, &message_tensor_proto);
    message_add_int(&memory, tree, "dtype", STEPC_FLOAT32);
    message_add_int(&memory, message_add(&memory, message_add(&memory, tree, "tensor_shape")->child, "dim")->child, "size", 8);
    for (int i = 0; i < 8; i++)
        message_add_int(&memory, tree, "float_val", bits[i]);
    cr_assert_code(tensor_proto_decode(NULL, tree, &tensor, &test_error), STEPC_OK);
    cr_assert_eq(memcmp(stepc_tensor_data(tensor), bits, sizeof(bits)), 0);
    stepc_tensor_release(tensor);
    arena_release(&memory);
}

Test(bad_input, D08_bools_become_one)
{
    cr_assert_code(const_code("DT_BOOL", "tensor_shape { dim { size: 2 } } tensor_content: '\\002\\377'"), STEPC_OK);
}

Test(bad_input, D10_dtypes_without_constants)
{
    cr_assert_code(const_code("DT_RESOURCE", "tensor_shape { }"), STEPC_UNIMPLEMENTED);
    cr_assert_code(const_code("DT_VARIANT", "tensor_shape { }"), STEPC_UNIMPLEMENTED);
    cr_assert_code(const_code("DT_QINT8", "tensor_shape { } int_val: 1"), STEPC_OK); /* stored as int8 */
}

Test(bad_input, D11_shapes)
{
    char fields[8192] = "tensor_shape { ";

    cr_assert_code(const_code("DT_FLOAT", "float_val: 1"), STEPC_OK);
    cr_assert_code(const_code("DT_FLOAT", "tensor_shape { dim { size: -1 } }"), STEPC_INVALID_ARGUMENT);
    for (int i = 0; i < 255; i++)
        strcat(fields, "dim{size:1}");
    wire w = {0};
    wire_add(&w, "node{name:'c' op:'Const' attr{key:'value' value{tensor{dtype:DT_FLOAT ", 70);
    wire_add(&w, fields, strlen(fields));
    wire_add(&w, "}}}}}", 5);
    cr_assert_code(wire_code(&w), STEPC_INVALID_ARGUMENT);
    cr_assert_message("254");
}
