/* SPDX-License-Identifier: Apache-2.0 */
/* Functions and products of complex numbers: the bits of the reference on hard parts, and values from Python's cmath. */
#include "rig.h"

static stepc_tensor *numbers(stepc_dtype dtype, int32_t rank, const int64_t *dims, const double *parts)
{
    stepc_tensor *t = tensor_make(dtype, rank, dims);
    stepc_dtype part = dtype == STEPC_COMPLEX64 ? STEPC_FLOAT32 : STEPC_FLOAT64;
    for (int64_t i = 0; i < 2 * stepc_tensor_length(t); i++)
        store_f64(part, stepc_tensor_data(t), i, parts[i]);
    return t;
}

static const double parts[] = {0, -0.0, 1, -1.5, 0.3, 1e-30, 3e38, -1e38, 710, 23, (double)INFINITY, -(double)INFINITY, (double)NAN};
enum { COUNT = sizeof parts / sizeof parts[0], ALL = COUNT * COUNT };

/* Every pair of hard parts; Y SHIFT numbers on. */
static stepc_tensor *every_pair(stepc_dtype dtype, int shift)
{
    double x[2 * ALL];
    for (int i = 0; i < ALL; i++) {
        int number = (i + shift) % ALL;
        x[2 * i] = parts[number % COUNT];
        x[2 * i + 1] = parts[number / COUNT];
    }
    return numbers(dtype, DIMS(ALL), x);
}

#define FUNCTIONS(dt)                                                                                               \
    PLACEHOLDER("x", dt, DIM(-1))                                                                                   \
    UNARY("a", "Exp", dt, "x") UNARY("b", "Log", dt, "x") UNARY("c", "Sqrt", dt, "x") UNARY("d", "Rsqrt", dt, "x")  \
    UNARY("e", "Expm1", dt, "x") UNARY("f", "Log1p", dt, "x") UNARY("g", "Sigmoid", dt, "x")                        \
    UNARY("h", "Sign", dt, "x") UNARY("i", "Sin", dt, "x") UNARY("j", "Cos", dt, "x") UNARY("k", "Tanh", dt, "x")   \
    UNARY("l", "Sinh", dt, "x") UNARY("m", "Round", dt, "x")
#define INVERSES(dt)                                                                                                \
    PLACEHOLDER("x", dt, DIM(-1))                                                                                   \
    UNARY("a", "Asin", dt, "x") UNARY("b", "Acos", dt, "x") UNARY("c", "Atan", dt, "x") UNARY("d", "Asinh", dt, "x") \
    UNARY("e", "Acosh", dt, "x") UNARY("f", "Atanh", dt, "x") UNARY("g", "Tan", dt, "x") UNARY("h", "Cosh", dt, "x")
#define PAIRS(dt)                                                                                                   \
    PLACEHOLDER("x", dt, DIM(-1)) PLACEHOLDER("y", dt, DIM(-1))                                                     \
    BINARY("a", "Pow", dt, "x", "y") BINARY("b", "Xlogy", dt, "x", "y") BINARY("c", "Xlog1py", dt, "x", "y")        \
    BINARY("d", "SigmoidGrad", dt, "x", "y") BINARY("e", "TanhGrad", dt, "x", "y")                                  \
    BINARY("f", "SqrtGrad", dt, "x", "y") BINARY("g", "RsqrtGrad", dt, "x", "y")                                    \
    BINARY("h", "ReciprocalGrad", dt, "x", "y")

static void hard(const char *source, stepc_dtype dtype, const char *feeds, const char *fetches, int shifts)
{
    rig r;
    rig_open(&r, source);
    r.tolerance = 1e30; /* hard parts cancel: only the exact engine is held to bits here */
    int all = rig_add(&r, feeds, fetches, "");
    for (int shift = 0; shift < shifts; shift++) {
        rig_feed(&r, every_pair(dtype, 0));
        if (shifts > 1)
            rig_feed(&r, every_pair(dtype, shift * 7));
        rig_run(&r, all);
        rig_forget(&r);
    }
    rig_close(&r);
}

