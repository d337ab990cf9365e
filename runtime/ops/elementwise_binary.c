/* SPDX-License-Identifier: Apache-2.0 */
/* Binary operators that broadcast: a table of scalar functions, one loop per carrier.
 *
 * Floats are computed in double and rounded once to the dtype, which is the correctly
 * rounded result for float32, half and bfloat16 + - * /. Integers wrap: they are computed
 * on 64 unsigned bits and the store keeps the low ones. */
#include "runtime/ops/kernels.h"

#include "runtime/core/checked.h"
#include "runtime/core/scalar.h"
#include "runtime/ops/complex_math.h"

#include <string.h>

typedef struct binary_functions {
    const char *name;
    double (*f64)(double x, double y);
    double (*f64_then)(double z); /* applied to the rounded result of f64, and exact; NULL: nothing */
    int64_t (*i64)(int64_t x, int64_t y);
    uint64_t (*u64)(uint64_t x, uint64_t y);
    complex_value (*c128)(complex_value x, complex_value y);
    bool divides; /* a zero divisor is an error for integers */
} binary_functions;

/* ---- floats ---- */

static double f64_add(double x, double y)
{
    return x + y;
}

static double f64_sub(double x, double y)
{
    return x - y;
}

static double f64_mul(double x, double y)
{
    return x * y;
}

static double f64_div(double x, double y)
{
    return x / y;
}

/* NaN when either is; of zeros of both signs the second. */
static double f64_max(double x, double y)
{
    return x != x || x > y ? x : y;
}

/* NaN when either is; of zeros of both signs the second. */
static double f64_min(double x, double y)
{
    return x != x || x < y ? x : y;
}

static double f64_div_no_nan(double x, double y)
{
    return y == 0 ? 0 : x / y;
}

static double f64_mul_no_nan(double x, double y)
{
    return y == 0 ? 0 : x * y;
}

static double f64_xdivy(double x, double y)
{
    return x == 0 ? 0 : x / y;
}

static double f64_relu6_grad(double x, double y)
{
    return y > 0 && y < 6 ? x : 0;
}

/* Gradient of Relu: X where the feature Y is positive. */
static double f64_relu_grad(double x, double y)
{
    return y > 0 ? x : 0;
}

/* ---- signed integers ---- */

static int64_t i64_add(int64_t x, int64_t y)
{
    return (int64_t)((uint64_t)x + (uint64_t)y);
}

static int64_t i64_sub(int64_t x, int64_t y)
{
    return (int64_t)((uint64_t)x - (uint64_t)y);
}

static int64_t i64_mul(int64_t x, int64_t y)
{
    return (int64_t)((uint64_t)x * (uint64_t)y);
}

/* Y is not 0. Least / -1 wraps to the least value. */
static int64_t i64_div(int64_t x, int64_t y)
{
    return y == -1 ? i64_sub(0, x) : x / y;
}

static int64_t i64_floor_div(int64_t x, int64_t y)
{
    int64_t z = i64_div(x, y);

    return y != -1 && x % y != 0 && (x < 0) != (y < 0) ? z - 1 : z;
}

/* The sign is X's. */
static int64_t i64_mod(int64_t x, int64_t y)
{
    return y == -1 ? 0 : x % y;
}

