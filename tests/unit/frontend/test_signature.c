/* SPDX-License-Identifier: Apache-2.0 */
/* Names, shapes and C names of a signature. */
#include "frontend_test.h"

#define NEW VERSION(134)
#define GRAPH                                                                                                    \
    PLACEHOLDER("x", "FLOAT", DIM(-1) DIM(3))                                                                    \
    PLACEHOLDER("y", "FLOAT", DIM(-1) DIM(-1)) PLACEHOLDER_ANY("any", "FLOAT") PLACEHOLDER("i", "INT32", DIM(2)) \
        BINARY("sum", "Add", "FLOAT", "x", "y") NO_OP("group", IN("^sum"))                                       \
            BINARY("two", "SoftmaxCrossEntropyWithLogits", "FLOAT", "x", "y") NEW

Test(signature, names_of_tensors)
{
    subject s;
    subject_open(&s, GRAPH);
    must_resolve(&s, FEEDS({.tensor = "x"}, {.tensor = "y:0"}), FETCHES({.tensor = "sum"}, {.tensor = "two:1"}));
    cr_assert_str_eq(s.out.feeds[0].tensor, "x:0");
    cr_assert_str_eq(s.out.feeds[1].tensor, "y:0");
    cr_assert_str_eq(s.out.fetches[1].tensor, "two:1");
    cr_assert_eq(s.out.fetches[1].at.index, 1);
    cr_assert_eq(s.out.fetches[1].dtype, STEPC_FLOAT32);
    cr_assert_eq(s.out.fetches[0].rank, -1);
    cr_assert_str_eq(s.out.name, "step");
    subject_close(&s);
}

Test(signature, names_that_are_not_there)
{
    subject s;
    subject_open(&s, GRAPH);
    must_refuse(&s, FEEDS({.tensor = "z"}), FETCHES({.tensor = "sum"}), STEPC_NOT_FOUND,
                "FeedInputs: unable to find feed output z");
    must_refuse(&s, FEEDS({.tensor = "x:1"}), FETCHES({.tensor = "sum"}), STEPC_INVALID_ARGUMENT,
                "FeedInputs: x:1 should have output index < 1");
    must_refuse(&s, FEEDS({.tensor = "x:"}), FETCHES({.tensor = "sum"}), STEPC_INVALID_ARGUMENT, "is not a valid one");
    must_refuse(&s, FEEDS({.tensor = "^x"}), FETCHES({.tensor = "sum"}), STEPC_INVALID_ARGUMENT, "is not a valid one");
    must_refuse(&s, FEEDS({.tensor = "x:99999999999"}), FETCHES({.tensor = "sum"}), STEPC_INVALID_ARGUMENT,
                "x:99999999999");
    must_refuse(&s, FEEDS({.tensor = "x"}), FETCHES({.tensor = "mus:0"}), STEPC_NOT_FOUND,
                "FetchOutputs node mus:0: not found");
    must_refuse(&s, FEEDS({.tensor = "x"}), FETCHES({.tensor = "two:2"}), STEPC_INVALID_ARGUMENT,
                "FetchOutputs two:2: output index too large, must be < 2");
    must_refuse(&s, FEEDS({.tensor = "x"}), FETCHES({.tensor = "group:0"}), STEPC_INVALID_ARGUMENT,
                "Tried to fetch data for 'group:0', which produces no output.");
    must_refuse(&s, FEEDS({.tensor = "x"}, {.tensor = "x:0"}), FETCHES({.tensor = "sum"}), STEPC_INVALID_ARGUMENT,
                "Endpoint \"x:0\" fed more than once.");
    must_refuse(&s, FEEDS({.tensor = "x"}), NO_FETCHES, STEPC_INVALID_ARGUMENT,
                "Must specify at least one target to fetch or execute.");
    subject_close(&s);
}

Test(signature, targets)
{
    static const char *const two[] = {"sum", "group"}, *const wrong[] = {"nobody"};
    subject s;
    subject_open(&s, GRAPH);
    must_resolve(&s, FEEDS({.tensor = "x"}), FETCHES({.tensor = "group"}, {.tensor = "x"}));
    cr_assert_eq(s.out.fetch_count, 1, "an operation without outputs is a target");
    cr_assert_eq(s.out.target_count, 1);
    cr_assert_str_eq(s.out.targets[0]->name.data, "group");
    cr_assert_str_eq(s.out.fetches[0].tensor, "x:0");
    s.spec.targets = two;
    s.spec.target_count = 2;
    must_resolve(&s, NO_FEEDS, NO_FETCHES);
    cr_assert_eq(s.out.target_count, 2);
    s.spec.targets = wrong;
    s.spec.target_count = 1;
    must_refuse(&s, NO_FEEDS, NO_FETCHES, STEPC_NOT_FOUND, "PruneForTargets: Some target nodes not found: nobody ");
    subject_close(&s);
}

