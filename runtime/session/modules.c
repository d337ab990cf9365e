/* SPDX-License-Identifier: Apache-2.0 */
/* Adding compiled modules to a session. */
#include "runtime/session/compiled.h"

#include "runtime/core/checked.h"
#include "runtime/core/error.h"
#include "runtime/core/host.h"
#include "runtime/module/call.h"

#include <string.h>

/* A module on its way into a session. */
typedef struct module_reader {
    stepc_session *session;
    const stepc_module *module;
    bool is_jit;
    arena *memory;
    session_module *out;
    stepc_error *error;
} module_reader;

static stepc_code lacks(const module_reader *r, const char *what, const char *name)
{
    return error_set(r->error, STEPC_INVALID_ARGUMENT, "Module '%.100s' speaks of %s '%.200s', which the graph lacks",
                     r->module->name, what, name);
}

/* ---- the table itself --------------------------------------------------------------------------- */

static stepc_code check_table(const module_reader *r, const void *weights, size_t weights_bytes)
{
    const stepc_module *m = r->module;
    if (m->abi != STEPC_MODULE_ABI || m->size < sizeof *m)
        return error_set(r->error, STEPC_FAILED_PRECONDITION, "Module '%.100s' was built for interface %lu, this is %lu",
                         m->abi == STEPC_MODULE_ABI ? m->name : "", (unsigned long)m->abi,
                         (unsigned long)STEPC_MODULE_ABI);
    if (m->name == NULL || m->isa == NULL || (m->entry_count > 0 && m->entries == NULL) ||
        (m->state_count > 0 && m->state == NULL))
        return error_set(r->error, STEPC_INVALID_ARGUMENT, "The module's table has holes");
    if (!module_isa_runs(m->isa)) {
        error_set(r->error, STEPC_FAILED_PRECONDITION, "Module '%.100s' is built for %.40s, which this CPU lacks", m->name,
                  m->isa);
        error_mend(r->error, "compile it with --isa generic or --isa host");
        return STEPC_FAILED_PRECONDITION;
    }
    if (weights == NULL ? weights_bytes != 0 : weights_bytes != m->weights_bytes)
        return error_set(r->error, STEPC_INVALID_ARGUMENT, "The weights of module '%.100s' are %llu bytes, but %zu are given",
                         m->name, (unsigned long long)m->weights_bytes, weights_bytes);
    if (((uintptr_t)weights & 63) != 0)
        return error_set(r->error, STEPC_INVALID_ARGUMENT, "The weights of module '%.100s' are not aligned to 64", m->name);
    return STEPC_OK;
}

/* ---- entries ------------------------------------------------------------------------------------ */

/* A placeholder that states a shape; of other operations nothing is known without inference. */
static bool contradicts(const stepc_operation *op, const stepc_slot *slot)
{
    const attr_value *shape = operation_attr(op, "shape");
    if (!text_equal(op->type, TEXT_LITERAL("Placeholder")) || shape == NULL || shape->kind != ATTR_SHAPE ||
        shape->as.shape.unknown_rank || shape->as.shape.rank == 0) /* old graphs spell unknown shapes as scalars */
        return false;
    if (shape->as.shape.rank != slot->rank)
        return true;
    for (int32_t i = 0; i < slot->rank; i++)
        if (slot->dims[i].symbol < 0 && shape->as.shape.dims[i] >= 0 && shape->as.shape.dims[i] != slot->dims[i].size)
            return true;
    return false;
}

static stepc_code check_slot(const module_reader *r, const stepc_entry *entry, const stepc_slot *slot, size_t struct_bytes)
{
    bool good = slot->tensor != NULL && slot->rank >= 0 && slot->rank <= 254 && (slot->rank == 0 || slot->dims != NULL) &&
                stepc_dtype_bytes((stepc_dtype)slot->dtype) > 0 && slot->dtype != STEPC_STRING &&
                slot->offset <= struct_bytes && struct_bytes - slot->offset >= sizeof(void *) &&
                (slot->dims_offset < 0 || ((size_t)slot->dims_offset <= struct_bytes &&
                                           struct_bytes - (size_t)slot->dims_offset >= (size_t)slot->rank * sizeof(int64_t)));
    for (int32_t i = 0; good && i < slot->rank; i++)
        good = slot->dims[i].symbol < 0 || (uint32_t)slot->dims[i].symbol < entry->symbol_count;
    if (good)
        return STEPC_OK;
    return error_set(r->error, STEPC_INVALID_ARGUMENT, "The table of module '%.100s' contradicts itself in entry '%.100s'",
                     r->module->name, entry->name != NULL ? entry->name : "");
}

