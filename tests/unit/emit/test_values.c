/* SPDX-License-Identifier: Apache-2.0 */
/* Every operation on every dtype, as scalars and as vectors, against the evaluator. */
#include "emit_test.h"

static const stepc_dtype all_dtypes[] = {STEPC_FLOAT32, STEPC_FLOAT64, STEPC_INT8,    STEPC_INT16,  STEPC_INT32,
                                         STEPC_INT64,   STEPC_UINT8,   STEPC_UINT16,  STEPC_UINT32, STEPC_UINT64,
                                         STEPC_BOOL,    STEPC_HALF,    STEPC_BFLOAT16};
#define DTYPES (sizeof all_dtypes / sizeof all_dtypes[0])

typedef int32_t (*body_fn)(nest_builder *b, int32_t x, int32_t y, int32_t z, int param);

/* A program out = body(x, y, z) over 37 elements, of which a vector form needs whole vectors and a rest. */
static void add_case(rig *r, bool exact, bool vector, stepc_dtype in, stepc_dtype out, body_fn body, int param)
{
    loop_program *p = rig_program(r, exact);
    int32_t x = rig_buffer(r, p, BUFFER_FEED, in, "x", 1, DIMS(37)),
            y = rig_buffer(r, p, BUFFER_FEED, in, "y", 1, DIMS(37));
    int32_t z = rig_buffer(r, p, BUFFER_FEED, STEPC_BOOL, "z", 1, DIMS(37)),
            to = rig_buffer(r, p, BUFFER_FETCH, out, "out", 1, DIMS(37));
    nest_builder b;
    nest_begin(&b, p);
    nest_axis(&b, size_const(&r->sizes, 37), AXIS_SPACE);
    int32_t a = nest_read(&b, x, AXES(0)), c = nest_read(&b, y, AXES(0)), m = nest_read(&b, z, AXES(0));
    nest_write(&b, to, AXES(0), body(&b, a, c, m, param));
    rig_end(&b);
    if (vector)
        b.nest->schedule = (nest_schedule){.is_set = true, .vector_axis = 0, .jam = 2, .row_axis = -1};
}

static int32_t unary(nest_builder *b, int32_t x, int32_t y, int32_t z, int op)
{
    (void)y, (void)z;
    return nest_unary(b, (loop_op)op, x);
}

static int32_t binary(nest_builder *b, int32_t x, int32_t y, int32_t z, int op)
{
    (void)z;
    return nest_binary(b, (loop_op)op, x, y);
}

/* The divisor of integers must not be 0: an odd number is not. */
static int32_t quotient(nest_builder *b, int32_t x, int32_t y, int32_t z, int op)
{
    (void)z;
    stepc_dtype dtype = b->nest->values[y].dtype;
    if (dtype != STEPC_FLOAT32 && dtype != STEPC_FLOAT64)
        y = nest_binary(b, LOOP_OR, y, nest_const_i64(b, dtype, 1));
    return nest_binary(b, (loop_op)op, x, y);
}

static int32_t shift(nest_builder *b, int32_t x, int32_t y, int32_t z, int op)
{
    (void)z;
    stepc_dtype dtype = b->nest->values[y].dtype;
    return nest_binary(b, (loop_op)op, x, nest_binary(b, LOOP_AND, y, nest_const_i64(b, dtype, 7)));
}

static int32_t choose(nest_builder *b, int32_t x, int32_t y, int32_t z, int param)
{
    (void)param;
    return nest_select(b, z, x, y);
}

static int32_t guarded_quotient(nest_builder *b, int32_t x, int32_t y, int32_t z, int param)
{
    (void)z, (void)param;
    stepc_dtype dtype = b->nest->values[y].dtype;
    int32_t zero = nest_const_i64(b, dtype, 0);
    return nest_select(b, nest_binary(b, LOOP_NE, y, zero), nest_binary(b, LOOP_DIV, x, y), zero);
}

static int32_t converted(nest_builder *b, int32_t x, int32_t y, int32_t z, int to)
{
    (void)y, (void)z;
    return nest_cast(b, x, (stepc_dtype)to);
}

static int32_t same_bits(nest_builder *b, int32_t x, int32_t y, int32_t z, int to)
{
    (void)y, (void)z;
    return nest_bitcast(b, x, (stepc_dtype)to);
}

static int32_t rounded(nest_builder *b, int32_t x, int32_t y, int32_t z, int to)
{
    (void)y, (void)z;
    return nest_round_to(b, x, (stepc_dtype)to);
}

static bool is_float(stepc_dtype dtype) { return dtype_is_float(dtype); }

