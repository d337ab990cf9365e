/* SPDX-License-Identifier: Apache-2.0 */
/* Pruning to a step, refusing what is missing, and what is known of every value. */
#include "../nodes.h"
#include "compiler/passes/step.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct subject {
    stepc_host host;
    stepc_graph *graph;
    arena memory;
    size_pool sizes;
    signature sig;
    step *made;
    stepc_error error;
    char reported[4000]; /* "kind subject text\n" of each report */
} subject;

static void note(void *context, const char *kind, const char *what, const char *more)
{
    subject *s = context;
    size_t used = strlen(s->reported);
    snprintf(s->reported + used, sizeof s->reported - used, "%s %s %s\n", kind, what, more);
}

static void subject_open(subject *s, const char *source)
{
    memset(s, 0, sizeof *s);
    error_init(&s->error);
    stepc_host_init(&s->host);
    s->host.report = note;
    s->host.report_context = s;
    arena_init(&s->memory, &s->host);
    size_pool_init(&s->sizes, &s->memory);
    source = arena_format(&s->memory, "%sversions { producer: 134 }\n", source);
    stepc_load_options options = {.size = sizeof options, .host = &s->host};
    cr_assert_eq(stepc_graph_parse("test.pbtxt", source, strlen(source), &options, &s->graph, &s->error), STEPC_OK,
                 "%s", s->error.message);
}

static void subject_close(subject *s)
{
    step_release(s->made);
    stepc_graph_release(s->graph);
    arena_release(&s->memory);
}

/* FEEDS: up to four of "tensor", "shape" pairs. */
static void build(subject *s, const char *const *feeds, const char *fetch, bool no_fold)
{
    stepc_feed_spec feed_specs[4] = {{0}};
    stepc_fetch_spec fetch_spec = {.tensor = fetch};
    stepc_callable_spec spec = {.size = sizeof spec, .feeds = feed_specs, .fetches = &fetch_spec, .fetch_count = 1};
    for (size_t i = 0; feeds && feeds[2 * i]; i++, spec.feed_count++)
        feed_specs[i] = (stepc_feed_spec){.tensor = feeds[2 * i], .shape = feeds[2 * i + 1]};
    step_release(s->made);
    s->made = NULL;
    cr_assert_eq(signature_resolve(s->graph, &s->memory, &spec, &s->sig, &s->error), STEPC_OK, "%s", s->error.message);
    cr_assert_eq(step_build(&s->host, &s->memory, &s->sizes, s->graph, &s->sig, no_fold, &s->made, &s->error), STEPC_OK,
                 "%s", s->error.message);
}

static void infer(subject *s, const char *const *feeds, const char *fetch, bool no_fold)
{
    build(s, feeds, fetch, no_fold);
    cr_assert_eq(pass_infer(s->made, &s->error), STEPC_OK, "%s", s->error.message);
}

#define NONE NULL
#define FED(...) \
    (const char *const[9]) { __VA_ARGS__ }

static step_value *value_of(subject *s, const char *name)
{
    stepc_output at;
    cr_assert_eq(stepc_graph_find_output(s->graph, name, &at, &s->error), STEPC_OK);
    return step_value_of(s->made, at);
}

static bool runs(const subject *s, const char *name)
{
    for (size_t i = 0; i < s->made->operations.count; i++)
        if (strcmp(s->made->operations.items[i]->name.data, name) == 0)
            return true;
    return false;
}

static void has_shape(subject *s, const char *name, const char *want)
{
    const infer_value *info = &value_of(s, name)->info;
    text out;
    text_init(&out, &s->host);
    for (int32_t d = 0; d < info->rank; d++) {
        text_puts(&out, d ? "," : "");
        size_print(&s->sizes, info->dims[d], &out);
    }
    cr_assert_str_eq(info->rank < 0 ? "unknown" : out.data, want, "%s is [%s]", name, out.data);
    text_release(&out);
}

