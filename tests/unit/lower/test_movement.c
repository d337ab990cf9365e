/* SPDX-License-Identifier: Apache-2.0 */
/* Movement: views where strides can say it, parts of a result, checked indices, sizes that only a run knows. */
#include "rig.h"

#define INTS(name, values, n) CONST(name, "INT32", DIM(n), values)
#define SCALAR_INT(name, value) CONST(name, "INT32", "", "int_val: " #value)
#define PAIRS(name, values, n) CONST(name, "INT32", DIM(n) DIM(2), values)
#define STRIDED(name, dt, x, begin, end, strides, rest) \
    NODE(name, "StridedSlice", IN(x) IN(begin) IN(end) IN(strides) TYPE("T", dt) TYPE("Index", "INT32") rest)

/* Slices, reversals and transpositions are no statements of their own: only the last operation is. */
Test(movement, views_cost_nothing)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(-1) DIM(4)) INTS("begin", "int_val: 0 int_val: 1", 2)
                     INTS("size", "int_val: -1 int_val: 2", 2) INTS("perm", "int_val: 1 int_val: 0", 2)
                         INTS("axes", "int_val: 0", 1) SCALAR_INT("one", 1)
                             NODE("part", "Slice", IN("x") IN("begin") IN("size") TYPE("T", "FLOAT") TYPE("Index", "INT32"))
                                 NODE("turned", "Transpose", IN("part") IN("perm") TYPE("T", "FLOAT"))
                                     NODE("back", "ReverseV2", IN("turned") IN("axes") TYPE("T", "FLOAT"))
                                         NODE("wide", "ExpandDims", IN("back") IN("one") TYPE("T", "FLOAT"))
                                             NODE("split", "Split", IN("zero") IN("wide") TYPE("T", "FLOAT") INT("num_split", 2))
                                                 SCALAR_INT("zero", 0) NODE("slim", "Squeeze", IN("split:1") TYPE("T", "FLOAT")
                                                                                "attr { key: 'squeeze_dims' value { list { i: 1 } } } ")
                                                     UNARY("y", "Neg", "FLOAT", "slim"));
    int y = rig_add(&r, "x[n,4]", "y", "");
    cr_expect_eq(r.callables[y].programs[0]->statement_count, 1, "%d", r.callables[y].programs[0]->statement_count);
    rig_feed(&r, floats(DIMS(2, 4), 1., 2., 3., 4., 5., 6., 7., 8.));
    rig_run(&r, y);
    cr_expect_eq(got_float(&r, 0, 0), -2.0f); /* rows of [[3,7],[2,6]], the second */
    cr_expect_eq(got_float(&r, 0, 1), -6.0f);
    rig_close(&r);
}

/* [n, 4] -> its first size, packed with constants, as the shape of a Reshape. */
Test(movement, shape_arithmetic_flows)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(-1) DIM(4)) SHAPE_OF("shape", "FLOAT", "x") INTS("zero", "int_val: 0", 1)
                     INTS("one", "int_val: 1", 1) SCALAR_INT("two", 2) SCALAR_INT("rest", -1) SCALAR_INT("axis", 0)
                         STRIDED("n", "INT32", "shape", "zero", "one", "one", INT("shrink_axis_mask", 1))
                             NODE("want", "Pack", IN("n") IN("two") IN("rest") INT("N", 3) TYPE("T", "INT32"))
                                 RESHAPE("y", "FLOAT", "x", "want")
                                     STRIDED("tail", "INT32", "shape", "one", "zero", "one", INT("end_mask", 1))
                                         NODE("joined", "ConcatV2", IN("want") IN("tail") IN("axis") INT("N", 2) TYPE("T", "INT32"))
                                             SCALAR_INT("start", 0) SCALAR_INT("step", 2)
                                                 NODE("range", "Range", IN("start") IN("n") IN("step") TYPE("Tidx", "INT32")));
    int all = rig_add(&r, "x[n,4]", "y joined range", "");
    for (int n = 1; n < 5; n++) { /* of nothing a -1 cannot be inferred */
        rig_feed(&r, noise(DIMS(n, 4), 3));
        rig_run(&r, all);
        cr_expect_eq(stepc_tensor_dims(r.got[0])[0], n);
        cr_expect_eq(stepc_tensor_length(r.got[2]), (n + 1) / 2);
        const int32_t *joined = stepc_tensor_data(r.got[1]);
        cr_expect(joined[0] == n && joined[1] == 2 && joined[2] == -1 && joined[3] == 4);
        rig_forget(&r);
    }
    rig_close(&r);
}

