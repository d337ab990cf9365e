/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ops/case.h"

Test(contraction, mat_mul)
{
    static const op_case cases[] = {
        {"MatMul", "T=f32", {"f32[2,3] 1 2 3 4 5 6", "f32[3,2] 1 4 2 5 3 6"}, {"f32[2,2] 14 32 32 77"}},
        {"MatMul",
         "T=f64 transpose_b=true",
         {"f64[2,3] 1 2 3 4 5 6", "f64[2,3] 1 2 3 4 5 6"},
         {"f64[2,2] 14 32 32 77"}},
        {"MatMul",
         "T=i32 transpose_a=true",
         {"i32[2,3] 1 2 3 4 5 6", "i32[2,3] 1 2 3 4 5 6"},
         {"i32[3,3] 17 22 27 22 29 36 27 36 45"}},
        {"MatMul",
         "T=i64 transpose_a=true transpose_b=true",
         {"i64[3,1] 1 2 3", "i64[2,3] 1 2 3 4 5 6"},
         {"i64[1,2] 14 32"}},
        {"MatMul", "T=i32", {"i32[1,1] 65536", "i32[1,1] 65537"}, {"i32[1,1] 65536"}},
        {"MatMul", "T=u8", {"u8[1,1] 200", "u8[1,1] 3"}, {"u8[1,1] 88"}},
        {"MatMul", "T=u64", {"u64[1,1] 18446744073709551615", "u64[1,1] 2"}, {"u64[1,1] 18446744073709551614"}},
        /* sums in double: in float32 1e8 + 1 is 1e8 */
        {"MatMul", "T=f32", {"f32[1,3] 1e8 1 -1e8", "f32[3,1] 1 1 1"}, {"f32[1,1] 1"}},
        {"MatMul", "T=f16", {"f16[1,3] 2048 1 1", "f16[3,1] 1 1 1"}, {"f16[1,1] 2050"}},
        {"MatMul", "T=bf16", {"bf16[1,2] 3 5", "bf16[2,1] 2 4"}, {"bf16[1,1] 26"}},
        /* transposed, not conjugated: (1+2i)(3+4i) + (i)(2) = -5+10i + 2i */
        {"MatMul", "T=c64 transpose_b=true", {"c64[1,2] 1,2 0,1", "c64[1,2] 3,4 2,0"}, {"c64[1,1] -5,12"}},
        {"MatMul", "T=f32", {"f32[2,0]", "f32[0,2]"}, {"f32[2,2] 0 0 0 0"}},
        {"MatMul", "T=f32 transpose_a=true", {"f32[0,2]", "f32[0,3]"}, {"f32[2,3] 0 0 0 0 0 0"}},
        {"MatMul", "T=f32", {"f32[0,2]", "f32[2,3] 1 2 3 4 5 6"}, {"f32[0,3]"}},
        {"MatMul", "T=f32", {"f32[1,1] inf", "f32[1,1] 0"}, {"f32[1,1] nan"}},
        {"MatMul",
         "T=f32",
         {"f32[2,3] 1 2 3 4 5 6", "f32[2,3] 1 2 3 4 5 6"},
         {0},
         "Matrix size-incompatible: In[0]: [2,3], In[1]: [2,3]"},
        {"MatMul", "T=f32", {"f32[3] 1 2 3", "f32[1,1] 1"}, {0}, "In[0] is not a matrix"},
        {"MatMul", "T=f32", {"f32[1,1] 1", "f32[1,1,1] 1"}, {0}, "In[1] is not a matrix"},
    };

    case_run(cases, CASE_COUNT(cases));
}

