/* SPDX-License-Identifier: Apache-2.0 */
/* What the public interface tells about one operation: its neighbours and its attributes. */
#include "runtime/graph/graph.h"

stepc_graph *stepc_operation_graph(const stepc_operation *op) { return op != NULL ? op->graph : NULL; }

stepc_dtype stepc_operation_input_dtype(const stepc_operation *op, int32_t index)
{
    return op != NULL && index >= 0 && index < op->input_count ? (stepc_dtype)op->input_dtypes[index]
                                                               : STEPC_DTYPE_INVALID;
}

int32_t stepc_operation_control_input_count(const stepc_operation *op) { return op != NULL ? op->control_count : 0; }

const stepc_operation *stepc_operation_control_input(const stepc_operation *op, int32_t index)
{
    return op != NULL && index >= 0 && index < op->control_count ? op->controls[index] : NULL;
}

/* ---- attributes ------------------------------------------------------------------------------ */

/* The attribute NAME when it is one value of KIND. WHAT names the kind in the message: "an int". */
static stepc_code find_attr(const stepc_operation *op, const char *name, attr_kind kind, const char *what,
                            const void *out, const attr_value **found, stepc_error *error)
{
    if (op == NULL || name == NULL || out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "operation, name and out must not be NULL");
    *found = operation_attr(op, name);
    if (*found == NULL ||
        (kind == ATTR_TENSOR && (*found)->kind == ATTR_TENSOR && !(*found)->is_list && (*found)->as.tensor == NULL)) {
        error_set(error, STEPC_INVALID_ARGUMENT, "Operation '%s' has no attr named '%s'.", op->name.data, name);
    } else if ((*found)->kind != kind || (*found)->is_list) {
        error_set(error, STEPC_INVALID_ARGUMENT, "Attribute '%s' is not %s", name, what);
    } else {
        return STEPC_OK;
    }
    error_at_node(error, op->name.data, op->type.data, name);
    return STEPC_INVALID_ARGUMENT;
}

stepc_code stepc_operation_attr_type(const stepc_operation *op, const char *name, stepc_dtype *out, stepc_error *error)
{
    const attr_value *a = NULL;
    stepc_code code = find_attr(op, name, ATTR_TYPE, "a type", out, &a, error);

    if (code == STEPC_OK)
        *out = (stepc_dtype)a->as.type;
    return code;
}

stepc_code stepc_operation_attr_int(const stepc_operation *op, const char *name, int64_t *out, stepc_error *error)
{
    const attr_value *a = NULL;
    stepc_code code = find_attr(op, name, ATTR_INT, "an int", out, &a, error);

    if (code == STEPC_OK)
        *out = a->as.i;
    return code;
}

stepc_code stepc_operation_attr_float(const stepc_operation *op, const char *name, float *out, stepc_error *error)
{
    const attr_value *a = NULL;
    stepc_code code = find_attr(op, name, ATTR_FLOAT, "a float", out, &a, error);

    if (code == STEPC_OK)
        *out = a->as.f;
    return code;
}

stepc_code stepc_operation_attr_bool(const stepc_operation *op, const char *name, int32_t *out, stepc_error *error)
{
    const attr_value *a = NULL;
    stepc_code code = find_attr(op, name, ATTR_BOOL, "a bool", out, &a, error);

    if (code == STEPC_OK)
        *out = a->as.b;
    return code;
}

stepc_code stepc_operation_attr_string(const stepc_operation *op, const char *name, stepc_string *out,
                                       stepc_error *error)
{
    const attr_value *a = NULL;
    stepc_code code = find_attr(op, name, ATTR_STRING, "a string", out, &a, error);

    if (code == STEPC_OK)
        *out = a->as.s;
    return code;
}

stepc_code stepc_operation_attr_shape(const stepc_operation *op, const char *name, const int64_t **out_dims,
                                      int32_t *out_rank, stepc_error *error)
{
    const attr_value *a = NULL;
    stepc_code code =
        find_attr(op, name, ATTR_SHAPE, "a shape", out_dims != NULL ? (const void *)out_rank : NULL, &a, error);

    if (code != STEPC_OK)
        return code;
    *out_rank = a->as.shape.unknown_rank ? -1 : a->as.shape.rank;
    *out_dims = a->as.shape.dims;
    return STEPC_OK;
}

stepc_code stepc_operation_attr_tensor(const stepc_operation *op, const char *name, stepc_tensor **out,
                                       stepc_error *error)
{
    const attr_value *a = NULL;

    if (out != NULL)
        *out = NULL;
    stepc_code code = find_attr(op, name, ATTR_TENSOR, "a tensor", out, &a, error);
    return code == STEPC_OK ? tensor_proto_decode(&op->graph->host, a->as.tensor, out, error) : code;
}
