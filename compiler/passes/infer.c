/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of all values in one walk, and constants folded on the way through the reference
 * kernels: what a shape operand must know is then known when its consumer asks. */
#include "compiler/passes/step.h"

#include "runtime/core/checked.h"

#include <string.h>

typedef struct operands {
    infer_value **inputs;
    infer_value *outputs;
} operands;

static stepc_code gather_operands(step *s, const stepc_operation *op, operands *out, stepc_error *error)
{
    out->inputs = ARENA_ARRAY(s->memory, infer_value *, (size_t)op->input_count + 1);
    out->outputs = ARENA_ARRAY(s->memory, infer_value, (size_t)op->output_count + 1);
    if (!out->inputs || !out->outputs)
        return error_out_of_memory(error, "inferring shapes");
    for (int32_t k = 0; k < op->input_count; k++) {
        step_value *value = step_value_of(s, op->inputs[k]);
        if (!value)
            return error_set(error, STEPC_INTERNAL, "an input of %s is not in the step", op->name.data);
        out->inputs[k] = &value->info;
    }
    for (int32_t k = 0; k < op->output_count; k++) {
        out->outputs[k].dtype = dtype_base((stepc_dtype)op->output_dtypes[k]);
        out->outputs[k].rank = -1;
    }
    return STEPC_OK;
}

stepc_code step_own(step *s, stepc_tensor *tensor, stepc_error *error)
{
    stepc_tensor **grown = arena_grow(s->memory, s->owned, &s->owned_capacity, s->owned_count + 1, sizeof *s->owned);
    if (!grown) {
        stepc_tensor_release(tensor);
        return error_out_of_memory(error, "folding constants");
    }
    s->owned = grown;
    s->owned[s->owned_count++] = tensor;
    return STEPC_OK;
}

/* Folding must not turn a small graph into a large object: a fill of a million ones stays a loop. */
static bool worth_folding(const step *s, const stepc_operation *op, const operands *all)
{
    int64_t in = 0, out = 0;
    for (int32_t k = 0; k < op->input_count; k++)
        in += (int64_t)stepc_tensor_bytes(all->inputs[k]->constant);
    for (int32_t k = 0; k < op->output_count; k++) {
        int64_t count = 1;
        const infer_value *value = &all->outputs[k];
        for (int32_t d = 0; d < value->rank; d++) {
            int64_t size;
            if (!size_is_const(s->sizes, value->dims[d], &size) || !checked_mul_i64(count, size, &count))
                return false;
        }
        if (value->rank < 0)
            count = 1; /* shape known only by computing it: small vectors in practice, checked below by the limit */
        if (!checked_mul_i64(count, (int64_t)stepc_dtype_bytes(value->dtype), &count) ||
            !checked_add_i64(out, count, &out))
            return false;
    }
    return out <= s->host->limits.folded_bytes && (out <= 16384 || out / 4 <= in);
}

static bool can_fold(const step *s, const stepc_operation *op, const op_row *row, const operands *all)
{
    if ((row->flags & OP_STATE) || (op->def && op->def->stateful) || op->output_count == 0)
        return false;
    if (op->input_count == 0)
        return text_equal(op->type, TEXT_LITERAL("Const"));
    for (int32_t k = 0; k < op->input_count; k++)
        if (!all->inputs[k]->constant || dtype_is_ref((stepc_dtype)op->input_dtypes[k]))
            return false;
    return op->input_count == 0 || worth_folding(s, op, all);
}

static void release_outputs(stepc_tensor **outputs, int32_t count)
{
    for (int32_t k = 0; k < count; k++)
        stepc_tensor_release(outputs[k]);
}

/* Runs the reference kernel. A kernel that fails is no error here: the step would fail at run
 * time, and only if the operation runs; so the operation stays. */
static stepc_code fold(step *s, const stepc_operation *op, const op_row *row, operands *all, stepc_error *error)
{
    stepc_tensor **inputs = ARENA_ARRAY(s->memory, stepc_tensor *, (size_t)op->input_count + 1);
    stepc_tensor **outputs = ARENA_ARRAY(s->memory, stepc_tensor *, (size_t)op->output_count + 1);
    variable **variables = ARENA_ARRAY(s->memory, variable *, (size_t)(op->input_count + op->output_count) + 1);
    if (!inputs || !outputs || !variables)
        return error_out_of_memory(error, "folding constants");
    for (int32_t k = 0; k < op->input_count; k++)
        memcpy(&inputs[k], &all->inputs[k]->constant, sizeof inputs[k]); /* kernels only read their inputs */
    kernel_state state = {0};
    stepc_error scratch;
    error_init(&scratch);
    kernel_context k = {.host = s->host,
                        .op = op,
                        .input_count = op->input_count,
                        .output_count = op->output_count,
                        .inputs = inputs,
                        .variables = variables,
                        .outputs = outputs,
                        .output_variables = variables + op->input_count,
                        .state = &state,
                        .error = &scratch};
    if (row->kernel(&k)) {
        release_outputs(outputs, op->output_count);
        return STEPC_OK;
    }
    for (int32_t i = 0; i < op->output_count; i++) {
        if (!outputs[i])
            continue;
        stepc_code code = step_own(s, outputs[i], error);
        if (code) {
            release_outputs(outputs + i + 1, op->output_count - i - 1);
            return code;
        }
        all->outputs[i].constant = outputs[i];
    }
    return STEPC_OK;
}