/* ---- pruning ---------------------------------------------------------------------------------- */

#define CHAIN                                                                                       \
    PLACEHOLDER("x", "FLOAT", DIM(-1) DIM(4))                                                       \
    UNARY("a", "Neg", "FLOAT", "x") UNARY("b", "Exp", "FLOAT", "a") UNARY("c", "Sin", "FLOAT", "b") \
        UNARY("side", "Cos", "FLOAT", "a") NODE("after", "Identity", IN("c") IN("^side") TYPE("T", "FLOAT"))

Test(step, feeding_an_inner_tensor_cuts_what_is_above_it)
{
    subject s;
    subject_open(&s, CHAIN);
    build(&s, FED("x", NULL), "c", false);
    cr_assert_eq(s.made->operations.count, 3);
    cr_assert(!runs(&s, "x") && runs(&s, "a") && runs(&s, "b") && runs(&s, "c") && !runs(&s, "side"));
    cr_assert_eq(value_of(&s, "x")->feed, 0);
    cr_assert_null(value_of(&s, "side"));
    build(&s, FED("b", "2,4"), "c", false);
    cr_assert_eq(s.made->operations.count, 1);
    cr_assert(value_of(&s, "b")->is_fed);
    cr_assert_null(value_of(&s, "x"));
    build(&s, FED("x", NULL, "b", "2,4"), "after", false);
    cr_assert(runs(&s, "side") && runs(&s, "a") && !runs(&s, "b"), "a control edge still leads up");
    build(&s, FED("c", "2"), "c", false);
    cr_assert_eq(s.made->operations.count, 0);
    subject_close(&s);
}

Test(step, operations_come_after_what_they_wait_for)
{
    subject s;
    subject_open(&s, UNARY("c", "Sin", "FLOAT", "b") UNARY("b", "Exp", "FLOAT", "x") PLACEHOLDER("x", "FLOAT", DIM(2)));
    build(&s, FED("x", NULL), "c", false);
    cr_assert_str_eq(s.made->operations.items[0]->name.data, "b");
    cr_assert_str_eq(s.made->operations.items[1]->name.data, "c");
    subject_close(&s);
}

/* ---- what is missing ----------------------------------------------------------------------------- */

Test(supported, everything_there)
{
    subject s;
    subject_open(&s, CHAIN);
    build(&s, FED("x", NULL), "after", false);
    cr_assert_eq(pass_supported(s.made, &s.error), STEPC_OK);
    cr_assert_str_eq(s.reported, "");
    subject_close(&s);
}

/* Ten operators on host resources, one of them twice. */
Test(supported, the_first_eight_are_named_and_all_reported)
{
    subject s;
    subject_open(
        &s,
        NODE("q0", "TextLineReaderV2", "") NODE("q1", "WholeFileReaderV2", "") NODE("q2", "IdentityReaderV2", "")
            NODE("q3", "TFRecordReaderV2", "") NODE("q4", "LMDBReader", "") NODE("q5", "Timestamp", "")
                NODE("q6", "ControlTrigger", "") NODE("q7", "Stack", TYPE("elem_type", "FLOAT")) NODE("q8", "Abort", "")
                    NODE("q9", "MutexV2", "") NODE("q10", "Timestamp", "") CONST("c", "FLOAT", "", "float_val: 1")
                        NODE("one", "Identity", IN("c") IN("^q9") TYPE("T", "FLOAT"))
                            NODE("all", "Identity",
                                 IN("c") IN("^q0") IN("^q1") IN("^q2") IN("^q3") IN("^q4") IN("^q5") IN("^q6") IN("^q7")
                                     IN("^q8") IN("^q9") IN("^q10") TYPE("T", "FLOAT")));
    build(&s, NONE, "one", false);
    cr_assert_eq(pass_supported(s.made, &s.error), STEPC_UNIMPLEMENTED);
    cr_assert_str_eq(s.error.message, "the step needs 1 operator that is not implemented: MutexV2");
    cr_assert_str_eq(s.error.node, "q9");
    cr_assert_str_eq(s.error.operator_type, "MutexV2");
    cr_assert_str_eq(s.reported, "missing-operator MutexV2 q9\n");
    s.reported[0] = 0;
    build(&s, NONE, "all", false);
    cr_assert_eq(pass_supported(s.made, &s.error), STEPC_UNIMPLEMENTED);
    cr_assert_str_eq(
        s.error.message,
        "the step needs 10 operators that are not implemented: TextLineReaderV2, WholeFileReaderV2, IdentityReaderV2, "
        "TFRecordReaderV2, LMDBReader, Timestamp, ControlTrigger, Stack, ...");
    int lines = 0;
    for (const char *p = s.reported; *p; p++)
        lines += *p == '\n';
    cr_assert_eq(lines, 10);
    cr_assert_not_null(strstr(s.reported, "missing-operator Abort q8\n"));
    cr_assert_neq(s.error.mend[0], 0);
    subject_close(&s);
}

