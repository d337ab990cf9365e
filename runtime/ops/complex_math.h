/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of complex numbers, in pairs of doubles: to a few ULP of the number's magnitude, with C's branch cuts. */
#ifndef RUNTIME_OPS_COMPLEX_MATH_H
#define RUNTIME_OPS_COMPLEX_MATH_H

#include "runtime/core/dtype.h"

double complex_abs(complex_value z); /* without overflow in between */
complex_value complex_mul(complex_value x, complex_value y);
complex_value complex_div(complex_value x, complex_value y);
complex_value complex_exp(complex_value z);
complex_value complex_expm1(complex_value z);
complex_value complex_log(complex_value z);
complex_value complex_log1p(complex_value z);
complex_value complex_sqrt(complex_value z);
complex_value complex_rsqrt(complex_value z);
complex_value complex_reciprocal(complex_value z);
complex_value complex_sigmoid(complex_value z);
complex_value complex_sign(complex_value z);
complex_value complex_sin(complex_value z);
complex_value complex_cos(complex_value z);
complex_value complex_tan(complex_value z);
complex_value complex_sinh(complex_value z);
complex_value complex_cosh(complex_value z);
complex_value complex_tanh(complex_value z);
complex_value complex_asin(complex_value z);
complex_value complex_acos(complex_value z);
complex_value complex_atan(complex_value z);
complex_value complex_asinh(complex_value z);
complex_value complex_acosh(complex_value z);
complex_value complex_atanh(complex_value z);
complex_value complex_pow(complex_value x, complex_value y);

#endif
