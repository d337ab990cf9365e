/* SPDX-License-Identifier: Apache-2.0 */
/* The walk: statements in order, index by index, one enclosure per value. */
#include "bounds.h"

#include "compiler/lower/lower.h"
#include "runtime/core/checked.h"
#include "runtime/core/dtype.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct walk {
    const loop_program *p;
    arena memory;
    int64_t *sizes; /* by size_ref */
    bool *is_known;
    bound_tensor *roots; /* by buffer number */
    int64_t chain;
} walk;

typedef struct place { /* an index made ready */
    const bound_tensor *root;
    int64_t base, scale, range;
    int64_t *coefs;
    int32_t indirect;
} place;

typedef struct running_nest {
    walk *w;
    const loop_nest *nest;
    bound_rounding rounding;
    int64_t *extents, *position;
    place *reads, *writes;
    uint8_t *bits; /* of nest_dependence */
    bound *values;
    bound_acc *accs;
    int32_t space; /* axes */
} running_nest;

/* ---- memory ----------------------------------------------------------------------------------- */

static int64_t size_of(const walk *w, size_ref s) { return s >= 0 && w->is_known[s] ? w->sizes[s] : 0; }

static stepc_code set_sizes(walk *w, const stepc_view *feeds, const int64_t *symbols, size_t count, stepc_error *error)
{
    const size_pool *pool = w->p->sizes;
    int64_t *values = ARENA_ARRAY(&w->memory, int64_t, count + 1);
    w->sizes = ARENA_ARRAY(&w->memory, int64_t, pool->count + 1);
    w->is_known = ARENA_ARRAY(&w->memory, bool, pool->count + 1);
    if (!values || !w->sizes || !w->is_known)
        return error_out_of_memory(error, "enclosing");
    for (size_t i = 0; i < count; i++)
        values[i] = symbols[i];
    for (int32_t i = 0; i < w->p->fed_size_count; i++) {
        const loop_fed_size *fed = &w->p->fed_sizes[i];
        const stepc_view *view = &feeds[fed->feed];
        values[size_symbol_index(pool, fed->symbol)] = load_i64((stepc_dtype)view->dtype, view->data, fed->element);
    }
    for (size_t i = 0; i < pool->count; i++)
        w->is_known[i] = size_evaluate(pool, (size_ref)i, values, count, &w->sizes[i]);
    return STEPC_OK;
}

/* What nobody has written may be anything. */
static stepc_code set_roots(walk *w, const stepc_view *feeds, stepc_error *error)
{
    const loop_program *p = w->p;
    w->roots = ARENA_ARRAY(&w->memory, bound_tensor, (size_t)p->buffer_count + 1);
    if (!w->roots)
        return error_out_of_memory(error, "enclosing");
    for (int32_t i = 0; i < p->buffer_count; i++) {
        const loop_buffer *b = &p->buffers[i];
        bound_tensor *root = &w->roots[i];
        const void *data = b->kind == BUFFER_FEED ? feeds[b->slot].data : b->kind == BUFFER_WEIGHT ? b->data : NULL;
        if (b->root != i)
            continue;
        root->count = 1;
        for (int32_t d = 0; d < b->rank; d++)
            root->count *= size_of(w, b->extents[d]);
        root->elements = ARENA_ARRAY(&w->memory, bound, (size_t)root->count + 1);
        if (!root->elements)
            return error_out_of_memory(error, "enclosing");
        for (int64_t k = 0; k < root->count; k++)
            root->elements[k] = data ? bound_element(b->dtype, data, k) : bound_whole(loop_value_dtype(b->dtype));
    }
    return STEPC_OK;
}

/* ---- one nest ------------------------------------------------------------------------------------ */

static bool lists(const lower_family *family, stepc_string type)
{
    for (size_t i = 0; i < family->count; i++)
        if (text_equal(type, text_view(family->rows[i].name)))
            return true;
    return false;
}