Test(signature, shapes_narrow_or_contradict)
{
    subject s;
    subject_open(&s, GRAPH);
    must_resolve(
        &s,
        FEEDS({.tensor = "x", .shape = "5,?"}, {.tensor = "any", .shape = "[2, n]"}, {.tensor = "sum", .shape = ""}),
        FETCHES({.tensor = "two"}));
    cr_assert_eq(s.out.feeds[0].dims[0].size, 5);
    cr_assert_eq(s.out.feeds[0].dims[1].size, 3, "the graph knows more than '?'");
    cr_assert_null(s.out.feeds[0].dims[1].symbol);
    cr_assert_eq(s.out.feeds[1].rank, 2);
    cr_assert_str_eq(s.out.feeds[1].dims[1].symbol, "n");
    cr_assert_eq(s.out.feeds[2].rank, 0);
    must_resolve(&s, FEEDS({.tensor = "any"}, {.tensor = "i"}), FETCHES({.tensor = "sum"}));
    cr_assert_eq(s.out.feeds[0].rank, -1);
    cr_assert_eq(s.out.feeds[1].dims[0].size, 2);
    must_refuse(&s, FEEDS({.tensor = "x", .shape = "5,4"}), FETCHES({.tensor = "sum"}), STEPC_INVALID_ARGUMENT,
                "the shape given for feed x:0 contradicts the graph's");
    must_refuse(&s, FEEDS({.tensor = "x", .shape = "5"}), FETCHES({.tensor = "sum"}), STEPC_INVALID_ARGUMENT,
                "contradicts");
    must_refuse(&s, FEEDS({.tensor = "x", .shape = "5,n<=2"}), FETCHES({.tensor = "sum"}), STEPC_INVALID_ARGUMENT,
                "bound 2");
    must_refuse(&s, FEEDS({.tensor = "x", .dtype = STEPC_INT32}), FETCHES({.tensor = "sum"}), STEPC_INVALID_ARGUMENT,
                "feed x is float in the graph, not int32");
    must_resolve(&s, FEEDS({.tensor = "x", .dtype = STEPC_FLOAT32}), FETCHES({.tensor = "sum"}));
    subject_close(&s);
}

Test(signature, symbols)
{
    subject s;
    subject_open(&s, GRAPH);
    must_resolve(&s, FEEDS({.tensor = "x", .shape = "n<=64,3"}, {.tensor = "y", .shape = "n,m"}),
                 FETCHES({.tensor = "sum"}));
    cr_assert_str_eq(s.out.feeds[0].dims[0].symbol, "n");
    cr_assert_str_eq(s.out.feeds[1].dims[0].symbol, "n");
    cr_assert_eq(s.out.feeds[0].dims[0].size, -1);
    cr_assert_eq(s.out.feeds[0].dims[0].max, 64);
    cr_assert_eq(s.out.feeds[1].dims[0].max, 64, "a bound holds for the name, wherever it stands");
    cr_assert_eq(s.out.feeds[1].dims[1].max, -1);
    must_resolve(&s, FEEDS({.tensor = "y", .shape = "n,m"}, {.tensor = "x", .shape = "n<=64,m"}),
                 FETCHES({.tensor = "sum"}));
    cr_assert_eq(s.out.feeds[0].dims[0].max, 64);
    cr_assert_eq(s.out.feeds[0].dims[1].size, 3, "the placeholder's size is the name's");
    cr_assert_null(s.out.feeds[0].dims[1].symbol);
    must_refuse(&s, FEEDS({.tensor = "x", .shape = "n<=64,3"}, {.tensor = "y", .shape = "n<=32,3"}),
                FETCHES({.tensor = "sum"}), STEPC_INVALID_ARGUMENT, "\"n\"");
    must_refuse(&s, FEEDS({.tensor = "x", .shape = "2,n"}, {.tensor = "i", .shape = "n"}), FETCHES({.tensor = "sum"}),
                STEPC_INVALID_ARGUMENT, "size \"n\" is 3 for feed x:0 and 2 for feed i:0");
    subject_close(&s);
}

