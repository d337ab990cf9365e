/* SPDX-License-Identifier: Apache-2.0 */
/* The elementary functions as operators of TensorFlow. */
#ifndef TESTS_NUMBERS_GRAPH_FUNCTIONS_H
#define TESTS_NUMBERS_GRAPH_FUNCTIONS_H

/* X(operator, witness of tests/unit/support/functions.h, bound in ULP of the default mode, of --exact, what counts as no error
 * in float64). Of --exact: what is rounded once from an accurate scalar; more where an operator has several steps. Softplus is
 * there exp(x) below a threshold of TensorFlow's, at which that is wrong by 7.3 ULP; the witness of Digamma
 * is itself wrong by some 0.03 ULP of double.
 * graph_functions.sh reads the names from these lines. */
#define UNARY_OPERATORS(X) \
    X(Exp, exp, 2, 0.51, 0) \
    X(Expm1, expm1, 2, 0.51, 0) \
    X(Log, log, 2, 0.51, 0) \
    X(Log1p, log1p, 2, 0.51, 0) \
    X(Tanh, tanh, 2, 0.51, 0) \
    X(Sigmoid, witness_sigmoid, 2, 0.51, 0) \
    X(Softplus, witness_softplus, 2, 7.5, 0) \
    X(Softsign, witness_softsign, 2, 2, 0) \
    X(Sin, sin, 2, 0.51, 0) \
    X(Cos, cos, 2, 0.51, 0) \
    X(Tan, tan, 2, 0.51, 0) \
    X(Asin, asin, 2, 0.51, 0) \
    X(Acos, acos, 2, 0.51, 0) \
    X(Atan, atan, 2, 0.51, 0) \
    X(Sinh, sinh, 2, 0.51, 0) \
    X(Cosh, cosh, 2, 0.51, 0) \
    X(Asinh, asinh, 2, 0.51, 0) \
    X(Acosh, witness_acosh, 2, 0.51, 0) \
    X(Atanh, atanh, 2, 0.51, 0) \
    X(Rsqrt, witness_rsqrt, 2, 2, 0) \
    X(Sqrt, sqrt, 0.5, 0.5, 0) \
    X(Erf, erf, 2, 0.51, 0) \
    X(Erfc, erfc, 2, 0.51, 0) \
    X(Erfinv, witness_erfinv, 2, 0.51, 0) \
    X(Ndtri, witness_ndtri, 2, 0.51, 0) \
    X(Lgamma, lgamma, 2, 0.51, 0x1p-59) \
    X(Digamma, witness_digamma, 2, 0.55, 0x1p-59) \
    X(Floor, floor, 0, 0, 0) \
    X(Ceil, ceil, 0, 0, 0) \
    X(Rint, rint, 0, 0, 0)

#define BINARY_OPERATORS(X) \
    X(Pow, pow, 2, 0.51, 0) \
    X(Atan2, atan2, 2, 0.51, 0) \
    X(Mod, fmod, 0, 0, 0)

#endif
