/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that give their input on as it is: a name for the buffer, and before it the test. */
#include "compiler/lower/state.h"

#include <math.h>

static stepc_code give_on(lower_context *l, int32_t k)
{
    int32_t buffer = lower_stable_input(l, k);
    if (buffer < 0)
        return stepc_error_code(l->error);
    lower_alias(l, k, buffer);
    return STEPC_OK;
}

static stepc_code lower_pass(lower_context *l)
{
    stepc_code code = STEPC_OK;
    for (int32_t k = 0; k < l->op->input_count && !code; k++)
        if (lower_output_info(l, k)->dtype != STEPC_RESOURCE)
            code = give_on(l, k);
    return code;
}

/* ---- CheckNumerics ------------------------------------------------------------------------------ */

/* Whether any element is NaN, and whether any is infinite, into two scalars. */
static stepc_code find_odd(lower_context *l, int32_t in, const int32_t found[2])
{
    nest_builder b;
    const loop_buffer *from = &l->program->buffers[in];
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    for (int32_t d = 0; d < from->rank; d++)
        nest_axis(&b, from->extents[d], AXIS_REDUCE);
    int32_t x = lower_read_same(&b, in);
    int32_t infinity = nest_const_f64(&b, lower_value_dtype(from->dtype), (double)INFINITY);
    int32_t is_nan = nest_binary(&b, LOOP_NE, x, x);
    int32_t is_infinite = nest_binary(&b, LOOP_EQ, nest_unary(&b, LOOP_ABS, x), infinity);
    if (from->rank > 0) {
        is_nan = nest_acc(&b, ACC_ANY, is_nan, false);
        is_infinite = nest_acc(&b, ACC_ANY, is_infinite, false);
    }
    nest_write(&b, found[0], NULL, is_nan);
    nest_write(&b, found[1], NULL, is_infinite);
    return nest_end(&b, l->error);
}

static stepc_code check_numerics(lower_context *l, const int32_t found[2])
{
    static const char *const kinds[] = {"Inf and NaN", "NaN", "Inf"};
    stepc_string said = operation_string(l->op, "message");
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    int32_t is_nan = nest_read(&b, found[0], NULL), is_infinite = nest_read(&b, found[1], NULL);
    int32_t odd[3] = {nest_binary(&b, LOOP_AND, is_nan, is_infinite), is_nan, is_infinite};
    for (int k = 0; k < 3; k++) {
        const char *refusal = arena_format(l->step->memory, "%.*s : Tensor had %s values", (int)said.size, said.data, kinds[k]);
        if (!refusal)
            return error_out_of_memory(l->error, "lowering");
        nest_check(&b, nest_unary(&b, LOOP_NOT, odd[k]), STEPC_INVALID_ARGUMENT, refusal, l->op);
    }
    return nest_end(&b, l->error);
}

static stepc_code lower_check_numerics(lower_context *l)
{
    int32_t in = lower_input(l, 0), found[2] = {-1, -1};
    for (int k = 0; k < 2 && in >= 0; k++)
        in = (found[k] = lower_temporary(l, STEPC_BOOL, NULL, 0, k ? "infinite" : "nan")) < 0 ? -1 : in;
    if (in < 0)
        return stepc_error_code(l->error);
    stepc_code code = find_odd(l, in, found);
    if (!code)
        code = check_numerics(l, found);
    return code ? code : give_on(l, 0);
}

/* ---- EnsureShape ---------------------------------------------------------------------------------- */

/* Sizes that only the run tells are compared then. */
static stepc_code lower_ensure_shape(lower_context *l)
{
    const attr_value *shape = operation_attr(l->op, "shape");
    int32_t in = lower_input(l, 0);
    stepc_code code = in < 0 ? stepc_error_code(l->error) : STEPC_OK;
    for (int32_t d = 0; !code && shape && !shape->as.shape.unknown_rank && d < shape->as.shape.rank; d++)
        if (shape->as.shape.dims[d] >= 0)
            code = lower_check_equal(l->state, l->program->buffers[in].extents[d],
                                     size_const(l->program->sizes, shape->as.shape.dims[d]),
                                     "The shape of a tensor is not compatible with the expected shape.", l->op, l->error);
    return code ? code : give_on(l, 0);
}

/* ---- Assert: its data is text for the message, and never computed for it ------------------------ */

static stepc_code lower_assert(lower_context *l)
{
    int32_t condition = lower_input(l, 0);
    if (condition < 0)
        return stepc_error_code(l->error);
    if (l->program->buffers[condition].rank != 0)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "In[0] should be a scalar");
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    nest_check(&b, nest_read(&b, condition, NULL), STEPC_INVALID_ARGUMENT, "assertion failed", l->op);
    return nest_end(&b, l->error);
}

static const lower_row rows[] = {
    {"Assert", lower_assert, ~1u},
    {"CheckNumerics", lower_check_numerics, 0},
    {"DeepCopy", lower_pass, 0},
    {"EnsureShape", lower_ensure_shape, 0},
    {"GuaranteeConst", lower_pass, 0},
    {"IdentityN", lower_pass, 0},
    {"PlaceholderWithDefault", lower_pass, 0},
    {"PreventGradient", lower_pass, 0},
    {"Snapshot", lower_pass, 0},
    {"StopGradient", lower_pass, 0},
};

const lower_family lower_guards = {rows, sizeof rows / sizeof rows[0]};
