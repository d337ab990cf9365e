/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/core/dtype.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static uint64_t state = 88172645463325252u;

static uint64_t random_bits(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The definition: sign * (hidden + fraction) * 2^exponent. */
static double narrow_value(uint16_t bits, int exponent_bits, int fraction_bits)
{
    int bias = (1 << (exponent_bits - 1)) - 1;
    int exponent = bits >> fraction_bits & ((1 << exponent_bits) - 1);
    int fraction = bits & ((1 << fraction_bits) - 1);
    double value = exponent == 0 ? ldexp(fraction, 1 - bias - fraction_bits)
                                 : ldexp(fraction + (1 << fraction_bits), exponent - bias - fraction_bits);
    return bits >> 15 != 0 ? -value : value;
}

/* Nearest, ties to even, by looking at all values: non-negative patterns ascend. */
static uint16_t nearest(double value, int exponent_bits, int fraction_bits)
{
    uint16_t infinity = (uint16_t)(((1 << exponent_bits) - 1) << fraction_bits);
    uint16_t low = 0, high = infinity;
    double magnitude = fabs(value);
    while (high - low > 1) {
        uint16_t middle = (uint16_t)((low + high) / 2);
        if (narrow_value(middle, exponent_bits, fraction_bits) <= magnitude)
            low = middle;
        else
            high = middle;
    }
    /* Infinity stands where the next value would be. */
    double below = magnitude - narrow_value(low, exponent_bits, fraction_bits);
    double above = narrow_value(high, exponent_bits, fraction_bits) - magnitude;
    uint16_t bits = below < above || (below == above && low % 2 == 0) ? low : high;
    return (uint16_t)(bits | (signbit(value) ? 0x8000 : 0));
}

Test(dtype, all_narrow_floats_round_trip)
{
    for (uint32_t i = 0; i < 65536; i++) {
        uint16_t bits = (uint16_t)i;
        float half = half_to_float(bits), brain = bfloat16_to_float(bits);
        if ((bits & 0x7C00) != 0x7C00)
            cr_assert((double)half == narrow_value(bits, 5, 10), "%04x", (unsigned)bits);
        if ((bits & 0x7F80) != 0x7F80)
            cr_assert((double)brain == narrow_value(bits, 8, 7), "%04x", (unsigned)bits);
        cr_assert(float_to_half(half) == bits, "%04x", (unsigned)bits);
        cr_assert(float_to_bfloat16(brain) == bits, "%04x", (unsigned)bits);
        if (!isnan(half))
            cr_assert(double_to_half((double)half) == bits, "%04x", (unsigned)bits);
        else
            cr_assert(isnan(half_to_float(double_to_half((double)half))), "%04x", (unsigned)bits);
        if (!isnan(brain))
            cr_assert(double_to_bfloat16((double)brain) == bits, "%04x", (unsigned)bits);
    }
}

static void check_rounding(double value)
{
    cr_assert(double_to_half(value) == nearest(value, 5, 10), "%a", value);
    cr_assert(double_to_bfloat16(value) == nearest(value, 8, 7), "%a", value);
    float narrow = (float)value;
    cr_assert(float_to_half(narrow) == nearest((double)narrow, 5, 10), "%a", (double)narrow);
    cr_assert(float_to_bfloat16(narrow) == nearest((double)narrow, 8, 7), "%a", (double)narrow);
}

Test(dtype, narrowing_is_to_nearest_even_in_one_rounding)
{
    for (int i = 0; i < 20000; i++) {
        double significand = 1.0 + ldexp((double)(random_bits() >> 12), -52);
        double sign = (random_bits() & 1) != 0 ? -1.0 : 1.0;
        check_rounding(sign * ldexp(significand, (int)(random_bits() % 60) - 35));
        check_rounding(sign * ldexp(significand, -120 - (int)(random_bits() % 20)));
    }
    /* Middles, and the doubles beside them, where rounding to float first goes wrong. */
    for (uint32_t i = 0; i < 0x7BFF; i++) {
        double middle = (narrow_value((uint16_t)i, 5, 10) + narrow_value((uint16_t)(i + 1), 5, 10)) / 2;
        check_rounding(middle);
        check_rounding(nextafter(middle, 0.0));
        check_rounding(nextafter(middle, 1e9));
    }
    cr_assert(double_to_half(65519.999) == 0x7BFF && double_to_half(65520.0) == 0x7C00);
    cr_assert(double_to_half(-1e300) == 0xFC00 && double_to_half(5e-324) == 0 && double_to_half(-5e-324) == 0x8000);
    cr_assert(double_to_half(ldexp(1.0, -25)) == 0 && double_to_half(nextafter(ldexp(1.0, -25), 1.0)) == 1);
    cr_assert(float_to_bfloat16(3.4e38f) == 0x7F80 && double_to_bfloat16(INFINITY) == 0x7F80);
    cr_assert(bits_of(half_to_float(float_to_half(NAN))) == 0x7FC00000u);
    cr_assert(round_to_dtype(STEPC_FLOAT32, 0.1) == (double)0.1f && round_to_dtype(STEPC_FLOAT64, 0.1) == 0.1);
    cr_assert(round_to_dtype(STEPC_HALF, 0.1) == 0.0999755859375 &&
              round_to_dtype(STEPC_BFLOAT16, 0.1) == 0.10009765625);
}

Test(dtype, saturating_conversions)
{
    cr_assert(double_to_i64_saturating(NAN, -5, 5) == 0);
    cr_assert(double_to_i64_saturating(1e30, INT64_MIN, INT64_MAX) == INT64_MAX);
    cr_assert(double_to_i64_saturating(-1e30, INT64_MIN, INT64_MAX) == INT64_MIN);
    cr_assert(double_to_i64_saturating(9223372036854775807.0, INT64_MIN, INT64_MAX) == INT64_MAX);
    cr_assert(double_to_i64_saturating(9223372036854774784.0, INT64_MIN, INT64_MAX) == 9223372036854774784);
    cr_assert(double_to_i64_saturating(-9223372036854775808.0, INT64_MIN, INT64_MAX) == INT64_MIN);
    cr_assert(double_to_i64_saturating(-1.9, -128, 127) == -1 && double_to_i64_saturating(200.0, -128, 127) == 127);
    cr_assert(double_to_i64_saturating(INFINITY, -128, 127) == 127 &&
              double_to_i64_saturating(-INFINITY, -128, 127) == -128);
    cr_assert(double_to_u64_saturating(NAN, 255) == 0 && double_to_u64_saturating(-3.0, 255) == 0);
    cr_assert(double_to_u64_saturating(1e30, UINT64_MAX) == UINT64_MAX && double_to_u64_saturating(255.9, 255) == 255);
    cr_assert(double_to_u64_saturating(18446744073709549568.0, UINT64_MAX) == 18446744073709549568u);
}

Test(dtype, limits_of_integers)
{
    cr_assert(dtype_min_i64(STEPC_INT8) == -128 && dtype_max_u64(STEPC_INT8) == 127);
    cr_assert(dtype_min_i64(STEPC_INT64) == INT64_MIN && dtype_max_u64(STEPC_INT64) == INT64_MAX);
    cr_assert(dtype_min_i64(STEPC_UINT32) == 0 && dtype_max_u64(STEPC_UINT32) == UINT32_MAX);
    cr_assert(dtype_max_u64(STEPC_UINT64) == UINT64_MAX && dtype_max_u64(STEPC_BOOL) == 1 &&
              dtype_max_u64(STEPC_QUINT16) == 65535);
}

Test(dtype, elements_load_and_store_at_any_address)
{
    static const stepc_dtype dtypes[] = {STEPC_INT8,  STEPC_INT16,  STEPC_INT32, STEPC_INT64,
                                         STEPC_QINT8, STEPC_QINT16, STEPC_QINT32};
    static const stepc_dtype plain[] = {STEPC_UINT8,  STEPC_UINT16, STEPC_UINT32,
                                        STEPC_UINT64, STEPC_QUINT8, STEPC_QUINT16};
    unsigned char room[80];
    void *odd = room + 1;
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        int64_t least = dtype_min_i64(dtypes[i]), most = (int64_t)dtype_max_u64(dtypes[i]);
        memset(room, 0xEE, sizeof room);
        store_i64(dtypes[i], odd, 0, least);
        store_i64(dtypes[i], odd, 1, most);
        store_i64(dtypes[i], odd, 2, -1);
        store_f64(dtypes[i], odd, 3, -7.9);
        cr_assert(room[0] == 0xEE && room[1 + 4 * stepc_dtype_bytes(dtypes[i])] == 0xEE);
        cr_assert(load_i64(dtypes[i], odd, 0) == least && load_i64(dtypes[i], odd, 1) == most);
        cr_assert(load_i64(dtypes[i], odd, 2) == -1 && load_f64(dtypes[i], odd, 3) == -7.0);
        store_i64(dtypes[i], odd, 0, (int64_t)((uint64_t)most + 1)); /* wraps */
        cr_assert(load_i64(dtypes[i], odd, 0) == least);
    }
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        store_u64(plain[i], odd, 0, UINT64_MAX);
        store_u64(plain[i], odd, 1, dtype_max_u64(plain[i]) - 1);
        cr_assert(load_u64(plain[i], odd, 0) == dtype_max_u64(plain[i]));
        cr_assert(load_u64(plain[i], odd, 1) == dtype_max_u64(plain[i]) - 1);
    }
    store_u64(STEPC_BOOL, odd, 0, 256);
    cr_assert(room[1] == 1 && load_u64(STEPC_BOOL, odd, 0) == 1);
    static const stepc_dtype floats[] = {STEPC_FLOAT32, STEPC_FLOAT64, STEPC_HALF, STEPC_BFLOAT16};
    for (size_t i = 0; i < 4; i++) {
        store_f64(floats[i], odd, 1, -1.5);
        cr_assert(load_f64(floats[i], odd, 1) == -1.5 && load_i64(floats[i], odd, 1) == -1);
    }
    /* 2^53 + 2^29 + 1 is just above a middle of floats: by way of double it would round down. */
    store_i64(STEPC_FLOAT32, odd, 0, ((int64_t)1 << 53) + ((int64_t)1 << 29) + 1);
    cr_assert(load_f64(STEPC_FLOAT32, odd, 0) == 9007199254740992.0 + 1073741824.0);
    complex_value value = {0.5, -3.0};
    static const stepc_dtype complexes[] = {STEPC_COMPLEX64, STEPC_COMPLEX128};
    for (size_t i = 0; i < 2; i++) {
        store_c128(complexes[i], odd, 2, value);
        complex_value back = load_c128(complexes[i], odd, 2);
        cr_assert(back.re == 0.5 && back.im == -3.0);
    }
}

