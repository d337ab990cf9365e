/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/core/host.h"
#include "runtime/ops/size.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static stepc_host host;
static arena memory;
static size_pool pool;

static void setup(void)
{
    host = host_resolve(NULL);
    arena_init(&memory, &host);
    size_pool_init(&pool, &memory);
}

static void teardown(void) { arena_release(&memory); }

TestSuite(size, .init = setup, .fini = teardown);

static const char *print(size_ref s)
{
    text t;
    char *copy;

    text_init(&t, &host);
    size_print(&pool, s, &t);
    copy = arena_text(&memory, t.data, t.size);
    text_release(&t);
    return copy;
}

static size_ref parse(const char *z)
{
    size_ref s;

    cr_assert(size_parse(&pool, text_view(z), &s), "%s", z);
    return s;
}

/* Text of an expression that somebody would write, and its canonical form. */
Test(size, canonical)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"8+4*n", "n*4+8"},
        {"n+n", "n*2"},
        {"n-n", "0"},
        {"n*0", "0"},
        {"(n+1)*(m+2)", "n*m+n*2+m+2"},
        {"m*n", "n*m"},
        {"(n+1)*(n-1)", "n*n-1"},
        {"3-n", "n*-1+3"},
        {"n*-1-m", "n*-1-m"},
        {"m-n*2", "n*-2+m"},
        {"floor(7/2)", "3"},
        {"floor(-7/2)", "-4"},
        {"ceil(7/2)", "4"},
        {"ceil(-7/2)", "-3"},
        {"floor(n/1)", "n"},
        {"floor(n*4/4)", "n"},
        {"floor((n*4+9)/4)", "n+2"},
        {"floor((n*4+m)/4)", "n+floor(m/4)"},
        {"floor(n*4/8)", "floor(n/2)"},
        {"floor((n*4+7)/8)", "ceil(n/2)"},
        {"floor((n+1)/2)", "ceil(n/2)"},
        {"ceil((n+1)/2)", "floor(n/2)+1"},
        {"ceil((n*4-2)/4)", "n"},
        {"floor((n+7)/2)", "ceil(n/2)+3"},
        {"floor((n+2)/3)", "ceil(n/3)"},
        {"floor((n+1)/3)", "floor((n+1)/3)"},
        {"floor((n-5)/3)", "floor((n+1)/3)-2"},
        {"floor(floor(n/2)/3)", "floor(n/6)"},
        {"ceil(ceil(n/2)/2)", "ceil(n/4)"},
        {"floor(n/-2)", "floor(n*-1/2)"},
        {"floor(n*m/m)", "n"},
        {"floor(n*m*6/(m*2))", "n*3"},
        {"floor((n*m+k)/m)", "n+floor(k/m)"},
        {"floor(n*k/(m*k))", "floor(n/m)"},
        {"floor(n*3/(m*6))", "floor(n/(m*2))"},
        {"floor((n*n-1)/(n+1))", "n-1"},
        {"floor((n*m+n*2+m+2)/(m+2))", "n+1"},
        {"floor(n/(m+1))", "floor(n/(m+1))"},
        {"max(n,n)", "n"},
        {"max(n,n-1)", "n"},
        {"min(n,n-1)", "n-1"},
        {"max(3,n)", "max(n,3)"},
        {"max(n,0)", "n"},
        {"min(n,0)", "0"},
        {"max(max(m,3),max(n,5))", "max(n,m,5)"},
        {"max(n,m)*2", "max(n,m)*2"},
        {"max(n+1,m*2)-1", "max(n+1,m*2)-1"},
        {"floor(max(n,m)*2/2)", "max(n,m)"},
        {"((n))", "n"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"?", "?"},
    };
    size_t i;

    size_symbol(&pool, "n", 0, INT64_MAX);
    size_symbol(&pool, "m", 0, INT64_MAX);
    size_symbol(&pool, "k", 0, INT64_MAX);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_ref s = parse(cases[i].in);

        cr_expect_str_eq(print(s), cases[i].out, "%s: %s, expected %s", cases[i].in, print(s), cases[i].out);
        cr_expect_eq(parse(print(s)), s, "%s", cases[i].in);
    }
    cr_expect(!pool.failed);
}

