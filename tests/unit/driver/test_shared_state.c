/* SPDX-License-Identifier: Apache-2.0 */
/* One session over compiled and interpreted steps: variables and generators are the same ones, whoever runs. */
#include "../nodes.h"
#include "../session/session_fixture.h"

#include "compiler/driver/driver.h"
#include "runtime/session/compiled.h"
#include "stepc/compiler.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define STATE_GRAPH                                                                                                       \
    VARIABLE("w", "FLOAT", DIM(2)) CONST("w0", "FLOAT", DIM(2), "float_val: 1 float_val: 2 ")                             \
        NODE("init", "Assign", IN("w") IN("w0") TYPE("T", "FLOAT")) PLACEHOLDER("delta", "FLOAT", DIM(2))                 \
            NODE("train", "AssignAdd", IN("w") IN("delta") TYPE("T", "FLOAT")) PLACEHOLDER("x", "FLOAT", DIM(2))          \
                BINARY("y", "Mul", "FLOAT", "x", "w") HANDLE("h", "FLOAT", DIM(2)) ASSIGN_HANDLE("put", "FLOAT", "h", "x") \
                    READ("get", "FLOAT", "h") CONST("shape", "INT32", DIM(1), "int_val: 5 ")                              \
                        NODE("draw", "RandomUniform", IN("shape") TYPE("T", "INT32") TYPE("dtype", "FLOAT") INT("seed", 5) INT("seed2", 7)) \
                            NODE("free", "RandomUniform", IN("shape") TYPE("T", "INT32") TYPE("dtype", "FLOAT"))          \
                                VERSION(134)

enum { TRAIN, INFER, INIT, PUT, GET, DRAW, FREE, STEPS };

static const stepc_feed_spec delta_feed[] = {{NULL, "delta:0", 0, NULL}}, x_feed[] = {{NULL, "x:0", 0, NULL}};
static const stepc_fetch_spec y_fetch[] = {{NULL, "y:0"}}, get_fetch[] = {{NULL, "get:0"}}, draw_fetch[] = {{NULL, "draw:0"}},
                              free_fetch[] = {{NULL, "free:0"}};
static const char *const train_target[] = {"train"}, *const init_target[] = {"init"}, *const put_target[] = {"put"};
static const stepc_callable_spec specs[STEPS] = {
    {sizeof(stepc_callable_spec), "train", delta_feed, 1, NULL, 0, train_target, 1},
    {sizeof(stepc_callable_spec), "infer", x_feed, 1, y_fetch, 1, NULL, 0},
    {sizeof(stepc_callable_spec), "first", NULL, 0, NULL, 0, init_target, 1},
    {sizeof(stepc_callable_spec), "put", x_feed, 1, NULL, 0, put_target, 1},
    {sizeof(stepc_callable_spec), "get", NULL, 0, get_fetch, 1, NULL, 0},
    {sizeof(stepc_callable_spec), "draw", NULL, 0, draw_fetch, 1, NULL, 0},
    {sizeof(stepc_callable_spec), "loose", NULL, 0, free_fetch, 1, NULL, 0},
};

typedef struct fixture {
    step s;
    loaded_module *modules[2];
} fixture;

/* A session with FIRST steps in one module and, where given, MORE in another. */
static void compile_steps(fixture *f, int number, const stepc_callable_spec *which, size_t count)
{
    stepc_compile_options options = {.size = sizeof options, .isa = "generic", .module = number ? "latter" : "former"};
    cr_assert_eq(module_compile_and_load(f->s.graph, which, count, &options, NULL, "-O1", NULL, &f->modules[number], &f->s.error),
                 STEPC_OK, "%s", stepc_error_message(&f->s.error));
    cr_assert_eq(stepc_session_add_module(f->s.session, module_get(f->modules[number]), &f->s.error), STEPC_OK, "%s",
                 stepc_error_message(&f->s.error));
}

static void open_all(fixture *f, size_t count)
{
    memset(f, 0, sizeof *f);
    step_open(&f->s, STATE_GRAPH, STEPC_ENGINE_DEFAULT);
    compile_steps(f, 0, specs, count);
}

static void close_all(fixture *f)
{
    step_close(&f->s);
    module_unload(f->modules[0]);
    module_unload(f->modules[1]);
}

