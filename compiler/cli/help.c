/* SPDX-License-Identifier: Apache-2.0 */
/* The commands, and stepc help. */
#include "compiler/cli/cli.h"

#include <string.h>

static const char signature_text[] =
    "SIGNATURE is --feed, --fetch and --target, what make_callable(fetches, feed_list) would be given; --name opens\n"
    "another callable. Behind '=' a feed takes a dtype and shape (float32[n<=8,96], float32:n,96), a value, or both\n"
    "(float32[2]=[1,2]). A dimension is a number, '?', a name, or a name with its bound. A value is a literal\n"
    "([[1,2],[3,4]], 5.0, \"text\", true, nan) or a file: X.npy, X.npz:MEMBER, X.strings.json ('./' forces a path).\n"
    "Without --fetch the graph's only unambiguous signature is taken and printed.\n";

static const command_row commands[] = {
    {"compile", COMMAND_COMPILE, command_compile, "MODEL SIGNATURE... -o PATH [options]",
     "C code, an object, an archive or a shared library",
     "-o is a folder if it exists as one or ends in '/' (NAME.h, NAME.c, weights), else a file whose suffix (.c, .o,\n"
     ".a, .so) says what to write, with the header beside it; '-' writes C with the header's text to stdout. Nothing\n"
     "is left behind on failure. --max-rom counts code and constants, --max-ram arena and state, --max-stack the\n"
     "bound in the header; a module that is larger ends with FAILED_PRECONDITION, status 3.\n"},
    {"run", COMMAND_RUN, command_run, "MODEL [--feed T=VALUE]... --fetch T[=OUT.npy]... [--target OP]",
     "run a step and print or store its fetches",
     "A fetch without =OUT is printed. The interpreted engine is the default; compiled compiles for the fed shapes\n"
     "unless --symbolic; jit is a session that compiles the step when it is first run, and keeps the library in the\n"
     "folder --cache. --steps N runs N steps in one session, so that variables keep their state.\n"},
    {"compare", COMMAND_COMPARE, command_compare, "MODEL SIGNATURE... (--case DIR | --random N [--seed S])",
     "hold one engine against another",
     "Reports per fetch the largest absolute and relative difference, units of the last place, the worst element, and\n"
     "whether it holds: |a-b| <= 1e-5*max(1,max|b|) + 1e-4*|b| for floats (4e-3 for both in float16), equality for\n"
     "all else; with --rtol, --atol or --ulp, |a-b| <= atol + rtol*|b| or at most that many ULP. A case folder's\n"
     "fetch_0.npy... hold both engines. Status 1 when anything does not hold.\n"},
    {"bench", COMMAND_BENCH, command_bench, "MODEL SIGNATURE... [--engine E,...] [--seconds S]",
     "microseconds per step",
     "Feeds are values, --case, or random. Prints calls, median, minimum and 99th percentile per engine, and bytes of\n"
     "code, weights and arena. A compiled step is called directly, an interpreted one and the jit's through a session.\n"},
    {"inspect", COMMAND_INSPECT, command_inspect, "MODEL [--ops] [--dot FILE] [--write-config FILE]",
     "what a graph holds and what of it is supported",
     "Support per operator: compiled (interpreted as well), interpreted, or unsupported.\n"},
    {"freeze", COMMAND_FREEZE, command_lacking, "MODEL -o FILE.pb", "variables to constants (not in this build)",
     "This build answers UNIMPLEMENTED, status 4.\n"},
    {"report", COMMAND_REPORT, command_lacking, "MODEL SIGNATURE... -o FILE.html",
     "a report as HTML (not in this build)", "This build answers UNIMPLEMENTED, status 4.\n"},
    {"help", COMMAND_HELP, command_help, "[COMMAND | isa | limits]", "this text", ""},
};

size_t command_count(void)
{
    return sizeof commands / sizeof commands[0];
}

const command_row *command_at(size_t index)
{
    return index < command_count() ? &commands[index] : NULL;
}

