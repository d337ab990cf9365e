/* SPDX-License-Identifier: Apache-2.0 */
#include "unsampled.h"

#include "generate.h"

#include "compiler/lower/lower.h"
#include "runtime/graph/graph.h"
#include "runtime/ops/row.h"

#include <stdio.h>
#include <string.h>

typedef enum unsampled_reason {
    SOURCE,       /* every graph has it, or it gives nothing: no operands to draw */
    STATE,        /* what it does outlasts a run, or is random: its tests run steps one after the other */
    NOT_COMPILED, /* no lowering: there is nothing to compare with the reference engine */
    TOO_OLD,      /* no producer that graphs are given had it: unit tests write such graphs */
} unsampled_reason;

static const struct {
    const char *name;
    unsampled_reason reason;
} unsampled[] = {
    {"ApplyGradientDescent", STATE},
    {"Assert", STATE},
    {"Assign", STATE},
    {"AssignAdd", STATE},
    {"AssignVariableOp", STATE},
    {"Const", SOURCE},
    {"DynamicPartition", NOT_COMPILED},
    {"IsVariableInitialized", STATE},
    {"ListDiff", NOT_COMPILED},
    {"NoOp", SOURCE},
    {"Placeholder", SOURCE},
    {"PlaceholderV2", SOURCE},
    {"RandomUniform", STATE},
    {"ReadVariableOp", STATE},
    {"ResourceApplyGradientDescent", STATE},
    {"TileGrad", TOO_OLD},
    {"Unique", NOT_COMPILED},
    {"UniqueV2", NOT_COMPILED},
    {"UniqueWithCounts", NOT_COMPILED},
    {"UniqueWithCountsV2", NOT_COMPILED},
    {"VarHandleOp", STATE},
    {"VarIsInitializedOp", STATE},
    {"Variable", STATE},
    {"VariableV2", STATE},
    {"Where", NOT_COMPILED},
};

enum { UNSAMPLED_COUNT = sizeof unsampled / sizeof unsampled[0] };

static bool is_before(int32_t removed) { return removed > 0 && removed <= OLD_PRODUCER; }

static bool reason_holds(const op_row *row, unsampled_reason reason)
{
    bool is_compiled = lower_row_find(text_view(row->name)) != NULL;
    switch (reason) {
    case SOURCE: return op_def_find(text_view(row->name))->input_count == 0;
    case STATE: return (row->flags & OP_STATE) != 0;
    case NOT_COMPILED: return !is_compiled;
    case TOO_OLD: return is_before(op_def_find(text_view(row->name))->deprecated_at);
    }
    return false;
}

static bool is_listed(const char *name)
{
    for (size_t i = 0; i < UNSAMPLED_COUNT; i++)
        if (strcmp(unsampled[i].name, name) == 0)
            return true;
    return false;
}

static bool fault(const char *name, const char *what)
{
    printf("%s %s\n", name, what);
    return false;
}

bool unsampled_check(bool list)
{
    static const char *const words[] = {"has nothing to draw", "is of state or chance", "is not compiled", "is older than any producer here"};
    bool good = true;
    for (size_t i = 0; i < UNSAMPLED_COUNT; i++) {
        const op_row *row = op_row_find(text_view(unsampled[i].name));
        if (list)
            printf("%s %s\n", unsampled[i].name, words[unsampled[i].reason]);
        if (row == NULL || row->sample != SAMPLE_NONE)
            good = fault(unsampled[i].name, "is listed as never drawn, but has a sample form or no row");
        else if (!reason_holds(row, unsampled[i].reason))
            good = fault(unsampled[i].name, "is listed as never drawn for a reason that does not hold");
    }
    for (size_t i = 0; i < op_row_count(); i++) {
        const op_row *row = op_row_at(i);
        if (row->sample == SAMPLE_NONE && !is_listed(row->name))
            good = fault(row->name, "is never drawn, and tests/differential/unsampled.c does not say why");
        if (row->sample != SAMPLE_NONE && lower_row_find(text_view(row->name)) == NULL)
            good = fault(row->name, "has a sample form, but is not compiled");
    }
    return good;
}
