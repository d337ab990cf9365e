/* SPDX-License-Identifier: Apache-2.0 */
/* Building graphs, asking them, importing into them. */
#include "compat.h"

/* GraphDef of x = Placeholder(int32) and y = Neg(x), producer 26, as protobuf encodes it. */
static const char graph_bytes[] = "\x0a\x1d"
                                  "\x0a\x01x"
                                  "\x12\x0b"
                                  "Placeholder"
                                  "\x2a\x0b\x0a\x05"
                                  "dtype"
                                  "\x12\x02\x30\x03"
                                  "\x0a\x14"
                                  "\x0a\x01y"
                                  "\x12\x03"
                                  "Neg"
                                  "\x1a\x01x"
                                  "\x2a\x07\x0a\x01T\x12\x02\x30\x03"
                                  "\x22\x02\x08\x1a";

static int same_output(TF_Output got, TF_Operation *oper, int index) { return got.oper == oper && got.index == index; }

static int begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/* ---- the graph test of the documentation: feed + scalar -------------------------------------------- */

static void ask_feed(TF_Operation *feed, TF_Status *s)
{
    TF_Output out = {feed, 0};
    TF_DataType dtype = TF_FLOAT;

    CHECK_TEXT(TF_OperationName(feed), "feed");
    CHECK_TEXT(TF_OperationOpType(feed), "Placeholder");
    CHECK_TEXT(TF_OperationDevice(feed), "");
    CHECK(TF_OperationNumOutputs(feed) == 1 && TF_OperationOutputType(out) == TF_INT32);
    CHECK(TF_OperationOutputListLength(feed, "output", s) == 1);
    CHECK_OK(s);
    CHECK(TF_OperationOutputListLength(feed, "missing", s) == -1);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Output arg 'missing' not found");
    CHECK(TF_OperationNumInputs(feed) == 0 && TF_OperationOutputNumConsumers(out) == 0);
    CHECK(TF_OperationNumControlInputs(feed) == 0 && TF_OperationNumControlOutputs(feed) == 0);
    TF_AttrMetadata m = TF_OperationGetAttrMetadata(feed, "dtype", s);
    CHECK_OK(s);
    CHECK(!m.is_list && m.type == TF_ATTR_TYPE && m.list_size == -1);
    TF_OperationGetAttrType(feed, "dtype", &dtype, s);
    CHECK_OK(s);
    CHECK(dtype == TF_INT32);
    TF_OperationGetAttrMetadata(feed, "missing", s);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Operation 'feed' has no attr named 'missing'.");
}

static void ask_sum(TF_Operation *feed, TF_Operation *scalar, TF_Operation *sum, TF_Status *s)
{
    TF_Input consumers[2], input = {sum, 1}, none = {sum, 2};
    TF_Output feed_out = {feed, 0}, scalar_out = {scalar, 0}, all[2];
    TF_DataType dtype = TF_FLOAT;
    int64_t n = 0;

    CHECK_TEXT(TF_OperationOpType(sum), "AddN");
    CHECK(TF_OperationNumInputs(sum) == 2 && TF_OperationInputListLength(sum, "inputs", s) == 2);
    CHECK_OK(s);
    CHECK(TF_OperationInputListLength(sum, "nothing", s) == -1);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Input arg 'nothing' not found");
    CHECK(TF_OperationOutputListLength(sum, "sum", s) == 1 && TF_OperationInputType(input) == TF_INT32);
    CHECK(same_output(TF_OperationInput(input), scalar, 0) && same_output(TF_OperationInput(none), NULL, -1));
    TF_OperationAllInputs(sum, all, 2);
    CHECK(same_output(all[0], feed, 0) && same_output(all[1], scalar, 0));
    CHECK(TF_OperationOutputNumConsumers(feed_out) == 1 && TF_OperationOutputNumConsumers(scalar_out) == 1);
    CHECK(TF_OperationOutputConsumers(scalar_out, consumers, 2) == 1);
    CHECK(consumers[0].oper == sum && consumers[0].index == 1);
    TF_OperationGetAttrType(sum, "T", &dtype, s);
    CHECK(dtype == TF_INT32);
    TF_OperationGetAttrInt(sum, "N", &n, s);
    CHECK_OK(s);
    CHECK(n == 2);
    TF_OperationGetAttrFloat(sum, "N", NULL, s);
    CHECK(TF_GetCode(s) == TF_INVALID_ARGUMENT);
}

