/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs, sessions and steps in few words, for the rows. Whatever goes wrong ends the row. */
#ifndef TESTS_SESSION_FIXTURE_H
#define TESTS_SESSION_FIXTURE_H

#include "rows.h"

#include "runtime/core/error.h"
#include "stepc/session.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The last error of this thread. */
stepc_error *problem(void);

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        stepc_code code_ = (call);                                                                                     \
        if (code_ != STEPC_OK)                                                                                         \
            FAIL("%s: %s: %s", #call, stepc_code_name(code_), stepc_error_message(problem()));                         \
    } while (0)
/* TEXT is the whole message; MUST_FAIL_WITH: a part of it. */
#define MUST_FAIL(code, text, call) check_failure(__FILE__, __LINE__, (call), (code), (text), true)
#define MUST_FAIL_WITH(code, text, call) check_failure(__FILE__, __LINE__, (call), (code), (text), false)
void check_failure(const char *file, int line, stepc_code got, stepc_code code, const char *text, bool whole);

/* ---- values ------------------------------------------------------------------------------------------ */

/* For the parameters DIMS, RANK. */
#define DIMS(...) (const int64_t[]){__VA_ARGS__}, (int32_t)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
#define SCALAR NULL, 0

stepc_view view_of(stepc_dtype dtype, const int64_t *dims, int32_t rank, void *data);
#define FLOATS(data, ...) view_of(STEPC_FLOAT32, DIMS(__VA_ARGS__), data)
#define FLOAT(value) view_of(STEPC_FLOAT32, SCALAR, (float[]){value})
#define INT32(value) view_of(STEPC_INT32, SCALAR, (int32_t[]){value})

/* TENSOR holds the elements of VALUE, in its dtype and shape, bit by bit. Releases TENSOR. */
#define CHECK_TENSOR(tensor, value) check_tensor(__FILE__, __LINE__, (tensor), (value))
void check_tensor(const char *file, int line, stepc_tensor *tensor, stepc_view value);

/* ---- graphs ------------------------------------------------------------------------------------------ */

stepc_graph *graph_of(const char *text); /* a GraphDef as text */
stepc_graph *graph_empty(void);
stepc_output constant(stepc_graph *g, const char *name, stepc_view value);
stepc_output constant_on(stepc_graph *g, const char *name, stepc_view value, const char *device);
stepc_output fill(stepc_graph *g, const char *name, float value, const int64_t *dims, int32_t rank); /* a constant */
stepc_output placeholder(stepc_graph *g, const char *name, stepc_dtype dtype); /* of unknown rank */
/* One output; attribute T is the first input's dtype. */
stepc_output unary(stepc_graph *g, const char *type, const char *name, stepc_output a);
stepc_output unary_on(stepc_graph *g, const char *type, const char *name, stepc_output a, const char *device);
stepc_output binary(stepc_graph *g, const char *type, const char *name, stepc_output a, stepc_output b);
/* A VariableV2 and its initializer NAME/Assign. */
stepc_output variable(stepc_graph *g, const char *name, stepc_output initial);
const stepc_operation *no_op(stepc_graph *g, const char *name, const stepc_operation *const *controls, size_t count);
stepc_output output_of(stepc_graph *g, const char *name); /* "op:i" or "op" */
const stepc_operation *operation_of(stepc_graph *g, const char *name);

/* ---- sessions, steps --------------------------------------------------------------------------------- */

stepc_session *open_session(stepc_graph *g);
/* With a serialised ConfigProto. */
stepc_session *open_config(stepc_graph *g, const void *config, size_t bytes);
#define CONFIG(...) (const unsigned char[]){__VA_ARGS__}, sizeof((const unsigned char[]){__VA_ARGS__})

/* Texts until NULL. */
#define NAMES(...) (const char *const[]){__VA_ARGS__, NULL}
#define NONE (const char *const[]){NULL}
typedef struct shot { /* one step, by names */
    stepc_session *session;
    stepc_named_feed feeds[8];
    size_t feed_count;
    const stepc_run_options *options;
    stepc_tensor *out[16];
} shot;
void feed(shot *s, const char *name, stepc_view value);
stepc_code shoot(shot *s, const char *const *fetches, const char *const *targets);
/* One fetch, no feed; one target. */
stepc_tensor *fetch(stepc_session *s, const char *name);
stepc_tensor *fetch_fed(stepc_session *s, const char *name, const char *fed, stepc_view value);
void run_target(stepc_session *s, const char *name);
stepc_code try_fetch(stepc_session *s, const char *name);
stepc_code try_fetch_with(stepc_session *s, const char *name, const stepc_run_options *options);
float scalar(stepc_tensor *tensor); /* releases it */

/* Sees that GOT is the refusal of exactly the operators of the current row. */
void needs_operators(stepc_code got);

/* ---- threads ----------------------------------------------------------------------------------------- */

/* COUNT threads run BODY with ARGUMENT and their number; all have ended on return. */
void parallel(int count, void (*body)(void *argument, int number), void *argument);

/* ---- serialised messages ----------------------------------------------------------------------------- */

/* How often field NUMBER stands in the message; the NTH one that is length-delimited. */
size_t wire_count(const void *data, size_t bytes, unsigned number);
bool wire_find(const void *data, size_t bytes, unsigned number, size_t nth, const void **out, size_t *out_bytes);

#endif
