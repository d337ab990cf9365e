/* SPDX-License-Identifier: 0BSD */
/* Sessions: run steps of a graph. Semantics, codes and texts are TensorFlow's. Every function may be called from any thread;
 * runs of one session may overlap. A step runs in its caller's thread; large interpreted kernels get help from the session's
 * own threads (intra_op_threads). */
#ifndef STEPC_SESSION_H
#define STEPC_SESSION_H

#include "stepc/graph.h"
#include "stepc/module.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct stepc_session stepc_session;
typedef struct stepc_callable stepc_callable;
typedef struct stepc_partial stepc_partial;
typedef struct stepc_cancellation stepc_cancellation;
typedef struct stepc_run_metadata stepc_run_metadata;

/* How a step is executed. DEFAULT: by a compiled entry that fits, else by the JIT when the session has one, else
 * interpreted. REFERENCE: naive kernels, nothing folded or remembered. INTERPRETED: as a session runs what is not compiled.
 * COMPILED: by an entry of an added module, else FAILED_PRECONDITION. JIT: compiled on first use, else an error. */
typedef enum stepc_engine {
    STEPC_ENGINE_DEFAULT = 0,
    STEPC_ENGINE_REFERENCE = 1,
    STEPC_ENGINE_INTERPRETED = 2,
    STEPC_ENGINE_COMPILED = 3,
    STEPC_ENGINE_JIT = 4
} stepc_engine;

/* ---- on-demand compilation --------------------------------------------------------------------- */

/* A step to be compiled for values of the given dtypes and shapes. */
typedef struct stepc_jit_request {
    uint32_t size; /* sizeof(stepc_jit_request) */
    const stepc_output *feeds;
    const stepc_view *values; /* of the feeds; dtype, rank and dims count, data is not read */
    size_t feed_count;
    const stepc_output *fetches;
    size_t fetch_count;
    const stepc_operation *const *targets;
    size_t target_count;
} stepc_jit_request;

/* Makes modules on demand (stepc_jit_open of stepc/compiler.h gives one). Functions are thread-safe. compile gives a module
 * with one entry for the request; it stays loaded until release. WEIGHTS: its image, aligned 64, or NULL. */
typedef struct stepc_jit {
    uint32_t size; /* sizeof(stepc_jit) */
    void *context;
    stepc_code (*compile)(void *context, stepc_graph *graph, const stepc_jit_request *request,
                          const stepc_module **out_module, const void **out_weights, stepc_error *error);
    void (*release)(void *context, const stepc_module *module);
} stepc_jit;

/* ---- open, close -------------------------------------------------------------------------------- */

/* Zero-filled members mean the defaults. Members that are set win over CONFIG. */
typedef struct stepc_session_options {
    uint32_t size;          /* sizeof(stepc_session_options) */
    const stepc_host *host; /* NULL: the graph's; copied */
    stepc_engine engine;    /* of runs that name none */
    uint64_t seed;          /* for random operations whose seeds are both 0; 0 draws one from the system */
    const char *target;     /* NULL or "": this process; any other is NOT_FOUND */
    const void *config;     /* a serialised ConfigProto, or NULL */
    size_t config_bytes;
    int32_t cpu_devices;    /* 0: one */
    int32_t intra_op_threads; /* that work on one large kernel; 0: as many as there are cores, 1: the caller's alone. They
                                 are made when a kernel first needs them; results do not depend on their number */
    int32_t inter_op_threads; /* accepted; operations of a step run one after another in the caller's thread */
    int64_t operation_timeout_ms;               /* of runs that set none; 0: none */
    int32_t allow_soft_placement;  /* operations pinned to devices that are not there run on CPU:0 */
    int32_t log_device_placement;  /* every operation's device goes to the host's report as kind "placement" */
    int32_t place_pruned_graph;    /* devices of operations that no step needs do not matter */
    const stepc_jit *jit;          /* borrowed until the session is freed; NULL: off */
    int32_t ignore_devices;        /* device texts of operations are not read at all: everything runs on CPU:0 */
} stepc_session_options;

