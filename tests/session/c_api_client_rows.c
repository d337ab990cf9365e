/* SPDX-License-Identifier: Apache-2.0 */
/* 6.4, below its table: what the tests of three clients of TensorFlow's C API ask for, in C. */
#include "c_api_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

extern const row_list c_api_client_rows;

static TF_Operation *finish(TF_OperationDescription *desc)
{
    TF_Operation *op = NULL;
    OK(op = TF_FinishOperation(desc, status()));
    return op;
}

static TF_Operation *typed(TF_Graph *g, const char *type, const char *name, TF_DataType dtype, const int64_t *dims, int rank)
{
    TF_OperationDescription *desc = TF_NewOperation(g, type, name);
    TF_SetAttrType(desc, "dtype", dtype);
    TF_SetAttrShape(desc, "shape", dims, rank);
    return finish(desc);
}

static TF_Operation *reading(TF_Graph *g, const char *type, const char *name, TF_Operation *a, TF_Operation *b)
{
    TF_OperationDescription *desc = TF_NewOperation(g, type, name);
    TF_AddInput(desc, (TF_Output){a, 0});
    if (b != NULL)
        TF_AddInput(desc, (TF_Output){b, 0});
    return finish(desc);
}

static TF_Tensor *floats(const int64_t *dims, int rank, const float *values, size_t count)
{
    TF_Tensor *tensor = TF_AllocateTensor(TF_FLOAT, dims, rank, count * sizeof *values);
    memcpy(TF_TensorData(tensor), values, count * sizeof *values);
    return tensor;
}

static void run_operation(TF_Session *s, const TF_Operation *op)
{
    OK(TF_SessionRun(s, NULL, NULL, NULL, 0, NULL, NULL, 0, &op, 1, NULL, status()));
}

static TF_Tensor *run_to(TF_Session *s, TF_Operation *input, TF_Tensor *value, TF_Operation *fetch)
{
    TF_Output in = {input, 0}, out = {fetch, 0};
    TF_Tensor *got = NULL;
    OK(TF_SessionRun(s, NULL, &in, &value, input != NULL, &out, &got, 1, NULL, 0, NULL, status()));
    return got;
}

/* ---- hello_tf_c_api ------------------------------------------------------------------------------------------------ */

static void hello_version(void) { CHECK(strncmp(TF_Version(), "2.21.0", 6) == 0); }

/* A variable of 7 that is written and read by resource, AssignAdd of a reference variable, NoOp. */
static void hello_variables(void)
{
    const float seven = 7;
    TF_Graph *g = TF_NewGraph();
    TF_OperationDescription *desc = TF_NewOperation(g, "VarHandleOp", "handle");
    TF_SetAttrType(desc, "dtype", TF_FLOAT);
    TF_SetAttrShape(desc, "shape", NULL, 0);
    TF_Operation *handle = finish(desc), *value = constant(g, "value", floats(NULL, 0, &seven, 1));
    desc = TF_NewOperation(g, "AssignVariableOp", "assign");
    TF_AddInput(desc, (TF_Output){handle, 0});
    TF_AddInput(desc, (TF_Output){value, 0});
    TF_SetAttrType(desc, "dtype", TF_FLOAT);
    TF_Operation *assign = finish(desc);
    desc = TF_NewOperation(g, "ReadVariableOp", "read");
    TF_AddInput(desc, (TF_Output){handle, 0});
    TF_SetAttrType(desc, "dtype", TF_FLOAT);
    TF_Operation *read = finish(desc), *none = finish(TF_NewOperation(g, "NoOp", "nothing"));
    TF_Operation *counter = typed(g, "VariableV2", "counter", TF_FLOAT, NULL, 0);
    TF_Operation *start = reading(g, "Assign", "start", counter, value), *step = reading(g, "AssignAdd", "step", counter, value);
    TF_Session *s = open_session(g);
    run_operation(s, assign);
    run_operation(s, none);
    run_operation(s, start);
    run_operation(s, step);
    TF_Tensor *got = run_to(s, NULL, NULL, read);
    CHECK(TF_NumDims(got) == 0 && *(const float *)TF_TensorData(got) == 7);
    TF_DeleteTensor(got);
    got = run_to(s, NULL, NULL, counter);
    CHECK(*(const float *)TF_TensorData(got) == 14);
    TF_DeleteTensor(got);
    close_session(s, g);
}

