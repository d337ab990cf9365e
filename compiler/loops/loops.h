/* SPDX-License-Identifier: Apache-2.0 */
/* The loop IR. A program is a list of statements over buffers: dense computation is nests,
 * what is not a nest is a call to a bounded routine, and groups say which neighbouring nests
 * run together, tile by tile. docs/loop-ir.md describes the text form and the semantics. */
#ifndef COMPILER_LOOPS_LOOPS_H
#define COMPILER_LOOPS_LOOPS_H

#include "runtime/core/arena.h"
#include "runtime/core/text.h"
#include "runtime/graph/graph.h"
#include "runtime/ops/size.h"
#include "stepc/tensor.h"

/* ---- buffers ---------------------------------------------------------------------------- */

typedef enum buffer_kind {
    BUFFER_FEED,   /* slot: number of the feed */
    BUFFER_FETCH,  /* slot: number of the fetch; written only (and read back only by later statements) */
    BUFFER_WEIGHT, /* data: the elements, in host order */
    BUFFER_STATE,  /* slot: number of the variable in the module's state block */
    BUFFER_ARENA,  /* an intermediate in main memory */
    BUFFER_LOCAL   /* lives inside one group only: holds the current tile */
} buffer_kind;

/* A buffer, or a view of one. The logical shape is extents; element (i0, i1, ..) lies at
 * offset + sum(strides[k] * ik), in elements of the root. Views (root != own index) have
 * their root's dtype and no memory. A LOCAL buffer has full logical extents, but memory
 * only for one tile of its group: its address along shared axis k counts from the tile's start.
 * Elements: complex64 and complex128 are buffers of two reals (a trailing extent 2);
 * half and bfloat16 are storage types: values are float32. Strings never come here. */
typedef struct loop_buffer {
    const char *hint; /* [A-Za-z0-9_]{1,24}, for names in C */
    stepc_dtype dtype;
    buffer_kind kind;
    int32_t rank;
    const size_ref *extents;
    const size_ref *strides;
    size_ref offset;
    int32_t root; /* index of the root; its own index when it is one */
    int32_t slot;
    const void *data; /* BUFFER_WEIGHT; element count is the product of extents */
    int32_t panel;     /* BUFFER_WEIGHT: > 0: the module holds it in panels of so many indices of panel_dim (panel.c) */
    int32_t panel_dim;
    int32_t group;    /* BUFFER_LOCAL: id of its group; -1 otherwise */
    const char *tensor; /* "dense/BiasAdd:0" for comments and reports; may be NULL */
} loop_buffer;

/* ---- nests ------------------------------------------------------------------------------- */

typedef enum axis_kind { AXIS_SPACE, AXIS_REDUCE } axis_kind;

typedef struct loop_axis {
    size_ref extent;
    axis_kind kind;
} loop_axis;

/* Operations on values. Float operations round to their dtype after each operation; nothing
 * is contracted. Integers wrap. dtype of a value is one of: float32, float64, int8..int64,
 * uint8..uint64, bool. clang-format off */