/* Each '?' and each open dimension of the graph is a size of its own, whatever names others have. */
Test(signature, unnamed_sizes)
{
    subject s;
    subject_open(&s, GRAPH);
    must_resolve(&s, FEEDS({.tensor = "y", .shape = "?,-1"}, {.tensor = "x"}, {.tensor = "any", .shape = "dim0,dim2"}),
                 FETCHES({.tensor = "sum"}));
    const char *names[5] = {s.out.feeds[0].dims[0].symbol, s.out.feeds[0].dims[1].symbol, s.out.feeds[1].dims[0].symbol,
                            s.out.feeds[2].dims[0].symbol, s.out.feeds[2].dims[1].symbol};
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < i; j++)
            cr_assert_str_neq(names[i], names[j]);
    cr_assert_str_eq(names[3], "dim0");
    cr_assert_str_eq(names[4], "dim2");
    subject_close(&s);
}

/* Before version 22 a placeholder whose shape was not known was written as a scalar. */
Test(signature, scalars_of_old_graphs)
{
    static const char *const versions[] = {VERSION(21), VERSION(22)};
    for (int i = 0; i < 2; i++) {
        char source[600];
        snprintf(source, sizeof source, "%s%s",
                 PLACEHOLDER("x", "FLOAT", "") NODE("z", "PlaceholderV2", TYPE("dtype", "FLOAT") SHAPE(""))
                     UNARY("y", "Neg", "FLOAT", "x"),
                 versions[i]);
        subject s;
        subject_open(&s, source);
        must_resolve(&s, FEEDS({.tensor = "x"}, {.tensor = "z"}), FETCHES({.tensor = "y"}));
        cr_assert_eq(s.out.feeds[0].rank, i == 0 ? -1 : 0);
        cr_assert_eq(s.out.feeds[1].rank, 0, "PlaceholderV2 always could say it");
        if (i == 0)
            must_resolve(&s, FEEDS({.tensor = "x", .shape = "2,2"}), FETCHES({.tensor = "y"}));
        else
            must_refuse(&s, FEEDS({.tensor = "x", .shape = "2,2"}), FETCHES({.tensor = "y"}), STEPC_INVALID_ARGUMENT,
                        "contradicts");
        subject_close(&s);
    }
}

Test(signature, c_names)
{
    subject s;
    subject_open(&s, PLACEHOLDER("a/b", "FLOAT", DIM(2)) PLACEHOLDER("a_b", "FLOAT", DIM(2))
                         PLACEHOLDER("a.b", "FLOAT", DIM(2)) PLACEHOLDER("int", "FLOAT", DIM(2))
                             PLACEHOLDER("n", "FLOAT", DIM(-1)) PLACEHOLDER("a/-b__/", "FLOAT", DIM(2))
                                 PLACEHOLDER("0x", "FLOAT", DIM(2)) PLACEHOLDER("wchar_t", "FLOAT", DIM(2)) NEW);
    must_resolve(&s,
                 FEEDS({.tensor = "a/b"}, {.tensor = "a_b"}, {.tensor = "a.b"}, {.tensor = "int"},
                       {.tensor = "n", .shape = "n"}, {.tensor = "a/-b__/"}, {.tensor = "0x"}, {.tensor = "wchar_t"}),
                 FETCHES({.tensor = "a/b"}, {.tensor = "a_b"}));
    static const char *const want[] = {"a_b", "a_b_1", "a_b_2", "int_1", "n_1", "a_b_3", "x0x", "wchar_t_1"};
    for (int i = 0; i < 8; i++)
        cr_assert_str_eq(s.out.feeds[i].cname, want[i]);
    cr_assert_str_eq(s.out.fetches[0].cname, "a_b", "fetches are another struct");
    cr_assert_str_eq(s.out.fetches[1].cname, "a_b_1");
    must_resolve(&s, FEEDS({.tensor = "a/b"}, {.tensor = "int", .cname = "a_b"}, {.tensor = "a_b", .cname = "b"}),
                 FETCHES({.tensor = "a/b", .cname = "b"}));
    cr_assert_str_eq(s.out.feeds[0].cname, "a_b_1", "a made-up name gives way to a given one");
    cr_assert_str_eq(s.out.feeds[1].cname, "a_b");
    cr_assert_str_eq(s.out.fetches[0].cname, "b");
    must_refuse(&s, FEEDS({.tensor = "a/b", .cname = "q"}, {.tensor = "int", .cname = "q"}), FETCHES({.tensor = "int"}),
                STEPC_INVALID_ARGUMENT, "two fields are named \"q\"");
    must_refuse(&s, FEEDS({.tensor = "n", .cname = "k", .shape = "k"}), FETCHES({.tensor = "int"}),
                STEPC_INVALID_ARGUMENT, "\"k\"");
    static const char *const hostile[] = {"int", "_x", "a b", "a;b", "x*/", "1", "a__b", "while", "a\"", "\xC3\xA9"};
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        must_refuse(&s, FEEDS({.tensor = "n", .cname = hostile[i]}), FETCHES({.tensor = "int"}), STEPC_INVALID_ARGUMENT,
                    "cannot name a C field");
    subject_close(&s);
}

