/* SPDX-License-Identifier: Apache-2.0 */
/* Moving elements of any dtype: what the kernels of movement share. */
#ifndef RUNTIME_OPS_MOVE_H
#define RUNTIME_OPS_MOVE_H

#include "runtime/ops/kernels.h"

#define MOVE_RANK 256

/* A block of elements, and how it lies in two tensors: element (i0, i1, ..) at base + sum(steps[d] * id). */
typedef struct move_region {
    int32_t rank;
    int64_t dims[MOVE_RANK];
    int64_t to_base, to_steps[MOVE_RANK];
    int64_t from_base, from_steps[MOVE_RANK];
} move_region;

stepc_code move_element(stepc_tensor *to, int64_t to_index, const stepc_tensor *from, int64_t from_index,
                        stepc_error *error);
/* All elements of the region, row-major. */
stepc_code move_copy(stepc_tensor *to, const stepc_tensor *from, const move_region *region, stepc_error *error);
/* Every element of TO becomes element INDEX of FROM. */
stepc_code move_fill(stepc_tensor *to, const stepc_tensor *from, int64_t index, stepc_error *error);
/* Zeros, false, empty strings. */
void move_clear(stepc_tensor *t);
/* Row-major steps of a shape. */
void move_steps(const int64_t *dims, int32_t rank, int64_t *steps);
/* UNIMPLEMENTED for shapes that a region cannot hold. */
stepc_code move_check_rank(kernel_context *k, int32_t rank);

/* Element of an integer tensor of any rank. */
int64_t integer_at(const stepc_tensor *t, int64_t index);
/* The axis AXIS in [-RANK, RANK) as 0 .. RANK - 1; else INVALID_ARGUMENT with WORDS, in which '{' stands for -RANK,
 * '}' for RANK and '@' for AXIS. */
stepc_code move_axis(stepc_error *error, const char *words, int64_t axis, int32_t rank, int32_t *out);

/* ---- shape functions ---- */

/* All elements of input INPUT, an integer tensor of any rank, where they are known as numbers. *OUT in c->memory. */
bool infer_numbers(infer_context *c, int32_t input, int64_t **out, int64_t *count);
/* Element ELEMENT of integer input INPUT of rank 0 or 1, as a size. */
size_ref infer_element(infer_context *c, int32_t input, int64_t element);
/* The elements of input INPUT are those of output OUTPUT too, where that has rank 0 or 1. */
void infer_pass_elements(infer_context *c, int32_t input, int32_t output);
/* COUNT elements of input INPUT from FIRST on, every STEP-th, are output OUTPUT's, where known. */
stepc_code infer_pick_elements(infer_context *c, int32_t input, int32_t output, int64_t first, int64_t step,
                               int64_t count);

#endif
