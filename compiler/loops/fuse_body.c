/* SPDX-License-Identifier: Apache-2.0 */
/* Nests under construction: values are shared when equal, and dropped when not needed. */
#include "compiler/loops/fuse.h"

#include <string.h>

bool op_is_leaf(loop_op op)
{
    return op == LOOP_READ || op == LOOP_CONST || op == LOOP_AXIS || op == LOOP_SIZE || op == LOOP_ACC;
}

loop_value body_blank(loop_op op, stepc_dtype dtype)
{
    return (loop_value){.op = op,
                        .dtype = dtype,
                        .args = {-1, -1, -1},
                        .buffer = -1,
                        .axis = -1,
                        .acc = -1,
                        .size = SIZE_UNKNOWN,
                        .target = STEPC_DTYPE_INVALID,
                        .index = {.base = SIZE_UNKNOWN, .indirect = -1, .indirect_scale = SIZE_UNKNOWN,
                                  .indirect_extent = SIZE_UNKNOWN}};
}

loop_value body_clean(const fuse *f, const loop_value *v)
{
    loop_value clean = body_blank(v->op, v->dtype);
    clean.origin = v->origin;
    (void)f;
    for (int32_t i = 0; i < loop_op_arity(v->op); i++)
        clean.args[i] = v->args[i];
    if (v->op == LOOP_READ || v->op == LOOP_PHILOX)
        clean.buffer = v->buffer;
    if (v->op == LOOP_READ) {
        clean.index = v->index;
        if (clean.index.indirect < 0) {
            clean.index.indirect = -1;
            clean.index.indirect_scale = SIZE_UNKNOWN;
            clean.index.indirect_extent = SIZE_UNKNOWN;
        }
    }
    if (v->op == LOOP_CONST)
        clean.bits = v->bits;
    if (v->op == LOOP_AXIS)
        clean.axis = v->axis;
    if (v->op == LOOP_ACC)
        clean.acc = v->acc;
    if (v->op == LOOP_SIZE || v->op == LOOP_IN_RANGE)
        clean.size = v->size;
    if (v->op == LOOP_ROUND_TO)
        clean.target = v->target;
    return clean;
}

bool fuse_value_equal(const loop_value *a, const loop_value *b, int32_t axis_count)
{
    return a->op == b->op && a->dtype == b->dtype && memcmp(a->args, b->args, sizeof a->args) == 0 &&
           a->buffer == b->buffer && a->bits == b->bits && a->axis == b->axis && a->acc == b->acc &&
           a->size == b->size && a->target == b->target &&
           (a->op != LOOP_READ || loop_index_equal(&a->index, &b->index, axis_count));
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 31);
}

static uint64_t value_hash(const loop_value *v, int32_t axis_count)
{
    uint64_t hash = mix((uint64_t)v->op << 8 | (uint64_t)v->dtype, v->bits);
    for (int i = 0; i < 3; i++)
        hash = mix(hash, (uint32_t)v->args[i]);
    hash = mix(hash, (uint64_t)(uint32_t)v->buffer << 32 | (uint32_t)v->size);
    hash = mix(hash, (uint64_t)(uint32_t)v->axis << 32 | (uint32_t)v->acc);
    if (v->op == LOOP_READ) {
        hash = mix(hash, (uint64_t)(uint32_t)v->index.base << 32 | (uint32_t)v->index.indirect);
        for (int32_t k = 0; k < axis_count; k++)
            hash = mix(hash, (uint32_t)v->index.coefs[k]);
    }
    return hash;
}

bool body_begin(body *b, fuse *f, const loop_axis *axes, int32_t axis_count)
{
    *b = (body){.f = f};
    b->nest = ARENA_NEW(f->p->memory, loop_nest);
    loop_axis *own = ARENA_ARRAY(f->p->memory, loop_axis, (size_t)axis_count);
    b->table_size = 64;
    b->table = ARENA_ARRAY(&f->scratch, int32_t, b->table_size);
    if (!b->nest || !own || !b->table) {
        b->failed = true;
        return false;
    }
    if (axis_count > 0)
        memcpy(own, axes, (size_t)axis_count * sizeof *own);
    b->nest->axes = own;
    b->nest->axis_count = axis_count;
    b->nest->sizes = f->p->sizes;
    return true;
}

static bool grow_table(body *b)
{
    size_t size = b->table_size * 2;
    int32_t *table = ARENA_ARRAY(&b->f->scratch, int32_t, size);
    if (!table)
        return false;
    for (int32_t v = 0; v < b->nest->value_count; v++) {
        size_t at = (size_t)value_hash(&b->nest->values[v], b->nest->axis_count) & (size - 1);
        while (table[at] != 0)
            at = (at + 1) & (size - 1);
        table[at] = v + 1;
    }
    b->table = table;
    b->table_size = size;
    return true;
}

