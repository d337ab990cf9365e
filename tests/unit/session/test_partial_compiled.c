/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a partial run as compiled steps. What compiled parts compute is told from what the graph says by 1000 more. */
#include "module_fixture.h"

#define GRAPH                                                                                                           \
    FLOAT_PLACEHOLDER("a")                                                                                              \
    FLOAT_PLACEHOLDER("b")                                                                                              \
    FLOAT_PLACEHOLDER("c")                                                                                              \
    FLOAT_BINARY("r1", "Add", "a", "b")                                                                                 \
    FLOAT_BINARY("r2", "Mul", "r1", "c")                                                                                \
    FLOAT_UNARY("n1", "Neg", "r1")                                                                                      \
    FLOAT_CONST("ten", "10")                                                                                            \
    FLOAT_BINARY("r3", "Add", "r2", "ten")                                                                              \
    FLOAT_VARIABLE(                                                                                                     \
        "v") "node { name: 'init' op: 'Assign' input: 'v' input: 'ten' attr { key: 'T' value { type: DT_FLOAT } } }\n"  \
             "node { name: 'add' op: 'AssignAdd' input: 'v' input: 'r1' attr { key: 'T' value { type: DT_FLOAT } } }\n" \
             "node { name: 'after' op: 'Mul' input: 'r1' input: 'c' input: '^add' "                                     \
             "attr { key: 'T' value { type: DT_FLOAT } } }\n"

/* All entries take two scalars and give one or two. */
typedef struct scalars_in {
    const float *p, *q;
} scalars_in;

typedef struct scalars_out {
    float *u, *w;
} scalars_out;

static int32_t sum_call(const void *feeds, void *fetches, const stepc_env *env)
{
    const scalars_in *in = feeds;
    const scalars_out *out = fetches;
    (void)env;
    *out->u = *in->p + *in->q + 1000;
    return 0;
}

static int32_t sums_call(const void *feeds, void *fetches, const stepc_env *env)
{
    const scalars_in *in = feeds;
    const scalars_out *out = fetches;
    (void)env;
    *out->u = *in->p + *in->q + 1000;
    *out->w = -(*in->p + *in->q) + 1000;
    return 0;
}

static int32_t product_call(const void *feeds, void *fetches, const stepc_env *env)
{
    const scalars_in *in = feeds;
    const scalars_out *out = fetches;
    (void)env;
    if (*in->q == 13) {
        *env->fault = (stepc_fault){3, 1, "Mul r2", "Thirteen is refused"};
        return 3;
    }
    *out->u = *in->p * *in->q + 1000;
    return 0;
}

#define SCALAR(name, tensor, type, member)                               \
    {                                                                    \
        name, tensor, STEPC_FLOAT32, 0, NULL, offsetof(type, member), -1 \
    }
#define ENTRY(name, number, in, out, outs, call)                                                                     \
    {                                                                                                                \
        name, number, 2, outs, 0, 0, in, out, NULL, NULL, sizeof(scalars_in), sizeof(scalars_out), 0, 0, NULL, call, \
            NULL                                                                                                     \
    }

static const stepc_slot sum_in[] = {SCALAR("a", "a:0", scalars_in, p), SCALAR("b", "b:0", scalars_in, q)};
static const stepc_slot product_in[] = {SCALAR("r1", "r1:0", scalars_in, p), SCALAR("c", "c:0", scalars_in, q)};
static const stepc_slot sum_out[] = {SCALAR("r1", "r1:0", scalars_out, u), SCALAR("n1", "n1:0", scalars_out, w)};
static const stepc_slot product_out[] = {SCALAR("r2", "r2:0", scalars_out, u)};
static const stepc_slot rest_out[] = {SCALAR("r3", "r3:0", scalars_out, u)};
static const stepc_slot after_out[] = {SCALAR("after", "after:0", scalars_out, u)};

