/* SPDX-License-Identifier: Apache-2.0 */
/* Places that a tensor names, labels, greatest elements, bits. Values are those of TensorFlow's documentation, of NumPy or
 * worked by hand. */
#include "rig.h"

#include <float.h>

#define INTS(name, dims, values) CONST(name, "INT32", dims, values)
#define SCATTER(name, type, dt, ins) NODE(name, type, ins TYPE("T", dt) TYPE("Tindices", "INT32"))

static void expect_floats(const rig *r, int fetch, int count, const float *want)
{
    cr_assert_eq(stepc_tensor_length(r->got[fetch]), count);
    for (int i = 0; i < count; i++)
        cr_expect(got_float(r, fetch, i) == want[i], "fetch %d [%d] %g, not %g", fetch, i, (double)got_float(r, fetch, i),
                  (double)want[i]);
}

static void expect_ints(const rig *r, int fetch, int count, const int32_t *want)
{
    const int32_t *got = stepc_tensor_data(r->got[fetch]);
    cr_assert_eq(stepc_tensor_length(r->got[fetch]), count);
    for (int i = 0; i < count; i++)
        cr_expect_eq(got[i], want[i], "fetch %d [%d] %d, not %d", fetch, i, got[i], want[i]);
}

Test(scatter, updates_of_one_place_add_up)
{
    static const float want[8] = {0, 11, 0, 10, 9, 0, 0, 12}, doubled[8] = {0, 11, 0, 0, 19, 0, 0, 12};
    rig r;
    rig_open(&r, PLACEHOLDER("i", "INT32", DIM(4) DIM(1)) PLACEHOLDER("u", "FLOAT", DIM(4)) INTS("shape", DIM(1), "int_val: 8")
                     SCATTER("y", "ScatterNd", "FLOAT", IN("i") IN("u") IN("shape")));
    int y = rig_add(&r, "i u", "y", "");
    rig_feed(&r, ints(DIMS(4, 1), 4, 3, 1, 7));
    rig_feed(&r, floats(DIMS(4), 9., 10., 11., 12.));
    rig_run(&r, y);
    expect_floats(&r, 0, 8, want);
    ((int32_t *)stepc_tensor_data(r.feeds[0]))[1] = 4;
    rig_run(&r, y);
    expect_floats(&r, 0, 8, doubled);
    ((int32_t *)stepc_tensor_data(r.feeds[0]))[3] = 8;
    rig_run_fails(&r, y, STEPC_INVALID_ARGUMENT, "");
    ((int32_t *)stepc_tensor_data(r.feeds[0]))[3] = -1;
    rig_run_fails(&r, y, STEPC_INVALID_ARGUMENT, "");
    rig_close(&r);
}

/* The last update of a place stays; rows of two columns name elements, rows of one name rows. */
Test(scatter, tensor_scatter)
{
    static const float set[6] = {1, 2, 7, 8, 5, 6}, sub[6] = {1, 2, -9, -10, 5, 6}, add[6] = {1, 2, 3, 15, 5, 6};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(3) DIM(2)) PLACEHOLDER("i", "INT32", DIM(2) DIM(1))
                     PLACEHOLDER("u", "FLOAT", DIM(2) DIM(2)) INTS("at", DIM(2) DIM(2), "int_val: 1 int_val: 1 int_val: 1 int_val: 1")
                         PLACEHOLDER("v", "FLOAT", DIM(2)) SCATTER("set", "TensorScatterUpdate", "FLOAT", IN("x") IN("i") IN("u"))
                             SCATTER("sub", "TensorScatterSub", "FLOAT", IN("x") IN("i") IN("u"))
                                 SCATTER("add", "TensorScatterAdd", "FLOAT", IN("x") IN("at") IN("v")));
    int all = rig_add(&r, "x i u v", "set sub add", "");
    rig_feed(&r, floats(DIMS(3, 2), 1., 2., 3., 4., 5., 6.));
    rig_feed(&r, ints(DIMS(2, 1), 1, 1));
    rig_feed(&r, floats(DIMS(2, 2), 5., 6., 7., 8.));
    rig_feed(&r, floats(DIMS(2), 1., 10.));
    rig_run(&r, all);
    expect_floats(&r, 0, 6, set);
    expect_floats(&r, 1, 6, sub);
    expect_floats(&r, 2, 6, add);
    rig_close(&r);
}