static stepc_code resolve_slots(const module_reader *r, const stepc_entry *entry, const stepc_slot *slots, uint32_t count,
                                size_t struct_bytes, bool are_feeds, const stepc_output **out)
{
    stepc_output *outputs = ARENA_ARRAY(r->memory, stepc_output, count);
    if (outputs == NULL)
        return error_out_of_memory(r->error, "adding a module");
    for (uint32_t i = 0; i < count; i++) {
        stepc_code code = check_slot(r, entry, &slots[i], struct_bytes);
        if (code != STEPC_OK)
            return code;
        if (stepc_graph_find_output(r->session->graph, slots[i].tensor, &outputs[i], NULL) != STEPC_OK)
            return lacks(r, "tensor", slots[i].tensor);
        stepc_dtype dtype = dtype_base((stepc_dtype)outputs[i].op->output_dtypes[outputs[i].index]);
        if ((int32_t)dtype != slots[i].dtype)
            return error_set(r->error, STEPC_INVALID_ARGUMENT, "Tensor '%.200s' is of type %s in module '%.100s', of %s in the graph",
                             slots[i].tensor, stepc_dtype_name((stepc_dtype)slots[i].dtype), r->module->name,
                             stepc_dtype_name(dtype));
        /* The JIT compiles for what was fed, and feeding another shape than stated is allowed. */
        if (are_feeds && !r->is_jit && contradicts(outputs[i].op, &slots[i]))
            return error_set(r->error, STEPC_INVALID_ARGUMENT, "Tensor '%.200s' has another shape in module '%.100s' than in the graph",
                             slots[i].tensor, r->module->name);
    }
    *out = outputs;
    return STEPC_OK;
}

static stepc_code resolve_targets(const module_reader *r, const stepc_entry *entry, module_entry *out)
{
    out->targets = ARENA_ARRAY(r->memory, const stepc_operation *, entry->target_count);
    if (out->targets == NULL)
        return error_out_of_memory(r->error, "adding a module");
    for (uint32_t i = 0; i < entry->target_count; i++) {
        out->targets[i] = stepc_graph_find(r->session->graph, entry->targets[i]);
        if (out->targets[i] == NULL)
            return lacks(r, "operation", entry->targets[i]);
    }
    return STEPC_OK;
}

static stepc_code resolve_entry(const module_reader *r, const stepc_entry *entry, module_entry *out)
{
    out->entry = entry;
    bool good = entry->call != NULL && (entry->feed_count == 0 || entry->feeds != NULL) &&
                (entry->fetch_count == 0 || entry->fetches != NULL) &&
                (entry->target_count == 0 || entry->targets != NULL) &&
                (entry->symbol_count == 0 || entry->symbols != NULL) && module_work_bytes(entry) > 0;
    for (uint32_t i = 0; good && i < entry->symbol_count; i++)
        good = entry->symbols[i].offset <= entry->feeds_bytes && entry->feeds_bytes - entry->symbols[i].offset >= sizeof(int64_t);
    if (!good)
        return error_set(r->error, STEPC_INVALID_ARGUMENT, "The table of module '%.100s' contradicts itself in entry '%.100s'",
                         r->module->name, entry->name != NULL ? entry->name : "");
    stepc_code code = resolve_slots(r, entry, entry->feeds, entry->feed_count, entry->feeds_bytes, true, &out->feeds);
    if (code == STEPC_OK)
        code = resolve_slots(r, entry, entry->fetches, entry->fetch_count, entry->fetches_bytes, false, &out->fetches);
    return code == STEPC_OK ? resolve_targets(r, entry, out) : code;
}

/* ---- state -------------------------------------------------------------------------------------- */