Test(complex_math, exact_bits_of_functions)
{
    hard(FUNCTIONS("COMPLEX64"), STEPC_COMPLEX64, "x[n]", "a b c d e f g h i j k l m", 1);
    hard(FUNCTIONS("COMPLEX128"), STEPC_COMPLEX128, "x[n]", "a b c d e f g h i j k l m", 1);
    hard(INVERSES("COMPLEX64"), STEPC_COMPLEX64, "x[n]", "a b c d e f g h", 1);
    hard(INVERSES("COMPLEX128"), STEPC_COMPLEX128, "x[n]", "a b c d e f g h", 1);
}

Test(complex_math, exact_bits_of_two_operands)
{
    hard(PAIRS("COMPLEX64"), STEPC_COMPLEX64, "x[n] y[n]", "a b c d e f g h", 13);
    hard(PAIRS("COMPLEX128"), STEPC_COMPLEX128, "x[n] y[n]", "a b c d e f g h", 13);
}

static void expect(const rig *r, int k, int64_t count, const double *want)
{
    for (int64_t i = 0; i < count; i++)
        cr_expect_float_eq(load_f64(STEPC_FLOAT64, stepc_tensor_data(r->got[k]), i), want[i], 1e-14, "fetch %d, real %d", k,
                           (int)i);
}

/* cmath of 1 + 2i, -0.5 - 0.25i; (1 + 2i) ** (-0.5 - 0.25i). */
Test(complex_math, values)
{
    static const double x[4] = {1, 2, -0.5, -0.25};
    static const double e[4] = {-1.1312043837568135, 2.4717266720048188, 0.5876750903439226, -0.15005808662216327};
    static const double l[4] = {0.80471895621705019, 1.1071487177940904, -0.58157540490284028, -2.677945044588987};
    static const double s[4] = {1.272019649514069, 0.78615137775742328, 0.17178037486125622, -0.7276733451126774};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "COMPLEX128", DIM(2)) UNARY("e", "Exp", "COMPLEX128", "x")
                     UNARY("l", "Log", "COMPLEX128", "x") UNARY("s", "Sqrt", "COMPLEX128", "x"));
    int all = rig_add(&r, "x", "e l s", "");
    rig_feed(&r, numbers(STEPC_COMPLEX128, DIMS(2), x));
    rig_run(&r, all);
    expect(&r, 0, 4, e);
    expect(&r, 1, 4, l);
    expect(&r, 2, 4, s);
    rig_close(&r);
}

#define REDUCE(name, op, dt, x, axes, keep) \
    NODE(name, op, IN(x) IN(axes) TYPE("T", dt) TYPE("Tidx", "INT32") FLAG("keep_dims", keep))
#define SCAN(name, op, dt, x, axis, e, r) \
    NODE(name, op, IN(x) IN(axis) TYPE("T", dt) TYPE("Tidx", "INT32") FLAG("exclusive", e) FLAG("reverse", r))
#define PRODUCTS(dt)                                                                                                  \
    PLACEHOLDER("x", dt, DIM(-1) DIM(3) DIM(2))                                                                       \
    CONST("one", "INT32", , "int_val: 1") CONST("ends", "INT32", DIM(2), "int_val: 0 int_val: -1")                    \
    CONST("mid", "INT32", DIM(1), "int_val: 1") CONST("none", "INT32", DIM(0), "")                                    \
    REDUCE("a", "Prod", dt, "x", "mid", false) REDUCE("b", "Prod", dt, "x", "ends", true)                             \
    REDUCE("c", "Prod", dt, "x", "none", false) SCAN("d", "Cumprod", dt, "x", "one", false, false)                    \
    SCAN("e", "Cumprod", dt, "x", "one", true, true)

