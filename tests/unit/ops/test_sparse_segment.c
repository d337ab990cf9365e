/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values: the example in TensorFlow's documentation of SparseSegmentSum, and worked by hand. */
#include "tests/unit/ops/case.h"

#define ROWS "f32[3,4] 1 2 3 4 -1 -2 -3 -4 5 6 7 8"

Test(sparse_segment, forward)
{
    static const op_case cases[] = {
        {"SparseSegmentSum", "T=f32", {ROWS, "i32[2] 0 1", "i32[2] 0 0"}, {"f32[1,4] 0 0 0 0"}},
        {"SparseSegmentSum", "T=f32", {ROWS, "i32[2] 0 1", "i32[2] 0 1"}, {"f32[2,4] 1 2 3 4 -1 -2 -3 -4"}},
        {"SparseSegmentSum", "T=f32", {ROWS, "i32[3] 0 1 2", "i32[3] 0 0 1"}, {"f32[2,4] 0 0 0 0 5 6 7 8"}},
        {"SparseSegmentSum", "T=u8 Tidx=i64", {"u8[3] 200 100 1", "i64[3] 0 1 2", "i32[3] 0 0 2"}, {"u8[3] 44 0 1"}},
        {"SparseSegmentMean", "T=f64", {"f64[3] 1 2 6", "i32[3] 0 2 2", "i32[3] 0 0 2"}, {"f64[3] 3.5 0 6"}},
        {"SparseSegmentSqrtN", "T=f32", {"f32[4] 1 2 6 7", "i32[4] 0 1 2 3", "i32[4] 0 0 0 0"}, {"f32[1] 8"}},
        {"SparseSegmentSumWithNumSegments", "T=f32", {"f32[2] 1 2", "i32[1] 1", "i32[1] 1", "i32[] 3"}, {"f32[3] 0 2 0"}},
        {"SparseSegmentMeanWithNumSegments", "T=f32", {"f32[2] 1 2", "i32[2] 0 1", "i32[2] 1 1", "i32[] 2"}, {"f32[2] 0 1.5"}},
        {"SparseSegmentSum", "T=f32", {ROWS, "i32[2] 0 3", "i32[2] 0 0"}, {0}, "Bad: indices[1] == 3 out of range [0, 3)"},
        {"SparseSegmentSum", "T=f32", {ROWS, "i32[2] 0 1", "i32[2] 1 0"}, {0}, "segment ids are not increasing"},
        {"SparseSegmentSum", "T=f32", {ROWS, "i32[2] 0 1", "i32[1] 0"}, {0}, "segment_ids and indices should have same size."},
        {"SparseSegmentSumWithNumSegments", "T=f32", {"f32[2] 1 2", "i32[1] 1", "i32[1] 3", "i32[] 3"}, {0},
         "segment ids must be < num_segments"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(sparse_segment, gradients)
{
    static const op_case cases[] = {
        {"SparseSegmentSumGrad", "T=f32", {"f32[2,2] 1 2 3 4", "i32[3] 0 2 0", "i32[3] 0 0 1", "i32[] 3"},
         {"f32[3,2] 4 6 0 0 1 2"}},
        {"SparseSegmentMeanGrad", "T=f32", {"f32[2,2] 1 2 3 4", "i32[3] 0 2 0", "i32[3] 0 0 1", "i32[] 3"},
         {"f32[3,2] 3.5 5 0 0 0.5 1"}},
        {"SparseSegmentSqrtNGrad", "T=f64", {"f64[1] 3", "i32[4] 1 0 1 1", "i32[4] 0 0 0 0", "i32[] 2"}, {"f64[2] 1.5 4.5"}},
        {"SparseSegmentSumGrad", "T=f32", {"f32[1] 1", "i32[1] 3", "i32[1] 0", "i32[] 3"}, {0}, "Index 3 out of range [0, 3)."},
        {"SparseSegmentSumGrad", "T=f32", {"f32[1] 1", "i32[1] 0", "i32[1] 1", "i32[] 3"}, {0}, "Segment id 1 out of range [0, 1)."},
        {"SparseSegmentSumGrad", "T=f32", {"f32[2305843009213693952,0]", "i32[1] 0", "i32[1] 1000000000", "i32[] 3"}, {0},
         "out of memory", STEPC_RESOURCE_EXHAUSTED},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(sparse_segment, infer)
{
    static const op_case cases[] = {
        {"SparseSegmentSum", "T=f32", {"f32[n,4]", "i32[k]", "i32[k]"}, {"[?,4]"}},
        {"SparseSegmentSumWithNumSegments", "T=f32", {"f32[n,4]", "i32[k]", "i32[k]", "i32[] = m"}, {"[m,4]"}},
    };

    case_infer(cases, CASE_COUNT(cases));
}
