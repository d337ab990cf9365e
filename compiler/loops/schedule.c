/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling: which axis goes into lanes, how many vectors and rows are worked on at once.
 * Each decision is a function of one nest and the ISA profile. */
#include "compiler/loops/fuse.h"

enum {
    PLANNED_VECTOR_BYTES = 32, /* of the generic profile */
    LIGHT_BODY = 10,           /* operations: four vectors at once cover their latency */
    MIDDLE_BODY = 24,
    OUTLINED_BODY = 16,
    HEAVY_PER_READ = 6 /* cost per read from which lanes loaded one by one still win: about one transcendental */
};

typedef struct scheduler {
    fuse f; /* for indices only */
    const isa_profile *isa;
    const loop_nest *nest;
    int32_t space;
    uint32_t *mask;
    uint8_t *guarded;
    int32_t lanes;
    bool may_stride;
} scheduler;

static bool is_zero(const scheduler *s, size_ref coef) { return coef == s->f.zero; }

static int64_t extent_of(const scheduler *s, int32_t axis) { return fuse_nominal(&s->f, s->nest->axes[axis].extent); }

/* ---- lanes ------------------------------------------------------------------------------- */

/* Bytes of the values that vary along AXIS, when all have one width (comparisons aside) and an
 * operation that exists for vectors; 0 otherwise. */
static int32_t lane_bytes(const scheduler *s, int32_t axis)
{
    int32_t bytes = 0;
    for (int32_t v = 0; v < s->nest->value_count; v++) {
        const loop_value *value = &s->nest->values[v];
        if (!(s->mask[v] & UINT32_C(1) << axis) || value->dtype == STEPC_BOOL)
            continue;
        if (value->dtype != STEPC_FLOAT32 && value->dtype != STEPC_FLOAT64 && value->dtype != STEPC_INT32 &&
            value->dtype != STEPC_UINT32)
            return 0;
        if (value->op == LOOP_PHILOX || value->op == LOOP_AXIS)
            return 0;
        int32_t own = loop_value_bits(value->dtype) / 8;
        if (bytes != 0 && own != bytes)
            return 0;
        bytes = own;
    }
    return bytes;
}

/* Along AXIS an index stands still or goes from element to element; further apart when the work is worth
 * loading lanes one by one. */
static bool is_lane_index(const scheduler *s, const loop_index *index, int32_t axis)
{
    bool is_still = is_zero(s, index->coefs[axis]);
    if (index->indirect >= 0 && s->mask[index->indirect] & UINT32_C(1) << axis)
        return false;
    return is_still || s->may_stride || index->coefs[axis] == s->f.one;
}

/* A lane is loaded from and stored to what holds its values as they are, or as half or bfloat16 side by side. */
static bool is_lane_storage(const scheduler *s, stepc_dtype storage, stepc_dtype dtype, size_ref step)
{
    bool is_short = storage == STEPC_HALF || storage == STEPC_BFLOAT16;
    return storage == dtype || (is_short && dtype == STEPC_FLOAT32 && step == s->f.one);
}

/* Whether all reads fit lanes along AXIS. Lanes evaluate both arms of a select, so a guarded
 * access must be safe by itself. */
static bool reads_fit(const scheduler *s, int32_t axis)
{
    for (int32_t v = 0; v < s->nest->value_count; v++) {
        const loop_value *value = &s->nest->values[v];
        bool varies = s->mask[v] & UINT32_C(1) << axis;
        if (varies && (value->op == LOOP_DIV || value->op == LOOP_FLOORDIV) && value->dtype != STEPC_FLOAT32 &&
            value->dtype != STEPC_FLOAT64)
            return false;
        if (value->op != LOOP_READ)
            continue;
        const loop_buffer *b = &s->f.p->buffers[value->buffer];
        if (!is_lane_index(s, &value->index, axis) ||
            (varies && !is_lane_storage(s, b->dtype, value->dtype, value->index.coefs[axis])))
            return false;
        if (s->guarded[v] && !index_inside(&s->f, value->buffer, &value->index, s->nest))
            return false;
    }
    return true;
}

static bool writes_fit(const scheduler *s, int32_t axis)
{
    for (int32_t i = 0; i < s->nest->write_count; i++) {
        const loop_write *w = &s->nest->writes[i];
        if (w->index.indirect >= 0 || w->predicate >= 0 || w->index.coefs[axis] != s->f.one)
            return false;
        if (!is_lane_storage(s, s->f.p->buffers[w->buffer].dtype, s->nest->values[w->value].dtype,
                             w->index.coefs[axis]))
            return false;
    }
    return true;
}

