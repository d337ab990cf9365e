/* SPDX-License-Identifier: Apache-2.0 */
/* Special functions of several operands: Zeta, Polygamma, Igamma, Igammac, Betainc; and NextAfter. All run in double, to
 * about 1e-12, and are rounded once. */
#include "runtime/core/scalar.h"
#include "runtime/ops/kernels.h"

#include <math.h>
#include <string.h>

#define EPSILON 0x1p-54

static double absolute(double x) { return x < 0 ? -x : x; }

/* ---- Hurwitz's zeta function ------------------------------------------------------------------ */

/* Sum of (q + k)^-x over k = 0, 1, ... for x > 1, q > 0: the first terms, and Euler's and Maclaurin's formula. */
static double zeta_positive(double x, double q)
{
    static const double bernoulli[12] = { /* B(2k) / (2k)! */
        1.0 / 12,
        -1.0 / 720,
        1.0 / 30240,
        -1.0 / 1209600,
        1.0 / 47900160,
        -691.0 / 1307674368000,
        1.0 / 74724249600,
        -3617.0 / 10670622842880000,
        43867.0 / 5109094217170944000,
        -174611.0 / 802857662698291200000.0,
        77683.0 / 14101100039391805440000.0,
        -236364091.0 / 1693824136731743669452800000.0,
    };
    double sum = 0, term, w = q, factor;

    for (int i = 0; i < 12 || w < 12; i++) {
        term = scalar_pow(w, -x);
        sum += term;
        w += 1;
        if (term < sum * EPSILON)
            return sum;
    }
    term = scalar_pow(w, -x);
    sum += w * term / (x - 1) + term / 2;
    factor = x * term / w;
    for (int k = 0; k < 12; k++) {
        sum += bernoulli[k] * factor;
        factor *= (x + 2 * k + 1) * (x + 2 * k + 2) / (w * w);
    }
    return sum;
}

static double zeta(double x, double q)
{
    double a, fraction, below;

    if (x != x || q != q || x < 1)
        return (double)NAN;
    if (x == 1)
        return (double)INFINITY;
    if (q > 0)
        return q > 0x1p1000 || x > 0x1p1000 ? (q > 1 ? 0 : q == 1 ? 1 : (double)INFINITY) : zeta_positive(x, q);
    if (scalar_floor(q) == q)
        return scalar_fmod(x, 2) == 0 ? (double)INFINITY : (double)NAN;
    if (scalar_floor(x) != x)
        return (double)NAN;
    /* The terms below 0 are those of a positive argument, backwards. */
    a = -q;
    fraction = a - scalar_floor(a);
    below = zeta_positive(x, fraction) - zeta_positive(x, 1 + a);
    return (scalar_fmod(x, 2) == 0 ? below : -below) + zeta_positive(x, 1 - fraction);
}

/* The N-th derivative of digamma at X. */
static double polygamma(double n, double x)
{
    double value;

    if (n != n || x != x || scalar_floor(n) != n || n < 0)
        return (double)NAN;
    if (n == 0)
        return scalar_digamma(x);
    value = scalar_exp(scalar_lgamma(n + 1)) * zeta(n + 1, x);
    return scalar_fmod(n, 2) == 0 ? -value : value;
}

/* ---- incomplete gamma functions ---------------------------------------------------------------- */

/* x^a exp(-x) / gamma(a) */
static double gamma_density(double a, double x) { return scalar_exp(a * scalar_log(x) - x - scalar_lgamma(a)); }

/* For x < a + 1, by the power series; less than 10 sqrt(a) terms and some. */
static double igamma_series(double a, double x)
{
    double term = 1 / a, sum = term;

    for (double n = a + 1; term > sum * EPSILON; n += 1) {
        term *= x / n;
        sum += term;
    }
    return sum * gamma_density(a, x);
}

/* For x > a + 1, by the continued fraction (Lentz). */
static double igammac_fraction(double a, double x)
{
    double b = x + 1 - a, c = 1e300, d = 1 / b, h = d, delta = 0;

    for (int i = 1; i < 100000 && absolute(delta - 1) > EPSILON * 4; i++) {
        double n = -i * (i - a);

        b += 2;
        d = n * d + b;
        d = 1 / (d == 0 ? 1e-300 : d);
        c = b + n / c;
        c = c == 0 ? 1e-300 : c;
        delta = d * c;
        h *= delta;
    }
    return h * gamma_density(a, x);
}

