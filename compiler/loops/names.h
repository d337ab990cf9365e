/* SPDX-License-Identifier: Apache-2.0 */
/* Words of the text form, for printing and parsing alike. */
#ifndef COMPILER_LOOPS_NAMES_H
#define COMPILER_LOOPS_NAMES_H

#include "compiler/loops/loops.h"

/* "f32", "i64", "bool", "f16", "bf16", "c64", "qi8", ...; "?" and INVALID when unknown. */
const char *loop_dtype_name(stepc_dtype dtype);
stepc_dtype loop_dtype_find(stepc_string word);

/* Words of an enum in its order; COUNT when unknown. */
#define BUFFER_KIND_COUNT 6
#define ACC_KIND_COUNT 8
#define CALL_KIND_COUNT 4
extern const char *const buffer_kind_names[BUFFER_KIND_COUNT];
extern const char *const acc_kind_names[ACC_KIND_COUNT];
extern const char *const call_kind_names[CALL_KIND_COUNT];
int32_t name_find(const char *const *names, int32_t count, stepc_string word);

/* Weights up to this many bytes are written out. */
#define TEXT_WEIGHT_BYTES 256

#endif
