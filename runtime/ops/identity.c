/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that give their input on as it is: some test it, some only say something about it. */
#include "runtime/ops/kernels.h"

#include <stdio.h>

static stepc_code kernel_pass(kernel_context *k)
{
    return kernel_forward(k, 0, 0);
}

/* ---- IdentityN ---- */

static stepc_code kernel_identity_n(kernel_context *k)
{
    stepc_code code = STEPC_OK;

    for (int32_t i = 0; i < k->input_count && code == STEPC_OK; i++)
        code = kernel_forward(k, i, i);
    return code;
}

/* What is known of an input is known of its output. */
static stepc_code infer_identity_n(infer_context *c)
{
    stepc_code code = STEPC_OK;

    for (int32_t i = 0; i < c->input_count && code == STEPC_OK; i++) {
        code = infer_copy_shape(c, c->inputs[i], i);
        c->outputs[i].constant = c->inputs[i]->constant;
        c->outputs[i].elements = c->inputs[i]->elements;
        c->outputs[i].element_count = c->inputs[i]->element_count;
    }
    return code;
}

/* ---- CheckNumerics ---- */

static stepc_code kernel_check_numerics(kernel_context *k)
{
    const stepc_tensor *x = k->inputs[0];
    stepc_dtype dtype = stepc_tensor_dtype(x);
    stepc_string said = operation_string(k->op, "message");
    bool has_nan = false, has_infinity = false;

    for (int64_t i = 0; i < stepc_tensor_length(x); i++) {
        double value = load_f64(dtype, stepc_tensor_data(x), i);

        has_nan = has_nan || value != value;
        has_infinity = has_infinity || (value == value && value - value != 0);
    }
    if (has_nan || has_infinity)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "%.*s : Tensor had %s values", (int)said.size, said.data,
                         has_nan && has_infinity ? "Inf and NaN" : has_nan ? "NaN" : "Inf");
    return kernel_forward(k, 0, 0);
}

/* ---- EnsureShape ---- */

static bool is_compatible(const stepc_tensor *x, const attr_shape *shape)
{
    if (shape->unknown_rank)
        return true;
    if (shape->rank != stepc_tensor_rank(x))
        return false;
    for (int32_t d = 0; d < shape->rank; d++) {
        if (shape->dims[d] >= 0 && shape->dims[d] != stepc_tensor_dims(x)[d])
            return false;
    }
    return true;
}

/* "[2,?]" */
static const char *partial_shape_text(const attr_shape *shape, char *buffer, size_t size)
{
    size_t used = 0;
    int wrote = snprintf(buffer, size, "[");

    for (int32_t d = 0; d < shape->rank && wrote > 0 && used + (size_t)wrote < size; d++) {
        used += (size_t)wrote;
        wrote = shape->dims[d] < 0 ? snprintf(buffer + used, size - used, d ? ",?" : "?")
                                   : snprintf(buffer + used, size - used, d ? ",%lld" : "%lld", (long long)shape->dims[d]);
    }
    if (wrote > 0 && used + (size_t)wrote + 1 < size)
        snprintf(buffer + used + (size_t)wrote, size - used - (size_t)wrote, "]");
    return buffer;
}

static stepc_code kernel_ensure_shape(kernel_context *k)
{
    const attr_value *shape = operation_attr(k->op, "shape");
    char a[SHAPE_TEXT_BYTES], b[SHAPE_TEXT_BYTES], name[200];

    if (shape && !is_compatible(k->inputs[0], &shape->as.shape))
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "Shape of tensor %s %s is not compatible with expected shape %s.",
                         operation_input_text(k->op, 0, name, sizeof name), tensor_shape_text(k->inputs[0], a),
                         partial_shape_text(&shape->as.shape, b, sizeof b));
    return kernel_forward(k, 0, 0);
}

/* What the input and the attribute know together. */
static stepc_code infer_ensure_shape(infer_context *c)
{
    const attr_value *shape = operation_attr(c->op, "shape");
    stepc_code code;

    if (!shape)
        return infer_same(c);
    code = infer_shape_attr(c, 0, &shape->as.shape);
    if (code == STEPC_OK)
        code = infer_merge_shapes(c, c->inputs[0], &c->outputs[0], 0);
    return code;
}

/* ---- PlaceholderWithDefault: whoever feeds it may give another value, so this one is no constant ---- */

static stepc_code infer_placeholder_with_default(infer_context *c)
{
    return infer_copy_shape(c, c->inputs[0], 0);
}

static const op_row rows[] = {
    {"CheckNumerics", infer_same, kernel_check_numerics, OP_STATE, SAMPLE_FINITE, 0, 0},
    {"DeepCopy", infer_same, kernel_pass, OP_STATE, SAMPLE_UNARY, 0, 0},
    {"EnsureShape", infer_ensure_shape, kernel_ensure_shape, 0, SAMPLE_UNARY, 0, 0},
    {"GuaranteeConst", infer_same, kernel_pass, OP_STATE, SAMPLE_UNARY, 0, 0},
    {"IdentityN", infer_identity_n, kernel_identity_n, 0, SAMPLE_UNARY, 0, 0},
    {"PlaceholderWithDefault", infer_placeholder_with_default, kernel_pass, 0, SAMPLE_UNARY, 0, 0},
    {"PreventGradient", infer_same, kernel_pass, 0, SAMPLE_UNARY, 0, 0},
    {"Snapshot", infer_same, kernel_pass, 0, SAMPLE_UNARY, 0, 0},
    {"StopGradient", infer_same, kernel_pass, 0, SAMPLE_UNARY, 0, 0},
};

const op_family ops_identity = {rows, sizeof rows / sizeof rows[0]};
