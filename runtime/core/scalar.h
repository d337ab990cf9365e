/* SPDX-License-Identifier: 0BSD */
/* Accurate scalar mathematics: one function per transcendental, the same bits on every
 * target (no libm, no fenv, no contraction). The reference kernels, constant folding and
 * the text that --exact emits use these and nothing else.
 *
 * Bounds, in ULP of double against MPFR, are stated with each function's definition;
 * those of one argument give the correctly rounded float32 when rounded once more: where the nearest double
 * would be a tie of two float32, they give the next one on the exact result's side, off by at most 1 ULP
 * (dd_round). */
#ifndef RUNTIME_CORE_SCALAR_H
#define RUNTIME_CORE_SCALAR_H

double scalar_exp(double x);
double scalar_log(double x);
double scalar_log1p(double x);
double scalar_expm1(double x);
double scalar_sin(double x);
double scalar_cos(double x);
double scalar_tanh(double x);
double scalar_sigmoid(double x); /* 1 / (1 + exp(-x)); 0 and 1 at the ends, never NaN but for NaN */
double scalar_tan(double x);
double scalar_asin(double x);
double scalar_acos(double x);
double scalar_atan(double x);
double scalar_atan2(double y, double x);
double scalar_sinh(double x);
double scalar_cosh(double x);
double scalar_asinh(double x);
double scalar_acosh(double x);
double scalar_atanh(double x);
double scalar_erf(double x);
double scalar_erfc(double x);
double scalar_lgamma(double x);  /* log(abs(gamma(x))) */
double scalar_digamma(double x); /* its derivative */
double scalar_erfinv(double x);
double scalar_ndtri(double p);   /* the quantile of the normal distribution */
double scalar_zeta(double s, double q); /* Hurwitz: the sum of (q + k)^-s, k = 0, 1, ... */
double scalar_polygamma(double n, double x); /* the n-th derivative of digamma */
double scalar_igamma(double a, double x);  /* the incomplete gamma functions over gamma(a) */
double scalar_igammac(double a, double x);
double scalar_betainc(double a, double b, double x);
double scalar_bessel_i0(double x);  /* the modified Bessel functions */
double scalar_bessel_i1(double x);
double scalar_bessel_i0e(double x); /* exp(-abs(x)) times them */
double scalar_bessel_i1e(double x);
double scalar_log_sum(double x, double y); /* log(exp(x) + exp(y)) */
double scalar_pow(double x, double y); /* all special cases as in C */
double scalar_sqrt(double x);    /* correctly rounded */
double scalar_floor(double x);
double scalar_ceil(double x);
double scalar_trunc(double x);
double scalar_round_even(double x);
double scalar_fmod(double x, double y);

#endif