#define LOOP_OP_LIST(X)                                                                              \
    X(READ,      "read",    0) /* element of a buffer; half and bfloat16 arrive as float32 */        \
    X(CONST,     "const",   0) /* bits: IEEE bits or two's complement, in the value's own width */   \
    X(AXIS,      "axis",    0) /* current index of an axis, int64 */                                 \
    X(SIZE,      "size",    0) /* a size expression, int64 */                                        \
    X(ACC,       "acc",     0) /* result of accumulator `acc`; float, int or (arg) int64 */          \
    X(PHILOX,    "philox",  1) /* uint32 word number args[0] (int64) of the generator in `buffer` */ \
    X(IN_RANGE,  "inrange", 1) /* bool: 0 <= args[0] < size (int64) */                               \
    X(NEG,       "neg",     1) \
    X(ABS,       "abs",     1) \
    X(EXP,       "exp",     1) \
    X(LOG,       "log",     1) \
    X(TANH,      "tanh",    1) \
    X(SIGMOID,   "sigmoid", 1) \
    X(SIN,       "sin",     1) \
    X(COS,       "cos",     1) \
    X(SQRT,      "sqrt",    1) \
    X(FLOOR,     "floor",   1) \
    X(ROUND,     "round_even", 1) /* to the nearest integer, ties to the even one; keeps the sign of 0 */ \
    X(EXPM1,     "expm1",   1) \
    X(LOG1P,     "log1p",   1) \
    X(TAN,       "tan",     1) \
    X(ASIN,      "asin",    1) \
    X(ACOS,      "acos",    1) \
    X(ATAN,      "atan",    1) \
    X(SINH,      "sinh",    1) \
    X(COSH,      "cosh",    1) \
    X(ASINH,     "asinh",   1) \
    X(ACOSH,     "acosh",   1) \
    X(ATANH,     "atanh",   1) \
    X(LGAMMA,    "lgamma",  1) \
    X(DIGAMMA,   "digamma", 1) \
    X(ERFINV,    "erfinv",  1) \
    X(NDTRI,     "ndtri",   1) \
    X(BESSEL_I0, "bessel_i0", 1) \
    X(BESSEL_I0E, "bessel_i0e", 1) \
    X(BESSEL_I1, "bessel_i1", 1) \
    X(BESSEL_I1E, "bessel_i1e", 1) \
    X(SOFTPLUS,  "softplus", 1) /* log(1 + exp(x)) */                                                \
    X(ERF,       "erf",     1) \
    X(ERFC,      "erfc",    1) \
    X(NOT,       "not",     1) /* bool: logical; integers: bitwise */                                \
    X(CAST,      "cast",    1) /* to dtype: docs/numerics.md (saturating, NaN gives 0) */            \
    X(BITCAST,   "bitcast", 1) /* same width */                                                      \
    X(ROUND_TO,  "roundto", 1) /* float32 or float64 value rounded to the precision of `target` */   \
    X(ADD,       "add",     2) \
    X(SUB,       "sub",     2) \
    X(MUL,       "mul",     2) \
    X(DIV,       "div",     2) /* floats: IEEE; integers: truncating, divisor not 0, MIN/-1 = MIN */  \
    X(FLOORDIV,  "floordiv",2) /* integers: toward minus infinity; floats: floor(a/b) */             \
    X(MAX,       "max",     2) /* NaN in either operand gives NaN */                                 \
    X(MIN,       "min",     2) \
    X(POW,       "pow",     2) /* floats: as C's pow; integers: exponents below 1 give 1 */          \
    X(ATAN2,     "atan2",   2) /* floats: angle of the point (args[1], args[0]) */                   \
    X(FMOD,      "fmod",    2) /* floats: remainder of the quotient truncated, exact */              \
    X(ZETA,      "zeta",    2) /* floats: runtime/core/scalar.h says what these are */                \
    X(POLYGAMMA, "polygamma", 2) \
    X(IGAMMA,    "igamma",  2) \
    X(IGAMMAC,   "igammac", 2) \
    X(AND,       "and",     2) \
    X(OR,        "or",      2) \
    X(XOR,       "xor",     2) \
    X(SHL,       "shl",     2) \
    X(SHR,       "shr",     2) /* logical on unsigned, arithmetic on signed; count < width */        \
    X(EQ,        "eq",      2) /* comparisons: bool */                                               \
    X(NE,        "ne",      2) \
    X(LT,        "lt",      2) \
    X(LE,        "le",      2) \
    X(BETAINC,   "betainc", 3) /* floats: of args[0] and args[1] at args[2] */                        \
    X(SELECT,    "select",  3) /* args[0] bool ? args[1] : args[2], no arithmetic on the other side */
/* clang-format on */
#define LOOP_OP_ENUM(name, text, arity) LOOP_##name,
typedef enum loop_op { LOOP_OP_LIST(LOOP_OP_ENUM) LOOP_OP_COUNT } loop_op;
#undef LOOP_OP_ENUM

