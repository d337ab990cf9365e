/* SPDX-License-Identifier: Apache-2.0 */
/* One nest over a box of its index space. */
#include "compiler/loops/evaluate.h"

#include "runtime/core/checked.h"
#include "runtime/core/dtype.h"

#include <math.h>
#include <string.h>

#define CELL_BYTES ((int64_t)262144) /* lanes of one nest should stay in the cache */
#define FEWEST_LANES 16

/* ---- making ready --------------------------------------------------------------------------- */

static bool size_known(const evaluation *run, size_ref s, int64_t *out)
{
    if (s < 0 || !run->size_known[s])
        return false;
    *out = run->sizes[s];
    return true;
}

/* Whether every address that the axes can form lies inside the buffer. */
static bool is_inside(const ready_nest *n, const ready_index *index)
{
    int64_t low = index->base, high = index->base;
    if (index->indirect >= 0)
        return false;
    for (int32_t k = 0; k < n->nest->axis_count; k++) {
        int64_t last = n->extents[k] - 1, reach;
        if (index->is_local && k < n->run->group->shared_count && last >= n->run->group->tile[k])
            last = n->run->group->tile[k] - 1;
        if (last < 0 || !checked_mul_i64(index->coefs[k], last, &reach) ||
            !checked_add_i64(reach < 0 ? low : high, reach, reach < 0 ? &low : &high))
            return false;
    }
    return low >= 0 && high < index->memory->count;
}

/* A local holds one tile: along shared axes the address counts from the tile's start. */
static bool ready_local(const ready_nest *n, const loop_index *from, int32_t buffer, ready_index *out)
{
    const loop_group *group = n->run->group;
    out->is_local = n->run->p->buffers[buffer].kind == BUFFER_LOCAL;
    if (!out->is_local)
        return true;
    if (group == NULL || group->id != n->run->p->buffers[buffer].group)
        return false;
    for (int32_t k = 0; k < group->shared_count; k++) {
        if (from->coefs[k] != n->run->p->buffers[buffer].strides[k] && n->extents[k] > 1)
            return false;
        out->coefs[k] = out->memory->tile_strides[k];
    }
    return true;
}

static stepc_code ready_address(ready_nest *n, const loop_index *from, int32_t buffer, ready_index *out,
                                stepc_error *error)
{
    int32_t axes = n->nest->axis_count;
    out->memory = &n->run->roots[buffer];
    out->dtype = n->run->p->buffers[buffer].dtype;
    out->indirect = from->indirect;
    out->coefs = ARENA_ARRAY(&n->run->memory, int64_t, (size_t)axes);
    if (out->coefs == NULL)
        return error_out_of_memory(error, "evaluating loops");
    bool known = size_known(n->run, from->base, &out->base);
    if (from->indirect >= 0)
        known = known && size_known(n->run, from->indirect_scale, &out->scale) &&
                size_known(n->run, from->indirect_extent, &out->range);
    for (int32_t k = 0; k < axes; k++)
        known = known && size_known(n->run, from->coefs[k], &out->coefs[k]);
    if (!known)
        return error_set(error, STEPC_INVALID_ARGUMENT, "statement %d: an index has no size under these symbols",
                         (int)n->run->statement);
    if (!ready_local(n, from, buffer, out))
        return error_set(error, STEPC_INTERNAL, "statement %d: b%d does not follow the shared axes of its group",
                         (int)n->run->statement, (int)buffer);
    out->is_tested = !is_inside(n, out);
    return STEPC_OK;
}

/* Whether two indices of the lane axis may write one element: then they must run one after the other. */
static bool lanes_collide(const ready_nest *n, const uint32_t *mask)
{
    for (int32_t i = 0; n->lane_axis >= 0 && i < n->nest->write_count; i++) {
        const loop_index *index = &n->nest->writes[i].index;
        int64_t coef;
        if (index->indirect >= 0 && ((mask[index->indirect] >> n->lane_axis & 1) != 0 ||
                                     !size_known(n->run, index->coefs[n->lane_axis], &coef) || coef == 0))
            return true;
    }
    return false;
}

