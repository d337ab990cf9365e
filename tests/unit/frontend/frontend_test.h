/* SPDX-License-Identifier: Apache-2.0 */
/* A graph and a signature on it. */
#ifndef TESTS_UNIT_FRONTEND_FRONTEND_TEST_H
#define TESTS_UNIT_FRONTEND_FRONTEND_TEST_H

#include "../nodes.h"
#include "compiler/frontend/signature.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

typedef struct subject {
    stepc_host host;
    stepc_graph *graph;
    arena memory;
    stepc_error error;
    stepc_callable_spec spec;
    signature out;
} subject;

/* Up to 15, then ones without a tensor. */
#define FEEDS(...) \
    (const stepc_feed_spec[16]) { __VA_ARGS__ }
#define FETCHES(...) \
    (const stepc_fetch_spec[16]) { __VA_ARGS__ }
#define NO_FEEDS   FEEDS({.tensor = NULL})
#define NO_FETCHES FETCHES({.tensor = NULL})

static inline void subject_open(subject *s, const char *source)
{
    memset(s, 0, sizeof *s);
    error_init(&s->error);
    stepc_host_init(&s->host);
    arena_init(&s->memory, &s->host);
    cr_assert_eq(stepc_graph_parse("test.pbtxt", source, strlen(source), NULL, &s->graph, &s->error), STEPC_OK, "%s",
                 s->error.message);
    s->spec.size = sizeof s->spec;
}

static inline void subject_close(subject *s)
{
    stepc_graph_release(s->graph);
    arena_release(&s->memory);
}

/* FEEDS and FETCHES end with one that has no tensor. */
static inline stepc_code resolve(subject *s, const stepc_feed_spec *feeds, const stepc_fetch_spec *fetches)
{
    s->spec.feeds = feeds;
    s->spec.fetches = fetches;
    for (s->spec.feed_count = 0; feeds[s->spec.feed_count].tensor;)
        s->spec.feed_count++;
    for (s->spec.fetch_count = 0; fetches[s->spec.fetch_count].tensor;)
        s->spec.fetch_count++;
    return signature_resolve(s->graph, &s->memory, &s->spec, &s->out, &s->error);
}

static inline void must_resolve(subject *s, const stepc_feed_spec *feeds, const stepc_fetch_spec *fetches)
{
    stepc_code code = resolve(s, feeds, fetches);
    cr_assert_eq(code, STEPC_OK, "%s: %s", stepc_code_name(code), s->error.message);
}

static inline void must_refuse(subject *s, const stepc_feed_spec *feeds, const stepc_fetch_spec *fetches,
                               stepc_code want, const char *words)
{
    stepc_code code = resolve(s, feeds, fetches);
    cr_assert_eq(code, want, "%s: %s", stepc_code_name(code), s->error.message);
    cr_assert_eq(s->error.code, want);
    cr_assert_not_null(strstr(s->error.message, words), "'%s' is not in '%s'", words, s->error.message);
}

#endif
