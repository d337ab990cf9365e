/* SPDX-License-Identifier: Apache-2.0 */
/* Building nests, value by value; equal values become one. */
#include "compiler/loops/loops.h"

#include "runtime/core/dtype.h"
#include "runtime/core/host.h"

#include <string.h>

#define MOST_AXES 32 /* one bit per axis in nest_axis_mask */

/* ---- the builder ---------------------------------------------------------------------------- */

static int32_t fail(nest_builder *b, const char *fault)
{
    if (!b->failed)
        b->fault = fault;
    b->failed = true;
    return -1;
}

/* ARRAY with room for one more than COUNT elements, or NULL after noting the failure. */
static void *room(nest_builder *b, void *array, size_t *capacity, int32_t count, size_t bytes)
{
    void *grown = b->failed || count == INT32_MAX
                      ? NULL
                      : arena_grow(b->program->memory, array, capacity, (size_t)count + 1, bytes);
    if (grown == NULL)
        fail(b, NULL);
    return grown;
}

void nest_begin(nest_builder *b, loop_program *p)
{
    memset(b, 0, sizeof *b);
    b->program = p;
    b->nest = ARENA_NEW(p->memory, loop_nest);
    if (b->nest == NULL)
        fail(b, NULL);
    else
        b->nest->sizes = p->sizes;
}

int32_t nest_axis(nest_builder *b, size_ref extent, axis_kind kind)
{
    if (b->failed)
        return -1;
    loop_nest *nest = b->nest;
    if (nest->value_count > 0 || nest->axis_count >= MOST_AXES)
        return fail(b, nest->value_count > 0 ? "an axis after the first value" : "more than 32 axes");
    if (extent == SIZE_UNKNOWN)
        return fail(b, "an axis without a size");
    if (kind == AXIS_SPACE && nest->axis_count > 0 && nest->axes[nest->axis_count - 1].kind == AXIS_REDUCE)
        return fail(b, "a space axis after a reduce axis");
    loop_axis *axes = room(b, nest->axes, &b->axis_capacity, nest->axis_count, sizeof *axes);
    if (axes == NULL)
        return -1;
    nest->axes = axes;
    axes[nest->axis_count] = (loop_axis){.extent = extent, .kind = kind};
    return nest->axis_count++;
}

/* ---- value numbering -------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 29);
}

static uint64_t value_hash(const loop_value *v, int32_t axis_count)
{
    uint64_t h = mix((uint64_t)v->op, (uint64_t)v->dtype);
    for (int i = 0; i < 3; i++)
        h = mix(h, (uint64_t)(uint32_t)v->args[i]);
    h = mix(h, (uint64_t)(uint32_t)v->buffer);
    h = mix(h, v->bits);
    h = mix(h, (uint64_t)(uint32_t)v->axis ^ (uint64_t)(uint32_t)v->acc << 32);
    h = mix(h, (uint64_t)(uint32_t)v->size ^ (uint64_t)v->target << 32);
    if (v->op != LOOP_READ)
        return h;
    h = mix(h, (uint64_t)(uint32_t)v->index.base ^ (uint64_t)(uint32_t)v->index.indirect << 32);
    for (int32_t k = 0; k < axis_count; k++)
        h = mix(h, (uint64_t)(uint32_t)v->index.coefs[k]);
    return h;
}

static bool value_equal(const loop_value *a, const loop_value *b, int32_t axis_count)
{
    if (a->op != b->op || a->dtype != b->dtype || memcmp(a->args, b->args, sizeof a->args) != 0)
        return false;
    if (a->buffer != b->buffer || a->bits != b->bits || a->axis != b->axis || a->acc != b->acc || a->size != b->size ||
        a->target != b->target)
        return false;
    return a->op != LOOP_READ || loop_index_equal(&a->index, &b->index, axis_count);
}

static bool table_rebuild(nest_builder *b)
{
    size_t size = b->table_size == 0 ? 64 : b->table_size * 2;
    int32_t *table = ARENA_ARRAY(b->program->memory, int32_t, size);
    if (table == NULL)
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

/* The number of a value that computes VALUE: an earlier one, or a new one. Reads of a buffer
 * that the nest writes may be shared too: a nest's writes come after all its values. */
