/* SPDX-License-Identifier: 0BSD */
#include "runtime/core/host.h"

#include "runtime/core/checked.h"
#include "runtime/core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA_ALIGNMENT 64
/* One system call moves no more than this; Linux stops a little below 2 GiB anyway. */
#define TRANSFER_BYTES ((size_t)1 << 30)

/* ---- the default allocator ---- */

static void *default_allocate(void *context, size_t bytes, size_t alignment)
{
    (void)context;
    void *memory = NULL;
    size_t whole = alignment < sizeof(void *) ? sizeof(void *) : alignment;
    if (posix_memalign(&memory, whole, bytes != 0 ? bytes : 1) != 0)
        return NULL;
    return memory;
}

static void default_release(void *context, void *memory, size_t bytes)
{
    (void)context;
    (void)bytes;
    free(memory);
}

/* ---- the default files ---- */

static int code_of_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return STEPC_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return STEPC_PERMISSION_DENIED;
    case EEXIST:
        return STEPC_ALREADY_EXISTS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return STEPC_RESOURCE_EXHAUSTED;
    case EISDIR:
    case ENOTEMPTY:
        return STEPC_FAILED_PRECONDITION;
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL:
    case ENXIO: /* a socket, or a FIFO without a reader */
        return STEPC_INVALID_ARGUMENT;
    default:
        return STEPC_UNAVAILABLE;
    }
}

/* O_NONBLOCK: a FIFO without a writer must not hold us; on regular files it changes nothing. */
static int posix_open_read(void *context, const char *path, int *out_handle, int64_t *out_bytes)
{
    (void)context;
    struct stat facts;
    int handle;

    /* Before opening, because opening alone may act on a device. */
    if (stat(path, &facts) != 0)
        return code_of_errno(errno);
    if (!S_ISREG(facts.st_mode))
        return STEPC_INVALID_ARGUMENT;
    do {
        handle = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    } while (handle < 0 && errno == EINTR);
    if (handle < 0)
        return code_of_errno(errno);
    if (fstat(handle, &facts) != 0) {
        int code = code_of_errno(errno);
        (void)close(handle);
        return code;
    }
    if (!S_ISREG(facts.st_mode) || facts.st_size < 0) {
        (void)close(handle);
        return STEPC_INVALID_ARGUMENT;
    }
    *out_handle = handle;
    *out_bytes = (int64_t)facts.st_size;
    return STEPC_OK;
}

static int posix_create(void *context, const char *path, int *out_handle)
{
    (void)context;
    int handle;
    do {
        handle = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);
    } while (handle < 0 && errno == EINTR);
    if (handle < 0)
        return code_of_errno(errno);
    *out_handle = handle;
    return STEPC_OK;
}