/* An affine index into a buffer's root, in elements: base + sum(coefs[k] * axis k)
 * [+ indirect_scale * value `indirect`]. coefs has one entry per axis of the nest; they may be negative
 * constants. The views' offset and strides are already in it. */
typedef struct loop_index {
    size_ref base;
    const size_ref *coefs;
    int32_t indirect; /* number of an int64 value (checked to be in range), or -1 */
    size_ref indirect_scale;
    size_ref indirect_extent; /* the value is 0 .. indirect_extent - 1 wherever the element is needed */
} loop_index;

typedef struct loop_value {
    loop_op op;
    stepc_dtype dtype;
    int32_t args[3]; /* numbers of earlier values of the nest; -1 unused */
    int32_t buffer;  /* READ (a root), PHILOX (a root: uint32[6] = key0 key1 counter0..3) */
    loop_index index; /* READ */
    uint64_t bits;   /* CONST */
    int32_t axis;    /* AXIS */
    int32_t acc;     /* ACC */
    size_ref size;   /* SIZE, IN_RANGE */
    stepc_dtype target; /* ROUND_TO: HALF, BFLOAT16, FLOAT32 */
    const stepc_operation *origin; /* it came from, for comments; NULL unknown. No part of what a value is */
} loop_value;

/* Accumulators run over all reduce axes, in row-major order of the axes (the order that
 * fixes rounding). Identities: sum 0, prod 1, max -inf or lowest, min +inf or highest,
 * any false, all true. ARG_MAX: index (int64, in the reduce axis; only one reduce axis) of the first greatest element,
 * NaN skipped, 0 when all are NaN. MAX and MIN: NaN wins.
 * reassociate: the sum may be split into several partial sums (default mode only). */
typedef enum acc_kind { ACC_SUM, ACC_PROD, ACC_MAX, ACC_MIN, ACC_ANY, ACC_ALL, ACC_ARG_MAX, ACC_ARG_MIN } acc_kind;

typedef struct loop_acc {
    acc_kind kind;
    stepc_dtype dtype; /* of the accumulated value */
    int32_t value;     /* number of the value that goes in */
    bool reassociate;
} loop_acc;

/* Stores a value, once per space index: neither the value nor the predicate depends on reduce axes but through ACC.
 * A streaming write is one whose index runs along reduce axes: it stores for every reduce index, beside the
 * accumulation; it has no predicate and no indirect index, and its value does not come through ACC. half and
 * bfloat16 buffers round to nearest even. */
typedef struct loop_write {
    int32_t buffer; /* a root */
    loop_index index;
    int32_t value;
    int32_t predicate; /* bool value, or -1 */
} loop_write;

/* The step fails with CODE when the value is false anywhere in the nest's space. */
typedef struct loop_check {
    int32_t value; /* bool */
    stepc_code code;
    const char *message;             /* TensorFlow's text, without the node */
    const stepc_operation *operation;
} loop_check;

/* What the scheduler decided; zero-filled: scalar loops in axis order. */
typedef struct nest_schedule {
    bool is_set;
    int32_t vector_axis;  /* axis whose consecutive indices go into lanes; -1 none */
    int32_t jam;          /* vectors along vector_axis worked on at once, >= 1 */
    int32_t row_axis;     /* space axis of which row_tile rows are worked on at once (register tile); -1 none */
    int32_t row_tile;
    int32_t partial_sums; /* accumulators per sum when the vector axis is a reduce axis */
    int32_t strip;        /* > 0: the reduce axes run outside strips of so many indices of the last space axis, whose
                             accumulators lie in a small array */
    int32_t strip_rows;   /* indices of the last reduce axis that go into a strip at once, >= 1 */
    int32_t block;        /* > 0: so many indices of the last reduce axis are added apart, then their sum to the rest */
    bool columns;         /* vectors outside, rows inside: what the vectors read stays in the caches for all rows */
    bool outline;         /* emit as a noinline kernel of its own */
    bool ahead;           /* reads of main memory ask for the rows of the group's next tile */
    /* A transpose: reads that go from element to element along turn_columns and jump along turn_rows, where the writes
     * are contiguous, are turned tile by tile in fast memory. turn_tile: {rows, columns} of a tile; {0, 0} none. */
    int32_t turn_rows, turn_columns;
    int32_t turn_tile[2];
    bool stream; /* what is written is far larger than the caches: past them */
} nest_schedule;