static int32_t intern(nest_builder *b, const loop_value *value)
{
    if (b->failed)
        return -1;
    loop_nest *nest = b->nest;
    if (((size_t)nest->value_count + 1) * 2 > b->table_size && !table_rebuild(b))
        return fail(b, NULL);
    size_t at = (size_t)value_hash(value, nest->axis_count) & (b->table_size - 1);
    for (; b->table[at] != 0; at = (at + 1) & (b->table_size - 1)) {
        int32_t v = b->table[at] - 1;
        if (value_equal(&nest->values[v], value, nest->axis_count))
            return v;
    }
    loop_value *values = room(b, nest->values, &b->value_capacity, nest->value_count, sizeof *values);
    if (values == NULL)
        return -1;
    nest->values = values;
    values[nest->value_count] = *value;
    values[nest->value_count].origin = nest->origin_count > 0 ? nest->origins[nest->origin_count - 1] : NULL;
    b->table[at] = nest->value_count + 1;
    return nest->value_count++;
}

static loop_value blank(loop_op op, stepc_dtype dtype)
{
    return (loop_value){.op = op, .dtype = dtype, .args = {-1, -1, -1}, .buffer = -1, .axis = -1, .acc = -1,
                        .size = SIZE_UNKNOWN, .target = STEPC_DTYPE_INVALID,
                        .index = {.base = SIZE_UNKNOWN, .indirect = -1, .indirect_scale = SIZE_UNKNOWN,
                                  .indirect_extent = SIZE_UNKNOWN}};
}

static bool is_value(nest_builder *b, int32_t v)
{
    if (b->failed)
        return false;
    if (v < 0 || v >= b->nest->value_count)
        fail(b, "an argument that is not a value");
    return !b->failed;
}

static stepc_dtype dtype_of(const nest_builder *b, int32_t v)
{
    return b->nest->values[v].dtype;
}

/* ---- indices ------------------------------------------------------------------------------------ */

/* Composes a view's strides with the axes that run along its dimensions. */
static bool compose_index(nest_builder *b, int32_t buffer, const int32_t *axis_of, loop_index *out)
{
    loop_program *p = b->program;
    if (b->failed)
        return false;
    if (buffer < 0 || buffer >= p->buffer_count) {
        fail(b, "a buffer that does not exist");
        return false;
    }
    const loop_buffer *from = &p->buffers[buffer];
    int32_t axes = b->nest->axis_count;
    size_ref *coefs = ARENA_ARRAY(p->memory, size_ref, (size_t)axes);
    if (coefs == NULL) {
        fail(b, NULL);
        return false;
    }
    for (int32_t k = 0; k < axes; k++)
        coefs[k] = size_const(p->sizes, 0);
    for (int32_t d = 0; d < from->rank; d++) {
        int32_t axis = axis_of[d];
        if (axis < 0)
            continue;
        if (axis >= axes) {
            fail(b, "a dimension along an axis that does not exist");
            return false;
        }
        coefs[axis] = size_sum(p->sizes, coefs[axis], from->strides[d]);
        if (coefs[axis] == SIZE_UNKNOWN) {
            fail(b, "an index without a size");
            return false;
        }
    }
    *out = (loop_index){.base = from->offset, .coefs = coefs, .indirect = -1, .indirect_scale = SIZE_UNKNOWN,
                        .indirect_extent = SIZE_UNKNOWN};
    return true;
}

/* A copy whose coefficients belong to the nest. */
static bool copy_index(nest_builder *b, const loop_index *from, loop_index *out)
{
    if (b->failed)
        return false;
    size_ref *coefs = loop_sizes_copy(b->program->memory, from->coefs, b->nest->axis_count);
    if (coefs == NULL) {
        fail(b, NULL);
        return false;
    }
    *out = *from;
    out->coefs = coefs;
    if (from->indirect < 0) {
        out->indirect = -1;
        out->indirect_scale = SIZE_UNKNOWN;
        out->indirect_extent = SIZE_UNKNOWN;
    }
    return true;
}

static int32_t add_read(nest_builder *b, int32_t root, const loop_index *index)
{
    stepc_dtype dtype = loop_value_dtype(b->program->buffers[root].dtype);
    loop_value v = blank(LOOP_READ, dtype);
    if (dtype == STEPC_DTYPE_INVALID)
        return fail(b, "a read of a buffer whose type has no values");
    v.buffer = root;
    v.index = *index;
    return intern(b, &v);
}

