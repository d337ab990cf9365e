/* SPDX-License-Identifier: Apache-2.0 */
/* Reading an operation's attributes. */
#include "runtime/tensorflow/types.h"

#include "runtime/graph/graph.h"

#include <string.h>

/* ---- finding ---------------------------------------------------------------------------------------- */

static const attr_value *attr_find(TF_Operation *oper, const char *name, TF_Status *status)
{
    const stepc_operation *op = operation_of(oper);
    const attr_value *a = op != NULL && name != NULL ? operation_attr(op, name) : NULL;

    status_clear(status);
    if (a == NULL)
        status_set(status, STEPC_INVALID_ARGUMENT, "Operation '%s' has no attr named '%s'.",
                   op != NULL ? stepc_operation_name(op) : "", name != NULL ? name : "");
    return a;
}

static const char *kind_text(attr_kind kind)
{
    static const char *const texts[] = {"none", "string", "int",    "float", "bool",
                                        "type", "shape",  "tensor", "func",  "placeholder"};
    return texts[(int)kind];
}

/* The attribute when it is of the kind; an empty list is a list of any kind. */
static const attr_value *attr_of_kind(TF_Operation *oper, const char *name, attr_kind kind, bool is_list,
                                      TF_Status *status)
{
    const attr_value *a = attr_find(oper, name, status);

    if (a == NULL || (a->is_list == is_list && (a->kind == kind || (is_list && a->count == 0))))
        return a;
    status_set(status, STEPC_INVALID_ARGUMENT,
               "AttrValue had value with type '%s%s%s' when '%s%s%s' expected for attr '%s'", a->is_list ? "list(" : "",
               kind_text(a->kind), a->is_list ? ")" : "", is_list ? "list(" : "", kind_text(kind), is_list ? ")" : "",
               name);
    return NULL;
}

static size_t least(size_t count, int room)
{
    size_t places = room > 0 ? (size_t)room : 0;
    return count < places ? count : places;
}

/* ---- metadata --------------------------------------------------------------------------------------- */

static TF_AttrType type_of_kind(attr_kind kind)
{
    switch (kind) {
    case ATTR_INT:
        return TF_ATTR_INT;
    case ATTR_FLOAT:
        return TF_ATTR_FLOAT;
    case ATTR_BOOL:
        return TF_ATTR_BOOL;
    case ATTR_TYPE:
        return TF_ATTR_TYPE;
    case ATTR_SHAPE:
        return TF_ATTR_SHAPE;
    case ATTR_TENSOR:
        return TF_ATTR_TENSOR;
    case ATTR_PLACEHOLDER:
        return TF_ATTR_PLACEHOLDER;
    case ATTR_FUNCTION:
        return TF_ATTR_FUNC;
    case ATTR_NONE:
    case ATTR_STRING:
    default:
        return TF_ATTR_STRING;
    }
}

/* What an empty list would hold: the schema knows. */
static attr_kind element_kind(const stepc_operation *op, const attr_value *a)
{
    int32_t index = a->kind == ATTR_NONE && op->def != NULL ? op_def_attr(op->def, a->name) : -1;
    return index >= 0 ? op->def->attrs[index].kind : a->kind;
}

static int64_t total_size(const attr_value *a)
{
    int64_t total = 0;

    if (a->is_list && a->count == 0)
        return -1;
    if (a->kind == ATTR_STRING) {
        for (size_t i = 0; a->is_list && i < a->count; i++)
            total += (int64_t)a->as.s_list[i].size;
        return a->is_list ? total : (int64_t)a->as.s.size;
    }
    if (a->kind != ATTR_SHAPE)
        return -1;
    if (!a->is_list)
        return a->as.shape.unknown_rank ? -1 : a->as.shape.rank;
    for (size_t i = 0; i < a->count; i++)
        total += a->as.shape_list[i].unknown_rank ? 0 : a->as.shape_list[i].rank;
    return total;
}

TF_AttrMetadata TF_OperationGetAttrMetadata(TF_Operation *oper, const char *attr_name, TF_Status *status)
{
    TF_AttrMetadata metadata = {0, -1, TF_ATTR_STRING, -1};
    const attr_value *a = attr_find(oper, attr_name, status);

    if (a == NULL)
        return metadata;
    metadata.is_list = a->is_list ? 1 : 0;
    metadata.list_size = a->is_list ? (int64_t)a->count : -1;
    metadata.type = type_of_kind(element_kind(operation_of(oper), a));
    metadata.total_size = total_size(a);
    return metadata;
}

