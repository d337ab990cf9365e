/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling: a function of the nest and the profile, within the limits of registers and lanes. */
#include "fuse_helpers.h"

static const isa_profile neon = {.name = "neon", .vector_bytes = 16, .registers = 32, .l1_bytes = 32768};
static const isa_profile scalar = {.name = "c99", .registers = 16, .l1_bytes = 32768};

static const nest_schedule *schedule(bench *b, const isa_profile *isa)
{
    cr_assert_eq(loop_schedule(b->p, isa, NULL), STEPC_OK);
    return &b->p->statements[0].nest->schedule;
}

Test(schedule, elementwise_goes_into_lanes_along_the_last_axis)
{
    bench b;
    bench_init(&b);
    int32_t x = bench_buffer(&b, BUFFER_FEED, STEPC_FLOAT32, "x", 2, DIMS(6, 100));
    int32_t y = bench_buffer(&b, BUFFER_FETCH, STEPC_FLOAT32, "y", 2, DIMS(6, 100));
    bench_op(&b, LOOP_SIN, y, x, -1);
    const nest_schedule *s = schedule(&b, &test_isa);
    cr_expect(s->is_set);
    cr_expect_eq(s->vector_axis, 1);
    cr_expect_eq(s->jam, 4);
    cr_expect_eq(s->row_axis, -1);
    s = schedule(&b, &scalar);
    cr_expect_eq(s->vector_axis, -1);
    cr_expect_eq(s->jam, 1);
    bench_release(&b);
}

Test(schedule, product_gets_a_register_tile)
{
    bench b;
    bench_init(&b);
    int32_t x = bench_buffer(&b, BUFFER_FEED, STEPC_FLOAT32, "x", 2, DIMS(40, 50)),
            w = bench_buffer(&b, BUFFER_FEED, STEPC_FLOAT32, "w", 2, DIMS(50, 48));
    int32_t y = bench_buffer(&b, BUFFER_FETCH, STEPC_FLOAT32, "y", 2, DIMS(40, 48));
    bench_matmul(&b, y, x, w);
    const nest_schedule *s = schedule(&b, &test_isa);
    cr_expect_eq(s->vector_axis, 1);
    cr_expect_eq(s->row_axis, 0);
    cr_expect_eq(s->jam, 2);
    cr_expect_eq(s->row_tile, 6);
    cr_expect(s->outline);
    s = schedule(&b, &neon);
    cr_expect_eq(s->vector_axis, 1);
    cr_expect_eq(s->jam, 3);
    cr_expect_eq(s->row_tile, 8);
    cr_expect_leq(s->jam * s->row_tile + s->jam + 1, 32);
    bench_release(&b);
}

/* Sums over the contiguous axis are split only when they may be; exact programs never. */
Test(schedule, sums_keep_their_order_in_exact_programs)
{
    for (int exact = 0; exact < 2; exact++) {
        bench b;
        bench_init(&b);
        int32_t x = bench_buffer(&b, BUFFER_FEED, STEPC_FLOAT32, "x", 2, DIMS(4, 100)),
                y = bench_buffer(&b, BUFFER_FETCH, STEPC_FLOAT32, "y", 1, DIMS(4));
        nest_builder n;
        nest_begin(&n, b.p);
        nest_axis(&n, size_const(&b.sizes, 4), AXIS_SPACE);
        nest_axis(&n, size_const(&b.sizes, 100), AXIS_REDUCE);
        nest_write(&n, y, AXES(0), nest_acc(&n, ACC_SUM, nest_read(&n, x, AXES(0, 1)), true));
        cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
        b.p->exact = exact;
        const nest_schedule *s = schedule(&b, &test_isa);
        cr_expect_eq(s->vector_axis, exact ? -1 : 1);
        cr_expect_eq(s->partial_sums, exact ? 1 : 4);
        bench_release(&b);
    }
}

/* Sums over rows keep their order however many lanes work side by side. */
Test(schedule, column_sums_use_lanes_in_exact_programs)
{
    bench b;
    bench_init(&b);
    int32_t x = bench_buffer(&b, BUFFER_FEED, STEPC_FLOAT32, "x", 2, DIMS(30, 64)),
            y = bench_buffer(&b, BUFFER_FETCH, STEPC_FLOAT32, "y", 1, DIMS(64));
    nest_builder n;
    nest_begin(&n, b.p);
    nest_axis(&n, size_const(&b.sizes, 64), AXIS_SPACE);
    nest_axis(&n, size_const(&b.sizes, 30), AXIS_REDUCE);
    nest_write(&n, y, AXES(0), nest_acc(&n, ACC_SUM, nest_read(&n, x, AXES(1, 0)), false));
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
    b.p->exact = true;
    const nest_schedule *s = schedule(&b, &test_isa);
    cr_expect_eq(s->vector_axis, 0);
    cr_expect_eq(s->partial_sums, 1);
    bench_release(&b);
}

