/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values: TensorFlow's documentation of the four forms, numpy's cumsum and cumprod. */
#include "tests/unit/ops/case.h"

#define X "f32[2,3,2] 1 2 3 4 5 6 7 8 9 10 11 12"

Test(scan, cumsum)
{
    static const op_case cases[] = {
        {"Cumsum", "T=f32", {"f32[3] 1 2 4", "i32[] 0"}, {"f32[3] 1 3 7"}},
        {"Cumsum", "T=f32 exclusive=true", {"f32[3] 1 2 4", "i32[] 0"}, {"f32[3] 0 1 3"}},
        {"Cumsum", "T=f32 reverse=true", {"f32[3] 1 2 4", "i32[] -1"}, {"f32[3] 7 6 4"}},
        {"Cumsum", "T=f32 exclusive=true reverse=true Tidx=i64", {"f32[3] 1 2 4", "i64[] 0"}, {"f32[3] 6 4 0"}},
        {"Cumsum", "T=f32", {X, "i32[] 1"}, {"f32[2,3,2] 1 2 4 6 9 12 7 8 16 18 27 30"}},
        {"Cumsum", "T=f32 reverse=true", {X, "i32[] -2"}, {"f32[2,3,2] 9 12 8 10 5 6 27 30 20 22 11 12"}},
        {"Cumsum", "T=i8", {"i8[3] 100 100 100", "i32[] 0"}, {"i8[3] 100 -56 44"}},
        {"Cumsum", "T=u64", {"u64[2] 18446744073709551615 2", "i32[] 0"}, {"u64[2] 18446744073709551615 1"}},
        {"Cumsum", "T=c64", {"c64[2] 1,2 3,-5", "i32[] 0"}, {"c64[2] 1,2 4,-3"}},
        /* wide: in float32 1e8 + 1 is 1e8 */
        {"Cumsum", "T=f32", {"f32[3] 1e8 1 -1e8", "i32[] 0"}, {"f32[3] 1e8 1e8 1"}},
        {"Cumsum", "T=f16", {"f16[3] 2048 1 1", "i32[] 0"}, {"f16[3] 2048 2048 2050"}},
        {"Cumsum", "T=f32", {"f32[3] 1 nan 2", "i32[] 0"}, {"f32[3] 1 nan nan"}},
        {"Cumsum", "T=f32", {"f32[0,2]", "i32[] 0"}, {"f32[0,2]"}},
        {"Cumsum", "T=f32", {"f32[2,0]", "i32[] 1"}, {"f32[2,0]"}},
        {"Cumsum",
         "T=f32",
         {"f32[2] 1 2", "i32[] 1"},
         {0},
         "ScanOp: Expected scan axis in the range [-1, 1), but got 1"},
        {"Cumsum", "T=f32", {"f32[] 1", "i32[] 0"}, {0}, "ScanOp: Expected scan axis in the range [0, 0), but got 0"},
        {"Cumsum", "T=f32", {"f32[2] 1 2", "i32[1] 0"}, {0}, "ScanOp: axis must be a scalar, not [1]"},
        {"Cumsum",
         "T=qi8",
         {"qi8[1] 1", "i32[] 0"},
         {0},
         "Cumsum is not implemented for dtype qint8",
         STEPC_UNIMPLEMENTED},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(scan, cumprod)
{
    static const op_case cases[] = {
        {"Cumprod", "T=f32", {"f32[3,2] 1 2 3 4 5 6", "i32[] 0"}, {"f32[3,2] 1 2 3 8 15 48"}},
        {"Cumprod", "T=f32 exclusive=true", {"f32[3] 2 3 4", "i32[] 0"}, {"f32[3] 1 2 6"}},
        {"Cumprod", "T=f32 reverse=true", {"f32[3] 2 3 4", "i32[] 0"}, {"f32[3] 24 12 4"}},
        {"Cumprod", "T=i32 exclusive=true reverse=true", {"i32[3] 2 3 4", "i32[] 0"}, {"i32[3] 12 4 1"}},
        {"Cumprod", "T=u8", {"u8[2] 20 20", "i32[] 0"}, {"u8[2] 20 144"}},
        {"Cumprod", "T=c128", {"c128[2] 1,2 3,4", "i32[] 0"}, {"c128[2] 1,2 -5,10"}},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(scan, infer)
{
    static const op_case cases[] = {
        {"Cumsum", "T=f32", {"f32[n,4]", "i32[] = 1"}, {"[n,4]"}},
        {"Cumsum", "T=f32", {"f32[n,4]", "i32[]"}, {"[n,4]"}},
        {"Cumprod", "T=f32", {"f32 ?", "i32[] = 0"}, {"?"}},
        {"Cumsum",
         "T=f32",
         {"f32[n,4]", "i32[] = 2"},
         {0},
         "ScanOp: Expected scan axis in the range [-2, 2), but got 2"},
        {"Cumsum", "T=f32", {"f32[n,4]", "i32[1]"}, {0}, "ScanOp: axis must be a scalar, not [1]"},
    };

    case_infer(cases, CASE_COUNT(cases));
}

/* log(exp(1) + exp(2)) = 2.3132616875182228; and exp(3): 3.4076059644443806. */
Test(scan, cumulative_logsumexp)
{
    static const op_case cases[] = {
        {"CumulativeLogsumexp", "T=f64", {"f64[3] 1 2 3", "i32[] 0"}, {"f64[3] 1 2.3132616875182228 3.4076059644443806"}, .tolerance = 4e-16},
        {"CumulativeLogsumexp", "T=f64 reverse=true", {"f64[3] 3 2 1", "i32[] 0"}, {"f64[3] 3.4076059644443806 2.3132616875182228 1"}, .tolerance = 4e-16},
        {"CumulativeLogsumexp", "T=f32 exclusive=true", {"f32[2] 1 2", "i32[] 0"}, {"f32[2] -3.4028234663852886e38 1"}},
        {"CumulativeLogsumexp", "T=f32", {"f32[3] -inf -inf 1000", "i32[] 0"}, {"f32[3] -inf -inf 1000"}},
    };

    case_run(cases, CASE_COUNT(cases));
}