/* Opens a session on GRAPH, which it keeps alive. Variables start uninitialised; each session has its own. */
stepc_code stepc_session_open(stepc_graph *graph, const stepc_session_options *options, stepc_session **out,
                              stepc_error *error);
/* Marks the session closed: later runs answer CANCELLED "Session has been closed.", running ones end with CANCELLED
 * "Run call was cancelled" at the next operation. Idempotent; does not wait. */
stepc_code stepc_session_close(stepc_session *session, stepc_error *error);
/* Closes, waits for running steps, frees. Fetched tensors stay valid; callables and partial runs of the session answer
 * CANCELLED and must still be released. NULL is fine. */
void stepc_session_free(stepc_session *session);
/* tf.Session.reset: empties the named containers (none named: all) of every session of this process and closes those
 * sessions. TARGET as in the options. */
stepc_code stepc_session_reset(const char *target, const char *const *containers, size_t count, stepc_error *error);

/* The graph (borrowed), the target ("" for this process). */
stepc_graph *stepc_session_graph(const stepc_session *session);
const char *stepc_session_target(const stepc_session *session);

/* Devices, in order; borrowed until the session is freed. NULL when INDEX is out of bounds. */
typedef struct stepc_device {
    const char *name; /* "/job:localhost/replica:0/task:0/device:CPU:0" */
    const char *type; /* "CPU" */
    int64_t memory_limit_bytes;
    uint64_t incarnation; /* never 0 */
} stepc_device;
size_t stepc_session_device_count(const stepc_session *session);
const stepc_device *stepc_session_device_at(const stepc_session *session, size_t index);

/* Adds compiled steps. A run whose feeds, fetches and targets (as sets) are an entry's, with dtypes and shapes that fit, is
 * the entry's from now on. Variables are shared by name with interpreted steps. MODULE and WEIGHTS (its image, aligned 64;
 * NULL when the weights are in the object) stay valid until the session is freed. INVALID_ARGUMENT when the module speaks
 * of tensors that the graph lacks or of other dtypes; FAILED_PRECONDITION for another ABI; ALREADY_EXISTS. */
stepc_code stepc_session_add_module(stepc_session *session, const stepc_module *module, stepc_error *error);
stepc_code stepc_session_add_module_weights(stepc_session *session, const stepc_module *module, const void *weights,
                                            size_t weights_bytes, stepc_error *error);

/* How many steps ran on which engine since the session was opened, and what is kept. */
typedef struct stepc_session_statistics {
    uint32_t size; /* sizeof(stepc_session_statistics), set by the caller */
    uint64_t runs_reference, runs_interpreted, runs_compiled, runs_jit; /* runs that succeeded or failed in the step */
    uint64_t plans_made, jit_compilations, jit_refusals;
    uint64_t modules;
} stepc_session_statistics;
stepc_code stepc_session_statistics_get(stepc_session *session, stepc_session_statistics *out, stepc_error *error);

/* ---- run ----------------------------------------------------------------------------------------- */

/* A fed value: borrowed for the call, not copied; must be aligned to its element. */
typedef struct stepc_feed {
    stepc_output at;
    stepc_view value;
} stepc_feed;

/* A fetched value. into.data NULL: *out is a new tensor that the caller releases and that
 * outlives the session. Otherwise the value is stored into into.data (into.bytes must be
 * enough, INVALID_ARGUMENT else; aligned to its element; no overlap with a feed or another
 * fetch); into.dims is ignored; out may be NULL. */
typedef struct stepc_fetch {
    stepc_output at;
    stepc_view into;
    stepc_tensor *out;
} stepc_fetch;

typedef enum stepc_trace_level {
    STEPC_NO_TRACE = 0,
    STEPC_SOFTWARE_TRACE = 1,
    STEPC_HARDWARE_TRACE = 2,
    STEPC_FULL_TRACE = 3
} stepc_trace_level;

