/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator, against values worked by hand or given by libm. */
#include "programs.h"

#include "runtime/core/dtype.h"

static const float *floats(const outputs *out, int i)
{
    return stepc_tensor_data(out->tensors[i]);
}

Test(evaluate, chain)
{
    float x[1000];
    for (int i = 0; i < 1000; i++)
        x[i] = (float)i * 0.25f;
    fixture *f = program_chain(1000);
    outputs out;
    verify_ok(f);
    run_ok(f, (const void *[]){x}, NULL, 0, &out);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(floats(&out, 0)[i], (x[i] + 1.0f) * x[i], "%d", i);
    outputs_free(f->p, &out);
    fixture_free(f);
}

Test(evaluate, one_rounding_per_operation)
{
    /* 1 + 2^-24 rounds to 1 in float32; a double that lingered would give 2^-24 * 2^24 = 1. */
    fixture *f = fixture_new();
    int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(3));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 3), AXIS_SPACE);
    int32_t one = nest_const_f64(&b, STEPC_FLOAT32, 1), tiny = nest_const_f64(&b, STEPC_FLOAT32, 0x1p-24);
    int32_t rest = nest_binary(&b, LOOP_SUB, nest_binary(&b, LOOP_ADD, one, tiny), one);
    nest_write(&b, y, AXES(0), nest_binary(&b, LOOP_MUL, rest, nest_const_f64(&b, STEPC_FLOAT32, 0x1p24)));
    end(f, &b);
    outputs out;
    run_ok(f, NULL, NULL, 0, &out);
    cr_assert_eq(floats(&out, 0)[2], 0.0f);
    outputs_free(f->p, &out);
    fixture_free(f);
}

Test(evaluate, broadcast_add)
{
    static const float bias[] = {10, 20, 30};
    const float x[] = {1, 2, 3, 4, 5, 6};
    fixture *f = fixture_new();
    int32_t a = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(2, 3));
    int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(2, 3));
    int32_t w = weight(f, STEPC_FLOAT32, DIMS(1, 3), bias);
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 2), AXIS_SPACE);
    nest_axis(&b, num(f, 3), AXIS_SPACE);
    nest_write(&b, y, AXES(0, 1),
               nest_binary(&b, LOOP_ADD, nest_read(&b, a, AXES(0, 1)), nest_read(&b, w, AXES(-1, 1))));
    end(f, &b);
    outputs out;
    verify_ok(f);
    run_ok(f, (const void *[]){x}, NULL, 0, &out);
    const float expected[] = {11, 22, 33, 14, 25, 36};
    cr_assert_arr_eq(floats(&out, 0), expected, sizeof expected);
    outputs_free(f->p, &out);
    fixture_free(f);
}

Test(evaluate, softmax_in_a_group_of_any_tile)
{
    float x[7 * 5];
    for (int i = 0; i < 35; i++)
        x[i] = (float)((i * 37) % 11) - 5.0f;
    for (int64_t tile = 1; tile <= 9; tile++) {
        fixture *f = program_softmax(5, tile);
        outputs out;
        verify_ok(f);
        run_ok(f, (const void *[]){x}, NULL, 7, &out);
        cr_assert_eq(stepc_tensor_dims(out.tensors[0])[0], 7);
        for (int r = 0; r < 7; r++) {
            double most = -INFINITY, sum = 0;
            for (int c = 0; c < 5; c++)
                most = fmax(most, x[r * 5 + c]);
            for (int c = 0; c < 5; c++)
                sum += (double)(float)exp(x[r * 5 + c] - most);
            for (int c = 0; c < 5; c++) {
                float expected = (float)exp(x[r * 5 + c] - most) / (float)sum;
                cr_assert_float_eq(floats(&out, 0)[r * 5 + c], expected, 1e-7, "tile %d row %d", (int)tile, r);
            }
        }
        outputs_free(f->p, &out);
        fixture_free(f);
    }
}

Test(evaluate, matmul_through_a_transposed_view)
{
    const float x[] = {1, 2, 3, 4, 5, 6}, z[] = {1, 0, 2, 0, 1, -1};
    fixture *f = program_matmul(2, 3, 2);
    outputs out;
    verify_ok(f);
    run_ok(f, (const void *[]){x, z}, NULL, 0, &out);
    const float expected[] = {7, -1, 16, -1};
    cr_assert_arr_eq(floats(&out, 0), expected, sizeof expected);
    outputs_free(f->p, &out);
    fixture_free(f);
}

