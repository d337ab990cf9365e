/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures: what make_callable would be given, from flags and config text, resolved on a graph. */
#ifndef COMPILER_FRONTEND_SIGNATURE_H
#define COMPILER_FRONTEND_SIGNATURE_H

#include "runtime/graph/graph.h"
#include "stepc/compiler.h"

/* A dimension as the signature has it: a constant, or a symbol (equal names are equal sizes). */
typedef struct signature_dim {
    int64_t size;       /* -1: symbol */
    const char *symbol; /* C identifier; made up ("dim0") where the user wrote '?'; NULL: constant */
    int64_t max;        /* -1: unbounded */
} signature_dim;

typedef struct signature_slot {
    const char *cname;  /* C field name, unique in its struct, no keyword */
    const char *tensor; /* canonical "op:i" */
    stepc_output at;
    stepc_dtype dtype;  /* base dtype */
    int32_t rank;       /* feeds: >= 0, or -1 when the graph and the user leave it open; fetches: -1 (inferred later) */
    const signature_dim *dims;
} signature_slot;

typedef struct signature {
    const char *name; /* the C function's name */
    const signature_slot *feeds, *fetches;
    size_t feed_count, fetch_count;
    const stepc_operation *const *targets;
    size_t target_count;
} signature;

/* Resolves SPEC on GRAPH; the result lies in MEMORY. Errors with TensorFlow's texts for unknown
 * names, duplicates and bad indices; a fed shape must not contradict the placeholder's. A symbol that one feed
 * fixes or bounds is fixed or bounded in all feeds; two sizes or two bounds of one symbol contradict each other.
 * NAME_TAKEN as for C identifiers: keywords and reserved names get a number, two given cnames that collide are INVALID_ARGUMENT. */
stepc_code signature_resolve(stepc_graph *graph, arena *memory, const stepc_callable_spec *spec, signature *out,
                             stepc_error *error);

/* "1,224,?" or "n,128" or "n<=64,4" (also with brackets) into dims. */
stepc_code signature_shape_parse(arena *memory, const char *spelled, const signature_dim **out, int32_t *out_rank,
                                 stepc_error *error);

/* A C identifier from any name: [A-Za-z0-9_], no keyword, at most 48 bytes. */
const char *signature_identifier(arena *memory, const char *name);

/* Whether C or POSIX libraries have a function or a type of that name: exit, sin, read, size_t. */
bool signature_is_library_name(const char *name);

/* Reads config text (tf2xla.Config with `callable { ... }` blocks, cli.md) into specs that lie in MEMORY. */
stepc_code signature_config_parse(const stepc_host *host, arena *memory, const char *name, const char *data, size_t size,
                                  const stepc_callable_spec **out, size_t *out_count, stepc_error *error);
/* The config text of SPECS. */
void signature_config_write(const stepc_callable_spec *specs, size_t count, text *out);

/* The only unambiguous signature of a graph: the Placeholders that are read as feeds, the one operation whose
 * outputs nobody reads as fetch. INVALID_ARGUMENT when there is none, or several: the first 8 stand in the message. */
stepc_code signature_guess(stepc_graph *graph, arena *memory, stepc_callable_spec *out, stepc_error *error);

#endif
