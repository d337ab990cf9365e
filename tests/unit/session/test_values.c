/* SPDX-License-Identifier: Apache-2.0 */
/* What flows through a step: feeds, fetches, and who owns what afterwards. */
#include "session_fixture.h"

#include "runtime/core/host.h"

#include <stdlib.h>

Test(values, a_tensor_that_is_fed_and_fetched_comes_back)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, FLOAT_PLACEHOLDER("x") FLOAT_UNARY("y", "Identity", "x"), engines[i]);
        step_feed(&s, "x", 42);
        step_fetch(&s, "x");
        step_fetch(&s, "y");
        step_must_run(&s);
        *(float *)s.feeds[0].value.data = 1; /* what was fetched is the caller's, not the feed */
        cr_assert_eq(step_result(&s, 0), 42.0f);
        cr_assert_eq(step_result(&s, 1), 42.0f);
        step_close(&s);
    }
}

Test(values, any_tensor_may_be_fed)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, FLOAT_CONST("w", "5") FLOAT_UNARY("y", "Neg", "w") FLOAT_UNARY("z", "Identity", "y"), engines[i]);
        cr_assert_eq(run_fetch(&s, "z"), -5.0f);
        step_feed(&s, "w", 8);
        step_fetch(&s, "z");
        step_must_run(&s);
        cr_assert_eq(step_result(&s, 0), -8.0f);
        step_reset(&s);
        step_feed(&s, "y", 3);
        step_fetch(&s, "z");
        step_must_run(&s);
        cr_assert_eq(step_result(&s, 0), 3.0f);
        cr_assert_eq(run_fetch(&s, "z"), -5.0f, "without feeds the constant counts again");
        step_close(&s);
    }
}

Test(values, the_same_tensor_fetched_twice_gives_two_references)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, FLOAT_CONST("seven", "7") FLOAT_UNARY("m", "Neg", "seven"), engines[i]);
        for (int round = 0; round < 2; round++) {
            step_fetch(&s, "seven");
            step_fetch(&s, "m");
            step_fetch(&s, "seven");
            step_fetch(&s, "m");
            step_must_run(&s);
            for (int k = 0; k < 2; k++) { /* each of the four is the caller's to release */
                stepc_tensor_release(s.fetches[k].out);
                s.fetches[k].out = NULL;
            }
            cr_assert_eq(step_result(&s, 2), 7.0f);
            cr_assert_eq(step_result(&s, 3), -7.0f);
            step_reset(&s);
        }
        step_close(&s);
    }
}

Test(values, fetched_tensors_outlive_session_and_graph)
{
    for EACH_ENGINE(i) {
        step s;
        step_open(&s, FLOAT_CONST("a", "10") FLOAT_CONST("b", "5") FLOAT_BINARY("c", "Add", "a", "b"), engines[i]);
        step_fetch(&s, "a");
        step_fetch(&s, "c");
        step_must_run(&s);
        stepc_session_free(s.session);
        stepc_graph_release(s.graph);
        s.session = NULL;
        s.graph = NULL;
        cr_assert_eq(step_result(&s, 0), 10.0f);
        cr_assert_eq(step_result(&s, 1), 15.0f);
        step_close(&s);
    }
}

Test(values, a_fetch_goes_into_the_callers_buffer)
{
    for EACH_ENGINE(i) {
        step s;
        float buffer[2] = {0, 99};
        step_open(&s, FLOAT_CONST("a", "10"), engines[i]);
        step_fetch(&s, "a");
        s.fetches[0].into = (stepc_view){.data = buffer, .bytes = 4};
        step_must_run(&s);
        cr_assert_eq(buffer[0], 10.0f);
        cr_assert_eq(buffer[1], 99.0f);
        cr_assert_null(s.fetches[0].out);
        s.fetches[0].into.bytes = 3;
        must_fail(&s, STEPC_INVALID_ARGUMENT, "The buffer for 'a:0' has too few bytes (4 needed, 3 given).");
        s.fetches[0].into = (stepc_view){.data = buffer, .bytes = 4, .dtype = STEPC_INT32};
        must_fail(&s, STEPC_INVALID_ARGUMENT, "The buffer for 'a:0' is of type int32, the tensor of float.");
        step_close(&s);
    }
}

Test(values, buffers_that_overlap_are_refused)
{
    for EACH_ENGINE(i) {
        step s;
        float buffer[2] = {0, 99};
        step_open(&s, FLOAT_CONST("a", "10") FLOAT_CONST("b", "11"), engines[i]);
        step_fetch(&s, "a");
        step_fetch(&s, "b");
        s.fetches[0].into = (stepc_view){.data = buffer, .bytes = 8};
        s.fetches[1].into = (stepc_view){.data = buffer + 1, .bytes = 4};
        must_fail(&s, STEPC_INVALID_ARGUMENT, "The buffers for 'a:0' and 'b:0' overlap.");
        s.fetches[0].into.bytes = 4;
        step_must_run(&s);
        cr_assert_eq(buffer[0], 10.0f);
        cr_assert_eq(buffer[1], 11.0f);
        step_close(&s);
    }
}

