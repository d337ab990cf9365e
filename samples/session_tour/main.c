/* SPDX-License-Identifier: Apache-2.0 */
/* A tour of sessions: every way to run a part of a graph, in C, beside the TensorFlow 1.x lines that it stands for.
 * Needs stepc's headers and libraries and nothing else; run.sh builds and runs it. */
#include "stepc/stepc.h"

#include <stdio.h>
#include <stdlib.h>

static stepc_error *error;

/* Every function of stepc returns a code and fills the error: TensorFlow's number, and what, where, and the mend. */
static void must(stepc_code code)
{
    char line[600];
    if (code == STEPC_OK)
        return;
    stepc_error_format(error, line, sizeof line);
    fprintf(stderr, "session_tour: %s\n", line);
    exit(1);
}

/* ---- building a graph ------------------------------------------------------------------------- */

static stepc_output first(const stepc_operation *op)
{
    return (stepc_output){op, 0};
}

/* name = tf.constant(value, tf.float32, name=name) */
static stepc_output constant(stepc_graph *graph, const char *name, float value)
{
    stepc_view view = {&value, sizeof value, NULL, 0, STEPC_FLOAT32};
    const stepc_operation *op;
    stepc_builder *b;
    must(stepc_builder_new(graph, "Const", name, &b, error));
    stepc_builder_attr_type(b, "dtype", STEPC_FLOAT32);
    stepc_builder_attr_tensor(b, "value", &view);
    must(stepc_builder_finish(b, &op, error));
    return first(op);
}

/* name = tf.placeholder(tf.float32, [], name=name) */
static stepc_output placeholder(stepc_graph *graph, const char *name)
{
    const stepc_operation *op;
    stepc_builder *b;
    must(stepc_builder_new(graph, "Placeholder", name, &b, error));
    stepc_builder_attr_type(b, "dtype", STEPC_FLOAT32);
    stepc_builder_attr_shape(b, "shape", NULL, 0);
    must(stepc_builder_finish(b, &op, error));
    return first(op);
}

/* name = tf.add(x, y, name=name), tf.multiply, tf.assign, ...: the attribute T follows from the inputs. */
static stepc_output binary(stepc_graph *graph, const char *type, const char *name, stepc_output x, stepc_output y)
{
    const stepc_operation *op;
    stepc_builder *b;
    must(stepc_builder_new(graph, type, name, &b, error));
    stepc_builder_input(b, x);
    stepc_builder_input(b, y);
    must(stepc_builder_finish(b, &op, error));
    return first(op);
}

/* name = tf.Variable(..., dtype=tf.float32, name=name), without its initialiser */
static stepc_output variable(stepc_graph *graph, const char *name)
{
    const stepc_operation *op;
    stepc_builder *b;
    must(stepc_builder_new(graph, "VariableV2", name, &b, error));
    stepc_builder_attr_type(b, "dtype", STEPC_FLOAT32);
    stepc_builder_attr_shape(b, "shape", NULL, 0);
    must(stepc_builder_finish(b, &op, error));
    return first(op);
}

/* ---- values ---------------------------------------------------------------------------------------- */

static stepc_view scalar(float *value)
{
    return (stepc_view){value, sizeof *value, NULL, 0, STEPC_FLOAT32};
}

/* Prints a fetched scalar and lets go of it. */
static void show(const char *what, stepc_tensor *tensor)
{
    printf("%s = %g\n", what, (double)*(const float *)stepc_tensor_data(tensor));
    stepc_tensor_release(tensor);
}

/* ---- the tour ---------------------------------------------------------------------------------------- */

/* sess.run([a, b, total]); sess.run(double, {x: 5.0}) */
static void run(stepc_session *session, stepc_output a, stepc_output b, stepc_output total, stepc_output x,
                stepc_output twice)
{
    puts("-- run");
    stepc_fetch three[] = {{.at = a}, {.at = b}, {.at = total}};
    must(stepc_session_run(session, NULL, 0, three, 3, NULL, 0, NULL, error)); /* one step for all three */
    show("a", three[0].out);
    show("b", three[1].out);
    show("a + b", three[2].out);

    float five = 5, result; /* fed without a copy, fetched into the caller's own memory */
    stepc_feed feed = {x, scalar(&five)};
    stepc_fetch into = {.at = twice, .into = scalar(&result)};
    must(stepc_session_run(session, &feed, 1, &into, 1, NULL, 0, NULL, error));
    printf("x * 2 = %g\n", (double)result);

    const char *by_name = "total"; /* "op" stands for "op:0" */
    stepc_tensor *named;
    must(stepc_session_run_named(session, NULL, 0, &by_name, 1, NULL, 0, &named, NULL, error));
    show("total, by its name", named);
}

/* with sess.as_default(): total.eval(); set_counter.run() */
static void eval(stepc_session *session, stepc_output total, stepc_output x, stepc_output twice,
                 const stepc_operation *initialise, stepc_output add_one, stepc_output counter)
{
    puts("-- eval, operation run");
    float seven = 7;
    stepc_feed feed = {x, scalar(&seven)};
    stepc_tensor *value;
    must(stepc_default_session_push(session, error));
    must(stepc_output_eval(total, NULL, 0, NULL, &value, error));
    show("total.eval()", value);
    must(stepc_output_eval(twice, &feed, 1, NULL, &value, error));
    show("twice.eval({x: 7})", value);
    must(stepc_operation_run(initialise, NULL, 0, NULL, error));
    for (int i = 0; i < 3; i++) /* three steps */
        must(stepc_operation_run(add_one.op, NULL, 0, NULL, error));
    must(stepc_output_eval(counter, NULL, 0, NULL, &value, error));
    show("counter after three steps", value);
    must(stepc_default_session_pop(session, error));
}

