/* SPDX-License-Identifier: Apache-2.0 */
/* Complex numbers in nests: pairs of float64 values. The functions (complex_math.c) do what runtime/ops/complex_math.c
 * does, operation by operation. */
#ifndef COMPILER_LOWER_COMPLEX_H
#define COMPILER_LOWER_COMPLEX_H

#include "compiler/lower/state.h"

/* Values of a nest: the parts of a number. */
typedef struct pair {
    int32_t re, im;
} pair;

int32_t pair_number(nest_builder *b, double value);
pair pair_product(nest_builder *b, pair x, pair y);
pair pair_quotient(nest_builder *b, pair x, pair y);
int32_t pair_magnitude(nest_builder *b, pair x);
/* The function that operator TYPE is; NULL: none of these. */
typedef pair (*pair_function)(nest_builder *b, pair x);
pair_function pair_function_find(const char *type);
pair pair_log(nest_builder *b, pair z);
pair pair_log1p(nest_builder *b, pair z);
pair pair_exp(nest_builder *b, pair z);

/* Prod of complex numbers. */
stepc_code lower_complex_prod(lower_context *l);

#endif
