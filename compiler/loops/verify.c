/* SPDX-License-Identifier: Apache-2.0 */
/* Structure: every number names something that exists, every value has its type. Runs on
 * text that anybody may have written, so nothing is taken for granted. */
#include "compiler/loops/verify.h"

#include "runtime/core/host.h"

#include <string.h>

#define MOST_AXES 32
#define MOST_RANK 254
#define MOST_SHARED 4
#define MOST_PANEL 4096
#define PANEL_UNIT 64 /* bytes: no vector is longer */

typedef struct checker {
    const loop_program *p;
    stepc_error *error;
    arena memory;
    int32_t statement;
} checker;

static bool is_size(const checker *c, size_ref s)
{
    return size_get(c->p->sizes, s) != NULL;
}

static bool are_sizes(const checker *c, const size_ref *sizes, int32_t count)
{
    for (int32_t k = 0; k < count; k++) {
        if (!is_size(c, sizes[k]))
            return false;
    }
    return true;
}

static bool is_buffer(const checker *c, int32_t number)
{
    return number >= 0 && number < c->p->buffer_count;
}

static bool is_root(const checker *c, int32_t number)
{
    return is_buffer(c, number) && c->p->buffers[number].root == number;
}

static stepc_code broken(const checker *c, const char *what, int32_t number, const char *why)
{
    return error_set(c->error, STEPC_INTERNAL, "loops: statement %d: %s%d: %s", (int)c->statement, what, (int)number,
                     why);
}

/* ---- buffers and slots ------------------------------------------------------------------------ */

static int32_t slots_of(const checker *c, buffer_kind kind)
{
    if (kind == BUFFER_FEED)
        return c->p->feed_count;
    if (kind == BUFFER_FETCH)
        return c->p->fetch_count;
    return kind == BUFFER_STATE ? c->p->state_count : INT32_MAX;
}

static bool group_exists(const checker *c, int32_t id)
{
    for (int32_t i = 0; i < c->p->group_count; i++) {
        if (c->p->groups[i].id == id)
            return true;
    }
    return false;
}

static const char *panel_fault(const checker *c, const loop_buffer *b, int32_t number)
{
    int32_t bytes = (int32_t)stepc_dtype_bytes(b->dtype);
    int64_t extent;
    if (b->kind != BUFFER_WEIGHT || b->root != number || (b->dtype != STEPC_FLOAT32 && b->dtype != STEPC_FLOAT64))
        return "only weights of floats lie in panels";
    if (b->panel_dim < 0 || b->panel_dim >= b->rank || b->panel < 0 || b->panel > MOST_PANEL ||
        b->panel * bytes % PANEL_UNIT != 0)
        return "impossible panels";
    for (int32_t k = 0; k < b->rank; k++)
        if (!size_is_const(c->p->sizes, b->extents[k], &extent))
            return "panels of no constant size";
    return panel_bytes(c->p, b) < 0 ? "panels of no constant size" : NULL;
}

static const char *buffer_fault(const checker *c, int32_t number)
{
    const loop_buffer *b = &c->p->buffers[number];
    bool has_slot = b->kind == BUFFER_FEED || b->kind == BUFFER_FETCH || b->kind == BUFFER_STATE;

    if ((unsigned)b->kind > (unsigned)BUFFER_LOCAL)
        return "unknown kind";
    if (loop_value_dtype(b->dtype) == STEPC_DTYPE_INVALID)
        return "no buffer may have this type";
    if (b->rank < 0 || b->rank > MOST_RANK)
        return "impossible rank";
    if (!are_sizes(c, b->extents, b->rank) || !are_sizes(c, b->strides, b->rank) || !is_size(c, b->offset))
        return "a size is unknown";
    for (int32_t k = 0; k < b->rank; k++) {
        if (size_get(c->p->sizes, b->extents[k])->max < 0)
            return "negative extent";
    }
    if (b->root < 0 || b->root > number || c->p->buffers[b->root].root != b->root)
        return "its root is no root";
    const loop_buffer *root = &c->p->buffers[b->root];
    if (root->dtype != b->dtype || root->kind != b->kind)
        return "type or kind differ from the root's";
    if (b->root == number && has_slot && (b->slot < 0 || b->slot >= slots_of(c, b->kind)))
        return "no such slot";
    if (b->kind == BUFFER_LOCAL && !group_exists(c, b->group))
        return "no such group";
    return b->panel != 0 ? panel_fault(c, b, number) : NULL;
}

