/* SPDX-License-Identifier: Apache-2.0 */
/* What rows that move elements share: views under construction, sizes as operands, checks of sizes. */
#ifndef COMPILER_LOWER_MOVE_H
#define COMPILER_LOWER_MOVE_H

#include "compiler/lower/state.h"

/* A view of an input being made, one entry per dimension of the graph's tensor; the pair of a complex element follows. */
typedef struct lower_view {
    int32_t in, rank;
    size_ref extents[LOWER_MAX_RANK], strides[LOWER_MAX_RANK];
    size_ref offset;
} lower_view;

/* Input INPUT as it lies. */
stepc_code lower_view_begin(lower_context *l, int32_t input, lower_view *v);
/* A buffer that is the view; -1 with the error set. Sizes that may be negative are checked when the step runs. */
int32_t lower_view_make(lower_context *l, const lower_view *v);
/* Output OUTPUT is the view. */
stepc_code lower_view_end(lower_context *l, int32_t output, const lower_view *v);
/* BUFFER, which holds a tensor of the graph, as a view: its pair not counted when IS_COMPLEX. */
void lower_view_of(lower_context *l, int32_t buffer, bool is_complex, lower_view *v);
/* The view begins AT further along dimension D. */
void lower_view_shift(lower_context *l, lower_view *v, int32_t d, size_ref at);
/* TO := FROM, element by element, as a statement; both have equal extents. */
stepc_code lower_view_copy(lower_context *l, const lower_view *to, const lower_view *from);

/* Element ELEMENT of integer operand INPUT as a size. UNIMPLEMENTED when it is not known. */
stepc_code lower_operand_size(lower_context *l, int32_t input, int64_t element, size_ref *out);
/* How many elements operand INPUT has; UNIMPLEMENTED when not even that is known. */
stepc_code lower_operand_count(lower_context *l, int32_t input, int64_t *out);
/* The one number of operand INPUT, an axis within [-RANK, RANK). */
stepc_code lower_operand_axis(lower_context *l, int32_t input, int32_t rank, int32_t *out);
/* Makes the step fail with WHAT unless A <= B; no statement where that is certain. */
stepc_code lower_require_at_most(lower_context *l, size_ref a, size_ref b, const char *what);
/* The extents of output OUTPUT in the graph's dimensions; UNIMPLEMENTED with the mend where one is unknown. */
stepc_code lower_known_output(lower_context *l, int32_t output, const size_ref **dims, int32_t *rank);
/* INVALID_ARGUMENT unless input INPUT has RANK dimensions. */
stepc_code lower_require_rank(lower_context *l, int32_t input, int32_t rank);
/* UNIMPLEMENTED: input INPUT should be known; with what helps. */
stepc_code lower_unknown_operand(lower_context *l, int32_t input);
/* 0 as a value of a buffer of DTYPE. */
int32_t lower_zero(nest_builder *b, stepc_dtype dtype);
/* As int64: index COLUMN of the row of INDICES that the first axes of the nest, of AXIS_COUNT in all, name. */
int32_t lower_read_column(nest_builder *b, lower_context *l, int32_t indices, int32_t axis_count, int64_t column);
/* Writes to output OUTPUT its own known elements. */
stepc_code lower_write_elements(lower_context *l, int32_t output);

#endif
