/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for Criterion where that cannot start (ThreadSanitizer): the same macros, each test in a process of its own, one
 * after another. Only what the tests of sessions and graphs use. */
#ifndef TESTS_UNIT_PLAIN_CRITERION_H
#define TESTS_UNIT_PLAIN_CRITERION_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct plain_suite {
    const char *name;
    void (*init)(void);
    void (*fini)(void);
    struct plain_suite *next;
} plain_suite;

typedef struct plain_test {
    const char *suite, *name;
    void (*run)(void);
    struct plain_test *next;
} plain_test;

static plain_suite *plain_suites;
static plain_test *plain_tests, **plain_end = &plain_tests;

#define TestSuite(s, ...)                                                                                              \
    static plain_suite plain_suite_##s = {.name = #s, __VA_ARGS__};                                                    \
    __attribute__((constructor)) static void plain_add_suite_##s(void)                                                 \
    {                                                                                                                  \
        plain_suite_##s.next = plain_suites;                                                                           \
        plain_suites = &plain_suite_##s;                                                                               \
    }                                                                                                                  \
    typedef int plain_suite_end_##s

#define Test(s, n)                                                                                                     \
    static void plain_##s##_##n(void);                                                                                 \
    static plain_test plain_test_##s##_##n = {#s, #n, plain_##s##_##n, NULL};                                          \
    __attribute__((constructor)) static void plain_add_##s##_##n(void)                                                 \
    {                                                                                                                  \
        *plain_end = &plain_test_##s##_##n;                                                                            \
        plain_end = &plain_test_##s##_##n.next;                                                                        \
    }                                                                                                                  \
    static void plain_##s##_##n(void)

#define PLAIN_CHECK(holds, text, ...)                                                                                  \
    do {                                                                                                               \
        if (!(holds)) {                                                                                                \
            printf("%s:%d: %s ", __FILE__, __LINE__, text);                                                            \
            printf("" __VA_ARGS__);                                                                                    \
            puts("");                                                                                                  \
            fflush(stdout);                                                                                            \
            _Exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

#define cr_assert(holds, ...)               PLAIN_CHECK(holds, #holds, __VA_ARGS__)
#define cr_assert_not(holds, ...)           PLAIN_CHECK(!(holds), "not " #holds, __VA_ARGS__)
#define cr_assert_eq(a, b, ...)             PLAIN_CHECK((a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...)            PLAIN_CHECK((a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...)             PLAIN_CHECK((a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...)            PLAIN_CHECK((a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...)             PLAIN_CHECK((a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...)            PLAIN_CHECK((a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_assert_null(a, ...)              PLAIN_CHECK((a) == NULL, #a " is NULL", __VA_ARGS__)
#define cr_assert_not_null(a, ...)          PLAIN_CHECK((a) != NULL, #a " is not NULL", __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...)         PLAIN_CHECK(strcmp((a), (b)) == 0, #a " is the text " #b, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...)        PLAIN_CHECK(strcmp((a), (b)) != 0, #a " is not the text " #b, __VA_ARGS__)
#define cr_assert_float_eq(a, b, e, ...)    PLAIN_CHECK(fabs((double)(a) - (double)(b)) <= (double)(e), #a " == " #b, __VA_ARGS__)
#define cr_assert_arr_eq(a, b, bytes, ...)  PLAIN_CHECK(memcmp((a), (b), (bytes)) == 0, #a " holds " #b, __VA_ARGS__)
#define cr_fail(...)                        PLAIN_CHECK(0, "failed", __VA_ARGS__)
#define cr_assert_fail(...)                 PLAIN_CHECK(0, "failed", __VA_ARGS__)
#define cr_log_info(...)                    (printf(__VA_ARGS__), puts(""))

static const plain_suite *plain_suite_of(const char *name)
{
    const plain_suite *s = plain_suites;
    while (s != NULL && strcmp(s->name, name) != 0)
        s = s->next;
    return s;
}

static bool plain_run(const plain_test *t)
{
    const plain_suite *s = plain_suite_of(t->suite);
    int status = 1;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (s != NULL && s->init != NULL)
            s->init();
        t->run();
        if (s != NULL && s->fini != NULL)
            s->fini();
        exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
        printf("FAILED: %s::%s\n", t->suite, t->name);
    return child > 0 && status == 0;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    for (const plain_test *t = plain_tests; t != NULL; t = t->next) {
        if (argc > 1 && strstr(t->name, argv[1]) == NULL)
            continue;
        if (plain_run(t))
            passed++;
        else
            failed++;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0;
}

#endif
