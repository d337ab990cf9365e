/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on floats that are made of several steps: activations, their gradients, remainders. Every step is rounded
 * as TensorFlow's functors round it: to float64 for float64, to float32 for all others; half and bfloat16 are rounded
 * once more at the end. */
#include "runtime/ops/kernels.h"

#include "runtime/core/scalar.h"
#include "runtime/ops/complex_math.h"

#include <string.h>

typedef struct steps {
    stepc_dtype work; /* of every step */
    double alpha;     /* LeakyRelu */
} steps;

typedef double (*step_function)(const steps *s, double x, double y);

/* One step's result. */
static double r(const steps *s, double value)
{
    return round_to_dtype(s->work, value);
}

static double magnitude(double x)
{
    return x < 0 ? -x : x;
}

#define SELU_SCALE       1.0507009873554805
#define SELU_SCALE_ALPHA 1.7580993408473769

/* ---- activations; Y is not used ---- */

static double elu(const steps *s, double x, double y)
{
    (void)y;
    return x < 0 ? r(s, scalar_expm1(x)) : x;
}

static double selu(const steps *s, double x, double y)
{
    (void)y;
    return x < 0 ? r(s, r(s, SELU_SCALE_ALPHA) * r(s, scalar_expm1(x))) : r(s, r(s, SELU_SCALE) * x);
}

static double leaky_relu(const steps *s, double x, double y)
{
    (void)y;
    return x > 0 ? x : r(s, s->alpha * x);
}

/* log(1 + exp(x)); beyond the threshold -log(epsilon) - 2 one of the two has no effect. */
static double softplus(const steps *s, double x, double y)
{
    double threshold = r(s, s->work == STEPC_FLOAT64 ? 34.04365338911715 : 13.942385150);
    double e = r(s, scalar_exp(x));

    (void)y;
    return threshold < x ? x : x < -threshold ? e : r(s, scalar_log1p(e));
}

static double softsign(const steps *s, double x, double y)
{
    (void)y;
    return r(s, x / r(s, 1 + magnitude(x)));
}

static double rsqrt(const steps *s, double x, double y)
{
    (void)y;
    return r(s, 1 / r(s, scalar_sqrt(x)));
}

/* ---- two operands ---- */

static double squared_difference(const steps *s, double x, double y)
{
    double d = r(s, x - y);

    return r(s, d * d);
}

static double floor_mod(const steps *s, double x, double y)
{
    double rest = scalar_fmod(x, y);

    return rest != 0 && (rest < 0) != (y < 0) ? r(s, rest + y) : rest;
}

static double xlogy(const steps *s, double x, double y)
{
    return x == 0 ? 0 : r(s, x * r(s, scalar_log(y)));
}

static double xlog1py(const steps *s, double x, double y)
{
    return x == 0 ? 0 : r(s, x * r(s, scalar_log1p(y)));
}

/* ---- gradients: G with the features or outputs F ---- */

static double elu_grad(const steps *s, double g, double f)
{
    return f < 0 ? r(s, r(s, f + 1) * g) : g;
}

static double selu_grad(const steps *s, double g, double f)
{
    return f < 0 ? r(s, r(s, f + r(s, SELU_SCALE_ALPHA)) * g) : r(s, r(s, SELU_SCALE) * g);
}

static double leaky_relu_grad(const steps *s, double g, double f)
{
    return f > 0 ? g : r(s, s->alpha * g);
}

static double softplus_grad(const steps *s, double g, double f)
{
    return r(s, g / r(s, r(s, scalar_exp(-f)) + 1));
}

static double softsign_grad(const steps *s, double g, double f)
{
    double a = r(s, 1 + magnitude(f));

    return r(s, g / r(s, a * a));
}

/* ---- gradients: output Y first, then DY ---- */

static double sigmoid_grad(const steps *s, double y, double dy)
{
    return r(s, r(s, dy * y) * r(s, 1 - y));
}

static double tanh_grad(const steps *s, double y, double dy)
{
    return r(s, dy * r(s, 1 - r(s, y * y)));
}

static double sqrt_grad(const steps *s, double y, double dy)
{
    return r(s, r(s, dy * 0.5) / y);
}

static double rsqrt_grad(const steps *s, double y, double dy)
{
    return r(s, r(s, dy * -0.5) * r(s, r(s, y * y) * y));
}

