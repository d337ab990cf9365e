/* SPDX-License-Identifier: Apache-2.0 */
/* What a run tells of itself: step statistics, partition graphs; and the clock and cancellation behind it. */
#ifndef RUNTIME_SESSION_TRACE_H
#define RUNTIME_SESSION_TRACE_H

#include "runtime/graph/graph.h"
#include "runtime/session/devices.h"

#include <stdatomic.h>

struct stepc_cancellation {
    stepc_host host;
    atomic_bool cancelled;
};

/* Nanoseconds on a clock that never goes back; microseconds since the epoch. */
int64_t clock_monotonic_ns(void);
int64_t clock_epoch_us(void);

/* Forgets what an earlier run left and begins a step. Metadata belongs to one run at a time. */
stepc_code metadata_begin(stepc_run_metadata *metadata, stepc_error *error);
/* A device that the traced step uses: it is told of even when nothing on it had to run, all being remembered. */
void metadata_device(stepc_run_metadata *metadata, const char *device);
/* One operation, or one compiled step (TYPE "CompiledStep", NODE its name). Times by clock_monotonic_ns. Texts are
 * copied. Failure to remember is no failure of the run: it shows as fewer nodes. */
void metadata_node(stepc_run_metadata *metadata, const char *node, const char *type, const char *device,
                   const char *engine, int64_t begin_ns, int64_t end_ns, uint64_t output_bytes);
/* The operations of the pruned step, as one GraphDef per device that runs any. Edges from other devices, and from fed
 * operations, stand by name: there are no _Send and _Recv operations, since one thread runs them all. */
stepc_code metadata_partition_graphs(stepc_run_metadata *metadata, const stepc_operation *const *operations,
                                     size_t count, const device_list *devices, const int32_t *placed,
                                     stepc_error *error);

#endif
