/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: running whole and in parts, strings, variables, options, closing, devices. */
#include "compat.h"

#include <pthread.h>

/* Feed + 2, as the documentation's session test has it. */
typedef struct plus_two {
    TF_Graph *graph;
    TF_Operation *feed, *add;
    TF_Session *session;
} plus_two;

static plus_two plus_two_open(const TF_SessionOptions *given, TF_Status *s)
{
    plus_two p;
    TF_SessionOptions *opts = TF_NewSessionOptions();

    p.graph = TF_NewGraph();
    p.feed = placeholder(p.graph, TF_INT32, "feed", s);
    p.add = addn(p.graph, p.feed, constant_i32(p.graph, 2, "scalar", s), "add", s);
    CHECK_OK(s);
    p.session = TF_NewSession(p.graph, given != NULL ? given : opts, s);
    TF_DeleteSessionOptions(opts);
    return p;
}

static void plus_two_close(plus_two *p, TF_Status *s)
{
    TF_CloseSession(p->session, s);
    CHECK_OK(s);
    TF_DeleteSession(p->session, s);
    CHECK_OK(s);
    TF_DeleteGraph(p->graph);
}

/* One feed, one fetch; the caller deletes the result. */
static TF_Tensor *run_one(TF_Session *session, TF_Operation *feed, TF_Tensor *value, TF_Operation *fetch, TF_Status *s)
{
    TF_Output input = {feed, 0}, output = {fetch, 0};
    TF_Tensor *out = (TF_Tensor *)s; /* anything: must become NULL or a tensor */

    TF_SessionRun(session, NULL, &input, &value, feed != NULL, &output, &out, 1, NULL, 0, NULL, s);
    return out;
}

static int32_t run_i32(TF_Session *session, TF_Operation *feed, int32_t value, TF_Operation *fetch, TF_Status *s)
{
    TF_Tensor *in = scalar_i32(value), *out = run_one(session, feed, in, fetch, s);

    TF_DeleteTensor(in);
    CHECK_OK(s);
    int32_t result = value_i32(out);
    TF_DeleteTensor(out);
    return result;
}

/* ---- Session ---------------------------------------------------------------------------------------- */

static void session_of_documentation(TF_Status *s)
{
    plus_two p = plus_two_open(NULL, s);

    CHECK_OK(s);
    CHECK(run_i32(p.session, p.feed, 3, p.add, s) == 5);
    /* The graph grows; the session sees it. */
    TF_Operation *neg = unary(p.graph, "Neg", p.add, "neg", s);
    CHECK_OK(s);
    CHECK(run_i32(p.session, p.feed, 7, neg, s) == -9);
    plus_two_close(&p, s);
}

static void run_errors(TF_Status *s)
{
    plus_two p = plus_two_open(NULL, s);
    TF_Output feed = {p.feed, 0}, add = {p.add, 0}, both[2] = {{p.add, 0}, {p.feed, 0}};
    TF_Tensor *in = scalar_i32(3), *outs[2] = {in, in};
    const float real = 3;
    TF_Tensor *wrong = tensor_of(TF_FLOAT, NULL, 0, &real, sizeof(real));
    TF_Buffer *full = TF_NewBufferFromString("x", 1);

    TF_SessionRun(p.session, NULL, &feed, &in, 1, both, outs, 2, NULL, 0, NULL, s);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "feed:0 is both fed and fetched.");
    CHECK(outs[0] == NULL && outs[1] == NULL);
    outs[0] = in;
    TF_SessionRun(p.session, NULL, NULL, NULL, 0, &add, outs, 1, NULL, 0, NULL, s);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT,
                 "You must feed a value for placeholder tensor 'feed' with dtype int32 [[{{node feed}}]]");
    CHECK(outs[0] == NULL);
    TF_SessionRun(p.session, NULL, NULL, NULL, 0, NULL, NULL, 0, NULL, 0, NULL, s);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Must specify at least one target to fetch or execute.");
    TF_SessionRun(p.session, NULL, &feed, &wrong, 1, &add, outs, 1, NULL, 0, NULL, s);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Expects arg[0] to be int32 but float is provided");
    TF_SessionRun(p.session, NULL, &feed, &in, 1, &add, outs, 1, NULL, 0, full, s);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Passing non-empty run_metadata is invalid.");
    TF_SessionRun(p.session, full, &feed, &in, 1, &add, outs, 1, NULL, 0, NULL, s);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Unparseable RunOptions proto");
    CHECK(outs[0] == NULL);
    TF_DeleteBuffer(full);
    TF_DeleteTensor(in);
    TF_DeleteTensor(wrong);
    plus_two_close(&p, s);
}

