/* SPDX-License-Identifier: Apache-2.0 */
/* Partial runs whose parts are compiled on first use. */
#include "tests/unit/driver/jit_fixture.h"

static const char two_parts[] =
    PLACEHOLDER("a", "FLOAT", "") PLACEHOLDER("b", "FLOAT", "") PLACEHOLDER("c", "FLOAT", "")
        BINARY("r1", "Add", "FLOAT", "a", "b") BINARY("r2", "Mul", "FLOAT", "r1", "c") VERSION(134);

static float go(stepc_partial *q, stepc_output at, const stepc_feed *feeds, size_t feed_count)
{
    stepc_fetch fetch = {.at = at};
    stepc_error *error = stepc_error_new();
    cr_assert_eq(stepc_partial_run(q, feeds, feed_count, &fetch, 1, error), STEPC_OK, "%s", stepc_error_message(error));
    float result = *(float *)stepc_tensor_data(fetch.out);
    stepc_tensor_release(fetch.out);
    stepc_error_free(error);
    return result;
}

Test(partial_jit, PartialRun)
{
    own_folder();
    const stepc_jit *jit = open_jit(NULL);
    stepc_graph *graph = graph_of(two_parts);
    stepc_session_options options = {.size = sizeof options, .engine = STEPC_ENGINE_JIT, .jit = jit};
    stepc_session *session;
    stepc_output in[3] = {output_of(graph, "a"), output_of(graph, "b"), output_of(graph, "c")};
    stepc_output out[2] = {output_of(graph, "r1"), output_of(graph, "r2")};
    static const float c[2] = {51, 54}, expected[2] = {153, 162};
    cr_assert_eq(stepc_session_open(graph, &options, &session, NULL), STEPC_OK);
    for (int i = 0; i < 2; i++) {
        float values[3] = {1, 2, c[i]};
        stepc_feed feeds[3];
        stepc_partial *q;
        for (int k = 0; k < 3; k++)
            feeds[k] = (stepc_feed){in[k], {&values[k], sizeof values[k], NULL, 0, STEPC_FLOAT32}};
        cr_assert_eq(stepc_partial_setup(session, in, 3, out, 2, NULL, 0, &q, NULL), STEPC_OK);
        cr_assert_eq(go(q, out[0], feeds, 2), 3);
        cr_assert_eq(go(q, out[1], feeds + 2, 1), expected[i]);
        stepc_partial_free(q);
    }
    stepc_session_statistics all = {.size = sizeof all};
    cr_assert_eq(stepc_session_statistics_get(session, &all, NULL), STEPC_OK);
    cr_assert(all.runs_jit == 4 && all.jit_compilations == 2 && all.runs_interpreted == 0);
    stepc_session_free(session);
    stepc_jit_close(jit);
    stepc_graph_release(graph);
    remove_own_folder();
}
