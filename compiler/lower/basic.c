/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that compute nothing: names for values, constants, ordering points. */
#include "compiler/lower/state.h"

static stepc_code lower_nothing(lower_context *l)
{
    (void)l;
    return STEPC_OK;
}

static stepc_code lower_identity(lower_context *l)
{
    if (lower_output_info(l, 0)->dtype == STEPC_RESOURCE)
        return STEPC_OK;
    int32_t buffer = lower_stable_input(l, 0);
    if (buffer < 0)
        return stepc_error_code(l->error);
    lower_alias(l, 0, buffer);
    return STEPC_OK;
}

/* Reached only when the constant is not folded away: its value is a weight. */
static stepc_code lower_const(lower_context *l)
{
    return lower_value(l->state, (stepc_output){l->op, 0}, l->error) < 0 ? stepc_error_code(l->error) : STEPC_OK;
}

static stepc_code lower_placeholder(lower_context *l)
{
    error_set(l->error, STEPC_INVALID_ARGUMENT, "You must feed a value for placeholder tensor '%s' with dtype %s",
              l->op->name.data, stepc_dtype_name(lower_output_info(l, 0)->dtype));
    return error_mend(l->error, "add --feed %s:0", l->op->name.data);
}

static stepc_code lower_ones_like(lower_context *l)
{
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    if (dtype_is_complex(dtype))
        return error_set(l->error, STEPC_UNIMPLEMENTED, "%s OnesLike is not compiled", stepc_dtype_name(dtype));
    int32_t out = lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    nest_builder b;
    lower_begin(l, &b, 0);
    stepc_dtype carried = lower_value_dtype(dtype);
    lower_write(&b, out, dtype_is_float(carried) ? nest_const_f64(&b, carried, 1.0) : nest_const_i64(&b, carried, 1));
    return nest_end(&b, l->error);
}

static const lower_row rows[] = {
    {"Const", lower_const, 0},       {"Identity", lower_identity, 0},       {"NoOp", lower_nothing, 0},
    {"OnesLike", lower_ones_like, 0}, {"Placeholder", lower_placeholder, 0},
    {"PlaceholderV2", lower_placeholder, 0},
};

const lower_family lower_basic = {rows, sizeof rows / sizeof rows[0]};
