/* SPDX-License-Identifier: Apache-2.0 */
/* Training: init, train and infer of one module, step for step with the session. */
#include "rig.h"

/* Linear regression with a two-layer network written out: loss = mean over rows of softmax cross entropy. */
#define DATA PLACEHOLDER("x", "FLOAT", DIM(8) DIM(4)) PLACEHOLDER("labels", "FLOAT", DIM(8) DIM(3))
#define RATE CONST("rate", "FLOAT", "", "float_val: 0.3")
#define START                                                                                            \
    CONST("w0", "FLOAT", DIM(4) DIM(3), "float_val: 0.1 float_val: -0.2 float_val: 0.3 float_val: 0.05") \
    CONST("b0", "FLOAT", DIM(3), "float_val: 0")
#define FORWARD(w, b)                                                                                       \
    BINARY("product", "MatMul", "FLOAT", "x", w)                                                            \
    BINARY("logits", "BiasAdd", "FLOAT", "product", b) UNARY("probabilities", "Softmax", "FLOAT", "logits") \
        BINARY("loss", "SoftmaxCrossEntropyWithLogits", "FLOAT", "logits", "labels")
#define BACKWARD                                                                                    \
    NODE("w_gradient", "MatMul", IN("x") IN("loss:1") TYPE("T", "FLOAT") FLAG("transpose_a", true)) \
    UNARY("b_gradient", "BiasAddGrad", "FLOAT", "loss:1")
#define DESCEND(name, v, gradient) NODE(name, "ApplyGradientDescent", IN(v) IN("rate") IN(gradient) TYPE("T", "FLOAT"))
#define REFERENCES                                                                                       \
    DATA RATE START VARIABLE("w", "FLOAT", DIM(4) DIM(3)) VARIABLE("b", "FLOAT", DIM(3))                 \
        BINARY("w_init", "Assign", "FLOAT", "w", "w0") BINARY("b_init", "Assign", "FLOAT", "b", "b0")    \
            NO_OP("init", IN("^w_init") IN("^b_init")) UNARY("w_read", "Identity", "FLOAT", "w")         \
                UNARY("b_read", "Identity", "FLOAT", "b") FORWARD("w_read", "b_read")                    \
                    BACKWARD DESCEND("w_train", "w", "w_gradient") DESCEND("b_train", "b", "b_gradient") \
                        NO_OP("train", IN("^w_train") IN("^b_train"))
#define DESCEND_HANDLE(name, v, gradient) \
    NODE(name, "ResourceApplyGradientDescent", IN(v) IN("rate") IN(gradient) TYPE("T", "FLOAT"))
#define RESOURCES                                                                                                \
    DATA RATE START HANDLE("w", "FLOAT", DIM(4) DIM(3)) HANDLE("b", "FLOAT", DIM(3))                             \
        ASSIGN_HANDLE("w_init", "FLOAT", "w", "w0") ASSIGN_HANDLE("b_init", "FLOAT", "b", "b0")                  \
            NO_OP("init", IN("^w_init") IN("^b_init")) READ("w_read", "FLOAT", "w") READ("b_read", "FLOAT", "b") \
                FORWARD("w_read", "b_read") BACKWARD DESCEND_HANDLE("w_train", "w", "w_gradient")                \
                    DESCEND_HANDLE("b_train", "b", "b_gradient") NO_OP("train", IN("^w_train") IN("^b_train"))

static stepc_tensor *one_hot(int shift)
{
    stepc_tensor *t = tensor_make(STEPC_FLOAT32, DIMS(8, 3));
    for (int i = 0; i < 24; i++)
        ((float *)stepc_tensor_data(t))[i] = i % 3 == (i / 3 * 5 + shift) % 3;
    return t;
}

static float total(const rig *r)
{
    float sum = 0;
    for (int i = 0; i < 8; i++)
        sum += got_float(r, 0, i);
    return sum;
}

static void train_20_steps(const char *source)
{
    rig r;
    rig_open(&r, source);
    r.tolerance = 1e-4;
    int init = rig_add(&r, "", "", "init"), train = rig_add(&r, "x labels", "loss w_read b_read", "train");
    int infer = rig_add(&r, "x", "probabilities w_read b_read", "");
    cr_assert_eq(r.shared[1].count, 4);
    rig_feed(&r, noise(DIMS(8, 4), 1));
    rig_feed(&r, one_hot(0));
    rig_run_fails(&r, train, STEPC_FAILED_PRECONDITION, "ninitialized");
    rig_forget(&r);
    rig_run(&r, init);
    float first = 0;
    for (int i = 0; i < 20; i++) {
        rig_feed(&r, noise(DIMS(8, 4), 1));
        rig_feed(&r, one_hot(0));
        rig_run(&r, train);
        first = i == 0 ? total(&r) : first;
        if (i == 19)
            cr_assert_lt(total(&r), 0.8f * first, "the loss falls: %g of %g", (double)total(&r), (double)first);
        rig_forget(&r);
    }
    rig_feed(&r, noise(DIMS(8, 4), 9));
    rig_run(&r, infer);
    rig_close(&r);
}