/* The inside of operators that consist of several operations is rounded or not, as the header says. */
static bound_rounding rounding_of(const loop_nest *nest)
{
    for (int32_t i = 0; i < nest->origin_count; i++) {
        stepc_string type = nest->origins[i]->type;
        if (lists(&lower_reduction, type) || lists(&lower_contraction, type) || lists(&lower_normalization, type) ||
            lists(&lower_batch_norm, type) || lists(&lower_scan, type) || lists(&lower_segment, type) ||
            lists(&lower_sparse_segment, type) || text_equal(type, TEXT_LITERAL("MirrorPadGrad")))
            return ROUND_OR_NOT;
    }
    return ROUND_ONCE;
}

static bool make_place(running_nest *n, const loop_index *from, int32_t root, place *out)
{
    int32_t axes = n->nest->axis_count;
    out->root = &n->w->roots[root];
    out->base = size_of(n->w, from->base);
    out->indirect = from->indirect;
    out->scale = from->indirect >= 0 ? size_of(n->w, from->indirect_scale) : 0;
    out->range = from->indirect >= 0 ? size_of(n->w, from->indirect_extent) : 0;
    out->coefs = ARENA_ARRAY(&n->w->memory, int64_t, (size_t)axes + 1);
    for (int32_t k = 0; out->coefs && k < axes; k++)
        out->coefs[k] = size_of(n->w, from->coefs[k]);
    return out->coefs != NULL;
}

static bool make_ready(running_nest *n)
{
    const loop_nest *nest = n->nest;
    arena *memory = &n->w->memory;
    size_t axes = (size_t)nest->axis_count + 1, values = (size_t)nest->value_count + 1;
    n->extents = ARENA_ARRAY(memory, int64_t, axes);
    n->position = ARENA_ARRAY(memory, int64_t, axes);
    n->reads = ARENA_ARRAY(memory, place, values);
    n->writes = ARENA_ARRAY(memory, place, (size_t)nest->write_count + 1);
    n->bits = ARENA_ARRAY(memory, uint8_t, values);
    n->values = ARENA_ARRAY(memory, bound, values);
    n->accs = ARENA_ARRAY(memory, bound_acc, (size_t)nest->acc_count + 1);
    bool good = n->extents && n->position && n->reads && n->writes && n->bits && n->values && n->accs;
    for (int32_t k = 0; good && k < nest->axis_count; k++) {
        n->extents[k] = size_of(n->w, nest->axes[k].extent);
        n->space += nest->axes[k].kind == AXIS_SPACE;
    }
    for (int32_t v = 0; good && v < nest->value_count; v++)
        if (nest->values[v].op == LOOP_READ)
            good = make_place(n, &nest->values[v].index, nest->values[v].buffer, &n->reads[v]);
    for (int32_t i = 0; good && i < nest->write_count; i++)
        good = make_place(n, &nest->writes[i].index, nest->writes[i].buffer, &n->writes[i]);
    if (good)
        nest_dependence(nest, n->bits);
    n->rounding = rounding_of(nest);
    return good;
}

static int64_t affine(const running_nest *n, const place *at)
{
    int64_t sum = at->base;
    for (int32_t k = 0; k < n->nest->axis_count; k++)
        sum += at->coefs[k] * n->position[k];
    return sum;
}

/* An element that a select does not take may lie outside: whatever it is, nobody needs it. */
static bound element_at(const running_nest *n, int32_t v, int64_t at)
{
    const place *from = &n->reads[v];
    return at >= 0 && at < from->root->count ? from->root->elements[at] : bound_whole(n->nest->values[v].dtype);
}

