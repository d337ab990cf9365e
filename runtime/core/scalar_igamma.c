/* SPDX-License-Identifier: 0BSD */
/* Accurate incomplete gamma and beta functions. The text between the marks is also emitted into generated code. */
#include "runtime/core/scalar.h"
#include "runtime/core/scalar_gamma_parts.h"

/* @snippet dd_log_gap needs: dd_log_wide */
/* t - log(1 + t) for t > -1, of which 1 + t is given too; relative error below 2^-66. */
static scalar_dd dd_log_gap(scalar_dd t, scalar_dd one_more)
{
    scalar_dd one = {1.0, 0.0}, n = {0.0, 0.0}, sum;
    double q = 0.0;
    int32_t k;

    if (t.hi > 0.0625 || t.hi < -0.0625) {
        sum = dd_log_wide(one_more);
        sum.hi = -sum.hi;
        sum.lo = -sum.lo;
        return dd_add(t, sum);
    }
    for (k = 20; k > 7; k--)
        q = 1.0 / (double)k - t.hi * q;
    sum.hi = q;
    sum.lo = 0.0;
    for (k = 7; k > 1; k--) {
        sum = dd_mul(t, sum);
        sum.hi = -sum.hi;
        sum.lo = -sum.lo;
        n.hi = (double)k;
        sum = dd_add(dd_div(one, n), sum);
    }
    return dd_mul(dd_mul(t, t), sum);
}
/* @end */

/* @snippet dd_gamma_rest needs: dd_div */
/* What Stirling's formula leaves: log(gamma(a)) - (a - 1/2) log(a) + a - log(2 pi) / 2 for a >= 16. */
static scalar_dd dd_gamma_rest(double a)
{
    static const scalar_dd twelfth = {0x1.5555555555555p-4, 0x1.5555555555555p-58};
    double r = 1.0 / a, q = r * r;
    scalar_dd y = {a, 0.0};

    q = r * q * (-1.0 / 360.0 + q * (1.0 / 1260.0 + q * (-1.0 / 1680.0 + q * (1.0 / 1188.0 + q * (-691.0 / 360360.0 +
            q * (1.0 / 156.0 + q * (-3617.0 / 122400.0 + q * (43867.0 / 244188.0 + q * (-174611.0 / 125400.0)))))))));
    y = dd_div(twelfth, y);
    return dd_fast_sum(y.hi, y.lo + q);
}
/* @end */

/* @snippet dd_lgamma_sum needs: dd_lgamma scalar_digamma */
/* dd_lgamma of a sum that is no double. */
static scalar_dd dd_lgamma_sum(scalar_dd x)
{
    scalar_dd more = {x.lo == 0 ? 0.0 : x.lo * scalar_digamma(x.hi), 0.0};

    return dd_add(dd_lgamma(x.hi), more);
}
/* @end */

/* @snippet scalar_complement needs: dd_add scalar_scale_any */
/* 2^scale * v, a part of 1, or where OTHER what is left of 1. */
static double scalar_complement(scalar_dd v, int32_t scale, int other)
{
    scalar_dd one = {1.0, 0.0};

    if (!other || !(v.hi > 0))
        return v.hi > 0 ? scalar_scale_any(v, scale) : other ? 1.0 : 0.0;
    if (scale < -200)
        return 1.0;
    v.hi *= -scalar_power_of_two(scale);
    v.lo *= -scalar_power_of_two(scale);
    v = dd_add(one, v);
    return v.hi + v.lo < 0 ? 0.0 : v.hi + v.lo;
}
/* @end */

/* ---- incomplete gamma functions ---------------------------------------------------------------- */

