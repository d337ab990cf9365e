/* SPDX-License-Identifier: Apache-2.0 */
/* Rewriting the axes of one nest, and counting what it does. */
#include "compiler/loops/fuse.h"

#include "runtime/core/checked.h"
#include "runtime/core/dtype.h"

#include <string.h>

/* ---- counting ---------------------------------------------------------------------------- */

int64_t fuse_op_cost(loop_op op)
{
    if (op_is_leaf(op))
        return 0;
    if (op == LOOP_EXP || op == LOOP_LOG || op == LOOP_SIN || op == LOOP_COS || op == LOOP_SIGMOID)
        return 16;
    if (op == LOOP_TANH || op == LOOP_EXPM1 || op == LOOP_LOG1P)
        return 30;
    if ((op >= LOOP_ZETA && op <= LOOP_IGAMMAC) || op == LOOP_BETAINC)
        return 2000;
    if ((op >= LOOP_TAN && op <= LOOP_ERFC) || op == LOOP_POW || op == LOOP_ATAN2 || op == LOOP_FMOD)
        return 60;
    if (op == LOOP_PHILOX)
        return 40;
    if (op == LOOP_DIV || op == LOOP_FLOORDIV || op == LOOP_SQRT)
        return 4;
    return 1;
}

int32_t nest_space_count(const loop_nest *nest)
{
    int32_t count = 0;
    while (count < nest->axis_count && nest->axes[count].kind == AXIS_SPACE)
        count++;
    return count;
}

int32_t nest_op_count(const loop_nest *nest)
{
    int32_t count = 0;
    for (int32_t v = 0; v < nest->value_count; v++)
        count += !op_is_leaf(nest->values[v].op);
    return count;
}

bool nest_has_reuse(const loop_nest *nest)
{
    int32_t space = nest_space_count(nest), reads = 0;
    if (nest->acc_count == 0 || space == 0)
        return false;
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        if (value->op != LOOP_READ)
            continue;
        bool is_reduced = false, is_whole = true;
        int64_t number;
        for (int32_t k = 0; k < nest->axis_count; k++) {
            bool moves = !(size_is_const(nest->sizes, value->index.coefs[k], &number) && number == 0);
            if (k < space)
                is_whole = is_whole && moves;
            else
                is_reduced = is_reduced || moves;
        }
        if (is_reduced && is_whole)
            return false;
        reads += is_reduced;
    }
    return reads > 0;
}

int64_t fuse_nominal(const fuse *f, size_ref size)
{
    int64_t bound = size == SIZE_UNKNOWN ? INT64_MAX : size_upper_bound(f->p->sizes, size);
    return bound == INT64_MAX ? FUSE_NOMINAL_SIZE : bound;
}

int64_t nest_iterations(const fuse *f, const loop_nest *nest, bool with_reduce)
{
    int64_t count = 1;
    for (int32_t k = 0; k < nest->axis_count; k++) {
        int64_t extent = fuse_nominal(f, nest->axes[k].extent);
        if (nest->axes[k].kind == AXIS_REDUCE && !with_reduce)
            continue;
        /* Costs only compare; a huge count may as well stay where it is. */
        if (!checked_mul_i64(count, extent, &count) || count > INT64_MAX / 4096)
            return INT64_MAX / 4096;
    }
    return count;
}

/* ---- rewriting axes ---------------------------------------------------------------------- */

/* Old axis = sum of scales[i] * new axis axes[i]; no terms: always 0. */
typedef struct axis_change {
    int32_t count;
    int32_t *axes;
    size_ref *scales;
} axis_change;

typedef struct rewrite {
    fuse *f;
    body b;
    int32_t new_count, old_count;
    const axis_change *changes;
} rewrite;

