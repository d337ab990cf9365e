/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures as config text, and the signature that a graph suggests. */
#include "frontend_test.h"

typedef struct parsed {
    stepc_host host;
    arena memory;
    stepc_error error;
    const stepc_callable_spec *specs;
    size_t count;
} parsed;

static stepc_code parse(parsed *p, const char *source)
{
    memset(p, 0, sizeof *p);
    error_init(&p->error);
    stepc_host_init(&p->host);
    arena_init(&p->memory, &p->host);
    return signature_config_parse(&p->host, &p->memory, "x.config", source, strlen(source), &p->specs, &p->count,
                                  &p->error);
}

static void must_parse(parsed *p, const char *source)
{
    stepc_code code = parse(p, source);
    cr_assert_eq(code, STEPC_OK, "%s", p->error.message);
}

/* As tfcompile's users write it. */
Test(config, one_step)
{
    parsed p;
    must_parse(&p,
               "# comment\n"
               "feed {\n  id { node_name: \"x_hold\" }\n  shape { dim { size: 2 } dim { size: 3 } }\n  name: 'x'\n}\n"
               "feed { id { node_name: \"y\" output_index: 1 } type: DT_INT32 }\n"
               "fetch { id { node_name: \"prod\" } name: \"p\" }\n"
               "fetch: { id: { node_name: \"sum\" } }\n"
               "variable { node_name: \"v\" shape { dim { size: 2 } } type: DT_FLOAT name: \"vv\" readonly: true }\n"
               "conversion_options { custom_fake_quant_op_calls: true }\n");
    cr_assert_eq(p.count, 1);
    cr_assert_null(p.specs[0].name);
    cr_assert_eq(p.specs[0].feed_count, 2);
    cr_assert_str_eq(p.specs[0].feeds[0].tensor, "x_hold:0");
    cr_assert_str_eq(p.specs[0].feeds[0].shape, "2,3");
    cr_assert_str_eq(p.specs[0].feeds[0].cname, "x");
    cr_assert_eq(p.specs[0].feeds[0].dtype, STEPC_DTYPE_INVALID);
    cr_assert_str_eq(p.specs[0].feeds[1].tensor, "y:1");
    cr_assert_null(p.specs[0].feeds[1].shape);
    cr_assert_eq(p.specs[0].feeds[1].dtype, STEPC_INT32);
    cr_assert_eq(p.specs[0].fetch_count, 2);
    cr_assert_str_eq(p.specs[0].fetches[0].cname, "p");
    cr_assert_str_eq(p.specs[0].fetches[1].tensor, "sum:0");
    cr_assert_eq(p.specs[0].target_count, 0);
    arena_release(&p.memory);
}

Test(config, several_callables)
{
    parsed p;
    must_parse(
        &p,
        "callable { name: 'init' target: 'init' target: 'more' }\n"
        "callable { name: 'infer' feed { id { node_name: 'x' } shape { dim { size: -1 name: 'n<=64' } dim { size: -1 } dim { size: 0 } } }\n"
        "  feed { id { node_name: 's' } shape { } } feed { id { node_name: 'u' } shape { unknown_rank: true } }\n"
        "  fetch { id { node_name: 'y' output_index: 2 } } }\n"
        "variable { node_name: 'v' }\n");
    cr_assert_eq(p.count, 2);
    cr_assert_str_eq(p.specs[0].name, "init");
    cr_assert_eq(p.specs[0].target_count, 2);
    cr_assert_str_eq(p.specs[0].targets[1], "more");
    cr_assert_str_eq(p.specs[1].feeds[0].shape, "n<=64,?,0");
    cr_assert_str_eq(p.specs[1].feeds[1].shape, "");
    cr_assert_null(p.specs[1].feeds[2].shape);
    cr_assert_str_eq(p.specs[1].fetches[0].tensor, "y:2");
    arena_release(&p.memory);
}