/* (1 + 2i)(3 - i) = 5 + 5i; times i: -5 + 5i. */
static void products(const char *source, stepc_dtype dtype)
{
    double x[24] = {1, 2, 1, 0, 3, -1, 0, 1, 0, 1, 2, 2};
    rig r;
    rig_open(&r, source);
    int all = rig_add(&r, "x[n,3,2]", "a b c d e", "");
    for (int i = 12; i < 24; i++)
        x[i] = 0.25 * (i - 16.5);
    rig_feed(&r, numbers(dtype, DIMS(2, 3, 2), x));
    rig_run(&r, all);
    stepc_dtype part = dtype == STEPC_COMPLEX64 ? STEPC_FLOAT32 : STEPC_FLOAT64;
    cr_expect_eq(load_f64(part, stepc_tensor_data(r.got[0]), 0), -5);
    cr_expect_eq(load_f64(part, stepc_tensor_data(r.got[0]), 1), 5);
    cr_expect_eq(load_f64(part, stepc_tensor_data(r.got[3]), 4), 5); /* x[0,0,0] x[0,1,0] */
    cr_expect_eq(load_f64(part, stepc_tensor_data(r.got[4]), 0), 1); /* (3 - i) i = 1 + 3i */
    cr_expect_eq(load_f64(part, stepc_tensor_data(r.got[4]), 1), 3);
    rig_forget(&r);
    rig_feed(&r, numbers(dtype, DIMS(0, 3, 2), x));
    rig_run(&r, all);
    cr_expect_eq(load_f64(part, stepc_tensor_data(r.got[1]), 2), 1); /* the product of nothing */
    rig_close(&r);
}

Test(complex_math, products)
{
    products(PRODUCTS("COMPLEX64"), STEPC_COMPLEX64);
    products(PRODUCTS("COMPLEX128"), STEPC_COMPLEX128);
}

/* ---- what else is made of recurrences and routines ------------------------------------------------------ */

static stepc_tensor *reals(stepc_dtype dtype, int32_t rank, const int64_t *dims, const double *x)
{
    stepc_tensor *t = tensor_make(dtype, rank, dims);
    for (int64_t i = 0; i < stepc_tensor_length(t); i++)
        store_f64(dtype, stepc_tensor_data(t), i, x[i]);
    return t;
}

#define LOGARITHMS(dt)                                                                                           \
    PLACEHOLDER("x", dt, DIM(-1) DIM(3) DIM(2)) CONST("one", "INT32", , "int_val: 1")                            \
    CONST("last", "INT32", , "int_val: -1") SCAN("a", "CumulativeLogsumexp", dt, "x", "one", false, false)       \
    SCAN("b", "CumulativeLogsumexp", dt, "x", "one", true, true) SCAN("c", "CumulativeLogsumexp", dt, "x", "last", true, false) \
    SCAN("d", "CumulativeLogsumexp", dt, "x", "last", false, true)

Test(recurrences, log_sum_exp)
{
    const double inf = (double)INFINITY;
    const double x[12] = {-inf, -inf, 1, -0.0, 2, -inf, (double)NAN, inf, -inf, -inf, 3, inf};
    static const char *const sources[] = {LOGARITHMS("FLOAT"), LOGARITHMS("DOUBLE"), LOGARITHMS("HALF"), LOGARITHMS("BFLOAT16")};
    static const stepc_dtype dtypes[] = {STEPC_FLOAT32, STEPC_FLOAT64, STEPC_HALF, STEPC_BFLOAT16};
    for (int k = 0; k < 4; k++) {
        rig r;
        rig_open(&r, sources[k]);
        int all = rig_add(&r, "x[n,3,2]", "a b c d", "");
        rig_feed(&r, reals(dtypes[k], DIMS(2, 3, 2), x));
        rig_run(&r, all);
        /* log(exp(1) + exp(2)) */
        cr_expect_float_eq(load_f64(dtypes[k], stepc_tensor_data(r.got[0]), 4), 2.3132616875182228, k < 2 ? 1e-6 : 1e-2);
        cr_expect_eq(load_f64(dtypes[k], stepc_tensor_data(r.got[0]), 0), -inf);
        rig_close(&r);
    }
}

#define SPECIAL(dt)                                                                                               \
    PLACEHOLDER("x", dt, DIM(-1) DIM(3)) PLACEHOLDER("y", dt, DIM(3)) CONST_HALF(dt)                              \
    BINARY("a", "Igamma", dt, "x", "y") BINARY("b", "Igammac", dt, "x", "y") UNARY("c", "BesselI0", dt, "x")      \
    UNARY("d", "BesselI1e", dt, "x")