Test(values, feeds_and_fetches_of_every_plain_dtype_and_of_no_elements)
{
    static const struct {
        stepc_dtype dtype;
        const char *name;
    } dtypes[] = {{STEPC_HALF, "DT_HALF"},     {STEPC_FLOAT32, "DT_FLOAT"}, {STEPC_FLOAT64, "DT_DOUBLE"},
                  {STEPC_INT8, "DT_INT8"},     {STEPC_INT16, "DT_INT16"},   {STEPC_INT32, "DT_INT32"},
                  {STEPC_INT64, "DT_INT64"},   {STEPC_UINT8, "DT_UINT8"},   {STEPC_BOOL, "DT_BOOL"},
                  {STEPC_COMPLEX64, "DT_COMPLEX64"}, {STEPC_COMPLEX128, "DT_COMPLEX128"}};
    static const int64_t shapes[][3] = {{3, 4, 5}, {37, 1, 1}, {2, 0, 6}, {0, 0, 0}};
    for (size_t d = 0; d < sizeof dtypes / sizeof *dtypes; d++) {
        char text[500];
        step s;
        snprintf(text, sizeof text,
                 "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: %s } } }\n"
                 "node { name: 'y' op: 'Identity' input: 'x' attr { key: 'T' value { type: %s } } }",
                 dtypes[d].name, dtypes[d].name);
        step_open(&s, text, engines[d % 2]);
        for (size_t j = 0; j < 4; j++) {
            stepc_tensor *value;
            cr_assert_eq(stepc_tensor_new(NULL, dtypes[d].dtype, shapes[j], 3, &value, NULL), STEPC_OK);
            unsigned char *bytes = stepc_tensor_data(value);
            for (size_t b = 0; b < stepc_tensor_bytes(value); b++)
                bytes[b] = (unsigned char)(dtypes[d].dtype == STEPC_BOOL ? b % 2 : b * 7 % 120);
            step_feed_tensor(&s, "x", value);
            step_fetch(&s, "y");
            step_fetch(&s, "x");
            step_must_run(&s);
            for (int f = 0; f < 2; f++) {
                cr_assert_eq(stepc_tensor_dtype(s.fetches[f].out), dtypes[d].dtype);
                cr_assert_eq(memcmp(stepc_tensor_dims(s.fetches[f].out), shapes[j], sizeof shapes[j]), 0);
                cr_assert_eq(stepc_tensor_bytes(s.fetches[f].out), stepc_tensor_bytes(value));
                cr_assert_eq(memcmp(stepc_tensor_data(s.fetches[f].out), bytes, stepc_tensor_bytes(value)), 0);
            }
            step_reset(&s);
        }
        step_close(&s);
    }
}

Test(values, strings_with_nul_bytes_survive)
{
    for EACH_ENGINE(i) {
        step s;
        int64_t dims[2] = {2, 1};
        stepc_tensor *value;
        step_open(&s,
                  "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_STRING } } }\n"
                  "node { name: 'y' op: 'Identity' input: 'x' attr { key: 'T' value { type: DT_STRING } } }",
                  engines[i]);
        cr_assert_eq(stepc_tensor_new(NULL, STEPC_STRING, dims, 2, &value, NULL), STEPC_OK);
        cr_assert_eq(stepc_tensor_set_string(value, 1, (stepc_string){"a\0b\n", 4}, NULL), STEPC_OK);
        step_feed_tensor(&s, "x", value);
        step_fetch(&s, "y");
        step_must_run(&s);
        stepc_tensor_release(value);
        s.feed_count = 0;
        const stepc_string *strings = stepc_tensor_data(s.fetches[0].out);
        cr_assert_eq(strings[0].size, 0);
        cr_assert_eq(strings[1].size, 4);
        cr_assert_eq(memcmp(strings[1].data, "a\0b\n", 4), 0);
        step_close(&s);
    }
}

Test(values, static_shapes_are_hints)
{
    for EACH_ENGINE(i) {
        step s;
        int64_t two = 2;
        stepc_tensor *value;
        step_open(&s,
                  "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } "
                  "attr { key: 'shape' value { shape { } } } }\n" FLOAT_UNARY("y", "Neg", "x"),
                  engines[i]);
        cr_assert_eq(stepc_tensor_new(NULL, STEPC_FLOAT32, &two, 1, &value, NULL), STEPC_OK);
        ((float *)stepc_tensor_data(value))[0] = 1;
        ((float *)stepc_tensor_data(value))[1] = 2;
        step_feed_tensor(&s, "x", value);
        step_fetch(&s, "y");
        step_must_run(&s);
        cr_assert_eq(stepc_tensor_length(s.fetches[0].out), 2);
        cr_assert_eq(((float *)stepc_tensor_data(s.fetches[0].out))[1], -2.0f);
        step_close(&s);
    }
}

