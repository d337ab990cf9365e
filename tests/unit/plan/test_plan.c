/* SPDX-License-Identifier: Apache-2.0 */
/* Memory plans: sizes worked out by hand, every plan proved by the checker, planted faults found. */
#include "../loops/fuse_helpers.h"

#include "compiler/plan/plan.h"

static memory_plan *make(bench *b)
{
    memory_plan *plan;
    stepc_error *error = stepc_error_new();
    cr_assert_eq(plan_make(b->p, &plan, error), STEPC_OK, "%s", stepc_error_message(error));
    stepc_code code = plan_check(plan, error);
    cr_assert_eq(code, STEPC_OK, "%s", stepc_error_message(error));
    stepc_error_free(error);
    return plan;
}

/* A buffer of N floats that the next nest reads backwards, so that nothing happens in place. */
static int32_t reversed(bench *b, int32_t from, buffer_kind kind, int64_t n)
{
    int32_t to = bench_buffer(b, kind, STEPC_FLOAT32, "r", 1, DIMS(n));
    int32_t back = loop_view_new(b->p, from, (size_ref[]){size_const(&b->sizes, n)},
                                 (size_ref[]){size_const(&b->sizes, -1)}, 1, size_const(&b->sizes, n - 1));
    bench_op(b, LOOP_NEG, to, back, -1);
    return to;
}

/* x -> a -> b -> c -> y with 1000 floats each: two are alive at once, 4032 bytes each when rounded up. */
static void build_line(bench *b)
{
    int32_t now = bench_buffer(b, BUFFER_FEED, STEPC_FLOAT32, "x", 1, DIMS(1000));
    for (int i = 0; i < 3; i++)
        now = reversed(b, now, BUFFER_ARENA, 1000);
    reversed(b, now, BUFFER_FETCH, 1000);
}

Test(plan, a_line_needs_two_buffers)
{
    bench b;
    bench_init(&b);
    build_line(&b);
    memory_plan *plan = make(&b);
    cr_expect_eq(plan->fixed_bytes, 2 * 4032);
    cr_expect_eq(plan->live_bytes, 2 * 4032);
    cr_expect_eq(plan->arena_bound_bytes, 2 * 4032);
    cr_expect_eq(plan->slot_count, 0);
    bench_release(&b);
}

/* The same without turning round: each step works in place. */
Test(plan, in_place)
{
    bench b;
    bench_init(&b);
    int32_t now = bench_buffer(&b, BUFFER_FEED, STEPC_FLOAT32, "x", 1, DIMS(1000));
    for (int i = 0; i < 4; i++) {
        int32_t next = bench_buffer(&b, i == 3 ? BUFFER_FETCH : BUFFER_ARENA, STEPC_FLOAT32, "t", 1, DIMS(1000));
        bench_op(&b, LOOP_NEG, next, now, -1);
        now = next;
    }
    memory_plan *plan = make(&b);
    cr_expect_eq(plan->fixed_bytes, 4032);
    int32_t taken = 0;
    for (int32_t i = 0; i < plan->place_count; i++)
        taken += plan->places[i].takes_over >= 0 && plan->places[i].is_placed;
    cr_expect_eq(taken, 2);
    bench_release(&b);
}

/* Many buffers of odd sizes and lives: never below the largest live set, always sound. */
Test(plan, many_lives)
{
    for (uint32_t seed = 1; seed < 12; seed++) {
        bench b;
        bench_init(&b);
        uint32_t state = seed * 2654435761u;
        int32_t made[40];
        int32_t x = bench_buffer(&b, BUFFER_FEED, STEPC_FLOAT32, "x", 0, NULL),
                y = bench_buffer(&b, BUFFER_FETCH, STEPC_FLOAT32, "y", 0, NULL);
        for (int i = 0; i < 40; i++) {
            state = state * 1664525u + 1013904223u;
            made[i] = bench_buffer(&b, BUFFER_ARENA, STEPC_FLOAT32, "t", 1, DIMS((int64_t)(state >> 20) + 1));
            bench_op(&b, LOOP_NEG, made[i], x, -1);
            nest_builder n;
            nest_begin(&n, b.p);
            int32_t v = nest_read(&n, made[(state >> 8) % (uint32_t)(i + 1)], AXES(-1));
            nest_write(&n, y, NULL, v);
            cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
        }
        memory_plan *plan = make(&b);
        cr_expect_geq(plan->fixed_bytes, plan->live_bytes);
        cr_expect_leq(plan->fixed_bytes, plan->live_bytes * 5 / 4, "seed %u: %lld over %lld", seed,
                      (long long)plan->fixed_bytes, (long long)plan->live_bytes);
        bench_release(&b);
    }
}

