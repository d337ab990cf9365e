/* SPDX-License-Identifier: Apache-2.0 */
/* Building operations in C: held against schema and shape function, named, colocated, written, inspected. */
#include "tests/unit/graph/graph_test.h"

#include <pthread.h>

static stepc_graph *graph;

static void setup(void)
{
    error_init(&test_error);
    cr_assert_code(stepc_graph_new(NULL, &graph, &test_error), STEPC_OK);
}

static void teardown(void) { stepc_graph_release(graph); }

TestSuite(build, .init = setup, .fini = teardown);

static stepc_builder *begin(const char *type, const char *name)
{
    stepc_builder *b;

    error_init(&test_error);
    cr_assert_code(stepc_builder_new(graph, type, name, &b, &test_error), STEPC_OK);
    return b;
}

static const stepc_operation *finish(stepc_builder *b)
{
    const stepc_operation *op;

    cr_assert_code(stepc_builder_finish(b, &op, &test_error), STEPC_OK);
    return op;
}

/* Finishing fails with CODE and WORDS; nothing is added. */
static void refused(stepc_builder *b, stepc_code code, const char *words)
{
    int64_t before = stepc_graph_operation_count(graph);
    const stepc_operation *op = (const stepc_operation *)&test_error;

    error_init(&test_error);
    cr_assert_code(stepc_builder_finish(b, &op, &test_error), code);
    cr_assert_null(op);
    cr_assert_message(words);
    cr_assert_eq(stepc_graph_operation_count(graph), before);
}

static const stepc_operation *placeholder(const char *name, stepc_dtype dtype)
{
    stepc_builder *b = begin("Placeholder", name);

    stepc_builder_attr_type(b, "dtype", dtype);
    return finish(b);
}

static const stepc_operation *constant(const char *name, stepc_dtype dtype, const int64_t *dims, int32_t rank,
                                       void *data, size_t bytes)
{
    stepc_builder *b = begin("Const", name);
    stepc_view view = {data, bytes, dims, rank, dtype};

    stepc_builder_attr_type(b, "dtype", dtype);
    stepc_builder_attr_tensor(b, "value", &view);
    return finish(b);
}

static const stepc_operation *floats(const char *name, int64_t count)
{
    float values[8] = {1, 2, 3, 4, 5, 6, 7, 8};

    return constant(name, STEPC_FLOAT32, &count, 1, values, (size_t)count * sizeof(float));
}

static stepc_output out_of(const stepc_operation *op) { return (stepc_output){op, 0}; }

static stepc_builder *binary(const char *type, const char *name, const stepc_operation *a, const stepc_operation *c)
{
    stepc_builder *b = begin(type, name);

    stepc_builder_input(b, out_of(a));
    stepc_builder_input(b, out_of(c));
    return b;
}

static char *write_text(void) /* free */
{
    void *data;
    size_t size;

    cr_assert_code(stepc_graph_write(graph, STEPC_GRAPH_TEXT, &data, &size, &test_error), STEPC_OK);
    char *copy = malloc(size + 1);
    memcpy(copy, data, size + 1);
    stepc_graph_text_free(graph, data, size);
    return copy;
}

/* ---- the query functions on Placeholder, Const and AddN -------------------------------------- */

Test(build, operations_tell_what_they_are)
{
    int32_t three = 3;
    const stepc_operation *feed = placeholder("feed", STEPC_INT32);
    const stepc_operation *c = constant("scalar", STEPC_INT32, NULL, 0, &three, sizeof three);
    stepc_builder *b = begin("AddN", "add");
    stepc_output both[] = {{feed, 0}, {c, 0}};

    stepc_builder_input_list(b, both, 2);
    const stepc_operation *add = finish(b);
    cr_assert_str_eq(stepc_operation_name(add), "add");
    cr_assert_str_eq(stepc_operation_type(add), "AddN");
    cr_assert_str_eq(stepc_operation_device(add), "");
    cr_assert_eq(stepc_operation_graph(add), graph);
    cr_assert_eq(stepc_operation_input_count(add), 2);
    cr_assert_eq(stepc_operation_input(add, 0).op, feed);
    cr_assert_eq(stepc_operation_input(add, 1).op, c);
    cr_assert_eq(stepc_operation_input_dtype(add, 1), STEPC_INT32);
    cr_assert_eq(stepc_operation_input_dtype(add, 2), STEPC_DTYPE_INVALID);
    cr_assert_eq(stepc_operation_output_count(add), 1);
    cr_assert_eq(stepc_operation_output_dtype(add, 0), STEPC_INT32);
    cr_assert_eq(stepc_operation_control_input_count(add), 0);
    cr_assert_null(stepc_operation_control_input(add, 0));
    int64_t n;
    stepc_dtype dtype;
    cr_assert_code(stepc_operation_attr_int(add, "N", &n, &test_error), STEPC_OK);
    cr_assert_eq(n, 2);
    cr_assert_code(stepc_operation_attr_type(add, "T", &dtype, &test_error), STEPC_OK);
    cr_assert_eq(dtype, STEPC_INT32);
    stepc_tensor *value;
    cr_assert_code(stepc_operation_attr_tensor(c, "value", &value, &test_error), STEPC_OK);
    cr_assert_eq(*(int32_t *)stepc_tensor_data(value), 3);
    stepc_tensor_release(value);
    cr_assert_code(stepc_operation_attr_type(feed, "missing", &dtype, &test_error), STEPC_INVALID_ARGUMENT);
    cr_assert_message("Operation 'feed' has no attr named 'missing'.");
    cr_assert_code(stepc_operation_attr_int(feed, "dtype", &n, &test_error), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_graph_operation_count(graph), 3);
    cr_assert_eq(stepc_graph_operation_at(graph, 2), add);
    cr_assert_eq(stepc_graph_find(graph, "scalar"), c);
}

