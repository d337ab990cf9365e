/* SPDX-License-Identifier: Apache-2.0 */
/* Variables: a buffer of the module's state block and a flag that says whether it has a value. */
#include "compiler/lower/state.h"
#include "compiler/lower/variables.h"

#include <string.h>

/* ---- state slots --------------------------------------------------------------------------- */

static stepc_code grow_slots(lower_state *l, stepc_error *error)
{
    loop_slot *grown = arena_grow(l->step->memory, l->shared->state, &l->shared->capacity, l->shared->count + 1, sizeof *grown);
    if (!grown)
        return error_out_of_memory(error, "lowering");
    l->shared->state = grown;
    return STEPC_OK;
}

static int32_t find_slot(lower_state *l, const char *name)
{
    for (size_t i = 0; i < l->shared->count; i++)
        if (strcmp(l->shared->state[i].tensor, name) == 0)
            return (int32_t)i;
    return -1;
}

static bool same_slot(const loop_slot *slot, const infer_value *info)
{
    return slot->dtype == info->dtype && slot->rank == info->rank &&
           memcmp(slot->dims, info->dims, (size_t)info->rank * sizeof *info->dims) == 0;
}

int32_t lower_state_buffer(lower_state *l, const char *name, const infer_value *info, const stepc_tensor *initial,
                           const stepc_operation *op, stepc_error *error)
{
    int32_t buffer = lower_root(l, BUFFER_STATE, info, op, error);
    if (buffer < 0)
        return -1;
    int32_t slot = find_slot(l, name);
    if (slot < 0) {
        if (grow_slots(l, error))
            return -1;
        slot = (int32_t)l->shared->count++;
        l->shared->state[slot] = (loop_slot){.tensor = name, .cname = signature_identifier(l->step->memory, name),
                                             .dtype = info->dtype, .rank = info->rank, .dims = info->dims,
                                             .buffer = buffer, .initial = initial, .at = {op, 0}};
    } else if (!same_slot(&l->shared->state[slot], info)) {
        error_set(error, STEPC_UNIMPLEMENTED, "variable %s has several shapes or dtypes", name);
        return -1;
    }
    l->program->buffers[buffer].slot = slot;
    return buffer;
}

/* ---- variables ------------------------------------------------------------------------------- */

/* The operation that a reference or a handle comes from. */
static const stepc_operation *origin_of(stepc_output at)
{
    const stepc_operation *op = at.op;
    for (;;) {
        bool makes = text_equal(op->type, TEXT_LITERAL("VariableV2")) || text_equal(op->type, TEXT_LITERAL("VarHandleOp")) ||
                     text_equal(op->type, TEXT_LITERAL("Variable"));
        if (makes || op->input_count == 0)
            return makes ? op : NULL;
        op = op->inputs[0].op; /* Identity, and updates that give their reference on */
    }
}

static const char *variable_name(const lower_state *l, const stepc_operation *op)
{
    stepc_string container = operation_string(op, "container"), shared = operation_string(op, "shared_name");
    stepc_string name = shared.size ? shared : op->name;
    if (container.size)
        return arena_format(l->step->memory, "%.*s/%.*s", (int)container.size, container.data, (int)name.size, name.data);
    return arena_text(l->step->memory, name.data, name.size);
}

static bool is_fully_known(const infer_value *info)
{
    for (int32_t d = 0; d < info->rank; d++)
        if (info->dims[d] == SIZE_UNKNOWN)
            return false;
    return info->rank >= 0;
}