#define CONST_HALF(dt)
#define MORE(dt)                                                                                                  \
    BINARY("e", "Zeta", dt, "x", "y") BINARY("f", "Polygamma", dt, "x", "y")                                      \
    NODE("g", "Betainc", IN("x") IN("x") IN("x") TYPE("T", dt))

Test(recurrences, special_functions)
{
    const double x[6] = {1, 0.5, 20, 3, -1, 0.25}, y[3] = {2, 0.25, 19};
    static const char *const sources[] = {SPECIAL("FLOAT") MORE("FLOAT"), SPECIAL("DOUBLE") MORE("DOUBLE"), SPECIAL("HALF"),
                                          SPECIAL("BFLOAT16")};
    static const stepc_dtype dtypes[] = {STEPC_FLOAT32, STEPC_FLOAT64, STEPC_HALF, STEPC_BFLOAT16};
    for (int k = 0; k < 4; k++) {
        rig r;
        rig_open(&r, sources[k]);
        int all = rig_add(&r, "x[n,3] y", k < 2 ? "a b c d e f g" : "a b c d", "");
        rig_feed(&r, reals(dtypes[k], DIMS(2, 3), x));
        rig_feed(&r, reals(dtypes[k], DIMS(3), y));
        rig_run(&r, all);
        rig_close(&r);
    }
}

/* Tiles of [2,4] at multiples 2 and 2: [[1+3+5+7, 2+4+6+8]]. */
Test(recurrences, tile_grad_and_bincount)
{
    const double x[8] = {1, 2, 3, 4, 5, 6, 7, 8}, counted[5] = {1, 0, 1, 7, 3}, weights[5] = {2, 3, 4, 5, 6};
    rig r;
    rig_open(&r, PLACEHOLDER("x", "FLOAT", DIM(2) DIM(4)) CONST("m", "INT32", DIM(2), "int_val: 2 int_val: 2")
                     CONST("ones", "INT32", DIM(2), "int_val: 1 int_val: 1") CONST("size", "INT32", , "int_val: 4")
                         PLACEHOLDER("v", "INT32", DIM(-1)) PLACEHOLDER("w", "FLOAT", DIM(-1))
                             NODE("a", "TileGrad", IN("x") IN("m") TYPE("T", "FLOAT"))
                                 NODE("b", "TileGrad", IN("x") IN("ones") TYPE("T", "FLOAT"))
                                     NODE("c", "DenseBincount", IN("v") IN("size") IN("w") TYPE("T", "FLOAT") TYPE("Tidx", "INT32"))
                                         NODE("u", "UniqueV2", IN("v") IN("ones") TYPE("T", "INT32")));
    int all = rig_add(&r, "x v[5] w[5]", "a b c", "");
    rig_feed(&r, reals(STEPC_FLOAT32, DIMS(2, 4), x));
    stepc_tensor *v = tensor_make(STEPC_INT32, 1, (const int64_t[]){5});
    for (int i = 0; i < 5; i++)
        store_i64(STEPC_INT32, stepc_tensor_data(v), i, (int64_t)counted[i]);
    rig_feed(&r, v);
    rig_feed(&r, reals(STEPC_FLOAT32, DIMS(5), weights));
    rig_run(&r, all);
    static const double want[4] = {3, 6, 0, 6};
    cr_expect_eq(load_f64(STEPC_FLOAT32, stepc_tensor_data(r.got[0]), 0), 16);
    cr_expect_eq(load_f64(STEPC_FLOAT32, stepc_tensor_data(r.got[0]), 1), 20);
    for (int i = 0; i < 4; i++)
        cr_expect_eq(load_f64(STEPC_FLOAT32, stepc_tensor_data(r.got[2]), i), want[i]);
    rig_refuses(&r, "v[5]", "u:1", "", STEPC_UNIMPLEMENTED, "UniqueV2");
    rig_close(&r);
}
