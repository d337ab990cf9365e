/* SPDX-License-Identifier: Apache-2.0 */
/* Rows picked by index and added up by label, and back. Expected values: TensorFlow's documentation, and by hand. */
#include "rig.h"

#define VECTOR(name)         PLACEHOLDER(name, "INT32", DIM(-1))
#define SPARSE(name, op, in) NODE(name, "SparseSegment" op, in TYPE("T", "FLOAT") TYPE("Tidx", "INT32"))
#define TAKE(name, op)       SPARSE(name, op, IN("x") IN("i") IN("s") IN("four"))

static stepc_tensor *rows_of_four(void)
{
    return floats(DIMS(3, 4), 1., 2., 3., 4., -1., -2., -3., -4., 5., 6., 7., 8.);
}

Test(sparse_segments, forward)
{
    static const float sum[8] = {0, 0, 0, 0, 5, 6, 7, 8}, total[4] = {5, 6, 7, 8};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(-1) DIM(4)) VECTOR("i") VECTOR("s") CONST("four", "INT32", "", "int_val: 4")
                     CONST("ki", "INT32", DIM(3), "int_val: 0 int_val: 1 int_val: 2")
                         CONST("ks", "INT32", DIM(3), "int_val: 0 int_val: 0 int_val: 1")
                             SPARSE("known", "Sum", IN("x") IN("ki") IN("ks")) TAKE("sum", "SumWithNumSegments")
                                 TAKE("mean", "MeanWithNumSegments") TAKE("root", "SqrtNWithNumSegments"));
    int all = rig_add(&r, "x[n,4] i[k] s[k]", "known sum mean root", "");
    rig_feed(&r, rows_of_four());
    rig_feed(&r, ints(DIMS(4), 2, 0, 1, 2));
    rig_feed(&r, ints(DIMS(4), 1, 3, 3, 3));
    rig_run(&r, all);
    for (int i = 0; i < 8; i++)
        cr_expect_eq(((const float *)stepc_tensor_data(r.got[0]))[i], sum[i]);
    for (int i = 0; i < 4; i++) {
        cr_expect_eq(((const float *)stepc_tensor_data(r.got[1]))[4 + i], total[i]);
        cr_expect_eq(((const float *)stepc_tensor_data(r.got[1]))[12 + i], total[i]);
        cr_expect_float_eq(((const float *)stepc_tensor_data(r.got[2]))[12 + i], total[i] / 3.0, 1e-6);
        cr_expect_float_eq(((const float *)stepc_tensor_data(r.got[3]))[12 + i], total[i] / sqrt(3.0), 1e-6);
        cr_expect_eq(((const float *)stepc_tensor_data(r.got[2]))[i], 0);
    }
    ((int32_t *)stepc_tensor_data(r.feeds[2]))[0] = 4;
    rig_run_fails(&r, all, STEPC_INVALID_ARGUMENT, "segment ids");
    ((int32_t *)stepc_tensor_data(r.feeds[2]))[0] = 1;
    ((int32_t *)stepc_tensor_data(r.feeds[1]))[3] = 3;
    rig_run_fails(&r, all, STEPC_INVALID_ARGUMENT, "Bad: ");
    rig_close(&r);
}

Test(sparse_segments, gradients)
{
    static const float sum[6] = {4, 6, 0, 0, 1, 2}, mean[6] = {3.5F, 5, 0, 0, 0.5F, 1};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(-1) DIM(2)) VECTOR("i") VECTOR("s") CONST("four", "INT32", "", "int_val: 3")
                     TAKE("sum", "SumGrad") TAKE("mean", "MeanGrad") TAKE("root", "SqrtNGrad"));
    int all = rig_add(&r, "x[n,2] i[k] s[k]", "sum mean root", "");
    rig_feed(&r, floats(DIMS(2, 2), 1., 2., 3., 4.));
    rig_feed(&r, ints(DIMS(3), 0, 2, 0));
    rig_feed(&r, ints(DIMS(3), 0, 0, 1));
    rig_run(&r, all);
    for (int i = 0; i < 6; i++) {
        cr_expect_eq(((const float *)stepc_tensor_data(r.got[0]))[i], sum[i]);
        cr_expect_eq(((const float *)stepc_tensor_data(r.got[1]))[i], mean[i]);
    }
    cr_expect_float_eq(((const float *)stepc_tensor_data(r.got[2]))[1], 2 / sqrt(2.0) + 4, 1e-6);
    rig_close(&r);
}