/* The declared shape of the variable that OP makes. */
static stepc_code declared(lower_context *l, const stepc_operation *op, infer_value *info)
{
    const attr_value *shape = operation_attr(op, "shape");
    info->dtype = operation_type(op, "dtype");
    info->rank = -1;
    if (!shape || shape->as.shape.unknown_rank ||
        (shape->as.shape.rank == 0 && text_equal(op->type, TEXT_LITERAL("Variable"))))
        return STEPC_OK;
    info->dims = ARENA_ARRAY(l->step->memory, size_ref, (size_t)shape->as.shape.rank + 1);
    if (!info->dims)
        return error_out_of_memory(l->error, "lowering");
    info->rank = shape->as.shape.rank;
    for (int32_t d = 0; d < info->rank; d++)
        info->dims[d] = shape->as.shape.dims[d] < 0 ? SIZE_UNKNOWN : size_const(l->program->sizes, shape->as.shape.dims[d]);
    return STEPC_OK;
}

static stepc_code add_variable(lower_context *l, const stepc_operation *op, const infer_value *info, const char *name)
{
    lower_state *s = l->state;
    infer_value flag = {.dtype = STEPC_BOOL};
    lower_variable *grown = arena_grow(l->step->memory, s->variables, &s->variable_capacity, s->variable_count + 1, sizeof *grown);
    if (!grown || !name)
        return error_out_of_memory(l->error, "lowering");
    s->variables = grown;
    lower_variable v = {.op = op, .name = name};
    v.value = lower_state_buffer(s, name, info, NULL, op, l->error);
    v.flag = v.value < 0 ? -1
                         : lower_state_buffer(s, arena_format(l->step->memory, "%s#set", name), &flag, NULL, op, l->error);
    if (v.flag < 0)
        return STEPC_UNIMPLEMENTED;
    s->variables[s->variable_count++] = v;
    return STEPC_OK;
}

stepc_code lower_find_variable(lower_context *l, stepc_output at, const infer_value *value, lower_variable **out)
{
    const stepc_operation *op = origin_of(at);
    *out = NULL;
    if (!op) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "the variable behind %s is not known when the step is compiled", at.op->name.data);
        return error_mend(l->error, "run the step interpreted");
    }
    const char *name = variable_name(l->state, op);
    if (!name)
        return error_out_of_memory(l->error, "lowering");
    for (size_t i = 0; i < l->state->variable_count; i++)
        if (strcmp(l->state->variables[i].name, name) == 0) {
            *out = &l->state->variables[i];
            return STEPC_OK;
        }
    infer_value info = {0};
    stepc_code code = declared(l, op, &info);
    if (!code && !is_fully_known(&info) && value && is_fully_known(value))
        info = *value;
    int32_t slot = find_slot(l->state, name);
    if (!code && !is_fully_known(&info) && slot >= 0) {
        const loop_slot *known = &l->state->shared->state[slot]; /* another callable of the module knows */
        info.rank = known->rank;
        info.dims = ARENA_ARRAY(l->step->memory, size_ref, (size_t)known->rank + 1);
        if (!info.dims)
            return error_out_of_memory(l->error, "lowering");
        memcpy(info.dims, known->dims, (size_t)known->rank * sizeof *known->dims);
    }
    if (!code)
        code = add_variable(l, op, &info, name);
    if (!code)
        *out = &l->state->variables[l->state->variable_count - 1];
    return code;
}

stepc_code lower_require_value(lower_state *l, int32_t root, stepc_error *error)
{
    for (size_t i = 0; i < l->variable_count; i++) {
        lower_variable *v = &l->variables[i];
        if (v->value != root || v->is_known)
            continue;
        nest_builder b;
        nest_begin(&b, l->program);
        nest_origin(&b, v->op);
        nest_check(&b, nest_read(&b, v->flag, NULL), STEPC_FAILED_PRECONDITION,
                   arena_format(l->step->memory, "Attempting to use uninitialized value %s", v->name), v->op);
        v->is_known = true;
        return nest_end(&b, error);
    }
    return STEPC_OK;
}

stepc_code lower_mark_assigned(lower_context *l, lower_variable *v)
{
    if (v->is_known)
        return STEPC_OK;
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    nest_write(&b, v->flag, NULL, nest_const_i64(&b, STEPC_BOOL, 1));
    v->is_known = true;
    return nest_end(&b, l->error);
}