static bool has_plain_accs(const scheduler *s)
{
    for (int32_t i = 0; i < s->nest->acc_count; i++) {
        if (s->nest->accs[i].kind == ACC_ARG_MAX || s->nest->accs[i].kind == ACC_ARG_MIN)
            return false;
    }
    return true;
}

static bool fits_lanes(scheduler *s, int32_t axis)
{
    int32_t bytes = lane_bytes(s, axis), vector = s->isa->vector_bytes;
    if (bytes == 0 || vector < bytes || !has_plain_accs(s) || !reads_fit(s, axis))
        return false;
    s->lanes = vector / bytes;
    return extent_of(s, axis) >= s->lanes;
}

/* Whether each index does so much that lanes pay even when they are loaded one by one. */
static bool is_heavy(const scheduler *s)
{
    int64_t cost = 0;
    int32_t reads = 1;
    for (int32_t v = 0; v < s->nest->value_count; v++) {
        cost += fuse_op_cost(s->nest->values[v].op);
        reads += s->nest->values[v].op == LOOP_READ;
    }
    return s->nest->acc_count == 0 && cost >= (int64_t)HEAVY_PER_READ * reads;
}

/* A transpose: the outer axis along which a read goes from element to element that lies scattered along AXIS; -1
 * when there is none. Rows of it side by side use all of a cache line while it is there. */
static int32_t crossing_axis(const scheduler *s, int32_t axis)
{
    for (int32_t v = 0; v < s->nest->value_count && s->nest->acc_count == 0; v++) {
        const loop_value *value = &s->nest->values[v];
        if (value->op != LOOP_READ || is_zero(s, value->index.coefs[axis]) || value->index.coefs[axis] == s->f.one)
            continue;
        for (int32_t k = 0; k < axis; k++) {
            if (value->index.coefs[k] == s->f.one && extent_of(s, k) > 1)
                return k;
        }
    }
    return -1;
}

/* The innermost space axis along which everything is contiguous, else one along which all writes are. */
static int32_t space_lanes(scheduler *s)
{
    bool heavy = is_heavy(s);
    for (int pass = 0; pass < 2; pass++) {
        s->may_stride = pass > 0;
        for (int32_t k = s->space - 1; k >= 0; k--) {
            if (writes_fit(s, k) && fits_lanes(s, k) && (pass == 0 || heavy || crossing_axis(s, k) >= 0))
                return k;
        }
    }
    s->may_stride = false;
    return -1;
}

/* The last reduce axis, when the accumulations may be split into several. */
static int32_t reduce_lanes(scheduler *s)
{
    int32_t axis = s->nest->axis_count - 1;
    if (s->f.p->exact || s->nest->acc_count == 0 || axis < s->space)
        return -1;
    for (int32_t i = 0; i < s->nest->acc_count; i++) {
        const loop_acc *acc = &s->nest->accs[i];
        if (acc->kind == ACC_ANY || acc->kind == ACC_ALL ||
            ((acc->kind == ACC_SUM || acc->kind == ACC_PROD) && !acc->reassociate))
            return -1;
    }
    return fits_lanes(s, axis) ? axis : -1;
}

/* ---- register tiles ---------------------------------------------------------------------- */

/* Vectors of the tile: rows x jam accumulators leave three registers for operands. */
static void tile_product(scheduler *s, nest_schedule *out)
{
    int64_t vectors = extent_of(s, out->vector_axis) / s->lanes;
    int32_t room = s->isa->registers > 0 ? s->isa->registers : 16, accs = s->nest->acc_count;
    out->jam = room >= 32 && vectors % 3 == 0 ? 3 : vectors >= 2 ? 2 : 1;
    int32_t rows = (room - out->jam - 1) / (out->jam * accs);
    rows = rows > 12 ? 12 : rows;
    if (out->jam == 3 && rows > 8)
        rows = 8;
    for (int32_t k = s->space - 1; k >= 0 && out->row_axis < 0; k--) {
        bool reuses = false;
        for (int32_t v = 0; k != out->vector_axis && v < s->nest->value_count; v++) {
            const loop_value *value = &s->nest->values[v];
            reuses = reuses || (value->op == LOOP_READ && is_zero(s, value->index.coefs[k]) &&
                                !is_zero(s, value->index.coefs[out->vector_axis]));
        }
        if (reuses && extent_of(s, k) > 1)
            out->row_axis = k;
    }
    if (out->row_axis >= 0 && rows > 1)
        out->row_tile = extent_of(s, out->row_axis) < rows ? (int32_t)extent_of(s, out->row_axis) : rows;
    if (out->row_tile > 1)
        return;
    /* One row: the latency of the additions must be covered along the vector axis. */
    out->row_axis = -1;
    out->row_tile = 1;
    out->jam = vectors >= 4 && accs == 1 ? 4 : out->jam;
}

