/* SPDX-License-Identifier: Apache-2.0 */
/* Names of devices, and which operation runs where. Every device is the caller's thread; there are several so that
 * graphs made for several run as they are. */
#include "runtime/session/devices.h"

#include "runtime/core/error.h"

#include <string.h>
#include <time.h>

#define DEVICE_MEMORY_BYTES 268435456 /* what TensorFlow says of every CPU */

#define GOLDEN_GAMMA 0x9e3779b97f4a7c15u /* odd: its multiples are all different modulo 2^64 */

/* The first device's incarnation, which differs from session to session. */
static uint64_t draw_incarnation(const void *list)
{
    struct timespec now = {0, 0};

    (void)timespec_get(&now, TIME_UTC);
    uint64_t x = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec + (uint64_t)(uintptr_t)list;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

stepc_code device_list_make(const session_config *config, arena *memory, device_list *out, stepc_error *error)
{
    size_t count = (size_t)config->cpu_devices;
    stepc_device *devices = ARENA_ARRAY(memory, stepc_device, count);
    uint64_t incarnation = draw_incarnation(devices);

    *out = (device_list){NULL, 0};
    if (devices == NULL)
        return error_out_of_memory(error, "listing devices");
    for (size_t i = 0; i < count; i++) {
        char *name = arena_format(memory, "/job:localhost/replica:0/task:0/device:CPU:%d", (int)i);
        if (name == NULL)
            return error_out_of_memory(error, "listing devices");
        incarnation += GOLDEN_GAMMA;
        if (incarnation == 0)
            incarnation += GOLDEN_GAMMA;
        devices[i] = (stepc_device){name, "CPU", DEVICE_MEMORY_BYTES, incarnation};
    }
    *out = (device_list){devices, count};
    return STEPC_OK;
}

/* ---- names -------------------------------------------------------------------------------- */

/* What a name asks for; parts that it leaves out, or gives as '*', are not there. */
typedef struct device_name {
    stepc_string job, type;
    int64_t replica, task, id;
    bool has_job, has_replica, has_task, has_type, has_id;
} device_name;

static bool take_prefix(stepc_string *at, const char *prefix)
{
    size_t size = strlen(prefix);

    if (at->size < size || memcmp(at->data, prefix, size) != 0)
        return false;
    at->data += size;
    at->size -= size;
    return true;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* A letter, then letters, digits and '_'. */
static bool take_word(stepc_string *at, stepc_string *out)
{
    size_t size = 0;

    if (at->size == 0 || !is_letter(at->data[0]))
        return false;
    while (size < at->size && (is_letter(at->data[size]) || is_digit(at->data[size]) || at->data[size] == '_'))
        size++;
    *out = (stepc_string){at->data, size};
    at->data += size;
    at->size -= size;
    return true;
}

static bool take_number(stepc_string *at, int64_t *out)
{
    size_t size = 0;

    while (size < at->size && is_digit(at->data[size]))
        size++;
    if (size == 0 || !parse_i64(at->data, size, out) || *out > INT32_MAX)
        return false;
    at->data += size;
    at->size -= size;
    return true;
}

/* A number, or '*' for any. */
static bool take_number_or_any(stepc_string *at, bool *has, int64_t *out)
{
    *has = !take_prefix(at, "*");
    return !*has || take_number(at, out);
}

/* TYPE, TYPE:N or TYPE:*. */
static bool take_type(stepc_string *at, device_name *name)
{
    name->has_type = !take_prefix(at, "*");
    if (name->has_type && !take_word(at, &name->type))
        return false;
    name->has_id = false;
    return !take_prefix(at, ":") || take_number_or_any(at, &name->has_id, &name->id);
}

/* "/cpu:0" and "/gpu:0", the old spelling. */
static bool take_old_type(stepc_string *at, const char *type, device_name *name)
{
    name->has_type = true;
    name->type = text_view(type);
    return take_number_or_any(at, &name->has_id, &name->id);
}

static bool take_part(stepc_string *at, device_name *name)
{
    if (take_prefix(at, "/job:")) {
        name->has_job = !take_prefix(at, "*");
        return !name->has_job || take_word(at, &name->job);
    }
    if (take_prefix(at, "/replica:"))
        return take_number_or_any(at, &name->has_replica, &name->replica);
    if (take_prefix(at, "/task:"))
        return take_number_or_any(at, &name->has_task, &name->task);
    if (take_prefix(at, "/device:"))
        return take_type(at, name);
    if (take_prefix(at, "/cpu:") || take_prefix(at, "/CPU:"))
        return take_old_type(at, "CPU", name);
    if (take_prefix(at, "/gpu:") || take_prefix(at, "/GPU:"))
        return take_old_type(at, "GPU", name);
    return false;
}

static bool device_name_parse(stepc_string spelled, device_name *out)
{
    memset(out, 0, sizeof *out);
    if (text_equal(spelled, TEXT_LITERAL("/")))
        return true;
    if (spelled.size > 0 && spelled.data[0] != '/')
        return take_type(&spelled, out) && spelled.size == 0;
    while (spelled.size > 0)
        if (!take_part(&spelled, out))
            return false;
    return true;
}

/* Python writes types in capitals whatever was asked for; so do we. */
static bool is_cpu(stepc_string type)
{
    return type.size == 3 && (type.data[0] == 'C' || type.data[0] == 'c') &&
           (type.data[1] == 'P' || type.data[1] == 'p') && (type.data[2] == 'U' || type.data[2] == 'u');
}

/* The one process that there is. */
static bool is_this_task(const device_name *name)
{
    return (!name->has_job || text_equal(name->job, TEXT_LITERAL("localhost"))) &&
           (!name->has_replica || name->replica == 0) && (!name->has_task || name->task == 0);
}

static int32_t match(const device_list *list, const device_name *name)
{
    int64_t id = name->has_id ? name->id : 0;

    if (!is_this_task(name) || (name->has_type && !is_cpu(name->type)) || id >= (int64_t)list->count)
        return -1;
    return (int32_t)id;
}

int32_t device_find(const device_list *list, stepc_string name)
{
    device_name parsed;

    return device_name_parse(name, &parsed) ? match(list, &parsed) : -2;
}

/* ---- placement ----------------------------------------------------------------------------- */

static stepc_code not_there(const device_list *list, const stepc_operation *op, stepc_error *error)
{
    error_set(error, STEPC_INVALID_ARGUMENT, "{{node %s}} was explicitly assigned to %s but available devices are [ ",
              op->name.data, op->device.data);
    for (size_t i = 0; i < list->count; i++)
        error_append(error, "%s%s", i > 0 ? ", " : "", list->devices[i].name);
    error_append(error, " ]. Make sure the device specification refers to a valid device.");
    (void)error_at_node(error, op->name.data, op->type.data, NULL);
    return STEPC_INVALID_ARGUMENT;
}

stepc_code device_place(const device_list *list, const session_config *config, const stepc_operation *op,
                        int32_t *out_device, stepc_error *error)
{
    device_name name;

    *out_device = 0;
    if (op->device.size == 0 || config->ignore_devices)
        return STEPC_OK;
    if (!device_name_parse(op->device, &name)) {
        error_set(error, STEPC_INVALID_ARGUMENT, "Malformed device specification '%s' in node: {{node %s}}",
                  op->device.data, op->name.data);
        (void)error_at_node(error, op->name.data, op->type.data, NULL);
        return STEPC_INVALID_ARGUMENT;
    }
    int32_t found = match(list, &name);
    if (found >= 0) {
        *out_device = found;
        return STEPC_OK;
    }
    /* Soft placement gives up type and number, never the task: nobody else computes what another process was to do. */
    if (config->allow_soft_placement && is_this_task(&name))
        return STEPC_OK;
    return not_there(list, op, error);
}
