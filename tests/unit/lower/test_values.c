/* SPDX-License-Identifier: Apache-2.0 */
/* Errors at run time, empty tensors and scalars, complex moves, and what is refused. */
#include "rig.h"

#define TWO(dt) PLACEHOLDER("x", dt, DIM(-1)) PLACEHOLDER("y", dt, DIM(-1))

Test(values, integer_division_by_zero)
{
    static const int want[4] = {3, -4, INT32_MIN, -1};
    rig r;
    rig_open(&r, TWO("INT32") BINARY("q", "FloorDiv", "INT32", "x", "y"));
    int q = rig_add(&r, "x[n] y[n]", "q", "");
    rig_feed(&r, ints(DIMS(4), 7, -7, INT32_MIN, 5));
    rig_feed(&r, ints(DIMS(4), 2, 2, -1, -5));
    rig_run(&r, q);
    for (int k = 0; k < 4; k++)
        cr_assert_eq(((int32_t *)stepc_tensor_data(r.got[0]))[k], want[k], "%d", k);
    ((int32_t *)stepc_tensor_data(r.feeds[1]))[3] = 0;
    rig_run_fails(&r, q, STEPC_INVALID_ARGUMENT, "division by zero");
    rig_close(&r);
}

/* A constant that cannot be computed is an error of the run, not of the compilation. */
Test(values, a_constant_division_by_zero_fails_when_it_runs)
{
    rig r;
    rig_open(&r, CONST("one", "INT32", "", "int_val: 1") CONST("zero", "INT32", "", "int_val: 0")
                     BINARY("bad", "FloorDiv", "INT32", "one", "zero") BINARY("sum", "Add", "INT32", "bad", "one"));
    int bad = rig_add(&r, "", "sum", ""), good = rig_add(&r, "", "one", "");
    rig_run_fails(&r, bad, STEPC_INVALID_ARGUMENT, "division by zero");
    rig_run(&r, good);
    rig_close(&r);
}

Test(values, labels_out_of_range)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(2) DIM(3)) PLACEHOLDER("l", "INT32", DIM(2))
                     NODE("loss", "SparseSoftmaxCrossEntropyWithLogits",
                          IN("x") IN("l") TYPE("T", "FLOAT") TYPE("Tlabels", "INT32")));
    int loss = rig_add(&r, "x l", "loss:0 loss:1", "");
    rig_feed(&r, noise(DIMS(2, 3), 4));
    rig_feed(&r, ints(DIMS(2), 2, 0));
    rig_run(&r, loss);
    ((int32_t *)stepc_tensor_data(r.feeds[1]))[1] = 3;
    rig_run_fails(&r, loss, STEPC_INVALID_ARGUMENT, "");
    ((int32_t *)stepc_tensor_data(r.feeds[1]))[1] = -1;
    rig_run_fails(&r, loss, STEPC_INVALID_ARGUMENT, "");
    rig_close(&r);
}

/* Checks come before the writes to variables. */
Test(values, a_failed_check_leaves_later_variables_alone)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "INT32", "") VARIABLE("v", "INT32", "") CONST("one", "INT32", "", "int_val: 1")
                     BINARY("q", "FloorDiv", "INT32", "one", "x") BINARY("set", "Assign", "INT32", "v", "one")
                         BINARY("add", "AssignAdd", "INT32", "v", "q"));
    int set = rig_add(&r, "", "", "set"), add = rig_add(&r, "x", "", "add"), read = rig_add(&r, "", "v", "");
    rig_run(&r, set);
    rig_feed(&r, ints(SCALAR, 0));
    rig_run_fails(&r, add, STEPC_INVALID_ARGUMENT, "division");
    rig_forget(&r);
    rig_run(&r, read);
    cr_assert_eq(*(int32_t *)stepc_tensor_data(r.got[0]), 1);
    rig_close(&r);
}