static bool choose_lanes(ready_nest *n)
{
    int32_t axes = n->nest->axis_count, space = 0;
    while (space < axes && n->nest->axes[space].kind == AXIS_SPACE)
        space++;
    n->lane_axis = space > 0 ? space - 1 : -1;
    if (axes > space && (space == 0 || (n->extents[space - 1] < 16 && n->extents[axes - 1] > n->extents[space - 1]))) {
        n->lane_axis = axes - 1;
        n->lanes_reduce = true;
    }
    n->lanes = CELL_BYTES / 8 / (n->nest->value_count + 1);
    if (n->lanes < FEWEST_LANES)
        n->lanes = FEWEST_LANES;
    if (n->lanes > EVALUATE_LANES)
        n->lanes = EVALUATE_LANES;
    int64_t extent = n->lane_axis < 0 ? 1 : n->extents[n->lane_axis];
    if (n->lanes > extent)
        n->lanes = extent > 0 ? extent : 1;
    if (!nest_scatters(n->nest))
        return true;
    uint32_t *mask = ARENA_ARRAY(&n->run->memory, uint32_t, (size_t)n->nest->value_count);
    if (mask == NULL)
        return false;
    nest_axis_mask(n->nest, mask);
    if (lanes_collide(n, mask))
        n->lanes = 1;
    return true;
}

static bool divides_by_unknown(const loop_nest *nest, const loop_value *value)
{
    if (value->op == LOOP_PHILOX)
        return true;
    if ((value->op != LOOP_DIV && value->op != LOOP_FLOORDIV) || value->dtype == STEPC_FLOAT32 ||
        value->dtype == STEPC_FLOAT64)
        return false;
    const loop_value *divisor = &nest->values[value->args[1]];
    return divisor->op != LOOP_CONST || divisor->bits == 0;
}

static bool ready_phases(ready_nest *n)
{
    const loop_nest *nest = n->nest;
    size_t count = (size_t)nest->value_count;
    uint8_t *bits = ARENA_ARRAY(&n->run->memory, uint8_t, count);
    uint32_t *mask = ARENA_ARRAY(&n->run->memory, uint32_t, count);
    if (bits == NULL || mask == NULL)
        return false;
    for (int i = 0; i < PHASE_COUNT; i++) {
        n->order[i] = ARENA_ARRAY(&n->run->memory, int32_t, count);
        if (n->order[i] == NULL)
            return false;
    }
    nest_dependence(nest, bits);
    nest_axis_mask(nest, mask);
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        value_phase phase = bits[v] & 2 ? PHASE_LAST : bits[v] & 1 ? PHASE_REDUCE : mask[v] ? PHASE_SPACE : PHASE_FIXED;
        bool bad = divides_by_unknown(nest, value) || (value->op == LOOP_READ && n->reads[v].is_tested);
        for (int i = 0; i < 3; i++)
            bad = bad || (value->args[i] >= 0 && n->may_be_bad[value->args[i]]);
        n->may_be_bad[v] = bad;
        n->order[phase][n->order_count[phase]++] = v;
    }
    return true;
}

static bool ready_arrays(ready_nest *n)
{
    const loop_nest *nest = n->nest;
    arena *memory = &n->run->memory;
    size_t cells = (size_t)nest->value_count * (size_t)n->lanes;

    n->cells = arena_array(memory, cells, 8);
    n->bad = arena_array(memory, cells, 1);
    n->may_be_bad = ARENA_ARRAY(memory, bool, (size_t)nest->value_count);
    n->reads = ARENA_ARRAY(memory, ready_index, (size_t)nest->value_count);
    n->writes = ARENA_ARRAY(memory, ready_index, (size_t)nest->write_count);
    n->accs = ARENA_ARRAY(memory, ready_acc, (size_t)nest->acc_count);
    if (!n->cells || !n->bad || !n->may_be_bad || !n->reads || !n->writes || !n->accs)
        return false;
    for (int32_t i = 0; i < nest->acc_count; i++) {
        ready_acc *a = &n->accs[i];
        a->f = ARENA_ARRAY(memory, double, (size_t)n->lanes);
        a->i = ARENA_ARRAY(memory, int64_t, (size_t)n->lanes);
        a->place = ARENA_ARRAY(memory, int64_t, (size_t)n->lanes);
        a->is_set = ARENA_ARRAY(memory, uint8_t, (size_t)n->lanes);
        if (!a->f || !a->i || !a->place || !a->is_set)
            return false;
    }
    return true;
}