/* ---- single values ---------------------------------------------------------------------------------- */

void TF_OperationGetAttrString(TF_Operation *oper, const char *attr_name, void *value, size_t max_length,
                               TF_Status *status)
{
    const attr_value *a = attr_of_kind(oper, attr_name, ATTR_STRING, false, status);
    size_t size = a == NULL ? 0 : a->as.s.size < max_length ? a->as.s.size : max_length;

    if (size != 0 && value != NULL)
        memcpy(value, a->as.s.data, size);
}

void TF_OperationGetAttrInt(TF_Operation *oper, const char *attr_name, int64_t *value, TF_Status *status)
{
    const attr_value *a = attr_of_kind(oper, attr_name, ATTR_INT, false, status);
    if (a != NULL && value != NULL)
        *value = a->as.i;
}

void TF_OperationGetAttrFloat(TF_Operation *oper, const char *attr_name, float *value, TF_Status *status)
{
    const attr_value *a = attr_of_kind(oper, attr_name, ATTR_FLOAT, false, status);
    if (a != NULL && value != NULL)
        *value = a->as.f;
}

void TF_OperationGetAttrBool(TF_Operation *oper, const char *attr_name, unsigned char *value, TF_Status *status)
{
    const attr_value *a = attr_of_kind(oper, attr_name, ATTR_BOOL, false, status);
    if (a != NULL && value != NULL)
        *value = a->as.b ? 1 : 0;
}

void TF_OperationGetAttrType(TF_Operation *oper, const char *attr_name, TF_DataType *value, TF_Status *status)
{
    const attr_value *a = attr_of_kind(oper, attr_name, ATTR_TYPE, false, status);
    if (a != NULL && value != NULL)
        *value = (TF_DataType)(int)a->as.type;
}

void TF_OperationGetAttrShape(TF_Operation *oper, const char *attr_name, int64_t *value, int num_dims,
                              TF_Status *status)
{
    const attr_value *a = attr_of_kind(oper, attr_name, ATTR_SHAPE, false, status);

    if (a == NULL)
        return;
    if (a->as.shape.unknown_rank) {
        if (num_dims >= 0)
            status_set(status, STEPC_INVALID_ARGUMENT, "Shape of attr '%s' has unknown rank.", attr_name);
        return;
    }
    if (value != NULL && a->as.shape.rank > 0)
        memcpy(value, a->as.shape.dims, least((size_t)a->as.shape.rank, num_dims) * sizeof(*value));
}

void TF_OperationGetAttrTensor(TF_Operation *oper, const char *attr_name, TF_Tensor **value, TF_Status *status)
{
    stepc_tensor *borrowed = NULL, *copy = NULL;
    stepc_host host = host_resolve(NULL);
    struct stepc_error error;

    if (value != NULL)
        *value = NULL;
    if (value == NULL || attr_of_kind(oper, attr_name, ATTR_TENSOR, false, status) == NULL)
        return;
    error_init(&error);
    stepc_code code = stepc_operation_attr_tensor(operation_of(oper), attr_name, &borrowed, &error);
    if (code == STEPC_OK) {
        /* Its elements may lie in the graph, which the caller may delete first. */
        stepc_view view = stepc_tensor_view(borrowed);
        code = stepc_tensor_copy(NULL, &view, &copy, &error);
    }
    if (status_take(status, code, &error))
        *value = tensor_wrap(&host.allocator, copy, status);
    stepc_tensor_release(copy);
    stepc_tensor_release(borrowed);
}

/* ---- lists ------------------------------------------------------------------------------------------ */

