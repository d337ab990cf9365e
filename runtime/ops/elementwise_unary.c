/* SPDX-License-Identifier: Apache-2.0 */
/* Unary operators: a table of scalar functions, one loop per carrier; the rules of
 * rounding and wrapping are those of elementwise_binary.c. */
#include "runtime/ops/kernels.h"

#include "runtime/core/scalar.h"
#include "runtime/ops/complex_math.h"

#include <string.h>

/* NULL where the operator has no meaning for the carrier, or no implementation. */
typedef struct unary_functions {
    const char *name;
    double (*f64)(double x);
    int64_t (*i64)(int64_t x);
    uint64_t (*u64)(uint64_t x);
    complex_value (*c128)(complex_value x);
} unary_functions;

static double f64_neg(double x)
{
    return -x;
}

static double f64_square(double x)
{
    return x * x;
}

/* NaN stays NaN; both zeros give +0. */
static double f64_relu(double x)
{
    return x <= 0 ? 0 : x;
}

/* NaN stays NaN; both zeros give +0. */
static double f64_relu6(double x)
{
    return x <= 0 ? 0 : x >= 6 ? 6 : x;
}

static double f64_abs(double x)
{
    return x < 0 ? -x : x == 0 ? 0 : x;
}

/* NaN stays NaN; both zeros give +0. */
static double f64_sign(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x;
}

static double f64_one(double x)
{
    (void)x;
    return 1;
}

static int64_t i64_neg(int64_t x)
{
    return (int64_t)(0 - (uint64_t)x);
}

static int64_t i64_square(int64_t x)
{
    return (int64_t)((uint64_t)x * (uint64_t)x);
}

static int64_t i64_relu(int64_t x)
{
    return x > 0 ? x : 0;
}

static int64_t i64_relu6(int64_t x)
{
    return x < 0 ? 0 : x > 6 ? 6 : x;
}

static int64_t i64_abs(int64_t x)
{
    return x < 0 ? i64_neg(x) : x;
}

static int64_t i64_sign(int64_t x)
{
    return (x > 0) - (x < 0);
}

static int64_t i64_same(int64_t x)
{
    return x;
}

static int64_t i64_invert(int64_t x)
{
    return ~x;
}

static int64_t i64_one(int64_t x)
{
    (void)x;
    return 1;
}

static uint64_t u64_square(uint64_t x)
{
    return x * x;
}

static uint64_t u64_relu6(uint64_t x)
{
    return x > 6 ? 6 : x;
}

static uint64_t u64_invert(uint64_t x)
{
    return ~x;
}

static uint64_t u64_same(uint64_t x)
{
    return x;
}

static uint64_t u64_one(uint64_t x)
{
    (void)x;
    return 1;
}

static complex_value c128_neg(complex_value x)
{
    return (complex_value){-x.re, -x.im};
}

static complex_value c128_square(complex_value x)
{
    return (complex_value){x.re * x.re - x.im * x.im, x.re * x.im + x.im * x.re};
}

static complex_value c128_conj(complex_value x)
{
    return (complex_value){x.re, -x.im};
}

static complex_value c128_round(complex_value x)
{
    return (complex_value){scalar_round_even(x.re), scalar_round_even(x.im)};
}

static complex_value c128_one(complex_value x)
{
    (void)x;
    return (complex_value){1, 0};
}