/* ---- memory --------------------------------------------------------------------------------- */

typedef struct meter {
    size_t now, most, count;
    size_t fail_at; /* the allocation that fails; 0: none */
} meter;

static void *metered_allocate(void *context, size_t bytes, size_t alignment)
{
    meter *m = context;
    if (m->fail_at != 0 && ++m->count == m->fail_at)
        return NULL;
    size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    void *memory = aligned_alloc(alignment < sizeof(void *) ? sizeof(void *) : alignment,
                                 rounded < sizeof(void *) ? sizeof(void *) : rounded);
    if (memory != NULL) {
        m->now += bytes;
        m->most = m->now > m->most ? m->now : m->most;
    }
    return memory;
}

static void metered_release(void *context, void *memory, size_t bytes)
{
    meter *m = context;
    if (memory != NULL)
        m->now -= bytes;
    free(memory);
}

static stepc_host metered_host(meter *m)
{
    stepc_host host;
    stepc_host_init(&host);
    host.allocator = (stepc_allocator){m, metered_allocate, metered_release};
    return host;
}

/* 24 negations in a row of one megabyte each: alive at once are two of them and the copies of the caller. */
Test(values, intermediate_tensors_are_released_after_their_last_reader)
{
    for EACH_ENGINE(i) {
        meter m = {0, 0, 0, 0};
        stepc_host host = metered_host(&m);
        char text[8000] = FLOAT_PLACEHOLDER("n0");
        size_t used = strlen(text);
        for (int j = 1; j <= 24; j++)
            used += (size_t)snprintf(text + used, sizeof text - used,
                                     "node { name: 'n%d' op: 'Neg' input: 'n%d' attr { key: 'T' value { type: DT_FLOAT } } }\n",
                                     j, j - 1);
        stepc_graph *graph = graph_of(text);
        stepc_session_options options = {.size = sizeof options, .host = &host, .engine = engines[i]};
        stepc_session *session = NULL;
        struct stepc_error error;
        error_init(&error);
        cr_assert_eq(stepc_session_open(graph, &options, &session, &error), STEPC_OK);
        int64_t dims = 1 << 18;
        float *data = calloc(1 << 18, sizeof *data);
        stepc_feed feed = {{stepc_graph_find(graph, "n0"), 0}, {data, 1 << 20, &dims, 1, STEPC_FLOAT32}};
        stepc_fetch fetch = {.at = {stepc_graph_find(graph, "n24"), 0}};
        cr_assert_eq(stepc_session_run(session, &feed, 1, &fetch, 1, NULL, 0, NULL, &error), STEPC_OK);
        cr_assert_lt(m.most, (size_t)5 << 19, "%zu bytes", m.most);
        stepc_session_free(session);
        stepc_tensor_release(fetch.out);
        cr_assert_eq(m.now, 0);
        stepc_graph_release(graph);
        free(data);
    }
}

Test(values, running_out_of_memory_anywhere_is_an_error_and_leaks_nothing)
{
    for EACH_ENGINE(i) {
        stepc_graph *graph = graph_of(FLOAT_PLACEHOLDER("x") FLOAT_CONST("a", "2") FLOAT_CONST("b", "3")
                                          FLOAT_BINARY("c", "Mul", "a", "b") FLOAT_BINARY("d", "Add", "c", "x"));
        size_t at = 1;
        for (bool done = false; !done; at++) {
            meter m = {0, 0, 0, at};
            stepc_host host = metered_host(&m);
            stepc_session_options options = {.size = sizeof options, .host = &host, .engine = engines[i]};
            stepc_session *session = NULL;
            struct stepc_error error;
            error_init(&error);
            float value = 1;
            stepc_feed feed = {{stepc_graph_find(graph, "x"), 0}, {&value, 4, NULL, 0, STEPC_FLOAT32}};
            stepc_fetch fetch = {.at = {stepc_graph_find(graph, "d"), 0}};
            stepc_code code = stepc_session_open(graph, &options, &session, &error);
            if (code == STEPC_OK)
                code = stepc_session_run(session, &feed, 1, &fetch, 1, NULL, 0, NULL, &error);
            done = code == STEPC_OK;
            if (!done) {
                cr_assert_eq(code, STEPC_RESOURCE_EXHAUSTED, "allocation %zu: %s", at, stepc_error_message(&error));
                cr_assert_null(fetch.out);
            } else {
                cr_assert_eq(*(float *)stepc_tensor_data(fetch.out), 7.0f);
            }
            stepc_session_free(session);
            stepc_tensor_release(fetch.out);
            cr_assert_eq(m.now, 0, "allocation %zu", at);
        }
        cr_assert_gt(at, 5);
        stepc_graph_release(graph);
    }
}
