/* SPDX-License-Identifier: Apache-2.0 */
/* Shape operators: numbers that are known, or come from the sizes of the fed tensors. */
#include "compiler/lower/move.h"

static stepc_code lower_shape_op(lower_context *l)
{
    const infer_value *in = lower_info(l, 0);
    if (in->rank < 0)
        return error_set(l->error, STEPC_UNIMPLEMENTED, "the rank of the input is not known when the step is compiled");
    int32_t out = lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    for (int32_t d = 0; d < in->rank; d++) {
        if (in->dims[d] == SIZE_UNKNOWN)
            return error_set(l->error, STEPC_UNIMPLEMENTED, "dimension %d of the input depends on values", d);
        loop_index index = {.base = size_const(l->program->sizes, d), .coefs = NULL, .indirect = -1,
                            .indirect_scale = SIZE_UNKNOWN, .indirect_extent = SIZE_UNKNOWN};
        nest_write_index(&b, out, &index, nest_cast(&b, nest_size(&b, in->dims[d]), dtype), -1);
    }
    return in->rank == 0 ? STEPC_OK : nest_end(&b, l->error);
}

/* Which axes were broadcast is known with constant shapes only, and then it is folded. */
static stepc_code lower_broadcast_gradient_args(lower_context *l)
{
    bool known = true;
    for (int32_t k = 0; k < 2; k++) {
        const infer_value *info = lower_output_info(l, k);
        known = known && info->constant;
    }
    if (known) /* with --no-fold: the value is a weight */
        return lower_value(l->state, (stepc_output){l->op, 0}, l->error) < 0 ||
                       lower_value(l->state, (stepc_output){l->op, 1}, l->error) < 0
                   ? stepc_error_code(l->error)
                   : STEPC_OK;
    error_set(l->error, STEPC_UNIMPLEMENTED, "which axes broadcast is not known when the step is compiled");
    return error_mend(l->error, "fix the fed shapes, e.g. --feed x:0=float32[32,4]");
}

/* All outputs from what the shape function found. */
static stepc_code lower_known_elements(lower_context *l)
{
    stepc_code code = STEPC_OK;
    for (int32_t k = 0; !code && k < l->op->output_count; k++)
        code = lower_write_elements(l, k);
    return code;
}

static const lower_row rows[] = {
    {"BroadcastArgs", lower_known_elements, 3u},
    {"BroadcastGradientArgs", lower_broadcast_gradient_args, 3u},
    {"ConcatOffset", lower_known_elements, ~0u},
    {"Rank", lower_known_elements, 1u},
    {"Shape", lower_shape_op, 1u},
    {"ShapeN", lower_known_elements, ~0u},
    {"Size", lower_known_elements, 1u},
};

const lower_family lower_shape = {rows, sizeof rows / sizeof rows[0]};
