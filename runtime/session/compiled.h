/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled steps of a session, inside view: modules.c adds them, state.c shares their variables with the session, dispatch.c
 * chooses among them, invoke.c calls, jit.c has them made. */
#ifndef RUNTIME_SESSION_COMPILED_H
#define RUNTIME_SESSION_COMPILED_H

#include "runtime/session/dispatch.h"

/* Shapes that one plan is compiled for, or was refused for, at most; others are interpreted. */
#define JIT_VARIANTS 8
/* Modules that the JIT makes for one session at most. */
#define JIT_MODULES 256
/* Frames that a candidate keeps: as many calls at once allocate nothing. A power of two. */
#define CALL_FRAMES 16

/* ---- modules ------------------------------------------------------------------------------------- */

typedef enum slot_kind { SLOT_VARIABLE, SLOT_FLAG, SLOT_GENERATOR } slot_kind;

/* A part of a module's state block. */
typedef struct state_slot {
    struct session_module *module;
    const stepc_slot *slot;
    slot_kind kind;
    const char *container, *name; /* of the variable */
    const stepc_operation *op;    /* one that makes the variable, or the one that draws */
    const int64_t *dims;
    size_t bytes;
    struct state_slot *flag; /* SLOT_VARIABLE: says whether it has a value; NULL: it always has one */
    uint64_t seen;           /* under state_mutex: the version of the variable that the block holds */
} state_slot;

typedef struct module_entry {
    const stepc_entry *entry;
    const stepc_output *feeds, *fetches;
    const stepc_operation **targets;
} module_entry;

typedef struct session_module {
    const stepc_module *module;
    const void *weights;
    bool is_jit;
    arena memory; /* of entries and slots */
    module_entry *entries;
    state_slot *slots; /* as many as the module's */
    struct session_module *next;
    /* Under state_mutex. Calls that only read the block run side by side, without the lock; one that writes it, or has to
     * bring it up to date, waits for them and holds the lock. */
    void *state; /* the block; made by the first call */
    size_t state_bytes; /* of it: the module itself may be gone when the session is freed at last */
    uint32_t readers, writers_waiting, sleepers;
    pthread_cond_t idle;
} session_module;

/* Checks MODULE against the session's graph and this CPU and adds it. */
stepc_code session_module_add(stepc_session *s, const stepc_module *module, const void *weights, bool is_jit,
                              stepc_error *error);
void session_module_free(stepc_session *s, session_module *m);

static inline bool operation_makes_variable(const stepc_operation *op)
{
    return text_equal(op->type, TEXT_LITERAL("VariableV2")) || text_equal(op->type, TEXT_LITERAL("VarHandleOp")) ||
           text_equal(op->type, TEXT_LITERAL("Variable"));
}


/* ---- candidates ----------------------------------------------------------------------------------- */

/* A fed value as an entry wants it; dims only where the entry leaves nothing open. */
typedef struct bound_feed {
    int32_t dtype, rank;
    const int64_t *dims;
    size_t bytes;
    uintptr_t misaligned; /* bits that an address must not have */
    uint32_t offset;      /* in the feeds struct */
    uint32_t from;        /* number among the step's feeds */
} bound_feed;

typedef struct bound_fetch {
    int32_t dtype, rank;
    const int64_t *dims;
    size_t bytes;
    uintptr_t misaligned;
    uint32_t offset;     /* in the fetches struct */
    int32_t dims_offset; /* the step says its dimensions there; -1: they are known before */
    uint32_t to;         /* number among the step's fetches */
} bound_fetch;

/* Fetch TO of the step is the same tensor as the entry's fetch FROM. */
typedef struct bound_copy {
    uint32_t to, from;
} bound_copy;

typedef struct bound_state {
    state_slot *slot;
    bool is_written;
} bound_state;

/* Scratch of one call. */
typedef struct call_frame {
    struct call_place *place; /* where it belongs; NULL: freed after the call */
    size_t bytes; /* of this block */
    char *work;   /* see module_work_bytes */
    size_t work_bytes;
    stepc_view *feeds, *fetches;
    stepc_tensor **tensors; /* made for this call, per fetch of the entry */
    void *arena;
    size_t arena_bytes;
} call_frame;

/* Where a frame stays between calls. A frame is taken by writing the mark BUSY, which also tells who frees the session that a
 * call is under way; whoever did so owns the place until the frame is put back. */
typedef struct call_place {
    _Alignas(64) _Atomic(call_frame *) frame;
    atomic_uint_fast64_t runs; /* written by the owner only */
} call_place;

