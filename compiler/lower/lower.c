/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering a step: which operations must run, in order; which buffer holds which value. */
#include "compiler/lower/lower.h"

#include "compiler/lower/state.h"
#include "runtime/core/checked.h"

#include <string.h>

/* ---- the rows ---------------------------------------------------------------------------- */

static const lower_family *const families[] = {
    &lower_batch_norm, &lower_scan, &lower_elementwise, &lower_float, &lower_guards, &lower_logic, &lower_movement,  &lower_reduction, &lower_contraction, &lower_normalization,
    &lower_random,      &lower_variables, &lower_training,  &lower_shape,       &lower_basic,
    &lower_views,       &lower_join,      &lower_gather,    &lower_scatter,     &lower_segment, &lower_sparse_segment, &lower_order,
    &lower_bands,       &lower_cross,       &lower_complex_rows, &lower_bits,        &lower_inplace_rows, &lower_search,      &lower_fake_quants,
    &lower_special,     &lower_tile_grads,
};

size_t lower_row_count(void)
{
    size_t count = 0;
    for (size_t f = 0; f < sizeof families / sizeof families[0]; f++)
        count += families[f]->count;
    return count;
}

const lower_row *lower_row_at(size_t index)
{
    for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
        if (index < families[f]->count)
            return &families[f]->rows[index];
        index -= families[f]->count;
    }
    return NULL;
}

const lower_row *lower_row_find(stepc_string name)
{
    for (size_t i = 0; i < lower_row_count(); i++) {
        const lower_row *row = lower_row_at(i);
        if (text_equal(text_view(row->name), name))
            return row;
    }
    return NULL;
}

/* ---- what must run ------------------------------------------------------------------------- */

static bool mark(lower_state *l, const stepc_operation *op)
{
    if (l->needed[op->index])
        return false;
    l->needed[op->index] = true;
    return true;
}

/* An input that the row consumes as knowledge needs no run of its producer. */
static bool is_known_static(const lower_state *l, const stepc_operation *op, const lower_row *row, int32_t input)
{
    const step_value *value = step_value_of(l->step, op->inputs[input]);
    return row && input < 32 && (row->static_inputs >> input & 1) && (value->info.constant || value->info.elements);
}

static void need_value(lower_state *l, stepc_output at, const stepc_operation **stack, size_t *depth)
{
    const step_value *value = step_value_of(l->step, at);
    if (!value->is_fed && !value->is_folded && mark(l, at.op))
        stack[(*depth)++] = at.op;
}

static bool in_step(const lower_state *l, const stepc_operation *op) { return l->listed[op->index]; }

static void need_controls(lower_state *l, const stepc_operation *op, const stepc_operation **stack, size_t *depth)
{
    for (int32_t k = 0; k < op->control_count; k++)
        if (in_step(l, op->controls[k]) && mark(l, op->controls[k]))
            stack[(*depth)++] = op->controls[k];
}

/* What the session would notice even where nobody asks for the value: updates of variables, generators that
 * move on, placeholders without a feed. They run though all that hangs on them is known or only a shape. */
static bool has_effect(const stepc_operation *op)
{
    static const char *const readers[] = {"IsVariableInitialized", "ReadVariableOp", "VarHandleOp",
                                          "VarIsInitializedOp",    "Variable",       "VariableV2"};
    const op_row *row = op_row_find(op->type);
    if (text_equal(op->type, TEXT_LITERAL("Placeholder")))
        return true;
    if (!row || !(row->flags & OP_STATE))
        return false;
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        if (text_equal(op->type, text_view(readers[i])))
            return false;
    return true;
}

static stepc_code find_needed(lower_state *l, stepc_error *error)
{
    const step *s = l->step;
    const stepc_operation **stack = ARENA_ARRAY(s->memory, const stepc_operation *, s->operations.count + 1);
    if (!stack)
        return error_out_of_memory(error, "lowering");
    size_t depth = 0;
    for (size_t i = 0; i < s->signature->fetch_count; i++)
        need_value(l, s->signature->fetches[i].at, stack, &depth);
    for (size_t i = 0; i < s->signature->target_count; i++)
        if (in_step(l, s->signature->targets[i]) && mark(l, s->signature->targets[i]))
            stack[depth++] = s->signature->targets[i];
    for (size_t i = 0; i < s->operations.count; i++)
        if (has_effect(s->operations.items[i]) && mark(l, s->operations.items[i]))
            stack[depth++] = s->operations.items[i];
    while (depth > 0) {
        const stepc_operation *op = stack[--depth];
        const lower_row *row = lower_row_find(op->type);
        for (int32_t k = 0; k < op->input_count; k++)
            if (!is_known_static(l, op, row, k))
                need_value(l, op->inputs[k], stack, &depth);
        need_controls(l, op, stack, &depth);
    }
    return STEPC_OK;
}