Test(scatter, dynamic_stitch)
{
    static const float want[14] = {1, 2, 11, 12, 21, 22, 31, 32, 41, 42, 51, 52, 61, 62};
    rig r;
    rig_open(&r, INTS("a", "", "int_val: 6") INTS("b", DIM(2), "int_val: 4 int_val: 1")
                     INTS("c", DIM(2) DIM(2), "int_val: 5 int_val: 2 int_val: 0 int_val: 3") PLACEHOLDER("x", "FLOAT", DIM(2))
                         PLACEHOLDER("y", "FLOAT", DIM(2) DIM(2)) PLACEHOLDER("z", "FLOAT", DIM(2) DIM(2) DIM(2))
                             NODE("s", "DynamicStitch", IN("a") IN("b") IN("c") IN("x") IN("y") IN("z") TYPE("T", "FLOAT") INT("N", 3)));
    int s = rig_add(&r, "x y z", "s", "");
    rig_feed(&r, floats(DIMS(2), 61., 62.));
    rig_feed(&r, floats(DIMS(2, 2), 41., 42., 11., 12.));
    rig_feed(&r, floats(DIMS(2, 2, 2), 51., 52., 21., 22., 1., 2., 31., 32.));
    rig_run(&r, s);
    expect_floats(&r, 0, 14, want);
    rig_close(&r);
}

/* Segment 1 is empty: 0, and 1 for products. */
Test(scatter, sorted_segments)
{
    static const float sum[6] = {4, 6, 0, 0, 5, -6}, mean[6] = {2, 3, 0, 0, 5, -6}, most[6] = {3, 4, 0, 0, 5, -6},
                       least[6] = {1, 2, 0, 0, 5, -6}, product[6] = {3, 8, 1, 1, 5, -6};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(3) DIM(2)) INTS("ids", DIM(3), "int_val: 0 int_val: 0 int_val: 2")
                     SCATTER("sum", "SegmentSum", "FLOAT", IN("x") IN("ids")) SCATTER("mean", "SegmentMean", "FLOAT", IN("x") IN("ids"))
                         SCATTER("max", "SegmentMax", "FLOAT", IN("x") IN("ids")) SCATTER("min", "SegmentMin", "FLOAT", IN("x") IN("ids"))
                             SCATTER("prod", "SegmentProd", "FLOAT", IN("x") IN("ids")));
    int all = rig_add(&r, "x", "sum mean max min prod", "");
    rig_feed(&r, floats(DIMS(3, 2), 1., 2., 3., 4., 5., -6.));
    rig_run(&r, all);
    expect_floats(&r, 0, 6, sum);
    expect_floats(&r, 1, 6, mean);
    expect_floats(&r, 2, 6, most);
    expect_floats(&r, 3, 6, least);
    expect_floats(&r, 4, 6, product);
    rig_close(&r);
}

/* Sums run in double and are rounded once: 2^24 + 1 + 1. Labels below 0 are dropped, those too great refused. */
Test(scatter, unsorted_segments)
{
    static const float sum[3] = {16777218.0f, 0, 4};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(-1)) PLACEHOLDER("ids", "INT32", DIM(-1)) INTS("n", "", "int_val: 3")
                     SCATTER("sum", "UnsortedSegmentSum", "FLOAT", IN("x") IN("ids") IN("n"))
                         SCATTER("max", "UnsortedSegmentMax", "FLOAT", IN("x") IN("ids") IN("n")));
    int all = rig_add(&r, "x[n] ids[n]", "sum max", "");
    rig_feed(&r, floats(DIMS(5), 16777216., 1., 1., 9., 4.));
    rig_feed(&r, ints(DIMS(5), 0, 0, 0, -1, 2));
    rig_run(&r, all);
    expect_floats(&r, 0, 3, sum);
    cr_expect(got_float(&r, 1, 1) == -3.402823466e38f);
    ((int32_t *)stepc_tensor_data(r.feeds[1]))[4] = 3;
    rig_run_fails(&r, all, STEPC_INVALID_ARGUMENT, "");
    rig_close(&r);
}

