/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ops/case.h"

Test(shape, shape)
{
    static const op_case cases[] = {
        {"Shape", "T=f32", {"f32[2,0,3]"}, {"i32[3] 2 0 3"}},
        {"Shape", "T=str out_type=i64", {"str[1] a"}, {"i64[1] 1"}},
        {"Shape", "T=bool", {"bool[] 1"}, {"i32[0]"}},
        {"Shape", "T=f32", {"f32[0,3000000000]"}, {0}, "Shape output type is 32-bit  but dim 1 is 3000000000"},
        {"Shape", "T=f32 out_type=i64", {"f32[0,3000000000]"}, {"i64[2] 0 3000000000"}},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(shape, broadcast_gradient_args)
{
    static const op_case cases[] = {
        {"BroadcastGradientArgs", "T=i32", {"i32[3] 2 3 1", "i32[2] 3 4"}, {"i32[1] 2", "i32[1] 0"}},
        {"BroadcastGradientArgs", "T=i32", {"i32[1] 1", "i32[1] 1"}, {"i32[1] 0", "i32[1] 0"}},
        {"BroadcastGradientArgs", "T=i64", {"i64[1] 5", "i64[1] 5"}, {"i64[0]", "i64[0]"}},
        {"BroadcastGradientArgs", "T=i32", {"i32[2] 4 5", "i32[0]"}, {"i32[0]", "i32[2] 0 1"}},
        {"BroadcastGradientArgs", "T=i32", {"i32[0]", "i32[0]"}, {"i32[0]", "i32[0]"}},
        {"BroadcastGradientArgs", "T=i32", {"i32[2] 0 3", "i32[1] 1"}, {"i32[0]", "i32[2] 0 1"}},
        {"BroadcastGradientArgs", "T=i32", {"i32[2] 2 3", "i32[1] 4"}, {0}, "Incompatible shapes: [2,3] vs. [4]"},
        {"BroadcastGradientArgs", "T=i32", {"i32[] 2", "i32[1] 4"}, {0}, "In[0] must be a vector.[]"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(shape, infer)
{
    static const op_case cases[] = {
        {"Shape", "T=f32", {"f32[n,4]"}, {"[2] = n 4"}},
        {"Shape", "T=f32", {"f32[?,m+1]"}, {"[2] = ? m+1"}},
        {"Shape", "T=f32", {"f32[]"}, {"[0]"}},
        {"Shape", "T=f32", {"f32 ?"}, {"[?]"}},
        {"BroadcastGradientArgs", "T=i32", {"i32[3] = 2 3 1", "i32[2] = 3 4"}, {"[1] = 2", "[1] = 0"}},
        {"BroadcastGradientArgs", "T=i32", {"i32[2] = t 4", "i32[1] = 4"}, {"[0]", "[1] = 0"}},
        /* b may be 1: then axis 0 is in the first list too. */
        {"BroadcastGradientArgs", "T=i32", {"i32[2] = b 4", "i32[1] = 4"}, {"[?]", "[1] = 0"}},
        {"BroadcastGradientArgs", "T=i32", {"i32[2]", "i32 ?"}, {"[?]", "[?]"}},
    };

    case_infer(cases, CASE_COUNT(cases));
}
