/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what one compiled step moves between a cache and main memory. The emitted C is compiled with the compiler's
 * -fsanitize=kernel-address and calls in place of inline checks: each load and store of its code, vectors too, calls
 * one of the functions below, which here simulate a cache (8 ways, least recently used, 64-byte lines, write back).
 *
 * A line that a load brings in counts as read. A line that a store brings in does not: the test holds that each such
 * line is written whole. A changed line counts as written when it leaves the cache; at the end those of fetches leave,
 * the arena's do not, for its contents need not survive. What the C compiler itself adds, spilled registers and literals
 * beside the code, is not seen: it lies on the stack and in the code, and does not grow with the vectors.
 *
 * traffic CACHE_BYTES MOST_PERCENT [STEPS]: 0 when feeds were read once, fetches written once, and all traffic is at
 * most MOST_PERCENT of the bytes of feeds and fetches. STEPS times in a row, where one step has too little to see: each
 * step has its own part of feeds and fetches, next to that of the step before, so that what all steps share (constants,
 * the records that hold the pointers) weighs what it weighs in such a loop, and no line is counted for a part of it.
 * Then each byte of a feed must be loaded by one instruction, not only come from main memory once. */
#include "stepc/module.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const stepc_module *traffic_step_module(void);

enum { LINE = 64, WAYS = 8, REGIONS = 20, MOST_SETS = 1 << 14 };

typedef struct region {
    char kind; /* 'i' feed, 'o' fetch, 'a' arena, '?' all else: constants, stack */
    uintptr_t first, end;
    int64_t bytes, loads, stores, read_lines, written_lines;
} region;

typedef struct way {
    uintptr_t line; /* 0: none */
    bool is_dirty;
} way;

static region regions[REGIONS];
static size_t region_count = 1;    /* the first is all else */
static way cache[MOST_SETS][WAYS]; /* the latest first */
static size_t set_count;
static bool is_counting;
static size_t step_count = 1;

static region *region_of(uintptr_t address)
{
    for (size_t i = 1; i < region_count; i++)
        if (address >= regions[i].first && address < regions[i].end)
            return &regions[i];
    return &regions[0];
}

static void evict(way *w)
{
    if (w->line && w->is_dirty)
        region_of(w->line * LINE)->written_lines++;
    *w = (way){0};
}

static void touch(uintptr_t line, bool is_store)
{
    way *set = cache[line % set_count], found;
    int at = 0;
    while (at < WAYS && set[at].line != line)
        at++;
    if (at == WAYS) {
        at = WAYS - 1;
        evict(&set[at]);
        set[at].line = line;
        if (!is_store)
            region_of(line * LINE)->read_lines++;
    }
    found = set[at];
    found.is_dirty = found.is_dirty || is_store;
    if (at > 0)
        memmove(set + 1, set, (size_t)at * sizeof *set);
    set[0] = found;
}

static void access_memory(uintptr_t address, size_t bytes, bool is_store)
{
    if (!is_counting || bytes == 0)
        return;
    region *r = region_of(address);
    *(is_store ? &r->stores : &r->loads) += (int64_t)bytes;
    for (uintptr_t line = address / LINE; line <= (address + bytes - 1) / LINE; line++)
        touch(line, is_store);
}

/* What the instrumented code calls: the names are the compiler's. */
#define COUNTED(name, bytes, is_store) \
    void name(uintptr_t address);      \
    void name(uintptr_t address) { access_memory(address, bytes, is_store); }
COUNTED(__asan_load1_noabort, 1, false)
COUNTED(__asan_load2_noabort, 2, false)
COUNTED(__asan_load4_noabort, 4, false)
COUNTED(__asan_load8_noabort, 8, false)
COUNTED(__asan_load16_noabort, 16, false)
COUNTED(__asan_store1_noabort, 1, true)
COUNTED(__asan_store2_noabort, 2, true)
COUNTED(__asan_store4_noabort, 4, true)
COUNTED(__asan_store8_noabort, 8, true)
COUNTED(__asan_store16_noabort, 16, true)

void __asan_loadN_noabort(uintptr_t address, size_t bytes);
void __asan_loadN_noabort(uintptr_t address, size_t bytes) { access_memory(address, bytes, false); }

void __asan_storeN_noabort(uintptr_t address, size_t bytes);
void __asan_storeN_noabort(uintptr_t address, size_t bytes) { access_memory(address, bytes, true); }

void __asan_handle_no_return(void);
void __asan_handle_no_return(void) {}

/* -fsanitize=thread, the other way to count: it leaves out constants, where -fsanitize=kernel-address (in gcc) leaves out
 * what reads the same address again in one block. */