/* Targets run and give nothing; inputs are the caller's again at once; a placeholder's shape is a hint only. */
static void run_targets_and_hints(TF_Status *s)
{
    plus_two p = plus_two_open(NULL, s);
    TF_Operation *noop = TF_FinishOperation(TF_NewOperation(p.graph, "NoOp", "noop"), s);
    const TF_Operation *targets[2] = {noop, p.add};
    TF_Output feed = {p.feed, 0};
    TF_Tensor *in = scalar_i32(1);

    TF_SessionRun(p.session, NULL, &feed, &in, 1, NULL, NULL, 0, targets, 2, NULL, s);
    CHECK_OK(s);
    TF_SessionRun(p.session, NULL, NULL, NULL, 0, NULL, NULL, 0, targets, 1, NULL, s);
    CHECK_OK(s);
    TF_DeleteTensor(in);

    TF_OperationDescription *desc = TF_NewOperation(p.graph, "Placeholder", "scalar_only");
    TF_SetAttrType(desc, "dtype", TF_FLOAT);
    TF_SetAttrShape(desc, "shape", NULL, 0);
    TF_Operation *hinted = TF_FinishOperation(desc, s), *neg = unary(p.graph, "Neg", hinted, "hinted_neg", s);
    const float values[2] = {2, 3};
    const int64_t dims[1] = {2};
    in = tensor_of(TF_FLOAT, dims, 1, values, sizeof(values));
    TF_Tensor *out = run_one(p.session, hinted, in, neg, s);
    CHECK_OK(s);
    CHECK(out != NULL && TF_NumDims(out) == 1 && TF_TensorByteSize(out) == 8 && ((float *)TF_TensorData(out))[1] == -3);
    TF_DeleteTensor(in);
    TF_DeleteTensor(out);
    plus_two_close(&p, s);
}

static void run_metadata(TF_Status *s)
{
    plus_two p = plus_two_open(NULL, s);
    TF_Output feed = {p.feed, 0}, add = {p.add, 0};
    TF_Buffer *options = TF_NewBufferFromString("\x08\x03", 2); /* trace_level: FULL_TRACE */

    for (int i = 0; i < 4; i++) {
        TF_Buffer *metadata = TF_NewBuffer();
        TF_Tensor *in = scalar_i32(3), *out = NULL;
        TF_SessionRun(p.session, i % 2 == 0 ? options : NULL, &feed, &in, 1, &add, &out, 1, NULL, 0, metadata, s);
        CHECK_OK(s);
        CHECK(value_i32(out) == 5 && metadata->data != NULL && (i % 2 == 1 || metadata->length > 0));
        TF_DeleteTensor(in);
        TF_DeleteTensor(out);
        TF_DeleteBuffer(metadata);
    }
    TF_DeleteBuffer(options);
    plus_two_close(&p, s);
}

