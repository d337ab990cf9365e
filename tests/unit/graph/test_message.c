/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_test.h"

/* A scalar Const c = 2.5f, producer 27, spelled out by hand from the wire format's rules. */
static const uint8_t scalar_const[] = {
    0x0a, 0x2e, 0x0a, 0x01, 0x63, 0x12, 0x05, 0x43, 0x6f, 0x6e, 0x73, 0x74, 0x2a, 0x0b, 0x0a, 0x05, 0x64, 0x74,
    0x79, 0x70, 0x65, 0x12, 0x02, 0x30, 0x01, 0x2a, 0x15, 0x0a, 0x05, 0x76, 0x61, 0x6c, 0x75, 0x65, 0x12, 0x0c,
    0x42, 0x0a, 0x08, 0x01, 0x12, 0x00, 0x2a, 0x04, 0x00, 0x00, 0x20, 0x40, 0x22, 0x02, 0x08, 0x1b};

static const char scalar_const_text[] = "node {\n"
                                        "  name: \"c\"\n"
                                        "  op: \"Const\"\n"
                                        "  attr {\n"
                                        "    key: \"dtype\"\n"
                                        "    value {\n"
                                        "      type: DT_FLOAT\n"
                                        "    }\n"
                                        "  }\n"
                                        "  attr {\n"
                                        "    key: \"value\"\n"
                                        "    value {\n"
                                        "      tensor {\n"
                                        "        dtype: DT_FLOAT\n"
                                        "        tensor_shape {\n"
                                        "        }\n"
                                        "        float_val: 2.5\n"
                                        "      }\n"
                                        "    }\n"
                                        "  }\n"
                                        "}\n"
                                        "versions {\n"
                                        "  producer: 27\n"
                                        "}\n";

static stepc_graph *graph_of(const void *data, size_t size)
{
    stepc_graph *graph = NULL;

    error_init(&test_error);
    cr_assert_code(stepc_graph_parse("g", data, size, NULL, &graph, &test_error), STEPC_OK);
    return graph;
}

static void check_written(const stepc_graph *graph, stepc_graph_format format, const void *expected, size_t size)
{
    void *data;
    size_t bytes;

    cr_assert_code(stepc_graph_write(graph, format, &data, &bytes, &test_error), STEPC_OK);
    cr_assert_eq(bytes, size, "%zu bytes instead of %zu:\n%.*s", bytes, size, (int)bytes, (char *)data);
    cr_assert_eq(memcmp(data, expected, size), 0, "%.*s", (int)bytes, (char *)data);
    stepc_graph_text_free(graph, data, bytes);
}

Test(message, golden_scalar_const)
{
    stepc_graph *graph = graph_of(scalar_const, sizeof(scalar_const));
    const stepc_operation *c = stepc_graph_find(graph, "c");
    stepc_tensor *value;

    cr_assert_eq(graph->producer, 27);
    cr_assert_str_eq(stepc_operation_type(c), "Const");
    cr_assert_eq(stepc_operation_output_dtype(c, 0), STEPC_FLOAT32);
    cr_assert_code(tensor_proto_decode(NULL, operation_attr(c, "value")->as.tensor, &value, &test_error), STEPC_OK);
    cr_assert_eq(stepc_tensor_rank(value), 0);
    cr_assert_eq(*(float *)stepc_tensor_data(value), 2.5f);
    stepc_tensor_release(value);
    check_written(graph, STEPC_GRAPH_BINARY, scalar_const, sizeof(scalar_const));
    check_written(graph, STEPC_GRAPH_TEXT, scalar_const_text, sizeof(scalar_const_text) - 1);
    stepc_graph_release(graph);

    graph = graph_of(scalar_const_text, sizeof(scalar_const_text) - 1);
    check_written(graph, STEPC_GRAPH_BINARY, scalar_const, sizeof(scalar_const));
    stepc_graph_release(graph);
}

