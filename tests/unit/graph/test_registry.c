/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_test.h"

/* The source table's 1,035 operators, and four that stand beyond it in operators.tsv. */
Test(registry, counts)
{
    size_t tiers[5] = {0};
    size_t stateful = 0;
    size_t deprecated = 0;

    cr_assert_eq(op_def_count(), 1035 + 4);
    for (size_t i = 0; i < op_def_count(); i++) {
        const op_def *def = op_def_at(i);
        tiers[def->tier]++;
        stateful += def->stateful;
        deprecated += def->deprecated_at != 0;
        cr_assert(i == 0 || strcmp(op_def_at(i - 1)->name, def->name) < 0, "%s", def->name);
        cr_assert_eq(op_def_find(text_view(def->name)), def);
    }
    cr_assert_eq(tiers[0], 48);
    cr_assert_eq(tiers[1], 134);
    cr_assert_eq(tiers[2], 86);
    cr_assert_eq(tiers[3], 322);
    cr_assert_eq(tiers[4], 445 + 4);
    cr_assert_eq(stateful, 236 + 2);
    cr_assert_eq(deprecated, 60);
    cr_assert_null(op_def_at(op_def_count()));
    cr_assert_null(op_def_find(TEXT_LITERAL("")));
    cr_assert_null(op_def_find(TEXT_LITERAL("Ad")));
    cr_assert_null(op_def_find(TEXT_LITERAL("Addd")));
    cr_assert_null(op_def_find(((stepc_string){"Add\0", 4})));
}

Test(registry, add)
{
    const op_def *add = op_def_find(TEXT_LITERAL("Add"));

    cr_assert_eq(add->input_count, 2);
    cr_assert_eq(add->output_count, 1);
    cr_assert_eq(add->attr_count, 1);
    cr_assert_str_eq(add->inputs[1].name, "y");
    cr_assert_eq(add->inputs[1].type_attr, 0);
    cr_assert_eq(add->inputs[1].number_attr, -1);
    cr_assert_eq(add->inputs[1].list_attr, -1);
    cr_assert_not(add->attrs[0].has_default);
    /* bf16 f16 f32 f64 u8 i8 i16 i32 i64 c64 c128 str */
    cr_assert_eq(add->attrs[0].allowed_types, 1u << 14 | 1u << 19 | 1u << 1 | 1u << 2 | 1u << 4 | 1u << 6 | 1u << 5 |
                                                  1u << 3 | 1u << 9 | 1u << 8 | 1u << 18 | 1u << 7);
    cr_assert_not(add->stateful);
    cr_assert_not(add->static_only || add->runtime_only);
}

Test(registry, conv_const_variable_while)
{
    const op_def *conv = op_def_find(TEXT_LITERAL("Conv2D"));
    int32_t padding = op_def_attr(conv, TEXT_LITERAL("padding"));
    int32_t strides = op_def_attr(conv, TEXT_LITERAL("strides"));
    int32_t format = op_def_attr(conv, TEXT_LITERAL("data_format"));

    cr_assert_eq(conv->tier, 1);
    cr_assert_str_eq(conv->family, "conv");
    cr_assert_str_eq(conv->attrs[padding].allowed[0], "SAME");
    cr_assert_str_eq(conv->attrs[padding].allowed[2], "EXPLICIT");
    cr_assert_null(conv->attrs[padding].allowed[3]);
    cr_assert(conv->attrs[strides].is_list);
    cr_assert_eq(conv->attrs[strides].kind, ATTR_INT);
    cr_assert_not(conv->attrs[strides].has_default);
    cr_assert_str_eq(conv->attrs[format].default_text, "\"NHWC\"");

    const op_def *constant = op_def_find(TEXT_LITERAL("Const"));
    cr_assert_eq(constant->input_count, 0);
    cr_assert_eq(constant->attrs[0].kind, ATTR_TENSOR);
    cr_assert_eq(constant->outputs[0].type_attr, 1);

    const op_def *variable = op_def_find(TEXT_LITERAL("VarHandleOp"));
    cr_assert(variable->stateful);
    cr_assert_eq(variable->outputs[0].dtype, STEPC_RESOURCE);
    cr_assert_eq(variable->outputs[0].type_attr, -1);

    const op_def *loop = op_def_find(TEXT_LITERAL("While"));
    cr_assert_eq(loop->inputs[0].list_attr, 0);
    cr_assert(loop->attrs[0].is_list);
    cr_assert_eq(loop->attrs[op_def_attr(loop, TEXT_LITERAL("body"))].kind, ATTR_FUNCTION);
    cr_assert_eq(op_def_attr(loop, TEXT_LITERAL("nothing")), -1);

    const op_def *old = op_def_find(TEXT_LITERAL("VariableV2"));
    cr_assert(old->outputs[0].is_ref);
    const op_def *merge = op_def_find(TEXT_LITERAL("RefMerge"));
    cr_assert(merge->inputs[0].is_ref);
    cr_assert_eq(merge->inputs[0].number_attr, 1);
    cr_assert_eq(merge->attrs[1].minimum, 1);
}
