/* SPDX-License-Identifier: Apache-2.0 */
/* Truth values, choices, guards, parts of complex numbers: values worked by hand from the documented rules. */
#include "tests/unit/ops/kernel_harness.h"

#include <math.h>

static bool bools_are(bench *b, int count, const bool *want)
{
    return stepc_tensor_dtype(bench_output(b, "op")) == STEPC_BOOL &&
           stepc_tensor_length(bench_output(b, "op")) == count &&
           memcmp(stepc_tensor_data(bench_output(b, "op")), want, (size_t)count) == 0;
}

#define BOOLS(...) ((const bool[]){__VA_ARGS__})

Test(elementwise_logic, comparisons_with_nan)
{
    static const struct {
        const char *type;
        bool want[4];
    } cases[] = {{"Less", {true, false, false, false}},         {"LessEqual", {true, true, false, false}},
                 {"Greater", {false, false, false, false}},     {"GreaterEqual", {false, true, false, false}},
                 {"NotEqual", {true, false, true, true}},       {"Equal", {false, true, false, false}},
                 {"ApproximateEqual", {false, true, false, false}}};
    float x[] = {1, 2, NAN, 2}, y[] = {2, 2, 1, NAN};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;

        bench_open_t(&b, cases[i].type, 2, STEPC_FLOAT32);
        bench_feed(&b, "x0", vector_make(STEPC_FLOAT32, 4, x));
        bench_feed(&b, "x1", vector_make(STEPC_FLOAT32, 4, y));
        cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
        cr_expect(bools_are(&b, 4, cases[i].want), "%s", cases[i].type);
        bench_close(&b);
    }
}

Test(elementwise_logic, tests_of_floats)
{
    float x[] = {1, NAN, INFINITY, -INFINITY, -0.0F};
    static const struct {
        const char *type;
        bool want[5];
    } cases[] = {{"IsNan", {false, true, false, false, false}},
                 {"IsInf", {false, false, true, true, false}},
                 {"IsFinite", {true, false, false, false, true}}};

    for (size_t i = 0; i < 3; i++) {
        bench b;

        bench_open_t(&b, cases[i].type, 1, STEPC_FLOAT32);
        bench_feed(&b, "x0", vector_make(STEPC_FLOAT32, 5, x));
        cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
        cr_expect(bools_are(&b, 5, cases[i].want), "%s", cases[i].type);
        bench_close(&b);
    }
}

Test(elementwise_logic, logic)
{
    bench b;

    bench_open_op(&b, "LogicalAnd", 2, STEPC_BOOL, "");
    bench_feed(&b, "x0", tensor_make(STEPC_BOOL, 2, DIMS(2, 1), BOOLS(false, true)));
    bench_feed(&b, "x1", vector_make(STEPC_BOOL, 2, BOOLS(false, true)));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect(bools_are(&b, 4, BOOLS(false, false, false, true)));
    bench_close(&b);
    bench_open_op(&b, "LogicalOr", 2, STEPC_BOOL, "");
    bench_feed(&b, "x0", tensor_make(STEPC_BOOL, 2, DIMS(2, 1), BOOLS(false, true)));
    bench_feed(&b, "x1", vector_make(STEPC_BOOL, 2, BOOLS(false, true)));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect(bools_are(&b, 4, BOOLS(false, true, true, true)));
    bench_close(&b);
    bench_open_op(&b, "LogicalNot", 1, STEPC_BOOL, "");
    bench_feed(&b, "x0", vector_make(STEPC_BOOL, 2, BOOLS(false, true)));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect(bools_are(&b, 2, BOOLS(true, false)));
    bench_close(&b);
}

/* Shapes that do not broadcast are different when the attribute says so. */
Test(elementwise_logic, not_equal_of_incompatible_shapes)
{
    float x[] = {1, 2, 3};
    bench b;

    bench_open_op(&b, "NotEqual", 2, STEPC_FLOAT32,
                  "attr { key: 'T' value { type: DT_FLOAT } } attr { key: 'incompatible_shape_error' value { b: false } }");
    bench_feed(&b, "x0", vector_make(STEPC_FLOAT32, 3, x));
    bench_feed(&b, "x1", vector_make(STEPC_FLOAT32, 2, x));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect(has_dims(bench_output(&b, "op"), 0, NULL));
    cr_expect(bools_are(&b, 1, BOOLS(true)));
    bench_close(&b);
}

Test(elementwise_logic, approximate_equal)
{
    float x[] = {1, 1}, y[] = {1.25F, 1.5F};
    bench b;

    bench_open_op(&b, "ApproximateEqual", 2, STEPC_FLOAT32,
                  "attr { key: 'T' value { type: DT_FLOAT } } attr { key: 'tolerance' value { f: 0.5 } }");
    bench_feed(&b, "x0", vector_make(STEPC_FLOAT32, 2, x));
    bench_feed(&b, "x1", vector_make(STEPC_FLOAT32, 2, y));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect(bools_are(&b, 2, BOOLS(true, false))); /* strictly below */
    bench_feed(&b, "x1", scalar_make(STEPC_FLOAT32, y));
    cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "x and y must be of the same shape. x shape: [2]. y shape: []");
    bench_close(&b);
}