/* A known value says its shape and, if it is a small integer vector, its elements. */
static stepc_code learn_from_constant(step *s, infer_value *info, stepc_error *error)
{
    const stepc_tensor *tensor = info->constant;
    info->dtype = stepc_tensor_dtype(tensor);
    info->rank = stepc_tensor_rank(tensor);
    info->dims = ARENA_ARRAY(s->memory, size_ref, (size_t)info->rank + 1);
    if (!info->dims)
        return error_out_of_memory(error, "inferring shapes");
    for (int32_t d = 0; d < info->rank; d++)
        info->dims[d] = size_const(s->sizes, stepc_tensor_dims(tensor)[d]);
    bool is_sizes = (info->dtype == STEPC_INT32 || info->dtype == STEPC_INT64) && info->rank <= 1;
    int64_t count = stepc_tensor_length(tensor);
    if (!is_sizes || count > 256)
        return STEPC_OK;
    info->element_count = count;
    info->elements = ARENA_ARRAY(s->memory, size_ref, (size_t)count + 1);
    if (!info->elements)
        return error_out_of_memory(error, "inferring shapes");
    for (int64_t i = 0; i < count; i++)
        info->elements[i] = size_const(s->sizes, load_i64(info->dtype, stepc_tensor_data(tensor), i));
    return STEPC_OK;
}

/* Sizes that are all numbers are a constant like any other: the axes that a gradient sums over hang on it. */
static stepc_code make_constant(step *s, infer_value *info, stepc_error *error)
{
    stepc_tensor *tensor;
    int64_t value;
    if (info->constant || !info->elements || (info->dtype != STEPC_INT32 && info->dtype != STEPC_INT64))
        return STEPC_OK;
    for (int64_t i = 0; i < info->element_count; i++)
        if (!size_is_const(s->sizes, info->elements[i], &value) ||
            (info->dtype == STEPC_INT32 && (value > INT32_MAX || value < INT32_MIN)))
            return STEPC_OK;
    stepc_code code = stepc_tensor_new(s->host, info->dtype, &info->element_count, info->rank, &tensor, error);
    if (code)
        return code;
    for (int64_t i = 0; i < info->element_count; i++) {
        size_is_const(s->sizes, info->elements[i], &value);
        store_i64(info->dtype, stepc_tensor_data(tensor), i, value);
    }
    info->constant = tensor;
    return step_own(s, tensor, error);
}

static stepc_code infer_operation(step *s, const stepc_operation *op, stepc_error *error)
{
    const op_row *row = op_row_find(op->type);
    operands all;
    stepc_code code = gather_operands(s, op, &all, error);
    if (code)
        return code;
    infer_context c = {.host = s->host,
                       .memory = s->memory,
                       .sizes = s->sizes,
                       .op = op,
                       .input_count = op->input_count,
                       .output_count = op->output_count,
                       .inputs = all.inputs,
                       .outputs = all.outputs,
                       .error = error};
    code = row->infer(&c);
    if (code) {
        error_at_node(error, op->name.data, op->type.data, NULL);
        return code;
    }
    if (can_fold(s, op, row, &all))
        code = fold(s, op, row, &all, error);
    for (int32_t k = 0; !code && k < op->output_count; k++) {
        step_value *value = step_value_of(s, (stepc_output){op, k});
        if (value->is_fed)
            continue;
        value->info = all.outputs[k];
        code = make_constant(s, &value->info, error);
        if (code)
            return code;
        value->is_folded = value->info.constant && (!s->no_fold || text_equal(op->type, TEXT_LITERAL("Const")));
        if (value->info.constant)
            code = learn_from_constant(s, &value->info, error);
    }
    return code;
}

stepc_code pass_infer(step *s, stepc_error *error)
{
    for (size_t i = 0; i < s->operations.count; i++) {
        stepc_code code = infer_operation(s, s->operations.items[i], error);
        if (code)
            return code;
    }
    return s->sizes->failed ? error_set(error, STEPC_RESOURCE_EXHAUSTED, "a size of this step overflows 63 bits")
                            : STEPC_OK;
}
