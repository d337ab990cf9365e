/* SPDX-License-Identifier: Apache-2.0 */
/* Private folders, what an object file holds, and programs that we run. */
#include "compiler/cli/cli.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

bool file_exists(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode);
}

bool folder_exists(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

stepc_code file_bytes_of(cli *c, const char *path, file_bytes *out)
{
    return file_read(&c->host, path, out, &c->error);
}

char *scratch_make(cli *c)
{
    const char *base = getenv("TMPDIR");
    char *folder = cli_format(c, "%s/stepc-XXXXXX", base && *base ? base : "/tmp");
    if (mkdtemp(folder))
        return folder;
    error_set(&c->error, STEPC_UNAVAILABLE, "no private folder could be made: %s", strerror(errno));
    error_at_file(&c->error, base && *base ? base : "/tmp", -1);
    error_mend(&c->error, "set TMPDIR to a folder that can be written");
    return NULL;
}

static void remove_entries(const char *folder)
{
    DIR *entries = folder ? opendir(folder) : NULL;
    if (!entries)
        return;
    for (const struct dirent *e; (e = readdir(entries)) != NULL;)
        (void)unlinkat(dirfd(entries), e->d_name, 0);
    (void)closedir(entries);
    (void)rmdir(folder);
}

/* One folder may lie within: "stepc", for stepc/module.h. */
void scratch_remove(const char *folder)
{
    char inner[4096];
    if (!folder)
        return;
    int size = snprintf(inner, sizeof inner, "%s/stepc", folder);
    if (size > 0 && (size_t)size < sizeof inner)
        remove_entries(inner);
    remove_entries(folder);
}

/* ---- ELF ------------------------------------------------------------------------------------- */

/* A number of BYTES bytes at AT; 0 beyond the end. */
static uint64_t read_number(const uint8_t *data, size_t size, uint64_t at, size_t bytes, bool big)
{
    uint64_t value = 0;
    if (at > size || bytes > size - at)
        return 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | data[at + (big ? i : bytes - 1 - i)];
    return value;
}

/* Adds what one object holds. */
static bool object_sizes(const uint8_t *data, size_t size, int64_t *out_code, int64_t *out_constants)
{
    if (size < 52 || memcmp(data, ELFMAG, SELFMAG) != 0)
        return false;
    bool wide = data[EI_CLASS] == ELFCLASS64, big = data[EI_DATA] == ELFDATA2MSB;
    size_t word = wide ? 8 : 4;
    uint64_t table = read_number(data, size, wide ? 40 : 32, word, big);
    uint64_t bytes = read_number(data, size, wide ? 58 : 46, 2, big);
    uint64_t count = read_number(data, size, wide ? 60 : 48, 2, big);
    if (table > size)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = table + i * bytes;
        uint64_t type = read_number(data, size, at + 4, 4, big);
        uint64_t flags = read_number(data, size, at + 8, word, big);
        uint64_t length = read_number(data, size, at + (wide ? 32 : 20), word, big);
        if (!(flags & SHF_ALLOC) || type == SHT_NOBITS || (flags & SHF_WRITE) || length > size)
            continue;
        if (flags & SHF_EXECINSTR)
            *out_code += (int64_t)length;
        else if (type == SHT_PROGBITS)
            *out_constants += (int64_t)length;
    }
    return true;
}

/* Members of an archive: "!<arch>\n", then headers of 60 bytes with the size in decimal at 48, data padded to 2. */
static bool archive_sizes(const uint8_t *data, size_t size, int64_t *out_code, int64_t *out_constants)
{
    bool any = false;
    for (size_t at = 8; at + 60 <= size;) {
        int64_t bytes;
        size_t digits = 0;
        const char *field = (const char *)data + at + 48;
        while (digits < 10 && field[digits] >= '0' && field[digits] <= '9')
            digits++;
        at += 60;
        if (!parse_i64(field, digits, &bytes) || bytes < 0 || (uint64_t)bytes > size - at)
            return any;
        any = object_sizes(data + at, (size_t)bytes, out_code, out_constants) || any;
        at += (size_t)bytes + ((size_t)bytes & 1);
    }
    return any;
}

