/* SPDX-License-Identifier: Apache-2.0 */
/* 6.4, c_api_test.cc: building, inspecting and importing graphs, by TensorFlow's C API alone. */
#include "c_api_fixture.h"

extern const row_list c_api_build_rows;

/* feed (a placeholder), scalar = 3, and add = AddN(feed, scalar). */
static TF_Graph *three_operations(void)
{
    TF_Graph *g = TF_NewGraph();
    TF_Operation *feed = placeholder(g, "feed");
    add(g, "add", feed, constant(g, "scalar", int32_scalar(3)));
    return g;
}

static TF_Operation *find(TF_Graph *g, const char *name)
{
    TF_Operation *op = TF_GraphOperationByName(g, name);
    if (op == NULL)
        FAIL("there is no operation '%s'", name);
    return op;
}

/* Operations in the order of the iteration, until NULL. */
static void check_order(TF_Graph *g, const char *const *names)
{
    size_t pos = 0;
    for (; *names != NULL; names++) {
        TF_Operation *op = TF_GraphNextOperation(g, &pos);
        CHECK(op != NULL && strcmp(TF_OperationName(op), *names) == 0);
    }
    CHECK(TF_GraphNextOperation(g, &pos) == NULL);
}

static TF_Buffer *graph_def(TF_Graph *g)
{
    TF_Buffer *buffer = TF_NewBuffer();
    OK(TF_GraphToGraphDef(g, buffer, status()));
    CHECK(buffer->data != NULL && buffer->length > 0);
    return buffer;
}

static void check_placeholder(TF_Operation *feed)
{
    TF_DataType dtype = TF_FLOAT;
    CHECK(strcmp(TF_OperationName(feed), "feed") == 0 && strcmp(TF_OperationOpType(feed), "Placeholder") == 0);
    CHECK(strcmp(TF_OperationDevice(feed), "") == 0);
    CHECK(TF_OperationNumOutputs(feed) == 1 && TF_OperationOutputType((TF_Output){feed, 0}) == TF_INT32);
    CHECK(TF_OperationOutputListLength(feed, "output", status()) == 1 && TF_GetCode(status()) == TF_OK);
    CHECK(TF_OperationNumInputs(feed) == 0 && TF_OperationNumControlInputs(feed) == 0);
    CHECK(TF_OperationNumControlOutputs(feed) == 0);
    OK(TF_OperationGetAttrType(feed, "dtype", &dtype, status()));
    CHECK(dtype == TF_INT32);
    FAILS(TF_INVALID_ARGUMENT, "Operation 'feed' has no attr named 'missing'.",
          TF_OperationGetAttrType(feed, "missing", &dtype, status()));
    FAILS(TF_INVALID_ARGUMENT, "Output arg 'bogus' not found", TF_OperationOutputListLength(feed, "bogus", status()));
}

static void check_sum(TF_Operation *op, TF_Operation *feed, TF_Operation *scalar)
{
    TF_DataType dtype = TF_FLOAT;
    int64_t n = 0;
    TF_Input readers[2];
    CHECK(TF_OperationNumInputs(op) == 2 && TF_OperationInputListLength(op, "inputs", status()) == 2);
    CHECK(TF_OperationInputType((TF_Input){op, 0}) == TF_INT32 && TF_OperationInputType((TF_Input){op, 1}) == TF_INT32);
    CHECK(TF_OperationInput((TF_Input){op, 0}).oper == feed && TF_OperationInput((TF_Input){op, 0}).index == 0);
    CHECK(TF_OperationInput((TF_Input){op, 1}).oper == scalar);
    CHECK(TF_OperationInput((TF_Input){op, 2}).oper == NULL);
    OK(TF_OperationGetAttrType(op, "T", &dtype, status()));
    OK(TF_OperationGetAttrInt(op, "N", &n, status()));
    CHECK(dtype == TF_INT32 && n == 2);
    CHECK(TF_OperationOutputNumConsumers((TF_Output){feed, 0}) == 1);
    CHECK(TF_OperationOutputConsumers((TF_Output){feed, 0}, readers, 2) == 1 && readers[0].oper == op && readers[0].index == 0);
    CHECK(TF_OperationOutputConsumers((TF_Output){scalar, 0}, readers, 2) == 1 && readers[0].index == 1);
}