#define AXIS(name, values, n) CONST(name, "INT32", DIM(n), values)
Test(values, empty_tensors)
{
    rig r;
    rig_open(&r,
             PLACEHOLDER("x", "FLOAT", DIM(-1) DIM(3)) PLACEHOLDER("y", "FLOAT", DIM(3) DIM(-1))
                 AXIS("rows", "int_val: 0", 1) AXIS("columns", "int_val: 1", 1) AXIS("both", "int_val: 2 int_val: 0", 2)
                     AXIS("none", "", 0) NODE("sum", "Sum", IN("x") IN("rows") TYPE("T", "FLOAT"))
                         NODE("row_sum", "Sum", IN("x") IN("columns") TYPE("T", "FLOAT"))
                             NODE("product_of", "Prod", IN("x") IN("rows") TYPE("T", "FLOAT"))
                                 NODE("mean", "Mean", IN("x") IN("rows") TYPE("T", "FLOAT"))
                                     NODE("tiled", "Tile", IN("x") IN("both") TYPE("T", "FLOAT"))
                                         BINARY("product", "MatMul", "FLOAT", "y", "x")
                                             UNARY("soft", "Softmax", "FLOAT", "x")
                                                 NODE("filled", "Fill", IN("both") IN("zero") TYPE("T", "FLOAT"))
                                                     CONST("zero", "FLOAT", "", "float_val: 0")
                                                         BINARY("added", "Add", "FLOAT", "x", "x")
                                                             CONST("empty", "FLOAT", DIM(0), "")
                                                                 UNARY("named", "Neg", "FLOAT", "empty"));
    int all =
        rig_add(&r, "x[n,3] y[3,n]", "sum row_sum product_of mean tiled product soft filled added empty named", "");
    for (int n = 0; n < 3; n++) {
        rig_feed(&r, noise(DIMS(n, 3), 6));
        rig_feed(&r, noise(DIMS(3, n), 7));
        rig_run(&r, all);
        if (n == 0) {
            cr_assert_eq(got_float(&r, 0, 2), 0.0f);
            cr_assert_eq(got_float(&r, 2, 0), 1.0f);
            cr_assert(isnan(got_float(&r, 3, 0)));
            cr_assert_eq(got_float(&r, 5, 8), 0.0f, "a product over nothing");
        }
        rig_forget(&r);
    }
    rig_close(&r);
}

Test(values, scalars)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", "") AXIS("none", "", 0) AXIS("one", "int_val: 1", 1)
                     NODE("sum", "Sum", IN("x") IN("none") TYPE("T", "FLOAT"))
                         NODE("tiled", "Tile", IN("x") IN("none") TYPE("T", "FLOAT"))
                             NODE("turned", "Transpose", IN("x") IN("none") TYPE("T", "FLOAT"))
                                 RESHAPE("row", "FLOAT", "x", "one") RESHAPE("back", "FLOAT", "row", "none")
                                     SHAPE_OF("shape", "FLOAT", "x")
                                         NODE("filled", "Fill", IN("none") IN("x") TYPE("T", "FLOAT"))
                                             UNARY("sin", "Sin", "FLOAT", "x"));
    int all = rig_add(&r, "x", "sum tiled turned row back shape filled sin", "");
    rig_feed(&r, floats(SCALAR, 2.5));
    rig_run(&r, all);
    cr_assert_eq(got_float(&r, 4, 0), 2.5f);
    cr_assert_eq(stepc_tensor_rank(r.got[4]), 0);
    cr_assert_eq(stepc_tensor_length(r.got[5]), 0);
    rig_close(&r);
}

/* Complex elements are pairs of reals behind the last dimension. */
static void complex_moves(const char *source, stepc_dtype dtype)
{
    rig r;
    rig_open(&r, source);
    int all = rig_add(&r, "x s", "same flat turned turned_flat tiled filled sum wide x", "");
    stepc_tensor *x = tensor_make(dtype, DIMS(2, 3)), *s = tensor_make(dtype, SCALAR);
    for (int i = 0; i < 12; i++)
        store_f64(dtype == STEPC_COMPLEX64 ? STEPC_FLOAT32 : STEPC_FLOAT64, stepc_tensor_data(x), i, i + 0.5);
    store_f64(dtype == STEPC_COMPLEX64 ? STEPC_FLOAT32 : STEPC_FLOAT64, stepc_tensor_data(s), 0, 100);
    store_f64(dtype == STEPC_COMPLEX64 ? STEPC_FLOAT32 : STEPC_FLOAT64, stepc_tensor_data(s), 1, -100);
    rig_feed(&r, x);
    rig_feed(&r, s);
    rig_run(&r, all);
    if (dtype == STEPC_COMPLEX64) {
        const float *turned = stepc_tensor_data(r.got[2]), *wide = stepc_tensor_data(r.got[7]);
        cr_assert_eq(turned[2], 6.5f); /* element (1,0) of x: numbers 6 and 7 */
        cr_assert_eq(turned[3], 7.5f);
        cr_assert_eq(wide[2], 102.5f);
        cr_assert_eq(wide[3], -96.5f);
    }
    rig_close(&r);
}