/* ---- rows ---------------------------------------------------------------------------------------- */

static stepc_code lower_variable_op(lower_context *l)
{
    lower_variable *v;
    stepc_code code = lower_find_variable(l, (stepc_output){l->op, 0}, NULL, &v);
    if (!code)
        lower_alias(l, 0, v->value);
    return code;
}

/* A handle has no value of its own; who uses it looks the variable up. */
static stepc_code lower_handle(lower_context *l)
{
    (void)l;
    return STEPC_OK;
}

static stepc_code same_shape(lower_context *l, int32_t target, int32_t value)
{
    const loop_buffer *a = &l->program->buffers[target], *b = &l->program->buffers[value];
    bool same = a->rank == b->rank && a->dtype == b->dtype;
    for (int32_t d = 0; same && d < a->rank; d++)
        same = a->extents[d] == b->extents[d];
    if (same)
        return STEPC_OK;
    error_set(l->error, STEPC_UNIMPLEMENTED, "the value's shape is not known to be the variable's when the step is compiled");
    return error_mend(l->error, "fix the fed shapes, or run the step interpreted");
}

static stepc_code assign(lower_context *l, lower_variable **out)
{
    int32_t value = lower_input(l, 1);
    if (value < 0)
        return stepc_error_code(l->error);
    stepc_code code = lower_find_variable(l, l->op->inputs[0], lower_info(l, 1), out);
    if (!code)
        code = same_shape(l, (*out)->value, value);
    if (!code)
        code = lower_copy(l->state, (*out)->value, value, l->op, l->error);
    if (!code)
        code = lower_mark_assigned(l, *out);
    return code;
}

static stepc_code lower_assign(lower_context *l)
{
    lower_variable *v;
    stepc_code code = assign(l, &v);
    if (!code)
        lower_alias(l, 0, v->value);
    return code;
}

static stepc_code lower_assign_variable(lower_context *l)
{
    lower_variable *v;
    return assign(l, &v);
}

static stepc_code lower_assign_add(lower_context *l)
{
    lower_variable *v;
    int32_t value = lower_input(l, 1);
    if (value < 0)
        return stepc_error_code(l->error);
    stepc_code code = lower_find_variable(l, l->op->inputs[0], lower_info(l, 1), &v);
    if (!code)
        code = same_shape(l, v->value, value);
    if (!code)
        code = lower_require_value(l->state, v->value, l->error);
    if (code)
        return code;
    lower_alias(l, 0, v->value);
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t rank = l->program->buffers[v->value].rank;
    int32_t old = lower_read_broadcast(&b, v->value, rank), more = lower_read_broadcast(&b, value, rank);
    lower_write(&b, v->value, lower_round(&b, nest_binary(&b, LOOP_ADD, old, more), operation_type(l->op, "T")));
    return nest_end(&b, l->error);
}

static stepc_code lower_read_variable(lower_context *l)
{
    lower_variable *v;
    stepc_code code = lower_find_variable(l, l->op->inputs[0], lower_output_info(l, 0), &v);
    if (!code)
        code = lower_require_value(l->state, v->value, l->error);
    if (code)
        return code;
    const loop_buffer *from = &l->program->buffers[v->value];
    int32_t copy = lower_temporary(l, from->dtype, from->extents, from->rank, from->hint);
    code = copy < 0 ? STEPC_RESOURCE_EXHAUSTED : lower_copy(l->state, copy, v->value, l->op, l->error);
    if (!code)
        lower_alias(l, 0, copy);
    return code;
}

static const lower_row rows[] = {
    {"Assign", lower_assign, 0},
    {"AssignAdd", lower_assign_add, 0},
    {"AssignVariableOp", lower_assign_variable, 0},
    {"ReadVariableOp", lower_read_variable, 0},
    {"VarHandleOp", lower_handle, 0},
    {"VariableV2", lower_variable_op, 0},
};

const lower_family lower_variables = {rows, sizeof rows / sizeof rows[0]};
