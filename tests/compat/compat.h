/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and small makers for programs that know TensorFlow's C API and nothing else. */
#ifndef TESTS_COMPAT_COMPAT_H
#define TESTS_COMPAT_COMPAT_H

#include <tensorflow/c/c_api.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int failures;

#define CHECK(condition)                                           \
    do {                                                           \
        if (!(condition)) {                                        \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            failures++;                                            \
        }                                                          \
    } while (0)

#define CHECK_TEXT(got, want)                                                                                       \
    do {                                                                                                            \
        const char *got_ = (got), *want_ = (want);                                                                  \
        if (got_ == NULL || strcmp(got_, want_) != 0) {                                                             \
            printf("%s:%d: \"%s\" instead of \"%s\"\n", __FILE__, __LINE__, got_ != NULL ? got_ : "(null)", want_); \
            failures++;                                                                                             \
        }                                                                                                           \
    } while (0)

#define CHECK_STATUS(status, code, text)                                                                   \
    do {                                                                                                   \
        if (TF_GetCode(status) != (code) || strcmp(TF_Message(status), text) != 0) {                       \
            printf("%s:%d: %d \"%s\" instead of %d \"%s\"\n", __FILE__, __LINE__, (int)TF_GetCode(status), \
                   TF_Message(status), (int)(code), text);                                                 \
            failures++;                                                                                    \
        }                                                                                                  \
    } while (0)

#define CHECK_OK(status) CHECK_STATUS(status, TF_OK, "")

/* A tensor with a copy of DATA. */
TF_Tensor *tensor_of(TF_DataType dtype, const int64_t *dims, int rank, const void *data, size_t bytes);
TF_Tensor *scalar_i32(int32_t value);
int32_t value_i32(const TF_Tensor *tensor);

/* Operations; NULL after an error, which STATUS tells. */
TF_Operation *placeholder(TF_Graph *graph, TF_DataType dtype, const char *name, TF_Status *status);
TF_Operation *constant(TF_Graph *graph, TF_Tensor *value, const char *name, TF_Status *status); /* takes VALUE */
TF_Operation *constant_i32(TF_Graph *graph, int32_t value, const char *name, TF_Status *status);
TF_Operation *unary(TF_Graph *graph, const char *type, TF_Operation *x, const char *name, TF_Status *status);
TF_Operation *binary(TF_Graph *graph, const char *type, TF_Operation *x, TF_Operation *y, const char *name,
                     TF_Status *status);
TF_Operation *addn(TF_Graph *graph, TF_Operation *x, TF_Operation *y, const char *name, TF_Status *status);

/* The parts of test_c_api.c. */
void test_values(void);   /* test_values.c: versions, types, statuses, buffers, tensors, strings */
void test_graphs(void);   /* test_graphs.c: building, asking, importing */
void test_sessions(void); /* test_sessions.c: running */

#endif
