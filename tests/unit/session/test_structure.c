/* SPDX-License-Identifier: Apache-2.0 */
/* Nested fetches: same structure out as in. */
#include "session_fixture.h"

#include <stdlib.h>

#define GRAPH                                                                                                          \
    FLOAT_CONST("a", "42")                                                                                             \
    FLOAT_CONST("b", "37")                                                                                             \
    FLOAT_PLACEHOLDER("x")                                                                                             \
    FLOAT_BINARY("sum", "Add", "a", "b")                                                                               \
    FLOAT_VARIABLE(                                                                                                    \
        "v") "node { name: 'init' op: 'Assign' input: 'v' input: 'a' attr { key: 'T' value { type: DT_FLOAT } } }\n"   \
             "node { name: 'add' op: 'AssignAdd' input: 'v' input: 'b' attr { key: 'T' value { type: DT_FLOAT } } }\n" \
             "node { name: 'nothing' op: 'NoOp' }\n"

#define NAME(z)                                   \
    {                                             \
        .kind = STEPC_STRUCTURE_NAME, .name = (z) \
    }
#define NAME_FIELD(f, z)                                        \
    {                                                           \
        .kind = STEPC_STRUCTURE_NAME, .field = (f), .name = (z) \
    }
#define CONTAINER(k, list)                                                   \
    {                                                                        \
        .kind = (k), .items = (list), .count = sizeof(list) / sizeof *(list) \
    }
#define LIST(list)      CONTAINER(STEPC_STRUCTURE_LIST, list)
#define TUPLE(list)     CONTAINER(STEPC_STRUCTURE_TUPLE, list)
#define FIELDS_OF(list) CONTAINER(STEPC_STRUCTURE_FIELDS, list)

static stepc_result *run_tree(step *s, const stepc_structure *tree)
{
    stepc_result *result;
    stepc_code code = stepc_session_run_structure(s->session, s->feeds, s->feed_count, tree, NULL, &result, &s->error);
    cr_assert_eq(code, STEPC_OK, "%s", stepc_error_message(&s->error));
    return result;
}

static void tree_fails(step *s, const stepc_structure *tree, stepc_code code, const char *message)
{
    stepc_result *result;
    stepc_code got = stepc_session_run_structure(s->session, NULL, 0, tree, NULL, &result, &s->error);
    cr_assert_eq(got, code, "got %s: %s", stepc_code_name(got), stepc_error_message(&s->error));
    cr_assert_str_eq(stepc_error_message(&s->error), message);
    cr_assert_null(result);
}

static void is_value(const stepc_result *r, float value)
{
    cr_assert_eq(r->kind, STEPC_STRUCTURE_TENSOR);
    cr_assert_not_null(r->tensor);
    cr_assert_eq(r->count, 0);
    cr_assert_eq(*(float *)stepc_tensor_data(r->tensor), value);
}

static void is_nothing(const stepc_result *r)
{
    cr_assert_eq(r->kind, STEPC_STRUCTURE_OPERATION);
    cr_assert_null(r->tensor);
    cr_assert_eq(r->count, 0);
}

static void is_container(const stepc_result *r, stepc_structure_kind kind, size_t count)
{
    cr_assert_eq(r->kind, kind);
    cr_assert_eq(r->count, count);
    cr_assert_null(r->tensor);
}

Test(structure, FetchSingleton)
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_structure tensor = {.kind = STEPC_STRUCTURE_TENSOR, .at = output_of(&s, "a")};
    stepc_result *r = run_tree(&s, &tensor);
    is_value(r, 42);
    stepc_result_free(r);
    stepc_structure operation = {.kind = STEPC_STRUCTURE_OPERATION, .operation = stepc_graph_find(s.graph, "init")};
    r = run_tree(&s, &operation);
    is_nothing(r);
    stepc_result_free(r);
    cr_assert_eq(run_fetch(&s, "v"), 42);
    stepc_result_free(NULL);
    step_close(&s);
}

Test(structure, FetchSingletonByName)
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_structure tensor = NAME("a:0"), operation = NAME("a");
    stepc_result *r = run_tree(&s, &tensor);
    is_value(r, 42);
    stepc_result_free(r);
    r = run_tree(&s, &operation); /* without a colon: the operation */
    is_nothing(r);
    stepc_result_free(r);
    step_close(&s);
}

