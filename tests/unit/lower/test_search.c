/* SPDX-License-Identifier: Apache-2.0 */
/* Places among values and values of a place. Values are NumPy's (searchsorted, histogram, partition, unravel_index, argsort,
 * nextafter) or worked by hand. */
#include "rig.h"

static void expect_ints(const rig *r, int fetch, int count, const int32_t *want)
{
    const int32_t *got = stepc_tensor_data(r->got[fetch]);
    cr_assert_eq(stepc_tensor_length(r->got[fetch]), count);
    for (int i = 0; i < count; i++)
        cr_expect_eq(got[i], want[i], "fetch %d [%d] %d, not %d", fetch, i, got[i], want[i]);
}

Test(search, histogram)
{
    static const int32_t want[5] = {2, 1, 1, 0, 3};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(7)) PLACEHOLDER("r", "FLOAT", DIM(2)) CONST("n", "INT32", "", "int_val: 5")
                     NODE("h", "HistogramFixedWidth", IN("x") IN("r") IN("n") TYPE("T", "FLOAT")));
    int h = rig_add(&r, "x r", "h", "");
    rig_feed(&r, floats(DIMS(7), -1., 0., 1.5, 2., 5., 15., (double)INFINITY));
    rig_feed(&r, floats(DIMS(2), 0., 5.));
    rig_run(&r, h);
    expect_ints(&r, 0, 5, want);
    ((float *)stepc_tensor_data(r.feeds[1]))[1] = 0;
    rig_run_fails(&r, h, STEPC_INVALID_ARGUMENT, "");
    rig_close(&r);
}

Test(search, bounds)
{
    static const int32_t lower[6] = {1, 2, 2, 0, 1, 5}, upper[6] = {1, 2, 4, 0, 2, 5};
    rig r;
    rig_open(&r, PLACEHOLDER("s", "INT32", DIM(2) DIM(5)) PLACEHOLDER("v", "INT32", DIM(2) DIM(3))
                     NODE("l", "LowerBound", IN("s") IN("v") TYPE("T", "INT32")) NODE("u", "UpperBound", IN("s") IN("v") TYPE("T", "INT32")));
    int all = rig_add(&r, "s v", "l u", "");
    rig_feed(&r, ints(DIMS(2, 5), 0, 3, 9, 9, 10, 1, 2, 3, 4, 5));
    rig_feed(&r, ints(DIMS(2, 3), 2, 4, 9, 0, 2, 6));
    rig_run(&r, all);
    expect_ints(&r, 0, 6, lower);
    expect_ints(&r, 1, 6, upper);
    rig_close(&r);
}

Test(search, nth_element)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(2) DIM(4)) CONST("n", "INT32", "", "int_val: 1")
                     NODE("y", "NthElement", IN("x") IN("n") TYPE("T", "FLOAT")) NODE("z", "NthElement", IN("x") IN("n") TYPE("T", "FLOAT") FLAG("reverse", true))
                         PLACEHOLDER("i", "INT32", DIM(4)) NODE("w", "NthElement", IN("i") IN("n") TYPE("T", "INT32")));
    int all = rig_add(&r, "x i", "y z w", "");
    rig_feed(&r, floats(DIMS(2, 4), 4., 1., 3., 2., 9., 9., 7., 8.));
    rig_feed(&r, ints(DIMS(4), 5, INT32_MIN, -7, INT32_MAX));
    rig_run(&r, all);
    cr_expect_eq(got_float(&r, 0, 0), 2);
    cr_expect_eq(got_float(&r, 0, 1), 8);
    cr_expect_eq(got_float(&r, 1, 0), 3);
    cr_expect_eq(got_float(&r, 1, 1), 9);
    cr_expect_eq(((const int32_t *)stepc_tensor_data(r.got[2]))[0], -7);
    rig_close(&r);
}

Test(search, unravel_and_invert)
{
    static const int32_t unravelled[6] = {0, 1, 2, 2, 2, 1}, inverse[4] = {2, 0, 3, 1};
    rig r;
    rig_open(&r, PLACEHOLDER("i", "INT32", DIM(3)) CONST("d", "INT32", DIM(2), "int_val: 3 int_val: 3")
                     NODE("u", "UnravelIndex", IN("i") IN("d") TYPE("Tidx", "INT32")) PLACEHOLDER("p", "INT32", DIM(4))
                         NODE("v", "InvertPermutation", IN("p") TYPE("T", "INT32")));
    int all = rig_add(&r, "i p", "u v", "");
    rig_feed(&r, ints(DIMS(3), 2, 5, 7));
    rig_feed(&r, ints(DIMS(4), 1, 3, 0, 2));
    rig_run(&r, all);
    expect_ints(&r, 0, 6, unravelled);
    expect_ints(&r, 1, 4, inverse);
    ((int32_t *)stepc_tensor_data(r.feeds[1]))[0] = 3;
    rig_run_fails(&r, all, STEPC_INVALID_ARGUMENT, "");
    ((int32_t *)stepc_tensor_data(r.feeds[1]))[0] = 1;
    ((int32_t *)stepc_tensor_data(r.feeds[0]))[0] = 9;
    rig_run_fails(&r, all, STEPC_INVALID_ARGUMENT, "");
    rig_close(&r);
}

Test(search, next_after)
{
    static const float want[6] = {1.00000012f, 0.99999994f, 1e-45f, -1e-45f, 3.0f, -0.99999994f};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(7)) PLACEHOLDER("y", "FLOAT", DIM(7)) NODE("n", "NextAfter", IN("x") IN("y") TYPE("T", "FLOAT")));
    int n = rig_add(&r, "x y", "n", "");
    rig_feed(&r, floats(DIMS(7), 1., 1., 0., 0., 3., -1., (double)NAN));
    rig_feed(&r, floats(DIMS(7), 2., 0., 1., -1., 3., 0., 1.));
    rig_run(&r, n);
    for (int i = 0; i < 6; i++)
        cr_expect_eq(got_float(&r, 0, i), want[i], "%d: %a", i, (double)got_float(&r, 0, i));
    cr_expect(isnan(got_float(&r, 0, 6)));
    rig_close(&r);
}