Test(scatter, bincount)
{
    static const int32_t counts[4] = {1, 3, 1, 1};
    static const float sums[4] = {1, 11, 5, 4};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "INT32", DIM(7)) INTS("n", "", "int_val: 4") CONST("none", "INT32", DIM(0), "")
                     PLACEHOLDER("w", "FLOAT", DIM(7)) NODE("counts", "Bincount", IN("x") IN("n") IN("none") TYPE("T", "INT32"))
                         NODE("sums", "Bincount", IN("x") IN("n") IN("w") TYPE("T", "FLOAT")));
    int all = rig_add(&r, "x w", "counts sums", "");
    rig_feed(&r, ints(DIMS(7), 0, 1, 1, 3, 2, 1, 7));
    rig_feed(&r, floats(DIMS(7), 1., 2., 3., 4., 5., 6., 7.));
    rig_run(&r, all);
    expect_ints(&r, 0, 4, counts);
    expect_floats(&r, 1, 4, sums);
    ((int32_t *)stepc_tensor_data(r.feeds[0]))[6] = -1;
    rig_run_fails(&r, all, STEPC_INVALID_ARGUMENT, "");
    rig_close(&r);
}

/* Of equal elements the first; a NaN comes once all before it have come. */
Test(scatter, top_k)
{
    static const int32_t places[8] = {1, 3, 4, 0, 3, 0, 1, 2};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(2) DIM(5)) INTS("k", "", "int_val: 4")
                     NODE("top", "TopKV2", IN("x") IN("k") TYPE("T", "FLOAT")));
    int top = rig_add(&r, "x", "top:0 top:1", "");
    rig_feed(&r, floats(DIMS(2, 5), 1., 3., -8., 3., 2., 5., (double)NAN, 1., 7., 0.));
    rig_run(&r, top);
    expect_ints(&r, 1, 8, places);
    cr_expect(got_float(&r, 0, 0) == 3.0f && got_float(&r, 0, 2) == 2.0f && got_float(&r, 0, 4) == 7.0f);
    cr_expect(isnan(got_float(&r, 0, 6)));
    rig_close(&r);
}

/* Ties with the target are in; a target that is no class, and a row with an infinity, are not. */
Test(scatter, in_top_k)
{
    static const bool want[4] = {true, false, false, false};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(4) DIM(3)) PLACEHOLDER("t", "INT32", DIM(4))
                     NODE("in", "InTopK", IN("x") IN("t") TYPE("T", "INT32") INT("k", 2)));
    int in = rig_add(&r, "x t", "in", "");
    rig_feed(&r, floats(DIMS(4, 3), 1., 2., 2., 3., 2., 1., 1., 1., 1., 1., 2., (double)INFINITY));
    rig_feed(&r, ints(DIMS(4), 2, 2, 3, 1));
    rig_run(&r, in);
    for (int i = 0; i < 4; i++)
        cr_expect_eq(((bool *)stepc_tensor_data(r.got[0]))[i], want[i], "%d", i);
    rig_close(&r);
}

/* 1 is 0x3f800000, -2 is 0xc0000000. */
Test(scatter, bitcast)
{
    static const uint8_t want[8] = {0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(2)) NODE("bytes", "Bitcast", IN("x") TYPE("T", "FLOAT") TYPE("type", "UINT8"))
                     NODE("back", "Bitcast", IN("bytes") TYPE("T", "UINT8") TYPE("type", "INT32")));
    int all = rig_add(&r, "x", "bytes back", "");
    rig_feed(&r, floats(DIMS(2), 1., -2.));
    rig_run(&r, all);
    cr_expect_eq(memcmp(stepc_tensor_data(r.got[0]), want, 8), 0);
    cr_expect_eq(((uint32_t *)stepc_tensor_data(r.got[1]))[1], 0xc0000000u);
    rig_close(&r);
}

