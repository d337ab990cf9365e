/* SPDX-License-Identifier: Apache-2.0 */
/* What a session refuses, with TensorFlow's codes and texts. */
#include "session_fixture.h"

#include "runtime/ops/row.h"

#define SUM FLOAT_PLACEHOLDER("x") FLOAT_PLACEHOLDER("y") FLOAT_BINARY("z", "Add", "x", "y")

Test(checks, nothing_to_run)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, SUM, engines[i]);
        must_fail(&s, STEPC_INVALID_ARGUMENT, "Must specify at least one target to fetch or execute.");
        step_feed(&s, "x", 1);
        must_fail(&s, STEPC_INVALID_ARGUMENT, "Must specify at least one target to fetch or execute.");
        step_close(&s);
    }
}

Test(checks, an_empty_graph_cannot_run)
{
    struct stepc_error error;
    stepc_graph *graph = NULL, *other = graph_of(SUM);
    stepc_session *session = NULL;
    const stepc_operation *target = stepc_graph_find(other, "z");
    error_init(&error);
    cr_assert_eq(graph_new(NULL, "empty", &graph, &error), STEPC_OK);
    cr_assert_eq(stepc_session_open(graph, NULL, &session, &error), STEPC_OK);
    cr_assert_eq(stepc_session_run(session, NULL, 0, NULL, 0, &target, 1, NULL, &error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&error), "Session was not created with a graph before Run()!");
    stepc_session_free(session);
    stepc_graph_release(graph);
    stepc_graph_release(other);
}

Test(checks, a_closed_session_cannot_run)
{
    step s;
    step_open(&s, FLOAT_CONST("a", "1"), STEPC_ENGINE_DEFAULT);
    cr_assert_eq(run_fetch(&s, "a"), 1.0f);
    cr_assert_eq(stepc_session_close(s.session, &s.error), STEPC_OK);
    cr_assert_eq(stepc_session_close(s.session, &s.error), STEPC_OK, "closing twice is fine");
    step_fetch(&s, "a");
    must_fail(&s, STEPC_CANCELLED, "Session has been closed.");
    step_close(&s);
}

Test(checks, the_same_endpoint_fed_twice)
{
    step s;
    step_open(&s, SUM, STEPC_ENGINE_DEFAULT);
    step_feed(&s, "y", 1);
    step_feed(&s, "x", 1);
    step_feed(&s, "x:0", 2);
    step_fetch(&s, "z");
    must_fail(&s, STEPC_INVALID_ARGUMENT, "Endpoint \"x:0\" fed more than once.");
    step_close(&s);
}

Test(checks, a_feed_index_that_is_too_large)
{
    step s;
    step_open(&s, SUM, STEPC_ENGINE_DEFAULT);
    step_feed(&s, "x", 1);
    s.feeds[0].at.index = 3;
    step_fetch(&s, "z");
    must_fail(&s, STEPC_INVALID_ARGUMENT, "FeedInputs: x:3 should have output index < 1");
    s.feeds[0].at.index = -1;
    must_fail(&s, STEPC_INVALID_ARGUMENT, "FeedInputs: x:-1 should have output index < 1");
    step_close(&s);
}

Test(checks, operations_of_another_graph_are_not_found)
{
    step s, other;
    step_open(&s, SUM, STEPC_ENGINE_DEFAULT);
    step_open(&other, SUM, STEPC_ENGINE_DEFAULT);
    step_feed(&s, "x", 1);
    step_fetch(&s, "z");
    s.feeds[0].at = output_of(&other, "x");
    must_fail(&s, STEPC_NOT_FOUND, "FeedInputs: unable to find feed output x:0");
    s.feeds[0].at = output_of(&s, "x");
    s.fetches[0].at = output_of(&other, "z");
    must_fail(&s, STEPC_NOT_FOUND, "FetchOutputs node z:0: not found");
    s.fetches[0].at = output_of(&s, "z");
    s.targets[0] = stepc_graph_find(other.graph, "x");
    s.targets[1] = stepc_graph_find(s.graph, "z");
    s.targets[2] = stepc_graph_find(other.graph, "y");
    s.target_count = 3;
    must_fail(&s, STEPC_NOT_FOUND, "PruneForTargets: Some target nodes not found: x y ");
    step_close(&s);
    step_close(&other);
}

Test(checks, a_fetch_of_an_operation_without_outputs)
{
    step s;
    step_open(&s, "node { name: 'init' op: 'NoOp' }", STEPC_ENGINE_DEFAULT);
    s.fetches[0].at = (stepc_output){stepc_graph_find(s.graph, "init"), 0};
    s.fetch_count = 1;
    must_fail(&s, STEPC_INVALID_ARGUMENT,
              "Tried to fetch data for 'init:0', which produces no output.  To run to a node but not fetch any data, "
              "pass 'init:0' as an argument to the 'target_node_names' argument of the Session::Run API.");
    step_close(&s);
}

