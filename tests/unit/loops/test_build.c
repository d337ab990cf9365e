/* SPDX-License-Identifier: Apache-2.0 */
/* The builder: buffers, views, value numbering, refusals. */
#include "programs.h"

Test(build, buffers_are_row_major_and_hints_clean)
{
    fixture *f = fixture_new();
    size_ref n = size_symbol(&f->sizes, "n", 1, 8);
    const size_ref dims[] = {n, num(f, 3), num(f, 4)};
    int32_t b = loop_buffer_new(f->p, BUFFER_ARENA, STEPC_FLOAT32, dims, 3, "dense/Bias-Add:0 and a very long tail");
    const loop_buffer *buffer = &f->p->buffers[b];
    cr_assert_str_eq(buffer->hint, "dense_Bias_Add_0_and_a_v");
    cr_assert_eq(buffer->strides[0], num(f, 12));
    cr_assert_eq(buffer->strides[1], num(f, 4));
    cr_assert_eq(buffer->strides[2], num(f, 1));
    cr_assert(buffer->root == b && buffer->slot == -1 && buffer->group == -1 && buffer->tensor == NULL);
    b = loop_buffer_new(f->p, BUFFER_ARENA, STEPC_FLOAT32, NULL, 0, "");
    cr_assert_str_eq(f->p->buffers[b].hint, "b");
    fixture_free(f);
}

Test(build, reads_of_views_compose_strides)
{
    /* A reversed, transposed view of [3,4] from element 11 on. */
    fixture *f = fixture_new();
    int32_t x = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(3, 4));
    const size_ref extents[] = {num(f, 4), num(f, 3)}, strides[] = {num(f, -1), num(f, -4)};
    int32_t view = loop_view_new(f->p, x, extents, strides, 2, num(f, 11));
    cr_assert_eq(f->p->buffers[view].root, x);
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 3), AXIS_SPACE);
    nest_axis(&b, num(f, 4), AXIS_SPACE);
    int32_t v = nest_read(&b, view, AXES(1, 0));
    const loop_value *read = &b.nest->values[v];
    cr_assert(read->buffer == x && read->index.base == num(f, 11));
    cr_assert(read->index.coefs[0] == num(f, -4) && read->index.coefs[1] == num(f, -1));
    /* A diagonal: one axis along both dimensions; and a broadcast dimension. */
    v = nest_read(&b, x, AXES(0, 0));
    cr_assert(b.nest->values[v].index.coefs[0] == num(f, 5) && b.nest->values[v].index.coefs[1] == num(f, 0));
    v = nest_read(&b, x, AXES(-1, 1));
    cr_assert(b.nest->values[v].index.coefs[0] == num(f, 0) && b.nest->values[v].index.coefs[1] == num(f, 1));
    fixture_free(f);
}

/* C compilers warn of a question that is always answered alike. */
Test(build, known_conditions_choose_at_once)
{
    fixture *f = fixture_new();
    int32_t x = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(3));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 3), AXIS_SPACE);
    int32_t v = nest_read(&b, x, AXES(0)), zero = nest_const_f64(&b, STEPC_FLOAT32, 0), i = nest_axis_value(&b, 0);
    int32_t never = nest_const_i64(&b, STEPC_BOOL, 0), always = nest_const_i64(&b, STEPC_BOOL, 1);
    cr_assert_eq(nest_in_range(&b, i, num(f, 0)), never);
    cr_assert_eq(nest_select(&b, never, v, zero), zero);
    cr_assert_eq(nest_select(&b, always, v, zero), v);
    int32_t maybe = nest_in_range(&b, i, num(f, 2));
    cr_assert_eq(b.nest->values[maybe].op, LOOP_IN_RANGE);
    cr_assert_eq(b.nest->values[nest_select(&b, maybe, v, zero)].op, LOOP_SELECT);
    fixture_free(f);
}

