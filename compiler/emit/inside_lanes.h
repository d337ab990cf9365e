/* SPDX-License-Identifier: Apache-2.0 */
/* How the values of one nest stand in lanes.
 *
 * When all have one width, a vector has as many lanes as fit. When widths meet, every vector has V_LANES lanes: values
 * of 8 and 16 bits stand, wrapped, in signed lanes of 32 bits; values of 64 bits are pairs of vectors (the w_ words of
 * the vocabulary); a truth value is a mask of 32 bits per lane. */
#ifndef COMPILER_EMIT_INSIDE_LANES_H
#define COMPILER_EMIT_INSIDE_LANES_H

#include "compiler/emit/inside_nest.h"

/* Sets lane_bits, is_wide and is_mixed by the widths that move along the vector axis. */
void lanes_choose(nest_text *n);
/* Whether value V is needed in lanes: anywhere, or in a strip's sums while they alone are asked about. */
bool lane_is_asked(const nest_text *n, int32_t v);
/* Whether values of DTYPE are pairs of vectors; short integers in lanes of 32 bits. */
bool lane_is_pair(const nest_text *n, stepc_dtype dtype);
bool lane_is_short(const nest_text *n, stepc_dtype dtype);
/* "f32", "i8", "m64": the type of a lane as the vocabulary has it. */
const char *lane_suffix(const nest_text *n, stepc_dtype dtype);
const char *lane_splat(nest_text *n, stepc_dtype dtype, const char *scalar);
/* NAME(ARGUMENTS), which is one of the vocabulary. */
const char *lane_call(nest_text *n, const char *name, const char *arguments);
/* v_WORD_SUFFIX of one or two values of DTYPE, for each half of a pair. */
const char *lane_word1(nest_text *n, stepc_dtype dtype, const char *word, const char *a);
const char *lane_word2(nest_text *n, stepc_dtype dtype, const char *word, const char *a, const char *b);
/* a SIGN b on values of DTYPE. */
const char *lane_infix(nest_text *n, stepc_dtype dtype, const char *a, const char *sign, const char *b);
/* EXPRESSION made a value of DTYPE again after C has made an int of it. */
const char *lane_fit(nest_text *n, stepc_dtype dtype, const char *expression);
/* The low bits of lanes of 32 bits that hold a short integer. */
const char *lane_wrap(nest_text *n, stepc_dtype dtype, const char *expression);

bool lane_cast_possible(const nest_text *n, stepc_dtype from, stepc_dtype to);
const char *lane_cast(nest_text *n, stepc_dtype from, stepc_dtype to, const char *a);

/* Whether elements of STORAGE, STEP apart (0: not known), become values of DTYPE, or come of them. */
bool lane_storage_possible(const nest_text *n, stepc_dtype storage, stepc_dtype dtype, int64_t step);
const char *lane_read(nest_text *n, int32_t v, int32_t r, int32_t j);
void lane_store(nest_text *n, const loop_write *w, int32_t r, int32_t j, int32_t depth);

#endif