Test(structure, FetchList)
{
    for
        EACH_ENGINE(i)
        {
            step s;
            step_open(&s, GRAPH, engines[i]);
            /* By handle and by name, duplicates, and operations between. */
            stepc_structure items[] = {NAME("a:0"),     NAME("b:0"),
                                       NAME("nothing"), {.kind = STEPC_STRUCTURE_TENSOR, .at = output_of(&s, "a")},
                                       NAME("init"),    NAME("nothing"),
                                       NAME("sum:0")};
            stepc_structure tree = LIST(items);
            stepc_result *r = run_tree(&s, &tree);
            is_container(r, STEPC_STRUCTURE_LIST, 7);
            is_value(&r->items[0], 42);
            is_value(&r->items[1], 37);
            is_nothing(&r->items[2]);
            cr_assert_eq(r->items[3].tensor, r->items[0].tensor); /* computed once, shared */
            is_nothing(&r->items[4]);
            is_nothing(&r->items[5]);
            is_value(&r->items[6], 79);
            stepc_tensor *kept = stepc_tensor_retain(r->items[3].tensor);
            stepc_result_free(r);
            step_close(&s);
            cr_assert_eq(*(float *)stepc_tensor_data(kept), 42); /* outlives result and session */
            stepc_tensor_release(kept);
        }
}

Test(structure, FetchTuple)
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_structure items[] = {NAME("a:0"), NAME("init"), NAME("b:0")}, tree = TUPLE(items);
    stepc_result *r = run_tree(&s, &tree);
    is_container(r, STEPC_STRUCTURE_TUPLE, 3);
    is_value(&r->items[0], 42);
    is_nothing(&r->items[1]);
    is_value(&r->items[2], 37);
    stepc_result_free(r);
    step_close(&s);
}

Test(structure, FetchDict)
{
    step s;
    char name[] = "first";
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_structure items[] = {NAME_FIELD(name, "a:0"), NAME_FIELD("second", "nothing"), NAME_FIELD("third", "b:0")};
    stepc_structure tree = FIELDS_OF(items);
    stepc_result *r = run_tree(&s, &tree);
    name[0] = 'F'; /* the result has a copy */
    is_container(r, STEPC_STRUCTURE_FIELDS, 3);
    cr_assert_null(r->field);
    cr_assert_str_eq(r->items[0].field, "first");
    is_value(&r->items[0], 42);
    cr_assert_str_eq(r->items[1].field, "second");
    is_nothing(&r->items[1]);
    cr_assert_str_eq(r->items[2].field, "third");
    is_value(&r->items[2], 37);
    stepc_result_free(r);
    step_close(&s);
}

Test(structure, FetchNestingEmptyOneLevel)
{
    const stepc_structure_kind kinds[] = {STEPC_STRUCTURE_LIST, STEPC_STRUCTURE_TUPLE, STEPC_STRUCTURE_FIELDS};
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    for (int outer = 0; outer < 3; outer++)
        for (int inner = 0; inner < 3; inner++)
            for (int with = 0; with < 2; with++) {
                stepc_structure items[] = {{.kind = kinds[inner], .field = "empty"}, NAME_FIELD("a", "a:0")};
                stepc_structure tree = {.kind = kinds[outer], .items = items, .count = (size_t)(1 + with)};
                stepc_result *r = run_tree(&s, &tree);
                is_container(r, kinds[outer], (size_t)(1 + with));
                is_container(&r->items[0], kinds[inner], 0);
                if (with)
                    is_value(&r->items[1], 42);
                stepc_result_free(r);
            }
    stepc_structure empty = {.kind = STEPC_STRUCTURE_LIST};
    stepc_result *r = run_tree(&s, &empty);
    is_container(r, STEPC_STRUCTURE_LIST, 0);
    stepc_result_free(r);
    step_close(&s);
}

