/* SPDX-License-Identifier: Apache-2.0 */
/* The SIMD vocabulary and the scalar routines against plain C and worked values. */
#include <criterion/criterion.h>
#include <limits.h>
#include <math.h>

#include "support_all.h"

static const float floats[] = {0.0f, -0.0f, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 3.7f, -3.7f, 8388607.5f, 8388609.0f, 1e30f,
                               -1e30f, 1e-45f, INFINITY, -INFINITY, NAN, 2147483520.0f, 2147483648.0f, -2147483648.0f,
                               0.49999997f, 65519.0f, 65520.0f, 6.0e-8f, 2.9e-8f, 1.0f, -1.0f};
enum { FLOATS = sizeof floats / sizeof *floats };

static bool same_f32(float a, float b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

static bool same_f64(double a, double b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

#define EXPECT_LANES_F32(vector, expression) \
    do { \
        float lane_[V_LANES]; \
        v_store_f32(lane_, vector); \
        for (size_t i = 0; i < V_LANES; i++) \
            cr_expect(same_f32(lane_[i], (float)(expression)), #vector ": %a, not %a (for %a, %a)", (double)lane_[i], \
                      (double)(float)(expression), (double)a[i], (double)b[i]); \
    } while (0)
#define EXPECT_LANES_F64(vector, expression) \
    do { \
        double lane_[V_LANES64]; \
        v_store_f64(lane_, vector); \
        for (size_t i = 0; i < V_LANES64; i++) \
            cr_expect(same_f64(lane_[i], (double)(expression)), #vector ": %a, not %a (for %a, %a)", lane_[i], \
                      (double)(expression), (double)a[i], (double)b[i]); \
    } while (0)

Test(vocabulary, float_operations_lane_by_lane)
{
    for (size_t n = 0; n < FLOATS * FLOATS; n++) {
        float a[V_LANES], b[V_LANES];
        double c[V_LANES64], d[V_LANES64];
        v_f32 x, y;
        v_f64 u, w;

        for (size_t i = 0; i < V_LANES; i++) {
            a[i] = floats[(n + i) / FLOATS % FLOATS];
            b[i] = floats[(n + i) % FLOATS];
        }
        for (size_t i = 0; i < V_LANES64; i++) {
            c[i] = (double)a[i];
            d[i] = (double)b[i];
        }
        x = v_load_f32(a);
        y = v_load_f32(b);
        u = v_load_f64(c);
        w = v_load_f64(d);
        EXPECT_LANES_F32(x + y, a[i] + b[i]);
        EXPECT_LANES_F32(x * y, a[i] * b[i]);
        EXPECT_LANES_F32(v_min_f32(x, y), b[i] < a[i] ? b[i] : a[i]);
        EXPECT_LANES_F32(v_max_f32(x, y), b[i] > a[i] ? b[i] : a[i]);
        EXPECT_LANES_F32(v_minimum_f32(x, y), isnan(b[i]) || b[i] < a[i] ? b[i] : a[i]);
        EXPECT_LANES_F32(v_maximum_f32(x, y), isnan(b[i]) || b[i] > a[i] ? b[i] : a[i]);
        EXPECT_LANES_F32(v_select_f32(v_lt_f32(x, y), x, y), a[i] < b[i] ? a[i] : b[i]);
        EXPECT_LANES_F32(v_select_f32(v_le_f32(x, y), x, y), a[i] <= b[i] ? a[i] : b[i]);
        EXPECT_LANES_F32(v_select_f32(v_gt_f32(x, y), x, y), a[i] > b[i] ? a[i] : b[i]);
        EXPECT_LANES_F32(v_select_f32(v_ge_f32(x, y), x, y), a[i] >= b[i] ? a[i] : b[i]);
        EXPECT_LANES_F32(v_select_f32(v_eq_f32(x, y), x, y), a[i] == b[i] ? a[i] : b[i]);
        EXPECT_LANES_F32(v_select_f32(v_ne_f32(x, y), x, y), a[i] != b[i] ? a[i] : b[i]);
        EXPECT_LANES_F32(v_abs_f32(x), fabsf(a[i]));
        EXPECT_LANES_F32(v_copysign_f32(x, y), copysignf(a[i], b[i]));
        EXPECT_LANES_F32(v_sqrt_f32(x), sqrtf(a[i]));
        EXPECT_LANES_F32(v_floor_f32(x), floorf(a[i]));
        EXPECT_LANES_F32(v_ceil_f32(x), ceilf(a[i]));
        EXPECT_LANES_F32(v_trunc_f32(x), truncf(a[i]));
        EXPECT_LANES_F32(v_round_even_f32(x), rintf(a[i]));
        EXPECT_LANES_F64(v_min_f64(u, w), d[i] < c[i] ? d[i] : c[i]);
        EXPECT_LANES_F64(v_max_f64(u, w), d[i] > c[i] ? d[i] : c[i]);
        EXPECT_LANES_F64(v_select_f64(v_lt_f64(u, w), u, w), c[i] < d[i] ? c[i] : d[i]);
        EXPECT_LANES_F64(v_sqrt_f64(u), sqrt(c[i]));
        EXPECT_LANES_F64(v_floor_f64(u), floor(c[i]));
        EXPECT_LANES_F64(v_ceil_f64(u), ceil(c[i]));
        EXPECT_LANES_F64(v_trunc_f64(u), trunc(c[i]));
        EXPECT_LANES_F64(v_round_even_f64(u), rint(c[i]));
        EXPECT_LANES_F64(v_low_f64_f32(x), a[i]);
        EXPECT_LANES_F64(v_high_f64_f32(x), a[V_LANES - V_LANES64 + i]);
        EXPECT_LANES_F32(v_narrow_f32_f64(v_low_f64_f32(x), v_high_f64_f32(x)), a[i]);
        EXPECT_LANES_F32(v_round_f16(x), round_f16(a[i]));
        EXPECT_LANES_F32(v_round_bf16(x), round_bf16(a[i]));
        cr_expect_eq(v_any_m32(v_lt_f32(x, y)) != 0, v_hmax_i32((v_i32)(v_lt_f32(x, y) & 1)) != 0);
        cr_expect_eq(v_all_m32(v_lt_f32(x, y)) != 0, v_hmin_i32((v_i32)(v_lt_f32(x, y) & 1)) != 0);
        for (size_t i = 0; i < V_LANES; i++) {
            double t = trunc((double)a[i]);
            int32_t s = isnan(t) ? 0 : t >= 0x1p31 ? INT32_MAX : t < -0x1p31 ? INT32_MIN : (int32_t)t;

            cr_expect_eq(v_first_i32(v_sat_i32_f32(v_splat_f32(a[i]))), s, "%a", (double)a[i]);
            cr_expect_eq(sat_i32((double)a[i]), s);
        }
    }
}

Test(vocabulary, memory_touches_no_other_element)
{
    for (size_t n = 0; n < V_LANES; n++) {
        float from[V_LANES + 1], to[V_LANES + 1], all[V_LANES];

        for (size_t i = 0; i <= V_LANES; i++) {
            from[i] = (float)i + 1;
            to[i] = -1;
        }
        v_store_f32(all, v_load_part_f32(from, n));
        v_store_part_f32(to, v_load_f32(from), n);
        for (size_t i = 0; i < V_LANES; i++) {
            cr_expect_eq(all[i], i < n ? from[i] : 0);
            cr_expect_eq(to[i], i < n ? from[i] : -1);
        }
    }
    for (size_t start = 0; start < 3; start++) {
        int64_t wide[4 * V_LANES64 + 3];
        int32_t index[V_LANES], narrow[100];

        for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
            wide[i] = (int64_t)i * 1000003;
        for (size_t i = 0; i < 100; i++)
            narrow[i] = (int32_t)i * 7;
        for (size_t i = 0; i < V_LANES; i++)
            index[i] = (int32_t)(i * 29 % 100);
        cr_expect_eq(v_first_i64(v_load_i64(wide + start)), wide[start]);
        cr_expect_eq(v_sum_i64(v_load_stride_i64(wide, 3)), 3 * 1000003 * (V_LANES64 * (V_LANES64 - 1) / 2));
        cr_expect_eq(v_hmax_i32(v_gather_i32(narrow, v_load_i32(index)) - v_load_i32(index) * 7), 0);
        cr_expect_eq(v_sum_i32(v_iota_i32()), V_LANES * (V_LANES - 1) / 2);
        cr_expect_eq(v_sum_f64(v_iota_f64() + 1.0), (double)(V_LANES64 * (V_LANES64 + 1) / 2));
    }
}

/* One lane after the other has the best element, beside equals, lesser ones and NaN. */
Test(vocabulary, lanes_meet)
{
    for (size_t best = 0; best < V_LANES; best++) {
        float a[V_LANES];
        int32_t at[V_LANES], n[V_LANES];
        float sum = 0, greatest = -INFINITY;
        uint32_t product = 1;

        for (size_t i = 0; i < V_LANES; i++) {
            a[i] = i == best || i == V_LANES - 1 ? 7 : (float)i - 20;
            at[i] = 100 - (int32_t)i;
            n[i] = (int32_t)i * 2 + 1000003;
            sum += a[i];
            greatest = a[i] > greatest ? a[i] : greatest;
            product *= (uint32_t)n[i];
        }
        cr_expect_eq(v_sum_f32(v_load_f32(a)), sum);
        cr_expect_eq(v_hmax_f32(v_load_f32(a)), greatest);
        cr_expect_eq(v_hmax_nan_f32(v_load_f32(a)), greatest);
        cr_expect_eq(v_iprod_i32(v_load_i32(n)), (int32_t)product);
        cr_expect_eq(v_argmax_f32(v_load_f32(a), v_load_i32(at)), 100 - (V_LANES - 1)); /* of equals the first place */
        cr_expect_eq(v_argmin_f32(-v_load_f32(a), v_load_i32(at)), 100 - (V_LANES - 1));
        cr_expect_eq(v_argmax_i32(v_load_i32(n), v_load_i32(at)), 100 - (V_LANES - 1));
        cr_expect_eq(v_argmin_i32(v_load_i32(n), v_load_i32(at)), 100);
        for (size_t i = 0; i < V_LANES; i++)
            a[i] = i == best ? -INFINITY : NAN;
        cr_expect_eq(v_argmax_f32(v_load_f32(a), v_load_i32(at)), 100 - (int32_t)best);
        cr_expect_eq(v_argmin_f32(v_load_f32(a), v_load_i32(at)), 100 - (int32_t)best);
        cr_expect(V_LANES == 1 || isnan(v_hmax_nan_f32(v_load_f32(a))));
        cr_expect(V_LANES == 1 || isnan(v_hmin_nan_f32(v_load_f32(a))));
    }
    cr_expect_eq(v_argmax_f32(v_splat_f32(NAN), v_splat_i32(3)), 0);
    cr_expect_eq(v_argmin_f64(v_splat_f64((double)NAN), v_splat_i64(3)), 0);
}

Test(vocabulary, integers_wrap)
{
    cr_expect_eq(v_first_i32(v_add_i32(v_splat_i32(INT32_MAX), v_splat_i32(1))), INT32_MIN);
    cr_expect_eq(v_first_i64(v_mul_i64(v_splat_i64(INT64_MAX), v_splat_i64(2))), -2);
    cr_expect_eq(v_first_i32(v_sub_i32(v_splat_i32(INT32_MIN), v_splat_i32(1))), INT32_MAX);
    cr_expect_eq(wrap_add_i32(INT32_MAX, 1), INT32_MIN);
    cr_expect_eq(wrap_mul_i64(INT64_MIN, -1), INT64_MIN);
    cr_expect_eq(wrap_abs_i32(INT32_MIN), INT32_MIN);
    cr_expect_eq(div_i32(INT32_MIN, -1), INT32_MIN);
    cr_expect_eq(mod_i64(INT64_MIN, -1), 0);
    /* The examples of TensorFlow's operators: (-7, 2) and (7, -2). */
    cr_expect_eq(div_i32(-7, 2), -3);
    cr_expect_eq(floor_div_i32(-7, 2), -4);
    cr_expect_eq(mod_i32(-7, 2), -1);
    cr_expect_eq(floor_mod_i32(-7, 2), 1);
    cr_expect_eq(floor_div_i64(7, -2), -4);
    cr_expect_eq(floor_mod_i64(7, -2), -1);
    cr_expect_eq(floor_mod_i64(6, -2), 0);
}

Test(vocabulary, float_to_integer_saturates)
{
    cr_expect_eq(sat_i8(127.9), 127);
    cr_expect_eq(sat_i8(128.0), 127);
    cr_expect_eq(sat_i8(-128.9), -128);
    cr_expect_eq(sat_i8(-1e9), -128);
    cr_expect_eq(sat_u8(-0.9), 0);
    cr_expect_eq(sat_u8(255.9), 255);
    cr_expect_eq(sat_u16(1e9), 65535);
    cr_expect_eq(sat_i16(NAN), 0);
    cr_expect_eq(sat_i64(0x1p63), INT64_MAX);
    cr_expect_eq(sat_i64(-INFINITY), INT64_MIN);
    cr_expect_eq(sat_u64(0x1.fffffffffffffp63), 0xfffffffffffff800u);
    cr_expect_eq(sat_u64(INFINITY), UINT64_MAX);
    cr_expect_eq(sat_u32(-3.0), 0);
    cr_expect_eq(v_first_i64(v_sat_i64_f64(v_splat_f64(-1e300))), INT64_MIN);
    cr_expect_eq(v_first_i64(v_sat_i64_f64(v_splat_f64(-12345678901.5))), -12345678901);
}

/* The value of a half by its definition. */
static double half_value(uint16_t h)
{
    int exponent = h >> 10 & 31, mantissa = h & 1023;
    double value = exponent == 0 ? ldexp(mantissa, -24) : ldexp(1024 + mantissa, exponent - 25);

    return h & 0x8000 ? -value : value;
}

Test(vocabulary, half_by_its_definition)
{
    for (uint32_t h = 0; h < 65536; h++) {
        uint16_t bits[V_LANES], back[V_LANES];
        float x = f32_from_f16((uint16_t)h), lane[V_LANES];

        for (size_t i = 0; i < V_LANES; i++)
            bits[i] = (uint16_t)h;
        v_store_f32(lane, v_load_f16(bits));
        v_store_f16(back, v_load_f16(bits));
        if ((h & 0x7fff) > 0x7c00) {
            cr_expect(isnan(x) && isnan(lane[0]));
            cr_expect_eq(f16_from_f32(x), h | 0x200);
            continue;
        }
        cr_expect(same_f32(x, lane[0]));
        cr_expect_eq(back[0], h);
        cr_expect_eq(f16_from_f32(x), h);
        if ((h & 0x7fff) == 0x7c00) {
            cr_expect(isinf(x) && !signbit(x) == !(h & 0x8000));
            continue;
        }
        cr_expect_eq((double)x, half_value((uint16_t)h));
        if ((h & 0x7fff) < 0x7bff) { /* around the middle to the next: to the even one at the tie */
            double next = half_value((uint16_t)(h + 1)), middle = ((double)x + next) / 2;
            double beyond = nextafter(middle, next);

            cr_expect_eq(f16_from_f64(middle), h & 1 ? h + 1 : h, "%a", middle);
            cr_expect_eq(f16_from_f64(beyond), h + 1, "%a", beyond);
            cr_expect_eq(f16_from_f64(nextafter(middle, (double)x)), h);
            cr_expect(same_f32(round_f16((float)middle), v_first_f32(v_round_f16(v_splat_f32((float)middle)))));
        }
    }
    cr_expect_eq(f16_from_f64(65519.999), 0x7bff);
    cr_expect_eq(f16_from_f64(65520.0), 0x7c00);
}

Test(vocabulary, bfloat16_by_its_definition)
{
    for (uint32_t h = 0; h < 0x7f7f; h++) {
        double x = (double)f32_from_bf16((uint16_t)h), next = (double)f32_from_bf16((uint16_t)(h + 1));
        double middle = (x + next) / 2;
        uint16_t bits[V_LANES], back[V_LANES];

        cr_expect_eq(bf16_from_f64(middle), h & 1 ? h + 1 : h);
        cr_expect_eq(bf16_from_f64(nextafter(middle, next)), h + 1, "%x", h);
        cr_expect_eq(bf16_from_f64(nextafter(middle, x)), h);
        cr_expect_eq(bf16_from_f64(-nextafter(middle, next)), (h + 1) | 0x8000);
        cr_expect_eq(bf16_from_f32((float)middle), h & 1 ? h + 1 : h);
        for (size_t i = 0; i < V_LANES; i++)
            bits[i] = (uint16_t)h;
        v_store_bf16(back, v_load_bf16(bits));
        cr_expect_eq(back[0], h);
    }
    cr_expect_eq(bf16_from_f32(NAN) & 0x7fc0, 0x7fc0);
    cr_expect_eq(bf16_from_f64(1e300), 0x7f80);
}

/* The known answers published with Random123. */
Test(vocabulary, philox_known_answers)
{
    static const uint32_t cases[][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420,
         0x24126ea1},
    };

    for (size_t i = 0; i < 3; i++) {
        uint32_t out[4];

        philox4x32(cases[i], cases[i] + 4, out);
        cr_expect_arr_eq(out, cases[i] + 6, sizeof out);
    }
    cr_expect_eq(uniform_f32(0), 0);
    cr_expect_eq(uniform_f32(0xff800000u | 0x400000u), 0.5f);
    cr_expect_eq(uniform_f64(0x80000, 0), 0.5);
    cr_expect_lt(uniform_f64(~0u, ~0u), 1);
}
