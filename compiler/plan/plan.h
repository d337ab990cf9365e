/* SPDX-License-Identifier: Apache-2.0 */
/* The memory plan: where every root buffer lies. One callable has one arena plan; the
 * callables of a module share one state block and one weights image. */
#ifndef COMPILER_PLAN_PLAN_H
#define COMPILER_PLAN_PLAN_H

#include "compiler/loops/loops.h"

#define PLAN_ALIGNMENT 64

/* ---- one callable: ARENA and LOCAL roots ------------------------------------------------- */

/* Where a buffer lies. Entries of views, feeds, fetches, weights, state and of buffers that no
 * statement touches have is_placed false. Address of the first element, in bytes from the
 * arena's start: slot < 0: offset; else the start of that slot (offset is 0). The address is a
 * multiple of PLAN_ALIGNMENT. Two live buffers never overlap; a LOCAL owns its last PLAN_ALIGNMENT bytes whole, which
 * a last vector may fill. The element with logical index
 * (i0, i1, ..) lies at sum(strides[k] * ik) from there as in loop_buffer; in a LOCAL, dimension k <
 * shared_count of its group runs along shared axis k and counts from the tile's start. */
typedef struct plan_place {
    bool is_placed;
    int32_t slot; /* -1: constant offset */
    int64_t offset;
    size_ref bytes;      /* that the buffer needs: whole, or one tile for a LOCAL; not rounded up */
    int32_t first, last; /* statements at which it is live, both ends included */
    int32_t takes_over;  /* root whose memory it continues in place (written at the index last read), or -1: that nest
                            must compute no element twice, and may not call the two pointers restrict */
} plan_place;

/* A run of arena memory whose size depends on symbols. Slot 0 starts at fixed_bytes, slot
 * i + 1 where slot i ends: generated code makes the prefix sums at entry, with overflow checks. */
typedef struct plan_slot {
    size_ref bytes; /* a multiple of PLAN_ALIGNMENT: the maximum of its buffers, rounded up */
} plan_slot;

typedef struct memory_plan {
    const loop_program *program;
    plan_place *places; /* one per buffer of the program */
    int32_t place_count;
    int64_t fixed_bytes; /* buffers of constant size; a multiple of PLAN_ALIGNMENT */
    plan_slot *slots;
    int32_t slot_count;
    size_ref arena_bytes;      /* fixed_bytes + all slots, what the entry compares with env->arena_bytes; SIZE_UNKNOWN
                                  when the sum has too many terms: use the prefix sums */
    int64_t arena_bound_bytes; /* at the upper bounds of the symbols; INT64_MAX when unbounded */
    int64_t live_bytes;        /* largest live set at the upper bounds of the symbols; -1 when unbounded */
    const char *order;         /* sort key that won: "size", "span", "area" */
} memory_plan;

/* Plans PROGRAM's arena. The result lies in the program's memory. Buffers may only be added to
 * the program before this. RESOURCE_EXHAUSTED when a constant size overflows. */
stepc_code plan_make(const loop_program *program, memory_plan **out, stepc_error *error);
/* Offset of BUFFER's place in bytes with the given symbol values; false on overflow or when it has no place. */
bool plan_offset(const memory_plan *plan, int32_t buffer, const int64_t *symbols, size_t symbol_count, int64_t *out);
/* Lines "arena 4096 bytes (largest live set 4096), by size" and one per place. */
void plan_print(const memory_plan *plan, text *out);

/* Bytes that a LOCAL root needs for one tile of its group; of any other root its whole size.
 * SIZE_UNKNOWN on overflow. */
size_ref plan_buffer_bytes(const loop_program *program, int32_t buffer);

/* ---- checker (plan_check.c; shares no code with the planner) ----------------------------- */

/* Proves lifetimes, overlap, alignment and bounds of PLAN from the program alone: constant
 * sizes exactly, symbolic ones at sampled values. INTERNAL naming buffer and reason when broken. */
stepc_code plan_check(const memory_plan *plan, stepc_error *error);

/* ---- one module: STATE and WEIGHT roots -------------------------------------------------- */

/* One distinct constant. Element order as in the buffer, or in its panels, host byte order; the writer of the
 * image swaps units of element_bytes for a target of the other order. */
typedef struct plan_weight {
    const void *data;
    int64_t bytes, offset; /* in the weights image, aligned */
    int32_t element_bytes; /* of the dtype (complex: of one real) */
    stepc_dtype dtype;
    const char *hint; /* of the first buffer that uses it */
} plan_weight;

typedef struct plan_variable {
    bool is_used;
    stepc_dtype dtype;
    int64_t bytes, offset; /* in the state block, aligned */
    const char *hint;
} plan_variable;

typedef struct module_plan {
    plan_weight *weights;
    int32_t weight_count;
    int64_t weights_bytes;    /* of the image; a multiple of PLAN_ALIGNMENT */
    int32_t **weight_of;      /* [program][buffer]: number of the weight of a WEIGHT root, else -1 */
    plan_variable *variables; /* by slot number (loop_buffer.slot of STATE roots) */
    int32_t variable_count;
    int64_t state_bytes; /* a multiple of PLAN_ALIGNMENT */
} module_plan;

/* Lays out state and weights of all PROGRAMS together; the result lies in MEMORY. Weights
 * with equal content and element size are stored once. UNIMPLEMENTED when a variable's size is not constant;
 * INTERNAL when programs disagree about a variable. */
stepc_code plan_module(const stepc_host *host, arena *memory, const loop_program *const *programs,
                       int32_t program_count, module_plan **out, stepc_error *error);

#endif