static void graph(void)
{
    TF_Graph *g = three_operations(), *back = TF_NewGraph();
    TF_Operation *feed = find(g, "feed"), *scalar = find(g, "scalar"), *sum = find(g, "add");
    TF_Tensor *value = NULL;
    check_placeholder(feed);
    OK(TF_OperationGetAttrTensor(scalar, "value", &value, status()));
    CHECK(int32_of(value) == 3);
    check_sum(sum, feed, scalar);
    CHECK(TF_OperationOutputNumConsumers((TF_Output){sum, 0}) == 0);
    CHECK(TF_GraphOperationByName(g, "bogus") == NULL && TF_GraphOperationByName(g, "feed:0") == NULL);
    check_order(g, (const char *const[]){"feed", "scalar", "add", NULL});

    TF_Operation *neg = negate(g, "neg", sum);
    CHECK(TF_OperationInput((TF_Input){neg, 0}).oper == sum && find(g, "neg") == neg);
    check_order(g, (const char *const[]){"feed", "scalar", "add", "neg", NULL});
    TF_Buffer *written = graph_def(g);
    TF_ImportGraphDefOptions *options = TF_NewImportGraphDefOptions();
    OK(TF_GraphImportGraphDef(back, written, options, status()));
    check_order(back, (const char *const[]){"feed", "scalar", "add", "neg", NULL});
    check_sum(find(back, "add"), find(back, "feed"), find(back, "scalar"));
    FAILS(TF_INVALID_ARGUMENT, "Passing non-empty TF_Buffer is invalid.", TF_GraphToGraphDef(back, written, status()));
    TF_DeleteImportGraphDefOptions(options);
    TF_DeleteBuffer(written);
    TF_DeleteGraph(back);
    TF_DeleteGraph(g);
    TF_DeleteStatus(status());
}

/* ---- shapes ------------------------------------------------------------------------------------------------ */

static TF_Operation *shaped_placeholder(TF_Graph *g, const char *name, const int64_t *dims, int rank)
{
    TF_OperationDescription *desc = TF_NewOperation(g, "Placeholder", name);
    TF_Operation *op = NULL;
    TF_SetAttrType(desc, "dtype", TF_FLOAT);
    TF_SetAttrShape(desc, "shape", dims, rank);
    OK(op = TF_FinishOperation(desc, status()));
    return op;
}

static void set_shape(void)
{
    const int64_t some[] = {2, -1};
    int64_t dims[3] = {7, 7, 7};
    TF_Graph *g = TF_NewGraph();
    TF_Output unknown = {placeholder(g, "feed"), 0}, partly = {shaped_placeholder(g, "partly", some, 2), 0};
    TF_Output scalar = {constant(g, "scalar", int32_scalar(3)), 0};
    CHECK(TF_GraphGetTensorNumDims(g, unknown, status()) == -1 && TF_GetCode(status()) == TF_OK);
    CHECK(TF_GraphGetTensorNumDims(g, partly, status()) == 2);
    OK(TF_GraphGetTensorShape(g, partly, dims, 2, status()));
    CHECK(dims[0] == 2 && dims[1] == -1);
    FAILS(TF_INVALID_ARGUMENT, "", TF_GraphGetTensorShape(g, partly, dims, 3, status()));
    CHECK(TF_GraphGetTensorNumDims(g, scalar, status()) == 0);
    OK(TF_GraphGetTensorShape(g, scalar, NULL, 0, status()));
    TF_DeleteGraph(g);
    TF_DeleteStatus(status());
}

