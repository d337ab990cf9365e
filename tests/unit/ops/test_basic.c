/* SPDX-License-Identifier: Apache-2.0 */
/* Const, Identity, NoOp, Placeholder; and the shape functions of all files beside it. */
#include "tests/unit/ops/kernel_harness.h"

#define T_FLOAT " attr { key: 'T' value { type: DT_FLOAT } }"
#define DTYPE_FLOAT " attr { key: 'dtype' value { type: DT_FLOAT } }"

Test(basic, const_values)
{
    bench b;
    const float *x;
    const stepc_string *s;

    bench_open(&b, "node { name: 'c' op: 'Const'" DTYPE_FLOAT " attr { key: 'value' value { tensor { dtype: DT_FLOAT"
                   " tensor_shape { dim { size: 4 } } float_val: 1 float_val: 2 } } } }"
                   "node { name: 's' op: 'Const' attr { key: 'dtype' value { type: DT_STRING } }"
                   " attr { key: 'value' value { tensor { dtype: DT_STRING tensor_shape { } string_val: 'ab' } } } }"
                   "node { name: 'i' op: 'Identity' input: 'c'" T_FLOAT " }"
                   "node { name: 'n' op: 'NoOp' }");
    cr_assert_eq(bench_run(&b, "c"), STEPC_OK, "%s", bench_message(&b));
    cr_assert(has_dims(bench_output(&b, "c"), 1, DIMS(4)));
    x = stepc_tensor_data(bench_output(&b, "c"));
    cr_expect(x[0] == 1 && x[1] == 2 && x[2] == 2 && x[3] == 2);
    cr_assert_eq(bench_run(&b, "s"), STEPC_OK);
    s = stepc_tensor_data(bench_output(&b, "s"));
    cr_expect(s->size == 2 && memcmp(s->data, "ab", 2) == 0);
    cr_assert_eq(bench_run(&b, "i"), STEPC_OK);
    cr_expect_eq(stepc_tensor_data(bench_output(&b, "i")), x);
    cr_assert_eq(bench_run(&b, "n"), STEPC_OK);
    bench_close(&b);
}

