/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_GOLDEN_GOLDEN_H
#define TESTS_GOLDEN_GOLDEN_H

#include "runtime/core/host.h"
#include "stepc/compiler.h"

#include <stdbool.h>

/* Prints; returns 1. ERROR may be NULL. */
int golden_fail(const char *what, const char *name, const stepc_error *error);
/* Takes the helpers out of DATA, in place; returns what is left. */
size_t golden_shorten(char *data, size_t size);
/* Holds FILE to the one of FOLDER, or writes that. Returns the number of failures. */
int golden_compare(const stepc_host *host, const char *folder, const stepc_file *file, bool update);
/* All FOLDER/graphs/NAME.pbtxt. */
int golden_graphs(const stepc_host *host, const char *folder, bool update);

#endif
