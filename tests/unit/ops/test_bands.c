/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values: the examples in TensorFlow's documentation of MatrixDiagV3, MatrixDiagPartV3 and MatrixSetDiagV3. */
#include "tests/unit/ops/case.h"

#define MATRIX "i32[3,4] 1 2 3 4 5 6 7 8 9 8 7 6"

Test(bands, diag)
{
    static const op_case cases[] = {
        {"MatrixDiagV3", "T=i32", {"i32[2,4] 1 2 3 4 5 6 7 8", "i32[] 0", "i32[] -1", "i32[] -1", "i32[] 0"},
         {"i32[2,4,4] 1 0 0 0 0 2 0 0 0 0 3 0 0 0 0 4 5 0 0 0 0 6 0 0 0 0 7 0 0 0 0 8"}},
        {"MatrixDiagV3", "T=i32", {"i32[1,3] 1 2 3", "i32[] 1", "i32[] -1", "i32[] -1", "i32[] 0"},
         {"i32[1,4,4] 0 1 0 0 0 0 2 0 0 0 0 3 0 0 0 0"}},
        {"MatrixDiagV3", "T=i32", {"i32[3,3] 0 8 9 1 2 3 4 5 0", "i32[2] -1 1", "i32[] -1", "i32[] -1", "i32[] 0"},
         {"i32[3,3] 1 8 0 4 2 9 0 5 3"}},
        {"MatrixDiagV3", "T=i32 align='LEFT_RIGHT'",
         {"i32[3,3] 8 9 0 1 2 3 0 4 5", "i32[2] -1 1", "i32[] -1", "i32[] -1", "i32[] 0"}, {"i32[3,3] 1 8 0 4 2 9 0 5 3"}},
        {"MatrixDiagV2", "T=i32", {"i32[2] 1 2", "i32[] -1", "i32[] 3", "i32[] 4", "i32[] 9"},
         {"i32[3,4] 9 9 9 9 1 9 9 9 9 2 9 9"}},
        {"MatrixDiagV2", "T=i32", {"i32[2] 1 2", "i32[] -1", "i32[] 4", "i32[] 4", "i32[] 9"}, {0},
         "The number of rows or columns is not consistent"},
        {"MatrixDiagV2", "T=i32", {"i32[2] 1 2", "i32[] -1", "i32[] 3", "i32[] -1", "i32[] 9"}, {"i32[3,2] 9 9 1 9 9 2"}},
        {"MatrixDiagV3", "T=i32", {"i32[2] 1 2", "i32[] 0", "i32[] 1", "i32[] -1", "i32[] 9"}, {0}, "The number of rows is too small."},
        {"MatrixDiagV3", "T=i32", {"i32[0,9223372036854775807]", "i32[] -5", "i32[] -1", "i32[] -1", "i32[] 9"}, {0},
         "a matrix with a diagonal of 9223372036854775807 elements", STEPC_RESOURCE_EXHAUSTED},
        {"MatrixDiagV3", "T=i32", {"i32[2,2] 1 2 3 4", "i32[2] 1 0", "i32[] 1", "i32[] -1", "i32[] 9"}, {0},
         "lower_diag_index must not be larger than upper_diag_index: 1 > 0"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(bands, part_and_set)
{
    static const op_case cases[] = {
        {"MatrixDiagPartV3", "T=i32", {MATRIX, "i32[] 0", "i32[] 0"}, {"i32[3] 1 6 7"}},
        {"MatrixDiagPartV3", "T=i32", {MATRIX, "i32[] 1", "i32[] 0"}, {"i32[3] 2 7 6"}},
        {"MatrixDiagPartV3", "T=i32", {MATRIX, "i32[2] -1 2", "i32[] 0"}, {"i32[4,3] 0 3 8 2 7 6 1 6 7 5 8 0"}},
        {"MatrixDiagPartV3", "T=i32 align='LEFT_RIGHT'", {MATRIX, "i32[2] -1 2", "i32[] 0"},
         {"i32[4,3] 3 8 0 2 7 6 1 6 7 0 5 8"}},
        {"MatrixDiagPartV2", "T=i32", {MATRIX, "i32[2] 1 3", "i32[] 9"}, {"i32[3,3] 4 9 9 3 8 9 2 7 6"}},
        {"MatrixDiagPartV3", "T=i32", {MATRIX, "i32[] 4", "i32[] 9"}, {0}, "lower_diag_index is out of bound: 4. It must be between -3 and 4"},
        {"MatrixDiagPartV3", "T=i32", {"i32[3] 1 2 3", "i32[] 4", "i32[] 9"}, {0}, "input must be at least 2-dim, received shape: [3]"},
        {"MatrixSetDiagV3", "T=i32", {"i32[3,4] 7 7 7 7 7 7 7 7 7 7 7 7", "i32[3] 1 2 3", "i32[] 0"},
         {"i32[3,4] 1 7 7 7 7 2 7 7 7 7 3 7"}},
        {"MatrixSetDiagV3", "T=i32",
         {"i32[3,4] 7 7 7 7 7 7 7 7 7 7 7 7", "i32[4,3] 0 9 1 6 5 8 1 2 3 4 5 0", "i32[2] -1 2"},
         {"i32[3,4] 1 6 9 7 4 2 5 1 7 5 3 8"}},
        {"MatrixSetDiagV2", "T=str", {"str[1,2] a b", "str[1] c", "i32[] 1"}, {"str[1,2] a c"}},
        {"MatrixSetDiagV3", "T=i32", {"i32[1,2] 1 2", "i32[2] 1 2", "i32[] 0"}, {0}, "Either first dimensions of diagonal"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(bands, infer)
{
    static const op_case cases[] = {
        {"MatrixDiagPartV3", "T=f32", {"f32[n,3,4]", "i32[2] = -1 2", "f32[]"}, {"[n,4,3]"}},
        {"MatrixDiagPartV3", "T=f32", {"f32[n,3,4]", "i32[] = -1", "f32[]"}, {"[n,2]"}},
        {"MatrixDiagV3", "T=f32", {"f32[n,3]", "i32[] = 1", "i32[] = -1", "i32[] = -1", "f32[]"}, {"[n,4,4]"}},
        {"MatrixSetDiagV3", "T=f32", {"f32[n,3,4]", "f32[n,3]", "i32[] = 0"}, {"[n,3,4]"}},
        {"MatrixDiagV3", "T=f32", {"f32[3,3]", "i32[2] = 0 1", "i32[] = -1", "i32[] = -1", "f32[]"}, {0},
         "The number of diagonals provided in the input does not match"},
    };

    case_infer(cases, CASE_COUNT(cases));
}
