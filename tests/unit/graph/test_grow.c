/* SPDX-License-Identifier: Apache-2.0 */
/* GraphDefs added to a graph: names, input map, control inputs, all or nothing, and what is written. */
#include "tests/unit/graph/graph_test.h"

#include <pthread.h>

static stepc_graph *new_graph(void)
{
    stepc_graph *graph;

    error_init(&test_error);
    cr_assert_code(stepc_graph_new(NULL, &graph, &test_error), STEPC_OK);
    return graph;
}

static stepc_code add(stepc_graph *graph, const char *source, const stepc_import_options *options)
{
    error_init(&test_error);
    return stepc_graph_import(graph, "added", source, strlen(source), options, &test_error);
}

static char *written(const stepc_graph *graph, stepc_graph_format format, size_t *size) /* free */
{
    void *data;

    cr_assert_code(stepc_graph_write(graph, format, &data, size, &test_error), STEPC_OK);
    char *copy = malloc(*size + 1);
    memcpy(copy, data, *size + 1);
    stepc_graph_text_free(graph, data, *size);
    return copy;
}

Test(grow, a_new_graph_is_empty)
{
    stepc_graph *graph = new_graph();

    cr_assert_eq(stepc_graph_operation_count(graph), 0);
    cr_assert_null(stepc_graph_find(graph, "x"));
    cr_assert_null(stepc_graph_operation_at(graph, 0));
    cr_assert_code(stepc_graph_new(NULL, NULL, &test_error), STEPC_INVALID_ARGUMENT);
    stepc_graph_release(graph);
}

Test(grow, nothing_added_changes_nothing)
{
    stepc_graph *graph = new_graph();

    cr_assert_code(add(graph, "", NULL), STEPC_OK);
    cr_assert_code(add(graph, "versions { producer: 27 }", NULL), STEPC_OK);
    cr_assert_eq(stepc_graph_operation_count(graph), 0);
    cr_assert_code(stepc_graph_import(NULL, "n", "", 0, NULL, &test_error), STEPC_INVALID_ARGUMENT);
    stepc_graph_release(graph);
}

/* A graph that was read into an empty one is written byte for byte. */
Test(grow, the_first_import_is_written_as_it_was_read)
{
    stepc_graph *first = must_parse(PLACEHOLDER("x") IDENTITY("y", "x:0") "versions { producer: 27 }");
    stepc_graph *second = new_graph();
    size_t size, again_size;
    char *bytes = written(first, STEPC_GRAPH_BINARY, &size);

    cr_assert_code(stepc_graph_import(second, "b", bytes, size, NULL, &test_error), STEPC_OK);
    char *again = written(second, STEPC_GRAPH_BINARY, &again_size);
    cr_assert_eq(again_size, size);
    cr_assert_arr_eq(again, bytes, size);
    free(bytes);
    free(again);
    stepc_graph_release(first);
    stepc_graph_release(second);
}

Test(grow, operations_stay_where_they_are)
{
    stepc_graph *graph = must_parse(PLACEHOLDER("x"));
    const stepc_operation *x = stepc_graph_find(graph, "x");
    char source[256];

    for (int i = 0; i < 300; i++) {
        snprintf(source, sizeof source, PLACEHOLDER("p%d"), i);
        cr_assert_code(add(graph, source, NULL), STEPC_OK);
    }
    cr_assert_eq(stepc_graph_operation_count(graph), 301);
    cr_assert_eq(stepc_graph_find(graph, "x"), x);
    cr_assert_eq(stepc_graph_operation_at(graph, 0), x);
    cr_assert_str_eq(stepc_operation_name(stepc_graph_operation_at(graph, 300)), "p299");
    cr_assert_eq(stepc_graph_find(graph, "p123"), stepc_graph_operation_at(graph, 124));
    stepc_graph_release(graph);
}

