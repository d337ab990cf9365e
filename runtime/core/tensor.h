/* SPDX-License-Identifier: 0BSD */
/* Tensors, inside view. */
#ifndef RUNTIME_CORE_TENSOR_H
#define RUNTIME_CORE_TENSOR_H

#include "stepc/tensor.h"

/* A tensor over memory that somebody else owns and that outlives it: no copy.
 * Used for weights that stay in the graph file and for feeds. */
stepc_code tensor_borrow(const stepc_host *host, const stepc_view *view, stepc_tensor **out, stepc_error *error);
/* A tensor that shares ELEMENTS' memory under another shape with the same count (Reshape, Identity). */
stepc_code tensor_alias(stepc_tensor *elements, const int64_t *dims, int32_t rank, stepc_tensor **out, stepc_error *error);
/* True when the caller holds the only reference and the memory is its own (update in place is invisible). */
int tensor_is_unique(const stepc_tensor *tensor);
/* True when the elements lie in memory that is not the tensor's own (a feed's, a graph's): a copy must outlive that. */
int tensor_is_borrowed(const stepc_tensor *tensor);
/* True when the two blocks of memory have a byte in common. */
static inline int view_overlaps(const stepc_view *a, const stepc_view *b)
{
    uintptr_t x = (uintptr_t)a->data, y = (uintptr_t)b->data;
    return a->data != NULL && b->data != NULL && a->bytes > 0 && b->bytes > 0 && (x < y ? y - x < a->bytes : x - y < b->bytes);
}
/* True when dtype, shape and bytes are equal (NaN equals NaN of the same bits; strings by bytes). */
int tensor_identical(const stepc_tensor *a, const stepc_tensor *b);

#endif