/* @snippet dd_gamma_density needs: dd_gamma_rest dd_lgamma_sum dd_log_any dd_log_gap */
/* log(x^a exp(-x) / gamma(a + 1)) for 0 < a < 2^120, x < 2000 or x < 4 a. */
static scalar_dd dd_gamma_density(double a, double x)
{
    static const scalar_dd half_log_2pi = {0x1.d67f1c864beb5p-1, -0x1.65b5a1b7ff5dfp-55};
    scalar_dd y = {a, 0.0}, z = {x, 0.0}, t, half = {0.5, 0.0};

    if (a >= 16.0) { /* exp(-a (t - log(1 + t))) / sqrt(2 pi a) exp(-rest), x = a (1 + t) */
        t = dd_mul(y, dd_log_gap(dd_div(dd_sum(x, -a), y), dd_div(z, y)));
        t = dd_add(dd_add(t, dd_gamma_rest(a)), dd_add(half_log_2pi, dd_mul(half, dd_log_any(a))));
    } else {
        t = dd_mul(y, dd_log_any(x));
        t.hi = -t.hi;
        t.lo = -t.lo;
        t = dd_add(dd_add(t, z), dd_lgamma_sum(dd_sum(1.0, a)));
    }
    t.hi = -t.hi;
    t.lo = -t.lo;
    return t;
}
/* @end */

/* @snippet dd_gamma_series needs: dd_div */
/* 1 + x / (a + 1) + x^2 / ((a + 1) (a + 2)) ..., for x < 0.75 a, or a <= 64 and x < a + 1. */
static scalar_dd dd_gamma_series(double a, double x)
{
    scalar_dd term = {1.0, 0.0}, sum = term, y = {x, 0.0};
    int32_t n;

    for (n = 1; n < 400 && term.hi > sum.hi * 0x1p-66; n++) {
        term = dd_div(dd_mul(term, y), dd_sum(a, (double)n));
        sum = dd_add(sum, term);
    }
    return sum;
}
/* @end */

/* @snippet dd_gamma_fraction needs: dd_div */
/* gamma(a, x) exp(x) x^-a for x > a + 1, x > 1.3 a or a <= 64: Legendre's continued fraction, from its end. */
static scalar_dd dd_gamma_fraction(double a, double x)
{
    scalar_dd start = dd_add(dd_sum(x, -a), dd_sum(1.0, 0.0)), y = start, one = {1.0, 0.0}, odd = {0.0, 0.0}, n, z;
    int32_t k = 60 + (int32_t)(160.0 / x);

    y.hi += 2.0 * (double)k;
    for (; k > 0; k--) {
        n.hi = (double)k;
        n.lo = 0.0;
        z = dd_mul(n, dd_sum(a, -(double)k)); /* k (a - k) */
        odd.hi = 2.0 * (double)(k - 1);
        y = dd_add(dd_add(start, odd), dd_div(z, y));
    }
    return dd_div(one, y);
}
/* @end */

/* @snippet dd_gamma_small needs: dd_exp_scaled dd_lgamma_near_1 dd_log_any */
/* Q(a, x) for a < 1/4 and x < 5/4, where P is near 1: 1 - x^a / gamma(a + 1) (1 + s). */
static scalar_dd dd_gamma_small(double a, double x)
{
    scalar_dd y = {a, 0.0}, n = {0.0, 0.0}, term = {1.0, 0.0}, sum = {0.0, 0.0}, one = {1.0, 0.0}, w, e;
    int32_t k, scale;

    for (k = 1; k < 40; k++) { /* s = a sum((-x)^k / (gamma(k + 1) (a + k))) */
        e.hi = -x;
        e.lo = 0.0;
        n.hi = (double)k;
        term = dd_div(dd_mul(term, e), n);
        sum = dd_add(sum, dd_div(term, dd_sum((double)k, a)));
    }
    sum = dd_mul(y, sum);
    w = dd_lgamma_near_1(y);
    w.hi = -w.hi;
    w.lo = -w.lo;
    w = dd_add(dd_mul(y, dd_log_any(x)), w);
    if (w.hi < 0x1p-6 && w.hi > -0x1p-6) { /* exp(w) - 1 by its series */
        e = one;
        for (k = 12; k > 1; k--) {
            n.hi = (double)k;
            e = dd_add(one, dd_div(dd_mul(w, e), n));
        }
        e = dd_mul(w, e);
    } else {
        e = dd_exp_scaled(w, &scale);
        e.hi *= scalar_power_of_two(scale < -1000 ? -1000 : scale);
        e.lo *= scalar_power_of_two(scale < -1000 ? -1000 : scale);
        n.hi = -1.0;
        e = dd_add(e, n);
    }
    sum = dd_add(e, dd_mul(dd_add(one, e), sum));
    sum.hi = -sum.hi;
    sum.lo = -sum.lo;
    return sum;
}
/* @end */

