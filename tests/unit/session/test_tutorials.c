/* SPDX-License-Identifier: Apache-2.0 */
/* The programs that TensorFlow 1 tutorials begin with. */
#include "session_fixture.h"

Test(tutorials, constants_10_and_5_give_15)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, FLOAT_CONST("a", "10") FLOAT_CONST("b", "5") FLOAT_BINARY("c", "Add", "a", "b"), engines[i]);
        cr_assert_eq(run_fetch(&s, "c"), 15.0f);
        cr_assert_eq(run_fetch(&s, "c"), 15.0f);
        step_close(&s);
    }
}

Test(tutorials, placeholder_times_2_fed_5_gives_10)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, FLOAT_PLACEHOLDER("x") FLOAT_CONST("two", "2") FLOAT_BINARY("y", "Mul", "x", "two"), engines[i]);
        const float fed[] = {5.0f, -1.5f, 0.0f}, expected[] = {10.0f, -3.0f, 0.0f};
        for (size_t j = 0; j < 3; j++) {
            step_reset(&s);
            step_feed(&s, "x", fed[j]);
            step_fetch(&s, "y");
            step_must_run(&s);
            cr_assert_eq(step_result(&s, 0), expected[j]);
        }
        step_close(&s);
    }
}

Test(tutorials, three_fetches_in_one_run_come_in_the_order_asked_for)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, FLOAT_CONST("a", "1") FLOAT_CONST("b", "2") FLOAT_BINARY("c", "Add", "a", "b"), engines[i]);
        step_fetch(&s, "c");
        step_fetch(&s, "a");
        step_fetch(&s, "b");
        step_must_run(&s);
        cr_assert_eq(step_result(&s, 0), 3.0f);
        cr_assert_eq(step_result(&s, 1), 1.0f);
        cr_assert_eq(step_result(&s, 2), 2.0f);
        step_close(&s);
    }
}

Test(tutorials, tensors_that_hang_on_each_other_give_20)
{
    for EACH_ENGINE(i) {
        step s;
        /* a = 2, b = a + 3 = 5, c = a * b = 10, d = c + c = 20 */
        step_open(&s,
                  FLOAT_BINARY("d", "Add", "c", "c") FLOAT_BINARY("c", "Mul", "a", "b") FLOAT_CONST("a", "2")
                      FLOAT_CONST("three", "3") FLOAT_BINARY("b", "Add", "a", "three"),
                  engines[i]);
        cr_assert_eq(run_fetch(&s, "d"), 20.0f);
        step_close(&s);
    }
}

Test(tutorials, five_times_six_is_thirty)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, FLOAT_CONST("a", "5") FLOAT_CONST("b", "6") FLOAT_BINARY("c", "Mul", "a", "b"), engines[i]);
        cr_assert_eq(run_fetch(&s, "c"), 30.0f);
        step_close(&s);
    }
}

/* loss = (w * x - y)^2 with x = 2, y = 6; gradient = 2 * x * (w * x - y); w -> 3. */
#define LINE                                                                                                           \
    FLOAT_PLACEHOLDER("x") FLOAT_PLACEHOLDER("y") FLOAT_CONST("start", "0") FLOAT_CONST("rate", "0.1")                 \
    FLOAT_CONST("two", "2") FLOAT_BINARY("wx", "Mul", "read", "x") FLOAT_BINARY("error", "Sub", "wx", "y")             \
    FLOAT_UNARY("loss", "Square", "error") FLOAT_BINARY("twice", "Mul", "two", "x")                                    \
    FLOAT_BINARY("gradient", "Mul", "twice", "error")

static void train(step *s)
{
    float loss = 1e9f;
    run_target(s, "init");
    cr_assert_eq(run_fetch(s, "read"), 0.0f);
    for (int round = 0; round < 40; round++) {
        step_reset(s);
        step_feed(s, "x", 2.0f);
        step_feed(s, "y", 6.0f);
        step_fetch(s, "loss");
        step_target(s, "train");
        step_must_run(s);
        /* By hand: w0 = 0, error -6, loss 36; w1 = 2.4, error -1.2, loss 1.44; each error is 0.2 times the last. */
        float now = step_result(s, 0);
        if (round == 0)
            cr_assert_eq(now, 36.0f);
        if (round == 1)
            cr_assert_float_eq(now, 1.44f, 1e-5f);
        cr_assert_leq(now, loss);
        loss = now;
    }
    cr_assert_lt(loss, 1e-10f);
    cr_assert_float_eq(run_fetch(s, "read"), 3.0f, 1e-5f);
}

Test(tutorials, a_training_loop_with_reference_variables_converges)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s,
                  FLOAT_VARIABLE("w") LINE FLOAT_UNARY("read", "Identity", "w")
                      FLOAT_BINARY("assign", "Assign", "w", "start")
                  "node { name: 'init' op: 'NoOp' input: '^assign' }\n"
                  "node { name: 'train' op: 'ApplyGradientDescent' input: 'w' input: 'rate' input: 'gradient' "
                  "attr { key: 'T' value { type: DT_FLOAT } } }\n",
                  engines[i]);
        train(&s);
        step_close(&s);
    }
}

Test(tutorials, a_training_loop_with_resource_variables_converges)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s,
                  FLOAT_HANDLE("w") LINE
                  "node { name: 'read' op: 'ReadVariableOp' input: 'w' attr { key: 'dtype' value { type: DT_FLOAT } } }\n"
                  "node { name: 'assign' op: 'AssignVariableOp' input: 'w' input: 'start' "
                  "attr { key: 'dtype' value { type: DT_FLOAT } } }\n"
                  "node { name: 'init' op: 'NoOp' input: '^assign' }\n"
                  "node { name: 'train' op: 'ResourceApplyGradientDescent' input: 'w' input: 'rate' input: 'gradient' "
                  "attr { key: 'T' value { type: DT_FLOAT } } }\n",
                  engines[i]);
        train(&s);
        step_close(&s);
    }
}