int32_t nest_read(nest_builder *b, int32_t buffer, const int32_t *axis_of)
{
    loop_index index;
    if (!compose_index(b, buffer, axis_of, &index))
        return -1;
    return add_read(b, b->program->buffers[buffer].root, &index);
}

static bool is_root(nest_builder *b, int32_t root)
{
    if (b->failed)
        return false;
    if (root < 0 || root >= b->program->buffer_count || b->program->buffers[root].root != root)
        fail(b, "an index into a buffer that is not a root");
    return !b->failed;
}

int32_t nest_read_index(nest_builder *b, int32_t root, const loop_index *index)
{
    loop_index own;
    if (!is_root(b, root) || !copy_index(b, index, &own))
        return -1;
    if (own.indirect >= 0 && !is_value(b, own.indirect))
        return -1;
    return add_read(b, root, &own);
}

/* ---- values --------------------------------------------------------------------------------------- */

int32_t nest_const_f64(nest_builder *b, stepc_dtype dtype, double value)
{
    stepc_dtype carrier = loop_value_dtype(dtype);
    loop_value v = blank(LOOP_CONST, carrier);
    double rounded = round_to_dtype(dtype, value);
    if (!dtype_is_float(dtype))
        return fail(b, "a float constant of an integer type");
    if (carrier == STEPC_FLOAT32) {
        float narrow = (float)rounded;
        uint32_t bits;
        memcpy(&bits, &narrow, sizeof bits);
        v.bits = bits;
    } else {
        memcpy(&v.bits, &rounded, sizeof v.bits);
    }
    return intern(b, &v);
}

int32_t nest_const_i64(nest_builder *b, stepc_dtype dtype, int64_t value)
{
    if (dtype_is_float(dtype))
        return nest_const_f64(b, dtype, (double)value);
    stepc_dtype carrier = loop_value_dtype(dtype);
    loop_value v = blank(LOOP_CONST, carrier);
    int32_t bits = loop_value_bits(carrier);
    if (bits == 0)
        return fail(b, "a constant of a type that values cannot have");
    v.bits = (uint64_t)value;
    if (carrier == STEPC_BOOL)
        v.bits = value != 0;
    else if (bits < 64)
        v.bits &= (UINT64_C(1) << bits) - 1;
    return intern(b, &v);
}

int32_t nest_axis_value(nest_builder *b, int32_t axis)
{
    loop_value v = blank(LOOP_AXIS, STEPC_INT64);
    if (b->failed)
        return -1;
    if (axis < 0 || axis >= b->nest->axis_count)
        return fail(b, "the index of an axis that does not exist");
    v.axis = axis;
    return intern(b, &v);
}

int32_t nest_size(nest_builder *b, size_ref size)
{
    loop_value v = blank(LOOP_SIZE, STEPC_INT64);
    if (size == SIZE_UNKNOWN)
        return fail(b, "a size that is unknown");
    v.size = size;
    return intern(b, &v);
}

int32_t nest_unary(nest_builder *b, loop_op op, int32_t a)
{
    if (!is_value(b, a))
        return -1;
    if (loop_op_arity(op) != 1)
        return fail(b, "an operation that does not take one argument");
    loop_value v = blank(op, dtype_of(b, a));
    v.args[0] = a;
    return intern(b, &v);
}

static bool is_comparison(loop_op op)
{
    return op == LOOP_EQ || op == LOOP_NE || op == LOOP_LT || op == LOOP_LE;
}

int32_t nest_binary(nest_builder *b, loop_op op, int32_t a, int32_t c)
{
    if (!is_value(b, a) || !is_value(b, c))
        return -1;
    if (loop_op_arity(op) != 2)
        return fail(b, "an operation that does not take two arguments");
    if (dtype_of(b, a) != dtype_of(b, c))
        return fail(b, "two arguments of different types");
    loop_value v = blank(op, is_comparison(op) ? STEPC_BOOL : dtype_of(b, a));
    v.args[0] = a;
    v.args[1] = c;
    return intern(b, &v);
}