Test(build, attributes_of_every_kind_come_back)
{
    stepc_builder *b = begin("NoOp", "n");
    int64_t dims[] = {2, -1};
    const int64_t *list_dims[] = {dims, NULL};
    int32_t ranks[] = {2, -1}, flags[] = {1, 0};
    stepc_dtype types[] = {STEPC_HALF, STEPC_STRING};
    int64_t ints[] = {5, -7};
    float reals[] = {0.5f, -2.0f};
    stepc_string words[] = {{"a\0b", 3}, {"", 0}};

    stepc_builder_attr_type(b, "_type", STEPC_BOOL);
    stepc_builder_attr_int(b, "_int", INT64_MIN);
    stepc_builder_attr_float(b, "_float", -0.25f);
    stepc_builder_attr_bool(b, "_bool", 7);
    stepc_builder_attr_string(b, "_string", words[0]);
    stepc_builder_attr_shape(b, "_shape", dims, 2);
    stepc_builder_attr_shape(b, "_any", NULL, -1);
    stepc_builder_attr_type_list(b, "_types", types, 2);
    stepc_builder_attr_int_list(b, "_ints", ints, 2);
    stepc_builder_attr_float_list(b, "_floats", reals, 2);
    stepc_builder_attr_bool_list(b, "_bools", flags, 2);
    stepc_builder_attr_string_list(b, "_strings", words, 2);
    stepc_builder_attr_shape_list(b, "_shapes", list_dims, ranks, 2);
    stepc_builder_attr_value(b, "_proto", "\x18\x2a", 2); /* field 3 (i), varint: 42 */
    const stepc_operation *op = finish(b);
    stepc_dtype type;
    int64_t i;
    float f;
    int32_t flag, rank;
    stepc_string s;
    const int64_t *shape;
    cr_assert_code(stepc_operation_attr_type(op, "_type", &type, NULL), STEPC_OK);
    cr_assert_eq(type, STEPC_BOOL);
    cr_assert_code(stepc_operation_attr_int(op, "_int", &i, NULL), STEPC_OK);
    cr_assert_eq(i, INT64_MIN);
    cr_assert_code(stepc_operation_attr_int(op, "_proto", &i, NULL), STEPC_OK);
    cr_assert_eq(i, 42);
    cr_assert_code(stepc_operation_attr_float(op, "_float", &f, NULL), STEPC_OK);
    cr_assert_eq(f, -0.25f);
    cr_assert_code(stepc_operation_attr_bool(op, "_bool", &flag, NULL), STEPC_OK);
    cr_assert_eq(flag, 1);
    cr_assert_code(stepc_operation_attr_string(op, "_string", &s, NULL), STEPC_OK);
    cr_assert(s.size == 3 && memcmp(s.data, "a\0b", 3) == 0);
    cr_assert_code(stepc_operation_attr_shape(op, "_shape", &shape, &rank, NULL), STEPC_OK);
    cr_assert(rank == 2 && shape[0] == 2 && shape[1] == -1);
    cr_assert_code(stepc_operation_attr_shape(op, "_any", &shape, &rank, NULL), STEPC_OK);
    cr_assert_eq(rank, -1);
    cr_assert_eq(operation_attr(op, "_types")->as.type_list[1], STEPC_STRING);
    cr_assert_eq(operation_attr(op, "_ints")->as.i_list[1], -7);
    cr_assert_eq(operation_attr(op, "_floats")->as.f_list[0], 0.5f);
    cr_assert(operation_attr(op, "_bools")->as.b_list[0] && !operation_attr(op, "_bools")->as.b_list[1]);
    cr_assert_eq(operation_attr(op, "_strings")->as.s_list[0].size, 3);
    cr_assert(operation_attr(op, "_shapes")->as.shape_list[1].unknown_rank);
    cr_assert_code(stepc_operation_attr_int(op, "_float", &i, &test_error), STEPC_INVALID_ARGUMENT);
    cr_assert_code(stepc_operation_attr_int(op, "_ints", &i, &test_error), STEPC_INVALID_ARGUMENT);
}

