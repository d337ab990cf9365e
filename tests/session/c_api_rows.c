/* SPDX-License-Identifier: Apache-2.0 */
/* 6.4, c_api_test.cc: values and sessions, by TensorFlow's C API alone. c_api_build_rows.c builds and inspects graphs. */
#include "c_api_fixture.h"

extern const row_list c_api_build_rows, c_api_client_rows;

static void version(void)
{
    const char *text = TF_Version();
    CHECK(text != NULL && text[0] != '\0');
}

static void status_row(void)
{
    TF_Status *s = TF_NewStatus();
    CHECK(TF_GetCode(s) == TF_OK && strcmp(TF_Message(s), "") == 0);
    TF_SetStatus(s, TF_CANCELLED, "cancel");
    CHECK(TF_GetCode(s) == TF_CANCELLED && strcmp(TF_Message(s), "cancel") == 0);
    TF_DeleteStatus(s);
}

/* ---- tensors -------------------------------------------------------------------------------------------- */

typedef struct released {
    int calls;
    void *data;
    size_t bytes;
} released;

static void release(void *data, size_t bytes, void *argument)
{
    released *r = argument;
    r->calls++;
    r->data = data;
    r->bytes = bytes;
}

static void tensor(void)
{
    static _Alignas(64) float values[6] = {1, 2, 3, 4, 5, 6};
    const int64_t dims[] = {2, 3};
    released r = {0};
    TF_Tensor *t = TF_NewTensor(TF_FLOAT, dims, 2, values, sizeof values, release, &r);
    CHECK(t != NULL && r.calls == 0);
    CHECK(TF_TensorType(t) == TF_FLOAT && TF_NumDims(t) == 2 && TF_Dim(t, 0) == 2 && TF_Dim(t, 1) == 3);
    CHECK(TF_TensorByteSize(t) == sizeof values && TF_TensorData(t) == values);
    CHECK(r.calls == 0);
    TF_DeleteTensor(t);
    CHECK(r.calls == 1 && r.data == values && r.bytes == sizeof values);
}

static void malformed_tensor(void)
{
    released r = {0};
    CHECK(TF_NewTensor(TF_FLOAT, NULL, 0, NULL, 0, release, &r) == NULL);
}

static void allocate_tensor(void)
{
    const int64_t dims[] = {2, 3};
    TF_Tensor *t = TF_AllocateTensor(TF_FLOAT, dims, 2, 6 * sizeof(float));
    CHECK(t != NULL && TF_TensorType(t) == TF_FLOAT && TF_NumDims(t) == 2 && TF_Dim(t, 0) == 2 && TF_Dim(t, 1) == 3);
    CHECK(TF_TensorByteSize(t) == 6 * sizeof(float) && TF_TensorElementCount(t) == 6 && TF_TensorData(t) != NULL);
    TF_DeleteTensor(t);
}

static void maybe_move(void)
{
    static _Alignas(64) float values[6];
    const int64_t dims[] = {2, 3};
    released r = {0};
    TF_Tensor *t = TF_NewTensor(TF_FLOAT, dims, 2, values, sizeof values, release, &r);
    CHECK(TF_TensorMaybeMove(t) == NULL && r.calls == 0);
    TF_DeleteTensor(t);
    CHECK(r.calls == 1);
}

static void tensor_is_aligned(void)
{
    const int64_t dims[] = {2, 3};
    TF_Tensor *t = TF_AllocateTensor(TF_FLOAT, dims, 2, 6 * sizeof(float));
    CHECK(TF_TensorIsAligned(t) && (uintptr_t)TF_TensorData(t) % TF_TensorDefaultAlignment() == 0);
    TF_DeleteTensor(t);
}

/* A tensor over memory that is not aligned is over an aligned copy. */
static void tensor_is_not_aligned(void)
{
    static _Alignas(64) float values[7] = {0, 1, 2, 3, 4, 5, 6};
    const int64_t dims[] = {2, 3};
    released r = {0};
    TF_Tensor *t = TF_NewTensor(TF_FLOAT, dims, 2, values + 1, 6 * sizeof(float), release, &r);
    CHECK(t != NULL && r.calls == 1 && r.data == values + 1);
    CHECK(TF_TensorIsAligned(t) && memcmp(TF_TensorData(t), values + 1, 6 * sizeof(float)) == 0);
    TF_DeleteTensor(t);
    CHECK(r.calls == 1);
}

