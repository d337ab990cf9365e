/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/core/checked.h"

#include <criterion/criterion.h>
#include <string.h>

/* Worked in 128 bits. */
__extension__ typedef __int128 wide;

static const int64_t edges[] = {INT64_MIN,
                                INT64_MIN + 1,
                                INT64_MIN / 2,
                                INT64_MIN / 3,
                                -4294967297,
                                -4294967296,
                                -3037000500,
                                -3,
                                -2,
                                -1,
                                0,
                                1,
                                2,
                                3,
                                3037000499,
                                3037000500,
                                4294967296,
                                4294967297,
                                INT64_MAX / 3,
                                INT64_MAX / 2,
                                INT64_MAX - 1,
                                INT64_MAX};

static void check(bool ok, int64_t got, wide expected, const char *what, int64_t a, int64_t b)
{
    bool fits = expected >= INT64_MIN && expected <= INT64_MAX;
    cr_assert(ok == fits, "%lld %s %lld", (long long)a, what, (long long)b);
    cr_assert(got == (fits ? (int64_t)expected : 42), "%lld %s %lld", (long long)a, what, (long long)b);
}

Test(checked, signed_arithmetic_agrees_with_128_bits)
{
    size_t count = sizeof edges / sizeof edges[0];
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            int64_t a = edges[i], b = edges[j], sum = 42, difference = 42, product = 42;
            bool ok = checked_add_i64(a, b, &sum);
            check(ok, sum, (wide)a + b, "+", a, b);
            ok = checked_sub_i64(a, b, &difference);
            check(ok, difference, (wide)a - b, "-", a, b);
            ok = checked_mul_i64(a, b, &product);
            check(ok, product, (wide)a * b, "*", a, b);
        }
    }
}

Test(checked, sizes_stop_at_the_end)
{
    size_t out = 42;
    cr_assert(checked_add_size(SIZE_MAX, 0, &out) && out == SIZE_MAX);
    cr_assert(!checked_add_size(SIZE_MAX, 1, &out) && out == SIZE_MAX);
    cr_assert(checked_mul_size(SIZE_MAX, 1, &out) && out == SIZE_MAX);
    cr_assert(!checked_mul_size(SIZE_MAX / 2 + 1, 2, &out));
    cr_assert(checked_mul_size(0, SIZE_MAX, &out) && out == 0);
    cr_assert(checked_align_size(65, 64, &out) && out == 128);
    cr_assert(checked_align_size(0, 64, &out) && out == 0);
    cr_assert(!checked_align_size(SIZE_MAX - 62, 64, &out));
    cr_assert(!checked_align_size(1, 3, &out) && !checked_align_size(1, 0, &out));
}

Test(checked, counts_of_shapes)
{
    int64_t count = 42;
    const int64_t huge[] = {INT64_MAX, INT64_MAX, 0}, negative[] = {0, -1}, edge[] = {4294967296, 2147483648};
    const int64_t plain[] = {2, 3, 4};
    cr_assert(shape_count(NULL, 0, &count) && count == 1);
    cr_assert(shape_count(plain, 3, &count) && count == 24);
    cr_assert(shape_count(huge, 3, &count) && count == 0);
    count = 42;
    cr_assert(!shape_count(huge, 2, &count) && count == 42);
    cr_assert(!shape_count(negative, 2, &count));
    cr_assert(!shape_count(edge, 2, &count));
    cr_assert(!shape_count(plain, -1, &count));
    cr_assert(shape_equal(plain, 3, plain, 3) && !shape_equal(plain, 3, plain, 2) && !shape_equal(plain, 2, edge, 2));
}

Test(checked, axes)
{
    int32_t axis = 42;
    cr_assert(shape_axis(-3, 3, &axis) && axis == 0);
    cr_assert(shape_axis(2, 3, &axis) && axis == 2);
    cr_assert(!shape_axis(3, 3, &axis) && !shape_axis(-4, 3, &axis) && !shape_axis(0, 0, &axis));
    cr_assert(!shape_axis(INT64_MIN, 3, &axis) && !shape_axis(INT64_MAX, 3, &axis) && axis == 2);
}

Test(checked, shapes_as_text)
{
    char text[64];
    const int64_t dims[] = {2, -1, INT64_MIN, INT64_MAX};
    cr_assert_str_eq(shape_text(NULL, 0, text, sizeof text), "[]");
    cr_assert_str_eq(shape_text(dims, 2, text, sizeof text), "[2,?]");
    cr_assert_str_eq(shape_text(dims, 4, text, sizeof text), "[2,?,-9223372036854775808,9223372036854775807]");
    for (size_t size = 0; size < sizeof text; size++) {
        memset(text, '#', sizeof text);
        shape_text(dims, 4, text, size);
        cr_assert(size == 0 || strlen(text) < size, "%zu", size);
        for (size_t i = size; i < sizeof text; i++)
            cr_assert(text[i] == '#', "%zu", size);
    }
    cr_assert_str_eq(shape_text(dims, 4, text, 20), "[2,?,...]");
}
