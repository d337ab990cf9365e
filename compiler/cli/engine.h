/* SPDX-License-Identifier: Apache-2.0 */
/* The engines behind one face: a step of a signature, run any number of times. */
#ifndef COMPILER_CLI_ENGINE_H
#define COMPILER_CLI_ENGINE_H

#include "compiler/cli/cli.h"
#include "runtime/module/call.h"

typedef enum engine_kind {
    ENGINE_REFERENCE,
    ENGINE_INTERPRETED,
    ENGINE_COMPILED,
    ENGINE_JIT,     /* a session with a JIT */
    ENGINE_LIBRARY, /* --module */
    ENGINE_PROGRAM  /* --runner */
} engine_kind;

/* A step to run, and the values it starts with. */
typedef struct engine_request {
    stepc_graph *graph;
    const stepc_callable_spec *spec;
    const signature *signature; /* SPEC resolved */
    const stepc_view *feeds;    /* the shapes to compile for, unless --symbolic */
} engine_request;

typedef struct engine engine;

/* "reference", "interpreted", "compiled", "jit"; others end with the message. 0 or the exit status. */
int engine_kind_parse(cli *c, const char *name, engine_kind *out);
const char *engine_name(const engine *e);
/* Opens a session, or compiles and loads, or loads LIBRARY; runs --init. 0 or the exit status. */
int engine_open(cli *c, engine_kind kind, const char *library, const engine_request *what, engine **out);
void engine_close(engine *e); /* NULL is fine */
/* One step; OUT gets one tensor per fetch, to be released. On failure c->error is set. */
stepc_code engine_step(engine *e, const stepc_view *feeds, stepc_tensor **out);

/* For timing: engine_prepare sets up once what engine_repeat then calls COUNT times, results thrown away. */
stepc_code engine_prepare(engine *e, const stepc_view *feeds);
stepc_code engine_repeat(engine *e, int64_t count);

typedef struct engine_figures {
    int64_t text_bytes, weights_bytes, arena_bytes;
} engine_figures;
/* After engine_prepare. 0 where a figure has no meaning for the engine. */
stepc_code engine_measure(engine *e, engine_figures *out);

double clock_seconds(void); /* monotonic */

/* ---- the step as a program under --runner (runner.c) ------------------------------------------------ */

typedef struct runner runner;

/* Writes PRODUCT's text, of one callable in MODULE, into a private folder. 0 or the exit status. */
int runner_open(cli *c, const stepc_product *product, const char *module, const char *cc, const isa_profile *isa,
                runner **out);
/* Builds a program that holds the feeds, runs it, and reads what it writes: one tensor per fetch. */
stepc_code runner_step(runner *r, const stepc_view *feeds, size_t feed_count, const stepc_dtype *fetch_dtypes,
                       stepc_tensor **out, size_t fetch_count);
void runner_close(runner *r); /* NULL is fine */

/* ---- sets of fed values (feeds.c) ------------------------------------------------------------ */

typedef struct feed_set {
    const char *name;   /* "case DIR", "random 3", "feeds" */
    const char *folder; /* NULL: no case */
    stepc_view *views;  /* one per feed, in signature order */
} feed_set;

typedef struct feed_sets {
    feed_set *items;
    size_t count;
} feed_sets;

/* From --case, --random, or the values of the request; all tensors live until the program ends. 0 or the exit
 * status. */
int feed_sets_make(cli *c, const signature *s, const requested_callable *callable, feed_sets *out);
/* PATH of feed or fetch INDEX in a case folder; NULL when there is none. */
const char *case_file(cli *c, const char *folder, const char *what, size_t index);

#endif