/* Sizes that values name must be known before any lane asks. */
static bool value_sizes_known(const ready_nest *n)
{
    int64_t ignored;
    for (int32_t v = 0; v < n->nest->value_count; v++) {
        const loop_value *value = &n->nest->values[v];
        if ((value->op == LOOP_SIZE || value->op == LOOP_IN_RANGE) && !size_known(n->run, value->size, &ignored))
            return false;
    }
    return true;
}

stepc_code evaluate_ready(evaluation *run, const loop_nest *nest, ready_nest *n, stepc_error *error)
{
    memset(n, 0, sizeof *n);
    n->run = run;
    n->nest = nest;
    int64_t *axes = ARENA_ARRAY(&run->memory, int64_t, (size_t)nest->axis_count * 4);
    if (axes == NULL)
        return error_out_of_memory(error, "evaluating loops");
    n->extents = axes;
    n->low = axes + nest->axis_count;
    n->high = n->low + nest->axis_count;
    n->position = n->high + nest->axis_count;
    bool known = value_sizes_known(n);
    for (int32_t k = 0; k < nest->axis_count; k++)
        known = known && size_known(run, nest->axes[k].extent, &n->extents[k]) && n->extents[k] >= 0;
    if (!known)
        return error_set(error, STEPC_INVALID_ARGUMENT, "statement %d: an axis has no size under these symbols",
                         (int)run->statement);
    memcpy(n->high, n->extents, (size_t)nest->axis_count * sizeof *n->high);
    if (!choose_lanes(n) || !ready_arrays(n))
        return error_out_of_memory(error, "evaluating loops");
    stepc_code code = STEPC_OK;
    for (int32_t v = 0; v < nest->value_count && code == STEPC_OK; v++) {
        if (nest->values[v].op == LOOP_READ)
            code = ready_address(n, &nest->values[v].index, nest->values[v].buffer, &n->reads[v], error);
    }
    for (int32_t i = 0; i < nest->write_count && code == STEPC_OK; i++)
        code = ready_address(n, &nest->writes[i].index, nest->writes[i].buffer, &n->writes[i], error);
    if (code == STEPC_OK && !ready_phases(n))
        code = error_out_of_memory(error, "evaluating loops");
    return code;
}

/* ---- accumulators -------------------------------------------------------------------------------- */

static bool is_float(stepc_dtype dtype)
{
    return dtype == STEPC_FLOAT32 || dtype == STEPC_FLOAT64;
}

static int64_t least_i64(stepc_dtype dtype)
{
    return dtype == STEPC_BOOL ? 0 : dtype_min_i64(dtype);
}

static int64_t greatest_i64(stepc_dtype dtype)
{
    return dtype == STEPC_BOOL ? 1 : (int64_t)dtype_max_u64(dtype);
}

static void acc_begin(const ready_nest *n, int64_t count)
{
    for (int32_t a = 0; a < n->nest->acc_count; a++) {
        const loop_acc *acc = &n->nest->accs[a];
        ready_acc *ready = &n->accs[a];
        double f = 0.0;
        int64_t i = 0;
        switch (acc->kind) {
        case ACC_PROD:
        case ACC_ALL:
            f = 1.0;
            i = 1;
            break;
        case ACC_MAX:
            f = -(double)INFINITY;
            i = least_i64(acc->dtype);
            break;
        case ACC_MIN:
            f = (double)INFINITY;
            i = greatest_i64(acc->dtype);
            break;
        case ACC_SUM:
        case ACC_ANY:
        case ACC_ARG_MAX:
        case ACC_ARG_MIN:
            break;
        }
        for (int64_t l = 0; l < count; l++) {
            ready->f[l] = f;
            ready->i[l] = i;
            ready->place[l] = 0;
            ready->is_set[l] = 0;
        }
    }
}

