/* SPDX-License-Identifier: Apache-2.0 */
/* Text that generated code may carry: a SIMD vocabulary, vector mathematics, the accurate scalar
 * functions of runtime/core and small routines. The text stands in compiler/support/snippets/ and in
 * runtime/core/scalar*.{c,h} as compilable C, between the marks
 *     / * @snippet NAME needs: OTHER ... * /   and   / * @end * /
 * and is tested there as C; the build turns it into a table. A generated file carries the ordered
 * closure of what it names (support_closure) and needs nothing but <stdint.h>, <stddef.h> and memcpy
 * (<string.h>) before it. Every function is `static inline`, warning-free as C11 on gcc and clang.
 * The file that carries the text must forbid contraction of a*b+c and -ffast-math.
 *
 * A snippet's name is its function's name. T stands for each of f32 i32 u32 f64 i64 u64; `scalar T`
 * is float int32_t uint32_t double int64_t uint64_t; a mask has all bits of a lane set or none.
 *
 * LANES AND TYPES (v_types; every v_ snippet needs it)
 *   V_LANES              lanes of 32 bits. Define before the text to force (1, 4, 8, 16); else from the compiler's
 *                        macros: 16 AVX-512F+DQ, 8 AVX2, 4 SSE2/NEON/Helium/VSX/wasm, else 1
 *   V_LANES64            lanes of 64 bits: V_LANES / 2, or 1; V_LANES16 and V_LANES8: twice and four times V_LANES, or 1
 *   V_FMA                1 where v_fma_* is one instruction, else 0
 *   v_f32 v_i32 v_u32 v_m32, v_f64 v_i64 v_u64 v_m64   plain scalars when V_LANES is 1
 *   v_i8 v_u8 v_m8, v_i16 v_u16 v_m16      there are loads, stores, comparisons, choice, extremes, v_add v_sub v_mul of them
 *   w_f64 w_i64 w_u64    V_LANES values of 64 bits: pairs of vectors (lanes.c.in), with W_EACH(type, function, x),
 *                        W_EACH2(type, function, x, y), W_INFIX(type, x, sign, y) for what is done to both halves
 *   Infix + - * / (and & | ^ ~ << >> on integers and masks) work on these types and with scalar constants
 *   of the same type: x * 0.5f + y. Signed integers must not overflow: use v_u32, v_u64 for wrapping.
 *   Write v_splat_T(c) where both operands would be scalars. Compare and choose only by the functions.
 *
 * MEMORY      (element alignment suffices)
 *   v_T v_load_T(const scalar T *p)                  void v_store_T(scalar T *p, v_T x)
 *   v_T v_load_part_T(const scalar T *p, size_t n)   n < lanes elements, zero beyond; touches no others
 *   void v_store_part_T(scalar T *p, v_T x, size_t n)
 *   v_T v_load_stride_T(const scalar T *p, ptrdiff_t stride)     v_T v_gather_T(const scalar T *p, v_i32|v_i64 index)
 *   void v_prefetch(const void *p)                   the line of p will soon be read
 *   void v_stream_T(scalar T *p, v_T x)              past the caches where possible; void v_stream_end(void) follows
 *   void v_turn_E(E *to, ptrdiff_t step, const E *from, ptrdiff_t pitch, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t left)
 *                                                    to[b * step + a] = from[a * pitch + b]: a tile is transposed;
 *                                                    E also i8 u8 i16 u16. `left` rows from there on may be prefetched
 *   void v_move_I(void *to, ptrdiff_t step, const void *from, ptrdiff_t pitch, ptrdiff_t rows, ptrdiff_t columns)
 *                                                    the same of a whole matrix of any type of that size; I: i8 i16 i32 i64
 *   void v_zip_I(void *to, const void *from, ptrdiff_t pitch, int rows, ptrdiff_t columns)           step = rows = 2, 3, 4
 *   void v_unzip_I(void *to, ptrdiff_t step, const void *from, ptrdiff_t rows, int columns)     pitch = columns = 2, 3, 4
 *   void v_pick_I(void *to, const void *from, ptrdiff_t apart, ptrdiff_t count)        to[i] = from[i * apart]; apart = 2, 3, 4
 *   v_T v_splat_T(scalar T x)                        v_T v_iota_T(void)   0, 1, 2, ...
 *   scalar T v_first_T(v_T x)                        lane 0
 *   v_T v_load_reverse_T(p)  p[0], p[-1], ...          v_T v_load_second_T(p)  p[0], p[2], ...
 *   v_i32 v_load32_S(p)  v_store32_S(p, x), _part      short integers in lanes of 32 bits; v_wrap_S(x) keeps their bits
 *   v_M v_load_M(p)  v_store_M(p, m), _part            masks from and to bytes
 *   w_load_T  w_store_T, _part, _stride                pairs
 * ARITHMETIC  (F: f32 f64)
 *   v_F v_fma_F(a, b, c)        a*b+c, fused where V_FMA, else two roundings
 *   v_T v_min_T(a, b)           b < a ? b : a  (a when either is NaN)     v_T v_max_T(a, b)   b > a ? b : a
 *   v_F v_minimum_F(a, b)  v_maximum_F          NaN when either is (TensorFlow's Minimum, Maximum)
 *   v_F v_abs_F(x)  v_F v_copysign_F(magnitude, sign)  v_F v_sqrt_F(x) (correctly rounded)
 *   v_F v_floor_F(x)  v_ceil_F  v_trunc_F  v_round_even_F
 *   v_i32 v_add_i32(a, b)  v_sub_i32  v_mul_i32  v_add_i64  v_sub_i64  v_mul_i64      wrapping
 * MASKS       (M: m32 for 32-bit T, m64 for 64-bit T)
 *   v_M v_lt_T(a, b)  v_le_T  v_gt_T  v_ge_T  v_eq_T  v_ne_T     v_T v_select_T(v_M m, v_T a, v_T b)   m ? a : b
 *   int v_any_M(v_M m)   int v_all_M(v_M m)     v_M v_isnan_F(x)
 *   v_i32 v_bits_f32(v_f32)  v_f32 v_from_bits_f32(v_i32)  v_i64 v_bits_f64(v_f64)  v_f64 v_from_bits_f64(v_i64)
 * CONVERSION
 *   v_f32 v_f32_from_i32(v_i32)  v_i32 v_i32_from_f32(v_f32) (truncates; in range only)  v_f64_from_i64  v_i64_from_f64
 *   v_i32 v_sat_i32_f32(v_f32)   (truncates, saturates, NaN gives 0)     v_i64 v_sat_i64_f64(v_f64)
 *   v_f64 v_low_f64_f32(v_f32)  v_f64 v_high_f64_f32(v_f32)  v_f32 v_narrow_f32_f64(v_f64 low, v_f64 high)
 *                               (with V_LANES 1 there is only the low half)
 *   v_f32 v_load_f16(const uint16_t *p)  void v_store_f16(uint16_t *p, v_f32 x)   likewise v_load_bf16, v_store_bf16
 *   v_f32 v_round_f16(v_f32)  v_f32 v_round_bf16(v_f32)         to the nearest half or bfloat16, as float32
 *   v_u32 v_sat_u32_f32  v_u64 v_sat_u64_f64  v_i32 v_clamp_S(v_i32)   the same for the other integers
 *   w_f64_from_f32|i32|u32  w_i64_from_i32|u32  w_f32_from_f64|i64|u64  w_i32_from_i64 (low bits)  w_sat_i32_f64  w_sat_u32_f64
 *   v_m32 w_lt_T(a, b) w_le_T w_eq_T w_ne_T      w_T w_select_T(v_m32 m, a, b)
 * REDUCTION   (fixed order: halves are folded onto each other)
 *   scalar T v_sum_T(v_T x)  v_prod_F(x)  v_hmin_T(x)  v_hmax_T(x)   (hmin, hmax as v_min, v_max)
 *   v_T v_pickmax_T(a, b)  v_pickmin_T      a number rather than NaN; of equals either
 *   v_meet_argmax_T(&best, &at, x, x_at)    lane by lane: best and its place, a v_i32 or v_i64; of equals the lesser place
 *   int64_t v_argmax_T(best, at)  v_argmin_T    the place of the best of all lanes; 0 where all are NaN
 *
 * VECTOR MATHEMATICS (at most 2 ULP for every finite argument; bounds in the text; NaN in, NaN out; the special
 * values of C's Annex F). F: f32 f64; the plain names take scalars and give lane 0 of the vector function: same bits.
 *   v_F v_exp_F(x)  v_log_F  v_tanh_F  v_sigmoid_F  v_sin_F  v_cos_F  v_expm1_F  v_log1p_F
 *   float exp_f32(float)  log_f32 tanh_f32 sigmoid_f32 sin_f32 cos_f32 expm1_f32 log1p_f32; double exp_f64(double) ...
 *   v_f64 v_tan_f64(x)  v_asin_f64 v_acos_f64 v_atan_f64 v_sinh_f64 v_cosh_f64 v_asinh_f64 v_acosh_f64 v_atanh_f64
 *   v_f64 v_atan2_f64(y, x)  double tan_f64(double) ... double atan2_f64(double y, double x)
 *
 *   v_f32 v_tan_f32(x)  v_asin_f32  v_acos_f32  v_atan_f32  v_atan2_f32(y, x), plain names likewise
 *   v_F v_sincos_F(v_F x, v_F *cosine)              both of one value
 *   For arguments known or tested to be below 2^15 (2^13 where not V_FMA) (int v_any_huge_f32(v_f32 x) is the test):
 *   v_f32 v_sin_near_f32(x)  v_cos_near_f32  v_tan_near_f32  v_sincos_near_f32(x, &cosine); others: v_sin_rare_f32(x) ...
 *   Likewise in f64 (2^30; 2^21 where not V_FMA), but for the tangent.
 *
 * ACCURATE SCALARS (--exact; same bits on every target; at most 0.51 ULP of double)
 *   double scalar_exp(double)  scalar_log scalar_log1p scalar_expm1 scalar_sin scalar_cos scalar_tanh scalar_sigmoid
 *   scalar_sqrt scalar_floor scalar_ceil scalar_trunc scalar_round_even; double scalar_fmod(double, double)
 *   float exact_exp_f32(float)  exact_log_f32 ... (the same list but fmod): the above rounded once to float
 *
 * SCALAR ROUTINES   (I: i32 i64 u32 u64; S: i8 i16 i32 i64 u8 u16 u32 u64)
 *   float f32_from_f16(uint16_t)   uint16_t f16_from_f32(float)
 *   float f32_from_bf16(uint16_t)  uint16_t bf16_from_f32(float)
 *   uint16_t f16_from_f64(double)  uint16_t bf16_from_f64(double)     one rounding to nearest even
 *   float round_f16(float)  float round_bf16(float)
 *   S sat_S(double)                 truncate, saturate, NaN gives 0 (exact for float too)
 *   I wrap_add_I(a, b)  wrap_sub_I  wrap_mul_I  wrap_neg_I  wrap_abs_i32 wrap_abs_i64     (I: i32 i64)
 *   I div_I(a, b)  mod_I            C's, b != 0, INT_MIN / -1 wraps      (I: i32 i64)
 *   I floor_div_I(a, b)  floor_mod_I   rounding to minus infinity, b != 0 (I: i32 i64)
 *   float min_f32(a, b)  max_f32  double min_f64 max_f64        as v_min, v_max
 *   minimum_f32 maximum_f32 minimum_f64 maximum_f64              NaN when either is
 *   void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])   10 rounds
 *   float uniform_f32(uint32_t)   double uniform_f64(uint32_t first, uint32_t second)    [0, 1) as TensorFlow
 */
#ifndef COMPILER_SUPPORT_SUPPORT_H
#define COMPILER_SUPPORT_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *name;
    const char *const *needs; /* direct dependencies, ends with NULL */
    const char *text;         /* ends with a newline */
} support_snippet;

/* The snippet of that name, or NULL. */
const support_snippet *support_find(const char *name);

/* All snippets in table order, in which every snippet stands behind what it needs. */
size_t support_count(void);
const support_snippet *support_at(size_t index);

/* Marks in wanted[support_count()] the named snippet and all it needs; false, and nothing marked, when the
 * name is unknown. Then the marked snippets in table order are the text to emit: dependencies first, each once. */
bool support_want(const char *name, bool *wanted);

/* The ordered closure of `names` into out (room for support_count()); returns how many, or 0 and the
 * unknown name in *unknown (which may be NULL) when one is not found. */
size_t support_closure(const char *const *names, size_t count, const support_snippet **out, const char **unknown);

#endif
