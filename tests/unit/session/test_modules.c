/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled steps of a session: adding modules, which run is compiled, what a compiled run gives and refuses; the JIT. */
#include "module_fixture.h"

#include "runtime/session/compiled.h"

#include <pthread.h>

static void feed_pair(step *s, float a, float b, float factor)
{
    step_reset(s);
    step_feed_floats(s, "x", (float[]){a, b}, 2);
    step_feed(s, "s", factor);
}

/* ---- which run is compiled ---- */

Test(dispatch, a_run_that_an_entry_fits_is_compiled_and_others_are_interpreted)
{
    step s;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    add_module(&s, &scale_module);
    feed_pair(&s, 1, 2, 3);
    step_fetch(&s, "y");
    step_fetch(&s, "z");
    step_must_run(&s);
    must_be_floats(s.fetches[0].out, (float[]){1003, 1006}, 2);
    must_be_floats(s.fetches[1].out, (float[]){997, 994}, 2);
    cr_assert_eq(statistics_of(s.session).runs_compiled, 1);

    step_reset(&s); /* three elements: no entry fits */
    step_feed_floats(&s, "x", (float[]){1, 2, 3}, 3);
    step_feed(&s, "s", 2);
    step_fetch(&s, "y");
    step_fetch(&s, "z");
    step_must_run(&s);
    must_be_floats(s.fetches[0].out, (float[]){2, 4, 6}, 3);
    stepc_session_statistics all = statistics_of(s.session);
    cr_assert(all.runs_compiled == 1 && all.runs_interpreted == 1 && all.runs_reference == 0 && all.modules == 1);
    step_close(&s);
}

Test(dispatch, feeds_fetches_and_targets_count_as_sets)
{
    step s;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_COMPILED);
    add_module(&s, &scale_module);
    step_feed(&s, "s", 3); /* another order of feeds and of fetches, and fetches twice */
    step_feed_floats(&s, "x", (float[]){1, 2}, 2);
    float z[2] = {0, 0}, y[2] = {0, 0};
    step_fetch(&s, "z");
    step_fetch(&s, "y");
    step_fetch(&s, "z");
    step_fetch(&s, "y");
    step_fetch(&s, "y");
    s.fetches[2].into = (stepc_view){.data = z, .bytes = sizeof z};
    s.fetches[4].into = (stepc_view){.data = y, .bytes = sizeof y, .dtype = STEPC_FLOAT32};
    step_must_run(&s);
    must_be_floats(s.fetches[0].out, (float[]){997, 994}, 2);
    must_be_floats(s.fetches[1].out, (float[]){1003, 1006}, 2);
    cr_assert(z[0] == 997 && z[1] == 994 && y[0] == 1003 && y[1] == 1006);
    must_be_floats(s.fetches[3].out, (float[]){1003, 1006}, 2);
    cr_assert_null(s.fetches[2].out);

    step_reset(&s); /* a first fetch into a buffer, the copy as a tensor and into another */
    step_feed(&s, "s", 3);
    step_feed_floats(&s, "x", (float[]){1, 2}, 2);
    for (int i = 0; i < 3; i++)
        step_fetch(&s, "y");
    step_fetch(&s, "z");
    s.fetches[0].into = (stepc_view){.data = y, .bytes = sizeof y};
    s.fetches[2].into = (stepc_view){.data = z, .bytes = sizeof z};
    y[0] = z[0] = 0;
    step_must_run(&s);
    must_be_floats(s.fetches[1].out, (float[]){1003, 1006}, 2);
    cr_assert(z[0] == 1003 && z[1] == 1006 && y[0] == 1003);

    step_reset(&s); /* a target, named twice */
    step_feed(&s, "s", 3);
    step_feed_floats(&s, "x", (float[]){1, 2}, 2);
    step_target(&s, "go");
    step_target(&s, "go");
    step_must_run(&s);

    step_reset(&s); /* one fetch less than the entry: another step, which rows takes */
    step_feed(&s, "s", 3);
    step_feed_floats(&s, "x", (float[]){1, 2}, 2);
    step_fetch(&s, "y");
    step_must_run(&s);
    must_be_floats(s.fetches[0].out, (float[]){1003, 1006}, 2);
    cr_assert_eq(statistics_of(s.session).runs_compiled, 4);
    step_close(&s);
}

