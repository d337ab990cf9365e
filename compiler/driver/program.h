/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that are run: their words, no shell. */
#ifndef COMPILER_DRIVER_PROGRAM_H
#define COMPILER_DRIVER_PROGRAM_H

#include "runtime/core/arena.h"
#include "runtime/core/error.h"

#include <stdbool.h>

#define PROGRAM_WORDS 64

typedef struct program {
    char *words[PROGRAM_WORDS + 1];
    size_t count;
    bool too_many; /* a word or memory was lacking: it cannot be run */
    arena memory;
} program;

void program_init(program *c);
void program_release(program *c);
/* One word: A, B and D put together. */
void program_add(program *c, const char *a, const char *b, const char *d);
/* The words of TEXT (NULL: none), apart at white space; quotes keep words together. */
void program_add_words(program *c, const char *words);

/* The file that NAME means, as an absolute path: looked for in PATH when it has no slash (places of PATH that are not
 * absolute do not count). UNAVAILABLE when there is none, or it is not executable. */
stepc_code program_find(const char *name, char *path, size_t size, stepc_error *error);

/* How to run it. Sealed: the first word is an absolute path, the program gets no variables that redirect compilers
 * and loaders, FOLDER for its temporary files, English messages, a process group of its own, and TIMEOUT_MS (0: ten
 * minutes), after which the group is killed. */
typedef struct program_rules {
    const char *folder; /* messages go to its file cc.log */
    bool sealed;
    int64_t timeout_ms;
} program_rules;

/* UNAVAILABLE when the program cannot be run, DEADLINE_EXCEEDED, INTERNAL with its first message when it fails; WHAT says
 * what it refuses then ("the generated text"). */
stepc_code program_run(program *c, const program_rules *rules, const char *what, stepc_error *error);

#endif
