/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a table of rows: `PROGRAM` tests them all, `PROGRAM --list` prints the table for check.py, `PROGRAM NAME..` tests
 * the rows whose name or part is NAME. */
#include "rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS_PER_ROW 60
#define EXIT_ROW_FAILED 3

static const row *current;

const row *row_current(void) { return current; }

void row_fail(const char *file, int line, const char *format, ...)
{
    const char *base = strrchr(file, '/');
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    printf("    %s:%d: %s\n", base != NULL ? base + 1 : file, line, text);
    fflush(stdout);
    _exit(EXIT_ROW_FAILED);
}

static const char *kind_name(row_kind kind)
{
    if (kind == ROW_TESTED)
        return "tested";
    return kind == ROW_NEEDS_OPERATORS ? "needs" : "reason";
}

static const char *part_of(const row *r) { return r->part != NULL ? r->part : ""; }

static void print_table(const row_list *const *lists, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < lists[i]->count; k++) {
            const row *r = &lists[i]->rows[k];
            printf("%s\t%s\t%s\t%s\t%s\n", r->section, r->name, part_of(r), kind_name(r->kind), r->text != NULL ? r->text : "");
        }
}

static int row_passes(const row *r)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        return 0;
    if (child == 0) {
        alarm(SECONDS_PER_ROW);
        current = r;
        r->test();
        fflush(stdout);
        exit(0); /* not _exit: a sanitizer has its say about leaks here */
    }
    if (waitpid(child, &status, 0) != child)
        return 0;
    if (WIFSIGNALED(status))
        printf("    ended by signal %d\n", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != EXIT_ROW_FAILED)
        printf("    ended with exit status %d\n", WEXITSTATUS(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int is_asked_for(const row *r, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], r->name) == 0 || strcmp(argv[i], part_of(r)) == 0)
            return 1;
    return argc < 2;
}

static void print_needs(const row_list *const *lists, size_t count)
{
    printf("rows that wait for operators:\n");
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < lists[i]->count; k++) {
            const row *r = &lists[i]->rows[k];
            if (r->kind == ROW_NEEDS_OPERATORS)
                printf("  %s %s%s%s: %s\n", r->section, r->name, r->part != NULL ? " / " : "", part_of(r), r->text);
        }
}

int rows_main(int argc, char **argv, const row_list *const *lists, size_t count)
{
    size_t kinds[3] = {0, 0, 0};
    int passed = 0, failed = 0;
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {
        print_table(lists, count);
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < lists[i]->count; k++) {
            const row *r = &lists[i]->rows[k];
            kinds[r->kind]++;
            if (r->kind == ROW_REASON || !is_asked_for(r, argc, argv))
                continue;
            if (row_passes(r)) {
                passed++;
                continue;
            }
            failed++;
            printf("FAILED: %s %s%s%s\n", r->section, r->name, r->part != NULL ? " / " : "", part_of(r));
        }
    print_needs(lists, count);
    printf("%zu entries: %zu tested, %zu wait for operators, %zu have a reason\n",
           kinds[0] + kinds[1] + kinds[2], kinds[ROW_TESTED], kinds[ROW_NEEDS_OPERATORS], kinds[ROW_REASON]);
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0;
}