Test(checks, a_fetch_index_that_is_too_large)
{
    step s;
    step_open(&s, FLOAT_CONST("a", "1"), STEPC_ENGINE_DEFAULT);
    step_fetch(&s, "a");
    s.fetches[0].at.index = 3;
    must_fail(&s, STEPC_INVALID_ARGUMENT, "FetchOutputs a:3: output index too large, must be < 1");
    step_close(&s);
}

static stepc_tensor *int32_scalar(void)
{
    stepc_tensor *tensor;
    cr_assert_eq(stepc_tensor_new(NULL, STEPC_INT32, NULL, 0, &tensor, NULL), STEPC_OK);
    memset(stepc_tensor_data(tensor), 0, 4);
    return tensor;
}

/* Sorted by name: "x/1:0", "x:0", "y:0", since '/' comes before ':'. */
Test(checks, the_number_in_a_dtype_error_counts_feeds_sorted_by_name)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, SUM FLOAT_PLACEHOLDER("x/1") FLOAT_BINARY("w", "Add", "z", "x/1"), engines[i]);
        step_feed_tensor(&s, "y", int32_scalar());
        step_feed_tensor(&s, "x", int32_scalar());
        step_feed(&s, "x/1", 1);
        step_fetch(&s, "w");
        must_fail(&s, STEPC_INVALID_ARGUMENT, "Expects arg[1] to be float but int32 is provided");
        cr_assert_str_eq(stepc_error_node(&s.error), "x");
        step_close(&s);
    }
}

Test(checks, an_unfed_placeholder_that_is_needed)
{
    const struct {
        const char *shape, *message;
    } cases[] = {
        {"unknown_rank: true",
         "You must feed a value for placeholder tensor 'p' with dtype float [[{{node p}}]]"},
        {"", "You must feed a value for placeholder tensor 'p' with dtype float [[{{node p}}]]"},
        {"dim { size: 2 } dim { size: -1 }",
         "You must feed a value for placeholder tensor 'p' with dtype float and shape [2,?] [[{{node p}}]]"},
    };
    for EACH_ENGINE(i) {
        for (size_t j = 0; j < sizeof cases / sizeof *cases; j++) {
            char source[600];
            step s;
            snprintf(source, sizeof source,
                     "node { name: 'p' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } "
                     "attr { key: 'shape' value { shape { %s } } } }\n" FLOAT_UNARY("q", "Identity", "p")
                         FLOAT_CONST("c", "4"),
                     cases[j].shape);
            step_open(&s, source, engines[i]);
            step_fetch(&s, "q");
            must_fail(&s, STEPC_INVALID_ARGUMENT, cases[j].message);
            cr_assert_str_eq(stepc_error_node(&s.error), "p");
            cr_assert_str_eq(stepc_error_operator(&s.error), "Placeholder");
            cr_assert_eq(run_fetch(&s, "c"), 4.0f, "a placeholder that is not needed is not missed");
            step_close(&s);
        }
    }
}

Test(checks, a_kernel_error_names_its_node)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s,
                  FLOAT_PLACEHOLDER("a") FLOAT_PLACEHOLDER("b")
                  "node { name: 'my/product' op: 'MatMul' input: 'a' input: 'b' attr { key: 'T' value { type: DT_FLOAT } } }",
                  engines[i]);
        int64_t dims[2] = {2, 3};
        for (int j = 0; j < 2; j++) {
            stepc_tensor *tensor;
            cr_assert_eq(stepc_tensor_new(NULL, STEPC_FLOAT32, dims, 2, &tensor, NULL), STEPC_OK);
            memset(stepc_tensor_data(tensor), 0, stepc_tensor_bytes(tensor));
            step_feed_tensor(&s, j == 0 ? "a" : "b", tensor);
        }
        step_fetch(&s, "my/product");
        cr_assert_eq(step_try(&s), STEPC_INVALID_ARGUMENT);
        const char *tail = strstr(stepc_error_message(&s.error), " [[{{node my/product}}]]");
        cr_assert_not_null(tail, "%s", stepc_error_message(&s.error));
        cr_assert_str_eq(tail, " [[{{node my/product}}]]");
        cr_assert_str_eq(stepc_error_node(&s.error), "my/product");
        cr_assert_str_eq(stepc_error_operator(&s.error), "MatMul");
        step_close(&s);
    }
}

typedef struct seen {
    int count;
    char subjects[600];
} seen;