/* ---- shapes ------------------------------------------------------------------------------------------ */

Test(infer, symbolic_shapes)
{
    subject s;
    subject_open(&s, PLACEHOLDER("x", "FLOAT", DIM(-1) DIM(4)) PLACEHOLDER("w", "FLOAT", DIM(4) DIM(-1))
                         BINARY("p", "MatMul", "FLOAT", "x", "w") CONST("axes", "INT32", DIM(1), "int_val: 0")
                             NODE("sum", "Sum", IN("p") IN("axes") TYPE("T", "FLOAT"))
                                 CONST("twice", "INT32", DIM(2), "int_val: 2 int_val: 3")
                                     NODE("t", "Tile", IN("p") IN("twice") TYPE("T", "FLOAT"))
                                         NODE("turned", "Transpose", IN("t") IN("perm") TYPE("T", "FLOAT"))
                                             CONST("perm", "INT32", DIM(2), "int_val: 1 int_val: 0"));
    infer(&s, FED("x", "n,4", "w", "4,m"), "turned", false);
    has_shape(&s, "p", "n,m");
    has_shape(&s, "t", "n*2,m*3");
    has_shape(&s, "turned", "m*3,n*2");
    infer(&s, FED("x", "n<=8,4", "w", "4,7"), "sum", false);
    has_shape(&s, "sum", "7");
    subject_close(&s);
}

/* Shape -> arithmetic -> Reshape keeps what is known. */
Test(infer, shape_chains)
{
    subject s;
    subject_open(&s, PLACEHOLDER("x", "FLOAT", DIM(-1) DIM(4)) SHAPE_OF("s", "FLOAT", "x")
                         CONST("two", "INT32", DIM(2), "int_val: 2 int_val: 1")
                             BINARY("doubled", "Mul", "INT32", "s", "two") UNARY("same", "Identity", "INT32", "doubled")
                                 NODE("filled", "Fill", IN("same") IN("zero") TYPE("T", "FLOAT")) CONST(
                                     "zero", "FLOAT", "", "float_val: 0") CONST("minus", "INT32", DIM(1), "int_val: -1")
                                     RESHAPE("flat", "FLOAT", "x", "minus") RESHAPE("back", "FLOAT", "flat", "s")
                                         BINARY("sum", "Add", "FLOAT", "back", "x"));
    infer(&s, FED("x", "n,4"), "filled", false);
    has_shape(&s, "filled", "n*2,4");
    cr_assert_null(value_of(&s, "s")->info.constant, "n is not a number");
    infer(&s, FED("x", "n,4"), "sum", false);
    has_shape(&s, "flat", "n*4");
    has_shape(&s, "sum", "n,4");
    infer(&s, FED("x", "5,4"), "filled", false);
    has_shape(&s, "filled", "10,4");
    cr_assert(value_of(&s, "s")->is_folded && value_of(&s, "same")->is_folded);
    cr_assert_eq(((const int32_t *)stepc_tensor_data(value_of(&s, "same")->info.constant))[0], 10);
    subject_close(&s);
}

