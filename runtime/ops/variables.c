/* SPDX-License-Identifier: Apache-2.0 */
/* Reference variables (VariableV2) and resource variables (VarHandleOp). Values are
 * replaced, so what one operation has read does not change under it. */
#include "runtime/core/checked.h"
#include "runtime/ops/kernels.h"

#include <string.h>

/* ---- finding the variable ---- */

static bool is_container_byte(char c, bool first)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.')
        return true;
    return !first && (c == '_' || c == '-' || c == '/');
}

static stepc_code check_names(stepc_string container, stepc_string shared_name, stepc_error *error)
{
    for (size_t i = 0; i < container.size; i++) {
        if (!is_container_byte(container.data[i], i == 0))
            return error_set(error, STEPC_INVALID_ARGUMENT, "container contains invalid characters: %.*s",
                             (int)(container.size < 200 ? container.size : 200), container.data);
    }
    if (shared_name.size > 0 && shared_name.data[0] == '_')
        return error_set(error, STEPC_INVALID_ARGUMENT, "shared_name cannot start with '_':%.*s",
                         (int)(shared_name.size < 200 ? shared_name.size : 200), shared_name.data);
    if (shared_name.size > 0 && memchr(shared_name.data, 0, shared_name.size))
        return error_set(error, STEPC_INVALID_ARGUMENT, "shared_name contains a NUL byte");
    /* TensorFlow's mark for a new variable at every execution. */
    if (text_equal(shared_name, TEXT_LITERAL("cd2c89b7-88b7-44c8-ad83-06c2a9158347")))
        return error_set(error, STEPC_UNIMPLEMENTED, "anonymous variable handles are not implemented");
    return STEPC_OK;
}

/* A NUL-terminated copy of SOURCE, or of OTHERWISE when it is empty; free with its length + 1. */
static char *name_or(const stepc_host *host, stepc_string source, stepc_string otherwise)
{
    stepc_string from = source.size > 0 ? source : otherwise;
    char *copy = host_alloc(host, from.size + 1);

    if (copy) {
        memcpy(copy, from.data, from.size);
        copy[from.size] = '\0';
    }
    return copy;
}

/* The variable that a VariableV2 or VarHandleOp stands for, made when it is not there. */
static stepc_code own_variable(kernel_context *k, bool is_resource, variable **out)
{
    stepc_string container = operation_string(k->op, "container"), shared = operation_string(k->op, "shared_name");
    const attr_value *shape = operation_attr(k->op, "shape");
    bool known = shape && !shape->as.shape.unknown_rank;
    char *container_copy, *name_copy;
    stepc_code code = check_names(container, shared, k->error);

    if (code != STEPC_OK)
        return code;
    /* The older Variable cannot tell a scalar from an unknown shape. */
    if (known && shape->as.shape.rank == 0 && text_equal(k->op->type, TEXT_LITERAL("Variable")))
        known = false;
    container_copy = name_or(k->host, container, TEXT_LITERAL("localhost"));
    name_copy = name_or(k->host, shared, k->op->name);
    if (container_copy && name_copy)
        code = variable_lookup(k->store, container_copy, name_copy, operation_type(k->op, "dtype"),
                               known ? shape->as.shape.dims : NULL, known ? shape->as.shape.rank : -1, is_resource, out,
                               k->error);
    else
        code = error_out_of_memory(k->error, "looking for a variable");
    if (container_copy)
        host_free(k->host, container_copy, strlen(container_copy) + 1);
    if (name_copy)
        host_free(k->host, name_copy, strlen(name_copy) + 1);
    return code;
}

/* Output 0 is the reference itself. */
static void output_reference(kernel_context *k, variable *v)
{
    k->output_variables[0] = v;
    k->outputs[0] = v->value ? stepc_tensor_retain(v->value) : NULL;
}

static stepc_code output_bool(kernel_context *k, bool value)
{
    stepc_tensor *out;
    stepc_code code = kernel_output(k, 0, STEPC_BOOL, NULL, 0, &out);

    if (code == STEPC_OK)
        store_u64(STEPC_BOOL, stepc_tensor_data(out), 0, value);
    return code;
}

/* A value of its own for the variable: a fed or constant tensor may live in memory that does not last as long. */
static stepc_code set_copy(kernel_context *k, variable *v, const stepc_tensor *value)
{
    stepc_view view = stepc_tensor_view(value);
    stepc_tensor *copy;
    stepc_code code = stepc_tensor_copy(k->host, &view, &copy, k->error);

    if (code == STEPC_OK)
        variable_set(v, copy);
    return code;
}

