/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/driver/program.h"

#include "compiler/driver/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define MESSAGE_BYTES      2048
#define DEFAULT_TIMEOUT_MS 600000

/* ---- words ------------------------------------------------------------------------------------------ */

void program_init(program *c)
{
    c->count = 0;
    c->too_many = false;
    arena_init(&c->memory, NULL);
}

void program_release(program *c)
{
    arena_release(&c->memory);
}

void program_add(program *c, const char *a, const char *b, const char *d)
{
    char *made = arena_format(&c->memory, "%s%s%s", a, b, d);
    if (made == NULL || c->count == PROGRAM_WORDS)
        c->too_many = true;
    else
        c->words[c->count++] = made;
}

void program_add_words(program *c, const char *words)
{
    char word[1024];
    size_t used = 0;
    char quote = 0;
    bool open = false;
    for (const char *p = words; words != NULL; p++) {
        bool space = *p == ' ' || *p == '\t' || *p == '\n';
        if (*p == '\0' || (space && !quote)) {
            word[used] = '\0';
            if (open)
                program_add(c, word, "", "");
            used = 0;
            open = false;
            if (*p == '\0')
                return;
        } else if (quote ? *p == quote : *p == '"' || *p == '\'') {
            quote = quote ? (char)0 : *p;
            open = true;
        } else {
            if (used + 1 < sizeof word)
                word[used++] = *p;
            else
                c->too_many = true;
            open = true;
        }
    }
}

/* ---- finding a program -------------------------------------------------------------------------------- */

static bool is_program(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && access(path, X_OK) == 0;
}

static bool find_in_path(const char *name, char *path, size_t size)
{
    const char *at = getenv("PATH");
    if (at == NULL || *at == '\0')
        at = "/usr/bin:/bin";
    for (;;) {
        size_t length = strcspn(at, ":");
        if (*at == '/' && length + strlen(name) + 2 <= size) {
            snprintf(path, size, "%.*s/%s", (int)length, at, name);
            if (is_program(path))
                return true;
        }
        if (at[length] == '\0')
            return false;
        at += length + 1;
    }
}

stepc_code program_find(const char *name, char *path, size_t size, stepc_error *error)
{
    bool found = false;
    if (name[0] == '/') {
        found = (size_t)snprintf(path, size, "%s", name) < size && is_program(path);
    } else if (strchr(name, '/') != NULL) {
        /* The link itself, not what it leads to: compilers look at the name they are called by. */
        if (getcwd(path, size) != NULL) {
            size_t used = strlen(path);
            found = (size_t)snprintf(path + used, size - used, "/%s", name) < size - used && is_program(path);
        }
    } else if (name[0] != '\0') {
        found = find_in_path(name, path, size);
    }
    if (found)
        return STEPC_OK;
    error_set(error, STEPC_UNAVAILABLE, "cannot run %.200s: not found", name);
    error_mend(error, "set CC or --cc to a C compiler");
    return STEPC_UNAVAILABLE;
}

/* ---- running ------------------------------------------------------------------------------------------ */

/* What redirects a compiler, its assembler, its linker or the loader, and the language of messages. */
static const char *const loose_variables[] = {
    "CPATH",           "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "OBJC_INCLUDE_PATH", "LIBRARY_PATH",        "GCC_EXEC_PREFIX",
    "COMPILER_PATH",   "LD_PRELOAD",     "LD_LIBRARY_PATH",    "LD_RUN_PATH",       "TMPDIR",              "DEPENDENCIES_OUTPUT",
    "SUNPRO_DEPENDENCIES", "GCC_COMPARE_DEBUG", "CCC_OVERRIDE_OPTIONS", "COLLECT_GCC_OPTIONS", "LANG",   "LANGUAGE",
    "LC_ALL",          "LC_MESSAGES",    "LC_CTYPE",
};

static bool is_loose(const char *variable)
{
    size_t length = strcspn(variable, "=");
    for (size_t i = 0; i < sizeof loose_variables / sizeof loose_variables[0]; i++)
        if (strlen(loose_variables[i]) == length && memcmp(loose_variables[i], variable, length) == 0)
            return true;
    return false;
}

