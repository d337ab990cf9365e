/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ops/kernel_harness.h"

#define T_FLOAT " attr { key: 'T' value { type: DT_FLOAT } }"
#define DTYPE_FLOAT " attr { key: 'dtype' value { type: DT_FLOAT } }"
#define SHAPE_3 " attr { key: 'shape' value { shape { dim { size: 3 } } } }"

static const char graph[] =
    "node { name: 'v' op: 'VariableV2'" DTYPE_FLOAT SHAPE_3 " }"
    "node { name: 'r' op: 'VarHandleOp'" DTYPE_FLOAT SHAPE_3 " }"
    "node { name: 'x' op: 'Placeholder'" DTYPE_FLOAT " }"
    "node { name: 'alpha' op: 'Placeholder'" DTYPE_FLOAT " }"
    "node { name: 'delta' op: 'Placeholder'" DTYPE_FLOAT " }"
    "node { name: 'init_v' op: 'Assign' input: 'v' input: 'x'" T_FLOAT " }"
    "node { name: 'init_r' op: 'AssignVariableOp' input: 'r' input: 'x'" DTYPE_FLOAT " }"
    "node { name: 'step_v' op: 'ApplyGradientDescent' input: 'v' input: 'alpha' input: 'delta'" T_FLOAT " }"
    "node { name: 'step_r' op: 'ResourceApplyGradientDescent' input: 'r' input: 'alpha' input: 'delta'" T_FLOAT " }"
    "node { name: 'get' op: 'ReadVariableOp' input: 'r'" DTYPE_FLOAT " }";

Test(training, gradient_descent)
{
    bench b;
    float x[] = {1, 2, 0.1f}, delta[] = {10, -4, 0.3f}, alpha = 0.1f, two[] = {0.5f, 0.5f};
    float want[3];
    const float *got;

    for (int i = 0; i < 3; i++) {
        volatile float step = alpha * delta[i]; /* each operation rounds to float32 */

        want[i] = x[i] - step;
    }
    bench_open(&b, graph);
    cr_assert_eq(bench_run(&b, "v"), STEPC_OK);
    cr_assert_eq(bench_run(&b, "r"), STEPC_OK);
    bench_feed(&b, "x", vector_make(STEPC_FLOAT32, 3, x));
    bench_feed(&b, "alpha", scalar_make(STEPC_FLOAT32, &alpha));
    bench_feed(&b, "delta", vector_make(STEPC_FLOAT32, 3, delta));

    cr_expect_eq(bench_run(&b, "step_v"), STEPC_FAILED_PRECONDITION);
    cr_expect_str_eq(bench_message(&b), "Attempting to use uninitialized variables: v");
    cr_expect_eq(bench_run(&b, "step_r"), STEPC_FAILED_PRECONDITION);
    cr_expect_str_eq(bench_message(&b), "Attempting to use uninitialized variables: r");

    cr_assert_eq(bench_run(&b, "init_v"), STEPC_OK);
    cr_assert_eq(bench_run(&b, "init_r"), STEPC_OK);
    cr_assert_eq(bench_run(&b, "get"), STEPC_OK);
    cr_assert_eq(bench_run(&b, "step_v"), STEPC_OK, "%s", bench_message(&b));
    got = stepc_tensor_data(bench_output(&b, "step_v"));
    cr_expect(got[0] == want[0] && got[1] == want[1] && got[2] == want[2]);
    cr_expect_not_null(b.variables[bench_op(&b, "step_v")->index][0]);
    cr_assert_eq(bench_run(&b, "step_r"), STEPC_OK);
    got = stepc_tensor_data(bench_output(&b, "get"));
    cr_expect(got[0] == x[0] && got[1] == x[1] && got[2] == x[2]); /* read before */
    cr_assert_eq(bench_run(&b, "get"), STEPC_OK);
    got = stepc_tensor_data(bench_output(&b, "get"));
    cr_expect(got[0] == want[0] && got[1] == want[1] && got[2] == want[2]);

    bench_feed(&b, "alpha", vector_make(STEPC_FLOAT32, 2, two));
    cr_expect_eq(bench_run(&b, "step_v"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "alpha is not a scalar: [2]");
    bench_feed(&b, "alpha", scalar_make(STEPC_FLOAT32, &alpha));
    bench_feed(&b, "delta", vector_make(STEPC_FLOAT32, 2, two));
    cr_expect_eq(bench_run(&b, "step_r"), STEPC_INVALID_ARGUMENT);
    bench_close(&b);
}
