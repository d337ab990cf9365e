/* SPDX-License-Identifier: Apache-2.0 */
/* What may be fed and fetched, and what a step is without either. */
#include "rig.h"

#define X                            PLACEHOLDER("x", "FLOAT", DIM(2) DIM(3))
#define C                            CONST("c", "FLOAT", DIM(3), "float_val: 1 float_val: 2 float_val: 3")
#define FLAT                         CONST("flat_shape", "INT32", DIM(1), "int_val: -1")
#define PERM                         CONST("perm", "INT32", DIM(2), "int_val: 1 int_val: 0")
#define TRANSPOSE(name, dt, x, perm) NODE(name, "Transpose", IN(x) IN(perm) TYPE("T", dt))
#define SIX                          floats(DIMS(2, 3), 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)

Test(steps, fetch_of_a_feed)
{
    rig r;
    rig_open(&r, X);
    int x = rig_add(&r, "x", "x x:0", "");
    rig_feed(&r, SIX);
    rig_run(&r, x);
    cr_assert_eq(got_float(&r, 1, 5), 6.0f);
    rig_close(&r);
}

Test(steps, fetch_of_a_constant_folded_or_not)
{
    for (int no_fold = 0; no_fold < 2; no_fold++) {
        rig r;
        rig_open(&r, C BINARY("sum", "Add", "FLOAT", "c", "c") CONST("one", "INT64", "", "int64_val: -7"));
        r.no_fold = no_fold;
        int c = rig_add(&r, "", "c sum c one", "");
        rig_run(&r, c);
        cr_assert_eq(got_float(&r, 1, 2), 6.0f);
        rig_close(&r);
    }
}

Test(steps, the_same_tensor_twice_and_its_views)
{
    rig r;
    rig_open(&r, X C FLAT PERM BINARY("y", "Add", "FLOAT", "x", "c") RESHAPE("flat", "FLOAT", "y", "flat_shape")
                     TRANSPOSE("turned", "FLOAT", "y", "perm") UNARY("same", "Identity", "FLOAT", "y")
                         RESHAPE("turned_flat", "FLOAT", "turned", "flat_shape"));
    static const char *const fetched[] = {"y y",         "flat y",      "turned flat same y",
                                          "flat flat:0", "turned_flat", "turned turned_flat"};
    for (size_t i = 0; i < sizeof fetched / sizeof *fetched; i++) {
        int index = rig_add(&r, "x", fetched[i], "");
        rig_feed(&r, SIX);
        rig_run(&r, index);
        rig_forget(&r);
    }
    rig_close(&r);
}

Test(steps, views_of_a_feed)
{
    rig r;
    rig_open(&r,
             X FLAT PERM RESHAPE("flat", "FLOAT", "x", "flat_shape") TRANSPOSE("turned", "FLOAT", "x", "perm")
                 TRANSPOSE("back", "FLOAT", "turned", "perm") RESHAPE("turned_flat", "FLOAT", "turned", "flat_shape"));
    int all = rig_add(&r, "x", "flat turned back turned_flat", "");
    rig_feed(&r, SIX);
    rig_run(&r, all);
    static const float turned[] = {1, 4, 2, 5, 3, 6};
    for (int i = 0; i < 6; i++) {
        cr_assert_eq(got_float(&r, 0, i), (float)(i + 1));
        cr_assert_eq(got_float(&r, 1, i), turned[i]);
        cr_assert_eq(got_float(&r, 3, i), turned[i]);
    }
    rig_close(&r);
}

Test(steps, inner_tensors_can_be_fed)
{
    rig r;
    rig_open(&r, X C BINARY("y", "Add", "FLOAT", "x", "c") BINARY("z", "Mul", "FLOAT", "y", "c")
                     UNARY("w", "Neg", "FLOAT", "z"));
    int inner = rig_add(&r, "y[2,3]", "w y", ""), constant = rig_add(&r, "c[3] x", "w", ""),
        both = rig_add(&r, "z[k] y[2,3]", "w z", "");
    rig_feed(&r, SIX);
    rig_run(&r, inner);
    cr_assert_eq(got_float(&r, 0, 5), -18.0f);
    rig_forget(&r);
    rig_feed(&r, floats(DIMS(3), 1.0, 1.0, 2.0));
    rig_feed(&r, SIX);
    rig_run(&r, constant);
    cr_assert_eq(got_float(&r, 0, 5), -16.0f);
    rig_forget(&r);
    rig_feed(&r, floats(DIMS(2), 5.0, 7.0));
    rig_feed(&r, SIX);
    rig_run(&r, both);
    cr_assert_eq(got_float(&r, 0, 1), -7.0f);
    rig_close(&r);
}

