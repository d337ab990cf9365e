/* SPDX-License-Identifier: Apache-2.0 */
/* What the elementwise files share: one nest over the output, one value per step. */
#ifndef COMPILER_LOWER_ELEMENTWISE_H
#define COMPILER_LOWER_ELEMENTWISE_H

#include "compiler/lower/state.h"

/* The result of an operator for elements X (and Y) of DTYPE, as lower_write takes it. */
typedef int32_t (*unary_fn)(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype);
typedef int32_t (*binary_fn)(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype);

/* The nest of a unary operator, or of a binary one whose operands broadcast; complex operands go to the next. */
stepc_code lower_unary(lower_context *l, unary_fn fn);
stepc_code lower_binary(lower_context *l, binary_fn fn);
/* The operator on complex operands by its name; UNIMPLEMENTED where it is not compiled. */
stepc_code lower_complex_arithmetic(lower_context *l);
stepc_code lower_refuse_complex(lower_context *l, stepc_dtype dtype);
/* A function of X, or of X and Y, rounded once to DTYPE: exact halves are computed in double. */
int32_t lower_transcendental(lower_context *l, nest_builder *b, loop_op op, int32_t x, stepc_dtype dtype);
int32_t lower_transcendental_2(lower_context *l, nest_builder *b, loop_op op, int32_t x, int32_t y, stepc_dtype dtype);
/* One operation, rounded to DTYPE. */
int32_t lower_arithmetic(nest_builder *b, loop_op op, int32_t x, int32_t y, stepc_dtype dtype);
/* A constant of the type that values of DTYPE have. */
int32_t lower_number(nest_builder *b, stepc_dtype dtype, double value);
/* Integers: a check, before anything is written, that no element of input INPUT is zero. */
stepc_code lower_check_divisor(lower_context *l, int32_t input);
/* Integers: that every element of INPUT is at least LEAST, or INVALID_ARGUMENT with REFUSAL. */
stepc_code lower_check_least(lower_context *l, int32_t input, int64_t least, const char *refusal);
/* UNIMPLEMENTED with the mend unless BUFFER provably has OUT's shape. */
stepc_code lower_require_same(lower_context *l, int32_t buffer, int32_t out);

#endif
