/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_test.h"

/* Prunes and compares the names, in order, with EXPECTED ("a b c"). Names of outputs in FEEDS and FETCHES, of operations
 * in TARGETS, all blank-separated. */
static void check(const char *source, const char *feeds, const char *fetches, const char *targets, const char *expected)
{
    stepc_graph *graph = must_parse(source);
    stepc_output outputs[2][8];
    const stepc_operation *operations[8];
    step_prune_input input = {outputs[0], 0, outputs[1], 0, operations, 0};
    const char *lists[] = {feeds, fetches, targets};
    char name[64], got[512] = "";
    arena memory;
    step_operations step;

    for (int k = 0; k < 3; k++)
        for (const char *p = lists[k]; *p != '\0';) {
            size_t length = strcspn(p, " ");
            snprintf(name, sizeof(name), "%.*s", (int)length, p);
            p += length + strspn(p + length, " ");
            if (k == 2) {
                operations[input.target_count++] = stepc_graph_find(graph, name);
                continue;
            }
            size_t *count = k == 0 ? &input.feed_count : &input.fetch_count;
            cr_assert_code(stepc_graph_find_output(graph, name, &outputs[k][(*count)++], &test_error), STEPC_OK);
        }
    arena_init(&memory, NULL);
    cr_assert_code(step_prune(graph, &input, &memory, &step, &test_error), STEPC_OK);
    for (size_t i = 0; i < step.count; i++) {
        strcat(got, i > 0 ? " " : "");
        strcat(got, step.items[i]->name.data);
    }
    cr_assert_str_eq(got, expected);
    arena_release(&memory);
    stepc_graph_release(graph);
}

static const char diamond[] = IDENTITY("z", "sum") ADD("sum", "b", "a") IDENTITY("b", "x") IDENTITY("a", "x") PLACEHOLDER("x")
    IDENTITY("unused", "a");

Test(prune, order_is_topological_then_the_files)
{
    check(diamond, "", "z", "", "x b a sum z");
    check(diamond, "", "a b", "", "x b a");
    check(diamond, "", "", "unused", "x a unused");
}

Test(prune, feeds_stop_the_walk)
{
    check(diamond, "x", "z", "", "b a sum z");
    check(diamond, "a x", "z", "", "b sum z");
    check(diamond, "a b", "z", "", "sum z");
    check(diamond, "sum", "z", "", "z");
    check(diamond, "x", "x", "", "");
    check(diamond, "x", "", "x", "x"); /* a target runs even if it is fed */
}

Test(prune, control_edges)
{
    static const char controls[] = PLACEHOLDER("p") IDENTITY("c", "p") IDENTITY("f", "p' input: '^c' input: '^p");

    check(controls, "", "f", "", "p c f");
    check(controls, "p", "f", "", "c f");   /* a placeholder's control edges go to the feed */
    check(controls, "p c", "f", "", "c f"); /* another operation's stay */
}

Test(prune, one_output_fed_of_several)
{
    static const char split[] = PLACEHOLDER("x") "node { name: 'd' op: 'Placeholder' attr { key: 'dtype' value { type: DT_INT32 } } }"
        "node { name: 's' op: 'Split' input: 'd' input: 'x' " FLOAT_T " attr { key: 'num_split' value { i: 2 } } }" ADD("a", "s:0", "s:1");

    check(split, "s:0", "a", "", "x d s a");
    check(split, "s:0 s:1", "a", "", "a");
}

Test(prune, loops_come_out_once)
{
    static const char loop[] = PLACEHOLDER("x")
        "node { name: 'p' op: 'Placeholder' attr { key: 'dtype' value { type: DT_BOOL } } }"
        "node { name: 'next' op: 'NextIteration' input: 'switch:1' " FLOAT_T " }"
        "node { name: 'enter' op: 'Enter' input: 'x' " FLOAT_T " attr { key: 'frame_name' value { s: 'f' } } }"
        "node { name: 'merge' op: 'Merge' input: 'enter' input: 'next' " FLOAT_T " attr { key: 'N' value { i: 2 } } }"
        "node { name: 'switch' op: 'Switch' input: 'merge' input: 'p' " FLOAT_T " }"
        "node { name: 'exit' op: 'Exit' input: 'switch' " FLOAT_T " }";

    check(loop, "", "exit", "", "x p enter merge switch next exit");
}

Test(prune, nothing_to_run)
{
    stepc_graph *graph = must_parse(PLACEHOLDER("x"));
    stepc_graph *other = must_parse(PLACEHOLDER("x"));
    stepc_output x = {stepc_graph_find(graph, "x"), 0};
    stepc_output beyond = {x.op, 1};
    stepc_output foreign = {stepc_graph_find(other, "x"), 0};
    arena memory;
    step_operations step;

    arena_init(&memory, NULL);
    step_prune_input input = {&x, 1, NULL, 0, NULL, 0};
    cr_assert_code(step_prune(graph, &input, &memory, &step, &test_error), STEPC_INVALID_ARGUMENT);
    cr_assert_message("Must specify at least one target to fetch or execute.");
    input = (step_prune_input){NULL, 0, &beyond, 1, NULL, 0};
    cr_assert_code(step_prune(graph, &input, &memory, &step, &test_error), STEPC_INVALID_ARGUMENT);
    input = (step_prune_input){NULL, 0, &foreign, 1, NULL, 0};
    cr_assert_code(step_prune(graph, &input, &memory, &step, &test_error), STEPC_INVALID_ARGUMENT);
    arena_release(&memory);
    stepc_graph_release(graph);
    stepc_graph_release(other);
}
