/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a nest. */
#include "compiler/loops/parse.h"

#include <string.h>

#define MOST_AXES 32
#define MOST_ACCS 65536

static bool is_word(stepc_string word, const char *name)
{
    return word.size == strlen(name) && memcmp(word.data, name, word.size) == 0;
}

/* Grows one array of the nest; the builder's capacities serve. */
static void *room(parser *ps, void *array, size_t *capacity, int32_t count, size_t bytes)
{
    void *grown = arena_grow(ps->p->memory, array, capacity, (size_t)count + 1, bytes);
    if (grown == NULL)
        parse_no_memory(ps);
    return grown;
}

static bool parse_axis(parser *ps)
{
    loop_nest *nest = ps->nest.nest;
    int32_t number;
    loop_axis axis = {.kind = AXIS_SPACE};

    if (nest->value_count > 0 || nest->write_count > 0 || nest->axis_count >= MOST_AXES)
        return parse_refuse(ps, "at most 32 axes, before all values");
    if (!parse_number(ps, 'i', &number) || !parse_expect(ps, ":"))
        return false;
    if (number != nest->axis_count)
        return parse_refuse(ps, "the next axis");
    if (!parse_size(ps, &axis.extent))
        return false;
    if (parse_accept(ps, "reduce"))
        axis.kind = AXIS_REDUCE;
    else if (!parse_expect(ps, "space"))
        return false;
    loop_axis *axes = room(ps, nest->axes, &ps->nest.axis_capacity, number, sizeof *axes);
    if (axes == NULL)
        return false;
    nest->axes = axes;
    axes[nest->axis_count++] = axis;
    return true;
}

static bool parse_origin(parser *ps)
{
    loop_nest *nest = ps->nest.nest;
    const stepc_operation *operation;
    if (!parse_operation(ps, &operation))
        return false;
    const stepc_operation **origins =
        room(ps, nest->origins, &ps->nest.origin_capacity, nest->origin_count, sizeof *origins);
    if (origins == NULL)
        return false;
    nest->origins = origins;
    origins[nest->origin_count++] = operation;
    return true;
}

/* What stands behind the arguments. */
static bool parse_operand(parser *ps, loop_value *v)
{
    switch ((int)v->op) {
    case LOOP_READ:
        return parse_index(ps, ps->nest.nest->axis_count, &v->buffer, &v->index);
    case LOOP_CONST:
        return parse_constant(ps, v->dtype, &v->bits);
    case LOOP_AXIS:
        return parse_number(ps, 'i', &v->axis);
    case LOOP_SIZE:
    case LOOP_IN_RANGE:
        return parse_size(ps, &v->size);
    case LOOP_ACC:
        return parse_number(ps, 'a', &v->acc);
    case LOOP_PHILOX:
        return parse_number(ps, 'b', &v->buffer);
    case LOOP_ROUND_TO:
        return parse_dtype(ps, &v->target);
    default:
        return true;
    }
}

static bool parse_value(parser *ps, int32_t number)
{
    loop_nest *nest = ps->nest.nest;
    loop_value v = {.args = {-1, -1, -1}, .buffer = -1, .axis = -1, .acc = -1, .size = SIZE_UNKNOWN,
                    .index = {.base = SIZE_UNKNOWN, .indirect = -1, .indirect_scale = SIZE_UNKNOWN,
                              .indirect_extent = SIZE_UNKNOWN}};

    if (number != nest->value_count)
        return parse_refuse(ps, "the next value");
    if (!parse_expect(ps, ":") || !parse_dtype(ps, &v.dtype) || !parse_expect(ps, "="))
        return false;
    v.op = loop_op_find(parse_word(ps));
    if (v.op == LOOP_OP_COUNT)
        return parse_refuse(ps, "an operation");
    for (int32_t i = 0; i < loop_op_arity(v.op); i++) {
        if (!parse_number(ps, 'v', &v.args[i]))
            return false;
    }
    if (!parse_operand(ps, &v))
        return false;
    loop_value *values = room(ps, nest->values, &ps->nest.value_capacity, number, sizeof *values);
    if (values == NULL)
        return false;
    nest->values = values;
    values[nest->value_count++] = v;
    return true;
}

/* Accumulators may come in any order; one without a type has not come yet. */
static bool parse_acc(parser *ps, int32_t number)
{
    loop_nest *nest = ps->nest.nest;
    loop_acc acc = {.value = -1};

    if (number < 0 || number > MOST_ACCS)
        return parse_refuse(ps, "an accumulator");
    if (!parse_expect(ps, ":") || !parse_dtype(ps, &acc.dtype) || !parse_expect(ps, "="))
        return false;
    int32_t kind = name_find(acc_kind_names, ACC_KIND_COUNT, parse_word(ps));
    if (kind == ACC_KIND_COUNT)
        return parse_refuse(ps, "a kind of accumulator");
    acc.kind = (acc_kind)kind;
    if (!parse_number(ps, 'v', &acc.value))
        return false;
    acc.reassociate = parse_accept(ps, "reassociate");
    loop_acc *accs = room(ps, nest->accs, &ps->nest.acc_capacity, number, sizeof *accs);
    if (accs == NULL)
        return false;
    nest->accs = accs;
    if (number < nest->acc_count && accs[number].dtype != STEPC_DTYPE_INVALID)
        return parse_refuse(ps, "each accumulator once");
    accs[number] = acc;
    nest->acc_count = number < nest->acc_count ? nest->acc_count : number + 1;
    return true;
}

