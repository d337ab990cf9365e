/* SPDX-License-Identifier: Apache-2.0 */
/* eval and run, the default session and graph of a thread, sessions as contexts, interactive sessions. */
#include "session_fixture.h"

#include <pthread.h>

#define PRODUCT                                                              \
    FLOAT_CONST("a", "6")                                                    \
    FLOAT_CONST("b", "7") FLOAT_BINARY("c", "Mul", "a", "b") FLOAT_VARIABLE( \
        "v") "node { name: 'init' op: 'Assign' input: 'v' input: 'a' attr { key: 'T' value { type: DT_FLOAT } } }\n"

static float must_eval(step *s, const char *name, stepc_session *session)
{
    stepc_tensor *value;
    cr_assert_eq(stepc_output_eval(output_of(s, name), NULL, 0, session, &value, &s->error), STEPC_OK, "%s",
                 stepc_error_message(&s->error));
    float result = *(float *)stepc_tensor_data(value);
    stepc_tensor_release(value);
    return result;
}

static void eval_fails(step *s, const char *name, stepc_session *session, stepc_code code, const char *message)
{
    stepc_tensor *value;
    cr_assert_eq(stepc_output_eval(output_of(s, name), NULL, 0, session, &value, &s->error), code);
    cr_assert_str_eq(stepc_error_message(&s->error), message);
    cr_assert_null(value);
}

static void run_fails(step *s, const char *name, stepc_session *session, stepc_code code, const char *message)
{
    cr_assert_eq(stepc_operation_run(stepc_graph_find(s->graph, name), NULL, 0, session, &s->error), code);
    cr_assert_str_eq(stepc_error_message(&s->error), message);
}

static void must(step *s, stepc_code code) { cr_assert_eq(code, STEPC_OK, "%s", stepc_error_message(&s->error)); }

static void fails(step *s, stepc_code got, stepc_code code, const char *message)
{
    cr_assert_eq(got, code);
    cr_assert_str_eq(stepc_error_message(&s->error), message);
}

/* ---- eval, run ---------------------------------------------------------------------------------------------- */

Test(eval, TensorGetMethod)
{
    step s;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    must(&s, stepc_default_session_push(s.session, &s.error));
    cr_assert_eq(must_eval(&s, "c", NULL), 42);
    cr_assert_eq(must_eval(&s, "c", s.session), 42);
    step_feed(&s, "a", 2); /* a constant, fed */
    stepc_tensor *value;
    must(&s, stepc_output_eval(output_of(&s, "c"), s.feeds, 1, NULL, &value, &s.error));
    cr_assert_eq(*(float *)stepc_tensor_data(value), 14);
    stepc_tensor_release(value);
    must(&s, stepc_default_session_pop(s.session, &s.error));
    step_close(&s);
}

Test(eval, OperationRunMethod)
{
    step s;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    const stepc_operation *init = stepc_graph_find(s.graph, "init");
    must(&s, stepc_operation_run(init, NULL, 0, s.session, &s.error));
    cr_assert_eq(must_eval(&s, "v", s.session), 6);
    must(&s, stepc_default_session_push(s.session, &s.error));
    step_feed(&s, "a", 3);
    must(&s, stepc_operation_run(init, s.feeds, 1, NULL, &s.error));
    cr_assert_eq(must_eval(&s, "v", NULL), 3);
    must(&s, stepc_default_session_pop(s.session, &s.error));
    step_close(&s);
}

Test(eval, the_six_texts)
{
    step s, other;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    step_open(&other, PRODUCT, STEPC_ENGINE_DEFAULT);
    eval_fails(
        &s, "c", NULL, STEPC_FAILED_PRECONDITION,
        "Cannot evaluate tensor using `eval()`: No default session is registered. Use `with sess.as_default()` or "
        "pass an explicit session to `eval(session=sess)`");
    run_fails(
        &s, "init", NULL, STEPC_FAILED_PRECONDITION,
        "Cannot execute operation using `run()`: No default session is registered. Use `with sess.as_default():` or "
        "pass an explicit session to `run(session=sess)`");
    eval_fails(
        &s, "c", other.session, STEPC_INVALID_ARGUMENT,
        "Cannot use the given session to evaluate tensor: the tensor's graph is different from the session's graph.");
    run_fails(
        &s, "init", other.session, STEPC_INVALID_ARGUMENT,
        "Cannot use the given session to execute operation: the operation's graph is different from the session's "
        "graph.");
    must(&s, stepc_default_session_push(other.session, &s.error));
    eval_fails(&s, "c", NULL, STEPC_INVALID_ARGUMENT,
               "Cannot use the default session to evaluate tensor: the tensor's graph is different from the session's "
               "graph. Pass an explicit session to `eval(session=sess)`.");
    run_fails(
        &s, "init", NULL, STEPC_INVALID_ARGUMENT,
        "Cannot use the default session to execute operation: the operation's graph is different from the session's "
        "graph. Pass an explicit session to run(session=sess).");
    must(&s, stepc_default_session_pop(other.session, &s.error));
    step_close(&other);
    step_close(&s);
}