static const char *slot_fault(const checker *c, const loop_slot *slot, buffer_kind kind, int32_t number)
{
    if (slot->rank < 0 || slot->rank > MOST_RANK || !are_sizes(c, slot->dims, slot->rank))
        return "a size is unknown";
    if (stepc_dtype_bytes(slot->dtype) == 0 || slot->dtype == STEPC_STRING)
        return "no slot may have this type";
    if (slot->buffer == -1 && kind != BUFFER_FETCH)
        return NULL;
    if (!is_root(c, slot->buffer))
        return "its buffer is no root";
    if (c->p->buffers[slot->buffer].panel > 0)
        return "its buffer lies in panels";
    if (kind == BUFFER_FETCH)
        return c->p->buffers[slot->buffer].kind == BUFFER_LOCAL ? "its buffer is local" : NULL;
    if (c->p->buffers[slot->buffer].kind != kind || c->p->buffers[slot->buffer].slot != number)
        return "its buffer belongs to something else";
    return NULL;
}

static stepc_code check_slots(const checker *c, const loop_slot *slots, int32_t count, buffer_kind kind)
{
    const char *what = kind == BUFFER_FEED ? "feed" : kind == BUFFER_FETCH ? "fetch" : "variable";
    for (int32_t i = 0; i < count; i++) {
        const char *fault = slot_fault(c, &slots[i], kind, i);
        if (fault != NULL)
            return error_set(c->error, STEPC_INTERNAL, "loops: %s %d: %s", what, (int)i, fault);
    }
    return STEPC_OK;
}

static stepc_code check_buffers(const checker *c)
{
    for (int32_t i = 0; i < c->p->buffer_count; i++) {
        const char *fault = buffer_fault(c, i);
        if (fault != NULL)
            return error_set(c->error, STEPC_INTERNAL, "loops: b%d: %s", (int)i, fault);
    }
    stepc_code code = check_slots(c, c->p->feeds, c->p->feed_count, BUFFER_FEED);
    if (code == STEPC_OK)
        code = check_slots(c, c->p->fetches, c->p->fetch_count, BUFFER_FETCH);
    if (code == STEPC_OK)
        code = check_slots(c, c->p->state, c->p->state_count, BUFFER_STATE);
    return code;
}

/* ---- groups ------------------------------------------------------------------------------------- */

static const char *group_fault(const checker *c, int32_t number)
{
    const loop_group *g = &c->p->groups[number];
    int32_t after = number > 0 ? c->p->groups[number - 1].first + c->p->groups[number - 1].count : 0;

    if (g->first < after || g->count < 1 || g->first > c->p->statement_count - g->count)
        return "its members overlap another group or do not exist";
    if (g->shared_count < 1 || g->shared_count > MOST_SHARED)
        return "impossible number of shared axes";
    for (int32_t i = 0; i < number; i++) {
        if (c->p->groups[i].id == g->id)
            return "its id is taken";
    }
    for (int32_t k = 0; k < g->shared_count; k++) {
        if (g->tile[k] < 1)
            return "empty tile";
    }
    for (int32_t i = 0; i < g->count; i++) {
        const loop_statement *statement = &c->p->statements[g->first + i];
        if (statement->kind != STATEMENT_NEST)
            return "a member is no nest";
        const loop_nest *first = c->p->statements[g->first].nest, *nest = statement->nest;
        for (int32_t k = 0; k < g->shared_count; k++) {
            if (k >= nest->axis_count || nest->axes[k].kind != AXIS_SPACE)
                return "a member lacks a shared axis";
            if (nest->axes[k].extent != first->axes[k].extent)
                return "members differ in a shared axis";
        }
    }
    return NULL;
}

static bool in_group(const checker *c, int32_t id)
{
    for (int32_t i = 0; i < c->p->group_count; i++) {
        const loop_group *g = &c->p->groups[i];
        if (g->id == id)
            return c->statement >= g->first && c->statement < g->first + g->count;
    }
    return false;
}