/* The upper function for large a, by Temme's expansion to its first term: error about 1 / a^1.5. */
static double igammac_large(double a, double x)
{
    double m = (x - a) / a, square = absolute(m) < 1e-3 ? m * m * (0.5 - m * (1.0 / 3 - m * (0.25 - m * 0.2)))
                                                        : m - scalar_log1p(m);
    double eta = scalar_sqrt(2 * square), rest;

    eta = m < 0 ? -eta : eta;
    rest = absolute(m) < 1e-3 ? -1.0 / 3 + eta / 12 : 1 / m - 1 / eta;
    return 0.5 * scalar_erfc(eta * scalar_sqrt(a / 2)) +
           scalar_exp(-a * square) / scalar_sqrt(6.283185307179586 * a) * rest;
}

#define GAMMA_LARGE 1e6

static double igamma(double a, double x)
{
    if (a != a || x != x || x < 0 || a <= 0 || a > 0x1p1000)
        return (double)NAN;
    if (x == 0 || x > 0x1p1000)
        return x == 0 ? 0 : 1;
    if (a > GAMMA_LARGE)
        return 1 - igammac_large(a, x);
    return x < a + 1 ? igamma_series(a, x) : 1 - igammac_fraction(a, x);
}

static double igammac(double a, double x)
{
    if (a != a || x != x || x < 0 || a <= 0 || a > 0x1p1000)
        return (double)NAN;
    if (x == 0 || x > 0x1p1000)
        return x == 0 ? 1 : 0;
    if (a > GAMMA_LARGE)
        return igammac_large(a, x);
    return x < a + 1 ? 1 - igamma_series(a, x) : igammac_fraction(a, x);
}

/* ---- incomplete beta function -------------------------------------------------------------------- */

/* The continued fraction (Lentz), for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    double c = 1, d = 1 - (a + b) * x / (a + 1), h, delta = 0;

    d = 1 / (d == 0 ? 1e-300 : d);
    h = d;
    for (int m = 1; m < 100000 && absolute(delta - 1) > EPSILON * 4; m++) {
        double n = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));

        for (int odd = 0; odd < 2; odd++) {
            d = 1 + n * d;
            d = 1 / (d == 0 ? 1e-300 : d);
            c = 1 + n / c;
            c = c == 0 ? 1e-300 : c;
            delta = d * c;
            h *= delta;
            n = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        }
    }
    return h;
}

static double betainc(double a, double b, double x)
{
    double front;

    if (!(a > 0) || !(b > 0) || a > 0x1p1000 || b > 0x1p1000 || !(x >= 0) || !(x <= 1))
        return (double)NAN;
    if (x == 0 || x == 1)
        return x;
    front = scalar_exp(a * scalar_log(x) + b * scalar_log1p(-x) + scalar_lgamma(a + b) - scalar_lgamma(a) -
                       scalar_lgamma(b));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

static stepc_code kernel_betainc(kernel_context *k)
{
    static const char names[] = "abx";
    stepc_dtype dtype = stepc_tensor_dtype(k->inputs[0]);
    const stepc_tensor *shape = k->inputs[0];
    char x[SHAPE_TEXT_BYTES], y[SHAPE_TEXT_BYTES];
    stepc_tensor *out;
    stepc_code code;

    for (int32_t i = 0; i < 3; i++) {
        for (int32_t j = i + 1; j < 3; j++)
            if (stepc_tensor_rank(k->inputs[i]) > 0 && stepc_tensor_rank(k->inputs[j]) > 0 &&
                !tensor_same_shape(k->inputs[i], k->inputs[j]))
                return error_set(k->error, STEPC_INVALID_ARGUMENT, "Shapes of %c and %c are inconsistent: %s vs. %s",
                                 names[i], names[j], tensor_shape_text(k->inputs[i], x),
                                 tensor_shape_text(k->inputs[j], y));
        if (stepc_tensor_rank(k->inputs[i]) > 0)
            shape = k->inputs[i];
    }
    code = kernel_output(k, 0, dtype, stepc_tensor_dims(shape), stepc_tensor_rank(shape), &out);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(out); i++) {
        double v[3];

        for (int32_t j = 0; j < 3; j++)
            v[j] = load_f64(dtype, stepc_tensor_data(k->inputs[j]), stepc_tensor_rank(k->inputs[j]) > 0 ? i : 0);
        store_f64(dtype, stepc_tensor_data(out), i, betainc(v[0], v[1], v[2]));
    }
    return code;
}

static stepc_code infer_betainc(infer_context *c)
{
    const infer_value *shape = c->inputs[0];

    for (int32_t i = 1; i < 3; i++) {
        if (c->inputs[i]->rank != 0 && shape->rank != 0)
            return c->inputs[i]->rank < 0 && shape->rank < 0 ? STEPC_OK
                                                            : infer_merge_shapes(c, shape, c->inputs[i], 0);
        shape = shape->rank == 0 ? c->inputs[i] : shape;
    }
    return infer_copy_shape(c, shape, 0);
}

/* ---- two operands -------------------------------------------------------------------------------- */