static void bitcast_from(void)
{
    static const float values[6] = {1, 2, 3, 4, 5, 6};
    const int64_t dims[] = {2, 3}, reshaped[] = {3, 2, 1}, wrong[] = {1, 2, 4};
    TF_Tensor *from = TF_AllocateTensor(TF_FLOAT, dims, 2, sizeof values);
    TF_Tensor *to = TF_AllocateTensor(TF_FLOAT, dims, 2, sizeof values);
    memcpy(TF_TensorData(from), values, sizeof values);
    CHECK(TF_TensorData(from) != TF_TensorData(to));
    OK(TF_TensorBitcastFrom(from, TF_FLOAT, to, reshaped, 3, status()));
    CHECK(TF_NumDims(to) == 3 && TF_Dim(to, 0) == 3 && TF_Dim(to, 1) == 2 && TF_Dim(to, 2) == 1);
    CHECK(TF_TensorData(from) == TF_TensorData(to) && TF_TensorElementCount(to) == 6);
    TF_DeleteTensor(from); /* the memory is shared */
    CHECK(memcmp(TF_TensorData(to), values, sizeof values) == 0);
    from = TF_AllocateTensor(TF_FLOAT, dims, 2, sizeof values);
    FAILS(TF_INVALID_ARGUMENT, "", TF_TensorBitcastFrom(from, TF_FLOAT, to, wrong, 3, status()));
    TF_DeleteTensor(from);
    TF_DeleteTensor(to);
    TF_DeleteStatus(status());
}

static void encode_decode_strings(void)
{
    static const size_t sizes[] = {0, 1, 22, 23, 1000};
    const int64_t dims[] = {5};
    char text[1000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 26);
    text[7] = '\0';
    CHECK(sizeof(TF_TString) == 24);
    TF_Tensor *t = TF_AllocateTensor(TF_STRING, dims, 1, 5 * sizeof(TF_TString));
    TF_TString *strings = TF_TensorData(t);
    for (int i = 0; i < 5; i++) {
        TF_StringInit(&strings[i]);
        TF_StringCopy(&strings[i], text, sizes[i]);
    }
    TF_Graph *g = TF_NewGraph();
    TF_OperationDescription *desc = TF_NewOperation(g, "Const", "strings");
    TF_SetAttrType(desc, "dtype", TF_STRING);
    OK(TF_SetAttrTensor(desc, "value", t, status()));
    for (int i = 0; i < 5; i++)
        TF_StringDealloc(&strings[i]); /* what the caller put there, the caller takes away */
    TF_DeleteTensor(t);
    TF_Operation *op = NULL;
    OK(op = TF_FinishOperation(desc, status()));
    TF_Session *s = open_session(g);
    TF_Output at = {op, 0};
    TF_Tensor *got = NULL;
    OK(TF_SessionRun(s, NULL, NULL, NULL, 0, &at, &got, 1, NULL, 0, NULL, status()));
    CHECK(TF_TensorType(got) == TF_STRING && TF_TensorElementCount(got) == 5);
    const TF_TString *back = TF_TensorData(got);
    for (int i = 0; i < 5; i++) {
        CHECK(TF_StringGetSize(&back[i]) == sizes[i] && TF_TString_GetSize(&back[i]) == sizes[i]);
        CHECK(memcmp(TF_StringGetDataPointer(&back[i]), text, sizes[i]) == 0);
    }
    TF_DeleteTensor(got);
    close_session(s, g);
}

static void data_type_enum(void)
{
    CHECK(TF_FLOAT == 1 && TF_DOUBLE == 2 && TF_INT32 == 3 && TF_UINT8 == 4 && TF_INT16 == 5 && TF_INT8 == 6);
    CHECK(TF_STRING == 7 && TF_COMPLEX64 == 8 && TF_INT64 == 9 && TF_BOOL == 10 && TF_QINT8 == 11 && TF_QUINT8 == 12);
    CHECK(TF_QINT32 == 13 && TF_BFLOAT16 == 14 && TF_QINT16 == 15 && TF_QUINT16 == 16 && TF_UINT16 == 17);
    CHECK(TF_COMPLEX128 == 18 && TF_HALF == 19 && TF_RESOURCE == 20 && TF_VARIANT == 21 && TF_UINT32 == 22 && TF_UINT64 == 23);
    CHECK(TF_DataTypeSize(TF_FLOAT) == 4 && TF_DataTypeSize(TF_COMPLEX128) == 16 && TF_DataTypeSize(TF_HALF) == 2);
    CHECK(TF_DataTypeSize(TF_STRING) == 0 && TF_DataTypeSize((TF_DataType)0) == 0);
}