/* Lanes evaluate the arm that a select skips: vectors of elements side by side ask whether they lie inside, all others
 * that may lie outside stay scalar. */
static int32_t guarded_lanes(stepc_dtype dtype, int step)
{
    bench b;
    bench_init(&b);
    int32_t x = bench_buffer(&b, BUFFER_FEED, dtype, "x", 1, DIMS(100)),
            y = bench_buffer(&b, BUFFER_FETCH, dtype, "y", 1, DIMS(104));
    nest_builder n;
    nest_begin(&n, b.p);
    nest_axis(&n, size_const(&b.sizes, 104), AXIS_SPACE);
    loop_index shifted = {
        .base = size_const(&b.sizes, -2), .coefs = (size_ref[]){size_const(&b.sizes, step)}, .indirect = -1};
    int32_t at = nest_binary(&n, LOOP_SUB, nest_axis_value(&n, 0), nest_const_i64(&n, STEPC_INT64, 2));
    int32_t inside = nest_in_range(&n, at, size_const(&b.sizes, 100));
    int32_t v = nest_select(&n, inside, nest_read_index(&n, x, &shifted), nest_const_i64(&n, dtype, 0));
    nest_write(&n, y, AXES(0), v);
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
    int32_t axis = schedule(&b, &test_isa)->vector_axis;
    bench_release(&b);
    return axis;
}

Test(schedule, guarded_accesses_in_lanes_are_side_by_side)
{
    cr_expect_eq(guarded_lanes(STEPC_FLOAT32, 1), 0);
    cr_expect_eq(guarded_lanes(STEPC_INT64, 1), 0);
    cr_expect_eq(guarded_lanes(STEPC_FLOAT32, -1), -1);
    cr_expect_eq(guarded_lanes(STEPC_INT8, 1), -1);
}

/* y = OP(x) for a square, or its transpose; *ROWS: those worked on side by side. */
static int32_t lanes_of(stepc_dtype dtype, bool is_transposed, loop_op op, int32_t *rows)
{
    bench b;
    bench_init(&b);
    int32_t x = bench_buffer(&b, BUFFER_FEED, dtype, "x", 2, DIMS(64, 64)),
            y = bench_buffer(&b, BUFFER_FETCH, dtype, "y", 2, DIMS(64, 64));
    nest_builder n;
    nest_begin(&n, b.p);
    nest_axis(&n, size_const(&b.sizes, 64), AXIS_SPACE);
    nest_axis(&n, size_const(&b.sizes, 64), AXIS_SPACE);
    int32_t v = nest_unary(&n, op, nest_read(&n, x, is_transposed ? AXES(1, 0) : AXES(0, 1)));
    nest_write(&n, y, AXES(0, 1), v);
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
    const nest_schedule *s = schedule(&b, &test_isa);
    int32_t axis = s->vector_axis;
    *rows = s->row_axis == 0 ? s->row_tile : 1;
    bench_release(&b);
    return axis;
}

