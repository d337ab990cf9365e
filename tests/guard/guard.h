/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks between pages that nobody may touch: generated code that reads or writes one byte beyond a buffer ends there,
 * whatever it was built with. Sanitizers miss that where a vector load is an intrinsic or the text is built without them. */
#ifndef TESTS_GUARD_GUARD_H
#define TESTS_GUARD_GUARD_H

#include "stepc/host.h"
#include "stepc/module.h"
#include "stepc/tensor.h"

#include <stdbool.h>

/* Where the page lies that may not be touched: right behind the last byte, as far as the alignment allows, or right before
 * the first. The bytes of the block's own pages that belong to nobody are filled, and checked by guard_is_whole. */
typedef enum guard_side { GUARD_BEHIND, GUARD_BEFORE } guard_side;

typedef struct guard_block {
    void *data; /* NULL: none */
    size_t bytes;
    char *map;
    size_t map_bytes;
} guard_block;

/* BYTES bytes aligned to ALIGNMENT, a power of two no greater than a page, all FILL. False when there is no memory. */
bool guard_new(guard_block *block, size_t bytes, size_t alignment, guard_side side, int fill);
void guard_seal(const guard_block *block);     /* read-only from now on */
bool guard_is_whole(const guard_block *block); /* nothing beside the block was written */
void guard_release(guard_block *block);

/* Until guard_watch(NULL): a fault prints LABEL, which must stay, before the process ends of it. */
void guard_watch(const char *label);

/* module_call_new where every feed (sealed), fetch, the scratch and the arena lie in such blocks; which side of each is
 * guarded goes by turns, beginning with TURN. Tensors of OUT are the host's. */
stepc_code guard_call(const stepc_host *host, const stepc_module *module, const stepc_entry *entry, const stepc_view *feeds,
                      size_t feed_count, stepc_tensor **out, size_t fetch_count, const stepc_env *env, unsigned turn,
                      stepc_error *error);
/* The same at both sides and with different bytes in fresh memory; the results must have the same bits. Not for steps that
 * change a state. */
stepc_code guard_call_twice(const stepc_host *host, const stepc_module *module, const stepc_entry *entry,
                            const stepc_view *feeds, size_t feed_count, stepc_tensor **out, size_t fetch_count,
                            const stepc_env *env, stepc_error *error);

#endif
