/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of implemented operators: one row per operator with its shape function, its
 * reference kernel and what a generator of test graphs must know. The schema comes from
 * the registry by name. Adding an operator: one row here, one in compiler/lower. */
#ifndef RUNTIME_OPS_ROW_H
#define RUNTIME_OPS_ROW_H

#include "runtime/core/dtype.h"
#include "runtime/core/tensor.h"
#include "runtime/graph/graph.h"
#include "runtime/ops/resource.h"
#include "runtime/ops/size.h"
#include "stepc/module.h"

/* ---- shape functions ------------------------------------------------------------------ */

/* What is known about one tensor before it exists. */
typedef struct infer_value {
    stepc_dtype dtype;            /* base dtype */
    int32_t rank;                 /* -1: unknown */
    size_ref *dims;               /* rank of them; SIZE_UNKNOWN where nothing is known */
    const stepc_tensor *constant; /* the whole value, where known */
    /* Elements of an integer tensor of rank 0 or 1 whose value is a size (shape arithmetic);
     * NULL when nothing is known; element_count of them, SIZE_UNKNOWN for single unknowns. */
    size_ref *elements;
    int64_t element_count;
} infer_value;

typedef struct infer_context {
    const stepc_host *host;
    arena *memory;
    size_pool *sizes;
    const stepc_operation *op;
    int32_t input_count, output_count;
    infer_value *const *inputs; /* borrowed */
    infer_value *outputs;       /* dtype set, rank -1, to be filled in */
    stepc_error *error;
} infer_context;

/* Fills in outputs. INVALID_ARGUMENT with TensorFlow's text for shapes that can never fit.
 * Not knowing is no error: leave rank -1 or SIZE_UNKNOWN. */
typedef stepc_code (*infer_fn)(infer_context *c);

/* ---- kernels --------------------------------------------------------------------------- */

/* The state that one operation keeps in one session over all its runs (random generators). */
typedef struct kernel_state {
    bool initialised;
    uint32_t words[8];
} kernel_state;

typedef struct kernel_context {
    const stepc_host *host;
    const stepc_operation *op;
    int32_t input_count, output_count;
    stepc_tensor *const *inputs;  /* borrowed values; for reference inputs the variable's value, NULL while uninitialised;
                                     for resource inputs NULL */
    variable *const *variables;   /* for reference and resource inputs, else NULL */
    stepc_tensor **outputs;       /* to be set; the kernel gives away one reference each */
    variable **output_variables;  /* to be set by kernels with reference or resource outputs, else left NULL */
    variable_store *store;        /* the session's variables */
    kernel_state *state;          /* of this operation in this session */
    uint64_t entropy;             /* for random operations whose seeds are both 0 */
    const stepc_parallel *parallel; /* helps with large outputs (kernel_spread); NULL: the caller's thread alone */
    stepc_error *error;
} kernel_context;

/* Computes all outputs. Obviously right, no tricks. On failure outputs set so far are released
 * by the caller; the caller appends " [[{{node NAME}}]]" to the message. */
typedef stepc_code (*kernel_fn)(kernel_context *k);

/* ---- rows ------------------------------------------------------------------------------- */

enum {
    OP_ALLOWS_UNINITIALISED = 1, /* takes a reference input that has no value yet (Assign) */
    OP_STATE = 2,                /* reads or writes state, or is random: never folded or merged */
    OP_COMMUTES = 4
};

/* How to make valid random inputs for an operator (tests/differential). */
typedef enum sample_form {
    SAMPLE_NONE,        /* never drawn: tests/differential/unsampled.c says why */
    SAMPLE_UNARY,       /* one tensor, any shape, same shape out */
    SAMPLE_BINARY,      /* two tensors that broadcast */
    SAMPLE_VARIADIC,    /* N tensors of one shape */
    SAMPLE_REDUCE,      /* tensor, constant axes, keep_dims */
    SAMPLE_REDUCE_ALL,  /* one tensor, a scalar out */
    SAMPLE_ARG,         /* tensor, constant axis scalar */
    SAMPLE_MATMUL, SAMPLE_BATCH_MATMUL, SAMPLE_BIAS, SAMPLE_BIAS_GRAD,
    SAMPLE_RESHAPE, SAMPLE_TRANSPOSE, SAMPLE_TILE, SAMPLE_FILL, SAMPLE_SHAPE, SAMPLE_CAST,
    SAMPLE_ROWS,        /* one matrix, row-wise (Softmax) */
    SAMPLE_ROWS_PAIR,   /* two matrices of one shape */
    SAMPLE_ROWS_LABELS, /* matrix and a vector of labels */
    SAMPLE_BATCH_NORM, SAMPLE_BATCH_NORM_GRAD,
    SAMPLE_SCAN,        /* tensor, constant axis scalar, exclusive, reverse */
    SAMPLE_GRADS,       /* two tensors of one shape */
    SAMPLE_SELECT,      /* a condition and two tensors; ClipByValue: a tensor and two limits */
    SAMPLE_FINITE,      /* one tensor without NaN and infinities */
    SAMPLE_MOVEMENT,    /* by the operator's name: tests/differential/generate_movement.c */
    SAMPLE_SCATTER,     /* by the operator's name: tests/differential/generate_scatter.c */
    SAMPLE_COMPLEX,     /* complex numbers: tests/differential/generate_complex.c */
    SAMPLE_SINGLE,      /* by the operator's name: tests/differential/generate_single.c */
    SAMPLE_BROADCAST_ARGS
} sample_form;