static void hello_string_into_float(void)
{
    TF_Graph *g = TF_NewGraph();
    TF_Operation *in = typed(g, "Placeholder", "in", TF_FLOAT, NULL, -1), *out = reading(g, "Identity", "out", in, NULL);
    TF_Session *s = open_session(g);
    TF_Tensor *text = TF_AllocateTensor(TF_STRING, NULL, 0, sizeof(TF_TString)), *got = text;
    TF_StringInit(TF_TensorData(text));
    TF_StringCopy(TF_TensorData(text), "path", 4);
    TF_Output at = {in, 0}, to = {out, 0};
    FAILS(TF_INVALID_ARGUMENT, "Expects arg[0] to be float but string is provided",
          TF_SessionRun(s, NULL, &at, &text, 1, &to, &got, 1, NULL, 0, NULL, status()));
    CHECK(got == NULL);
    TF_StringDealloc(TF_TensorData(text));
    TF_DeleteTensor(text);
    close_session(s, g);
}

/* intra_op and inter_op_parallelism_threads; gpu_options { per_process_gpu_memory_fraction }; what is no ConfigProto. */
static void hello_session_options(void)
{
    static const unsigned char threads[] = {0x10, 2, 0x28, 3}, gpu[] = {0x32, 9, 0x09, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f};
    TF_Graph *g = TF_NewGraph();
    TF_Operation *one = constant(g, "one", int32_scalar(1));
    TF_SessionOptions *options = TF_NewSessionOptions();
    TF_Session *s = NULL;
    OK(TF_SetConfig(options, threads, sizeof threads, status()));
    OK(TF_SetConfig(options, gpu, sizeof gpu, status()));
    FAILS(TF_INVALID_ARGUMENT, "Unparseable ConfigProto", TF_SetConfig(options, "\xff\xff", 2, status()));
    OK(s = TF_NewSession(g, options, status()));
    CHECK(int32_of(run_to(s, NULL, NULL, one)) == 1);
    TF_DeleteSessionOptions(options);
    close_session(s, g);
}

static void hello_tensors(void)
{
    const int64_t dims[] = {3, 0, 2};
    TF_Tensor *empty = TF_AllocateTensor(TF_INT32, dims, 3, 0), *scalar = int32_scalar(11);
    CHECK(empty != NULL && TF_TensorByteSize(empty) == 0 && TF_TensorElementCount(empty) == 0 && TF_NumDims(empty) == 3);
    CHECK(TF_NumDims(scalar) == 0 && TF_TensorElementCount(scalar) == 1);
    TF_Graph *g = TF_NewGraph();
    TF_Operation *in = placeholder(g, "in"), *out = reading(g, "Identity", "out", in, NULL);
    CHECK(TF_GraphGetTensorNumDims(g, (TF_Output){in, 0}, status()) == -1);
    TF_Session *s = open_session(g);
    TF_Tensor *got = run_to(s, in, empty, out);
    CHECK(TF_NumDims(got) == 3 && TF_Dim(got, 0) == 3 && TF_Dim(got, 1) == 0 && TF_TensorData(got) != NULL);
    TF_DeleteTensor(got);
    CHECK(int32_of(run_to(s, in, scalar, out)) == 11);
    TF_DeleteTensor(scalar);
    TF_DeleteTensor(empty);
    close_session(s, g);
}

