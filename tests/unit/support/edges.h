/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments at which something begins, ends or has no value. The witness says what the result must be: the C library's
 * rules. */
#ifndef TESTS_UNIT_SUPPORT_EDGES_H
#define TESTS_UNIT_SUPPORT_EDGES_H

#include <math.h>

/* Those of which all pairs are tried. */
#define EDGES(max, normal, denormal, epsilon) \
    NAN, INFINITY, -INFINITY, 0.0, -0.0, denormal, -(denormal), normal, -(normal), normal - denormal, max, -(max), 1.0, \
    -1.0, 1.0 + epsilon, 1.0 - epsilon / 2, -1.0 - epsilon, -1.0 + epsilon / 2, 0.5, -0.5, 0.5 + epsilon / 2, \
    0.5 - epsilon / 4, 2.0, -2.0, 3.0, -3.0, 1.5, -1.5, 2.5, -2.5, 1.0 / 3.0, 0.25, -0.25, 10.0, 100.0, -100.0, 127.0, \
    128.0, -126.0, -149.0, -150.0, 1024.0, 1023.0, -1022.0, -1074.0, -1075.0, 0x1p23, 0x1p24 + 2, 0x1p23 + 1, \
    -0x1p23 - 1, 0x1.fffffep22, 0x1p31, 0x1p32, 0x1p52, 0x1p53, -0x1p53, 0x1p52 + 1, 0x1p63, 0x1p64, 0x1p100, -0x1p100

/* And these alone, for functions of one argument: ends of the exponential's range and of what is made of it, multiples
 * of pi/2, ends of fast reductions, tiny values, the gamma function's poles, zeros and overflow. */
#define MORE_EDGES \
    87.0, 87.33654, 87.336548, 88.0, 88.37626, 88.72283, 88.722839, 88.72284, 89.0, 89.41598, 89.415985, 89.41599, 90.0, \
    104.0, 103.0, 103.27893, 103.97207, 103.97208, 103.97209, 105.0, 706.0, 708.0, 708.3964185322641, 709.0, \
    709.782712893384, 709.7827128933841, 710.0, 710.4758600739439, 710.475860073944, 744.0, 744.4400719213812, \
    745.1332191019411, 745.1332191019412, 746.0, 747.0, 1e4, 127.99999, 128.00001, 126.0, 125.99999, 148.99999, 149.0, \
    149.00001, 150.00001, 1021.9999, 1023.9999999999999, 1024.0000000000002, 1073.9999, 1074.0, 1075.0, 1075.0001, \
    0x1.921fb6p0, 0x1.921fb54442d18p0, 0x1.921fb6p1, 0x1.921fb54442d18p1, 0x1.2d97c8p2, 0x1.921fb6p2, 0x1p13, \
    0x1.00002p13, 0x1.fffffep12, 0x1p15, 0x1.000002p15, 0x1p16, 0x1p17, 0x1.000002p17, 0x1p20, 0x1p22, 0x1p26, 0x1p27, \
    0x1p30, 0x1.7p100, 1e22, 0x1.6ac5b262ca1ffp849, 0x1p1000, 1e15, 1e16, 0x1p-10, 0x1p-12, 0x1p-13, 0x1p-20, 0x1p-23, \
    0x1p-24, 0x1p-25, 0x1p-26, 0x1p-27, 0x1p-28, 0x1p-29, 0x1p-30, 0x1p-52, 0x1p-53, 0x1p-54, 0x1p-55, 0x1p-60, 0x1p-63, \
    0x1p-74, 0x1p-75, 0x1p-100, 0x1p-120, 0x1p-140, 0x1p-500, 0x1p-511, 0x1p-600, 0x1p-1000, 0x1p-1060, 4.0, 5.0, 6.0, \
    5.86, 5.9215872, 5.921587195794508, 8.0, 9.0, 9.19, 9.2, 10.05, 10.06, 17.0, 18.0, 19.0, 19.0625, 20.0, 22.0, 26.0, \
    26.543, 26.64, 27.0, 27.3, 30.0, 35.0, 40.0, 50.0, 0.1, 0.7, 0.70710678118654752, 0.75, 0.8, 0.9, 0.95, 1.1, 1.25, \
    1.4142135623730951, 1.4616321449683622, 1.461632, 1.4616322, 2.2, 3.5, 4.5, 2.4570247382208, 2.7476826467274126, \
    0.50408300826445541, 1.5734984731623904, 4.0850850769e36, 4.08508e36, 4.1e36, 2.556348163871691e305, 2.6e305, 1e-5, \
    1e-30, 1e-38, 1e-40, 1e-45, 1e-300, 1e-310, 0x1.6a09e6p0, 0x1.555556p-1, 0x1.555554p0, 0x1.62e43p-1, 0x1.62e43p-2

static const double edges_f32[] = {EDGES(0x1.fffffep127, 0x1p-126, 0x1p-149, 0x1p-23)};
static const double edges_f64[] = {EDGES(0x1.fffffffffffffp1023, 0x1p-1022, 0x1p-1074, 0x1p-52)};
static const double more_edges[] = {MORE_EDGES};

enum {
    EDGE_COUNT = sizeof edges_f64 / sizeof *edges_f64,
    MORE_EDGE_COUNT = sizeof more_edges / sizeof *more_edges,
    UNARY_EDGE_COUNT = EDGE_COUNT + 2 * MORE_EDGE_COUNT /* both signs of the latter */
};

/* The n-th of UNARY_EDGE_COUNT. */
static inline double unary_edge(const double *edges, int n)
{
    if (n < EDGE_COUNT)
        return edges[n];
    n -= EDGE_COUNT;
    return n < MORE_EDGE_COUNT ? more_edges[n] : -more_edges[n - MORE_EDGE_COUNT];
}

#endif
