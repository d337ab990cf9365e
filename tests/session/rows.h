/* SPDX-License-Identifier: Apache-2.0 */
/* The acceptance table: TensorFlow's tests of its session, one by one, and what stepc answers to each. */
#ifndef TESTS_SESSION_ROWS_H
#define TESTS_SESSION_ROWS_H

#include <stddef.h>

typedef enum row_kind {
    ROW_TESTED,          /* TEST checks the behaviour */
    ROW_NEEDS_OPERATORS, /* TEST sees the step refused for exactly the operators in TEXT, which are not built yet */
    ROW_REASON           /* TEXT says why the row has no test here */
} row_kind;

typedef struct row {
    const char *section; /* of the checklist, "6.1" */
    const char *name;    /* as the checklist has it */
    const char *part;    /* which test of a row that stands for several; NULL: the row as it is */
    row_kind kind;
    void (*test)(void);
    const char *text; /* operators, separated by ", "; or the reason */
} row;

typedef struct row_list {
    const row *rows;
    size_t count;
} row_list;


/* Every test runs in a process of its own, so it may fail by leaving it and may change what belongs to a process. */
int rows_main(int argc, char **argv, const row_list *const *lists, size_t count);
/* The row that is being tested. */
const row *row_current(void);
/* Prints why the row failed and ends its process; from any thread. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4), noreturn))
#endif
void row_fail(const char *file, int line, const char *format, ...);

#define FAIL(...) row_fail(__FILE__, __LINE__, __VA_ARGS__)
#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            FAIL("%s", #condition);                                                                                    \
    } while (0)

#endif