/* Labels in order and a count of segments: those without rows are as the unsorted ones leave them. NumPy and by hand. */
Test(scatter, sorted_segments_of_a_given_number)
{
    static const float sum[6] = {4, 6, 0, 0, 5, 6}, most[6] = {3, 4, -FLT_MAX, -FLT_MAX, 5, 6};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(3) DIM(2)) PLACEHOLDER("i", "INT32", DIM(3)) INTS("n", "", "int_val: 3")
                     NODE("s", "SegmentSumV2", IN("x") IN("i") IN("n") TYPE("T", "FLOAT") TYPE("Tindices", "INT32"))
                         NODE("m", "SegmentMaxV2", IN("x") IN("i") IN("n") TYPE("T", "FLOAT") TYPE("Tindices", "INT32")));
    int all = rig_add(&r, "x i", "s m", "");
    rig_feed(&r, floats(DIMS(3, 2), 1., 2., 3., 4., 5., 6.));
    rig_feed(&r, ints(DIMS(3), 0, 0, 2));
    rig_run(&r, all);
    expect_floats(&r, 0, 6, sum);
    expect_floats(&r, 1, 6, most);
    ((int32_t *)stepc_tensor_data(r.feeds[1]))[0] = 1;
    rig_run_fails(&r, all, STEPC_INVALID_ARGUMENT, "");
    ((int32_t *)stepc_tensor_data(r.feeds[1]))[0] = 0;
    ((int32_t *)stepc_tensor_data(r.feeds[1]))[2] = 3;
    rig_run_fails(&r, all, STEPC_INVALID_ARGUMENT, "");
    rig_close(&r);
}

/* The greater and the lesser of what a place holds and its updates; the conjugate of a transposed matrix. */
Test(scatter, extremes_and_conjugates)
{
    static const float most[3] = {4, 5, 3}, least[3] = {1, 2, 3};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(3)) PLACEHOLDER("i", "INT32", DIM(3) DIM(1)) PLACEHOLDER("u", "FLOAT", DIM(3))
                     SCATTER("a", "TensorScatterMax", "FLOAT", IN("x") IN("i") IN("u"))
                         SCATTER("b", "TensorScatterMin", "FLOAT", IN("x") IN("i") IN("u")) INTS("p", DIM(2), "int_val: 1 int_val: 0")
                             PLACEHOLDER("z", "COMPLEX64", DIM(1) DIM(2))
                                 NODE("c", "ConjugateTranspose", IN("z") IN("p") TYPE("T", "COMPLEX64")));
    int all = rig_add(&r, "x i u z", "a b c", "");
    int64_t dims[2] = {1, 2};
    stepc_tensor *z;
    cr_assert_eq(stepc_tensor_new(NULL, STEPC_COMPLEX64, dims, 2, &z, NULL), STEPC_OK);
    memcpy(stepc_tensor_data(z), (float[]){1, 2, 3, -4}, 4 * sizeof(float));
    rig_feed(&r, floats(DIMS(3), 1., 5., 3.));
    rig_feed(&r, ints(DIMS(3, 1), 0, 1, 0));
    rig_feed(&r, floats(DIMS(3), 4., 2., 3.));
    rig_feed(&r, z);
    rig_run(&r, all);
    expect_floats(&r, 0, 3, most);
    expect_floats(&r, 1, 3, least);
    for (int i = 0; i < 4; i++)
        cr_expect_eq(((const float *)stepc_tensor_data(r.got[2]))[i], ((float[]){1, -2, 3, 4})[i]);
    rig_close(&r);
}