static void hello_strings_with_nulls(void)
{
    static const char text[] = "a\0b\0\0 and more than fits into the record itself\0";
    const int64_t dims[] = {2};
    TF_Graph *g = TF_NewGraph();
    TF_Operation *in = typed(g, "Placeholder", "in", TF_STRING, NULL, -1), *out = reading(g, "Identity", "out", in, NULL);
    TF_Session *s = open_session(g);
    TF_Tensor *fed = TF_AllocateTensor(TF_STRING, dims, 1, 2 * sizeof(TF_TString));
    TF_TString *strings = TF_TensorData(fed);
    for (int i = 0; i < 2; i++) {
        TF_StringInit(&strings[i]);
        TF_StringCopy(&strings[i], text, i == 0 ? 3 : sizeof text - 1);
    }
    TF_Tensor *got = run_to(s, in, fed, out);
    for (int i = 0; i < 2; i++)
        TF_StringDealloc(&strings[i]);
    TF_DeleteTensor(fed);
    const TF_TString *back = TF_TensorData(got);
    CHECK(TF_StringGetSize(&back[0]) == 3 && memcmp(TF_StringGetDataPointer(&back[0]), text, 3) == 0);
    CHECK(TF_StringGetSize(&back[1]) == sizeof text - 1 && memcmp(TF_StringGetDataPointer(&back[1]), text, sizeof text - 1) == 0);
    TF_DeleteTensor(got);
    close_session(s, g);
}

/* ---- tensorflow/rust -------------------------------------------------------------------------------------------------- */

static void rust_run(void)
{
    static const float two = 2, x[] = {2, 3};
    const int64_t dims[] = {2}, one[] = {1};
    TF_Graph *g = TF_NewGraph();
    TF_Operation *in = typed(g, "Placeholder", "x", TF_FLOAT, NULL, 0);
    TF_Operation *y = reading(g, "Mul", "y", constant(g, "two", floats(one, 1, &two, 1)), in);
    TF_Session *s = open_session(g);
    TF_Tensor *fed = floats(dims, 1, x, 2), *got = run_to(s, in, fed, y); /* [2] where the graph says [] */
    CHECK(TF_NumDims(got) == 1 && TF_Dim(got, 0) == 2);
    CHECK(((const float *)TF_TensorData(got))[0] == 4 && ((const float *)TF_TensorData(got))[1] == 6);
    TF_DeleteTensor(fed);
    TF_DeleteTensor(got);
    close_session(s, g);
}

static void rust_metadata(void)
{
    TF_Graph *g = TF_NewGraph();
    TF_Operation *neg = negate(g, "neg", constant(g, "one", int32_scalar(1)));
    TF_Session *s = open_session(g);
    TF_Buffer traced = {"\x08\x03", 2, NULL};
    TF_Output out = {neg, 0};
    for (int i = 0; i < 4; i++) {
        TF_Buffer *metadata = TF_NewBuffer();
        TF_Tensor *got = NULL;
        OK(TF_SessionRun(s, i % 2 == 0 ? &traced : NULL, NULL, NULL, 0, &out, &got, 1, NULL, 0, metadata, status()));
        CHECK(int32_of(got) == -1);
        CHECK(i % 2 != 0 || (metadata->length > 0 && metadata->data != NULL));
        if (metadata->length > 0)
            FAILS(TF_INVALID_ARGUMENT, "Passing non-empty run_metadata is invalid.",
                  TF_SessionRun(s, NULL, NULL, NULL, 0, &out, &got, 1, NULL, 0, metadata, status()));
        TF_DeleteBuffer(metadata);
    }
    close_session(s, g);
}

static void check_devices(TF_Session *s)
{
    TF_DeviceList *devices = NULL;
    OK(devices = TF_SessionListDevices(s, status()));
    CHECK(TF_DeviceListCount(devices) >= 1);
    CHECK(strcmp(TF_DeviceListType(devices, 0, status()), "CPU") == 0);
    CHECK(strstr(TF_DeviceListName(devices, 0, status()), "/device:CPU:0") != NULL);
    CHECK(TF_DeviceListMemoryBytes(devices, 0, status()) > 0 && TF_DeviceListIncarnation(devices, 0, status()) != 0);
    FAILS(TF_INVALID_ARGUMENT, "index out of bounds", TF_DeviceListMemoryBytes(devices, TF_DeviceListCount(devices), status()));
    TF_DeleteDeviceList(devices);
}