/* ---- Select ---- */

static void open_select(bench *b, const char *type)
{
    char graph[1024];

    snprintf(graph, sizeof graph,
             "node { name: 'c' op: 'Placeholder' attr { key: 'dtype' value { type: DT_BOOL } } }\n"
             "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }\n"
             "node { name: 'y' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }\n"
             "node { name: 'op' op: '%s' input: 'c' input: 'x' input: 'y' attr { key: 'T' value { type: DT_FLOAT } } }\n",
             type);
    bench_open(b, graph);
}

static bool floats_are(bench *b, int count, const float *want)
{
    return stepc_tensor_length(bench_output(b, "op")) == count &&
           memcmp(stepc_tensor_data(bench_output(b, "op")), want, (size_t)count * sizeof *want) == 0;
}

#define FLOATS(...) ((const float[]){__VA_ARGS__})

Test(elementwise_logic, select)
{
    bench b;

    open_select(&b, "Select");
    bench_feed(&b, "x", tensor_make(STEPC_FLOAT32, 2, DIMS(2, 2), FLOATS(1, 2, 3, 4)));
    bench_feed(&b, "y", tensor_make(STEPC_FLOAT32, 2, DIMS(2, 2), FLOATS(5, 6, 7, 8)));
    bench_feed(&b, "c", tensor_make(STEPC_BOOL, 2, DIMS(2, 2), BOOLS(true, false, false, true)));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect(floats_are(&b, 4, FLOATS(1, 6, 7, 4)));
    bench_feed(&b, "c", vector_make(STEPC_BOOL, 2, BOOLS(true, false))); /* rows, no broadcasting along columns */
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect(floats_are(&b, 4, FLOATS(1, 2, 7, 8)));
    bench_feed(&b, "c", scalar_make(STEPC_BOOL, BOOLS(false)));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect(floats_are(&b, 4, FLOATS(5, 6, 7, 8)));
    bench_feed(&b, "c", vector_make(STEPC_BOOL, 3, BOOLS(true, false, true)));
    cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "Number of batches of 'then' must match size of 'cond', but saw: 2 vs. 3");
    bench_feed(&b, "c", tensor_make(STEPC_BOOL, 2, DIMS(2, 1), BOOLS(true, false)));
    cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
    bench_feed(&b, "y", vector_make(STEPC_FLOAT32, 2, FLOATS(5, 6)));
    cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
    bench_close(&b);
}

/* The documented example: [2,1], [3] and a scalar give [2,3]; what is not chosen leaves no NaN. */
Test(elementwise_logic, select_v2)
{
    bench b;

    open_select(&b, "SelectV2");
    bench_feed(&b, "c", tensor_make(STEPC_BOOL, 2, DIMS(2, 1), BOOLS(true, false)));
    bench_feed(&b, "x", vector_make(STEPC_FLOAT32, 3, FLOATS(1, 2, 3)));
    bench_feed(&b, "y", scalar_make(STEPC_FLOAT32, FLOATS(9)));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect(has_dims(bench_output(&b, "op"), 2, DIMS(2, 3)));
    cr_expect(floats_are(&b, 6, FLOATS(1, 2, 3, 9, 9, 9)));
    bench_feed(&b, "x", vector_make(STEPC_FLOAT32, 2, FLOATS(NAN, NAN)));
    bench_feed(&b, "c", vector_make(STEPC_BOOL, 2, BOOLS(false, false)));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect(floats_are(&b, 2, FLOATS(9, 9)));
    bench_feed(&b, "c", vector_make(STEPC_BOOL, 3, BOOLS(false, false, true)));
    cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
    bench_close(&b);
}

Test(elementwise_logic, select_of_strings)
{
    bench b;
    stepc_tensor *x = NULL, *y = NULL;
    const stepc_string *z;

    bench_open(&b, "node { name: 'c' op: 'Placeholder' attr { key: 'dtype' value { type: DT_BOOL } } }\n"
                   "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_STRING } } }\n"
                   "node { name: 'y' op: 'Placeholder' attr { key: 'dtype' value { type: DT_STRING } } }\n"
                   "node { name: 'op' op: 'Select' input: 'c' input: 'x' input: 'y' attr { key: 'T' value { type: DT_STRING } } }\n");
    cr_assert_eq(stepc_tensor_new(NULL, STEPC_STRING, DIMS(2), 1, &x, NULL), STEPC_OK);
    cr_assert_eq(stepc_tensor_new(NULL, STEPC_STRING, DIMS(2), 1, &y, NULL), STEPC_OK);
    stepc_tensor_set_string(x, 0, (stepc_string){"one", 3}, NULL);
    stepc_tensor_set_string(y, 1, (stepc_string){"two", 3}, NULL);
    bench_feed(&b, "c", vector_make(STEPC_BOOL, 2, BOOLS(true, false)));
    bench_feed(&b, "x", x);
    bench_feed(&b, "y", y);
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    z = stepc_tensor_data(bench_output(&b, "op"));
    cr_expect(z[0].size == 3 && memcmp(z[0].data, "one", 3) == 0 && z[1].size == 3 && memcmp(z[1].data, "two", 3) == 0);
    bench_close(&b);
}

