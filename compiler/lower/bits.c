/* SPDX-License-Identifier: Apache-2.0 */
/* Bitcast: the same bytes as elements of another type. A wider element is made of the narrower ones of its row, the first
 * in its lowest bits, as a little-endian machine has them in memory. */
#include "compiler/lower/state.h"

static stepc_code refuse(lower_context *l, stepc_dtype from, stepc_dtype to)
{
    error_set(l->error, STEPC_UNIMPLEMENTED, "Bitcast from %s to %s is not compiled", stepc_dtype_name(from),
              stepc_dtype_name(to));
    return error_mend(l->error, "run the step interpreted");
}

/* The unsigned integer that has as many bits. */
static stepc_dtype bits_of(stepc_dtype dtype)
{
    size_t bytes = stepc_dtype_bytes(dtype);
    return bytes == 1 ? STEPC_UINT8 : bytes == 2 ? STEPC_UINT16 : bytes == 4 ? STEPC_UINT32 : STEPC_UINT64;
}

/* Complex numbers are pairs of reals already: only the shape is seen anew. */
static stepc_code cast_pairs(lower_context *l, stepc_dtype from, stepc_dtype to)
{
    stepc_dtype whole = dtype_is_complex(from) ? from : to, part = dtype_is_complex(from) ? to : from;
    if (part != (whole == STEPC_COMPLEX64 ? STEPC_FLOAT32 : STEPC_FLOAT64))
        return refuse(l, from, to);
    int32_t in = lower_stable_input(l, 0);
    if (in < 0)
        return stepc_error_code(l->error);
    if (!dtype_is_complex(from)) {
        const loop_buffer *pairs = &l->program->buffers[in];
        size_ref two = size_const(l->program->sizes, 2);
        stepc_code code = lower_check_equal(l->state, pairs->extents[pairs->rank - 1], two, "Cannot bitcast: the last dimension",
                                            l->op, l->error);
        if (code)
            return code;
    }
    lower_alias(l, 0, in);
    return STEPC_OK;
}

/* Element K of the RATIO that VALUE is made of; K is the last axis. */
static int32_t part_of(nest_builder *b, int32_t value, int32_t axis, stepc_dtype wide, stepc_dtype narrow)
{
    int64_t bits = (int64_t)stepc_dtype_bytes(narrow) * 8;
    int32_t shift = nest_binary(b, LOOP_MUL, nest_axis_value(b, axis), nest_const_i64(b, STEPC_INT64, bits));
    return nest_cast(b, nest_binary(b, LOOP_SHR, value, nest_cast(b, shift, wide)), narrow);
}

/* The RATIO elements of the row of IN that the axes name, in one. */
static int32_t joined(lower_context *l, nest_builder *b, int32_t in, int64_t ratio, stepc_dtype narrow, stepc_dtype wide)
{
    const loop_buffer *from = &l->program->buffers[in];
    size_pool *p = l->program->sizes;
    int32_t all = -1, last = from->rank - 1;
    for (int64_t k = 0; k < ratio; k++) {
        loop_index index = {.base = size_sum(p, from->offset, size_product(p, from->strides[last], size_const(p, k))),
                            .coefs = from->strides, .indirect = -1, .indirect_scale = SIZE_UNKNOWN,
                            .indirect_extent = SIZE_UNKNOWN};
        int32_t part = nest_cast(b, nest_bitcast(b, nest_read_index(b, from->root, &index), narrow), wide);
        if (k > 0)
            part = nest_binary(b, LOOP_SHL, part, nest_const_i64(b, wide, k * (int64_t)stepc_dtype_bytes(narrow) * 8));
        all = all < 0 ? part : nest_binary(b, LOOP_OR, all, part);
    }
    return all;
}

/* A bool is a byte that is 0 or 1: no other has its bits. */
static bool has_bits(stepc_dtype dtype)
{
    return dtype != STEPC_BOOL && loop_value_dtype(dtype) == dtype && stepc_dtype_bytes(dtype) <= 8;
}

static stepc_code lower_bitcast(lower_context *l)
{
    stepc_dtype from = lower_info(l, 0)->dtype, to = lower_output_info(l, 0)->dtype;
    int64_t a = (int64_t)stepc_dtype_bytes(from), c = (int64_t)stepc_dtype_bytes(to);
    if (from == to) {
        int32_t same = lower_stable_input(l, 0);
        if (same >= 0)
            lower_alias(l, 0, same);
        return same < 0 ? stepc_error_code(l->error) : STEPC_OK;
    }
    if (dtype_is_complex(from) || dtype_is_complex(to))
        return cast_pairs(l, from, to);
    if (!has_bits(from) || !has_bits(to))
        return refuse(l, from, to);
    int32_t in = lower_input(l, 0), out = in < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    const loop_buffer *pieces = &l->program->buffers[in];
    stepc_code code = STEPC_OK;
    if (a < c)
        code = lower_check_equal(l->state, pieces->extents[pieces->rank - 1], size_const(l->program->sizes, c / a),
                                 "Cannot bitcast: the last dimension must hold one element", l->op, l->error);
    if (code)
        return code;
    int32_t axes[LOWER_MAX_RANK], value, last = l->program->buffers[out].rank - 1;
    nest_builder b;
    lower_begin(l, &b, 0);
    for (int32_t d = 0; d <= last; d++)
        axes[d] = d;
    if (a < c)
        value = joined(l, &b, in, c / a, bits_of(from), bits_of(to));
    else
        value = nest_read(&b, in, axes);
    if (a > c)
        value = part_of(&b, nest_bitcast(&b, value, bits_of(from)), last, bits_of(from), bits_of(to));
    lower_write(&b, out, nest_bitcast(&b, value, to));
    return nest_end(&b, l->error);
}

static const lower_row rows[] = {
    {"Bitcast", lower_bitcast, 0},
};

const lower_family lower_bits = {rows, sizeof rows / sizeof rows[0]};
