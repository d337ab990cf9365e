/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ops/case.h"

Test(movement, fill)
{
    static const op_case cases[] = {
        {"Fill", "T=f32", {"i32[2] 2 3", "f32[] 1.5"}, {"f32[2,3] 1.5 1.5 1.5 1.5 1.5 1.5"}},
        {"Fill", "T=str index_type=i64", {"i64[1] 2", "str[] abc"}, {"str[2] abc abc"}},
        {"Fill", "T=bool", {"i32[0]", "bool[] 1"}, {"bool[] 1"}},
        {"Fill", "T=i8", {"i32[] 2", "i8[1] -3"}, {"i8[2] -3 -3"}},
        {"Fill", "T=c64", {"i32[2] 3 0", "c64[] 1,2"}, {"c64[3,0]"}},
        {"Fill", "T=f32", {"i32[2] 2 -1", "f32[] 1"}, {0}, "Dimension -1 must be >= 0"},
        {"Fill", "T=f32", {"i32[1,1] 2", "f32[] 1"}, {0}, "dims must be a vector, got shape [1,1]"},
        {"Fill", "T=f32", {"i32[1] 2", "f32[2] 1 2"}, {0}, "value must be a scalar, got shape [2]"},
        {"Fill",
         "T=f32",
         {"i32[4] 2147483647 2147483647 2147483647 2147483647", "f32[] 1"},
         {0},
         "",
         STEPC_RESOURCE_EXHAUSTED},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(movement, reshape)
{
    static const op_case cases[] = {
        {"Reshape", "T=f32", {"f32[2,3] 1 2 3 4 5 6", "i32[2] 3 2"}, {"f32[3,2] 1 2 3 4 5 6"}},
        {"Reshape", "T=str Tshape=i64", {"str[4] a b c d", "i64[2] 2 -1"}, {"str[2,2] a b c d"}},
        {"Reshape", "T=bf16", {"bf16[2,1,2] 1 2 3 4", "i32[1] -1"}, {"bf16[4] 1 2 3 4"}},
        {"Reshape", "T=i64", {"i64[1] 9", "i32[0]"}, {"i64[] 9"}},
        {"Reshape", "T=i64", {"i64[] 9", "i32[] 1"}, {"i64[1] 9"}},
        {"Reshape", "T=f32", {"f32[0,3]", "i32[2] 3 0"}, {"f32[3,0]"}},
        {"Reshape", "T=f32", {"f32[0,3]", "i32[2] -1 5"}, {"f32[0,5]"}},
        {"Reshape",
         "T=f32",
         {"f32[2,2] 1 2 3 4", "i32[2] 3 7"},
         {0},
         "Input to reshape is a tensor with 4 values, but the requested shape has 21"},
        {"Reshape",
         "T=f32",
         {"f32[2,2] 1 2 3 4", "i32[2] 3 -1"},
         {0},
         "Input to reshape is a tensor with 4 values, but the requested shape requires a multiple of 3"},
        {"Reshape", "T=f32", {"f32[2] 1 2", "i32[3] -1 2 -1"}, {0}, "Only one input size may be -1, not both 0 and 2"},
        {"Reshape", "T=f32", {"f32[2] 1 2", "i32[2] 1 -2"}, {0}, "Size 1 must be non-negative, not -2"},
        {"Reshape",
         "T=f32",
         {"f32[0]", "i32[2] 0 -1"},
         {0},
         "reshape cannot infer the missing input size for an empty tensor unless all specified input sizes are "
         "non-zero"},
        {"Reshape", "T=f32", {"f32[1] 1", "i32[1,1] 1"}, {0}, "sizes input must be 1-D, not [1,1]"},
        {"Reshape",
         "T=f32 Tshape=i64",
         {"f32[1] 1", "i64[3] 4611686018427387904 4611686018427387904 4611686018427387904"},
         {0},
         "the requested"},
    };

    case_run(cases, CASE_COUNT(cases));
}

/* No copy: the elements are those of the input. */
Test(movement, reshape_shares)
{
    static const op_case reshape = {"Reshape", "T=f32", {"f32[4] 1 2 3 4", "i32[2] 2 2"}, {0}};
    bench b;

    case_open(&b, &reshape);
    bench_feed(&b, "x0", case_tensor(reshape.inputs[0]));
    bench_feed(&b, "x1", case_tensor(reshape.inputs[1]));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect_eq(stepc_tensor_data(bench_output(&b, "op")), stepc_tensor_data(bench_output(&b, "x0")));
    bench_close(&b);
}

Test(movement, tile)
{
    static const op_case cases[] = {
        {"Tile", "T=i32", {"i32[2,2] 1 2 3 4", "i32[2] 1 2"}, {"i32[2,4] 1 2 1 2 3 4 3 4"}},
        {"Tile", "T=str Tmultiples=i64", {"str[2] a b", "i64[1] 3"}, {"str[6] a b a b a b"}},
        {"Tile", "T=f64", {"f64[2,1] 1 2", "i32[2] 2 3"}, {"f64[4,3] 1 1 1 2 2 2 1 1 1 2 2 2"}},
        {"Tile", "T=f32", {"f32[2] 1 2", "i32[1] 0"}, {"f32[0]"}},
        {"Tile", "T=f32", {"f32[] 5", "i32[0]"}, {"f32[] 5"}},
        {"Tile", "T=f32", {"f32[0,2]", "i32[2] 4 2"}, {"f32[0,4]"}},
        {"Tile",
         "T=f32",
         {"f32[2] 1 2", "i32[2] 1 1"},
         {0},
         "Expected multiples argument to be a vector of length 1 but got length 2"},
        {"Tile", "T=f32", {"f32[2] 1 2", "i32[1] -1"}, {0}, "Expected multiples[0] >= 0, but got -1"},
        {"Tile", "T=f32", {"f32[2] 1 2", "i32[] 2"}, {0}, "Expected `multiples` to be 1-D, but got shape []"},
        {"Tile",
         "T=f32 Tmultiples=i64",
         {"f32[1,1,1,1] 1", "i64[4] 2147483648 2147483648 2147483648 2147483648"},
         {0},
         "",
         STEPC_RESOURCE_EXHAUSTED},
        {"Tile",
         "T=f32 Tmultiples=i64",
         {"f32[2] 1 2", "i64[1] 9223372036854775807"},
         {0},
         "",
         STEPC_RESOURCE_EXHAUSTED},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(movement, transpose)
{
    static const op_case cases[] = {
        {"Transpose", "T=f32", {"f32[2,3] 1 2 3 4 5 6", "i32[2] 1 0"}, {"f32[3,2] 1 4 2 5 3 6"}},
        /* numpy: arange(12).reshape(2,3,2).transpose(1,2,0) */
        {"Transpose",
         "T=i16 Tperm=i64",
         {"i16[2,3,2] 0 1 2 3 4 5 6 7 8 9 10 11", "i64[3] 1 2 0"},
         {"i16[3,2,2] 0 6 1 7 2 8 3 9 4 10 5 11"}},
        {"Transpose", "T=str", {"str[2,2] a b c d", "i32[2] 1 0"}, {"str[2,2] a c b d"}},
        {"Transpose", "T=c128", {"c128[1,2] 1,2 3,4", "i32[2] 1 0"}, {"c128[2,1] 1,2 3,4"}},
        {"Transpose", "T=bool", {"bool[] 1", "i32[0]"}, {"bool[] 1"}},
        {"Transpose", "T=f32", {"f32[0,3]", "i32[2] 1 0"}, {"f32[3,0]"}},
        {"Transpose", "T=f32", {"f32[1,1] 1", "i32[2] 0 0"}, {0}, "1 is missing from {0,0}."},
        {"Transpose", "T=f32", {"f32[1,1] 1", "i32[2] 0 2"}, {0}, "2 is out of range [0 .. 2)"},
        {"Transpose", "T=f32", {"f32[1,1] 1", "i32[2] -1 0"}, {0}, "-1 is out of range [0 .. 2)"},
        {"Transpose",
         "T=f32",
         {"f32[1,1] 1", "i32[3] 0 1 2"},
         {0},
         "transpose expects a vector of size 2. But input(1) is a vector of size 3"},
        {"Transpose", "T=f32", {"f32[1,1] 1", "i32[] 0"}, {0}, "perm must be a vector, not []"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(movement, infer)
{
    static const op_case cases[] = {
        {"Fill", "T=f32", {"i32[2] = n 3", "f32[]"}, {"[n,3]"}},
        {"Fill", "T=f32", {"i32[2]", "f32[]"}, {"[?,?]"}},
        {"Fill", "T=f32", {"i32[n]", "f32[]"}, {"?"}},
        {"Fill", "T=f32", {"i32[0] =", "f32[]"}, {"[]"}},
        {"Fill", "T=f32", {"i32[1] = -1", "f32[]"}, {0}, "Dimension -1 must be >= 0"},
        {"Fill", "T=i32", {"i32[1] = 2", "i32[] = n"}, {"[2] = n n"}},
        {"Reshape", "T=f32", {"f32[n,4]", "i32[1] = -1"}, {"[n*4]"}},
        {"Reshape", "T=f32", {"f32[n,2,2]", "i32[2] = -1 4"}, {"[n,4]"}},
        {"Reshape", "T=f32", {"f32[b,m,4]", "i32[2] = b -1"}, {"[b,m*4]"}},
        {"Reshape", "T=f32", {"f32[n*m,4]", "i32[3] = -1 m 4"}, {"[n,m,4]"}},
        {"Reshape", "T=f32", {"f32[n,6]", "i32[2] = -1 4"}, {"[floor(n*3/2),4]"}},
        {"Reshape", "T=f32", {"f32[n,6]", "i32[2] = ? 3"}, {"[n*2,3]"}},
        {"Reshape", "T=f32", {"f32[n,6]", "i32[2] = ? m"}, {"[?,m]"}},
        {"Reshape", "T=f32", {"f32[n,6]", "i32[2] = ? -1"}, {"[?,?]"}},
        {"Reshape", "T=f32", {"f32 ?", "i32[2] = -1 4"}, {"[?,4]"}},
        {"Reshape", "T=f32", {"f32[n,6]", "i32[k]"}, {"?"}},
        {"Reshape", "T=f32", {"f32[2,6]", "i32[2] = -1 4"}, {"[3,4]"}},
        {"Reshape", "T=f32", {"f32[2,6]", "i32[2] = n-1 4"}, {"[3,4]"}},
        {"Reshape",
         "T=f32",
         {"f32[2,2]", "i32[2] = 3 7"},
         {0},
         "Input to reshape is a tensor with 4 values, but the requested shape has 21"},
        {"Reshape",
         "T=f32",
         {"f32[2,2]", "i32[2] = 3 -1"},
         {0},
         "Input to reshape is a tensor with 4 values, but the requested shape requires a multiple of 3"},
        {"Reshape", "T=f32", {"f32[n]", "i32[2] = -1 -1"}, {0}, "Only one input size may be -1, not both 0 and 1"},
        {"Reshape", "T=f32", {"f32[n]", "i32[1] = -3"}, {0}, "Size 0 must be non-negative, not -3"},
        {"Reshape", "T=i32", {"i32[] = n", "i32[1] = 1"}, {"[1] = n"}},
        {"Tile", "T=f32", {"f32[n,4]", "i32[2] = 2 m"}, {"[n*2,m*4]"}},
        {"Tile", "T=f32", {"f32[n,4]", "i32 ?"}, {"[?,?]"}},
        {"Tile", "T=f32", {"f32 ?", "i32[2]"}, {"[?,?]"}},
        {"Tile", "T=i32", {"i32[2] = n 3", "i32[1] = 2"}, {"[4] = n 3 n 3"}},
        {"Tile",
         "T=f32",
         {"f32[n,4]", "i32[1] = 2"},
         {0},
         "Expected multiples argument to be a vector of length 2 but got length 1"},
        {"Tile", "T=f32", {"f32[n]", "i32[1] = -2"}, {0}, "Expected multiples[0] >= 0, but got -2"},
        {"Transpose", "T=f32", {"f32[n,4,m]", "i32[3] = 2 0 1"}, {"[m,n,4]"}},
        {"Transpose", "T=f32", {"f32[n,4,m]", "i32[3]"}, {"[?,?,?]"}},
        {"Transpose", "T=f32", {"f32 ?", "i32[2]"}, {"[?,?]"}},
        {"Transpose", "T=f32", {"f32[n,4]", "i32[2] = 0 0"}, {0}, "1 is missing from {0,0}."},
    };

    case_infer(cases, CASE_COUNT(cases));
}