static void shape_inference_error(void)
{
    const int64_t two[] = {2}, three[] = {3};
    TF_Graph *g = TF_NewGraph();
    TF_Operation *vec2 = constant(g, "vec2", int32_tensor(two, 1, (const int32_t[]){1, 2}));
    TF_Operation *vec3 = constant(g, "vec3", int32_tensor(three, 1, (const int32_t[]){1, 2, 3}));
    TF_OperationDescription *desc = TF_NewOperation(g, "Add", "add");
    TF_Operation *op = vec2;
    TF_AddInput(desc, (TF_Output){vec2, 0});
    TF_AddInput(desc, (TF_Output){vec3, 0});
    FAILS(TF_INVALID_ARGUMENT, "", op = TF_FinishOperation(desc, status()));
    CHECK(op == NULL && TF_GraphOperationByName(g, "add") == NULL);
    TF_DeleteGraph(g);
    TF_DeleteStatus(status());
}

/* ---- import --------------------------------------------------------------------------------------------------- */

/* feed, scalar = 3 and neg = Neg(scalar), as bytes. */
static TF_Buffer *importable(void)
{
    TF_Graph *g = TF_NewGraph();
    placeholder(g, "feed");
    negate(g, "neg", constant(g, "scalar", int32_scalar(3)));
    TF_Buffer *written = graph_def(g);
    TF_DeleteGraph(g);
    return written;
}

static void import_graph_def(void)
{
    TF_Buffer *written = importable();
    TF_Graph *g = TF_NewGraph();
    TF_ImportGraphDefOptions *options = TF_NewImportGraphDefOptions();
    TF_ImportGraphDefOptionsSetPrefix(options, "imported");
    OK(TF_GraphImportGraphDef(g, written, options, status()));
    TF_Operation *feed = find(g, "imported/feed"), *scalar = find(g, "imported/scalar"), *neg = find(g, "imported/neg");
    CHECK(TF_OperationInput((TF_Input){neg, 0}).oper == scalar);
    CHECK(TF_OperationNumControlInputs(scalar) == 0 && TF_OperationNumControlOutputs(feed) == 0);
    FAILS(TF_INVALID_ARGUMENT, "imported/", TF_GraphImportGraphDef(g, written, options, status())); /* the names are taken */

    TF_DeleteImportGraphDefOptions(options); /* scalar is not imported but mapped; outputs are returned */
    options = TF_NewImportGraphDefOptions();
    TF_ImportGraphDefOptionsSetPrefix(options, "imported2");
    TF_ImportGraphDefOptionsAddInputMapping(options, "scalar", 0, (TF_Output){scalar, 0});
    TF_ImportGraphDefOptionsAddReturnOutput(options, "feed", 0);
    TF_ImportGraphDefOptionsAddReturnOutput(options, "scalar", 0);
    CHECK(TF_ImportGraphDefOptionsNumReturnOutputs(options) == 2);
    TF_Output returned[2] = {{NULL, 0}, {NULL, 0}};
    OK(TF_GraphImportGraphDefWithReturnOutputs(g, written, options, returned, 2, status()));
    CHECK(returned[0].oper == find(g, "imported2/feed") && returned[0].index == 0);
    CHECK(returned[1].oper == scalar && returned[1].index == 0);
    CHECK(TF_OperationInput((TF_Input){find(g, "imported2/neg"), 0}).oper == scalar);
    TF_DeleteImportGraphDefOptions(options);

    TF_Operation *late = negate(g, "late", find(g, "imported2/neg")); /* the graph can still grow */
    TF_Session *s = open_session(g);
    CHECK(run_fetch(s, NULL, 0, late) == 3);
    TF_DeleteBuffer(written);
    close_session(s, g);
}

