/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions, running sums, normalisation and batched products with sizes known only when they run, none among them. */
#include "rig.h"

#define AXIS(name, values, n)   CONST(name, "INT32", DIM(n), values)
#define ALONG(name, i)          CONST(name, "INT32", "", "int_val: " #i)
#define OVER(name, op, x, axis) NODE(name, op, IN(x) IN(axis) TYPE("T", "FLOAT"))

Test(reductions, of_symbolic_sizes)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(-1) DIM(3)) CONST("zero", "FLOAT", "", "float_val: 0")
                     AXIS("rows", "int_val: 0", 1) AXIS("columns", "int_val: -1", 1) AXIS("none", "", 0)
                         ALONG("last", 1) OVER("max", "Max", "x", "rows") OVER("min", "Min", "x", "columns")
                             NODE("kept", "Max", IN("x") IN("rows") TYPE("T", "FLOAT") FLAG("keep_dims", true))
                                 OVER("same", "Min", "x", "none") OVER("norm", "EuclideanNorm", "x", "columns")
                                     UNARY("loss", "L2Loss", "FLOAT", "x") OVER("least", "ArgMin", "x", "last")
                                         UNARY("logs", "LogSoftmax", "FLOAT", "x")
                                             BINARY("positive", "Equal", "FLOAT", "same", "x")
                                                 NODE("any", "Any", IN("positive") IN("rows"))
                                                     NODE("all", "All", IN("positive") IN("columns")));
    int all = rig_add(&r, "x[n,3]", "max min kept same norm loss least logs any all", "");
    for (int n = 0; n < 4; n++) {
        rig_feed(&r, noise(DIMS(n, 3), 11));
        rig_run(&r, all);
        cr_assert(n > 0 || isinf(got_float(&r, 0, 0)));
        rig_forget(&r);
    }
    rig_close(&r);
}

Test(reductions, running_sums)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(-1) DIM(3)) PLACEHOLDER("h", "HALF", DIM(-1)) ALONG("rows", 0)
                     ALONG("columns", -1) AXIS("order", "int_val: 1 int_val: 0", 2) OVER("down", "Cumsum", "x", "rows")
                         NODE("back", "Cumsum",
                              IN("x") IN("columns") TYPE("T", "FLOAT") FLAG("reverse", true) FLAG("exclusive", true))
                             OVER("turned", "Transpose", "x", "order") OVER("across", "Cumprod", "turned", "columns")
                                 BINARY("sum", "Add", "FLOAT", "down", "back")
                                     NODE("halves", "Cumsum", IN("h") IN("rows") TYPE("T", "HALF")));
    int all = rig_add(&r, "x[n,3] h[m]", "down back across sum halves", "");
    for (int n = 0; n < 5; n++) {
        stepc_tensor *half = tensor_make(STEPC_HALF, DIMS(7));
        for (int i = 0; i < 7; i++)
            store_f64(STEPC_HALF, stepc_tensor_data(half), i, 300.0 + i);
        rig_feed(&r, noise(DIMS(n, 3), 5));
        rig_feed(&r, half);
        rig_run(&r, all);
        rig_forget(&r);
    }
    rig_close(&r);
}

Test(reductions, axes_must_be_known)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(2) DIM(3)) PLACEHOLDER("axis", "INT32", "")
                     PLACEHOLDER("c", "COMPLEX64", DIM(3)) ALONG("rows", 0) ALONG("far", 7)
                         OVER("max", "Max", "x", "axis") OVER("sums", "Cumsum", "x", "axis")
                             NODE("complex", "Cumprod", IN("c") IN("rows") TYPE("T", "COMPLEX64")));
    rig_refuses(&r, "x axis", "max", "", STEPC_UNIMPLEMENTED, "");
    rig_refuses(&r, "x axis", "sums", "", STEPC_UNIMPLEMENTED, "must be a constant");
    cr_expect(rig_add(&r, "c", "complex", "") >= 0);
    rig_close(&r);
}