/* Ranges never leave the tensor, single elements and Slice may. */
Test(movement, sizes_of_a_run)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(-1)) INTS("two", "int_val: 2", 1) INTS("far", "int_val: -3", 1)
                     INTS("one", "int_val: 1", 1) INTS("back", "int_val: -1", 1) INTS("rest", "int_val: -1", 1)
                         STRIDED("behind", "FLOAT", "x", "two", "one", "one", INT("end_mask", 1))
                             STRIDED("last", "FLOAT", "x", "far", "one", "one", INT("end_mask", 1))
                                 STRIDED("odd", "FLOAT", "x", "two", "one", "back", INT("end_mask", 1))
                                     STRIDED("element", "FLOAT", "x", "two", "one", "one", INT("shrink_axis_mask", 1))
                                         NODE("slice", "Slice", IN("x") IN("two") IN("rest") TYPE("T", "FLOAT") TYPE("Index", "INT32"))
                                             UNARY("a", "Neg", "FLOAT", "behind") UNARY("b", "Neg", "FLOAT", "last")
                                                 UNARY("c", "Neg", "FLOAT", "odd") UNARY("d", "Neg", "FLOAT", "element")
                                                     UNARY("e", "Neg", "FLOAT", "slice"));
    int ranges = rig_add(&r, "x[n]", "a b c", ""), element = rig_add(&r, "x[n]", "d", ""), slice = rig_add(&r, "x[n]", "e", "");
    for (int n = 0; n < 6; n++) {
        rig_feed(&r, noise(DIMS(n), 3));
        rig_run(&r, ranges);
        cr_expect_eq(stepc_tensor_length(r.got[0]), n < 2 ? 0 : n - 2);
        cr_expect_eq(stepc_tensor_length(r.got[1]), n < 3 ? n : 3);
        cr_expect_eq(stepc_tensor_length(r.got[2]), n < 3 ? n : 3);
        if (n < 3)
            rig_run_fails(&r, element, STEPC_INVALID_ARGUMENT, "out of bounds.");
        else
            rig_run(&r, element);
        if (n < 2)
            rig_run_fails(&r, slice, STEPC_INVALID_ARGUMENT, "");
        else
            rig_run(&r, slice);
        rig_forget(&r);
    }
    rig_close(&r);
}

/* The check comes before the update that follows, and an index that is out of range is never used. */
Test(movement, indices_are_checked_first)
{
    static const int bad[] = {5, -1, INT32_MIN, INT32_MAX};
    rig r;
    rig_open(&r, PLACEHOLDER("p", "FLOAT", DIM(5)) PLACEHOLDER("i", "INT32", DIM(2)) VARIABLE("v", "FLOAT", DIM(2))
                     NODE("gather", "Gather", IN("p") IN("i") TYPE("Tparams", "FLOAT") TYPE("Tindices", "INT32"))
                         CONST("ones", "FLOAT", DIM(2), "float_val: 1 float_val: 1")
                             BINARY("set", "Assign", "FLOAT", "v", "ones") BINARY("add", "AssignAdd", "FLOAT", "v", "gather")
                                 INTS("column", "int_val: 2 int_val: 1", 2) RESHAPE("rows", "INT32", "i", "column")
                                     NODE("nd", "GatherNd", IN("p") IN("rows") TYPE("Tparams", "FLOAT") TYPE("Tindices", "INT32")));
    int set = rig_add(&r, "", "", "set"), add = rig_add(&r, "p i", "", "add"), read = rig_add(&r, "", "v", "");
    int nd = rig_add(&r, "p i", "nd", "");
    rig_run(&r, set);
    rig_feed(&r, floats(DIMS(5), 10., 11., 12., 13., 14.));
    rig_feed(&r, ints(DIMS(2), 4, 0));
    rig_run(&r, nd);
    cr_expect_eq(got_float(&r, 0, 0), 14.0f);
    cr_expect_eq(got_float(&r, 0, 1), 10.0f);
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        ((int32_t *)stepc_tensor_data(r.feeds[1]))[1] = bad[k];
        rig_run_fails(&r, add, STEPC_INVALID_ARGUMENT, "is not in [0, 5)");
        rig_run_fails(&r, nd, STEPC_INVALID_ARGUMENT, "does not index into param shape");
    }
    rig_forget(&r);
    rig_run(&r, read);
    cr_expect_eq(got_float(&r, 0, 0), 1.0f);
    cr_expect_eq(got_float(&r, 0, 1), 1.0f);
    rig_close(&r);
}