Test(schedule, what_lanes_load_and_store)
{
    static const struct {
        stepc_dtype dtype;
        bool is_transposed;
        loop_op op;
        int32_t axis, rows;
    } cases[] = {
        {STEPC_FLOAT32, false, LOOP_NEG, 1, 1},
        {STEPC_HALF, false, LOOP_NEG, 1, 1},
        {STEPC_BFLOAT16, false, LOOP_EXP, 1, 1},
        {STEPC_FLOAT32, true, LOOP_EXP, 1, 1}, /* from a tile that was turned */
        {STEPC_FLOAT32, true, LOOP_NEG, 1, 1},
        {STEPC_HALF, true, LOOP_EXP, -1, 1}, /* short elements go into lanes side by side only */
        {STEPC_INT8, false, LOOP_NEG, 1, 1},
        {STEPC_INT64, false, LOOP_NEG, 1, 1},
        {STEPC_INT8, true, LOOP_NEG, -1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t rows, axis = lanes_of(cases[i].dtype, cases[i].is_transposed, cases[i].op, &rows);
        cr_expect_eq(axis, cases[i].axis, "case %zu", i);
        cr_expect_eq(rows, cases[i].rows, "case %zu", i);
    }
}

/* y = cast(x). */
static int32_t cast_lanes(const isa_profile *isa, stepc_dtype from, stepc_dtype to)
{
    bench b;
    bench_init(&b);
    int32_t x = bench_buffer(&b, BUFFER_FEED, from, "x", 1, DIMS(1000)),
            y = bench_buffer(&b, BUFFER_FETCH, to, "y", 1, DIMS(1000));
    nest_builder n;
    nest_begin(&n, b.p);
    nest_axis(&n, size_const(&b.sizes, 1000), AXIS_SPACE);
    nest_write(&n, y, AXES(0), nest_cast(&n, nest_read(&n, x, AXES(0)), to));
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
    int32_t axis = schedule(&b, isa)->vector_axis;
    bench_release(&b);
    return axis;
}

Test(schedule, widths_may_meet_in_lanes)
{
    static const isa_profile avx2 = {.name = "avx2", .vector_bytes = 32, .registers = 16, .l1_bytes = 32768};
    static const isa_profile avx512 = {.name = "avx512", .vector_bytes = 64, .registers = 32, .l1_bytes = 32768};
    cr_expect_eq(cast_lanes(&avx2, STEPC_FLOAT32, STEPC_FLOAT64), 0);
    cr_expect_eq(cast_lanes(&avx2, STEPC_INT64, STEPC_INT32), 0);
    cr_expect_eq(cast_lanes(&avx2, STEPC_UINT8, STEPC_FLOAT32), 0);
    cr_expect_eq(cast_lanes(&avx2, STEPC_BOOL, STEPC_FLOAT64), 0);
    cr_expect_eq(cast_lanes(&avx2, STEPC_INT64, STEPC_FLOAT32), -1); /* no instruction */
    cr_expect_eq(cast_lanes(&avx512, STEPC_INT64, STEPC_FLOAT32), 0);
    cr_expect_eq(cast_lanes(&neon, STEPC_FLOAT64, STEPC_INT64), 0);
    cr_expect_eq(cast_lanes(&scalar, STEPC_UINT8, STEPC_FLOAT32), -1);
}

/* x[rows, columns] over AXIS, by one accumulator. */
static void reduction(bench *b, acc_kind kind, int64_t rows, int64_t columns, int axis, bool reassociate)
{
    bench_init(b);
    int64_t kept = axis == 0 ? columns : rows, gone = axis == 0 ? rows : columns;
    bool is_place = kind == ACC_ARG_MAX || kind == ACC_ARG_MIN;
    int32_t x = bench_buffer(b, BUFFER_FEED, STEPC_FLOAT32, "x", 2, DIMS(rows, columns)),
            y = bench_buffer(b, BUFFER_FETCH, is_place ? STEPC_INT64 : STEPC_FLOAT32, "y", 1, DIMS(kept));
    nest_builder n;
    nest_begin(&n, b->p);
    nest_axis(&n, size_const(&b->sizes, kept), AXIS_SPACE);
    nest_axis(&n, size_const(&b->sizes, gone), AXIS_REDUCE);
    int32_t v = nest_read(&n, x, axis == 0 ? AXES(1, 0) : AXES(0, 1));
    nest_write(&n, y, AXES(0), nest_acc(&n, kind, v, reassociate));
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
}

Test(schedule, sums_of_long_columns_run_in_strips)
{
    bench b;
    reduction(&b, ACC_SUM, 4096, 4096, 0, true);
    const nest_schedule *s = schedule(&b, &test_isa);
    cr_expect_eq(s->vector_axis, 0);
    cr_expect_eq(s->strip_rows, 4);
    cr_expect_gt(s->strip, 0);
    cr_expect_eq(s->strip % 64, 0);
    /* Two arrays of floats in a quarter of the first cache level. */
    cr_expect_leq(s->strip * 2 * 4, test_isa.l1_bytes / 4);
    cr_expect_eq(s->block, 1024);
    bench_release(&b);
}

Test(schedule, few_or_short_columns_stay_in_registers)
{
    bench b;
    reduction(&b, ACC_SUM, 4096, 32, 0, true);
    cr_expect_eq(schedule(&b, &test_isa)->strip, 0);
    bench_release(&b);
    reduction(&b, ACC_SUM, 16, 256, 0, true);
    cr_expect_eq(schedule(&b, &test_isa)->strip, 0);
    bench_release(&b);
}

Test(schedule, rows_are_no_strips)
{
    bench b;
    reduction(&b, ACC_SUM, 4096, 4096, 1, true);
    const nest_schedule *s = schedule(&b, &test_isa);
    cr_expect_eq(s->strip, 0);
    cr_expect_eq(s->vector_axis, 1);
    bench_release(&b);
}

/* An order of additions that shows is kept: one row at a time, no blocks. */
Test(schedule, strips_keep_the_order_of_sums_that_have_one)
{
    bench b;
    reduction(&b, ACC_SUM, 4096, 4096, 0, false);
    const nest_schedule *s = schedule(&b, &test_isa);
    cr_expect_gt(s->strip, 0);
    cr_expect_eq(s->strip_rows, 1);
    cr_expect_eq(s->block, 0);
    cr_expect_eq(loop_sum_chain(b.p, &test_isa, false), 0);
    bench_release(&b);
}

Test(schedule, places_across_lanes_run_in_strips)
{
    bench b;
    reduction(&b, ACC_ARG_MAX, 50, 3000, 0, false);
    const nest_schedule *s = schedule(&b, &test_isa);
    cr_expect_eq(s->vector_axis, 0);
    cr_expect_gt(s->strip, 0);
    cr_expect_eq(s->block, 0);
    bench_release(&b);
}

/* By hand: lanes of 8. Rows of 4096: 128 additions for each of 32 partial sums, 2 halvings of 4, 3 of 8. */
Test(schedule, chains_are_as_long_as_the_schedule_makes_them)
{
    bench b;
    isa_profile isa = test_isa;
    isa.requires_macros = "defined(__AVX2__)"; /* or the C compiler might have no lanes */
    reduction(&b, ACC_SUM, 8, 4096, 1, true);
    cr_expect_eq(loop_sum_chain(b.p, &isa, false), 4096); /* not scheduled: one by one */
    schedule(&b, &test_isa);
    cr_expect_eq(loop_sum_chain(b.p, &isa, false), 128 + 2 + 3);
    bench_release(&b);
    reduction(&b, ACC_SUM, 4096, 4096, 0, true);
    schedule(&b, &test_isa);
    /* Blocks of 1024 rows, 4 at once: 256 additions, then one for each of 4 blocks, and at most 4 within four rows. */
    cr_expect_eq(loop_sum_chain(b.p, &isa, false), 256 + 4 + 4);
    bench_release(&b);
}

/* y = -x^T, rows x columns of y. */
static nest_schedule turned(const isa_profile *isa, stepc_dtype dtype, int64_t rows, int64_t columns)
{
    bench b;
    bench_init(&b);
    int32_t x = bench_buffer(&b, BUFFER_FEED, dtype, "x", 2, DIMS(columns, rows)),
            y = bench_buffer(&b, BUFFER_FETCH, dtype, "y", 2, DIMS(rows, columns));
    nest_builder n;
    nest_begin(&n, b.p);
    nest_axis(&n, size_const(&b.sizes, rows), AXIS_SPACE);
    nest_axis(&n, size_const(&b.sizes, columns), AXIS_SPACE);
    nest_write(&n, y, AXES(0, 1), nest_unary(&n, LOOP_NEG, nest_read(&n, x, AXES(1, 0))));
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
    nest_schedule s = *schedule(&b, isa);
    bench_release(&b);
    return s;
}

/* y = x0^T + x1^T + ..: tiles of all reads lie on the stack at once. */
static nest_schedule many_turned(stepc_dtype dtype, int reads)
{
    bench b;
    bench_init(&b);
    int32_t x[32], y = bench_buffer(&b, BUFFER_FETCH, dtype, "y", 2, DIMS(1000, 1000)), sum = -1;
    nest_builder n;
    for (int i = 0; i < reads; i++)
        x[i] = bench_buffer(&b, BUFFER_FEED, dtype, "x", 2, DIMS(1000, 1000));
    nest_begin(&n, b.p);
    nest_axis(&n, size_const(&b.sizes, 1000), AXIS_SPACE);
    nest_axis(&n, size_const(&b.sizes, 1000), AXIS_SPACE);
    for (int i = 0; i < reads; i++) {
        int32_t read = nest_read(&n, x[i], AXES(1, 0));
        sum = i == 0 ? nest_unary(&n, LOOP_NEG, read) : nest_binary(&n, LOOP_ADD, sum, read);
    }
    nest_write(&n, y, AXES(0, 1), sum);
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
    nest_schedule s = *schedule(&b, &test_isa);
    bench_release(&b);
    return s;
}

Test(schedule, tiles_of_many_reads_fit_the_stack)
{
    for (int reads = 1; reads <= 32; reads++) {
        nest_schedule s = many_turned(STEPC_FLOAT32, reads), wide = many_turned(STEPC_FLOAT64, reads);
        cr_expect_leq(reads * s.turn_tile[0] * s.turn_tile[1] * 4, 65536, "%d reads", reads);
        cr_expect_leq(reads * wide.turn_tile[0] * wide.turn_tile[1] * 8, 65536, "%d reads of doubles", reads);
        cr_expect_eq(s.turn_tile[0] % 16 + s.turn_tile[1] % 16, 0);
        cr_expect_eq(s.turn_tile[0] > 0, reads <= 16, "%d reads", reads);
    }
    cr_expect_eq(many_turned(STEPC_FLOAT32, 2).turn_tile[1], 256);
}

/* Long pieces are read and written at once, and a tile stays in the first level cache. */
Test(schedule, transposes_go_through_tiles)
{
    nest_schedule s = turned(&test_isa, STEPC_FLOAT32, 4096, 4096);
    cr_expect_eq(s.turn_rows, 1);
    cr_expect_eq(s.turn_columns, 0);
    cr_expect_eq(s.turn_tile[0], 32);
    cr_expect_eq(s.turn_tile[1], 256);
    cr_expect_eq(s.row_axis, -1);
    cr_expect_eq(s.jam, 4);
    cr_expect(s.stream, "64 MiB are more than caches hold");
    s = turned(&test_isa, STEPC_FLOAT32, 64, 50176);
    cr_expect_eq(s.turn_tile[0], 64);
    cr_expect_eq(s.turn_tile[1], 64);
    cr_expect_not(s.stream);
    s = turned(&test_isa, STEPC_FLOAT64, 1000, 1000);
    cr_expect_eq(s.turn_tile[0], 32);
    cr_expect_eq(s.turn_tile[1], 128);
    s = turned(&test_isa, STEPC_INT8, 1000, 1000);
    cr_expect_eq(s.turn_tile[0], 64);
    cr_expect_eq(s.turn_tile[1], 512);
    cr_expect_eq(s.vector_axis, -1);
    cr_expect_eq(turned(&test_isa, STEPC_FLOAT32, 3, 1000).turn_tile[0], 0, "too short");
    cr_expect_eq(turned(&scalar, STEPC_FLOAT32, 1000, 1000).turn_tile[0], 0, "no vectors to turn them with");
    s = turned(&neon, STEPC_FLOAT32, 1000, 1000);
    cr_expect_eq(s.turn_tile[0], 0, "no room on the stack");
    cr_expect_eq(s.row_axis, 0);
    cr_expect_eq(s.row_tile, 8);
}

/* A constant operand lies in panels as wide as the widest machine's vectors side by side, whatever its order. */
Test(schedule, constant_operand_lies_in_panels)
{
    static const float data[48 * 50];
    for (int reads = 0; reads < 2; reads++) {
        bench b;
        bench_init(&b);
        int32_t x = bench_buffer(&b, BUFFER_FEED, STEPC_FLOAT32, "x", 2, DIMS(40, 50)),
                w = bench_buffer(&b, BUFFER_WEIGHT, STEPC_FLOAT32, "w", 2, DIMS(50, 48));
        int32_t y = bench_buffer(&b, BUFFER_FETCH, STEPC_FLOAT32, "y", 2, DIMS(40, 48)),
                z = bench_buffer(&b, BUFFER_FETCH, STEPC_FLOAT32, "z", 2, DIMS(50, 48));
        b.p->buffers[w].data = data;
        bench_matmul(&b, y, x, w);
        if (reads)
            bench_op(&b, LOOP_SIN, z, w, -1);
        const nest_schedule *s = schedule(&b, &test_isa);
        cr_expect_eq(s->vector_axis, 1);
        cr_expect_eq(s->jam, 2);
        cr_expect_eq(b.p->buffers[w].panel, reads ? 0 : 32, "%d", (int)b.p->buffers[w].panel);
        cr_expect_eq(b.p->buffers[w].panel_dim, reads ? 0 : 1);
        schedule(&b, &scalar);
        cr_expect_eq(b.p->buffers[w].panel, 0);
        bench_release(&b);
    }
}