static char **sealed_environment(program *c, const char *folder)
{
    size_t count = 0, used = 0;
    while (environ != NULL && environ[count] != NULL)
        count++;
    char **made = ARENA_ARRAY(&c->memory, char *, count + 3);
    if (made == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (!is_loose(environ[i]))
            made[used++] = environ[i];
    made[used++] = arena_format(&c->memory, "TMPDIR=%s", folder);
    made[used++] = arena_format(&c->memory, "LC_ALL=C");
    made[used] = NULL;
    return made[used - 1] != NULL && made[used - 2] != NULL ? made : NULL;
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits; 0, or an errno. ETIMEDOUT: the program and what it began were killed. */
static int wait_for(pid_t child, const program_rules *rules, int *out_status)
{
    int64_t end = now_ms() + (rules->timeout_ms > 0 ? rules->timeout_ms : DEFAULT_TIMEOUT_MS);
    struct timespec pause = {.tv_nsec = 500000};
    int options = rules->sealed ? WNOHANG : 0;
    for (;;) {
        pid_t got = waitpid(child, out_status, options);
        if (got == child)
            return 0;
        if (got < 0 && errno != EINTR)
            return errno;
        if (!rules->sealed)
            continue;
        if (now_ms() >= end) {
            (void)kill(-child, SIGKILL);
            while (waitpid(child, out_status, 0) < 0 && errno == EINTR)
                continue;
            return ETIMEDOUT;
        }
        (void)nanosleep(&pause, NULL);
        if (pause.tv_nsec < 4000000)
            pause.tv_nsec += 500000;
    }
}

static int run(program *c, const program_rules *rules, int *out_status)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t child;
    char path[FOLDER_BYTES + 16];
    char **variables = rules->sealed ? sealed_environment(c, rules->folder) : environ;
    snprintf(path, sizeof path, "%s/cc.log", rules->folder);
    c->words[c->count] = NULL;
    if (variables == NULL)
        return ENOMEM;
    int fault = posix_spawn_file_actions_init(&actions);
    if (fault != 0)
        return fault;
    fault = posix_spawnattr_init(&attributes);
    if (fault != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return fault;
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    if (rules->sealed)
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP); /* group 0: its own */
    fault = rules->sealed ? posix_spawn(&child, c->words[0], &actions, &attributes, c->words, variables)
                          : posix_spawnp(&child, c->words[0], &actions, &attributes, c->words, variables);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return fault != 0 ? fault : wait_for(child, rules, out_status);
}

/* The line of the log that tells most: the first with "error", else the first. */
static void first_message(const char *folder, char *said, size_t size)
{
    char path[FOLDER_BYTES + 16], row[MESSAGE_BYTES];
    snprintf(path, sizeof path, "%s/cc.log", folder);
    said[0] = '\0';
    FILE *file = fopen(path, "rb");
    while (file != NULL && fgets(row, sizeof row, file) != NULL) {
        row[strcspn(row, "\n")] = '\0';
        bool is_error = strstr(row, "error") != NULL;
        if (said[0] == '\0' || is_error)
            snprintf(said, size, "%.500s", row);
        if (is_error)
            break;
    }
    if (file != NULL)
        fclose(file);
}

stepc_code program_run(program *c, const program_rules *rules, const char *what, stepc_error *error)
{
    int status = 0;
    char said[512];
    if (c->too_many || c->count == 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "the C compiler's options are too many or too long");
    int fault = run(c, rules, &status);
    if (fault == ETIMEDOUT)
        return error_set(error, STEPC_DEADLINE_EXCEEDED, "%.200s took longer than it may", c->words[0]);
    if (fault != 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 127)) {
        error_set(error, STEPC_UNAVAILABLE, "cannot run %.200s: %s", c->words[0], fault ? strerror(fault) : "not found");
        error_mend(error, "set CC or --cc to a C compiler");
        return STEPC_UNAVAILABLE;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return STEPC_OK;
    first_message(rules->folder, said, sizeof said);
    return error_set(error, STEPC_INTERNAL, "%.200s refuses %s: %s", c->words[0], what,
                     said[0] ? said : "it was ended by a signal");
}
