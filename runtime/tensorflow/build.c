/* SPDX-License-Identifier: Apache-2.0 */
/* Building one operation. */
#include "runtime/tensorflow/types.h"

#include "runtime/core/checked.h"

TF_OperationDescription *TF_NewOperation(TF_Graph *graph, const char *op_type, const char *oper_name)
{
    TF_OperationDescription *desc = memory_new(sizeof(*desc));

    if (desc == NULL)
        return NULL;
    error_init(&desc->error);
    if (stepc_builder_new(graph != NULL ? graph->graph : NULL, op_type, oper_name, &desc->builder, &desc->error) !=
        STEPC_OK)
        desc->builder = NULL;
    return desc;
}

TF_Operation *TF_FinishOperation(TF_OperationDescription *desc, TF_Status *status)
{
    const stepc_operation *op = NULL;

    if (desc == NULL) {
        status_set(status, STEPC_INVALID_ARGUMENT, "There is no operation to finish.");
        return NULL;
    }
    stepc_code code = desc->builder != NULL ? stepc_builder_finish(desc->builder, &op, &desc->error) : desc->error.code;
    status_take(status, code, &desc->error);
    memory_free(desc, sizeof(*desc));
    return code == STEPC_OK ? operation_handle(op) : NULL;
}

/* The builder of DESC; NULL is fine for all of stepc's setters. */
static stepc_builder *builder_of(TF_OperationDescription *desc) { return desc != NULL ? desc->builder : NULL; }

static size_t count_of(int number) { return number > 0 ? (size_t)number : 0; }

void TF_SetDevice(TF_OperationDescription *desc, const char *device) { stepc_builder_device(builder_of(desc), device); }

void TF_AddInput(TF_OperationDescription *desc, TF_Output input)
{
    stepc_builder_input(builder_of(desc), output_of(input));
}

/* Remembers that a list could not be held: TF_FinishOperation says so. */
static void give_up(TF_OperationDescription *desc)
{
    stepc_builder_discard(desc->builder);
    desc->builder = NULL;
    error_out_of_memory(&desc->error, "building an operation");
}

void TF_AddInputList(TF_OperationDescription *desc, const TF_Output *inputs, int num_inputs)
{
    size_t count = count_of(num_inputs), bytes;
    stepc_output *list = NULL;

    if (builder_of(desc) == NULL)
        return;
    if (!checked_mul_size(count, sizeof(*list), &bytes) || (list = memory_new(bytes != 0 ? bytes : 1)) == NULL) {
        give_up(desc);
        return;
    }
    for (size_t i = 0; i < count; i++)
        list[i] = output_of(inputs[i]);
    stepc_builder_input_list(desc->builder, list, count);
    memory_free(list, bytes != 0 ? bytes : 1);
}

void TF_AddControlInput(TF_OperationDescription *desc, TF_Operation *input)
{
    stepc_builder_control_input(builder_of(desc), operation_of(input));
}

void TF_ColocateWith(TF_OperationDescription *desc, TF_Operation *op)
{
    stepc_builder_colocate(builder_of(desc), operation_of(op));
}

/* ---- attributes ------------------------------------------------------------------------------------- */

void TF_SetAttrString(TF_OperationDescription *desc, const char *attr_name, const void *value, size_t length)
{
    stepc_builder_attr_string(builder_of(desc), attr_name, (stepc_string){value, length});
}

void TF_SetAttrStringList(TF_OperationDescription *desc, const char *attr_name, const void *const *values,
                          const size_t *lengths, int num_values)
{
    size_t count = count_of(num_values), bytes;
    stepc_string *list = NULL;

    if (builder_of(desc) == NULL)
        return;
    if (!checked_mul_size(count, sizeof(*list), &bytes) || (list = memory_new(bytes != 0 ? bytes : 1)) == NULL) {
        give_up(desc);
        return;
    }
    for (size_t i = 0; i < count; i++)
        list[i] = (stepc_string){values[i], lengths[i]};
    stepc_builder_attr_string_list(desc->builder, attr_name, list, count);
    memory_free(list, bytes != 0 ? bytes : 1);
}

