/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that stepc's own functions answer. c_api_rows.c has those of TensorFlow's C API. */
#include "tables.h"

int main(int argc, char **argv)
{
    const row_list *const lists[] = {&session_value_rows, &session_graph_rows, &session_life_rows,   &session_trace_rows,
                                     &partial_rows,       &direct_rows,        &direct_callable_rows};
    return rows_main(argc, argv, lists, sizeof lists / sizeof *lists);
}