static void import_control_dependencies(void)
{
    TF_Buffer *written = importable();
    TF_Graph *g = TF_NewGraph();
    TF_Operation *first = placeholder(g, "first"), *second = placeholder(g, "second"), *controls[3];
    TF_ImportGraphDefOptions *options = TF_NewImportGraphDefOptions();
    TF_ImportGraphDefOptionsSetPrefix(options, "imported3");
    TF_ImportGraphDefOptionsAddControlDependency(options, first);
    TF_ImportGraphDefOptionsAddControlDependency(options, second);
    OK(TF_GraphImportGraphDef(g, written, options, status()));
    TF_Operation *scalar = find(g, "imported3/scalar");
    CHECK(TF_OperationNumControlInputs(scalar) == 2 && TF_OperationNumControlInputs(find(g, "imported3/feed")) == 2);
    CHECK(TF_OperationGetControlInputs(scalar, controls, 3) == 2);
    CHECK((controls[0] == first && controls[1] == second) || (controls[0] == second && controls[1] == first));
    CHECK(TF_OperationNumControlInputs(find(g, "imported3/neg")) == 0); /* runs after scalar anyway */
    TF_DeleteImportGraphDefOptions(options);
    TF_DeleteBuffer(written);

    TF_Buffer *again = graph_def(g); /* with first, the control input of scalar, mapped */
    TF_Graph *other = TF_NewGraph();
    TF_Operation *mapped = placeholder(other, "mapped");
    options = TF_NewImportGraphDefOptions();
    TF_ImportGraphDefOptionsSetPrefix(options, "imported4");
    TF_ImportGraphDefOptionsRemapControlDependency(options, "first", mapped);
    OK(TF_GraphImportGraphDef(other, again, options, status()));
    CHECK(TF_OperationGetControlInputs(find(other, "imported4/imported3/scalar"), controls, 3) == 2);
    CHECK(controls[0] == mapped || controls[1] == mapped);
    CHECK(controls[0] != find(other, "imported4/first") && controls[1] != find(other, "imported4/first"));
    TF_DeleteImportGraphDefOptions(options);
    TF_DeleteBuffer(again);
    TF_DeleteGraph(other);
    TF_DeleteGraph(g);
    TF_DeleteStatus(status());
}

static void import_with_results(void)
{
    TF_Buffer *written = importable();
    TF_Graph *g = TF_NewGraph();
    TF_ImportGraphDefOptions *options = TF_NewImportGraphDefOptions();
    TF_ImportGraphDefOptionsAddReturnOutput(options, "neg", 0);
    TF_ImportGraphDefOptionsAddReturnOperation(options, "scalar");
    TF_ImportGraphDefOptionsAddReturnOperation(options, "feed");
    CHECK(TF_ImportGraphDefOptionsNumReturnOperations(options) == 2);
    TF_ImportGraphDefResults *results = NULL;
    OK(results = TF_GraphImportGraphDefWithResults(g, written, options, status()));
    int outputs = 0, operations = 0;
    TF_Output *output = NULL;
    TF_Operation **operation = NULL;
    TF_ImportGraphDefResultsReturnOutputs(results, &outputs, &output);
    TF_ImportGraphDefResultsReturnOperations(results, &operations, &operation);
    CHECK(outputs == 1 && output[0].oper == find(g, "neg") && output[0].index == 0);
    CHECK(operations == 2 && operation[0] == find(g, "scalar") && operation[1] == find(g, "feed"));
    TF_DeleteImportGraphDefResults(results);
    TF_DeleteImportGraphDefOptions(options);
    TF_Buffer damaged = {"\x0a\xff", 2, NULL};
    options = TF_NewImportGraphDefOptions();
    FAILS(TF_INVALID_ARGUMENT, "Invalid GraphDef", TF_GraphImportGraphDef(g, &damaged, options, status()));
    TF_DeleteImportGraphDefOptions(options);
    TF_DeleteBuffer(written);
    TF_DeleteGraph(g);
    TF_DeleteStatus(status());
}

/* ---- colocation ------------------------------------------------------------------------------------------------ */

typedef struct colocated {
    TF_Graph *graph;
    TF_Operation *feed1, *feed2, *scalar;
    TF_OperationDescription *desc;
} colocated;

