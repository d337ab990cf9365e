/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of a session, and where operations are placed. All devices are the caller's thread; names are TensorFlow's.
 * */
#ifndef RUNTIME_SESSION_DEVICES_H
#define RUNTIME_SESSION_DEVICES_H

#include "runtime/graph/graph.h"
#include "runtime/session/config.h"

typedef struct device_list {
    const stepc_device *devices;
    size_t count;
} device_list;

/* "/job:localhost/replica:0/task:0/device:CPU:0" and on. Lies in MEMORY. */
stepc_code device_list_make(const session_config *config, arena *memory, device_list *out, stepc_error *error);
/* Number of the device that NAME asks for: "" is 0; "/cpu:1", "/device:CPU:1", "CPU:*", full names and partial ones; -1
 * when there is none. Names that are no device names at all give -2. */
int32_t device_find(const device_list *list, stepc_string name);
/* The device that OP runs on. INVALID_ARGUMENT with TensorFlow's text ("{{node X}} was explicitly assigned to D but
 * available devices are [ ... ]. Make sure the device specification refers to a valid device."); with soft placement 0,
 * as long as the job, replica and task are this process. */
stepc_code device_place(const device_list *list, const session_config *config, const stepc_operation *op,
                        int32_t *out_device, stepc_error *error);

#endif
