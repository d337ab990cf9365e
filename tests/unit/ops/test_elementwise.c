/* SPDX-License-Identifier: Apache-2.0 */
/* Integers against __int128, floats against C's own arithmetic and libm, half and bfloat16
 * against a rounding written with libm. */
#include "tests/unit/ops/kernel_harness.h"

#include <complex.h>
#include <math.h>

static const stepc_dtype integer_types[] = {STEPC_INT8,  STEPC_INT16,  STEPC_INT32,  STEPC_INT64,
                                            STEPC_UINT8, STEPC_UINT16, STEPC_UINT32, STEPC_UINT64};

static bool allows(const char *type, stepc_dtype dtype)
{
    const op_def *def = op_def_find((stepc_string){type, strlen(type)});
    int32_t t = op_def_attr(def, (stepc_string){"T", 1});

    return def->attrs[t].allowed_types == 0 || (def->attrs[t].allowed_types >> dtype & 1) != 0;
}

/* VALUE's low bits as a number of DTYPE. */
static wide_int wrap(stepc_dtype dtype, wide_int value)
{
    int bits = (int)stepc_dtype_bytes(dtype) * 8;
    wide_uint low = (wide_uint)value & (((wide_uint)1 << bits) - 1);

    if (!dtype_unsigned(dtype) && (low >> (bits - 1) & 1) != 0)
        return (wide_int)low - ((wide_int)1 << bits);
    return (wide_int)low;
}

static wide_int floor_div(wide_int x, wide_int y)
{
    wide_int q = x / y;

    return x % y != 0 && (x < 0) != (y < 0) ? q - 1 : q;
}

static wide_int expect_binary(const char *type, wide_int x, wide_int y)
{
    if (strcmp(type, "Add") == 0 || strcmp(type, "AddV2") == 0 || strcmp(type, "AddN") == 0)
        return x + y;
    if (strcmp(type, "Sub") == 0)
        return x - y;
    if (strcmp(type, "Mul") == 0)
        return (wide_int)((wide_uint)x * (wide_uint)y);
    if (strcmp(type, "Maximum") == 0)
        return x > y ? x : y;
    if (strcmp(type, "ReluGrad") == 0)
        return y > 0 ? x : 0;
    if (strcmp(type, "FloorDiv") == 0)
        return floor_div(x, y);
    return x / y; /* RealDiv */
}

/* Fills with the edges of DTYPE; returns how many. */
static int edges(stepc_dtype dtype, void *data)
{
    int bits = (int)stepc_dtype_bytes(dtype) * 8, n = 0;
    uint64_t max = dtype_unsigned(dtype) ? UINT64_MAX >> (64 - bits) : (UINT64_MAX >> (64 - bits)) >> 1;
    int64_t min = dtype_unsigned(dtype) ? 0 : (int64_t)(UINT64_MAX << (bits - 1));

    if (!dtype_unsigned(dtype)) {
        put_int(dtype, data, n++, min);
        put_int(dtype, data, n++, -1);
    }
    put_int(dtype, data, n++, (int64_t)((uint64_t)min + 1));
    put_int(dtype, data, n++, 1);
    put_int(dtype, data, n++, 2);
    put_int(dtype, data, n++, 7);
    put_int(dtype, data, n++, (int64_t)(max - 1));
    put_int(dtype, data, n++, (int64_t)max);
    put_int(dtype, data, n++, 0); /* last, so that divisors leave it out */
    return n;
}

static void check_integers(const char *type, stepc_dtype dtype)
{
    uint64_t values[16];
    int n = edges(dtype, values);
    bool divides = strcmp(type, "FloorDiv") == 0 || strcmp(type, "RealDiv") == 0;
    int divisors = divides ? n - 1 : n;
    bench b;
    stepc_tensor *z;

    bench_open_t(&b, type, 2, dtype);
    bench_feed(&b, "x0", tensor_make(dtype, 2, DIMS(n, 1), values));
    bench_feed(&b, "x1", tensor_make(dtype, 1, DIMS(divisors), values));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK, "%s %s: %s", type, stepc_dtype_name(dtype), bench_message(&b));
    z = bench_output(&b, "op");
    cr_assert_eq(stepc_tensor_dtype(z), dtype);
    cr_assert(has_dims(z, 2, DIMS(n, divisors)));
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < divisors; j++) {
            wide_int x = get_int(dtype, values, i), y = get_int(dtype, values, j);
            wide_int want = wrap(dtype, expect_binary(type, x, y));
            wide_int got = get_int(dtype, stepc_tensor_data(z), i * divisors + j);

            cr_expect(got == want, "%s %s(%lld, %lld): %lld, not %lld", type, stepc_dtype_name(dtype), (long long)x,
                      (long long)y, (long long)got, (long long)want);
        }
    }
    if (divides) {
        uint64_t zero = 0;

        bench_feed(&b, "x1", scalar_make(dtype, &zero));
        cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
        cr_expect_str_eq(bench_message(&b), "Integer division by zero");
        /* Nothing to divide: no error. */
        bench_feed(&b, "x0", tensor_make(dtype, 1, DIMS(0), NULL));
        cr_expect_eq(bench_run(&b, "op"), STEPC_OK);
    }
    bench_close(&b);
}