/* Every spelling of section 4.4 that says the same graph gives the same bytes. */
Test(message, text_spellings)
{
    static const char *const spellings[] = {
        "# comment\nnode: < name: 'c', op: \"Co\" 'nst'; attr { key: 'dtype' value { type: 1 } } # more\n"
        "attr { key: \"value\" value: { tensor { dtype: DT_FLOAT tensor_shape {} float_val: [ 2.5f ] } } } > "
        "versions { producer: 0x1b }",
        "\n\n node{name:\"\\143\"op:\"\\x43onst\"attr{key:\"dtype\"value{type:DT_FLOAT}}"
        "attr{key:\"\\u0076alue\"value{tensor{dtype:DT_FLOAT tensor_shape{}float_val:25e-1}}}}versions{producer:033}",
    };

    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        stepc_graph *graph = graph_of(spellings[i], strlen(spellings[i]));
        check_written(graph, STEPC_GRAPH_BINARY, scalar_const, sizeof(scalar_const));
        stepc_graph_release(graph);
    }
}

Test(message, text_lists_of_messages)
{
    const char *source = "node [ { name: 'a' op: 'NoOp' }, < name: 'b' op: 'NoOp' input: '^a' > ] library { function: [] }";
    stepc_graph *graph = must_parse(source);

    cr_assert_eq(stepc_graph_operation_count(graph), 2);
    cr_assert_eq(stepc_graph_find(graph, "b")->control_count, 1);
    stepc_graph_release(graph);
}

static void check_text_error(const char *source, const char *words)
{
    cr_assert_code(text_code(source), STEPC_INVALID_ARGUMENT);
    cr_assert(strstr(test_error.message, words) != NULL, "%s: %s", source, test_error.message);
}

Test(message, text_errors)
{
    check_text_error("node {\n  name: 'a'\n  nam: 'b'\n}", "line 3 column 3: unknown field of NodeDef 'nam'");
    check_text_error("node {\n  name: 'a", "line 2 column 9: a string is not closed");
    check_text_error("node { name: 'a'", "the text ends within a message");
    check_text_error("node { name: a }", "expected a quoted string");
    check_text_error("node { name 'a' }", "expected ':'");
    check_text_error("node }", "expected '{'");
    check_text_error("versions { producer: 2147483648 }", "not a value of this field");
    check_text_error("versions { producer: 1.5 }", "not a value of this field");
    check_text_error("versions { producer: }", "expected a value");
    check_text_error("node { attr { key: 'T' value { type: DT_NONE } } }", "unknown enum value 'DT_NONE'");
    check_text_error("node { attr { key: 'T' value { b: yes } } }", "not a value of this field");
    check_text_error("node { name: 'a\\q' }", "bad escape");
    check_text_error("node { name: 'a\\777' }", "bad escape");
    check_text_error("node { name: '\\ud800' }", "bad escape");
    check_text_error("node { [ext] { } }", "extensions are not supported");
    check_text_error("versions { bad_consumers: [1, 2 }", "expected ',' or ']'");
    check_text_error("node { name: 'a' >", "expected a field name");
}

/* Numbers through text and back. */
Test(message, text_numbers)
{
    const char *source = "node { name: 'n' op: 'NoOp'"
                       " attr { key: '_f' value { list { f: inf f: -inf f: nan f: -0.0 f: 0.1 f: 1e-45 f: 7 f: 1.5f } } }"
                       " attr { key: '_i' value { list { i: -9223372036854775808 i: 9223372036854775807 i: -1 i: 017 } } }"
                       " attr { key: '_b' value { list { b: [ true, f, t, False, 1, 0 ] } } }"
                       " attr { key: '_s' value { s: \"a\\n\\\"\\'\\\\\\000\\377?\" } } }";
    static const uint32_t bits[] = {0x7f800000, 0xff800000, 0x7fc00000, 0x80000000, 0x3dcccccd, 1, 0x40e00000, 0x3fc00000};
    void *written = NULL;
    size_t size = 0;

    for (int round = 0; round < 3; round++) { /* text; our text; our binary */
        stepc_graph *graph = round == 0 ? must_parse(source) : graph_of(written, size);
        const stepc_operation *n = stepc_graph_find(graph, "n");
        const attr_value *f = operation_attr(n, "_f");
        cr_assert_eq(f->count, 8);
        cr_assert_eq(memcmp(f->as.f_list, bits, sizeof(bits)), 0);
        const attr_value *i = operation_attr(n, "_i");
        cr_assert_eq(i->count, 4);
        cr_assert(i->as.i_list[0] == INT64_MIN && i->as.i_list[1] == INT64_MAX && i->as.i_list[2] == -1 &&
                  i->as.i_list[3] == 15);
        const attr_value *b = operation_attr(n, "_b");
        cr_assert_eq(b->count, 6);
        cr_assert(b->as.b_list[0] && !b->as.b_list[1] && b->as.b_list[2] && !b->as.b_list[3] && b->as.b_list[4]);
        stepc_string s = operation_string(n, "_s");
        cr_assert_eq(s.size, 8);
        cr_assert_eq(memcmp(s.data, "a\n\"'\\\0\377?", 8), 0);
        free(written);
        void *data;
        cr_assert_code(stepc_graph_write(graph, round == 0 ? STEPC_GRAPH_TEXT : STEPC_GRAPH_BINARY, &data, &size,
                                         &test_error), STEPC_OK);
        written = malloc(size);
        memcpy(written, data, size);
        stepc_graph_text_free(graph, data, size);
        stepc_graph_release(graph);
    }
    free(written);
}