static void rust_close_and_devices(void)
{
    TF_Graph *g = TF_NewGraph();
    TF_Operation *one = constant(g, "one", int32_scalar(1));
    TF_Session *s = open_session(g);
    check_devices(s);
    OK(TF_CloseSession(s, status()));
    TF_Output out = {one, 0};
    TF_Tensor *got = NULL;
    FAILS(TF_CANCELLED, "Session has been closed.",
          TF_SessionRun(s, NULL, NULL, NULL, 0, &out, &got, 1, NULL, 0, NULL, status()));
    close_session(s, g);
}

/* ---- Go -------------------------------------------------------------------------------------------------------------------- */

static void go_neg(void)
{
    static const int64_t ints[] = {1, -2}, dims[] = {2};
    static const double doubles[] = {1.5, -2};
    static const float singles[] = {1.5f, -2};
    struct {
        TF_DataType dtype;
        const void *values;
        size_t bytes;
    } cases[] = {{TF_INT64, ints, sizeof ints}, {TF_DOUBLE, doubles, sizeof doubles}, {TF_FLOAT, singles, sizeof singles}};
    for (int i = 0; i < 3; i++) {
        TF_Graph *g = TF_NewGraph();
        TF_Operation *in = typed(g, "Placeholder", "in", cases[i].dtype, NULL, -1), *neg = negate(g, "neg", in);
        TF_Session *s = open_session(g);
        TF_Tensor *fed = TF_AllocateTensor(cases[i].dtype, dims, 1, cases[i].bytes);
        memcpy(TF_TensorData(fed), cases[i].values, cases[i].bytes);
        TF_Tensor *got = run_to(s, in, fed, neg);
        const void *data = TF_TensorData(got);
        CHECK(TF_TensorType(got) == cases[i].dtype);
        if (i == 0)
            CHECK(((const int64_t *)data)[0] == -1 && ((const int64_t *)data)[1] == 2);
        else if (i == 1)
            CHECK(((const double *)data)[0] == -1.5 && ((const double *)data)[1] == 2);
        else
            CHECK(((const float *)data)[0] == -1.5f && ((const float *)data)[1] == 2);
        TF_DeleteTensor(fed);
        TF_DeleteTensor(got);
        OK(TF_CloseSession(s, status()));
        OK(TF_DeleteSession(s, status()));
        TF_DeleteGraph(g);
    }
    TF_DeleteStatus(status());
}

static void go_concat(void)
{
    const int64_t dims[] = {2};
    TF_Graph *g = TF_NewGraph();
    TF_Output parts[] = {{constant(g, "a", int32_tensor(dims, 1, (const int32_t[]){1, 2})), 0},
                         {constant(g, "b", int32_tensor(dims, 1, (const int32_t[]){3, 4})), 0}};
    TF_OperationDescription *desc = TF_NewOperation(g, "Concat", "joined");
    TF_AddInput(desc, (TF_Output){constant(g, "axis", int32_scalar(0)), 0});
    TF_AddInputList(desc, parts, 2);
    TF_Output out = {finish(desc), 0};
    TF_Session *s = open_session(g);
    TF_Tensor *got = NULL;
    OK(TF_SessionRun(s, NULL, NULL, NULL, 0, &out, &got, 1, NULL, 0, NULL, status()));
    CHECK(TF_NumDims(got) == 1 && TF_Dim(got, 0) == 4);
    for (int i = 0; i < 4; i++)
        CHECK(((const int32_t *)TF_TensorData(got))[i] == i + 1);
    TF_DeleteTensor(got);
    close_session(s, g);
}