/* n floats and 2n floats: a slot each, offsets by prefix sums. */
Test(plan, symbolic_sizes)
{
    bench b;
    bench_init(&b);
    size_ref n = size_symbol(&b.sizes, "n", 1, 100), twice = size_product(&b.sizes, n, size_const(&b.sizes, 2));
    int32_t x = bench_buffer(&b, BUFFER_FEED, STEPC_FLOAT32, "x", 0, NULL),
            y = bench_buffer(&b, BUFFER_FETCH, STEPC_FLOAT32, "y", 0, NULL);
    int32_t t = loop_buffer_new(b.p, BUFFER_ARENA, STEPC_FLOAT32, &n, 1, "t"),
            u = loop_buffer_new(b.p, BUFFER_ARENA, STEPC_FLOAT32, &twice, 1, "u");
    int32_t fixed = bench_buffer(&b, BUFFER_ARENA, STEPC_FLOAT32, "f", 1, DIMS(3));
    bench_op(&b, LOOP_NEG, t, x, -1);
    bench_op(&b, LOOP_NEG, u, x, -1);
    bench_op(&b, LOOP_NEG, fixed, x, -1);
    for (int i = 0; i < 3; i++) {
        nest_builder m;
        nest_begin(&m, b.p);
        nest_write(&m, y, NULL, nest_read(&m, i == 0 ? t : i == 1 ? u : fixed, AXES(-1)));
        cr_assert_eq(nest_end(&m, NULL), STEPC_OK);
    }
    memory_plan *plan = make(&b);
    cr_expect_eq(plan->fixed_bytes, 64);
    cr_expect_eq(plan->slot_count, 2);
    int64_t at[2], n_value = 20; /* 80 bytes and 160 bytes: 128 and 192 */
    cr_assert(plan_offset(plan, t, &n_value, 1, &at[0]));
    cr_assert(plan_offset(plan, u, &n_value, 1, &at[1]));
    cr_expect_eq(at[0], 64);
    cr_expect_eq(at[1], 64 + 128);
    int64_t total;
    cr_assert(size_evaluate(&b.sizes, plan->arena_bytes, &n_value, 1, &total));
    cr_expect_eq(total, 64 + 128 + 192);
    cr_expect_eq(plan->arena_bound_bytes, 64 + 448 + 832);
    bench_release(&b);
}

/* ---- faults ------------------------------------------------------------------------------ */

Test(plan, the_checker_finds_planted_faults)
{
    for (int fault = 0; fault < 7; fault++) {
        bench b;
        bench_init(&b);
        build_line(&b);
        memory_plan *plan = make(&b);
        int32_t first = -1, second = -1;
        for (int32_t i = 0; i < plan->place_count; i++) {
            if (!plan->places[i].is_placed)
                continue;
            second = first >= 0 && second < 0 ? i : second;
            first = first < 0 ? i : first;
        }
        switch (fault) {
        case 0:
            plan->places[first].offset = plan->places[second].offset;
            break; /* overlap */
        case 1:
            plan->places[first].offset += 4;
            break; /* alignment */
        case 2:
            plan->fixed_bytes -= 64;
            break; /* bounds */
        case 3:
            plan->places[first].is_placed = false;
            break; /* missing */
        case 4:
            plan->places[first].offset = -64;
            break; /* negative */
        case 5:    /* in place, though read backwards */
            plan->places[second].offset = plan->places[first].offset;
            plan->places[second].takes_over = first;
            break;
        default:
            plan->places[first].slot = 3;
            break; /* no such slot */
        }
        cr_expect_eq(plan_check(plan, NULL), STEPC_INTERNAL, "fault %d was not found", fault);
        bench_release(&b);
    }
}

/* ---- groups ------------------------------------------------------------------------------ */

static void build_chain(bench *b)
{
    int32_t x = bench_buffer(b, BUFFER_FEED, STEPC_FLOAT32, "x", 1, DIMS(4096)),
            y = bench_buffer(b, BUFFER_FETCH, STEPC_FLOAT32, "y", 1, DIMS(4096));
    int32_t now = x;
    for (int i = 0; i < 60; i++) {
        int32_t u = bench_buffer(b, BUFFER_ARENA, STEPC_FLOAT32, "u", 1, DIMS(4096)),
                v = bench_buffer(b, BUFFER_ARENA, STEPC_FLOAT32, "v", 1, DIMS(4096));
        if (b->dim_count > 100)
            b->dim_count = 0;
        bench_op_const(b, LOOP_MUL, u, now, 1.0 + i, false);
        bench_op(b, LOOP_SIN, v, u, -1);
        now = v;
    }
    bench_op(b, LOOP_ADD, y, now, x);
}