Test(elementwise, integers_binary)
{
    static const char *const types[] = {"Add", "AddV2", "Sub", "Mul", "RealDiv", "FloorDiv", "Maximum", "ReluGrad"};
    int checked = 0;

    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++)
        for (size_t d = 0; d < sizeof integer_types / sizeof integer_types[0]; d++)
            if (allows(types[t], integer_types[d])) {
                check_integers(types[t], integer_types[d]);
                checked++;
            }
    cr_expect_geq(checked, 50);
}

Test(elementwise, integers_unary)
{
    static const char *const types[] = {"Neg", "Square", "Relu", "OnesLike"};

    for (size_t t = 0; t < 4; t++) {
        for (size_t d = 0; d < sizeof integer_types / sizeof integer_types[0]; d++) {
            stepc_dtype dtype = integer_types[d];
            uint64_t values[16];
            int n = edges(dtype, values);
            bench b;

            if (!allows(types[t], dtype))
                continue;
            bench_open_t(&b, types[t], 1, dtype);
            bench_feed(&b, "x0", vector_make(dtype, n, values));
            cr_assert_eq(bench_run(&b, "op"), STEPC_OK, "%s", bench_message(&b));
            for (int i = 0; i < n; i++) {
                wide_int x = get_int(dtype, values, i);
                wide_int want = t == 0   ? -x
                                : t == 1 ? (wide_int)((wide_uint)x * (wide_uint)x)
                                : t == 2 ? (x > 0 ? x : 0)
                                         : 1;

                cr_expect(get_int(dtype, stepc_tensor_data(bench_output(&b, "op")), i) == wrap(dtype, want),
                          "%s %s(%lld)", types[t], stepc_dtype_name(dtype), (long long)x);
            }
            bench_close(&b);
        }
    }
}

/* ---- floats ---- */

static bool same_float(float a, float b)
{
    return a != a ? b != b : a == b && !signbit(a) == !signbit(b);
}

static bool same_double(double a, double b)
{
    return a != a ? b != b : a == b && !signbit(a) == !signbit(b);
}

/* NaN counts as greater; of both zeros the second operand. */
static double greater(double x, double y)
{
    return isnan(x) || isnan(y) ? NAN : x > y ? x : y;
}

static const double float_values[] = {
    0.0,
    -0.0,
    1,
    -1,
    1.0 / 3,
    -2.5,
    3.4028234663852886e38,
    -3.4028234663852886e38,
    1.401298464324817e-45,
    1.1754944e-38,
    16777217,
    0.1,
    7,
    -7,
    1e-20,
    1e20,
    INFINITY,
    -INFINITY,
    NAN,
};
enum { FLOAT_COUNT = sizeof float_values / sizeof float_values[0] };

static float f32_expect(const char *type, float x, float y)
{
    if (strcmp(type, "Add") == 0)
        return x + y;
    if (strcmp(type, "Sub") == 0)
        return x - y;
    if (strcmp(type, "Mul") == 0)
        return x * y;
    if (strcmp(type, "RealDiv") == 0)
        return x / y;
    if (strcmp(type, "FloorDiv") == 0)
        return floorf(x / y);
    if (strcmp(type, "ReluGrad") == 0)
        return y > 0 ? x : 0;
    return (float)greater(x, y);
}