Test(evaluate, float32_sums_accumulate_in_double)
{
    /* 2^24 + 1 + 1 ..: every 1 is lost in float32, none in double. Both lane directions. */
    float x[2 * 301 + 20 * 40];
    for (int i = 0; i < 20 * 40 + 602; i++)
        x[i] = 1.0f;
    x[0] = x[301] = 0x1p24f;
    for (int r = 0; r < 20; r++)
        x[602 + r * 40] = 0x1p24f;
    fixture *f = fixture_new();
    int32_t a = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(602 + 800));
    int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(2));
    int32_t z = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(20));
    const size_ref wide[] = {num(f, 2), num(f, 301)}, wide_strides[] = {num(f, 301), num(f, 1)};
    const size_ref tall[] = {num(f, 20), num(f, 40)}, tall_strides[] = {num(f, 40), num(f, 1)};
    int32_t v = loop_view_new(f->p, a, wide, wide_strides, 2, num(f, 0));
    int32_t w = loop_view_new(f->p, a, tall, tall_strides, 2, num(f, 602));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 2), AXIS_SPACE);
    nest_axis(&b, num(f, 301), AXIS_REDUCE);
    nest_write(&b, y, AXES(0), nest_acc(&b, ACC_SUM, nest_read(&b, v, AXES(0, 1)), true));
    end(f, &b);
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 20), AXIS_SPACE);
    nest_axis(&b, num(f, 40), AXIS_REDUCE);
    nest_write(&b, z, AXES(0), nest_acc(&b, ACC_SUM, nest_read(&b, w, AXES(0, 1)), true));
    end(f, &b);
    outputs out;
    verify_ok(f);
    run_ok(f, (const void *[]){x}, NULL, 0, &out);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(floats(&out, 0)[i], 0x1p24f + 300.0f);
    for (int i = 0; i < 20; i++)
        cr_assert_eq(floats(&out, 1)[i], 0x1p24f + 40.0f, "%d: %f", i, floats(&out, 1)[i]); /* +39 is a tie to even */
    outputs_free(f->p, &out);
    fixture_free(f);
}

Test(evaluate, argmax_and_the_other_reductions)
{
    const float x[] = {NAN, 3, 3, 1, NAN, NAN, NAN, NAN, -1, -2, -3, 0.5f};
    fixture *f = fixture_new();
    int32_t a = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(3, 4));
    int32_t top = slot_const(f, BUFFER_FETCH, STEPC_INT64, DIMS(3));
    int32_t low = slot_const(f, BUFFER_FETCH, STEPC_INT64, DIMS(3));
    int32_t max = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(3));
    int32_t min = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(3));
    int32_t any = slot_const(f, BUFFER_FETCH, STEPC_BOOL, DIMS(3));
    int32_t all = slot_const(f, BUFFER_FETCH, STEPC_BOOL, DIMS(3));
    int32_t prod = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(3));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 3), AXIS_SPACE);
    nest_axis(&b, num(f, 4), AXIS_REDUCE);
    int32_t v = nest_read(&b, a, AXES(0, 1));
    int32_t negative = nest_binary(&b, LOOP_LT, v, nest_const_f64(&b, STEPC_FLOAT32, 0));
    nest_write(&b, top, AXES(0), nest_acc(&b, ACC_ARG_MAX, v, false));
    nest_write(&b, low, AXES(0), nest_acc(&b, ACC_ARG_MIN, v, false));
    nest_write(&b, max, AXES(0), nest_acc(&b, ACC_MAX, v, false));
    nest_write(&b, min, AXES(0), nest_acc(&b, ACC_MIN, v, false));
    nest_write(&b, any, AXES(0), nest_acc(&b, ACC_ANY, negative, false));
    nest_write(&b, all, AXES(0), nest_acc(&b, ACC_ALL, negative, false));
    nest_write(&b, prod, AXES(0), nest_acc(&b, ACC_PROD, v, false));
    end(f, &b);
    outputs out;
    verify_ok(f);
    run_ok(f, (const void *[]){x}, NULL, 0, &out);
    const int64_t tops[] = {1, 0, 3}, lows[] = {3, 0, 2};
    const uint8_t anys[] = {0, 0, 1}, alls[] = {0, 0, 0};
    cr_assert_arr_eq(stepc_tensor_data(out.tensors[0]), tops, sizeof tops);
    cr_assert_arr_eq(stepc_tensor_data(out.tensors[1]), lows, sizeof lows);
    cr_assert(isnan(floats(&out, 2)[0]) && isnan(floats(&out, 2)[1]) && floats(&out, 2)[2] == 0.5f);
    cr_assert(isnan(floats(&out, 3)[0]) && floats(&out, 3)[2] == -3.0f);
    cr_assert_arr_eq(stepc_tensor_data(out.tensors[4]), anys, sizeof anys);
    cr_assert_arr_eq(stepc_tensor_data(out.tensors[5]), alls, sizeof alls);
    cr_assert(isnan(floats(&out, 6)[0]) && floats(&out, 6)[2] == -3.0f);
    outputs_free(f->p, &out);
    fixture_free(f);
}

