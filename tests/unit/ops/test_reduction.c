/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ops/case.h"

Test(reduction, sum)
{
    static const op_case cases[] = {
        {"Sum", "T=f32", {"f32[2,3] 1 2 3 4 5 6", "i32[1] 0"}, {"f32[3] 5 7 9"}},
        {"Sum", "T=f32", {"f32[2,3] 1 2 3 4 5 6", "i32[] -1"}, {"f32[2] 6 15"}},
        {"Sum", "T=f32 keep_dims=true Tidx=i64", {"f32[2,3] 1 2 3 4 5 6", "i64[2] 1 0"}, {"f32[1,1] 21"}},
        {"Sum", "T=f32 keep_dims=true", {"f32[2,3] 1 2 3 4 5 6", "i32[1] 1"}, {"f32[2,1] 6 15"}},
        {"Sum", "T=f32", {"f32[2,2] 1 2 3 -0.0", "i32[0]"}, {"f32[2,2] 1 2 3 -0.0"}},
        /* numpy: arange(12).reshape(2,3,2).sum((0,2)) */
        {"Sum", "T=i64", {"i64[2,3,2] 0 1 2 3 4 5 6 7 8 9 10 11", "i32[2] 0 2"}, {"i64[3] 14 22 30"}},
        {"Sum", "T=i8", {"i8[3] 100 100 100", "i32[1] 0"}, {"i8[] 44"}},
        {"Sum", "T=u8", {"u8[2] 200 100", "i32[1] 0"}, {"u8[] 44"}},
        {"Sum", "T=i64", {"i64[2] 9223372036854775807 1", "i32[1] 0"}, {"i64[] -9223372036854775808"}},
        {"Sum", "T=u64", {"u64[2] 18446744073709551615 2", "i32[1] 0"}, {"u64[] 1"}},
        /* wide accumulation: in float32 1e8 + 1 is 1e8 */
        {"Sum", "T=f32", {"f32[3] 1e8 1 -1e8", "i32[1] 0"}, {"f32[] 1"}},
        {"Sum", "T=f16", {"f16[3] 2048 1 1", "i32[1] 0"}, {"f16[] 2050"}},
        {"Sum", "T=bf16", {"bf16[3] 256 1 1", "i32[1] 0"}, {"bf16[] 258"}},
        {"Sum", "T=c64", {"c64[2] 1,2 3,-5", "i32[1] 0"}, {"c64[] 4,-3"}},
        {"Sum", "T=f32", {"f32[0,2]", "i32[1] 0"}, {"f32[2] 0 0"}},
        {"Sum", "T=f32", {"f32[0,2]", "i32[1] 1"}, {"f32[0]"}},
        {"Sum", "T=f32", {"f32[] 3", "i32[0]"}, {"f32[] 3"}},
        {"Sum",
         "T=f32",
         {"f32[1,1] 1", "i32[1] 3"},
         {0},
         "Invalid reduction dimension (3 for input with 2 dimension(s)"},
        {"Sum",
         "T=f32",
         {"f32[1,1] 1", "i32[1] -3"},
         {0},
         "Invalid reduction dimension (-3 for input with 2 dimension(s)"},
        {"Sum", "T=f32", {"f32[] 1", "i32[1] 0"}, {0}, "Invalid reduction dimension (0 for input with 0 dimension(s)"},
        {"Sum",
         "T=f32",
         {"f32[1,1] 1", "i32[2] 0 -2"},
         {0},
         "Invalid reduction arguments: Axes contains duplicate dimension: 0"},
        {"Sum", "T=qi8", {"qi8[1] 1", "i32[1] 0"}, {0}, "Sum is not implemented for dtype qint8", STEPC_UNIMPLEMENTED},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(reduction, prod_and_mean)
{
    static const op_case cases[] = {
        {"Prod", "T=f32", {"f32[2,2] 1 2 3 4", "i32[1] 1"}, {"f32[2] 2 12"}},
        {"Prod", "T=f32", {"f32[0]", "i32[1] 0"}, {"f32[] 1"}},
        {"Prod", "T=i32", {"i32[2] 65536 65537", "i32[1] 0"}, {"i32[] 65536"}},
        {"Prod", "T=u16", {"u16[2] 300 300", "i32[1] 0"}, {"u16[] 24464"}},
        {"Prod", "T=i64", {"i64[0]", "i32[1] 0"}, {"i64[] 1"}},
        {"Prod", "T=c128", {"c128[2] 1,2 3,4", "i32[1] 0"}, {"c128[] -5,10"}},
        {"Mean", "T=f32", {"f32[2,2] 1 2 3 5", "i32[1] 0"}, {"f32[2] 2 3.5"}},
        {"Mean", "T=f32", {"f32[0]", "i32[1] 0"}, {"f32[] nan"}},
        {"Mean", "T=i32", {"i32[2] 1 2", "i32[1] 0"}, {"i32[] 1"}},
        {"Mean", "T=i32", {"i32[2] -1 -2", "i32[1] 0"}, {"i32[] -1"}},
        {"Mean", "T=i32", {"i32[0]", "i32[1] 0"}, {"i32[] 0"}},
        {"Mean", "T=u8", {"u8[0,2]", "i32[1] 0"}, {"u8[2] 0 0"}},
        {"Mean", "T=i8", {"i8[3] 100 100 100", "i32[1] 0"}, {"i8[] 100"}},
        {"Mean", "T=u64", {"u64[2] 18446744073709551615 0", "i32[1] 0"}, {"u64[] 9223372036854775807"}},
        {"Mean", "T=f16", {"f16[2] 60000 60000", "i32[1] 0"}, {"f16[] 60000"}},
        {"Mean", "T=c64", {"c64[2] 1,2 3,-6", "i32[1] 0"}, {"c64[] 2,-2"}},
        {"Mean", "T=c64", {"c64[0]", "i32[1] 0"}, {"c64[] nan,nan"}},
        {"Mean", "T=f64 keep_dims=true", {"f64[1,3] 1 2 4", "i32[1] 1"}, {"f64[1,1] 2.3333333333333335"}},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(reduction, arg_max)
{
    static const op_case cases[] = {
        {"ArgMax", "T=f32", {"f32[3] 1 3 3", "i32[] 0"}, {"i64[] 1"}},
        {"ArgMax", "T=f32 output_type=i32", {"f32[2,3] 1 5 2 9 0 9", "i32[] 1"}, {"i32[2] 1 0"}},
        {"ArgMax", "T=i8 Tidx=i64", {"i8[2,3] 1 -5 2 -9 0 3", "i64[] -2"}, {"i64[3] 0 1 1"}},
        {"ArgMax", "T=u64", {"u64[2] 1 18446744073709551615", "i32[] 0"}, {"i64[] 1"}},
        {"ArgMax", "T=f64", {"f64[4] nan 1 nan 2", "i32[] 0"}, {"i64[] 3"}},
        {"ArgMax", "T=f32", {"f32[3] nan nan nan", "i32[] 0"}, {"i64[] 0"}},
        {"ArgMax", "T=f32", {"f32[2] nan -inf", "i32[] 0"}, {"i64[] 1"}},
        {"ArgMax", "T=f16", {"f16[2,2,2] 1 2 3 4 8 7 6 5", "i32[] 1"}, {"i64[2,2] 1 1 0 0"}},
        {"ArgMax", "T=bool", {"bool[3] 0 1 1", "i32[] 0"}, {"i64[] 1"}},
        {"ArgMax", "T=f32 Tidx=i16 output_type=u16", {"f32[2] 1 2", "i16[] -1"}, {"u16[] 1"}},
        {"ArgMax", "T=f32 output_type=i16", {"f32[2] 1 2", "i32[] -1"}, {"i16[] 1"}},
        {"ArgMax", "T=f32", {"f32[3,0]", "i32[] 0"}, {"i64[0]"}},
        {"ArgMax", "T=f32", {"f32[0,3]", "i32[] 0"}, {0}, "Reduction axis 0 is empty in shape [0,3]"},
        {"ArgMax", "T=f32", {"f32[2] 1 2", "i32[] 1"}, {0}, "Expected dimension in the range [-1, 1), but got 1"},
        {"ArgMax", "T=f32", {"f32[] 1", "i32[] 0"}, {0}, "Expected dimension in the range [0, 0), but got 0"},
        {"ArgMax", "T=f32", {"f32[1] 1", "i32[1] 0"}, {0}, "dim must be a scalar, but received tensor of shape: [1]"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(reduction, arg_min)
{
    static const op_case cases[] = {
        {"ArgMin", "T=f32", {"f32[3] 3 1 1", "i32[] 0"}, {"i64[] 1"}},
        {"ArgMin", "T=f32 output_type=i32", {"f32[2,3] 1 5 0 9 0 9", "i32[] 1"}, {"i32[2] 2 1"}},
        {"ArgMin", "T=i64", {"i64[3] 5 -9223372036854775808 -1", "i32[] 0"}, {"i64[] 1"}},
        {"ArgMin", "T=u8", {"u8[2,2] 200 3 100 3", "i32[] -2"}, {"i64[2] 1 0"}},
        {"ArgMin", "T=f64", {"f64[4] nan 2 nan 1", "i32[] 0"}, {"i64[] 3"}},
        {"ArgMin", "T=f32", {"f32[2] nan nan", "i32[] 0"}, {"i64[] 0"}},
        {"ArgMin", "T=f32", {"f32[0,3]", "i32[] 0"}, {0}, "Reduction axis 0 is empty in shape [0,3]"},
        {"ArgMin", "T=f32", {"f32[2] 1 2", "i32[] -2"}, {0}, "Expected dimension in the range [-1, 1), but got -2"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(reduction, extremes)
{
    static const op_case cases[] = {
        {"Max", "T=f32", {"f32[2,3] 1 -2 3 4 5 -6", "i32[1] 0"}, {"f32[3] 4 5 3"}},
        {"Min", "T=f32 keep_dims=true", {"f32[2,3] 1 -2 3 4 5 -6", "i32[1] -1"}, {"f32[2,1] -2 -6"}},
        {"Max", "T=f32", {"f32[2,2] 1 2 3 4", "i32[0]"}, {"f32[2,2] 1 2 3 4"}},
        {"Max", "T=f64", {"f64[3] 1 nan 2", "i32[1] 0"}, {"f64[] nan"}},
        {"Min", "T=f16", {"f16[3] 1 2 nan", "i32[1] 0"}, {"f16[] nan"}},
        {"Max", "T=f32", {"f32[0]", "i32[1] 0"}, {"f32[] -inf"}},
        {"Min", "T=bf16", {"bf16[0,2]", "i32[1] 0"}, {"bf16[2] inf inf"}},
        {"Max", "T=i8", {"i8[0]", "i32[1] 0"}, {"i8[] -128"}},
        {"Min", "T=i16", {"i16[0]", "i32[1] 0"}, {"i16[] 32767"}},
        {"Max", "T=u32", {"u32[0]", "i32[1] 0"}, {"u32[] 0"}},
        {"Min", "T=u64", {"u64[0]", "i32[1] 0"}, {"u64[] 18446744073709551615"}},
        {"Max",
         "T=i64",
         {"i64[2] -9223372036854775808 -9223372036854775807", "i32[1] 0"},
         {"i64[] -9223372036854775807"}},
        {"Max", "T=u64", {"u64[2] 18446744073709551615 1", "i32[1] 0"}, {"u64[] 18446744073709551615"}},
        {"Min", "T=u16", {"u16[2,2] 60000 2 5 1", "i32[2] 1 0"}, {"u16[] 1"}},
        {"Min",
         "T=i32",
         {"i32[1] 1", "i32[2] 0 -1"},
         {0},
         "Invalid reduction arguments: Axes contains duplicate dimension: 0"},
        {"Max", "T=qi8", {"qi8[1] 1", "i32[1] 0"}, {0}, "Max is not implemented for dtype qint8", STEPC_UNIMPLEMENTED},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(reduction, any_and_all)
{
    static const op_case cases[] = {
        {"Any", "", {"bool[2,2] 0 1 0 0", "i32[1] 1"}, {"bool[2] 1 0"}},
        {"All", "keep_dims=true", {"bool[2,2] 1 1 1 0", "i32[1] 0"}, {"bool[1,2] 1 0"}},
        {"Any", "", {"bool[0,2]", "i32[1] 0"}, {"bool[2] 0 0"}},
        {"All", "Tidx=i64", {"bool[0,2]", "i64[1] 0"}, {"bool[2] 1 1"}},
        {"All", "", {"bool[2] 0 1", "i32[0]"}, {"bool[2] 0 1"}},
        {"Any", "", {"bool[2] 0 1", "i32[] 1"}, {0}, "Invalid reduction dimension (1 for input with 1 dimension(s)"},
    };

    case_run(cases, CASE_COUNT(cases));
}

/* numpy: sqrt(sum(x * x)), sum(x * x) / 2 */
Test(reduction, norms)
{
    static const op_case cases[] = {
        {"EuclideanNorm", "T=f32", {"f32[2,2] 3 4 -5 12", "i32[1] 1"}, {"f32[2] 5 13"}},
        {"EuclideanNorm", "T=f32", {"f32[2] 1e30 1e30", "i32[1] 0"}, {"f32[] 1.41421356e30"}, .tolerance = 1e-7},
        {"EuclideanNorm", "T=f16", {"f16[2] 300 400", "i32[1] 0"}, {"f16[] 500"}},
        {"EuclideanNorm", "T=i32", {"i32[2] 1 2", "i32[1] 0"}, {"i32[] 2"}},
        {"EuclideanNorm", "T=u8", {"u8[2] 16 3", "i32[1] 0"}, {"u8[] 3"}},
        {"EuclideanNorm", "T=c64", {"c64[2] 1,2 2,-4", "i32[1] 0"}, {"c64[] 5,0"}},
        {"EuclideanNorm", "T=f32", {"f32[0]", "i32[1] 0"}, {"f32[] 0"}},
        {"EuclideanNorm", "T=f32", {"f32[2] -3 4", "i32[0]"}, {"f32[2] -3 4"}},
        {"L2Loss", "T=f32", {"f32[2,2] 1 2 3 4"}, {"f32[] 15"}},
        {"L2Loss", "T=f64", {"f64[] -3"}, {"f64[] 4.5"}},
        {"L2Loss", "T=f16", {"f16[2] 300 3"}, {"f16[] 45004.5"}, .tolerance = 1e-3},
        {"L2Loss", "T=bf16", {"bf16[0]"}, {"bf16[] 0"}},
        /* wide accumulation: in float32 1e8 + 1 is 1e8 */
        {"L2Loss", "T=f32", {"f32[5] 1e4 2 2 2 2"}, {"f32[] 50000008"}},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(reduction, bias_add_grad)
{
    static const op_case cases[] = {
        {"BiasAddGrad", "T=f32", {"f32[2,3] 1 2 3 4 5 6"}, {"f32[3] 5 7 9"}},
        {"BiasAddGrad", "T=f64", {"f64[1,2,2,1] 1 2 3 4"}, {"f64[1] 10"}},
        {"BiasAddGrad", "T=i32 data_format='NCHW'", {"i32[2,2,1,2] 1 2 3 4 5 6 7 8"}, {"i32[2] 14 22"}},
        {"BiasAddGrad", "T=f32", {"f32[0,3]"}, {"f32[3] 0 0 0"}},
        {"BiasAddGrad", "T=f32", {"f32[3] 1 2 3"}, {0}, "Input tensor must be at least 2D: [3]"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(reduction, infer)
{
    static const op_case cases[] = {
        {"Sum", "T=f32", {"f32[n,4,m]", "i32[2] = 0 -1"}, {"[4]"}},
        {"Mean", "T=f32 keep_dims=true", {"f32[n,4]", "i32[1] = 1"}, {"[n,1]"}},
        {"Sum", "T=f32", {"f32[n,4]", "i32[0] ="}, {"[n,4]"}},
        {"Sum", "T=f32", {"f32[n,4]", "i32[1]"}, {"[?]"}},
        {"Sum", "T=f32 keep_dims=true", {"f32[n,4]", "i32[1]"}, {"[?,?]"}},
        {"Sum", "T=f32", {"f32[n,4]", "i32[k]"}, {"?"}},
        {"Sum", "T=f32", {"f32 ?", "i32[1] = 0"}, {"?"}},
        {"Max", "T=f32 keep_dims=true", {"f32[n,4]", "i32[1] = 0"}, {"[1,4]"}},
        {"Max", "T=i32", {"i32[2] = n 4", "i32[1] = 0"}, {"[] = max(n,4)"}},
        {"Any", "", {"bool[n,4]", "i32[1] = -2"}, {"[4]"}},
        {"ArgMin", "T=f32", {"f32[n,4]", "i32[] = 0"}, {"[4]"}},
        {"L2Loss", "T=f32", {"f32 ?"}, {"[]"}},
        {"Prod", "T=i32", {"i32[3] = n 4 m", "i32[1] = 0"}, {"[] = n*m*4"}},
        {"Prod", "T=i32 keep_dims=true", {"i32[2] = n 4", "i32[] = 0"}, {"[1] = n*4"}},
        {"Sum", "T=i32", {"i32[2] = n 4", "i32[1] = 0"}, {"[] = n+4"}},
        {"Mean", "T=i32", {"i32[2] = n 4", "i32[1] = 0"}, {"[]"}},
        {"Sum",
         "T=f32",
         {"f32[n,4]", "i32[1] = 2"},
         {0},
         "Invalid reduction dimension (2 for input with 2 dimension(s)"},
        {"Sum",
         "T=f32",
         {"f32[n,4]", "i32[2] = 1 1"},
         {0},
         "Invalid reduction arguments: Axes contains duplicate dimension: 1"},
        {"ArgMax", "T=f32", {"f32[n,4]", "i32[] = 1"}, {"[n]"}},
        {"ArgMax", "T=f32", {"f32[n,4]", "i32[]"}, {"[?]"}},
        {"ArgMax", "T=f32", {"f32[n,0]", "i32[] = 1"}, {0}, "Reduction axis 1 is empty in shape [?,0]"},
        {"ArgMax", "T=f32", {"f32[n,4]", "i32[] = 2"}, {0}, "Expected dimension in the range [-2, 2), but got 2"},
        {"BiasAddGrad", "T=f32", {"f32[n,m,4]"}, {"[4]"}},
        {"BiasAddGrad", "T=f32 data_format='NCHW'", {"f32[n,m,4]"}, {"[m]"}},
        {"BiasAddGrad", "T=f32", {"f32 ?"}, {"[?]"}},
        {"BiasAddGrad", "T=f32", {"f32[n]"}, {0}, "Input tensor must be at least 2D: [?]"},
    };

    case_infer(cases, CASE_COUNT(cases));
}
