/* SPDX-License-Identifier: 0BSD */
/* Filling errors. Each setter accepts a NULL error; only error_set and its kin change the code. */
#ifndef RUNTIME_CORE_ERROR_H
#define RUNTIME_CORE_ERROR_H

#include "stepc/status.h"

#include <stdarg.h>

#define ERROR_MESSAGE_BYTES 1024

struct stepc_error {
    stepc_code code;
    int64_t offset;
    char message[ERROR_MESSAGE_BYTES];
    char file[256];
    char node[160];
    char operator_type[80];
    char attribute[80];
    char mend[256];
};

#if defined(__GNUC__)
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#else
#define PRINTF_LIKE(text, first)
#endif

/* Empties a record that lies in the caller's own memory. */
void error_init(stepc_error *error);
/* ERROR emptied, or SCRATCH emptied where the caller of a public function wants no record: the chained
 * functions below take the code from the record. */
stepc_error *error_or(stepc_error *error, stepc_error *scratch);
/* Sets code and message, forgets any earlier place and mend, and returns CODE. */
stepc_code error_set(stepc_error *error, stepc_code code, const char *format, ...) PRINTF_LIKE(3, 4);
stepc_code error_set_v(stepc_error *error, stepc_code code, const char *format, va_list arguments) PRINTF_LIKE(3, 0);
/* RESOURCE_EXHAUSTED "out of memory while WHAT". */
stepc_code error_out_of_memory(stepc_error *error, const char *what);
/* RESOURCE_EXHAUSTED naming LIMIT (a field of stepc_limits) and how to raise it. */
stepc_code error_limit(stepc_error *error, const char *limit, int64_t value, int64_t asked);
/* Adds where, if not yet set: each returns the error's code, so that it can be chained
 * (STEPC_UNKNOWN when ERROR is NULL: return the code itself where it matters). */
stepc_code error_at_file(stepc_error *error, const char *file, int64_t offset);
stepc_code error_at_node(stepc_error *error, const char *node, const char *operator_type, const char *attribute);
stepc_code error_mend(stepc_error *error, const char *format, ...) PRINTF_LIKE(2, 3);
/* Appends text to the message, e.g. " [[{{node x}}]]". */
void error_append(stepc_error *error, const char *format, ...) PRINTF_LIKE(2, 3);
void error_copy(stepc_error *to, const stepc_error *from);

#endif
