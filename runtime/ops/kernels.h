/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of reference kernels share among themselves. */
#ifndef RUNTIME_OPS_KERNELS_H
#define RUNTIME_OPS_KERNELS_H

#include "runtime/ops/row.h"

/* ---- values ------------------------------------------------------------------------------ */

/* The elementwise binary operator OPERATOR_TYPE ("Add", "Mul", ...) on two tensors of one dtype that broadcast. */
stepc_code binary_apply(const stepc_host *host, const char *operator_type, stepc_tensor *x, stepc_tensor *y,
                        stepc_tensor **out, stepc_error *error);
/* UNIMPLEMENTED "OPERATOR_TYPE is not implemented for dtype DTYPE". */
stepc_code kernel_unsupported(stepc_error *error, const char *operator_type, stepc_dtype dtype);
/* True when both have the same dims. */
bool tensor_same_shape(const stepc_tensor *a, const stepc_tensor *b);
/* True when their shapes broadcast. */
bool tensors_broadcast(const stepc_tensor *a, const stepc_tensor *b);
/* A new tensor of A's and B's shapes broadcast; INVALID_ARGUMENT "Incompatible shapes: [2,3] vs. [4]". */
stepc_code broadcast_output(const stepc_host *host, const stepc_tensor *a, const stepc_tensor *b, stepc_dtype dtype,
                            stepc_tensor **out, stepc_error *error);
/* Element of T that element INDEX of OUT, of the broadcast shape, reads. */
int64_t broadcast_index(const stepc_tensor *t, const stepc_tensor *out, int64_t index);
/* Writes "[2,3]" as messages spell a tensor's shape. */
#define SHAPE_TEXT_BYTES 256
const char *tensor_shape_text(const stepc_tensor *t, char buffer[SHAPE_TEXT_BYTES]);
/* The input as the NodeDef spells it ("v", "split:1"), cut to SIZE - 1 bytes. */
const char *operation_input_text(const stepc_operation *op, int32_t input, char *buffer, size_t size);

/* ---- kernels named by the rows of another file --------------------------------------------- */

stepc_code kernel_unary(kernel_context *k);  /* elementwise_unary.c */
stepc_code kernel_binary(kernel_context *k); /* elementwise_binary.c */
stepc_code kernel_pow(kernel_context *k);
stepc_code kernel_steps(kernel_context *k); /* elementwise_steps.c */
stepc_code kernel_reciprocal(kernel_context *k);
stepc_code kernel_order(kernel_context *k); /* elementwise_logic.c */
stepc_code kernel_float_test(kernel_context *k);
stepc_code kernel_approximate_equal(kernel_context *k);
stepc_code kernel_logical(kernel_context *k);
stepc_code kernel_select(kernel_context *k); /* elementwise_select.c */
stepc_code kernel_select_v2(kernel_context *k);
stepc_code kernel_clip_by_value(kernel_context *k);
stepc_code kernel_zeros_like(kernel_context *k);
stepc_code kernel_bits(kernel_context *k); /* elementwise_bits.c */
stepc_code kernel_population_count(kernel_context *k);
stepc_code kernel_complex_part(kernel_context *k); /* elementwise_complex.c */
stepc_code kernel_complex(kernel_context *k);
stepc_code kernel_equal(kernel_context *k);  /* elementwise_equal.c */
stepc_code kernel_add_n(kernel_context *k);  /* elementwise_sum.c */
stepc_code kernel_bias_add(kernel_context *k);
stepc_code kernel_cast(kernel_context *k); /* cast.c */
/* True when a table of scalar functions has OPERATOR_TYPE (tests). */
bool unary_has(const char *operator_type);
bool binary_has(const char *operator_type);
bool steps_has(const char *operator_type);

/* ---- shape functions ----------------------------------------------------------------------- */

/* Output OUTPUT from a shape attribute. */
stepc_code infer_shape_attr(infer_context *c, int32_t output, const attr_shape *shape);
/* Output OUTPUT: what is known of shapes A and B, which must be equal. */
stepc_code infer_merge_shapes(infer_context *c, const infer_value *a, const infer_value *b, int32_t output);
/* Output OUTPUT gets the dims of VALUE, not its contents. */
stepc_code infer_copy_shape(infer_context *c, const infer_value *value, int32_t output);

#endif