Test(evaluate, identities_of_empty_reductions)
{
    fixture *f = fixture_new();
    int32_t a = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(2, 0));
    int32_t i8 = slot_const(f, BUFFER_FEED, STEPC_INT8, DIMS(2, 0));
    int32_t out_f[3], out_i[2];
    const acc_kind kinds[] = {ACC_SUM, ACC_PROD, ACC_MAX};
    for (int i = 0; i < 3; i++)
        out_f[i] = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(2));
    for (int i = 0; i < 2; i++)
        out_i[i] = slot_const(f, BUFFER_FETCH, STEPC_INT8, DIMS(2));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 2), AXIS_SPACE);
    nest_axis(&b, num(f, 0), AXIS_REDUCE);
    for (int i = 0; i < 3; i++)
        nest_write(&b, out_f[i], AXES(0), nest_acc(&b, kinds[i], nest_read(&b, a, AXES(0, 1)), false));
    nest_write(&b, out_i[0], AXES(0), nest_acc(&b, ACC_MAX, nest_read(&b, i8, AXES(0, 1)), false));
    nest_write(&b, out_i[1], AXES(0), nest_acc(&b, ACC_MIN, nest_read(&b, i8, AXES(0, 1)), false));
    end(f, &b);
    outputs out;
    verify_ok(f);
    run_ok(f, (const void *[]){NULL, NULL}, NULL, 0, &out);
    cr_assert_eq(floats(&out, 0)[1], 0.0f);
    cr_assert_eq(floats(&out, 1)[1], 1.0f);
    cr_assert_eq(floats(&out, 2)[1], -INFINITY);
    cr_assert_eq(((const int8_t *)stepc_tensor_data(out.tensors[3]))[0], -128);
    cr_assert_eq(((const int8_t *)stepc_tensor_data(out.tensors[4]))[0], 127);
    outputs_free(f->p, &out);
    fixture_free(f);
}

Test(evaluate, half_storage_rounds_to_even)
{
    /* half has 11 bits: 2048 + 1 is a tie and goes to 2048; 2049 + 2 = 2051 is a tie and goes to 2052. */
    const uint16_t x[] = {0x6800 /* 2048 */, 0x3C00 /* 1 */, 0x7BFF /* 65504 */};
    fixture *f = fixture_new();
    int32_t a = slot_const(f, BUFFER_FEED, STEPC_HALF, DIMS(3));
    int32_t y = slot_const(f, BUFFER_FETCH, STEPC_HALF, DIMS(3));
    int32_t z = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(3));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 3), AXIS_SPACE);
    int32_t v = nest_binary(&b, LOOP_ADD, nest_read(&b, a, AXES(0)), nest_const_f64(&b, STEPC_HALF, 1));
    nest_write(&b, y, AXES(0), v);
    nest_write(&b, z, AXES(0), nest_round_to(&b, v, STEPC_HALF));
    end(f, &b);
    outputs out;
    verify_ok(f);
    run_ok(f, (const void *[]){x}, NULL, 0, &out);
    const uint16_t expected[] = {0x6800, 0x4000, 0x7BFF};
    cr_assert_arr_eq(stepc_tensor_data(out.tensors[0]), expected, sizeof expected);
    cr_assert_eq(floats(&out, 1)[0], 2048.0f);
    cr_assert_eq(floats(&out, 1)[2], 65504.0f);
    outputs_free(f->p, &out);
    fixture_free(f);
}