/* No elements in, none out, and yet an address. */
static void run_empty_tensor(TF_Status *s)
{
    plus_two p = plus_two_open(NULL, s);
    const int64_t dims[2] = {0, 3};
    TF_Tensor *in = TF_AllocateTensor(TF_INT32, dims, 2, 0),
              *out = run_one(p.session, p.feed, in, unary(p.graph, "Neg", p.feed, "n", s), s);

    CHECK_OK(s);
    CHECK(out != NULL && TF_NumDims(out) == 2 && TF_Dim(out, 1) == 3 && TF_TensorByteSize(out) == 0);
    CHECK(TF_TensorData(out) != NULL);
    TF_DeleteTensor(in);
    TF_DeleteTensor(out);
    plus_two_close(&p, s);
}

/* More inputs and outputs than anybody writes by hand. */
static void run_many(TF_Status *s)
{
    enum { MANY = 40 };
    TF_Graph *graph = TF_NewGraph();
    TF_Output feeds[MANY], sums[MANY];
    TF_Tensor *values[MANY], *outs[MANY];

    for (int i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof(name), "feed%d", i);
        feeds[i] = (TF_Output){placeholder(graph, TF_INT32, name, s), 0};
        snprintf(name, sizeof(name), "sum%d", i);
        sums[i] = (TF_Output){addn(graph, feeds[i].oper, i > 0 ? sums[i - 1].oper : feeds[i].oper, name, s), 0};
        values[i] = scalar_i32(i + 1);
    }
    CHECK_OK(s);
    TF_Session *session = TF_NewSession(graph, NULL, s);
    TF_SessionRun(session, NULL, feeds, values, MANY, sums, outs, MANY, NULL, 0, NULL, s);
    CHECK_OK(s);
    for (int i = 0; i < MANY; i++) {
        CHECK(value_i32(outs[i]) == 1 + (i + 1) * (i + 2) / 2); /* 1 + 1 + 2 + ... */
        TF_DeleteTensor(values[i]);
        TF_DeleteTensor(outs[i]);
    }
    TF_DeleteSession(session, s);
    TF_DeleteGraph(graph);
}

/* Fetches that are the same tensor are tensors of their own. */
static void run_duplicate_fetches(TF_Status *s)
{
    plus_two p = plus_two_open(NULL, s);
    TF_Output feed = {p.feed, 0}, adds[2] = {{p.add, 0}, {p.add, 0}};
    TF_Tensor *in = scalar_i32(40), *outs[2];

    TF_SessionRun(p.session, NULL, &feed, &in, 1, adds, outs, 2, NULL, 0, NULL, s);
    CHECK_OK(s);
    CHECK(outs[0] != outs[1]);
    TF_DeleteTensor(outs[0]);
    CHECK(value_i32(outs[1]) == 42);
    TF_DeleteTensor(outs[1]);
    TF_DeleteTensor(in);
    plus_two_close(&p, s);
}

