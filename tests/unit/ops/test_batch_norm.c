/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values: numpy in double, rounded to the dtype; the gradients agree with difference quotients. */
#include "tests/unit/ops/case.h"

#define X        "f32[2,1,3,2] 1 2 3 4 5 7 -1 0.5 2 8 3 -2"
#define X_FIRST  "f32[1,2,3,2] 1 2 3 4 5 7 -1 0.5 2 8 3 -2"
#define SCALE    "f32[2] 1.5 -0.5"
#define OFFSET   "f32[2] 0.25 2"
#define MEAN     "f32[2] 1 2"
#define VARIANCE "f32[2] 4 0.5"
#define NONE     "f32[0]"

Test(batch_norm, inference)
{
    static const op_case cases[] = {
        {"FusedBatchNormV3",
         "T=f32 U=f32 is_training=false epsilon=0.001",
         {X, SCALE, OFFSET, MEAN, VARIANCE},
         {"f32[2,1,3,2] 0.25 2 1.7498124837875366 0.5871985554695129 3.2496249675750732 -1.53200364112854 "
          "-1.2498124837875366 3.059601068496704 0.9999062418937683 -2.2384045124053955 1.7498124837875366 "
          "4.825603008270264",
          MEAN, VARIANCE, MEAN, VARIANCE, "f32[] 0"},
         .tolerance = 2e-7},
        {"FusedBatchNorm",
         "T=f32 is_training=false epsilon=0.001 data_format='NCHW'",
         {X_FIRST, SCALE, OFFSET, MEAN, VARIANCE},
         {"f32[1,2,3,2] 0.25 0.9999062418937683 1.7498124837875366 2.4997189044952393 3.2496249675750732 "
          "4.7494378089904785 4.119202136993408 3.059601068496704 2 -2.2384045124053955 1.293599247932434 "
          "4.825603008270264",
          MEAN, VARIANCE, MEAN, VARIANCE},
         .tolerance = 2e-7},
        {"FusedBatchNormV2",
         "T=f16 U=f32 is_training=false epsilon=0.001",
         {"f16[2,1,3,2] 1 2 3 4 5 7 -1 0.5 2 8 3 -2", SCALE, OFFSET, MEAN, VARIANCE},
         {"f16[2,1,3,2] 0.25 2 1.75 0.58740234375 3.25 -1.5322265625 -1.25 3.060546875 1 -2.23828125 1.75 4.82421875",
          MEAN, VARIANCE}},
        {"FusedBatchNormV3",
         "T=f32 U=f32 is_training=false epsilon=0.001 data_format='NDHWC'",
         {"f32[1,2,1,1,2] 1 2 3 4", SCALE, OFFSET, MEAN, VARIANCE},
         {"f32[1,2,1,1,2] 0.25 2 1.7498124837875366 0.5871985554695129"},
         .tolerance = 2e-7},
        {"FusedBatchNorm",
         "T=f32 is_training=false",
         {X, SCALE, OFFSET, NONE, VARIANCE},
         {0},
         "When is_training=false, mean must have the same number of elements as the channels of x, got 0 and 2"},
        {"FusedBatchNorm",
         "T=f32",
         {"f32[2,3] 1 2 3 4 5 6", SCALE, OFFSET, NONE, NONE},
         {0},
         "input must be 4-dimensional[2,3]"},
        {"FusedBatchNormV3",
         "T=f32 U=f32",
         {"f32[1] 1", SCALE, OFFSET, NONE, NONE},
         {0},
         "input must be 4 or 5-dimensional[1]"},
        {"FusedBatchNorm", "T=f32", {X, "f32[1,2] 1 2", OFFSET, NONE, NONE}, {0}, "scale must be 1-dimensional[1,2]"},
        {"FusedBatchNorm",
         "T=f32",
         {X, SCALE, "f32[3] 1 2 3", NONE, NONE},
         {0},
         "offset must have the same number of elements as the channels of x, got 3 and 2"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(batch_norm, training)
{
    static const op_case cases[] = {
        {"FusedBatchNormV3",
         "T=f32 U=f32 epsilon=0.001",
         {X, SCALE, OFFSET, NONE, NONE},
         {"f32[2,1,3,2] -0.6890133619308472 2.178110361099243 0.9207237958908081 1.8931337594985962 2.530461072921753 "
          "1.465668797492981 -2.298750400543213 2.391842842102051 0.11585523933172226 1.3231805562973022 "
          "0.9207237958908081 2.748063564300537",
          "f32[2] 2.1666667461395264 3.25", "f32[2] 4.166666507720947 14.774999618530273",
          "f32[2] 2.1666667461395264 3.25", "f32[2] 3.472222328186035 12.3125", "f32[] 0"},
         .tolerance = 2e-7},
        {"FusedBatchNorm",
         "T=f32 epsilon=0.001 data_format='NCHW'",
         {X_FIRST, SCALE, OFFSET, NONE, NONE},
         {"f32[1,2,3,2] -1.7781094312667847 -1.0175684690475464 -0.25702735781669617 0.5035136938095093 "
          "1.264054775238037 2.7851369380950928 2.4213979244232178 2.191544532775879 1.96169114112854 "
          "1.042277216911316 1.808455467224121 2.5746335983276367",
          "f32[2] 3.6666667461395264 1.75", "f32[2] 4.666666507720947 12.774999618530273",
          "f32[2] 3.6666667461395264 1.75", "f32[2] 3.8888888359069824 10.645833015441895"},
         .tolerance = 2e-7},
        /* A quarter of the new statistics, three quarters of the old ones. */
        {"FusedBatchNormV2",
         "T=f32 U=f32 epsilon=0.001 exponential_avg_factor=0.25",
         {X, SCALE, OFFSET, MEAN, VARIANCE},
         {"f32[2,1,3,2] -0.6890133619308472 2.178110361099243 0.9207237958908081 1.8931337594985962 2.530461072921753 "
          "1.465668797492981 -2.298750400543213 2.391842842102051 0.11585523933172226 1.3231805562973022 "
          "0.9207237958908081 2.748063564300537",
          "f32[2] 1.2916666269302368 2.3125", "f32[2] 4.041666507720947 4.068749904632568",
          "f32[2] 2.1666667461395264 3.25", "f32[2] 3.472222328186035 12.3125"},
         .tolerance = 2e-7},
        {"FusedBatchNorm",
         "T=f32 exponential_avg_factor=0.25",
         {X, SCALE, OFFSET, MEAN, NONE},
         {0},
         "When exponential_avg_factor != 1, variance must have the same number of elements as the channels of x, got 0 and 2"},
        /* mean 2.5, biased variance 1.25, unbiased 5/3 */
        {"FusedBatchNorm",
         "T=f32",
         {"f32[4,1,1,1] 1 2 3 4", "f32[1] 1", "f32[1] 0", NONE, NONE},
         {"f32[4,1,1,1] -1.3415869792 -0.4471956597 0.4471956597 1.3415869792", "f32[1] 2.5", "f32[1] 1.6666666",
          "f32[1] 2.5", "f32[1] 1.25"},
         .tolerance = 3e-7},
        /* One element has no unbiased variance: 0. */
        {"FusedBatchNorm",
         "T=f32",
         {"f32[1,1,1,1] 7", "f32[1] 3", "f32[1] 2", NONE, NONE},
         {"f32[1,1,1,1] 2", "f32[1] 7", "f32[1] 0"}},
        {"FusedBatchNorm",
         "T=f32",
         {"f32[0,1,1,2]", "f32[2] 1 1", "f32[2] 0 0", NONE, NONE},
         {"f32[0,1,1,2]", "f32[2] nan nan", "f32[2] nan nan"}},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(batch_norm, gradient)
{
    static const char dy[] = "f32[2,1,3,2] 0.5 -1 2 1 0 3 -2 1 1 0.25 -0.5 4";
    static const op_case cases[] = {
        {"FusedBatchNormGradV3",
         "T=f32 U=f32 epsilon=0.001",
         {dy, X, SCALE, "f32[2] 2.1666667461395264 3.25", "f32[2] 3.472222328186035 12.3125", "f32[] 0"},
         {"f32[2,1,3,2] 0.5761972069740295 0.36086007952690125 1.2556582689285278 0.03996291756629944 -0.881920576095581 "
          "-0.2988944947719574 -0.9081324338912964 0.10282384604215622 0.7147106528282166 0.07498808950185776 "
          "-0.7565131187438965 -0.27974042296409607",
          "f32[2] 3.666623592376709 -2.6538448333740234", "f32[2] 1 8.25", "f32[0]", "f32[0]"},
         .tolerance = 2e-6},
        {"FusedBatchNormGrad",
         "T=f32 epsilon=0.001 is_training=false",
         {dy, X, SCALE, MEAN, VARIANCE},
         {"f32[2,1,3,2] 0.37495312094688416 0.7064007520675659 1.4998124837875366 -0.7064007520675659 0 -2.119202136993408 "
          "-1.4998124837875366 -0.7064007520675659 0.7499062418937683 -0.17660018801689148 -0.37495312094688416 "
          "-2.8256030082702637",
          "f32[2] 3.999500036239624 1.4128015041351318", "f32[2] 1 8.25", "f32[0]", "f32[0]"},
         .tolerance = 2e-7},
        {"FusedBatchNormGrad",
         "T=f32",
         {"f32[1,1,1,2] 1 2", X, SCALE, MEAN, VARIANCE},
         {0},
         "x and y_backprop must have same shape"},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(batch_norm, global_normalization)
{
    static const op_case cases[] = {
        {"BatchNormWithGlobalNormalization",
         "T=f32 variance_epsilon=0.001 scale_after_normalization=true",
         {X, MEAN, VARIANCE, OFFSET, SCALE},
         {"f32[2,1,3,2] 0.25 2 1.7498124837875366 0.5871985554695129 3.2496249675750732 -1.53200364112854 "
          "-1.2498124837875366 3.059601068496704 0.9999062418937683 -2.2384045124053955 1.7498124837875366 "
          "4.825603008270264"},
         .tolerance = 2e-7},
        {"BatchNormWithGlobalNormalization",
         "T=f32 variance_epsilon=0.001 scale_after_normalization=false",
         {X, MEAN, VARIANCE, OFFSET, SCALE},
         {"f32[2,1,3,2] 0.25 2 1.2498750686645508 4.825603008270264 2.2497501373291016 9.064007759094238 "
          "-0.749875009059906 -0.11920219659805298 0.7499375343322754 10.476808547973633 1.2498750686645508 "
          "-3.6512057781219482"},
         .tolerance = 3e-7},
    };

    case_run(cases, CASE_COUNT(cases));
}

Test(batch_norm, infer)
{
    static const op_case cases[] = {
        {"FusedBatchNormV3",
         "T=f32 U=f32",
         {"f32[n,4,m,3]", "f32[3]", "f32[3]", "f32[0]", "f32[0]"},
         {"[n,4,m,3]", "[3]", "[3]", "[3]", "[3]", "[]"}},
        {"FusedBatchNorm",
         "T=f32 is_training=false data_format='NCHW'",
         {"f32[n,k,4,4]", "f32[8]", "f32[8]", "f32[8]", "f32[8]"},
         {"[n,8,4,4]", "[8]"}},
        {"FusedBatchNorm", "T=f32", {"f32 ?", "f32[3]", "f32[3]", "f32[0]", "f32[0]"}, {"?", "[3]"}},
        {"FusedBatchNorm",
         "T=f32",
         {"f32[n,4]", "f32[4]", "f32[4]", "f32[0]", "f32[0]"},
         {0},
         "input must be 4-dimensional[?,4]"},
        {"FusedBatchNorm",
         "T=f32",
         {"f32[n,4,4,3]", "f32[4]", "f32[4]", "f32[0]", "f32[0]"},
         {0},
         "scale must have the same number of elements as the channels of x"},
        {"FusedBatchNormGrad",
         "T=f32",
         {"f32[n,4,4,3]", "f32[n,4,4,3]", "f32[3]", "f32[3]", "f32[3]"},
         {"[n,4,4,3]", "[3]", "[3]", "[0]", "[0]"}},
    };

    case_infer(cases, CASE_COUNT(cases));
}