/* Operations that every compiler and width must give the same bits for. */
static void add_all(rig *r, stepc_dtype dtype, bool vector)
{
    static const loop_op any[] = {LOOP_ADD, LOOP_SUB, LOOP_MUL, LOOP_MAX, LOOP_MIN},
                         bits[] = {LOOP_AND, LOOP_OR, LOOP_XOR};
    static const loop_op tests[] = {LOOP_EQ, LOOP_NE, LOOP_LT, LOOP_LE};
    stepc_dtype value = loop_value_dtype(dtype);
    for (size_t i = 0; i < 5 && dtype != STEPC_BOOL; i++)
        add_case(r, true, vector, dtype, dtype, binary, (int)any[i]);
    for (size_t i = 0; i < 3 && !is_float(dtype); i++)
        add_case(r, true, vector, dtype, dtype, binary, (int)bits[i]);
    for (size_t i = 0; i < 4; i++)
        add_case(r, true, vector, dtype, STEPC_BOOL, binary, (int)tests[i]);
    if (dtype != STEPC_BOOL) {
        add_case(r, true, vector, dtype, dtype, quotient, LOOP_DIV);
        add_case(r, true, vector, dtype, dtype, quotient, LOOP_FLOORDIV);
        add_case(r, true, vector, dtype, dtype, unary, LOOP_NEG);
        add_case(r, true, vector, dtype, dtype, unary, LOOP_ABS);
    }
    if (!is_float(dtype))
        add_case(r, true, vector, dtype, dtype, unary, LOOP_NOT);
    if (!is_float(dtype) && dtype != STEPC_BOOL) {
        add_case(r, true, vector, dtype, dtype, shift, LOOP_SHL);
        add_case(r, true, vector, dtype, dtype, shift, LOOP_SHR);
        add_case(r, true, vector, dtype, dtype, guarded_quotient, 0);
        add_case(r, true, vector, dtype, dtype, binary, LOOP_POW);
    }
    if (is_float(dtype)) {
        add_case(r, true, vector, dtype, dtype, unary, LOOP_SQRT);
        add_case(r, true, vector, dtype, dtype, unary, LOOP_FLOOR);
        add_case(r, true, vector, dtype, dtype, unary, LOOP_ROUND);
        add_case(r, true, vector, dtype, value, rounded, STEPC_HALF);
        add_case(r, true, vector, dtype, value, rounded, STEPC_BFLOAT16);
        add_case(r, true, vector, dtype, value, rounded, STEPC_FLOAT32);
    }
    add_case(r, true, vector, dtype, dtype, choose, 0);
}

static void check_all(bool vector)
{
    for (size_t first = 0; first < DTYPES; first += 5) {
        rig r;
        rig_init(&r);
        for (size_t d = first; d < first + 5 && d < DTYPES; d++)
            add_all(&r, all_dtypes[d], vector);
        rig_compare_all(&r, vector ? &generic_isa : &plain_isa, true, 1);
        rig_release(&r);
    }
}

Test(values, operations_as_scalars) { check_all(false); }

Test(values, operations_as_vectors) { check_all(true); }

Test(values, casts_and_bitcasts)
{
    for (int vector = 0; vector < 2; vector++) {
        rig r;
        rig_init(&r);
        for (size_t from = 0; from < 11; from++)
            for (size_t to = 0; to < 11; to++) {
                stepc_dtype a = all_dtypes[from], b = all_dtypes[to];
                add_case(&r, true, vector, a, b, converted, (int)b);
                if (loop_value_bits(a) == loop_value_bits(b) && a != STEPC_BOOL && b != STEPC_BOOL &&
                    r.count < MOST_PROGRAMS - 2)
                    add_case(&r, true, vector, a, b, same_bits, (int)b);
            }
        rig_compare_all(&r, vector ? &generic_isa : &plain_isa, true, 1);
        rig_release(&r);
    }
}

Test(values, transcendentals_exact_bit_for_bit)
{
    static const loop_op ops[] = {LOOP_EXP,   LOOP_LOG,  LOOP_TANH, LOOP_SIGMOID, LOOP_SIN,   LOOP_COS,   LOOP_EXPM1,
                                  LOOP_LOG1P, LOOP_TAN,  LOOP_ASIN, LOOP_ACOS,    LOOP_ATAN,  LOOP_SINH,  LOOP_COSH,
                                  LOOP_ASINH, LOOP_ACOSH, LOOP_ATANH, LOOP_ERF,   LOOP_ERFC,
                                  LOOP_LGAMMA, LOOP_DIGAMMA, LOOP_ERFINV, LOOP_NDTRI};
    rig r;
    rig_init(&r);
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        for (size_t d = 0; d < 2; d++)
            for (int vector = 0; vector < 2; vector++)
                add_case(&r, true, vector, all_dtypes[d], all_dtypes[d], unary, (int)ops[i]);
    static const loop_op pairs[] = {LOOP_POW, LOOP_ATAN2, LOOP_FMOD};
    for (size_t i = 0; i < 3; i++)
        for (size_t d = 0; d < 2; d++)
            add_case(&r, true, 1, all_dtypes[d], all_dtypes[d], binary, (int)pairs[i]);
    rig_compare_all(&r, &generic_isa, true, 1);
    rig_release(&r);
}

Test(values, transcendentals_within_2_ulp_of_float)
{
    static const loop_op ops[] = {LOOP_EXP,   LOOP_LOG,  LOOP_TANH, LOOP_SIGMOID, LOOP_SIN,   LOOP_COS,   LOOP_EXPM1,
                                  LOOP_LOG1P, LOOP_TAN,  LOOP_ASIN, LOOP_ACOS,    LOOP_ATAN,  LOOP_SINH,  LOOP_COSH,
                                  LOOP_ASINH, LOOP_ACOSH, LOOP_ATANH, LOOP_ERF,   LOOP_ERFC,
                                  LOOP_LGAMMA, LOOP_DIGAMMA, LOOP_ERFINV, LOOP_NDTRI};
    rig r;
    rig_init(&r);
    r.compare_bits = 0;
    r.tolerance = 3e-7;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        for (int vector = 0; vector < 2; vector++)
            add_case(&r, false, vector, STEPC_FLOAT32, STEPC_FLOAT32, unary, (int)ops[i]);
    rig_compare_all(&r, &generic_isa, false, 0);
    rig_release(&r);
}