/* Names of an added GraphDef speak of itself alone. */
Test(grow, a_prefix_stands_before_every_name)
{
    stepc_graph *graph = must_parse(PLACEHOLDER("x"));
    stepc_import_options options = {.size = sizeof options, .prefix = "imported"};
    const char *source = PLACEHOLDER("x") IDENTITY("y", "x' input: '^x");

    cr_assert_code(add(graph, source, &options), STEPC_OK);
    const stepc_operation *y = stepc_graph_find(graph, "imported/y");
    cr_assert_not_null(y);
    cr_assert_str_eq(stepc_operation_name(stepc_operation_input(y, 0).op), "imported/x");
    cr_assert_eq(stepc_operation_control_input_count(y), 1);
    cr_assert_eq(stepc_operation_control_input(y, 0), stepc_graph_find(graph, "imported/x"));
    options.prefix = "other/";
    cr_assert_code(add(graph, source, &options), STEPC_OK);
    cr_assert_not_null(stepc_graph_find(graph, "other/x"));
    options.prefix = "not good";
    cr_assert_code(add(graph, source, &options), STEPC_INVALID_ARGUMENT);
    cr_assert_code(add(graph, IDENTITY("z", "imported/x"), NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_message("Node 'z': Unknown input node 'imported/x'");
    cr_assert_eq(stepc_graph_operation_count(graph), 5);
    stepc_graph_release(graph);
}

Test(grow, a_name_that_is_taken_is_refused)
{
    stepc_graph *graph = must_parse(PLACEHOLDER("x"));

    cr_assert_code(add(graph, PLACEHOLDER("new") PLACEHOLDER("x"), NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_message("Node name 'x' already exists in the Graph");
    cr_assert_code(add(graph, PLACEHOLDER("a") PLACEHOLDER("a"), NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_message("Node 'a' is not unique");
    cr_assert_eq(stepc_graph_operation_count(graph), 1);
    cr_assert_null(stepc_graph_find(graph, "new"));
    stepc_graph_release(graph);
}

/* Unique names avoid the graph's and the GraphDef's own; edges and colocation follow. */
Test(grow, a_name_that_is_taken_becomes_unique)
{
    stepc_graph *graph = must_parse(PLACEHOLDER("A") PLACEHOLDER("A_1"));
    stepc_import_options options = {.size = sizeof options, .make_unique = 1};
    const char *source = PLACEHOLDER("A") PLACEHOLDER("A_2") "node { name: 'B' op: 'Identity' input: 'A' " FLOAT_T
                                                             " attr { key: '_class' value { list { s: 'loc:@A' } } } }";

    cr_assert_code(add(graph, source, &options), STEPC_OK);
    const stepc_operation *b = stepc_graph_find(graph, "B");
    cr_assert_str_eq(stepc_operation_name(stepc_operation_input(b, 0).op), "A_3");
    cr_assert_str_eq(operation_attr(b, "_class")->as.s_list[0].data, "loc:@A_3");
    cr_assert_not_null(stepc_graph_find(graph, "A_2"));
    cr_assert_code(add(graph, PLACEHOLDER("B"), &options), STEPC_OK);
    cr_assert_not_null(stepc_graph_find(graph, "B_1"));
    size_t size;
    char *words = written(graph, STEPC_GRAPH_TEXT, &size);
    cr_assert_not_null(strstr(words, "loc:@A_3"));
    free(words);
    stepc_graph_release(graph);
}

Test(grow, colocation_with_an_unknown_node_is_refused)
{
    stepc_graph *graph = must_parse(PLACEHOLDER("x"));

    cr_assert_code(
        add(graph, "node { name: 'b' op: 'NoOp' attr { key: '_class' value { list { s: 'loc:@x' } } } }", NULL),
        STEPC_INVALID_ARGUMENT);
    cr_assert_message("Node 'b' expects to be colocated with unknown node 'x'");
    stepc_graph_release(graph);
}

Test(grow, unique_names_count_up)
{
    stepc_graph *graph = must_parse(PLACEHOLDER("x") PLACEHOLDER("x_1") PLACEHOLDER("a/b"));
    char name[16];

    cr_assert_code(stepc_graph_unique_name(graph, "x", name, sizeof name, &test_error), STEPC_OK);
    cr_assert_str_eq(name, "x_2");
    cr_assert_code(stepc_graph_unique_name(graph, "x_1", name, sizeof name, &test_error), STEPC_OK);
    cr_assert_str_eq(name, "x_1_1");
    cr_assert_code(stepc_graph_unique_name(graph, "a/b", name, sizeof name, &test_error), STEPC_OK);
    cr_assert_str_eq(name, "a/b_1");
    cr_assert_code(stepc_graph_unique_name(graph, "free", name, 5, &test_error), STEPC_OK);
    cr_assert_str_eq(name, "free");
    cr_assert_code(stepc_graph_unique_name(graph, "free", name, 4, &test_error), STEPC_INVALID_ARGUMENT);
    stepc_graph_release(graph);
}

Test(grow, the_input_map_leads_to_the_graph)
{
    stepc_graph *graph = must_parse(PLACEHOLDER(
        "x") "node { name: 's' op: 'Split' input: 'c' input: 'x' " FLOAT_T " attr { key: 'num_split' value { i: 2 } } }"
             "node { name: 'c' op: 'Const' attr { key: 'dtype' value { type: DT_INT32 } } attr { key: 'value' value { tensor { dtype: "
             "DT_INT32 tensor_shape { } } } } }");
    const stepc_operation *s = stepc_graph_find(graph, "s"), *x = stepc_graph_find(graph, "x");
    stepc_import_input map[] = {{"a", 0, {s, 1}}, {"gone", 3, {x, 0}}, {"a", -1, {x, 0}}, {"unused", 0, {x, 0}}};
    stepc_import_options options = {.size = sizeof options, .prefix = "i", .inputs = map, .input_count = 4};

    cr_assert_code(add(graph, PLACEHOLDER("a") ADD("y", "a", "gone:3' input: '^a"), &options), STEPC_OK);
    const stepc_operation *y = stepc_graph_find(graph, "i/y");
    cr_assert_eq(stepc_operation_input(y, 0).op, s);
    cr_assert_eq(stepc_operation_input(y, 0).index, 1);
    cr_assert_eq(stepc_operation_input(y, 1).op, x);
    cr_assert_eq(stepc_operation_control_input(y, 0), x);
    stepc_graph *again;
    size_t size;
    char *bytes = written(graph, STEPC_GRAPH_BINARY, &size);
    cr_assert_code(stepc_graph_parse("again", bytes, size, NULL, &again, &test_error), STEPC_OK);
    cr_assert_eq(stepc_operation_input(stepc_graph_find(again, "i/y"), 0).index, 1);
    free(bytes);
    stepc_graph_release(again);
    map[0].at.index = 2; /* Split has outputs 0 and 1 */
    cr_assert_code(add(graph, PLACEHOLDER("b"), &options), STEPC_INVALID_ARGUMENT);
    map[0].at = (stepc_output){x, 0};
    map[1].index = 0; /* an input of the wrong type is found by the verifier */
    map[1].at = (stepc_output){stepc_graph_find(graph, "c"), 0};
    cr_assert_code(add(graph, ADD("w", "a", "gone"), &options), STEPC_INVALID_ARGUMENT);
    cr_assert_message("Input 1 of node i/w was passed int32 from c:0 incompatible with expected float.");
    stepc_graph_release(graph);
}

/* Operations that wait for no other one of the import wait for its control inputs. */
Test(grow, control_inputs_of_an_import)
{
    stepc_graph *graph = must_parse(PLACEHOLDER("x") "node { name: 'first' op: 'NoOp' }");
    const stepc_operation *first = stepc_graph_find(graph, "first");
    stepc_import_input map = {"m", 0, {stepc_graph_find(graph, "x"), 0}};
    stepc_import_options options = {
        .size = sizeof options, .inputs = &map, .input_count = 1, .controls = &first, .control_count = 1};

    cr_assert_code(add(graph, PLACEHOLDER("a") IDENTITY("b", "a") IDENTITY("c", "m"), &options), STEPC_OK);
    cr_assert_eq(stepc_operation_control_input_count(stepc_graph_find(graph, "a")), 1);
    cr_assert_eq(stepc_operation_control_input(stepc_graph_find(graph, "a"), 0), first);
    cr_assert_eq(stepc_operation_control_input_count(stepc_graph_find(graph, "b")), 0);
    cr_assert_eq(stepc_operation_control_input(stepc_graph_find(graph, "c"), 0), first);
    stepc_graph_release(graph);
}

/* Whatever is wrong, and wherever: the graph is what it was, and what comes next is added. */
Test(grow, an_import_is_all_or_nothing)
{
    static const struct {
        const char *source;
        stepc_code code;
        const char *words;
    } cases[] = {
        {PLACEHOLDER("ok") IDENTITY("y", "nowhere"), STEPC_INVALID_ARGUMENT, "Node 'y': Unknown input node 'nowhere'"},
        {PLACEHOLDER("ok") IDENTITY("y", "ok:1"), STEPC_INVALID_ARGUMENT,
         "Node 'y': Connecting to invalid output 1 of source node ok which has 1 outputs"},
        {PLACEHOLDER("ok") IDENTITY("y", "^ok' input: 'ok"), STEPC_INVALID_ARGUMENT,
         "Node 'y': Control dependencies must come after regular dependencies"},
        {PLACEHOLDER("ok") "node { name: 'y' op: 'Identity' input: 'ok' }", STEPC_INVALID_ARGUMENT,
         "NodeDef missing attr 'T' from Op<name=Identity>"},
        {PLACEHOLDER("ok") "node { name: 'y' op: 'NoSuchOperator' }", STEPC_NOT_FOUND,
         "Op type not registered 'NoSuchOperator' in binary running on"},
        {PLACEHOLDER("ok") "node { name: 'y%' op: 'NoOp' }", STEPC_INVALID_ARGUMENT,
         "Node 'y%': Node name contains invalid characters"},
        {PLACEHOLDER("ok") "node { name: 'y' }", STEPC_INVALID_ARGUMENT, "Node 'y' does not specify an operation"},
        {IDENTITY("y", "z") IDENTITY("z", "y"), STEPC_INVALID_ARGUMENT, "2 nodes in a cycle"},
        {IDENTITY("y", "y"), STEPC_INVALID_ARGUMENT, "1 nodes in a cycle"},
        {PLACEHOLDER("ok") "node { name: }", STEPC_INVALID_ARGUMENT, "line 2"},
        {PLACEHOLDER("ok") "library { function { signature { } } }", STEPC_INVALID_ARGUMENT, "has no name"},
        {PLACEHOLDER("ok") "library { function { signature { name: 'f' is_stateful: true } } }", STEPC_INVALID_ARGUMENT,
         "different function with the same name already exists"},
        {PLACEHOLDER("ok") "versions { producer: 20 min_consumer: 1000000 }", STEPC_INVALID_ARGUMENT,
         "min consumer version"},
    };
    stepc_graph *graph =
        must_parse(PLACEHOLDER("x") "library { function { signature { name: 'f' } } } versions { producer: 27 }");
    size_t size, size_after;
    char *before = written(graph, STEPC_GRAPH_BINARY, &size);
    size_t used = graph->memory.used_bytes;

    for (int round = 0; round < 100; round++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            cr_assert_code(add(graph, cases[i].source, NULL), cases[i].code);
            cr_assert_message(cases[i].words);
            cr_assert_eq(stepc_graph_operation_count(graph), 1);
            cr_assert_null(stepc_graph_find(graph, "ok"));
            cr_assert_null(stepc_graph_find(graph, "y"));
        }
    cr_assert_eq(graph->memory.used_bytes, used); /* nothing is kept */
    char *after = written(graph, STEPC_GRAPH_BINARY, &size_after);
    cr_assert_eq(size, size_after);
    cr_assert_arr_eq(before, after, size);
    cr_assert_code(add(graph, PLACEHOLDER("ok") IDENTITY("y", "ok"), NULL), STEPC_OK);
    cr_assert_eq(stepc_graph_operation_count(graph), 3);
    free(before);
    free(after);
    stepc_graph_release(graph);
}

Test(grow, functions_come_along)
{
    stepc_graph *graph = must_parse(PLACEHOLDER("x"));
    const char *source =
        "library { function { signature { name: 'f' input_arg { name: 'a' type: DT_FLOAT } output_arg { name: 'b' "
        "type: DT_INT32 } } } } " PLACEHOLDER("p") "node { name: 'call' op: 'f' input: 'p' }";
    stepc_import_options options = {.size = sizeof options, .make_unique = 1};

    cr_assert_code(add(graph, source, NULL), STEPC_OK);
    cr_assert_eq(stepc_operation_output_dtype(stepc_graph_find(graph, "call"), 0), STEPC_INT32);
    cr_assert_code(add(graph, source, &options), STEPC_OK); /* the same function once more */
    size_t size;
    char *bytes = written(graph, STEPC_GRAPH_BINARY, &size);
    stepc_graph *again;
    cr_assert_code(stepc_graph_parse("again", bytes, size, NULL, &again, &test_error), STEPC_OK);
    cr_assert_eq(stepc_operation_output_dtype(stepc_graph_find(again, "call_1"), 0), STEPC_INT32);
    free(bytes);
    stepc_graph_release(again);
    stepc_graph_release(graph);
}

/* What was read stays as it was read, to the order of its attributes; what came later stands behind it. */
Test(grow, what_was_read_is_written_as_it_was)
{
    const char *read =
        "node { name: 'x' op: 'Placeholder' attr { key: 'shape' value { shape { unknown_rank: true } } } attr { key: "
        "'dtype' value { type: DT_FLOAT } } attr { key: 'unknown_attr' value { i: 3 } } }";
    stepc_graph *graph = must_parse(read);
    size_t size;

    cr_assert_code(add(graph, PLACEHOLDER("z"), NULL), STEPC_OK);
    char *words = written(graph, STEPC_GRAPH_TEXT, &size);
    const char *unknown = strstr(words, "unknown_attr"), *shape = strstr(words, "shape"),
               *dtype = strstr(words, "dtype");
    cr_assert(unknown != NULL && shape != NULL && dtype != NULL && shape < dtype && dtype < unknown);
    cr_assert_not_null(strstr(unknown, "\"z\""));
    cr_assert_null(strstr(strstr(unknown, "\"z\""), "shape")); /* a default is left out */
    free(words);
    stepc_graph_release(graph);
}

/* ---- threads --------------------------------------------------------------------------------- */

enum { ADDED = 200 };

static void *look_up(void *context)
{
    stepc_graph *graph = context;
    char name[16];
    long found = 0;

    while (stepc_graph_operation_count(graph) < ADDED + 1) {
        for (int i = 0; i < ADDED; i++) {
            snprintf(name, sizeof name, "n%d", i);
            const stepc_operation *op = stepc_graph_find(graph, name);
            found += op != NULL && stepc_operation_input(op, 0).op == stepc_graph_operation_at(graph, 0);
        }
    }
    return (void *)found;
}

Test(grow, threads_look_up_while_one_adds)
{
    stepc_graph *graph = must_parse(PLACEHOLDER("x"));
    stepc_import_input map = {"x", 0, {stepc_graph_find(graph, "x"), 0}};
    stepc_import_options options = {.size = sizeof options, .inputs = &map, .input_count = 1};
    pthread_t threads[4];
    char source[256];

    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, look_up, graph), 0);
    for (int i = 0; i < ADDED; i++) {
        snprintf(source, sizeof source, IDENTITY("n%d", "x"), i);
        cr_assert_code(add(graph, source, &options), STEPC_OK);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(stepc_graph_operation_count(graph), ADDED + 1);
    stepc_graph_release(graph);
}
