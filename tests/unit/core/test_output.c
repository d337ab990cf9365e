/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/core/error.h"
#include "runtime/core/host.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The default files with a fault at call FAIL_AT. */
typedef struct faulty {
    stepc_io real;
    long calls, fail_at;
    int code;
    int last_failed; /* letter of the call that failed */
    char order[256]; /* last letters of the targets of renames */
} faulty;

static bool fails(faulty *f, int letter)
{
    if (++f->calls != f->fail_at)
        return false;
    f->last_failed = letter;
    return true;
}

static int f_open_read(void *context, const char *path, int *handle, int64_t *bytes)
{
    faulty *f = context;
    return fails(f, 'o') ? f->code : f->real.open_read(f->real.context, path, handle, bytes);
}

static int f_create(void *context, const char *path, int *handle)
{
    faulty *f = context;
    return fails(f, 'c') ? f->code : f->real.create(f->real.context, path, handle);
}

static int f_read(void *context, int handle, void *data, size_t bytes, size_t *got)
{
    faulty *f = context;
    return fails(f, 'r') ? f->code : f->real.read(f->real.context, handle, data, bytes, got);
}

/* A full disk takes half. */
static int f_write(void *context, int handle, const void *data, size_t bytes)
{
    faulty *f = context;
    if (!fails(f, 'w'))
        return f->real.write(f->real.context, handle, data, bytes);
    (void)f->real.write(f->real.context, handle, data, bytes / 2);
    return f->code;
}

static int f_sync(void *context, int handle)
{
    faulty *f = context;
    return fails(f, 's') ? f->code : f->real.sync(f->real.context, handle);
}

static int f_close(void *context, int handle)
{
    faulty *f = context;
    int code = f->real.close(f->real.context, handle);
    return fails(f, 'x') ? f->code : code;
}

static int f_rename(void *context, const char *from, const char *to)
{
    faulty *f = context;
    size_t size = strlen(f->order);
    f->order[size] = to[strlen(to) - 1];
    return fails(f, 'n') ? f->code : f->real.rename(f->real.context, from, to);
}

static int f_remove(void *context, const char *path)
{
    faulty *f = context;
    return fails(f, 'd') ? f->code : f->real.remove(f->real.context, path);
}

static int f_sync_folder(void *context, const char *path)
{
    faulty *f = context;
    return fails(f, 'f') ? f->code : f->real.sync_folder(f->real.context, path);
}

static stepc_host faulty_host(faulty *f, long fail_at, int code)
{
    stepc_host host;
    stepc_host_init(&host);
    memset(f, 0, sizeof *f);
    f->real = host.io;
    f->fail_at = fail_at;
    f->code = code;
    host.io.context = f;
    host.io.open_read = f_open_read;
    host.io.create = f_create;
    host.io.read = f_read;
    host.io.write = f_write;
    host.io.sync = f_sync;
    host.io.close = f_close;
    host.io.rename = f_rename;
    host.io.remove = f_remove;
    host.io.sync_folder = f_sync_folder;
    return host;
}

static char folder[64];