static void graph_of_documentation(TF_Status *s)
{
    TF_Graph *graph = TF_NewGraph();
    size_t pos = 0;

    CHECK(TF_GraphNextOperation(graph, &pos) == NULL);
    TF_Operation *feed = placeholder(graph, TF_INT32, "feed", s);
    CHECK_OK(s);
    ask_feed(feed, s);
    TF_Operation *scalar = constant_i32(graph, 3, "scalar", s);
    CHECK_OK(s);
    CHECK(placeholder(graph, TF_INT32, "feed", s) == NULL);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Duplicate node name in graph: 'feed'");
    TF_Operation *sum = addn(graph, feed, scalar, "add", s);
    CHECK_OK(s);
    ask_sum(feed, scalar, sum, s);
    CHECK(TF_GraphOperationByName(graph, "add") == sum && TF_GraphOperationByName(graph, "add:0") == NULL);
    CHECK(TF_GraphOperationByName(graph, "missing") == NULL);
    CHECK(TF_GraphNextOperation(graph, &pos) == feed && TF_GraphNextOperation(graph, &pos) == scalar);
    CHECK(TF_GraphNextOperation(graph, &pos) == sum && TF_GraphNextOperation(graph, &pos) == NULL && pos == 3);
    TF_Operation *neg = unary(graph, "Neg", sum, "neg", s);
    CHECK(TF_GraphNextOperation(graph, &pos) == neg);

    TF_Tensor *value = NULL;
    TF_OperationGetAttrTensor(scalar, "value", &value, s);
    CHECK_OK(s);
    TF_Operation *unknown = TF_FinishOperation(TF_NewOperation(graph, "MyFakeOp", "fake"), s);
    CHECK(unknown == NULL && TF_GetCode(s) == TF_NOT_FOUND);
    CHECK(begins(TF_Message(s), "Op type not registered 'MyFakeOp' in binary"));
    TF_DeleteGraph(graph);
    CHECK(value_i32(value) == 3); /* outlives the graph */
    TF_DeleteTensor(value);
}

/* ---- shapes ----------------------------------------------------------------------------------------- */

static TF_Operation *shaped(TF_Graph *graph, const char *name, const int64_t *dims, int rank, TF_Status *s)
{
    TF_OperationDescription *desc = TF_NewOperation(graph, "Placeholder", name);
    TF_SetAttrType(desc, "dtype", TF_FLOAT);
    TF_SetAttrShape(desc, "shape", dims, rank);
    return TF_FinishOperation(desc, s);
}

static void shapes(TF_Status *s)
{
    const int64_t two_any[2] = {2, -1}, two[1] = {2}, three[1] = {3};
    TF_Graph *graph = TF_NewGraph();
    TF_Output a = {shaped(graph, "a", two_any, 2, s), 0}, b = {shaped(graph, "b", NULL, -1, s), 0};
    TF_Output c = {shaped(graph, "c", NULL, 0, s), 0};
    int64_t dims[3] = {7, 7, 7};

    CHECK_OK(s);
    CHECK(TF_GraphGetTensorNumDims(graph, a, s) == 2);
    CHECK_OK(s);
    TF_GraphGetTensorShape(graph, a, dims, 2, s);
    CHECK_OK(s);
    CHECK(dims[0] == 2 && dims[1] == -1 && dims[2] == 7);
    TF_GraphGetTensorShape(graph, a, dims, 3, s);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Expected rank is 3 but actual rank is 2");
    CHECK(TF_GraphGetTensorNumDims(graph, b, s) == -1);
    CHECK_OK(s);
    CHECK(TF_GraphGetTensorNumDims(graph, c, s) == 0);
    TF_GraphGetTensorShape(graph, c, NULL, 0, s);
    CHECK_OK(s);
    a.index = 1;
    CHECK(TF_GraphGetTensorNumDims(graph, a, s) == -1 && TF_GetCode(s) == TF_INVALID_ARGUMENT);

    /* Shapes that never fit are found when the operation is added. */
    TF_Operation *vec2 = shaped(graph, "vec2", two, 1, s), *vec3 = shaped(graph, "vec3", three, 1, s);
    CHECK_OK(s);
    CHECK(binary(graph, "Add", vec2, vec3, "add", s) == NULL && TF_GetCode(s) == TF_INVALID_ARGUMENT);
    CHECK(TF_GraphOperationByName(graph, "add") == NULL);
    TF_Output neg = {unary(graph, "Neg", vec3, "neg", s), 0};
    TF_GraphGetTensorShape(graph, neg, dims, 1, s);
    CHECK_OK(s);
    CHECK(dims[0] == 3);
    TF_DeleteGraph(graph);
}

