/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ops/case.h"

Test(diagonal, diagonal)
{
    static const op_case cases[] = {
        {"Diag", "T=f32", {"f32[3] 1 2 3"}, {"f32[3,3] 1 0 0 0 2 0 0 0 3"}},
        {"Diag", "T=f32", {"f32[2,2] 1 2 3 4"}, {"f32[2,2,2,2] 1 0 0 0 0 2 0 0 0 0 3 0 0 0 0 4"}},
        {"DiagPart", "T=f32", {"f32[2,2,2,2] 1 0 0 0 0 2 0 0 0 0 3 0 0 0 0 4"}, {"f32[2,2] 1 2 3 4"}},
        {"DiagPart", "T=f32", {"f32[2,3] 0 1 2 3 4 5"}, {0}, "Invalid shape [2,3]: dimensions 0 and 1 do not match."},
        {"DiagPart", "T=f32", {"f32[1] 1"}, {0}, "The rank of the tensor should be even and positive, got shape [1]"},
        {"MatrixDiag", "T=f32", {"f32[2,2] 1 2 3 4"}, {"f32[2,2,2] 1 0 0 2 3 0 0 4"}},
        {"MatrixDiag", "T=f32", {"f32[] 1"}, {0}, "input must be at least 1-dim, received shape: []"},
        {"MatrixDiagPart", "T=f32", {"f32[2,2,3] 1 2 3 4 5 6 7 8 9 10 11 12"}, {"f32[2,2] 1 5 7 11"}},
        {"MatrixSetDiag",
         "T=f32",
         {"f32[2,2,3] 1 2 3 4 5 6 7 8 9 10 11 12",
          "f32[2,2] 91 92 93 94"},
         {"f32[2,2,3] 91 2 3 4 92 6 93 8 9 10 94 12"}},
        {"MatrixSetDiag",
         "T=f32",
         {"f32[2,2,3] 1 2 3 4 5 6 7 8 9 10 11 12",
          "f32[2] 91 92"},
         {0},
         "must have diagonal.shape == input.shape[:-2] + min(input.shape[-2:])"},
        {"MatrixBandPart",
         "T=f32",
         {"f32[3,4] 1 2 3 4 5 6 7 8 9 10 11 12",
          "i64[] 1",
          "i64[] 0"},
         {"f32[3,4] 1 0 0 0 5 6 0 0 0 10 11 0"}},
        {"MatrixBandPart",
         "T=f32",
         {"f32[3,4] 1 2 3 4 5 6 7 8 9 10 11 12",
          "i64[] 0",
          "i64[] -1"},
         {"f32[3,4] 1 2 3 4 0 6 7 8 0 0 11 12"}},
        {"MatrixBandPart",
         "T=f32",
         {"f32[3,4] 1 2 3 4 5 6 7 8 9 10 11 12",
          "i64[] -1",
          "i64[] 0"},
         {"f32[3,4] 1 0 0 0 5 6 0 0 9 10 11 0"}},
        {"MatrixBandPart",
         "T=f32",
         {"f32[3,4] 1 2 3 4 5 6 7 8 9 10 11 12",
          "i64[] 4",
          "i64[] 0"},
         {0},
         "num_lower must be negative or less or equal to number of rows (3) got: 4"},
        {"MatrixBandPart",
         "T=f32",
         {"f32[3,4] 1 2 3 4 5 6 7 8 9 10 11 12",
          "i64[] 0",
          "i64[] 5"},
         {0},
         "num_upper must be negative or less or equal to number of columns (4) got: 5"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(diagonal, shapes)
{
    static const op_case cases[] = {
        {"Diag", "T=f32", {"f32[n,3]"}, {"[n,3,n,3]"}},
        {"DiagPart", "T=f32", {"f32[n,3,n,3]"}, {"[n,3]"}},
        {"MatrixDiag", "T=f32", {"f32[n,3]"}, {"[n,3,3]"}},
        {"MatrixDiagPart", "T=f32", {"f32[n,3,m]"}, {"[n,min(m,3)]"}},
    };

    case_infer(cases, CASE_COUNT(cases));
}
