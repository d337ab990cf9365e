/* SPDX-License-Identifier: Apache-2.0 */
/* Several widths in lanes: conversions, masks, short integers, pairs, quotients, against plain C and worked values. */
#include <criterion/criterion.h>
#include <math.h>

#include "support_all.h"

static const double edges[] = {0.0,           -0.0,          0.9,           -0.9,          1.5,           -1.5,
                               127.0,         127.9,         128.0,         -128.9,        -129.0,        255.9,
                               256.0,         32767.9,       32768.0,       -32768.9,      65535.5,       65536.0,
                               2147483647.0,  2147483648.0,  2147483647.9,  -2147483648.0, -2147483648.9, -2147483649.0,
                               4294967295.0,  4294967295.9,  4294967296.0,  0x1.fffffep30, 0x1.fffffep31, 9.2e18,
                               0x1p63,        -0x1p63,       -0x1.8p63,     0x1p64,        1.8e19,        1e300,
                               -1e300,        INFINITY,      -INFINITY,     NAN,           1e-300,        -1.0};
enum { EDGES = sizeof edges / sizeof *edges };

/* Worked by comparison: NaN 0, truncated, held at the ends. LOW and HIGH are doubles that hold the ends exactly, or one
 * above them for the widest. */
static int64_t saturated(double x, double low, double high, int64_t least, int64_t most)
{
    if (isnan(x))
        return 0;
    x = trunc(x);
    return x < low ? least : x >= high ? most : (int64_t)x;
}

static uint64_t saturated_u64(double x)
{
    return isnan(x) || x <= 0 ? 0 : x >= 0x1p64 ? UINT64_MAX : (uint64_t)x;
}

