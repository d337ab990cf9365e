/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries kept on disk. Nothing in the folder is trusted but what is found to be whole, of this user, and made from
 * exactly this manifest; everything else counts as not there and is built again. */
#include "compiler/driver/inside.h"

#include "runtime/core/host.h"

#ifndef STEPC_HAS_XXHASH

stepc_code cache_open(const stepc_host *host, const char *folder, int64_t limit_bytes, build_cache **out,
                      stepc_error *error)
{
    (void)host, (void)folder, (void)limit_bytes;
    *out = NULL;
    return error_set(error, STEPC_UNIMPLEMENTED, "this build keeps no libraries on disk: it was made without xxHash");
}

void cache_close(build_cache *cache)
{
    (void)cache;
}

stepc_code cache_find(build_cache *cache, stepc_string manifest, cached_library *out, stepc_error *error)
{
    (void)cache, (void)manifest, (void)error;
    *out = (cached_library){NULL, 0, NULL, 0};
    return STEPC_OK;
}

void cache_release(build_cache *cache, cached_library *library)
{
    (void)cache, (void)library;
}

stepc_code cache_store(build_cache *cache, stepc_string manifest, const void *library, size_t bytes, stepc_error *error)
{
    (void)cache, (void)manifest, (void)library, (void)bytes, (void)error;
    return STEPC_OK;
}

#else

#include "runtime/core/checked.h"

#define XXH_INLINE_ALL
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

/* ---- the head of a file -------------------------------------------------------------------------------- */

/* 16 bytes of format, the sizes of manifest and library (8 bytes each, lowest first), the library's hash (16). */
#define FORMAT       "stepc library 1\n"
#define FORMAT_BYTES ((size_t)16)
#define HEAD_BYTES   ((size_t)48)
#define HASH_BYTES   ((size_t)16)
#define SUFFIX       ".library"
#define NAME_BYTES   64 /* 32 digits and the suffix */
#define NEW_PREFIX   ".new-"
#define STALE_SECONDS 3600

struct build_cache {
    stepc_host host;
    int handle; /* of the folder */
    uint64_t limit_bytes;
    char path[FOLDER_BYTES]; /* for messages */
};

static void hash_of(const void *data, size_t bytes, uint8_t *out)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, bytes));
    memcpy(out, canonical.digest, HASH_BYTES);
}

static void name_of(stepc_string manifest, char *name)
{
    uint8_t hash[HASH_BYTES];
    hash_of(manifest.data, manifest.size, hash);
    for (size_t i = 0; i < HASH_BYTES; i++)
        snprintf(name + 2 * i, NAME_BYTES - 2 * i, "%02x", hash[i]);
    snprintf(name + 2 * HASH_BYTES, NAME_BYTES - 2 * HASH_BYTES, SUFFIX);
}