static bool rewrite_index(rewrite *r, const loop_index *from, const int32_t *to, loop_index *out)
{
    size_pool *pool = r->f->p->sizes;
    size_ref *coefs = ARENA_ARRAY(r->f->p->memory, size_ref, (size_t)r->new_count);
    if (!coefs)
        return false;
    for (int32_t k = 0; k < r->new_count; k++)
        coefs[k] = r->f->zero;
    for (int32_t k = 0; k < r->old_count; k++) {
        const axis_change *change = &r->changes[k];
        for (int32_t i = 0; i < change->count; i++) {
            size_ref *coef = &coefs[change->axes[i]];
            *coef = size_sum(pool, *coef, size_product(pool, from->coefs[k], change->scales[i]));
            if (*coef == SIZE_UNKNOWN)
                return false;
        }
    }
    *out = *from;
    out->coefs = coefs;
    if (from->indirect >= 0)
        out->indirect = to[from->indirect];
    return true;
}

static int32_t rewrite_axis_value(rewrite *r, int32_t axis)
{
    const axis_change *change = &r->changes[axis];
    int32_t sum = -1;
    for (int32_t i = 0; i < change->count; i++) {
        loop_value index = body_blank(LOOP_AXIS, STEPC_INT64), scale = body_blank(LOOP_SIZE, STEPC_INT64);
        index.axis = change->axes[i];
        int32_t term = body_value(&r->b, &index);
        int64_t number = 0;
        bool is_const = size_is_const(r->f->p->sizes, change->scales[i], &number);
        scale.size = change->scales[i];
        if (!is_const)
            term = body_binary(&r->b, LOOP_MUL, term, body_value(&r->b, &scale));
        else if (number != 1)
            term = body_binary(&r->b, LOOP_MUL, term, body_const_i64(&r->b, number));
        sum = sum < 0 ? term : body_binary(&r->b, LOOP_ADD, sum, term);
    }
    return sum >= 0 ? sum : body_const_i64(&r->b, 0);
}

/* Elements of constant reads: index all zero, or a weight whose elements are all equal. */
static bool constant_read(const fuse *f, const loop_value *v, int32_t axis_count, uint64_t *bits)
{
    const loop_buffer *root = &f->p->buffers[v->buffer];
    int64_t base, coef, count = 1;
    size_t bytes = stepc_dtype_bytes(root->dtype);
    bool is_fixed = v->index.indirect < 0 && size_is_const(f->p->sizes, v->index.base, &base);
    if (root->kind != BUFFER_WEIGHT || !root->data || dtype_is_complex(root->dtype) || bytes == 0 || bytes > 8)
        return false;
    for (int32_t k = 0; is_fixed && k < axis_count; k++)
        is_fixed = size_is_const(f->p->sizes, v->index.coefs[k], &coef) && coef == 0;
    for (int32_t d = 0; d < root->rank; d++) {
        int64_t extent;
        if (!size_is_const(f->p->sizes, root->extents[d], &extent) || !checked_mul_i64(count, extent, &count))
            return false;
    }
    if (count < 1)
        return false;
    const char *data = root->data;
    if (!is_fixed) {
        for (int64_t i = 1; i < count; i++) {
            if (memcmp(data, data + (size_t)i * bytes, bytes) != 0)
                return false;
        }
        base = 0;
    }
    if (base < 0 || base >= count)
        return false;
    if (root->dtype == STEPC_HALF || root->dtype == STEPC_BFLOAT16) {
        float value = (float)load_f64(root->dtype, data, base);
        uint32_t word;
        memcpy(&word, &value, sizeof word);
        *bits = word;
        return true;
    }
    /* By way of the carrier: the bytes' order in memory is the host's. */
    uint64_t wide = 0;
    const char *at = data + (size_t)base * bytes;
    uint8_t one;
    uint16_t two;
    uint32_t four;
    switch (bytes) {
    case 1:
        memcpy(&one, at, 1), wide = root->dtype == STEPC_BOOL ? one != 0 : one;
        break;
    case 2:
        memcpy(&two, at, 2), wide = two;
        break;
    case 4:
        memcpy(&four, at, 4), wide = four;
        break;
    default:
        memcpy(&wide, at, 8);
        break;
    }
    *bits = wide;
    return true;
}

/* What an accumulator over no axes gives, or -1 where only the accumulator itself will do. A sum
 * that may be reassociated is the element, as in TensorFlow; in order it is 0 + the element (which turns -0 into 0). */