bool elf_sizes(const uint8_t *data, size_t size, int64_t *out_code, int64_t *out_constants)
{
    *out_code = *out_constants = 0;
    if (size >= 8 && memcmp(data, "!<arch>\n", 8) == 0)
        return archive_sizes(data, size, out_code, out_constants);
    return object_sizes(data, size, out_code, out_constants);
}

/* ---- programs -------------------------------------------------------------------------------- */

static stepc_code no_program(cli *c, const char *name, int number)
{
    error_set(&c->error, STEPC_UNAVAILABLE, "%.200s cannot be run: %s", name, strerror(number));
    return STEPC_UNAVAILABLE;
}

static void set_actions(posix_spawn_file_actions_t *actions, int in, const int pipe_ends[2])
{
    posix_spawn_file_actions_adddup2(actions, in, 0);
    posix_spawn_file_actions_adddup2(actions, pipe_ends[1], 1);
    posix_spawn_file_actions_adddup2(actions, pipe_ends[1], 2);
    posix_spawn_file_actions_addclose(actions, pipe_ends[0]);
    posix_spawn_file_actions_addclose(actions, pipe_ends[1]);
}

/* The child must die of a closed pipe although we do not. */
static void set_signals(posix_spawnattr_t *attributes)
{
    sigset_t standard;
    sigemptyset(&standard);
    sigaddset(&standard, SIGPIPE);
    posix_spawnattr_setsigdefault(attributes, &standard);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF);
}

static int spawn_with(const char *const *argv, int in, const int pipe_ends[2], pid_t *out_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char *arguments[64];
    size_t count = 0;
    for (; argv[count] && count < 63; count++)
        memcpy(&arguments[count], &argv[count], sizeof arguments[count]); /* posix_spawn does not write to them */
    arguments[count] = NULL;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    set_actions(&actions, in, pipe_ends);
    set_signals(&attributes);
    int number = posix_spawnp(out_pid, argv[0], &actions, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return number;
}

static void collect(int handle, text *out)
{
    char buffer[4096];
    for (;;) {
        ssize_t got = read(handle, buffer, sizeof buffer);
        if (got > 0)
            text_add(out, buffer, (size_t)got);
        else if (got == 0 || errno != EINTR)
            return;
    }
}

/* A file without a name that holds INPUT. */
static int input_handle(cli *c, const char *input)
{
    if (!input)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    char *folder = scratch_make(c);
    if (!folder)
        return -1;
    const char *path = cli_format(c, "%s/input", folder);
    int handle = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    for (size_t at = 0, size = strlen(input); handle >= 0 && at < size;) {
        ssize_t wrote = write(handle, input + at, size - at);
        if (wrote < 0 && errno != EINTR) {
            (void)close(handle);
            handle = -1;
        } else if (wrote > 0) {
            at += (size_t)wrote;
        }
    }
    if (handle >= 0)
        (void)lseek(handle, 0, SEEK_SET);
    scratch_remove(folder);
    return handle;
}

stepc_code spawn_collect(cli *c, const char *const *argv, const char *input, text *out, int *out_status)
{
    int ends[2], status = 0;
    pid_t child = -1;
    int in = input_handle(c, input);
    if (in < 0)
        return no_program(c, argv[0], errno);
    if (pipe(ends) != 0) {
        (void)close(in);
        return no_program(c, argv[0], errno);
    }
    int number = spawn_with(argv, in, ends, &child);
    (void)close(ends[1]);
    (void)close(in);
    if (number == 0)
        collect(ends[0], out);
    (void)close(ends[0]);
    if (number != 0)
        return no_program(c, argv[0], number);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    *out_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + (WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    return STEPC_OK;
}