static double reciprocal_grad(const steps *s, double y, double dy)
{
    return r(s, -dy * r(s, y * y));
}

static const struct {
    const char *name;
    step_function f;
} step_table[] = {
    {"Elu", elu},
    {"EluGrad", elu_grad},
    {"FloorMod", floor_mod},
    {"InvGrad", reciprocal_grad},
    {"LeakyRelu", leaky_relu},
    {"LeakyReluGrad", leaky_relu_grad},
    {"ReciprocalGrad", reciprocal_grad},
    {"Rsqrt", rsqrt},
    {"RsqrtGrad", rsqrt_grad},
    {"Selu", selu},
    {"SeluGrad", selu_grad},
    {"SigmoidGrad", sigmoid_grad},
    {"Softplus", softplus},
    {"SoftplusGrad", softplus_grad},
    {"Softsign", softsign},
    {"SoftsignGrad", softsign_grad},
    {"SqrtGrad", sqrt_grad},
    {"SquaredDifference", squared_difference},
    {"TanhGrad", tanh_grad},
    {"Xlog1py", xlog1py},
    {"Xlogy", xlogy},
};

static step_function step_find(const char *name)
{
    for (size_t i = 0; i < sizeof step_table / sizeof step_table[0]; i++) {
        if (strcmp(step_table[i].name, name) == 0)
            return step_table[i].f;
    }
    return NULL;
}

bool steps_has(const char *operator_type)
{
    return step_find(operator_type) != NULL;
}

stepc_code kernel_steps(kernel_context *k)
{
    step_function f = step_find(k->op->type.data);
    stepc_tensor *x = k->inputs[0], *y = k->inputs[k->input_count - 1], *z;
    stepc_dtype dtype = stepc_tensor_dtype(x);
    steps s = {dtype == STEPC_FLOAT64 ? STEPC_FLOAT64 : STEPC_FLOAT32, 0};
    stepc_code code;

    if (dtype_is_complex(dtype) && k->input_count == 1)
        return kernel_unary(k);
    if (!dtype_is_float(dtype))
        return binary_has(k->op->type.data) ? kernel_binary(k)
                                            : kernel_unsupported(k->error, k->op->type.data, dtype);
    if (!f)
        return error_set(k->error, STEPC_INTERNAL, "%s has no steps", k->op->type.data);
    s.alpha = round_to_dtype(dtype, (double)operation_float(k->op, "alpha", 0.2F));
    code = broadcast_output(k->host, x, y, dtype, &k->outputs[0], k->error);
    if (code != STEPC_OK)
        return code;
    z = k->outputs[0];
    for (int64_t i = 0; i < stepc_tensor_length(z); i++)
        store_f64(dtype, stepc_tensor_data(z), i,
                  f(&s, load_f64(dtype, stepc_tensor_data(x), broadcast_index(x, z, i)),
                    load_f64(dtype, stepc_tensor_data(y), broadcast_index(y, z, i))));
    return STEPC_OK;
}

/* ---- Reciprocal, also of integers ---- */

stepc_code kernel_reciprocal(kernel_context *k)
{
    stepc_tensor *x = k->inputs[0], *y;
    stepc_dtype dtype = stepc_tensor_dtype(x);
    stepc_code code = kernel_output(k, 0, dtype, stepc_tensor_dims(x), stepc_tensor_rank(x), &y);

    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(x); i++) {
        if (dtype_is_float(dtype)) {
            store_f64(dtype, stepc_tensor_data(y), i, 1 / load_f64(dtype, stepc_tensor_data(x), i));
        } else if (dtype_carrier_of(dtype) == CARRIER_I64) {
            int64_t value = load_i64(dtype, stepc_tensor_data(x), i);

            if (value == 0)
                return error_set(k->error, STEPC_INVALID_ARGUMENT, "Integer division by zero");
            store_i64(dtype, stepc_tensor_data(y), i, value == 1 || value == -1 ? value : 0);
        } else if (dtype_is_complex(dtype)) {
            store_c128(dtype, stepc_tensor_data(y), i, complex_reciprocal(load_c128(dtype, stepc_tensor_data(x), i)));
        } else {
            return kernel_unsupported(k->error, k->op->type.data, dtype);
        }
    }
    return code;
}
