/* SPDX-License-Identifier: Apache-2.0 */
/* Joined buffers are taken apart: the same bits, and no joined buffer where it pays. */
#include "compiler/loops/fuse.h"
#include "fuse_helpers.h"

static int32_t matrix(bench *b, buffer_kind kind, const char *hint, int64_t m, int64_t n)
{
    return bench_buffer(b, kind, STEPC_FLOAT32, hint, 2, DIMS(m, n));
}

/* Rows and columns of a matrix of COLUMNS columns, from element OFFSET on. */
static int32_t block(bench *b, int32_t of, int64_t columns, int64_t m, int64_t n, int64_t offset)
{
    return loop_view_new(b->p, of, (size_ref[]){size_const(&b->sizes, m), size_const(&b->sizes, n)},
                         (size_ref[]){size_const(&b->sizes, columns), size_const(&b->sizes, 1)}, 2,
                         size_const(&b->sizes, offset));
}

/* [x | y] along the columns or the rows: sin x and cos y. */
static int32_t join(bench *b, buffer_kind kind, bool rows, int64_t m, int64_t n, int64_t k)
{
    int32_t x = matrix(b, BUFFER_FEED, "x", m, n);
    int32_t y = rows ? matrix(b, BUFFER_FEED, "y", k, n) : matrix(b, BUFFER_FEED, "y", m, k);
    int32_t c = rows ? matrix(b, kind, "c", m + k, n) : matrix(b, kind, "c", m, n + k);
    int64_t columns = rows ? n : n + k;
    bench_op(b, LOOP_SIN, block(b, c, columns, m, n, 0), x, -1);
    bench_op(b, LOOP_COS, block(b, c, columns, rows ? k : m, rows ? n : k, rows ? m * n : n), y, -1);
    return c;
}

static void build_columns(bench *b)
{
    int32_t c = join(b, BUFFER_ARENA, false, 5, 24, 17);
    bench_op(b, LOOP_MUL, matrix(b, BUFFER_FETCH, "z", 5, 41), c, c);
}

static void build_rows(bench *b)
{
    int32_t c = join(b, BUFFER_ARENA, true, 3, 20, 7);
    bench_op(b, LOOP_MUL, matrix(b, BUFFER_FETCH, "z", 10, 20), c, c);
}

/* Each row's sum lies within one part. */
static void build_sums_of_rows(bench *b)
{
    int32_t c = join(b, BUFFER_ARENA, true, 3, 20, 7);
    bench_reduce(b, ACC_SUM, bench_buffer(b, BUFFER_FETCH, STEPC_FLOAT32, "z", 1, DIMS(10)), c);
}

static void build_sums_across(bench *b)
{
    int32_t c = join(b, BUFFER_ARENA, false, 5, 24, 17);
    bench_reduce(b, ACC_SUM, bench_buffer(b, BUFFER_FETCH, STEPC_FLOAT32, "z", 1, DIMS(5)), c);
}

static void build_fetched(bench *b)
{
    int32_t c = join(b, BUFFER_FETCH, false, 5, 24, 17);
    bench_op(b, LOOP_MUL, matrix(b, BUFFER_FETCH, "z", 5, 41), c, c);
}

static void build_short(bench *b)
{
    int32_t c = join(b, BUFFER_ARENA, false, 50, 24, 3);
    bench_op(b, LOOP_MUL, matrix(b, BUFFER_FETCH, "z", 50, 27), c, c);
}

/* The reader begins in the middle of the first part, also reads a buffer that nobody joined, and counts its columns. */
static void build_shifted(bench *b)
{
    int32_t c = join(b, BUFFER_ARENA, false, 6, 24, 20), d = matrix(b, BUFFER_FEED, "d", 6, 40);
    int32_t z = matrix(b, BUFFER_FETCH, "z", 6, 40), from = block(b, c, 44, 6, 40, 4);
    nest_builder n;
    nest_begin(&n, b->p);
    nest_axis(&n, size_const(&b->sizes, 6), AXIS_SPACE);
    nest_axis(&n, size_const(&b->sizes, 40), AXIS_SPACE);
    int32_t sum = nest_binary(&n, LOOP_ADD, nest_read(&n, from, AXES(0, 1)), nest_read(&n, d, AXES(0, 1)));
    int32_t column = nest_cast(&n, nest_axis_value(&n, 1), STEPC_FLOAT32);
    nest_write(&n, z, AXES(0, 1), nest_binary(&n, LOOP_MUL, sum, column));
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
}

/* Two columns of the joined buffer against each other: cuts of both reads. */
static void build_two_offsets(bench *b)
{
    int32_t c = join(b, BUFFER_ARENA, false, 6, 40, 40);
    bench_op(b, LOOP_SUB, matrix(b, BUFFER_FETCH, "z", 6, 60), block(b, c, 80, 6, 60, 0), block(b, c, 80, 6, 60, 20));
}

/* The greatest of each row goes back into the row: what the cut readers write is taken apart as well. */
static void build_rows_twice(bench *b)
{
    int32_t c = join(b, BUFFER_ARENA, true, 30, 40, 20);
    int32_t m = bench_buffer(b, BUFFER_ARENA, STEPC_FLOAT32, "m", 1, DIMS(50));
    bench_reduce(b, ACC_MAX, m, c);
    bench_rows(b, LOOP_SUB, matrix(b, BUFFER_FETCH, "z", 50, 40), c, m);
}

/* Its parts may live on as tiles of a group. */
static bool has_joined(const bench *b)
{
    bool has = false;
    for (int32_t i = 0; i < b->p->buffer_count; i++)
        has = has || (b->p->buffers[i].kind != BUFFER_LOCAL && strcmp(b->p->buffers[i].hint, "c") == 0);
    return has;
}

Test(parts, joined_buffers_go_where_it_pays)
{
    static const struct {
        const char *name;
        bench_build build;
        int nests;
        bool joined;
    } cases[] = {{"columns", build_columns, 2, false},
                 {"rows", build_rows, 2, false},
                 {"sums of rows", build_sums_of_rows, 2, false},
                 {"sums across", build_sums_across, 3, true},
                 {"fetched", build_fetched, 3, true},
                 {"short runs", build_short, 3, true},
                 {"shifted", build_shifted, 2, false},
                 {"two offsets", build_two_offsets, 1, false},
                 {"rows twice", build_rows_twice, 4, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench b;
        bench_fuse(&b, cases[i].build, cases[i].name);
        cr_expect_eq(bench_nests(&b), cases[i].nests, "%s: %d nests", cases[i].name, bench_nests(&b));
        cr_expect_eq(has_joined(&b), cases[i].joined, "%s", cases[i].name);
        bench_release(&b);
    }
}
