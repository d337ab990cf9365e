/* SPDX-License-Identifier: Apache-2.0 */
/* Cast between all number types. Integers against __int128; integers to floats against C's
 * conversion, and against libm on long double for the 16-bit floats. */
#include "tests/unit/ops/kernel_harness.h"

#include <float.h>
#include <math.h>

static const stepc_dtype integer_types[] = {STEPC_INT8,  STEPC_INT16,  STEPC_INT32,  STEPC_INT64,
                                            STEPC_UINT8, STEPC_UINT16, STEPC_UINT32, STEPC_UINT64};
enum { INTEGERS = sizeof integer_types / sizeof integer_types[0] };

static void cast_open(bench *b, stepc_dtype from, stepc_dtype to, bool truncate)
{
    char attrs[256];

    snprintf(attrs, sizeof attrs,
             "attr { key: 'SrcT' value { type: %s } } attr { key: 'DstT' value { type: %s } }"
             "attr { key: 'Truncate' value { b: %s } }",
             dtype_enum(from), dtype_enum(to), truncate ? "true" : "false");
    bench_open_op(b, "Cast", 1, from, attrs);
}

/* Casts COUNT elements; the result is copied to OUT. */
static void cast(stepc_dtype from, stepc_dtype to, int64_t count, const void *data, void *out)
{
    bench b;

    cast_open(&b, from, to, false);
    bench_feed(&b, "x0", vector_make(from, count, data));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK, "%s", bench_message(&b));
    cr_assert_eq(stepc_tensor_dtype(bench_output(&b, "op")), to);
    memcpy(out, stepc_tensor_data(bench_output(&b, "op")), stepc_tensor_bytes(bench_output(&b, "op")));
    bench_close(&b);
}

static wide_int wrap(stepc_dtype dtype, wide_int value)
{
    int bits = (int)stepc_dtype_bytes(dtype) * 8;
    wide_uint low = (wide_uint)value & (((wide_uint)1 << bits) - 1);

    if (!dtype_unsigned(dtype) && (low >> (bits - 1) & 1) != 0)
        return (wide_int)low - ((wide_int)1 << bits);
    return (wide_int)low;
}

static const int64_t samples[] = {
    0,
    1,
    -1,
    2,
    127,
    128,
    -128,
    -129,
    255,
    256,
    32767,
    32768,
    -32768,
    -32769,
    65504,
    65519,
    65520,
    65535,
    65536,
    2049,
    2051,
    16777217,
    16777219,
    33554435,
    2147483647,
    -2147483648LL,
    2147483648LL,
    4294967295LL,
    4294967296LL,
    9007199254740993LL,
    9007199254740995LL,
    INT64_MAX,
    INT64_MIN,
    INT64_MIN + 1,
    /* Ties but for one bit far down, where rounding through double goes wrong. */
    1152921504606846976LL + 68719476736LL + 1,
    1152921504606846976LL + 4503599627370496LL + 1,
    -(1152921504606846976LL + 68719476736LL + 1),
    1152921504606846976LL + 68719476736LL,
    1152921504606846976LL + 3 * 68719476736LL - 1,
};
enum { SAMPLES = sizeof samples / sizeof samples[0] };

Test(cast, integer_to_integer_keeps_low_bits)
{
    for (int f = 0; f < INTEGERS; f++) {
        for (int t = 0; t < INTEGERS; t++) {
            uint64_t x[SAMPLES], y[SAMPLES];

            for (int i = 0; i < SAMPLES; i++)
                put_int(integer_types[f], x, i, samples[i]);
            cast(integer_types[f], integer_types[t], SAMPLES, x, y);
            for (int i = 0; i < SAMPLES; i++)
                cr_expect(get_int(integer_types[t], y, i) == wrap(integer_types[t], get_int(integer_types[f], x, i)),
                          "%s to %s: %lld", stepc_dtype_name(integer_types[f]), stepc_dtype_name(integer_types[t]),
                          (long long)get_int(integer_types[f], x, i));
        }
    }
}

static double decode16(uint16_t bits, int exponent)
{
    int mantissa = 15 - exponent, bias = (1 << (exponent - 1)) - 1;
    int e = bits >> mantissa & ((1 << exponent) - 1), m = bits & ((1 << mantissa) - 1);
    double value = e == (1 << exponent) - 1 ? (m != 0 ? NAN : INFINITY)
                   : e == 0                 ? ldexp(m, 1 - bias - mantissa)
                                            : ldexp(m + (1 << mantissa), e - bias - mantissa);

    return bits >> 15 ? -value : value;
}

