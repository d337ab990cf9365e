/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries kept on disk: found again, never trusted, safe against other users and other processes. */
#include "tests/unit/driver/jit_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>

/* One step compiled, called and released through a JIT of its own; how the library came is in the statistics. */
static stepc_jit_statistics once(const stepc_jit_options *options)
{
    stepc_jit_statistics told;
    const stepc_jit *jit = open_jit(options);
    stepc_graph *graph = small_graph();
    const stepc_module *module = compile_small(jit, graph, 3);
    check_small(module);
    told = statistics(jit);
    jit->release(jit->context, module);
    stepc_jit_close(jit);
    stepc_graph_release(graph);
    return told;
}

static void check_built(const stepc_jit_options *options, const char *why)
{
    stepc_jit_statistics s = once(options);
    cr_assert(s.built == 1 && s.from_disk == 0, "should have been built: %s", why);
    s = once(options);
    cr_assert(s.built == 0 && s.from_disk == 1, "should be kept after: %s", why);
}

/* The only entry of the folder. */
static void find_entry(const char *folder, char *path, size_t size)
{
    int count = 0;
    DIR *open = opendir(folder);
    const struct dirent *entry;
    cr_assert_not_null(open);
    while ((entry = readdir(open)) != NULL)
        if (entry->d_name[0] != '.') {
            snprintf(path, size, "%s/%s", folder, entry->d_name);
            count++;
        }
    closedir(open);
    cr_assert_eq(count, 1);
}

static long size_of(const char *path)
{
    struct stat facts;
    cr_assert_eq(stat(path, &facts), 0);
    return (long)facts.st_size;
}

static void flip(const char *path, long at)
{
    FILE *file = fopen(path, "r+b");
    cr_assert_not_null(file);
    fseek(file, at, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, at, SEEK_SET);
    fputc(byte ^ 1, file);
    fclose(file);
}

#define OWN_CACHE                                                        \
    own_folder();                                                        \
    char cache[200];                                                     \
    snprintf(cache, sizeof cache, "%s/made/of/three", own_path);         \
    stepc_jit_options options = {.size = sizeof options, .cache_folder = cache}

Test(cache, a_second_compile_runs_no_compiler)
{
    OWN_CACHE;
    char script[200], broken[200], body[400];
    snprintf(script, sizeof script, "%s/cc", own_path);
    snprintf(broken, sizeof broken, "%s/broken", own_path);
    /* Tells its version always, but builds only until the file "broken" is there. */
    snprintf(body, sizeof body, "#!/bin/sh\n[ \"$1\" = --version ] || [ ! -e '%s' ] || exit 1\nexec gcc \"$@\"\n", broken);
    put_file(script, body, 0700);
    options.cc = script;
    stepc_jit_statistics s = once(&options);
    cr_assert(s.built == 1 && s.from_disk == 0);
    put_file(broken, "", 0600);
    s = once(&options);
    cr_assert(s.built == 0 && s.from_disk == 1);
    /* Other flags mean another library, and that compiler does not make it. */
    options.cflags = "-DOTHER";
    const stepc_jit *jit = open_jit(&options);
    stepc_graph *graph = small_graph();
    const stepc_module *module;
    cr_assert_eq(request_small(jit, graph, 3, &module, NULL), STEPC_INTERNAL);
    cr_assert_null(module);
    stepc_jit_close(jit);
    stepc_graph_release(graph);
    remove_own_folder();
}

Test(cache, what_a_library_hangs_on_is_in_its_key)
{
    OWN_CACHE;
    check_built(&options, "nothing there");
    struct stat facts;
    cr_assert_eq(stat(cache, &facts), 0);
    cr_assert_eq(facts.st_mode & 0777, 0700u);
    options.cflags = "-DFLAG=1";
    check_built(&options, "another flag");
    options.cflags = "-DFLAG='1 2'";
    check_built(&options, "a flag with a space");
    options.cflags = NULL;
    options.isa = "c99";
    check_built(&options, "another profile");
    options.isa = NULL;
    options.cc = "gcc";
    check_built(&options, "another compiler");
    options.cc = "gcc -DWORD";
    check_built(&options, "a word behind the compiler");
    options.cc = NULL;
    stepc_jit_statistics s = once(&options);
    cr_assert_eq(s.from_disk, 1, "the first one is still there");
    remove_own_folder();
}