static int32_t accumulate_one(rewrite *r, const loop_acc *acc, const int32_t *to)
{
    loop_value zero = body_blank(LOOP_CONST, acc->dtype);
    switch (acc->kind) {
    case ACC_SUM:
        return acc->reassociate ? to[acc->value]
                                : body_binary(&r->b, LOOP_ADD, body_value(&r->b, &zero), to[acc->value]);
    case ACC_PROD:
    case ACC_MAX:
    case ACC_MIN:
    case ACC_ANY:
    case ACC_ALL:
        return to[acc->value];
    case ACC_ARG_MAX:
    case ACC_ARG_MIN:
        break;
    }
    return -1;
}

static int32_t rewrite_value(rewrite *r, const loop_nest *nest, int32_t number, const int32_t *to)
{
    loop_value v = body_clean(r->f, &nest->values[number]);
    for (int i = 0; i < 3; i++)
        v.args[i] = v.args[i] >= 0 ? to[v.args[i]] : -1;
    if (v.op == LOOP_AXIS)
        return rewrite_axis_value(r, v.axis);
    if (v.op == LOOP_READ) {
        uint64_t bits;
        if (!rewrite_index(r, &v.index, to, &v.index))
            return -1;
        if (constant_read(r->f, &v, r->new_count, &bits)) {
            stepc_dtype dtype = v.dtype;
            v = body_blank(LOOP_CONST, dtype);
            v.bits = bits;
        }
    }
    if (v.op == LOOP_ACC) {
        loop_acc acc = nest->accs[v.acc];
        int32_t one = nest_space_count(nest) == nest->axis_count ? accumulate_one(r, &acc, to) : -1;
        if (one >= 0)
            return one;
        acc.value = to[acc.value];
        v.acc = body_acc(&r->b, &acc);
    }
    return body_value(&r->b, &v);
}

static loop_nest *rewrite_nest(fuse *f, const loop_nest *nest, const loop_axis *axes, int32_t count,
                               const axis_change *changes)
{
    rewrite r = {.f = f, .new_count = count, .old_count = nest->axis_count, .changes = changes};
    int32_t *to = ARENA_ARRAY(&f->scratch, int32_t, (size_t)nest->value_count);
    if (!to || !body_begin(&r.b, f, axes, count))
        return NULL;
    for (int32_t v = 0; v < nest->value_count; v++) {
        to[v] = rewrite_value(&r, nest, v, to);
        if (to[v] < 0)
            return NULL;
    }
    for (int32_t i = 0; i < nest->write_count; i++) {
        loop_write w = nest->writes[i];
        if (!rewrite_index(&r, &w.index, to, &w.index))
            return NULL;
        w.value = to[w.value];
        w.predicate = w.predicate >= 0 ? to[w.predicate] : -1;
        body_write(&r.b, &w);
    }
    for (int32_t i = 0; i < nest->check_count; i++) {
        loop_check c = nest->checks[i];
        c.value = to[c.value];
        body_check(&r.b, &c);
    }
    body_origins(&r.b, nest);
    return body_end(&r.b);
}

static bool change_is(fuse *f, axis_change *change, int32_t capacity)
{
    change->count = 0;
    change->axes = ARENA_ARRAY(&f->scratch, int32_t, (size_t)capacity);
    change->scales = ARENA_ARRAY(&f->scratch, size_ref, (size_t)capacity);
    return change->axes && change->scales;
}

static void change_to(axis_change *change, int32_t axis, size_ref scale)
{
    change->axes[change->count] = axis;
    change->scales[change->count++] = scale;
}

loop_nest *nest_normalise(fuse *f, const loop_nest *nest)
{
    axis_change *changes = ARENA_ARRAY(&f->scratch, axis_change, (size_t)nest->axis_count);
    loop_axis *axes = ARENA_ARRAY(&f->scratch, loop_axis, (size_t)nest->axis_count);
    int32_t count = 0, reduce_left = nest->axis_count - nest_space_count(nest);
    if (!changes || !axes)
        return NULL;
    for (int32_t k = 0; k < nest->axis_count; k++) {
        bool is_one = nest->axes[k].extent == f->one;
        if (!change_is(f, &changes[k], 1))
            return NULL;
        /* The last reduce axis stays: a sum of one element is not that element (-0). */
        if (nest->axes[k].kind == AXIS_REDUCE && is_one && reduce_left-- == 1)
            is_one = false;
        if (is_one)
            continue;
        change_to(&changes[k], count, f->one);
        axes[count++] = nest->axes[k];
    }
    return rewrite_nest(f, nest, axes, count, changes);
}

