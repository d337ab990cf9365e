/* SPDX-License-Identifier: Apache-2.0 */
/* Const, Identity, NoOp, Placeholder. */
#include "runtime/core/checked.h"
#include "runtime/ops/kernels.h"

/* ---- shapes from attributes and from one another, for all families -------------------------- */

stepc_code infer_shape_attr(infer_context *c, int32_t output, const attr_shape *shape)
{
    stepc_code code;

    if (shape->unknown_rank)
        return STEPC_OK;
    code = infer_set_rank(c, output, shape->rank);
    for (int32_t i = 0; code == STEPC_OK && i < shape->rank; i++)
        c->outputs[output].dims[i] = shape->dims[i] < 0 ? SIZE_UNKNOWN : size_const(c->sizes, shape->dims[i]);
    return code;
}

stepc_code infer_copy_shape(infer_context *c, const infer_value *value, int32_t output)
{
    stepc_code code;

    if (value->rank < 0)
        return STEPC_OK;
    code = infer_set_rank(c, output, value->rank);
    for (int32_t i = 0; code == STEPC_OK && i < value->rank; i++)
        c->outputs[output].dims[i] = value->dims[i];
    return code;
}

stepc_code infer_merge_shapes(infer_context *c, const infer_value *a, const infer_value *b, int32_t output)
{
    const infer_value known = *a, other = *b; /* A may be the output itself */
    stepc_code code;

    if (known.rank < 0)
        return infer_copy_shape(c, &other, output);
    if (other.rank < 0)
        return infer_copy_shape(c, &known, output);
    if (known.rank != other.rank)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Shapes must be equal rank, but are %d and %d", known.rank,
                         other.rank);
    code = infer_set_rank(c, output, known.rank);
    for (int32_t i = 0; code == STEPC_OK && i < known.rank; i++) {
        if (!infer_merge(c, known.dims[i], other.dims[i], &c->outputs[output].dims[i]))
            return error_set(c->error, STEPC_INVALID_ARGUMENT, "Dimension %d in both shapes must be equal", i);
    }
    return code;
}

/* ---- Const ---- */

static stepc_code const_value(const stepc_host *host, const stepc_operation *op, stepc_tensor **out, stepc_error *error)
{
    const attr_value *value = operation_attr(op, "value");
    stepc_dtype dtype = operation_type(op, "dtype");
    stepc_code code;

    if (!value || value->kind != ATTR_TENSOR || value->is_list)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Const has no value");
    code = tensor_proto_decode(host, value->as.tensor, out, error);
    if (code != STEPC_OK)
        return code;
    if (stepc_tensor_dtype(*out) == dtype)
        return STEPC_OK;
    code = error_set(error, STEPC_INVALID_ARGUMENT, "value has dtype %s but the dtype attribute is %s",
                     stepc_dtype_name(stepc_tensor_dtype(*out)), stepc_dtype_name(dtype));
    stepc_tensor_release(*out);
    *out = NULL;
    return code;
}

static stepc_code kernel_const(kernel_context *k)
{
    return const_value(k->host, k->op, &k->outputs[0], k->error);
}

/* Sizes are short vectors: longer constants are no shape arithmetic. */
enum { MOST_ELEMENTS = 1024 };

static stepc_code infer_const_elements(infer_context *c, const stepc_tensor *t)
{
    stepc_dtype dtype = stepc_tensor_dtype(t);
    int64_t count = stepc_tensor_length(t);
    size_ref *elements;

    if ((dtype != STEPC_INT32 && dtype != STEPC_INT64) || stepc_tensor_rank(t) > 1 || count > MOST_ELEMENTS)
        return STEPC_OK;
    elements = ARENA_ARRAY(c->memory, size_ref, (size_t)count);
    if (!elements)
        return error_out_of_memory(c->error, "inferring a shape");
    for (int64_t i = 0; i < count; i++)
        elements[i] = size_const(c->sizes, load_i64(dtype, stepc_tensor_data(t), i));
    c->outputs[0].elements = elements;
    c->outputs[0].element_count = count;
    return STEPC_OK;
}

static stepc_code infer_const(infer_context *c)
{
    stepc_tensor *value;
    stepc_code code = const_value(c->host, c->op, &value, c->error);

    if (code != STEPC_OK)
        return code;
    code = infer_set_rank(c, 0, stepc_tensor_rank(value));
    for (int32_t i = 0; code == STEPC_OK && i < stepc_tensor_rank(value); i++)
        c->outputs[0].dims[i] = size_const(c->sizes, stepc_tensor_dims(value)[i]);
    if (code == STEPC_OK)
        code = infer_const_elements(c, value);
    stepc_tensor_release(value);
    return code;
}

/* ---- Identity, NoOp, Placeholder ---- */

static stepc_code kernel_identity(kernel_context *k)
{
    return kernel_forward(k, 0, 0);
}

static stepc_code kernel_no_op(kernel_context *k)
{
    (void)k;
    return STEPC_OK;
}

static stepc_code infer_no_op(infer_context *c)
{
    (void)c;
    return STEPC_OK;
}

/* Runs only when the placeholder is not fed. */
static stepc_code kernel_placeholder(kernel_context *k)
{
    const attr_value *shape = operation_attr(k->op, "shape");
    const char *dtype = stepc_dtype_name(operation_type(k->op, "dtype"));
    char buffer[SHAPE_TEXT_BYTES];

    if (!shape || shape->as.shape.unknown_rank || shape->as.shape.rank == 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "You must feed a value for placeholder tensor '%s' with dtype %s", k->op->name.data, dtype);
    return error_set(k->error, STEPC_INVALID_ARGUMENT,
                     "You must feed a value for placeholder tensor '%s' with dtype %s and shape %s", k->op->name.data,
                     dtype, shape_text(shape->as.shape.dims, shape->as.shape.rank, buffer, sizeof buffer));
}

static stepc_code infer_placeholder(infer_context *c)
{
    enum { LAST_PRODUCER_WITHOUT_SCALARS = 21 }; /* up to then shape [] meant unknown */
    const attr_value *shape = operation_attr(c->op, "shape");

    if (!shape)
        return STEPC_OK;
    if (!shape->as.shape.unknown_rank && shape->as.shape.rank == 0 &&
        c->op->graph->producer <= LAST_PRODUCER_WITHOUT_SCALARS)
        return STEPC_OK;
    return infer_shape_attr(c, 0, &shape->as.shape);
}

static const op_row rows[] = {
    {"Const", infer_const, kernel_const, 0, SAMPLE_NONE, 0, 0},
    {"Identity", infer_same, kernel_identity, 0, SAMPLE_UNARY, 0, 0},
    {"NoOp", infer_no_op, kernel_no_op, 0, SAMPLE_NONE, 0, 0},
    {"Placeholder", infer_placeholder, kernel_placeholder, 0, SAMPLE_NONE, 0, 0},
    {"PlaceholderV2", infer_placeholder, kernel_placeholder, 0, SAMPLE_NONE, 0, 0},
};

const op_family ops_basic = {rows, sizeof rows / sizeof rows[0]};