Test(build, string_tensors_and_complex_numbers_come_back)
{
    stepc_string words[] = {{"x", 1}, {"\0\n", 2}};
    int64_t two = 2;
    float complex_parts[4] = {1, -2, 3, 4};
    stepc_tensor *value;
    const stepc_operation *s = constant("s", STEPC_STRING, &two, 1, words, sizeof words);
    const stepc_operation *c = constant("c", STEPC_COMPLEX64, &two, 1, complex_parts, sizeof complex_parts);

    cr_assert_code(stepc_operation_attr_tensor(s, "value", &value, &test_error), STEPC_OK);
    const stepc_string *strings = stepc_tensor_data(value);
    cr_assert(strings[0].size == 1 && strings[1].size == 2 && strings[1].data[1] == '\n');
    stepc_tensor_release(value);
    cr_assert_code(stepc_operation_attr_tensor(c, "value", &value, &test_error), STEPC_OK);
    cr_assert_eq(((float *)stepc_tensor_data(value))[1], -2.0f);
    stepc_tensor_release(value);
}

/* ---- names ----------------------------------------------------------------------------------- */

Test(build, duplicate_names_are_refused)
{
    placeholder("x", STEPC_FLOAT32);
    stepc_builder *b = begin("Placeholder", "x");
    stepc_builder_attr_type(b, "dtype", STEPC_FLOAT32);
    refused(b, STEPC_INVALID_ARGUMENT, "Duplicate node name in graph: 'x'");
}

Test(build, duplicate_names_are_made_unique_when_asked)
{
    static const char *const expected[] = {"x", "x_1", "x_2", "x_4", "x_5"};

    placeholder("x_3", STEPC_FLOAT32);
    for (int i = 0; i < 5; i++) {
        stepc_builder *b = begin("NoOp", "x");
        stepc_builder_unique(b);
        cr_assert_str_eq(stepc_operation_name(finish(b)), expected[i]);
    }
}

