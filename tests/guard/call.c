/* SPDX-License-Identifier: Apache-2.0 */
/* Steps called in guarded memory. */
#include "guard.h"

#include "runtime/core/error.h"
#include "runtime/module/call.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What the call's memory holds before anything is written there, by turns. */
static const int fresh[2] = {0x6B, 0xC4};

typedef struct guarded_call {
    const stepc_entry *entry;
    size_t feed_count, fetch_count;
    unsigned turn;
    size_t block_count;
    guard_block *blocks; /* scratch, arena, feeds, fetches */
    stepc_view *feeds, *fetches;
} guarded_call;

static void release(guarded_call *g)
{
    for (size_t i = 0; g->blocks != NULL && i < g->block_count; i++)
        guard_release(&g->blocks[i]);
    free(g->blocks);
    free(g->feeds);
    free(g->fetches);
}

static void *new_block(guarded_call *g, size_t bytes, size_t alignment)
{
    guard_block *block = &g->blocks[g->block_count];
    guard_side side = (g->turn + g->block_count) % 2 ? GUARD_BEFORE : GUARD_BEHIND;
    if (!guard_new(block, bytes, alignment, side, fresh[g->turn % 2]))
        return NULL;
    g->block_count++;
    return block->data;
}

static size_t element_alignment(int32_t dtype)
{
    size_t bytes = stepc_dtype_bytes((stepc_dtype)dtype);
    return bytes > 8 ? 8 : bytes > 0 ? bytes : 1; /* complex128: of its parts */
}

static bool place_feeds(guarded_call *g, const stepc_view *feeds)
{
    for (size_t i = 0; i < g->feed_count; i++) {
        void *data = new_block(g, feeds[i].bytes, element_alignment(feeds[i].dtype));
        if (data == NULL)
            return false;
        if (feeds[i].bytes > 0)
            memcpy(data, feeds[i].data, feeds[i].bytes);
        guard_seal(&g->blocks[g->block_count - 1]);
        g->feeds[i] = feeds[i];
        g->feeds[i].data = data;
    }
    return true;
}

static bool place_fetches(guarded_call *g)
{
    for (size_t i = 0; i < g->fetch_count; i++) {
        g->fetches[i].data = new_block(g, g->fetches[i].bytes, element_alignment(g->fetches[i].dtype));
        if (g->fetches[i].data == NULL)
            return false;
    }
    return true;
}

static stepc_code check_blocks(const guarded_call *g, stepc_error *error)
{
    for (size_t i = 0; i < g->block_count; i++)
        if (!guard_is_whole(&g->blocks[i]))
            return error_set(error, STEPC_INTERNAL, "a step wrote beside block %zu of its memory", i);
    return STEPC_OK;
}

static stepc_code call(guarded_call *g, const stepc_module *module, const stepc_env *env, stepc_error *error)
{
    size_t work_bytes = module_work_bytes(g->entry);
    uint64_t arena = 0;
    stepc_env own = env != NULL ? *env : (stepc_env){.size = sizeof own};
    void *work = new_block(g, work_bytes, 8);
    if (work == NULL)
        return error_out_of_memory(error, "calling a step in guarded memory");
    memset(work, 0, work_bytes);
    stepc_code code = module_bind(g->entry, g->feeds, g->feed_count, work, work_bytes, g->fetches, g->fetch_count, &arena,
                                  error);
    if (code != STEPC_OK)
        return code;
    if (!place_fetches(g) || (arena > 0 && (own.arena = new_block(g, (size_t)arena, 64)) == NULL))
        return error_out_of_memory(error, "calling a step in guarded memory");
    own.arena_bytes = (size_t)arena;
    code = module_call(module, g->entry, g->feeds, g->feed_count, g->fetches, g->fetch_count, &own, work, work_bytes, error);
    stepc_code beside = check_blocks(g, error);
    return beside != STEPC_OK ? beside : code;
}

stepc_code guard_call(const stepc_host *host, const stepc_module *module, const stepc_entry *entry, const stepc_view *feeds,
                      size_t feed_count, stepc_tensor **out, size_t fetch_count, const stepc_env *env, unsigned turn,
                      stepc_error *error)
{
    guarded_call g = {.entry = entry, .feed_count = feed_count, .fetch_count = fetch_count, .turn = turn};
    g.blocks = calloc(feed_count + fetch_count + 2, sizeof *g.blocks);
    g.feeds = calloc(feed_count + 1, sizeof *g.feeds);
    g.fetches = calloc(fetch_count + 1, sizeof *g.fetches);
    for (size_t i = 0; i < fetch_count; i++)
        out[i] = NULL;
    stepc_code code = STEPC_OK;
    if (g.blocks == NULL || g.feeds == NULL || g.fetches == NULL || !place_feeds(&g, feeds))
        code = error_out_of_memory(error, "calling a step in guarded memory");
    if (code == STEPC_OK)
        code = call(&g, module, env, error);
    for (size_t i = 0; code == STEPC_OK && i < fetch_count; i++)
        code = stepc_tensor_copy(host, &g.fetches[i], &out[i], error);
    for (size_t i = 0; code != STEPC_OK && i < fetch_count; i++) {
        stepc_tensor_release(out[i]);
        out[i] = NULL;
    }
    release(&g);
    return code;
}

static bool same(const stepc_tensor *a, const stepc_tensor *b)
{
    size_t bytes = stepc_tensor_bytes(a);
    bool good = stepc_tensor_rank(a) == stepc_tensor_rank(b) && bytes == stepc_tensor_bytes(b);
    for (int32_t d = 0; good && d < stepc_tensor_rank(a); d++)
        good = stepc_tensor_dims(a)[d] == stepc_tensor_dims(b)[d];
    return good && (bytes == 0 || memcmp(stepc_tensor_data(a), stepc_tensor_data(b), bytes) == 0);
}

stepc_code guard_call_twice(const stepc_host *host, const stepc_module *module, const stepc_entry *entry,
                            const stepc_view *feeds, size_t feed_count, stepc_tensor **out, size_t fetch_count,
                            const stepc_env *env, stepc_error *error)
{
    stepc_tensor **first = calloc(fetch_count + 1, sizeof *first);
    if (first == NULL)
        return error_out_of_memory(error, "calling a step twice");
    stepc_code once = guard_call(host, module, entry, feeds, feed_count, first, fetch_count, env, 0, error);
    stepc_code code = guard_call(host, module, entry, feeds, feed_count, out, fetch_count, env, 1, error);
    if (once != code)
        code = error_set(error, STEPC_INTERNAL, "a step ended with code %d, and called again with code %d", (int)once,
                         (int)code);
    for (size_t i = 0; once == STEPC_OK && i < fetch_count; i++) {
        if (code == STEPC_OK && !same(first[i], out[i]))
            code = error_set(error, STEPC_INTERNAL, "fetch %zu differs between two calls of a step", i);
        stepc_tensor_release(first[i]);
    }
    for (size_t i = 0; code != STEPC_OK && i < fetch_count; i++) {
        stepc_tensor_release(out[i]);
        out[i] = NULL;
    }
    free(first);
    return code;
}