/* Nothing in place of every pointer: an error or an empty answer. */
static void nothing_given(TF_Status *s)
{
    TF_Output none = {NULL, 0}, *outputs = &none;
    TF_Operation **operations = NULL;
    TF_Tensor *out = NULL;
    const char *handle = NULL;
    int count = 7;

    TF_SessionRun(NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, NULL, 0, NULL, s);
    CHECK(TF_GetCode(s) == TF_INVALID_ARGUMENT);
    TF_SessionRun(NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, NULL, 0, NULL, NULL);
    TF_SessionPRunSetup(NULL, NULL, 0, NULL, 0, NULL, 0, &handle, s);
    CHECK(TF_GetCode(s) == TF_INVALID_ARGUMENT && handle == NULL);
    TF_SessionPRun(NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, NULL, 0, s);
    CHECK(TF_GetCode(s) == TF_INVALID_ARGUMENT);
    CHECK(TF_NewSession(NULL, NULL, s) == NULL && TF_GetCode(s) == TF_INVALID_ARGUMENT);
    TF_CloseSession(NULL, s);
    CHECK(TF_GetCode(s) == TF_INVALID_ARGUMENT);
    CHECK(TF_SessionListDevices(NULL, s) == NULL && TF_GetCode(s) == TF_INVALID_ARGUMENT);
    TF_GraphImportGraphDef(NULL, NULL, NULL, s);
    CHECK(TF_GetCode(s) == TF_INVALID_ARGUMENT);
    TF_GraphToGraphDef(NULL, NULL, s);
    CHECK(TF_GetCode(s) == TF_INVALID_ARGUMENT);
    CHECK(TF_GraphOperationByName(NULL, NULL) == NULL && TF_GraphGetTensorNumDims(NULL, none, s) == -1);
    CHECK(TF_FinishOperation(NULL, s) == NULL && TF_GetCode(s) == TF_INVALID_ARGUMENT);
    CHECK(TF_FinishOperation(TF_NewOperation(NULL, NULL, NULL), s) == NULL && TF_GetCode(s) == TF_INVALID_ARGUMENT);
    TF_SetAttrTensor(NULL, NULL, NULL, s);
    CHECK(TF_GetCode(s) == TF_INVALID_ARGUMENT);
    TF_AddInput(NULL, none);
    TF_SetAttrInt(NULL, NULL, 0);
    CHECK(TF_OperationNumInputs(NULL) == 0 && TF_OperationNumOutputs(NULL) == 0);
    CHECK_TEXT(TF_OperationName(NULL), "");
    TF_OperationGetAttrInt(NULL, NULL, NULL, s);
    CHECK(TF_GetCode(s) == TF_INVALID_ARGUMENT);
    CHECK(TF_TensorData(NULL) == NULL && TF_NumDims(NULL) == 0 && TF_Dim(NULL, 0) == -1);
    CHECK(TF_GetCode(NULL) == TF_OK);
    TF_SetStatus(NULL, TF_INTERNAL, "nobody hears");
    TF_ImportGraphDefResultsReturnOutputs(NULL, &count, &outputs);
    CHECK(count == 0 && outputs == NULL);
    TF_ImportGraphDefResultsReturnOperations(NULL, &count, &operations);
    CHECK(count == 0 && operations == NULL);

    plus_two p = plus_two_open(NULL, s);
    TF_Output add = {p.add, 0}, feed = {p.feed, 0};
    TF_SessionRun(p.session, NULL, NULL, NULL, 0, &none, &out, 1, NULL, 0, NULL, s);
    CHECK(TF_GetCode(s) != TF_OK && out == NULL);
    TF_SessionRun(p.session, NULL, &feed, &out, 1, &add, &out, 1, NULL, 0, NULL, s);
    CHECK(TF_GetCode(s) == TF_INVALID_ARGUMENT && out == NULL);
    plus_two_close(&p, s);
}

/* ---- partial runs ------------------------------------------------------------------------------------- */

typedef struct two_phases {
    TF_Graph *graph;
    TF_Session *session;
    TF_Output a, b, plus_two, plus_b;
} two_phases;

static two_phases two_phases_open(TF_Status *s)
{
    two_phases t;
    TF_SessionOptions *opts = TF_NewSessionOptions();

    t.graph = TF_NewGraph();
    t.a = (TF_Output){placeholder(t.graph, TF_INT32, "A", s), 0};
    t.b = (TF_Output){placeholder(t.graph, TF_INT32, "B", s), 0};
    TF_Operation *two = constant_i32(t.graph, 2, "two", s);
    t.plus_two = (TF_Output){addn(t.graph, t.a.oper, two, "plus2", s), 0};
    t.plus_b = (TF_Output){addn(t.graph, t.plus_two.oper, t.b.oper, "plusB", s), 0};
    t.session = TF_NewSession(t.graph, opts, s);
    CHECK_OK(s);
    TF_DeleteSessionOptions(opts);
    return t;
}