#define COMPLEX(dt)                                                                                     \
    PLACEHOLDER("x", dt, DIM(2) DIM(3))                                                                 \
    PLACEHOLDER("s", dt, "") AXIS("minus", "int_val: -1", 1) AXIS("perm", "int_val: 1 int_val: 0", 2)   \
        UNARY("same", "Identity", dt, "x") RESHAPE("flat", dt, "x", "minus")                            \
            NODE("turned", "Transpose", IN("x") IN("perm") TYPE("T", dt))                               \
                RESHAPE("turned_flat", dt, "turned", "minus") AXIS("twice", "int_val: 2 int_val: 2", 2) \
                    NODE("tiled", "Tile", IN("x") IN("twice") TYPE("T", dt))                            \
                        NODE("filled", "Fill", IN("twice") IN("s") TYPE("T", dt))                       \
                            BINARY("sum", "Add", dt, "x", "same") BINARY("wide", "Add", dt, "x", "s")

Test(values, complex_moves)
{
    complex_moves(COMPLEX("COMPLEX64"), STEPC_COMPLEX64);
    complex_moves(COMPLEX("COMPLEX128"), STEPC_COMPLEX128);
}

Test(values, strings_are_refused)
{
    rig r;
    rig_open(&r, CONST("s", "STRING", "", "string_val: 'a'") PLACEHOLDER("p", "STRING", DIM(2))
                     UNARY("q", "Identity", "STRING", "p"));
    rig_refuses(&r, "", "s", "", STEPC_UNIMPLEMENTED, "string");
    cr_assert_str_eq(r.error.node, "s");
    rig_refuses(&r, "p", "q", "", STEPC_UNIMPLEMENTED, "string");
    cr_assert_str_eq(r.error.node, "p");
    rig_close(&r);
}

#define EIGHT DIM(1) DIM(1) DIM(1) DIM(1) DIM(1) DIM(1) DIM(1) DIM(1)
Test(values, many_dimensions)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", EIGHT EIGHT) UNARY("y", "Neg", "FLOAT", "x")
                     PLACEHOLDER("z", "FLOAT", EIGHT DIM(1) DIM(1) DIM(1) DIM(1) DIM(1) DIM(1) DIM(3))
                         UNARY("w", "Neg", "FLOAT", "z"));
    rig_refuses(&r, "x", "y", "", STEPC_UNIMPLEMENTED, "rank 16");
    cr_assert_str_eq(r.error.node, "x");
    int w = rig_add(&r, "z", "w", "");
    rig_feed(&r, floats(DIMS(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3), 1.0, 2.0, 3.0));
    rig_run(&r, w);
    cr_assert_eq(got_float(&r, 0, 2), -3.0f);
    rig_close(&r);
}

Test(values, an_unknown_rank_names_the_mend)
{
    rig r;
    rig_open(&r, PLACEHOLDER_ANY("x", "FLOAT") UNARY("y", "Neg", "FLOAT", "x"));
    rig_refuses(&r, "x", "y", "", STEPC_UNIMPLEMENTED, "rank");
    cr_assert_not_null(strstr(r.error.mend, "--feed"));
    int y = rig_add(&r, "x[2]", "y", "");
    rig_feed(&r, floats(DIMS(2), 1.0, -0.0));
    rig_run(&r, y);
    rig_close(&r);
}

