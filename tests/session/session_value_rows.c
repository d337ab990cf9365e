/* SPDX-License-Identifier: Apache-2.0 */
/* 6.1, session_test.py: what is fed and what is fetched. */
#include "fixture.h"
#include "tables.h"

#include <stdlib.h>

static stepc_structure element(const char *name)
{
    return (stepc_structure){.kind = STEPC_STRUCTURE_NAME, .name = name};
}

static stepc_structure field(const char *field_name, const char *name)
{
    return (stepc_structure){.kind = STEPC_STRUCTURE_NAME, .name = name, .field = field_name};
}

static stepc_result *run_structure(stepc_session *s, const stepc_structure *fetches)
{
    stepc_result *result = NULL;
    MUST(stepc_session_run_structure(s, NULL, 0, fetches, NULL, &result, problem()));
    CHECK(result != NULL);
    return result;
}

static void check_scalar(const stepc_result *r, float value)
{
    CHECK(r->kind == STEPC_STRUCTURE_TENSOR && r->tensor != NULL);
    CHECK(scalar(stepc_tensor_retain(r->tensor)) == value);
}

static void check_operation(const stepc_result *r) { CHECK(r->kind == STEPC_STRUCTURE_OPERATION && r->tensor == NULL); }

/* ---- one step ------------------------------------------------------------------------------------------ */

/* MatMul of two 1 x 1 constants, 6 and 7. */
static void build_forty_two(stepc_graph *g)
{
    stepc_output a = fill(g, "a", 6, DIMS(1, 1)), b = fill(g, "b", 7, DIMS(1, 1));
    binary(g, "MatMul", "c", a, b);
}

static void check_forty_two(stepc_graph *g)
{
    stepc_session *s = open_session(g);
    CHECK_TENSOR(fetch(s, "c"), FLOATS((float[]){42}, 1, 1));
    stepc_session_free(s);
}

static void use_existing_graph(void)
{
    stepc_graph *g = graph_empty();
    build_forty_two(g);
    check_forty_two(g);
    stepc_graph_release(g);
}

static void use_default_graph(void)
{
    stepc_graph *first = stepc_default_graph(problem());
    CHECK(first != NULL && stepc_default_graph(problem()) == first);
    stepc_graph *g = graph_empty();
    MUST(stepc_default_graph_push(g, problem()));
    CHECK(stepc_default_graph(problem()) == g);
    build_forty_two(stepc_default_graph(problem()));
    check_forty_two(stepc_default_graph(problem()));
    MUST(stepc_default_graph_pop(g, problem()));
    CHECK(stepc_default_graph(problem()) == first);
    build_forty_two(first);
    check_forty_two(first);
    stepc_graph_release(g);
}

