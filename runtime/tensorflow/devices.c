/* SPDX-License-Identifier: Apache-2.0 */
/* The list of a session's devices, as a copy that outlives it. */
#include "runtime/tensorflow/types.h"

struct TF_DeviceList {
    arena memory;
    stepc_device *devices;
    int count;
};

static bool copy_devices(TF_DeviceList *list, const stepc_session *session)
{
    size_t count = stepc_session_device_count(session);

    list->devices = ARENA_ARRAY(&list->memory, stepc_device, count);
    if (list->devices == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const stepc_device *from = stepc_session_device_at(session, i);
        stepc_string name = text_view(from->name), type = text_view(from->type);
        list->devices[i] = *from;
        list->devices[i].name = arena_text(&list->memory, name.data, name.size);
        list->devices[i].type = arena_text(&list->memory, type.data, type.size);
        if (list->devices[i].name == NULL || list->devices[i].type == NULL)
            return false;
    }
    list->count = (int)count;
    return true;
}

TF_DeviceList *TF_SessionListDevices(TF_Session *session, TF_Status *status)
{
    stepc_host host = host_resolve(NULL);
    TF_DeviceList *list = memory_new(sizeof(*list));

    status_clear(status);
    if (session == NULL)
        status_set(status, STEPC_INVALID_ARGUMENT, "There is no session.");
    if (list != NULL)
        arena_init(&list->memory, &host);
    if (session != NULL && list != NULL && copy_devices(list, session->session))
        return list;
    if (session != NULL)
        status_out_of_memory(status, "listing devices");
    TF_DeleteDeviceList(list);
    return NULL;
}

void TF_DeleteDeviceList(TF_DeviceList *list)
{
    if (list == NULL)
        return;
    arena_release(&list->memory);
    memory_free(list, sizeof(*list));
}

int TF_DeviceListCount(const TF_DeviceList *list) { return list != NULL ? list->count : 0; }

static const stepc_device *device_at(const TF_DeviceList *list, int index, TF_Status *status)
{
    status_clear(status);
    if (list == NULL) {
        status_set(status, STEPC_INVALID_ARGUMENT, "list is null!");
        return NULL;
    }
    if (index < 0 || index >= list->count) {
        status_set(status, STEPC_INVALID_ARGUMENT, "index out of bounds");
        return NULL;
    }
    return &list->devices[index];
}

const char *TF_DeviceListName(const TF_DeviceList *list, int index, TF_Status *status)
{
    const stepc_device *device = device_at(list, index, status);
    return device != NULL ? device->name : NULL;
}

const char *TF_DeviceListType(const TF_DeviceList *list, int index, TF_Status *status)
{
    const stepc_device *device = device_at(list, index, status);
    return device != NULL ? device->type : NULL;
}

int64_t TF_DeviceListMemoryBytes(const TF_DeviceList *list, int index, TF_Status *status)
{
    const stepc_device *device = device_at(list, index, status);
    return device != NULL ? device->memory_limit_bytes : -1;
}

uint64_t TF_DeviceListIncarnation(const TF_DeviceList *list, int index, TF_Status *status)
{
    const stepc_device *device = device_at(list, index, status);
    return device != NULL ? device->incarnation : 0;
}