static double f64_expect(const char *type, double x, double y)
{
    if (strcmp(type, "Add") == 0)
        return x + y;
    if (strcmp(type, "Sub") == 0)
        return x - y;
    if (strcmp(type, "Mul") == 0)
        return x * y;
    if (strcmp(type, "RealDiv") == 0)
        return x / y;
    if (strcmp(type, "FloorDiv") == 0)
        return floor(x / y);
    if (strcmp(type, "ReluGrad") == 0)
        return y > 0 ? x : 0;
    return greater(x, y);
}

static const char *const float_types[] = {"Add", "Sub", "Mul", "RealDiv", "FloorDiv", "Maximum", "ReluGrad"};
enum { FLOAT_TYPES = sizeof float_types / sizeof float_types[0] };

Test(elementwise, float32_binary_is_the_machine_s)
{
    float x[FLOAT_COUNT];

    for (int i = 0; i < FLOAT_COUNT; i++)
        x[i] = (float)float_values[i];
    for (int t = 0; t < FLOAT_TYPES; t++) {
        bench b;
        const float *z;

        bench_open_t(&b, float_types[t], 2, STEPC_FLOAT32);
        bench_feed(&b, "x0", tensor_make(STEPC_FLOAT32, 2, DIMS(FLOAT_COUNT, 1), x));
        bench_feed(&b, "x1", tensor_make(STEPC_FLOAT32, 2, DIMS(1, FLOAT_COUNT), x));
        cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
        z = stepc_tensor_data(bench_output(&b, "op"));
        for (int i = 0; i < FLOAT_COUNT; i++)
            for (int j = 0; j < FLOAT_COUNT; j++)
                cr_expect(same_float(z[i * FLOAT_COUNT + j], f32_expect(float_types[t], x[i], x[j])), "%s(%g, %g) = %g",
                          float_types[t], (double)x[i], (double)x[j], (double)z[i * FLOAT_COUNT + j]);
        bench_close(&b);
    }
}

Test(elementwise, float64_binary_is_the_machine_s)
{
    const double *x = float_values;

    for (int t = 0; t < FLOAT_TYPES; t++) {
        bench b;
        const double *z;

        bench_open_t(&b, float_types[t], 2, STEPC_FLOAT64);
        bench_feed(&b, "x0", tensor_make(STEPC_FLOAT64, 2, DIMS(FLOAT_COUNT, 1), x));
        bench_feed(&b, "x1", tensor_make(STEPC_FLOAT64, 2, DIMS(1, FLOAT_COUNT), x));
        cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
        z = stepc_tensor_data(bench_output(&b, "op"));
        for (int i = 0; i < FLOAT_COUNT; i++)
            for (int j = 0; j < FLOAT_COUNT; j++)
                cr_expect(same_double(z[i * FLOAT_COUNT + j], f64_expect(float_types[t], x[i], x[j])),
                          "%s(%g, %g) = %g", float_types[t], x[i], x[j], z[i * FLOAT_COUNT + j]);
        bench_close(&b);
    }
}

/* A 16-bit float with EXPONENT exponent bits, by libm. */
static double decode16(uint16_t bits, int exponent)
{
    int mantissa = 15 - exponent, bias = (1 << (exponent - 1)) - 1;
    int e = bits >> mantissa & ((1 << exponent) - 1), m = bits & ((1 << mantissa) - 1);
    double value = e == (1 << exponent) - 1 ? (m != 0 ? NAN : INFINITY)
                   : e == 0                 ? ldexp(m, 1 - bias - mantissa)
                                            : ldexp(m + (1 << mantissa), e - bias - mantissa);

    return bits >> 15 ? -value : value;
}

/* Rounds to nearest even at that precision. */
static double round16(double value, int exponent)
{
    int mantissa = 15 - exponent, bias = (1 << (exponent - 1)) - 1, e;
    double quantum, result;

    if (value == 0 || isnan(value) || isinf(value))
        return value;
    frexp(value, &e);
    quantum = ldexp(1, (e - 1 > 1 - bias ? e - 1 : 1 - bias) - mantissa);
    result = nearbyint(value / quantum) * quantum;
    return fabs(result) >= ldexp(1, bias + 1) ? copysign(INFINITY, value) : result;
}

