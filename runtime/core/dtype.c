/* SPDX-License-Identifier: 0BSD */
#include "runtime/core/dtype.h"

#include <string.h>

/* ---- names and facts ---- */

const char *stepc_dtype_name(stepc_dtype dtype)
{
#define NAME_CASE(name, number, bytes, text, descr) \
    case number:                                    \
        return text;                                \
    case (number) + STEPC_DTYPE_REF:                \
        return text "_ref";
    switch ((int)dtype) {
        STEPC_DTYPE_LIST(NAME_CASE)
    default:
        return "invalid";
    }
#undef NAME_CASE
}

size_t stepc_dtype_bytes(stepc_dtype dtype)
{
#define BYTES_CASE(name, number, bytes, text, descr) \
    case number:                                     \
        return bytes;
    switch ((int)dtype) {
        STEPC_DTYPE_LIST(BYTES_CASE)
    default:
        return 0;
    }
#undef BYTES_CASE
}

static bool is_word(const char *text, size_t size, const char *word)
{
    return strlen(word) == size && memcmp(text, word, size) == 0;
}

stepc_dtype stepc_dtype_parse(const char *text, size_t size)
{
    if (text == NULL)
        return STEPC_DTYPE_INVALID;
#define PARSE(name, number, bytes, word, descr) \
    if (is_word(text, size, word))              \
        return STEPC_##name;
    STEPC_DTYPE_LIST(PARSE)
#undef PARSE
    if (is_word(text, size, "float32"))
        return STEPC_FLOAT32;
    if (is_word(text, size, "float64"))
        return STEPC_FLOAT64;
    if (is_word(text, size, "float16"))
        return STEPC_HALF;
    return STEPC_DTYPE_INVALID;
}

bool dtype_is_known(int64_t number)
{
    if (number > STEPC_DTYPE_REF)
        number -= STEPC_DTYPE_REF;
#define KNOWN(name, value, bytes, word, descr) \
    if (number == (value))                     \
        return true;
    STEPC_DTYPE_LIST(KNOWN)
#undef KNOWN
    return false;
}

bool dtype_is_ref(stepc_dtype dtype)
{
    return (int)dtype > STEPC_DTYPE_REF;
}

stepc_dtype dtype_base(stepc_dtype dtype)
{
    return dtype_is_ref(dtype) ? (stepc_dtype)((int)dtype - STEPC_DTYPE_REF) : dtype;
}

dtype_carrier dtype_carrier_of(stepc_dtype dtype)
{
    switch (dtype) {
    case STEPC_FLOAT32:
    case STEPC_FLOAT64:
    case STEPC_HALF:
    case STEPC_BFLOAT16:
        return CARRIER_F64;
    case STEPC_INT8:
    case STEPC_INT16:
    case STEPC_INT32:
    case STEPC_INT64:
    case STEPC_QINT8:
    case STEPC_QINT16:
    case STEPC_QINT32:
        return CARRIER_I64;
    case STEPC_UINT8:
    case STEPC_UINT16:
    case STEPC_UINT32:
    case STEPC_UINT64:
    case STEPC_QUINT8:
    case STEPC_QUINT16:
    case STEPC_BOOL:
        return CARRIER_U64;
    case STEPC_COMPLEX64:
    case STEPC_COMPLEX128:
        return CARRIER_C128;
    case STEPC_STRING:
    case STEPC_RESOURCE:
    case STEPC_VARIANT:
    case STEPC_DTYPE_INVALID:
    case STEPC_DTYPE_REF:
    default:
        return CARRIER_NONE;
    }
}

bool dtype_is_float(stepc_dtype dtype)
{
    return dtype_carrier_of(dtype) == CARRIER_F64;
}

bool dtype_is_integer(stepc_dtype dtype)
{
    dtype_carrier carrier = dtype_carrier_of(dtype);
    return carrier == CARRIER_I64 || (carrier == CARRIER_U64 && dtype != STEPC_BOOL);
}

bool dtype_is_signed(stepc_dtype dtype)
{
    dtype_carrier carrier = dtype_carrier_of(dtype);
    return carrier == CARRIER_I64 || carrier == CARRIER_F64 || carrier == CARRIER_C128;
}

bool dtype_is_complex(stepc_dtype dtype)
{
    return dtype_carrier_of(dtype) == CARRIER_C128;
}

int64_t dtype_min_i64(stepc_dtype dtype)
{
    if (dtype_carrier_of(dtype) != CARRIER_I64)
        return 0;
    switch (stepc_dtype_bytes(dtype)) {
    case 1:
        return INT8_MIN;
    case 2:
        return INT16_MIN;
    case 4:
        return INT32_MIN;
    default:
        return INT64_MIN;
    }
}

