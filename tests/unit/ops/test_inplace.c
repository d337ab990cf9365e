/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in place, layouts, assertions, aliases of older names. Values worked by hand or by NumPy; the messages are TensorFlow's. */
#include "tests/unit/ops/case.h"

Test(inplace, rows)
{
    static const op_case cases[] = {
        {"InplaceUpdate", "T=f32", {"f32[3,2] 1 2 3 4 5 6", "i32[2] 0 -1", "f32[2,2] 10 20 30 40"}, {"f32[3,2] 10 20 3 4 30 40"}},
        {"InplaceAdd", "T=f32", {"f32[3,2] 1 2 3 4 5 6", "i32[2] 1 1", "f32[2,2] 10 20 30 40"}, {"f32[3,2] 1 2 43 64 5 6"}},
        {"InplaceSub", "T=u8", {"u8[3] 1 2 3", "i32[2] 4 0", "u8[2] 3 1"}, {"u8[3] 0 255 3"}},
        {"InplaceAdd", "T=c64", {"c64[2] 1,2 3,4", "i32[1] 1", "c64[1] 1,-1"}, {"c64[2] 1,2 4,3"}},
        {"InplaceUpdate", "T=bool", {"bool[2] 0 0", "i32[1] 1", "bool[1] 1"}, {"bool[2] 0 1"}},
        {"InplaceAdd", "T=f32", {"f32[2] 1 2", "i32[] 1", "f32[1] 1"}, {0}, "i must be a vector. []"},
        {"InplaceAdd", "T=f32", {"f32[2,1] 1 2", "i32[1] 1", "f32[1] 1"}, {0}, "x and v shape doesn't match (ranks differ)"},
        {"InplaceAdd", "T=f32", {"f32[2,1] 1 2", "i32[1] 1", "f32[1,2] 1 1"}, {0}, "x and v shape doesn't match at index 1"},
        {"TensorScatterMax", "T=f32 Tindices=i32", {"f32[3] 1 5 3", "i32[3,1] 0 1 0", "f32[3] 4 2 3"}, {"f32[3] 4 5 3"}},
        {"TensorScatterMin", "T=i32 Tindices=i64", {"i32[3] 1 5 3", "i64[3,1] 0 1 1", "i32[3] 4 2 -3"}, {"i32[3] 1 -3 3"}},
        {"TensorScatterMax", "T=u64 Tindices=i32", {"u64[1] 18446744073709551615", "i32[1,1] 0", "u64[1] 1"}, {"u64[1] 18446744073709551615"}},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(inplace, layouts)
{
    static const op_case cases[] = {
        {"DataFormatDimMap", "T=i32 src_format='NHWC' dst_format='NCHW'", {"i32[6] 0 1 2 3 -1 -4"}, {"i32[6] 0 2 3 1 1 0"}},
        {"DataFormatDimMap", "T=i64 src_format='NHWC' dst_format='HWNC'", {"i64[] 0"}, {"i64[] 2"}},
        {"DataFormatDimMap", "T=i32 src_format='NHWC' dst_format='NCHW'", {"i32[1] 4"}, {0}, "an axis is out of range [-4, 4): 4"},
        {"DataFormatVecPermute", "T=i32 src_format='NHWC' dst_format='NCHW'", {"i32[4] 7 4 9 3"}, {"i32[4] 7 3 4 9"}},
        {"DataFormatVecPermute", "T=i32 src_format='NCHW' dst_format='NHWC'", {"i32[4,2] 1 2 3 4 5 6 7 8"}, {"i32[4,2] 1 2 5 6 7 8 3 4"}},
        {"DataFormatVecPermute", "T=i32 src_format='NHWC' dst_format='NCWH'", {"i32[2] 5 6"}, {"i32[2] 6 5"}},
        {"DataFormatVecPermute", "T=i32 src_format='NHWC' dst_format='NCHW'", {"i32[3] 1 2 3"}, {0}, "the layouts do not fit"},
    };

    case_run(cases, CASE_COUNT(cases));
}

/* The grid of 8 bits over [-1, 1] is moved to hold 0: 2 / 255 apart, from -127 to 128 of them. NumPy in float32. */
Test(inplace, fake_quant)
{
    static const op_case cases[] = {
        {"FakeQuantWithMinMaxVars",
         "",
         {"f32[5] -2 -0.5 0 0.3 2", "f32[] -1", "f32[] 1"},
         {"f32[5] -0.9960785 -0.5019608 0 0.2980392 1.0039215"},
         .tolerance = 1e-6},
        {"FakeQuantWithMinMaxArgs", "min=0.0 max=1.0 num_bits=2", {"f32[4] -1 0.3 0.6 5"}, {"f32[4] 0 0.33333334 0.6666667 1"}, .tolerance = 1e-6},
        {"FakeQuantWithMinMaxArgs", "min=0.0 max=1.0 num_bits=2 narrow_range=true", {"f32[3] 0.2 0.3 0.8"}, {"f32[3] 0 0.5 1"}, .tolerance = 1e-6},
        {"FakeQuantWithMinMaxVarsPerChannel", "num_bits=2", {"f32[2,2] 0.3 5 2 4", "f32[2] 0 0", "f32[2] 1 6"}, {"f32[2,2] 0.33333334 6 1 4"}, .tolerance = 1e-6},
        {"FakeQuantWithMinMaxVars", "", {"f32[1] 3", "f32[] 0", "f32[] 0"}, {"f32[1] 0"}},
        {"FakeQuantWithMinMaxArgs", "min=1.0 max=1.0", {"f32[1] 3"}, {0}, "min has to be smaller than max"},
        {"FakeQuantWithMinMaxVarsPerChannel", "", {"f32[1,2] 1 2", "f32[1] 0", "f32[2] 1 1"}, {0}, "min has incorrect size, expected 2 was 1"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(inplace, older_names)
{
    static const op_case cases[] = {
        {"BatchMatrixDiag", "T=f32", {"f32[2] 1 2"}, {"f32[2,2] 1 0 0 2"}},
        {"BatchMatrixDiagPart", "T=f32", {"f32[2,2] 1 2 3 4"}, {"f32[2] 1 4"}},
        {"BatchMatrixSetDiag", "T=f32", {"f32[2,2] 1 2 3 4", "f32[2] 7 8"}, {"f32[2,2] 7 2 3 8"}},
        {"BatchMatrixBandPart", "T=f32", {"f32[2,2] 1 2 3 4", "i64[] 0", "i64[] -1"}, {"f32[2,2] 1 2 0 4"}},
        {"BiasAddV1", "T=f32", {"f32[2,2] 1 2 3 4", "f32[2] 10 20"}, {"f32[2,2] 11 22 13 24"}},
        {"ConjugateTranspose", "T=c64", {"c64[1,2] 1,2 3,-4", "i32[2] 1 0"}, {"c64[2,1] 1,-2 3,4"}},
        {"ConjugateTranspose", "T=f32", {"f32[1,2] 1 2", "i32[2] 1 0"}, {"f32[2,1] 1 2"}},
        {"DeepCopy", "T=f32", {"f32[2] 1 2"}, {"f32[2] 1 2"}},
        {"GuaranteeConst", "T=str", {"str[1] a"}, {"str[1] a"}},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(inplace, assertions)
{
    static const op_case cases[] = {
        {"Assert", "T=[DT_INT32]", {"bool[] 1", "i32[] 1"}, {0}},
        {"Assert", "T=[DT_STRING,DT_FLOAT]", {"bool[] 0", "str[1] x", "f32[4] 1 2.5 3 4"}, {0}, "assertion failed: [x] [1 2.5 3...]"},
        {"Assert", "T=[DT_INT32] summarize=2", {"bool[] 0", "i32[2,2] 1 2 3 4"}, {0}, "assertion failed: [[1 2]...]"},
        {"Assert", "T=[DT_INT32] summarize=9", {"bool[] 0", "i32[2,2] 1 2 3 4"}, {0}, "assertion failed: [[1 2][3 4]]"},
        {"Assert", "T=[DT_BOOL] summarize=-1", {"bool[] 0", "bool[] 1"}, {0}, "assertion failed: [1]"},
        {"Assert", "T=[DT_INT32]", {"bool[1] 0", "i32[] 1"}, {0}, "In[0] should be a scalar"},
    };

    case_run(cases, CASE_COUNT(cases));
}