static void check_16(stepc_dtype dtype, int exponent)
{
    /* Bits in steps over the whole range, both signs, and specials. */
    enum { COUNT = 97 };
    uint16_t x[COUNT];

    for (int i = 0; i < COUNT; i++)
        x[i] = (uint16_t)(i * 677 + 1);
    x[0] = 0;
    x[1] = 0x8000;
    for (int t = 0; t < FLOAT_TYPES; t++) {
        bench b;
        const uint16_t *z;

        bench_open_t(&b, float_types[t], 2, dtype);
        bench_feed(&b, "x0", tensor_make(dtype, 2, DIMS(COUNT, 1), x));
        bench_feed(&b, "x1", tensor_make(dtype, 2, DIMS(1, COUNT), x));
        cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
        z = stepc_tensor_data(bench_output(&b, "op"));
        for (int i = 0; i < COUNT; i++) {
            for (int j = 0; j < COUNT; j++) {
                double a = decode16(x[i], exponent), c = decode16(x[j], exponent);
                double want = strcmp(float_types[t], "FloorDiv") == 0 ? floor(round16(a / c, exponent))
                                                                      : f64_expect(float_types[t], a, c);
                double got = decode16(z[i * COUNT + j], exponent);

                cr_expect(same_double(got, round16(want, exponent)), "%s(%g, %g) = %g", float_types[t], a, c, got);
            }
        }
        bench_close(&b);
    }
}

Test(elementwise, half_binary_rounds_once)
{
    check_16(STEPC_HALF, 5);
}

Test(elementwise, bfloat16_binary_rounds_once)
{
    check_16(STEPC_BFLOAT16, 8);
}