/* The sign is Y's. */
static int64_t i64_floor_mod(int64_t x, int64_t y)
{
    int64_t rest = i64_mod(x, y);

    return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

static int64_t i64_squared_difference(int64_t x, int64_t y)
{
    return i64_mul(i64_sub(x, y), i64_sub(x, y));
}

/* Y is not negative. */
static int64_t i64_pow(int64_t x, int64_t y)
{
    int64_t result = 1;

    for (; y > 0; y /= 2) {
        if (y % 2 != 0)
            result = i64_mul(result, x);
        x = i64_mul(x, x);
    }
    return result;
}

static int64_t i64_min(int64_t x, int64_t y)
{
    return x < y ? x : y;
}

static int64_t i64_relu6_grad(int64_t x, int64_t y)
{
    return y > 0 && y < 6 ? x : 0;
}

static int64_t i64_max(int64_t x, int64_t y)
{
    return x > y ? x : y;
}

static int64_t i64_relu_grad(int64_t x, int64_t y)
{
    return y > 0 ? x : 0;
}

/* ---- unsigned integers ---- */

static uint64_t u64_add(uint64_t x, uint64_t y)
{
    return x + y;
}

static uint64_t u64_sub(uint64_t x, uint64_t y)
{
    return x - y;
}

static uint64_t u64_mul(uint64_t x, uint64_t y)
{
    return x * y;
}

static uint64_t u64_div(uint64_t x, uint64_t y)
{
    return x / y;
}

static uint64_t u64_mod(uint64_t x, uint64_t y)
{
    return x % y;
}

static uint64_t u64_min(uint64_t x, uint64_t y)
{
    return x < y ? x : y;
}

static uint64_t u64_relu6_grad(uint64_t x, uint64_t y)
{
    return y > 0 && y < 6 ? x : 0;
}

static uint64_t u64_max(uint64_t x, uint64_t y)
{
    return x > y ? x : y;
}

static uint64_t u64_relu_grad(uint64_t x, uint64_t y)
{
    return y > 0 ? x : 0;
}

/* ---- complex ---- */

static complex_value c128_add(complex_value x, complex_value y)
{
    return (complex_value){x.re + y.re, x.im + y.im};
}

static complex_value c128_sub(complex_value x, complex_value y)
{
    return (complex_value){x.re - y.re, x.im - y.im};
}

static complex_value c128_squared_difference(complex_value x, complex_value y)
{
    complex_value d = c128_sub(x, y);

    return (complex_value){d.re * d.re + d.im * d.im, 0};
}

/* ---- gradients of complex functions: output Y first, then DY; TensorFlow multiplies by the conjugate derivative ---- */

static complex_value conjugate(complex_value x)
{
    return (complex_value){x.re, -x.im};
}

static complex_value c128_sigmoid_grad(complex_value y, complex_value dy)
{
    complex_value rest = {1 - y.re, -y.im};

    return complex_mul(dy, conjugate(complex_mul(y, rest)));
}

static complex_value c128_tanh_grad(complex_value y, complex_value dy)
{
    complex_value square = complex_mul(y, y), rest = {1 - square.re, -square.im};

    return complex_mul(dy, conjugate(rest));
}

static complex_value c128_sqrt_grad(complex_value y, complex_value dy)
{
    return complex_div((complex_value){0.5 * dy.re, 0.5 * dy.im}, conjugate(y));
}

static complex_value c128_rsqrt_grad(complex_value y, complex_value dy)
{
    complex_value c = conjugate(y), half = {-0.5 * dy.re, -0.5 * dy.im};

    return complex_mul(complex_mul(half, c), complex_mul(c, c));
}

static complex_value c128_reciprocal_grad(complex_value y, complex_value dy)
{
    complex_value c = conjugate(y);

    return complex_mul(complex_mul((complex_value){-c.re, -c.im}, dy), c);
}

static bool c128_is_zero(complex_value x)
{
    return x.re == 0 && x.im == 0;
}

static complex_value c128_div_no_nan(complex_value x, complex_value y)
{
    return c128_is_zero(y) ? (complex_value){0, 0} : complex_div(x, y);
}

static complex_value c128_mul_no_nan(complex_value x, complex_value y)
{
    return c128_is_zero(y) ? (complex_value){0, 0} : complex_mul(x, y);
}

static complex_value c128_xdivy(complex_value x, complex_value y)
{
    return c128_is_zero(x) ? (complex_value){0, 0} : complex_div(x, y);
}

static complex_value c128_xlogy(complex_value x, complex_value y)
{
    return c128_is_zero(x) ? (complex_value){0, 0} : complex_mul(x, complex_log(y));
}

static complex_value c128_xlog1py(complex_value x, complex_value y)
{
    return c128_is_zero(x) ? (complex_value){0, 0} : complex_mul(x, complex_log1p(y));
}

/* SquaredDifference, FloorMod, Xlogy and the gradients of floats are made of steps: elementwise_steps.c. */
static const binary_functions binary_table[] = {
    {"Add", f64_add, NULL, i64_add, u64_add, c128_add, false},
    {"AddV2", f64_add, NULL, i64_add, u64_add, c128_add, false},
    {"Atan2", scalar_atan2, NULL, NULL, NULL, NULL, false},
    {"Div", f64_div, NULL, i64_div, u64_div, complex_div, true},
    {"DivNoNan", f64_div_no_nan, NULL, NULL, NULL, c128_div_no_nan, false},
    /* The quotient is rounded to the dtype before it is floored, as x / y followed by Floor would. */
    {"FloorDiv", f64_div, scalar_floor, i64_floor_div, u64_div, NULL, true},
    {"FloorMod", NULL, NULL, i64_floor_mod, u64_mod, NULL, true},
    {"InvGrad", NULL, NULL, NULL, NULL, c128_reciprocal_grad, false},
    {"Maximum", f64_max, NULL, i64_max, u64_max, NULL, false},
    {"Minimum", f64_min, NULL, i64_min, u64_min, NULL, false},
    {"Mod", scalar_fmod, NULL, i64_mod, u64_mod, NULL, true},
    {"Mul", f64_mul, NULL, i64_mul, u64_mul, complex_mul, false},
    {"MulNoNan", f64_mul_no_nan, NULL, NULL, NULL, c128_mul_no_nan, false},
    {"Pow", scalar_pow, NULL, i64_pow, NULL, complex_pow, false},
    {"RealDiv", f64_div, NULL, i64_div, u64_div, complex_div, true},
    {"ReciprocalGrad", NULL, NULL, NULL, NULL, c128_reciprocal_grad, false},
    {"Relu6Grad", f64_relu6_grad, NULL, i64_relu6_grad, u64_relu6_grad, NULL, false},
    {"ReluGrad", f64_relu_grad, NULL, i64_relu_grad, u64_relu_grad, NULL, false},
    {"RsqrtGrad", NULL, NULL, NULL, NULL, c128_rsqrt_grad, false},
    {"SigmoidGrad", NULL, NULL, NULL, NULL, c128_sigmoid_grad, false},
    {"SqrtGrad", NULL, NULL, NULL, NULL, c128_sqrt_grad, false},
    {"SquaredDifference", NULL, NULL, i64_squared_difference, NULL, c128_squared_difference, false},
    {"Sub", f64_sub, NULL, i64_sub, u64_sub, c128_sub, false},
    {"TanhGrad", NULL, NULL, NULL, NULL, c128_tanh_grad, false},
    /* Likewise truncated. */
    {"TruncateDiv", f64_div, scalar_trunc, i64_div, u64_div, complex_div, true},
    {"TruncateMod", scalar_fmod, NULL, i64_mod, u64_mod, NULL, true},
    {"Xdivy", f64_xdivy, NULL, NULL, NULL, c128_xdivy, false},
    {"Xlog1py", NULL, NULL, NULL, NULL, c128_xlog1py, false},
    {"Xlogy", NULL, NULL, NULL, NULL, c128_xlogy, false},
};

static const binary_functions *binary_find(const char *name)
{
    for (size_t i = 0; i < sizeof binary_table / sizeof binary_table[0]; i++) {
        if (strcmp(binary_table[i].name, name) == 0)
            return &binary_table[i];
    }
    return NULL;
}

bool binary_has(const char *operator_type)
{
    return binary_find(operator_type) != NULL;
}

/* ---- loops ---- */

typedef struct operands {
    const stepc_tensor *x, *y;
    stepc_tensor *z;
    int64_t count;
    bool same_shape;
} operands;

static void operand_pair(const operands *o, int64_t i, int64_t *x, int64_t *y)
{
    *x = o->same_shape ? i : broadcast_index(o->x, o->z, i);
    *y = o->same_shape ? i : broadcast_index(o->y, o->z, i);
}

static void apply_floats(const binary_functions *f, const operands *o)
{
    stepc_dtype dtype = stepc_tensor_dtype(o->z);
    const void *x = stepc_tensor_data(o->x), *y = stepc_tensor_data(o->y);
    void *z = stepc_tensor_data(o->z);

    for (int64_t i = 0; i < o->count; i++) {
        int64_t xi, yi;
        double value;

        operand_pair(o, i, &xi, &yi);
        value = f->f64(load_f64(dtype, x, xi), load_f64(dtype, y, yi));
        if (f->f64_then)
            value = f->f64_then(round_to_dtype(dtype, value));
        store_f64(dtype, z, i, value);
    }
}

static bool apply_signed(const binary_functions *f, const operands *o)
{
    stepc_dtype dtype = stepc_tensor_dtype(o->z);
    const void *x = stepc_tensor_data(o->x), *y = stepc_tensor_data(o->y);
    void *z = stepc_tensor_data(o->z);

    for (int64_t i = 0; i < o->count; i++) {
        int64_t xi, yi, divisor;

        operand_pair(o, i, &xi, &yi);
        divisor = load_i64(dtype, y, yi);
        if (f->divides && divisor == 0)
            return false;
        store_i64(dtype, z, i, f->i64(load_i64(dtype, x, xi), divisor));
    }
    return true;
}

static bool apply_unsigned(const binary_functions *f, const operands *o)
{
    stepc_dtype dtype = stepc_tensor_dtype(o->z);
    const void *x = stepc_tensor_data(o->x), *y = stepc_tensor_data(o->y);
    void *z = stepc_tensor_data(o->z);

    for (int64_t i = 0; i < o->count; i++) {
        int64_t xi, yi;
        uint64_t divisor;

        operand_pair(o, i, &xi, &yi);
        divisor = load_u64(dtype, y, yi);
        if (f->divides && divisor == 0)
            return false;
        store_u64(dtype, z, i, f->u64(load_u64(dtype, x, xi), divisor));
    }
    return true;
}

static void apply_complex(const binary_functions *f, const operands *o)
{
    stepc_dtype dtype = stepc_tensor_dtype(o->z);
    const void *x = stepc_tensor_data(o->x), *y = stepc_tensor_data(o->y);
    void *z = stepc_tensor_data(o->z);

    for (int64_t i = 0; i < o->count; i++) {
        int64_t xi, yi;

        operand_pair(o, i, &xi, &yi);
        store_c128(dtype, z, i, f->c128(load_c128(dtype, x, xi), load_c128(dtype, y, yi)));
    }
}

/* Add on strings concatenates. */
static stepc_code concatenate_strings(const stepc_host *host, const operands *o, stepc_error *error)
{
    const stepc_string *x = stepc_tensor_data(o->x), *y = stepc_tensor_data(o->y);

    for (int64_t i = 0; i < o->count; i++) {
        int64_t xi, yi;
        size_t size;
        char *both;
        stepc_code code;

        operand_pair(o, i, &xi, &yi);
        if (!checked_add_size(x[xi].size, y[yi].size, &size) || size == SIZE_MAX)
            return error_out_of_memory(error, "concatenating strings");
        both = host_alloc(host, size + 1);
        if (!both)
            return error_out_of_memory(error, "concatenating strings");
        if (x[xi].size > 0)
            memcpy(both, x[xi].data, x[xi].size);
        if (y[yi].size > 0)
            memcpy(both + x[xi].size, y[yi].data, y[yi].size);
        code = stepc_tensor_set_string(o->z, i, (stepc_string){both, size}, error);
        host_free(host, both, size + 1);
        if (code != STEPC_OK)
            return code;
    }
    return STEPC_OK;
}

static stepc_code apply(const stepc_host *host, const binary_functions *f, const operands *o, stepc_error *error)
{
    stepc_dtype dtype = stepc_tensor_dtype(o->z);
    bool divided = true;

    switch (dtype_carrier_of(dtype)) {
    case CARRIER_F64:
        if (!f->f64)
            return kernel_unsupported(error, f->name, dtype);
        apply_floats(f, o);
        return STEPC_OK;
    case CARRIER_I64:
        if (!f->i64)
            return kernel_unsupported(error, f->name, dtype);
        divided = apply_signed(f, o);
        break;
    case CARRIER_U64:
        if (dtype == STEPC_BOOL || !f->u64)
            return kernel_unsupported(error, f->name, dtype);
        divided = apply_unsigned(f, o);
        break;
    case CARRIER_C128:
        if (!f->c128)
            return kernel_unsupported(error, f->name, dtype);
        apply_complex(f, o);
        return STEPC_OK;
    case CARRIER_NONE:
        if (dtype == STEPC_STRING && f->f64 == f64_add)
            return concatenate_strings(host, o, error);
        return kernel_unsupported(error, f->name, dtype);
    }
    return divided ? STEPC_OK : error_set(error, STEPC_INVALID_ARGUMENT, "Integer division by zero");
}

stepc_code binary_apply(const stepc_host *host, const char *operator_type, stepc_tensor *x, stepc_tensor *y,
                        stepc_tensor **out, stepc_error *error)
{
    const binary_functions *f = binary_find(operator_type);
    operands o = {x, y, NULL, 0, false};
    stepc_code code;

    *out = NULL;
    if (!f)
        return error_set(error, STEPC_INTERNAL, "%s has no scalar functions", operator_type);
    if (stepc_tensor_dtype(x) != stepc_tensor_dtype(y))
        return error_set(error, STEPC_INVALID_ARGUMENT, "%s: operands of different types %s and %s", operator_type,
                         stepc_dtype_name(stepc_tensor_dtype(x)), stepc_dtype_name(stepc_tensor_dtype(y)));
    code = broadcast_output(host, x, y, stepc_tensor_dtype(x), &o.z, error);
    if (code != STEPC_OK)
        return code;
    o.count = stepc_tensor_length(o.z);
    o.same_shape = tensor_same_shape(x, y);
    code = apply(host, f, &o, error);
    if (code != STEPC_OK) {
        stepc_tensor_release(o.z);
        return code;
    }
    *out = o.z;
    return STEPC_OK;
}

stepc_code kernel_binary(kernel_context *k)
{
    return binary_apply(k->host, k->op->type.data, k->inputs[0], k->inputs[1], &k->outputs[0], k->error);
}

/* Integers have no negative powers. */
stepc_code kernel_pow(kernel_context *k)
{
    const stepc_tensor *y = k->inputs[1];
    stepc_dtype dtype = stepc_tensor_dtype(y);

    for (int64_t i = 0; dtype_carrier_of(dtype) == CARRIER_I64 && i < stepc_tensor_length(y); i++) {
        if (load_i64(dtype, stepc_tensor_data(y), i) < 0)
            return error_set(k->error, STEPC_INVALID_ARGUMENT,
                             "Integers to negative integer powers are not allowed");
    }
    return kernel_binary(k);
}
