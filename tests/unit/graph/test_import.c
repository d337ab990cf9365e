/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_test.h"

Test(import, operations_edges_and_getters)
{
    stepc_graph *graph = must_parse("node { name: 's' op: 'Split' input: 'axis' input: 'x' device: '/cpu:0' " FLOAT_T
                                    " attr { key: 'num_split' value { i: 3 } } }\n" PLACEHOLDER("x")
                                    "node { name: 'axis' op: 'Const' attr { key: 'dtype' value { type: DT_INT32 } } attr { "
                                    "key: 'value' value { tensor { dtype: DT_INT32 tensor_shape {} int_val: 0 } } } }\n"
                                    ADD("a/sum", "s:1", "s:2") IDENTITY("i", "a/sum:0' input: '^x' input: '^s' input: '^x"));
    const stepc_operation *split = stepc_graph_operation_at(graph, 0);
    const stepc_operation *sum = stepc_graph_find(graph, "a/sum");
    const stepc_operation *i = stepc_graph_find(graph, "i");

    cr_assert_eq(stepc_graph_operation_count(graph), 5);
    cr_assert_str_eq(stepc_operation_name(split), "s");
    cr_assert_str_eq(stepc_operation_type(split), "Split");
    cr_assert_str_eq(stepc_operation_device(split), "/cpu:0");
    cr_assert_eq(stepc_operation_output_count(split), 3);
    cr_assert_eq(stepc_operation_output_dtype(split, 2), STEPC_FLOAT32);
    cr_assert_eq(stepc_operation_output_dtype(split, 3), STEPC_DTYPE_INVALID);
    cr_assert_eq(stepc_operation_input(sum, 1).op, split);
    cr_assert_eq(stepc_operation_input(sum, 1).index, 2);
    cr_assert_null(stepc_operation_input(sum, 2).op);
    cr_assert_eq(stepc_operation_input_count(i), 1);
    cr_assert_eq(i->control_count, 2);
    cr_assert_eq(i->controls[0], stepc_graph_find(graph, "x"));
    cr_assert_eq(i->controls[1], split);
    cr_assert_null(stepc_graph_find(graph, "a"));
    cr_assert_null(stepc_graph_operation_at(graph, 5));
    cr_assert_null(stepc_graph_operation_at(graph, -1));
    stepc_graph_release(stepc_graph_retain(graph));
    stepc_graph_release(graph);
}

Test(import, defaults_are_filled_in_and_not_written)
{
    const char *source = PLACEHOLDER("x") PLACEHOLDER("w")
        "node { name: 'c' op: 'Conv2D' input: 'x' input: 'w' " FLOAT_T " attr { key: 'padding' value { s: 'SAME' } }"
        " attr { key: 'strides' value { list { i: [1, 2, 2, 1] } } } attr { key: '_mine' value { i: 7 } }"
        " attr { key: 'invented_later' value { i: 7 } } }";
    stepc_graph *graph = must_parse(source);
    const stepc_operation *c = stepc_graph_find(graph, "c");
    const attr_value *dilations = operation_attr(c, "dilations");

    cr_assert(dilations->from_default && dilations->is_list && dilations->kind == ATTR_INT);
    cr_assert_eq(dilations->count, 4);
    cr_assert_eq(dilations->as.i_list[3], 1);
    cr_assert(text_equal(operation_string(c, "data_format"), TEXT_LITERAL("NHWC")));
    cr_assert(operation_bool(c, "use_cudnn_on_gpu", false));
    cr_assert_eq(operation_attr(c, "explicit_paddings")->count, 0);
    cr_assert_not(operation_attr(c, "strides")->from_default);
    cr_assert_eq(operation_attr(c, "strides")->as.i_list[1], 2);
    cr_assert_eq(operation_type(c, "T"), STEPC_FLOAT32);
    cr_assert_eq(operation_int(c, "_mine", 0), 7);
    cr_assert_null(operation_attr(c, "invented_later"));
    cr_assert_eq(operation_float(c, "_mine", 1.5f), 1.5f);

    void *data;
    size_t size;
    cr_assert_code(stepc_graph_write(graph, STEPC_GRAPH_TEXT, &data, &size, &test_error), STEPC_OK);
    cr_assert_null(strstr(data, "dilations"));
    cr_assert_not_null(strstr(data, "_mine"));
    stepc_graph_text_free(graph, data, size);
    stepc_graph_release(graph);
}

