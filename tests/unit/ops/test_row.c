/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/graph/registry.h"
#include "runtime/ops/kernels.h"

#include <criterion/criterion.h>
#include <string.h>

Test(row, sorted_and_unique)
{
    size_t count = op_row_count();

    cr_assert_gt(count, 0);
    for (size_t i = 1; i < count; i++)
        cr_expect_lt(strcmp(op_row_at(i - 1)->name, op_row_at(i)->name), 0, "%s before %s", op_row_at(i - 1)->name,
                     op_row_at(i)->name);
    cr_assert_null(op_row_at(count));
}

Test(row, families_are_sorted)
{
    const op_family *families[] = {&ops_batch_norm, &ops_scan, &ops_segment, &ops_elementwise, &ops_identity,   &ops_movement, &ops_reduction, &ops_contraction,
                                   &ops_normalization, &ops_random,   &ops_variables, &ops_training,
                                   &ops_shape,         &ops_basic,    &ops_slice,     &ops_split,
                                   &ops_join,          &ops_pad,      &ops_reverse,   &ops_reshape,
                                   &ops_block,         &ops_sequence, &ops_diagonal,  &ops_gather,
                                   &ops_scatter,       &ops_order, &ops_special, &ops_search, &ops_cross, &ops_bands, &ops_sparse_segment,
                                   &ops_assert,        &ops_inplace, &ops_layout, &ops_fake_quant, &ops_unique, &ops_tally};
    size_t total = 0;

    for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
        total += families[f]->count;
        for (size_t i = 1; i < families[f]->count; i++)
            cr_expect_lt(strcmp(families[f]->rows[i - 1].name, families[f]->rows[i].name), 0, "%s",
                         families[f]->rows[i].name);
    }
    cr_assert_eq(total, op_row_count());
}

Test(row, complete)
{
    for (size_t i = 0; i < op_row_count(); i++) {
        const op_row *row = op_row_at(i);
        stepc_string name = {row->name, strlen(row->name)};

        cr_expect_eq(op_row_find(name), row, "%s is not found", row->name);
        cr_expect_not_null(row->infer, "%s has no shape function", row->name);
        cr_expect_not_null(row->kernel, "%s has no kernel", row->name);
        cr_expect_not_null(op_def_find(name), "%s is not in the registry", row->name);
        cr_expect_leq(row->low, row->high, "%s has an empty range", row->name);
        if (row->kernel == kernel_unary)
            cr_expect(unary_has(row->name), "%s has no scalar functions", row->name);
        if (row->kernel == kernel_steps)
            cr_expect(steps_has(row->name), "%s has no steps", row->name);
        if (row->kernel == kernel_binary)
            cr_expect(binary_has(row->name), "%s has no scalar functions", row->name);
    }
}

/* The registry marks these stateful; a row that forgot OP_STATE would be folded or merged. */
Test(row, stateful_operators_are_marked)
{
    for (size_t i = 0; i < op_row_count(); i++) {
        const op_row *row = op_row_at(i);
        const op_def *def = op_def_find((stepc_string){row->name, strlen(row->name)});

        if (def && def->stateful)
            cr_expect(row->flags & OP_STATE, "%s", row->name);
    }
}

Test(row, tier_0_is_there)
{
    static const char *const names[] = {
        "Add",
        "AddN",
        "AddV2",
        "ApplyGradientDescent",
        "ArgMax",
        "Assign",
        "AssignAdd",
        "AssignVariableOp",
        "BiasAdd",
        "BiasAddGrad",
        "BroadcastGradientArgs",
        "Cast",
        "Const",
        "Equal",
        "Exp",
        "Fill",
        "FloorDiv",
        "Identity",
        "Log",
        "MatMul",
        "Maximum",
        "Mean",
        "Mul",
        "Neg",
        "NoOp",
        "OnesLike",
        "Placeholder",
        "Prod",
        "RandomUniform",
        "ReadVariableOp",
        "RealDiv",
        "Relu",
        "ReluGrad",
        "Reshape",
        "ResourceApplyGradientDescent",
        "Shape",
        "Sigmoid",
        "Softmax",
        "SoftmaxCrossEntropyWithLogits",
        "SparseSoftmaxCrossEntropyWithLogits",
        "Square",
        "Sub",
        "Sum",
        "Tanh",
        "Tile",
        "Transpose",
        "VarHandleOp",
        "VariableV2",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        cr_expect_not_null(op_row_find((stepc_string){names[i], strlen(names[i])}), "%s", names[i]);
}

Test(row, unknown_names)
{
    static const char *const names[] = {"", "A", "Ad", "AddV", "AddV22", "add", "zzz", "\377"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        cr_expect_null(op_row_find((stepc_string){names[i], strlen(names[i])}), "%s", names[i]);
    cr_expect_null(op_row_find((stepc_string){NULL, 0}));
    cr_expect_null(op_row_find((stepc_string){"Add\0V2", 6}));
}