/* Sums and products of float32 run in double and are rounded when they are read (ACC). */
static void acc_float(acc_kind kind, double *to, const double *from, int64_t step, int64_t count)
{
#define EACH(expression)                                                                                               \
    for (int64_t l = 0, t = 0; l < count; l++, t += step)                                                              \
        to[t] = (expression);                                                                                          \
    break
    switch ((int)kind) {
    case ACC_SUM:
        EACH(to[t] + from[l]);
    case ACC_PROD:
        EACH(to[t] * from[l]);
    case ACC_MAX:
        EACH(evaluate_max(to[t], from[l]));
    case ACC_MIN:
        EACH(evaluate_min(to[t], from[l]));
    default:
        break;
    }
#undef EACH
}

static void acc_integer(const loop_acc *acc, int64_t *to, const int64_t *from, int64_t step, int64_t count)
{
    bool wide = acc->dtype == STEPC_UINT64;
#define EACH(expression)                                                                                               \
    for (int64_t l = 0, t = 0; l < count; l++, t += step)                                                              \
        to[t] = (expression);                                                                                          \
    break
    switch ((int)acc->kind) {
    case ACC_SUM:
        EACH(evaluate_wrap(acc->dtype, (uint64_t)to[t] + (uint64_t)from[l]));
    case ACC_PROD:
        EACH(evaluate_wrap(acc->dtype, (uint64_t)to[t] * (uint64_t)from[l]));
    case ACC_MAX:
        EACH((wide ? (uint64_t)to[t] < (uint64_t)from[l] : to[t] < from[l]) ? from[l] : to[t]);
    case ACC_MIN:
        EACH((wide ? (uint64_t)from[l] < (uint64_t)to[t] : from[l] < to[t]) ? from[l] : to[t]);
    case ACC_ANY:
        EACH(to[t] | from[l]);
    case ACC_ALL:
        EACH(to[t] & from[l]);
    default:
        break;
    }
#undef EACH
}

/* The first greatest (least) element that is not NaN. */
static void acc_place(const ready_nest *n, const loop_acc *acc, ready_acc *to, int64_t step, int64_t count)
{
    bool floats = is_float(acc->dtype), wide = acc->dtype == STEPC_UINT64, most = acc->kind == ACC_ARG_MAX;
    const double *f = lanes_f(n, acc->value);
    const int64_t *i = lanes_i(n, acc->value);
    int64_t place = n->position[n->nest->axis_count - 1];

    for (int64_t l = 0, t = 0; l < count; l++, t += step) {
        bool better;
        if (floats && f[l] != f[l])
            continue;
        if (floats)
            better = most ? f[l] > to->f[t] : f[l] < to->f[t];
        else if (wide)
            better = most ? (uint64_t)i[l] > (uint64_t)to->i[t] : (uint64_t)i[l] < (uint64_t)to->i[t];
        else
            better = most ? i[l] > to->i[t] : i[l] < to->i[t];
        if (to->is_set[t] && !better)
            continue;
        to->is_set[t] = 1;
        to->place[t] = place + (n->lanes_reduce ? l : 0);
        if (floats)
            to->f[t] = f[l];
        else
            to->i[t] = i[l];
    }
}

static stepc_code bad_value(const ready_nest *n, int32_t v, stepc_error *error)
{
    return error_set(error, STEPC_INTERNAL,
                     "statement %d: v%d needs an element outside its buffer or a quotient by zero",
                     (int)n->run->statement, (int)v);
}

static stepc_code refuse_bad(const ready_nest *n, int32_t v, int64_t count, stepc_error *error)
{
    if (v < 0 || !n->may_be_bad[v])
        return STEPC_OK;
    const uint8_t *bad = lanes_bad(n, v);
    for (int64_t l = 0; l < count; l++) {
        if (bad[l])
            return bad_value(n, v, error);
    }
    return STEPC_OK;
}

