/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module argmax_columns, ISA profile generic. */
#ifndef STEPC_GENERATED_ARGMAX_COLUMNS_H
#define STEPC_GENERATED_ARGMAX_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#ifndef STEPC_ABI_1
#define STEPC_ABI_1

/* Where a step failed. Filled before the step returns a code other than 0. */
typedef struct stepc_fault {
    int32_t code;            /* TensorFlow's number, e.g. 3 INVALID_ARGUMENT */
    int32_t check;           /* number of the check in the generated file */
    const char *operation;   /* the operation's type and place, static storage */
    const char *message;     /* static storage */
} stepc_fault;

/* A caller's thread pool. run calls body(argument, i) for every i in [0, count), in any
 * order and in parallel, and returns when all are done. */
typedef struct stepc_parallel {
    void *context;
    void (*run)(void *context, int64_t count, void (*body)(void *argument, int64_t index), void *argument);
} stepc_parallel;

/* What a step needs besides feeds and fetches. Unused members may be NULL.
 * arena: scratch, aligned 64, at least *_ARENA_BYTES; contents need not survive.
 * state: variables, aligned 64, *_STATE_BYTES, initialised by *_init.
 * weights: the weights image, aligned 64; NULL when weights are in the object. */
typedef struct stepc_env {
    uint32_t size; /* sizeof(stepc_env) */
    void *arena;
    size_t arena_bytes;
    void *state;
    const void *weights;
    const stepc_parallel *parallel;
    stepc_fault *fault;
} stepc_env;
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define ARGMAX_COLUMNS_STATE_BYTES 0u
#define ARGMAX_COLUMNS_WEIGHTS_BYTES 0u
/* Sets the initial state. Once before the first step. */
int32_t argmax_columns_init(const stepc_env *env);

#define ARGMAX_COLUMNS_ARENA_BYTES 0u
#define ARGMAX_COLUMNS_STACK_BYTES 13056u
/* The longest chain of additions, or multiplications, of a float sum or product. */
#define ARGMAX_COLUMNS_SUM_CHAIN 0u
#define ARGMAX_COLUMNS_SIGNATURE UINT32_C(0x5602c17c) /* changes only with names, order, dtypes and shapes */

typedef struct {
    const float *x; /* float32[50,3000] x:0 */
} argmax_columns_feeds;

typedef struct {
    int64_t *y; /* int64[3000] y:0 */
} argmax_columns_fetches;

/* Accuracy, operation by operation. Moves, integers, comparisons, extremes, remainders and roundings to integers
 * are exact. + - * /, square roots and casts round once, as IEEE 754 says. The elementary functions (exp, log, pow, erf,
 * sin, tanh, sigmoid, softplus, ...) are within 2 ULP (float64 lgamma and digamma near their zeros: or 2^-59), their zeros and
 * special values those of C. A sum of n terms x, in any order and with a * b + c rounded once or twice,
 * is within n * epsilon * sum |x|; a product of n factors is within n * epsilon * |product|; both unless a partial
 * result over- or underflows. Operators made of several such steps (Elu, Mean, Softmax, batch normalisation,
 * gradients, ...) have the errors of their steps, rounded in between or not. half and bfloat16 are computed as float32
 * and rounded after each operation. Zeros from Relu, Maximum and sums may have either sign. */
/* One step: 0, or TensorFlow's number of an error. Re-entrant per env. No fetch may overlap a feed. */
int32_t argmax_columns(const argmax_columns_feeds *feeds, argmax_columns_fetches *fetches, const stepc_env *env);
extern const unsigned char argmax_columns_signature_5602c17c; /* not there when another signature was linked */

/* For stepc sessions: include stepc/module.h first. */
#ifdef STEPC_MODULE_H
const stepc_module *argmax_columns_module(void);
#endif

#ifdef __cplusplus
}
#endif
#endif