/* A long chain has one value alive between chunks: two strips of 512 floats, turn about. */
Test(plan, strips_reuse_locals)
{
    bench b;
    bench_fuse(&b, build_chain, "chain");
    cr_assert_eq(b.p->group_count, 1);
    memory_plan *plan = make(&b);
    cr_expect_eq(b.p->groups[0].tile[0], 512);
    cr_expect_eq(plan->fixed_bytes, 2 * 512 * 4);
    bench_release(&b);
}

/* ---- modules ----------------------------------------------------------------------------- */

Test(plan, weights_are_shared_by_content)
{
    static const float one[3] = {1, 2, 3}, two[3] = {1, 2, 3}, three[3] = {1, 2, 4};
    const float *data[3] = {one, two, three};
    bench b[2];
    for (int i = 0; i < 2; i++) {
        bench_init(&b[i]);
        for (int k = 0; k < 3; k++) {
            int32_t w = bench_buffer(&b[i], BUFFER_WEIGHT, STEPC_FLOAT32, "w", 1, DIMS(3));
            b[i].p->buffers[w].data = data[k];
        }
        bench_buffer(&b[i], BUFFER_STATE, STEPC_FLOAT32, "s", 1, DIMS(5));
        bench_buffer(&b[i], BUFFER_STATE, STEPC_INT64, "t", 1, DIMS(20));
    }
    module_plan *plan;
    const loop_program *programs[2] = {b[0].p, b[1].p};
    cr_assert_eq(plan_module(&b[0].host, &b[0].memory, programs, 2, &plan, NULL), STEPC_OK);
    cr_expect_eq(plan->weight_count, 2);
    cr_expect_eq(plan->weight_of[0][0], plan->weight_of[1][1]);
    cr_expect_neq(plan->weight_of[0][0], plan->weight_of[0][2]);
    cr_expect_eq(plan->weights[1].offset, 64);
    cr_expect_eq(plan->weights_bytes, 128);
    cr_expect_eq(plan->variable_count, 2);
    cr_expect_eq(plan->variables[1].offset, 64);
    cr_expect_eq(plan->state_bytes, 64 + 192);
    b[1].p->buffers[3].dtype = STEPC_INT32; /* the same variable with another type */
    cr_expect_eq(plan_module(&b[0].host, &b[0].memory, programs, 2, &plan, NULL), STEPC_INTERNAL);
    bench_release(&b[0]);
    bench_release(&b[1]);
}

/* A matrix of 2 rows and 18 columns in panels of 16: row by row the first 16, then row by row the other two and zeros. The
 * same numbers, transposed, make the same panels of rows. */
Test(plan, weights_of_products_lie_in_panels)
{
    float plain[2 * 18], turned[18 * 2];
    for (int k = 0; k < 2; k++)
        for (int n = 0; n < 18; n++)
            plain[k * 18 + n] = turned[n * 2 + k] = (float)(100 * k + n);
    bench b;
    bench_init(&b);
    int32_t w = bench_buffer(&b, BUFFER_WEIGHT, STEPC_FLOAT32, "w", 2, DIMS(2, 18)),
            t = bench_buffer(&b, BUFFER_WEIGHT, STEPC_FLOAT32, "t", 2, DIMS(18, 2));
    b.p->buffers[w].data = plain;
    b.p->buffers[w].panel = b.p->buffers[t].panel = 16;
    b.p->buffers[w].panel_dim = 1;
    b.p->buffers[t].data = turned;
    module_plan *plan;
    const loop_program *programs[1] = {b.p};
    cr_assert_eq(plan_module(&b.host, &b.memory, programs, 1, &plan, NULL), STEPC_OK);
    cr_assert_eq(plan->weight_count, 1);
    cr_assert_eq(plan->weights[0].bytes, 2 * 2 * 16 * 4);
    const float *at = plan->weights[0].data;
    cr_expect_eq(at[0], 0.0f);
    cr_expect_eq(at[15], 15.0f);
    cr_expect_eq(at[16], 100.0f);
    cr_expect_eq(at[31], 115.0f);
    cr_expect_eq(at[32], 16.0f);
    cr_expect_eq(at[33], 17.0f);
    cr_expect_eq(at[34], 0.0f);
    cr_expect_eq(at[48], 116.0f);
    cr_expect_eq(at[49], 117.0f);
    cr_expect_eq(at[63], 0.0f);
    bench_release(&b);
}
