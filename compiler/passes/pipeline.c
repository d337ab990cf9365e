/* SPDX-License-Identifier: Apache-2.0 */
/* The passes over a step, in order. Adding one: its file, its row. */
#include "compiler/passes/step.h"

#include <string.h>

static const pass_row rows[] = {
    {"supported", pass_supported},
    {"infer", pass_infer},
};

size_t pass_count(void)
{
    return sizeof rows / sizeof rows[0];
}

const pass_row *pass_at(size_t index)
{
    return index < pass_count() ? &rows[index] : NULL;
}

const pass_row *pass_find(const char *name)
{
    for (size_t i = 0; i < pass_count(); i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}
