/* SPDX-License-Identifier: Apache-2.0 */
/* Variables: a buffer of the module's state block and a flag that says whether it has a value. */
#include "compiler/lower/variables.h"
#include "compiler/lower/state.h"

#include <string.h>

/* ---- state slots --------------------------------------------------------------------------- */

static stepc_code grow_slots(lower_state *l, const char *name, stepc_error *error)
{
    loop_slot *grown =
        arena_grow(l->step->memory, l->shared->state, &l->shared->capacity, l->shared->count + 1, sizeof *grown);
    if (!grown || name_set_add(l->step->memory, &l->shared->names, text_view(name)) < 0)
        return error_out_of_memory(error, "lowering");
    l->shared->state = grown;
    return STEPC_OK;
}

static int32_t find_slot(lower_state *l, const char *name) { return name_set_find(&l->shared->names, text_view(name)); }

static bool same_slot(const loop_slot *slot, const infer_value *info)
{
    bool same = slot->dtype == info->dtype && slot->rank == info->rank;
    for (int32_t d = 0; same && d < info->rank; d++)
        same = slot->dims[d] == info->dims[d];
    return same;
}

int32_t lower_state_buffer(lower_state *l, const char *name, const infer_value *info, const stepc_tensor *initial,
                           const stepc_operation *op, stepc_error *error)
{
    int32_t buffer = lower_root(l, BUFFER_STATE, info, op, error);
    if (buffer < 0)
        return -1;
    int32_t slot = find_slot(l, name);
    if (slot < 0) {
        if (grow_slots(l, name, error))
            return -1;
        slot = (int32_t)l->shared->count++;
        l->shared->state[slot] = (loop_slot){.tensor = name,
                                             .cname = signature_identifier(l->step->memory, name),
                                             .dtype = info->dtype,
                                             .rank = info->rank,
                                             .dims = info->dims,
                                             .buffer = -1,
                                             .initial = initial,
                                             .at = {op, 0}};
    } else if (!same_slot(&l->shared->state[slot], info)) {
        error_set(error, STEPC_UNIMPLEMENTED, "variable %s has several shapes or dtypes", name);
        return -1;
    }
    l->program->buffers[buffer].slot = slot;
    return buffer;
}

stepc_code lower_share_state(loop_program *p, const lower_shared *shared, stepc_error *error)
{
    p->state = ARENA_ARRAY(p->memory, loop_slot, shared->count + 1);
    if (!p->state)
        return error_out_of_memory(error, "lowering");
    if (shared->count)
        memcpy(p->state, shared->state, shared->count * sizeof *p->state);
    p->state_count = (int32_t)shared->count;
    for (int32_t i = 0; i < p->buffer_count; i++)
        if (p->buffers[i].kind == BUFFER_STATE && p->buffers[i].root == i)
            p->state[p->buffers[i].slot].buffer = i;
    return STEPC_OK;
}

/* ---- variables ------------------------------------------------------------------------------- */

static bool makes_variable(const stepc_operation *op)
{
    return text_equal(op->type, TEXT_LITERAL("VariableV2")) || text_equal(op->type, TEXT_LITERAL("VarHandleOp")) ||
           text_equal(op->type, TEXT_LITERAL("Variable"));
}

/* The operation that a reference or a handle comes from; found once for each operation on the way, since
 * a graph may chain a great many updates. */
static const stepc_operation *origin_of(lower_state *l, stepc_output at)
{
    const stepc_operation *op = at.op, *origin = NULL;
    while (!makes_variable(op) && op->input_count > 0 && !l->origins[op->index])
        op = op->inputs[0].op; /* Identity, and updates that give their reference on */
    origin = makes_variable(op) ? op : l->origins[op->index];
    for (op = at.op; op != origin && op->input_count > 0 && !l->origins[op->index]; op = op->inputs[0].op)
        l->origins[op->index] = origin;
    return origin;
}

/* The name of the variable among the module's. A '#' of the graph's is doubled, so that no name
 * meets another's flag, generator or container. */