/* One output of an operation fed, the other computed. */
Test(steps, one_of_two_outputs_fed)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(2) DIM(3)) PLACEHOLDER("l", "FLOAT", DIM(2) DIM(3))
                     BINARY("s", "SoftmaxCrossEntropyWithLogits", "FLOAT", "x", "l") UNARY("n", "Neg", "FLOAT", "s:0")
                         UNARY("m", "Neg", "FLOAT", "s:1"));
    int all = rig_add(&r, "x l s:0[2]", "n m", ""), other = rig_add(&r, "x l s:1[2,3]", "n m s:1", "");
    rig_feed(&r, SIX);
    rig_feed(&r, floats(DIMS(2, 3), 1.0, 0.0, 0.0, 0.0, 1.0, 0.0));
    rig_feed(&r, floats(DIMS(2), 100.0, 200.0));
    rig_run(&r, all);
    cr_assert_eq(got_float(&r, 0, 1), -200.0f);
    rig_forget(&r);
    rig_feed(&r, SIX);
    rig_feed(&r, floats(DIMS(2, 3), 1.0, 0.0, 0.0, 0.0, 1.0, 0.0));
    rig_feed(&r, SIX);
    rig_run(&r, other);
    cr_assert_eq(got_float(&r, 1, 5), -6.0f);
    rig_close(&r);
}

Test(steps, targets_only_and_groups)
{
    rig r;
    rig_open(&r, X UNARY("y", "Neg", "FLOAT", "x") NO_OP("nothing", "") NO_OP("inner", IN("^y"))
                     NO_OP("group", IN("^inner") IN("^nothing")));
    int nothing = rig_add(&r, "", "", "nothing"), group = rig_add(&r, "x", "", "group"),
        mixed = rig_add(&r, "x", "y nothing", "group y");
    rig_run(&r, nothing);
    rig_feed(&r, SIX);
    rig_run(&r, group);
    rig_run(&r, mixed);
    cr_assert_eq(got_float(&r, 0, 5), -6.0f);
    rig_close(&r);
}

Test(steps, an_unfed_placeholder)
{
    rig r;
    rig_open(&r, X UNARY("y", "Neg", "FLOAT", "x") C NODE("waits", "Identity", IN("c") IN("^x") TYPE("T", "FLOAT")));
    rig_refuses(&r, "", "y", "", STEPC_INVALID_ARGUMENT,
                "You must feed a value for placeholder tensor 'x' with dtype float");
    cr_assert_str_eq(r.error.node, "x");
    rig_refuses(&r, "", "x", "", STEPC_INVALID_ARGUMENT, "You must feed a value for placeholder tensor 'x'");
    rig_refuses(&r, "", "", "x", STEPC_INVALID_ARGUMENT, "You must feed a value for placeholder tensor 'x'");
    rig_refuses(&r, "", "waits", "", STEPC_INVALID_ARGUMENT, "You must feed a value for placeholder tensor 'x'");
    int waits = rig_add(&r, "x", "waits", "");
    rig_feed(&r, SIX);
    rig_run(&r, waits);
    rig_close(&r);
}

Test(steps, symbolic_sizes_and_shape_arithmetic)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(-1) DIM(-1)) SHAPE_OF("s", "FLOAT", "x")
                     FLAT RESHAPE("flat", "FLOAT", "x", "flat_shape") RESHAPE("again", "FLOAT", "flat", "s")
                         BINARY("sum", "Add", "FLOAT", "again", "x"));
    int all = rig_add(&r, "x[n,m]", "sum flat s", "");
    for (int n = 0; n < 3; n++) {
        rig_feed(&r, noise(DIMS(n, 4), 5));
        rig_run(&r, all);
        cr_assert_eq(((int32_t *)stepc_tensor_data(r.got[2]))[0], n);
        cr_assert_eq(stepc_tensor_dims(r.got[1])[0], 4 * n);
        rig_forget(&r);
    }
    rig_close(&r);
}
