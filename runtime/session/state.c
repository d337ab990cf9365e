/* SPDX-License-Identifier: Apache-2.0 */
/* Variables and generators that compiled and interpreted steps share. A value stands in one place: in the session's variable
 * or, after a compiled step wrote it, in that module's state block (its home). A block may hold copies besides; versions
 * tell whether they are current. So a value is copied when another side than last time needs it, and only then. */
#include "runtime/session/compiled.h"

#include "runtime/core/error.h"
#include "runtime/core/host.h"
#include "runtime/ops/random.h"

#include <string.h>

static char *block_at(const state_slot *slot) { return (char *)slot->module->state + slot->slot->offset; }

static variable *find_variable(const stepc_session *s, const state_slot *slot)
{
    return variable_find(s->variables, slot->container, slot->name);
}

static bool has_value(const variable *v) { return v != NULL && (v->value != NULL || v->home != NULL); }

/* ---- from a block to the session ---------------------------------------------------------------- */

static bool same_shape(const stepc_tensor *value, const state_slot *slot)
{
    int32_t rank = slot->slot->rank;
    return stepc_tensor_rank(value) == rank && (int32_t)stepc_tensor_dtype(value) == slot->slot->dtype &&
           (rank == 0 || memcmp(stepc_tensor_dims(value), slot->dims, (size_t)rank * sizeof(int64_t)) == 0);
}

/* The older value's memory serves again when nobody else holds it. */
static stepc_code pull(stepc_session *s, variable *v, stepc_error *error)
{
    state_slot *home = v->home;
    stepc_tensor *value = v->value;
    if (value == NULL || !tensor_is_unique(value) || !same_shape(value, home)) {
        stepc_code code = stepc_tensor_new(&s->host, (stepc_dtype)home->slot->dtype, home->dims, home->slot->rank, &value, error);
        if (code != STEPC_OK)
            return code;
    } else {
        stepc_tensor_retain(value);
    }
    if (home->bytes > 0)
        memcpy(stepc_tensor_data(value), block_at(home), home->bytes);
    variable_set(v, value);
    home->seen = v->version; /* the block is still right */
    return STEPC_OK;
}

stepc_code dispatch_pull(stepc_session *s, variable *v, stepc_error *error)
{
    return v->home != NULL ? pull(s, v, error) : STEPC_OK;
}

/* ---- from the session to a block ---------------------------------------------------------------- */

static kernel_state *generator_of(stepc_session *s, const stepc_operation *op)
{
    if (!session_state_room(s, op->index))
        return NULL;
    kernel_state **state = &s->states[op->index];
    if (*state == NULL)
        *state = ARENA_NEW(&s->state_memory, kernel_state);
    return *state;
}

/* Blocks hold key0 key1 counter0..3. */
static stepc_code push_generator(stepc_session *s, const state_slot *slot, stepc_error *error)
{
    const kernel_state *state = generator_of(s, slot->op);
    if (state == NULL)
        return error_out_of_memory(error, "sharing a generator");
    philox generator = philox_load(slot->op, state, s->seed ^ text_hash(slot->op->name));
    memcpy(block_at(slot), generator.key, sizeof generator.key);
    memcpy(block_at(slot) + sizeof generator.key, generator.counter, sizeof generator.counter);
    return STEPC_OK;
}

static stepc_code pull_generator(stepc_session *s, const state_slot *slot, stepc_error *error)
{
    philox generator;
    kernel_state *state = generator_of(s, slot->op);
    if (state == NULL)
        return error_out_of_memory(error, "sharing a generator");
    memcpy(generator.key, block_at(slot), sizeof generator.key);
    memcpy(generator.counter, block_at(slot) + sizeof generator.key, sizeof generator.counter);
    philox_store(state, &generator);
    return STEPC_OK;
}