/* Takes a slot's name apart: [CONTAINER "#/"] NAME ["#set"], where a '#' of NAME's is doubled; OPERATION "#generator". */
static bool read_name(arena *memory, const char *from, state_slot *out)
{
    static const char generator[] = "#generator";
    size_t size = strlen(from), used = 0;
    out->kind = SLOT_VARIABLE;
    out->container = "localhost";
    char *name = arena_text(memory, from, size);
    if (name == NULL)
        return false;
    out->name = name;
    if (size >= sizeof generator && strcmp(from + size - (sizeof generator - 1), generator) == 0 &&
        from[size - sizeof generator] != '#') {
        name[size - (sizeof generator - 1)] = '\0';
        out->kind = SLOT_GENERATOR;
        return true;
    }
    for (const char *c = from; *c != '\0'; c++) {
        if (c[0] == '#' && c[1] == '/') {
            out->container = arena_text(memory, name, used);
            used = 0;
            c++;
        } else if (strcmp(c, "#set") == 0) {
            out->kind = SLOT_FLAG;
            break;
        } else {
            c += c[0] == '#' && c[1] == '#';
            name[used++] = *c;
        }
    }
    name[used] = '\0';
    return out->container != NULL;
}

static stepc_code read_slot(const module_reader *r, const stepc_slot *slot, state_slot *out)
{
    int64_t length = 0;
    out->module = r->out;
    out->slot = slot;
    out->seen = UINT64_MAX;
    bool good = slot->tensor != NULL && slot->rank >= 0 && slot->rank <= 254 && (slot->rank == 0 || slot->dims != NULL);
    int64_t *dims = ARENA_ARRAY(r->memory, int64_t, good ? (size_t)slot->rank : 0);
    if (dims == NULL || (good && !read_name(r->memory, slot->tensor, out)))
        return error_out_of_memory(r->error, "adding a module");
    for (int32_t i = 0; good && i < slot->rank; i++)
        dims[i] = slot->dims[i].size;
    out->dims = dims;
    good = good && shape_count(dims, slot->rank, &length) &&
           checked_mul_size((size_t)length, stepc_dtype_bytes((stepc_dtype)slot->dtype), &out->bytes) &&
           slot->dtype != STEPC_STRING && slot->offset <= r->module->state_bytes &&
           out->bytes <= r->module->state_bytes - slot->offset &&
           (out->kind != SLOT_GENERATOR || out->bytes == 6 * sizeof(uint32_t)) && (out->kind != SLOT_FLAG || out->bytes == 1);
    if (good)
        return STEPC_OK;
    return error_set(r->error, STEPC_INVALID_ARGUMENT, "The table of module '%.100s' contradicts itself in its state",
                     r->module->name);
}

static bool is_made_by(const state_slot *slot, const stepc_operation *op)
{
    stepc_string container = operation_string(op, "container"), shared = operation_string(op, "shared_name");
    return text_equal(text_view(slot->name), shared.size > 0 ? shared : op->name) &&
           text_equal(text_view(slot->container), container.size > 0 ? container : TEXT_LITERAL("localhost"));
}

/* Variables by one walk over the graph; generators by their operation. */
static void find_makers(const module_reader *r)
{
    const stepc_graph *graph = r->session->graph;
    uint32_t count = r->module->state_count, left = 0;
    for (uint32_t i = 0; i < count; i++) {
        state_slot *slot = &r->out->slots[i];
        left += slot->kind == SLOT_VARIABLE;
        if (slot->kind == SLOT_GENERATOR)
            slot->op = stepc_graph_find(graph, slot->name);
    }
    int64_t operations = left > 0 ? stepc_graph_operation_count(graph) : 0;
    for (int64_t n = 0; n < operations && left > 0; n++) {
        const stepc_operation *op = stepc_graph_operation_at(graph, n);
        for (uint32_t i = 0; operation_makes_variable(op) && i < count; i++) {
            state_slot *slot = &r->out->slots[i];
            if (slot->kind != SLOT_VARIABLE || slot->op != NULL || !is_made_by(slot, op))
                continue;
            slot->op = op;
            left--;
        }
    }
}

static void find_flag(session_module *m, state_slot *of)
{
    for (uint32_t i = 0; i < m->module->state_count; i++) {
        state_slot *slot = &m->slots[i];
        if (slot->kind == SLOT_FLAG && strcmp(slot->name, of->name) == 0 &&
            strcmp(slot->container, of->container) == 0)
            of->flag = slot;
    }
}