Test(cache, damaged_entries_are_rebuilt_and_never_loaded)
{
    OWN_CACHE;
    char path[400], other[420];
    check_built(&options, "nothing there");
    find_entry(cache, path, sizeof path);
    long size = size_of(path);
    /* The head: format, size of the manifest, of the library, hash. Then the manifest, then the library. */
    const long places[] = {0, 15, 16, 23, 24, 31, 32, 47, 48, 60, 500, size / 2, size - 2000, size - 1};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        flip(path, places[i]);
        check_built(&options, "a bit was flipped");
    }
    const long lengths[] = {0, 1, 47, 48, 49, 300, size / 2, size - 1};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        cr_assert_eq(truncate(path, lengths[i]), 0);
        check_built(&options, "it was cut");
    }
    cr_assert_eq(truncate(path, size + 1), 0);
    check_built(&options, "it grew");
    cr_assert_eq(chmod(path, 0622), 0);
    check_built(&options, "others may write it");
    snprintf(other, sizeof other, "%s/elsewhere", own_path);
    cr_assert_eq(rename(path, other), 0);
    cr_assert_eq(symlink(other, path), 0);
    check_built(&options, "it is a link");
    unlink(path);
    cr_assert_eq(mkfifo(path, 0600), 0);
    check_built(&options, "it is a pipe");
    unlink(other);
    remove_own_folder();
}

/* A whole and valid entry of another step under this step's name: as if the hashes were equal. */
Test(cache, the_manifest_is_compared_in_full)
{
    OWN_CACHE;
    char mine[400], theirs[400], other[200];
    check_built(&options, "nothing there");
    find_entry(cache, mine, sizeof mine);
    snprintf(other, sizeof other, "%s/other", own_path);
    options.cache_folder = other;
    options.cflags = "-DOTHER=1";
    check_built(&options, "nothing there either");
    find_entry(other, theirs, sizeof theirs);
    cr_assert_eq(rename(theirs, mine), 0);
    options.cache_folder = cache;
    options.cflags = NULL;
    check_built(&options, "the entry is another step's");
    remove_own_folder();
}

static void check_refused(const char *folder, stepc_code want)
{
    stepc_jit_options options = {.size = sizeof options, .cache_folder = folder};
    const stepc_jit *jit;
    stepc_error *error = stepc_error_new();
    cr_assert_eq(stepc_jit_open(&options, &jit, error), want, "%s: %s", folder, stepc_error_message(error));
    cr_assert_null(jit);
    if (want == STEPC_PERMISSION_DENIED)
        cr_assert_str_eq(stepc_error_file(error), folder, "the message names the folder");
    stepc_error_free(error);
}

Test(cache, folders_that_others_can_reach_are_refused)
{
    own_folder();
    char folder[200], link[200], slash[210];
    snprintf(folder, sizeof folder, "%s/cache", own_path);
    snprintf(link, sizeof link, "%s/link", own_path);
    snprintf(slash, sizeof slash, "%s///", link);
    cr_assert_eq(mkdir(folder, 0700), 0);
    const mode_t modes[] = {0777, 01777, 0770, 0707, 0755, 0701, 0740};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        cr_assert_eq(chmod(folder, modes[i]), 0);
        check_refused(folder, STEPC_PERMISSION_DENIED);
    }
    cr_assert_eq(chmod(folder, 0700), 0);
    cr_assert_eq(symlink(folder, link), 0);
    check_refused(link, STEPC_PERMISSION_DENIED);
    stepc_jit_options options = {.size = sizeof options, .cache_folder = slash};
    const stepc_jit *jit;
    cr_assert_eq(stepc_jit_open(&options, &jit, NULL), STEPC_PERMISSION_DENIED);
    unlink(link);
    put_file(link, "text", 0600);
    check_refused(link, STEPC_PERMISSION_DENIED);
    unlink(link);
    check_refused("", STEPC_INVALID_ARGUMENT);
    /* Another user's folder. */
    if (geteuid() == 0) {
        cr_assert_eq(chown(folder, 65534, 65534), 0);
        check_refused(folder, STEPC_PERMISSION_DENIED);
    } else {
        check_refused("/", STEPC_PERMISSION_DENIED);
    }
    remove_own_folder();
}

Test(cache, a_folder_that_becomes_unsafe_is_refused_too)
{
    OWN_CACHE;
    const stepc_jit *jit = open_jit(&options);
    stepc_graph *graph = small_graph();
    const stepc_module *module;
    cr_assert_eq(chmod(cache, 0777), 0);
    cr_assert_eq(request_small(jit, graph, 3, &module, NULL), STEPC_PERMISSION_DENIED);
    cr_assert_null(module);
    cr_assert_eq(chmod(cache, 0700), 0);
    module = compile_small(jit, graph, 3);
    check_small(module);
    stepc_jit_close(jit);
    stepc_graph_release(graph);
    remove_own_folder();
}