static TF_Tensor *prun(two_phases *t, const char *handle, TF_Output feed, int32_t value, TF_Output fetch, TF_Status *s)
{
    TF_Tensor *in = scalar_i32(value), *out = in;

    TF_SessionPRun(t->session, handle, &feed, &in, 1, &fetch, &out, 1, NULL, 0, s);
    TF_DeleteTensor(in);
    return out;
}

static void partial_run(TF_Status *s)
{
    two_phases t = two_phases_open(s);
    TF_Output feeds[2] = {t.a, t.b}, fetches[2] = {t.plus_two, t.plus_b};
    const char *handle = NULL, *abandoned = NULL;

    TF_SessionPRunSetup(t.session, feeds, 2, fetches, 2, NULL, 0, &handle, s);
    CHECK_OK(s);
    TF_SessionPRunSetup(t.session, feeds, 2, fetches, 2, NULL, 0, &abandoned, s);
    CHECK_OK(s);
    CHECK(handle != NULL && abandoned != NULL && strcmp(handle, abandoned) != 0);
    CHECK(prun(&t, handle, t.a, 1, t.plus_b, s) == NULL);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Fetch B:0 can't be computed from the feeds that have been fed so far.");
    TF_Tensor *out = prun(&t, handle, t.a, 1, t.plus_two, s);
    CHECK_OK(s);
    CHECK(value_i32(out) == 3);
    TF_DeleteTensor(out);
    CHECK(prun(&t, handle, t.a, 1, t.plus_b, s) == NULL);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "The feed A:0 has already been fed.");
    out = prun(&t, handle, t.b, 4, t.plus_b, s);
    CHECK_OK(s);
    CHECK(value_i32(out) == 7);
    TF_DeleteTensor(out);
    CHECK(prun(&t, handle, t.b, 4, t.plus_b, s) == NULL);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Must run 'setup' before performing partial runs!");
    out = prun(&t, abandoned, t.a, 5, t.plus_two, s);
    CHECK(value_i32(out) == 7);
    TF_DeleteTensor(out);
    TF_DeletePRunHandle(handle);

    /* A target of the setup runs as part of it. */
    const TF_Operation *target = t.plus_b.oper;
    TF_SessionPRunSetup(t.session, feeds, 2, fetches, 1, &target, 1, &handle, s);
    CHECK_OK(s);
    TF_Tensor *both[2] = {scalar_i32(1), scalar_i32(2)};
    TF_SessionPRun(t.session, handle, feeds, both, 2, fetches, &out, 1, NULL, 0, s);
    CHECK_OK(s);
    CHECK(value_i32(out) == 3);
    TF_DeleteTensor(out);
    TF_DeleteTensor(both[0]);
    TF_DeleteTensor(both[1]);
    TF_DeletePRunHandle(handle);

    TF_SessionPRunSetup(t.session, feeds, 2, feeds, 1, NULL, 0, &handle, s);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "A:0 is both fed and fetched.");
    CHECK(handle == NULL);
    TF_CloseSession(t.session, s);
    CHECK(prun(&t, abandoned, t.b, 4, t.plus_b, s) == NULL);
    CHECK_STATUS(s, TF_CANCELLED, "Session has been closed.");
    CHECK(prun(&t, "no such handle", t.b, 4, t.plus_b, s) == NULL);
    CHECK_STATUS(s, TF_CANCELLED, "Session has been closed.");
    TF_DeletePRunHandle(abandoned);
    TF_DeleteSession(t.session, s);
    TF_DeleteGraph(t.graph);
}

/* ---- strings ---------------------------------------------------------------------------------------- */