/* Every default of the table parses: a node of each operator whose required attributes have simple kinds. */
Test(import, every_default_parses)
{
    for (size_t k = 0; k < op_def_count(); k++) {
        const op_def *def = op_def_at(k);
        wire node = {0}, graph = {0};
        wire_text(&node, 1, "n");
        wire_text(&node, 2, def->name);
        for (int32_t i = 0; i < def->attr_count; i++) {
            const op_attr *a = &def->attrs[i];
            wire value = {0}, list = {0};
            int type = 1;
            while (a->allowed_types != 0 && (a->allowed_types >> type & 1) == 0)
                type++;
            if (a->has_default)
                continue;
            wire *to = a->is_list ? &list : &value;
            int64_t count = a->is_list ? (a->has_minimum ? a->minimum : 0) : 1;
            for (int64_t n = 0; n < count; n++)
                switch (a->kind) {
                case ATTR_STRING: wire_text(to, 2, a->allowed != NULL ? a->allowed[0] : "s"); break;
                case ATTR_INT: wire_int(to, 3, (uint64_t)(a->has_minimum && !a->is_list ? a->minimum : 0)); break;
                case ATTR_FLOAT: wire_tag(to, 4, 5), wire_add(to, "\0\0\0\0", 4); break;
                case ATTR_BOOL: wire_int(to, 5, 1); break;
                case ATTR_TYPE: wire_int(to, 6, (uint64_t)type); break;
                case ATTR_SHAPE: wire_text(to, 7, ""); break;
                case ATTR_TENSOR: wire_bytes(to, 8, "\x08\x01", 2); break;
                case ATTR_FUNCTION: wire_text(to, a->is_list ? 9 : 10, ""); break;
                case ATTR_NONE:
                case ATTR_PLACEHOLDER: break;
                }
            if (a->is_list)
                wire_sub(&value, 1, &list);
            wire_attr(&node, a->name, &value);
        }
        wire_sub(&graph, 1, &node);
        stepc_code code = wire_code(&graph);
        /* Those with inputs lack them; the attributes came through if nothing else is said. */
        cr_assert(code == STEPC_OK || strstr(test_error.message, "NodeDef expected inputs") != NULL, "%s: %s", def->name,
                  test_error.message);
    }
}

Test(import, reference_types)
{
    const char *variable = "node { name: 'v' op: 'VariableV2' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'shape' "
                           "value { shape { dim { size: 2 } } } } }\n";
    char source[1024];

    snprintf(source, sizeof(source), "%s%s%s", variable, PLACEHOLDER("x"), IDENTITY("read", "v"));
    stepc_graph *graph = must_parse(source); /* reference to value converts */
    cr_assert_eq(stepc_operation_output_dtype(stepc_graph_find(graph, "v"), 0), STEPC_FLOAT32 + STEPC_DTYPE_REF);
    cr_assert_eq(operation_attr(stepc_graph_find(graph, "v"), "shape")->as.shape.dims[0], 2);
    stepc_graph_release(graph);

    snprintf(source, sizeof(source), "%s%snode { name: 'a' op: 'Assign' input: 'v' input: 'x' " FLOAT_T " }", variable,
             PLACEHOLDER("x"));
    cr_assert_code(text_code(source), STEPC_OK);
    snprintf(source, sizeof(source), "%s%snode { name: 'a' op: 'Assign' input: 'x' input: 'v' " FLOAT_T " }", variable,
             PLACEHOLDER("x"));
    cr_assert_code(text_code(source), STEPC_INVALID_ARGUMENT);
    cr_assert_message("Input 0 of node a was passed float from x:0 incompatible with expected float_ref.");
}