/* @snippet gamma_temme_rest */
/* The sum of c(k, eta) a^-k in Temme's uniform expansion, for a >= 64 and |eta| < 0.34. */
static double gamma_temme_rest(double a, double eta)
{
    static const int32_t counts[9] = {17, 16, 14, 12, 10, 8, 6, 4, 2};
    static const double c[89] = { /* the series of c(0, eta) = 1 / mu - 1 / eta, then c(1, eta), ... */
        -0x1.5555555555555p-2, 0x1.5555555555555p-4, -0x1.e573ac901e574p-7, 0x1.2f684bda12f68p-10,
        0x1.71de3a556c734p-12, -0x1.76e06fec7273bp-13, 0x1.48c5892f7cd83p-15, -0x1.255370652afc1p-19,
        -0x1.f1b22f594c6b5p-20, 0x1.bd6d21e4b4109p-21, -0x1.7b5f9a2d0465cp-23, 0x1.ccf5ceb7f0d9fp-28,
        0x1.6097d55c37c1cp-27, -0x1.2d2197c7a2faap-28, 0x1.f6e66d24d5c8ap-31, -0x1.c0d9b6edf2b0bp-36,
        -0x1.0070a87340428p-34, -0x1.e573ac901e574p-10, -0x1.c71c71c71c71cp-9, 0x1.5ac056b015ac0p-9,
        -0x1.0394f6f09e723p-10, 0x1.af83440e53dbcp-13, -0x1.af83440e53dbcp-22, -0x1.2fa4ae89e5af0p-16,
        0x1.00a9cabd6b83ep-17, -0x1.b0bdfcc629cbap-20, 0x1.3f59230a8357cp-28, 0x1.280f2cde3f847p-23,
        -0x1.ee23d0cba8aeep-25, 0x1.9aa7a30de114cp-27, -0x1.349fbca3a377bp-36, -0x1.1564ecff73d58p-30,
        0x1.c9b434bf3c34ep-32, 0x1.0ee643b990ee6p-8, -0x1.5f7268edab4c8p-9, 0x1.948b0fcd6e9e0p-11,
        0x1.0db20a88f4696p-19, -0x1.c253efaa1a932p-14, 0x1.bbf43daf4fe53p-15, -0x1.ac2d05890f2c3p-17,
        0x1.26154ae39151dp-25, 0x1.7058929663937p-20, -0x1.522cb05171911p-21, 0x1.32ac81c15d3d7p-23,
        -0x1.c24bd0e740a6cp-33, -0x1.e437343a46f5dp-27, 0x1.ac0d455e25360p-28, 0x1.547d93b34e2b6p-11,
        0x1.e13ce465fa859p-13, -0x1.ebfb188b7ca00p-12, 0x1.18b9b5bf2d984p-12, -0x1.3d2a3a29b5d9dp-14,
        -0x1.0152a1871f27ap-22, 0x1.73df462204ef4p-17, -0x1.7cd6f27b3f020p-18, 0x1.7e0201539310ep-20,
        -0x1.ea23269c140a7p-36, -0x1.6c2dcffbefeefp-23, 0x1.5bde8ef4c4dc7p-24, -0x1.c3e0b02da7bf9p-11,
        0x1.9b0ff6874f2c4p-11, -0x1.3999a85a4237ap-12, -0x1.88f2ae1def9d0p-20, 0x1.16908b48ce058p-14,
        -0x1.4ce3fd902bcadp-15, 0x1.7db4c02846e81p-17, 0x1.13b3c5b7cb45ep-32, -0x1.c71c074985d3fp-20,
        0x1.de37d9f09164cp-21, -0x1.6128ac5a4fa71p-12, -0x1.247604839c038p-14, 0x1.22be87360ef1fp-12,
        -0x1.a2042c5148e27p-13, 0x1.1d1e9cb24760bp-14, 0x1.30bdcf208080ep-23, -0x1.c823fc1b3cc36p-17,
        0x1.0d0e229150428p-17, 0x1.168ef1b0931c8p-11, -0x1.36773bdb97b48p-11, 0x1.1c0950d3ecb9dp-12,
        0x1.a8411da6cab49p-21, -0x1.5600945495b37p-14, 0x1.d6bdf83130dc1p-15, 0x1.691879c01efb4p-12,
        0x1.b1d75d3346711p-15, -0x1.5f3385098cebfp-12, 0x1.26eeb5ece1d9fp-12, -0x1.5629b3187b744p-11,
        0x1.b8239c670e690p-11,
    };
    double sum = 0.0, inverse = 1.0 / a, part;
    int32_t end = 89, k, n;

    for (k = 8; k >= 0; k--) {
        part = 0.0;
        for (n = end - 1; n >= end - counts[k]; n--)
            part = c[n] + eta * part;
        end -= counts[k];
        sum = part + inverse * sum;
    }
    return sum;
}
/* @end */