uint64_t dtype_max_u64(stepc_dtype dtype)
{
    dtype_carrier carrier = dtype_carrier_of(dtype);
    if (dtype == STEPC_BOOL)
        return 1;
    if (carrier != CARRIER_I64 && carrier != CARRIER_U64)
        return 0;
    unsigned bits = (unsigned)stepc_dtype_bytes(dtype) * 8 - (carrier == CARRIER_I64 ? 1 : 0);
    return UINT64_MAX >> (64 - bits);
}

/* ---- narrow floats ---- */

/* Bits of a float with EXPONENT_BITS and FRACTION_BITS that is nearest to VALUE (not NaN),
 * ties to even, in one rounding. */
static uint16_t narrow(uint64_t bits, int exponent_bits, int fraction_bits)
{
    int bias = (1 << (exponent_bits - 1)) - 1;
    uint16_t sign = (uint16_t)(bits >> 63 << 15);
    uint64_t infinity = (uint64_t)((1 << exponent_bits) - 1) << fraction_bits;
    int exponent = (int)(bits >> 52 & 0x7FF) - 1023;
    uint64_t significand = (bits & 0xFFFFFFFFFFFFFu) | (uint64_t)1 << 52;
    int drop = 52 - fraction_bits;

    /* A double below its normals is far below half of the least narrow subnormal. */
    if (exponent == -1023)
        return sign;
    if (exponent > bias)
        return (uint16_t)(sign | infinity);
    if (exponent < 1 - bias)
        drop += 1 - bias - exponent;
    if (drop > 53)
        return sign;
    uint64_t half = (uint64_t)1 << (drop - 1);
    uint64_t keep = drop == 53 ? 0 : significand >> drop;
    uint64_t rest = significand & (((uint64_t)1 << drop) - 1);
    if (rest > half || (rest == half && (keep & 1) != 0))
        keep++;
    /* The hidden bit, or a carry out of the fraction, runs into the exponent. */
    if (exponent >= 1 - bias)
        keep += (uint64_t)(exponent + bias - 1) << fraction_bits;
    return (uint16_t)(sign | keep);
}

/* A NaN keeps its sign and the top of its payload. FRACTION is aligned to bit 63. */
static uint16_t narrow_nan(bool minus, uint64_t fraction, int exponent_bits, int fraction_bits)
{
    uint64_t bits = (uint64_t)((1 << exponent_bits) - 1) << fraction_bits;
    uint64_t payload = fraction >> (64 - fraction_bits);
    /* What is left of the payload may be nothing, and that would be infinity. */
    if (payload == 0)
        payload = (uint64_t)1 << (fraction_bits - 1);
    return (uint16_t)((minus ? 0x8000u : 0u) | bits | payload);
}

static uint16_t double_to_narrow(double value, int exponent_bits, int fraction_bits)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (value != value)
        return narrow_nan(bits >> 63 != 0, bits << 12, exponent_bits, fraction_bits);
    return narrow(bits, exponent_bits, fraction_bits);
}

/* Apart from the doubles', because making a double of a signalling NaN changes it. */
static uint16_t float_to_narrow(float value, int exponent_bits, int fraction_bits)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
        return narrow_nan(bits >> 31 != 0, (uint64_t)bits << 41, exponent_bits, fraction_bits);
    return double_to_narrow((double)value, exponent_bits, fraction_bits);
}

uint16_t float_to_half(float value)
{
    return float_to_narrow(value, 5, 10);
}

uint16_t double_to_half(double value)
{
    return double_to_narrow(value, 5, 10);
}

uint16_t float_to_bfloat16(float value)
{
    return float_to_narrow(value, 8, 7);
}

uint16_t double_to_bfloat16(double value)
{
    return double_to_narrow(value, 8, 7);
}