static colocated colocated_start(void)
{
    colocated c = {.graph = TF_NewGraph()};
    c.feed1 = placeholder(c.graph, "feed1");
    c.feed2 = placeholder(c.graph, "feed2");
    c.scalar = constant(c.graph, "constant_10", int32_scalar(10));
    c.desc = TF_NewOperation(c.graph, "AddN", "add");
    TF_Output both[] = {{c.feed1, 0}, {c.scalar, 0}};
    TF_AddInputList(c.desc, both, 2);
    return c;
}

/* _class is the list of COUNT names, "loc:@" before each; 0: there is none. */
static void check_class(colocated *c, const char *const *names, int count)
{
    TF_Operation *op = NULL;
    char storage[256], want[64];
    void *strings[4] = {NULL};
    size_t lengths[4] = {0};
    OK(op = TF_FinishOperation(c->desc, status()));
    if (count == 0) {
        FAILS(TF_INVALID_ARGUMENT, "Operation 'add' has no attr named '_class'.",
              TF_OperationGetAttrMetadata(op, "_class", status()));
    } else {
        TF_AttrMetadata m = TF_OperationGetAttrMetadata(op, "_class", status());
        CHECK(TF_GetCode(status()) == TF_OK && m.is_list && m.list_size == count && m.type == TF_ATTR_STRING);
        OK(TF_OperationGetAttrStringList(op, "_class", strings, lengths, 4, storage, sizeof storage, status()));
        for (int i = 0; i < count; i++) {
            int size = snprintf(want, sizeof want, "loc:@%s", names[i]);
            CHECK(lengths[i] == (size_t)size && memcmp(strings[i], want, lengths[i]) == 0);
        }
    }
    TF_DeleteGraph(c->graph);
    TF_DeleteStatus(status());
}

#define CLASS(...) (const char *const[]){__VA_ARGS__}

static void colocate_with(void)
{
    colocated c = colocated_start();
    TF_ColocateWith(c.desc, c.feed1);
    TF_ColocateWith(c.desc, c.feed2);
    TF_ColocateWith(c.desc, c.feed1); /* once is enough */
    check_class(&c, CLASS("feed1", "feed2"), 2);
}

static void set_class_list(colocated *c, const char *name)
{
    const void *strings[] = {name};
    size_t lengths[] = {name != NULL ? strlen(name) : 0};
    TF_SetAttrStringList(c->desc, "_class", strings, lengths, name != NULL);
}

/* AttrValue { list { s: NAME } } */
static void set_class_proto(colocated *c, const char *name)
{
    char proto[64];
    size_t size = name != NULL ? strlen(name) : 0;
    proto[0] = 0x0a;
    proto[1] = (char)(name != NULL ? size + 2 : 0);
    proto[2] = 0x12;
    proto[3] = (char)size;
    if (name != NULL)
        memcpy(proto + 4, name, size);
    OK(TF_SetAttrValueProto(c->desc, "_class", proto, name != NULL ? size + 4 : 2, status()));
}

static void colocate_by_string_list(void)
{
    colocated c = colocated_start();
    set_class_list(&c, "loc:@feed2");
    check_class(&c, CLASS("feed2"), 1);
}

static void colocate_by_proto(void)
{
    colocated c = colocated_start();
    set_class_proto(&c, "loc:@constant_10");
    check_class(&c, CLASS("constant_10"), 1);
}

static void string_list_replaces(void)
{
    colocated c = colocated_start();
    TF_ColocateWith(c.desc, c.feed1);
    set_class_list(&c, "loc:@feed2");
    check_class(&c, CLASS("feed2"), 1);
}

static void colocate_after_string_list(void)
{
    colocated c = colocated_start();
    set_class_list(&c, "loc:@feed2");
    TF_ColocateWith(c.desc, c.feed1);
    check_class(&c, CLASS("feed1", "feed2"), 2);
}

static void proto_replaces(void)
{
    colocated c = colocated_start();
    TF_ColocateWith(c.desc, c.feed1);
    set_class_proto(&c, "loc:@feed2");
    check_class(&c, CLASS("feed2"), 1);
}

static void clear_by_string_list(void)
{
    colocated c = colocated_start();
    TF_ColocateWith(c.desc, c.feed1);
    set_class_list(&c, NULL);
    check_class(&c, NULL, 0);
}

