/* SPDX-License-Identifier: Apache-2.0 */
/* Borders folded back, and running sums of complex numbers. Expected values: TensorFlow's documentation, and by hand. */
#include "rig.h"

#define PAIRS(name, values, rows) CONST(name, "INT32", DIM(rows) DIM(2), values)
#define FOLD(name, x, pads, dt, mode) \
    NODE(name, "MirrorPadGrad", IN(x) IN(pads) TYPE("T", dt) TYPE("Tpaddings", "INT32") TEXT_ATTR("mode", mode))

Test(mirror, borders_fold_back)
{
    static const float symmetric[4] = {1, 5, 11, 28}, reflected[4] = {20, 10, 10, 5};
    static const int32_t wholes[2] = {5, 10};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(3) DIM(3)) PLACEHOLDER("i", "INT32", DIM(5)) PLACEHOLDER("c", "COMPLEX64", DIM(4) DIM(3))
                     PLACEHOLDER("wide", "FLOAT", DIM(7) DIM(2) DIM(9)) PAIRS("corner", "int_val: 0 int_val: 1 int_val: 0 int_val: 1", 2)
                         PAIRS("ends", "int_val: 2 int_val: 1", 1)
                             PAIRS("all", "int_val: 2 int_val: 2 int_val: 0 int_val: 0 int_val: 1 int_val: 3", 3)
                                 PAIRS("pair", "int_val: 1 int_val: 1 int_val: 1 int_val: 0", 2)
                                     FOLD("s", "x", "corner", "FLOAT", "SYMMETRIC") FOLD("r", "x", "corner", "FLOAT", "REFLECT")
                                         FOLD("w", "i", "ends", "INT32", "SYMMETRIC") FOLD("a", "wide", "all", "FLOAT", "REFLECT")
                                             FOLD("b", "wide", "all", "FLOAT", "SYMMETRIC") FOLD("z", "c", "pair", "COMPLEX64", "SYMMETRIC"));
    int all = rig_add(&r, "x i c wide", "s r w a b z", "");
    rig_feed(&r, floats(DIMS(3, 3), 1., 2., 3., 4., 5., 6., 7., 8., 9.));
    rig_feed(&r, ints(DIMS(5), 1, 2, 3, 4, 5));
    stepc_tensor *c = tensor_make(STEPC_COMPLEX64, DIMS(4, 3));
    for (int i = 0; i < 24; i++)
        ((float *)stepc_tensor_data(c))[i] = (float)i;
    rig_feed(&r, c);
    rig_feed(&r, noise(DIMS(7, 2, 9), 5));
    rig_run(&r, all);
    for (int i = 0; i < 4; i++) {
        cr_expect_eq(((const float *)stepc_tensor_data(r.got[0]))[i], symmetric[i]);
        cr_expect_eq(((const float *)stepc_tensor_data(r.got[1]))[i], reflected[i]);
    }
    for (int i = 0; i < 2; i++)
        cr_expect_eq(((const int32_t *)stepc_tensor_data(r.got[2]))[i], wholes[i]);
    /* Rows 0 and 1, columns 0 and 1 of the gradient meet in the first element: 0 + 2 + 6 + 8. */
    cr_expect_eq(((const float *)stepc_tensor_data(r.got[5]))[0], 16);
    cr_expect_eq(((const float *)stepc_tensor_data(r.got[5]))[1], 20);
    rig_close(&r);
}

Test(mirror, sizes_of_the_feed_and_refusals)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(-1)) PLACEHOLDER("p", "INT32", DIM(1) DIM(2)) PAIRS("ends", "int_val: 2 int_val: 1", 1)
                     FOLD("y", "x", "p", "FLOAT", "REFLECT") FOLD("z", "x", "ends", "FLOAT", "REFLECT"));
    rig_refuses(&r, "x p", "y", "", STEPC_UNIMPLEMENTED, "");
    rig_refuses(&r, "x[n]", "z", "", STEPC_UNIMPLEMENTED, "");
    rig_close(&r);
}

Test(mirror, running_sums_of_complex_numbers)
{
    static const float want[8] = {1, 2, 4, 6, 5, 6, 12, 14}, behind[8] = {5, 6, 7, 8, 0, 0, 0, 0};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "COMPLEX64", DIM(-1) DIM(2)) CONST("last", "INT32", "", "int_val: -1") CONST("first", "INT32", "", "int_val: 0")
                     NODE("y", "Cumsum", IN("x") IN("last") TYPE("T", "COMPLEX64")) NODE(
                         "z", "Cumsum", IN("x") IN("first") TYPE("T", "COMPLEX64") FLAG("exclusive", true) FLAG("reverse", true)));
    int all = rig_add(&r, "x[n,2]", "y z", "");
    stepc_tensor *x = tensor_make(STEPC_COMPLEX64, DIMS(2, 2));
    for (int i = 0; i < 8; i++)
        ((float *)stepc_tensor_data(x))[i] = (float)i + 1;
    rig_feed(&r, x);
    rig_run(&r, all);
    for (int i = 0; i < 8; i++) {
        cr_expect_eq(((const float *)stepc_tensor_data(r.got[0]))[i], want[i]);
        cr_expect_eq(((const float *)stepc_tensor_data(r.got[1]))[i], behind[i]);
    }
    rig_close(&r);
}
