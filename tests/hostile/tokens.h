/* SPDX-License-Identifier: Apache-2.0 */
/* Is this text something that stepc may emit? Written apart from the emitter: it knows what C looks like and what
 * the promises are, and shares no code with what it judges. */
#ifndef TESTS_HOSTILE_TOKENS_H
#define TESTS_HOSTILE_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#define TOKENS_NAMES 8192

/* What was learned from one text and holds for the next: functions and macros that may be called. */
typedef struct token_names {
    char *names[TOKENS_NAMES];
    size_t count;
} token_names;

/* Prints every violation; true when there was none. Give the header first, then the C text, with the same NAMES. */
bool tokens_check(const char *label, const char *text, size_t size, token_names *names);
void tokens_release(token_names *names);

#endif
