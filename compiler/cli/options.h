/* SPDX-License-Identifier: Apache-2.0 */
/* The options of all commands: one table that the parser, the help and the man page read. */
#ifndef COMPILER_CLI_OPTIONS_H
#define COMPILER_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cli cli;

enum {
    COMMAND_COMPILE = 1,
    COMMAND_RUN = 2,
    COMMAND_COMPARE = 4,
    COMMAND_BENCH = 8,
    COMMAND_INSPECT = 16,
    COMMAND_FREEZE = 32,
    COMMAND_REPORT = 64,
    COMMAND_HELP = 128,
    COMMANDS_WITH_STEP = COMMAND_COMPILE | COMMAND_RUN | COMMAND_COMPARE | COMMAND_BENCH | COMMAND_REPORT,
    COMMANDS_THAT_CALL = COMMAND_RUN | COMMAND_COMPARE | COMMAND_BENCH,
    COMMANDS_WITH_MODEL = COMMANDS_WITH_STEP | COMMAND_INSPECT | COMMAND_FREEZE,
    COMMANDS_THAT_WRITE = COMMAND_COMPILE | COMMAND_FREEZE | COMMAND_REPORT
};

typedef struct text_list {
    const char **items;
    size_t count;
} text_list;

/* --feed, --fetch, --target and --name in the order they came: --name opens a callable. */
typedef enum part_kind { PART_FEED, PART_FETCH, PART_TARGET, PART_NAME } part_kind;
typedef struct part {
    part_kind kind;
    const char *spelled;
} part;

/* What was asked. Texts are NULL and numbers -1 where an option was not given. */
typedef struct cli_arguments {
    text_list words; /* MODEL, or the topic of help */
    part *parts;
    size_t part_count;
    bool json, quiet, verbose, untrusted, help, version;
    bool exact, no_fold, single_file, depfile, parallel;
    bool ops, symbolic;
    const char *out, *emit, *cc, *cflags, *isa, *weights, *optimize, *variables, *batch, *prefix, *dump_after;
    const char *engine, *cache, *against, *module, *init, *trace, *runner, *dot, *write_config, *config;
    const char *checkpoint, *signature_def;
    text_list tags, ranges, limits, cases;
    int64_t steps, random, seed, threads, max_rom, max_ram, max_stack;
    double seconds, rtol, atol, ulp;
} cli_arguments;

typedef enum option_kind {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_LIST,  /* repeatable */
    OPTION_COUNT, /* a number, with k, M or G for powers of 1024 */
    OPTION_REAL,
    OPTION_PART
} option_kind;

typedef struct option_row {
    const char *name;
    const char *alias; /* NULL: none */
    option_kind kind;
    size_t offset; /* in cli_arguments; the part_kind for OPTION_PART */
    uint32_t commands;
    const char *value;   /* how help spells the value */
    const char *text;    /* one sentence */
    const char *lacking; /* this build answers UNIMPLEMENTED with this mend; NULL: supported */
} option_row;

size_t option_count(void);
const option_row *option_at(size_t index);

/* Reads ARGV behind the command's name. 0, or the exit status after the message. */
int options_parse(cli *c, int argc, char **argv);

#endif