/* For all space indices in row-major order: for all reduce indices: accumulate and do the streaming writes; then
 * checks or the other writes. A nest has either checks or writes. All checks of a nest are evaluated before
 * any statement after it runs. Within one nest no write may alias a read of the same nest
 * but at the same index (in place). */
typedef struct loop_nest {
    int32_t axis_count, value_count, acc_count, write_count, check_count;
    loop_axis *axes; /* space axes first, then reduce axes */
    loop_value *values;
    loop_acc *accs;
    loop_write *writes;
    loop_check *checks;
    const stepc_operation **origins; /* the operations it came from, for comments and explain */
    int32_t origin_count;
    nest_schedule schedule;
    const size_pool *sizes; /* the program's; nest_begin sets it, copies keep it */
} loop_nest;

/* ---- statements ---------------------------------------------------------------------------- */

typedef enum call_kind {
    CALL_PHILOX_ADVANCE, /* generator in buffers[0] moves on by sizes[0] counter steps */
    CALL_COPY,           /* buffers[0] (contiguous) := the bytes of buffers[1] (contiguous), sizes[0] elements of equal width */
    CALL_SCAN,           /* the same of running sums or products along one axis */
    CALL_TOP             /* buffers[0]: the places of the greatest elements of each row of buffers[1]; both contiguous */
} call_kind;

typedef enum scan_form {
    SCAN_PLAIN,
    SCAN_LOGARITHMS, /* float64, SUM: of what has the elements as its logarithms; of nothing the least number */
    SCAN_PAIRS       /* float64, PROD: every two reals, side by side, are a complex number; INNER counts numbers */
} scan_form;

/* Running sums or products: every element is that of all elements of buffers[1] up to its place along an axis of EXTENT
 * indices, INNER elements apart. They are rounded to the buffers' dtype one by one, in order. */
typedef struct loop_scan {
    acc_kind kind; /* SUM or PROD */
    scan_form form;
    size_ref extent, inner;
    bool is_exclusive; /* without the element itself */
    bool is_reverse;   /* from the last index down */
} loop_scan;

/* The places, int32, of the COUNT greatest of each row of EXTENT elements (float32, float64 or int64), the greatest
 * first, of equal ones the first; a NaN, which is no less and no greater than anything, once all before it have come. */
typedef struct loop_top {
    size_ref extent, count; /* count <= extent */
} loop_top;

typedef struct loop_call {
    call_kind kind;
    int32_t buffers[2];
    size_ref sizes[2]; /* TOP: elements of each buffer */
    loop_scan scan; /* SCAN */
    loop_top top;   /* TOP */
    const stepc_operation *origin;
} loop_call;

/* Members (nests only, statements first .. first+count-1 of the program) have the group's
 * first shared_count axes as their own leading space axes, with equal extents. The group runs
 * tile by tile over the shared axes (tiles row-major), all members in order within a tile.
 * Legal only when every dependence between members has distance zero on the shared axes. */
typedef struct loop_group {
    int32_t id;
    int32_t first, count;
    int32_t shared_count;
    int64_t tile[4];  /* per shared axis: indices per tile; 1 = one row at a time */
    bool is_strip;    /* made by cutting a long body into chunks */
} loop_group;

typedef enum statement_kind { STATEMENT_NEST, STATEMENT_CALL } statement_kind;

typedef struct loop_statement {
    statement_kind kind;
    loop_nest *nest;
    loop_call *call;
} loop_statement;