/* A root that this statement may touch at all. */
static const char *access_fault(const checker *c, int32_t number, bool is_write)
{
    if (!is_root(c, number))
        return "its buffer is no root";
    const loop_buffer *b = &c->p->buffers[number];
    if (b->kind == BUFFER_LOCAL && !in_group(c, b->group))
        return "a local buffer outside its group";
    if (is_write && (b->kind == BUFFER_FEED || b->kind == BUFFER_WEIGHT))
        return "a feed or weight is written";
    return NULL;
}

static const char *index_fault(const checker *c, const loop_nest *nest, const loop_index *index, int32_t before)
{
    if (!is_size(c, index->base) || !are_sizes(c, index->coefs, nest->axis_count))
        return "its index has an unknown size";
    if (index->indirect == -1)
        return NULL;
    if (index->indirect < 0 || index->indirect >= before)
        return "its index uses a value that does not exist yet";
    if (nest->values[index->indirect].dtype != STEPC_INT64)
        return "its index uses a value that is not int64";
    if (!is_size(c, index->indirect_scale) || !is_size(c, index->indirect_extent))
        return "its index has an unknown size";
    return NULL;
}

/* ---- values --------------------------------------------------------------------------------------- */

static bool is_float(stepc_dtype dtype)
{
    return dtype == STEPC_FLOAT32 || dtype == STEPC_FLOAT64;
}

static bool is_number(stepc_dtype dtype)
{
    return dtype != STEPC_BOOL;
}

static bool is_integer(stepc_dtype dtype)
{
    return !is_float(dtype) && dtype != STEPC_BOOL;
}

static const char *leaf_fault(const checker *c, const loop_nest *nest, const loop_value *v, int32_t number)
{
    const char *fault;
    int32_t bits = loop_value_bits(v->dtype);
    if (v->op == LOOP_READ) {
        if ((fault = access_fault(c, v->buffer, false)) != NULL ||
            (fault = index_fault(c, nest, &v->index, number)) != NULL)
            return fault;
        return v->dtype == loop_value_dtype(c->p->buffers[v->buffer].dtype) ? NULL : "type differs from the buffer's";
    }
    if (v->op == LOOP_CONST) {
        if (v->dtype == STEPC_BOOL ? v->bits > 1 : bits < 64 && v->bits >> bits != 0)
            return "constant wider than its type";
        return NULL;
    }
    if (v->op == LOOP_AXIS && (v->axis < 0 || v->axis >= nest->axis_count))
        return "no such axis";
    if (v->op == LOOP_SIZE && !is_size(c, v->size))
        return "unknown size";
    if (v->op != LOOP_ACC)
        return v->dtype == STEPC_INT64 ? NULL : "must be int64";
    if (v->acc < 0 || v->acc >= nest->acc_count)
        return "no such accumulator";
    const loop_acc *acc = &nest->accs[v->acc];
    bool is_arg = acc->kind == ACC_ARG_MAX || acc->kind == ACC_ARG_MIN;
    if (acc->value < 0 || acc->value >= number)
        return "its accumulator takes a later value";
    return v->dtype == (is_arg ? STEPC_INT64 : acc->dtype) ? NULL : "type differs from the accumulator's";
}

static const char *unary_fault(const checker *c, const loop_value *v, stepc_dtype a)
{
    const char *fault;
    switch ((int)v->op) {
    case LOOP_PHILOX:
        if ((fault = access_fault(c, v->buffer, false)) != NULL)
            return fault;
        if (c->p->buffers[v->buffer].dtype != STEPC_UINT32 || c->p->buffers[v->buffer].rank != 1 ||
            c->p->buffers[v->buffer].kind == BUFFER_LOCAL)
            return "its generator is not uint32[6]";
        int64_t words;
        if (!size_is_const(c->p->sizes, c->p->buffers[v->buffer].extents[0], &words) || words != 6)
            return "its generator is not uint32[6]";
        return a == STEPC_INT64 && v->dtype == STEPC_UINT32 ? NULL : "must take int64 and give uint32";
    case LOOP_IN_RANGE:
        if (!is_size(c, v->size))
            return "unknown size";
        return a == STEPC_INT64 && v->dtype == STEPC_BOOL ? NULL : "must take int64 and give bool";
    case LOOP_NEG:
    case LOOP_ABS:
        return a == v->dtype && is_number(a) ? NULL : "must keep a type of numbers";
    case LOOP_NOT:
        return a == v->dtype && !is_float(a) ? NULL : "must keep bool or an integer type";
    case LOOP_CAST:
        return NULL;
    case LOOP_BITCAST:
        if (a == STEPC_BOOL || v->dtype == STEPC_BOOL)
            return "bool has no bits to cast";
        return loop_value_bits(a) == loop_value_bits(v->dtype) ? NULL : "widths differ";
    case LOOP_ROUND_TO:
        if (v->target != STEPC_HALF && v->target != STEPC_BFLOAT16 && v->target != STEPC_FLOAT32)
            return "unknown precision";
        break;
    default:
        break;
    }
    return a == v->dtype && is_float(a) ? NULL : "must keep a float type";
}