/* ---- attributes ------------------------------------------------------------------------------------- */

static TF_Operation *with_attributes(TF_Graph *graph, TF_Operation *other, TF_Status *s)
{
    TF_OperationDescription *desc = TF_NewOperation(graph, "Placeholder", "attributes");
    const void *strings[2] = {"one", "three"};
    const size_t lengths[2] = {3, 5};
    const int64_t ints[3] = {1, -2, INT64_MAX}, dims[2] = {4, -1};
    const int64_t *shape_list[3] = {dims, NULL, dims};
    const int ranks[3] = {2, -1, 1};
    const float floats[2] = {1.5f, -2.5f};
    const unsigned char bools[3] = {1, 0, 1};
    const TF_DataType types[2] = {TF_STRING, TF_HALF};

    TF_SetAttrType(desc, "dtype", TF_DOUBLE);
    TF_SetAttrShape(desc, "shape", dims, 2);
    TF_SetAttrString(desc, "_string", "a\0b", 3);
    TF_SetAttrStringList(desc, "_strings", strings, lengths, 2);
    TF_SetAttrInt(desc, "_int", -7);
    TF_SetAttrIntList(desc, "_ints", ints, 3);
    TF_SetAttrFloat(desc, "_float", 0.25f);
    TF_SetAttrFloatList(desc, "_floats", floats, 2);
    TF_SetAttrBool(desc, "_bool", 1);
    TF_SetAttrBoolList(desc, "_bools", bools, 3);
    TF_SetAttrTypeList(desc, "_types", types, 2);
    TF_SetAttrShapeList(desc, "_shapes", shape_list, ranks, 3);
    TF_SetAttrValueProto(desc, "_proto", "\x18\x05", 2, s); /* AttrValue { i: 5 } */
    CHECK_OK(s);
    TF_SetDevice(desc, "/device:CPU:0");
    TF_AddControlInput(desc, other);
    TF_ColocateWith(desc, other);
    return TF_FinishOperation(desc, s);
}

static void check_metadata(TF_Operation *op, const char *name, int list, int64_t size, TF_AttrType type, int64_t total,
                           TF_Status *s)
{
    TF_AttrMetadata m = TF_OperationGetAttrMetadata(op, name, s);

    CHECK_OK(s);
    if (m.is_list != list || m.list_size != size || m.type != type || m.total_size != total) {
        printf("metadata of %s: list %d size %lld type %d total %lld\n", name, m.is_list, (long long)m.list_size,
               (int)m.type, (long long)m.total_size);
        failures++;
    }
}

static void single_attributes(TF_Operation *op, TF_Status *s)
{
    char text[4] = "";
    int64_t number = 0, dims[2] = {0, 0};
    float real = 0;
    unsigned char flag = 0;

    check_metadata(op, "_string", 0, -1, TF_ATTR_STRING, 3, s);
    check_metadata(op, "_int", 0, -1, TF_ATTR_INT, -1, s);
    check_metadata(op, "_float", 0, -1, TF_ATTR_FLOAT, -1, s);
    check_metadata(op, "_bool", 0, -1, TF_ATTR_BOOL, -1, s);
    check_metadata(op, "dtype", 0, -1, TF_ATTR_TYPE, -1, s);
    check_metadata(op, "shape", 0, -1, TF_ATTR_SHAPE, 2, s);
    TF_OperationGetAttrString(op, "_string", text, sizeof(text), s);
    CHECK_OK(s);
    CHECK(memcmp(text, "a\0b", 3) == 0);
    TF_OperationGetAttrInt(op, "_int", &number, s);
    CHECK(number == -7);
    TF_OperationGetAttrInt(op, "_proto", &number, s);
    CHECK_OK(s);
    CHECK(number == 5);
    TF_OperationGetAttrFloat(op, "_float", &real, s);
    CHECK(real == 0.25f);
    TF_OperationGetAttrBool(op, "_bool", &flag, s);
    CHECK_OK(s);
    CHECK(flag == 1);
    TF_OperationGetAttrShape(op, "shape", dims, 2, s);
    CHECK_OK(s);
    CHECK(dims[0] == 4 && dims[1] == -1);
}

