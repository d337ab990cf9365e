/* SPDX-License-Identifier: Apache-2.0 */
/* Variables, generators and plans over several steps of one session. */
#include "session_fixture.h"

#include <pthread.h>

#define COUNTER                                                                                                        \
    FLOAT_VARIABLE("v") FLOAT_CONST("one", "1") FLOAT_CONST("start", "20") FLOAT_UNARY("read", "Identity", "v")        \
    FLOAT_BINARY("assign", "Assign", "v", "start") FLOAT_BINARY("add", "AssignAdd", "v", "one")                        \
    "node { name: 'ready' op: 'IsVariableInitialized' input: 'v' attr { key: 'dtype' value { type: DT_FLOAT } } }\n"

#define RESOURCE                                                                                                       \
    FLOAT_HANDLE("v") FLOAT_CONST("start", "20")                                                                       \
    "node { name: 'read' op: 'ReadVariableOp' input: 'v' attr { key: 'dtype' value { type: DT_FLOAT } } }\n"           \
    "node { name: 'assign' op: 'AssignVariableOp' input: 'v' input: 'start' "                                          \
    "attr { key: 'dtype' value { type: DT_FLOAT } } }\n"

Test(state, an_uninitialised_reference_cannot_be_read)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, COUNTER, engines[i]);
        step_fetch(&s, "read");
        must_fail(&s, STEPC_FAILED_PRECONDITION, "Attempting to use uninitialized value v [[{{node read}}]]");
        cr_assert_str_eq(stepc_error_node(&s.error), "read");
        step_reset(&s);
        step_fetch(&s, "v");
        must_fail(&s, STEPC_FAILED_PRECONDITION, "Attempting to use uninitialized value v [[{{node _retval_v_0_0}}]]");
        step_reset(&s);
        step_target(&s, "add");
        must_fail(&s, STEPC_FAILED_PRECONDITION, "Attempting to use uninitialized value v [[{{node add}}]]");
        step_close(&s);
    }
}

Test(state, whether_a_reference_is_initialised_can_be_asked)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, COUNTER, engines[i]);
        for (int round = 0; round < 2; round++) {
            step_reset(&s);
            step_fetch(&s, "ready");
            step_must_run(&s);
            cr_assert_eq(*(bool *)stepc_tensor_data(s.fetches[0].out), round == 1);
            run_target(&s, "assign");
        }
        step_close(&s);
    }
}

Test(state, variables_keep_their_values_across_runs)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, COUNTER, engines[i]);
        run_target(&s, "assign");
        cr_assert_eq(run_fetch(&s, "v"), 20.0f);
        cr_assert_eq(run_fetch(&s, "add"), 21.0f, "the fetched reference is the value after the update");
        cr_assert_eq(run_fetch(&s, "add"), 22.0f);
        cr_assert_eq(run_fetch(&s, "read"), 22.0f);
        cr_assert_eq(run_fetch(&s, "assign"), 20.0f);
        cr_assert_eq(run_fetch(&s, "read"), 20.0f);
        step_close(&s);
    }
}

Test(state, an_uninitialised_resource_cannot_be_read)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, RESOURCE, engines[i]);
        step_fetch(&s, "read");
        cr_assert_eq(step_try(&s), STEPC_FAILED_PRECONDITION, "%s", stepc_error_message(&s.error));
        cr_assert_not_null(strstr(stepc_error_message(&s.error), " [[{{node read}}]]"));
        run_target(&s, "assign");
        cr_assert_eq(run_fetch(&s, "read"), 20.0f);
        step_close(&s);
    }
}

Test(state, two_sessions_on_one_graph_have_their_own_variables)
{
    step a, b;
    step_open(&a, COUNTER, STEPC_ENGINE_DEFAULT);
    memset(&b, 0, sizeof b);
    b.graph = stepc_graph_retain(a.graph);
    cr_assert_eq(stepc_session_open(b.graph, NULL, &b.session, &b.error), STEPC_OK);
    run_target(&a, "assign");
    run_target(&b, "assign");
    run_target(&a, "add");
    cr_assert_eq(run_fetch(&a, "read"), 21.0f);
    cr_assert_eq(run_fetch(&b, "read"), 20.0f);
    step_close(&a);
    cr_assert_eq(run_fetch(&b, "read"), 20.0f);
    step_close(&b);
}

Test(state, a_variable_assigned_from_a_feed_does_not_keep_the_feeds_memory)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, COUNTER FLOAT_PLACEHOLDER("x") FLOAT_BINARY("set", "Assign", "v", "x"), engines[i]);
        step_feed(&s, "x", 5);
        step_target(&s, "set");
        step_must_run(&s);
        *(float *)s.feeds[0].value.data = 77;
        step_reset(&s);
        cr_assert_eq(run_fetch(&s, "read"), 5.0f);
        step_close(&s);
    }
}

Test(state, a_fetched_variable_does_not_change_with_later_steps)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, COUNTER, engines[i]);
        run_target(&s, "assign");
        step_fetch(&s, "v");
        step_fetch(&s, "read");
        step_must_run(&s);
        stepc_fetch later = {.at = output_of(&s, "add")};
        cr_assert_eq(stepc_session_run(s.session, NULL, 0, &later, 1, NULL, 0, NULL, &s.error), STEPC_OK);
        stepc_tensor_release(later.out);
        cr_assert_eq(step_result(&s, 0), 20.0f);
        cr_assert_eq(step_result(&s, 1), 20.0f);
        step_close(&s);
    }
}

