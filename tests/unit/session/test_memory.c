/* SPDX-License-Identifier: Apache-2.0 */
/* Partial runs, nested fetches and runs by name give back all memory, also when an allocation fails, whichever it is. */
#include "session_fixture.h"

#include <stdlib.h>

#define GRAPH               \
    FLOAT_PLACEHOLDER("a")  \
    FLOAT_PLACEHOLDER("b")  \
    FLOAT_CONST("two", "2") \
    FLOAT_BINARY("r1", "Mul", "a", "two") FLOAT_BINARY("r2", "Mul", "r1", "b")

/* Refuses the allocation number REFUSED (counted from 1; 0: none). */
typedef struct counter {
    long live, made, refused;
} counter;

static void *counted_allocate(void *context, size_t bytes, size_t alignment)
{
    counter *c = context;
    void *memory = NULL;
    if (++c->made == c->refused ||
        posix_memalign(&memory, alignment < sizeof memory ? sizeof memory : alignment, bytes) != 0)
        return NULL;
    c->live++;
    return memory;
}

static void counted_release(void *context, void *memory, size_t bytes)
{
    counter *c = context;
    (void)bytes;
    if (memory != NULL)
        c->live--;
    free(memory);
}

static stepc_session *counted_session(step *s, counter *c)
{
    stepc_host host;
    stepc_session *session = NULL;
    stepc_host_init(&host);
    host.allocator = (stepc_allocator){c, counted_allocate, counted_release};
    stepc_session_options options = {.size = sizeof options, .host = &host};
    (void)stepc_session_open(s->graph, &options, &session, &s->error);
    return session;
}

/* A call did it, or says that memory is out. */
static bool went(step *s, stepc_code code)
{
    cr_assert(code == STEPC_OK || code == STEPC_RESOURCE_EXHAUSTED, "%s: %s", stepc_code_name(code),
              stepc_error_message(&s->error));
    return code == STEPC_OK;
}

static float six = 6, seven = 7;

static bool partial_works(step *s, stepc_session *session)
{
    stepc_feed a = {output_of(s, "a"), {&six, sizeof six, NULL, 0, STEPC_FLOAT32}};
    stepc_feed b = {output_of(s, "b"), {&seven, sizeof seven, NULL, 0, STEPC_FLOAT32}};
    stepc_output feeds[] = {a.at, b.at}, fetches[] = {output_of(s, "r1"), output_of(s, "r2"), output_of(s, "r2")};
    stepc_fetch r1 = {.at = fetches[0]}, r2 = {.at = fetches[1]};
    stepc_partial *q, *abandoned;
    if (!went(s, stepc_partial_setup(session, feeds, 2, fetches, 3, NULL, 0, &q, &s->error)))
        return false;
    bool works = went(s, stepc_partial_setup(session, feeds, 2, fetches, 3, NULL, 0, &abandoned, &s->error)) &&
                 went(s, stepc_partial_run(abandoned, &a, 1, NULL, 0, &s->error));
    if (works)
        works = went(s, stepc_partial_run(q, &a, 1, &r1, 1, &s->error));
    if (works)
        works = went(s, stepc_partial_run(q, &b, 1, &r2, 1, &s->error));
    cr_assert(!works || (*(float *)stepc_tensor_data(r1.out) == 12 && *(float *)stepc_tensor_data(r2.out) == 84));
    stepc_tensor_release(r1.out);
    stepc_tensor_release(r2.out);
    stepc_partial_free(q);
    stepc_partial_free(abandoned);
    return works;
}

static bool structure_works(step *s, stepc_session *session)
{
    stepc_feed feeds[] = {{output_of(s, "a"), {&six, sizeof six, NULL, 0, STEPC_FLOAT32}},
                          {output_of(s, "b"), {&seven, sizeof seven, NULL, 0, STEPC_FLOAT32}}};
    stepc_structure inner[] = {{.kind = STEPC_STRUCTURE_NAME, .field = "x", .name = "r1:0"},
                               {.kind = STEPC_STRUCTURE_NAME, .field = "y", .name = "two"}};
    stepc_structure items[] = {{.kind = STEPC_STRUCTURE_NAME, .name = "r2:0"},
                               {.kind = STEPC_STRUCTURE_FIELDS, .items = inner, .count = 2},
                               {.kind = STEPC_STRUCTURE_NAME, .name = "r2:0"}};
    stepc_structure tree = {.kind = STEPC_STRUCTURE_LIST, .items = items, .count = 3};
    stepc_result *result;
    if (!went(s, stepc_session_run_structure(session, feeds, 2, &tree, NULL, &result, &s->error)))
        return false;
    cr_assert_eq(*(float *)stepc_tensor_data(result->items[0].tensor), 84);
    cr_assert_eq(*(float *)stepc_tensor_data(result->items[1].items[0].tensor), 12);
    stepc_result_free(result);
    return true;
}

static bool names_work(step *s, stepc_session *session)
{
    stepc_named_feed feeds[] = {{"a:0", {&six, sizeof six, NULL, 0, STEPC_FLOAT32}},
                                {"b", {&seven, sizeof seven, NULL, 0, STEPC_FLOAT32}}};
    const char *fetch = "r2", *target = "r1";
    stepc_tensor *out;
    if (!went(s, stepc_session_run_named(session, feeds, 2, &fetch, 1, &target, 1, &out, NULL, &s->error)))
        return false;
    cr_assert_eq(*(float *)stepc_tensor_data(out), 84);
    stepc_tensor_release(out);
    return true;
}

/* Refuses one allocation after the other until none is left to refuse. */
static void sweep(bool (*works)(step *s, stepc_session *session))
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    bool done = false;
    long refusals = 0;
    for (long refused = 1; !done; refused++) {
        counter c = {0, 0, refused};
        stepc_session *session = counted_session(&s, &c);
        bool ok = session != NULL && works(&s, session);
        stepc_session_free(session);
        cr_assert_eq(c.live, 0, "%ld blocks are left after allocation %ld was refused", c.live, refused);
        done = ok && c.made < refused;
        refusals += !ok;
    }
    cr_assert_gt(refusals, 5);
    step_close(&s);
}

Test(memory, partial_runs) { sweep(partial_works); }

Test(memory, nested_fetches) { sweep(structure_works); }

Test(memory, runs_by_name) { sweep(names_work); }