static void list_attributes(TF_Operation *op, TF_Status *s)
{
    void *strings[2] = {NULL, NULL};
    size_t lengths[2] = {0, 0};
    char storage[8];
    int64_t ints[3] = {0, 0, 0}, *dims[3] = {NULL, NULL, NULL}, room[4];
    int ranks[3] = {0, 0, 0};
    float floats[2] = {0, 0};
    unsigned char bools[3] = {9, 9, 9};
    TF_DataType types[2] = {TF_FLOAT, TF_FLOAT};

    check_metadata(op, "_strings", 1, 2, TF_ATTR_STRING, 8, s);
    check_metadata(op, "_ints", 1, 3, TF_ATTR_INT, -1, s);
    check_metadata(op, "_floats", 1, 2, TF_ATTR_FLOAT, -1, s);
    check_metadata(op, "_bools", 1, 3, TF_ATTR_BOOL, -1, s);
    check_metadata(op, "_types", 1, 2, TF_ATTR_TYPE, -1, s);
    check_metadata(op, "_shapes", 1, 3, TF_ATTR_SHAPE, 3, s);
    TF_OperationGetAttrStringList(op, "_strings", strings, lengths, 2, storage, sizeof(storage), s);
    CHECK_OK(s);
    CHECK(lengths[0] == 3 && lengths[1] == 5 && memcmp(strings[1], "three", 5) == 0 && strings[0] == (void *)storage);
    TF_OperationGetAttrStringList(op, "_strings", strings, lengths, 2, storage, 7, s);
    CHECK(TF_GetCode(s) == TF_INVALID_ARGUMENT);
    TF_OperationGetAttrIntList(op, "_ints", ints, 3, s);
    CHECK(ints[0] == 1 && ints[1] == -2 && ints[2] == INT64_MAX);
    TF_OperationGetAttrFloatList(op, "_floats", floats, 2, s);
    CHECK(floats[0] == 1.5f && floats[1] == -2.5f);
    TF_OperationGetAttrBoolList(op, "_bools", bools, 3, s);
    CHECK(bools[0] == 1 && bools[1] == 0 && bools[2] == 1);
    TF_OperationGetAttrTypeList(op, "_types", types, 2, s);
    CHECK_OK(s);
    CHECK(types[0] == TF_STRING && types[1] == TF_HALF);
    TF_OperationGetAttrShapeList(op, "_shapes", dims, ranks, 3, room, 4, s);
    CHECK_OK(s);
    CHECK(ranks[0] == 2 && ranks[1] == -1 && ranks[2] == 1 && dims[0] == room && dims[2][0] == 4);
    TF_OperationGetAttrInt(op, "_ints", ints, s);
    CHECK(TF_GetCode(s) == TF_INVALID_ARGUMENT);
}

static void attributes(TF_Status *s)
{
    TF_Graph *graph = TF_NewGraph();
    TF_Operation *other = placeholder(graph, TF_INT32, "other", s), *op = with_attributes(graph, other, s);
    TF_Operation *control[2];
    void *strings[1];
    size_t lengths[1];
    char storage[32];
    int seen = 0;

    CHECK_OK(s);
    single_attributes(op, s);
    list_attributes(op, s);
    CHECK_TEXT(TF_OperationDevice(op), "/device:CPU:0");
    CHECK(TF_OperationNumControlInputs(op) == 1 && TF_OperationNumControlOutputs(other) == 1);
    CHECK(TF_OperationGetControlInputs(op, control, 2) == 1 && control[0] == other);
    CHECK(TF_OperationGetControlOutputs(other, control, 2) == 1 && control[0] == op);
    TF_OperationGetAttrStringList(op, "_class", strings, lengths, 1, storage, sizeof(storage), s);
    CHECK_OK(s);
    CHECK(lengths[0] == 10 && memcmp(strings[0], "loc:@other", 10) == 0);

    for (int i = 0; i < TF_OperationGetNumAttrs(op); i++) {
        char name[64] = "";
        CHECK(TF_OperationGetAttrNameLength(op, i) > 0 && TF_OperationGetAttrNameLength(op, i) < 64);
        TF_OperationGetAttrName(op, i, name, s);
        CHECK_OK(s);
        seen += strcmp(name, "_floats") == 0 || strcmp(name, "dtype") == 0;
    }
    CHECK(seen == 2 && TF_OperationGetAttrNameLength(op, 1000) == -1);
    TF_DeleteGraph(graph);
}

