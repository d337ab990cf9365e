/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cli/cli.h"

#include <string.h>

#define AT(member) offsetof(cli_arguments, member)
#define EVERY      (COMMANDS_WITH_MODEL | COMMAND_HELP)

static const char no_saved_model[] = "this build reads GraphDefs; freeze the model to one with TensorFlow first";

static const option_row rows[] = {
    {"--feed", NULL, OPTION_PART, PART_FEED, COMMANDS_WITH_STEP, "[CNAME@]TENSOR[=...]",
     "a tensor that is fed; behind '=' its dtype and shape, its value, or both", NULL},
    {"--fetch", NULL, OPTION_PART, PART_FETCH, COMMANDS_WITH_STEP, "[CNAME@]TENSOR[=OUT]",
     "a tensor to return; run stores it in OUT.npy", NULL},
    {"--target", NULL, OPTION_PART, PART_TARGET, COMMANDS_WITH_STEP, "OPERATION", "an operation to run for its effect",
     NULL},
    {"--name", NULL, OPTION_PART, PART_NAME, COMMANDS_WITH_STEP, "IDENT",
     "opens a callable of this C name; options before the first belong to the first", NULL},
    {"--config", NULL, OPTION_TEXT, AT(config), COMMANDS_WITH_STEP, "FILE",
     "feeds and fetches in the format of tf2xla.Config", NULL},
    {"--checkpoint", NULL, OPTION_TEXT, AT(checkpoint), COMMANDS_WITH_MODEL, "PREFIX",
     "the checkpoint of a MetaGraphDef", no_saved_model},
    {"--tag", NULL, OPTION_LIST, AT(tags), COMMANDS_WITH_MODEL, "TAG", "a tag of the SavedModel's graph",
     no_saved_model},
    {"--signature-def", NULL, OPTION_TEXT, AT(signature_def), COMMANDS_WITH_MODEL, "KEY",
     "a signature of the SavedModel", no_saved_model},

    {"-o", "--output", OPTION_TEXT, AT(out), COMMANDS_THAT_WRITE, "PATH",
     "a folder (it exists, or ends in '/'), a file whose suffix says what it is, or '-' for C on stdout", NULL},
    {"--emit", NULL, OPTION_TEXT, AT(emit), COMMAND_COMPILE, "c|obj|archive|shared",
     "what to write, whatever the suffix", NULL},
    {"--module", NULL, OPTION_TEXT, AT(module), COMMAND_COMPILE | COMMANDS_THAT_CALL, "IDENT|FILE.so",
     "compile: C name of the module and its files; else: a library that was built before", NULL},
    {"--isa", NULL, OPTION_TEXT, AT(isa), COMMAND_COMPILE | COMMANDS_THAT_CALL, "PROFILE",
     "the ISA profile (stepc help isa)", NULL},
    {"--cc", NULL, OPTION_TEXT, AT(cc), COMMAND_COMPILE | COMMANDS_THAT_CALL, "CC",
     "the C compiler (default: $CC, else cc)", NULL},
    {"--cflags", NULL, OPTION_TEXT, AT(cflags), COMMAND_COMPILE | COMMANDS_THAT_CALL, "'...'", "more flags for it",
     NULL},
    {"--weights", NULL, OPTION_TEXT, AT(weights), COMMAND_COMPILE, "inline|object|file",
     "where weights go (default: by size)", NULL},
    {"--exact", NULL, OPTION_FLAG, AT(exact), COMMAND_COMPILE | COMMANDS_THAT_CALL, NULL,
     "the same bits as the reference engine, on every target", NULL},
    {"--optimize", NULL, OPTION_TEXT, AT(optimize), COMMAND_COMPILE, "speed|size",
     "what to optimise for (default: speed)", NULL},
    {"--variables", NULL, OPTION_TEXT, AT(variables), COMMAND_COMPILE, "const|state",
     "state (the default); const is not in this build", NULL},
    {"--batch", NULL, OPTION_TEXT, AT(batch), COMMAND_COMPILE, "1,4,16,?",
     "one callable NAME_b1, ... per size of the fed tensors' open first dimension; '?' is NAME_bn", NULL},
    {"--no-fold", NULL, OPTION_FLAG, AT(no_fold), COMMAND_COMPILE | COMMANDS_THAT_CALL, NULL,
     "keep computation that hangs on constants only", NULL},
    {"--parallel", NULL, OPTION_FLAG, AT(parallel), COMMAND_COMPILE, NULL, "loops that use the caller's pool",
     "leave it out; a step runs in its caller's thread"},
    {"--prefix", NULL, OPTION_TEXT, AT(prefix), COMMAND_COMPILE, "PREFIX", "put before every public identifier", NULL},
    {"--single-file", NULL, OPTION_FLAG, AT(single_file), COMMAND_COMPILE, NULL,
     "the header's text and the weights within the C file", NULL},
    {"--depfile", NULL, OPTION_FLAG, AT(depfile), COMMAND_COMPILE, NULL, "write PATH.d for Make", NULL},
    {"--dump-after", NULL, OPTION_TEXT, AT(dump_after), COMMAND_COMPILE, "PASS",
     "print what a pass left (-o may then be absent)", NULL},
    {"--max-rom", NULL, OPTION_COUNT, AT(max_rom), COMMAND_COMPILE, "BYTES", "refuse more code and constants than this",
     NULL},
    {"--max-ram", NULL, OPTION_COUNT, AT(max_ram), COMMAND_COMPILE, "BYTES", "refuse more arena and state than this",
     NULL},
    {"--max-stack", NULL, OPTION_COUNT, AT(max_stack), COMMAND_COMPILE, "BYTES", "refuse more stack than this", NULL},

    {"--engine", NULL, OPTION_TEXT, AT(engine), COMMANDS_THAT_CALL, "E[,E...]",
     "reference, interpreted, compiled or jit (run: interpreted, compare: compiled; bench takes a list)", NULL},
    {"--cache", NULL, OPTION_TEXT, AT(cache), COMMANDS_THAT_CALL, "DIR|none",
     "where --engine jit keeps libraries (default: $XDG_CACHE_HOME/stepc, else ~/.cache/stepc)", NULL},
    {"--against", NULL, OPTION_TEXT, AT(against), COMMAND_COMPARE, "E",
     "the engine to compare with (default: reference)", NULL},
    {"--symbolic", NULL, OPTION_FLAG, AT(symbolic), COMMANDS_THAT_CALL, NULL,
     "compile for the signature's symbols instead of the fed shapes", NULL},
    {"--steps", NULL, OPTION_COUNT, AT(steps), COMMAND_RUN, "N", "run the step N times in one session", NULL},
    {"--init", NULL, OPTION_TEXT, AT(init), COMMANDS_THAT_CALL, "OP", "run this operation once first", NULL},
    {"--trace", NULL, OPTION_TEXT, AT(trace), COMMAND_RUN, "FILE.json", "write a Chrome trace",
     "leave it out; stepc bench tells times"},
    {"--case", NULL, OPTION_LIST, AT(cases), COMMAND_COMPARE | COMMAND_BENCH, "DIR",
     "feed_0.npy... fetch_0.npy... in signature order", NULL},
    {"--random", NULL, OPTION_COUNT, AT(random), COMMAND_COMPARE | COMMAND_BENCH, "N",
     "N sets of random feeds: floats N(0,1), integers in [0,8)", NULL},
    {"--seed", NULL, OPTION_COUNT, AT(seed), COMMANDS_THAT_CALL, "S", "seed of random feeds and operations", NULL},
    {"--range", NULL, OPTION_LIST, AT(ranges), COMMAND_COMPARE | COMMAND_BENCH, "T=LO:HI",
     "random feed T is uniform in [LO,HI)", NULL},
    {"--rtol", NULL, OPTION_REAL, AT(rtol), COMMAND_COMPARE, "X", "relative tolerance", NULL},
    {"--atol", NULL, OPTION_REAL, AT(atol), COMMAND_COMPARE, "X", "absolute tolerance", NULL},
    {"--ulp", NULL, OPTION_REAL, AT(ulp), COMMAND_COMPARE, "N", "tolerance in units of the last place", NULL},
    {"--runner", NULL, OPTION_TEXT, AT(runner), COMMAND_COMPARE, "CMD",
     "run the compiled step as a program under CMD, e.g. 'qemu-arm -L DIR'", NULL},
    {"--threads", NULL, OPTION_COUNT, AT(threads), COMMAND_BENCH, "N", "threads of a step (this build: 1)", NULL},
    {"--seconds", NULL, OPTION_REAL, AT(seconds), COMMAND_BENCH, "S", "time per engine (default: 1)", NULL},

    {"--ops", NULL, OPTION_FLAG, AT(ops), COMMAND_INSPECT, NULL, "list every operation", NULL},
    {"--dot", NULL, OPTION_TEXT, AT(dot), COMMAND_INSPECT, "FILE", "write the graph for Graphviz", NULL},
    {"--write-config", NULL, OPTION_TEXT, AT(write_config), COMMAND_INSPECT, "FILE",
     "write the suggested signature for --config", NULL},

    {"--json", NULL, OPTION_FLAG, AT(json), EVERY, NULL, "one JSON object on stdout, nothing else there", NULL},
    {"--quiet", NULL, OPTION_FLAG, AT(quiet), EVERY, NULL, "no notes on stderr", NULL},
    {"--verbose", NULL, OPTION_FLAG, AT(verbose), EVERY, NULL, "more on stderr, and tensors printed whole", NULL},
    {"--limits", NULL, OPTION_LIST, AT(limits), EVERY, "NAME=N,...", "limits that input meets (stepc help limits)",
     NULL},
    {"--untrusted", NULL, OPTION_FLAG, AT(untrusted), EVERY, NULL,
     "the input is hostile: no symbolic links, a C compiler by absolute path, a reduced environment", NULL},
    {"--help", "-h", OPTION_FLAG, AT(help), EVERY, NULL, "the help of the command", NULL},
    {"--version", NULL, OPTION_FLAG, AT(version), COMMAND_HELP, NULL, "the version", NULL},
};