/* The offset is that of the block at fault. */
Test(config, errors_say_where)
{
    static const struct {
        const char *text, *words;
        int64_t offset;
    } cases[] = {
        {"feed { id { node_name: 'x' } }\nfeed { name: 'y' }", "lacks id", 31},
        {"fetch { id { output_index: 1 } }", "lacks id", 0},
        {"fetch { id { node_name: 'x' output_index: -1 } }", "output_index", 0},
        {"callable { fetch { id { node_name: 'x' } } }", "lacks its name", 0},
        {"feed { id { node_name: 'x' } }\ncallable { name: 'a' }", "not both", 0},
        {"feed { id { node_name: 'x' } type: DT_RESOURCE }", "type of a feed", 0},
        {"feed { id { node_name: 'x' } type: DT_FLOAT_REF }", "type of a feed", 0},
        {"feed { id { node_name: 'x' }", "", -2},
        {"feed { id { node: 'x' } }", "node", -2},
        {"nonsense", "", -2},
        {"feed { id { node_name: 'x' } type: DT_NONSENSE }", "DT_NONSENSE", -2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parsed p;
        cr_assert_eq(parse(&p, cases[i].text), STEPC_INVALID_ARGUMENT, "%s", cases[i].text);
        cr_assert_not_null(strstr(p.error.message, cases[i].words), "%s", p.error.message);
        cr_assert_str_eq(p.error.file, "x.config");
        cr_assert_geq(p.error.offset, 0);
        if (cases[i].offset >= 0) {
            int64_t low = cases[i].offset, high = low + 12; /* the block's keyword or its brace */
            cr_assert(p.error.offset >= low && p.error.offset <= high, "%s: %lld", cases[i].text,
                      (long long)p.error.offset);
        }
        arena_release(&p.memory);
    }
}

static void same_text(const char *a, const char *b)
{
    cr_assert_eq(!a, !b);
    if (a)
        cr_assert_str_eq(a, b);
}

Test(config, what_is_written_reads_back)
{
    static const stepc_feed_spec feeds[] = {{"img", "dense/x:0", STEPC_FLOAT32, "n<=64,?,3"},
                                            {NULL, "y:3", STEPC_DTYPE_INVALID, NULL},
                                            {NULL, "z:0", STEPC_BFLOAT16, ""},
                                            {"q", "a.b-c:0", STEPC_UINT64, "[1, m]"}};
    static const stepc_fetch_spec fetches[] = {{"out", "w:1"}, {NULL, "v:0"}};
    static const char *const targets[] = {"group", "we\"ird\\\n\xC3\xA9"};
    const stepc_callable_spec specs[] = {
        {.size = sizeof specs[0], .name = "one", .feeds = feeds, .feed_count = 4, .fetches = fetches, .fetch_count = 2},
        {.size = sizeof specs[0], .name = "two", .targets = targets, .target_count = 2}};
    stepc_host host;
    text out;
    stepc_host_init(&host);
    text_init(&out, &host);
    signature_config_write(specs, 2, &out);
    parsed p;
    must_parse(&p, out.data);
    cr_assert_eq(p.count, 2);
    static const char *const shapes[] = {"n<=64,?,3", NULL, "", "1,m"};
    for (size_t i = 0; i < 4; i++) {
        same_text(p.specs[0].feeds[i].cname, feeds[i].cname);
        same_text(p.specs[0].feeds[i].tensor, feeds[i].tensor);
        same_text(p.specs[0].feeds[i].shape, shapes[i]);
        cr_assert_eq(p.specs[0].feeds[i].dtype, feeds[i].dtype);
    }
    for (size_t i = 0; i < 2; i++) {
        same_text(p.specs[i].name, specs[i].name);
        same_text(p.specs[0].fetches[i].cname, fetches[i].cname);
        same_text(p.specs[0].fetches[i].tensor, fetches[i].tensor);
        same_text(p.specs[1].targets[i], targets[i]);
    }
    cr_assert_eq(p.specs[1].feed_count + p.specs[1].fetch_count, 0);
    text_release(&out);
    arena_release(&p.memory);
}

/* ---- the signature that a graph suggests --------------------------------------------------------- */

static stepc_code guess(subject *s, stepc_callable_spec *out)
{
    return signature_guess(s->graph, &s->memory, out, &s->error);
}

Test(guess, placeholders_in_the_one_result_out)
{
    subject s;
    stepc_callable_spec spec;
    subject_open(&s, PLACEHOLDER("y", "FLOAT", DIM(2)) PLACEHOLDER("unused", "FLOAT", DIM(2))
                         CONST("loose", "FLOAT", "", "float_val: 1") PLACEHOLDER("x", "FLOAT", DIM(2))
                             BINARY("sum", "Add", "FLOAT", "x", "y") VARIABLE("v", "FLOAT", DIM(2))
                                 BINARY("save", "Assign", "FLOAT", "v", "y") NO_OP("init", IN("^save")));
    cr_assert_eq(guess(&s, &spec), STEPC_OK, "%s", s.error.message);
    cr_assert_eq(spec.feed_count, 2);
    cr_assert_str_eq(spec.feeds[0].tensor, "y:0", "in the file's order");
    cr_assert_str_eq(spec.feeds[1].tensor, "x:0");
    cr_assert_eq(spec.fetch_count, 1);
    cr_assert_str_eq(spec.fetches[0].tensor, "sum:0");
    subject_close(&s);
}

Test(guess, several_results_are_named)
{
    subject s;
    stepc_callable_spec spec;
    char source[3000];
    size_t used = (size_t)snprintf(source, sizeof source, "%s", PLACEHOLDER("x", "FLOAT", DIM(2)));
    for (int i = 0; i < 10; i++)
        used += (size_t)snprintf(
            source + used, sizeof source - used,
            "node { name: 'r%d' op: 'Neg' input: 'x' attr { key: 'T' value { type: DT_FLOAT } } }\n", i);
    subject_open(&s, source);
    cr_assert_eq(guess(&s, &spec), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(s.error.message,
                     "10 operations could be the result: r0:0, r1:0, r2:0, r3:0, r4:0, r5:0, r6:0, r7:0, ...");
    cr_assert_not_null(strstr(s.error.mend, "--fetch r0:0"));
    subject_close(&s);
}

Test(guess, nothing_to_fetch)
{
    subject s;
    stepc_callable_spec spec;
    subject_open(&s, PLACEHOLDER("x", "FLOAT", DIM(2)) NO_OP("nothing", IN("^x")));
    cr_assert_eq(guess(&s, &spec), STEPC_INVALID_ARGUMENT);
    cr_assert_not_null(strstr(s.error.message, "obvious result"));
    subject_close(&s);
}