static void put_u64(uint8_t *at, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get_u64(const uint8_t *at)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* ---- the folder ------------------------------------------------------------------------------------------ */

static stepc_code refuse(const char *path, stepc_error *error, const char *why)
{
    error_set(error, STEPC_PERMISSION_DENIED, "the cache folder %s", why);
    error_at_file(error, path, -1);
    error_mend(error, "make it a folder of your own with mode 0700, or name another");
    return STEPC_PERMISSION_DENIED;
}

static stepc_code check_folder(int handle, const char *path, stepc_error *error)
{
    struct stat facts;
    if (fstat(handle, &facts) != 0)
        return error_set(error, STEPC_UNAVAILABLE, "cannot see the cache folder %.300s: %s", path, strerror(errno));
    if (!S_ISDIR(facts.st_mode))
        return refuse(path, error, "is not a folder");
    if (facts.st_uid != geteuid())
        return refuse(path, error, "belongs to another user");
    if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return refuse(path, error, "is open to other users");
    return STEPC_OK;
}

/* Parents may exist, and may be of whoever; what is made is ours alone. */
static bool make_folders(const char *path)
{
    char part[FOLDER_BYTES];
    size_t length = strlen(path);
    for (size_t i = 1; i <= length; i++) {
        if (i < length && path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST && errno != EISDIR)
            return false;
    }
    return true;
}

static int open_folder(const char *path)
{
    int handle;
    do {
        handle = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    } while (handle < 0 && errno == EINTR);
    return handle;
}

static stepc_code open_checked(build_cache *cache, stepc_error *error)
{
    struct stat facts;
    const char *path = cache->path;
    cache->handle = open_folder(path);
    if (cache->handle < 0 && errno == ENOENT && make_folders(path))
        cache->handle = open_folder(path);
    if (cache->handle >= 0)
        return check_folder(cache->handle, path, error);
    int number = errno;
    if (lstat(path, &facts) == 0 && S_ISLNK(facts.st_mode))
        return refuse(path, error, "is a symbolic link");
    if (lstat(path, &facts) == 0 && !S_ISDIR(facts.st_mode))
        return refuse(path, error, "is not a folder");
    if (lstat(path, &facts) == 0 && facts.st_uid != geteuid())
        return refuse(path, error, "belongs to another user");
    return error_set(error, STEPC_UNAVAILABLE, "cannot open or make the cache folder %.300s: %s", path, strerror(number));
}

stepc_code cache_open(const stepc_host *host, const char *folder, int64_t limit_bytes, build_cache **out,
                      stepc_error *error)
{
    stepc_host full = host_resolve(host);
    size_t length = strlen(folder);
    *out = NULL;
    while (length > 1 && folder[length - 1] == '/') /* "link/" would be followed */
        length--;
    if (length == 0 || length >= FOLDER_BYTES)
        return error_set(error, STEPC_INVALID_ARGUMENT, "the cache folder's path is empty or too long");
    build_cache *cache = host_alloc(&full, sizeof *cache);
    if (cache == NULL)
        return error_out_of_memory(error, "opening the cache");
    cache->host = full;
    cache->limit_bytes = (uint64_t)limit_bytes;
    memcpy(cache->path, folder, length);
    stepc_code code = open_checked(cache, error);
    if (code)
        cache_close(cache);
    else
        *out = cache;
    return code;
}

void cache_close(build_cache *cache)
{
    if (cache == NULL)
        return;
    if (cache->handle >= 0)
        (void)close(cache->handle);
    stepc_host host = cache->host;
    host_free(&host, cache, sizeof *cache);
}

/* ---- finding ------------------------------------------------------------------------------------------------ */

static bool read_whole(int handle, uint8_t *data, size_t bytes)
{
    while (bytes > 0) {
        ssize_t got = read(handle, data, bytes < ((size_t)1 << 30) ? bytes : (size_t)1 << 30);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        data += got;
        bytes -= (size_t)got;
    }
    return true;
}

/* The file's bytes when it is a plain file of this user that nobody else can write, within the limit. */
static bool read_entry(build_cache *cache, int handle, size_t least, cached_library *out)
{
    struct stat facts;
    if (fstat(handle, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_uid != geteuid() ||
        (facts.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return false;
    if (facts.st_size < 0 || (uint64_t)facts.st_size < least || (uint64_t)facts.st_size > cache->limit_bytes ||
        (uint64_t)facts.st_size > SIZE_MAX)
        return false;
    out->memory_bytes = (size_t)facts.st_size;
    out->memory = host_alloc(&cache->host, out->memory_bytes);
    return out->memory != NULL && read_whole(handle, out->memory, out->memory_bytes);
}

static bool entry_holds(const cached_library *entry, stepc_string manifest)
{
    uint8_t hash[HASH_BYTES];
    const uint8_t *head = entry->memory;
    uint64_t rest = entry->memory_bytes - HEAD_BYTES;
    if (memcmp(head, FORMAT, FORMAT_BYTES) != 0 || get_u64(head + 16) != manifest.size ||
        get_u64(head + 24) != rest - manifest.size || rest == manifest.size)
        return false;
    if (memcmp(head + HEAD_BYTES, manifest.data, manifest.size) != 0)
        return false;
    hash_of(head + HEAD_BYTES + manifest.size, (size_t)(rest - manifest.size), hash);
    return memcmp(hash, head + 32, HASH_BYTES) == 0;
}

stepc_code cache_find(build_cache *cache, stepc_string manifest, cached_library *out, stepc_error *error)
{
    char name[NAME_BYTES];
    size_t least;
    *out = (cached_library){NULL, 0, NULL, 0};
    stepc_code code = check_folder(cache->handle, cache->path, error);
    if (code || !checked_add_size(HEAD_BYTES, manifest.size, &least))
        return code;
    name_of(manifest, name);
    int handle = openat(cache->handle, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (handle < 0)
        return STEPC_OK;
    if (read_entry(cache, handle, least, out) && entry_holds(out, manifest)) {
        out->data = out->memory + least;
        out->size = out->memory_bytes - least;
        (void)futimens(handle, NULL); /* used last: evicted last */
    } else {
        cache_release(cache, out);
    }
    (void)close(handle);
    return STEPC_OK;
}

void cache_release(build_cache *cache, cached_library *library)
{
    if (library->memory != NULL)
        host_free(&cache->host, library->memory, library->memory_bytes);
    *library = (cached_library){NULL, 0, NULL, 0};
}

/* ---- the size of it all ---------------------------------------------------------------------------------- */

typedef struct kept_file {
    char name[NAME_BYTES];
    uint64_t bytes;
    struct timespec used;
    bool gone;
} kept_file;

typedef struct kept_files {
    arena memory;
    kept_file *items;
    size_t count, capacity;
    uint64_t bytes;
} kept_files;

static bool older(const kept_file *a, const kept_file *b)
{
    if (a->used.tv_sec != b->used.tv_sec)
        return a->used.tv_sec < b->used.tv_sec;
    if (a->used.tv_nsec != b->used.tv_nsec)
        return a->used.tv_nsec < b->used.tv_nsec;
    return strcmp(a->name, b->name) < 0;
}

static void note_file(build_cache *cache, kept_files *files, const char *name, time_t now)
{
    struct stat facts;
    if (strlen(name) >= NAME_BYTES || fstatat(cache->handle, name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    /* What a process that was killed left behind. */
    if (strncmp(name, NEW_PREFIX, sizeof NEW_PREFIX - 1) == 0 && facts.st_mtim.tv_sec + STALE_SECONDS < now)
        (void)unlinkat(cache->handle, name, 0);
    if (strlen(name) != 2 * HASH_BYTES + sizeof SUFFIX - 1 || strcmp(name + 2 * HASH_BYTES, SUFFIX) != 0 ||
        facts.st_size < 0)
        return;
    kept_file *grown = arena_grow(&files->memory, files->items, &files->capacity, files->count + 1, sizeof *grown);
    if (grown == NULL)
        return;
    files->items = grown;
    kept_file *file = &grown[files->count++];
    snprintf(file->name, sizeof file->name, "%s", name);
    file->bytes = (uint64_t)facts.st_size;
    file->used = facts.st_mtim;
    file->gone = false;
    files->bytes += file->bytes;
}

static void list_files(build_cache *cache, kept_files *files)
{
    const struct dirent *entry;
    int handle = openat(cache->handle, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = handle >= 0 ? fdopendir(handle) : NULL;
    if (folder == NULL && handle >= 0)
        (void)close(handle);
    time_t now = time(NULL);
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        note_file(cache, files, entry->d_name, now);
    if (folder != NULL)
        closedir(folder);
}

/* Removes the longest unused until the rest is within the limit; never the one just stored. */
static void evict(build_cache *cache, const char *stored)
{
    kept_files files = {.count = 0};
    arena_init(&files.memory, &cache->host);
    list_files(cache, &files);
    while (files.bytes > cache->limit_bytes) {
        kept_file *oldest = NULL;
        for (size_t i = 0; i < files.count; i++) {
            kept_file *file = &files.items[i];
            if (!file->gone && strcmp(file->name, stored) != 0 && (oldest == NULL || older(file, oldest)))
                oldest = file;
        }
        if (oldest == NULL)
            break;
        oldest->gone = true;
        files.bytes -= oldest->bytes;
        (void)unlinkat(cache->handle, oldest->name, 0);
    }
    arena_release(&files.memory);
}

/* ---- storing ------------------------------------------------------------------------------------------------ */

static bool write_whole(int handle, const void *data, size_t bytes)
{
    const char *rest = data;
    while (bytes > 0) {
        ssize_t wrote = write(handle, rest, bytes < ((size_t)1 << 30) ? bytes : (size_t)1 << 30);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        rest += wrote;
        bytes -= (size_t)wrote;
    }
    return true;
}

/* A file of a name that nobody else has; NAME gets it. -1 with errno. */
static int create_new(build_cache *cache, char *name)
{
    struct timespec now;
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        (void)clock_gettime(CLOCK_REALTIME, &now);
        snprintf(name, NAME_BYTES, NEW_PREFIX "%ld-%ld-%u", (long)getpid(), (long)now.tv_nsec, attempt);
        int handle = openat(cache->handle, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (handle >= 0 || (errno != EEXIST && errno != EINTR))
            return handle;
    }
    return -1;
}

static stepc_code cannot_write(const build_cache *cache, stepc_error *error)
{
    int number = errno;
    error_set(error, number == ENOSPC || number == EDQUOT ? STEPC_RESOURCE_EXHAUSTED : STEPC_UNAVAILABLE,
              "cannot write to the cache folder: %s", strerror(number));
    return error_at_file(error, cache->path, -1);
}

stepc_code cache_store(build_cache *cache, stepc_string manifest, const void *library, size_t bytes, stepc_error *error)
{
    char name[NAME_BYTES], fresh[NAME_BYTES];
    uint8_t head[HEAD_BYTES];
    size_t total;
    if (!checked_add_size(HEAD_BYTES, manifest.size, &total) || !checked_add_size(total, bytes, &total) ||
        total > cache->limit_bytes || bytes == 0)
        return STEPC_OK; /* larger than all that may be kept */
    stepc_code code = check_folder(cache->handle, cache->path, error);
    if (code)
        return code;
    memcpy(head, FORMAT, FORMAT_BYTES);
    put_u64(head + 16, manifest.size);
    put_u64(head + 24, bytes);
    hash_of(library, bytes, head + 32);
    name_of(manifest, name);
    int handle = create_new(cache, fresh);
    if (handle < 0)
        return cannot_write(cache, error);
    /* The mask of the process may have taken away what we need. */
    bool good = fchmod(handle, 0600) == 0 && write_whole(handle, head, sizeof head) &&
                write_whole(handle, manifest.data, manifest.size) && write_whole(handle, library, bytes);
    if (close(handle) != 0 && errno != EINTR)
        good = false;
    if (good && renameat(cache->handle, fresh, cache->handle, name) != 0)
        good = false;
    if (!good) {
        code = cannot_write(cache, error);
        (void)unlinkat(cache->handle, fresh, 0);
        return code;
    }
    evict(cache, name);
    return STEPC_OK;
}

#endif