static void status_enum(void)
{
    CHECK(TF_OK == 0 && TF_CANCELLED == 1 && TF_UNKNOWN == 2 && TF_INVALID_ARGUMENT == 3 && TF_DEADLINE_EXCEEDED == 4);
    CHECK(TF_NOT_FOUND == 5 && TF_ALREADY_EXISTS == 6 && TF_PERMISSION_DENIED == 7 && TF_RESOURCE_EXHAUSTED == 8);
    CHECK(TF_FAILED_PRECONDITION == 9 && TF_ABORTED == 10 && TF_OUT_OF_RANGE == 11 && TF_UNIMPLEMENTED == 12);
    CHECK(TF_INTERNAL == 13 && TF_UNAVAILABLE == 14 && TF_DATA_LOSS == 15 && TF_UNAUTHENTICATED == 16);
}

static void deleting_null(void)
{
    TF_DeleteStatus(NULL);
    TF_DeleteBuffer(NULL);
    TF_DeleteTensor(NULL);
    TF_DeleteSessionOptions(NULL);
    TF_DeleteGraph(NULL);
    TF_DeleteImportGraphDefOptions(NULL);
    TF_DeleteImportGraphDefResults(NULL);
    TF_DeleteSession(NULL, status());
    TF_DeleteDeviceList(NULL);
    TF_DeletePRunHandle(NULL);
    TF_DeleteStatus(status());
}

/* ---- sessions -------------------------------------------------------------------------------------------- */

static void session_options(void)
{
    TF_SessionOptions *options = TF_NewSessionOptions();
    CHECK(options != NULL);
    TF_DeleteSessionOptions(options);
}

static void session(void)
{
    TF_Graph *g = TF_NewGraph();
    TF_Operation *feed = placeholder(g, "feed"), *two = constant(g, "two", int32_scalar(2)), *sum = add(g, "add", feed, two);
    TF_Session *s = open_session(g);
    CHECK(run_fetch(s, feed, 3, sum) == 5);
    TF_Operation *neg = negate(g, "neg", sum);
    CHECK(run_fetch(s, feed, 7, neg) == -9);
    close_session(s, g);
}

static void session_p_run(void)
{
    TF_Graph *g = TF_NewGraph();
    TF_Operation *a = placeholder(g, "A"), *b = placeholder(g, "B"), *two = constant(g, "two", int32_scalar(2));
    TF_Operation *plus_2 = add(g, "plus2", a, two), *plus_b = add(g, "plusB", plus_2, b);
    TF_Session *s = open_session(g);
    TF_Output feeds[] = {{a, 0}, {b, 0}}, fetches[] = {{plus_2, 0}, {plus_b, 0}};
    const char *handle = NULL;
    OK(TF_SessionPRunSetup(s, feeds, 2, fetches, 2, NULL, 0, &handle, status()));
    CHECK(handle != NULL);
    TF_Tensor *value = int32_scalar(1), *got = NULL;
    OK(TF_SessionPRun(s, handle, &feeds[0], &value, 1, &fetches[0], &got, 1, NULL, 0, status()));
    TF_DeleteTensor(value);
    CHECK(int32_of(got) == 3);
    value = int32_scalar(4);
    OK(TF_SessionPRun(s, handle, &feeds[1], &value, 1, &fetches[1], &got, 1, NULL, 0, status()));
    TF_DeleteTensor(value);
    CHECK(int32_of(got) == 7);
    TF_DeletePRunHandle(handle);
    close_session(s, g);
}

static void session_min_cpu(void)
{
    const int64_t dims[] = {4};
    TF_Graph *g = TF_NewGraph();
    TF_Operation *feed = placeholder(g, "feed"), *axis = constant(g, "one", int32_scalar(0));
    TF_OperationDescription *desc = TF_NewOperation(g, "Min", "min");
    TF_AddInput(desc, (TF_Output){feed, 0});
    TF_AddInput(desc, (TF_Output){axis, 0});
    TF_Operation *min = NULL;
    OK(min = TF_FinishOperation(desc, status()));
    TF_Session *s = open_session(g);
    TF_Output in = {feed, 0}, out = {min, 0};
    TF_Tensor *value = int32_tensor(dims, 1, (const int32_t[]){4, 2, 8, 3}), *got = NULL;
    OK(TF_SessionRun(s, NULL, &in, &value, 1, &out, &got, 1, NULL, 0, NULL, status()));
    CHECK(got != NULL && TF_NumDims(got) == 0 && int32_of(got) == 2);
    TF_DeleteTensor(value);
    close_session(s, g);
}