Test(structure, FetchNestingOneLevel)
{
    const stepc_structure_kind kinds[] = {STEPC_STRUCTURE_LIST, STEPC_STRUCTURE_TUPLE, STEPC_STRUCTURE_FIELDS};
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    for (int outer = 0; outer < 3; outer++)
        for (int inner = 0; inner < 3; inner++) {
            stepc_structure first[] = {NAME_FIELD("p", "a:0"), NAME_FIELD("q", "b:0")};
            stepc_structure second[] = {NAME_FIELD("p", "sum:0"), NAME_FIELD("q", "nothing"), NAME_FIELD("r", "a:0")};
            stepc_structure items[] = {{.kind = kinds[inner], .field = "u", .items = first, .count = 2},
                                       NAME_FIELD("v", "b:0"),
                                       {.kind = kinds[inner], .field = "w", .items = second, .count = 3}};
            stepc_structure tree = {.kind = kinds[outer], .items = items, .count = 3};
            stepc_result *r = run_tree(&s, &tree);
            is_container(r, kinds[outer], 3);
            is_container(&r->items[0], kinds[inner], 2);
            is_value(&r->items[0].items[0], 42);
            is_value(&r->items[0].items[1], 37);
            is_value(&r->items[1], 37);
            is_container(&r->items[2], kinds[inner], 3);
            is_value(&r->items[2].items[0], 79);
            is_nothing(&r->items[2].items[1]);
            is_value(&r->items[2].items[2], 42);
            stepc_result_free(r);
        }
    step_close(&s);
}

Test(structure, DuplicatedInputs)
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    run_target(&s, "init");
    stepc_structure items[] = {NAME("add:0"), NAME("add"), NAME("add:0"), NAME("add")}, tree = LIST(items);
    stepc_result *r = run_tree(&s, &tree);
    is_value(&r->items[0], 79);
    cr_assert_eq(r->items[0].tensor, r->items[2].tensor);
    stepc_result_free(r);
    cr_assert_eq(run_fetch(&s, "v"), 79); /* once: 42 + 37 */
    step_close(&s);
}

Test(structure, depth_is_no_trouble)
{
    enum { DEPTH = 200000 };
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_structure *levels = calloc(DEPTH + 1, sizeof *levels);
    levels[0] = (stepc_structure)NAME("a:0");
    for (int i = 1; i <= DEPTH; i++)
        levels[i] = (stepc_structure){.kind = STEPC_STRUCTURE_LIST, .items = &levels[i - 1], .count = 1};
    stepc_result *r = run_tree(&s, &levels[DEPTH]), *at = r;
    for (int i = 0; i < DEPTH; i++) {
        is_container(at, STEPC_STRUCTURE_LIST, 1);
        at = at->items;
    }
    is_value(at, 42);
    stepc_result_free(r);
    free(levels);
    step_close(&s);
}

Test(structure, RunFeedDict)
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_structure items[] = {NAME("sum:0"), NAME("x:0")}, tree = LIST(items);
    step_feed(&s, "a", 3);
    step_feed(&s, "x", 9);
    stepc_result *r = run_tree(&s, &tree);
    is_value(&r->items[0], 40);
    is_value(&r->items[1], 9);
    stepc_result_free(r);
    step_close(&s);
}