void TF_OperationGetAttrStringList(TF_Operation *oper, const char *attr_name, void **values, size_t *lengths,
                                   int max_values, void *storage, size_t storage_size, TF_Status *status)
{
    const attr_value *a = attr_of_kind(oper, attr_name, ATTR_STRING, true, status);
    size_t used = 0;

    for (size_t i = 0; a != NULL && i < least(a->count, max_values); i++) {
        const stepc_string *s = &a->as.s_list[i];
        if (s->size > storage_size - used) {
            status_set(status, STEPC_INVALID_ARGUMENT, "Not enough storage to hold the requested list of strings");
            return;
        }
        values[i] = (char *)storage + used;
        lengths[i] = s->size;
        if (s->size != 0)
            memcpy(values[i], s->data, s->size);
        used += s->size;
    }
}

void TF_OperationGetAttrIntList(TF_Operation *oper, const char *attr_name, int64_t *values, int max_values,
                                TF_Status *status)
{
    const attr_value *a = attr_of_kind(oper, attr_name, ATTR_INT, true, status);
    for (size_t i = 0; a != NULL && i < least(a->count, max_values); i++)
        values[i] = a->as.i_list[i];
}

void TF_OperationGetAttrFloatList(TF_Operation *oper, const char *attr_name, float *values, int max_values,
                                  TF_Status *status)
{
    const attr_value *a = attr_of_kind(oper, attr_name, ATTR_FLOAT, true, status);
    for (size_t i = 0; a != NULL && i < least(a->count, max_values); i++)
        values[i] = a->as.f_list[i];
}

void TF_OperationGetAttrBoolList(TF_Operation *oper, const char *attr_name, unsigned char *values, int max_values,
                                 TF_Status *status)
{
    const attr_value *a = attr_of_kind(oper, attr_name, ATTR_BOOL, true, status);
    for (size_t i = 0; a != NULL && i < least(a->count, max_values); i++)
        values[i] = a->as.b_list[i] ? 1 : 0;
}

void TF_OperationGetAttrTypeList(TF_Operation *oper, const char *attr_name, TF_DataType *values, int max_values,
                                 TF_Status *status)
{
    const attr_value *a = attr_of_kind(oper, attr_name, ATTR_TYPE, true, status);
    for (size_t i = 0; a != NULL && i < least(a->count, max_values); i++)
        values[i] = (TF_DataType)(int)a->as.type_list[i];
}

void TF_OperationGetAttrShapeList(TF_Operation *oper, const char *attr_name, int64_t **dims, int *num_dims,
                                  int num_shapes, int64_t *storage, int storage_size, TF_Status *status)
{
    const attr_value *a = attr_of_kind(oper, attr_name, ATTR_SHAPE, true, status);
    size_t used = 0, room = storage_size > 0 ? (size_t)storage_size : 0;

    for (size_t i = 0; a != NULL && i < least(a->count, num_shapes); i++) {
        const attr_shape *shape = &a->as.shape_list[i];
        size_t rank = shape->unknown_rank ? 0 : (size_t)shape->rank;
        if (rank > room - used) {
            status_set(status, STEPC_INVALID_ARGUMENT, "Not enough storage to hold the requested list of shapes");
            return;
        }
        num_dims[i] = shape->unknown_rank ? -1 : (int)shape->rank;
        dims[i] = shape->unknown_rank ? NULL : storage + used;
        if (rank != 0)
            memcpy(dims[i], shape->dims, rank * sizeof(*storage));
        used += rank;
    }
}

/* ---- by number -------------------------------------------------------------------------------------- */

static const attr_value *attr_at(TF_Operation *oper, int i)
{
    const stepc_operation *op = operation_of(oper);
    return op != NULL && i >= 0 && i < (int)op->attr_count ? &op->attrs[i] : NULL;
}

int TF_OperationGetNumAttrs(TF_Operation *oper)
{
    const stepc_operation *op = operation_of(oper);
    return op != NULL ? (int)op->attr_count : 0;
}

int TF_OperationGetAttrNameLength(TF_Operation *oper, int i)
{
    const attr_value *a = attr_at(oper, i);
    return a != NULL ? (int)a->name.size : -1;
}

void TF_OperationGetAttrName(TF_Operation *oper, int i, char *output, TF_Status *status)
{
    const attr_value *a = attr_at(oper, i);

    status_clear(status);
    if (a == NULL)
        status_set(status, STEPC_OUT_OF_RANGE, "Operation only has %d attributes, can't get the %dth",
                   TF_OperationGetNumAttrs(oper), i);
    else if (output != NULL)
        memcpy(output, a->name.data, a->name.size);
}