static bound read_value(const running_nest *n, int32_t v)
{
    const place *from = &n->reads[v];
    const loop_value *value = &n->nest->values[v];
    int64_t at = affine(n, from);
    bound out;
    if (from->indirect < 0) {
        out = element_at(n, v, at);
    } else {
        bound i = n->values[from->indirect];
        int64_t first = i.lo < 0 ? 0 : (int64_t)i.lo,
                last = i.hi >= (real)from->range ? from->range - 1 : (int64_t)i.hi;
        if (first > last)
            return bound_whole(value->dtype);
        out = element_at(n, v, at + from->scale * first);
        for (int64_t k = first + 1; k <= last; k++) {
            bound other = element_at(n, v, at + from->scale * k), both = bound_hull(out, other);
            spread_meet(&both, out, other);
            out = both;
        }
    }
    /* What an operator leaves is rounded: only its own inside sees more. */
    if (n->rounding == ROUND_ONCE && out.lo != out.hi)
        out = spread_as(bound_round(value->dtype, out), out);
    return out;
}

static bound acc_end(bound_acc *a, int64_t chain)
{
    bound out = bound_acc_end(a);
    spread_acc_end(a, chain, &out);
    return out;
}

static bound compute_ends(const running_nest *n, int32_t v)
{
    const loop_value *value = &n->nest->values[v];
    const bound *a = value->args[0] >= 0 ? &n->values[value->args[0]] : NULL;
    switch ((int)value->op) {
    case LOOP_READ:
        return read_value(n, v);
    case LOOP_CONST:
        return bound_constant(value->dtype, value->bits);
    case LOOP_AXIS:
        return bound_integer(n->position[value->axis]);
    case LOOP_SIZE:
        return bound_integer(size_of(n->w, value->size));
    case LOOP_ACC:
        return acc_end(&n->accs[value->acc], n->w->chain);
    case LOOP_PHILOX: /* no random graph draws numbers */
        return bound_whole(value->dtype);
    case LOOP_IN_RANGE: {
        bool always = a->lo >= 0 && a->hi < (real)size_of(n->w, value->size);
        bool never = a->hi < 0 || a->lo >= (real)size_of(n->w, value->size);
        return (bound){always, !never, false, false, 0, 0};
    }
    case LOOP_BETAINC:
        return bound_betainc(value->dtype, *a, n->values[value->args[1]], n->values[value->args[2]]);
    case LOOP_SELECT: {
        bound yes = n->values[value->args[1]], no = n->values[value->args[2]];
        return a->lo > 0 ? yes : a->hi < 1 ? no : bound_hull(yes, no);
    }
    default:
        break;
    }
    stepc_dtype from = n->nest->values[value->args[0]].dtype;
    if (value->args[1] < 0)
        return bound_unary(value, from, n->rounding, *a);
    return bound_binary(value->op, from, value->dtype, n->rounding, *a, n->values[value->args[1]],
                        value->args[0] == value->args[1]);
}

static bound compute(const running_nest *n, int32_t v)
{
    const loop_value *value = &n->nest->values[v];
    const bound *args[3] = {NULL, NULL, NULL};
    bound out = compute_ends(n, v);
    for (int k = 0; k < 3; k++)
        args[k] = value->args[k] >= 0 ? &n->values[value->args[k]] : NULL;
    if (value->op != LOOP_READ && value->op != LOOP_ACC)
        spread_value(value, args, &out);
    return out;
}

/* Values with some of the bits MASK, or with none when MASK is 0. */
static void compute_all(running_nest *n, uint8_t mask)
{
    for (int32_t v = 0; v < n->nest->value_count; v++)
        if (mask == 0 ? n->bits[v] == 0 : mask == 1 ? n->bits[v] == 1 : n->bits[v] >= 2)
            n->values[v] = compute(n, v);
}

static bool advance(running_nest *n, int32_t first, int32_t last)
{
    for (int32_t k = last - 1; k >= first; k--) {
        if (++n->position[k] < n->extents[k])
            return true;
        n->position[k] = 0;
    }
    return false;
}

static bool is_empty(const running_nest *n, int32_t first, int32_t last)
{
    for (int32_t k = first; k < last; k++)
        if (n->extents[k] <= 0)
            return true;
    return false;
}