Test(size, refuses_text)
{
    static const char *const cases[] = {"",
                                        "+",
                                        "n+",
                                        "(n",
                                        "n)",
                                        "n/2",
                                        "floor(n)",
                                        "max(n)",
                                        "floor(n+1/2)",
                                        "floor(n/m*2)",
                                        "f(n)",
                                        "n,m",
                                        "floor(n,2)",
                                        "n m",
                                        "99999999999999999999",
                                        "-n",
                                        "max(n,m",
                                        "floor((n/2)/2)",
                                        "n++m",
                                        "max()"};
    size_t i;
    size_ref s;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect(!size_parse(&pool, text_view(cases[i]), &s), "%s", cases[i]);
}

Test(size, interned)
{
    size_ref n = size_symbol(&pool, "n", 0, 100), m = size_symbol(&pool, "m", 0, INT64_MAX);

    cr_expect_eq(size_symbol(&pool, "n", 0, 5), n);
    cr_expect_eq(size_symbol_count(&pool), 2);
    cr_expect_eq(size_symbol_at(&pool, 1), m);
    cr_expect_eq(size_symbol_at(&pool, 2), SIZE_UNKNOWN);
    cr_expect_eq(size_symbol_index(&pool, m), 1);
    cr_expect_eq(size_symbol_index(&pool, size_const(&pool, 1)), -1);
    cr_expect_eq(size_sum(&pool, n, m), size_sum(&pool, m, n));
    cr_expect_eq(size_product(&pool, size_sum(&pool, n, m), m),
                 size_sum(&pool, size_product(&pool, m, m), size_product(&pool, m, n)));
    cr_expect_eq(size_sub(&pool, size_sum(&pool, n, m), m), n);
    cr_expect_eq(size_sum(&pool, n, SIZE_UNKNOWN), SIZE_UNKNOWN);
    cr_expect_eq(size_max(&pool, SIZE_UNKNOWN, n), SIZE_UNKNOWN);
    cr_expect_eq(size_floor_div(&pool, n, size_const(&pool, 0)), SIZE_UNKNOWN);
    cr_expect(!pool.failed);
    cr_expect_eq(size_sum(&pool, size_const(&pool, INT64_MAX), size_const(&pool, 1)), SIZE_UNKNOWN);
    cr_expect(pool.failed);
}

Test(size, ranges)
{
    static const struct {
        const char *text;
        int64_t min, max;
    } cases[] = {
        {"n*4+8", 12, 408},
        {"m*4", 0, INT64_MAX},
        {"10-n", -90, 9},
        {"n*n", 1, 10000},
        {"floor(n/8)", 0, 12},
        {"ceil(n/8)", 1, 13},
        {"floor(m/n)", 0, INT64_MAX},
        {"floor(n/(m+1))", 0, 100},
        {"ceil(n/(m+1))", 1, 100},
        {"max(n,m)", 1, INT64_MAX},
        {"min(n,m)", 0, 100},
        {"n-m", INT64_MIN, 100},
    };
    size_t i;

    size_symbol(&pool, "n", 1, 100);
    size_symbol(&pool, "m", 0, INT64_MAX);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const size_node *node = size_get(&pool, parse(cases[i].text));

        cr_expect_eq(node->min, cases[i].min, "%s: %lld", cases[i].text, (long long)node->min);
        cr_expect_eq(node->max, cases[i].max, "%s: %lld", cases[i].text, (long long)node->max);
    }
    /* What the ranges decide. */
    cr_expect_str_eq(print(parse("floor(n/128)")), "0");
    cr_expect_str_eq(print(parse("max(n,1)")), "n");
    cr_expect_str_eq(print(parse("min(n,200)")), "n");
    cr_expect_eq(size_upper_bound(&pool, parse("n")), 100);
    cr_expect_eq(size_upper_bound(&pool, SIZE_UNKNOWN), INT64_MAX);
}