static const char *binary_fault(const loop_value *v, stepc_dtype a, stepc_dtype b)
{
    if (a != b)
        return "its arguments differ in type";
    switch ((int)v->op) {
    case LOOP_AND:
    case LOOP_OR:
    case LOOP_XOR:
        return v->dtype == a && !is_float(a) ? NULL : "must keep bool or an integer type";
    case LOOP_SHL:
    case LOOP_SHR:
        return v->dtype == a && is_integer(a) ? NULL : "must keep an integer type";
    case LOOP_ATAN2:
    case LOOP_FMOD:
    case LOOP_ZETA:
    case LOOP_POLYGAMMA:
    case LOOP_IGAMMA:
    case LOOP_IGAMMAC:
        return v->dtype == a && is_float(a) ? NULL : "must keep a float type";
    case LOOP_EQ:
    case LOOP_NE:
    case LOOP_LT:
    case LOOP_LE:
        return v->dtype == STEPC_BOOL ? NULL : "must give bool";
    default:
        return v->dtype == a && is_number(a) ? NULL : "must keep a type of numbers";
    }
}

/* A weight in panels is found only along their dimension in lanes, from the axis's start on, and element by element. */
static const char *panel_read_fault(const checker *c, const loop_nest *nest, const loop_value *v)
{
    const loop_buffer *b = &c->p->buffers[v->buffer];
    const nest_schedule *s = &nest->schedule;
    int64_t coef;
    int32_t axis = s->is_set ? s->vector_axis : -1;
    if (!panel_index_fits(c->p, nest, v->buffer, &v->index, b->panel_dim))
        return "its index does not run along the panels";
    if (nest->acc_count == 0 || (s->is_set && (s->strip > 0 || s->turn_tile[0] > 0)))
        return "panels are for products";
    if (axis < 0 || axis >= nest->axis_count || (size_is_const(c->p->sizes, v->index.coefs[axis], &coef) && coef == 0))
        return NULL;
    for (int32_t g = 0; g < c->p->group_count; g++)
        if (c->statement >= c->p->groups[g].first && c->statement < c->p->groups[g].first + c->p->groups[g].count &&
            axis < c->p->groups[g].shared_count)
            return "panels along an axis that a group shares";
    return panel_dimension(c->p, nest, v->buffer, &v->index, axis) == b->panel_dim ? NULL
                                                                                     : "lanes lie across panels";
}

static const char *value_fault(const checker *c, const loop_nest *nest, int32_t number)
{
    const loop_value *v = &nest->values[number];
    if ((unsigned)v->op >= (unsigned)LOOP_OP_COUNT)
        return "unknown operation";
    if (loop_value_bits(v->dtype) == 0)
        return "no value may have this type";
    int32_t arity = loop_op_arity(v->op);
    stepc_dtype types[3] = {STEPC_DTYPE_INVALID, STEPC_DTYPE_INVALID, STEPC_DTYPE_INVALID};
    for (int32_t i = 0; i < 3; i++) {
        if (i >= arity && v->args[i] != -1)
            return "too many arguments";
        if (i < arity && (v->args[i] < 0 || v->args[i] >= number))
            return "an argument does not exist yet";
        if (i < arity)
            types[i] = nest->values[v->args[i]].dtype;
    }
    if (arity == 0) {
        const char *fault = leaf_fault(c, nest, v, number);
        bool is_packed = fault == NULL && v->op == LOOP_READ && c->p->buffers[v->buffer].panel > 0;
        return is_packed ? panel_read_fault(c, nest, v) : fault;
    }
    if (arity == 1)
        return unary_fault(c, v, types[0]);
    if (arity == 2)
        return binary_fault(v, types[0], types[1]);
    if (v->op == LOOP_BETAINC)
        return is_float(v->dtype) && types[0] == v->dtype && types[1] == v->dtype && types[2] == v->dtype
                   ? NULL : "must keep a float type";
    if (types[0] != STEPC_BOOL)
        return "its condition is not bool";
    return types[1] == v->dtype && types[2] == v->dtype ? NULL : "its arms differ in type";
}