Test(build, equal_values_are_one)
{
    fixture *f = fixture_new();
    int32_t x = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(3));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 3), AXIS_SPACE);
    nest_axis(&b, num(f, 3), AXIS_REDUCE);
    int32_t v = nest_read(&b, x, AXES(0)), w = nest_read(&b, x, AXES(1));
    cr_assert_neq(v, w);
    cr_assert_eq(v, nest_read(&b, x, AXES(0)));
    int32_t s = nest_binary(&b, LOOP_ADD, v, w);
    cr_assert_eq(s, nest_binary(&b, LOOP_ADD, v, w));
    cr_assert_neq(s, nest_binary(&b, LOOP_SUB, v, w));
    cr_assert_eq(nest_acc(&b, ACC_SUM, s, true), nest_acc(&b, ACC_SUM, s, true));
    cr_assert_neq(nest_acc(&b, ACC_SUM, s, true), nest_acc(&b, ACC_MAX, s, true));
    cr_assert_eq(b.nest->acc_count, 2);
    cr_assert_eq(nest_const_f64(&b, STEPC_FLOAT32, 1), nest_const_i64(&b, STEPC_FLOAT32, 1));
    cr_assert_neq(nest_const_f64(&b, STEPC_FLOAT32, 0.0), nest_const_f64(&b, STEPC_FLOAT32, -0.0));
    cr_assert_eq(nest_cast(&b, v, STEPC_FLOAT32), v);
    /* Many values: the table grows and still finds them all. */
    int32_t numbers[1000];
    for (int i = 0; i < 1000; i++)
        numbers[i] = nest_const_i64(&b, STEPC_INT64, i);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(nest_const_i64(&b, STEPC_INT64, i), numbers[i]);
    fixture_free(f);
}

static uint64_t bits_of(const nest_builder *b, int32_t v)
{
    return b->nest->values[v].bits;
}

Test(build, constants_have_the_bits_of_their_type)
{
    fixture *f = fixture_new();
    nest_builder b;
    nest_begin(&b, f->p);
    cr_assert_eq(bits_of(&b, nest_const_i64(&b, STEPC_INT8, -1)), 0xFF);
    cr_assert_eq(bits_of(&b, nest_const_i64(&b, STEPC_INT64, -1)), UINT64_MAX);
    cr_assert_eq(bits_of(&b, nest_const_i64(&b, STEPC_BOOL, 7)), 1);
    cr_assert_eq(bits_of(&b, nest_const_f64(&b, STEPC_FLOAT32, 1.5)), 0x3FC00000);
    cr_assert_eq(bits_of(&b, nest_const_f64(&b, STEPC_FLOAT64, 1.5)), 0x3FF8000000000000);
    int32_t half = nest_const_f64(&b, STEPC_HALF, 1.0 + 0x1p-11); /* a tie: to 1 */
    cr_assert(b.nest->values[half].dtype == STEPC_FLOAT32 && bits_of(&b, half) == 0x3F800000);
    fixture_free(f);
}

static stepc_code misuse(int which)
{
    fixture *f = fixture_new();
    int32_t x = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(3));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 3), AXIS_SPACE);
    int32_t v = nest_read(&b, x, AXES(0)), i = nest_axis_value(&b, 0);
    if (which == 1)
        nest_binary(&b, LOOP_ADD, v, i);
    if (which == 2)
        nest_select(&b, v, v, v);
    if (which == 3)
        nest_axis(&b, num(f, 3), AXIS_SPACE);
    if (which == 4)
        nest_read(&b, 99, AXES(0));
    if (which == 5)
        nest_unary(&b, LOOP_ADD, v);
    if (which == 6)
        nest_bitcast(&b, v, STEPC_INT64);
    if (which == 7)
        nest_unary(&b, LOOP_NEG, 99);
    if (which == 8)
        nest_read(&b, x, AXES(3));
    cr_assert_eq(b.failed, which != 0);
    if (which != 0)
        cr_assert_eq(nest_unary(&b, LOOP_NEG, v), -1);
    stepc_code code = nest_end(&b, &f->error);
    cr_assert_eq(f->p->statement_count, which == 0);
    fixture_free(f);
    return code;
}

Test(build, misuse_is_told_at_the_end)
{
    cr_assert_eq(misuse(0), STEPC_OK);
    for (int which = 1; which <= 8; which++)
        cr_assert_eq(misuse(which), STEPC_INTERNAL, "%d", which);
}