static const unary_functions unary_table[] = {
    {"Abs", f64_abs, i64_abs, NULL, NULL},
    {"Acos", scalar_acos, NULL, NULL, complex_acos},
    {"Acosh", scalar_acosh, NULL, NULL, complex_acosh},
    {"Asin", scalar_asin, NULL, NULL, complex_asin},
    {"Asinh", scalar_asinh, NULL, NULL, complex_asinh},
    {"Atan", scalar_atan, NULL, NULL, complex_atan},
    {"Atanh", scalar_atanh, NULL, NULL, complex_atanh},
    {"BesselI0", scalar_bessel_i0, NULL, NULL, NULL},
    {"BesselI0e", scalar_bessel_i0e, NULL, NULL, NULL},
    {"BesselI1", scalar_bessel_i1, NULL, NULL, NULL},
    {"BesselI1e", scalar_bessel_i1e, NULL, NULL, NULL},
    {"Ceil", scalar_ceil, NULL, NULL, NULL},
    {"Conj", NULL, NULL, NULL, c128_conj},
    {"Cos", scalar_cos, NULL, NULL, complex_cos},
    {"Cosh", scalar_cosh, NULL, NULL, complex_cosh},
    {"Digamma", scalar_digamma, NULL, NULL, NULL},
    {"Erf", scalar_erf, NULL, NULL, NULL},
    {"Erfc", scalar_erfc, NULL, NULL, NULL},
    {"Erfinv", scalar_erfinv, NULL, NULL, NULL},
    {"Exp", scalar_exp, NULL, NULL, complex_exp},
    {"Expm1", scalar_expm1, NULL, NULL, complex_expm1},
    {"Floor", scalar_floor, NULL, NULL, NULL},
    {"Invert", NULL, i64_invert, u64_invert, NULL},
    {"Lgamma", scalar_lgamma, NULL, NULL, NULL},
    {"Log", scalar_log, NULL, NULL, complex_log},
    {"Log1p", scalar_log1p, NULL, NULL, complex_log1p},
    {"Ndtri", scalar_ndtri, NULL, NULL, NULL},
    {"Neg", f64_neg, i64_neg, NULL, c128_neg},
    {"OnesLike", f64_one, i64_one, u64_one, c128_one},
    {"Relu", f64_relu, i64_relu, u64_same, NULL},
    {"Relu6", f64_relu6, i64_relu6, u64_relu6, NULL},
    {"Rint", scalar_round_even, NULL, NULL, NULL},
    {"Round", scalar_round_even, i64_same, NULL, c128_round},
    {"Rsqrt", NULL, NULL, NULL, complex_rsqrt},
    {"Sigmoid", scalar_sigmoid, NULL, NULL, complex_sigmoid},
    {"Sign", f64_sign, i64_sign, NULL, complex_sign},
    {"Sin", scalar_sin, NULL, NULL, complex_sin},
    {"Sinh", scalar_sinh, NULL, NULL, complex_sinh},
    {"Sqrt", scalar_sqrt, NULL, NULL, complex_sqrt},
    {"Square", f64_square, i64_square, u64_square, c128_square},
    {"Tan", scalar_tan, NULL, NULL, complex_tan},
    {"Tanh", scalar_tanh, NULL, NULL, complex_tanh},
};

static const unary_functions *unary_find(const char *name)
{
    for (size_t i = 0; i < sizeof unary_table / sizeof unary_table[0]; i++) {
        if (strcmp(unary_table[i].name, name) == 0)
            return &unary_table[i];
    }
    return NULL;
}

bool unary_has(const char *operator_type)
{
    return unary_find(operator_type) != NULL;
}

/* False when the carrier has no function. */
static bool apply(const unary_functions *f, const stepc_tensor *from, stepc_tensor *to)
{
    stepc_dtype dtype = stepc_tensor_dtype(from);
    dtype_carrier carrier = dtype_carrier_of(dtype);
    const void *x = stepc_tensor_data(from);
    void *y = stepc_tensor_data(to);
    int64_t count = stepc_tensor_length(from);

    if (carrier == CARRIER_F64 && f->f64) {
        for (int64_t i = 0; i < count; i++)
            store_f64(dtype, y, i, f->f64(load_f64(dtype, x, i)));
    } else if (carrier == CARRIER_I64 && f->i64) {
        for (int64_t i = 0; i < count; i++)
            store_i64(dtype, y, i, f->i64(load_i64(dtype, x, i)));
    } else if (carrier == CARRIER_U64 && f->u64) {
        for (int64_t i = 0; i < count; i++)
            store_u64(dtype, y, i, f->u64(load_u64(dtype, x, i)));
    } else if (carrier == CARRIER_C128 && f->c128) {
        for (int64_t i = 0; i < count; i++)
            store_c128(dtype, y, i, f->c128(load_c128(dtype, x, i)));
    } else {
        return false;
    }
    return true;
}

stepc_code kernel_unary(kernel_context *k)
{
    const unary_functions *f = unary_find(k->op->type.data);
    stepc_tensor *x = k->inputs[0], *y;
    stepc_code code;

    if (!f)
        return error_set(k->error, STEPC_INTERNAL, "%s has no scalar functions", k->op->type.data);
    code = kernel_output(k, 0, stepc_tensor_dtype(x), stepc_tensor_dims(x), stepc_tensor_rank(x), &y);
    if (code != STEPC_OK)
        return code;
    return apply(f, x, y) ? STEPC_OK : kernel_unsupported(k->error, f->name, stepc_tensor_dtype(x));
}
