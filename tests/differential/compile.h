/* SPDX-License-Identifier: Apache-2.0 */
/* The random graph as compiled code in this process. */
#ifndef TESTS_DIFFERENTIAL_COMPILE_H
#define TESTS_DIFFERENTIAL_COMPILE_H

#include "stages.h"

stepc_code compile_and_run(experiment *e, bool exact, const char *cc, const char *cflags, const char *isa, stepc_tensor **out,
                           stepc_error *error);

#endif
