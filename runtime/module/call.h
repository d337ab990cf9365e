/* SPDX-License-Identifier: 0BSD */
/* Calling a compiled entry with views: what a session, a test or a tool does that does not
 * know the entry's structs at build time. module_call allocates nothing. */
#ifndef RUNTIME_MODULE_CALL_H
#define RUNTIME_MODULE_CALL_H

#include "runtime/core/host.h"
#include "stepc/module.h"
#include "stepc/tensor.h"

#include <stdbool.h>

/* Bytes of scratch that module_call and module_bind want for ENTRY: the feeds struct, the
 * fetches struct, the symbols' values and the dimensions of the fetches. 0 on overflow. */
size_t module_work_bytes(const stepc_entry *entry);
/* Where in that scratch the fetches struct lies; the feeds struct lies at 0. For callers that lay the structs out
 * themselves, where an entry leaves nothing to find out at the call. */
size_t module_work_fetches(const stepc_entry *entry);

/* The error of a step that returned STATUS and left FAULT: its message, the node and the operator of fault.operation
 * ("Type name"), and " [[{{node name}}]]". Returns the code. */
stepc_code module_fault_error(const stepc_fault *fault, int32_t status, stepc_error *error);

/* True when code built for the ISA profile ISA runs on this CPU. Profiles without an order of their own ("armv7m") run
 * where the library itself was built for them. */
bool module_isa_runs(const char *isa);

/* Checks the feeds against the entry (count, dtypes, ranks, dimensions; equal symbols are
 * equal sizes within their bound), lays them out in the feeds struct at the beginning of
 * WORK, and gives the dimensions of each fetch: FETCHES[i].dims points into WORK, bytes is
 * what the fetch takes at most, data is left alone. *OUT_ARENA is the arena that this call
 * needs. WORK is aligned 8 and holds module_work_bytes. Errors are INVALID_ARGUMENT with
 * TensorFlow's texts for callables. */
stepc_code module_bind(const stepc_entry *entry, const stepc_view *feeds, size_t feed_count, void *work,
                       size_t work_bytes, stepc_view *fetches, size_t fetch_count, uint64_t *out_arena,
                       stepc_error *error);

/* Binds, stores into FETCHES[i].data (bytes: what it holds, enough or INVALID_ARGUMENT; may
 * not overlap a feed) and calls. Afterwards FETCHES[i] tells the actual dims (in WORK) and
 * bytes. A fault becomes the error: its message, the node and the operator of
 * fault.operation ("Type name"), and " [[{{node name}}]]". ENV is not changed; a fault
 * record of the caller's is filled too. */
stepc_code module_call(const stepc_module *module, const stepc_entry *entry, const stepc_view *feeds,
                       size_t feed_count, stepc_view *fetches, size_t fetch_count, const stepc_env *env, void *work,
                       size_t work_bytes, stepc_error *error);

/* The same with memory from HOST: scratch, arena (where ENV has none) and one new tensor per
 * fetch into OUT[i]. ENV may be NULL when the module has neither state nor weights outside. */
stepc_code module_call_new(const stepc_host *host, const stepc_module *module, const stepc_entry *entry,
                           const stepc_view *feeds, size_t feed_count, stepc_tensor **out, size_t fetch_count,
                           const stepc_env *env, stepc_error *error);

#endif
