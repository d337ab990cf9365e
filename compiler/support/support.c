/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/support/support.h"

#include <string.h>

#include "support_snippets.h"

enum { COUNT = sizeof snippets / sizeof *snippets };

/* The row of that name among the first `limit`, or `limit`. */
static size_t find_row(const char *name, size_t limit)
{
    size_t i = 0;

    while (i < limit && strcmp(snippets[i].name, name) != 0)
        i++;
    return i;
}

const support_snippet *support_find(const char *name)
{
    size_t row = find_row(name, COUNT);

    return row < COUNT ? &snippets[row] : NULL;
}

size_t support_count(void)
{
    return COUNT;
}

const support_snippet *support_at(size_t index)
{
    return index < COUNT ? &snippets[index] : NULL;
}

bool support_want(const char *name, bool *wanted)
{
    size_t row = find_row(name, COUNT);

    if (row == COUNT)
        return false;
    if (wanted[row])
        return true;
    wanted[row] = true;
    /* What a snippet needs stands before it, so that one walk up the table reaches all of it. */
    for (size_t i = row + 1; i-- > 0;) {
        if (!wanted[i])
            continue;
        for (const char *const *need = snippets[i].needs; *need; need++)
            wanted[find_row(*need, i)] = true;
    }
    return true;
}

size_t support_closure(const char *const *names, size_t count, const support_snippet **out, const char **unknown)
{
    bool wanted[COUNT] = {false};
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        if (!support_want(names[i], wanted)) {
            if (unknown)
                *unknown = names[i];
            return 0;
        }
    }
    for (size_t i = 0; i < COUNT; i++)
        if (wanted[i])
            out[found++] = &snippets[i];
    return found;
}
