/* SPDX-License-Identifier: 0BSD */
#include "runtime/core/arena.h"

#include "runtime/core/checked.h"
#include "runtime/core/host.h"

#include <stdio.h>
#include <string.h>

#define BLOCK_ALIGNMENT    64
#define FIRST_BLOCK_BYTES  ((size_t)16384)
#define LARGEST_STEP_BYTES ((size_t)1 << 20)
#define DEFAULT_ALIGNMENT  16
#define LARGEST_ALIGNMENT  4096

struct arena_block {
    arena_block *next;
    size_t bytes; /* with this header */
    size_t used;  /* with this header */
};

void arena_init(arena *a, const stepc_host *host)
{
    stepc_host whole = host_resolve(host);
    a->allocator = whole.allocator;
    a->blocks = NULL;
    a->used_bytes = 0;
    a->limit_bytes = (uint64_t)whole.limits.memory_bytes > SIZE_MAX ? SIZE_MAX : (size_t)whole.limits.memory_bytes;
}

void arena_release(arena *a)
{
    arena_block *block = a->blocks;
    while (block != NULL) {
        arena_block *next = block->next;
        allocator_release(&a->allocator, block, block->bytes);
        block = next;
    }
    a->blocks = NULL;
    a->used_bytes = 0;
}

arena_mark arena_note(const arena *a)
{
    return (arena_mark){a->blocks, a->blocks != NULL ? a->blocks->used : 0, a->used_bytes};
}

void arena_return(arena *a, arena_mark mark)
{
    while (a->blocks != mark.block) {
        arena_block *block = a->blocks;
        a->blocks = block->next;
        allocator_release(&a->allocator, block, block->bytes);
    }
    if (mark.block != NULL)
        mark.block->used = mark.used;
    a->used_bytes = mark.used_bytes;
}

/* Takes BYTES out of BLOCK, or gives NULL when it has no room. */
static void *take(arena_block *block, size_t bytes, size_t alignment)
{
    size_t misplaced = (size_t)(((uintptr_t)block + block->used) & (uintptr_t)(alignment - 1));
    size_t gap = misplaced == 0 ? 0 : alignment - misplaced;
    size_t room = block->bytes - block->used;
    if (gap > room || bytes > room - gap)
        return NULL;
    unsigned char *memory = (unsigned char *)block + block->used + gap;
    block->used += gap + bytes;
    return memory;
}

/* Puts a block with room for NEEDED bytes in front. */
static bool add_block(arena *a, size_t needed)
{
    size_t bytes = a->used_bytes < LARGEST_STEP_BYTES ? a->used_bytes : LARGEST_STEP_BYTES;
    size_t room = a->limit_bytes - (a->used_bytes < a->limit_bytes ? a->used_bytes : a->limit_bytes);

    if (bytes < FIRST_BLOCK_BYTES)
        bytes = FIRST_BLOCK_BYTES;
    if (!checked_add_size(needed, sizeof(arena_block), &needed))
        return false;
    if (bytes < needed)
        bytes = needed;
    if (bytes > room)
        bytes = needed;
    if (bytes > room)
        return false;
    arena_block *block = allocator_allocate(&a->allocator, bytes, BLOCK_ALIGNMENT);
    if (block == NULL)
        return false;
    block->next = a->blocks;
    block->bytes = bytes;
    block->used = sizeof(arena_block);
    a->blocks = block;
    a->used_bytes += bytes;
    return true;
}

void *arena_aligned(arena *a, size_t bytes, size_t alignment)
{
    size_t needed;
    void *memory = NULL;

    if (alignment == 0 || alignment > LARGEST_ALIGNMENT || (alignment & (alignment - 1)) != 0)
        return NULL;
    /* An empty piece still gets an address of its own. */
    if (bytes == 0)
        bytes = 1;
    if (a->blocks != NULL)
        memory = take(a->blocks, bytes, alignment);
    if (memory == NULL) {
        if (!checked_add_size(bytes, alignment, &needed) || !add_block(a, needed))
            return NULL;
        memory = take(a->blocks, bytes, alignment);
    }
    if (memory != NULL)
        memset(memory, 0, bytes);
    return memory;
}

void *arena_alloc(arena *a, size_t bytes)
{
    return arena_aligned(a, bytes, DEFAULT_ALIGNMENT);
}

void *arena_array(arena *a, size_t count, size_t bytes)
{
    size_t total;
    return checked_mul_size(count, bytes, &total) ? arena_alloc(a, total) : NULL;
}

char *arena_text(arena *a, const char *text, size_t size)
{
    size_t bytes;
    if (!checked_add_size(size, 1, &bytes))
        return NULL;
    char *copy = arena_aligned(a, bytes, 1);
    if (copy != NULL && size != 0)
        memcpy(copy, text, size);
    return copy;
}

char *arena_format(arena *a, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return NULL;
    char *text = arena_aligned(a, (size_t)length + 1, 1);
    if (text == NULL)
        return NULL;
    va_start(arguments, format);
    (void)vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void *arena_grow(arena *a, void *array, size_t *capacity, size_t needed, size_t element_bytes)
{
    size_t grown = *capacity;
    if (array != NULL && needed <= grown)
        return array;
    if (grown < 8)
        grown = 8;
    else if (!checked_mul_size(grown, 2, &grown))
        return NULL;
    if (grown < needed)
        grown = needed;
    void *memory = arena_array(a, grown, element_bytes);
    if (memory == NULL)
        return NULL;
    if (array != NULL)
        memcpy(memory, array, *capacity * element_bytes);
    *capacity = grown;
    return memory;
}