/* numpy: x @ y, with the last two dimensions exchanged for adj */
Test(contraction, batches)
{
    static const char x[] = "f32[2,2,3] 1 2 3 4 5 6 7 8 9 10 11 12", y[] = "f32[2,3,2] -3 -2 -1 0 1 2 3 4 5 6 7 8";
    static const op_case cases[] = {
        {"BatchMatMul", "T=f32", {x, y}, {"f32[2,2,2] -2 4 -11 4 124 148 169 202"}},
        {"BatchMatMulV2", "T=f32", {x, "f32[1,3,2] -3 -2 -1 0 1 2"}, {"f32[2,2,2] -2 4 -11 4 -20 4 -29 4"}},
        {"BatchMatMulV2", "T=f32", {x, "f32[3,2] -3 -2 -1 0 1 2"}, {"f32[2,2,2] -2 4 -11 4 -20 4 -29 4"}},
        {"BatchMatMul",
         "T=f32 adj_x=true adj_y=true",
         {x, y},
         {"f32[2,3,3] -11 -1 9 -16 -2 12 -21 -3 15 61 95 129 68 106 144 75 117 159"}},
        /* the conjugate of the first is taken */
        {"BatchMatMul",
         "T=c64 adj_x=true",
         {"c64[1,2,2] 1,2 3,-1 0,1 2,0", "c64[1,2,1] 1,-1 2,2"},
         {"c64[1,2,1] 1,-5 8,2"}},
        {"BatchMatMulV2", "T=f32", {"f32[2,1,1,1] 2 3", "f32[1,2,1,1] 5 7"}, {"f32[2,2,1,1] 10 14 15 21"}},
        {"BatchMatMulV2", "T=i64", {"i64[2,2] 1 2 3 4", "i64[2,1] 1 -1"}, {"i64[2,1] -1 -1"}},
        {"BatchMatMul", "T=f32", {"f32[2,1,0]", "f32[2,0,1]"}, {"f32[2,1,1] 0 0"}},
        {"BatchMatMul", "T=f32", {"f32[0,2,3]", "f32[0,3,2]"}, {"f32[0,2,2]"}},
        {"BatchMatMul",
         "T=f32",
         {x, "f32[1,3,2] 1 2 3 4 5 6"},
         {0},
         "In[0].dim(0) and In[1].dim(0) must be the same: [2,2,3] vs [1,3,2]"},
        {"BatchMatMul",
         "T=f32",
         {x, "f32[3,2] 1 2 3 4 5 6"},
         {0},
         "In[0] and In[1] has different ndims: [2,2,3] vs. [3,2]"},
        {"BatchMatMulV2",
         "T=f32",
         {x, "f32[3,1,1] 1 2 3"},
         {0},
         "In[0] and In[1] must have compatible batch dimensions: "},
        {"BatchMatMulV2", "T=f32", {x, x}, {0}, "In[0] mismatch In[1] shape: 3 vs. 2: [2,2,3] [2,2,3] 0 0"},
        {"BatchMatMulV2", "T=f32", {"f32[3] 1 2 3", x}, {0}, "In[0] ndims must be >= 2: 1"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(contraction, infer)
{
    static const op_case cases[] = {
        {"BatchMatMulV2", "T=f32", {"f32[n,1,4,m]", "f32[8,m,k]"}, {"[n,8,4,k]"}},
        {"BatchMatMul", "T=f32 adj_x=true adj_y=true", {"f32[n,3,4]", "f32[n,5,3]"}, {"[n,4,5]"}},
        {"BatchMatMulV2", "T=f32", {"f32 ?", "f32[8,m,k]"}, {"?"}},
        {"BatchMatMulV2",
         "T=f32",
         {"f32[2,3,4]", "f32[2,3,4]"},
         {0},
         "In[0] mismatch In[1] shape: [2,3,4] [2,3,4] 0 0"},
        {"MatMul", "T=f32", {"f32[n,3]", "f32[3,m]"}, {"[n,m]"}},
        {"MatMul", "T=f32 transpose_a=true transpose_b=true", {"f32[3,n]", "f32[m,3]"}, {"[n,m]"}},
        {"MatMul", "T=f32", {"f32[n,?]", "f32 ?"}, {"[n,?]"}},
        {"MatMul", "T=f32", {"f32[n,3]", "f32[4,m]"}, {0}, "Matrix size-incompatible: In[0]: [?,3], In[1]: [4,?]"},
        {"MatMul", "T=f32", {"f32[n]", "f32[4,m]"}, {0}, "In[0] is not a matrix"},
    };

    case_infer(cases, CASE_COUNT(cases));
}
