/* SPDX-License-Identifier: 0BSD */
/* Output files that appear all or not at all.
 *
 * Each file is written and synced under a private name in its own folder. Commit then
 * moves the old files out of the way, renames the new ones into place, the first added
 * last, and removes the old ones. The first added replaces its old file by the rename
 * itself, so that a set of one never leaves a moment without a file. Until that last
 * rename has succeeded everything can be undone, and is. */
#include "runtime/core/checked.h"
#include "runtime/core/error.h"
#include "runtime/core/host.h"

#include <string.h>

/* Private names that a crashed or a concurrent run may hold before we give up. */
#define PRIVATE_NAME_TRIES 1000
/* File systems take names of 255 bytes; ours add up to 20 to the target's. */
#define NAME_BYTES   ((size_t)200)
#define SUFFIX_BYTES ((size_t)32)

typedef struct output_file {
    struct output_file *next; /* added before this one */
    char *path;               /* where it shall be */
    char *temporary;          /* where it was written */
    char *aside;              /* where the old file waits */
    size_t path_bytes, private_bytes;
    bool written;    /* the temporary exists */
    bool kept_aside; /* the old file is at ASIDE */
    bool in_place;   /* the new file is at PATH */
} output_file;

struct output_set {
    stepc_host host;
    output_file *files; /* last added first: the order of renaming */
};

stepc_code output_begin(const stepc_host *host, output_set **out, stepc_error *error)
{
    *out = NULL;
    output_set *set = host_alloc(host, sizeof *set);
    if (set == NULL)
        return error_out_of_memory(error, "opening output files");
    set->host = host_resolve(host);
    *out = set;
    return STEPC_OK;
}

static void free_file(const stepc_host *host, output_file *file)
{
    if (file == NULL)
        return;
    host_free(host, file->path, file->path_bytes);
    host_free(host, file->temporary, file->private_bytes);
    host_free(host, file->aside, file->private_bytes);
    host_free(host, file, sizeof *file);
}

/* A failure that passes (a busy server, a signal) should not leave a file behind. */
static bool remove_file(const stepc_io *io, const char *path)
{
    int code = io->remove(io->context, path);
    if (code != STEPC_OK && code != STEPC_NOT_FOUND)
        code = io->remove(io->context, path);
    return code == STEPC_OK || code == STEPC_NOT_FOUND;
}

static bool move_back(const stepc_io *io, const char *from, const char *to)
{
    return io->rename(io->context, from, to) == STEPC_OK || io->rename(io->context, from, to) == STEPC_OK;
}

void output_abandon(output_set *set)
{
    if (set == NULL)
        return;
    stepc_host host = set->host;
    output_file *file = set->files;
    while (file != NULL) {
        output_file *next = file->next;
        if (file->written)
            (void)remove_file(&host.io, file->temporary);
        free_file(&host, file);
        file = next;
    }
    host_free(&host, set, sizeof *set);
}

/* Bytes of PATH before its last component, with the slash. */
static size_t folder_bytes(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

/* Writes "FOLDER/.NAME.stepc-N.SUFFIX"; TO has private_bytes. */
static void private_name(const output_file *file, unsigned number, const char *suffix, char *to)
{
    size_t folder = folder_bytes(file->path);
    const char *name = file->path + folder;
    size_t length = strlen(name);
    char digits[12];
    size_t count = 0;

    if (length > NAME_BYTES)
        length = NAME_BYTES;
    memcpy(to, file->path, folder);
    to += folder;
    *to++ = '.';
    memcpy(to, name, length);
    to += length;
    memcpy(to, ".stepc-", 7);
    to += 7;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count > 0)
        *to++ = digits[--count];
    *to++ = '.';
    memcpy(to, suffix, strlen(suffix) + 1);
}

static output_file *new_file(const stepc_host *host, const char *path, stepc_error *error)
{
    size_t length = strlen(path);
    output_file *file = host_alloc(host, sizeof *file);
    if (file != NULL) {
        file->path_bytes = length + 1;
        if (!checked_add_size(length, SUFFIX_BYTES, &file->private_bytes)) {
            free_file(host, file);
            file = NULL;
        }
    }
    if (file != NULL) {
        file->path = host_alloc(host, file->path_bytes);
        file->temporary = host_alloc(host, file->private_bytes);
        file->aside = host_alloc(host, file->private_bytes);
        if (file->path == NULL || file->temporary == NULL || file->aside == NULL) {
            free_file(host, file);
            file = NULL;
        }
    }
    if (file == NULL) {
        error_out_of_memory(error, "naming an output file");
        return NULL;
    }
    memcpy(file->path, path, length + 1);
    return file;
}

static stepc_code write_error(stepc_error *error, int code, const char *path, const char *what)
{
    stepc_code told = (stepc_code)code;
    if (code == STEPC_RESOURCE_EXHAUSTED) {
        told = STEPC_UNAVAILABLE;
        error_set(error, told, "No space left: %s", what);
    } else if (code == STEPC_NOT_FOUND) {
        error_set(error, told, "%s: its folder does not exist", what);
    } else if (code == STEPC_PERMISSION_DENIED) {
        error_set(error, told, "%s: permission denied", what);
    } else {
        error_set(error, told, "%s", what);
    }
    error_at_file(error, path, -1);
    return told;
}

