/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ops/complex_math.h"

#include "runtime/core/scalar.h"

#include <math.h>

static complex_value make(double re, double im) { return (complex_value){re, im}; }

static double absolute(double x) { return x < 0 ? -x : x; }

/* The magnitude of X with Y's sign, that of zeros too. */
static double with_sign(double x, double y) { return (y < 0 || (y == 0 && 1 / y < 0)) != (x < 0) ? -x : x; }

double complex_abs(complex_value z)
{
    double a = absolute(z.re), b = absolute(z.im), most = a > b ? a : b, scale = 1;

    if (most > 0x1.fffffffffffffp1023)
        return most;
    if (a != a || b != b)
        return a + b;
    if (most > 0x1p500)
        scale = 0x1p-600;
    else if (most < 0x1p-400)
        scale = 0x1p600;
    a *= scale;
    b *= scale;
    return scalar_sqrt(a * a + b * b) / scale;
}

complex_value complex_mul(complex_value x, complex_value y)
{
    return make(x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re);
}

/* Smith's method: no overflow in between when the quotient is in range. */
complex_value complex_div(complex_value x, complex_value y)
{
    double ratio, divisor;

    if (absolute(y.re) >= absolute(y.im)) {
        ratio = y.im / y.re;
        divisor = y.re + y.im * ratio;
        return make((x.re + x.im * ratio) / divisor, (x.im - x.re * ratio) / divisor);
    }
    ratio = y.re / y.im;
    divisor = y.im + y.re * ratio;
    return make((x.re * ratio + x.im) / divisor, (x.im * ratio - x.re) / divisor);
}

/* ---- exponentials and logarithms ------------------------------------------------------------------ */

complex_value complex_exp(complex_value z)
{
    double half;

    if (z.im == 0)
        return make(scalar_exp(z.re), z.im);
    if (z.re > 700 && z.re < 1500) { /* the parts may be in range where the magnitude is not */
        half = scalar_exp(z.re * 0.5);
        return make(half * scalar_cos(z.im) * half, half * scalar_sin(z.im) * half);
    }
    half = scalar_exp(z.re);
    return half == 0 ? make(0, 0) : make(half * scalar_cos(z.im), half * scalar_sin(z.im));
}

complex_value complex_expm1(complex_value z)
{
    double s = scalar_sin(z.im * 0.5);

    if (absolute(z.re) > 1)
        return make(complex_exp(z).re - 1, complex_exp(z).im);
    return make(scalar_expm1(z.re) * scalar_cos(z.im) - 2 * s * s, z.im == 0 ? z.im : scalar_exp(z.re) * scalar_sin(z.im));
}

complex_value complex_log(complex_value z)
{
    double a = absolute(z.re), b = absolute(z.im), angle = scalar_atan2(z.im, z.re), t;

    if (a < b) {
        t = a;
        a = b;
        b = t;
    }
    if (a > 0.5 && a < 1.5) /* the magnitude may be near 1 */
        return make(0.5 * scalar_log1p((a - 1) * (a + 1) + b * b), angle);
    if (a > 0x1p1022 && a <= 0x1.fffffffffffffp1023)
        return make(scalar_log(complex_abs(make(a * 0.25, b * 0.25))) + 1.3862943611198906, angle);
    return make(scalar_log(complex_abs(z)), angle);
}

complex_value complex_log1p(complex_value z)
{
    double angle = scalar_atan2(z.im, 1 + z.re), sum = z.re * (2 + z.re) + z.im * z.im;

    if (absolute(z.re) > 0x1p100 || absolute(z.im) > 0x1p100)
        return complex_log(z);
    return make(0.5 * scalar_log1p(sum < -1 ? -1 : sum), angle);
}

complex_value complex_pow(complex_value x, complex_value y)
{
    if (y.re == 0 && y.im == 0)
        return make(1, 0);
    if (x.re == 0 && x.im == 0)
        return y.re > 0 ? make(0, 0) : make((double)NAN, (double)NAN);
    if (y.im == 0 && y.re == 1)
        return x;
    if (y.im == 0 && y.re == 2)
        return complex_mul(x, x);
    return complex_exp(complex_mul(y, complex_log(x)));
}

/* ---- roots and quotients ---------------------------------------------------------------------------- */

