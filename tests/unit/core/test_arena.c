/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/core/arena.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* Counts what is out, and fails when told to. */
typedef struct counter {
    size_t bytes;
    long calls, fail_at;
} counter;

static void *count_allocate(void *context, size_t bytes, size_t alignment)
{
    counter *c = context;
    void *memory = NULL;
    if (++c->calls == c->fail_at || posix_memalign(&memory, alignment < 8 ? 8 : alignment, bytes) != 0)
        return NULL;
    memset(memory, 0xA5, bytes);
    c->bytes += bytes;
    return memory;
}

static void count_release(void *context, void *memory, size_t bytes)
{
    counter *c = context;
    c->bytes -= bytes;
    free(memory);
}

static stepc_host counted(counter *c)
{
    stepc_host host;
    stepc_host_init(&host);
    host.allocator = (stepc_allocator){c, count_allocate, count_release};
    return host;
}

Test(arena, memory_is_zero_aligned_and_given_back)
{
    counter c = {0, 0, 0};
    stepc_host host = counted(&c);
    arena a;
    arena_init(&a, &host);
    for (size_t i = 0; i < 3000; i++) {
        size_t bytes = i * 7 % 901;
        size_t alignment = (size_t)1 << i % 13;
        unsigned char *memory = arena_aligned(&a, bytes, alignment);
        cr_assert(memory != NULL && (uintptr_t)memory % alignment == 0, "%zu", i);
        for (size_t j = 0; j < bytes; j++)
            cr_assert(memory[j] == 0);
        memset(memory, 0xFF, bytes);
        unsigned char *other = arena_alloc(&a, bytes);
        cr_assert(other != NULL && (uintptr_t)other % 16 == 0);
        memset(other, 0xFF, bytes);
    }
    cr_assert(a.used_bytes == c.bytes);
    cr_assert(arena_alloc(&a, 10000000) != NULL);
    cr_assert(arena_alloc(&a, 0) != arena_alloc(&a, 0));
    arena_release(&a);
    cr_assert(c.bytes == 0 && a.used_bytes == 0);
    cr_assert(arena_alloc(&a, 5) != NULL);
    arena_release(&a);
    cr_assert(c.bytes == 0);
}

Test(arena, refuses_overflow_bad_alignment_and_the_limit)
{
    counter c = {0, 0, 0};
    stepc_host host = counted(&c);
    host.limits.memory_bytes = 100000;
    arena a;
    arena_init(&a, &host);
    cr_assert(arena_alloc(&a, SIZE_MAX) == NULL && arena_alloc(&a, SIZE_MAX - 20) == NULL);
    cr_assert(arena_array(&a, SIZE_MAX / 4, 8) == NULL);
    cr_assert(arena_text(&a, "", SIZE_MAX) == NULL);
    cr_assert(arena_aligned(&a, 8, 3) == NULL && arena_aligned(&a, 8, 0) == NULL && arena_aligned(&a, 8, 8192) == NULL);
    size_t sum = 0;
    while (arena_alloc(&a, 1000) != NULL)
        sum += 1000;
    cr_assert(sum > 90000 && a.used_bytes <= 100000, "%zu", sum);
    arena_release(&a);
    cr_assert(c.bytes == 0);
}

Test(arena, out_of_memory_is_null)
{
    counter c = {0, 0, 1};
    stepc_host host = counted(&c);
    arena a;
    arena_init(&a, &host);
    cr_assert(arena_alloc(&a, 8) == NULL);
    cr_assert(arena_alloc(&a, 8) != NULL);
    arena_release(&a);
}

Test(arena, texts_and_growing_arrays)
{
    arena a;
    arena_init(&a, NULL);
    cr_assert_str_eq(arena_text(&a, "abcdef", 3), "abc");
    cr_assert_str_eq(arena_text(&a, NULL, 0), "");
    cr_assert_str_eq(arena_format(&a, "%s-%d", "x", 7), "x-7");
    int *array = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        array = arena_grow(&a, array, &capacity, (size_t)i + 1, sizeof *array);
        cr_assert(array != NULL && capacity > (size_t)i);
        array[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        cr_assert(array[i] == i);
    int *same = arena_grow(&a, array, &capacity, 1, sizeof *array);
    cr_assert(same == array);
    size_t before = capacity;
    cr_assert(arena_grow(&a, array, &capacity, SIZE_MAX, sizeof *array) == NULL && capacity == before);
    arena_release(&a);
}

Test(arena, what_came_after_a_note_is_given_back)
{
    counter c = {0, 0, 0};
    stepc_host host = counted(&c);
    arena a;
    arena_init(&a, &host);
    arena_mark empty = arena_note(&a);
    char *kept = arena_text(&a, "kept", 4);
    arena_mark mark = arena_note(&a);
    size_t out = c.bytes;
    for (int round = 0; round < 3; round++) {
        char *first = arena_alloc(&a, 100);
        memset(first, 0xFF, 100);
        cr_assert_not_null(arena_alloc(&a, 1000000));
        arena_return(&a, mark);
        cr_assert_eq(c.bytes, out);
        cr_assert_str_eq(kept, "kept");
        char *again = arena_alloc(&a, 100); /* the same place, zero once more */
        cr_assert_eq(again, first);
        cr_assert_eq(again[99], 0);
        arena_return(&a, mark);
    }
    arena_return(&a, empty);
    cr_assert_eq(c.bytes, 0);
    arena_release(&a);
}
