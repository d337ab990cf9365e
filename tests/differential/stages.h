/* SPDX-License-Identifier: Apache-2.0 */
/* One random graph with its feeds and the reference engine's answers, and the evaluator at each stage. */
#ifndef TESTS_DIFFERENTIAL_STAGES_H
#define TESTS_DIFFERENTIAL_STAGES_H

#include "generate.h"
#include "reach.h"

#include "compiler/loops/loops.h"
#include "stepc/compiler.h"
#include "stepc/session.h"

#define EXPERIMENT_FETCHES GENERATE_TENSORS

enum { STAGE_LOWER, STAGE_FUSE, STAGE_SCHEDULE, STAGE_COUNT };

typedef struct experiment {
    stepc_host host;
    stepc_graph *graph;
    stepc_tensor *feeds[GENERATE_TENSORS];
    stepc_view views[GENERATE_TENSORS];
    stepc_feed_spec feed_specs[GENERATE_TENSORS];
    stepc_fetch_spec fetch_specs[GENERATE_TENSORS];
    const char *fetch_names[EXPERIMENT_FETCHES];
    size_t feed_count, fetch_count;
    stepc_tensor *expected[EXPERIMENT_FETCHES];
    stepc_callable_spec spec;
    bool symbolic, is_refused;
    const text *nodes; /* the graph, of the generator */
    const isa_profile *isa;
    int64_t parts; /* nests that the last program was cut into at the boundaries of what they read */
    int64_t chain;     /* the longest chain of additions that the last compiled step's header states; 0: none */
} experiment;

/* Parses the graph, draws feeds, runs the reference engine. experiment_end even after a failure. */
stepc_code experiment_begin(experiment *e, generated_graph *g, const char *isa, stepc_error *error);
void experiment_end(experiment *e);
const char *stage_name(int stage);
/* Gives USE the program as it is after STAGE, and the values of its symbols. */
typedef stepc_code (*stage_use)(experiment *e, const loop_program *p, const int64_t *symbols, size_t symbol_count, void *data,
                                stepc_error *error);
stepc_code stage_visit(experiment *e, int stage, bool exact, stage_use use, void *data, stepc_error *error);
/* Runs the evaluator on the program as it is after STAGE. OUT holds fetch_count new tensors. */
stepc_code stage_evaluate(experiment *e, int stage, bool exact, stepc_tensor **out, int64_t *groups_by_size, reach_counts *reach,
                          stepc_error *error);
/* Counts what a module compiled of it does. */
stepc_code stage_reach(experiment *e, bool exact, reach_counts *reach, stepc_error *error);
#endif