static const stepc_entry entries[] = {
    ENTRY("sum", 1, sum_in, sum_out, 1, sum_call),
    ENTRY("sums", 2, sum_in, sum_out, 2, sums_call),
    ENTRY("product", 3, product_in, product_out, 1, product_call),
    ENTRY("rest", 4, product_in, rest_out, 1, product_call),
    /* Would run what has run: never taken for a part behind `add`. */
    ENTRY("after", 5, product_in, after_out, 1, product_call),
};
static const stepc_module parts = {
    STEPC_MODULE_ABI, sizeof(stepc_module), "parts", "generic", 5, 0, entries, NULL, 0, 0, NULL};

static stepc_partial *setup(step *s, const char *const *fetches, size_t fetch_count)
{
    stepc_output feeds[3] = {output_of(s, "a"), output_of(s, "b"), output_of(s, "c")}, at[4];
    stepc_partial *q;
    for (size_t i = 0; i < fetch_count; i++)
        at[i] = output_of(s, fetches[i]);
    cr_assert_eq(stepc_partial_setup(s->session, feeds, 3, at, fetch_count, NULL, 0, &q, &s->error), STEPC_OK, "%s",
                 stepc_error_message(&s->error));
    return q;
}

static stepc_code try_partial(step *s, stepc_partial *q)
{
    return stepc_partial_run(q, s->feeds, s->feed_count, s->fetches, s->fetch_count, &s->error);
}

static void sum_and(step *s, stepc_partial *q, const char *const *fetches, size_t fetch_count)
{
    step_reset(s);
    step_feed(s, "a", 1);
    step_feed(s, "b", 2);
    for (size_t i = 0; i < fetch_count; i++)
        step_fetch(s, fetches[i]);
    cr_assert_eq(try_partial(s, q), STEPC_OK, "%s", stepc_error_message(&s->error));
}

static void factor_and(step *s, stepc_partial *q, float c, const char *fetch)
{
    step_reset(s);
    step_feed(s, "c", c);
    step_fetch(s, fetch);
    cr_assert_eq(try_partial(s, q), STEPC_OK, "%s", stepc_error_message(&s->error));
}

static const stepc_engine both[] = {STEPC_ENGINE_DEFAULT, STEPC_ENGINE_COMPILED};

Test(partial_compiled, each_part_is_a_compiled_step)
{
    for (int i = 0; i < 2; i++) {
        step s;
        step_open(&s, GRAPH, both[i]);
        add_module(&s, &parts);
        stepc_partial *q = setup(&s, (const char *const[]){"r1", "r2"}, 2);
        sum_and(&s, q, (const char *const[]){"r1"}, 1);
        cr_assert_eq(step_result(&s, 0), 1003);
        factor_and(&s, q, 2, "r2");
        cr_assert_eq(step_result(&s, 0), 3006);
        stepc_session_statistics all = statistics_of(s.session);
        cr_assert(all.runs_compiled == 2 && all.runs_interpreted == 0);
        stepc_partial_free(q);
        step_close(&s);
    }
}

Test(partial_compiled, what_later_parts_need_is_fetched_too)
{
    for (int i = 0; i < 2; i++) {
        step s;
        step_open(&s, GRAPH, both[i]);
        add_module(&s, &parts);
        stepc_partial *q = setup(&s, (const char *const[]){"n1", "r3"}, 2);
        sum_and(&s, q, (const char *const[]){"n1"}, 1); /* r1 and n1 come of one call */
        cr_assert_eq(step_result(&s, 0), 997);
        factor_and(&s, q, 2, "r3"); /* the constant lies inside */
        cr_assert_eq(step_result(&s, 0), 3006);
        cr_assert_eq(statistics_of(s.session).runs_compiled, 2);
        stepc_partial_free(q);
        step_close(&s);
    }
}