static void strings_through_identity(TF_Status *s)
{
    static const char long_text[] = "a text that does not fit into the record, with a \0 in it";
    const int64_t dims[2] = {2, 2};
    TF_Graph *graph = TF_NewGraph();
    TF_Operation *feed = placeholder(graph, TF_STRING, "feed", s), *same = unary(graph, "Identity", feed, "same", s);
    CHECK_OK(s);
    TF_Tensor *in = TF_AllocateTensor(TF_STRING, dims, 2, 4 * sizeof(TF_TString));
    TF_TString *elements = TF_TensorData(in);

    for (int i = 0; i < 4; i++)
        TF_StringInit(&elements[i]);
    TF_StringCopy(&elements[0], "a\0b\0", 4);
    TF_StringCopy(&elements[2], long_text, sizeof(long_text));
    TF_StringAssignView(&elements[3], long_text, 6);
    TF_Session *session = TF_NewSession(graph, NULL, s);
    CHECK_OK(s);
    TF_Tensor *out = run_one(session, feed, in, same, s);
    CHECK_OK(s);
    TF_DeleteSession(session, s);
    TF_DeleteGraph(graph);
    for (int i = 0; i < 4; i++)
        TF_StringDealloc(&elements[i]);
    TF_DeleteTensor(in);

    CHECK(out != NULL && TF_TensorType(out) == TF_STRING && TF_TensorByteSize(out) == 96 && TF_NumDims(out) == 2);
    elements = TF_TensorData(out);
    CHECK(TF_StringGetSize(&elements[0]) == 4 && memcmp(TF_StringGetDataPointer(&elements[0]), "a\0b\0", 5) == 0);
    CHECK(TF_StringGetSize(&elements[1]) == 0);
    CHECK(TF_StringGetSize(&elements[2]) == sizeof(long_text) &&
          memcmp(TF_StringGetDataPointer(&elements[2]), long_text, sizeof(long_text)) == 0);
    CHECK(TF_StringGetSize(&elements[3]) == 6 && memcmp(TF_StringGetDataPointer(&elements[3]), "a text", 7) == 0);
    TF_StringDealloc(&elements[2]); /* a caller may; the rest goes with the tensor */
    TF_DeleteTensor(out);
}

static void string_constant(TF_Status *s)
{
    const int64_t dims[1] = {2};
    TF_Graph *graph = TF_NewGraph();
    TF_Tensor *value = TF_AllocateTensor(TF_STRING, dims, 1, 2 * sizeof(TF_TString));

    TF_StringCopy((TF_TString *)TF_TensorData(value), "x\0y", 3);
    TF_Operation *c = constant(graph, value, "c", s);
    CHECK_OK(s);
    TF_Session *session = TF_NewSession(graph, NULL, s);
    TF_Tensor *out = run_one(session, NULL, NULL, c, s);
    CHECK_OK(s);
    CHECK(out != NULL && memcmp(TF_StringGetDataPointer(TF_TensorData(out)), "x\0y", 4) == 0);
    TF_DeleteTensor(out);
    TF_DeleteSession(session, s);
    TF_DeleteGraph(graph);
}

/* ---- variables -------------------------------------------------------------------------------------- */

static TF_Operation *variable(TF_Graph *graph, TF_Status *s)
{
    TF_OperationDescription *desc = TF_NewOperation(graph, "VarHandleOp", "v");
    TF_SetAttrType(desc, "dtype", TF_FLOAT);
    TF_SetAttrShape(desc, "shape", NULL, 0);
    return TF_FinishOperation(desc, s);
}