int32_t nest_ternary(nest_builder *b, loop_op op, int32_t a, int32_t c, int32_t d)
{
    if (!is_value(b, a) || !is_value(b, c) || !is_value(b, d))
        return -1;
    if (loop_op_arity(op) != 3 || op == LOOP_SELECT || dtype_of(b, a) != dtype_of(b, c) || dtype_of(b, a) != dtype_of(b, d))
        return fail(b, "an operation of three arguments");
    loop_value v = blank(op, dtype_of(b, a));
    v.args[0] = a;
    v.args[1] = c;
    v.args[2] = d;
    return intern(b, &v);
}

int32_t nest_select(nest_builder *b, int32_t condition, int32_t then, int32_t otherwise)
{
    if (!is_value(b, condition) || !is_value(b, then) || !is_value(b, otherwise))
        return -1;
    if (dtype_of(b, condition) != STEPC_BOOL)
        return fail(b, "a condition that is not bool");
    if (dtype_of(b, then) != dtype_of(b, otherwise))
        return fail(b, "a select between different types");
    const loop_value *known = &b->nest->values[condition];
    if (known->op == LOOP_CONST)
        return known->bits ? then : otherwise;
    loop_value v = blank(LOOP_SELECT, dtype_of(b, then));
    v.args[0] = condition;
    v.args[1] = then;
    v.args[2] = otherwise;
    return intern(b, &v);
}

int32_t nest_cast(nest_builder *b, int32_t a, stepc_dtype dtype)
{
    if (!is_value(b, a))
        return -1;
    if (dtype_of(b, a) == dtype)
        return a;
    if (loop_value_bits(dtype) == 0)
        return fail(b, "a cast to a type that values cannot have");
    loop_value v = blank(LOOP_CAST, dtype);
    v.args[0] = a;
    return intern(b, &v);
}

int32_t nest_bitcast(nest_builder *b, int32_t a, stepc_dtype dtype)
{
    if (!is_value(b, a))
        return -1;
    if (dtype_of(b, a) == dtype)
        return a;
    if (loop_value_bits(dtype) != loop_value_bits(dtype_of(b, a)))
        return fail(b, "a bitcast between different widths");
    loop_value v = blank(LOOP_BITCAST, dtype);
    v.args[0] = a;
    return intern(b, &v);
}

int32_t nest_round_to(nest_builder *b, int32_t a, stepc_dtype target)
{
    if (!is_value(b, a))
        return -1;
    if (dtype_of(b, a) != STEPC_FLOAT32 && dtype_of(b, a) != STEPC_FLOAT64)
        return fail(b, "a rounding of a value that is not float");
    loop_value v = blank(LOOP_ROUND_TO, dtype_of(b, a));
    v.args[0] = a;
    v.target = target;
    return intern(b, &v);
}

int32_t nest_in_range(nest_builder *b, int32_t a, size_ref size)
{
    if (!is_value(b, a))
        return -1;
    if (dtype_of(b, a) != STEPC_INT64 || size == SIZE_UNKNOWN)
        return fail(b, "a range test of a value that is not int64");
    int64_t count;
    if (size_is_const(b->program->sizes, size, &count) && count <= 0) /* C compilers warn of such a question */
        return nest_const_i64(b, STEPC_BOOL, 0);
    loop_value v = blank(LOOP_IN_RANGE, STEPC_BOOL);
    v.args[0] = a;
    v.size = size;
    return intern(b, &v);
}

int32_t nest_philox(nest_builder *b, int32_t buffer, int32_t word)
{
    if (!is_value(b, word) || !is_root(b, buffer))
        return -1;
    loop_value v = blank(LOOP_PHILOX, STEPC_UINT32);
    v.args[0] = word;
    v.buffer = buffer;
    return intern(b, &v);
}

int32_t nest_acc(nest_builder *b, acc_kind kind, int32_t value, bool reassociate)
{
    if (!is_value(b, value))
        return -1;
    loop_nest *nest = b->nest;
    stepc_dtype dtype = dtype_of(b, value);
    bool is_arg = kind == ACC_ARG_MAX || kind == ACC_ARG_MIN;
    int32_t number = 0;
    while (number < nest->acc_count && (nest->accs[number].kind != kind || nest->accs[number].value != value ||
                                        nest->accs[number].reassociate != reassociate))
        number++;
    if (number == nest->acc_count) {
        loop_acc *accs = room(b, nest->accs, &b->acc_capacity, nest->acc_count, sizeof *accs);
        if (accs == NULL)
            return -1;
        nest->accs = accs;
        accs[nest->acc_count++] = (loop_acc){.kind = kind, .dtype = dtype, .value = value, .reassociate = reassociate};
    }
    loop_value v = blank(LOOP_ACC, is_arg ? STEPC_INT64 : dtype);
    v.acc = number;
    return intern(b, &v);
}