#define VECTOR(name) PLACEHOLDER(name, "FLOAT", DIM(2))
#define NORM(name, op, training, format)                                                                  \
    NODE(name, op,                                                                                        \
         IN("x") IN("scale") IN("offset") IN("mean") IN("variance") TYPE("T", "FLOAT") TYPE("U", "FLOAT") \
             FLAG("is_training", training) TEXT_ATTR("data_format", format))

Test(reductions, batch_norm)
{
    rig r;
    rig_open(&r,
             PLACEHOLDER("x", "FLOAT", DIM(-1) DIM(2) DIM(-1) DIM(2)) VECTOR("scale") VECTOR("offset") VECTOR("mean")
                 VECTOR("variance") NORM("last", "FusedBatchNormV3", true, "NHWC") NORM(
                     "first", "FusedBatchNormV3", true, "NCHW") NORM("fixed", "FusedBatchNormV2", false, "NHWC")
                     NODE("slope", "FusedBatchNormGradV2",
                          IN("x") IN("x") IN("scale") IN("last:3") IN("last:4") TYPE("T", "FLOAT") TYPE("U", "FLOAT")));
    int all = rig_add(
        &r, "x[n,2,m,2] scale offset mean variance",
        "last:0 last:1 last:2 last:4 last:5 first:0 first:2 fixed:0 fixed:1 fixed:4 slope:0 slope:1 slope:2 slope:3",
        "");
    for (int n = 0; n < 3; n++) {
        rig_feed(&r, noise(DIMS(n, 2, 3, 2), 3));
        rig_feed(&r, floats(DIMS(2), 1.5, -0.5));
        rig_feed(&r, floats(DIMS(2), 0.25, 2.0));
        rig_feed(&r, floats(DIMS(2), 1.0, 2.0));
        rig_feed(&r, floats(DIMS(2), 4.0, 0.5));
        rig_run(&r, all);
        rig_forget(&r);
    }
    rig_close(&r);
}

/* A vector of another length is an error of the run where only the run knows. */
Test(reductions, batch_norm_checks_its_vectors)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(1) DIM(1) DIM(1) DIM(-1)) PLACEHOLDER("scale", "FLOAT", DIM(-1)) VECTOR(
                     "offset") VECTOR("mean") VECTOR("variance") NORM("fixed", "FusedBatchNormV3", false, "NHWC"));
    int fixed = rig_add(&r, "x[1,1,1,c] scale[s] offset mean variance", "fixed:0", "");
    rig_feed(&r, noise(DIMS(1, 1, 1, 2), 3));
    for (int i = 0; i < 4; i++)
        rig_feed(&r, floats(DIMS(2), 1.0, 2.0));
    rig_run(&r, fixed);
    rig_forget(&r);
    rig_feed(&r, noise(DIMS(1, 1, 1, 2), 3));
    rig_feed(&r, floats(DIMS(3), 1.0, 2.0, 3.0));
    for (int i = 0; i < 3; i++)
        rig_feed(&r, floats(DIMS(2), 1.0, 2.0));
    rig_run_fails(&r, fixed, STEPC_INVALID_ARGUMENT, "must have the same number of elements as the channels of x");
    rig_close(&r);
}

Test(reductions, batched_products)
{
    rig r;
    rig_open(&r,
             PLACEHOLDER("x", "FLOAT", DIM(-1) DIM(2) DIM(-1) DIM(3)) PLACEHOLDER("y", "FLOAT", DIM(2) DIM(3) DIM(4))
                 NODE("product", "BatchMatMulV2", IN("x") IN("y") TYPE("T", "FLOAT"))
                     NODE("square", "BatchMatMul", IN("x") IN("x") TYPE("T", "FLOAT") FLAG("adj_y", true)));
    int all = rig_add(&r, "x[n,2,m,3] y", "product square", "");
    for (int n = 0; n < 3; n++) {
        rig_feed(&r, noise(DIMS(n, 2, 5, 3), 3));
        rig_feed(&r, noise(DIMS(2, 3, 4), 4));
        rig_run(&r, all);
        rig_forget(&r);
    }
    rig_close(&r);
}
