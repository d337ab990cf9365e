/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values from TensorFlow's documentation and worked by hand. */
#include "tests/unit/ops/case.h"

Test(search, places)
{
    static const op_case cases[] = {
        {"Bucketize", "T=i32 boundaries=[0.0,10.0,100.0]", {"i32[3,2] -5 10000 150 10 5 100"}, {"i32[3,2] 0 3 3 2 1 3"}},
        {"Bucketize", "T=f32 boundaries=[1.0]", {"f32[4] 1 0.5 nan -inf"}, {"i32[4] 1 0 1 0"}},
        {"Bucketize", "T=f64 boundaries=[2.0,1.0]", {"f64[1] 1"}, {0}, "Expected sorted boundaries"},
        {"LowerBound",
         "T=i32",
         {"i32[2,5] 0 3 9 9 10 1 2 3 4 5", "i32[2,3] 2 4 9 0 2 6"},
         {"i32[2,3] 1 2 2 0 1 5"}},
        {"UpperBound",
         "T=i32 out_type=i64",
         {"i32[2,5] 0 3 9 9 10 1 2 3 4 5", "i32[2,3] 2 4 9 0 2 6"},
         {"i64[2,3] 1 2 4 0 2 5"}},
        {"LowerBound", "T=f32", {"f32[1,2] 0 1", "f32[2,1] 0 1"}, {0}, "Leading dim_size of both tensors must match."},
        {"UnravelIndex", "Tidx=i32", {"i32[3] 2 5 7", "i32[2] 3 3"}, {"i32[2,3] 0 1 2 2 2 1"}},
        {"UnravelIndex", "Tidx=i64", {"i64[] 1621", "i64[4] 6 7 8 9"}, {"i64[4] 3 1 4 1"}},
        {"UnravelIndex", "Tidx=i32", {"i32[1] 9", "i32[2] 3 3"}, {0}, "index is out of bound as with dims"},
        {"UnravelIndex", "Tidx=i32", {"i32[1,1] 9", "i32[2] 3 3"}, {0}, "The indices can only be scalar or vector, got \"[1,1]\""},
        {"UnravelIndex", "Tidx=i32", {"i32[1] 0", "i32[2] 3 0"}, {0}, "Input dims cannot contain a dim of zero"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(search, values)
{
    static const op_case cases[] = {
        {"HistogramFixedWidth",
         "T=f32",
         {"f32[6] -1 0 1.5 2 5 15", "f32[2] 0 5", "i32[] 5"},
         {"i32[5] 2 1 1 0 2"}},
        {"HistogramFixedWidth", "T=i32 dtype=i64", {"i32[0]", "i32[2] 0 5", "i32[] 2"}, {"i64[2] 0 0"}},
        {"HistogramFixedWidth", "T=f32", {"f32[1] 1", "f32[2] 5 5", "i32[] 5"}, {0}, "value_range should satisfy"},
        {"HistogramFixedWidth", "T=f32", {"f32[1] 1", "f32[2] 0 5", "i32[] 0"}, {0}, "nbins should be a positive number, but got '0'"},
        {"NthElement", "T=f32", {"f32[2,4] 4 1 3 2 9 9 7 8", "i32[] 1"}, {"f32[2] 2 8"}},
        {"NthElement", "T=u8 reverse=true", {"u8[4] 4 1 3 2", "i32[] 0"}, {"u8[] 4"}},
        {"NthElement", "T=f32", {"f32[2] 1 2", "i32[] 2"}, {0}, "Input must have last dimension > n = 2"},
        {"NthElement", "T=f32", {"f32[2] 1 2", "i32[] -1"}, {0}, "n must be non-negative but is -1"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(search, cross)
{
    static const op_case cases[] = {
        {"Cross", "T=f32", {"f32[2,3] 1 2 3 0 0 1", "f32[2,3] 4 5 6 1 0 0"}, {"f32[2,3] -3 6 -3 0 1 0"}},
        {"Cross", "T=u8", {"u8[3] 1 2 3", "u8[3] 4 5 6"}, {"u8[3] 253 6 253"}},
        {"Cross", "T=i64", {"i64[3] 1 0 0", "i64[3] 0 1 0"}, {"i64[3] 0 0 1"}},
        {"Cross", "T=f32", {"f32[3] 1 2 3", "f32[1,3] 1 2 3"}, {0}, "Both inputs must be of same shape: [3] vs. [1,3]"},
        {"Cross",
         "T=f32",
         {"f32[2] 1 2", "f32[2] 1 2"},
         {0},
         "Cross-products are only defined for 3-element vectors.",
         STEPC_FAILED_PRECONDITION},
        {"CompareAndBitpack", "T=f32", {"f32[1,8] 1 2 3 0 0 0 0 5", "f32[] 1.5"}, {"u8[1,1] 97"}},
        {"CompareAndBitpack", "T=bool", {"bool[16] 1 0 0 0 0 0 0 0 0 0 0 0 0 0 1 1", "bool[] 0"}, {"u8[2] 128 3"}},
        {"CompareAndBitpack", "T=f32", {"f32[3] 1 2 3", "f32[] 1"}, {0}, "Inner dimension of input should be divisible by 8"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(search, infer)
{
    static const op_case cases[] = {
        {"NthElement", "T=f32", {"f32[n,4]", "i32[] = 1"}, {"[n]"}},
        {"UnravelIndex", "Tidx=i32", {"i32[n]", "i32[3]"}, {"[3,n]"}},
        {"HistogramFixedWidth", "T=f32", {"f32 ?", "f32[2]", "i32[] = 7"}, {"[7]"}},
        {"LowerBound", "T=f32", {"f32[n,4]", "f32[n,k]"}, {"[n,k]"}},
        {"CompareAndBitpack", "T=f32", {"f32[n,16]", "f32[]"}, {"[n,2]"}},
        {"Cross", "T=f32", {"f32[n,3]", "f32[n,3]"}, {"[n,3]"}},
    };

    case_infer(cases, CASE_COUNT(cases));
}
