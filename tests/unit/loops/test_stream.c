/* SPDX-License-Identifier: Apache-2.0 */
/* Writes beside an accumulation: what the verifier takes and refuses, what they store, and when fusion makes them. */
#include "compiler/loops/fuse.h"
#include "fuse_helpers.h"

#include "runtime/core/error.h"

/* ---- text -------------------------------------------------------------------------------------- */

#define HEAD                                                                                                           \
    "loops 1\nprogram \"t\" operations=1\nbuffer b0 feed f32 [2,3] slot=0 hint=x\n"                                     \
    "buffer b1 fetch f32 [2,3] slot=0 hint=y\nbuffer b2 fetch f32 [2] slot=1 hint=s\n"                                  \
    "feed 0 f32 [2,3] b0 \"x\" \"x:0\"\nfetch 0 f32 [2,3] b1 \"y\" \"y:0\"\nfetch 1 f32 [2] b2 \"s\" \"s:0\"\n"
#define NEST                                                                                                           \
    "nest {\n  axis i0:2 space\n  axis i1:3 reduce\n  v0:f32 = read b0[3*i0 + i1]\n  v1:f32 = mul v0 v0\n"              \
    "  a0:f32 = sum v1\n  v2:f32 = acc a0\n"
#define TAIL "}\nend\n"

static loop_program *parsed(bench *b, const char *source)
{
    loop_program *p;
    stepc_error *error = stepc_error_new();
    memset(b, 0, sizeof *b);
    stepc_host_init(&b->host);
    arena_init(&b->memory, &b->host);
    size_pool_init(&b->sizes, &b->memory);
    stepc_code code = loop_parse(&b->host, &b->memory, &b->sizes, "t", source, strlen(source), &p, error);
    cr_assert_eq(code, STEPC_OK, "%s", stepc_error_message(error));
    stepc_error_free(error);
    return p;
}

Test(stream, stores_every_reduce_index_beside_the_sum)
{
    bench b;
    loop_program *p =
        parsed(&b, HEAD NEST "  write b1[3*i0 + i1] = v1\n  write b2[i0] = v2\n" TAIL);
    float x[6] = {1, 2, 3, 4, 5, 6};
    const float squares[6] = {1, 4, 9, 16, 25, 36}, sums[2] = {14, 77};
    stepc_error *error = stepc_error_new();
    stepc_view feed = {.data = x, .bytes = sizeof x, .dims = DIMS(2, 3), .rank = 2, .dtype = STEPC_FLOAT32};
    stepc_tensor *out[2] = {NULL, NULL};
    loop_run run = {.feeds = &feed, .fetches = out};
    cr_assert_eq(loop_verify(p, error), STEPC_OK, "%s", stepc_error_message(error));
    cr_assert_eq(loop_evaluate(p, &run, error), STEPC_OK, "%s", stepc_error_message(error));
    cr_assert_eq(memcmp(stepc_tensor_data(out[0]), squares, sizeof squares), 0);
    cr_assert_eq(memcmp(stepc_tensor_data(out[1]), sums, sizeof sums), 0);
    stepc_tensor_release(out[0]);
    stepc_tensor_release(out[1]);
    stepc_error_free(error);
    bench_release(&b);
}

Test(stream, text_goes_round)
{
    bench b, again;
    loop_program *p = parsed(&b, HEAD NEST "  write b1[3*i0 + i1] = v1\n  write b2[i0] = v2\n" TAIL);
    text first, second;
    text_init(&first, &b.host);
    loop_print(p, &first);
    text_init(&second, &b.host);
    loop_print(parsed(&again, first.data), &second);
    cr_assert_str_eq(first.data, second.data);
    cr_assert_not_null(strstr(first.data, "write b1[3*i0 + i1] = v1"));
    text_release(&first);
    text_release(&second);
    bench_release(&b);
    bench_release(&again);
}