int32_t body_value_apart(body *b, const loop_value *v)
{
    if (b->failed || b->nest->value_count == INT32_MAX)
        return -1;
    loop_value *values = arena_grow(b->f->p->memory, b->nest->values, &b->value_capacity,
                                    (size_t)b->nest->value_count + 1, sizeof *values);
    if (!values) {
        b->failed = true;
        return -1;
    }
    b->nest->values = values;
    values[b->nest->value_count] = *v;
    return b->nest->value_count++;
}

int32_t body_value(body *b, const loop_value *v)
{
    if (b->failed)
        return -1;
    if ((size_t)b->nest->value_count * 2 >= b->table_size && !grow_table(b)) {
        b->failed = true;
        return -1;
    }
    size_t at = (size_t)value_hash(v, b->nest->axis_count) & (b->table_size - 1);
    while (b->table[at] != 0) {
        if (fuse_value_equal(&b->nest->values[b->table[at] - 1], v, b->nest->axis_count))
            return b->table[at] - 1;
        at = (at + 1) & (b->table_size - 1);
    }
    int32_t number = body_value_apart(b, v);
    if (number >= 0)
        b->table[at] = number + 1;
    return number;
}

int32_t body_const_i64(body *b, int64_t value)
{
    loop_value v = body_blank(LOOP_CONST, STEPC_INT64);
    v.bits = (uint64_t)value;
    return body_value(b, &v);
}

int32_t body_binary(body *b, loop_op op, int32_t x, int32_t y)
{
    if (b->failed || x < 0 || y < 0)
        return -1;
    loop_value v = body_blank(op, b->nest->values[x].dtype);
    v.args[0] = x;
    v.args[1] = y;
    return body_value(b, &v);
}

int32_t body_as_stored(body *b, stepc_dtype dtype, int32_t value)
{
    if (b->failed || value < 0)
        return -1;
    const loop_value *v = &b->nest->values[value];
    if ((dtype != STEPC_HALF && dtype != STEPC_BFLOAT16) || (v->op == LOOP_ROUND_TO && v->target == dtype))
        return value;
    loop_value rounded = body_blank(LOOP_ROUND_TO, v->dtype);
    rounded.args[0] = value;
    rounded.target = dtype;
    return body_value(b, &rounded);
}

/* ARRAY with room for one element more. */
static void *room(body *b, void *array, size_t *capacity, int32_t count, size_t bytes)
{
    void *grown = b->failed ? NULL : arena_grow(b->f->p->memory, array, capacity, (size_t)count + 1, bytes);
    if (!grown)
        b->failed = true;
    return grown;
}

int32_t body_acc(body *b, const loop_acc *acc)
{
    loop_nest *nest = b->nest;
    for (int32_t i = 0; !b->failed && i < nest->acc_count; i++) {
        const loop_acc *have = &nest->accs[i];
        if (have->kind == acc->kind && have->dtype == acc->dtype && have->value == acc->value &&
            have->reassociate == acc->reassociate)
            return i;
    }
    loop_acc *accs =
        room(b, b->failed ? NULL : nest->accs, &b->acc_capacity, b->failed ? 0 : nest->acc_count, sizeof *accs);
    if (!accs)
        return -1;
    nest->accs = accs;
    accs[nest->acc_count] = *acc;
    return nest->acc_count++;
}

void body_write(body *b, const loop_write *w)
{
    if (b->failed)
        return;
    loop_write *writes = room(b, b->nest->writes, &b->write_capacity, b->nest->write_count, sizeof *writes);
    if (!writes)
        return;
    b->nest->writes = writes;
    loop_write *own = &writes[b->nest->write_count++];
    *own = *w;
    /* Storing rounds by itself. */
    stepc_dtype storage = b->f->p->buffers[w->buffer].dtype;
    const loop_value *v = &b->nest->values[w->value];
    if (v->op == LOOP_ROUND_TO && v->target == storage && (storage == STEPC_HALF || storage == STEPC_BFLOAT16))
        own->value = v->args[0];
}

void body_check(body *b, const loop_check *c)
{
    if (b->failed)
        return;
    loop_check *checks = room(b, b->nest->checks, &b->check_capacity, b->nest->check_count, sizeof *checks);
    if (!checks)
        return;
    b->nest->checks = checks;
    checks[b->nest->check_count++] = *c;
}