Test(dtype, names_and_facts)
{
    cr_assert_str_eq(stepc_dtype_name(STEPC_FLOAT32), "float");
    cr_assert_str_eq(stepc_dtype_name((stepc_dtype)103), "int32_ref");
    cr_assert_str_eq(stepc_dtype_name((stepc_dtype)100), "invalid");
    cr_assert_str_eq(stepc_dtype_name((stepc_dtype)0), "invalid");
    cr_assert_str_eq(stepc_dtype_name((stepc_dtype)-7), "invalid");
    cr_assert(stepc_dtype_parse("float32", 7) == STEPC_FLOAT32 && stepc_dtype_parse("float", 5) == STEPC_FLOAT32);
    cr_assert(stepc_dtype_parse("float16", 7) == STEPC_HALF && stepc_dtype_parse("bfloat16", 8) == STEPC_BFLOAT16);
    cr_assert(stepc_dtype_parse("float320", 8) == STEPC_DTYPE_INVALID &&
              stepc_dtype_parse("", 0) == STEPC_DTYPE_INVALID);
    cr_assert(dtype_is_known(1) && dtype_is_known(23) && dtype_is_known(101) && dtype_is_known(123));
    cr_assert(!dtype_is_known(0) && !dtype_is_known(24) && !dtype_is_known(100) && !dtype_is_known(124));
    cr_assert(!dtype_is_known(-1) && !dtype_is_known(INT64_MAX) && !dtype_is_known(INT64_MIN) && !dtype_is_known(201));
    cr_assert(dtype_is_ref((stepc_dtype)101) && !dtype_is_ref(STEPC_FLOAT32));
    cr_assert(dtype_base((stepc_dtype)109) == STEPC_INT64 && dtype_base(STEPC_INT64) == STEPC_INT64);
    cr_assert(dtype_is_integer(STEPC_QUINT8) && !dtype_is_integer(STEPC_BOOL) && !dtype_is_integer(STEPC_HALF));
    cr_assert(dtype_is_signed(STEPC_INT8) && !dtype_is_signed(STEPC_UINT8) && dtype_is_complex(STEPC_COMPLEX64));
    cr_assert(stepc_dtype_bytes(STEPC_COMPLEX128) == 16 && stepc_dtype_bytes(STEPC_RESOURCE) == 0 &&
              stepc_dtype_bytes(STEPC_STRING) == sizeof(stepc_string));
}