/* True when VALUE may be the variable's by its declared shape; -1 fits all. */
static bool fits_declared(const variable *v, const stepc_tensor *value)
{
    if (v->rank < 0)
        return true;
    if (stepc_tensor_rank(value) != v->rank)
        return false;
    for (int32_t i = 0; i < v->rank; i++) {
        if (v->dims[i] >= 0 && v->dims[i] != stepc_tensor_dims(value)[i])
            return false;
    }
    return true;
}

/* ---- reference variables ---- */

static stepc_code kernel_variable(kernel_context *k)
{
    variable *v;
    stepc_code code = own_variable(k, false, &v);

    if (code == STEPC_OK)
        output_reference(k, v);
    return code;
}

static stepc_code kernel_assign(kernel_context *k)
{
    variable *v = k->variables[0];
    const stepc_tensor *value = k->inputs[1];
    char lhs[SHAPE_TEXT_BYTES], rhs[SHAPE_TEXT_BYTES];
    stepc_code code;

    if (operation_bool(k->op, "validate_shape", true) &&
        !(v->value ? tensor_same_shape(v->value, value) : fits_declared(v, value))) {
        if (v->value)
            tensor_shape_text(v->value, lhs);
        else
            shape_text(v->dims, v->rank, lhs, sizeof lhs);
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "Assign requires shapes of both tensors to match. lhs shape= %s rhs shape= %s", lhs,
                         tensor_shape_text(value, rhs));
    }
    code = set_copy(k, v, value);
    if (code == STEPC_OK)
        output_reference(k, v);
    return code;
}

static stepc_code kernel_assign_add(kernel_context *k)
{
    variable *v = k->variables[0];
    stepc_tensor *sum;
    char name[200];
    stepc_code code;

    if (!v->value)
        return error_set(k->error, STEPC_FAILED_PRECONDITION, "Attempting to use uninitialized parameters: %s",
                         operation_input_text(k->op, 0, name, sizeof name));
    if (!tensor_same_shape(v->value, k->inputs[1]))
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Parameters and update must be the same size");
    code = binary_apply(k->host, "Add", v->value, k->inputs[1], &sum, k->error);
    if (code != STEPC_OK)
        return code;
    variable_set(v, sum);
    output_reference(k, v);
    return STEPC_OK;
}

static stepc_code kernel_is_variable_initialized(kernel_context *k)
{
    return output_bool(k, k->variables[0]->value != NULL);
}

/* ---- resource variables ---- */

static stepc_code kernel_var_handle(kernel_context *k)
{
    variable *v;
    stepc_code code = own_variable(k, true, &v);

    if (code == STEPC_OK)
        k->output_variables[0] = v;
    return code;
}

static stepc_code kernel_var_is_initialized(kernel_context *k)
{
    return output_bool(k, k->variables[0]->value != NULL);
}

/* TensorFlow makes a container with the first resource in it: a reference variable, or a
 * resource variable's first value. */
static bool container_exists(variable_store *store, const char *container)
{
    for (const variable *v = variable_first(store); v; v = v->next) {
        if (strcmp(v->container, container) == 0 && (v->value || !v->is_resource))
            return true;
    }
    return false;
}

static stepc_code uninitialised_resource(kernel_context *k, const variable *v)
{
    if (!container_exists(k->store, v->container))
        return error_set(k->error, STEPC_FAILED_PRECONDITION,
                         "Error while reading resource variable %s from Container: %s. This could mean that the "
                         "variable was uninitialized. Not found: Container %s does not exist. (Could not find "
                         "resource: %s/%s)",
                         v->name, v->container, v->container, v->container, v->name);
    return error_set(k->error, STEPC_FAILED_PRECONDITION,
                     "Error while reading resource variable %s from Container: %s. This could mean that the "
                     "variable was uninitialized. Not found: Resource %s/%s/N10tensorflow3VarE does not exist.",
                     v->name, v->container, v->container, v->name);
}

static stepc_code kernel_read_variable(kernel_context *k)
{
    const variable *v = k->variables[0];
    stepc_dtype dtype = operation_type(k->op, "dtype");

    if (!v->value)
        return uninitialised_resource(k, v);
    if (v->dtype != dtype)
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "Trying to read variable with wrong dtype. Expected %s got %s", stepc_dtype_name(dtype),
                         stepc_dtype_name(v->dtype));
    k->outputs[0] = stepc_tensor_retain(v->value);
    return STEPC_OK;
}