static void jam_plain(const scheduler *s, nest_schedule *out)
{
    int32_t ops = nest_op_count(s->nest) + s->nest->acc_count;
    int64_t vectors = extent_of(s, out->vector_axis) / s->lanes;
    out->jam = ops <= LIGHT_BODY ? 4 : ops <= MIDDLE_BODY ? 2 : 1;
    if (s->isa->registers > 0 && s->isa->registers < 16 && out->jam > 2)
        out->jam = 2;
    while (out->jam > 1 && vectors < out->jam)
        out->jam /= 2;
    int32_t crossing = crossing_axis(s, out->vector_axis), rows = ops <= LIGHT_BODY ? 8 : ops <= MIDDLE_BODY ? 4 : 1;
    if (crossing < 0 || rows == 1)
        return;
    out->jam = 1;
    out->row_axis = crossing;
    out->row_tile = extent_of(s, crossing) < rows ? (int32_t)extent_of(s, crossing) : rows;
}

static stepc_code schedule_nest(loop_program *p, const isa_profile *isa, arena *scratch, bool in_strip, loop_nest *nest,
                                stepc_error *error)
{
    isa_profile planned = *isa;
    /* The generic profile leaves the width to the compiler; plans take this one. */
    if (isa->vector_bytes == 0 && isa->name && isa->name[0] == 'g')
        planned.vector_bytes = PLANNED_VECTOR_BYTES;
    scheduler s = {.isa = &planned, .nest = nest, .space = nest_space_count(nest)};
    s.f = (fuse){.p = p, .isa = isa, .zero = size_const(p->sizes, 0), .one = size_const(p->sizes, 1)};
    s.mask = ARENA_ARRAY(scratch, uint32_t, (size_t)nest->value_count);
    s.guarded = ARENA_ARRAY(scratch, uint8_t, (size_t)nest->value_count);
    nest_schedule out = {.is_set = true, .vector_axis = -1, .jam = 1, .row_axis = -1, .row_tile = 1, .partial_sums = 1};
    if (!s.mask || !s.guarded)
        return error_out_of_memory(error, "scheduling");
    nest_axis_mask(nest, s.mask);
    nest_guarded(nest, s.guarded);
    bool has_reuse = nest_has_reuse(nest);
    if (nest->check_count == 0 && planned.vector_bytes > 0) {
        out.vector_axis = space_lanes(&s);
        if (out.vector_axis < 0)
            out.vector_axis = reduce_lanes(&s);
    }
    if (out.vector_axis >= s.space) {
        int64_t vectors = extent_of(&s, out.vector_axis) / s.lanes;
        out.partial_sums = vectors >= 4 && nest->acc_count <= 2 ? 4 : vectors >= 2 ? 2 : 1;
    } else if (out.vector_axis >= 0) {
        if (has_reuse)
            tile_product(&s, &out);
        else
            jam_plain(&s, &out);
    }
    out.outline = in_strip || has_reuse || nest_op_count(nest) > OUTLINED_BODY;
    nest->schedule = out;
    return STEPC_OK;
}

stepc_code loop_schedule(loop_program *p, const isa_profile *isa, stepc_error *error)
{
    arena scratch;
    stepc_code code = STEPC_OK;
    arena_init(&scratch, p->host);
    for (int32_t i = 0, g = 0; i < p->statement_count && !code; i++) {
        while (g < p->group_count && i >= p->groups[g].first + p->groups[g].count)
            g++;
        bool in_strip = g < p->group_count && i >= p->groups[g].first && p->groups[g].is_strip;
        if (p->statements[i].kind == STATEMENT_NEST)
            code = schedule_nest(p, isa, &scratch, in_strip, p->statements[i].nest, error);
    }
    arena_release(&scratch);
    return code;
}
