/* SPDX-License-Identifier: Apache-2.0 */
/* The table of snippets: order, closure, unknown names. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/support/support.h"

static size_t row_of(const char *name)
{
    size_t row = 0;

    while (row < support_count() && strcmp(support_at(row)->name, name) != 0)
        row++;
    return row;
}

Test(support, what_a_snippet_needs_stands_before_it)
{
    for (size_t i = 0; i < support_count(); i++) {
        const support_snippet *s = support_at(i);

        cr_expect_eq(support_find(s->name), s);
        cr_expect(s->text[0] && s->text[strlen(s->text) - 1] == '\n', "%s", s->name);
        for (const char *const *need = s->needs; *need; need++)
            cr_expect(row_of(*need) < i, "%s needs %s", s->name, *need);
    }
}

/* A call of a name that is a snippet must be declared as a need, directly or through another. */
Test(support, needs_are_complete)
{
    bool *wanted = calloc(support_count(), sizeof *wanted);

    for (size_t i = 0; i < support_count(); i++) {
        const support_snippet *s = support_at(i);

        memset(wanted, 0, support_count() * sizeof *wanted);
        cr_assert(support_want(s->name, wanted));
        for (size_t j = 0; j < support_count(); j++) {
            const char *name = support_at(j)->name, *at = s->text;
            size_t size = strlen(name);

            while (!wanted[j] && (at = strstr(at, name)) != NULL) {
                bool whole = at[size] == '(' && (at == s->text || strchr(" (!-~*", at[-1]) != NULL);

                cr_expect(!whole, "%s calls %s without declaring it", s->name, name);
                at += size;
            }
        }
    }
    free(wanted);
}

Test(support, closure_is_ordered_and_names_each_once)
{
    const char *names[] = {"v_tanh_f32", "v_add_i32", "v_tanh_f32"}, *unknown = NULL;
    const support_snippet **out = calloc(support_count(), sizeof(support_snippet *));
    size_t count = support_closure(names, 3, out, &unknown);

    cr_assert_geq(count, 4);
    cr_expect_str_eq(out[0]->name, "v_types");
    for (size_t i = 1; i < count; i++)
        cr_expect_gt(row_of(out[i]->name), row_of(out[i - 1]->name));
    names[1] = "v_unheard_of";
    cr_expect_eq(support_closure(names, 3, out, &unknown), 0);
    cr_expect_str_eq(unknown, "v_unheard_of");
    cr_expect_null(support_find("v_unheard_of"));
    free(out);
}