/* VarHandleOp, AssignVariableOp, ReadVariableOp; then a string fed where a float is asked for. */
static void variables(TF_Status *s)
{
    TF_Graph *graph = TF_NewGraph();
    TF_Operation *v = variable(graph, s), *feed = placeholder(graph, TF_FLOAT, "value", s);
    TF_Operation *assign = binary(graph, "AssignVariableOp", v, feed, "assign", s);
    TF_OperationDescription *desc = TF_NewOperation(graph, "ReadVariableOp", "read");
    TF_Output handle = {v, 0}, input = {feed, 0};
    const TF_Operation *target = assign;
    const float seven = 7;

    CHECK_OK(s);
    TF_AddInput(desc, handle);
    TF_SetAttrType(desc, "dtype", TF_FLOAT);
    TF_Operation *read = TF_FinishOperation(desc, s);
    CHECK_OK(s);
    TF_Session *session = TF_NewSession(graph, NULL, s);
    TF_Tensor *value = tensor_of(TF_FLOAT, NULL, 0, &seven, sizeof(seven));
    TF_Tensor *text = TF_AllocateTensor(TF_STRING, NULL, 0, sizeof(TF_TString));
    TF_SessionRun(session, NULL, &input, &value, 1, NULL, NULL, 0, &target, 1, NULL, s);
    CHECK_OK(s);
    TF_SessionRun(session, NULL, &input, &text, 1, NULL, NULL, 0, &target, 1, NULL, s);
    CHECK(TF_GetCode(s) == TF_INVALID_ARGUMENT);
    TF_Tensor *out = run_one(session, NULL, NULL, read, s);
    CHECK_OK(s);
    CHECK(out != NULL && *(float *)TF_TensorData(out) == 7);
    TF_DeleteTensor(value);
    TF_DeleteTensor(text);
    TF_DeleteSession(session, s);
    TF_DeleteGraph(graph);
    CHECK(out != NULL && *(float *)TF_TensorData(out) == 7); /* outlives session and graph */
    TF_DeleteTensor(out);
}

/* ---- options, life, devices -------------------------------------------------------------------------- */

static void options(TF_Status *s)
{
    /* intra_op_parallelism_threads 2, inter_op 3, gpu_options { per_process_gpu_memory_fraction 0.5 } */
    static const char config[] = "\x10\x02\x28\x03\x32\x09\x09\0\0\0\0\0\0\xe0\x3f";
    TF_SessionOptions *opts = TF_NewSessionOptions();

    TF_SetConfig(opts, config, sizeof(config) - 1, s);
    CHECK_OK(s);
    TF_SetTarget(opts, "");
    plus_two p = plus_two_open(opts, s);
    CHECK_OK(s);
    CHECK(run_i32(p.session, p.feed, 3, p.add, s) == 5);
    plus_two_close(&p, s);
    TF_SetConfig(opts, "\xff\xff", 2, s);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Unparseable ConfigProto");
    TF_SetTarget(opts, "grpc://nowhere:1");
    TF_Graph *graph = TF_NewGraph();
    CHECK(TF_NewSession(graph, opts, s) == NULL && TF_GetCode(s) == TF_NOT_FOUND);
    TF_DeleteGraph(graph);
    TF_DeleteSessionOptions(opts);
}

static void life(TF_Status *s)
{
    TF_Graph *graph = TF_NewGraph();
    TF_Session *empty = TF_NewSession(graph, NULL, s);
    CHECK_OK(s);
    TF_SessionRun(empty, NULL, NULL, NULL, 0, NULL, NULL, 0, NULL, 0, NULL, s);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Session was not created with a graph before Run()!");
    TF_DeleteGraph(graph); /* before its session */
    TF_CloseSession(empty, s);
    CHECK_OK(s);
    TF_DeleteSession(empty, s);
    CHECK_OK(s);

    plus_two p = plus_two_open(NULL, s);
    TF_Tensor *in = scalar_i32(3);
    TF_DeleteGraph(p.graph);
    CHECK(run_i32(p.session, p.feed, 3, p.add, s) == 5);
    TF_CloseSession(p.session, s);
    CHECK_OK(s);
    TF_CloseSession(p.session, s);
    CHECK_OK(s);
    CHECK(run_one(p.session, p.feed, in, p.add, s) == NULL);
    CHECK_STATUS(s, TF_CANCELLED, "Session has been closed.");
    CHECK(run_one(p.session, p.feed, in, p.feed, s) == NULL);
    CHECK_STATUS(s, TF_CANCELLED, "Session has been closed.");
    TF_DeleteTensor(in);
    TF_DeleteSession(p.session, s);
}