loop_nest *nest_split_space(fuse *f, const loop_nest *nest, const size_ref *extents, int32_t count)
{
    int32_t space = nest_space_count(nest), reduce = nest->axis_count - space, at = 0;
    size_pool *pool = f->p->sizes;
    axis_change *changes = ARENA_ARRAY(&f->scratch, axis_change, (size_t)nest->axis_count);
    loop_axis *axes = ARENA_ARRAY(&f->scratch, loop_axis, (size_t)(count + reduce));
    if (!changes || !axes)
        return NULL;
    for (int32_t k = 0; k < space; k++) {
        int32_t first = at;
        size_ref product = f->one;
        while (at < count && product != nest->axes[k].extent) {
            product = size_product(pool, product, extents[at]);
            axes[at] = (loop_axis){.extent = extents[at], .kind = AXIS_SPACE};
            at++;
        }
        if (product != nest->axes[k].extent || product == SIZE_UNKNOWN || !change_is(f, &changes[k], at - first))
            return NULL;
        size_ref scale = f->one;
        for (int32_t i = at - 1; i >= first; i--) {
            change_to(&changes[k], i, scale);
            scale = size_product(pool, scale, extents[i]);
        }
    }
    if (at != count)
        return NULL;
    for (int32_t k = space; k < nest->axis_count; k++) {
        if (!change_is(f, &changes[k], 1))
            return NULL;
        axes[count + k - space] = nest->axes[k];
        change_to(&changes[k], count + k - space, f->one);
    }
    return rewrite_nest(f, nest, axes, count + reduce, changes);
}

/* ---- flattening -------------------------------------------------------------------------- */

static bool index_merges(const fuse *f, const loop_index *index, int32_t k, size_ref inner)
{
    return index->coefs[k] == size_product(f->p->sizes, index->coefs[k + 1], inner);
}

bool nest_can_merge_axes(const fuse *f, const loop_nest *nest, int32_t k)
{
    if (k + 1 >= nest->axis_count || nest->axes[k].kind != nest->axes[k + 1].kind)
        return false;
    size_ref inner = nest->axes[k + 1].extent;
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        if (value->op == LOOP_AXIS && (value->axis == k || value->axis == k + 1))
            return false;
        if (value->op == LOOP_READ && !index_merges(f, &value->index, k, inner))
            return false;
    }
    for (int32_t i = 0; i < nest->write_count; i++) {
        if (!index_merges(f, &nest->writes[i].index, k, inner))
            return false;
    }
    return true;
}

loop_nest *nest_merge_axes(fuse *f, loop_nest *nest, int32_t k)
{
    axis_change *changes = ARENA_ARRAY(&f->scratch, axis_change, (size_t)nest->axis_count);
    loop_axis *axes = ARENA_ARRAY(&f->scratch, loop_axis, (size_t)nest->axis_count);
    int32_t count = 0;
    if (!changes || !axes)
        return NULL;
    for (int32_t i = 0; i < nest->axis_count; i++) {
        if (!change_is(f, &changes[i], 1))
            return NULL;
        if (i == k)
            continue; /* its share of the address comes through the merged axis */
        change_to(&changes[i], count, f->one);
        axes[count] = nest->axes[i];
        if (i == k + 1)
            axes[count].extent = size_product(f->p->sizes, nest->axes[k].extent, nest->axes[i].extent);
        if (axes[count++].extent == SIZE_UNKNOWN)
            return NULL;
    }
    return rewrite_nest(f, nest, axes, count, changes);
}

loop_nest *nest_flatten(fuse *f, loop_nest *nest)
{
    for (int32_t k = nest->axis_count - 2; k >= 0; k--) {
        if (!nest_can_merge_axes(f, nest, k))
            continue;
        nest = nest_merge_axes(f, nest, k);
        if (!nest)
            return NULL;
    }
    return nest;
}
