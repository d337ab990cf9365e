/* SPDX-License-Identifier: Apache-2.0 */
/* One command's memory, counted: a file of a hundred bytes may ask for more than the machine has. */
#include "compiler/cli/cli.h"

#include <stdatomic.h>

/* The process has one; tensors may outlive the command's own records. */
static struct {
    stepc_allocator under;
    _Atomic int64_t used, most;
    atomic_bool refused;
} counted;

static void *count_allocate(void *context, size_t bytes, size_t alignment)
{
    (void)context;
    int64_t size = bytes > INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)bytes;
    if (atomic_fetch_add(&counted.used, size) <= atomic_load(&counted.most) - size) {
        void *memory = counted.under.allocate(counted.under.context, bytes, alignment);
        if (memory)
            return memory;
    } else {
        atomic_store(&counted.refused, true);
    }
    atomic_fetch_sub(&counted.used, size);
    return NULL;
}

static void count_release(void *context, void *memory, size_t bytes)
{
    (void)context;
    counted.under.release(counted.under.context, memory, bytes);
    atomic_fetch_sub(&counted.used, (int64_t)bytes);
}

void cli_count_memory(cli *c)
{
    counted.under = c->host.allocator;
    atomic_store(&counted.most, c->host.limits.memory_bytes);
    c->host.allocator = (stepc_allocator){.allocate = count_allocate, .release = count_release};
}

void cli_limit_memory(cli *c) { atomic_store(&counted.most, c->host.limits.memory_bytes); }

bool cli_memory_refused(void) { return atomic_load(&counted.refused); }