/* One step: feeds FEED with two floats where not NULL; the result, of COUNT floats, in OUT. */
static stepc_code run(fixture *f, stepc_engine engine, const char *feed, float a, float b, const char *fetch, const char *target,
                      float *out, size_t count)
{
    float values[2] = {a, b};
    int64_t dims[1] = {2};
    struct stepc_error error;
    stepc_run_options options = {.size = sizeof options, .engine = engine};
    stepc_feed feeds[1] = {{.value = {values, sizeof values, dims, 1, STEPC_FLOAT32}}};
    stepc_fetch fetches[1] = {{.into = {.data = out, .bytes = count * sizeof *out}}};
    const stepc_operation *targets[1] = {NULL};
    error_init(&error);
    if (feed != NULL)
        feeds[0].at = output_of(&f->s, feed);
    if (fetch != NULL)
        fetches[0].at = output_of(&f->s, fetch);
    if (target != NULL)
        targets[0] = stepc_graph_find(f->s.graph, target);
    stepc_code code = stepc_session_run(f->s.session, feeds, feed != NULL, fetches, fetch != NULL, targets, target != NULL, &options, &error);
    if (code != STEPC_OK)
        error_copy(&f->s.error, &error);
    return code;
}

#define MUST(call) cr_assert_eq(call, STEPC_OK, "%s", stepc_error_message(&f.s.error))
#define COMPILED    STEPC_ENGINE_COMPILED
#define INTERPRETED STEPC_ENGINE_INTERPRETED

static void train(fixture *f, stepc_engine engine, float a, float b)
{
    cr_assert_eq(run(f, engine, "delta", a, b, NULL, "train", NULL, 0), STEPC_OK, "%s", stepc_error_message(&f->s.error));
}

static void must_infer(fixture *f, stepc_engine engine, float a, float b)
{
    float out[2];
    cr_assert_eq(run(f, engine, "x", 1, 1, "y", NULL, out, 2), STEPC_OK, "%s", stepc_error_message(&f->s.error));
    cr_assert(out[0] == a && out[1] == b, "%g %g, not %g %g", out[0], out[1], a, b);
}

Test(state, training_interpreted_and_inferring_compiled_and_the_reverse)
{
    fixture f;
    open_all(&f, STEPS);
    MUST(run(&f, INTERPRETED, NULL, 0, 0, NULL, "init", NULL, 0));
    must_infer(&f, COMPILED, 1, 2);
    train(&f, INTERPRETED, 10, 20);
    must_infer(&f, COMPILED, 11, 22);
    train(&f, COMPILED, 1, 1);
    must_infer(&f, INTERPRETED, 12, 23);
    must_infer(&f, COMPILED, 12, 23);
    train(&f, COMPILED, 1, 1);
    train(&f, INTERPRETED, 1, 1);
    train(&f, COMPILED, 1, 1);
    must_infer(&f, STEPC_ENGINE_REFERENCE, 15, 26);
    must_infer(&f, COMPILED, 15, 26);
    MUST(run(&f, COMPILED, NULL, 0, 0, NULL, "init", NULL, 0));
    must_infer(&f, INTERPRETED, 1, 2);
    close_all(&f);
}

Test(state, a_fetched_variable_keeps_its_value_while_compiled_steps_go_on)
{
    fixture f;
    open_all(&f, STEPS);
    MUST(run(&f, INTERPRETED, NULL, 0, 0, NULL, "init", NULL, 0));
    train(&f, COMPILED, 1, 1);
    step_fetch(&f.s, "w");
    step_must_run(&f.s);
    for (int i = 0; i < 3; i++) {
        train(&f, COMPILED, 1, 1);
        must_infer(&f, INTERPRETED, (float)(3 + i), (float)(4 + i));
    }
    cr_assert_eq(((float *)stepc_tensor_data(f.s.fetches[0].out))[1], 3);
    close_all(&f);
}

Test(state, training_compiled_in_a_loop_copies_nothing)
{
    fixture f;
    open_all(&f, STEPS);
    MUST(run(&f, INTERPRETED, NULL, 0, 0, NULL, "init", NULL, 0));
    train(&f, COMPILED, 1, 1);
    variable *v = variable_find(f.s.session->variables, "localhost", "w");
    const state_slot *home = v->home;
    stepc_tensor *value = v->value;
    cr_assert_not_null(home);
    for (int i = 0; i < 10; i++) {
        train(&f, COMPILED, 1, 1);
        must_infer(&f, COMPILED, (float)(3 + i), (float)(4 + i));
        cr_assert(v->home == home && v->value == value && ((float *)stepc_tensor_data(value))[0] == 1);
    }
    close_all(&f);
}