static bool parse_write(parser *ps)
{
    loop_nest *nest = ps->nest.nest;
    loop_write w = {.predicate = -1};
    if (!parse_index(ps, nest->axis_count, &w.buffer, &w.index) || !parse_expect(ps, "=") ||
        !parse_number(ps, 'v', &w.value))
        return false;
    if (parse_accept(ps, "if") && !parse_number(ps, 'v', &w.predicate))
        return false;
    loop_write *writes = room(ps, nest->writes, &ps->nest.write_capacity, nest->write_count, sizeof *writes);
    if (writes == NULL)
        return false;
    nest->writes = writes;
    writes[nest->write_count++] = w;
    return true;
}

static bool parse_check(parser *ps)
{
    loop_nest *nest = ps->nest.nest;
    loop_check check = {.code = STEPC_OK};
    if (!parse_number(ps, 'v', &check.value))
        return false;
    stepc_string word = parse_word(ps);
    for (int code = STEPC_CANCELLED; code <= STEPC_DATA_LOSS; code++) {
        if (is_word(word, stepc_code_name((stepc_code)code)))
            check.code = (stepc_code)code;
    }
    if (check.code == STEPC_OK)
        return parse_refuse(ps, "a status code");
    if (!parse_quoted(ps, &check.message))
        return false;
    if (parse_accept(ps, "at") && !parse_operation(ps, &check.operation))
        return false;
    loop_check *checks = room(ps, nest->checks, &ps->nest.check_capacity, nest->check_count, sizeof *checks);
    if (checks == NULL)
        return false;
    nest->checks = checks;
    checks[nest->check_count++] = check;
    return true;
}

static bool parse_schedule(parser *ps)
{
    nest_schedule *s = &ps->nest.nest->schedule;
    if (!parse_expect(ps, "vector=") || !parse_int32(ps, &s->vector_axis) || !parse_expect(ps, "jam=") ||
        !parse_int32(ps, &s->jam) || !parse_expect(ps, "row=") || !parse_int32(ps, &s->row_axis) ||
        !parse_expect(ps, "rows=") || !parse_int32(ps, &s->row_tile) || !parse_expect(ps, "partial=") ||
        !parse_int32(ps, &s->partial_sums))
        return false;
    s->strip_rows = 1;
    if (parse_accept(ps, "strip=") &&
        (!parse_int32(ps, &s->strip) || !parse_expect(ps, ":") || !parse_int32(ps, &s->strip_rows)))
        return false;
    if (parse_accept(ps, "block=") && !parse_int32(ps, &s->block))
        return false;
    s->columns = parse_accept(ps, "columns");
    s->outline = parse_accept(ps, "outline");
    s->ahead = parse_accept(ps, "ahead");
    if (parse_accept(ps, "turn=") &&
        (!parse_int32(ps, &s->turn_rows) || !parse_expect(ps, ":") || !parse_int32(ps, &s->turn_tile[0]) ||
         !parse_expect(ps, ",") || !parse_int32(ps, &s->turn_columns) || !parse_expect(ps, ":") ||
         !parse_int32(ps, &s->turn_tile[1])))
        return false;
    s->stream = parse_accept(ps, "stream");
    s->is_set = true;
    return true;
}

static bool parse_nest_line(parser *ps)
{
    int32_t number;
    if (parse_accept(ps, "axis "))
        return parse_axis(ps);
    if (parse_accept(ps, "origin "))
        return parse_origin(ps);
    if (parse_accept(ps, "write "))
        return parse_write(ps);
    if (parse_accept(ps, "check "))
        return parse_check(ps);
    if (parse_accept(ps, "schedule "))
        return parse_schedule(ps);
    if (ps->at < ps->end && *ps->at == 'v')
        return parse_number(ps, 'v', &number) && parse_value(ps, number);
    if (ps->at < ps->end && *ps->at == 'a')
        return parse_number(ps, 'a', &number) && parse_acc(ps, number);
    return parse_refuse(ps, "an axis, value, accumulator, write, check or '}'");
}

static bool append(parser *ps)
{
    loop_program *p = ps->p;
    loop_statement *grown =
        room(ps, p->statements, &p->statement_capacity, p->statement_count, sizeof *grown);
    if (grown == NULL)
        return false;
    p->statements = grown;
    grown[p->statement_count++] = (loop_statement){.kind = STATEMENT_NEST, .nest = ps->nest.nest};
    return true;
}

bool parse_nest(parser *ps)
{
    if (!parse_expect(ps, "{") || !parse_end_line(ps))
        return false;
    nest_begin(&ps->nest, ps->p);
    if (ps->nest.failed)
        return parse_no_memory(ps);
    while (!parse_accept(ps, "}")) {
        if (ps->at == ps->end)
            return parse_refuse(ps, "'}'");
        if (!parse_at_end(ps) && !parse_nest_line(ps))
            return false;
        if (!parse_end_line(ps))
            return false;
    }
    for (int32_t i = 0; i < ps->nest.nest->acc_count; i++) {
        if (ps->nest.nest->accs[i].dtype == STEPC_DTYPE_INVALID)
            return parse_refuse(ps, "no gap in the accumulators");
    }
    return append(ps);
}