static void clear_by_proto(void)
{
    colocated c = colocated_start();
    TF_ColocateWith(c.desc, c.feed1);
    set_class_proto(&c, NULL);
    check_class(&c, NULL, 0);
}

static void no_colocation(void)
{
    colocated c = colocated_start();
    check_class(&c, NULL, 0);
}

/* ---- attributes -------------------------------------------------------------------------------------------------- */

static void check_metadata(TF_Operation *op, const char *name, int is_list, int64_t list_size, TF_AttrType type, int64_t total)
{
    TF_AttrMetadata m = TF_OperationGetAttrMetadata(op, name, status());
    if (TF_GetCode(status()) != TF_OK)
        FAIL("%s: %s", name, TF_Message(status()));
    if (m.is_list != is_list || m.list_size != list_size || m.type != type || m.total_size != total)
        FAIL("%s: list %d of %lld, type %d, total %lld", name, m.is_list, (long long)m.list_size, (int)m.type,
             (long long)m.total_size);
}

static TF_Operation *finish_attributes(TF_OperationDescription *desc)
{
    TF_Operation *op = NULL;
    OK(op = TF_FinishOperation(desc, status()));
    return op;
}

/* String, Int, Float, Bool, Type, Shape, and what a getter of another kind says. */
static void single_attributes(void)
{
    const int64_t shape[] = {-1, 37};
    int64_t number = 0, dims[2] = {0, 0};
    char text[5];
    float real = 0;
    unsigned char flag = 9;
    TF_DataType type = TF_FLOAT;
    TF_Graph *g = TF_NewGraph();
    TF_OperationDescription *desc = TF_NewOperation(g, "Placeholder", "op");
    TF_SetAttrType(desc, "dtype", TF_COMPLEX128);
    TF_SetAttrShape(desc, "shape", shape, 2);
    TF_SetAttrString(desc, "_v", "bunny", 5);
    TF_SetAttrInt(desc, "_int", 31415);
    TF_SetAttrFloat(desc, "_float", 2.718f);
    TF_SetAttrBool(desc, "_bool", 1);
    TF_Operation *op = finish_attributes(desc);
    check_metadata(op, "_v", 0, -1, TF_ATTR_STRING, 5);
    OK(TF_OperationGetAttrString(op, "_v", text, 5, status()));
    CHECK(memcmp(text, "bunny", 5) == 0);
    check_metadata(op, "_int", 0, -1, TF_ATTR_INT, -1);
    OK(TF_OperationGetAttrInt(op, "_int", &number, status()));
    CHECK(number == 31415);
    check_metadata(op, "_float", 0, -1, TF_ATTR_FLOAT, -1);
    OK(TF_OperationGetAttrFloat(op, "_float", &real, status()));
    CHECK(real == 2.718f);
    check_metadata(op, "_bool", 0, -1, TF_ATTR_BOOL, -1);
    OK(TF_OperationGetAttrBool(op, "_bool", &flag, status()));
    CHECK(flag == 1);
    check_metadata(op, "dtype", 0, -1, TF_ATTR_TYPE, -1);
    OK(TF_OperationGetAttrType(op, "dtype", &type, status()));
    CHECK(type == TF_COMPLEX128);
    check_metadata(op, "shape", 0, -1, TF_ATTR_SHAPE, 2);
    OK(TF_OperationGetAttrShape(op, "shape", dims, 2, status()));
    CHECK(dims[0] == -1 && dims[1] == 37);
    FAILS(TF_INVALID_ARGUMENT, "", TF_OperationGetAttrInt(op, "_v", &number, status()));
    FAILS(TF_INVALID_ARGUMENT, "", TF_OperationGetAttrString(op, "_int", text, 5, status()));
    desc = TF_NewOperation(g, "Placeholder", "unknown");
    TF_SetAttrType(desc, "dtype", TF_FLOAT);
    TF_SetAttrShape(desc, "shape", NULL, -1);
    check_metadata(finish_attributes(desc), "shape", 0, -1, TF_ATTR_SHAPE, -1);
    TF_DeleteGraph(g);
    TF_DeleteStatus(status());
}

