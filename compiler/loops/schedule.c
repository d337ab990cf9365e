/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling: which axis goes into lanes, how many vectors and rows are worked on at once.
 * Each decision is a function of one nest and the ISA profile. */
#include "compiler/loops/schedule.h"

enum {
    PLANNED_VECTOR_BYTES = 32, /* of the generic profile */
    LIGHT_BODY = 10,           /* operations: four vectors at once cover their latency */
    MIDDLE_BODY = 24,
    LONG_CHAIN = 30,           /* cost: two transcendentals, of which two vectors at once are enough */
    OUTLINED_BODY = 16,
    PLAN_LINE = 64,            /* bytes that panels are a multiple of */
    HEAVY_PER_READ = 6 /* cost per read from which lanes loaded one by one still win: about one transcendental */
};

/* ---- lanes ------------------------------------------------------------------------------- */

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

/* The innermost space axis along which everything is contiguous, else one along which all writes are. */
static int32_t space_lanes(scheduler *s)
{
    bool heavy = is_heavy(s);
    for (int pass = 0; pass < 2; pass++) {
        s->may_stride = pass > 0;
        for (int32_t k = s->space - 1; k >= 0; k--) {
            if (lanes_fit_writes(s, k) && lanes_fit(s, k) && (pass == 0 || heavy || move_crossing(s, k) >= 0))
                return k;
        }
    }
    s->may_stride = false;
    return -1;
}

/* ---- register tiles ---------------------------------------------------------------------- */

/* Bytes of floats of AXIS and the reduction together, as far as they count. */
static int64_t operand_bytes(const scheduler *s, int32_t axis)
{
    int64_t bytes = axis_nominal(s, axis) * 4;
    for (int32_t k = s->space; k < s->nest->axis_count; k++)
        bytes = bytes > INT32_MAX ? bytes : bytes * axis_nominal(s, k);
    return bytes;
}

/* Whether what the vectors of a product read is too large to come from the second cache level for every tile of rows,
 * and what the rows read is not too large to come from there for every vector. */
static bool is_large(const scheduler *s, const nest_schedule *out)
{
    int64_t room = s->isa->l2_bytes / 2;
    return operand_bytes(s, out->vector_axis) > room && operand_bytes(s, out->row_axis) <= room &&
           axis_nominal(s, out->row_axis) > out->row_tile;
}

/* One row: panels as wide as the registers allow, of which the last has little to fill. */
static void stream_panels(const scheduler *s, nest_schedule *out)
{
    int64_t extent = axis_nominal(s, out->vector_axis), least = INT64_MAX;
    int32_t most = s->isa->registers >= 16 ? 8 : 4, line = s->lanes * (PLAN_LINE / s->isa->vector_bytes);
    for (int32_t jam = most; jam >= 1; jam--) {
        int64_t panel = (int64_t)jam * line, whole = (extent + panel - 1) / panel * panel;
        if (whole < least && (jam == most || whole + whole / 8 < least)) {
            least = whole;
            out->jam = jam;
        }
    }
}

/* Vectors of the tile: rows x jam accumulators leave three registers for operands. */
static void tile_product(scheduler *s, nest_schedule *out)
{
    bool is_packed = pack_has(s->f.p, s->nest, out->vector_axis);
    int64_t vectors = (axis_nominal(s, out->vector_axis) + (is_packed ? s->lanes - 1 : 0)) / s->lanes;
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
            reuses = reuses || (value->op == LOOP_READ && coef_is_zero(s, value->index.coefs[k]) &&
                                !coef_is_zero(s, value->index.coefs[out->vector_axis]));
        }
        if (reuses && axis_nominal(s, k) > 1)
            out->row_axis = k;
    }
    if (out->row_axis >= 0 && rows > 1)
        out->row_tile = axis_nominal(s, out->row_axis) < rows ? (int32_t)axis_nominal(s, out->row_axis) : rows;
    if (out->row_tile > 1) {
        out->columns = is_packed && out->row_axis == out->vector_axis - 1 && is_large(s, out);
        return;
    }
    /* One row: the latency of the additions must be covered along the vector axis. */
    out->row_axis = -1;
    out->row_tile = 1;
    out->jam = vectors >= 4 && accs == 1 ? 4 : out->jam;
    if (is_packed)
        stream_panels(s, out);
}