/* One operation on two constants of an integer type. */
static int64_t fold(loop_op op, stepc_dtype dtype, int64_t a, int64_t c)
{
    fixture *f = fixture_new();
    int32_t y = slot_const(f, BUFFER_FETCH, dtype, NULL, 0);
    nest_builder b;
    nest_begin(&b, f->p);
    int32_t v = nest_const_i64(&b, dtype, a);
    v = loop_op_arity(op) == 1 ? nest_unary(&b, op, v) : nest_binary(&b, op, v, nest_const_i64(&b, dtype, c));
    nest_write(&b, y, NULL, v);
    end(f, &b);
    outputs out;
    verify_ok(f);
    run_ok(f, NULL, NULL, 0, &out);
    int64_t result = dtype_is_signed(dtype) ? load_i64(dtype, stepc_tensor_data(out.tensors[0]), 0)
                                            : (int64_t)load_u64(dtype, stepc_tensor_data(out.tensors[0]), 0);
    outputs_free(f->p, &out);
    fixture_free(f);
    return result;
}

Test(evaluate, integers_wrap)
{
    cr_assert_eq(fold(LOOP_ADD, STEPC_INT32, INT32_MAX, 1), INT32_MIN);
    cr_assert_eq(fold(LOOP_ADD, STEPC_INT64, INT64_MAX, 1), INT64_MIN);
    cr_assert_eq(fold(LOOP_MUL, STEPC_INT8, 100, 3), 44); /* 300 - 256 */
    cr_assert_eq(fold(LOOP_SUB, STEPC_UINT8, 3, 5), 254);
    cr_assert_eq(fold(LOOP_MUL, STEPC_UINT64, -1, -1), 1);
    cr_assert_eq(fold(LOOP_NEG, STEPC_INT16, -32768, 0), -32768);
    cr_assert_eq(fold(LOOP_ABS, STEPC_INT32, -7, 0), 7);
    cr_assert_eq(fold(LOOP_DIV, STEPC_INT32, INT32_MIN, -1), INT32_MIN);
    cr_assert_eq(fold(LOOP_DIV, STEPC_INT64, INT64_MIN, -1), INT64_MIN);
    cr_assert_eq(fold(LOOP_DIV, STEPC_INT32, -7, 2), -3);
    cr_assert_eq(fold(LOOP_FLOORDIV, STEPC_INT32, -7, 2), -4);
    cr_assert_eq(fold(LOOP_FLOORDIV, STEPC_INT32, 7, -2), -4);
    cr_assert_eq(fold(LOOP_FLOORDIV, STEPC_INT32, -8, 2), -4);
    cr_assert_eq(fold(LOOP_DIV, STEPC_UINT64, -1, 2), INT64_MAX);
    cr_assert_eq(fold(LOOP_SHR, STEPC_INT8, -128, 3), -16);
    cr_assert_eq(fold(LOOP_SHR, STEPC_UINT8, 0x80, 3), 16);
    cr_assert_eq(fold(LOOP_SHL, STEPC_INT32, 1, 31), INT32_MIN);
    cr_assert_eq(fold(LOOP_NOT, STEPC_UINT16, 1, 0), 65534);
    cr_assert_eq(fold(LOOP_NOT, STEPC_BOOL, 1, 0), 0);
    cr_assert_eq(fold(LOOP_XOR, STEPC_INT32, -1, 5), -6);
    cr_assert_eq(fold(LOOP_MAX, STEPC_UINT64, -1, 1), -1);
    cr_assert_eq(fold(LOOP_MIN, STEPC_UINT64, -1, 1), 1);
}

