/* SPDX-License-Identifier: Apache-2.0 */
/* The conformance program: runs folders of a corpus of TensorFlow graphs through the public
 * API and holds the results to the recorded ones. */
#ifndef TESTS_CONFORMANCE_CONFORMANCE_H
#define TESTS_CONFORMANCE_CONFORMANCE_H

#include "stepc/session.h"

#include <stdbool.h>

typedef enum verdict { PASS, PARTIAL, FOLDED, FAIL, UNSUPPORTED, ERROR, VERDICTS } verdict;
extern const char *const verdict_names[VERDICTS];

typedef struct settings {
    const char *corpus;
    const char *list, *mark; /* NULL: none */
    const char *engine;      /* "reference", "interpreted", "compiled", "jit" */
    const char *outputs;     /* NULL: nothing is written */
    const char *json;        /* NULL: none */
    const char *cache;       /* of compiled libraries */
    const char *cc;
    long jobs, timeout; /* seconds per case */
    bool keep_going;
} settings;

typedef struct outcome {
    verdict verdict;
    char detail[1200];
    char operators[8192]; /* that the fetches reach, separated by spaces */
} outcome;

/* Sets verdict and detail, and returns the verdict. */
verdict conclude(outcome *o, verdict result, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* One step of a case: names resolved, fed values read. */
typedef struct case_step {
    size_t feed_count, fetch_count, target_count;
    stepc_feed *feeds;
    stepc_tensor **feed_tensors;
    const char **feed_names;
    stepc_fetch *fetches;
    const char **fetch_names;
    char **owned_names; /* those of fetch_names that no file spells */
    const stepc_operation **targets;
    const char **target_names;
    const char *init; /* operation that a compiled step's state is initialised by; NULL: none */
} case_step;

/* Runs one case in this process. PATH of the corpus is in OPTIONS. */
void run_case(const settings *options, const char *folder, const char *name, outcome *o);

/* Compiles STEP to C, the C to a library, loads and calls it; fills the fetches' out.
 * Leaves O alone unless the verdict is known (unsupported, folded, partial); a note about
 * what ran goes to NOTE. */
stepc_code compiled_case(const settings *options, stepc_graph *graph, const stepc_host *host, case_step *step,
                         outcome *o, char *note, size_t note_size, stepc_error *error);

/* The same by a session that was opened with the JIT of jit_open: it compiles the step and keeps the state. */
stepc_code jit_open(const settings *options, const stepc_host *host, const stepc_jit **out, stepc_error *error);
void jit_close(const stepc_jit *jit);
stepc_code jit_case(stepc_session *session, stepc_graph *graph, const stepc_host *host, case_step *step, outcome *o,
                    char *note, size_t note_size, stepc_error *error);

/* Holds GOT to WANT by the corpus's rule; DETAIL names the worst element when it fails. */
bool judge(const stepc_view *got, const stepc_view *want, char *detail, size_t size);
/* The NumPy type of a dtype, "" where there is none. */
const char *numpy_descr(int32_t dtype);

/* ---- walks over a graph ------------------------------------------------------------------ */

/* A set of operations in the order in which they were added. */
typedef struct operation_set {
    const stepc_operation **items;
    size_t count, capacity;
    size_t *table; /* index + 1, open addressing */
    size_t table_size;
} operation_set;

bool set_has(const operation_set *set, const stepc_operation *op);
bool set_add(operation_set *set, const stepc_operation *op); /* false when it was there */
void set_free(operation_set *set);

/* Adds to SET what ROOTS reach against the data edges, roots included. FOLLOW says whether
 * the walk goes on through input INDEX of OP. */
typedef bool (*follow_fn)(void *context, const stepc_operation *op, int32_t index);
void walk_inputs(operation_set *set, follow_fn follow, void *context);

#endif