Test(dispatch, symbols_take_every_size_up_to_their_bound)
{
    step s;
    float values[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, expected[9];
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    add_module(&s, &scale_module);
    for (int64_t n = 0; n <= 9; n++) {
        step_reset(&s);
        step_feed_floats(&s, "x", values, n);
        step_feed(&s, "s", 2);
        step_fetch(&s, "y");
        step_must_run(&s);
        for (int64_t i = 0; i < n; i++)
            expected[i] = values[i] * 2 + (n <= 8 ? 1000 : 0);
        must_be_floats(s.fetches[0].out, expected, n);
    }
    cr_assert_eq(statistics_of(s.session).runs_compiled, 9);
    cr_assert_eq(statistics_of(s.session).runs_interpreted, 1);
    step_close(&s);
}

Test(dispatch, shapes_of_as_many_elements_are_told_apart)
{
    static const int64_t shapes[][2] = {{2, 3}, {3, 2}, {6, 1}, {1, 6}};
    step s;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    add_module(&s, &scale_module);
    for (int i = 0; i < 4; i++) {
        stepc_tensor *tensor;
        step_reset(&s);
        cr_assert_eq(stepc_tensor_new(NULL, STEPC_INT32, shapes[i], 2, &tensor, NULL), STEPC_OK);
        memcpy(stepc_tensor_data(tensor), (int32_t[]){1, 2, 3, 4, 5, 6}, 24);
        step_feed_tensor(&s, "i", tensor);
        step_fetch(&s, "j");
        step_must_run(&s);
        const stepc_tensor *out = s.fetches[0].out;
        cr_assert(stepc_tensor_rank(out) == 2 && memcmp(stepc_tensor_dims(out), shapes[i], 16) == 0);
        cr_assert_eq(((int32_t *)stepc_tensor_data(out))[5], i == 0 ? 1006 : -6);
    }
    step_close(&s);
}

static void feed_ints(step *s, int32_t a, int32_t b, int32_t c)
{
    stepc_tensor *tensor;
    int64_t count = 3;
    step_reset(s);
    cr_assert_eq(stepc_tensor_new(NULL, STEPC_INT32, &count, 1, &tensor, NULL), STEPC_OK);
    memcpy(stepc_tensor_data(tensor), (int32_t[]){a, b, c}, 12);
    step_feed_tensor(s, "i", tensor);
    step_fetch(s, "j");
}

Test(dispatch, fetches_whose_rows_depend_on_the_data_have_their_own_dimensions)
{
    step s;
    int32_t into[2] = {0, 0};
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_COMPILED);
    add_module(&s, &scale_module);
    feed_ints(&s, 5, -1, 7);
    step_must_run(&s);
    cr_assert_eq(stepc_tensor_dims(s.fetches[0].out)[0], 2);
    cr_assert_eq(((int32_t *)stepc_tensor_data(s.fetches[0].out))[1], 7);
    feed_ints(&s, 5, -1, 7); /* a buffer for the rows that there are, not for the bound */
    s.fetches[0].into = (stepc_view){.data = into, .bytes = sizeof into};
    step_must_run(&s);
    cr_assert(into[0] == 5 && into[1] == 7);
    feed_ints(&s, 5, 6, 7);
    s.fetches[0].into = (stepc_view){.data = into, .bytes = sizeof into};
    cr_assert_eq(step_try(&s), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "The buffer for 'j:0' has too few bytes (12 needed, 8 given).");
    step_close(&s);
}

