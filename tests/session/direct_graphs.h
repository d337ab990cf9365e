/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs of direct_session_test.cc. */
#ifndef TESTS_SESSION_DIRECT_GRAPHS_H
#define TESTS_SESSION_DIRECT_GRAPHS_H

#include "fixture.h"

/* A (2 x 2) and y = MatMul(A, x) on cpu:0; x = [1, 1] and y_neg = Neg(y) on cpu:1; z = Identity(y_neg). */
stepc_graph *minus_ax(const float *a);
stepc_session *two_cpus(stepc_graph *g);
/* first = 10 and second = 20, and first_id, second_id of them. */
stepc_graph *two_identities(void);

#endif