static stepc_code kernel_assign_variable(kernel_context *k)
{
    variable *v = k->variables[0];
    const stepc_tensor *value = k->inputs[1];
    stepc_dtype dtype = operation_type(k->op, "dtype");
    char declared[SHAPE_TEXT_BYTES], got[SHAPE_TEXT_BYTES];

    if (stepc_tensor_dtype(value) != dtype)
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "Variable and value dtypes don't match; respectively, %s and %s", stepc_dtype_name(dtype),
                         stepc_dtype_name(stepc_tensor_dtype(value)));
    if (v->dtype != dtype)
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "Trying to assign variable with wrong dtype. Expected %s got %s", stepc_dtype_name(v->dtype),
                         stepc_dtype_name(dtype));
    if (operation_bool(k->op, "validate_shape", false) && !fits_declared(v, value))
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "Trying to assign to variable with tensor with wrong shape. Expected %s got %s",
                         shape_text(v->dims, v->rank, declared, sizeof declared), tensor_shape_text(value, got));
    return set_copy(k, v, value);
}

/* ---- shape functions ---- */

static stepc_code infer_variable(infer_context *c)
{
    const attr_value *shape = operation_attr(c->op, "shape");

    if (!shape || (shape->as.shape.rank == 0 && text_equal(c->op->type, TEXT_LITERAL("Variable"))))
        return STEPC_OK;
    return infer_shape_attr(c, 0, &shape->as.shape);
}

static stepc_code infer_assign(infer_context *c)
{
    if (operation_bool(c->op, "validate_shape", true))
        return infer_merge_shapes(c, c->inputs[0], c->inputs[1], 0);
    return infer_copy_shape(c, c->inputs[1], 0);
}

static stepc_code infer_update(infer_context *c)
{
    return infer_merge_shapes(c, c->inputs[0], c->inputs[1], 0);
}

/* What the VarHandleOp that INPUT comes from, through Identity, declares. */
static const attr_shape *handle_shape(const stepc_operation *op, int32_t input)
{
    const stepc_operation *from = op->inputs[input].op;
    const attr_value *shape;

    while (text_equal(from->type, TEXT_LITERAL("Identity")))
        from = from->inputs[0].op;
    if (!text_equal(from->type, TEXT_LITERAL("VarHandleOp")))
        return NULL;
    shape = operation_attr(from, "shape");
    return shape ? &shape->as.shape : NULL;
}

static stepc_code infer_read_variable(infer_context *c)
{
    const attr_shape *shape = handle_shape(c->op, 0);

    return shape ? infer_shape_attr(c, 0, shape) : STEPC_OK;
}

/* No output; only refuses a value that contradicts the declared shape. */
static stepc_code infer_assign_variable(infer_context *c)
{
    const attr_shape *shape = handle_shape(c->op, 0);
    const infer_value *value = c->inputs[1];
    size_ref merged;

    if (!shape || shape->unknown_rank || value->rank < 0)
        return STEPC_OK;
    if (shape->rank != value->rank)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Shapes must be equal rank, but are %d and %d", shape->rank,
                         value->rank);
    for (int32_t i = 0; i < shape->rank; i++) {
        if (shape->dims[i] >= 0 && !infer_merge(c, size_const(c->sizes, shape->dims[i]), value->dims[i], &merged))
            return error_set(c->error, STEPC_INVALID_ARGUMENT, "Dimension %d in both shapes must be equal", i);
    }
    return STEPC_OK;
}

static const op_row rows[] = {
    {"Assign", infer_assign, kernel_assign, OP_STATE | OP_ALLOWS_UNINITIALISED, SAMPLE_NONE, 0, 0},
    {"AssignAdd", infer_update, kernel_assign_add, OP_STATE, SAMPLE_NONE, 0, 0},
    {"AssignVariableOp", infer_assign_variable, kernel_assign_variable, OP_STATE, SAMPLE_NONE, 0, 0},
    {"IsVariableInitialized", infer_scalar, kernel_is_variable_initialized, OP_STATE | OP_ALLOWS_UNINITIALISED,
     SAMPLE_NONE, 0, 0},
    {"ReadVariableOp", infer_read_variable, kernel_read_variable, OP_STATE, SAMPLE_NONE, 0, 0},
    {"VarHandleOp", infer_scalar, kernel_var_handle, OP_STATE, SAMPLE_NONE, 0, 0},
    {"VarIsInitializedOp", infer_scalar, kernel_var_is_initialized, OP_STATE, SAMPLE_NONE, 0, 0},
    {"Variable", infer_variable, kernel_variable, OP_STATE, SAMPLE_NONE, 0, 0},
    {"VariableV2", infer_variable, kernel_variable, OP_STATE, SAMPLE_NONE, 0, 0},
};

const op_family ops_variables = {rows, sizeof rows / sizeof rows[0]};