complex_value complex_sqrt(complex_value z)
{
    double a = absolute(z.re), scale = 1, t;

    if (z.re == 0 && z.im == 0)
        return make(0, z.im);
    if (absolute(z.im) > 0x1.fffffffffffffp1023)
        return make((double)INFINITY, z.im);
    if (a > 0x1.fffffffffffffp1023)
        return z.re > 0 ? make(z.re, z.im != z.im ? z.im : with_sign(0, z.im))
                        : make(z.im != z.im ? z.im : 0, with_sign(a, z.im));
    if (a > 0x1p1000 || absolute(z.im) > 0x1p1000) {
        z = make(z.re * 0x1p-100, z.im * 0x1p-100);
        scale = 0x1p50;
    } else if (a < 0x1p-960 && absolute(z.im) < 0x1p-960) {
        z = make(z.re * 0x1p200, z.im * 0x1p200);
        scale = 0x1p-100;
    }
    t = scalar_sqrt((absolute(z.re) + complex_abs(z)) * 0.5);
    if (z.re >= 0)
        return make(t * scale, z.im / (2 * t) * scale);
    return make(absolute(z.im) / (2 * t) * scale, with_sign(t, z.im) * scale);
}

complex_value complex_reciprocal(complex_value z) { return complex_div(make(1, 0), z); }

complex_value complex_rsqrt(complex_value z) { return complex_reciprocal(complex_sqrt(z)); }

complex_value complex_sigmoid(complex_value z)
{
    complex_value e = complex_exp(z.re < 0 ? z : make(-z.re, -z.im)), one = {1, 0};

    return complex_div(z.re < 0 ? e : one, make(1 + e.re, e.im));
}

complex_value complex_sign(complex_value z)
{
    double size = complex_abs(z);

    return size == 0 ? make(0, 0) : make(z.re / size, z.im / size);
}

/* ---- circular and hyperbolic functions ------------------------------------------------------------------ */

/* A product that is 0 where the first factor is, though the second be infinite. */
static double part(double zero, double x) { return zero == 0 ? zero : zero * x; }

complex_value complex_sinh(complex_value z)
{
    return make(part(scalar_cos(z.im), scalar_sinh(z.re)), part(scalar_sin(z.im), scalar_cosh(z.re)));
}

complex_value complex_cosh(complex_value z)
{
    return make(part(scalar_cos(z.im), scalar_cosh(z.re)), part(scalar_sin(z.im), scalar_sinh(z.re)));
}

/* Kahan's formula. */
complex_value complex_tanh(complex_value z)
{
    double t = scalar_tan(z.im), b = 1 + t * t, s, r;

    if (absolute(z.re) > 22)
        return make(with_sign(1, z.re),
                    4 * scalar_sin(z.im) * scalar_cos(z.im) * scalar_exp(-2 * absolute(z.re)));
    s = scalar_sinh(z.re);
    r = scalar_sqrt(1 + s * s);
    return make(b * r * s / (1 + b * s * s), t / (1 + b * s * s));
}

complex_value complex_sin(complex_value z)
{
    complex_value w = complex_sinh(make(-z.im, z.re));

    return make(w.im, -w.re);
}

complex_value complex_cos(complex_value z) { return complex_cosh(make(-z.im, z.re)); }

complex_value complex_tan(complex_value z)
{
    complex_value w = complex_tanh(make(-z.im, z.re));

    return make(w.im, -w.re);
}

/* ---- their inverses: Kahan, "Branch cuts for complex elementary functions" --------------------------------- */

complex_value complex_asin(complex_value z)
{
    complex_value below = complex_sqrt(make(1 - z.re, -z.im)), above = complex_sqrt(make(1 + z.re, z.im));

    return make(scalar_atan2(z.re, below.re * above.re - below.im * above.im),
                scalar_asinh(below.re * above.im - below.im * above.re));
}

complex_value complex_acos(complex_value z)
{
    complex_value below = complex_sqrt(make(1 - z.re, -z.im)), above = complex_sqrt(make(1 + z.re, z.im));

    return make(2 * scalar_atan2(below.re, above.re), scalar_asinh(above.re * below.im - above.im * below.re));
}

complex_value complex_acosh(complex_value z)
{
    complex_value below = complex_sqrt(make(z.re - 1, z.im)), above = complex_sqrt(make(z.re + 1, z.im));

    return make(scalar_asinh(below.re * above.re + below.im * above.im), 2 * scalar_atan2(below.im, above.re));
}

complex_value complex_asinh(complex_value z)
{
    complex_value w = complex_asin(make(-z.im, z.re));

    return make(w.im, -w.re);
}

complex_value complex_atanh(complex_value z)
{
    double a = 1 - z.re, square = a * a + z.im * z.im, angle;

    if (absolute(z.re) > 0x1p500 || absolute(z.im) > 0x1p500)
        return make(complex_reciprocal(z).re, with_sign(1.5707963267948966, z.im));
    angle = 0.5 * scalar_atan2(2 * z.im, a * (1 + z.re) - z.im * z.im);
    return make(0.25 * scalar_log1p(4 * z.re / square), angle);
}

complex_value complex_atan(complex_value z)
{
    complex_value w = complex_atanh(make(-z.im, z.re));

    return make(w.im, -w.re);
}