static int posix_read(void *context, int handle, void *data, size_t bytes, size_t *out_bytes)
{
    (void)context;
    ssize_t got;
    do {
        got = read(handle, data, bytes < TRANSFER_BYTES ? bytes : TRANSFER_BYTES);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return code_of_errno(errno);
    *out_bytes = (size_t)got;
    return STEPC_OK;
}

static int posix_write(void *context, int handle, const void *data, size_t bytes)
{
    (void)context;
    const char *rest = data;
    while (bytes > 0) {
        ssize_t wrote = write(handle, rest, bytes < TRANSFER_BYTES ? bytes : TRANSFER_BYTES);
        if (wrote < 0) {
            if (errno == EINTR)
                continue;
            return code_of_errno(errno);
        }
        rest += wrote;
        bytes -= (size_t)wrote;
    }
    return STEPC_OK;
}

static int posix_sync(void *context, int handle)
{
    (void)context;
    int result;
    do {
        result = fsync(handle);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? STEPC_OK : code_of_errno(errno);
}

static int posix_close(void *context, int handle)
{
    (void)context;
    /* After EINTR the handle is gone on Linux: closing again might hit somebody else's. */
    if (close(handle) != 0 && errno != EINTR)
        return code_of_errno(errno);
    return STEPC_OK;
}

static int posix_rename(void *context, const char *from, const char *to)
{
    (void)context;
    return rename(from, to) == 0 ? STEPC_OK : code_of_errno(errno);
}

static int posix_remove(void *context, const char *path)
{
    (void)context;
    return unlink(path) == 0 ? STEPC_OK : code_of_errno(errno);
}

static int posix_make_folder(void *context, const char *path)
{
    (void)context;
    return mkdir(path, 0777) == 0 ? STEPC_OK : code_of_errno(errno);
}

static int posix_sync_folder(void *context, const char *path)
{
    (void)context;
    int handle, result, number;
    do {
        handle = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    } while (handle < 0 && errno == EINTR);
    if (handle < 0)
        return code_of_errno(errno);
    do {
        result = fsync(handle);
    } while (result != 0 && errno == EINTR);
    number = errno;
    (void)close(handle);
    /* Some file systems keep no state for folders and say so. */
    return result == 0 || number == EINVAL ? STEPC_OK : code_of_errno(number);
}

static int posix_is_folder(void *context, const char *path, int *out_is_folder)
{
    (void)context;
    struct stat facts;
    if (stat(path, &facts) != 0)
        return code_of_errno(errno);
    *out_is_folder = S_ISDIR(facts.st_mode) ? 1 : 0;
    return STEPC_OK;
}

/* ---- the whole host ---- */

static void fill_io(stepc_io *io)
{
#define FILL(member)        \
    if (io->member == NULL) \
    io->member = posix_##member
    FILL(open_read);
    FILL(create);
    FILL(read);
    FILL(write);
    FILL(sync);
    FILL(close);
    FILL(rename);
    FILL(remove);
    FILL(make_folder);
    FILL(sync_folder);
    FILL(is_folder);
#undef FILL
}

static void fill_limits(stepc_limits *limits)
{
    limits->size = (uint32_t)sizeof *limits;
#define FILL(name, value, text) \
    if (limits->name <= 0)      \
        limits->name = (value);
    STEPC_LIMIT_LIST(FILL)
#undef FILL
}

stepc_host host_resolve(const stepc_host *host)
{
    stepc_host whole;
    memset(&whole, 0, sizeof whole);
    if (host != NULL) {
        /* A caller built against an older header gives a shorter record. */
        size_t size = host->size != 0 && host->size < sizeof whole ? host->size : sizeof whole;
        memcpy(&whole, host, size);
    }
    whole.size = (uint32_t)sizeof whole;
    if (whole.allocator.allocate == NULL || whole.allocator.release == NULL) {
        whole.allocator.context = NULL;
        whole.allocator.allocate = default_allocate;
        whole.allocator.release = default_release;
    }
    fill_io(&whole.io);
    fill_limits(&whole.limits);
    return whole;
}

const stepc_host *host_for_tensors(const stepc_host *host, stepc_host *scratch)
{
    if (host != NULL && (host->size == 0 || host->size >= sizeof *host) && host->allocator.allocate != NULL &&
        host->allocator.release != NULL && host->limits.tensor_bytes > 0 && host->limits.rank > 0)
        return host;
    *scratch = host_resolve(host);
    return scratch;
}

void stepc_host_init(stepc_host *host)
{
    if (host == NULL)
        return;
    *host = host_resolve(NULL);
}

/* HOST's allocator as host_resolve would give it, without the rest: steps allocate and free by it. */
static stepc_allocator allocator_of(const stepc_host *host)
{
    bool has_one = host != NULL && (host->size == 0 || host->size >= offsetof(stepc_host, io)) &&
                   host->allocator.allocate != NULL && host->allocator.release != NULL;
    return has_one ? host->allocator : (stepc_allocator){NULL, default_allocate, default_release};
}

/* Callbacks of hosts that this thread is inside. One that is left by longjmp counts for good: what it interrupted may hold
 * locks, so the thread is better refused than let in. */
static _Thread_local unsigned callbacks;

stepc_code host_check_callback(stepc_error *error)
{
    if (callbacks == 0)
        return STEPC_OK;
    return error_set(error, STEPC_FAILED_PRECONDITION, "Called from inside a callback of the host.");
}

void allocator_release(const stepc_allocator *allocator, void *memory, size_t bytes)
{
    if (allocator->release == default_release) {
        default_release(NULL, memory, bytes);
        return;
    }
    callbacks++;
    allocator->release(allocator->context, memory, bytes);
    callbacks--;
}

void *allocator_allocate(const stepc_allocator *allocator, size_t bytes, size_t alignment)
{
    if (allocator->allocate == default_allocate)
        return default_allocate(NULL, bytes, alignment);
    callbacks++;
    void *memory = allocator->allocate(allocator->context, bytes, alignment);
    callbacks--;
    if (((uintptr_t)memory & (alignment - 1)) == 0)
        return memory;
    allocator_release(allocator, memory, bytes); /* of no use: what is laid out in it relies on the alignment */
    return NULL;
}

void *host_alloc(const stepc_host *host, size_t bytes)
{
    stepc_allocator allocator = allocator_of(host);
    size_t asked = bytes != 0 ? bytes : 1;
    void *memory = allocator_allocate(&allocator, asked, DATA_ALIGNMENT);
    if (memory != NULL)
        memset(memory, 0, asked);
    return memory;
}

void host_free(const stepc_host *host, void *memory, size_t bytes)
{
    if (memory == NULL)
        return;
    stepc_allocator allocator = allocator_of(host);
    allocator_release(&allocator, memory, bytes != 0 ? bytes : 1);
}

void host_report(const stepc_host *host, const char *kind, const char *subject, const char *text)
{
    if (host == NULL || host->report == NULL)
        return;
    callbacks++;
    host->report(host->report_context, kind, subject, text);
    callbacks--;
}

/* ---- reading a whole file ---- */

static stepc_code open_error(stepc_error *error, const char *path, int code)
{
    const char *what = "cannot be opened";
    stepc_code told = (stepc_code)code;
    if (code == STEPC_NOT_FOUND)
        what = "no such file";
    else if (code == STEPC_PERMISSION_DENIED)
        what = "permission denied";
    else if (code == STEPC_INVALID_ARGUMENT)
        what = "is not a regular file";
    error_set(error, told, "%s", what);
    error_at_file(error, path, -1);
    return told;
}

/* Reads exactly SIZE bytes and makes sure that nothing follows. */
static stepc_code read_all(const stepc_io *io, int handle, uint8_t *data, size_t size, stepc_error *error)
{
    size_t filled = 0;
    for (;;) {
        uint8_t beyond;
        size_t got = 0;
        bool full = filled == size;
        int code = io->read(io->context, handle, full ? &beyond : data + filled, full ? 1 : size - filled, &got);
        if (code != STEPC_OK)
            return error_set(error, (stepc_code)code, "cannot be read");
        if (full ? got != 0 : got == 0 || got > size - filled)
            return error_set(error, STEPC_UNAVAILABLE, "changed its size while it was read");
        if (full)
            return STEPC_OK;
        filled += got;
    }
}

stepc_code file_read(const stepc_host *host, const char *path, file_bytes *out, stepc_error *error)
{
    stepc_host whole = host_resolve(host);
    const stepc_io *io = &whole.io;
    int handle = -1;
    int64_t bytes = 0;

    out->data = NULL;
    out->size = 0;
    int opened = io->open_read(io->context, path, &handle, &bytes);
    if (opened != STEPC_OK)
        return open_error(error, path, opened);
    stepc_code code = STEPC_OK;
    uint8_t *data = NULL;
    size_t size = 0;
    if (bytes < 0) {
        code = error_set(error, STEPC_INVALID_ARGUMENT, "has no size");
    } else if (bytes > whole.limits.file_bytes || (uint64_t)bytes > SIZE_MAX) {
        code = error_limit(error, "file_bytes", whole.limits.file_bytes, bytes);
    } else {
        size = (size_t)bytes;
        data = allocator_allocate(&whole.allocator, size != 0 ? size : 1, DATA_ALIGNMENT);
        code = data != NULL ? read_all(io, handle, data, size, error) : error_out_of_memory(error, "reading a file");
    }
    (void)io->close(io->context, handle);
    if (code != STEPC_OK) {
        host_free(&whole, data, size);
        error_at_file(error, path, -1);
        return code;
    }
    out->data = data;
    out->size = size;
    return STEPC_OK;
}

void file_release(const stepc_host *host, file_bytes *file)
{
    if (file->data == NULL)
        return;
    void *memory;
    memcpy(&memory, &file->data, sizeof memory); /* ours to free, though lent out as const */
    host_free(host, memory, file->size);
    file->data = NULL;
    file->size = 0;
}