static const char *in_folder(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void make_folder(void)
{
    strcpy(folder, "/tmp/stepc-test-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
}

static void put(const char *name, const char *content)
{
    FILE *file = fopen(in_folder(name), "wb");
    cr_assert(file != NULL);
    fputs(content, file);
    fclose(file);
}

static void check_content(const char *name, const char *content, long at)
{
    char text[64] = {0};
    FILE *file = fopen(in_folder(name), "rb");
    cr_assert((file != NULL) == (content != NULL), "%s at %ld", name, at);
    if (file == NULL)
        return;
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    cr_assert(size == strlen(content) && strcmp(text, content) == 0, "%s holds '%s' at %ld", name, text, at);
}

static int count_files(void)
{
    int count = 0;
    DIR *listing = opendir(folder);
    cr_assert(listing != NULL);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(listing);
    return count;
}

static void remove_folder(void)
{
    DIR *listing = opendir(folder);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove(in_folder(entry->d_name));
    }
    closedir(listing);
    rmdir(folder);
}

static int count_handles(void)
{
    int count = 0;
    for (int i = 0; i < 256; i++) {
        struct stat facts;
        count += fstat(i, &facts) == 0;
    }
    return count;
}

/* Writes a.h, b.c and c.bin. */
static stepc_code write_three(const stepc_host *host, stepc_error *error)
{
    output_set *set;
    stepc_code code = output_begin(host, &set, error);
    if (code == STEPC_OK)
        code = output_add(set, in_folder("a.h"), "new a", 5, error);
    if (code == STEPC_OK)
        code = output_add(set, in_folder("b.c"), "new b", 5, error);
    if (code == STEPC_OK)
        code = output_add(set, in_folder("c.n"), "", 0, error);
    if (code == STEPC_OK)
        return output_commit(set, error);
    output_abandon(set);
    return code;
}

static void check_fault(long fail_at, bool old, int code_given, bool *out_done)
{
    faulty f;
    stepc_error error;
    error_init(&error);
    if (old) {
        put("a.h", "old a");
        put("b.c", "old b");
    } else {
        remove(in_folder("a.h"));
        remove(in_folder("b.c"));
    }
    remove(in_folder("c.n"));
    stepc_host host = faulty_host(&f, fail_at, code_given);
    int handles = count_handles();
    stepc_code code = write_three(&host, &error);
    cr_assert(count_handles() == handles, "handles at %ld", fail_at);
    cr_assert(code == stepc_error_code(&error));
    *out_done = f.last_failed == 0;
    if (code == STEPC_OK) {
        check_content("a.h", "new a", fail_at);
        check_content("b.c", "new b", fail_at);
        check_content("c.n", "", fail_at);
        cr_assert(count_files() == 3, "%ld", fail_at);
    } else {
        cr_assert(!*out_done && error.file[0] != '\0', "%ld", fail_at);
        check_content("a.h", old ? "old a" : NULL, fail_at);
        check_content("b.c", old ? "old b" : NULL, fail_at);
        check_content("c.n", NULL, fail_at);
        cr_assert(count_files() == (old ? 2 : 0), "%d files at %ld (%c)", count_files(), fail_at, f.last_failed);
    }
    /* What may fail without harm: closing what was only looked at, removing the old file
     * (tried again), syncing the folder. Everything else must be an error. */
    if (f.last_failed == 'w' || f.last_failed == 's' || f.last_failed == 'n')
        cr_assert(code != STEPC_OK, "%ld", fail_at);
}

Test(output, one_fault_anywhere_changes_all_or_nothing)
{
    static const int codes[] = {STEPC_UNAVAILABLE, STEPC_RESOURCE_EXHAUSTED, STEPC_PERMISSION_DENIED};
    make_folder();
    for (int round = 0; round < 6; round++) {
        bool done = false;
        long fail_at = 0;
        while (!done)
            check_fault(++fail_at, round % 2 != 0, codes[round / 2], &done);
        cr_assert(fail_at > 15, "%ld", fail_at);
    }
    remove_folder();
}

Test(output, the_first_added_appears_last)
{
    faulty f;
    make_folder();
    stepc_host host = faulty_host(&f, 0, 0);
    cr_assert(write_three(&host, NULL) == STEPC_OK);
    /* Renames aside end in "d" (.old), those into place in the targets' last letters. */
    size_t size = strlen(f.order);
    cr_assert(size >= 3 && strcmp(f.order + size - 3, "nch") == 0, "%s", f.order);
    remove_folder();
}

Test(output, leftovers_of_others_are_stepped_over)
{
    make_folder();
    put(".a.h.stepc-0.tmp", "somebody's");
    output_set *set;
    cr_assert(output_begin(NULL, &set, NULL) == STEPC_OK);
    cr_assert(output_add(set, in_folder("a.h"), "x", 1, NULL) == STEPC_OK);
    cr_assert(output_commit(set, NULL) == STEPC_OK);
    check_content("a.h", "x", 0);
    check_content(".a.h.stepc-0.tmp", "somebody's", 0);
    cr_assert(count_files() == 2);
    remove_folder();
}

Test(output, bad_targets_are_refused)
{
    make_folder();
    stepc_error error;
    error_init(&error);
    output_set *set;
    cr_assert(output_begin(NULL, &set, &error) == STEPC_OK);
    cr_assert(output_add(set, "/dev/null", "x", 1, &error) == STEPC_INVALID_ARGUMENT);
    cr_assert(output_add(set, folder, "x", 1, &error) == STEPC_INVALID_ARGUMENT);
    cr_assert(output_add(set, in_folder(""), "x", 1, &error) == STEPC_INVALID_ARGUMENT);
    cr_assert(output_add(set, in_folder("missing/file"), "x", 1, &error) == STEPC_NOT_FOUND);
    cr_assert(output_add(set, in_folder("a"), "x", 1, &error) == STEPC_OK);
    cr_assert(output_add(set, in_folder("a"), "x", 1, &error) == STEPC_INVALID_ARGUMENT);
    char name[300];
    memset(name, 'n', sizeof name);
    name[250] = '\0';
    cr_assert(output_add(set, in_folder(name), "x", 1, &error) == STEPC_OK);
    output_abandon(set);
    output_abandon(NULL);
    cr_assert(count_files() == 0);
    remove_folder();
}

Test(output, names_of_full_length)
{
    stepc_host host;
    stepc_host_init(&host);
    char path[400], name[256];
    make_folder();
    memset(name, 'n', 255);
    name[255] = '\0';
    snprintf(path, sizeof path, "%s/%s", folder, name);
    output_set *set;
    cr_assert(output_begin(&host, &set, NULL) == STEPC_OK);
    cr_assert(output_add(set, path, "x", 1, NULL) == STEPC_OK);
    cr_assert(output_commit(set, NULL) == STEPC_OK);
    cr_assert(count_files() == 1);
    remove(path);
    remove_folder();
}

Test(host, files_are_read_whole_and_only_if_regular, .timeout = 5)
{
    stepc_error error;
    file_bytes file;
    error_init(&error);
    make_folder();
    put("plain", "hello");
    put("empty", "");
    cr_assert(mkfifo(in_folder("fifo"), 0600) == 0);
    cr_assert(file_read(NULL, in_folder("plain"), &file, &error) == STEPC_OK);
    cr_assert(file.size == 5 && memcmp(file.data, "hello", 5) == 0);
    file_release(NULL, &file);
    file_release(NULL, &file);
    cr_assert(file_read(NULL, in_folder("empty"), &file, &error) == STEPC_OK && file.size == 0 && file.data != NULL);
    file_release(NULL, &file);
    cr_assert(file_read(NULL, in_folder("none"), &file, &error) == STEPC_NOT_FOUND);
    cr_assert(file_read(NULL, in_folder("plain/x"), &file, &error) == STEPC_NOT_FOUND);
    const char *irregular[] = {in_folder("fifo"), folder, "/dev/zero", "/dev/null"};
    for (size_t i = 0; i < 4; i++) {
        cr_assert(file_read(NULL, irregular[i], &file, &error) == STEPC_INVALID_ARGUMENT, "%s", irregular[i]);
        cr_assert_str_eq(stepc_error_message(&error), "is not a regular file");
        cr_assert(file.data == NULL);
    }
    cr_assert(file_read(NULL, "/proc/self/mem", &file, &error) != STEPC_OK);
    if (geteuid() != 0) {
        chmod(in_folder("plain"), 0);
        cr_assert(file_read(NULL, in_folder("plain"), &file, &error) == STEPC_PERMISSION_DENIED);
    }
    remove_folder();
}

Test(host, limits_and_faults_of_reading)
{
    make_folder();
    put("plain", "hello");
    for (long fail_at = 1;; fail_at++) {
        faulty f;
        file_bytes file;
        stepc_error error;
        error_init(&error);
        stepc_host host = faulty_host(&f, fail_at, STEPC_UNAVAILABLE);
        int handles = count_handles();
        stepc_code code = file_read(&host, in_folder("plain"), &file, &error);
        cr_assert(count_handles() == handles);
        cr_assert(code == STEPC_OK || (code == STEPC_UNAVAILABLE && file.data == NULL));
        file_release(&host, &file);
        if (f.last_failed == 0)
            break;
    }
    stepc_host host;
    file_bytes file;
    stepc_error error;
    error_init(&error);
    stepc_host_init(&host);
    host.limits.file_bytes = 5;
    cr_assert(file_read(&host, in_folder("plain"), &file, NULL) == STEPC_OK);
    file_release(&host, &file);
    host.limits.file_bytes = 4;
    cr_assert(file_read(&host, in_folder("plain"), &file, &error) == STEPC_RESOURCE_EXHAUSTED);
    cr_assert(strstr(stepc_error_message(&error), "file_bytes") != NULL);
    remove_folder();
}

Test(host, resolving_fills_what_is_missing)
{
    stepc_host none;
    memset(&none, 0, sizeof none);
    none.limits.nodes = 7;
    stepc_host whole = host_resolve(&none);
    cr_assert(whole.limits.nodes == 7 && whole.limits.rank == 254 && whole.io.open_read != NULL);
    unsigned char *memory = host_alloc(&none, 100);
    cr_assert(memory != NULL && (uintptr_t)memory % 64 == 0 && memory[99] == 0);
    host_free(&none, memory, 100);
    host_free(NULL, NULL, 5);
    host_report(NULL, "a", "b", "c");
    host_report(&none, "a", "b", "c");
    /* A caller's shorter record: what lies beyond its size is not looked at. */
    stepc_host shorter = whole;
    shorter.size = (uint32_t)sizeof shorter.size;
    shorter.limits.nodes = 9;
    cr_assert(host_resolve(&shorter).limits.nodes == 1000000);
}