/* ---- nests ------------------------------------------------------------------------------------------ */

static const char *acc_fault(const loop_nest *nest, const loop_acc *acc)
{
    int32_t reduce = 0;
    for (int32_t k = 0; k < nest->axis_count; k++)
        reduce += nest->axes[k].kind == AXIS_REDUCE;
    if ((unsigned)acc->kind > (unsigned)ACC_ARG_MIN)
        return "unknown kind";
    if (acc->value < 0 || acc->value >= nest->value_count)
        return "takes a value that does not exist";
    if (acc->dtype != nest->values[acc->value].dtype)
        return "type differs from its value's";
    if ((acc->kind == ACC_ANY || acc->kind == ACC_ALL) && acc->dtype != STEPC_BOOL)
        return "must take bool";
    if ((acc->kind == ACC_SUM || acc->kind == ACC_PROD) && acc->dtype == STEPC_BOOL)
        return "must take numbers";
    if ((acc->kind == ACC_ARG_MAX || acc->kind == ACC_ARG_MIN) && reduce != 1)
        return "needs exactly one reduce axis";
    return NULL;
}

static const char *write_fault(const checker *c, const loop_nest *nest, const loop_write *w)
{
    const char *fault = access_fault(c, w->buffer, true);
    if (fault == NULL)
        fault = index_fault(c, nest, &w->index, nest->value_count);
    if (fault != NULL)
        return fault;
    if (w->value < 0 || w->value >= nest->value_count)
        return "stores a value that does not exist";
    if (nest->values[w->value].dtype != loop_value_dtype(c->p->buffers[w->buffer].dtype))
        return "type differs from the buffer's";
    if (w->predicate == -1)
        return NULL;
    if (w->predicate < 0 || w->predicate >= nest->value_count || nest->values[w->predicate].dtype != STEPC_BOOL)
        return "its predicate is no bool value";
    return NULL;
}

static bool streams(const checker *c, const loop_nest *nest, const loop_write *w)
{
    for (int32_t k = 0; k < nest->axis_count; k++) {
        int64_t coef;
        if (nest->axes[k].kind == AXIS_REDUCE && !(size_is_const(c->p->sizes, w->index.coefs[k], &coef) && coef == 0))
            return true;
    }
    return false;
}

/* A write beside the accumulation: what is accumulated is not known yet. */
static const char *stream_fault(const loop_write *w, const uint8_t *bits)
{
    if (w->predicate >= 0 || w->index.indirect >= 0)
        return "a write along a reduce axis is predicated or indirect";
    return bits[w->value] & 2 ? "a write along a reduce axis depends on an accumulator" : NULL;
}

/* A write after the accumulation must be the same for all reduce indices. */
static const char *still_fault(const loop_write *w, const uint8_t *bits)
{
    bool varies = (bits[w->value] & 1) || (w->predicate >= 0 && (bits[w->predicate] & 1)) ||
                  (w->index.indirect >= 0 && (bits[w->index.indirect] & 1));
    return varies ? "a write depends on a reduce axis" : NULL;
}