/* @snippet dd_gamma_temme needs: dd_erfcx dd_exp_scaled dd_log_gap dd_sqrt gamma_temme_rest scalar_erfc scalar_exp */
/* For a >= 64, -0.25 < t < 0.3, x = a (1 + t): Q(a, x) where t >= 0, else P, over 2^scale. */
static scalar_dd dd_gamma_temme(double a, double x, int32_t *scale)
{
    static const scalar_dd minus_root = {0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56}; /* 1 / sqrt(2 pi) */
    scalar_dd y = {a, 0.0}, z = {x, 0.0}, root, gap, e, tail;
    double eta;
    int32_t below = x < a;

    gap = dd_log_gap(dd_div(dd_sum(x, -a), y), dd_div(z, y));
    z = dd_mul(y, gap);
    root.hi = 0.0;
    root.lo = 0.0;
    eta = 0.0;
    if (z.hi > 0) {
        root = dd_sqrt(z);
        eta = scalar_sqrt(2.0 * gap.hi);
    }
    z.hi = -z.hi;
    z.lo = -z.lo;
    e = dd_exp_scaled(z, scale);
    /* exp(z) / 2 erfcx(sqrt(z)) -+ exp(z) / sqrt(2 pi a) sum */
    if (root.hi < 0.45) {
        tail.hi = scalar_erfc(root.hi) / scalar_exp(z.hi);
        tail.lo = 0.0;
    } else {
        tail = dd_erfcx(root.hi > 27.9 ? 27.9 : root.hi);
        tail.lo += root.lo * 2.0 * (root.hi * tail.hi - 0x1.20dd750429b6dp-1);
    }
    tail.hi *= 0.5;
    tail.lo *= 0.5;
    z.hi = gamma_temme_rest(a, below ? -eta : eta) * (below ? -1.0 : 1.0);
    z.lo = 0.0;
    return dd_mul(e, dd_add(tail, dd_div(dd_mul(minus_root, z), dd_sqrt(y))));
}
/* @end */

/* @snippet gamma_part needs: dd_gamma_density dd_gamma_fraction dd_gamma_series dd_gamma_small dd_gamma_temme scalar_complement */
/* P(a, x), or Q(a, x) where UPPER. */
static double gamma_part(double a, double x, int upper)
{
    scalar_dd y = {a, 0.0}, v;
    int32_t scale = 0;

    if (a != a || x != x || x < 0 || a <= 0 || a > 0x1.fffffffffffffp1023)
        return scalar_from_bits(0x7ff8000000000000u);
    if (x == 0)
        return upper ? 1.0 : 0.0;
    if (x >= 2000.0 && x >= 4.0 * a)
        return upper ? 0.0 : 1.0;
    if (a > 0x1p120) /* a step at x = a, narrower than an ULP */
        return x == a ? 0.5 : (x > a) == upper ? 0.0 : 1.0;
    if (a >= 64.0 && x > 0.75 * a && x < 1.3 * a) {
        v = dd_gamma_temme(a, x, &scale);
        return scalar_complement(v, scale, (x < a) == upper);
    }
    if (upper && a < 0.25 && x < 1.1) {
        if (a >= 0x1p-80)
            return scalar_complement(dd_gamma_small(a, x), 0, 0);
        v = dd_gamma_small(0x1p-80, x); /* proportional to a */
        return (v.hi + v.lo) * 0x1p80 * a;
    }
    v = dd_exp_scaled(dd_gamma_density(a, x), &scale);
    if (x < a + 1.0)
        return scalar_complement(dd_mul(v, dd_gamma_series(a, x)), scale, upper);
    v = dd_mul(v, dd_gamma_fraction(a, x));
    if (a < 0x1p-100) /* Q may be subnormal */
        return upper ? (v.hi + v.lo) * scalar_power_of_two(scale < -1000 ? -1000 : scale) * a : 1.0;
    return scalar_complement(dd_mul(v, y), scale, !upper);
}
/* @end */

