/* SPDX-License-Identifier: 0BSD */
/* Element types: conversions between storage and the wide carriers that kernels compute in. */
#ifndef RUNTIME_CORE_DTYPE_H
#define RUNTIME_CORE_DTYPE_H

#include "stepc/tensor.h"

#include <stdbool.h>

/* The carrier that holds every value of a dtype exactly. */
typedef enum dtype_carrier {
    CARRIER_NONE, /* string, resource, variant */
    CARRIER_F64,  /* float32, float64, half, bfloat16 */
    CARRIER_I64,  /* signed integers (and their quantised namesakes) */
    CARRIER_U64,  /* unsigned integers, bool */
    CARRIER_C128  /* complex64, complex128 */
} dtype_carrier;

typedef struct complex_value {
    double re, im;
} complex_value;

dtype_carrier dtype_carrier_of(stepc_dtype dtype);
bool dtype_is_float(stepc_dtype dtype);   /* float32, float64, half, bfloat16 */
bool dtype_is_integer(stepc_dtype dtype); /* int8..int64, uint8..uint64, quantised */
bool dtype_is_signed(stepc_dtype dtype);
bool dtype_is_complex(stepc_dtype dtype);
bool dtype_is_ref(stepc_dtype dtype);            /* number above 100 */
stepc_dtype dtype_base(stepc_dtype dtype);       /* without reference */
bool dtype_is_known(int64_t number);             /* in the list, reference or not */

/* Loads and stores of element INDEX. Stores round once, to nearest even (floats), or keep
 * the low bits (integers); storing a bool stores value != 0. */
double load_f64(stepc_dtype dtype, const void *data, int64_t index);
void store_f64(stepc_dtype dtype, void *data, int64_t index, double value);
int64_t load_i64(stepc_dtype dtype, const void *data, int64_t index);
void store_i64(stepc_dtype dtype, void *data, int64_t index, int64_t value);
uint64_t load_u64(stepc_dtype dtype, const void *data, int64_t index);
void store_u64(stepc_dtype dtype, void *data, int64_t index, uint64_t value);
complex_value load_c128(stepc_dtype dtype, const void *data, int64_t index);
void store_c128(stepc_dtype dtype, void *data, int64_t index, complex_value value);

/* Rounds to the precision of DTYPE (float32, half, bfloat16; float64 unchanged). */
double round_to_dtype(stepc_dtype dtype, double value);
float half_to_float(uint16_t bits);
uint16_t float_to_half(float value);   /* nearest even; overflow gives infinity */
uint16_t double_to_half(double value); /* one rounding */
float bfloat16_to_float(uint16_t bits);
uint16_t float_to_bfloat16(float value);
uint16_t double_to_bfloat16(double value);
/* float to integer: truncates, saturates, NaN gives 0 (docs/numerics.md). */
int64_t double_to_i64_saturating(double value, int64_t min, int64_t max);
uint64_t double_to_u64_saturating(double value, uint64_t max);
/* Least and greatest value of an integer dtype. */
int64_t dtype_min_i64(stepc_dtype dtype);
uint64_t dtype_max_u64(stepc_dtype dtype);

#endif
