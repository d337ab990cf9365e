/* SPDX-License-Identifier: Apache-2.0 */
#include "c_api_fixture.h"

#include <stdbool.h>

TF_Status *status(void)
{
    static TF_Status *row_status; /* one process, one row */
    if (row_status == NULL)
        row_status = TF_NewStatus();
    return row_status;
}

TF_Tensor *int32_tensor(const int64_t *dims, int rank, const int32_t *values)
{
    size_t bytes = sizeof *values;
    for (int i = 0; i < rank; i++)
        bytes *= (size_t)dims[i];
    TF_Tensor *tensor = TF_AllocateTensor(TF_INT32, dims, rank, bytes);
    CHECK(tensor != NULL);
    if (bytes != 0)
        memcpy(TF_TensorData(tensor), values, bytes);
    return tensor;
}

TF_Tensor *int32_scalar(int32_t value) { return int32_tensor(NULL, 0, &value); }

int32_t int32_of(TF_Tensor *tensor)
{
    CHECK(tensor != NULL && TF_TensorType(tensor) == TF_INT32 && TF_TensorByteSize(tensor) == sizeof(int32_t));
    int32_t value = *(const int32_t *)TF_TensorData(tensor);
    TF_DeleteTensor(tensor);
    return value;
}

static TF_Operation *finish(TF_OperationDescription *desc)
{
    TF_Operation *op = NULL;
    OK(op = TF_FinishOperation(desc, status()));
    CHECK(op != NULL);
    return op;
}

TF_Operation *placeholder(TF_Graph *g, const char *name)
{
    TF_OperationDescription *desc = TF_NewOperation(g, "Placeholder", name);
    TF_SetAttrType(desc, "dtype", TF_INT32);
    return finish(desc);
}

TF_Operation *constant(TF_Graph *g, const char *name, TF_Tensor *value)
{
    TF_OperationDescription *desc = TF_NewOperation(g, "Const", name);
    TF_SetAttrType(desc, "dtype", TF_TensorType(value));
    OK(TF_SetAttrTensor(desc, "value", value, status()));
    TF_DeleteTensor(value);
    return finish(desc);
}

TF_Operation *add(TF_Graph *g, const char *name, TF_Operation *a, TF_Operation *b)
{
    TF_OperationDescription *desc = TF_NewOperation(g, "AddN", name);
    TF_Output both[] = {{a, 0}, {b, 0}};
    TF_AddInputList(desc, both, 2);
    return finish(desc);
}

TF_Operation *negate(TF_Graph *g, const char *name, TF_Operation *a)
{
    TF_OperationDescription *desc = TF_NewOperation(g, "Neg", name);
    TF_AddInput(desc, (TF_Output){a, 0});
    return finish(desc);
}

TF_Session *open_session(TF_Graph *g)
{
    TF_SessionOptions *options = TF_NewSessionOptions();
    TF_Session *s = NULL;
    OK(s = TF_NewSession(g, options, status()));
    TF_DeleteSessionOptions(options);
    CHECK(s != NULL);
    return s;
}

void close_session(TF_Session *s, TF_Graph *g)
{
    OK(TF_CloseSession(s, status()));
    OK(TF_DeleteSession(s, status()));
    TF_DeleteGraph(g);
    TF_DeleteStatus(status());
}

int32_t run_fetch(TF_Session *s, TF_Operation *input, int32_t value, TF_Operation *fetch)
{
    TF_Output in = {input, 0}, out = {fetch, 0};
    TF_Tensor *fed = int32_scalar(value), *got = NULL;
    OK(TF_SessionRun(s, NULL, &in, &fed, input != NULL, &out, &got, 1, NULL, 0, NULL, status()));
    TF_DeleteTensor(fed);
    return int32_of(got);
}

/* NAME stands in the list "A, B, C". */
static bool list_has(const char *list, const char *name, size_t size)
{
    while (*list != '\0') {
        size_t length = strcspn(list, ", ");
        if (length == size && memcmp(list, name, size) == 0)
            return true;
        list += length;
        list += strspn(list, ", ");
    }
    return false;
}

static bool list_within(const char *inner, const char *outer)
{
    while (*inner != '\0') {
        size_t length = strcspn(inner, ", ");
        if (!list_has(outer, inner, length))
            return false;
        inner += length;
        inner += strspn(inner, ", ");
    }
    return true;
}

void needs_operators(void)
{
    const char *want = row_current()->text, *message = TF_Message(status()), *names = strstr(message, "not implemented: ");
    char found[256];
    if (TF_GetCode(status()) != TF_UNIMPLEMENTED || names == NULL)
        FAIL("row %s can be tested now: it asked for %s, and the step ended with %d %s", row_current()->name, want,
             (int)TF_GetCode(status()), message);
    snprintf(found, sizeof found, "%s", names + strlen("not implemented: "));
    char *end = strstr(found, " [["); /* a node behind the list */
    if (end != NULL)
        *end = '\0';
    if (!list_within(found, want))
        FAIL("the row needs more than %s: %s", want, message);
    if (!list_within(want, found))
        FAIL("some of %s are there now, the row needs only %s: shorten its list", want, found);
}