static void go_hash_bucket(void)
{
    TF_Graph *g = TF_NewGraph();
    TF_Operation *in = typed(g, "Placeholder", "in", TF_STRING, NULL, 0);
    TF_OperationDescription *desc = TF_NewOperation(g, "StringToHashBucketFast", "hash");
    TF_AddInput(desc, (TF_Output){in, 0});
    TF_SetAttrInt(desc, "num_buckets", INT64_C(1) << 32);
    TF_Output at = {in, 0}, out = {reading(g, "AsString", "text", finish(desc), NULL), 0};
    TF_Session *s = open_session(g);
    TF_Tensor *text = TF_AllocateTensor(TF_STRING, NULL, 0, sizeof(TF_TString)), *got = NULL;
    TF_StringInit(TF_TensorData(text));
    TF_StringCopy(TF_TensorData(text), "PleaseHashMe", 12);
    TF_SessionRun(s, NULL, &at, &text, 1, &out, &got, 1, NULL, 0, NULL, status());
    needs_operators();
    TF_DeleteTensor(text);
    close_session(s, g);
}

typedef struct race {
    TF_Session *session;
    TF_Operation *op;
    atomic_int failed;
} race;

static void *run_in_race(void *argument)
{
    race *r = argument;
    TF_Status *own = TF_NewStatus();
    TF_Output out = {r->op, 0};
    TF_Tensor *got = NULL;
    TF_SessionRun(r->session, NULL, NULL, NULL, 0, &out, &got, 1, NULL, 0, NULL, own);
    if (TF_GetCode(own) == TF_OK)
        TF_DeleteTensor(got);
    else if (TF_GetCode(own) != TF_CANCELLED || got != NULL)
        atomic_fetch_add(&r->failed, 1);
    TF_DeleteStatus(own);
    return NULL;
}

static void go_race_with_close(void)
{
    pthread_t threads[100];
    TF_Graph *g = TF_NewGraph();
    race r = {.op = negate(g, "neg", constant(g, "one", int32_scalar(1)))};
    r.session = open_session(g);
    atomic_init(&r.failed, 0);
    for (int i = 0; i < 100; i++) {
        CHECK(pthread_create(&threads[i], NULL, run_in_race, &r) == 0);
        if (i == 50)
            OK(TF_CloseSession(r.session, status()));
    }
    for (int i = 0; i < 100; i++)
        pthread_join(threads[i], NULL);
    CHECK(atomic_load(&r.failed) == 0);
    OK(TF_CloseSession(r.session, status()));
    close_session(r.session, g);
}

static void go_config_and_empty_graph(void)
{
    TF_Graph *g = TF_NewGraph();
    TF_SessionOptions *options = TF_NewSessionOptions();
    TF_Session *s = NULL;
    OK(TF_SetConfig(options, "\x28\x01", 2, status()));
    OK(s = TF_NewSession(g, options, status()));
    check_devices(s);
    TF_DeleteSessionOptions(options);
    close_session(s, g);
}

/* plus_2 = a + 2, plus_b = plus_2 + b, with plus_b as a target of the setup too. */
static void go_partial_run(void)
{
    TF_Graph *g = TF_NewGraph();
    TF_Operation *a = placeholder(g, "a"), *b = placeholder(g, "b");
    TF_Operation *plus_2 = add(g, "plus_2", a, constant(g, "two", int32_scalar(2))), *plus_b = add(g, "plus_b", plus_2, b);
    const TF_Operation *target = plus_b;
    TF_Session *s = open_session(g);
    TF_Output in[] = {{a, 0}, {b, 0}}, out[] = {{plus_2, 0}, {plus_b, 0}};
    const char *handle = NULL;
    OK(TF_SessionPRunSetup(s, in, 2, out, 2, &target, 1, &handle, status()));
    TF_Tensor *value = int32_scalar(1), *got = NULL;
    OK(TF_SessionPRun(s, handle, &in[0], &value, 1, &out[0], &got, 1, NULL, 0, status()));
    TF_DeleteTensor(value);
    CHECK(int32_of(got) == 3);
    value = int32_scalar(7);
    OK(TF_SessionPRun(s, handle, &in[1], &value, 1, &out[1], &got, 1, NULL, 0, status()));
    TF_DeleteTensor(value);
    CHECK(int32_of(got) == 10);
    TF_DeletePRunHandle(handle);
    close_session(s, g);
}

