/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ops/case.h"

Test(sequence, range)
{
    static const op_case cases[] = {
        {"Range", "Tidx=i32", {"i32[] 2", "i32[] 9", "i32[] 3"}, {"i32[3] 2 5 8"}},
        {"Range", "Tidx=i64", {"i64[] 5", "i64[] -1", "i64[] -2"}, {"i64[3] 5 3 1"}},
        {"Range",
         "Tidx=f32",
         {"f32[] 0",
          "f32[] 1",
          "f32[] 0.1"},
         {"f32[10] 0 0.100000001 0.200000003 0.300000012 0.400000006 0.5 0.600000024 0.700000048 0.800000072 "
          "0.900000095"}},
        {"Range", "Tidx=i32", {"i32[] 3", "i32[] 3", "i32[] 1"}, {"i32[0]"}},
        {"Range", "Tidx=i32", {"i32[] 3", "i32[] 3", "i32[] 0"}, {0}, "Requires delta != 0"},
        {"Range", "Tidx=i32", {"i32[] 4", "i32[] 3", "i32[] 1"}, {0}, "Requires start <= limit when delta > 0"},
        {"Range", "Tidx=i32", {"i32[] 2", "i32[] 3", "i32[] -1"}, {0}, "Requires start >= limit when delta < 0"},
        {"Range", "Tidx=f32", {"f32[] nan", "f32[] 1", "f32[] 0.1"}, {0}, "Requires"},
        {"Range", "Tidx=i32", {"i32[2] 2 3", "i32[] 3", "i32[] 1"}, {0}, "start must be a scalar, not shape [2]"},
        {"LinSpace", "T=f32", {"f32[] 0", "f32[] 1", "i32[] 4"}, {"f32[4] 0 0.333333343 0.666666687 1"}},
        {"LinSpace", "T=f32", {"f32[] 5", "f32[] 1", "i32[] 1"}, {"f32[1] 5"}},
        {"LinSpace", "T=f32", {"f32[] 5", "f32[] 1", "i32[] 0"}, {0}, "Requires num > 0: 0"},
        {"InvertPermutation", "T=i32", {"i32[3] 2 0 1"}, {"i32[3] 1 2 0"}},
        {"InvertPermutation", "T=i32", {"i32[3] 2 0 3"}, {0}, "3 is not between 0 and 3"},
        {"InvertPermutation", "T=i32", {"i32[2] 0 0"}, {0}, "0 is duplicated in the input."},
        {"Empty", "dtype=f32", {"i32[2] 2 1"}, {"f32[2,1] 0 0"}},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(sequence, one_hot)
{
    static const op_case cases[] = {
        {"OneHot",
         "T=f32 TI=i32",
         {"i32[4] 0 2 -1 3",
          "i32[] 3",
          "f32[] 5",
          "f32[] 1"},
         {"f32[4,3] 5 1 1 1 1 5 1 1 1 1 1 1"}},
        {"OneHot", "T=i32 TI=i64 axis=0", {"i64[2] 1 0", "i32[] 3", "i32[] 1", "i32[] 0"}, {"i32[3,2] 0 1 1 0 0 0"}},
        {"OneHot", "T=str TI=u8", {"u8[] 1", "i32[] 2", "str[] on", "str[] off"}, {"str[2] off on"}},
        {"OneHot",
         "T=f32 TI=i32",
         {"i32[1] 0",
          "i32[] -1",
          "f32[] 5",
          "f32[] 1"},
         {0},
         "depth must be non-negative, got: -1"},
        {"OneHot",
         "T=f32 TI=i32 axis=2",
         {"i32[1] 0",
          "i32[] 1",
          "f32[] 5",
          "f32[] 1"},
         {0},
         "Expected axis to be -1 or between [0, 2).  But received: 2"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(sequence, shapes)
{
    static const op_case cases[] = {
        {"Range", "Tidx=i32", {"i32[] = 0", "i32[] = n", "i32[] = 1"}, {"[n]"}},
        {"Range", "Tidx=i32", {"i32[] = 1", "i32[] = 8", "i32[] = 3"}, {"[3] = 1 4 7"}},
        {"OneHot", "T=f32 TI=i32", {"i32[n]", "i32[] = 7", "f32[]", "f32[]"}, {"[n,7]"}},
        {"LinSpace", "T=f32", {"f32[]", "f32[]", "i32[] = n"}, {"[n]"}},
        {"Rank", "T=f32", {"f32[n,3]"}, {"[] = 2"}},
        {"Size", "T=f32", {"f32[n,3]"}, {"[] = n*3"}},
        {"ShapeN", "T=f32 N=2", {"f32[n,3]", "f32[m]"}, {"[2] = n 3", "[1] = m"}},
        {"BroadcastArgs", "T=i32", {"i32[2] = n 1", "i32[1] = 4"}, {"[2] = n 4"}},
        {"ConcatOffset", "N=2", {"i32[] = 0", "i32[2] = n 3", "i32[2] = m 3"}, {"[2] = 0 0", "[2] = n 0"}},
    };

    case_infer(cases, CASE_COUNT(cases));
}

Test(sequence, shape_operators)
{
    static const op_case cases[] = {
        {"Rank", "T=f32", {"f32[2,3,4] 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23"}, {"i32[] 3"}},
        {"Size", "T=str out_type=i64", {"str[2] a b"}, {"i64[] 2"}},
        {"ShapeN", "T=f32 N=2", {"f32[2,3] 0 1 2 3 4 5", "f32[] 1"}, {"i32[2] 2 3", "i32[0]"}},
        {"BroadcastArgs", "T=i32", {"i32[2] 2 1", "i32[3] 3 1 4"}, {"i32[3] 3 2 4"}},
        {"BroadcastArgs", "T=i32", {"i32[1] 2", "i32[1] 3"}, {0}, "Incompatible shapes"},
        {"ConcatOffset",
         "N=3",
         {"i32[] 1",
          "i32[2] 2 3",
          "i32[2] 2 5",
          "i32[2] 2 7"},
         {"i32[2] 0 0",
          "i32[2] 0 3",
          "i32[2] 0 8"}},
        {"ConcatOffset", "N=2", {"i32[] 1", "i32[2] 2 3", "i32[2] 3 5"}, {0}, "All dimensions except 1 must match."},
    };

    case_run(cases, CASE_COUNT(cases));
}
