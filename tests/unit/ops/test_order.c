/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ops/case.h"

Test(order, top_k)
{
    static const op_case cases[] = {
        {"TopKV2", "T=f32", {"f32[2,4] 1 4 4 3 9 0 2 9", "i32[] 3"}, {"f32[2,3] 4 4 3 9 9 2", "i32[2,3] 1 2 3 0 3 2"}},
        {"TopKV2", "T=u8", {"u8[3] 200 3 255", "i32[] 1"}, {"u8[1] 255", "i32[1] 2"}},
        {"TopKV2", "T=i64", {"i64[2] -5 -7", "i32[] 2"}, {"i64[2] -5 -7", "i32[2] 0 1"}},
        {"TopKV2", "T=f32", {"f32[2,0]", "i32[] 0"}, {"f32[2,0]", "i32[2,0]"}},
        {"TopK", "T=f32 k=1", {"f32[2] 1 2"}, {"f32[1] 2", "i32[1] 1"}},
        {"TopKV2", "T=f32", {"f32[2] 1 2", "i32[] 3"}, {0}, "input must have at least k columns. Had 2, needed 3"},
        {"TopKV2", "T=f32", {"f32[2] 1 2", "i32[] -1"}, {0}, "Need k >= 0, got -1"},
        {"TopKV2", "T=f32", {"f32[] 1", "i32[] 1"}, {0}, "input must be >= 1-D, got shape []"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(order, unique)
{
    static const op_case cases[] = {
        {"Unique", "T=i32", {"i32[9] 1 1 2 4 4 4 7 8 8"}, {"i32[5] 1 2 4 7 8", "i32[9] 0 0 1 2 2 2 3 4 4"}},
        {"Unique", "T=str out_idx=i64", {"str[3] b a b"}, {"str[2] b a", "i64[3] 0 1 0"}},
        {"UniqueWithCounts", "T=i32", {"i32[3] 5 6 5"}, {"i32[2] 5 6", "i32[3] 0 1 0", "i32[2] 2 1"}},
        {"Unique", "T=f32", {"f32[2] nan nan"}, {"f32[2] nan nan", "i32[2] 0 1"}},
        {"Unique", "T=i32", {"i32[0]"}, {"i32[0]", "i32[0]"}},
        {"Unique", "T=i32", {"i32[1,1] 3"}, {0}, "unique expects a 1D vector."},
        {"ListDiff", "T=i32", {"i32[6] 1 2 3 4 5 6", "i32[3] 1 3 5"}, {"i32[3] 2 4 6", "i32[3] 1 3 5"}},
        {"ListDiff", "T=i32", {"i32[] 1", "i32[1] 1"}, {0}, "x expects a 1D vector."},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(order, shapes)
{
    static const op_case cases[] = {
        {"TopKV2", "T=f32", {"f32[n,7]", "i32[] = 3"}, {"[n,3]", "[n,3]"}},
        {"TopKV2", "T=f32", {"f32[n,2]", "i32[] = 3"}, {0}, "input must have at least k columns. Had 2, needed 3"},
        {"Unique", "T=i32", {"i32[n]"}, {"[?]", "[n]"}},
        {"ListDiff", "T=i32", {"i32[n]", "i32[m]"}, {"[?]", "[?]"}},
    };

    case_infer(cases, CASE_COUNT(cases));
}