Test(dispatch, a_module_added_after_the_first_run_is_found)
{
    step s;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    for (int round = 0; round < 2; round++) {
        feed_pair(&s, 1, 2, 3);
        step_fetch(&s, "y");
        step_fetch(&s, "z");
        step_must_run(&s);
        must_be_floats(s.fetches[0].out, round ? (float[]){1003, 1006} : (float[]){3, 6}, 2);
        if (round == 0)
            add_module(&s, &scale_module);
    }
    cr_assert_eq(statistics_of(s.session).plans_made, 1);
    step_close(&s);
}

Test(dispatch, a_run_may_force_its_engine)
{
    static const stepc_engine forced[] = {STEPC_ENGINE_REFERENCE, STEPC_ENGINE_INTERPRETED, STEPC_ENGINE_COMPILED,
                                           STEPC_ENGINE_DEFAULT};
    step s;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_INTERPRETED);
    add_module(&s, &scale_module);
    for (int i = 0; i < 4; i++) {
        feed_pair(&s, 1, 2, 3);
        step_fetch(&s, "y");
        step_fetch(&s, "z");
        cr_assert_eq(step_try_engine(&s, forced[i]), STEPC_OK, "%s", stepc_error_message(&s.error));
        must_be_floats(s.fetches[0].out, i == 2 ? (float[]){1003, 1006} : (float[]){3, 6}, 2);
    }
    stepc_session_statistics all = statistics_of(s.session);
    cr_assert(all.runs_reference == 1 && all.runs_interpreted == 2 && all.runs_compiled == 1);
    step_close(&s);
}

Test(dispatch, the_engine_compiled_refuses_what_no_entry_fits_and_says_why)
{
    step s;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_COMPILED);
    feed_pair(&s, 1, 2, 3);
    step_fetch(&s, "y");
    must_fail(&s, STEPC_FAILED_PRECONDITION,
              "No compiled entry has these feeds, fetches and targets; engine compiled does not interpret");
    add_module(&s, &scale_module);
    step_reset(&s);
    step_feed_floats(&s, "x", (float[]){1, 2, 3}, 3);
    step_feed(&s, "s", 3);
    step_fetch(&s, "y");
    step_fetch(&s, "z");
    must_fail(&s, STEPC_FAILED_PRECONDITION,
              "No compiled entry fits the fed values: Cannot feed value of shape [3] for Tensor 'x:0', which has shape [2]");
    cr_assert_eq(statistics_of(s.session).runs_interpreted, 0);
    step_close(&s);
}

/* ---- what a compiled run gives and refuses ---- */

Test(dispatch, a_fault_becomes_an_error_at_its_node_and_no_fetch_holds_a_tensor)
{
    step s;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    add_module(&s, &scale_module);
    feed_pair(&s, 1, 2, 13);
    step_fetch(&s, "y");
    step_fetch(&s, "z");
    step_fetch(&s, "z");
    must_fail(&s, STEPC_INVALID_ARGUMENT, "Thirteen is refused [[{{node y}}]]");
    cr_assert_str_eq(stepc_error_node(&s.error), "y");
    cr_assert_str_eq(stepc_error_operator(&s.error), "Mul");
    cr_assert_eq(statistics_of(s.session).runs_compiled, 1);
    step_close(&s);
}