/* ---- buffers of values ------------------------------------------------------------------------ */

int32_t *lower_buffer_slot(lower_state *l, stepc_output at)
{
    return &l->buffer_of[l->step->first_value[at.op->index] + at.index];
}

static void hint_of(const stepc_operation *op, char *hint, size_t size)
{
    const char *name = op->name.data;
    const char *slash = strrchr(name, '/');
    size_t used = 0;
    for (const char *p = slash ? slash + 1 : name; *p && used + 1 < size; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
        hint[used++] = plain ? *p : '_';
    }
    hint[used] = 0;
}

/* A root buffer for a tensor of the graph: complex elements become a trailing pair of reals. */
int32_t lower_root(lower_state *l, buffer_kind kind, const infer_value *info, const stepc_operation *op,
                   stepc_error *error)
{
    char hint[25];
    hint_of(op, hint, sizeof hint);
    stepc_dtype dtype = info->dtype;
    bool is_complex = dtype_is_complex(dtype);
    if (stepc_dtype_bytes(dtype) == 0 || dtype == STEPC_STRING || info->rank < 0) {
        if (info->rank < 0)
            error_set(error, STEPC_UNIMPLEMENTED, "the rank of output of %s is not known when the step is compiled",
                      op->name.data);
        else
            error_set(error, STEPC_UNIMPLEMENTED, "%s values are not compiled", stepc_dtype_name(dtype));
        error_at_node(error, op->name.data, op->type.data, NULL);
        error_mend(error,
                   info->rank < 0 ? "say the fed shapes, e.g. --feed x:0=float32[?,4]" : "run the step interpreted");
        return -1;
    }
    if (info->rank >= LOWER_MAX_RANK) {
        error_set(error, STEPC_UNIMPLEMENTED, "a tensor of rank %d is not compiled, the most is %d", info->rank,
                  LOWER_MAX_RANK - 1);
        error_at_node(error, op->name.data, op->type.data, NULL);
        error_mend(error, "run the step interpreted");
        return -1;
    }
    size_ref *extents = ARENA_ARRAY(l->step->memory, size_ref, (size_t)info->rank + 2);
    if (!extents) {
        error_out_of_memory(error, "lowering");
        return -1;
    }
    for (int32_t d = 0; d < info->rank; d++) {
        if (info->dims[d] == SIZE_UNKNOWN) {
            error_set(error, STEPC_UNIMPLEMENTED, "dimension %d of the output of %s depends on values or on what broadcasts", d,
                      op->name.data);
            error_at_node(error, op->name.data, op->type.data, NULL);
            error_mend(error, "narrow the feeds' shapes, name equal dimensions alike (--feed x:0=float32[n,4] --feed "
                              "y:0=float32[n,4]), or run the step interpreted");
            return -1;
        }
        extents[d] = info->dims[d];
    }
    if (is_complex) {
        extents[info->rank] = size_const(l->step->sizes, 2);
        dtype = dtype == STEPC_COMPLEX64 ? STEPC_FLOAT32 : STEPC_FLOAT64;
    }
    if (lower_check_sizes(l, extents, info->rank, op, error) ||
        lower_check_count(l, extents, info->rank + (is_complex ? 1 : 0), error))
        return -1;
    int32_t buffer = loop_buffer_new(l->program, kind, dtype, extents, info->rank + (is_complex ? 1 : 0), hint);
    if (buffer < 0)
        error_out_of_memory(error, "lowering");
    else
        l->program->buffers[buffer].tensor = arena_format(l->step->memory, "%s", op->name.data);
    return buffer;
}