static double sigmoid(double x)
{
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static double relu(double x)
{
    return isnan(x) ? x : x > 0 ? x : 0;
}

static double square(double x)
{
    return x * x;
}

static double negative(double x)
{
    return -x;
}

/* Within a few ULP of libm in double, and within one of the rounded libm value in float32. */
Test(elementwise, unary_floats)
{
    static const struct {
        const char *type;
        double (*f)(double);
        bool exact;
    } cases[] = {
        {"Exp", exp, false},     {"Log", log, false},      {"Sin", sin, false},
        {"Cos", cos, false},     {"Tanh", tanh, false},    {"Relu", relu, true},
        {"Neg", negative, true}, {"Square", square, true}, {"Sigmoid", sigmoid, false},
    };
    static const double x[] = {0,   -0.0, 1,    -1,       0.5,       -0.25, 2.718281828, 3.14159265,
                               10,  -10,  88.5, -88.5,    200,       1e-10, -1e-10,      1e-300,
                               1e6, 710,  -745, INFINITY, -INFINITY, NAN};
    enum { COUNT = sizeof x / sizeof x[0] };

    for (size_t t = 0; t < sizeof cases / sizeof cases[0]; t++) {
        float x32[COUNT];
        const float *z32;
        const double *z64;
        bench b;

        for (int i = 0; i < COUNT; i++)
            x32[i] = (float)x[i];
        bench_open_t(&b, cases[t].type, 1, STEPC_FLOAT64);
        bench_feed(&b, "x0", vector_make(STEPC_FLOAT64, COUNT, x));
        cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
        z64 = stepc_tensor_data(bench_output(&b, "op"));
        for (int i = 0; i < COUNT; i++) {
            double want = cases[t].f(x[i]), got = z64[i];

            cr_expect(same_double(got, want) || (!cases[t].exact && fabs(got - want) <= 4e-16 * fabs(want)),
                      "%s(%.17g) = %.17g, libm %.17g", cases[t].type, x[i], got, want);
        }
        bench_close(&b);
        bench_open_t(&b, cases[t].type, 1, STEPC_FLOAT32);
        bench_feed(&b, "x0", vector_make(STEPC_FLOAT32, COUNT, x32));
        cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
        z32 = stepc_tensor_data(bench_output(&b, "op"));
        for (int i = 0; i < COUNT; i++) {
            float want = (float)cases[t].f((double)x32[i]);

            cr_expect(same_float(z32[i], want) || (!cases[t].exact && nextafterf(z32[i], want) == want),
                      "%s(%.9g) = %.9g, libm %.9g", cases[t].type, (double)x32[i], (double)z32[i], (double)want);
        }
        bench_close(&b);
    }
}

/* Worked by hand. */
Test(elementwise, complex_arithmetic)
{
    static const struct {
        const char *type;
        float re, im;
    } cases[] = {{"Add", 4, -2}, {"Sub", -2, 6}, {"Mul", 11, 2}, {"RealDiv", -0.2f, 0.4f}};
    static const float x[] = {1, 2}, y[] = {3, -4};
    double zero[] = {0, 0}, big[] = {1e300, 1e300};
    bench b;
    const float *z;
    const double *q;

    for (size_t t = 0; t < 4; t++) {
        bench_open_t(&b, cases[t].type, 2, STEPC_COMPLEX64);
        bench_feed(&b, "x0", scalar_make(STEPC_COMPLEX64, x));
        bench_feed(&b, "x1", scalar_make(STEPC_COMPLEX64, y));
        cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
        z = stepc_tensor_data(bench_output(&b, "op"));
        if (strcmp(cases[t].type, "RealDiv") == 0)
            cr_expect(fabsf(z[0] - cases[t].re) < 1e-7f && fabsf(z[1] - cases[t].im) < 1e-7f, "%g %g", (double)z[0],
                      (double)z[1]);
        else
            cr_expect(z[0] == cases[t].re && z[1] == cases[t].im, "%s", cases[t].type);
        bench_close(&b);
    }
    /* No overflow on the way: x / x is 1. */
    bench_open_t(&b, "RealDiv", 2, STEPC_COMPLEX128);
    bench_feed(&b, "x0", scalar_make(STEPC_COMPLEX128, big));
    bench_feed(&b, "x1", scalar_make(STEPC_COMPLEX128, big));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    q = stepc_tensor_data(bench_output(&b, "op"));
    cr_expect(q[0] == 1 && q[1] == 0);
    bench_feed(&b, "x1", scalar_make(STEPC_COMPLEX128, zero));
    cr_expect_eq(bench_run(&b, "op"), STEPC_OK);
    bench_close(&b);

    bench_open_t(&b, "Square", 1, STEPC_COMPLEX64);
    bench_feed(&b, "x0", scalar_make(STEPC_COMPLEX64, x));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    z = stepc_tensor_data(bench_output(&b, "op"));
    cr_expect(z[0] == -3 && z[1] == 4);
    bench_close(&b);
}

/* ---- shapes ---- */

Test(elementwise, broadcasting)
{
    int32_t x[] = {1, 2, 3, 4, 5, 6}, y[] = {10, 20, 30, 40};
    int32_t want[] = {11, 12, 13, 21, 22, 23, 31, 32, 33, 41, 42, 43, 14, 15, 16, 24, 25, 26, 34, 35, 36, 44, 45, 46};
    bench b;

    bench_open_t(&b, "AddV2", 2, STEPC_INT32);
    bench_feed(&b, "x0", tensor_make(STEPC_INT32, 3, DIMS(2, 1, 3), x));
    bench_feed(&b, "x1", tensor_make(STEPC_INT32, 2, DIMS(4, 1), y));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_assert(has_dims(bench_output(&b, "op"), 3, DIMS(2, 4, 3)));
    cr_expect_eq(memcmp(stepc_tensor_data(bench_output(&b, "op")), want, sizeof want), 0);

    bench_feed(&b, "x0", tensor_make(STEPC_INT32, 2, DIMS(3, 0), NULL));
    bench_feed(&b, "x1", tensor_make(STEPC_INT32, 1, DIMS(1), y));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect(has_dims(bench_output(&b, "op"), 2, DIMS(3, 0)));

    bench_feed(&b, "x0", tensor_make(STEPC_INT32, 2, DIMS(2, 3), x));
    bench_feed(&b, "x1", tensor_make(STEPC_INT32, 1, DIMS(4), y));
    cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "Incompatible shapes: [2,3] vs. [4]");

    bench_feed(&b, "x0", tensor_make(STEPC_INT32, 1, DIMS(0), NULL));
    bench_feed(&b, "x1", tensor_make(STEPC_INT32, 1, DIMS(2), y));
    cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "Incompatible shapes: [0] vs. [2]");
    bench_close(&b);
}