/* A cast of one constant. */
static double cast(double x, int64_t i, stepc_dtype from, stepc_dtype to)
{
    fixture *f = fixture_new();
    int32_t y = slot_const(f, BUFFER_FETCH, to, NULL, 0);
    nest_builder b;
    nest_begin(&b, f->p);
    int32_t v = dtype_is_float(from) ? nest_const_f64(&b, from, x) : nest_const_i64(&b, from, i);
    nest_write(&b, y, NULL, nest_cast(&b, v, to));
    end(f, &b);
    outputs out;
    run_ok(f, NULL, NULL, 0, &out);
    const void *data = stepc_tensor_data(out.tensors[0]);
    double result = dtype_is_float(to) ? load_f64(to, data, 0)
                    : dtype_is_signed(to) ? (double)load_i64(to, data, 0)
                                          : (double)load_u64(to, data, 0);
    outputs_free(f->p, &out);
    fixture_free(f);
    return result;
}

Test(evaluate, casts)
{
    cr_assert_eq(cast(-3.9, 0, STEPC_FLOAT32, STEPC_INT32), -3);
    cr_assert_eq(cast(1e20, 0, STEPC_FLOAT32, STEPC_INT32), INT32_MAX);
    cr_assert_eq(cast(-1e20, 0, STEPC_FLOAT64, STEPC_INT64), -0x1p63);
    cr_assert_eq(cast(NAN, 0, STEPC_FLOAT32, STEPC_INT16), 0);
    cr_assert_eq(cast(-1, 0, STEPC_FLOAT32, STEPC_UINT8), 0);
    cr_assert_eq(cast(300, 0, STEPC_FLOAT32, STEPC_UINT8), 255);
    cr_assert_eq(cast(0, 300, STEPC_INT32, STEPC_UINT8), 44);
    cr_assert_eq(cast(0, 2, STEPC_INT32, STEPC_BOOL), 1);
    cr_assert_eq(cast(0.5, 0, STEPC_FLOAT32, STEPC_BOOL), 1);
    cr_assert_eq(cast(0, -1, STEPC_UINT64, STEPC_FLOAT32), 0x1p64);
    /* Through double first, 2^54 + 2^30 + 1 would lose the 1 and the tie would go to even. */
    cr_assert_eq(cast(0, (INT64_C(1) << 54) + (1 << 30) + 1, STEPC_INT64, STEPC_FLOAT32), 0x1p54 + 0x1p31);
    cr_assert_eq(cast(0x1.000001p0, 0, STEPC_FLOAT64, STEPC_FLOAT32), 1.0);
}

Test(evaluate, guarded_read_pads)
{
    /* y[i] = 0 <= i-1 < 3 ? x[i-1] : 9. The unguarded form fails. */
    for (int guarded = 1; guarded >= 0; guarded--) {
        const float x[] = {1, 2, 3};
        fixture *f = fixture_new();
        int32_t a = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(3));
        int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(5));
        nest_builder b;
        nest_begin(&b, f->p);
        nest_axis(&b, num(f, 5), AXIS_SPACE);
        size_ref one = num(f, 1);
        loop_index shifted = {.base = num(f, -1), .coefs = &one, .indirect = -1};
        int32_t v = nest_read_index(&b, a, &shifted);
        int32_t at = nest_binary(&b, LOOP_SUB, nest_axis_value(&b, 0), nest_const_i64(&b, STEPC_INT64, 1));
        if (guarded)
            v = nest_select(&b, nest_in_range(&b, at, num(f, 3)), v, nest_const_f64(&b, STEPC_FLOAT32, 9));
        nest_write(&b, y, AXES(0), v);
        end(f, &b);
        outputs out;
        if (!guarded) {
            cr_assert_eq(loop_verify(f->p, &f->error), STEPC_INTERNAL);
            cr_assert_eq(run(f->p, (const void *[]){x}, NULL, 0, &out, &f->error), STEPC_INTERNAL);
            cr_assert_null(out.tensors[0]);
        } else {
            const float expected[] = {9, 1, 2, 3, 9};
            verify_ok(f);
            run_ok(f, (const void *[]){x}, NULL, 0, &out);
            cr_assert_arr_eq(floats(&out, 0), expected, sizeof expected);
            outputs_free(f->p, &out);
        }
        fixture_free(f);
    }
}