Test(stream, the_verifier_refuses)
{
    static const struct {
        const char *source, *why;
    } cases[] = {
        {HEAD NEST "  write b1[3*i0 + i1] = v2\n  write b2[i0] = v2\n" TAIL, "depends on an accumulator"},
        {HEAD NEST "  write b1[3*i0] = v1\n  write b2[i0] = v2\n" TAIL, "depends on a reduce axis"},
        {HEAD NEST "  v3:bool = lt v0 v1\n  write b1[3*i0 + i1] = v1 if v3\n  write b2[i0] = v2\n" TAIL,
         "predicated or indirect"},
        {HEAD NEST "  write b1[3*i0 + 2*i1] = v1\n  write b2[i0] = v2\n" TAIL, "outside"},
        {HEAD NEST "  write b1[2*i0 + i1] = v1\n  write b2[i0] = v2\n" TAIL, "more than once"},
        {HEAD NEST "  write b1[i1] = v1\n  write b2[i0] = v2\n" TAIL, "more than once"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;
        loop_program *p = parsed(&b, cases[i].source);
        stepc_error *error = stepc_error_new();
        cr_expect_eq(loop_verify(p, error), STEPC_INTERNAL, "case %zu", i);
        cr_expect_not_null(strstr(stepc_error_message(error), cases[i].why), "case %zu: %s", i,
                           stepc_error_message(error));
        stepc_error_free(error);
        bench_release(&b);
    }
}

/* ---- fusion --------------------------------------------------------------------------------------- */

static int32_t streaming_writes(const bench *b)
{
    int32_t count = 0;
    for (int32_t s = 0; s < b->p->statement_count; s++) {
        const loop_nest *nest = b->p->statements[s].nest;
        for (int32_t i = 0; nest && i < nest->write_count; i++)
            count += write_streams(nest, &nest->writes[i]);
    }
    return count;
}

static void add_sum(bench *b, int32_t out, int32_t a, bool square)
{
    nest_builder n;
    nest_begin(&n, b->p);
    nest_axis(&n, b->p->buffers[a].extents[0], AXIS_SPACE);
    nest_axis(&n, b->p->buffers[a].extents[1], AXIS_REDUCE);
    int32_t v = nest_read(&n, a, AXES(0, 1));
    nest_write(&n, out, AXES(0), nest_acc(&n, ACC_SUM, square ? nest_binary(&n, LOOP_MUL, v, v) : v, true));
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
}

static int64_t columns; /* each test is a process of its own */

/* y = exp(x), fetched, and its sums over rows. */
static void build_exp_sum(bench *b)
{
    int32_t x = bench_buffer(b, BUFFER_FEED, STEPC_FLOAT32, "x", 2, DIMS(5, columns));
    int32_t y = bench_buffer(b, BUFFER_FETCH, STEPC_FLOAT32, "y", 2, DIMS(5, columns));
    int32_t s = bench_buffer(b, BUFFER_FETCH, STEPC_FLOAT32, "s", 1, DIMS(5));
    bench_op(b, LOOP_EXP, y, x, -1);
    add_sum(b, s, y, false);
}

Test(stream, a_sum_takes_its_producer_in)
{
    bench b;
    columns = 40;
    bench_fuse(&b, build_exp_sum, "exp and sum");
    cr_expect_eq(bench_nests(&b), 1);
    cr_expect_eq(streaming_writes(&b), 1);
    bench_release(&b);
}

Test(stream, a_short_row_stays_apart)
{
    bench b;
    columns = 3;
    bench_fuse(&b, build_exp_sum, "exp and sum of three");
    cr_expect_eq(bench_nests(&b), 2);
    cr_expect_eq(streaming_writes(&b), 0);
    bench_release(&b);
}

/* Softmax: most, exp, sum, scale; then the sum of the squares of what comes out. */
static void build_softmax(bench *b)
{
    int32_t x = bench_buffer(b, BUFFER_FEED, STEPC_FLOAT32, "x", 2, DIMS(7, 50));
    int32_t y = bench_buffer(b, BUFFER_FETCH, STEPC_FLOAT32, "y", 2, DIMS(7, 50));
    int32_t q = bench_buffer(b, BUFFER_FETCH, STEPC_FLOAT32, "q", 1, DIMS(7));
    int32_t most = bench_buffer(b, BUFFER_ARENA, STEPC_FLOAT32, "most", 1, DIMS(7));
    int32_t d = bench_buffer(b, BUFFER_ARENA, STEPC_FLOAT32, "d", 2, DIMS(7, 50));
    int32_t e = bench_buffer(b, BUFFER_ARENA, STEPC_FLOAT32, "e", 2, DIMS(7, 50));
    int32_t s = bench_buffer(b, BUFFER_ARENA, STEPC_FLOAT32, "s", 1, DIMS(7));
    bench_reduce(b, ACC_MAX, most, x);
    bench_rows(b, LOOP_SUB, d, x, most);
    bench_op(b, LOOP_EXP, e, d, -1);
    add_sum(b, s, e, false);
    bench_rows(b, LOOP_DIV, y, e, s);
    add_sum(b, q, y, true);
}

Test(stream, softmax_is_three_passes_in_one_group)
{
    bench b;
    bench_fuse(&b, build_softmax, "softmax");
    cr_expect_eq(bench_nests(&b), 3);
    cr_expect_eq(streaming_writes(&b), 2);
    cr_assert_eq(b.p->group_count, 1);
    cr_expect_eq(b.p->groups[0].count, 3);
    bench_release(&b);
}

/* y = x * 2, fetched; the greatest x of each row: one reading of x. */
static void build_siblings(bench *b)
{
    int32_t x = bench_buffer(b, BUFFER_FEED, STEPC_FLOAT32, "x", 2, DIMS(6, 64));
    int32_t y = bench_buffer(b, BUFFER_FETCH, STEPC_FLOAT32, "y", 2, DIMS(6, 64));
    int32_t m = bench_buffer(b, BUFFER_FETCH, STEPC_FLOAT32, "m", 1, DIMS(6));
    bench_op_const(b, LOOP_MUL, y, x, 2, false);
    bench_reduce(b, ACC_MAX, m, x);
}

Test(stream, a_reduction_of_an_input_that_is_read_anyway)
{
    bench b;
    bench_fuse(&b, build_siblings, "siblings");
    cr_expect_eq(bench_nests(&b), 1);
    bench_release(&b);
}

/* The elementwise nest needs the sum: it cannot run beside it. */
static void build_after(bench *b)
{
    int32_t x = bench_buffer(b, BUFFER_FEED, STEPC_FLOAT32, "x", 2, DIMS(6, 64));
    int32_t y = bench_buffer(b, BUFFER_FETCH, STEPC_FLOAT32, "y", 2, DIMS(6, 64));
    int32_t s = bench_buffer(b, BUFFER_ARENA, STEPC_FLOAT32, "s", 1, DIMS(6));
    add_sum(b, s, x, false);
    bench_rows(b, LOOP_SUB, y, x, s);
}

Test(stream, what_needs_the_sum_comes_after_it)
{
    bench b;
    bench_fuse(&b, build_after, "after");
    cr_expect_eq(bench_nests(&b), 2);
    cr_expect_eq(streaming_writes(&b), 0);
    bench_release(&b);
}

/* The sum reads the producer's rows in another order. */
static void build_turned(bench *b)
{
    int32_t x = bench_buffer(b, BUFFER_FEED, STEPC_FLOAT32, "x", 2, DIMS(32, 32));
    int32_t y = bench_buffer(b, BUFFER_FETCH, STEPC_FLOAT32, "y", 2, DIMS(32, 32));
    int32_t s = bench_buffer(b, BUFFER_FETCH, STEPC_FLOAT32, "s", 1, DIMS(32));
    nest_builder n;
    bench_op(b, LOOP_EXP, y, x, -1);
    nest_begin(&n, b->p);
    nest_axis(&n, b->p->buffers[y].extents[0], AXIS_SPACE);
    nest_axis(&n, b->p->buffers[y].extents[1], AXIS_REDUCE);
    nest_write(&n, s, AXES(0), nest_acc(&n, ACC_SUM, nest_read(&n, y, AXES(1, 0)), true));
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
}

Test(stream, columns_are_no_rows)
{
    bench b;
    bench_fuse(&b, build_turned, "turned");
    cr_expect_eq(bench_nests(&b), 2);
    cr_expect_eq(streaming_writes(&b), 0);
    bench_release(&b);
}

Test(stream, the_last_reader_asks_for_the_next_rows)
{
    bench b;
    bench_fuse(&b, build_softmax, "softmax");
    cr_assert_eq(loop_schedule(b.p, &test_isa, NULL), STEPC_OK);
    bench_verify(&b, "softmax");
    cr_expect_not(b.p->statements[0].nest->schedule.ahead, "most: reads x first");
    cr_expect(b.p->statements[1].nest->schedule.ahead, "exp and sum: reads x last");
    cr_expect_not(b.p->statements[2].nest->schedule.ahead, "scale: reads locals only");
    bench_release(&b);
}