Test(elementwise_logic, clip_by_value)
{
    bench b;

    bench_open_t(&b, "ClipByValue", 3, STEPC_FLOAT32);
    bench_feed(&b, "x0", vector_make(STEPC_FLOAT32, 3, FLOATS(-5, 0.5F, 5)));
    bench_feed(&b, "x1", scalar_make(STEPC_FLOAT32, FLOATS(-1)));
    bench_feed(&b, "x2", vector_make(STEPC_FLOAT32, 3, FLOATS(1, 0.25F, -3))); /* lower above upper: the lower one */
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect(floats_are(&b, 3, FLOATS(-1, 0.25F, -1)));
    bench_feed(&b, "x1", vector_make(STEPC_FLOAT32, 2, FLOATS(-1, -1)));
    cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
    bench_close(&b);
}

/* ---- guards ---- */

Test(elementwise_logic, check_numerics)
{
    static const struct {
        float x[2];
        const char *text;
    } cases[] = {{{1, 2}, NULL},
                 {{NAN, 2}, "here : Tensor had NaN values"},
                 {{1, -INFINITY}, "here : Tensor had Inf values"},
                 {{INFINITY, NAN}, "here : Tensor had Inf and NaN values"}};

    for (size_t i = 0; i < 4; i++) {
        bench b;

        bench_open_op(&b, "CheckNumerics", 1, STEPC_FLOAT32,
                      "attr { key: 'T' value { type: DT_FLOAT } } attr { key: 'message' value { s: 'here' } }");
        bench_feed(&b, "x0", vector_make(STEPC_FLOAT32, 2, cases[i].x));
        cr_expect_eq(bench_run(&b, "op"), cases[i].text ? STEPC_INVALID_ARGUMENT : STEPC_OK);
        if (cases[i].text)
            cr_expect_str_eq(bench_message(&b), cases[i].text);
        else
            cr_expect(floats_are(&b, 2, cases[i].x));
        bench_close(&b);
    }
}

Test(elementwise_logic, ensure_shape)
{
    bench b;

    bench_open_op(&b, "EnsureShape", 1, STEPC_FLOAT32,
                  "attr { key: 'T' value { type: DT_FLOAT } } "
                  "attr { key: 'shape' value { shape { dim { size: -1 } dim { size: 3 } } } }");
    bench_feed(&b, "x0", tensor_make(STEPC_FLOAT32, 2, DIMS(1, 3), FLOATS(1, 2, 3)));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect(floats_are(&b, 3, FLOATS(1, 2, 3)));
    bench_feed(&b, "x0", tensor_make(STEPC_FLOAT32, 2, DIMS(3, 1), FLOATS(1, 2, 3)));
    cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "Shape of tensor x0 [3,1] is not compatible with expected shape [?,3].");
    bench_close(&b);
}

/* ---- complex numbers ---- */

Test(elementwise_logic, parts_of_complex_numbers)
{
    static const struct {
        const char *type;
        float want[2];
    } cases[] = {{"Real", {3, -1}}, {"Imag", {-4, 0}}, {"ComplexAbs", {5, 1}}, {"Angle", {-0.92729521F, 3.14159274F}}};
    float z[] = {3, -4, -1, 0};
    bench b;

    for (size_t i = 0; i < 4; i++) {
        bench_open_op(&b, cases[i].type, 1, STEPC_COMPLEX64,
                      "attr { key: 'T' value { type: DT_COMPLEX64 } } attr { key: 'Tout' value { type: DT_FLOAT } }");
        bench_feed(&b, "x0", vector_make(STEPC_COMPLEX64, 2, z));
        cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
        cr_expect(floats_are(&b, 2, cases[i].want), "%s", cases[i].type);
        bench_close(&b);
    }
    bench_open_op(&b, "Complex", 2, STEPC_FLOAT32,
                  "attr { key: 'T' value { type: DT_FLOAT } } attr { key: 'Tout' value { type: DT_COMPLEX64 } }");
    bench_feed(&b, "x0", vector_make(STEPC_FLOAT32, 2, FLOATS(3, -1)));
    bench_feed(&b, "x1", vector_make(STEPC_FLOAT32, 2, FLOATS(-4, 0)));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect_eq(memcmp(stepc_tensor_data(bench_output(&b, "op")), z, sizeof z), 0);
    bench_close(&b);
    bench_open_t(&b, "Conj", 1, STEPC_COMPLEX64);
    bench_feed(&b, "x0", vector_make(STEPC_COMPLEX64, 2, z));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect_eq(((float *)stepc_tensor_data(bench_output(&b, "op")))[1], 4);
    bench_close(&b);
}