Test(build, names_with_invalid_characters_are_refused)
{
    static const char *const names[] = {"", "a b", "^a", "a:0", "-a", "_a", "ä"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        refused(begin("NoOp", names[i]), STEPC_INVALID_ARGUMENT,
                names[i][0] != '\0' ? "Node name contains invalid characters" : "no name");
    stepc_operation_name(finish(begin("NoOp", "A.b/c-d_0")));
}

/* ---- schema ---------------------------------------------------------------------------------- */

Test(build, an_unknown_operator_is_not_found)
{
    refused(begin("MyFakeOp", "x"), STEPC_NOT_FOUND, "Op type not registered 'MyFakeOp' in binary");
}

Test(build, a_missing_attribute_is_named)
{
    refused(begin("Placeholder", "p"), STEPC_INVALID_ARGUMENT,
            "NodeDef missing attr 'dtype' from Op<name=Placeholder>");
    stepc_builder *b = begin("Const", "c");
    stepc_builder_attr_type(b, "dtype", STEPC_FLOAT32);
    refused(b, STEPC_INVALID_ARGUMENT, "NodeDef missing attr 'value' from Op<name=Const>");
}

Test(build, an_attribute_that_the_schema_lacks_is_refused)
{
    stepc_builder *b = begin("NoOp", "n");

    stepc_builder_attr_int(b, "foo", 1);
    refused(b, STEPC_INVALID_ARGUMENT, "NodeDef mentions attr 'foo' not in Op<name=NoOp>");
}

Test(build, attributes_of_the_wrong_kind_are_refused)
{
    stepc_builder *b = begin("Placeholder", "p");

    stepc_builder_attr_int(b, "dtype", 1);
    refused(b, STEPC_INVALID_ARGUMENT, "AttrValue had value with type 'int' when 'type' expected");
    b = begin("Placeholder", "p");
    stepc_builder_attr_type(b, "dtype", STEPC_FLOAT32);
    stepc_builder_attr_type(b, "dtype", STEPC_FLOAT32); /* the same again is fine */
    stepc_builder_attr_type(b, "dtype", STEPC_INT32);
    refused(b, STEPC_INVALID_ARGUMENT, "Inconsistent values for attr 'dtype'");
    b = begin("Placeholder", "p");
    stepc_builder_attr_value(b, "dtype", "\xff\xff", 2);
    refused(b, STEPC_INVALID_ARGUMENT, "Unparseable AttrValue proto");
}

Test(build, attribute_values_beyond_the_allowed_are_refused)
{
    const stepc_operation *s = placeholder("s", STEPC_STRING);

    refused(binary("MatMul", "m", s, s), STEPC_INVALID_ARGUMENT, "is not in the list of allowed values");
    stepc_builder *b = begin("AddN", "a");
    stepc_builder_attr_type(b, "T", STEPC_FLOAT32);
    stepc_builder_input_list(b, NULL, 0);
    refused(b, STEPC_INVALID_ARGUMENT, "Value for attr 'N' of 0 must be at least minimum 1");
}

Test(build, inputs_must_be_what_the_schema_asks_for)
{
    const stepc_operation *f = placeholder("f", STEPC_FLOAT32), *i = placeholder("i", STEPC_INT32);
    stepc_output mixed[] = {{f, 0}, {i, 0}};

    stepc_builder *b = begin("Add", "a");
    stepc_builder_input(b, out_of(f));
    refused(b, STEPC_INVALID_ARGUMENT, "1 inputs specified of 2 inputs in Op");
    refused(binary("Add", "a", f, i), STEPC_INVALID_ARGUMENT, "Inconsistent values for attr 'T' float vs. int32");
    b = binary("Add", "a", f, f);
    stepc_builder_input(b, out_of(f));
    refused(b, STEPC_INVALID_ARGUMENT, "More Input() calls than the 2 input_args");
    b = begin("AddN", "a");
    stepc_builder_input(b, out_of(f));
    refused(b, STEPC_INVALID_ARGUMENT, "Single tensor passed to 'inputs', expected list");
    b = begin("Identity", "a");
    stepc_builder_input_list(b, mixed, 1);
    refused(b, STEPC_INVALID_ARGUMENT, "List provided to input 'input' when single Tensor expected");
    b = begin("AddN", "a");
    stepc_builder_input_list(b, mixed, 2);
    refused(b, STEPC_INVALID_ARGUMENT, "Input 'inputs' passed int32 expected float");
    b = begin("Split", "a"); /* its first input is an int32 */
    stepc_builder_input(b, out_of(f));
    refused(b, STEPC_INVALID_ARGUMENT, "Input 'split_dim' passed float expected int32");
    b = begin("Assign", "a");
    stepc_builder_input(b, out_of(f));
    refused(b, STEPC_INVALID_ARGUMENT, "Input 'ref' passed float expected ref type");
    b = begin("Identity", "a");
    stepc_builder_input(b, (stepc_output){f, 1});
    refused(b, STEPC_INVALID_ARGUMENT, "Connecting to invalid output 1 of source node f which has 1 outputs");
    b = begin("Identity", "a");
    stepc_builder_input(b, (stepc_output){NULL, 0});
    refused(b, STEPC_INVALID_ARGUMENT, "not of this graph");
}

Test(build, operations_of_other_graphs_are_refused)
{
    stepc_graph *other = must_parse(PLACEHOLDER("x"));
    const stepc_operation *x = stepc_graph_find(other, "x");
    stepc_builder *b = begin("Identity", "a");

    stepc_builder_input(b, out_of(x));
    refused(b, STEPC_INVALID_ARGUMENT, "not of this graph");
    b = begin("NoOp", "a");
    stepc_builder_control_input(b, x);
    refused(b, STEPC_INVALID_ARGUMENT, "not of this graph");
    b = begin("NoOp", "a");
    stepc_builder_colocate(b, x);
    refused(b, STEPC_INVALID_ARGUMENT, "not of this graph");
    stepc_graph_release(other);
}

Test(build, references_are_read_and_assigned)
{
    stepc_builder *b = begin("VariableV2", "v");
    int64_t two = 2;

    stepc_builder_attr_type(b, "dtype", STEPC_FLOAT32);
    stepc_builder_attr_shape(b, "shape", &two, 1);
    const stepc_operation *v = finish(b);
    cr_assert_eq(stepc_operation_output_dtype(v, 0), (stepc_dtype)(STEPC_FLOAT32 + STEPC_DTYPE_REF));
    const stepc_operation *assign = finish(binary("Assign", "init", v, floats("c", 2)));
    cr_assert_eq(stepc_operation_input_dtype(assign, 0), (stepc_dtype)(STEPC_FLOAT32 + STEPC_DTYPE_REF));
    b = begin("Identity", "read");
    stepc_builder_input(b, out_of(v));
    cr_assert_eq(stepc_operation_output_dtype(finish(b), 0), STEPC_FLOAT32);
}

Test(build, lists_of_types_come_from_the_inputs)
{
    stepc_output both[] = {{placeholder("f", STEPC_FLOAT32), 0}, {placeholder("i", STEPC_INT32), 0}};
    stepc_builder *b = begin("IdentityN", "n");

    stepc_builder_input_list(b, both, 2);
    const stepc_operation *n = finish(b);
    cr_assert_eq(stepc_operation_output_count(n), 2);
    cr_assert_eq(stepc_operation_output_dtype(n, 1), STEPC_INT32);
}

Test(build, control_inputs_and_devices_are_kept)
{
    const stepc_operation *first = finish(begin("NoOp", "first"));
    stepc_builder *b = begin("NoOp", "second");

    stepc_builder_control_input(b, first);
    stepc_builder_control_input(b, first); /* counts once */
    stepc_builder_device(b, "/job:localhost/device:CPU:0");
    const stepc_operation *second = finish(b);
    cr_assert_eq(stepc_operation_control_input_count(second), 1);
    cr_assert_eq(stepc_operation_control_input(second, 0), first);
    cr_assert_str_eq(stepc_operation_device(second), "/job:localhost/device:CPU:0");
    b = begin("NoOp", "many");
    for (int i = 0; i < 100; i++)
        stepc_builder_control_input(b, i % 2 ? first : second);
    cr_assert_eq(stepc_operation_control_input_count(finish(b)), 2);
}

/* ---- shapes ---------------------------------------------------------------------------------- */

Test(build, shapes_that_never_fit_are_refused)
{
    const stepc_operation *two = floats("two", 2), *three = floats("three", 3);

    refused(binary("Add", "add", two, three), STEPC_INVALID_ARGUMENT,
            "for 'add' (op: 'Add') with input shapes: [2], [3].");
    cr_assert_null(stepc_graph_find(graph, "add"));
    finish(binary("Add", "add", two, two)); /* the name is free still */
}

static void check_shape(const stepc_operation *op, int32_t rank, const int64_t *dims)
{
    int64_t have[8];
    int32_t have_rank;

    cr_assert_code(stepc_graph_output_shape(graph, out_of(op), have, 8, &have_rank, &test_error), STEPC_OK);
    cr_assert_eq(have_rank, rank, "%s: rank %d", stepc_operation_name(op), (int)have_rank);
    for (int32_t i = 0; i < rank; i++)
        cr_assert_eq(have[i], dims[i], "%s: dimension %d is %lld", stepc_operation_name(op), (int)i,
                     (long long)have[i]);
}

Test(build, output_shapes_follow_from_the_graph)
{
    int64_t dims[] = {-1, 3}, four[] = {3, 4}, two = 2;
    float weights[12] = {0};
    int32_t target[] = {-1, 2};
    stepc_builder *b = begin("Placeholder", "x");

    stepc_builder_attr_type(b, "dtype", STEPC_FLOAT32);
    stepc_builder_attr_shape(b, "shape", dims, 2);
    const stepc_operation *x = finish(b);
    const stepc_operation *w = constant("w", STEPC_FLOAT32, four, 2, weights, sizeof weights);
    const stepc_operation *m = finish(binary("MatMul", "m", x, w));
    const stepc_operation *shape = constant("shape", STEPC_INT32, &two, 1, target, sizeof target);
    const stepc_operation *r = finish(binary("Reshape", "r", m, shape));
    check_shape(x, 2, dims);
    check_shape(m, 2, (int64_t[]){-1, 4});
    check_shape(r, 2, (int64_t[]){-1, 2});
    check_shape(placeholder("any", STEPC_FLOAT32), -1, NULL);
    int32_t rank;
    cr_assert_code(stepc_graph_output_shape(graph, out_of(m), NULL, 0, &rank, &test_error), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(rank, 2); /* how much room it takes */
    cr_assert_code(stepc_graph_output_shape(graph, (stepc_output){m, 1}, dims, 2, &rank, &test_error),
                   STEPC_INVALID_ARGUMENT);
}

/* Loops and long chains: the walk neither recurses nor runs in circles. */
Test(build, output_shapes_of_loops_and_long_chains)
{
    const char *loop = PLACEHOLDER("x") "node { name: 'e' op: 'Enter' input: 'x' " FLOAT_T
                                        " attr { key: 'frame_name' value { s: 'f' } } }"
                                        "node { name: 'm' op: 'Merge' input: 'e' input: 'n' " FLOAT_T
                                        " attr { key: 'N' value { i: 2 } } }"
                                        "node { name: 'n' op: 'NextIteration' input: 'm' " FLOAT_T " }";
    int32_t rank;
    int64_t dims[4];
    char name[16], input[16], source[256];

    cr_assert_code(stepc_graph_import(graph, "loop", loop, strlen(loop), NULL, &test_error), STEPC_OK);
    cr_assert_code(stepc_graph_output_shape(graph, out_of(stepc_graph_find(graph, "n")), dims, 4, &rank, &test_error),
                   STEPC_OK);
    enum { LONG = 100000 };
    char *chain = malloc(LONG * 100u), *end = chain;
    for (int i = LONG - 1; i >= 0; i--) { /* consumers come first */
        snprintf(name, sizeof name, "c%d", i);
        snprintf(input, sizeof input, "c%d", i - 1);
        if (i == 0)
            snprintf(
                source, sizeof source,
                "node { name: 'c0' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'shape' value { shape { dim { size: 5 } } } } }");
        else
            snprintf(source, sizeof source,
                     "node{name:'%s' op:'Identity' input:'%s' attr{key:'T' value{type:DT_FLOAT}}}", name, input);
        end += sprintf(end, "%s", source);
    }
    cr_assert_code(stepc_graph_import(graph, "chain", chain, (size_t)(end - chain), NULL, &test_error), STEPC_OK);
    free(chain);
    snprintf(name, sizeof name, "c%d", LONG - 1);
    cr_assert_code(stepc_graph_output_shape(graph, out_of(stepc_graph_find(graph, name)), dims, 4, &rank, &test_error),
                   STEPC_OK);
    cr_assert(rank == 1 && dims[0] == 5);
}

/* ---- colocation ------------------------------------------------------------------------------ */

static void check_class(const stepc_operation *op, const char *const *words, size_t count)
{
    const attr_value *a = operation_attr(op, "_class");

    cr_assert_not_null(a);
    cr_assert_eq(a->count, count);
    for (size_t i = 0; i < count; i++)
        cr_assert(text_equal(a->as.s_list[i], text_view(words[i])), "%s", words[i]);
}

static stepc_builder *begin_add(const char *name)
{
    static int made;
    char feed[16];

    snprintf(feed, sizeof feed, "p%d", made++);
    const stepc_operation *p = placeholder(feed, STEPC_INT32);
    return binary("Add", name, p, p);
}

Test(build, colocation_rows)
{
    const stepc_operation *feed = placeholder("feed", STEPC_INT32), *c = placeholder("constant", STEPC_INT32);
    stepc_string list[] = {TEXT_LITERAL("loc:@feed"), TEXT_LITERAL("loc:@constant")};
    stepc_builder *b = begin_add("with");

    stepc_builder_colocate(b, feed);
    check_class(finish(b), (const char *const[]){"loc:@feed"}, 1);
    b = begin_add("both");
    stepc_builder_colocate(b, feed);
    stepc_builder_colocate(b, c);
    stepc_builder_colocate(b, feed);
    check_class(finish(b), (const char *const[]){"loc:@constant", "loc:@feed"}, 2);
    b = begin_add("list");
    stepc_builder_attr_string_list(b, "_class", list, 2);
    check_class(finish(b), (const char *const[]){"loc:@constant", "loc:@feed"}, 2);
    b = begin_add("list_and_with"); /* what comes later is added, a list replaces */
    stepc_builder_attr_string_list(b, "_class", list, 1);
    stepc_builder_colocate(b, c);
    check_class(finish(b), (const char *const[]){"loc:@constant", "loc:@feed"}, 2);
    b = begin_add("replaced");
    stepc_builder_colocate(b, c);
    stepc_builder_attr_string_list(b, "_class", list, 1);
    check_class(finish(b), (const char *const[]){"loc:@feed"}, 1);
    b = begin_add("cleared");
    stepc_builder_colocate(b, feed);
    stepc_builder_attr_string_list(b, "_class", NULL, 0);
    const stepc_operation *cleared = finish(b);
    stepc_string s;
    cr_assert_code(stepc_operation_attr_string(cleared, "_class", &s, &test_error), STEPC_INVALID_ARGUMENT);
    cr_assert_message("Operation 'cleared' has no attr named '_class'.");
    /* AttrValue { list { s: "loc:@feed" } }: field 1, 11 bytes; in it field 2, 9 bytes */
    static const char proto[] = "\x0a\x0b\x12\x09loc:@feed";
    b = begin_add("proto");
    stepc_builder_colocate(b, c);
    stepc_builder_attr_value(b, "_class", proto, sizeof proto - 1);
    check_class(finish(b), (const char *const[]){"loc:@feed"}, 1);
    b = begin_add("proto_and_with");
    stepc_builder_attr_value(b, "_class", proto, sizeof proto - 1);
    stepc_builder_colocate(b, c);
    check_class(finish(b), (const char *const[]){"loc:@constant", "loc:@feed"}, 2);
    b = begin_add("proto_clears");
    stepc_builder_colocate(b, feed);
    stepc_builder_attr_value(b, "_class", "", 0);
    cr_assert_null(operation_attr(finish(b), "_class"));
    b = begin_add("proto_empty_list");
    stepc_builder_colocate(b, feed);
    stepc_builder_attr_value(b, "_class", "\x0a\x00", 2);
    cr_assert_null(operation_attr(finish(b), "_class"));
}

/* ---- writing --------------------------------------------------------------------------------- */

Test(build, what_is_built_is_written_and_read_again)
{
    const stepc_operation *two = floats("two", 2);
    stepc_builder *b = binary("Add", "sum", two, two);
    void *data;
    size_t size;
    stepc_graph *again;

    stepc_builder_control_input(b, finish(begin("NoOp", "before")));
    finish(b);
    char *words = write_text();
    cr_assert_null(strstr(words, "_output_shapes"));
    free(words);
    cr_assert_code(stepc_graph_write(graph, STEPC_GRAPH_BINARY, &data, &size, &test_error), STEPC_OK);
    cr_assert_code(stepc_graph_parse("again", data, size, NULL, &again, &test_error), STEPC_OK);
    stepc_graph_text_free(graph, data, size);
    const stepc_operation *sum = stepc_graph_find(again, "sum");
    cr_assert_str_eq(stepc_operation_name(stepc_operation_input(sum, 1).op), "two");
    cr_assert_str_eq(stepc_operation_name(stepc_operation_control_input(sum, 0)), "before");
    stepc_tensor *value;
    cr_assert_code(stepc_operation_attr_tensor(stepc_graph_find(again, "two"), "value", &value, &test_error), STEPC_OK);
    cr_assert_eq(((float *)stepc_tensor_data(value))[1], 2.0f);
    stepc_tensor_release(value);
    stepc_graph_release(again);
}

Test(build, operations_built_after_an_import_stand_behind_it)
{
    const char *source = PLACEHOLDER("x") "versions { producer: 27 }";

    cr_assert_code(stepc_graph_import(graph, "first", source, strlen(source), NULL, &test_error), STEPC_OK);
    stepc_builder *b = begin("Identity", "y");
    stepc_builder_input(b, out_of(stepc_graph_find(graph, "x")));
    finish(b);
    char *words = write_text();
    const char *x = strstr(words, "\"x\""), *y = strstr(words, "\"y\"");
    cr_assert(x != NULL && y != NULL && x < y);
    cr_assert_not_null(strstr(y, "producer: 27"));
    free(words);
}

/* ---- misuse, memory, threads ----------------------------------------------------------------- */

Test(build, null_is_answered)
{
    stepc_builder *b;
    const stepc_operation *op;

    cr_assert_code(stepc_builder_new(NULL, "NoOp", "n", &b, &test_error), STEPC_INVALID_ARGUMENT);
    cr_assert_code(stepc_builder_new(graph, NULL, "n", &b, &test_error), STEPC_INVALID_ARGUMENT);
    cr_assert_code(stepc_builder_new(graph, "NoOp", "n", NULL, &test_error), STEPC_INVALID_ARGUMENT);
    cr_assert_code(stepc_builder_finish(NULL, &op, &test_error), STEPC_INVALID_ARGUMENT);
    stepc_builder_discard(NULL);
    stepc_builder_input(NULL, (stepc_output){NULL, 0});
    stepc_builder_input_list(NULL, NULL, 1);
    stepc_builder_control_input(NULL, NULL);
    stepc_builder_colocate(NULL, NULL);
    stepc_builder_device(NULL, NULL);
    stepc_builder_unique(NULL);
    stepc_builder_attr_int(NULL, "i", 1);
    stepc_builder_attr_tensor(NULL, "t", NULL);
    stepc_builder_attr_value(NULL, "v", NULL, 0);
    b = begin("NoOp", "n");
    stepc_builder_attr_int(b, NULL, 1);
    refused(b, STEPC_INVALID_ARGUMENT, "no name");
    b = begin("Const", "n");
    stepc_builder_attr_tensor(b, "value", NULL);
    refused(b, STEPC_INVALID_ARGUMENT, "no value");
    b = begin("Const", "n");
    stepc_builder_attr_tensor(b, "value", &(stepc_view){.dtype = STEPC_FLOAT32, .rank = 0, .bytes = 0});
    refused(b, STEPC_INVALID_ARGUMENT, "1 elements of 4 bytes has 0 bytes");
    b = begin("IdentityN", "n");
    stepc_builder_input_list(b, NULL, 2);
    refused(b, STEPC_INVALID_ARGUMENT, "must not be NULL");
    stepc_builder_discard(begin("NoOp", "never"));
    cr_assert_code(stepc_builder_finish(begin("NoOp", "n"), NULL, NULL), STEPC_OK);
}

Test(build, what_is_refused_takes_no_memory)
{
    const stepc_operation *f = placeholder("f", STEPC_FLOAT32);
    size_t used = graph->memory.used_bytes;

    for (int i = 0; i < 2000; i++) {
        refused(begin("Placeholder", "p"), STEPC_INVALID_ARGUMENT, "missing attr");
        refused(begin("NoOp", "f"), STEPC_INVALID_ARGUMENT, "Duplicate");
    }
    cr_assert_eq(graph->memory.used_bytes, used);
    cr_assert_eq(stepc_graph_find(graph, "f"), f);
}

/* An allocator that fails at one call. */
typedef struct failing {
    long calls, fail_at;
} failing;

static void *failing_allocate(void *context, size_t bytes, size_t alignment)
{
    failing *f = context;
    void *memory = NULL;

    if (++f->calls == f->fail_at || posix_memalign(&memory, alignment < 8 ? 8 : alignment, bytes) != 0)
        return NULL;
    memset(memory, 0xA5, bytes);
    return memory;
}

static void failing_release(void *context, void *memory, size_t bytes)
{
    (void)context;
    (void)bytes;
    free(memory);
}

/* Builds y = x + x and adds a GraphDef; the first failure ends it. */
static stepc_code grow_once(stepc_graph *g)
{
    const char *source = "library { function { signature { name: 'f' } } } " IDENTITY("z", "w") PLACEHOLDER("w");
    stepc_import_options options = {.size = sizeof options, .prefix = "p"};
    const stepc_operation *x = stepc_graph_find(g, "x"), *y;
    stepc_builder *b;
    stepc_code code = stepc_builder_new(g, "Add", "y", &b, &test_error);

    if (code != STEPC_OK)
        return code;
    stepc_builder_input(b, out_of(x));
    stepc_builder_input(b, out_of(x));
    stepc_builder_attr_string(b, "_note", TEXT_LITERAL("text"));
    code = stepc_builder_finish(b, &y, &test_error);
    return code != STEPC_OK ? code : stepc_graph_import(g, "s", source, strlen(source), &options, &test_error);
}

Test(build, memory_that_runs_out_leaves_the_graph_as_it_was)
{
    failing f = {0, 0};
    stepc_host host;
    stepc_load_options options = {.size = sizeof options, .host = &host};
    const char *source = PLACEHOLDER("x");
    stepc_code code = STEPC_RESOURCE_EXHAUSTED;

    stepc_host_init(&host);
    host.allocator = (stepc_allocator){&f, failing_allocate, failing_release};
    for (long fail_at = 1; code != STEPC_OK; fail_at++) {
        stepc_graph *g;
        f = (failing){0, 0};
        cr_assert_code(stepc_graph_parse("x", source, strlen(source), &options, &g, &test_error), STEPC_OK);
        f = (failing){0, fail_at};
        code = grow_once(g);
        f.fail_at = 0;
        cr_assert(code == STEPC_OK || code == STEPC_RESOURCE_EXHAUSTED, "%ld: %s", fail_at, test_error.message);
        int64_t count = stepc_graph_operation_count(g);
        cr_assert(code == STEPC_OK ? count == 4 : count == 1 || count == 2);
        cr_assert_eq(stepc_graph_find(g, "y") != NULL, count > 1);
        cr_assert_eq(stepc_graph_find(g, "p/z") != NULL, count == 4);
        if (count == 1)
            cr_assert_code(grow_once(g), STEPC_OK); /* nothing stands in the way of the next */
        stepc_graph_release(g);
    }
}

enum { THREADS = 4, EACH = 200 };

static void *build_many(void *context)
{
    const stepc_operation *x = context;
    const stepc_operation *op = NULL;
    stepc_builder *b;
    int64_t dims[4];
    int32_t rank;
    long failed = 0;

    for (int i = 0; i < EACH; i++) {
        failed += stepc_builder_new(graph, "Neg", "n", &b, NULL) != STEPC_OK;
        stepc_builder_unique(b);
        stepc_builder_input(b, (stepc_output){op != NULL ? op : x, 0});
        failed += stepc_builder_finish(b, &op, NULL) != STEPC_OK;
        failed += stepc_graph_find(graph, stepc_operation_name(op)) != op;
        failed += stepc_graph_output_shape(graph, (stepc_output){op, 0}, dims, 4, &rank, NULL) != STEPC_OK;
    }
    return (void *)failed;
}

Test(build, threads_build_at_once)
{
    const stepc_operation *x = placeholder("x", STEPC_FLOAT32);
    pthread_t threads[THREADS];
    void *failed;

    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, build_many, (void *)(uintptr_t)x), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &failed);
        cr_assert_null(failed);
    }
    cr_assert_eq(stepc_graph_operation_count(graph), 1 + THREADS * EACH);
    cr_assert_not_null(stepc_graph_find(graph, "n_799"));
}
