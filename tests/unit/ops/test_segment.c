/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values worked by hand from TensorFlow's description of the segments and their gaps. */
#include "tests/unit/ops/case.h"

#define ROWS "f32[4,2] 1 2 3 -4 5 6 7 8"

Test(segment, sorted)
{
    static const op_case cases[] = {
        {"SegmentSum", "T=f32 Tindices=i32", {ROWS, "i32[4] 0 0 2 2"}, {"f32[3,2] 4 -2 0 0 12 14"}},
        {"SegmentMean", "T=f32 Tindices=i64", {ROWS, "i64[4] 0 0 0 1"}, {"f32[2,2] 3 1.3333333730697632 7 8"}},
        {"SegmentMean", "T=i32 Tindices=i32", {"i32[3] 1 2 -5", "i32[3] 0 0 1"}, {"i32[2] 1 -5"}},
        {"SegmentProd", "T=f32 Tindices=i32", {ROWS, "i32[4] 1 1 1 3"}, {"f32[4,2] 1 1 15 -48 1 1 7 8"}},
        {"SegmentMax", "T=f32 Tindices=i32", {ROWS, "i32[4] 0 0 2 2"}, {"f32[3,2] 3 2 0 0 7 8"}},
        {"SegmentMin", "T=i8 Tindices=i32", {"i8[3] 5 -7 9", "i32[3] 0 0 2"}, {"i8[3] -7 0 9"}},
        {"SegmentMax", "T=f32 Tindices=i32", {"f32[2] -inf -inf", "i32[2] 0 0"}, {"f32[1] -inf"}},
        {"SegmentSum", "T=c64 Tindices=i32", {"c64[2] 1,2 3,4", "i32[2] 0 0"}, {"c64[1] 4,6"}},
        {"SegmentSum", "T=f32 Tindices=i32", {"f32[0,2]", "i32[0]"}, {"f32[0,2]"}},
        {"SegmentSum", "T=f32 Tindices=i32", {"f32[2,0]", "i32[2] 0 4"}, {"f32[5,0]"}},
        {"SegmentSum", "T=f32 Tindices=i32", {"f32[2] 1 2", "i32[2] 1 0"}, {0}, "segment ids are not increasing"},
        {"SegmentSum", "T=f32 Tindices=i32", {"f32[2] 1 2", "i32[2] -1 0"}, {0}, "segment ids must be >= 0"},
        {"SegmentSum", "T=f32 Tindices=i32", {"f32[2] 1 2", "i32[1] 0"}, {0}, "segment_ids should be the same size as"},
        {"SegmentSum", "T=f32 Tindices=i32", {"f32[1] 1", "i32[1,1] 0"}, {0}, "segment_ids should be a vector."},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(segment, unsorted)
{
    static const op_case cases[] = {
        {"UnsortedSegmentSum", "T=f32 Tindices=i32", {ROWS, "i32[4] 2 0 2 -1", "i32[] 3"}, {"f32[3,2] 3 -4 0 0 6 8"}},
        {"UnsortedSegmentSum", "T=f32 Tindices=i32", {ROWS, "i32[4,2] 0 1 1 1 0 0 1 1", "i32[] 2"}, {"f32[2] 12 16"}},
        {"UnsortedSegmentProd", "T=i32 Tindices=i32", {"i32[3] 2 3 4", "i32[3] 1 1 1", "i32[] 2"}, {"i32[2] 1 24"}},
        {"UnsortedSegmentMax",
         "T=f32 Tindices=i32",
         {"f32[2] 1 2", "i32[2] 0 0", "i32[] 2"},
         {"f32[2] 2 -3.4028234663852886e38"}},
        {"UnsortedSegmentMin", "T=f16 Tindices=i32", {"f16[1] 1", "i32[1] 1", "i32[] 2"}, {"f16[2] 65504 1"}},
        {"UnsortedSegmentMax", "T=i16 Tindices=i32", {"i16[1] 1", "i32[1] 1", "i32[] 2"}, {"i16[2] -32768 1"}},
        {"UnsortedSegmentMin", "T=u8 Tindices=i32", {"u8[1] 1", "i32[1] 1", "i32[] 2"}, {"u8[2] 255 1"}},
        {"UnsortedSegmentSum", "T=f32 Tindices=i32", {"f32[0]", "i32[0]", "i32[] 2"}, {"f32[2] 0 0"}},
        {"UnsortedSegmentSum", "T=f32 Tindices=i32", {"f32[] 3", "i32[] 1", "i32[] 2"}, {"f32[2] 0 3"}},
        {"UnsortedSegmentSum",
         "T=f32 Tindices=i32",
         {"f32[2] 1 2", "i32[2] 0 9", "i32[] 3"},
         {0},
         "segment_ids[1] = 9 is out of range [0, 3)"},
        {"UnsortedSegmentSum",
         "T=f32 Tindices=i32",
         {"f32[2] 1 2", "i32[3] 0 0 0", "i32[] 3"},
         {0},
         "data.shape = [2] does not start with segment_ids.shape = [3]"},
        {"UnsortedSegmentSum",
         "T=f32 Tindices=i32",
         {"f32[1] 1", "i32[1] 0", "i32[] -1"},
         {0},
         "Input num_segments == -1 must not be negative."},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(segment, sorted_with_their_number)
{
    static const op_case cases[] = {
        {"SegmentSumV2", "T=f32 Tindices=i32", {ROWS, "i32[4] 0 0 2 2", "i32[] 4"}, {"f32[4,2] 4 -2 0 0 12 14 0 0"}},
        {"SegmentProdV2", "T=i32 Tindices=i32", {"i32[2] 3 5", "i32[2] 1 1", "i32[] 2"}, {"i32[2] 1 15"}},
        {"SegmentMaxV2", "T=i8 Tindices=i32", {"i8[2] 3 5", "i32[2] 1 1", "i32[] 2"}, {"i8[2] -128 5"}},
        {"SegmentMinV2", "T=i8 Tindices=i32", {"i8[2] 3 5", "i32[2] 1 1", "i32[] 2"}, {"i8[2] 127 3"}},
        {"SegmentSumV2", "T=f32 Tindices=i32", {"f32[1] 1", "i32[1] 2", "i32[] 2"}, {0}, "segment ids must be < num_segments"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(segment, bincount)
{
    static const op_case cases[] = {
        {"Bincount", "T=i32", {"i32[5] 1 0 3 1 9", "i32[] 4", "i32[0]"}, {"i32[4] 1 2 0 1"}},
        {"Bincount", "T=f32", {"i32[3] 1 0 1", "i32[] 2", "f32[3] 0.5 2 0.25"}, {"f32[2] 2 0.75"}},
        {"Bincount", "T=i64", {"i32[0]", "i32[] 2", "i64[0]"}, {"i64[2] 0 0"}},
        {"Bincount", "T=i32", {"i32[1] -1", "i32[] 2", "i32[0]"}, {0}, "Input arr must be non-negative!"},
        {"Bincount", "T=i32", {"i32[1] 1", "i32[] -2", "i32[0]"}, {0}, "size (-2) must be non-negative"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(segment, infer)
{
    static const op_case cases[] = {
        {"SegmentSum", "T=f32 Tindices=i32", {"f32[n,4]", "i32[n]"}, {"[?,4]"}},
        {"UnsortedSegmentSum", "T=f32 Tindices=i32", {"f32[n,m,4]", "i32[n,m]", "i32[] = k"}, {"[k,4]"}},
        {"UnsortedSegmentSum", "T=f32 Tindices=i32", {"f32[n,4]", "i32 ?", "i32[] = k"}, {"?"}},
        {"Bincount", "T=i32", {"i32 ?", "i32[] = 5", "i32 ?"}, {"[5]"}},
        {"SegmentSum", "T=f32 Tindices=i32", {"f32[n,4]", "i32[n,1]"}, {0}, "segment_ids should be a vector."},
    };

    case_infer(cases, CASE_COUNT(cases));
}
