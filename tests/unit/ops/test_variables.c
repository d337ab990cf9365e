/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ops/kernel_harness.h"

#define T_FLOAT " attr { key: 'T' value { type: DT_FLOAT } }"
#define DTYPE_FLOAT " attr { key: 'dtype' value { type: DT_FLOAT } }"
#define SHAPE_2 " attr { key: 'shape' value { shape { dim { size: 2 } } } }"

static const char references[] =
    "node { name: 'v' op: 'VariableV2'" DTYPE_FLOAT SHAPE_2 " }"
    "node { name: 'x' op: 'Placeholder'" DTYPE_FLOAT " }"
    "node { name: 'init' op: 'Assign' input: 'v' input: 'x'" T_FLOAT " }"
    "node { name: 'any' op: 'Assign' input: 'v' input: 'x'" T_FLOAT
    " attr { key: 'validate_shape' value { b: false } } }"
    "node { name: 'more' op: 'AssignAdd' input: 'v' input: 'x'" T_FLOAT " }"
    "node { name: 'read' op: 'Identity' input: 'v'" T_FLOAT " }"
    "node { name: 'is' op: 'IsVariableInitialized' input: 'v'" DTYPE_FLOAT " }"
    "node { name: 'shared' op: 'VariableV2' attr { key: 'shared_name' value { s: 'v' } }" DTYPE_FLOAT SHAPE_2 " }"
    "node { name: 'wrong' op: 'VariableV2' attr { key: 'shared_name' value { s: 'v' } }"
    " attr { key: 'dtype' value { type: DT_INT32 } }" SHAPE_2 " }"
    "node { name: 'under' op: 'VariableV2' attr { key: 'shared_name' value { s: '_v' } }" DTYPE_FLOAT SHAPE_2 " }"
    "node { name: 'box' op: 'VariableV2' attr { key: 'container' value { s: 'a b' } }" DTYPE_FLOAT SHAPE_2 " }"
    "node { name: 'old' op: 'Variable'" DTYPE_FLOAT " attr { key: 'shape' value { shape { } } } }"
    "node { name: 'old_init' op: 'Assign' input: 'old' input: 'x'" T_FLOAT " }";

static void expect_floats(bench *b, const char *node, float first, float second)
{
    const stepc_tensor *t = bench_output(b, node);
    const float *x;

    cr_assert_not_null(t, "%s has no value", node);
    cr_assert(has_dims(t, 1, DIMS(2)));
    x = stepc_tensor_data(t);
    cr_expect(x[0] == first && x[1] == second, "%s: %g %g", node, (double)x[0], (double)x[1]);
}

static void feed(bench *b, const char *node, float first, float second)
{
    float x[] = {first, second};

    bench_feed(b, node, vector_make(STEPC_FLOAT32, 2, x));
}