static void accumulate(running_nest *n)
{
    const loop_nest *nest = n->nest;
    for (int32_t a = 0; a < nest->acc_count; a++)
        bound_acc_begin(&n->accs[a], &nest->accs[a]);
    if (nest->acc_count == 0 || is_empty(n, n->space, nest->axis_count))
        return;
    do {
        compute_all(n, 1);
        for (int32_t a = 0; a < nest->acc_count; a++)
            bound_acc_add(&n->accs[a], n->values[nest->accs[a].value]);
    } while (advance(n, n->space, nest->axis_count));
}

static stepc_code write_all(const running_nest *n, stepc_error *error)
{
    for (int32_t i = 0; i < n->nest->write_count; i++) {
        const loop_write *w = &n->nest->writes[i];
        const place *to = &n->writes[i];
        bound taken = w->predicate >= 0 ? n->values[w->predicate] : bound_integer(1);
        bound which = to->indirect >= 0 ? n->values[to->indirect] : bound_integer(0);
        bound value = n->values[w->value];
        stepc_dtype storage = n->w->p->buffers[w->buffer].dtype;
        if (storage == STEPC_HALF || storage == STEPC_BFLOAT16)
            value = spread_as(bound_round(storage, value), value);
        if (taken.hi < 1)
            continue;
        for (int64_t k = (int64_t)which.lo; k <= (int64_t)which.hi; k++) {
            int64_t at = affine(n, to) + to->scale * k;
            if (at < 0 || at >= to->root->count)
                return error_set(error, STEPC_INTERNAL, "enclosing: b%d is written outside", (int)w->buffer);
            bound *element = &to->root->elements[at];
            bound both = bound_hull(*element, value);
            spread_meet(&both, *element, value);
            *element = taken.lo > 0 && which.lo == which.hi ? value : both;
        }
    }
    return STEPC_OK;
}

static stepc_code run_nest(walk *w, const loop_nest *nest, stepc_error *error)
{
    running_nest n = {.w = w, .nest = nest};
    stepc_code code = STEPC_OK;
    if (!make_ready(&n))
        return error_out_of_memory(error, "enclosing");
    if (nest->check_count > 0 || is_empty(&n, 0, n.space))
        return STEPC_OK; /* that no check fails shows in the other engines */
    do {
        compute_all(&n, 0);
        accumulate(&n);
        compute_all(&n, 2);
        code = write_all(&n, error);
    } while (code == STEPC_OK && advance(&n, 0, n.space));
    for (int32_t a = 0; a < nest->acc_count; a++)
        bound_acc_release(&n.accs[a]);
    return code;
}

/* ---- the program --------------------------------------------------------------------------------- */

/* log(exp(a) + exp(b)), which rises with both. */
static real log_of_sum(real a, real b)
{
    real most = a > b ? a : b, least = a > b ? b : a;
    return most == -(real)INFINITY ? most : most + log1pl(expl(least - most));
}

/* Every element is the logarithm of the sum of the exponentials of those before it, in double: each step loses a few units
 * in the last place of what it has met so far. */
static void scan_logarithms(const loop_scan *scan, const bound *from, bound *to, int64_t apart, int64_t extent)
{
    bound total = {-(real)INFINITY, -(real)INFINITY, false, false, 0, 0};
    real lost = 0, most = 1;
    for (int64_t k = 0; k < extent; k++) {
        int64_t at = (scan->is_reverse ? extent - 1 - k : k) * apart;
        bound x = from[at], next = {log_of_sum(total.lo, x.lo), log_of_sum(total.hi, x.hi), false, false, 0, 0};
        if (x.may_be_nan || !isfinite(x.lo) || !isfinite(x.hi) || total.may_be_nan)
            next = bound_whole(STEPC_FLOAT64);
        most = fmaxl(most, fmaxl(fabsl(next.lo), fabsl(next.hi)));
        lost += 4 * DBL_EPSILON * most;
        bound result = scan->is_exclusive ? total : next;
        result.lo -= lost;
        result.hi += lost;
        to[at] = scan->is_exclusive && k == 0 ? (bound){-DBL_MAX, -DBL_MAX, false, false, 0, 0} : result;
        total = next;
    }
}