/* Zero-filled members mean the defaults. Members that are set win over PROTO. */
typedef struct stepc_run_options {
    uint32_t size; /* sizeof(stepc_run_options) */
    stepc_engine engine;
    const void *proto; /* a serialised RunOptions, or NULL */
    size_t proto_bytes;
    int64_t timeout_ms; /* 0: the session's; the step ends with DEADLINE_EXCEEDED at the next operation */
    int32_t inter_op_thread_pool; /* -1: the caller's thread; 0 or more: a pool of the session's config */
    stepc_trace_level trace_level;
    int32_t output_partition_graphs;
    stepc_cancellation *cancellation; /* borrowed; NULL: none */
    stepc_run_metadata *metadata;     /* filled where tracing or partition graphs are asked for; NULL: none */
} stepc_run_options;

/* Runs one step: the part of the graph that FETCHES and TARGETS need, with FEEDS in place
 * of the fed outputs; every operation at most once. Errors and texts are TensorFlow's
 * (kernel errors end in " [[{{node NAME}}]]"). A fetch that is also fed returns the fed
 * value. On failure no fetch holds a tensor; variables may have advanced. */
stepc_code stepc_session_run(stepc_session *session, const stepc_feed *feeds, size_t feed_count, stepc_fetch *fetches,
                             size_t fetch_count, const stepc_operation *const *targets, size_t target_count,
                             const stepc_run_options *options, stepc_error *error);

/* The same by names: "op:i", or "op" for output 0; targets "op". TENSORS[i] becomes the value of FETCHES[i], a new tensor.
 * Errors for names are those of TensorFlow's Session::Run ("FetchOutputs node x:0: not found"). */
typedef struct stepc_named_feed {
    const char *name;
    stepc_view value;
} stepc_named_feed;
stepc_code stepc_session_run_named(stepc_session *session, const stepc_named_feed *feeds, size_t feed_count,
                                   const char *const *fetches, size_t fetch_count, const char *const *targets,
                                   size_t target_count, stepc_tensor **tensors, const stepc_run_options *options,
                                   stepc_error *error);

/* ---- nested fetches ------------------------------------------------------------------------------- */

/* What to fetch, as a tree; the result has the same shape. ELEMENT: a tensor ("op:i", or AT where name is NULL) or an
 * operation ("op", or OPERATION), whose result holds no tensor. The same element twice is computed once and both results
 * share the tensor. LIST, TUPLE, FIELDS: containers; fields have names. */
typedef enum stepc_structure_kind {
    STEPC_STRUCTURE_TENSOR,
    STEPC_STRUCTURE_OPERATION,
    STEPC_STRUCTURE_NAME, /* tensor or operation, as the name says */
    STEPC_STRUCTURE_LIST,
    STEPC_STRUCTURE_TUPLE,
    STEPC_STRUCTURE_FIELDS
} stepc_structure_kind;

typedef struct stepc_structure {
    stepc_structure_kind kind;
    const char *name;  /* STRUCTURE_NAME: the element */
    const char *field; /* its name in a FIELDS parent; NULL elsewhere */
    stepc_output at;
    const stepc_operation *operation;
    const struct stepc_structure *items;
    size_t count;
} stepc_structure;

typedef struct stepc_result {
    stepc_structure_kind kind; /* as asked; STRUCTURE_NAME becomes TENSOR or OPERATION */
    const char *field;         /* a copy */
    stepc_tensor *tensor;      /* of TENSOR; else NULL */
    struct stepc_result *items;
    size_t count;
} stepc_result;

/* Runs one step for all elements of FETCHES. A structure without elements gives its empty result and runs nothing (the
 * session must be open and its graph not empty all the same). Free *OUT with stepc_result_free. */
stepc_code stepc_session_run_structure(stepc_session *session, const stepc_feed *feeds, size_t feed_count,
                                       const stepc_structure *fetches, const stepc_run_options *options,
                                       stepc_result **out, stepc_error *error);
