/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/core/text.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 0x9E3779B97F4A7C15u;

static uint64_t random_bits(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static bool same_double(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool same_float(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* Significant digits of a decimal, as text without zeros at its ends. */
static void digits_of(const char *z, char *out)
{
    size_t size = 0;
    for (; *z != '\0' && *z != 'e'; z++) {
        if (*z >= '0' && *z <= '9' && (size > 0 || *z != '0'))
            out[size++] = *z;
    }
    while (size > 0 && out[size - 1] == '0')
        size--;
    out[size] = '\0';
}

static void check_double(double value)
{
    text t;
    char other[64], ours[64], theirs[64];
    text_init(&t, NULL);
    text_double(&t, value);
    cr_assert(same_double(strtod(t.data, NULL), value), "%a printed as %s", value, t.data);
    double back;
    cr_assert(parse_double(t.data, t.size, &back) && same_double(back, value), "%s", t.data);
    int precision = 0;
    do {
        snprintf(other, sizeof other, "%.*e", precision, value);
    } while (strtod(other, NULL) != value && ++precision < 17);
    digits_of(t.data, ours);
    digits_of(other, theirs);
    cr_assert(strlen(ours) <= strlen(theirs), "%s is longer than %s", t.data, other);
    cr_assert(strlen(ours) < strlen(theirs) || strcmp(ours, theirs) == 0, "%s is farther than %s", t.data, other);
    text_release(&t);
}

static void check_float(float value)
{
    text t;
    char other[64], ours[64], theirs[64];
    text_init(&t, NULL);
    text_float(&t, value);
    cr_assert(same_float(strtof(t.data, NULL), value), "%a printed as %s", (double)value, t.data);
    float back;
    cr_assert(parse_float(t.data, t.size, &back) && same_float(back, value), "%s", t.data);
    int precision = 0;
    do {
        snprintf(other, sizeof other, "%.*e", precision, (double)value);
    } while (strtof(other, NULL) != value && ++precision < 9);
    digits_of(t.data, ours);
    digits_of(other, theirs);
    cr_assert(strlen(ours) <= strlen(theirs), "%s is longer than %s", t.data, other);
    text_release(&t);
}

Test(text, shortest_digits_of_random_numbers)
{
    for (int i = 0; i < 20000; i++) {
        double value = double_of(random_bits());
        if (isfinite(value))
            check_double(value);
        float narrow = float_of((uint32_t)random_bits());
        if (isfinite(narrow))
            check_float(narrow);
    }
    for (int i = -1074; i < 1024; i++) {
        check_double(ldexp(1.0, i));
        check_double(nextafter(ldexp(1.0, i), 0.0));
        check_double(nextafter(ldexp(1.0, i), 1e308));
    }
    for (int i = -149; i < 128; i++)
        check_float(ldexpf(1.0f, i));
    for (int i = -30; i < 30; i++)
        check_double(pow(10.0, i));
}

/* What the C library says of the same text. */
static void check_parse(const char *line)
{
    double value = 42.0;
    float narrow = 42.0f;
    cr_assert(parse_double(line, strlen(line), &value), "%s", line);
    cr_assert(same_double(value, strtod(line, NULL)), "%s read as %a, not %a", line, value, strtod(line, NULL));
    cr_assert(parse_float(line, strlen(line), &narrow), "%s", line);
    cr_assert(same_float(narrow, strtof(line, NULL)), "%s read as %a, not %a", line, (double)narrow,
              (double)strtof(line, NULL));
}

Test(text, parsing_agrees_with_the_c_library)
{
    char line[1200];
    for (int i = 0; i < 100000; i++) {
        double value = double_of(random_bits());
        if (!isfinite(value))
            continue;
        snprintf(line, sizeof line, "%.*g", 1 + (int)(random_bits() % 20), value);
        check_parse(line);
    }
    /* Around the range of float, where double rounding would show. */
    for (int i = 0; i < 10000; i++) {
        float value = float_of((uint32_t)random_bits());
        if (!isfinite(value))
            continue;
        double middle = ((double)value + (double)nextafterf(value, INFINITY)) / 2;
        snprintf(line, sizeof line, "%.60g", middle);
        check_parse(line);
        size_t size = strlen(line);
        if (strchr(line, 'e') == NULL && strchr(line, '.') != NULL) {
            snprintf(line + size, sizeof line - size, "%s", "0000000000000000000000000001");
            check_parse(line);
        }
    }
    /* Exact middles of doubles, written out, and one digit beside. */
    for (int i = 0; i < 1000; i++) {
        uint64_t bits = random_bits() & 0x7FFFFFFFFFFFFFFFu;
        if (i % 3 == 0)
            bits &= 0x001FFFFFFFFFFFFFu;
        double value = double_of(bits);
        if (!isfinite(value) || value == 0.0 || bits >= 0x7FE0000000000000u)
            continue;
        long double middle = ((long double)value + (long double)double_of(bits + 1)) / 2;
        snprintf(line, sizeof line, "%.1100Le", middle);
        char *e = strchr(line, 'e');
        check_parse(line);
        e[-1] = '1';
        check_parse(line);
    }
    const char *fixed[] = {"0",
                           "-0",
                           "1",
                           "1.",
                           ".5",
                           "+3",
                           "1e5",
                           "1E+5",
                           "1e-5",
                           "0.1",
                           "1e22",
                           "1e23",
                           "123456789012345678",
                           "9007199254740993",
                           "9007199254740992.9999999999999999999",
                           "1e308",
                           "1.7976931348623157e308",
                           "1.7976931348623158e308",
                           "1.7976931348623159e308",
                           "1e309",
                           "1e400",
                           "1e999999999999999999999",
                           "1e-400",
                           "1e-9999999999999999999999",
                           "4.9e-324",
                           "2.4703282292062327e-324",
                           "2.4703282292062328e-324",
                           "2.2250738585072011e-308",
                           "0e999999999999",
                           "00000000000000000001",
                           "0.00000000000000000000000000000000000000000000000000001e53",
                           "inf",
                           "-inf",
                           "Infinity",
                           "-INFINITY",
                           "0x1p3",
                           "0x1.8p-1",
                           "-0x.8p0",
                           "0x1.fffffffffffff8p0",
                           "0x1.fffffffffffff7p0",
                           "0x1p-1074",
                           "0x1p-1075",
                           "0x1.8p-1075",
                           "0x1p1024",
                           "0x1.fffffffffffff8p1023",
                           "0x123456789abcdef01234p-9",
                           "0x1.000001p0",
                           "0x1.0000010000000000001p0",
                           "0x0p99999999999999",
                           "0xA",
                           "3.4028235677973366e38",
                           "3.4028235677973365e38",
                           "7.0064923216240853e-46",
                           "7.0064923216240854e-46",
                           "1.00000005960464477539"};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        check_parse(fixed[i]);
    double nan_value = 0.0;
    cr_assert(parse_double("NaN", 3, &nan_value) && isnan(nan_value));
    /* A point 200,000 zeros away and an exponent that brings it back. */
    char *far = malloc(200100);
    cr_assert(far != NULL);
    memset(far, '0', 200000);
    far[1] = '.';
    memcpy(far + 200000, "1e199999", 9);
    double one = 0.0;
    cr_assert(parse_double(far, strlen(far), &one) && one == 1.0);
    free(far);
}

Test(text, bad_numbers_are_refused)
{
    const char *bad[] = {"",     "+",  "-",    ".",    "e5",       "1e",   "1e+",     "1 ",
                         " 1",   "1x", "0x",   "0xp3", "0x1p",     "1e5.", "1.2.3",   "--1",
                         "infx", "in", "nan(", "1,5",  "0x1.8.p1", "1f",   "\xd9\xa1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double value = 42.0;
        float narrow = 42.0f;
        cr_assert(!parse_double(bad[i], strlen(bad[i]), &value) && value == 42.0, "%s", bad[i]);
        cr_assert(!parse_float(bad[i], strlen(bad[i]), &narrow) && narrow == 42.0f, "%s", bad[i]);
    }
}

Test(text, forms_of_printed_numbers)
{
    const struct {
        double value;
        const char *text;
    } cases[] = {{0.0, "0"},
                 {-0.0, "-0"},
                 {1.0, "1"},
                 {0.1, "0.1"},
                 {-2.5, "-2.5"},
                 {1e30, "1e+30"},
                 {1e15, "1000000000000000"},
                 {1e16, "1e+16"},
                 {123456.0, "123456"},
                 {0.0001, "0.0001"},
                 {0.00001, "1e-05"},
                 {5e-324, "5e-324"},
                 {1.7976931348623157e308, "1.7976931348623157e+308"},
                 {INFINITY, "inf"},
                 {-INFINITY, "-inf"},
                 {NAN, "nan"},
                 {1e23, "1e+23"},
                 {9007199254740993.0, "9007199254740992"},
                 {1.5e-10, "1.5e-10"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text t;
        text_init(&t, NULL);
        text_double(&t, cases[i].value);
        cr_assert_str_eq(t.data, cases[i].text);
        text_release(&t);
    }
    text t;
    text_init(&t, NULL);
    text_float(&t, 0.1f);
    text_puts(&t, " ");
    text_float(&t, 16777216.0f);
    text_puts(&t, " ");
    text_float(&t, 3.4028235e38f);
    text_puts(&t, " ");
    text_float(&t, 1e-45f);
    cr_assert_str_eq(t.data, "0.1 16777216 3.4028235e+38 1e-45");
    text_release(&t);
}

Test(text, integers)
{
    int64_t i = 42;
    uint64_t u = 42;
    cr_assert(parse_i64("-9223372036854775808", 20, &i) && i == INT64_MIN);
    cr_assert(parse_i64("9223372036854775807", 19, &i) && i == INT64_MAX);
    cr_assert(parse_i64("+7", 2, &i) && i == 7);
    cr_assert(parse_i64("-0", 2, &i) && i == 0);
    cr_assert(!parse_i64("9223372036854775808", 19, &i) && !parse_i64("-9223372036854775809", 20, &i));
    cr_assert(!parse_i64("", 0, &i) && !parse_i64("-", 1, &i) && !parse_i64("1 ", 2, &i) && !parse_i64("0x1", 3, &i));
    cr_assert(parse_u64("18446744073709551615", 20, &u) && u == UINT64_MAX);
    cr_assert(!parse_u64("18446744073709551616", 20, &u) && !parse_u64("-1", 2, &u) && !parse_u64("+1", 2, &u));
    cr_assert(!parse_u64("99999999999999999999", 20, &u) && u == UINT64_MAX);
}

Test(text, grows_and_stops_at_its_limit)
{
    text t;
    text_init(&t, NULL);
    cr_assert_str_eq(t.data, "");
    for (int i = 0; i < 5000; i++)
        text_printf(&t, "%d,", i % 10);
    cr_assert(t.size == 10000 && strlen(t.data) == 10000 && !t.failed);
    char *long_text = malloc(3001);
    cr_assert(long_text != NULL);
    memset(long_text, 'x', 3000);
    long_text[3000] = '\0';
    text_printf(&t, "<%s>", long_text);
    cr_assert(t.size == 13002 && t.data[13001] == '>');
    t.limit = 13005;
    text_puts(&t, "abc");
    cr_assert(t.size == 13005 && !t.failed);
    text_puts(&t, "d");
    cr_assert(t.size == 13005 && t.failed && t.data[13005] == '\0');
    free(long_text);
    text_release(&t);
    cr_assert(t.size == 0 && !t.failed);
    text_release(&t);
}

Test(text, json_strings)
{
    const struct {
        const char *bytes;
        size_t size;
        const char *json;
    } cases[] = {{"", 0, "\"\""},
                 {"a\"b\\c", 5, "\"a\\\"b\\\\c\""},
                 {"\n\x01\x7f\0z", 5, "\"\\u000a\\u0001\\u007f\\u0000z\""},
                 {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
                 {"\xff\xc3", 2, "\"\\u00ff\\u00c3\""},
                 {"\xc0\xaf", 2, "\"\\u00c0\\u00af\""},
                 {"\xed\xa0\x80", 3, "\"\\u00ed\\u00a0\\u0080\""},
                 {"\xf4\x90\x80\x80", 4, "\"\\u00f4\\u0090\\u0080\\u0080\""},
                 {"\xe0\x9f\xbf", 3, "\"\\u00e0\\u009f\\u00bf\""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text t;
        text_init(&t, NULL);
        text_json(&t, cases[i].bytes, cases[i].size);
        cr_assert_str_eq(t.data, cases[i].json);
        text_release(&t);
    }
}

Test(text, views_and_hashes)
{
    cr_assert(text_equal(text_view("ab"), TEXT_LITERAL("ab")) && !text_equal(text_view("ab"), TEXT_LITERAL("ac")));
    cr_assert(text_equal((stepc_string){NULL, 0}, text_view("")));
    /* FNV-1a's published values. */
    cr_assert(text_hash(text_view("")) == 0xcbf29ce484222325u && text_hash(text_view("a")) == 0xaf63dc4c8601ec8cu);
    cr_assert(text_hash(text_view("foobar")) == 0x85944171f73967e8u);
}
