/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values: numpy in double, rounded to the dtype. */
#include "tests/unit/ops/case.h"

Test(normalization, softmax)
{
    static const op_case cases[] = {
        {"Softmax",
         "T=f64",
         {"f64[2,3] 1 2 3 -1 0 4"},
         {"f64[2,3] 0.09003057317038043 0.24472847105479767 0.6652409557748218 0.006573263185309083 0.0178679818703045 "
          "0.9755587549443865"},
         .tolerance = 1e-15},
        {"Softmax",
         "T=f32",
         {"f32[2,3] 1 2 3 -1 0 4"},
         {"f32[2,3] 0.09003057330846786 0.2447284758090973 0.6652409434318542 0.006573263090103865 "
          "0.017867982387542725 0.9755587577819824"}},
        {"Softmax",
         "T=f16",
         {"f16[1,2,3] 1 2 3 -1 0 4"},
         {"f16[1,2,3] 0.09002685546875 0.2447509765625 0.6650390625 0.006572723388671875 0.0178680419921875 "
          "0.9755859375"}},
        {"Softmax",
         "T=f64",
         {"f64[2] 1000 1001"},
         {"f64[2] 0.26894142136999516 0.7310585786300049"},
         .tolerance = 1e-15},
        {"Softmax", "T=bf16", {"bf16[2] 5 5"}, {"bf16[2] 0.5 0.5"}},
        {"Softmax", "T=f32", {"f32[2] 0 -inf"}, {"f32[2] 1 0"}},
        {"Softmax", "T=f32", {"f32[2] -inf -inf"}, {"f32[2] nan nan"}},
        {"Softmax", "T=f32", {"f32[2] inf 0"}, {"f32[2] nan nan"}},
        {"Softmax", "T=f32", {"f32[2,3] 1 nan 2 0 0 -inf"}, {"f32[2,3] nan nan nan 0.5 0.5 0"}},
        {"Softmax", "T=f32", {"f32[2,3] nan 1 2 nan nan nan"}, {"f32[2,3] nan nan nan nan nan nan"}},
        {"Softmax", "T=f32", {"f32[2,0]"}, {"f32[2,0]"}},
        {"Softmax", "T=f32", {"f32[1] 7"}, {"f32[1] 1"}},
        {"Softmax", "T=f32", {"f32[] 1"}, {0}, "logits must have >= 1 dimension, got []"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(normalization, log_softmax)
{
    static const op_case cases[] = {
        {"LogSoftmax",
         "T=f64",
         {"f64[2,3] 1 2 3 -1 0 4"},
         {"f64[2,3] -2.4076059644443806 -1.4076059644443804 -0.40760596444438035 -5.024744890138822 -4.024744890138822 "
          "-0.024744890138822587"},
         .tolerance = 1e-13},
        {"LogSoftmax",
         "T=f32",
         {"f32[1,2,3] 1 2 3 -1 0 4"},
         {"f32[1,2,3] -2.4076058864593506 -1.4076060056686401 -0.40760597586631775 -5.024744987487793 "
          "-4.024744987487793 -0.02474489063024521"}},
        {"LogSoftmax", "T=f16", {"f16[2] 2 2"}, {"f16[2] -0.693359375 -0.693359375"}},
        {"LogSoftmax", "T=f64", {"f64[2] 1000 2000"}, {"f64[2] -1000 0"}},
        {"LogSoftmax", "T=f32", {"f32[2] 0 -inf"}, {"f32[2] 0 -inf"}},
        {"LogSoftmax", "T=f32", {"f32[2] -inf -inf"}, {"f32[2] nan nan"}},
        {"LogSoftmax", "T=f32", {"f32[2,2] 1 nan 0 -inf"}, {"f32[2,2] nan nan 0 -inf"}},
        {"LogSoftmax", "T=f32", {"f32[3,0]"}, {"f32[3,0]"}},
        {"LogSoftmax", "T=f32", {"f32[] 1"}, {0}, "logits must have >= 1 dimension, got []"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(normalization, in_top_k)
{
    static const char rows[] = "f32[4,3] 1 3 2 1 3 2 5 5 4 1 inf 0";
    static const op_case cases[] = {
        {"InTopKV2", "T=i32", {rows, "i32[4] 1 0 0 0", "i32[] 1"}, {"bool[4] 1 0 1 0"}},
        {"InTopK", "T=i64 k=2", {rows, "i64[4] 2 0 1 1"}, {"bool[4] 1 0 1 0"}},
        {"InTopK", "T=i32 k=3", {rows, "i32[4] -1 3 2 0"}, {"bool[4] 0 0 1 0"}},
        {"InTopK", "T=i32 k=1", {"f32[0,3]", "i32[0]"}, {"bool[0]"}},
        {"InTopK",
         "T=i32 k=1",
         {rows, "i32[3] 0 0 0"},
         {0},
         "First dimension of predictions 4 must match length of targets 3"},
        {"InTopK", "T=i32 k=1", {"f32[1] 1", "i32[1] 0"}, {0}, "predictions must be 2-dimensional"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(normalization, cross_entropy)
{
    static const op_case cases[] = {
        {"SoftmaxCrossEntropyWithLogits",
         "T=f64",
         {"f64[2,3] 1 2 3 -1 0 4", "f64[2,3] 0.2 0.3 0.5 0 2 1"},
         {"f64[2] 1.1076059644443803 8.074234670416468",
          "f64[2,3] -0.10996942682961958 -0.05527152894520232 0.16524095577482178 0.006573263185309083 "
          "-1.9821320181296955 -0.024441245055613514"},
         .tolerance = 1e-14},
        {"SoftmaxCrossEntropyWithLogits",
         "T=f64",
         {"f64[2,3] 1 2 3 -1 0 4", "f64[1,3] 0.25 0.25 0.5"},
         {"f64[2] 1.1576059644443806 2.2747448901388223",
          "f64[2,3] -0.15996942682961957 -0.005271528945202331 0.16524095577482178 -0.2434267368146909 "
          "-0.2321320181296955 0.4755587549443865"},
         .tolerance = 1e-14},
        {"SoftmaxCrossEntropyWithLogits",
         "T=f64",
         {"f64[3] -1 0 4", "f64[1,3] 0.25 0.25 0.5"},
         {"f64[1] 2.2747448901388223", "f64[1,3] -0.2434267368146909 -0.2321320181296955 0.4755587549443865"},
         .tolerance = 1e-14},
        /* A label of 0 at -inf adds nothing. */
        {"SoftmaxCrossEntropyWithLogits", "T=f32", {"f32[1,2] 0 -inf", "f32[1,2] 1 0"}, {"f32[1] 0", "f32[1,2] 0 0"}},
        {"SoftmaxCrossEntropyWithLogits",
         "T=f32",
         {"f32[1,2] 0 -inf", "f32[1,2] 0 1"},
         {"f32[1] inf", "f32[1,2] 1 -1"}},
        {"SoftmaxCrossEntropyWithLogits",
         "T=f16",
         {"f16[1,2] 3 3", "f16[1,1] 1"},
         {"f16[1] 1.38671875", "f16[1,2] -0.5 -0.5"}},
        {"SoftmaxCrossEntropyWithLogits", "T=f32", {"f32[2,0]", "f32[2,0]"}, {"f32[2] 0 0", "f32[2,0]"}},
        {"SoftmaxCrossEntropyWithLogits", "T=f32", {"f32[0,2]", "f32[1,2] 1 1"}, {"f32[0]", "f32[0,2]"}},
        {"SoftmaxCrossEntropyWithLogits",
         "T=f32",
         {"f32[1,2] 1 2", "f32[1,3] 1 2 3"},
         {0},
         "logits and labels must be broadcastable: logits_size=[1,2] labels_size=[1,3]"},
        {"SoftmaxCrossEntropyWithLogits",
         "T=f32",
         {"f32[2] 1 2", "f32[2] 1 2"},
         {0},
         "logits and labels must be either 2-dimensional, or broadcasted to be 2-dimensional"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(normalization, sparse_cross_entropy)
{
    static const op_case cases[] = {
        {"SparseSoftmaxCrossEntropyWithLogits",
         "T=f64",
         {"f64[2,3] 1 2 3 -1 0 4", "i64[2] 2 0"},
         {"f64[2] 0.40760596444438035 5.024744890138822",
          "f64[2,3] 0.09003057317038043 0.24472847105479767 -0.3347590442251782 -0.993426736814691 0.0178679818703045 "
          "0.9755587549443865"},
         .tolerance = 1e-14},
        {"SparseSoftmaxCrossEntropyWithLogits",
         "T=f32 Tlabels=i32",
         {"f32[1,2] 4 4", "i32[1] 1"},
         {"f32[1] 0.6931471824645996", "f32[1,2] 0.5 -0.5"}},
        {"SparseSoftmaxCrossEntropyWithLogits", "T=f32", {"f32[0,3]", "i64[0]"}, {"f32[0]", "f32[0,3]"}},
        {"SparseSoftmaxCrossEntropyWithLogits",
         "T=f32",
         {"f32[1,5] 1 2 3 4 5", "i64[1] 9"},
         {0},
         "Received a label value of 9 which is outside the valid range of [0, 5)"},
        {"SparseSoftmaxCrossEntropyWithLogits",
         "T=f32",
         {"f32[1,5] 1 2 3 4 5", "i64[1] 5"},
         {0},
         "Received a label value of 5 which is outside the valid range of [0, 5)"},
        {"SparseSoftmaxCrossEntropyWithLogits",
         "T=f32",
         {"f32[1,5] 1 2 3 4 5", "i64[1] -1"},
         {0},
         "Received a label value of -1 which is outside the valid range of [0, 5)"},
        {"SparseSoftmaxCrossEntropyWithLogits",
         "T=f32",
         {"f32[1,2] 1 2", "i64[2] 0 0"},
         {0},
         "logits and labels must have the same first dimension, got logits shape [1,2] and labels shape [2]"},
        {"SparseSoftmaxCrossEntropyWithLogits",
         "T=f32",
         {"f32[2] 1 2", "i64[2] 0 0"},
         {0},
         "logits must be 2-D, but got shape [2]"},
        {"SparseSoftmaxCrossEntropyWithLogits",
         "T=f32",
         {"f32[1,2] 1 2", "i64[] 0"},
         {0},
         "labels must be 1-D, but got shape []"},
        {"SparseSoftmaxCrossEntropyWithLogits",
         "T=f32",
         {"f32[2,0]", "i64[2] 0 0"},
         {0},
         "Must have at least one class, but got logits shape [2,0]"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(normalization, infer)
{
    static const op_case cases[] = {
        {"Softmax", "T=f32", {"f32[n,3]"}, {"[n,3]"}},
        {"Softmax", "T=f32", {"f32 ?"}, {"?"}},
        {"Softmax", "T=f32", {"f32[]"}, {0}, "logits must have >= 1 dimension, got []"},
        {"SoftmaxCrossEntropyWithLogits", "T=f32", {"f32[n,3]", "f32[n,3]"}, {"[n]", "[n,3]"}},
        {"SoftmaxCrossEntropyWithLogits", "T=f32", {"f32[n,3]", "f32[1,3]"}, {"[n]", "[n,3]"}},
        {"SoftmaxCrossEntropyWithLogits", "T=f32", {"f32[n,3]", "f32 ?"}, {"[?]", "[?,?]"}},
        {"SoftmaxCrossEntropyWithLogits",
         "T=f32",
         {"f32[n,3]", "f32[n,2]"},
         {0},
         "logits and labels must be broadcastable: logits_size=[?,3] labels_size=[?,2]"},
        {"SparseSoftmaxCrossEntropyWithLogits", "T=f32", {"f32[n,3]", "i64[?]"}, {"[n]", "[n,3]"}},
        {"SparseSoftmaxCrossEntropyWithLogits", "T=f32", {"f32 ?", "i64[m]"}, {"[m]", "[m,?]"}},
        {"SparseSoftmaxCrossEntropyWithLogits",
         "T=f32",
         {"f32[2,3]", "i64[3]"},
         {0},
         "logits and labels must have the same first dimension, got logits shape [2,3] and labels shape [3]"},
    };

    case_infer(cases, CASE_COUNT(cases));
}