Test(dispatch, buffers_are_held_to_size_type_alignment_and_overlap)
{
    step s;
    float room[8] = {0};
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_COMPILED);
    add_module(&s, &scale_module);
    struct {
        stepc_view into;
        const char *text;
    } rows[] = {
        {{.data = room, .bytes = 4}, "The buffer for 'z:0' has too few bytes (8 needed, 4 given)."},
        {{.data = room, .bytes = 8, .dtype = STEPC_INT32}, "The buffer for 'z:0' is of type int32, the tensor of float."},
        {{.data = (char *)room + 1, .bytes = 16}, "The buffer for 'z:0' is not aligned to its elements."},
        {{.data = NULL}, "The buffer for 'z:0' overlaps the value fed for 'x:0'."},
    };
    for (size_t i = 0; i < 4; i++) {
        feed_pair(&s, 1, 2, 3);
        step_fetch(&s, "y");
        step_fetch(&s, "z");
        s.fetches[1].into = rows[i].into;
        if (i == 3)
            s.fetches[1].into = s.feeds[0].value;
        must_fail(&s, STEPC_INVALID_ARGUMENT, rows[i].text);
    }
    feed_pair(&s, 1, 2, 3);
    step_fetch(&s, "y");
    step_fetch(&s, "z");
    s.fetches[0].into = (stepc_view){.data = room, .bytes = 12};
    s.fetches[1].into = (stepc_view){.data = room + 2, .bytes = 12};
    must_fail(&s, STEPC_INVALID_ARGUMENT, "The buffers for 'y:0' and 'z:0' overlap.");
    s.fetches[1].into.data = room + 3;
    step_must_run(&s);
    cr_assert(room[0] == 1003 && room[1] == 1006 && room[2] == 0 && room[3] == 997 && room[4] == 994);
    step_close(&s);
}

Test(dispatch, a_cancelled_run_does_not_call_the_entry)
{
    step s;
    stepc_cancellation *cancellation;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    add_module(&s, &scale_module);
    cr_assert_eq(stepc_cancellation_new(NULL, &cancellation, NULL), STEPC_OK);
    stepc_cancellation_cancel(cancellation);
    stepc_run_options options = {.size = sizeof options, .cancellation = cancellation};
    feed_pair(&s, 1, 2, 3);
    step_fetch(&s, "y");
    step_fetch(&s, "z");
    cr_assert_eq(stepc_session_run(s.session, s.feeds, 2, s.fetches, 2, NULL, 0, &options, &s.error), STEPC_CANCELLED);
    cr_assert_str_eq(stepc_error_message(&s.error), "Run call was cancelled");
    cr_assert_eq(statistics_of(s.session).runs_compiled, 0);
    stepc_cancellation_free(cancellation);
    step_close(&s);
}

Test(dispatch, a_traced_run_tells_of_the_compiled_step)
{
    step s;
    stepc_run_metadata *metadata;
    stepc_node_statistics node;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    add_module(&s, &scale_module);
    cr_assert_eq(stepc_run_metadata_new(NULL, &metadata, NULL), STEPC_OK);
    stepc_run_options options = {.size = sizeof options, .metadata = metadata, .trace_level = STEPC_FULL_TRACE};
    feed_pair(&s, 1, 2, 3);
    step_fetch(&s, "y");
    step_fetch(&s, "z");
    cr_assert_eq(stepc_session_run(s.session, s.feeds, 2, s.fetches, 2, NULL, 0, &options, &s.error), STEPC_OK);
    cr_assert_eq(stepc_run_metadata_node_count(metadata), 1);
    cr_assert_eq(stepc_run_metadata_node_at(metadata, 0, &node, NULL), STEPC_OK);
    cr_assert_str_eq(node.node, "pair");
    cr_assert_str_eq(node.type, "CompiledStep");
    cr_assert_str_eq(node.engine, "compiled");
    cr_assert_eq(node.output_bytes, 16);
    cr_assert(node.end_ns >= node.start_ns);
    stepc_run_metadata_free(metadata);
    step_close(&s);
}

/* ---- adding ---- */

