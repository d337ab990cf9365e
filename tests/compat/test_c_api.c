/* SPDX-License-Identifier: Apache-2.0 */
/* A program that uses TensorFlow's C API as its documentation has it: written without a look behind it, linked with the
 * shared library alone. It prints what does not hold. */
#include "compat.h"

int failures;

TF_Tensor *tensor_of(TF_DataType dtype, const int64_t *dims, int rank, const void *data, size_t bytes)
{
    TF_Tensor *tensor = TF_AllocateTensor(dtype, dims, rank, bytes);

    CHECK(tensor != NULL);
    if (tensor != NULL && bytes != 0)
        memcpy(TF_TensorData(tensor), data, bytes);
    return tensor;
}

TF_Tensor *scalar_i32(int32_t value) { return tensor_of(TF_INT32, NULL, 0, &value, sizeof(value)); }

int32_t value_i32(const TF_Tensor *tensor)
{
    int32_t value = -1000;

    CHECK(tensor != NULL && TF_TensorType(tensor) == TF_INT32 && TF_TensorByteSize(tensor) == 4);
    if (tensor != NULL)
        memcpy(&value, TF_TensorData(tensor), sizeof(value));
    return value;
}

TF_Operation *placeholder(TF_Graph *graph, TF_DataType dtype, const char *name, TF_Status *status)
{
    TF_OperationDescription *desc = TF_NewOperation(graph, "Placeholder", name);
    TF_SetAttrType(desc, "dtype", dtype);
    return TF_FinishOperation(desc, status);
}

TF_Operation *constant(TF_Graph *graph, TF_Tensor *value, const char *name, TF_Status *status)
{
    TF_OperationDescription *desc = TF_NewOperation(graph, "Const", name);
    TF_SetAttrTensor(desc, "value", value, status);
    TF_SetAttrType(desc, "dtype", TF_TensorType(value));
    TF_DeleteTensor(value);
    return TF_FinishOperation(desc, status);
}

TF_Operation *constant_i32(TF_Graph *graph, int32_t value, const char *name, TF_Status *status)
{
    return constant(graph, scalar_i32(value), name, status);
}

TF_Operation *unary(TF_Graph *graph, const char *type, TF_Operation *x, const char *name, TF_Status *status)
{
    TF_OperationDescription *desc = TF_NewOperation(graph, type, name);
    TF_Output input = {x, 0};
    TF_AddInput(desc, input);
    return TF_FinishOperation(desc, status);
}

TF_Operation *binary(TF_Graph *graph, const char *type, TF_Operation *x, TF_Operation *y, const char *name,
                     TF_Status *status)
{
    TF_OperationDescription *desc = TF_NewOperation(graph, type, name);
    TF_Output left = {x, 0}, right = {y, 0};
    TF_AddInput(desc, left);
    TF_AddInput(desc, right);
    return TF_FinishOperation(desc, status);
}

TF_Operation *addn(TF_Graph *graph, TF_Operation *x, TF_Operation *y, const char *name, TF_Status *status)
{
    TF_OperationDescription *desc = TF_NewOperation(graph, "AddN", name);
    TF_Output inputs[2] = {{x, 0}, {y, 0}};
    TF_AddInputList(desc, inputs, 2);
    return TF_FinishOperation(desc, status);
}

int main(void)
{
    test_values();
    test_graphs();
    test_sessions();
    printf("%s\n", failures == 0 ? "all holds" : "FAILED");
    return failures != 0;
}
