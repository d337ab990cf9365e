/* SPDX-License-Identifier: Apache-2.0 */
#include "programs.h"

Test(analyse, dependence_and_axes)
{
    fixture *f = fixture_new();
    int32_t x = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(4, 5));
    int32_t w = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(4));
    int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(4));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 4), AXIS_SPACE);
    nest_axis(&b, num(f, 5), AXIS_REDUCE);
    int32_t xs = nest_read(&b, x, AXES(0, 1)), ws = nest_read(&b, w, AXES(0));
    int32_t one = nest_const_f64(&b, STEPC_FLOAT32, 1), i = nest_axis_value(&b, 1);
    int32_t product = nest_binary(&b, LOOP_MUL, xs, ws);
    int32_t sum = nest_acc(&b, ACC_SUM, product, true);
    int32_t result = nest_binary(&b, LOOP_ADD, sum, one);
    nest_write(&b, y, AXES(0), result);
    end(f, &b);
    const loop_nest *nest = f->p->statements[0].nest;
    uint8_t bits[16];
    uint32_t mask[16];
    nest_dependence(nest, bits);
    nest_axis_mask(nest, mask);
    cr_assert(bits[xs] == 1 && bits[ws] == 0 && bits[one] == 0 && bits[i] == 1 && bits[product] == 1);
    cr_assert(bits[sum] == 2 && bits[result] == 2);
    cr_assert(mask[xs] == 3 && mask[ws] == 1 && mask[one] == 0 && mask[i] == 2 && mask[product] == 3);
    cr_assert(mask[sum] == 1 && mask[result] == 1);
    cr_assert(loop_reads(nest, x) && loop_reads(nest, w) && !loop_reads(nest, y));
    cr_assert(loop_writes(nest, y) && !loop_writes(nest, x));
    cr_assert(loop_index_equal(&nest->values[ws].index, &nest->writes[0].index, 2));
    cr_assert(!loop_index_equal(&nest->values[xs].index, &nest->writes[0].index, 2));
    fixture_free(f);
}

Test(analyse, guarded)
{
    fixture *f = fixture_new();
    int32_t x = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(4));
    int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(4));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 4), AXIS_SPACE);
    int32_t a = nest_read(&b, x, AXES(0)), zero = nest_const_f64(&b, STEPC_FLOAT32, 0);
    int32_t root = nest_unary(&b, LOOP_SQRT, a);
    int32_t condition = nest_in_range(&b, nest_axis_value(&b, 0), num(f, 2));
    int32_t both = nest_select(&b, condition, root, zero);
    int32_t sum = nest_binary(&b, LOOP_ADD, both, zero);
    nest_write(&b, y, AXES(0), sum);
    end(f, &b);
    uint8_t guarded[16];
    nest_guarded(f->p->statements[0].nest, guarded);
    cr_assert(guarded[a] && guarded[root] && !guarded[zero] && !guarded[condition] && !guarded[both] && !guarded[sum]);
    fixture_free(f);
}

Test(analyse, names)
{
    for (int op = 0; op < LOOP_OP_COUNT; op++)
        cr_assert_eq((int)loop_op_find(text_view(loop_op_name((loop_op)op))), op);
    cr_assert_eq(loop_op_find(text_view("nonsense")), LOOP_OP_COUNT);
    cr_assert(loop_op_arity(LOOP_SELECT) == 3 && loop_op_arity(LOOP_READ) == 0);
    cr_assert(loop_value_dtype(STEPC_HALF) == STEPC_FLOAT32 && loop_value_dtype(STEPC_QUINT8) == STEPC_UINT8);
    cr_assert(loop_value_dtype(STEPC_STRING) == STEPC_DTYPE_INVALID && loop_value_dtype(STEPC_INT64) == STEPC_INT64);
    cr_assert_eq(loop_value_dtype(STEPC_COMPLEX64), STEPC_DTYPE_INVALID);
}