void TF_SetAttrInt(TF_OperationDescription *desc, const char *attr_name, int64_t value)
{
    stepc_builder_attr_int(builder_of(desc), attr_name, value);
}

void TF_SetAttrIntList(TF_OperationDescription *desc, const char *attr_name, const int64_t *values, int num_values)
{
    stepc_builder_attr_int_list(builder_of(desc), attr_name, values, count_of(num_values));
}

void TF_SetAttrFloat(TF_OperationDescription *desc, const char *attr_name, float value)
{
    stepc_builder_attr_float(builder_of(desc), attr_name, value);
}

void TF_SetAttrFloatList(TF_OperationDescription *desc, const char *attr_name, const float *values, int num_values)
{
    stepc_builder_attr_float_list(builder_of(desc), attr_name, values, count_of(num_values));
}

void TF_SetAttrBool(TF_OperationDescription *desc, const char *attr_name, unsigned char value)
{
    stepc_builder_attr_bool(builder_of(desc), attr_name, value != 0);
}

void TF_SetAttrBoolList(TF_OperationDescription *desc, const char *attr_name, const unsigned char *values,
                        int num_values)
{
    size_t count = count_of(num_values), bytes;
    int32_t *list = NULL;

    if (builder_of(desc) == NULL)
        return;
    if (!checked_mul_size(count, sizeof(*list), &bytes) || (list = memory_new(bytes != 0 ? bytes : 1)) == NULL) {
        give_up(desc);
        return;
    }
    for (size_t i = 0; i < count; i++)
        list[i] = values[i] != 0;
    stepc_builder_attr_bool_list(desc->builder, attr_name, list, count);
    memory_free(list, bytes != 0 ? bytes : 1);
}

void TF_SetAttrType(TF_OperationDescription *desc, const char *attr_name, TF_DataType value)
{
    stepc_builder_attr_type(builder_of(desc), attr_name, (stepc_dtype)(int)value);
}

/* Both enumerations are four bytes with the same numbers. */
_Static_assert(sizeof(TF_DataType) == sizeof(stepc_dtype), "element types have one size");

void TF_SetAttrTypeList(TF_OperationDescription *desc, const char *attr_name, const TF_DataType *values, int num_values)
{
    stepc_builder_attr_type_list(builder_of(desc), attr_name, (const stepc_dtype *)(const void *)values,
                                 count_of(num_values));
}

void TF_SetAttrShape(TF_OperationDescription *desc, const char *attr_name, const int64_t *dims, int num_dims)
{
    stepc_builder_attr_shape(builder_of(desc), attr_name, dims, num_dims < 0 ? -1 : (int32_t)num_dims);
}

_Static_assert(sizeof(int) == sizeof(int32_t), "ranks are passed on as they come");

void TF_SetAttrShapeList(TF_OperationDescription *desc, const char *attr_name, const int64_t *const *dims,
                         const int *num_dims, int num_shapes)
{
    stepc_builder_attr_shape_list(builder_of(desc), attr_name, dims, num_dims, count_of(num_shapes));
}

void TF_SetAttrTensor(TF_OperationDescription *desc, const char *attr_name, TF_Tensor *value, TF_Status *status)
{
    size_t count = tensor_string_count(value), bytes;
    stepc_string *strings = NULL;

    status_clear(status);
    if (value == NULL) {
        status_set(status, STEPC_INVALID_ARGUMENT, "There is no tensor for attr '%s'.",
                   attr_name != NULL ? attr_name : "");
        return;
    }
    if (!checked_mul_size(count, sizeof(*strings), &bytes) || (count != 0 && (strings = memory_new(bytes)) == NULL)) {
        status_out_of_memory(status, "building an operation");
        return;
    }
    stepc_view view = tensor_view(value, strings);
    stepc_builder_attr_tensor(builder_of(desc), attr_name, &view);
    memory_free(strings, bytes);
}

void TF_SetAttrValueProto(TF_OperationDescription *desc, const char *attr_name, const void *proto, size_t proto_len,
                          TF_Status *status)
{
    status_clear(status);
    stepc_builder_attr_value(builder_of(desc), attr_name, proto, proto_len);
}
