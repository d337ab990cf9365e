/* SPDX-License-Identifier: Apache-2.0 */
/* Packing intervals: largest first, best fit, with three sort keys; the best result is kept. */
#include "compiler/plan/inside.h"

#include "runtime/core/checked.h"

#include <string.h>

typedef enum sort_key { BY_SIZE, BY_SPAN, BY_AREA, SORT_KEYS } sort_key;

typedef struct packer {
    const plan_item *items;
    int32_t count;
    int32_t *sorted;  /* by key */
    int32_t *placed;  /* by offset */
    int64_t *offsets; /* of this attempt */
    int32_t *merge;
} packer;

static int64_t key_of(const plan_item *item, sort_key key)
{
    int64_t span = (int64_t)item->last - item->first + 1, area;
    if (key == BY_SIZE)
        return item->bytes;
    if (key == BY_SPAN)
        return span;
    return checked_mul_i64(span, item->bytes, &area) ? area : INT64_MAX;
}

/* Greater keys first; equal ones by size, then as they came. */
static bool comes_before(const packer *p, int32_t a, int32_t b, sort_key key)
{
    int64_t x = key_of(&p->items[a], key), y = key_of(&p->items[b], key);
    if (x != y)
        return x > y;
    if (p->items[a].bytes != p->items[b].bytes)
        return p->items[a].bytes > p->items[b].bytes;
    return a < b;
}

static void sort_items(packer *p, sort_key key)
{
    for (int32_t i = 0; i < p->count; i++)
        p->sorted[i] = i;
    for (int32_t width = 1; width<p->count; width = width> p->count / 2 ? p->count : width * 2) {
        for (int32_t from = 0; from < p->count; from += 2 * width) {
            int32_t middle = p->count - from > width ? from + width : p->count;
            int32_t end = p->count - middle > width ? middle + width : p->count;
            int32_t a = from, b = middle, at = from;
            while (a < middle || b < end) {
                bool left = b >= end || (a < middle && !comes_before(p, p->sorted[b], p->sorted[a], key));
                p->merge[at++] = p->sorted[left ? a++ : b++];
            }
            if (end == p->count)
                break;
        }
        int32_t done = 0;
        /* What the last pair left over stays in place. */
        while (done < p->count) {
            p->sorted[done] = p->merge[done];
            done++;
        }
    }
}

/* The smallest gap between items alive at the same time that ITEM fits into; else above them all. */
static int64_t best_fit(const packer *p, int32_t item, int32_t placed)
{
    const plan_item *want = &p->items[item];
    int64_t top = 0, best = -1, best_gap = INT64_MAX;
    for (int32_t i = 0; i < placed; i++) {
        const plan_item *other = &p->items[p->placed[i]];
        int64_t offset = p->offsets[p->placed[i]];
        if (other->last < want->first || want->last < other->first)
            continue;
        int64_t gap = offset - top;
        if (gap >= want->bytes && gap < best_gap) {
            best = top;
            best_gap = gap;
        }
        if (offset + other->bytes > top)
            top = offset + other->bytes;
    }
    return best >= 0 ? best : top;
}

static int64_t attempt(packer *p, sort_key key)
{
    int64_t total = 0;
    sort_items(p, key);
    for (int32_t n = 0; n < p->count; n++) {
        int32_t item = p->sorted[n], at = n;
        int64_t offset = best_fit(p, item, n);
        if (offset > INT64_MAX - p->items[item].bytes)
            return INT64_MAX;
        p->offsets[item] = offset;
        for (; at > 0 && p->offsets[p->placed[at - 1]] > offset; at--)
            p->placed[at] = p->placed[at - 1];
        p->placed[at] = item;
        if (offset + p->items[item].bytes > total)
            total = offset + p->items[item].bytes;
    }
    return total;
}

int64_t plan_pack(arena *scratch, plan_item *items, int32_t count, const char **order)
{
    static const char *const names[] = {"size", "span", "area"};
    packer p = {.items = items, .count = count};
    int64_t best = INT64_MAX;
    p.sorted = ARENA_ARRAY(scratch, int32_t, (size_t)count);
    p.placed = ARENA_ARRAY(scratch, int32_t, (size_t)count);
    p.merge = ARENA_ARRAY(scratch, int32_t, (size_t)count);
    p.offsets = ARENA_ARRAY(scratch, int64_t, (size_t)count);
    if (!p.sorted || !p.placed || !p.merge || !p.offsets)
        return -1;
    *order = names[BY_SIZE];
    for (int key = 0; key < SORT_KEYS; key++) {
        int64_t total = attempt(&p, (sort_key)key);
        if (total >= best)
            continue;
        best = total;
        *order = names[key];
        for (int32_t i = 0; i < count; i++)
            items[i].offset = p.offsets[i];
    }
    return count > 0 ? best : 0;
}

int64_t plan_largest_live_set(arena *scratch, const plan_item *items, int32_t count)
{
    int32_t last = -1;
    int64_t live = 0, most = 0;
    for (int32_t i = 0; i < count; i++)
        last = items[i].last > last ? items[i].last : last;
    int64_t *change = ARENA_ARRAY(scratch, int64_t, (size_t)last + 2);
    if (!change)
        return -1;
    for (int32_t i = 0; i < count; i++) {
        change[items[i].first] += items[i].bytes;
        change[items[i].last + 1] -= items[i].bytes;
    }
    for (int32_t s = 0; s <= last; s++) {
        live += change[s];
        most = live > most ? live : most;
    }
    return most;
}