Test(modules, what_does_not_fit_the_graph_or_this_program_is_refused)
{
    static const stepc_slot unknown[] = {{"x", "nowhere:0", STEPC_FLOAT32, 1, two, 0, -1}};
    static const stepc_slot of_ints[] = {{"x", "x:0", STEPC_INT32, 1, two, 0, -1}};
    static const stepc_slot of_three[] = {{"f", "fixed:0", STEPC_FLOAT32, 1, three, 0, -1}};
    static const stepc_slot outside[] = {{"x", "x:0", STEPC_FLOAT32, 1, two, 4, -1}};
    static const stepc_slot no_such_symbol[] = {{"x", "x:0", STEPC_FLOAT32, 1, n_rows, 0, -1}};
    static const stepc_slot lost_state[] = {{"v", "nowhere", STEPC_FLOAT32, 1, two, 0, -1}};
    static const stepc_slot wide_state[] = {{"v", "nowhere", STEPC_FLOAT32, 1, two, 60, -1}};
    static const char *const no_target[] = {"nothing"};
    static const struct {
        const stepc_slot *feeds;
        const char *const *targets;
        const stepc_slot *state;
        uint32_t abi, size;
        const char *isa;
        stepc_code code;
        const char *text;
    } rows[] = {
        {unknown, go_targets, NULL, 1, 0, "generic", STEPC_INVALID_ARGUMENT, "Module 'bad' speaks of tensor 'nowhere:0', which the graph lacks"},
        {of_ints, go_targets, NULL, 1, 0, "generic", STEPC_INVALID_ARGUMENT, "Tensor 'x:0' is of type int32 in module 'bad', of float in the graph"},
        {of_three, go_targets, NULL, 1, 0, "generic", STEPC_INVALID_ARGUMENT, "Tensor 'fixed:0' has another shape in module 'bad' than in the graph"},
        {outside, go_targets, NULL, 1, 0, "generic", STEPC_INVALID_ARGUMENT, "The table of module 'bad' contradicts itself in entry 'bad'"},
        {no_such_symbol, go_targets, NULL, 1, 0, "generic", STEPC_INVALID_ARGUMENT, "The table of module 'bad' contradicts itself in entry 'bad'"},
        {hits_in, no_target, NULL, 1, 0, "generic", STEPC_INVALID_ARGUMENT, "Module 'bad' speaks of operation 'nothing', which the graph lacks"},
        {hits_in, go_targets, lost_state, 1, 0, "generic", STEPC_INVALID_ARGUMENT, "Module 'bad' speaks of variable 'nowhere', which the graph lacks"},
        {hits_in, go_targets, wide_state, 1, 0, "generic", STEPC_INVALID_ARGUMENT, "The table of module 'bad' contradicts itself in its state"},
        {hits_in, go_targets, NULL, 2, 0, "generic", STEPC_FAILED_PRECONDITION, "Module '' was built for interface 2, this is 1"},
        {hits_in, go_targets, NULL, 1, 8, "generic", STEPC_FAILED_PRECONDITION, "Module 'bad' was built for interface 1, this is 1"},
        {hits_in, go_targets, NULL, 1, 0, "pdp11", STEPC_FAILED_PRECONDITION, "Module 'bad' is built for pdp11, which this CPU lacks"},
        {hits_in, go_targets, NULL, 1, 0, NULL, STEPC_INVALID_ARGUMENT, "The module's table has holes"},
    };
    step s;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        stepc_entry entry = {"bad", 1, 1, 0, 1, 0, rows[i].feeds, NULL, rows[i].targets, NULL, 8, 8, 0, 0, NULL, go_call, NULL};
        stepc_module module = {rows[i].abi, rows[i].size ? rows[i].size : (uint32_t)sizeof module, "bad", rows[i].isa, 1,
                               rows[i].state != NULL, &entry, rows[i].state, 64, 0, NULL};
        cr_assert_eq(stepc_session_add_module(s.session, &module, &s.error), rows[i].code, "row %zu", i);
        cr_assert_str_eq(stepc_error_message(&s.error), rows[i].text);
    }
    cr_assert_eq(statistics_of(s.session).modules, 0);
    step_close(&s);
}