typedef struct op_row {
    const char *name;
    infer_fn infer;
    kernel_fn kernel;
    uint32_t flags;
    sample_form sample;
    double low, high; /* range of float inputs that keeps outputs finite; both 0: [-2, 2] */
} op_row;

typedef struct op_family {
    const op_row *rows;
    size_t count;
} op_family;

/* One file per family defines its array; row.c lists the families. */
extern const op_family ops_batch_norm, ops_elementwise, ops_identity, ops_movement, ops_reduction, ops_contraction, ops_normalization, ops_random,
    ops_scan, ops_segment, ops_variables, ops_training, ops_shape, ops_basic, ops_slice, ops_split, ops_join, ops_pad, ops_reverse, ops_reshape,
    ops_block, ops_sequence, ops_diagonal, ops_gather, ops_scatter, ops_order, ops_special, ops_search, ops_cross, ops_bands, ops_unique, ops_tally,
    ops_sparse_segment, ops_assert, ops_inplace, ops_layout, ops_fake_quant;

const op_row *op_row_find(stepc_string name); /* NULL: not implemented */
size_t op_row_count(void);
const op_row *op_row_at(size_t index); /* sorted by name */

/* ---- helpers for kernels and shape functions (kernel.c, infer.c) -------------------------- */

/* Allocates output INDEX. */
stepc_code kernel_output(kernel_context *k, int32_t index, stepc_dtype dtype, const int64_t *dims, int32_t rank,
                         stepc_tensor **out);
/* Calls BODY for [first, end) ranges that make up [0, count), in any order and, where WORK (operations on scalars, in all) is
 * worth it, in several threads: it may neither fail nor touch anything but its own part of the output. */
void kernel_spread(kernel_context *k, int64_t count, double work, void (*body)(void *argument, int64_t first, int64_t end),
                  void *argument);
/* Gives input INPUT on as output OUTPUT (one more reference). */
stepc_code kernel_forward(kernel_context *k, int32_t input, int32_t output);
/* Reads an int32 or int64 tensor of rank 0 or 1 (a shape, axes, multiples) into MEMORY the caller frees with
 * host_free(k->host, *out, *count * 8 bytes, at least 8). */
stepc_code kernel_integers(kernel_context *k, int32_t input, int64_t **out, int64_t *count);

/* Broadcasts two shapes by NumPy's rule; false when they do not fit. OUT holds max(rank) dims. */
bool broadcast_shapes(const int64_t *a, int32_t a_rank, const int64_t *b, int32_t b_rank, int64_t *out, int32_t *out_rank);

stepc_code infer_same(infer_context *c);        /* output 0 like input 0 (also Identity: constants and elements pass) */
stepc_code infer_broadcast(infer_context *c);   /* output 0 by broadcasting inputs 0 and 1 */
stepc_code infer_unknown(infer_context *c);     /* nothing is known */
stepc_code infer_scalar(infer_context *c);
/* Sets the output's rank and allocates dims (SIZE_UNKNOWN). */
stepc_code infer_set_rank(infer_context *c, int32_t output, int32_t rank);
/* The elements of an integer input of rank 0 or 1: from the constant, or the known sizes, or (where only the
 * length is known) that many SIZE_UNKNOWN. False when not even the length is known. *OUT lies in c->memory. */
bool infer_elements(infer_context *c, int32_t input, size_ref **out, int64_t *count);
/* Says that the value of OUTPUT, of RANK 0 or 1, is ELEMENTS (kept, not copied); sets its shape too. */
stepc_code infer_set_elements(infer_context *c, int32_t output, int32_t rank, size_ref *elements, int64_t count);
/* Elements of output 0 for integer arithmetic and casts, by the operation's type; the shape must be set.
 * infer_same and infer_broadcast call it. Sizes are taken to fit the dtype that holds them. */
stepc_code infer_arithmetic(infer_context *c);
/* One dimension of a broadcast of A and B; false when they never fit. */
bool infer_broadcast_dim(infer_context *c, size_ref a, size_ref b, size_ref *out);
/* "[2,?]" ("<unknown>" for an unknown rank), for messages. Returns BUFFER. */
const char *infer_shape_text(const infer_context *c, const infer_value *value, char *buffer, size_t size);
/* One dimension both of A and B: SIZE_UNKNOWN where nothing is known; false when they contradict. */
bool infer_merge(infer_context *c, size_ref a, size_ref b, size_ref *out);

#endif