static const char *variable_name(const lower_state *l, const stepc_operation *op)
{
    stepc_string container = operation_string(op, "container"), shared = operation_string(op, "shared_name");
    stepc_string name = shared.size ? shared : op->name;
    bool is_default = container.size == 0 || text_equal(container, TEXT_LITERAL("localhost"));
    char *out = arena_array(l->step->memory, name.size + container.size + 2, 2);
    size_t used = 0;
    if (!out)
        return NULL;
    if (!is_default) {
        memcpy(out, container.data, container.size);
        memcpy(out + container.size, "#/", 2);
        used = container.size + 2;
    }
    for (size_t i = 0; i < name.size; i++) {
        out[used++] = name.data[i];
        if (name.data[i] == '#')
            out[used++] = '#';
    }
    out[used] = 0;
    return out;
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
        info->dims[d] =
            shape->as.shape.dims[d] < 0 ? SIZE_UNKNOWN : size_const(l->program->sizes, shape->as.shape.dims[d]);
    return STEPC_OK;
}

static stepc_code add_variable(lower_context *l, const stepc_operation *op, const infer_value *info, const char *name)
{
    lower_state *s = l->state;
    infer_value flag = {.dtype = STEPC_BOOL};
    lower_variable *grown =
        arena_grow(l->step->memory, s->variables, &s->variable_capacity, s->variable_count + 1, sizeof *grown);
    if (!grown || !name)
        return error_out_of_memory(l->error, "lowering");
    s->variables = grown;
    lower_variable v = {.op = op, .name = name};
    v.value = lower_state_buffer(s, name, info, NULL, op, l->error);
    v.flag = v.value < 0
                 ? -1
                 : lower_state_buffer(s, arena_format(l->step->memory, "%s#set", name), &flag, NULL, op, l->error);
    if (v.flag < 0)
        return STEPC_UNIMPLEMENTED;
    if (name_set_add(l->step->memory, &s->variable_names, text_view(name)) < 0)
        return error_out_of_memory(l->error, "lowering");
    s->variables[s->variable_count++] = v;
    return STEPC_OK;
}

/* Several operations may name one variable; the first says what it is. */
static stepc_code check_declared(lower_context *l, const lower_variable *v, const infer_value *info)
{
    const loop_slot *slot = &l->state->shared->state[l->program->buffers[v->value].slot];
    if (slot->dtype != info->dtype)
        return error_set(l->error, STEPC_INVALID_ARGUMENT,
                         "Trying to access variable %s with wrong dtype. Expected %s got %s", v->name,
                         stepc_dtype_name(slot->dtype), stepc_dtype_name(info->dtype));
    if (is_fully_known(info) && !same_slot(slot, info))
        return error_set(l->error, STEPC_UNIMPLEMENTED, "variable %s has several shapes", v->name);
    return STEPC_OK;
}

/* A shape that the declaration leaves open: VALUE's, or what another callable of the module knows. */
static stepc_code complete(lower_context *l, const char *name, const infer_value *value, infer_value *info)
{
    if (is_fully_known(info))
        return STEPC_OK;
    int32_t slot = find_slot(l->state, name);
    stepc_dtype dtype = info->dtype;
    if (slot < 0) {
        if (value && is_fully_known(value))
            *info = *value;
        info->dtype = dtype;
        return STEPC_OK;
    }
    const loop_slot *known = &l->state->shared->state[slot];
    info->rank = known->rank;
    info->dims = ARENA_ARRAY(l->step->memory, size_ref, (size_t)known->rank + 1);
    if (!info->dims)
        return error_out_of_memory(l->error, "lowering");
    for (int32_t d = 0; d < known->rank; d++)
        info->dims[d] = known->dims[d];
    return STEPC_OK;
}

static lower_variable *variable_named(lower_state *l, const char *name)
{
    int32_t number = name_set_find(&l->variable_names, text_view(name));
    return number < 0 ? NULL : &l->variables[number];
}

