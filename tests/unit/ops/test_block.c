/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ops/case.h"

Test(block, depth)
{
    static const op_case cases[] = {
        {"SpaceToDepth",
         "T=f32 block_size=2",
         {"f32[1,4,4,1] 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"},
         {"f32[1,2,2,4] 0 1 4 5 2 3 6 7 8 9 12 13 10 11 14 15"}},
        {"SpaceToDepth",
         "T=f32 block_size=2",
         {"f32[1,2,4,3] 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23"},
         {"f32[1,1,2,12] 0 1 2 3 4 5 12 13 14 15 16 17 6 7 8 9 10 11 18 19 20 21 22 23"}},
        {"DepthToSpace",
         "T=f32 block_size=2",
         {"f32[1,1,2,12] 0 1 2 3 4 5 12 13 14 15 16 17 6 7 8 9 10 11 18 19 20 21 22 23"},
         {"f32[1,2,4,3] 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23"}},
        {"SpaceToDepth",
         "T=f32 block_size=2 data_format='NCHW'",
         {"f32[1,3,2,4] 0 3 6 9 12 15 18 21 1 4 7 10 13 16 19 22 2 5 8 11 14 17 20 23"},
         {"f32[1,12,1,2] 0 6 1 7 2 8 3 9 4 10 5 11 12 18 13 19 14 20 15 21 16 22 17 23"}},
        {"DepthToSpace",
         "T=f32 block_size=2 data_format='NCHW'",
         {"f32[1,12,1,2] 0 6 1 7 2 8 3 9 4 10 5 11 12 18 13 19 14 20 15 21 16 22 17 23"},
         {"f32[1,3,2,4] 0 3 6 9 12 15 18 21 1 4 7 10 13 16 19 22 2 5 8 11 14 17 20 23"}},
        {"SpaceToDepth",
         "T=f32 block_size=3",
         {"f32[1,2,2,1] 1 2 3 4"},
         {0},
         "Image width 2 and height 2 should be divisible by block_size: 3"},
        {"DepthToSpace",
         "T=f32 block_size=2",
         {"f32[1,2,2,1] 1 2 3 4"},
         {0},
         "Input depth dimension 1 should be divisible by: 4"},
        {"DepthToSpace", "T=f32 block_size=2", {"f32[1] 1"}, {0}, "Input rank should be: 4 instead of: 1"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(block, batch)
{
    static const op_case cases[] = {
        {"SpaceToBatchND",
         "T=f32",
         {"f32[1,2,2,1] 1 2 3 4",
          "i32[2] 2 2",
          "i32[2,2] 0 0 0 0"},
         {"f32[4,1,1,1] 1 2 3 4"}},
        {"SpaceToBatchND",
         "T=f32",
         {"f32[1,3,2,1] 0 1 2 3 4 5",
          "i32[2] 2 2",
          "i32[2,2] 1 0 0 2"},
         {"f32[4,2,2,1] 0 0 2 0 0 0 3 0 0 0 4 0 1 0 5 0"}},
        {"BatchToSpaceND",
         "T=f32",
         {"f32[4,2,2,1] 0 0 2 0 0 0 3 0 0 0 4 0 1 0 5 0",
          "i32[2] 2 2",
          "i32[2,2] 1 0 0 2"},
         {"f32[1,3,2,1] 0 1 2 3 4 5"}},
        {"SpaceToBatch",
         "T=f32 block_size=2",
         {"f32[1,3,2,1] 0 1 2 3 4 5",
          "i32[2,2] 0 1 0 0"},
         {"f32[4,2,1,1] 0 4 1 5 2 0 3 0"}},
        {"BatchToSpace", "T=f32 block_size=2", {"f32[4,1,1,1] 1 2 3 4", "i32[2,2] 0 0 0 0"}, {"f32[1,2,2,1] 1 2 3 4"}},
        {"SpaceToBatchND",
         "T=f32",
         {"f32[1,3,2,1] 0 1 2 3 4 5",
          "i32[2] 2 2",
          "i32[2,2] 0 0 0 0"},
         {0},
         "padded_shape[0]=3 is not divisible by block_shape[0]=2"},
        {"BatchToSpaceND",
         "T=f32",
         {"f32[1,3,2,1] 0 1 2 3 4 5",
          "i32[2] 2 2",
          "i32[2,2] 0 0 0 0"},
         {0},
         "Input batch dimension (1) is not divisible by product of block sizes (4)"},
        {"BatchToSpaceND",
         "T=f32",
         {"f32[4,1,1,1] 1 2 3 4",
          "i32[2] 2 2",
          "i32[2,2] 2 1 0 0"},
         {0},
         "cropped_shape[0]=-1 must be non-negative"},
        {"SpaceToBatchND",
         "T=f32",
         {"f32[1,3,2,1] 0 1 2 3 4 5",
          "i32[2] 0 2",
          "i32[2,2] 0 0 0 0"},
         {0},
         "All values in block_shape must be positive, got value, 0"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(block, shapes)
{
    static const op_case cases[] = {
        {"SpaceToDepth", "T=f32 block_size=2", {"f32[n,8,m,3]"}, {"[n,4,floor(m/2),12]"}},
        {"DepthToSpace", "T=f32 block_size=2", {"f32[n,2,m,8]"}, {"[n,4,m*2,2]"}},
    };

    case_infer(cases, CASE_COUNT(cases));
}