static void list_attributes(void)
{
    static const void *const strings[] = {"bugs", "bunny", "duck"};
    static const size_t lengths[] = {4, 5, 4};
    static const int64_t ints[] = {1, 2, 3, 4}, two[] = {1, 3}, three[] = {2, 4, 6};
    static const int64_t *const shapes[] = {two, NULL, three};
    static const int ranks[] = {2, -1, 3};
    static const float floats[] = {1.414f, 2.718f, 3.1415f};
    static const unsigned char bools[] = {0, 1, 1, 0};
    static const TF_DataType types[] = {TF_FLOAT, TF_DOUBLE, TF_HALF, TF_COMPLEX128};
    TF_Graph *g = TF_NewGraph();
    TF_OperationDescription *desc = TF_NewOperation(g, "NoOp", "op");
    TF_SetAttrStringList(desc, "_strings", strings, lengths, 3);
    TF_SetAttrIntList(desc, "_ints", ints, 4);
    TF_SetAttrFloatList(desc, "_floats", floats, 3);
    TF_SetAttrBoolList(desc, "_bools", bools, 4);
    TF_SetAttrTypeList(desc, "_types", types, 4);
    TF_SetAttrShapeList(desc, "_shapes", shapes, ranks, 3);
    TF_Operation *op = finish_attributes(desc);

    char storage[13];
    void *got_strings[3];
    size_t got_lengths[3];
    int64_t got_ints[4], room[5], *got_dims[3];
    int got_ranks[3];
    float got_floats[3];
    unsigned char got_bools[4];
    TF_DataType got_types[4];
    check_metadata(op, "_strings", 1, 3, TF_ATTR_STRING, 13);
    OK(TF_OperationGetAttrStringList(op, "_strings", got_strings, got_lengths, 3, storage, sizeof storage, status()));
    for (int i = 0; i < 3; i++)
        CHECK(got_lengths[i] == lengths[i] && memcmp(got_strings[i], strings[i], lengths[i]) == 0);
    check_metadata(op, "_ints", 1, 4, TF_ATTR_INT, -1);
    OK(TF_OperationGetAttrIntList(op, "_ints", got_ints, 4, status()));
    CHECK(memcmp(got_ints, ints, sizeof ints) == 0);
    check_metadata(op, "_floats", 1, 3, TF_ATTR_FLOAT, -1);
    OK(TF_OperationGetAttrFloatList(op, "_floats", got_floats, 3, status()));
    CHECK(memcmp(got_floats, floats, sizeof floats) == 0);
    check_metadata(op, "_bools", 1, 4, TF_ATTR_BOOL, -1);
    OK(TF_OperationGetAttrBoolList(op, "_bools", got_bools, 4, status()));
    CHECK(memcmp(got_bools, bools, sizeof bools) == 0);
    check_metadata(op, "_types", 1, 4, TF_ATTR_TYPE, -1);
    OK(TF_OperationGetAttrTypeList(op, "_types", got_types, 4, status()));
    CHECK(memcmp(got_types, types, sizeof types) == 0);
    check_metadata(op, "_shapes", 1, 3, TF_ATTR_SHAPE, 5);
    OK(TF_OperationGetAttrShapeList(op, "_shapes", got_dims, got_ranks, 3, room, 5, status()));
    CHECK(memcmp(got_ranks, ranks, sizeof ranks) == 0);
    CHECK(memcmp(got_dims[0], two, sizeof two) == 0 && memcmp(got_dims[2], three, sizeof three) == 0);
    FAILS(TF_INVALID_ARGUMENT, "", TF_OperationGetAttrFloatList(op, "_ints", got_floats, 3, status()));
    TF_DeleteGraph(g);
    TF_DeleteStatus(status());
}

