/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the table, by file. */
#ifndef TESTS_SESSION_TABLES_H
#define TESTS_SESSION_TABLES_H

#include "rows.h"

extern const row_list session_value_rows, session_graph_rows, session_life_rows, session_trace_rows; /* 6.1 */
extern const row_list partial_rows;                                                                  /* 6.2 */
extern const row_list direct_rows, direct_callable_rows;                                             /* 6.3 */

#endif
