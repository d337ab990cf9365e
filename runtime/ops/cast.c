/* SPDX-License-Identifier: Apache-2.0 */
/* Cast: every pair of number types through the carriers, with one rounding.
 *
 * Float to integer truncates and saturates, NaN gives 0; integer to integer keeps the low
 * bits; complex to real takes the real part; to bool is "not zero". */
#include "runtime/ops/kernels.h"

#include <string.h>

/* MAGNITUDE cut to 53 bits, the last of them set when any cut bit was: rounding this once
 * more to a narrower float gives what rounding MAGNITUDE itself would give. */
static double sticky_double(uint64_t magnitude)
{
    const uint64_t low = 0x7FF;

    if (magnitude >> 53 != 0)
        magnitude = (magnitude & ~low) | ((magnitude & low) != 0 ? low + 1 : 0);
    return (double)magnitude;
}

/* The value to store as DTYPE, a float or complex type: exact or rounded to double for 64-bit floats,
 * sticky for the others. */
static double u64_to_f64(stepc_dtype dtype, uint64_t value)
{
    return dtype == STEPC_FLOAT64 || dtype == STEPC_COMPLEX128 ? (double)value : sticky_double(value);
}

static double i64_to_f64(stepc_dtype dtype, int64_t value)
{
    if (dtype == STEPC_FLOAT64 || dtype == STEPC_COMPLEX128)
        return (double)value;
    return value < 0 ? -sticky_double(0 - (uint64_t)value) : sticky_double((uint64_t)value);
}

static void store_from_f64(stepc_dtype dtype, void *data, int64_t index, double value)
{
    switch (dtype_carrier_of(dtype)) {
    case CARRIER_F64: store_f64(dtype, data, index, value); break;
    case CARRIER_I64:
        store_i64(dtype, data, index,
                  double_to_i64_saturating(value, dtype_min_i64(dtype), (int64_t)dtype_max_u64(dtype)));
        break;
    case CARRIER_U64:
        store_u64(dtype, data, index,
                  dtype == STEPC_BOOL ? value != 0 : double_to_u64_saturating(value, dtype_max_u64(dtype)));
        break;
    case CARRIER_C128: store_c128(dtype, data, index, (complex_value){value, 0}); break;
    case CARRIER_NONE: break;
    }
}

static void store_from_i64(stepc_dtype dtype, void *data, int64_t index, int64_t value)
{
    switch (dtype_carrier_of(dtype)) {
    case CARRIER_F64: store_f64(dtype, data, index, i64_to_f64(dtype, value)); break;
    case CARRIER_I64: store_i64(dtype, data, index, value); break;
    case CARRIER_U64: store_u64(dtype, data, index, (uint64_t)value); break;
    case CARRIER_C128: store_c128(dtype, data, index, (complex_value){i64_to_f64(dtype, value), 0}); break;
    case CARRIER_NONE: break;
    }
}

static void store_from_u64(stepc_dtype dtype, void *data, int64_t index, uint64_t value)
{
    switch (dtype_carrier_of(dtype)) {
    case CARRIER_F64: store_f64(dtype, data, index, u64_to_f64(dtype, value)); break;
    case CARRIER_I64: store_i64(dtype, data, index, (int64_t)value); break;
    case CARRIER_U64: store_u64(dtype, data, index, value); break;
    case CARRIER_C128: store_c128(dtype, data, index, (complex_value){u64_to_f64(dtype, value), 0}); break;
    case CARRIER_NONE: break;
    }
}

/* ---- Truncate=true ---- */

static int mantissa_bits(stepc_dtype dtype)
{
    if (dtype == STEPC_FLOAT64 || dtype == STEPC_COMPLEX128)
        return 52;
    if (dtype == STEPC_FLOAT32 || dtype == STEPC_COMPLEX64)
        return 23;
    if (dtype == STEPC_HALF)
        return 10;
    return dtype == STEPC_BFLOAT16 ? 7 : 0;
}

/* VALUE of dtype FROM (double or float) with the mantissa bits zeroed that TO has no room for. */
static double cut_mantissa(stepc_dtype from, stepc_dtype to, double value)
{
    int cut = mantissa_bits(from) - mantissa_bits(to);

    if (value != value || cut <= 0 || mantissa_bits(to) == 0)
        return value;
    if (mantissa_bits(from) == 52) {
        uint64_t bits;

        memcpy(&bits, &value, sizeof bits);
        bits &= ~((UINT64_C(1) << cut) - 1);
        memcpy(&value, &bits, sizeof bits);
    } else if (mantissa_bits(from) == 23) {
        float narrow = (float)value;
        uint32_t bits;

        memcpy(&bits, &narrow, sizeof bits);
        bits &= ~((UINT32_C(1) << cut) - 1);
        memcpy(&narrow, &bits, sizeof bits);
        value = (double)narrow;
    }
    return value;
}

/* ---- the kernel ---- */

static void cast_element(stepc_dtype from, const void *x, stepc_dtype to, void *y, int64_t i, bool truncate)
{
    switch (dtype_carrier_of(from)) {
    case CARRIER_F64: {
        double value = load_f64(from, x, i);

        store_from_f64(to, y, i, truncate ? cut_mantissa(from, to, value) : value);
        break;
    }
    case CARRIER_I64: store_from_i64(to, y, i, load_i64(from, x, i)); break;
    case CARRIER_U64: store_from_u64(to, y, i, load_u64(from, x, i)); break;
    case CARRIER_C128: {
        complex_value value = load_c128(from, x, i);

        if (truncate)
            value = (complex_value){cut_mantissa(from, to, value.re), cut_mantissa(from, to, value.im)};
        if (dtype_is_complex(to))
            store_c128(to, y, i, value);
        else
            store_from_f64(to, y, i, value.re);
        break;
    }
    case CARRIER_NONE: break;
    }
}

stepc_code kernel_cast(kernel_context *k)
{
    stepc_tensor *x = k->inputs[0], *y;
    stepc_dtype from = operation_type(k->op, "SrcT"), to = operation_type(k->op, "DstT");
    bool truncate = operation_bool(k->op, "Truncate", false);
    int64_t count;
    stepc_code code;

    if (from == to)
        return kernel_forward(k, 0, 0);
    if (dtype_carrier_of(from) == CARRIER_NONE || dtype_carrier_of(to) == CARRIER_NONE)
        return error_set(k->error, STEPC_UNIMPLEMENTED, "Cast %s to %s is not supported", stepc_dtype_name(from),
                         stepc_dtype_name(to));
    code = kernel_output(k, 0, to, stepc_tensor_dims(x), stepc_tensor_rank(x), &y);
    if (code != STEPC_OK)
        return code;
    count = stepc_tensor_length(x);
    for (int64_t i = 0; i < count; i++)
        cast_element(from, stepc_tensor_data(x), to, stepc_tensor_data(y), i, truncate);
    return STEPC_OK;
}