typedef struct loop_slot { /* a feed, fetch or variable as the signature has it */
    const char *cname;
    const char *tensor;
    stepc_dtype dtype; /* of the graph's tensor; complex stays complex here */
    int32_t rank;
    const size_ref *dims;
    int32_t buffer;      /* root buffer */
    const stepc_tensor *initial; /* variables: known initial value, or NULL */
    stepc_output at;
} loop_slot;

/* A symbol whose value is an element of a feed: a fed shape operand decides sizes. */
typedef struct loop_fed_size {
    size_ref symbol;
    int32_t feed;
    int64_t element;
} loop_fed_size;

typedef struct loop_program {
    const stepc_host *host;
    arena *memory;
    size_pool *sizes;
    const char *name; /* of the callable */
    loop_buffer *buffers;
    int32_t buffer_count;
    size_t buffer_capacity;
    loop_statement *statements;
    int32_t statement_count;
    size_t statement_capacity;
    loop_group *groups; /* in order, disjoint */
    int32_t group_count;
    size_t group_capacity;
    loop_slot *feeds, *fetches, *state;
    int32_t feed_count, fetch_count, state_count;
    const loop_fed_size *fed_sizes; /* those that nobody uses cost nothing */
    int32_t fed_size_count;
    const char *const *targets;
    int32_t target_count;
    int64_t operation_count; /* of the pruned step */
    bool exact;
} loop_program;

/* ---- building (program.c, build.c) ---------------------------------------------------------------------- */

stepc_code loop_program_new(const stepc_host *host, arena *memory, size_pool *sizes, const char *name, loop_program **out,
                            stepc_error *error);
/* A root buffer with row-major strides. Returns its number or -1 (out of memory). EXTENTS are copied. */
int32_t loop_buffer_new(loop_program *p, buffer_kind kind, stepc_dtype dtype, const size_ref *extents, int32_t rank,
                        const char *hint);
/* A view of BUFFER (view or root): strides and offset as given, in elements of the root. */
int32_t loop_view_new(loop_program *p, int32_t buffer, const size_ref *extents, const size_ref *strides, int32_t rank,
                      size_ref offset);
/* A copy of COUNT sizes; NULL: out of memory. */
size_ref *loop_sizes_copy(arena *memory, const size_ref *from, int32_t count);

/* Builds one nest; every function returns a value number or -1 and sets failed. */
typedef struct nest_builder {
    loop_program *program;
    loop_nest *nest;
    size_t axis_capacity, value_capacity, acc_capacity, write_capacity, check_capacity, origin_capacity;
    bool failed;
    const char *fault; /* the first misuse, for the message; NULL: out of memory */
    int32_t *table;    /* values by what they compute, open addressing, number + 1 */
    size_t table_size;
} nest_builder;

void nest_begin(nest_builder *b, loop_program *p);
int32_t nest_axis(nest_builder *b, size_ref extent, axis_kind kind); /* all axes before the first value */
/* Element of BUFFER (a view or root) at axes: AXIS_OF[k] is the axis that runs along dimension k,
 * or -1 where the dimension is broadcast (index 0). */