const command_row *command_find(const char *name)
{
    for (size_t i = 0; i < command_count(); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

int command_lacking(cli *c)
{
    return cli_refuse(c, STEPC_UNIMPLEMENTED, IN_MODEL,
                      c->command->bit == COMMAND_FREEZE ? "freeze the graph with TensorFlow"
                                                        : "use stepc inspect --json and stepc compile --json",
                      "this build has no command %s", c->command->name);
}

/* ---- topics ---------------------------------------------------------------------------------- */

static void help_all(cli *c)
{
    text_puts(&c->out, "stepc compiles steps of TensorFlow 1.x graphs to C, and runs them.\n\n");
    for (size_t i = 0; i < command_count(); i++)
        text_printf(&c->out, "  stepc %s %s\n      %s\n", commands[i].name, commands[i].usage, commands[i].summary);
    text_puts(
        &c->out,
        "  stepc --version\n\n"
        "MODEL is a GraphDef, binary or text, told by its content. SavedModel folders and MetaGraphDefs are recognised\n"
        "and answered with UNIMPLEMENTED (status 4) by this build.\n\n");
    text_puts(&c->out, signature_text);
    text_puts(
        &c->out,
        "\nstepc help COMMAND tells each command's options, stepc help isa the ISA profiles, stepc help limits the "
        "limits.\n\n"
        "Exit status: 0 success; 1 a comparison that does not hold; 2 bad usage; 3 bad model, signature or value;\n"
        "4 not supported here; 5 environment (files, memory, C compiler); 70 a bug in stepc.\n");
}

static void help_command(cli *c, const command_row *row)
{
    text_printf(&c->out, "stepc %s %s\n    %s\n\n%s", row->name, row->usage, row->summary, row->text);
    if (row->bit & COMMANDS_WITH_STEP)
        text_printf(&c->out, "\n%s", signature_text);
    text_puts(&c->out, "\nOptions:\n");
    for (size_t i = 0; i < option_count(); i++) {
        const option_row *o = option_at(i);
        if (!(o->commands & row->bit))
            continue;
        text_printf(&c->out, "  %s%s%s%s%s\n      %s%s\n", o->name, o->alias ? ", " : "", o->alias ? o->alias : "",
                    o->value ? " " : "", o->value ? o->value : "", o->text, o->lacking ? " (not in this build)" : "");
    }
}

static void help_isa(cli *c)
{
    const isa_profile *host = isa_host();
    for (size_t i = 0; i < isa_count(); i++) {
        const isa_profile *p = isa_at(i);
        text_printf(&c->out, "%-8s  vectors of %2d bytes%s%s%s%s\n", p->name, p->vector_bytes,
                    p->has_fma ? ", fma" : "", *p->cflags ? ", " : "", p->cflags, p == host ? "  (host)" : "");
    }
    text_puts(&c->out, "host      the best of these that this machine runs; its name is printed\n"
                       "generic picks its vector width from the C compiler's own macros; c99 uses no extension.\n");
}

static void json_isa(cli *c)
{
    json j;
    cli_json_begin(c, &j);
    json_text(&j, "host", isa_host()->name);
    json_open(&j, "profiles", '[');
    for (size_t i = 0; i < isa_count(); i++) {
        const isa_profile *p = isa_at(i);
        json_open(&j, NULL, '{');
        json_text(&j, "name", p->name);
        json_text(&j, "cflags", p->cflags);
        json_i64(&j, "vector_bytes", p->vector_bytes);
        json_bool(&j, "fma", p->has_fma);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    cli_json_end(c, &j);
}

static void help_limits(cli *c)
{
#define LIMIT_LINE(field, value, meaning) \
    text_printf(&c->out, "%-16s %12lld  %s\n", #field, (long long)(value), meaning);
    STEPC_LIMIT_LIST(LIMIT_LINE)
#undef LIMIT_LINE
    text_puts(
        &c->out,
        "--limits NAME=N[,NAME=N...] sets them; N may end in k, M or G. A refusal is RESOURCE_EXHAUSTED, status 5.\n");
}

/* Anything but the ISA list as one text. */
static void json_help(cli *c)
{
    json j;
    const char *plain = cli_copy(c, c->out.data, c->out.size);
    text_release(&c->out);
    text_init(&c->out, &c->host);
    cli_json_begin(c, &j);
    json_text(&j, "version", STEPC_VERSION);
    json_text(&j, "text", plain);
    cli_json_end(c, &j);
}

int command_help(cli *c)
{
    const char *topic = c->args.words.count ? c->args.words.items[0] : NULL;
    const command_row *row = topic ? command_find(topic) : NULL;
    if (c->args.version) {
        text_puts(&c->out, "stepc " STEPC_VERSION "\n");
    } else if (!topic) {
        help_all(c);
    } else if (row) {
        help_command(c, row);
    } else if (strcmp(topic, "limits") == 0) {
        help_limits(c);
    } else if (strcmp(topic, "isa") == 0) {
        if (c->args.json) {
            json_isa(c);
            return 0;
        }
        help_isa(c);
    } else {
        return cli_usage(c, "there is no help on \"%.64s\"", topic);
    }
    if (c->args.json)
        json_help(c);
    return 0;
}