/* Gather of rows with a check of the indices before it. */
static stepc_code gather(const int32_t *rows, float *result, fixture **out_fixture)
{
    const float x[] = {1, 2, 3, 4, 5, 6};
    fixture *f = *out_fixture = fixture_new();
    int32_t a = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(3, 2));
    int32_t r = slot_const(f, BUFFER_FEED, STEPC_INT32, DIMS(2));
    int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(2, 2));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 2), AXIS_SPACE);
    int32_t i = nest_cast(&b, nest_read(&b, r, AXES(0)), STEPC_INT64);
    nest_check(&b, nest_in_range(&b, i, num(f, 3)), STEPC_INVALID_ARGUMENT, "indices is not in [0, 3)", NULL);
    end(f, &b);
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 2), AXIS_SPACE);
    nest_axis(&b, num(f, 2), AXIS_SPACE);
    i = nest_cast(&b, nest_read(&b, r, AXES(0)), STEPC_INT64);
    const size_ref coefs[] = {num(f, 0), num(f, 1)};
    loop_index index = {.base = num(f, 0), .coefs = coefs, .indirect = i, .indirect_scale = num(f, 2),
                        .indirect_extent = num(f, 3)};
    nest_write(&b, y, AXES(0, 1), nest_read_index(&b, a, &index));
    end(f, &b);
    verify_ok(f);
    outputs out;
    stepc_code code = run(f->p, (const void *[]){x, rows}, NULL, 0, &out, &f->error);
    if (code == STEPC_OK) {
        memcpy(result, stepc_tensor_data(out.tensors[0]), 16);
        outputs_free(f->p, &out);
    }
    return code;
}

Test(evaluate, gather_and_check)
{
    float y[4];
    fixture *f;
    const float expected[] = {5, 6, 1, 2};
    cr_assert_eq(gather((const int32_t[]){2, 0}, y, &f), STEPC_OK);
    cr_assert_arr_eq(y, expected, sizeof expected);
    fixture_free(f);
    cr_assert_eq(gather((const int32_t[]){2, 3}, y, &f), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(f->error.message, "indices is not in [0, 3)");
    fixture_free(f);
}

Test(evaluate, philox_known_answers)
{
    /* Key (1,2), counter 0: spec/operators.md 2.18; then the generator moves on by 2^64 + 1 steps in two calls. */
    uint32_t state[6] = {1, 2, 0, 0, 0, 0};
    fixture *f = fixture_new();
    int32_t s = slot_const(f, BUFFER_STATE, STEPC_UINT32, DIMS(6));
    int32_t y = slot_const(f, BUFFER_FETCH, STEPC_UINT32, DIMS(8));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 8), AXIS_SPACE);
    nest_write(&b, y, AXES(0), nest_philox(&b, s, nest_axis_value(&b, 0)));
    end(f, &b);
    loop_call call = {.kind = CALL_PHILOX_ADVANCE, .buffers = {s, -1}, .sizes = {num(f, INT64_MAX), SIZE_UNKNOWN}};
    cr_assert_eq(loop_call_add(f->p, &call, NULL), STEPC_OK);
    cr_assert_eq(loop_call_add(f->p, &call, NULL), STEPC_OK);
    call.sizes[0] = num(f, 3);
    cr_assert_eq(loop_call_add(f->p, &call, NULL), STEPC_OK);
    outputs out;
    verify_ok(f);
    run_ok(f, NULL, (void *const[]){state}, 0, &out);
    const uint32_t expected[] = {0x0598de3a, 0x98d2802e, 0x270f8f9e, 0xeab709d3};
    cr_assert_arr_eq(stepc_tensor_data(out.tensors[0]), expected, sizeof expected);
    cr_assert(state[2] == 1 && state[3] == 0 && state[4] == 1 && state[5] == 0);
    outputs_free(f->p, &out);
    fixture_free(f);
}

Test(evaluate, philox_seed_1_2)
{
    uint32_t state[6] = {1, 0, 0, 0, 2, 0};
    fixture *f = fixture_new();
    int32_t s = slot_const(f, BUFFER_STATE, STEPC_UINT32, DIMS(6));
    int32_t y = slot_const(f, BUFFER_FETCH, STEPC_UINT32, DIMS(5));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 5), AXIS_SPACE);
    nest_write(&b, y, AXES(0), nest_philox(&b, s, nest_axis_value(&b, 0)));
    end(f, &b);
    outputs out;
    run_ok(f, NULL, (void *const[]){state}, 0, &out);
    const uint32_t expected[] = {0xe73404cf, 0x8cedc5d3, 0x3f071736, 0x0a0afddd, 0xb7b4c173};
    cr_assert_arr_eq(stepc_tensor_data(out.tensors[0]), expected, sizeof expected);
    outputs_free(f->p, &out);
    fixture_free(f);
}