Test(variables, reference_life)
{
    bench b;
    float three[] = {1, 2, 3};

    bench_open(&b, references);
    cr_assert_eq(bench_run(&b, "v"), STEPC_OK);
    cr_expect_null(bench_output(&b, "v"));
    cr_assert_eq(bench_run(&b, "is"), STEPC_OK);
    cr_expect_not(*(bool *)stepc_tensor_data(bench_output(&b, "is")));

    /* The declared shape counts before there is a value. */
    bench_feed(&b, "x", vector_make(STEPC_FLOAT32, 3, three));
    cr_expect_eq(bench_run(&b, "init"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b),
                     "Assign requires shapes of both tensors to match. lhs shape= [2] rhs shape= [3]");

    feed(&b, "x", 1, 2);
    cr_expect_eq(bench_run(&b, "more"), STEPC_FAILED_PRECONDITION);
    cr_expect_str_eq(bench_message(&b), "Attempting to use uninitialized parameters: v");
    cr_assert_eq(bench_run(&b, "init"), STEPC_OK, "%s", bench_message(&b));
    expect_floats(&b, "init", 1, 2);
    cr_assert_eq(bench_run(&b, "is"), STEPC_OK);
    cr_expect(*(bool *)stepc_tensor_data(bench_output(&b, "is")));

    cr_assert_eq(bench_run(&b, "read"), STEPC_OK);
    feed(&b, "x", 10, 20);
    cr_assert_eq(bench_run(&b, "more"), STEPC_OK);
    expect_floats(&b, "more", 11, 22);
    expect_floats(&b, "read", 1, 2); /* what was read stays */
    cr_assert_eq(bench_run(&b, "read"), STEPC_OK);
    expect_floats(&b, "read", 11, 22);
    cr_assert_eq(bench_run(&b, "v"), STEPC_OK);
    expect_floats(&b, "v", 11, 22);

    bench_feed(&b, "x", vector_make(STEPC_FLOAT32, 3, three));
    cr_expect_eq(bench_run(&b, "more"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "Parameters and update must be the same size");
    cr_assert_eq(bench_run(&b, "any"), STEPC_OK);
    cr_assert(has_dims(bench_output(&b, "any"), 1, DIMS(3)));
    feed(&b, "x", 1, 2);
    cr_expect_eq(bench_run(&b, "init"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b),
                     "Assign requires shapes of both tensors to match. lhs shape= [3] rhs shape= [2]");
    bench_close(&b);
}

/* The variable has its own copy: the caller's memory may change or go. */
Test(variables, assign_copies)
{
    bench b;

    bench_open(&b, references);
    bench_run(&b, "v");
    feed(&b, "x", 1, 2);
    cr_assert_eq(bench_run(&b, "init"), STEPC_OK);
    ((float *)stepc_tensor_data(bench_output(&b, "x")))[0] = 99;
    cr_assert_eq(bench_run(&b, "read"), STEPC_OK);
    expect_floats(&b, "read", 1, 2);
    bench_close(&b);
}

Test(variables, names)
{
    bench b;

    bench_open(&b, references);
    cr_assert_eq(bench_run(&b, "v"), STEPC_OK);
    feed(&b, "x", 5, 6);
    cr_assert_eq(bench_run(&b, "init"), STEPC_OK);
    cr_assert_eq(bench_run(&b, "shared"), STEPC_OK);
    expect_floats(&b, "shared", 5, 6);
    cr_expect_eq(bench_run(&b, "wrong"), STEPC_INVALID_ARGUMENT);
    cr_expect_eq(bench_run(&b, "under"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "shared_name cannot start with '_':_v");
    cr_expect_eq(bench_run(&b, "box"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "container contains invalid characters: a b");
    cr_assert_eq(bench_run(&b, "old"), STEPC_OK);
    cr_assert_eq(bench_run(&b, "old_init"), STEPC_OK, "%s", bench_message(&b));
    expect_floats(&b, "old_init", 5, 6);
    bench_close(&b);
}

static const char resources[] =
    "node { name: 'r' op: 'VarHandleOp'" DTYPE_FLOAT SHAPE_2 " }"
    "node { name: 's' op: 'VarHandleOp'" DTYPE_FLOAT SHAPE_2 " }"
    "node { name: 'x' op: 'Placeholder'" DTYPE_FLOAT " }"
    "node { name: 'pass' op: 'Identity' input: 'r' attr { key: 'T' value { type: DT_RESOURCE } } }"
    "node { name: 'set' op: 'AssignVariableOp' input: 'r' input: 'x'" DTYPE_FLOAT " }"
    "node { name: 'checked' op: 'AssignVariableOp' input: 'r' input: 'x'" DTYPE_FLOAT
    " attr { key: 'validate_shape' value { b: true } } }"
    "node { name: 'get' op: 'ReadVariableOp' input: 'pass'" DTYPE_FLOAT " }"
    "node { name: 'get_s' op: 'ReadVariableOp' input: 's'" DTYPE_FLOAT " }"
    "node { name: 'int' op: 'ReadVariableOp' input: 'r' attr { key: 'dtype' value { type: DT_INT32 } } }"
    "node { name: 'y' op: 'Placeholder' attr { key: 'dtype' value { type: DT_INT32 } } }"
    "node { name: 'set_int' op: 'AssignVariableOp' input: 'r' input: 'y' attr { key: 'dtype' value { type: DT_INT32 } "
    "} }"
    "node { name: 'is' op: 'VarIsInitializedOp' input: 'r' }"
    "node { name: 'anonymous' op: 'VarHandleOp'" DTYPE_FLOAT SHAPE_2
    " attr { key: 'shared_name' value { s: 'cd2c89b7-88b7-44c8-ad83-06c2a9158347' } } }";

Test(variables, resource_life)
{
    bench b;
    float three[] = {1, 2, 3};
    int32_t two[] = {1, 2};

    bench_open(&b, resources);
    cr_assert_eq(bench_run(&b, "r"), STEPC_OK);
    cr_assert_eq(bench_run(&b, "s"), STEPC_OK);
    cr_assert_eq(bench_run(&b, "pass"), STEPC_OK);
    cr_assert_eq(bench_run(&b, "is"), STEPC_OK);
    cr_expect_not(*(bool *)stepc_tensor_data(bench_output(&b, "is")));
    cr_expect_eq(bench_run(&b, "get"), STEPC_FAILED_PRECONDITION);
    cr_expect_str_eq(bench_message(&b),
                     "Error while reading resource variable r from Container: localhost. This could mean that the "
                     "variable was uninitialized. Not found: Container localhost does not exist. (Could not find "
                     "resource: localhost/r)");
    feed(&b, "x", 1, 2);
    cr_assert_eq(bench_run(&b, "set"), STEPC_OK);
    cr_assert_eq(bench_run(&b, "is"), STEPC_OK);
    cr_expect(*(bool *)stepc_tensor_data(bench_output(&b, "is")));
    cr_assert_eq(bench_run(&b, "get"), STEPC_OK);
    feed(&b, "x", 3, 4);
    cr_assert_eq(bench_run(&b, "set"), STEPC_OK);
    expect_floats(&b, "get", 1, 2); /* a snapshot */
    cr_assert_eq(bench_run(&b, "get"), STEPC_OK);
    expect_floats(&b, "get", 3, 4);
    cr_expect_eq(bench_run(&b, "get_s"), STEPC_FAILED_PRECONDITION);
    cr_expect_str_eq(bench_message(&b),
                     "Error while reading resource variable s from Container: localhost. This could mean that the "
                     "variable was uninitialized. Not found: Resource localhost/s/N10tensorflow3VarE does not exist.");

    cr_expect_eq(bench_run(&b, "int"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "Trying to read variable with wrong dtype. Expected int32 got float");
    bench_feed(&b, "y", vector_make(STEPC_INT32, 2, two));
    cr_expect_eq(bench_run(&b, "set_int"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "Trying to assign variable with wrong dtype. Expected float got int32");

    bench_feed(&b, "x", vector_make(STEPC_FLOAT32, 3, three));
    cr_expect_eq(bench_run(&b, "checked"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b),
                     "Trying to assign to variable with tensor with wrong shape. Expected [2] got [3]");
    cr_expect_eq(bench_run(&b, "set"), STEPC_OK); /* TensorFlow 1.15 checks no shape here */
    cr_expect_eq(bench_run(&b, "anonymous"), STEPC_UNIMPLEMENTED);
    bench_close(&b);
}

/* A dimension of -1 in the declared shape takes any size. */
Test(variables, partly_declared_shape)
{
    bench b;
    float six[6] = {0};

    bench_open(&b, "node { name: 'v' op: 'VariableV2'" DTYPE_FLOAT
                   " attr { key: 'shape' value { shape { dim { size: -1 } dim { size: 3 } } } } }"
                   "node { name: 'x' op: 'Placeholder'" DTYPE_FLOAT " }"
                   "node { name: 'init' op: 'Assign' input: 'v' input: 'x'" T_FLOAT " }");
    cr_assert_eq(bench_run(&b, "v"), STEPC_OK);
    bench_feed(&b, "x", tensor_make(STEPC_FLOAT32, 2, DIMS(3, 2), six));
    cr_expect_eq(bench_run(&b, "init"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b),
                     "Assign requires shapes of both tensors to match. lhs shape= [?,3] rhs shape= [3,2]");
    bench_feed(&b, "x", tensor_make(STEPC_FLOAT32, 2, DIMS(2, 3), six));
    cr_expect_eq(bench_run(&b, "init"), STEPC_OK);
    bench_close(&b);
}

Test(variables, store)
{
    stepc_host host = host_resolve(NULL);
    variable_store *store;
    variable *v, *w;
    char name[16];
    int n = 0;

    cr_assert_eq(variable_store_new(NULL, &store, NULL), STEPC_OK);
    cr_expect_null(variable_first(store));
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "v%d", i);
        cr_assert_eq(variable_lookup(store, "localhost", name, STEPC_FLOAT32, DIMS(i), 1, false, &v, NULL), STEPC_OK);
        cr_assert_eq(variable_lookup(store, "localhost", name, STEPC_FLOAT32, NULL, -1, false, &w, NULL), STEPC_OK);
        cr_assert_eq(v, w);
        cr_assert(v->rank == 1 && v->dims[0] == i && !v->value);
    }
    cr_assert_eq(variable_lookup(store, "elsewhere", "v1", STEPC_INT32, NULL, 0, true, &v, NULL), STEPC_OK);
    cr_assert_eq(variable_lookup(store, "localhost", "v1", STEPC_FLOAT32, NULL, 0, false, &w, NULL), STEPC_OK);
    cr_expect_neq(v, w);
    cr_expect_eq(variable_lookup(store, "localhost", "v1", STEPC_INT32, NULL, 0, false, &w, NULL),
                 STEPC_INVALID_ARGUMENT);
    cr_expect_eq(variable_lookup(store, "localhost", "v1", STEPC_FLOAT32, NULL, 0, true, &w, NULL),
                 STEPC_INVALID_ARGUMENT);
    for (v = variable_first(store); v; v = v->next, n++) {
        snprintf(name, sizeof name, "v%d", n);
        cr_assert_str_eq(v->name, n < 1000 ? name : "v1");
    }
    cr_expect_eq(n, 1001);
    variable_set(variable_first(store), scalar_make(STEPC_FLOAT32, NULL));
    variable_set(variable_first(store), scalar_make(STEPC_FLOAT32, NULL));
    variable_store_free(store);
    variable_store_free(NULL);
    (void)host;
}

/* ---- memory runs out ---- */

typedef struct failing {
    stepc_allocator real;
    int left; /* allocations until one fails */
    int live;
} failing;

static void *failing_allocate(void *context, size_t bytes, size_t alignment)
{
    failing *f = context;
    void *memory;

    if (f->left-- == 0)
        return NULL;
    memory = f->real.allocate(f->real.context, bytes, alignment);
    f->live += memory != NULL;
    return memory;
}

static void failing_release(void *context, void *memory, size_t bytes)
{
    failing *f = context;

    f->live -= memory != NULL;
    f->real.release(f->real.context, memory, bytes);
}

static stepc_host failing_host(failing *f, int left)
{
    stepc_host host = host_resolve(NULL);

    *f = (failing){host.allocator, left, 0};
    host.allocator = (stepc_allocator){f, failing_allocate, failing_release};
    return host;
}

Test(memory, store)
{
    for (int n = 0; n < 40; n++) {
        failing f;
        stepc_host host = failing_host(&f, n);
        variable_store *store;
        variable *v;
        char name[8];

        if (variable_store_new(&host, &store, NULL) == STEPC_OK) {
            for (int i = 0; i < 12; i++) {
                snprintf(name, sizeof name, "v%d", i);
                if (variable_lookup(store, "localhost", name, STEPC_FLOAT32, DIMS(1, 2), 2, false, &v, NULL) !=
                    STEPC_OK)
                    break;
                variable_set(v, scalar_make(STEPC_FLOAT32, NULL));
            }
            variable_store_free(store);
        }
        cr_expect_eq(f.live, 0, "%d left when allocation %d fails", f.live, n);
    }
}

/* Every kernel of a small training graph: OK or RESOURCE_EXHAUSTED, nothing lost. */
Test(memory, kernels)
{
    static const char graph[] =
        "node { name: 'v' op: 'VariableV2'" DTYPE_FLOAT SHAPE_2 " }"
        "node { name: 'x' op: 'Placeholder'" DTYPE_FLOAT " }"
        "node { name: 's' op: 'Placeholder'" DTYPE_FLOAT " }"
        "node { name: 'dims' op: 'Placeholder' attr { key: 'dtype' value { type: DT_INT32 } } }"
        "node { name: 't' op: 'Placeholder' attr { key: 'dtype' value { type: DT_STRING } } }"
        "node { name: 'c' op: 'Const'" DTYPE_FLOAT " attr { key: 'value' value { tensor { dtype: DT_FLOAT"
        " tensor_shape { dim { size: 2 } } float_val: 1 } } } }"
        "node { name: 'init' op: 'Assign' input: 'v' input: 'c'" T_FLOAT " }"
        "node { name: 'more' op: 'AssignAdd' input: 'v' input: 'x'" T_FLOAT " }"
        "node { name: 'is' op: 'IsVariableInitialized' input: 'v'" DTYPE_FLOAT " }"
        "node { name: 'step' op: 'ApplyGradientDescent' input: 'v' input: 's' input: 'x'" T_FLOAT " }"
        "node { name: 'add' op: 'Add' input: 'x' input: 's'" T_FLOAT " }"
        "node { name: 'join' op: 'Add' input: 't' input: 't' attr { key: 'T' value { type: DT_STRING } } }"
        "node { name: 'exp' op: 'Exp' input: 'x'" T_FLOAT " }"
        "node { name: 'eq' op: 'Equal' input: 'x' input: 's'" T_FLOAT " }"
        "node { name: 'sum' op: 'AddN' input: 'x' input: 'x' input: 'x'" T_FLOAT " attr { key: 'N' value { i: 3 } } }"
        "node { name: 'm' op: 'Placeholder'" DTYPE_FLOAT " }"
        "node { name: 'bias' op: 'BiasAdd' input: 'm' input: 'x'" T_FLOAT " }"
        "node { name: 'random' op: 'RandomUniform' input: 'dims' attr { key: 'T' value { type: DT_INT32 } }" DTYPE_FLOAT
        " attr { key: 'seed' value { i: 1 } } }"
        "node { name: 'cast' op: 'Cast' input: 'x' attr { key: 'SrcT' value { type: DT_FLOAT } }"
        " attr { key: 'DstT' value { type: DT_INT8 } } }";
    static const char *const order[] = {"v",    "c",   "init", "more", "is",   "step",   "add",
                                        "join", "exp", "eq",   "sum",  "bias", "random", "cast"};
    float two[] = {1, 2};
    int32_t dims[] = {3, 2};
    int failures = 0;

    for (int n = 0; n < 80; n++) {
        failing f;
        bench b;
        stepc_tensor *strings = tensor_make(STEPC_STRING, 1, DIMS(2), NULL);

        bench_open(&b, graph);
        b.host = failing_host(&f, n);
        stepc_tensor_set_string(strings, 0, (stepc_string){"abc", 3}, NULL);
        bench_feed(&b, "x", vector_make(STEPC_FLOAT32, 2, two));
        bench_feed(&b, "s", scalar_make(STEPC_FLOAT32, two));
        bench_feed(&b, "m", tensor_make(STEPC_FLOAT32, 2, DIMS(1, 2), two));
        bench_feed(&b, "dims", vector_make(STEPC_INT32, 2, dims));
        bench_feed(&b, "t", strings);
        for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
            stepc_code code = bench_run(&b, order[i]);

            if (code == STEPC_OK)
                continue;
            cr_expect_eq(code, STEPC_RESOURCE_EXHAUSTED, "%s: %s", order[i], bench_message(&b));
            failures++;
            break;
        }
        bench_close(&b);
        cr_expect_eq(f.live, 0, "%d left when allocation %d fails", f.live, n);
    }
    cr_expect_gt(failures, 20);
    cr_expect_lt(failures, 80); /* the last rounds pass */
}