Test(modules, a_module_is_added_once_with_its_own_weights_to_an_open_session)
{
    static _Alignas(64) char image[128];
    stepc_module module = scale_module;
    step s;
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_DEFAULT);
    module.weights_bytes = 100;
    cr_assert_eq(stepc_session_add_module_weights(s.session, &module, image, 64, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "The weights of module 'scale' are 100 bytes, but 64 are given");
    cr_assert_eq(stepc_session_add_module_weights(s.session, &module, image + 8, 100, &s.error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "The weights of module 'scale' are not aligned to 64");
    cr_assert_eq(stepc_session_add_module_weights(s.session, &module, image, 100, &s.error), STEPC_OK);
    cr_assert_eq(stepc_session_add_module(s.session, &module, &s.error), STEPC_ALREADY_EXISTS);
    cr_assert_str_eq(stepc_error_message(&s.error), "Module 'scale' was added before");
    cr_assert_eq(stepc_session_add_module(NULL, &module, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_session_add_module(s.session, NULL, NULL), STEPC_INVALID_ARGUMENT);
    stepc_session_close(s.session, NULL);
    cr_assert_eq(stepc_session_add_module(s.session, &scale_module, &s.error), STEPC_CANCELLED);
    cr_assert_str_eq(stepc_error_message(&s.error), "Session has been closed.");
    step_close(&s);
}

/* ---- the JIT ---- */

typedef struct fake_jit {
    int compiled, refused, released;
    stepc_module modules[64];
    stepc_dimension dims[64][1];
    stepc_slot feeds[64][2], fetches[64][1];
    stepc_entry entries[64];
} fake_jit;

/* Compiles (x, s) -> y for the very shape, but not for 5 elements. */
static stepc_code fake_compile(void *context, stepc_graph *graph, const stepc_jit_request *request,
                               const stepc_module **out, const void **out_weights, stepc_error *error)
{
    fake_jit *jit = context;
    int k = jit->compiled;
    (void)graph;
    *out_weights = NULL;
    if (request->feed_count != 2 || request->fetch_count != 1 || request->target_count != 0 ||
        (request->values[0].rank == 1 && request->values[0].dims[0] == 5)) {
        jit->refused++;
        return error_set(error, STEPC_UNIMPLEMENTED, "Five is not compiled");
    }
    jit->dims[k][0] = (stepc_dimension){request->values[0].dims[0], -1, 0};
    memcpy(jit->feeds[k], rows_in, sizeof rows_in);
    memcpy(jit->fetches[k], rows_out, sizeof rows_out);
    jit->feeds[k][0].dims = jit->fetches[k][0].dims = jit->dims[k];
    jit->entries[k] = scale_entries[1];
    jit->entries[k].name = "jit";
    jit->entries[k].feeds = jit->feeds[k];
    jit->entries[k].fetches = jit->fetches[k];
    jit->entries[k].symbol_count = 0;
    jit->modules[k] = scale_module;
    jit->modules[k].entries = &jit->entries[k];
    jit->modules[k].entry_count = 1;
    jit->compiled++;
    *out = &jit->modules[k];
    return STEPC_OK;
}

static void fake_release(void *context, const stepc_module *module)
{
    fake_jit *jit = context;
    cr_assert(module >= jit->modules && module < jit->modules + jit->compiled);
    jit->released++;
}

/* The entry reads n from its struct, which nobody writes without symbols: only the time and the counters tell. */
static void open_with_jit(step *s, fake_jit *fake, stepc_jit *jit, stepc_engine engine)
{
    memset(s, 0, sizeof *s);
    memset(fake, 0, sizeof *fake);
    *jit = (stepc_jit){.size = sizeof *jit, .context = fake, .compile = fake_compile, .release = fake_release};
    stepc_session_options options = {.size = sizeof options, .engine = engine, .seed = 7, .jit = jit};
    error_init(&s->error);
    s->graph = graph_of(SCALE_GRAPH);
    cr_assert_eq(stepc_session_open(s->graph, &options, &s->session, &s->error), STEPC_OK);
}

static stepc_code run_size(step *s, int64_t n)
{
    static const float values[32];
    step_reset(s);
    step_feed_floats(s, "x", values, n);
    step_feed(s, "s", 2);
    step_fetch(s, "y");
    return step_try(s);
}

Test(jit, a_step_is_compiled_on_first_use_and_kept)
{
    step s;
    fake_jit fake;
    stepc_jit jit;
    open_with_jit(&s, &fake, &jit, STEPC_ENGINE_DEFAULT);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(run_size(&s, 4), STEPC_OK);
    cr_assert_eq(fake.compiled, 1);
    stepc_session_statistics all = statistics_of(s.session);
    cr_assert(all.runs_jit == 3 && all.jit_compilations == 1 && all.jit_refusals == 0 && all.runs_interpreted == 0);
    step_close(&s);
    cr_assert_eq(fake.released, 1);
}

Test(jit, a_refusal_costs_once_and_the_step_is_interpreted)
{
    step s;
    fake_jit fake;
    stepc_jit jit;
    open_with_jit(&s, &fake, &jit, STEPC_ENGINE_DEFAULT);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(run_size(&s, 5), STEPC_OK);
    cr_assert_eq(fake.refused, 1);
    cr_assert_eq(run_size(&s, 6), STEPC_OK);
    stepc_session_statistics all = statistics_of(s.session);
    cr_assert(all.runs_interpreted == 3 && all.jit_refusals == 1 && all.runs_jit == 1);
    step_close(&s);
}

Test(jit, at_most_eight_shapes_of_a_step_are_compiled)
{
    step s;
    fake_jit fake;
    stepc_jit jit;
    open_with_jit(&s, &fake, &jit, STEPC_ENGINE_DEFAULT);
    for (int64_t n = 10; n < 30; n++)
        cr_assert_eq(run_size(&s, n), STEPC_OK);
    cr_assert_eq(fake.compiled, JIT_VARIANTS);
    cr_assert_eq(statistics_of(s.session).runs_interpreted, 20 - JIT_VARIANTS);
    step_close(&s);
    cr_assert_eq(fake.released, JIT_VARIANTS);
}

static void *run_sizes(void *argument)
{
    step own = *(const step *)argument; /* the session is shared, the rest is this thread's */
    long bad = 0;
    for (int i = 0; i < 200; i++)
        bad += run_size(&own, 10 + i % 4) != STEPC_OK;
    step_reset(&own);
    return (void *)bad;
}

Test(jit, threads_that_meet_in_one_step_compile_each_shape_once)
{
    for (int engine = STEPC_ENGINE_DEFAULT; engine <= STEPC_ENGINE_JIT; engine += STEPC_ENGINE_JIT) {
        step s;
        fake_jit fake;
        stepc_jit jit;
        pthread_t threads[8];
        open_with_jit(&s, &fake, &jit, (stepc_engine)engine);
        for (int i = 0; i < 8; i++)
            cr_assert_eq(pthread_create(&threads[i], NULL, run_sizes, &s), 0);
        for (int i = 0; i < 8; i++) {
            void *bad;
            pthread_join(threads[i], &bad);
            cr_assert_null(bad);
        }
        stepc_session_statistics all = statistics_of(s.session);
        cr_assert_eq(fake.compiled, 4);
        cr_assert_eq(all.runs_jit + all.runs_interpreted, 1600);
        cr_assert(engine == STEPC_ENGINE_DEFAULT || all.runs_jit == 1600);
        step_close(&s);
        cr_assert_eq(fake.released, 4);
    }
}

Test(jit, the_engine_jit_gives_the_refusal_as_its_error)
{
    step s;
    fake_jit fake;
    stepc_jit jit;
    open_with_jit(&s, &fake, &jit, STEPC_ENGINE_JIT);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(run_size(&s, 5), STEPC_UNIMPLEMENTED);
        cr_assert_str_eq(stepc_error_message(&s.error), "Five is not compiled");
    }
    cr_assert_eq(fake.refused, 1);
    cr_assert_eq(run_size(&s, 3), STEPC_OK);
    step_close(&s);
    step_open(&s, SCALE_GRAPH, STEPC_ENGINE_JIT); /* and without a JIT */
    cr_assert_eq(run_size(&s, 3), STEPC_FAILED_PRECONDITION);
    cr_assert_str_eq(stepc_error_message(&s.error),
                     "No compiled entry has these feeds, fetches and targets; engine jit does not interpret");
    step_close(&s);
}
