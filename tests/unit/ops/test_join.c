/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ops/case.h"

Test(join, concat)
{
    static const op_case cases[] = {
        {"ConcatV2",
         "T=f32 N=2",
         {"f32[2,3] 0 1 2 3 4 5",
          "f32[2,2] 10 11 12 13",
          "i32[] 1"},
         {"f32[2,5] 0 1 2 10 11 3 4 5 12 13"}},
        {"ConcatV2",
         "T=f32 N=3",
         {"f32[2,3] 0 1 2 3 4 5",
          "f32[0,3]",
          "f32[2,3] 0 1 2 3 4 5",
          "i32[] -2"},
         {"f32[4,3] 0 1 2 3 4 5 0 1 2 3 4 5"}},
        {"Concat", "T=str N=2", {"i32[] 0", "str[1] a", "str[2] b c"}, {"str[3] a b c"}},
        {"ConcatV2",
         "T=f32 N=2",
         {"f32[2,3] 0 1 2 3 4 5",
          "f32[2,2] 10 11 12 13",
          "i32[] 0"},
         {0},
         "ConcatOp : Dimensions of inputs should match: shape[0] = [2,3] vs. shape[1] = [2,2]"},
        {"ConcatV2",
         "T=f32 N=2",
         {"f32[2,3] 0 1 2 3 4 5",
          "f32[1] 1",
          "i32[] 0"},
         {0},
         "ConcatOp : Ranks of all input tensors should match: shape[0] = [2,3] vs. shape[1] = [1]"},
        {"ConcatV2",
         "T=f32 N=2",
         {"f32[2,3] 0 1 2 3 4 5",
          "f32[2,3] 0 1 2 3 4 5",
          "i32[] 2"},
         {0},
         "ConcatOp : Expected concatenating dimensions in the range [-2, 2), but got 2"},
        {"Pack",
         "T=f32 N=2 axis=1",
         {"f32[2,3] 0 1 2 3 4 5",
          "f32[2,3] 10 11 12 13 14 15"},
         {"f32[2,2,3] 0 1 2 10 11 12 3 4 5 13 14 15"}},
        {"Pack",
         "T=f32 N=2 axis=-1",
         {"f32[2,3] 0 1 2 3 4 5",
          "f32[2,3] 10 11 12 13 14 15"},
         {"f32[2,3,2] 0 10 1 11 2 12 3 13 4 14 5 15"}},
        {"Pack", "T=str N=1", {"str[] a"}, {"str[1] a"}},
        {"Pack",
         "T=f32 N=2",
         {"f32[1] 1",
          "f32[2] 1 2"},
         {0},
         "Shapes of all inputs must match: values[0].shape = [1] != values[1].shape = [2]"},
        {"Pack", "T=f32 N=1 axis=2", {"f32[1] 1"}, {0}, "axis = 2 not in [-2, 2)"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(join, pad)
{
    static const op_case cases[] = {
        {"Pad", "T=f32", {"f32[2,3] 0 1 2 3 4 5", "i32[2,2] 1 0 0 2"}, {"f32[3,5] 0 0 0 0 0 0 1 2 0 0 3 4 5 0 0"}},
        {"Pad", "T=str", {"str[1] a", "i32[1,2] 0 0"}, {"str[1] a"}},
        {"PadV2", "T=i64", {"i64[2] 1 2", "i32[1,2] 1 2", "i64[] -9"}, {"i64[5] -9 1 2 -9 -9"}},
        {"Pad", "T=f32", {"f32[] 4", "i32[0,2]"}, {"f32[] 4"}},
        {"Pad", "T=f32", {"f32[1] 4", "i32[1,2] -1 0"}, {0}, "Paddings must be non-negative: -1 0"},
        {"Pad", "T=f32", {"f32[1] 4", "i32[2] 1 1"}, {0}, "paddings must be a matrix with 2 columns: [2]"},
        {"Pad",
         "T=f32",
         {"f32[1] 4",
          "i32[2,2] 1 0 0 2"},
         {0},
         "The first dimension of paddings must be the rank of inputs"},
        {"MirrorPad", "T=f32 mode='REFLECT'", {"f32[3] 1 2 3", "i32[1,2] 2 1"}, {"f32[6] 3 2 1 2 3 2"}},
        {"MirrorPad", "T=f32 mode='SYMMETRIC'", {"f32[3] 1 2 3", "i32[1,2] 2 1"}, {"f32[6] 2 1 1 2 3 3"}},
        {"MirrorPad",
         "T=i32 mode='REFLECT'",
         {"i32[2,3] 0 1 2 3 4 5",
          "i32[2,2] 1 1 2 0"},
         {"i32[4,5] 5 4 3 4 5 2 1 0 1 2 5 4 3 4 5 2 1 0 1 2"}},
        {"MirrorPad",
         "T=f32 mode='REFLECT'",
         {"f32[3] 1 2 3",
          "i32[1,2] 3 0"},
         {0},
         "paddings must be less than the dimension size: 3, 0 not less than 3"},
        {"MirrorPad",
         "T=f32 mode='SYMMETRIC'",
         {"f32[3] 1 2 3",
          "i32[1,2] 0 4"},
         {0},
         "paddings must be no greater than the dimension size: 0, 4 greater than 3"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(join, shapes)
{
    static const op_case cases[] = {
        {"ConcatV2", "T=i32 N=2", {"i32[1] = n", "i32[2] = 3 -1", "i32[] = 0"}, {"[3] = n 3 -1"}},
        {"ConcatV2", "T=f32 N=2", {"f32[n,3]", "f32[m,3]", "i32[] = 0"}, {"[n+m,3]"}},
        {"ConcatV2", "T=f32 N=2", {"f32[n,3]", "f32[n,m]", "i32[] = -1"}, {"[n,m+3]"}},
        {"ConcatV2",
         "T=f32 N=2",
         {"f32[2,3]",
          "f32[2,4]",
          "i32[] = 0"},
         {0},
         "ConcatOp : Dimensions of inputs should match"},
        {"ConcatV2", "T=f32 N=2", {"f32[n,3]", "f32 ?", "i32[] = 0"}, {"[?,3]"}},
        {"Pack", "T=i32 N=3", {"i32[] = n", "i32[] = 3", "i32[] = -1"}, {"[3] = n 3 -1"}},
        {"Pack", "T=f32 N=2 axis=1", {"f32[n,3]", "f32[n,3]"}, {"[n,2,3]"}},
        {"Pack", "T=f32 N=2", {"f32[2]", "f32[3]"}, {0}, "Dimension 0 in both shapes must be equal"},
        {"Pad", "T=f32", {"f32[n,3]", "i32[2,2]"}, {"[?,?]"}},
    };

    case_infer(cases, CASE_COUNT(cases));
}