/* A rename would replace a device or fail on a folder: only regular files and free places will do. */
static stepc_code check_target(const stepc_host *host, const char *path, stepc_error *error)
{
    const stepc_io *io = &host->io;
    int handle = -1;
    int64_t bytes = 0;
    if (path[folder_bytes(path)] == '\0')
        return write_error(error, STEPC_INVALID_ARGUMENT, path, "is not the name of a file");
    int code = io->open_read(io->context, path, &handle, &bytes);
    if (code == STEPC_OK) {
        (void)io->close(io->context, handle);
        return STEPC_OK;
    }
    if (code == STEPC_NOT_FOUND || code == STEPC_PERMISSION_DENIED)
        return STEPC_OK;
    return write_error(error, code, path,
                       code == STEPC_INVALID_ARGUMENT ? "is not a regular file" : "cannot be looked at");
}

static stepc_code create_temporary(const stepc_host *host, output_file *file, int *out_handle, stepc_error *error)
{
    const stepc_io *io = &host->io;
    int code = STEPC_ALREADY_EXISTS;
    for (unsigned i = 0; i < PRIVATE_NAME_TRIES && code == STEPC_ALREADY_EXISTS; i++) {
        private_name(file, i, "tmp", file->temporary);
        private_name(file, i, "old", file->aside);
        code = io->create(io->context, file->temporary, out_handle);
    }
    if (code != STEPC_OK)
        return write_error(error, code, file->path, "cannot be created");
    file->written = true;
    return STEPC_OK;
}

static stepc_code write_temporary(const stepc_host *host, output_file *file, const void *data, size_t bytes,
                                  stepc_error *error)
{
    const stepc_io *io = &host->io;
    int handle = -1;
    stepc_code made = create_temporary(host, file, &handle, error);
    if (made != STEPC_OK)
        return made;
    const char *what = "cannot be written";
    int code = bytes != 0 ? io->write(io->context, handle, data, bytes) : STEPC_OK;
    if (code == STEPC_OK) {
        what = "cannot be synced";
        code = io->sync(io->context, handle);
    }
    int closed = io->close(io->context, handle);
    if (code == STEPC_OK && closed != STEPC_OK) {
        what = "cannot be closed";
        code = closed;
    }
    return code == STEPC_OK ? STEPC_OK : write_error(error, code, file->path, what);
}

stepc_code output_add(output_set *set, const char *path, const void *data, size_t bytes, stepc_error *error)
{
    for (const output_file *other = set->files; other != NULL; other = other->next) {
        if (strcmp(other->path, path) == 0)
            return write_error(error, STEPC_INVALID_ARGUMENT, path, "is named twice as an output file");
    }
    stepc_code code = check_target(&set->host, path, error);
    if (code != STEPC_OK)
        return code;
    output_file *file = new_file(&set->host, path, error);
    if (file == NULL)
        return STEPC_RESOURCE_EXHAUSTED;
    file->next = set->files;
    set->files = file;
    return write_temporary(&set->host, file, data, bytes, error);
}

/* Puts everything back as it was before commit. */
static void undo(const output_set *set, stepc_error *error)
{
    const stepc_io *io = &set->host.io;
    for (output_file *file = set->files; file != NULL; file = file->next) {
        if (file->kept_aside) {
            if (move_back(io, file->aside, file->path))
                file->in_place = false;
            else
                error_append(error, "; the old file is kept as %s", file->aside);
            file->kept_aside = false;
        } else if (file->in_place) {
            (void)remove_file(io, file->path);
        }
    }
}

/* Moves the old files away: all but the first added, which its rename replaces. */
static stepc_code move_aside(const output_set *set, stepc_error *error)
{
    const stepc_io *io = &set->host.io;
    for (output_file *file = set->files; file != NULL && file->next != NULL; file = file->next) {
        int code = io->rename(io->context, file->path, file->aside);
        if (code == STEPC_OK)
            file->kept_aside = true;
        else if (code != STEPC_NOT_FOUND)
            return write_error(error, code, file->path, "cannot be replaced");
    }
    return STEPC_OK;
}

static stepc_code move_in_place(const output_set *set, stepc_error *error)
{
    const stepc_io *io = &set->host.io;
    for (output_file *file = set->files; file != NULL; file = file->next) {
        int code = io->rename(io->context, file->temporary, file->path);
        if (code != STEPC_OK)
            return write_error(error, code, file->path, "cannot be replaced");
        file->written = false;
        file->in_place = true;
    }
    return STEPC_OK;
}

/* The renames have happened and readers see them. Whether they outlive a power cut is up
 * to the file system; failing now would call a complete set missing. */
static void sync_folders(const output_set *set)
{
    const stepc_io *io = &set->host.io;
    size_t last = 0;
    const char *last_path = NULL;
    for (output_file *file = set->files; file != NULL; file = file->next) {
        size_t folder = folder_bytes(file->path);
        if (last_path != NULL && last == folder && memcmp(last_path, file->path, folder) == 0)
            continue;
        last = folder;
        last_path = file->path;
        if (folder == 0) {
            (void)io->sync_folder(io->context, ".");
        } else {
            /* The private name is no longer needed: its room holds the folder. */
            memcpy(file->temporary, file->path, folder);
            file->temporary[folder] = '\0';
            (void)io->sync_folder(io->context, file->temporary);
        }
    }
}

stepc_code output_commit(output_set *set, stepc_error *error)
{
    const stepc_io *io = &set->host.io;
    stepc_code code = move_aside(set, error);
    if (code == STEPC_OK)
        code = move_in_place(set, error);
    if (code != STEPC_OK) {
        undo(set, error);
    } else {
        for (output_file *file = set->files; file != NULL; file = file->next) {
            if (file->kept_aside)
                (void)remove_file(io, file->aside);
        }
        sync_folders(set);
    }
    output_abandon(set);
    return code;
}
