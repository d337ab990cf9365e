/* SPDX-License-Identifier: 0BSD */
/* Made by stepc. Module exact_mean, ISA profile generic, exact. */
#ifndef STEPC_GENERATED_EXACT_MEAN_H
#define STEPC_GENERATED_EXACT_MEAN_H

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

#define EXACT_MEAN_STATE_BYTES 0u
#define EXACT_MEAN_WEIGHTS_BYTES 0u
/* Sets the initial state. Once before the first step. */
int32_t exact_mean_init(const stepc_env *env);

#define EXACT_MEAN_ARENA_BYTES 0u
#define EXACT_MEAN_STACK_BYTES 2816u
/* The longest chain of additions, or multiplications, of a float sum or product. */
#define EXACT_MEAN_SUM_CHAIN 0u
#define EXACT_MEAN_SIGNATURE UINT32_C(0x95e24dd6) /* changes only with names, order, dtypes and shapes */

typedef struct {
    const float *x; /* float32[n,13] x:0 */
    int64_t n; /* a size */
} exact_mean_feeds;

typedef struct {
    float *y; /* float32[n] y:0 */
} exact_mean_fetches;

/* Exact: the bits of stepc's reference engine, on every target. */
/* One step: 0, or TensorFlow's number of an error. Re-entrant per env. No fetch may overlap a feed. */
int32_t exact_mean(const exact_mean_feeds *feeds, exact_mean_fetches *fetches, const stepc_env *env);
/* The arena that a call with these sizes needs. */
int32_t exact_mean_arena_for(const exact_mean_feeds *feeds, uint64_t *out_bytes);
extern const unsigned char exact_mean_signature_95e24dd6; /* not there when another signature was linked */

/* For stepc sessions: include stepc/module.h first. */
#ifdef STEPC_MODULE_H
const stepc_module *exact_mean_module(void);
#endif

#ifdef __cplusplus
}
#endif
#endif