/* {"w": bundle entry of f32[2]} and the header, by hand. */
Test(message, golden_bundle)
{
    static const uint8_t header[] = {0x08, 0x01, 0x1a, 0x02, 0x08, 0x01};
    static const uint8_t entry[] = {0x08, 0x01, 0x12, 0x04, 0x12, 0x02, 0x08, 0x02, 0x28, 0x08, 0x35, 0x59, 0x3c, 0xe5, 0x35};
    arena memory;
    message *tree;

    error_init(&test_error);
    arena_init(&memory, NULL);
    cr_assert_code(message_read_binary(NULL, &memory, &message_bundle_header, "h", header, sizeof(header), &tree,
                                       &test_error), STEPC_OK);
    cr_assert_eq(message_int(tree, "num_shards", 0), 1);
    cr_assert_eq(message_int(message_get(tree, "version")->child, "producer", 0), 1);
    cr_assert_code(message_read_binary(NULL, &memory, &message_bundle_entry, "e", entry, sizeof(entry), &tree,
                                       &test_error), STEPC_OK);
    cr_assert_eq(message_int(tree, "dtype", 0), 1);
    cr_assert_eq(message_int(tree, "offset", 0), 0);
    cr_assert_eq(message_int(tree, "size", 0), 8);
    cr_assert_eq(message_int(tree, "crc32c", 0), 0x35e53c59);
    const message *shape = message_get(tree, "shape")->child;
    cr_assert_eq(message_count(shape, "dim"), 1);
    cr_assert_eq(message_int(message_get(shape, "dim")->child, "size", 0), 2);
    arena_release(&memory);
}

Test(message, config_with_callables)
{
    const char *source = "feed { id { node_name: 'x' output_index: 1 } shape { dim { size: 2 } } name: 'img' type: DT_FLOAT }\n"
                       "callable { name: 'a' feed { id { node_name: 'y' } } fetch { id { node_name: 'z' } } target: 'init' }";
    arena memory;
    message *tree;

    error_init(&test_error);
    arena_init(&memory, NULL);
    cr_assert_code(message_read_text(NULL, &memory, &message_tf2xla_config, "c", source, strlen(source), &tree, &test_error),
                   STEPC_OK);
    const message *feed = message_get(tree, "feed")->child;
    cr_assert_eq(message_int(message_get(feed, "id")->child, "output_index", 0), 1);
    const message *callable = message_get(tree, "callable")->child;
    cr_assert(text_equal(message_string(callable, "target"), TEXT_LITERAL("init")));
    arena_release(&memory);
}

/* A tree made by hand is written as protobuf would. */
Test(message, building)
{
    arena memory;
    text out;

    error_init(&test_error);
    arena_init(&memory, NULL);
    text_init(&out, NULL);
    message *graph = message_new(&memory, &message_graph_def);
    message *node = message_add(&memory, graph, "node")->child;
    cr_assert(message_add_string(&memory, node, "name", TEXT_LITERAL("c")));
    cr_assert(message_add_int(&memory, message_add(&memory, graph, "versions")->child, "producer", 27));
    cr_assert_null(message_add(&memory, graph, "nothing"));
    cr_assert_code(message_write_binary(NULL, graph, &out, &test_error), STEPC_OK);
    cr_assert_eq(out.size, 9);
    cr_assert_eq(memcmp(out.data, "\x0a\x03\x0a\x01" "c\x22\x02\x08\x1b", 9), 0);
    text_release(&out);
    arena_release(&memory);
}
