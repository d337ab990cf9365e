/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of a step, for the rows that read and update them. */
#ifndef COMPILER_LOWER_VARIABLES_H
#define COMPILER_LOWER_VARIABLES_H

#include "compiler/lower/state.h"

/* The variable behind a reference or a handle. VALUE says its shape where the declaration does not. */
stepc_code lower_find_variable(lower_context *l, stepc_output at, const infer_value *value, lower_variable **out);
/* Sets the flag of a variable that a statement has just written. */
stepc_code lower_mark_assigned(lower_context *l, lower_variable *v);

#endif