Test(signature, identifiers_of_any_text)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"dense/BiasAdd", "dense_BiasAdd"},
        {"", "x"},
        {"_", "x"},
        {"9", "x9"},
        {"x; int main(){", "x_int_main"},
        {"a\n*/b", "a_b"},
        {"int", "int_1"},
        {"INFINITY", "INFINITY_1"},
        {"__x", "x_x"},
        {"INT32_MAX", "INT32_MAX_1"},
        {"offsetof", "offsetof_1"},
        {"V_LANES", "xV_LANES"},
        {"STEPC_ABI_1", "xSTEPC_ABI_1"},
        {"a__b", "a_b"},
        {"\xE2\x82\xAC", "x"},
        {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff",
         "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeee"},
    };
    arena memory;
    stepc_host host;
    stepc_host_init(&host);
    arena_init(&memory, &host);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_str_eq(signature_identifier(&memory, cases[i].from), cases[i].to);
    arena_release(&memory);
    subject s;
    subject_open(&s, GRAPH);
    s.spec.name = "x; int main(){";
    must_resolve(&s, FEEDS({.tensor = "x"}), FETCHES({.tensor = "x"}));
    cr_assert_str_eq(s.out.name, "x_int_main");
    subject_close(&s);
}

Test(signature, names_of_c_libraries)
{
    static const char *const theirs[] = {"exit",  "sin",     "sinf",     "sinl",     "cabs",   "cabsf", "clog10", "conj",   "memcpy", "printf",
                                         "y0",    "jnf",     "read",     "sem_init", "size_t", "x_t",   "abort",  "wscanf", "accept", "lgamma_r",
                                         "acos",  "truncl",  "fmaf64",   "strtoull", "index"};
    static const char *const ours[] = {"",      "step", "predict", "exits", "sine", "xsin", "f", "l", "c", "cf", "abort_", "_t", "t", "sinff", "tan_h",
                                       "net",   "write_", "a b",   "acos acosh", " abort"};
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
        cr_assert(signature_is_library_name(theirs[i]), "%s", theirs[i]);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        cr_assert_not(signature_is_library_name(ours[i]), "%s", ours[i]);
}

Test(signature, spelled_shapes)
{
    static const char *const bad[] = {",",
                                      "1,",
                                      "1,,2",
                                      "-2",
                                      "1.5",
                                      "n<64",
                                      "n<=",
                                      "n<=0",
                                      "n<=-1",
                                      "n<=x",
                                      "[1",
                                      "1]",
                                      "n m",
                                      "9223372036854775808",
                                      "n<=9223372036854775808",
                                      "a-b",
                                      "1 2",
                                      "0x10",
                                      "+1",
                                      "int",
                                      "a__b",
                                      "_n",
                                      "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn",
                                      "n<=64<=3",
                                      "?n",
                                      "\xC3\xA9"};
    arena memory;
    stepc_host host;
    stepc_error error;
    const signature_dim *dims;
    int32_t rank;
    stepc_host_init(&host);
    arena_init(&memory, &host);
    error_init(&error);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_eq(signature_shape_parse(&memory, bad[i], &dims, &rank, &error), STEPC_INVALID_ARGUMENT, "%s",
                     bad[i]);
        cr_assert_not_null(strstr(error.message, "is not a dimension"));
        cr_assert_not_null(strstr(error.mend, "n<=8"));
    }
    cr_assert_eq(signature_shape_parse(&memory, "[ 1, n<=64 ,?, 9223372036854775807 ]", &dims, &rank, &error),
                 STEPC_OK);
    cr_assert_eq(rank, 4);
    cr_assert_eq(dims[1].max, 64);
    cr_assert_eq(dims[3].size, INT64_MAX);
    cr_assert_eq(signature_shape_parse(&memory, "[]", &dims, &rank, &error), STEPC_OK);
    cr_assert_eq(rank, 0);
    cr_assert_eq(signature_shape_parse(&memory, "0", &dims, &rank, &error), STEPC_OK);
    cr_assert_eq(dims[0].size, 0);
    char many[600];
    memset(many, ',', sizeof many);
    many[sizeof many - 1] = 0;
    cr_assert_eq(signature_shape_parse(&memory, many, &dims, &rank, &error), STEPC_RESOURCE_EXHAUSTED);
    arena_release(&memory);
}