float half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half >> 15) << 31;
    uint32_t exponent = half >> 10 & 0x1F;
    uint32_t fraction = half & 0x3FF;
    uint32_t bits;
    float value;

    if (exponent == 0x1F) {
        bits = sign | 0x7F800000u | fraction << 13;
    } else if (exponent != 0) {
        bits = sign | (exponent + 112) << 23 | fraction << 13;
    } else if (fraction == 0) {
        bits = sign;
    } else {
        /* A subnormal half is a normal float. */
        exponent = 113;
        for (; (fraction & 0x400) == 0; fraction <<= 1)
            exponent--;
        bits = sign | exponent << 23 | (fraction & 0x3FF) << 13;
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

float bfloat16_to_float(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double round_to_dtype(stepc_dtype dtype, double value)
{
    if (dtype == STEPC_FLOAT32)
        return (double)(float)value;
    if (dtype == STEPC_HALF)
        return (double)half_to_float(double_to_half(value));
    if (dtype == STEPC_BFLOAT16)
        return (double)bfloat16_to_float(double_to_bfloat16(value));
    return value;
}

int64_t double_to_i64_saturating(double value, int64_t min, int64_t max)
{
    int64_t whole;
    if (value != value)
        return min > 0 ? min : max < 0 ? max : 0;
    if (value >= 9223372036854775808.0)
        return max;
    if (value < -9223372036854775808.0)
        return min;
    whole = (int64_t)value;
    return whole < min ? min : whole > max ? max : whole;
}

uint64_t double_to_u64_saturating(double value, uint64_t max)
{
    uint64_t whole;
    if (!(value > 0.0))
        return 0;
    if (value >= 18446744073709551616.0)
        return max;
    whole = (uint64_t)value;
    return whole > max ? max : whole;
}

/* ---- elements ----
 *
 * memcpy, because a tensor may lie at any place of a file. */

#define LOAD(type, data, index, value) \
    memcpy(&(value), (const char *)(data) + (size_t)(index) * sizeof(type), sizeof(type))
#define STORE(type, data, index, value) memcpy((char *)(data) + (size_t)(index) * sizeof(type), &(value), sizeof(type))

static uint64_t load_bits(size_t bytes, const void *data, int64_t index)
{
    uint8_t b1;
    uint16_t b2;
    uint32_t b4;
    uint64_t b8;
    switch (bytes) {
    case 1:
        LOAD(uint8_t, data, index, b1);
        return b1;
    case 2:
        LOAD(uint16_t, data, index, b2);
        return b2;
    case 4:
        LOAD(uint32_t, data, index, b4);
        return b4;
    case 8:
        LOAD(uint64_t, data, index, b8);
        return b8;
    default:
        return 0;
    }
}

static void store_bits(size_t bytes, void *data, int64_t index, uint64_t bits)
{
    uint8_t b1 = (uint8_t)bits;
    uint16_t b2 = (uint16_t)bits;
    uint32_t b4 = (uint32_t)bits;
    switch (bytes) {
    case 1:
        STORE(uint8_t, data, index, b1);
        break;
    case 2:
        STORE(uint16_t, data, index, b2);
        break;
    case 4:
        STORE(uint32_t, data, index, b4);
        break;
    case 8:
        STORE(uint64_t, data, index, bits);
        break;
    default:
        break;
    }
}

/* The value of the low BYTES bytes as two's complement. */
static int64_t sign_extend(uint64_t bits, size_t bytes)
{
    uint64_t sign = (uint64_t)1 << (bytes * 8 - 1);
    bits &= sign | (sign - 1);
    if ((bits & sign) == 0)
        return (int64_t)bits;
    return -(int64_t)(sign - (bits & (sign - 1)) - 1) - 1;
}

static double load_float(stepc_dtype dtype, const void *data, int64_t index)
{
    float narrow_value;
    double value = 0.0;
    if (dtype == STEPC_HALF)
        return (double)half_to_float((uint16_t)load_bits(2, data, index));
    if (dtype == STEPC_BFLOAT16)
        return (double)bfloat16_to_float((uint16_t)load_bits(2, data, index));
    if (dtype == STEPC_FLOAT32) {
        LOAD(float, data, index, narrow_value);
        return (double)narrow_value;
    }
    LOAD(double, data, index, value);
    return value;
}

static void store_float(stepc_dtype dtype, void *data, int64_t index, double value)
{
    float narrow_value;
    if (dtype == STEPC_HALF) {
        store_bits(2, data, index, double_to_half(value));
    } else if (dtype == STEPC_BFLOAT16) {
        store_bits(2, data, index, double_to_bfloat16(value));
    } else if (dtype == STEPC_FLOAT32) {
        narrow_value = (float)value;
        STORE(float, data, index, narrow_value);
    } else {
        STORE(double, data, index, value);
    }
}

static uint64_t load_unsigned(stepc_dtype dtype, const void *data, int64_t index)
{
    uint64_t bits = load_bits(stepc_dtype_bytes(dtype), data, index);
    return dtype == STEPC_BOOL ? bits != 0 : bits;
}

static int64_t load_signed(stepc_dtype dtype, const void *data, int64_t index)
{
    size_t bytes = stepc_dtype_bytes(dtype);
    return sign_extend(load_bits(bytes, data, index), bytes);
}

static void store_integer(stepc_dtype dtype, void *data, int64_t index, uint64_t bits)
{
    store_bits(stepc_dtype_bytes(dtype), data, index, dtype == STEPC_BOOL ? bits != 0 : bits);
}

complex_value load_c128(stepc_dtype dtype, const void *data, int64_t index)
{
    complex_value value = {0.0, 0.0};
    float pair[2];
    if (dtype == STEPC_COMPLEX128) {
        LOAD(complex_value, data, index, value);
    } else if (dtype == STEPC_COMPLEX64) {
        LOAD(pair, data, index, pair);
        value.re = (double)pair[0];
        value.im = (double)pair[1];
    } else {
        value.re = load_f64(dtype, data, index);
    }
    return value;
}

void store_c128(stepc_dtype dtype, void *data, int64_t index, complex_value value)
{
    if (dtype == STEPC_COMPLEX128) {
        STORE(complex_value, data, index, value);
    } else if (dtype == STEPC_COMPLEX64) {
        float pair[2] = {(float)value.re, (float)value.im};
        STORE(pair, data, index, pair);
    } else {
        store_f64(dtype, data, index, value.re);
    }
}

double load_f64(stepc_dtype dtype, const void *data, int64_t index)
{
    switch (dtype_carrier_of(dtype)) {
    case CARRIER_F64:
        return load_float(dtype, data, index);
    case CARRIER_I64:
        return (double)load_signed(dtype, data, index);
    case CARRIER_U64:
        return (double)load_unsigned(dtype, data, index);
    case CARRIER_C128:
        return load_c128(dtype, data, index).re;
    case CARRIER_NONE:
    default:
        return 0.0;
    }
}

void store_f64(stepc_dtype dtype, void *data, int64_t index, double value)
{
    complex_value pair = {value, 0.0};
    switch (dtype_carrier_of(dtype)) {
    case CARRIER_F64:
        store_float(dtype, data, index, value);
        break;
    case CARRIER_I64:
        store_integer(dtype, data, index,
                      (uint64_t)double_to_i64_saturating(value, dtype_min_i64(dtype), (int64_t)dtype_max_u64(dtype)));
        break;
    case CARRIER_U64:
        if (dtype == STEPC_BOOL)
            store_integer(dtype, data, index, value != 0.0);
        else
            store_integer(dtype, data, index, double_to_u64_saturating(value, dtype_max_u64(dtype)));
        break;
    case CARRIER_C128:
        store_c128(dtype, data, index, pair);
        break;
    case CARRIER_NONE:
    default:
        break;
    }
}

int64_t load_i64(stepc_dtype dtype, const void *data, int64_t index)
{
    switch (dtype_carrier_of(dtype)) {
    case CARRIER_I64:
        return load_signed(dtype, data, index);
    case CARRIER_U64:
        return sign_extend(load_unsigned(dtype, data, index), 8);
    case CARRIER_F64:
    case CARRIER_C128:
        return double_to_i64_saturating(load_f64(dtype, data, index), INT64_MIN, INT64_MAX);
    case CARRIER_NONE:
    default:
        return 0;
    }
}

void store_i64(stepc_dtype dtype, void *data, int64_t index, int64_t value)
{
    dtype_carrier carrier = dtype_carrier_of(dtype);
    if (carrier == CARRIER_I64 || carrier == CARRIER_U64) {
        store_integer(dtype, data, index, (uint64_t)value);
    } else if (dtype == STEPC_FLOAT32) {
        /* By way of double it would round twice. */
        float narrow_value = (float)value;
        STORE(float, data, index, narrow_value);
    } else {
        store_f64(dtype, data, index, (double)value);
    }
}

uint64_t load_u64(stepc_dtype dtype, const void *data, int64_t index)
{
    switch (dtype_carrier_of(dtype)) {
    case CARRIER_U64:
        return load_unsigned(dtype, data, index);
    case CARRIER_I64:
        return (uint64_t)load_signed(dtype, data, index);
    case CARRIER_F64:
    case CARRIER_C128:
        return double_to_u64_saturating(load_f64(dtype, data, index), UINT64_MAX);
    case CARRIER_NONE:
    default:
        return 0;
    }
}

void store_u64(stepc_dtype dtype, void *data, int64_t index, uint64_t value)
{
    dtype_carrier carrier = dtype_carrier_of(dtype);
    if (carrier == CARRIER_I64 || carrier == CARRIER_U64) {
        store_integer(dtype, data, index, value);
    } else if (dtype == STEPC_FLOAT32) {
        float narrow_value = (float)value;
        STORE(float, data, index, narrow_value);
    } else {
        store_f64(dtype, data, index, (double)value);
    }
}