static void tensor_and_empty_list(void)
{
    const int64_t dims[] = {1, 2};
    TF_Graph *g = TF_NewGraph();
    TF_Operation *op = constant(g, "op", int32_tensor(dims, 2, (const int32_t[]){5, 7}));
    TF_Tensor *value = NULL;
    check_metadata(op, "value", 0, -1, TF_ATTR_TENSOR, -1);
    OK(TF_OperationGetAttrTensor(op, "value", &value, status()));
    CHECK(TF_TensorType(value) == TF_INT32 && TF_NumDims(value) == 2 && TF_Dim(value, 0) == 1 && TF_Dim(value, 1) == 2);
    CHECK(((const int32_t *)TF_TensorData(value))[0] == 5 && ((const int32_t *)TF_TensorData(value))[1] == 7);
    TF_DeleteTensor(value);
    TF_OperationDescription *desc = TF_NewOperation(g, "Squeeze", "squeezed");
    TF_AddInput(desc, (TF_Output){op, 0});
    TF_SetAttrIntList(desc, "squeeze_dims", NULL, 0);
    check_metadata(finish_attributes(desc), "squeeze_dims", 1, 0, TF_ATTR_INT, -1);
    TF_DeleteGraph(g);
    TF_DeleteStatus(status());
}

#define IMPORTS "ImportGraphDef (+WithReturnOutputs, +MissingUnusedInputMappings)"
#define COLOCATION "Colocation \xc3\x97" "12"
#define ATTRIBUTES "Attributes \xc3\x97" "20"

static const row rows[] = {
    {"6.4", "SetShape", "what is known of shapes", ROW_TESTED, set_shape, NULL},
    {"6.4", "SetShape", "merging", ROW_REASON, NULL, "TF_GraphSetTensorShape is not exported: no client uses it"},
    {"6.4", "Graph", NULL, ROW_TESTED, graph, NULL},
    {"6.4", IMPORTS, "ImportGraphDef", ROW_TESTED, import_graph_def, NULL},
    {"6.4", IMPORTS, "control dependencies", ROW_TESTED, import_control_dependencies, NULL},
    {"6.4", IMPORTS, "results", ROW_TESTED, import_with_results, NULL},
    {"6.4", IMPORTS, "MissingUnusedInputMappings", ROW_REASON, NULL, "its function is not exported: only one client names it"},
    {"6.4", "ShapeInferenceError", NULL, ROW_TESTED, shape_inference_error, NULL},
    {"6.4", COLOCATION, "none", ROW_TESTED, no_colocation, NULL},
    {"6.4", COLOCATION, "ColocateWith", ROW_TESTED, colocate_with, NULL},
    {"6.4", COLOCATION, "StringList", ROW_TESTED, colocate_by_string_list, NULL},
    {"6.4", COLOCATION, "Proto", ROW_TESTED, colocate_by_proto, NULL},
    {"6.4", COLOCATION, "StringList replaces", ROW_TESTED, string_list_replaces, NULL},
    {"6.4", COLOCATION, "ColocateWith adds", ROW_TESTED, colocate_after_string_list, NULL},
    {"6.4", COLOCATION, "Proto replaces", ROW_TESTED, proto_replaces, NULL},
    {"6.4", COLOCATION, "StringList clears", ROW_TESTED, clear_by_string_list, NULL},
    {"6.4", COLOCATION, "Proto clears", ROW_TESTED, clear_by_proto, NULL},
    {"6.4", ATTRIBUTES, "String, Int, Float, Bool, Type, Shape", ROW_TESTED, single_attributes, NULL},
    {"6.4", ATTRIBUTES, "lists", ROW_TESTED, list_attributes, NULL},
    {"6.4", ATTRIBUTES, "Tensor, EmptyList", ROW_TESTED, tensor_and_empty_list, NULL},
    {"6.4", ATTRIBUTES, "shape protos, tensor lists", ROW_REASON, NULL,
     "their getters and setters are not exported; the same attributes go by TF_SetAttrShape and TF_SetAttrValueProto"},
};

const row_list c_api_build_rows = {rows, sizeof rows / sizeof *rows};