size_t option_count(void)
{
    return sizeof rows / sizeof rows[0];
}

const option_row *option_at(size_t index)
{
    return index < option_count() ? &rows[index] : NULL;
}

static const option_row *find(const char *name, size_t size)
{
    for (size_t i = 0; i < option_count(); i++) {
        const option_row *row = &rows[i];
        if (strlen(row->name) == size && memcmp(row->name, name, size) == 0)
            return row;
        if (row->alias && strlen(row->alias) == size && memcmp(row->alias, name, size) == 0)
            return row;
    }
    return NULL;
}

static bool parse_count(const char *z, int64_t *out)
{
    size_t size = strlen(z);
    int64_t unit = 1;
    if (size > 1 && (z[size - 1] == 'k' || z[size - 1] == 'K'))
        unit = 1024;
    else if (size > 1 && z[size - 1] == 'M')
        unit = 1024 * 1024;
    else if (size > 1 && z[size - 1] == 'G')
        unit = 1024 * 1024 * 1024;
    if (!parse_i64(z, unit == 1 ? size : size - 1, out) || *out < 0 || *out > INT64_MAX / unit)
        return false;
    *out *= unit;
    return true;
}

/* An object in ARGUMENTS by its offset; memcpy keeps clear of casts between pointer types. */
static void put(cli_arguments *args, size_t offset, const void *value, size_t bytes)
{
    memcpy((char *)args + offset, value, bytes);
}