static void create(void)
{
    stepc_graph *g = graph_empty();
    unary(g, "Identity", "copy", fill(g, "W1", 10, DIMS(2, 3)));
    stepc_session *s = open_session(g);
    stepc_view fed = FLOATS(((float[]){1, 2, 3, 4, 5, 6}), 2, 3);
    CHECK_TENSOR(fetch_fed(s, "copy", "W1:0", fed), fed);
    CHECK_TENSOR(fetch(s, "copy"), FLOATS(((float[]){10, 10, 10, 10, 10, 10}), 2, 3));
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void fetch_singleton(void)
{
    stepc_graph *g = graph_empty();
    stepc_output a = constant(g, "a", FLOAT(42));
    const stepc_operation *b = no_op(g, "b", NULL, 0);
    stepc_session *s = open_session(g);
    stepc_structure tensor = {.kind = STEPC_STRUCTURE_TENSOR, .at = a};
    stepc_structure operation = {.kind = STEPC_STRUCTURE_OPERATION, .operation = b};
    stepc_result *r = run_structure(s, &tensor);
    check_scalar(r, 42);
    stepc_result_free(r);
    r = run_structure(s, &operation);
    check_operation(r);
    stepc_result_free(r);

    stepc_callable *callable = NULL;
    stepc_signature signature = {.size = sizeof signature, .fetches = &a, .fetch_count = 1};
    MUST(stepc_callable_make(s, &signature, NULL, &callable, problem()));
    stepc_fetch got = {.at = a};
    MUST(stepc_callable_call(callable, NULL, 0, &got, 1, NULL, problem()));
    CHECK(scalar(got.out) == 42);
    stepc_callable_release(callable);
    signature = (stepc_signature){.size = sizeof signature, .targets = &b, .target_count = 1};
    MUST(stepc_callable_make(s, &signature, NULL, &callable, problem()));
    MUST(stepc_callable_call(callable, NULL, 0, NULL, 0, NULL, problem()));
    stepc_callable_release(callable);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void fetch_singleton_by_name(void)
{
    stepc_graph *g = graph_empty();
    constant(g, "a", FLOAT(42));
    no_op(g, "b", NULL, 0);
    stepc_session *s = open_session(g);
    CHECK(scalar(fetch(s, "a:0")) == 42);
    CHECK(scalar(fetch(s, "a")) == 42);
    run_target(s, "b");
    stepc_structure tensor = element("a:0"), operation = element("b");
    stepc_result *r = run_structure(s, &tensor);
    check_scalar(r, 42);
    stepc_result_free(r);
    r = run_structure(s, &operation);
    check_operation(r);
    stepc_result_free(r);
    stepc_session_free(s);
    stepc_graph_release(g);
}

/* a = 42, b an operation, c = 44, and v a variable of 54 with its initializer b. */
static stepc_session *containers_session(stepc_graph **out)
{
    stepc_graph *g = *out = graph_empty();
    constant(g, "a", FLOAT(42));
    constant(g, "c", FLOAT(44));
    variable(g, "v", constant(g, "initial", FLOAT(54)));
    no_op(g, "b", (const stepc_operation *const[]){operation_of(g, "v/Assign")}, 1);
    stepc_session *s = open_session(g);
    run_target(s, "b");
    return s;
}

static void check_containers(stepc_session *s, stepc_structure_kind kind)
{
    stepc_structure items[] = {element("a:0"), element("b"), element("c:0"), element("a:0"), element("v:0")};
    stepc_structure all = {.kind = kind, .items = items, .count = 5};
    stepc_result *r = run_structure(s, &all);
    CHECK(r->kind == kind && r->count == 5);
    check_scalar(&r->items[0], 42);
    check_operation(&r->items[1]);
    check_scalar(&r->items[2], 44);
    check_scalar(&r->items[3], 42);
    check_scalar(&r->items[4], 54);
    stepc_result_free(r);
}

static void fetch_containers(void)
{
    static const char *const names[] = {"f", "b", "q", "d"};
    stepc_graph *g;
    stepc_session *s = containers_session(&g);
    check_containers(s, STEPC_STRUCTURE_LIST);
    check_containers(s, STEPC_STRUCTURE_TUPLE);
    stepc_structure items[] = {field("f", "a:0"), field("b", "b"), field("q", "c"), field("d", "a:0")};
    items[2].kind = STEPC_STRUCTURE_TENSOR;
    items[2].name = NULL;
    items[2].at = output_of(g, "c");
    stepc_structure all = {.kind = STEPC_STRUCTURE_FIELDS, .items = items, .count = 4};
    stepc_result *r = run_structure(s, &all);
    CHECK(r->kind == STEPC_STRUCTURE_FIELDS && r->count == 4);
    for (size_t i = 0; i < 4; i++)
        CHECK(strcmp(r->items[i].field, names[i]) == 0);
    check_scalar(&r->items[0], 42);
    check_operation(&r->items[1]);
    check_scalar(&r->items[2], 44);
    check_scalar(&r->items[3], 42);
    CHECK(r->items[0].tensor == r->items[3].tensor); /* computed once */
    stepc_result_free(r);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static const stepc_structure_kind containers[] = {STEPC_STRUCTURE_LIST, STEPC_STRUCTURE_TUPLE, STEPC_STRUCTURE_FIELDS};
#define CONTAINERS (sizeof containers / sizeof *containers)

static void fetch_nesting_empty(void)
{
    stepc_graph *g;
    stepc_session *s = containers_session(&g);
    for (size_t outer = 0; outer < CONTAINERS; outer++)
        for (size_t inner = 0; inner < CONTAINERS; inner++) {
            stepc_structure items[] = {{.kind = containers[inner], .field = "x"}, field("y", "a:0")};
            stepc_structure all = {.kind = containers[outer], .items = items, .count = 1};
            stepc_result *r = run_structure(s, &all); /* nothing to run */
            CHECK(r->kind == containers[outer] && r->count == 1);
            CHECK(r->items[0].kind == containers[inner] && r->items[0].count == 0);
            stepc_result_free(r);
            all.count = 2;
            r = run_structure(s, &all);
            CHECK(r->count == 2 && r->items[0].kind == containers[inner] && r->items[0].count == 0);
            check_scalar(&r->items[1], 42);
            stepc_result_free(r);
        }
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void fetch_nesting(void)
{
    stepc_graph *g;
    stepc_session *s = containers_session(&g);
    for (size_t outer = 0; outer < CONTAINERS; outer++)
        for (size_t inner = 0; inner < CONTAINERS; inner++) {
            stepc_structure first[] = {field("e", "a:0"), field("f", "b")}, second[] = {field("h", "c:0"), field("i", "v:0")};
            stepc_structure items[] = {{.kind = containers[inner], .field = "d", .items = first, .count = 2},
                                       {.kind = containers[inner], .field = "g", .items = second, .count = 2}};
            stepc_structure all = {.kind = containers[outer], .items = items, .count = 2};
            stepc_result *r = run_structure(s, &all);
            CHECK(r->kind == containers[outer] && r->count == 2);
            CHECK(r->items[0].kind == containers[inner] && r->items[0].count == 2);
            CHECK(r->items[1].kind == containers[inner] && r->items[1].count == 2);
            check_scalar(&r->items[0].items[0], 42);
            check_operation(&r->items[0].items[1]);
            check_scalar(&r->items[1].items[0], 44);
            check_scalar(&r->items[1].items[1], 54);
            stepc_result_free(r);
        }
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void fetch_tensor_object(void)
{
    stepc_view product = FLOATS(((float[]){4, 4, 4}), 1, 3);
    stepc_graph *g = graph_empty();
    stepc_output c = binary(g, "MatMul", "c", fill(g, "a", 1, DIMS(1, 2)), fill(g, "b", 2, DIMS(2, 3)));
    stepc_session *s = open_session(g);
    stepc_structure tensor = {.kind = STEPC_STRUCTURE_TENSOR, .at = c}, named = tensor;
    named.field = "c";
    stepc_structure list = {.kind = STEPC_STRUCTURE_LIST, .items = &tensor, .count = 1};
    stepc_structure nested = {.kind = STEPC_STRUCTURE_LIST, .items = &list, .count = 1};
    stepc_structure fields = {.kind = STEPC_STRUCTURE_FIELDS, .items = &named, .count = 1};
    stepc_result *r = run_structure(s, &tensor);
    CHECK_TENSOR(stepc_tensor_retain(r->tensor), product);
    stepc_result_free(r);
    r = run_structure(s, &list);
    CHECK_TENSOR(stepc_tensor_retain(r->items[0].tensor), product);
    stepc_result_free(r);
    r = run_structure(s, &nested);
    CHECK_TENSOR(stepc_tensor_retain(r->items[0].items[0].tensor), product);
    stepc_result_free(r);
    r = run_structure(s, &fields);
    CHECK(strcmp(r->items[0].field, "c") == 0);
    CHECK_TENSOR(stepc_tensor_retain(r->items[0].tensor), product);
    stepc_result_free(r);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void fetch_scalar(void)
{
    struct {
        stepc_dtype dtype;
        void *seven, *eight, *fifteen;
    } cases[] = {
        {STEPC_INT32, (int32_t[]){7}, (int32_t[]){8}, (int32_t[]){15}},
        {STEPC_INT64, (int64_t[]){7}, (int64_t[]){8}, (int64_t[]){15}},
        {STEPC_HALF, (uint16_t[]){0x4700}, (uint16_t[]){0x4800}, (uint16_t[]){0x4B80}},
        {STEPC_FLOAT32, (float[]){7}, (float[]){8}, (float[]){15}},
        {STEPC_FLOAT64, (double[]){7}, (double[]){8}, (double[]){15}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        stepc_graph *g = graph_empty();
        stepc_output x = constant(g, "x", view_of(cases[i].dtype, SCALAR, cases[i].seven));
        binary(g, "Add", "z", x, constant(g, "y", view_of(cases[i].dtype, SCALAR, cases[i].eight)));
        stepc_session *s = open_session(g);
        CHECK_TENSOR(fetch(s, "z"), view_of(cases[i].dtype, SCALAR, cases[i].fifteen));
        shot one = {.session = s};
        MUST(shoot(&one, NAMES("z", "x", "z"), NONE));
        CHECK_TENSOR(one.out[0], view_of(cases[i].dtype, SCALAR, cases[i].fifteen));
        CHECK_TENSOR(one.out[1], view_of(cases[i].dtype, SCALAR, cases[i].seven));
        CHECK_TENSOR(one.out[2], view_of(cases[i].dtype, SCALAR, cases[i].fifteen));
        stepc_session_free(s);
        stepc_graph_release(g);
    }
}

static void fetch_operation_object(void)
{
    stepc_graph *g = graph_empty();
    variable(g, "v", fill(g, "a", 1, DIMS(1, 2)));
    stepc_session *s = open_session(g);
    run_target(s, "v/Assign");
    CHECK_TENSOR(fetch(s, "v"), FLOATS(((float[]){1, 1}), 1, 2));
    stepc_session_free(s);
    stepc_graph_release(g);
}

/* ---- sparse tensors and indexed slices: three tensors ------------------------------------------------------ */

static int64_t sparse_indices[] = {3, 2, 0, 4, 5, 1}, sparse_shape[] = {7, 9, 2};
static float sparse_values[] = {1, 2};
#define SPARSE_INDICES view_of(STEPC_INT64, DIMS(2, 3), sparse_indices)
#define SPARSE_VALUES view_of(STEPC_FLOAT32, DIMS(2), sparse_values)
#define SPARSE_SHAPE view_of(STEPC_INT64, DIMS(3), sparse_shape)

static void fetch_sparse_tensor(void)
{
    stepc_graph *g = graph_empty();
    constant(g, "indices", SPARSE_INDICES);
    constant(g, "values", SPARSE_VALUES);
    constant(g, "shape", SPARSE_SHAPE);
    stepc_session *s = open_session(g);
    for (size_t i = 0; i < CONTAINERS; i++) {
        stepc_structure three[] = {element("indices:0"), element("values:0"), element("shape:0")};
        stepc_structure sparse = {.kind = STEPC_STRUCTURE_TUPLE, .field = "sp", .items = three, .count = 3};
        stepc_structure outer = {.kind = containers[i], .items = &sparse, .count = 1};
        stepc_result *r = run_structure(s, &outer);
        CHECK(r->count == 1 && r->items[0].kind == STEPC_STRUCTURE_TUPLE && r->items[0].count == 3);
        CHECK_TENSOR(stepc_tensor_retain(r->items[0].items[0].tensor), SPARSE_INDICES);
        CHECK_TENSOR(stepc_tensor_retain(r->items[0].items[1].tensor), SPARSE_VALUES);
        CHECK_TENSOR(stepc_tensor_retain(r->items[0].items[2].tensor), SPARSE_SHAPE);
        stepc_result_free(r);
    }
    stepc_session_free(s);
    stepc_graph_release(g);
}

static stepc_session *sparse_session(stepc_graph **out)
{
    stepc_graph *g = *out = graph_empty();
    unary(g, "Identity", "indices_out", placeholder(g, "indices", STEPC_INT64));
    unary(g, "Identity", "values_out", placeholder(g, "values", STEPC_FLOAT32));
    unary(g, "Identity", "shape_out", placeholder(g, "shape", STEPC_INT64));
    constant(g, "constant_shape", SPARSE_SHAPE);
    return open_session(g);
}

/* Feeds three, or without SHAPE_OUT's placeholder two, and takes three of them back. */
static void sparse_round_trip(stepc_session *s, const char *shape_out)
{
    shot one = {.session = s};
    stepc_view shape = SPARSE_SHAPE; /* its dimensions live as long as this block */
    feed(&one, "indices", SPARSE_INDICES);
    feed(&one, "values", SPARSE_VALUES);
    if (strcmp(shape_out, "shape_out") == 0)
        feed(&one, "shape:0", shape);
    MUST(shoot(&one, NAMES("indices_out", "values_out", shape_out), NONE));
    CHECK_TENSOR(one.out[0], SPARSE_INDICES);
    CHECK_TENSOR(one.out[1], SPARSE_VALUES);
    CHECK_TENSOR(one.out[2], SPARSE_SHAPE);
}

static void feed_sparse_tensor(void)
{
    stepc_graph *g;
    stepc_session *s = sparse_session(&g);
    sparse_round_trip(s, "shape_out");
    sparse_round_trip(s, "constant_shape");
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void indexed_slices(void)
{
    stepc_graph *g;
    stepc_session *s = sparse_session(&g);
    sparse_round_trip(s, "shape_out");
    shot without = {.session = s};
    feed(&without, "values", SPARSE_VALUES);
    feed(&without, "indices", SPARSE_INDICES);
    MUST(shoot(&without, NAMES("values_out", "indices_out"), NONE));
    CHECK_TENSOR(without.out[0], SPARSE_VALUES);
    CHECK_TENSOR(without.out[1], SPARSE_INDICES);
    stepc_session_free(s);
    stepc_graph_release(g);
}

/* ---- feeds ------------------------------------------------------------------------------------------------ */

static void run_feed_dict(void)
{
    stepc_view ones = FLOATS(((float[]){1, 1}), 2), twos = FLOATS(((float[]){2, 2}), 2);
    stepc_graph *g = graph_empty();
    stepc_output x = fill(g, "x", 0, DIMS(2)), two = constant(g, "two", FLOAT(2));
    stepc_output y = binary(g, "Mul", "y", two, x);
    stepc_session *s = open_session(g);
    CHECK_TENSOR(fetch(s, "y"), FLOATS(((float[]){0, 0}), 2));
    CHECK_TENSOR(fetch_fed(s, "y", "x:0", ones), twos);
    CHECK_TENSOR(fetch_fed(s, "y", "x", ones), twos);
    stepc_feed by_handle[] = {{x, ones}, {two, FLOAT(3)}};
    stepc_fetch got = {.at = y};
    MUST(stepc_session_run(s, by_handle, 2, &got, 1, NULL, 0, NULL, problem()));
    CHECK_TENSOR(got.out, FLOATS(((float[]){3, 3}), 2));
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void duplicated_inputs(void)
{
    stepc_view ones = FLOATS(((float[]){1, 1, 1, 1, 1, 1}), 2, 3), twos = FLOATS(((float[]){2, 2}), 2, 1);
    stepc_graph *g = graph_empty();
    constant(g, "a", ones);
    constant(g, "b", twos);
    stepc_session *s = open_session(g);
    shot one = {.session = s};
    MUST(shoot(&one, NAMES("a", "b", "a"), NONE));
    CHECK_TENSOR(one.out[0], ones);
    CHECK_TENSOR(one.out[1], twos);
    CHECK_TENSOR(one.out[2], ones);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static const int64_t feed_dims[4][3] = {{32, 4, 128}, {37, 0, 0}, {2, 0, 6}, {0, 0, 0}};
static const int32_t feed_ranks[4] = {3, 1, 3, 3};

static void feed_and_fetch_one(stepc_session *s, stepc_output in, stepc_output out, stepc_view value)
{
    stepc_feed fed = {in, value};
    stepc_fetch only_out = {.at = out}, only_in = {.at = in}, both[] = {{.at = out}, {.at = in}};
    MUST(stepc_session_run(s, &fed, 1, &only_out, 1, NULL, 0, NULL, problem()));
    CHECK_TENSOR(only_out.out, value);
    MUST(stepc_session_run(s, &fed, 1, &only_in, 1, NULL, 0, NULL, problem()));
    CHECK_TENSOR(only_in.out, value);
    MUST(stepc_session_run(s, &fed, 1, both, 2, NULL, 0, NULL, problem()));
    CHECK_TENSOR(both[0].out, value);
    CHECK_TENSOR(both[1].out, value);

    stepc_callable *callable = NULL;
    stepc_output outs[] = {out, in};
    stepc_signature signature = {.size = sizeof signature, .feeds = &in, .feed_count = 1, .fetches = outs, .fetch_count = 2};
    MUST(stepc_callable_make(s, &signature, NULL, &callable, problem()));
    both[0].out = both[1].out = NULL;
    MUST(stepc_callable_call(callable, &value, 1, both, 2, NULL, problem()));
    CHECK_TENSOR(both[0].out, value);
    CHECK_TENSOR(both[1].out, value);
    stepc_callable_release(callable);
}

static void feed_and_fetch(void)
{
    static const stepc_dtype dtypes[] = {STEPC_HALF,  STEPC_FLOAT32, STEPC_FLOAT64, STEPC_INT8, STEPC_INT16,     STEPC_INT32,
                                         STEPC_INT64, STEPC_UINT8,   STEPC_BOOL,    STEPC_COMPLEX64, STEPC_COMPLEX128};
    size_t bytes = (size_t)32 * 4 * 128 * 16;
    unsigned char *data = malloc(bytes);
    CHECK(data != NULL);
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
        stepc_graph *g = graph_empty();
        stepc_output in = placeholder(g, "in", dtypes[i]), out = unary(g, "Identity", "out", in);
        stepc_session *s = open_session(g);
        for (size_t k = 0; k < bytes; k++)
            data[k] = (unsigned char)(dtypes[i] == STEPC_BOOL ? (k * 7 >> 2) & 1u : k * 131u + (k >> 8));
        for (size_t k = 0; k < 4; k++)
            feed_and_fetch_one(s, in, out, view_of(dtypes[i], feed_dims[k], feed_ranks[k], data));
        stepc_session_free(s);
        stepc_graph_release(g);
    }
    free(data);
}

/* ---- strings ---------------------------------------------------------------------------------------------- */

#define STRINGS_MOST (32 * 4 * 128)

static void string_round_trip(const stepc_view *value)
{
    stepc_graph *g = graph_empty();
    constant(g, "constant", *value);
    unary(g, "Identity", "out", placeholder(g, "in", STEPC_STRING));
    stepc_session *s = open_session(g);
    CHECK_TENSOR(fetch(s, "constant"), *value);
    CHECK_TENSOR(fetch_fed(s, "out", "in", *value), *value);
    CHECK_TENSOR(fetch_fed(s, "in", "in", *value), *value);
    CHECK_TENSOR(fetch_fed(s, "constant", "constant:0", *value), *value);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void string_fetch_and_feed(void)
{
    static char texts[STRINGS_MOST][8];
    static stepc_string strings[STRINGS_MOST];
    for (int i = 0; i < STRINGS_MOST; i++)
        strings[i] = (stepc_string){texts[i], (size_t)snprintf(texts[i], sizeof texts[i], "%d", i)};
    for (size_t k = 0; k < 4; k++) {
        stepc_view value = view_of(STEPC_STRING, feed_dims[k], feed_ranks[k], strings);
        string_round_trip(&value);
    }
}

static void string_with_null_characters(void)
{
    stepc_string strings[] = {{"\n\x01\x00", 3}, {"\n\x00\x01", 3}};
    stepc_view value = view_of(STEPC_STRING, DIMS(2), strings);
    string_round_trip(&value);
}

static void string_with_unicode(void)
{
    static const char first[] = "\n\x01\x00\xc3\x9c", second[] = "\xe2\x82\xac\x00\xf0\x9f\x98\x80";
    stepc_string strings[] = {{first, sizeof first - 1}, {second, sizeof second - 1}};
    stepc_view value = view_of(STEPC_STRING, DIMS(2), strings);
    string_round_trip(&value);
}

static void feed_shape_compatibility(void)
{
    stepc_graph *g = graph_empty();
    stepc_output values = constant(g, "some_tensor", FLOATS(((float[]){2, 2, 2, 2}), 4));
    stepc_output shape = constant(g, "new_shape", view_of(STEPC_INT32, DIMS(2), (int32_t[]){2, 2}));
    stepc_builder *b = NULL;
    const stepc_operation *op = NULL;
    MUST(stepc_builder_new(g, "Reshape", "reshaped", &b, problem()));
    stepc_builder_input(b, values);
    stepc_builder_input(b, shape);
    stepc_builder_attr_type(b, "T", STEPC_FLOAT32);
    stepc_builder_attr_type(b, "Tshape", STEPC_INT32);
    MUST(stepc_builder_finish(b, &op, problem()));
    stepc_session *s = open_session(g);
    CHECK_TENSOR(fetch(s, "reshaped"), FLOATS(((float[]){2, 2, 2, 2}), 2, 2));
    CHECK_TENSOR(fetch_fed(s, "reshaped", "new_shape:0", view_of(STEPC_INT32, DIMS(2), (int32_t[]){1, 4})),
                 FLOATS(((float[]){2, 2, 2, 2}), 1, 4));
    shot one = {.session = s};
    feed(&one, "new_shape:0", view_of(STEPC_INT32, DIMS(2), (int32_t[]){3, 7}));
    MUST_FAIL_WITH(STEPC_INVALID_ARGUMENT, "Input to reshape is a tensor with 4 values, but the requested shape has 21",
                   shoot(&one, NAMES("reshaped"), NONE));
    CHECK(strstr(stepc_error_message(problem()), " [[{{node reshaped}}]]") != NULL);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static const row rows[] = {
    {"6.1", "UseExistingGraph", NULL, ROW_TESTED, use_existing_graph, NULL},
    {"6.1", "UseDefaultGraph", NULL, ROW_TESTED, use_default_graph, NULL},
    {"6.1", "Create", NULL, ROW_TESTED, create, NULL},
    {"6.1", "FetchNone", NULL, ROW_REASON, NULL, "Python only: a C caller cannot fetch None"},
    {"6.1", "FetchSingleton", NULL, ROW_TESTED, fetch_singleton, NULL},
    {"6.1", "FetchSingletonByName", NULL, ROW_TESTED, fetch_singleton_by_name, NULL},
    {"6.1", "FetchList / FetchTuple / FetchNamedTuple / FetchDict / FetchOrderedDict", NULL, ROW_TESTED, fetch_containers, NULL},
    {"6.1", "FetchAttrs / FetchNestedAttrs", NULL, ROW_REASON, NULL, "Python only: classes of the attrs package"},
    {"6.1", "FetchNestingEmptyOneLevel", NULL, ROW_TESTED, fetch_nesting_empty, NULL},
    {"6.1", "FetchNestingOneLevel", NULL, ROW_TESTED, fetch_nesting, NULL},
    {"6.1", "FetchTensorObject", NULL, ROW_TESTED, fetch_tensor_object, NULL},
    {"6.1", "FetchScalar", NULL, ROW_TESTED, fetch_scalar, NULL},
    {"6.1", "FetchOperationObject", NULL, ROW_TESTED, fetch_operation_object, NULL},
    {"6.1", "FetchSparseTensor", NULL, ROW_TESTED, fetch_sparse_tensor, NULL},
    {"6.1", "FeedSparseTensor, FeedSparsePlaceholder, \xe2\x80\xa6PartialShape, \xe2\x80\xa6" "ConstantShape", NULL, ROW_TESTED,
     feed_sparse_tensor, NULL},
    {"6.1", "FetchIndexedSlices, FeedIndexedSlices, both WithoutDenseShape", NULL, ROW_TESTED, indexed_slices, NULL},
    {"6.1", "RunFeedDict", NULL, ROW_TESTED, run_feed_dict, NULL},
    {"6.1", "DuplicatedInputs", NULL, ROW_TESTED, duplicated_inputs, NULL},
    {"6.1", "FeedAndFetch", NULL, ROW_TESTED, feed_and_fetch, NULL},
    {"6.1", "FeedError", NULL, ROW_REASON, NULL, "Python only: the value of a feed is a view of elements, never a tensor of the graph"},
    {"6.1", "FeedPrecisionLossError", NULL, ROW_REASON, NULL, "Python only: no value is converted, the dtype of a feed must be right"},
    {"6.1", "StringFetch / StringFeed", NULL, ROW_TESTED, string_fetch_and_feed, NULL},
    {"6.1", "StringFeedWithNullCharacters", NULL, ROW_TESTED, string_with_null_characters, NULL},
    {"6.1", "StringFeedWithUnicode", NULL, ROW_TESTED, string_with_unicode, NULL},
    {"6.1", "FetchByNameDifferentStringTypes", NULL, ROW_REASON, NULL, "Python only: str, bytes and unicode are all bytes in C"},
    {"6.1", "FeedDictKeyException", NULL, ROW_REASON, NULL, "Python only: keys are tensors, or names where \"op\" is \"op:0\""},
    {"6.1", "FeedShapeCompatibility", NULL, ROW_TESTED, feed_shape_compatibility, NULL},
    {"6.1", "RegisterFetchAndFeedConversionFunctions", NULL, ROW_REASON, NULL, "Python only: conversion of Python's types"},
    {"6.1", "AutoConvertAndCheckData", NULL, ROW_REASON, NULL, "Python only: no value is converted, the dtype of a feed must be right"},
};

const row_list session_value_rows = {rows, sizeof rows / sizeof *rows};