Test(state, an_uninitialised_variable_is_the_interpreters_affair_unless_compiled_is_asked_for)
{
    fixture f;
    float out[2];
    open_all(&f, STEPS);
    cr_assert_eq(run(&f, STEPC_ENGINE_DEFAULT, "x", 1, 1, "y", NULL, out, 2), STEPC_FAILED_PRECONDITION);
    cr_assert_str_eq(stepc_error_message(&f.s.error), "Attempting to use uninitialized value w [[{{node y}}]]");
    cr_assert_eq(run(&f, COMPILED, "x", 1, 1, "y", NULL, out, 2), STEPC_FAILED_PRECONDITION);
    cr_assert_str_eq(stepc_error_message(&f.s.error), "Attempting to use uninitialized value w [[{{node y}}]]");
    MUST(run(&f, STEPC_ENGINE_DEFAULT, NULL, 0, 0, NULL, "init", NULL, 0)); /* interpreted */
    must_infer(&f, STEPC_ENGINE_DEFAULT, 1, 2);
    stepc_session_statistics all = {.size = sizeof all};
    stepc_session_statistics_get(f.s.session, &all, NULL);
    cr_assert(all.runs_interpreted == 2 && all.runs_compiled == 2);
    close_all(&f);

    open_all(&f, STEPS);
    MUST(run(&f, COMPILED, NULL, 0, 0, NULL, "init", NULL, 0));
    must_infer(&f, INTERPRETED, 1, 2);
    close_all(&f);
}

Test(state, resource_variables_are_shared_as_well)
{
    fixture f;
    float out[2];
    open_all(&f, STEPS);
    cr_assert_eq(run(&f, STEPC_ENGINE_DEFAULT, NULL, 0, 0, "get", NULL, out, 2), STEPC_FAILED_PRECONDITION);
    cr_assert_str_eq(stepc_error_message(&f.s.error),
                     "Error while reading resource variable h from Container: localhost. This could mean that the variable was "
                     "uninitialized. Not found: Container localhost does not exist. (Could not find resource: localhost/h) "
                     "[[{{node get}}]]");
    MUST(run(&f, COMPILED, "x", 5, 6, NULL, "put", NULL, 0)); /* makes it */
    MUST(run(&f, INTERPRETED, NULL, 0, 0, "get", NULL, out, 2));
    cr_assert(out[0] == 5 && out[1] == 6);
    MUST(run(&f, INTERPRETED, "x", 7, 8, NULL, "put", NULL, 0));
    MUST(run(&f, COMPILED, NULL, 0, 0, "get", NULL, out, 2));
    cr_assert(out[0] == 7 && out[1] == 8);
    close_all(&f);
}

Test(state, a_generator_draws_one_sequence_whoever_asks)
{
    static const char *const names[] = {"draw", "free"};
    fixture f;
    step alone;
    open_all(&f, STEPS);
    step_open(&alone, STATE_GRAPH, STEPC_ENGINE_INTERPRETED); /* of the same seed */
    for (int n = 0; n < 2; n++)
        for (int i = 0; i < 6; i++) {
            float out[5];
            MUST(run(&f, i % 3 == 1 ? INTERPRETED : COMPILED, NULL, 0, 0, names[n], NULL, out, 5));
            step_reset(&alone);
            step_fetch(&alone, names[n]);
            step_must_run(&alone);
            cr_assert(memcmp(out, stepc_tensor_data(alone.fetches[0].out), sizeof out) == 0, "%s, draw %d", names[n], i);
        }
    step_close(&alone);
    close_all(&f);
}

Test(state, two_modules_share_a_variable)
{
    fixture f;
    memset(&f, 0, sizeof f);
    step_open(&f.s, STATE_GRAPH, STEPC_ENGINE_DEFAULT);
    compile_steps(&f, 0, &specs[TRAIN], 1);
    compile_steps(&f, 1, &specs[INFER], 2);
    MUST(run(&f, COMPILED, NULL, 0, 0, NULL, "init", NULL, 0)); /* second */
    train(&f, COMPILED, 10, 10);                                 /* first */
    must_infer(&f, COMPILED, 11, 12);                            /* second */
    train(&f, COMPILED, 1, 1);
    train(&f, INTERPRETED, 1, 1);
    train(&f, COMPILED, 1, 1);
    must_infer(&f, COMPILED, 14, 15);
    must_infer(&f, INTERPRETED, 14, 15);
    close_all(&f);
}