Test(lanes, floats_to_integers_saturate)
{
    for (size_t n = 0; n < EDGES; n++) {
        double wide[V_LANES];
        float narrow[V_LANES];
        int32_t i[V_LANES];
        uint32_t u[V_LANES];
        uint64_t q[V_LANES64];
        for (size_t k = 0; k < V_LANES; k++) {
            wide[k] = edges[(n + k) % EDGES];
            narrow[k] = (float)wide[k];
        }
        w_f64 w = w_load_f64(wide);
        v_f32 x = v_load_f32(narrow);
#define EACH_SHORT(T, LEAST, MOST) \
    do { \
        v_store_i32(i, v_sat32_##T(x)); \
        for (size_t k = 0; k < V_LANES; k++) \
            cr_expect_eq(i[k], saturated((double)narrow[k], LEAST, MOST + 1.0, LEAST, MOST), #T " of %a", (double)narrow[k]); \
        v_store_i32(i, v_clamp_##T(w_sat_i32_f64(w))); \
        for (size_t k = 0; k < V_LANES; k++) \
            cr_expect_eq(i[k], saturated(wide[k], LEAST, MOST + 1.0, LEAST, MOST), #T " of %a", wide[k]); \
    } while (0)
        EACH_SHORT(i8, INT8_MIN, INT8_MAX);
        EACH_SHORT(u8, 0, UINT8_MAX);
        EACH_SHORT(i16, INT16_MIN, INT16_MAX);
        EACH_SHORT(u16, 0, UINT16_MAX);
        v_store_i32(i, w_sat_i32_f64(w));
        v_store_u32(u, w_sat_u32_f64(w));
        for (size_t k = 0; k < V_LANES; k++) {
            cr_expect_eq(i[k], saturated(wide[k], -0x1p31, 0x1p31, INT32_MIN, INT32_MAX), "%a", wide[k]);
            cr_expect_eq(u[k], saturated(wide[k], 0, 0x1p32, 0, UINT32_MAX), "%a", wide[k]);
        }
        v_store_u32(u, v_sat_u32_f32(x));
        for (size_t k = 0; k < V_LANES; k++)
            cr_expect_eq(u[k], saturated((double)narrow[k], 0, 0x1p32, 0, UINT32_MAX), "%a", (double)narrow[k]);
        v_store_u64(q, v_sat_u64_f64(v_load_f64(wide)));
        for (size_t k = 0; k < V_LANES64; k++)
            cr_expect_eq(q[k], saturated_u64(wide[k]), "%a", wide[k]);
    }
}

Test(lanes, integers_become_longer_shorter_and_floats)
{
    static const int64_t numbers[] = {0,         1,          -1,         127,       128,      255,        256,
                                      -129,      32767,      65535,      65536,     16777217, 2147483647, -2147483648LL,
                                      INT64_MAX, INT64_MIN,  4294967296, 16777219, 9007199254740993, -9007199254740993};
    enum { NUMBERS = sizeof numbers / sizeof *numbers };
    for (size_t n = 0; n < NUMBERS; n++) {
        int64_t wide[V_LANES], back[V_LANES];
        int32_t low[V_LANES];
        double real[V_LANES];
        float single[V_LANES];
        int8_t bytes[V_LANES], out[V_LANES];
        for (size_t k = 0; k < V_LANES; k++) {
            wide[k] = numbers[(n + k) % NUMBERS];
            bytes[k] = (int8_t)wide[k];
        }
        w_i64 w = w_load_i64(wide);
        v_i32 x = w_i32_from_i64(w);
        v_store_i32(low, x);
        w_store_i64(back, w_i64_from_i32(x));
        w_store_f64(real, w_f64_from_i32(x));
        v_store_f32(single, w_f32_from_i64(w));
        for (size_t k = 0; k < V_LANES; k++) {
            cr_expect_eq(low[k], (int32_t)wide[k]);
            cr_expect_eq(back[k], (int64_t)(int32_t)wide[k]);
            cr_expect_eq(real[k], (double)(int32_t)wide[k]);
            cr_expect_eq(single[k], (float)wide[k]);
        }
        w_store_i64(back, w_i64_from_u32((v_u32)x));
        w_store_f64(real, w_f64_from_u32((v_u32)x));
        v_store_f32(single, v_f32_from_u32((v_u32)x));
        for (size_t k = 0; k < V_LANES; k++) {
            cr_expect_eq(back[k], (int64_t)(uint32_t)wide[k]);
            cr_expect_eq(real[k], (double)(uint32_t)wide[k]);
            cr_expect_eq(single[k], (float)(uint32_t)wide[k]);
        }
        v_store32_i8(out, x);
        v_store_i32(low, v_load32_i8(bytes));
        for (size_t k = 0; k < V_LANES; k++) {
            cr_expect_eq(out[k], bytes[k]);
            cr_expect_eq(low[k], bytes[k]);
        }
        v_store_i32(low, v_wrap_i8(x));
        for (size_t k = 0; k < V_LANES; k++)
            cr_expect_eq(low[k], bytes[k]);
        v_store_i32(low, v_wrap_u16(x));
        for (size_t k = 0; k < V_LANES; k++)
            cr_expect_eq(low[k], (uint16_t)wide[k]);
    }
}

Test(lanes, masks_are_bytes_of_0_and_1)
{
    uint8_t from[V_LANES8], to[V_LANES8];
    for (size_t k = 0; k < V_LANES8; k++)
        from[k] = (uint8_t)(k % 3 == 0 ? 0 : k % 5 == 0 ? 128 : 1);
#define ROUND_TRIP(M, LANES) \
    for (size_t n = 0; n < (LANES); n++) { \
        memset(to, 7, sizeof to); \
        v_store_part_##M(to, v_load_part_##M(from, n), n); \
        for (size_t k = 0; k < (LANES); k++) \
            cr_expect_eq(to[k], k < n ? from[k] != 0 : 7); \
        v_store_##M(to, v_load_##M(from)); \
        for (size_t k = 0; k < (LANES); k++) \
            cr_expect_eq(to[k], from[k] != 0); \
    }
    ROUND_TRIP(m8, V_LANES8)
    ROUND_TRIP(m16, V_LANES16)
    ROUND_TRIP(m32, V_LANES)
    ROUND_TRIP(m64, V_LANES64)
}

Test(lanes, pairs_compare_and_choose)
{
    uint64_t a[V_LANES], b[V_LANES], c[V_LANES];
    int32_t m[V_LANES];
    for (size_t k = 0; k < V_LANES; k++) {
        a[k] = k % 2 ? UINT64_MAX - k : k;
        b[k] = k % 4 < 2 ? UINT64_C(1) << 63 : k;
    }
    v_m32 below = w_lt_u64(w_load_u64(a), w_load_u64(b));
    v_store_i32(m, below);
    w_store_u64(c, w_select_u64(below, w_load_u64(a), w_load_u64(b)));
    for (size_t k = 0; k < V_LANES; k++) {
        cr_expect_eq(m[k], a[k] < b[k] ? -1 : 0);
        cr_expect_eq(c[k], a[k] < b[k] ? a[k] : b[k]);
    }
}

Test(lanes, quotients_of_integers)
{
    static const int32_t numbers[] = {0, 1, -1, 2, -2, 3, 7, -7, 10, -10, INT32_MAX, INT32_MIN, INT32_MAX - 1, 65536, -65537};
    enum { NUMBERS = sizeof numbers / sizeof *numbers };
    for (size_t n = 0; n < NUMBERS * NUMBERS; n++) {
        int32_t a = numbers[n / NUMBERS], b = numbers[n % NUMBERS];
        int64_t q = b == 0 ? 0 : (int64_t)a / b, f = b == 0 ? 0 : q - ((int64_t)a % b != 0 && (a < 0) != (b < 0));
        cr_expect_eq(v_first_i32(v_div_i32(v_splat_i32(a), v_splat_i32(b))), (int32_t)(uint32_t)(uint64_t)q, "%d / %d", a, b);
        cr_expect_eq(v_first_i32(v_floor_div_i32(v_splat_i32(a), v_splat_i32(b))), (int32_t)(uint32_t)(uint64_t)f,
                     "floor %d / %d", a, b);
    }
}

Test(lanes, backwards_second_and_edges)
{
    float from[3 * V_LANES], to[V_LANES];
    for (size_t k = 0; k < 3 * V_LANES; k++)
        from[k] = (float)k + 1;
    v_store_f32(to, v_load_reverse_f32(from + V_LANES - 1));
    for (size_t k = 0; k < V_LANES; k++)
        cr_expect_eq(to[k], from[V_LANES - 1 - k]);
    v_store_f32(to, v_load_second_f32(from));
    for (size_t k = 0; k < V_LANES; k++)
        cr_expect_eq(to[k], from[2 * k]);
    for (ptrdiff_t at = -2 * V_LANES; at < 4 * V_LANES; at++) {
        v_store_f32(to, v_load_edge_f32(from, at, 3 * V_LANES));
        for (ptrdiff_t k = 0; k < V_LANES; k++)
            cr_expect_eq(to[k], at + k >= 0 && at + k < 3 * V_LANES ? from[at + k] : 0);
    }
}

Test(lanes, short_integers_wrap)
{
    for (int n = 0; n < 256; n += 5) {
        int8_t a[V_LANES8], b[V_LANES8], c[V_LANES8];
        for (int k = 0; k < V_LANES8; k++) {
            a[k] = (int8_t)(n + k * 3);
            b[k] = (int8_t)(k * 77 + 100);
        }
        v_i8 x = v_load_i8(a), y = v_load_i8(b);
        v_store_i8(c, v_mul_i8(x, y));
        for (int k = 0; k < V_LANES8; k++)
            cr_expect_eq(c[k], (int8_t)(a[k] * b[k]));
        v_store_i8(c, v_add_i8(x, y));
        for (int k = 0; k < V_LANES8; k++)
            cr_expect_eq(c[k], (int8_t)(a[k] + b[k]));
        v_store_i8(c, v_max_i8(x, y));
        for (int k = 0; k < V_LANES8; k++)
            cr_expect_eq(c[k], a[k] > b[k] ? a[k] : b[k]);
        v_u8 most = v_max_u8((v_u8)x, (v_u8)y);
        v_store_i8(c, (v_i8)most);
        for (int k = 0; k < V_LANES8; k++)
            cr_expect_eq((uint8_t)c[k], (uint8_t)a[k] > (uint8_t)b[k] ? (uint8_t)a[k] : (uint8_t)b[k]);
    }
}