/* f = sess.make_callable(twice, [x]); f(1.0); f(2.0); ... */
static void callable(stepc_session *session, stepc_output x, stepc_output twice)
{
    puts("-- callable");
    stepc_signature signature = {.size = sizeof signature, .feeds = &x, .feed_count = 1, .fetches = &twice, .fetch_count = 1};
    stepc_callable *f;
    float in, out;
    stepc_view argument = scalar(&in);
    stepc_fetch result = {.into = scalar(&out)};
    must(stepc_callable_make(session, &signature, NULL, &f, error));
    for (in = 1; in <= 3; in++) { /* nothing is looked up or allocated per call */
        must(stepc_callable_call(f, &argument, 1, &result, 1, NULL, error));
        printf("f(%g) = %g\n", (double)in, (double)out);
    }
    stepc_callable_release(f);
}

/* h = sess.partial_run_setup([r1, r2], [a, b, c]); r1 = sess.partial_run(h, r1, {a: 1, b: 2}); sess.partial_run(h, r2, {c: r1 * 17}) */
static void partial(stepc_session *session, stepc_output p, stepc_output q, stepc_output c, stepc_output r1,
                    stepc_output r2)
{
    puts("-- partial run");
    stepc_output feeds[] = {p, q, c}, fetches[] = {r1, r2};
    stepc_partial *h;
    must(stepc_partial_setup(session, feeds, 3, fetches, 2, NULL, 0, &h, error));
    float one = 1, two = 2, between, last;
    stepc_feed begin[] = {{p, scalar(&one)}, {q, scalar(&two)}};
    stepc_fetch half = {.at = r1, .into = scalar(&between)};
    must(stepc_partial_run(h, begin, 2, &half, 1, error));
    printf("r1 = p + q = %g\n", (double)between);
    float factor = between * 17;
    stepc_feed end = {c, scalar(&factor)};
    stepc_fetch rest = {.at = r2, .into = scalar(&last)};
    must(stepc_partial_run(h, &end, 1, &rest, 1, error)); /* p + q is not computed again */
    printf("r2 = r1 * %g = %g\n", (double)factor, (double)last);
    stepc_partial_free(h);
}

/* The same step again, compiled to C on first use, built, loaded: nothing in the program changes but the options. */
static void compiled(stepc_graph *graph, stepc_output x, stepc_output twice)
{
    puts("-- compiled on demand");
    stepc_jit_options how = {.size = sizeof how};
    const stepc_jit *jit;
    stepc_session *session;
    must(stepc_jit_open(&how, &jit, error));
    stepc_session_options options = {.size = sizeof options, .jit = jit};
    must(stepc_session_open(graph, &options, &session, error));
    float in = 21, out;
    stepc_feed feed = {x, scalar(&in)};
    stepc_fetch fetch = {.at = twice, .into = scalar(&out)};
    must(stepc_session_run(session, &feed, 1, &fetch, 1, NULL, 0, NULL, error));
    stepc_session_statistics statistics = {.size = sizeof statistics};
    must(stepc_session_statistics_get(session, &statistics, error));
    printf("x * 2 = %g; steps compiled: %d, interpreted: %d\n", (double)out, (int)statistics.runs_jit,
           (int)statistics.runs_interpreted);
    stepc_session_free(session);
    stepc_jit_close(jit);
}

int main(void)
{
    stepc_graph *graph;
    stepc_session *session;
    error = stepc_error_new();
    must(stepc_graph_new(NULL, &graph, error));
    stepc_output a = constant(graph, "a", 10), b = constant(graph, "b", 5), total = binary(graph, "Add", "total", a, b);
    stepc_output x = placeholder(graph, "x"), twice = binary(graph, "Mul", "twice", x, constant(graph, "two", 2));
    must(stepc_session_open(graph, NULL, &session, error));
    run(session, a, b, total, x, twice);

    /* A graph may grow after a run: the session sees the new operations, and keeps its variables. */
    stepc_output counter = variable(graph, "counter"), zero = constant(graph, "zero", 0), one = constant(graph, "one", 1);
    stepc_output initialise = binary(graph, "Assign", "initialise", counter, zero);
    stepc_output add_one = binary(graph, "AssignAdd", "add_one", counter, one);
    eval(session, total, x, twice, initialise.op, add_one, counter);
    callable(session, x, twice);

    stepc_output p = placeholder(graph, "p"), q = placeholder(graph, "q"), c = placeholder(graph, "c");
    stepc_output r1 = binary(graph, "Add", "r1", p, q), r2 = binary(graph, "Mul", "r2", r1, c);
    partial(session, p, q, c, r1, r2);
    compiled(graph, x, twice);

    must(stepc_session_close(session, error));
    stepc_fetch late = {.at = total};
    if (stepc_session_run(session, NULL, 0, &late, 1, NULL, 0, NULL, error) != STEPC_OK)
        printf("-- closed\n%s\n", stepc_error_message(error));
    stepc_session_free(session);
    stepc_graph_release(graph);
    stepc_error_free(error);
    return 0;
}
