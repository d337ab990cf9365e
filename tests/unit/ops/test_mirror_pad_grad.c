/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values: the examples in TensorFlow's documentation, and worked by hand. */
#include "tests/unit/ops/case.h"

Test(mirror_pad_grad, folds)
{
    static const op_case cases[] = {
        {"MirrorPadGrad", "T=f32 mode='SYMMETRIC'", {"f32[3,3] 1 2 3 4 5 6 7 8 9", "i32[2,2] 0 1 0 1"}, {"f32[2,2] 1 5 11 28"}},
        {"MirrorPadGrad", "T=f32 mode='REFLECT'", {"f32[3,3] 1 2 3 4 5 6 7 8 9", "i32[2,2] 0 1 0 1"}, {"f32[2,2] 20 10 10 5"}},
        {"MirrorPadGrad", "T=i32 mode='SYMMETRIC'", {"i32[5] 1 2 3 4 5", "i32[1,2] 2 1"}, {"i32[2] 5 10"}},
        {"MirrorPadGrad", "T=f32 mode='REFLECT'", {"f32[3] 1 2 3", "i32[1,2] 2 0"}, {0}, "paddings must be less than"},
        {"MirrorPadGrad", "T=f32 mode='REFLECT'", {"f32[3] 1 2 3", "i32[1,2] -1 0"}, {0}, "Paddings must be non-negative"},
    };

    case_run(cases, CASE_COUNT(cases));
}