static stepc_code push_variable(stepc_session *s, state_slot *slot, variable *v, stepc_error *error)
{
    bool has = has_value(v);
    if (has) {
        stepc_code code = dispatch_pull(s, v, error);
        if (code != STEPC_OK)
            return code;
        if (slot->bytes > 0)
            memcpy(block_at(slot), stepc_tensor_data(v->value), slot->bytes);
    }
    if (slot->flag != NULL)
        *block_at(slot->flag) = (char)has;
    slot->seen = v != NULL ? v->version : UINT64_MAX;
    return STEPC_OK;
}

static bool is_current(const state_slot *slot, const variable *v)
{
    return v != NULL && slot->seen == v->version;
}

/* ---- a call ------------------------------------------------------------------------------------- */

void session_module_free_state(stepc_session *s, session_module *m)
{
    if (m->state != NULL)
        host_free(&s->host, m->state, m->state_bytes);
    m->state = NULL;
}

static stepc_code make_block(stepc_session *s, session_module *m, stepc_error *error)
{
    if (m->state != NULL || m->module->state_bytes == 0)
        return STEPC_OK;
    if (m->module->state_bytes > (uint64_t)s->host.limits.memory_bytes || m->module->state_bytes > SIZE_MAX)
        return error_limit(error, "memory_bytes", s->host.limits.memory_bytes, (int64_t)m->module->state_bytes);
    m->state_bytes = (size_t)m->module->state_bytes;
    m->state = host_alloc(&s->host, m->state_bytes);
    if (m->state == NULL)
        return error_out_of_memory(error, "making the state of a compiled module");
    stepc_fault fault = {0, 0, NULL, NULL};
    stepc_env env = {.size = sizeof env, .state = m->state, .weights = m->weights, .fault = &fault};
    int32_t status = m->module->init != NULL ? m->module->init(&env) : 0;
    if (status == 0)
        return STEPC_OK;
    session_module_free_state(s, m);
    return error_set(error, STEPC_FAILED_PRECONDITION, "The state of module '%.100s' is not initialised: %.200s",
                     m->module->name, fault.message != NULL ? fault.message : "");
}

/* True when C can run on the values that the variables have. *OUT_STALE: some have to be copied first. */
static bool can_run(stepc_session *s, const candidate *c, bool allow_uninitialised, bool *out_stale, stepc_error *error)
{
    for (uint32_t i = 0; i < c->state_count; i++) {
        const state_slot *slot = c->state[i].slot;
        if (slot->kind != SLOT_VARIABLE)
            continue;
        const variable *v = find_variable(s, slot);
        const stepc_tensor *value = v != NULL ? v->value : NULL;
        const state_slot *home = v != NULL ? v->home : NULL;
        if (!has_value(v) && (!allow_uninitialised || slot->flag == NULL)) {
            error_set(error, STEPC_FAILED_PRECONDITION, "Attempting to use uninitialized value %s", slot->name);
            return false;
        }
        bool fits = home != NULL    ? home->slot->rank == slot->slot->rank && home->bytes == slot->bytes &&
                                       (slot->slot->rank == 0 ||
                                        memcmp(home->dims, slot->dims, (size_t)slot->slot->rank * sizeof(int64_t)) == 0)
                    : value != NULL ? same_shape(value, slot)
                                    : true;
        if (!fits) {
            error_set(error, STEPC_FAILED_PRECONDITION, "Variable '%s' has another shape than the compiled step was made for",
                      slot->name);
            return false;
        }
        *out_stale = *out_stale || !is_current(slot, v);
    }
    return true;
}

static stepc_code bring_up_to_date(stepc_session *s, candidate *c, stepc_error *error)
{
    stepc_code code = STEPC_OK;
    for (uint32_t i = 0; i < c->state_count && code == STEPC_OK; i++) {
        state_slot *slot = c->state[i].slot;
        if (slot->kind == SLOT_GENERATOR) {
            code = push_generator(s, slot, error);
        } else if (slot->kind == SLOT_VARIABLE) {
            variable *v = find_variable(s, slot);
            if (!is_current(slot, v))
                code = push_variable(s, slot, v, error);
        }
    }
    return code;
}