/* Canonical forms keep the value: against plain arithmetic. */
static int64_t floor_of(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

Test(size, evaluates)
{
    int64_t n, m, value, symbols[2];
    size_ref s_n = size_symbol(&pool, "n", 0, INT64_MAX), s_m = size_symbol(&pool, "m", 1, INT64_MAX);
    size_ref same = parse("floor((n*6+m*3-7)/4)"), ceiling = parse("ceil((n*2-m+1)/3)");
    size_ref quotient = size_floor_div(&pool, parse("n*m*6+n*5+m"), parse("m*3"));
    size_ref extremes = parse("max(min(n*2,m+3),7-n)"), product = parse("(n-3)*(m+2)*(n+m)");
    size_ref deep = size_floor_div(&pool, size_ceil_div(&pool, s_n, size_const(&pool, 2)), s_m);

    for (n = 0; n < 14; n++) {
        for (m = 1; m < 14; m++) {
            int64_t small = n * 2 < m + 3 ? n * 2 : m + 3;

            symbols[0] = n;
            symbols[1] = m;
            cr_assert(size_evaluate(&pool, same, symbols, 2, &value));
            cr_expect_eq(value, floor_of(n * 6 + m * 3 - 7, 4));
            cr_assert(size_evaluate(&pool, ceiling, symbols, 2, &value));
            cr_expect_eq(value, -floor_of(-(n * 2 - m + 1), 3));
            cr_assert(size_evaluate(&pool, quotient, symbols, 2, &value));
            cr_expect_eq(value, (n * m * 6 + n * 5 + m) / (m * 3));
            cr_assert(size_evaluate(&pool, extremes, symbols, 2, &value));
            cr_expect_eq(value, small > 7 - n ? small : 7 - n);
            cr_assert(size_evaluate(&pool, product, symbols, 2, &value));
            cr_expect_eq(value, (n - 3) * (m + 2) * (n + m));
            cr_assert(size_evaluate(&pool, deep, symbols, 2, &value));
            cr_expect_eq(value, ((n + 1) / 2) / m);
        }
    }
    symbols[0] = INT64_MAX;
    cr_expect(!size_evaluate(&pool, parse("n+1"), symbols, 2, &value));
    symbols[1] = 0;
    cr_expect(!size_evaluate(&pool, parse("floor(n/m)"), symbols, 2, &value));
    cr_expect(!size_evaluate(&pool, parse("m"), symbols, 1, &value));
    cr_expect(!size_evaluate(&pool, SIZE_UNKNOWN, symbols, 2, &value));
}

/* Shape arithmetic that feeds on itself doubles with every step: it ends, as unknown. */
Test(size, bounded)
{
    size_ref s = size_symbol(&pool, "n", 0, INT64_MAX), m = size_symbol(&pool, "m", 1, INT64_MAX);
    char many[4000];
    int i;

    for (i = 0; i < 2000 && s >= 0; i++)
        s = size_max(&pool, size_floor_div(&pool, s, m),
                     size_floor_div(&pool, size_product(&pool, s, s), size_const(&pool, 3)));
    cr_expect_eq(s, SIZE_UNKNOWN);
    cr_expect_lt(i, 2000);
    for (s = size_const(&pool, 0), i = 0; i < 200; i++) {
        char name[16];

        snprintf(name, sizeof name, "x%d", i);
        s = size_sum(&pool, s, size_symbol(&pool, name, 0, INT64_MAX));
    }
    cr_expect_eq(s, SIZE_UNKNOWN);
    memset(many, '(', sizeof many);
    many[sizeof many - 1] = '\0';
    cr_expect(!size_parse(&pool, text_view(many), &s));
    cr_expect(!pool.failed);
}