Test(basic, placeholder_must_be_fed)
{
    bench b;

    bench_open(&b, "node { name: 'x' op: 'Placeholder'" DTYPE_FLOAT
                   " attr { key: 'shape' value { shape { dim { size: -1 } dim { size: 3 } } } } }"
                   "node { name: 'y' op: 'Placeholder'" DTYPE_FLOAT " }");
    cr_expect_eq(bench_run(&b, "x"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b),
                     "You must feed a value for placeholder tensor 'x' with dtype float and shape [?,3]");
    cr_expect_eq(bench_run(&b, "y"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "You must feed a value for placeholder tensor 'y' with dtype float");
    bench_close(&b);
}

Test(basic, ones_like)
{
    bench b;
    bool x[] = {false, true};
    const bool *y;

    bench_open_t(&b, "OnesLike", 1, STEPC_BOOL);
    bench_feed(&b, "x0", vector_make(STEPC_BOOL, 2, x));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    y = stepc_tensor_data(bench_output(&b, "op"));
    cr_expect(y[0] && y[1]);
    bench_close(&b);
}

/* ---- shape functions ---- */

typedef struct plan {
    bench b;
    arena memory;
    size_pool sizes;
    infer_value values[BENCH_NODES][BENCH_PORTS];
} plan;

static void plan_open(plan *p, const char *graph)
{
    bench_open(&p->b, graph);
    arena_init(&p->memory, &p->b.host);
    size_pool_init(&p->sizes, &p->memory);
}

static void plan_close(plan *p)
{
    arena_release(&p->memory);
    bench_close(&p->b);
}

/* Infers one node; its inputs must have been inferred. */
static stepc_code plan_infer(plan *p, const char *name)
{
    const stepc_operation *op = bench_op(&p->b, name);
    infer_value *inputs[16];
    infer_context c = {0};

    for (int32_t i = 0; i < op->input_count; i++)
        inputs[i] = &p->values[op->inputs[i].op->index][op->inputs[i].index];
    for (int32_t i = 0; i < op->output_count; i++) {
        p->values[op->index][i] = (infer_value){0};
        p->values[op->index][i].dtype = (stepc_dtype)(op->output_dtypes[i] % 100);
        p->values[op->index][i].rank = -1;
    }
    c.host = &p->b.host;
    c.memory = &p->memory;
    c.sizes = &p->sizes;
    c.op = op;
    c.input_count = op->input_count;
    c.output_count = op->output_count;
    c.inputs = inputs;
    c.outputs = p->values[op->index];
    c.error = p->b.error;
    stepc_error_clear(p->b.error);
    return op_row_find(op->type)->infer(&c);
}

/* "[2,n]", "?" without a rank. */
static const char *plan_shape(plan *p, const char *name)
{
    static char buffer[256];
    const infer_value *v = &p->values[bench_op(&p->b, name)->index][0];
    text t;

    if (v->rank < 0)
        return "?";
    text_init(&t, &p->b.host);
    text_puts(&t, "[");
    for (int32_t i = 0; i < v->rank; i++) {
        text_puts(&t, i > 0 ? "," : "");
        if (v->dims[i] == SIZE_UNKNOWN)
            text_puts(&t, "?");
        else
            size_print(&p->sizes, v->dims[i], &t);
    }
    text_puts(&t, "]");
    snprintf(buffer, sizeof buffer, "%s", t.data);
    text_release(&t);
    return buffer;
}

static void expect_shape(plan *p, const char *name, const char *shape)
{
    cr_assert_eq(plan_infer(p, name), STEPC_OK, "%s: %s", name, bench_message(&p->b));
    cr_expect_str_eq(plan_shape(p, name), shape, "%s: %s", name, plan_shape(p, name));
}

#define PLACEHOLDER(name, dims)                                                                                        \
    "node { name: '" name "' op: 'Placeholder'" DTYPE_FLOAT " attr { key: 'shape' value { shape { " dims " } } } }"
#define DIM(n) "dim { size: " #n " } "

Test(infer, elementwise)
{
    plan p = {0};

    plan_open(&p,
              PLACEHOLDER("a", DIM(-1) DIM(3)) PLACEHOLDER("b", DIM(2) DIM(-1)) PLACEHOLDER("c", DIM(4)) PLACEHOLDER(
                  "d", DIM(3)) "node { name: 'u' op: 'Placeholder'" DTYPE_FLOAT " }"
                               "node { name: 'sum' op: 'AddN' input: 'a' input: 'b' input: 'u'" T_FLOAT
                               " attr { key: 'N' value { i: 3 } } }"
                               "node { name: 'bad' op: 'AddN' input: 'a' input: 'c'" T_FLOAT
                               " attr { key: 'N' value { i: 2 } } }"
                               "node { name: 'one' op: 'AddN' input: 'b'" T_FLOAT " attr { key: 'N' value { i: 1 } } }"
                               "node { name: 'grad' op: 'ReluGrad' input: 'a' input: 'b'" T_FLOAT " }"
                               "node { name: 'bias' op: 'BiasAdd' input: 'b' input: 'd'" T_FLOAT " }"
                               "node { name: 'few' op: 'BiasAdd' input: 'a' input: 'c'" T_FLOAT " }"
                               "node { name: 'flat' op: 'BiasAdd' input: 'c' input: 'c'" T_FLOAT " }"
                               "node { name: 'cast' op: 'Cast' input: 'a' attr { key: 'SrcT' value { type: DT_FLOAT } }"
                               " attr { key: 'DstT' value { type: DT_INT32 } } }"
                               "node { name: 'eq' op: 'Equal' input: 'b' input: 'd'" T_FLOAT " }"
                               "node { name: 'no' op: 'Equal' input: 'c' input: 'd'" T_FLOAT
                               " attr { key: 'incompatible_shape_error' value { b: false } } }"
                               "node { name: 'maybe' op: 'Equal' input: 'b' input: 'd'" T_FLOAT
                               " attr { key: 'incompatible_shape_error' value { b: false } } }"
                               "node { name: 'never' op: 'Equal' input: 'c' input: 'd'" T_FLOAT " }");
    expect_shape(&p, "a", "[?,3]");
    expect_shape(&p, "b", "[2,?]");
    expect_shape(&p, "c", "[4]");
    expect_shape(&p, "d", "[3]");
    expect_shape(&p, "u", "?");
    expect_shape(&p, "sum", "[2,3]");
    cr_expect_eq(plan_infer(&p, "bad"), STEPC_INVALID_ARGUMENT);
    expect_shape(&p, "one", "[2,?]");
    expect_shape(&p, "grad", "[2,3]");
    expect_shape(&p, "bias", "[2,3]");
    cr_expect_eq(plan_infer(&p, "few"), STEPC_INVALID_ARGUMENT);
    cr_expect_eq(plan_infer(&p, "flat"), STEPC_INVALID_ARGUMENT);
    expect_shape(&p, "cast", "[?,3]");
    expect_shape(&p, "eq", "[2,3]");
    expect_shape(&p, "no", "[]");
    expect_shape(&p, "maybe", "?");
    cr_expect_eq(plan_infer(&p, "never"), STEPC_INVALID_ARGUMENT);
    plan_close(&p);
}

#define CONST_I64(name, value)                                                                                         \
    "node { name: '" name "' op: 'Const' attr { key: 'dtype' value { type: DT_INT64 } } attr { key: 'value' value {"   \
    " tensor { dtype: DT_INT64 tensor_shape { dim { size: 2 } } " value " } } } }"

Test(infer, constants_are_sizes)
{
    plan p = {0};
    const infer_value *v;
    int64_t size;

    plan_open(
        &p,
        CONST_I64("c", "int64_val: 5 int64_val: -1") CONST_I64("big", "int64_val: 4294967296 int64_val: 1")
            CONST_I64("ok", "int64_val: 6 int64_val: 7") "node { name: 'cast' op: 'Cast' input: 'c' attr { key: 'SrcT' "
                                                         "value { type: DT_INT64 } }"
                                                         " attr { key: 'DstT' value { type: DT_INT32 } } }"
                                                         "node { name: 'lost' op: 'Cast' input: 'big' attr { key: "
                                                         "'SrcT' value { type: DT_INT64 } }"
                                                         " attr { key: 'DstT' value { type: DT_INT32 } } }"
                                                         "node { name: 'random' op: 'RandomUniform' input: 'ok' attr { "
                                                         "key: 'T' value { type: DT_INT64 } }" DTYPE_FLOAT " }"
                                                         "node { name: 'refused' op: 'RandomUniform' input: 'c' attr { "
                                                         "key: 'T' value { type: DT_INT64 } }" DTYPE_FLOAT " }");
    expect_shape(&p, "c", "[2]");
    expect_shape(&p, "big", "[2]");
    expect_shape(&p, "ok", "[2]");
    expect_shape(&p, "cast", "[2]");
    v = &p.values[bench_op(&p.b, "cast")->index][0];
    cr_assert(v->elements && v->element_count == 2);
    cr_expect(size_is_const(&p.sizes, v->elements[1], &size) && size == -1);
    expect_shape(&p, "lost", "[2]");
    cr_expect_null(p.values[bench_op(&p.b, "lost")->index][0].elements);
    expect_shape(&p, "random", "[6,7]");
    cr_expect_eq(plan_infer(&p, "refused"), STEPC_INVALID_ARGUMENT);
    plan_close(&p);
}

#define SHAPE_2 " attr { key: 'shape' value { shape { dim { size: 2 } } } }"

Test(infer, variables)
{
    plan p = {0};

    plan_open(&p, "node { name: 'v' op: 'VariableV2'" DTYPE_FLOAT SHAPE_2 " }"
                  "node { name: 'old' op: 'Variable'" DTYPE_FLOAT " attr { key: 'shape' value { shape { } } } }"
                  "node { name: 'h' op: 'VarHandleOp'" DTYPE_FLOAT SHAPE_2 " }"
                  "node { name: 'pass' op: 'Identity' input: 'h' attr { key: 'T' value { type: DT_RESOURCE } } }"
                  "node { name: 'x' op: 'Placeholder'" DTYPE_FLOAT " }" PLACEHOLDER(
                      "y", DIM(3)) "node { name: 'set' op: 'Assign' input: 'v' input: 'x'" T_FLOAT " }"
                                   "node { name: 'bad' op: 'Assign' input: 'v' input: 'y'" T_FLOAT " }"
                                   "node { name: 'any' op: 'Assign' input: 'v' input: 'y'" T_FLOAT
                                   " attr { key: 'validate_shape' value { b: false } } }"
                                   "node { name: 'get' op: 'ReadVariableOp' input: 'pass'" DTYPE_FLOAT " }"
                                   "node { name: 'set_h' op: 'AssignVariableOp' input: 'h' input: 'x'" DTYPE_FLOAT " }"
                                   "node { name: 'bad_h' op: 'AssignVariableOp' input: 'h' input: 'y'" DTYPE_FLOAT " }"
                                   "node { name: 'is' op: 'VarIsInitializedOp' input: 'h' }");
    expect_shape(&p, "v", "[2]");
    expect_shape(&p, "old", "?");
    expect_shape(&p, "h", "[]");
    expect_shape(&p, "pass", "[]");
    expect_shape(&p, "x", "?");
    expect_shape(&p, "y", "[3]");
    expect_shape(&p, "set", "[2]");
    cr_expect_eq(plan_infer(&p, "bad"), STEPC_INVALID_ARGUMENT);
    expect_shape(&p, "any", "[3]");
    expect_shape(&p, "get", "[2]");
    cr_expect_eq(plan_infer(&p, "set_h"), STEPC_OK);
    cr_expect_eq(plan_infer(&p, "bad_h"), STEPC_INVALID_ARGUMENT);
    expect_shape(&p, "is", "[]");
    plan_close(&p);
}
