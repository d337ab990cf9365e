/* SPDX-License-Identifier: 0BSD */
/* A growing block allocator: everything of one compilation or one graph, freed at once. */
#ifndef RUNTIME_CORE_ARENA_H
#define RUNTIME_CORE_ARENA_H

#include "runtime/core/error.h"
#include "stepc/host.h"

#include <stdarg.h>
#include <stdbool.h>

typedef struct arena_block arena_block;

/* Not thread-safe. Copy of the allocator kept by value. */
typedef struct arena {
    stepc_allocator allocator;
    arena_block *blocks; /* newest first */
    size_t used_bytes;   /* of all blocks */
    size_t limit_bytes;  /* refuses beyond */
} arena;

void arena_init(arena *a, const stepc_host *host); /* limit from host->limits.memory_bytes */
void arena_release(arena *a);                      /* frees all; the arena is empty again */
/* Zero-filled memory aligned to 16, or NULL. BYTES 0 gives a valid pointer. */
void *arena_alloc(arena *a, size_t bytes);
/* COUNT * BYTES with overflow check. */
void *arena_array(arena *a, size_t count, size_t bytes);
/* Aligned to ALIGNMENT (power of two <= 4096). */
void *arena_aligned(arena *a, size_t bytes, size_t alignment);
/* Copies SIZE bytes and adds a NUL. */
char *arena_text(arena *a, const char *text, size_t size);
char *arena_format(arena *a, const char *format, ...) PRINTF_LIKE(2, 3);

/* A place to go back to: everything taken after the mark is freed or given out again. */
typedef struct arena_mark {
    arena_block *block;
    size_t used, used_bytes;
} arena_mark;
arena_mark arena_note(const arena *a);
void arena_return(arena *a, arena_mark mark);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_array((a), (count), sizeof(type)))

/* Makes room for NEEDED elements in a growing array that lives in the arena: doubles the
 * capacity, copies, and returns the array (NULL when out of memory). */
void *arena_grow(arena *a, void *array, size_t *capacity, size_t needed, size_t element_bytes);

#endif
