/* SPDX-License-Identifier: Apache-2.0 */
/* Float32 arguments whose result, rounded to double, lies just between two float32: rounding that to even gives the
 * wrong one. The values are MPFR's to 200 bits, rounded once (tests/bench/exact.c found the arguments among all 2^32);
 * of the Bessel functions, whose values lie above and below x / 2, some of the denormal arguments. */
#ifndef TESTS_UNIT_SUPPORT_TIES_H
#define TESTS_UNIT_SUPPORT_TIES_H

/* X(function, argument, correctly rounded result) */
#define FLOAT32_TIES(X) \
    X(sigmoid, 0x1.8p-22F, 0x1.000002p-1F) \
    X(sigmoid, 0x1.cp-21F, 0x1.000006p-1F) \
    X(sigmoid, 0x1.6p-20F, 0x1.00000ap-1F) \
    X(sigmoid, 0x1.ep-20F, 0x1.00000ep-1F) \
    X(sigmoid, 0x1.3p-19F, 0x1.000012p-1F) \
    X(sigmoid, 0x1.7p-19F, 0x1.000016p-1F) \
    X(sigmoid, 0x1.bp-19F, 0x1.00001ap-1F) \
    X(sigmoid, 0x1.fp-19F, 0x1.00001ep-1F) \
    X(sigmoid, 0x1.18p-18F, 0x1.000022p-1F) \
    X(sigmoid, 0x1.38p-18F, 0x1.000026p-1F) \
    X(sigmoid, 0x1.58p-18F, 0x1.00002ap-1F) \
    X(sigmoid, 0x1.78p-18F, 0x1.00002ep-1F) \
    X(sigmoid, 0x1.98p-18F, 0x1.000032p-1F) \
    X(sigmoid, 0x1.b8p-18F, 0x1.000036p-1F) \
    X(sigmoid, 0x1.d8p-18F, 0x1.00003ap-1F) \
    X(sigmoid, 0x1.f8p-18F, 0x1.00003ep-1F) \
    X(sigmoid, 0x1.0cp-17F, 0x1.000042p-1F) \
    X(sigmoid, 0x1.1cp-17F, 0x1.000046p-1F) \
    X(sigmoid, 0x1.2cp-17F, 0x1.00004ap-1F) \
    X(sigmoid, 0x1.3cp-17F, 0x1.00004ep-1F) \
    X(sigmoid, 0x1.4cp-17F, 0x1.000052p-1F) \
    X(sigmoid, 0x1.5cp-17F, 0x1.000056p-1F) \
    X(sigmoid, 0x1.6cp-17F, 0x1.00005ap-1F) \
    X(sigmoid, 0x1.7cp-17F, 0x1.00005ep-1F) \
    X(sigmoid, 0x1.8cp-17F, 0x1.000062p-1F) \
    X(sigmoid, 0x1.9cp-17F, 0x1.000066p-1F) \
    X(sigmoid, 0x1.acp-17F, 0x1.00006ap-1F) \
    X(sigmoid, 0x1.bcp-17F, 0x1.00006ep-1F) \
    X(sigmoid, 0x1.ccp-17F, 0x1.000072p-1F) \
    X(sigmoid, -0x1.8p-23F, 0x1.fffffep-2F) \
    X(sigmoid, -0x1.cp-22F, 0x1.fffffap-2F) \
    X(sigmoid, -0x1.6p-21F, 0x1.fffff6p-2F) \
    X(sigmoid, -0x1.ep-21F, 0x1.fffff2p-2F) \
    X(sigmoid, -0x1.3p-20F, 0x1.ffffeep-2F) \
    X(sigmoid, -0x1.7p-20F, 0x1.ffffeap-2F) \
    X(sigmoid, -0x1.bp-20F, 0x1.ffffe6p-2F) \
    X(sigmoid, -0x1.fp-20F, 0x1.ffffe2p-2F) \
    X(sigmoid, -0x1.18p-19F, 0x1.ffffdep-2F) \
    X(sigmoid, -0x1.38p-19F, 0x1.ffffdap-2F) \
    X(sigmoid, -0x1.58p-19F, 0x1.ffffd6p-2F) \
    X(sigmoid, -0x1.78p-19F, 0x1.ffffd2p-2F) \
    X(sigmoid, -0x1.98p-19F, 0x1.ffffcep-2F) \
    X(sigmoid, -0x1.b8p-19F, 0x1.ffffcap-2F) \
    X(sigmoid, -0x1.d8p-19F, 0x1.ffffc6p-2F) \
    X(sigmoid, -0x1.f8p-19F, 0x1.ffffc2p-2F) \
    X(sigmoid, -0x1.0cp-18F, 0x1.ffffbep-2F) \
    X(sigmoid, -0x1.1cp-18F, 0x1.ffffbap-2F) \
    X(sigmoid, -0x1.2cp-18F, 0x1.ffffb6p-2F) \
    X(sigmoid, -0x1.3cp-18F, 0x1.ffffb2p-2F) \
    X(sigmoid, -0x1.4cp-18F, 0x1.ffffaep-2F) \
    X(sigmoid, -0x1.5cp-18F, 0x1.ffffaap-2F) \
    X(sigmoid, -0x1.6cp-18F, 0x1.ffffa6p-2F) \
    X(sigmoid, -0x1.7cp-18F, 0x1.ffffa2p-2F) \
    X(sigmoid, -0x1.8cp-18F, 0x1.ffff9ep-2F) \
    X(sigmoid, -0x1.9cp-18F, 0x1.ffff9ap-2F) \
    X(sigmoid, -0x1.acp-18F, 0x1.ffff96p-2F) \
    X(sigmoid, -0x1.bcp-18F, 0x1.ffff92p-2F) \
    X(sigmoid, -0x1.ccp-18F, 0x1.ffff8ep-2F) \
    X(sigmoid, -0x1.dcp-18F, 0x1.ffff8ap-2F) \
    X(sigmoid, -0x1.ecp-18F, 0x1.ffff86p-2F) \
    X(sigmoid, -0x1.fcp-18F, 0x1.ffff82p-2F) \
    X(sigmoid, -0x1.06p-17F, 0x1.ffff7ep-2F) \
    X(sigmoid, -0x1.0ep-17F, 0x1.ffff7ap-2F) \
    X(sigmoid, -0x1.16p-17F, 0x1.ffff76p-2F) \
    X(sigmoid, -0x1.1ep-17F, 0x1.ffff72p-2F) \
    X(sigmoid, -0x1.26p-17F, 0x1.ffff6ep-2F) \
    X(sigmoid, -0x1.2ep-17F, 0x1.ffff6ap-2F) \
    X(sigmoid, -0x1.36p-17F, 0x1.ffff66p-2F) \
    X(sigmoid, -0x1.3ep-17F, 0x1.ffff62p-2F) \
    X(sigmoid, -0x1.46p-17F, 0x1.ffff5ep-2F) \
    X(sigmoid, -0x1.4ep-17F, 0x1.ffff5ap-2F) \
    X(sigmoid, -0x1.56p-17F, 0x1.ffff56p-2F) \
    X(sigmoid, -0x1.5ep-17F, 0x1.ffff52p-2F) \
    X(sigmoid, -0x1.66p-17F, 0x1.ffff4ep-2F) \
    X(sigmoid, -0x1.6ep-17F, 0x1.ffff4ap-2F) \
    X(sigmoid, -0x1.250c02p-10F, 0x1.ffb6bep-2F) \
    X(bessel_i1, 0x1p-149F, 0x1p-149F) \
    X(bessel_i1e, 0x1p-149F, 0x0p+0F) \
    X(bessel_i1, 0x1.8p-148F, 0x1p-148F) \
    X(bessel_i1e, 0x1.8p-148F, 0x1p-149F) \
    X(bessel_i1, 0x1.4p-147F, 0x1.8p-148F) \
    X(bessel_i1e, 0x1.4p-147F, 0x1p-148F) \
    X(bessel_i1, 0x1.2p-146F, 0x1.4p-147F) \
    X(bessel_i1e, 0x1.2p-146F, 0x1p-147F) \
    X(bessel_i1, -0x1p-149F, -0x1p-149F) \
    X(bessel_i1e, -0x1p-149F, 0x0p+0F) \
    X(bessel_i1, -0x1.4p-147F, -0x1.8p-148F) \
    X(bessel_i1e, -0x1.4p-147F, -0x1p-148F) \
    X(bessel_i1, -0x1.cp-147F, -0x1p-147F) \
    X(bessel_i1e, -0x1.cp-147F, -0x1.8p-148F) \
    X(bessel_i1, 0x1.fffff4p-127F, 0x1.fffff8p-128F) \
    X(bessel_i1e, 0x1.fffff4p-127F, 0x1.fffffp-128F) \
    X(bessel_i1, 0x1.fffffcp-127F, 0x1p-127F) \
    X(bessel_i1e, 0x1.fffffcp-127F, 0x1.fffff8p-128F)

#endif