Test(partial_compiled, compiled_and_interpreted_parts_follow_each_other)
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    add_module(&s, &parts);
    stepc_partial *q = setup(&s, (const char *const[]){"r1", "r2", "r3"}, 3);
    sum_and(&s, q, (const char *const[]){"r1"}, 1);
    factor_and(&s, q, 2, "r2");
    cr_assert_eq(step_result(&s, 0), 3006);
    step_reset(&s);
    step_fetch(&s, "r3"); /* r2 + 10: no entry */
    cr_assert_eq(try_partial(&s, q), STEPC_OK);
    cr_assert_eq(step_result(&s, 0), 3016);
    stepc_session_statistics all = statistics_of(s.session);
    cr_assert(all.runs_compiled == 2 && all.runs_interpreted == 1);
    stepc_partial_free(q);
    step_close(&s);
}

Test(partial_compiled, state_advances_once)
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    add_module(&s, &parts);
    run_target(&s, "init");
    stepc_partial *q = setup(&s, (const char *const[]){"add", "after"}, 2);
    sum_and(&s, q, (const char *const[]){"add"}, 1);
    cr_assert_eq(step_result(&s, 0), 13);
    factor_and(&s, q, 2, "after"); /* the entry `after` would add once more */
    cr_assert_eq(step_result(&s, 0), 6);
    cr_assert_eq(statistics_of(s.session).runs_compiled, 0);
    cr_assert_eq(run_fetch(&s, "v"), 13);
    stepc_partial_free(q);
    step_close(&s);
}

Test(partial_compiled, a_fault_ends_the_partial_run)
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    add_module(&s, &parts);
    stepc_partial *q = setup(&s, (const char *const[]){"r1", "r2"}, 2);
    sum_and(&s, q, (const char *const[]){"r1"}, 1);
    step_reset(&s);
    step_feed(&s, "c", 13);
    step_fetch(&s, "r2");
    cr_assert_eq(try_partial(&s, q), STEPC_INVALID_ARGUMENT);
    cr_assert_not_null(strstr(stepc_error_message(&s.error), "Thirteen is refused"), "%s",
                       stepc_error_message(&s.error));
    cr_assert_null(s.fetches[0].out);
    cr_assert_eq(try_partial(&s, q), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&s.error), "Must run 'setup' before performing partial runs!");
    stepc_partial_free(q);
    step_close(&s);
}

Test(partial_compiled, the_compiled_engine_refuses_what_no_entry_fits)
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_COMPILED);
    add_module(&s, &parts);
    stepc_partial *q = setup(&s, (const char *const[]){"r1", "r2", "r3"}, 3);
    sum_and(&s, q, (const char *const[]){"r1"}, 1);
    factor_and(&s, q, 2, "r2");
    step_reset(&s);
    step_fetch(&s, "r3");
    cr_assert_eq(try_partial(&s, q), STEPC_FAILED_PRECONDITION);
    stepc_partial_free(q);
    step_close(&s);
}

Test(partial_compiled, fetches_go_into_buffers_and_fed_values_come_back)
{
    step s;
    float r1 = 0;
    step_open(&s, GRAPH, STEPC_ENGINE_COMPILED);
    add_module(&s, &parts);
    stepc_partial *q = setup(&s, (const char *const[]){"r1", "r2", "a"}, 3);
    step_feed(&s, "a", 1);
    step_feed(&s, "b", 2);
    step_fetch(&s, "r1");
    step_fetch(&s, "a");
    s.fetches[0].into = (stepc_view){&r1, sizeof r1, NULL, 0, STEPC_FLOAT32};
    cr_assert_eq(try_partial(&s, q), STEPC_OK, "%s", stepc_error_message(&s.error));
    cr_assert_eq(r1, 1003);
    cr_assert_eq(step_result(&s, 1), 1);
    factor_and(&s, q, 3, "r2");
    cr_assert_eq(step_result(&s, 0), 4009);
    stepc_partial_free(q);
    step_close(&s);
}
