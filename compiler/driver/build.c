/* SPDX-License-Identifier: Apache-2.0 */
/* Calling the C compiler: no shell, files in a private folder, outputs all or none. */
#include "compiler/driver/inside.h"

#include "compiler/emit/abi.h"
#include "runtime/core/host.h"
#include "runtime/core/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define ARGUMENTS     64
#define MESSAGE_BYTES 2048

/* ---- folders -------------------------------------------------------------------------------------- */

stepc_code folder_make(char *path, stepc_error *error)
{
    const char *base = getenv("TMPDIR");
    if (base == NULL || base[0] != '/' || strlen(base) > FOLDER_BYTES - 64)
        base = "/tmp";
    snprintf(path, FOLDER_BYTES, "%s/stepc-XXXXXX", base);
    if (mkdtemp(path) == NULL)
        return error_set(error, STEPC_UNAVAILABLE, "cannot make a private folder in %s: %s", base, strerror(errno));
    return STEPC_OK;
}

static void remove_files(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char name[FOLDER_BYTES + 300];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        unlink(name);
    }
    if (folder != NULL)
        closedir(folder);
}

void folder_remove(const char *path)
{
    char inner[FOLDER_BYTES + 16];
    snprintf(inner, sizeof inner, "%s/stepc", path);
    remove_files(inner);
    rmdir(inner);
    remove_files(path);
    rmdir(path);
}

static stepc_code write_file(const char *folder, const char *name, const void *data, size_t bytes, stepc_error *error)
{
    char path[FOLDER_BYTES + 300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    bool good = file != NULL && (bytes == 0 || fwrite(data, 1, bytes, file) == bytes);
    if (file != NULL && fclose(file) != 0)
        good = false;
    return good ? STEPC_OK : error_set(error, STEPC_UNAVAILABLE, "cannot write %s: %s", path, strerror(errno));
}

static stepc_code write_sources(const stepc_host *host, const build_request *request, const char *folder,
                                stepc_error *error)
{
    stepc_code code = STEPC_OK;
    for (size_t i = 0; i < stepc_product_file_count(request->product) && !code; i++) {
        stepc_file file = stepc_product_file(request->product, i);
        code = write_file(folder, file.name, file.data, file.bytes, error);
    }
    char inner[FOLDER_BYTES + 16];
    snprintf(inner, sizeof inner, "%s/stepc", folder);
    if (code || request->kind != BUILD_SHARED)
        return code;
    if (mkdir(inner, 0700) != 0)
        return error_set(error, STEPC_UNAVAILABLE, "cannot make %s: %s", inner, strerror(errno));
    text header;
    text_init(&header, host);
    abi_write_module_header(&header);
    code = header.failed ? error_out_of_memory(error, "building a module")
                         : write_file(inner, "module.h", header.data, header.size, error);
    text_release(&header);
    return code;
}

/* ---- running a program --------------------------------------------------------------------------------- */

typedef struct command {
    char *arguments[ARGUMENTS + 1];
    size_t count;
    bool too_many;
    arena memory;
} command;

static void add_argument(command *c, const char *a, const char *b, const char *d)
{
    char *made = arena_format(&c->memory, "%s%s%s", a, b, d);
    if (made == NULL || c->count == ARGUMENTS)
        c->too_many = true;
    else
        c->arguments[c->count++] = made;
}

/* Words of TEXT, apart at white space; quotes keep words together. */
static void add_words(command *c, const char *words)
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
                add_argument(c, word, "", "");
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
            open = true;
        }
    }
}

