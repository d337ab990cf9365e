/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: finds the command, reads its options, runs it, and answers with an exit
 * status, never a signal. docs/commands.md is the contract. */
#include "compiler/cli/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A file that we open must not become stdout because our caller closed that. */
static void fill_standard_handles(void)
{
    int handle;
    do {
        handle = open("/dev/null", O_RDWR);
    } while (handle >= 0 && handle <= 2);
    if (handle > 2)
        (void)close(handle);
}

static void cli_begin(cli *c)
{
    memset(c, 0, sizeof *c);
    stepc_host_init(&c->host);
    c->host = host_resolve(&c->host);
    cli_count_memory(c);
    arena_init(&c->memory, &c->host);
    error_init(&c->error);
    text_init(&c->out, &c->host);
    text_init(&c->dumps, &c->host);
}

/* A full disk behind stdout is an error like any other. */
static int flush(cli *c, int status)
{
    bool wrote = !c->out.failed && fwrite(c->out.data, 1, c->out.size, stdout) == c->out.size;
    if (fflush(stdout) != 0 || ferror(stdout))
        wrote = false;
    if (wrote)
        return status;
    (void)fprintf(stderr, "stepc: error: UNAVAILABLE: stdout: the output could not be written (is the disk full?)\n");
    return EXIT_ENVIRONMENT;
}

static void cli_end(cli *c)
{
    for (size_t i = 0; i < c->owned_count; i++)
        stepc_tensor_release(c->owned[i]);
    text_release(&c->out);
    text_release(&c->dumps);
    arena_release(&c->memory);
}

static int check_words(cli *c)
{
    size_t count = c->args.words.count;
    if (!(c->command->bit & COMMANDS_WITH_MODEL))
        return count > 1 ? cli_usage(c, "stepc %s takes one word", c->command->name) : 0;
    if (count == 0)
        return cli_usage(c, "stepc %s lacks its model", c->command->name);
    if (count > 1)
        return cli_usage(c, "stepc %s takes one model, and \"%.64s\" is a second", c->command->name,
                         c->args.words.items[1]);
    return c->args.words.items[0][0] ? 0 : cli_usage(c, "the model's path is empty");
}

/* "stepc", "stepc --help" and "stepc --version" are spellings of help. */
static const char *command_word(int argc, char **argv)
{
    if (argc < 2)
        return NULL;
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return "help";
    return argv[1];
}

static int dispatch(cli *c, int argc, char **argv)
{
    const char *word = command_word(argc, argv);
    if (!word)
        return cli_usage(c, "no command was given");
    c->command = command_find(word);
    if (!c->command)
        return cli_usage(c, "there is no command %.64s", word);
    int first = word == argv[1] ? 2 : 1;
    int status = options_parse(c, argc - first, argv + first);
    if (status)
        return status;
    if (c->args.help && c->command->bit != COMMAND_HELP) {
        c->args.words = (text_list){NULL, 0};
        text_list_add(c, &c->args.words, c->command->name);
        return command_help(c);
    }
    status = check_words(c);
    if (!status)
        status = cli_setup_host(c);
    return status ? status : c->command->run(c);
}

int main(int argc, char **argv)
{
    cli c;
    (void)signal(SIGPIPE, SIG_IGN);
    fill_standard_handles();
    cli_begin(&c);
    int status = dispatch(&c, argc, argv);
    status = flush(&c, status);
    cli_end(&c);
    return status;
}
