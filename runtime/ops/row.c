/* SPDX-License-Identifier: Apache-2.0 */
/* The list of families and lookup by name. */
#include "runtime/ops/row.h"

#include <string.h>

/* Each family's rows are sorted by name (tests/unit/ops/test_row.c checks it). */
static const op_family *const families[] = {
    &ops_batch_norm,  &ops_scan,      &ops_segment,   &ops_elementwise, &ops_identity, &ops_movement,  &ops_reduction, &ops_contraction, &ops_normalization,
    &ops_random,      &ops_variables, &ops_training,  &ops_shape,       &ops_basic,
    &ops_slice,       &ops_split,     &ops_join,      &ops_pad,         &ops_reverse,
    &ops_reshape,     &ops_block,     &ops_sequence,  &ops_diagonal,    &ops_gather,
    &ops_scatter,     &ops_order,     &ops_unique, &ops_tally,     &ops_special,  &ops_search,      &ops_cross,
    &ops_bands,       &ops_sparse_segment, &ops_assert,   &ops_inplace,     &ops_layout,     &ops_fake_quant,
};

enum { FAMILY_COUNT = sizeof families / sizeof families[0] };

static int name_compare(stepc_string a, const char *b)
{
    size_t b_size = strlen(b);
    int order = memcmp(a.data, b, a.size < b_size ? a.size : b_size);

    return order != 0 ? order : (a.size > b_size) - (a.size < b_size);
}

static const op_row *family_find(const op_family *family, stepc_string name)
{
    size_t low = 0, high = family->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = name_compare(name, family->rows[middle].name);

        if (order == 0)
            return &family->rows[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const op_row *op_row_find(stepc_string name)
{
    if (name.size == 0)
        return NULL;
    for (size_t f = 0; f < FAMILY_COUNT; f++) {
        const op_row *row = family_find(families[f], name);

        if (row)
            return row;
    }
    return NULL;
}

size_t op_row_count(void)
{
    size_t count = 0;

    for (size_t f = 0; f < FAMILY_COUNT; f++)
        count += families[f]->count;
    return count;
}

/* Merges the sorted families up to INDEX: slow for large indices, but there is no table to build. */
const op_row *op_row_at(size_t index)
{
    size_t next[FAMILY_COUNT] = {0};
    const op_row *row = NULL;

    for (size_t i = 0; i <= index; i++) {
        size_t best = FAMILY_COUNT;

        for (size_t f = 0; f < FAMILY_COUNT; f++) {
            if (next[f] == families[f]->count)
                continue;
            if (best == FAMILY_COUNT ||
                strcmp(families[f]->rows[next[f]].name, families[best]->rows[next[best]].name) < 0)
                best = f;
        }
        if (best == FAMILY_COUNT)
            return NULL;
        row = &families[best]->rows[next[best]++];
    }
    return row;
}