static void no_buffer(const step_value *value, stepc_error *error)
{
    const stepc_operation *op = value->at.op;
    if (stepc_dtype_bytes(value->info.dtype) == 0)
        error_set(error, STEPC_UNIMPLEMENTED, "%s values are not compiled", stepc_dtype_name(value->info.dtype));
    else if (value->info.rank < 0) /* a variable that the step reads before any assignment */
        error_set(error, STEPC_UNIMPLEMENTED, "the shape of %s is not known when the step is compiled", op->name.data);
    else
        error_set(error, STEPC_INTERNAL, "%s:%d has no buffer", op->name.data, value->at.index);
    error_at_node(error, op->name.data, op->type.data, NULL);
    error_mend(error, "run the step interpreted");
}

int32_t lower_value(lower_state *l, stepc_output at, stepc_error *error)
{
    int32_t *slot = lower_buffer_slot(l, at);
    if (*slot >= 0) {
        int32_t root = l->program->buffers[*slot].root;
        return l->program->buffers[root].kind == BUFFER_STATE && lower_require_value(l, root, error) ? -1 : *slot;
    }
    const step_value *value = step_value_of(l->step, at);
    if (!value->info.constant) {
        no_buffer(value, error);
        return -1;
    }
    int32_t buffer = lower_root(l, BUFFER_WEIGHT, &value->info, at.op, error);
    if (buffer >= 0)
        l->program->buffers[buffer].data = stepc_tensor_data(value->info.constant);
    *slot = buffer;
    return buffer;
}

/* ---- feeds and fetches ---------------------------------------------------------------------------- */

static stepc_code add_feeds(lower_state *l, stepc_error *error)
{
    const signature *sig = l->step->signature;
    loop_program *p = l->program;
    p->feeds = ARENA_ARRAY(l->step->memory, loop_slot, sig->feed_count + 1);
    if (!p->feeds)
        return error_out_of_memory(error, "lowering");
    for (size_t i = 0; i < sig->feed_count; i++) {
        const signature_slot *slot = &sig->feeds[i];
        const step_value *value = step_value_of(l->step, slot->at);
        int32_t buffer = lower_root(l, BUFFER_FEED, &value->info, slot->at.op, error);
        if (buffer < 0)
            return STEPC_UNIMPLEMENTED;
        p->buffers[buffer].slot = (int32_t)i;
        p->feeds[i] = (loop_slot){.cname = slot->cname,
                                  .tensor = slot->tensor,
                                  .dtype = value->info.dtype,
                                  .rank = value->info.rank,
                                  .dims = value->info.dims,
                                  .buffer = buffer,
                                  .at = slot->at};
        *lower_buffer_slot(l, slot->at) = buffer;
    }
    p->feed_count = (int32_t)sig->feed_count;
    return STEPC_OK;
}

static bool same_extents(const loop_buffer *a, const loop_buffer *b)
{
    if (a->rank != b->rank)
        return false;
    for (int32_t d = 0; d < a->rank; d++)
        if (a->extents[d] != b->extents[d])
            return false;
    return true;
}

bool lower_is_contiguous(const loop_program *p, int32_t buffer)
{
    const loop_buffer *b = &p->buffers[buffer];
    int64_t one;
    size_ref expect = size_const(p->sizes, 1);
    for (int32_t d = b->rank - 1; d >= 0; d--) {
        if (b->strides[d] != expect && !(size_is_const(p->sizes, b->extents[d], &one) && one == 1))
            return false;
        expect = size_product(p->sizes, expect, b->extents[d]);
    }
    return true;
}

static bool is_whole(const loop_program *p, int32_t buffer)
{
    const loop_buffer *b = &p->buffers[buffer], *root = &p->buffers[b->root];
    int64_t offset;
    size_ref all = size_const(p->sizes, 1), root_all = all;
    for (int32_t d = 0; d < b->rank; d++)
        all = size_product(p->sizes, all, b->extents[d]);
    for (int32_t d = 0; d < root->rank; d++)
        root_all = size_product(p->sizes, root_all, root->extents[d]);
    return size_is_const(p->sizes, b->offset, &offset) && offset == 0 && all == root_all &&
           lower_is_contiguous(p, buffer);
}