/* An entry that computes a plan, for some dtypes and shapes. */
typedef struct candidate {
    session_module *module;
    const stepc_entry *entry;
    bool is_fixed; /* no symbols and no sizes to be found out: feeds and fetches say it all */
    bool writes;   /* variables or generators */
    uint32_t state_count;
    bound_state *state;
    bound_feed *feeds;
    bound_fetch *fetches;
    bound_copy *copies;
    uint32_t copy_count;
    bool has_state;
    uint32_t feed_count, fetch_count;
    uint64_t arena_bytes;
    size_t work_bytes, fetches_at;
    const atomic_bool *closed; /* the session's */
    stepc_host host;
    _Atomic(struct candidate *) next;
    call_frame busy; /* the mark */
    call_place places[CALL_FRAMES];
} candidate;

/* A step that the JIT would not compile for these values. */
typedef struct jit_refusal {
    stepc_code code;
    const char *text;
    const stepc_view *values;
    struct jit_refusal *next;
} jit_refusal;

/* A variable or generator of a plan, by the operation that makes it. */
typedef struct plan_state {
    const stepc_operation *op;
    const char *container, *name; /* of a variable; NULL for generators */
    bool is_written;
} plan_state;

typedef struct dispatch {
    stepc_session *session;
    struct dispatch *next, *previous; /* in the session's list, under state_mutex */
    arena memory; /* grows under the session's mutex */
    _Atomic(candidate *) first;
    candidate *last;
    atomic_size_t seen; /* modules that were looked at */
    plan_state *states;
    int32_t state_count;
    pthread_mutex_t jit_mutex; /* one compilation at a time; guards what follows */
    arena jit_memory;
    jit_refusal *refusals;
    int32_t jit_tries;
} dispatch;

/* Candidates of P, with all modules that S has now; NULL when out of memory. */
dispatch *dispatch_of(stepc_session *s, plan *p);

/* Fed values, one every STRIDE bytes. */
typedef struct fed_values {
    const stepc_view *first;
    size_t stride;
} fed_values;

static inline const stepc_view *fed_value(fed_values feeds, size_t number)
{
    return (const stepc_view *)(const void *)((const char *)feeds.first + number * feeds.stride);
}

/* ---- invoke.c ------------------------------------------------------------------------------------- */

/* Takes a frame and lays FEEDS out in it; NULL when they do not fit (*OUT_CODE STEPC_OK), memory is short, or the session
 * was closed (CANCELLED). IS_ENTERED: the session is entered; else NULL also where all places are taken. ERROR, where not
 * NULL, says why they do not fit. */
call_frame *candidate_bind(candidate *c, fed_values feeds, bool is_entered, stepc_code *out_code, stepc_error *error);
/* Calls. STATE: the module's block, or NULL. Puts the fetches in their places; on failure no fetch holds a tensor. */
stepc_code candidate_call(candidate *c, call_frame *f, const stepc_output *names, stepc_fetch *fetches, void *state,
                          stepc_error *error);
void candidate_put(candidate *c, call_frame *f);
void candidate_free_frames(candidate *c);
bool candidate_is_busy(const candidate *c);
/* Counts a run: F was taken from C. False when F has no place to count at. */
bool candidate_count(const call_frame *f);
uint64_t candidate_runs(const candidate *c);

/* ---- state.c -------------------------------------------------------------------------------------- */

/* Brings what C reads up to date in its module's block and keeps it so until state_end. *OUT_READY false: some variable has
 * no value (and ALLOW_UNINITIALISED is not set) or a value of another shape; ERROR (may be NULL) says which, and end must
 * not be called. */
stepc_code state_begin(stepc_session *s, candidate *c, bool allow_uninitialised, bool *out_ready, void **out_state,
                       stepc_error *error);
/* Makes known what C wrote. */
stepc_code state_end(stepc_session *s, candidate *c, stepc_error *error);
/* True when each variable of D's plan has a value. */
bool state_is_initialised(stepc_session *s, const dispatch *d);
void session_module_free_state(stepc_session *s, session_module *m);

/* ---- jit.c ---------------------------------------------------------------------------------------- */

/* Has P compiled for FEEDS' dtypes and shapes, once. STEPC_OK: look again for a candidate; where there is none, interpret. The
 * engine JIT gets an error instead, and waits while another thread compiles the same plan. */
stepc_code jit_compile_plan(stepc_session *s, plan *p, dispatch *d, const stepc_feed *feeds, stepc_engine engine,
                            stepc_error *error);

/* ---- the short way of callables --------------------------------------------------------------------- */

/* Runs P when a candidate fits and no setting asks for anything; false: nothing happened, take the long way. The session
 * need not be entered, only kept. */
bool dispatch_call(stepc_session *s, plan *p, stepc_engine engine, const stepc_view *feeds, stepc_fetch *fetches,
                   stepc_code *out_code, stepc_error *error);

#endif
