/* SPDX-License-Identifier: Apache-2.0 */
/* What most rows need: buffers of inputs and outputs, broadcast reads, constant operands. */
#include "compiler/lower/state.h"

const infer_value *lower_info(lower_context *l, int32_t input)
{
    return &step_value_of(l->step, l->op->inputs[input])->info;
}

const infer_value *lower_output_info(lower_context *l, int32_t output)
{
    return &step_value_of(l->step, (stepc_output){l->op, output})->info;
}

int32_t lower_input(lower_context *l, int32_t input) { return lower_value(l->state, l->op->inputs[input], l->error); }

int32_t lower_output(lower_context *l, int32_t output)
{
    step_value *value = step_value_of(l->step, (stepc_output){l->op, output});
    int32_t buffer = lower_root(l->state, BUFFER_ARENA, &value->info, l->op, l->error);
    if (buffer >= 0 && !value->is_fed)
        *lower_buffer_slot(l->state, value->at) = buffer;
    return buffer;
}

void lower_alias(lower_context *l, int32_t output, int32_t buffer)
{
    step_value *value = step_value_of(l->step, (stepc_output){l->op, output});
    if (!value->is_fed)
        *lower_buffer_slot(l->state, value->at) = buffer;
}

int32_t lower_temporary(lower_context *l, stepc_dtype dtype, const size_ref *extents, int32_t rank, const char *hint)
{
    if (lower_check_count(l->state, extents, rank, l->error))
        return -1;
    int32_t buffer = loop_buffer_new(l->program, BUFFER_ARENA, dtype, extents, rank, hint);
    if (buffer < 0)
        error_out_of_memory(l->error, "lowering");
    return buffer;
}

stepc_dtype lower_value_dtype(stepc_dtype dtype)
{
    return dtype == STEPC_HALF || dtype == STEPC_BFLOAT16 ? STEPC_FLOAT32 : dtype;
}

int32_t lower_round(nest_builder *b, int32_t value, stepc_dtype dtype)
{
    return dtype == STEPC_HALF || dtype == STEPC_BFLOAT16 ? nest_round_to(b, value, dtype) : value;
}

stepc_code lower_constant_integers(lower_context *l, int32_t input, const int64_t **out, int64_t *count)
{
    const infer_value *info = lower_info(l, input);
    if (!info->constant) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "input %d must be a constant when the step is compiled", input);
        return error_mend(l->error, "run the step interpreted, or freeze what feeds this input");
    }
    int64_t length = stepc_tensor_length(info->constant);
    int64_t *values = ARENA_ARRAY(l->step->memory, int64_t, (size_t)length + 1);
    if (!values)
        return error_out_of_memory(l->error, "lowering");
    for (int64_t i = 0; i < length; i++)
        values[i] = load_i64(stepc_tensor_dtype(info->constant), stepc_tensor_data(info->constant), i);
    *out = values;
    *count = length;
    return STEPC_OK;
}

void lower_begin(lower_context *l, nest_builder *b, int32_t output)
{
    nest_begin(b, l->program);
    nest_origin(b, l->op);
    int32_t buffer = *lower_buffer_slot(l->state, (stepc_output){l->op, output});
    if (buffer < 0) {
        b->failed = true;
        return;
    }
    for (int32_t d = 0; d < l->program->buffers[buffer].rank; d++)
        nest_axis(b, l->program->buffers[buffer].extents[d], AXIS_SPACE);
}

int32_t lower_read_broadcast(nest_builder *b, int32_t buffer, int32_t out_rank)
{
    if (buffer < 0) {
        b->failed = true;
        return -1;
    }
    const loop_buffer *from = &b->program->buffers[buffer];
    int32_t axis_of[LOWER_MAX_RANK];
    for (int32_t d = 0; d < from->rank; d++) {
        int64_t size;
        bool is_one = size_is_const(b->program->sizes, from->extents[d], &size) && size == 1;
        int32_t axis = out_rank - from->rank + d;
        axis_of[d] = is_one || axis < 0 ? -1 : axis;
    }
    return nest_read(b, buffer, axis_of);
}

stepc_code lower_refuse_size(lower_context *l, int32_t d)
{
    error_set(l->error, STEPC_UNIMPLEMENTED, "dimension %d of an operand may or may not broadcast: its size is not known", d);
    return error_mend(l->error, "name equal dimensions alike, e.g. --feed x:0=float32[n,4] --feed y:0=float32[n,4]");
}

stepc_code lower_check_broadcast(lower_context *l, int32_t buffer, int32_t out)
{
    const loop_buffer *in = &l->program->buffers[buffer], *result = &l->program->buffers[out];
    for (int32_t d = 0; d < in->rank; d++) {
        int64_t size;
        size_ref have = in->extents[d], want = result->extents[result->rank - in->rank + d];
        if (have != want && !(size_is_const(l->program->sizes, have, &size) && size == 1))
            return lower_refuse_size(l, d);
    }
    return STEPC_OK;
}

static bool identity_axes(nest_builder *b, int32_t buffer, int32_t *axis_of)
{
    if (buffer < 0) {
        b->failed = true;
        return false;
    }
    for (int32_t d = 0; d < b->program->buffers[buffer].rank; d++)
        axis_of[d] = d;
    return true;
}

int32_t lower_read_same(nest_builder *b, int32_t buffer)
{
    int32_t axis_of[LOWER_MAX_RANK];
    return identity_axes(b, buffer, axis_of) ? nest_read(b, buffer, axis_of) : -1;
}

void lower_write(nest_builder *b, int32_t buffer, int32_t value)
{
    int32_t axis_of[LOWER_MAX_RANK];
    if (identity_axes(b, buffer, axis_of))
        nest_write(b, buffer, axis_of, value);
}

int32_t lower_stable_input(lower_context *l, int32_t input)
{
    int32_t buffer = lower_input(l, input);
    if (buffer < 0 || l->program->buffers[l->program->buffers[buffer].root].kind != BUFFER_STATE)
        return buffer;
    const loop_buffer *from = &l->program->buffers[buffer];
    int32_t copy = lower_temporary(l, from->dtype, from->extents, from->rank, from->hint);
    if (copy < 0 || lower_copy(l->state, copy, buffer, l->op, l->error))
        return -1;
    return copy;
}

/* Exact sums of floats run in double, as the reference kernels' do; the default mode keeps float32. */
int32_t lower_widen(lower_context *l, nest_builder *b, int32_t value, stepc_dtype dtype)
{
    return l->program->exact && dtype_is_float(dtype) ? nest_cast(b, value, STEPC_FLOAT64) : value;
}

int32_t lower_narrow(nest_builder *b, int32_t value, stepc_dtype dtype)
{
    bool is_half = dtype == STEPC_HALF || dtype == STEPC_BFLOAT16;
    if (is_half)
        value = nest_round_to(b, value, dtype);
    return dtype_is_float(dtype) ? nest_cast(b, value, lower_value_dtype(dtype)) : value;
}
