/* SPDX-License-Identifier: Apache-2.0 */
/* Fusion: programs give the same bits before and after, and have the shape that was asked for. */
#include "compiler/loops/fuse.h"
#include "fuse_helpers.h"

static int32_t vector(bench *b, buffer_kind kind, const char *hint, int64_t n)
{
    return bench_buffer(b, kind, STEPC_FLOAT32, hint, 1, DIMS(n));
}

static int32_t matrix(bench *b, buffer_kind kind, const char *hint, int64_t m, int64_t n)
{
    return bench_buffer(b, kind, STEPC_FLOAT32, hint, 2, DIMS(m, n));
}

/* ---- merging ----------------------------------------------------------------------------- */

static void build_chain(bench *b)
{
    int32_t x = matrix(b, BUFFER_FEED, "x", 6, 10), y = matrix(b, BUFFER_FETCH, "y", 6, 10);
    int32_t t = matrix(b, BUFFER_ARENA, "t", 6, 10), u = matrix(b, BUFFER_ARENA, "u", 6, 10);
    bench_op(b, LOOP_MUL, t, x, x);
    bench_op(b, LOOP_SIN, u, t, -1);
    bench_op(b, LOOP_ADD, y, u, t);
}

static void build_several_fetches(bench *b)
{
    int32_t x = matrix(b, BUFFER_FEED, "x", 6, 10), y = matrix(b, BUFFER_FETCH, "y", 6, 10);
    int32_t z = matrix(b, BUFFER_FETCH, "z", 6, 10), w = matrix(b, BUFFER_FETCH, "w", 6, 10);
    bench_op(b, LOOP_SIN, y, x, -1);
    bench_op(b, LOOP_COS, z, x, -1);
    bench_op(b, LOOP_MUL, w, y, z);
}

/* The same space, once flat. */
static void build_reshaped(bench *b)
{
    int32_t x = matrix(b, BUFFER_FEED, "x", 6, 10), c = vector(b, BUFFER_FEED, "c", 10);
    int32_t t = matrix(b, BUFFER_ARENA, "t", 6, 10), y = vector(b, BUFFER_FETCH, "y", 60);
    nest_builder n;
    nest_begin(&n, b->p);
    nest_axis(&n, size_const(&b->sizes, 6), AXIS_SPACE);
    nest_axis(&n, size_const(&b->sizes, 10), AXIS_SPACE);
    nest_write(&n, t, AXES(0, 1), nest_binary(&n, LOOP_ADD, nest_read(&n, x, AXES(0, 1)), nest_read(&n, c, AXES(1))));
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
    int32_t flat = loop_view_new(b->p, t, (size_ref[]){size_const(&b->sizes, 60)},
                                 (size_ref[]){size_const(&b->sizes, 1)}, 1, size_const(&b->sizes, 0));
    bench_op(b, LOOP_EXP, y, flat, -1);
}

static void build_scalars(bench *b)
{
    int32_t x = bench_buffer(b, BUFFER_FEED, STEPC_FLOAT32, "x", 0, NULL);
    int32_t t = bench_buffer(b, BUFFER_ARENA, STEPC_FLOAT32, "t", 0, NULL);
    int32_t y = bench_buffer(b, BUFFER_FETCH, STEPC_FLOAT32, "y", 0, NULL);
    bench_op(b, LOOP_SIN, t, x, -1);
    bench_op(b, LOOP_ADD, y, t, x);
}

/* A variable is read, replaced in place, and read again. */
static void build_update(bench *b)
{
    int32_t v = vector(b, BUFFER_STATE, "v", 9), g = vector(b, BUFFER_FEED, "g", 9);
    int32_t before = vector(b, BUFFER_FETCH, "before", 9), after = vector(b, BUFFER_FETCH, "after", 9);
    bench_op(b, LOOP_NEG, before, v, -1);
    bench_op(b, LOOP_SUB, v, v, g);
    bench_op_const(b, LOOP_MUL, after, v, 3.0, false);
}

/* Two halves of one buffer are written by two nests over equal spaces. */
static void build_concat(bench *b)
{
    int32_t x = vector(b, BUFFER_FEED, "x", 8), y = vector(b, BUFFER_FETCH, "y", 16),
            z = vector(b, BUFFER_FETCH, "z", 16);
    int32_t whole = vector(b, BUFFER_ARENA, "whole", 16), parts[2];
    for (int i = 0; i < 2; i++)
        parts[i] = loop_view_new(b->p, whole, (size_ref[]){size_const(&b->sizes, 8)},
                                 (size_ref[]){size_const(&b->sizes, 1)}, 1, size_const(&b->sizes, i * 8));
    bench_op(b, LOOP_SIN, parts[0], x, -1);
    bench_op(b, LOOP_COS, parts[1], x, -1);
    bench_op(b, LOOP_NEG, y, whole, -1);
    bench_op(b, LOOP_EXP, z, whole, -1);
}

