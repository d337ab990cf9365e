/* SPDX-License-Identifier: Apache-2.0 */
/* Short words for rows that know TensorFlow's C API and nothing else. */
#ifndef TESTS_SESSION_C_API_FIXTURE_H
#define TESTS_SESSION_C_API_FIXTURE_H

#include "rows.h"

#include <tensorflow/c/c_api.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The row's status. */
TF_Status *status(void);
#define OK(call)                                                                                                       \
    do {                                                                                                               \
        call;                                                                                                          \
        if (TF_GetCode(status()) != TF_OK)                                                                             \
            FAIL("%s: %d %s", #call, (int)TF_GetCode(status()), TF_Message(status()));                                 \
    } while (0)
/* TEXT: a part of the message. */
#define FAILS(code, text, call)                                                                                        \
    do {                                                                                                               \
        call;                                                                                                          \
        if (TF_GetCode(status()) != (code) || strstr(TF_Message(status()), text) == NULL)                              \
            FAIL("%s: %d %s", #call, (int)TF_GetCode(status()), TF_Message(status()));                                 \
    } while (0)

TF_Tensor *int32_tensor(const int64_t *dims, int rank, const int32_t *values);
TF_Tensor *int32_scalar(int32_t value);
int32_t int32_of(TF_Tensor *tensor); /* deletes it */

TF_Operation *placeholder(TF_Graph *g, const char *name);            /* of int32, of unknown rank */
TF_Operation *constant(TF_Graph *g, const char *name, TF_Tensor *value); /* deletes VALUE */
TF_Operation *add(TF_Graph *g, const char *name, TF_Operation *a, TF_Operation *b); /* AddN */
TF_Operation *negate(TF_Graph *g, const char *name, TF_Operation *a);

TF_Session *open_session(TF_Graph *g);
void close_session(TF_Session *s, TF_Graph *g);
/* FETCH:0, with INPUT:0 fed where it is not NULL. */
int32_t run_fetch(TF_Session *s, TF_Operation *input, int32_t value, TF_Operation *fetch);

/* Sees that the last call was refused for exactly the operators of the current row. */
void needs_operators(void);

#endif