/* What comes after the accumulation is apart from what goes into it. */
static const char *order_fault(const checker *c, const loop_nest *nest, const uint8_t *bits)
{
    for (int32_t i = 0; i < nest->acc_count; i++) {
        if (bits[nest->accs[i].value] & 2)
            return "an accumulator depends on an accumulator";
    }
    for (int32_t i = 0; i < nest->check_count; i++) {
        if (bits[nest->checks[i].value] & 1)
            return "a check depends on a reduce axis";
    }
    for (int32_t i = 0; i < nest->write_count; i++) {
        const char *fault = streams(c, nest, &nest->writes[i]) ? stream_fault(&nest->writes[i], bits)
                                                               : still_fault(&nest->writes[i], bits);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}

static stepc_code check_order(checker *c, const loop_nest *nest)
{
    uint8_t *bits = ARENA_ARRAY(&c->memory, uint8_t, (size_t)nest->value_count);
    if (bits == NULL)
        return error_out_of_memory(c->error, "verifying loops");
    nest_dependence(nest, bits);
    const char *fault = order_fault(c, nest, bits);
    return fault != NULL ? broken(c, "nest ", c->statement, fault) : STEPC_OK;
}

static stepc_code check_axes(const checker *c, const loop_nest *nest)
{
    if (nest->sizes != c->p->sizes)
        return broken(c, "nest ", c->statement, "its sizes are not the program's");
    if (nest->axis_count < 0 || nest->axis_count > MOST_AXES)
        return broken(c, "nest ", c->statement, "too many axes");
    if (nest->value_count < 0 || nest->acc_count < 0 || nest->write_count < 0 || nest->check_count < 0)
        return broken(c, "nest ", c->statement, "negative count");
    if (nest->write_count > 0 && nest->check_count > 0)
        return broken(c, "nest ", c->statement, "both writes and checks");
    for (int32_t k = 0; k < nest->axis_count; k++) {
        if (!is_size(c, nest->axes[k].extent) || size_get(c->p->sizes, nest->axes[k].extent)->max < 0)
            return broken(c, "axis i", k, "impossible extent");
        if ((unsigned)nest->axes[k].kind > (unsigned)AXIS_REDUCE)
            return broken(c, "axis i", k, "unknown kind");
        if (k > 0 && nest->axes[k].kind == AXIS_SPACE && nest->axes[k - 1].kind == AXIS_REDUCE)
            return broken(c, "axis i", k, "a space axis after a reduce axis");
    }
    return STEPC_OK;
}

static stepc_code check_nest(checker *c, const loop_nest *nest)
{
    const char *fault;
    stepc_code code = check_axes(c, nest);
    if (code != STEPC_OK)
        return code;
    for (int32_t v = 0; v < nest->value_count; v++) {
        if ((fault = value_fault(c, nest, v)) != NULL)
            return broken(c, "v", v, fault);
    }
    for (int32_t i = 0; i < nest->acc_count; i++) {
        if ((fault = acc_fault(nest, &nest->accs[i])) != NULL)
            return broken(c, "a", i, fault);
    }
    for (int32_t i = 0; i < nest->write_count; i++) {
        if ((fault = write_fault(c, nest, &nest->writes[i])) != NULL)
            return broken(c, "write ", i, fault);
    }
    for (int32_t i = 0; i < nest->check_count; i++) {
        int32_t v = nest->checks[i].value;
        if (v < 0 || v >= nest->value_count || nest->values[v].dtype != STEPC_BOOL)
            return broken(c, "check ", i, "no bool value");
        if (nest->checks[i].code == STEPC_OK || nest->checks[i].message == NULL)
            return broken(c, "check ", i, "no code or no message");
    }
    return check_order(c, nest);
}

static stepc_code check_top(const checker *c, const loop_call *call)
{
    if (!is_size(c, call->top.extent) || !is_size(c, call->top.count) || !is_size(c, call->sizes[1]))
        return broken(c, "call ", c->statement, "unknown size");
    for (int32_t i = 0; i < 2; i++) {
        if (!is_buffer(c, call->buffers[i]))
            return broken(c, "call ", c->statement, "no such buffer");
        const loop_buffer *b = &c->p->buffers[call->buffers[i]];
        if (b->kind == BUFFER_LOCAL || c->p->buffers[b->root].panel > 0 ||
            (i == 0 && (b->kind == BUFFER_FEED || b->kind == BUFFER_WEIGHT)))
            return broken(c, "call ", c->statement, "a buffer that it may not use");
        bool fits = i == 0 ? b->dtype == STEPC_INT32
                           : b->dtype == STEPC_FLOAT32 || b->dtype == STEPC_FLOAT64 || b->dtype == STEPC_INT64;
        if (!fits)
            return broken(c, "call ", c->statement, "wrong type");
    }
    return is_size(c, call->sizes[0]) ? STEPC_OK : broken(c, "call ", c->statement, "unknown size");
}

static stepc_code check_call(const checker *c, const loop_call *call)
{
    if (call->kind == CALL_TOP)
        return check_top(c, call);
    int32_t buffers = loop_call_buffers(call);
    if (call->kind != CALL_COPY && call->kind != CALL_PHILOX_ADVANCE && call->kind != CALL_SCAN)
        return broken(c, "call ", c->statement, "unknown routine");
    if (call->kind == CALL_SCAN && (!is_size(c, call->scan.extent) || !is_size(c, call->scan.inner) ||
                                    (call->scan.kind != ACC_SUM && call->scan.kind != ACC_PROD) ||
                                    (call->scan.form == SCAN_LOGARITHMS && call->scan.kind != ACC_SUM) ||
                                    (call->scan.form == SCAN_PAIRS && call->scan.kind != ACC_PROD)))
        return broken(c, "call ", c->statement, "no such scan");
    for (int32_t i = 0; i < buffers; i++) {
        if (!is_buffer(c, call->buffers[i]))
            return broken(c, "call ", c->statement, "no such buffer");
        const loop_buffer *b = &c->p->buffers[call->buffers[i]];
        if (b->kind == BUFFER_LOCAL || c->p->buffers[b->root].panel > 0 ||
            (i == 0 && (b->kind == BUFFER_FEED || b->kind == BUFFER_WEIGHT)))
            return broken(c, "call ", c->statement, "a buffer that it may not use");
        const loop_buffer *first = &c->p->buffers[call->buffers[0]];
        bool fits = call->kind == CALL_COPY ? stepc_dtype_bytes(b->dtype) == stepc_dtype_bytes(first->dtype)
                                            : b->dtype == first->dtype;
        if (!fits ||
            (call->kind == CALL_PHILOX_ADVANCE && b->dtype != STEPC_UINT32) ||
            (call->kind == CALL_SCAN && call->scan.form != SCAN_PLAIN && b->dtype != STEPC_FLOAT64) ||
            (call->kind == CALL_SCAN && (b->dtype == STEPC_BOOL || loop_value_dtype(b->dtype) != b->dtype)))
            return broken(c, "call ", c->statement, "wrong type");
    }
    return is_size(c, call->sizes[0]) ? STEPC_OK : broken(c, "call ", c->statement, "unknown size");
}

static stepc_code check_statements(checker *c)
{
    for (int32_t i = 0; i < c->p->statement_count; i++) {
        const loop_statement *s = &c->p->statements[i];
        c->statement = i;
        if (s->kind == STATEMENT_NEST ? s->nest == NULL : s->kind != STATEMENT_CALL || s->call == NULL)
            return broken(c, "statement ", i, "neither nest nor call");
    }
    for (int32_t i = 0; i < c->p->group_count; i++) {
        const char *fault = group_fault(c, i);
        if (fault != NULL)
            return error_set(c->error, STEPC_INTERNAL, "loops: group %d: %s", (int)c->p->groups[i].id, fault);
    }
    stepc_code code = STEPC_OK;
    for (int32_t i = 0; i < c->p->statement_count && code == STEPC_OK; i++) {
        const loop_statement *s = &c->p->statements[i];
        c->statement = i;
        code = s->kind == STATEMENT_NEST ? check_nest(c, s->nest) : check_call(c, s->call);
    }
    return code;
}

stepc_code loop_verify_structure(const loop_program *p, stepc_error *error)
{
    checker c = {.p = p, .error = error};
    arena_init(&c.memory, p->host);
    stepc_code code = check_buffers(&c);
    if (code == STEPC_OK)
        code = check_statements(&c);
    arena_release(&c.memory);
    return code;
}

stepc_code loop_verify(const loop_program *p, stepc_error *error)
{
    stepc_code code = loop_verify_structure(p, error);
    return code == STEPC_OK ? verify_memory(p, error) : code;
}