Test(elementwise, broadcast_shapes_rule)
{
    int64_t out[8];
    int32_t rank;

    cr_expect(broadcast_shapes(DIMS(2, 1, 3), 3, DIMS(4, 1), 2, out, &rank) && rank == 3 && out[0] == 2 &&
              out[1] == 4 && out[2] == 3);
    cr_expect(broadcast_shapes(DIMS(1), 1, DIMS(0), 1, out, &rank) && rank == 1 && out[0] == 0);
    cr_expect(broadcast_shapes(DIMS(0), 1, DIMS(0), 1, out, &rank) && out[0] == 0);
    cr_expect(broadcast_shapes(NULL, 0, NULL, 0, out, &rank) && rank == 0);
    cr_expect(broadcast_shapes(NULL, 0, DIMS(5), 1, out, &rank) && rank == 1 && out[0] == 5);
    cr_expect_not(broadcast_shapes(DIMS(0), 1, DIMS(2), 1, out, &rank));
    cr_expect_not(broadcast_shapes(DIMS(2, 3), 2, DIMS(2), 1, out, &rank));
}

Test(elementwise, strings_concatenate_and_compare)
{
    bench b;
    stepc_tensor *x = tensor_make(STEPC_STRING, 1, DIMS(2), NULL), *y = tensor_make(STEPC_STRING, 0, NULL, NULL);
    const stepc_string *z;
    const bool *e;

    stepc_tensor_set_string(x, 0, (stepc_string){"a\0x", 3}, NULL);
    stepc_tensor_set_string(x, 1, (stepc_string){"", 0}, NULL);
    stepc_tensor_set_string(y, 0, (stepc_string){"b", 1}, NULL);
    bench_open_t(&b, "Add", 2, STEPC_STRING);
    bench_feed(&b, "x0", x);
    bench_feed(&b, "x1", y);
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    z = stepc_tensor_data(bench_output(&b, "op"));
    cr_expect(z[0].size == 4 && memcmp(z[0].data, "a\0xb", 4) == 0);
    cr_expect(z[1].size == 1 && z[1].data[0] == 'b');
    bench_close(&b);

    bench_open_t(&b, "Equal", 2, STEPC_STRING);
    x = tensor_make(STEPC_STRING, 1, DIMS(2), NULL);
    y = tensor_make(STEPC_STRING, 0, NULL, NULL);
    stepc_tensor_set_string(x, 0, (stepc_string){"ab", 2}, NULL);
    stepc_tensor_set_string(x, 1, (stepc_string){"a", 1}, NULL);
    stepc_tensor_set_string(y, 0, (stepc_string){"ab", 2}, NULL);
    bench_feed(&b, "x0", x);
    bench_feed(&b, "x1", y);
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    e = stepc_tensor_data(bench_output(&b, "op"));
    cr_expect(e[0] && !e[1]);
    bench_close(&b);
}

Test(elementwise, equal)
{
    bench b;
    float x[] = {1, NAN, 0.0f, 3}, y[] = {1, NAN, -0.0f, 4};
    const bool *e;
    uint64_t u[] = {UINT64_MAX, 1}, v[] = {UINT64_MAX - 1, 1};
    float c[] = {1, 2, 3, 4}, d[] = {1, 2, 3, 5};

    bench_open_t(&b, "Equal", 2, STEPC_FLOAT32);
    bench_feed(&b, "x0", vector_make(STEPC_FLOAT32, 4, x));
    bench_feed(&b, "x1", vector_make(STEPC_FLOAT32, 4, y));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    e = stepc_tensor_data(bench_output(&b, "op"));
    cr_expect(e[0] && !e[1] && e[2] && !e[3]);
    cr_expect_eq(stepc_tensor_dtype(bench_output(&b, "op")), STEPC_BOOL);
    bench_feed(&b, "x1", vector_make(STEPC_FLOAT32, 3, y));
    cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "Incompatible shapes: [4] vs. [3]");
    bench_close(&b);

    bench_open_op(
        &b, "Equal", 2, STEPC_FLOAT32,
        "attr { key: 'T' value { type: DT_FLOAT } } attr { key: 'incompatible_shape_error' value { b: false } }");
    bench_feed(&b, "x0", vector_make(STEPC_FLOAT32, 4, x));
    bench_feed(&b, "x1", vector_make(STEPC_FLOAT32, 3, y));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect(has_dims(bench_output(&b, "op"), 0, NULL));
    cr_expect_not(*(bool *)stepc_tensor_data(bench_output(&b, "op")));
    bench_feed(&b, "x1", vector_make(STEPC_FLOAT32, 1, y));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect(has_dims(bench_output(&b, "op"), 1, DIMS(4)));
    bench_close(&b);

    bench_open_t(&b, "Equal", 2, STEPC_UINT64);
    bench_feed(&b, "x0", vector_make(STEPC_UINT64, 2, u));
    bench_feed(&b, "x1", vector_make(STEPC_UINT64, 2, v));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    e = stepc_tensor_data(bench_output(&b, "op"));
    cr_expect(!e[0] && e[1]);
    bench_close(&b);

    bench_open_t(&b, "Equal", 2, STEPC_COMPLEX64);
    bench_feed(&b, "x0", vector_make(STEPC_COMPLEX64, 2, c));
    bench_feed(&b, "x1", vector_make(STEPC_COMPLEX64, 2, d));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    e = stepc_tensor_data(bench_output(&b, "op"));
    cr_expect(e[0] && !e[1]);
    bench_close(&b);
}