static stepc_code acc_add(const ready_nest *n, int64_t count, stepc_error *error)
{
    int64_t step = n->lanes_reduce ? 0 : 1;
    for (int32_t a = 0; a < n->nest->acc_count; a++) {
        const loop_acc *acc = &n->nest->accs[a];
        ready_acc *to = &n->accs[a];
        stepc_code code = refuse_bad(n, acc->value, count, error);
        if (code != STEPC_OK)
            return code;
        if (acc->kind == ACC_ARG_MAX || acc->kind == ACC_ARG_MIN)
            acc_place(n, acc, to, step, count);
        else if (is_float(acc->dtype))
            acc_float(acc->kind, to->f, lanes_f(n, acc->value), step, count);
        else
            acc_integer(acc, to->i, lanes_i(n, acc->value), step, count);
    }
    return STEPC_OK;
}

/* ---- effects ------------------------------------------------------------------------------------------ */

static stepc_code run_checks(const ready_nest *n, int64_t count, stepc_error *error)
{
    for (int32_t c = 0; c < n->nest->check_count; c++) {
        stepc_code code = refuse_bad(n, n->nest->checks[c].value, count, error);
        if (code != STEPC_OK)
            return code;
    }
    for (int64_t l = 0; l < count; l++) {
        for (int32_t c = 0; c < n->nest->check_count; c++) {
            const loop_check *check = &n->nest->checks[c];
            if (lanes_i(n, check->value)[l])
                continue;
            error_set(error, check->code, "%s", check->message);
            if (check->operation != NULL)
                error_at_node(error, check->operation->name.data, check->operation->type.data, NULL);
            return check->code;
        }
    }
    return STEPC_OK;
}

static stepc_code run_write(const ready_nest *n, int32_t w, int64_t count, stepc_error *error)
{
    const loop_write *write = &n->nest->writes[w];
    const ready_index *index = &n->writes[w];
    const int64_t *taken = write->predicate >= 0 ? lanes_i(n, write->predicate) : NULL;
    unsigned char *data = index->memory->data;
    stepc_dtype dtype = n->nest->values[write->value].dtype;
    int64_t at[EVALUATE_LANES];

    stepc_code code = refuse_bad(n, write->predicate, count, error);
    if (code != STEPC_OK)
        return code;
    evaluate_addresses(n, index, count, at);
    for (int64_t l = 0; l < count; l++) {
        if (taken != NULL && !taken[l])
            continue;
        if (n->may_be_bad[write->value] && lanes_bad(n, write->value)[l])
            return bad_value(n, write->value, error);
        if (index->indirect >= 0 && n->may_be_bad[index->indirect] && lanes_bad(n, index->indirect)[l])
            return bad_value(n, index->indirect, error);
        if (index->is_tested && at[l] < 0)
            return error_set(error, STEPC_INTERNAL, "statement %d writes outside b%d", (int)n->run->statement,
                             (int)write->buffer);
        if (is_float(dtype))
            store_f64(index->dtype, data, at[l], lanes_f(n, write->value)[l]);
        else
            store_i64(index->dtype, data, at[l], lanes_i(n, write->value)[l]);
    }
    return STEPC_OK;
}

/* The writes beside the accumulation, or those after it. */
static stepc_code run_writes(const ready_nest *n, bool streaming, int64_t count, stepc_error *error)
{
    stepc_code code = STEPC_OK;
    for (int32_t w = 0; w < n->nest->write_count && code == STEPC_OK; w++) {
        if (write_streams(n->nest, &n->nest->writes[w]) == streaming)
            code = run_write(n, w, count, error);
    }
    return code;
}

static stepc_code run_effects(const ready_nest *n, int64_t count, stepc_error *error)
{
    return n->nest->check_count > 0 ? run_checks(n, count, error) : run_writes(n, false, count, error);
}

/* ---- loops ---------------------------------------------------------------------------------------------- */

