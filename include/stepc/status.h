/* SPDX-License-Identifier: 0BSD */
/* Status codes and the error record that every fallible function fills. */
#ifndef STEPC_STATUS_H
#define STEPC_STATUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One list feeds the enum and the texts. Numbers are TensorFlow's (TF_Code).
 * clang-format off */
#define STEPC_CODE_LIST(X)                                    \
    X(OK,                   0, "OK")                          \
    X(CANCELLED,            1, "CANCELLED")                   \
    X(UNKNOWN,              2, "UNKNOWN")                     \
    X(INVALID_ARGUMENT,     3, "INVALID_ARGUMENT")            \
    X(DEADLINE_EXCEEDED,    4, "DEADLINE_EXCEEDED")           \
    X(NOT_FOUND,            5, "NOT_FOUND")                   \
    X(ALREADY_EXISTS,       6, "ALREADY_EXISTS")              \
    X(PERMISSION_DENIED,    7, "PERMISSION_DENIED")           \
    X(RESOURCE_EXHAUSTED,   8, "RESOURCE_EXHAUSTED")          \
    X(FAILED_PRECONDITION,  9, "FAILED_PRECONDITION")         \
    X(ABORTED,             10, "ABORTED")                     \
    X(OUT_OF_RANGE,        11, "OUT_OF_RANGE")                \
    X(UNIMPLEMENTED,       12, "UNIMPLEMENTED")               \
    X(INTERNAL,            13, "INTERNAL")                    \
    X(UNAVAILABLE,         14, "UNAVAILABLE")                 \
    X(DATA_LOSS,           15, "DATA_LOSS")
/* clang-format on */

#define STEPC_CODE_ENUM(name, number, text) STEPC_##name = (number),
typedef enum stepc_code { STEPC_CODE_LIST(STEPC_CODE_ENUM) } stepc_code;
#undef STEPC_CODE_ENUM

/* An error: code, what, where (file and byte offset, node, operator, attribute) and the
 * mend. Reusable; filling it allocates nothing. Every function that takes one accepts
 * NULL. One error may not be filled from two threads at once. */
typedef struct stepc_error stepc_error;

/* Returns a new, empty error, or NULL when out of memory. Free with stepc_error_free. */
stepc_error *stepc_error_new(void);
void stepc_error_free(stepc_error *error);
void stepc_error_clear(stepc_error *error);

/* Getters. Texts are never NULL ("" where absent), borrowed until the next fill.
 * message: what, without where. offset: byte offset in file, -1 where unknown. */
stepc_code stepc_error_code(const stepc_error *error);
const char *stepc_error_message(const stepc_error *error);
const char *stepc_error_file(const stepc_error *error);
int64_t stepc_error_offset(const stepc_error *error);
const char *stepc_error_node(const stepc_error *error);
const char *stepc_error_operator(const stepc_error *error);
const char *stepc_error_attribute(const stepc_error *error);
const char *stepc_error_mend(const stepc_error *error);

/* Writes "CODE: where: what (mend)" as one escaped line (bytes 0x20-0x7E, at most SIZE-1
 * of them, NUL-terminated) and returns the length it wrote. */
size_t stepc_error_format(const stepc_error *error, char *text, size_t size);

/* "INVALID_ARGUMENT" and so on; "UNKNOWN" for a number outside the list. */
const char *stepc_code_name(stepc_code code);

#ifdef __cplusplus
}
#endif
#endif