/* The program's messages are in the folder's file cc.log. */
static int run(command *c, const char *folder, int *out_status)
{
    posix_spawn_file_actions_t actions;
    pid_t child;
    char path[FOLDER_BYTES + 16];
    snprintf(path, sizeof path, "%s/cc.log", folder);
    c->arguments[c->count] = NULL;
    int fault = posix_spawn_file_actions_init(&actions);
    if (fault != 0)
        return fault;
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    fault = posix_spawnp(&child, c->arguments[0], &actions, NULL, c->arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (fault != 0)
        return fault;
    while (waitpid(child, out_status, 0) < 0)
        if (errno != EINTR)
            return errno;
    return 0;
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

static stepc_code run_checked(command *c, const char *folder, stepc_error *error)
{
    int status = 0;
    char said[512];
    if (c->too_many || c->count == 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "the C compiler's options are too many or too long");
    int fault = run(c, folder, &status);
    if (fault != 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 127)) {
        error_set(error, STEPC_UNAVAILABLE, "cannot run %.200s: %s", c->arguments[0],
                  fault ? strerror(fault) : "not found");
        error_mend(error, "set CC or --cc to a C compiler");
        return STEPC_UNAVAILABLE;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return STEPC_OK;
    first_message(folder, said, sizeof said);
    return error_set(error, STEPC_INTERNAL, "%.200s refuses the generated text: %s", c->arguments[0],
                     said[0] ? said : "it was ended by a signal");
}

/* ---- the build --------------------------------------------------------------------------------------------- */

static const char *compiler_of(const build_request *request)
{
    const char *cc = request->cc != NULL && request->cc[0] != '\0' ? request->cc : getenv("CC");
    return cc != NULL && cc[0] != '\0' ? cc : "cc";
}

const char *module_base_name(const stepc_product *product, char *name, size_t size)
{
    stepc_file header = stepc_product_file(product, 0);
    size_t length = strlen(header.name);
    snprintf(name, size, "%.*s", (int)(length >= 2 ? length - 2 : length), header.name);
    return name;
}

static stepc_code compile_object(const build_request *request, const char *folder, const char *base, const char *out,
                                 stepc_error *error)
{
    command c = {.count = 0};
    arena_init(&c.memory, NULL);
    add_words(&c, compiler_of(request));
    add_words(&c, "-std=c11 -O2 -ffp-contract=off -fno-math-errno");
    if (request->isa != NULL)
        add_words(&c, request->isa->cflags);
    add_words(&c, request->cflags);
    if (request->kind == BUILD_SHARED)
        add_words(&c, "-fPIC -shared -Wl,-Bsymbolic"); /* its own "step", not one of the program or the C library */
    else
        add_words(&c, "-c");
    add_argument(&c, "-I", folder, "");
    add_argument(&c, "-Wa,-I,", folder, "");
    add_argument(&c, "-o", "", "");
    add_argument(&c, folder, "/", out);
    char source[300];
    snprintf(source, sizeof source, "%.250s.c", base);
    add_argument(&c, folder, "/", source);
    stepc_code code = run_checked(&c, folder, error);
    arena_release(&c.memory);
    return code;
}

static stepc_code make_archive(const char *folder, stepc_error *error)
{
    const char *ar = getenv("AR");
    command c = {.count = 0};
    arena_init(&c.memory, NULL);
    add_words(&c, ar != NULL && ar[0] != '\0' ? ar : "ar");
    add_words(&c, "rcsD");
    add_argument(&c, folder, "/", "library.a");
    add_argument(&c, folder, "/", "module.o");
    stepc_code code = run_checked(&c, folder, error);
    arena_release(&c.memory);
    return code;
}

static stepc_code deliver(const stepc_host *host, const char *folder, const char *name, const char *out_path,
                          stepc_error *error)
{
    char path[FOLDER_BYTES + 16];
    file_bytes file;
    output_set *set;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    stepc_code code = file_read(host, path, &file, error);
    if (code)
        return code;
    code = output_begin(host, &set, error);
    if (!code) {
        code = output_add(set, out_path, file.data, file.size, error);
        if (code)
            output_abandon(set);
        else
            code = output_commit(set, error);
    }
    file_release(host, &file);
    return code;
}

stepc_code build_module(const stepc_host *host, const build_request *request, stepc_error *error)
{
    static const char *const names[] = {"module.o", "library.a", "library.so"};
    char folder[FOLDER_BYTES], base[300];
    stepc_code code = folder_make(folder, error);
    if (code)
        return code;
    module_base_name(request->product, base, sizeof base);
    code = write_sources(host, request, folder, error);
    if (!code)
        code = compile_object(request, folder, base, request->kind == BUILD_SHARED ? "library.so" : "module.o", error);
    if (!code && request->kind == BUILD_ARCHIVE)
        code = make_archive(folder, error);
    if (!code)
        code = deliver(host, folder, names[request->kind], request->out_path, error);
    folder_remove(folder);
    return code;
}