static void run_phase(const ready_nest *n, value_phase phase, int64_t count)
{
    for (int32_t i = 0; i < n->order_count[phase]; i++)
        evaluate_value(n, n->order[phase][i], count);
}

/* Puts the axes first..last-1, the lane axis aside, at their beginning; false when there is nothing to run. */
static bool rewind_axes(const ready_nest *n, int32_t first, int32_t last)
{
    bool any = true;
    for (int32_t k = first; k < last; k++) {
        n->position[k] = n->low[k];
        any = any && n->low[k] < n->high[k];
    }
    return any;
}

/* The next index of the axes first..last-1 in row-major order, the lane axis aside. */
static bool advance_axes(const ready_nest *n, int32_t first, int32_t last)
{
    for (int32_t k = last - 1; k >= first; k--) {
        if (k == n->lane_axis)
            continue;
        if (++n->position[k] < n->high[k])
            return true;
        n->position[k] = n->low[k];
    }
    return false;
}

/* COUNT lanes of one reduce index. */
static stepc_code run_reduce_index(const ready_nest *n, int64_t count, stepc_error *error)
{
    run_phase(n, PHASE_REDUCE, count);
    stepc_code code = acc_add(n, count, error);
    return code != STEPC_OK ? code : run_writes(n, true, count, error);
}

/* All reduce indices at one space position; COUNT lanes when they run along a space axis. */
static stepc_code run_reduction(const ready_nest *n, int32_t space, int64_t count, stepc_error *error)
{
    int32_t axes = n->nest->axis_count;
    stepc_code code = STEPC_OK;

    acc_begin(n, count);
    if (axes == space || !rewind_axes(n, space, axes))
        return axes == space ? acc_add(n, count, error) : STEPC_OK;
    do {
        if (!n->lanes_reduce) {
            code = run_reduce_index(n, count, error);
            continue;
        }
        int32_t lane = n->lane_axis;
        int64_t lanes;
        for (int64_t start = n->low[lane]; start < n->high[lane] && code == STEPC_OK; start += lanes) {
            lanes = n->high[lane] - start < n->lanes ? n->high[lane] - start : n->lanes;
            n->position[lane] = start;
            code = run_reduce_index(n, lanes, error);
        }
        n->position[lane] = n->low[lane];
    } while (code == STEPC_OK && advance_axes(n, space, axes));
    return code;
}

static stepc_code run_point(const ready_nest *n, int32_t space, int64_t count, stepc_error *error)
{
    stepc_code code = STEPC_OK;
    for (int32_t k = space; k < n->nest->axis_count; k++)
        n->position[k] = n->low[k];
    /* Lanes along a reduce axis all need the values that stay the same along it. */
    run_phase(n, PHASE_SPACE, n->lanes_reduce ? n->lanes : count);
    if (n->nest->acc_count > 0 || space < n->nest->axis_count)
        code = run_reduction(n, space, count, error);
    if (code != STEPC_OK)
        return code;
    run_phase(n, PHASE_LAST, count);
    return run_effects(n, count, error);
}

stepc_code evaluate_box(ready_nest *n, stepc_error *error)
{
    int32_t space = 0;
    stepc_code code = STEPC_OK;

    while (space < n->nest->axis_count && n->nest->axes[space].kind == AXIS_SPACE)
        space++;
    if (!rewind_axes(n, 0, space))
        return STEPC_OK;
    run_phase(n, PHASE_FIXED, n->lanes);
    do {
        if (n->lane_axis < 0 || n->lanes_reduce) {
            code = run_point(n, space, 1, error);
            continue;
        }
        int32_t lane = n->lane_axis;
        int64_t count;
        for (int64_t start = n->low[lane]; start < n->high[lane] && code == STEPC_OK; start += count) {
            count = n->high[lane] - start < n->lanes ? n->high[lane] - start : n->lanes;
            n->position[lane] = start;
            code = run_point(n, space, count, error);
        }
        n->position[lane] = n->low[lane];
    } while (code == STEPC_OK && advance_axes(n, 0, space));
    return code;
}