/* ---- default sessions -------------------------------------------------------------------------------------- */

Test(eval, AsDefault)
{
    step s, other;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    step_open(&other, PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_graph *before = stepc_default_graph(&s.error);
    cr_assert_null(stepc_default_session());
    for (int i = 0; i < 20; i++) { /* as often as one likes */
        must(&s, stepc_default_session_push(s.session, &s.error));
        must(&s, stepc_default_session_push(other.session, &s.error));
    }
    cr_assert_eq(stepc_default_session(), other.session);
    cr_assert_eq(stepc_default_graph(&s.error), before); /* as_default leaves the graph alone */
    for (int i = 0; i < 20; i++) {
        must(&s, stepc_default_session_pop(other.session, &s.error));
        cr_assert_eq(stepc_default_session(), s.session);
        must(&s, stepc_default_session_pop(s.session, &s.error));
    }
    cr_assert_null(stepc_default_session());
    cr_assert_eq(must_eval(&s, "c", s.session), 42); /* leaving does not close */
    step_close(&other);
    step_close(&s);
}

Test(eval, NonInteractiveSessionNesting)
{
    step s, other;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    step_open(&other, PRODUCT, STEPC_ENGINE_DEFAULT);
    fails(&s, stepc_default_session_pop(s.session, &s.error), STEPC_FAILED_PRECONDITION,
          "Nesting violated for default stack of stepc_session objects");
    must(&s, stepc_default_session_push(s.session, &s.error));
    must(&s, stepc_default_session_push(other.session, &s.error));
    fails(&s, stepc_default_session_pop(s.session, &s.error), STEPC_FAILED_PRECONDITION,
          "Nesting violated for default stack of stepc_session objects");
    cr_assert_eq(stepc_default_session(), other.session);
    must(&s, stepc_default_session_pop(other.session, &s.error));
    must(&s, stepc_default_session_pop(s.session, &s.error));
    step_close(&other);
    step_close(&s);
}

Test(eval, a_session_that_is_freed_stays_on_the_stack_closed)
{
    step s;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    must(&s, stepc_default_session_push(s.session, &s.error));
    stepc_session_free(s.session);
    cr_assert_eq(stepc_default_session(), s.session);
    eval_fails(&s, "c", NULL, STEPC_CANCELLED, "Session has been closed.");
    must(&s, stepc_default_session_pop(s.session, &s.error)); /* now its memory goes */
    cr_assert_null(stepc_default_session());
    stepc_graph_release(s.graph);
}

static void *look_in_another_thread(void *argument)
{
    step *s = argument;
    cr_assert_null(stepc_default_session());
    stepc_graph *own = stepc_default_graph(NULL);
    cr_assert_not_null(own);
    cr_assert_eq(stepc_default_graph(NULL), own);
    cr_assert_eq(stepc_default_graph_push(s->graph, NULL), STEPC_OK);
    cr_assert_eq(stepc_default_session_push(s->session, NULL), STEPC_OK);
    return own; /* all of it goes with the thread */
}

Test(eval, stacks_are_of_one_thread)
{
    step s;
    pthread_t thread;
    void *theirs;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    must(&s, stepc_default_session_push(s.session, &s.error));
    stepc_graph *mine = stepc_default_graph(&s.error);
    cr_assert_not_null(mine);
    cr_assert_eq(pthread_create(&thread, NULL, look_in_another_thread, &s), 0);
    pthread_join(thread, &theirs);
    cr_assert_neq(theirs, (void *)mine);
    cr_assert_eq(stepc_default_session(), s.session);
    must(&s, stepc_default_session_pop(s.session, &s.error));
    step_close(&s);
}

Test(eval, DefaultGraph)
{
    step s;
    stepc_session *session;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_graph *base = stepc_default_graph(&s.error);
    must(&s, stepc_default_graph_push(s.graph, &s.error));
    cr_assert_eq(stepc_default_graph(&s.error), s.graph);
    fails(&s, stepc_default_graph_pop(base, &s.error), STEPC_FAILED_PRECONDITION,
          "Nesting violated for default stack of stepc_graph objects");
    must(&s, stepc_default_graph_pop(s.graph, &s.error));
    cr_assert_eq(stepc_default_graph(&s.error), base);
    cr_assert_eq(stepc_graph_operation_count(base), 0);
    must(&s, stepc_session_open(base, NULL, &session, &s.error));
    stepc_session_free(session);
    step_close(&s);
}

/* ---- contexts --------------------------------------------------------------------------------------------------- */

Test(eval, a_session_is_entered_and_closed_on_leaving)
{
    step s;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_graph *base = stepc_default_graph(&s.error);
    must(&s, stepc_session_begin(s.session, &s.error));
    cr_assert_eq(stepc_default_session(), s.session);
    cr_assert_eq(stepc_default_graph(&s.error), s.graph);
    cr_assert_eq(must_eval(&s, "c", NULL), 42);
    must(&s, stepc_session_end(s.session, &s.error));
    cr_assert_null(stepc_default_session());
    cr_assert_eq(stepc_default_graph(&s.error), base);
    eval_fails(&s, "c", s.session, STEPC_CANCELLED, "Session has been closed.");
    step_close(&s);
}

Test(eval, Reentry)
{
    step s;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    must(&s, stepc_session_begin(s.session, &s.error));
    fails(
        &s, stepc_session_begin(s.session, &s.error), STEPC_FAILED_PRECONDITION,
        "Session context managers are not re-entrant. Use `Session.as_default()` if you want to enter a session multiple "
        "times.");
    must(&s, stepc_default_session_push(s.session, &s.error)); /* that is allowed */
    must(&s, stepc_default_session_pop(s.session, &s.error));
    must(&s, stepc_session_end(s.session, &s.error));
    step_close(&s);
}

Test(eval, leaving_out_of_order_changes_nothing)
{
    step s, other;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    step_open(&other, PRODUCT, STEPC_ENGINE_DEFAULT);
    must(&s, stepc_session_begin(s.session, &s.error));
    must(&s, stepc_default_session_push(other.session, &s.error));
    fails(&s, stepc_session_end(s.session, &s.error), STEPC_FAILED_PRECONDITION,
          "Nesting violated for default stack of stepc_session objects");
    must(&s, stepc_default_session_pop(other.session, &s.error));
    must(&s, stepc_default_graph_push(other.graph, &s.error));
    fails(&s, stepc_session_end(s.session, &s.error), STEPC_FAILED_PRECONDITION,
          "Nesting violated for default stack of stepc_graph objects");
    must(&s, stepc_default_graph_pop(other.graph, &s.error));
    cr_assert_eq(must_eval(&s, "c", NULL), 42); /* not closed */
    must(&s, stepc_session_end(s.session, &s.error));
    step_close(&other);
    step_close(&s);
}

Test(eval, what_was_only_pushed_is_not_left)
{
    step s;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    must(&s, stepc_default_graph_push(s.graph, &s.error));
    must(&s, stepc_default_session_push(s.session, &s.error));
    fails(&s, stepc_session_end(s.session, &s.error), STEPC_FAILED_PRECONDITION, "The session was not entered.");
    must(&s, stepc_default_session_pop(s.session, &s.error));
    must(&s, stepc_default_graph_pop(s.graph, &s.error));
    step_close(&s);
}

/* ---- interactive sessions ------------------------------------------------------------------------------------------ */

static int warnings;

static void count_warning(void *context, const char *kind, const char *subject, const char *text)
{
    (void)context;
    (void)subject;
    if (strcmp(kind, "warning") != 0)
        return;
    cr_assert_str_eq(text,
                     "An interactive session is already active. This can cause out-of-memory errors in some cases. You "
                     "must explicitly call `InteractiveSession.close()` to release resources held by the other "
                     "session(s).");
    warnings++;
}

static stepc_session *interactive(step *s)
{
    stepc_host host;
    stepc_host_init(&host);
    host.report = count_warning;
    stepc_session_options options = {.size = sizeof options, .host = &host};
    stepc_session *session;
    must(s, stepc_interactive_open(s->graph, &options, &session, &s->error));
    return session;
}

Test(eval, Interactive)
{
    step s;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_graph *base = stepc_default_graph(&s.error);
    stepc_session *session = interactive(&s);
    cr_assert_eq(stepc_default_session(), session);
    cr_assert_eq(stepc_default_graph(&s.error), s.graph);
    cr_assert_eq(must_eval(&s, "c", NULL), 42);
    must(&s, stepc_session_close(session, &s.error));
    cr_assert_null(stepc_default_session());
    cr_assert_eq(stepc_default_graph(&s.error), base);
    must(&s, stepc_session_close(session, &s.error)); /* once more is fine */
    stepc_session_free(session);
    step_close(&s);
}

Test(eval, InteractiveSessionNesting)
{
    step s;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_session *one = interactive(&s), *two = interactive(&s);
    cr_assert_eq(stepc_default_session(), two);
    stepc_session_free(one); /* in whatever order */
    cr_assert_eq(stepc_default_session(), two);
    cr_assert_eq(must_eval(&s, "c", NULL), 42);
    stepc_session_free(two);
    cr_assert_null(stepc_default_session());
    step_close(&s);
}

Test(eval, MultipleInteractiveSessionsWarning)
{
    step s;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_session *one = interactive(&s);
    cr_assert_eq(warnings, 0);
    must(&s, stepc_session_close(one, &s.error));
    stepc_session *two = interactive(&s); /* the first is closed */
    cr_assert_eq(warnings, 0);
    stepc_session *three = interactive(&s);
    cr_assert_eq(warnings, 1);
    stepc_session_free(three);
    stepc_session_free(two);
    stepc_session_free(one);
    stepc_session *four = interactive(&s);
    cr_assert_eq(warnings, 1);
    stepc_session_free(four);
    step_close(&s);
}

static void *close_it(void *session)
{
    cr_assert_eq(stepc_session_close(session, NULL), STEPC_OK);
    return NULL;
}

Test(eval, an_interactive_session_closed_by_another_thread_is_no_default)
{
    step s;
    pthread_t thread;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    stepc_graph *base = stepc_default_graph(&s.error);
    stepc_session *session = interactive(&s);
    cr_assert_eq(pthread_create(&thread, NULL, close_it, session), 0);
    pthread_join(thread, NULL);
    cr_assert_null(stepc_default_session());
    cr_assert_eq(stepc_default_graph(&s.error), base);
    stepc_session_free(session);
    step_close(&s);
}

Test(eval, InteractivePlacePrunedGraph)
{
    step s;
    stepc_session *session;
    stepc_tensor *value;
    step_open(
        &s,
        FLOAT_CONST("here", "5") "node { name: 'there' op: 'Const' device: '/device:GPU:0' attr { key: 'dtype' value { "
                                 "type: DT_FLOAT } } attr { key: 'value' value { tensor { dtype: DT_FLOAT "
                                 "tensor_shape { } float_val: 6 } } } }\n",
        STEPC_ENGINE_DEFAULT);
    must(&s, stepc_interactive_open(s.graph, NULL, &session, &s.error));
    cr_assert_eq(must_eval(&s, "here", NULL), 5);
    cr_assert_eq(stepc_output_eval(output_of(&s, "there"), NULL, 0, NULL, &value, &s.error), STEPC_INVALID_ARGUMENT);
    stepc_session_free(session);
    step_close(&s);
}

Test(eval, what_is_not_there_is_refused)
{
    step s;
    stepc_tensor *value;
    step_open(&s, PRODUCT, STEPC_ENGINE_DEFAULT);
    cr_assert_eq(stepc_output_eval((stepc_output){NULL, 0}, NULL, 0, s.session, &value, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_output_eval(output_of(&s, "c"), NULL, 0, s.session, NULL, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_operation_run(NULL, NULL, 0, s.session, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_default_session_push(NULL, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_default_session_pop(NULL, NULL), STEPC_FAILED_PRECONDITION);
    cr_assert_eq(stepc_default_graph_push(NULL, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_default_graph_pop(NULL, NULL), STEPC_FAILED_PRECONDITION);
    cr_assert_eq(stepc_session_begin(NULL, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_session_end(NULL, NULL), STEPC_INVALID_ARGUMENT);
    step_close(&s);
}