stepc_code state_begin(stepc_session *s, candidate *c, bool allow_uninitialised, bool *out_ready, void **out_state,
                       stepc_error *error)
{
    session_module *m = c->module;
    pthread_mutex_lock(&s->state_mutex);
    stepc_code code = make_block(s, m, error);
    *out_ready = false;
    while (code == STEPC_OK) {
        bool is_stale = false;
        if (!can_run(s, c, allow_uninitialised, &is_stale, error))
            break;
        bool is_alone = c->writes || is_stale;
        if (m->readers == 0 || (!is_alone && m->writers_waiting == 0)) {
            if (is_alone)
                code = bring_up_to_date(s, c, error);
            *out_ready = code == STEPC_OK;
            break;
        }
        m->writers_waiting += is_alone;
        m->sleepers++;
        pthread_cond_wait(&m->idle, &s->state_mutex);
        m->sleepers--;
        m->writers_waiting -= is_alone;
    }
    *out_state = m->state;
    if (*out_ready && c->writes)
        return STEPC_OK; /* the lock is kept */
    m->readers += *out_ready;
    bool wake = m->sleepers > 0 && m->readers == 0;
    pthread_mutex_unlock(&s->state_mutex);
    if (wake)
        pthread_cond_broadcast(&m->idle);
    return code;
}

/* The block holds the value from now on. A variable that had none gets its tensor at once, so that "has a value" needs no
 * look into blocks. */
static stepc_code take_home(stepc_session *s, state_slot *slot, stepc_error *error)
{
    variable *v = find_variable(s, slot);
    stepc_code code = STEPC_OK;
    if (slot->flag != NULL && *block_at(slot->flag) == 0)
        return STEPC_OK;
    if (v == NULL) {
        const attr_value *shape = operation_attr(slot->op, "shape");
        bool known = shape != NULL && shape->kind == ATTR_SHAPE && !shape->as.shape.unknown_rank &&
                     (shape->as.shape.rank > 0 || !text_equal(slot->op->type, TEXT_LITERAL("Variable")));
        code = variable_lookup(s->variables, slot->container, slot->name, (stepc_dtype)slot->slot->dtype,
                               known ? shape->as.shape.dims : NULL, known ? shape->as.shape.rank : -1,
                               text_equal(slot->op->type, TEXT_LITERAL("VarHandleOp")), &v, error);
        if (code != STEPC_OK)
            return code;
    }
    v->home = slot;
    v->version++;
    slot->seen = v->version;
    return v->value == NULL ? pull(s, v, error) : STEPC_OK;
}

stepc_code state_end(stepc_session *s, candidate *c, stepc_error *error)
{
    session_module *m = c->module;
    stepc_code code = STEPC_OK;
    if (!c->writes) {
        pthread_mutex_lock(&s->state_mutex);
        m->readers--;
    }
    for (uint32_t i = 0; i < c->state_count && c->writes; i++) {
        stepc_code one = STEPC_OK;
        if (c->state[i].slot->kind == SLOT_GENERATOR)
            one = pull_generator(s, c->state[i].slot, code == STEPC_OK ? error : NULL);
        else if (c->state[i].is_written && c->state[i].slot->kind == SLOT_VARIABLE)
            one = take_home(s, c->state[i].slot, code == STEPC_OK ? error : NULL);
        code = code == STEPC_OK ? one : code;
    }
    bool wake = m->sleepers > 0 && m->readers == 0;
    pthread_mutex_unlock(&s->state_mutex);
    if (wake)
        pthread_cond_broadcast(&m->idle);
    return code;
}

bool state_is_initialised(stepc_session *s, const dispatch *d)
{
    bool all = true;
    pthread_mutex_lock(&s->state_mutex);
    for (int32_t i = 0; i < d->state_count && all; i++) {
        const plan_state *state = &d->states[i];
        all = state->name == NULL || has_value(variable_find(s->variables, state->container, state->name));
    }
    pthread_mutex_unlock(&s->state_mutex);
    return all;
}