/* @snippet scalar_igamma needs: gamma_part */
/* The lower incomplete gamma function over gamma(a): at most 2 ULP of double. */
double scalar_igamma(double a, double x)
{
    return gamma_part(a, x, 0);
}
/* @end */

/* @snippet scalar_igammac needs: gamma_part */
/* The upper incomplete gamma function over gamma(a): at most 2 ULP of double. */
double scalar_igammac(double a, double x)
{
    return gamma_part(a, x, 1);
}
/* @end */

/* ---- incomplete beta function -------------------------------------------------------------------- */

/* @snippet dd_beta_density needs: dd_gamma_rest dd_lgamma_sum dd_log_any dd_log_gap */
/* log(x^a (1 - x)^b gamma(a + b + 1) / (gamma(a + 1) gamma(b + 1))) for 0 < x < 1, a, b < 2^400. */
static scalar_dd dd_beta_density(double a, double b, double x)
{
    static const scalar_dd half_log_2pi = {-0x1.d67f1c864beb5p-1, 0x1.65b5a1b7ff5dfp-55}, one = {1.0, 0.0};
    scalar_dd y = {a, 0.0}, z = {b, 0.0}, w = {x, 0.0}, rest = dd_sum(1.0, -x), sum = dd_sum(a, b), t, u, v;
    double least = a < b ? a : b, most = a < b ? b : a;

    if (least >= 16.0) {
        /* x = a (1 + u) / (a + b), 1 - x = b (1 + v) / (a + b), a u + b v = 0 */
        t = dd_mul(rest, y);
        t.hi = -t.hi;
        t.lo = -t.lo;
        t = dd_add(dd_mul(w, z), t);
        u = dd_mul(y, dd_log_gap(dd_div(t, y), dd_div(dd_mul(w, sum), y)));
        t.hi = -t.hi;
        t.lo = -t.lo;
        v = dd_mul(z, dd_log_gap(dd_div(t, z), dd_div(dd_mul(rest, sum), z)));
        u = dd_add(dd_add(u, v), dd_add(dd_gamma_rest(a), dd_gamma_rest(b)));
        u.hi = -u.hi;
        u.lo = -u.lo;
        u = dd_add(dd_add(u, half_log_2pi), dd_gamma_rest(sum.hi));
        t = dd_log_wide(dd_div(dd_div(sum, y), z)); /* (a + b) / (a b) */
        t.hi *= 0.5;
        t.lo *= 0.5;
        return dd_add(u, t);
    }
    t = dd_add(dd_mul(y, dd_log_any(x)), dd_mul(z, dd_log_wide(rest)));
    u = dd_lgamma_sum(dd_sum(1.0, least));
    if (most < 16.0) {
        u = dd_add(u, dd_lgamma_sum(dd_sum(1.0, most)));
        v = dd_lgamma_sum(dd_add(sum, one));
    } else { /* log(gamma(y + least) / gamma(y)), y = most + 1 */
        y = dd_sum(1.0, most);
        z.hi = least;
        z.lo = 0.0;
        w = dd_add(y, z);
        v = dd_div(z, y);
        v = dd_mul(dd_add(y, dd_sum(-0.5, 0.0)), dd_log_wide(dd_add(one, v)));
        v = dd_add(v, dd_mul(z, dd_log_wide(w)));
        v = dd_add(v, dd_gamma_rest(w.hi));
        z = dd_add(z, dd_gamma_rest(y.hi));
        u = dd_add(u, z);
    }
    u.hi = -u.hi;
    u.lo = -u.lo;
    return dd_add(dd_add(t, v), u);
}
/* @end */