void body_origin(body *b, const stepc_operation *operation)
{
    /* Neighbours often share an origin; looking at the last few keeps this linear. */
    int32_t have = b->nest->origin_count, k = have > 8 ? have - 8 : 0;
    while (k < have && b->nest->origins[k] != operation)
        k++;
    if (k < have || operation == NULL)
        return;
    const stepc_operation **origins = room(b, b->nest->origins, &b->origin_capacity, have, sizeof *origins);
    if (!origins)
        return;
    b->nest->origins = origins;
    origins[b->nest->origin_count++] = operation;
}

void body_origins(body *b, const loop_nest *from)
{
    for (int32_t i = 0; !b->failed && i < from->origin_count; i++)
        body_origin(b, from->origins[i]);
}

/* ---- dropping what nothing needs --------------------------------------------------------- */

static void mark_roots(const loop_nest *nest, uint8_t *needed)
{
    for (int32_t i = 0; i < nest->write_count; i++) {
        const loop_write *w = &nest->writes[i];
        needed[w->value] = 1;
        if (w->predicate >= 0)
            needed[w->predicate] = 1;
        if (w->index.indirect >= 0)
            needed[w->index.indirect] = 1;
    }
    for (int32_t i = 0; i < nest->check_count; i++)
        needed[nest->checks[i].value] = 1;
}

static void mark(const loop_nest *nest, uint8_t *needed)
{
    mark_roots(nest, needed);
    /* Arguments come before their users, so one backward walk reaches all. */
    for (int32_t v = nest->value_count - 1; v >= 0; v--) {
        if (!needed[v])
            continue;
        const loop_value *value = &nest->values[v];
        for (int i = 0; i < 3; i++) {
            if (value->args[i] >= 0)
                needed[value->args[i]] = 1;
        }
        if (value->op == LOOP_READ && value->index.indirect >= 0)
            needed[value->index.indirect] = 1;
        if (value->op == LOOP_ACC)
            needed[nest->accs[value->acc].value] = 1;
    }
}

static void renumber_values(loop_nest *nest, const int32_t *to, const int32_t *acc_to)
{
    int32_t kept = 0;
    for (int32_t v = 0; v < nest->value_count; v++) {
        if (to[v] < 0)
            continue;
        loop_value value = nest->values[v];
        for (int i = 0; i < 3; i++)
            value.args[i] = value.args[i] >= 0 ? to[value.args[i]] : -1;
        if (value.op == LOOP_READ && value.index.indirect >= 0)
            value.index.indirect = to[value.index.indirect];
        if (value.op == LOOP_ACC)
            value.acc = acc_to[value.acc];
        nest->values[kept++] = value;
    }
    nest->value_count = kept;
}

static void renumber_rest(loop_nest *nest, const int32_t *to, const int32_t *acc_to)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < nest->acc_count; i++) {
        if (acc_to[i] < 0)
            continue;
        loop_acc acc = nest->accs[i];
        acc.value = to[acc.value];
        nest->accs[kept++] = acc;
    }
    nest->acc_count = kept;
    for (int32_t i = 0; i < nest->write_count; i++) {
        loop_write *w = &nest->writes[i];
        w->value = to[w->value];
        w->predicate = w->predicate >= 0 ? to[w->predicate] : -1;
        if (w->index.indirect >= 0)
            w->index.indirect = to[w->index.indirect];
    }
    for (int32_t i = 0; i < nest->check_count; i++)
        nest->checks[i].value = to[nest->checks[i].value];
}

loop_nest *body_end(body *b)
{
    if (b->failed)
        return NULL;
    loop_nest *nest = b->nest;
    uint8_t *needed = ARENA_ARRAY(&b->f->scratch, uint8_t, (size_t)nest->value_count);
    int32_t *to = ARENA_ARRAY(&b->f->scratch, int32_t, (size_t)nest->value_count);
    int32_t *acc_to = ARENA_ARRAY(&b->f->scratch, int32_t, (size_t)nest->acc_count);
    int32_t count = 0, acc_count = 0;
    if (!needed || !to || !acc_to)
        return NULL;
    mark(nest, needed);
    for (int32_t i = 0; i < nest->acc_count; i++)
        acc_to[i] = -1;
    for (int32_t v = 0; v < nest->value_count; v++) {
        to[v] = needed[v] ? count++ : -1;
        if (needed[v] && nest->values[v].op == LOOP_ACC)
            acc_to[nest->values[v].acc] = 0;
    }
    for (int32_t i = 0; i < nest->acc_count; i++)
        acc_to[i] = acc_to[i] < 0 ? -1 : acc_count++;
    renumber_values(nest, to, acc_to);
    renumber_rest(nest, to, acc_to);
    return nest;
}
