/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes seen as another type, rows in place, layouts, assertions. Values worked by hand. */
#include "rig.h"

#define CAST(name, in, from, to) NODE(name, "Bitcast", IN(in) TYPE("T", from) TYPE("type", to))

static stepc_tensor *shorts(stepc_dtype dtype, const int64_t *dims, int32_t rank, const uint16_t *bits)
{
    stepc_tensor *t;
    cr_assert_eq(stepc_tensor_new(NULL, dtype, dims, rank, &t, NULL), STEPC_OK);
    memcpy(stepc_tensor_data(t), bits, (size_t)stepc_tensor_length(t) * 2);
    return t;
}

/* A signalling NaN, which a conversion would quiet, keeps its bits. */
Test(bits, halves)
{
    static const uint16_t in[4] = {0x3c00, 0x7d01, 0xfe34, 0x8000};
    static const uint32_t joined[2] = {0x7d013c00u, 0x8000fe34u};
    static const uint8_t parts[8] = {0x00, 0x3c, 0x01, 0x7d, 0x34, 0xfe, 0x00, 0x80};
    int64_t dims[2] = {2, 2};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "HALF", DIM(2) DIM(2)) CAST("s", "x", "HALF", "INT16") CAST("w", "x", "HALF", "UINT32")
                     CAST("b", "x", "HALF", "UINT8") CAST("h", "b", "UINT8", "BFLOAT16") CAST("f", "w", "UINT32", "HALF"));
    int all = rig_add(&r, "x", "s w b h f", "");
    rig_feed(&r, shorts(STEPC_HALF, dims, 2, in));
    rig_run(&r, all);
    cr_expect_eq(memcmp(stepc_tensor_data(r.got[0]), in, sizeof in), 0);
    cr_expect_eq(memcmp(stepc_tensor_data(r.got[1]), joined, sizeof joined), 0);
    cr_expect_eq(memcmp(stepc_tensor_data(r.got[2]), parts, sizeof parts), 0);
    cr_expect_eq(memcmp(stepc_tensor_data(r.got[3]), in, sizeof in), 0);
    cr_expect_eq(memcmp(stepc_tensor_data(r.got[4]), in, sizeof in), 0);
    rig_close(&r);
}

Test(bits, bitpack)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(16)) PLACEHOLDER("t", "FLOAT", "")
                     NODE("y", "CompareAndBitpack", IN("x") IN("t") TYPE("T", "FLOAT")));
    int y = rig_add(&r, "x t", "y", "");
    rig_feed(&r, floats(DIMS(16), 1., 2., 3., 0., 0., 0., 0., 5., 9., 0., 0., 0., 0., 0., 2., 1.5));
    rig_feed(&r, floats(SCALAR, 1.5));
    rig_run(&r, y);
    cr_expect_eq(((const uint8_t *)stepc_tensor_data(r.got[0]))[0], 97);
    cr_expect_eq(((const uint8_t *)stepc_tensor_data(r.got[0]))[1], 130);
    rig_close(&r);
}

Test(bits, rows_in_place)
{
    static const float added[6] = {1, 2, 43, 64, 5, 6}, set[6] = {1, 2, 30, 40, 5, 6};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(3) DIM(2)) PLACEHOLDER("i", "INT32", DIM(2)) PLACEHOLDER("v", "FLOAT", DIM(2) DIM(2))
                     NODE("a", "InplaceAdd", IN("x") IN("i") IN("v") TYPE("T", "FLOAT"))
                         NODE("u", "InplaceUpdate", IN("x") IN("i") IN("v") TYPE("T", "FLOAT")));
    int all = rig_add(&r, "x i v", "a u", "");
    rig_feed(&r, floats(DIMS(3, 2), 1., 2., 3., 4., 5., 6.));
    rig_feed(&r, ints(DIMS(2), -2, 4));
    rig_feed(&r, floats(DIMS(2, 2), 10., 20., 30., 40.));
    rig_run(&r, all);
    for (int i = 0; i < 6; i++) {
        cr_expect_eq(got_float(&r, 0, i), added[i]);
        cr_expect_eq(got_float(&r, 1, i), set[i]);
    }
    rig_close(&r);
}

Test(bits, layouts)
{
    static const int32_t axes[3] = {2, 1, 0}, sizes[4] = {7, 3, 4, 9};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "INT32", DIM(3)) PLACEHOLDER("y", "INT32", DIM(4)) NODE("m", "DataFormatDimMap", IN("x") TYPE("T", "INT32"))
                     NODE("p", "DataFormatVecPermute", IN("y") TYPE("T", "INT32")));
    int all = rig_add(&r, "x y", "m p", "");
    rig_feed(&r, ints(DIMS(3), 1, -1, 0));
    rig_feed(&r, ints(DIMS(4), 7, 4, 9, 3));
    rig_run(&r, all);
    cr_expect_eq(memcmp(stepc_tensor_data(r.got[0]), axes, sizeof axes), 0);
    cr_expect_eq(memcmp(stepc_tensor_data(r.got[1]), sizes, sizeof sizes), 0);
    ((int32_t *)stepc_tensor_data(r.feeds[0]))[1] = 4;
    rig_run_fails(&r, all, STEPC_INVALID_ARGUMENT, "");
    rig_close(&r);
}
