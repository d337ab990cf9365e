/* SPDX-License-Identifier: Apache-2.0 */
/* glibc's libmvec and SLEEF (bound 1.0 ULP; of erfc 1.5) at the vector width of this build, by the names of
 * tests/unit/support/functions.h. Declared here with our vectors, which are passed as theirs are. PEERS_MVEC and
 * PEERS_SLEEF: is it linked? */
#ifndef TESTS_BENCH_PEERS_H
#define TESTS_BENCH_PEERS_H

#include "tests/unit/support/functions.h"

#if defined(PEERS_MVEC) && V_LANES >= 8
#define MVEC_UNARY(X) \
    X(exp) X(exp2) X(expm1) X(log) X(log1p) X(log2) X(log10) X(tanh) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(sinh) \
    X(cosh) X(asinh) X(acosh) X(atanh) X(cbrt) X(erf) X(erfc)
#define MVEC_BINARY(X) X(pow) X(atan2)
#else
#define MVEC_UNARY(X)
#define MVEC_BINARY(X)
#endif
#if defined(PEERS_SLEEF) && V_LANES >= 8
#define SLEEF_UNARY(X) \
    X(exp, u10) X(exp2, u10) X(expm1, u10) X(log, u10) X(log1p, u10) X(log2, u10) X(log10, u10) X(tanh, u10) X(sin, u10) \
    X(cos, u10) X(tan, u10) X(asin, u10) X(acos, u10) X(atan, u10) X(sinh, u10) X(cosh, u10) X(asinh, u10) X(acosh, u10) \
    X(atanh, u10) X(cbrt, u10) X(erf, u10) X(erfc, u15) X(lgamma, u10)
#define SLEEF_BINARY(X) X(pow, u10) X(atan2, u10) X(fmod, )
#else
#define SLEEF_UNARY(X)
#define SLEEF_BINARY(X)
#endif

#if V_LANES == 16
#define MVEC_F32(args, name) _ZGVeN16##args##_##name##f
#define MVEC_F64(args, name) _ZGVeN8##args##_##name
#define SLEEF_F32(name, error) Sleef_##name##f16_##error##avx512f
#define SLEEF_F64(name, error) Sleef_##name##d8_##error##avx512f
#else
#define MVEC_F32(args, name) _ZGVdN8##args##_##name##f
#define MVEC_F64(args, name) _ZGVdN4##args##_##name
#define SLEEF_F32(name, error) Sleef_##name##f8_##error##avx2
#define SLEEF_F64(name, error) Sleef_##name##d4_##error##avx2
#endif

#define DECLARE_MVEC_UNARY(name) \
    v_f32 MVEC_F32(v, name)(v_f32); \
    v_f64 MVEC_F64(v, name)(v_f64);
#define DECLARE_MVEC_BINARY(name) \
    v_f32 MVEC_F32(vv, name)(v_f32, v_f32); \
    v_f64 MVEC_F64(vv, name)(v_f64, v_f64);
#define DECLARE_SLEEF_UNARY(name, error) \
    v_f32 SLEEF_F32(name, error)(v_f32); \
    v_f64 SLEEF_F64(name, error)(v_f64);
#define DECLARE_SLEEF_BINARY(name, error) \
    v_f32 SLEEF_F32(name, error)(v_f32, v_f32); \
    v_f64 SLEEF_F64(name, error)(v_f64, v_f64);
MVEC_UNARY(DECLARE_MVEC_UNARY)
MVEC_BINARY(DECLARE_MVEC_BINARY)
SLEEF_UNARY(DECLARE_SLEEF_UNARY)
SLEEF_BINARY(DECLARE_SLEEF_BINARY)

typedef struct {
    double low, high;
} argument_range;

/* Where functions are timed: results neither overflow nor are trivial; the second argument of pow is within 8. */
static inline argument_range range_of(const char *name)
{
    static const struct {
        const char *name;
        argument_range range;
    } ranges[] = {{"log", {1e-3, 1e3}},     {"log2", {1e-3, 1e3}},  {"log10", {1e-3, 1e3}},   {"log1p", {-0.9, 10}},
                  {"asin", {-0.99, 0.99}},  {"acos", {-0.99, 0.99}}, {"atanh", {-0.99, 0.99}}, {"acosh", {1.01, 10}},
                  {"erfinv", {-0.99, 0.99}}, {"ndtri", {0.01, 0.99}}, {"rsqrt", {1e-3, 1e3}},   {"sqrt", {1e-3, 1e3}},
                  {"lgamma", {0.1, 20}},    {"digamma", {0.1, 20}},  {"pow", {0.1, 10}},       {"erf", {-4, 4}},
                  {"erfc", {-4, 4}},        {"fmod", {-1000, 1000}}};

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (strcmp(ranges[i].name, name) == 0)
            return ranges[i].range;
    return (argument_range){-9, 9};
}

#endif
