/* SPDX-License-Identifier: Apache-2.0 */
/* Known answers: TensorFlow's own, as published, and those worked out with an independent Philox. */
#include "runtime/ops/random.h"

#include "tests/unit/ops/kernel_harness.h"

#include <math.h>

Test(random, philox_known_answers)
{
    uint32_t out[4];
    philox g = {{0, 0, 0, 0}, {0, 0}};

    philox_words(&g, out);
    cr_expect(out[0] == 0x6627e8d5 && out[1] == 0xe169c58d && out[2] == 0xbc57ac4c && out[3] == 0x9b00dbd8);
    g.key[0] = 1;
    g.key[1] = 2;
    philox_words(&g, out);
    cr_expect(out[0] == 0x0598de3a && out[1] == 0x98d2802e && out[2] == 0x270f8f9e && out[3] == 0xeab709d3);
    philox_seed(&g, 1, 2);
    philox_words(&g, out);
    cr_expect(out[0] == 0xe73404cf && out[1] == 0x8cedc5d3 && out[2] == 0x3f071736 && out[3] == 0x0a0afddd);
    philox_skip(&g, 1);
    philox_words(&g, out);
    cr_expect_eq(out[0], 0xb7b4c173);
}

Test(random, skip_carries)
{
    philox g = {{0xffffffff, 0xffffffff, 0xffffffff, 6}, {0, 0}};

    philox_skip(&g, 2);
    cr_expect(g.counter[0] == 1 && g.counter[1] == 0 && g.counter[2] == 0 && g.counter[3] == 7);
    philox_skip(&g, UINT64_C(0x500000000));
    cr_expect(g.counter[0] == 1 && g.counter[1] == 5 && g.counter[2] == 0 && g.counter[3] == 7);
    philox_seed(&g, UINT64_C(0x1122334455667788), UINT64_C(0x99aabbccddeeff00));
    cr_expect(g.key[0] == 0x55667788 && g.key[1] == 0x11223344 && g.counter[0] == 0 && g.counter[1] == 0 &&
              g.counter[2] == 0xddeeff00 && g.counter[3] == 0x99aabbcc);
}

static void uniform_open(bench *b, int64_t seed, int64_t seed2, stepc_dtype dtype)
{
    char attrs[512];

    snprintf(attrs, sizeof attrs,
             "attr { key: 'T' value { type: DT_INT32 } } attr { key: 'dtype' value { type: %s } }"
             "attr { key: 'seed' value { i: %lld } } attr { key: 'seed2' value { i: %lld } }",
             dtype_enum(dtype), (long long)seed, (long long)seed2);
    bench_open_op(b, "RandomUniform", 1, STEPC_INT32, attrs);
}

static void uniform_run(bench *b, int32_t count)
{
    bench_feed(b, "x0", vector_make(STEPC_INT32, 1, &count));
    cr_assert_eq(bench_run(b, "op"), STEPC_OK, "%s", bench_message(b));
    cr_assert(has_dims(bench_output(b, "op"), 1, DIMS(count)));
}

Test(random, uniform_float32)
{
    static const double first[] = {0.23903739, 0.92039955, 0.05051243, 0.49574447};
    static const double other[] = {0.40639675, 0.85759962, 0.05539584, 0.08587229, 0.41215360};
    bench b;

    uniform_open(&b, 87654321, 1, STEPC_FLOAT32);
    uniform_run(&b, 4);
    for (int i = 0; i < 4; i++)
        cr_expect_lt(fabs(((float *)stepc_tensor_data(bench_output(&b, "op")))[i] - first[i]), 6e-9, "%d", i);
    bench_close(&b);

    /* A tail that is no multiple of 4. */
    uniform_open(&b, 1, 2, STEPC_FLOAT32);
    uniform_run(&b, 5);
    for (int i = 0; i < 5; i++)
        cr_expect_lt(fabs(((float *)stepc_tensor_data(bench_output(&b, "op")))[i] - other[i]), 6e-9, "%d", i);
    bench_close(&b);
}

/* The generator lives in the session: 256 counter steps for every element of an execution. */
Test(random, second_run_goes_on)
{
    bench b;
    float x;

    uniform_open(&b, 87654321, 1, STEPC_FLOAT32);
    uniform_run(&b, 1);
    x = *(float *)stepc_tensor_data(bench_output(&b, "op"));
    cr_expect_lt(fabs(x - 0.23903739), 6e-9);
    uniform_run(&b, 0);
    uniform_run(&b, 1);
    x = *(float *)stepc_tensor_data(bench_output(&b, "op"));
    cr_expect_lt(fabs(x - 0.22267115), 6e-9);
    bench_close(&b);
}

Test(random, uniform_float64)
{
    bench b;
    const double *x;

    uniform_open(&b, 1, 2, STEPC_FLOAT64);
    uniform_run(&b, 3);
    x = stepc_tensor_data(bench_output(&b, "op"));
    cr_expect_lt(fabs(x[0] - 0.25117450), 6e-9);
    cr_expect_lt(fabs(x[1] - 0.44316677), 6e-9);
    bench_close(&b);
}

/* Words e73404cf 8cedc5d3 3f071736 0a0afddd: the low 10 bits are 0cf 1d3 336 1dd, the low 7 are 4f 53 36 5d. */
Test(random, uniform_half_and_bfloat16)
{
    /* Bits of 207/1024, 467/1024, 822/1024, 477/1024 and of 79/128, 83/128, 54/128, 93/128. */
    static const uint16_t half[] = {0x3278, 0x374c, 0x3a6c, 0x3774}, bfloat16[] = {0x3f1e, 0x3f26, 0x3ed8, 0x3f3a};
    bench b;

    uniform_open(&b, 1, 2, STEPC_HALF);
    uniform_run(&b, 4);
    cr_expect_eq(memcmp(stepc_tensor_data(bench_output(&b, "op")), half, sizeof half), 0);
    bench_close(&b);
    uniform_open(&b, 1, 2, STEPC_BFLOAT16);
    uniform_run(&b, 4);
    cr_expect_eq(memcmp(stepc_tensor_data(bench_output(&b, "op")), bfloat16, sizeof bfloat16), 0);
    bench_close(&b);
}

Test(random, seeds_of_zero_take_entropy)
{
    bench a, b;

    uniform_open(&a, 0, 0, STEPC_FLOAT32);
    uniform_open(&b, 0, 0, STEPC_FLOAT32);
    a.entropy = 1;
    b.entropy = 2;
    uniform_run(&a, 4);
    uniform_run(&b, 4);
    cr_expect_neq(memcmp(stepc_tensor_data(bench_output(&a, "op")), stepc_tensor_data(bench_output(&b, "op")), 16), 0);
    bench_close(&a);
    bench_close(&b);
}

Test(random, refuses_bad_shapes)
{
    bench b;
    int32_t negative[] = {2, -1};
    int32_t scalar = 3;

    uniform_open(&b, 1, 2, STEPC_FLOAT32);
    bench_feed(&b, "x0", vector_make(STEPC_INT32, 2, negative));
    cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "Dimension -1 must be >= 0");
    bench_feed(&b, "x0", scalar_make(STEPC_INT32, &scalar));
    cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "shape must be a vector of {int32,int64}, got shape []");
    bench_close(&b);
}