static double round16(long double value, int exponent)
{
    int mantissa = 15 - exponent, bias = (1 << (exponent - 1)) - 1, e;
    long double quantum, result;

    if (value == 0 || isnan(value) || isinf(value))
        return (double)value;
    frexpl(value, &e);
    quantum = ldexpl(1, (e - 1 > 1 - bias ? e - 1 : 1 - bias) - mantissa);
    result = nearbyintl(value / quantum) * quantum;
    return fabsl(result) >= ldexpl(1, bias + 1) ? copysign(INFINITY, (double)value) : (double)result;
}

Test(cast, integer_to_float_rounds_once)
{
    for (int f = 0; f < INTEGERS; f++) {
        uint64_t x[SAMPLES];
        float y32[SAMPLES];
        double y64[SAMPLES];
        uint16_t half[SAMPLES], bfloat[SAMPLES];
        float c64[2 * SAMPLES];

        for (int i = 0; i < SAMPLES; i++)
            put_int(integer_types[f], x, i, samples[i]);
        cast(integer_types[f], STEPC_FLOAT32, SAMPLES, x, y32);
        cast(integer_types[f], STEPC_FLOAT64, SAMPLES, x, y64);
        cast(integer_types[f], STEPC_HALF, SAMPLES, x, half);
        cast(integer_types[f], STEPC_BFLOAT16, SAMPLES, x, bfloat);
        cast(integer_types[f], STEPC_COMPLEX64, SAMPLES, x, c64);
        for (int i = 0; i < SAMPLES; i++) {
            wide_int v = get_int(integer_types[f], x, i);
            float want = dtype_unsigned(integer_types[f]) ? (float)(uint64_t)v : (float)(int64_t)v;

            cr_expect_eq(y32[i], want, "%s %lld to float: %.9g", stepc_dtype_name(integer_types[f]), (long long)v,
                         (double)y32[i]);
            cr_expect(c64[2 * i] == want && c64[2 * i + 1] == 0, "%lld to complex64", (long long)v);
            cr_expect_eq(y64[i], dtype_unsigned(integer_types[f]) ? (double)(uint64_t)v : (double)(int64_t)v);
#if LDBL_MANT_DIG >= 64
            cr_expect_eq(decode16(half[i], 5), round16((long double)v, 5), "%lld to half", (long long)v);
            cr_expect_eq(decode16(bfloat[i], 8), round16((long double)v, 8), "%lld to bfloat16", (long long)v);
#endif
        }
    }
}

Test(cast, float_to_integer_truncates_and_saturates)
{
    static const double x[] = {2.9,
                               -2.9,
                               0.5,
                               -0.5,
                               1e30,
                               -1e30,
                               INFINITY,
                               -INFINITY,
                               NAN,
                               127.99,
                               128,
                               -128.9,
                               255.5,
                               256,
                               65536,
                               2147483647.5,
                               2147483648.0,
                               -2147483649.0,
                               4294967296.0,
                               9223372036854775808.0,
                               -9223372036854775808.0,
                               18446744073709551616.0,
                               1e19};
    enum { COUNT = sizeof x / sizeof x[0] };

    for (int t = 0; t < INTEGERS; t++) {
        uint64_t y[COUNT];
        int bits = (int)stepc_dtype_bytes(integer_types[t]) * 8;
        bool u = dtype_unsigned(integer_types[t]);
        wide_int max = ((wide_int)1 << (u ? bits : bits - 1)) - 1, min = u ? 0 : -max - 1;

        cast(STEPC_FLOAT64, integer_types[t], COUNT, x, y);
        for (int i = 0; i < COUNT; i++) {
            wide_int want = isnan(x[i]) ? 0 : x[i] >= 1e25 ? max : x[i] <= -1e25 ? min : (wide_int)x[i];

            want = want > max ? max : want < min ? min : want;
            cr_expect(get_int(integer_types[t], y, i) == want, "%g to %s", x[i], stepc_dtype_name(integer_types[t]));
        }
    }
}