Test(state, control_inputs_order_reads_and_writes)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s,
                  COUNTER
                  "node { name: 'after' op: 'Identity' input: 'v' input: '^add' attr { key: 'T' value { type: DT_FLOAT } } }\n"
                  "node { name: 'late' op: 'AssignAdd' input: 'v' input: 'one' input: '^read' "
                  "attr { key: 'T' value { type: DT_FLOAT } } }\n",
                  engines[i]);
        run_target(&s, "assign");
        step_fetch(&s, "after");
        step_must_run(&s);
        cr_assert_eq(step_result(&s, 0), 21.0f);
        step_reset(&s);
        step_fetch(&s, "read");
        step_target(&s, "late");
        step_must_run(&s);
        cr_assert_eq(step_result(&s, 0), 21.0f);
        cr_assert_eq(run_fetch(&s, "read"), 22.0f);
        step_close(&s);
    }
}

Test(state, a_fed_reference_cannot_be_assigned)
{
    step s;
    step_open(&s, COUNTER, STEPC_ENGINE_DEFAULT);
    step_feed(&s, "v", 1);
    step_target(&s, "add");
    must_fail(&s, STEPC_INVALID_ARGUMENT,
              "Input 0 of node add was passed float from v:0 incompatible with expected float_ref.");
    step_reset(&s);
    step_feed(&s, "v", 1);
    step_fetch(&s, "read");
    step_must_run(&s);
    cr_assert_eq(step_result(&s, 0), 1.0f, "but it can be read");
    step_close(&s);
}

/* An operation that only a control edge needs runs, and no operation runs twice. */
Test(state, every_operation_of_a_step_runs_once)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s,
                  COUNTER FLOAT_BINARY("sum", "Add", "add", "add")
                  "node { name: 'group' op: 'NoOp' input: '^sum' input: '^add' }\n",
                  engines[i]);
        run_target(&s, "assign");
        step_fetch(&s, "sum");
        step_fetch(&s, "add");
        step_target(&s, "group");
        step_target(&s, "add");
        step_must_run(&s);
        cr_assert_eq(step_result(&s, 0), 42.0f);
        cr_assert_eq(step_result(&s, 1), 21.0f);
        step_close(&s);
    }
}

#define RANDOM                                                                                                         \
    "node { name: 'shape' op: 'Const' attr { key: 'dtype' value { type: DT_INT32 } } attr { key: 'value' value { "     \
    "tensor { dtype: DT_INT32 tensor_shape { dim { size: 1 } } int_val: 1 } } } }\n"                                   \
    "node { name: 'r' op: 'RandomUniform' input: 'shape' attr { key: 'T' value { type: DT_INT32 } } "                  \
    "attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'seed' value { i: 5 } } "                              \
    "attr { key: 'seed2' value { i: 9 } } }\n"

Test(state, generators_go_on_from_step_to_step_and_start_anew_in_each_session)
{
    float first[2], second[2];
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, RANDOM, engines[i]);
        first[i] = run_fetch(&s, "r");
        second[i] = run_fetch(&s, "r");
        cr_assert_neq(first[i], second[i]);
        step_close(&s);
    }
    cr_assert_eq(first[0], first[1]);
    cr_assert_eq(second[0], second[1]);
}

/* More signatures than a session keeps plans for: each still answers, old ones too. */
Test(state, more_signatures_than_plans_are_kept_for)
{
    char text[20000] = FLOAT_CONST("n0", "1");
    size_t used = strlen(text);
    for (int j = 1; j <= 80; j++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "node { name: 'n%d' op: 'Add' input: 'n%d' input: 'n0' attr { key: 'T' value { type: "
                                 "DT_FLOAT } } }\n",
                                 j, j - 1);
    step s;
    step_open(&s, text, STEPC_ENGINE_INTERPRETED);
    for (int round = 0; round < 2; round++)
        for (int j = 0; j <= 80; j++) {
            char name[16];
            snprintf(name, sizeof name, "n%d", j);
            cr_assert_eq(run_fetch(&s, name), (float)(j + 1));
        }
    step_close(&s);
}

/* NULL when all went well. */
static void *run_many(void *argument)
{
    step *shared = argument;
    struct stepc_error error;
    error_init(&error);
    for (int i = 0; i < 200; i++) {
        stepc_fetch fetch = {.at = {stepc_graph_find(shared->graph, "add"), 0}};
        if (stepc_session_run(shared->session, NULL, 0, &fetch, 1, NULL, 0, NULL, &error) != STEPC_OK)
            return shared;
        stepc_tensor_release(fetch.out);
    }
    return NULL;
}

Test(state, steps_of_several_threads_do_not_lose_updates)
{
    step s;
    pthread_t threads[4];
    step_open(&s, COUNTER, STEPC_ENGINE_DEFAULT);
    run_target(&s, "assign");
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, run_many, &s), 0);
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        cr_assert_null(result);
    }
    cr_assert_eq(run_fetch(&s, "read"), 820.0f);
    step_close(&s);
}

static void *run_until_closed(void *argument)
{
    step *shared = argument;
    struct stepc_error *error = &shared->error;
    stepc_code code;
    do {
        stepc_fetch fetch = {.at = {stepc_graph_find(shared->graph, "read"), 0}};
        code = stepc_session_run(shared->session, NULL, 0, &fetch, 1, NULL, 0, NULL, error);
        stepc_tensor_release(fetch.out);
    } while (code == STEPC_OK);
    return NULL;
}

Test(state, closing_ends_the_runs_of_other_threads)
{
    step s;
    pthread_t thread;
    step_open(&s, COUNTER, STEPC_ENGINE_DEFAULT);
    run_target(&s, "assign");
    cr_assert_eq(pthread_create(&thread, NULL, run_until_closed, &s), 0);
    stepc_session_close(s.session, NULL);
    pthread_join(thread, NULL);
    cr_assert_eq(stepc_error_code(&s.error), STEPC_CANCELLED);
    step_close(&s);
}