Test(evaluate, complex_feed_is_two_reals)
{
    /* Conjugate: the real parts copied, the imaginary ones negated. */
    const float x[] = {1, 2, 3, -4};
    fixture *f = fixture_new();
    int32_t a = slot_const(f, BUFFER_FEED, STEPC_COMPLEX64, DIMS(2));
    int32_t y = slot_const(f, BUFFER_FETCH, STEPC_COMPLEX64, DIMS(2));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 2), AXIS_SPACE);
    size_ref two = num(f, 2);
    loop_index re = {.base = num(f, 0), .coefs = &two, .indirect = -1}, im = re;
    im.base = num(f, 1);
    nest_write_index(&b, y, &re, nest_read_index(&b, a, &re), -1);
    nest_write_index(&b, y, &im, nest_unary(&b, LOOP_NEG, nest_read_index(&b, a, &im)), -1);
    end(f, &b);
    outputs out;
    verify_ok(f);
    run_ok(f, (const void *[]){x}, NULL, 0, &out);
    const float expected[] = {1, -2, 3, 4};
    cr_assert_eq(stepc_tensor_dtype(out.tensors[0]), STEPC_COMPLEX64);
    cr_assert_arr_eq(floats(&out, 0), expected, sizeof expected);
    outputs_free(f->p, &out);
    fixture_free(f);
}

Test(evaluate, state_in_place_predicated_write_and_copy)
{
    float w[] = {1, 2, 3, 4};
    fixture *f = fixture_new();
    int32_t s = slot_const(f, BUFFER_STATE, STEPC_FLOAT32, DIMS(4));
    int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(4));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 4), AXIS_SPACE);
    int32_t v = nest_read(&b, s, AXES(0));
    int32_t big = nest_binary(&b, LOOP_LT, nest_const_f64(&b, STEPC_FLOAT32, 2), v);
    size_ref one = num(f, 1);
    loop_index index = {.base = num(f, 0), .coefs = &one, .indirect = -1};
    nest_write_index(&b, s, &index, nest_binary(&b, LOOP_MUL, v, v), big);
    end(f, &b);
    loop_call copy = {.kind = CALL_COPY, .buffers = {y, s}, .sizes = {num(f, 4), SIZE_UNKNOWN}};
    cr_assert_eq(loop_call_add(f->p, &copy, NULL), STEPC_OK);
    outputs out;
    verify_ok(f);
    run_ok(f, NULL, (void *const[]){w}, 0, &out);
    const float expected[] = {1, 2, 9, 16};
    cr_assert_arr_eq(w, expected, sizeof expected);
    cr_assert_arr_eq(floats(&out, 0), expected, sizeof expected);
    outputs_free(f->p, &out);
    fixture_free(f);
}

/* A running sum over [2,3,2] along its middle: TensorFlow's four forms. */
Test(evaluate, scans)
{
    static const float x[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    static const float expected[4][12] = {{1, 2, 4, 6, 9, 12, 7, 8, 16, 18, 27, 30},
                                          {9, 12, 8, 10, 5, 6, 27, 30, 20, 22, 11, 12},
                                          {0, 0, 1, 2, 4, 6, 0, 0, 7, 8, 16, 18},
                                          {8, 10, 5, 6, 0, 0, 20, 22, 11, 12, 0, 0}};
    for (int form = 0; form < 4; form++) {
        fixture *f = fixture_new();
        int32_t a = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(12));
        int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(12));
        loop_call scan = {.kind = CALL_SCAN, .buffers = {y, a}, .sizes = {num(f, 12), SIZE_UNKNOWN},
                          .scan = {ACC_SUM, SCAN_PLAIN, num(f, 3), num(f, 2), form >= 2, form % 2}};
        cr_assert_eq(loop_call_add(f->p, &scan, NULL), STEPC_OK);
        outputs out;
        verify_ok(f);
        run_ok(f, (const void *[]){x}, NULL, 0, &out);
        cr_assert_arr_eq(floats(&out, 0), expected[form], sizeof expected[form], "form %d", form);
        outputs_free(f->p, &out);
        fixture_free(f);
    }
}