static int warnings;

static void count_warning(void *context, const char *kind, const char *subject, const char *text)
{
    (void)context, (void)subject, (void)text;
    warnings += strcmp(kind, "warning") == 0;
}

Test(cache, works_without_a_folder_that_cannot_be_made_or_is_gone)
{
    OWN_CACHE;
    char blocked[200];
    stepc_host host;
    stepc_host_init(&host);
    host.report = count_warning;
    options.host = &host;
    snprintf(blocked, sizeof blocked, "%s/file/cache", own_path);
    snprintf(cache, sizeof cache, "%s/file", own_path);
    put_file(cache, "", 0600);
    options.cache_folder = blocked;
    cr_assert_eq(once(&options).built, 1);
    cr_assert_eq(warnings, 1);
    /* Removed while in use. */
    snprintf(blocked, sizeof blocked, "%s/gone", own_path);
    const stepc_jit *jit = open_jit(&options);
    stepc_graph *graph = small_graph();
    cr_assert_eq(rmdir(blocked), 0);
    check_small(compile_small(jit, graph, 3));
    cr_assert_eq(warnings, 2);
    stepc_jit_close(jit);
    stepc_graph_release(graph);
    remove_own_folder();
}

Test(cache, two_processes_at_once)
{
    OWN_CACHE;
    pid_t children[3];
    for (int i = 0; i < 3; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            stepc_jit_statistics s = once(&options);
            _exit(s.built + s.from_disk == 1 ? 0 : 1);
        }
    }
    for (int i = 0; i < 3; i++) {
        int status = -1;
        cr_assert_eq(waitpid(children[i], &status, 0), children[i]);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    char path[400];
    find_entry(cache, path, sizeof path);
    cr_assert_eq(once(&options).from_disk, 1);
    remove_own_folder();
}

Test(cache, the_longest_unused_go_first)
{
    OWN_CACHE;
    char first[400];
    check_built(&options, "nothing there");
    find_entry(cache, first, sizeof first);
    long size = size_of(first);
    struct timespec old[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
    cr_assert_eq(utimensat(AT_FDCWD, first, old, 0), 0);
    options.cflags = "-DSECOND";
    options.cache_bytes = 2 * size + size / 2;
    check_built(&options, "the second");
    cr_assert_eq(access(first, F_OK), 0, "both fit");
    options.cflags = "-DTHIRD";
    check_built(&options, "the third");
    cr_assert_neq(access(first, F_OK), 0, "the first was used longest ago");
    options.cflags = "-DSECOND";
    cr_assert_eq(once(&options).from_disk, 1);
    /* Larger than everything that may be kept. */
    options.cflags = "-DFOURTH";
    options.cache_bytes = size / 2;
    cr_assert_eq(once(&options).built, 1);
    cr_assert_eq(once(&options).built, 1);
    remove_own_folder();
}

Test(cache, leftovers_of_killed_processes_go)
{
    OWN_CACHE;
    char old[300], fresh[300];
    check_built(&options, "nothing there");
    snprintf(old, sizeof old, "%s/.new-1-1-0", cache);
    snprintf(fresh, sizeof fresh, "%s/.new-2-2-0", cache);
    put_file(old, "half", 0600);
    put_file(fresh, "half", 0600);
    struct timespec past[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
    cr_assert_eq(utimensat(AT_FDCWD, old, past, 0), 0);
    options.cflags = "-DOTHER";
    check_built(&options, "another flag");
    cr_assert_neq(access(old, F_OK), 0);
    cr_assert_eq(access(fresh, F_OK), 0);
    remove_own_folder();
}

Test(cache, flags_of_this_very_machine_are_not_kept)
{
    OWN_CACHE;
    options.cflags = "-mtune=native";
    cr_assert_eq(once(&options).built, 1);
    cr_assert_eq(once(&options).built, 1);
    cr_assert_neq(access(cache, F_OK), 0);
    remove_own_folder();
}

/* The mask of the process must not make files that nobody can read. */
Test(cache, any_file_mask)
{
    OWN_CACHE;
    const mode_t masks[] = {0777, 0};
    for (size_t i = 0; i < 2; i++) {
        mode_t before = umask(0077);
        snprintf(cache, sizeof cache, "%s/mask%zu", own_path, i);
        cr_assert_eq(mkdir(cache, 0700), 0);
        umask(masks[i]);
        stepc_jit_statistics s = once(&options);
        s = once(&options);
        umask(before);
        if (geteuid() == 0 || masks[i] == 0)
            cr_assert_eq(s.from_disk, 1);
    }
    remove_own_folder();
}