static stepc_code resolve_state(const module_reader *r)
{
    r->out->slots = ARENA_ARRAY(r->memory, state_slot, r->module->state_count);
    if (r->out->slots == NULL)
        return error_out_of_memory(r->error, "adding a module");
    for (uint32_t i = 0; i < r->module->state_count; i++) {
        stepc_code code = read_slot(r, &r->module->state[i], &r->out->slots[i]);
        if (code != STEPC_OK)
            return code;
    }
    find_makers(r);
    for (uint32_t i = 0; i < r->module->state_count; i++) {
        state_slot *slot = &r->out->slots[i];
        if (slot->kind == SLOT_FLAG)
            continue;
        if (slot->op == NULL)
            return lacks(r, slot->kind == SLOT_GENERATOR ? "operation" : "variable", slot->name);
        if (slot->kind == SLOT_VARIABLE && (int32_t)operation_type(slot->op, "dtype") != slot->slot->dtype)
            return error_set(r->error, STEPC_INVALID_ARGUMENT, "Variable '%.200s' is of type %s in module '%.100s', of %s in the graph",
                             slot->name, stepc_dtype_name((stepc_dtype)slot->slot->dtype), r->module->name,
                             stepc_dtype_name(operation_type(slot->op, "dtype")));
        find_flag(r->out, slot);
    }
    return STEPC_OK;
}

/* ---- adding ------------------------------------------------------------------------------------- */

static stepc_code read_module(module_reader *r)
{
    module_entry *entries = ARENA_ARRAY(r->memory, module_entry, r->module->entry_count);
    if (entries == NULL)
        return error_out_of_memory(r->error, "adding a module");
    r->out->entries = entries;
    stepc_code code = STEPC_OK;
    for (uint32_t i = 0; i < r->module->entry_count && code == STEPC_OK; i++)
        code = resolve_entry(r, &r->module->entries[i], &entries[i]);
    return code == STEPC_OK ? resolve_state(r) : code;
}

static stepc_code append(stepc_session *s, session_module *m, stepc_error *error)
{
    session_module **at = &s->modules;
    for (; *at != NULL; at = &(*at)->next)
        if ((*at)->module == m->module)
            return error_set(error, STEPC_ALREADY_EXISTS, "Module '%.100s' was added before", m->module->name);
    *at = m;
    atomic_fetch_add_explicit(&s->module_count, 1, memory_order_release);
    return STEPC_OK;
}

stepc_code session_module_add(stepc_session *s, const stepc_module *module, const void *weights, bool is_jit,
                              stepc_error *error)
{
    session_module *m = host_alloc(&s->host, sizeof *m);
    if (m == NULL)
        return error_out_of_memory(error, "adding a module");
    if (pthread_cond_init(&m->idle, NULL) != 0) {
        host_free(&s->host, m, sizeof *m);
        return error_set(error, STEPC_RESOURCE_EXHAUSTED, "The system has no condition variable left.");
    }
    arena_init(&m->memory, &s->host);
    m->module = module;
    m->weights = weights;
    m->is_jit = is_jit;
    module_reader r = {.session = s, .module = module, .is_jit = is_jit, .memory = &m->memory, .out = m, .error = error};
    stepc_code code = read_module(&r);
    if (code == STEPC_OK) {
        pthread_mutex_lock(&s->mutex);
        code = append(s, m, error);
        pthread_mutex_unlock(&s->mutex);
    }
    if (code != STEPC_OK)
        session_module_free(s, m);
    return code;
}

void session_module_free(stepc_session *s, session_module *m)
{
    session_module_free_state(s, m);
    pthread_cond_destroy(&m->idle);
    arena_release(&m->memory);
    host_free(&s->host, m, sizeof *m);
}

stepc_code stepc_session_add_module(stepc_session *session, const stepc_module *module, stepc_error *error)
{
    return stepc_session_add_module_weights(session, module, NULL, 0, error);
}

stepc_code stepc_session_add_module_weights(stepc_session *session, const stepc_module *module, const void *weights,
                                            size_t weights_bytes, stepc_error *error)
{
    stepc_error unread;
    error = error_or(error, &unread);
    if (session == NULL || module == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no %s to add.", module == NULL ? "module" : "session");
    module_reader r = {.session = session, .module = module, .error = error};
    stepc_code code = session_enter(session, "AddModule", error);
    if (code != STEPC_OK)
        return code;
    code = check_table(&r, weights, weights_bytes);
    if (code == STEPC_OK)
        code = session_module_add(session, module, weights, false, error);
    session_leave(session);
    return code;
}