/* ---- effects ---------------------------------------------------------------------------------------- */

static void add_write(nest_builder *b, int32_t root, const loop_index *index, int32_t value, int32_t predicate)
{
    loop_nest *nest = b->nest;
    loop_write *writes = room(b, nest->writes, &b->write_capacity, nest->write_count, sizeof *writes);
    if (writes == NULL)
        return;
    nest->writes = writes;
    writes[nest->write_count++] =
        (loop_write){.buffer = root, .index = *index, .value = value, .predicate = predicate};
}

void nest_write(nest_builder *b, int32_t buffer, const int32_t *axis_of, int32_t value)
{
    loop_index index;
    if (is_value(b, value) && compose_index(b, buffer, axis_of, &index))
        add_write(b, b->program->buffers[buffer].root, &index, value, -1);
}

void nest_write_index(nest_builder *b, int32_t root, const loop_index *index, int32_t value, int32_t predicate)
{
    loop_index own;
    if (!is_value(b, value) || !is_root(b, root) || !copy_index(b, index, &own))
        return;
    if ((predicate >= 0 && !is_value(b, predicate)) || (own.indirect >= 0 && !is_value(b, own.indirect)))
        return;
    add_write(b, root, &own, value, predicate >= 0 ? predicate : -1);
}

void nest_check(nest_builder *b, int32_t value, stepc_code code, const char *what, const stepc_operation *operation)
{
    if (!is_value(b, value))
        return;
    loop_nest *nest = b->nest;
    loop_check *checks = room(b, nest->checks, &b->check_capacity, nest->check_count, sizeof *checks);
    const char *own = arena_text(b->program->memory, what, strlen(what));
    if (checks == NULL || own == NULL) {
        fail(b, NULL);
        return;
    }
    nest->checks = checks;
    checks[nest->check_count++] = (loop_check){.value = value, .code = code, .message = own, .operation = operation};
}

void nest_origin(nest_builder *b, const stepc_operation *operation)
{
    if (b->failed)
        return;
    loop_nest *nest = b->nest;
    for (int32_t i = 0; i < nest->origin_count; i++) {
        if (nest->origins[i] == operation)
            return;
    }
    const stepc_operation **origins =
        room(b, nest->origins, &b->origin_capacity, nest->origin_count, sizeof *origins);
    if (origins == NULL)
        return;
    nest->origins = origins;
    origins[nest->origin_count++] = operation;
}

/* ---- statements --------------------------------------------------------------------------------------- */

static bool append_statement(loop_program *p, loop_statement statement)
{
    if (p->statement_count == INT32_MAX)
        return false;
    loop_statement *grown = arena_grow(p->memory, p->statements, &p->statement_capacity,
                                       (size_t)p->statement_count + 1, sizeof *grown);
    if (grown == NULL)
        return false;
    p->statements = grown;
    grown[p->statement_count++] = statement;
    return true;
}

stepc_code nest_end(nest_builder *b, stepc_error *error)
{
    loop_program *p = b->program;
    if (b->failed && b->fault != NULL)
        return error_set(error, STEPC_INTERNAL, "nest %d is built wrongly: %s", (int)p->statement_count, b->fault);
    if (b->failed || p->sizes->failed ||
        !append_statement(p, (loop_statement){.kind = STATEMENT_NEST, .nest = b->nest}))
        return error_out_of_memory(error, "building a nest");
    return STEPC_OK;
}

stepc_code loop_call_add(loop_program *p, const loop_call *call, stepc_error *error)
{
    loop_call *own = ARENA_NEW(p->memory, loop_call);
    if (own == NULL)
        return error_out_of_memory(error, "building a call");
    *own = *call;
    if (!append_statement(p, (loop_statement){.kind = STATEMENT_CALL, .call = own}))
        return error_out_of_memory(error, "building a call");
    return STEPC_OK;
}