static void devices(TF_Status *s)
{
    TF_Graph *graph = TF_NewGraph();
    TF_Session *session = TF_NewSession(graph, NULL, s);
    TF_DeviceList *list = TF_SessionListDevices(session, s);

    CHECK_OK(s);
    TF_DeleteSession(session, s);
    TF_DeleteGraph(graph);
    CHECK(TF_DeviceListCount(list) == 1);
    CHECK_TEXT(TF_DeviceListName(list, 0, s), "/job:localhost/replica:0/task:0/device:CPU:0");
    CHECK_TEXT(TF_DeviceListType(list, 0, s), "CPU");
    CHECK(TF_DeviceListMemoryBytes(list, 0, s) > 0);
    CHECK(TF_DeviceListIncarnation(list, 0, s) != 0);
    CHECK_OK(s);
    CHECK(TF_DeviceListName(list, 1, s) == NULL);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "index out of bounds");
    CHECK(TF_DeviceListMemoryBytes(NULL, 0, s) == -1);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "list is null!");
    TF_DeleteDeviceList(list);
}

/* Containers of all sessions are emptied, and the sessions closed. */
static void reset(TF_Status *s)
{
    plus_two p = plus_two_open(NULL, s);
    TF_SessionOptions *opts = TF_NewSessionOptions();
    TF_Tensor *in = scalar_i32(3);

    TF_Reset(opts, NULL, 0, s);
    CHECK_OK(s);
    CHECK(run_one(p.session, p.feed, in, p.add, s) == NULL);
    CHECK_STATUS(s, TF_CANCELLED, "Session has been closed.");
    TF_DeleteTensor(in);
    TF_DeleteSessionOptions(opts);
    plus_two_close(&p, s);
}

/* ---- threads ---------------------------------------------------------------------------------------- */

typedef struct runner {
    plus_two *p;
    int bad;
} runner;

static void *run_until_closed(void *context)
{
    runner *r = context;
    TF_Status *s = TF_NewStatus();

    for (;;) {
        TF_Tensor *in = scalar_i32(3), *out = run_one(r->p->session, r->p->feed, in, r->p->add, s);
        TF_DeleteTensor(in);
        if (TF_GetCode(s) != TF_OK)
            break;
        r->bad += out == NULL || *(int32_t *)TF_TensorData(out) != 5;
        TF_DeleteTensor(out);
    }
    r->bad += TF_GetCode(s) != TF_CANCELLED;
    TF_DeleteStatus(s);
    return NULL;
}

/* Threads run while one closes, twice. */
static void close_races_run(TF_Status *s)
{
    enum { THREADS = 16 };
    plus_two p = plus_two_open(NULL, s);
    pthread_t threads[THREADS];
    runner runners[THREADS];

    for (int i = 0; i < THREADS; i++) {
        runners[i] = (runner){&p, 0};
        CHECK(pthread_create(&threads[i], NULL, run_until_closed, &runners[i]) == 0);
    }
    for (int i = 0; i < 50; i++) /* some work before the end; a graph may grow meanwhile */
        constant_i32(p.graph, i, i % 2 == 0 ? "even" : "odd", s);
    TF_CloseSession(p.session, s);
    CHECK_OK(s);
    TF_CloseSession(p.session, s);
    CHECK_OK(s);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(runners[i].bad == 0);
    }
    plus_two_close(&p, s);
}

void test_sessions(void)
{
    TF_Status *s = TF_NewStatus();

    session_of_documentation(s);
    run_errors(s);
    run_targets_and_hints(s);
    run_metadata(s);
    run_empty_tensor(s);
    run_many(s);
    run_duplicate_fetches(s);
    nothing_given(s);
    partial_run(s);
    strings_through_identity(s);
    string_constant(s);
    variables(s);
    options(s);
    life(s);
    devices(s);
    reset(s);
    close_races_run(s);
    TF_DeleteStatus(s);
}
