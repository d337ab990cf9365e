/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLACK 0xA7

bool guard_new(guard_block *block, size_t bytes, size_t alignment, guard_side side, int fill)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    memset(block, 0, sizeof *block);
    if (bytes > SIZE_MAX - 4 * page)
        return false;
    size_t inner = (bytes + page - 1) / page * page;
    inner = inner > 0 ? inner : page;
    char *map = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
        return false;
    block->map = map;
    block->map_bytes = inner + 2 * page;
    block->bytes = bytes;
    if (mprotect(map + page, inner, PROT_READ | PROT_WRITE) != 0) {
        guard_release(block);
        return false;
    }
    size_t offset = side == GUARD_BEHIND ? (inner - bytes) / alignment * alignment : 0;
    block->data = map + page + offset;
    memset(map + page, SLACK, inner);
    memset(block->data, fill, bytes);
    return true;
}

void guard_seal(const guard_block *block)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    (void)mprotect(block->map + page, block->map_bytes - 2 * page, PROT_READ);
}

static bool is_slack(const char *from, const char *to)
{
    while (from < to && (unsigned char)*from == SLACK)
        from++;
    return from >= to;
}

bool guard_is_whole(const guard_block *block)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const char *data = block->data;
    return block->map == NULL || (is_slack(block->map + page, data) &&
                                  is_slack(data + block->bytes, block->map + block->map_bytes - page));
}

void guard_release(guard_block *block)
{
    if (block->map != NULL)
        (void)munmap(block->map, block->map_bytes);
    memset(block, 0, sizeof *block);
}

/* ---- faults -------------------------------------------------------------------------------------- */

static const char *volatile watched;
static struct sigaction before_segv, before_bus;

/* Says where, and lets what was there before have the fault. */
static void on_fault(int number)
{
    static const char what[] = "touched memory that is not its own: ";
    const char *label = watched != NULL ? watched : "?";
    (void)!write(STDERR_FILENO, what, sizeof what - 1);
    (void)!write(STDERR_FILENO, label, strlen(label));
    (void)!write(STDERR_FILENO, "\n", 1);
    (void)sigaction(number, number == SIGBUS ? &before_bus : &before_segv, NULL);
}

void guard_watch(const char *label)
{
    bool was = watched != NULL;
    watched = label;
    if (was == (label != NULL))
        return;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_fault;
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGSEGV, label != NULL ? &action : &before_segv, label != NULL ? &before_segv : NULL);
    (void)sigaction(SIGBUS, label != NULL ? &action : &before_bus, label != NULL ? &before_bus : NULL);
}
