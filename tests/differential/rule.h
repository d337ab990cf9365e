/* SPDX-License-Identifier: Apache-2.0 */
/* The rule of the default mode that is stricter than the header's statement: of every float32 element that a compiled step
 * gives, the error against the same graph in float64 is at most 4 times the reference engine's plus 8 ULP, plus what the
 * schedule's longest chain of additions may lose. It holds where nothing amplifies: an enclosure that is wide without its
 * sums says that something does, and remains the only judge there. */
#ifndef TESTS_DIFFERENTIAL_RULE_H
#define TESTS_DIFFERENTIAL_RULE_H

#include "bounds.h"
#include "stages.h"

typedef struct rule_counts {
    int64_t graphs, refused; /* asked, and where some operator has no float64 */
    int64_t elements, judged, summed, broken;
    double used; /* the greatest part of what is allowed */
} rule_counts;

/* BOUNDS with the schedule's chain. Prints what breaks the rule; false when something does. */
bool rule_judge(const experiment *e, stepc_tensor *const *have, const bound_tensor *bounds, unsigned long long seed,
                rule_counts *counts);
/* The longest chain of additions that the header of a product states; 0 where it states none. */
int64_t rule_chain(const char *header, size_t bytes);

#endif