/* A view of a variable keeps the value that was read. */
Test(movement, slice_of_a_variable)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(3)) VARIABLE("v", "FLOAT", DIM(3)) BINARY("set", "Assign", "FLOAT", "v", "x")
                     INTS("one", "int_val: 1", 1) INTS("three", "int_val: 3", 1) UNARY("read", "Identity", "FLOAT", "v")
                         STRIDED("part", "FLOAT", "read", "one", "three", "one", "")
                             NODE("double", "AssignAdd", IN("v") IN("x") IN("^part") TYPE("T", "FLOAT")));
    int set = rig_add(&r, "x", "", "set"), part = rig_add(&r, "x", "part double", "");
    rig_feed(&r, floats(DIMS(3), 1., 2., 3.));
    rig_run(&r, set);
    rig_run(&r, part);
    cr_expect_eq(got_float(&r, 0, 0), 2.0f);
    cr_expect_eq(got_float(&r, 1, 1), 4.0f);
    rig_close(&r);
}

/* Complex elements are pairs of reals behind the last dimension, whatever moves. */
Test(movement, complex_elements)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "COMPLEX64", DIM(2) DIM(3)) PLACEHOLDER("s", "COMPLEX64", "") SCALAR_INT("one", 1)
                     INTS("axes", "int_val: 0 int_val: 1", 2) PAIRS("border", "int_val: 1 int_val: 0 int_val: 1 int_val: 1", 2)
                         INTS("wide", "int_val: 2 int_val: 2 int_val: 3", 3) INTS("places", "int_val: 2 int_val: 0", 2)
                             NODE("cat", "ConcatV2", IN("x") IN("x") IN("one") INT("N", 2) TYPE("T", "COMPLEX64"))
                                 NODE("pack", "Pack", IN("x") IN("x") INT("N", 2) INT("axis", 2) TYPE("T", "COMPLEX64"))
                                     NODE("back", "ReverseV2", IN("x") IN("axes") TYPE("T", "COMPLEX64"))
                                         NODE("pad", "PadV2", IN("x") IN("border") IN("s") TYPE("T", "COMPLEX64"))
                                             NODE("mirror", "MirrorPad", IN("x") IN("border") TYPE("T", "COMPLEX64") TEXT_ATTR("mode", "REFLECT"))
                                                 NODE("to", "BroadcastTo", IN("x") IN("wide") TYPE("T", "COMPLEX64"))
                                                     NODE("gather", "GatherV2", IN("x") IN("places") IN("one") TYPE("Tparams", "COMPLEX64")
                                                              TYPE("Tindices", "INT32") TYPE("Taxis", "INT32"))
                                                         NODE("hot", "OneHot", IN("places") IN("depth") IN("s") IN("s2") TYPE("T", "COMPLEX64") TYPE("TI", "INT32"))
                                                             SCALAR_INT("depth", 3) PLACEHOLDER("s2", "COMPLEX64", "")
                                                                 NODE("rows", "Unpack", IN("x") INT("num", 2) TYPE("T", "COMPLEX64"))
                                                                     NODE("matrix", "MatrixDiag", IN("x") TYPE("T", "COMPLEX64"))
                                                                         NODE("diagonal", "MatrixDiagPart", IN("x") TYPE("T", "COMPLEX64")));
    int all = rig_add(&r, "x s s2", "cat pack back pad mirror to gather hot rows:1 matrix diagonal", "");
    stepc_tensor *x = tensor_make(STEPC_COMPLEX64, DIMS(2, 3)), *s[2];
    for (int i = 0; i < 12; i++)
        ((float *)stepc_tensor_data(x))[i] = (float)i + 0.5f;
    rig_feed(&r, x);
    for (int k = 0; k < 2; k++) {
        s[k] = tensor_make(STEPC_COMPLEX64, SCALAR);
        ((float *)stepc_tensor_data(s[k]))[0] = 100.0f + (float)k;
        ((float *)stepc_tensor_data(s[k]))[1] = -100.0f;
        rig_feed(&r, s[k]);
    }
    rig_run(&r, all);
    const float *back = stepc_tensor_data(r.got[2]), *hot = stepc_tensor_data(r.got[7]);
    cr_expect(back[0] == 10.5f && back[1] == 11.5f);
    cr_expect(hot[4] == 100.0f && hot[5] == -100.0f && hot[0] == 101.0f);
    rig_close(&r);
}