stepc_code lower_copy(lower_state *l, int32_t to, int32_t from, const stepc_operation *origin, stepc_error *error)
{
    nest_builder b;
    nest_begin(&b, l->program);
    int32_t axes[LOWER_MAX_RANK];
    const loop_buffer *target = &l->program->buffers[to];
    int32_t rank = target->rank;
    for (int32_t d = 0; d < rank; d++)
        axes[d] = nest_axis(&b, target->extents[d], AXIS_SPACE);
    nest_write(&b, to, axes, nest_read(&b, from, axes));
    if (origin)
        nest_origin(&b, origin);
    return nest_end(&b, error);
}

/* A fetch takes over the arena buffer that holds its value whole; else the value is copied. */
static stepc_code add_fetch(lower_state *l, size_t index, stepc_error *error)
{
    const signature_slot *slot = &l->step->signature->fetches[index];
    const step_value *value = step_value_of(l->step, slot->at);
    loop_program *p = l->program;
    int32_t buffer = lower_value(l, slot->at, error);
    if (buffer < 0)
        return STEPC_UNIMPLEMENTED;
    int32_t root = p->buffers[buffer].root;
    int32_t target = root;
    if (p->buffers[root].kind == BUFFER_ARENA && is_whole(p, buffer)) {
        for (int32_t i = 0; i < p->buffer_count; i++)
            if (p->buffers[i].root == root)
                p->buffers[i].kind = BUFFER_FETCH;
    } else {
        target = lower_root(l, BUFFER_FETCH, &value->info, slot->at.op, error);
        if (target < 0)
            return STEPC_UNIMPLEMENTED;
        if (!same_extents(&p->buffers[target], &p->buffers[buffer]))
            return error_set(error, STEPC_INTERNAL, "fetch %s: shapes differ", slot->tensor);
        stepc_code code = lower_copy(l, target, buffer, slot->at.op, error);
        if (code)
            return code;
    }
    p->buffers[target].slot = (int32_t)index;
    p->fetches[index] = (loop_slot){.cname = slot->cname,
                                    .tensor = slot->tensor,
                                    .dtype = value->info.dtype,
                                    .rank = value->info.rank,
                                    .dims = value->info.dims,
                                    .buffer = target,
                                    .at = slot->at};
    return STEPC_OK;
}

static stepc_code add_fetches(lower_state *l, stepc_error *error)
{
    const signature *sig = l->step->signature;
    l->program->fetches = ARENA_ARRAY(l->step->memory, loop_slot, sig->fetch_count + 1);
    l->op = NULL;
    if (!l->program->fetches)
        return error_out_of_memory(error, "lowering");
    for (size_t i = 0; i < sig->fetch_count; i++) {
        stepc_code code = add_fetch(l, i, error);
        if (code)
            return code;
    }
    l->program->fetch_count = (int32_t)sig->fetch_count;
    return STEPC_OK;
}

/* ---- the walk -------------------------------------------------------------------------------------- */

/* A fed reference is a plain value; the operator wants the variable. */
static stepc_code check_references(const lower_state *l, const stepc_operation *op, stepc_error *error)
{
    for (int32_t k = 0; k < op->input_count; k++) {
        stepc_output at = op->inputs[k];
        if (dtype_is_ref((stepc_dtype)op->input_dtypes[k]) && step_value_of(l->step, at)->is_fed)
            return error_set(error, STEPC_INVALID_ARGUMENT,
                             "Input %d of node %s was passed %s from %s:%d incompatible with expected %s.", k,
                             op->name.data, stepc_dtype_name(step_value_of(l->step, at)->info.dtype), at.op->name.data,
                             at.index, stepc_dtype_name((stepc_dtype)op->input_dtypes[k]));
    }
    return STEPC_OK;
}

static stepc_code lower_operation(lower_state *l, const stepc_operation *op, stepc_error *error)
{
    const lower_row *row = lower_row_find(op->type);
    lower_context c = {.step = l->step, .program = l->program, .op = op, .state = l, .error = error};
    stepc_code code = check_references(l, op, error);
    l->op = op;
    if (!code)
        code = row->lower(&c);
    if (code) {
        error_at_node(error, op->name.data, op->type.data, NULL);
        return code;
    }
    for (int32_t k = 0; k < op->output_count; k++) {
        stepc_output at = {op, k};
        int32_t buffer = *lower_buffer_slot(l, at);
        const step_value *value = step_value_of(l->step, at);
        if (buffer >= 0 && !value->is_fed && l->program->buffers[buffer].rank < 0)
            return error_set(error, STEPC_INTERNAL, "%s left output %d without a shape", op->name.data, k);
    }
    return STEPC_OK;
}

