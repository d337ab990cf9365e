/* SPDX-License-Identifier: 0BSD */
/* The compiler: a graph and signatures in, C text out. */
#ifndef STEPC_COMPILER_H
#define STEPC_COMPILER_H

#include "stepc/graph.h"
#include "stepc/session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A fed tensor. cname NULL: made from the tensor's name. dtype 0 and shape NULL: what the
 * graph says. shape is the text of one, without brackets: "1,224,224,3", "n,128", "n<=64,?". */
typedef struct stepc_feed_spec {
    const char *cname;
    const char *tensor;
    stepc_dtype dtype;
    const char *shape;
} stepc_feed_spec;

typedef struct stepc_fetch_spec {
    const char *cname;
    const char *tensor;
} stepc_fetch_spec;

/* What make_callable would be given. name: the C function's name. */
typedef struct stepc_callable_spec {
    uint32_t size; /* sizeof(stepc_callable_spec) */
    const char *name;
    const stepc_feed_spec *feeds;
    size_t feed_count;
    const stepc_fetch_spec *fetches;
    size_t fetch_count;
    const char *const *targets;
    size_t target_count;
} stepc_callable_spec;

typedef enum stepc_weights { STEPC_WEIGHTS_AUTO, STEPC_WEIGHTS_INLINE, STEPC_WEIGHTS_OBJECT, STEPC_WEIGHTS_FILE } stepc_weights;

typedef struct stepc_compile_options {
    uint32_t size;          /* sizeof(stepc_compile_options) */
    const char *module;     /* C name of the module and of its files; NULL: the first callable's */
    const char *isa;        /* ISA profile; NULL: "generic" */
    stepc_weights weights;
    int32_t exact;          /* same bits as the reference engine on every target */
    int32_t no_fold;        /* keep computation that hangs on constants only */
    int32_t variables_const;/* freeze variables at their initial values where those are constants */
    int32_t parallel;
    int32_t optimize_size;
    const char *prefix;     /* put before every public identifier; NULL: none */
    const char *dump_after; /* pass whose result goes to the report callback as kind "dump" */
    const stepc_host *host; /* NULL: the graph's */
} stepc_compile_options;

/* One emitted file: name relative to the output folder; TEXT or bytes. */
typedef struct stepc_file {
    const char *name;
    const char *data;
    size_t bytes;
} stepc_file;

/* Figures of one callable (cli.md, compile --json). Sizes at the upper bound of symbols. */
typedef struct stepc_callable_figures {
    const char *name;
    int64_t operations, nests, groups, chunks, calls;
    int64_t bytes_moved; /* main memory: what the schedule reads and writes */
    int64_t bytes_inputs_outputs; /* feeds and weights and state read once, fetches and state written once */
    int64_t local_bytes; /* largest set of strip buffers alive at once */
    int64_t arena_bytes, live_bytes, weights_bytes, state_bytes, flops;
} stepc_callable_figures;

/* The product of one compilation: files[0] is the header, files[1] the C text, then weights. */
typedef struct stepc_product stepc_product;

/* Compiles CALLABLES into one module. *OUT is freed with stepc_product_free. Errors name
 * the node, operator and attribute; operators that a step needs and that lack an
 * implementation are all reported (kind "missing-operator"), the count and the first 8
 * stand in the message, code UNIMPLEMENTED. */
stepc_code stepc_compile(stepc_graph *graph, const stepc_callable_spec *callables, size_t callable_count,
                         const stepc_compile_options *options, stepc_product **out, stepc_error *error);
size_t stepc_product_file_count(const stepc_product *product);
stepc_file stepc_product_file(const stepc_product *product, size_t index);
size_t stepc_product_callable_count(const stepc_product *product);
const stepc_callable_figures *stepc_product_figures(const stepc_product *product, size_t index);
void stepc_product_free(stepc_product *product);

/* ---- compiling on demand ------------------------------------------------------------------------- */

/* Zero-filled members mean the defaults. All texts are copied. */
typedef struct stepc_jit_options {
    uint32_t size;            /* sizeof(stepc_jit_options) */
    const stepc_host *host;   /* copied; NULL: the default host */
    const char *cache_folder; /* libraries are kept there; made when missing. NULL: nothing is kept on disk */
    int64_t cache_bytes;      /* what the folder may hold; 0: 1 GiB. The longest unused libraries go first */
    const char *cc;           /* the C compiler, perhaps with words behind it; NULL: $CC, else "cc" */
    const char *cflags;       /* more flags for it; NULL: none */
    const char *isa;          /* ISA profile; NULL: "host" */
    int32_t exact;            /* same bits as the reference engine */
    int32_t no_fold;          /* keep computation that hangs on constants only */
    int64_t timeout_ms;       /* of one run of the C compiler; 0: ten minutes */
} stepc_jit_options;

/* Something for stepc_session_options.jit: steps are compiled to C, built by the C compiler, and loaded. The compiler runs
 * by its absolute path, without a shell, in a private folder and a reduced environment. Equal steps share a module within
 * *OUT, and a library within the cache folder. Sessions may share it, from any thread. PERMISSION_DENIED when the cache
 * folder is not a folder of this user alone (mode 0700, no symbolic link); a folder that cannot be made or written goes
 * to the host's report as kind "warning", and nothing is kept. FAILED_PRECONDITION when this CPU lacks the profile. */
stepc_code stepc_jit_open(const stepc_jit_options *options, const stepc_jit **out, stepc_error *error);
/* Unloads all modules: free the sessions first. NULL is fine. */
void stepc_jit_close(const stepc_jit *jit);

/* How modules came to be, since the JIT was opened. */
typedef struct stepc_jit_statistics {
    uint32_t size;      /* sizeof(stepc_jit_statistics), set by the caller */
    uint64_t built;     /* by the C compiler */
    uint64_t from_disk; /* from the cache folder */
    uint64_t shared;    /* loaded already */
    uint64_t failed;
    uint64_t loaded;    /* now */
} stepc_jit_statistics;
stepc_code stepc_jit_statistics_get(const stepc_jit *jit, stepc_jit_statistics *out, stepc_error *error);

#ifdef __cplusplus
}
#endif
#endif