Test(evaluate, unary_mathematics)
{
    static const struct {
        loop_op op;
        double (*f)(double);
    } cases[] = {{LOOP_EXP, exp}, {LOOP_LOG, log}, {LOOP_TANH, tanh}, {LOOP_SIN, sin},
                 {LOOP_COS, cos}, {LOOP_SQRT, sqrt}, {LOOP_FLOOR, floor}, {LOOP_ABS, fabs}};
    const float x[] = {0.5f, 1.75f, 3.25f, 20.0f};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        fixture *f = fixture_new();
        int32_t a = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(4));
        int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(4));
        nest_builder b;
        nest_begin(&b, f->p);
        nest_axis(&b, num(f, 4), AXIS_SPACE);
        nest_write(&b, y, AXES(0), nest_unary(&b, cases[c].op, nest_read(&b, a, AXES(0))));
        end(f, &b);
        outputs out;
        run_ok(f, (const void *[]){x}, NULL, 0, &out);
        for (int i = 0; i < 4; i++)
            cr_assert_eq(floats(&out, 0)[i], (float)cases[c].f((double)x[i]), "%s(%f)", loop_op_name(cases[c].op),
                         x[i]);
        outputs_free(f->p, &out);
        fixture_free(f);
    }
}

Test(evaluate, refuses_feeds_and_symbols_that_do_not_fit)
{
    float x[10] = {0};
    const int64_t wrong[] = {2, 4}, right[] = {2, 5}, n = 2, far = 101;
    fixture *f = program_softmax(5, 2);
    outputs out;
    stepc_view feed = {x, 32, wrong, 2, STEPC_FLOAT32};
    loop_run r = {&feed, out.tensors, NULL, &n, 1};
    cr_assert_eq(loop_evaluate(f->p, &r, &f->error), STEPC_INVALID_ARGUMENT);
    feed = (stepc_view){x, 40, right, 2, STEPC_INT32};
    cr_assert_eq(loop_evaluate(f->p, &r, &f->error), STEPC_INVALID_ARGUMENT);
    feed.dtype = STEPC_FLOAT32;
    r.symbols = &far;
    cr_assert_eq(loop_evaluate(f->p, &r, &f->error), STEPC_INVALID_ARGUMENT);
    r.symbol_count = 0;
    cr_assert_eq(loop_evaluate(f->p, &r, &f->error), STEPC_INVALID_ARGUMENT);
    r.symbols = &n;
    r.symbol_count = 1;
    cr_assert_eq(loop_evaluate(f->p, &r, &f->error), STEPC_OK);
    outputs_free(f->p, &out);
    fixture_free(f);
}

Test(evaluate, an_illegal_group_shows)
{
    /* Member 2 reads its neighbour's row: right statement by statement, wrong tile by tile. */
    float x[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (int grouped = 0; grouped < 2; grouped++) {
        fixture *f = fixture_new();
        int32_t a = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(8));
        int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(8));
        int32_t t = buffer_const(f, BUFFER_ARENA, STEPC_FLOAT32, DIMS(8), "t");
        size_ref eight = num(f, 8), back = num(f, -1);
        int32_t reversed = loop_view_new(f->p, t, &eight, &back, 1, num(f, 7));
        nest_builder b;
        nest_begin(&b, f->p);
        nest_axis(&b, eight, AXIS_SPACE);
        nest_write(&b, t, AXES(0), nest_read(&b, a, AXES(0)));
        end(f, &b);
        nest_begin(&b, f->p);
        nest_axis(&b, eight, AXIS_SPACE);
        nest_write(&b, y, AXES(0), nest_read(&b, reversed, AXES(0)));
        end(f, &b);
        if (grouped)
            add_group(f, 0, 0, 2, 1, 2);
        cr_assert_eq(loop_verify(f->p, &f->error), grouped ? STEPC_INTERNAL : STEPC_OK);
        outputs out;
        run_ok(f, (const void *[]){x}, NULL, 0, &out);
        cr_assert((floats(&out, 0)[0] == 8.0f) == !grouped);
        outputs_free(f->p, &out);
        fixture_free(f);
    }
}