/* A list output: its length is the operation's N. */
static void output_lists(TF_Status *s)
{
    TF_Graph *graph = TF_NewGraph();
    TF_Operation *x = placeholder(graph, TF_FLOAT, "x", s);
    TF_OperationDescription *desc = TF_NewOperation(graph, "ShapeN", "shapes");
    TF_Output inputs[3] = {{x, 0}, {x, 0}, {x, 0}};

    TF_AddInputList(desc, inputs, 3);
    TF_Operation *op = TF_FinishOperation(desc, s);
    CHECK_OK(s);
    CHECK(TF_OperationNumOutputs(op) == 3 && TF_OperationOutputListLength(op, "output", s) == 3);
    CHECK(TF_OperationInputListLength(op, "input", s) == 3);
    CHECK_OK(s);
    TF_DeleteGraph(graph);
}

/* ---- import ----------------------------------------------------------------------------------------- */

static void import_plain(TF_Status *s)
{
    TF_Graph *graph = TF_NewGraph(), *copy = TF_NewGraph();
    TF_Buffer *def = TF_NewBufferFromString(graph_bytes, sizeof(graph_bytes) - 1), *out = TF_NewBuffer();
    TF_ImportGraphDefOptions *opts = TF_NewImportGraphDefOptions();

    TF_GraphImportGraphDef(graph, def, opts, s);
    CHECK_OK(s);
    TF_Operation *x = TF_GraphOperationByName(graph, "x"), *y = TF_GraphOperationByName(graph, "y");
    TF_Input input = {y, 0};
    CHECK(x != NULL && y != NULL && same_output(TF_OperationInput(input), x, 0));
    CHECK(TF_OperationNumControlInputs(x) == 0 && TF_OperationNumControlOutputs(y) == 0);
    TF_GraphImportGraphDef(graph, def, opts, s);
    CHECK(TF_GetCode(s) == TF_INVALID_ARGUMENT && strstr(TF_Message(s), "'x'") != NULL);

    /* Out and in again. */
    TF_GraphToGraphDef(graph, out, s);
    CHECK_OK(s);
    CHECK(out->length > 0);
    TF_GraphImportGraphDef(copy, out, opts, s);
    CHECK_OK(s);
    CHECK(TF_GraphOperationByName(copy, "y") != NULL);
    TF_GraphToGraphDef(graph, out, s);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Passing non-empty TF_Buffer is invalid.");
    TF_DeleteBuffer(out);

    out = TF_NewBuffer();
    TF_GraphVersions(graph, out, s);
    CHECK_OK(s);
    CHECK(out->length > 0 && ((const char *)out->data)[0] == 0x08);
    TF_DeleteBuffer(out);

    TF_Buffer damaged = {graph_bytes, 20, NULL}, empty = {NULL, 0, NULL};
    TF_GraphImportGraphDef(copy, &damaged, opts, s);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Invalid GraphDef");
    damaged.data = "no graph at all";
    damaged.length = 15;
    TF_GraphImportGraphDef(copy, &damaged, NULL, s);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Invalid GraphDef");
    TF_GraphImportGraphDef(copy, &empty, opts, s);
    CHECK_OK(s);
    TF_DeleteImportGraphDefOptions(opts);
    TF_DeleteBuffer(def);
    TF_DeleteGraph(graph);
    TF_DeleteGraph(copy);
}