/* 3,000,000,000 does not fit an int32: the session's kernel fails, so no constant stands for it. */
Test(infer, sizes_beyond_the_dtype_are_no_constants)
{
    subject s;
    subject_open(&s, PLACEHOLDER("x", "INT8", DIM(3000000000)) SHAPE_OF("narrow", "INT8", "x")
                         NODE("wide", "Shape", IN("x") TYPE("T", "INT8") TYPE("out_type", "INT64")));
    infer(&s, FED("x", NULL), "narrow", false);
    cr_assert_null(value_of(&s, "narrow")->info.constant);
    infer(&s, FED("x", NULL), "wide", false);
    cr_assert_eq(*(const int64_t *)stepc_tensor_data(value_of(&s, "wide")->info.constant), INT64_C(3000000000));
    subject_close(&s);
}

Test(infer, shapes_that_never_fit)
{
    subject s;
    subject_open(&s, PLACEHOLDER("x", "FLOAT", DIM(2) DIM(3)) PLACEHOLDER("y", "FLOAT", DIM(2) DIM(4))
                         BINARY("sum", "Add", "FLOAT", "x", "y"));
    build(&s, FED("x", NULL, "y", NULL), "sum", false);
    cr_assert_eq(pass_infer(s.made, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(s.error.node, "sum");
    cr_assert_str_eq(s.error.operator_type, "Add");
    subject_close(&s);
}

Test(infer, an_unfed_placeholder_is_known_by_its_shape)
{
    subject s;
    subject_open(&s, CHAIN);
    infer(&s, NONE, "c", false);
    cr_assert(runs(&s, "x"));
    cr_assert_eq(value_of(&s, "c")->info.rank, 2);
    cr_assert_null(value_of(&s, "c")->info.constant);
    subject_close(&s);
}

/* ---- folding -------------------------------------------------------------------------------------------- */

#define CONSTANTS                                                                         \
    CONST("a", "FLOAT", DIM(2), "float_val: 1 float_val: 2")                              \
    CONST("b", "FLOAT", DIM(2), "float_val: 10") BINARY("sum", "Add", "FLOAT", "a", "b")  \
        BINARY("product", "Mul", "FLOAT", "sum", "sum") PLACEHOLDER("x", "FLOAT", DIM(2)) \
            BINARY("out", "Add", "FLOAT", "product", "x")

Test(fold, chains_of_constants)
{
    subject s;
    subject_open(&s, CONSTANTS);
    infer(&s, FED("x", NULL), "out", false);
    cr_assert(value_of(&s, "product")->is_folded && value_of(&s, "sum")->is_folded && !value_of(&s, "out")->is_folded);
    const float *product = stepc_tensor_data(value_of(&s, "product")->info.constant);
    cr_assert_eq(product[0], 121.0f);
    cr_assert_eq(product[1], 144.0f);
    infer(&s, FED("x", NULL, "b", "2"), "out", false);
    cr_assert_null(value_of(&s, "sum")->info.constant, "a fed constant is not one");
    subject_close(&s);
}

Test(fold, no_fold_keeps_the_computation_but_knows_the_value)
{
    subject s;
    subject_open(&s, CONSTANTS);
    infer(&s, FED("x", NULL), "out", true);
    cr_assert(value_of(&s, "a")->is_folded, "a Const is its value");
    cr_assert(!value_of(&s, "sum")->is_folded && !value_of(&s, "product")->is_folded);
    cr_assert_eq(*(const float *)stepc_tensor_data(value_of(&s, "product")->info.constant), 121.0f);
    subject_close(&s);
}

/* A small graph must not become a large object. */
Test(fold, large_results_stay_computation)
{
    subject s;
    subject_open(&s, CONST("million", "INT32", DIM(1), "int_val: 1000000")
                         CONST("hundred", "INT32", DIM(1), "int_val: 100") CONST("one", "FLOAT", "", "float_val: 1")
                             NODE("large", "Fill", IN("million") IN("one") TYPE("T", "FLOAT"))
                                 NODE("small", "Fill", IN("hundred") IN("one") TYPE("T", "FLOAT"))
                                     CONST("zero", "INT32", DIM(1), "int_val: 0")
                                         NODE("sum", "Sum", IN("large") IN("zero") TYPE("T", "FLOAT")));
    infer(&s, NONE, "sum", false);
    has_shape(&s, "large", "1000000");
    cr_assert_null(value_of(&s, "large")->info.constant);
    cr_assert_null(value_of(&s, "sum")->info.constant);
    infer(&s, NONE, "small", false);
    cr_assert(value_of(&s, "small")->is_folded);
    cr_assert_eq(stepc_tensor_length(value_of(&s, "small")->info.constant), 100);
    subject_close(&s);
}

Test(fold, a_kernel_that_fails_stays)
{
    subject s;
    subject_open(&s, CONST("one", "INT32", "", "int_val: 1") CONST("zero", "INT32", "", "int_val: 0")
                         BINARY("bad", "FloorDiv", "INT32", "one", "zero") BINARY("sum", "Add", "INT32", "bad", "one"));
    infer(&s, NONE, "sum", false);
    cr_assert_null(value_of(&s, "bad")->info.constant);
    cr_assert(!value_of(&s, "sum")->is_folded);
    has_shape(&s, "sum", "");
    subject_close(&s);
}

/* State is never folded, whatever its inputs. */
Test(fold, state_stays)
{
    subject s;
    subject_open(&s, CONST("shape", "INT32", DIM(1), "int_val: 2")
                         NODE("u", "RandomUniform",
                              IN("shape") TYPE("T", "INT32") TYPE("dtype", "FLOAT") INT("seed", 1)
                                  INT("seed2", 2)) CONST("one", "FLOAT", "", "float_val: 1") VARIABLE("v", "FLOAT", "")
                             BINARY("set", "Assign", "FLOAT", "v", "one") BINARY("both", "Add", "FLOAT", "u", "set"));
    infer(&s, NONE, "both", false);
    cr_assert(!value_of(&s, "u")->info.constant && !value_of(&s, "set")->info.constant &&
              !value_of(&s, "v")->info.constant);
    has_shape(&s, "u", "2");
    has_shape(&s, "both", "2");
    subject_close(&s);
}

Test(fold, strings_fold_too)
{
    subject s;
    subject_open(&s, CONST("a", "STRING", DIM(1), "string_val: 'x'") UNARY("b", "Identity", "STRING", "a"));
    infer(&s, NONE, "b", false);
    cr_assert(value_of(&s, "b")->is_folded);
    subject_close(&s);
}

Test(pipeline, rows_by_name)
{
    cr_assert_eq(pass_find("supported")->run, pass_supported);
    cr_assert_eq(pass_find("infer")->run, pass_infer);
    cr_assert_null(pass_find("nonsense"));
    cr_assert_null(pass_at(pass_count()));
    subject s;
    text out;
    subject_open(&s, CONSTANTS);
    infer(&s, FED("x", NULL), "out", true);
    text_init(&out, &s.host);
    step_print(s.made, &out);
    cr_assert_not_null(strstr(out.data, "x:0 Placeholder float[2] feed 0\n"));
    cr_assert_not_null(strstr(out.data, "a:0 Const float[2] folded\n"));
    cr_assert_not_null(strstr(out.data, "sum:0 Add float[2] known\n"));
    cr_assert_not_null(strstr(out.data, "out:0 Add float[2]\n"));
    text_release(&out);
    subject_close(&s);
}