/* Every element is the sum or product of those before it, in any order. */
static void scan_column(const loop_scan *scan, stepc_dtype dtype, const bound *from, bound *to, int64_t apart,
                        int64_t extent)
{
    loop_acc kind = {.kind = scan->kind, .dtype = dtype};
    bound_acc total = {0};
    bound_acc_begin(&total, &kind);
    for (int64_t k = 0; k < extent; k++) {
        int64_t at = (scan->is_reverse ? extent - 1 - k : k) * apart;
        if (scan->is_exclusive)
            to[at] = acc_end(&total, 0); /* in order: a chain of all terms */
        bound_acc_add(&total, from[at]);
        if (!scan->is_exclusive)
            to[at] = acc_end(&total, 0); /* in order: a chain of all terms */
    }
    bound_acc_release(&total);
}

static stepc_code run_scan(walk *w, const loop_call *call, stepc_error *error)
{
    const loop_buffer *to = &w->p->buffers[call->buffers[0]], *from = &w->p->buffers[call->buffers[1]];
    bound_tensor *target = &w->roots[to->root], *source = &w->roots[from->root];
    int64_t count = size_of(w, call->sizes[0]), at = size_of(w, to->offset), start = size_of(w, from->offset);
    int64_t extent = size_of(w, call->scan.extent), inner = size_of(w, call->scan.inner);
    if (at < 0 || start < 0 || at + count > target->count || start + count > source->count ||
        (count > 0 && (extent * inner <= 0 || count % (extent * inner) != 0)))
        return error_set(error, STEPC_INTERNAL, "enclosing: a scan outside its buffers");
    for (int64_t i = 0; i < count && call->scan.form == SCAN_PAIRS; i++)
        target->elements[at + i] = bound_whole(to->dtype);
    for (int64_t block = 0; block < count && call->scan.form == SCAN_LOGARITHMS; block += extent * inner)
        for (int64_t i = 0; i < inner; i++)
            scan_logarithms(&call->scan, source->elements + start + block + i, target->elements + at + block + i, inner, extent);
    for (int64_t block = 0; block < count && call->scan.form == SCAN_PLAIN; block += extent * inner)
        for (int64_t i = 0; i < inner; i++)
            scan_column(&call->scan, to->dtype, source->elements + start + block + i, target->elements + at + block + i,
                        inner, extent);
    return STEPC_OK;
}

/* Places of a row that is known; of one that is not, any place may come anywhere. */
static stepc_code run_top(walk *w, const loop_call *call, stepc_error *error)
{
    const loop_buffer *to = &w->p->buffers[call->buffers[0]], *from = &w->p->buffers[call->buffers[1]];
    bound_tensor *target = &w->roots[to->root], *source = &w->roots[from->root];
    int64_t places = size_of(w, call->sizes[0]), at = size_of(w, to->offset), start = size_of(w, from->offset);
    int64_t extent = size_of(w, call->top.extent), count = size_of(w, call->top.count);
    if (places > 0 && (at < 0 || start < 0 || count < 1 || at + places > target->count ||
                       start + places / count * extent > source->count))
        return error_set(error, STEPC_INTERNAL, "enclosing: greatest elements outside their buffers");
    for (int64_t row = 0; places > 0 && row < places / count; row++) {
        const bound *x = source->elements + start + row * extent;
        bound *y = target->elements + at + row * count;
        bool is_known = true;
        for (int64_t j = 0; j < extent; j++)
            is_known = is_known && bound_is_point(x[j]);
        for (int64_t i = 0; i < count; i++) {
            int64_t best = -1;
            for (int64_t j = 0; is_known && j < extent; j++) {
                bool is_taken = false;
                for (int64_t k = 0; k < i; k++)
                    is_taken = is_taken || (int64_t)y[k].lo == j;
                best = !is_taken && (best < 0 || x[j].lo > x[best].lo) ? j : best;
            }
            y[i] = is_known ? bound_integer(best) : bound_hull(bound_integer(0), bound_integer(extent - 1));
        }
    }
    return STEPC_OK;
}