static void import_with_results(TF_Status *s)
{
    TF_Graph *graph = TF_NewGraph();
    TF_Buffer *def = TF_NewBufferFromString(graph_bytes, sizeof(graph_bytes) - 1);
    TF_ImportGraphDefOptions *opts = TF_NewImportGraphDefOptions();
    TF_Operation *feed = placeholder(graph, TF_INT32, "feed", s), *first = placeholder(graph, TF_INT32, "first", s);
    TF_Output to = {feed, 0}, *outputs = NULL, array[2];
    TF_Operation **operations = NULL;
    int count = 0;

    TF_ImportGraphDefOptionsSetPrefix(opts, "imported/");
    TF_ImportGraphDefOptionsAddInputMapping(opts, "x", 0, to);
    TF_ImportGraphDefOptionsAddControlDependency(opts, first);
    TF_ImportGraphDefOptionsAddReturnOutput(opts, "y", 0);
    TF_ImportGraphDefOptionsAddReturnOutput(opts, "x", 0);
    TF_ImportGraphDefOptionsAddReturnOperation(opts, "y");
    CHECK(TF_ImportGraphDefOptionsNumReturnOutputs(opts) == 2 &&
          TF_ImportGraphDefOptionsNumReturnOperations(opts) == 1);
    TF_ImportGraphDefResults *results = TF_GraphImportGraphDefWithResults(graph, def, opts, s);
    CHECK_OK(s);
    TF_Operation *y = TF_GraphOperationByName(graph, "imported/y");
    TF_Input input = {y, 0};
    CHECK(y != NULL && same_output(TF_OperationInput(input), feed, 0));
    TF_ImportGraphDefResultsReturnOutputs(results, &count, &outputs);
    CHECK(count == 2 && outputs != NULL && same_output(outputs[0], y, 0) && same_output(outputs[1], feed, 0));
    TF_ImportGraphDefResultsReturnOperations(results, &count, &operations);
    CHECK(count == 1 && operations != NULL && operations[0] == y);
    TF_DeleteImportGraphDefResults(results);
    CHECK(TF_GraphOperationByName(graph, "imported/x") == NULL || TF_OperationNumControlOutputs(first) > 0);

    TF_ImportGraphDefOptionsSetPrefix(opts, "again");
    TF_GraphImportGraphDefWithReturnOutputs(graph, def, opts, array, 2, s);
    CHECK_OK(s);
    CHECK(same_output(array[0], TF_GraphOperationByName(graph, "again/y"), 0) && same_output(array[1], feed, 0));
    TF_GraphImportGraphDefWithReturnOutputs(graph, def, opts, array, 1, s);
    CHECK(TF_GetCode(s) == TF_INVALID_ARGUMENT);

    TF_ImportGraphDefOptionsSetPrefix(opts, "third");
    TF_ImportGraphDefOptionsAddReturnOutput(opts, "nowhere", 1);
    CHECK(TF_GraphImportGraphDefWithResults(graph, def, opts, s) == NULL);
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "Requested return tensor 'nowhere:1' not found in graph def");
    CHECK(TF_GraphOperationByName(graph, "third/y") == NULL);
    TF_DeleteImportGraphDefOptions(opts);

    /* Names that are taken get a number. */
    opts = TF_NewImportGraphDefOptions();
    TF_ImportGraphDefOptionsSetUniquifyNames(opts, 1);
    TF_GraphImportGraphDef(graph, def, opts, s);
    TF_GraphImportGraphDef(graph, def, opts, s);
    CHECK_OK(s);
    TF_Operation *renamed = TF_GraphOperationByName(graph, "y_1");
    TF_Input read = {renamed, 0};
    CHECK(renamed != NULL && same_output(TF_OperationInput(read), TF_GraphOperationByName(graph, "x_1"), 0));
    TF_DeleteImportGraphDefOptions(opts);
    TF_DeleteBuffer(def);
    TF_DeleteGraph(graph);
}

/* z = NoOp behind x: the dependency goes to an operation of the graph instead. */
static void import_remaps_control(TF_Status *s)
{
    static const char bytes[] = "\x0a\x0d"
                                "\x0a\x01z"
                                "\x12\x04NoOp"
                                "\x1a\x02^x"
                                "\x0a\x09"
                                "\x0a\x01x"
                                "\x12\x04NoOp";
    TF_Graph *graph = TF_NewGraph();
    TF_Operation *other = placeholder(graph, TF_INT32, "other", s), *control = NULL;
    TF_Buffer def = {bytes, sizeof(bytes) - 1, NULL};
    TF_ImportGraphDefOptions *opts = TF_NewImportGraphDefOptions();

    TF_ImportGraphDefOptionsRemapControlDependency(opts, "x", other);
    TF_GraphImportGraphDef(graph, &def, opts, s);
    CHECK_OK(s);
    TF_Operation *z = TF_GraphOperationByName(graph, "z");
    CHECK(z != NULL && TF_OperationGetControlInputs(z, &control, 1) == 1 && control == other);
    TF_DeleteImportGraphDefOptions(opts);
    TF_DeleteGraph(graph);
}

void test_graphs(void)
{
    TF_Status *s = TF_NewStatus();

    graph_of_documentation(s);
    shapes(s);
    attributes(s);
    output_lists(s);
    import_plain(s);
    import_with_results(s);
    import_remaps_control(s);
    TF_DeleteStatus(s);
}