Test(training, reference_variables) { train_20_steps(REFERENCES); }

Test(training, resource_variables) { train_20_steps(RESOURCES); }

/* By hand: 10 - 0.5 * 4 = 8, then 8 - 0.5 * 4 = 6. Halves: 10 - round(0.1h * 4). */
Test(training, one_step_by_hand)
{
    rig r;
    rig_open(&r, VARIABLE("v", "FLOAT", DIM(1)) CONST("ten", "FLOAT", DIM(1), "float_val: 10")
                     CONST("half", "FLOAT", "", "float_val: 0.5") CONST("four", "FLOAT", DIM(1), "float_val: 4")
                         BINARY("assign", "Assign", "FLOAT", "v", "ten")
                             NODE("train", "ApplyGradientDescent", IN("v") IN("half") IN("four") TYPE("T", "FLOAT")));
    int assign = rig_add(&r, "", "", "assign"), train = rig_add(&r, "", "train", "");
    rig_run(&r, assign);
    rig_run(&r, train);
    cr_assert_eq(got_float(&r, 0, 0), 8.0f);
    rig_run(&r, train);
    cr_assert_eq(got_float(&r, 0, 0), 6.0f);
    rig_close(&r);
}

/* Fed learning rate of the wrong rank. */
Test(training, alpha_is_a_scalar)
{
    rig r;
    rig_open(&r, VARIABLE("v", "FLOAT", DIM(2)) PLACEHOLDER("rate", "FLOAT", DIM(1))
                     CONST("g", "FLOAT", DIM(2), "float_val: 4")
                         NODE("train", "ApplyGradientDescent", IN("v") IN("rate") IN("g") TYPE("T", "FLOAT")));
    rig_refuses(&r, "rate", "", "train", STEPC_INVALID_ARGUMENT, "rank 0");
    rig_close(&r);
}

/* var - alpha * delta with both steps rounded to the dtype. */
Test(training, narrow_and_wide_dtypes)
{
    static const char *const dtypes[] = {"HALF", "BFLOAT16", "DOUBLE"};
    static const char *const values[][3] = {
        {"half_val: 0x3C01", "half_val: 0x2E66", "half_val: 0x4501"}, /* 1+, 0.1, 5+ */
        {"half_val: 0x3F81", "half_val: 0x3DCD", "half_val: 0x40A1"},
        {"double_val: 1.1", "double_val: 0.1", "double_val: 5.3"}};
    for (int i = 0; i < 3; i++) {
        char source[2000];
        snprintf(
            source, sizeof source,
            NODE(
                "v", "VariableV2",
                "attr { key: 'dtype' value { type: DT_%s } } " SHAPE(DIM(
                    3))) "node { name: 'start' op: 'Const' attr { key: 'dtype' value { type: DT_%s } } attr { key: 'value' value { tensor { dtype: DT_%s "
                         "tensor_shape { dim { size: 3 } } %s } } } }\n"
                         "node { name: 'rate' op: 'Const' attr { key: 'dtype' value { type: DT_%s } } attr { key: 'value' value { tensor { dtype: DT_%s "
                         "tensor_shape { } %s } } } }\n"
                         "node { name: 'g' op: 'Const' attr { key: 'dtype' value { type: DT_%s } } attr { key: 'value' value { tensor { dtype: DT_%s "
                         "tensor_shape { dim { size: 3 } } %s } } } }\n" NODE(
                             "assign", "Assign", IN("v") IN("start") "attr { key: 'T' value { type: DT_%s } } ")
                             NODE("train", "ApplyGradientDescent",
                                  IN("v") IN("rate") IN("g") "attr { key: 'T' value { type: DT_%s } } "),
            dtypes[i], dtypes[i], dtypes[i], values[i][0], dtypes[i], dtypes[i], values[i][1], dtypes[i], dtypes[i],
            values[i][2], dtypes[i], dtypes[i]);
        rig r;
        rig_open(&r, source);
        r.tolerance = 0;
        int assign = rig_add(&r, "", "", "assign"), train = rig_add(&r, "", "train", "");
        rig_run(&r, assign);
        for (int k = 0; k < 5; k++)
            rig_run(&r, train);
        rig_close(&r);
    }
}