static void go_output_lists(void)
{
    const int64_t dims[] = {2, -1};
    TF_Graph *g = TF_NewGraph();
    TF_Operation *x = placeholder(g, "x"), *known = typed(g, "Placeholder", "known", TF_FLOAT, dims, 2);
    TF_Output both[] = {{x, 0}, {constant(g, "c", int32_scalar(1)), 0}};
    TF_OperationDescription *desc = TF_NewOperation(g, "ShapeN", "shapes");
    TF_AddInputList(desc, both, 2);
    TF_Operation *shapes = finish(desc);
    int64_t got[2] = {0, 0};
    CHECK(TF_OperationNumOutputs(shapes) == 2 && TF_OperationOutputListLength(shapes, "output", status()) == 2);
    CHECK(TF_OperationOutputNumConsumers((TF_Output){x, 0}) == 1);
    CHECK(TF_GraphGetTensorNumDims(g, both[1], status()) == 0);
    OK(TF_GraphGetTensorShape(g, (TF_Output){known, 0}, got, 2, status()));
    CHECK(got[0] == 2 && got[1] == -1);
    TF_DeleteGraph(g);
    TF_DeleteStatus(status());
}

#define HELLO "hello_tf_c_api"
#define RUST "tensorflow/rust"
#define SAVED "TF_LoadSessionFromSavedModel is not exported: restoring waits for operators"

static const row rows[] = {
    {"6.4", HELLO, "version", ROW_TESTED, hello_version, NULL},
    {"6.4", HELLO, "tensors", ROW_TESTED, hello_tensors, NULL},
    {"6.4", HELLO, "variables, targets", ROW_TESTED, hello_variables, NULL},
    {"6.4", HELLO, "a string into a float placeholder", ROW_TESTED, hello_string_into_float, NULL},
    {"6.4", HELLO, "session options", ROW_TESTED, hello_session_options, NULL},
    {"6.4", HELLO, "strings with NULs", ROW_TESTED, hello_strings_with_nulls, NULL},
    {"6.4", HELLO, "LoadGraph of a missing file", ROW_REASON, NULL, "the client reads the file, no function of the library"},
    {"6.4", RUST, "run", ROW_TESTED, rust_run, NULL},
    {"6.4", RUST, "metadata", ROW_TESTED, rust_metadata, NULL},
    {"6.4", RUST, "close, device list", ROW_TESTED, rust_close_and_devices, NULL},
    {"6.4", RUST, "SavedModel", ROW_REASON, NULL, SAVED},
    {"6.4", "Go", "Neg", ROW_TESTED, go_neg, NULL},
    {"6.4", "Go", "Concat", ROW_TESTED, go_concat, NULL},
    {"6.4", "Go", "AsString of StringToHashBucketFast", ROW_NEEDS_OPERATORS, go_hash_bucket, "StringToHashBucketFast, AsString"},
    {"6.4", "Go", "100 runs race with Close", ROW_TESTED, go_race_with_close, NULL},
    {"6.4", "Go", "config, devices of an empty graph", ROW_TESTED, go_config_and_empty_graph, NULL},
    {"6.4", "Go", "partial run", ROW_TESTED, go_partial_run, NULL},
    {"6.4", "Go", "output lists, shapes", ROW_TESTED, go_output_lists, NULL},
    {"6.4", "Go", "SavedModel", ROW_REASON, NULL, SAVED},
    {"6.4", "Go", "gradients", ROW_REASON, NULL, "no: symbolic gradients are not built"},
    {"6.4", "Go", "eager", ROW_REASON, NULL, "no: eager execution (TFE functions) is not part of the library"},
};

const row_list c_api_client_rows = {rows, sizeof rows / sizeof *rows};