void stepc_result_free(stepc_result *result); /* NULL is fine */

/* ---- callables -------------------------------------------------------------------------------------- */

/* Tensor TO is replaced by tensor FROM of the same step. */
typedef struct stepc_connection {
    stepc_output from, to;
} stepc_connection;

typedef struct stepc_signature {
    uint32_t size; /* sizeof(stepc_signature) */
    const stepc_output *feeds;
    size_t feed_count;
    const stepc_output *fetches;
    size_t fetch_count;
    const stepc_operation *const *targets;
    size_t target_count;
    const stepc_connection *connections;
    size_t connection_count;
} stepc_signature;

typedef struct stepc_callable_options {
    uint32_t size; /* sizeof(stepc_callable_options) */
    const stepc_run_options *run; /* of every call that brings none; copied */
} stepc_callable_options;

/* Resolves SIGNATURE once. Making one that was made before is cheap. The callable keeps what it needs of the session alive. */
stepc_code stepc_callable_make(stepc_session *session, const stepc_signature *signature,
                               const stepc_callable_options *options, stepc_callable **out, stepc_error *error);
/* One step. FEEDS in the signature's order; of FETCHES, in its order, `at` is not read. No lookup; no allocation but for
 * tensors that the caller gave no buffer for. INVALID_ARGUMENT "Expected N feed tensors, but got M". Thread-safe. */
stepc_code stepc_callable_call(stepc_callable *callable, const stepc_view *feeds, size_t feed_count, stepc_fetch *fetches,
                               size_t fetch_count, const stepc_run_options *options, stepc_error *error);
void stepc_callable_release(stepc_callable *callable); /* after its last call has returned; NULL is fine */

/* The same by number, as TensorFlow's C++ sessions have it: numbers are never used twice, and calls through a number that
 * was released are refused ("Attempted to run callable after handle was released: N"). */
stepc_code stepc_session_make_callable(stepc_session *session, const stepc_signature *signature,
                                       const stepc_callable_options *options, int64_t *out_handle, stepc_error *error);
stepc_code stepc_session_run_callable(stepc_session *session, int64_t handle, const stepc_view *feeds, size_t feed_count,
                                      stepc_fetch *fetches, size_t fetch_count, const stepc_run_options *options,
                                      stepc_error *error);
stepc_code stepc_session_release_callable(stepc_session *session, int64_t handle, stepc_error *error);

/* ---- partial runs ------------------------------------------------------------------------------------- */

/* Sets up a step whose feeds are given, and fetches taken, in several calls; each feed and each fetch once. Targets run
 * as part of the step. */
stepc_code stepc_partial_setup(stepc_session *session, const stepc_output *feeds, size_t feed_count,
                               const stepc_output *fetches, size_t fetch_count, const stepc_operation *const *targets,
                               size_t target_count, stepc_partial **out, stepc_error *error);
/* Gives FEEDS (copied: they are needed longer than the call) and takes FETCHES. Nothing is computed twice. When all feeds
 * were given and all fetches taken, what only the targets need runs too (its error is the call's), and the partial run is
 * over: from then on INVALID_ARGUMENT "Must run 'setup' before performing partial runs!". Errors found before anything ran
 * leave the partial run as it was; one in the step ends it. */
stepc_code stepc_partial_run(stepc_partial *partial, const stepc_feed *feeds, size_t feed_count, stepc_fetch *fetches,
                             size_t fetch_count, stepc_error *error);
/* Frees, finished or not. NULL is fine. */
void stepc_partial_free(stepc_partial *partial);
/* The same by a text, unique in the process; borrowed until the partial run is freed. find: NULL when there is none of
 * that name, or it is over. */
const char *stepc_partial_handle(const stepc_partial *partial);
stepc_partial *stepc_partial_find(stepc_session *session, const char *handle);

/* ---- eval, default sessions ------------------------------------------------------------------------------- */