/* The neighbour of X towards Y among the numbers of DTYPE, as the integers of their bits have it. */
static double next_after(stepc_dtype dtype, double x, double y)
{
    bool wide = dtype == STEPC_FLOAT64;
    uint64_t sign = (uint64_t)1 << (wide ? 63 : 31), bits = 0;
    float narrow = (float)x;

    if (x != x || y != y || x == y)
        return x != x || y != y ? (double)NAN : y;
    if (wide)
        memcpy(&bits, &x, 8);
    else {
        uint32_t half;

        memcpy(&half, &narrow, 4);
        bits = half;
    }
    if (x == 0)
        bits = y < 0 ? sign | 1 : 1;
    else
        bits = (x < y) == (x > 0) ? bits + 1 : bits - 1;
    if (wide) {
        memcpy(&x, &bits, 8);
    } else {
        uint32_t half = (uint32_t)bits;

        memcpy(&narrow, &half, 4);
        x = (double)narrow;
    }
    return x;
}

static double apply(const char *type, stepc_dtype dtype, double x, double y)
{
    switch (type[0]) {
    case 'N':
        return next_after(dtype, x, y);
    case 'P':
        return polygamma(x, y);
    case 'Z':
        return zeta(x, y);
    default:
        return strcmp(type, "Igamma") == 0 ? igamma(x, y) : igammac(x, y);
    }
}

static stepc_code kernel_special(kernel_context *k)
{
    const stepc_tensor *x = k->inputs[0], *y = k->inputs[1], *z;
    stepc_dtype dtype = stepc_tensor_dtype(x);
    stepc_code code;

    if (!dtype_is_float(dtype))
        return kernel_unsupported(k->error, k->op->type.data, dtype);
    code = broadcast_output(k->host, x, y, dtype, &k->outputs[0], k->error);
    z = k->outputs[0];
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(z); i++)
        store_f64(dtype, stepc_tensor_data(k->outputs[0]), i,
                  apply(k->op->type.data, dtype, load_f64(dtype, stepc_tensor_data(x), broadcast_index(x, z, i)),
                        load_f64(dtype, stepc_tensor_data(y), broadcast_index(y, z, i))));
    return code;
}

static const op_row rows[] = {
    {"Betainc", infer_betainc, kernel_betainc, 0, SAMPLE_NONE, 0, 0},
    {"Igamma", infer_broadcast, kernel_special, 0, SAMPLE_NONE, 0, 0},
    {"Igammac", infer_broadcast, kernel_special, 0, SAMPLE_NONE, 0, 0},
    {"NextAfter", infer_broadcast, kernel_special, 0, SAMPLE_BINARY, 0, 0},
    {"Polygamma", infer_broadcast, kernel_special, 0, SAMPLE_NONE, 0, 0},
    {"Zeta", infer_broadcast, kernel_special, 0, SAMPLE_NONE, 0, 0},
};

const op_family ops_special = {rows, sizeof rows / sizeof rows[0]};
