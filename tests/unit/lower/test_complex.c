/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic and sums of complex numbers. Expected values: by hand; hard ones are held against the reference. */
#include "rig.h"

#define ALONG(name, axis) CONST(name, "INT32", DIM(1), "int_val: " #axis)
#define SUM(name, op, dt, axes, keep) \
    NODE(name, op, IN("x") IN(axes) TYPE("T", dt) TYPE("Tidx", "INT32") FLAG("keep_dims", keep))
#define ARITHMETIC(dt, real)                                                                                     \
    PLACEHOLDER("x", dt, DIM(-1) DIM(4))                                                                         \
    PLACEHOLDER("y", dt, DIM(4))                                                                                 \
    BINARY("mul", "Mul", dt, "x", "y")                                                                           \
    BINARY("div", "Div", dt, "x", "y") BINARY("real", "RealDiv", dt, "y", "x") BINARY("sub", "Sub", dt, "x", "y") \
        UNARY("neg", "Neg", dt, "x") UNARY("square", "Square", dt, "x") UNARY("one", "Reciprocal", dt, "x")      \
            NODE("abs", "ComplexAbs", IN("x") TYPE("T", dt) TYPE("Tout", real))                                  \
                NODE("angle", "Angle", IN("x") TYPE("T", dt) TYPE("Tout", real))                                 \
                    BINARY("div0", "DivNoNan", dt, "x", "y") BINARY("mul0", "MulNoNan", dt, "y", "x")            \
                        BINARY("difference", "SquaredDifference", dt, "x", "y") ALONG("rows", 0) ALONG("back", -1) \
                            SUM("sum", "Sum", dt, "rows", false) SUM("mean", "Mean", dt, "back", true)

#define NAMES "mul div real sub neg square one abs angle div0 mul0 difference"

static stepc_tensor *numbers(stepc_dtype dtype, int32_t rank, const int64_t *dims, const double *parts)
{
    stepc_tensor *t = tensor_make(dtype, rank, dims);
    stepc_dtype part = dtype == STEPC_COMPLEX64 ? STEPC_FLOAT32 : STEPC_FLOAT64;
    for (int64_t i = 0; i < 2 * stepc_tensor_length(t); i++)
        store_f64(part, stepc_tensor_data(t), i, parts[i]);
    return t;
}

static void expect(const rig *r, int k, stepc_dtype part, int64_t count, const double *want)
{
    for (int64_t i = 0; i < count; i++)
        cr_expect_float_eq(load_f64(part, stepc_tensor_data(r->got[k]), i), want[i], 1e-6, "fetch %d, real %d", k, (int)i);
}

static void arithmetic(const char *source, stepc_dtype dtype)
{
    static const double x[8] = {1, 2, 3, -4, 0, 0, -1, 1}, y[8] = {3, -4, 2, 0, 0, 1, 0, 0};
    static const double mul[8] = {11, 2, 6, -8, 0, 0, 0, 0}, div[6] = {-0.2, 0.4, 1.5, -2, 0, 0};
    static const double square[8] = {-3, 4, -7, -24, 0, 0, 0, -2}, one[4] = {0.2, -0.4, 0.12, 0.16};
    static const double size[4] = {2.2360679774997896, 5, 0, 1.4142135623730951};
    static const double turn[4] = {1.1071487177940904, -0.9272952180016122, 0, 2.356194490192345}, mean[2] = {0.75, -0.25};
    static const double difference[8] = {40, 0, 17, 0, 1, 0, 2, 0}, sub[8] = {-2, 6, 1, -4, 0, -1, -1, 1};
    stepc_dtype part = dtype == STEPC_COMPLEX64 ? STEPC_FLOAT32 : STEPC_FLOAT64;
    rig r;
    rig_open(&r, source);
    int all = rig_add(&r, "x[n,4] y", NAMES " sum mean", "");
    rig_feed(&r, numbers(dtype, DIMS(1, 4), x));
    rig_feed(&r, numbers(dtype, DIMS(4), y));
    rig_run(&r, all);
    expect(&r, 0, part, 8, mul);
    expect(&r, 1, part, 6, div);
    expect(&r, 3, part, 8, sub);
    expect(&r, 5, part, 8, square);
    expect(&r, 6, part, 4, one);
    expect(&r, 7, part, 4, size);
    expect(&r, 8, part, 4, turn);
    expect(&r, 9, part, 6, div);
    expect(&r, 11, part, 8, difference);
    expect(&r, 12, part, 8, x);
    expect(&r, 13, part, 2, mean);
    cr_expect_eq(load_f64(part, stepc_tensor_data(r.got[9]), 6), 0); /* -1 + i over 0 */
    rig_close(&r);
}

Test(complex_numbers, arithmetic)
{
    arithmetic(ARITHMETIC("COMPLEX64", "FLOAT"), STEPC_COMPLEX64);
    arithmetic(ARITHMETIC("COMPLEX128", "DOUBLE"), STEPC_COMPLEX128);
}

/* Every pair of hard parts over every other one: the bits of the reference. */
static void hard(const char *source, stepc_dtype dtype)
{
    static const double parts[] = {0, -0.0, 1, -1.5, 1e-30, 3e38, -1e38, (double)INFINITY, -(double)INFINITY, (double)NAN};
    static const double wide[] = {1e-310, 1e-200, -1e200, 1.7e308};
    enum { NARROW = sizeof parts / sizeof parts[0], ALL = NARROW + sizeof wide / sizeof wide[0] };
    int count = dtype == STEPC_COMPLEX64 ? NARROW : ALL;
    double x[2 * 4 * ALL * ALL], y[8];
    rig r;
    rig_open(&r, source);
    int all = rig_add(&r, "x[n,4] y", NAMES, "");
    for (int first = 0; first < count * count; first += 4) {
        for (int i = 0; i < 8 * count * count; i++) {
            int number = i / 8 % (count * count), k = i % 2 ? number / count : number % count;
            x[i] = k < NARROW ? parts[k] : wide[k - NARROW];
        }
        for (int i = 0; i < 8; i++) {
            int number = (first + i / 2) % (count * count), k = i % 2 ? number / count : number % count;
            y[i] = k < NARROW ? parts[k] : wide[k - NARROW];
        }
        rig_feed(&r, numbers(dtype, DIMS(count * count, 4), x));
        rig_feed(&r, numbers(dtype, DIMS(4), y));
        rig_run(&r, all);
        rig_forget(&r);
    }
    rig_close(&r);
}

Test(complex_numbers, hard_values)
{
    hard(ARITHMETIC("COMPLEX64", "FLOAT"), STEPC_COMPLEX64);
    hard(ARITHMETIC("COMPLEX128", "DOUBLE"), STEPC_COMPLEX128);
}