static void add_part(cli *c, part_kind kind, const char *spelled)
{
    cli_arguments *args = &c->args;
    if ((args->part_count & (args->part_count - 1)) == 0) {
        part *grown = CLI_ARRAY(c, part, args->part_count * 2 + 1);
        if (args->part_count)
            memcpy(grown, args->parts, args->part_count * sizeof *grown);
        args->parts = grown;
    }
    args->parts[args->part_count++] = (part){kind, spelled};
}

static int store(cli *c, const option_row *row, const char *value)
{
    cli_arguments *args = &c->args;
    bool yes = true;
    int64_t count;
    double real;
    text_list list;
    switch (row->kind) {
    case OPTION_FLAG:
        put(args, row->offset, &yes, sizeof yes);
        return 0;
    case OPTION_TEXT:
        put(args, row->offset, &value, sizeof value);
        return 0;
    case OPTION_LIST:
        memcpy(&list, (char *)args + row->offset, sizeof list);
        text_list_add(c, &list, value);
        put(args, row->offset, &list, sizeof list);
        return 0;
    case OPTION_COUNT:
        if (!parse_count(value, &count))
            return cli_usage(c, "%s takes a number that is not negative, not \"%.64s\"", row->name, value);
        put(args, row->offset, &count, sizeof count);
        return 0;
    case OPTION_REAL:
        if (!parse_double(value, strlen(value), &real) || !(real >= 0) || real > 1e300)
            return cli_usage(c, "%s takes a number that is not negative, not \"%.64s\"", row->name, value);
        put(args, row->offset, &real, sizeof real);
        return 0;
    case OPTION_PART:
        add_part(c, (part_kind)row->offset, value);
        return 0;
    }
    return 0;
}