static stepc_code check_rows(const lower_state *l, stepc_error *error)
{
    const step *s = l->step;
    size_t missing = 0;
    const stepc_operation *first = NULL;
    for (size_t i = 0; i < s->operations.count; i++) {
        const stepc_operation *op = s->operations.items[i];
        if (!l->needed[op->index] || lower_row_find(op->type))
            continue;
        host_report(s->host, "missing-operator", op->type.data, op->name.data);
        first = first ? first : op;
        missing++;
    }
    if (!missing)
        return STEPC_OK;
    error_set(error, STEPC_UNIMPLEMENTED, "%zu operation%s of this step cannot be compiled yet, the first is a %s",
              missing, missing == 1 ? "" : "s", first->type.data);
    error_at_node(error, first->name.data, first->type.data, NULL);
    return error_mend(error, "run the step interpreted");
}

static stepc_code prepare(lower_state *l, stepc_error *error)
{
    const step *s = l->step;
    size_t count = (size_t)stepc_graph_operation_count(s->graph) + 1;
    l->needed = ARENA_ARRAY(s->memory, bool, count);
    l->listed = ARENA_ARRAY(s->memory, bool, count);
    l->origins = ARENA_ARRAY(s->memory, const stepc_operation *, count);
    l->variable_of = ARENA_ARRAY(s->memory, int32_t, count);
    l->buffer_of = ARENA_ARRAY(s->memory, int32_t, s->value_count + 1);
    if (!l->needed || !l->listed || !l->origins || !l->variable_of || !l->buffer_of)
        return error_out_of_memory(error, "lowering");
    for (size_t i = 0; i <= s->value_count; i++)
        l->buffer_of[i] = -1;
    for (size_t i = 0; i < s->operations.count; i++)
        l->listed[s->operations.items[i]->index] = true;
    return STEPC_OK;
}

static stepc_code copy_targets(lower_state *l, stepc_error *error)
{
    const signature *sig = l->step->signature;
    const char **names = ARENA_ARRAY(l->step->memory, const char *, sig->target_count + 1);
    if (!names)
        return error_out_of_memory(error, "lowering");
    for (size_t i = 0; i < sig->target_count; i++)
        names[i] = sig->targets[i]->name.data;
    l->program->targets = names;
    l->program->target_count = (int32_t)sig->target_count;
    return STEPC_OK;
}

static stepc_code copy_fed_sizes(lower_state *l, stepc_error *error)
{
    const step *s = l->step;
    loop_fed_size *all = ARENA_ARRAY(s->memory, loop_fed_size, s->fed_size_count + 1);
    if (!all)
        return error_out_of_memory(error, "lowering");
    for (size_t i = 0; i < s->fed_size_count; i++)
        all[i] = (loop_fed_size){s->fed_sizes[i].symbol, s->fed_sizes[i].feed, s->fed_sizes[i].element};
    l->program->fed_sizes = all;
    l->program->fed_size_count = (int32_t)s->fed_size_count;
    return STEPC_OK;
}

stepc_code lower_step(step *s, bool exact, lower_shared *shared, loop_program **out, stepc_error *error)
{
    *out = NULL;
    lower_state l = {.step = s, .shared = shared};
    stepc_code code = loop_program_new(s->host, s->memory, s->sizes, s->signature->name, &l.program, error);
    if (!code)
        code = prepare(&l, error);
    if (code)
        return code;
    l.program->exact = exact;
    code = copy_fed_sizes(&l, error);
    if (code)
        return code;
    l.program->operation_count = (int64_t)s->operations.count;
    code = find_needed(&l, error);
    if (!code)
        code = check_rows(&l, error);
    if (!code)
        code = copy_targets(&l, error);
    if (!code)
        code = add_feeds(&l, error);
    for (size_t i = 0; !code && i < s->operations.count; i++)
        if (l.needed[s->operations.items[i]->index])
            code = lower_operation(&l, s->operations.items[i], error);
    if (!code)
        code = add_fetches(&l, error);
    if (!code)
        code = lower_share_state(l.program, shared, error);
    if (!code)
        *out = l.program;
    return code;
}
