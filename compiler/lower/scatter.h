/* SPDX-License-Identifier: Apache-2.0 */
/* Nests that write where a tensor names a place: one update after the other, each combined with what the place holds. */
#ifndef COMPILER_LOWER_SCATTER_H
#define COMPILER_LOWER_SCATTER_H

#include "compiler/lower/move.h"

typedef enum scatter_rule { SCATTER_SET, SCATTER_ADD, SCATTER_SUB, SCATTER_MUL, SCATTER_MAX, SCATTER_MIN } scatter_rule;

/* Which indices count; the updates of others are left out. */
typedef enum scatter_keep { SCATTER_ALL, SCATTER_NOT_NEGATIVE, SCATTER_BELOW } scatter_keep;

typedef struct scatter {
    int32_t to;      /* a root: the dimensions that indices name, then those of a row */
    int32_t updates; /* a dimension for each of the indices' rows, then those of a row; -1: ones, and the row is an element */
    int32_t indices;
    int32_t outer;      /* how many dimensions of indices count rows */
    int64_t width;      /* how many dimensions of TO a row of indices names */
    bool has_columns;   /* they stand in the last dimension of the indices; else their elements are the index */
    scatter_rule rule;
    scatter_keep keep;
    stepc_dtype dtype; /* each step is rounded to what it keeps; values are of TO's type */
} scatter;

/* The statement; the indices that count have been checked and what the places hold has been written. */
stepc_code lower_scatter_nest(lower_context *l, const scatter *s);
/* What no update of RULE changes: a value of a buffer of DTYPE. The
 * least (greatest) value is the least finite one of dtype FINITE, or infinite when that is STEPC_DTYPE_INVALID. */
int32_t lower_scatter_start(nest_builder *b, scatter_rule rule, stepc_dtype dtype, stepc_dtype finite);
/* A check that the labels in vector INPUT do not fall; a known vector that does not needs no statement. */
stepc_code lower_check_order(lower_context *l, int32_t input);
/* All elements of BUFFER become that. */
stepc_code lower_scatter_fill(lower_context *l, int32_t buffer, scatter_rule rule, stepc_dtype finite);
/* A check that all elements of INDICES, of any rank, are at least 0 (unless MAY_BE_NEGATIVE) and below DIM. */
stepc_code lower_scatter_check(lower_context *l, int32_t input, size_ref dim, bool may_be_negative, const char *what);

#endif