/* One option; *AT is moved over its value. */
static int parse_option(cli *c, int argc, char **argv, int *at)
{
    const char *argument = argv[*at];
    const char *equals = argument[1] == '-' ? strchr(argument, '=') : NULL;
    size_t size = equals ? (size_t)(equals - argument) : strlen(argument);
    const option_row *row = find(argument, size);
    if (!row)
        return cli_usage(c, "there is no option %.*s", (int)(size < 64 ? size : 64), argument);
    if (!(row->commands & c->command->bit))
        return cli_usage(c, "%s is no option of stepc %s", row->name, c->command->name);
    if (row->kind == OPTION_FLAG && equals)
        return cli_usage(c, "%s takes no value", row->name);
    const char *value = equals ? equals + 1 : NULL;
    if (row->kind != OPTION_FLAG && !value) {
        if (*at + 1 >= argc)
            return cli_usage(c, "%s lacks its value, %s", row->name, row->value);
        value = argv[++*at];
    }
    if (value && !*value && row->kind != OPTION_TEXT)
        return cli_usage(c, "the value of %s is empty", row->name);
    if (row->lacking)
        return cli_refuse(c, STEPC_UNIMPLEMENTED, IN_MODEL, row->lacking, "this build lacks %s", row->name);
    return store(c, row, value);
}

static void set_defaults(cli_arguments *args)
{
    *args = (cli_arguments){.steps = -1,
                            .random = -1,
                            .seed = -1,
                            .threads = -1,
                            .max_rom = -1,
                            .max_ram = -1,
                            .max_stack = -1,
                            .seconds = -1,
                            .rtol = -1,
                            .atol = -1,
                            .ulp = -1};
}

/* --json decides how the complaint about the others looks, wherever it stands. */
static void look_for_json(cli *c, int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0)
            c->args.json = true;
}

int options_parse(cli *c, int argc, char **argv)
{
    bool only_words = false;
    set_defaults(&c->args);
    look_for_json(c, argc, argv);
    for (int i = 0; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
            continue;
        }
        if (only_words || argv[i][0] != '-' || argv[i][1] == '\0') {
            text_list_add(c, &c->args.words, argv[i]);
            continue;
        }
        int status = parse_option(c, argc, argv, &i);
        if (status)
            return status;
    }
    return 0;
}