#define COUNTED_BOTH(bytes)                                                         \
    COUNTED(__tsan_read##bytes, bytes, false)                                       \
    COUNTED(__tsan_write##bytes, bytes, true)                                       \
    COUNTED(__tsan_unaligned_read##bytes, bytes, false)                             \
    COUNTED(__tsan_unaligned_write##bytes, bytes, true)
COUNTED_BOTH(1)
COUNTED_BOTH(2)
COUNTED_BOTH(4)
COUNTED_BOTH(8)
COUNTED_BOTH(16)

void __tsan_read_range(uintptr_t address, size_t bytes);
void __tsan_read_range(uintptr_t address, size_t bytes) { access_memory(address, bytes, false); }

void __tsan_write_range(uintptr_t address, size_t bytes);
void __tsan_write_range(uintptr_t address, size_t bytes) { access_memory(address, bytes, true); }

void __tsan_init(void);
void __tsan_init(void) {}

void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller) { (void)caller; }

void __tsan_func_exit(void);
void __tsan_func_exit(void) {}

/* The emitted code is compiled with memcpy and memset named so. */
void *counted_memcpy(void *to, const void *from, size_t bytes);
void *counted_memcpy(void *to, const void *from, size_t bytes)
{
    access_memory((uintptr_t)from, bytes, false);
    access_memory((uintptr_t)to, bytes, true);
    return memcpy(to, from, bytes);
}

void *counted_memset(void *to, int byte, size_t bytes);
void *counted_memset(void *to, int byte, size_t bytes)
{
    access_memory((uintptr_t)to, bytes, true);
    return memset(to, byte, bytes);
}

/* So are those that clang itself puts there. */
void *__tsan_memcpy(void *to, const void *from, size_t bytes);
void *__tsan_memcpy(void *to, const void *from, size_t bytes) { return counted_memcpy(to, from, bytes); }

void *__tsan_memset(void *to, int byte, size_t bytes);
void *__tsan_memset(void *to, int byte, size_t bytes) { return counted_memset(to, byte, bytes); }

static void *new_region(char kind, size_t bytes)
{
    size_t whole = (bytes + LINE - 1) / LINE * LINE;
    char *data = aligned_alloc(LINE, whole + LINE);
    if (!data || region_count == REGIONS)
        exit(2);
    for (size_t i = 0; i < whole / sizeof(float); i++) /* within [-0.5, 0.5] */
        ((float *)(void *)data)[i] = (float)((int)(i * 7919 % 1001) - 500) / 1000.0f;
    uintptr_t first = (uintptr_t)data;
    regions[region_count++] =
        (region){.kind = kind, .first = first, .end = first + whole + LINE, .bytes = (int64_t)bytes};
    return data;
}

static size_t slot_bytes(const stepc_slot *slot)
{
    size_t bytes = sizeof(float);
    for (int32_t d = 0; d < slot->rank; d++)
        bytes *= (size_t)slot->dims[d].size;
    return bytes;
}

static void bind(const stepc_slot *slots, uint32_t count, char kind, void *fields)
{
    for (uint32_t i = 0; i < count; i++) {
        void *data = new_region(kind, slot_bytes(&slots[i]) * step_count);
        memcpy((char *)fields + slots[i].offset, &data, sizeof data);
    }
}

/* To the parts of the next step. */
static void advance(const stepc_slot *slots, uint32_t count, void *fields)
{
    for (uint32_t i = 0; i < count; i++) {
        char *data;
        memcpy(&data, (char *)fields + slots[i].offset, sizeof data);
        data += slot_bytes(&slots[i]);
        memcpy((char *)fields + slots[i].offset, &data, sizeof data);
    }
}

static int32_t run(void)
{
    const stepc_entry *e = &traffic_step_module()->entries[0];
    uint64_t feeds[32] = {0}, fetches[32] = {0};
    stepc_env env = {.size = sizeof env, .arena_bytes = e->arena_bytes};
    if (e->feeds_bytes > sizeof feeds || e->fetches_bytes > sizeof fetches)
        return 2;
    bind(e->feeds, e->feed_count, 'i', feeds);
    bind(e->fetches, e->fetch_count, 'o', fetches);
    env.arena = new_region('a', e->arena_bytes);
    int32_t code = 0;
    for (size_t step = 0; step < step_count && code == 0; step++) {
        is_counting = true;
        code = e->call(feeds, fetches, &env);
        is_counting = false;
        advance(e->feeds, e->feed_count, feeds);
        advance(e->fetches, e->fetch_count, fetches);
    }
    for (size_t s = 0; s < set_count; s++)
        for (int w = 0; w < WAYS; w++)
            if (region_of(cache[s][w].line * LINE)->kind == 'o')
                evict(&cache[s][w]);
    return code;
}

/* Whether feeds and fetches went through memory once, and nothing else of weight did. */
static bool judge(size_t most_percent)
{
    bool good = true;
    int64_t needed = 0, moved = 0;
    for (size_t i = 0; i < region_count; i++) {
        const region *r = &regions[i];
        int64_t lines = (r->bytes + LINE - 1) / LINE;
        printf("  %c %10lld bytes; instructions load %11lld, store %11lld; main memory reads %9lld, writes %9lld\n",
               r->kind, (long long)r->bytes, (long long)r->loads, (long long)r->stores,
               (long long)(r->read_lines * LINE), (long long)(r->written_lines * LINE));
        if (r->kind == 'i')
            good = good && r->read_lines == lines && r->stores == 0 && (step_count == 1 || r->loads == r->bytes);
        if (r->kind == 'o')
            good = good && r->read_lines == 0 && r->written_lines == lines && r->stores == r->bytes;
        needed += r->kind == 'i' || r->kind == 'o' ? lines * LINE : 0;
        moved += (r->read_lines + r->written_lines) * LINE;
    }
    printf("  all %lld bytes of traffic for %lld of feeds and fetches: %.1f %%\n", (long long)moved, (long long)needed,
           100.0 * (double)moved / (double)needed);
    return good && moved * 100 <= needed * (int64_t)most_percent;
}

int main(int count, char **arguments)
{
    bool is_good = count == 3 || count == 4;
    size_t bytes = is_good ? (size_t)atol(arguments[1]) : 0, percent = is_good ? (size_t)atol(arguments[2]) : 0;
    step_count = count == 4 ? (size_t)atol(arguments[3]) : 1;
    set_count = bytes / (LINE * WAYS);
    if (set_count == 0 || set_count > MOST_SETS || percent == 0 || step_count == 0) {
        fprintf(stderr, "usage: traffic CACHE_BYTES MOST_PERCENT [STEPS]\n");
        return 2;
    }
    regions[0] = (region){.kind = '?'};
    int32_t code = run();
    if (code) {
        fprintf(stderr, "traffic: the step ended with %d\n", (int)code);
        return 2;
    }
    return judge(percent) ? 0 : 1;
}
