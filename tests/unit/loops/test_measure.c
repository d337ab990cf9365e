/* SPDX-License-Identifier: Apache-2.0 */
/* Measures of programs whose traffic is counted by hand. */
#include "fuse_helpers.h"

/* y = sin(x * x): apart, 1000 floats are read and written three times; fused, once. */
Test(measure, traffic_of_a_chain_before_and_after)
{
    bench b;
    loop_traffic t;
    bench_init(&b);
    int32_t x = bench_buffer(&b, BUFFER_FEED, STEPC_FLOAT32, "x", 1, DIMS(1000)),
            y = bench_buffer(&b, BUFFER_FETCH, STEPC_FLOAT32, "y", 1, DIMS(1000));
    int32_t u = bench_buffer(&b, BUFFER_ARENA, STEPC_FLOAT32, "u", 1, DIMS(1000)),
            v = bench_buffer(&b, BUFFER_ARENA, STEPC_FLOAT32, "v", 1, DIMS(1000));
    bench_op(&b, LOOP_MUL, u, x, x);
    bench_op(&b, LOOP_SIN, v, u, -1);
    bench_op(&b, LOOP_NEG, y, v, -1);
    loop_measure(b.p, &t);
    cr_expect_eq(t.bytes_moved, 6 * 4000);
    cr_expect_eq(t.bytes_inputs_outputs, 2 * 4000);
    cr_expect_eq(t.flops, 3000);
    cr_expect_eq(t.nests, 3);
    cr_assert_eq(loop_fuse(b.p, &test_isa, NULL), STEPC_OK);
    loop_measure(b.p, &t);
    cr_expect_eq(t.bytes_moved, 2 * 4000);
    cr_expect_eq(t.flops, 3000);
    cr_expect_eq(t.nests, 1);
    bench_release(&b);
}

/* 5 x 7 times 7 x 9: 35 + 63 + 45 floats; 2 * 5 * 9 * 7 operations. */
Test(measure, product)
{
    bench b;
    loop_traffic t;
    bench_init(&b);
    int32_t x = bench_buffer(&b, BUFFER_FEED, STEPC_FLOAT32, "x", 2, DIMS(5, 7)),
            w = bench_buffer(&b, BUFFER_FEED, STEPC_FLOAT32, "w", 2, DIMS(7, 9));
    int32_t y = bench_buffer(&b, BUFFER_FETCH, STEPC_FLOAT32, "y", 2, DIMS(5, 9));
    bench_matmul(&b, y, x, w);
    loop_measure(b.p, &t);
    cr_expect_eq(t.bytes_moved, 4 * (35 + 63 + 45));
    cr_expect_eq(t.flops, 2 * 5 * 9 * 7);
    bench_release(&b);
}

/* An unbounded symbol counts as 1024. */
Test(measure, symbols)
{
    bench b;
    loop_traffic t;
    bench_init(&b);
    size_ref n = size_symbol(&b.sizes, "n", 0, INT64_MAX);
    int32_t x = loop_buffer_new(b.p, BUFFER_FEED, STEPC_FLOAT32, &n, 1, "x"),
            y = loop_buffer_new(b.p, BUFFER_FETCH, STEPC_FLOAT32, &n, 1, "y");
    b.p->buffers[x].slot = b.p->buffers[y].slot = 0;
    bench_op(&b, LOOP_NEG, y, x, -1);
    loop_measure(b.p, &t);
    cr_expect_eq(t.bytes_moved, 2 * 4 * 1024);
    bench_release(&b);
}