/* Gradient graphs: which axes to sum over is known with constant shapes, folded or not. */
Test(values, broadcast_gradient_arguments)
{
    for (int no_fold = 0; no_fold < 2; no_fold++) {
        rig r;
        rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(2) DIM(3)) PLACEHOLDER("b", "FLOAT", DIM(3))
                         SHAPE_OF("xs", "FLOAT", "x") SHAPE_OF("bs", "FLOAT", "b")
                             NODE("args", "BroadcastGradientArgs", IN("xs") IN("bs") TYPE("T", "INT32"))
                                 NODE("sum", "Sum", IN("x") IN("args:1") TYPE("T", "FLOAT"))
                                     RESHAPE("db", "FLOAT", "sum", "bs")
                                         NODE("sum_x", "Sum", IN("x") IN("args") TYPE("T", "FLOAT"))
                                             RESHAPE("dx", "FLOAT", "sum_x", "xs"));
        r.no_fold = no_fold;
        int all = rig_add(&r, "x b", "db dx args:0 args:1", "");
        rig_feed(&r, floats(DIMS(2, 3), 1.0, 2.0, 3.0, 10.0, 20.0, 30.0));
        rig_feed(&r, floats(DIMS(3), 0.0, 0.0, 0.0));
        rig_run(&r, all);
        cr_assert_eq(got_float(&r, 0, 2), 33.0f);
        rig_close(&r);
    }
}

/* Operands that must agree in size: symbols of their own are refused with the mend, one name works. */
Test(values, sizes_that_need_not_agree_are_refused)
{
    static const struct {
        const char *node, *apart, *alike;
    } cases[] = {
        {"sum", "x[n] y[m]", "x[n] y[n]"},
        {"bias", "w[n,m] y[k]", "w[n,m] y[m]"},
        {"loss", "w[n,m] v[k,m]", "w[n,m] v[n,m]"},
        {"picked", "w[n,m] labels[k]", "w[n,m] labels[n]"},
    };
    rig r;
    rig_open(&r, TWO("FLOAT") PLACEHOLDER("w", "FLOAT", DIM(-1) DIM(-1)) PLACEHOLDER("v", "FLOAT", DIM(-1) DIM(-1))
                     PLACEHOLDER("labels", "INT32", DIM(-1))
                     NODE("sum", "AddN", IN("x") IN("y") TYPE("T", "FLOAT") INT("N", 2))
                     BINARY("bias", "BiasAdd", "FLOAT", "w", "y")
                     BINARY("loss", "SoftmaxCrossEntropyWithLogits", "FLOAT", "w", "v")
                     NODE("picked", "SparseSoftmaxCrossEntropyWithLogits", IN("w") IN("labels") TYPE("T", "FLOAT") TYPE("Tlabels", "INT32")));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig_refuses(&r, cases[i].apart, cases[i].node, "", STEPC_UNIMPLEMENTED, "");
        cr_assert_not_null(strstr(r.error.mend, "--feed"), "%s", cases[i].node);
        int works = rig_add(&r, cases[i].alike, cases[i].node, "");
        bool is_vector = i == 0;
        rig_feed(&r, is_vector ? noise(DIMS(3), 1) : noise(DIMS(3, 2), 1));
        rig_feed(&r, i == 3 ? ints(DIMS(3), 0, 1, 1) : i == 2 ? noise(DIMS(3, 2), 2) : i == 1 ? noise(DIMS(2), 2) : noise(DIMS(3), 2));
        rig_run(&r, works);
        rig_forget(&r);
    }
    rig_close(&r);
}

/* A fed vector takes the shape [2,3] or [2,-1] only with as many values. */
Test(values, a_reshape_of_unknown_size_is_checked)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(-1)) CONST("six", "INT32", DIM(2), "int_val: 2 int_val: 3")
                     CONST("even", "INT32", DIM(2), "int_val: 2 int_val: -1")
                     RESHAPE("y", "FLOAT", "x", "six") RESHAPE("z", "FLOAT", "x", "even"));
    int six = rig_add(&r, "x[n]", "y", ""), even = rig_add(&r, "x[n]", "z", "");
    for (int n = 4; n < 9; n++) {
        rig_feed(&r, noise(DIMS(n), 3));
        if (n == 6)
            rig_run(&r, six);
        else
            rig_run_fails(&r, six, STEPC_INVALID_ARGUMENT, "requested shape");
        if (n % 2 == 0)
            rig_run(&r, even);
        else
            rig_run_fails(&r, even, STEPC_INVALID_ARGUMENT, "requested shape");
        rig_forget(&r);
    }
    int few = rig_add(&r, "x[n<=4]", "y", "");
    rig_feed(&r, noise(DIMS(4), 3));
    rig_run_fails(&r, few, STEPC_INVALID_ARGUMENT, "requested shape");
    rig_close(&r);
}