/* The bytes of an element of type FROM as one of type TO. */
static bound same_bytes(stepc_dtype to, stepc_dtype from, bound a)
{
    uint64_t bytes = 0;
    if (!bound_is_point(a) || (dtype_is_float(from) && !a.is_signed && a.lo == 0))
        return bound_whole(loop_value_dtype(to));
    if (dtype_is_float(from))
        store_f64(from, &bytes, 0, (double)a.lo);
    else if (dtype_is_signed(from))
        store_i64(from, &bytes, 0, (int64_t)a.lo);
    else
        store_u64(from, &bytes, 0, (uint64_t)a.lo);
    return bound_element(to, &bytes, 0);
}

static stepc_code run_call(walk *w, const loop_call *call, stepc_error *error)
{
    const loop_buffer *to = &w->p->buffers[call->buffers[0]], *from;
    if (call->kind == CALL_SCAN)
        return run_scan(w, call, error);
    if (call->kind == CALL_TOP)
        return run_top(w, call, error);
    if (call->kind != CALL_COPY)
        return error_set(error, STEPC_UNIMPLEMENTED, "enclosing random numbers");
    from = &w->p->buffers[call->buffers[1]];
    bound_tensor *target = &w->roots[to->root], *source = &w->roots[from->root];
    int64_t count = size_of(w, call->sizes[0]), at = size_of(w, to->offset), start = size_of(w, from->offset);
    if (at < 0 || start < 0 || at + count > target->count || start + count > source->count)
        return error_set(error, STEPC_INTERNAL, "enclosing: a copy outside its buffers");
    for (int64_t i = 0; i < count && to->dtype != from->dtype; i++)
        target->elements[at + i] = same_bytes(to->dtype, from->dtype, source->elements[start + i]);
    if (count > 0 && to->dtype == from->dtype)
        memmove(target->elements + at, source->elements + start, (size_t)count * sizeof(bound));
    return STEPC_OK;
}

static stepc_code hand_over(const walk *w, bound_tensor *out, stepc_error *error)
{
    for (int32_t i = 0; i < w->p->fetch_count; i++) {
        const bound_tensor *root = &w->roots[w->p->buffers[w->p->fetches[i].buffer].root];
        out[i].count = root->count;
        out[i].elements = malloc((size_t)(root->count + 1) * sizeof(bound));
        if (!out[i].elements)
            return error_out_of_memory(error, "enclosing");
        if (root->count > 0)
            memcpy(out[i].elements, root->elements, (size_t)root->count * sizeof(bound));
    }
    return STEPC_OK;
}

stepc_code bounds_evaluate(const loop_program *p, const stepc_view *feeds, const int64_t *symbols, size_t symbol_count,
                           int64_t chain, bound_tensor *out, stepc_error *error)
{
    walk w = {.p = p, .chain = chain};
    if (p->exact || p->group_count > 0 || p->state_count > 0)
        return error_set(error, STEPC_INTERNAL,
                         "enclosing: not the program of a default mode's pure step after lowering");
    arena_init(&w.memory, p->host);
    stepc_code code = set_sizes(&w, feeds, symbols, symbol_count, error);
    if (code == STEPC_OK)
        code = set_roots(&w, feeds, error);
    for (int32_t i = 0; i < p->statement_count && code == STEPC_OK; i++)
        code = p->statements[i].kind == STATEMENT_CALL ? run_call(&w, p->statements[i].call, error)
                                                       : run_nest(&w, p->statements[i].nest, error);
    if (code == STEPC_OK)
        code = hand_over(&w, out, error);
    arena_release(&w.memory);
    return code;
}

void bounds_release(bound_tensor *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(all[i].elements);
        all[i] = (bound_tensor){0};
    }
}