int32_t nest_read(nest_builder *b, int32_t buffer, const int32_t *axis_of);
int32_t nest_read_index(nest_builder *b, int32_t root, const loop_index *index);
int32_t nest_const_f64(nest_builder *b, stepc_dtype dtype, double value); /* float dtypes; rounds */
int32_t nest_const_i64(nest_builder *b, stepc_dtype dtype, int64_t value);
int32_t nest_axis_value(nest_builder *b, int32_t axis);
int32_t nest_size(nest_builder *b, size_ref size);
int32_t nest_unary(nest_builder *b, loop_op op, int32_t a);   /* dtype of a; NOT, IN_RANGE, CAST have their own below */
int32_t nest_binary(nest_builder *b, loop_op op, int32_t a, int32_t c); /* comparisons give bool */
int32_t nest_ternary(nest_builder *b, loop_op op, int32_t a, int32_t c, int32_t d); /* BETAINC: of one float type */
int32_t nest_select(nest_builder *b, int32_t condition, int32_t then, int32_t otherwise);
int32_t nest_cast(nest_builder *b, int32_t a, stepc_dtype dtype); /* no value when it already has it */
int32_t nest_bitcast(nest_builder *b, int32_t a, stepc_dtype dtype);
int32_t nest_round_to(nest_builder *b, int32_t a, stepc_dtype target);
int32_t nest_in_range(nest_builder *b, int32_t a, size_ref size);
int32_t nest_philox(nest_builder *b, int32_t buffer, int32_t word);
int32_t nest_acc(nest_builder *b, acc_kind kind, int32_t value, bool reassociate); /* returns the ACC value */
void nest_write(nest_builder *b, int32_t buffer, const int32_t *axis_of, int32_t value);
void nest_write_index(nest_builder *b, int32_t root, const loop_index *index, int32_t value, int32_t predicate);
void nest_check(nest_builder *b, int32_t value, stepc_code code, const char *message, const stepc_operation *operation);
void nest_origin(nest_builder *b, const stepc_operation *operation);
/* Appends the nest to the program; RESOURCE_EXHAUSTED when memory ran out, INTERNAL after a misuse. */
stepc_code nest_end(nest_builder *b, stepc_error *error);
stepc_code loop_call_add(loop_program *p, const loop_call *call, stepc_error *error);

/* ---- the rest of the folder -------------------------------------------------------------------- */

/* Names: "add", arity; LOOP_OP_COUNT when unknown. */
const char *loop_op_name(loop_op op);
int32_t loop_op_arity(loop_op op);
loop_op loop_op_find(stepc_string name);
/* How many buffers a call names: the first is written; a second one is read. */
int32_t loop_call_buffers(const loop_call *call);
/* The dtype of a value read from a buffer of dtype STORAGE: half and bfloat16 give float32,
 * quantised types their plain namesakes; STEPC_DTYPE_INVALID when no buffer may have it. */
stepc_dtype loop_value_dtype(stepc_dtype storage);
/* Bits of a value of DTYPE: 8 for bool; 0 when it is no value's dtype. */
int32_t loop_value_bits(stepc_dtype dtype);

/* Text form (print.c, parse.c): what print writes, parse reads back to an equal program
 * (weights as hex data only when small; else "data=#N" refers to the original program's). */
void loop_print(const loop_program *p, text *out);
stepc_code loop_parse(const stepc_host *host, arena *memory, size_pool *sizes, const char *name, const char *data,
                      size_t size, loop_program **out, stepc_error *error);

/* Verifier (verify.c): types, numbers, SSA order, indices provably inside their buffers where
 * sizes are known, groups legal, one writer per element. INTERNAL with the place when broken. */
stepc_code loop_verify(const loop_program *p, stepc_error *error);
/* The first part of it: every number names something that exists and every value has its type.
 * All other functions of the folder may rely on that much. */
stepc_code loop_verify_structure(const loop_program *p, stepc_error *error);

/* Evaluator (evaluate.c): runs the program on tensors, slowly, group tiles and all, with the
 * same arithmetic as --exact text. SYMBOLS: values by index in the size pool. State buffers
 * are read and written in place: STATE[i] points at the elements of variable i. */
typedef struct loop_run {
    const stepc_view *feeds;
    stepc_tensor **fetches; /* allocated by the evaluator, one reference each */
    void *const *state;
    const int64_t *symbols;
    int64_t symbol_count;
} loop_run;
stepc_code loop_evaluate(const loop_program *p, const loop_run *run, stepc_error *error);