static void build_half(bench *b)
{
    int32_t x = bench_buffer(b, BUFFER_FEED, STEPC_HALF, "x", 1, DIMS(20));
    int32_t t = bench_buffer(b, BUFFER_ARENA, STEPC_HALF, "t", 1, DIMS(20));
    int32_t y = bench_buffer(b, BUFFER_FETCH, STEPC_HALF, "y", 1, DIMS(20));
    bench_op(b, LOOP_EXP, t, x, -1);
    bench_op(b, LOOP_MUL, y, t, t);
}

Test(fuse, nests_over_one_space_become_one)
{
    static const struct {
        const char *name;
        bench_build build;
        int nests, writes;
    } cases[] = {{"chain", build_chain, 1, 1},       {"several fetches", build_several_fetches, 1, 3},
                 {"reshaped", build_reshaped, 1, 1}, {"scalars", build_scalars, 1, 1},
                 {"update", build_update, 1, 3},     {"half", build_half, 1, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench b;
        bench_fuse(&b, cases[i].build, cases[i].name);
        cr_expect_eq(bench_nests(&b), cases[i].nests, "%s: %d nests", cases[i].name, bench_nests(&b));
        cr_expect_eq(b.p->statements[0].nest->write_count, cases[i].writes, "%s", cases[i].name);
        bench_release(&b);
    }
}

Test(fuse, slices_of_one_buffer_merge)
{
    bench b;
    bench_fuse(&b, build_concat, "concat");
    cr_expect_eq(bench_nests(&b), 2);
    cr_expect_eq(b.p->statements[0].nest->write_count, 2);
    bench_release(&b);
}

/* ---- what must stay apart ---------------------------------------------------------------- */

/* y = x reversed + x: each element needs another one of t. */
static void build_reversed(bench *b)
{
    int32_t x = vector(b, BUFFER_FEED, "x", 12), t = vector(b, BUFFER_ARENA, "t", 12),
            y = vector(b, BUFFER_FETCH, "y", 12);
    int32_t z = vector(b, BUFFER_FETCH, "z", 12);
    bench_op(b, LOOP_TANH, t, x, -1);
    int32_t back = loop_view_new(b->p, t, (size_ref[]){size_const(&b->sizes, 12)},
                                 (size_ref[]){size_const(&b->sizes, -1)}, 1, size_const(&b->sizes, 11));
    bench_op(b, LOOP_ADD, y, t, back);
    bench_op(b, LOOP_SUB, z, back, t);
}

/* A variable is read at other places after it was written. */
static void build_state_reversed(bench *b)
{
    int32_t v = vector(b, BUFFER_STATE, "v", 12), y = vector(b, BUFFER_FETCH, "y", 12),
            z = vector(b, BUFFER_FETCH, "z", 12);
    int32_t back = loop_view_new(b->p, v, (size_ref[]){size_const(&b->sizes, 12)},
                                 (size_ref[]){size_const(&b->sizes, -1)}, 1, size_const(&b->sizes, 11));
    bench_op(b, LOOP_NEG, y, back, -1);
    bench_op_const(b, LOOP_ADD, v, v, 1.0, false);
    bench_op(b, LOOP_NEG, z, back, -1);
}

/* t = x + 1; v changes; y = t * v: t is of the old v. */
static void build_old_value(bench *b)
{
    int32_t v = vector(b, BUFFER_STATE, "v", 12), t = vector(b, BUFFER_ARENA, "t", 12);
    int32_t y = matrix(b, BUFFER_FETCH, "y", 3, 12);
    bench_op_const(b, LOOP_ADD, t, v, 1.0, false);
    bench_op_const(b, LOOP_MUL, v, v, 2.0, false);
    nest_builder n;
    nest_begin(&n, b->p);
    nest_axis(&n, size_const(&b->sizes, 3), AXIS_SPACE);
    nest_axis(&n, size_const(&b->sizes, 12), AXIS_SPACE);
    nest_write(&n, y, AXES(0, 1), nest_binary(&n, LOOP_MUL, nest_read(&n, t, AXES(1)), nest_read(&n, v, AXES(1))));
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
}

/* A path through a sum that is no member. */
static void build_path(bench *b)
{
    int32_t x = matrix(b, BUFFER_FEED, "x", 5, 7), e = matrix(b, BUFFER_FETCH, "e", 5, 7),
            s = vector(b, BUFFER_FETCH, "s", 5);
    int32_t y = matrix(b, BUFFER_FETCH, "y", 5, 7);
    bench_op(b, LOOP_EXP, e, x, -1);
    bench_reduce(b, ACC_SUM, s, e);
    bench_rows(b, LOOP_DIV, y, e, s);
}

/* A check comes before the change of the variable, whatever else moves. */
static void build_check(bench *b)
{
    int32_t v = vector(b, BUFFER_STATE, "v", 12), x = vector(b, BUFFER_FEED, "x", 12),
            y = vector(b, BUFFER_FETCH, "y", 12);
    bench_op(b, LOOP_NEG, y, v, -1);
    nest_builder n;
    nest_begin(&n, b->p);
    nest_axis(&n, size_const(&b->sizes, 12), AXIS_SPACE);
    int32_t ok = nest_binary(&n, LOOP_LT, nest_read(&n, x, AXES(0)), nest_const_f64(&n, STEPC_FLOAT32, 100.0));
    nest_check(&n, ok, STEPC_INVALID_ARGUMENT, "too large", NULL);
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
    bench_op(b, LOOP_SUB, v, v, x);
}

Test(fuse, what_depends_otherwise_stays_apart)
{
    static const struct {
        const char *name;
        bench_build build;
        int nests;
    } cases[] = {{"reversed", build_reversed, 2},
                 {"state reversed", build_state_reversed, 3},
                 {"old value", build_old_value, 2},
                 {"path", build_path, 3},
                 {"check", build_check, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench b;
        bench_fuse(&b, cases[i].build, cases[i].name);
        cr_expect_eq(bench_nests(&b), cases[i].nests, "%s: %d nests", cases[i].name, bench_nests(&b));
        bench_release(&b);
    }
}

/* ---- epilogue, inline -------------------------------------------------------------------- */

static void build_dense(bench *b)
{
    int32_t x = matrix(b, BUFFER_FEED, "x", 5, 7), w = matrix(b, BUFFER_FEED, "w", 7, 9),
            c = vector(b, BUFFER_FEED, "c", 9);
    int32_t t = matrix(b, BUFFER_ARENA, "t", 5, 9), u = matrix(b, BUFFER_ARENA, "u", 5, 9),
            y = matrix(b, BUFFER_FETCH, "y", 5, 9);
    int32_t z = matrix(b, BUFFER_FETCH, "z", 5, 9);
    bench_matmul(b, t, x, w);
    nest_builder n;
    nest_begin(&n, b->p);
    nest_axis(&n, size_const(&b->sizes, 5), AXIS_SPACE);
    nest_axis(&n, size_const(&b->sizes, 9), AXIS_SPACE);
    nest_write(&n, u, AXES(0, 1), nest_binary(&n, LOOP_ADD, nest_read(&n, t, AXES(0, 1)), nest_read(&n, c, AXES(1))));
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
    bench_op_const(b, LOOP_MAX, y, u, 0.0, false);
    bench_op(b, LOOP_TANH, z, u, -1);
}

/* sum of (x - 3)^2 per row: the squares are computed where they are summed. */
static void build_squares(bench *b)
{
    int32_t x = matrix(b, BUFFER_FEED, "x", 5, 7), d = matrix(b, BUFFER_ARENA, "d", 5, 7),
            q = matrix(b, BUFFER_ARENA, "q", 5, 7);
    int32_t s = vector(b, BUFFER_FETCH, "s", 5);
    bench_op_const(b, LOOP_SUB, d, x, 3.0, false);
    bench_op(b, LOOP_MUL, q, d, d);
    bench_reduce(b, ACC_SUM, s, q);
}

/* Two sums of one input read it once. */
static void build_two_sums(bench *b)
{
    int32_t x = matrix(b, BUFFER_FEED, "x", 5, 7), s = vector(b, BUFFER_FETCH, "s", 5),
            m = vector(b, BUFFER_FETCH, "m", 5);
    bench_reduce(b, ACC_SUM, s, x);
    bench_reduce(b, ACC_MAX, m, x);
}

/* A cheap value along one axis, used over two. */
static void build_broadcast(bench *b)
{
    int32_t x = matrix(b, BUFFER_FEED, "x", 5, 7), c = vector(b, BUFFER_FEED, "c", 5),
            t = vector(b, BUFFER_ARENA, "t", 5);
    int32_t y = matrix(b, BUFFER_FETCH, "y", 5, 7);
    bench_op(b, LOOP_NEG, t, c, -1);
    bench_rows(b, LOOP_ADD, y, x, t);
}

Test(fuse, epilogues_and_inlining)
{
    static const struct {
        const char *name;
        bench_build build;
        int nests, writes;
    } cases[] = {{"dense", build_dense, 1, 2},
                 {"squares", build_squares, 1, 1},
                 {"two sums", build_two_sums, 1, 2},
                 {"broadcast", build_broadcast, 1, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench b;
        bench_fuse(&b, cases[i].build, cases[i].name);
        cr_expect_eq(bench_nests(&b), cases[i].nests, "%s: %d nests", cases[i].name, bench_nests(&b));
        cr_expect_eq(b.p->statements[0].nest->write_count, cases[i].writes, "%s", cases[i].name);
        bench_release(&b);
    }
}

/* ---- groups ------------------------------------------------------------------------------ */

static void build_softmax(bench *b)
{
    int32_t x = matrix(b, BUFFER_FEED, "x", 50, 70), m = vector(b, BUFFER_ARENA, "m", 50),
            d = matrix(b, BUFFER_ARENA, "d", 50, 70);
    int32_t e = matrix(b, BUFFER_ARENA, "e", 50, 70), s = vector(b, BUFFER_ARENA, "s", 50),
            y = matrix(b, BUFFER_FETCH, "y", 50, 70);
    bench_reduce(b, ACC_MAX, m, x);
    bench_rows(b, LOOP_SUB, d, x, m);
    bench_op(b, LOOP_EXP, e, d, -1);
    bench_reduce(b, ACC_SUM, s, e);
    bench_rows(b, LOOP_DIV, y, e, s);
}

Test(fuse, softmax_runs_in_rows)
{
    bench b;
    bench_fuse(&b, build_softmax, "softmax");
    cr_expect_eq(b.p->group_count, 1);
    cr_expect_eq(b.p->groups[0].count, bench_nests(&b));
    cr_expect_eq(b.p->groups[0].shared_count, 1);
    cr_expect_gt(b.p->groups[0].tile[0], 1);
    for (int32_t i = 0; i < b.p->buffer_count; i++)
        cr_expect_neq(b.p->buffers[i].kind, BUFFER_ARENA, "%s stays in the arena", b.p->buffers[i].hint);
    bench_release(&b);
}

/* y [i] = x [i] turned by five places, in two parts. */
static void build_rolled(bench *b)
{
    int32_t x = matrix(b, BUFFER_FEED, "x", 100, 12), y = matrix(b, BUFFER_FETCH, "y", 100, 12);
    for (int part = 0; part < 2; part++) {
        size_ref extents[] = {size_const(&b->sizes, 100), size_const(&b->sizes, part ? 5 : 7)};
        size_ref strides[] = {size_const(&b->sizes, 12), size_const(&b->sizes, 1)};
        int32_t from = loop_view_new(b->p, x, extents, strides, 2, size_const(&b->sizes, part ? 7 : 0)),
                to = loop_view_new(b->p, y, extents, strides, 2, size_const(&b->sizes, part ? 0 : 5));
        nest_builder n;
        nest_begin(&n, b->p);
        for (int k = 0; k < 2; k++)
            nest_axis(&n, extents[k], AXIS_SPACE);
        nest_write(&n, to, AXES(0, 1), nest_read(&n, from, AXES(0, 1)));
        cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
    }
}

Test(fuse, parts_of_the_same_rows_run_together)
{
    bench b;
    bench_fuse(&b, build_rolled, "rolled");
    cr_expect_eq(b.p->group_count, 1);
    cr_expect_eq(b.p->groups[0].count, 2);
    cr_expect_eq(b.p->groups[0].shared_count, 1);
    bench_release(&b);
}

/* y = x / s with the sums of the rows in reverse order. */
static void build_reversed_rows(bench *b)
{
    int32_t x = matrix(b, BUFFER_FEED, "x", 12, 12), s = vector(b, BUFFER_ARENA, "s", 12),
            y = matrix(b, BUFFER_FETCH, "y", 12, 12);
    bench_reduce(b, ACC_SUM, s, x);
    int32_t back = loop_view_new(b->p, s, (size_ref[]){size_const(&b->sizes, 12)},
                                 (size_ref[]){size_const(&b->sizes, -1)}, 1, size_const(&b->sizes, 11));
    bench_rows(b, LOOP_DIV, y, x, back);
}

/* y [i,k] = x [i,k] / s [k]: a square, but each row needs the sums of all. */
static void build_columns(bench *b)
{
    int32_t x = matrix(b, BUFFER_FEED, "x", 12, 12), s = vector(b, BUFFER_ARENA, "s", 12),
            y = matrix(b, BUFFER_FETCH, "y", 12, 12);
    bench_reduce(b, ACC_SUM, s, x);
    nest_builder n;
    nest_begin(&n, b->p);
    for (int k = 0; k < 2; k++)
        nest_axis(&n, size_const(&b->sizes, 12), AXIS_SPACE);
    nest_write(&n, y, AXES(0, 1), nest_binary(&n, LOOP_DIV, nest_read(&n, x, AXES(0, 1)), nest_read(&n, s, AXES(1))));
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
}

Test(fuse, rows_that_depend_on_other_rows_are_not_grouped)
{
    static const bench_build builds[] = {build_reversed_rows, build_columns};
    for (size_t i = 0; i < 2; i++) {
        bench b;
        bench_fuse(&b, builds[i], "other rows");
        cr_expect_eq(b.p->group_count, 0);
        bench_release(&b);
    }
}

/* v = v + x 60 times; in the middle y = v backwards times x, which must see neither more nor fewer of them. */
static void build_updates(bench *b)
{
    int32_t v = vector(b, BUFFER_STATE, "v", 12), x = vector(b, BUFFER_FEED, "x", 12);
    int32_t y = vector(b, BUFFER_FETCH, "y", 12), z = vector(b, BUFFER_FETCH, "z", 12);
    int32_t back = loop_view_new(b->p, v, (size_ref[]){size_const(&b->sizes, 12)},
                                 (size_ref[]){size_const(&b->sizes, -1)}, 1, size_const(&b->sizes, 11));
    for (int i = 0; i < 60; i++) {
        bench_op(b, LOOP_ADD, v, v, x);
        if (i == 30)
            bench_op(b, LOOP_MUL, y, back, x);
    }
    bench_op(b, LOOP_MUL, z, v, x);
}

Test(fuse, updates_of_one_variable_stay_in_order)
{
    bench b;
    bench_fuse(&b, build_updates, "updates");
    bench_release(&b);
    bench_init(&b);
    build_updates(&b);
    fuse f = {.p = b.p, .isa = &test_isa, .zero = size_const(&b.sizes, 0), .one = size_const(&b.sizes, 1)};
    dependence g;
    int32_t edges = 0;
    arena_init(&f.scratch, &b.host);
    cr_assert(deps_build(&g, &f));
    for (int32_t s = 0; s < g.count; s++)
        edges += g.before[s].count;
    cr_expect_leq(edges, 2 * g.count, "%d edges of %d statements", (int)edges, (int)g.count);
    arena_release(&f.scratch);
    bench_release(&b);
}

/* y [i] = d [i, place [i]] where d = x - max of the row is fetched too; place is 5 .. 7. d lies row by row, or
 * IN PARTS: as [12,3,4] with the last two axes exchanged, which no single axis of its writer follows. */
static void pick_from_rows(bench *b, bool in_parts)
{
    int32_t x = matrix(b, BUFFER_FEED, "x", 12, 12), m = vector(b, BUFFER_ARENA, "m", 12);
    int32_t d = in_parts ? matrix(b, BUFFER_ARENA, "d", 12, 12) : matrix(b, BUFFER_FETCH, "d", 12, 12);
    int32_t place = bench_buffer(b, BUFFER_FEED, STEPC_INT64, "place", 1, DIMS(12)), y = vector(b, BUFFER_FETCH, "y", 12);
    size_ref coefs[3] = {size_const(&b->sizes, 12), size_const(&b->sizes, 1), size_const(&b->sizes, 3)};
    nest_builder n;
    bench_reduce(b, ACC_MAX, m, x);
    nest_begin(&n, b->p);
    nest_axis(&n, size_const(&b->sizes, 12), AXIS_SPACE);
    nest_axis(&n, size_const(&b->sizes, in_parts ? 3 : 12), AXIS_SPACE);
    if (in_parts)
        nest_axis(&n, size_const(&b->sizes, 4), AXIS_SPACE);
    loop_index at = {.base = size_const(&b->sizes, 0), .coefs = coefs, .indirect = -1};
    int32_t shifted = nest_binary(&n, LOOP_SUB, nest_read_index(&n, x, &at), nest_read(&n, m, AXES(0)));
    nest_write_index(&n, d, &at, nest_unary(&n, LOOP_EXP, shifted), -1);
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
    nest_begin(&n, b->p);
    nest_axis(&n, size_const(&b->sizes, 12), AXIS_SPACE);
    int32_t from = nest_binary(&n, LOOP_ADD, nest_read(&n, place, AXES(0)), nest_const_i64(&n, STEPC_INT64, 5));
    loop_index picked = {.base = at.base, .coefs = coefs, .indirect = from, .indirect_scale = size_const(&b->sizes, 1),
                         .indirect_extent = size_const(&b->sizes, 12)};
    nest_write(&n, y, AXES(0), nest_binary(&n, LOOP_SUB, nest_read_index(&n, d, &picked), nest_read(&n, m, AXES(0))));
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
}

static void build_picked(bench *b) { pick_from_rows(b, false); }
static void build_picked_in_parts(bench *b) { pick_from_rows(b, true); }

Test(fuse, what_an_indirect_value_picks_is_found)
{
    static const bench_build builds[] = {build_picked, build_picked_in_parts};
    for (size_t i = 0; i < 2; i++) {
        bench b;
        bench_fuse(&b, builds[i], i == 0 ? "picked" : "picked in parts");
        if (i == 0)
            cr_expect_eq(b.p->group_count, 1);
        bench_release(&b);
    }
}

static void build_rounded(bench *b)
{
    int32_t x = bench_buffer(b, BUFFER_FEED, STEPC_HALF, "x", 1, DIMS(40)), y = bench_buffer(b, BUFFER_FETCH, STEPC_HALF, "y", 1, DIMS(40));
    nest_builder n;
    nest_begin(&n, b->p);
    nest_axis(&n, size_const(&b->sizes, 40), AXIS_SPACE);
    int32_t squared = nest_read(&n, x, AXES(0));
    squared = nest_round_to(&n, nest_binary(&n, LOOP_MUL, squared, squared), STEPC_HALF);
    nest_write(&n, y, AXES(0), nest_round_to(&n, nest_binary(&n, LOOP_ADD, squared, nest_read(&n, x, AXES(0))), STEPC_HALF));
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
}

/* A store to half rounds: rounding the value before it is twice the work, rounding between operations is not. */
Test(fuse, a_store_rounds_once)
{
    bench b;
    int rounds = 0;
    bench_fuse(&b, build_rounded, "rounded");
    for (int32_t v = 0; v < b.p->statements[0].nest->value_count; v++)
        rounds += b.p->statements[0].nest->values[v].op == LOOP_ROUND_TO;
    cr_expect_eq(rounds, 1);
    bench_release(&b);
}

static int explained;

static void count_explains(void *context, const char *kind, const char *subject, const char *line)
{
    (void)context;
    explained += strcmp(kind, "explain") == 0 && subject[0] != '\0' && line[0] != '\0';
}

/* Nests without operations have nobody to explain to; with them, each is named. */
Test(fuse, decisions_are_explained)
{
    bench b;
    bench_init(&b);
    build_path(&b);
    stepc_operation operation = {.name = {"dense/Sum", 9}};
    const stepc_operation *origins[] = {&operation};
    for (int32_t i = 0; i < b.p->statement_count; i++) {
        b.p->statements[i].nest->origins = origins;
        b.p->statements[i].nest->origin_count = 1;
    }
    b.host.report = count_explains;
    cr_assert_eq(loop_fuse(b.p, &test_isa, NULL), STEPC_OK);
    cr_expect_geq(explained, 3);
    bench_release(&b);
}

/* ---- long bodies ------------------------------------------------------------------------- */

enum { STEPS = 100, LENGTH = 1000 };

/* z = 0; for i: z = a cos(z + i) + z sin(b - i), one nest per operation; Z, U, C, S, W keep the values. */
static int32_t forward(bench *b, int32_t a, int32_t c, int32_t result, int32_t *z, int32_t *u, int32_t *cosine,
                       int32_t *sine, int32_t *w)
{
    int32_t now = a;
    for (int i = 0; i < STEPS; i++) {
        int32_t m = vector(b, BUFFER_ARENA, "m", LENGTH), n = vector(b, BUFFER_ARENA, "n", LENGTH);
        z[i] = now;
        u[i] = vector(b, BUFFER_ARENA, "u", LENGTH);
        cosine[i] = vector(b, BUFFER_ARENA, "c", LENGTH);
        w[i] = vector(b, BUFFER_ARENA, "w", LENGTH);
        sine[i] = vector(b, BUFFER_ARENA, "s", LENGTH);
        bench_op_const(b, LOOP_ADD, u[i], now, i, false);
        bench_op(b, LOOP_COS, cosine[i], u[i], -1);
        bench_op(b, LOOP_MUL, m, a, cosine[i]);
        bench_op_const(b, LOOP_SUB, w[i], c, i, false);
        bench_op(b, LOOP_SIN, sine[i], w[i], -1);
        bench_op(b, LOOP_MUL, n, now, sine[i]);
        now = i == STEPS - 1 ? result : vector(b, BUFFER_ARENA, "z", LENGTH);
        bench_op(b, LOOP_ADD, now, m, n);
    }
    return now;
}

static void build_long_chain(bench *b)
{
    int32_t z[STEPS], u[STEPS], c[STEPS], s[STEPS], w[STEPS];
    int32_t a = vector(b, BUFFER_FEED, "a", LENGTH), d = vector(b, BUFFER_FEED, "b", LENGTH),
            y = vector(b, BUFFER_FETCH, "y", LENGTH);
    forward(b, a, d, y, z, u, c, s, w);
}

/* The gradients of the chain with respect to a and b, in reverse, as automatic differentiation writes them. */
static void build_long_gradient(bench *b)
{
    int32_t z[STEPS], u[STEPS], c[STEPS], s[STEPS], w[STEPS];
    int32_t a = vector(b, BUFFER_FEED, "a", LENGTH), d = vector(b, BUFFER_FEED, "b", LENGTH),
            y = vector(b, BUFFER_FETCH, "y", LENGTH);
    int32_t ga = vector(b, BUFFER_FETCH, "ga", LENGTH), gb = vector(b, BUFFER_FETCH, "gb", LENGTH);
    forward(b, a, d, y, z, u, c, s, w);
    int32_t g = vector(b, BUFFER_ARENA, "g", LENGTH), sum_a = -1, sum_b = -1, part_a[STEPS], part_b[STEPS];
    bench_op_const(b, LOOP_MUL, g, a, 0.0, false);
    int32_t one = g;
    g = vector(b, BUFFER_ARENA, "g", LENGTH);
    bench_op_const(b, LOOP_ADD, g, one, 1.0, false);
    for (int i = STEPS - 1; i >= 0; i--) {
        int32_t t[10];
        for (int k = 0; k < 10; k++)
            t[k] = vector(b, BUFFER_ARENA, "t", LENGTH);
        part_a[i] = vector(b, BUFFER_ARENA, "pa", LENGTH);
        part_b[i] = vector(b, BUFFER_ARENA, "pb", LENGTH);
        bench_op(b, LOOP_MUL, part_a[i], g, c[i]);
        bench_op(b, LOOP_MUL, t[0], g, z[i]);
        bench_op(b, LOOP_COS, t[1], w[i], -1);
        bench_op(b, LOOP_MUL, part_b[i], t[0], t[1]);
        bench_op(b, LOOP_MUL, t[2], g, a);
        bench_op(b, LOOP_SIN, t[3], u[i], -1);
        bench_op(b, LOOP_NEG, t[4], t[3], -1);
        bench_op(b, LOOP_MUL, t[5], t[2], t[4]);
        bench_op(b, LOOP_MUL, t[6], g, s[i]);
        bench_op(b, LOOP_ADD, t[7], t[5], t[6]);
        g = t[7];
    }
    for (int i = STEPS - 1; i >= 0; i--) {
        int32_t last_a = i == 0 ? ga : vector(b, BUFFER_ARENA, "sa", LENGTH),
                last_b = i == 0 ? gb : vector(b, BUFFER_ARENA, "sb", LENGTH);
        bench_op(b, LOOP_ADD, last_a, sum_a < 0 ? one : sum_a, part_a[i]);
        bench_op(b, LOOP_ADD, last_b, sum_b < 0 ? one : sum_b, part_b[i]);
        sum_a = last_a;
        sum_b = last_b;
    }
}

/* How many structurally different nests a group has: operations, types, arguments, kinds of leaves. */
static int32_t distinct_chunks(const bench *b, const loop_group *g, int32_t *largest)
{
    int32_t count = 0;
    const loop_nest *kinds[512];
    *largest = 0;
    for (int32_t i = 0; i < g->count; i++) {
        const loop_nest *nest = b->p->statements[g->first + i].nest;
        int32_t k = 0, ops = 0;
        for (int32_t v = 0; v < nest->value_count; v++)
            ops += nest->values[v].op > LOOP_ACC;
        *largest = ops > *largest ? ops : *largest;
        for (; k < count; k++) {
            bool same = kinds[k]->value_count == nest->value_count && kinds[k]->write_count == nest->write_count;
            for (int32_t v = 0; same && v < nest->value_count; v++)
                same = kinds[k]->values[v].op == nest->values[v].op &&
                       kinds[k]->values[v].dtype == nest->values[v].dtype &&
                       memcmp(kinds[k]->values[v].args, nest->values[v].args, sizeof nest->values[v].args) == 0;
            for (int32_t w = 0; same && w < nest->write_count; w++)
                same = kinds[k]->writes[w].value == nest->writes[w].value;
            if (same)
                break;
        }
        if (k == count && count < 512)
            kinds[count++] = nest;
    }
    return count;
}

Test(fuse, a_repeating_chain_becomes_equal_chunks)
{
    bench b;
    bench_fuse(&b, build_long_chain, "long chain");
    cr_assert_eq(b.p->group_count, 1);
    const loop_group *g = &b.p->groups[0];
    int32_t largest, distinct = distinct_chunks(&b, g, &largest);
    cr_expect(g->is_strip);
    cr_expect_eq(g->shared_count, 1);
    cr_expect_eq(g->tile[0], 512, "tile %d", (int)g->tile[0]);
    cr_expect_geq(g->count, 98, "%d chunks", (int)g->count);
    cr_expect_leq(g->count, 102, "%d chunks", (int)g->count);
    cr_expect_leq(distinct, 3, "%d distinct", (int)distinct);
    cr_expect_eq(largest, 7, "largest %d", (int)largest);
    bench_release(&b);
}

Test(fuse, a_reverse_chain_becomes_one_strip_loop)
{
    bench b;
    bench_fuse(&b, build_long_gradient, "long gradient");
    cr_assert_eq(b.p->group_count, 1);
    cr_expect_eq(b.p->statement_count, b.p->groups[0].count);
    const loop_group *g = &b.p->groups[0];
    int32_t largest, distinct = distinct_chunks(&b, g, &largest);
    loop_traffic t;
    loop_measure(b.p, &t);
    cr_expect_leq(t.local_bytes, 262144, "%d bytes", (int)t.local_bytes);
    cr_expect_eq(t.bytes_moved, 5 * 4 * LENGTH); /* a and b read, three fetches written */
    cr_expect_leq(g->count, 230, "%d chunks", (int)g->count);
    cr_expect_leq(distinct, 12, "%d distinct", (int)distinct);
    cr_expect_leq(largest, 64);
    cr_expect_geq(g->tile[0], 128);
    bench_release(&b);
}

/* ---- programs at random ------------------------------------------------------------------ */

typedef struct dice {
    uint32_t state;
} dice;

static uint32_t roll(dice *d, uint32_t sides)
{
    d->state = d->state * 1664525u + 1013904223u;
    return (d->state >> 12) % sides;
}

static dice chance;

enum { M = 6, N = 10, MOST = 40 };

typedef struct pool { /* buffers that hold values, by shape */
    int32_t items[4][MOST];
    int count[4];
} pool;

/* Shapes: 0 scalar, 1 [M], 2 [N], 3 [M,N]. */
static int32_t fresh(bench *b, int shape, buffer_kind kind, const char *hint)
{
    static const int64_t dims[4][2] = {{0, 0}, {M, 0}, {N, 0}, {M, N}};
    if (b->dim_count > 100)
        b->dim_count = 64; /* slots were all made before */
    return bench_buffer(b, kind, STEPC_FLOAT32, hint, shape == 0 ? 0 : shape == 3 ? 2 : 1, dims[shape]);
}

static int32_t pick(const pool *from, int shape)
{
    return from->items[shape][roll(&chance, (uint32_t)from->count[shape])];
}

/* Any value that broadcasts to SHAPE, sometimes backwards. */
static int32_t operand(bench *b, nest_builder *n, const pool *from, int shape)
{
    int32_t rank = shape == 0 ? 0 : shape == 3 ? 2 : 1;
    int of = roll(&chance, 3) ? shape : shape == 3 ? (int)roll(&chance, 4) : 0;
    if (from->count[of] == 0)
        of = shape;
    int32_t buffer = pick(from, of);
    if (of == 0)
        return nest_read(n, buffer, NULL);
    if (of == 1)
        return nest_read(n, buffer, AXES(0));
    if (of == 2)
        return nest_read(n, buffer, AXES(rank - 1));
    if (roll(&chance, 8) > 0)
        return nest_read(n, buffer, AXES(0, 1));
    int32_t back = loop_view_new(b->p, buffer, b->p->buffers[buffer].extents,
                                 (size_ref[]){size_const(&b->sizes, N), size_const(&b->sizes, -1)}, 2,
                                 size_const(&b->sizes, N - 1));
    return nest_read(n, back, AXES(0, 1));
}

static int32_t random_value(bench *b, nest_builder *n, const pool *from, int shape)
{
    static const loop_op unary[] = {LOOP_NEG, LOOP_SIN, LOOP_TANH, LOOP_ABS},
                         binary[] = {LOOP_ADD, LOOP_MUL, LOOP_SUB, LOOP_MAX};
    int32_t x = operand(b, n, from, shape);
    if (roll(&chance, 3) == 0)
        return nest_unary(n, unary[roll(&chance, 4)], x);
    return nest_binary(n, binary[roll(&chance, 4)], x, operand(b, n, from, shape));
}

static void random_nest(bench *b, pool *known, const int32_t *state)
{
    static const size_t axes_of[4] = {0, 1, 1, 2};
    int kind = (int)roll(&chance, 12), shape = kind < 7   ? (int)(roll(&chance, 2) ? 3 : roll(&chance, 4))
                                               : kind < 9 ? 1
                                                          : 3;
    nest_builder n;
    nest_begin(&n, b->p);
    if (kind == 11) { /* a variable changes in place */
        for (size_t k = 0; k < 2; k++)
            nest_axis(&n, size_const(&b->sizes, k == 0 ? M : N), AXIS_SPACE);
        int32_t v =
            nest_binary(&n, LOOP_ADD, nest_read(&n, state[0], AXES(0, 1)), nest_read(&n, pick(known, 3), AXES(0, 1)));
        nest_write(&n, state[0], AXES(0, 1), v);
        cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
        return;
    }
    int32_t out = fresh(b, shape, BUFFER_ARENA, "t");
    for (size_t k = 0; k < axes_of[shape]; k++)
        nest_axis(&n, b->p->buffers[out].extents[k], AXIS_SPACE);
    int32_t v;
    if (kind >= 7 && kind < 9) { /* over rows */
        nest_axis(&n, size_const(&b->sizes, N), AXIS_REDUCE);
        v = nest_acc(&n, roll(&chance, 2) ? ACC_SUM : ACC_MAX, nest_read(&n, pick(known, 3), AXES(0, 1)), false);
    } else if (kind == 9) { /* product with the transpose */
        nest_axis(&n, size_const(&b->sizes, N), AXIS_REDUCE);
        int32_t w = nest_read(&n, state[1], AXES(2, 1));
        v = nest_acc(&n, ACC_SUM, nest_binary(&n, LOOP_MUL, nest_read(&n, pick(known, 3), AXES(0, 2)), w), false);
    } else {
        v = random_value(b, &n, known, shape);
    }
    nest_write(&n, out, AXES(0, 1), v);
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
    if (known->count[shape] < MOST)
        known->items[shape][known->count[shape]++] = out;
}

static void build_random(bench *b)
{
    pool known = {.count = {0}};
    int32_t state[2], fetches[6];
    for (int shape = 0; shape < 4; shape++)
        known.items[shape][known.count[shape]++] = fresh(b, shape, BUFFER_FEED, "x");
    state[0] = fresh(b, 3, BUFFER_STATE, "v");
    state[1] = bench_buffer(b, BUFFER_FEED, STEPC_FLOAT32, "w", 2, DIMS(N, N));
    for (int i = 0; i < 6; i++)
        fetches[i] = fresh(b, i < 3 ? 3 : 1 + (i & 1), BUFFER_FETCH, "y");
    known.items[3][known.count[3]++] = state[0];
    int nests = 4 + (int)roll(&chance, 30);
    for (int i = 0; i < nests; i++)
        random_nest(b, &known, state);
    for (int i = 0; i < 6; i++)
        bench_op(b, LOOP_NEG, fetches[i], pick(&known, i < 3 ? 3 : 1 + (i & 1)), -1);
}

Test(fuse, programs_at_random_keep_their_bits)
{
    for (uint32_t seed = 0; seed < 300; seed++) {
        char what[32];
        bench b;
        chance.state = seed * 2654435761u + 17;
        snprintf(what, sizeof what, "seed %u", seed);
        bench_fuse(&b, build_random, what);
        cr_assert_eq(loop_schedule(b.p, &test_isa, NULL), STEPC_OK);
        bench_verify(&b, what);
        bench_release(&b);
    }
}