/* @snippet beta_fraction_length */
/* How many pairs of terms of the continued fraction show (Lentz's method), for x < (a + 1) / (a + b + 2). */
static int32_t beta_fraction_length(double a, double b, double x)
{
    double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0), delta = 0.0, m, n;
    int32_t k, odd;

    d = 1.0 / (d == 0 ? 1e-300 : d);
    for (k = 1; k < 10000 && (delta - 1.0 > 0x1p-51 || delta - 1.0 < -0x1p-51); k++) {
        m = (double)k;
        n = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        for (odd = 0; odd < 2; odd++) {
            d = 1.0 + n * d;
            d = 1.0 / (d == 0 ? 1e-300 : d);
            c = 1.0 + n / c;
            c = c == 0 ? 1e-300 : c;
            delta = d * c;
            n = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        }
    }
    return k + k / 4 + 4;
}
/* @end */

/* @snippet dd_beta_fraction needs: beta_fraction_length dd_div */
/* The continued fraction of the incomplete beta function, from its end, for x < (a + 1) / (a + b + 2). */
static scalar_dd dd_beta_fraction(double a, double b, scalar_dd x)
{
    scalar_dd one = {1.0, 0.0}, t = one, sum = dd_sum(a, b), y = {a, 0.0}, m = {0.0, 0.0}, u, v;
    int32_t k;

    for (k = beta_fraction_length(a, b, x.hi); k >= 0; k--) {
        m.hi = (double)k;
        u = dd_sum(a, 2.0 * m.hi); /* -(a + m) (a + b + m) x / ((a + 2 m) (a + 2 m + 1)) */
        v = dd_mul(dd_div(dd_add(y, m), u), dd_div(dd_mul(dd_add(sum, m), x), dd_add(u, one)));
        v = dd_div(v, t);
        v.hi = -v.hi;
        v.lo = -v.lo;
        t = dd_add(one, v);
        if (k == 0)
            break;
        v = dd_div(m, u); /* m (b - m) x / ((a + 2 m - 1) (a + 2 m)) */
        u = dd_add(u, dd_sum(-1.0, 0.0));
        v = dd_mul(v, dd_div(dd_mul(dd_sum(b, -m.hi), x), u));
        t = dd_add(one, dd_div(v, t));
    }
    return dd_div(one, t);
}
/* @end */

/* @snippet scalar_betainc needs: dd_beta_density dd_beta_fraction dd_exp_scaled scalar_complement */
/* The regularised incomplete beta function: at most 2 ULP of double for a, b < 1e6; NaN for a or b beyond 2^400. */
double scalar_betainc(double a, double b, double x)
{
    scalar_dd v, share = {b, 0.0}, y = {x, 0.0}, sum;
    double grow = a + b < 0x1p-500 ? 0x1p500 : 1.0; /* no subnormal numbers in between */
    int32_t scale;
    int low = x < (a + 1.0) / (a + b + 2.0);

    if (!(a > 0) || !(b > 0) || a > 0x1p400 || b > 0x1p400 || !(x >= 0) || !(x <= 1.0))
        return scalar_from_bits(0x7ff8000000000000u);
    if (x == 0 || x == 1.0)
        return x;
    v = dd_exp_scaled(dd_beta_density(a, b, x), &scale);
    v = dd_mul(v, low ? dd_beta_fraction(a, b, y) : dd_beta_fraction(b, a, dd_sum(1.0, -x)));
    sum = dd_sum(a * grow, b * grow);
    share.hi = (low ? b : a) * grow;
    share = dd_div(share, sum); /* the rest may be too small for a part in two */
    v = share.hi < 0x1p-900 ? v : dd_mul(v, share);
    if (share.hi < 0x1p-900)
        return low ? (v.hi + v.lo) * share.hi * scalar_power_of_two(scale < -1000 ? -1000 : scale) : 1.0;
    return scalar_complement(v, scale, !low);
}
/* @end */