Test(cast, float_to_float)
{
    static const double x[] = {1.0 / 3, 65504, 65519.99, 65520, 1e-8,        5.9604644775390625e-08, 3.5e38,
                               -3.5e38, 1e-46, INFINITY, -0.0,  1 + 0x1p-24, 1 + 0x1p-24 + 0x1p-52};
    enum { COUNT = sizeof x / sizeof x[0] };
    float f[COUNT];
    uint16_t half[COUNT], bfloat[COUNT];
    double nan = NAN;

    cast(STEPC_FLOAT64, STEPC_FLOAT32, COUNT, x, f);
    cast(STEPC_FLOAT64, STEPC_HALF, COUNT, x, half);
    cast(STEPC_FLOAT64, STEPC_BFLOAT16, COUNT, x, bfloat);
    for (int i = 0; i < COUNT; i++) {
        cr_expect(f[i] == (float)x[i] && !signbit(f[i]) == !signbit(x[i]), "%g", x[i]);
        cr_expect_eq(decode16(half[i], 5), round16(x[i], 5), "%g to half", x[i]);
        cr_expect_eq(decode16(bfloat[i], 8), round16(x[i], 8), "%g to bfloat16", x[i]);
    }
    cast(STEPC_FLOAT64, STEPC_BFLOAT16, 1, &nan, bfloat);
    cr_expect(isnan(decode16(bfloat[0], 8)));
    cast(STEPC_FLOAT64, STEPC_HALF, 1, &nan, half);
    cr_expect(isnan(decode16(half[0], 5)));
}

Test(cast, bool_and_complex)
{
    float x[] = {0, -0.0f, NAN, 0.5f, 256};
    int64_t wide[] = {0, 256, INT64_MIN, 1, -1};
    bool want[] = {false, false, true, true, true}, got[5], flags[] = {false, true};
    float y[2];
    double c[] = {1.5, 2.5, -3, 4}, back[4];
    int32_t i32[2];
    uint8_t u8[2];

    cast(STEPC_FLOAT32, STEPC_BOOL, 5, x, got);
    cr_expect_eq(memcmp(got, want, 5), 0);
    cast(STEPC_INT64, STEPC_BOOL, 5, wide, got);
    cr_expect(!got[0] && got[1] && got[2] && got[3] && got[4]);
    cast(STEPC_BOOL, STEPC_FLOAT32, 2, flags, y);
    cr_expect(y[0] == 0 && y[1] == 1);
    cast(STEPC_BOOL, STEPC_UINT8, 2, flags, u8);
    cr_expect(u8[0] == 0 && u8[1] == 1);
    cast(STEPC_BOOL, STEPC_INT32, 2, flags, i32);
    cr_expect(i32[0] == 0 && i32[1] == 1);
    cast(STEPC_COMPLEX128, STEPC_FLOAT32, 2, c, y);
    cr_expect(y[0] == 1.5f && y[1] == -3);
    cast(STEPC_COMPLEX128, STEPC_INT32, 2, c, i32);
    cr_expect(i32[0] == 1 && i32[1] == -3);
    cast(STEPC_FLOAT32, STEPC_COMPLEX128, 2, y, back);
    cr_expect(back[0] == 1.5 && back[1] == 0 && back[2] == -3 && back[3] == 0);
}

/* Truncate=true zeroes the mantissa bits that have no room: towards zero. */
Test(cast, truncate)
{
    float x[] = {1.0f / 3, -1.99999988f, 65519};
    double d = 1 + ldexp(1, -23) - ldexp(1, -40);
    bench b;
    const uint16_t *y;

    cast_open(&b, STEPC_FLOAT32, STEPC_BFLOAT16, true);
    bench_feed(&b, "x0", vector_make(STEPC_FLOAT32, 3, x));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    y = stepc_tensor_data(bench_output(&b, "op"));
    /* 1/3 is 0x3eaaaaab, -1.99999988 is 0xbfffffff, 65519 is 0x477fef00. */
    cr_expect(y[0] == 0x3eaa && y[1] == 0xbfff && y[2] == 0x477f, "%x %x %x", y[0], y[1], y[2]);
    bench_close(&b);
    cast_open(&b, STEPC_FLOAT64, STEPC_FLOAT32, true);
    bench_feed(&b, "x0", vector_make(STEPC_FLOAT64, 1, &d));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect_eq(*(float *)stepc_tensor_data(bench_output(&b, "op")), 1.0f);
    bench_close(&b);
}

Test(cast, same_type_and_no_type)
{
    bench b;
    int32_t x[] = {1, 2};

    cast_open(&b, STEPC_INT32, STEPC_INT32, false);
    bench_feed(&b, "x0", vector_make(STEPC_INT32, 2, x));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect_eq(memcmp(stepc_tensor_data(bench_output(&b, "op")), x, sizeof x), 0);
    bench_close(&b);
    cast_open(&b, STEPC_STRING, STEPC_FLOAT32, false);
    bench_feed(&b, "x0", tensor_make(STEPC_STRING, 1, DIMS(1), NULL));
    cr_expect_eq(bench_run(&b, "op"), STEPC_UNIMPLEMENTED);
    cr_expect_str_eq(bench_message(&b), "Cast string to float is not supported");
    bench_close(&b);
}