static void jam_plain(const scheduler *s, nest_schedule *out)
{
    int32_t ops = nest_op_count(s->nest) + s->nest->acc_count;
    int64_t vectors = axis_nominal(s, out->vector_axis) / s->lanes;
    int64_t cost = 0;
    for (int32_t v = 0; v < s->nest->value_count; v++)
        cost += fuse_op_cost(s->nest->values[v].op);
    out->jam = ops <= LIGHT_BODY && cost < LONG_CHAIN ? 4 : ops <= MIDDLE_BODY ? 2 : 1;
    if (s->isa->registers > 0 && s->isa->registers < 16 && out->jam > 2)
        out->jam = 2;
    if (s->has_pairs && out->jam > 1)
        out->jam /= 2;
    while (out->jam > 1 && vectors < out->jam)
        out->jam /= 2;
    while (out->turn_tile[0] > 0 && out->jam > 1 && out->jam * s->lanes > out->turn_tile[0])
        out->jam /= 2;
    int32_t crossing = move_crossing(s, out->vector_axis), rows = ops <= LIGHT_BODY ? 8 : ops <= MIDDLE_BODY ? 4 : 1;
    if (crossing >= 0 && rows > 1 && out->turn_tile[0] == 0 && !nest_scatters(s->nest))
        move_rows(s, crossing, rows, out);
}

static stepc_code schedule_nest(loop_program *p, const isa_profile *isa, arena *scratch, const loop_group *group,
                                loop_nest *nest, stepc_error *error)
{
    isa_profile planned = *isa;
    /* The generic profile leaves the width to the compiler; plans take this one. */
    if (isa->vector_bytes == 0 && isa->name && isa->name[0] == 'g')
        planned.vector_bytes = PLANNED_VECTOR_BYTES;
    scheduler s = {.isa = &planned, .nest = nest, .group = group, .space = nest_space_count(nest)};
    s.f = (fuse){.p = p, .isa = isa, .zero = size_const(p->sizes, 0), .one = size_const(p->sizes, 1)};
    s.mask = ARENA_ARRAY(scratch, uint32_t, (size_t)nest->value_count);
    s.guarded = ARENA_ARRAY(scratch, uint8_t, (size_t)nest->value_count);
    nest_schedule out = {.is_set = true, .vector_axis = -1, .jam = 1, .row_axis = -1, .row_tile = 1,
                         .partial_sums = 1, .strip_rows = 1};
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
    if (!has_reuse)
        move_turn(&s, &out);
    if (reduce_strips(&s, scratch, &out)) {
        ;
    } else if (out.vector_axis >= s.space) {
        reduce_partials(&s, &out);
    } else if (out.vector_axis >= 0) {
        if (has_reuse)
            tile_product(&s, &out);
        else if (pack_has(p, nest, out.vector_axis))
            stream_panels(&s, &out);
        else
            jam_plain(&s, &out);
    }
    out.outline = (group && group->is_strip) || has_reuse || nest_op_count(nest) > OUTLINED_BODY;
    nest->schedule = out;
    return STEPC_OK;
}

static stepc_code schedule_all(loop_program *p, const isa_profile *isa, arena *scratch, stepc_error *error)
{
    stepc_code code = STEPC_OK;
    for (int32_t i = 0, g = 0; i < p->statement_count && !code; i++) {
        while (g < p->group_count && i >= p->groups[g].first + p->groups[g].count)
            g++;
        const loop_group *group = g < p->group_count && i >= p->groups[g].first ? &p->groups[g] : NULL;
        if (p->statements[i].kind == STATEMENT_NEST)
            code = schedule_nest(p, isa, scratch, group, p->statements[i].nest, error);
    }
    return code;
}

stepc_code loop_schedule(loop_program *p, const isa_profile *isa, stepc_error *error)
{
    arena scratch;
    stepc_code code = STEPC_OK;
    arena_init(&scratch, p->host);
    if (!pack_find(p, isa, &scratch))
        code = error_out_of_memory(error, "scheduling");
    do {
        code = code ? code : schedule_all(p, isa, &scratch, error);
    } while (!code && !pack_settle(p, isa));
    for (int32_t g = 0; g < p->group_count && !code; g++)
        schedule_ahead(p, isa, &p->groups[g]);
    arena_release(&scratch);
    return code;
}