Test(movement, refusals_say_what_helps)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(-1)) PLACEHOLDER("pads", "INT32", DIM(1) DIM(2)) INTS("one", "int_val: 1", 1)
                     INTS("zero", "int_val: 0", 1) PLACEHOLDER("f", "FLOAT", "")
                         NODE("roll", "Roll", IN("x") IN("one") IN("zero") TYPE("T", "FLOAT") TYPE("Tshift", "INT32") TYPE("Taxis", "INT32"))
                             NODE("pad", "Pad", IN("x") IN("pads") TYPE("T", "FLOAT"))
                                 NODE("range", "Range", IN("f") IN("f") IN("f") TYPE("Tidx", "FLOAT"))
                                     NODE("where", "Where", IN("x") TYPE("T", "FLOAT")));
    rig_refuses(&r, "x[n]", "roll", "", STEPC_UNIMPLEMENTED, "unknown size");
    rig_refuses(&r, "x[n] pads", "pad", "", STEPC_UNIMPLEMENTED, "must be a constant");
    rig_refuses(&r, "f", "range", "", STEPC_UNIMPLEMENTED, "must be known");
    rig_refuses(&r, "x[n]", "where", "", STEPC_UNIMPLEMENTED, "Where");
    rig_close(&r);
}

/* Sizes of operands that no memory has, with an element or without: the multiplication must not wrap. */
Test(movement, shapes_beyond_counting)
{
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(3) DIM(2)) PLACEHOLDER("s", "FLOAT", "") PLACEHOLDER("v", "FLOAT", DIM(2))
                     PLACEHOLDER("c", "COMPLEX64", DIM(1) DIM(1) DIM(1)) PLACEHOLDER("u", "FLOAT", DIM(-1) DIM(-1))
                         CONST("pads", "INT64", DIM(2) DIM(2), "int64_val: [1099511627776, 3, 7, 1099511627776]")
                             CONST("dims", "INT64", DIM(3), "int64_val: [0, 8589934592, 9223372036854775807]")
                                 CONST("two", "INT64", DIM(1), "int64_val: 2")
                                     CONST("most", "INT64", DIM(2) DIM(2), "int64_val: [9223372036854775807, 3, 7, 1]")
                                         NODE("mirror", "MirrorPad", IN("u") IN("most") TYPE("T", "FLOAT") TYPE("Tpaddings", "INT64")
                                              TEXT_ATTR("mode", "REFLECT"))
                                     NODE("pad", "Pad", IN("x") IN("pads") TYPE("T", "FLOAT") TYPE("Tpaddings", "INT64"))
                                         NODE("fill", "Fill", IN("dims") IN("s") TYPE("T", "FLOAT") TYPE("index_type", "INT64"))
                                             NODE("many", "Fill", IN("two") IN("v") TYPE("T", "FLOAT") TYPE("index_type", "INT64"))
                                                 NODE("cube", "Fill", IN("two") IN("c") TYPE("T", "COMPLEX64") TYPE("index_type", "INT64")));
    rig_refuses(&r, "u[n,m]", "mirror", "", STEPC_INVALID_ARGUMENT, "Paddings are too large");
    rig_refuses(&r, "x", "pad", "", STEPC_RESOURCE_EXHAUSTED, "tensor_bytes");
    rig_refuses(&r, "s", "fill", "", STEPC_RESOURCE_EXHAUSTED, "tensor_bytes");
    rig_refuses(&r, "v", "many", "", STEPC_INVALID_ARGUMENT, "value must be a scalar");
    rig_refuses(&r, "c", "cube", "", STEPC_INVALID_ARGUMENT, "value must be a scalar");
    rig_close(&r);
}