Test(elementwise, add_n)
{
    bench b;
    /* In float32 the order shows: (1e8 + 1) + -1e8 is 0, as 1e8 + 1 rounds to 1e8. */
    float x = 1e8f, y = 1, z = -1e8f;
    float v[] = {1, 2};

    bench_open_op(&b, "AddN", 3, STEPC_FLOAT32,
                  "attr { key: 'T' value { type: DT_FLOAT } } attr { key: 'N' value { i: 3 } }");
    bench_feed(&b, "x0", scalar_make(STEPC_FLOAT32, &x));
    bench_feed(&b, "x1", scalar_make(STEPC_FLOAT32, &y));
    bench_feed(&b, "x2", scalar_make(STEPC_FLOAT32, &z));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect_eq(*(float *)stepc_tensor_data(bench_output(&b, "op")), 0.0f);
    bench_feed(&b, "x2", vector_make(STEPC_FLOAT32, 2, v));
    cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "Inputs to operation op of type AddN must have the same size and shape.  "
                                        "Input 0: [] != input 2: [2]");
    bench_close(&b);
    bench_open_op(&b, "AddN", 1, STEPC_FLOAT32,
                  "attr { key: 'T' value { type: DT_FLOAT } } attr { key: 'N' value { i: 1 } }");
    bench_feed(&b, "x0", vector_make(STEPC_FLOAT32, 2, v));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect_eq(memcmp(stepc_tensor_data(bench_output(&b, "op")), v, sizeof v), 0);
    bench_close(&b);
}

Test(elementwise, bias_add)
{
    bench b;
    float value[] = {1, 2, 3, 4, 5, 6, 7, 8}, bias[] = {10, 20};
    float last[] = {11, 22, 13, 24, 15, 26, 17, 28}, second[] = {11, 12, 23, 24, 15, 16, 27, 28};

    bench_open_t(&b, "BiasAdd", 2, STEPC_FLOAT32);
    bench_feed(&b, "x0", tensor_make(STEPC_FLOAT32, 3, DIMS(2, 2, 2), value));
    bench_feed(&b, "x1", vector_make(STEPC_FLOAT32, 2, bias));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect_eq(memcmp(stepc_tensor_data(bench_output(&b, "op")), last, sizeof last), 0);
    cr_expect(has_dims(bench_output(&b, "op"), 3, DIMS(2, 2, 2)));
    bench_feed(&b, "x0", tensor_make(STEPC_FLOAT32, 2, DIMS(2, 4), value));
    cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b),
                     "Must provide as many biases as the last dimension of the input tensor: [2] vs. [2,4]");
    bench_feed(&b, "x0", tensor_make(STEPC_FLOAT32, 1, DIMS(2), value));
    cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "Input tensor must be at least 2D: [2]");
    bench_feed(&b, "x0", tensor_make(STEPC_FLOAT32, 2, DIMS(2, 1), value));
    bench_feed(&b, "x1", tensor_make(STEPC_FLOAT32, 2, DIMS(1, 1), bias));
    cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT);
    cr_expect_str_eq(bench_message(&b), "Biases must be 1D: [1,1]");
    bench_close(&b);

    bench_open_op(&b, "BiasAdd", 2, STEPC_FLOAT32,
                  "attr { key: 'T' value { type: DT_FLOAT } } attr { key: 'data_format' value { s: 'NCHW' } }");
    bench_feed(&b, "x0", tensor_make(STEPC_FLOAT32, 3, DIMS(2, 2, 2), value));
    bench_feed(&b, "x1", vector_make(STEPC_FLOAT32, 2, bias));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect_eq(memcmp(stepc_tensor_data(bench_output(&b, "op")), second, sizeof second), 0);
    bench_close(&b);
}