Test(import, find_output_texts)
{
    stepc_graph *graph = must_parse(PLACEHOLDER("x") "node { name: 'no' op: 'NoOp' }");
    stepc_output out;

    cr_assert_code(stepc_graph_find_output(graph, "x:0", &out, &test_error), STEPC_OK);
    cr_assert_eq(out.op, stepc_graph_find(graph, "x"));
    cr_assert_code(stepc_graph_find_output(graph, "x", &out, &test_error), STEPC_OK);
    cr_assert_eq(out.index, 0);
    cr_assert_code(stepc_graph_find_output(graph, "y:0", &out, &test_error), STEPC_NOT_FOUND);
    cr_assert_message("The name 'y:0' refers to a Tensor which does not exist. The operation, 'y', does not exist in the graph.");
    cr_assert_code(stepc_graph_find_output(graph, "x:7", &out, &test_error), STEPC_INVALID_ARGUMENT);
    cr_assert_message("The name 'x:7' refers to a Tensor which does not exist. The operation, 'x', exists but only has 1 outputs.");
    cr_assert_code(stepc_graph_find_output(graph, "y", &out, &test_error), STEPC_NOT_FOUND);
    cr_assert_message("The name 'y' refers to an Operation not in the graph.");
    cr_assert_code(stepc_graph_find_output(graph, "no", &out, &test_error), STEPC_INVALID_ARGUMENT);
    static const char *const bad[] = {"x:", "a:b:c", "", "^x", ":0", "x:99999999999", "x:-1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cr_assert_code(stepc_graph_find_output(graph, bad[i], &out, &test_error), STEPC_INVALID_ARGUMENT);
        cr_assert_message("looks a like a Tensor name, but is not a valid one");
        cr_assert_null(out.op);
    }
    cr_assert_code(stepc_graph_find_output(NULL, "x", &out, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_code(stepc_graph_find_output(graph, NULL, &out, NULL), STEPC_INVALID_ARGUMENT);
    stepc_graph_release(graph);
}

Test(import, placeholder_shape_before_22)
{
    static const struct {
        int producer;
        bool unknown;
    } cases[] = {{0, true}, {21, true}, {22, false}, {1087, false}};
    char source[512];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(source, sizeof(source), "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } attr { "
                 "key: 'shape' value { shape { } } } } versions { producer: %d }", cases[i].producer);
        stepc_graph *graph = must_parse(source);
        cr_assert_eq(operation_attr(stepc_graph_find(graph, "x"), "shape")->as.shape.unknown_rank, cases[i].unknown);
        stepc_graph_release(graph);
    }
}

Test(import, deprecated_operators)
{
    const char *inv = PLACEHOLDER("x") "node { name: 'i' op: 'BatchFFT' input: 'x' }";
    const op_def *def = op_def_find(TEXT_LITERAL("BatchFFT"));
    char source[1024];

    cr_assert_eq(def->deprecated_at, 15);
    snprintf(source, sizeof(source), "%s versions { producer: 15 }", inv);
    cr_assert_code(text_code(source), STEPC_UNIMPLEMENTED);
    cr_assert_message("Op BatchFFT is not available in GraphDef version 15. It has been removed in version 15.");
    snprintf(source, sizeof(source), "%s versions { producer: 14 }", inv);
    cr_assert_code(text_code(source), STEPC_INVALID_ARGUMENT); /* known, but fed with floats */
    cr_assert_message("was passed float from x:0 incompatible with expected complex64");
    snprintf(source, sizeof(source), "%s version: 15", inv); /* the field of old graphs */
    cr_assert_code(text_code(source), STEPC_UNIMPLEMENTED);
}

/* A call of a library function takes its outputs from the signature. */
Test(import, function_calls)
{
    const char *library = "library { function { signature { name: 'f' input_arg { name: 'a' type_attr: 'T' } output_arg { name: "
                          "'b' type_attr: 'T' number_attr: 'N' } output_arg { name: 'c' type: DT_INT32 } attr { name: 'T' type: "
                          "'type' } attr { name: 'N' type: 'int' default_value { i: 2 } } } } }";
    char source[2048];

    snprintf(source, sizeof(source), "%s%s%s", library, PLACEHOLDER("x"), "node { name: 'y' op: 'f' input: 'x' " FLOAT_T " }");
    stepc_graph *graph = must_parse(source);
    const stepc_operation *y = stepc_graph_find(graph, "y");
    cr_assert_null(y->def);
    cr_assert_eq(stepc_operation_output_count(y), 3);
    cr_assert_eq(stepc_operation_output_dtype(y, 1), STEPC_FLOAT32);
    cr_assert_eq(stepc_operation_output_dtype(y, 2), STEPC_INT32);
    stepc_graph_release(graph);

    snprintf(source, sizeof(source), "%s%s%s", library, PLACEHOLDER("x"), "node { name: 'y' op: 'f' input: 'x' }");
    cr_assert_code(text_code(source), STEPC_INVALID_ARGUMENT);
    cr_assert_message("NodeDef missing attr 'T' from Op<name=f>");
    snprintf(source, sizeof(source), "%s%s%s", library, PLACEHOLDER("x"), "node { name: 'y' op: 'f' " FLOAT_T " }");
    cr_assert_code(text_code(source), STEPC_INVALID_ARGUMENT);
}

Test(import, while_loop_may_close_its_cycle)
{
    const char *loop = PLACEHOLDER("x")
        "node { name: 'p' op: 'Placeholder' attr { key: 'dtype' value { type: DT_BOOL } } }"
        "node { name: 'enter' op: 'Enter' input: 'x' " FLOAT_T " attr { key: 'frame_name' value { s: 'f' } } }"
        "node { name: 'merge' op: 'Merge' input: 'enter' input: 'next' " FLOAT_T " attr { key: 'N' value { i: 2 } } }"
        "node { name: 'switch' op: 'Switch' input: 'merge' input: 'p' " FLOAT_T " }"
        "node { name: 'next' op: 'NextIteration' input: 'switch:1' " FLOAT_T " }"
        "node { name: 'exit' op: 'Exit' input: 'switch' " FLOAT_T " }";

    cr_assert_code(text_code(loop), STEPC_OK);
}

Test(import, foreign_arguments)
{
    stepc_graph *graph;

    cr_assert_code(stepc_graph_load(NULL, NULL, &graph, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_code(stepc_graph_load("x", NULL, NULL, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_code(stepc_graph_parse("x", NULL, 1, NULL, &graph, NULL), STEPC_INVALID_ARGUMENT);
    error_init(&test_error);
    cr_assert_code(stepc_graph_load("/nonexistent/graph.pb", NULL, &graph, &test_error), STEPC_NOT_FOUND);
    cr_assert_null(graph);
    stepc_graph_release(NULL);
    cr_assert_eq(stepc_graph_operation_count(NULL), 0);
    cr_assert_str_eq(stepc_operation_name(NULL), "");
}

/* What a MetaGraphDef says of an operator that the registry lacks. */
Test(import, operators_described_by_the_file)
{
    const char *source = "meta_info_def { stripped_op_list { op { name: 'Mine' input_arg { name: 'a' type_attr: 'T' } output_arg { "
                         "name: 'b' type: DT_INT64 } attr { name: 'T' type: 'type' } attr { name: 'k' type: 'int' default_value { "
                         "i: 5 } } } op { name: 'Identity' } } } graph_def { " PLACEHOLDER("x")
                         "node { name: 'm' op: 'Mine' input: 'x' " FLOAT_T " }" IDENTITY("i", "x") "}";
    stepc_graph *graph;
    message *tree;

    error_init(&test_error);
    cr_assert_code(graph_new(NULL, "meta", &graph, &test_error), STEPC_OK);
    cr_assert_code(message_read_text(&graph->host, &graph->memory, &message_meta_graph_def, "meta", source, strlen(source), &tree,
                                     &test_error), STEPC_OK);
    graph->op_list = message_get(message_get(tree, "meta_info_def")->child, "stripped_op_list")->child;
    cr_assert_code(graph_import(graph, message_get(tree, "graph_def")->child, &test_error), STEPC_OK);
    const stepc_operation *m = stepc_graph_find(graph, "m");
    cr_assert_null(m->def);
    cr_assert_eq(stepc_operation_output_dtype(m, 0), STEPC_INT64);
    cr_assert_eq(operation_int(m, "k", 0), 5);
    cr_assert_not_null(stepc_graph_find(graph, "i")->def); /* the registry comes first */
    stepc_graph_release(graph);
}

/* A graph without the tree it was read from, as a pass makes it, is written from its operations. */
Test(import, writing_without_a_source)
{
    const char *source = PLACEHOLDER("x")
        "node { name: 'c' op: 'Const' attr { key: 'dtype' value { type: DT_INT32 } } attr { key: 'value' value { tensor { dtype: "
        "DT_INT32 tensor_shape { } int_val: 7 } } } attr { key: '_list' value { list { f: 1.5 f: 2.5 } } } }"
        "node { name: 's' op: 'Split' input: 'c' input: 'x' device: '/cpu:0' " FLOAT_T " attr { key: 'num_split' value { i: 2 } } }"
        ADD("y", "s:1", "s' input: '^c") " versions { producer: 27 }";
    stepc_graph *graph = must_parse(source);
    stepc_graph *again;
    void *data;
    size_t size;

    graph->source = NULL;
    for (int32_t i = 0; i < graph->operation_count; i++)
        for (int32_t k = 0; k < graph->operations[i]->attr_count; k++)
            ((attr_value *)(uintptr_t)graph->operations[i]->attrs)[k].source = NULL;
    cr_assert_code(stepc_graph_write(graph, STEPC_GRAPH_BINARY, &data, &size, &test_error), STEPC_OK);
    cr_assert_code(stepc_graph_parse("again", data, size, NULL, &again, &test_error), STEPC_OK);
    const stepc_operation *y = stepc_graph_find(again, "y");
    cr_assert_eq(y->inputs[0].index, 1);
    cr_assert_eq(y->inputs[1].index, 0);
    cr_assert_eq(y->control_count, 1);
    cr_assert_str_eq(stepc_operation_device(stepc_graph_find(again, "s")), "/cpu:0");
    cr_assert_eq(operation_attr(stepc_graph_find(again, "c"), "_list")->as.f_list[1], 2.5f);
    cr_assert(operation_attr(stepc_graph_find(again, "x"), "shape")->from_default);
    cr_assert_eq(again->producer, 27);
    stepc_graph_text_free(graph, data, size);
    stepc_graph_release(graph);
    stepc_graph_release(again);
}

/* Without a record the codes are the same. */
Test(import, no_error_record_is_needed)
{
    static const struct {
        const char *text;
        stepc_code code;
    } cases[] = {
        {"", STEPC_INVALID_ARGUMENT},
        {"node {", STEPC_INVALID_ARGUMENT},
        {"node { name: \"a\" op: \"NoSuchOperator\" }", STEPC_NOT_FOUND},
        {"\x0a\x05zz", STEPC_DATA_LOSS},
    };
    stepc_graph *graph;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_eq(stepc_graph_parse("g", cases[i].text, strlen(cases[i].text), NULL, &graph, &test_error), cases[i].code);
        cr_expect_eq(stepc_graph_parse("g", cases[i].text, strlen(cases[i].text), NULL, &graph, NULL), cases[i].code);
        cr_expect_null(graph);
    }
    cr_expect_eq(stepc_graph_load("/nonexistent/graph.pb", NULL, &graph, NULL), STEPC_NOT_FOUND);
}