/* Analysis shared by fuse, schedule, plan and emit (analyse.c). */
/* For each value: bit 0 = depends on a reduce axis other than through ACC; bit 1 = depends on ACC. BITS has value_count entries. */
void nest_dependence(const loop_nest *nest, uint8_t *bits);
/* For each value and axis: does it vary along the axis (through AXIS, READ or arguments)? MASK[value] bit per axis. */
void nest_axis_mask(const loop_nest *nest, uint32_t *mask);
bool loop_reads(const loop_nest *nest, int32_t root);
bool loop_writes(const loop_nest *nest, int32_t root);
bool write_streams(const loop_nest *nest, const loop_write *w); /* along a reduce axis */
/* For each value: 1 when every way it is used leads through an arm of a SELECT or a write's
 * predicate. Only there may a READ lie outside its buffer or a divisor be 0 (docs/loop-ir.md). */
void nest_guarded(const loop_nest *nest, uint8_t *guarded);
/* Whether a write goes where a value says. Two indices may then write one element: their order is that of the nest. */
bool nest_scatters(const loop_nest *nest);
bool loop_index_equal(const loop_index *a, const loop_index *b, int32_t axis_count);

/* ---- panels (panel.c) ----
 *
 * A weight with PANEL > 0 is row-major in the program, and everything that reads it there sees it so. The module holds
 * it in another order: panel after panel of PANEL indices of dimension PANEL_DIM, in each the other dimensions in
 * row-major order, and for each of their indices the elements of the panel side by side; zeros fill the last panel. */

/* The dimension along which INDEX into BUFFER moves with AXIS of NEST; the innermost of several that the axis runs
 * over together; -1: none, or not so. */
int32_t panel_dimension(const loop_program *p, const loop_nest *nest, int32_t buffer, const loop_index *index,
                        int32_t axis);
/* Whether every axis that INDEX moves with runs over dimensions of its own, one of them over all of DIM alone. */
bool panel_index_fits(const loop_program *p, const loop_nest *nest, int32_t buffer, const loop_index *index,
                      int32_t dim);
/* Elements of the other dimensions together; elements from index to index of dimension DIM, not the panel's. */
int64_t panel_rows(const loop_program *p, const loop_buffer *b);
int64_t panel_stride(const loop_program *p, const loop_buffer *b, int32_t dim);
/* Bytes of all panels; -1 when there is no such number. */
int64_t panel_bytes(const loop_program *p, const loop_buffer *b);
void panel_pack(const loop_program *p, const loop_buffer *b, void *to);

/* Fusion (fuse*.c) and scheduling (schedule.c). */
typedef struct isa_profile {
    const char *name;     /* "generic", "c99", "sse2", "avx2", "avx512", "neon", "armv7m", ... */
    const char *cflags;   /* what the C compiler needs: "-mavx2 -mfma" */
    const char *requires_macros; /* C condition that must hold, e.g. "defined(__AVX2__) && defined(__FMA__)"; NULL none */
    int32_t vector_bytes; /* 0: no vectors; generic: 32 is assumed for planning */
    int32_t registers;
    int32_t l1_bytes, l2_bytes;
    bool has_fma;
} isa_profile;

/* The three moves: inline, epilogue, group (with strips for long bodies). Explains go to the host's report
 * as kind "explain". */
stepc_code loop_fuse(loop_program *p, const isa_profile *isa, stepc_error *error);
stepc_code loop_schedule(loop_program *p, const isa_profile *isa, stepc_error *error);

/* Bytes that the program moves to and from main memory (each buffer's elements read or
 * written once per nest or group that touches it; locals not counted), at upper bounds. */
typedef struct loop_traffic {
    int64_t bytes_moved, bytes_inputs_outputs, local_bytes, flops;
    int64_t nests, groups, chunks, calls;
} loop_traffic;
void loop_measure(const loop_program *p, loop_traffic *out);

/* The longest chain of float additions (or multiplications) that a sum (product) of the scheduled program makes, at upper
 * bounds of sizes; INT64_MAX without one; 0 when nothing is added in its own precision. IS_SINGLE: one vector at a time. */
int64_t loop_sum_chain(const loop_program *p, const isa_profile *isa, bool is_single);

#endif