#define NOT_EXPORTED "the library exports what loading, building and running need; this is not of it: "

static const row rows[] = {
    {"6.4", "Version", NULL, ROW_TESTED, version, NULL},
    {"6.4", "Status", NULL, ROW_TESTED, status_row, NULL},
    {"6.4", "Tensor", NULL, ROW_TESTED, tensor, NULL},
    {"6.4", "MalformedTensor", NULL, ROW_TESTED, malformed_tensor, NULL},
    {"6.4", "AllocateTensor", NULL, ROW_TESTED, allocate_tensor, NULL},
    {"6.4", "MaybeMove", NULL, ROW_TESTED, maybe_move, NULL},
    {"6.4", "LibraryLoadFunctions", NULL, ROW_REASON, NULL, "no: operators written in C++ against TensorFlow cannot be loaded"},
    {"6.4", "TensorEncodeDecodeStrings", NULL, ROW_TESTED, encode_decode_strings, NULL},
    {"6.4", "SessionOptions, DeprecatedSession", "SessionOptions", ROW_TESTED, session_options, NULL},
    {"6.4", "SessionOptions, DeprecatedSession", "DeprecatedSession", ROW_REASON, NULL,
     NOT_EXPORTED "sessions without a graph, which no client uses"},
    {"6.4", "DataTypeEnum, StatusEnum", "DataTypeEnum", ROW_TESTED, data_type_enum, NULL},
    {"6.4", "DataTypeEnum, StatusEnum", "StatusEnum", ROW_TESTED, status_enum, NULL},
    {"6.4", "GetAllOpList", NULL, ROW_REASON, NULL, NOT_EXPORTED "introspection of the registry (TF_GetAllOpList)"},
    {"6.4", "Session", NULL, ROW_TESTED, session, NULL},
    {"6.4", "Session_Min_CPU / XLA_CPU / GPU", "Session_Min_CPU", ROW_TESTED, session_min_cpu, NULL},
    {"6.4", "Session_Min_CPU / XLA_CPU / GPU", "Session_Min_XLA_CPU, Session_Min_GPU", ROW_REASON, NULL, "GPU, XLA: other devices"},
    {"6.4", "SessionPRun", NULL, ROW_TESTED, session_p_run, NULL},
    {"6.4", "GetOpDef", NULL, ROW_REASON, NULL, NOT_EXPORTED "introspection of the registry (TF_GraphGetOpDef)"},
    {"6.4", "SavedModel / SavedModelNullArgsAreValid", "loading", ROW_REASON, NULL,
     NOT_EXPORTED "TF_LoadSessionFromSavedModel, as long as the step that it would run waits for operators"},
    {"6.4", "DeletingNullPointerIsSafe", NULL, ROW_TESTED, deleting_null, NULL},
    {"6.4", "TestBitcastFrom_Reshape", NULL, ROW_TESTED, bitcast_from, NULL},
    {"6.4", "Gradients \xc3\x97" "14, MultipleCallsToAddGradients", NULL, ROW_REASON, NULL, "no: symbolic gradients are not built"},
    {"6.4", "ApiDef \xc3\x97" "2, TestKernel \xc3\x97" "3", NULL, ROW_REASON, NULL,
     NOT_EXPORTED "introspection of documentation and of kernels"},
    {"6.4", "TestTensorAligned / IsNotAligned", "TestTensorAligned", ROW_TESTED, tensor_is_aligned, NULL},
    {"6.4", "TestTensorAligned / IsNotAligned", "IsNotAligned", ROW_TESTED, tensor_is_not_aligned, NULL},
};

static const row_list value_rows = {rows, sizeof rows / sizeof *rows};

int main(int argc, char **argv)
{
    const row_list *const lists[] = {&value_rows, &c_api_build_rows, &c_api_client_rows};
    return rows_main(argc, argv, lists, 3);
}
