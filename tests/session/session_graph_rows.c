/* SPDX-License-Identifier: Apache-2.0 */
/* 6.1, session_test.py: graphs that grow under their sessions, several sessions, several threads. */
#include "fixture.h"
#include "tables.h"

#include <stdatomic.h>

static const stepc_view product = {(float[]){4, 4, 4}, 12, (const int64_t[]){1, 3}, 2, STEPC_FLOAT32};

/* ---- extending ---------------------------------------------------------------------------------------- */

static void extend_with_stateless_operations(void)
{
    stepc_graph *g = graph_empty();
    stepc_output c = binary(g, "MatMul", "c", fill(g, "a", 1, DIMS(1, 2)), fill(g, "b", 2, DIMS(2, 3)));
    stepc_session *s = open_session(g);
    CHECK_TENSOR(fetch(s, "c"), product);
    binary(g, "MatMul", "e", c, constant(g, "d", FLOATS(((float[]){1, 2, 3}), 3, 1)));
    CHECK_TENSOR(fetch(s, "e"), FLOATS((float[]){24}, 1, 1));
    CHECK_TENSOR(fetch(s, "c"), product);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void extend_with_stateful_operations(void)
{
    stepc_graph *g = graph_empty();
    stepc_output a = fill(g, "a", 1, DIMS(1, 2));
    stepc_output v = variable(g, "v", binary(g, "MatMul", "c", a, fill(g, "b", 2, DIMS(2, 3))));
    stepc_session *s = open_session(g);
    run_target(s, "v/Assign");
    CHECK_TENSOR(fetch(s, "v"), product);
    stepc_output e = binary(g, "MatMul", "e", a, fill(g, "d", 3, DIMS(2, 3)));
    CHECK_TENSOR(fetch(s, "e"), FLOATS(((float[]){6, 6, 6}), 1, 3));
    CHECK_TENSOR(fetch(s, "v"), product); /* survives */
    binary(g, "Assign", "assign_e_to_v", v, e);
    CHECK_TENSOR(fetch(s, "v"), product); /* nothing ran */
    run_target(s, "assign_e_to_v");
    CHECK_TENSOR(fetch(s, "v"), FLOATS(((float[]){6, 6, 6}), 1, 3));
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void extend_with_group_by(void)
{
    stepc_view ones = FLOATS(((float[]){1, 1}), 1, 2), twos = FLOATS(((float[]){2, 2}), 1, 2);
    stepc_graph *g = graph_empty();
    variable(g, "p", constant(g, "a", ones));
    stepc_session *s = open_session(g);
    run_target(s, "p/Assign");
    CHECK_TENSOR(fetch(s, "p"), ones);
    variable(g, "q", constant(g, "b", twos));
    no_op(g, "init", (const stepc_operation *const[]){operation_of(g, "p/Assign"), operation_of(g, "q/Assign")}, 2);
    run_target(s, "init");
    CHECK_TENSOR(fetch(s, "p"), ones);
    CHECK_TENSOR(fetch(s, "q"), twos);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void tensor_get_method(void)
{
    stepc_graph *g = graph_empty();
    stepc_output a = fill(g, "a", 1, DIMS(1, 2));
    stepc_output c = binary(g, "MatMul", "c", a, fill(g, "b", 2, DIMS(2, 3)));
    stepc_session *s = open_session(g);
    stepc_tensor *value = NULL;
    MUST(stepc_default_session_push(s, problem()));
    MUST(stepc_output_eval(c, NULL, 0, NULL, &value, problem()));
    CHECK_TENSOR(value, product);
    stepc_feed fed = {output_of(g, "a:0"), FLOATS(((float[]){4, 4}), 1, 2)};
    MUST(stepc_output_eval(c, &fed, 1, NULL, &value, problem()));
    CHECK_TENSOR(value, FLOATS(((float[]){16, 16, 16}), 1, 3));
    MUST(stepc_default_session_pop(s, problem()));
    MUST(stepc_output_eval(c, NULL, 0, s, &value, problem()));
    CHECK_TENSOR(value, product);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void operation_run_method(void)
{
    stepc_graph *g = graph_empty();
    stepc_output a = fill(g, "a", 1, DIMS(1, 2)), b = fill(g, "b", 2, DIMS(1, 2));
    stepc_output v = variable(g, "v", a);
    const stepc_operation *a_to_v = operation_of(g, "v/Assign");
    const stepc_operation *b_to_v = binary(g, "Assign", "assign_b_to_v", v, b).op;
    stepc_session *s = open_session(g);
    MUST(stepc_default_session_push(s, problem()));
    MUST(stepc_operation_run(a_to_v, NULL, 0, NULL, problem()));
    CHECK_TENSOR(fetch(s, "v"), FLOATS(((float[]){1, 1}), 1, 2));
    MUST(stepc_operation_run(b_to_v, NULL, 0, NULL, problem()));
    CHECK_TENSOR(fetch(s, "v"), FLOATS(((float[]){2, 2}), 1, 2));
    stepc_feed fed = {output_of(g, "b:0"), FLOATS(((float[]){3, 3}), 1, 2)};
    MUST(stepc_operation_run(b_to_v, &fed, 1, NULL, problem()));
    CHECK_TENSOR(fetch(s, "v"), FLOATS(((float[]){3, 3}), 1, 2));
    MUST(stepc_default_session_pop(s, problem()));
    MUST(stepc_operation_run(a_to_v, NULL, 0, s, problem()));
    CHECK_TENSOR(fetch(s, "v"), FLOATS(((float[]){1, 1}), 1, 2));
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void default_graph(void)
{
    stepc_graph *first = stepc_default_graph(problem()), *g = graph_empty();
    CHECK(first != NULL);
    MUST(stepc_default_graph_push(g, problem()));
    stepc_output a = fill(g, "a", 1, DIMS(1, 2));
    stepc_session *s = open_session(stepc_default_graph(problem()));
    CHECK(stepc_session_graph(s) == g && stepc_default_graph(problem()) == g);
    MUST(stepc_session_begin(s, problem()));
    CHECK(stepc_default_graph(problem()) == g && stepc_default_session() == s);
    stepc_output b = fill(g, "b", 2, DIMS(2, 3)), c = binary(g, "MatMul", "c", a, b), v = variable(g, "v", c);
    CHECK(stepc_operation_graph(v.op) == g && stepc_operation_graph(c.op) == g);
    run_target(s, "v/Assign");
    CHECK_TENSOR(fetch(s, "v"), product);
    stepc_output e = binary(g, "MatMul", "e", a, fill(g, "d", 3, DIMS(2, 3)));
    CHECK_TENSOR(fetch(s, "e"), FLOATS(((float[]){6, 6, 6}), 1, 3));
    binary(g, "Assign", "assign_e_to_v", v, e);
    CHECK_TENSOR(fetch(s, "v"), product);
    run_target(s, "assign_e_to_v");
    CHECK_TENSOR(fetch(s, "v"), FLOATS(((float[]){6, 6, 6}), 1, 3));
    CHECK(stepc_default_graph(problem()) == g);
    MUST(stepc_session_end(s, problem()));
    CHECK(stepc_default_session() == NULL && stepc_default_graph(problem()) == g);
    MUST(stepc_default_graph_pop(g, problem()));
    CHECK(stepc_default_graph(problem()) == first);
    stepc_session_free(s);
    stepc_graph_release(g);
}

static bool text_has(const char *text, size_t bytes, const char *word)
{
    size_t size = strlen(word);
    for (size_t i = 0; i + size <= bytes; i++)
        if (memcmp(text + i, word, size) == 0)
            return true;
    return false;
}

/* The graph written and read again has COUNT operations; VERSIONS as in what was written. */
static void check_written(stepc_graph *g, int64_t count)
{
    void *data = NULL;
    size_t bytes = 0;
    stepc_graph *back = NULL;
    MUST(stepc_graph_write(g, STEPC_GRAPH_TEXT, &data, &bytes, problem()));
    CHECK(text_has(data, bytes, "versions"));
    MUST(stepc_graph_parse("written", data, bytes, NULL, &back, problem()));
    CHECK(stepc_graph_operation_count(back) == count);
    stepc_graph_release(back);
    stepc_graph_text_free(g, data, bytes);
    MUST(stepc_graph_write(g, STEPC_GRAPH_BINARY, &data, &bytes, problem()));
    CHECK(wire_count(data, bytes, 1) == (size_t)count && wire_count(data, bytes, 4) == 1);
    stepc_graph_text_free(g, data, bytes);
}

static void graph_def(void)
{
    stepc_graph *g = graph_empty();
    stepc_session *s = open_session(g);
    fill(g, "a", 5, DIMS(1));
    check_written(stepc_session_graph(s), 1);
    CHECK_TENSOR(fetch(s, "a"), FLOATS((float[]){5}, 1));
    fill(g, "b", 7, DIMS(1));
    check_written(stepc_session_graph(s), 2);
    fill(g, "c", 9, DIMS(1));
    check_written(stepc_session_graph(s), 3);
    CHECK_TENSOR(fetch(s, "c"), FLOATS((float[]){9}, 1));
    stepc_session_free(s);
    stepc_graph_release(g);
}

static void infer_shapes_false(void)
{
    void *data = NULL;
    size_t bytes = 0;
    stepc_graph *g = graph_empty();
    constant(g, "a", FLOAT(1));
    stepc_session *s = open_session(g);
    MUST(stepc_graph_write(stepc_session_graph(s), STEPC_GRAPH_TEXT, &data, &bytes, problem()));
    CHECK(!text_has(data, bytes, "_output_shapes"));
    stepc_graph_text_free(g, data, bytes);
    stepc_session_free(s);
    stepc_graph_release(g);
}

/* TensorFlow tells inferred shapes by an attribute that the session adds to its graph; here one asks for them. */
static void infer_shapes_true(void)
{
    int64_t dims[2] = {0, 0};
    int32_t rank = -2;
    stepc_graph *g = graph_empty();
    stepc_output a = constant(g, "a", FLOAT(1));
    stepc_output c = binary(g, "MatMul", "c", fill(g, "x", 1, DIMS(1, 2)), fill(g, "y", 2, DIMS(2, 3)));
    stepc_session *s = open_config(g, CONFIG(0x52, 2, 0x28, 1)); /* graph_options { infer_shapes: true } */
    CHECK(scalar(fetch(s, "a")) == 1);
    MUST(stepc_graph_output_shape(stepc_session_graph(s), a, dims, 2, &rank, problem()));
    CHECK(rank == 0);
    MUST(stepc_graph_output_shape(stepc_session_graph(s), c, dims, 2, &rank, problem()));
    CHECK(rank == 2 && dims[0] == 1 && dims[1] == 3);
    stepc_session_free(s);
    stepc_graph_release(g);
}

/* ---- several sessions, several threads ------------------------------------------------------------------- */

static void shared_graph(void)
{
    stepc_graph *g = graph_empty();
    stepc_output c = binary(g, "MatMul", "c", fill(g, "a", 1, DIMS(1, 2)), fill(g, "b", 2, DIMS(2, 3)));
    variable(g, "v", c);
    stepc_session *first = open_session(g), *second = open_session(g);
    CHECK_TENSOR(fetch(first, "c"), product);
    CHECK_TENSOR(fetch(second, "c"), product);
    run_target(first, "v/Assign");
    CHECK_TENSOR(fetch(first, "v"), product);
    MUST_FAIL_WITH(STEPC_FAILED_PRECONDITION, "uninitialized", try_fetch(second, "v")); /* a state of its own */
    stepc_graph_release(g); /* the sessions keep it */
    CHECK_TENSOR(fetch(second, "c"), product);
    stepc_session_free(first);
    stepc_session_free(second);
}

static void incorrect_graph(void)
{
    stepc_graph *g = graph_empty(), *other = graph_empty();
    stepc_output mine = constant(g, "mine", FLOAT(1)), theirs = constant(other, "theirs", FLOAT(2));
    stepc_session *s = open_session(g);
    stepc_fetch got = {.at = mine};
    MUST(stepc_session_run(s, NULL, 0, &got, 1, NULL, 0, NULL, problem()));
    CHECK(scalar(got.out) == 1);
    got = (stepc_fetch){.at = theirs};
    MUST_FAIL(STEPC_NOT_FOUND, "FetchOutputs node theirs:0: not found",
              stepc_session_run(s, NULL, 0, &got, 1, NULL, 0, NULL, problem()));
    stepc_feed fed = {theirs, FLOAT(3)};
    got = (stepc_fetch){.at = mine};
    MUST_FAIL(STEPC_NOT_FOUND, "FeedInputs: unable to find feed output theirs:0",
              stepc_session_run(s, &fed, 1, &got, 1, NULL, 0, NULL, problem()));
    MUST_FAIL(STEPC_NOT_FOUND, "PruneForTargets: Some target nodes not found: theirs ",
              stepc_session_run(s, NULL, 0, NULL, 0, &theirs.op, 1, NULL, problem()));
    MUST_FAIL(STEPC_NOT_FOUND, "FetchOutputs node theirs:0: not found", try_fetch(s, "theirs:0"));
    stepc_session_free(s);
    stepc_graph_release(g);
    stepc_graph_release(other);
}

/* Each thread: a session of its own on the one graph; what it assigns, no other sees. */
static void isolated(void *argument, int number)
{
    stepc_graph *g = argument;
    MUST(stepc_default_graph_push(g, problem()));
    CHECK(stepc_default_graph(problem()) == g && stepc_default_session() == NULL);
    stepc_session *s = open_session(stepc_default_graph(problem()));
    MUST(stepc_session_begin(s, problem()));
    for (int i = 0; i < 20; i++) {
        float value = (float)(100 * number + i);
        shot one = {.session = s};
        feed(&one, "initial:0", FLOAT(value));
        MUST(shoot(&one, NONE, NAMES("v/Assign")));
        CHECK(scalar(fetch(s, "v")) == value);
    }
    MUST(stepc_session_end(s, problem()));
    stepc_session_free(s);
    MUST(stepc_default_graph_pop(g, problem()));
}

static void default_graph_with_threads(void)
{
    stepc_graph *g = graph_empty();
    variable(g, "v", constant(g, "initial", FLOAT(0)));
    parallel(10, isolated, g);
    stepc_graph_release(g);
}

static void fetch_five(void *argument, int number)
{
    (void)number;
    CHECK(scalar(fetch(argument, "c")) == 5);
}

static void parallel_run(void)
{
    stepc_graph *g = graph_empty();
    constant(g, "c", FLOAT(5));
    stepc_session *s = open_session(g);
    parallel(100, fetch_five, s);
    stepc_session_free(s);
    stepc_graph_release(g);
}

#define INT_ATTR(value) " attr { key: 'T' value { type: DT_INT32 } } " value "}\n"
#define INT_CONST(name, input, value)                                                                                  \
    "node { name: '" name "' op: 'Const' " input "attr { key: 'dtype' value { type: DT_INT32 } } "                      \
    "attr { key: 'value' value { tensor { dtype: DT_INT32 tensor_shape { } int_val: " value " } } } }\n"
static const char while_loop[] =
    INT_CONST("start", "", "0")
    "node { name: 'enter' op: 'Enter' input: 'start'" INT_ATTR("attr { key: 'frame_name' value { s: 'loop' } } ")
    "node { name: 'merge' op: 'Merge' input: 'enter' input: 'next'" INT_ATTR("attr { key: 'N' value { i: 2 } } ")
    INT_CONST("limit", "input: '^merge' ", "10")
    "node { name: 'less' op: 'Less' input: 'merge' input: 'limit'" INT_ATTR("")
    "node { name: 'cond' op: 'LoopCond' input: 'less' }\n"
    "node { name: 'switch' op: 'Switch' input: 'merge' input: 'cond'" INT_ATTR("")
    "node { name: 'body' op: 'Identity' input: 'switch:1'" INT_ATTR("")
    INT_CONST("one", "input: '^body' ", "1")
    "node { name: 'add' op: 'Add' input: 'body' input: 'one'" INT_ATTR("")
    "node { name: 'next' op: 'NextIteration' input: 'add'" INT_ATTR("")
    "node { name: 'exit' op: 'Exit' input: 'switch'" INT_ATTR("");

#define BUILDS 30

typedef struct building {
    stepc_graph *graph;
    stepc_session *session;
    int builders;
    atomic_int building; /* threads that still build */
} building;

/* Placeholders, what a gradient would add, an imported while loop. */
static void build_some(building *b, int number)
{
    char name[32];
    for (int i = 0; i < BUILDS; i++) {
        snprintf(name, sizeof name, "x_%d_%d", number, i);
        stepc_output x = placeholder(b->graph, name, STEPC_FLOAT32);
        snprintf(name, sizeof name, "c_%d_%d", number, i);
        stepc_output c = constant(b->graph, name, FLOAT((float)i));
        snprintf(name, sizeof name, "y_%d_%d", number, i);
        stepc_output y = binary(b->graph, "Mul", name, x, c);
        snprintf(name, sizeof name, "ones_%d_%d", number, i);
        stepc_output ones = unary(b->graph, "OnesLike", name, y);
        snprintf(name, sizeof name, "dy_dx_%d_%d", number, i);
        binary(b->graph, "Mul", name, ones, c);
        snprintf(name, sizeof name, "while_%d_%d", number, i);
        stepc_import_options options = {.size = sizeof options, .prefix = name};
        MUST(stepc_graph_import(b->graph, "while", while_loop, strlen(while_loop), &options, problem()));
    }
    if (number == 0) { /* what was added can be run at once */
        shot one = {.session = b->session};
        feed(&one, "x_0_7", FLOAT(3));
        MUST(shoot(&one, NAMES("y_0_7"), NONE));
        CHECK(scalar(one.out[0]) == 21);
    }
    atomic_fetch_sub(&b->building, 1);
}

static void build_or_run(void *argument, int number)
{
    building *b = argument;
    if (number < b->builders) {
        build_some(b, number);
        return;
    }
    do
        fetch_five(b->session, number);
    while (atomic_load(&b->building) > 0);
}

static void run_while_building(int builders)
{
    building b = {.graph = graph_empty(), .builders = builders};
    atomic_init(&b.building, builders);
    constant(b.graph, "c", FLOAT(5));
    b.session = open_session(b.graph);
    parallel(builders + 10, build_or_run, &b);
    CHECK(stepc_graph_operation_count(b.graph) == 1 + builders * BUILDS * (5 + 12));
    CHECK(scalar(fetch(b.session, "c")) == 5);
    stepc_session_free(b.session);
    stepc_graph_release(b.graph);
}

static void parallel_run_and_single_build(void) { run_while_building(1); }
static void parallel_run_and_parallel_build(void) { run_while_building(10); }

#define PARALLEL_BUILD "ParallelRunAndSingleBuild / \xe2\x80\xa6ParallelBuild"

static const row rows[] = {
    {"6.1", "ExtendWithStatelessOperations", NULL, ROW_TESTED, extend_with_stateless_operations, NULL},
    {"6.1", "ExtendWithStatefulOperations", NULL, ROW_TESTED, extend_with_stateful_operations, NULL},
    {"6.1", "ExtendWithGroupBy", NULL, ROW_TESTED, extend_with_group_by, NULL},
    {"6.1", "TensorGetMethod", NULL, ROW_TESTED, tensor_get_method, NULL},
    {"6.1", "OperationRunMethod", NULL, ROW_TESTED, operation_run_method, NULL},
    {"6.1", "DefaultGraph", NULL, ROW_TESTED, default_graph, NULL},
    {"6.1", "DefaultGraphWithThreads", NULL, ROW_TESTED, default_graph_with_threads, NULL},
    {"6.1", "ParallelRun", NULL, ROW_TESTED, parallel_run, NULL},
    {"6.1", PARALLEL_BUILD, "ParallelRunAndSingleBuild", ROW_TESTED, parallel_run_and_single_build, NULL},
    {"6.1", PARALLEL_BUILD, "ParallelRunAndParallelBuild", ROW_TESTED, parallel_run_and_parallel_build, NULL},
    {"6.1", "GraphDef", NULL, ROW_TESTED, graph_def, NULL},
    {"6.1", "SharedGraph", NULL, ROW_TESTED, shared_graph, NULL},
    {"6.1", "IncorrectGraph", NULL, ROW_TESTED, incorrect_graph, NULL},
    {"6.1", "InferShapesFalse / True", "InferShapesFalse", ROW_TESTED, infer_shapes_false, NULL},
    {"6.1", "InferShapesFalse / True", "InferShapesTrue", ROW_TESTED, infer_shapes_true, NULL},
};

const row_list session_graph_rows = {rows, sizeof rows / sizeof *rows};