static void note_report(void *context, const char *kind, const char *subject, const char *where)
{
    seen *all = context;
    cr_assert_str_eq(kind, "missing-operator");
    cr_assert_not_null(where);
    all->count++;
    strcat(all->subjects, subject);
    strcat(all->subjects, " ");
}


static bool needs_nothing(const op_def *def)
{
    bool all_default = def->input_count == 0;
    for (int32_t i = 0; i < def->attr_count; i++)
        all_default = all_default && def->attrs[i].has_default;
    return all_default;
}

#define MISSING 10

/* Ten registered operators without a row, each used twice: all are reported once, eight stand in the message. */
Test(checks, missing_operators_are_counted_named_and_reported)
{
    char source[8000] = "", expected[600] = "10 operators that this step needs are not implemented: ", reported[600] = "";
    size_t used = 0, found = 0;
    for (size_t i = 0; i < op_def_count() && found < MISSING; i++) {
        const op_def *def = op_def_at(i);
        if (!needs_nothing(def) || op_row_find(text_view(def->name)) != NULL)
            continue;
        used += (size_t)snprintf(source + used, sizeof source - used,
                                 "node { name: 'n%zu' op: '%s' } node { name: 'm%zu' op: '%s' }\n", found, def->name,
                                 found, def->name);
        if (found < 8)
            strcat(strcat(expected, found > 0 ? ", " : ""), def->name);
        strcat(strcat(reported, def->name), " ");
        found++;
    }
    strcat(expected, ", ...");
    cr_assert_eq(found, MISSING);

    seen all = {0, ""};
    stepc_host host;
    stepc_host_init(&host);
    host.report = note_report;
    host.report_context = &all;
    stepc_graph *graph = graph_of(source);
    stepc_session_options options = {.size = sizeof options, .host = &host};
    stepc_session *session = NULL;
    struct stepc_error error;
    error_init(&error);
    cr_assert_eq(stepc_session_open(graph, &options, &session, &error), STEPC_OK);
    const stepc_operation *targets[2 * MISSING];
    for (int64_t i = 0; i < 2 * MISSING; i++)
        targets[i] = stepc_graph_operation_at(graph, i);
    cr_assert_eq(stepc_session_run(session, NULL, 0, NULL, 0, targets, 2 * MISSING, NULL, &error), STEPC_UNIMPLEMENTED);
    cr_assert_str_eq(stepc_error_message(&error), expected);
    cr_assert_str_eq(stepc_error_node(&error), "n0");
    cr_assert_eq(all.count, MISSING);
    cr_assert_str_eq(all.subjects, reported);
    stepc_session_free(session);
    stepc_graph_release(graph);
}

Test(checks, a_function_called_by_its_name_is_missing_too)
{
    step s;
    step_open(&s,
              "node { name: 'c' op: 'MyFunction' }\n"
              "library { function { signature { name: 'MyFunction' output_arg { name: 'y' type: DT_FLOAT } } } }",
              STEPC_ENGINE_DEFAULT);
    step_target(&s, "c");
    must_fail(&s, STEPC_UNIMPLEMENTED, "1 operator that this step needs is not implemented: MyFunction");
    step_close(&s);
}