stepc_code lower_find_variable(lower_context *l, stepc_output at, const infer_value *value, lower_variable **out)
{
    const stepc_operation *op = origin_of(l->state, at);
    *out = NULL;
    if (!op) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "the variable behind %s is not known when the step is compiled",
                  at.op->name.data);
        return error_mend(l->error, "run the step interpreted");
    }
    lower_state *s = l->state;
    if (s->variable_of[op->index]) {
        *out = &s->variables[s->variable_of[op->index] - 1];
        return STEPC_OK;
    }
    const char *name = variable_name(s, op);
    if (!name)
        return error_out_of_memory(l->error, "lowering");
    infer_value info = {0};
    stepc_code code = declared(l, op, &info);
    lower_variable *known = code ? NULL : variable_named(s, name);
    if (known)
        code = check_declared(l, known, &info);
    else if (!code)
        code = complete(l, name, value, &info);
    if (!code && !known)
        code = add_variable(l, op, &info, name);
    if (code)
        return code;
    *out = known ? known : &s->variables[s->variable_count - 1];
    s->variable_of[op->index] = (int32_t)(*out - s->variables) + 1;
    if (!text_equal(op->type, TEXT_LITERAL("VarHandleOp")) && !step_value_of(l->step, (stepc_output){op, 0})->is_fed)
        *lower_buffer_slot(s, (stepc_output){op, 0}) = (*out)->value;
    return STEPC_OK;
}

static const char *uninitialised(const lower_state *l, const lower_variable *v)
{
    stepc_string container = operation_string(v->op, "container"), shared = operation_string(v->op, "shared_name");
    stepc_string name = shared.size ? shared : v->op->name;
    if (!text_equal(v->op->type, TEXT_LITERAL("VarHandleOp")))
        return arena_format(l->step->memory, "Attempting to use uninitialized value %.*s", (int)name.size, name.data);
    container = container.size ? container : TEXT_LITERAL("localhost");
    return arena_format(
        l->step->memory,
        "Error while reading resource variable %.*s from Container: %.*s. This could mean that the variable was "
        "uninitialized.",
        (int)name.size, name.data, (int)container.size, container.data);
}

stepc_code lower_require_value(lower_state *l, int32_t root, stepc_error *error)
{
    lower_variable *v = variable_named(l, l->shared->state[l->program->buffers[root].slot].tensor);
    if (!v || v->value != root || v->is_known)
        return STEPC_OK;
    const char *why = uninitialised(l, v);
    const stepc_operation *reader = l->op ? l->op : v->op;
    nest_builder b;
    if (!why)
        return error_out_of_memory(error, "lowering");
    nest_begin(&b, l->program);
    nest_origin(&b, reader);
    nest_check(&b, nest_read(&b, v->flag, NULL), STEPC_FAILED_PRECONDITION, why, reader);
    v->is_known = true;
    return nest_end(&b, error);
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

/* Where the declaration leaves the shape open, the first assignment of the step settles it. */
static stepc_code lower_variable_op(lower_context *l)
{
    lower_variable *v;
    infer_value info = {0};
    const char *name = variable_name(l->state, l->op);
    stepc_code code = name ? declared(l, l->op, &info) : error_out_of_memory(l->error, "lowering");
    if (!code && !variable_named(l->state, name) && find_slot(l->state, name) < 0 && !is_fully_known(&info))
        return STEPC_OK;
    if (!code)
        code = lower_find_variable(l, (stepc_output){l->op, 0}, NULL, &v);
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
    error_set(l->error, STEPC_UNIMPLEMENTED,
              "the value's shape is not known to be the variable's when the step is compiled");
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
    int32_t old = lower_read_same(&b, v->value), more = lower_read_same(&b, value);
    lower_write(&b, v->value, lower_round(&b, nest_binary(&b, LOOP_ADD, old, more), operation_type(l->op, "T")));
    return nest_end(&b, l->error);
}

static stepc_code lower_read_variable(lower_context *l)
{
    lower_variable *v;
    stepc_code code = lower_find_variable(l, l->op->inputs[0], lower_output_info(l, 0), &v);
    if (!code && lower_output_info(l, 0)->dtype != operation_type(v->op, "dtype"))
        code = error_set(
            l->error, STEPC_INVALID_ARGUMENT, "Trying to read variable with wrong dtype. Expected %s got %s",
            stepc_dtype_name(lower_output_info(l, 0)->dtype), stepc_dtype_name(operation_type(v->op, "dtype")));
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