Test(state, a_value_of_another_shape_is_interpreted)
{
    fixture f;
    memset(&f, 0, sizeof f);
    step_open(&f.s,
              VARIABLE("w", "FLOAT", DIM(2)) PLACEHOLDER_ANY("any", "FLOAT")
                  NODE("set", "Assign", IN("w") IN("any") TYPE("T", "FLOAT") FLAG("validate_shape", false)) PLACEHOLDER("x", "FLOAT", "")
                      BINARY("y", "Mul", "FLOAT", "x", "w") VERSION(134),
              STEPC_ENGINE_DEFAULT);
    compile_steps(&f, 0, &specs[INFER], 1);
    float one = 1, three[3] = {7, 8, 9}, out[3] = {0, 0, 0};
    int64_t dims[1] = {3};
    stepc_feed feeds[1] = {{output_of(&f.s, "any"), {three, sizeof three, dims, 1, STEPC_FLOAT32}}};
    const stepc_operation *set = stepc_graph_find(f.s.graph, "set");
    cr_assert_eq(stepc_session_run(f.s.session, feeds, 1, NULL, 0, &set, 1, NULL, &f.s.error), STEPC_OK);
    feeds[0] = (stepc_feed){output_of(&f.s, "x"), {&one, 4, NULL, 0, STEPC_FLOAT32}};
    stepc_fetch fetch = {.at = output_of(&f.s, "y"), .into = {.data = out, .bytes = sizeof out}};
    cr_assert_eq(stepc_session_run(f.s.session, feeds, 1, &fetch, 1, NULL, 0, NULL, &f.s.error), STEPC_OK);
    cr_assert(out[0] == 7 && out[2] == 9);
    stepc_run_options options = {.size = sizeof options, .engine = COMPILED};
    cr_assert_eq(stepc_session_run(f.s.session, feeds, 1, &fetch, 1, NULL, 0, &options, &f.s.error), STEPC_FAILED_PRECONDITION);
    cr_assert_str_eq(stepc_error_message(&f.s.error), "Variable 'w' has another shape than the compiled step was made for");
    close_all(&f);
}

/* ---- threads ---- */

typedef struct worker {
    fixture *f;
    int number;
    int bad;
} worker;

#define ROUNDS 300

/* Even numbers train, odd ones infer; engines alternate. Every addition is of (1, 1), so w[1] - w[0] stays 1. */
static void *work(void *argument)
{
    worker *w = argument;
    for (int i = 0; i < ROUNDS; i++) {
        stepc_engine engine = (w->number + i) % 3 == 0 ? INTERPRETED : STEPC_ENGINE_DEFAULT;
        float out[2] = {0, 1};
        stepc_code code = w->number % 2 == 0 ? run(w->f, engine, "delta", 1, 1, NULL, "train", NULL, 0)
                                             : run(w->f, engine, "x", 1, 1, "y", NULL, out, 2);
        w->bad += code != STEPC_OK || out[1] - out[0] != 1;
    }
    return NULL;
}

Test(state, threads_train_and_infer_at_once_and_no_addition_is_lost)
{
    fixture f;
    pthread_t threads[8];
    worker workers[8];
    open_all(&f, STEPS);
    MUST(run(&f, INTERPRETED, NULL, 0, 0, NULL, "init", NULL, 0));
    for (int i = 0; i < 8; i++) {
        workers[i] = (worker){&f, i, 0};
        cr_assert_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        cr_assert_eq(workers[i].bad, 0, "thread %d: %d bad", i, workers[i].bad);
    }
    must_infer(&f, COMPILED, 1 + 4 * ROUNDS, 2 + 4 * ROUNDS);
    must_infer(&f, INTERPRETED, 1 + 4 * ROUNDS, 2 + 4 * ROUNDS);
    close_all(&f);
}

/* ---- the JIT's modules have state too ---- */

Test(state, steps_compiled_on_demand_share_it)
{
    fixture f;
    char folder[] = "/tmp/stepc-state-XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    setenv("TMPDIR", folder, 1);
    memset(&f, 0, sizeof f);
    stepc_jit_options jit_options = {.size = sizeof jit_options};
    const stepc_jit *jit;
    error_init(&f.s.error);
    cr_assert_eq(stepc_jit_open(&jit_options, &jit, &f.s.error), STEPC_OK, "%s", stepc_error_message(&f.s.error));
    f.s.graph = graph_of(STATE_GRAPH);
    stepc_session_options options = {.size = sizeof options, .seed = 7, .jit = jit};
    cr_assert_eq(stepc_session_open(f.s.graph, &options, &f.s.session, &f.s.error), STEPC_OK);
    MUST(run(&f, STEPC_ENGINE_DEFAULT, NULL, 0, 0, NULL, "init", NULL, 0));
    train(&f, STEPC_ENGINE_DEFAULT, 10, 10);
    must_infer(&f, STEPC_ENGINE_DEFAULT, 11, 12);
    train(&f, INTERPRETED, 1, 1);
    must_infer(&f, STEPC_ENGINE_JIT, 12, 13);
    train(&f, STEPC_ENGINE_JIT, 1, 1);
    must_infer(&f, INTERPRETED, 13, 14);
    stepc_session_statistics all = {.size = sizeof all};
    stepc_session_statistics_get(f.s.session, &all, NULL);
    cr_assert(all.runs_jit == 4 && all.runs_interpreted == 3 && all.jit_compilations == 2, "%d jit, %d interpreted, %d compilations",
              (int)all.runs_jit, (int)all.runs_interpreted, (int)all.jit_compilations);
    close_all(&f);
    stepc_jit_close(jit);
    rmdir(folder);
    unsetenv("TMPDIR");
}