Test(checks, options_and_arguments_that_make_no_sense)
{
    struct stepc_error error;
    stepc_session *session = (stepc_session *)&error;
    stepc_graph *graph = graph_of(FLOAT_CONST("a", "1"));
    stepc_session_options options = {.size = 0};
    error_init(&error);
    cr_assert_eq(stepc_session_open(NULL, NULL, &session, &error), STEPC_INVALID_ARGUMENT);
    cr_assert_null(session);
    cr_assert_eq(stepc_session_open(graph, &options, &session, &error), STEPC_INVALID_ARGUMENT);
    options.size = sizeof options;
    options.engine = (stepc_engine)77;
    cr_assert_eq(stepc_session_open(graph, &options, &session, &error), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_session_open(graph, NULL, NULL, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_session_run(NULL, NULL, 0, NULL, 0, NULL, 0, NULL, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_session_open(graph, NULL, &session, NULL), STEPC_OK);
    cr_assert_eq(stepc_session_run(session, NULL, 1, NULL, 0, NULL, 0, NULL, NULL), STEPC_INVALID_ARGUMENT);
    stepc_session_free(session);
    stepc_session_free(NULL);
    stepc_graph_release(graph);
}

Test(checks, fed_views_that_lie_about_themselves)
{
    step s;
    float data[4] = {1, 2, 3, 4};
    int64_t two = 2, negative = -2, huge[2] = {INT64_C(1) << 40, INT64_C(1) << 40};
    const struct {
        stepc_view view;
    } cases[] = {
        {{data, 8, &negative, 1, STEPC_FLOAT32}}, {{data, 4, &two, 1, STEPC_FLOAT32}},
        {{NULL, 8, &two, 1, STEPC_FLOAT32}},      {{data, 8, NULL, 1, STEPC_FLOAT32}},
        {{data, 8, huge, 2, STEPC_FLOAT32}},      {{data, 8, &two, -1, STEPC_FLOAT32}},
        {{(char *)data + 1, 8, &two, 1, STEPC_FLOAT32}},
    };
    step_open(&s, SUM, STEPC_ENGINE_DEFAULT);
    step_feed(&s, "x", 1);
    step_feed(&s, "y", 1);
    step_fetch(&s, "z");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s.feeds[1].value = cases[i].view;
        cr_assert_eq(step_try(&s), STEPC_INVALID_ARGUMENT, "case %zu", i);
        cr_assert_str_eq(stepc_error_node(&s.error), "y", "case %zu: %s", i, stepc_error_message(&s.error));
    }
    step_close(&s);
}

Test(checks, a_resource_cannot_be_fed)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, FLOAT_HANDLE("h") "node { name: 'r' op: 'ReadVariableOp' input: 'h' attr { key: 'dtype' value { type: DT_FLOAT } } }",
                  engines[i]);
        s.feeds[0] = (stepc_feed){output_of(&s, "h"), {&s, 0, NULL, 0, STEPC_RESOURCE}};
        s.fetches[0] = (stepc_fetch){.at = output_of(&s, "r")};
        cr_assert_eq(stepc_session_run(s.session, s.feeds, 1, s.fetches, 1, NULL, 0, NULL, &s.error), STEPC_INVALID_ARGUMENT);
        cr_assert_str_eq(stepc_error_message(&s.error),
                         "Invalid resource type hash code: 0. Perhaps a resource tensor was being provided as a feed? That is not "
                         "currently allowed. [[{{node h}}]]");
        step_close(&s);
    }
}

#define CONTROL_FLOW(name, type, inputs) \
    "node { name: '" name "' op: '" type "' " inputs " attr { key: 'T' value { type: DT_FLOAT } } }\n"
#define ENTER(name, input, frame) CONTROL_FLOW(name, "Enter", "input: '" input "' attr { key: 'frame_name' value { s: '" frame "' } }")
#define SWITCH(name, input) CONTROL_FLOW(name, "Switch", "input: '" input "' input: 'p'")
#define MERGE(name, a, b) CONTROL_FLOW(name, "Merge", "input: '" a "' input: '" b "' attr { key: 'N' value { i: 2 } }")

/* Loops and branches that no builder makes: refused by name before anything runs, whatever their nesting. */
Test(checks, A17_control_flow_out_of_shape_is_refused)
{
    static const struct {
        const char *nodes, *fetch, *operators;
    } cases[] = {
        {CONTROL_FLOW("y", "Exit", "input: 'x'"), "y", "Exit"},
        {ENTER("y", "x", "f"), "y", "Enter"},
        {ENTER("a", "x", "f") ENTER("b", "x", "g") FLOAT_BINARY("y", "Add", "a", "b"), "y", "Enter"},
        {ENTER("a", "x", "f") FLOAT_BINARY("y", "Add", "a", "x"), "y", "Enter"},
        {ENTER("a", "x", "f") ENTER("b", "a", "g") CONTROL_FLOW("y", "Exit", "input: 'b'"), "y", "Enter, Exit"},
        {CONTROL_FLOW("y", "NextIteration", "input: 'x'"), "y", "NextIteration"},
        {SWITCH("a", "x") SWITCH("b", "a:1") MERGE("y", "b", "x"), "y", "Switch, Merge"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char source[4000], expected[200];
        step s;
        snprintf(source, sizeof source, "%s node { name: 'p' op: 'Const' attr { key: 'dtype' value { type: DT_BOOL } } "
                 "attr { key: 'value' value { tensor { dtype: DT_BOOL tensor_shape { } bool_val: true } } } }\n%s",
                 FLOAT_CONST("x", "1"), cases[i].nodes);
        step_open(&s, source, STEPC_ENGINE_INTERPRETED);
        step_fetch(&s, cases[i].fetch);
        cr_assert_eq(step_try(&s), STEPC_UNIMPLEMENTED, "%zu: %s", i, stepc_error_message(&s.error));
        bool is_one = strchr(cases[i].operators, ',') == NULL;
        snprintf(expected, sizeof expected, "%s that this step needs %s not implemented: %s", is_one ? "1 operator" : "2 operators",
                 is_one ? "is" : "are", cases[i].operators);
        cr_assert_str_eq(stepc_error_message(&s.error), expected);
        step_close(&s);
    }
}
