/* SPDX-License-Identifier: Apache-2.0 */
/* What searches for places by the order of values begins with: TopK, InTopK, NthElement. */
#ifndef COMPILER_LOWER_ORDERED_H
#define COMPILER_LOWER_ORDERED_H

#include "compiler/lower/state.h"

/* A contiguous buffer of float32, float64 or int64 in the order of FROM's elements, or in the reverse one: negated floats,
 * complemented integers. FROM itself where that will do; -1 when it fails. */
int32_t lower_ordered(lower_context *l, int32_t from, bool is_reversed);
/* How many elements BUFFER has. */
size_ref lower_element_count(lower_context *l, int32_t buffer);

#endif