Test(structure, names_that_cannot_be_fetched)
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    static const struct {
        stepc_structure what;
        stepc_code code;
        const char *message;
    } cases[] = {
        {NAME("foo:0"), STEPC_NOT_FOUND,
         "Fetch argument 'foo:0' cannot be interpreted as a Tensor. (The name 'foo:0' refers to a Tensor which does not "
         "exist. The operation, 'foo', does not exist in the graph.)"},
        {NAME("a:7"), STEPC_INVALID_ARGUMENT,
         "Fetch argument 'a:7' cannot be interpreted as a Tensor. (The name 'a:7' refers to a Tensor which does not exist. "
         "The operation, 'a', exists but only has 1 outputs.)"},
        {NAME("foo"), STEPC_NOT_FOUND,
         "Fetch argument 'foo' cannot be interpreted as a Tensor. (The name 'foo' refers to an Operation not in the graph.)"},
        {NAME("a:"), STEPC_INVALID_ARGUMENT,
         "Fetch argument 'a:' cannot be interpreted as a Tensor. (The name 'a:' looks a like a Tensor name, but is not a "
         "valid one. Tensor names must be of the form \"<op_name>:<output_index>\".)"},
        {NAME("a:b:c"), STEPC_INVALID_ARGUMENT,
         "Fetch argument 'a:b:c' cannot be interpreted as a Tensor. (The name 'a:b:c' looks a like a Tensor name, but is "
         "not a valid one. Tensor names must be of the form \"<op_name>:<output_index>\".)"},
        {{.kind = STEPC_STRUCTURE_TENSOR, .name = "a"},
         STEPC_INVALID_ARGUMENT,
         "Fetch argument 'a' cannot be interpreted as a Tensor. (The name 'a' refers to an Operation, not a Tensor. Tensor "
         "names must be of the form \"<op_name>:<output_index>\".)"},
        {{.kind = STEPC_STRUCTURE_TENSOR},
         STEPC_INVALID_ARGUMENT,
         "Fetch argument None has invalid type <class 'NoneType'>"},
        {NAME(NULL), STEPC_INVALID_ARGUMENT, "Fetch argument None has invalid type <class 'NoneType'>"},
        {{.kind = (stepc_structure_kind)77}, STEPC_INVALID_ARGUMENT, "There is no kind 77 of nested fetches."},
        {{.kind = STEPC_STRUCTURE_LIST, .count = 2},
         STEPC_INVALID_ARGUMENT,
         "A container of fetches has a count but no items."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tree_fails(&s, &cases[i].what, cases[i].code, cases[i].message);
        stepc_structure items[] = {NAME("a:0"), cases[i].what}, tree = TUPLE(items);
        tree_fails(&s, &tree, cases[i].code, cases[i].message);
    }
    step_close(&s);
}

Test(structure, IncorrectGraph)
{
    step s, other;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    step_open(&other, GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_structure tensor = {.kind = STEPC_STRUCTURE_TENSOR, .at = output_of(&other, "a")};
    tree_fails(&s, &tensor, STEPC_INVALID_ARGUMENT,
               "Fetch argument 'a:0' cannot be interpreted as a Tensor. (Tensor a:0 is not an element of this graph.)");
    stepc_structure operation = {.kind = STEPC_STRUCTURE_OPERATION, .operation = stepc_graph_find(other.graph, "init")};
    tree_fails(
        &s, &operation, STEPC_INVALID_ARGUMENT,
        "Fetch argument 'init' cannot be interpreted as a Tensor. (Operation init is not an element of this graph.)");
    step_close(&other);
    step_close(&s);
}

Test(structure, UseAfterClose)
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_structure tensor = NAME("a:0"), empty = {.kind = STEPC_STRUCTURE_LIST};
    cr_assert_eq(stepc_session_close(s.session, NULL), STEPC_OK);
    tree_fails(&s, &tensor, STEPC_CANCELLED, "Session has been closed.");
    tree_fails(&s, &empty, STEPC_CANCELLED, "Session has been closed.");
    step_close(&s);
}

Test(structure, UseEmptyGraph)
{
    const stepc_structure_kind kinds[] = {STEPC_STRUCTURE_LIST, STEPC_STRUCTURE_TUPLE, STEPC_STRUCTURE_FIELDS};
    step s = {.feed_count = 0};
    cr_assert_eq(stepc_graph_new(NULL, &s.graph, NULL), STEPC_OK);
    cr_assert_eq(stepc_session_open(s.graph, NULL, &s.session, NULL), STEPC_OK);
    for (int i = 0; i < 3; i++) {
        stepc_structure empty = {.kind = kinds[i]};
        tree_fails(&s, &empty, STEPC_INVALID_ARGUMENT, "Session was not created with a graph before Run()!");
    }
    step_close(&s);
}

Test(structure, what_a_step_says_comes_through)
{
    step s;
    step_open(&s, GRAPH, STEPC_ENGINE_DEFAULT);
    stepc_structure items[] = {NAME("a:0"), NAME("x:0")}, tree = LIST(items);
    tree_fails(&s, &tree, STEPC_INVALID_ARGUMENT,
               "You must feed a value for placeholder tensor 'x' with dtype float [[{{node x}}]]");
    step_close(&s);
}