/* tf.Tensor.eval and tf.Operation.run. SESSION NULL: the thread's default session; with TensorFlow's texts
 * FAILED_PRECONDITION when there is none, INVALID_ARGUMENT when the session's graph is another. *OUT is a new tensor. */
stepc_code stepc_output_eval(stepc_output at, const stepc_feed *feeds, size_t feed_count, stepc_session *session,
                             stepc_tensor **out, stepc_error *error);
stepc_code stepc_operation_run(const stepc_operation *op, const stepc_feed *feeds, size_t feed_count,
                               stepc_session *session, stepc_error *error);

/* The default session of this thread: a stack that holds its sessions, so one that is freed stays on it, closed, until it
 * is popped or the thread ends. pop: FAILED_PRECONDITION "Nesting violated ..." when SESSION is not on top. */
stepc_session *stepc_default_session(void); /* NULL: none */
stepc_code stepc_default_session_push(stepc_session *session, stepc_error *error);
stepc_code stepc_default_session_pop(stepc_session *session, stepc_error *error);
/* `with Session() as s:`: makes session and graph the defaults; end pops both and closes. Entering twice is
 * FAILED_PRECONDITION. */
stepc_code stepc_session_begin(stepc_session *session, stepc_error *error);
stepc_code stepc_session_end(stepc_session *session, stepc_error *error);
/* InteractiveSession: opened (with place_pruned_graph) on GRAPH (NULL: the default one), and with it the default of this
 * thread until closed, in whatever order. A second one open at the same time is reported as kind "warning". */
stepc_code stepc_interactive_open(stepc_graph *graph, const stepc_session_options *options, stepc_session **out,
                                  stepc_error *error);

/* The default graph of this thread: a stack over a graph that is made on first use and lives as long as the thread. */
stepc_graph *stepc_default_graph(stepc_error *error);
stepc_code stepc_default_graph_push(stepc_graph *graph, stepc_error *error); /* keeps a reference */
stepc_code stepc_default_graph_pop(stepc_graph *graph, stepc_error *error);

/* ---- cancellation, metadata --------------------------------------------------------------------------------- */

/* A token that ends the runs it was given to, with CANCELLED "Run call was cancelled", at their next operation. Counted by
 * nobody: keep it until those runs have returned. */
stepc_code stepc_cancellation_new(const stepc_host *host, stepc_cancellation **out, stepc_error *error);
void stepc_cancellation_cancel(stepc_cancellation *cancellation);
void stepc_cancellation_free(stepc_cancellation *cancellation); /* NULL is fine */

/* What a run tells of itself. One operation, or one compiled step, of a traced run. */
typedef struct stepc_node_statistics {
    const char *node, *type; /* borrowed */
    const char *device;
    const char *engine;       /* "interpreted", "compiled", ... */
    int64_t start_us, end_us; /* since the epoch */
    int64_t start_ns, end_ns; /* since the step began */
    uint64_t output_bytes;
} stepc_node_statistics;
stepc_code stepc_run_metadata_new(const stepc_host *host, stepc_run_metadata **out, stepc_error *error);
void stepc_run_metadata_free(stepc_run_metadata *metadata); /* NULL is fine */
size_t stepc_run_metadata_node_count(const stepc_run_metadata *metadata);
stepc_code stepc_run_metadata_node_at(const stepc_run_metadata *metadata, size_t index, stepc_node_statistics *out,
                                      stepc_error *error);
/* A serialised RunMetadata; a JSON trace for chrome://tracing. Borrowed until the next call with METADATA. */
stepc_code stepc_run_metadata_proto(stepc_run_metadata *metadata, const void **out_data, size_t *out_bytes,
                                    stepc_error *error);
stepc_code stepc_run_metadata_chrome_trace(stepc_run_metadata *metadata, const char **out_text, size_t *out_bytes,
                                           stepc_error *error);

#ifdef __cplusplus
}
#endif
#endif
